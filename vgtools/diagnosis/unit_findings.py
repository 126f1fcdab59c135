"""Layers whose units are off, saturated or alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist

from vgtools.diagnosis import recipes
from vgtools.diagnosis.finding import Finding, listed, number, words
from vgtools.diagnosis.trace import Trace, Units

ONE_IN = 1000
"""One healthy network in so many has more units off, or stops more samples, than is allowed."""

SILENT = 0.5
"""It is a fault if a layer stops the gradient of more than this share of the samples."""

SATURATED = 0.5
"""It is a fault if more than this share of a layer's outputs is saturated."""


LARGE = 2.0
"""From this root mean square on, inputs saturate a tanh behind Glorot's weights: 2.2 is its end."""


def units(trace: Trace) -> Iterator[Finding]:
    """Find layers with too many dead units, layers that are saturated, and layers of like units."""
    dead = _dead(trace.units)
    if dead:
        worst = max(dead, key=lambda each: each.dead)
        said = words(
            "dead units",
            share="all" if worst.dead == 1 else f"{worst.dead:.0%} of the",
            units=worst.units,
            name=worst.name,
            others=_others(dead, worst),
            samples=f"all {trace.samples} samples" if trace.samples > 1 else "the one sample",
            **_cause(dead[0], trace),
        )
        yield _finding("dead units", dead, worst.dead, said, expected=0.5)
    if not any(each.on_path for each in dead):
        yield from _silent(trace)
    if trace.symmetric:
        behind = [each.operations for each in trace.points if each.name in trace.symmetric]
        activation = next(filter(recipes.recipe, sum(behind, ())), "relu")
        weights = recipes.weights(activation, trace.framework)
        said = words("symmetric units", layers=listed(trace.symmetric), weights=weights)
        yield Finding(kind="symmetric units", layers=trace.symmetric, number=1.0, **said)
    full = saturated(trace)
    if full:
        worst = max(full, key=lambda each: each.saturated)
        said = words(
            "saturated units",
            share=f"{worst.saturated:.0%}",
            name=worst.name,
            activation=worst.activation,
            others=_others(full, worst),
            entering=_entering(worst),
            remedy=_smaller(full, _SCALED.get(trace.framework, "")),
        )
        yield _finding("saturated units", full, worst.saturated, said)


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
    for place, each in enumerate(trace.units):
        limit = by_chance(trace.units[: place + 1])
        if not _on_the_way(each) or each.silent <= max(SILENT, limit):
            continue
        said = words(
            "dead units: for samples",
            units=each.units,
            name=each.name,
            count=round(each.silent * trace.samples),
            samples=trace.samples,
            **_cause(each, trace),
        )
        yield _finding("dead units", [each], each.silent, said, expected=limit / ONE_IN)
        return


def by_chance(layers: Sequence[Units]) -> float:
    """Return `ONE_IN` times the share of samples that chance stops, as in `_silent`."""
    return ONE_IN * sum(2.0**-each.units for each in layers if _on_the_way(each))


def _on_the_way(layer: Units) -> bool:
    return layer.on_path and layer.activation == "relu"


def saturated(trace: Trace) -> list[Units]:
    """Return the layers of which most outputs are where the activation is flat."""
    return [each for each in trace.units if each.saturated > SATURATED]


_SCALED = {
    "PyTorch": " (if forward itself multiplies them, make that factor smaller)",
    "Keras": " (if a layer of the model multiplies them, make that factor smaller)",
}
"""Where else inputs may become large; a network of this book takes them as they are."""


def _finding(
    kind: str, layers: Sequence[Units], share: float, said: dict, expected: float | None = None
) -> Finding:
    names = tuple(each.name for each in layers)
    return Finding(kind=kind, layers=names, number=share, expected=expected, **said)


def _entering(layer: Units) -> str:
    if math.isnan(layer.entering):
        return ""
    return (
        f" The numbers that go into {layer.before} have a root mean square of "
        f"{number(layer.entering)} and a mean of {number(layer.entering_mean)}."
    )


def _smaller(full: Sequence[Units], scaled: str) -> str:
    """Ask for smaller inputs of the layers that read large numbers, for the others smaller weights.

    With Glorot's weights, numbers of root mean square r make weighted sums of about r.
    """
    large = [each.name for each in full if each.entering > LARGE]
    others = [each.name for each in full if not each.entering > LARGE]  # also if it is NaN
    said = [("inputs", large), ("weights", others)]
    return " ".join(
        words(f"saturated units: {what}", layers=listed(names), scaled=scaled)["advice"]
        for what, names in said
        if names
    )


def _others(found: Sequence[Units], worst: Units) -> str:
    names = [each.name for each in found if each is not worst]
    return f" (and too many of {listed(names)})" if names else ""


def _cause(first: Units, trace: Trace) -> dict[str, str]:
    """Say what switches the units off, such as biases or weighted sums, and what to do about it."""
    weighted = first.mean - first.bias
    if first.padded and first.dead < 1:
        cause = "padding"
    elif abs(first.mean) + first.spread < 1000 * trace.least:
        cause = "no signal"
    elif not first.mean < -first.spread:  # also if it is NaN: the layer was not seen
        cause = "unknown"
    else:
        cause = "biases" if first.bias < weighted else "weighted sums"
    said = words(
        f"dead units: {cause}",
        name=first.name,
        before=first.before,
        precision=trace.precision,
        weights=recipes.weights("relu", trace.framework),
        bias=number(first.bias),
        sum=number(weighted),
        spread=number(first.spread),
    )
    return {"cause": said["why"], "remedy": said["advice"]}


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
