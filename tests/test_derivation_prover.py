"""The prover by itself: it must not lean on the search for counterexamples."""

from __future__ import annotations

import re

import pytest
import sympy
from sympy import (
    Abs, Derivative, Eq, Function, Integral, Limit, Max, Min, Ne, Piecewise, Rational, Subs, Sum,
    Symbol, acosh, cosh, exp, log, oo, pi, sign, sqrt, tanh,
)  # fmt: skip

from tests.derivation_claims import (
    INSIDE, NOT_EQUIVALENT, P, a, b, f, k, m, n, p0, q, q0, r, u, w, x, y,
)  # fmt: skip
from vgtools.derivation import (
    Derivation, DerivationError, define, equivalence, judging, statements, verify,
)  # fmt: skip
from vgtools.derivation.conditions import Domain
from vgtools.derivation.proving import is_proved_sign


@pytest.fixture(autouse=True)
def _no_search(monkeypatch):
    for module, name in [
        (judging, "refute"), (statements, "refute"), (equivalence, "refute_equivalence")
    ]:  # fmt: skip
        monkeypatch.setattr(module, name, lambda *arguments: None)


BARELY_FALSE = [
    (Eq(x**2, y**2), Eq(x, -y), (x > 0,)), (Eq(x, w), Eq(x * P, w * P), (P >= 0, P < 1)),
    (x > w, x * P > w * P, (P >= 0,)), (Eq((x - 1) ** 2, 0), Eq((x - 1) * x, 0), ()),
    (Eq(y - x - 1 / (y - x), 0), Eq(y, x + 1), (Ne(x, y),)),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "given"), NOT_EQUIVALENT + BARELY_FALSE, ids=str)
def test_no_wrong_step_is_proved(before, after, given):
    with pytest.raises(DerivationError, match="not proved to be an equivalence"):
        Derivation(before, given=given).step(after, because="so it seems")
    with pytest.raises(DerivationError, match="not proved to be an equivalence"):
        Derivation(after, given=given).step(before, because="so it seems")


def test_an_equation_is_no_inequality():
    with pytest.raises(DerivationError, match="an equation is not equivalent to an inequality"):
        Derivation(Eq(x, y)).step(x <= y, because="weaker")


@pytest.mark.parametrize(
    ("left", "right", "given"),
    [
        (sqrt(x**2), x, ()), (sign(x), 1, x >= 0), (sign(P), 1, (P >= 0, P <= 1)),
        (Piecewise((1, P < 1), (0, True)), 1, (P > 0, P <= 1)),
        (Piecewise((1, Ne(x, 2)), (0, True)), 1, ()), (Abs(x - w), w - x, x <= w + 1),
        (tanh(x), 2 / (1 + exp(-2 * x)) + 1, ()), (sympy.cos(pi * n), 1, ()),
        (n * (n - 1) * (n - 2) * (n - 3), 0, n < 5),
    ],
    ids=str,
)  # fmt: skip
def test_no_false_identity_is_proved(left, right, given):
    with pytest.raises(DerivationError, match="not proved"):
        verify(left, right, given=given)


def test_powers_are_compared_by_their_bases_only_where_they_grow_with_them():
    for small, large, given in [
        (a**-n, b**-n, a < b), (a ** (-p0), b ** (-p0), a < b), (x ** (2 * n), w ** (2 * n), x < w)
    ]:  # fmt: skip
        with pytest.raises(DerivationError, match="could not show"):
            verify(small, large, relation="<", given=given, tight_at={small.free_symbols.pop(): 1})


