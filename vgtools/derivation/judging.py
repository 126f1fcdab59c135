"""Judging a claim: an identity, a bound or a decimal value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy
from sympy import Expr, Pow, Product, Rational, Sum
from sympy.core.evalf import PrecisionExhausted
from sympy.matrices.expressions.matexpr import MatrixExpr

from vgtools.derivation.claim import Claim
from vgtools.derivation.conditions import Domain, real_symbols
from vgtools.derivation.defined import require_defined
from vgtools.derivation.derivatives import evaluated
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.evaluation import DIGITS, MOST_BITS, NEEDS_EVALF
from vgtools.derivation.matrices import judge_matrices
from vgtools.derivation.printing import to_text
from vgtools.derivation.proving import is_proved_sign, is_proved_zero
from vgtools.derivation.quadrature import require_quadrature
from vgtools.derivation.refuting import refute


def judge(claim: Claim, proof: Expr | None = None, tight_at: Mapping | None = None) -> None:
    """Prove a claim, or raise.

    Parameters
    ----------
    claim : Claim
        An identity or a bound.
    proof : sympy expression, optional
        For a bound: the larger side minus the smaller one, in a form whose sign shows.
    tight_at : mapping, optional
        For a bound: values of symbols at which it is attained or which it approaches.
    """
    if claim.relation != "==":
        _judge_bound(claim, proof, tight_at)
    elif proof is not None or tight_at is not None:
        raise ValueError("proof= and tight_at= belong to bounds, not to identities")
    elif any(isinstance(side, MatrixExpr) for side in claim.sides):
        judge_matrices(claim)
    else:
        _judge_identity(claim)


def _judge_identity(claim: Claim) -> None:
    refute(claim)
    for side in claim.sides:
        require_defined(side, claim)
    require_quadrature(claim)
    left, right = claim.values
    if not is_proved_zero(left - right, claim.domain):
        raise claim.not_proved(
            "no counterexample was found, and SymPy could not show that the difference of both "
            "sides is zero; split it into smaller steps"
        )


def _judge_bound(claim: Claim, proof: Expr | None, tight_at: Mapping | None) -> None:
    refute(claim)
    for side in claim.sides:
        require_defined(side, claim)
    require_quadrature(claim)
    rising, strict = claim.relation in ("<", "<="), claim.relation in ("<", ">")
    small, large = (claim.left, claim.right) if rising else (claim.right, claim.left)
    low, high = claim.values if rising else reversed(claim.values)
    sign, gap = "positive" if strict else "nonnegative", high - low
    if proof is not None:
        named = f"{to_text(large)} − ({to_text(small)}) = {to_text(proof)}"
        named = f"{named} (the proof of {claim.text})"
        identity = replace(claim, left=large - small, relation="==", right=proof, name=named)
        judge(identity)
        gap = identity.values[1]
    elif not is_proved_sign(gap, sign, claim.domain):
        gap = _gap_of_bases(high, low, claim.domain) or gap
    if not is_proved_sign(gap, sign, claim.domain):
        raise claim.not_proved(
            "no counterexample was found, and SymPy could not show that "
            f"{to_text(proof if proof is not None else large - small)} is {sign}; pass proof=, "
            "the difference written as a sum of squares or a product of positive terms"
        )
    if tight_at is not None:
        (_require_approached if strict else _require_attained)(claim, dict(tight_at), gap)
    elif not strict:
        raise ValueError(
            f"{claim.text}: a bound with ≤ or ≥ is attained somewhere; say where with "
            "tight_at={symbol: value}, or use < or >"
        )
    elif proof is None:
        raise ValueError(
            f"{claim.text}: a looser bound would pass the same check; say where the bound is "
            "approached with tight_at={symbol: value} (±oo is allowed), or pass proof="
        )


def _gap_of_bases(large: Expr, small: Expr, domain: Domain) -> Expr | None:
    """Compare two powers with one positive exponent by their bases."""
    if large == 1 and small.is_Pow:
        large = Pow(1, small.exp, evaluate=False)
    if small == 1 and large.is_Pow:
        small = Pow(1, large.exp, evaluate=False)
    if large.is_Pow and small.is_Pow and large.exp == small.exp:
        if is_proved_sign(large.exp, "positive", domain) and all(
            is_proved_sign(power.base, "nonnegative", domain) for power in (large, small)
        ):
            return large.base - small.base
    return None


def _require_attained(claim: Claim, at: dict, gap: Expr) -> None:
    """Show that both sides are equal where the author says, which the conditions permit."""
    place = _place_text(at)
    if any(value.is_infinite for value in at.values()):
        raise DerivationError(f"{claim.text}: no number is {place}, so nothing is attained there")
    for relation in claim.domain.given:
        if relation.subs(at) is sympy.false:
            raise DerivationError(
                f"{claim.text}: {place} violates the condition {to_text(relation)}"
            )
    _require_permitted(claim, at, at)
    if not is_proved_zero(gap.subs(at), claim.domain):
        raise DerivationError(f"{claim.text}: the bound is not attained at {place}", at)


def _require_approached(claim: Claim, at: dict, gap: Expr) -> None:
    """Show that the difference tends to 0 where the author says, and not too slowly."""
    place = _place_text(at)
    if len(at) != 1:
        raise ValueError(f"{claim.text}: tight_at= of a strict bound names one symbol, not {place}")
    ((symbol, value),) = at.items()
    upper = claim.domain.bounds_of(symbol).upper
    direction = "-" if upper is not None and upper[0] == value else "+"
    step = Rational(1, 10**12)
    near = value + step if direction == "+" else value - step
    if value.is_infinite:
        near = sympy.sign(value) / step
    _require_permitted(claim, at, {symbol: near})

    def limit(expression: Expr) -> Expr:
        return evaluated(sympy.Limit(expression, symbol, value, direction), claim.text)

    if not is_proved_zero(limit(gap), claim.domain):
        raise DerivationError(f"{claim.text}: the bound is not approached at {place}", at)
    small, large = claim.values if claim.relation == "<" else reversed(claim.values)
    if 0 not in (small, large) and is_proved_zero(limit(large), claim.domain):
        # A gap between two sides that vanish says nothing; their ratio does.
        ratio = limit(small / large)
        if not is_proved_zero(ratio - 1, claim.domain):
            raise DerivationError(
                f"{claim.text}: both sides vanish at {place}, and their ratio is {to_text(ratio)} "
                "there, so a tighter bound holds",
                at,
            )


def _require_permitted(claim: Claim, at: Mapping, near: Mapping) -> None:
    """Refuse a place of tightness that the conditions or the symbols' assumptions forbid.

    Where a bound is approached, it is values very near to the place that are permitted.
    """
    for value in near.values():
        require_defined(value, claim)
    places = sympy.And(*(sympy.Eq(symbol, value) for symbol, value in near.items()))
    part = claim.domain.restricted(places)
    names = real_symbols(*near, *near.values(), *claim.domain.given)
    try:
        permitted = part is not None and part.points(names)
    except ValueError:  # no point was found
        permitted = False
    if not permitted:
        raise DerivationError(
            f"{claim.text}: no permitted values were found with {_place_text(at)}"
        )


def _place_text(at: Mapping) -> str:
    return ", ".join(f"{to_text(symbol)} = {to_text(value)}" for symbol, value in at.items())


def judge_decimal(claim: Claim, digits: int) -> None:
    """Show that the right side is the left one rounded to so many decimals, or raise."""
    left, right = claim.sides[0], claim.right
    if left.free_symbols or right.free_symbols:
        raise ValueError(f"{claim.text}: a decimal value has no free symbols")
    require_defined(left, claim)
    require_quadrature(claim)
    value = claim.values[0]
    if any(
        end.is_infinite
        for part in value.atoms(Sum, Product)
        for _, *ends in part.limits
        for end in ends
    ):
        raise claim.not_proved(
            f"SymPy knows no value of {to_text(value)}, and its numbers of it are not sure"
        )
    try:
        exact: Any = value.evalf(DIGITS, maxn=MOST_BITS, strict=not value.has(*NEEDS_EVALF))
    except PrecisionExhausted:
        exact = sympy.nan
    if not (exact.is_Float or exact.is_Rational):
        raise claim.not_proved(f"{to_text(left)} could not be evaluated")
    shown = Rational(f"{right.evalf(digits + 20):.{digits}f}")
    half = Rational(1, 2) * Rational(1, 10) ** digits
    if abs(abs(exact - shown) - half) < Rational(1, 10**40):
        raise claim.not_proved(
            f"{to_text(left)} lies halfway between two numbers with {digits} decimals"
        )
    if abs(exact - shown) > half:
        raise DerivationError(
            f"{claim.text} is false: the value is {exact.evalf(digits + 6)}, which does not round "
            f"to {right} at {digits} decimals",
            {},
        )
