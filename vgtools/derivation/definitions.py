"""Definitions: what the names in an expression stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Derivative, Dummy, Expr, Symbol

from vgtools.derivation.limits import with_sides


def _by_argument(inner: Expr, *counts: Any) -> Expr:
    """Write the derivative of f(g(x)) with respect to g(x) as f'(u) at u = g(x)."""
    for variable, _ in counts:
        if not variable.is_Symbol:
            u = Dummy("u", real=True)
            counts = [(u if v == variable else v, n) for v, n in counts]
            changed = Derivative(inner.xreplace({variable: u}), *counts)
            return sympy.Subs(changed, u, variable)
    return Derivative(inner, *counts)


def _by_arguments(expression: Any) -> Any:
    return (
        expression.replace(Derivative, _by_argument) if expression.has(Derivative) else expression
    )


def with_meanings(expression: Any, where: Mapping) -> Any:
    """Replace every defined name by its meaning; derivatives stay unevaluated."""
    expression = _by_arguments(expression)
    symbols = {name: meaning for name, meaning in where.items() if isinstance(name, Symbol)}
    functions = {name: meaning for name, meaning in where.items() if name not in symbols}
    for _ in range(len(where) + 1):
        before = expression
        if symbols:
            expression = expression.subs(symbols, simultaneous=True)
        for name, meaning in functions.items():
            expression = expression.replace(name, meaning)
        if expression == before:
            return with_sides(expression)
    raise ValueError("the definitions in where= refer to each other in a circle")
