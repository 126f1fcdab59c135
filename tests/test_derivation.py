"""True claims pass, altered claims do not, and what is shown is what was checked."""

from __future__ import annotations

import itertools
import json
import random
import re

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Add,
    Derivative,
    Eq,
    Float,
    Function,
    Integral,
    Limit,
    MatrixSymbol,
    Max,
    Min,
    Mul,
    Ne,
    Piecewise,
    Pow,
    Rational,
    Subs,
    Sum,
    Symbol,
    acosh,
    cosh,
    erf,
    exp,
    log,
    oo,
    pi,
    sign,
    sqrt,
    tanh,
)  # fmt: skip
from sympy.printing.pretty.pretty_symbology import pretty_use_unicode

from vgtools.derivation import (
    Derivation,
    DerivationError,
    chains,
    conditions,
    define,
    definitions,
    derivatives,
    equations,
    equivalence,
    limits,
    numeric,
    printing,
    proving,
    refuting,
    relations,
    statements,
    verify,
)  # fmt: skip
from vgtools.frontend import RECORD

P, x, y, z, w = sympy.symbols("P x y z w", real=True)
a, b, s, u = sympy.symbols("alpha b s u", positive=True)
n, k = sympy.symbols("n k", integer=True, positive=True)
m, m0 = Symbol("m", integer=True), Symbol("m", integer=True, nonnegative=True)
q, q0 = Symbol("q", negative=True), Symbol("q", nonpositive=True)
p0, r = Symbol("p", nonnegative=True), Symbol("r", real=True, nonzero=True)
f, g = Function("f", real=True), Function("g", real=True)
L, elu = Function("L"), Function("elu")
sigma = Function("sigma")
SIGMA = {sigma: sympy.Lambda(x, 1 / (1 + exp(-x)))}
LOSS = define(L(z, y), -y * log(sigma(z)) - (1 - y) * log(1 - sigma(z)), where=SIGMA)
INSIDE = (P > 0, P < 1)
HALF, QUARTER = Rational(1, 2), Rational(1, 4)
NORMAL = exp(-(x**2) / 2) / sqrt(2 * pi)


@pytest.fixture(autouse=True)
def _own_register(monkeypatch):
    monkeypatch.setattr(equations, "_LABELS", {})
    monkeypatch.delenv("VGTOOLS_STATIC", raising=False)


# --- identities, and what becomes of them when they are altered ------------------------

IDENTITIES = [
    ((x + 1) ** 2, x**2 + 2 * x + 1, {}),
    (sigma(x).diff(x), sigma(x) * (1 - sigma(x)), {"where": SIGMA}),
    (sigma(x).diff(x), exp(-x) / (1 + exp(-x)) ** 2, {"where": SIGMA}),
    (Derivative(sigma(x), x, 2), sigma(x).diff(x) * (1 - 2 * sigma(x)), {"where": SIGMA}),
    (tanh(x), 2 * sigma(2 * x) - 1, {"where": SIGMA}),
    (sigma(x), (1 + tanh(x / 2)) / 2, {"where": SIGMA}),
    (sigma(-x), 1 - sigma(x), {"where": SIGMA}),
    (Derivative(tanh(x), x), 1 - tanh(x) ** 2, {}),
    (Derivative(tanh(x), x), 1 / cosh(x) ** 2, {}),
    (log(P / (1 - P)), log(P) - log(1 - P), {"given": INSIDE}),
    (Derivative(log(P / (1 - P)), P), 1 / (P * (1 - P)), {"given": INSIDE}),
    (log(1 + exp(x)), x + log(1 + exp(-x)), {}),
    (Derivative(log(1 + exp(x)), x), sigma(x), {"where": SIGMA}),
    (L(z, y).diff(z), sigma(z) - y, {"where": [SIGMA, LOSS]}),
    (sqrt(x**2), x, {"given": x > 0}),
    (log(x**2), 2 * log(Abs(x)), {"given": Ne(x, 0)}),
    (Derivative(Abs(x), x), sign(x), {"given": Ne(x, 0)}),
    (Derivative(x / (1 + Abs(x)), x), 1 / (1 + Abs(x)) ** 2, {}),
    (Max(0, x), (x + Abs(x)) / 2, {}),
    (Min(Max(x, 0), 6), Piecewise((0, x < 0), (x, x < 6), (6, True)), {}),
    (Derivative(Piecewise((x, x > 0), (exp(x) - 1, True)), x),
     Piecewise((1, x > 0), (exp(x), True)), {}),
    (Derivative(Max(0, x) + w * Min(0, x), w), Min(0, x), {}),
    (Derivative(x * (1 + erf(x / sqrt(2))) / 2, x), (1 + erf(x / sqrt(2))) / 2 + x * NORMAL, {}),
    (tanh(log(1 + exp(x))), (exp(2 * x) + 2 * exp(x)) / (exp(2 * x) + 2 * exp(x) + 2), {}),
    (Derivative(f(x) * g(x), x), f(x).diff(x) * g(x) + f(x) * g(x).diff(x), {}),
    (Derivative(f(g(x)), x), Subs(Derivative(f(y), y), y, g(x)) * g(x).diff(x), {}),
    (Derivative(f(w * x + P), x), w * Subs(Derivative(f(y), y), y, w * x + P), {}),
    (Limit(sigma(x), x, oo), sympy.S.One, {"where": SIGMA}),
    (Limit(sigma(x), x, -oo), sympy.S.Zero, {"where": SIGMA}),
    (Integral(NORMAL * Max(0, x) ** 2, (x, -oo, oo)), HALF, {}),
    (Sum(k, (k, 1, n)), n * (n + 1) / 2, {}),
    (sqrt(P) * sqrt(1 - P), sqrt(P * (1 - P)), {"given": (P >= 0, P <= 1)}),
    (QUARTER**n, exp(-n * log(4)), {}),
]  # fmt: skip


def names(case):
    return re.sub(r"\s+", "", f"{case[0]}={case[1]}")[:60]


@pytest.mark.parametrize("case", IDENTITIES, ids=names)
def test_true_identities_are_accepted(case):
    left, right, options = case
    equation = verify(left, right, **options)
    assert (equation.kind, equation.evidence) == ("identity", "symbolic")
    verify(right, left, **options)


SWAPS = {tanh: sympy.sinh, exp: cosh, log: exp, Abs: lambda v: -Abs(v), Max: Min, Min: Max,
         erf: tanh, cosh: exp, sign: Abs}  # fmt: skip


def mutants(expression):
    """Each single alteration: signs, operators, exponents, constants, functions, symbols."""
    own = []
    if isinstance(expression, Rational):
        own += [expression + 1, -expression, 2 * expression]
    elif isinstance(expression, Symbol):
        own += [{x: w, P: x, z: y, y: z, w: x, n: k, k: n}.get(expression, expression + 1)]
        own += [-expression]
    elif isinstance(expression, Add):
        for term in expression.args:
            own += [expression - 2 * term, expression - term]
        own += [Mul(*expression.args)]
    elif isinstance(expression, Mul):
        own += [-expression, Add(*expression.args)]
        own += [Mul(*(o for o in expression.args if o is not factor)) for factor in expression.args]
    elif isinstance(expression, Pow):
        own += [Pow(expression.base, -expression.exp), Pow(expression.base, expression.exp + 1)]
    elif expression.func in SWAPS:
        own += [SWAPS[expression.func](*expression.args)]
    elif isinstance(expression, sympy.core.function.AppliedUndef):
        own += [expression + 1, 2 * expression]
    yield from own
    if isinstance(expression, (Derivative, Integral, Sum, Limit, Subs)):
        inner = expression.args[0]
        for other in mutants(inner):
            if expression.args[1:] and not (
                isinstance(expression, Derivative)
                and isinstance(inner, sympy.core.function.AppliedUndef)
            ):
                yield expression.func(other, *expression.args[1:])
        return
    for index, argument in enumerate(expression.args):
        if isinstance(argument, sympy.Expr):
            for other in mutants(argument):
                arguments = list(expression.args)
                arguments[index] = other
                yield expression.func(*arguments)
        elif isinstance(argument, sympy.functions.elementary.piecewise.ExprCondPair):
            for other in mutants(argument.expr):
                arguments = list(expression.args)
                arguments[index] = (other, argument.cond)
                yield Piecewise(*arguments)


def same(first, second, options):
    """Whether two expressions agree, judged by floats alone: a second, independent opinion."""
    where = dict(equations.collected_definitions(options.get("where")))
    chosen = {f: sympy.Lambda(x, sympy.sin(x) + x**2 / 5), g: sympy.Lambda(x, x / 3 + exp(x / 7))}
    both = []
    for side in (first, second):
        for _ in range(3):
            for name, meaning in (where | chosen).items():
                side = definitions._by_arguments(side).replace(name, meaning)
        both.append(side.doit())
    draw = random.Random(7)
    conditions = options.get("given", ())
    conditions = conditions if isinstance(conditions, tuple) else (conditions,)
    for _ in range(40):
        point = {v: draw.uniform(-3, 3) for v in (x, y, z, w)} | {P: draw.uniform(0, 1)}
        point |= {v: draw.randint(1, 6) for v in (n, k)}
        point |= {a: 0.7, b: 1.3, s: 2.1, u: 0.4}
        if all(bool(c.subs(point)) for c in conditions):
            values = [complex(side.subs(point).evalf(15)) for side in both]
            if not np.isclose(*values, rtol=1e-8, atol=1e-12):
                return False
    return True


@pytest.mark.parametrize("case", IDENTITIES, ids=names)
def test_altered_identities_are_refused(case):
    left, right, options = case
    altered = list(dict.fromkeys(mutants(right)))
    assert altered
    refused = 0
    for other in altered:
        if other == right or other.has(sympy.zoo, sympy.nan, sympy.I):
            continue
        try:
            verify(left, other, **options)
        except DerivationError:
            refused += 1
        except ValueError as error:
            if "both sides are" not in str(error):
                raise
        else:
            assert same(right, other, options), f"accepted {left} = {other}"
    assert refused >= 1


def test_a_counterexample_is_a_point_at_which_the_sides_differ():
    with pytest.raises(DerivationError, match="is false at") as caught:
        verify(log(P / (1 - P)), log(P) + log(1 - P), given=INSIDE)
    point = caught.value.counterexample
    assert 0 < point[P] < 1
    assert sympy.N((log(P / (1 - P)) - log(P) - log(1 - P)).subs(point)) != 0


@pytest.mark.parametrize(
    ("left", "right", "given"),
    [
        (Integral(sqrt(1 + sympy.cos(x)), (x, 0, 2 * pi)), 4 * sqrt(2), ()),
        (Integral(x**m, (x, 0, 1)), 1 / (m + 1), m > 0),
        (Abs(x), x, 1 / x > 0),
        (Limit(exp(-x * y), x, oo), 0, y > 0),
        (sympy.floor(x).diff(x), 0, x > 0),
    ],
    ids=str,
)
def test_what_cannot_be_judged_is_never_called_false(left, right, given):
    refusal = "not proved"
    try:
        verify(left, right, given=given)
    except DerivationError as error:
        refusal = str(error)
    assert "not proved" in refusal


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        (Sum(k, (k, 1, -5)), 10, "−5 is not nonnegative"),
        (Sum(k, (k, 1, m)), m * (m + 1) / 2, "m is not nonnegative"),
    ],
    ids=str,
)
def test_a_sum_from_its_end_to_its_start_is_no_claim(left, right, message):
    with pytest.raises(DerivationError, match=message):
        verify(left, right)
    verify(Sum(k, (k, 1, n)), n * (n + 1) / 2)


def test_agreement_at_every_sampled_point_is_not_a_proof():
    far = Piecewise((0, x < 1000), (1, True))
    with pytest.raises(DerivationError, match="not proved: no counterexample"):
        verify(far, 0)


def test_a_derivative_by_a_function_is_taken_before_the_function_is_inserted():
    inner = {g: sympy.Lambda(x, x**2 + 1)}
    cube = {f: sympy.Lambda(x, x**3)} | inner
    verify(Derivative(f(g(x)), g(x)), 3 * g(x) ** 2, where=cube)
    verify(Derivative(f(g(x)), (g(x), 2)), 6 * g(x), where=cube)
    verify(Derivative(f(g(x)), g(x)), sign(g(x)), where={f: sympy.Lambda(x, Abs(x))} | inner)
    both = {L: sympy.Lambda((x, y), x**2 * y**3)} | inner
    verify(Derivative(L(g(x), y), g(x), y), 6 * g(x) * y**2, where=both)
    with pytest.raises(DerivationError, match="is false at"):
        verify(Derivative(f(g(x)), g(x)), 3 * g(x) ** 2 * 2 * x, where=cube)


# --- conditions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "needed"),
    [
        (sqrt(x**2), x, x >= 0),
        (log(x**2), 2 * log(x), x > 0),
        (log(P / (1 - P)), log(P) - log(1 - P), INSIDE),
        (Mul(x, 1 / x, evaluate=False), 1, Ne(x, 0)),
        (Derivative(Abs(x), x), sign(x), Ne(x, 0)),
        (Derivative(Max(0, x), x), Piecewise((1, x > 0), (0, True)), Ne(x, 0)),
        (sign(x) ** 2, 1, Ne(x, 0)),
        (Abs(x - w), w - x, x < w),
        (sqrt(x**2 - 2 * x + 1), x - 1, x >= 1),
        (Abs(x * w), -x * w, (x > 0, w < 0)),
    ],
    ids=str,
)
def test_conditions_are_needed_and_suffice(left, right, needed):
    with pytest.raises(DerivationError):
        verify(left, right)
    assert "for " in str(verify(left, right, given=needed))


def test_elu_has_a_derivative_at_zero_only_for_alpha_one():
    def function(alpha):
        return Piecewise((x, x > 0), (alpha * (exp(x) - 1), True))

    def slope(alpha):
        return Piecewise((1, x > 0), (alpha * exp(x), True))

    with pytest.raises(DerivationError, match="the slope is α from the left and 1 from the right"):
        verify(Derivative(function(a), x), slope(a))
    verify(Derivative(function(a), x), slope(a), given=Ne(x, 0))
    verify(Derivative(function(1), x), slope(1))
    with pytest.raises(DerivationError, match="jumps at"):
        verify(Derivative(Piecewise((1, x > 0), (0, True)), x), 0)


def test_contradictory_conditions_prove_nothing():
    with pytest.raises(ValueError, match="contradict each other"):
        verify(x, x + 1, given=(x > 1, x < 0))


def test_conditions_may_be_joined_by_and():
    joined = (x > 0) & (x < 1)
    assert (
        set(statements.checked_conditions(joined))
        == set(statements.checked_conditions([joined]))
        == {x > 0, x < 1}
    )


def test_conditions_are_shown():
    assert str(verify(a * 2 - a / b, a * (2 * b - 1) / b, given=a < 1)).endswith(
        "for 0 < α < 1, b > 0"
    )
    assert str(verify(Sum(x**k, (k, 0, n)), (1 - x ** (n + 1)) / (1 - x), given=Ne(x, 1))).endswith(
        "for x ≠ 1, n = 1, 2, …"
    )
    assert r"\text{for } 0 < P < 1,\ z \in \mathbb{R}" in (
        verify(log(P) * z + z, z * (1 + log(P)), given=INSIDE)._repr_latex_()
    )


DESCRIBED = [
    ((), (m,), "m an integer", r"m \in \mathbb{Z}"),
    ((), (m0,), "m = 0, 1, …", r"m = 0, 1, \dots"),
    ((), (n,), "n = 1, 2, …", r"n = 1, 2, \dots"),
    ((), (a,), "α > 0", r"\alpha > 0"),
    ((), (q,), "q < 0", "q < 0"),
    ((), (q0,), "q ≤ 0", r"q \le 0"),
    ((), (p0,), "p ≥ 0", r"p \ge 0"),
    ((), (r,), "r ≠ 0", r"r \ne 0"),
    ((), (x, y), "x, y real", r"x, y \in \mathbb{R}"),
    ((), (Symbol("c"),), "", ""),
    ((), (y, a, x, b), "α > 0, b > 0, x, y real", r"\alpha > 0,\ b > 0,\ x, y \in \mathbb{R}"),
    ((x > 1,), (x,), "x > 1", "x > 1"),
    ((x >= 1,), (x,), "x ≥ 1", r"x \ge 1"),
    ((x < 1,), (x,), "x < 1", "x < 1"),
    ((x <= 1,), (x,), "x ≤ 1", r"x \le 1"),
    ((2 * x > 1,), (x,), "2·x > 1", "2 x > 1"),
    ((x > 1, x > w), (x,), "x > 1, x > w", r"x > 1,\ x > w"),
    ((x < 1, x < w, x > 0), (x,), "x > 0, x < 1, x < w", r"x > 0,\ x < 1,\ x < w"),
    ((x >= 1, x <= 2), (x,), "1 ≤ x ≤ 2", r"1 \le x \le 2"),
    ((x > -1, x <= 2), (x, y), "−1 < x ≤ 2, y real", r"-1 < x \le 2,\ y \in \mathbb{R}"),
    ((x > 0, y > 0), (x, y), "x > 0, y > 0", r"x > 0,\ y > 0"),
    ((w < x,), (x, w), "w < x", "w < x"),
    ((a < 1,), (a, b), "0 < α < 1, b > 0", r"0 < \alpha < 1,\ b > 0"),
    ((a > 1,), (a,), "α > 1", r"\alpha > 1"),
    ((p0 < 1,), (p0,), "0 ≤ p < 1", r"0 \le p < 1"),
    ((q > -1,), (q,), "−1 < q < 0", "-1 < q < 0"),
    ((q < -1,), (q,), "q < −1", "q < -1"),
    ((q0 >= -1,), (q0,), "−1 ≤ q ≤ 0", r"-1 \le q \le 0"),
    ((m > 1,), (m,), "m > 1, m an integer", r"m > 1,\ m \in \mathbb{Z}"),
    ((Abs(x) < s,), (x, s), "|x| < s, s > 0", r"\left|{x}\right| < s,\ s > 0"),
    ((Abs(x) < 1,), (x,), "|x| < 1", r"\left|{x}\right| < 1"),
    ((Ne(x, 0),), (x, y), "x ≠ 0, y real", r"x \ne 0,\ y \in \mathbb{R}"),
    ((Eq(x, y),), (x, y), "x = y", "x = y"),
    ((x + y > 0,), (x, y, z), "x + y > 0, z real", r"x + y > 0,\ z \in \mathbb{R}"),
    ((y > 0, x > 0), (x, y), "x > 0, y > 0", r"x > 0,\ y > 0"),
    ((z > 0, P + x > 0), (P, x, z), "P + x > 0, z > 0", r"P + x > 0,\ z > 0"),
    ((x > 0, x < 1, y > 0, y < 1), (x, y), "0 < x < 1, 0 < y < 1", r"0 < x < 1,\ 0 < y < 1"),
    (INSIDE, (P, sympy.Dummy("t", real=True)), "0 < P < 1", "0 < P < 1"),
]


