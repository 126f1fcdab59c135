"""What a step of training would change: the updates of an optimiser, and attention's parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from vgtools.diagnosis.pytorch.forward import norm
from vgtools.diagnosis.step_findings import first_step
from vgtools.diagnosis.trace import Attention, Update

RULES = (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW)
"""Optimisers whose first step is known from the gradient."""

TRIPLES = (
    ("q_proj", "k_proj", "v_proj"),
    ("query", "key", "value"),
    ("to_q", "to_k", "to_v"),
    ("q_lin", "k_lin", "v_lin"),
    ("wq", "wk", "wv"),
    ("q", "k", "v"),
)
"""What the three layers of an attention are called in common implementations."""

Gradients = dict[int, torch.Tensor | None]
"""The gradient of each parameter by its id."""


def check_optimizer(optimizer: object) -> None:
    """Accept an optimiser whose first step is known, or None.

    Raises
    ------
    TypeError
        For any other.
    """
    if optimizer is not None and type(optimizer) not in RULES:
        given = f"{type(optimizer)}"
        if isinstance(optimizer, type):
            given = (
                f"the class {optimizer.__name__}: give an instance, such as "
                f"{optimizer.__name__}(model.parameters(), lr=0.01)"
            )
        raise TypeError(
            "optimizer must be a torch.optim.SGD, Adam or AdamW, whose first step follows from "
            f"the gradient, not {given}"
        )


def described(optimizer: torch.optim.Optimizer) -> str:
    """Name an optimiser and its learning rates."""
    rates = sorted({float(group["lr"]) for group in optimizer.param_groups})
    told = f"{rates[0]:g}" if len(rates) == 1 else f"{rates[0]:g} to {rates[-1]:g}"
    return f"{type(optimizer).__name__} with learning rate {told}"


def updates(
    optimizer: torch.optim.Optimizer, names: dict[int, str], gradients: Gradients
) -> Iterator[Update]:
    """Compare the first step of an optimiser with the weights: matrices that are not 0."""
    rule = "SGD" if isinstance(optimizer, torch.optim.SGD) else "Adam"
    for group in optimizer.param_groups:
        for weights in group["params"]:
            gradient = gradients.get(id(weights))
            if gradient is None or weights.ndim < 2 or not (weights.any() and gradient.any()):
                continue
            step = first_step(rule, float(group["lr"]), group.get("eps", 0.0), gradient)
            there = gradient != 0
            same = ((weights - step) == weights)[there]
            yield Update(
                names[id(weights)],
                norm(step) / norm(weights),
                same.double().mean().item(),
            )


def attention(model: nn.Module, gradients: Gradients) -> Iterator[Attention]:
    """Compare the gradients of the weights that make queries, keys and values."""
    for name, module in model.named_modules():
        found = _three(module, gradients)
        if found is not None and all(each is not None for each in found):
            yield Attention(name or type(module).__name__, *map(norm, found))


def _three(module: nn.Module, gradients: Gradients) -> Sequence[torch.Tensor | None] | None:
    if isinstance(module, nn.MultiheadAttention):
        if module.in_proj_weight is None:
            kept = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
            return [gradients.get(id(each)) for each in kept]
        joint = gradients.get(id(module.in_proj_weight))
        return None if joint is None else joint.chunk(3)
    for names in TRIPLES:
        children = [module._modules.get(name) for name in names]
        if all(isinstance(child, nn.Linear) for child in children):
            return [gradients.get(id(child.weight)) for child in children]
    return None
