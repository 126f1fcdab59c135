"""Refuting: the search for a point at which a claim is false."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mpmath
from sympy import Dummy, Expr

from vgtools.derivation.claim import Claim
from vgtools.derivation.derivatives import NoSlope
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.evaluation import (
    DIGITS,
    MANY_DIGITS,
    NEEDS_EVALF,
    evaluator,
    number_text,
    point_text,
    with_definite_functions,
)
from vgtools.derivation.printing import to_text

_FINE_NOISE = mpmath.mpf(10) ** (-MANY_DIGITS // 4)


def refute(claim: Claim) -> None:
    """Raise with a counterexample if one of the sample points contradicts the claim."""
    symbols = claim.symbols  # before anything is evaluated: each must be declared real
    sides, chosen = with_definite_functions(claim.values)
    left, right = map(evaluator, sides)
    gap = evaluator(sides[0] - sides[1])
    # At a kink of the integrand, SymPy's quadrature has a few right digits whatever is asked.
    rough = any(side.has(*NEEDS_EVALF) for side in sides)
    noise = mpmath.mpf(10) ** (-3 if rough else -30)
    fine_digits, fine_noise = (4 * DIGITS, mpmath.inf) if rough else (MANY_DIGITS, _FINE_NOISE)
    for point in claim.domain.points(symbols, sides):
        values = left(point, DIGITS), right(point, DIGITS)
        if None in values and not rough:
            values = left(point, MANY_DIGITS), right(point, MANY_DIGITS)
        if None in values:
            raise claim.undefined(_why_undefined(sides, values, point), point)
        difference = _sure_difference(lambda digits, at=point: gap(at, digits), values, noise)
        false = _contradicts(claim.relation, difference)
        if (false and not rough) or (difference is None and claim.relation in ("<", ">")):
            # Large terms may have cancelled. Exact equality refutes a strict inequality.
            difference = _beyond_noise(gap(point, fine_digits), values, fine_noise)
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
