r"""Numerics of the catalogue: every function and derivative on float64 arrays.

A formula that is right on paper can lose every digit in floating point:
``1 - tanh(x)**2`` is exactly zero from :math:`|x| \approx 19` on, where the
true derivative is still 1e-16. The kernels below rest on four ideas.

1. *Only exponentials that decay.* Everything is written with
   :math:`z = e^{-|x|} \le 1`, which cannot overflow.
2. *A rectifier plus a bump.* Many functions are :math:`\max(x, 0)` minus an
   even bump that dies out on both sides, for instance
   :math:`x\,\sigma(x) = \max(x, 0) - |x| z / (1 + z)`. On the negative side the
   bump is all there is; on the positive side it is smaller than what it is
   subtracted from: nothing cancels.
3. *The product decays last.* In ``x * exp(x)`` the exponential underflows before
   the product does. `times_decay` multiplies by half an exponential at a time there,
   and so keeps all digits down to the smallest float.
4. *Exact exponents.* An argument of 700 that is rounded in its last place moves
   its exponential by hundreds of units in the last place. An `Exponent` carries
   the rounding error along, and `decay` corrects for it.

Every kernel takes a float64 array of one or more dimensions and returns a new
one. The caller silences floating-point flags: an underflow to zero is meant.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from vgtools.activations.exponentials import (
    CERTAIN_UNDERFLOW,
    Array,
    Exponent,
    decay,
    magnitude,
    multiple,
    rational,
    times_decay,
    upper_half,
)

SELU_ALPHA = sp.sqrt(2 / sp.pi) / (1 - sp.sqrt(sp.E) * sp.erfc(1 / sp.sqrt(2)))
r"""The :math:`\alpha` of SELU: for :math:`x \sim N(0, 1)` it makes the mean of SELU zero.

With :math:`E[e^x; x < 0] = \tfrac12 \sqrt{e}\,\mathrm{erfc}(1/\sqrt2)` the mean is
:math:`\lambda\,(1/\sqrt{2\pi} + \alpha(\tfrac12 \sqrt{e}\,\mathrm{erfc}(1/\sqrt2) - \tfrac12))`.
"""

SELU_LAMBDA = sp.sqrt(2) / sp.sqrt(
    1
    + SELU_ALPHA**2
    * (sp.E**2 * sp.erfc(sp.sqrt(2)) - 2 * sp.sqrt(sp.E) * sp.erfc(1 / sp.sqrt(2)) + 1)
)
r"""The :math:`\lambda` of SELU: for :math:`x \sim N(0, 1)` it makes the variance of SELU one.

The second moment is :math:`\tfrac12 \lambda^2 (1 + \alpha^2 q)` with
:math:`q = 2 E[(e^x - 1)^2; x < 0]`, the parenthesis in the code, because
:math:`E[e^{2x}; x < 0] = \tfrac12 e^2\,\mathrm{erfc}(\sqrt2)`.
"""

STAR_SCALE = 2 / sp.sqrt(5)
r"""The :math:`s` of StarReLU: for :math:`x \sim N(0, 1)` it makes the variance one.

