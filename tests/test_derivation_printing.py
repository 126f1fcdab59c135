"""What is shown is what was checked, in the style of a textbook."""

from __future__ import annotations

import json
import re

import pytest
import sympy
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from sympy import (
    Abs, Add, Derivative, Function, Integral, Limit, MatrixSymbol, Max, Mul, Ne, Piecewise,
    Pow, Rational, Subs, Sum, Symbol, acosh, exp, log, oo, pi, sqrt, tanh,
)  # fmt: skip
from sympy.printing.pretty.pretty_symbology import pretty_use_unicode

from tests.derivation_claims import (
    HALF, INSIDE, QUARTER, SIGMA, L, P, a, f, g, k, logit_to_sigmoid, n, sigma, x, y, z,
)  # fmt: skip
from vgtools.derivation import Derivation, define, numeric, printing, verify
from vgtools.frontend import RECORD


TYPESET = [
    (exp(-x) / (1 + exp(-x)) ** 2, r"\frac{e^{- x}}{\left(1 + e^{- x}\right)^{2}}"),
    (sigma(x) * (1 - sigma(x)), r"\sigma(x) \left(1 - \sigma(x)\right)"),
    (sigma(x) ** 2, r"\sigma(x)^{2}"), (sigma(x).diff(x), r"\sigma'(x)"),
    (sigma(x).diff(x, 2), r"\sigma''(x)"), (sigma(x).diff(x, 4), r"\sigma^{(4)}(x)"),
    (Subs(Derivative(sigma(y), y), y, 2 * x), r"\sigma'(2 x)"),
    (f(g(x)).diff(x), r"f'(g(x)) g'(x)"), (L(z, y).diff(z), r"\frac{\partial L}{\partial z}"),
    (Derivative(Symbol("L"), z), r"\frac{dL}{dz}"),
    (Derivative(log(x), x), r"\frac{d}{dx}\left[\ln x\right]"),
    (Derivative(log(x), x, 2), r"\frac{d^{2}}{dx^{2}}\left[\ln x\right]"),
    (L(z, y).diff(z, y), r"\frac{\partial^{2}L}{\partial y \, \partial z}"), (tanh(x), r"\tanh x"),
    (tanh(2 * x), r"\tanh(2 x)"), (sympy.atanh(x), r"\operatorname{artanh} x"),
    (log(P / (1 - P)), r"\ln\left(\frac{P}{1 - P}\right)"), (x**2 + 2 * x + 1, "x^{2} + 2 x + 1"),
    (Add(1, x, evaluate=False), "x + 1"), (Add(y, -x, evaluate=False), "y - x"),
    (-y * log(P) - (1 - y) * log(1 - P), r"- y \ln P - \left(1 - y\right) \ln(1 - P)"),
    (Mul(1 / x, Mul(2, 1 / y, evaluate=False), evaluate=False), r"\frac{1}{x} \cdot \frac{2}{y}"),
    (Piecewise((x, x > 0), (a * (exp(x) - 1), True)),
     r"\begin{cases} x & \text{if }x > 0 \\ \alpha \left(e^{x} - 1\right) & \text{if }x \le 0 "
     r"\end{cases}"),
    (Piecewise((0, x < 0), (x, x < 6), (6, True)),
     r"\begin{cases} 0 & \text{if }x < 0 \\ x & \text{if }x < 6 \\ 6 & \text{otherwise} "
     r"\end{cases}"),
    (Limit(sigma(x), x, oo), r"\lim_{x \to \infty} \sigma(x)"),
    (-Rational(3, 4) * x, r"- \frac{3 x}{4}"), (2 * Rational(1, 3) ** n, r"2 \cdot 3^{- n}"),
    (sympy.Heaviside(x), "H x"), (log(x) ** 2, r"\ln^{2} x"), (tanh(3), r"\tanh 3"),
    (tanh(HALF), r"\tanh\left(\frac{1}{2}\right)"), (f(x / 2), r"f\left(\frac{x}{2}\right)"),
    (f(x) ** 2, "f(x)^{2}"),
    (sigma(Integral(x, (x, 0, 1))), r"\sigma\left(\int\limits_{0}^{1} x\, dx\right)"),
    (acosh(x), r"\operatorname{arcosh} x"),
    (L(z, y).diff(y, z, 2), r"\frac{\partial^{3}L}{\partial y \, \partial z^{2}}"),
    (Derivative(x**n, (x, n)), r"\frac{d^{n}}{dx^{n}}\left[x^{n}\right]"),
    (Subs(Derivative(sigma(y), y, 4), y, 2 * x), r"\sigma^{(4)}(2 x)"),
    (Subs(Derivative(L(z, y), z), z, 2 * x),
     r"\left. \frac{\partial L}{\partial z} \right|_{\substack{ z=2 x }}"),
    (MatrixSymbol("A", 2, 2).T, r"A^{\mathsf T}"),
    ((MatrixSymbol("A", 2, 2) + MatrixSymbol("B", 2, 2)).T, r"A^{\mathsf T} + B^{\mathsf T}"),
    (Ne(x, y), r"x \ne y"),
    (Add(x, Add(y, z, evaluate=False), evaluate=False), r"x + \left(y + z\right)"),
    (Mul(2, -x, evaluate=False), r"2 \left(- x\right)"), (Mul(x, 3, evaluate=False), r"x \cdot 3"),
    (Mul(x / y, -y / z, evaluate=False), r"\frac{x}{y} \cdot \left(- \frac{y}{z}\right)"),
    (Mul(-1, Mul(x, 1 / y, evaluate=False), Mul(y, 1 / z, evaluate=False), evaluate=False),
     r"- \frac{x}{y} \cdot \frac{y}{z}"),
    (Mul(2, Piecewise((x, x > 0), (0, True)), evaluate=False),
     r"2 \left(\begin{cases} x & \text{if }x > 0 \\ 0 & \text{if }x \le 0 \end{cases}\right)"),
    (Piecewise((x, x > 0), (0, True)) + 1,
     r"1 + \begin{cases} x & \text{if }x > 0 \\ 0 & \text{if }x \le 0 \end{cases}"),
    (x - x**2, "x - x^{2}"), (x**3 + y + 2, "x^{3} + y + 2"), (x + exp(x) + 2, "2 + x + e^{x}"),
    (2 / (3 * x * y), r"\frac{2}{3 x y}"), (1 / sqrt(x), r"\frac{1}{\sqrt{x}}"),
    (Mul(-x, 2, evaluate=False), r"- x \cdot 2"),
    (Mul(-1, -x, evaluate=False), r"- \left(- x\right)"),
    (Mul(2, Mul(-1, x - y, evaluate=False), evaluate=False),
     r"2 \left(- \left(x - y\right)\right)"),
    (Mul(2, Mul(-1, y - x, evaluate=False), evaluate=False),
     r"2 \left(- \left(y - x\right)\right)"),
    (Mul(Sum(k, (k, 1, n)), x, evaluate=False), r"\left(\sum_{k=1}^{n} k\right) x"),
    (Mul(x, Sum(k, (k, 1, n)), evaluate=False), r"x \sum_{k=1}^{n} k"),
    (Add(x, y, Piecewise((x, x > 0), (0, True)), evaluate=False),
     r"x + y + \begin{cases} x & \text{if }x > 0 \\ 0 & \text{if }x \le 0 \end{cases}"),
    (Derivative(Symbol("L"), y, z), r"\frac{\partial^{2}L}{\partial y \, \partial z}"),
    (Derivative(f(x), (x, n)), r"\frac{d^{n}f}{dx^{n}}"),
    (Derivative(sympy.Integer(1), x), r"\frac{d}{dx} 1"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), TYPESET, ids=str)
