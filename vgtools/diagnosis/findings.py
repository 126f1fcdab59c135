"""All that is wrong: numbers that are not finite, no gradient at all, and the step to come.

`unit_findings` and `path_findings` have the others. The words stand in `findings.toml`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from vgtools.diagnosis.expected import Expected
from vgtools.diagnosis.finding import KINDS, Finding, listed, number, span, words
from vgtools.diagnosis.judging import NOTICEABLE, together
from vgtools.diagnosis.path_findings import along_path, through_time
from vgtools.diagnosis.trace import Point, Trace
from vgtools.diagnosis.unit_findings import SILENT, by_chance, units

TOO_LARGE = 1.0
"""A first step is too large if it is so many times as long as the weights, or more.

The new weights then stand at 45 degrees to the old ones, or more: a gradient, which is a slope
at one place, says nothing about the loss there.
"""

LOST = 0.5
"""A first step is too small if rounding leaves more than this share of the weights as they were."""


def find(trace: Trace, expected: Expected) -> tuple[Finding, ...]:
    """Return what is wrong, the causes before what follows from them."""
    found = [*_not_finite(trace), *_no_gradient(trace), *units(trace)]
    if "dead units" not in [each.kind for each in found]:
        found += _stopped_samples(trace)
    found += [*along_path(trace, expected), *through_time(trace), *_starved(trace)]
    found += [*_underflow(trace), *_updates(trace)]
    return tuple(sorted(found, key=lambda each: KINDS.index(each.kind)))


def _not_finite(trace: Trace) -> Iterator[Finding]:
    if trace.broken is None:
        return
    kind, name, where = "non-finite values", trace.broken.name, trace.broken.where
    share = trace.broken.share
    written = "less than 0.1%" if share < 0.001 else f"{share:.1%}"
    direction = " on the way back" if where == "backward" else ""
    said = words(kind, direction=direction, name=name, share=written) | words(f"{kind}: {where}")
    yield Finding(kind=kind, layers=(name,), number=share, **said)


def _no_gradient(trace: Trace) -> Iterator[Finding]:
    def found(layers: Sequence[str], cause: str, **fields: object) -> Finding:
        kind = "no gradient"
        said = words(kind, layers=listed(layers)) | words(f"{kind}: {cause}", **fields)
        return Finding(kind=kind, layers=tuple(layers), number=0.0, **said)

    silent = trace.without_gradient
    layers = list(dict.fromkeys(name.rpartition(".")[0] or name for name in silent))
    if silent and len(layers) == len(trace.unused):
        yield found(layers, "not called")
    elif silent:
        yield found(layers, "cut off", **_cut_off(trace))
    elif trace.frozen and math.isnan(trace.output_gradient) and trace.broken is None:
        yield found(["every layer"], "frozen")
    stopped = [p for p in trace.points if together(p.gradient) == -math.inf]
    names = [point.name for point in stopped]
    if trace.output_gradient == -math.inf:
        every = [point.name for point in trace.points]
        yield found(every or ["every layer"], "flat loss")
    elif stopped and len(trace.zero_weights) > 1:
        yield found(names, "zero weights", zero=listed(trace.zero_weights))
    elif stopped and not trace.zero_weights and all(each.dead < 1 for each in trace.units):
        yield found(names, "flat layer", last=names[-1])


def _cut_off(trace: Trace) -> dict[str, str]:
    """Say where parameters are cut off from the loss."""
    where, unused = "between these layers and the loss", ""
    cut = " The way back is cut behind them, or forward does not use what they return."
    if trace.cut is not None:
        where = f"between {trace.cut[0]} and {trace.cut[1]}"
        cut = f" The way back is cut {where}, or forward does not use what {trace.cut[0]} returns."
    if trace.unused:
        cut = cut if trace.cut else ""
        unused = f" The forward pass does not call {listed(trace.unused)}."
    return {"where": where, "cut": cut, "unused": unused}


def _stopped_samples(trace: Trace) -> Iterator[Finding]:
    """Find layers that most samples send no gradient to, whatever stops it on the way.

    Samples without a gradient at the last point do not count: their loss may be at its end.
    """
    points = trace.points
    if not points or together(points[0].gradient) == -math.inf:
        return
    shares = [float((each.gradient == -math.inf).mean()) for each in points]
    limit = max(SILENT, by_chance(trace.units))
    stopped = [p for p, share in zip(points, shares) if share - shares[-1] > limit]
    if stopped:
        said = words(
            "no gradient: flat for samples",
            layers=span(stopped),
            count=round(shares[0] * trace.samples),
            samples=trace.samples,
            last=stopped[-1].name,
            behind=points[points.index(stopped[-1]) + 1].name,
        )
        yield Finding(kind="no gradient", layers=_names(stopped), number=shares[0], **said)


def _starved(trace: Trace) -> Iterator[Finding]:
    """Find attention whose queries and keys get less and less gradient along a stack.

    The gradient of the values over that of the queries is about 1 over the mean squared
    difference of the tokens. One large ratio does no harm: post-LN stacks of 2 to 12 blocks that
    read the rows of digits have 100 to 200 in their first block, and learn with Adam at 0.001.
    But behind each attention the tokens are more alike. Where this multiplies the ratio by 100
    from one attention of a model to another, the last blocks read one token: post-LN stacks of
    24 blocks stay at chance with Adam at 0.001, with which 24 blocks of pre-LN learn.

    Where the sums reach the next block as they are (pre-LN), no difference of tokens is lost,
    however much is added to all of them: nothing is said there.
    """
    sums = [point.free for point in trace.points if point.shortcut]
    if sum(sums) > len(sums) / 2:
        return
    ratios = {
        each.name: each.value / most
        for each in trace.attention
        if 0 < (most := max(each.query, each.key))
    }
    best = min(ratios, key=ratios.get, default="")
    starved = [n for n in ratios if ratios[n] > 10.0**NOTICEABLE * max(1.0, ratios[best])]
    if starved:
        worst = max(starved, key=ratios.get)
        said = words(
            "starved queries and keys",
            name=worst,
            ratio=number(ratios[worst]),
            best=best,
            least=number(ratios[best]),
            others=f"; too small in {listed(starved)}" if len(starved) > 1 else "",
        )
        kind = "starved queries and keys"
        yield Finding(kind=kind, layers=tuple(starved), number=ratios[worst], **said)


def _underflow(trace: Trace) -> Iterator[Finding]:
    lost = [point for point in trace.points if point.lost > 0.5]
    if not lost:
        return
    entries = [point.entry for point in trace.points if math.isfinite(point.entry)]
    power = math.ceil((math.log10(8 * trace.least) - min(entries)) / math.log10(2))
    room = math.floor((math.log10(trace.most / 64) - max(entries)) / math.log10(2))
    share, precision = max(point.lost for point in lost), trace.precision
    said = words(
        "underflow",
        share=share,
        precision=precision,
        least=number(trace.least),
        where=span(lost),
    )
    remedy = "underflow: one scale" if 0 < power <= room else "underflow: no scale"
    said |= words(remedy, power=power, precision=precision)
    yield Finding(kind="underflow", layers=_names(lost), number=share, **said)


def _updates(trace: Trace) -> Iterator[Finding]:
    """Find layers of which one step is no number, or too large or small beside their weights."""
    if broken := [each for each in trace.updates if each.broken]:
        worst, names = max(broken, key=lambda each: each.broken), [each.name for each in broken]
        said = words(
            "non-finite values: step",
            optimizer=trace.optimizer,
            share="less than 0.1%" if worst.broken < 0.001 else f"{worst.broken:.1%}",
            layers=listed(names),
            precision=trace.precision,
        )
        kind = "non-finite values"
        yield Finding(kind=kind, layers=tuple(names), number=worst.broken, **said)
    step = f"a first step of {trace.optimizer}" if trace.optimizer else "one step of training"
    steps = [each for each in trace.updates if not each.broken]
    large = [each for each in steps if each.relative >= TOO_LARGE]
    if large:
        worst, names = max(large, key=lambda each: each.relative), [each.name for each in large]
        said = words(
            "updates too large",
            step=step,
            name=worst.name,
            times=number(worst.relative),
            smaller=f"about {number(10 * worst.relative)}"
            if math.isfinite(worst.relative)
            else "many powers of ten",
            layers=listed(names),
        )
        layers = tuple(names)
        yield Finding(kind="updates too large", layers=layers, number=worst.relative, **said)
    small = [each for each in steps if each.unchanged > LOST]
    if small:
        worst = max(small, key=lambda each: each.unchanged)
        others = [each.name for each in small if each is not worst]
        said = words(
            "updates too small",
            step=step,
            share=worst.unchanged,
            name=worst.name,
            others=f", and most of {listed(others)}" if others else "",
            precision=trace.precision,
            zero="" if worst.relative else "If the learning rate is 0, raise it. ",
        )
        layers = tuple(each.name for each in small)
        yield Finding(kind="updates too small", layers=layers, number=worst.unchanged, **said)


def _names(points: Sequence[Point]) -> tuple[str, ...]:
    return tuple(point.name for point in points)
