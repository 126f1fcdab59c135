"""The strip that comes again in every chapter: what one layer keeps, forward and backward."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFT, CARETRIGHT
from numpy.typing import ArrayLike

from vgtools import figures
from vgtools.activations import Activation
from vgtools.diagnostics import factor_back, gradient_flow
from vgtools.explore import Explorable, explore
from vgtools.networks import MLP
from vgtools.networks.initialisers import Initialiser

DEPTH, WIDTH, SEEDS = 30, 64, range(5)
"""The network of every strip: hidden layers, units in each, and the draws of its weights."""

LOWEST, HIGHEST = 0.1, 2.0
"""The ends of every strip's axis."""


def kept_by_layer(
    activation: str | Activation, init: str | Initialiser, x: ArrayLike, y: ArrayLike
) -> tuple[float, float]:
    """Measure what a layer of an untrained network multiplies signal and gradient by.

    Parameters
    ----------
    activation, init : str or object
        As for `MLP`.
    x : array_like, shape (n, features)
    y : array_like, shape (n,)
        Class labels from 0 to 9.

    Returns
    -------
    forward, backward : float
        Geometric means over `DEPTH` hidden layers of `WIDTH` units, of the root mean square of
        the outputs and of the gradient at the pre-activations; medians over `SEEDS`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 20)), rng.integers(10, size=100)
    >>> _, backward = kept_by_layer("sigmoid", "glorot", x, y)
    >>> round(backward, 1)
    0.2
    """
    sizes = [np.shape(x)[1], *[WIDTH] * DEPTH, 10]
    flows = [gradient_flow(MLP(sizes, activation, init, seed), x, y) for seed in SEEDS]
    forward = [1 / factor_back(flow.signal) for flow in flows]
    backward = [factor_back(flow.gradient) for flow in flows]
    return float(np.median(forward)), float(np.median(backward))


def keeps(
    rows: Mapping[str, tuple[float | None, float]], color: str, *, what: str = "layer"
) -> Explorable:
    """Return the strip: a row for each network, the last of them in colour.

    Parameters
    ----------
    rows : mapping
        From the name of a network to what it multiplies the signal and the gradient by, as
        from `kept_by_layer`; None for a signal that is not shown. Earlier chapters come first.
    color : str
        The activation whose colour the last row has.
    what : str
        What is passed: a layer, or a step in time.

    Raises
    ------
    ValueError
        If there is no row, or a number lies outside the axis of all strips.

    Examples
    --------
    >>> keeps({"sigmoid, Glorot": (1.0, 0.23)}, "sigmoid")
    Figure what_one_layer_keeps
      Of what it is given, one layer keeps: sigmoid, Glorot: signal ×1.00, gradient ×0.23.
    """
    numbers = [number for row in rows.values() for number in row if number is not None]
    outside = [number for number in numbers if not LOWEST <= number <= HIGHEST]
    if not rows or outside:
        given = outside[0] if outside else "no rows"
        raise ValueError(f"a strip shows factors from {LOWEST} to {HIGHEST}, not {given}")
    said = "; ".join(
        f"{name}: " + ("" if forward is None else f"signal ×{forward:.2f}, ")
        + f"gradient ×{backward:.2f}"
        for name, (forward, backward) in rows.items()
    )  # fmt: skip

    def draw() -> Figure:
        figure, [axes] = figures.subplots(height=0.9 + 0.42 * len(rows))
        figures.guide(axes, x=1)
        for height, (name, factors) in enumerate(reversed(rows.items())):
            hue = "grey" if height else color
            figures.label_line(axes, LOWEST, height + 0.22, name, hue, xytext=(4, 0))
            for factor, way in zip(factors, (CARETRIGHT, CARETLEFT), strict=True):
                if factor is not None:
                    look = {"color": figures.colour(hue), "markersize": 9, "clip_on": False}
                    axes.plot([factor], [height - 0.2], marker=way, **look)
        show = {"x": [0.1, 0.2, 0.5, 1, 2], "xlim": (LOWEST, HIGHEST), "xscale": "log"}
        show |= {"y": [], "ylim": (-0.6, len(rows) - 0.4)}
        key = "factor: ▸ signal, ◂ gradient"
        figures.set_panel(axes, f"What one {what} keeps", key, **show)
        return figure

    draw.__name__ = f"what_one_{what}_keeps".replace(" ", "_")
    sentence = f"Of what it is given, one {what} keeps: {said}."
    caption = "The same axis in every chapter. What stands on 1 is kept."
    return explore(alt=sentence, caption=caption)(draw)
