"""Numbers as text, the same in figures, in their descriptions and in sentences."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """Write a power of ten with a raised exponent, as plain text.

    Examples
    --------
    >>> power_of_ten(-12)
    '10⁻¹²'
    """
    if isinstance(exponent, bool) or not isinstance(exponent, (int, np.integer)):
        raise TypeError(f"exponent must be a whole number, not {exponent!r}")
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def with_minus(text: str) -> str:
    """Write the hyphens of a formatted number as minus signs.

    Examples
    --------
    >>> with_minus(f"{-0.25:.2f}")
    '−0.25'
    """
    return text.replace("-", "\N{MINUS SIGN}")


def short_number(number: float, digits: int = 1) -> str:
    """Write a number of any size in a few characters.

    Parameters
    ----------
    number : float
        Finite.
    digits : int
        Significant digits of a number that is written with a power of ten.

    Returns
    -------
    str
        From 0.001 to 1000, two significant digits, and all digits before the point.
        Otherwise a number between 1 and 10 times a power of ten.

    Raises
    ------
    TypeError, ValueError
        If the number is not real and finite, or the digits are no number of digits.

    Examples
    --------
    >>> [short_number(number) for number in (0, 0.0432, 123.4, 2.1e-20)]
    ['0', '0.043', '123', '2·10⁻²⁰']
    >>> short_number(-43210, digits=2)
    '−4.3·10⁴'
    """
    if not isinstance(number, Real):
        raise TypeError(f"number must be a real number, not {number!r:.60}")
    number = float(number) + 0.0  # a negative zero becomes a zero
    if not math.isfinite(number):
        raise ValueError(f"number must be finite, not {number!r}")
    if not isinstance(digits, int) or not 1 <= digits <= 17:
        raise ValueError(f"digits must be a whole number from 1 to 17, not {digits!r:.60}")
    size = float(f"{abs(number):.2g}")
    if size == 0 or 0.001 <= size < 1000:
        return with_minus(f"{number:.0f}" if size >= 10 else f"{number:.2g}")
    factor, exponent = f"{number:.{digits - 1}e}".split("e")
    return f"{with_minus(factor)}·{power_of_ten(int(exponent))}"


def seed_summary(
    values: ArrayLike, form: str = ".2f", middle: Callable[[ArrayLike], float] = np.mean
) -> str:
    """Write what several seeds gave: their mean, and the smallest and the largest.

    Parameters
    ----------
    values : array_like, shape (seeds,)
        One number for each seed.
    form : str
        How a number is written, as in a format string.
    middle : callable
        What stands for all of them: the mean, or another such as `numpy.median`.

    Examples
    --------
    >>> seed_summary([0.1, 0.2, 0.6])
    '0.30 (0.10 to 0.60)'
    """
    return f"{middle(values):{form}} ({np.min(values):{form}} to {np.max(values):{form}})"
