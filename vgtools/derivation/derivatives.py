"""Derivatives of functions with cases, by definition where two cases meet.

SymPy differentiates a `Piecewise` case by case. That is right inside an interval where one
case holds, and wrong at its ends: a case that holds at one point only is a constant to it,
and a corner or a jump is not noticed. Here the value at such a point is the limit of the
difference quotient, from the left and from the right. Where the two differ, or where the
function jumps, `NoSlope` stands in place of a value.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import mpmath
import sympy
from sympy import Derivative, Dummy, Eq, Expr, Piecewise, Pow, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from vgtools.derivation.cases import deciding, unfolded
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.printing import to_text

# Functions that are defined and smooth on the whole real line.
ENTIRE = (
    sympy.exp, sympy.sin, sympy.cos, sympy.tanh, sympy.sinh, sympy.cosh, sympy.sech,
    sympy.atan, sympy.asinh, sympy.erf, sympy.erfc,
)  # fmt: skip


class NoSlope(sympy.Function):
    """What stands where a derivative does not exist.

    The arguments are where the derivative is taken, the place at which it does not exist,
    and the slopes from the left and from the right. The slopes are left out where the
    function jumps.
    """

    nargs = (2, 4)

    @property
    def reason(self) -> str:
        """Why there is no derivative, as the end of a sentence."""
        argument, place, *slopes = self.args
        where = to_text(place) if argument.is_number else f"{to_text(argument)} = {to_text(place)}"
        if not slopes:
            return f"the function jumps at {where}, so it has no derivative there"
        left, right = map(to_text, slopes)
        return (
            f"at {where} the slope is {left} from the left and {right} from the right; "
            "exclude that point with given="
        )


class _Unknown(Exception):
    """A derivative that cannot be told here; the message says why."""


def evaluated(expression: Any, claim: str) -> Any:
    """`expression.doit()`, with derivatives that are right where two cases meet.

    Parameters
    ----------
    expression : sympy expression
        May hold derivatives of any order, also at a number or at a composite argument.
    claim : str
        What is being judged, for the message of an error.

    Returns
    -------
    sympy expression
        `NoSlope` stands in the cases in which a derivative does not exist.

    Raises
    ------
    DerivationError
        The points at which cases meet, or the slopes there, cannot be told.
    ValueError
        A derivative or an integral is taken over an integer, or an integral has no ends.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.symbols("x", real=True)
    >>> hole = sympy.Piecewise((x, sympy.Ne(x, 0)), (0, True))
    >>> evaluated(sympy.Derivative(hole, x), "the claim")
    1
    """
    try:
        for whole in expression.atoms(sympy.Integral, sympy.Sum, sympy.Product):
            _require_known_cases(whole)
        if not expression.has(Derivative, sympy.Subs, sympy.Limit):
            return expression.doit()
        expression = expression.replace(
            lambda e: isinstance(e, (Derivative, sympy.Subs)),
            lambda e: _derivative(e) if isinstance(e, Derivative) else _substituted(e),
        )
        if expression.has(sympy.Limit):
            expression = expression.replace(lambda e: isinstance(e, sympy.Limit), _taken)
    except (_Unknown, NotImplementedError) as error:
        raise DerivationError(f"{claim} is not proved: {error}") from None
    for whole in expression.atoms(sympy.Integral, sympy.Sum, sympy.Product):
        for gap in (g for g in whole.function.atoms(NoSlope) if g.has(*whole.variables)):
            kind = type(whole).__name__.lower()
            raise DerivationError(f"{claim} is not proved: inside the {kind}, {gap.reason}")
    return expression.doit()


def _require_known_cases(whole: Any) -> None:
    """Refuse an integrand or a term whose cases change where SymPy cannot tell.

    It finds the first place only at which sin x changes its sign.
    """
    for variable, *ends in whole.limits:
        conditions = _deciding(unfolded(whole.function), variable)
        if not isinstance(whole, sympy.Integral):
            if conditions and not all(end.is_number and end.is_finite for end in ends):
                raise _Unknown(f"{to_text(whole)} has cases under its sign; write it as several")
            continue
        if variable.is_integer:
            raise ValueError(
                f"an integral over {variable.name} has no meaning: the symbol is declared an "
                f'integer; write sympy.symbols("{variable.name}", real=True)'
            )
        if len(ends) != 2:
            raise ValueError(f"{to_text(whole.function)} needs two ends to be integrated between")
        for condition in conditions:
            gap = sympy.expand(condition.lhs - condition.rhs)
            slope = gap.coeff(variable, 1)
            linear = not (gap - slope * variable).expand().has(variable)
            if not (linear and slope.is_nonzero):
                _turns(condition, variable)


def _derivative(derivative: Derivative) -> Expr:
    """Take one derivative after the other; inside of it, all have been taken."""
    function = derivative.expr.doit()
    for variable, count in derivative.variable_count:
        if not count.is_Integer:
            raise _Unknown(f"the order {to_text(count)} of a derivative is not a number")
        for _ in range(int(count)):
            function = slope(function, variable)
    return function


def _substituted(subs: sympy.Subs) -> Expr:
    inner, names = subs.expr, set(subs.variables)
    for name, point in zip(subs.variables, subs.point, strict=True):
        if point.free_symbols & (names - {name}):  # at once or in turn: SymPy does not say
            raise _Unknown(
                f"what {to_text(name)} is replaced by is replaced, too; do one at a time"
            )
    if inner.has(Derivative):  # of an unknown function: SymPy keeps it
        return subs
    places = dict(zip(subs.variables, subs.point, strict=True))
    return inner.doit().subs(places, simultaneous=True)


@cache
def slope(function: Expr, variable: Symbol) -> Expr:
    """The derivative of a function of a real variable, case by case."""
    if variable.is_integer:
        raise ValueError(
            f"a derivative with respect to {variable.name} has no meaning: the symbol is "
            f'declared an integer; write sympy.symbols("{variable.name}", real=True)'
        )
    function = unfolded(function)
    if isinstance(function, Piecewise) and not any(c.has(variable) for _, c in function.args):
        return Piecewise(*((slope(branch, variable), c) for branch, c in function.args))
    turns = {c: _turns(c, variable) for c in _deciding(function, variable)}
    places = _distinct([place for found in turns.values() for place in found])
    if not turns:
        return _differentiated(function, variable)
    middles = [(low + high) / 2 for low, high in itertools.pairwise(places)]
    points = [places[0] - 1, *middles, places[-1] + 1] if places else [sympy.S.Zero]
    branches = [_branch(function, turns, variable, point) for point in points]
    formulas = [_differentiated(branch, variable) for branch in branches]
    alone, joined = [], []
    for k, place in enumerate(places):
        here = _branch(function, turns, variable, place)
        value = _slope_at(here, branches[k], branches[k + 1], variable, place)
        if _continues(formulas[k], variable, place, value):
            if formulas[k] != formulas[k + 1]:
                joined.append((formulas[k], variable <= place))
            continue
        if not _continues(formulas[k + 1], variable, place, value):
            alone.append((value, Eq(variable, place)))
        joined.append((formulas[k], variable < place))
    return Piecewise(*alone, *joined, (formulas[-1], True))


def _deciding(function: Expr, variable: Symbol) -> set[Relational]:
    """The relations on a variable that decide between cases."""
    return {c for c in deciding(function) if variable in c.free_symbols}


def _turns(condition: Relational, variable: Symbol) -> list[Expr]:
    """The places at which a condition can change, as exact numbers."""
    gap = sympy.expand(condition.lhs - condition.rhs)
    if gap.free_symbols == {variable} and gap.is_polynomial(variable):
        polynomial = sympy.Poly(gap, variable)
        if polynomial.degree() == 1:
            first, rest = polynomial.all_coeffs()
            place = sympy.simplify(-rest / first)
            if place.is_number and place.is_real:
                return [place]
        elif all(c.is_Rational for c in polynomial.all_coeffs()):
            return list(dict.fromkeys(sympy.real_roots(polynomial)))
    raise _Unknown(
        f"cannot tell where {to_text(condition)} changes in {to_text(variable)}, so the derivative "
        "there, or an integral across it, stays open"
    )


def _distinct(places: list[Expr]) -> list[Expr]:
    """Numbers in order, each once."""
    found: list[Expr] = []
    for place in sorted(set(places), key=lambda p: p.evalf(30)):
        if not found or _same(found[-1], place) is not True:
            found.append(place)
    return found


def _branch(function: Expr, turns: dict, variable: Symbol, point: Expr) -> Expr:
    """The function without its cases, as it is at a point and, between places, around it."""
    truths = {}
    for condition, places in turns.items():
        if any(_same(point, place) for place in places):
            truths[condition] = condition.func(0, 0)
            continue
        gap = (condition.lhs - condition.rhs).subs(variable, point)
        truths[condition] = condition.func(sympy.Integer(int(sympy.sign(gap.evalf(30)))), 0)
    branch = function.xreplace(truths)
    if _deciding(branch, variable) or branch is sympy.nan:
        raise _Unknown(
            f"{to_text(function)} leaves cases open at {to_text(variable)} = {to_text(point)}"
        )
    return branch


def _differentiated(function: Expr, variable: Symbol) -> Expr:
    """SymPy's derivative, except that what does not exist has no derivative either."""
    missing = sorted(function.atoms(NoSlope), key=sympy.default_sort_key)
    stand_ins = {gap: sympy.Function(f"missing_{k}")(variable) for k, gap in enumerate(missing)}
    back = {u: gap for gap, u in stand_ins.items()}
    back |= {Derivative(u, variable): gap for u, gap in back.items()}
    result = sympy.diff(function.xreplace(stand_ins), variable)
    for left in result.atoms(Derivative):
        if not isinstance(left.expr, AppliedUndef):
            raise _Unknown(f"the derivative of {to_text(left.expr)} is not known")
    return result.xreplace(back)


