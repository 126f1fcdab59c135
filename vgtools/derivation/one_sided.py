"""Limits from one side, and whether they hold for all values of the other symbols."""

from __future__ import annotations

from typing import Any

import mpmath
import sympy
from sympy import Dummy, Expr, Piecewise, Pow, Subs, Symbol
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef

from vgtools.derivation.cases import ENTIRE
from vgtools.derivation.errors import NotKnown
from vgtools.derivation.printing import to_text


def taken(limit: sympy.Limit) -> Expr:
    """SymPy's limit, if it is the same for all values of the other symbols."""
    inner, variable, place, direction = limit.args
    _require_reachable(variable, place, str(direction))
    t = Dummy("t", positive=True)
    try:
        value = limit.doit()
    except ValueError as error:  # "The limit does not exist since …"
        raise NotKnown(str(error)) from None
    for sign in (1, -1) if str(direction) == "+-" else (-1 if str(direction) == "-" else 1,):
        moved = sympy.sign(place) / t if place.is_infinite else place + sign * t
        moved = inner.doit().subs(variable, moved)
        require_settled(moved, t, to_text(inner))
        if moved.free_symbols == {t} and _goes_elsewhere(moved, t, value):
            raise NotKnown(f"the limit of {to_text(inner)} is {to_text(value)} by SymPy, and the "
                           "numbers near it are others")  # fmt: skip
    return value


def _goes_elsewhere(expression: Expr, t: Symbol, limit: Expr) -> bool:
    """Whether values near 0 have settled where a limit is not.

    SymPy takes coth(x) − 1/x to −∞ for x → 0; it goes to 0. A value that is exactly 0 tells
    nothing: the digits have been used up.
    """
    far, near = _values_near(expression, t)
    if not far or not near or abs(far - near) > mpmath.mpf(10) ** -9 * max(1, abs(near)):
        return False
    goal = mpmath.inf if limit.is_infinite else mpmath.mpmathify(limit.evalf(60))
    return bool(abs(near - goal) > mpmath.mpf(10) ** -3 * max(1, abs(near)))


def _require_reachable(variable: Symbol, place: Expr, direction: str) -> None:
    """Refuse a limit that a variable cannot come to, by what it is declared to be."""
    sides = {"+": (1,), "-": (-1,)}.get(direction, (1, -1))
    near = (
        [place]
        if place.is_infinite
        else [place + side * Dummy("t", positive=True) for side in sides]
    )
    if (
        (variable.is_integer and not place.is_infinite)
        or (variable.is_nonnegative and any(one.is_extended_negative for one in near))
        or (variable.is_nonpositive and any(one.is_extended_positive for one in near))
    ):
        raise NotKnown(
            f"{to_text(variable)} → {to_text(place)} contradicts what {to_text(variable)} is "
            "declared to be; take a limit of a real symbol"
        )


def require_settled(expression: Expr, t: Symbol, text: str) -> None:
    """Refuse a limit for t → 0 that may be another one for some values of the other symbols.

    SymPy takes x/(x + a) to 0, whatever a is; for a = 0 it is 1.
    """
    others = expression.free_symbols - {t}
    if others and settled(expression, t) is None:
        names = ", ".join(sorted(to_text(s) for s in others))
        raise NotKnown(f"the limit of {text} may be another one for special values of {names}")


def settled(expression: Expr, t: Symbol) -> Expr | None:
    """The finite limit for t → 0 from above, if it holds for all values of the other symbols.

    Either all parts have one and are joined by what is continuous there, or `_tame` holds.
    """
    if t not in expression.free_symbols:
        poles = [p.base for p in expression.atoms(Pow) if not p.exp.is_nonnegative]
        return expression if all(base.is_nonzero for base in poles) else None
    if expression.free_symbols != {t}:
        if expression.has(Piecewise, ExprWithLimits, Subs):
            return None
        factor, rest = expression.as_independent(t, as_Add=False)
        if factor != 1 and rest != expression:
            limits = [settled(part, t) for part in (factor, rest)]
            if None not in limits and limits[1].is_finite:
                return limits[0] * limits[1]
        limits = [settled(part, t) for part in expression.args]
        if None not in limits and all(part.is_finite for part in limits):
            first = limits[0] if limits else expression
            if isinstance(expression, (sympy.Add, sympy.Mul, *ENTIRE, AppliedUndef)) or (
                first.is_positive
                if isinstance(expression, sympy.log) or not expression.args[-1].is_integer
                else first.is_nonzero or expression.args[-1].is_nonnegative
            ):
                return expression.func(*limits)
        waves = [f for f in expression.atoms(sympy.Function) if t in f.free_symbols]
        if len(waves) > 1 or not _tame(expression, t):
            return None
    try:
        limit = sympy.limit(expression, t, 0, "+")
    except (NotImplementedError, ValueError, TypeError, sympy.PoleError):
        return None
    return limit if limit.is_extended_real else None


