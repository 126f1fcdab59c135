"""A watch as a figure that moves through the steps."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from vgtools import figures
from vgtools.diagnosis.watching import WatchHistory
from vgtools.explore import explorable

MOST_STEPS = 50
"""How many steps the slider has at most: each is a frame of the page."""

_SHOWN = {
    "gradient": "gradient",
    "gradient of the weights": "weight_gradient",
    "signal": "signal",
    "update / weights": "update",
}


def figure(history: WatchHistory) -> explorable.Explorable:
    """Draw log10 of a quantity over the layers, with a slider of steps.

    Raises
    ------
    ValueError
        If there is no step, or fewer than two layers with a gradient.
    """
    if not len(history.step):
        raise ValueError("there is nothing to explore: no step was watched")
    layers = np.isfinite(history.gradient).any(axis=0)
    if layers.sum() < 2:
        raise ValueError(f"a figure needs two layers with a gradient, and there are {layers.sum()}")
    names = [name for name, there in zip(history.layers, layers) if there]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = {key: np.log10(getattr(history, field)[:, layers]) for key, field in _SHOWN.items()}
    first, last = int(history.step[0]), int(history.step[-1])
    apart = int(np.diff(history.step).min(initial=last - first))
    stride = max(apart * math.ceil((last - first) / max(apart, 1) / (MOST_STEPS - 1)), 1)
    many = last - first >= stride

    def nearest(step: int) -> int:
        return int(np.abs(history.step - step).argmin())

    def describe(quantity: str, step: int) -> str:
        i = nearest(step)
        at = logs[quantity][i]
        there = np.isfinite(at)
        if not there.any():
            return f"At step {history.step[i]:,} no layer has a {quantity} above 0."
        seen = [name for name, is_there in zip(names, there) if is_there]
        ends = (f"{10.0 ** at[there][end]:.2g} in {seen[end]}" for end in (0, -1))
        return (
            f"At step {history.step[i]:,} the {quantity} is {' and '.join(ends)}; the smallest "
            f"is {10.0 ** at[there].min():.2g} and the largest {10.0 ** at[there].max():.2g}."
        )

    @explorable.explore(
        alt=describe,
        quantity=list(_SHOWN),
        step=(first, first + (last - first) // stride * stride, stride) if many else [first],
        defaults={"step": first},
    )
    def watched(quantity: str, step: int) -> Figure:
        drawing, [axes] = figures.subplots(height=2.6)
        x = 1 + np.arange(len(names))
        values = np.where(np.isfinite(logs[quantity]), logs[quantity], np.nan)
        axes.plot(x, values[0], color=figures.GRID)
        axes.plot(x, values[nearest(step)], **figures.line_style("blue"))
        finite = values[np.isfinite(values)]
        low, high = (math.floor(finite.min()), math.ceil(finite.max())) if len(finite) else (-1, 1)
        high = max(high, low + 1)
        figures.set_panel(
            axes, f"log₁₀ of the {quantity}", "layer", x=sorted({1, len(names)}), y=[low, high]
        )
        return drawing

    return watched