@pytest.mark.parametrize(("given", "symbols", "text", "tex"), DESCRIBED, ids=str)
def test_conditions_read_like_in_a_textbook(given, symbols, text, tex):
    domain = conditions.Domain(given)
    assert domain.describe(symbols, tex=False) == text
    assert domain.describe(symbols, tex=True) == tex


@pytest.mark.parametrize(
    ("relation", "bound"),
    [
        (x > 1, (x, ">", 1)),
        (-x > 1, (x, "<", -1)),
        (-x >= 1, (x, "<=", -1)),
        (-x < 1, (x, ">", -1)),
        (-x <= 1, (x, ">=", -1)),
        (2 * x <= 3, (x, "<=", Rational(3, 2))),
        (x / 2 > 1, (x, ">", 2)),
        (-2 * x >= y, (y, "<=", -2 * x)),
        (x + y > 0, (x, ">", -y)),
        (Ne(-x, 1), (x, "!=", -1)),
        (Eq(2 * x, y), (y, "==", 2 * x)),
        (y > x, (y, ">", x)),
        (x >= y + 1, (x, ">=", y + 1)),
        (x**2 > 1, None),
        (x * y > 1, None),
        (exp(x) > x, None),
        (a * x > 1, None),
    ],
    ids=str,
)
def test_a_linear_condition_bounds_one_symbol(relation, bound):
    assert conditions.as_bound(relation) == bound


@pytest.mark.parametrize(
    ("given", "symbol", "lower", "upper"),
    [
        ((x > 1, x > 2), x, (2, True), None),
        ((x > 2, x > 1), x, (2, True), None),
        ((x < 1, x < 2), x, None, (1, True)),
        ((x < 2, x < 1), x, None, (1, True)),
        ((x >= 1, x > 1), x, (1, True), None),
        ((x > 1, x >= 1), x, (1, True), None),
        ((x >= 2, x > 1), x, (2, False), None),
        ((x <= 1, x < 1), x, None, (1, True)),
        ((x < 1, x <= 1), x, None, (1, True)),
        ((x <= 1, x < 2), x, None, (1, False)),
        ((x <= w, x < w), x, None, (w, True)),
        ((x > w, x > 1), x, (w, True), None),
        ((x >= w, x > 1), x, (w, False), None),
        ((Abs(x) < 1,), x, (-1, True), (1, True)),
        ((Abs(x) <= 1,), x, (-1, False), (1, False)),
        ((1 > Abs(x),), x, (-1, True), (1, True)),
        ((sympy.Ge(1, Abs(x)),), x, (-1, False), (1, False)),
        ((Abs(x) > 1, x < 3), x, None, (3, True)),
        ((Abs(x - 1) < 1, x < 3), x, None, (3, True)),
        ((Abs(x) < x + 2, x < 3), x, None, (3, True)),
        ((Ne(x, 1), x <= 1), x, None, (1, True)),
        ((x >= 1, Ne(x, 1)), x, (1, True), None),
        ((x >= 1, Ne(x, 2)), x, (1, False), None),
        ((a < 1,), a, (0, True), (1, True)),
        ((p0 < 1,), p0, (0, False), (1, True)),
        ((q > -1,), q, (-1, True), (0, True)),
        ((q0 >= -1,), q0, (-1, False), (0, False)),
    ],
    ids=str,
)
def test_conditions_on_one_symbol_are_joined(given, symbol, lower, upper):
    bound = conditions.Domain(given).bounds()[symbol]
    assert (bound.lower, bound.upper, bound.value) == (lower, upper, None)


def test_excluded_and_fixed_values_are_kept():
    bounds = conditions.Domain((Ne(x, 1), Ne(x, 2), Eq(y, 3))).bounds()
    assert bounds[x] == conditions.Bounds(excluded=(1, 2))
    assert bounds[y] == conditions.Bounds(value=sympy.Integer(3))


@pytest.mark.parametrize(
    ("condition", "empty"),
    [
        ((x > 1) & (x < 1), True),
        ((x >= 1) & (x < 1), True),
        ((x > 1) & (x <= 1), True),
        ((x >= 2) & (x <= 1), True),
        ((x >= y) & (x <= 1) & (x >= 1), False),
        ((x > 0) & (x < 1), False),
        (Eq(x, 0) & (x > y), False),
        (Ne(x, 0), False),
        (sympy.false, True),
        (sympy.true, False),
    ],
    ids=str,
)
def test_a_domain_knows_when_it_is_empty(condition, empty):
    assert (conditions.Domain().restricted(condition) is None) == empty


@pytest.mark.parametrize(
    ("relation", "allowed"),
    [
        (x > 0, (1,)), (x >= 0, (0, 1)), (x < 0, (-1,)), (x <= 0, (-1, 0)), (Ne(x, 0), (-1, 1)),
    ],
    ids=str,
)  # fmt: skip
def test_a_fixed_value_is_compared_with_the_bounds(relation, allowed):
    for value in (-1, 0, 1):
        both = conditions.Domain((Eq(x, value),)).restricted(relation)
        assert (both is not None) == (value in allowed)


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ((x > 1, x < 2), [Rational(3, 2)]),
        ((x >= 1, x <= 2), [Rational(3, 2), 1, 2]),
        ((x >= 1, x < 2), [Rational(3, 2), 1]),
        ((x > 1, x <= 2), [Rational(3, 2), 2]),
        ((x > 1,), [2]),
        ((x < 1,), [0]),
        ((Ne(x, 1),), [2]),
        ((Eq(x, 5),), [5]),
    ],
    ids=str,
)
def test_conditions_turn_into_fresh_symbols(given, values):
    found = [s[x] for s in conditions.Domain(given).substitutions()]
    assert [v.subs(dict.fromkeys(v.free_symbols, 1)) for v in found] == values


@pytest.mark.parametrize(
    ("relation", "assumed"),
    [
        (x > 1, (True, True, True, None)),
        (x >= 1, (None, True, None, None)),
        (x < 1, (True, True, True, None)),
        (x <= 1, (None, True, None, None)),
        (Ne(x, 1), (None, None, True, None)),
        (m >= 3, (None, True, None, True)),
        (m <= 3, (None, True, None, True)),
        (m > 3, (True, True, True, True)),
        (m < 3, (True, True, True, True)),
        (Ne(m, 3), (None, None, True, True)),
    ],
    ids=str,
)
def test_fresh_symbols_carry_the_condition(relation, assumed):
    (substitution,) = conditions.Domain((relation,)).substitutions()
    ((_, value),) = substitution.items()
    (t,) = value.free_symbols
    assert (t.is_positive, t.is_nonnegative, t.is_nonzero, t.is_integer) == assumed
    assert t.is_real


@pytest.mark.parametrize(
    ("given", "symbol", "forbidden"),
    [
        ((), x, ()), ((), r, (0,)), ((), a, (-1, 0)), ((), q, (0, 1)), ((), p0, (-1,)),
        ((), q0, (1,)), ((x > 0,), x, (-1, 0)), ((x >= 0,), x, (-1,)), ((Ne(x, 1),), x, (1,)),
    ],
    ids=str,
)  # fmt: skip
def test_what_conditions_and_assumptions_forbid(given, symbol, forbidden):
    domain = conditions.Domain(given)
    values = [sympy.Integer(v) for v in (-1, 0, 1)]
    assert tuple(v for v in values if domain.excludes(symbol, v)) == forbidden


@pytest.mark.parametrize(
    ("given", "symbol", "first"),
    [
        ((), x, "0 1 -1 1/2 -1/2 2 -2 1/3 3 -3 5/7 -7/5 1/1000 -1/1000 10 -10 40 -40 9/4 -9/4"),
        ((x > 1,), x, "2 3/2 3 4/3 4 12/7 12/5 1001/1000 11 41 13/4"),
        ((x < 1,), x, "0 1/2 -1 2/3 -2 2/7 -2/5 999/1000 -9 -39 -5/4"),
        ((x >= 1,), x, "1 2 3/2 3"),
        ((x <= 1,), x, "1 0 1/2 -1"),
        (INSIDE, P, "1/2 1/3 2/3 1/4 3/4 5/12 7/12 1/1001 10/11 40/41 9/13"),
        ((P >= 0, P <= 1), P, "0 1 1/2 1/3"),
        ((x > 1, x < 3), x, "2 5/3 7/3"),
        ((Ne(x, 0),), x, "1 -1 1/2"),
        ((), n, "1 2 3 5 4 7 10 6 8"),
        ((), m, "0 1 2 3 -1 5 -2 4 7 -3 10 -10 6 8"),
        ((), a, "1 1/2 2 1/3 3 5/7 7/5 1/1000 10 40 9/4"),
        ((), p0, "0 1 1/2 2"),
        ((), q, "-1 -1/2 -2 -1/3 -3"),
        ((), r, "1 -1 1/2 -1/2"),
        ((Eq(x, 5),), x, "5"),
    ],
    ids=str,
)  # fmt: skip
def test_simple_points_are_tried_first(given, symbol, first):
    points = conditions.Domain(given).points([symbol], [Rational(9, 4)])
    expected = [Rational(value) for value in first.split()]
    assert [point[symbol] for point in points][: len(expected)] == expected


def test_points_are_many_different_permitted_and_always_the_same():
    domain = conditions.Domain((x > y, P > 0, P < 1))
    points = domain.points([P, y, x])
    assert points == domain.points([x, y, P])
    assert len({tuple(point.values()) for point in points}) == len(points) == 48
    assert all(p[x] > p[y] and 0 < p[P] < 1 for p in points)
    assert len(conditions.Domain().points([x])) >= 40
    assert conditions.Domain().points([]) == [{}]
    tied = conditions.Domain((Eq(x, y),)).points([x, y])
    assert len(tied) > 20 and all(point[x] == point[y] for point in tied)


def test_conditions_without_a_point_are_named():
    with pytest.raises(ValueError, match=r"^no values of w, x satisfy .*\(x > w, x < w\): they"):
        conditions.Domain((x > w, x < w)).points([x, w])


# --- bounds ----------------------------------------------------------------------------


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
)
def test_bounds_are_proved_sharp_and_one_way(left, relation, right, options):
    verify(left, right, relation=relation, **options)
    opposite = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}[relation]
    with pytest.raises(DerivationError):
        verify(left, right, relation=opposite, **options)
    for loose in (right + 1, right - 1):
        with pytest.raises(DerivationError):
            verify(left, loose, relation=relation, **options)


@pytest.mark.usefixtures("_no_search")
def test_powers_are_compared_by_their_bases_only_where_they_grow_with_them():
    for small, large, given in [
        (a**-n, b**-n, a < b), (a ** (-p0), b ** (-p0), a < b), (x ** (2 * n), w ** (2 * n), x < w)
    ]:  # fmt: skip
        with pytest.raises(DerivationError, match="could not show"):
            verify(small, large, relation="<", given=given, tight_at={small.free_symbols.pop(): 1})


def test_a_strict_bound_does_not_hold_where_both_sides_are_equal():
    touching = (x**2 - 2) ** 2
    with pytest.raises(DerivationError, match="could not show that .* is positive"):
        verify(touching, 0, relation=">", tight_at={x: sqrt(2)})
    verify(touching, 0, relation=">=", tight_at={x: sqrt(2)})


def test_a_proof_has_to_be_visibly_positive_itself():
    with pytest.raises(DerivationError, match="could not show that b.n − 1 is positive"):
        verify(b**n, 1, relation=">", given=b > 1, proof=b**n - 1)


def test_a_condition_may_be_about_another_symbol():
    assert verify((x + 1) ** 2, x**2 + 2 * x + 1, given=x > w).label is None
    bound = verify(x**2, 0, relation=">=", given=y > 0, tight_at={x: 0})
    assert str(bound) == "x² ≥ 0   for y > 0, x real; equality at x = 0"


def test_a_bound_is_approached_from_the_side_where_its_symbol_lies():
    verify(exp(-1 / a), 0, relation=">", tight_at={a: 0})
    with pytest.raises(DerivationError, match="both sides vanish at q = 0, and their ratio is 1/2"):
        verify(exp(1 / q) / 2, exp(1 / q), relation="<", tight_at={q: 0})
    turned = -(1 + x) * Abs(x) / x
    verify(turned * exp(1 / x), exp(1 / x), relation="<", given=x < 0, tight_at={x: 0})


def test_a_bound_says_how_sharp_it_is():
    with pytest.raises(ValueError, match="attained somewhere"):
        verify(tanh(x) ** 2, 1, relation="<=")
    with pytest.raises(ValueError, match="a looser bound would pass"):
        verify(tanh(x) ** 2, 2, relation="<")
    with pytest.raises(DerivationError, match="violates the condition"):
        verify(P * (1 - P), 0, relation=">=", given=INSIDE, tight_at={P: 1})


def test_a_bound_between_sides_that_vanish_has_to_vanish_as_fast():
    tail = 4 * exp(-2 * x)
    verify(tanh(x).diff(x), tail, relation="<", tight_at={x: oo})
    for loose in (5 * exp(-2 * x), 4 * exp(-x), 4 * exp(-2 * x) + exp(-x)):
        with pytest.raises(DerivationError):
            verify(tanh(x).diff(x), loose, relation="<", given=x > 0, tight_at={x: oo})


@pytest.mark.parametrize(
    "assumed, meaning, wrong",
    [
        ({"positive": True}, cosh(x), -cosh(x)),
        ({"nonnegative": True}, x**2, -(x**2)),
        ({"negative": True}, -exp(x), exp(x)),
        ({"nonpositive": True}, -(x**2), x**2),
    ],
)
def test_a_meaning_has_the_sign_that_its_name_is_declared_to_have(assumed, meaning, wrong):
    name = sympy.Symbol("c", **assumed)
    assert define(name, meaning).lhs == name
    with pytest.raises(DerivationError, match="as c is declared"):
        define(name, wrong)


def test_a_claim_that_is_undefined_in_one_case_is_refused_and_does_not_crash():
    kinked = sympy.Function("r")
    meaning = {kinked: sympy.Lambda(x, sympy.Piecewise((x, x > 0), (0, True)))}
    with pytest.raises(DerivationError, match="undefined"):
        verify(1 / kinked(x), kinked(x), where=meaning)


def test_a_bound_is_not_attained_at_infinity():
    verify(sigma(x), 1, relation="<", where=SIGMA, tight_at={x: oo})
    with pytest.raises(DerivationError, match="no number is x = ∞"):
        verify(sigma(x), 1, relation="<=", where=SIGMA, tight_at={x: oo})


@pytest.mark.parametrize(
    ("left", "relation", "options"),
    [
        (a + 1, ">=", {"tight_at": {a: -1}}),
        (a + 5, ">", {"tight_at": {a: -5}}),
        (m0 + 2, ">", {"tight_at": {m0: -2}}),
        ((x - y) ** 2, ">=", {"tight_at": {x: y}, "given": (x > 1, y < 0)}),
        (Piecewise((x, x >= 0), (1 - x, True)), ">", {"tight_at": {x: 0}, "given": x < 0}),
    ],
    ids=str,
)
def test_a_bound_is_tight_only_where_its_symbols_may_be(left, relation, options):
    with pytest.raises(DerivationError, match="no permitted values were found|is not approached"):
        verify(left, 0, relation=relation, **options)


def test_decimals_are_rounded_values():
    place = 2 * acosh((1 + sqrt(3)) / 2)
    assert str(verify(place, Float("1.6629"), digits=4)).startswith(
        "2·arcosh(1/2 + √(3)/2) ≈ 1.6629"
    )
    assert "0.0960" in str(verify(Rational(96, 1000), Float("0.096"), digits=4))
    for wrong in ("1.6628", "1.6630", "-1.6629"):
        with pytest.raises(DerivationError, match="does not round"):
            verify(place, Float(wrong), digits=4)
    with pytest.raises(ValueError, match="free symbols"):
        verify(x, Float("1.0"), digits=1)


@pytest.mark.parametrize("where, given", [(P, INSIDE), (q, ()), (a, (a < 1,))], ids=str)
def test_a_bound_is_approached_from_inside_its_domain(where, given):
    end = {P: 1, q: 0, a: 1}[where]
    verify(exp(-1 / (end - where)), 0, relation=">", given=given, tight_at={where: end})


@pytest.mark.parametrize(
    ("left", "relation", "right", "options", "message"),
    [
        (x * y, "<=", 1, {}, "x·y ≤ 1 is false at x = "),
        (x + Rational(1, 3), "<", 0, {},
         "at x = 0: the left side is 0.333333333333, the right side is 0.0"),
        (x**2, ">=", 0, {"tight_at": {x: 1}}, "x² ≥ 0: the bound is not attained at x = 1"),
        (tanh(x), "<", 1, {"tight_at": {x: 0}}, "the bound is not approached at x = 0"),
        (tanh(x) ** 2, "<", 2, {"proof": 1 - tanh(x) ** 2},
         "2 − (tanh(x)²) = 1 − tanh(x)² (the proof of tanh(x)² < 2) is false at x = 0: the left "
         "side is 2.0, the right side is 1.0"),
        (x**2, ">", -1, {"proof": x**2 + 2}, "x² − (−1) = x² + 2 (the proof of x² > −1) is false"),
        (exp(-x), "<", 3 * exp(-x), {"tight_at": {x: oo}}, "their ratio is 1/3 there"),
        (log(x), "<", x, {}, "undefined (or not real) at x = 0; add a condition with given="),
        (tanh(x), "<=", 1, {"tight_at": {x: -oo}}, "no number is x = −∞, so nothing is attained"),
        (a, ">=", b - 1, {"given": a >= b, "tight_at": {a: 1, b: 2}},
         "α = 1, b = 2 violates the condition α ≥ b"),
    ],
    ids=str,
)  # fmt: skip
def test_a_refused_bound_says_why(left, relation, right, options, message):
    with pytest.raises(DerivationError, match=re.escape(message)):
        verify(left, right, relation=relation, **options)


