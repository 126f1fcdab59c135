"""Compare a gradient with finite differences along random directions.

One direction tests all entries of a gradient at once: a wrong entry shows unless
the direction happens to be at right angles to the error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

STEP = 1e-4
# Fourth-order central difference: error ~ STEP**4 from the formula and ~ 1e-16 / STEP
# from rounding, both far below the tolerance.
STENCIL = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}
TOLERANCE = 1e-6
ROUNDING = 16 * np.finfo(float).eps


def directional_error(
    loss: Callable[[], float],
    array: NDArray,
    gradient: NDArray,
    rng: np.random.Generator,
) -> float:
    """Return the relative error of `gradient` along a random direction.

    Parameters
    ----------
    loss : callable
        Computes the number whose gradient is checked, from `array` as it is then.
    array : ndarray of float64
        What is moved, in place; put back at the end.
    gradient : ndarray, same shape
        The claimed derivative of the loss with respect to the array.

    Returns
    -------
    float
        The difference of the two directional derivatives, less what rounding of the
        loss explains, relative to the larger of them and of what a typical direction
        would give.
    """
    gradient = gradient.copy()
    direction = rng.standard_normal(array.shape)
    before = array.copy()
    numeric = rounding = 0.0
    for steps, weight in STENCIL.items():
        array[...] = before + steps * STEP * direction
        value = loss()
        numeric += weight * value / STEP
        rounding = max(rounding, ROUNDING * abs(value) / STEP)
    array[...] = before
    claimed = float(np.vdot(gradient, direction))
    scale = max(abs(claimed), abs(numeric), float(np.linalg.norm(gradient)))
    excess = abs(numeric - claimed) - rounding
    return 0.0 if excess <= 0 else excess / scale  # NaN stays NaN, which no comparison passes


def away_from(values: NDArray, kinks: Iterable[float], distance: float = 0.01) -> NDArray:
    """Return `values` with every entry moved out of the neighbourhood of the kinks."""
    values = values.copy()
    for kink in kinks:
        offset = values - kink
        close = np.abs(offset) < distance
        values[close] = kink + np.where(offset[close] < 0, -distance, distance)
    return values


def assert_gradient(
    loss: Callable[[], float], array: NDArray, gradient: NDArray, rng: np.random.Generator
) -> None:
    """Fail if `gradient` is off by more than 1e-6 along one of three directions."""
    for _ in range(3):
        error = directional_error(loss, array, gradient, rng)
        assert error < TOLERANCE, f"relative error {error:.2g} along a random direction"
