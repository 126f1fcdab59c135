"""A claim: two sides, how they compare, where, and what their names mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sympy
from sympy import Symbol

from vgtools.derivation.conditions import Domain, real_symbols
from vgtools.derivation.definitions import with_meanings, with_own_names
from vgtools.derivation.derivatives import evaluated
from vgtools.derivation.errors import DerivationError
from vgtools.derivation.printing import SIGNS, to_text


@dataclass(frozen=True, eq=False)
class Claim:
    """What refuter and prover judge.

    Attributes
    ----------
    left, right : sympy expression
        Both sides, as the author wrote them.
    relation : str
        ``"=="``, ``"<"``, ``"<="``, ``">"`` or ``">="``.
    domain : Domain
        Where the claim is to hold.
    where : mapping
        What the names in the sides mean.
    name : str, optional
        How messages call the claim, if not by its two sides.
    """

    left: Any
    relation: str
    right: Any
    domain: Domain = Domain()
    where: Mapping = field(default_factory=dict)
    name: str | None = None

    @cached_property
    def text(self) -> str:
        """The claim as messages write it."""
        return self.name or f"{to_text(self.left)} {SIGNS[self.relation]} {to_text(self.right)}"

    @cached_property
    def sides(self) -> tuple[Any, Any]:
        """Both sides with meanings in the place of names; derivatives stay unevaluated."""
        taken = set().union(*(e.free_symbols for e in (self.left, self.right, *self.domain.given)))
        left, right = (with_own_names(side, taken) for side in (self.left, self.right))
        return with_meanings(left, self.where), with_meanings(right, self.where)

    def __post_init__(self) -> None:
        """Read the conditions, too, with meanings in the place of names."""
        if self.where and self.domain.given:
            given = [with_meanings(relation, self.where) for relation in self.domain.given]
            if sympy.false in given:
                never = self.domain.given[given.index(sympy.false)]
                raise ValueError(f"the condition {to_text(never)} never holds")
            domain = Domain(tuple(relation for relation in given if relation is not sympy.true))
            object.__setattr__(self, "domain", domain)

    @cached_property
    def symbols(self) -> set[Symbol]:
        """What the claim is about; each symbol must be declared real."""
        if any(side.has(sympy.Indexed) for side in self.sides):
            raise ValueError(f"{self.text} holds an indexed symbol; write plain symbols instead")
        return real_symbols(*self.sides, *self.domain.given)

    @cached_property
    def values(self) -> tuple[Any, Any]:
        """Both sides with their derivatives, limits and sums evaluated."""
        left, right = self.sides
        return evaluated(left, self.text), evaluated(right, self.text)

    def within(self, domain: Domain) -> Claim:
        """Return the same claim on another domain, such as a part of its own."""
        return replace(self, domain=domain, name=self.text)

    def not_proved(self, why: str) -> DerivationError:
        """Return the error for a claim that may be true."""
        return DerivationError(f"{self.text} is not proved: {why}")

    def undefined(self, why: str, point: Mapping) -> DerivationError:
        """Return the error for a claim that makes no sense at a point of its domain."""
        return DerivationError(f"{self.text} does not hold as stated: {why}", point)