def test_a_strict_bound_is_approached_in_one_symbol():
    with pytest.raises(ValueError, match="names one symbol, not x = ∞, y = ∞"):
        verify(tanh(x) * tanh(y), 1, relation="<", tight_at={x: oo, y: oo})


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
        (pi, 3, 0, "π ≈ 3"),
        (pi, Float("3.14"), 2, "π ≈ 3.14"),
        (-pi, Float("-3.142"), 3, "−π ≈ −3.142"),
        (Rational(1, 1000), sympy.Integer(0), 2, "1/1000 ≈ 0.00"),
    ],
    ids=str,
)
def test_decimals_are_shown_with_their_digits(value, decimal, digits, text):
    equation = verify(value, decimal, digits=digits)
    assert equation.text == text
    assert (equation.kind, equation.relation, equation.digits) == ("decimal", "~", digits)
    assert equation.evidence == "evaluated at 50 digits, rounded"
    assert equation.latex == f"{printing.to_latex(value)} \\approx {text.split()[-1]}".replace(
        "−", "-"
    )


def test_a_decimal_is_judged_at_half_a_unit_of_its_last_digit():
    verify(Rational(1249, 1000), Float("1.2"), digits=1)
    for rounded in (0, 1):
        assert verify(HALF, rounded, digits=0).text == f"1/2 ≈ {rounded}"
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
    verify(pi, pi.evalf(40), digits=30)


# --- equivalences ----------------------------------------------------------------------

EQUIVALENT = [
    (Eq(log(P / (1 - P)), z), Eq(P / (1 - P), exp(z)), INSIDE),
    (Eq(P / (1 - P), exp(z)), Eq(P, (1 - P) * exp(z)), INSIDE),
    (Eq(P * (1 + exp(z)), exp(z)), Eq(P, exp(z) / (1 + exp(z))), INSIDE),
    (Eq(log(P / (1 - P)), z), Eq(P, 1 / (1 + exp(-z))), INSIDE),
    (Eq(x, y), Eq(y, x), ()),
    (Eq(x, y), Eq(exp(x), exp(y)), ()),
    (Eq(x, y), Eq(tanh(x), tanh(y)), ()),
    (Eq(a, b), Eq(a**2, b**2), ()),
    (Eq(x**2, x * y), Eq(x, y), (Ne(x, 0),)),
    (Eq(1 / x, 1 / y), Eq(x, y), (Ne(x, 0), Ne(y, 0))),
    (Eq(n * w / 2, 1), Eq(w, 2 / n), ()),
    (Eq(x**3, 1), Eq(x, 1), (x > 0,)),
    (w * s >= 1, w >= 1 / s, ()),
    (w * s >= 1, 1 / s <= w, ()),
    (a > exp(x), log(a) > x, ()),
    (1 / (2 * u**2 - 1) ** 2 > 1 / (4 * u**2), 2 * u > 2 * u**2 - 1, (u >= 1,)),
    (Eq(a**3, exp(y)), Eq(2 * log(a), 2 * y / 3), ()),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x >= 1,)),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x <= 1,)),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x > 0, x <= 2)),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x > 0, Ne(x, 2))),
    (Eq(exp(-x) - x, 1), Eq(x, 0), ()),
    (Eq(x, sympy.atanh(P)), Eq(tanh(x), P), INSIDE),
    (sympy.atanh(P) < x, P < tanh(x), INSIDE),
    (x < y, exp(y) > exp(x), ()),
    (Eq(x - x * y, 0), Eq(x * (1 - y), 0), ()),
    (x < HALF, 2 * x < 1, ()),
    (x > y, 2 * y < 2 * x, ()),
    (Eq(a, 1), Eq(exp(a) + a, sympy.E + 1), ()),
    (Eq(x, n), Eq(exp(x) + x, exp(n) + n), ()),
    (Eq(x, w), Eq(exp(x) + x, exp(w) + w), (Ne(w, 0),)),
    (Eq(x, w), Eq(exp(x) + x, exp(w) + w), (x > 0, w > 0)),
    (Eq(sympy.sin(x) ** 2 + sympy.cos(x) ** 2, 1), Eq(Abs(x) * y, x * y), (x > 0,)),
    (Eq(r * x, r * y), Eq(x, y), ()),
    (Eq(sympy.sin(y) ** 2 + sympy.cos(y) ** 2 + x, 1), Eq(x, 0), ()),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (Ne(x, 2),)),
]
NOT_EQUIVALENT = [
    (Eq(log(P / (1 - P)), z), Eq(P / (1 - P), exp(-z)), INSIDE),
    (Eq(P / (1 - P), exp(z)), Eq(P, (1 + P) * exp(z)), INSIDE),
    (Eq(log(P / (1 - P)), z), Eq(P, 1 / (1 + exp(z))), INSIDE),
    (Eq(x, y), Eq(x**2, y**2), ()),
    (Eq(x**2, y**2), Eq(x, y), ()),
    (Eq(x**2, x * y), Eq(x, y), ()),
    (Eq(x, y), Eq(x * w, y * w), ()),
    (Eq(x, 1), Eq(x**2, 1), ()),
    (Eq(x, y), Eq(x, -y), ()),
    (w * y >= 1, w >= 1 / y, (Ne(y, 0),)),
    (w * s >= 1, w > 1 / s, ()),
    (w * s >= 1, w <= 1 / s, ()),
    (x > y, -x > -y, ()),
    (x**2 < w**2, x < w, ()),
    (x < y, x <= y, ()),
    (Eq(x, 1), Eq(x, 2), ()),
    (Eq(x + y, 1), Eq(x, 1), ()),
    (Eq(r**3, 2), Eq(r**3, 3), ()),
]
UNDEFINED = [
    (Eq(log(P / (1 - P)), z), Eq(P, 1 / (1 + exp(-z))), ()),
    (Eq(P / (1 - P), z), Eq(P, z * (1 - P)), ()),
    (Eq(1 / x, 1 / y), Eq(x, y), ()),
    (Eq(log(x), y), Eq(x, exp(y)), (x > w,)),
    (Eq(1 / (x - Rational(37, 13)), y), Eq(1, y * (x - Rational(37, 13))), ()),
]


@pytest.mark.parametrize(("before", "after", "given"), EQUIVALENT, ids=str)
def test_equivalent_steps_are_accepted_both_ways(before, after, given):
    assert len(Derivation(before, given=given).step(after, because="it follows")) == 1
    assert Derivation(after, given=given).step(before, because="back").result == before


@pytest.mark.parametrize(("before", "after", "given"), NOT_EQUIVALENT, ids=str)
def test_wrong_or_only_implied_steps_are_refused(before, after, given):
    with pytest.raises(DerivationError, match="is not an equivalence: at") as caught:
        Derivation(before, given=given).step(after, because="so it seems")
    point = caught.value.counterexample
    truths = []
    for relation in (before, after):
        values = [complex(side.subs(point).evalf(15)) for side in relation.args]
        close = np.isclose(*values, rtol=1e-9, atol=1e-9)
        less = values[0].real < values[1].real
        if close or relation.rel_op == "==":
            truths.append(close and "=" in relation.rel_op)
        else:
            truths.append(less == (relation.rel_op[0] == "<"))
    assert truths[0] != truths[1]


@pytest.mark.parametrize(("before", "after", "given"), UNDEFINED, ids=str)
def test_steps_without_their_conditions_are_refused(before, after, given):
    said = "^the step from .* to .* does not hold as stated: .*; add a condition with given="
    with pytest.raises(DerivationError, match=said):
        Derivation(before, given=given).step(after, because="it follows")


@pytest.mark.parametrize(
    ("before", "after", "given"),
    [
        (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x > 1,)),
        (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x < 1,)),
        (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x > 0, Ne(x, 1))),
        (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x**2 < 4,)),
        (Eq(x, 0), Eq(x, 1), (x**2 > 4,)),
        (Eq(n, 1), Eq(exp(n) + n, sympy.E + 1), ()),
        (Eq(r, 1), Eq(exp(r) + r, sympy.E + 1), ()),
    ],
    ids=str,
)
def test_a_common_root_has_to_be_the_only_one_and_permitted(before, after, given):
    with pytest.raises(DerivationError, match="is not proved to be an equivalence"):
        Derivation(before, given=given).step(after, because="the same root")


def test_a_root_that_is_written_down_needs_no_solver(monkeypatch):
    monkeypatch.setattr(equivalence, "_solutions", lambda *arguments: [])
    for before, after in [(Eq(x, 0), Eq(exp(-x) - x, 1)), (Eq(0, x), Eq(exp(-x) - x, 1))]:
        Derivation(before).step(after, because="the same root")
        Derivation(after).step(before, because="the same root")


def test_a_refused_step_says_where_and_which_relation_fails():
    with pytest.raises(DerivationError) as caught:
        Derivation(Eq(x, 1)).step(Eq(x**2, 1), because="square")
    assert str(caught.value) == (
        "the step from x = 1 to x² = 1 is not an equivalence: at x = −1, x² = 1 holds "
        "and x = 1 does not"
    )
    assert caught.value.counterexample == {x: -1}
    with pytest.raises(DerivationError, match=r"at x = 1, x ≤ 1 holds and x < 1 does not"):
        Derivation(x < 1).step(x <= 1, because="wrong")
    with pytest.raises(DerivationError, match=r"at x = −1, x² = 1 holds and x = 1 does not"):
        Derivation(Eq(x**2, 1)).step(Eq(x, 1), because="root")


@pytest.mark.parametrize(
    ("before", "after", "given", "message"),
    [
        (Eq(x**3, 2), Eq(x**3, 3), (), "at x = 1.25992104989, x³ = 2 holds and x³ = 3 does not"),
        (Eq(16 * x, 3), Eq(16 * x, 4), (), "at x = 3/16, 16·x = 3 holds and 16·x = 4 does not"),
        (Eq(x**3, 2), Eq(x**3, 3), (x > w,), "x = 1.25992104989, x³ = 2 holds and x³ = 3 does"),
        (Eq(x**3, 2), Eq(x**3, 3), (x * w > 1,), "x = 1.25992104989, x³ = 2 holds and x³ = 3"),
        (Eq(x, 2 * w), Eq(x, 3 * w), (x > w,), "x = 2·w holds and x = 3·w does not"),
    ],
    ids=str,
)
def test_a_counterexample_to_an_equivalence_is_looked_for_at_the_roots(
    before, after, given, message
):
    with pytest.raises(DerivationError, match=re.escape(message)):
        Derivation(before, given=given).step(after, because="wrong")


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        ((x, "==", y), (exp(x), "==", exp(y)), True),
        ((exp(x), "==", exp(y)), (x, "==", y), True),
        ((x, "==", y), (exp(y), "==", exp(x)), True),
        ((x, "==", y), (tanh(x), "==", tanh(y)), True),
        ((a, "==", b), (log(a), "==", log(b)), True),
        ((x, "<", y), (exp(x), "<", exp(y)), True),
        ((x, "<", y), (exp(y), ">", exp(x)), True),
        ((x, "<", y), (exp(y), "<", exp(x)), False),
        ((x, "<", y), (exp(x), ">", exp(y)), False),
        ((x, "<", y), (exp(x), "<=", exp(y)), False),
        ((x, "==", y), (-exp(x), "==", -exp(y)), False),
        ((x, "==", y), (x**2, "==", y**2), False),
        ((x, "==", y), (exp(x), "==", exp(2 * y)), False),
    ],
    ids=str,
)
def test_a_function_that_grows_may_be_applied_to_both_sides(before, after, holds):
    assert equivalence._by_function(before, after, conditions.Domain()) == holds


BENT = Piecewise((x, x > 0), (2 * x, True))


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        ((x, "==", sympy.S.Zero), (exp(x), "==", sympy.S.One), True),
        ((2 * x, "==", sympy.S.One), (8 * x**3 + x, "==", 3 * HALF), True),
        ((x, "==", 1 + w), (x - w + exp(x - w), "==", 1 + sympy.E), True),
        ((-x, "==", sympy.S.One), (exp(-x), "==", sympy.E), True),
        ((x, "==", sympy.S.Zero), (exp(x), "==", sympy.S(2)), False),
        ((x, "==", sympy.S.Zero), (x**2, "==", sympy.S.Zero), False),
        ((x, "==", sympy.S.Zero), (x + Abs(x) / 2, "==", sympy.S.Zero), False),
        ((x, "==", sympy.S.Zero), (BENT, "==", sympy.S.Zero), False),
        ((x, "==", w**2), (x + exp(x), "==", w**2 + exp(w**2)), True),
    ],
    ids=str,
)  # fmt: skip
def test_equations_with_one_root_are_compared_by_it(before, after, holds):
    domain = conditions.Domain()
    assert equivalence._by_unique_root(before, after, {x, w}, domain) == holds
    assert equivalence._by_unique_root(after, before, {x, w}, domain) == holds


@pytest.mark.usefixtures("_no_search")
def test_an_equation_is_no_inequality():
    with pytest.raises(DerivationError, match="an equation is not equivalent to an inequality"):
        Derivation(Eq(x, y)).step(x <= y, because="weaker")


def test_steps_use_the_definitions():
    start = Eq(sigma(x), P)
    chain = Derivation(start, where=SIGMA, given=INSIDE).step(
        Eq(x, log(P / (1 - P))), because="solve for $x$"
    )
    assert chain.where == SIGMA
    with pytest.raises(DerivationError):
        Derivation(start, given=INSIDE).step(Eq(x, log(P / (1 - P))), because="solve for $x$")


LOGIT_STEPS = [
    (Eq(P / (1 - P), exp(z)), r"apply $\exp$ to both sides"),
    (Eq(P, (1 - P) * exp(z)), "multiply by $1 - P$, which is not zero"),
    (Eq(P, Add(exp(z), -P * exp(z), evaluate=False)), "multiply out"),
    (Eq(P * (1 + exp(z)), exp(z)), "collect $P$"),
    (Eq(P, exp(z) / (1 + exp(z))), "divide by $1 + e^z$"),
    (Eq(P, 1 / (1 + exp(-z))), "divide both by $e^z$"),
]


def logit_to_sigmoid(**options):
    chain = Derivation(Eq(log(P / (1 - P)), z), given=INSIDE, **options)
    for equation, reason in LOGIT_STEPS:
        chain = chain.step(equation, because=reason)
    return chain


@pytest.mark.parametrize("index", range(len(LOGIT_STEPS)))
def test_altered_steps_of_a_derivation_are_refused(index):
    chain = Derivation(Eq(log(P / (1 - P)), z), given=INSIDE)
    for equation, reason in LOGIT_STEPS[:index]:
        chain = chain.step(equation, because=reason)
    equation, reason = LOGIT_STEPS[index]
    altered = [Eq(left, equation.rhs, evaluate=False) for left in mutants(equation.lhs)]
    altered += [Eq(equation.lhs, right, evaluate=False) for right in mutants(equation.rhs)]
    refused = 0
    for other in dict.fromkeys(altered):
        gaps = [(e.lhs - e.rhs) for e in (equation, other)]
        point = {z: 0.3, P: float(sympy.N(1 / (1 + exp(-0.3)))), x: 0.21, y: 0.77}
        if abs(complex(gaps[1].subs(point))) < 1e-9:
            continue
        with pytest.raises(DerivationError):
            chain.step(other, because=reason)
        refused += 1
    assert refused >= 5


# --- the prover by itself: it must not lean on the search for counterexamples -----------


@pytest.fixture
def _no_search(monkeypatch):
    monkeypatch.setattr(relations, "refute", lambda *arguments: None)
    monkeypatch.setattr(equivalence, "_refute_equivalence", lambda *arguments: None)


BARELY_FALSE = [
    (Eq(x**2, y**2), Eq(x, -y), (x > 0,)),
    (Eq(x, w), Eq(x * P, w * P), (P >= 0, P < 1)),
    (x > w, x * P > w * P, (P >= 0,)),
    (Eq((x - 1) ** 2, 0), Eq((x - 1) * x, 0), ()),
    (Eq(y - x - 1 / (y - x), 0), Eq(y, x + 1), (Ne(x, y),)),
]


@pytest.mark.usefixtures("_no_search")
@pytest.mark.parametrize(("before", "after", "given"), NOT_EQUIVALENT + BARELY_FALSE, ids=str)
def test_no_wrong_step_is_proved(before, after, given):
    with pytest.raises(DerivationError, match="not proved to be an equivalence"):
        Derivation(before, given=given).step(after, because="so it seems")
    with pytest.raises(DerivationError, match="not proved to be an equivalence"):
        Derivation(after, given=given).step(before, because="so it seems")


@pytest.mark.usefixtures("_no_search")
@pytest.mark.parametrize(
    ("left", "right", "given"),
    [
        (sqrt(x**2), x, ()),
        (log(x**2), 2 * log(-x), x < 0),
        (sign(x), 1, x >= 0),
        (sign(P), 1, (P >= 0, P <= 1)),
        (Piecewise((1, P < 1), (0, True)), 1, (P > 0, P <= 1)),
        (Piecewise((1, Ne(x, 2)), (0, True)), 1, ()),
        (Abs(x - w), w - x, x <= w + 1),
        (tanh(x), 2 / (1 + exp(-2 * x)) + 1, ()),
        (sympy.cos(pi * n), 1, ()),
        (n * (n - 1) * (n - 2) * (n - 3), 0, n < 5),
    ],
    ids=str,
)
def test_no_false_identity_is_proved(left, right, given):
    if left == log(x**2):
        verify(left, right, given=given)  # this one is true
        return
    with pytest.raises(DerivationError, match="not proved"):
        verify(left, right, given=given)


