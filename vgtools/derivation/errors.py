"""The error that every refused claim raises."""

from __future__ import annotations

from collections.abc import Mapping


class DerivationError(Exception):
    """A claim that is false, undefined somewhere, or not proved.

    Attributes
    ----------
    counterexample : dict or None
        The values of the symbols at which the claim fails, if one was found.
    """

    def __init__(self, message: str, counterexample: Mapping | None = None) -> None:
        super().__init__(message)
        self.counterexample = dict(counterexample) if counterexample is not None else None


class NotKnown(Exception):
    """A derivative or a limit that cannot be told here; the message says why."""
