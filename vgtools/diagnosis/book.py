"""A network of this book, followed forward and back."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.diagnosis.trace import Point, Steps, Trace, Units, Weights
from vgtools.diagnostics import SATURATED_BELOW, walk_back
from vgtools.networks import (
    ActivationLayer,
    BatchNorm,
    Dense,
    Layer,
    Network,
    Residual,
    checks,
    losses,
)
from vgtools.networks.network import Chain
from vgtools.networks.norms import norm, root_mean_square, times_power


def follow_network(network: Network, batch: tuple, loss: str | Callable) -> Trace:
    """Go forward and back once, as in a step of training, on a copy of the network.

    Parameters
    ----------
    network : Network
        An `MLP`, a `ResidualMLP`, or a recurrent network.
    batch : (x, y)
        Inputs, and what the loss needs.
    loss : str or callable
        See `vgtools.networks.losses.loss`.

    Returns
    -------
    Trace

    Raises
    ------
    TypeError, ValueError
        If the batch or the loss does not fit.
    """
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise TypeError(f"batch must be a pair (inputs, targets), not {type(batch).__name__}")
    network = copy.deepcopy(network)
    x, y = network.check_input("x", batch[0]), checks.as_array("y", batch[1])
    logits = network.forward(x, training=True)
    value, gradient = losses.loss(loss)(logits, y)
    limits = np.finfo(network.dtype)
    found = _chain(network, gradient) if isinstance(network, Chain) else _recur(network, gradient)
    return Trace(
        model=type(network).__name__,
        framework="this book",
        precision=str(network.dtype),
        least=float(limits.smallest_subnormal),
        most=float(limits.max),
        samples=x.shape[network.batch_axis],
        loss=float(value),
        input_mean_square=root_mean_square(x) ** 2,
        **found,
    )


def _chain(network: Chain, gradient: NDArray) -> dict[str, object]:
    points: list[Point] = []
    behind: list[Layer] = []  # what stands between a point and the next one
    with np.errstate(all="ignore"):  # what the network's float type cannot hold is measured
        for layer, arriving, k in walk_back(network, gradient):
            if isinstance(layer, (Dense, Residual)):
                points.append(_point(network, layer, arriving, k, behind))
                behind = []
            else:
                behind.insert(0, layer)
    normalised = any(isinstance(layer, BatchNorm) for layer in network.layers)
    output, *hidden = points
    return {
        "points": tuple(hidden[::-1]),
        "output_gradient": output.entry,
        "units": tuple(_units(network)),
        "normalised": normalised,
    }


def _point(network: Chain, layer: Layer, arriving: NDArray, k: int, behind: list[Layer]) -> Point:
    scale = k * math.log10(2)
    with np.errstate(divide="ignore"):
        norms = np.log10(np.linalg.norm(arriving, axis=1)) + scale
        entry = float(np.log10(root_mean_square(arriving))) + scale
    place = 1 + [each for each in network.layers if isinstance(each, type(layer))].index(layer)
    plain = isinstance(layer, Dense)
    matrix = layer.weight.value if plain else layer.branch[-1].parameters()[0].value
    inputs = layer.input if plain else None
    return Point(
        f"dense {place}" if plain else f"block {place}",
        norms,
        entry,
        root_mean_square(layer.forward(inputs)) if plain else root_mean_square(layer.output),
        min(matrix.shape),
        float(times_power(norm(inputs.T @ arriving), k)) if plain else math.nan,
        operations=tuple(map(_operation, behind)),
        weights=_weights(layer) if plain else None,
    )


def _weights(layer: Dense) -> Weights:
    return Weights(
        *layer.weight.value.shape,
        root_mean_square(layer.weight.value) ** 2,
        root_mean_square(layer.bias.value) ** 2,
    )


def _operation(layer: Layer) -> str:
    """Name an activation that has the parameters of the catalogue; "?" is anything else."""
    activation = getattr(layer, "activation", None)
    if type(layer) is not ActivationLayer or not isinstance(activation, Activation):
        return "?"
    same = repr(activation) == repr(find_activation(activation.name))
    return activation.name if same else "?"


def _units(network: Chain) -> Iterator[Units]:
    for number, layer in enumerate(network.hidden, start=1):
        name, h = layer.activation.name, layer.output
        shown = f"activation {number}"
        if name == "relu":
            yield Units(shown, name, h.shape[1], dead=float(np.mean((h == 0).all(axis=0))))
        elif name in ("tanh", "sigmoid"):
            steepest = {"tanh": 1.0, "sigmoid": 0.25}[name]
            share = float(np.mean(layer.derivative() < SATURATED_BELOW * steepest))
            yield Units(shown, name, h.shape[1], saturated=share)


def _recur(network: Network, gradient: NDArray) -> dict[str, object]:
    network.backward(gradient)
    with np.errstate(divide="ignore"):
        norms = np.log10(np.linalg.norm(network.layer.state_gradients[1:], axis=2))
        entry = float(np.log10(root_mean_square(gradient)))
    steps = Steps(type(network.layer).__name__, norms.astype(float), network.layer.hidden)
    return {"steps": (steps,), "output_gradient": entry}