@pytest.mark.parametrize(
    ("expression", "given", "signs"),
    [
        (x, (), ""),
        (P, (P >= 0, P <= 1), "nonnegative"),
        (1 - P, (P >= 0, P <= 1), "nonnegative"),
        (P - 1, (P < 1,), "negative nonpositive nonzero"),
        (P * (1 - P), INSIDE, "positive nonnegative nonzero"),
        (x, (Ne(x, 0),), "nonzero"),
        (x**2, (Ne(x, 0),), "positive nonnegative nonzero"),
        (x**2 - 2 * x + 1, (), "nonnegative"),
        (-(x**2) + x - 1, (), "negative nonpositive nonzero"),
        (x**3 - x, (x > 1,), "positive nonnegative nonzero"),
        (x**3 - x, (x > 0,), ""),
        (exp(u) - 1, (), "positive nonnegative nonzero"),
        (exp(-u) - 1, (), "negative nonpositive nonzero"),
        (exp(2 * u) - exp(u) - 1, (), ""),
        (exp(x) - 1, (x < 0,), "negative nonpositive nonzero"),
        (exp(Symbol("m", negative=True)) - 1, (), "negative nonpositive nonzero"),
        (exp(x) - 1, (), ""),
        (n, (), "positive nonnegative nonzero"),
        (n - 1, (), "nonnegative"),
        (n - 2, (), ""),
        (n - 2, (n >= 3,), "positive nonnegative nonzero"),
        (w - x, (x < w,), "positive nonnegative nonzero"),
        (3 - x, (x < w, w < 2), "positive nonnegative nonzero"),
        (1 - x**2, (Abs(x) < 1,), "positive nonnegative nonzero"),
        (exp(3 * x) - exp(x) + 1, (), "positive nonnegative nonzero"),
        (-(x**4) - 1, (), "negative nonpositive nonzero"),
        ((x**2 + 1) ** 2, (), "positive nonnegative nonzero"),
        (-((x**2 + 1) ** 3), (), "negative nonpositive nonzero"),
        ((x - 1) ** 2 * (x**2 + 1), (), "nonnegative"),
        (a * (a - b) ** 2, (), "nonnegative"),
        (a - b, (), ""),
        (x**3 + 1, (), ""),
        (r**2, (), "positive nonnegative nonzero"),
        (r**3, (), "nonzero"),
        (a * r, (), "nonzero"),
        (p0 * r, (), ""),
        (q * r, (), "nonzero"),
        (p0 * q, (), "nonpositive"),
        (q0, (), "nonpositive"),
        (-Abs(x), (), "nonpositive"),
        (Abs(x) - 1, (x > 1,), "positive nonnegative nonzero"),
        (Max(1, x), (), "positive nonnegative nonzero"),
        (Min(-1, x), (), "negative nonpositive nonzero"),
        (sympy.Heaviside(x) + 1, (), "positive nonnegative nonzero"),
        (1 - tanh(x) ** 2, (), "positive nonnegative nonzero"),
        (sqrt(2) - 1, (), "positive nonnegative nonzero"),
        (exp(x / 2) - exp(x / 3), (x > 0,), "positive nonnegative nonzero"),
        (exp(x / 2) - exp(x / 3), (), ""),
        (P**2 - P, INSIDE, "negative nonpositive nonzero"),
        (cosh(x) - 1, (), "nonnegative"),
        (Piecewise((1, x > 0), (-2, True)), (), "nonzero"),
        (n * (n - 1), (), "nonnegative"),
        (n**2 - n - 2, (n >= 3,), "positive nonnegative nonzero"),
        (x, (Eq(x, 2),), "positive nonnegative nonzero"),
    ],
    ids=str,
)
def test_signs_that_can_be_proved_and_no_others(expression, given, signs):
    domain = conditions.Domain(tuple(given))
    proved = {
        sign for sign in proving._ACCEPTED if proving.is_proved_sign(expression, sign, domain)
    }
    assert proved == set(signs.split())


@pytest.mark.parametrize(
    ("condition", "given", "truth"),
    [
        (x < w, (x < w,), True), (x < w, (x >= w,), False), (x <= w, (x <= w,), True),
        (x <= w, (x > w,), False), (x > w, (x > w,), True), (x > w, (x <= w,), False),
        (x >= w, (x >= w,), True), (x >= w, (x < w,), False), (x < w, (), None),
        (x < w, (x <= w,), None), (x + w > 0, (x > 0, w > 0), True), (Eq(x, w), (), None),
        (Eq(x, w), (x > w,), False), (Ne(x, w), (x > w,), True), (Eq(x, x * w), (Eq(w, 1),), True),
        (Piecewise((x, x > w), (w, True)) >= w, (), None),
    ],
    ids=str,
)  # fmt: skip
def test_a_condition_may_be_settled_on_the_whole_domain(condition, given, truth):
    assert proving._settled(condition, conditions.Domain(given)) == truth


@pytest.mark.parametrize(
    ("polynomial", "sign"),
    [
        (a + b, "+"), (-a - b, "-"), (a - b, None), (p0 + a, "+"), (a + a * p0, "+"),
        (a * p0 + p0**2, "0+"), (-3 * a * p0, "0-"), (a * b + 1, "+"), (x * y + 1, None),
        (x**2 + 1, "+"), (-(x**2) - 1, "-"), (x**2 - x + 1, "+"), (x**2 - 2, None),
        (p0**3 - p0 + 1, "+"), (x**3 - x + 1, None), (x**2 + sqrt(2), None),
        (Symbol("c") ** 2 + 1, None), (sympy.I * a + 1, None), (2 * a - 1, None),
    ],
    ids=str,
)  # fmt: skip
def test_the_sign_of_a_polynomial(polynomial, sign):
    assert proving._polynomial_sign(polynomial) == sign


@pytest.mark.parametrize(
    ("expression", "sign"),
    [
        (-a, "-"), (a - a * tanh(x) ** 2, "+"), (exp(q) - 1, "-"), (1 - exp(q), "+"),
        (exp(a) - 2, None), (2 - exp(q), "+"), (exp(a) - 1, "+"), (2 * exp(q) - 1, None),
        (x**2 - 2 * x + 1, "0+"), (2 * x - x**2 - 1, "0-"), (r * a, "±"),
        (log(x), None), (exp(Rational(2, 3) * a) - exp(a / 2), "+"),
    ],
    ids=str,
)  # fmt: skip
def test_the_sign_of_an_expression(expression, sign):
    assert proving._sign(expression) == sign


@pytest.mark.parametrize(
    ("product", "sign"),
    [
        (x**2, "0+"), (x**3, None), (r**2, "+"), (q**2, "+"), (a**2, "+"), (q * x**2, "0-"),
        (Symbol("c") ** 2, None), (-5 * q**3, "+"), (r**2 * q, "-"), (q**2 * r, "±"),
        ((x**2 + 1) ** 2, "+"),
    ],
    ids=str,
)  # fmt: skip
def test_the_sign_of_a_product(product, sign):
    assert proving._product_sign(product) == sign


@pytest.mark.parametrize(
    ("expression", "powers"),
    [
        (exp(2 * x) + exp(x), {1, 2}), (exp(x / 2) * exp(x / 3), {5}),
        (exp(x + 2 * y), {1, 2}), (exp(x * y + x), {1}),
        (exp(x) * exp(pi * y), {1}), (exp(x * (x + 1)), {1}),
    ],
    ids=str,
)  # fmt: skip
def test_exponentials_of_one_argument_become_powers_of_one_symbol(expression, powers):
    form = proving._rational_form(expression)
    fresh = form.free_symbols - {x, y}
    assert {p.exp for p in form.atoms(Pow)} | {1} >= powers and not form.has(exp)
    assert fresh and all(symbol.is_positive for symbol in fresh)
    assert len(fresh) == len({t.as_coeff_Mul()[1] for e in expression.atoms(exp)
                              for t in Add.make_args(sympy.expand(e.args[0]))})  # fmt: skip


def test_decimal_multiples_stay_exponentials():
    form = proving._rational_form(exp(Float("0.5") * x + y))
    (unit,) = form.free_symbols - {x}
    assert form == unit * exp(Float("0.5") * x)


def test_logarithms_of_exponentials_are_their_arguments():
    assert proving._rational_form(log(exp(x) * exp(x * y / 2)) - x - x * y / 2) == 0
    assert proving._rational_form(log(a**2 * b) - 2 * log(a) - log(b)) == 0


def test_functions_with_kinks_are_written_as_cases():
    assert derivatives.unfolded(Abs(a, evaluate=False)) == a
    assert derivatives.unfolded(Abs(x)) == Piecewise((x, x >= 0), (-x, True))
    for function in (Max(x, 1), Min(x, 1), sympy.Heaviside(x)):
        assert derivatives.unfolded(function).func is Piecewise
    assert derivatives.unfolded(sign(x)) == Piecewise((1, x > 0), (-1, x < 0), (0, True))


def test_only_what_is_not_zero_at_a_permitted_point_is_given_up():
    assert proving._looks_nonzero(x - y)
    assert not proving._looks_nonzero(acosh(cosh(q)) + q)
    assert not proving._looks_nonzero(sympy.sin(pi * n * (n + 1) / 2))
    assert not proving._looks_nonzero(Derivative(f(x), x))


@pytest.mark.parametrize(
    ("first", "second", "product"),
    [
        ("+", "+", "+"), ("+", "-", "-"), ("-", "-", "+"), ("0+", "+", "0+"), ("0+", "0-", "0-"),
        ("0-", "0-", "0+"), ("-", "0-", "0+"), ("±", "+", "±"), ("±", "±", "±"),
        ("±", "0+", None), (None, "+", None),
    ],
)  # fmt: skip
def test_signs_multiply(first, second, product):
    assert proving._times(first, second) == product
    assert proving._times(second, first) == product


@pytest.mark.parametrize(
    ("value", "signs"),
    [
        (-1, "negative nonpositive nonzero"),
        (0, "nonnegative nonpositive"),
        (HALF, "positive nonnegative nonzero"),
    ],
)
def test_the_signs_of_a_number(value, signs):
    found = {sign for sign in proving._ACCEPTED if proving._has_sign(value, sign)}
    assert found == set(signs.split())


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
    (x > 1 / y, y > 0, "y is not nonzero (it is a denominator) at y = 0"),
    (Piecewise((1 / x, x >= 0), (0, True)), Ne(x, 0), "x is not nonzero (it is a denominator)"),
    (Piecewise((0, x > 0), (log(x), True)), x > 0, "x is not positive (log needs it) at x = 0"),
]  # fmt: skip


@pytest.mark.parametrize("case", NEEDS, ids=str)
def test_what_an_expression_needs_to_be_defined(case):
    expression, enough, message, *given = case
    enough = enough if isinstance(enough, tuple) else (enough,)
    proving.require_defined(expression, conditions.Domain(enough), "the claim")
    with pytest.raises(DerivationError) as caught:
        proving.require_defined(expression, conditions.Domain(tuple(given)), "the claim")
    assert f"the claim does not hold as stated: {message}" in str(caught.value)
    assert caught.value.counterexample


@pytest.mark.parametrize(
    "expression",
    [
        Piecewise((1 / x, x > 0), (0, True)),
        Piecewise((0, x <= 0), (log(x), True)),
        Piecewise((log(x), (x > 0) & (x < 1)), (0, True)),
        Piecewise((1, x > 0), (2, x < 0), (3, Eq(x, 0))),
        Piecewise((1 / x, x > 0), (1 / (x - 1), x < 0), (0, True)),
        Derivative(x**3, x, 2),
        Derivative(x * Abs(x), x),
        Derivative(Abs(r), w),
        Derivative(Piecewise((x, x < 0), (x + x**2, x < 1), (3 * x - 1, True)), x),
        Derivative(Piecewise((x**2, x < 0), (0, x < 1), ((x - 1) ** 2, True)), x),
        Integral(1 / x, (x, 1, 2)),
        Integral(f(x), (x, 0, 1)),
        Limit(1 / x, x, oo),
        sympy.atan(x) + sympy.asinh(x) + sympy.erfc(x) + sympy.sech(x) + sympy.sin(x),
        sympy.Heaviside(x) + sign(x) + f(x),
    ],
    ids=str,
)
def test_what_is_defined_everywhere(expression):
    proving.require_defined(expression, conditions.Domain(), "the claim")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (sympy.tan(x), "could not show that cos(x) is nonzero (tan needs it)"),
        (sympy.zeta(x), "it is not known here where zeta is defined"),
        (Piecewise((1, x > 0), (2, x < 0)), "{1 if x > 0; 2 if x < 0} leaves cases open"),
        (Piecewise((1, x > 0)), "{1 if x > 0} leaves cases open"),
        (Limit(1 / x, x, 0), "oo is not a number"),
        (Limit(-1 / x, x, 0), "-oo is not a number"),
        (sympy.zoo, "zoo is not a number"),
        (sympy.nan, "nan is not a number"),
        (
            Derivative(Piecewise((x**2, x > y), (0, True)), x),
            "cannot tell where x > y changes in x",
        ),
        (Derivative(Abs(x * y), x), "cannot tell where x·y ≥ 0 changes in x"),
        (Derivative(Piecewise((1, exp(x) > 4), (0, True)), x), "cannot tell where exp(x) > 4 chan"),
    ],
    ids=str,
)
def test_what_is_not_known_to_be_defined(expression, message):
    with pytest.raises(DerivationError, match=f"the claim is not proved: {re.escape(message)}"):
        proving.require_defined(expression, conditions.Domain(), "the claim")


def test_a_function_that_is_not_known_is_named_with_the_claim():
    with pytest.raises(DerivationError, match=r"^ζ\(x\) = ζ\(x\) is not proved: it is not known"):
        verify(sympy.zeta(x), Mul(sympy.zeta(x), 1, evaluate=False), given=x > 1)


def test_a_second_slope_is_the_slope_of_the_first():
    twice = Derivative(x * Abs(x), x, 2)
    said = "at x = 0 the slope is −2 from the left and 2 from the right"
    with pytest.raises(DerivationError, match=f"the claim does not hold as stated: {said}"):
        proving.require_defined(twice, conditions.Domain(), "the claim")
    with pytest.raises(DerivationError, match=said):
        verify(twice, 2 * sign(x))


def test_an_unknown_slope_may_be_zero():
    with pytest.raises(DerivationError, match="slope is not nonzero .* at slope = 0"):
        verify(Sum(1 / f(x).diff(x), (k, 1, 3)), 3 / f(x).diff(x))
    verify(Sum(f(x).diff(x), (k, 1, 3)), 3 * f(x).diff(x))


@pytest.mark.parametrize("turn", [1, -1])
def test_a_slope_at_a_kink_is_taken_from_its_own_side(turn):
    bump = Piecewise((exp(-1 / (turn * x)), turn * x > 0), (0, True))
    slope = Piecewise((turn * exp(-1 / (turn * x)) / x**2, turn * x > 0), (0, True))
    verify(Derivative(bump, x), slope)
    with pytest.raises(DerivationError):
        verify(Derivative(bump, x), -slope)


def test_each_kink_is_looked_at_between_its_neighbours():
    joined = Piecewise((-x, x <= 0), (x, x <= 1), ((x**2 + 1) / 2, True))
    slope = Piecewise((-1, x <= 0), (1, x <= 1), (x, True))
    verify(Derivative(joined, x), slope, given=Ne(x, 0))
    with pytest.raises(DerivationError, match="at x = 0 the slope is −1 from the left and 1 from"):
        verify(Derivative(joined, x), slope)


def test_a_jump_is_named():
    step = Piecewise((1, x > 2), (0, True))
    with pytest.raises(DerivationError, match="the function jumps at x = 2, so") as caught:
        verify(Derivative(step, x), 0)
    assert caught.value.counterexample == {x: 2}
    verify(Derivative(step, x), 0, given=Ne(x, 2))


# --- the search for counterexamples ------------------------------------------------------


def test_unknown_functions_are_replaced_by_definite_ones():
    positive = Function("p", positive=True)
    shown, chosen = refuting.with_definite_functions([f(x) + L(x, y), positive(2 * x)])
    assert {str(name): printing.to_text(meaning.expr) for name, meaning in chosen.items()} == {
        "L": "1/2 − 2·u₀/3 − u₁ + (2·u₀/3 + u₁)²/3 + exp(u₀/3 + u₁/2)",
        "f": "1/3 + u₀²/12 − u₀/2 + exp(u₀/4)",
        "p": "1/4 + exp(u₀/5)",
    }
    assert all(u.is_real for meaning in chosen.values() for u in meaning.variables)
    assert shown[0] == chosen[f](x) + chosen[L](x, y)
    assert shown[1] == chosen[positive](2 * x)


def test_a_counterexample_names_the_functions_that_were_put_in():
    with pytest.raises(DerivationError) as caught:
        verify(f(x) + L(x, x), 0)
    assert ", L(…) = 1/2 − 2·u₀/3 − " in str(caught.value)
    assert "u₁/2), f(…) = 1/3 + u₀²/12 − u₀/2 + exp(u₀/4): the left side is" in str(caught.value)


def test_the_smallest_numbers_of_an_expression_are_tried():
    assert refuting.number_hints(17 * x + HALF, exp(-3 * x) + 59 * y, 60 * y) == [HALF, -3, 17, 59]
    assert refuting.number_hints(3 * x**-3) == [-3, 3]
    assert len(refuting.number_hints(sum(i * x**i for i in range(2, 20)))) == 12


def test_sums_and_integrals_are_evaluated_to_many_digits():
    total = refuting.evaluator(Sum(x**k, (k, 0, 3)), [x])
    assert total({x: sympy.Integer(2)}, 50) == 15
    area = refuting.evaluator(Integral(exp(-(y**2)), (y, 0, x)), [x])
    exact = (sqrt(pi) / 2 * erf(1)).evalf(60)
    assert abs(sympy.Float(area({x: sympy.Integer(1)}, 50), 50) - exact) < 1e-45
    factors = refuting.evaluator(sympy.Product(x + k, (k, 1, 3)), [x])
    assert factors({x: sympy.Integer(2)}, 50) == 60


def test_a_value_is_real_where_its_imaginary_part_is_a_rounding_error():
    turn = refuting.evaluator(exp(sympy.I * pi * x), [x])
    assert abs(turn({x: sympy.Integer(1)}, 50) + 1) < 1e-45
    assert turn({x: HALF}, 50) is None
    assert refuting.evaluator(10**20 * exp(sympy.I * pi * x), [x])({x: sympy.Integer(1)}, 50) < 0


def test_only_a_difference_that_stays_when_digits_are_added_is_one():
    def judged(first, second, scale):
        values = {50: mpmath.mpf(first), 100: mpmath.mpf(second)}
        return refuting._surely_nonzero(values.get, mpmath.mpf("1e-30") * mpmath.mpf(scale))

    assert judged("3e-20", "3e-20", 1) == mpmath.mpf("3e-20")
    assert judged("3e-20", "2e-70", 1) is None
    assert judged("3e-20", "2e-20", 1) is None
    assert judged("3e-40", "3e-40", 1) is None
    assert judged("3e-40", "3e-40", "1e-20") == mpmath.mpf("3e-40")