def test_latex_is_textbook_style(expression, expected):
    assert printing.to_latex(expression) == expected


PLAIN = [
    (Abs(x), "|x|"), (Max(0, x), "max(0, x)"), (log(x) + tanh(x) ** 2, "ln(x) + tanh(x)²"),
    (Pow(1 / x, -1, evaluate=False), "1/(1/x)"), (Pow(2 * x / y, -1, evaluate=False), "1/(2·x/y)"),
    (Mul(1 / (1 + x), x, evaluate=False), "x/(x + 1)"), ((1 + x) * sqrt(x * y), "(x + 1)·√(x·y)"),
    (acosh(x), "arcosh(x)"), (sympy.atanh(x) ** 2, "artanh(x)²"), (Function("theta_1")(x), "θ₁(x)"),
    (sympy.Heaviside(x), "H(x, 1/2)"), (Symbol("alpha_1"), "α₁"), (MatrixSymbol("W_1", 2, 2), "W₁"),
    (sigma(x).diff(x, 4), "σ^(4)(x)"), (Derivative(log(x), x, 2), "d^2/dx^2 [ln(x)]"),
    (Derivative(x * y, x), "∂/∂x [x·y]"), (Derivative(Symbol("L"), z), "dL/dz"),
    (Derivative(Symbol("L"), z, 2), "d^2L/dz^2"), (L(z, y).diff(y, z, 2), "∂^3/∂y ∂z^2 [L(z, y)]"),
    (Subs(Derivative(sigma(y), y), y, 2 * x), "σ'(2·x)"),
    (Subs(Derivative(L(z, y), z), (z, y), (2 * x, 1)), "[∂/∂z [L(z, y)] at z = 2·x, y = 1]"),
    (Limit(sigma(x), x, oo), "lim x→∞ σ(x)"), (Limit(sigma(x), x, -oo), "lim x→−∞ σ(x)"),
    (Limit(sigma(x), x, 0, "+"), "lim x→0+ σ(x)"),
    (Piecewise((x, x > 0), (2, True)), "{x if x > 0; 2 if x ≤ 0}"),
    (Piecewise((0, x < 0), (x, x < 6), (6, True)), "{0 if x < 0; x if x < 6; 6 otherwise}"),
    (Ne(x, y), "x ≠ y"), (x <= y, "x ≤ y"), (x >= y, "x ≥ y"),
    (sympy.Trace(MatrixSymbol("A", 2, 2)), "tr(A)"), (MatrixSymbol("A", 2, 2).T, "Aᵀ"),
    (sympy.Transpose(MatrixSymbol("A", 2, 2) + MatrixSymbol("B", 2, 2)), "(A + B)ᵀ"),
    (MatrixSymbol("A", 2, 2) * (MatrixSymbol("A", 2, 2) + MatrixSymbol("B", 2, 2)), "A·(A + B)"),
    (MatrixSymbol("C", 2, 2) + MatrixSymbol("A", 2, 2) * MatrixSymbol("B", 2, 2), "A·B + C"),
    (2 * MatrixSymbol("A", 2, 2), "2·A"),
    (sympy.MatAdd(MatrixSymbol("A", 2, 2), MatrixSymbol("B", 2, 2) + MatrixSymbol("C", 2, 2)),
     "A + B + C"),
    (MatrixSymbol("A", 2, 2) ** 2, "A^2"), (2 * pi + sympy.E, "e + 2·π"), (1 / sqrt(x), "1/√(x)"),
    (x ** Rational(3, 2), "x^(3/2)"), (x**-n, "x^(−n)"), (x**12, "x¹²"),
    ((x + 1) ** y, "(x + 1)^y"), (x ** (y + 1), "x^(y + 1)"), (2 / (3 * x * y), "2/(3·x·y)"),
    (-3 * x * y / (4 * z), "−3·x·y/(4·z)"), (-x / 2, "−x/2"),
    ((x + 1) / (x + 2), "(x + 1)/(x + 2)"),
    (Mul(1 / x, Mul(2, 1 / y, evaluate=False), evaluate=False), "(1/x)·(2/y)"),
    (Mul(3, QUARTER, evaluate=False), "3/4"), (Mul(2, -x, evaluate=False), "2·(−x)"),
    (Add(x, Add(y, z, evaluate=False), evaluate=False), "x + (y + z)"),
    (Add(x, Mul(-1, Add(y, z), evaluate=False), evaluate=False), "x − (y + z)"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), PLAIN, ids=str)
