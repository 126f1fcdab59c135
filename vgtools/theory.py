"""What the mathematics predicts, to be drawn beside what is measured.

The predictions for deep networks follow second moments through the layers, as
Glorot and Bengio (2010) and He et al. (2015) do, with the exact integral over
the activation in the place of their approximations (Poole et al., 2016,
arXiv:1606.05340; Schoenholz et al., 2017, arXiv:1611.01232). They hold for wide
layers with independent weights of mean zero, at initialisation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.networks import Initialiser, checks, initialiser
from vgtools.networks.initialisers import Constant
from vgtools.networks.norms import exponent, root_of_product, sum_of_squares, times_power

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)

LEAST_STD, MOST_STD = 1e-300, 1e300
"""Standard deviations of z between which the integrals are taken. Below, every activation is
a line on either side of 0."""


def normal_mean(
    function: Callable[[NDArray], NDArray], variance: float = 1.0, kinks: Sequence[float] = ()
) -> float:
    """Return E g(z) for a normal z with mean zero.

    Gauss-Legendre quadrature on pieces that end at the kinks of g and shrink
    towards 0 by factors of two, so that features of the function much narrower
    than the distribution, and the reverse, are both resolved. Relative error
    below 1e-12 for the squares of every activation in the catalogue and of its
    derivative.

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
    z, weights = _quadrature(math.sqrt(variance), kinks)
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
    squares = _weighted_squares(_activation(activation), std)
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
    signal, slope = second_moments(activation)
    return 1.0 / math.sqrt(signal if keep == "signal" else slope)


def batch_norm_factor(activation: str | Activation) -> float:
    """Return the factor on the gradient, per layer, in a deep network with batch normalisation.

    For a plain network (no skip connections), dense layer, normalisation and
    activation in turn, at initialisation, with wide layers and large batches::

        sqrt(E f'(z)**2 / Var f(z)),    z standard normal

    going back. A dense layer multiplies the gradient's second moment by n Var W
    and the activation by E f'(z)**2; the normalisation divides by the variance
    of its input, n Var W Var f(z), because the mean over the batch is taken out.
    The weights cancel. The result is at least 1 for every f, by the inequality of
    Poincaré for the normal distribution: the gradient never vanishes and, unless
    f is linear, explodes.

    Source: Yang et al. (2019), arXiv:1902.08129, who prove the growth for finite
    batches.

    Parameters
    ----------
    activation : str or Activation

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If the activation is unknown.

    Examples
    --------
    For ReLU, sqrt(pi / (pi - 1)):

    >>> round(batch_norm_factor("relu"), 4)
    1.2112
    """
    f = _activation(activation)
    signal, slope = second_moments(f)
    mean = normal_mean(f, 1.0, tuple(f.kinks))
    return math.sqrt(slope / (signal - mean**2))


def backward_factor(width: int, weight_variance: float, slope: float) -> float:
    """Return what one layer multiplies the gradient by on the way back.

    sqrt(width * Var W * E f'(z)**2), a factor for the root mean square of dLoss/dz.

    Parameters
    ----------
    width : int
        How many units the gradient comes from (the fan-out of the weights).
    weight_variance : float
        Var W.
    slope : float
        E f'(z)**2, the second result of `second_moments`.

    Returns
    -------
    float
        Below 1 the gradient vanishes, above 1 it explodes.

    Raises
    ------
    TypeError, ValueError
        If a number is negative or not finite.

    Examples
    --------
    ReLU with the weights of He et al. keeps it:

    >>> backward_factor(width=100, weight_variance=2 / 100, slope=0.5)
    1.0
    """
    width = checks.count("width", width)
    weight_variance = checks.number("weight_variance", weight_variance, low=0.0)
    slope = checks.number("slope", slope, low=0.0)
    return root_of_product(width, weight_variance, slope)


@dataclass(frozen=True, eq=False)
class MeanField:
    """What theory says about each hidden layer, first layer first.

    Attributes
    ----------
    variance : ndarray, shape (layers,)
        Of the pre-activations z: fan_in * Var W times the second moment of what
        comes in. It is the square of the standard deviation, with which the theory
        goes on where float64 cannot hold the square.
    signal : ndarray, shape (layers,)
        Root mean square of the output, sqrt(E f(z)**2).
    gradient : ndarray, shape (layers,)
        Root mean square of dLoss/dz, relative to that of the last hidden layer.
    """

    variance: NDArray[np.float64]
    signal: NDArray[np.float64]
    gradient: NDArray[np.float64]

    @property
    def rate(self) -> float:
        """Slope of log10 of the gradient per layer, as `GradientFlow.rate`."""
        return slope_per_layer(self.gradient)

    @property
    def backward_factor(self) -> float:
        """What a layer multiplies the gradient by on the way back, 10**(-rate)."""
        return factor_per_layer(self.rate)


