"""What a layer is made of: its matrix, its fans, the gate that keeps its state."""

from __future__ import annotations

import math
from contextlib import nullcontext

import torch
from torch import nn

from vgtools.diagnosis.pytorch.forward import norm
from vgtools.diagnosis.pytorch.state import unchanged
from vgtools.diagnosis.trace import Weights

READ_AS_MATRICES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Layers whose weights are compared with a recipe."""


def matrix(layer: nn.Module) -> torch.Tensor | None:
    """Return the parameter of a layer that is no vector, if there is one only."""
    found = [each for each in layer._parameters.values() if each is not None and each.ndim > 1]
    return found[0] if len(found) == 1 else None


def fans(layer: nn.Module) -> tuple[int, int]:
    """Return how many numbers one unit reads, and how many units read one number.

    Of several matrices it is their smallest size, twice.

    Examples
    --------
    >>> fans(nn.Conv2d(4, 8, 3))
    (36, 72)
    """
    if hasattr(layer, "fans"):  # a layer of Keras, whose weights have other axes
        return layer.fans
    if isinstance(layer, (nn.RNNBase, nn.RNNCellBase)):
        return (layer.hidden_size,) * 2
    only = matrix(layer)
    if only is None:
        sizes = [size for each in layer.parameters() if each.ndim > 1 for size in each.shape]
        return (min(sizes, default=1),) * 2
    outputs, inputs, *places = only.shape
    return inputs * math.prod(places), outputs * math.prod(places)


def weights(layer: nn.Module) -> Weights | None:
    """Return what theory needs of a dense layer or a convolution; None for any other."""
    own = layer._parameters.get("weight")
    if not isinstance(layer, READ_AS_MATRICES) or not (own is None or own.is_floating_point()):
        return None
    # A parametrisation makes the weights when they are read, and may change its buffers.
    with unchanged(layer) if own is None else nullcontext(), torch.no_grad():
        mean_squares = [
            0.0 if each is None else norm(each) ** 2 / each.numel()
            for each in (layer.weight, layer.bias)
        ]
    return Weights(*fans(layer), *mean_squares, isinstance(layer, nn.Linear))


def symmetric(layer: nn.Module, following: nn.Module, units_axis: int) -> bool:
    """Tell whether all units of a layer have the same weights, and those that read them too.

    Then no step of training makes them differ. Both are layers for which `weights` has an answer,
    and nothing that tells units apart stands between them. Weights that are all 0 do not count.
    """
    into, behind, bias = matrix(layer), matrix(following), layer._parameters.get("bias")
    grouped = any(getattr(each, "groups", 1) > 1 for each in (layer, following))
    if into is None or behind is None or grouped:
        return False
    read_axis = 1 if units_axis == 0 else -2
    ends = [(into, units_axis), (behind, read_axis)] + ([] if bias is None else [(bias, 0)])
    with torch.no_grad():
        return all(_alike(values, axis) for values, axis in ends) and bool(into.any())


def _alike(values: torch.Tensor, axis: int) -> bool:
    first, last = values.select(axis, 0), values.select(axis, -1)
    # The first and the last one are seldom the same, and then no other one is looked at.
    if values.shape[axis] < 2 or not torch.equal(first, last):
        return False
    return bool((values == first.unsqueeze(axis)).all())


def memory(layer: nn.RNNBase) -> tuple[str, float]:
    """Return the kind of a recurrent layer, and the mean bias of the gate that keeps its state."""
    cell = layer.mode.partition("_")[0]
    if cell not in ("LSTM", "GRU"):
        return cell, math.nan
    gate = slice(layer.hidden_size, 2 * layer.hidden_size)  # the second block of both
    biases = [getattr(layer, name, None) for name in ("bias_ih_l0", "bias_hh_l0")]
    return cell, sum(b.detach()[gate].double().mean().item() for b in biases if b is not None)


def normalises_batch(layer: nn.Module) -> bool:
    """Tell whether a layer is a batch normalisation with the batch's own statistics."""
    return isinstance(layer, nn.modules.batchnorm._BatchNorm) and (
        layer.training or layer.running_mean is None
    )


def least(dtype: torch.dtype) -> float:
    """Return the smallest positive number of a float type."""
    return torch.finfo(dtype).tiny * torch.finfo(dtype).eps
