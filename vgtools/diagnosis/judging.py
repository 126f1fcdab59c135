"""Whether a gradient changes along a path more than it can in a healthy network.

A gradient changes from layer to layer. It is a fault if the factor over the whole path is
large beyond doubt. Three things are no fault, and each widens what is allowed:

- *The samples.* Others would give another factor. The jackknife over the samples gives its
  standard error, and twice that is allowed for.
- *The width.* The logarithm of the norm makes a random walk over the layers. For rectifiers
  with He's weights its variance is 5 / width for each layer, of the squared norm (Hanin and
  Nica, 2020, doi 10.1007/s00220-019-03624-z); it is smaller for smooth activations. Another
  draw of the weights would give another factor. Two standard deviations are allowed for.
- *One step.* A pooling, a reshaping, an embedding may change the scale once. The largest step
  counts as if it were as large as the second largest.

What remains has to be above `NOTICEABLE`. Lengths are those of the whole gradient of a sample,
not of one unit: with weights that keep the signal, of variance 1 / fan_in, the length is what a
layer keeps, also where the width or the picture's size changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NOTICEABLE = 2.0
"""log10 of the factor from which on a change is a fault.

With a factor of 100, plain gradient descent moves the first layers in 100 epochs as far as the
last ones in one.
"""

DOUBT = 2.0
"""How many standard deviations are allowed for."""

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
    """

    log_factor: float
    error: float
    rate: float
    faulty: bool
    begin: int
    end: int


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
    along = sign * -rises  # above 0 where a step goes the way of the whole

    first, second = np.sort(along)[:-3:-1]
    without_outlier = abs(total) - (first - second)
    error = _jackknife(log_norms[0], log_norms[-1])
    walk = 0.5 * math.sqrt(WALK * sum(1 / width for width in widths[1:])) / math.log(10)
    allowed = NOTICEABLE + DOUBT * (walk + (0.0 if math.isnan(error) else error))
    begin, end = _steepest(along)
    centred = np.arange(len(heights)) - (len(heights) - 1) / 2
    return Change(
        float(total),
        error,
        float(centred @ heights / (centred @ centred)),
        bool(without_outlier > allowed),
        begin,
        end,
    )


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


def _jackknife(first: NDArray[np.float64], last: NDArray[np.float64]) -> float:
    """Return the standard error of log10 of the ratio of two norms."""
    n = len(first)
    if n < 2 or len(last) != n:
        return math.nan
    ratios = _without_each(first) - _without_each(last)
    ratios = ratios[np.isfinite(ratios)]
    if len(ratios) < n:  # one sample carries everything
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
