"""Alterations that may pass, each with its reason, from ``accepted.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


@cache
def _reasons() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def accepted(part: str, what: str) -> str | None:
    """Return the reason why an alteration may pass, if there is one.

    Parameters
    ----------
    part : {"equations", "code"}
    what : str
        The alteration, as the list of survivors names it.

    Examples
    --------
    >>> accepted("equations", "eq-of-nobody: 1") is None
    True
    """
    return _reasons().get(part, {}).get(what)
