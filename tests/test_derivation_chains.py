"""Derivations: each step is equal or equivalent to the one before it, and says why."""

from __future__ import annotations

import re

import numpy as np
import pytest
import sympy
from sympy import (
    Abs, Derivative, Eq, Mul, Ne, Piecewise, Pow, Rational, Symbol, exp, log, oo, tanh,
)  # fmt: skip

from mutation.expressions import alterations
from tests.derivation_claims import (
    HALF, INSIDE, LOGIT_STEPS, NOT_EQUIVALENT, QUARTER, SIGMA, P, a, b, logit_to_sigmoid, n, r, s,
    sigma, u, w, x, y, z,
)  # fmt: skip
from vgtools.derivation import Derivation, DerivationError


EQUIVALENT = [
    (Eq(log(P / (1 - P)), z), Eq(P / (1 - P), exp(z)), INSIDE),
    (Eq(P / (1 - P), exp(z)), Eq(P, (1 - P) * exp(z)), INSIDE),
    (Eq(P * (1 + exp(z)), exp(z)), Eq(P, exp(z) / (1 + exp(z))), INSIDE),
    (Eq(log(P / (1 - P)), z), Eq(P, 1 / (1 + exp(-z))), INSIDE), (Eq(x, y), Eq(y, x), ()),
    (Eq(x, y), Eq(exp(x), exp(y)), ()), (Eq(x, y), Eq(tanh(x), tanh(y)), ()),
    (Eq(a, b), Eq(a**2, b**2), ()), (Eq(x**2, x * y), Eq(x, y), (Ne(x, 0),)),
    (Eq(1 / x, 1 / y), Eq(x, y), (Ne(x, 0), Ne(y, 0))), (Eq(n * w / 2, 1), Eq(w, 2 / n), ()),
    (Eq(x**3, 1), Eq(x, 1), (x > 0,)), (w * s >= 1, w >= 1 / s, ()), (w * s >= 1, 1 / s <= w, ()),
    (a > exp(x), log(a) > x, ()),
    (1 / (2 * u**2 - 1) ** 2 > 1 / (4 * u**2), 2 * u > 2 * u**2 - 1, (u >= 1,)),
    (Eq(a**3, exp(y)), Eq(2 * log(a), 2 * y / 3), ()),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x >= 1,)),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x <= 1,)),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x > 0, x <= 2)),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x > 0, Ne(x, 2))), (Eq(exp(-x) - x, 1), Eq(x, 0), ()),
    (Eq(x, sympy.atanh(P)), Eq(tanh(x), P), INSIDE), (sympy.atanh(P) < x, P < tanh(x), INSIDE),
    (x < y, exp(y) > exp(x), ()), (Eq(x - x * y, 0), Eq(x * (1 - y), 0), ()),
    (x < HALF, 2 * x < 1, ()), (x > y, 2 * y < 2 * x, ()),
    (Eq(a, 1), Eq(exp(a) + a, sympy.E + 1), ()), (Eq(x, n), Eq(exp(x) + x, exp(n) + n), ()),
    (Eq(x, w), Eq(exp(x) + x, exp(w) + w), (Ne(w, 0),)),
    (Eq(x, w), Eq(exp(x) + x, exp(w) + w), (x > 0, w > 0)),
    (Eq(sympy.sin(x) ** 2 + sympy.cos(x) ** 2, 1), Eq(Abs(x) * y, x * y), (x > 0,)),
    (Eq(r * x, r * y), Eq(x, y), ()),
    (Eq(sympy.sin(y) ** 2 + sympy.cos(y) ** 2 + x, 1), Eq(x, 0), ()),
    (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (Ne(x, 2),)),
    (Eq(2 * x, 1), Eq(8 * x**3 + x, 3 * HALF), ()),
    (Eq(x, 0), Eq(Piecewise((x, x > 0), (2 * x, True)), 0), ()),
    (Eq(x, 1 + w), Eq(x - w + exp(x - w), 1 + sympy.E), ()),
    (Eq(x, w**2), Eq(x + exp(x), w**2 + exp(w**2)), ()),
]  # fmt: skip
UNDEFINED = [
    (Eq(log(P / (1 - P)), z), Eq(P, 1 / (1 + exp(-z))), ()),
    (Eq(P / (1 - P), z), Eq(P, z * (1 - P)), ()), (Eq(1 / x, 1 / y), Eq(x, y), ()),
    (Eq(log(x), y), Eq(x, exp(y)), (x > w,)),
    (Eq(1 / (x - Rational(37, 13)), y), Eq(1, y * (x - Rational(37, 13))), ()),
]  # fmt: skip


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
        (Eq(x, 1), Eq(exp(x) + x, sympy.E + 1), (x**2 < 4,)), (Eq(x, 0), Eq(x, 1), (x**2 > 4,)),
        (Eq(n, 1), Eq(exp(n) + n, sympy.E + 1), ()), (Eq(r, 1), Eq(exp(r) + r, sympy.E + 1), ()),
        (Eq(x, 0), Eq(x + Abs(x) / 2, 0), ()),
        (Eq(x, 0), Eq(x**2, 0), ()),
    ],
    ids=str,
)  # fmt: skip
def test_a_common_root_has_to_be_the_only_one_and_permitted(before, after, given):
    with pytest.raises(DerivationError, match="is not proved to be an equivalence"):
        Derivation(before, given=given).step(after, because="the same root")


