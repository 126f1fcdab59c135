"""What the public functions accept, checked before anything is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef, UndefinedFunction
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue
from sympy.matrices.expressions.matexpr import MatrixExpr

from vgtools.derivation.equations import Equation

_RELATIONS = {
    "=": "==", "==": "==", "<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">=",
}  # fmt: skip


def checked_expression(value: Any, what: str, floats: bool = False) -> Any:
    """Accept exact SymPy expressions, integers and nothing else."""
    if isinstance(value, (BooleanTrue, BooleanFalse, bool)):
        raise TypeError(
            f"{what} is {value}: SymPy evaluated the relation before it could be checked; "
            "pass both sides separately, or build it with evaluate=False"
        )
    if isinstance(value, (int, np.integer)):
        return sympy.Integer(int(value))
    if not isinstance(value, (Expr, MatrixExpr)) or isinstance(value, sympy.MatrixBase):
        raise TypeError(
            f"{what} must be a SymPy expression or an integer, not {type(value).__name__}: "
            f"{value!r}"
        )
    if not floats and value.atoms(sympy.Float):
        raise ValueError(f"{what} holds a rounded number: {value}; write sympy.Rational")
    return value


def checked_line(value: Any, what: str) -> Any:
    """Accept an expression, or a relation between two, as a line of a derivation."""
    if not isinstance(value, Relational):
        return checked_expression(value, what)
    checked_relation(value.rel_op)
    for side in value.args:
        checked_expression(side, f"a side of {what}")
    return value


def checked_conditions(given: Any) -> tuple[Relational, ...]:
    """Flatten conditions, refuse what is not a relation."""
    parts = [given] if isinstance(given, Boolean) else given
    if not isinstance(parts, Iterable) or getattr(parts, "ndim", 1) == 0:
        raise TypeError(f"given= accepts a relation or a sequence of them, not {given!r}")
    found: list[Relational] = []
    for part in parts:
        for one in sympy.And.make_args(part) if isinstance(part, Boolean) else (part,):
            if one is sympy.true:
                raise ValueError(
                    "a condition in given= is True already: it follows from the assumptions "
                    "of the symbols, so leave it out"
                )
            if one is sympy.false:
                raise ValueError("a condition in given= is False: no value satisfies it")
            if not isinstance(one, Relational):
                raise TypeError(
                    f"given= accepts relations such as P > 0 or sympy.Ne(x, 0), not {one!r}"
                )
            found.append(one)
    return tuple(found)


def checked_definitions(where: Any) -> dict:
    """Collect definitions from a mapping, an `Equation` made by `define`, or several."""
    if where is None:
        return {}
    if isinstance(where, Equation):
        if where.kind != "definition":
            raise ValueError(f"where= accepts definitions; {where} is of kind {where.kind}")
        if isinstance(where.lhs, AppliedUndef):
            return {where.lhs.func: sympy.Lambda(where.lhs.args, where.rhs)}
        return {where.lhs: where.rhs}
    if isinstance(where, Mapping):
        for name, meaning in where.items():
            _check_definition(name, meaning)
        return dict(where)
    if not isinstance(where, (list, tuple)):
        raise TypeError(
            f"where= accepts a definition, a mapping or a sequence of them, not {where!r}"
        )
    found: dict = {}
    for name, meaning in (entry for one in where for entry in checked_definitions(one).items()):
        if found.setdefault(name, meaning) != meaning:
            raise ValueError(f"{name} is defined twice, in different ways")
    return found


def _check_definition(name: Any, meaning: Any) -> None:
    if isinstance(name, UndefinedFunction):
        if not isinstance(meaning, sympy.Lambda):
            raise TypeError(
                f"the function {name} must be defined by a sympy.Lambda, not {meaning!r}"
            )
        checked_expression(meaning.expr, f"the meaning of {name}")
    elif isinstance(name, Symbol) and isinstance(meaning, Expr):
        checked_expression(meaning, f"the meaning of {name}")
    else:
        raise TypeError(
            "where= maps a SymPy Function to a Lambda or a Symbol to an expression; "
            f"got {name!r}: {meaning!r}"
        )


def checked_relation(relation: str) -> str:
    """Accept the sign of a relation, in either spelling."""
    if not isinstance(relation, str) or relation not in _RELATIONS:
        raise ValueError(f"relation={relation!r}: accepted are =, <, <=, > and >=")
    return _RELATIONS[relation]


def checked_reason(because: Any, required: bool = False) -> str | None:
    """Accept a sentence, or None where no reason is required."""
    if because is None and not required:
        return None
    if not isinstance(because, str):
        raise TypeError(f"because= must be a sentence (str), not {because!r}")
    if not because.strip():
        raise ValueError("because= must not be empty: give the reason in words")
    return because.strip()


def checked_proof(proof: Any) -> Any:
    """Accept an expression, or None."""
    return None if proof is None else checked_expression(proof, "proof=")


def checked_tightness(tight_at: Any) -> dict | None:
    """Accept values of symbols at which a bound is attained or approached."""
    if tight_at is None:
        return None
    if not isinstance(tight_at, Mapping) or not all(isinstance(s, Symbol) for s in tight_at):
        raise TypeError(f"tight_at= maps symbols to values, such as {{x: 0}}, not {tight_at!r}")
    return {s: checked_expression(v, f"tight_at= for {s}") for s, v in tight_at.items()}


def checked_whole(value: Any, what: str, low: int, high: int | None = None) -> int:
    """Accept a whole number in a range."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        upper = "on" if high is None else f"to {high}"
        raise ValueError(f"{what}={value!r}: a whole number from {low} {upper}")
    return value
