"""Conditions: which values the symbols of a claim may take."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy
from sympy import Dummy, Expr, Rational, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from vgtools.derivation.printing import FLIPPED, SIGNS, TEX_SIGNS, to_latex, to_text

_POINTS = 48
_KINDS = {"even", "odd", "prime", "composite", "noninteger", "irrational"}
_ASSUMED = _KINDS | {
    "integer", "rational", "positive", "negative", "nonnegative", "nonpositive", "nonzero",
}  # fmt: skip
SEED = 20100101


@dataclass(frozen=True)
class Bounds:
    """What the conditions say about one symbol; each end is (value, is it strict)."""

    lower: tuple[Expr, bool] | None = None
    upper: tuple[Expr, bool] | None = None
    excluded: tuple[Expr, ...] = ()
    value: Expr | None = None

    @property
    def empty(self) -> bool:
        """True only if no number can satisfy the bounds."""
        if self.value is None:
            return _nothing_between(self.lower, self.upper)
        point = (self.value, False)
        return (
            any(_equal(self.value, other) for other in self.excluded)
            or _nothing_between(self.lower, point)
            or _nothing_between(point, self.upper)
        )

    def narrowed(self, operator: str, value: Expr) -> Bounds:
        """Return what is left under one more condition on the symbol."""
        if operator == "==":
            return replace(self, value=value)
        if operator == "!=":
            return replace(self, excluded=(*self.excluded, value))
        name, strict = "lower" if operator[0] == ">" else "upper", operator in ("<", ">")
        old = getattr(self, name)
        if old is not None:
            tighter = value > old[0] if name == "lower" else value < old[0]
            if tighter is not sympy.true:
                value, strict = old[0], old[1] or (strict and value == old[0])
        return replace(self, **{name: (value, strict)})

    def with_strict_ends(self) -> Bounds:
        """Return the same bounds, strict at an end that is excluded."""
        ends = {
            name: (end[0], True)
            for name, end in (("lower", self.lower), ("upper", self.upper))
            if end is not None and any(_equal(end[0], other) for other in self.excluded)
        }
        return replace(self, **ends)

    def covering(self, symbol: Symbol) -> list[Expr]:
        """Expressions in a fresh symbol that together take every permitted value."""

        def fresh(start: Expr, **sign: bool) -> Dummy:
            # From 1/2 on, integers are no whole steps away.
            return Dummy("t", integer=(symbol.is_integer and start.is_integer) or None, **sign)

        if self.value is not None:
            return [self.value]
        if self.lower and self.upper:
            t, ((low, _), (high, _)) = Dummy("t", positive=True), (self.lower, self.upper)
            closed = [end for end, strict in (self.lower, self.upper) if not strict]
            return [(low + high * t) / (1 + t), *closed]
        if self.lower or self.upper:
            end, strict = self.lower or self.upper
            step = fresh(end, **{"positive" if strict else "nonnegative": True})
            return [end + step if self.lower else end - step]
        return [self.excluded[0] + fresh(self.excluded[0], real=True, nonzero=True)]


def _equal(first: Expr, second: Expr) -> bool:
    return sympy.simplify(first - second) == 0


def _nothing_between(low: tuple[Expr, bool] | None, high: tuple[Expr, bool] | None) -> bool:
    """True only if no number lies between two ends."""
    if low is None or high is None:
        return False
    return (low[0] >= high[0] if low[1] or high[1] else low[0] > high[0]) is sympy.true


def as_bound(relation: Relational) -> tuple[Symbol, str, Expr] | None:
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
                operator = FLIPPED.get(operator, operator)
            return symbol, operator, -rest / slope
    return None


def _bounds_of(relation: Relational) -> list[tuple[Symbol, str, Expr]]:
    """The bounds on single symbols that a relation amounts to."""
    if isinstance(relation.rhs, sympy.Abs):
        relation = relation.reversed
    if isinstance(relation.lhs, sympy.Abs) and relation.rel_op in ("<", "<="):
        (inner,), operator, limit = relation.lhs.args, relation.rel_op, relation.rhs
        if not inner.is_Symbol or inner in limit.free_symbols:
            return []
        return [(inner, operator, limit), (inner, FLIPPED[operator], -limit)]
    bound = as_bound(relation)
    return [] if bound is None else [bound]


@dataclass(frozen=True)
class Domain:
    """The conditions of a statement: relations, on top of what the symbols assume."""

    given: tuple[Relational, ...] = ()

    def restricted(self, condition: Boolean) -> Domain | None:
        """The part where `condition` holds too, or None if that part is empty."""
        given = list(self.given)
        for part in sympy.And.make_args(condition):
            if part is sympy.false:
                return None
            if isinstance(part, Relational):
                given.append(part)
        domain = Domain(tuple(given))
        for symbol, bound in domain.bounds().items():
            fixed = bound.value is not None and bound.value.is_number
            if bound.empty or (fixed and domain.excludes(symbol, bound.value)):
                return None
        return domain

    def without(self, symbol: Symbol, *operators: str) -> Domain:
        """The domain without its conditions on a symbol, or without those of some kinds."""
        return Domain(
            tuple(
                relation
                for relation in self.given
                if symbol not in relation.free_symbols
                or (operators and relation.rel_op not in operators)
            )
        )

    def bounds(self) -> dict[Symbol, Bounds]:
        """The bounds that the relations put on single symbols."""
        found: dict[Symbol, Bounds] = {}
        for relation in self.given:
            for symbol, operator, value in _bounds_of(relation):
                bounds = found.get(symbol) or assumed_bounds(symbol)
                found[symbol] = bounds.narrowed(operator, value)
        return {symbol: bounds.with_strict_ends() for symbol, bounds in found.items()}

    def bounds_of(self, symbol: Symbol) -> Bounds:
        """The bounds on one symbol, which its assumptions may put on it too."""
        return self.bounds().get(symbol) or assumed_bounds(symbol)

    def substitutions(self) -> Iterator[dict[Symbol, Expr]]:
        """Replacements by fresh symbols that cover every permitted value.

        Each replacement carries its condition in the assumptions of a fresh symbol,
        where SymPy can use it. They may cover more than the domain, never less.
        """
        bounds = self.bounds()
        choices = (bound.covering(symbol) for symbol, bound in bounds.items())
        for combination in itertools.product(*choices):
            yield dict(zip(bounds, combination, strict=True))

    def points(self, symbols: Iterable[Symbol], expressions: Iterable[Expr] = ()) -> list[dict]:
        """Deterministic points, simple ones first, that satisfy every condition.

        Numbers that occur in the expressions are tried too: kinks and poles often lie there.
        """
        symbols = sorted(symbols, key=lambda s: s.name)
        generator = random.Random(SEED)
        bounds, numbers = self.bounds(), _numbers_in(expressions)
        pools = {s: _pool(s, bounds.get(s), numbers, generator) for s in symbols}
        found: list[dict] = []
        tried: set[tuple] = set()
        for attempt in range(40 * _POINTS if symbols else 1):
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
            kept = all(may_be(symbol, value) for symbol, value in point.items())
            if key not in tried and kept and self.allows(point):
                found.append(point)
            tried.add(key)
            if len(found) == _POINTS:
                break
        if not found:
            conditions = ", ".join(to_text(relation) for relation in self.given)
            raise ValueError(
                f"no values of {', '.join(s.name for s in symbols)} satisfy the conditions "
                f"({conditions}): they contradict each other or the symbols' assumptions"
            )
        return found

    def allows(self, point: Mapping) -> bool:
        """True if a point surely satisfies every condition."""
        for relation in self.given:
            try:
                truth = relation.xreplace(dict(point))
            except TypeError:  # a side has no real value at this point
                return False
            if sympy.true not in (truth, sympy.simplify(truth)):
                return False
        return True

    def excludes(self, symbol: Symbol, value: Expr) -> bool:
        """True if the conditions surely forbid ``symbol == value``."""
        try:
            if any(relation.subs(symbol, value) is sympy.false for relation in self.given):
                return True
        except TypeError:  # a condition has a side without a real value there
            return True
        zero = (sympy.S.Zero,) if symbol.is_nonzero else ()
        return replace(assumed_bounds(symbol), excluded=zero, value=value).empty

    def describe(self, symbols: Iterable[Symbol], tex: bool) -> str:
        """The conditions in words or LaTeX, for instance ``0 < P < 1, x real``."""
        show, signs = (to_latex, TEX_SIGNS) if tex else (to_text, SIGNS)
        symbols = {s for s in symbols if not isinstance(s, Dummy)}
        rows: dict[Any, list[str]] = {}
        ends: dict[Symbol, list[tuple[str, Expr]]] = {}
        for relation in self.given:
            bound = None if relation.has(sympy.Abs) else as_bound(relation)
            if bound and bound[0] in (relation.lhs, relation.rhs) and bound[1] in FLIPPED:
                ends.setdefault(bound[0], []).append(bound[1:])
            else:
                rows[relation] = [show(relation)]
        for symbol, found in ends.items():
            assumed = _assumed_ends(symbol, found) if symbol in symbols else []
            rows[symbol] = _as_interval(show(symbol), [*found, *assumed], show, signs)
        parts = [text for key in sorted(rows, key=to_text) for text in rows[key]]
        told = {s for r in self.given for s in r.free_symbols if s.assumptions0 == _REAL}
        plain = []
        for symbol in sorted(symbols, key=lambda s: s.name):
            if symbol in told | set(ends) and not symbol.is_integer:
                continue
            assumption = _assumption(symbol, show(symbol), signs, tex)
            if assumption is not None:
                parts.append(assumption)
            elif symbol.is_real:
                plain.append(show(symbol))
        if plain:
            parts.append(", ".join(plain) + (r" \in \mathbb{R}" if tex else " real"))
        return (r",\ " if tex else ", ").join(parts)


_REAL = Symbol("x", real=True).assumptions0


def _assumed_ends(symbol: Symbol, found: list[tuple[str, Expr]]) -> list[tuple[str, Expr]]:
    """The ends at 0 that a symbol's assumptions add to those that conditions give."""
    directions = {operator[0] for operator, _ in found}
    assumed = assumed_bounds(symbol)
    ends = [(">", assumed.lower), ("<", assumed.upper)]
    return [
        (operator if end[1] else operator + "=", end[0])
        for operator, end in ends
        if end is not None and operator not in directions
    ]


