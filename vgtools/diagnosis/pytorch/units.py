"""Dead and saturated units: rectifiers that are off, and sigmoids and tanhs at their ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from vgtools.diagnosis.pytorch import graph
from vgtools.diagnosis.pytorch.backward import by_sample
from vgtools.diagnosis.pytorch.forward import Call
from vgtools.diagnosis.trace import Units
from vgtools.diagnostics import SATURATED_BELOW


def units_of(
    above: dict[Any, list[Any]],
    calls: Sequence[Call],
    places: Sequence[graph.Place],
    samples: int,
    channels_last: bool = False,
) -> list[Units]:
    """Count the units of every rectifier in the graph, and of the activations on the path.

    The graph is what `graph.parents` makes of the nodes that made the output: a rectifier in the
    loss, such as a hinge, has no units. It has to happen before the graph is used. A sigmoid or
    tanh that is neither on the path nor in a branch of a sum is a gate, whose ends are where it
    works; one behind the last layer gives a probability.
    """
    first = [node for place in places[:1] for call in place.calls for node in call.nodes]
    on_way = graph.reaching([node for node in first if node in above], above)
    on_path = {node for place in places[:-1] for node in place.operations if node is not None}
    made = {node: call for call in reversed(calls) for node in call.nodes}
    counted = []
    names = {node: graph.activation(node) for node in above}
    found = [node for node in above if names[node] in ("relu", "tanh", "sigmoid")]
    for node in sorted(found, key=lambda node: node._sequence_nr()):
        name = names[node]
        if name != "relu" and node not in on_path and not graph.in_branch(node, above, on_way):
            continue
        try:
            result = node._saved_result.detach()
        except RuntimeError:  # changed in place since
            continue
        before = node.next_functions[0][0]
        call = made.get(before)
        shown = next((made[each].name for each in (node, before) if each in made), name)
        convolved = call is not None and isinstance(call.module, nn.modules.conv._ConvNd)
        channels = result.ndim > 3 or (result.ndim == 3 and convolved)
        axis = 1 if channels and not channels_last else result.ndim - 1
        width = result.shape[axis] if result.ndim else 1
        fed = {} if call is None else _given(call) if name == "relu" else _entering(call)
        if name == "relu":
            others = [each for each in range(result.ndim) if each != axis]
            known = {"dead": _off(result, others), "silent": _off(by_sample(result, samples), [1])}
        else:
            slope = 1 - result.square() if name == "tanh" else 4 * result * (1 - result)
            known = {"saturated": float((slope < SATURATED_BELOW).double().mean())}
        padded = _padded(before)
        counted.append(
            Units(shown, name, width, on_path=node in on_path, padded=padded, **known, **fed)
        )
    return counted


def _padded(node: Any) -> bool:
    """Tell whether a node adds something that was filled up with a constant, such as zeros."""
    if node is None or not node.name().startswith("Add"):
        return False
    added = [each for each, _ in node.next_functions if each is not None]
    return any(
        each.name().startswith("ConstantPad")
        or (each.name().startswith("Cat") and any(part is None for part, _ in each.next_functions))
        for each in added
    )


def _off(values: torch.Tensor, axes: list[int]) -> float:
    """Return the share of what a rectifier returns that is 0 at every place of some axes.

    Nothing there is below 0, and the largest of several numbers is found faster than whether any
    of them is not 0.
    """
    if axes:
        values = values.amax(dim=axes) if values.numel() else values.sum(dim=axes)
    return 1 - int(torch.count_nonzero(values)) / max(values.numel(), 1)


def _given(before: Call) -> dict[str, object]:
    """Describe what the layer in front of a rectifier gives to it."""
    bias = before.module._parameters.get("bias")
    return {
        "before": before.name,
        "bias": 0.0 if bias is None else bias.detach().double().mean().item(),
        "mean": before.mean,
        "spread": math.sqrt(max(before.signal**2 - before.mean**2, 0.0)),
    }


def _entering(before: Call) -> dict[str, object]:
    """Say how large the numbers are that go into the layer in front of an activation."""
    if before.read is None or not before.read.numel():
        return {}
    mean = before.read.mean(dtype=torch.float64).item()
    return {"before": before.name, "entering": before.entering, "entering_mean": mean}
