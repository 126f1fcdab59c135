"""A network of this book is watched while it is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.diagnosis import book
from vgtools.diagnosis.judging import together
from vgtools.diagnosis.moments import Moment, Row
from vgtools.diagnosis.trace import Point, Steps, Trace
from vgtools.diagnostics import walk_back
from vgtools.networks import BatchNorm, Dense, Network, Parameter, Residual
from vgtools.networks.network import Chain
from vgtools.networks.norms import norm, root_mean_square, times_power


class NetworkWatcher:
    """Measures every so many forward passes of a network, and changes nothing of the training.

    While it watches, the network's own `forward` and `backward` go through it. Copies of the
    network that are made meanwhile are not watched.

    Parameters
    ----------
    network : Network
    every : int

    Attributes
    ----------
    moments : list of Moment
    passes : int
        How many forward passes in training there were.
    """

    framework = "this book"

    def __init__(self, network: Network, every: int) -> None:
        self.network, self.every, self.name = network, every, type(network).__name__
        self.moments: list[Moment] = []
        self.passes = 0
        self._before: list[NDArray] | None = None  # weights, while the step is awaited
        self._watched = False  # whether the last forward pass is
        self._due = False
        self._replaced: dict[str, object] = {}

    def start(self) -> None:
        """Take the place of the network's two methods."""
        for name in ("forward", "backward"):
            self._replaced[name] = getattr(self.network, name)
            self.network.__dict__[name] = _Method(self.network, name, getattr(self, f"_{name}"))

    def stop(self) -> None:
        """Give the methods back."""
        for name, before in self._replaced.items():
            if isinstance(before, _Method):  # of another watch, which goes on
                self.network.__dict__[name] = before
            else:
                self.network.__dict__.pop(name, None)
        self._step_done()

    def _forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        self._step_done()
        if training:
            self._due = self._due or self._watched  # nobody went back from the last one
            self._watched = self._due or self.passes % self.every == 0
            self._due = False
            self.passes += 1
        return self._replaced["forward"](x, training)

    def _backward(self, gradient: ArrayLike, *arguments: object, **keywords: object) -> NDArray:
        if not self._watched:
            return self._replaced["backward"](gradient, *arguments, **keywords)
        self._watched = False
        network = self.network
        self._before = [each.value.copy() for each in network.parameters()]
        chain = isinstance(network, Chain)
        found = _chain(network, gradient) if chain else None
        back = self._replaced["backward"](gradient, *arguments, **keywords)
        rows, fields = found or _recurrent(network, gradient)
        self.moments.append(Moment(self.passes - 1, rows, _trace(network, fields)))
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
        for name, parameters in _layers(self.network):
            matrices = [each for each in parameters if each.value.ndim > 1]
            row = self.moments[-1].rows.get(name)
            size = norm(*(old[each.key] for each in matrices)) if matrices else 0.0
            if row is not None and size:
                row.update = norm(*(each.value - old[each.key] for each in matrices)) / size


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


def _layers(network: Network) -> Iterator[tuple[str, list[Parameter]]]:
    """Yield the names of layers with weights, as in a diagnosis, and their parameters."""
    if not isinstance(network, Chain):
        yield type(network.layer).__name__, network.layer.parameters()
        yield "readout", network.readout.parameters()
        return
    for kind, name in ((Dense, "dense"), (Residual, "block")):
        found = [layer for layer in network.layers if isinstance(layer, kind)]
        for number, layer in enumerate(found, start=1):
            yield f"{name} {number}", layer.parameters()


def _chain(network: Chain, gradient: NDArray) -> tuple[dict[str, Row], dict[str, object]]:
    points: list[Point] = []
    rows: dict[str, Row] = {}
    behind: list = []
    with np.errstate(all="ignore"):
        for layer, arriving, k in walk_back(network, gradient):
            if not isinstance(layer, (Dense, Residual)):
                behind.insert(0, layer)
                continue
            point = book._point(network, layer, arriving, k, behind)
            behind = []
            points.append(point)
            own = [each.gradient for each in layer.parameters() if each.gradient.ndim > 1]
            rows[point.name] = Row(
                signal=point.signal,
                gradient=float(10 ** together(point.gradient)),
                weight_gradient=float(times_power(norm(*own), k)),
            )
    units = tuple(book._units(network))
    table = dict(reversed(rows.items()))
    for each in units:
        seen = each.activation == "relu"
        dead, saturated = (each.dead, math.nan) if seen else (math.nan, each.saturated)
        table[each.name] = Row(dead=dead, saturated=saturated)
    output, *hidden = points
    return table, {
        "points": tuple(hidden[::-1]),
        "output_gradient": output.entry,
        "units": units,
        "normalised": any(isinstance(layer, BatchNorm) for layer in network.layers),
        "samples": len(gradient),
    }


def _recurrent(network: Network, gradient: NDArray) -> tuple[dict[str, Row], dict[str, object]]:
    layer, arrived = network.layer, np.asarray(gradient, float)
    name = type(layer).__name__
    states, back = layer.states[1:], layer.state_gradients[1:]
    n = back.shape[1]
    rows = {}
    for key, signal, at in (
        (name, states, back),
        ("readout", network.readout.forward(states[-1]), arrived),
    ):
        parameters = dict(_layers(network))[key]
        own = [each.gradient for each in parameters if each.gradient.ndim > 1]
        rows[key] = Row(root_mean_square(signal), norm(at) / math.sqrt(n), norm(*own))
    with np.errstate(divide="ignore"):
        by_step = np.log10(np.linalg.norm(back, axis=2)).astype(float)
        entry = float(np.log10(root_mean_square(arrived)))
    cell = name.removesuffix("Layer")
    steps = (Steps(cell, by_step, layer.hidden, cell, book._keeping_bias(layer)),)
    return rows, {"steps": steps, "output_gradient": entry, "samples": n}


def _trace(network: Network, fields: dict[str, object]) -> Trace:
    limits = np.finfo(network.dtype)
    return Trace(
        model=type(network).__name__,
        framework="this book",
        precision=str(network.dtype),
        least=float(limits.smallest_subnormal),
        most=float(limits.max),
        loss=math.nan,
        **fields,
    )
