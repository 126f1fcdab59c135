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

from vgtools.derivation.printing import to_latex, to_text

_POINTS = 48
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
                operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
            return symbol, operator, -rest / slope
    return None


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

    def bounds(self) -> dict[Symbol, Bounds]:
        """The bounds that the relations put on single symbols."""
        found: dict[Symbol, Bounds] = {}

        def add(symbol: Symbol, operator: str, value: Expr) -> None:
            old = found.get(symbol, Bounds(*assumed_bounds(symbol)))
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
            bound = as_bound(relation)
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
        generator = random.Random(SEED)
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
            conditions = ", ".join(to_text(relation) for relation in self.given)
            raise ValueError(
                f"no values of {', '.join(s.name for s in symbols)} satisfy the conditions "
                f"({conditions}): they contradict each other or the symbols' assumptions"
            )
        return found

    @staticmethod
    def _allows(relation: Relational, point: Mapping) -> bool:
        try:
            truth = relation.xreplace(dict(point))
        except TypeError:  # a side has no real value at this point
            return False
        return sympy.true in (truth, sympy.simplify(truth))

    def excludes(self, symbol: Symbol, value: Expr) -> bool:
        """True if the conditions surely forbid ``symbol == value``."""
        try:
            if any(relation.subs(symbol, value) is sympy.false for relation in self.given):
                return True
        except TypeError:  # a condition has a side without a real value there
            return True
        low, high = assumed_bounds(symbol)
        return Bounds(low, high, (sympy.S.Zero,) if symbol.is_nonzero else (), value).empty

    def describe(self, symbols: Iterable[Symbol], tex: bool) -> str:
        """The conditions in words or LaTeX, for instance ``0 < P < 1, x real``."""
        show = to_latex if tex else to_text
        less, at_most = ("<", r"\le") if tex else ("<", "≤")
        symbols = {s for s in symbols if not isinstance(s, Dummy)}
        parts, plain = [], []
        bounds = {}
        for relation in self.given:
            bound = None if relation.has(sympy.Abs) else as_bound(relation)
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
        for key, entries in sorted(bounds.items(), key=lambda item: to_text(item[0])):
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


def assumed_bounds(symbol: Symbol) -> tuple[tuple | None, tuple | None]:
    """Bounds at zero that the assumptions of a symbol imply."""
    zero = sympy.S.Zero
    low = (zero, bool(symbol.is_positive)) if symbol.is_nonnegative else None
    high = (zero, bool(symbol.is_negative)) if symbol.is_nonpositive else None
    return low, high


def _pool(
    symbol: Symbol, bound: Bounds | None, hints: Iterable[Expr], generator: random.Random
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
    low, high = (bound.lower, bound.upper) if bound else assumed_bounds(symbol)
    ends = [end[0] for end in (low, high) if end is not None]
    if ends and all(end.is_Rational for end in ends) and not symbol.is_integer:
        if len(ends) == 2:
            shares = [abs(v) / (1 + abs(v)) for v in values]
            values = [*ends, *(ends[0] + (ends[1] - ends[0]) * share for share in shares)]
        else:
            values = [ends[0] + (abs(v) if low is not None else -abs(v)) for v in values]
    values = list(dict.fromkeys(values))
    limits = bound or Bounds(low, high)
    nonzero = (sympy.S.Zero,) if symbol.is_nonzero else ()
    return [
        v
        for v in values
        if not replace(limits, value=v, excluded=limits.excluded + nonzero).empty
        or (bound is not None and bound.value is not None)
    ] or values


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
    return symbols
