"""The way forward: which layer was called when, and what came out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import torch
from torch import nn

from vgtools.diagnosis.pytorch.inputs import tensors
from vgtools.diagnosis.trace import Broken

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
    signal, mean : float
        Root mean square and mean of its first output.
    read : Tensor or None
        Its first input, where the layer is `nn.Linear` or a convolution.
    divides : (node, float) or None
        Of a layer that normalises each sample: what made its first input, and the root mean
        square of that.
    """

    name: str
    module: nn.Module
    nodes: tuple
    signal: float
    mean: float
    read: torch.Tensor | None = None
    divides: tuple[Any, float] | None = None

    @cached_property
    def weighted(self) -> bool:
        """Whether the layer has weights: a matrix, and not only biases or scales."""
        own = self.module._parameters.values()
        return isinstance(self.module, WEIGHTED) or any(
            parameter is not None and parameter.ndim > 1 for parameter in own
        )

    @property
    def entering(self) -> float:
        """The root mean square of what it read; NaN where that was not kept."""
        return math.nan if self.read is None or not self.read.numel() else _size(self.read)


@dataclass(eq=False)
class Record:
    """What was seen on the way forward.

    Attributes
    ----------
    calls : list of Call
        In their order.
    broken : Broken or None
        The first layer with an output that is not finite.
    sequences : list of (str, torch.nn.RNNBase, torch.Tensor)
        What each recurrent layer read.
    """

    calls: list[Call] = field(default_factory=list)
    broken: Broken | None = None
    sequences: list[tuple[str, nn.RNNBase, torch.Tensor]] = field(default_factory=list)


@contextmanager
def recording(model: nn.Module) -> Iterator[Record]:
    """Record every call of a layer."""
    record = Record()
    with ExitStack() as hooks:
        for name, module in model.named_modules():
            name = shown(name, module)
            own = any(parameter is not None for parameter in module._parameters.values())
            if own or next(module.children(), None) is None:
                hook = module.register_forward_hook(partial(_returns, record, name))
                hooks.callback(hook.remove)
            if isinstance(module, nn.RNNBase):
                hook = module.register_forward_pre_hook(partial(_reads, record, name))
                hooks.callback(hook.remove)
        yield record


def _returns(record: Record, name: str, module: nn.Module, inputs: tuple, output: object) -> None:
    found = [tensor for tensor in tensors(output) if tensor.is_floating_point()]
    if not found:
        return
    first = found[0].detach()
    length = norm(first)
    if record.broken is None:
        # A norm is finite only if every entry is.
        unsure = found[1:] if math.isfinite(length) else found
        if share := next(filter(None, map(not_finite, unsure)), 0.0):
            record.broken = Broken(name, "forward", share)
    read = inputs[0] if inputs and isinstance(inputs[0], torch.Tensor) else None
    read = read if read is not None and read.is_floating_point() else None
    kept = read is not None and isinstance(module, (nn.Linear, nn.modules.conv._ConvNd))
    record.calls.append(
        Call(
            name,
            module,
            tuple(made_by(tensor) for tensor in found if tensor.grad_fn is not None),
            length / math.sqrt(max(first.numel(), 1)),
            first.mean(dtype=torch.float32).item(),
            read.detach() if kept else None,
            (made_by(read), _size(read)) if read is not None and _normalises(module) else None,
        )
    )


def _normalises(module: nn.Module) -> bool:
    """Tell whether a layer divides each sample by its own size, as its name says."""
    name = type(module).__name__.lower()
    return "norm" in name and "batch" not in name


def _size(tensor: torch.Tensor) -> float:
    return norm(tensor) / math.sqrt(max(tensor.numel(), 1))


def _reads(record: Record, name: str, module: nn.Module, inputs: tuple) -> tuple | None:
    if not (inputs and isinstance(inputs[0], torch.Tensor)):
        return None  # a packed sequence is not followed through time
    read, *others = inputs
    if not read.requires_grad:
        read = read.detach().requires_grad_()
    record.sequences.append((name, module, read))
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


_SMALL = {dtype: torch.finfo(dtype).tiny ** 0.5 * 1e3 for dtype in (torch.float32, torch.float64)}
"""Norms below this may have lost digits, as the squares in them are near the end of the range."""


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
    values = torch.linalg.vector_norm(tensor, dim=axis)  # in the type itself: several times faster
    small = _SMALL[values.dtype]
    if axis is None:
        length = values.item()
        if not small < length < 1 / small:
            length = torch.linalg.vector_norm(tensor.double()).item()
        return length
    if not (values.numel() and small < values.min().item() <= values.max().item() < 1 / small):
        values = torch.linalg.vector_norm(tensor.double(), dim=axis)
    return values.double()


def not_finite(tensor: torch.Tensor) -> float:
    """Return the share of entries that are infinite or not a number."""
    tensor = tensor.detach()
    if tensor.numel() == 0 or bool(torch.isfinite(tensor.sum())):
        return 0.0  # a sum is finite only if every entry is
    return float((~torch.isfinite(tensor)).double().mean())
