"""A gradient that vanishes or explodes along a path or through time: why, and what to do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from vgtools.diagnosis import chapters, recipes
from vgtools.diagnosis.chapters import Chapter
from vgtools.diagnosis.expected import Expected
from vgtools.diagnosis.finding import Finding, listed, number, per_layer, span
from vgtools.diagnosis.judging import DOUBT, SURE, Change, change, together
from vgtools.diagnosis.trace import Point, Steps, Trace
from vgtools.diagnosis.unit_findings import saturated

Reason = tuple[str, str, Chapter]
"""Why, what to do, and where the book explains it."""


def path_change(trace: Trace) -> tuple[Change | None, list[Point]]:
    """Return what happens along the path, and its points: those where a gradient arrives."""
    points = [point for point in trace.points if math.isfinite(together(point.gradient))]
    judged = change([point.gradient for point in points], [point.width for point in points])
    return judged, points


def time_change(steps: Steps) -> tuple[Change | None, int]:
    """Return what happens through time, and through how many steps a gradient arrives."""
    rows = [row for row in steps.gradient if math.isfinite(together(row))]
    return change(rows, [steps.width] * len(rows)), len(rows)


def course(judged: Change, unit: str = "layer") -> str:
    """Say how far a gradient shrinks or grows, and how fast.

    Examples
    --------
    >>> import numpy as np
    >>> course(change([np.array([-2.0]), np.array([-1.0]), np.array([0.0])], [9, 9, 9]))
    'shrinks by a factor of 100, ×0.1 per layer'
    """
    direction = "shrinks" if judged.log_factor < 0 else "grows"
    factor = number(10.0 ** abs(judged.log_factor))
    return f"{direction} by a factor of {factor}, {per_layer(judged.rate)} per {unit}"


def unit_of(points: Sequence[Point]) -> str:
    """Return what most steps of a path are: a block with a shortcut, or a layer."""
    return "block" if sum(point.shortcut for point in points) > len(points) / 2 else "layer"


def along_path(trace: Trace, expected: Expected) -> Iterator[Finding]:
    """Find a gradient that changes too much between the two ends of the path."""
    judged, points = path_change(trace)
    if judged is None or not judged.faulty:
        return
    where, unit = points[judged.begin : judged.end + 1], unit_of(points)
    kind = "vanishing" if judged.log_factor < 0 else "exploding"
    kind = "batch-norm growth" if kind == "exploding" and trace.normalised else kind
    theory = None
    if expected.log_gradient is not None and len(points) == len(trace.points):
        theory = float(expected.log_gradient[0])
    why, advice, chapter = _cause(trace, where, judged, kind)
    yield Finding(
        kind,
        tuple(point.name for point in where),
        f"from {points[-1].name} back to {points[0].name} the gradient {course(judged, unit)}"
        + (
            ""
            if len(where) == len(points)
            else f". Most of it: {span(where)}, {per_layer(judged.local_rate)} per {unit}"
        ),
        10.0 ** abs(judged.log_factor),
        None if math.isnan(judged.error) else 10.0**judged.error,
        None if theory is None else 10.0 ** abs(theory),
        why + ("" if theory is None else _beside_theory(judged, theory)),
        advice,
        chapter,
    )


def _beside_theory(judged: Change, theory: float) -> str:
    """Say whether the weights and activations alone explain the factor."""
    doubt = DOUBT * judged.walk + SURE * (0.0 if math.isnan(judged.error) else judged.error)
    near = abs(judged.log_factor - theory) <= doubt + 0.1 * abs(judged.log_factor)
    way = "smaller" if theory < 0 else "larger"
    says = (
        " The mean field theory of wide layers expects a gradient that is "
        f"{number(10.0 ** abs(theory))} times {way}, from the size of the weights and the "
        "activations alone: "
    )
    if near:
        return says + "they explain what was measured."
    return says + "they do not explain all of it, such as weights that are not independent."


def _cause(trace: Trace, where: list[Point], judged: Change, kind: str) -> Reason:
    """Choose a reason.

    A step from a point back to the one before it passes the weights of the former and the
    activation behind the latter.
    """
    weighted, rate = where[1:], per_layer(judged.local_rate)
    activation = _most_frequent(where[:-1])
    ends = [each for each in saturated(trace) if each.on_path]
    if kind == "batch-norm growth":
        return (
            "Each batch normalisation divides by the spread of what a rectifier or another "
            "activation has made smaller. The gradient grows at every one of them, whatever "
            "the weights.",
            "Put shortcuts past the layers, or take fewer layers.",
            chapters.BATCH_NORM,
        )
    if len({point.name for point in where}) == 1:
        return _shared(where[0].name, len(weighted), kind, rate)
    if sum(point.shortcut for point in weighted) > len(weighted) / 2:
        return _shortcuts(kind, rate)
    if kind == "vanishing" and ends:
        return (
            f"Most outputs of {listed(each.name for each in ends)} are at the ends of "
            f"{ends[0].activation}, where it has almost no slope.",
            "Make the weights or the inputs of these layers smaller.",
            chapters.SATURATED,
        )
    if kind == "vanishing" and activation == "sigmoid":
        return (
            "The slope of the sigmoid is 1/4 at most, and Glorot's weights do not make up for "
            "that.",
            "Take ReLU in these hidden layers, with He's weights: "
            f"{recipes.weights('relu', trace.framework)}.",
            chapters.SIGMOID,
        )
    return _weights(trace, where, activation, kind, rate)


def _weights(trace: Trace, where: list[Point], activation: str, kind: str, rate: str) -> Reason:
    weighted = where[1:]
    layers, size = span(weighted), "small" if kind == "vanishing" else "large"
    why = f"Each of these layers multiplies the gradient by about {rate[1:]} on its way back: "
    recipe = recipes.recipe(activation)
    if recipe is None:
        after = f"what follows them, {activation}" if activation else "what follows them"
        return (
            f"{why}the weights of {layers} are too {size} for {after}.",
            "Put shortcuts and normalisation into the model, or scale these weights so that the "
            "signal keeps its size from layer to layer.",
            chapters.PRODUCT if kind == "vanishing" else chapters.EXPLODING,
        )
    dense = [point.weights for point in weighted if point.weights is not None]
    measured = ""
    if dense:
        now, wanted = recipes.deviations(dense, recipe)
        measured = (
            f" Their standard deviation is {number(now)}; {recipe.name} weights have "
            f"{number(wanted)} there."
        )
    chapter = {"tanh": chapters.TANH, "selu": chapters.PRODUCT}.get(activation, chapters.HE)
    if kind == "exploding":
        chapter = chapters.CHAOS if activation == "tanh" else chapters.EXPLODING
    clipping = " Clipping only hides it." if kind == "exploding" else ""
    return (
        f"{why}the weights of {layers} are too {size} for {recipes.shown(activation)}.{measured}",
        f"Start {span(_out_of_line(where, recipe))} from {recipe.name} weights, which "
        f"{recipes.shown(activation)} needs{_biases(weighted)}: "
        f"{recipes.weights(activation, trace.framework)}.{clipping}",
        chapter,
    )


def _out_of_line(where: list[Point], recipe: recipes.Recipe) -> list[Point]:
    """Return the layers to start anew: the first one too, if its weights are as far off.

    No gradient of the path passes its weights, but the signal does.
    """
    first, *others = where
    known = [point.weights for point in others if point.weights is not None]
    if first.weights is None or not known or not first.weights.mean_square:
        return others
    own, theirs = (
        math.log(now / wanted)
        for now, wanted in (recipes.deviations(each, recipe) for each in ([first.weights], known))
    )
    return where if own * theirs > 0 and abs(own) > abs(theirs) / 2 else others


def _biases(layers: Sequence[Point]) -> str:
    """Ask for biases of 0 where they are most of the signal, which no sample changes."""
    shares = [
        each.weights.bias_mean_square / each.signal**2
        for each in layers
        if each.weights is not None and each.signal > 0
    ]
    return ", and set their biases to 0" if shares and np.median(shares) > 0.5 else ""


def _most_frequent(points: Sequence[Point]) -> str:
    names = Counter(
        name for point in points for name in point.operations if recipes.is_activation(name)
    )
    return names.most_common(1)[0][0] if names else ""


def _shared(name: str, steps: int, kind: str, rate: str) -> Reason:
    why = (
        f"{name} is the same layer each time: {steps} times in a row it multiplies the gradient "
        f"by about {rate[1:]}."
    )
    if kind == "exploding":
        return why, _CALMER, chapters.TIME
    return why, _remember("", steps), chapters.TIME


def _shortcuts(kind: str, rate: str) -> Reason:
    if kind == "exploding":
        return (
            "Each block adds its branch to what came in, and so multiplies the gradient by about "
            f"{rate[1:]} on its way back.",
            "Divide each branch by the root of the number of blocks, start the last layer of each "
            "branch at 0, or put a normalisation in front of each branch.",
            chapters.SHORTCUTS,
        )
    return (
        f"At each block the gradient is multiplied by about {rate[1:]} on the shortcut itself: "
        "by a normalisation, an activation or a factor that the sum goes through.",
        "Move it into the branch, so that the sum reaches the next block as it is.",
        chapters.SHORTCUTS,
    )


_CALMER = "Start from orthogonal recurrent weights (gain 1), and clip the gradient."


def through_time(trace: Trace) -> Iterator[Finding]:
    """Find recurrent layers whose gradient changes too much from the last step to the first."""
    for steps in trace.steps:
        judged, count = time_change(steps)
        if judged is None or not judged.faulty:
            continue
        vanishes = judged.log_factor < 0
        yield Finding(
            "vanishing" if vanishes else "exploding",
            (steps.name,),
            f"back through {count} time steps of {steps.name} the gradient "
            f"{course(judged, 'step')}",
            10.0 ** abs(judged.log_factor),
            None if math.isnan(judged.error) else 10.0**judged.error,
            None,
            "The recurrent Jacobian (the recurrent weights times the slopes) multiplies it by "
            f"about {per_layer(judged.rate)[1:]} at each step, and it is the same layer at every "
            f"step.{_gate(steps) if vanishes else ''}",
            _remember(steps.cell, count, steps.keeping_bias) if vanishes else _CALMER,
            chapters.TIME,
        )


def _gate(steps: Steps) -> str:
    if math.isnan(steps.keeping_bias):
        return ""
    kept = 1 / (1 + math.exp(-steps.keeping_bias))
    return (
        f" The bias of its {_KEEPING[steps.cell]} gate is {number(steps.keeping_bias)} on average, "
        f"which keeps about {kept:.2f} of a state at each step."
    )


_KEEPING = {"LSTM": "forget", "GRU": "update"}
"""The gate that says how much of a state is kept."""


def _remember(cell: str, steps: int, bias: float = math.nan) -> str:
    """Say how a layer can keep a state for so many steps: with a gate of 1 - 1 / steps."""
    needed = round(math.log(max(steps - 1, 2)), 1)
    others = "Read shorter sequences, or let the loss read more steps than the last one."
    if cell in _KEEPING:
        if bias >= needed:
            return others
        return (
            f"Start the bias of the {_KEEPING[cell]} gate at about {needed} (the logarithm of the "
            f"number of steps), where it keeps a state for about {steps} steps. {others}"
        )
    return (
        f"Take an LSTM whose forget bias starts at about {needed} (the logarithm of the number of "
        f"steps). {others} Orthogonal recurrent weights slow the decay, and rarely end it."
    )
