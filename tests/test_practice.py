"""The check that a learner runs, and the code exercises of the chapters."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vgtools.practice import check

CHAPTERS = sorted((Path(__file__).resolve().parents[1] / "chapters").glob("*.ipynb"))
finite = st.floats(-1e6, 1e6)


@given(st.lists(finite, min_size=1), finite)
def test_the_reference_passes_its_own_check(cases, factor):
    assert check(lambda x: factor * x, like=lambda x: factor * x, cases=cases).passed


@given(st.lists(finite.filter(lambda x: abs(x) > 1e-3), min_size=1), st.floats(1e-4, 10))
def test_an_answer_that_is_off_does_not_pass(cases, error):
    assert not check(lambda x: x * (1 + error), like=lambda x: x, cases=cases).passed


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda x: None, "Not begun"),
        (lambda x: x[:1], r"shape \(1,\), but \(3,\)"),
        (lambda x: "three", "not a number"),
        (lambda x: np.full(3, np.nan), "nan"),
        (lambda x: -x, r"but \[1., 2., 3.\] is right"),
    ],
)
def test_a_check_says_what_is_wrong(answer, words):
    verdict = check(answer, like=lambda x: x, cases=[np.array([1.0, 2.0, 3.0])])
    assert not verdict.passed and re.search(words, verdict.message)


def test_several_results_are_compared_one_by_one():
    case = [(1.0, 2.0)]
    both = lambda x, y: (x + y, x - y)  # noqa: E731
    assert check(lambda x, y: [x + y, x - y], like=both, cases=case).passed
    assert not check(lambda x, y: (x + y, y - x), like=both, cases=case).passed
    assert "tuple of 2" in check(lambda x, y: x + y, like=both, cases=case).message


def test_an_answer_cannot_change_the_case_of_the_reference():
    def careless(x):
        x *= 0
        return x

    assert not check(careless, like=lambda x: x, cases=[np.ones(2)]).passed


def test_a_check_needs_a_case():
    with pytest.raises(ValueError, match="at least one"):
        check(abs, like=abs, cases=[])


def source(cell):
    return "".join(cell["source"])


def code_exercises():
    """Find the cells that check an answer, with the chapter's first code cell and its prose."""
    for path in CHAPTERS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [source(cell) for cell in cells if cell["cell_type"] == "code"]
        prose = "\n\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")
        for text in code:
            if "vg.check(" in text:
                [name] = [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
                yield pytest.param(code[0], text, prose, name, id=f"{path.stem}-{name}")


def verdict(setup, cell, solution=""):
    """Run an exercise after the chapter's first cell, with another body for its function."""
    space = {}
    exec(setup, space)
    *statements, last = ast.parse(cell).body
    exec(compile(ast.Module(statements, []), "the exercise", "exec"), space)
    exec(solution, space)
    return eval(compile(ast.Expression(last.value), "the check", "eval"), space)


@pytest.mark.parametrize("setup, cell, prose, name", list(code_exercises()))
def test_the_empty_stub_fails_and_the_solution_passes(setup, cell, prose, name):
    blocks = re.findall(r"^```python\n(.*?)^```", prose, re.S | re.M)
    [solution] = [block for block in blocks if re.search(rf"^def {name}\(", block, re.M)]
    assert verdict(setup, cell).message.startswith("Not begun")
    assert verdict(setup, cell, solution).passed
