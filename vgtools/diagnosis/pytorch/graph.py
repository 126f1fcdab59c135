"""The path: the places of the graph that every way from the first layer to the loss passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from os.path import commonprefix
from typing import Any

from torch import nn

from vgtools.diagnosis.expected import LAYER_NORM
from vgtools.diagnosis.pytorch.forward import Call, shown
from vgtools.diagnosis.trace import Weights

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
        The calls of layers with weights since the place before it, in their order.
    others : list of Call
        All other calls between the two.
    operations : list of object
        The nodes between it and the next place, of which none has a way around it; with None
        at the end if there are others.
    joins : bool
        Whether it adds up two ways from the first layer: a residual sum.
    names : list of str
        What the operations are; see `named`.
    weights : Weights or None
        What theory needs, where one dense layer or one convolution leads here.
    divided : float
        Root mean square of what it returns, where the layers that follow divide by it: a
        normalisation reads it, and a shortcut leads past. Otherwise NaN.
    """

    node: Any
    calls: list[Call]
    others: list[Call]
    operations: list[Any]
    joins: bool = False
    names: list[str] = field(default_factory=list)
    weights: Weights | None = None
    divided: float = math.nan

    @property
    def alone(self) -> Call | None:
        """The call, if there is only one."""
        return self.calls[0] if len(self.calls) == 1 else None

    @property
    def free(self) -> bool:
        """Whether it is a sum that the next place gets as it is, whatever is added to it."""
        return self.joins and self.operations[:1] == [None]


def places(above: dict[Any, list[Any]], calls: Sequence[Call]) -> list[Place]:
    """Find the path, first layer first.

    It begins at the first layer with weights that the loss depends on. Of the nodes that have
    no way around them, it holds the first one after every layer with weights. If they are too few
    to be judged, as behind the short one of two towers, it begins at the first layer of the next
    tower that has enough. The graph is what `parents` makes of the node that made the loss.
    """
    weighted = [call for call in calls if call.weighted and any(n in above for n in call.nodes)]
    made = [node for call in weighted for node in call.nodes if node in above]
    behind = reaching([each for node in made for each in above[node]], above)
    inner = {call.module for call in weighted if behind.issuperset(above.keys() & call.nodes)}
    towers = [call for call in weighted[1:] if call.module not in inner]
    paths = (_path(call, calls, above) for call in [*weighted[:1], *towers])
    first = next(paths, [])
    return first if len(first) > 3 else next((path for path in paths if len(path) > 3), first)


def _path(first: Call, calls: Sequence[Call], above: dict[Any, list[Any]]) -> list[Place]:
    """Return the places from one layer on."""
    on_way = reaching([node for node in first.nodes if node in above], above)
    below = {node: [each for each, _ in node.next_functions if each in on_way] for node in on_way}
    order = list(TopologicalSorter(below).static_order())  # first layer first
    position = {node: index for index, node in enumerate(order)}
    cuts = _cuts(order, below, position)

    at: dict[int, list[int]] = {}  # which calls, by their numbers, made a node
    for number, call in enumerate(calls):
        found = [position[node] for node in call.nodes if node in position]
        if found:
            at.setdefault(min(found), []).append(number)

    path: list[Place] = []
    new, between = [], []
    for index, node in enumerate(order):
        new += at.get(index, [])
        here = [calls[number] for number in sorted(new)]
        own = [call for call in here if call.weighted]
        if index in cuts and own:
            if path:
                path[-1].operations = between
            others = [call for call in here if not call.weighted]
            path.append(Place(node, own, others, [], joins=len(below[node]) > 1))
            new, between = [], []
        else:
            between.append(node if index in cuts else None)
    for place, following in zip(path, path[1:]):
        if following.joins:
            read = dict(call.divides for call in following.others if call.divides)
            place.divided = read.get(place.node, math.nan)
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


def named(operations: Sequence[Any]) -> list[str]:
    """Name the activations among nodes; "?" is anything that has no name."""
    names = ("?" if (name := activation(node)) is None else name for node in operations)
    return [name for name in names if name]


def in_branch(node: Any, above: dict[Any, list[Any]], on_way: set[Any]) -> bool:
    """Tell whether the next thing that a node's result meets is a sum, or stands beside it.

    What it multiplies instead, it is a gate of. `on_way` are the nodes that the path's first layer
    gets its gradient through, the only ones that count.
    """
    while len(above[node]) == 1:
        [node] = above[node]
        if sum(each in on_way for each, _ in node.next_functions) > 1:
            return node.name() in ("AddBackward0", "SubBackward0", "CatBackward0")
    return False


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
    within = ".".join(commonprefix([name.split(".") for name in names]))
    if not within:
        return f"{names[0]} to {names[-1]}"
    return shown(within, dict(model.named_modules()).get(within, model))


def parents(ends: Sequence[Any]) -> dict[Any, list[Any]]:
    """Return all nodes of a graph, from those where it ends, each with the nodes above it.

    It gets its gradient from the nodes above it.
    """
    above: dict[Any, list[Any]] = {node: [] for node in ends}
    waiting = list(above)
    while waiting:
        node = waiting.pop()
        for following, _ in node.next_functions:
            if following is None:
                continue
            if following not in above:
                above[following] = []
                waiting.append(following)
            above[following].append(node)
    return above


def reaching(ends: list[Any], above: dict[Any, list[Any]]) -> set[Any]:
    """Return the nodes from which a gradient reaches one of the ends."""
    found, waiting = set(ends), list(ends)
    while waiting:
        for node in above[waiting.pop()]:
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def _cuts(order: list[Any], below: dict[Any, list[Any]], position: dict[Any, int]) -> set[int]:
    """Return the positions that no edge of the graph leads past."""
    cuts = set()
    nearest = len(order)  # the earliest layer that an edge from further on reaches
    for index in range(len(order) - 1, -1, -1):
        if nearest >= index:
            cuts.add(index)
        nearest = min([nearest, *(position[each] for each in below[order[index]])])
    return cuts
