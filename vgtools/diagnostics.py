"""What a network is doing, layer by layer: the signal forward, the gradient back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.activations import Activation
from vgtools.networks import MLP, losses
from vgtools.theory import slope_per_layer

SATURATED_BELOW = 0.05
"""A unit counts as saturated where |f'(z)| is below this share of its maximum."""


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """One number per hidden layer, first layer first, in arrays of shape (layers,).

    Written for n samples, a layer with m units, its pre-activations z, outputs
    h = f(z), and the loss, a mean over the samples.

    Attributes
    ----------
    signal : ndarray
        Root mean square of h over samples and units.
    gradient : ndarray
        Root mean square of n * dLoss/dz over samples and units: what one unit
        hears from the loss of one sample. The factor n undoes the mean in the
        loss, the mean over units the width, so that batches of any size and
        layers of any width compare.
    bias_gradient : ndarray
        Euclidean norm of dLoss/db, which is the sum of dLoss/dz over samples:
        the speed at which a layer starts to learn in the figures of Nielsen,
        Neural Networks and Deep Learning (2015), chapter 5.
    weight_gradient : ndarray
        Euclidean (Frobenius) norm of dLoss/dW of the weights that lead into
        the layer.
    saturation : ndarray
        Share of all (sample, unit) pairs where |f'(z)| is below 5 % of the
        maximum of |f'|. A ReLU is saturated in this sense wherever it is off.
    dead_units : ndarray
        Share of units whose output h and gradient dLoss/dz are both exactly 0
        for every sample: they say nothing, and nothing will change them.

    Examples
    --------
    See `gradient_flow`.
    """

    signal: NDArray
    gradient: NDArray
    bias_gradient: NDArray
    weight_gradient: NDArray
    saturation: NDArray
    dead_units: NDArray

    @property
    def rate(self) -> float:
        """Slope of log10 of `gradient` per layer, by least squares.

        Positive where the gradient vanishes on its way back to the first layer,
        negative where it explodes. Layers without any gradient are left out; NaN
        if fewer than two remain.
        """
        return slope_per_layer(self.gradient)

    @property
    def backward_factor(self) -> float:
        """What a layer multiplies the gradient by on the way back, 10**(-rate)."""
        return 10.0**-self.rate


def gradient_flow(
    network: MLP, x: ArrayLike, y: ArrayLike, loss: str | losses.Loss = "cross_entropy"
) -> GradientFlow:
    """Send samples forward and the loss back, and measure every hidden layer.

    Parameters
    ----------
    network : MLP
        With at least one hidden layer. Its weights do not change; its gradients
        are those of this loss afterwards.
    x : array_like, shape (n, features)
    y : array_like
        What the loss needs: class labels of shape (n,), or targets.
    loss : str or callable
        See `vgtools.networks.losses.loss`.

    Returns
    -------
    GradientFlow

    Raises
    ------
    TypeError, ValueError
        If the network has no hidden layer or the data do not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 20)), rng.integers(10, size=100)
    >>> flow = gradient_flow(MLP([20] + [50] * 5 + [10], "sigmoid", "lecun"), x, y)
    >>> bool(flow.gradient[0] < 0.01 * flow.gradient[-1])
    True
    >>> round(flow.backward_factor, 1)
    0.2
    """
    if not isinstance(network, MLP):
        raise TypeError(f"network must be an MLP, not {type(network).__name__}")
    if not network.hidden:
        raise ValueError(f"network must have at least one hidden layer, not {network}")
    logits = network.forward(x)
    _, gradient = losses.loss(loss)(logits, np.asarray(y))
    network.backward(gradient)

    columns = []
    for dense, layer in zip(network.dense, network.hidden):
        h, delta = layer.output, layer.delta
        slope = np.abs(layer.activation.derivative(layer.pre_activation))
        threshold = SATURATED_BELOW * _steepest(layer.activation)
        columns.append(
            (
                _root_mean_square(h),
                len(h) * _root_mean_square(delta),
                np.linalg.norm(dense.bias.gradient),
                np.linalg.norm(dense.weight.gradient),
                np.mean(slope < threshold),
                np.mean(((h == 0) & (delta == 0)).all(axis=0)),
            )
        )
    return GradientFlow(*np.array(columns, float).T)


def _root_mean_square(values: NDArray) -> float:
    # Scaled by the largest entry: the square of a tiny gradient would underflow.
    largest = np.abs(values).max()
    if largest == 0 or not np.isfinite(largest):
        return float(largest)
    return float(largest * np.sqrt(np.mean(np.square(values / largest))))


def _steepest(activation: Activation) -> float:
    return float(np.abs(activation.derivative(np.linspace(-20.0, 20.0, 4001))).max())
