"""Alterations of a SymPy expression: one sign, operator, exponent, constant or name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sympy
from sympy import Add, Expr, Mul, Pow, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixExpr

CONFUSED = {
    sympy.tanh: sympy.coth,
    sympy.coth: sympy.tanh,
    sympy.sinh: sympy.cosh,
    sympy.cosh: sympy.sinh,
    sympy.erf: sympy.erfc,
    sympy.erfc: sympy.erf,
    sympy.exp: sympy.sinh,
    sympy.log: sympy.exp,
    sympy.Max: sympy.Min,
    sympy.Min: sympy.Max,
    sympy.sqrt: sympy.cbrt,
}
"""Functions that a slip puts in each other's place."""

OTHER_SIGNS = {"<": (">", "<="), ">": ("<", ">="), "<=": (">=", "<"), ">=": ("<=", ">")}
"""For each relation the one the other way round, and the one that differs in the end points."""


def alterations(
    expression: Any,
    names: Iterable[Symbol],
    functions: Iterable[Any] = (),
    digits: int | None = None,
) -> Iterator[tuple[str, Any]]:
    """Yield (kind, altered expression), each with one place altered.

    Parameters
    ----------
    expression : sympy expression or relation
        What to alter.
    names : iterable of Symbol
        Symbols that may be put in each other's place.
    functions : iterable of function classes
        Defined functions that may be put in each other's place.
    digits : int, optional
        How many decimals of a rounded number are shown.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> found = list(alterations(x**2 - y, [x, y]))
    >>> sorted({kind for kind, _ in found})
    ['constant', 'exponent', 'operator', 'sign', 'symbol']
    >>> ("sign", x**2 + y) in found, ("exponent", x**3 - y) in found
    (True, True)
    """
    seen = {expression}
    names, functions = sorted(set(names), key=str), sorted(set(functions), key=str)
    for path, node, bound in _places(expression, (), frozenset()):
        top = len(path) == isinstance(expression, Relational)
        others = [s for s in names if s not in bound]
        for kind, new in _at(node, others, functions, bound, top, digits):
            try:
                altered = _with(expression, path, new)
            except (TypeError, ValueError, AttributeError):
                continue  # SymPy has no such expression
            if altered not in seen and altered not in (sympy.nan, sympy.zoo, sympy.true,
                                                       sympy.false):  # fmt: skip
                seen.add(altered)
                yield kind, altered


def _places(node: Any, path: tuple, bound: frozenset) -> Iterator[tuple]:
    """Every place in an expression, with the symbols that integrals and sums bind there."""
    yield path, node, bound
    inner = bound
    if isinstance(node, sympy.Limit):
        inner = bound | {node.args[1]}
    elif isinstance(node, (sympy.Integral, sympy.Sum, sympy.Product)):
        inner = bound | set(node.variables)
    for position, child in enumerate(node.args):
        if isinstance(node, sympy.MatrixSymbol) or isinstance(child, sympy.core.symbol.Str):
            continue
        if type(node) is sympy.Tuple and position == 0:
            continue  # the variable of an integral, a sum or a derivative
        if isinstance(node, sympy.Limit) and position in (1, 3):
            continue
        yield from _places(child, (*path, position), inner)


def _with(expression: Any, path: tuple, new: Any) -> Any:
    """Put something into one place of an expression."""
    if not path:
        return new
    arguments = list(expression.args)
    arguments[path[0]] = _with(arguments[path[0]], path[1:], new)
    return expression.func(*arguments)


def _at(
    node: Any,
    names: list[Symbol],
    functions: list[Any],
    bound: frozenset,
    top: bool,
    digits: int | None,
) -> Iterator[tuple[str, Any]]:
    """Yield what may stand in the place of one node."""
    if isinstance(node, Relational):
        for sign in OTHER_SIGNS.get(node.rel_op, ()):
            yield "operator", sympy.Rel(*node.args, sign)
        return
    if isinstance(node, MatrixExpr):
        yield from _at_matrix(node, top)
        return
    if not isinstance(node, Expr):
        return
    if isinstance(node, sympy.Float):
        step = sympy.Float(10) ** -(digits or 3)
        yield from (("constant", sympy.Float(node + k * step)) for k in (1, -1))
        return
    if top and node != 0:
        yield "sign", -node
    if node.is_Add:
        yield "operator", Mul(*node.args)
        for term in node.args:
            yield "sign", Add(*(-t if t is term else t for t in node.args))
    elif node.is_Mul:
        factors = [f for f in node.args if not f.is_Number]
        for factor in factors:
            rest = [f for f in node.args if f is not factor]
            yield "operator", Mul(*rest, 1 / factor)
            if len(factors) > 1:
                yield "operator", Add(Mul(*rest), factor)
    elif node.is_Pow:
        base, exponent = node.args
        yield "exponent", Pow(base, exponent + 1)
        yield "exponent", Pow(base, -exponent)
        if exponent not in (-1, sympy.S.Half):
            yield "exponent", base
    elif node.is_Rational or node in (sympy.pi, sympy.E, sympy.oo, -sympy.oo):
        yield from (("constant", other) for other in _other_numbers(node))
    elif node.is_Symbol and node not in bound:
        for other in names:
            if other != node:
                yield "symbol", other
    elif isinstance(node, sympy.Abs):
        yield "operator", node.args[0]
    elif node.func in CONFUSED:
        yield "function", CONFUSED[node.func](*node.args)
    if isinstance(node, AppliedUndef):
        for other in functions:
            if other != node.func:
                yield "symbol", other(*node.args)
    if isinstance(node, sympy.Function) and not isinstance(node, sympy.Piecewise):
        for position, argument in enumerate(node.args):
            if not argument.is_number:
                flipped = [-a if k == position else a for k, a in enumerate(node.args)]
                yield "sign", node.func(*flipped)


def _other_numbers(node: Expr) -> list[Expr]:
    """Numbers that may be taken for an exact one."""
    if node.is_Rational:
        parts = [(node.p + 1, node.q), (node.p, node.q + 1)] if node.q != 1 else []
        return [node + 1, *(sympy.Rational(*part) for part in parts)]
    if node.is_infinite:
        return [sympy.Integer(1 if node == sympy.oo else -1)]
    return [sympy.E if node == sympy.pi else sympy.pi]


def _at_matrix(node: MatrixExpr, top: bool) -> Iterator[tuple[str, Any]]:
    """Alterations of a product, a sum or a transpose of matrices."""
    if top:
        yield "sign", -node
    if isinstance(node, sympy.MatMul):
        matrices = [a for a in node.args if isinstance(a, MatrixExpr)]
        if len(matrices) > 1:
            yield "operator", sympy.MatMul(*reversed(node.args))
        for matrix in matrices:
            yield "operator", sympy.MatMul(*(a for a in node.args if a is not matrix))
    elif isinstance(node, sympy.MatAdd):
        for term in node.args:
            yield "sign", sympy.MatAdd(*(-t if t is term else t for t in node.args))
    elif isinstance(node, sympy.Transpose):
        yield "operator", node.arg
    elif isinstance(node, sympy.MatPow):
        yield "exponent", sympy.MatPow(node.base, node.exp + 1)
