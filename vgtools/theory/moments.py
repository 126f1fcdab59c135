"""Means over a normally distributed pre-activation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.networks import checks
from vgtools.networks.norms import sum_of_squares, times_power

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def normal_mean(
    function: Callable[[NDArray], NDArray], variance: float = 1.0, kinks: Sequence[float] = ()
) -> float:
    """Return E g(z) for a normal z with mean zero.

    Gauss-Legendre quadrature on pieces that end at the kinks of g and shrink
    towards 0 by factors of two, so that features of the function much narrower
    than the distribution, and the reverse, are both resolved. Relative error
    below 1e-12 for the squares of every activation in the catalogue, with its default
    parameters, and of its derivative.

    Parameters
    ----------
    function : callable
        g, from an array to an array of the same shape.
    variance : float
        Of z; 0 gives g(0).
    kinks : sequence of float
        Where g or its derivative jumps.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If the function cannot be called, or the variance is not a finite number of at
        least 0.

    Examples
    --------
    >>> round(normal_mean(np.square, variance=3.0), 12)
    3.0
    """
    if not callable(function):
        raise TypeError(f"function must be callable, not {function!r:.60}")
    variance = checks.number("variance", variance, low=0.0)
    z, weights = quadrature(math.sqrt(variance), kinks)
    return float(np.sum(weights * function(z)))


def second_moments(activation: str | Activation, variance: float = 1.0) -> tuple[float, float]:
    """Return E f(z)**2 and E f'(z)**2 for a normal z with mean zero.

    The first is what the signal has left after the activation, the second what
    the gradient has left after going back through it.

    Parameters
    ----------
    activation : str or Activation
    variance : float
        Of the pre-activation z, at least 0.

    Returns
    -------
    signal, slope : float

    Raises
    ------
    TypeError, ValueError
        If the activation is unknown or the variance out of range.

    Examples
    --------
    ReLU removes half of either:

    >>> [round(moment, 10) for moment in second_moments("relu")]
    [0.5, 0.5]
    """
    std = math.sqrt(checks.number("variance", variance, low=0.0))
    squares = weighted_squares(find_activation(activation), std)
    signal, slope = (float(times_power(total, 2 * k)) for total, k in squares)
    return signal, slope


def matched_gain(activation: str | Activation, keep: str = "signal") -> float:
    """Return the gain g for which weights of variance g**2 / fan_in fit an activation.

    With pre-activations of variance one, weights of this variance give the next
    layer pre-activations of variance one again (``keep="signal"``), or keep the
    second moment of the gradient (``keep="gradient"``), for layers of one width::

        g = 1 / sqrt(E f(z)**2)      or      g = 1 / sqrt(E f'(z)**2)

    The two agree for ReLU, where g = sqrt(2), and for every function that is
    linear on either side of 0.

    Parameters
    ----------
    activation : str or Activation
    keep : {"signal", "gradient"}

    Returns
    -------
    float
        To be used as ``vg.initialiser("fan_in", gain=g)``.

    Raises
    ------
    TypeError, ValueError
        If the activation or `keep` is unknown.

    Examples
    --------
    >>> round(matched_gain("relu"), 4), round(matched_gain("tanh"), 2)
    (1.4142, 1.59)
    """
    checks.one_of("keep", keep, ["signal", "gradient"])
    signal, slope = weighted_squares(find_activation(activation), 1.0)
    total, k = signal if keep == "signal" else slope
    return float(times_power(1.0 / math.sqrt(total), -k))


def quadrature(std: float, kinks: Sequence[float]) -> tuple[NDArray, NDArray]:
    """Return points z and weights, for the mean over a normal z, as `normal_mean` tells."""
    if std == 0.0:
        return np.zeros(1), np.ones(1)
    far = 12.0 * std
    near = 1e-4 * min(1.0, std)
    graded = np.geomspace(near, far, 1 + math.ceil(math.log2(far / near)))
    edges = {0.0, *graded, *-graded, *(kink for kink in kinks if abs(kink) < far)}
    edges = np.array(sorted(edges))
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    z = middle[:, np.newaxis] + half[:, np.newaxis] * NODES
    density = np.exp(-0.5 * (z / std) ** 2) / (std * math.sqrt(2 * math.pi))
    return z, half[:, np.newaxis] * WEIGHTS * density


def weighted_squares(f: Activation, std: float) -> list[tuple[float, int]]:
    """Return E f(z)**2 and E f'(z)**2 as `sum_of_squares` does."""
    z, weights = quadrature(std, tuple(f.kinks))
    roots = np.sqrt(weights)
    return [sum_of_squares(roots * values) for values in (f(z), f.derivative(z))]