def mean_field(
    sizes: Sequence[int],
    activation: str | Activation,
    init: str | Initialiser,
    input_second_moment: float = 1.0,
) -> MeanField:
    """Predict signal and gradient in each hidden layer of an `MLP` at initialisation.

    Forward, from E h_0**2 = `input_second_moment`::

        q_l = fan_in_l Var W_l E h_(l-1)**2
        E h_l**2 = E f(sqrt(q_l) z)**2,   z standard normal

    Backward::

        E delta_l**2 = fan_out_(l+1) Var W_(l+1) E f'(sqrt(q_l) z)**2 E delta_(l+1)**2

    Parameters
    ----------
    sizes, activation, init
        As for `MLP`; at least one hidden layer, and weights of mean zero.
    input_second_moment : float
        Mean of the squares of the input's entries; 1 for standardised data.

    Returns
    -------
    MeanField

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above.

    Notes
    -----
    Biases are zero. The prediction is an average over networks; one narrow deep
    network scatters around it, and the more so the deeper it is.

    Examples
    --------
    A sigmoid loses most of the gradient in every layer, even with these weights:

    >>> prediction = mean_field([64] + [100] * 10 + [10], "sigmoid", "glorot")
    >>> round(prediction.backward_factor, 1)
    0.2
    """
    sizes = checks.sizes(sizes)
    if len(sizes) < 3:
        raise ValueError(f"sizes must name at least one hidden layer, not {list(sizes)}")
    f, recipe = _activation(activation), initialiser(init)
    moment = checks.number("input_second_moment", input_second_moment, low=0.0)
    weight_std = [recipe.deviation(*fans) for fans in zip(sizes, sizes[1:])]
    if isinstance(recipe, Constant) and recipe.value != 0:
        raise ValueError(f"the theory needs weights of mean zero, not {recipe}")

    # Roots, not squares: those leave the range of float64 at half the depth.
    std, signal, slope = [], [], []
    incoming, silent = math.sqrt(moment), moment == 0
    for number, (fan_in, of_weights) in enumerate(zip(sizes[:-2], weight_std), start=1):
        std.append(math.sqrt(fan_in) * of_weights * incoming)
        if std[-1] > MOST_STD:
            raise ValueError(
                f"sizes must end before the signal explodes: with {recipe} the pre-activations "
                f"of hidden layer {number} have a standard deviation above {MOST_STD:g}"
            )
        silent = of_weights == 0 or (silent and incoming == 0)
        near = std[-1] if silent else max(std[-1], LEAST_STD)
        incoming, root_slope = (
            float(times_power(math.sqrt(total), k)) for total, k in _weighted_squares(f, near)
        )
        if std[-1] < near:  # so close to 0, f(z) - f(0) is proportional to z on either side
            incoming = max(abs(float(f(0.0))), incoming * (std[-1] / near))
        signal.append(incoming)
        slope.append(root_slope)

    gradient = [1.0]
    for layer in range(len(signal) - 2, -1, -1):
        factor = math.sqrt(sizes[layer + 2]) * weight_std[layer + 1] * slope[layer]
        gradient.append(gradient[-1] * factor)
    with np.errstate(over="ignore"):
        return MeanField(np.square(std), np.array(signal), np.array(gradient[::-1]))


def slope_per_layer(norms: ArrayLike) -> float:
    """Return the least-squares slope of log10 of a norm per layer.

    Parameters
    ----------
    norms : array_like, shape (layers,)
        Zeros and infinities have no finite logarithm and are left out.

    Returns
    -------
    float
        NaN if fewer than two layers remain.

    Raises
    ------
    TypeError, ValueError
        If the norms are not real numbers in one dimension.

    Examples
    --------
    >>> round(slope_per_layer([0.001, 0.01, 0.1]), 12)
    1.0
    """
    norms = checks.floats("norms", norms, np.float64)
    if norms.ndim != 1:
        raise ValueError(f"norms must have one dimension, not shape {norms.shape}")
    layers = np.flatnonzero((norms > 0) & np.isfinite(norms))
    if len(layers) < 2:
        return math.nan
    centred = layers - layers.mean()
    return float(centred @ np.log10(norms[layers]) / (centred @ centred))


def factor_per_layer(rate: float) -> float:
    """Return 10**(-rate): what a layer multiplies the gradient by on the way back.

    Parameters
    ----------
    rate : float
        Slope of log10 of the gradient per layer, as `slope_per_layer` returns it.

    Returns
    -------
    float
        Infinite or 0 where float64 cannot hold it; NaN if the rate is.

    Examples
    --------
    >>> factor_per_layer(1.0), factor_per_layer(-400.0)
    (0.1, inf)
    """
    with np.errstate(over="ignore"):
        return float(np.power(10.0, -rate))


def _quadrature(std: float, kinks: Sequence[float]) -> tuple[NDArray, NDArray]:
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


def _weighted_squares(f: Activation, std: float) -> list[tuple[float, int]]:
    """Return E f(z)**2 and E f'(z)**2 as `sum_of_squares` does."""
    z, weights = _quadrature(std, tuple(f.kinks))
    roots = np.sqrt(weights)
    return [sum_of_squares(roots * values) for values in (f(z), f.derivative(z))]


