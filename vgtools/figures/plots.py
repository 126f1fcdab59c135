"""The plots that come again: seeds as a band, a profile over the layers, a network, a curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from vgtools.explore.theme import GRID
from vgtools.figures.marks import guide, note, tangent, theory_line
from vgtools.figures.style import SOLID, colour, line_style


def network(
    axes: Axes, shares: ArrayLike, color: str, *, units: int = 5, room: int | None = None
) -> None:
    """Draw a network as columns of units, each filled as strongly as its share says.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel. Its axes are taken away.
    shares : array_like, shape (layers,)
        How strongly the units of each layer are filled, from 0 to 1. Larger numbers
        fill them wholly.
    color : str
        As for `colour`.
    units : int
        How many units stand for one layer.
    room : int, optional
        The most layers that a state of the figure has. Frames of different depth then
        have as many lines as each other, and their differences are small.

    Raises
    ------
    ValueError
        If there is no layer or no room for it, or a share is negative or NaN.

    Examples
    --------
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> network(axes, [0.1, 1.0], "sigmoid")
    >>> [line.get_alpha() for line in axes.lines[2:]]
    [0.1, 1.0]
    """
    shares = np.asarray(shares, dtype=float)
    room = len(shares) if room is None else room
    if shares.ndim != 1 or not len(shares) or len(shares) > room or not (shares >= 0).all():
        raise ValueError(f"shares must be 1 to {room} numbers of at least 0, not {shares!r:.60}")
    box = axes.get_position()
    width, height = axes.figure.get_size_inches() * (box.width, box.height)
    step, rise = width / len(shares), height / units
    x, y = (np.arange(len(shares)) + 0.5) * step, (np.arange(units) + 0.5) * rise
    near = [(j, k) for j in range(units) for k in range(units) if abs(j - k) < 2]
    edges = [place for left in x[:-1] for j, k in near for place in (left, left + step, np.nan)]
    ends = [place for _ in x[:-1] for j, k in near for place in (y[j], y[k], np.nan)]
    axes.plot(edges, ends, color=GRID, linewidth=0.6)
    # A unit is a line of hardly any length, whose round ends make a disc.
    disc = {"linewidth": 48 * min(step, rise), "solid_capstyle": "round", "clip_on": False}
    dot, column = np.array([0, 1e-3, np.nan]), np.repeat(y, 3)
    axes.plot(
        np.concatenate([place + np.tile(dot, units) for place in x]), np.tile(column, len(x)),
        color=GRID, **disc,
    )  # fmt: skip
    for layer in range(room):
        place, share = (x[layer], shares[layer]) if layer < len(x) else (-width, 0.0)
        fill = {"color": colour(color), "alpha": float(min(share, 1.0))}
        axes.plot(place + np.tile(dot, units), column, **fill, **disc)
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()


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
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> line = band(axes, [1, 2], [[1, 2], [3, 4], [2, 9]], **line_style("blue"))
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


def profile(
    axes: Axes,
    samples: ArrayLike,
    theory: ArrayLike | None = None,
    text: str = "",
    *,
    color: str,
    linestyle: object = SOLID,
) -> Line2D:
    """Draw a quantity of each layer: a band over the seeds, and theory as grey dashes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    samples : array_like, shape (seeds, layers)
        One row for each seed.
    theory : array_like, shape (layers,), optional
        What is predicted.
    text : str
        A number to write in the corner below on the right, such as the factor per layer.
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
    >>> from vgtools.figures import subplots
    >>> figure, [axes] = subplots()
    >>> line = profile(axes, [[1, 2, 4], [1, 3, 9]], [1, 2.5, 6], **line_style("tanh"))
    >>> line.get_xdata().tolist(), line.get_ydata().tolist()
    ([1, 2, 3], [1.0, 2.5, 6.5])
    """
    layers = 1 + np.arange(np.shape(samples)[-1])
    line = band(axes, layers, samples, color=color, linestyle=linestyle)
    if theory is not None:
        theory_line(axes, layers, theory)
    if text:
        note(axes, 0.97, 0.04, text, color)
    return line


def curve_and_slope(
    panels: Sequence[Axes],
    functions: Sequence[object],
    x: float,
    *,
    reach: float,
    xlim: tuple[float, float],
    accent: str | None = None,
    **look: object,
) -> None:
    """Draw functions with their tangents at x, and beside them their slopes, marked at x.

    Where a function has a kink, its slope has a gap. At the kink itself there are two half
    tangents and two marks.

    Parameters
    ----------
    panels : pair of matplotlib.axes.Axes
        For the functions and for their slopes. Their limits in x become `xlim`.
    functions : sequence of Activation
        As from `vgtools.activation`.
    x : float
        The point that is looked at.
    reach : float
        How far a tangent goes to each side.
    xlim : pair of float
        The limits between which all is drawn.
    accent : str, optional
        The colour of tangents and marks, as for `colour`; by default that of the curve.
    **look
        Other keywords for the curves than those of `line_style`.

    Examples
    --------
    >>> import vgtools as vg
    >>> from vgtools.figures import subplots
    >>> figure, (left, right) = subplots(2)
    >>> curve_and_slope((left, right), [vg.activation("relu")], 2.0, reach=1.0, xlim=(-4, 4))
    >>> left.lines[1].get_ydata().tolist()
    [1.0, 2.0, 3.0]
    """
    left, right = panels
    low, high = xlim
    beside, half = 1e-9 * (high - low), 0.024 * (high - low)
    for f in functions:
        style = {**line_style(f.name), **look}
        kinks = np.array([kink for kink in f.kinks if low < kink < high])
        grid = np.sort(np.r_[np.linspace(low, high, 65), kinks - beside, kinks, kinks + beside])
        left.plot(grid, f(grid), **style)
        right.plot(grid, np.where(np.isin(grid, kinks), np.nan, f.derivative(grid)), **style)
        color = colour(accent or style["color"])
        before, after = f.derivative(np.array([x - beside, x + beside]))
        tangent(left, x, f(x), (before, after), reach, color)
        dashes = [before, before, np.nan, after, after]  # one path, so that trees stay alike
        right.plot(x + half * np.array([-1, 1, 0, -1, 1]), dashes, color=color, linewidth=5)
    for axes in panels:
        guide(axes, x=x)
        axes.set_xlim(low, high)
