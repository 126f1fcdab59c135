"""The plots that come again: seeds as a band, a profile over the layers, curve and slope."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from vgtools.figures.marks import guide, note, tangent, theory_line
from vgtools.figures.style import SOLID, colour, line_style


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
