"""The mutation tests themselves: do they find what hides?"""

import json
from pathlib import Path

import pytest
import sympy

from mutation import chapters, equations, rooms
from mutation.expressions import alterations
from mutation.score import Score

BOOK = Path(__file__).resolve().parents[1]
x, y = sympy.symbols("x y", real=True)


def test_the_slips_that_textbooks_shipped_are_among_the_alterations():
    altered = {new for _, new in alterations(sympy.tanh(x), [x])}
    assert sympy.coth(x) in altered
    n = sympy.symbols("n", positive=True)
    altered = {new for _, new in alterations(x**n * (1 - y), [x, y])}
    assert {x ** (n + 1) * (1 - y), x**n * (1 + y), y**n * (1 - y), -(x**n) * (1 - y)} <= altered


def test_every_alteration_differs_and_comes_once():
    start = sympy.Piecewise((x**2 / 2 + sympy.exp(-x * y), x > 0), (0, True))
    altered = [new for _, new in alterations(start, [x, y])]
    assert start not in altered
    assert len(set(altered)) == len(altered) > 15


@pytest.mark.parametrize("chapter", chapters.names())
def test_no_network_is_trained_for_the_equations(chapter):
    needed = chapters.needed(chapters.code_cells(chapter))
    assert [cell for cell in needed if "vg.train(" in cell] == []
    assert any("label=" in cell for cell in needed)


def test_a_survivor_is_missed():
    score = Score("test", target=1.0)
    assert not score.passed
    score.caught["sign"] = 3
    assert score.passed
    score.survivors.append(("sign", "eq-nobody: 1 → 2"))
    assert not score.passed
    assert score.share == 0.75
    assert Score.from_json(score.to_json()) == score


def test_the_equations_of_a_chapter_are_those_of_its_records():
    calls, derivations = chapters.statements("05_leaky_relu")
    made = {call.name: call.equation.record() for call in calls if call.equation.label}
    made |= {one.label: one.record() for one in derivations}
    assert made == chapters.records("05_leaky_relu") and derivations


def test_a_check_is_slow_when_nbval_and_the_build_would_stop_its_cell():
    settings = (BOOK / "pyproject.toml").read_text(encoding="utf-8")
    config = (BOOK / "_config.yml").read_text(encoding="utf-8")
    assert f'--nbval-cell-timeout={equations.CELL}"' in settings
    assert f"timeout: {equations.CELL}\n" in config


def test_a_mutant_whose_tests_could_not_start_is_not_caught(tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "BOOK", tmp_path)
    codes = {f"vgtools.theory.x_f__mutmut_{code}": code for code in (1, -24, 0, 33, 255, None)}
    (tmp_path / "mutants").mkdir()
    (tmp_path / "mutants" / "theory.py.meta").write_text(json.dumps({"exit_code_by_key": codes}))
    score = rooms.results()
    assert score.caught == {"theory": 2}
    assert [name[-2:] for _, name in score.survivors] == ["_0", "33", "55"]
