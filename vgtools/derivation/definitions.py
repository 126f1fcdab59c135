"""Definitions: what the names in an expression stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy import Derivative, Dummy, Expr, Limit, Subs, Symbol
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef, BadArgumentsError


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


def with_own_names(expression: Any, taken: set[Symbol] | None = None) -> Any:
    """Give bound symbols names of their own: all of them, or those that are taken.

    Under an integral over z, a meaning that holds another z must not be bound by it.
    """

    def renamed(binder: Any) -> Any:
        inner, names = binder.args[0], {}
        if isinstance(binder, ExprWithLimits):
            limits = []
            for variable, *ends in reversed(binder.limits):  # the last one binds in the others
                ends = [end.xreplace(names) for end in ends]
                if ends and (taken is None or variable in taken):
                    names[variable] = Dummy(variable.name, **variable.assumptions0)
                else:
                    names.pop(variable, None)
                limits.insert(0, (names.get(variable, variable), *ends))
            return binder.func(inner.xreplace(names), *limits) if names else binder
        bound = binder.variables if isinstance(binder, Subs) else (binder.args[1],)
        if isinstance(binder, Subs) and any(
            point.free_symbols & (set(bound) - {variable})
            for variable, point in zip(bound, binder.point, strict=True)
        ):
            return binder  # at once or in turn: `evaluated` refuses it
        names = {
            variable: Dummy(variable.name, **variable.assumptions0)
            for variable in bound
            if taken is None or variable in taken
        }
        if not names:
            return binder
        bound = tuple(names.get(variable, variable) for variable in bound)
        if isinstance(binder, Subs):
            return Subs(inner.xreplace(names), bound, binder.point)
        return Limit(inner.xreplace(names), *bound, *binder.args[2:])

    def walked(part: Any) -> Any:  # replace() takes two Subs for one if only names differ
        if not part.has(*binders):
            return part
        parts = [walked(one) for one in part.args]
        if any(new is not old for new, old in zip(parts, part.args, strict=True)):
            keep = {"evaluate": False} if part.is_Add or part.is_Mul or part.is_Pow else {}
            part = part.func(*parts, **keep)
        return renamed(part) if isinstance(part, binders) else part

    binders = (ExprWithLimits, Limit, Subs)
    return walked(expression)


def _refuse_captured_slopes(expression: Any, where: Mapping) -> None:
    """Refuse f′(x) if the meaning of f holds an x that is not its argument.

    With f(y) = x·y, f′(x) is x, and the derivative of f(x) = x² is 2x.
    """
    for derivative in expression.atoms(Derivative):
        for part in derivative.expr.atoms(AppliedUndef):
            meaning = where.get(part.func, sympy.S.Zero)
            if shared := meaning.free_symbols & set(derivative.variables):
                name = min(symbol.name for symbol in shared)
                raise ValueError(
                    f"the meaning of {part.func} in where= holds {name}, and a derivative of it is "
                    f"taken by {name}; give the derivative a variable of another name"
                )


def with_meanings(expression: Any, where: Mapping) -> Any:
    """Replace every defined name by its meaning; derivatives stay unevaluated."""
    expression = _by_arguments(expression)
    _refuse_captured_slopes(expression, where)
    if where:
        where = {name: with_own_names(meaning) for name, meaning in where.items()}
        inside = (m.expr if isinstance(m, sympy.Lambda) else m for m in where.values())
        taken = set(where).union(*(meaning.free_symbols for meaning in inside))
        expression = with_own_names(expression, taken)
    symbols = {name: meaning for name, meaning in where.items() if isinstance(name, Symbol)}
    functions = {name: meaning for name, meaning in where.items() if name not in symbols}
    for _ in range(len(where) + 1):
        before = expression
        if symbols:
            expression = expression.subs(symbols, simultaneous=True)
        for name, meaning in functions.items():
            try:
                expression = expression.replace(name, meaning)
            except BadArgumentsError as error:
                raise ValueError(f"{name} in where=: {error}") from None
        if expression == before:
            return expression
    raise ValueError("the definitions in where= refer to each other in a circle")
