"""Numeric evidence: random draws for what SymPy cannot prove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import sympy
from sympy import Symbol
from sympy.printing.numpy import SciPyPrinter

from vgtools.derivation.arguments import (
    checked_expression,
    checked_reason,
    checked_relation,
    checked_whole,
)
from vgtools.derivation.derivatives import NoSlope, evaluated
from vgtools.derivation.equations import Equation, register_label
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.printing import SIGNS, to_text
from vgtools.frontend import optional


def numeric(
    lhs: Any,
    rhs: Any = None,
    *,
    check: Callable[[np.random.Generator], Any],
    relation: str = "=",
    rtol: float = 1e-10,
    draws: int = 20,
    seed: int = 0,
    text: str | None = None,
    label: str | None = None,
    because: str | None = None,
) -> Equation:
    """Back an equation that SymPy cannot prove by random draws.

    Parameters
    ----------
    lhs, rhs : sympy expressions, or one str
        Both sides as expressions in symbols and matrix symbols: then `check` supplies
        the values, and the expressions that are *shown* are the ones evaluated. As a last
        resort one string of LaTeX: then `check` computes both sides itself, and nothing
        ties the string to the check but the author.
    check : callable
        Called with a fresh generator per draw. For expressions it returns
        ``{symbol: number or array}``; a scalar symbol may be given an array of values.
        For LaTeX it returns ``(left, right)``, arrays of one shape.
    relation : {"=", "<", "<=", ">", ">="}, default "="
        How every entry of the sides compares.
    rtol : float
        Tolerance, relative to the largest absolute entry of both sides.
    draws, seed : int
        How many draws, and where the generator starts.
    text : str, optional
        What terminals and screen readers get for LaTeX.
    label, because : str, optional
        As in `verify`.

    Returns
    -------
    Equation
        Of kind ``"numeric"``; `.evidence` states tolerance and draws.

    Raises
    ------
    DerivationError
        A draw disagrees.
    TypeError, ValueError
        The sides or what `check` returned cannot be compared.

    Examples
    --------
    >>> import sympy
    >>> A, B = (sympy.MatrixSymbol(name, 3, 3) for name in "AB")
    >>> numeric(sympy.trace(A * B), sympy.trace(B * A),
    ...         check=lambda rng: {A: rng.normal(size=(3, 3)), B: rng.normal(size=(3, 3))})
    tr(A·B) = tr(B·A)   [numeric, rtol 1e-10, 20 draws]
    """
    operator, because = checked_relation(relation), checked_reason(because)
    if not callable(check):
        raise TypeError(f"check= must be a function of a random generator, not {check!r}")
    checked_whole(draws, "draws", 1, 10**6)
    checked_whole(seed, "seed", 0)
    if isinstance(rtol, bool) or not isinstance(rtol, (int, float)) or not 0 <= rtol < 1:
        raise ValueError(f"rtol={rtol!r}: a number from 0 on and below 1")
    if isinstance(lhs, str):
        if rhs is not None:
            raise TypeError("with LaTeX, write the whole equation as one string")
        name = written = lhs
        lhs, compute = None, check
    else:
        lhs = checked_expression(lhs, "the left side")
        rhs = checked_expression(rhs, "the right side")
        name, written = f"{to_text(lhs)} {SIGNS[operator]} {to_text(rhs)}", None
        compute = _computing(lhs, rhs, check, name)
    for draw, generator in enumerate(np.random.default_rng(seed).spawn(draws)):
        _compare(compute(generator), operator, rtol, f"{name}, draw {draw}")
    evidence = f"numeric, rtol {rtol:g}, {draws} draw{'' if draws == 1 else 's'}"
    equation = Equation(
        lhs, rhs, operator, "numeric", evidence, label=label, because=because,
        written=written, spoken=text,
    )  # fmt: skip
    register_label(label, str(equation))
    return equation


def _computing(lhs: Any, rhs: Any, check: Callable, claim: str) -> Callable[[Any], tuple]:
    """Return a function that puts the values of a draw into both sides."""
    symbols = sorted(lhs.free_symbols | rhs.free_symbols, key=str)
    symbols = [s for s in symbols if isinstance(s, (Symbol, sympy.MatrixSymbol))]
    with optional("scipy", "special"):
        import scipy.special  # noqa: F401 - what the printed functions are called on
    sides = [
        sympy.lambdify(
            symbols, _without_derivatives(side, claim), modules=["numpy", "scipy"],
            printer=_Numpy(),
        )
        for side in (lhs, rhs)
    ]  # fmt: skip

    def compute(generator: np.random.Generator) -> tuple:
        values = check(generator)
        if not isinstance(values, Mapping) or set(values) != set(symbols):
            names = ", ".join(map(str, symbols))
            raise ValueError(f"check= must return values for {names}, got {values!r:.80}")
        _check_values(values)
        return tuple(side(*(values[s] for s in symbols)) for side in sides)

    return compute


def _without_derivatives(side: Any, claim: str) -> Any:
    """Take derivatives, which NumPy cannot; refuse one that does not exist everywhere."""
    if not side.has(sympy.Derivative, sympy.Subs):
        return side
    value = evaluated(side, claim)
    for gap in value.atoms(NoSlope):
        raise DerivationError(f"{claim} does not hold as stated: {gap.reason}")
    return value


class _Numpy(SciPyPrinter):
    """NumPy code, with the matrix functions that SymPy's own printer leaves out."""

    def _print_Trace(self, expr: sympy.Trace) -> str:
        return f"{self._module_format('numpy.trace')}({self._print(expr.arg)})"

    def _print_Determinant(self, expr: sympy.Determinant) -> str:
        return f"{self._module_format('numpy.linalg.det')}({self._print(expr.arg)})"


