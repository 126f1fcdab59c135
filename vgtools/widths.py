"""What one step changes in a network, against its width: the coordinate check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.networks import MLP, Dense, Optimiser, checks, losses
from vgtools.networks.norms import root_mean_square


@dataclass(frozen=True, eq=False)
class CoordinateCheck:
    """How far a few steps move the pre-activations, for each width and layer.

    Attributes
    ----------
    widths : ndarray, shape (widths,)
    change : ndarray, shape (widths, dense layers)
        Root mean square of z after the steps minus z before, over samples and units; first
        layer first, the logits last.

    Examples
    --------
    See `coordinate_check`.
    """

    widths: NDArray
    change: NDArray

    @property
    def exponents(self) -> NDArray:
        """Power of the width with which each layer's change grows, shape (dense layers,).

        The slope of log change against log width, by least squares. 0 for a layer whose
        change does not depend on the width; NaN where a layer did not change.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.log(self.change)
        change = np.where(np.isfinite(change), change, np.nan)
        centred = np.log(self.widths) - np.mean(np.log(self.widths))
        return centred @ change / np.sum(centred**2)


def coordinate_check(
    make: Callable[[int], tuple[MLP, Optimiser]],
    widths: Sequence[int],
    x: ArrayLike,
    y: ArrayLike,
    steps: int = 1,
    loss: str | losses.Loss = "cross_entropy",
) -> CoordinateCheck:
    """Train networks of several widths for a few steps and measure what that changes.

    Parameters
    ----------
    make : callable
        Given a width, it returns a fresh `MLP` and its optimiser.
    widths : sequence of int
        Two different widths at least.
    x : array_like, shape (n, features)
        One batch, for all steps and for the measurement.
    y : array_like
        What the loss needs.
    steps : int
        At least 1.
    loss : str or callable
        See `vgtools.networks.losses.loss`.

    Returns
    -------
    CoordinateCheck

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above, or the networks differ in their number of
        layers.

    Notes
    -----
    Source: Yang et al. (2022), arXiv:2203.03466, and their package mup, which averages |z|
    itself and calls it the coordinate check.

    Examples
    --------
    At one learning rate, a step changes the logits of wider networks more:

    >>> from vgtools.networks import SGD
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(20, 5)), rng.integers(3, size=20)
    >>> def make(width):
    ...     return MLP([5, width, width, 3], init="lecun"), SGD(0.01)
    >>> found = coordinate_check(make, [64, 256, 1024], x, y)
    >>> round(float(found.exponents[-1]))
    1
    """
    if not callable(make):
        raise TypeError(f"make must be a function of the width, not {make!r}")
    widths = np.array([checks.count("a width", width) for width in widths])
    if len(set(widths.tolist())) < 2:
        raise ValueError(f"widths must be two different ones at least, not {widths.tolist()}")
    steps, criterion = checks.count("steps", steps), losses.loss(loss)
    y = checks.as_array("y", y)

    change = []
    for width in widths.tolist():
        network, rule = _made(make, width)
        before = _pre_activations(network, x)
        for _ in range(steps):
            _, gradient = criterion(network.forward(x, training=True), y)
            network.backward(gradient)
            rule.step(network.parameters())
        after = _pre_activations(network, x)
        change.append([root_mean_square(b - a) for a, b in zip(before, after)])
    if len({len(row) for row in change}) != 1:
        raise ValueError("make must return networks with the same number of layers")
    return CoordinateCheck(widths, np.array(change))


def _made(make: Callable[[int], tuple[MLP, Optimiser]], width: int) -> tuple[MLP, Optimiser]:
    made = make(width)
    kinds = (MLP, Optimiser)
    if not isinstance(made, tuple) or len(made) != 2 or not all(map(isinstance, made, kinds)):
        raise TypeError(f"make must return an MLP and an Optimiser, not {made!r:.60}")
    return made


def _pre_activations(network: MLP, x: ArrayLike) -> list[NDArray]:
    """Return z of every dense layer, first layer first, (n, units) each."""
    h, found = network.check_input("x", x), []
    for layer in network.layers:
        h = layer.forward(h, training=True)
        if isinstance(layer, Dense):
            found.append(h.copy())
    return found
