"""A derivative is the limit of the difference quotient, also where two cases meet."""

from __future__ import annotations

import itertools
import random

import pytest
import sympy
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Derivative,
    Eq,
    Function,
    Heaviside,
    Integral,
    Lambda,
    Limit,
    Max,
    Ne,
    Piecewise,
    Rational,
    Subs,
    cos,
    exp,
    log,
    sign,
    sin,
    sqrt,
)

from tests import piecewise_claims
from vgtools.derivation import Derivation, DerivationError, define, derivatives, numeric, verify

x, y, w, b = sympy.symbols("x y w b", real=True)
n = sympy.Symbol("n", integer=True)
r, h, e, s = (Function(name) for name in "rhes")
HALF = Rational(1, 2)


def function(name, *cases):
    return {name: Lambda(x, Piecewise(*cases))}


RELU = function(r, (x, x > 0), (0, True))
LINE = function(h, (x, Ne(x, 0)), (0, True))
HOLE = function(e, ((exp(x) - 1) / x, Ne(x, 0)), (1, True))
WAVE = function(s, (x**2 * sin(1 / x), Ne(x, 0)), (0, True))
FUNCTIONS = RELU | LINE | HOLE | WAVE


def at(f, point, order=1):
    return Subs(Derivative(f(y), (y, order)), y, point)


@pytest.mark.parametrize(
    ("derivative", "value", "given"),
    [
        (Derivative(h(x), x), 1, ()),
        (Derivative(h(x), (x, 2)), 0, ()),
        (Derivative(e(x), x), Piecewise(
            ((x * exp(x) - exp(x) + 1) / x**2, Ne(x, 0)), (HALF, True)), ()),
        (at(e, 0), HALF, ()),
        (at(e, 0, 2), Rational(1, 3), ()),
        (at(s, 0), 0, ()),
        (Derivative(s(x), x),
         Piecewise((2 * x * sin(1 / x) - cos(1 / x), Ne(x, 0)), (0, True)), ()),
        (at(r, 1), 1, ()),
        (at(r, -1), 0, ()),
        (at(r, x - 1), Piecewise((1, x > 1), (0, True)), Ne(x, 1)),
        (r(w * x + b).diff(x), Piecewise((w, w * x + b > 0), (0, True)), Ne(w * x + b, 0)),
        (r(w * x + b).diff(x), w, (w > 0, x > 0, b > 0)),
        (at(r, x**2 + 1), 1, ()),
        (Derivative(Abs(x) ** 3, x), 3 * x * Abs(x), ()),
        (Derivative(Abs(x) ** 3, (x, 2)), 6 * Abs(x), ()),
        (Derivative(Abs(x) ** 3, (x, 3)), 6 * sign(x), Ne(x, 0)),
        (Derivative(x * Max(x, 0) + x * Heaviside(x) * x, x), 4 * Max(x, 0), ()),
        (Derivative(exp(Piecewise((x**2, x > 0), (0, True))), x),
         Piecewise((2 * x * exp(x**2), x > 0), (0, True)), ()),
        (Derivative(Piecewise((1 - x**2, x**2 < 1), (0, True)), x),
         Piecewise((-2 * x, Abs(x) < 1), (0, True)), (Ne(x, 1), Ne(x, -1))),
        (Derivative(y * Abs(x), x, y), sign(x), Ne(x, 0)),
        (Derivative(Abs(x), x), sign(x), x**2 > 4),
        (Limit(Derivative(Abs(x), x), x, 0, "-"), -1, ()),
        (sympy.Sum(r(x).diff(x), (n, 1, 3)), 3, x > 0),
    ],
    ids=str,
)  # fmt: skip
def test_the_right_value_is_accepted_and_another_is_not(derivative, value, given):
    verify(derivative, value, given=given, where=FUNCTIONS)
    with pytest.raises(DerivationError, match="is false at"):
        verify(derivative, value + 1, given=given, where=FUNCTIONS)
    alone = Piecewise((value + 1, Eq(x, 0)), (value, True))
    if given == () and derivative.free_symbols == {x}:
        with pytest.raises(DerivationError, match="is false at x = 0"):
            verify(derivative, alone, where=FUNCTIONS)


