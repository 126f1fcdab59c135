"""Conditions: what they permit, at which points a claim is tried, and how they are written."""

from __future__ import annotations

import pytest
import sympy
from sympy import Abs, Eq, Function, Ne, Piecewise, Rational, sqrt

from tests.derivation_claims import (
    INSIDE, P, a, b, m, m0, n, p0, q, q0, r, s, w, x, y, z,
)  # fmt: skip
from vgtools.derivation import DerivationError, define, verify
from vgtools.derivation.conditions import Domain


DESCRIBED = [
    ((), (m,), "m an integer", r"m \in \mathbb{Z}"), ((), (m0,), "m = 0, 1, …", r"m = 0, 1, \dots"),
    ((), (q,), "q < 0", "q < 0"), ((), (p0,), "p ≥ 0", r"p \ge 0"), ((), (r,), "r ≠ 0", r"r \ne 0"),
    ((), (x, y), "x, y real", r"x, y \in \mathbb{R}"),
    ((), (y, a, x, b), "α > 0, b > 0, x, y real", r"\alpha > 0,\ b > 0,\ x, y \in \mathbb{R}"),
    ((x >= 1,), (x,), "x ≥ 1", r"x \ge 1"), ((x <= 1,), (x,), "x ≤ 1", r"x \le 1"),
    ((2 * x > 1,), (x,), "2·x > 1", "2 x > 1"),
    ((x < 1, x < w, x > 0), (x,), "x > 0, x < 1, x < w", r"x > 0,\ x < 1,\ x < w"),
    ((x >= 1, x <= 2), (x,), "1 ≤ x ≤ 2", r"1 \le x \le 2"),
    ((x > -1, x <= 2), (x, y), "−1 < x ≤ 2, y real", r"-1 < x \le 2,\ y \in \mathbb{R}"),
    ((x > 0, y > 0), (x, y), "x > 0, y > 0", r"x > 0,\ y > 0"),
    ((w < x,), (x, w), "w < x", "w < x"),
    ((a < 1,), (a, b), "0 < α < 1, b > 0", r"0 < \alpha < 1,\ b > 0"),
    ((p0 < 1,), (p0,), "0 ≤ p < 1", r"0 \le p < 1"), ((q > -1,), (q,), "−1 < q < 0", "-1 < q < 0"),
    ((m > 1,), (m,), "m > 1, m an integer", r"m > 1,\ m \in \mathbb{Z}"),
    ((Abs(x) < s,), (x, s), "|x| < s, s > 0", r"\left|{x}\right| < s,\ s > 0"),
    ((Abs(x) < 1,), (x,), "|x| < 1", r"\left|{x}\right| < 1"),
    ((Ne(x, 0),), (x, y), "x ≠ 0, y real", r"x \ne 0,\ y \in \mathbb{R}"),
    ((Eq(x, y),), (x, y), "x = y", "x = y"),
    ((z > 0, P + x > 0), (P, x, z), "P + x > 0, z > 0", r"P + x > 0,\ z > 0"),
    ((x > 0, x < 1, y > 0, y < 1), (x, y), "0 < x < 1, 0 < y < 1", r"0 < x < 1,\ 0 < y < 1"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "symbols", "text", "tex"), DESCRIBED, ids=str)
def test_conditions_read_like_in_a_textbook(given, symbols, text, tex):
    total = define(Function("F")(*symbols), sympy.Add(*symbols), given=given)
    assert str(total).partition("   ")[2] == f"for {text}   [definition]"
    assert rf"\text{{for }} {tex}" in total._repr_latex_()


def test_conditions_may_be_joined_or_listed():
    for given in (INSIDE, list(INSIDE), (P > 0) & (P < 1), [(P > 0) & (P < 1)]):
        equation = verify(sqrt(P**2), P, given=given)
        assert set(equation.given) == set(INSIDE)
        assert str(equation).endswith("for 0 < P < 1")


def test_contradictory_conditions_prove_nothing():
    with pytest.raises(ValueError, match="contradict each other"):
        verify(x, x + 1, given=(x > 1, x < 0))
    with pytest.raises(ValueError, match=r"^no values of w, x satisfy .*\(x > w, x < w\): they"):
        verify(x, w, given=(x > w, x < w))


