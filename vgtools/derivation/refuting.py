"""Refuting: the search for a point at which a claim is false, or one of two relations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import mpmath
import sympy
from sympy import Dummy, Expr, Rational, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from vgtools.derivation.claim import Claim
from vgtools.derivation.conditions import Domain
from vgtools.derivation.derivatives import NoSlope
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.evaluation import (
    DIGITS,
    MANY_DIGITS,
    NEEDS_EVALF,
    evaluator,
    exact_sign,
    mpmath_number,
    number_text,
    point_text,
    with_definite_functions,
)
from vgtools.derivation.printing import SIGNS, to_text

_SIMPLE = 2_520_000  # a denominator that those of most simple fractions divide
_PATIENCE = 3  # so often a sign that many digits do not tell is looked for in one claim


def refute(claim: Claim) -> None:
    """Raise with a counterexample if one of the sample points contradicts the claim."""
    if any(side.has(MatrixExpr) for side in claim.sides):
        raise claim.not_proved("numbers made from matrices are backed with vg.numeric")
    symbols = claim.symbols  # before anything is evaluated: each must be declared real
    sides, chosen = with_definite_functions(claim.values)
    left, right = map(evaluator, sides)
    gap = evaluator(sides[0] - sides[1])
    # At a kink of the integrand, SymPy's quadrature has a few right digits whatever is asked.
    rough, strict = any(side.has(*NEEDS_EVALF) for side in sides), claim.relation in ("<", ">")
    noise = mpmath.mpf(10) ** (-3 if rough else -30)
    patience = _PATIENCE
    for point in claim.domain.points(symbols, sides):
        values = left(point, DIGITS), right(point, DIGITS)
        if None in values and not rough:
            values = left(point, MANY_DIGITS), right(point, MANY_DIGITS)
        if None in values:
            raise claim.undefined(_why_undefined(sides, values, point), point)
        difference = _sure_difference(lambda digits, at=point: gap(at, digits), values, noise)
        false = _contradicts(claim.relation, difference)
        if not rough and (false or (difference is None and strict)):
            # Large terms may have cancelled. Exact equality refutes a strict inequality.
            difference = exact_sign(sides[0] - sides[1], point) if patience else None
            patience -= difference is None
            false = _contradicts(claim.relation, difference)
        if false:
            functions = "".join(f", {f}(…) = {to_text(m.expr)}" for f, m in chosen.items())
            raise DerivationError(
                f"{claim.text} is false at {point_text(point)}{functions}: the left side is "
                f"{number_text(values[0])}, the right side is {number_text(values[1])}",
                point,
            )


def _contradicts(relation: str, difference: Any) -> bool:
    """Tell whether left − right refutes a relation; None is too small a difference to tell."""
    if not difference:
        return difference is not None and relation in ("<", ">")
    return relation == "==" or (difference > 0) == (relation[0] == "<")


def _sure_difference(gap: Callable[[int], Any], values: tuple[Any, Any], noise: Any) -> Any:
    """A difference to many digits if it is certainly larger than noise, else None.

    Rounding leaves a difference that shrinks when digits are added; a true
    difference stays.
    """
    first = _beyond_noise(gap(DIGITS), values, noise)
    if not first:
        return None
    second = gap(2 * DIGITS)
    if second is None or abs(first - second) > abs(second) * mpmath.mpf(10) ** -10:
        return None
    return second


def _beyond_noise(difference: Any, values: tuple[Any, Any], noise: Any) -> Any:
    """A difference that is 0 or, compared with the values, larger than noise; else None."""
    scale = max(*map(abs, values), mpmath.mpf(10) ** -200)
    return difference if not difference or abs(difference) > noise * scale else None


def _why_undefined(sides: list[Expr], values: tuple[Any, Any], point: Mapping) -> str:
    """Why a side has no value at a point; a derivative that is missing is named."""
    reasons = [reason for side in sides if (reason := _missing_slope(side, point))]
    if reasons:
        return reasons[0]
    which = "both sides are" if values == (None, None) else (
        "the left side is" if values[0] is None else "the right side is"
    )  # fmt: skip
    return f"{which} undefined (or not real) at {point_text(point)}; add a condition with given="


def _missing_slope(side: Expr, point: Mapping) -> str | None:
    """Why a side has no value at a point, if that is because a derivative is missing."""
    names = {gap: Dummy("gap", real=True) for gap in side.atoms(NoSlope)}
    try:
        left = side.xreplace(names).xreplace(dict(point)).free_symbols
    except TypeError:
        return None
    return min((gap.reason for gap, name in names.items() if name in left), default=None)


def refute_equivalence(before: Claim, after: Claim) -> None:
    """Raise if some point satisfies one of the two relations and not the other."""
    sides, _ = with_definite_functions((*before.values, *after.values))
    gaps = [sides[0] - sides[1], sides[2] - sides[3]]
    tests = [
        _truth(claim.relation, gap, abs(left) + abs(right))
        for claim, gap, left, right in zip(
            (before, after), gaps, sides[::2], sides[1::2], strict=True
        )
    ]
    rough = any(side.has(*NEEDS_EVALF) for side in sides)
    precisions = [DIGITS] if rough else [DIGITS, MANY_DIGITS]
    points = before.domain.points(before.symbols | after.symbols, sides)
    roots = (_roots(gap, points, before.domain) for gap in gaps)
    for point in itertools.chain(*roots, points):
        if not all(_one_holds(test(point, digits) for test in tests) for digits in precisions):
            continue
        texts = [
            f"{to_text(claim.values[0])} {SIGNS[claim.relation]} {to_text(claim.values[1])}"
            for claim in (before, after)
        ]
        holds, fails = texts if tests[0](point, DIGITS) else reversed(texts)
        rounded = {
            s: v if isinstance(v, Rational) else sympy.Float(v, 12) for s, v in point.items()
        }
        raise DerivationError(
            f"{before.text} is not an equivalence: at {point_text(rounded)}, {holds} holds and "
            f"{fails} does not",
            rounded,
        )


def _one_holds(truths: Iterable[bool | None]) -> bool:
    return set(truths) == {True, False}


def _truth(relation: str, gap: Expr, size: Expr) -> Callable[[Mapping, int], bool | None]:
    """Return a test whether a relation holds at a point; None where digits do not tell."""
    gap_at, size_at = evaluator(gap), evaluator(size)

    def truth(point: Mapping, digits: int) -> bool | None:
        value, scale = gap_at(point, digits), size_at(point, digits)
        if value is None or scale is None:
            return None
        small = abs(value) < mpmath.mpf(10) ** -15 * max(1, scale)
        if small and all(isinstance(place, Rational) for place in point.values()):
            value = exact_sign(gap, point, bits=4_000)
            if value is None:
                return None
        elif small and abs(value) > mpmath.mpf(10) ** -35 * max(1, scale):
            return None
        elif small:
            value = 0
        if value == 0:
            return relation in ("==", "<=", ">=")
        return relation != "==" and (value < 0) == (relation[0] == "<")

    return truth


def _roots(expression: Expr, points: list[dict], domain: Domain) -> Iterator[dict]:
    """Points of the domain at which an expression is zero, to 50 digits."""
    value = evaluator(expression)
    for symbol in sorted(expression.free_symbols, key=lambda s: s.name):
        line = sorted({p[symbol] for p in points if isinstance(p[symbol], Rational)})
        for base in points[:6]:
            before = None
            for place in line:
                point = base | {symbol: place}
                number = value(point, DIGITS) if domain.allows(point) else None
                if number == 0:
                    yield point
                elif None not in (before, number) and before[1] * number < 0:
                    root = None if symbol.is_integer else _root_between(
                        value, point, symbol, before[0]
                    )  # fmt: skip
                    between = base | {symbol: root}
                    permitted = root is not None and not domain.excludes(symbol, root)
                    if permitted and domain.allows(between):
                        yield between
                before = (place, number) if number else None


def _root_between(value: Callable, point: dict, symbol: Symbol, start: Rational) -> Any:
    """The place of a sign change between two values of a symbol, to 50 digits."""

    def along(x: Any) -> Any:
        result = value(point | {symbol: x}, DIGITS)
        if result is None:
            raise ValueError
        return result

    with mpmath.workdps(DIGITS + 5):
        try:
            ends = (mpmath_number(start), mpmath_number(point[symbol]))
            root = mpmath.findroot(along, ends, solver="anderson", tol=1e-90, verify=False)
            simple = Rational(int(mpmath.nint(root * _SIMPLE)), _SIMPLE)
            if abs(root - mpmath_number(simple)) < mpmath.mpf(10) ** -30:
                return simple
            return sympy.Float(root, DIGITS)
        except (ValueError, ZeroDivisionError):
            return None