@pytest.mark.parametrize(
    ("derivative", "value", "given", "message"),
    [
        (at(r, 0), 0, (), "at 0 the slope is 0 from the left and 1 from the right"),
        (at(r, x - 1), Piecewise((1, x > 1), (0, True)), (), "at x − 1 = 0 the slope is 0"),
        (r(w * x + b).diff(x), Piecewise((w, w * x + b > 0), (0, True)), (), "at w·x + b = 0 the"),
        (at(h, 0, 2), 1, (), "is false at"),
        (Derivative(Piecewise((x * (1 + Rational(1, 10**60)), x > 0), (x, True)), x), 1, (),
         "at x = 0 the slope is 1 from the left and 1000000"),
        (Subs(Derivative(Piecewise((exp(-w / x**2), Ne(x, 0)), (0, True)), x), x, 0), 0, (),
         "not proved: the limit of"),
        (at(s, 0, 2), 0, (), "not proved: the limit of"),
        (Derivative(Abs(x) ** 3, (x, 3)), 6 * sign(x), (), "at x = 0 the slope is −6 from"),
        (Derivative(exp(Max(x, 0)), x), Piecewise((exp(x), x > 0), (0, True)), x >= 0,
         "at x = 0 the slope is 0 from the left and 1 from the right"),
        (Derivative(sqrt(Abs(x)), x), sign(x) / (2 * sqrt(Abs(x))), (), "slope is −∞ from the"),
        (Derivative(x ** Rational(3, 2), x), 3 * sqrt(x) / 2, x >= 0, "undefined on one side of"),
        (Subs(Derivative(y ** Rational(3, 2), y), y, x), 3 * sqrt(x) / 2, x >= 0, "undefined on"),
        (Subs(Derivative(log(y), y), y, x), 1 / x, Ne(x, 0), "x is not positive (log needs it)"),
        (Derivative(Abs(sin(x)), x), cos(x), x > 1, "cannot tell where sin(x) ≥ 0 changes in x"),
        (Derivative(Piecewise((x, x > y), (0, True)), x), 1, x > y, "cannot tell where x > y"),
        (Derivative(x - sympy.floor(x), x), 1, (), "the derivative of floor(x) is not known"),
        (Derivative(exp(x), (x, n)), exp(x), (), "the order n of a derivative is not a number"),
        (Integral(Derivative(Heaviside(x), x), (x, -1, 1)), 0, (), "inside the integral, the"),
        (Derivative(y * Abs(x), x, y), sign(x), (), "at x = 0 the slope is −y from the left"),
        (Subs(Subs(Derivative(w**2, w), w, x), x, 3), 2 * x, (), "what w is replaced by is"),
        (Limit(exp(-y * x), x, sympy.oo), 0, (), "is not proved: Result depends on the sign"),
    ],
    ids=str,
)  # fmt: skip
def test_what_has_no_derivative_everywhere_is_refused(derivative, value, given, message):
    with pytest.raises(DerivationError) as caught:
        verify(derivative, value, given=given, where=FUNCTIONS)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "judge",
    [
        lambda d: define(Function("k")(x), d),
        lambda d: Derivation(d).step(sign(x), because="so it seems"),
        lambda d: Derivation(Eq(y, d)).step(Eq(y, sign(x)), because="so it seems"),
        lambda d: verify(d, 1, relation="<=", tight_at={x: 1}),
        lambda d: verify(d.subs(x, 0), sympy.Float("0.0"), digits=2),
        lambda d: numeric(d, sign(x), check=lambda rng: {x: rng.normal()}),
    ],
    ids=["define", "chain", "equivalence", "bound", "decimal", "numeric"],
)
@pytest.mark.parametrize("argument", [x, w], ids=["symbol", "argument"])
def test_every_statement_meets_the_same_guard(judge, argument):
    derivative = Subs(Derivative(Abs(w), w), w, x) if argument == w else Derivative(Abs(x), x)
    with pytest.raises(
        DerivationError, match="does not hold as stated: at .* the slope is −1 from"
    ):
        judge(derivative)


