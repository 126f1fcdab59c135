"""What a network is doing, layer by layer: the signal forward, the gradient back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.activations import Activation
from vgtools.networks import (
    FORMATS,
    MLP,
    ActivationLayer,
    Dense,
    Layer,
    Residual,
    ResidualMLP,
    checks,
    losses,
    rounded,
)
from vgtools.networks.norms import exponent, mean, norm, root_mean_square, times_power
from vgtools.theory import factor_per_layer, slope_per_layer

SATURATED_BELOW = 0.05
"""A unit counts as saturated where |f'(z)| is below this share of its maximum."""


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """One number per hidden layer, first layer first, in float64 arrays of shape (layers,).

    Written for n samples, a layer with m units, its pre-activations z, outputs
    h = f(z), and the loss, a mean over the samples. Of a `ResidualMLP` it is one number per
    block, for what the block returns, x_l: see the notes.

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

    Notes
    -----
    A gradient may be smaller, or larger, than any number of the network's float type:
    the numbers here are right nevertheless, as long as float64 holds them. Below 2e-308
    they lose digits, below 5e-324 they are 0, and above 1.8e308 infinite.

    For block l of a `ResidualMLP`,

    - `signal` is the root mean square of x_l, and `gradient` that of n * dLoss/dx_l: there
      is no activation behind a block, so that x_l takes the places of h and of z;
    - `bias_gradient` and `weight_gradient` are the norms over all dense layers of the branch
      together, as far as the network's float type holds their gradients; they are 0 where
      the shortcut lets nothing of the branch through, as ReZero does at the start;
    - `saturation` and `dead_units` are shares of all units of the branch's activations.

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
        return factor_per_layer(self.rate)


def factor_back(gradients: ArrayLike) -> NDArray[np.floating]:
    """Return what a layer multiplies the gradient by on its way back, from the two ends alone.

    It is the geometric mean over the layers. `GradientFlow.backward_factor` fits a line to
    all of them instead.

    Parameters
    ----------
    gradients : array_like, shape (..., layers)
        Norms of the gradient, first layer first, of two layers at least. Those of the first
        and the last layer are positive.

    Returns
    -------
    ndarray, shape (...)
        Below 1 where the gradient vanishes on its way back, above 1 where it explodes.

    Raises
    ------
    TypeError, ValueError
        If the gradients are not real numbers, or an end is missing or not positive.

    Examples
    --------
    >>> round(float(factor_back([0.01, 0.1, 1.0])), 12)
    0.1
    """
    gradients = checks.floats("gradients", gradients, np.float64)
    if gradients.ndim == 0 or gradients.shape[-1] < 2:
        raise ValueError(f"gradients needs two layers or more, not shape {gradients.shape}")
    first, last = gradients[..., 0], gradients[..., -1]
    if not (np.isfinite(first) & (first > 0) & np.isfinite(last) & (last > 0)).all():
        raise ValueError("gradients must be positive and finite in the first and the last layer")
    share = 1 / (gradients.shape[-1] - 1)
    with np.errstate(over="ignore", under="ignore"):
        ratio = first / last
        # The ratio itself may leave the range, or lose digits at its lower end.
        fits = (ratio >= np.finfo(np.float64).tiny) & np.isfinite(ratio)
        return np.where(fits, ratio, 1.0) ** share * np.where(fits, 1.0, first**share / last**share)


def gradient_flow(
    network: MLP | ResidualMLP,
    x: ArrayLike,
    y: ArrayLike,
    loss: str | losses.Loss = "cross_entropy",
    training: bool = False,
) -> GradientFlow:
    """Send samples forward and the loss back, and measure every hidden layer, or every block.

    Parameters
    ----------
    network : MLP or ResidualMLP
        With at least one hidden layer. Its weights do not change; its gradients
        are those of this loss afterwards, as far as its float type holds them.
    x : array_like, shape (n, features)
    y : array_like
        What the loss needs: class labels of shape (n,), or targets.
    loss : str or callable
        See `vgtools.networks.losses.loss`.
    training : bool
        Whether batch normalisation uses these samples, which moves its running
        statistics, and RReLU draws its slopes, as in a step of training.

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
    _check(network)
    logits = network.forward(x, training)
    _, gradient = losses.loss(loss)(logits, checks.as_array("y", y))

    measure = _of_layers if isinstance(network, MLP) else _of_blocks
    with np.errstate(all="ignore"):  # what the network's float type cannot hold is measured
        rows = measure(network, gradient)
        network.backward(gradient)
    return GradientFlow(**{name: np.array([row[name] for row in rows[::-1]]) for name in rows[0]})