def _as_interval(name: str, ends: list[tuple[str, Expr]], show: Any, signs: Mapping) -> list[str]:
    """Write the ends for one symbol: as ``0 < x < 1`` if there are just two."""
    lows, highs = ([(o, v) for o, v in ends if o[0] == direction] for direction in "><")
    if len(lows) == len(highs) == 1:
        [(above, low)], [(below, high)] = lows, highs
        return [f"{show(low)} {signs[FLIPPED[above]]} {name} {signs[below]} {show(high)}"]
    return [f"{name} {signs[operator]} {show(value)}" for operator, value in lows + highs]


def _assumption(symbol: Symbol, name: str, signs: Mapping, tex: bool) -> str | None:
    """What a symbol is declared to be, if it is more than real."""
    if symbol.is_integer and symbol.is_nonnegative:
        first = 1 if symbol.is_positive else 0
        return f"{name} = {first}, {first + 1}, " + (r"\dots" if tex else "…")
    if symbol.is_integer:
        return rf"{name} \in \mathbb{{Z}}" if tex else f"{name} an integer"
    declared = {">": symbol.is_positive, "<": symbol.is_negative, ">=": symbol.is_nonnegative,
                "<=": symbol.is_nonpositive, "!=": symbol.is_nonzero}  # fmt: skip
    for operator, holds in declared.items():
        if holds:
            return f"{name} {signs[operator]} 0"
    return None