def test_text_is_one_readable_line(expression, expected):
    assert printing.to_text(expression) == expected


@pytest.mark.parametrize("unicode", [
        False, True,
    ])  # fmt: skip
def test_a_name_leaves_the_settings_of_sympy_alone(unicode):
    before = pretty_use_unicode(unicode)
    try:
        assert printing.to_text(Symbol("alpha_1")) == "α₁"
        assert pretty_use_unicode() is unicode
    finally:
        pretty_use_unicode(before)


# --- in rows, for a phone ---------------------------------------------------------------


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
        ((29,), [r"\quad = A"]), ((30,), ["= A"]), ((34,), ["= A"]), ((14, 15), ["= A + B"]),
        ((15, 15), ["= A + B"]), ((15, 16), ["= A", r"\quad + B"]),
        ((14, 14, 14, 14), ["= A + B", r"\quad + C + D"]),
        ((14, 15, 14, 14), ["= A", r"\quad + B", r"\quad + C + D"]),
    ],
)  # fmt: skip
def test_a_sum_is_folded_before_the_term_that_does_not_fit(letters, rows):
    shown = define(f(x), Add(*named(letters)))._repr_latex_().split("\n")[3:-3]
    short = [re.sub(r"([abcd])\1+", lambda m: m[1].upper(), row) for row in shown]
    assert short == [rf"& {row} \\" for row in rows]