@pytest.mark.parametrize(
    ("operator", "difference", "at_the_point", "refuted"),
    [
        ("==", 1, 1, True), ("==", None, 0, False), ("<", 1, 1, True), ("<", 0.5, 0.5, True),
        ("<", -1, -1, False), ("<=", 0.5, 0.5, True), ("<=", -1, -1, False), (">", -1, -1, True),
        (">", 1, 1, False), (">=", -1, -1, True), (">=", 1, 1, False), ("<", None, 0, True),
        (">", None, 0, True), ("<=", None, 0, False), (">=", None, 0, False),
        ("<", None, 1e-60, False), (">", None, 1, False),
    ],
)  # fmt: skip
def test_what_a_difference_says_of_a_claim(operator, difference, at_the_point, refuted):
    def gap(point, digits):
        return {x: at_the_point}[next(iter(point))]

    assert refuting._contradicts(operator, difference, gap, {x: 0}) is refuted


def test_a_point_is_written_symbol_by_symbol():
    assert refuting.assignment_text({x: HALF, a: 2}) == "x = 1/2, α = 2"


@pytest.mark.parametrize("sides", [lambda odd: (odd, 0), lambda odd: (0, odd)])
def test_numbers_of_both_sides_are_tried(sides):
    place = Rational(37, 13)
    odd = Piecewise((5, Eq(x, place)), (0, True))
    with pytest.raises(DerivationError, match="is false at x = 37/13"):
        verify(*(sympy.sympify(side) for side in sides(odd)))


# --- chains ----------------------------------------------------------------------------


def sigmoid_slope(**options):
    e = exp(-x)
    quotient = Mul(Derivative(1 + e, x), Pow(1 + e, -2), -1)
    factors = Mul(1 / (1 + e), Mul(e, 1 / (1 + e), evaluate=False), evaluate=False)
    return (
        Derivation(sigma(x).diff(x), where=SIGMA, **options)
        .step(Derivative(1 / (1 + e), x), because="insert the definition")
        .step(quotient, because="the quotient rule")
        .step(e / (1 + e) ** 2, because="the derivative of $e^{-x}$ is $-e^{-x}$")
        .step(factors, because="split the fraction")
        .step(sigma(x) * (1 - sigma(x)), because=r"recognise $\sigma(x)$")
    )


def test_a_derivation_grows_without_changing():
    start = Derivation(sigma(x).diff(x), where=SIGMA)
    longer = start.step(Derivative(1 / (1 + exp(-x)), x), because="definition")
    assert (len(start), len(longer)) == (0, 1)
    assert start.result == sigma(x).diff(x)
    assert longer.steps[0].because == "definition"
    assert len(sigmoid_slope()) == 5


def test_chains_of_bounds():
    chain = Derivation(x * (1 - x)).step(QUARTER - (x - HALF) ** 2, because="complete the square")
    chain = chain.step(QUARTER, because="a square", relation="<=", tight_at={x: HALF})
    assert "  ≤ 1/4   (a square)" in str(chain)
    with pytest.raises(ValueError, match="both up and down"):
        chain.step(QUARTER - x**2, because="no", relation=">=", tight_at={x: 0})
    with pytest.raises(DerivationError):
        chain.step(Rational(1, 5), because="no", relation="<", proof=Rational(1, 20))


def test_affine_layers_collapse():
    sizes = sympy.symbols("n m k", integer=True, positive=True)
    rows = {"W_1": (1, 0), "b_1": (1, None), "W_2": (2, 1), "b_2": (2, None), "x": (0, None)}
    W1, b1, W2, b2, X = (
        MatrixSymbol(name, sizes[i], 1 if j is None else sizes[j]) for name, (i, j) in rows.items()
    )
    layers = W2 * (W1 * X + b1) + b2
    equation = verify(layers, (W2 * W1) * X + (W2 * b1 + b2))
    assert str(equation) == "W₂·(W₁·x + b₁) + b₂ = W₂·W₁·x + W₂·b₁ + b₂"
    for wrong in [
        (W2 * W1) * X + W2 * b1 - b2, (W2 * W1) * X + b2, 2 * (W2 * W1) * X + W2 * b1 + b2,
        (W2 * W1) * X + 2 * W2 * b1 + b2,
    ]:  # fmt: skip
        with pytest.raises(DerivationError, match="is false at") as caught:
            verify(layers, wrong)
        assert set(caught.value.counterexample) == set(rows)
    with pytest.raises(DerivationError, match="shapes"):
        verify(layers, W1 * X + b1)


def test_steps_keep_what_they_were_given():
    proof, place = (x - HALF) ** 2, {x: HALF}
    chain = Derivation(x * (1 - x), given=x < 1, where=SIGMA, label="eq-steps").step(
        QUARTER, because=" a square ", relation="≤", proof=proof, tight_at=place
    )
    assert (chain.start, chain.given, chain.where) == (x * (1 - x), (x < 1,), SIGMA)
    assert (chain.label, chain.kind, chain.evidence) == (
        "eq-steps",
        "derivation",
        "symbolic, 1 step",
    )
    (step,) = chain.steps
    assert (step.expression, step.because, step.relation) == (QUARTER, "a square", "<=")
    assert (step.proof, step.tight_at) == (proof, place)
    (first,) = Derivation(x + x**2).step(x * (1 + x), because="factor").steps
    assert (first.relation, first.proof, first.tight_at) == ("==", None, None)


def test_a_chain_of_bounds_may_go_on_in_its_direction():
    chain = Derivation(x * (1 - x)).step(
        QUARTER, because="a square", relation="<=", tight_at={x: HALF}
    )
    chain = chain.step(HALF, because="larger", relation="<", proof=QUARTER)
    assert [step.relation for step in chain.steps] == ["<=", "<"]
    with pytest.raises(ValueError, match=r"^1/2 > 1/4: a chain cannot go both up and down"):
        chain.step(QUARTER, because="no", relation=">", proof=QUARTER)


def test_steps_are_lettered_beyond_the_alphabet():
    assert [chains._letter(k) for k in (0, 1, 25, 26, 27, 51, 52, 702)] == [
        "a", "b", "z", "aa", "ab", "az", "ba", "aaa",
    ]  # fmt: skip


def test_a_derivation_is_typeset_in_rows():
    chain = Derivation(x + x**2).step(x * (1 + x), because="factor $x$")
    assert chain.latex == "\n".join([
        r"\begin{aligned}",
        r"x^{2} + x \overset{\text{(a)}}{=}\ & x \left(x + 1\right) \\",
        r"& \small \text{for } x \in \mathbb{R}",
        r"\end{aligned}",
    ])  # fmt: skip
    assert chain._repr_latex_() == "\n".join([
        "$$",
        r"\begin{aligned}",
        r"x^{2} + x =\ & x \left(x + 1\right) && \text{factor $x$} \\",
        r"& \small \text{for } x \in \mathbb{R}",
        r"\end{aligned}",
        "$$",
    ])  # fmt: skip
    assert chain._reasons() == ["(a) factor $x$"]
    numbers = Derivation(Mul(2, 3, evaluate=False)).step(6, because="multiply")
    start = Derivation(Mul(2, 3, evaluate=False))
    assert start.latex == "\\begin{aligned}\n& 2 \\cdot 3\n\\end{aligned}"
    assert r"\small" not in numbers.latex
    assert str(numbers) == "2·3\n  = 6   (multiply)"


def test_every_step_has_its_row():
    chain = Derivation(x + x**2).step(x * (1 + x), because="factor").step(x**2 + x, because="back")
    assert chain.latex.split("\n")[1:-1] == [
        r"x^{2} + x \overset{\text{(a)}}{=}\ & x \left(x + 1\right) \\",
        r"\overset{\text{(b)}}{=}\ & x^{2} + x \\",
        r"& \small \text{for } x \in \mathbb{R}",
    ]


@pytest.mark.parametrize(("letters", "wide"), [(7, False), (8, True)])
def test_a_step_of_34_characters_stands_beside_its_start(letters, wide):
    symbol = Symbol("w" * letters, real=True)
    chain = Derivation(s * x * symbol + s * y).step(s * (x * symbol + y), because="factor")
    assert chain.latex.split("\n")[1].startswith("& ") == wide


def test_a_name_that_is_defined_has_no_condition():
    name = Symbol("c", real=True)
    chain = Derivation(name + y, where={name: 2 * y}).step(3 * y, because="insert")
    assert str(chain).splitlines()[-1] == "for y real"


def test_wide_lines_start_on_a_row_of_their_own():
    power = (x + y) ** 4 + (x - y) ** 4
    wide = Derivation(power).step(sympy.expand(power), because="expand")
    assert wide.latex.split("\n")[1].startswith(r"& \left(")
    assert Derivation(x**2).latex.split("\n")[1] == r"& x^{2} \\"
    arrow = Derivation(x > y).step(y < x, because="turn").latex.split("\n")
    assert arrow[1:3] == [r"& x > y \\", r"\overset{\text{(a)}}{\iff}\ & y < x \\"]
    bound = Derivation(tanh(x)).step(1, because="no", relation="<", tight_at={x: oo})
    assert r"\overset{\text{(a)}}{<}\ & 1" in bound.latex
    assert str(bound).splitlines()[1] == "  < 1   (no)"


def test_wrong_matrices_and_scalars_are_told_apart():
    A, B = (MatrixSymbol(name, 2, 2) for name in "AB")
    assert str(verify(A * (A + B), A * A + A * B, where=SIGMA).evidence) == "symbolic"
    with pytest.raises(DerivationError, match=r"A·B = B·A is false at A = \[\[") as caught:
        verify(A * B, B * A)
    first, second = (sympy.Matrix(caught.value.counterexample[name]) for name in "AB")
    assert first * second != second * first
    assert str(caught.value).startswith(
        f"A·B = B·A is false at A = {first.tolist()}, B = {second.tolist()}: the left side is "
        f"{(first * second).tolist()}, the right side is {(second * first).tolist()}"
    )
    with pytest.raises(DerivationError) as again:
        verify(A * B, B * A)
    assert str(again.value) == str(caught.value)
    with pytest.raises(DerivationError, match=r"x·A = y·A is false at A =") as caught:
        verify(x * A, y * A)
    assert not re.search("[xy]", str(caught.value).partition("is false")[2])
    with pytest.raises(DerivationError, match=r"A = x·A is false at A =") as caught:
        verify(A, x * A)
    assert "x" not in str(caught.value).partition("is false")[2]
    with pytest.raises(DerivationError, match="shapes .* and .* differ"):
        verify(A, MatrixSymbol("C", 2, 3))
    with pytest.raises(DerivationError, match="is false") as caught:
        verify(A, A + MatrixSymbol("C", 2, 2))
    assert set(caught.value.counterexample) == {"A", "C"}
    with pytest.raises(DerivationError, match="is false") as caught:
        verify(MatrixSymbol("A", n, n), MatrixSymbol("B", n, n))
    assert sympy.Matrix(caught.value.counterexample["A"]).shape == (2, 2)


# --- what is shown is what was checked -------------------------------------------------


def test_text_of_a_derivation():
    assert str(logit_to_sigmoid()).splitlines() == [
        "ln(P/(1 − P)) = z",
        "⟺ P/(1 − P) = exp(z)   (apply exp to both sides)",
        "⟺ P = (1 − P)·exp(z)   (multiply by 1 − P, which is not zero)",
        "⟺ P = exp(z) − P·exp(z)   (multiply out)",
        "⟺ P·(1 + exp(z)) = exp(z)   (collect P)",
        "⟺ P = exp(z)/(1 + exp(z))   (divide by 1 + e^z)",
        "⟺ P = 1/(1 + exp(−z))   (divide both by e^z)",
        "for 0 < P < 1, z real",
    ]
    assert str(sigmoid_slope()).splitlines() == [
        "σ'(x)",
        "  = d/dx [1/(1 + exp(−x))]   (insert the definition)",
        "  = −d/dx [1 + exp(−x)]/(1 + exp(−x))²   (the quotient rule)",
        "  = exp(−x)/(1 + exp(−x))²   (the derivative of e^{−x} is −e^{−x})",
        "  = (1/(1 + exp(−x)))·(exp(−x)/(1 + exp(−x)))   (split the fraction)",
        "  = σ(x)·(1 − σ(x))   (recognise σ(x))",
        "for x real",
    ]


# -- limits of case distinctions -----------------------------------------------------

ELU = Piecewise((x, x > 0), (a * (exp(x) - 1), True))
SIDES = [
    (ELU.diff(x), 0, "+", 1),
    (ELU.diff(x), 0, "-", a),
    (ELU / x, 0, "+", 1),
    (ELU / x, 0, "-", a),
    (ELU, 0, "+-", 0),
    (Piecewise((x + 1, x > 0), (1 - x, True)), 0, "+-", 1),
    (sympy.Max(0, x) / x + Abs(w), 0, "+", 1 + Abs(w)),
    (ELU, -oo, "+", -a),
    (Piecewise((0, x <= -3), (x, x >= 3), (x * (x + 3) / 6, True)).diff(x), 3, "-", Rational(3, 2)),
    (Piecewise((0, x <= -3), (x, x >= 3), (x * (x + 3) / 6, True)).diff(x), 3, "+", 1),
    (sympy.Max(0, x) / x, 0, "-", 0),
    (sympy.Max(0, x) / x, 0, "+", 1),
    (Piecewise((1, (x > 0) & (x < 6)), (0, True)), 6, "-", 1),
    (Piecewise((1, (x > 0) & (x < 6)), (0, True)), 6, "+", 0),
    (Piecewise((1, (x > 1) & (x**2 < 40)), (0, True)), 6, "-", 1),
    (Piecewise((1, (x > 1) & (x**2 > 40)), (0, True)), 6, "-", 0),
    (Piecewise((1, (x < 1) | (x**2 > 30)), (0, True)), 6, "-", 1),
    (Piecewise((1, (x < 1) | (x**2 > 40)), (0, True)), 6, "-", 0),
    (Piecewise((1, (x > w) & (x**2 > 40)), (0, True)), 6, "-", 0),
    (Piecewise((1, (x > w) | (x**2 < 40)), (0, True)), 6, "-", 1),
    (Piecewise((1, Eq(x, 6)), (0, True)), 6, "-", 0),
    (Piecewise((1, Ne(x, 6)), (0, True)), 6, "-", 1),
    (Piecewise((1, x**2 > 36), (0, True)), 6, "-", 0),
    (Piecewise((1, x**2 > 36), (0, True)), 6, "+", 1),
    (Piecewise((1, x**2 < 36), (0, True)), 6, "-", 1),
    (Piecewise((1, Ne(x**2, 36)), (0, True)), 6, "-", 1),
    (Piecewise((1, Ne(x**2 - 36, (x - 6) * (x + 6))), (0, True)), 6, "-", 0),
    (Piecewise((1, x <= 6), (0, True)), 6, "+", 0),
    (Piecewise((1, x >= 6), (0, True)), 6, "+", 1),
    (Max(0, Min(x, 1)), oo, "-", 1),
    (Max(x, -1), -oo, "+", -1),
    (Piecewise((1, x**2 > 5), (0, True)), oo, "-", 1),
    (Piecewise((1, -(x**2) > 5), (0, True)), -oo, "+", 0),
    (Piecewise((1, 1 / (x - 6) > 3), (0, True)), 6, "+", 1),
    (Piecewise((1, exp(x) > x**2), (0, True)), oo, "-", 1),
    (sympy.Heaviside(x - 1), 1, "-", 0),
    (sympy.Heaviside(x - 1), 1, "+", 1),
]


@pytest.mark.parametrize(("expression", "point", "side", "value"), SIDES, ids=str)
def test_a_limit_comes_from_its_own_side(expression, point, side, value):
    limit = Limit(expression, x, point, side)
    verify(limit, value)
    with pytest.raises(DerivationError):
        verify(limit, value + 1)


def test_a_limit_that_differs_from_both_sides_does_not_exist():
    with pytest.raises(DerivationError, match="does not exist: it is 1 from the right and alpha"):
        verify(Limit(ELU.diff(x), x, 0, "+-"), 1)
    with pytest.raises(DerivationError, match="it is 1 from the right and -1 from the left"):
        verify(Limit(Max(x, -x) / x, x, 0, "+-"), 0)


def test_a_case_that_nobody_can_choose_is_refused():
    with pytest.raises(DerivationError, match="which case"):
        verify(Limit(Piecewise((x, x > w), (1, True)), x, 0, "+"), 0)
    with pytest.raises(DerivationError, match="which case of .* holds for x → 6 is not known"):
        verify(Limit(Piecewise((1, x + w**2 > 6), (0, True)), x, 6, "-"), 1)
    for unknown in ((x > w) & (x**2 < 40), (x > w) | (x**2 > 40)):
        with pytest.raises(DerivationError, match="which case of .* holds for x → 6 is not known"):
            verify(Limit(Piecewise((1, unknown), (0, True)), x, 6, "-"), 1)
    with pytest.raises(DerivationError, match="no case of .* holds for x → 6"):
        limits.with_sides(Limit(Piecewise((1, x**2 > 40)), x, 6, "-"))


def test_the_innermost_case_is_chosen_first():
    inner = Piecewise((x, x > 0), (2, True))
    assert not limits._nested(inner)
    assert limits._nested(Piecewise((1 + inner, x > 1), (0, True)))


def test_what_is_not_so_near_a_place_is_known_when_the_opposite_is():
    t = sympy.Dummy("t", positive=True)
    for condition, truth in [(6 - t > 5, False), (6 - t > 6 + w**2, True), (6 - t > w, None)]:
        assert limits._holds(sympy.Not(condition, evaluate=False), t) is truth


