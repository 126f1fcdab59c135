"""Definitions, numeric evidence, labels, and what bad input is told."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import sympy
from sympy import (
    Derivative, Eq, Float, Function, Lambda, MatrixSymbol, Ne, Piecewise, Symbol, cosh, exp, log,
    pi, sqrt, tanh,
)  # fmt: skip

from tests.derivation_claims import (
    HALF, INSIDE, QUARTER, SIGMA, P, a, b, f, g, logit_to_sigmoid, p0, q0, sigma, x, y,
)  # fmt: skip
from vgtools.derivation import Derivation, DerivationError, define, equations, numeric, verify


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


def test_a_definition_keeps_what_it_was_given():
    inner = {g: sympy.Lambda(x, x + 1)}
    plain = define(
        f(x), tanh(x) + g(x), given=x > 0, where=inner, label="eq-test-f", because="a name"
    )
    assert (plain.lhs, plain.rhs) == (f(x), tanh(x) + g(x))
    assert (plain.relation, plain.kind, plain.evidence) == ("==", "definition", "definition")
    assert (plain.given, plain.where, plain.label) == ((x > 0,), inner, "eq-test-f")
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
    product = define(symbol, matrices[0] * matrices[1], label="eq-test-product")
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


def test_definitions_come_in_many_forms():
    first, second = define(f(x), tanh(x)), define(Symbol("c", real=True), 2 * y)
    meaning = {f: Lambda(x, tanh(x))}
    for where, expected in [
        (None, {}), (first, meaning), (second, {second.lhs: 2 * y}), ((meaning, first), meaning),
        ([first, second], meaning | {second.lhs: 2 * y}),
    ]:  # fmt: skip
        assert verify((x + 1) ** 2, x**2 + 2 * x + 1, where=where).where == expected
    assert str(verify(second.lhs + y, 3 * y, where=[second])) == "c + y = 3·y   for y real"


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
        (lambda: verify(f(x), 0), "f(x) = 0 is false at x = 0, f(…) = "),
        (lambda: verify(x + HALF, x), "at x = 0: the left side is 0.5, the right side is 0.0"),
        (lambda: verify(x, 2, digits=None), "x = 2 is false"),
        (lambda: verify(sympy.zeta(x), 1, given=x > 1), "ζ(x) = 1 is false"),
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
        proof=(sigma(x) - HALF) ** 2, tight_at={x: 0}, label="eq-test-steepest",
    )  # fmt: skip
    assert (bound.lhs, bound.rhs) == (sigma(x).diff(x), QUARTER)
    assert (bound.relation, bound.kind, bound.evidence) == ("<=", "bound", "symbolic")
    assert (bound.given, bound.where, bound.label) == ((x < 5,), SIGMA, "eq-test-steepest")
    assert (bound.because, bound.tight_at) == ("steepest", {x: 0})
    assert (bound.proof, bound.digits) == ((sigma(x) - HALF) ** 2, None)
    assert str(bound) == "σ'(x) ≤ 1/4   for x < 5; equality at x = 0   (steepest)"
    identity = verify(Eq((x + 1) ** 2, x**2 + 2 * x + 1))
    assert (identity.relation, identity.label, identity.because) == ("==", None, None)
    assert (identity.given, identity.where, identity.reasons()) == ((), {}, [])
    assert verify(Eq(sqrt(x**2), x), given=[x > 0, x < 2]).given == (x > 0, x < 2)
    assert set(verify(sqrt(P * P), P, given=(P > 0) & (P < 1)).given) == set(INSIDE)
    assert verify(x + x * y, np.int64(1) * x * (1 + y), given=()).kind == "identity"


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
        ((np.ones(0), np.ones(0)), ValueError, "shapes"), (3, TypeError, "must return"),
        (("a", "b"), TypeError, "must return"),
    ],
)  # fmt: skip
def test_numeric_refuses(result, error, match):
    with pytest.raises(error, match=match):
        numeric("a = b", check=lambda rng: result)


@pytest.mark.parametrize(
    ("relation", "holds"),
    [
        ("=", (True, False, False, True, True)), ("<", (False, True, False, True, False)),
        (">", (False, False, True, False, True)), ("<=", (True, True, False, True, True)),
        (">=", (True, False, True, True, True)),
    ],
)  # fmt: skip
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
        label="eq-test-det", because=" traces ",
    )  # fmt: skip
    assert (both.kind, both.evidence) == ("numeric", "numeric, rtol 1e-06, 3 draws")
    assert (both.relation, both.label, both.because) == ("==", "eq-test-det", "traces")
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


@pytest.mark.parametrize("options", [
        {"rtol": 0}, {"rtol": 0.5}, {"draws": 1}, {"seed": 0},
    ])  # fmt: skip
def test_numeric_options_at_the_end_of_their_range(options):
    assert numeric("a", check=lambda rng: (1.0, 1.0), **options).kind == "numeric"
    assert numeric("a", check=lambda rng: (2, 3), rtol=0.34).evidence.startswith(
        "numeric, rtol 0.34"
    )
    for sides, rtol in [((2, 3), 0.33), ((1e-8, 1.1e-8), 1e-10)]:
        with pytest.raises(DerivationError):
            numeric("a", check=lambda rng, sides=sides: sides, rtol=rtol)


# --- labels ----------------------------------------------------------------------------


def test_a_label_means_one_thing():
    for _ in range(2):  # the same statement again is no other one
        verify(Derivative(tanh(x), x), 1 - tanh(x) ** 2, label="eq-test-slope")
        logit_to_sigmoid(label="eq-test-logit")
    with pytest.raises(ValueError, match="eq-test-slope already stands for"):
        verify(Derivative(tanh(x), x), 1 / cosh(x) ** 2, label="eq-test-slope")
    with pytest.raises(ValueError, match="already stands for"):
        verify(Derivative(tanh(x), x), 1 - tanh(x) ** 2, given=x > 0, label="eq-test-slope")
    Derivation(x**2 - 1, label="eq-test-chain").step((x - 1) * (x + 1), because="factor")
    with pytest.raises(ValueError, match="already stands for a derivation from x² − 1"):
        Derivation(x**2 - 4, label="eq-test-chain")
    for bad in ("slope", "eq-Slope", "eq slope", "eq-", 3):
        with pytest.raises(ValueError, match="a label is eq-"):
            verify(sqrt(x**2), x, given=x > 0, label=bad)


def test_a_person_may_change_what_a_label_stands_for(monkeypatch):
    monkeypatch.setattr(equations, "live_notebook", lambda: True)
    verify(sqrt(x**2), x, given=x > 0, label="eq-test-one")
    verify((x + 1) ** 2, x**2 + 2 * x + 1, label="eq-test-one")


# --- bad input -------------------------------------------------------------------------

CIRCLE = {f: Lambda(x, g(x)), g: Lambda(x, f(x) + 1)}
ROOT = verify(sqrt(x**2), x, given=x > 0)


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
        (lambda: define(f(2 * x), x), ValueError, "must be distinct symbols"),
        (lambda: define(f(x), f(2 * x) + 1), ValueError, "occurs in its own definition"),
        (lambda: define(x + 1, x), TypeError, r"a symbol or f\(x\), not x \+ 1"),
        (lambda: verify(f(x), x, where=CIRCLE), ValueError, "in a circle"),
        (lambda: verify(f(x), x, where=[CIRCLE, {g: Lambda(x, x)}]), ValueError, "g is defined tw"),
        (lambda: verify(x, y, where=ROOT), ValueError, "of kind identity"),
        (lambda: define(x, x + 1), ValueError, "^x occurs in its own definition"),
        (lambda: define(f(x), x, because=""), ValueError, "must not be empty"),
        (lambda: define(f(x), x, label="f"), ValueError, "a label is eq-"),
        (lambda: define(f(x), x, where=3), TypeError, "where= accepts"),
        (lambda: define(f(x), x, agrees_with=3), TypeError, "an expression or a function, not 3"),
        (lambda: define(f(x), Symbol("c") + x), ValueError, "c is not declared real"),
        (lambda: Derivation(x).step("y", because="no"), TypeError, "^the step must be"),
        (lambda: Derivation(Eq(x, y)).step("y", because="no"), TypeError, "^the step must be"),
        (lambda: Derivation(x).step(y, because="no", relation="<", proof="p"), TypeError,
         "^proof= must be"),
        (lambda: Derivation(Eq(x, y)).step(Eq(y, x), because="no", relation="<"), ValueError,
         "for chains of expressions"),
        (lambda: Derivation(Eq(x, y)).step(Eq(y, x), because="no", proof=x), ValueError,
         "for chains of expressions"),
        (lambda: Derivation(Eq(x, y)).step(Eq(y, x), because="no", tight_at={x: 0}), ValueError,
         "for chains of expressions"),
        (lambda: Derivation(Eq(x, Float(0.5))), ValueError, "^a side of the start holds"),
        (lambda: Derivation(Eq(x, y)).step(Eq(x, Float(0.5)), because="no"), ValueError,
         "^a side of the step holds"),
        (lambda: Derivation(x, label="x"), ValueError, "a label is eq-"),
        (lambda: Derivation(x, given=3), TypeError, "given= accepts"),
        (lambda: Derivation(x, where=3), TypeError, "where= accepts"),
    ],
)  # fmt: skip
def test_bad_input_says_what_is_accepted(call, error, match):
    with pytest.raises(error, match=match):
        call()
