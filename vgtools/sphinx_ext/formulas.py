"""Inline formulas that state something: where they stand, and what stands behind them.

`formulas.toml` holds one table for each `$...$` of a chapter with a relation in it.
A formula that is changed loses its entry, so nobody can change it without saying anew
what it rests on.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vgtools.sphinx_ext.evidence import EvidenceError, cells

FILE = "formulas.toml"
"""The file, at the top of the book."""

FIELDS = ("names", "equation", "check")
"""What may stand behind a formula; an entry says one of them."""

RELATION = re.compile(r"=|<|>|\\(?:le|ge|leq|geq|lt|gt|approx|neq|ne)\b")
PLAIN = re.compile(
    r"\|?(?:[A-Za-z]|\\(?:alpha|beta|gamma|lambda|rho|sigma|delta|theta))(?:_(?:\w|\{\w+\}))?\|?"
)
NUMBER = re.compile(r"[-+]?(?:\\pm)?(?:[\d.,]+|\\tfrac(?:\d|\{\d+\})(?:\d|\{\d+\}))")


@dataclass(frozen=True)
class Formula:
    """An inline formula, and what stands behind it.

    Attributes
    ----------
    chapter : str
        The file, without folder and ending.
    formula : str
        The LaTeX between the dollar signs.
    names, equation, check : str
        One of them says what it names, which display equation holds it, or which
        expression has to be true.
    """

    chapter: str
    formula: str
    names: str = ""
    equation: str = ""
    check: str = ""


def states(formula: str) -> bool:
    r"""Tell whether a formula relates two sides of which one is more than a name or a number.

    Examples
    --------
    >>> [states(text) for text in (r"\alpha = 0.25", "|w| > 4", "x^2", r"\sigma(z)")]
    [False, False, False, False]
    >>> [states(text) for text in (r"z = xW + b", r"\tfrac{2}{11} \approx 0.182", "q = 2^{-n}")]
    [True, True, True]
    """
    sides = [side.strip() for side in RELATION.split(formula)]
    if len(sides) < 2:
        return False
    names = [bool(PLAIN.fullmatch(side)) for side in sides]
    numbers = [bool(NUMBER.fullmatch(side)) for side in sides]
    # A name beside numbers gives it a value or a range; numbers alone are arithmetic.
    return not (all(a or b for a, b in zip(names, numbers)) and any(names))


def collect(path: Path) -> list[str]:
    """Return the formulas of a chapter that state something, wrong answers apart.

    Parameters
    ----------
    path : Path
        The notebook.

    Returns
    -------
    list of str
        The text between the dollar signs, in order, each once.
    """
    found = cells(path.read_text(encoding="utf-8"))
    text = "\n\n".join("".join(one["source"]) for one in found if one["cell_type"] != "code")
    text = re.sub(r"^(`{3,})(.*?)^\1$", fenced, text, flags=re.S | re.M)
    text = re.sub(r"^(:{3,}).*?^\1$", folded, text, flags=re.S | re.M)
    found = re.findall(r"(?<![\\$])\$([^$]+?)\$", text)
    return list(dict.fromkeys(" ".join(one.split()) for one in found if states(one)))


def fenced(box: re.Match) -> str:
    """Leave out what is code, and keep what is said in an exercise or a solution."""
    text = box[2]
    if not text.startswith(("{exercise}", "{solution}")):
        return ""
    return re.sub(r"^(`{3,})(.*?)^\1$", fenced, text, flags=re.S | re.M)


def folded(box: re.Match) -> str:
    """Leave out the wrong answers to a question: they state what does not hold."""
    wrong = r"^(:{3,})\{admonition\}[^\n]*\n:class: [^\n]*\bwrong\b.*?^\1$"
    return re.sub(wrong, "", box[0], flags=re.S | re.M)


def load(path: Path) -> list[Formula]:
    """Read the entries.

    Raises
    ------
    EvidenceError
        If the file cannot be read, or an entry does not say exactly one thing.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))["formula"]
        found = [Formula(**table) for table in tables]
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise EvidenceError(f"{path.name} cannot be read: {error}") from error
    for one in found:
        if sum(bool(getattr(one, name)) for name in FIELDS) != 1:
            raise EvidenceError(f"{path.name}: {one.formula} needs one of {', '.join(FIELDS)}")
    return found


def same(left: Any, right: Any) -> bool:
    """Tell whether SymPy finds two expressions identical."""
    import sympy  # which a build does not wait for: only the tests evaluate a check

    return sympy.simplify((left - right).rewrite(sympy.exp)) == 0


def holds(check: str) -> bool:
    """Evaluate the check of a formula.

    Parameters
    ----------
    check : str
        A Python expression with the names of SymPy; single letters are real symbols.

    Returns
    -------
    bool
        Whether it is true.

    Raises
    ------
    TypeError
        If the expression is neither true nor false.

    Examples
    --------
    >>> holds("same((x + 1)**2, x**2 + 2 * x + 1)"), holds("round(2 / 11, 3) == 0.183")
    (True, False)
    """
    import sympy

    letters = [letter for letter in string.ascii_letters if letter not in "EINOQS"]
    names: dict[str, Any] = {name: getattr(sympy, name) for name in sympy.__all__}
    names |= {letter: sympy.Symbol(letter, real=True) for letter in letters}
    functions: dict[str, Callable] = {"same": same, "round": round, "abs": abs, "float": float}
    value = eval(check, {"__builtins__": {}} | names | functions)
    if value not in (True, False):
        raise TypeError(f"{check} is {value}, which is neither true nor false")
    return bool(value)
