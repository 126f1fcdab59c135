"""The answer: findings, and how they are shown."""

from __future__ import annotations

import math
import textwrap
from functools import cached_property

import numpy as np

from vgtools.diagnosis.expected import Expected, expect
from vgtools.diagnosis.findings import Finding, find, path_change
from vgtools.diagnosis.trace import Trace


class UnhealthyError(AssertionError):
    """A model has findings."""


class Diagnosis:
    """What `diagnose` found.

    Attributes
    ----------
    trace : Trace
        What was measured.
    findings : tuple of Finding
        What is wrong, the causes first; empty for a healthy model.
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

        Positive where the gradient vanishes on its way back, as `GradientFlow.rate`.
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
        lines = [f"{self._title}: {self._verdict}"]
        for number, each in enumerate(self.findings, start=1):
            lines += _wrapped(f"{number}. {each.kind}: {each.summary}.", "   ")
            lines += _wrapped(f"   Why: {each.why}", "     ")
            lines += _wrapped(f"   What to do: {each.advice}", "     ")
            lines += _wrapped(f"   The book: {each.chapter}", "     ")
        for note in self.trace.notes:
            lines += _wrapped(f"Note: {note}.", "  ")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from vgtools.diagnosis.page import page  # with Matplotlib, only where it is drawn

        return page(self)

    @property
    def _title(self) -> str:
        trace = self.trace
        samples = f"{trace.samples} sample" + "s" * (trace.samples != 1)
        return f"{trace.model} ({trace.framework}, {trace.precision}, {samples})"

    @property
    def _verdict(self) -> str:
        count = len(self.findings)
        if count:
            return f"{count} finding{'s' * (count > 1)}."
        judged, points = path_change(self.trace)
        if judged is None:
            return "nothing was found."
        factor = np.format_float_positional(10**judged.log_factor, 2, fractional=False, trim="-")
        return (
            f"healthy. Through {len(points)} layers the gradient changes by a factor of {factor}."
        )


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, 96, subsequent_indent=indent, break_on_hyphens=False)
