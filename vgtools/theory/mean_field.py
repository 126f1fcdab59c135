"""Second moments of signal and gradient through the layers of a wide network.

Glorot and Bengio (2010) and He et al. (2015) follow them, with approximations of the
activation; Poole et al. (2016, arXiv:1606.05340) and Schoenholz et al. (2017,
arXiv:1611.01232) with the exact integral over it, as here. The predictions hold for wide
layers with independent weights of mean zero, at initialisation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.networks import Initialiser, checks, initialiser
from vgtools.networks.initialisers import Constant
from vgtools.networks.norms import root_of_product, times_power
from vgtools.theory.moments import normal_mean, weighted_squares

LEAST_STD, MOST_STD = 1e-300, 1e300
"""Standard deviations of z between which the integrals are taken. Below, every activation is
a line on either side of 0."""


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
    f = find_activation(activation)
    (signal, k), (slope, k_slope) = weighted_squares(f, 1.0)
    mean = float(times_power(normal_mean(f, 1.0, tuple(f.kinks)), -k))
    return float(times_power(math.sqrt(slope / (signal - mean**2)), k_slope - k))


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
    f, recipe = find_activation(activation), initialiser(init)
    moment = checks.number("input_second_moment", input_second_moment, low=0.0)
    weight_std = [recipe.deviation(*fans) for fans in zip(sizes, sizes[1:])]
    if isinstance(recipe, Constant) and recipe.value != 0:
        raise ValueError(f"the theory needs weights of mean zero, not {recipe}")

    # The roots of the moments are kept: the moments leave the range of float64 at half the depth.
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
            float(times_power(math.sqrt(total), k)) for total, k in weighted_squares(f, near)
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