def test_an_integer_is_nothing_to_differentiate_by():
    with pytest.raises(ValueError, match="the symbol is declared an integer"):
        verify(Derivative(sin(sympy.pi * n) + n, n, evaluate=False), 1)


def test_cases_are_told_apart_exactly_at_a_rational_place():
    places = [Rational(p, q) for p, q in [(1, 3), (1, 7), (13, 21), (-5, 49)]]
    for place, factor in itertools.product(places, (3, 7, 21, Rational(49, 3))):
        inner = factor * (x - place)
        left = Piecewise((1, Eq(inner + y, y, evaluate=False)), (0, True))
        verify(at(h, inner) + left, 1 + Piecewise((1, Eq(x, place)), (0, True)), where=LINE)


numbers = st.fractions(-3, 3, max_denominator=4).map(lambda q: Rational(q.numerator, q.denominator))


@settings(max_examples=12)
@drawn(place=numbers, slopes=st.tuples(numbers, numbers), curve=numbers)
def test_the_slope_where_lines_meet_exists_exactly_if_they_agree(place, slopes, curve):
    left, right = (k * (x - place) + curve * (x - place) ** 2 for k in slopes)
    cases = Piecewise((left, x < place), (right, True))
    claim = Subs(Derivative(cases + x, x), x, place), slopes[0] + 1
    if slopes[0] == slopes[1]:
        verify(*claim)
    else:
        with pytest.raises(DerivationError, match="from the left and"):
            verify(*claim)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (Piecewise((x, Ne(x, 0)), (0, True)), 1),
        (Piecewise((x**2, x < 0), (2 * x**2, True)), Piecewise((2 * x, x <= 0), (4 * x, True))),
        (Piecewise((0, x < 1), ((x - 1) ** 2, x < 2), (2 * x - 3, True)),
         Piecewise((0, x <= 1), (2 * x - 2, x <= 2), (2, True))),
        (Abs(x), Piecewise((derivatives.NoSlope(x, 0, -1, 1), Eq(x, 0)), (-1, x < 0), (1, True))),
        (sign(x), Piecewise((derivatives.NoSlope(x, 0), Eq(x, 0)), (0, x < 0), (0, True))),
    ],
    ids=str,
)  # fmt: skip
def test_the_derivative_is_written_case_by_case(function, expected):
    assert sympy.simplify(derivatives.slope(function, x) - expected) == 0 or (
        derivatives.slope(function, x) == expected
    )


# --- random claims of known truth --------------------------------------------------------


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_no_random_claim_is_judged_wrongly(start):
    claims = [piecewise_claims.claim(k, seed=19) for k in range(start, start + 20)]
    faults = [
        (start + k, claim.kind, found)
        for k, claim in enumerate(claims)
        if piecewise_claims.wrong(claim, found := piecewise_claims.verdict(claim))
    ]
    assert not faults
    assert 0 < sum(claim.true for claim in claims) < len(claims)


def test_random_claims_notice_when_sympy_differentiates_the_cases(monkeypatch):
    monkeypatch.setattr(derivatives, "slope", sympy.diff)
    found = set()
    for k in range(30):
        claim = piecewise_claims.claim(k, seed=19)
        verdict = piecewise_claims.verdict(claim)
        if piecewise_claims.wrong(claim, verdict):
            found.add(verdict)
    assert {"accepted", "called false"} <= found


def test_the_known_slopes_are_those_of_the_formulas():
    for k in range(60):
        function, _ = piecewise_claims.glued(random.Random(k))
        for piece, place in zip(function.pieces, function.places, strict=False):
            near = piecewise_claims.exact(place) + (-1) ** k * Rational(1, 10**9)
            for part in (piece, piece.slope(), piece.slope().slope()):
                if place == part.anchor or part.extra is None:
                    value = piecewise_claims.exact(part.at(place))
                    assert abs(part.expression(near).evalf(60) - value) < 1e-6
