"""Whether a gradient changes along a path more than it can in a healthy network.

A change is a fault if it costs too much and if chance does not explain it. Each condition has an
uncertainty of its own, and they are not added up:

- *The cost.* The factor over the whole path is above 100 (`NOTICEABLE`) for these samples and
  for others: the jackknife gives the standard error over the samples, and `SURE` standard errors
  are subtracted.
- *The chance.* The logarithm of the norm makes a random walk over the layers. For rectifiers
  with He's weights the squared norm has, in the natural logarithm, the variance
  b = 5 sum(1 / width) and the mean -b / 2 (Hanin and Nica, 2020, doi
  10.1007/s00220-019-03624-z). Smooth activations near 0 scatter less, and with large biases
  more. The factor has to be further from this mean than `DOUBT` standard deviations. Less than
  one healthy draw of the weights in 300 is, if the logarithm has the tail of a normal
  distribution. The walk says how far draws of the weights differ, and not what these weights
  cost: nothing is subtracted from the cost for it.

One step is no rate: a pooling, a reshaping, an embedding may change the scale once. The
largest step counts as if it were as large as the second largest.

So the same rate is a fault or not by the depth. In wide layers a factor of 100 is reached by

======  =====  =====  =====  =====
points  5      10     20     80
======  =====  =====  =====  =====
rate    ×0.32  ×0.60  ×0.78  ×0.94
======  =====  =====  =====  =====

per layer, or by one over it. Five layers of rectifiers with PyTorch's own weights lose a factor
of 31, and with half of He's 89. Neither is a fault: both learn the digits in 8 epochs of
gradient descent with momentum, 98 % and 95 % right, beside 97 % with He's weights. (At a fifth
of this learning rate, 0.01, only the network with He's weights learns them.) Twice as many
layers lose 1000 and more. Only in narrow deep networks is chance the stronger condition:
80 layers of width 32 may lose a factor of 4000 with He's weights.

Lengths are those of the whole gradient of a sample, not of one unit: with weights that keep
the signal, of variance 1 / fan_in, the length is what a layer keeps, also where the width or
the picture's size changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NOTICEABLE = 2.0
"""log10 of the factor above which a change is a fault.

With a factor of 100, plain gradient descent moves the first layers in 100 epochs as far as the
last ones in one.
"""

SURE = 2.0
"""How many standard errors over the samples the factor has to be above `NOTICEABLE`."""

DOUBT = 3.0
"""How many standard deviations of a healthy network's walk the factor has to be away from it."""

WALK = 5.0
"""Variance of the logarithm of the squared norm in one layer, times its width."""


@dataclass(frozen=True, eq=False)
class Change:
    """What happens to the gradient on its way back along a path.

    Attributes
    ----------
    log_factor : float
        log10 of the norm at the first point over that at the last: below 0 it vanishes.
    error : float
        Standard error of it over the samples; NaN where there is only one.
    rate : float
        log10 of the norm per layer, forward: the slope by least squares.
    faulty : bool
        Whether it is more than a healthy network can have.
    begin, end : int
        The points between which most of the change happens.
    walk : float
        Standard deviation of log10 of the factor between healthy draws of the weights.
    local_rate : float
        The rate between `begin` and `end` alone.
    """

    log_factor: float
    error: float
    rate: float
    faulty: bool
    begin: int
    end: int
    walk: float
    local_rate: float


def change(log_norms: Sequence[NDArray[np.float64]], widths: Sequence[int]) -> Change | None:
    """Judge the change along a path.

    Parameters
    ----------
    log_norms : sequence of ndarray of shape (n,) or (1,)
        log10 of the norm for each sample, first point first; finite for one sample at least.
    widths : sequence of int
        Of the layer at each point.

    Returns
    -------
    Change or None
        None with fewer than three points: a change in one step is not a rate.

    Examples
    --------
    >>> path = [np.array([-8.0, -8.1]), np.array([-4.0, -4.1]), np.array([0.0, 0.1])]
    >>> found = change(path, [100, 100, 100])
    >>> round(found.log_factor, 1), found.faulty
    (-8.1, True)
    """
    if len(log_norms) < 3:
        return None
    heights = np.array([together(each) for each in log_norms])
    rises = np.diff(heights)
    total = heights[0] - heights[-1]
    sign = -1.0 if total < 0 else 1.0
    along = sign * -rises  # above 0 where a step changes as the whole path does

    first, second = np.sort(along)[:-3:-1]
    without_outlier = abs(total) - (first - second)
    error = _jackknife(log_norms[0], log_norms[-1])
    variance = WALK * sum(1 / width for width in widths[1:])  # of the natural log of the square
    mean, walk = -variance / 4 / math.log(10), math.sqrt(variance) / 2 / math.log(10)
    costly = without_outlier - SURE * (0.0 if math.isnan(error) else error) > NOTICEABLE
    begin, end = _steepest(along)
    return Change(
        float(total),
        error,
        slope(heights),
        bool(costly and abs(sign * without_outlier - mean) > DOUBT * walk),
        begin,
        end,
        walk,
        slope(heights[begin : end + 1]),
    )


def slope(heights: NDArray[np.float64]) -> float:
    """Return the slope per step by least squares.

    Examples
    --------
    >>> slope(np.array([0.0, 1.0, 2.0]))
    1.0
    """
    centred = np.arange(len(heights)) - (len(heights) - 1) / 2
    return float(centred @ heights / (centred @ centred))


def together(log_norms: NDArray[np.float64]) -> float:
    """Return log10 of the root mean square over the samples, of any size.

    Examples
    --------
    >>> round(together(np.array([-400.0, -400.0])), 12)
    -400.0
    """
    most = log_norms.max()
    if not np.isfinite(most):
        return float(most)
    return float(most + 0.5 * np.log10(np.mean(10 ** (2 * (log_norms - most)))))


def power(log: float) -> float:
    """Return 10**log; infinity where a float does not hold it.

    Examples
    --------
    >>> power(-1.0), power(400.0)
    (0.1, inf)
    """
    return 10.0**log if log < 308 else math.inf


def _jackknife(first: NDArray[np.float64], last: NDArray[np.float64]) -> float:
    """Return the standard error of log10 of the ratio of two norms."""
    n = len(first)
    if n < 2 or len(last) != n:
        return math.nan
    with np.errstate(invalid="ignore"):  # -inf less -inf: both ends had a gradient of one sample
        ratios = _without_each(first) - _without_each(last)
    ratios = ratios[np.isfinite(ratios)]
    if len(ratios) < n:  # without one of the samples no gradient is left at an end
        return math.inf
    return float(np.sqrt((n - 1) * np.mean((ratios - ratios.mean()) ** 2)))


def _without_each(log_norms: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = 10 ** (2 * (log_norms - log_norms.max()))
    rest = np.array([np.delete(squares, i).sum() for i in range(len(squares))])
    with np.errstate(divide="ignore"):
        return 0.5 * np.log10(rest)


def _steepest(along: NDArray[np.float64]) -> tuple[int, int]:
    """Return the points between which the gradient changes faster than half its mean rate."""
    gains = along - along.mean() / 2
    best, at, start, running = -math.inf, (0, len(along)), 0, 0.0
    for step, gain in enumerate(gains):
        if running <= 0:
            start, running = step, 0.0
        running += gain
        if running > best:
            best, at = running, (start, step + 1)
    return at
