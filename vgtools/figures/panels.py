"""Panels: a row of them in one figure, and what stands around each.

Every panel keeps its labels within its own equal share of the width, so that a
page can put the panels side by side or, on a phone, below each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from vgtools.explore.panels import PANEL_WIDTH, panels
from vgtools.figures.numbers import power_of_ten, with_minus

__all__ = ["PANEL_WIDTH", "panels", "set_panel", "subplots"]


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


def set_panel(
    axes: Axes,
    title: str | None = None,
    xlabel: str | None = None,
    *,
    x: Sequence[float] | None = None,
    y: Sequence[float] | None = None,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    decades: tuple[int, int, int] | None = None,
    xscale: str | None = None,
) -> None:
    """Give a panel its title, axis label, limits and ticks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    title, xlabel : str, optional
        Above the panel and below it. The title says what the y axis shows.
    x, y : sequence of float, optional
        Where the ticks are. They are written without an offset or exponent.
    xlim, ylim : pair of float, optional
        The limits; by default the outermost ticks.
    decades : tuple of int, optional
        For a logarithmic y axis: the limits as powers of ten, and the decades from tick to
        tick, counted from 10⁰.
    xscale : {"linear", "log"}, optional
        The scale of the x axis.

    Raises
    ------
    ValueError
        If both `y` and `decades` say where the ticks are, or the decades are not in order.

    Examples
    --------
    >>> figure, [axes] = subplots()
    >>> set_panel(axes, "loss", "epoch", x=[0, 5, 10], decades=(-3, 0, 1))
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['0', '5', '10']
    >>> axes.get_yscale(), [float(limit) for limit in axes.get_ylim()]
    ('log', [0.001, 1.0])
    """
    if y is not None and decades is not None:
        raise ValueError(f"give y or decades, not both: {y!r} and {decades!r}")
    if title is not None:
        axes.set_title(title)
    if xlabel is not None:
        axes.set_xlabel(xlabel)
    if xscale not in (None, axes.get_xscale()):  # a scale that is set anew forgets the ticks
        axes.set_xscale(xscale)
        axes.xaxis.set_minor_locator(NullLocator())
    if decades is not None:
        _count_decades(axes, *decades)
    for ticks, limits, axis, set_limits in (
        (x, xlim, axes.xaxis, axes.set_xlim),
        (y, ylim, axes.yaxis, axes.set_ylim),
    ):
        if ticks is not None:
            axis.set_ticks(list(ticks), [with_minus(f"{tick:,g}") for tick in ticks])
        if limits is not None or ticks is not None:
            set_limits(limits or (min(ticks), max(ticks)))


def _count_decades(axes: Axes, lowest: int, highest: int, step: int) -> None:
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
