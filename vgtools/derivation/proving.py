"""Proving: normal forms, signs and where an expression is defined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import sympy
from sympy import Add, Derivative, Dummy, Expr, Piecewise, Pow, Rational
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from vgtools.derivation.conditions import Domain, as_bound, real_symbols
from vgtools.derivation.derivatives import ENTIRE, KINKED, NoSlope, evaluated, unfolded
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.printing import FLIPPED, to_text
from vgtools.derivation.refuting import (
    DIGITS,
    NEEDS_EVALF,
    assignment_text,
    evaluator,
    number_hints,
)

_HYPERBOLIC = [sympy.tanh, sympy.sinh, sympy.cosh, sympy.sech, sympy.csch, sympy.coth]


def _regions(expression: Expr, domain: Domain) -> Iterator[tuple[Expr, Domain]]:
    """Split the domain until no case distinction is left in the expression."""
    expression = unfolded(expression)
    pieces = expression.atoms(Piecewise)
    conditions = set().union(*(c.atoms(Relational) for p in pieces for _, c in p.args))
    if not conditions:
        yield expression, domain
        return
    chosen = min(conditions, key=lambda c: (as_bound(c) is None, sympy.default_sort_key(c)))
    bound = as_bound(chosen)
    settled = None if bound and bound[2].is_number else _settled(chosen, domain)
    for truth in (sympy.true, sympy.false) if settled is None else (settled,):
        part = domain.restricted(chosen if truth else sympy.Not(chosen))
        if part is None:
            continue
        opposite = sympy.Not(truth)
        known = {chosen: truth, chosen.reversed: truth}
        known |= {chosen.negated: opposite, chosen.negated.reversed: opposite}
        yield from _regions(expression.xreplace(known), part)


def _settled(condition: Relational, domain: Domain) -> Boolean | None:
    """The truth of a condition, if it is the same on the whole domain."""
    words = {"<": ("negative", "nonnegative"), "<=": ("nonpositive", "positive")}
    words |= {"==": ("zero", "nonzero"), "!=": ("nonzero", "zero")}
    operator, gap = condition.rel_op, condition.lhs - condition.rhs
    if operator in (">", ">="):
        operator, gap = FLIPPED[operator], -gap
    if operator not in words or gap.has(Piecewise):
        return None
    for truth, sign in zip((sympy.true, sympy.false), words[operator], strict=True):
        if is_proved_zero(gap, domain) if sign == "zero" else is_proved_sign(gap, sign, domain):
            return truth
    return None


def _parts(condition: Boolean, domains: list[Domain]) -> list[Domain]:
    """Domains that together are the part of some domains where a condition holds."""
    found = []
    for domain in domains:
        for alternative in sympy.Or.make_args(sympy.to_dnf(condition)):
            part: Domain | None = domain
            for relation in sympy.And.make_args(alternative):
                part = part and _part(relation, part)
            if part is not None:
                found.append(part)
    return found


def _part(condition: Boolean, domain: Domain) -> Domain | None:
    """The part of a domain where a relation holds, or None if it surely holds nowhere."""
    if isinstance(condition, Relational):
        bound = as_bound(condition)
        settled = None if bound and bound[2].is_number else _settled(condition, domain)
        if settled is sympy.false:
            return None
    return domain.restricted(condition)


def _cases(expression: Expr, domain: Domain) -> Iterator[Expr]:
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
    for attempt in (sympy.expand, _rational_form, sympy.simplify):
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
def is_proved_zero(expression: Expr, domain: Domain) -> bool:
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
def is_proved_sign(expression: Expr, sign: str, domain: Domain) -> bool:
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


# The conditions under which a function is defined, where it is not defined everywhere:
# pairs of (expression of the argument, required sign).
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


def require_defined(expression: Any, domain: Domain, claim: str) -> None:
    """Prove that an expression has a real value everywhere on the domain."""
    if isinstance(expression, Piecewise):
        rest = [domain]
        for branch, condition in expression.args:
            for part in rest:
                require_defined(condition, part, claim)
            for region in _parts(condition, rest):
                require_defined(branch, region, claim)
            rest = _parts(sympy.Not(condition), rest)
        if rest:
            raise DerivationError(f"{claim} is not proved: {to_text(expression)} leaves cases open")
        return
    if isinstance(expression, (Derivative, sympy.Subs)):
        _require_derivatives(expression, domain, claim)
        return
    if isinstance(expression, NoSlope):
        _refuse_gap(expression, domain, claim)
    for part, sign, why in _needs(expression, domain, claim):
        _require_sign(part, sign, why, domain, claim)
    if isinstance(expression, NEEDS_EVALF):
        value = evaluated(expression, claim)
        if not value.has(type(expression)):
            require_defined(_without_unknown_slopes(value), domain, claim)
        return
    if expression in (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        raise DerivationError(f"{claim} is not proved: {expression} is not a number")
    for argument in expression.args:
        require_defined(argument, domain, claim)


def _needs(expression: Any, domain: Domain, claim: str) -> list[tuple[Expr, str, str]]:
    """The signs that an expression asks of its own arguments, each with the reason."""
    if isinstance(expression, Pow):
        base, exponent = expression.args
        grows = exponent.is_nonnegative or (
            not exponent.is_number and is_proved_sign(exponent, "nonnegative", domain)
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
    if expression.func in _CONDITIONAL:
        found = _CONDITIONAL[expression.func](*expression.args)
        return [(*need, f"{expression.func.__name__} needs it") for need in found]
    if not isinstance(expression, (*ENTIRE, *KINKED)):
        raise DerivationError(
            f"{claim} is not proved: it is not known here where {expression.func} is defined"
        )
    return []


def _require_sign(part: Expr, sign: str, why: str, domain: Domain, claim: str) -> None:
    """Prove that a part of an expression is positive, nonzero, … on the domain."""
    part = evaluated(part, claim)
    if is_proved_sign(part, sign, domain):
        return
    names = sorted(real_symbols(part, *domain.given), key=lambda s: s.name)
    value = evaluator(part, names)
    for point in domain.points(names, number_hints(part)):
        found = value(point, DIGITS)
        if found is not None and not _has_sign(found, sign):
            raise DerivationError(
                f"{claim} does not hold as stated: {to_text(part)} is not {sign} ({why}) at "
                f"{assignment_text(point)}; add a condition with given=",
                point,
            )
    raise DerivationError(
        f"{claim} is not proved: could not show that {to_text(part)} is {sign} "
        f"({why}); add a condition with given="
    )


def _require_derivatives(expression: Derivative | sympy.Subs, domain: Domain, claim: str) -> None:
    """Prove that a derivative, at a symbol or at another argument, exists on the domain.

    A function has to be defined where it is differentiated: 1/x is the slope of ln x for
    positive x only. It has to be defined on both sides, too, which a power such as
    x^(3/2) may not be at the end of where it is real.
    """
    functions, at = [expression], {}
    if isinstance(expression, sympy.Subs):
        at = dict(zip(expression.variables, expression.point, strict=True))
        functions = [expression.expr, *expression.expr.atoms(Derivative)]
        for place in expression.point:
            require_defined(place, domain, claim)
    for function in functions:
        if isinstance(function, Derivative):
            function = function.expr
        elif function.has(Derivative):
            continue
        require_defined(function.subs(at, simultaneous=True), domain, claim)
    require_defined(_without_unknown_slopes(evaluated(expression, claim)), domain, claim)
    for derivative in expression.atoms(Derivative):
        function = evaluated(derivative.expr, claim).subs(at, simultaneous=True)
        for part, region in _regions(function, domain):
            for power in sorted(part.atoms(Pow), key=sympy.default_sort_key):
                constant = not at and not power.base.has(*derivative.variables)
                if (
                    power.exp.is_integer
                    or constant
                    or is_proved_sign(power.base, "positive", region)
                ):
                    continue
                raise DerivationError(
                    f"{claim} is not proved: {to_text(power)} may be undefined on one side of "
                    f"where {to_text(power.base)} is 0, so the derivative there stays open"
                )


def _refuse_gap(gap: NoSlope, domain: Domain, claim: str) -> None:
    """Raise because a derivative is missing, with a point of the domain if there is one."""
    symbols = real_symbols(gap.args[0], *domain.given)
    try:
        point = domain.points(symbols)[0]
    except ValueError:
        found = "could not exclude that"
        raise DerivationError(f"{claim} is not proved: {found} {gap.reason}") from None
    raise DerivationError(f"{claim} does not hold as stated: {gap.reason}", point)


def _without_unknown_slopes(expression: Expr) -> Expr:
    """Treat the derivatives of unknown functions, which are all that is left, as numbers."""
    return expression.replace(
        lambda e: isinstance(e, (Derivative, sympy.Subs)), lambda e: Dummy("slope", real=True)
    )