def _slope_at(here: Expr, left: Expr, right: Expr, variable: Symbol, place: Expr) -> Expr:
    """The derivative at a place, given the cases that hold there and on both sides of it."""
    for part in (here, left, right):
        missing = sorted(part.atoms(NoSlope), key=sympy.default_sort_key)
        if missing and part.has(Piecewise):  # where, depends on another variable
            raise _Unknown(f"the slope at {to_text(variable)} = {to_text(place)} cannot be told")
        if missing:
            return missing[0]
    at = here.subs(variable, place)
    jump = NoSlope(variable, place)
    sides = [_one_sided(right, variable, place, at, 1)]
    if left == right and _regular(left, variable, place, poles=True):
        sides *= 2  # a pole that a value fills up is filled up from both sides
    else:
        sides.insert(0, _one_sided(left, variable, place, at, -1))
    slopes = [side[1] for side in sides]
    corner = NoSlope(variable, place, *slopes)
    finite = not any(s.is_infinite for s in slopes)
    result = _if_same(*slopes, slopes[1], corner) if finite else corner
    for value, _ in sides:
        result = _if_same(value, at, result, jump)
    return result


def _if_same(first: Expr, second: Expr, then: Expr, otherwise: Expr) -> Expr:
    """One expression where two values agree, another where they do not."""
    same = _same(first, second)
    if same is None:
        return Piecewise((then, Eq(sympy.factor(first - second), 0)), (otherwise, True))
    return then if same else otherwise


