"""Inline formulas: each one that states something has an entry, and each check holds."""

import re

import pytest
import test_book as book

from bookext import formulas, notebooks
from bookext.notebooks import EvidenceError, Statement

ENTRIES = formulas.load(book.BOOK / formulas.FILE)


def test_every_formula_of_the_chapters_has_something_behind_it():
    """As the build finds it, with every check evaluated."""
    held = set()
    for path in book.NOTEBOOKS:
        statements = notebooks.read(path).statements
        found = list(formulas.faults(path.stem, book.prose(path), statements, ENTRIES, held))
        assert not found, "\n\n".join(found)
    assert held == {one.check for one in ENTRIES if one.check}
    assert len({(one.chapter, one.formula) for one in ENTRIES}) == len(ENTRIES)


CHAIN = Statement("eq-a", "one", (), (r"\sigma(- x) = 1 - \sigma(x)", "c^{2}"), 1, "", "")


@pytest.mark.parametrize(
    "sentence, entry, fault",
    [
        ("$x = y + 1$", {}, "nothing stands behind the formula $x = y + 1$"),
        ("", {"check": "1 == 1"}, "is stated no more; remove its entry"),
        ("$x = y + 1$", {"equation": "eq-b"}, "points to eq-b, which is not shown here"),
        ("$x = y + 1$", {"equation": "eq-a"}, "is no part of eq-a, which reads"),
        ("$x = y + 1$", {"check": "1 == 2"}, "is wrong: its check in formulas.toml is not true"),
        ("$x = y + 1$", {"check": "sigma(x)"}, "cannot be evaluated: NameError: name 'sigma'"),
        ("$x = y + 1$", {"check": "same(x, "}, "cannot be evaluated: SyntaxError"),
        ("$x = y + 1$", {"check": "..."}, "is Ellipsis, which is neither true nor false"),
        ("$x = y + 1$", {"equation": "eq-a", "check": "1 == 1"}, None),
        (r"$\sigma(-x) = 1 - \sigma(x)$", {"equation": "eq-a"}, None),
        (r"$\sigma(-x) = 1 + \sigma(x)$", {"equation": "eq-a"}, "is no part of eq-a"),
        (r"$\sigma(-x) = c^2$", {"equation": "eq-a"}, None),
        (r"$\sigma(-x) < c^2$", {"equation": "eq-a"}, "is no part of eq-a"),
    ],
)
def test_a_formula_with_nothing_behind_it_is_a_fault(sentence, entry, fault):
    said = sentence.strip("$") or "x = y + 1"
    entries = [formulas.Formula("one", said, **entry)] if entry else []
    found = list(formulas.faults("one", sentence, [CHAIN], entries, set()))
    assert (fault in found[0] and len(found) == 1) if fault else found == []


WRONG = (
    r"\dfrac{\partial L_T}{\partial W} = \dfrac{\partial L_T}{\partial h_T}\, P\, "
    r"\dfrac{\partial h_1}{\partial W}"
)
"""Quoted in an exercise that asks for what is wrong with it."""


def test_names_are_no_facts():
    """What gives a name has a plain name on one side, or is one of the few that were looked at."""
    conditions = {
        r"n \operatorname{Var} W = 2",
        r"1 + D_2 \ge 2 D_1",
        r"|w| = 4\cosh^2 t",
        r"r(u) = \min_i s_i\, x_i \cdot u",
        r"z_{l+1} = hW + b",
        r"100 \ln(1 + 5/n) \le 1",
        "q' = q",
        r"\sigma_w^2 = 2",
        r"\sigma_w^2 = 1.8",
        "f(0) = 0",
        r"f(0) \ne 0",
        "f(z) = z",
        r"t' = t + \tfrac{2}{n^2} s",
        WRONG,
    }
    name = r"\\?\w+(\^\{\\mathsf T\})?(_\w)?(\(x\))?|n \\operatorname\{Var\} W"
    for one in ENTRIES:
        if one.names and one.formula not in conditions:
            left = formulas.RELATION.split(one.formula)[0].strip()
            assert re.fullmatch(name, left), one.formula


@pytest.mark.parametrize(
    "formula, expected",
    [
        ("x = 0", False),
        (r"\alpha = \tfrac14", False),
        (r"|x| \ge 3", False),
        (r"x \to \infty", False),
        (r"\tfrac{2}{11} \approx 0.182", True),
        (r"2 < 3", True),
        (r"f(x) = A \tanh(Bx)", True),
        (r"\sqrt{128} \approx 11", True),
        (r"x^2 \leq x", True),
        (r"\sqrt{128} \neq 11", True),
    ],
)
def test_a_relation_with_something_on_a_side_states_something(formula, expected):
    assert formulas.states(formula) is expected


@pytest.mark.parametrize(
    "check",
    [
        "same(sin(x)**2, cos(x)**2)",
        "round(2 / 11, 3) == 0.183",
        "same((1 + 2 * c - 2 * c**2).subs(c, (1 - sqrt(2)) / 2), 0)",
    ],
)
def test_a_check_of_something_wrong_fails(check):
    assert not formulas.holds(check)


def test_a_check_says_true_or_false():
    with pytest.raises(TypeError, match="neither true nor false"):
        formulas.holds("x > 0")


def test_an_entry_says_one_thing(tmp_path):
    path = tmp_path / formulas.FILE
    for fields in ("", 'names = "a"\ncheck = "b"', 'names = "a"\nequation = "b"', 'name = "a"'):
        path.write_text(f'[[formula]]\nchapter = "a"\nformula = "x = y + 1"\n{fields}\n', "utf-8")
        with pytest.raises(EvidenceError):
            formulas.load(path)
