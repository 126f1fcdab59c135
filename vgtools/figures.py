"""The house style: one palette, one colour per activation, recurring plots.

Colours are names of the Okabe-Ito palette, which colour-blind readers can tell
apart. Each stands for two values, one for a light page and one for a dark page,
so that every line and its label keep a contrast of at least 4.5:1 on both; the page picks the
value through a CSS variable (see `vgtools.explore`). Lines that share a colour
differ by dash.

A figure is a row of panels. Every panel keeps its labels within its own equal
share of the width, so that a page can put the panels side by side or, on a
phone, below each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator
from numpy.typing import ArrayLike


class Shade(NamedTuple):
    """One colour of the palette: its value on a light and on a dark page."""

    light: str
    dark: str


PALETTE: dict[str, Shade] = {
    "blue": Shade("#0072b2", "#4ea6dc"),
    "vermillion": Shade("#c25400", "#ee8434"),
    "green": Shade("#008060", "#1fb88c"),
    "purple": Shade("#b0508a", "#d88fb8"),
    "orange": Shade("#986500", "#e69f01"),
    "sky": Shade("#1f78ad", "#56b4e9"),
    "olive": Shade("#7f7600", "#d8cb3b"),
    "grey": Shade("#595f66", "#b5bbc2"),
}
"""The colours of data: Okabe-Ito, darkened or lightened where the contrast asks for it."""

NEUTRALS: dict[str, Shade] = {
    "ink": Shade("#222833", "#d5dae3"),
    "muted": Shade("#5b6472", "#9aa3b2"),
    "grid": Shade("#dfe3e9", "#333b47"),
}
"""Text, axes and grid. On a page they follow the theme's own variables."""

INK = NEUTRALS["ink"].light
MUTED = NEUTRALS["muted"].light
GRID = NEUTRALS["grid"].light

SOLID = "solid"
DASHED = (0, (5, 2))
DOTTED = (0, (1.2, 1.6))
DASHDOT = (0, (6, 2, 1.2, 2))

_LOOKS: dict[str, tuple[str, object]] = {
    "sigmoid": ("blue", SOLID),
    "hard_sigmoid": ("blue", DOTTED),
    "tanh": ("vermillion", SOLID),
    "scaled_tanh": ("vermillion", DASHED),
    "hard_tanh": ("vermillion", DOTTED),
    "softsign": ("vermillion", DASHDOT),
    "relu": ("green", SOLID),
    "relu6": ("green", DOTTED),
    "softplus": ("green", DASHED),
    "leaky_relu": ("purple", SOLID),
    "prelu": ("orange", SOLID),
    "rrelu": ("sky", SOLID),
    "elu": ("olive", SOLID),
    "celu": ("olive", DASHED),
    "selu": ("olive", DASHDOT),
    "gelu": ("grey", SOLID),
    "gelu_tanh": ("grey", DOTTED),
    "silu": ("purple", DASHDOT),
    "hard_swish": ("purple", DOTTED),
    "mish": ("grey", DASHED),
    "identity": ("sky", DASHED),
}

PANEL_WIDTH = 3.5
"""Width of one panel of several, in inches; a single panel is a quarter wider."""

STYLE: dict[str, object] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.edgecolor": GRID,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "path.simplify": True,
    "path.simplify_threshold": 0.1,
    "savefig.bbox": "standard",
    "svg.fonttype": "none",
    "svg.hashsalt": "vgtools",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
}
"""Matplotlib settings under which `vgtools.explore` draws every figure."""


def colour(name: str) -> str:
    """Return the colour of an activation, or of a palette entry, on a light page.

    Parameters
    ----------
    name : str
        An activation of the catalogue, or a name in `PALETTE` or `NEUTRALS`.

    Returns
    -------
    str
        A hexadecimal colour that `vgtools.explore` turns into a page variable.

    Raises
    ------
    ValueError
        If the name is neither.

    Examples
    --------
    >>> colour("sigmoid") == colour("blue")
    True
    """
    known = isinstance(name, str)
    look = _LOOKS.get(name, (name, SOLID))[0] if known else ""
    shade = PALETTE.get(look) or NEUTRALS.get(look)
    if shade is None:
        raise ValueError(
            f"no colour has the name {name!r}: give an activation of the catalogue or one of "
            f"{', '.join([*PALETTE, *NEUTRALS])}"
        )
    return shade.light


def dash(name: str) -> object:
    """Return the dash pattern of an activation, as Matplotlib's `linestyle`.

    Raises
    ------
    ValueError
        If the name is not an activation of the catalogue.

    Examples
    --------
    >>> dash("relu")
    'solid'
    """
    if name not in _LOOKS:
        raise ValueError(f"no dash is known for {name!r}: give one of {', '.join(_LOOKS)}")
    return _LOOKS[name][1]


def line_style(name: str) -> dict[str, object]:
    """Return colour and dash of an activation as keywords for `Axes.plot`.

    Examples
    --------
    >>> sorted(line_style("tanh"))
    ['color', 'linestyle']
    """
    return {"color": colour(name), "linestyle": dash(name)}


