"""What is wrong, why, and what to do: numbers that are not finite, and no gradient at all."""

from __future__ import annotations

import math
from collections.abc import Iterator

from vgtools.diagnosis import chapters
from vgtools.diagnosis.expected import Expected
from vgtools.diagnosis.finding import KINDS, Finding, listed, number, span
from vgtools.diagnosis.judging import together
from vgtools.diagnosis.path_findings import along_path, path_change, through_time
from vgtools.diagnosis.step_findings import starved, updates
from vgtools.diagnosis.trace import Trace
from vgtools.diagnosis.unit_findings import SILENT, by_chance, units

__all__ = ["KINDS", "Finding", "find", "path_change"]


def find(trace: Trace, expected: Expected) -> tuple[Finding, ...]:
    """Return what is wrong, the causes before what follows from them."""
    off = list(units(trace))
    found = [*_not_finite(trace), *_no_gradient(trace), *off]
    if "dead units" not in [each.kind for each in found]:
        found += _stopped_samples(trace)
    found += [*along_path(trace, expected), *through_time(trace), *starved(trace)]
    found += [*_underflow(trace), *updates(trace)]
    return tuple(sorted(found, key=lambda each: KINDS.index(each.kind)))


def _not_finite(trace: Trace) -> Iterator[Finding]:
    if trace.broken is None:
        return
    name, where, share = trace.broken.name, trace.broken.where, trace.broken.share
    reason = {
        "input": ("The inputs themselves hold them.", "Look at how the data are read and scaled."),
        "parameter": (
            "They stand in the weights already: from a step of training, or from how the weights "
            "were made or loaded.",
            "Go back to weights from before. If a step of training made them, take a smaller "
            "learning rate, clipping, or a loss that is finite for every output.",
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
        f" ({'less than 0.1%' if share < 0.001 else f'{share:.1%}'} of them)",
        share,
        None,
        None,
        *reason,
        chapters.EXPLODING,
    )


def _no_gradient(trace: Trace) -> Iterator[Finding]:
    if trace.without_gradient:
        layers = tuple(
            dict.fromkeys(name.rpartition(".")[0] or name for name in trace.without_gradient)
        )
        yield _silent(layers, *_cut_off(trace, layers))
    elif trace.frozen and math.isnan(trace.output_gradient) and trace.broken is None:
        yield _silent(
            ("every layer",),
            "Every parameter is frozen.",
            "Set requires_grad to True where the model is to learn.",
        )
    stopped = [p for p in trace.points if together(p.gradient) == -math.inf]
    dead = any(units.dead == 1 for units in trace.units)
    if trace.output_gradient == -math.inf:
        yield _silent(
            tuple(point.name for point in trace.points) or ("every layer",),
            "The loss has the slope zero at the output.",
            "Look at the loss: it is constant near these outputs.",
        )
    elif stopped and len(trace.zero_weights) > 1:
        yield _silent(
            tuple(point.name for point in stopped),
            f"All weights of {listed(trace.zero_weights)} are 0. One such layer moves with the "
            "first step; several let nothing through, and their units stay alike.",
            "Draw the weights of all hidden layers at random.",
        )
    elif stopped and not dead and not trace.zero_weights:
        yield _silent(
            tuple(point.name for point in stopped),
            "The gradient that arrives is exactly zero.",
            f"The layer behind {stopped[-1].name} has the slope zero for every sample.",
        )


def _stopped_samples(trace: Trace) -> Iterator[Finding]:
    """Find layers that most samples send no gradient to, whatever stops it on the way.

    Samples without a gradient at the last point do not count: their loss may be at its end.
    """
    points = trace.points
    if not points or together(points[0].gradient) == -math.inf:
        return
    shares = [float((each.gradient == -math.inf).mean()) for each in points]
    limit = max(SILENT, by_chance(trace))
    stopped = [p for p, share in zip(points, shares) if share - shares[-1] > limit]
    if not stopped:
        return
    count = round(shares[0] * trace.samples)
    behind = points[points.index(stopped[-1]) + 1].name
    yield Finding(
        "no gradient",
        tuple(point.name for point in stopped),
        f"no gradient arrives at {span(stopped)} for {count} of {trace.samples} samples",
        shares[0],
        None,
        None,
        f"The gradient of these samples arrives at {behind}, and is exactly zero at "
        f"{stopped[-1].name}.",
        f"Look at what stands between {stopped[-1].name} and {behind}: an activation that is "
        "flat there, a clamp or a mask. Make what goes into it smaller.",
        chapters.PRODUCT,
    )


def _cut_off(trace: Trace, layers: tuple[str, ...]) -> tuple[str, str]:
    """Say where parameters are cut off from the loss."""
    if len(layers) == len(trace.unused):
        return (
            "The forward pass does not call them.",
            "Use them in forward, or remove them from the model.",
        )
    why = "The loss does not depend on their parameters, as the framework sees it."
    where = "between these layers and the loss"
    if trace.cut is not None:
        where = f"between {trace.cut[0]} and {trace.cut[1]}"
        why += f" The way back is cut {where}, or forward does not use what {trace.cut[0]} returns."
    if trace.unused:
        why += f" The forward pass does not call {listed(trace.unused)}."
    return why, (
        f"Look {where} for detach(), .data, NumPy, argmax or torch.no_grad(), and take it out."
    )


def _silent(layers: tuple[str, ...], why: str, advice: str) -> Finding:
    return Finding(
        "no gradient", layers, f"no gradient arrives at {listed(layers)}", 0.0, None, None,
        why, advice, chapters.PRODUCT,
    )  # fmt: skip


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
        f"because {trace.precision} holds nothing below {number(trace.least)}: "
        f"{span(lost)}",
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