@pytest.mark.parametrize(
    ("expression", "given", "signs"),
    [
        ((m - 1000) ** 2, (m > Rational(1999, 2),), "nonnegative"),
        ((2 * (m - w) - 1) ** 2, (Ne(m, w),), "nonnegative"),
        (x, (), ""), (P, (P >= 0, P <= 1), "nonnegative"), (1 - P, (P >= 0, P <= 1), "nonnegative"),
        (P - 1, (P < 1,), "negative nonpositive nonzero"),
        (P * (1 - P), INSIDE, "positive nonnegative nonzero"), (x, (Ne(x, 0),), "nonzero"),
        (x**2, (Ne(x, 0),), "positive nonnegative nonzero"), (x**2 - 2 * x + 1, (), "nonnegative"),
        (-(x**2) + x - 1, (), "negative nonpositive nonzero"),
        (x**3 - x, (x > 1,), "positive nonnegative nonzero"), (x**3 - x, (x > 0,), ""),
        (exp(u) - 1, (), "positive nonnegative nonzero"),
        (exp(-u) - 1, (), "negative nonpositive nonzero"), (exp(2 * u) - exp(u) - 1, (), ""),
        (exp(x) - 1, (x < 0,), "negative nonpositive nonzero"),
        (exp(Symbol("m", negative=True)) - 1, (), "negative nonpositive nonzero"),
        (exp(x) - 1, (), ""), (n, (), "positive nonnegative nonzero"), (n - 1, (), "nonnegative"),
        (n - 2, (), ""), (n - 2, (n >= 3,), "positive nonnegative nonzero"),
        (w - x, (x < w,), "positive nonnegative nonzero"),
        (3 - x, (x < w, w < 2), "positive nonnegative nonzero"),
        (1 - x**2, (Abs(x) < 1,), "positive nonnegative nonzero"),
        (exp(3 * x) - exp(x) + 1, (), "positive nonnegative nonzero"),
        (-(x**4) - 1, (), "negative nonpositive nonzero"),
        ((x**2 + 1) ** 2, (), "positive nonnegative nonzero"),
        (-((x**2 + 1) ** 3), (), "negative nonpositive nonzero"),
        ((x - 1) ** 2 * (x**2 + 1), (), "nonnegative"), (a * (a - b) ** 2, (), "nonnegative"),
        (a - b, (), ""), (x**3 + 1, (), ""), (r**2, (), "positive nonnegative nonzero"),
        (r**3, (), "nonzero"), (a * r, (), "nonzero"), (p0 * r, (), ""), (q * r, (), "nonzero"),
        (p0 * q, (), "nonpositive"), (q0, (), "nonpositive"), (-Abs(x), (), "nonpositive"),
        (Abs(x) - 1, (x > 1,), "positive nonnegative nonzero"),
        (Max(1, x), (), "positive nonnegative nonzero"),
        (Min(-1, x), (), "negative nonpositive nonzero"),
        (sympy.Heaviside(x) + 1, (), "positive nonnegative nonzero"),
        (1 - tanh(x) ** 2, (), "positive nonnegative nonzero"),
        (sqrt(2) - 1, (), "positive nonnegative nonzero"),
        (exp(x / 2) - exp(x / 3), (x > 0,), "positive nonnegative nonzero"),
        (exp(x / 2) - exp(x / 3), (), ""), (P**2 - P, INSIDE, "negative nonpositive nonzero"),
        (cosh(x) - 1, (), "nonnegative"), (Piecewise((1, x > 0), (-2, True)), (), "nonzero"),
        (n * (n - 1), (), "nonnegative"), (n**2 - n - 2, (n >= 3,), "positive nonnegative nonzero"),
        (x, (Eq(x, 2),), "positive nonnegative nonzero"),
        (x, (x >= 1, x <= 2), "positive nonnegative nonzero"),
        (x - 1, (x >= 1, x < 2), "nonnegative"),
        (Piecewise((1, x < w), (-1, True)), (x >= w,), "negative nonpositive nonzero"),
        (Piecewise((1, x < w), (-1, True)), (x <= w,), "nonzero"),
        (Piecewise((1, x + w > 0), (-1, True)), (x > 0, w > 0), "positive nonnegative nonzero"),
        (Piecewise((1, Eq(x, w)), (-1, True)), (x > w,), "negative nonpositive nonzero"),
        (-3 * a * p0, (), "nonpositive"), (x * y + 1, (), ""), (x**2 - 2, (), ""),
        (x**2 + sqrt(2), (), "positive nonnegative nonzero"),
        (p0**3 - p0 + 1, (), "positive nonnegative nonzero"), (x**3 - x + 1, (), ""),
        (2 - exp(q), (), "positive nonnegative nonzero"), (exp(a) - 2, (), ""),
        (-5 * q**3, (), "positive nonnegative nonzero"), (q * x**2, (), "nonpositive"),
        (r**2 * q, (), "negative nonpositive nonzero"), (log(x), (), ""),
    ],
    ids=str,
)  # fmt: skip
def test_signs_that_can_be_proved_and_no_others(expression, given, signs):
    domain = Domain(tuple(given))
    known = ("positive", "negative", "nonzero", "nonnegative", "nonpositive")
    proved = {sign for sign in known if is_proved_sign(expression, sign, domain)}
    assert proved == set(signs.split())


