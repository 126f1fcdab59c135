"""Quadrature: SymPy's value of an integral, compared with numbers.

SymPy takes the difference of an antiderivative, which may jump between the ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import sympy
from sympy import Expr, Integral, Symbol

from vgtools.derivation.claim import Claim
from vgtools.derivation.derivatives import evaluated
from vgtools.derivation.evaluation import (
    DIGITS,
    evaluator,
    mpmath_number,
    number_text,
    point_text,
    with_definite_functions,
)
from vgtools.derivation.printing import to_text

_ROUGH = mpmath.mpf("1e-2")  # what quadrature is trusted with, at kinks of the integrand too


def require_quadrature(claim: Claim) -> None:
    """Refuse SymPy's value of an integral if quadrature finds another one."""
    integrals = {integral for side in claim.sides for integral in side.atoms(Integral)}
    for integral in sorted(integrals, key=sympy.default_sort_key):
        if len(integral.limits) > 1 or not integral.free_symbols <= claim.symbols:
            continue  # of what stands inside another integral, the outer one is compared
        ((variable, *ends),) = integral.limits
        parts = (integral.function, *ends, integral)
        inner, *ends, value = with_definite_functions(evaluated(e, claim.text) for e in parts)[0]
        if value.has(Integral):
            continue
        for point in claim.domain.points(claim.symbols, [value])[:3]:
            expected = evaluator(value)(point, DIGITS)
            found = _quadrature(inner, variable, ends, point)
            if None in (expected, found):
                continue
            found, error = found
            if abs(found - expected) > _ROUGH * abs(found) + 10 * error:
                raise claim.not_proved(
                    f"{to_text(integral)} at {point_text(point)} is {number_text(expected)} by "
                    f"SymPy's antiderivative and {number_text(found)} by quadrature"
                )


def _quadrature(inner: Expr, variable: Symbol, ends: list[Expr], point: Mapping) -> Any:
    """An integral at a point with an estimate of its error, or None where there is none."""
    integrand = evaluator(inner)
    with mpmath.workdps(15):
        ends = [end.xreplace(dict(point)) for end in ends]
        low, high = (
            int(sympy.sign(e)) * mpmath.inf if e.is_infinite else mpmath_number(e) for e in ends
        )
        try:
            value, error = mpmath.quad(
                lambda at: integrand({**point, variable: at}, 15), [low, high], error=True
            )
        except (TypeError, ZeroDivisionError, OverflowError):  # undefined at a node
            return None
    return (value, error) if mpmath.isfinite(value) and mpmath.isfinite(error) else None
