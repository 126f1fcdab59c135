"""The statements that make one equation each: verify, define, numeric."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.printing.numpy import SciPyPrinter

from vgtools.derivation.conditions import Domain, real_symbols
from vgtools.derivation.definitions import with_meanings
from vgtools.derivation.derivatives import NoSlope, evaluated
from vgtools.derivation.equations import Equation, claim_label, collected_definitions
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.printing import SIGNS, to_text
from vgtools.derivation.proving import require_defined
from vgtools.derivation.refuting import (
    DIGITS,
    assignment_text,
    digits_text,
    evaluator,
    number_hints,
    refute,
)
from vgtools.derivation.relations import check_decimal, check_identity, check_inequality
from vgtools.frontend import optional


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


_ACCEPTED_RELATIONS = {
    "=": "==", "==": "==", "<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">=",
}  # fmt: skip


def checked_relation(relation: str) -> str:
    """Accept the sign of a relation, in either spelling."""
    if not isinstance(relation, str) or relation not in _ACCEPTED_RELATIONS:
        raise ValueError(f"relation={relation!r}: accepted are =, <, <=, > and >=")
    return _ACCEPTED_RELATIONS[relation]


def checked_reason(because: Any, required: bool) -> str | None:
    """Accept a sentence, or None where no reason is required."""
    if because is None and not required:
        return None
    if not isinstance(because, str):
        raise TypeError(f"because= must be a sentence (str), not {because!r}")
    if not because.strip():
        raise ValueError("because= must not be empty: give the reason in words")
    return because.strip()


def checked_tightness(tight_at: Any) -> dict | None:
    """Accept values of symbols at which a bound is attained or approached."""
    if tight_at is None:
        return None
    if not isinstance(tight_at, Mapping) or not all(isinstance(s, Symbol) for s in tight_at):
        raise TypeError(f"tight_at= maps symbols to values, such as {{x: 0}}, not {tight_at!r}")
    return {s: checked_expression(v, f"tight_at= for {s}") for s, v in tight_at.items()}


def verify(
    lhs: Any,
    rhs: Any = None,
    *,
    relation: str | None = None,
    given: Any = (),
    where: Any = None,
    proof: Any = None,
    tight_at: Mapping | None = None,
    digits: int | None = None,
    label: str | None = None,
    because: str | None = None,
) -> Equation:
    """Prove an identity or a bound, or raise with a counterexample.

    Parameters
    ----------
    lhs, rhs : sympy expression or int
        Both sides. A relation such as ``sympy.Eq(a, b)`` or ``a <= b`` may stand in the
        place of `lhs` alone. Derivatives, limits, sums and integrals may be left
        unevaluated.
    relation : {"=", "<", "<=", ">", ">="}, default "="
        How the sides compare.
    given : relation or sequence of relations
        Conditions besides the assumptions of the symbols: ``(0 < P, P < 1)``.
    where : Equation, mapping or sequence of them
        What the names mean: an equation from `define`, or ``{sigma: Lambda(x, …)}``.
        The display keeps the names, the check uses the meaning.
    proof : sympy expression, optional
        For a bound: the larger side minus the smaller one, in a form that is visibly
        positive, such as a square. Both the form and its sign are proved.
    tight_at : mapping, optional
        For a bound: values of symbols at which it is attained (``<=``) or which it
        approaches (``<``). Required for ``<=``; for ``<``, this or `proof` is required.
        So no bound in the book can be looser than its evidence.
    digits : int, optional
        Turns the claim into a decimal one: `rhs` is `lhs` rounded to so many decimals.
    label : str, optional
        The name under which the book numbers it: ``eq-…``.
    because : str, optional
        The reason, in words.

    Returns
    -------
    Equation
        Displays itself; `.evidence` says what the check was.

    Raises
    ------
    DerivationError
        The claim is false (with a counterexample), undefined somewhere under its
        conditions, or not proved.
    TypeError, ValueError
        What was given is not such a claim.

    Notes
    -----
    A derivative is that of the function on the real line: the limit of the difference
    quotient from both sides. Where two cases meet, where a case holds at one point only,
    and at a number or a composite argument (``Subs``, the chain rule's f'(w·x + b)), it is
    this limit that is compared. Conditions in `given` say which points are looked at, and
    never turn it into a limit from one side: ReLU has no derivative at 0 for x ≥ 0 either,
    and neither has x^(3/2), which has no real value left of 0. Unknown functions count as
    smooth.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.symbols("x", real=True)
    >>> sigma = define(sympy.Function("sigma")(x), 1 / (1 + sympy.exp(-x)))
    >>> s = sigma.lhs
    >>> verify(s.diff(x), s * (1 - s), where=sigma)
    σ'(x) = σ(x)·(1 − σ(x))   for x real
    >>> verify(s.diff(x) <= sympy.Rational(1, 4), where=sigma,
    ...        proof=(s - sympy.Rational(1, 2)) ** 2, tight_at={x: 0})
    σ'(x) ≤ 1/4   for x real; equality at x = 0
    >>> verify(s.diff(x), s * (1 + s), where=sigma)
    Traceback (most recent call last):
        ...
    vgtools.derivation.errors.DerivationError: σ'(x) = σ(x)·(1 + σ(x)) is false at x = 0: \
the left side is 0.25, the right side is 0.75
    """
    if rhs is None:
        if not isinstance(lhs, Relational):
            checked_expression(lhs, "the claim")
            raise TypeError(f"verify needs two sides or a relation; only {lhs!r} was given")
        if relation is not None:
            raise ValueError("relation= is for two separate sides; a relation was given")
        relation, lhs, rhs = lhs.rel_op, *lhs.args
    operator = checked_relation("=" if relation is None else relation)
    lhs, rhs = (
        checked_expression(lhs, "the left side"),
        checked_expression(rhs, "the right side", floats=digits is not None),
    )
    if lhs == rhs:
        raise ValueError(
            f"both sides are {to_text(lhs)}: SymPy made them identical before anything was "
            "checked; write sympy.Derivative(f, x) for f.diff(x), or use evaluate=False"
        )
    conditions, meaning = checked_conditions(given), collected_definitions(where)
    because, tight_at = checked_reason(because, required=False), checked_tightness(tight_at)
    claim = f"{to_text(lhs)} {SIGNS[operator]} {to_text(rhs)}"
    domain, kind = Domain(conditions), "identity"
    evidence = "symbolic"
    if digits is not None:
        whole = isinstance(digits, int) and not isinstance(digits, bool)
        if operator != "==" or not whole or not 0 <= digits <= 30:
            raise ValueError(f"digits={digits!r}: a number of decimals up to 30, with relation =")
        claim = f"{to_text(lhs)} ≈ {to_text(rhs)}"
        check_decimal(lhs, rhs, digits, meaning, claim)
        kind, operator, evidence = "decimal", "~", f"evaluated at {DIGITS} digits, rounded"
    elif operator == "==":
        if proof is not None or tight_at is not None:
            raise ValueError("proof= and tight_at= belong to bounds, not to identities")
        check_identity(lhs, rhs, domain, meaning, claim)
    else:
        kind = "bound"
        proof = None if proof is None else checked_expression(proof, "proof=")
        check_inequality(lhs, operator, rhs, domain, meaning, claim, proof, tight_at)
    equation = Equation(
        lhs, rhs, operator, kind, evidence, conditions, meaning, label, because, tight_at, proof,
        digits,
    )  # fmt: skip
    claim_label(label, str(equation))
    return equation


def define(
    name: Any,
    meaning: Any,
    *,
    given: Any = (),
    where: Any = None,
    agrees_with: Any = None,
    label: str | None = None,
    because: str | None = None,
) -> Equation:
    """Give a name to an expression.

    Parameters
    ----------
    name : sympy Symbol or applied Function
        ``f(x)`` or ``f(x, alpha)``, with distinct symbols as arguments, or a symbol.
    meaning : sympy expression
        What the name stands for. It must be defined everywhere under the conditions.
    given : relation or sequence of relations
        Conditions besides the assumptions of the symbols.
    where : Equation, mapping or sequence of them
        Meaning of names that occur in `meaning`.
    agrees_with : sympy expression or callable, optional
        A second source of the same definition: an expression, which must be identical,
        or a NumPy function of the arguments in order (for instance a kernel from
        `activation`), which must agree to 1e-10. With it, a slip in a definition cannot
        pass.
    label, because : str, optional
        As in `verify`.

    Returns
    -------
    Equation
        Of kind ``"definition"``; pass it to ``where=``.

    Raises
    ------
    DerivationError
        The meaning is undefined somewhere, has not the sign that the name is declared
        to have, or disagrees with `agrees_with`.
    TypeError, ValueError
        The name is not a name, or occurs in its own meaning.

    Examples
    --------
    >>> import numpy, sympy
    >>> x = sympy.symbols("x", real=True)
    >>> define(sympy.Function("f")(x), sympy.tanh(x) / 2,
    ...        agrees_with=lambda x: numpy.tanh(x) / 2)
    f(x) = tanh(x)/2   for x real   [definition, agrees with NumPy to 1e-10]
    """
    if isinstance(name, AppliedUndef):
        if len(set(name.args)) != len(name.args) or not all(a.is_Symbol for a in name.args):
            raise ValueError(f"the arguments of {name} must be distinct symbols")
        arguments = list(name.args)
    elif isinstance(name, Symbol):
        arguments = []
    else:
        raise TypeError(f"define accepts a symbol or f(x), not {name!r}")
    meaning = checked_expression(meaning, "the meaning")
    if meaning.has(name.func if arguments else name):
        raise ValueError(f"{to_text(name)} occurs in its own definition")
    conditions, names = checked_conditions(given), collected_definitions(where)
    domain, claim = Domain(conditions), f"{to_text(name)} = {to_text(meaning)}"
    evidence = "definition"
    if not isinstance(meaning, MatrixExpr):
        resolved = with_meanings(meaning, names)
        symbols = real_symbols(resolved, *domain.given)
        value = evaluated(resolved, claim)
        refute(value, value, "==", domain, symbols, claim)
        require_defined(resolved, domain, claim)
        _refute_signs(name, value, domain, symbols)
        if isinstance(agrees_with, Expr):
            check_identity(meaning, agrees_with, domain, names, claim)
            evidence = "definition, agrees with a second source"
        elif callable(agrees_with):
            order = arguments or sorted(symbols, key=lambda s: s.name)
            _check_kernel(value, agrees_with, order, domain, claim)
            evidence = "definition, agrees with NumPy to 1e-10"
        elif agrees_with is not None:
            raise TypeError(f"agrees_with= is an expression or a function, not {agrees_with!r}")
    elif agrees_with is not None:
        raise TypeError("agrees_with= is for scalar definitions")
    equation = Equation(
        name, meaning, "==", "definition", evidence, conditions, names, label,
        checked_reason(because, required=False),
    )  # fmt: skip
    claim_label(label, str(equation))
    return equation


def _refute_signs(name: Expr, meaning: Expr, domain: Domain, symbols: set[Symbol]) -> None:
    """Look for a point where a meaning has not the sign that its name is declared to have."""
    signs = {">": name.is_positive, "<": name.is_negative}
    signs |= {">=": name.is_nonnegative, "<=": name.is_nonpositive}
    for operator, declared in signs.items():
        if declared:
            claim = f"{to_text(meaning)} {SIGNS[operator]} 0, as {to_text(name)} is declared,"
            refute(meaning, sympy.S.Zero, operator, domain, symbols, claim)
            return


def _check_kernel(
    meaning: Expr, kernel: Callable, order: list[Symbol], domain: Domain, claim: str
) -> None:
    extra = meaning.free_symbols - set(order)
    if extra:
        raise ValueError(f"{claim}: {', '.join(map(str, extra))} is not an argument")
    value = evaluator(meaning, order)
    for point in domain.points(order, number_hints(meaning)):
        exact = value(point, DIGITS)
        computed = float(kernel(*(np.float64(point[s]) for s in order)))
        if not abs(computed - float(exact)) <= 1e-10 * max(1.0, abs(float(exact))):
            raise DerivationError(
                f"{claim} disagrees with agrees_with= at {assignment_text(point)}: the definition "
                f"is {digits_text(exact)}, the second source is {computed:.12g}",
                point,
            )


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
    operator, because = checked_relation(relation), checked_reason(because, required=False)
    if not callable(check):
        raise TypeError(f"check= must be a function of a random generator, not {check!r}")
    if isinstance(draws, bool) or not isinstance(draws, int) or not 0 < draws <= 10**6:
        raise ValueError(f"draws={draws!r}: a whole number from 1 to {10**6}")
    if isinstance(rtol, bool) or not isinstance(rtol, (int, float)) or not 0 <= rtol < 1:
        raise ValueError(f"rtol={rtol!r}: a number from 0 on and below 1")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed={seed!r}: a whole number from 0 on")
    written = lhs if isinstance(lhs, str) else None
    if written is None:
        lhs, rhs = (
            checked_expression(lhs, "the left side"),
            checked_expression(rhs, "the right side"),
        )
        symbols = sorted(lhs.free_symbols | rhs.free_symbols, key=str)
        symbols = [s for s in symbols if isinstance(s, (Symbol, sympy.MatrixSymbol))]
        claim = f"{to_text(lhs)} {SIGNS[operator]} {to_text(rhs)}"
        with optional("scipy", "special"):
            import scipy.special  # noqa: F401 - what the printed functions are called on
        sides = [
            sympy.lambdify(
                symbols, _without_derivatives(side, claim), modules=["numpy", "scipy"],
                printer=_Numpy(),
            )
            for side in (lhs, rhs)
        ]  # fmt: skip
    elif rhs is not None:
        raise TypeError("with LaTeX, write the whole equation as one string")
    else:
        lhs = None
    name = written or f"{to_text(lhs)} {SIGNS[operator]} {to_text(rhs)}"
    for draw, generator in enumerate(np.random.default_rng(seed).spawn(draws)):
        result = check(generator)
        if written is None:
            if not isinstance(result, Mapping) or set(result) != set(symbols):
                raise ValueError(
                    f"check= must return values for {', '.join(map(str, symbols))}, "
                    f"got {result!r:.80}"
                )
            result = tuple(side(*(result[s] for s in symbols)) for side in sides)
        _compare(result, operator, rtol, f"{name}, draw {draw}")
    evidence = f"numeric, rtol {rtol:g}, {draws} draw{'' if draws == 1 else 's'}"
    equation = Equation(
        lhs, rhs, operator, "numeric", evidence, label=label, because=because,
        written=written, spoken=text,
    )  # fmt: skip
    claim_label(label, str(equation))
    return equation


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


def _compare(result: Any, operator: str, rtol: float, claim: str) -> None:
    """Compare two arrays entry by entry."""
    try:
        left, right = (np.asarray(side, dtype=float) for side in result)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{claim}: check= must return (left, right) arrays") from error
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
