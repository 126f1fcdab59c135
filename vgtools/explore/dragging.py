"""Which panels of a figure a pointer may take hold of, to move a slider."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from vgtools.explore.controls import Control
from vgtools.explore.panels import panels

POINTS = 72
"""Units of an SVG by Matplotlib in one inch."""


def find_handles(
    figure: Figure, controls: Sequence[Control]
) -> dict[int, tuple[str, float, float]]:
    """Return the panels on whose horizontal axis a slider lies.

    A slider lies on an axis if its title is the label of the axis, and the axis is linear and
    holds all its values.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Any state: the axes must not move from state to state.
    controls : sequence of Control
        Those of the figure.

    Returns
    -------
    dict
        From the number of a panel to the name of the slider, and where its first and its last
        value lie, in units of the drawing.

    Examples
    --------
    >>> from vgtools.explore.controls import make_controls
    >>> figure = Figure()
    >>> _ = figure.add_subplot().set(xlabel="x", xlim=(0, 4))
    >>> find_handles(figure, make_controls({"x": (1, 3)}, {}, {}))[0][0]
    'x'
    """
    sliders = {one.title: one for one in controls if one.kind == "slider"}
    figure.draw_without_rendering()
    shares = panels(figure)
    handles = {}
    for axes in figure.axes:
        slider = sliders.get(axes.get_xlabel())
        if slider is None or axes.get_xscale() != "linear":
            continue
        first, last = slider.values[0], slider.values[-1]
        low, high = sorted(axes.get_xlim())
        if first < last and low <= first and last <= high:
            ends = axes.transData.transform([(first, 0), (last, 0)])[:, 0] * POINTS / figure.dpi
            column = min(int(axes.get_position().x0 * shares), shares - 1)
            handles[column] = (slider.name, *(round(float(end), 1) for end in ends))
    return handles
