"""What a reader can move: sliders, selects and checkboxes, and the grid they span."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np

MOST_STATES = 1000
"""The largest grid of states that a page may carry for one figure."""

NO_OPTION = (
    "What is not an option is a control. "
    "The options are alt, caption, defaults, titles, tour, autoplay, style and palette"
)
"""Behind a message about a control, which may be a misspelt option of `explore`."""


@dataclass(frozen=True)
class Control:
    """One control of an explorable figure.

    Attributes
    ----------
    name : str
        The argument of the drawing function that it sets.
    kind : {"slider", "select", "checkbox"}
        How it looks.
    values : tuple
        Every value that it can take, in order.
    labels : tuple of str
        What a reader sees for each value.
    default : int
        Index of the value at the start.
    title : str
        What a reader sees beside the control.
    """

    name: str
    kind: str
    values: tuple[Any, ...]
    labels: tuple[str, ...]
    default: int
    title: str

    def index(self, value: object) -> int:
        """Return the position of a value, or raise a `ValueError` that lists what is accepted."""
        for matches in (same, self._close):
            for position, own in enumerate(self.values):
                if matches(own, value):
                    return position
        accepted = [
            label
            if self.kind == "slider" or str(own) == label
            else f"{own!r:.40} (shown as {label})"
            for own, label in zip(self.values, self.labels, strict=True)
        ]
        raise ValueError(f"{self.name!r} cannot be {value!r}: accepted are {_listing(accepted)}")

    def label(self, value: object) -> str:
        """Return what a reader sees for a value, or the value as Python writes it."""
        try:
            return self.labels[self.index(value)]
        except ValueError:
            return f"{value!r:.60}"

    def _close(self, own: object, value: object) -> bool:
        """Tell whether a number is one of the values but for rounding."""
        if isinstance(own, bool) or isinstance(value, bool):
            return own is value
        if not (isinstance(own, Real) and isinstance(value, Real)):
            return False
        largest = max(map(abs, self.values)) if self.kind == "slider" else 0
        return math.isclose(own, value, rel_tol=1e-9, abs_tol=1e-12 * largest)


def same(one: object, other: object) -> bool:
    """Tell whether two values are of one type and equal; arrays are, as a whole.

    Examples
    --------
    >>> same(np.zeros(2), np.zeros(2)), same(1, True)
    (True, False)
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    try:
        return bool(one == other)
    except ValueError:  # a list of arrays, say
        return False


def make_controls(
    specifications: Mapping[str, object],
    defaults: Mapping[str, object],
    titles: Mapping[str, str],
) -> tuple[Control, ...]:
    """Turn the abbreviations of `vgtools.explore` into controls.

    A tuple ``(low, high)`` or ``(low, high, step)`` makes a slider, a list, a dictionary
    {label: value} or a list of pairs (label, value) a select, a bool a checkbox: as in
    `ipywidgets.interact`.

    Raises
    ------
    TypeError, ValueError
        If a specification, a default or a title does not fit.

    Examples
    --------
    >>> [slider, choice] = make_controls(
    ...     {"alpha": (0.5, 1.5, 0.5), "name": ["elu", "celu"]}, {"alpha": 0.5}, {"alpha": "α"}
    ... )
    >>> slider.labels, slider.default, slider.title
    (('0.5', '1', '1.5'), 0, 'α')
    >>> choice.kind, choice.values
    ('select', ('elu', 'celu'))
    """
    for what, mapping in (("defaults", defaults), ("titles", titles)):
        unknown = [name for name in mapping if name not in specifications]
        if unknown:
            raise ValueError(
                f"{what} names {unknown[0]!r}, which is no control: "
                f"the controls are {_listing(list(specifications)) or 'none'}"
            )
    if "self" in specifications:
        raise ValueError("a control cannot be called 'self'")
    return tuple(
        _make_control(name, specification, defaults, str(titles.get(name, name.replace("_", " "))))
        for name, specification in specifications.items()
    )


