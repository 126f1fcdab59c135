"""A model that is afterwards what it was before, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

_CONTAINERS = (dict, list, set)


@contextmanager
def unchanged(*modules: nn.Module) -> Iterator[None]:
    """Put back everything that a pass through modules changes, also if it raises.

    Weights, gradients, buffers, modes, hooks and the attributes of every module, and the random
    states of Python, NumPy and PyTorch.

    Examples
    --------
    >>> layer = nn.BatchNorm1d(2)
    >>> with unchanged(layer):
    ...     _ = layer(torch.ones(3, 2)), layer.eval()
    >>> layer.running_mean.tolist(), layer.training
    ([0.0, 0.0], True)
    """
    every = [each for module in modules for each in module.modules()]
    attributes = [(each.__dict__, _shallow(each.__dict__)) for each in every]
    owned = [tensor for module in modules for tensor in module.parameters()]
    values = [(tensor, tensor.detach().clone(), tensor.grad) for tensor in owned]
    learning = [(tensor, tensor.requires_grad) for tensor in owned]
    python, numpy, generators = random.getstate(), np.random.get_state(), _generators()  # noqa: NPY002
    _lend_buffers(every)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        for restore, state in generators:
            restore(state)
        for live, kept in attributes:
            _restore(live, kept)
        for tensor, before, gradient in values:
            tensor.data.copy_(before)  # a graph that the caller holds stays valid
            if tensor.grad is not gradient:
                tensor.grad = gradient
        for tensor, learns in learning:
            if tensor.requires_grad != learns:
                tensor.requires_grad_(learns)


def _lend_buffers(modules: list[nn.Module]) -> None:
    """Let the pass change copies of the buffers."""
    copies: dict[int, torch.Tensor] = {}
    for module in modules:
        for name, buffer in module._buffers.items():
            if buffer is not None:
                copy = copies.setdefault(id(buffer), buffer.detach().clone())
                module._buffers[name] = copy


def _generators() -> list[tuple]:
    found = [(torch.set_rng_state, torch.get_rng_state())]
    if torch.cuda.is_initialized():
        found.append((torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
    return found


def _shallow(attributes: dict) -> dict:
    """Copy a module's attributes, and the containers among them with what they hold."""
    return {
        name: (value, value.copy() if isinstance(value, _CONTAINERS) else None)
        for name, value in attributes.items()
    }


def _restore(live: dict, kept: dict) -> None:
    for name in [name for name in live if name not in kept]:
        del live[name]
    for name, (value, content) in kept.items():
        live[name] = value
        if content is None or (len(content) == len(value) and _same_content(content, value)):
            continue
        value.clear()
        value.extend(content) if isinstance(value, list) else value.update(content)


def _same_content(one: object, other: object) -> bool:
    if isinstance(one, dict):
        return all(a == b and one[a] is other[b] for a, b in zip(one, other))
    if isinstance(one, list):
        return all(a is b for a, b in zip(one, other))
    return one == other
