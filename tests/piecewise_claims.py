"""Random claims about derivatives of piecewise functions, whose truth is known.

The functions are glued from pieces with exact values and slopes at the places where they
meet: a removable point, a corner, or a jump in f, f' or f''. Whether a derivative exists at
such a place, and its value, follow from how the function was made. Neither the prover nor
SymPy's derivative of a `Piecewise` is asked.

    python -m tests.piecewise_claims --claims 20000

lets `vgtools.derivation.verify` judge 20,000 claims and prints how many false ones were
accepted, how many true ones were called false, and how many true ones were not proved.
Control-C ends it early, with the table of the claims that were judged.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import multiprocessing
import random
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import sympy
from sympy import Derivative, Eq, Expr, Function, Lambda, Ne, Piecewise, Subs, exp

from vgtools.derivation import DerivationError, verify

x, y = sympy.symbols("x y", real=True)
PLACES = [Fraction(n, d) for n, d in
          [(0, 1), (1, 1), (-1, 1), (1, 2), (-1, 2), (2, 1), (1, 3), (-3, 2), (5, 7)]]  # fmt: skip
SECONDS = 60
"""After so long a claim counts as not proved."""


# --- functions ---------------------------------------------------------------------------

# Formulas of u and its first two derivatives, and their values at u = 0.
_HOLES = {
    "exp": (lambda u: [(exp(u) - 1) / u, (u * exp(u) - exp(u) + 1) / u**2,
                       (exp(u) * (u**2 - 2 * u + 2) - 2) / u**3],
            (Fraction(1), Fraction(1, 2), Fraction(1, 3))),
    "sin": (lambda u: [sympy.sin(u) / u, (u * sympy.cos(u) - sympy.sin(u)) / u**2,
                       (2 * sympy.sin(u) - u**2 * sympy.sin(u) - 2 * u * sympy.cos(u)) / u**3],
            (Fraction(1), Fraction(0), Fraction(-1, 3))),
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A polynomial in u = x − anchor, and multiples of exp, sin, cos or one with a hole.

    `extra` is (factor, kind, rate). Of a kind with a hole, such as (exp(u) − 1)/u, `order`
    counts the derivatives that were taken, since u = 0 has a limit and no value.
    """

    anchor: Any
    powers: tuple[Fraction, ...]
    extra: tuple[Fraction, str, int] | None = None
    order: int = 0

    @property
    def hole(self) -> bool:
        return self.extra is not None and self.extra[1] in _HOLES and self.extra[2] == 0

    def slope(self) -> Piece:
        powers = tuple(k * c for k, c in enumerate(self.powers))[1:]
        if self.extra is None:
            return replace(self, powers=powers)
        factor, kind, rate = self.extra
        if self.hole:
            return replace(self, powers=powers, order=self.order + 1)
        kind, sign = {"exp": ("exp", 1), "sin": ("cos", 1), "cos": ("sin", -1)}[kind]
        return replace(self, powers=powers, extra=(factor * rate * sign, kind, rate))

    def at(self, place: Any) -> Fraction:
        """The value, or at a hole the limit. Only polynomials are asked off their anchor."""
        u = Fraction(0) if place == self.anchor else place - self.anchor
        value = sum((c * u**k for k, c in enumerate(self.powers)), Fraction(0))
        if self.extra is None:
            return value
        assert u == 0
        factor, kind, _ = self.extra
        if self.hole:
            return value + factor * _HOLES[kind][1][self.order]
        return value + factor * {"exp": 1, "cos": 1, "sin": 0}[kind]

    def expression(self, of: Expr) -> Expr:
        u = of - exact(self.anchor)
        total = sum((exact(c) * u**k for k, c in enumerate(self.powers)), sympy.S.Zero)
        if self.extra is None:
            return total
        factor, kind, rate = self.extra
        if self.hole:
            return total + exact(factor) * _HOLES[kind][0](u)[self.order]
        return total + exact(factor) * getattr(sympy, kind)(rate * u)