def check_size(controls: Sequence[Control]) -> int:
    """Return the number of states, or raise if a page cannot carry so many.

    Raises
    ------
    ValueError
        Naming the control to coarsen.

    Examples
    --------
    >>> check_size(make_controls({"a": (0, 9, 1), "b": True}, {}, {}))
    20
    """
    states = math.prod(len(control.values) for control in controls)
    if states > MOST_STATES:
        widest = max(controls, key=lambda control: len(control.values))
        raise ValueError(
            f"{states} states are more than the {MOST_STATES} that a page may carry: "
            f"coarsen {widest.name!r}, which has {len(widest.values)} values"
        )
    return states


def _make_control(
    name: str, specification: object, defaults: Mapping[str, object], title: str
) -> Control:
    if isinstance(specification, bool):
        kind, values, labels = "checkbox", (False, True), ("off", "on")
        default = int(specification)
    elif isinstance(specification, tuple):
        kind = "slider"
        values = _slider_values(name, specification)
        labels = tuple(_number_label(value) for value in values)
        default = (len(values) - 1) // 2
    elif isinstance(specification, Mapping):
        kind, values = "select", tuple(specification.values())
        labels, default = tuple(str(label) for label in specification), 0
    elif isinstance(specification, list) and specification and all(map(_labelled, specification)):
        kind, default = "select", 0
        labels, values = zip(*specification, strict=True)
    elif isinstance(specification, list):
        kind, values = "select", tuple(specification)
        labels, default = tuple(str(value) for value in values), 0
    else:
        raise TypeError(
            f"the control {name!r} is given as {specification!r}: accepted are a tuple "
            f"(low, high, step), a list, a dictionary {{label: value}} or a bool. {NO_OPTION}"
        )
    if not values:
        raise ValueError(f"the control {name!r} has no value to choose from")
    if len(set(labels)) < len(labels):
        raise ValueError(f"the control {name!r} shows the same label for two values: {labels}")
    control = Control(name, kind, values, labels, default, title)
    if name in defaults:
        default = control.index(defaults[name])
    return Control(name, kind, values, labels, default, title)


def _labelled(entry: object) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)


def _slider_values(name: str, limits: tuple[object, ...]) -> tuple[float | int, ...]:
    if len(limits) not in (2, 3) or not all(
        isinstance(limit, Real) and not isinstance(limit, bool) and math.isfinite(limit)
        for limit in limits
    ):
        raise TypeError(
            f"the slider {name!r} is given as {limits!r}: accepted are two or three finite "
            "numbers (low, high) or (low, high, step)"
        )
    whole = all(isinstance(limit, Integral) for limit in limits)
    # Decimal arithmetic on the numbers as written: 0.05 + 37 * 0.05 is 1.9, not 1.9000000000000001.
    if not whole:
        limits = tuple(map(float, limits))
    low, high = (Decimal(str(limit)) for limit in limits[:2])
    step = Decimal(str(limits[2])) if len(limits) == 3 else Decimal(1 if whole else "0.1")
    if not (low < high and step > 0):
        raise ValueError(f"the slider {name!r} needs low < high and step > 0, not {limits!r}")
    count = int((high - low) / step) + 1
    if count == 1:
        raise ValueError(
            f"the slider {name!r} has one value, because the step in {limits!r} is larger than "
            "high - low"
        )
    if count > MOST_STATES:
        raise ValueError(
            f"the slider {name!r} has {count} values, more than {MOST_STATES}: coarsen its step"
        )
    kind = int if whole else float
    return tuple(kind(low + position * step) for position in range(count))


def _number_label(value: float) -> str:
    return f"{value:.10g}".replace("-", "\N{MINUS SIGN}")


def _listing(labels: Sequence[str]) -> str:
    if len(labels) > 12:
        return f"{', '.join(labels[:3])}, … {labels[-1]} ({len(labels)} values)"
    return ", ".join(labels)
