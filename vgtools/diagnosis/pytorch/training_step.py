"""What a step of training would change: the updates of an optimiser, and attention's parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import nn

from vgtools.diagnosis.finding import listed
from vgtools.diagnosis.pytorch.forward import norm, shown
from vgtools.diagnosis.trace import Attention, Update, first_step, starts_near_zero

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

Gradients = Mapping[int, torch.Tensor]
"""The gradient of each parameter that has one, by its id."""


def check_optimizer(optimizer: object, model: nn.Module) -> list[str]:
    """Accept an optimiser of a model whose first step is known, or None.

    Returns
    -------
    list of str
        A note, where some of the parameters that are to learn are not the optimiser's.

    Raises
    ------
    TypeError
        For any other.
    ValueError
        If it has none of the model's parameters.
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
    if optimizer is None:
        return []
    own = {id(each) for group in optimizer.param_groups for each in group["params"]}
    if not any(id(each) in own for each in model.parameters()):
        raise ValueError(
            "optimizer must be of this model: none of its parameters is a parameter of the model. "
            f"Give {type(optimizer).__name__}(model.parameters(), ...) of the same model"
        )
    learning = {name: each for name, each in model.named_parameters() if each.requires_grad}
    left = [name for name, each in learning.items() if id(each) not in own]
    if not left:
        return []
    return [
        f"the optimizer has {len(learning) - len(left)} of the {len(learning)} parameters that are "
        f"to learn: no step of it changes {listed(left)}"
    ]


def fields(
    model: nn.Module, optimizer: torch.optim.Optimizer | None, gradients: Mapping[str, torch.Tensor]
) -> dict[str, object]:
    """Return the fields `attention`, `optimizer` and `updates` of a trace.

    Parameters
    ----------
    model : torch.nn.Module
    optimizer : torch.optim.SGD, Adam, AdamW or None
    gradients : dict of str to Tensor
        Of each parameter that has one.
    """
    parameters = dict(model.named_parameters())
    by_id = {id(parameters[name]): each for name, each in gradients.items()}
    found: dict[str, object] = {"attention": tuple(_attention(model, by_id))}
    if optimizer is not None:
        rates = sorted({float(group["lr"]) for group in optimizer.param_groups})
        told = f"{rates[0]:g}" if len(rates) == 1 else f"{rates[0]:g} to {rates[-1]:g}"
        names = {id(each): _layer(model, name) for name, each in parameters.items()}
        found["optimizer"] = f"{type(optimizer).__name__} with learning rate {told}"
        found["updates"] = tuple(_updates(optimizer, names, by_id))
    return found


def _layer(model: nn.Module, parameter: str) -> str:
    """Name the layer of a weight, and any other parameter as the model does."""
    layer, _, own = parameter.rpartition(".")
    return shown(layer, model.get_submodule(layer)) if own == "weight" else parameter


def _updates(
    optimizer: torch.optim.Optimizer, names: dict[int, str], gradients: Gradients
) -> Iterator[Update]:
    """Compare the first step of an optimiser with the weights: matrices that are not near 0."""
    rule = "SGD" if isinstance(optimizer, torch.optim.SGD) else "Adam"
    for group in optimizer.param_groups:
        for weights in group["params"]:
            gradient = gradients.get(id(weights))
            if gradient is None or weights.ndim < 2 or not gradient.any():
                continue
            length = norm(weights)
            if starts_near_zero(length, len(weights)):
                continue
            step = first_step(rule, float(group["lr"]), group.get("eps", 0.0), gradient)
            same = ((weights - step) == weights)[gradient != 0]
            broken = _divided_by_zero(gradient, group) if rule == "Adam" else 0.0
            yield Update(
                names[id(weights)], norm(step) / length, same.double().mean().item(), broken
            )


def _divided_by_zero(gradient: torch.Tensor, group: Mapping) -> float:
    """Return the share of a first step of Adam in which it divides by 0.

    It divides by the root of ``(1 - beta) * g**2``, plus `eps`. In float16, squares of a gradient
    below 0.0055 and the usual `eps` of 1e-8 are both 0.
    """
    if gradient.new_tensor(group["eps"]):
        return 0.0
    squares = (1 - group["betas"][1]) * gradient.double().square()
    return (squares.to(gradient.dtype) == 0).double().mean().item()


def _attention(model: nn.Module, gradients: Gradients) -> Iterator[Attention]:
    """Compare the gradients of the weights that make queries, keys and values."""
    for name, module in model.named_modules():
        found = _three(module, gradients)
        if found and all(each is not None for each in found):
            yield Attention(name or type(module).__name__, *map(norm, found))


def _three(module: nn.Module, gradients: Gradients) -> Sequence[torch.Tensor | None]:
    if isinstance(module, nn.MultiheadAttention):
        if module.in_proj_weight is None:
            kept = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
            return [gradients.get(id(each)) for each in kept]
        joint = gradients.get(id(module.in_proj_weight))
        return () if joint is None else joint.chunk(3)
    for names in TRIPLES:
        children = [module._modules.get(name) for name in names]
        if all(isinstance(child, nn.Linear) for child in children):
            return [gradients.get(id(child.weight)) for child in children]
    return ()