def _same(first: Expr, second: Expr) -> bool | None:
    """Whether two values are equal; None where that depends on a symbol."""
    if first == second:
        return True
    if any(v is sympy.nan or v.is_finite is False for v in (first, second)):
        return False
    difference = sympy.expand(first - second)
    if difference != 0 and not difference.is_Rational:
        difference = sympy.simplify(difference)
    if difference.is_Rational:
        return difference == 0
    if not difference.is_number:
        return None
    size = difference.evalf(40)
    if not size.is_number or abs(size) < sympy.Rational(1, 10**30):
        raise _Unknown(f"whether {to_text(first)} and {to_text(second)} are equal cannot be told")
    return False


def _one_sided(
    branch: Expr, variable: Symbol, place: Expr, at: Expr, side: int
) -> tuple[Expr, Expr]:
    """The limit of a function from one side, and that of its difference quotient."""
    if _regular(branch, variable, place):
        tangent = _differentiated(branch, variable).subs(variable, place)
        return branch.subs(variable, place), tangent.doit()
    if branch.has(AppliedUndef, Piecewise):
        raise _Unknown(f"the slope at {to_text(variable)} = {to_text(place)} cannot be told")
    t = Dummy("t", positive=True)
    moved = branch.subs(variable, place + side * t)
    tangent = _limit((moved - at) / (side * t), t)
    return (at, tangent) if tangent.is_finite else (_limit(moved, t), tangent)


