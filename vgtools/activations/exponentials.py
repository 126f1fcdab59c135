"""Exponentials that keep all their digits: what the kernels of the catalogue share.

An exponent is a float and its rounding error, exp(-p) is corrected for that error, and a
product that decays does so last (ideas 3 and 4 of `kernels`).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

Exponent = tuple[Array, Array | None]
"""A number p >= 0 as a float and its rounding error: p = first + second (None: exact)."""

CERTAIN_UNDERFLOW = 1500.0
"""exp(-1500 / 2) is zero in float64; it keeps inf out of products."""


def magnitude(x: Array, largest: float = CERTAIN_UNDERFLOW) -> Array:
    """Return min(|x|, largest), NaN kept."""
    size = np.abs(x)
    return np.minimum(size, largest, out=size)


def upper_half(x: Array) -> Array:
    """Clear the low 27 bits of each float64, so that products of heads are exact."""
    return (x.view(np.int64) & -(1 << 27)).view(np.float64)


@lru_cache
def _as_floats(rate: Fraction) -> tuple[float, float]:
    """Write a rational number as the sum of two floats, good to 106 bits."""
    high = float(rate)
    return high, float(rate - Fraction(high))


def multiple(a: Array, rate: Fraction) -> Exponent:
    """Return rate * a with its rounding error, from exact products of halves (Dekker)."""
    high, low = _as_floats(rate)
    product = high * a
    if low == 0 and math.frexp(high)[0] == 0.5:  # a power of two: nothing was rounded
        return product, None
    a_head, high_head = upper_half(a), float(upper_half(np.float64(high)))
    a_tail, high_tail = a - a_head, high - high_head
    error = a_head * high_head - product
    error += a_head * high_tail
    error += a_tail * high_head
    error += a_tail * high_tail + a * low
    return product, error


def decay(exponent: Exponent) -> Array:
    """Return exp(-p)."""
    p, error = exponent
    z = np.exp(-p)
    if error is not None:
        z -= z * error
    return z


def times_decay(factor: Array, z: Array, exponent: Exponent) -> Array:
    """Return factor * exp(-p) where z = exp(-p) is known but may be subnormal."""
    product = factor * z
    deep = exponent[0] > 690
    if deep.any():
        half = np.exp(-exponent[0][deep] / 2)
        corrected = half if exponent[1] is None else half * (1 - exponent[1][deep])
        product[deep] = factor[deep] * half * corrected
    return product


def rational(parameter: float) -> Fraction:
    """Return the decimal number that was typed: 0.1 means one tenth."""
    return Fraction(str(parameter))
