"""Symbols, functions and definitions that the tests of derivations share."""

from __future__ import annotations

import sympy
from sympy import Eq, Function, Ne, Rational, Symbol, exp, log

from vgtools.derivation import Derivation, define

P, x, y, z, w = sympy.symbols("P x y z w", real=True)
a, b, s, u = sympy.symbols("alpha b s u", positive=True)
n, k = sympy.symbols("n k", integer=True, positive=True)
m, m0 = Symbol("m", integer=True), Symbol("m", integer=True, nonnegative=True)
q, q0 = Symbol("q", negative=True), Symbol("q", nonpositive=True)
p0, r = Symbol("p", nonnegative=True), Symbol("r", real=True, nonzero=True)
f, g = Function("f", real=True), Function("g", real=True)
L, sigma = Function("L"), Function("sigma")
SIGMA = {sigma: sympy.Lambda(x, 1 / (1 + exp(-x)))}
LOSS = define(L(z, y), -y * log(sigma(z)) - (1 - y) * log(1 - sigma(z)), where=SIGMA)
INSIDE = (P > 0, P < 1)
HALF, QUARTER = Rational(1, 2), Rational(1, 4)

# Steps that are wrong, or only implied in one direction.
NOT_EQUIVALENT = [
    (Eq(log(P / (1 - P)), z), Eq(P / (1 - P), exp(-z)), INSIDE),
    (Eq(P / (1 - P), exp(z)), Eq(P, (1 + P) * exp(z)), INSIDE),
    (Eq(log(P / (1 - P)), z), Eq(P, 1 / (1 + exp(z))), INSIDE), (Eq(x, y), Eq(x**2, y**2), ()),
    (Eq(x**2, y**2), Eq(x, y), ()), (Eq(x**2, x * y), Eq(x, y), ()),
    (Eq(x, y), Eq(x * w, y * w), ()), (Eq(x, 1), Eq(x**2, 1), ()), (Eq(x, y), Eq(x, -y), ()),
    (w * y >= 1, w >= 1 / y, (Ne(y, 0),)), (w * s >= 1, w > 1 / s, ()),
    (w * s >= 1, w <= 1 / s, ()), (x > y, -x > -y, ()), (x**2 < w**2, x < w, ()),
    (x < y, x <= y, ()), (Eq(x, 1), Eq(x, 2), ()), (Eq(x + y, 1), Eq(x, 1), ()),
    (Eq(r**3, 2), Eq(r**3, 3), ()),
]  # fmt: skip


LOGIT_STEPS = [
    (Eq(P / (1 - P), exp(z)), r"apply $\exp$ to both sides"),
    (Eq(P, (1 - P) * exp(z)), "multiply by $1 - P$, which is not zero"),
    (Eq(P, sympy.Add(exp(z), -P * exp(z), evaluate=False)), "multiply out"),
    (Eq(P * (1 + exp(z)), exp(z)), "collect $P$"),
    (Eq(P, exp(z) / (1 + exp(z))), "divide by $1 + e^z$"),
    (Eq(P, 1 / (1 + exp(-z))), "divide both by $e^z$"),
]


def logit_to_sigmoid(**options):
    chain = Derivation(Eq(log(P / (1 - P)), z), given=INSIDE, **options)
    for equation, reason in LOGIT_STEPS:
        chain = chain.step(equation, because=reason)
    return chain