@pytest.mark.parametrize(
    ("given", "symbol", "lower", "upper"),
    [
        ((-x >= 1,), x, None, (-1, False)), ((x / 2 > 1,), x, (2, True), None),
        ((x + y > 0,), x, (-y, True), None), ((-2 * x >= y,), y, None, (-2 * x, False)),
        ((x**2 > 1, x < 9), x, None, (9, True)), ((a * x > 1, x < 9), x, None, (9, True)),
        ((x > 1, x > 2), x, (2, True), None), ((x > 2, x > 1), x, (2, True), None),
        ((x < 2, x < 1), x, None, (1, True)), ((x >= 1, x > 1), x, (1, True), None),
        ((x > 1, x >= 1), x, (1, True), None), ((x >= 2, x > 1), x, (2, False), None),
        ((x <= w, x < w), x, None, (w, True)), ((x > w, x > 1), x, (w, True), None),
        ((Abs(x) < 1,), x, (-1, True), (1, True)),
        ((sympy.Ge(1, Abs(x)),), x, (-1, False), (1, False)),
        ((Abs(x) > 1, x < 3), x, None, (3, True)), ((Abs(x - 1) < 1, x < 3), x, None, (3, True)),
        ((Abs(x) < x + 2, x < 3), x, None, (3, True)), ((x >= 1, Ne(x, 1)), x, (1, True), None),
        ((x >= 1, Ne(x, 2)), x, (1, False), None), ((p0 < 1,), p0, (0, False), (1, True)),
        ((q > -1,), q, (-1, True), (0, True)),
    ],
    ids=str,
)  # fmt: skip
def test_conditions_on_one_symbol_are_joined(given, symbol, lower, upper):
    bound = Domain(given).bounds_of(symbol)
    assert (bound.lower, bound.upper, bound.value) == (lower, upper, None)


@pytest.mark.parametrize(
    ("given", "condition", "empty"),
    [
        ((), (x > 1) & (x < 1), True), ((), (x >= 1) & (x < 1), True),
        ((), (x > 1) & (x <= 1), True), ((), (x >= 1) & (x <= 1), False),
        ((), (x >= 2) & (x <= 1), True), ((), (x >= y) & (x <= 1) & (x >= 1), False),
        ((), Eq(x, 0) & (x > y), False), ((), sympy.false, True), ((), sympy.true, False),
        ((Eq(x, 0),), x > 0, True), ((Eq(x, 0),), x >= 0, False), ((Eq(x, 0),), x < 0, True),
        ((Eq(x, 0),), x <= 0, False), ((Eq(x, 0),), Ne(x, 0), True), ((x**2 > 1,), Eq(x, 0), True),
        ((), Eq(r, 0), True), ((), Eq(a, -1), True), ((), Eq(p0, 0), False), ((), Eq(q0, 1), True),
    ],
    ids=str,
)  # fmt: skip
def test_a_domain_knows_when_it_is_empty(given, condition, empty):
    assert (Domain(given).restricted(condition) is None) == empty


@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_are_no_whole_steps_away_from_a_half(sign):
    far = Piecewise((1, sign * m < Rational(1999, 2)), ((m - sign * 1000) ** 2, True))
    with pytest.raises(DerivationError, match="could not show that .* is positive"):
        verify(far, 0, relation=">", proof=far)


@pytest.mark.parametrize(
    ("given", "symbol", "first"),
    [
        ((), x, "0 1 -1 1/2 -1/2 2 -2 1/3 3 -3 5/7 -7/5 1/1000 -1/1000 10 -10 40 -40 9/4 -9/4"),
        ((x > 1,), x, "2 3/2 3 4/3 4 12/7 12/5 1001/1000 11 41 13/4"),
        ((x < 1,), x, "0 1/2 -1 2/3 -2 2/7 -2/5 999/1000 -9 -39 -5/4"),
        (INSIDE, P, "1/2 1/3 2/3 1/4 3/4 5/12 7/12 1/1001 10/11 40/41 9/13"),
        ((P >= 0, P <= 1), P, "0 1 1/2 1/3"), ((x > 1, x < 3), x, "2 5/3 7/3"),
        ((Ne(x, 0),), x, "1 -1 1/2"), ((), n, "1 2 3 5 4 7 10 6 8"),
        ((), m, "0 1 2 3 -1 5 -2 4 7 -3 10 -10 6 8"),
        ((), a, "1 1/2 2 1/3 3 5/7 7/5 1/1000 10 40 9/4"), ((), r, "1 -1 1/2 -1/2"),
        ((Eq(x, 5),), x, "5"),
    ],
    ids=str,
)  # fmt: skip
def test_simple_points_are_tried_first(given, symbol, first):
    points = Domain(given).points([symbol], [Rational(9, 4)])
    expected = [Rational(value) for value in first.split()]
    assert [point[symbol] for point in points][: len(expected)] == expected


def test_points_are_many_different_permitted_and_always_the_same():
    domain = Domain((x > y, P > 0, P < 1))
    points = domain.points([P, y, x])
    assert points == domain.points([x, y, P])
    assert len({tuple(point.values()) for point in points}) == len(points) == 48
    assert all(p[x] > p[y] and 0 < p[P] < 1 for p in points)
    assert len(Domain().points([x])) >= 40
    assert Domain().points([]) == [{}]
    tied = Domain((Eq(x, y),)).points([x, y])
    assert len(tied) > 20 and all(point[x] == point[y] for point in tied)