def error_flow_bound(weight: ArrayLike, steps: ArrayLike, steepest: float = 0.25) -> NDArray:
    """Bound a single entry of the gradient through time, as Hochreiter did.

    In a recurrent layer, no derivative of one unit's pre-activation with respect
    to another's, q steps before, is larger in size than::

        n (steepest A)**q

    with n units, `steepest` the largest slope of the activation, and A the
    largest sum of |weights| that lead into one unit.

    Parameters
    ----------
    weight : array_like, shape (n, n)
        U, as in `RNNLayer`: its columns lead into the units.
    steps : array_like of int
        q, at least 0.
    steepest : float
        0.25 for the sigmoid, 1 for tanh.

    Returns
    -------
    ndarray
        The bound for each q.

    Raises
    ------
    TypeError, ValueError
        If the weights are not a square matrix of finite numbers, or a number of
        steps is negative.

    Notes
    -----
    Source: Hochreiter and Schmidhuber (1997), section 3.1, who outline the
    analysis of Hochreiter (1991) and call the bound weak. If every |weight| is
    below 4/n, it falls to 0 for logistic units.

    Examples
    --------
    >>> error_flow_bound([[1.0, 0.5], [0.0, 1.0]], [0, 1, 2])
    array([2.     , 0.75   , 0.28125])
    """
    u, steps, steepest = _through_time(weight, steps, steepest)
    with np.errstate(over="ignore"):
        return len(u) * (steepest * _matrix_norm(u, 1)) ** steps


def jacobian_bound(weight: ArrayLike, steps: ArrayLike, steepest: float = 1.0) -> NDArray:
    """Bound the norm of the Jacobian of a plain recurrent layer over several steps.

    The largest singular value of dh_t/dh_(t-q) is at most::

        (steepest s)**q

    with s the largest singular value of U. Where ``steepest * s < 1`` the gradient
    vanishes: that is sufficient. Where it is above 1, the gradient may explode and
    may as well vanish: that is only necessary for exploding.

    Parameters
    ----------
    weight : array_like, shape (n, n)
        U, as in `RNNLayer`.
    steps : array_like of int
        q, at least 0.
    steepest : float
        The largest slope of the activation: 1 for tanh and ReLU, 0.25 for the sigmoid.

    Returns
    -------
    ndarray
        The bound for each q.

    Raises
    ------
    TypeError, ValueError
        As for `error_flow_bound`.

    Notes
    -----
    Source: Pascanu, Mikolov and Bengio (2013), arXiv:1211.5063, section 2.1. The
    paper writes of the largest eigenvalue; its proof bounds a norm, and for
    matrices that are not normal only the singular value will do.

    Examples
    --------
    >>> jacobian_bound([[0.0, 2.0], [0.0, 0.0]], [1, 2])
    array([2., 4.])
    """
    u, steps, steepest = _through_time(weight, steps, steepest)
    with np.errstate(over="ignore"):
        return (steepest * _matrix_norm(u, 2)) ** steps


def _through_time(
    weight: ArrayLike, steps: ArrayLike, steepest: float
) -> tuple[NDArray, NDArray, float]:
    u = checks.floats("weight", weight, np.float64)
    if u.ndim != 2 or u.shape[0] != u.shape[1] or not u.size or not np.isfinite(u).all():
        raise ValueError(f"weight must be a square matrix of finite numbers, not shape {u.shape}")
    q = checks.floats("steps", steps, np.float64)
    if not ((q >= 0) & (q == np.floor(q)) & np.isfinite(q)).all():
        raise ValueError(f"steps must be whole numbers from 0 on, not {steps!r}")
    return u, q, checks.number("steepest", steepest, low=0.0)


def _matrix_norm(u: NDArray, order: int) -> np.float64:
    k = exponent(u)
    return times_power(np.linalg.norm(times_power(u, -k), order), k)


def escape_width(weight: ArrayLike) -> NDArray[np.float64]:
    """Return how wide a range of inputs keeps one sigmoid unit from shrinking the gradient.

    In a chain of single units a layer multiplies the gradient by w s'(w a + b),
    s the sigmoid. As s' is at most 1/4, this reaches 1 only if |w| >= 4, and
    then, whatever the bias, for inputs a in one interval of width::

        (4 / |w|) arcosh(sqrt(|w|) / 2)

    Parameters
    ----------
    weight : array_like
        w, any shape.

    Returns
    -------
    ndarray, same shape
        The width; 0 where the weight is too small.

    Raises
    ------
    TypeError, ValueError
        If the weights are not finite real numbers.

    Notes
    -----
    From s'(u) = 1 / (4 cosh(u/2)**2). The question is Nielsen's, Neural Networks
    and Deep Learning (2015), chapter 5.

    Examples
    --------
    >>> escape_width([3.0, 4.0, 7.0]).round(2)
    array([0.  , 0.  , 0.45])
    """
    w = np.abs(checks.floats("weight", weight, np.float64))
    if not np.isfinite(w).all():
        raise ValueError("weight must be finite, but holds NaN or infinity")
    w = np.maximum(w, 4.0)
    return 4.0 / w * np.arcsinh(np.sqrt(w - 4.0) / 2.0)  # arcosh(y) = arsinh(sqrt(y**2 - 1))


def _activation(activation: str | Activation) -> Activation:
    return activation if isinstance(activation, Activation) else find_activation(activation)
