"""Marks in a panel: labels and keys, guides, and the point that a reader moves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import ArrayLike

from vgtools.figures.style import DASHED, DOTTED, SOLID, colour

SAMPLE = 0.25
"""Length of a line in a key, in inches."""

CHARACTER = 0.08
"""Width of a bold character, in inches: enough for labels in plain English."""


def label_line(axes: Axes, x: float, y: float, text: str, color: str, **options: object) -> Text:
    """Write a label at a point of a panel, in the colour of what it names.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    x, y : float
        Where the text begins, in data coordinates.
    text : str
        A few characters.
    color : str
        As for `colour`.
    **options
        Passed to `Axes.annotate`; `xytext` is an offset in points.

    Examples
    --------
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> label_line(axes, 0.5, 0.5, "ELU", "elu").get_text()
    'ELU'
    """
    settings = {"xytext": (0, 0), "textcoords": "offset points", "annotation_clip": False}
    look = {"color": colour(color), "fontweight": "bold"}
    return axes.annotate(text, (x, y), **{**settings, **look, **options})


def note(axes: Axes, x: float, y: float, text: str, color: str, **options: object) -> Text:
    """Write a label at a place of the panel that does not depend on the data.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    x, y : float
        Where, as fractions of the panel's width and height. In the right half the text
        ends there, in the left half it begins there.
    text, color, **options
        As for `label_line`.

    Examples
    --------
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> note(axes, 0.97, 0.04, "×0.25 per layer", "sigmoid").get_horizontalalignment()
    'right'
    """
    side = "right" if x > 0.5 else "left"
    return label_line(
        axes, x, y, text, color, **{"xycoords": "axes fraction", "ha": side, **options}
    )


def key(
    axes: Axes,
    entries: Mapping[str, Mapping[str, object]],
    *,
    x: float = 0.04,
    y: float = 0.3,
    gap: float = 0.075,
    across: bool = False,
) -> None:
    """Say which line is which: a piece of each line, and its name beside it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    entries : mapping
        What each line is called, and how it looks, as from `line_style`.
    x, y : float
        Where the first piece begins, as fractions of the panel's width and height.
    gap : float
        From one entry down to the next, as a fraction of the height.
    across : bool
        Whether the entries stand beside each other instead.

    Examples
    --------
    >>> from vgtools.figures import line_style, subplots
    >>> figure, [axes] = subplots()
    >>> key(axes, {"measured": line_style("blue"), "bound": line_style("grey", DASHED)})
    >>> [text.get_text() for text in axes.texts]
    ['measured', 'bound']
    """
    inch = 1 / (axes.figure.get_size_inches()[0] * axes.get_position().width)
    for text, look in entries.items():
        axes.plot([x, x + SAMPLE * inch], [y, y], transform=axes.transAxes, **look)
        place = {"ha": "left", "va": "center"}
        note(axes, x + (SAMPLE + 0.06) * inch, y, text, look["color"], **place)
        if across:
            x += (SAMPLE + 0.24 + CHARACTER * len(text)) * inch
        else:
            y -= gap


def guide(
    axes: Axes, *, x: float | None = None, y: float | None = None, **options: object
) -> Line2D:
    """Draw a thin line across the panel: at the chosen x, or at a y to compare with.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    x, y : float
        One of them, in data coordinates.
    **options
        For the line, which is dotted and grey without them.

    Raises
    ------
    ValueError
        If both are given, or neither.

    Examples
    --------
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> guide(axes, x=3.0).get_xdata()
    [3.0, 3.0]
    """
    if (x is None) == (y is None):
        raise ValueError(f"give x or y, one of them: x={x!r}, y={y!r}")
    look = {"color": colour("grey"), "linewidth": 1, "linestyle": DOTTED, **options}
    return axes.axvline(x, **look) if y is None else axes.axhline(y, **look)


def marker(axes: Axes, x: float, y: float, reach: float, color: str, **options: object) -> Line2D:
    """Mark a point by a thick dash, so that frames differ in a path and not in their tree.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    x, y : float
        The middle of the dash, in data coordinates.
    reach : float
        Half of its length, in units of x.
    color : str
        As for `colour`.
    **options
        For the line, which is 5 points wide without them.

    Examples
    --------
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> marker(axes, 2.0, 0.5, 0.25, "blue").get_xydata().tolist()
    [[1.75, 0.5], [2.25, 0.5]]
    """
    look = {"color": colour(color), "linewidth": 5, **options}
    (line,) = axes.plot([x - reach, x + reach], [y, y], **look)
    return line


def tangent(
    axes: Axes, x: float, y: float, slope: float | ArrayLike, reach: float, color: str
) -> Line2D:
    """Draw the tangent of a curve at a point, wide and pale, so that the curve shows.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    x, y : float
        The point of the curve, in data coordinates.
    slope : float, or pair of float
        The slope there; at a kink the one on the left and the one on the right.
    reach : float
        How far it goes to each side, in units of x.
    color : str
        As for `colour`.

    Examples
    --------
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> tangent(axes, 0.0, 0.0, (0.0, 1.0), 2.0, "relu").get_xydata().tolist()
    [[-2.0, 0.0], [0.0, 0.0], [2.0, 2.0]]
    """
    left, right = np.broadcast_to(slope, 2)
    ends = [y - left * reach, y, y + right * reach]
    look = {"color": colour(color), "linewidth": 5, "alpha": 0.35}
    (line,) = axes.plot([x - reach, x, x + reach], ends, **look)
    return line


def theory_line(axes: Axes, x: ArrayLike, y: ArrayLike, *, wide: bool = False) -> Line2D:
    """Draw what theory predicts: thin dashes in grey, or a pale stripe under several lines.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    x, y : array_like, shape (points,)
        The curve.
    wide : bool
        Whether it is a stripe.

    Examples
    --------
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> theory_line(axes, [1, 2], [0.5, 0.25]).get_linestyle()
    '--'
    """
    look = {"linestyle": DASHED, "linewidth": 1.3}
    if wide:
        look = {"linestyle": SOLID, "linewidth": 5, "alpha": 0.4}
    (line,) = axes.plot(x, y, color=colour("grey"), **look)
    return line
