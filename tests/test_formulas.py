"""Inline formulas: each one that states something has an entry, and each check holds."""

import re

import pytest
import test_book as book

from vgtools.sphinx_ext import formulas
from vgtools.sphinx_ext.evidence import EvidenceError

ENTRIES = formulas.load(book.BOOK / formulas.FILE)
CHECKS = [one for one in ENTRIES if one.check]


@pytest.mark.parametrize("path", book.NOTEBOOKS, ids=lambda path: path.stem)
def test_every_formula_that_states_something_has_an_entry(path):
    entries = [one.formula for one in ENTRIES if one.chapter == path.stem]
    found = formulas.collect(path)
    assert [one for one in found if one not in entries] == [], (
        f"say in {formulas.FILE} why it holds"
    )
    assert [one for one in entries if one not in found] == [], "nobody states this any more"
    assert len(set(entries)) == len(entries)


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: f"{one.chapter}: {one.formula}")
def test_the_check_of_a_formula_holds(one):
    assert formulas.holds(one.check)


def test_the_equation_of_a_formula_is_one_of_its_chapter():
    for one in ENTRIES:
        if one.equation:
            assert one.equation in book.labels(book.BOOK / f"chapters/{one.chapter}.ipynb"), one


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
    for fields in ("", 'names = "a"\ncheck = "b"', 'name = "a"'):
        path.write_text(f'[[formula]]\nchapter = "a"\nformula = "x = y + 1"\n{fields}\n', "utf-8")
        with pytest.raises(EvidenceError):
            formulas.load(path)
