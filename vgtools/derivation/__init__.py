"""Equations that were checked before they are shown.

A display equation in the book is never typed as text. It is an object that holds
the SymPy expressions on both sides, and it exists only because the check behind it
passed. Three functions make one equation each:

* `verify` proves an identity, a bound or a decimal value;
* `define` names something, so that it needs no proof;
* `numeric` backs, by many random draws, what SymPy cannot hold.

`Derivation` strings steps together. Each step has a reason in words and is proved
by itself: equal expressions must be identical under the stated conditions, and
equations must be *equivalent*, not merely implied by one another.

How a claim is judged
---------------------
1. *Refute.* Both sides are evaluated at 50 and at 100 digits at points that satisfy
   the conditions, and at 2,000 digits where they seem to differ. If they do, that point
   is the counterexample.
2. *Is everything defined?* Each denominator must be shown to be nonzero, each
   argument of a logarithm positive, near the place of a limit too. A derivative must exist
   where it is taken: where cases meet, it is the limit of the difference quotient, and not
   SymPy's derivative of one case. Missing conditions such as 0 < P < 1 come to light here.
   The value that SymPy gives an integral must agree with quadrature at sample points.
3. *Prove.* Conditions become substitutions (0 < P < 1 turns into P = t/(1+t) with
   t > 0), case distinctions become separate proofs, and the difference of both
   sides is brought to a normal form that must be zero.

Numbers alone never count as a proof: a claim that survives step 1 and fails step 3
is refused as "not proved".

The order of the modules
------------------------
Each module imports from those above it only.

1. `errors`, `printing`: the error, and how expressions are written.
2. `conditions`: the domain of a claim.
3. `cases`, `limits`, `one_sided`, `derivatives`, `definitions`: what an expression is, with its
   cases, derivatives, limits from one side and names resolved.
4. `claim`: a claim with its sides, its domain and its text. All that follows takes it.
5. `evaluation`, `refuting`: step 1.
6. `proving`, `defined`, `quadrature`: normal forms and signs, and with them step 2.
7. `matrices`, `judging`, `equivalence`: the three steps in turn, for an identity, a bound or
   a decimal value, and for two relations.
8. `display`, `equations`, `arguments`: what is shown, what is kept, what is accepted.
9. `statements`, `draws`, `chains`: the public functions.
"""

from vgtools.derivation.chains import Derivation, Step
from vgtools.derivation.draws import numeric
from vgtools.derivation.equations import Equation
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.statements import define, verify

__all__ = [
    "Derivation",
    "DerivationError",
    "Equation",
    "Step",
    "define",
    "numeric",
    "verify",
]