def exact(number: Any) -> Expr:
    if isinstance(number, Fraction):
        return sympy.Rational(number.numerator, number.denominator)
    return sympy.sympify(number)


@dataclass(frozen=True)
class Glued:
    """Pieces, the places between them, and the value of the function at each place."""

    places: tuple[Any, ...]
    pieces: tuple[Piece, ...]
    values: tuple[Fraction, ...]
    style: str = "cases"

    def slope_at(self, k: int, order: int) -> Fraction | None:
        """The derivative at a place, or None where there is none: by definition."""
        left, right, here = self.pieces[k], self.pieces[k + 1], self.values[k]
        for _ in range(order):
            if not left.at(self.places[k]) == right.at(self.places[k]) == here:
                return None  # a jump: no slope, of this order or the next
            left, right = left.slope(), right.slope()
            here = left.at(self.places[k])
            if here != right.at(self.places[k]):
                return None
        return here

    def formulas(self, order: int, of: Expr) -> list[Expr]:
        """The derivative between the places."""
        found = []
        for piece in self.pieces:
            parts = [piece, piece.slope(), piece.slope().slope()]
            f0, f1, f2 = (part.expression(of) for part in parts)
            plain, wrapped = (f0, f1, f2), (exp(f0), f1 * exp(f0), (f2 + f1**2) * exp(f0))
            found.append((wrapped if self.style == "exp" else plain)[order])
        return found

    def number_at(self, k: int, order: int) -> Expr | None:
        """`slope_at` of the function as it is written: exp of the pieces, perhaps."""
        slopes = [self.slope_at(k, n) for n in range(order + 1)]
        if slopes[-1] is None:
            return None
        f = [exact(s) for s in slopes]
        if self.style != "exp":
            return f[order]
        return [lambda: exp(f[0]), lambda: f[1] * exp(f[0]),
                lambda: (f[2] + f[1] ** 2) * exp(f[0])][order]()  # fmt: skip

    def expression(self, of: Expr, generator: random.Random) -> Expr:
        """The function in SymPy, in one of several ways to write it."""
        places, values = [exact(p) for p in self.places], [exact(v) for v in self.values]
        pieces = [piece.expression(of) for piece in self.pieces]
        if self.style == "modulus":
            power = _only_power(self)
            u, factor = of - places[0], exact(_power(self, 1, power) - _power(self, 0, power))
            ways = [pieces[0] + factor * u ** (power - 1) * sympy.Max(u, 0),
                    pieces[0] + factor * u ** (power - 1) * (u + sympy.Abs(u)) / 2,
                    pieces[1] + factor * u ** (power - 1) * sympy.Max(-u, 0),
                    pieces[0] + factor * u**power * sympy.Heaviside(u)]  # fmt: skip
            return generator.choice(ways)
        if self.style == "sum":
            total = pieces[0]
            for k, place in enumerate(places):
                total += Piecewise((pieces[k + 1] - pieces[k], of > place), (0, True))
                gap = self.values[k] - self.pieces[k].at(self.places[k])
                total += Piecewise((exact(gap), Eq(of, place)), (0, True))
            return total
        cases: list[tuple] = []
        for k, place in enumerate(places):
            left, right = self.pieces[k], self.pieces[k + 1]
            if not left.hole and left.at(self.places[k]) == self.values[k]:
                cases.append((pieces[k], of <= place))
            elif not right.hole and right.at(self.places[k]) == self.values[k]:
                cases.append((pieces[k], of < place))
            else:
                cases += [(pieces[k], of < place), (values[k], Eq(of, place))]
        cases.append((pieces[-1], True))
        if self.pieces[0] == self.pieces[-1] and len(places) == 1:
            cases = [(pieces[0], Ne(of, places[0])), (values[0], True)]
        if self.style == "nested" and len(cases) > 2:
            cases = [cases[0], (Piecewise(*cases[1:]), True)]
        whole = Piecewise(*cases)
        return exp(whole) if self.style == "exp" else whole


