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

import sympy
from sympy import Derivative, Dummy, Eq, Expr, Piecewise, Pow, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from vgtools.derivation.cases import ENTIRE, deciding, unfolded
from vgtools.derivation.errors import DerivationError, NotKnown
from vgtools.derivation.limits import by_cases
from vgtools.derivation.one_sided import limit_at_zero, taken
from vgtools.derivation.printing import to_text

# Functions whose steps SymPy does not find when it integrates or adds up.
_STEPS = (sympy.floor, sympy.ceiling, sympy.frac)


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
            return _summed(expression)
        expression = expression.replace(
            lambda e: isinstance(e, (Derivative, sympy.Subs)),
            lambda e: _derivative(e) if isinstance(e, Derivative) else _substituted(e),
        )
        expression = expression.replace(lambda e: isinstance(e, sympy.Limit), _limit)
    except (NotKnown, NotImplementedError) as error:
        raise DerivationError(f"{claim} is not proved: {error}") from None
    except TypeError as error:
        if "non-real" not in str(error):
            raise
        raise DerivationError(f"{claim} is not proved: {error}") from None
    for whole in expression.atoms(sympy.Integral, sympy.Sum, sympy.Product):
        for gap in (g for g in whole.function.atoms(NoSlope) if g.has(*whole.variables)):
            kind = type(whole).__name__.lower()
            raise DerivationError(f"{claim} is not proved: inside the {kind}, {gap.reason}")
    return _summed(expression)


def _require_known_cases(whole: Any) -> None:
    """Refuse an integrand or a term whose cases change where SymPy cannot tell.

    It finds the first place only at which sin x changes its sign.
    """
    for variable, *ends in whole.limits:
        if whole.function.has(*_STEPS):
            raise NotKnown(f"{to_text(whole)} has steps that are not written as cases")
        conditions = _deciding(unfolded(whole.function), variable)
        if not isinstance(whole, sympy.Integral):
            if conditions and not all(end.is_number and end.is_finite for end in ends):
                raise NotKnown(f"{to_text(whole)} has cases under its sign; write it as several")
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


def _limit(limit: sympy.Limit) -> Expr:
    """Take a limit, on the side that it comes from if there are cases."""
    limit = sympy.Limit(_summed(limit.args[0]), *limit.args[1:])
    return taken(by_cases(limit))


def _summed(expression: Expr) -> Expr:
    """Take the integrals, sums and products of an expression without derivatives."""
    return expression.replace(lambda e: isinstance(e, sympy.Integral), _integrated).doit()


def _integrated(integral: sympy.Integral) -> Expr:
    """Take an integral, without logarithms of negative numbers.

    SymPy's value of ∫ dy/(1 − y) from 0 to x is −ln(x − 1) + iπ, and x − 1 is negative. The
    integral of what is real is real, and the real part of ln u is ln |u|.
    """
    value = integral.doit()
    complex_ones = [f for f in value.atoms(sympy.log) if not f.args[0].is_positive]
    names = {f: Dummy("log", real=True) for f in complex_ones}
    linear = sympy.expand(value.xreplace(names))
    unknown = (sympy.I, *names.values())
    if (
        not names
        or not all(f.args[0].is_real for f in complex_ones)
        or any(linear.diff(name).has(*unknown) for name in names.values())
        or linear.coeff(sympy.I).has(*unknown)
    ):
        return value
    real = {name: sympy.log(sympy.Abs(f.args[0])) for f, name in names.items()}
    return (linear - sympy.I * linear.coeff(sympy.I)).xreplace(real)


def _derivative(derivative: Derivative) -> Expr:
    """Take one derivative after the other; inside of it, all have been taken."""
    function = derivative.expr.doit()
    for variable, count in derivative.variable_count:
        if not count.is_Integer:
            raise NotKnown(f"the order {to_text(count)} of a derivative is not a number")
        for _ in range(int(count)):
            function = slope(function, variable)
    return function


def _substituted(subs: sympy.Subs) -> Expr:
    inner, names = subs.expr, set(subs.variables)
    for name, point in zip(subs.variables, subs.point, strict=True):
        if point.free_symbols & (names - {name}):  # at once or in turn: SymPy does not say
            raise NotKnown(
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
    raise NotKnown(
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
        raise NotKnown(
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
    if any(p.exp.is_integer and not p.exp.is_number for p in result.atoms(Pow)):
        result = sympy.powsimp(result, combine="exp")  # of x^n it is n·x^n/x, and 0/0 at 0
    for left in result.atoms(Derivative):
        if not isinstance(left.expr, AppliedUndef):
            raise NotKnown(f"the derivative of {to_text(left.expr)} is not known")
    return result.xreplace(back)


def _slope_at(here: Expr, left: Expr, right: Expr, variable: Symbol, place: Expr) -> Expr:
    """The derivative at a place, given the cases that hold there and on both sides of it."""
    for part in (here, left, right):
        missing = sorted(part.atoms(NoSlope), key=sympy.default_sort_key)
        if missing and part.has(Piecewise):  # where, depends on another variable
            raise NotKnown(f"the slope at {to_text(variable)} = {to_text(place)} cannot be told")
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
        raise NotKnown(f"whether {to_text(first)} and {to_text(second)} are equal cannot be told")
    return False


def _one_sided(
    branch: Expr, variable: Symbol, place: Expr, at: Expr, side: int
) -> tuple[Expr, Expr]:
    """The limit of a function from one side, and that of its difference quotient."""
    if _regular(branch, variable, place):
        tangent = _differentiated(branch, variable).subs(variable, place)
        return branch.subs(variable, place), tangent.doit()
    if branch.has(AppliedUndef, Piecewise):
        raise NotKnown(f"the slope at {to_text(variable)} = {to_text(place)} cannot be told")
    t = Dummy("t", positive=True)
    moved = branch.subs(variable, place + side * t)
    tangent = limit_at_zero((moved - at) / (side * t), t)
    return (at, tangent) if tangent.is_finite else (limit_at_zero(moved, t), tangent)


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
