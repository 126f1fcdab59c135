"""Layers whose units are off or saturated."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

from vgtools.diagnosis import chapters, recipes
from vgtools.diagnosis.finding import Finding, listed, number
from vgtools.diagnosis.trace import Trace, Units

ONE_IN = 1000
"""In how many healthy networks half of a layer's units are off by chance, and more."""

SILENT = 0.5
"""From which share of samples on that a layer stops a fault is reported."""

SATURATED = 0.5
"""From which share of saturated outputs on a layer is reported."""


def units(trace: Trace) -> Iterator[Finding]:
    """Find layers with too many dead units, and layers that are saturated."""
    dead = _dead(trace.units)
    if dead:
        worst = max(dead, key=lambda each: each.dead)
        why, advice = _cause(dead, trace)
        yield Finding(
            "dead units",
            tuple(each.name for each in dead),
            f"{_share(dead, worst)} are 0 for "
            + (f"all {trace.samples} samples" if trace.samples > 1 else "the one sample"),
            worst.dead,
            None,
            0.5,
            f"No gradient passes a rectifier that is off for every sample. {why}",
            advice,
            chapters.DEAD,
        )
    if not any(each.on_path for each in dead):
        yield from _silent(trace)
    full = saturated(trace)
    if full:
        worst = max(full, key=lambda each: each.saturated)
        yield Finding(
            "saturated units",
            tuple(each.name for each in full),
            f"{worst.saturated:.0%} of the outputs of {worst.name} are at the ends of "
            f"{worst.activation}" + _others(full, worst),
            worst.saturated,
            None,
            None,
            "There the slope is below 5 % of its maximum, so that more than half of the units "
            f"pass on less than a twentieth of the gradient.{_entering(worst)}",
            f"Make what goes into {listed(each.name for each in full)} smaller: standardise the "
            f"inputs of the model{_SCALED.get(trace.framework, '')}, and start from Glorot's "
            "weights.",
            chapters.SATURATED,
        )


def _silent(trace: Trace) -> Iterator[Finding]:
    """Find the first layer that stops the gradient of more samples than chance explains.

    A rectifier on the path whose units are all 0 for a sample passes nothing of its gradient.
    With weights that are as often positive as negative, each of n units is off for a sample with
    probability 1/2, and all of them with 2**-n. Through layers of n_1, n_2, ... units the
    expected share of such samples is at most::

        p = 2**-n_1 + 2**-n_2 + ...

    However many samples there are and however alike they are, the share is above s with
    probability p / s at most (Markov's inequality). So a share is a fault above `ONE_IN` p. It
    has to be above `SILENT` as well: for a few samples, such as pictures without a pixel,
    everything may be 0, and the layers learn from the others. Fifty layers of 64 units have
    p = 3e-18. Fifty layers of 8 units have p = 0.2, and no share of theirs is a fault.
    """
    limit = 0.0
    for each in trace.units:
        if not each.on_path or each.activation != "relu":
            continue
        limit += ONE_IN * 2.0**-each.units
        if each.silent <= max(SILENT, limit):
            continue
        count = round(each.silent * trace.samples)
        why, advice = _cause([each], trace)
        yield Finding(
            "dead units",
            (each.name,),
            f"all {each.units} units of {each.name} are 0 for {count} of {trace.samples} samples",
            each.silent,
            None,
            limit / ONE_IN,
            "No gradient of these samples passes this layer, and the layers before it do not "
            f"learn from them. {why}",
            advice,
            chapters.DEAD,
        )
        return


def by_chance(trace: Trace) -> float:
    """Return `ONE_IN` times the share of samples that chance stops, as in `_silent`."""
    layers = (each for each in trace.units if each.on_path and each.activation == "relu")
    return ONE_IN * sum(2.0**-each.units for each in layers)


def saturated(trace: Trace) -> list[Units]:
    """Return the layers of which most outputs are where the activation is flat."""
    return [each for each in trace.units if each.saturated > SATURATED]


_SCALED = {
    "PyTorch": " (or they are scaled inside of forward: take that out)",
    "Keras": " (or a layer of the model scales them: take that out)",
}
"""Where else inputs may become large; a network of this book takes them as they are."""


def _entering(layer: Units) -> str:
    if math.isnan(layer.entering):
        return ""
    return (
        f" The numbers that go into {layer.before} have a root mean square of "
        f"{number(layer.entering)} and a mean of {number(layer.entering_mean)}."
    )


def _share(found: list[Units], worst: Units) -> str:
    amount = "all" if worst.dead == 1 else f"{worst.dead:.0%} of the"
    return f"{amount} {worst.units} units of {worst.name}" + _others(found, worst)


def _others(found: list[Units], worst: Units) -> str:
    names = [each.name for each in found if each is not worst]
    return f" (and too many of {listed(names)})" if names else ""


def _cause(dead: list[Units], trace: Trace) -> tuple[str, str]:
    """Say whether biases or weighted sums switch the units off, and what to do about it."""
    first = dead[0]
    weighted = first.mean - first.bias
    if abs(first.mean) + first.spread < 1000 * trace.least:
        return (
            f"What {first.before} returns is 0 for {trace.precision}: its weights are 0, or the "
            "signal has become smaller from layer to layer until this type no longer holds it.",
            f"Draw the weights of {first.before}, and of the layers before it, at random and "
            f"larger: {recipes.weights('relu', trace.framework)}.",
        )
    if not first.mean < -first.spread:  # also where it was not seen
        return (
            "With weights that are as often positive as negative, a unit is off for a given "
            "sample with probability one half. Here more units are off than chance explains.",
            "Look for large negative biases, for inputs of one sign and for a learning rate that "
            f"was too large; draw the weights in front of {first.name} anew.",
        )
    sums = f"{number(weighted)} on average, with a spread of {number(first.spread)}"
    if first.bias < weighted:
        return (
            f"The biases of {first.before} are {number(first.bias)} on average. The weighted "
            f"sums that they are added to are {sums}: too small to switch the units on.",
            f"Set the biases of {first.before} to 0. If training made them so, take a smaller "
            "learning rate as well.",
        )
    return (
        f"The weighted sums of {first.before} are {sums}: its weights and its inputs have mostly "
        "opposite signs.",
        f"Standardise what goes into {first.before}, or draw its weights anew with mean 0.",
    )


def _dead(layers: Sequence[Units]) -> list[Units]:
    """Return the layers with too many dead units, without those that a dead layer feeds."""
    found, silent = [], False
    for each in layers:
        if _too_dead(each, len(layers)) and not (silent and each.on_path):
            found.append(each)
        silent = silent or (each.on_path and each.dead == 1)
    return found


def _too_dead(layer: Units, layers: int) -> bool:
    """Tell whether chance does not explain how many units are off for every sample.

    A unit whose weights have a symmetric distribution is off for one sample with probability
    1/2, and so for all samples with probability 1/2 at most.
    """
    doubt = NormalDist().inv_cdf(1 - 1 / (ONE_IN * layers))
    return layer.dead == 1 or layer.dead > 0.5 + doubt * math.sqrt(0.25 / layer.units)
