"""A network of this book, followed forward and back, and watched while it is trained."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.diagnosis.judging import power, together
from vgtools.diagnosis.trace import (
    Broken,
    Point,
    Steps,
    Trace,
    Units,
    Update,
    Weights,
    first_step,
    starts_near_zero,
)
from vgtools.diagnosis.watching import Moment, Rows
from vgtools.diagnostics import SATURATED_BELOW, walk_back
from vgtools.networks import (
    SGD,
    ActivationLayer,
    Adam,
    BatchNorm,
    Dense,
    Layer,
    LayerNorm,
    Network,
    Optimiser,
    Residual,
    RMSNorm,
    checks,
    losses,
)
from vgtools.networks.network import Chain
from vgtools.networks.norms import norm, root_mean_square, times_power
from vgtools.networks.recurrent import GRULayer, LSTMLayer, RecurrentLayer
from vgtools.networks.shortcuts import NoShortcut


def follow(
    network: Network, batch: tuple, loss: str | Callable, optimizer: Optimiser | None = None
) -> Trace:
    """Go forward and back once, as in a step of training, on a copy of the network.

    The parameters are those of `vgtools.diagnosis.diagnose`.
    """
    if not isinstance(optimizer, (SGD, Adam, type(None))):
        raise TypeError(
            "optimizer must be vgtools.networks.SGD or Adam for a network of this book, "
            f"not {type(optimizer).__name__}"
        )
    network = copy.deepcopy(network)
    x, y = network.check_input("x", batch[0]), checks.as_array("y", batch[1])
    with np.errstate(all="ignore"):  # what leaves the range of the float type is a finding
        logits, broken = _go_forward(network, x)
        if broken is None:
            value, gradient = losses.loss(loss)(logits, y)
            broken = None if math.isfinite(value) else Broken("the loss", "loss", 1.0)
    if broken is not None:
        return _trace(network, samples=y.shape[0], loss=math.nan, broken=broken)
    found = _chain(network, gradient)
    if found is None:
        network.backward(gradient)
        found = _recurrent(network, gradient)
    if optimizer is not None:
        rule = type(optimizer).__name__
        found.fields["optimizer"] = f"{rule} with learning rate {optimizer.learning_rate:g}"
        found.fields["updates"] = tuple(_updates(network, optimizer, found.exponents))
    mean_square = root_mean_square(x) ** 2
    return _trace(network, loss=float(value), input_mean_square=mean_square, **found.fields)


def _go_forward(network: Network, x: NDArray) -> tuple[NDArray, Broken | None]:
    """Return the output, and the first place where a number is not finite."""
    for parameter in network.parameters():
        if share := _not_finite(parameter.value):
            return x, Broken(parameter.name, "parameter", share)
    if not isinstance(network, Chain):
        output = network.forward(x, training=True)
        parts = zip(_layers(network), (network.layer.states, output))
        shares = ((name, _not_finite(part)) for name, part in parts)
        return output, next((Broken(name, "forward", s) for name, s in shares if s), None)
    names = {id(layer): name for name, layer in _layers(network).items()}
    name = "the input"
    for layer in network.layers:
        x = layer.forward(x, training=True)
        name = names.get(id(layer), f"what follows {name.removeprefix('what follows ')}")
        if share := _not_finite(x):
            return x, Broken(name, "forward", share)
    return x, None


def _not_finite(values: NDArray) -> float:
    return float(np.mean(~np.isfinite(values)))


class Watcher:
    """Measures every so many forward passes of a network, and changes nothing of the training.

    While it watches, the network's own `forward` and `backward` go through it. Copies of the
    network that are made meanwhile are not watched.
    """

    def __init__(self, network: Network, every: int) -> None:
        self.network, self.every = network, every
        self.title = f"{type(network).__name__} (this book)"
        self.moments: list[Moment] = []
        self.called: frozenset[str] = frozenset()  # every layer is called in every pass
        self.passes = 0
        self._before: list[NDArray] | None = None  # weights, while the step is awaited
        self._watched = False  # whether the last forward pass is
        self._replaced: dict[str, object] = {}

    def start(self) -> None:
        """Take the place of the network's two methods."""
        for name in ("forward", "backward"):
            self._replaced[name] = getattr(self.network, name)
            self.network.__dict__[name] = _Method(self.network, name, getattr(self, f"_{name}"))

    def stop(self) -> None:
        """Give the methods back."""
        for name, before in self._replaced.items():
            if isinstance(before, _Method):  # another watch of the same network goes on
                self.network.__dict__[name] = before
            else:
                self.network.__dict__.pop(name, None)
        self._step_done()

    def _forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        self._step_done()
        if training:  # a pass from which no gradient came back is replaced by this one
            self._watched = self._watched or self.passes % self.every == 0
            self.passes += 1
        return self._replaced["forward"](x, training)

    def _backward(self, gradient: ArrayLike, *arguments: object, **keywords: object) -> NDArray:
        if not self._watched:
            return self._replaced["backward"](gradient, *arguments, **keywords)
        self._watched = False
        self._before = [each.value.copy() for each in self.network.parameters()]
        found = _chain(self.network, gradient)
        back = self._replaced["backward"](gradient, *arguments, **keywords)
        found = found or _recurrent(self.network, gradient)
        trace = _trace(self.network, loss=math.nan, **found.fields)
        self.moments.append(Moment(self.passes - 1, found.rows, trace))
        return back

    def _step_done(self) -> None:
        """Compare the weights with those before the step that followed the watched pass."""
        if self._before is None:
            return
        after, before = self.network.parameters(), self._before
        if all(np.array_equal(now.value, was) for now, was in zip(after, before)):
            return
        self._before = None
        old = {now.key: was for now, was in zip(after, before)}
        moment, updates = self.moments[-1], []
        for name, layer in _layers(self.network).items():
            matrices = [each for each in layer.parameters() if each.value.ndim > 1]
            row = moment.rows.get(name)
            size = norm(*(old[each.key] for each in matrices)) if matrices else 0.0
            if row is None or not size:
                continue
            row["update"] = norm(*(each.value - old[each.key] for each in matrices)) / size
            if not starts_near_zero(size, sum(each.value.shape[1] for each in matrices)):
                updates.append(Update(name, row["update"], unchanged=0.0))
        moment.trace = replace(moment.trace, updates=tuple(updates))


