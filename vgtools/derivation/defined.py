"""Where an expression has a real value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Derivative, Dummy, Expr, Piecewise, Pow
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.matexpr import MatrixExpr

from vgtools.derivation.cases import ENTIRE, KINKED
from vgtools.derivation.claim import Claim
from vgtools.derivation.conditions import Domain, real_symbols
from vgtools.derivation.definitions import with_own_names
from vgtools.derivation.derivatives import NoSlope, evaluated
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.evaluation import DIGITS, MANY_DIGITS, NEEDS_EVALF, evaluator, point_text
from vgtools.derivation.printing import to_text
from vgtools.derivation.proving import is_proved_sign, regions, same_everywhere

# The conditions under which a function is defined, where it is not defined everywhere:
# pairs of (expression of the argument, required sign).
NEEDED_SIGNS: dict[type, Callable[[Expr], list[tuple[Expr, str]]]] = {
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

# How near to its place the expression of a limit is looked at.
_NEAR = sympy.Rational(1, 1000)

# Matrices that are defined whenever their parts are.
_EVERYWHERE = (
    sympy.MatrixSymbol, sympy.Identity, sympy.ZeroMatrix, sympy.MatAdd, sympy.MatMul,
    sympy.MatPow, sympy.Transpose, sympy.HadamardProduct,
)  # fmt: skip


def require_defined(expression: Any, claim: Claim) -> None:
    """Prove that a part of a claim has a real value everywhere on its domain, or raise."""
    if expression == sympy.I:
        raise claim.not_proved("it holds i, and every number here is real")
    if isinstance(expression, Piecewise):
        _require_cases(expression, claim)
        return
    if isinstance(expression, MatrixExpr):
        require_matrix_defined(expression, claim)
        return
    if isinstance(expression, (Derivative, sympy.Subs)):
        _require_derivatives(expression, claim)
        return
    if isinstance(expression, NoSlope):
        _refuse_missing_slope(expression, claim)
    for part, sign, why in _needs(expression, claim):
        _require_sign(part, sign, why, claim)
    if isinstance(expression, (sympy.Integral, sympy.Sum, sympy.Product)):
        _require_range(expression, claim)
    if isinstance(expression, sympy.Limit):
        _require_defined_near(expression, claim)
    if isinstance(expression, NEEDS_EVALF):
        value = evaluated(expression, claim.text)
        if not value.has(type(expression)):
            require_defined(_without_unknown_slopes(value), claim)
        return
    if expression in (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise claim.not_proved(f"{expression} is not a number")
    for argument in expression.args:
        require_defined(argument, claim)


def _require_range(whole: Any, claim: Claim) -> None:
    """Prove that an integrand or a term has a value everywhere between the limits, or raise.

    SymPy takes the difference of an antiderivative across a pole, too.
    """
    whole = with_own_names(whole)
    choices: list[dict] = [{}]
    for variable, *ends in reversed(whole.limits):  # the last one binds in the others
        if not ends:
            continue
        for end in (end for end in ends if not end.is_infinite):
            require_defined(end, claim)
            if not isinstance(whole, sympy.Integral) and not end.is_integer:
                raise claim.not_proved(
                    f"{to_text(end)} is not known to be an integer, and it is an end of "
                    f"{to_text(whole)}; declare its symbols with integer=True"
                )
        kind = _points_between if isinstance(whole, sympy.Integral) else _integers_from
        choices = [
            choice | {variable: place.xreplace(choice)}
            for choice in choices
            for place in kind(*ends)
        ]
    inner, reasons = whole.function, []
    if inner.has(Derivative, sympy.Subs):
        for choice in choices:
            _require_slopes(inner, claim, choice)
        inner = _without_unknown_slopes(evaluated(inner, claim.text))
    if not inner.has(*whole.variables):
        require_defined(inner, claim)
        return
    for choice in choices:
        try:
            require_defined(inner.xreplace(choice), claim)
        except DerivationError as error:
            reasons.append(_reason(error))
    one_is_enough = not isinstance(whole, sympy.Integral) and len(whole.limits) == 1
    if len(reasons) == len(choices) or (reasons and not one_is_enough):
        ranges = ", ".join(
            f"from {to_text(ends[0])} to {to_text(ends[1])}" for _, *ends in whole.limits if ends
        )
        raise claim.not_proved(
            f"{to_text(whole.function)} is not shown to have a value everywhere {ranges}: "
            f"{reasons[0]}"
        )


def _require_defined_near(limit: sympy.Limit, claim: Claim) -> None:
    """Prove that what a limit is taken of has a real value near its place, or raise.

    SymPy takes the limit of √x for x → 0 from the left, too.
    """
    inner, variable, place, direction = limit.args
    far = 1 / _NEAR
    sides = {"+": [(place, place + _NEAR)], "-": [(place - _NEAR, place)]}
    if place.is_infinite:
        near = [variable > far if place is sympy.oo else variable < -far]
    else:
        require_defined(place, claim)
        both = [*sides["-"], *sides["+"]]
        ends = sides.get(str(direction), both)
        near = [sympy.And(variable > low, variable < high) for low, high in ends]
    for condition in near:
        domain = claim.domain.restricted(condition)
        try:
            if domain is not None:
                require_defined(inner, claim.within(domain))
        except DerivationError as error:
            raise claim.not_proved(
                f"{to_text(inner)} is not shown to have a real value near the place of the limit, "
                f"{to_text(variable)} → {to_text(place)}: {_reason(error)}"
            ) from None


def _reason(error: DerivationError) -> str:
    """The reason that an error gives after it has named the claim."""
    return re.split(r" (?:is not proved|does not hold as stated): ", str(error), maxsplit=1)[-1]


def _points_between(low: Expr, high: Expr) -> list[Expr]:
    """Expressions that together take every value between two ends, whichever is larger."""
    t = Dummy("t", nonnegative=True)
    if low.is_infinite and high.is_infinite:
        return [Dummy("t", real=True)]
    if low.is_infinite or high.is_infinite:
        end, other = (high, low) if low.is_infinite else (low, high)
        return [end + t if other is sympy.oo else end - t]
    return [(low + high * t) / (1 + t), high]


def _integers_from(first: Expr, last: Expr) -> list[Expr]:
    """Expressions each of which takes every integer between two ends, and others too."""
    t = Dummy("t", integer=True, nonnegative=True)
    if first.is_infinite and last.is_infinite:
        return [Dummy("t", integer=True)]
    return [end + sign * t for end, sign in ((first, 1), (last, -1)) if not end.is_infinite]


def is_defined(expression: Expr, claim: Claim) -> bool:
    """Tell whether an expression is proved to have a value on the domain of a claim."""
    try:
        require_defined(expression, claim)
    except DerivationError:
        return False
    return True


def require_matrix_defined(expression: Any, claim: Claim) -> None:
    """Prove that a matrix and the factors in it have values on the domain, or raise."""
    power = isinstance(expression, sympy.MatPow) and not expression.exp.is_nonnegative
    if power or isinstance(expression, sympy.Inverse):
        raise claim.not_proved(
            f"not every {to_text(expression.base)} has an inverse; back it with vg.numeric"
        )
    if isinstance(expression, sympy.MatPow) and not expression.exp.is_integer:
        raise claim.not_proved(
            f"not every {to_text(expression.base)} has a power {to_text(expression.exp)}"
        )
    if not isinstance(expression, _EVERYWHERE):
        raise claim.not_proved(
            f"it is not known here where {type(expression).__name__} is defined; "
            "back it with vg.numeric"
        )
    if isinstance(expression, (sympy.MatrixSymbol, sympy.Identity, sympy.ZeroMatrix)):
        return
    for part in expression.args:
        check = require_matrix_defined if isinstance(part, MatrixExpr) else require_defined
        check(part, claim)


def _require_cases(pieces: Piecewise, claim: Claim) -> None:
    """Each case has to be defined where it holds, and one has to hold everywhere."""
    rest = [claim.domain]
    for branch, condition in pieces.args:
        for part in rest:
            require_defined(condition, claim.within(part))
        for part in _parts(condition, rest):
            require_defined(branch, claim.within(part))
        rest = _parts(sympy.Not(condition), rest)
    if rest:
        raise claim.not_proved(f"{to_text(pieces)} leaves cases open")


def _parts(condition: Boolean, domains: list[Domain]) -> list[Domain]:
    """Domains that together are the part of some domains where a condition holds."""
    found = []
    for domain in domains:
        for alternative in sympy.Or.make_args(sympy.to_dnf(condition)):
            part: Domain | None = domain
            for one in sympy.And.make_args(alternative):
                if part is None:
                    break
                never = isinstance(one, Relational) and same_everywhere(one, part) is sympy.false
                part = None if never else part.restricted(one)
            if part is not None:
                found.append(part)
    return found


def _needs(expression: Any, claim: Claim) -> list[tuple[Expr, str, str]]:
    """The signs that an expression asks of its own arguments, each with the reason."""
    if isinstance(expression, Pow):
        base, exponent = expression.args
        grows = exponent.is_nonnegative or (
            not exponent.is_number and is_proved_sign(exponent, "nonnegative", claim.domain)
        )
        if exponent.is_integer:
            return [] if grows else [(base, "nonzero", "it is a denominator")]
        if grows:
            return [(base, "nonnegative", "it stands under a root")]
        return [(base, "positive", "it is raised to a power")]
    if isinstance(expression, (sympy.Sum, sympy.Product)):
        # From 1 to −5, SymPy subtracts what lies between; a reader adds nothing.
        return [
            (last - first + 1, "nonnegative", "that many terms are there")
            for _, first, last in expression.limits
            if last.is_finite
        ]
    if isinstance(expression, AppliedUndef) or not isinstance(expression, sympy.Function):
        return []
    if expression.func in NEEDED_SIGNS:
        found = NEEDED_SIGNS[expression.func](*expression.args)
        return [(*need, f"{expression.func.__name__} needs it") for need in found]
    if not isinstance(expression, (*ENTIRE, *KINKED)):
        raise claim.not_proved(f"it is not known here where {expression.func} is defined")
    return []


def _require_sign(part: Expr, sign: str, why: str, claim: Claim) -> None:
    """Prove that a part of an expression is positive, nonzero, … on the domain."""
    part = evaluated(part, claim.text)
    if is_proved_sign(part, sign, claim.domain):
        return
    value = evaluator(part)
    for point in claim.domain.points(real_symbols(part, *claim.domain.given), [part]):
        found = value(point, DIGITS)
        if found is not None and not _has_sign(found, sign) and not part.has(*NEEDS_EVALF):
            found = value(point, MANY_DIGITS)  # large terms may have cancelled
        if found is not None and not _has_sign(found, sign):
            raise claim.undefined(
                f"{to_text(part)} is not {sign} ({why}) at {point_text(point)}; "
                "add a condition with given=",
                point,
            )
    raise claim.not_proved(
        f"could not show that {to_text(part)} is {sign} ({why}); add a condition with given="
    )


def _has_sign(value: Any, sign: str) -> bool:
    return {
        "positive": value > 0,
        "nonzero": value != 0,
        "nonnegative": value >= 0,
    }[sign]


def _require_slopes(expression: Expr, claim: Claim, places: Mapping) -> None:
    """Prove that the derivatives in an integrand or a term exist at some places of it."""
    if isinstance(expression, (Derivative, sympy.Subs)):
        _require_derivatives(expression, claim, places)
        return
    for part in expression.args:
        _require_slopes(part, claim, places)


def _require_derivatives(
    expression: Derivative | sympy.Subs, claim: Claim, places: Mapping = MappingProxyType({})
) -> None:
    """Prove that a derivative, at a symbol or at another argument, exists on the domain.

    A function has to be defined where it is differentiated: 1/x is the slope of ln x for
    positive x only. It has to be defined on both sides, too, which a power such as
    x^(3/2) may not be at the end of where it is real. Under an integral or a sum, `places`
    are what its variables stand for.
    """
    functions, at = [expression], {}
    if isinstance(expression, sympy.Subs):
        at = dict(zip(expression.variables, expression.point, strict=True))
        functions = [expression.expr, *expression.expr.atoms(Derivative)]
        for place in expression.point:
            require_defined(place.xreplace(places), claim)

    def placed(function: Expr) -> Expr:
        return function.subs(at, simultaneous=True).xreplace(places)

    for function in functions:
        if isinstance(function, Derivative):
            function = function.expr
        elif function.has(Derivative):
            continue
        require_defined(placed(function), claim)
    slope = _without_unknown_slopes(evaluated(expression, claim.text))
    require_defined(slope.xreplace(places), claim)
    for derivative in expression.atoms(Derivative):
        function = placed(evaluated(derivative.expr, claim.text))
        for part, region in regions(function, claim.domain):
            for power in sorted(part.atoms(Pow), key=sympy.default_sort_key):
                constant = not at and not power.base.has(*derivative.variables)
                if power.exp.is_integer or constant:
                    continue
                if not is_proved_sign(power.base, "positive", region):
                    raise claim.not_proved(
                        f"{to_text(power)} may be undefined on one side of where "
                        f"{to_text(power.base)} is 0, so the derivative there stays open"
                    )


def _refuse_missing_slope(gap: NoSlope, claim: Claim) -> None:
    """Raise because a derivative is missing, with a point of the domain if there is one."""
    try:
        point = claim.domain.points(real_symbols(gap.args[0], *claim.domain.given))[0]
    except ValueError:
        raise claim.not_proved(f"could not exclude that {gap.reason}") from None
    raise claim.undefined(gap.reason, point)


def _without_unknown_slopes(expression: Expr) -> Expr:
    """Treat the derivatives of unknown functions, which are all that is left, as numbers."""
    return expression.replace(
        lambda e: isinstance(e, (Derivative, sympy.Subs)), lambda e: Dummy("slope", real=True)
    )