@pytest.mark.parametrize(("letters", "one_row"), [
        (27, True), (28, False),
    ])  # fmt: skip
def test_an_equation_of_34_characters_stays_on_one_row(letters, one_row):
    (meaning,) = named([letters])
    shown = define(f(x), meaning)._repr_latex_()
    assert (f"f(x) = {meaning}" in shown) == one_row


@pytest.mark.parametrize(("letters", "beside"), [
        (6, True), (7, False),
    ])  # fmt: skip
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


# --- read back --------------------------------------------------------------------------


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


# --- notebook, book and record ----------------------------------------------------------


def test_a_notebook_gets_latex_text_and_the_record():
    for made in (verify(sqrt(x**2), x, given=x > 0), logit_to_sigmoid()):
        shown = made._repr_mimebundle_()
        assert shown == {
            RECORD: made.record(), "text/latex": made._repr_latex_(), "text/plain": repr(made)
        }  # fmt: skip
        assert json.loads(json.dumps(shown)) == shown


def test_a_notebook_shows_the_name_of_an_equation_beside_it():
    bound = verify((x + 1) ** 2, x**2 + 2 * x + 1, label="eq-test-square")._repr_latex_()
    assert bound.endswith(r" \tag{eq-test-square}" + "\n$$")
    steps = logit_to_sigmoid(label="eq-test-logit")._repr_latex_()
    assert steps.endswith(r"&& \small \text{(eq-test-logit)}" + "\n\\end{aligned}\n$$")
    for unnamed in (verify((x + 1) ** 2, x**2 + 2 * x + 1), logit_to_sigmoid()):
        assert r"\tag" not in unnamed._repr_latex_()
        assert "(eq-" not in unnamed._repr_latex_()


def test_the_book_gets_numbered_myst(monkeypatch):
    monkeypatch.setenv("VGTOOLS_STATIC", "1")
    bundle = logit_to_sigmoid(label="eq-test-logit")._repr_mimebundle_()
    assert set(bundle) == {"text/markdown", "text/plain"}
    lines = bundle["text/markdown"].splitlines()
    assert lines[:4] == ["```{math}", ":label: eq-test-logit", "", r"\begin{aligned}"]
    assert r"\overset{\text{(b)}}{\iff}\ & P = \left(1 - P\right) e^{z} \\" in lines
    assert "```{container} derivation-reasons" in lines
    assert "(b) multiply by $1 - P$, which is not zero\\" in lines
    plain = verify(tanh(x), 2 * sigma(2 * x) - 1, where=SIGMA)._repr_mimebundle_()["text/markdown"]
    assert ":label:" not in plain
    assert "container" not in plain
    assert plain.splitlines()[:3] == ["```{math}", "", r"\begin{gathered}"]
    square = verify(x + x**2, x * (1 + x), because="factor $x$", label="eq-test-factored")
    assert square._repr_mimebundle_() == {
        "text/plain": "x² + x = x·(x + 1)   for x real   (factor x)",
        "text/markdown": "\n".join([
            "```{math}",
            ":label: eq-test-factored",
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
    equation = verify(x + x**2, x * (1 + x), because=reason)
    chain = Derivation(x + x**2).step(x * (1 + x), because=reason)
    assert equation.record()["because"] == chain.record()["steps"][0]["because"] == plain
    assert tex in equation._repr_latex_() and tex in chain._repr_latex_()


def test_a_record_holds_what_stands_behind_an_equation():
    found = verify(
        sqrt(x**2), x, given=x > 0, label="eq-test-root", because="$x$ is positive"
    ).record()
    assert found == {
        "label": "eq-test-root", "kind": "identity", "evidence": "symbolic", "text": "|x| = x",
        "latex": r"\left|{x}\right| = x", "conditions": "for x > 0", "because": "x is positive",
        "steps": [],
    }  # fmt: skip
    chain = logit_to_sigmoid(label="eq-test-logit")
    found = chain.record()
    assert (found["label"], found["kind"], found["evidence"]) == (
        "eq-test-logit", "derivation", "symbolic, 6 steps"
    )  # fmt: skip
    lines = [f"{one['sign']} {one['text']}   ({one['because']})" for one in found["steps"]]
    assert str(chain) == "\n".join([found["text"], *lines, found["conditions"]])
    assert found["steps"][-1]["latex"] in chain.latex
    bound = Derivation(x).step(x + exp(x), because="add", relation="<", tight_at={x: -oo})
    assert [one["sign"] for one in bound.record()["steps"]] == ["<"]
