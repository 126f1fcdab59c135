"""Equations that display themselves, and the record that each leaves in a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Add, Derivative, Expr, Piecewise, Symbol
from sympy.core.function import AppliedUndef, UndefinedFunction
from sympy.core.relational import Relational

from vgtools.derivation.conditions import Domain
from vgtools.derivation.printing import (
    SIGNS,
    TEX_SIGNS,
    latex_terms,
    pretty_name,
    to_latex,
    to_text,
)
from vgtools.frontend import RECORD, live_notebook, static_build

_LABELS: dict[str, str] = {}


def claim_label(label: Any, statement: str) -> None:
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


PHONE_WIDTH = 34
"""Characters of plain text that fit beside each other on a phone."""


def typeset_width(expression: Any) -> int:
    """About how many characters wide an expression is when it is typeset."""
    if isinstance(expression, Piecewise):
        return 5 + max(typeset_width(e) + len(to_text(c)) for e, c in expression.args)
    if isinstance(expression, (Relational, Add)):
        return sum(typeset_width(part) + 3 for part in expression.args) - 3
    if isinstance(expression, Derivative):
        return 5 + typeset_width(expression.expr)
    if expression.is_Mul or expression.is_Pow:
        above, below = sympy.fraction(expression, exact=True)
        if below != 1:
            return max(typeset_width(above), typeset_width(below))
    return len(to_text(expression))


def _fold(sign: str, expression: Any) -> list[str]:
    """Typeset a right-hand side with its sign, in as many rows as a phone asks for."""
    width = typeset_width(expression)
    indent = r"\quad " if width < PHONE_WIDTH - 4 else ""
    if width < PHONE_WIDTH or not (isinstance(expression, Add) and expression.is_commutative):
        return [f"{indent}{sign} {to_latex(expression)}"]
    rows, room = [], 0
    for term, text in latex_terms(expression):
        if not rows:
            rows.append(f"{sign} {text.removeprefix('+ ')}")
        elif room + typeset_width(term) > PHONE_WIDTH - 3:
            rows.append(rf"\quad {text}")
            room = 0
        else:
            rows[-1] += f" {text}"
        room += typeset_width(term) + 3
    return rows


class Displayed:
    """Display in a notebook, in the book and in a terminal."""

    label: str | None

    def _reasons(self) -> list[str]:
        raise NotImplementedError

    def record(self) -> dict[str, Any]:
        """Return what stands behind this, as the notebook keeps it."""
        raise NotImplementedError

    def _repr_latex_(self) -> str:
        return f"$$\n{self._typeset(letters=False)}\n$$"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """MyST markdown while the book is built, LaTeX and the record in a notebook, and text."""
        if not static_build():
            shown = {"text/latex": self._repr_latex_(), "text/plain": str(self)}
            return {RECORD: self.record(), **shown}
        label = f":label: {self.label}\n" if self.label else ""
        blocks = [f"```{{math}}\n{label}\n{self._typeset(letters=True)}\n```"]
        if self._reasons():
            reasons = "\\\n".join(self._reasons())
            blocks.append(f"```{{container}} derivation-reasons\n{reasons}\n```")
        return {"text/markdown": "\n\n".join(blocks), "text/plain": str(self)}

    def __repr__(self) -> str:
        return str(self)


def stacked(rows: list[str], layout: str) -> str:
    """Rows under each other, centred (gathered) or flush left (aligned)."""
    if len(rows) == 1 and "&" not in rows[0]:
        return rows[0]
    return f"\\begin{{{layout}}}\n" + " \\\\\n".join(rows) + f"\n\\end{{{layout}}}"


def plain_reason(reason: str) -> str:
    r"""Write a reason without dollar signs and commands: ``$1 - \sigma$`` becomes 1 − σ."""

    def formula(match: re.Match) -> str:
        words = re.sub(r"\\operatorname\{(\w+)\}", r"\1", match[1]).replace(r"\,", " ")
        words = re.sub(r"\\([A-Za-z]+)", lambda m: pretty_name(m[1]), words)
        return words.replace("-", "−")

    return re.sub(r"\$([^$]*)\$", formula, reason)


def tex_reason(reason: str) -> str:
    """Write a reason as LaTeX text; its formulas stay formulas."""
    parts = re.split(r"(\$[^$]*\$)", reason)
    escaped = [p if p[:1] == "$" else re.sub(r"([%&#_{}])", r"\\\1", p) for p in parts]
    return rf"\text{{{''.join(escaped)}}}"


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

    def _reasons(self) -> list[str]:
        return [self.because] if self.because else []

    def _typeset(self, letters: bool) -> str:
        rows, conditions, layout = [self.latex], self._conditions(tex=True), "gathered"
        width = 0 if self.written else typeset_width(self.lhs) + typeset_width(self.rhs) + 3
        if width > PHONE_WIDTH:
            right = _fold(TEX_SIGNS[self.relation], self.rhs)
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


def collected_definitions(where: Any) -> dict:
    """Collect definitions from a mapping, an `Equation` made by `define`, or several."""
    if where is None:
        return {}
    if isinstance(where, Equation):
        if where.kind != "definition":
            raise ValueError(f"where= accepts definitions; {where} is of kind {where.kind}")
        return dict(_definition_of(where.lhs, where.rhs))
    if isinstance(where, Mapping):
        found = {}
        for name, meaning in where.items():
            if isinstance(name, UndefinedFunction):
                if not isinstance(meaning, sympy.Lambda):
                    raise TypeError(
                        f"the function {name} must be defined by a sympy.Lambda, not {meaning!r}"
                    )
            elif not (isinstance(name, Symbol) and isinstance(meaning, Expr)):
                raise TypeError(
                    "where= maps a SymPy Function to a Lambda or a Symbol to an expression; "
                    f"got {name!r}: {meaning!r}"
                )
            found[name] = meaning
        return found
    if isinstance(where, (list, tuple)):
        found = {}
        for item in where:
            for name, meaning in collected_definitions(item).items():
                if found.get(name, meaning) != meaning:
                    raise ValueError(f"{name} is defined twice, in different ways")
                found[name] = meaning
        return found
    raise TypeError(f"where= accepts a definition, a mapping or a sequence of them, not {where!r}")


def _definition_of(name: Expr, meaning: Expr) -> Iterator[tuple]:
    """Turn ``f(x, a) = …`` or ``s = …`` into an entry of a where-mapping."""
    if isinstance(name, AppliedUndef):
        yield name.func, sympy.Lambda(name.args, meaning)
    else:
        yield name, meaning


def conditions_text(
    expressions: Iterable[Any], given: tuple, tex: bool, tight_at: Mapping | None = None,
    relation: str = "==", where: Mapping | None = None,
) -> str:  # fmt: skip
    """``for 0 < P < 1``, and where a bound is attained."""
    names = {name for name in (where or {}) if isinstance(name, Symbol)}
    symbols = set().union(*(e.free_symbols for e in (*expressions, *given)))
    symbols = {s for s in symbols if isinstance(s, Symbol) and s.is_real} - names
    text = Domain(given).describe(symbols, tex)
    words = (rf"\text{{for }} {text}" if tex else f"for {text}") if text else ""
    if tight_at:
        show, arrow = (to_latex, r" \to ") if tex else (to_text, " → ")
        attained = relation in ("<=", ">=")
        place = ", ".join(
            show(s) + (" = " if attained else arrow) + show(sympy.sympify(v))
            for s, v in tight_at.items()
        )
        phrase = "equality at " if attained else "approached as "
        words += rf";\ \text{{{phrase}}} {place}" if tex else f"; {phrase}{place}"
    return words
