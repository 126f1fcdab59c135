"""Equations that were checked before they are shown.

A display equation in the book is never typed as text. It is an object that holds
the SymPy expressions on both sides, and it exists only because the check behind it
passed. Three functions make one equation each:

* `verify` proves an identity, a bound or a decimal value;
* `define` names something, so that it needs no proof;
* `numeric` backs, by many random draws, what SymPy cannot hold.

`Derivation` strings steps together. Each step has a reason in words and is proved
by itself: equal expressions must be identical under the stated conditions, and
equations must be *equivalent*, not merely implied by one another.

How a claim is judged
---------------------
1. *Refute.* Both sides are evaluated at 50 and at 100 digits at points that satisfy
   the conditions. If they differ, that point is the counterexample.
2. *Is everything defined?* Each denominator must be shown to be nonzero, each
   argument of a logarithm positive, each kink differentiable where a derivative is
   taken. Missing conditions such as 0 < P < 1 come to light here.
3. *Prove.* Conditions become substitutions (0 < P < 1 turns into P = t/(1+t) with
   t > 0), case distinctions become separate proofs, and the difference of both
   sides is brought to a normal form that must be zero.

Numbers alone never count as a proof: a claim that survives step 1 and fails step 3
is refused as "not proved".
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy import Add, Derivative, Dummy, Expr, Piecewise, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef, UndefinedFunction
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.printing.conventions import requires_partial
from sympy.printing.latex import LatexPrinter
from sympy.printing.numpy import SciPyPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from vgtools.frontend import live_notebook, static_build

__all__ = [
    "Derivation",
    "DerivationError",
    "Equation",
    "Step",
    "define",
    "numeric",
    "register",
    "verify",
]

_SEED = 20100101
_POINTS = 48
_DIGITS = 50
_FINE = 2_520_000  # a denominator that most simple fractions divide


class DerivationError(Exception):
    """A claim that is false, undefined somewhere, or not proved.

    Attributes
    ----------
    counterexample : dict or None
        The values of the symbols at which the claim fails, if one was found.
    """

    def __init__(self, message: str, counterexample: Mapping | None = None) -> None:
        super().__init__(message)
        self.counterexample = dict(counterexample) if counterexample is not None else None


# --------------------------------------------------------------------------------------
# Conditions: which values the symbols may take
# --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bounds:
    """What the conditions say about one symbol; each end is (value, is it strict)."""

    lower: tuple[Expr, bool] | None = None
    upper: tuple[Expr, bool] | None = None
    excluded: tuple[Expr, ...] = ()
    value: Expr | None = None

    @property
    def empty(self) -> bool:
        """True only if no number can satisfy the bounds."""
        if self.value is not None:
            return any(sympy.simplify(self.value - other) == 0 for other in self.excluded) or any(
                outside is sympy.true
                for end, strict, below in (
                    (*(self.lower or (None, None)), True),
                    (*(self.upper or (None, None)), False),
                )
                if end is not None
                for outside in [
                    {
                        (True, True): self.value <= end,
                        (True, False): self.value < end,
                        (False, True): self.value >= end,
                        (False, False): self.value > end,
                    }[(below, strict)]
                ]
            )
        if self.lower is None or self.upper is None:
            return False
        (low, low_strict), (high, high_strict) = self.lower, self.upper
        return bool((low >= high if low_strict or high_strict else low > high) is sympy.true)


def _as_bound(relation: Relational) -> tuple[Symbol, str, Expr] | None:
    """Read a relation that is linear in some symbol as (symbol, operator, bound)."""
    difference = sympy.expand(relation.lhs - relation.rhs)
    bare = [side for side in (relation.lhs, relation.rhs) if side.is_Symbol]
    others = sorted(difference.free_symbols - set(bare), key=lambda s: s.name)
    for symbol in [*bare, *others]:
        slope = difference.coeff(symbol, 1)
        rest = sympy.expand(difference - slope * symbol)
        if slope.is_Rational and slope != 0 and symbol not in rest.free_symbols:
            operator = relation.rel_op
            if slope < 0:
                operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
            return symbol, operator, -rest / slope
    return None


@dataclass(frozen=True)
class _Domain:
    """The conditions of a statement: relations, on top of what the symbols assume."""

    given: tuple[Relational, ...] = ()

    def restricted(self, condition: Boolean) -> _Domain | None:
        """The part where `condition` holds too, or None if that part is empty."""
        given = list(self.given)
        for part in sympy.And.make_args(condition):
            if part is sympy.false:
                return None
            if isinstance(part, Relational):
                given.append(part)
        domain = _Domain(tuple(given))
        return None if any(b.empty for b in domain.bounds().values()) else domain

    def bounds(self) -> dict[Symbol, _Bounds]:
        """The bounds that the relations put on single symbols."""
        found: dict[Symbol, _Bounds] = {}

        def add(symbol: Symbol, operator: str, value: Expr) -> None:
            old = found.get(symbol, _Bounds(*_assumed_bounds(symbol)))
            if operator == "==":
                old = replace(old, value=value)
            elif operator == "!=":
                old = replace(old, excluded=(*old.excluded, value))
            else:
                name = "lower" if operator in (">", ">=") else "upper"
                end, strict = getattr(old, name), operator in ("<", ">")
                if end is not None:
                    tighter = value > end[0] if name == "lower" else value < end[0]
                    if tighter is sympy.false or tighter not in (sympy.true, sympy.false):
                        keep_strict = end[1] or (strict and value == end[0])
                        old = replace(old, **{name: (end[0], keep_strict)})
                        found[symbol] = old
                        return
                old = replace(old, **{name: (value, strict)})
            found[symbol] = old

        for relation in self.given:
            modulus, limit = relation.lhs, relation.rhs
            if isinstance(limit, sympy.Abs):
                modulus, limit, relation = limit, modulus, relation.reversed
            if isinstance(modulus, sympy.Abs) and relation.rel_op in ("<", "<="):
                inner, strict = modulus.args[0], relation.rel_op
                if inner.is_Symbol and inner not in limit.free_symbols:
                    add(inner, strict, limit)
                    add(inner, ">" + strict[1:], -limit)
                continue
            bound = _as_bound(relation)
            if bound is not None:
                add(*bound)
        for symbol, bound in found.items():
            for name in ("lower", "upper"):
                end = getattr(bound, name)
                if end is not None and any(sympy.simplify(end[0] - e) == 0 for e in bound.excluded):
                    found[symbol] = replace(found[symbol], **{name: (end[0], True)})
        return found

    def substitutions(self) -> Iterator[dict[Symbol, Expr]]:
        """Replacements by fresh symbols that cover every permitted value.

        Each replacement carries its condition in the assumptions of a fresh symbol,
        where SymPy can use it. They may cover more than the domain, never less.
        """
        choices: list[list[tuple[Symbol, Expr]]] = []
        for symbol, bound in self.bounds().items():
            (low, low_strict) = bound.lower or (None, True)
            (high, high_strict) = bound.upper or (None, True)
            options: list[Expr] = []
            if bound.value is not None:
                options = [bound.value]
            elif low is not None and high is not None:
                t = Dummy("t", positive=True)
                options = [(low + high * t) / (1 + t)]
                options += [] if low_strict else [low]
                options += [] if high_strict else [high]
            elif low is not None:
                sign = {"positive": True} if low_strict else {"nonnegative": True}
                options = [low + Dummy("t", integer=symbol.is_integer or None, **sign)]
            elif high is not None:
                sign = {"positive": True} if high_strict else {"nonnegative": True}
                options = [high - Dummy("t", integer=symbol.is_integer or None, **sign)]
            elif bound.excluded:
                nonzero = Dummy("t", real=True, nonzero=True, integer=symbol.is_integer or None)
                options = [bound.excluded[0] + nonzero]
            choices.append([(symbol, option) for option in options])
        for combination in itertools.product(*choices):
            yield dict(combination)

    def points(self, symbols: Iterable[Symbol], hints: Iterable[Expr] = ()) -> list[dict]:
        """Deterministic points, simple ones first, that satisfy every condition."""
        symbols = sorted(symbols, key=lambda s: s.name)
        generator = random.Random(_SEED)
        bounds = self.bounds()
        pools = {s: _pool(s, bounds.get(s), hints, generator) for s in symbols}
        found: list[dict] = []
        seen: set[tuple] = set()
        for attempt in range(40 * _POINTS):
            point = {
                s: pools[s][attempt]
                if attempt < len(pools[s]) and len(symbols) == 1
                else generator.choice(pools[s])
                for s in symbols
            }
            for symbol in symbols:
                bound = bounds.get(symbol)
                if bound is not None and bound.value is not None:
                    point[symbol] = bound.value.xreplace(point)
            key = tuple(point.values())
            if key in seen:
                if not symbols:
                    break
                continue
            seen.add(key)
            if all(self._allows(relation, point) for relation in self.given):
                found.append(point)
            if len(found) == _POINTS:
                break
        if not found:
            conditions = ", ".join(_text(relation) for relation in self.given)
            raise ValueError(
                f"no values of {', '.join(s.name for s in symbols)} satisfy the conditions "
                f"({conditions}): they contradict each other or the symbols' assumptions"
            )
        return found

    @staticmethod
    def _allows(relation: Relational, point: Mapping) -> bool:
        truth = relation.xreplace(dict(point))
        return sympy.true in (truth, sympy.simplify(truth))

    def excludes(self, symbol: Symbol, value: Expr) -> bool:
        """True if the conditions surely forbid ``symbol == value``."""
        if any(relation.subs(symbol, value) is sympy.false for relation in self.given):
            return True
        low, high = _assumed_bounds(symbol)
        return _Bounds(low, high, (sympy.S.Zero,) if symbol.is_nonzero else (), value).empty

    def describe(self, symbols: Iterable[Symbol], tex: bool) -> str:
        """The conditions in words or LaTeX, for instance ``0 < P < 1, x real``."""
        show = _latex if tex else _text
        less, at_most = ("<", r"\le") if tex else ("<", "≤")
        symbols = {s for s in symbols if not isinstance(s, Dummy)}
        parts, plain = [], []
        bounds = {}
        for relation in self.given:
            bound = None if relation.has(sympy.Abs) else _as_bound(relation)
            if bound and bound[0] in (relation.lhs, relation.rhs) and bound[1] not in ("!=", "=="):
                bounds.setdefault(bound[0], []).append(bound)
            else:
                bounds.setdefault(relation, []).append(relation)
        named = {key for key in bounds if isinstance(key, Symbol)}
        for symbol in named & symbols:
            operators = {operator[0] for _, operator, _ in bounds[symbol]}
            if symbol.is_nonnegative and ">" not in operators:
                bounds[symbol].append((symbol, ">" if symbol.is_positive else ">=", sympy.S.Zero))
            if symbol.is_nonpositive and "<" not in operators:
                bounds[symbol].append((symbol, "<" if symbol.is_negative else "<=", sympy.S.Zero))
        bare = set().union(*(r.free_symbols for r in self.given))
        named |= {s for s in bare if s.is_real and s.assumptions0 == _REAL}
        for key, entries in sorted(bounds.items(), key=lambda item: _text(item[0])):
            if key in named:
                lows = [(v, less if o == ">" else at_most) for _, o, v in entries if o[0] == ">"]
                highs = [(v, less if o == "<" else at_most) for _, o, v in entries if o[0] == "<"]
                if len(lows) == len(highs) == 1:
                    (a, low), (b, high) = lows[0], highs[0]
                    parts.append(f"{show(a)} {low} {show(key)} {high} {show(b)}")
                    continue
                flip = {less: ">", at_most: r"\ge" if tex else "≥"}
                parts += [f"{show(key)} {flip[o]} {show(v)}" for v, o in lows]
                parts += [f"{show(key)} {o} {show(v)}" for v, o in highs]
            else:
                parts.append(show(key))
        for symbol in sorted(symbols, key=lambda s: s.name):
            name = show(symbol)
            if symbol in named and not symbol.is_integer:
                continue
            if symbol.is_integer:
                start = "1" if symbol.is_positive else "0" if symbol.is_nonnegative else None
                whole = rf"{name} \in \mathbb{{Z}}" if tex else f"{name} an integer"
                listed = rf"{name} = {start}, {int(start or 0) + 1}, \dots" if tex else None
                listed = listed or f"{name} = {start}, {int(start or 0) + 1}, …"
                parts.append(whole if start is None else listed)
            elif symbol.is_positive:
                parts.append(f"{name} > 0")
            elif symbol.is_negative:
                parts.append(f"{name} < 0")
            elif symbol.is_nonnegative:
                parts.append(f"{name} " + (r"\ge 0" if tex else "≥ 0"))
            elif symbol.is_nonpositive:
                parts.append(f"{name} " + (r"\le 0" if tex else "≤ 0"))
            elif symbol.is_nonzero:
                parts.append(f"{name} " + (r"\ne 0" if tex else "≠ 0"))
            elif symbol.is_real:
                plain.append(name)
        if plain:
            parts.append(", ".join(plain) + (r" \in \mathbb{R}" if tex else " real"))
        return (r",\ " if tex else ", ").join(parts)


_REAL = Symbol("x", real=True).assumptions0


def _assumed_bounds(symbol: Symbol) -> tuple[tuple | None, tuple | None]:
    """Bounds at zero that the assumptions of a symbol imply."""
    zero = sympy.S.Zero
    low = (zero, bool(symbol.is_positive)) if symbol.is_nonnegative else None
    high = (zero, bool(symbol.is_negative)) if symbol.is_nonpositive else None
    return low, high


def _pool(
    symbol: Symbol, bound: _Bounds | None, hints: Iterable[Expr], generator: random.Random
) -> list[Expr]:
    """Values worth trying for one symbol: simple, tiny, large and arbitrary ones."""
    simple = [Rational(p, q) for p, q in [
        (0, 1), (1, 1), (-1, 1), (1, 2), (-1, 2), (2, 1), (-2, 1), (1, 3), (3, 1), (-3, 1),
        (5, 7), (-7, 5), (1, 1000), (-1, 1000), (10, 1), (-10, 1), (40, 1), (-40, 1),
    ]]  # fmt: skip
    if symbol.is_integer:
        values = [sympy.Integer(n) for n in (0, 1, 2, 3, -1, 5, -2, 4, 7, -3, 10, -10, 6, 8)]
    else:
        values = simple + [c for h in hints for c in (h, -h) if c not in simple]
        values += [Rational(generator.randint(-5000, 5000), 997) for _ in range(24)]
    low, high = (bound.lower, bound.upper) if bound else _assumed_bounds(symbol)
    ends = [end[0] for end in (low, high) if end is not None]
    if ends and all(end.is_Rational for end in ends) and not symbol.is_integer:
        if len(ends) == 2:
            shares = [abs(v) / (1 + abs(v)) for v in values]
            values = [*ends, *(ends[0] + (ends[1] - ends[0]) * share for share in shares)]
        else:
            values = [ends[0] + (abs(v) if low is not None else -abs(v)) for v in values]
    values = list(dict.fromkeys(values))
    limits = bound or _Bounds(low, high)
    nonzero = (sympy.S.Zero,) if symbol.is_nonzero else ()
    return [
        v
        for v in values
        if not replace(limits, value=v, excluded=limits.excluded + nonzero).empty
        or (bound is not None and bound.value is not None)
    ] or values


def _real_symbols(*expressions: Any) -> set[Symbol]:
    """The free symbols, each of which must be declared real."""
    symbols = set().union(*(e.free_symbols for e in expressions))
    symbols = {s for s in symbols if isinstance(s, Symbol)}
    for symbol in sorted(symbols, key=lambda s: s.name):
        if not symbol.is_real:
            raise ValueError(
                f"the symbol {symbol.name} is not declared real; write "
                f'sympy.symbols("{symbol.name}", real=True), or positive=True, integer=True'
            )
    return symbols


# --------------------------------------------------------------------------------------
# Definitions: what the names in an expression stand for
# --------------------------------------------------------------------------------------


def _definitions(where: Any) -> dict:
    """Collect definitions from a mapping, an `Equation` made by `define`, or several."""
    if where is None:
        return {}
    if isinstance(where, Equation):
        if where.kind != "definition":
            raise ValueError(f"where= accepts definitions; {where} is of kind {where.kind}")
        return dict(_definition_of(where.lhs, where.rhs))
    if isinstance(where, Mapping):
        found = {}
        for name, meaning in where.items():
            if isinstance(name, UndefinedFunction):
                if not isinstance(meaning, sympy.Lambda):
                    raise TypeError(
                        f"the function {name} must be defined by a sympy.Lambda, not {meaning!r}"
                    )
            elif not (isinstance(name, Symbol) and isinstance(meaning, Expr)):
                raise TypeError(
                    "where= maps a SymPy Function to a Lambda or a Symbol to an expression; "
                    f"got {name!r}: {meaning!r}"
                )
            found[name] = meaning
        return found
    if isinstance(where, Iterable) and not isinstance(where, str):
        found = {}
        for item in where:
            for name, meaning in _definitions(item).items():
                if found.get(name, meaning) != meaning:
                    raise ValueError(f"{name} is defined twice, in different ways")
                found[name] = meaning
        return found
    raise TypeError(f"where= accepts a definition, a mapping or a sequence of them, not {where!r}")


def _definition_of(name: Expr, meaning: Expr) -> Iterator[tuple]:
    """Turn ``f(x, a) = …`` or ``s = …`` into an entry of a where-mapping."""
    if isinstance(name, AppliedUndef):
        yield name.func, sympy.Lambda(name.args, meaning)
    else:
        yield name, meaning


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


def _resolved(expression: Any, where: Mapping) -> Any:
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
            return expression
    raise ValueError("the definitions in where= refer to each other in a circle")


# --------------------------------------------------------------------------------------
# Refuting: evaluation at many digits
# --------------------------------------------------------------------------------------

_NEEDS_EVALF = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)


def _concrete(expressions: list[Any]) -> tuple[list[Any], dict]:
    """Put definite functions in the place of unknown ones, so that numbers come out."""
    unknown = sorted({u.func for e in expressions for u in e.atoms(AppliedUndef)}, key=str)
    chosen = {}
    for k, function in enumerate(unknown, start=2):
        arity = {len(u.args) for e in expressions for u in e.atoms(function)}.pop()
        names = [Dummy(f"u{i}", real=True) for i in range(arity)]
        argument = sum((i + 2) * n for i, n in enumerate(names)) / Rational(k + 1)
        meaning = sympy.exp(argument / 2) + Rational(1, k)
        if not function(*names).is_positive:
            meaning = meaning + argument**2 / 3 - argument
        chosen[function] = sympy.Lambda(tuple(names), meaning)
    return [_resolved(e, chosen).doit() for e in expressions], chosen


def _evaluator(expression: Expr, symbols: list[Symbol]) -> Callable[[Mapping, int], Any]:
    """Return ``value(point, digits)``: a real mpmath number, or None where undefined."""
    if expression.has(*_NEEDS_EVALF):
        function = None
    else:
        function = sympy.lambdify(symbols, expression, modules="mpmath")

    def value(point: Mapping, digits: int) -> Any:
        with mpmath.workdps(digits):
            try:
                if function is None:
                    result = mpmath.mpmathify(expression.xreplace(dict(point)).evalf(digits))
                else:
                    result = mpmath.mpmathify(function(*(_number(point[s]) for s in symbols)))
            except (ZeroDivisionError, ValueError, OverflowError, TypeError):
                return None
            if isinstance(result, mpmath.mpc):
                if abs(result.imag) > mpmath.mpf(10) ** (5 - digits) * (1 + abs(result.real)):
                    return None
                result = result.real
            return result if mpmath.isfinite(result) else None

    return value


def _number(value: Any) -> Any:
    """An exact SymPy number at the current precision of mpmath."""
    if isinstance(value, Rational):
        return mpmath.mpf(int(value.p)) / int(value.q)
    if isinstance(value, Expr):
        return mpmath.mpmathify(value.evalf(mpmath.mp.dps))
    return mpmath.mpf(value)


def _surely_nonzero(value: Callable[[int], Any], scale: Any) -> Any:
    """The value of a difference if it is certainly not zero, else None.

    Rounding leaves a difference that shrinks when digits are added; a true
    difference stays.
    """
    first = value(_DIGITS)
    if first is None or abs(first) <= mpmath.mpf(10) ** (-30) * scale:
        return None
    second = value(2 * _DIGITS)
    if second is None or abs(first - second) > abs(second) * mpmath.mpf(10) ** -10:
        return None
    return second


def _hints(*expressions: Any) -> list[Expr]:
    """Numbers that occur in the expressions: kinks and poles often lie there."""
    found = set().union(*(e.atoms(Rational) for e in expressions))
    return sorted((n for n in found if abs(n) < 60), key=lambda n: (abs(n), n))[:12]


def _refute(
    left: Expr, right: Expr, operator: str, domain: _Domain, symbols: set[Symbol], claim: str
) -> None:
    """Raise with a counterexample if one of the sample points contradicts the claim."""
    (left, right), chosen = _concrete([left, right])
    names = sorted(symbols, key=lambda s: s.name)
    sides = [_evaluator(side, names) for side in (left, right)]
    gap = _evaluator(left - right, names)
    for point in domain.points(names, _hints(left, right)):
        values = [side(point, _DIGITS) for side in sides]
        if any(v is None for v in values):
            which = "both sides are" if values == [None, None] else (
                "the left side is" if values[0] is None else "the right side is"
            )  # fmt: skip
            raise DerivationError(
                f"{claim} does not hold as stated: {which} undefined (or not real) at "
                f"{_assignment(point)}; add a condition with given=",
                point,
            )
        scale = max(abs(values[0]), abs(values[1]), mpmath.mpf(10) ** -200)
        difference = _surely_nonzero(lambda digits, at=point: gap(at, digits), scale)
        if _contradicts(operator, difference, gap, point):
            extra = "".join(f", {f}(…) = {_text(m.expr)}" for f, m in chosen.items())
            raise DerivationError(
                f"{claim} is false at {_assignment(point)}{extra}: the left side is "
                f"{_digits(values[0])}, the right side is {_digits(values[1])}",
                point,
            )


def _contradicts(operator: str, difference: Any, gap: Callable, point: Mapping) -> bool:
    """Tell whether left − right = difference (None: zero as far as digits go) refutes."""
    if difference is None:
        # Exactly equal at a rational point refutes a strict inequality.
        return operator in ("<", ">") and gap(point, 4 * _DIGITS) == 0
    if operator == "==":
        return True
    return difference > 0 if operator in ("<", "<=") else difference < 0


def _assignment(point: Mapping) -> str:
    if not point:
        return "every point (there is nothing to choose)"
    return ", ".join(f"{_text(s)} = {_text(v)}" for s, v in point.items())


def _digits(value: Any) -> str:
    return mpmath.nstr(value, 12)


# --------------------------------------------------------------------------------------
# Proving
# --------------------------------------------------------------------------------------

_HYPERBOLIC = [sympy.tanh, sympy.sinh, sympy.cosh, sympy.sech, sympy.csch, sympy.coth]


def _unfolded(expression: Expr) -> Expr:
    """Write |x|, sign, max, min and the step function as case distinctions."""

    def modulus(u: Expr) -> Expr:
        return (
            sympy.Abs(u)
            if sympy.Abs(u).func is not sympy.Abs
            else Piecewise((u, u >= 0), (-u, True))
        )

    expression = expression.replace(sympy.Abs, modulus)
    expression = expression.replace(
        sympy.sign, lambda u: Piecewise((1, u > 0), (-1, u < 0), (0, True))
    )
    if expression.has(sympy.Max, sympy.Min, sympy.Heaviside):
        expression = expression.replace(
            lambda e: isinstance(e, (sympy.Max, sympy.Min, sympy.Heaviside)),
            lambda e: e.rewrite(Piecewise),
        )
    return expression


def _regions(expression: Expr, domain: _Domain) -> Iterator[tuple[Expr, _Domain]]:
    """Split the domain until no case distinction is left in the expression."""
    expression = _unfolded(expression)
    pieces = expression.atoms(Piecewise)
    conditions = set().union(*(c.atoms(Relational) for p in pieces for _, c in p.args))
    if not conditions:
        yield expression, domain
        return
    chosen = min(conditions, key=lambda c: (_as_bound(c) is None, sympy.default_sort_key(c)))
    bound = _as_bound(chosen)
    settled = None if bound and bound[2].is_number else _settled(chosen, domain)
    for truth in (sympy.true, sympy.false) if settled is None else (settled,):
        part = domain.restricted(chosen if truth else sympy.Not(chosen))
        if part is None:
            continue
        opposite = sympy.Not(truth)
        known = {chosen: truth, chosen.reversed: truth}
        known |= {chosen.negated: opposite, chosen.negated.reversed: opposite}
        yield from _regions(expression.xreplace(known), part)


def _settled(condition: Relational, domain: _Domain) -> Boolean | None:
    """The truth of a condition, if it is the same on the whole domain."""
    words = {"<": ("negative", "nonnegative"), "<=": ("nonpositive", "positive")}
    operator, gap = condition.rel_op, condition.lhs - condition.rhs
    if operator in (">", ">="):
        operator, gap = _FLIPPED[operator], -gap
    if operator not in words or gap.has(Piecewise):
        return None
    for truth, sign in zip((sympy.true, sympy.false), words[operator], strict=True):
        if _shown(gap, sign, domain):
            return truth
    return None


def _cases(expression: Expr, domain: _Domain) -> Iterator[Expr]:
    """Expressions whose joint truth settles the claim on the whole domain."""
    for part, region in _regions(expression, domain):
        bounds = region.bounds()
        for substitution in region.substitutions():
            case = part
            for _ in range(len(substitution)):
                case = case.xreplace(substitution)
                if not case.free_symbols & set(bounds):
                    break
            yield case


def _rational_form(expression: Expr, compared_with_one: bool = False) -> Expr:
    """A quotient of polynomials in the symbols, exponentials, logarithms and so on.

    Exponentials of multiples of one argument become powers of one positive symbol,
    and logarithms of products become sums, so that equal expressions meet. For questions
    of sign, the exponential of something positive can be written as 1 + u with u > 0.
    """
    expression = expression.rewrite(_HYPERBOLIC, sympy.exp)
    expression = expression.replace(
        lambda e: isinstance(e, sympy.exp), lambda e: sympy.exp(sympy.expand(e.args[0]))
    )
    multiples: dict[Expr, set] = {}
    for power in expression.atoms(sympy.exp):
        for term in Add.make_args(power.args[0]):
            factor, base = term.as_coeff_Mul()
            if factor.is_Rational:
                multiples.setdefault(base, set()).add(factor)
    units = {}
    for base, factors in sorted(
        multiples.items(), key=lambda item: sympy.default_sort_key(item[0])
    ):
        step = sympy.ilcm(1, *(factor.q for factor in factors))
        unit, sign = Dummy("y", positive=True), _assumed_sign(base)
        if compared_with_one and sign in ("+", "-"):
            unit = 1 + unit if sign == "+" else 1 / (1 + unit)
        units[base] = (unit, step)

    def power(argument: Expr) -> Expr:
        result = sympy.S.One
        for term in Add.make_args(sympy.expand(argument)):
            factor, base = term.as_coeff_Mul()
            if base in units and factor.is_Rational:
                unit, step = units[base]
                if (factor * step).is_Integer:
                    result *= unit ** (factor * step)
                    continue
            result *= sympy.exp(term)
        return result

    back = {sympy.log(unit): base / step for base, (unit, step) in units.items() if unit.is_Symbol}

    def logarithm(argument: Expr) -> Expr:
        factored = sympy.factor(sympy.cancel(sympy.together(argument)))
        return sympy.expand_log(sympy.log(factored)).xreplace(back)

    expression = expression.replace(sympy.exp, power).replace(sympy.log, logarithm)
    return sympy.cancel(sympy.together(sympy.expand_power_base(expression)))


def _vanishes(expression: Expr) -> bool:
    """Prove that an expression without case distinctions is zero."""
    if expression == 0:
        return True
    if _looks_nonzero(expression):
        return False
    attempts = (
        sympy.expand,
        _rational_form,
        lambda e: sympy.simplify(_rational_form(e)),
        sympy.simplify,
        lambda e: sympy.simplify(sympy.powsimp(sympy.expand(e, power_exp=True), force=False)),
    )
    for attempt in attempts:
        try:
            if attempt(expression) == 0:
                return True
        except (sympy.PolynomialError, NotImplementedError):
            continue
    return False


def _looks_nonzero(expression: Expr) -> bool:
    """Evaluate at one point, to save the effort of a proof that cannot succeed."""
    point = {}
    symbols = sorted(expression.free_symbols, key=sympy.default_sort_key)
    for k, symbol in enumerate(symbols, start=2):
        size = sympy.Integer(k) if symbol.is_integer else Rational(7 * k + 1, 11 + k)
        point[symbol] = -size if symbol.is_negative else size
    try:
        value = expression.xreplace(point).evalf(20)
    except (TypeError, ValueError, NotImplementedError):
        return False
    return bool(value.is_Number and value.is_finite and abs(value) > 1e-9)


@cache
def _is_zero(expression: Expr, domain: _Domain) -> bool:
    """Prove that an expression is zero on the whole domain."""
    return all(_vanishes(case) for case in _cases(expression, domain))


_STRICT = {"positive": ("+",), "negative": ("-",), "nonzero": ("+", "-", "±")}
_WEAK = {"nonnegative": ("+", "0+"), "nonpositive": ("-", "0-")}
_ACCEPTED = _STRICT | _WEAK


def _has_sign(value: Any, sign: str) -> bool:
    return {
        "positive": value > 0,
        "negative": value < 0,
        "nonzero": value != 0,
        "nonnegative": value >= 0,
        "nonpositive": value <= 0,
    }[sign]


@cache
def _shown(expression: Expr, sign: str, domain: _Domain) -> bool:
    """Prove that an expression is positive, negative, nonzero, … on the whole domain."""
    return all(_sign(case) in _ACCEPTED[sign] for case in _cases(expression, domain))


def _assumed_sign(expression: Expr) -> str | None:
    for sign, holds in (
        ("+", expression.is_positive), ("-", expression.is_negative),
        ("0", expression.is_zero), ("0+", expression.is_nonnegative),
        ("0-", expression.is_nonpositive),
        ("±", expression.is_real and expression.is_nonzero),
    ):  # fmt: skip
        if holds:
            return "0+" if sign == "0" else sign
    return None


def _sign(expression: Expr) -> str | None:
    """The sign that can be proved: + − 0+ 0− ± (real, not zero), or None."""
    sign = _assumed_sign(expression)
    if sign in ("+", "-"):
        return sign
    for compared in (False, True):
        try:
            form = sympy.together(_rational_form(expression, compared))
            numerator, denominator = sympy.fraction(form)
            found = _times(_product_sign(numerator), _product_sign(denominator))
        except (sympy.PolynomialError, NotImplementedError):
            continue
        if found is not None and (found in ("+", "-") or sign is None):
            sign = found
        if sign in ("+", "-"):
            return sign
    return sign or _assumed_sign(sympy.simplify(expression))


def _times(first: str | None, second: str | None) -> str | None:
    """The sign of a product from the signs of two factors."""
    if first is None or second is None:
        return None
    if "±" in (first, second):
        return None if "0" in first + second else "±"
    negative = (first[-1] == "-") != (second[-1] == "-")
    return ("0" if "0" in first + second else "") + ("-" if negative else "+")


def _product_sign(polynomial: Expr) -> str | None:
    """The sign of a polynomial in some generators, factor by factor."""
    constant, factors = sympy.factor_list(polynomial)
    result = _assumed_sign(constant)
    for factor, power in factors:
        sign = _assumed_sign(factor) or _polynomial_sign(factor)
        if power % 2 == 0:
            if sign is None and not factor.is_real:
                return None
            sign = "+" if sign in ("+", "-", "±") else "0+"
        result = _times(result, sign)
    return result


def _polynomial_sign(factor: Expr) -> str | None:
    """The sign of one irreducible factor: by its coefficients, or by Sturm's theorem."""
    polynomial = sympy.Poly(factor)
    generators, terms = polynomial.gens, polynomial.terms()
    if not all(c.is_number and c.is_real for _, c in terms):
        return None
    if all(g.is_nonnegative for g in generators):
        signs = {bool(c > 0) for _, c in terms}
        if len(signs) == 1:
            positive_term = any(
                all(g.is_positive for g, k in zip(generators, powers, strict=True) if k)
                for powers, _ in terms
            )
            return ("" if positive_term else "0") + ("+" if signs.pop() else "-")
    if len(generators) == 1 and all(c.is_Rational for _, c in terms):
        (generator,) = generators
        if not generator.is_real:
            return None
        lowest = 0 if generator.is_nonnegative else None
        if polynomial.count_roots(lowest, None) == 0:
            return "+" if polynomial.eval(1) > 0 else "-"
    return None


