"""One call with a model, a batch and a loss, and the answer: findings, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

from vgtools.diagnosis import frameworks
from vgtools.diagnosis.expected import Expected, expect
from vgtools.diagnosis.finding import Finding, number, wrapped
from vgtools.diagnosis.findings import find
from vgtools.diagnosis.judging import NOTICEABLE, power
from vgtools.diagnosis.path_findings import (
    course,
    grows_in_branches,
    path_change,
    time_change,
    unit_of,
)
from vgtools.diagnosis.trace import Trace


def diagnose(
    model: object, batch: tuple, loss: str | Callable | None = None, *, optimizer: object = None
) -> Diagnosis:
    """Send a batch through a model and its loss back, and say what is wrong with the gradient.

    The model does not change: weights, gradients, buffers, modes, hooks and random states are
    afterwards what they were, bit for bit, also if it raises. It runs in the mode in which it
    is: call ``model.train()`` before, to see it as training does. A Keras model runs as `fit`
    runs it, with ``training=True``.

    Parameters
    ----------
    model : torch.nn.Module, keras.Model on the PyTorch backend, or a network of this book
    batch : (inputs, targets)
        What one step of training takes. For a module, tensors; the inputs may be a tuple or a
        dict of them, as the module takes arguments; for Keras also arrays. The more samples,
        the surer the answer.
    loss : callable, or str for a network of this book
        ``loss(model(inputs), targets)`` is a tensor of one number; for a network of this book
        see `vgtools.networks.loss`. For Keras it is what `compile` takes: a name, a
        `keras.losses.Loss`, a function of ``(y_true, y_pred)``; without it, it is what the
        model was compiled with.
    optimizer : torch.optim.SGD, Adam or AdamW, or an optimiser of this book, optional
        With it, the length of its first step is compared with the weights. It is taken to have
        seen nothing yet: momentum and the running means of Adam add nothing. It is not changed.
        Not for Keras: `watch` measures the steps that are taken.

    Returns
    -------
    Diagnosis
        Its `findings` say what is wrong, and each has a `kind`: non-finite values, no gradient,
        dead units, saturated units, symmetric units, batch-norm growth, vanishing, exploding,
        starved queries and keys, underflow, updates too large, or updates too small.
        `vgtools.diagnosis.Finding` explains them.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit. What the model raises goes through.

    Examples
    --------
    A module of PyTorch::

        model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        vg.diagnose(model, (x, y), nn.functional.cross_entropy, optimizer=optimizer)

    A network of this book:

    >>> import numpy as np
    >>> import vgtools as vg
    >>> rng = np.random.default_rng(0)
    >>> batch = rng.normal(size=(64, 20)), rng.integers(10, size=64)
    >>> sick = vg.diagnose(vg.MLP([20] + [50] * 10 + [10], "sigmoid"), batch, "cross_entropy")
    >>> [finding.kind for finding in sick.findings]
    ['vanishing']
    >>> vg.diagnose(vg.MLP([20] + [50] * 10 + [10], "relu", "he"), batch, "cross_entropy").healthy
    True
    """
    framework = frameworks.of(model)
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        size = f" of {len(batch)}" if isinstance(batch, (tuple, list)) else ""
        hint = ": give next(iter(loader))" if type(batch).__name__ == "DataLoader" else ""
        raise TypeError(
            f"batch must be a pair (inputs, targets), not a {type(batch).__name__}{size}{hint}"
        )
    return Diagnosis(framework.follow(model, batch, loss, optimizer))


class UnhealthyError(AssertionError):
    """A model has findings."""


class Diagnosis:
    """What `diagnose` found: printed it is text, in a notebook a figure and a table as well.

    Attributes
    ----------
    findings : tuple of Finding
        What is wrong, the causes first; empty for a healthy model. See `Finding` for the kinds.
    healthy : bool
        Whether `findings` is empty. It speaks of the gradient of one batch, and not of the
        learning rate (without an optimiser), the data or the choice of the loss.
    rate : float
        log10 of the gradient's norm per layer, forward.
    expected : float or None
        The rate that theory expects.
    expected_reason : str
        Which theory, or why there is none.
    notes : tuple of str
        What could not be followed, and what makes the answer less sure, in sentences.
    trace : Trace
        What was measured, layer by layer.

    Examples
    --------
    >>> import numpy as np
    >>> import vgtools as vg
    >>> rng = np.random.default_rng(0)
    >>> batch = rng.normal(size=(64, 20)), rng.integers(10, size=64)
    >>> sick = vg.diagnose(vg.MLP([20] + [50] * 10 + [10], "sigmoid"), batch, "cross_entropy")
    >>> [finding] = sick.findings
    >>> finding.kind, finding.layers[0], finding.layers[-1], finding.chapter.page
    ('vanishing', 'dense 1', 'dense 10', '02_sigmoid')
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.findings: tuple[Finding, ...] = find(trace, self.theory)

    @cached_property
    def theory(self) -> Expected:
        """What theory makes of the model's own weights and activations."""
        return expect(self.trace)

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def rate(self) -> float:
        """log10 of the gradient's norm per layer, forward; NaN without a path.

        The slope by least squares: positive where the gradient vanishes on its way back, as
        `GradientFlow.rate`. One layer leaves ``10**-rate`` of the gradient, which the text
        writes as "×0.41 per layer".
        """
        judged, _ = path_change(self.trace)
        return math.nan if judged is None else judged.rate

    @property
    def expected(self) -> float | None:
        """The rate that theory expects; None where it has none, see `expected_reason`."""
        return self.theory.rate

    @property
    def expected_reason(self) -> str:
        """Which theory `expected` comes from, or why there is none."""
        return self.theory.reason

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be followed, and what makes the answer less sure."""
        if self.trace.samples > 1:
            return self.trace.notes
        return (
            *self.trace.notes,
            "one sample shows neither how far samples differ nor which units are dead for all "
            "of them: give a batch of some dozens",
        )

    def assert_healthy(self) -> None:
        """Raise if something was found: for a test suite.

        Raises
        ------
        UnhealthyError
            An AssertionError with the findings.
        """
        if self.findings:
            raise UnhealthyError(repr(self))

    def __repr__(self) -> str:
        lines = wrapped(f"{self.title}: {self.verdict}", "  ")
        for place, each in enumerate(self.findings, start=1):
            lines += wrapped(f"{place}. {each.kind}: {each.summary}.", "   ")
            lines += wrapped(f"   Why: {each.why}", "     ")
            lines += wrapped(f"   What to do: {each.advice}", "     ")
            lines += wrapped(f"   The book: {each.chapter}", "     ")
        for note in self.notes:
            lines += wrapped(f"Note: {note}.", "  ")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from vgtools.diagnosis.page import page  # with Matplotlib, only where it is drawn

        return page(self)

    @property
    def title(self) -> str:
        """The model, its framework and precision, and how many samples it was shown."""
        trace = self.trace
        samples = f"{trace.samples} sample" + "s" * (trace.samples != 1)
        return f"{trace.model} ({trace.framework}, {trace.precision}, {samples})"

    @property
    def verdict(self) -> str:
        """One or two sentences: how many findings, or what was looked at."""
        count = len(self.findings)
        if count:
            return f"{count} finding{'s' * (count > 1)}."
        hint = ""
        if self.trace.optimizer:
            found, unseen = "the gradient and in the first step", "The data"
        else:
            found, unseen = "the gradient", "The learning rate, the data"
            if self.trace.framework != "Keras":  # for which there is no optimizer=
                hint = ": pass optimizer= to judge the first step"
        return (
            f"nothing wrong was found in {found}. {self._course}{self._steps} "
            f"{unseen} and the choice of the loss were not looked at{hint}."
        )

    @property
    def _course(self) -> str:
        """Say what happens to the gradient of a healthy model."""
        told, largest = [], 0.0
        judged, points = path_change(self.trace)
        if judged is not None:
            unit = unit_of(points)
            count = sum(point.shortcut for point in points) if unit == "block" else len(points)
            told.append(f"back through {count} {unit}s it {course(judged, unit)}")
            largest = abs(judged.log_factor)
        for steps in self.trace.steps:
            judged, count = time_change(steps)
            if judged is not None:
                told.append(
                    f"back through {count} time steps of {steps.name} it {course(judged, 'step')}"
                )
                largest = max(largest, abs(judged.log_factor))
        if not told:
            return (
                "The path is too short to be judged: it needs three layers, one behind the other, "
                "before the last one."
            )
        told = "; ".join(told)
        if number(power(largest)) == "1":
            return f"{told[0].upper()}{told[1:]}."
        if largest < NOTICEABLE:
            explained = "not more than in healthy networks"
        elif grows_in_branches(self.trace):
            normalisation = "batch normalisation" if self.trace.normalised else "normalisation"
            explained = f"{normalisation} beside shortcuts does that, and such networks learn"
        else:
            explained = (
                "not more than one unusual step, the choice of the samples or narrow layers can do "
                "in healthy networks"
            )
        return f"{told[0].upper()}{told[1:]}: {explained}."

    @property
    def _steps(self) -> str:
        """Say how long the first steps of the optimiser are."""
        lengths = [each.relative for each in self.trace.updates]
        if not lengths:
            return ""
        least, most = number(100 * min(lengths)), number(100 * max(lengths))
        return (
            f" A first step of {self.trace.optimizer} changes the weights of a layer by {least} % "
            f"to {most} % of their length."
        )