NEEDS = [
    (log(x), x > 0, "x is not positive (log needs it) at x = 0"),
    (sympy.coth(x), Ne(x, 0), "x is not nonzero (coth needs it) at x = 0"),
    (sympy.csch(x), x < 0, "x is not nonzero (csch needs it) at x = 0"),
    (sympy.atanh(x), (x > -1, x < 1), "1 − x is not positive (atanh needs it) at x = 1"),
    (sympy.atanh(x), (x > -1, x < 1), "x + 1 is not positive (atanh needs it) at x = −1", x < 1),
    (acosh(x), x >= 1, "x − 1 is not nonnegative (acosh needs it) at x = 0"),
    (sympy.asin(x), (x >= -1, x <= 1), "1 − x is not nonnegative (asin needs it) at x = 2"),
    (sympy.asin(x), (x >= -1, x <= 1), "x + 1 is not nonnegative (asin needs it)", x <= 1),
    (sympy.acos(x), (x >= -1, x <= 1), "1 − x is not nonnegative (acos needs it) at x = 2"),
    (sympy.acos(x), (x >= -1, x <= 1), "x + 1 is not nonnegative (acos needs it)", x <= 1),
    (sympy.gamma(x), x > 0, "x is not positive (gamma needs it) at x = 0"),
    (sympy.factorial(x), x >= 0, "x is not nonnegative (factorial needs it) at x = −1"),
    (1 / x, Ne(x, 0), "x is not nonzero (it is a denominator) at x = 0"),
    (x**-n, Ne(x, 0), "x is not nonzero (it is a denominator) at x = 0"),
    (sqrt(x), x >= 0, "x is not nonnegative (it stands under a root) at x = −1"),
    (x**a, x >= 0, "x is not nonnegative (it stands under a root) at x = −1"),
    (1 / sqrt(x), x > 0, "x is not positive (it is raised to a power) at x = 0"),
    (x**y, x > 0, "x is not positive (it is raised to a power) at x = 0"),
    (Derivative(log(x), x), x > 0, "x is not positive (log needs it) at x = 0"),
    (Derivative(sqrt(x), x), x > 0, "x is not positive (it is raised to a power) at x", x >= 0),
    (Derivative(Abs(2 * x - 3), x), x > 2, "at x = 3/2 the slope is −2 from the left and 2 from"),
    (Derivative(Abs(x) + Abs(x - 1), x), x > 1, "at x = 0 the slope is −2 from the left and 0"),
    (Derivative(Abs(x) + Abs(x - 1), x), x > 1, "at x = 1 the slope is 0 from the left", Ne(x, 0)),
    (Derivative(Abs(x - 1) + Abs(x + 1), x), x > 1, "at x = −1 the slope is −2 from the left"),
    (Derivative(Piecewise((x, sqrt(3) * x > 1), (0, True)), x), x > 1,
     "the function jumps at x = √(3)/3, so it has no derivative there"),
    (Sum(1 / y, (k, 1, 3)), y > 0, "y is not nonzero (it is a denominator) at y = 0"),
    (Subs(log(x + y), y, 1), x > -1, "x + 1 is not positive (log needs it) at x = −1"),
    (Piecewise((0, x > 1 / y), (1, True)), y > 0, "y is not nonzero (it is a denominator)"),
    (Piecewise((1 / x, x >= 0), (0, True)), Ne(x, 0), "x is not nonzero (it is a denominator)"),
    (Piecewise((0, x > 0), (log(x), True)), x > 0, "x is not positive (log needs it) at x = 0"),
]  # fmt: skip


