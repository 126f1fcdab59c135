"""Dead and saturated units: rectifiers that are off, and sigmoids and tanhs at their ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from vgtools.diagnosis.pytorch import graph
from vgtools.diagnosis.pytorch.backward import by_sample
from vgtools.diagnosis.pytorch.forward import Call, norm
from vgtools.diagnosis.trace import Units

SATURATED_BELOW = 0.05
"""As in `vgtools.diagnostics`: a share of the steepest slope."""


def units_of(
    ends: Sequence[Any],
    calls: Sequence[Call],
    places: Sequence[graph.Place],
    samples: int,
    channels_last: bool = False,
) -> list[Units]:
    """Count the units of every rectifier in the graph, and of the activations on the path.

    The graph begins at the nodes that made the output, the `ends`: a rectifier in the loss, such
    as a hinge, has no units. It has to happen before the graph is used. A sigmoid that is not on
    the path is a gate, whose ends are where it works; one behind the last layer gives a
    probability.
    """
    on_path = {node for place in places[:-1] for node in place.operations if node is not None}
    made = {node: call for call in reversed(calls) for node in call.nodes}
    convolved = {
        node
        for call in calls
        if isinstance(call.module, torch.nn.modules.conv._ConvNd)
        for node in call.nodes
    }
    counted = []
    for node in sorted(graph.every_node(ends), key=lambda node: node._sequence_nr()):
        name = graph.activation(node)
        if name not in ("relu", "tanh", "sigmoid") or (name != "relu" and node not in on_path):
            continue
        try:
            result = node._saved_result.detach()
        except RuntimeError:  # changed in place since
            continue
        before = node.next_functions[0][0]
        shown = next((made[each].name for each in (node, before) if each in made), name)
        channels = result.ndim > 3 or (result.ndim == 3 and before in convolved)
        channels = channels and not channels_last
        axis = 1 if channels else result.ndim - 1
        if name == "relu":
            others = [each for each in range(result.ndim) if each != axis]
            off = ~result.ne(0).any(dim=others) if others else result.eq(0)
            dead = float(off.double().mean())
            silent = float((~by_sample(result.ne(0), samples).any(dim=1)).double().mean())
            fed = {"on_path": node in on_path, **_fed(made.get(before))}
            counted.append(Units(shown, name, off.numel(), dead=dead, silent=silent, **fed))
        else:
            slope = 1 - result.square() if name == "tanh" else 4 * result * (1 - result)
            share = float((slope < SATURATED_BELOW).double().mean())
            fed = _entering(made.get(before))
            counted.append(Units(shown, name, result.shape[axis], saturated=share, **fed))
    return counted


def _entering(before: Call | None) -> dict[str, object]:
    """Say how large the numbers are that go into the layer in front of an activation."""
    if before is None or before.read is None or not before.read.numel():
        return {}
    return {
        "before": before.name,
        "entering": norm(before.read) / math.sqrt(before.read.numel()),
        "entering_mean": before.read.double().mean().item(),
    }


def _fed(before: Call | None) -> dict[str, object]:
    """Describe what the layer in front of an activation gave to it."""
    if before is None:
        return {}
    bias = before.module._parameters.get("bias")
    return {
        "before": before.name,
        "bias": 0.0 if bias is None else bias.detach().double().mean().item(),
        "mean": before.mean,
        "spread": math.sqrt(max(before.signal**2 - before.mean**2, 0.0)),
    }
