"""How an equation or a derivation is shown in a notebook, in the book and in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import sympy
from sympy import Add, Derivative, Piecewise, Symbol
from sympy.core.relational import Relational

from vgtools.derivation.conditions import Domain
from vgtools.derivation.printing import latex_terms, pretty_name, to_latex, to_text
from vgtools.frontend import RECORD, static_build

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


def folded(sign: str, expression: Any) -> list[str]:
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

    def reasons(self) -> list[str]:
        """Return the reasons that the book writes below."""
        raise NotImplementedError

    def typeset(self, letters: bool) -> str:
        """Return the LaTeX, with the reasons in it unless letters refer to them."""
        raise NotImplementedError

    def record(self) -> dict[str, Any]:
        """Return what stands behind this, as the notebook keeps it."""
        raise NotImplementedError

    def _repr_latex_(self) -> str:
        return f"$$\n{self.typeset(letters=False)}\n$$"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """MyST markdown while the book is built, LaTeX and the record in a notebook, and text."""
        if not static_build():
            formats = {"text/latex": self._repr_latex_(), "text/plain": str(self)}
            return {RECORD: self.record(), **formats}
        label = f":label: {self.label}\n" if self.label else ""
        blocks = [f"```{{math}}\n{label}\n{self.typeset(letters=True)}\n```"]
        if self.reasons():
            reasons = "\\\n".join(self.reasons())
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
