"""A PyTorch module, a batch and a loss become a `Trace`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from vgtools.diagnosis.judging import together
from vgtools.diagnosis.pytorch import backward, forward, graph, inputs, reach, training_step
from vgtools.diagnosis.pytorch.state import unchanged
from vgtools.diagnosis.pytorch.units import units_of
from vgtools.diagnosis.trace import Broken, Point, Steps, Trace, Weights

READ_AS_MATRICES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Layers whose weights are compared with a recipe."""


def follow(
    model: nn.Module, batch: tuple, loss: Callable, optimizer: torch.optim.Optimizer | None = None
) -> Trace:
    """Go forward and back once, and leave everything as it was.

    Parameters
    ----------
    model : torch.nn.Module
    batch : tuple of inputs and targets
        The inputs are a tensor, or a tuple or a dict of tensors, as the model takes them.
    loss : callable
        ``loss(model(inputs), targets)`` is a tensor of one number.
    optimizer : torch.optim.SGD, Adam or AdamW, optional

    Returns
    -------
    Trace

    Raises
    ------
    TypeError, ValueError
        If the model, the batch or the loss does not fit. What the model raises goes through.
    """
    model = inputs.check_model(model)
    x, y = inputs.check_batch(batch)
    loss = inputs.check_loss(loss)
    training_step.check_optimizer(optimizer)
    kept = [model, loss] if isinstance(loss, nn.Module) else [model]
    with unchanged(*kept), torch.inference_mode(False), torch.enable_grad():
        return _Following(model, inputs.copied(x), inputs.copied(y), loss, optimizer).trace()


class _Following:
    """One diagnosis of a PyTorch module, step by step."""

    def __init__(
        self, model: nn.Module, x: object, y: object, loss: Callable, optimizer: object
    ) -> None:
        self.model, self.x, self.y, self.loss, self.optimizer = model, x, y, loss, optimizer
        self.samples = inputs.batch_size(x, y)
        self.names = {id(tensor): name for name, tensor in model.named_parameters()}
        every = list(model.parameters())
        self.learning = [tensor for tensor in every if tensor.requires_grad]
        self.frozen = tuple(self.names[id(t)] for t in every if not t.requires_grad)
        self.notes: list[str] = []

    def trace(self) -> Trace:
        broken = self._broken_before()
        with forward.recording(self.model) as record:
            output = inputs.call(self.model, self.x, self.y)
            value = inputs.scalar_loss(self.loss, output, self.y)
            record.active = False
            if broken is None and record.broken is not None:
                broken = Broken(record.broken[0], "forward", record.broken[1])
            if broken is None and not torch.isfinite(value):
                broken = Broken("the loss", "loss", 1.0)
            if broken is not None:
                return self._trace(value, broken=broken)
            if value.grad_fn is None:
                return self._trace(value, **self._silent(record, self.learning))
            return self._back(record, output, value)

    def _back(self, record: forward.Record, output: object, value: torch.Tensor) -> Trace:
        # A model may freeze some of its layers on the way forward.
        self.learning = [tensor for tensor in self.learning if tensor.requires_grad]
        places = graph.places(value.grad_fn, record.calls)
        ends = [each.grad_fn for each in inputs.tensors(output) if each.grad_fn is not None]
        last = getattr(self.model, "channels_last", False)
        ends = ends or [value.grad_fn]
        units = units_of(ends, record.calls, places, self.samples, channels_last=last)
        read = [tensor for _, _, tensor in record.sequences]
        arguments = (value, places, self.learning, read, self.samples)
        plain = exact = backward.go_back(*arguments)
        if backward.needs_rescaling(plain):
            exact = backward.go_back(*arguments, rescaled=True)
            if not backward.arrives(exact):  # too small already at the output
                exact = backward.go_back(*arguments, rescaled=True, raised=True)

        gradients = dict(zip(map(id, self.learning), plain.parameters))
        last = exact.places[-1] if exact.places else None
        if len(places) < 4 and not read:
            self.notes.append(
                "fewer than three hidden layers follow each other without a way around them: "
                "there is no rate along a path"
            )
        points = [
            self._point(place, before, after, gradients)
            for place, before, after in zip(places, plain.places, exact.places)
        ]
        types = [each.dtype for each in plain.places if each is not None]
        return self._trace(
            value,
            types,
            points=tuple(points[:-1]),
            output_gradient=together(last.log_norms) if last is not None else math.nan,
            input_mean_square=places[0].calls[0].input_mean_square if places else math.nan,
            steps=tuple(self._steps(record, exact)),
            units=tuple(units),
            broken=self._broken_behind(places, plain, gradients),
            **self._silent(record, [t for t in self.learning if gradients[id(t)] is None]),
            attention=tuple(training_step.attention(self.model, gradients)),
            **self._updates(gradients),
            zero_weights=tuple(
                call.name
                for place in places
                for call in place.calls
                if len(place.calls) == 1 and _matrix(call) is not None and not _matrix(call).any()
            ),
            normalised=any(_batch_norm(call) for place in places for call in place.others),
        )

    def _trace(self, value: torch.Tensor, types: Sequence = (), **fields: object) -> Trace:
        parameters = [each.dtype for each in self.learning if each.is_floating_point()]
        # The one that underflows first: tiny decides, and then the digits below it.
        dtype = max([*types, *parameters] or [value.dtype], key=_least)
        return Trace(
            model=type(self.model).__name__,
            framework="PyTorch",
            precision=str(dtype).removeprefix("torch."),
            least=_least(dtype),
            most=torch.finfo(dtype).max,
            samples=self.samples,
            loss=value.item(),
            frozen=self.frozen,
            notes=tuple(self.notes),
            **fields,
        )

    def _silent(self, record: forward.Record, silent: list[torch.Tensor]) -> dict[str, object]:
        """Say which parameters get no gradient, and where they are cut off."""
        return {
            "without_gradient": tuple(self.names[id(tensor)] for tensor in silent),
            **reach.of(self.model, record.calls, {id(tensor) for tensor in silent}),
        }

    def _updates(self, gradients: dict) -> dict[str, object]:
        if self.optimizer is None:
            return {}
        return {
            "optimizer": training_step.described(self.optimizer),
            "updates": tuple(training_step.updates(self.optimizer, self._matrices(), gradients)),
        }

    def _matrices(self) -> dict[int, str]:
        """Name the layer of each weight, and any other parameter as the model does."""
        modules = dict(self.model.named_modules())
        named = {key: name.rpartition(".") for key, name in self.names.items()}
        return {
            key: forward.shown(layer, modules[layer]) if own == "weight" else f"{layer}{dot}{own}"
            for key, (layer, dot, own) in named.items()
        }

    def _broken_before(self) -> Broken | None:
        for tensor in inputs.tensors(self.x):
            if tensor.is_floating_point() and (share := forward.not_finite(tensor)):
                return Broken("the input", "input", share)
        for name, tensor in self.model.named_parameters():
            if tensor.is_floating_point() and (share := forward.not_finite(tensor)):
                return Broken(name, "parameter", share)
        return None

    def _broken_behind(
        self, places: list[graph.Place], plain: backward.Backward, gradients: dict
    ) -> Broken | None:
        """Return the first place on the way back where the gradient is not finite."""
        for place, arrived in zip(places[::-1], plain.places[::-1]):
            if arrived is not None and arrived.broken:
                return Broken(graph.label(place, self.model), "backward", arrived.broken)
        for tensor in self.learning:
            gradient = gradients[id(tensor)]
            if gradient is not None and (share := forward.not_finite(gradient)):
                return Broken(self.names[id(tensor)], "backward", share)
        return None

    def _point(self, place, plain, exact, gradients: dict) -> Point:
        weights, fans = None, [_fans(call) for call in place.calls]
        call = place.calls[0]
        if len(place.calls) == 1 and isinstance(call.module, READ_AS_MATRICES):
            weights = _weights(call)
        own = [gradients.get(id(each)) for each in call.module.parameters()]
        own = [each for each in own if each is not None and each.ndim > 1]
        return Point(
            graph.label(place, self.model),
            np.array([-math.inf]) if exact is None else exact.log_norms,
            -math.inf if exact is None else exact.entry,
            call.signal if len(place.calls) == 1 else math.nan,
            min(width for pair in fans for width in pair),
            forward.norm(own[0]) if len(place.calls) == 1 and len(own) == 1 else math.nan,
            1 - plain.nonzero / exact.nonzero if plain and exact and exact.nonzero else 0.0,
            tuple(_operations(place)),
            weights,
            place.joins,
        )

    def _steps(self, record: forward.Record, exact: backward.Backward) -> Iterator[Steps]:
        for (name, module, read), gradient in zip(record.sequences, exact.sequences):
            if gradient is None or read.ndim < 2:
                continue
            if module.bidirectional:
                self.notes.append(f"{name} reads in both directions and has no rate in time")
                continue
            axis = 1 if module.batch_first and read.ndim == 3 else 0
            norms = backward.norms_of_steps(gradient, axis)
            yield Steps(name, norms, module.hidden_size, *_memory(module))


