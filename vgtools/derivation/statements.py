"""The statements that SymPy proves: verify and define make one equation each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixExpr

from vgtools.derivation.arguments import (
    checked_conditions,
    checked_definitions,
    checked_expression,
    checked_proof,
    checked_reason,
    checked_relation,
    checked_tightness,
)
from vgtools.derivation.claim import Claim
from vgtools.derivation.conditions import Domain
from vgtools.derivation.defined import require_defined, require_matrix_defined
from vgtools.derivation.equations import Equation, register_label
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.evaluation import DIGITS, evaluator, number_text, point_text
from vgtools.derivation.judging import judge, judge_decimal
from vgtools.derivation.printing import SIGNS, to_text
from vgtools.derivation.proving import is_proved_sign
from vgtools.derivation.refuting import refute


def verify(
    lhs: Any,
    rhs: Any = None,
    *,
    relation: str | None = None,
    given: Any = (),
    where: Any = None,
    proof: Any = None,
    tight_at: Mapping | None = None,
    digits: int | None = None,
    label: str | None = None,
    because: str | None = None,
) -> Equation:
    """Prove an identity or a bound, or raise with a counterexample.

    Parameters
    ----------
    lhs, rhs : sympy expression or int
        Both sides. A relation such as ``sympy.Eq(a, b)`` or ``a <= b`` may stand in the
        place of `lhs` alone. Derivatives, limits, sums and integrals may be left
        unevaluated.
    relation : {"=", "<", "<=", ">", ">="}, default "="
        How the sides compare.
    given : relation or sequence of relations
        Conditions besides the assumptions of the symbols: ``(0 < P, P < 1)``.
    where : Equation, mapping or sequence of them
        What the names mean: an equation from `define`, or ``{sigma: Lambda(x, …)}``.
        The display keeps the names, the check uses the meaning.
    proof : sympy expression, optional
        For a bound: the larger side minus the smaller one, in a form that is visibly
        positive, such as a square. Both the form and its sign are proved.
    tight_at : mapping, optional
        For a bound: values of symbols at which it is attained (``<=``) or which it
        approaches (``<``). Required for ``<=``; for ``<``, this or `proof` is required.
        So no bound in the book can be looser than its evidence.
    digits : int, optional
        Turns the claim into a decimal one: `rhs` is `lhs` rounded to so many decimals.
    label : str, optional
        The name under which the book numbers it: ``eq-…``.
    because : str, optional
        The reason, in words.

    Returns
    -------
    Equation
        Displays itself; `.evidence` says what the check was.

    Raises
    ------
    DerivationError
        The claim is false (with a counterexample), undefined somewhere under its
        conditions, or not proved.
    TypeError, ValueError
        What was given is not such a claim.

    Notes
    -----
    A derivative is that of the function on the real line: the limit of the difference
    quotient from both sides. Where two cases meet, where a case holds at one point only,
    and at a number or a composite argument (``Subs``, the chain rule's f'(w·x + b)), it is
    this limit that is compared. Conditions in `given` say which points are looked at, and
    never turn it into a limit from one side: ReLU has no derivative at 0 for x ≥ 0 either,
    and neither has x^(3/2), which has no real value left of 0. Unknown functions count as
    smooth.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.symbols("x", real=True)
    >>> sigma = define(sympy.Function("sigma")(x), 1 / (1 + sympy.exp(-x)))
    >>> s = sigma.lhs
    >>> verify(s.diff(x), s * (1 - s), where=sigma)
    σ'(x) = σ(x)·(1 − σ(x))   for x real
    >>> verify(s.diff(x) <= sympy.Rational(1, 4), where=sigma,
    ...        proof=(s - sympy.Rational(1, 2)) ** 2, tight_at={x: 0})
    σ'(x) ≤ 1/4   for x real; equality at x = 0
    >>> verify(s.diff(x), s * (1 + s), where=sigma)
    Traceback (most recent call last):
        ...
    vgtools.derivation.errors.DerivationError: σ'(x) = σ(x)·(1 + σ(x)) is false at x = 0: \
the left side is 0.25, the right side is 0.75
    """
    lhs, operator, rhs = _two_sides(lhs, rhs, relation, floats=digits is not None)
    given, where = checked_conditions(given), checked_definitions(where)
    claim = Claim(lhs, operator, rhs, Domain(given), where)
    because, tight_at = checked_reason(because), checked_tightness(tight_at)
    proof, evidence = checked_proof(proof), "symbolic"
    if digits is not None:
        whole = isinstance(digits, int) and not isinstance(digits, bool)
        if operator != "==" or not whole or not 0 <= digits <= 30:
            raise ValueError(f"digits={digits!r}: a number of decimals up to 30, with relation =")
        # A number is what it is without conditions.
        judge_decimal(Claim(lhs, "~", rhs, where=claim.where), digits)
        kind, operator, evidence = "decimal", "~", f"evaluated at {DIGITS} digits, rounded"
    else:
        judge(claim, proof, tight_at)
        kind = "identity" if operator == "==" else "bound"
    equation = Equation(
        lhs, rhs, operator, kind, evidence, given, where, label, because,
        tight_at, proof, digits,
    )  # fmt: skip
    register_label(label, str(equation))
    return equation


def _two_sides(lhs: Any, rhs: Any, relation: str | None, floats: bool) -> tuple[Any, str, Any]:
    """Read two sides, or one relation, as the left side, the relation and the right side."""
    if rhs is None:
        if not isinstance(lhs, Relational):
            checked_expression(lhs, "the claim")
            raise TypeError(f"verify needs two sides or a relation; only {lhs!r} was given")
        if relation is not None:
            raise ValueError("relation= is for two separate sides; a relation was given")
        relation, lhs, rhs = lhs.rel_op, *lhs.args
    operator = checked_relation("=" if relation is None else relation)
    lhs = checked_expression(lhs, "the left side")
    rhs = checked_expression(rhs, "the right side", floats)
    if lhs == rhs:
        raise ValueError(
            f"both sides are {to_text(lhs)}: SymPy made them identical before anything was "
            "checked; write sympy.Derivative(f, x) for f.diff(x), or use evaluate=False"
        )
    return lhs, operator, rhs


def define(
    name: Any,
    meaning: Any,
    *,
    given: Any = (),
    where: Any = None,
    agrees_with: Any = None,
    label: str | None = None,
    because: str | None = None,
) -> Equation:
    """Give a name to an expression.

    Parameters
    ----------
    name : sympy Symbol or applied Function
        ``f(x)`` or ``f(x, alpha)``, with distinct symbols as arguments, or a symbol.
    meaning : sympy expression
        What the name stands for. It must be defined everywhere under the conditions.
    given : relation or sequence of relations
        Conditions besides the assumptions of the symbols.
    where : Equation, mapping or sequence of them
        Meaning of names that occur in `meaning`.
    agrees_with : sympy expression or callable, optional
        A second source of the same definition: an expression, which must be identical,
        or a NumPy function of the arguments in order (for instance a kernel from
        `activation`), which must agree to 1e-10. With it, a slip in a definition cannot
        pass.
    label, because : str, optional
        As in `verify`.

    Returns
    -------
    Equation
        Of kind ``"definition"``; pass it to ``where=``.

    Raises
    ------
    DerivationError
        The meaning is undefined somewhere, has not the sign that the name is declared
        to have, or disagrees with `agrees_with`.
    TypeError, ValueError
        The name is not a name, or occurs in its own meaning.

    Examples
    --------
    >>> import numpy, sympy
    >>> x = sympy.symbols("x", real=True)
    >>> define(sympy.Function("f")(x), sympy.tanh(x) / 2,
    ...        agrees_with=lambda x: numpy.tanh(x) / 2)
    f(x) = tanh(x)/2   for x real   [definition, agrees with NumPy to 1e-10]
    """
    arguments = _arguments_of(name)
    meaning = checked_expression(meaning, "the meaning")
    if meaning.has(name.func if arguments else name):
        raise ValueError(f"{to_text(name)} occurs in its own definition")
    given, where = checked_conditions(given), checked_definitions(where)
    text = f"{to_text(name)} = {to_text(meaning)}"
    claim = Claim(meaning, "==", meaning, Domain(given), where, name=text)
    if isinstance(meaning, MatrixExpr):
        if agrees_with is not None:
            raise TypeError("agrees_with= is for scalar definitions")
        require_matrix_defined(claim.sides[0], claim)
        evidence = "definition"
    else:
        refute(claim)  # looks whether the meaning has a value
        require_defined(claim.sides[0], claim)
        _require_signs(name, claim)
        evidence = _compared(claim, agrees_with, arguments)
    equation = Equation(
        name, meaning, "==", "definition", evidence, given, where, label, checked_reason(because),
    )  # fmt: skip
    register_label(label, str(equation))
    return equation


def _arguments_of(name: Any) -> list[Symbol]:
    if isinstance(name, AppliedUndef):
        if len(set(name.args)) != len(name.args) or not all(a.is_Symbol for a in name.args):
            raise ValueError(f"the arguments of {name} must be distinct symbols")
        return list(name.args)
    if not isinstance(name, Symbol):
        raise TypeError(f"define accepts a symbol or f(x), not {name!r}")
    return []


def _require_signs(name: Expr, claim: Claim) -> None:
    """Prove that a meaning has the sign and the kind that its name is declared to have."""
    for kind in ("integer", "even", "odd", "rational", "irrational", "prime", "composite"):
        declared, found = (getattr(e, f"is_{kind}") for e in (name, claim.values[0]))
        if declared and not found:
            raise claim.not_proved(f"the name is declared with {kind}=True")
    declared = {">": name.is_positive, "<": name.is_negative}
    declared |= {">=": name.is_nonnegative, "<=": name.is_nonpositive}
    operator = next((sign for sign, holds in declared.items() if holds), None)
    if operator is None and name.is_nonzero:
        if not is_proved_sign(claim.values[0], "nonzero", claim.domain):
            raise claim.not_proved("the name is declared with nonzero=True")
    if operator is not None:
        text = f"{to_text(claim.values[0])} {SIGNS[operator]} 0, as {to_text(name)} is declared,"
        signed = Claim(claim.left, operator, sympy.S.Zero, claim.domain, claim.where, text)
        refute(signed)
        sign = {">": "positive", "<": "negative", ">=": "nonnegative", "<=": "nonpositive"}
        if not is_proved_sign(claim.values[0], sign[operator], claim.domain):
            raise signed.not_proved("SymPy could not show it")


def _compared(claim: Claim, second: Any, arguments: list[Symbol]) -> str:
    """Compare a definition with its second source, and say what stands behind it then."""
    if second is None:
        return "definition"
    if isinstance(second, Expr):
        judge(Claim(claim.left, "==", second, claim.domain, claim.where, claim.text))
        return "definition, agrees with a second source"
    if not callable(second):
        raise TypeError(f"agrees_with= is an expression or a function, not {second!r}")
    _compare_kernel(claim, second, arguments or sorted(claim.symbols, key=lambda s: s.name))
    return "definition, agrees with NumPy to 1e-10"


def _compare_kernel(claim: Claim, kernel: Callable, arguments: list[Symbol]) -> None:
    meaning = claim.values[0]
    extra = meaning.free_symbols - set(arguments)
    if extra:
        raise ValueError(f"{claim.text}: {', '.join(map(str, extra))} is not an argument")
    value = evaluator(meaning)
    for point in claim.domain.points(arguments, [meaning]):
        exact = value(point, DIGITS)
        computed = float(kernel(*(np.float64(point[s]) for s in arguments)))
        if not abs(computed - float(exact)) <= 1e-10 * max(1.0, abs(float(exact))):
            raise DerivationError(
                f"{claim.text} disagrees with agrees_with= at {point_text(point)}: the definition "
                f"is {number_text(exact)}, the second source is {computed:.12g}",
                point,
            )