def _taken(limit: sympy.Limit) -> Expr:
    """SymPy's limit, if it is the same for all values of the other symbols."""
    inner, variable, place, direction = limit.args
    _require_reachable(variable, place, str(direction))
    value, t = limit.doit(), Dummy("t", positive=True)
    for sign in (1, -1) if str(direction) == "+-" else (-1 if str(direction) == "-" else 1,):
        moved = sympy.sign(place) / t if place.is_infinite else place + sign * t
        _require_settled(inner.doit().subs(variable, moved), t, to_text(inner))
    return value


def _require_reachable(variable: Symbol, place: Expr, direction: str) -> None:
    """Refuse a limit that a variable cannot come to, by what it is declared to be."""
    sides = {"+": (1,), "-": (-1,)}.get(direction, (1, -1))
    near = (
        [place]
        if place.is_infinite
        else [place + side * Dummy("t", positive=True) for side in sides]
    )
    if (
        (variable.is_integer and not place.is_infinite)
        or (variable.is_nonnegative and any(one.is_extended_negative for one in near))
        or (variable.is_nonpositive and any(one.is_extended_positive for one in near))
    ):
        raise _Unknown(
            f"{to_text(variable)} → {to_text(place)} contradicts what {to_text(variable)} is "
            "declared to be; take a limit of a real symbol"
        )


def _require_settled(expression: Expr, t: Symbol, text: str) -> None:
    """Refuse a limit for t → 0 that may be another one for some values of the other symbols.

    SymPy takes x/(x + a) to 0, whatever a is; for a = 0 it is 1.
    """
    others = expression.free_symbols - {t}
    if others and _settled(expression, t) is None:
        names = ", ".join(sorted(to_text(s) for s in others))
        raise _Unknown(f"the limit of {text} may be another one for special values of {names}")


def _settled(expression: Expr, t: Symbol) -> Expr | None:
    """The finite limit for t → 0 from above, if it holds for all values of the other symbols.

    Either all parts have one and are joined by what is continuous there, or `_tame` holds.
    """
    if t not in expression.free_symbols:
        poles = [p.base for p in expression.atoms(Pow) if not p.exp.is_nonnegative]
        return expression if all(base.is_nonzero for base in poles) else None
    if expression.free_symbols != {t}:
        factor, rest = expression.as_independent(t, as_Add=False)
        if factor != 1 and rest != expression:
            limits = [_settled(part, t) for part in (factor, rest)]
            if None not in limits and limits[1].is_finite:
                return limits[0] * limits[1]
        limits = [_settled(part, t) for part in expression.args]
        if None not in limits and all(part.is_finite for part in limits):
            first = limits[0] if limits else expression
            if isinstance(expression, (sympy.Add, sympy.Mul, *ENTIRE, AppliedUndef)) or (
                first.is_positive
                if isinstance(expression, sympy.log) or not expression.args[-1].is_integer
                else first.is_nonzero or expression.args[-1].is_nonnegative
            ):
                return expression.func(*limits)
        waves = [f for f in expression.atoms(sympy.Function) if t in f.free_symbols]
        if len(waves) > 1 or not _tame(expression, t):
            return None
    try:
        limit = sympy.limit(expression, t, 0, "+")
    except (NotImplementedError, ValueError, TypeError, sympy.PoleError):
        return None
    return limit if limit.is_extended_real else None