def subplots(columns: int = 1, *, height: float = 2.6) -> tuple[Figure, list[Axes]]:
    """Make a row of panels in the house style.

    The layout is fixed: nothing moves when the contents change, which keeps the
    frames of an explorable figure alike and their differences small.

    Parameters
    ----------
    columns : int
        How many panels, 1 to 3.
    height : float
        Height in inches, the axis labels included.

    Returns
    -------
    figure : matplotlib.figure.Figure
        A figure that no window and no notebook shows by itself.
    axes : list of matplotlib.axes.Axes
        One for each panel, from left to right.

    Raises
    ------
    ValueError
        If `columns` is not 1, 2 or 3, or the height is not positive.

    Examples
    --------
    >>> figure, (left, right) = subplots(2)
    >>> figure.get_size_inches().tolist()
    [7.0, 2.6]
    """
    if not isinstance(columns, int) or columns not in (1, 2, 3):
        raise ValueError(f"columns must be 1, 2 or 3, not {columns!r}")
    if not isinstance(height, (int, float)) or not 0 < height <= 100:
        raise ValueError(f"height must be a positive number of inches, not {height!r}")
    panel = PANEL_WIDTH * (1.25 if columns == 1 else 1)
    figure = Figure(figsize=(panel * columns, height))
    left, right, bottom, top = 0.62 / panel, 0.12 / panel, 0.46 / height, 0.3 / height
    axes = []
    for column in range(columns):
        box = (
            (column + left) / columns,
            bottom,
            (1 - left - right) / columns,
            1 - bottom - top,
        )
        axes.append(figure.add_axes(box, label=f"panel {column}"))
    return figure, axes


def panels(figure: Figure) -> int:
    """Return how many equal shares of the width hold one panel each.

    One if any axes cross from one share into the next, or if anything but axes
    stands on the figure.

    Examples
    --------
    >>> panels(subplots(3)[0])
    3
    """
    marks = [child for child in figure.get_children() if child not in (figure.patch, *figure.axes)]
    if marks or not figure.axes:
        return 1
    count = round(figure.get_size_inches()[0] / PANEL_WIDTH - 0.2)
    for axes in figure.axes:
        box = axes.get_position()
        if int(box.x0 * count) != int(box.x1 * count - 1e-9):
            return 1
    return max(count, 1)


def label_line(axes: Axes, x: float, y: float, text: str, colour: str, **options: object) -> Text:
    """Write a label at a point of a line, in the colour of the line.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    x, y : float
        Where, in data coordinates.
    text : str
        A few characters.
    colour : str
        As from `colour`.
    **options
        Passed to `Axes.annotate`; `xytext` is an offset in points.

    Examples
    --------
    >>> figure, [axes] = subplots()
    >>> label_line(axes, 0.5, 0.5, "ELU", colour("elu")).get_text()
    'ELU'
    """
    settings = {"xytext": (4, 4), "textcoords": "offset points", "annotation_clip": False}
    return axes.annotate(text, (x, y), color=colour, fontweight="bold", **{**settings, **options})


def band(
    axes: Axes, x: ArrayLike, samples: ArrayLike, *, color: str, linestyle: object = SOLID
) -> Line2D:
    """Draw the median over seeds as a line in a band from the smallest to the largest.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    x : array_like, shape (points,)
        Positions.
    samples : array_like, shape (seeds, points)
        One row for each seed.
    color, linestyle
        As from `line_style`.

    Returns
    -------
    matplotlib.lines.Line2D
        The median.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> figure, [axes] = subplots()
    >>> line = band(axes, [1, 2], [[1, 2], [3, 4], [2, 9]], color=colour("blue"))
    >>> line.get_ydata().tolist()
    [2.0, 4.0]
    """
    x, samples = np.asarray(x), np.asarray(samples)
    if samples.ndim != 2 or samples.shape[1:] != x.shape:
        raise ValueError(
            f"samples must have shape (seeds, {x.size}), one row for each seed, not {samples.shape}"
        )
    axes.fill_between(
        x, samples.min(axis=0), samples.max(axis=0), color=color, alpha=0.2, linewidth=0
    )
    (line,) = axes.plot(x, np.median(samples, axis=0), color=color, linestyle=linestyle)
    return line


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """Write a power of ten with a raised exponent, as plain text.

    Examples
    --------
    >>> power_of_ten(-12)
    '10⁻¹²'
    """
    if isinstance(exponent, bool) or not isinstance(exponent, (int, np.integer)):
        raise TypeError(f"exponent must be a whole number, not {exponent!r}")
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def decades(axes: Axes, lowest: int, highest: int, step: int) -> None:
    """Give the panel a logarithmic y axis with fixed limits and ticks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    lowest, highest : int
        The limits, as powers of ten.
    step : int
        Decades from tick to tick, counted from 10⁰.

    Raises
    ------
    ValueError
        If the limits are not in order or the step is not positive.

    Examples
    --------
    >>> figure, [axes] = subplots()
    >>> decades(axes, -20, 5, 5)
    >>> axes.get_yscale()
    'log'
    """
    if not lowest < highest or step < 1:
        raise ValueError(
            f"decades needs lowest < highest and step >= 1, not {lowest}, {highest}, {step}"
        )
    axes.set_yscale("log")
    axes.set_ylim(10.0**lowest, 10.0**highest)
    ticks = [10.0**power for power in range(lowest, highest + 1) if power % step == 0]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: power_of_ten(round(np.log10(y)))))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def plain_ticks(axes: Axes, *, x: Sequence[float] | None = None, y: Sequence[float] | None = None):
    """Fix the ticks of a panel and write them without an offset or exponent.

    Examples
    --------
    >>> figure, [axes] = subplots()
    >>> plain_ticks(axes, x=[0, 0.25], y=[-1, 1])
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['0', '0.25']
    """
    for positions, axis in ((x, axes.xaxis), (y, axes.yaxis)):
        if positions is not None:
            axis.set_ticks(
                list(positions),
                [f"{value:g}".replace("-", "\N{MINUS SIGN}") for value in positions],
            )