class _Method:
    """A method of one network that goes through a watch; its copy is the method itself."""

    def __init__(self, network: Network, name: str, watched: object) -> None:
        self.network, self.name, self.watched = network, name, watched

    def __call__(self, *arguments: object, **keywords: object) -> NDArray:
        return self.watched(*arguments, **keywords)

    def __reduce__(self) -> tuple:
        return _plain, (self.network, self.name)


def _plain(network: Network, name: str) -> object:
    return getattr(type(network), name).__get__(network)


@dataclass
class _Back:
    """What one way back shows.

    Attributes
    ----------
    fields : dict
        Of a trace.
    rows : dict of str to dict of str to float
        Of a watch.
    exponents : dict of str to int
        The gradient of each parameter is the one that it has now times 2 to this power.
    """

    fields: dict[str, object]
    rows: Rows
    exponents: dict[str, int] = field(default_factory=dict)


def _layers(network: Network) -> dict[str, Layer]:
    """Name the layers with weights."""
    if not isinstance(network, Chain):
        return {type(network.layer).__name__: network.layer, "readout": network.readout}
    named = {}
    for kind, name in ((Dense, "dense"), (Residual, "block")):
        found = [layer for layer in network.layers if isinstance(layer, kind)]
        named |= {f"{name} {number}": layer for number, layer in enumerate(found, start=1)}
    return named


def _trace(network: Network, **fields: object) -> Trace:
    limits = np.finfo(network.dtype)
    return Trace(
        model=type(network).__name__,
        framework="this book",
        precision=str(network.dtype),
        least=float(limits.smallest_subnormal),
        most=float(limits.max),
        **fields,
    )


def _chain(network: Network, gradient: ArrayLike) -> _Back | None:
    """Go back through a chain of layers; None for any other network."""
    if not isinstance(network, Chain):
        return None
    names = {id(layer): name for name, layer in _layers(network).items()}
    points: list[Point] = []
    rows: Rows = {}
    exponents: dict[str, int] = {}
    behind: list[Layer] = []  # what stands between a point and the next one
    following: Layer | None = None  # that next one
    with np.errstate(all="ignore"):  # numbers beyond the network's float type are measured
        for layer, arriving, k in walk_back(network, gradient):
            exponents |= {parameter.name: k for parameter in layer.parameters()}
            if not isinstance(layer, (Dense, Residual)):
                behind.insert(0, layer)
                continue
            own = [each.gradient for each in layer.parameters() if each.gradient.ndim > 1]
            length = float(times_power(norm(*own), k))
            point = _point(names[id(layer)], layer, arriving, k, length, behind)
            divided = point.signal if _divides(following) and not behind else math.nan
            points.append(replace(point, divided=divided))
            following = layer
            rows[point.name] = _row(point.signal, power(together(point.gradient)), length)
            behind = []
    units = tuple(_units(network, names))
    rows = dict(reversed(rows.items()))
    for each in units:
        seen = "dead" if each.activation == "relu" else "saturated"
        rows[each.name] = {seen: getattr(each, seen)}
    output, *hidden = points
    fields = {
        "samples": len(gradient),
        "points": tuple(hidden[::-1]),
        "output_gradient": output.entry,
        "units": units,
        "normalised": any(isinstance(layer, BatchNorm) for layer in network.layers),
    }
    return _Back(fields, rows, exponents)


def _divides(layer: Layer | None) -> bool:
    """Tell whether a layer is a block whose branch begins with a normalisation of each sample."""
    return (
        isinstance(layer, Residual)
        and isinstance(layer.branch[0], (LayerNorm, RMSNorm))
        and not isinstance(layer.shortcut, NoShortcut)
    )


def _row(signal: float, gradient: float, weight_gradient: float) -> dict[str, float]:
    return {"signal": signal, "gradient": gradient, "weight_gradient": weight_gradient}