def _least(dtype: torch.dtype) -> float:
    """Return the smallest positive number of a float type."""
    return torch.finfo(dtype).tiny * torch.finfo(dtype).eps


def _memory(module: nn.RNNBase) -> tuple[str, float]:
    """Return the kind of a recurrent layer, and the mean bias of the gate that keeps its state."""
    cell = module.mode.partition("_")[0]
    if cell not in ("LSTM", "GRU"):
        return cell, math.nan
    hidden = module.hidden_size  # the gate is the second block, of an LSTM and of a GRU
    biases = [getattr(module, name, None) for name in ("bias_ih_l0", "bias_hh_l0")]
    total = sum(
        b.detach()[hidden : 2 * hidden].double().mean().item() for b in biases if b is not None
    )
    return cell, total


def _matrix(call: forward.Call) -> torch.Tensor | None:
    found = [p for p in call.module._parameters.values() if p is not None and p.ndim > 1]
    return found[0] if len(found) == 1 else None


def _fans(call: forward.Call) -> tuple[int, int]:
    matrix = _matrix(call)
    if hasattr(call.module, "fans"):  # a layer of Keras, whose weights have other axes
        return call.module.fans
    if isinstance(call.module, (nn.RNNBase, nn.RNNCellBase)):
        return (call.module.hidden_size,) * 2
    if matrix is None:
        found = [p.shape for p in call.module.parameters() if p.ndim > 1]
        return (min(map(min, found)),) * 2 if found else (1, 1)
    outputs, channels, *places = matrix.shape
    return channels * math.prod(places), outputs * math.prod(places)


def _weights(call: forward.Call) -> Weights:
    layer = call.module
    matrix, bias = layer.weight.detach().double(), layer.bias
    bias_mean_square = 0.0 if bias is None else float(bias.detach().double().square().mean())
    dense = isinstance(layer, nn.Linear)
    return Weights(*_fans(call), float(matrix.square().mean()), bias_mean_square, dense)


def _operations(place: graph.Place) -> Iterator[str]:
    for node in place.operations:
        name = graph.activation(node)
        if name is None:
            yield "?"
        elif name:
            yield name


def _batch_norm(call: forward.Call) -> bool:
    return isinstance(call.module, nn.modules.batchnorm._BatchNorm) and (
        call.module.training or call.module.running_mean is None
    )