@pytest.mark.parametrize("case", NEEDS, ids=str)
def test_what_an_expression_needs_to_be_defined(case):
    expression, enough, message, *given = case
    name = Function("F")(*sorted(expression.free_symbols - {k}, key=str))
    define(name, expression, given=enough)
    with pytest.raises(DerivationError) as caught:
        define(name, expression, given=given)
    assert f" does not hold as stated: {message}" in str(caught.value)
    assert caught.value.counterexample


@pytest.mark.parametrize(
    "expression",
    [
        Piecewise((1 / x, x > 0), (0, True)), Piecewise((0, x <= 0), (log(x), True)),
        Piecewise((log(x), (x > 0) & (x < 1)), (0, True)),
        Piecewise((1, x > 0), (2, x < 0), (3, Eq(x, 0))),
        Piecewise((1 / x, x > 0), (1 / (x - 1), x < 0), (0, True)), Derivative(x**3, x, 2),
        Derivative(x * Abs(x), x), Derivative(Abs(r), w),
        Derivative(Piecewise((x, x < 0), (x + x**2, x < 1), (3 * x - 1, True)), x),
        Derivative(Piecewise((x**2, x < 0), (0, x < 1), ((x - 1) ** 2, True)), x),
        Integral(1 / x, (x, 1, 2)), Integral(f(x), (x, 0, 1)), Limit(1 / x, x, oo),
        sympy.atan(x) + sympy.asinh(x) + sympy.erfc(x) + sympy.sech(x) + sympy.sin(x),
        sympy.Heaviside(x) + sign(x) + f(x),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_defined_everywhere(expression):
    assert define(Function("F")(x), expression).kind == "definition"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sympy.tan(x), "could not show that cos(x) is nonzero (tan needs it)"),
        (sympy.zeta(x), "it is not known here where zeta is defined"),
        (Piecewise((1, x > 0), (2, x < 0)), "{1 if x > 0; 2 if x < 0} leaves cases open"),
        (Piecewise((1, x > 0)), "{1 if x > 0} leaves cases open"),
        (Limit(1 / x, x, 0), "oo is not a number"), (Limit(-1 / x, x, 0), "-oo is not a number"),
        (sympy.zoo, "zoo is not a number"), (sympy.nan, "nan is not a number"),
        (Derivative(Piecewise((x**2, x > y), (0, True)), x),
         "cannot tell where x > y changes in x"),
        (Derivative(Abs(x * y), x), "cannot tell where x·y ≥ 0 changes in x"),
        (Derivative(Piecewise((1, exp(x) > 4), (0, True)), x), "cannot tell where exp(x) > 4 chan"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_known_to_be_defined(expression, message):
    with pytest.raises(DerivationError, match=f" is not proved: {re.escape(message)}"):
        define(Function("F")(x), expression)


def test_an_unknown_slope_may_be_zero():
    with pytest.raises(DerivationError, match="slope is not nonzero .* at slope = 0"):
        verify(Sum(1 / f(x).diff(x), (k, 1, 3)), 3 / f(x).diff(x))
    verify(Sum(f(x).diff(x), (k, 1, 3)), 3 * f(x).diff(x))
