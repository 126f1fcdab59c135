"""Judging whether two relations say the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mpmath
import sympy
from sympy import Expr, Piecewise, Rational, Symbol
from sympy.core.relational import Relational

from vgtools.derivation.conditions import (
    Bounds,
    Domain,
    as_bound,
    assumed_bounds,
    real_symbols,
)
from vgtools.derivation.definitions import with_meanings
from vgtools.derivation.derivatives import KINKED, evaluated
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.printing import FLIPPED, SIGNS, to_text
from vgtools.derivation.proving import is_proved_sign, is_proved_zero, require_defined
from vgtools.derivation.refuting import (
    DIGITS,
    assignment_text,
    evaluator,
    mpmath_number,
    number_hints,
    with_definite_functions,
)

_FINE = 2_520_000  # a denominator that most simple fractions divide
# Judging whether two relations say the same
# --------------------------------------------------------------------------------------

_INJECTIVE: tuple[tuple[Callable[[Expr], Expr], str | None], ...] = (
    (sympy.log, "positive"),
    (sympy.exp, None),
    (sympy.atanh, None),
    (sympy.tanh, None),
)


def check_equivalent(
    first: Relational, second: Relational, domain: Domain, where: Mapping, claim: str
) -> None:
    """Prove that two relations have the same solutions on the domain, or raise."""
    first, second = (with_meanings(r, where) for r in (first, second))
    symbols = real_symbols(first, second, *domain.given)
    for relation in (first, second):
        for side in relation.args:
            require_defined(side, domain, claim)
    before, after = (
        (evaluated(r.lhs, claim), r.rel_op, evaluated(r.rhs, claim)) for r in (first, second)
    )
    _refute_equivalence(before, after, domain, symbols, claim)
    if (before[1] == "==") != (after[1] == "=="):
        raise DerivationError(f"{claim}: an equation is not equivalent to an inequality")
    if not (
        _by_factor(before, after, domain)
        or _by_function(before, after, domain)
        or _by_unique_root(before, after, symbols, domain)
    ):
        raise DerivationError(
            f"{claim} is not proved to be an equivalence: no counterexample was found; "
            "multiply by a factor that is nonzero under the conditions, apply exp or log to "
            "both sides, or solve for a symbol, one step at a time"
        )


def _oriented(relation: tuple) -> tuple[Expr, str]:
    """A relation as (expression, operator) that compares the expression with zero."""
    left, operator, right = relation
    if operator in (">", ">="):
        return right - left, FLIPPED[operator]
    return left - right, operator


def _by_factor(before: tuple, after: tuple, domain: Domain) -> bool:
    """Equivalent because one difference is a nonzero multiple of the other."""
    (first, operator), (second, same) = _oriented(before), _oriented(after)
    if operator != same:
        return False
    if is_proved_zero(first, domain):
        return is_proved_zero(second, domain)
    sign = "nonzero" if operator == "==" else "positive"
    candidates = [sympy.cancel(sympy.together(second / first)), sympy.simplify(second / first)]
    for factor in candidates:
        if not _is_defined(factor, domain):
            continue
        if is_proved_sign(factor, sign, domain) and is_proved_zero(second - factor * first, domain):
            return True
    return False


def _by_function(before: tuple, after: tuple, domain: Domain) -> bool:
    """Equivalent because an increasing function was applied to (or removed from) both sides."""
    if before[1] != after[1]:
        flipped = FLIPPED.get(after[1])
        if before[1] != flipped:
            return False
        after = (after[2], flipped, after[0])
    swapped = [(after[0], after[2])] + ([(after[2], after[0])] if after[1] == "==" else [])
    for inner, outer in itertools.chain(
        (((before[0], before[2]), pair) for pair in swapped),
        ((pair, (before[0], before[2])) for pair in swapped),
    ):
        for function, needs in _INJECTIVE:
            if needs and not all(is_proved_sign(side, needs, domain) for side in inner):
                continue
            if function is sympy.atanh and not all(
                is_proved_sign(1 - side, "positive", domain)
                and is_proved_sign(1 + side, "positive", domain)
                for side in inner
            ):
                continue
            if all(
                is_proved_zero(function(a) - b, domain) for a, b in zip(inner, outer, strict=True)
            ):
                return True
    return False


def _by_unique_root(before: tuple, after: tuple, symbols: set[Symbol], domain: Domain) -> bool:
    """Equivalent because both, strictly monotone in one symbol, have the same root."""
    if before[1] != "==" or after[1] != "==":
        return False
    first, second = before[0] - before[2], after[0] - after[2]
    for symbol in sorted(symbols & first.free_symbols & second.free_symbols, key=lambda s: s.name):
        if (
            symbol.is_integer
            or symbol.is_nonzero
            and not (symbol.is_positive or symbol.is_negative)
        ):
            continue
        interval = _without_gaps(domain, symbol)
        if not all(_is_defined(side, interval) for side in (first, second)):
            continue  # monotone pieces beside a pole could each have a root
        isolated = [
            other
            for relation in (after, before)
            for one, other in ((relation[0], relation[2]), (relation[2], relation[0]))
            if one == symbol and symbol not in other.free_symbols
        ]
        monotone = [
            expression.has(Piecewise, *KINKED) is False
            and any(
                is_proved_sign(sympy.diff(expression, symbol), sign, interval)
                for sign in ("positive", "negative")
            )
            for expression in (first, second)
        ]
        if not all(monotone):
            continue
        for root in isolated or _solutions(first, symbol) + _solutions(second, symbol):
            if (
                _inside(root, symbol, domain)
                and is_proved_zero(first.subs(symbol, root), domain)
                and is_proved_zero(second.subs(symbol, root), domain)
            ):
                return True
    return False


def _without_gaps(domain: Domain, symbol: Symbol) -> Domain:
    """The domain with the values of a symbol that were taken out of it."""
    return Domain(
        tuple(r for r in domain.given if r.rel_op != "!=" or symbol not in r.free_symbols)
    )


def _is_defined(expression: Expr, domain: Domain) -> bool:
    try:
        require_defined(expression, domain, "the expression")
    except DerivationError:
        return False
    return True


def _solutions(expression: Expr, symbol: Symbol) -> list[Expr]:
    """Candidates for the root of an expression; they are checked afterwards."""
    try:
        return [s for s in sympy.solve(expression, symbol) if isinstance(s, Expr)]
    except NotImplementedError:
        return []


def _inside(value: Expr, symbol: Symbol, domain: Domain) -> bool:
    """Prove that `value` is permitted for `symbol` whatever the other symbols are."""
    bound = domain.bounds().get(symbol, Bounds(*assumed_bounds(symbol)))
    rest = Domain(tuple(r for r in domain.given if symbol not in r.free_symbols))
    for relation in domain.given:
        if symbol in relation.free_symbols and as_bound(relation) is None:
            return False
    for end, sign in ((bound.lower, 1), (bound.upper, -1)):
        if end is not None:
            kind = "positive" if end[1] else "nonnegative"
            if not is_proved_sign(sign * (value - end[0]), kind, rest):
                return False
    return all(is_proved_sign(value - other, "nonzero", rest) for other in bound.excluded)


def _refute_equivalence(
    before: tuple, after: tuple, domain: Domain, symbols: set[Symbol], claim: str
) -> None:
    """Raise if some point satisfies one of the two relations and not the other."""
    names = sorted(symbols, key=lambda s: s.name)
    flat, _ = with_definite_functions([before[0], before[2], after[0], after[2]])
    tests = []
    for left, operator, right in (
        (flat[0], before[1], flat[1]), (flat[2], after[1], flat[3])
    ):  # fmt: skip
        tests.append((evaluator(left - right, names), operator, left - right,
                      evaluator(abs(left) + abs(right), names)))  # fmt: skip
    hints = number_hints(*flat)

    def truth(index: int, point: Mapping) -> bool | None:
        """Whether a relation holds at a point; None where digits do not tell."""
        gap, operator, _, size = tests[index]
        value, scale = gap(point, DIGITS), size(point, DIGITS)
        if value is None or scale is None:
            return None
        if abs(value) < mpmath.mpf(10) ** -35 * max(1, scale):
            return operator in ("==", "<=", ">=")
        if abs(value) < mpmath.mpf(10) ** -15 * max(1, scale):
            return None
        return {"==": False, "<": value < 0, "<=": value < 0}.get(operator, value > 0)

    roots = (_roots(tests[i][2], names, domain, hints) for i in (0, 1))
    for point in itertools.chain(*roots, domain.points(names, hints)):
        verdicts = [truth(0, point), truth(1, point)]
        if None not in verdicts and verdicts[0] != verdicts[1]:
            old = f"{to_text(before[0])} {SIGNS[before[1]]} {to_text(before[2])}"
            new = f"{to_text(after[0])} {SIGNS[after[1]]} {to_text(after[2])}"
            holds, fails = (old, new) if verdicts[0] else (new, old)
            shown = {
                s: v if isinstance(v, Rational) else sympy.Float(v, 12) for s, v in point.items()
            }
            raise DerivationError(
                f"{claim} is not an equivalence: at {assignment_text(shown)}, {holds} holds "
                f"and {fails} does not",
                shown,
            )


def _roots(
    expression: Expr, names: list[Symbol], domain: Domain, hints: list[Expr]
) -> Iterator[dict]:
    """Points of the domain at which an expression is zero, to 50 digits."""
    value = evaluator(expression, names)
    points = domain.points(names, hints)
    for symbol in sorted(expression.free_symbols, key=lambda s: s.name):
        if symbol not in names:
            continue
        line = sorted({p[symbol] for p in points if isinstance(p[symbol], Rational)})
        for base in points[:6]:
            last = None
            for place in line:
                here = dict(base) | {symbol: place}
                if not all(domain._allows(r, here) for r in domain.given):
                    last = None
                    continue
                now = value(here, DIGITS)
                if now is None:
                    last = None
                    continue
                if now == 0:
                    yield here
                elif last is not None and last[1] * now < 0 and not symbol.is_integer:
                    root = _bisect(value, here, symbol, last[0], place)
                    there = dict(base) | {symbol: root}
                    permitted = root is not None and not domain.excludes(symbol, root)
                    if permitted and all(domain._allows(r, there) for r in domain.given):
                        yield there
                last = (place, now) if now != 0 else None


def _bisect(value: Callable, point: dict, symbol: Symbol, low: Any, high: Any) -> Any:
    """A sign change between two places, located to 50 digits."""

    def along(x: Any) -> Any:
        result = value(point | {symbol: x}, DIGITS)
        if result is None:
            raise ValueError
        return result

    with mpmath.workdps(DIGITS + 5):
        try:
            ends = (mpmath_number(low), mpmath_number(high))
            root = mpmath.findroot(along, ends, solver="anderson", tol=1e-90, verify=False)
            simple = Rational(int(mpmath.nint(root * _FINE)), _FINE)
            if abs(root - mpmath_number(simple)) < mpmath.mpf(10) ** -30:
                return simple
            return sympy.Float(root, DIGITS)
        except (ValueError, ZeroDivisionError):
            return None