def census(network: MLP | ResidualMLP, x: ArrayLike, training: bool = False) -> dict[str, NDArray]:
    """Count what the hidden units do with a set of samples.

    Made to be watched while a network learns::

        vg.train(network, x, y, record=lambda network: vg.census(network, x))

    Parameters
    ----------
    network : MLP or ResidualMLP
        With at least one hidden layer. Its weights and gradients do not change. In a
        residual network, each activation of a branch is a layer.
    x : array_like, shape (n, features)
    training : bool
        As for `gradient_flow`.

    Returns
    -------
    dict of str to ndarray, each of shape (layers,)
        ``"dead"``: share of units whose slope f'(z) is exactly 0 for every
        sample, so that no gradient of these samples passes. ``"saturated"``: as
        in `GradientFlow`. ``"zero"``: share of outputs that are exactly 0.
        ``"mean"``: mean of the outputs over samples and units.
        ``"median_mean"``: median, over the units, of a unit's mean output.

    Raises
    ------
    TypeError, ValueError
        If the network has no hidden layer or the data do not fit.

    Examples
    --------
    About half the outputs of rectifiers are zero at the start:

    >>> x = np.random.default_rng(0).normal(size=(200, 20))
    >>> census(MLP([20, 400, 400, 10], "relu", "he"), x)["zero"].round(1)
    array([0.5, 0.5])
    """
    _check(network)
    network.forward(x, training)
    rows = []
    for layer in network.hidden:
        h = layer.output
        rows.append(
            {
                "dead": np.mean((layer.derivative() == 0).all(axis=0)),
                "saturated": _saturation(layer),
                "zero": np.mean(h == 0),
                "mean": mean(h),
                "median_mean": _median(mean(h, axis=0)),
            }
        )
    return {name: np.array([row[name] for row in rows], float) for name in rows[0]}


@dataclass(frozen=True, eq=False)
class Underflow:
    """What few digits leave of the gradient of the weights.

    Attributes
    ----------
    per_layer : ndarray, shape (dense layers,)
        Share of the entries of dLoss/dW that are not zero in the precision of
        the network and are zero in the format; first layer first. NaN where a layer
        has no such entry.
    total : float
        The same share over the entries of all layers.
    overflow : bool
        Whether any number on the way became infinite or NaN in the format.
    """

    per_layer: NDArray[np.float64]
    total: float
    overflow: bool


def gradient_underflow(
    network: MLP,
    x: ArrayLike,
    y: ArrayLike,
    scale: float = 1.0,
    loss: str | losses.Loss = "cross_entropy",
    number_format: str = "float16",
) -> Underflow:
    """Send the gradient back in a format with few digits and count what becomes zero.

    The forward pass keeps the precision of the network. On the way back, the
    gradient that leaves each layer is rounded to the format, as are the gradients
    of the weights. Multiplying the loss by `scale` multiplies all of them, which
    moves small ones away from zero: the smallest positive float16 is 2**-24.

    Parameters
    ----------
    network : MLP
        Its weights do not change; its gradients do.
    x : array_like, shape (n, features)
    y : array_like
        What the loss needs: class labels of shape (n,), or targets.
    scale : float
        At least 0.
    loss : str or callable
        See `vgtools.networks.losses.loss`.
    number_format : str
        A name of `vgtools.networks.FORMATS`, such as ``"float16"``.

    Returns
    -------
    Underflow

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above.

    Notes
    -----
    Source of the question and of the remedy: Micikevicius et al. (2018),
    arXiv:1710.03740.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 20)), rng.integers(10, size=100)
    >>> network = MLP([20] + [64] * 12 + [10], "sigmoid", "glorot")
    >>> plain, scaled = (gradient_underflow(network, x, y, scale) for scale in (1, 2**15))
    >>> plain.total > scaled.total, plain.overflow
    (True, False)
    """
    if not isinstance(network, MLP):
        raise TypeError(f"network must be an MLP, not {type(network).__name__}")
    scale = checks.number("scale", scale, low=0.0)
    checks.one_of("number_format", number_format, [*FORMATS])
    logits = network.forward(x)
    _, gradient = losses.loss(loss)(logits, checks.as_array("y", y))
    network.backward(gradient)
    exact = [dense.weight.gradient != 0 for dense in network.dense]

    overflow = False
    with np.errstate(all="ignore"):  # infinities that meet are reported, not warned about
        gradient = _in_format(scale * gradient, number_format)
        for layer in reversed(network.layers):
            gradient = _in_format(layer.backward(gradient), number_format)
            overflow = overflow or not np.isfinite(gradient).all()
        few = [_in_format(dense.weight.gradient, number_format) for dense in network.dense]
    overflow = overflow or not all(np.isfinite(values).all() for values in few)

    counts = np.array([there.sum() for there in exact], float)
    lost = np.array([((values == 0) & there).sum() for values, there in zip(few, exact)], float)
    with np.errstate(invalid="ignore"):
        return Underflow(lost / counts, float(lost.sum() / counts.sum()), bool(overflow))


