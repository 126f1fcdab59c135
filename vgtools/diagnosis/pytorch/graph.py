"""The path: the places of the graph that everything passes which the loss is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from vgtools.diagnosis.expected import LAYER_NORM
from vgtools.diagnosis.pytorch.forward import Call, shown

_SHAPES = ("View", "Reshape", "Transpose", "Permute", "Clone", "Squeeze", "Unsqueeze", "Flatten")
"""Beginnings of nodes that leave every number as it is."""

ACTIVATIONS = {
    "Relu": "relu",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Gelu": "gelu",
    "Silu": "silu",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Softplus": "softplus",
    "Mish": "mish",
    "Hardswish": "hard_swish",
}
"""Names of nodes without their ending, and the book's names of these activations."""


@dataclass(eq=False)
class Place:
    """A node that every way from the loss back to the first layer goes through.

    Attributes
    ----------
    node : object
    calls : list of Call
        The calls of layers with weights since the place before it.
    others : list of Call
        All other calls between the two.
    operations : list of object
        The nodes between it and the next place, of which none has a way around it; with None
        at the end if there are others.
    joins : bool
        Whether it adds up two ways from the first layer: a residual sum.
    """

    node: Any
    calls: list[Call]
    others: list[Call]
    operations: list[Any]
    joins: bool = False


def places(loss: Any, calls: Sequence[Call]) -> list[Place]:
    """Find the path, first layer first.

    It begins at the first layer with weights that the loss depends on. Of the nodes that have
    no way around them, it holds the first one after every layer with weights.

    Parameters
    ----------
    loss : node
        ``loss.grad_fn``.
    calls : sequence of Call

    Returns
    -------
    list of Place
    """
    parents = _parents([loss])
    weighted = [call for call in calls if call.weighted and any(n in parents for n in call.nodes)]
    if not weighted:
        return []
    first = weighted[0]
    on_way = _reaching([node for node in first.nodes if node in parents], parents)
    order = _from_loss(loss, on_way)[::-1]  # first layer first
    position = {node: index for index, node in enumerate(order)}
    cuts = _cuts(order, position)

    at: dict[int, list[Call]] = {}
    for call in calls:
        found = [position[node] for node in call.nodes if node in position]
        if found:
            at.setdefault(min(found), []).append(call)

    path: list[Place] = []
    new, others, between = [], [], []
    for index, node in enumerate(order):
        for call in at.get(index, []):
            (new if call.weighted else others).append(call)
        if index not in cuts:
            between.append(None)
        elif new:
            if path:
                path[-1].operations = between
            ways = [each for each, _ in node.next_functions if each in position]
            path.append(Place(node, new, others, [], joins=len(ways) > 1))
            new, others, between = [], [], []
        else:
            between.append(node)
    return path


def activation(node: Any) -> str | None:
    """Return the book's name of the activation that a node computes; "" if it computes nothing.

    None stands for whatever is neither.
    """
    if node is None:
        return None
    name = node.name().removesuffix("Backward0").removesuffix("Backward1")
    if name.removeprefix("Unsafe").startswith(_SHAPES):
        return ""
    if name == "Elu" and node._saved_scale != 1:  # the same node computes both
        return "selu" if abs(node._saved_scale - 1.0507) < 1e-4 else None
    if name == "NativeLayerNorm":
        return LAYER_NORM if _as_it_starts(node) else None
    return ACTIVATIONS.get(name)


def _as_it_starts(normalisation: Any) -> bool:
    """Tell whether a layer normalisation goes over the last axis and scales and shifts nothing."""
    scale, shift = normalisation._saved_weight, normalisation._saved_bias
    return (
        len(normalisation._saved_normalized_shape) == 1
        and (scale is None or bool((scale == 1).all()))
        and (shift is None or not bool(shift.any()))
    )


def label(place: Place, model: nn.Module) -> str:
    """Name a place: its layer, or the module that its layers are in."""
    names = list(dict.fromkeys(call.name for call in place.calls))
    if len(names) == 1:
        return names[0]
    parts = [name.split(".") for name in names]
    common = []
    for pieces in zip(*parts):
        if len(set(pieces)) > 1:
            break
        common.append(pieces[0])
    within = ".".join(common)
    if not within:
        return f"{names[0]} to {names[-1]}"
    return shown(within, dict(model.named_modules()).get(within, model))


def every_node(ends: Sequence[Any]) -> list[Any]:
    """Return all nodes of a graph, from the nodes where it ends."""
    return list(_parents(ends))


def _parents(ends: Sequence[Any]) -> dict[Any, list[Any]]:
    """Return all nodes, each with the nodes that it sends its gradient from."""
    parents: dict[Any, list[Any]] = {node: [] for node in ends}
    waiting = list(parents)
    while waiting:
        node = waiting.pop()
        for following, _ in node.next_functions:
            if following is None:
                continue
            if following not in parents:
                parents[following] = []
                waiting.append(following)
            parents[following].append(node)
    return parents


def _reaching(ends: list[Any], parents: dict[Any, list[Any]]) -> set[Any]:
    """Return the nodes from which a gradient reaches one of the ends."""
    found, waiting = set(ends), list(ends)
    while waiting:
        for node in parents[waiting.pop()]:
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def _from_loss(loss: Any, among: set[Any]) -> list[Any]:
    """Sort nodes so that each stands behind all that send it a gradient."""
    waits = dict.fromkeys(among, 0)
    below = {node: [each for each, _ in node.next_functions if each in among] for node in among}
    for following in below.values():
        for node in following:
            waits[node] += 1
    order, ready = [], [node for node in among if waits[node] == 0]
    while ready:
        node = ready.pop()
        order.append(node)
        for following in below[node]:
            waits[following] -= 1
            if waits[following] == 0:
                ready.append(following)
    return order


def _cuts(order: list[Any], position: dict[Any, int]) -> set[int]:
    """Return the positions that no edge of the graph leads past."""
    cuts, last = set(), len(order)
    nearest = last  # the earliest layer that an edge from further on reaches
    for index in range(last - 1, -1, -1):
        if nearest >= index:
            cuts.add(index)
        reached = [position[each] for each, _ in order[index].next_functions if each in position]
        nearest = min([nearest, *reached])
    return cuts