@pytest.mark.parametrize(
    ("before", "after", "given", "message"),
    [
        (Eq(x, 1), Eq(x**2, 1), (),
         "the step from x = 1 to x² = 1 is not an equivalence: at x = −1"),
        (x < 1, x <= 1, (), "at x = 1, x ≤ 1 holds and x < 1 does not"),
        (Eq(x**2, 1), Eq(x, 1), (), "at x = −1, x² = 1 holds and x = 1 does not"),
        (Eq(x**3, 2), Eq(x**3, 3), (), "at x = 1.25992104989, x³ = 2 holds and x³ = 3 does not"),
        (Eq(16 * x, 3), Eq(16 * x, 4), (), "at x = 3/16, 16·x = 3 holds and 16·x = 4 does not"),
        (Eq(x**3, 2), Eq(x**3, 3), (x > w,), "x = 1.25992104989, x³ = 2 holds and x³ = 3 does"),
        (Eq(x**3, 2), Eq(x**3, 3), (x * w > 1,), "x = 1.25992104989, x³ = 2 holds and x³ = 3"),
        (Eq(x, 2 * w), Eq(x, 3 * w), (x > w,), "x = 2·w holds and x = 3·w does not"),
    ],
    ids=str,
)  # fmt: skip
def test_a_counterexample_to_an_equivalence_is_looked_for_at_the_roots(
    before, after, given, message
):
    with pytest.raises(DerivationError, match=re.escape(message)):
        Derivation(before, given=given).step(after, because="wrong")


def test_steps_use_the_definitions():
    start = Eq(sigma(x), P)
    chain = Derivation(start, where=SIGMA, given=INSIDE).step(
        Eq(x, log(P / (1 - P))), because="solve for $x$"
    )
    assert chain.where == SIGMA
    with pytest.raises(DerivationError):
        Derivation(start, given=INSIDE).step(Eq(x, log(P / (1 - P))), because="solve for $x$")


@pytest.mark.parametrize("index", range(len(LOGIT_STEPS)))
def test_altered_steps_of_a_derivation_are_refused(index):
    lines = [Eq(log(P / (1 - P)), z), *(equation for equation, _ in LOGIT_STEPS)]
    before, right = Derivation(lines[index], given=INSIDE), lines[index + 1]
    point = {z: 0.3, P: float(1 / (1 + exp(-0.3)))}
    refused = 0
    for _, wrong in alterations(right, {P, z}):
        if abs(complex((wrong.lhs - wrong.rhs).subs(point))) < 1e-9:
            continue
        with pytest.raises(DerivationError):
            before.step(wrong, because="it seems so")
        refused += 1
    assert refused >= 5


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


def test_a_chain_of_bounds_goes_in_one_direction():
    chain = Derivation(x * (1 - x)).step(QUARTER - (x - HALF) ** 2, because="complete the square")
    chain = chain.step(QUARTER, because="a square", relation="<=", tight_at={x: HALF})
    assert "  ≤ 1/4   (a square)" in str(chain)
    with pytest.raises(DerivationError):
        chain.step(Rational(1, 5), because="no", relation="<", proof=Rational(1, 20))
    longer = chain.step(HALF, because="larger", relation="<", proof=QUARTER)
    assert [step.relation for step in longer.steps] == ["==", "<=", "<"]
    for falling in (chain, longer):
        with pytest.raises(ValueError, match="> 0: a chain cannot go both up and down"):
            falling.step(0, because="no", relation=">", proof=falling.result)
    with pytest.raises(ValueError, match="belong to bounds"):
        Derivation(x + x**2).step(x * (1 + x), because="no", proof=x)


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


def test_steps_are_lettered_beyond_the_alphabet():
    chain = Derivation(x)
    for count in range(1, 29):
        following = x if count % 2 == 0 else Mul(x, 1, evaluate=False)
        chain = chain.step(following, because="the same")
    letters = [reason.split()[0] for reason in chain.reasons()]
    assert [letters[count] for count in (0, 1, 25, 26, 27)] == ["(a)", "(b)", "(z)", "(aa)", "(ab)"]


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
    assert chain.reasons() == ["(a) factor $x$"]
    numbers = Derivation(Mul(2, 3, evaluate=False)).step(6, because="multiply")
    start = Derivation(Mul(2, 3, evaluate=False))
    assert start.latex == "\\begin{aligned}\n& 2 \\cdot 3\n\\end{aligned}"
    assert r"\small" not in numbers.latex
    assert str(numbers) == "2·3\n  = 6   (multiply)"


@pytest.mark.parametrize(("letters", "wide"), [
        (7, False), (8, True),
    ])  # fmt: skip
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
