"""A gradient that vanishes or explodes along a path or through time: why, and what to do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from vgtools.diagnosis import chapters, recipes
from vgtools.diagnosis.expected import LAYER_NORM, Expected
from vgtools.diagnosis.finding import Finding, listed, number, per_layer, span, words
from vgtools.diagnosis.judging import DOUBT, SURE, Change, change, power, together
from vgtools.diagnosis.trace import Point, Steps, Trace
from vgtools.diagnosis.unit_findings import saturated

Said = dict[str, str | chapters.Chapter]
"""Parts of what a finding says, by their names."""


def path_change(trace: Trace) -> tuple[Change | None, list[Point]]:
    """Return what happens along the path, and its points: those where a gradient arrives."""
    points = [point for point in trace.points if math.isfinite(together(point.gradient))]
    judged = change([point.gradient for point in points], [point.width for point in points])
    return judged, points


def time_change(steps: Steps) -> tuple[Change | None, int]:
    """Return what happens through time, and through how many steps a gradient arrives.

    These are the steps where it does for half of the samples that have one. Where the gradient
    vanishes below what its float type holds, the last step before that is reached by a few of
    them alone, which says nothing of the others: their gradient is smaller, and not as it is.
    """
    arrives = np.isfinite(steps.gradient)
    enough = arrives.sum(axis=1) >= max(1, arrives.any(axis=0).sum() / 2)
    rows = list(steps.gradient[enough])
    return change(rows, [steps.width] * len(rows)), len(rows)


def course(judged: Change, unit: str = "layer") -> str:
    """Say how far a gradient shrinks or grows, and how fast.

    Examples
    --------
    >>> import numpy as np
    >>> course(change([np.array([-2.0]), np.array([-1.0]), np.array([0.0])], [9, 9, 9]))
    'shrinks by a factor of 100, ×0.1 per layer'
    >>> course(change([np.array([0.01]), np.array([0.5]), np.array([0.0])], [9, 9, 9]))
    'stays about the same'
    """
    factor = number(power(abs(judged.log_factor)))
    if factor == "1":
        return "stays about the same"
    direction = "shrinks" if judged.log_factor < 0 else "grows"
    return f"{direction} by a factor of {factor}, {per_layer(judged.rate)} per {unit}"


def unit_of(points: Sequence[Point]) -> str:
    """Return what most steps of a path are: a block with a shortcut, or a layer."""
    return "block" if sum(point.shortcut for point in points) > len(points) / 2 else "layer"


def grows_in_branches(trace: Trace) -> bool:
    """Tell whether the gradient grows as normalisation beside shortcuts makes it grow.

    Batch normalisation does so from the start. A normalisation of each sample in front of the
    branches (pre-LN) divides by the size of the sum. The sum grows from block to block, and the
    gradient of one block is that of the next one times the ratio of their sizes, or somewhat
    more. So the gradient times the size of the sum is judged in its place: the gradient of a
    change in percent. At the start the ratio over all blocks is about the root of their number.
    Training makes it larger: stacks of 14 blocks that have learnt the rows of digits with Adam
    have a gradient 50 times as large at the first block, and a sum a tenth as large.
    """
    judged, points = path_change(trace)
    if judged is None or judged.log_factor <= 0 or unit_of(points) != "block":
        return False
    if trace.normalised:
        return True
    sizes = _filled([point.divided for point in points])
    if sizes is None:
        return False
    relative = [point.gradient + math.log10(size) for point, size in zip(points, sizes)]
    return not change(relative, [point.width for point in points]).faulty


def _filled(sizes: Sequence[float]) -> list[float] | None:
    """Return sizes with each unknown one equal to the one before it; None if most are unknown.

    Examples
    --------
    >>> _filled([math.nan, 2.0, math.nan, 3.0, 4.0])
    [2.0, 2.0, 2.0, 3.0, 4.0]
    """
    known = [size for size in sizes if size > 0]
    if len(known) <= len(sizes) / 2:
        return None
    filled = [known[0]]
    for size in sizes:
        filled.append(size if size > 0 else filled[-1])
    return filled[1:]


def along_path(trace: Trace, expected: Expected) -> Iterator[Finding]:
    """Find a gradient that changes too much between the two ends of the path.

    Growth by normalisation is no fault where shortcuts lead past it: a ResNet-50 begins with a
    factor of 1000, and learns with gradient descent at a rate of 0.1. Without shortcuts 2000
    stops networks of 40 layers (chapter 13). See `grows_in_branches`.
    """
    judged, points = path_change(trace)
    if judged is None or not judged.faulty or grows_in_branches(trace):
        return
    where, unit = points[judged.begin : judged.end + 1], unit_of(points)
    kind = "vanishing" if judged.log_factor < 0 else "exploding"
    kind = "batch-norm growth" if kind == "exploding" and trace.normalised else kind
    most, theory = "", None
    if len(where) < len(points):
        most = f". Most of it: {span(where)}, {per_layer(judged.local_rate)} per {unit}"
    ends = {"last": points[-1].name, "first": points[0].name}
    said = words("along a path", course=course(judged, unit), most=most, **ends)
    said |= _cause(trace, where, judged, kind)
    if expected.log_gradient is not None and len(points) == len(trace.points):
        theory = float(expected.log_gradient[0])
        said["why"] += _beside_theory(judged, theory)
    yield _finding(kind, [point.name for point in where], judged, said, theory)


def through_time(trace: Trace) -> Iterator[Finding]:
    """Find recurrent layers whose gradient changes too much from the last step to the first."""
    for steps in trace.steps:
        judged, count = time_change(steps)
        if judged is None or not judged.faulty:
            continue
        vanishes = judged.log_factor < 0
        said = words(
            "through time",
            count=count,
            name=steps.name,
            course=course(judged, "step"),
            factor=per_layer(judged.rate)[1:],
            gate=_gate(steps) if vanishes else "",
            early=words("through time: early steps")["why"] if vanishes else "",
            remedy=_remember(count, steps, trace.framework) if vanishes else _CALMER,
        )
        if vanishes and steps.cell in _KEEPING:
            said["chapter"] = chapters.FORGET_BIAS
        yield _finding("vanishing" if vanishes else "exploding", [steps.name], judged, said)


def _finding(
    kind: str, names: Sequence[str], judged: Change, said: Said, theory: float | None = None
) -> Finding:
    return Finding(
        kind=kind,
        layers=tuple(names),
        number=power(abs(judged.log_factor)),
        uncertainty=None if math.isnan(judged.error) else power(judged.error),
        expected=None if theory is None else power(abs(theory)),
        **said,
    )


def _beside_theory(judged: Change, theory: float) -> str:
    """Say whether the weights and activations alone explain the factor."""
    doubt = DOUBT * judged.walk + SURE * (0.0 if math.isnan(judged.error) else judged.error)
    near = abs(judged.log_factor - theory) <= doubt + 0.1 * abs(judged.log_factor)
    factor, way = number(power(abs(theory))), "smaller" if theory < 0 else "larger"
    size = "about the same at both ends" if factor == "1" else f"{factor} times {way}"
    verdict = "explained" if near else "not explained"
    return words(f"along a path: {verdict}", size=size)["why"]


def _cause(trace: Trace, where: list[Point], judged: Change, kind: str) -> Said:
    """Choose a reason.

    Back from a point to the one before it, the gradient passes the weights of the later point,
    and then the activation behind the earlier one.
    """
    weighted, factor = where[1:], per_layer(judged.local_rate)[1:]
    activation = _most_frequent(where[:-1])
    in_blocks = sum(point.shortcut for point in weighted) > len(weighted) / 2
    ends = [each for each in saturated(trace) if each.on_path]
    if kind == "batch-norm growth":
        return words(kind)
    if len({point.name for point in where}) == 1:
        name, steps = where[0].name, len(weighted)
        remedy = _remember(steps) if kind == "vanishing" else _CALMER
        return words("same layer each time", name=name, steps=steps, factor=factor, remedy=remedy)
    if in_blocks:
        divided = kind == "exploding" and _filled([point.divided for point in where]) is not None
        return words(f"{kind}: {'normalised ' * divided}blocks", factor=factor)
    if kind == "vanishing" and ends:
        layers = listed(each.name for each in ends)
        return words("vanishing: saturated", layers=layers, activation=ends[0].activation)
    if kind == "vanishing" and activation == "sigmoid":
        return words("vanishing: sigmoid", weights=recipes.weights("relu", trace.framework))
    return _weights(trace, where, activation, kind, factor)


def _weights(trace: Trace, where: list[Point], activation: str, kind: str, factor: str) -> Said:
    weighted, recipe, shown = where[1:], recipes.recipe(activation), recipes.shown(activation)
    size = "small" if kind == "vanishing" else "large"
    common = {"factor": factor, "layers": span(weighted), "size": size}
    if kind == "vanishing":
        others = chapters.PRODUCT if recipe is None else chapters.HE
        chapter = {"tanh": chapters.TANH, "selu": chapters.SELU}.get(activation, others)
    else:
        chapter = chapters.CHAOS if activation == "tanh" else chapters.EXPLODING
    if recipe is None:
        after = f"what follows them, {activation}" if activation else "what follows them"
        return words("weights: no recipe", after=after, **common) | {"chapter": chapter}
    measured = ""
    if dense := [point.weights for point in weighted if point.weights is not None]:
        now, wanted = map(number, recipes.deviations(dense, recipe))
        measured = words("weights: deviations", now=now, recipe=recipe.name, wanted=wanted)["why"]
    said = words(
        "weights",
        activation=shown,
        measured=measured,
        wrong=span(_out_of_line(where, recipe)),
        recipe=recipe.name,
        biases=_biases(weighted),
        weights=recipes.weights(activation, trace.framework),
        clipping=" Clipping only hides it." if kind == "exploding" else "",
        **common,
    )
    return said | {"chapter": chapter}


def _out_of_line(where: list[Point], recipe: recipes.Recipe) -> list[Point]:
    """Return the layers to start anew: the first one too, if its weights are as far off.

    The gradient of the path does not pass its weights, but the signal does.
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
        name for point in points for name in point.operations if name not in ("?", LAYER_NORM)
    )
    return names.most_common(1)[0][0] if names else ""


