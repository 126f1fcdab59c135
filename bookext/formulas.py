"""Inline formulas that state something: where they stand, and what stands behind them.

`formulas.toml` holds one table for each `$...$` of a chapter with a relation in it.
A formula that is changed loses its entry, so nobody can change it without saying anew
what it rests on. A formula without an entry, one that is no part of the equation that it
names, and a check that is not true are warnings of the build, which end `make book`.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.logging import getLogger

from bookext import notebooks
from bookext.notebooks import EvidenceError, Statement

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

FILE = "formulas.toml"
"""The file, at the top of the book."""

FIELDS = ("names", "equation", "check")
"""What may stand behind a formula."""

HELD = "formulas_held"
"""Where the environment remembers which checks held, so that a build evaluates the others."""

_logger = getLogger(__name__)

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
        What it names; or which display equation it is a part of; or which expression has
        to be true. An equation and a check: it follows from that equation.
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


def collect(text: str) -> list[str]:
    """Return the formulas of a chapter that state something, wrong answers apart."""
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
    """Read the entries."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))["formula"]
        found = [Formula(**table) for table in tables]
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise EvidenceError(f"{path.name} cannot be read: {error}") from error
    for one in found:
        if bool(one.names) == bool(one.equation or one.check):
            raise EvidenceError(
                f"{path.name}: {one.formula} needs names, or else equation, check or both"
            )
    return found


def plain(latex: str) -> str:
    r"""Write LaTeX without what changes its looks alone.

    Examples
    --------
    >>> plain(r"\left(x^{2}\right) \, \frac{1}{2}") == plain(r"(x^2)\tfrac12")
    True
    """
    text = re.sub(r"\\(?:left|right|[bB]ig[glr]*|limits)(?![A-Za-z])|\\[,;:! ]|\s", "", latex)
    text = re.sub(r"\\[td]frac(?![a-z])", r"\\frac", text)
    text = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\(?:mathrm|operatorname)\{?([A-Za-z]+)\}?", r"\\\1", text)
    return re.sub(r"(?<![A-Za-z}\]])\{([A-Za-z\d])\}|(?<=[\^_])\{([A-Za-z\d])\}", r"\1\2", text)


def part_of(formula: str, statement: Statement) -> bool:
    r"""Tell whether a formula is a part of an equation, or relates sides of its chain.

    Examples
    --------
    >>> from bookext.notebooks import Statement
    >>> chain = Statement("eq-a", "one", (), ("a = b + 1", "c", r"\frac{d}{2}"), 2, "", "")
    >>> [part_of(text, chain) for text in ("a = c", r"c = \tfrac{d}{2}", "b = 1", "a < c")]
    [True, True, False, False]
    """
    whole = [plain(line) for line in statement.latex]
    sides = {side for line in whole for side in RELATION.split(line)}
    wanted, relations = plain(formula), set(RELATION.findall(formula))
    if len(whole) > 1 and relations == {"="}:
        return all(side in sides for side in RELATION.split(wanted))
    return any(wanted in line for line in whole)


def same(left: Any, right: Any) -> bool:
    """Tell whether SymPy finds two expressions identical."""
    import sympy  # a build in which no check is new does not wait for it

    return sympy.simplify((left - right).rewrite(sympy.exp)) == 0


def holds(check: str) -> bool:
    """Evaluate the check of a formula: Python with the names of SymPy and real single letters.

    Raises `TypeError` if it is neither true nor false.

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


def faults(
    chapter: str,
    prose: str,
    statements: Iterable[Statement] | None,
    entries: Iterable[Formula],
    held: set[str],
) -> Iterator[str]:
    """Say which formulas of a chapter have nothing behind them, and what to write.

    The checks that are `held` to be true are not evaluated; those that turn out to be are
    added. Without `statements`, a draft's, no formula is compared with its equation.
    """
    of = {one.formula: one for one in entries if one.chapter == chapter}
    known = {one.label: one for one in statements or ()}
    found = collect(prose)
    for formula in found:
        if formula not in of:
            yield (
                f"nothing stands behind the formula ${formula}$; add to {FILE}:\n"
                f"[[formula]]\nchapter = \"{chapter}\"\nformula = '{formula}'\n"
                'check = "..."  # or equation = "eq-...", or names = "what it names"'
            )
    for formula, one in of.items():
        if formula not in found:
            yield f"the formula ${formula}$ of {FILE} is stated no more; remove its entry"
        elif one.equation and statements is not None and one.equation not in known:
            yield f"the formula ${formula}$ points to {one.equation}, which is not shown here"
        elif one.equation in known and not one.check and not part_of(formula, known[one.equation]):
            yield (
                f"the formula ${formula}$ is no part of {one.equation}, which reads "
                f"{' = '.join(known[one.equation].latex)}; add to its entry in {FILE} a "
                "check that shows how it follows"
            )
        elif one.check and one.check not in held:
            try:
                true = holds(one.check)
            except Exception as error:
                yield (
                    f"the check of the formula ${formula}$ in {FILE} cannot be evaluated: "
                    f"{type(error).__name__}: {error}"
                )
                continue
            if not true:
                yield f"the formula ${formula}$ is wrong: its check in {FILE} is not true"
            else:
                held.add(one.check)


def check_chapters(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every formula with nothing behind it, in every build."""
    path = Path(app.srcdir) / FILE
    if not path.exists():
        return
    entries = load(path)
    held = getattr(env, HELD, set())
    for name in notebooks.names(env):
        source = Path(env.doc2path(name))
        try:
            statements = notebooks.read(source).statements
        except EvidenceError:  # a draft that was not refreshed: the register tells
            statements = None
        for fault in faults(source.stem, notebooks.prose(source), statements, entries, held):
            _logger.warning(fault, location=name, type="bookext", subtype="formula")
    setattr(env, HELD, held)


def connect(app: Sphinx) -> None:
    """Check the formulas when all pages have been read."""
    app.connect("env-updated", check_chapters)