def _power(function: Glued, k: int, power: int) -> Fraction:
    return dict(enumerate(function.pieces[k].powers)).get(power, Fraction(0))


def _only_power(function: Glued) -> int | None:
    """The power of u at which two polynomials about one place differ, if it is one only."""
    left, right = function.pieces[0], function.pieces[-1]
    if len(function.pieces) != 2 or left.extra or right.extra:
        return None
    pairs = itertools.zip_longest(left.powers, right.powers, fillvalue=Fraction(0))
    powers = [k for k, (a, b) in enumerate(pairs) if a != b]
    return powers[0] if len(powers) == 1 and powers[0] > 0 else None


def mpmath_number(generator: random.Random) -> Fraction:
    return Fraction(generator.choice([-3, -2, -1, 1, 2, 3]), generator.choice([1, 1, 1, 2]))


def _extra(generator: random.Random) -> tuple | None:
    kind = generator.choice([None, None, "exp", "sin", "cos", "hole"])
    if kind == "hole":
        return (mpmath_number(generator), generator.choice(sorted(_HOLES)), 0)
    return kind and (mpmath_number(generator), kind, generator.choice([-2, -1, 1, 2]))


def _joined(
    piece: Piece, place: Any, kind: str, generator: random.Random, extra: tuple | None
) -> Piece:
    """A piece on the other side of a place, with a jump of the given kind there."""
    jumps = [Fraction(0)] * 3
    if kind != "smooth":
        first = {"jump": 0, "corner": 1, "bend": 2}[kind]
        jumps[first] = mpmath_number(generator)
        if extra is not None:
            jumps[first + 1 :] = [mpmath_number(generator) for _ in jumps[first + 1 :]]
    goal, powers = piece, []
    have = Piece(place, (Fraction(0),) * 4, extra)
    for order, jump in enumerate(jumps):
        powers.append((goal.at(place) + jump - have.at(place)) / (1, 1, 2)[order])
        goal, have = goal.slope(), have.slope()
    # A difference of the third order can be seen on the other side, and not at the place.
    rest = piece.powers[3:] if piece.anchor == place and generator.random() < 0.5 else ()
    return Piece(place, (*powers, *rest), extra)


def glued(generator: random.Random) -> tuple[Glued, str]:
    """A function, and the kind of its first place."""
    kinds = ["smooth", "bend", "corner", "jump", "alone", "hole"]
    kind = generator.choice(kinds)
    powers = tuple(mpmath_number(generator) for _ in range(generator.randint(2, 4)))
    if kind in ("alone", "hole"):
        place = generator.choice([*PLACES, sympy.sqrt(2)])
        extra = _extra(generator)
        if kind == "hole":
            extra = (mpmath_number(generator), generator.choice(sorted(_HOLES)), 0)
        piece = Piece(place, powers, extra)
        value = piece.at(place)
        if kind == "alone" and generator.random() < 0.5:
            value += mpmath_number(generator)
        function = Glued((place,), (piece, piece), (value,))
        styles = ["cases", "exp"]
    elif generator.random() < 0.6:
        place = generator.choice([*PLACES, sympy.sqrt(2)])
        left = Piece(place, powers, _extra(generator))
        right = _joined(left, place, kind, generator, _extra(generator))
        function = Glued((place,), (left, right), (left.at(place),))
        styles = ["cases", "sum", "exp"]
    else:
        low, high = sorted(generator.sample(PLACES, 2))
        middle = Piece(low, powers)
        left = _joined(middle, low, kind, generator, _extra(generator))
        right = _joined(
            middle, high, generator.choice(["smooth", "bend", "corner", "jump"]), generator,
            _extra(generator),
        )  # fmt: skip
        function = Glued((low, high), (left, middle, right), (middle.at(low), middle.at(high)))
        styles = ["cases", "sum", "nested", "exp"]
    return _written(function, kind, styles, generator), kind