TYPESET = [
    (1 / (1 + exp(-x)), r"\frac{1}{1 + e^{- x}}"),
    (exp(-x) / (1 + exp(-x)) ** 2, r"\frac{e^{- x}}{\left(1 + e^{- x}\right)^{2}}"),
    (sigma(x) * (1 - sigma(x)), r"\sigma(x) \left(1 - \sigma(x)\right)"),
    (sigma(x) ** 2, r"\sigma(x)^{2}"),
    (sigma(x).diff(x), r"\sigma'(x)"),
    (sigma(x).diff(x, 2), r"\sigma''(x)"),
    (sigma(x).diff(x, 4), r"\sigma^{(4)}(x)"),
    (Subs(Derivative(sigma(y), y), y, 2 * x), r"\sigma'(2 x)"),
    (f(g(x)).diff(x), r"f'(g(x)) g'(x)"),
    (L(z, y).diff(z), r"\frac{\partial L}{\partial z}"),
    (Derivative(Symbol("L"), z), r"\frac{dL}{dz}"),
    (Derivative(log(x), x), r"\frac{d}{dx}\left[\ln x\right]"),
    (Derivative(log(x), x, 2), r"\frac{d^{2}}{dx^{2}}\left[\ln x\right]"),
    (Derivative(x * y, x), r"\frac{\partial}{\partial x}\left[x y\right]"),
    (L(z, y).diff(z, y), r"\frac{\partial^{2}L}{\partial y \, \partial z}"),
    (L(z, y).diff(z, 2), r"\frac{\partial^{2}L}{\partial z^{2}}"),
    (tanh(x), r"\tanh x"),
    (tanh(2 * x), r"\tanh(2 x)"),
    (1 - tanh(x) ** 2, r"1 - \tanh^{2} x"),
    (sympy.atanh(x), r"\operatorname{artanh} x"),
    (log(P / (1 - P)), r"\ln\left(\frac{P}{1 - P}\right)"),
    (Function("logit")(P), r"\operatorname{logit}(P)"),
    (1 - P, "1 - P"),
    (w * x + P, "w x + P"),
    (x**2 + 2 * x + 1, "x^{2} + 2 x + 1"),
    (Add(1, x, evaluate=False), "x + 1"),
    (Add(y, -x, evaluate=False), "y - x"),
    (-y * log(P) - (1 - y) * log(1 - P), r"- y \ln P - \left(1 - y\right) \ln(1 - P)"),
    (Mul(1 / x, Mul(2, 1 / y, evaluate=False), evaluate=False), r"\frac{1}{x} \cdot \frac{2}{y}"),
    (Piecewise((x, x > 0), (a * (exp(x) - 1), True)),
     r"\begin{cases} x & \text{if }x > 0 \\ \alpha \left(e^{x} - 1\right) & \text{if }x \le 0 "
     + r"\end{cases}"),
    (Piecewise((0, x < 0), (x, x < 6), (6, True)),
     r"\begin{cases} 0 & \text{if }x < 0 \\ x & \text{if }x < 6 \\ 6 & \text{otherwise} "
     + r"\end{cases}"),
    (Limit(sigma(x), x, oo), r"\lim_{x \to \infty} \sigma(x)"),
    (-Rational(3, 4) * x, r"- \frac{3 x}{4}"),
    (Rational(1, 4), r"\frac{1}{4}"),
    (2 * Rational(1, 3) ** n, r"2 \cdot 3^{- n}"),
    (sympy.Heaviside(x), "H x"),
    (sympy.Heaviside(x) ** 2, "H^{2} x"),
    (sympy.Heaviside(2 * x), "H(2 x)"),
    (log(x) ** 2, r"\ln^{2} x"),
    (tanh(3), r"\tanh 3"),
    (tanh(HALF), r"\tanh\left(\frac{1}{2}\right)"),
    (f(x / 2), r"f\left(\frac{x}{2}\right)"),
    (f(x) ** 2, "f(x)^{2}"),
    (sigma(Sum(k, (k, 1, n))), r"\sigma\left(\sum_{k=1}^{n} k\right)"),
    (sigma(Integral(x, (x, 0, 1))), r"\sigma\left(\int\limits_{0}^{1} x\, dx\right)"),
    (sympy.acos(x), r"\arccos x"),
    (acosh(x), r"\operatorname{arcosh} x"),
    (sympy.asin(x) ** 2, r"\arcsin^{2} x"),
    (sympy.sin(x) ** 2, r"\sin^{2} x"),
    (L(z, y).diff(y, z, 2), r"\frac{\partial^{3}L}{\partial y \, \partial z^{2}}"),
    (Derivative(Symbol("L"), z, 2), r"\frac{d^{2}L}{dz^{2}}"),
    (Derivative(x**n, (x, n)), r"\frac{d^{n}}{dx^{n}}\left[x^{n}\right]"),
    (Derivative(x**2 * y, x, y),
     r"\frac{\partial^{2}}{\partial x \, \partial y}\left[x^{2} y\right]"),
    (Subs(Derivative(sigma(y), y, 4), y, 2 * x), r"\sigma^{(4)}(2 x)"),
    (Subs(Derivative(L(z, y), z), z, 2 * x),
     r"\left. \frac{\partial L}{\partial z} \right|_{\substack{ z=2 x }}"),
    (MatrixSymbol("A", 2, 2).T, r"A^{\mathsf T}"),
    ((MatrixSymbol("A", 2, 2) + MatrixSymbol("B", 2, 2)).T, r"A^{\mathsf T} + B^{\mathsf T}"),
    (x <= y, r"x \le y"),
    (x >= y, r"x \ge y"),
    (Ne(x, y), r"x \ne y"),
    (Add(x, Add(y, z, evaluate=False), evaluate=False), r"x + \left(y + z\right)"),
    (Mul(2, -x, evaluate=False), r"2 \left(- x\right)"),
    (Mul(x, 3, evaluate=False), r"x \cdot 3"),
    (Mul(x / y, -y / z, evaluate=False),
     r"\frac{x}{y} \cdot \left(- \frac{y}{z}\right)"),
    (Mul(-1, Mul(x, 1 / y, evaluate=False), Mul(y, 1 / z, evaluate=False), evaluate=False),
     r"- \frac{x}{y} \cdot \frac{y}{z}"),
    (Mul(2, Piecewise((x, x > 0), (0, True)), evaluate=False),
     r"2 \left(\begin{cases} x & \text{if }x > 0 \\ 0 & \text{if }x \le 0 \end{cases}\right)"),
    (Piecewise((x, x > 0), (0, True)) + 1,
     r"1 + \begin{cases} x & \text{if }x > 0 \\ 0 & \text{if }x \le 0 \end{cases}"),
    (-x - y, "- x - y"),
    (x - x**2, "x - x^{2}"),
    (x**3 + y + 2, "x^{3} + y + 2"),
    (x + exp(x) + 2, "2 + x + e^{x}"),
    ((x + 1) * (x + 2), r"\left(x + 1\right) \left(x + 2\right)"),
    (2 / (3 * x * y), r"\frac{2}{3 x y}"),
    (1 / sqrt(x), r"\frac{1}{\sqrt{x}}"),
    (sqrt(2) * x, r"\sqrt{2} x"),
    (L(z, y), "L(z, y)"),
    (Mul(-x, 2, evaluate=False), r"- x \cdot 2"),
    (Mul(-1, -x, evaluate=False), r"- \left(- x\right)"),
    (Mul(-1, x + y, evaluate=False), r"- \left(x + y\right)"),
    (Mul(2, Mul(-1, x - y, evaluate=False), evaluate=False),
     r"2 \left(- \left(x - y\right)\right)"),
    (Mul(2, Mul(-1, y - x, evaluate=False), evaluate=False),
     r"2 \left(- \left(y - x\right)\right)"),
    (Mul(Sum(k, (k, 1, n)), x, evaluate=False), r"\left(\sum_{k=1}^{n} k\right) x"),
    (Mul(x, Sum(k, (k, 1, n)), evaluate=False), r"x \sum_{k=1}^{n} k"),
    (Add(x, y, Piecewise((x, x > 0), (0, True)), evaluate=False),
     r"x + y + \begin{cases} x & \text{if }x > 0 \\ 0 & \text{if }x \le 0 \end{cases}"),
    (tanh(0, evaluate=False), r"\tanh 0"),
    (Derivative(Symbol("L"), y, z), r"\frac{\partial^{2}L}{\partial y \, \partial z}"),
    (Derivative(f(x), (x, n)), r"\frac{d^{n}f}{dx^{n}}"),
    (Derivative(sympy.Integer(1), x), r"\frac{d}{dx} 1"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), TYPESET, ids=str)
def test_latex_is_textbook_style(expression, expected):
    assert printing.to_latex(expression) == expected


PLAIN = [
    (Abs(x), "|x|"),
    (Max(0, x), "max(0, x)"),
    (Min(x, y), "min(x, y)"),
    (log(x) + tanh(x) ** 2, "ln(x) + tanh(x)²"),
    ((1 + x) * exp(x), "(x + 1)·exp(x)"),
    (Pow(1 / x, -1, evaluate=False), "1/(1/x)"),
    (Pow(2 * x / y, -1, evaluate=False), "1/(2·x/y)"),
    (Mul(1 / (1 + x), x, evaluate=False), "x/(x + 1)"),
    ((1 + x) * sqrt(x * y), "(x + 1)·√(x·y)"),
    (acosh(x), "arcosh(x)"),
    (sympy.asin(x), "arcsin(x)"),
    (sympy.atanh(x) ** 2, "artanh(x)²"),
    (L(z, y), "L(z, y)"),
    (Function("theta_1")(x), "θ₁(x)"),
    (sympy.Heaviside(x), "H(x, 1/2)"),
    (Symbol("alpha_1"), "α₁"),
    (sympy.Dummy("beta"), "β"),
    (MatrixSymbol("W_1", 2, 2), "W₁"),
    (sigma(x).diff(x, 3), "σ'''(x)"),
    (sigma(x).diff(x, 4), "σ^(4)(x)"),
    (Derivative(log(x), x), "d/dx [ln(x)]"),
    (Derivative(log(x), x, 2), "d^2/dx^2 [ln(x)]"),
    (Derivative(x * y, x), "∂/∂x [x·y]"),
    (Derivative(Symbol("L"), z), "dL/dz"),
    (Derivative(Symbol("L"), z, 2), "d^2L/dz^2"),
    (L(z, y).diff(y, z, 2), "∂^3/∂y ∂z^2 [L(z, y)]"),
    (Subs(Derivative(sigma(y), y), y, 2 * x), "σ'(2·x)"),
    (Subs(Derivative(sigma(y), y, 4), y, 2 * x), "σ^(4)(2·x)"),
    (Subs(Derivative(L(z, y), z), (z, y), (2 * x, 1)), "[∂/∂z [L(z, y)] at z = 2·x, y = 1]"),
    (Limit(sigma(x), x, oo), "lim x→∞ σ(x)"),
    (Limit(sigma(x), x, -oo), "lim x→−∞ σ(x)"),
    (Limit(sigma(x), x, 0, "+"), "lim x→0+ σ(x)"),
    (Limit(sigma(x), x, 0, "-"), "lim x→0− σ(x)"),
    (Limit(sigma(x), x, 0, "+-"), "lim x→0 σ(x)"),
    (Piecewise((x, x > 0), (2, True)), "{x if x > 0; 2 if x ≤ 0}"),
    (Piecewise((0, x < 0), (x, x < 6), (6, True)), "{0 if x < 0; x if x < 6; 6 otherwise}"),
    (Eq(x, y), "x = y"),
    (Ne(x, y), "x ≠ y"),
    (x < y, "x < y"),
    (x <= y, "x ≤ y"),
    (x > y, "x > y"),
    (x >= y, "x ≥ y"),
    (sympy.Trace(MatrixSymbol("A", 2, 2)), "tr(A)"),
    (MatrixSymbol("A", 2, 2).T, "Aᵀ"),
    (sympy.Transpose(MatrixSymbol("A", 2, 2) + MatrixSymbol("B", 2, 2)), "(A + B)ᵀ"),
    (MatrixSymbol("A", 2, 2) * (MatrixSymbol("A", 2, 2) + MatrixSymbol("B", 2, 2)), "A·(A + B)"),
    (MatrixSymbol("C", 2, 2) + MatrixSymbol("A", 2, 2) * MatrixSymbol("B", 2, 2), "A·B + C"),
    (2 * MatrixSymbol("A", 2, 2), "2·A"),
    (
        sympy.MatAdd(MatrixSymbol("A", 2, 2), MatrixSymbol("B", 2, 2) + MatrixSymbol("C", 2, 2)),
        "A + B + C",
    ),
    (MatrixSymbol("A", 2, 2) ** 2, "A^2"),
    (2 * pi + sympy.E, "e + 2·π"),
    (-oo, "−∞"),
    (sqrt(x), "√(x)"),
    (1 / sqrt(x), "1/√(x)"),
    (x ** Rational(3, 2), "x^(3/2)"),
    (x**-2, "1/x²"),
    (x**-n, "x^(−n)"),
    (x**12, "x¹²"),
    ((x + 1) ** y, "(x + 1)^y"),
    (x ** (y + 1), "x^(y + 1)"),
    (2 / (3 * x * y), "2/(3·x·y)"),
    (x / (y * z), "x/(y·z)"),
    (-3 * x * y / (4 * z), "−3·x·y/(4·z)"),
    (-x / 2, "−x/2"),
    (-x - y, "−x − y"),
    ((x + 1) / (x + 2), "(x + 1)/(x + 2)"),
    (Mul(1 / x, Mul(2, 1 / y, evaluate=False), evaluate=False), "(1/x)·(2/y)"),
    (Mul(3, QUARTER, evaluate=False), "3/4"),
    (Mul(2, -x, evaluate=False), "2·(−x)"),
    (Add(x, Add(y, z, evaluate=False), evaluate=False), "x + (y + z)"),
    (Add(x, Mul(-1, Add(y, z), evaluate=False), evaluate=False), "x − (y + z)"),
]


@pytest.mark.parametrize(("expression", "expected"), PLAIN, ids=str)
def test_text_is_one_readable_line(expression, expected):
    assert printing.to_text(expression) == expected


@pytest.mark.parametrize("unicode", [False, True])
def test_a_name_leaves_the_settings_of_sympy_alone(unicode):
    before = pretty_use_unicode(unicode)
    try:
        assert printing.to_text(Symbol("alpha_1")) == "α₁"
        assert pretty_use_unicode() is unicode
    finally:
        pretty_use_unicode(before)


def test_wide_equations_are_folded_for_a_phone():
    def rows(lhs, rhs):
        return verify(lhs, rhs)._repr_latex_().split("\n")[2:-2]

    power = (x + y) ** 5
    assert rows(power, sympy.expand(power)) == [
        r"& \left(x + y\right)^{5} \\",
        r"& = x^{5} + 5 x^{4} y + 10 x^{3} y^{2} \\",
        r"& \quad + 10 x^{2} y^{3} + 5 x y^{4} + y^{5} \\",
        r"& \small \text{for } x, y \in \mathbb{R}",
    ]
    product = (x + y) ** 3 * (x**2 + 2 * x * y + y**2)
    assert rows(power, product)[1].startswith(r"& \quad = \left")


def named(letters):
    """Real symbols of so many letters each."""
    names = [letter * count for letter, count in zip("abcd", letters, strict=False)]
    return [Symbol(name, real=True) for name in names]


@pytest.mark.parametrize(
    ("letters", "rows"),
    [
        ((29,), [r"\quad = A"]),
        ((30,), ["= A"]),
        ((34,), ["= A"]),
        ((2, 2), [r"\quad = A + B"]),
        ((15, 15), ["= A + B"]),
        ((15, 16), ["= A", r"\quad + B"]),
        ((14, 14, 14, 14), ["= A + B", r"\quad + C + D"]),
        ((14, 15, 14, 14), ["= A", r"\quad + B", r"\quad + C + D"]),
    ],
)  # fmt: skip
def test_a_sum_is_folded_before_the_term_that_does_not_fit(letters, rows):
    folded = equations._fold("=", Add(*named(letters)))
    short = [re.sub(r"([abcd])\1+", lambda m: m[1].upper(), row) for row in folded]
    assert short == rows


@pytest.mark.parametrize(("letters", "one_row"), [(27, True), (28, False)])
def test_an_equation_of_34_characters_stays_on_one_row(letters, one_row):
    (meaning,) = named([letters])
    shown = define(f(x), meaning)._repr_latex_()
    assert (f"f(x) = {meaning}" in shown) == one_row


@pytest.mark.parametrize(("letters", "beside"), [(6, True), (7, False)])
def test_conditions_stand_beside_an_equation_if_both_take_34_characters(letters, beside):
    (meaning,) = named([letters])
    shown = define(Symbol("ss", real=True), meaning)._repr_latex_()
    assert (r"\qquad" in shown) == beside


def test_an_equation_is_typeset_with_its_reason():
    square = verify(x + x**2, x * (1 + x), because="factor $x$")
    assert square._repr_latex_().split("\n") == [
        "$$",
        r"\begin{gathered}",
        r"x^{2} + x = x \left(x + 1\right) \\",
        r"\small \text{for } x \in \mathbb{R} \\",
        r"\text{factor $x$}",
        r"\end{gathered}",
        "$$",
    ]
    numbers = verify(Mul(2, 3, evaluate=False), 6)
    assert numbers._repr_latex_() == "$$\n2 \\cdot 3 = 6\n$$"
    string = numeric(r"\|A\| = \|B\|", check=lambda rng: (1.0, 1.0))
    assert string._repr_latex_() == "$$\n\\|A\\| = \\|B\\|\n$$"


def test_rows_of_a_case_distinction_are_aligned_like_others():
    celu = Piecewise((x, x > 0), (a * (exp(x / a) - 1), True))
    rows = define(Function("c")(x, a), celu)._repr_latex_().split("\n")[2:-2]
    assert rows[1].startswith(r"& \quad = \begin{cases}")


def test_conditions_stand_below_unless_there_is_room():
    assert r"\qquad" in define(Symbol("u"), x + 1)._repr_latex_()
    odds = define(Function("odds")(P), P / (1 - P), given=INSIDE)._repr_latex_()
    assert r"\qquad" not in odds and r"\small" in odds


def read_text(text):
    """Plain text back to SymPy."""
    raised = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "**" + "".join(raised[c] for c in m[0]), text)
    text = text.replace("·", "*").replace("−", "-").replace("^", "**").replace("√", "sqrt")
    names = {"x": x, "y": y, "P": P, "α": a, "σ": sigma, "ln": log, "e": sympy.E}
    return sympy.sympify(text, locals=names)


