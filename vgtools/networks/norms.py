"""Norms and means of numbers of any size, in float64.

The square of 1e-25 is 0 in float32, and that of 1e200 is infinite in float64. Here numbers
are divided by a power of two before they are squared, which rounds nothing. A result that
float64 cannot hold is infinite, or 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def exponent(*arrays: NDArray) -> int:
    """Return the k for which the largest size of an entry is in [2**(k - 1), 2**k).

    It is 0 if all entries are 0, if there are none, and if one is infinite or NaN.

    Examples
    --------
    >>> exponent(np.array([0.5, -6.0]), np.array([1e-300]))
    3
    """
    largest = float(np.max([np.abs(array).max(initial=0) for array in arrays], initial=0))
    return math.frexp(largest)[1] if math.isfinite(largest) else 0


def times_power(values: NDArray | float, k: int) -> NDArray | np.floating:
    """Return values * 2**k in their type, infinite or 0 where it cannot hold the result.

    Examples
    --------
    >>> float(times_power(0.75, 4)), float(times_power(0.75, 5000))
    (12.0, inf)
    """
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(values, k)


def sum_of_squares(*arrays: NDArray) -> tuple[float, int]:
    """Return the sum of the squares of all entries as a pair (s, k): it is s * 4**k.

    Parameters
    ----------
    *arrays : ndarray of float16, float32 or float64

    Returns
    -------
    s : float
        Neither too large nor too small for float64, or 0; infinite or NaN if an entry is.
    k : int

    Examples
    --------
    >>> sum_of_squares(np.array([3 * 2.0**800, 4 * 2.0**800]))
    (0.390625, 803)
    """
    k = exponent(*arrays)
    total = 0.0
    for array in arrays:
        scaled = times_power(array.astype(np.float64, copy=False), -k)
        total += float(np.vdot(scaled, scaled))
    return total, k


def norm(*arrays: NDArray) -> float:
    """Return the Euclidean norm of all entries of the arrays together.

    Examples
    --------
    >>> norm(np.array([3e-200, 0.0]), np.array([4e-200]))
    5e-200
    """
    total, k = sum_of_squares(*arrays)
    return float(times_power(math.sqrt(total), k))


def root_mean_square(values: NDArray) -> float:
    """Return the root of the mean of the squares.

    Examples
    --------
    >>> root_mean_square(np.array([1e200, -1e200], np.float64))
    1e+200
    """
    total, k = sum_of_squares(values)
    return float(times_power(math.sqrt(total / values.size), k))


def mean(values: NDArray, axis: int | None = None) -> NDArray[np.float64]:
    """Return the mean over an axis, or over all entries, in float64.

    Examples
    --------
    >>> float(mean(np.array([1.5e308, 1.7e308, 1.6e308])))
    1.6e+308
    """
    wide = values.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):  # infinities that meet give NaN
        plain = np.mean(wide, axis=axis)
        if np.isfinite(plain).all():
            return plain
        # The sum was too large, or an entry is not finite.
        scaled = np.ldexp(np.mean(np.ldexp(wide, -64), axis=axis), 64)
        return np.where(np.isfinite(plain), plain, scaled)


def root_of_product(*factors: float) -> float:
    """Return the square root of a product of numbers from 0 on.

    Examples
    --------
    >>> root_of_product(1e300, 1e300, 4.0)
    2e+300
    """
    parts = [math.frexp(factor) for factor in factors]
    product, k = math.prod(part for part, _ in parts), sum(power for _, power in parts)
    return float(times_power(math.sqrt(math.ldexp(product, k % 2)), k // 2))