def _written(function: Glued, kind: str, styles: list[str], generator: random.Random) -> Glued:
    """Choose the values at the places, and a way to write the function."""
    values = list(function.values)
    for k, place in enumerate(function.places):
        chance = generator.random()
        if len(function.places) + len(styles) > 3 and chance < 0.2:
            values[k] = function.pieces[k + 1].at(place)
        elif kind != "alone" and chance < 0.3:
            values[k] += 1
    function = replace(function, values=tuple(values))
    if any(piece.hole for piece in function.pieces):
        styles = [s for s in styles if s != "sum"]
    style = generator.choice(styles)
    continuous = values[0] == function.pieces[0].at(function.places[0])
    if _only_power(function) and continuous and generator.random() < 0.7:
        style = "modulus"
    return replace(function, style=style)


# --- claims ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """What `verify` is asked, and whether it is so."""

    kind: str
    true: bool
    arguments: tuple
    options: dict = field(default_factory=dict)


def _cases_of(formulas: list[Expr], places: list[Expr], alone: list[tuple], of: Expr) -> Expr:
    """Write a slope with its values at single places."""
    between = [(f, of < p) for f, p in zip(formulas, places, strict=False)]
    between.append((formulas[-1], True))
    return Piecewise(*((v, Eq(of, p)) for v, p in alone), *between)


def claim(index: int, seed: int = 0) -> Claim:
    """The claim with this number; the same for the same seed."""
    generator = random.Random(f"piecewise {seed} {index}")
    function, place_kind = glued(generator)
    if generator.random() < 0.15:
        return _bound(function, generator)
    order = generator.choice([1, 1, 2])
    form = generator.choice(["symbol", "number", "composite", "chain"])
    f = Function("f")
    body = function.expression(y, generator)
    if body.free_symbols != {y}:
        return claim(index + 10**9, seed)  # constant: SymPy differentiates it at once
    where = {f: Lambda(y, body)}
    if form == "number":
        return _at_a_number(function, order, f(y), where, place_kind, generator)
    factor, shift = sympy.S.One, sympy.S.Zero
    if form in ("composite", "chain"):
        factor = generator.choice([sympy.Integer(n) for n in (-3, -2, -1, 2, 3)] + [
            sympy.Rational(1, 2), sympy.Rational(-2, 3)])  # fmt: skip
        shift = generator.choice([sympy.S.Zero, sympy.S.One, sympy.Rational(-1, 3)])
    inner = factor * x + shift
    left, scale = Subs(Derivative(f(y), (y, order)), y, inner), sympy.S.One
    if form == "symbol":
        direct = generator.random() < 0.5
        left = Derivative(body.xreplace({y: x}) if direct else f(x), (x, order))
    elif form == "chain":
        whole = generator.random() < 0.5
        left = Derivative(f(inner), (x, order)) if whole else f(inner).diff(x, order)
        scale = factor**order
    numbers = [function.number_at(k, order) for k in range(len(function.places))]
    places = [exact(p) for p in function.places]
    given, excluded = checked_conditions(numbers, places, factor, shift, generator)
    formulas = [scale * formula for formula in function.formulas(order, inner)]
    alone = [(scale * n, p) for n, p in zip(numbers, places, strict=True) if n is not None]
    true = all(n is not None or k in excluded for k, n in enumerate(numbers))
    alterations = ["as it is", "as it is", "at one place", "on a piece", "constant"]
    alteration = generator.choice(alterations)
    if alteration == "at one place":
        seen = [k for k, (_, p) in enumerate(alone) if places.index(p) not in excluded]
        if seen:
            k = generator.choice(seen)
            right, place = alone[k]
            wrong = sympy.S.Zero if right != 0 and generator.random() < 0.5 else right + 1
            alone[k], true = (wrong, place), False
        else:
            alteration = "as it is"
    elif alteration == "on a piece":
        k = generator.randrange(len(formulas))
        formulas[k], true = formulas[k] + generator.choice([1, x - 7]), False
    elif alteration == "constant":
        formulas = [formula + 1 for formula in formulas]
        alone, true = [(value + 1, p) for value, p in alone], False
    if alteration == "as it is":
        missing = any(n is None for n in numbers)
        alteration = ("kink excluded" if missing else "as it is") if true else "kink left in"
    right = _cases_of(formulas, places, alone, inner)
    options = {"given": given, "where": where}
    return Claim(f"{form}, order {order}: {alteration}", true, (left, right), options)


