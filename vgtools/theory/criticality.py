"""Order, chaos and the line between them: what happens to two inputs on their way forward.

The weights of every layer are normal with variance `weight_std`**2 / fan_in, the biases
normal with standard deviation `bias_std`, all independent, and the layers are wide. The maps
and the line are those of Poole et al. (2016, arXiv:1606.05340) and Schoenholz et al. (2017,
arXiv:1611.01232), here for any activation, with kinks taken into account.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.networks import checks
from vgtools.theory.moments import NODES, WEIGHTS, normal_mean, quadrature, second_moments

LEAST, MOST = 1e-12, 1e12
"""Variances between which a fixed point is looked for."""

FACTOR = 1.25
"""Steps of the search, as a ratio of two variances."""

ROUNDING = 1e-12
"""Two variances that differ by this share are taken to be equal."""


def length_map(
    activation: str | Activation, variance: float, weight_std: float, bias_std: float = 0.0
) -> float:
    """Return the variance of the next layer's pre-activations.

    ::

        q' = weight_std**2 E f(sqrt(q) z)**2 + bias_std**2,    z standard normal

    Parameters
    ----------
    activation : str or Activation
    variance : float
        q, of this layer's pre-activations.
    weight_std, bias_std : float
        sigma_w and sigma_b: Var W = weight_std**2 / fan_in, Var b = bias_std**2.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If the activation is unknown, or a number negative or not finite.

    Examples
    --------
    He's weights keep the variance of ReLU:

    >>> round(length_map("relu", 3.0, weight_std=2**0.5), 12)
    3.0
    """
    weight_std, bias_std = _scales(weight_std, bias_std)
    signal, _ = second_moments(activation, variance)
    return weight_std**2 * signal + bias_std**2


def correlation_map(
    activation: str | Activation,
    correlation: float,
    variance: float,
    weight_std: float,
    bias_std: float = 0.0,
) -> float:
    """Return the correlation of two inputs' pre-activations in the next layer.

    ::

        c' = (weight_std**2 E f(u) f(v) + bias_std**2) / q'

    where u and v are normal with variance q and correlation c, and q' comes from
    `length_map`. Both inputs have the same variance.

    Parameters
    ----------
    activation : str or Activation
    correlation : float
        c, from -1 to 1.
    variance : float
        q, above 0.
    weight_std, bias_std : float
        As for `length_map`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or the next layer's variance is 0.

    Examples
    --------
    Two orthogonal inputs of a ReLU layer agree in part afterwards, 1/pi:

    >>> round(correlation_map("relu", 0.0, 1.0, weight_std=2**0.5), 6)
    0.31831
    """
    f = find_activation(activation)
    c = checks.number("correlation", correlation, low=-1.0)
    if c > 1:
        raise ValueError(f"correlation must be a number from -1 to 1, not {correlation!r}")
    variance = checks.number("variance", variance, low=np.finfo(float).tiny)
    weight_std, bias_std = _scales(weight_std, bias_std)
    after = length_map(f, variance, weight_std, bias_std)
    if after == 0:
        raise ValueError("the variance of the next layer is 0, so that it has no correlation")
    return (weight_std**2 * _pair_mean(f, variance, c) + bias_std**2) / after


def fixed_variance(
    activation: str | Activation, weight_std: float, bias_std: float = 0.0, start: float = 1.0
) -> float:
    """Return q*, the variance that deep layers have.

    It is the fixed point of `length_map` that is next to `start` in the direction in which the
    map moves `start`. Layer by layer the variance converges to it if the map increases, as it
    does for every activation whose square grows outwards.

    Parameters
    ----------
    activation : str or Activation
    weight_std, bias_std : float
        As for `length_map`.
    start : float
        The first layer's variance, above 0.

    Returns
    -------
    float
        0 where the signal dies out, infinite where it explodes; `start` itself where every
        variance is kept.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(fixed_variance("tanh", weight_std=1.5, bias_std=0.5), 4)
    1.2182
    >>> fixed_variance("relu", weight_std=1.0), fixed_variance("relu", weight_std=2.0)
    (0.0, inf)
    """
    f = find_activation(activation)
    start = checks.number("start", start, low=LEAST, high=MOST)

    def excess(variance: float) -> float:
        change = length_map(f, variance, weight_std, bias_std) - variance
        return 0.0 if abs(change) <= ROUNDING * variance else change

    here = excess(start)
    step = FACTOR if here > 0 else 1 / FACTOR
    near, far = start, start * step
    while here:
        if not LEAST <= far <= MOST:
            return math.inf if step > 1 else 0.0
        there = excess(far)
        if there * here <= 0:
            return _root(excess, near, far)
        near, far = far, far * step
    return start


def chi(activation: str | Activation, weight_std: float, variance: float) -> float:
    """Return the factor on the mean square of a gradient, and on small differences of inputs.

    ::

        chi = weight_std**2 E f'(sqrt(q) z)**2,    z standard normal

    At q* it is the slope of `correlation_map` at c = 1. Below 1 two inputs that are alike
    become more alike, and gradients vanish (order); above 1 they part, and gradients explode
    (chaos).

    Parameters
    ----------
    activation : str or Activation
    weight_std : float
        sigma_w.
    variance : float
        q, of the pre-activations: that of deep layers is `fixed_variance`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(chi("relu", weight_std=2**0.5, variance=1.0), 12)
    1.0
    """
    weight_std, _ = _scales(weight_std, 0.0)
    _, slope = second_moments(activation, variance)
    return weight_std**2 * slope


def depth_scale(factor: float) -> float:
    """Return after how many layers a quantity that is multiplied by `factor` has changed by e.

    ::

        xi = 1 / |ln factor|

    Parameters
    ----------
    factor : float
        Per layer, above 0: `chi` for the mean square of a gradient.

    Returns
    -------
    float
        Infinite for a factor of 1.

    Raises
    ------
    TypeError, ValueError
        If the factor is not above 0.

    Examples
    --------
    >>> round(depth_scale(0.9), 2), depth_scale(1.0)
    (9.49, inf)
    """
    factor = checks.number("factor", factor, low=np.finfo(float).tiny)
    return math.inf if factor == 1 else 1 / abs(math.log(factor))


def critical_point(activation: str | Activation, variance: float) -> tuple[float, float]:
    """Return the scales at which `variance` is a fixed point and chi is 1.

    ::

        weight_std**2 = 1 / E f'(sqrt(q) z)**2
        bias_std**2 = q - E f(sqrt(q) z)**2 / E f'(sqrt(q) z)**2

    Parameters
    ----------
    activation : str or Activation
    variance : float
        q, above 0. As it grows the point walks along the critical line.

    Returns
    -------
    weight_std, bias_std : float
        `bias_std` is NaN where no bias reaches this variance.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    For tanh the line begins at the weights of variance 1 / fan_in without biases:

    >>> [round(number, 4) for number in critical_point("tanh", 1e-8)]
    [1.0, 0.0]
    """
    variance = checks.number("variance", variance, low=np.finfo(float).tiny)
    signal, slope = second_moments(activation, variance)
    rest = variance - signal / slope
    if abs(rest) <= ROUNDING * variance:
        rest = 0.0
    return 1 / math.sqrt(slope), math.sqrt(rest) if rest >= 0 else math.nan


def critical_weight_std(activation: str | Activation, bias_std: float) -> float:
    """Return sigma_w on the critical line, for biases of this size.

    If there are several points, it is the one with the smallest variance. Without biases, an
    activation with f(0) = 0 has its point at the variance 0.

    Parameters
    ----------
    activation : str or Activation
    bias_std : float
        sigma_b.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or the line has no point there.

    Examples
    --------
    >>> round(critical_weight_std("tanh", 0.3), 4)
    1.3956
    """
    f = find_activation(activation)
    _, bias_std = _scales(1.0, bias_std)

    def excess(variance: float) -> float:
        signal, slope = second_moments(f, variance)
        rest = variance - signal / slope - bias_std**2
        return 0.0 if abs(rest) <= ROUNDING * variance else rest

    near = 1e-8
    if bias_std == 0 and float(f(0.0)) == 0:
        return 1 / math.sqrt(second_moments(f, LEAST**2)[1])
    before = excess(near)
    while near < 1e6 and before:
        far = near * FACTOR
        after = excess(far)
        if before * after <= 0:
            return critical_point(f, _root(excess, near, far))[0]
        near, before = far, after
    if before:
        raise ValueError(
            f"the critical line of {f.name} has no point with bias_std = {bias_std:g}: "
            "no variance up to a million is kept there with chi = 1"
        )
    return critical_point(f, near)[0]


def _scales(weight_std: float, bias_std: float) -> tuple[float, float]:
    return (
        checks.number("weight_std", weight_std, low=0.0),
        checks.number("bias_std", bias_std, low=0.0),
    )


def _root(function: Callable[[float], float], one: float, other: float) -> float:
    """Return where a function changes its sign, by halving the interval of the logarithms."""
    low, high = math.log(one), math.log(other)
    sign = math.copysign(1.0, function(one)) if function(one) else 0.0
    while sign and abs(high - low) > 1e-14:
        middle = (low + high) / 2
        if function(math.exp(middle)) * sign > 0:
            low = middle
        else:
            high = middle
    return math.exp(high if sign else low)


def _pair_mean(f: Activation, variance: float, correlation: float) -> float:
    """Return E f(u) f(v), for u and v normal with this variance and correlation.

    v = c u + sqrt(1 - c**2) w with w independent of u: a quadrature over u, and for each of its
    points one over w, in pieces that end at the kinks of f.
    """
    std = math.sqrt(variance)
    if abs(correlation) == 1:
        sign = math.copysign(1.0, correlation)
        kinks = [*f.kinks, *(sign * kink for kink in f.kinks)]
        return normal_mean(lambda z: f(z) * f(sign * z), variance, kinks)
    # The mean of f(v) over w bends where c u is within a few `apart` of a kink of f. The
    # quadrature over u is split there.
    apart = std * math.sqrt(1 - correlation**2)
    near = [
        (kink + steps * apart) / correlation
        for kink in f.kinks
        for steps in (-8, -4, -2, 0, 2, 4, 8)
        if correlation
    ]
    u, weights = (part.ravel() for part in quadrature(std, (*f.kinks, *near)))
    keep = weights > 1e-18 * weights.max()
    u, weights = u[keep], weights[keep]
    inner = np.array([_shifted_mean(f, correlation * at, apart) for at in u])
    return float(np.sum(weights * f(u) * inner))


def _shifted_mean(f: Activation, mean: float, std: float) -> float:
    """Return E f(v) for a normal v."""
    far = 9.0
    edges = {*np.linspace(-far, far, 19), *((kink - mean) / std for kink in f.kinks)}
    edges = np.array(sorted(edge for edge in edges if abs(edge) <= far))
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    w = middle[:, np.newaxis] + half[:, np.newaxis] * NODES
    density = np.exp(-0.5 * w**2) / math.sqrt(2 * math.pi)
    return float(np.sum(half[:, np.newaxis] * WEIGHTS * density * f(mean + std * w)))
