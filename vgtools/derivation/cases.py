"""Case distinctions, and the functions that are one."""

from __future__ import annotations

import sympy
from sympy import Expr, Limit, Piecewise, Subs
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.relational import Relational

# Functions that are defined and smooth on the whole real line.
ENTIRE = (
    sympy.exp, sympy.sin, sympy.cos, sympy.tanh, sympy.sinh, sympy.cosh, sympy.sech,
    sympy.atan, sympy.asinh, sympy.erf, sympy.erfc,
)  # fmt: skip

# Functions that are defined on the whole real line and have a kink or a jump.
KINKED = (sympy.Abs, sympy.Max, sympy.Min, sympy.sign, sympy.Heaviside)


def unfolded(expression: Expr) -> Expr:
    """Write |x|, sign, max, min and the step function as case distinctions."""
    if not expression.has(*KINKED):
        return expression
    return expression.replace(lambda e: isinstance(e, KINKED), _as_cases)


def _as_cases(function: Expr) -> Expr:
    function = function.func(*function.args)  # without what evaluate=False left standing
    if isinstance(function, sympy.Abs):
        (u,) = function.args
        return Piecewise((u, u >= 0), (-u, True))
    if isinstance(function, sympy.sign):
        (u,) = function.args
        return Piecewise((1, u > 0), (-1, u < 0), (0, True))
    return function.rewrite(Piecewise)


def deciding(expression: Expr) -> set[Relational]:
    """The relations that decide between the cases in an expression.

    Those on a bound symbol are left out: under a sum over k, k > 0 holds for some terms only.
    """
    conditions = (c for pieces in expression.atoms(Piecewise) for _, c in pieces.args)
    bound: set = set()
    for binder in expression.atoms(ExprWithLimits, Limit, Subs):
        limit = isinstance(binder, Limit)
        bound.update([binder.args[1]] if limit else getattr(binder, "variables", ()))
    found = set().union(*(condition.atoms(Relational) for condition in conditions))
    return {relation for relation in found if not relation.free_symbols & bound}
