"""The way forward: which layer was called when, and what came out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from vgtools.diagnosis.pytorch.inputs import tensors

WEIGHTED = (nn.Linear, nn.Bilinear, nn.modules.conv._ConvNd, nn.RNNBase, nn.RNNCellBase)
"""Layers whose weights may come from a parametrisation instead of being parameters."""


@dataclass(eq=False)
class Call:
    """One call of a layer.

    Attributes
    ----------
    name : str
        Of the module, the first one that it has.
    module : torch.nn.Module
    nodes : tuple
        Of the graph: what made the layer's outputs.
    signal : float
        Root mean square of its first output.
    mean : float
        Of its first output.
    input_mean_square : float
        Of its first input; NaN if that is not made of real numbers.
    read : Tensor or None
        Its first input, where the layer is `nn.Linear` or a convolution.
    """

    name: str
    module: nn.Module
    nodes: tuple
    signal: float
    mean: float
    input_mean_square: float = math.nan
    read: torch.Tensor | None = None

    @property
    def weighted(self) -> bool:
        """Whether the layer has weights: a matrix, and not only biases or scales."""
        own = self.module._parameters.values()
        return isinstance(self.module, WEIGHTED) or any(
            parameter is not None and parameter.ndim > 1 for parameter in own
        )


@dataclass(eq=False)
class Record:
    """What was seen on the way forward.

    Attributes
    ----------
    calls : list of Call
        In their order.
    broken : tuple of (str, float) or None
        The first layer with an output that is not finite, and which share of it.
    sequences : list of (str, torch.nn.RNNBase, torch.Tensor)
        What each recurrent layer read.
    active : bool
        Whether the forward pass goes on.
    """

    calls: list[Call] = field(default_factory=list)
    broken: tuple[str, float] | None = None
    sequences: list[tuple[str, nn.RNNBase, torch.Tensor]] = field(default_factory=list)
    active: bool = True


@contextmanager
def recording(model: nn.Module) -> Iterator[Record]:
    """Record every call of a layer, until `Record.active` is false."""
    record, handles = Record(), []
    try:
        for name, module in model.named_modules():
            name = shown(name, module)
            own = any(parameter is not None for parameter in module._parameters.values())
            if own or next(module.children(), None) is None:
                handles.append(module.register_forward_hook(_Seen(name, record)))
            if isinstance(module, nn.RNNBase):
                handles.append(module.register_forward_pre_hook(_Read(name, record)))
        yield record
    finally:
        record.active = False
        for handle in handles:
            handle.remove()


@dataclass
class _Seen:
    name: str
    record: Record

    def __call__(self, module: nn.Module, inputs: tuple, output: object) -> None:
        if not self.record.active:  # a layer that is called again on the way back
            return
        found = [tensor for tensor in tensors(output) if tensor.is_floating_point()]
        if not found:
            return
        size = norm(found[0])
        if self.record.broken is None:
            for tensor in found:
                share = not_finite(tensor)
                if share:
                    self.record.broken = (self.name, share)
                    break
        call = Call(
            self.name,
            module,
            tuple(made_by(tensor) for tensor in found if tensor.grad_fn is not None),
            size / math.sqrt(max(found[0].numel(), 1)),
            found[0].detach().mean(dtype=torch.float32).item(),
        )
        if isinstance(module, (nn.Linear, nn.modules.conv._ConvNd)):
            read = inputs[0] if inputs and isinstance(inputs[0], torch.Tensor) else None
            if read is not None and read.is_floating_point():
                call.read = read.detach()
        first = not any(each.weighted for each in self.record.calls)
        if first and isinstance(module, nn.Linear) and call.read is not None:
            call.input_mean_square = norm(call.read) ** 2 / call.read.numel()
        self.record.calls.append(call)


@dataclass
class _Read:
    name: str
    record: Record

    def __call__(self, module: nn.Module, inputs: tuple) -> Any:
        if not (self.record.active and inputs and isinstance(inputs[0], torch.Tensor)):
            return None  # a packed sequence is not followed through time
        read, *others = inputs
        if not read.requires_grad:
            read = read.detach().requires_grad_()
        self.record.sequences.append((self.name, module, read))
        return (read, *others)


def shown(name: str, module: nn.Module) -> str:
    """Return the name of a module, with its type where it is only a number."""
    if any(character.isalpha() for character in name):
        return name
    return f"{name} ({type(module).__name__})" if name else type(module).__name__


def made_by(tensor: torch.Tensor) -> Any:
    """Return the node of the graph that made a tensor.

    A layer in place that follows a view replaces the view's own node, and keeps the node of
    what it is a view of.
    """
    base = tensor._base if tensor._is_view() else None
    if base is not None and base.grad_fn is not None and base.numel() == tensor.numel():
        return base.grad_fn
    return tensor.grad_fn


def norm(tensor: torch.Tensor, axis: int | None = None) -> Any:
    """Return Euclidean norms in double precision, as far as that holds them.

    Examples
    --------
    >>> f"{norm(torch.tensor([3e-30, 4e-30])):.3g}"
    '5e-30'
    """
    tensor = tensor.detach()
    if tensor.dtype in (torch.float16, torch.bfloat16):
        tensor = tensor.float()
    values = torch.linalg.vector_norm(tensor, dim=axis)
    small = torch.finfo(values.dtype).tiny ** 0.5 * 1e3
    if not ((values > small) & (values < 1 / small)).all():
        values = torch.linalg.vector_norm(tensor.double(), dim=axis)
    return values.item() if axis is None else values.double()


def not_finite(tensor: torch.Tensor) -> float:
    """Return the share of entries that are infinite or not a number."""
    tensor = tensor.detach()
    if tensor.numel() == 0 or bool(torch.isfinite(tensor.sum())):
        return 0.0  # a sum that is finite holds nothing else
    return float((~torch.isfinite(tensor)).double().mean())