def checked_conditions(
    numbers: list, places: list[Expr], factor: Expr, shift: Expr, generator: random.Random
) -> tuple[tuple, set[int]]:
    """Conditions that exclude some places, mostly all those without a derivative."""
    excluded = set()
    for k, number in enumerate(numbers):
        if generator.random() < (0.75 if number is None else 0.1):
            excluded.add(k)
    given = []
    for k in sorted(excluded):
        if generator.random() < 0.5:
            given.append(Ne(x, (places[k] - shift) / factor))
        else:
            given.append(Ne(factor * x + shift, places[k]))
    return tuple(given), excluded


def _at_a_number(
    function: Glued, order: int, f: Expr, where: dict, kind: str, generator: random.Random
) -> Claim:
    """A claim about the derivative at one number, mostly at a place where pieces meet."""
    k = generator.randrange(len(function.places))
    place, number = exact(function.places[k]), function.number_at(k, order)
    off = generator.random() < 0.2
    if off:
        place = place + generator.choice([-5, 5])
        right = place > exact(function.places[-1])
        number = function.formulas(order, place)[-1 if right else 0]
    left = Subs(Derivative(f, (y, order)), y, place)
    alteration = "as it is" if generator.random() < 0.5 else "wrong"
    true = number is not None and alteration == "as it is"
    if number is None:
        alteration, number = f"none, {kind}", sympy.Integer(generator.choice([0, 1]))
        number = generator.choice([number, function.formulas(order, y)[k + 1].subs(y, place)])
        if number.has(sympy.nan, sympy.zoo):
            number = sympy.S.Zero
    elif not true:
        zero = number != 0 and generator.random() < 0.5
        number = sympy.S.Zero if zero else number + 1
    where_ = "off a place" if off else "at a place"
    return Claim(f"number, order {order}, {where_}: {alteration}", true, (left, number),
                 {"where": where})  # fmt: skip


def _bound(function: Glued, generator: random.Random) -> Claim:
    """A bound on the slope of a function whose pieces are straight."""
    straight = tuple(replace(p, powers=p.powers[:2], extra=None) for p in function.pieces)
    values = tuple(
        generator.choice([straight[k].at(straight[k].anchor) if straight[k].anchor == p else
                          straight[k + 1].at(p) if straight[k + 1].anchor == p else Fraction(0)])
        for k, p in enumerate(function.places)
    )  # fmt: skip
    function = replace(function, pieces=straight, values=values, style="cases")
    body = function.expression(x, generator)
    if x not in body.free_symbols:
        body = body + x
        return Claim("bound: constant", False, (Derivative(body, x), sympy.S.Zero),
                     {"relation": "<="})  # fmt: skip
    slopes = [piece.powers[1] for piece in straight]
    places = [exact(p) for p in function.places]
    missing = [k for k in range(len(places)) if function.slope_at(k, 1) is None]
    excluded = [k for k in missing if generator.random() < 0.8]
    upper = generator.random() < 0.5
    extreme = (max if upper else min)(slopes)
    inside = [places[0] - 1, *((a + b) / 2 for a, b in itertools.pairwise(places)), places[-1] + 1]
    spots = [p for p, s in zip(inside, slopes, strict=True) if s == extreme]
    spots += [p for k, p in enumerate(places) if k not in missing
              and function.slope_at(k, 1) == extreme]  # fmt: skip
    spot, alteration = generator.choice(spots), "as it is"
    true = missing == excluded
    if generator.random() < 0.5:
        alteration = generator.choice(["tighter", "looser", "elsewhere", "at a kink"])
        shift = {"tighter": -1, "looser": 1}.get(alteration, 0)
        extreme += Fraction(shift if upper else -shift, 2)
        others = [p for p, s in zip(inside, slopes, strict=True) if s != extreme]
        if alteration == "elsewhere":
            spot = others[0] if others else spot
            alteration = "elsewhere" if others else "as it is"
        if alteration == "at a kink":
            spot = places[missing[0]] if missing else spot
            alteration = "at a kink" if missing else "as it is"
        true = true and alteration == "as it is"
    if alteration == "as it is" and not true:
        alteration = "kink left in"
    return Claim(f"bound: {alteration}", true, (Derivative(body, x), exact(extreme)), {
        "relation": "<=" if upper else ">=", "tight_at": {x: spot},
        "given": tuple(Ne(x, places[k]) for k in excluded)})  # fmt: skip


