"""Numbers with few digits: what float16, bfloat16 and float8 make of a float64."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.networks import checks


@dataclass(frozen=True)
class NumberFormat:
    """A binary floating-point format.

    Attributes
    ----------
    name : str
    digits : int
        Binary digits behind the leading one.
    least_exponent : int
        The exponent of the smallest normal number, 2**least_exponent.
    largest : float
        The largest finite number.
    infinity : bool
        Whether numbers that are too large become infinite. Otherwise they become NaN.

    Examples
    --------
    >>> FORMATS["float8_e4m3"].smallest, FORMATS["float8_e4m3"].largest
    (0.001953125, 448.0)
    """

    name: str
    digits: int
    least_exponent: int
    largest: float
    infinity: bool = True

    @property
    def smallest(self) -> float:
        """The smallest positive number, which is subnormal."""
        return 2.0 ** (self.least_exponent - self.digits)


FORMATS = {
    each.name: each
    for each in (
        NumberFormat("float32", 23, -126, 2.0**127 * (2 - 2.0**-23)),
        NumberFormat("float16", 10, -14, 65504.0),
        NumberFormat("bfloat16", 7, -126, 2.0**127 * (2 - 2.0**-7)),
        NumberFormat("float8_e5m2", 2, -14, 57344.0),
        NumberFormat("float8_e4m3", 3, -6, 448.0, infinity=False),
    )
}
"""By name. The two of 8 bits are those of Micikevicius et al. (2022), arXiv:2209.05433."""


def rounded(
    x: ArrayLike, number_format: str, rng: np.random.Generator | None = None
) -> NDArray[np.float64]:
    """Round to the numbers that a format has.

    Parameters
    ----------
    x : array_like
        Real numbers.
    number_format : str
        One of `FORMATS`.
    rng : numpy.random.Generator, optional
        With it, rounding is stochastic: up with the probability that makes the mean right.
        Without it, to the nearest number, and to the even one of two that are as near.

    Returns
    -------
    ndarray of float64
        The same shape. What is too large is infinite, or NaN where the format has no
        infinity.

    Raises
    ------
    TypeError, ValueError
        If the numbers or the format do not fit.

    Examples
    --------
    >>> rounded([1 / 3, 2.0**-25, 1e5], "float16")
    array([0.33325195, 0.        ,        inf])
    >>> bool(np.mean(rounded(np.full(4000, 1e-8), "float16", np.random.default_rng(0))) > 5e-9)
    True
    """
    kind = FORMATS[checks.one_of("number_format", number_format, [*FORMATS])]
    x = checks.floats("x", x, np.float64)
    if not isinstance(rng, (np.random.Generator, type(None))):
        raise TypeError(f"rng must be a numpy.random.Generator or None, not {rng!r}")
    exponent = np.frexp(x)[1] - 1
    spacing = np.ldexp(1.0, np.maximum(exponent, kind.least_exponent) - kind.digits)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        steps = x / spacing
        steps = np.rint(steps) if rng is None else np.floor(steps + rng.random(x.shape))
        found = steps * spacing
    beyond = np.abs(found) > kind.largest
    return np.where(beyond, np.copysign(np.inf if kind.infinity else np.nan, x), found)