def _real_numbers(values: Any) -> np.ndarray:
    """An array of real numbers, and of nothing that would have to be turned into them."""
    array = np.asarray(values)
    entries = array.ravel() if array.dtype == object else ()
    if array.dtype.kind not in "biufO" or not all(isinstance(v, Real) for v in entries):
        raise TypeError(f"real numbers only, not {values!r:.60}")
    return array.astype(float)


def _check_values(values: Mapping) -> None:
    """Refuse draws that are not real, and matrices that have not the shape of their symbol."""
    sizes: dict[Any, int] = {}
    for symbol, value in values.items():
        found = _real_numbers(value).shape
        if not isinstance(symbol, sympy.MatrixSymbol):
            continue
        if len(found) != 2 or any(
            sizes.setdefault(size, have) != have or (size.is_Integer and size != have)
            for size, have in zip(symbol.shape, found, strict=True)
        ):
            raise ValueError(f"check= returned the shape {found} for {symbol} of {symbol.shape}")


def _compare(result: Any, operator: str, rtol: float, claim: str) -> None:
    """Compare two arrays entry by entry."""
    try:
        left, right = (_real_numbers(side) for side in result)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{claim}: check= must return (left, right) arrays, {error}") from error
    if left.shape != right.shape or left.size == 0:
        raise ValueError(f"{claim}: the sides have shapes {left.shape} and {right.shape}")
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        raise DerivationError(f"{claim}: a side is not finite")
    slack = rtol * max(np.abs(left).max(), np.abs(right).max())
    gap = left - right
    excess = {"==": np.abs(gap) - slack, "<": gap, ">": -gap,
              "<=": gap - slack, ">=": -gap - slack}[operator]  # fmt: skip
    fails = excess >= 0 if operator in ("<", ">") else excess > 0
    if fails.any():
        worst = np.unravel_index(np.argmax(excess), excess.shape)
        raise DerivationError(
            f"{claim}: the left side is {left[worst]:.12g}, the right side {right[worst]:.12g}",
            {"entry": tuple(int(k) for k in worst)},
        )
