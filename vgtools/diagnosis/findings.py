"""What is wrong, why, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from vgtools.diagnosis import chapters
from vgtools.diagnosis.chapters import Chapter
from vgtools.diagnosis.expected import Expected
from vgtools.diagnosis.judging import Change, change, together
from vgtools.diagnosis.trace import Point, Trace, Units

KINDS = (
    "non-finite values",
    "no gradient",
    "dead units",
    "saturated units",
    "batch-norm growth",
    "vanishing",
    "exploding",
    "underflow",
)

ONE_IN = 1000
"""In how many healthy networks half of a layer's units are off by chance, and more."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    layers : tuple of str
        Where, first layer first.
    summary : str
        What was found, in a sentence.
    number : float
        For a gradient the factor between the two ends of the path, above 1; otherwise a share.
    uncertainty : float or None
        The factor by which `number` may be larger or smaller, one standard error over the
        samples; None where it has none.
    expected : float or None
        What theory expects in the place of `number`, where there is a theory.
    why, advice : str
    chapter : Chapter
        Where the book explains it.
    """

    kind: str
    layers: tuple[str, ...]
    summary: str
    number: float
    uncertainty: float | None
    expected: float | None
    why: str
    advice: str
    chapter: Chapter


def find(trace: Trace, expected: Expected) -> tuple[Finding, ...]:
    """Return what is wrong, the causes before what follows from them."""
    found = [*_not_finite(trace), *_no_gradient(trace), *_units(trace)]
    found += [*_along_path(trace, expected), *_through_time(trace), *_underflow(trace)]
    return tuple(sorted(found, key=lambda each: KINDS.index(each.kind)))


def path_change(trace: Trace) -> tuple[Change | None, list[Point]]:
    """Return what happens along the path, and its points: those where a gradient arrives."""
    points = [point for point in trace.points if math.isfinite(together(point.gradient))]
    judged = change([point.gradient for point in points], [point.width for point in points])
    return judged, points


def _not_finite(trace: Trace) -> Iterator[Finding]:
    if trace.broken is None:
        return
    name, where, share = trace.broken.name, trace.broken.where, trace.broken.share
    reason = {
        "input": ("The inputs themselves hold them.", "Look at how the data are read and scaled."),
        "parameter": (
            "A step of training has put them into this parameter before.",
            "Go back to weights from before, and find the step: a smaller learning rate, "
            "clipping, or a loss that is finite for every output.",
        ),
        "forward": (
            "Its inputs and its weights are finite: the numbers left the range of their type, "
            "or the layer divides by zero or takes the logarithm of one.",
            "Look at the size of what goes in and at the weights of this layer.",
        ),
        "loss": (
            "The model's output is finite, the loss of it is not.",
            "Take a loss of logits, such as cross_entropy, in the place of a logarithm of "
            "probabilities.",
        ),
        "backward": (
            "The way forward is finite. On the way back the slope of an operation is infinite, "
            "or the gradient leaves the range of its type.",
            "Look at roots, norms and logarithms behind this layer, and at its weights.",
        ),
    }[where]
    direction = " on the way back" if where == "backward" else ""
    yield Finding(
        "non-finite values",
        (name,),
        f"the first numbers{direction} that are infinite or not a number are in {name}"
        f" ({share:.1%} of them)",
        share,
        None,
        None,
        *reason,
        chapters.EXPLODING,
    )


def _no_gradient(trace: Trace) -> Iterator[Finding]:
    advice = "Look for detach(), .data, torch.no_grad(), argmax or a layer that forward leaves out."
    if trace.without_gradient:
        layers = tuple(
            dict.fromkeys(name.rpartition(".")[0] or name for name in trace.without_gradient)
        )
        yield _silent(
            layers, "the loss does not depend on their parameters, as PyTorch sees it", advice
        )
    elif trace.frozen and math.isnan(trace.output_gradient) and trace.broken is None:
        yield _silent(
            ("every layer",),
            "every parameter is frozen",
            "Set requires_grad to True where the model is to learn.",
        )
    stopped = [p for p in trace.points if together(p.gradient) == -math.inf]
    dead = any(units.dead == 1 for units in trace.units)
    if trace.output_gradient == -math.inf:
        yield _silent(
            tuple(point.name for point in trace.points) or ("every layer",),
            "the loss has the slope zero at the output",
            "Look at the loss: it is constant near these outputs.",
        )
    elif stopped and not dead and not trace.zero_weights:
        yield _silent(
            tuple(point.name for point in stopped),
            "the gradient that arrives is exactly zero",
            f"The layer behind {stopped[-1].name} has the slope zero for every sample.",
        )


def _silent(layers: tuple[str, ...], why: str, advice: str) -> Finding:
    return Finding(
        "no gradient", layers, f"no gradient arrives at {_listed(layers)}", 0.0, None, None,
        f"{why[0].upper()}{why[1:]}.", advice, chapters.PRODUCT,
    )  # fmt: skip


def _units(trace: Trace) -> Iterator[Finding]:
    dead = _dead(trace.units)
    if dead:
        worst = max(each.dead for each in dead)
        yield Finding(
            "dead units",
            tuple(each.name for each in dead),
            f"up to {worst:.0%} of the units of a layer are 0 for all {trace.samples} samples: "
            f"{_listed([each.name for each in dead])}",
            worst,
            None,
            0.5,
            "No gradient passes a rectifier that is off for every sample. With weights that are "
            "as often positive as negative, chance switches off at most half of the units.",
            "Look for large negative biases, for inputs of one sign and for a learning rate that "
            "was too large; start again from new weights, or take a leaky rectifier.",
            chapters.DEAD,
        )
    full = [each for each in trace.units if each.saturated > 0.5]
    if full:
        worst = max(each.saturated for each in full)
        yield Finding(
            "saturated units",
            tuple(each.name for each in full),
            f"up to {worst:.0%} of the outputs of a layer are at the ends of "
            f"{full[0].activation}: {_listed([each.name for each in full])}",
            worst,
            None,
            None,
            "There the slope is below 5 % of its maximum, so that more than half of the units "
            "pass on less than a twentieth of the gradient.",
            "Make the weights or the inputs of these layers smaller: standardise the inputs, "
            "start from Glorot's weights.",
            chapters.SATURATED,
        )


def _dead(units: Sequence[Units]) -> list[Units]:
    """Return the layers with too many dead units, without those that a dead layer feeds."""
    found, silent = [], False
    for each in units:
        if _too_dead(each, len(units)) and not (silent and each.on_path):
            found.append(each)
        silent = silent or (each.on_path and each.dead == 1)
    return found


def _too_dead(units: Units, layers: int) -> bool:
    """Tell whether chance does not explain how many units are off for every sample.

    A unit whose weights have a symmetric distribution is off for one sample with probability
    1/2, and so for all samples with probability 1/2 at most.
    """
    doubt = NormalDist().inv_cdf(1 - 1 / (ONE_IN * layers))
    return units.dead == 1 or units.dead > 0.5 + doubt * math.sqrt(0.25 / units.units)


def _along_path(trace: Trace, expected: Expected) -> Iterator[Finding]:
    judged, points = path_change(trace)
    if judged is None or not judged.faulty:
        return
    where = points[judged.begin : judged.end + 1]
    vanishes = judged.log_factor < 0
    kind = "vanishing" if vanishes else "batch-norm growth" if trace.normalised else "exploding"
    per_layer = 10 ** (judged.log_factor / (len(points) - 1))
    theory = None
    if expected.log_gradient is not None and len(points) == len(trace.points):
        theory = 10 ** abs(expected.log_gradient[0])
    factor = 10 ** abs(judged.log_factor)
    why, advice, chapter = _cause(trace, where, per_layer, kind)
    yield Finding(
        kind,
        tuple(point.name for point in where),
        f"from {points[-1].name} back to {points[0].name} the gradient "
        f"{'shrinks' if vanishes else 'grows'} by a factor of {_number(factor)}, "
        f"×{per_layer:.2g} per layer"
        + (f"; theory expects {_number(theory)}" if theory is not None else "")
        + ("" if len(where) == len(points) else f". Most of it: {_span(where)}"),
        factor,
        None if math.isnan(judged.error) else 10**judged.error,
        theory,
        why,
        advice,
        chapter,
    )


def _cause(
    trace: Trace, where: list[Point], per_layer: float, kind: str
) -> tuple[str, str, Chapter]:
    activations = {name for point in where for name in point.operations}
    ends = [each for each in trace.units if each.saturated > 0.5]
    if kind == "batch-norm growth":
        return (
            "Each batch normalisation divides by the spread of what a rectifier or another "
            "activation has made smaller. The gradient grows at every one of them, whatever "
            "the weights.",
            "Put shortcuts past the layers, or take fewer layers.",
            chapters.BATCH_NORM,
        )
    if kind == "exploding":
        return (
            f"Every layer multiplies the gradient by {per_layer:.2g}: its weights are too large "
            "for its activation.",
            f"Divide the weights of {_span(where)} by about {per_layer:.2g}, or start from He's "
            "(rectifiers) or Glorot's weights. Clipping only hides it.",
            chapters.CHAOS if "tanh" in activations else chapters.EXPLODING,
        )
    if ends:
        return (
            f"Most outputs of {_listed([each.name for each in ends])} are at the ends of "
            f"{ends[0].activation}, where it has almost no slope.",
            "Make the weights or the inputs of these layers smaller.",
            chapters.SATURATED,
        )
    if "sigmoid" in activations:
        return (
            "The slope of the sigmoid is 1/4 at most, and Glorot's weights do not make up for "
            "that.",
            "Take ReLU with He's weights, or tanh with Glorot's, in the hidden layers.",
            chapters.SIGMOID,
        )
    larger = 1 / per_layer
    if activations & {"relu", "leaky_relu"}:
        return (
            f"Every layer multiplies the gradient by {per_layer:.2g}: its weights are too small "
            "for a rectifier, which passes half of what arrives.",
            f"Multiply the weights of {_span(where)} by about {larger:.2g}, or start from He's: "
            "kaiming_normal_(weight, nonlinearity='relu').",
            chapters.HE,
        )
    return (
        f"Every layer multiplies the gradient by {per_layer:.2g}: its weights are too small, or "
        "the slope of its activation is.",
        f"Multiply the weights of {_span(where)} by up to {larger:.2g}, or put shortcuts and "
        "normalisation into the model.",
        chapters.TANH if "tanh" in activations else chapters.PRODUCT,
    )


def _through_time(trace: Trace) -> Iterator[Finding]:
    for steps in trace.steps:
        rows = [row for row in steps.gradient if math.isfinite(together(row))]
        judged = change(rows, [steps.width] * len(rows))
        if judged is None or not judged.faulty:
            continue
        vanishes = judged.log_factor < 0
        factor = 10 ** abs(judged.log_factor)
        per_step = 10 ** (judged.log_factor / (len(rows) - 1))
        yield Finding(
            "vanishing" if vanishes else "exploding",
            (steps.name,),
            f"through {len(rows)} time steps of {steps.name} the gradient "
            f"{'shrinks' if vanishes else 'grows'} by a factor of {_number(factor)}, "
            f"×{per_step:.2g} per step back",
            factor,
            None if math.isnan(judged.error) else 10**judged.error,
            None,
            f"The recurrent Jacobian multiplies it by {per_step:.2g} at each step, and it is the "
            "same layer at every step.",
            "Take an LSTM with a forget bias of 1 or more, orthogonal recurrent weights, or "
            "shorter sequences; let the loss read more than the last step."
            if vanishes
            else "Start from orthogonal recurrent weights, and clip the gradient.",
            chapters.TIME,
        )


def _underflow(trace: Trace) -> Iterator[Finding]:
    lost = [point for point in trace.points if point.lost > 0.5]
    if not lost:
        return
    entries = [point.entry for point in trace.points if math.isfinite(point.entry)]
    needed = math.ceil((math.log10(8 * trace.least) - min(entries)) / math.log10(2))
    room = math.floor((math.log10(trace.most / 64) - max(entries)) / math.log10(2))
    yield Finding(
        "underflow",
        tuple(point.name for point in lost),
        f"up to {max(point.lost for point in lost):.0%} of the gradient's entries are zero only "
        f"because {trace.precision} holds nothing below {_number(trace.least)}: "
        f"{_span(lost)}",
        max(point.lost for point in lost),
        None,
        None,
        "These entries are not zero in exact numbers, and training does not see them.",
        f"Multiply the loss by 2**{needed}, and divide the gradients by it before the step "
        "(loss scaling)."
        if 0 < needed <= room
        else f"No one scale of the loss brings all layers into the range of {trace.precision}: "
        "mend the vanishing or exploding first, or take a wider type.",
        chapters.PRECISION,
    )


def _number(value: float) -> str:
    from vgtools.figures import short_number

    return short_number(value, 2) if math.isfinite(value) else "more than a float holds"


def _listed(names) -> str:
    names = list(names)
    if len(names) <= 3:
        return ", ".join(names)
    return f"{names[0]}, {names[1]}, … {names[-1]} ({len(names)} in all)"


def _span(points: list[Point]) -> str:
    return points[0].name if len(points) == 1 else f"{points[0].name} to {points[-1].name}"