# Functions that are defined and smooth on the whole real line, and the conditions
# under which the others are: pairs of (expression of the argument, required sign).
_ENTIRE = (
    sympy.exp, sympy.sin, sympy.cos, sympy.tanh, sympy.sinh, sympy.cosh, sympy.sech,
    sympy.atan, sympy.asinh, sympy.erf, sympy.erfc,
)  # fmt: skip
_CONTINUOUS = (sympy.Abs, sympy.Max, sympy.Min, sympy.sign, sympy.Heaviside)
_CONDITIONAL: dict[type, Callable[[Expr], list[tuple[Expr, str]]]] = {
    sympy.log: lambda u: [(u, "positive")],
    sympy.tan: lambda u: [(sympy.cos(u), "nonzero")],
    sympy.coth: lambda u: [(u, "nonzero")],
    sympy.csch: lambda u: [(u, "nonzero")],
    sympy.atanh: lambda u: [(1 - u, "positive"), (1 + u, "positive")],
    sympy.acosh: lambda u: [(u - 1, "nonnegative")],
    sympy.asin: lambda u: [(1 - u, "nonnegative"), (1 + u, "nonnegative")],
    sympy.acos: lambda u: [(1 - u, "nonnegative"), (1 + u, "nonnegative")],
    sympy.gamma: lambda u: [(u, "positive")],
    sympy.factorial: lambda u: [(u, "nonnegative")],
}