_CALMER = words("remedy: calmer")["advice"]

_KEEPING = {"LSTM": "forget", "GRU": "update"}
"""The gate that says how much of a state is kept."""

SMALL_BIAS = 2
"""The largest bias of such a gate that is advised before shorter sequences are."""


def _gate(steps: Steps) -> str:
    if math.isnan(steps.keeping_bias):
        return ""
    kept, bias = 1 / (1 + math.exp(-steps.keeping_bias)), number(steps.keeping_bias)
    return words("through time: gate", gate=_KEEPING[steps.cell], bias=bias, kept=kept)["why"]


def _remember(count: int, steps: Steps | None = None, framework: str = "") -> str:
    """Say how a layer can keep a state for so many steps; a gate of 1 - 1 / count keeps most."""
    needed = round(math.log(max(count - 1, 2)), 1)
    if steps is None or steps.cell not in _KEEPING:
        return words("remedy: LSTM", needed=needed)["advice"]
    if steps.keeping_bias >= SMALL_BIAS:
        return words("remedy: shorter")["advice"]
    width = steps.width
    code = words("remedy: gate code", first=width, last=2 * width).get(framework, "")
    gate = _KEEPING[steps.cell]
    return words("remedy: gate", gate=gate, needed=needed, code=code)["advice"]
