"""Judging whether two relations say the same."""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Expr, Piecewise, Symbol

from vgtools.derivation.cases import KINKED
from vgtools.derivation.claim import Claim
from vgtools.derivation.conditions import Domain, as_bound
from vgtools.derivation.defined import NEEDED_SIGNS, is_defined, require_defined
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.printing import FLIPPED
from vgtools.derivation.proving import is_proved_sign, is_proved_zero
from vgtools.derivation.refuting import refute_equivalence

_INJECTIVE = (sympy.log, sympy.exp, sympy.atanh, sympy.tanh)


def judge_equivalence(before: Claim, after: Claim) -> None:
    """Prove that two relations have the same solutions on their common domain, or raise."""
    for claim in (before, after):
        for side in claim.sides:
            require_defined(side, claim)
    refute_equivalence(before, after)
    if (before.relation == "==") != (after.relation == "=="):
        raise DerivationError(f"{before.text}: an equation is not equivalent to an inequality")
    if not (
        _by_factor(before, after) or _by_function(before, after) or _by_unique_root(before, after)
    ):
        raise DerivationError(
            f"{before.text} is not proved to be an equivalence: no counterexample was found; "
            "multiply by a factor that is nonzero under the conditions, apply exp or log to "
            "both sides, or solve for a symbol, one step at a time"
        )


def _gap(claim: Claim) -> Expr:
    return claim.values[0] - claim.values[1]


def _by_factor(before: Claim, after: Claim) -> bool:
    """Equivalent because one difference is a nonzero multiple of the other."""
    first, second, domain = _gap(before), _gap(after), before.domain
    if before.relation != after.relation:
        if before.relation != FLIPPED.get(after.relation):
            return False
        second = -second
    if is_proved_zero(first, domain):
        return is_proved_zero(second, domain)
    sign = "nonzero" if before.relation == "==" else "positive"
    candidates = [sympy.cancel(sympy.together(second / first)), sympy.simplify(second / first)]
    return any(
        is_defined(factor, before)
        and is_proved_sign(factor, sign, domain)
        and is_proved_zero(second - factor * first, domain)
        for factor in candidates
    )


def _by_function(before: Claim, after: Claim) -> bool:
    """Equivalent because an increasing function was applied to (or removed from) both sides."""
    first, second, domain = before.values, after.values, before.domain
    if before.relation != after.relation:
        if before.relation != FLIPPED.get(after.relation):
            return False
        second = second[::-1]
    pairs = [(first, second)]
    if before.relation == "==":
        pairs.append((first, second[::-1]))
    return any(
        _are_values(function, inner, outer, domain)
        for function in _INJECTIVE
        for pair in pairs
        for inner, outer in (pair, pair[::-1])
    )


def _are_values(function: Callable, inner: tuple, outer: tuple, domain: Domain) -> bool:
    """Prove that a function is defined for two expressions, and what its values are."""
    needs = NEEDED_SIGNS.get(function, lambda argument: [])
    return all(
        is_proved_sign(part, sign, domain) for side in inner for part, sign in needs(side)
    ) and all(is_proved_zero(function(a) - b, domain) for a, b in zip(inner, outer, strict=True))


def _by_unique_root(before: Claim, after: Claim) -> bool:
    """Equivalent because both, strictly monotone in one symbol, have the same root."""
    if before.relation != "==" or after.relation != "==":
        return False
    gaps, domain = [_gap(before), _gap(after)], before.domain
    for symbol in sorted(gaps[0].free_symbols & gaps[1].free_symbols, key=lambda s: s.name):
        if not all(_is_monotone(gap, symbol, before) for gap in gaps):
            continue
        isolated = [
            other
            for left, right in (after.values, before.values)
            for one, other in ((left, right), (right, left))
            if one == symbol and symbol not in other.free_symbols
        ]
        for root in isolated or _solutions(gaps[0], symbol) + _solutions(gaps[1], symbol):
            if _is_permitted(root, symbol, domain) and all(
                is_proved_zero(gap.subs(symbol, root), domain) for gap in gaps
            ):
                return True
    return False


def _is_monotone(expression: Expr, symbol: Symbol, claim: Claim) -> bool:
    """Prove that an expression is strictly monotone on the whole interval of a symbol.

    Monotone pieces beside a pole, or beside a gap in the values of the symbol, could each
    have a root.
    """
    either_sign = symbol.is_nonzero and not (symbol.is_positive or symbol.is_negative)
    if symbol.is_integer or either_sign or expression.has(Piecewise, *KINKED):
        return False
    interval = claim.domain.without(symbol, "!=")
    slope = sympy.diff(expression, symbol)
    return is_defined(expression, claim.within(interval)) and any(
        is_proved_sign(slope, sign, interval) for sign in ("positive", "negative")
    )


def _solutions(expression: Expr, symbol: Symbol) -> list[Expr]:
    """Candidates for the root of an expression; they are checked afterwards."""
    try:
        return [s for s in sympy.solve(expression, symbol) if isinstance(s, Expr)]
    except NotImplementedError:
        return []


def _is_permitted(value: Expr, symbol: Symbol, domain: Domain) -> bool:
    """Prove that a symbol may have a value whatever the other symbols are."""
    rest, bounds = domain.without(symbol), domain.bounds_of(symbol)
    for relation in domain.given:
        if symbol in relation.free_symbols and as_bound(relation) is None:
            return False
    for end, sign in ((bounds.lower, 1), (bounds.upper, -1)):
        if end is not None:
            kind = "positive" if end[1] else "nonnegative"
            if not is_proved_sign(sign * (value - end[0]), kind, rest):
                return False
    return all(is_proved_sign(value - other, "nonzero", rest) for other in bounds.excluded)
