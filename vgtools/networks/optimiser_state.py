"""What an optimiser remembers of every parameter, kept so that copies find it again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from vgtools.networks.parameters import Parameter


class OptimiserState:
    """A table from parameters to what an optimiser remembers of them.

    It keeps no parameter alive: when a network goes, so does what was remembered of it.

    A copy of the table (`copy.deepcopy`, `pickle`) knows parameters by their `key`. The
    first parameter with that key that it is asked for gets what was remembered: the
    parameter itself or its copy, whether the two were copied together or one by one.
    Any other copy of that parameter is a new one to it.

    Examples
    --------
    >>> import copy
    >>> import numpy as np
    >>> weight, velocities = Parameter("w", np.ones(1)), OptimiserState()
    >>> velocities[weight] = np.array([0.5])
    >>> copy.deepcopy(velocities).get(copy.deepcopy(weight))
    array([0.5])
    >>> velocities.get(copy.deepcopy(weight)) is None
    True
    """

    def __init__(self) -> None:
        self._entries: WeakKeyDictionary[Parameter, Any] = WeakKeyDictionary()
        self._copied: dict[str, Any] = {}

    def get(self, parameter: Parameter) -> Any | None:
        """Return what is remembered of a parameter, None if it is new."""
        entry = self._entries.get(parameter)
        if entry is None and parameter.key in self._copied:
            entry = self._entries[parameter] = self._copied.pop(parameter.key)
        return entry

    def __setitem__(self, parameter: Parameter, entry: Any) -> None:
        """Remember a parameter for the first time."""
        if any(known.key == parameter.key for known in self._entries if known is not parameter):
            # A network and its copy, trained side by side: from here on they are two.
            parameter.key = uuid4().hex
        self._entries[parameter] = entry

    def __getstate__(self) -> dict[str, Any]:
        return {known.key: entry for known, entry in self._entries.items()} | self._copied

    def __setstate__(self, copied: dict[str, Any]) -> None:
        self.__init__()
        self._copied = copied