def _of_layers(network: MLP, gradient: NDArray) -> list[dict[str, float]]:
    """Return the fields of `GradientFlow` for each hidden layer, the last layer first."""
    rows: list[dict[str, float]] = []
    for layer, arriving, k in walk_back(network, gradient):
        if isinstance(layer, ActivationLayer):
            h, delta = layer.output, layer.delta
            rows.append(
                {
                    "signal": root_mean_square(h),
                    "gradient": times_power(len(h) * root_mean_square(delta), k),
                    "saturation": _saturation(layer),
                    "dead_units": _dead(layer),
                }
            )
        elif isinstance(layer, Dense) and rows:  # all but the one that makes the logits
            rows[-1]["bias_gradient"] = times_power(norm(arriving.sum(axis=0)), k)
            of_input = exponent(layer.input)
            inputs = times_power(layer.input.astype(np.float64, copy=False), -of_input)
            rows[-1]["weight_gradient"] = times_power(norm(inputs.T @ arriving), of_input + k)
    return rows


def _of_blocks(network: ResidualMLP, gradient: NDArray) -> list[dict[str, float]]:
    """Return the fields of `GradientFlow` for each block, the last block first."""
    rows = []
    for block, arriving, k in walk_back(network, gradient):
        if isinstance(block, Residual):
            x, inside = block.output, block.inside()
            activations = [layer for layer in inside if isinstance(layer, ActivationLayer)]
            dense = [layer for layer in inside if isinstance(layer, Dense)]
            weights, biases = [each.weight for each in dense], [each.bias for each in dense]
            rows.append(
                {
                    "signal": root_mean_square(x),
                    "gradient": times_power(len(x) * root_mean_square(arriving), k),
                    "bias_gradient": times_power(norm(*(b.gradient for b in biases)), k),
                    "weight_gradient": times_power(norm(*(w.gradient for w in weights)), k),
                    "saturation": np.mean([_saturation(layer) for layer in activations]),
                    "dead_units": np.mean([_dead(layer) for layer in activations]),
                }
            )
    return rows


def _check(network: MLP | ResidualMLP) -> None:
    if not isinstance(network, (MLP, ResidualMLP)):
        raise TypeError(f"network must be an MLP or a ResidualMLP, not {type(network).__name__}")
    if not network.hidden:
        raise ValueError(f"network must have at least one hidden layer, not {network}")


def _in_format(values: NDArray, number_format: str) -> NDArray:
    return rounded(values, number_format).astype(values.dtype)


def _dead(layer: ActivationLayer) -> float:
    return np.mean(((layer.output == 0) & (layer.delta == 0)).all(axis=0))


def _saturation(layer: ActivationLayer) -> float:
    return np.mean(np.abs(layer.derivative()) < SATURATED_BELOW * _steepest(layer.activation))


def walk_back(
    network: MLP | ResidualMLP, gradient: NDArray
) -> Iterator[tuple[Layer, NDArray[np.float64], int]]:
    """Send a gradient back, and yield each layer, what arrives there, and k, the last first.

    What arrives is divided by 2**k, so that its largest entry is near 1 in every layer. The
    way back is linear, and a power of two rounds nothing: so the division neither changes a
    digit nor lets the gradient leave the range of the network's float type.
    """
    gradient, k = checks.floats("the gradient", gradient, np.float64), 0
    for layer in reversed(network.layers):
        step = exponent(gradient)
        gradient, k = times_power(gradient, -step), k + step
        back = layer.backward(gradient)
        yield layer, gradient.astype(np.float64, copy=False), k
        gradient = back


def _median(values: NDArray) -> float:
    with np.errstate(over="ignore"):
        middle = np.median(values)
    return middle if np.isfinite(middle) else 2 * np.median(values / 2)


def _steepest(activation: Activation) -> float:
    return float(np.abs(activation.derivative(np.linspace(-20.0, 20.0, 4001))).max())
