"""What a finding holds, and how its sentences write numbers and names."""

from __future__ import annotations

import math
import re
import textwrap
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vgtools.diagnosis import chapters
from vgtools.diagnosis.chapters import Chapter
from vgtools.diagnosis.trace import Point

KINDS = (
    "non-finite values",
    "no gradient",
    "dead units",
    "saturated units",
    "symmetric units",
    "batch-norm growth",
    "vanishing",
    "exploding",
    "starved queries and keys",
    "underflow",
    "updates too large",
    "updates too small",
)


_WORDS = tomllib.loads(Path(__file__).with_name("findings.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Its kind is one of `KINDS`, which stand in the order in which they are reported: causes
    before what follows from them.

    ============================  ============================================================
    kind                          what is wrong
    ============================  ============================================================
    ``non-finite values``         a number is infinite or not a number
    ``no gradient``               layers that are to learn get no gradient at all
    ``dead units``                too many units of a rectifier are 0 for every sample
    ``saturated units``           most outputs of a tanh or sigmoid are where it is flat
    ``symmetric units``           all units of a layer are alike, and stay so
    ``batch-norm growth``         batch normalisation makes the gradient grow at every layer
    ``vanishing``                 on its way back the gradient shrinks too much
    ``exploding``                 on its way back the gradient grows too much
    ``starved queries and keys``  attention's queries and keys learn far slower than its values
    ``underflow``                 the gradient is zero only because of the float type
    ``updates too large``         one step is as long as the weights that it changes
    ``updates too small``         one step is lost when the weights are rounded
    ============================  ============================================================

    Symmetric units are looked for in models of PyTorch and Keras. The last two are looked for
    where an optimiser is given, and in the steps that `watch` sees. With an optimiser, so are
    weights that its first step makes infinite or not a number.

    Attributes
    ----------
    kind : str
    layers : tuple of str
        Where, first layer first. For a gradient along a path, the points between which most of
        the change happens.
    summary : str
        What was found, in a sentence without its full stop.
    number : float
        For a gradient the factor between the two ends of the path, above 1; otherwise a share
        or a ratio, which the summary names.
    uncertainty : float or None
        The factor by which `number` may be larger or smaller, one standard error over the
        samples; None where it has none.
    expected : float or None
        What theory expects in the place of `number`, where there is a theory.
    why, advice : str
        Sentences.
    chapter : Chapter
        Where the book explains it.
    """

    kind: str
    layers: tuple[str, ...]
    summary: str
    number: float
    uncertainty: float | None = None
    expected: float | None = None
    why: str
    advice: str
    chapter: Chapter


def words(key: str, **fields: object) -> dict[str, str | Chapter]:
    """Return a table of `findings.toml`, filled in: summary, why, advice and chapter.

    Examples
    --------
    >>> words("no gradient", layers="dense 1")["summary"]
    'no gradient arrives at dense 1'
    """
    said = {part: text.format(**fields) for part, text in _WORDS[key].items()}
    return said | ({"chapter": getattr(chapters, said["chapter"])} if "chapter" in said else {})


def wrapped(text: str, indent: str) -> list[str]:
    """Return a text as lines, all but the first one indented."""
    return textwrap.wrap(text, 96, subsequent_indent=indent, break_on_hyphens=False)


def number(value: float) -> str:
    """Write a number with two digits.

    Examples
    --------
    >>> number(8.4e6), number(math.inf)
    ('8.4·10⁶', 'more than a float holds')
    """
    from vgtools.figures import short_number

    return short_number(value, 2) if math.isfinite(value) else "more than a float holds"


def per_layer(rate: float) -> str:
    """Write what one layer leaves of the gradient on its way back, from a rate.

    Examples
    --------
    >>> per_layer(0.39)
    '×0.41'
    """
    return f"×{10.0**-rate:.3g}" if abs(rate) < 0.1 else f"×{10.0**-rate:.2g}"


def listed(names: Iterable[str]) -> str:
    """Write names one after the other, the middle ones left out.

    Examples
    --------
    >>> listed("abcde")
    'a, b, … e (5 in all)'
    """
    names = list(names)
    if len(names) <= 3:
        return ", ".join(names)
    return f"{names[0]}, {names[1]}, … {names[-1]} ({len(names)} in all)"


def unnumbered(name: str) -> str:
    """Return the name that a layer shares with those beside it.

    Examples
    --------
    >>> unnumbered("3.experts.12.up")
    '#.experts.#.up'
    """
    return re.sub(r"\d+", "#", name)


def span(points: Sequence[Point]) -> str:
    """Write from which point to which."""
    return points[0].name if len(points) == 1 else f"{points[0].name} to {points[-1].name}"
