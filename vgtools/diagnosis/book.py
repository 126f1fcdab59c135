"""A network of this book, followed forward and back."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.diagnosis.step_findings import first_step
from vgtools.diagnosis.trace import Point, Steps, Trace, Units, Update, Weights
from vgtools.diagnostics import SATURATED_BELOW, walk_back
from vgtools.networks import (
    SGD,
    ActivationLayer,
    Adam,
    BatchNorm,
    Dense,
    Layer,
    Network,
    Optimiser,
    Residual,
    checks,
    losses,
)
from vgtools.networks.network import Chain
from vgtools.networks.norms import norm, root_mean_square, times_power
from vgtools.networks.recurrent import GRULayer, LSTMLayer, RecurrentLayer
from vgtools.networks.shortcuts import NoShortcut


def follow_network(
    network: Network, batch: tuple, loss: str | Callable, optimizer: Optimiser | None = None
) -> Trace:
    """Go forward and back once, as in a step of training, on a copy of the network.

    Parameters
    ----------
    network : Network
        An `MLP`, a `ResidualMLP`, or a recurrent network.
    batch : (x, y)
        Inputs, and what the loss needs.
    loss : str or callable
        See `vgtools.networks.losses.loss`.
    optimizer : Optimiser, optional
        Whose first step is compared with the weights: `SGD` or `Adam`.

    Returns
    -------
    Trace

    Raises
    ------
    TypeError, ValueError
        If the batch, the loss or the optimiser does not fit.
    """
    if not isinstance(optimizer, (SGD, Adam, type(None))):
        raise TypeError(
            "optimizer must be vgtools.networks.SGD or Adam for a network of this book, "
            f"not {type(optimizer).__name__}"
        )
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise TypeError(f"batch must be a pair (inputs, targets), not {type(batch).__name__}")
    network = copy.deepcopy(network)
    x, y = network.check_input("x", batch[0]), checks.as_array("y", batch[1])
    logits = network.forward(x, training=True)
    value, gradient = losses.loss(loss)(logits, y)
    limits = np.finfo(network.dtype)
    follow = _chain if isinstance(network, Chain) else _recur
    found, gradients = follow(network, gradient)
    if optimizer is not None:
        rule = type(optimizer).__name__
        found["optimizer"] = f"{rule} with learning rate {optimizer.learning_rate:g}"
        found["updates"] = tuple(_updates(network, optimizer, gradients))
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


Gradients = dict[str, NDArray]
"""The gradient of each parameter by its name."""


def _updates(network: Network, optimizer: Optimiser, gradients: Gradients) -> Iterator[Update]:
    for parameter in network.parameters():
        weights, gradient = parameter.value, gradients[parameter.name]
        if weights.ndim < 2 or not weights.any() or not gradient.any():
            continue
        epsilon = getattr(optimizer, "epsilon", 0.0)
        step = first_step(type(optimizer).__name__, optimizer.learning_rate, epsilon, gradient)
        same = (weights - step).astype(weights.dtype) == weights
        yield Update(
            parameter.name.removesuffix(" weight"),
            norm(step) / norm(weights),
            float(np.mean(same[gradient != 0])),
        )


def _chain(network: Chain, gradient: NDArray) -> tuple[dict[str, object], Gradients]:
    points: list[Point] = []
    gradients: Gradients = {}
    behind: list[Layer] = []  # what stands between a point and the next one
    with np.errstate(all="ignore"):  # what the network's float type cannot hold is measured
        for layer, arriving, k in walk_back(network, gradient):
            for parameter in layer.parameters():
                gradients[parameter.name] = times_power(parameter.gradient.astype(float), k)
            if isinstance(layer, (Dense, Residual)):
                points.append(_point(network, layer, arriving, k, behind))
                behind = []
            else:
                behind.insert(0, layer)
    normalised = any(isinstance(layer, BatchNorm) for layer in network.layers)
    output, *hidden = points
    found = {
        "points": tuple(hidden[::-1]),
        "output_gradient": output.entry,
        "units": tuple(_units(network)),
        "normalised": normalised,
    }
    return found, gradients


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
        shortcut=not plain and not isinstance(layer.shortcut, NoShortcut),
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
    number, dense, before = 0, 0, None
    for layer in network.layers:
        if isinstance(layer, Dense):
            before, dense = layer, dense + 1
        if not isinstance(layer, ActivationLayer):
            continue
        number += 1
        name, h = layer.activation.name, layer.output
        shown = f"activation {number}"
        if name == "relu":
            dead, silent = (float(np.mean((h == 0).all(axis=axis))) for axis in (0, 1))
            fed = {} if before is None else _fed(before, f"dense {dense}", layer.pre_activation)
            yield Units(shown, name, h.shape[1], dead=dead, silent=silent, **fed)
        elif name in ("tanh", "sigmoid"):
            steepest = {"tanh": 1.0, "sigmoid": 0.25}[name]
            share = float(np.mean(layer.derivative() < SATURATED_BELOW * steepest))
            fed = {} if before is None else _entering(before, f"dense {dense}")
            yield Units(shown, name, h.shape[1], saturated=share, **fed)


def _entering(before: Dense, name: str) -> dict[str, object]:
    """Say how large the numbers are that go into the layer in front of an activation."""
    mean = float(np.mean(before.input))
    return {"before": name, "entering": root_mean_square(before.input), "entering_mean": mean}


def _fed(before: Dense, name: str, values: NDArray) -> dict[str, object]:
    """Describe what the layer in front of an activation gives to it."""
    with np.errstate(all="ignore"):
        return {
            "before": name,
            "bias": float(np.mean(before.bias.value)),
            "mean": float(np.mean(values)),
            "spread": float(np.std(values)),
        }


def _recur(network: Network, gradient: NDArray) -> tuple[dict[str, object], Gradients]:
    network.backward(gradient)
    layer = network.layer
    with np.errstate(divide="ignore"):
        norms = np.log10(np.linalg.norm(layer.state_gradients[1:], axis=2))
        entry = float(np.log10(root_mean_square(gradient)))
    cell = type(layer).__name__.removesuffix("Layer")
    steps = Steps(cell, norms.astype(float), layer.hidden, cell, _keeping_bias(layer))
    gradients = {parameter.name: parameter.gradient for parameter in network.parameters()}
    return {"steps": (steps,), "output_gradient": entry}, gradients


def _keeping_bias(layer: RecurrentLayer) -> float:
    """Return the mean bias of the gate that keeps the state, the second block of its layer."""
    gated = isinstance(layer, GRULayer) or (isinstance(layer, LSTMLayer) and layer.forget_gate)
    return float(np.mean(layer.bias.value[layer.hidden : 2 * layer.hidden])) if gated else math.nan