def read_latex(text):
    """The LaTeX of sums, products, fractions, powers and functions back to SymPy."""
    tokens = re.findall(r"\\[a-zA-Z]+|\d+|[A-Za-z]|[-+^(){}]", text)
    tokens = [t for t in tokens if t not in (r"\left", r"\right")]
    functions = {r"\ln": log, r"\tanh": tanh, r"\sigma": sigma}
    letters = {"x": x, "y": y, "P": P, r"\alpha": a}

    def peek():
        return tokens[0] if tokens else None

    def group(opening="{", closing="}"):
        assert tokens.pop(0) == opening
        value = total()
        assert tokens.pop(0) == closing
        return value

    def atom():
        token = tokens.pop(0)
        if token == "(":
            tokens.insert(0, "(")
            return group("(", ")")
        if token == r"\frac":
            above = group()
            return above / group()
        if token == r"\sqrt":
            return sqrt(group())
        if token == "e":
            if peek() != "^":
                return sympy.E
            tokens.pop(0)
            return exp(group())
        if token in functions:
            power = 1
            if peek() == "^":
                tokens.pop(0)
                power = group()
            argument = group("(", ")") if peek() == "(" else atom()
            return functions[token](argument) ** power
        return sympy.Integer(token) if token.isdigit() else letters[token]

    def factor():
        value = atom()
        while peek() == "^":
            tokens.pop(0)
            value = value ** group()
        return value

    def product():
        value = factor()
        while peek() not in (None, "+", "-", ")", "}"):
            if peek() == r"\cdot":
                tokens.pop(0)
            value *= factor()
        return value

    def total():
        negative = peek() == "-" and tokens.pop(0)
        value = -product() if negative else product()
        while peek() in ("+", "-"):
            value += product() if tokens.pop(0) == "+" else -product()
        return value

    result = total()
    assert not tokens
    return result


def authored(operation, first, second):
    """One operation that is left as the author wrote it."""
    if operation == "/":
        return Mul(first, Pow(second, -1, evaluate=False), evaluate=False)
    if operation == "-":
        return Add(first, Mul(-1, second, evaluate=False), evaluate=False)
    return (Add if operation == "+" else Mul)(first, second, evaluate=False)


LEAVES = st.sampled_from([x, y, P, a, sympy.Integer(2), sympy.Integer(3), HALF, sympy.Integer(-1)])
EVALUATED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda t: t[0] + t[1]),
        st.tuples(inner, inner).map(lambda t: t[0] - t[1]),
        st.tuples(inner, inner).map(lambda t: t[0] * t[1]),
        st.tuples(inner, inner).map(lambda t: t[0] / (t[1] ** 2 + 1)),
        inner.map(lambda e: e**2),
        inner.map(lambda e: exp(-e)),
        inner.map(lambda e: log(e**2 + 1)),
        inner.map(tanh),
        inner.map(sigma),
    ),
    max_leaves=6,
)
WRITTEN = st.recursive(
    EVALUATED,
    lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner).map(lambda t: authored(*t)),
    max_leaves=3,
)


@settings(max_examples=80)
@drawn(WRITTEN)
def test_what_is_displayed_reads_back_as_what_was_checked(expression):
    point = {x: 0.31, y: -0.77, P: 0.43, a: 1.21}
    numbers = {sigma: sympy.Lambda(x, 1 / (1 + exp(-x)))}

    def value(e):
        return sympy.N(e.replace(sigma, numbers[sigma]).doit().subs(point))

    expected = value(expression)
    if not expected.is_finite:
        return
    for read in (
        read_text(printing.to_text(expression)), read_latex(printing.to_latex(expression))
    ):  # fmt: skip
        found = value(read)
        assert abs(found - expected) <= 1e-9 * max(1, abs(expected)), printing.to_latex(expression)


def test_a_notebook_gets_latex_and_text():
    bundle = sigmoid_slope()._repr_mimebundle_()
    assert set(bundle) == {RECORD, "text/latex", "text/plain"}
    assert bundle["text/latex"].startswith("$$\n\\begin{aligned}\n")
    assert r"\text{insert the definition}" in bundle["text/latex"]
    assert bundle["text/plain"] == repr(sigmoid_slope())


def test_a_notebook_shows_the_name_of_an_equation_beside_it():
    bound = verify((x + 1) ** 2, x**2 + 2 * x + 1, label="eq-square")._repr_latex_()
    assert bound.endswith(r" \tag{eq-square}" + "\n$$")
    steps = logit_to_sigmoid(label="eq-logit")._repr_latex_()
    assert steps.endswith(r"&& \small \text{(eq-logit)}" + "\n\\end{aligned}\n$$")
    for unnamed in (verify((x + 1) ** 2, x**2 + 2 * x + 1), logit_to_sigmoid()):
        assert r"\tag" not in unnamed._repr_latex_()
        assert "(eq-" not in unnamed._repr_latex_()


def test_the_book_gets_numbered_myst(monkeypatch):
    monkeypatch.setenv("VGTOOLS_STATIC", "1")
    bundle = logit_to_sigmoid(label="eq-logit")._repr_mimebundle_()
    assert set(bundle) == {"text/markdown", "text/plain"}
    lines = bundle["text/markdown"].splitlines()
    assert lines[:4] == ["```{math}", ":label: eq-logit", "", r"\begin{aligned}"]
    assert r"\overset{\text{(b)}}{\iff}\ & P = \left(1 - P\right) e^{z} \\" in lines
    assert "```{container} derivation-reasons" in lines
    assert "(b) multiply by $1 - P$, which is not zero\\" in lines
    plain = verify(tanh(x), 2 * sigma(2 * x) - 1, where=SIGMA)._repr_mimebundle_()["text/markdown"]
    assert ":label:" not in plain
    assert "container" not in plain
    assert plain.splitlines()[:3] == ["```{math}", "", r"\begin{gathered}"]
    square = verify(x + x**2, x * (1 + x), because="factor $x$", label="eq-square")
    assert square._repr_mimebundle_() == {
        "text/plain": "x² + x = x·(x + 1)   for x real   (factor x)",
        "text/markdown": "\n".join([
            "```{math}",
            ":label: eq-square",
            "",
            r"\begin{gathered}",
            r"x^{2} + x = x \left(x + 1\right) \\",
            r"\small \text{for } x \in \mathbb{R}",
            r"\end{gathered}",
            "```",
            "",
            "```{container} derivation-reasons",
            "factor $x$",
            "```",
        ]),
    }  # fmt: skip


def test_reasons_are_escaped_for_latex():
    chain = Derivation(x + x**2).step(x * (1 + x), because="100% & #1 of $x_1$")
    assert r"\text{100\% \& \#1 of $x_1$}" in chain._repr_latex_()


# --- definitions -----------------------------------------------------------------------


def test_definitions_feed_proofs():
    first = define(sigma(x), 1 / (1 + exp(-x)), agrees_with=lambda v: 1 / (1 + np.exp(-v)))
    assert first.kind == "definition"
    slope = define(Function("delta")(x), sigma(x) * (1 - sigma(x)), where=first)
    verify(slope.lhs, exp(-x) / (1 + exp(-x)) ** 2, where=[first, slope])
    odds = define(Symbol("o", positive=True), P / (1 - P), given=INSIDE)
    assert str(odds) == "o = P/(1 − P)   for 0 < P < 1   [definition]"
    verify(odds.lhs + 1, 1 / (1 - P), where=odds, given=INSIDE)


def test_a_slip_in_a_definition_disagrees_with_its_second_source():
    for kernel in (lambda v: 1 / (1 + np.exp(v)), lambda v: 1 / (1 + np.exp(-v)) + 1e-8):
        with pytest.raises(DerivationError, match="disagrees with"):
            define(sigma(x), 1 / (1 + exp(-x)), agrees_with=kernel)
    with pytest.raises(DerivationError, match="is false at"):
        define(sigma(x), 1 / (1 + exp(-x)), agrees_with=(1 - tanh(x / 2)) / 2)
    define(sigma(x), 1 / (1 + exp(-x)), agrees_with=(1 + tanh(x / 2)) / 2)


def test_definitions_that_are_none():
    with pytest.raises(DerivationError, match="undefined"):
        define(f(P), log(P))
    with pytest.raises(ValueError, match="own definition"):
        define(f(x), f(x) + 1)
    with pytest.raises(ValueError, match="own definition"):
        define(f(x), f(2 * x) + 1)
    with pytest.raises(ValueError, match="distinct symbols"):
        define(f(2 * x), x)
    with pytest.raises(TypeError, match="a symbol or f"):
        define(x + 1, x)
    with pytest.raises(TypeError, match="an expression or a function"):
        define(f(x), x, agrees_with="x")
    circle = {f: sympy.Lambda(x, g(x)), g: sympy.Lambda(x, f(x) + 1)}
    with pytest.raises(ValueError, match="in a circle"):
        verify(f(x), x, where=circle)
    with pytest.raises(ValueError, match="defined twice"):
        verify(f(x), x, where=[{f: sympy.Lambda(x, x)}, {f: sympy.Lambda(x, 2 * x)}])
    with pytest.raises(ValueError, match="of kind identity"):
        verify(x, y, where=verify(sqrt(x**2), x, given=x > 0))


def test_a_definition_keeps_what_it_was_given():
    inner = {g: sympy.Lambda(x, x + 1)}
    plain = define(f(x), tanh(x) + g(x), given=x > 0, where=inner, label="eq-f", because="a name")
    assert (plain.lhs, plain.rhs) == (f(x), tanh(x) + g(x))
    assert (plain.relation, plain.kind, plain.evidence) == ("==", "definition", "definition")
    assert (plain.given, plain.where, plain.label) == ((x > 0,), inner, "eq-f")
    assert plain.because == "a name"
    assert (plain.tight_at, plain.proof, plain.digits, plain.written) == (None,) * 4
    assert str(plain) == "f(x) = g(x) + tanh(x)   for x > 0   (a name)   [definition]"
    assert str(define(f(x), x, given=y > 0)) == "f(x) = x   for y > 0, x real   [definition]"
    second = define(f(x), tanh(x), agrees_with=(exp(x) - exp(-x)) / (exp(x) + exp(-x)))
    assert second.evidence == "definition, agrees with a second source"
    kernel = define(f(x, a), x**2 / a, agrees_with=lambda value, scale: value**2 / scale)
    assert kernel.evidence == "definition, agrees with NumPy to 1e-10"
    symbol = Symbol("c", real=True)
    define(symbol, y - 2 * x, agrees_with=lambda first, second: second - 2 * first)
    matrices = [MatrixSymbol(name, 2, 2) for name in "AB"]
    product = define(symbol, matrices[0] * matrices[1], label="eq-product")
    assert (product.kind, product.evidence) == ("definition", "definition")
    with pytest.raises(TypeError, match="agrees_with= is for scalar definitions"):
        define(symbol, matrices[0] * matrices[1], agrees_with=np.tanh)


def test_a_kernel_has_to_agree_to_ten_digits():
    define(f(x), exp(x), agrees_with=np.exp)
    define(f(x), tanh(x), agrees_with=lambda value: np.tanh(value) + 9e-11)
    define(f(x), 0, agrees_with=lambda value: 1e-10)
    for slip in (1.1e-10, -1.1e-10):
        with pytest.raises(DerivationError) as caught:
            define(f(x), tanh(x), agrees_with=lambda value, slip=slip: np.tanh(value) + slip)
        assert str(caught.value) == (
            "f(x) = tanh(x) disagrees with agrees_with= at x = 0: the definition is 0.0, "
            f"the second source is {slip:.12g}"
        )
        assert caught.value.counterexample == {x: 0}
    with pytest.raises(DerivationError, match="disagrees"):
        define(f(x), 10**6 * x, agrees_with=lambda value: 1e6 * value * (1 + 1e-9))
    with pytest.raises(ValueError, match=r"^f\(x\) = y·tanh\(x\): y is not an argument"):
        define(f(x), tanh(x) * y, agrees_with=np.tanh)


def test_a_kernel_is_compared_at_the_kinks_of_the_definition():
    step = Piecewise((1, x >= 17), (0, True))
    define(f(x), step, agrees_with=lambda value: float(value >= 17))
    with pytest.raises(DerivationError, match="at x = 17: the definition is 1.0, the second sour"):
        define(f(x), step, agrees_with=lambda value: float(value > 17))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: define(f(P), log(P)), "f(P) = ln(P) does not hold as stated: both sides are"),
        (lambda: define(f(x), sympy.tan(x)), "f(x) = tan(x) is not proved: could not show that"),
        (lambda: verify(sympy.tan(x) ** 2, 0, relation=">=", tight_at={x: 0}),
         "tan(x)² ≥ 0 is not proved: could not show that cos(x) is nonzero"),
        (lambda: define(f(x), tanh(x), agrees_with=tanh(2 * x)), "f(x) = tanh(x) is false at x ="),
        (lambda: define(Symbol("c", positive=True), x), "x > 0, as c is declared, is false at x ="),
        (lambda: define(Symbol("c", negative=True), x), "x < 0, as c is declared, is false at x ="),
        (lambda: define(p0, x), "x ≥ 0, as p is declared, is false at x ="),
        (lambda: define(q0, x), "x ≤ 0, as q is declared, is false at x ="),
        (lambda: verify(x, y), "x = y is false at x ="),
        (lambda: verify(log(x), x), "ln(x) = x does not hold as stated: the left side is"),
        (lambda: verify(x, log(x)), "x = ln(x) does not hold as stated: the right side"),
        (lambda: verify(log(x), 2 * log(x)), "both sides are undefined (or not real) at x = 0"),
        (lambda: verify(1, 2), "1 = 2 is false at every point (there is nothing to choose): the"),
        (lambda: verify(f(x), 0), "f(x) = 0 is false at x = 0, f(…) = "),
        (lambda: verify(x + HALF, x), "at x = 0: the left side is 0.5, the right side is 0.0"),
        (lambda: verify(x, 2, digits=None), "x = 2 is false"),
        (lambda: verify(pi, 3, digits=1), "π ≈ 3 is false: the value is 3.141593, which does not"),
        (lambda: Derivation(x).step(y, because="no"), "x = y is false at x ="),
        (lambda: Derivation(x).step(2, because="no", relation="<", proof=2 - x), "x < 2 is false"),
        (lambda: numeric(x + 1, x, check=lambda rng: {x: np.array([1.0, 2.0])}),
         "x + 1 = x, draw 0: the left side is 2, the right side 1"),
        (lambda: numeric(r"\alpha", check=lambda rng: (1, 3)), r"\alpha, draw 0: the left side"),
    ],
)  # fmt: skip
def test_a_refusal_begins_with_the_claim(call, message):
    with pytest.raises(DerivationError, match=re.escape(message)):
        call()


def test_a_claim_keeps_what_it_was_given():
    bound = verify(
        sigma(x).diff(x), QUARTER, relation="≤", where=SIGMA, given=x < 5, because=" steepest ",
        proof=(sigma(x) - HALF) ** 2, tight_at={x: 0}, label="eq-steepest",
    )  # fmt: skip
    assert (bound.lhs, bound.rhs) == (sigma(x).diff(x), QUARTER)
    assert (bound.relation, bound.kind, bound.evidence) == ("<=", "bound", "symbolic")
    assert (bound.given, bound.where, bound.label) == ((x < 5,), SIGMA, "eq-steepest")
    assert (bound.because, bound.tight_at) == ("steepest", {x: 0})
    assert (bound.proof, bound.digits) == ((sigma(x) - HALF) ** 2, None)
    assert str(bound) == "σ'(x) ≤ 1/4   for x < 5; equality at x = 0   (steepest)"
    identity = verify(Eq((x + 1) ** 2, x**2 + 2 * x + 1))
    assert (identity.relation, identity.label, identity.because) == ("==", None, None)
    assert (identity.given, identity.where, identity._reasons()) == ((), {}, [])
    assert verify(Eq(sqrt(x**2), x), given=[x > 0, x < 2]).given == (x > 0, x < 2)
    assert set(verify(sqrt(P * P), P, given=(P > 0) & (P < 1)).given) == set(INSIDE)
    assert verify(x + x * y, np.int64(1) * x * (1 + y), given=()).kind == "identity"


@pytest.mark.parametrize(
    ("reason", "plain", "tex"),
    [
        ("divide by $1 - \\sigma$", "divide by 1 − σ", r"\text{divide by $1 - \sigma$}"),
        (r"the $\operatorname{logit}$ of $a\,b$", "the logit of a b",
         r"\text{the $\operatorname{logit}$ of $a\,b$}"),
        ("100% {of} #1 & a_b, well-known", "100% {of} #1 & a_b, well-known",
         r"\text{100\% \{of\} \#1 \& a\_b, well-known}"),
        (r"$\Delta$ grows", "Δ grows", r"\text{$\Delta$ grows}"),
    ],
)  # fmt: skip
def test_reasons_are_written_for_both(reason, plain, tex):
    assert equations.plain_reason(reason) == plain
    assert equations.tex_reason(reason) == tex


@pytest.mark.parametrize(
    ("expression", "width"),
    [
        (x, 1), (x + y, 5), (x + y + z, 9), (x < y, 5), (1 / (x + y), 5), ((x + y + z) / 2, 9),
        (Derivative(x + y, x), 10), (Piecewise((x, x > 0), (2, True)), 11), (x**2, 2),
        (tanh(x), 7), (2 * x * y, 5), (x * exp(-x), 9),
    ],
    ids=str,
)  # fmt: skip
def test_the_width_of_a_typeset_expression(expression, width):
    assert equations.typeset_width(expression) == width


def test_definitions_come_in_many_forms():
    first, second = define(f(x), tanh(x)), define(Symbol("c", real=True), 2 * y)
    meaning = {f: sympy.Lambda(x, tanh(x))}
    assert equations.collected_definitions(None) == {}
    assert equations.collected_definitions(first) == meaning
    assert equations.collected_definitions(second) == {second.lhs: 2 * y}
    assert equations.collected_definitions([first, second]) == meaning | {second.lhs: 2 * y}
    assert equations.collected_definitions((meaning, first)) == meaning
    equation = verify(second.lhs + y, 3 * y, where=[second])
    assert str(equation) == "c + y = 3·y   for y real"
    assert str(second) == "c = 2·y   for y real   [definition]"


def test_a_record_holds_what_stands_behind_an_equation():
    found = verify(sqrt(x**2), x, given=x > 0, label="eq-root", because="$x$ is positive").record()
    assert found == {
        "label": "eq-root", "kind": "identity", "evidence": "symbolic", "text": "|x| = x",
        "latex": r"\left|{x}\right| = x", "conditions": "for x > 0", "because": "x is positive",
        "steps": [],
    }  # fmt: skip
    chain = logit_to_sigmoid(label="eq-logit")
    found = chain.record()
    assert (found["label"], found["kind"], found["evidence"]) == (
        "eq-logit", "derivation", "symbolic, 6 steps"
    )  # fmt: skip
    lines = [f"{one['sign']} {one['text']}   ({one['because']})" for one in found["steps"]]
    assert str(chain) == "\n".join([found["text"], *lines, found["conditions"]])
    assert found["steps"][-1]["latex"] in chain.latex
    bound = Derivation(x).step(x + exp(x), because="add", relation="<", tight_at={x: -oo})
    assert [one["sign"] for one in bound.record()["steps"]] == ["<"]


