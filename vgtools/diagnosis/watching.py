"""One call around a training loop: what becomes of the gradient while a model learns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vgtools.diagnosis import frameworks
from vgtools.diagnosis.expected import Expected
from vgtools.diagnosis.finding import KINDS, Finding, unnumbered, wrapped
from vgtools.diagnosis.findings import find
from vgtools.diagnosis.trace import Trace
from vgtools.networks import checks

if TYPE_CHECKING:
    from vgtools.explore import Explorable

SHOWN = 12
"""How many layers the text shows at most."""

QUANTITIES = ("signal", "gradient", "weight_gradient", "update", "dead", "saturated")

Rows = dict[str, dict[str, float]]
"""For each layer what was measured: some of the `QUANTITIES`."""

_NO_THEORY = Expected(None, None, "weights that have been trained are not independent")


def watch(model: object, every: int = 100) -> Watch:
    """Look at a model at every so many steps of a training loop.

    ::

        with vg.watch(model, every=100) as watch:
            for x, y in batches:
                optimizer.zero_grad()
                loss(model(x), y).backward()
                optimizer.step()
        watch

    What is counted are forward passes in training: of a module those in training mode with
    gradients, of a Keras model and of a network of this book those with ``training=True``. With
    gradient accumulation that is each part of a step. The passes 0, `every`, 2 `every`, ... are
    watched. If nothing goes back from one of them, the next one is watched in its place.

    The training goes on as without the watch, bit for bit; afterwards every hook is gone, also
    if the loop raised.

    Parameters
    ----------
    model : torch.nn.Module, keras.Model on the PyTorch backend, or a network of this book
    every : int
        From 1 on. With 100, watching takes less than 2 % of the time of training, where a step
        is not much shorter than a millisecond.

    Returns
    -------
    Watch

    Raises
    ------
    TypeError, ValueError
        If the model has no parameters, or none yet, or is compiled, or `every` does not fit.

    Notes
    -----
    The update of a layer is the norm of the change of its weights over their norm. The weights
    are copied at the watched pass and compared at the first forward pass in training that finds
    them changed, or at the end of the watch. With gradient accumulation it belongs to the whole
    step. It is NaN if there was no step before the next watched pass. A step is too large or too
    small as in `diagnose` with an optimiser, with two exceptions. In float32 and float64 none is
    called too small: there a step is lost where the gradient is nearly 0, as in the branches of
    ReZero at the start, which is healthy. And nothing is said of a layer of which a step changes no
    weight: it may belong to another optimiser.

    A gradient is that of the first way back from the watched pass. A loss that is scaled for
    half precision scales it; no finding depends on that. Underflow needs a second way back, and
    starved queries and keys the whole gradient of their weights: only `diagnose` looks for them,
    and only it says what theory expects.

    Examples
    --------
    >>> import vgtools as vg
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(320, 20)), rng.integers(10, size=320)
    >>> network = vg.MLP([20] + [50] * 10 + [10], "sigmoid")
    >>> with vg.watch(network, every=10) as watch:
    ...     _ = vg.train(network, x, y, epochs=3)
    >>> watch.history.step
    array([ 0, 10, 20])
    >>> [(each.kind, each.first, each.count) for each in watch.findings]
    [('vanishing', 0, 3)]
    """
    every = checks.count("every", every)
    return Watch(frameworks.of(model).Watcher(model, every))


class Watch:
    """What `watch` saw, and the context in which it looks.

    Attributes
    ----------
    history : WatchHistory
        The numbers of each layer at each watched step.
    findings : tuple of FindingOverTime
        What `diagnose` would find at these steps: each kind with its first step, causes first.
    """

    def __init__(self, watcher: object) -> None:
        self._watcher = watcher
        self._used = False

    def __enter__(self) -> Watch:
        if self._used:
            raise RuntimeError("a watch is used once: make another one with vg.watch(model)")
        self._used = True
        self._watcher.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._watcher.stop()

    @property
    def history(self) -> WatchHistory:
        """The numbers of each layer at each watched step so far."""
        return WatchHistory.of(self._watcher.moments)

    @property
    def findings(self) -> tuple[FindingOverTime, ...]:
        """What was found at the watched steps so far."""
        moments = self._watcher.moments
        unused = {name for moment in moments for name in moment.trace.unused}
        # Chance or a router decides which ones of these a pass calls.
        some = {unnumbered(name) for name in unused & self._watcher.called}
        left_out = {name for name in unused if unnumbered(name) in some}
        seen: dict[str, dict[int, Finding]] = {kind: {} for kind in KINDS}
        for moment in moments:
            for each in find(_without(moment.trace, left_out), _NO_THEORY):
                seen[each.kind].setdefault(moment.step, each)
        return tuple(
            FindingOverTime(kind, min(at), max(at), len(at), len(moments), at[min(at)])
            for kind, at in seen.items()
            if at
        )

    def explore(self) -> Explorable:
        """Return a figure of a quantity over the layers that moves through the watched steps.

        Raises
        ------
        ValueError
            If no step was watched, or fewer than two layers.
        """
        from vgtools.diagnosis.watch_figure import figure  # with Matplotlib, only where it is drawn

        return figure(self.history)

    def __repr__(self) -> str:
        watcher, found = self._watcher, self.findings
        title, count, passes = watcher.title, len(watcher.moments), watcher.passes
        if not count:
            reason = (
                f". There were {passes} forward passes in training mode with gradients, and "
                "nothing went back from them"
                if passes
                else ": there was no forward pass in training mode with gradients"
            )
            return f"{title}: no step was watched{reason}."
        history = self.history
        told = f"{len(found)} finding{'s' * (len(found) > 1)}" if found else "Nothing was found"
        lines = [
            f"{title}: {count} of {passes} forward passes watched, step {history.step[0]} to "
            f"{history.step[-1]}. {told}."
        ]
        for number, each in enumerate(found, start=1):
            lines += wrapped(
                f"{number}. {each.kind}: at {each.count} of {each.of} watched steps, first at step "
                f"{each.first}, last at step {each.last}. At step {each.first}: "
                f"{each.finding.summary}.",
                "   ",
            )
            lines += wrapped(f"   Why: {each.finding.why}", "     ")
            lines += wrapped(f"   What to do: {each.finding.advice}", "     ")
            lines += wrapped(f"   The book: {each.finding.chapter}", "     ")
        return "\n".join([*lines, *_table(history)])


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


@dataclass
class Moment:
    """One watched step.

    Attributes
    ----------
    step : int
        How many forward passes in training came before.
    rows : dict of str to dict of str to float
        For each layer, in the order of the calls, the quantities that were measured.
    trace : Trace
        What the findings are judged by.
    """

    step: int
    rows: Rows
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
    signal : ndarray, shape (steps, layers)
        Root mean square of the layer's output. NaN stands for what was not measured, here and in
        the others, which have the same shape.
    gradient : ndarray
        Norm of dLoss/doutput for one sample, as a root mean square over the samples.
    weight_gradient : ndarray
        Euclidean norm of dLoss/dW of the weights, without biases, before any clipping.
    update : ndarray
        Euclidean norm of the change of the weights by this step over the norm of the weights.
    dead : ndarray
        Share of the units of a rectifier that are 0 for every sample of the batch.
    saturated : ndarray
        Share of the outputs of a sigmoid or tanh where its slope is below 5 % of its maximum.
    """

    step: NDArray[np.int64]
    layers: tuple[str, ...]
    signal: NDArray[np.float64]
    gradient: NDArray[np.float64]
    weight_gradient: NDArray[np.float64]
    update: NDArray[np.float64]
    dead: NDArray[np.float64]
    saturated: NDArray[np.float64]

    @classmethod
    def of(cls, moments: Sequence[Moment]) -> WatchHistory:
        """Put moments into one table."""
        layers = tuple(dict.fromkeys(layer for moment in moments for layer in moment.rows))
        tables = np.full((len(QUANTITIES), len(moments), len(layers)), math.nan)
        for i, moment in enumerate(moments):
            for layer, row in moment.rows.items():
                for name, value in row.items():
                    tables[QUANTITIES.index(name), i, layers.index(layer)] = value
        return cls(np.array([moment.step for moment in moments], int), layers, *tables)

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield one dictionary for each step and layer, as `pandas.DataFrame` takes them."""
        for i, step in enumerate(self.step):
            for j, layer in enumerate(self.layers):
                numbers = {name: float(getattr(self, name)[i, j]) for name in QUANTITIES}
                yield {"step": int(step), "layer": layer, **numbers}

    def __repr__(self) -> str:
        return f"WatchHistory({len(self.step)} steps, {len(self.layers)} layers)"


def _without(trace: Trace, left_out: set[str]) -> Trace:
    """Ask no gradient of layers that a pass left out."""
    left = {name.partition(" (")[0] for name in trace.unused if name in left_out}
    silent = (name for name in trace.without_gradient if name.rpartition(".")[0] not in left)
    unused = (name for name in trace.unused if name not in left_out)
    return replace(trace, without_gradient=tuple(silent), unused=tuple(unused))


def _table(history: WatchHistory) -> list[str]:
    """Write the gradient at the first and the last step, the last update, and what they are."""
    seen = [j for j in range(len(history.layers)) if np.isfinite(history.gradient[:, j]).any()]
    if not seen:
        return []
    shown = seen if len(seen) <= SHOWN else [*seen[: SHOWN // 2], *seen[-(SHOWN // 2) :]]
    wide = max(len(history.layers[j]) for j in shown)
    heads = [f"gradient, step {history.step[i]}" for i in (0, -1)] + ["update / weights"]
    lines = ["  ".join(["", f"{'layer':<{wide}}", *heads])]
    for j in shown:
        update = history.update[:, j]
        last = [math.nan, *update[~np.isnan(update)]][-1]
        numbers = (history.gradient[0, j], history.gradient[-1, j], last)
        cells = [
            f"{'–' if math.isnan(number) else format(number, '.2g'):>{len(head)}}"
            for number, head in zip(numbers, heads)
        ]
        lines.append("  ".join(["", f"{history.layers[j]:<{wide}}", *cells]))
    if len(seen) > SHOWN:
        lines.insert(1 + SHOWN // 2, "  …")
    return [
        *lines,
        *wrapped(
            "  gradient: norm of dLoss/doutput of a layer for one sample (root mean square over "
            "the samples). update / weights: norm of the change of the weights by the last step "
            "that was measured, over the norm of the weights.",
            "  ",
        ),
    ]