# --- judging -----------------------------------------------------------------------------


class _TooLong(Exception):
    pass


def verdict(claim: Claim) -> str:
    """``accepted``, ``called false``, ``not proved`` or the name of an unexpected error."""
    try:
        verify(*claim.arguments, **claim.options)
    except DerivationError as error:
        refuted = " is false" in str(error) or " does not hold" in str(error)
        attained = "is not attained" in str(error)
        return "called false" if refuted or attained else "not proved"
    except _TooLong:
        return "not proved"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "accepted"


def wrong(claim: Claim, found: str) -> bool:
    """Whether a verdict is a fault: a true claim may be accepted or not proved, a false one
    may be anything but accepted."""
    return found not in (
        ("accepted", "not proved") if claim.true else ("called false", "not proved")
    )


def _judged(job: tuple[int, int]) -> tuple[int, str, bool, str, bool]:
    index, seed = job

    def stop(*_: Any) -> None:
        raise _TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        made = claim(index, seed)
        found = verdict(made)
    finally:
        signal.alarm(0)
    return index, made.kind, made.true, found, wrong(made, found)


def _table(results: Iterable[tuple]) -> str:
    rows = collections.defaultdict(collections.Counter)
    for _, kind, true, found, fault in results:
        row = rows["true " + kind if true else "false " + kind]
        row[found if found in ("accepted", "called false", "not proved") else "error"] += 1
        row["faults"] += fault
    names = ("accepted", "called false", "not proved", "error", "faults")
    lines = [f"{'claims':56}" + "".join(f"{name:>14}" for name in names)]
    total = {"true": collections.Counter(), "false": collections.Counter()}
    for kind, row in sorted(rows.items()):
        total[kind.split()[0]] += row
        lines.append(f"{kind:56}" + "".join(f"{row[name]:14}" for name in names))
    for kind, row in total.items():
        lines.append(f"{'all ' + kind:56}" + "".join(f"{row[name]:14}" for name in names))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Let the prover judge claims of known truth.")
    parser.add_argument("--claims", type=int, default=20_000)
    parser.add_argument("--start", type=int, default=0, help="number of the first claim")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    jobs = [(options.start + k, options.seed) for k in range(options.claims)]
    results = []
    # A process judges some hundred claims: SymPy and the prover remember what they met.
    with multiprocessing.Pool(options.processes, maxtasksperchild=20) as pool:
        try:
            for result in pool.imap_unordered(_judged, jobs, chunksize=20):
                results.append(result)
                index, kind, true, found, fault = result
                if fault:
                    print(f"claim {index}, {'true' if true else 'false'}, {kind}: {found}")
                if sys.stderr.isatty():
                    print(f"\r{len(results)} of {len(jobs)}", end="", file=sys.stderr)
        except KeyboardInterrupt:
            print(f"\nstopped after {len(results)} claims")
    print(_table(results))
    return int(any(fault for *_, fault in results))


if __name__ == "__main__":
    sys.exit(main())
