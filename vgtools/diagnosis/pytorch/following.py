"""A PyTorch module, a batch and a loss become a `Trace`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from vgtools.diagnosis.finding import listed
from vgtools.diagnosis.judging import together
from vgtools.diagnosis.pytorch import backward, forward, graph, inputs, layers, training_step
from vgtools.diagnosis.pytorch.backward import Arrivals, Arrived
from vgtools.diagnosis.pytorch.left_out import left_out
from vgtools.diagnosis.pytorch.state import unchanged
from vgtools.diagnosis.pytorch.units import units_of
from vgtools.diagnosis.trace import Broken, Point, Steps, Trace

AtPlaces = Sequence[Arrived | None]
"""What arrived at each place of the path, first layer first."""

Sizes = Mapping[str, tuple[float, float]]
"""The Euclidean norm of the gradient of each parameter, and the share that is not finite."""


@dataclass(frozen=True)
class Source:
    """What a trace says about where it comes from, and how the framework lays out its graph.

    Attributes
    ----------
    model : str
        The name of its class.
    framework : str
    channels_last : bool
        Whether the channels of a picture stand on the last axis.
    split : bool
        Whether a dense layer is two nodes of the graph, a product and a sum. The sum is taken for
        the layer, and the product, which stands in front of it, is left out.
    """

    model: str
    framework: str = "PyTorch"
    channels_last: bool = False
    split: bool = False

    @property
    def units_axis(self) -> int:
        """The axis of a matrix on which its units are."""
        return -1 if self.framework == "Keras" else 0


def follow(
    model: nn.Module,
    batch: tuple,
    loss: Callable,
    optimizer: torch.optim.Optimizer | None = None,
    source: Source | None = None,
) -> Trace:
    """Go forward and back once, and leave everything as it was.

    The parameters are those of `vgtools.diagnosis.diagnose`. Without a `source`, the model is a
    module of PyTorch.
    """
    model = inputs.check_model(model)
    x, y = inputs.check_batch(batch)
    loss = inputs.check_loss(loss)
    notes = training_step.check_optimizer(optimizer, model)
    if source is None and not model.training:
        notes += inputs.evaluation(model)
    kept = [model, loss] if isinstance(loss, nn.Module) else [model]
    with unchanged(*kept), torch.inference_mode(False), torch.enable_grad():
        given, x, y = x, inputs.copied(x), inputs.copied(y)
        seen = Pass(model, inputs.batch_size(x, y), source or Source(type(model).__name__))
        seen.notes += notes
        if inputs.alike(x, seen.samples):
            seen.notes.append(
                f"all {seen.samples} samples have the same inputs: nothing tells them apart, and "
                "batch normalisation finds no spread to divide by"
            )
        return _forward_and_back(seen, x, y, loss, optimizer, given)


def _forward_and_back(
    seen: Pass,
    x: object,
    y: object,
    loss: Callable,
    optimizer: torch.optim.Optimizer | None,
    given: object,
) -> Trace:
    broken = broken_before(x, seen.model.named_parameters())
    with forward.recording(seen.model) as seen.record:
        output = inputs.call(seen.model, x, y)
        value = inputs.scalar_loss(loss, output, y)
    broken = broken or seen.record.broken
    if broken is None and not torch.isfinite(value):
        broken = Broken("the loss", "loss", 1.0)
    if broken is not None or value.grad_fn is None:
        return seen.trace(value, broken)
    ends = [each.grad_fn for each in inputs.tensors(output) if each.grad_fn is not None]
    seen.look(value.grad_fn, ends or [value.grad_fn])
    seen.note_frozen()
    if len(seen.places) < 4 and not seen.record.sequences:
        seen.notes.append(
            "fewer than three hidden layers follow each other without a way around them: "
            "there is no rate along a path"
        )
    read = [tensor for _, _, tensor in seen.record.sequences]
    wanted = [*seen.learning.values(), *read]
    plain, exact = backward.go_back(value, wanted, seen.nodes, seen.samples)
    gradients = {
        name: each for name, each in zip(seen.learning, plain.gradients) if each is not None
    }
    of_read = exact.gradients[len(seen.learning) :]
    seen.leave_out(given, gradients)
    return seen.trace(
        value,
        None,
        plain.arrived,
        exact.arrived,
        {name: backward.size(each) for name, each in gradients.items()},
        of_read,
        input_mean_square=seen.places[0].calls[0].entering ** 2 if seen.places else math.nan,
        **training_step.fields(seen.model, optimizer, gradients),
    )


def broken_before(given: object, parameters: Iterable[tuple[str, torch.Tensor]]) -> Broken | None:
    """Return the first tensor of the inputs, or else parameter, that is not finite."""
    named = [("the input", "input", each) for each in inputs.tensors(given)]
    named += [(name, "parameter", each) for name, each in parameters]
    for name, where, tensor in named:
        if tensor.is_floating_point() and (share := forward.not_finite(tensor)):
            return Broken(name, where, share)
    return None


class Pass:
    """One pass through a module, forward and back.

    Attributes
    ----------
    model : torch.nn.Module
        Whose named modules are the layers.
    samples : int
    source : Source
    names : dict of int to str
        Of the parameters, by their ids.
    learning : dict of str to Tensor
        The parameters that are to learn.
    record : forward.Record
        The way forward. `look` makes the other attributes of it, such as the places of the path.
    """

    def __init__(self, model: nn.Module, samples: int, source: Source) -> None:
        self.model, self.samples, self.source = model, samples, source
        named = dict(model.named_parameters())
        self.names = {id(each): name for name, each in named.items()}
        self.learning = {name: each for name, each in named.items() if each.requires_grad}
        self.frozen = tuple(name for name in named if name not in self.learning)
        self.notes: list[str] = []
        self.record = forward.Record()
        self.places: list[graph.Place] = []
        self.units: list = []
        self.zero_weights: tuple[str, ...] = ()
        self.symmetric: tuple[str, ...] = ()
        self.normalised = False
        self._matrices: dict[nn.Module, list[str]] = {}

    @property
    def nodes(self) -> list[object]:
        """The nodes of the places."""
        return [place.node for place in self.places]

    def look(self, root: object, ends: Sequence[object]) -> None:
        """Look at a graph before it is used, from the node of the loss or of the output.

        `ends` are the nodes that made the output.
        """
        # A model may freeze some of its layers on the way forward.
        self.learning = {name: each for name, each in self.learning.items() if each.requires_grad}
        calls = self.record.calls
        above = graph.parents([root])
        self.places = graph.places(above, calls)
        before_loss = above if list(ends) == [root] else graph.parents(ends)
        last = self.source.channels_last
        self.units = units_of(before_loss, calls, self.places, self.samples, last)
        for place in self.places:
            place.names = graph.named(place.operations)
            place.weights = place.alone and layers.weights(place.alone.module)
        for place, following in zip(self.places, self.places[1:]):
            if self.source.split and following.weights and place.names[-1:] == ["?"]:
                place.names.pop()
        self.symmetric = tuple(
            one.alone.name
            for one, following in zip(self.places, self.places[1:])
            if self._is_symmetric(one, following)
        )
        self.zero_weights = tuple(each.alone.name for each in self.places if _is_zero(each))
        others = [call.module for place in self.places for call in place.others]
        self.normalised = any(map(layers.normalises_batch, others))

    def _is_symmetric(self, one: graph.Place, following: graph.Place) -> bool:
        """Tell whether two layers have units that are alike, and only activations between them."""
        known = one.weights and following.weights
        if not known or one.joins or following.joins or "?" in one.names:
            return False
        axis = self.source.units_axis
        return layers.symmetric(one.alone.module, following.alone.module, axis)

    def matrices(self, layer: nn.Module) -> list[str]:
        """Return the names of the parameters of a layer that are no vectors."""
        if layer not in self._matrices:
            names = (self.names.get(id(each)) for each in layer.parameters() if each.ndim > 1)
            self._matrices[layer] = [name for name in names if name is not None]
        return self._matrices[layer]

    def note_frozen(self) -> None:
        """Name what is not to learn, and say where the path begins without it."""
        learning = {_owner(name) for name in self.learning}
        names = (each if _owner(each) in learning else _owner(each) for each in self.frozen)
        if frozen := list(dict.fromkeys(names)):
            setting = "trainable" if self.source.framework == "Keras" else "requires_grad"
            first = f". The path begins at {graph.label(self.places[0], self.model)}"
            self.notes.append(
                f"{listed(frozen)}: frozen, as {setting} is False. No gradient of these weights is "
                f"looked at{first if self.places else ''}"
            )

    def leave_out(self, given: object, gradients: Iterable[str]) -> None:
        """Ask no gradient of layers that this pass did not call and others with `given` do."""
        used, modules = _used(self.record.calls), dict(self.model.named_modules())
        silent = {_owner(name) for name in self.learning if name not in gradients}
        uncalled = [each for each in silent if each in modules and id(modules[each]) not in used]
        if not uncalled or self.source.framework != "PyTorch":
            return
        if found := left_out(self.model, given, self.samples, uncalled):
            left = {name: each for name, each in self.learning.items() if _owner(name) in found}
            self.learning = {name: t for name, t in self.learning.items() if name not in left}
            self.notes.append(
                f"{listed(dict.fromkeys(map(_owner, left)))}: left out by chance, or because no "
                "sample of this batch was sent there. No gradient of these weights is looked at"
            )

    def trace(
        self,
        loss: torch.Tensor,
        broken: Broken | None = None,
        arrived: Arrivals | None = None,
        exact: Arrivals | None = None,
        sizes: Sizes | None = None,
        read: Sequence[torch.Tensor | None] = (),
        **more: object,
    ) -> Trace:
        """Put together what was seen.

        Parameters
        ----------
        loss : Tensor
            One number; NaN if it was not seen.
        broken : Broken or None
            What was found on the way forward: then nothing is known of the way back.
        arrived, exact : dict of node to Arrived
            At the places, as the float type has it and, where that lost something, as exact
            numbers have it.
        sizes : dict of str to (float, float)
            For each parameter that got a gradient: its norm, and the share that is not finite.
        read : sequence of Tensor or None
            The gradient of what each recurrent layer read.
        **more
            Other fields of the trace.
        """
        arrived, sizes = arrived or {}, sizes or {}
        plain = [arrived.get(node) for node in self.nodes]
        exact = plain if exact is None else [exact.get(node) for node in self.nodes]
        parameters = [each.dtype for each in self.learning.values() if each.is_floating_point()]
        types = [each.dtype for each in plain if each is not None]
        # The type that underflows first: its smallest positive number is the largest.
        dtype = max([*types, *parameters] or [loss.dtype], key=layers.least)
        if broken is None:
            more |= self._way_back(plain, exact, sizes, read)
        return Trace(
            model=self.source.model,
            framework=self.source.framework,
            precision=str(dtype).removeprefix("torch."),
            least=layers.least(dtype),
            most=torch.finfo(dtype).max,
            samples=self.samples,
            loss=loss.item(),
            units=tuple(self.units),
            frozen=self.frozen,
            zero_weights=self.zero_weights,
            symmetric=self.symmetric,
            normalised=self.normalised,
            notes=tuple(self.notes),
            **{"broken": broken, **more},
        )

    def _way_back(
        self, plain: AtPlaces, exact: AtPlaces, sizes: Sizes, read: Sequence[torch.Tensor | None]
    ) -> dict[str, object]:
        last = exact[-1] if exact else None
        silent = tuple(name for name in self.learning if name not in sizes)
        return {
            "points": tuple(
                self._point(place, *arrived, sizes)
                for place, *arrived in zip(self.places[:-1], plain, exact)
            ),
            "output_gradient": math.nan if last is None else together(last.log_norms),
            "steps": tuple(self._steps(read)),
            "broken": self._broken_behind(plain, sizes),
            "without_gradient": silent,
            **_cut_off(self.model, self.record.calls, {id(self.learning[n]) for n in silent}),
        }

    def _point(
        self, place: graph.Place, plain: Arrived | None, exact: Arrived | None, sizes: Sizes
    ) -> Point:
        one = place.alone
        own = [] if one is None else self.matrices(one.module)
        own = [sizes[name] for name in own if name in sizes]
        return Point(
            graph.label(place, self.model),
            np.array([-math.inf]) if exact is None else exact.log_norms,
            -math.inf if exact is None else exact.entry,
            math.nan if one is None else one.signal,
            min(fan for call in place.calls for fan in layers.fans(call.module)),
            own[0][0] if len(own) == 1 else math.nan,
            1 - plain.nonzero / exact.nonzero if plain and exact and exact.nonzero else 0.0,
            tuple(place.names),
            place.weights,
            place.joins,
            place.free,
            place.divided,
        )

    def _steps(self, read: Sequence[torch.Tensor | None]) -> Iterator[Steps]:
        for (name, layer, _), gradient in zip(self.record.sequences, read):
            if gradient is None or gradient.ndim < 2:
                continue
            if layer.bidirectional:
                self.notes.append(f"{name} reads in both directions and has no rate in time")
                continue
            axis = 1 if layer.batch_first and gradient.ndim == 3 else 0
            norms = backward.norms_of_steps(gradient, axis)
            yield Steps(name, norms, layer.hidden_size, *layers.memory(layer))

    def _broken_behind(self, plain: AtPlaces, sizes: Sizes) -> Broken | None:
        """Return the first place on the way back where the gradient is not finite."""
        for place, arrived in zip(self.places[::-1], plain[::-1]):
            if arrived is not None and arrived.broken:
                return Broken(graph.label(place, self.model), "backward", arrived.broken)
        for name in self.learning:
            if name in sizes and sizes[name][1]:
                return Broken(name, "backward", sizes[name][1])
        return None


def _is_zero(place: graph.Place) -> bool:
    """Tell whether one layer leads to a place, and its matrix is 0."""
    matrix = place.alone and layers.matrix(place.alone.module)
    if matrix is None or (place.weights and place.weights.mean_square):
        return False
    return not matrix.any()  # a mean square may be 0 because it underflowed


def _owner(parameter: str) -> str:
    return parameter.rpartition(".")[0] or parameter


def _used(calls: Sequence[forward.Call]) -> set[int]:
    """Return the ids of the modules that were called, and of what stands in those of PyTorch."""
    used = {id(call.module) for call in calls}
    for call in calls:
        if type(call.module).__module__.startswith("torch.nn"):
            used |= {id(part) for part in call.module.modules()}
    return used


def _cut_off(
    model: nn.Module, calls: Sequence[forward.Call], silent: set[int]
) -> dict[str, object]:
    """Return the fields `cut` and `unused` of a trace, from the ids of silent parameters."""
    if not silent:
        return {}
    used = _used(calls)
    unused = tuple(
        forward.shown(name, module)
        for name, module in model.named_modules()
        if id(module) not in used
        and any(id(parameter) in silent for parameter in module._parameters.values())
    )
    learning = [
        (call.name, all(id(parameter) in silent for parameter in own))
        for call in calls
        if (own := [each for each in call.module._parameters.values() if each is not None])
        and call.weighted
    ]
    count = sum(is_silent for _, is_silent in learning)
    if count == 0 or not all(is_silent for _, is_silent in learning[:count]):
        return {"cut": None, "unused": unused}
    following = learning[count][0] if count < len(learning) else "the loss"
    return {"cut": (learning[count - 1][0], following), "unused": unused}
