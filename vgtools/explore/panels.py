"""How many panels of a figure a page may put below each other."""

from __future__ import annotations

from matplotlib.figure import Figure

PANEL_WIDTH = 3.5
"""Width of one panel of several, in inches; a single panel is a quarter wider."""


def panels(figure: Figure) -> int:
    """Return how many equal shares of the width hold the axes without dividing any.

    As many as fit with `PANEL_WIDTH`, or fewer. One if anything but axes stands on the figure.

    Examples
    --------
    >>> figure = Figure(figsize=(7, 3))
    >>> _ = figure.subplots(1, 2)
    >>> panels(figure)
    2
    """
    marks = [child for child in figure.get_children() if child not in (figure.patch, *figure.axes)]
    if marks or not figure.axes:
        return 1
    boxes = [axes.get_position() for axes in figure.axes]
    most = round(figure.get_size_inches()[0] / PANEL_WIDTH - 0.2)
    for count in range(most, 1, -1):
        if all(int(box.x0 * count) == int(box.x1 * count - 1e-9) for box in boxes):
            return count
    return 1
