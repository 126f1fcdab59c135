"""Many frames as one tree and the few things in it that change.

All frames of an explorable figure are compared at once, from the root down. What
is the same everywhere is stored once. What differs becomes a *slot*: an attribute
or the text of one element, or all children of an element where the frames do not
even agree on what these are. A slot keeps its values only over the controls that
it depends on, so that a label which follows one control is not stored for every
combination with the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from vgtools.explore.svg import Element, markup

TEXT = ""
"""Name of the slot that holds the text of an element."""
CHILDREN = "*"
"""Name of the slot that holds all children of an element, as markup."""
DESCRIPTION = -1
"""Position that stands for the description below the figure."""


@dataclass(frozen=True)
class Slot:
    """One thing that changes from frame to frame.

    Attributes
    ----------
    element : int
        Position of the element in the first frame, in document order, or `DESCRIPTION`.
    name : str
        An attribute, `TEXT` or `CHILDREN`.
    axes : tuple of int
        Positions of the controls on which the value depends.
    values : list of (str or None)
        One for each combination of those controls, the last one fastest; None
        where the attribute is absent.
    """

    element: int
    name: str
    axes: tuple[int, ...]
    values: list[str | None]


def find_slots(
    frames: Sequence[Sequence[Element]],
    descriptions: Sequence[str],
    shape: Sequence[int],
    default: int,
) -> list[Slot]:
    """Compare all frames of a figure.

    Parameters
    ----------
    frames : sequence of sequence of Element, length prod(shape)
        The panels of each frame, in the order of the grid, the last control fastest.
    descriptions : sequence of str, same length
        The description of each frame.
    shape : sequence of int
        How many values each control has.
    default : int
        The frame that the page shows first; elements are counted in it.

    Returns
    -------
    list of Slot

    Raises
    ------
    ValueError
        If the frames have different numbers of panels.

    Examples
    --------
    >>> from xml.etree.ElementTree import fromstring
    >>> frames = [[fromstring(f"<svg><path d='M{x}'/></svg>")] for x in (1, 2)]
    >>> find_slots(frames, ["one", "two"], [2], default=0)[0]
    Slot(element=1, name='d', axes=(0,), values=['M1', 'M2'])
    """
    if len({len(panels) for panels in frames}) > 1:
        raise ValueError(
            "every state of a figure must have the same number of panels, not "
            f"{sorted({len(panels) for panels in frames})}: give each the same axes, and let those "
            "that it does not need be empty"
        )
    columns: list[tuple[int, str, list[str | None]]] = []
    position = 0
    for panels in zip(*frames, strict=True):
        _compare(panels, position, default, columns)
        position += sum(1 for _ in panels[default].iter())
    columns.append((DESCRIPTION, TEXT, list(descriptions)))
    return [
        Slot(element, name, *_reduce(values, shape))
        for element, name, values in columns
        if len(set(values)) > 1
    ]


def payload(slots: Sequence[Slot], shape: Sequence[int]) -> str:
    """Write slots as the JSON text that ``explore.js`` reads.

    Values that repeat within a slot are stored once, with their positions.

    Examples
    --------
    >>> payload([Slot(3, "d", (0,), ["a", "b", "a", "b", "a"])], [5])
    '{"shape":[5],"slots":[[3,"d",[0],["a","b"],[0,1,0,1,0]]]}'
    """
    rows = []
    for slot in slots:
        distinct = list(dict.fromkeys(slot.values))
        row: list[object] = [slot.element, slot.name, list(slot.axes), slot.values]
        if 2 * len(distinct) <= len(slot.values):
            places = {value: place for place, value in enumerate(distinct)}
            row[3:] = [distinct, [places[value] for value in slot.values]]
        rows.append(row)
    text = json.dumps(
        {"shape": list(shape), "slots": rows}, ensure_ascii=False, separators=(",", ":")
    )
    # Inside a script element only "</" and "<!--" could end or change the element.
    return text.replace("<", "\\u003c")


def _compare(
    nodes: Sequence[Element],
    position: int,
    default: int,
    columns: list[tuple[int, str, list[str | None]]],
) -> None:
    names = dict.fromkeys(name for node in nodes for name in node.attrib)
    for name in names:
        columns.append((position, name, [node.get(name) for node in nodes]))
    kinds = {tuple((child.tag, child.tail) for child in node) for node in nodes}
    texts = {node.text for node in nodes}
    if len(kinds) > 1 or (len(texts) > 1 and len(nodes[default])):
        columns.append((position, CHILDREN, [_inner_markup(node) for node in nodes]))
        return
    columns.append((position, TEXT, [node.text or "" for node in nodes]))
    position += 1
    for number in range(len(nodes[default])):
        _compare([node[number] for node in nodes], position, default, columns)
        position += sum(1 for _ in nodes[default][number].iter())


def _inner_markup(node: Element) -> str:
    return escape(node.text or "") + "".join(markup(child) for child in node)


def _reduce(
    values: Sequence[str | None], shape: Sequence[int]
) -> tuple[tuple[int, ...], list[str | None]]:
    """Drop the controls on which the values do not depend."""
    places: dict[str | None, int] = {}
    grid = np.array([places.setdefault(value, len(places)) for value in values]).reshape(shape)
    distinct = list(places)
    axes = []
    for axis in range(grid.ndim):
        first = grid.take([0], axis=axis)
        if (grid == first).all():
            grid = first
        else:
            axes.append(axis)
    return tuple(axes), [distinct[place] for place in grid.ravel()]