def _tame(expression: Expr, t: Symbol) -> bool:
    """Whether how fast an expression grows or vanishes for t → 0 hangs on no other symbol.

    Nothing in it can vanish or cancel: each part has one sign, and so have all terms of a sum.
    """
    if t not in expression.free_symbols:
        return bool(expression.is_positive or expression.is_negative)
    if expression == t:
        return True
    if not all(_tame(part, t) for part in expression.args):
        return False
    if isinstance(expression, sympy.Add):
        terms = expression.args
        return all(a.is_positive for a in terms) or all(a.is_negative for a in terms)
    if isinstance(expression, Pow):
        return bool(expression.base.is_positive and expression.exp.is_Rational)
    if isinstance(expression, sympy.sin):
        return _settled(expression.args[0], t) == 0
    return isinstance(expression, (sympy.Mul, sympy.exp, sympy.tanh))


def _limit(expression: Expr, t: Symbol) -> Expr:
    """The limit for t → 0 from above, if the numbers near 0 agree with what SymPy says."""
    _require_settled(expression, t, to_text(expression))
    try:
        limit = sympy.limit(expression, t, 0, "+")
    except (NotImplementedError, ValueError, TypeError, sympy.PoleError) as error:
        raise _Unknown(f"the limit of {to_text(expression)} is not known") from error
    known = limit.is_extended_real and not limit.has(sympy.AccumBounds, sympy.Limit)
    trials = _trials(expression.free_symbols - {t})
    if not known or not all(
        _approaches(expression.xreplace(trial), t, limit.xreplace(trial)) for trial in trials
    ):
        raise _Unknown(f"the limit of {to_text(expression)} is not known")
    return limit


def _trials(symbols: set[Symbol]) -> list[dict[Symbol, Expr]]:
    """Two choices of values: positive ones, and negative ones for symbols that may be negative."""
    chosen: list[dict[Symbol, Expr]] = [{}, {}]
    for k, symbol in enumerate(sorted(symbols, key=lambda s: s.name), start=2):
        size = sympy.Integer(k) if symbol.is_integer else sympy.Rational(7 * k + 1, 11 + k)
        chosen[0][symbol] = -size if symbol.is_nonpositive else size
        chosen[1][symbol] = size if symbol.is_nonnegative else -size
    return chosen


def _approaches(expression: Expr, t: Symbol, limit: Expr) -> bool:
    """Whether values near 0 come close to a limit, or grow if it is infinite."""
    value = sympy.lambdify([t], expression, modules="mpmath")
    with mpmath.workdps(200):
        try:
            far, near = (mpmath.mpmathify(value(mpmath.mpf(10) ** -k)) for k in (12, 24))
        except (ValueError, ZeroDivisionError, OverflowError, TypeError, NameError):
            return False
        if isinstance(near, mpmath.mpc):
            return False
        if limit.is_infinite:
            return bool(abs(near) > abs(far) and (near > 0) == (limit is sympy.oo))
        goal = mpmath.mpmathify(limit.evalf(60))
        return bool(abs(near - goal) <= mpmath.mpf(10) ** -6 * max(1, abs(goal)))


def _continues(formula: Expr, variable: Symbol, place: Expr, value: Expr) -> bool:
    """Whether a formula for the slope beside a place also gives the value there."""
    if value.has(NoSlope) or not _regular(formula, variable, place):
        return False
    return _same(formula.subs(variable, place), value) is True


def _regular(expression: Expr, variable: Symbol, place: Expr, poles: bool = False) -> bool:
    """Whether an expression is surely smooth around a place, so that it can be put in.

    With `poles`, it may also be a quotient of such expressions.
    """
    if variable not in expression.free_symbols or expression == variable:
        return not expression.has(NoSlope)
    parts = expression.args
    if isinstance(expression, Piecewise):
        parts = [part for part, _ in expression.args]
    elif isinstance(expression, Pow):
        base = expression.base.subs(variable, place)
        whole = expression.exp.is_integer and (poles or expression.exp.is_nonnegative)
        if not whole and not (base.is_nonzero if expression.exp.is_integer else base.is_positive):
            return False
    elif isinstance(expression, sympy.log):
        if not expression.args[0].subs(variable, place).is_positive:
            return False
    elif not isinstance(expression, (sympy.Add, sympy.Mul, *ENTIRE, AppliedUndef)):
        return False
    poles = poles and not isinstance(expression, (sympy.Function, Piecewise))
    return all(_regular(part, variable, place, poles) for part in parts)
