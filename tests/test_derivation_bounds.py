"""Bounds are proved, sharp and one-way; decimals are what is rounded."""

from __future__ import annotations

import itertools
import re

import pytest
import sympy
from sympy import (
    Abs, Float, Piecewise, Rational, Symbol, acosh, cosh, exp, log, oo, pi, sqrt, tanh,
)  # fmt: skip

from tests.derivation_claims import (
    HALF, INSIDE, QUARTER, SIGMA, P, a, b, m0, n, q, sigma, u, x, y,
)  # fmt: skip
from vgtools.derivation import DerivationError, define, verify
from vgtools.derivation.printing import to_latex


def test_the_slope_of_the_sigmoid_is_at_most_a_quarter():
    square = (sigma(x) - HALF) ** 2
    bound = verify(sigma(x).diff(x) <= QUARTER, where=SIGMA, proof=square, tight_at={x: 0})
    assert str(bound) == "σ'(x) ≤ 1/4   for x real; equality at x = 0"
    assert bound.kind == "bound"
    for constant, proof, at in itertools.product(
        [QUARTER, HALF, Rational(1, 5)], [square, (sigma(x) - QUARTER) ** 2, None], [0, 1]
    ):
        if (constant, at) == (QUARTER, 0) and proof in (square, None):
            continue
        with pytest.raises(DerivationError):
            verify(sigma(x).diff(x) <= constant, where=SIGMA, proof=proof, tight_at={x: at})
    with pytest.raises(DerivationError, match="is false at x = 0"):
        verify(sigma(x).diff(x) < QUARTER, where=SIGMA, proof=square)
    with pytest.raises(DerivationError):
        verify(sigma(x).diff(x) >= QUARTER, where=SIGMA, proof=square, tight_at={x: 0})


@pytest.mark.parametrize(
    ("left", "relation", "right", "options"),
    [
        (sigma(x), ">", 0, {"where": SIGMA, "tight_at": {x: -oo}}),
        (sigma(x), "<", 1, {"where": SIGMA, "tight_at": {x: oo}}),
        (x * y, "<=", (x**2 + y**2) / 2, {"proof": (x - y) ** 2 / 2, "tight_at": {x: y}}),
        (P / (1 - P), ">", 0, {"given": INSIDE, "tight_at": {P: 0}}),
        (exp(u), ">", 1, {"tight_at": {u: 0}}),
        (x**4 - 2 * x**2 + 1, ">=", 0, {"tight_at": {x: 1}}),
        (x**4, ">", x - 1, {"proof": x**4 - x + 1}),
        ((x * (1 - x)) ** n, "<=", QUARTER**n, {"given": (x > 0, x < 1), "tight_at": {x: HALF}}),
        (a**n, "<", 1, {"given": a < 1, "tight_at": {a: 1}}),
        (b**n, ">", 1, {"given": b > 1, "tight_at": {b: 1}}),
        (tanh(x) ** 2, "<", 1, {"tight_at": {x: oo}}),
    ],
    ids=str,
)  # fmt: skip
def test_bounds_are_proved_sharp_and_one_way(left, relation, right, options):
    verify(left, right, relation=relation, **options)
    opposite = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}[relation]
    with pytest.raises(DerivationError):
        verify(left, right, relation=opposite, **options)
    for loose in (right + 1, right - 1):
        with pytest.raises(DerivationError):
            verify(left, loose, relation=relation, **options)


def test_a_strict_bound_does_not_hold_where_both_sides_are_equal():
    touching = (x**2 - 2) ** 2
    with pytest.raises(DerivationError, match="could not show that .* is positive"):
        verify(touching, 0, relation=">", tight_at={x: sqrt(2)})
    verify(touching, 0, relation=">=", tight_at={x: sqrt(2)})


def test_a_proof_has_to_be_visibly_positive_itself():
    with pytest.raises(DerivationError, match="could not show that b.n − 1 is positive"):
        verify(b**n, 1, relation=">", given=b > 1, proof=b**n - 1)


def test_a_bound_is_approached_from_the_side_where_its_symbol_lies():
    verify(exp(-1 / a), 0, relation=">", tight_at={a: 0})
    with pytest.raises(DerivationError, match="both sides vanish at q = 0, and their ratio is 1/2"):
        verify(exp(1 / q) / 2, exp(1 / q), relation="<", tight_at={q: 0})
    turned = -(1 + x) * Abs(x) / x
    verify(turned * exp(1 / x), exp(1 / x), relation="<", given=x < 0, tight_at={x: 0})


