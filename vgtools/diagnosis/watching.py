"""One call around a training loop: what becomes of the gradient while a model learns."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from vgtools.diagnosis import moments
from vgtools.diagnosis.entry import check_backend
from vgtools.diagnosis.moments import FindingOverTime, WatchHistory
from vgtools.networks import Network, checks

if TYPE_CHECKING:
    from vgtools.explore import Explorable

SHOWN = 12
"""How many layers the text shows at most."""


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
    step. It is NaN if there was no step before the next watched pass.

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
    torch, keras = sys.modules.get("torch"), sys.modules.get("keras")
    if keras is not None and isinstance(model, getattr(keras, "Layer", ())):
        check_backend(keras)
        from vgtools.diagnosis.keras.watching import KerasWatcher

        return Watch(KerasWatcher(model, every))
    if torch is not None and isinstance(model, torch.nn.Module):
        from vgtools.diagnosis.pytorch.watching import ModuleWatcher

        return Watch(ModuleWatcher(model, every))
    if isinstance(model, Network):
        from vgtools.diagnosis.book_watching import NetworkWatcher

        return Watch(NetworkWatcher(model, every))
    raise TypeError(
        "model must be a torch.nn.Module, a Keras 3 model or a network of vgtools.networks, "
        f"not {type(model).__module__}.{type(model).__name__}"
    )


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
        return moments.history(self._watcher.moments)

    @property
    def findings(self) -> tuple[FindingOverTime, ...]:
        """What was found at the watched steps so far."""
        return moments.findings(self._watcher.moments)

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
        title = f"{watcher.name} ({watcher.framework})"
        count, passes = len(watcher.moments), watcher.passes
        if not count:
            return (
                f"{title}: no step was watched. There were {passes} forward passes in training "
                "mode with gradients, and nothing went back from them"
                if passes
                else f"{title}: no step was watched: there was no forward pass in training mode "
                "with gradients"
            ) + "."
        steps = self.history.step
        lines = [
            f"{title}: {count} of {passes} forward passes watched, step {steps[0]} to {steps[-1]}. "
            + (f"{len(found)} finding{'s' * (len(found) > 1)}." if found else "Nothing was found.")
        ]
        for number, each in enumerate(found, start=1):
            lines += _wrapped(
                f"{number}. {each.kind}: at {each.count} of {each.of} watched steps, first at step "
                f"{each.first}, last at step {each.last}. At step {each.first}: "
                f"{each.finding.summary}.",
                "   ",
            )
            lines += _wrapped(f"   What to do: {each.finding.advice}", "     ")
            lines += _wrapped(f"   The book: {each.finding.chapter}", "     ")
        return "\n".join([*lines, *_table(self.history)])


def _table(history: WatchHistory) -> list[str]:
    """Write the gradient at the first and the last step, and the last update."""
    seen = [j for j in range(len(history.layers)) if np.isfinite(history.gradient[:, j]).any()]
    if not seen:
        return []
    half = SHOWN // 2
    shown = seen if len(seen) <= SHOWN else [*seen[:half], None, *seen[-half:]]
    wide = max(len(history.layers[j]) for j in shown if j is not None)
    first, last = (f"gradient, step {history.step[i]}" for i in (0, -1))
    lines = [f"  {'layer':<{wide}}  {first}  {last}  update / weights"]
    for j in shown:
        if j is None:
            lines.append("  …")
            continue
        numbers = (history.gradient[0, j], history.gradient[-1, j], _last(history.update[:, j]))
        widths = (len(first), len(last), len("update / weights"))
        cells = [f"{_written(n):>{width}}" for n, width in zip(numbers, widths)]
        lines.append(f"  {history.layers[j]:<{wide}}  {'  '.join(cells)}")
    return lines


def _last(values: np.ndarray) -> float:
    """Return the last number that is one."""
    there = values[~np.isnan(values)]
    return float(there[-1]) if len(there) else float("nan")


def _written(number: float) -> str:
    return f"{number:.2g}" if not np.isnan(number) else "–"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, 96, subsequent_indent=indent, break_on_hyphens=False)
