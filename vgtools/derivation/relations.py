"""Judging one relation: an identity, a bound, a decimal value."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Expr, Pow, Rational, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from vgtools.derivation.conditions import SEED, Bounds, Domain, assumed_bounds, real_symbols
from vgtools.derivation.definitions import with_meanings
from vgtools.derivation.derivatives import evaluated
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.limits import with_sides
from vgtools.derivation.printing import to_text
from vgtools.derivation.proving import is_proved_sign, is_proved_zero, require_defined
from vgtools.derivation.refuting import DIGITS, refute


def check_identity(left: Any, right: Any, domain: Domain, where: Mapping, claim: str) -> None:
    """Prove left = right on the domain, or raise."""
    left, right = (with_meanings(side, where) for side in (left, right))
    if isinstance(left, MatrixExpr) or isinstance(right, MatrixExpr):
        _check_matrices(left, right, claim)
        return
    symbols = real_symbols(left, right, *domain.given)
    values = [evaluated(side, claim) for side in (left, right)]
    refute(*values, "==", domain, symbols, claim)
    for side in (left, right):
        require_defined(side, domain, claim)
    if not is_proved_zero(values[0] - values[1], domain):
        raise DerivationError(
            f"{claim} is not proved: no counterexample was found, and SymPy could not "
            "show that the difference of both sides is zero; split it into smaller steps"
        )


def _check_matrices(left: MatrixExpr, right: MatrixExpr, claim: str) -> None:
    """Prove an identity between matrix expressions of symbolic shape."""
    if not (isinstance(left, MatrixExpr) and isinstance(right, MatrixExpr)):
        raise TypeError(f"{claim}: one side is a matrix, the other is not")
    if left.shape != right.shape:
        raise DerivationError(f"{claim} is false: shapes {left.shape} and {right.shape} differ")
    generator = random.Random(SEED)
    matrices = sorted(left.atoms(sympy.MatrixSymbol) | right.atoms(sympy.MatrixSymbol), key=str)
    sizes = sorted(set().union(*(s.free_symbols for m in matrices for s in m.shape)), key=str)
    sizes = {size: 2 + k for k, size in enumerate(sizes)}
    scalars = {
        s: Rational(generator.randint(1, 9), 11)
        for s in sorted(left.free_symbols | right.free_symbols, key=str)
        if isinstance(s, Symbol) and s not in sizes
    }

    def concrete(side: MatrixExpr) -> Any:
        return sympy.Matrix(side.subs(sizes).subs(scalars).xreplace(numbers).doit().as_explicit())

    numbers = {}
    for matrix in matrices:
        shaped = matrix.subs(sizes)
        entries = [generator.randint(-4, 5) for _ in range(shaped.rows * shaped.cols)]
        numbers[shaped] = sympy.ImmutableMatrix(shaped.rows, shaped.cols, entries)
    values = [concrete(side) for side in (left, right)]
    if values[0] != values[1]:
        point = {str(m): v.tolist() for m, v in zip(matrices, numbers.values(), strict=True)}
        shown = ", ".join(f"{m} = {v}" for m, v in point.items())
        raise DerivationError(
            f"{claim} is false at {shown}: the left side is {values[0].tolist()}, "
            f"the right side is {values[1].tolist()}",
            point,
        )
    if sympy.expand(left).doit() != sympy.expand(right).doit():
        raise DerivationError(
            f"{claim} is not proved: it holds for the matrices that were tried, and SymPy "
            "could not expand both sides to the same expression"
        )


def check_inequality(
    left: Expr, operator: str, right: Expr, domain: Domain, where: Mapping, claim: str,
    proof: Expr | None, tight_at: Mapping | None,
) -> None:  # fmt: skip
    """Prove left < right, left ≤ right or the reverse on the domain, or raise."""
    small, large = (left, right) if operator in ("<", "<=") else (right, left)
    strict = operator in ("<", ">")
    meanings = [with_meanings(side, where) for side in (left, right)]
    symbols = real_symbols(*meanings, *domain.given)
    values = [evaluated(meaning, claim) for meaning in meanings]
    refute(*values, operator, domain, symbols, claim)
    for meaning in meanings:
        require_defined(meaning, domain, claim)
    low, high = values if small is left else reversed(values)
    gap = high - low
    if proof is not None:
        what = f"{to_text(large)} − ({to_text(small)}) = {to_text(proof)} (the proof of {claim})"
        check_identity(large - small, proof, domain, where, what)
        gap = evaluated(with_meanings(proof, where), claim)
    sign = "positive" if strict else "nonnegative"
    if proof is None and not is_proved_sign(gap, sign, domain):
        gap = _gap_of_bases(high, low, domain) or gap
    if not is_proved_sign(gap, sign, domain):
        raise DerivationError(
            f"{claim} is not proved: no counterexample was found, and SymPy could not show "
            f"that {to_text(proof if proof is not None else large - small)} is {sign}; pass "
            "proof=, the difference written as a sum of squares or a product of positive terms"
        )
    if tight_at is not None:
        _check_tight(gap, [low, high], strict, dict(tight_at), domain, claim)
    elif not strict:
        raise ValueError(
            f"{claim}: a bound with ≤ or ≥ is attained somewhere; say where with "
            "tight_at={symbol: value}, or use < or >"
        )
    elif proof is None:
        raise ValueError(
            f"{claim}: a looser bound would pass the same check; say where the bound is "
            "approached with tight_at={symbol: value} (±oo is allowed), or pass proof="
        )


def _gap_of_bases(large: Expr, small: Expr, domain: Domain) -> Expr | None:
    """Compare two powers with one positive exponent by their bases."""
    if large == 1 and small.is_Pow:
        large = Pow(1, small.exp, evaluate=False)
    if small == 1 and large.is_Pow:
        small = Pow(1, large.exp, evaluate=False)
    if large.is_Pow and small.is_Pow and large.exp == small.exp:
        bases = large.base, small.base
        if is_proved_sign(large.exp, "positive", domain) and all(
            is_proved_sign(base, "nonnegative", domain) for base in bases
        ):
            return bases[0] - bases[1]
    return None


def _check_tight(
    gap: Expr, sides: list[Expr], strict: bool, at: dict, domain: Domain, claim: str
) -> None:
    """Show that a bound is attained (or, if strict, approached) where the author says."""
    place = ", ".join(f"{to_text(s)} = {to_text(v)}" for s, v in at.items())
    if not strict:
        if any(value.is_infinite for value in at.values()):
            raise DerivationError(f"{claim}: no number is {place}, so nothing is attained there")
        for relation in domain.given:
            if relation.subs(at) is sympy.false:
                raise DerivationError(
                    f"{claim}: {place} violates the condition {to_text(relation)}"
                )
        for symbol, value in at.items():
            _require_permitted(symbol, value, domain, claim)
        if not is_proved_zero(gap.subs(at), domain):
            raise DerivationError(f"{claim}: the bound is not attained at {place}", at)
        return
    if len(at) != 1:
        raise ValueError(f"{claim}: tight_at= of a strict bound names one symbol, not {place}")
    ((symbol, value),) = at.items()
    bound = domain.bounds().get(symbol, Bounds(*assumed_bounds(symbol)))
    direction = "-" if bound.upper is not None and bound.upper[0] == value else "+"
    _require_permitted(symbol, value, domain, claim, direction)

    def limit(expression: Expr) -> Expr:
        return with_sides(sympy.Limit(expression, symbol, value, direction)).doit()

    if not is_proved_zero(limit(gap), domain):
        raise DerivationError(f"{claim}: the bound is not approached at {place}", at)
    small, large = sides
    if 0 not in sides and is_proved_zero(limit(large), domain):
        # A gap between two sides that vanish says nothing; their ratio does.
        ratio = limit(small / large)
        if not is_proved_zero(ratio - 1, domain):
            raise DerivationError(
                f"{claim}: both sides vanish at {place}, and their ratio is {to_text(ratio)} "
                "there, so a tighter bound holds",
                at,
            )


def _require_permitted(
    symbol: Symbol, value: Expr, domain: Domain, claim: str, direction: str | None = None
) -> None:
    """Refuse a place of tightness that the conditions or a symbol's assumptions forbid.

    Where a bound is approached, it is values very near to the place that are permitted.
    """
    near = value
    if direction is not None:
        step = Rational(1, 10**12)
        near = value + step if direction == "+" else value - step
        if value.is_infinite:
            near = sympy.sign(value) / step
    part = domain.restricted(sympy.Eq(symbol, near))
    names = real_symbols(symbol, near, *domain.given)
    try:
        permitted = part is not None and part.points(names)
    except ValueError:  # no point was found
        permitted = False
    if not permitted:
        raise DerivationError(
            f"{claim}: no permitted values were found with {to_text(symbol)} = {to_text(value)}"
        )


def check_decimal(left: Expr, right: Expr, digits: int, where: Mapping, claim: str) -> None:
    """Show that `right` is `left` rounded to so many decimals."""
    left = with_meanings(left, where)
    if left.free_symbols or right.free_symbols:
        raise ValueError(f"{claim}: a decimal value has no free symbols")
    require_defined(left, Domain(), claim)
    exact = evaluated(left, claim).evalf(DIGITS)
    if not (exact.is_Float or exact.is_Rational):
        raise DerivationError(f"{claim} is not proved: {to_text(left)} could not be evaluated")
    if abs(exact - right.evalf(DIGITS)) > Rational(1, 2) * Rational(1, 10) ** digits:
        raise DerivationError(
            f"{claim} is false: the value is {exact.evalf(digits + 6)}, which does not round "
            f"to {right} at {digits} decimals",
            {},
        )
