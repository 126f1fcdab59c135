"""True identities pass, altered ones do not, and a refusal says where and why."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
import sympy
from sympy import (
    Abs, Derivative, Eq, Integral, Lambda, Limit, MatrixSymbol, Max, Min, Mul, Ne, Piecewise,
    Rational, Subs, Sum, cosh, erf, exp, log, oo, pi, sign, sqrt, tanh,
)  # fmt: skip

from mutation.expressions import alterations
from tests.derivation_claims import (
    HALF, INSIDE, LOSS, QUARTER, SIGMA, L, P, a, f, g, k, m, n, sigma, w, x, y, z,
)  # fmt: skip
from vgtools.derivation import DerivationError, verify
from vgtools.derivation.arguments import checked_definitions
from vgtools.derivation.definitions import with_meanings

NORMAL = exp(-(x**2) / 2) / sqrt(2 * pi)


IDENTITIES = [
    ((x + 1) ** 2, x**2 + 2 * x + 1, {}),
    (sigma(x).diff(x), sigma(x) * (1 - sigma(x)), {"where": SIGMA}),
    (sigma(x).diff(x), exp(-x) / (1 + exp(-x)) ** 2, {"where": SIGMA}),
    (Derivative(sigma(x), x, 2), sigma(x).diff(x) * (1 - 2 * sigma(x)), {"where": SIGMA}),
    (tanh(x), 2 * sigma(2 * x) - 1, {"where": SIGMA}),
    (sigma(x), (1 + tanh(x / 2)) / 2, {"where": SIGMA}),
    (sigma(-x), 1 - sigma(x), {"where": SIGMA}), (Derivative(tanh(x), x), 1 - tanh(x) ** 2, {}),
    (Derivative(tanh(x), x), 1 / cosh(x) ** 2, {}),
    (log(P / (1 - P)), log(P) - log(1 - P), {"given": INSIDE}),
    (Derivative(log(P / (1 - P)), P), 1 / (P * (1 - P)), {"given": INSIDE}),
    (log(1 + exp(x)), x + log(1 + exp(-x)), {}),
    (Derivative(log(1 + exp(x)), x), sigma(x), {"where": SIGMA}),
    (L(z, y).diff(z), sigma(z) - y, {"where": [SIGMA, LOSS]}), (sqrt(x**2), x, {"given": x > 0}),
    (log(x**2), 2 * log(Abs(x)), {"given": Ne(x, 0)}),
    (Derivative(Abs(x), x), sign(x), {"given": Ne(x, 0)}),
    (Derivative(x / (1 + Abs(x)), x), 1 / (1 + Abs(x)) ** 2, {}), (Max(0, x), (x + Abs(x)) / 2, {}),
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
    (QUARTER**n, exp(-n * log(4)), {}), (log(exp(x) * exp(x * y / 2)), x + x * y / 2, {}),
    (cosh(40 * x) ** 2 - sympy.sinh(40 * x) ** 2, 1, {}),
    (f(x).diff(x) * (Abs(x) + x), 2 * f(x).diff(x) * Max(x, 0), {}),
    (1 / (cosh(40 * x) ** 2 - sympy.sinh(40 * x) ** 2), 1, {}),
]  # fmt: skip


def names(case):
    return re.sub(r"\s+", "", f"{case[0]}={case[1]}")[:60]


@pytest.mark.parametrize("case", IDENTITIES, ids=names)
def test_true_identities_are_accepted(case):
    left, right, options = case
    equation = verify(left, right, **options)
    assert (equation.kind, equation.evidence) == ("identity", "symbolic")
    verify(right, left, **options)


def same(first, second, options):
    """Whether two expressions agree, judged by floats alone: a second, independent opinion."""
    chosen = {f: Lambda(x, sympy.sin(x) + x**2 / 5), g: Lambda(x, x / 3 + exp(x / 7))}
    where = checked_definitions(options.get("where")) | chosen
    both = [with_meanings(with_meanings(side, where), where).doit() for side in (first, second)]
    draw, conditions = random.Random(7), options.get("given", ())
    conditions = conditions if isinstance(conditions, tuple) else (conditions,)
    for _ in range(40):
        point = {v: draw.uniform(-3, 3) for v in (x, y, z, w)} | {P: draw.uniform(0, 1)}
        point |= {n: draw.randint(1, 6), k: draw.randint(1, 6)}
        if all(bool(c.subs(point)) for c in conditions):
            values = [complex(side.subs(point).evalf(15)) for side in both]
            if not np.isclose(*values, rtol=1e-8, atol=1e-12):
                return False
    return True


@pytest.mark.parametrize("case", IDENTITIES, ids=names)
def test_altered_identities_are_refused(case):
    left, right, options = case
    right = sympy.sympify(right)
    symbols = {v for v in left.free_symbols | right.free_symbols if v in {x, y, z, w, P, n, k}}
    refused = 0
    for _, other in alterations(right, symbols):
        if other.has(sympy.zoo, sympy.nan, sympy.I, oo):
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
    assert refused


def test_a_counterexample_is_a_point_at_which_the_sides_differ():
    with pytest.raises(DerivationError, match="is false at") as caught:
        verify(log(P / (1 - P)), log(P) + log(1 - P), given=INSIDE)
    point = caught.value.counterexample
    assert 0 < point[P] < 1
    assert sympy.N((log(P / (1 - P)) - log(P) - log(1 - P)).subs(point)) != 0


@pytest.mark.parametrize(
    ("left", "right", "given"),
    [
        (Integral(x**m, (x, 0, 1)), 1 / (m + 1), m > 0), (Abs(x), x, 1 / x > 0),
        (Limit(exp(-x * y), x, oo), 0, y > 0), (sympy.floor(x).diff(x), 0, x > 0),
    ],
    ids=str,
)  # fmt: skip
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
)  # fmt: skip
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


@pytest.mark.parametrize(
    ("left", "right", "needed"),
    [
        (sqrt(x**2), x, x >= 0), (log(x**2), 2 * log(x), x > 0),
        (log(P / (1 - P)), log(P) - log(1 - P), INSIDE),
        (Mul(x, 1 / x, evaluate=False), 1, Ne(x, 0)), (Derivative(Abs(x), x), sign(x), Ne(x, 0)),
        (Derivative(Max(0, x), x), Piecewise((1, x > 0), (0, True)), Ne(x, 0)),
        (sign(x) ** 2, 1, Ne(x, 0)), (Abs(x - w), w - x, x < w),
        (sqrt(x**2 - 2 * x + 1), x - 1, x >= 1), (Abs(x * w), -x * w, (x > 0, w < 0)),
    ],
    ids=str,
)  # fmt: skip
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


def test_a_claim_that_is_undefined_in_one_case_is_refused_and_does_not_crash():
    kinked = sympy.Function("r")
    meaning = {kinked: sympy.Lambda(x, sympy.Piecewise((x, x > 0), (0, True)))}
    with pytest.raises(DerivationError, match="undefined"):
        verify(1 / kinked(x), kinked(x), where=meaning)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (((0, sympy.Or(Eq(x, 0), x < 0)), (1 / x, True)), ((0, x <= 0), (1 / x, True))),
        (((1 / x, sympy.And(x > 0, Ne(x, 2))), (0, True)),
         ((0, sympy.Or(x <= 0, Eq(x, 2))), (1 / x, True))),
    ],
    ids=["or", "and"],
)  # fmt: skip
def test_a_case_is_defined_where_none_of_the_joined_conditions_before_it_holds(left, right):
    assert verify(Piecewise(*left), Piecewise(*right)).kind == "identity"


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        (f(x) + L(x, x), 0, ", L(…) = 1/2 − 2·u₀/3 − u₁ + (2·u₀/3 + u₁)²/3 + exp(u₀/3 + u₁/2)"),
        (f(x) + L(x, x), 0, ", f(…) = 1/3 + u₀²/12 − u₀/2 + exp(u₀/4): the left side is"),
        (sympy.Function("p", positive=True)(x), 0, "p(…) = 1/2 + exp(u₀/3): the left"),
        (Piecewise((5, Eq(x, Rational(37, 13))), (0, True)), 0, "is false at x = 37/13"),
        (0, Piecewise((5, Eq(x, Rational(37, 13))), (0, True)), "is false at x = 37/13"),
        (Sum(x**k, (k, 0, 3)), 1, "is false at x = 1: the left side is 4.0, the right side is 1.0"),
        (sympy.Product(x + k, (k, 1, 3)), 6, "is false at x = 1: the left side is 24.0"),
        (Integral(exp(-(y**2)), (y, 0, x)), 0, "at x = 1: the left side is 0.746824132812"),
        (x * (1 + Rational(1, 10**20)), x, "is false at x = 1: the left side is 1.0, the right"),
        (1, 2, "1 = 2 is false at every point (there is nothing to choose): the"),
        (log(x), x, "ln(x) = x does not hold as stated: the left side is undefined (or not real)"),
        (x, log(x), "x = ln(x) does not hold as stated: the right side is undefined"),
        (log(x), 2 * log(x), "both sides are undefined (or not real) at x = 0; add a condition"),
        (a * x, w, "is false at α = "),
    ],
    ids=str,
)  # fmt: skip
def test_a_refusal_names_the_point_and_what_was_found_there(left, right, message):
    with pytest.raises(DerivationError, match=re.escape(message)) as caught:
        verify(left, right)
    assert caught.value.counterexample is not None


# --- matrices ---------------------------------------------------------------------------


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


# --- limits of case distinctions --------------------------------------------------------

ELU = Piecewise((x, x > 0), (a * (exp(x) - 1), True))
SIDES = [
    (ELU.diff(x), 0, "+", 1), (ELU.diff(x), 0, "-", a), (ELU / x, 0, "+", 1), (ELU / x, 0, "-", a),
    (ELU, 0, "+-", 0), (Piecewise((x + 1, x > 0), (1 - x, True)), 0, "+-", 1),
    (sympy.Max(0, x) / x + Abs(w), 0, "+", 1 + Abs(w)), (ELU, -oo, "+", -a),
    (Piecewise((0, x <= -3), (x, x >= 3), (x * (x + 3) / 6, True)).diff(x), 3, "-", Rational(3, 2)),
    (Piecewise((0, x <= -3), (x, x >= 3), (x * (x + 3) / 6, True)).diff(x), 3, "+", 1),
    (sympy.Max(0, x) / x, 0, "-", 0), (sympy.Max(0, x) / x, 0, "+", 1),
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
    (Piecewise((1, x <= 6), (0, True)), 6, "+", 0), (Piecewise((1, x >= 6), (0, True)), 6, "+", 1),
    (Max(0, Min(x, 1)), oo, "-", 1), (Max(x, -1), -oo, "+", -1),
    (Piecewise((1, x**2 > 5), (0, True)), oo, "-", 1),
    (Piecewise((1, -(x**2) > 5), (0, True)), -oo, "+", 0),
    (Piecewise((1, 1 / (x - 6) > 3), (0, True)), 6, "+", 1),
    (Piecewise((1, log(x) > 5), (0, True)), oo, "-", 1), (sympy.Heaviside(x - 1), 1, "-", 0),
    (sympy.Heaviside(x - 1), 1, "+", 1),
]  # fmt: skip


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


@pytest.mark.parametrize(
    ("case", "place", "side"),
    [
        ((x, x > w), 0, "+"), ((1, x + w**2 > 6), 6, "-"), ((1, (x > w) & (x**2 < 40)), 6, "-"),
        ((1, (x > w) | (x**2 > 40)), 6, "-"),
    ],
    ids=str,
)  # fmt: skip
def test_a_case_that_nobody_can_choose_is_refused(case, place, side):
    with pytest.raises(DerivationError, match=f"which case of .* holds for x → {place} is not kno"):
        verify(Limit(Piecewise(case, (0, True)), x, place, side), 1)