def _tame(expression: Expr, t: Symbol) -> bool:
    """Whether how fast an expression grows or vanishes for t → 0 hangs on no other symbol.

    Nothing in it can vanish or cancel: each part has one sign, and so have all terms of a sum.
    """
    if t not in expression.free_symbols:
        return bool(expression.is_positive or expression.is_negative)
    if expression == t:
        return True
    if not all(_tame(part, t) for part in expression.args):
        return False
    if isinstance(expression, sympy.Add):
        terms = expression.args
        return all(a.is_positive for a in terms) or all(a.is_negative for a in terms)
    if isinstance(expression, Pow):
        return bool(expression.base.is_positive and expression.exp.is_Rational)
    if isinstance(expression, sympy.sin):
        return settled(expression.args[0], t) == 0
    return isinstance(expression, (sympy.Mul, sympy.exp, sympy.tanh))


def limit_at_zero(expression: Expr, t: Symbol) -> Expr:
    """The limit for t → 0 from above, if the numbers near 0 agree with what SymPy says."""
    require_settled(expression, t, to_text(expression))
    try:
        limit = sympy.limit(expression, t, 0, "+")
    except (NotImplementedError, ValueError, TypeError, sympy.PoleError) as error:
        raise NotKnown(f"the limit of {to_text(expression)} is not known") from error
    known = limit.is_extended_real and not limit.has(sympy.AccumBounds, sympy.Limit)
    trials = _trials(expression.free_symbols - {t})
    if not known or not all(
        _approaches(expression.xreplace(trial), t, limit.xreplace(trial)) for trial in trials
    ):
        raise NotKnown(f"the limit of {to_text(expression)} is not known")
    return limit


def _trials(symbols: set[Symbol]) -> list[dict[Symbol, Expr]]:
    """Two choices of values: positive ones, and negative ones for symbols that may be negative."""
    chosen: list[dict[Symbol, Expr]] = [{}, {}]
    for k, symbol in enumerate(sorted(symbols, key=lambda s: s.name), start=2):
        size = sympy.Integer(k) if symbol.is_integer else sympy.Rational(7 * k + 1, 11 + k)
        chosen[0][symbol] = -size if symbol.is_nonpositive else size
        chosen[1][symbol] = size if symbol.is_nonnegative else -size
    return chosen


def _approaches(expression: Expr, t: Symbol, limit: Expr) -> bool:
    """Whether values near 0 come close to a limit, or grow if it is infinite."""
    far, near = _values_near(expression, t)
    if None in (far, near):
        return False
    if limit.is_infinite:
        return bool(abs(near) > abs(far) and (near > 0) == (limit is sympy.oo))
    goal = mpmath.mpmathify(limit.evalf(60))
    return bool(abs(near - goal) <= mpmath.mpf(10) ** -6 * max(1, abs(goal)))


def _values_near(expression: Expr, t: Symbol) -> list[Any]:
    """Real values at t = 1e-12 and at 1e-24, or None where there is none."""
    value, found = sympy.lambdify([t], expression, modules="mpmath"), []
    with mpmath.workdps(200):
        for k in (12, 24):
            try:
                number = mpmath.mpmathify(value(mpmath.mpf(10) ** -k))
            except (ValueError, ZeroDivisionError, OverflowError, TypeError, NameError):
                number = None
            found.append(None if isinstance(number, mpmath.mpc) else number)
    return found
