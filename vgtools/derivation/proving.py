"""Proving: normal forms, and the signs that can be read off them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import sympy
from sympy import Add, Dummy, Expr, Piecewise, Rational
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from vgtools.derivation.cases import deciding, unfolded
from vgtools.derivation.conditions import Domain, as_bound
from vgtools.derivation.printing import FLIPPED

_HYPERBOLIC = [sympy.tanh, sympy.sinh, sympy.cosh, sympy.sech, sympy.csch, sympy.coth]


def regions(expression: Expr, domain: Domain) -> Iterator[tuple[Expr, Domain]]:
    """Split the domain until no case distinction is left in the expression."""
    expression = unfolded(expression)
    conditions = deciding(expression)
    if not conditions:
        yield expression, domain
        return
    chosen = min(conditions, key=lambda c: (as_bound(c) is None, sympy.default_sort_key(c)))
    known = same_everywhere(chosen, domain)
    for truth in (sympy.true, sympy.false) if known is None else (known,):
        part = domain.restricted(chosen if truth else sympy.Not(chosen))
        if part is None:
            continue
        opposite = sympy.Not(truth)
        truths = {chosen: truth, chosen.reversed: truth}
        truths |= {chosen.negated: opposite, chosen.negated.reversed: opposite}
        yield from regions(expression.xreplace(truths), part)


def same_everywhere(condition: Relational, domain: Domain) -> Boolean | None:
    """The truth of a condition, if it is proved to be the same on the whole domain.

    A bound on one symbol by a number is left open: the domain is split there.
    """
    bound = as_bound(condition)
    if bound is not None and bound[2].is_number:
        return None
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


def _cases(expression: Expr, domain: Domain) -> Iterator[Expr]:
    """What an expression is in each part of the domain, in fresh symbols that fill it."""
    for part, region in regions(expression, domain):
        bounds = region.bounds()
        for substitution in region.substitutions():
            case = part
            for _ in range(len(substitution)):
                try:
                    case = case.xreplace(substitution)
                except ValueError:  # the slope of an unknown function, by what is replaced
                    case = case.subs(substitution, simultaneous=True)
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
        except (sympy.PolynomialError, NotImplementedError, RecursionError):
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


_SIGNS_THAT_SHOW = {
    "positive": ("+",), "negative": ("-",), "nonzero": ("+", "-", "±"),
    "nonnegative": ("+", "0+"), "nonpositive": ("-", "0-"),
}  # fmt: skip


@cache
def is_proved_sign(expression: Expr, sign: str, domain: Domain) -> bool:
    """Prove that an expression is positive, negative, nonzero, … on the whole domain."""
    return all(_sign(case) in _SIGNS_THAT_SHOW[sign] for case in _cases(expression, domain))


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
        except (sympy.PolynomialError, NotImplementedError, RecursionError):
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
