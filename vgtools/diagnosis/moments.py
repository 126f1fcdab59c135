"""What a watch keeps: numbers for each layer at each watched step, and findings over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from vgtools.diagnosis.expected import Expected
from vgtools.diagnosis.finding import KINDS, Finding
from vgtools.diagnosis.findings import find
from vgtools.diagnosis.trace import Trace

_NO_THEORY = Expected(None, None, "weights that have been trained are not independent")


@dataclass
class Row:
    """One layer at one watched step; NaN stands for what was not measured.

    Attributes
    ----------
    signal : float
        Root mean square of the layer's output.
    gradient : float
        Norm of dLoss/doutput for one sample, as a root mean square over the samples.
    weight_gradient : float
        Euclidean norm of dLoss/dW of the weights, without biases, before any clipping.
    update : float
        Euclidean norm of the change of the weights by this step over the norm of the weights.
    dead : float
        Share of the units of a rectifier that are 0 for every sample of the batch.
    saturated : float
        Share of the outputs of a sigmoid or tanh where its slope is below 5 % of its maximum.
    """

    signal: float = math.nan
    gradient: float = math.nan
    weight_gradient: float = math.nan
    update: float = math.nan
    dead: float = math.nan
    saturated: float = math.nan


QUANTITIES = tuple(field.name for field in fields(Row))


@dataclass
class Moment:
    """One watched step.

    Attributes
    ----------
    step : int
        How many forward passes in training came before.
    rows : dict of str to Row
        In the order of the layers' calls.
    trace : Trace
        What the findings are judged by.
    """

    step: int
    rows: dict[str, Row]
    trace: Trace


@dataclass(frozen=True, eq=False)
class WatchHistory:
    """A table of what was watched: one row for each watched step, one column for each layer.

    Attributes
    ----------
    step : ndarray of int, shape (steps,)
        The numbers of the watched forward passes, counted from 0.
    layers : tuple of str
        An activation that is a layer of its own has a column of its own.
    signal, gradient, weight_gradient, update, dead, saturated : ndarray, shape (steps, layers)
        See `vgtools.diagnosis.moments.Row`. NaN stands for what was not measured.
    """

    step: NDArray[np.int64]
    layers: tuple[str, ...]
    signal: NDArray[np.float64]
    gradient: NDArray[np.float64]
    weight_gradient: NDArray[np.float64]
    update: NDArray[np.float64]
    dead: NDArray[np.float64]
    saturated: NDArray[np.float64]

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield one dictionary for each step and layer, as `pandas.DataFrame` takes them."""
        for i, step in enumerate(self.step):
            for j, layer in enumerate(self.layers):
                numbers = {name: float(getattr(self, name)[i, j]) for name in QUANTITIES}
                yield {"step": int(step), "layer": layer, **numbers}

    def __repr__(self) -> str:
        return f"WatchHistory({len(self.step)} steps, {len(self.layers)} layers)"


@dataclass(frozen=True)
class FindingOverTime:
    """One kind of finding over the watched steps.

    Attributes
    ----------
    kind : str
        As in `vgtools.diagnosis.Finding`.
    first, last : int
        The first and the last watched step that has it.
    count, of : int
        At how many watched steps, and how many there were.
    finding : Finding
        As it was at the first of them.
    """

    kind: str
    first: int
    last: int
    count: int
    of: int
    finding: Finding


def history(moments: Sequence[Moment]) -> WatchHistory:
    """Put moments into one table."""
    layers: dict[str, None] = {}
    for moment in moments:
        layers.update(dict.fromkeys(moment.rows))
    nothing = Row()
    tables = {
        name: np.array(
            [[getattr(m.rows.get(layer, nothing), name) for layer in layers] for m in moments],
            float,
        ).reshape(len(moments), len(layers))
        for name in QUANTITIES
    }
    return WatchHistory(np.array([m.step for m in moments], int), tuple(layers), **tables)


def findings(moments: Sequence[Moment]) -> tuple[FindingOverTime, ...]:
    """Judge each moment as `diagnose` does, and gather what is of one kind; causes first."""
    seen: dict[str, list[tuple[int, Finding]]] = {}
    for moment in moments:
        for each in find(moment.trace, _NO_THEORY):
            there = seen.setdefault(each.kind, [])
            if not there or there[-1][0] != moment.step:
                there.append((moment.step, each))
    return tuple(
        FindingOverTime(kind, at[0][0], at[-1][0], len(at), len(moments), at[0][1])
        for kind, at in sorted(seen.items(), key=lambda pair: KINDS.index(pair[0]))
    )