@pytest.mark.parametrize("where, given", [
        (P, INSIDE), (q, ()), (a, (a < 1,)),
    ], ids=str)  # fmt: skip
def test_a_bound_is_approached_from_inside_its_domain(where, given):
    end = {P: 1, q: 0, a: 1}[where]
    verify(exp(-1 / (end - where)), 0, relation=">", given=given, tight_at={where: end})


def test_a_bound_between_sides_that_vanish_has_to_vanish_as_fast():
    tail = 4 * exp(-2 * x)
    verify(tanh(x).diff(x), tail, relation="<", tight_at={x: oo})
    for loose in (5 * exp(-2 * x), 4 * exp(-x), 4 * exp(-2 * x) + exp(-x)):
        with pytest.raises(DerivationError):
            verify(tanh(x).diff(x), loose, relation="<", given=x > 0, tight_at={x: oo})


@pytest.mark.parametrize(
    "assumed, meaning, wrong",
    [
        ({"positive": True}, cosh(x), -cosh(x)), ({"nonnegative": True}, x**2, -(x**2)),
        ({"negative": True}, -exp(x), exp(x)), ({"nonpositive": True}, -(x**2), x**2),
    ],
)  # fmt: skip
def test_a_meaning_has_the_sign_that_its_name_is_declared_to_have(assumed, meaning, wrong):
    name = sympy.Symbol("c", **assumed)
    assert define(name, meaning).lhs == name
    with pytest.raises(DerivationError, match="as c is declared"):
        define(name, wrong)


@pytest.mark.parametrize(
    ("left", "relation", "options"),
    [
        (a + 1, ">=", {"tight_at": {a: -1}}), (a + 5, ">", {"tight_at": {a: -5}}),
        (m0 + 2, ">", {"tight_at": {m0: -2}}),
        ((x - y) ** 2, ">=", {"tight_at": {x: y}, "given": (x > 1, y < 0)}),
        (Piecewise((x, x >= 0), (1 - x, True)), ">", {"tight_at": {x: 0}, "given": x < 0}),
    ],
    ids=str,
)  # fmt: skip
def test_a_bound_is_tight_only_where_its_symbols_may_be(left, relation, options):
    with pytest.raises(DerivationError, match="no permitted values were found|is not approached"):
        verify(left, 0, relation=relation, **options)


@pytest.mark.parametrize(
    ("left", "relation", "right", "options", "message"),
    [
        (x * y, "<=", 1, {}, "x·y ≤ 1 is false at x = "),
        (x + Rational(1, 3), "<", 0, {},
         "at x = 0: the left side is 0.333333333333, the right side is 0.0"),
        (x**2, ">=", 0, {"tight_at": {x: 1}}, "x² ≥ 0: the bound is not attained at x = 1"),
        (tanh(x), "<", 1, {"tight_at": {x: 0}}, "the bound is not approached at x = 0"),
        (tanh(x) ** 2, "<", 2, {"proof": 1 - tanh(x) ** 2},
         "2 − (tanh(x)²) = 1 − tanh(x)² (the proof of tanh(x)² < 2) is false at x = 0"),
        (x**2, ">", -1, {"proof": x**2 + 2}, "x² − (−1) = x² + 2 (the proof of x² > −1) is false"),
        (exp(-x), "<", 3 * exp(-x), {"tight_at": {x: oo}}, "their ratio is 1/3 there"),
        (log(x), "<", x, {}, "undefined (or not real) at x = 0; add a condition with given="),
        (x**2, ">", 0, {"proof": x**2}, "x² > 0 is false at x = 0: the left side is 0.0, the rig"),
        (P * (1 - P), ">=", 0, {"given": INSIDE, "tight_at": {P: 1}}, "violates the condition"),
        (tanh(x), "<=", 1, {"tight_at": {x: -oo}}, "no number is x = −∞, so nothing is attained"),
        (a, ">=", b - 1, {"given": a >= b, "tight_at": {a: 1, b: 2}},
         "α = 1, b = 2 violates the condition α ≥ b"),
    ],
    ids=str,
)  # fmt: skip
def test_a_refused_bound_says_why(left, relation, right, options, message):
    with pytest.raises(DerivationError, match=re.escape(message)):
        verify(left, right, relation=relation, **options)


