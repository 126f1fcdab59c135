"""True claims pass, altered claims do not, and what is shown is what was checked."""

from __future__ import annotations

import itertools
import random
import re

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

from vgtools.derivation import (
    Derivation,
    DerivationError,
    conditions,
    define,
    definitions,
    equations,
    equivalence,
    numeric,
    printing,
    proving,
    register,
    relations,
    verify,
)  # fmt: skip

P, x, y, z, w = sympy.symbols("P x y z w", real=True)
a, b, s, u = sympy.symbols("alpha b s u", positive=True)
n, k = sympy.symbols("n k", integer=True, positive=True)
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
    monkeypatch.setattr(equations, "_REGISTER", {})
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
    where = dict(equations._definitions(options.get("where")))
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


def test_agreement_at_every_sampled_point_is_not_a_proof():
    far = Piecewise((0, x < 1000), (1, True))
    with pytest.raises(DerivationError, match="not proved: no counterexample"):
        verify(far, 0)


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
]
UNDEFINED = [
    (Eq(log(P / (1 - P)), z), Eq(P, 1 / (1 + exp(-z))), ()),
    (Eq(P / (1 - P), z), Eq(P, z * (1 - P)), ()),
    (Eq(1 / x, 1 / y), Eq(x, y), ()),
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
    with pytest.raises(DerivationError, match="add a condition"):
        Derivation(before, given=given).step(after, because="it follows")


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
    monkeypatch.setattr(relations, "_refute", lambda *arguments: None)
    monkeypatch.setattr(equivalence, "_refute_equivalence", lambda *arguments: None)


BARELY_FALSE = [
    (Eq(x**2, y**2), Eq(x, -y), (x > 0,)),
    (Eq(x, w), Eq(x * P, w * P), (P >= 0, P < 1)),
    (x > w, x * P > w * P, (P >= 0,)),
    (Eq((x - 1) ** 2, 0), Eq((x - 1) * x, 0), ()),
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
        (1 - x**2, (Abs(x) < 1,), "positive nonnegative nonzero"),
    ],
    ids=str,
)
def test_signs_that_can_be_proved_and_no_others(expression, given, signs):
    domain = conditions._Domain(tuple(given))
    proved = {sign for sign in proving._ACCEPTED if proving._shown(expression, sign, domain)}
    assert proved == set(signs.split())


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
    (ELU, -oo, "+", -a),
    (Piecewise((0, x <= -3), (x, x >= 3), (x * (x + 3) / 6, True)).diff(x), 3, "-", Rational(3, 2)),
    (Piecewise((0, x <= -3), (x, x >= 3), (x * (x + 3) / 6, True)).diff(x), 3, "+", 1),
    (sympy.Max(0, x) / x, 0, "-", 0),
    (sympy.Max(0, x) / x, 0, "+", 1),
    (Piecewise((1, (x > 0) & (x < 6)), (0, True)), 6, "-", 1),
    (Piecewise((1, (x > 0) & (x < 6)), (0, True)), 6, "+", 0),
]


@pytest.mark.parametrize(("expression", "point", "side", "value"), SIDES, ids=str)
def test_a_limit_comes_from_its_own_side(expression, point, side, value):
    limit = Limit(expression, x, point, side)
    verify(limit, value)
    with pytest.raises(DerivationError):
        verify(limit, value + 1)


def test_a_limit_that_differs_from_both_sides_does_not_exist():
    with pytest.raises(DerivationError, match="does not exist"):
        verify(Limit(ELU.diff(x), x, 0, "+-"), 1)


def test_a_case_that_nobody_can_choose_is_refused():
    with pytest.raises(DerivationError, match="which case"):
        verify(Limit(Piecewise((x, x > w), (1, True)), x, 0, "+"), 0)


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
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), TYPESET, ids=str)
def test_latex_is_textbook_style(expression, expected):
    assert printing._latex(expression) == expected


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


@settings(max_examples=80, deadline=None, derandomize=True)
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
        read_text(printing._text(expression)), read_latex(printing._latex(expression))
    ):  # fmt: skip
        found = value(read)
        assert abs(found - expected) <= 1e-9 * max(1, abs(expected)), printing._latex(expression)


def test_a_notebook_gets_latex_and_text():
    bundle = sigmoid_slope()._repr_mimebundle_()
    assert set(bundle) == {"text/latex", "text/plain"}
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


# --- the register ----------------------------------------------------------------------


def test_the_register_lists_labelled_objects_once():
    verify(sqrt(x**2), x, given=x > 0)
    slope = verify(Derivative(tanh(x), x), 1 - tanh(x) ** 2, label="eq-slope")
    verify(Derivative(tanh(x), x), 1 - tanh(x) ** 2, label="eq-slope")
    logit_to_sigmoid(label="eq-logit")
    logit_to_sigmoid(label="eq-logit")
    records = register()
    assert [(r.label, r.kind, r.evidence) for r in records] == [
        ("eq-slope", "identity", "symbolic"),
        ("eq-logit", "derivation", "symbolic, 6 steps"),
    ]
    assert slope.latex in records[0].latex
    assert len(records[1].source) == 6


def test_a_label_means_one_thing():
    verify(Derivative(tanh(x), x), 1 - tanh(x) ** 2, label="eq-slope")
    with pytest.raises(ValueError, match="already stands for"):
        verify(Derivative(tanh(x), x), 1 / cosh(x) ** 2, label="eq-slope")
    with pytest.raises(ValueError, match="already stands for"):
        verify(Derivative(tanh(x), x), 1 - tanh(x) ** 2, given=x > 0, label="eq-slope")
    chain = Derivation(x**2 - 1, label="eq-chain").step((x - 1) * (x + 1), because="factor")
    with pytest.raises(ValueError, match="already stands for"):
        Derivation(x**2 - 4, label="eq-chain")
    with pytest.raises(ValueError, match="already stands for"):
        Derivation(x**2 - 1, label="eq-chain").step((x - 1) * (x + 1), because="another reason")
    chain.step(x * (x + 1) - x - 1, because="multiply out in part")
    assert len(register()[-1].source) == 2
    for bad in ("slope", "eq-Slope", "eq slope", "eq-", 3):
        with pytest.raises(ValueError, match="a label is eq-"):
            verify(sqrt(x**2), x, given=x > 0, label=bad)


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
    ],
)
def test_bad_input_says_what_is_accepted(call, error, match):
    with pytest.raises(error, match=match):
        call()
