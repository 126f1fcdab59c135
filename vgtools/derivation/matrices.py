"""Judging an identity between matrices of symbolic shape."""

from __future__ import annotations

import random
from typing import Any

import sympy
from sympy import Rational, Symbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from vgtools.derivation.claim import Claim
from vgtools.derivation.conditions import SEED
from vgtools.derivation.defined import require_matrix_defined
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.evaluation import exact_sign


def judge_matrices(claim: Claim) -> None:
    """Prove an identity between matrix expressions, or raise."""
    left, right = claim.sides
    if not (isinstance(left, MatrixExpr) and isinstance(right, MatrixExpr)):
        raise TypeError(f"{claim.text}: one side is a matrix, the other is not")
    if left.shape != right.shape:
        raise DerivationError(
            f"{claim.text} is false: shapes {left.shape} and {right.shape} differ"
        )
    for side in (left, right):
        require_matrix_defined(side, claim)
    _refute_matrices(claim)
    if sympy.expand(left).doit() != sympy.expand(right).doit():
        raise claim.not_proved(
            "it holds for the matrices that were tried, and SymPy could not expand both sides "
            "to the same expression"
        )


def _refute_matrices(claim: Claim) -> None:
    """Raise if the sides differ for one choice of shapes and entries."""
    left, right = claim.sides
    generator = random.Random(SEED)
    matrices = sorted(left.atoms(sympy.MatrixSymbol) | right.atoms(sympy.MatrixSymbol), key=str)
    sizes = sorted(set().union(*(s.free_symbols for m in matrices for s in m.shape)), key=str)
    sizes = {size: 2 + k for k, size in enumerate(sizes)}
    numbers = {
        s: Rational(generator.randint(1, 9), 11)
        for s in sorted(left.free_symbols | right.free_symbols, key=str)
        if isinstance(s, Symbol) and s not in sizes
    }
    entries = {}
    for matrix in matrices:
        shaped = matrix.subs(sizes)
        drawn = [generator.randint(-4, 5) for _ in range(shaped.rows * shaped.cols)]
        entries[shaped] = sympy.ImmutableMatrix(shaped.rows, shaped.cols, drawn)

    def concrete(side: MatrixExpr) -> Any:
        return sympy.Matrix(side.subs(sizes).subs(numbers).xreplace(entries).doit().as_explicit())

    values = [concrete(side) for side in (left, right)]
    if any(exact_sign(one - other, {}) for one, other in zip(*values, strict=True)):
        point = {str(m): v.tolist() for m, v in zip(matrices, entries.values(), strict=True)}
        choice = ", ".join(f"{m} = {v}" for m, v in point.items())
        raise DerivationError(
            f"{claim.text} is false at {choice}: the left side is {values[0].tolist()}, "
            f"the right side is {values[1].tolist()}",
            point,
        )
