"""Writing mathematics the way a textbook does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import sympy
from sympy import Derivative, Expr, Piecewise, Pow, Rational, Symbol
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.printing.conventions import requires_partial
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.pretty_symbology import pretty_symbol, pretty_use_unicode
from sympy.printing.str import StrPrinter

FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
SIGNS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥", "~": "≈"}
TEX_SIGNS = {"==": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge",
             "~": r"\approx"}  # fmt: skip


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
        text = " ".join(part for _, part in self.signed_terms(expr))
        return text.removeprefix("+ ")

    def signed_terms(self, expr: Expr) -> list[tuple[Expr, str]]:
        """Each term of a sum with its text, which begins with a plus or a minus."""
        terms = []
        for term in self._as_ordered_terms(expr):
            part = self._print(term)
            if term.is_Add or (isinstance(term, Piecewise) and term is not expr.args[-1]):
                part = rf"\left({part}\right)"
            minus = part.startswith("-")
            terms.append((term, "- " + part[1:].lstrip() if minus else "+ " + part))
        return terms

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
        order = sum(number for _, number in expr.variable_count)
        if len(expr.variable_count) == 1 and count.is_Integer:
            if isinstance(inner, AppliedUndef) and inner.args == (variable,):
                name = self._hprint_Function(inner.func.__name__)
                return name + _primes(int(count), tex=True) + self._arguments(inner.args)
        several = len(expr.variable_count) > 1
        d = r"\partial" if several or requires_partial(inner) else "d"
        gap = d + " " if d != "d" else d
        upper = d if order == 1 else f"{d}^{{{self._print(order)}}}"
        lower = r" \, ".join(
            f"{gap}{self._print(name)}" + ("" if number == 1 else f"^{{{self._print(number)}}}")
            for name, number in expr.variable_count
        )
        composite = isinstance(inner, AppliedUndef) and not any(
            argument.is_Symbol or isinstance(argument, AppliedUndef) for argument in inner.args
        )  # df/dx would read as f', which is another slope
        if inner.is_Symbol or (isinstance(inner, AppliedUndef) and not composite):
            if inner.is_Symbol:
                name = self._print(inner)
            else:
                name = self._hprint_Function(inner.func.__name__)
            return rf"\frac{{{gap if order == 1 else upper}{name}}}{{{lower}}}"
        text = self._print(inner)
        operator = rf"\frac{{{upper}}}{{{lower}}}"
        return rf"{operator}\left[{text}\right]" if inner.args else f"{operator} {text}"

    def _print_Subs(self, expr: sympy.Subs) -> str:
        shifted = _primed(expr)
        if shifted is not None:
            function, count, place = shifted
            name = self._hprint_Function(function.__name__)
            return name + _primes(count, tex=True) + self._arguments((place,))
        return super()._print_Subs(expr)

    def _print_Transpose(self, expr: MatrixExpr) -> str:
        return rf"{self.parenthesize(expr.arg, PRECEDENCE['Pow'])}^{{\mathsf T}}"

    def _print_Piecewise(self, expr: Piecewise) -> str:
        rows = [
            rf"{self._print(e)} & \text{{{'if ' if c is not None else 'otherwise'}}}"
            + (self._print(c) if c is not None else "")
            for e, c in _branches(expr)
        ]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _print_Relational(self, expr: Relational) -> str:
        return f"{self._print(expr.lhs)} {TEX_SIGNS[expr.rel_op]} {self._print(expr.rhs)}"

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
        return pretty_name(expr.name)

    _print_Dummy = _print_Symbol

    def _print_MatrixSymbol(self, expr: sympy.MatrixSymbol) -> str:
        return pretty_name(expr.name)

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
        known = {"log": "ln", "Heaviside": "H", "Max": "max", "Min": "min"}
        name = known.get(name) or _INVERSE.get(name) or pretty_name(name)
        return f"{name}({', '.join(self._print(a) for a in expr.args)})"

    _print_log = _print_Heaviside = _print_Max = _print_Min = _print_Function
    _print_LatticeOp = _print_Function

    def _print_Abs(self, expr: Expr) -> str:
        return f"|{self._print(expr.args[0])}|"

    def _print_Derivative(self, expr: Derivative) -> str:
        inner, (variable, count) = expr.expr, expr.variable_count[0]
        if isinstance(inner, AppliedUndef) and inner.args == (variable,):
            name = pretty_name(inner.func.__name__)
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
            return (
                f"{pretty_name(function.__name__)}{_primes(count, tex=False)}({self._print(place)})"
            )
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
        return f"{self._print(expr.lhs)} {SIGNS[expr.rel_op]} {self._print(expr.rhs)}"

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


def pretty_name(name: str) -> str:
    """``alpha_1`` as α₁."""
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


def to_latex(expression: Any) -> str:
    """An expression or relation in LaTeX, textbook style."""
    return _Latex({"ln_notation": True, "order": "none"}).doprint(expression)


def latex_terms(expression: Expr) -> list[tuple[Expr, str]]:
    """Each term of a sum with its LaTeX, which begins with a plus or a minus."""
    return _Latex({"ln_notation": True, "order": "none"}).signed_terms(expression)


def to_text(expression: Any) -> str:
    """An expression or relation as one line of Unicode text."""
    text = _Plain({"order": "none"}).doprint(expression)
    return text.replace("**", "^").replace("*", "·").replace("-", "−")