@pytest.mark.parametrize(
    ("left", "relation", "right", "at", "message"),
    [
        (tanh(x) ** 2, "<=", 1, None, "attained somewhere"),
        (tanh(x) ** 2, "<", 2, None, "a looser bound would pass"),
        (tanh(x) * tanh(y), "<", 1, {x: oo, y: oo}, "names one symbol, not x = ∞, y = ∞"),
    ],
    ids=str,
)  # fmt: skip
def test_a_bound_says_in_one_symbol_how_sharp_it_is(left, relation, right, at, message):
    with pytest.raises(ValueError, match=message):
        verify(left, right, relation=relation, tight_at=at)


def test_where_a_bound_is_attained_is_shown():
    attained = verify(x * y, (x**2 + y**2) / 2, relation="<=", tight_at={x: 1, y: 1})
    assert str(attained).endswith("for x, y real; equality at x = 1, y = 1")
    assert attained._repr_latex_().endswith(
        r";\ \text{equality at } x = 1, y = 1" + "\n\\end{gathered}\n$$"
    )
    limit = verify(tanh(x), 1, relation="<", tight_at={x: oo})
    assert str(limit) == "tanh(x) < 1   for x real; approached as x → ∞"
    assert r";\ \text{approached as } x \to \infty" in limit._repr_latex_()
    least = verify(x**2, 0, relation=">=", tight_at={x: 0})
    assert str(least) == "x² ≥ 0   for x real; equality at x = 0"
    assert verify(tanh(x), -1, relation=">", tight_at={x: -oo}).latex == r"\tanh x > -1"
    assert verify(x**2, 0, relation=">=", tight_at={x: 0}).latex == r"x^{2} \ge 0"


@pytest.mark.parametrize(
    ("value", "decimal", "digits", "text"),
    [
        (pi, 3, 0, "π ≈ 3"), (pi, Float("3.14"), 2, "π ≈ 3.14"),
        (2 * acosh((1 + sqrt(3)) / 2), Float("1.6629"), 4, "2·arcosh(1/2 + √(3)/2) ≈ 1.6629"),
        (Rational(96, 1000), Float("0.096"), 4, "12/125 ≈ 0.0960"),
        (pi, pi.evalf(40), 30, "π ≈ 3.141592653589793238462643383280"),
        (-pi, Float("-3.142"), 3, "−π ≈ −3.142"),
        (Rational(1, 1000), sympy.Integer(0), 2, "1/1000 ≈ 0.00"),
    ],
    ids=str,
)  # fmt: skip
def test_decimals_are_shown_with_their_digits(value, decimal, digits, text):
    equation = verify(value, decimal, digits=digits)
    assert equation.text == text
    assert (equation.kind, equation.relation, equation.digits) == ("decimal", "~", digits)
    assert equation.evidence == "evaluated at 50 digits, rounded"
    assert equation.latex == f"{to_latex(value)} \\approx {text.split()[-1]}".replace("−", "-")


def test_a_decimal_is_judged_at_half_a_unit_of_its_last_digit():
    verify(Rational(1249, 1000), Float("1.2"), digits=1)
    for rounded in (0, 1):
        with pytest.raises(DerivationError, match="1/2 lies halfway between two numbers with 0"):
            verify(HALF, rounded, digits=0)
    with pytest.raises(
        DerivationError, match=r"the value is 1.25100+, which does not round to 1.2"
    ):
        verify(Rational(1251, 1000), Float("1.2"), digits=1)
    with pytest.raises(DerivationError, match="c ≈ 3.1") as caught:
        verify(
            Symbol("c", positive=True),
            Float("3.15"),
            digits=2,
            where={Symbol("c", positive=True): pi},
        )
    assert caught.value.counterexample == {}
    for wrong in ("1.6628", "1.6630", "-1.6629"):
        with pytest.raises(DerivationError, match="does not round"):
            verify(2 * acosh((1 + sqrt(3)) / 2), Float(wrong), digits=4)
    with pytest.raises(ValueError, match="free symbols"):
        verify(x, Float("1.0"), digits=1)
