"""Refuting: evaluation at many digits, in search of a counterexample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import sympy
from sympy import Dummy, Expr, Piecewise, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from vgtools.derivation.conditions import Domain
from vgtools.derivation.definitions import with_meanings
from vgtools.derivation.derivatives import NoSlope, evaluated, unfolded
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.printing import to_text

DIGITS = 50
NEEDS_EVALF = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)


def with_definite_functions(expressions: list[Any]) -> tuple[list[Any], dict]:
    """Put definite functions in the place of unknown ones, so that numbers come out."""
    unknown = sorted({u.func for e in expressions for u in e.atoms(AppliedUndef)}, key=str)
    chosen = {}
    for k, function in enumerate(unknown, start=2):
        arity = {len(u.args) for e in expressions for u in e.atoms(function)}.pop()
        names = [Dummy(f"u{i}", real=True) for i in range(arity)]
        argument = sum((i + 2) * n for i, n in enumerate(names)) / Rational(k + 1)
        meaning = sympy.exp(argument / 2) + Rational(1, k)
        if not function(*names).is_positive:
            meaning = meaning + argument**2 / 3 - argument
        chosen[function] = sympy.Lambda(tuple(names), meaning)
    return [evaluated(with_meanings(e, chosen), "the claim") for e in expressions], chosen


def evaluator(expression: Expr, symbols: list[Symbol]) -> Callable[[Mapping, int], Any]:
    """Return ``value(point, digits)``: a real mpmath number, or None where undefined.

    Which case of a case distinction holds is decided exactly, not from rounded numbers:
    7·x − 1 is 0 at x = 1/7, and not a rounding error that is positive or negative.
    """
    expression = unfolded(expression)
    deciding = [c for p in expression.atoms(Piecewise) for _, c in p.args]
    conditions = sorted(
        set().union(*(c.atoms(Relational) for c in deciding)), key=sympy.default_sort_key
    )
    cases: dict[tuple, Callable] = {}

    def value(point: Mapping, digits: int) -> Any:
        try:
            truths = tuple(_truth(condition, point) for condition in conditions)
        except TypeError:  # a side of a condition has no real value at this point
            return None
        if truths not in cases:
            known = dict(zip(conditions, truths, strict=True))
            known = {c: truth for c, truth in known.items() if truth is not None}
            cases[truths] = _plain_evaluator(expression.xreplace(known), symbols)
        return cases[truths](point, digits)

    return value


def _truth(condition: Relational, point: Mapping) -> Boolean | None:
    """Whether a condition holds at a point; None if SymPy cannot tell."""
    truth = condition.xreplace(dict(point))
    return truth if truth in (sympy.true, sympy.false) else None


def _plain_evaluator(expression: Expr, symbols: list[Symbol]) -> Callable[[Mapping, int], Any]:
    """`evaluator` of an expression whose case distinctions have been decided."""
    function = None
    if expression.has(NoSlope):
        return lambda point, digits: None
    if not expression.has(*NEEDS_EVALF, sympy.zoo, sympy.AccumBounds):
        function = sympy.lambdify(symbols, expression, modules="mpmath")

    def by_sympy(point: Mapping, digits: int) -> Any:
        return expression.xreplace(dict(point)).evalf(digits)

    def value(point: Mapping, digits: int) -> Any:
        with mpmath.workdps(digits):
            try:
                try:
                    numbers = (mpmath_number(point[s]) for s in symbols)
                    result = function(*numbers) if function else by_sympy(point, digits)
                except NameError:  # mpmath knows no such function, DiracDelta for one
                    result = by_sympy(point, digits)
                result = mpmath.mpmathify(result)
            except (ZeroDivisionError, ValueError, OverflowError, TypeError):
                return None
            if isinstance(result, mpmath.mpc):
                if abs(result.imag) > mpmath.mpf(10) ** (5 - digits) * (1 + abs(result.real)):
                    return None
                result = result.real
            return result if mpmath.isfinite(result) else None

    return value


def mpmath_number(value: Any) -> Any:
    """An exact SymPy number at the current precision of mpmath."""
    if isinstance(value, Rational):
        return mpmath.mpf(int(value.p)) / int(value.q)
    if isinstance(value, Expr):
        return mpmath.mpmathify(value.evalf(mpmath.mp.dps))
    return mpmath.mpf(value)


def _surely_nonzero(value: Callable[[int], Any], scale: Any) -> Any:
    """The value of a difference if it is certainly larger than `scale`, else None.

    Rounding leaves a difference that shrinks when digits are added; a true
    difference stays.
    """
    first = value(DIGITS)
    if first is None or abs(first) <= scale:
        return None
    second = value(2 * DIGITS)
    if second is None or abs(first - second) > abs(second) * mpmath.mpf(10) ** -10:
        return None
    return second


def number_hints(*expressions: Any) -> list[Expr]:
    """Numbers that occur in the expressions: kinks and poles often lie there."""
    found = set().union(*(e.atoms(Rational) for e in expressions))
    return sorted((n for n in found if abs(n) < 60), key=lambda n: (abs(n), n))[:12]


def refute(
    left: Expr, right: Expr, operator: str, domain: Domain, symbols: set[Symbol], claim: str
) -> None:
    """Raise with a counterexample if one of the sample points contradicts the claim."""
    (left, right), chosen = with_definite_functions([left, right])
    names = sorted(symbols, key=lambda s: s.name)
    sides = [evaluator(side, names) for side in (left, right)]
    gap = evaluator(left - right, names)
    # At a kink of the integrand, SymPy's quadrature has a few right digits whatever is asked.
    rough = any(side.has(*NEEDS_EVALF) for side in (left, right))
    noise = mpmath.mpf(10) ** (-3 if rough else -30)
    for point in domain.points(names, number_hints(left, right)):
        values = [side(point, DIGITS) for side in sides]
        if any(v is None for v in values):
            which = "both sides are" if values == [None, None] else (
                "the left side is" if values[0] is None else "the right side is"
            )  # fmt: skip
            reason = next(filter(None, (_missing_slope(s, point) for s in (left, right))), None)
            if reason is not None:
                raise DerivationError(f"{claim} does not hold as stated: {reason}", point)
            raise DerivationError(
                f"{claim} does not hold as stated: {which} undefined (or not real) at "
                f"{assignment_text(point)}; add a condition with given=",
                point,
            )
        scale = max(abs(values[0]), abs(values[1]), mpmath.mpf(10) ** -200)
        difference = _surely_nonzero(lambda digits, at=point: gap(at, digits), noise * scale)
        if _contradicts(operator, difference, gap, point):
            extra = "".join(f", {f}(…) = {to_text(m.expr)}" for f, m in chosen.items())
            raise DerivationError(
                f"{claim} is false at {assignment_text(point)}{extra}: the left side is "
                f"{digits_text(values[0])}, the right side is {digits_text(values[1])}",
                point,
            )


def _missing_slope(side: Expr, point: Mapping) -> str | None:
    """Why a side has no value at a point, if that is because a derivative is missing."""
    names = {gap: Dummy("gap", real=True) for gap in side.atoms(NoSlope)}
    try:
        left = side.xreplace(names).xreplace(dict(point)).free_symbols
    except TypeError:
        return None
    reasons = (gap.reason for gap, name in names.items() if name in left)
    return min(reasons, default=None)


def _contradicts(operator: str, difference: Any, gap: Callable, point: Mapping) -> bool:
    """Tell whether left − right = difference (None: zero as far as digits go) refutes."""
    if difference is None:
        # Exactly equal at a rational point refutes a strict inequality.
        return operator in ("<", ">") and gap(point, 4 * DIGITS) == 0
    if operator == "==":
        return True
    return difference > 0 if operator in ("<", "<=") else difference < 0


def assignment_text(point: Mapping) -> str:
    """Write a point as ``x = 0, y = 1``."""
    if not point:
        return "every point (there is nothing to choose)"
    return ", ".join(f"{to_text(s)} = {to_text(v)}" for s, v in point.items())


def digits_text(value: Any) -> str:
    """Write a number with twelve digits."""
    return mpmath.nstr(value, 12)
