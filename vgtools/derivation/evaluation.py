"""Evaluating expressions at points, with as many digits as are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import mpmath
import sympy
from mpmath import iv
from sympy import Dummy, Expr, Rational
from sympy.core.evalf import PrecisionExhausted
from sympy.core.function import AppliedUndef
from sympy.printing.pycode import MpmathPrinter

from vgtools.derivation.cases import deciding, unfolded
from vgtools.derivation.definitions import with_meanings
from vgtools.derivation.derivatives import NoSlope, evaluated
from vgtools.derivation.printing import to_text

DIGITS = 50
MANY_DIGITS = 2000
"""For what is about to be called false: large terms that cancel leave nothing of 50 digits."""

MOST_BITS = 20_000
"""How far `exact_sign` looks: 1 + e^(−4000) is told from 1."""

_HYPERBOLIC = (sympy.sinh, sympy.cosh, sympy.tanh, sympy.coth, sympy.sech, sympy.csch)
_INTERVALS = {
    name: getattr(iv, name) for name in ("mpf", "exp", "log", "sqrt", "sin", "cos", "pi", "e")
}
_WITH_INTERVALS = (sympy.exp, sympy.log, sympy.sin, sympy.cos)
_PRINTER = MpmathPrinter({"fully_qualified_modules": False, "inline": True})

NEEDS_EVALF = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)


def with_definite_functions(expressions: Iterable[Any]) -> tuple[list[Any], dict]:
    """Put definite functions in the place of unknown ones, so that numbers come out."""
    expressions = list(expressions)
    unknown = sorted({u.func for e in expressions for u in e.atoms(AppliedUndef)}, key=str)
    chosen = {}
    for k, function in enumerate(unknown, start=2):
        arities = {len(u.args) for e in expressions for u in e.atoms(function)}
        if len(arities) > 1:
            raise ValueError(
                f"{function} stands with {sorted(arities)} arguments; give it one sort"
            )
        arity = arities.pop()
        names = [Dummy(f"u{i}", real=True) for i in range(arity)]
        argument = sum((i + 2) * n for i, n in enumerate(names)) / Rational(k + 1)
        meaning = sympy.exp(argument / 2) + Rational(1, k)
        value = function(*names)
        if value.is_negative or value.is_nonpositive:
            meaning = -meaning
        elif not value.is_positive:
            meaning = meaning + argument**2 / 3 - argument
        chosen[function] = sympy.Lambda(tuple(names), meaning)
    return [evaluated(with_meanings(e, chosen), "the claim") for e in expressions], chosen


def evaluator(expression: Expr) -> Callable[[Mapping, int], Any]:
    """Return ``value(point, digits)``: a real mpmath number, or None where undefined.

    Which case of a case distinction holds is decided exactly, not from rounded numbers:
    7·x − 1 is 0 at x = 1/7, and not a rounding error that is positive or negative.
    """
    expression = unfolded(expression)
    conditions = sorted(deciding(expression), key=sympy.default_sort_key)
    cases: dict[tuple, Callable] = {}

    def value(point: Mapping, digits: int) -> Any:
        try:
            truths = tuple(condition.xreplace(dict(point)) for condition in conditions)
        except TypeError:  # a side of a condition has no real value at this point
            return None
        known = {
            condition: truth
            for condition, truth in zip(conditions, truths, strict=True)
            if truth in (sympy.true, sympy.false)
        }
        case = tuple(known.items())
        if case not in cases:
            cases[case] = _plain_evaluator(expression.xreplace(known))
        return cases[case](point, digits)

    return value


def _plain_evaluator(expression: Expr) -> Callable[[Mapping, int], Any]:
    """`evaluator` of an expression whose case distinctions have been decided."""
    if expression.has(NoSlope):
        return lambda point, digits: None
    function, symbols = None, sorted(expression.free_symbols, key=sympy.default_sort_key)
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
            except (ZeroDivisionError, ValueError, OverflowError, TypeError, MemoryError):
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


def exact_sign(expression: Expr, point: Mapping, bits: int = MOST_BITS) -> int | None:
    """The sign of an expression at an exact point, or None where digits do not tell.

    Large terms may cancel. Intervals show that, and get as many digits as it takes.
    """
    value = expression.xreplace(dict(point))
    if value.is_Rational:
        return int(sympy.sign(value))
    if value.has(NoSlope, *NEEDS_EVALF):
        return None
    if not unfolded(value).has(sympy.Piecewise):
        value = unfolded(value)
    value = value.rewrite(_HYPERBOLIC, sympy.exp)
    if not all(isinstance(part, _WITH_INTERVALS) for part in value.atoms(sympy.Function)):
        return _evalf_sign(value, bits)
    interval = sympy.lambdify([], value, modules=[_INTERVALS], printer=_PRINTER)
    before = iv.prec
    try:
        for iv.prec in (160, 1_600, bits):
            found = interval()
            if found > 0 or found < 0:
                return 1 if found > 0 else -1
    except (TypeError, ValueError, ZeroDivisionError, OverflowError, MemoryError):
        pass  # a division by what may be 0, or a complex value
    finally:
        iv.prec = before
    return None


def _evalf_sign(value: Expr, bits: int) -> int | None:
    """`exact_sign` of a number that holds functions without intervals."""
    try:
        number = value.evalf(10, maxn=bits, strict=True)
    except (PrecisionExhausted, ValueError, TypeError, NotImplementedError, OverflowError):
        return None
    return int(sympy.sign(number)) if number.is_Float and number.is_finite else None


def point_text(point: Mapping) -> str:
    """Write a point as ``x = 0, y = 1``."""
    if not point:
        return "every point (there is nothing to choose)"
    return ", ".join(f"{to_text(s)} = {to_text(v)}" for s, v in point.items())


def number_text(value: Any) -> str:
    """Write a number with twelve digits."""
    return mpmath.nstr(value, 12)
