"""Derivations: steps, each with a reason, each proved by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.core.relational import Relational

from vgtools.derivation.arguments import (
    checked_conditions,
    checked_definitions,
    checked_line,
    checked_proof,
    checked_reason,
    checked_relation,
    checked_tightness,
)
from vgtools.derivation.claim import Claim
from vgtools.derivation.conditions import Domain
from vgtools.derivation.display import (
    PHONE_WIDTH,
    Displayed,
    conditions_text,
    plain_reason,
    stacked,
    tex_reason,
    typeset_width,
)
from vgtools.derivation.equations import register_label
from vgtools.derivation.equivalence import judge_equivalence
from vgtools.derivation.judging import judge
from vgtools.derivation.printing import SIGNS, TEX_SIGNS, to_latex, to_text


@dataclass(frozen=True)
class Step:
    """One proved step: what it leads to, how, and why."""

    expression: Any
    because: str
    relation: str = "=="
    proof: Any = None
    tight_at: Mapping | None = None


class Derivation(Displayed):
    """A chain of steps, each of which is proved when it is added.

    Parameters
    ----------
    start : sympy expression or relation
        An expression starts a chain a = b = c (or a = b ≤ c). An equation or inequality
        starts a chain of equivalent ones, each with the same solutions.
    given : relation or sequence of relations
        Conditions that hold throughout, besides the assumptions of the symbols.
    where : Equation, mapping or sequence of them
        What the names mean; see `verify`.
    label : str, optional
        The name under which the book numbers it: ``eq-…``.

    Attributes
    ----------
    start, given, where, label
        As above.
    steps : tuple of Step
        The steps so far; ``len(derivation)`` counts them.
    result : sympy expression or relation
        Where the chain has arrived.

    Raises
    ------
    TypeError, ValueError
        The start is neither an expression nor a relation, or a condition is not one.

    Notes
    -----
    A derivation never changes: `step` returns a new, longer one. An equation counts as
    equivalent to the next if one of these can be proved: its two sides differ by a factor
    that is nonzero under the conditions; exp, log, tanh or artanh was applied to both
    sides or taken off; or both equations are strictly monotone in one symbol and have the
    same root. Squaring both sides, or dividing by what may be zero, is refused.

    Examples
    --------
    >>> import sympy
    >>> P, z = sympy.symbols("P z", real=True)
    >>> (Derivation(sympy.Eq(sympy.log(P / (1 - P)), z), given=(0 < P, P < 1))
    ...     .step(sympy.Eq(P / (1 - P), sympy.exp(z)), because="apply exp to both sides")
    ...     .step(sympy.Eq(P, 1 / (1 + sympy.exp(-z))), because="solve for $P$"))
    ln(P/(1 − P)) = z
    ⟺ P/(1 − P) = exp(z)   (apply exp to both sides)
    ⟺ P = 1/(1 + exp(−z))   (solve for P)
    for 0 < P < 1, z real
    """

    def __init__(
        self, start: Any, *, given: Any = (), where: Any = None, label: str | None = None
    ) -> None:
        self.start = checked_line(start, "the start")
        self.given = checked_conditions(given)
        self.where = checked_definitions(where)
        self.label = label
        self.steps: tuple[Step, ...] = ()
        register_label(label, f"a derivation from {'   '.join(str(self).splitlines())}")

    def step(
        self,
        expression: Any,
        because: str | None = None,
        *,
        relation: str = "=",
        proof: Any = None,
        tight_at: Mapping | None = None,
    ) -> Derivation:
        """Prove one more step and return the longer derivation.

        Parameters
        ----------
        expression : sympy expression or relation
            What the previous line equals, or what it is equivalent to.
        because : str
            The reason, in plain words; inline formulas between dollar signs.
        relation : {"=", "<", "<=", ">", ">="}, default "="
            For chains of expressions: how the previous line compares with this one.
            One chain goes in one direction.
        proof, tight_at
            For such a bound: as in `verify`.

        Returns
        -------
        Derivation
            A new object; this one stays as it is.

        Raises
        ------
        DerivationError
            The step is wrong, only implied, or not proved.
        TypeError, ValueError
            The step is of the wrong kind, changes nothing, or has no reason.
        """
        because = checked_reason(because, required=True)
        operator, before = checked_relation(relation), self.result
        if isinstance(before, Relational) and not isinstance(expression, Relational):
            checked_line(expression, "the step")
            raise TypeError(f"a chain of relations goes on with one, not {expression!r}")
        if isinstance(expression, Relational) and not isinstance(before, Relational):
            raise TypeError(f"a chain of expressions goes on with one, not {expression}")
        expression = checked_line(expression, "the step")
        if sympy.srepr(expression) == sympy.srepr(before):
            raise ValueError(f"the step to {to_text(expression)} changes nothing")
        domain = Domain(self.given)
        if isinstance(before, Relational):
            if operator != "==" or proof is not None or tight_at is not None:
                raise ValueError("relation=, proof= and tight_at= are for chains of expressions")
            name = f"the step from {to_text(before)} to {to_text(expression)}"
            judge_equivalence(
                *(
                    Claim(line.lhs, line.rel_op, line.rhs, domain, self.where, name)
                    for line in (before, expression)
                )
            )
        else:
            claim = Claim(before, operator, expression, domain, self.where)
            directions = {step.relation[0] for step in self.steps} | {operator[0]}
            if directions >= {"<", ">"}:
                raise ValueError(f"{claim.text}: a chain cannot go both up and down")
            proof, tight_at = checked_proof(proof), checked_tightness(tight_at)
            judge(claim, proof, tight_at)
        longer = object.__new__(Derivation)
        longer.start, longer.given, longer.where = self.start, self.given, self.where
        longer.label = self.label
        longer.steps = (*self.steps, Step(expression, because, operator, proof, tight_at))
        return longer

    @property
    def lines(self) -> list[Any]:
        """The start, and what each step leads to."""
        return [self.start, *(step.expression for step in self.steps)]

    @property
    def result(self) -> Any:
        """The last line."""
        return self.lines[-1]

    @property
    def kind(self) -> str:
        """``"derivation"``, in the place of an equation's kind."""
        return "derivation"

    @property
    def evidence(self) -> str:
        """What stands behind the steps, in words."""
        return f"symbolic, {len(self)} step{'' if len(self) == 1 else 's'}"

    @property
    def latex(self) -> str:
        """The aligned lines, with letters that refer to the reasons."""
        return self.typeset(letters=True)

    def __len__(self) -> int:
        return len(self.steps)

    def record(self) -> dict[str, Any]:
        """Return what stands behind the derivation, as the notebook keeps it."""
        return {
            "label": self.label,
            "kind": self.kind,
            "evidence": self.evidence,
            "text": to_text(self.start),
            "latex": to_latex(self.start),
            "conditions": self._conditions(tex=False),
            "because": "",
            "steps": [
                {
                    "sign": self._sign(step),
                    "text": to_text(step.expression),
                    "latex": to_latex(step.expression),
                    "because": plain_reason(step.because),
                }
                for step in self.steps
            ],
        }

    def _sign(self, step: Step) -> str:
        return "⟺" if isinstance(self.start, Relational) else SIGNS[step.relation]

    def _conditions(self, tex: bool) -> str:
        return conditions_text(self.lines, self.given, tex, where=self.where)

    def reasons(self) -> list[str]:
        """Return the reasons, with the letters that refer to them."""
        return [f"({_letter(k)}) {step.because}" for k, step in enumerate(self.steps)]

    def typeset(self, letters: bool) -> str:
        """Return the aligned lines; letters refer to the reasons, or the reasons stand in them."""
        arrow = isinstance(self.start, Relational)
        rows = [to_latex(self.start)]
        for k, step in enumerate(self.steps):
            sign = r"\iff" if arrow else TEX_SIGNS[step.relation]
            if letters:
                sign = rf"\overset{{\text{{({_letter(k)})}}}}{{{sign}}}"
            note = "" if letters else f" && {tex_reason(step.because)}"
            rows.append(rf"{sign}\ & {to_latex(step.expression)}{note}")
        starts_wide = (
            typeset_width(self.start) + max(map(typeset_width, self.lines[1:]), default=0)
            > PHONE_WIDTH
        )
        if arrow or starts_wide or not self.steps:
            rows[0] = f"& {rows[0]}"
        else:
            rows[0:2] = [f"{rows[0]} {rows[1]}"]
        conditions = self._conditions(tex=True)
        # Below the reasons, because beside them there is no room for the name.
        name = rf" && \small \text{{({self.label})}}" if self.label and not letters else ""
        if conditions or name:
            rows.append(rf"& \small {conditions}{name}")
        return stacked(rows, "aligned")

    def __str__(self) -> str:
        indent = "" if isinstance(self.start, Relational) else "  "
        lines = [to_text(self.start)]
        for step in self.steps:
            because = plain_reason(step.because)
            lines.append(f"{indent}{self._sign(step)} {to_text(step.expression)}   ({because})")
        conditions = self._conditions(tex=False)
        return "\n".join([*lines, *([conditions] if conditions else [])])


def _letter(k: int) -> str:
    """Name a step: a, b, … z, then aa, ab and so on."""
    return (_letter(k // 26 - 1) if k >= 26 else "") + chr(ord("a") + k % 26)
