"""The sigmoid of a gate and the slope of tanh, with all their digits in every float type.

Where a gate is almost shut, (1 + tanh(a/2))/2 has lost it to rounding: in float32 it is
exactly 0 from a = -20 on. Where it is almost open, 1 - s is lost in the same way, and so is
1 - tanh(c)**2 where a cell is full. What is here rests on exponentials instead.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_MINUS_TWO, _ONE, _FOUR = (
    {np.dtype(kind): np.array(number, kind) for kind in (np.float32, np.float64)}
    for number in (-2, 1, 4)
)
"""NumPy would turn a number into an array in every step."""


@lru_cache
def _largest_exponent(dtype: np.dtype) -> NDArray:
    """Return the largest whole number whose exponential the type holds: 88 or 709."""
    return np.array(math.floor(math.log(np.finfo(dtype).max)), dtype)


def sigmoid_in_place(a: NDArray, rest: NDArray) -> NDArray:
    """Replace a by s = e / (1 + e) with e = exp(a), and fill `rest` with 1 - s = 1 / (1 + e).

    Both are good to 4 units in the last place, and s (1 - s) is the slope. From a = 88 on in
    float32 (709 in float64), where exp(a) overflows soon, 1 - s stays as it is at 88: 6e-39
    (1e-308).

    Parameters
    ----------
    a, rest : ndarray of float32 or float64, same shape

    Returns
    -------
    ndarray
        a.

    Examples
    --------
    >>> a, rest = np.array([-20.0, 0.0, 20.0], np.float32), np.empty(3, np.float32)
    >>> [f"{s:.3g}" for s in sigmoid_in_place(a, rest)], [f"{share:.3g}" for share in rest]
    (['2.06e-09', '0.5', '1'], ['1', '0.5', '2.06e-09'])
    """
    np.minimum(a, _largest_exponent(a.dtype), out=a)
    np.exp(a, a)
    np.add(a, _ONE[a.dtype], rest)
    a /= rest
    np.divide(_ONE[a.dtype], rest, rest)
    return a


def slope_of_tanh(z: NDArray, out: NDArray) -> NDArray:
    """Fill `out` with 1 - tanh(z)**2 = 4 t / (1 + t)**2, t = exp(-2 |z|), and return it.

    Parameters
    ----------
    z, out : ndarray of float32 or float64, same shape

    Returns
    -------
    ndarray
        out.

    Examples
    --------
    >>> z = np.array([0.0, 10.0, 40.0], np.float32)
    >>> [f"{slope:.3g}" for slope in slope_of_tanh(z, np.empty_like(z))]
    ['1', '8.24e-09', '7.22e-35']
    """
    np.abs(z, out)
    out *= _MINUS_TWO[z.dtype]
    np.exp(out, out)
    below = out + _ONE[z.dtype]
    below *= below
    out *= _FOUR[z.dtype]
    out /= below
    return out
