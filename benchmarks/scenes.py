"""Two figures that every tool draws: what `benchmarks.figures` measures.

A scene is two panels with one line each, and controls that say which state is
shown. (a) is ELU and its derivative for 40 values of alpha; (b) is what 300 real
networks do to the signal and to the gradient of each layer.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import vgtools as vg
from vgtools import datasets, figures
from vgtools.explore.explorable import Explorable, explore
from vgtools.networks.initialisers import FanIn

State = dict[str, object]


@dataclass(frozen=True)
class Scene:
    """A figure, independent of the tool that draws it.

    Attributes
    ----------
    controls : dict of str to list
        The values of each control.
    abbreviations : dict
        The same as `vgtools.explore` takes them.
    x : ndarray
        Where the lines of both panels are known.
    panels : tuple of (str, (float, float))
        Label and limits of both vertical axes.
    lines : callable
        From a state to the heights of both lines; NaN where there is none.
    """

    name: str
    controls: dict[str, list]
    abbreviations: dict[str, object]
    x: NDArray
    label: str
    panels: tuple[tuple[str, tuple[float, float]], ...]
    lines: Callable[[State], tuple[NDArray, NDArray]]

    @property
    def states(self) -> list[State]:
        """All states, the last control fastest."""
        names = list(self.controls)
        return [dict(zip(names, values)) for values in itertools.product(*self.controls.values())]

    def draw(self, state: State) -> Figure:
        """Draw a state with Matplotlib."""
        figure, panels = figures.subplots(2)
        for axes, y, (label, limits) in zip(panels, self.lines(state), self.panels):
            axes.plot(self.x, y)
            axes.set(xlim=(self.x[0], self.x[-1]), ylim=limits, xlabel=self.label, ylabel=label)
        return figure

    def explorable(self) -> Explorable:
        """Return the figure of the book's own kind."""
        # `explore` wants functions whose arguments are the controls.
        keyword = inspect.Parameter.KEYWORD_ONLY
        signature = inspect.Signature([inspect.Parameter(name, keyword) for name in self.controls])

        def draw(**state: object) -> Figure:
            return self.draw(state)

        def alt(**state: object) -> str:
            return self.describe(state)

        draw.__signature__ = alt.__signature__ = signature
        draw.__name__ = self.name
        return explore(alt=alt, **self.abbreviations)(draw)

    def describe(self, state: State) -> str:
        """Say in a sentence what a state shows."""
        left, right = self.lines(state)
        given = ", ".join(
            f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in state.items()
        )
        return f"At {given} the lines start at {left[0]:.3g} and {right[0]:.3g}."


def elu_scene() -> Scene:
    """Return scene (a)."""
    x = np.linspace(-5, 3, 161)

    @cache
    def at(alpha: float) -> tuple[NDArray, NDArray]:
        elu = vg.activation("elu", alpha=alpha)
        return elu(x), elu.derivative(x)

    return Scene(
        "elu",
        {"alpha": [round(0.05 * step, 2) for step in range(1, 41)]},
        {"alpha": (0.05, 2.0, 0.05)},
        x,
        "x",
        (("f(x)", (-2.2, 3.2)), ("f'(x)", (-0.1, 2.2))),
        lambda state: at(state["alpha"]),
    )


def network_scene() -> Scene:
    """Return scene (b)."""
    depths, gains = [10, 15, 20, 25, 30], [round(0.2 * step, 1) for step in range(1, 16)]
    data = datasets.digits()
    x, y = data.x_train[:64], data.y_train[:64]

    @cache
    def at(activation: str, depth: int, gain: float) -> tuple[NDArray, NDArray]:
        network = vg.MLP([64, *[32] * depth, 10], activation, init=FanIn(gain=gain), seed=1)
        flow = vg.gradient_flow(network, x, y)
        lines = np.full((2, depths[-1]), np.nan)
        for line, sizes in zip(lines, (flow.signal, flow.gradient)):
            line[:depth] = np.log10(np.maximum(sizes[:depth], 1e-20))
        return lines[0], lines[1]

    return Scene(
        "network",
        {"activation": ["sigmoid", "tanh", "relu", "elu"], "depth": depths, "gain": gains},
        {
            "activation": ["sigmoid", "tanh", "relu", "elu"],
            "depth": (10, 30, 5),
            "gain": (0.2, 3.0, 0.2),
        },
        np.arange(1.0, depths[-1] + 1),
        "layer",
        (("log10 of the signal", (-21, 12)), ("log10 of the gradient", (-21, 12))),
        lambda state: at(**state),
    )