def _point(
    name: str, layer: Layer, arriving: NDArray, k: int, length: float, behind: list[Layer]
) -> Point:
    scale = k * math.log10(2)
    norms = np.log10(np.linalg.norm(arriving, axis=1)) + scale
    entry = float(np.log10(root_mean_square(arriving))) + scale
    operations = tuple(map(_operation, behind))
    if isinstance(layer, Residual):
        width = min(layer.branch[-1].parameters()[0].value.shape)
        around = not isinstance(layer.shortcut, NoShortcut)
        signal = root_mean_square(layer.output)
        return Point(name, norms, entry, signal, width, operations=operations, shortcut=around)
    weight, signal = layer.weight.value, root_mean_square(layer.forward(layer.input))
    mean_squares = (root_mean_square(each.value) ** 2 for each in (layer.weight, layer.bias))
    weights = Weights(*weight.shape, *mean_squares)
    width = min(weight.shape)
    return Point(name, norms, entry, signal, width, length, operations=operations, weights=weights)


def _operation(layer: Layer) -> str:
    """Name an activation that has the parameters of the catalogue; "?" is anything else."""
    activation = getattr(layer, "activation", None)
    if type(layer) is not ActivationLayer or not isinstance(activation, Activation):
        return "?"
    same = repr(activation) == repr(find_activation(activation.name))
    return activation.name if same else "?"


def _units(network: Chain, names: dict[int, str]) -> Iterator[Units]:
    number, before = 0, None
    for layer in network.layers:
        if isinstance(layer, Dense):
            before = layer
        if not isinstance(layer, ActivationLayer):
            continue
        number += 1
        name, h = layer.activation.name, layer.output
        if name == "relu":
            dead, silent = (float(np.mean((h == 0).all(axis=axis))) for axis in (0, 1))
            known = {"dead": dead, "silent": silent}
        elif name in ("tanh", "sigmoid"):
            steepest = {"tanh": 1.0, "sigmoid": 0.25}[name]
            share = float(np.mean(layer.derivative() < SATURATED_BELOW * steepest))
            known = {"saturated": share}
        else:
            continue
        if before is not None:
            known |= _fed(before, names[id(before)], layer.pre_activation)
        yield Units(f"activation {number}", name, h.shape[1], **known)


def _fed(before: Dense, name: str, values: NDArray) -> dict[str, object]:
    """Describe the layer in front of an activation: what goes in, and what it gives."""
    with np.errstate(all="ignore"):
        return {
            "before": name,
            "bias": float(np.mean(before.bias.value)),
            "mean": float(np.mean(values)),
            "spread": float(np.std(values)),
            "entering": root_mean_square(before.input),
            "entering_mean": float(np.mean(before.input)),
        }


def _recurrent(network: Network, gradient: ArrayLike) -> _Back:
    """Measure a recurrent network that has gone back."""
    layer, readout = network.layer, network.readout
    states, back, arrived = layer.states[1:], layer.state_gradients[1:], np.asarray(gradient, float)
    with np.errstate(divide="ignore"):
        norms = np.log10(np.linalg.norm(back, axis=2))
        entry = float(np.log10(root_mean_square(arrived)))
    rows = {}
    for (name, part), signal, at in zip(
        _layers(network).items(), (states, readout.forward(states[-1])), (back, arrived)
    ):
        own = [each.gradient for each in part.parameters() if each.gradient.ndim > 1]
        for_one_sample = norm(at) / math.sqrt(len(arrived))
        rows[name] = _row(root_mean_square(signal), for_one_sample, norm(*own))
    cell = type(layer).__name__.removesuffix("Layer")
    steps = Steps(cell, norms.astype(float), layer.hidden, cell, _keeping_bias(layer))
    return _Back({"samples": len(arrived), "steps": (steps,), "output_gradient": entry}, rows)


def _keeping_bias(layer: RecurrentLayer) -> float:
    """Return the mean bias of the gate that keeps the state, the second block of its layer."""
    gated = isinstance(layer, GRULayer) or (isinstance(layer, LSTMLayer) and layer.forget_gate)
    return float(np.mean(layer.bias.value[layer.hidden : 2 * layer.hidden])) if gated else math.nan


def _updates(network: Network, optimizer: Optimiser, exponents: dict[str, int]) -> Iterator[Update]:
    rule, epsilon = type(optimizer).__name__, getattr(optimizer, "epsilon", 0.0)
    for parameter in network.parameters():
        weights, k = parameter.value, exponents.get(parameter.name, 0)
        gradient = times_power(parameter.gradient.astype(float), k)
        length = norm(weights)
        if weights.ndim < 2 or not gradient.any() or starts_near_zero(length, weights.shape[1]):
            continue
        step = first_step(rule, optimizer.learning_rate, epsilon, gradient)
        same = (weights - step).astype(weights.dtype) == weights
        yield Update(
            parameter.name.removesuffix(" weight"),
            norm(step) / length,
            float(np.mean(same[gradient != 0])),
        )
