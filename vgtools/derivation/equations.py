"""Equations that display themselves, and the record that each leaves in a notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vgtools.derivation.display import (
    PHONE_WIDTH,
    Displayed,
    conditions_text,
    folded,
    plain_reason,
    stacked,
    tex_reason,
    typeset_width,
)
from vgtools.derivation.printing import SIGNS, TEX_SIGNS, to_latex, to_text
from vgtools.frontend import live_notebook

_LABELS: dict[str, str] = {}


def register_label(label: Any, statement: str) -> None:
    """Note what a label stands for; it means one thing in a process.

    A person who changes a cell of a live notebook and runs it again may change that.
    """
    if label is None:
        return
    if not isinstance(label, str) or not re.fullmatch(r"eq-[a-z0-9]+(-[a-z0-9]+)*", label):
        raise ValueError(
            f"label={label!r}: a label is eq- and then lower-case words, such as eq-sigmoid"
        )
    known = _LABELS.setdefault(label, statement)
    if known != statement and not live_notebook():
        raise ValueError(f"the label {label} already stands for {known}")
    _LABELS[label] = statement


@dataclass(frozen=True, repr=False, eq=False)
class Equation(Displayed):
    """A statement that was checked; made by `verify`, `define` and `numeric`.

    Attributes
    ----------
    lhs, rhs : sympy expression or None
        Both sides, as the author wrote them (None if `numeric` was given LaTeX).
    relation : str
        ``"=="``, ``"<"``, ``"<="``, ``">"``, ``">="`` or ``"~"``.
    kind : str
        ``"identity"``, ``"bound"``, ``"decimal"``, ``"definition"`` or ``"numeric"``.
    evidence : str
        What stands behind it, in words.
    given : tuple of relations
        The conditions, besides what the symbols assume.
    where : dict
        Meaning of the names that the check used.
    label : str or None
        Under which other places refer to it.
    because : str or None
        The reason in words.
    """

    lhs: Any
    rhs: Any
    relation: str
    kind: str
    evidence: str
    given: tuple = ()
    where: Mapping = field(default_factory=dict)
    label: str | None = None
    because: str | None = None
    tight_at: Mapping | None = None
    proof: Any = None
    digits: int | None = None
    written: str | None = None
    spoken: str | None = None

    @property
    def latex(self) -> str:
        """The statement without its conditions."""
        if self.written is not None:
            return self.written
        right = self._decimal() if self.digits is not None else to_latex(self.rhs)
        return f"{to_latex(self.lhs)} {TEX_SIGNS[self.relation]} {right}"

    @property
    def text(self) -> str:
        """The statement without its conditions, as one line of text."""
        if self.written is not None:
            return self.spoken or self.written
        if self.digits is not None:
            return f"{to_text(self.lhs)} ≈ {self._decimal().replace('-', '−')}"
        return f"{to_text(self.lhs)} {SIGNS[self.relation]} {to_text(self.rhs)}"

    def record(self) -> dict[str, Any]:
        """Return what stands behind the equation, as the notebook keeps it.

        Returns
        -------
        dict
            The label, kind and evidence; text and LaTeX without the conditions; the
            conditions and the reason in words; of a derivation also its steps.

        Examples
        --------
        >>> import sympy
        >>> from vgtools.derivation import verify
        >>> x = sympy.symbols("x", positive=True)
        >>> found = verify((x + 1) ** 2, x**2 + 2 * x + 1, label="eq-square").record()
        >>> found["label"], found["kind"], found["evidence"], found["conditions"]
        ('eq-square', 'identity', 'symbolic', 'for x > 0')
        """
        return {
            "label": self.label,
            "kind": self.kind,
            "evidence": self.evidence,
            "text": self.text,
            "latex": self.latex,
            "conditions": self._conditions(tex=False),
            "because": plain_reason(self.because or ""),
            "steps": [],
        }

    def _decimal(self) -> str:
        return f"{self.rhs.evalf(self.digits + 20):.{self.digits}f}"

    def _conditions(self, tex: bool) -> str:
        sides = [side for side in (self.lhs, self.rhs) if side is not None]
        if self.kind == "definition" and self.lhs.is_Symbol:
            sides = [self.rhs]
        return conditions_text(sides, self.given, tex, self.tight_at, self.relation, self.where)

    def reasons(self) -> list[str]:
        """Return the reason, which the book writes below the equation."""
        return [self.because] if self.because else []

    def typeset(self, letters: bool) -> str:
        """Return the LaTeX, with the reason in it unless it stands below."""
        rows, conditions, layout = [self.latex], self._conditions(tex=True), "gathered"
        width = 0 if self.written else typeset_width(self.lhs) + typeset_width(self.rhs) + 3
        if width > PHONE_WIDTH:
            right = folded(TEX_SIGNS[self.relation], self.rhs)
            rows, layout = [to_latex(self.lhs), *right], "aligned"
        # The gap before the conditions is about as wide as eight characters.
        if conditions and width + 8 + len(self._conditions(tex=False)) <= PHONE_WIDTH:
            rows = [rf"{self.latex} \qquad {conditions}"]
        elif conditions:
            rows.append(rf"\small {conditions}")
        if self.because and not letters:
            rows.append(tex_reason(self.because))
        if layout == "aligned":
            rows = [f"& {row}" for row in rows]
        # In a notebook, where cells run in any order, an equation goes by its name.
        name = rf" \tag{{{self.label}}}" if self.label and not letters else ""
        return stacked(rows, layout) + name

    def __str__(self) -> str:
        text, conditions = self.text, self._conditions(tex=False)
        text += f"   {conditions}" if conditions else ""
        text += f"   ({plain_reason(self.because)})" if self.because else ""
        return text if self.evidence == "symbolic" else f"{text}   [{self.evidence}]"