def test_a_notebook_gets_the_record_beside_what_is_shown(monkeypatch):
    equation = verify(sqrt(x**2), x, given=x > 0)
    shown = equation._repr_mimebundle_()
    assert shown[RECORD] == equation.record() and shown["text/plain"] == str(equation)
    assert json.loads(json.dumps(shown)) == shown
    monkeypatch.setenv("VGTOOLS_STATIC", "1")
    assert set(equation._repr_mimebundle_()) == {"text/markdown", "text/plain"}


# --- numeric ---------------------------------------------------------------------------

A, B = (MatrixSymbol(name, 3, 3) for name in "AB")


def two_matrices(generator):
    return {A: generator.normal(size=(3, 3)), B: generator.normal(size=(3, 3))}


def test_numeric_evidence_evaluates_what_is_shown():
    equation = numeric(sympy.trace(A * B), sympy.trace(B * A), check=two_matrices)
    assert equation.evidence == "numeric, rtol 1e-10, 20 draws"
    for wrong in (sympy.trace(A * B.T), -sympy.trace(B * A), sympy.trace(A) * sympy.trace(B)):
        with pytest.raises(DerivationError, match="draw 0"):
            numeric(sympy.trace(A * B), wrong, check=two_matrices)
    numeric(x**2 + 1, 2 * x, relation=">=", check=lambda rng: {x: rng.normal(size=50)})
    with pytest.raises(DerivationError):
        numeric(x**2 + 1, 3 * x, relation=">=", check=lambda rng: {x: rng.normal(size=50)})
    with pytest.raises(ValueError, match="values for A, B"):
        numeric(sympy.trace(A * B), sympy.trace(B * A), check=lambda rng: {})


def test_numeric_evidence_for_latex():
    def norms(generator):
        first, second = generator.normal(size=(2, 4, 4))
        norm = np.linalg.norm
        return norm(first @ second, 2), norm(first, 2) * norm(second, 2)

    equation = numeric(r"\|AB\| \le \|A\| \|B\|", check=norms, relation="<=", text="|AB| ≤ |A| |B|")
    assert str(equation) == "|AB| ≤ |A| |B|   [numeric, rtol 1e-10, 20 draws]"
    assert equation.latex == r"\|AB\| \le \|A\| \|B\|"
    for relation in ("=", ">="):
        with pytest.raises(DerivationError):
            numeric("…", check=norms, relation=relation)


@pytest.mark.parametrize(
    ("result", "error", "match"),
    [
        ((1.0, 1.0 + 1e-6), DerivationError, "the left side is 1"),
        ((np.ones(2), np.ones(3)), ValueError, "shapes"),
        ((np.nan, np.nan), DerivationError, "not finite"),
        ((1.0, np.inf), DerivationError, "not finite"),
        ((np.inf, 1.0), DerivationError, "not finite"),
        ((np.ones(0), np.ones(0)), ValueError, "shapes"),
        (3, TypeError, "must return"),
        (("a", "b"), TypeError, "must return"),
    ],
)
def test_numeric_refuses(result, error, match):
    with pytest.raises(error, match=match):
        numeric("a = b", check=lambda rng: result)


def test_numeric_tolerance_is_relative():
    numeric("a = b", check=lambda rng: (1e8, 1e8 + 1e-4))
    with pytest.raises(DerivationError):
        numeric("a = b", check=lambda rng: (1e-8, 1.1e-8))
    numeric("a < b", relation="<", check=lambda rng: (1.0, 2.0))
    with pytest.raises(DerivationError):
        numeric("a < b", relation="<", check=lambda rng: (2.0, 2.0))


@pytest.mark.parametrize(
    ("relation", "holds"),
    [
        ("=", (True, False, False, True, True)),
        ("<", (False, True, False, True, False)),
        (">", (False, False, True, False, True)),
        ("<=", (True, True, False, True, True)),
        (">=", (True, False, True, True, True)),
    ],
)
def test_numeric_relations_and_their_tolerance(relation, holds):
    pairs = [(1.0, 1.0), (-2.0, -1.0), (-1.0, -2.0), (1.0, 1.0 + 1e-11), (1.0 + 1e-11, 1.0)]
    for pair, true in zip(pairs, holds, strict=True):
        if true:
            numeric("a ? b", check=lambda rng, pair=pair: pair, relation=relation)
        else:
            with pytest.raises(DerivationError, match=r"^a \? b, draw 0: the left side"):
                numeric("a ? b", check=lambda rng, pair=pair: pair, relation=relation)


def test_numeric_keeps_what_it_was_given():
    A, B = (MatrixSymbol(name, 2, 2) for name in "AB")
    both = numeric(
        sympy.det(A) * sympy.trace(B),
        sympy.trace(B) * sympy.det(A) + sympy.trace(B - B.T), rtol=1e-6, draws=3, seed=5,
        check=lambda rng: {A: rng.normal(size=(2, 2)), B: rng.normal(size=(2, 2))},
        label="eq-det", because=" traces ",
    )  # fmt: skip
    assert (both.kind, both.evidence) == ("numeric", "numeric, rtol 1e-06, 3 draws")
    assert (both.relation, both.label, both.because) == ("==", "eq-det", "traces")
    assert (both.written, both.spoken, both.given, both.where) == (None, None, (), {})
    string = numeric("a", check=lambda rng: (1.0, 1.0), text="spoken", relation="≤")
    assert (string.lhs, string.rhs, string.relation) == (None, None, "<=")
    assert (string.text, string.latex, string.because) == ("spoken", "a", None)
    assert numeric("a", check=lambda rng: (1.0, 1.0)).text == "a"
    once = numeric("a", check=lambda rng: (1.0, 1.0), draws=1)
    assert str(once) == "a   [numeric, rtol 1e-10, 1 draw]"


def test_numeric_draws_are_independent_and_repeatable():
    def drawn_with(**options):
        values = []

        def check(generator):
            values.append(generator.normal())
            return 1.0, 1.0

        numeric("a", check=check, **options)
        return values

    assert len(set(drawn_with())) == 20
    assert drawn_with() == drawn_with(draws=20, seed=0)
    assert drawn_with(draws=1) == drawn_with()[:1]
    assert drawn_with(seed=1)[0] != drawn_with()[0]
    assert len(drawn_with(draws=3)) == 3


def test_numeric_names_the_worst_entry():
    with pytest.raises(DerivationError, match="the left side is 4, the right side 6") as caught:
        numeric("a", check=lambda rng: (np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 3], [3, 6]])))
    assert caught.value.counterexample == {"entry": (1, 1)}
    count = itertools.count()
    with pytest.raises(DerivationError, match="draw 2: the left side is 0.5"):
        numeric("a", check=lambda rng: (0.5, 0.5 if next(count) < 2 else 0.25))


@pytest.mark.parametrize("options", [{"rtol": 0}, {"rtol": 0.5}, {"draws": 1}, {"seed": 0}])
def test_numeric_options_at_the_end_of_their_range(options):
    assert numeric("a", check=lambda rng: (1.0, 1.0), **options).kind == "numeric"
    assert numeric("a", check=lambda rng: (2, 3), rtol=0.34).evidence.startswith(
        "numeric, rtol 0.34"
    )
    with pytest.raises(DerivationError):
        numeric("a", check=lambda rng: (2, 3), rtol=0.33)


# --- labels ----------------------------------------------------------------------------


def test_a_label_means_one_thing():
    for _ in range(2):  # the same statement again is no other one
        verify(Derivative(tanh(x), x), 1 - tanh(x) ** 2, label="eq-slope")
        logit_to_sigmoid(label="eq-logit")
    with pytest.raises(ValueError, match="eq-slope already stands for"):
        verify(Derivative(tanh(x), x), 1 / cosh(x) ** 2, label="eq-slope")
    with pytest.raises(ValueError, match="already stands for"):
        verify(Derivative(tanh(x), x), 1 - tanh(x) ** 2, given=x > 0, label="eq-slope")
    Derivation(x**2 - 1, label="eq-chain").step((x - 1) * (x + 1), because="factor")
    with pytest.raises(ValueError, match="already stands for a derivation from x² − 1"):
        Derivation(x**2 - 4, label="eq-chain")
    for bad in ("slope", "eq-Slope", "eq slope", "eq-", 3):
        with pytest.raises(ValueError, match="a label is eq-"):
            verify(sqrt(x**2), x, given=x > 0, label=bad)


def test_a_person_may_change_what_a_label_stands_for(monkeypatch):
    monkeypatch.setattr(equations, "live_notebook", lambda: True)
    verify(sqrt(x**2), x, given=x > 0, label="eq-one")
    verify((x + 1) ** 2, x**2 + 2 * x + 1, label="eq-one")


# --- bad input -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: verify("x", x), TypeError, "SymPy expression or an integer, not str"),
        (lambda: verify(x, None), TypeError, "needs two sides"),
        (lambda: verify(Eq(x, x)), TypeError, "evaluated the relation"),
        (lambda: verify(x < x + 1), TypeError, "evaluated the relation"),
        (lambda: verify(x + 0, x), ValueError, "both sides are x"),
        (lambda: verify(x / 2, 0.5 * x), ValueError, "rounded number"),
        (lambda: verify(0.5, x), TypeError, "not float"),
        (lambda: verify(sympy.Matrix([1]), x), TypeError, "SymPy expression"),
        (lambda: verify(MatrixSymbol("A", 2, 2), x), TypeError, "one side is a matrix"),
        (lambda: verify(Symbol("q") ** 2, 1), ValueError, "q is not declared real"),
        (lambda: verify(x, y, relation="~"), ValueError, "accepted are"),
        (lambda: verify(Eq(x, y), relation="="), ValueError, "a relation was given"),
        (lambda: verify(x, y, given="x > 0"), TypeError, "given= accepts"),
        (lambda: verify(a, b, given=sympy.true), ValueError, "True already"),
        (lambda: verify(a, b, given=(a > -1,)), ValueError, "True already"),
        (lambda: verify(a, b, given=(a < 0,)), ValueError, "is False"),
        (lambda: verify(x, y, where="f"), TypeError, "where= accepts"),
        (lambda: verify(x, y, where={f: x}), TypeError, "must be defined by a sympy.Lambda"),
        (lambda: verify(x, y, where={"f": x}), TypeError, "where= maps"),
        (lambda: verify(x, y, proof=x), ValueError, "belong to bounds"),
        (lambda: verify(x, y, because=3), TypeError, "must be a sentence"),
        (lambda: verify(x, y, because=" "), ValueError, "must not be empty"),
        (lambda: verify(x**2 > y, tight_at=0), TypeError, "tight_at= maps"),
        (lambda: verify(sqrt(2), Float("1.4"), digits=1.0), ValueError, "number of decimals"),
        (lambda: Derivation("x"), TypeError, "the start must be"),
        (lambda: Derivation(Ne(x, y)), ValueError, "accepted are"),
        (lambda: Derivation(x).step(x + 0 * y, because="no"), ValueError, "changes nothing"),
        (lambda: Derivation(x * (x + 1)).step(x**2 + x), TypeError, "must be a sentence"),
        (lambda: Derivation(x * (x + 1)).step(x**2 + x, because=""), ValueError, "reason in words"),
        (lambda: Derivation(x).step(Eq(x, y), because="no"), TypeError, "chain of expressions"),
        (lambda: Derivation(Eq(x, y)).step(x, because="no"), TypeError, "chain of relations"),
        (lambda: Derivation(Eq(x, y)).step(Eq(y, y), because="no"), TypeError, "evaluated"),
        (lambda: numeric("a", check=3), TypeError, "must be a function"),
        (lambda: numeric("a", x, check=print), TypeError, "one string"),
        (lambda: numeric("a", check=print, draws=0), ValueError, "a whole number from 1"),
        (lambda: numeric("a", check=print, draws=10**6 + 1), ValueError, "a whole number from 1"),
        (lambda: numeric("a", check=print, draws=True), ValueError, "draws=True"),
        (lambda: numeric("a", check=print, draws=2.0), ValueError, "draws=2.0"),
        (lambda: numeric("a", check=print, rtol=1), ValueError, "rtol=1: a number from 0 on"),
        (lambda: numeric("a", check=print, rtol=-1e-9), ValueError, "rtol=-1e-09"),
        (lambda: numeric("a", check=print, rtol=True), ValueError, "rtol=True"),
        (lambda: numeric("a", check=print, rtol="0"), ValueError, "rtol='0'"),
        (lambda: numeric("a", check=print, seed=-1), ValueError, "seed=-1: a whole number"),
        (lambda: numeric("a", check=print, draws=10**6, seed=-1), ValueError, "seed=-1: a whole"),
        (lambda: numeric("a", check=print, seed=True), ValueError, "seed=True"),
        (lambda: numeric("a", check=print, seed=1.0), ValueError, "seed=1.0"),
        (lambda: numeric("a", check=print, relation="~"), ValueError, "accepted are"),
        (lambda: numeric("a", check=print, because=3), TypeError, "must be a sentence"),
        (lambda: numeric(x, "x", check=print), TypeError, "^the right side must be"),
        (lambda: numeric(3.0, x, check=print), TypeError, "^the left side must be"),
        (lambda: numeric(x, y, check=lambda rng: {x: 1}), ValueError, "values for x, y, got"),
        (lambda: numeric(x, y, check=lambda rng: 1), ValueError, "values for x, y, got 1"),
        (lambda: verify("x", x), TypeError, "^the left side must be"),
        (lambda: verify(x, "x"), TypeError, "^the right side must be"),
        (lambda: verify("x"), TypeError, "^the claim must be"),
        (lambda: verify(x, True), TypeError, "^the right side is True: SymPy evaluated"),
        (lambda: verify(Float(1.5), x), ValueError, "^the left side holds a rounded number"),
        (lambda: verify(Float(1.5), 1, digits=0), ValueError, "^the left side holds a rounded"),
        (lambda: verify(x**2, -1, relation=">", proof="p"), TypeError, "^proof= must be"),
        (lambda: verify(x**2 > y, tight_at={x: "0"}), TypeError, "^tight_at= for x must be"),
        (lambda: verify(x**2 > y, tight_at={"x": 0}), TypeError, "tight_at= maps"),
        (lambda: verify(x, y, tight_at={x: 0}), ValueError, "belong to bounds"),
        (lambda: verify(pi, Float("3.1"), digits=-1), ValueError, "digits=-1"),
        (lambda: verify(pi, Float("3.1"), digits=31), ValueError, "digits=31"),
        (lambda: verify(pi, Float("3.1"), digits=True), ValueError, "digits=True"),
        (lambda: verify(pi, Float("3.1"), digits=1, relation="<"), ValueError, "with relation ="),
        (lambda: verify(x, y, given=3), TypeError, "given= accepts a relation or"),
        (lambda: verify(x, y, given=[3]), TypeError, "given= accepts relations such as"),
        (lambda: verify(x, y, given=np.array(3)), TypeError, "given= accepts a relation or"),
        (lambda: verify(x, y, where={x: 3}), TypeError, "where= maps"),
        (lambda: define(f(x), "x"), TypeError, "^the meaning must be"),
        (lambda: define(f(x, x), x), ValueError, "must be distinct symbols"),
        (lambda: define(x, x + 1), ValueError, "^x occurs in its own definition"),
        (lambda: define(f(x), x, because=""), ValueError, "must not be empty"),
        (lambda: define(f(x), x, label="f"), ValueError, "a label is eq-"),
        (lambda: define(f(x), x, where=3), TypeError, "where= accepts"),
        (lambda: define(f(x), x, agrees_with=3), TypeError, "an expression or a function, not 3"),
        (lambda: define(f(x), Symbol("c") + x), ValueError, "c is not declared real"),
        (lambda: Derivation(x).step("y", because="no"), TypeError, "^the step must be"),
        (lambda: Derivation(Eq(x, y)).step("y", because="no"), TypeError, "^the step must be"),
        (
            lambda: Derivation(x).step(y, because="no", relation="<", proof="p"),
            TypeError,
            "^proof= must be",
        ),
        (
            lambda: Derivation(Eq(x, y)).step(Eq(y, x), because="no", relation="<"),
            ValueError,
            "for chains of expressions",
        ),
        (
            lambda: Derivation(Eq(x, y)).step(Eq(y, x), because="no", proof=x),
            ValueError,
            "for chains of expressions",
        ),
        (
            lambda: Derivation(Eq(x, y)).step(Eq(y, x), because="no", tight_at={x: 0}),
            ValueError,
            "for chains of expressions",
        ),
        (lambda: Derivation(Eq(x, Float(0.5))), ValueError, "^a side of the start holds"),
        (
            lambda: Derivation(Eq(x, y)).step(Eq(x, Float(0.5)), because="no"),
            ValueError,
            "^a side of the step holds",
        ),
        (lambda: Derivation(x, label="x"), ValueError, "a label is eq-"),
        (lambda: Derivation(x, given=3), TypeError, "given= accepts"),
        (lambda: Derivation(x, where=3), TypeError, "where= accepts"),
    ],
)
def test_bad_input_says_what_is_accepted(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_a_decimal_of_many_digits_shows_those_that_were_checked():
    found = verify(sympy.pi, sympy.pi.evalf(40), digits=30)
    assert found.latex == r"\pi \approx 3.141592653589793238462643383280"
    assert verify(sympy.Rational(1, 4), sympy.Float("0.25"), digits=2).latex.endswith(" 0.25")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (((0, sympy.Or(Eq(x, 0), x < 0)), (1 / x, True)), ((0, x <= 0), (1 / x, True))),
        (
            ((1 / x, sympy.And(x > 0, Ne(x, 2))), (0, True)),
            ((0, sympy.Or(x <= 0, Eq(x, 2))), (1 / x, True)),
        ),
    ],
    ids=["or", "and"],
)
def test_a_case_is_defined_where_none_of_the_joined_conditions_before_it_holds(left, right):
    assert verify(Piecewise(*left), Piecewise(*right)).kind == "identity"