The square of a rectifier has the mean :math:`\tfrac12` and the second moment
:math:`\tfrac12 \cdot 3`, so the variance :math:`\tfrac54`.
"""

STAR_SHIFT = -1 / sp.sqrt(5)
r"""The :math:`b` of StarReLU: :math:`-s/2`, which makes the mean zero."""


def _pieces(
    x: Array, inside: NDArray[np.bool_], slope_inside: float, slope_outside: float
) -> Array:
    """Return one of two slopes (floats: NumPy is slower with integers), NaN where x is NaN."""
    return np.where(np.isnan(x), x, np.where(inside, slope_inside, slope_outside))


# Sigmoid and tanh


def sigmoid(x: Array) -> Array:
    z = np.exp(-np.abs(x))
    at_minus_a = z - z * z / (1 + z)  # z / (1 + z), but with one rounding in the tail
    return np.where(x < 0, at_minus_a, 1 - at_minus_a)


def sigmoid_derivative(x: Array) -> Array:
    z = np.exp(-np.abs(x))
    return z / (1 + z * (2 + z))


def tanh(x: Array) -> Array:
    return np.tanh(x)


def tanh_derivative(x: Array) -> Array:
    z = np.exp(-2 * np.abs(x))
    return 4 * (z / (1 + z * (2 + z)))


def scaled_tanh(x: Array) -> Array:
    return 1.7159 * np.tanh(2 * x / 3)


def scaled_tanh_derivative(x: Array) -> Array:
    z = decay(multiple(magnitude(x), Fraction(4, 3)))
    return 4 * 1.7159 * 2 / 3 * (z / (1 + z * (2 + z)))


def softsign(x: Array) -> Array:
    largest = np.finfo(np.float64).max
    x = np.clip(x, -largest, largest)
    return x / (1 + np.abs(x))


def softsign_derivative(x: Array) -> Array:
    d = 1 + np.abs(x)
    return 1 / d / d


# Clipped lines


def hard_sigmoid(x: Array) -> Array:
    return np.clip(x + 3, 0, 6) / 6


def hard_sigmoid_derivative(x: Array) -> Array:
    return _pieces(x, np.abs(x) < 3, 1 / 6, 0.0)


def hard_tanh(x: Array) -> Array:
    return np.clip(x, -1, 1)


def hard_tanh_derivative(x: Array) -> Array:
    return _pieces(x, np.abs(x) < 1, 1.0, 0.0)


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def relu_derivative(x: Array) -> Array:
    return _pieces(x, x > 0, 1.0, 0.0)


def relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


def relu6_derivative(x: Array) -> Array:
    return _pieces(x, (x > 0) & (x < 6), 1.0, 0.0)


def hard_swish(x: Array) -> Array:
    inside = np.clip(x, -3, 3)
    return np.where(x < 3, inside * (inside + 3) / 6, x)


def hard_swish_derivative(x: Array) -> Array:
    inside = np.clip(x, -3, 3)
    slope = (2 * inside + 3) / 6
    slope[x <= -3] = 0
    slope[x >= 3] = 1
    return slope


# Two slopes: leaky, parametric and randomised ReLU


def leaky_relu(x: Array, alpha: float) -> Array:
    if alpha == 0:  # 0 * inf would be NaN
        return np.maximum(x, 0)
    return np.where(x > 0, x, alpha * x)


def leaky_relu_derivative(x: Array, alpha: float) -> Array:
    return _pieces(x, x > 0, 1.0, alpha)


def prelu(x: Array, a: float) -> Array:
    return leaky_relu(x, a)


def prelu_derivative(x: Array, a: float) -> Array:
    return leaky_relu_derivative(x, a)


def rrelu(x: Array, lower: float, upper: float) -> Array:
    return np.where(x > 0, x, x / ((lower + upper) / 2))


def rrelu_derivative(x: Array, lower: float, upper: float) -> Array:
    return leaky_relu_derivative(x, 2 / (lower + upper))


# Parabolas


def squared_relu(x: Array) -> Array:
    return np.maximum(x, 0) ** 2


def squared_relu_derivative(x: Array) -> Array:
    return 2 * np.maximum(x, 0)


_STAR_UNIT = float(1 / sp.sqrt(5))


def star_relu(x: Array) -> Array:
    return (2 * squared_relu(x) - 1) * _STAR_UNIT


def star_relu_derivative(x: Array) -> Array:
    return 4 * _STAR_UNIT * np.maximum(x, 0)


# Exponential on the negative side


def elu(x: Array, alpha: float) -> Array:
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def elu_derivative(x: Array, alpha: float) -> Array:
    # Far out, exp(x) is 0 or has few digits where its product with a large alpha has all.
    half = np.exp(np.minimum(x, 0) / 2)
    slope = np.where(x < -700, alpha * half * half, alpha * np.exp(np.minimum(x, 0)))
    return np.where(x > 0, 1.0, slope)


def celu(x: Array, alpha: float) -> Array:
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)


def celu_derivative(x: Array, alpha: float) -> Array:
    depth = np.minimum(-np.minimum(x, 0), CERTAIN_UNDERFLOW * alpha)
    return decay(multiple(depth, 1 / rational(alpha)))


_SELU_POSITIVE = float(SELU_LAMBDA)
_SELU_NEGATIVE = float(SELU_LAMBDA * SELU_ALPHA)


def selu(x: Array) -> Array:
    return _SELU_POSITIVE * np.maximum(x, 0) + _SELU_NEGATIVE * np.expm1(np.minimum(x, 0))


def selu_derivative(x: Array) -> Array:
    return np.where(x > 0, _SELU_POSITIVE, _SELU_NEGATIVE * np.exp(np.minimum(x, 0)))


def xielu(x: Array, alpha_p: float, alpha_n: float, beta: float) -> Array:
    positive, negative = np.maximum(x, 0), np.minimum(x, 0)
    right = positive * (alpha_p * positive + beta)
    near = alpha_n * (np.expm1(negative) - negative) + beta * negative
    far = alpha_n * np.expm1(negative) - float(rational(alpha_n) - rational(beta)) * negative
    return np.where(x > 0, right, np.where(x > -1, near, far))


def xielu_derivative(x: Array, alpha_p: float, alpha_n: float, beta: float) -> Array:
    right = 2 * alpha_p * np.maximum(x, 0) + beta
    return np.where(x > 0, right, alpha_n * np.expm1(np.minimum(x, 0)) + beta)


# A rectifier plus a bump


def softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softplus_derivative(x: Array) -> Array:
    return sigmoid(x)


def _gated(x: Array, a: Array, exponent: Exponent) -> Array:
    """Return x * sigmoid(g) for an odd g, from a = |x| and p = |g|."""
    z = decay(exponent)
    return np.maximum(x, 0) - times_decay(a, z, exponent) / (1 + z)


def _gated_derivative(x: Array, exponent: Exponent, growth: Array) -> Array:
    """Return the derivative of x * sigmoid(g), with growth = |x| * dg/dx."""
    z = decay(exponent)
    at_minus_a = times_decay(1 + z - growth, z, exponent) / (1 + z * (2 + z))
    return np.where(x < 0, at_minus_a, 1 - at_minus_a)


def silu(x: Array, beta: float) -> Array:
    a = magnitude(x, CERTAIN_UNDERFLOW / beta)
    return _gated(x, a, multiple(a, rational(beta)))


def silu_derivative(x: Array, beta: float) -> Array:
    a = magnitude(x, CERTAIN_UNDERFLOW / beta)
    return _gated_derivative(x, multiple(a, rational(beta)), beta * a)


# gelu_tanh is gated by g = k x + c x^3. With a rounded to a grid of 1/256 and the
# high parts of k and c, the cubic is exact in float64; the rest is a correction.
_K_EXACT = 2 * sp.sqrt(2 / sp.pi)
_C_EXACT = sp.Rational("0.044715") * _K_EXACT
_K, _C = float(_K_EXACT), float(_C_EXACT)
_K_HIGH, _C_HIGH = round(_K * 2**35) / 2**35, round(_C * 2**19) / 2**19
_K_LOW = float(sp.N(_K_EXACT - sp.Rational(_K_HIGH), 20))
_C_LOW = float(sp.N(_C_EXACT - sp.Rational(_C_HIGH), 20))
_GELU_TANH_UNDERFLOW = 22.0


def _cubic(a: Array) -> Exponent:
    """Return k a + c a^3 with its rounding error, for 0 <= a <= 22."""
    head = np.rint(a * 256) / 256
    tail = a - head
    square = head * head
    exact_part = head * (_K_HIGH + _C_HIGH * square)
    rest = head * (_K_LOW + _C_LOW * square) + tail * (_K + _C * (a * (a + head) + square))
    p = exact_part + rest
    return p, (exact_part - p) + rest


def gelu_tanh(x: Array) -> Array:
    a = magnitude(x, _GELU_TANH_UNDERFLOW)
    return _gated(x, a, _cubic(a))


def gelu_tanh_derivative(x: Array) -> Array:
    a = magnitude(x, _GELU_TANH_UNDERFLOW)
    return _gated_derivative(x, _cubic(a), a * (_K + 3 * _C * a * a))


# gelu: x Phi(x) = max(x, 0) - a Phi(-a) with a = |x|. The normal tail is written
# Phi(-a) = exp(-a^2 / 2) R(a); R falls slowly, as 1 / (a sqrt(2 pi)).
_GELU_UNDERFLOW = 40.0
_NORMAL_PEAK = 1 / math.sqrt(2 * math.pi)


def _half_square(a: Array) -> Exponent:
    """Return a^2 / 2 with its rounding error."""
    p = a * a / 2
    head = upper_half(a)
    return p, (head * head / 2 - p) + (a - head) * (a + head) / 2


@lru_cache
def _tail_ratio_coefficients() -> tuple[float, ...]:
    """Fit (1 + a) R(a) on [0, 40] by a polynomial in w = (a - 4) / (a + 4).

    24 coefficients reach 1e-18; SciPy's erfcx, which is 2 R, errs by up to 7 ulp.
    """

    def scaled_ratio(w: mpmath.mpf) -> mpmath.mpf:
        a = 4 * (1 + w) / (1 - w)
        return (1 + a) * mpmath.exp(a * a / 2) * mpmath.erfc(a / mpmath.sqrt(2)) / 2

    with mpmath.workdps(40):
        largest = mpmath.mpf(_GELU_UNDERFLOW - 4) / (_GELU_UNDERFLOW + 4)
        return tuple(map(float, mpmath.chebyfit(scaled_ratio, [-1, largest], 24)))


def _tail_ratio(a: Array) -> Array:
    """Return R(a) = exp(a^2 / 2) Phi(-a) for 0 <= a <= 40."""
    w = (a - 4) / (a + 4)
    first, *others = _tail_ratio_coefficients()
    polynomial = np.full_like(w, first)
    for coefficient in others:
        polynomial *= w
        polynomial += coefficient
    polynomial /= 1 + a
    return polynomial


def gelu(x: Array) -> Array:
    a = magnitude(x, _GELU_UNDERFLOW)
    exponent = _half_square(a)
    return np.maximum(x, 0) - times_decay(a * _tail_ratio(a), decay(exponent), exponent)


def gelu_derivative(x: Array) -> Array:
    a = magnitude(x, _GELU_UNDERFLOW)
    exponent = _half_square(a)
    at_minus_a = times_decay(_tail_ratio(a) - a * _NORMAL_PEAK, decay(exponent), exponent)
    return np.where(x < 0, at_minus_a, 1 - at_minus_a)


# erf, which is no activation of the catalogue: `DynamicErf` of the networks applies it.
# With the same tail, erf(a) = 1 - 2 Phi(-a sqrt(2)). Near 0 that loses digits, and the
# power series takes its place.
_ERF_UNDERFLOW = 28.0
_ERF_SLOPE = 2 / math.sqrt(math.pi)
_ERF_SERIES = [(-1) ** n * _ERF_SLOPE / (math.factorial(n) * (2 * n + 1)) for n in range(13)]


def erf(x: Array) -> Array:
    """Return the error function, good to 2 units in the last place."""
    a = magnitude(x, _ERF_UNDERFLOW)
    square = np.minimum(a, 0.5) ** 2
    near = np.full_like(a, _ERF_SERIES[-1])
    for coefficient in _ERF_SERIES[-2::-1]:
        near *= square
        near += coefficient
    far = 1 - 2 * np.exp(-a * a) * _tail_ratio(math.sqrt(2) * a)
    return np.where(a < 0.5, near * x, np.copysign(far, x))


def erf_derivative(x: Array) -> Array:
    """Return 2 exp(-x^2) / sqrt(pi), good to 2 units in the last place."""
    p, error = _half_square(magnitude(x, _ERF_UNDERFLOW))
    exponent = 2 * p, 2 * error
    return times_decay(np.full_like(p, _ERF_SLOPE), decay(exponent), exponent)


# mish: tanh(softplus(x)) is rational in e^x, so one exponential is enough.


def mish(x: Array) -> Array:
    a = magnitude(x)
    z = np.exp(-a)
    negative = x < 0
    gate = np.where(negative, 2 + z, 2 * z)
    gate /= np.where(negative, 2 + z * (2 + z), 1 + 2 * z * (1 + z))
    return np.maximum(x, 0) - times_decay(a * gate, z, (a, None))


def mish_derivative(x: Array) -> Array:
    a = magnitude(x)
    z = np.exp(-a)
    left = times_decay(4 * (1 - a) + z * (6 - 4 * a + z * (4 + z)), z, (a, None))
    left /= 4 + z * (8 + z * (8 + z * (4 + z)))
    right = z * z * (4 * a - 2 + z * (4 * (a - 1) - 4 * z))
    right /= 1 + z * (4 + z * (8 + z * (8 + 4 * z)))
    return np.where(x < 0, left, 1 + right)


def identity(x: Array) -> Array:
    return x.copy()


def identity_derivative(x: Array) -> Array:
    return _pieces(x, x == x, 1.0, 1.0)