def _require_defined(expression: Any, domain: _Domain, claim: str) -> None:
    """Prove that an expression has a real value everywhere on the domain."""

    def require(part: Expr, sign: str, why: str) -> None:
        part = part.doit()
        if _shown(part, sign, domain):
            return
        names = sorted(_real_symbols(part, *domain.given), key=lambda s: s.name)
        value = _evaluator(part, names)
        for point in domain.points(names, _hints(part)):
            found = value(point, _DIGITS)
            if found is not None and not _has_sign(found, sign):
                raise DerivationError(
                    f"{claim} does not hold as stated: {_text(part)} is not {sign} ({why}) at "
                    f"{_assignment(point)}; add a condition with given=",
                    point,
                )
        raise DerivationError(
            f"{claim} is not proved: could not show that {_text(part)} is {sign} "
            f"({why}); add a condition with given="
        )

    if isinstance(expression, (Relational, Boolean)):
        for side in expression.args:
            _require_defined(side, domain, claim)
        return
    if isinstance(expression, Piecewise):
        rest: _Domain | None = domain
        for branch, condition in expression.args:
            if rest is None:
                break
            region = rest.restricted(condition)
            if region is not None:
                _require_defined(branch, region, claim)
            negated = sympy.Not(condition)
            rest = rest.restricted(negated) if not isinstance(negated, sympy.Or) else rest
        if expression.args[-1][1] != sympy.true and rest is not None:
            raise DerivationError(f"{claim} is not proved: {_text(expression)} leaves cases open")
        return
    if isinstance(expression, Derivative):
        _require_defined(expression.expr, domain, claim)
        inner = expression.expr
        for variable, count in expression.variable_count:
            for _ in range(int(count)):
                _require_differentiable(inner.doit(), variable, domain, claim)
                inner = sympy.diff(inner, variable)
        _require_defined(_without_unknown_slopes(inner.doit()), domain, claim)
        return
    if isinstance(expression, (*_NEEDS_EVALF, sympy.Subs)):
        value = expression.doit()
        if isinstance(expression, sympy.Subs) or not value.has(type(expression)):
            _require_defined(_without_unknown_slopes(value), domain, claim)
        return
    if isinstance(expression, Pow):
        base, exponent = expression.args
        if exponent.is_integer:
            if not exponent.is_nonnegative:
                require(base, "nonzero", "it is a denominator")
        elif exponent.is_nonnegative:
            require(base, "nonnegative", "it stands under a root")
        else:
            require(base, "positive", "it is raised to a power")
    elif isinstance(expression, sympy.Function) and not isinstance(expression, AppliedUndef):
        if expression.func in _CONDITIONAL:
            for part, sign in _CONDITIONAL[expression.func](*expression.args):
                require(part, sign, f"{expression.func.__name__} needs it")
        elif not isinstance(expression, (*_ENTIRE, *_CONTINUOUS)):
            raise DerivationError(
                f"{claim} is not proved: it is not known here where {expression.func} is defined"
            )
    elif expression in (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise DerivationError(f"{claim} is not proved: {expression} is not a number")
    for argument in expression.args:
        _require_defined(argument, domain, claim)


def _without_unknown_slopes(expression: Expr) -> Expr:
    """Treat the derivatives of unknown functions, which are all that is left, as numbers."""
    return expression.replace(
        lambda e: isinstance(e, (Derivative, sympy.Subs)), lambda e: Dummy("slope", real=True)
    )


def _require_differentiable(function: Expr, variable: Symbol, domain: _Domain, claim: str) -> None:
    """Prove that a function with case distinctions has a derivative at its kinks."""
    function = _unfolded(function)
    pieces = function.atoms(Piecewise)
    conditions = set().union(*(c.atoms(Relational) for p in pieces for _, c in p.args))
    conditions = {c for c in conditions if variable in c.free_symbols}
    kinks = {}
    for condition in conditions:
        difference = sympy.expand(condition.lhs - condition.rhs)
        slope = difference.coeff(variable, 1)
        kink = sympy.simplify(-(difference - slope * variable) / slope) if slope != 0 else None
        if kink is None or not kink.is_number or not slope.is_number:
            raise DerivationError(
                f"{claim} is not proved: cannot tell where {_text(condition)} changes in "
                f"{_text(variable)}, so the derivative there stays open"
            )
        kinks[condition] = kink
    places = sorted(set(kinks.values()), key=lambda k: k.evalf())
    for place in places:
        if domain.excludes(variable, place):
            continue
        gaps = [abs(place - other) / 2 for other in places if other != place]
        reach = min([sympy.S.One, *gaps])
        at = function.subs(variable, place)
        sides = []
        for side in (-1, 1):
            near = {
                c: sympy.sympify(bool(c.subs(variable, place + side * reach))) for c in conditions
            }
            smooth = function.xreplace(near)
            direction = "-" if side < 0 else "+"
            slope = sympy.limit(sympy.diff(smooth, variable), variable, place, direction)
            sides.append((sympy.limit(smooth, variable, place, direction), slope))
        for value, _ in sides:
            if not _is_zero(value - at, domain):
                raise DerivationError(
                    f"{claim} does not hold as stated: the function jumps at "
                    f"{_text(variable)} = {_text(place)}, so it has no derivative there",
                    {variable: place},
                )
        if not _is_zero(sides[0][1] - sides[1][1], domain):
            raise DerivationError(
                f"{claim} does not hold as stated: at {_text(variable)} = {_text(place)} the "
                f"slope is {_text(sides[0][1])} from the left and {_text(sides[1][1])} from "
                f"the right; exclude that point with given=",
                {variable: place},
            )


# --------------------------------------------------------------------------------------
# Judging one relation
# --------------------------------------------------------------------------------------

_WORDS = {"<": "positive", "<=": "nonnegative"}
_FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_SIGNS = {"==": "=", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_TEX_SIGNS = {"==": "=", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "~": r"\approx"}


def _check_identity(left: Any, right: Any, domain: _Domain, where: Mapping, claim: str) -> None:
    """Prove left = right on the domain, or raise."""
    left, right = (_resolved(side, where) for side in (left, right))
    if isinstance(left, MatrixExpr) or isinstance(right, MatrixExpr):
        _check_matrices(left, right, claim)
        return
    symbols = _real_symbols(left, right, *domain.given)
    values = [side.doit() for side in (left, right)]
    _refute(*values, "==", domain, symbols, claim)
    for side in (left, right):
        _require_defined(side, domain, claim)
    if not _is_zero(values[0] - values[1], domain):
        raise DerivationError(
            f"{claim} is not proved: no counterexample was found, and SymPy could not "
            "show that the difference of both sides is zero; split it into smaller steps"
        )


def _check_matrices(left: MatrixExpr, right: MatrixExpr, claim: str) -> None:
    """Prove an identity between matrix expressions of symbolic shape."""
    if not (isinstance(left, MatrixExpr) and isinstance(right, MatrixExpr)):
        raise TypeError(f"{claim}: one side is a matrix, the other is not")
    if left.shape != right.shape:
        raise DerivationError(f"{claim} is false: shapes {left.shape} and {right.shape} differ")
    generator = random.Random(_SEED)
    matrices = sorted(left.atoms(sympy.MatrixSymbol) | right.atoms(sympy.MatrixSymbol), key=str)
    sizes = sorted(set().union(*(s.free_symbols for m in matrices for s in m.shape)), key=str)
    sizes = {size: 2 + k for k, size in enumerate(sizes)}
    scalars = {
        s: Rational(generator.randint(1, 9), 7)
        for s in sorted(left.free_symbols | right.free_symbols, key=str)
        if isinstance(s, Symbol) and s not in sizes
    }

    def concrete(side: MatrixExpr) -> Any:
        return sympy.Matrix(side.subs(sizes).subs(scalars).xreplace(numbers).doit().as_explicit())

    numbers = {}
    for matrix in matrices:
        shaped = matrix.subs(sizes)
        entries = [generator.randint(-4, 5) for _ in range(shaped.rows * shaped.cols)]
        numbers[shaped] = sympy.ImmutableMatrix(shaped.rows, shaped.cols, entries)
    values = [concrete(side) for side in (left, right)]
    if values[0] != values[1]:
        point = {str(m): v.tolist() for m, v in zip(matrices, numbers.values(), strict=True)}
        shown = ", ".join(f"{m} = {v}" for m, v in point.items())
        raise DerivationError(
            f"{claim} is false at {shown}: the left side is {values[0].tolist()}, "
            f"the right side is {values[1].tolist()}",
            point,
        )
    if sympy.expand(left).doit() != sympy.expand(right).doit():
        raise DerivationError(
            f"{claim} is not proved: it holds for the matrices that were tried, and SymPy "
            "could not expand both sides to the same expression"
        )


def _check_inequality(
    left: Expr, operator: str, right: Expr, domain: _Domain, where: Mapping, claim: str,
    proof: Expr | None, tight_at: Mapping | None,
) -> None:  # fmt: skip
    """Prove left < right, left ≤ right or the reverse on the domain, or raise."""
    small, large = (left, right) if operator in ("<", "<=") else (right, left)
    strict = operator in ("<", ">")
    gap = _resolved(large - small, where)
    symbols = _real_symbols(gap, *domain.given)
    _refute(
        _resolved(left, where).doit(), _resolved(right, where).doit(), operator, domain,
        symbols, claim,
    )  # fmt: skip
    for side in (left, right):
        _require_defined(_resolved(side, where), domain, claim)
    if proof is not None:
        what = f"{_text(large)} − ({_text(small)}) = {_text(proof)} (the proof of {claim})"
        _check_identity(large - small, proof, domain, where, what)
        gap = _resolved(proof, where)
    sign = "positive" if strict else "nonnegative"
    if proof is None and not _shown(gap.doit(), sign, domain):
        gap = _gap_of_bases(_resolved(large, where), _resolved(small, where), domain) or gap
    if not _shown(gap.doit(), sign, domain):
        raise DerivationError(
            f"{claim} is not proved: no counterexample was found, and SymPy could not show "
            f"that {_text(proof if proof is not None else large - small)} is {sign}; pass "
            "proof=, the difference written as a sum of squares or a product of positive terms"
        )
    if tight_at is not None:
        _check_tight(gap.doit(), strict, dict(tight_at), domain, claim)
    elif not strict:
        raise ValueError(
            f"{claim}: a bound with ≤ or ≥ is attained somewhere; say where with "
            "tight_at={symbol: value}, or use < or >"
        )
    elif proof is None:
        raise ValueError(
            f"{claim}: a looser bound would pass the same check; say where the bound is "
            "approached with tight_at={symbol: value} (±oo is allowed), or pass proof="
        )


def _gap_of_bases(large: Expr, small: Expr, domain: _Domain) -> Expr | None:
    """Compare two powers with one positive exponent by their bases."""
    large, small = large.doit(), small.doit()
    if large == 1 and small.is_Pow:
        large = Pow(1, small.exp, evaluate=False)
    if small == 1 and large.is_Pow:
        small = Pow(1, large.exp, evaluate=False)
    if large.is_Pow and small.is_Pow and large.exp == small.exp:
        bases = large.base, small.base
        if _shown(large.exp, "positive", domain) and all(
            _shown(base, "nonnegative", domain) for base in bases
        ):
            return bases[0] - bases[1]
    return None


def _check_tight(gap: Expr, strict: bool, at: dict, domain: _Domain, claim: str) -> None:
    """Show that a bound is attained (or, if strict, approached) where the author says."""
    place = ", ".join(f"{_text(s)} = {_text(v)}" for s, v in at.items())
    if not strict:
        for relation in domain.given:
            if relation.subs(at) is sympy.false:
                raise DerivationError(f"{claim}: {place} violates the condition {_text(relation)}")
        if not _is_zero(gap.subs(at), domain):
            raise DerivationError(f"{claim}: the bound is not attained at {place}", at)
        return
    if len(at) != 1:
        raise ValueError(f"{claim}: tight_at= of a strict bound names one symbol, not {place}")
    ((symbol, value),) = at.items()
    bound = domain.bounds().get(symbol, _Bounds(*_assumed_bounds(symbol)))
    direction = "-" if bound.upper is not None and bound.upper[0] == value else "+"
    if not _is_zero(sympy.limit(gap, symbol, value, direction), domain):
        raise DerivationError(f"{claim}: the bound is not approached at {place}", at)


def _check_decimal(left: Expr, right: Expr, digits: int, where: Mapping, claim: str) -> None:
    """Show that `right` is `left` rounded to so many decimals."""
    left = _resolved(left, where).doit()
    if left.free_symbols or right.free_symbols:
        raise ValueError(f"{claim}: a decimal value has no free symbols")
    exact = left.evalf(_DIGITS)
    if abs(exact - right.evalf(_DIGITS)) > Rational(1, 2) * Rational(1, 10) ** digits:
        raise DerivationError(
            f"{claim} is false: the value is {exact.evalf(digits + 6)}, which does not round "
            f"to {right} at {digits} decimals",
            {},
        )


# --------------------------------------------------------------------------------------
# Judging whether two relations say the same
# --------------------------------------------------------------------------------------

_INJECTIVE: tuple[tuple[Callable[[Expr], Expr], str | None], ...] = (
    (sympy.log, "positive"),
    (sympy.exp, None),
    (sympy.atanh, None),
    (sympy.tanh, None),
)


def _check_equivalent(
    first: Relational, second: Relational, domain: _Domain, where: Mapping, claim: str
) -> None:
    """Prove that two relations have the same solutions on the domain, or raise."""
    first, second = (_resolved(r, where) for r in (first, second))
    symbols = _real_symbols(first, second, *domain.given)
    for relation in (first, second):
        for side in relation.args:
            _require_defined(side, domain, claim)
    before, after = ((r.lhs.doit(), r.rel_op, r.rhs.doit()) for r in (first, second))
    _refute_equivalence(before, after, domain, symbols, claim)
    if (before[1] == "==") != (after[1] == "=="):
        raise DerivationError(f"{claim}: an equation is not equivalent to an inequality")
    if not (
        _by_factor(before, after, domain)
        or _by_function(before, after, domain)
        or _by_unique_root(before, after, symbols, domain)
    ):
        raise DerivationError(
            f"{claim} is not proved to be an equivalence: no counterexample was found; "
            "multiply by a factor that is nonzero under the conditions, apply exp or log to "
            "both sides, or solve for a symbol, one step at a time"
        )


def _oriented(relation: tuple) -> tuple[Expr, str]:
    """A relation as (expression, operator) that compares the expression with zero."""
    left, operator, right = relation
    if operator in (">", ">="):
        return right - left, _FLIPPED[operator]
    return left - right, operator


def _by_factor(before: tuple, after: tuple, domain: _Domain) -> bool:
    """Equivalent because one difference is a nonzero multiple of the other."""
    (first, operator), (second, same) = _oriented(before), _oriented(after)
    if operator != same:
        return False
    if _is_zero(first, domain):
        return _is_zero(second, domain)
    sign = "nonzero" if operator == "==" else "positive"
    candidates = [sympy.cancel(sympy.together(second / first)), sympy.simplify(second / first)]
    for factor in candidates:
        try:
            _require_defined(factor, domain, "the factor")
        except DerivationError:
            continue
        if _shown(factor, sign, domain) and _is_zero(second - factor * first, domain):
            return True
    return False


def _by_function(before: tuple, after: tuple, domain: _Domain) -> bool:
    """Equivalent because an increasing function was applied to (or removed from) both sides."""
    if before[1] != after[1]:
        flipped = _FLIPPED.get(after[1])
        if before[1] != flipped:
            return False
        after = (after[2], flipped, after[0])
    swapped = [(after[0], after[2])] + ([(after[2], after[0])] if after[1] == "==" else [])
    for inner, outer in itertools.chain(
        (((before[0], before[2]), pair) for pair in swapped),
        ((pair, (before[0], before[2])) for pair in swapped),
    ):
        for function, needs in _INJECTIVE:
            if needs and not all(_shown(side, needs, domain) for side in inner):
                continue
            if function is sympy.atanh and not all(
                _shown(1 - side, "positive", domain) and _shown(1 + side, "positive", domain)
                for side in inner
            ):
                continue
            if all(_is_zero(function(a) - b, domain) for a, b in zip(inner, outer, strict=True)):
                return True
    return False


def _by_unique_root(before: tuple, after: tuple, symbols: set[Symbol], domain: _Domain) -> bool:
    """Equivalent because both, strictly monotone in one symbol, have the same root."""
    if before[1] != "==" or after[1] != "==":
        return False
    first, second = before[0] - before[2], after[0] - after[2]
    bounds = domain.bounds()
    for symbol in sorted(symbols & first.free_symbols & second.free_symbols, key=lambda s: s.name):
        bound = bounds.get(symbol)
        if (
            symbol.is_integer
            or symbol.is_nonzero
            and not (symbol.is_positive or symbol.is_negative)
        ):
            continue
        if bound is not None and bound.excluded and not (bound.lower or bound.upper):
            continue  # not an interval: monotone pieces could each have a root
        isolated = [
            other
            for relation in (after, before)
            for one, other in ((relation[0], relation[2]), (relation[2], relation[0]))
            if one == symbol and symbol not in other.free_symbols
        ]
        monotone = [
            expression.has(Piecewise, *_CONTINUOUS) is False
            and any(
                _shown(sympy.diff(expression, symbol), sign, domain)
                for sign in ("positive", "negative")
            )
            for expression in (first, second)
        ]
        if not all(monotone):
            continue
        for root in isolated or _solutions(first, symbol) + _solutions(second, symbol):
            if (
                _inside(root, symbol, domain)
                and _is_zero(first.subs(symbol, root), domain)
                and _is_zero(second.subs(symbol, root), domain)
            ):
                return True
    return False


def _solutions(expression: Expr, symbol: Symbol) -> list[Expr]:
    """Candidates for the root of an expression; they are checked afterwards."""
    try:
        return [s for s in sympy.solve(expression, symbol) if isinstance(s, Expr)]
    except NotImplementedError:
        return []


def _inside(value: Expr, symbol: Symbol, domain: _Domain) -> bool:
    """Prove that `value` is permitted for `symbol` whatever the other symbols are."""
    bound = domain.bounds().get(symbol, _Bounds(*_assumed_bounds(symbol)))
    rest = _Domain(tuple(r for r in domain.given if symbol not in r.free_symbols))
    for relation in domain.given:
        if symbol in relation.free_symbols and _as_bound(relation) is None:
            return False
    for end, sign in ((bound.lower, 1), (bound.upper, -1)):
        if end is not None:
            kind = "positive" if end[1] else "nonnegative"
            if not _shown(sign * (value - end[0]), kind, rest):
                return False
    return all(_shown(value - other, "nonzero", rest) for other in bound.excluded)


def _refute_equivalence(
    before: tuple, after: tuple, domain: _Domain, symbols: set[Symbol], claim: str
) -> None:
    """Raise if some point satisfies one of the two relations and not the other."""
    names = sorted(symbols, key=lambda s: s.name)
    flat, _ = _concrete([before[0], before[2], after[0], after[2]])
    tests = []
    for left, operator, right in (
        (flat[0], before[1], flat[1]), (flat[2], after[1], flat[3])
    ):  # fmt: skip
        tests.append((_evaluator(left - right, names), operator, left - right,
                      _evaluator(abs(left) + abs(right), names)))  # fmt: skip
    hints = _hints(*flat)

    def truth(index: int, point: Mapping) -> bool | None:
        """Whether a relation holds at a point; None where digits do not tell."""
        gap, operator, _, size = tests[index]
        value, scale = gap(point, _DIGITS), size(point, _DIGITS)
        if value is None or scale is None:
            return None
        if abs(value) < mpmath.mpf(10) ** -35 * max(1, scale):
            return operator in ("==", "<=", ">=")
        if abs(value) < mpmath.mpf(10) ** -15 * max(1, scale):
            return None
        return {"==": False, "<": value < 0, "<=": value < 0}.get(operator, value > 0)

    roots = (_roots(tests[i][2], names, domain, hints) for i in (0, 1))
    for point in itertools.chain(*roots, domain.points(names, hints)):
        verdicts = [truth(0, point), truth(1, point)]
        if None not in verdicts and verdicts[0] != verdicts[1]:
            old = f"{_text(before[0])} {_SIGNS[before[1]]} {_text(before[2])}"
            new = f"{_text(after[0])} {_SIGNS[after[1]]} {_text(after[2])}"
            holds, fails = (old, new) if verdicts[0] else (new, old)
            shown = {
                s: v if isinstance(v, Rational) else sympy.Float(v, 12) for s, v in point.items()
            }
            raise DerivationError(
                f"{claim} is not an equivalence: at {_assignment(shown)}, {holds} holds "
                f"and {fails} does not",
                shown,
            )


def _roots(
    expression: Expr, names: list[Symbol], domain: _Domain, hints: list[Expr]
) -> Iterator[dict]:
    """Points of the domain at which an expression is zero, to 50 digits."""
    value = _evaluator(expression, names)
    points = domain.points(names, hints)
    for symbol in sorted(expression.free_symbols, key=lambda s: s.name):
        if symbol not in names:
            continue
        line = sorted({p[symbol] for p in points if isinstance(p[symbol], Rational)})
        for base in points[:6]:
            last = None
            for place in line:
                here = dict(base) | {symbol: place}
                if not all(domain._allows(r, here) for r in domain.given):
                    last = None
                    continue
                now = value(here, _DIGITS)
                if now is None:
                    last = None
                    continue
                if now == 0:
                    yield here
                elif last is not None and last[1] * now < 0 and not symbol.is_integer:
                    root = _bisect(value, here, symbol, last[0], place)
                    there = dict(base) | {symbol: root}
                    if root is not None and all(domain._allows(r, there) for r in domain.given):
                        yield there
                last = (place, now) if now != 0 else None


def _bisect(value: Callable, point: dict, symbol: Symbol, low: Any, high: Any) -> Any:
    """A sign change between two places, located to 50 digits."""

    def along(x: Any) -> Any:
        result = value(point | {symbol: x}, _DIGITS)
        if result is None:
            raise ValueError
        return result

    with mpmath.workdps(_DIGITS + 5):
        try:
            ends = (_number(low), _number(high))
            root = mpmath.findroot(along, ends, solver="anderson", tol=1e-90, verify=False)
            simple = Rational(int(mpmath.nint(root * _FINE)), _FINE)
            if abs(root - _number(simple)) < mpmath.mpf(10) ** -30:
                return simple
            return sympy.Float(root, _DIGITS)
        except (ValueError, ZeroDivisionError):
            return None


# --------------------------------------------------------------------------------------
# Writing mathematics the way a textbook does
# --------------------------------------------------------------------------------------


class _Textbook:
    """The order of terms and factors, shared by the LaTeX and the plain printer.

    Expressions that SymPy has put in its own order are written in the order of a
    textbook; expressions that the author built with ``evaluate=False`` keep theirs.
    """

    def _as_ordered_terms(self, expression: Expr, order: str | None = None) -> list[Expr]:
        terms = list(expression.args)
        if _authored(expression):
            return terms
        if isinstance(expression, MatrixExpr):
            return sorted(terms, key=lambda t: -len(t.args) if t.is_MatMul else 0)
        terms = expression.as_ordered_terms(order="lex")
        if all(t.is_polynomial() for t in terms):
            terms.sort(key=lambda t: -sympy.Poly(t).total_degree() if t.free_symbols else 0)
        else:
            terms.sort(key=lambda t: not t.is_number)
        leading = next((t for t in terms if not t.could_extract_minus_sign()), terms[0])
        return [leading, *(t for t in terms if t is not leading)]

    def _as_quotient(self, product: Expr) -> tuple[bool, list[Expr], list[Expr]]:
        """A product as (is it negative, factors above the bar, factors below)."""
        factors = list(product.args) if product.is_Mul else [product]
        if product.is_Mul and not _authored(product):
            factors.sort(key=_factor_rank)
        negative, above, below = False, [], []
        for factor in factors:
            if factor.is_Number and factor.is_negative:
                negative, factor = not negative, -factor
            if factor.is_Rational and not factor.is_Integer:
                above += [] if factor.p == 1 else [sympy.Integer(factor.p)]
                below.append(sympy.Integer(factor.q))
            elif factor.is_Pow and factor.exp.is_Number and factor.exp.is_negative:
                power = -factor.exp
                base = factor.base
                below.append(base if power == 1 else Pow(base, power, evaluate=False))
            elif factor != 1:
                above.append(factor)
        return negative, above, below

    def _is_row(self, product: Expr) -> bool:
        """True for a product that the author wrote as several fractions in a row."""
        quotients = [
            factor for factor in (product.args if product.is_Mul else ())
            if (factor.is_Mul or factor.is_Pow) and sympy.fraction(factor)[1] != 1
        ]  # fmt: skip
        return (
            bool(quotients) and _authored(product) and (len(quotients) > 1 or quotients[0].is_Mul)
        )


def _authored(expression: Expr) -> bool:
    """Tell whether the arguments stand in an order that SymPy would not choose."""
    rebuilt = expression.func(*expression.args)
    return rebuilt.func is not expression.func or rebuilt.args != expression.args


def _factor_rank(factor: Expr) -> tuple:
    base = factor.base if factor.is_Pow else factor
    rank = (
        0 if factor.is_number else 1 if base.is_Symbol else 2 if isinstance(base, AppliedUndef)
        else 3 if base.is_Add else 4
    )  # fmt: skip
    return rank, sympy.default_sort_key(base)


class _Latex(_Textbook, LatexPrinter):
    """LaTeX in textbook style: sigma'(x), tanh x, ln, cases with both conditions."""

    def _print_Mul(self, expr: Expr) -> str:
        if self._is_row(expr):
            sign, factors = ("- ", expr.args[1:]) if expr.args[0] == -1 else ("", expr.args)
            parts = [self.parenthesize(f, PRECEDENCE["Mul"], strict=True) for f in factors]
            return sign + r" \cdot ".join(
                rf"\left({part}\right)" if part.startswith("-") else part for part in parts
            )
        negative, above, below = self._as_quotient(expr)
        text = self._factors(above)
        if below:
            text = rf"\frac{{{text}}}{{{self._factors(below)}}}"
        elif len(above) == 1 and (above[0].is_Add or text.startswith("-")):
            text = rf"\left({text}\right)"
        return ("- " if negative else "") + text

    def _print_Add(self, expr: Expr, order: str | None = None) -> str:
        text = ""
        for term in self._as_ordered_terms(expr):
            part = self._print(term)
            if term.is_Add or (isinstance(term, Piecewise) and term is not expr.args[-1]):
                part = rf"\left({part}\right)"
            minus = part.startswith("-")
            text += (" - " if minus else " + ") + (part[1:].lstrip() if minus else part)
        return text[3:] if text.startswith(" + ") else text[1:]

    def _factors(self, factors: list[Expr]) -> str:
        if len(factors) <= 1:
            return self._print(factors[0]) if factors else "1"
        text = ""
        for k, factor in enumerate(factors):
            part = self._print(factor)
            if self._needs_mul_brackets(factor, first=k == 0, last=k == len(factors) - 1) or (
                isinstance(factor, Piecewise) or (part.startswith("-") and k > 0)
            ):
                part = rf"\left({part}\right)"
            between = r" \cdot " if re.match(r"[\d\\-]*\d|\\frac\{\d", part) else " "
            text += (between if text else "") + part
        return text

    def _print_Function(self, expr: Expr, exp: str | None = None) -> str:
        if not isinstance(expr, AppliedUndef) and hasattr(self, f"_print_{expr.func.__name__}"):
            return getattr(self, f"_print_{expr.func.__name__}")(expr, exp)
        name = expr.func.__name__
        if isinstance(expr, AppliedUndef):
            text = self._hprint_Function(name) + self._arguments(expr.args)
            return text if exp is None else rf"{text}^{{{exp}}}"
        return self._named(self._hprint_Function(_INVERSE.get(name, name)), expr, exp)

    def _named(self, name: str, expr: Expr, exp: str | None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        (argument, *others) = expr.args
        if not others and (argument.is_Symbol or argument.is_Integer and argument >= 0):
            return f"{name}{power} {self._print(argument)}"
        return f"{name}{power}{self._arguments(expr.args)}"

    def _arguments(self, arguments: Iterable[Expr]) -> str:
        text = ", ".join(self._print(a) for a in arguments)
        tall = re.search(r"\\frac|\\begin|\\sum|\\int", text)
        return rf"\left({text}\right)" if tall else f"({text})"

    def _print_log(self, expr: Expr, exp: str | None = None) -> str:
        return self._named(r"\ln", expr, exp)

    def _print_Heaviside(self, expr: Expr, exp: str | None = None) -> str:
        return self._named("H", sympy.Function("H")(expr.args[0]), exp)

    def _print_Derivative(self, expr: Derivative) -> str:
        inner, (variable, count) = expr.expr, expr.variable_count[0]
        if len(expr.variable_count) == 1 and count.is_Integer:
            if isinstance(inner, AppliedUndef) and inner.args == (variable,):
                name = self._hprint_Function(inner.func.__name__)
                return name + _primes(int(count), tex=True) + self._arguments(inner.args)
            if inner.is_Symbol or isinstance(inner, AppliedUndef):
                d = r"\partial " if requires_partial(inner) else "d"
                name = (
                    self._print(inner) if inner.is_Symbol
                    else self._hprint_Function(inner.func.__name__)
                )  # fmt: skip
                top, bottom = ("", "") if count == 1 else (f"^{{{count}}}",) * 2
                return rf"\frac{{{d.strip() + top if top else d}{name}}}{{{d}{self._print(variable)}{bottom}}}"
        outer = super()._print_Derivative(expr.func(Symbol("F"), *expr.args[1:]))
        operator = outer[: outer.rindex("F")].rstrip()
        if requires_partial(inner):
            operator = operator.replace(r"{d}", r"{\partial}").replace(r"{d ", r"{\partial ")
        text = self._print(inner)
        return rf"{operator}\left[{text}\right]" if inner.args else f"{operator} {text}"

    def _print_Subs(self, expr: sympy.Subs) -> str:
        shifted = _primed(expr)
        if shifted is not None:
            function, count, place = shifted
            name = self._hprint_Function(function.__name__)
            return name + _primes(count, tex=True) + self._arguments((place,))
        return super()._print_Subs(expr)

    def _print_Transpose(self, expr: MatrixExpr) -> str:
        return rf"{self.parenthesize(expr.arg, PRECEDENCE['Pow'])}^{{\top}}"

    def _print_Piecewise(self, expr: Piecewise) -> str:
        rows = [
            rf"{self._print(e)} & \text{{{'if ' if c is not None else 'otherwise'}}}"
            + (self._print(c) if c is not None else "")
            for e, c in _branches(expr)
        ]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _print_Relational(self, expr: Relational) -> str:
        sign = {"!=": r"\ne"}.get(expr.rel_op) or _TEX_SIGNS[expr.rel_op]
        return f"{self._print(expr.lhs)} {sign} {self._print(expr.rhs)}"

    _print_Equality = _print_Unequality = _print_Relational
    _print_StrictLessThan = _print_LessThan = _print_Relational
    _print_StrictGreaterThan = _print_GreaterThan = _print_Relational


_INVERSE = {
    f"a{name}": f"ar{'' if name[-1] == 'h' else 'c'}{name}"
    for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")
}


class _Plain(_Textbook, StrPrinter):
    """One line of Unicode text, for terminals, screen readers and stored outputs."""

    def _print_Symbol(self, expr: Symbol) -> str:
        return _pretty(expr.name)

    _print_Dummy = _print_Symbol

    def _print_MatrixSymbol(self, expr: sympy.MatrixSymbol) -> str:
        return _pretty(expr.name)

    def _print_Mul(self, expr: Expr) -> str:
        if self._is_row(expr):
            return "·".join(f"({self._print(f)})" for f in expr.args)
        negative, above, below = self._as_quotient(expr)
        text = "·".join(self._factor(f) for f in above) or "1"
        if below:
            bottom = "·".join(self._factor(f) for f in below)
            text += f"/({bottom})" if len(below) > 1 else f"/{bottom}"
        return ("-" if negative else "") + text

    def _factor(self, expr: Expr) -> str:
        inverse = expr.is_Pow and expr.exp.is_Number and expr.exp.is_negative
        text = self.parenthesize(expr, PRECEDENCE["Mul"])
        return f"({text})" if inverse else text

    def _print_MatMul(self, expr: MatrixExpr) -> str:
        return "·".join(self.parenthesize(f, PRECEDENCE["Mul"]) for f in expr.args)

    def _print_MatAdd(self, expr: MatrixExpr) -> str:
        level = PRECEDENCE["Add"]
        terms = [self.parenthesize(t, level, strict=True) for t in self._as_ordered_terms(expr)]
        return " + ".join(terms)

    def _print_Pow(self, expr: Expr, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent.is_Number and exponent.is_negative:
            return self._print_Mul(expr)
        if exponent == Rational(1, 2):
            return f"√({self._print(base)})"
        text = self.parenthesize(base, PRECEDENCE["Pow"])
        if exponent.is_Integer:
            return text + str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{text}^{self.parenthesize(exponent, PRECEDENCE['Pow'])}"

    def _print_Function(self, expr: Expr) -> str:
        name = expr.func.__name__
        known = {"log": "ln", "Heaviside": "H", "Abs": "abs", "Max": "max", "Min": "min"}
        name = known.get(name) or _INVERSE.get(name) or _pretty(name)
        return f"{name}({', '.join(self._print(a) for a in expr.args)})"

    _print_log = _print_Heaviside = _print_Max = _print_Min = _print_Function
    _print_LatticeOp = _print_Function

    def _print_Abs(self, expr: Expr) -> str:
        return f"|{self._print(expr.args[0])}|"

    def _print_Derivative(self, expr: Derivative) -> str:
        inner, (variable, count) = expr.expr, expr.variable_count[0]
        if isinstance(inner, AppliedUndef) and inner.args == (variable,):
            name = _pretty(inner.func.__name__)
            return f"{name}{_primes(int(count), tex=False)}({self._print(variable)})"
        d = "∂" if requires_partial(inner) else "d"
        order = sum(n for _, n in expr.variable_count)
        top = d if order == 1 else f"{d}^{order}"
        bottom = " ".join(
            d + self._print(v) + ("" if n == 1 else f"^{n}") for v, n in expr.variable_count
        )
        if inner.is_Symbol:
            return f"{top}{self._print(inner)}/{bottom}"
        return f"{top}/{bottom} [{self._print(inner)}]"

    def _print_Subs(self, expr: sympy.Subs) -> str:
        shifted = _primed(expr)
        if shifted is not None:
            function, count, place = shifted
            return f"{_pretty(function.__name__)}{_primes(count, tex=False)}({self._print(place)})"
        places = ", ".join(
            f"{self._print(a)} = {self._print(b)}"
            for a, b in zip(expr.variables, expr.point, strict=True)
        )
        return f"[{self._print(expr.expr)} at {places}]"

    def _print_Limit(self, expr: sympy.Limit) -> str:
        inner, variable, place, direction = expr.args
        side = "" if place.is_infinite or str(direction) == "+-" else str(direction)
        return f"lim {self._print(variable)}→{self._print(place)}{side} {self._print(inner)}"

    def _print_Piecewise(self, expr: Piecewise) -> str:
        rows = (
            f"{self._print(e)} " + ("otherwise" if c is None else f"if {self._print(c)}")
            for e, c in _branches(expr)
        )
        return "{" + "; ".join(rows) + "}"

    def _print_Relational(self, expr: Relational) -> str:
        sign = "≠" if expr.rel_op == "!=" else _SIGNS[expr.rel_op]
        return f"{self._print(expr.lhs)} {sign} {self._print(expr.rhs)}"

    def _print_Trace(self, expr: sympy.Trace) -> str:
        return f"tr({self._print(expr.arg)})"

    def _print_Transpose(self, expr: MatrixExpr) -> str:
        return f"{self.parenthesize(expr.arg, PRECEDENCE['Pow'])}ᵀ"

    def _print_Infinity(self, expr: Expr) -> str:
        return "∞"

    def _print_NegativeInfinity(self, expr: Expr) -> str:
        return "-∞"

    def _print_Pi(self, expr: Expr) -> str:
        return "π"

    def _print_Exp1(self, expr: Expr) -> str:
        return "e"


def _pretty(name: str) -> str:
    """``alpha_1`` as α₁."""
    from sympy.printing.pretty.pretty_symbology import pretty_symbol, pretty_use_unicode

    before = pretty_use_unicode(True)
    try:
        return pretty_symbol(name)
    finally:
        pretty_use_unicode(before)


def _primes(count: int, tex: bool) -> str:
    if count <= 3:
        return "'" * count
    return f"^{{({count})}}" if tex else f"^({count})"


def _primed(expr: sympy.Subs) -> tuple | None:
    """Read ``f'(g(x))``, which SymPy holds as a substitution into ``f'(u)``."""
    inner = expr.expr
    if (
        len(expr.variables) == 1
        and isinstance(inner, Derivative)
        and isinstance(inner.expr, AppliedUndef)
        and inner.expr.args == expr.variables
        and [v for v, _ in inner.variable_count] == list(expr.variables)
    ):
        return inner.expr.func, int(inner.variable_count[0][1]), expr.point[0]
    return None


def _branches(expr: Piecewise) -> Iterator[tuple[Expr, Boolean | None]]:
    """Branches with their conditions; the last one named, if it is a plain relation."""
    for expression, condition in expr.args:
        if condition == sympy.true:
            first = expr.args[0][1]
            plain = len(expr.args) == 2 and isinstance(first, Relational)
            yield expression, sympy.Not(first) if plain else None
        else:
            yield expression, condition


def _latex(expression: Any) -> str:
    """An expression or relation in LaTeX, textbook style."""
    return _Latex({"ln_notation": True, "order": "none"}).doprint(expression)


def _text(expression: Any) -> str:
    """An expression or relation as one line of Unicode text."""
    text = _Plain({"order": "none"}).doprint(expression)
    return text.replace("**", "^").replace("*", "·").replace("-", "−")


# --------------------------------------------------------------------------------------
# The register
# --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """One labelled equation or derivation of this process.

    Attributes
    ----------
    label, kind, evidence, latex, text : str
        What the book's register lists.
    source : Equation or Derivation
        The object itself, with both sides, conditions and definitions, so that a test
        can alter it and check again.
    """

    label: str
    kind: str
    evidence: str
    latex: str
    text: str
    source: Equation | Derivation = field(repr=False, compare=False)


_REGISTER: dict[str, Record] = {}


def register() -> tuple[Record, ...]:
    """Everything with a label that was made in this process, in order.

    Returns
    -------
    tuple of Record
        One record per label.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.symbols("x", real=True)
    >>> square = verify((x + 1) ** 2, x**2 + 2 * x + 1, label="eq-doc-square")
    >>> [(r.kind, r.evidence) for r in register() if r.label == "eq-doc-square"]
    [('identity', 'symbolic')]
    """
    return tuple(_REGISTER.values())


def _enter(source: Equation | Derivation) -> None:
    """Put a labelled object on the register; a label means one thing only."""
    label = source.label
    if label is None:
        return
    if not isinstance(label, str) or not re.fullmatch(r"eq-[a-z0-9]+(-[a-z0-9]+)*", label):
        raise ValueError(
            f"label={label!r}: a label is eq- and then lower-case words, such as eq-sigmoid"
        )
    record = Record(
        label, source.kind, source.evidence, source._typeset(letters=True), str(source), source
    )
    old = _REGISTER.get(label)
    if old is not None and old != record and not live_notebook():
        if _begins(old.source, source):
            return  # the same derivation again, on its way to where it was
        if not _begins(source, old.source):
            raise ValueError(f"the label {label} already stands for {old.source}")
    _REGISTER[label] = record


def _begins(longer: Equation | Derivation, shorter: Equation | Derivation) -> bool:
    """Whether a derivation starts with all the steps of another one."""
    return (
        isinstance(longer, Derivation)
        and isinstance(shorter, Derivation)
        and (longer.start, longer.given, longer.where) == (
            shorter.start, shorter.given, shorter.where
        )
        and longer.steps[: len(shorter)] == shorter.steps
    )  # fmt: skip


# --------------------------------------------------------------------------------------
# Showing
# --------------------------------------------------------------------------------------

_PHONE = 34
"""Characters of plain text that fit beside each other on a phone."""


def _width(expression: Any) -> int:
    """About how many characters wide an expression is when it is typeset."""
    if isinstance(expression, Piecewise):
        return 5 + max(_width(e) + len(_text(c)) for e, c in expression.args)
    if isinstance(expression, (Relational, Add)):
        return sum(_width(part) + 3 for part in expression.args) - 3
    if isinstance(expression, Derivative):
        return 5 + _width(expression.expr)
    if expression.is_Mul or expression.is_Pow:
        above, below = sympy.fraction(expression, exact=True)
        if below != 1:
            return max(_width(above), _width(below))
    return len(_text(expression))


class _Shown:
    """Display in a notebook, in the book and in a terminal."""

    label: str | None

    def _reasons(self) -> list[str]:
        raise NotImplementedError

    def _repr_latex_(self) -> str:
        return f"$$\n{self._typeset(letters=False)}\n$$"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """MyST markdown while the book is built, LaTeX in a notebook, text everywhere."""
        if not static_build():
            return {"text/latex": self._repr_latex_(), "text/plain": str(self)}
        label = f":label: {self.label}\n" if self.label else ""
        blocks = [f"```{{math}}\n{label}\n{self._typeset(letters=True)}\n```"]
        if self._reasons():
            reasons = "\\\n".join(self._reasons())
            blocks.append(f"```{{container}} derivation-reasons\n{reasons}\n```")
        return {"text/markdown": "\n\n".join(blocks), "text/plain": str(self)}

    def __repr__(self) -> str:
        return str(self)


def _stacked(rows: list[str], layout: str) -> str:
    """Rows under each other, centred (gathered) or flush left (aligned)."""
    if len(rows) == 1 and "&" not in rows[0]:
        return rows[0]
    if layout == "aligned":
        rows = [row if row.lstrip().startswith("&") or " &" in row else f"& {row}" for row in rows]
    return f"\\begin{{{layout}}}\n" + " \\\\\n".join(rows) + f"\n\\end{{{layout}}}"


def _plain_reason(reason: str) -> str:
    """A reason without dollar signs and commands: ``$1 - \\sigma$`` becomes 1 − σ."""

    def formula(match: re.Match) -> str:
        words = re.sub(r"\\([A-Za-z]+)", lambda m: _pretty(m[1]), match[1])
        return words.replace("-", "−")

    return re.sub(r"\$([^$]*)\$", formula, reason)


def _tex_reason(reason: str) -> str:
    parts = re.split(r"(\$[^$]*\$)", reason)
    escaped = [p if p[:1] == "$" else re.sub(r"([%&#_{}])", r"\\\1", p) for p in parts]
    return rf"\text{{{''.join(escaped)}}}"


@dataclass(frozen=True, repr=False, eq=False)
class Equation(_Shown):
    """A statement that was checked; made by `verify`, `define` and `numeric`.

    Attributes
    ----------
    lhs, rhs : sympy expression or None
        Both sides, as the author wrote them (None if `numeric` was given LaTeX).
    relation : str
        ``"=="``, ``"<"``, ``"<="``, ``">"``, ``">="`` or ``"~"``.
    kind : str
        ``"identity"``, ``"bound"``, ``"decimal"``, ``"definition"`` or ``"numeric"``.
    evidence : str
        What stands behind it, in words.
    given : tuple of relations
        The conditions, besides what the symbols assume.
    where : dict
        Meaning of the names that the check used.
    label : str or None
        Under which other places refer to it.
    because : str or None
        The reason in words.
    """

    lhs: Any
    rhs: Any
    relation: str
    kind: str
    evidence: str
    given: tuple = ()
    where: Mapping = field(default_factory=dict)
    label: str | None = None
    because: str | None = None
    tight_at: Mapping | None = None
    proof: Any = None
    digits: int | None = None
    written: str | None = None
    spoken: str | None = None

    @property
    def latex(self) -> str:
        """The statement without its conditions."""
        if self.written is not None:
            return self.written
        right = self._decimal() if self.digits is not None else _latex(self.rhs)
        return f"{_latex(self.lhs)} {_TEX_SIGNS[self.relation]} {right}"

    @property
    def text(self) -> str:
        """The statement without its conditions, as one line of text."""
        if self.written is not None:
            return self.spoken or self.written
        if self.digits is not None:
            return f"{_text(self.lhs)} ≈ {self._decimal().replace('-', '−')}"
        return f"{_text(self.lhs)} {_SIGNS[self.relation]} {_text(self.rhs)}"

    def _decimal(self) -> str:
        return f"{float(self.rhs):.{self.digits}f}"

    def _conditions(self, tex: bool) -> str:
        sides = [side for side in (self.lhs, self.rhs) if side is not None]
        if self.kind == "definition" and self.lhs.is_Symbol:
            sides = [self.rhs]
        return _conditions(sides, self.given, tex, self.tight_at, self.relation, self.where)

    def _reasons(self) -> list[str]:
        return [self.because] if self.because else []

    def _typeset(self, letters: bool) -> str:
        rows, conditions, layout = [self.latex], self._conditions(tex=True), "gathered"
        width = 0 if self.written else _width(self.lhs) + _width(self.rhs) + 3
        if width > _PHONE:
            sign = _TEX_SIGNS[self.relation]
            rows, layout = [_latex(self.lhs), rf"\quad {sign} {_latex(self.rhs)}"], "aligned"
        if conditions and width + len(self._conditions(tex=False)) <= _PHONE:
            rows = [rf"{self.latex} \qquad {conditions}"]
        elif conditions:
            rows.append(rf"\small {conditions}")
        if self.because and not letters:
            rows.append(_tex_reason(self.because))
        return _stacked(rows, layout)

    def __str__(self) -> str:
        text, conditions = self.text, self._conditions(tex=False)
        text += f"   {conditions}" if conditions else ""
        text += f"   ({_plain_reason(self.because)})" if self.because else ""
        return text if self.evidence == "symbolic" else f"{text}   [{self.evidence}]"


def _conditions(
    expressions: Iterable[Any], given: tuple, tex: bool, tight_at: Mapping | None = None,
    relation: str = "==", where: Mapping | None = None,
) -> str:  # fmt: skip
    """``for 0 < P < 1``, and where a bound is attained."""
    names = {name for name in (where or {}) if isinstance(name, Symbol)}
    symbols = set().union(*(e.free_symbols for e in (*expressions, *given)))
    symbols = {s for s in symbols if isinstance(s, Symbol) and s.is_real} - names
    text = _Domain(given).describe(symbols, tex)
    words = (rf"\text{{for }} {text}" if tex else f"for {text}") if text else ""
    if tight_at:
        show, arrow = (_latex, r" \to ") if tex else (_text, " → ")
        attained = relation in ("<=", ">=")
        place = ", ".join(
            show(s) + (" = " if attained else arrow) + show(sympy.sympify(v))
            for s, v in tight_at.items()
        )
        phrase = "equality at " if attained else "approached as "
        words += rf";\ \text{{{phrase}}} {place}" if tex else f"; {phrase}{place}"
    return words


# --------------------------------------------------------------------------------------
# The public functions
# --------------------------------------------------------------------------------------


def _expression(value: Any, what: str, floats: bool = False) -> Any:
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


def _given(given: Any) -> tuple[Relational, ...]:
    """Flatten conditions, refuse what is not a relation."""
    parts = [given] if isinstance(given, Boolean) else list(given)
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


def _relation(relation: str) -> str:
    if relation not in _ACCEPTED_RELATIONS:
        raise ValueError(f"relation={relation!r}: accepted are =, <, <=, > and >=")
    return _ACCEPTED_RELATIONS[relation]


def _reason(because: Any, required: bool) -> str | None:
    if because is None and not required:
        return None
    if not isinstance(because, str):
        raise TypeError(f"because= must be a sentence (str), not {because!r}")
    if not because.strip():
        raise ValueError("because= must not be empty: give the reason in words")
    return because.strip()


def _tight(tight_at: Any) -> dict | None:
    if tight_at is None:
        return None
    if not isinstance(tight_at, Mapping) or not all(isinstance(s, Symbol) for s in tight_at):
        raise TypeError(f"tight_at= maps symbols to values, such as {{x: 0}}, not {tight_at!r}")
    return {s: _expression(v, f"tight_at= for {s}") for s, v in tight_at.items()}


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
        Enters the equation in the register, and numbers it in the book: ``eq-…``.
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
    vgtools.derivation.DerivationError: σ'(x) = σ(x)·(1 + σ(x)) is false at x = 0: \
the left side is 0.25, the right side is 0.75
    """
    if rhs is None:
        if not isinstance(lhs, Relational):
            _expression(lhs, "the claim")
            raise TypeError(f"verify needs two sides or a relation; only {lhs!r} was given")
        if relation is not None:
            raise ValueError("relation= is for two separate sides; a relation was given")
        relation, lhs, rhs = lhs.rel_op, *lhs.args
    operator = _relation(relation or "=")
    lhs, rhs = (
        _expression(lhs, "the left side"),
        _expression(rhs, "the right side", floats=digits is not None),
    )
    if lhs == rhs:
        raise ValueError(
            f"both sides are {_text(lhs)}: SymPy made them identical before anything was "
            "checked; write sympy.Derivative(f, x) for f.diff(x), or use evaluate=False"
        )
    conditions, meaning = _given(given), _definitions(where)
    because, tight_at = _reason(because, required=False), _tight(tight_at)
    claim = f"{_text(lhs)} {_SIGNS[operator]} {_text(rhs)}"
    domain, kind = _Domain(conditions), "identity"
    evidence = "symbolic"
    if digits is not None:
        if operator != "==" or isinstance(digits, bool) or not isinstance(digits, int):
            raise ValueError(f"digits={digits!r}: a number of decimals, with relation =")
        claim = f"{_text(lhs)} ≈ {_text(rhs)}"
        _check_decimal(lhs, rhs, digits, meaning, claim)
        kind, operator, evidence = "decimal", "~", f"evaluated at {_DIGITS} digits, rounded"
    elif operator == "==":
        if proof is not None or tight_at is not None:
            raise ValueError("proof= and tight_at= belong to bounds, not to identities")
        _check_identity(lhs, rhs, domain, meaning, claim)
    else:
        kind = "bound"
        proof = None if proof is None else _expression(proof, "proof=")
        _check_inequality(lhs, operator, rhs, domain, meaning, claim, proof, tight_at)
    equation = Equation(
        lhs, rhs, operator, kind, evidence, conditions, meaning, label, because, tight_at, proof,
        digits,
    )  # fmt: skip
    _enter(equation)
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
        The meaning is undefined somewhere, or disagrees with `agrees_with`.
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
    meaning = _expression(meaning, "the meaning")
    if meaning.has(name.func if arguments else name):
        raise ValueError(f"{_text(name)} occurs in its own definition")
    conditions, names = _given(given), _definitions(where)
    domain, claim = _Domain(conditions), f"{_text(name)} = {_text(meaning)}"
    evidence = "definition"
    if not isinstance(meaning, MatrixExpr):
        resolved = _resolved(meaning, names)
        symbols = _real_symbols(resolved, *domain.given)
        _refute(resolved.doit(), resolved.doit(), "==", domain, symbols, claim)
        _require_defined(resolved, domain, claim)
        if isinstance(agrees_with, Expr):
            _check_identity(meaning, agrees_with, domain, names, claim)
            evidence = "definition, agrees with a second source"
        elif callable(agrees_with):
            order = arguments or sorted(symbols, key=lambda s: s.name)
            _check_kernel(resolved.doit(), agrees_with, order, domain, claim)
            evidence = "definition, agrees with NumPy to 1e-10"
        elif agrees_with is not None:
            raise TypeError(f"agrees_with= is an expression or a function, not {agrees_with!r}")
    elif agrees_with is not None:
        raise TypeError("agrees_with= is for scalar definitions")
    equation = Equation(
        name, meaning, "==", "definition", evidence, conditions, names, label,
        _reason(because, required=False),
    )  # fmt: skip
    _enter(equation)
    return equation


def _check_kernel(
    meaning: Expr, kernel: Callable, order: list[Symbol], domain: _Domain, claim: str
) -> None:
    extra = meaning.free_symbols - set(order)
    if extra:
        raise ValueError(f"{claim}: {', '.join(map(str, extra))} is not an argument")
    value = _evaluator(meaning, order)
    for point in domain.points(order, _hints(meaning)):
        exact = value(point, _DIGITS)
        computed = float(kernel(*(np.float64(point[s]) for s in order)))
        if not abs(computed - float(exact)) <= 1e-10 * max(1.0, abs(float(exact))):
            raise DerivationError(
                f"{claim} disagrees with agrees_with= at {_assignment(point)}: the definition "
                f"is {_digits(exact)}, the second source is {computed:.12g}",
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
    operator, because = _relation(relation), _reason(because, required=False)
    if not callable(check):
        raise TypeError(f"check= must be a function of a random generator, not {check!r}")
    if not (isinstance(draws, int) and draws > 0 and rtol >= 0):
        raise ValueError(f"draws={draws!r} must be a positive int, rtol={rtol!r} not negative")
    written = lhs if isinstance(lhs, str) else None
    if written is None:
        lhs, rhs = _expression(lhs, "the left side"), _expression(rhs, "the right side")
        symbols = sorted(lhs.free_symbols | rhs.free_symbols, key=str)
        symbols = [s for s in symbols if isinstance(s, (Symbol, sympy.MatrixSymbol))]
        sides = [
            sympy.lambdify(symbols, side, modules=["numpy", "scipy"], printer=_Numpy())
            for side in (lhs, rhs)
        ]
    elif rhs is not None:
        raise TypeError("with LaTeX, write the whole equation as one string")
    else:
        lhs = None
    name = written or f"{_text(lhs)} {_SIGNS[operator]} {_text(rhs)}"
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
    evidence = f"numeric, rtol {rtol:g}, {draws} draws"
    equation = Equation(
        lhs, rhs, operator, "numeric", evidence, label=label, because=because,
        written=written, spoken=text,
    )  # fmt: skip
    _enter(equation)
    return equation


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


# --------------------------------------------------------------------------------------
# Steps
# --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One proved step: what it leads to, how, and why."""

    expression: Any
    because: str
    relation: str = "=="
    proof: Any = None
    tight_at: Mapping | None = None


class Derivation(_Shown):
    """A chain of steps, each of which is proved when it is added.

    Parameters
    ----------
    start : sympy expression or relation
        An expression starts a chain a = b = c (or a = b ≤ c). An equation or inequality
        starts a chain of equivalent ones, each with the same solutions.
    given : relation or sequence of relations
        Conditions that hold throughout, besides the assumptions of the symbols.
    where : Equation, mapping or sequence of them
        What the names mean; see `verify`.
    label : str, optional
        Enters the derivation in the register, and numbers it in the book: ``eq-…``.

    Attributes
    ----------
    start, given, where, label
        As above.
    steps : tuple of Step
        The steps so far; ``len(derivation)`` counts them.
    result : sympy expression or relation
        Where the chain has arrived.

    Raises
    ------
    TypeError, ValueError
        The start is neither an expression nor a relation, or a condition is not one.

    Notes
    -----
    A derivation never changes: `step` returns a new, longer one. An equation counts as
    equivalent to the next if one of these can be proved: its two sides differ by a factor
    that is nonzero under the conditions; exp, log, tanh or artanh was applied to both
    sides or taken off; or both equations are strictly monotone in one symbol and have the
    same root. Squaring both sides, or dividing by what may be zero, is refused.

    Examples
    --------
    >>> import sympy
    >>> P, z = sympy.symbols("P z", real=True)
    >>> (Derivation(sympy.Eq(sympy.log(P / (1 - P)), z), given=(0 < P, P < 1))
    ...     .step(sympy.Eq(P / (1 - P), sympy.exp(z)), because="apply exp to both sides")
    ...     .step(sympy.Eq(P, 1 / (1 + sympy.exp(-z))), because="solve for $P$"))
    ln(P/(1 − P)) = z
    ⟺ P/(1 − P) = exp(z)   (apply exp to both sides)
    ⟺ P = 1/(1 + exp(−z))   (solve for P)
    for 0 < P < 1, z real
    """

    def __init__(
        self, start: Any, *, given: Any = (), where: Any = None, label: str | None = None
    ) -> None:
        self.start = start if isinstance(start, Relational) else _expression(start, "the start")
        if isinstance(start, Relational):
            _relation(start.rel_op)
            for side in start.args:
                _expression(side, "a side of the start")
        self.given = _given(given)
        self.where = _definitions(where)
        self.label = label
        self.steps: tuple[Step, ...] = ()
        if label is not None:
            _enter(self)

    def step(
        self,
        expression: Any,
        because: str | None = None,
        *,
        relation: str = "=",
        proof: Any = None,
        tight_at: Mapping | None = None,
    ) -> Derivation:
        """Prove one more step and return the longer derivation.

        Parameters
        ----------
        expression : sympy expression or relation
            What the previous line equals, or what it is equivalent to.
        because : str
            The reason, in plain words; inline formulas between dollar signs.
        relation : {"=", "<", "<=", ">", ">="}, default "="
            For chains of expressions: how the previous line compares with this one.
            One chain goes in one direction.
        proof, tight_at
            For such a bound: as in `verify`.

        Returns
        -------
        Derivation
            A new object; this one stays as it is.

        Raises
        ------
        DerivationError
            The step is wrong, only implied, or not proved.
        TypeError, ValueError
            The step is of the wrong kind, changes nothing, or has no reason.
        """
        because = _reason(because, required=True)
        operator, domain = _relation(relation), _Domain(self.given)
        before = self.result
        if isinstance(before, Relational):
            if not isinstance(expression, Relational):
                _expression(expression, "the step")
                raise TypeError(f"a chain of relations goes on with one, not {expression!r}")
            if operator != "==" or proof is not None or tight_at is not None:
                raise ValueError("relation=, proof= and tight_at= are for chains of expressions")
            for side in expression.args:
                _expression(side, "a side of the step")
        else:
            if isinstance(expression, Relational):
                raise TypeError(f"a chain of expressions goes on with one, not {expression}")
            expression = _expression(expression, "the step")
        if sympy.srepr(expression) == sympy.srepr(before):
            raise ValueError(f"the step to {_text(expression)} changes nothing")
        if isinstance(before, Relational):
            claim = f"the step from {_text(before)} to {_text(expression)}"
            _check_equivalent(before, expression, domain, self.where, claim)
        else:
            claim = f"{_text(before)} {_SIGNS[operator]} {_text(expression)}"
            if operator == "==":
                _check_identity(before, expression, domain, self.where, claim)
            else:
                directions = {s.relation[0] for s in self.steps if s.relation != "=="}
                if directions - {operator[0]}:
                    raise ValueError(f"{claim}: a chain cannot go both up and down")
                proof = None if proof is None else _expression(proof, "proof=")
                tight_at = _tight(tight_at)
                _check_inequality(
                    before, operator, expression, domain, self.where, claim, proof, tight_at
                )
        longer = object.__new__(Derivation)
        longer.start, longer.given, longer.where = self.start, self.given, self.where
        longer.label = self.label
        longer.steps = (*self.steps, Step(expression, because, operator, proof, tight_at))
        _enter(longer)
        return longer

    @property
    def result(self) -> Any:
        """The last line."""
        return self.steps[-1].expression if self.steps else self.start

    @property
    def kind(self) -> str:
        """``"derivation"``, as the register lists it."""
        return "derivation"

    @property
    def evidence(self) -> str:
        """What stands behind the steps, in words."""
        return f"symbolic, {len(self)} steps"

    @property
    def latex(self) -> str:
        """The aligned lines, with letters that refer to the reasons."""
        return self._typeset(letters=True)

    def __len__(self) -> int:
        return len(self.steps)

    def _lines(self) -> list[Any]:
        return [self.start, *(step.expression for step in self.steps)]

    def _conditions(self, tex: bool) -> str:
        return _conditions(self._lines(), self.given, tex, where=self.where)

    def _reasons(self) -> list[str]:
        return [f"({_letter(k)}) {step.because}" for k, step in enumerate(self.steps)]

    def _typeset(self, letters: bool) -> str:
        arrow = isinstance(self.start, Relational)
        rows = [_latex(self.start)]
        for k, step in enumerate(self.steps):
            sign = r"\iff" if arrow else _TEX_SIGNS[step.relation]
            if letters:
                sign = rf"\overset{{\text{{({_letter(k)})}}}}{{{sign}}}"
            note = "" if letters else f" && {_tex_reason(step.because)}"
            rows.append(rf"{sign}\ & {_latex(step.expression)}{note}")
        starts_wide = _width(self.start) + max(map(_width, self._lines()[1:]), default=0) > _PHONE
        if arrow or starts_wide or not self.steps:
            rows[0] = f"& {rows[0]}"
        else:
            rows[0:2] = [f"{rows[0]} {rows[1]}"]
        conditions = self._conditions(tex=True)
        if conditions:
            rows.append(rf"& \small {conditions}")
        return _stacked(rows, "aligned")

    def __str__(self) -> str:
        arrow = isinstance(self.start, Relational)
        lines = [_text(self.start)]
        for step in self.steps:
            sign = "⟺" if arrow else "  " + _SIGNS[step.relation]
            lines.append(f"{sign} {_text(step.expression)}   ({_plain_reason(step.because)})")
        conditions = self._conditions(tex=False)
        return "\n".join([*lines, *([conditions] if conditions else [])])


def _letter(k: int) -> str:
    """a, b, … z, aa, ab, …"""
    return (_letter(k // 26 - 1) if k >= 26 else "") + chr(ord("a") + k % 26)