def assumed_bounds(symbol: Symbol) -> Bounds:
    """Bounds at zero that the assumptions of a symbol imply."""
    zero = sympy.S.Zero
    low = (zero, bool(symbol.is_positive)) if symbol.is_nonnegative else None
    high = (zero, bool(symbol.is_negative)) if symbol.is_nonpositive else None
    return Bounds(low, high)


def may_be(symbol: Symbol, value: Expr) -> bool:
    """Whether a value has all that a symbol is declared to be."""
    return all(
        getattr(value, f"is_{key}") in (holds, None)
        for key, holds in symbol.assumptions0.items()
        if key in _ASSUMED
    )


def _numbers_in(expressions: Iterable[Expr]) -> list[Expr]:
    """The smallest rational numbers that occur in some expressions."""
    found = set().union(*(e.atoms(Rational) for e in expressions))
    return sorted((n for n in found if abs(n) < 60), key=lambda n: (abs(n), n))[:12]


def _pool(
    symbol: Symbol, bound: Bounds | None, numbers: Iterable[Expr], generator: random.Random
) -> list[Expr]:
    """Values worth trying for one symbol: simple, tiny, large and arbitrary ones."""
    simple = [Rational(p, q) for p, q in [
        (0, 1), (1, 1), (-1, 1), (1, 2), (-1, 2), (2, 1), (-2, 1), (1, 3), (3, 1), (-3, 1),
        (5, 7), (-7, 5), (1, 1000), (-1, 1000), (10, 1), (-10, 1), (40, 1), (-40, 1),
    ]]  # fmt: skip
    if symbol.is_integer:
        values = [sympy.Integer(n) for n in (0, 1, 2, 3, -1, 5, -2, 4, 7, -3, 10, -10, 6, 8)]
    else:
        values = simple + [c for n in numbers for c in (n, -n) if c not in simple]
        values += [Rational(generator.randint(-5000, 5000), 997) for _ in range(24)]
    limits = bound or assumed_bounds(symbol)
    ends = [end[0] for end in (limits.lower, limits.upper) if end is not None]
    if ends and all(end.is_Rational for end in ends) and not symbol.is_integer:
        if len(ends) == 2:
            shares = [abs(v) / (1 + abs(v)) for v in values]
            values = [*ends, *(ends[0] + (ends[1] - ends[0]) * share for share in shares)]
        else:
            values = [ends[0] + (abs(v) if limits.lower else -abs(v)) for v in values]
    assumed = {key: holds for key, holds in symbol.assumptions0.items() if key in _KINDS}
    values = [
        v for v in dict.fromkeys(values)
        if all(getattr(v, f"is_{key}") in (holds, None) for key, holds in assumed.items())
    ]  # fmt: skip
    if limits.value is not None:
        return values
    zero = (sympy.S.Zero,) if symbol.is_nonzero else ()
    excluded = limits.excluded + zero

    def permitted(candidates: Iterable[Expr]) -> list[Expr]:
        return [v for v in candidates if not replace(limits, value=v, excluded=excluded).empty]

    found = permitted(values)
    if not found and symbol.is_integer and ends and ends[0].is_Rational:  # all lie farther out
        found = permitted(sympy.floor(ends[0]) + v for v in values)
    return found or values


def real_symbols(*expressions: Any) -> set[Symbol]:
    """The free symbols, each of which must be declared real."""
    symbols = set().union(*(e.free_symbols for e in expressions))
    symbols = {s for s in symbols if isinstance(s, Symbol)}
    for symbol in sorted(symbols, key=lambda s: s.name):
        if not symbol.is_real:
            raise ValueError(
                f"the symbol {symbol.name} is not declared real; write "
                f'sympy.symbols("{symbol.name}", real=True), or positive=True, integer=True'
            )
    names = [symbol.name for symbol in symbols if not isinstance(symbol, Dummy)]
    for name in sorted(n for n in set(names) if names.count(n) > 1):
        raise ValueError(f"two symbols named {name} differ in what is assumed of them")
    return symbols
