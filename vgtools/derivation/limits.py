"""Limits of case distinctions, taken on the side that the limit comes from.

SymPy's own limit of a Piecewise takes one case whatever the direction.
"""

from __future__ import annotations

import sympy
from sympy import Dummy, Expr, Limit, Piecewise, Symbol
from sympy.logic.boolalg import Boolean

from vgtools.derivation.cases import KINKED, unfolded
from vgtools.derivation.errors import NotKnown

_CASES = (Piecewise, *KINKED)


def by_cases(limit: Limit) -> Expr:
    """Write the limit of a case distinction as a limit of the case that holds there."""
    inner, variable, point, direction = limit.args
    if not inner.has(*_CASES):
        return limit
    if point.is_infinite or str(direction) in ("+", "-"):
        return _from_one_side(inner, variable, point, str(direction))
    right, left = (_from_one_side(inner, variable, point, side) for side in "+-")
    if sympy.simplify(right.doit() - left.doit()) != 0:
        raise NotKnown(
            f"the limit for {variable} → {point} does not exist: it is {right.doit()} from the "
            f"right and {left.doit()} from the left"
        )
    return right


def _from_one_side(inner: Expr, variable: Symbol, point: Expr, direction: str) -> Limit:
    t = Dummy("t", positive=True)
    if point.is_infinite:
        place = 1 / t if point is sympy.oo else -1 / t
    else:
        place = point + t if direction == "+" else point - t
    constant = {part: Dummy("c") for part in inner.atoms(*KINKED) if not part.has(variable)}
    inner = unfolded(inner.xreplace(constant))
    while inner.has(Piecewise):
        innermost = next(p for p in inner.atoms(Piecewise) if not _nested(p))
        inner = inner.xreplace({innermost: _case(innermost, {variable: place}, t, point)})
    return Limit(
        inner.xreplace({c: part for part, c in constant.items()}), variable, point, direction
    )


def _nested(pieces: Piecewise) -> bool:
    return any(part.has(Piecewise) for part in pieces.args)


def _case(pieces: Piecewise, place: dict[Symbol, Expr], t: Dummy, point: Expr) -> Expr:
    """The case that holds for every t > 0 that is small enough."""
    text = f"{next(iter(place))} → {point}"
    for value, condition in pieces.args:
        truth = _holds(condition.subs(place), t)
        if truth is None:
            raise NotKnown(
                f"which case of {pieces} holds for {text} is not known; "
                "take the limit of the case itself"
            )
        if truth:
            return value
    raise NotKnown(f"no case of {pieces} holds for {text}")


def _holds(condition: Boolean, t: Dummy) -> bool | None:
    """Whether a condition is true for every t > 0 that is small enough; None if unknown."""
    if condition in (sympy.true, sympy.false):
        return bool(condition)
    if isinstance(condition, (sympy.And, sympy.Or)):
        truths = [_holds(part, t) for part in condition.args]
        decisive = isinstance(condition, sympy.Or)
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive
    if isinstance(condition, sympy.Not):
        truth = _holds(condition.args[0], t)
        return None if truth is None else not truth
    gap = sympy.expand(condition.lhs - condition.rhs)
    limit = sympy.limit(gap, t, 0, "+")
    near = gap.as_leading_term(t) if limit.is_zero and gap != 0 else limit
    if near.is_extended_positive is None or near.is_extended_negative is None:
        return None  # extended: a gap that grows without bound has a sign, too
    sign = sympy.Integer(bool(near.is_extended_positive) - bool(near.is_extended_negative))
    return bool(condition.func(sign, 0))
