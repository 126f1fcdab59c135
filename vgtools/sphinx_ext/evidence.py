"""What a notebook states, and what stands behind it: read from its code and its outputs.

Nothing is executed. The code of a cell is parsed, and the text of its outputs is
taken as committed; strict nbval holds those to what the code computes. An equation
that is shown without a label, a label that nothing shows and an output that the
code does not explain raise `EvidenceError`.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sphinx.errors import SphinxError

MAKERS = {"vg.Derivation", "vg.define", "vg.numeric", "vg.verify"}
"""The calls that make an equation, as chapters write them."""

KINDS = {
    "definition": "definition",
    "definition, agrees with NumPy": "definition, checked against the kernel",
    "definition, agrees with a second source": "definition, checked against a second source",
    "evaluated": "decimal value",
    "numeric": "numeric check",
    "symbolic": "symbolic proof",
}
"""How the outputs name what was checked, and the kind of evidence that it is."""

GROWING = {"add", "append", "extend", "insert", "setdefault", "update"}
"""Methods that put something into what a name stands for."""

LONGEST = 180
"""Characters of an assertion that the page shows."""


class EvidenceError(SphinxError):
    """A notebook that states something with nothing behind it."""

    category = "The build stops at the register"


@dataclass(frozen=True)
class Statement:
    """A display equation or a derivation.

    Attributes
    ----------
    label : str
        Its name in the whole book.
    cell : str
        The cell that shows it.
    lines : tuple of str
        The statement in words and Unicode; of a derivation, one line for each step.
    steps : int or None
        How many steps a derivation has; None for an equation.
    kind : str
        One of the values of `KINDS`.
    detail : str
        Tolerance and draws, or digits; often nothing.
    """

    label: str
    cell: str
    lines: tuple[str, ...]
    steps: int | None
    kind: str
    detail: str


@dataclass(frozen=True)
class Assertion:
    """A condition that a cell asserts.

    Attributes
    ----------
    cell : str
        The cell that asserts it.
    source : str
        The condition, on one line, cut where it is long.
    each : tuple of str
        The loops around it, such as ``seed in range(5)``.
    seeds : int or None
        How many seeds it was run with; None where nothing random was found.
    exercise : bool
        Whether it stands among the exercises.
    """

    cell: str
    source: str
    each: tuple[str, ...]
    seeds: int | None
    exercise: bool


@dataclass(frozen=True)
class Evidence:
    """Everything that one notebook states."""

    statements: tuple[Statement, ...]
    assertions: tuple[Assertion, ...]


def cells(text: str) -> list[dict]:
    """Return the cells of a notebook, as nbformat has them."""
    return json.loads(text)["cells"]


def read(path: Path) -> Evidence:
    """Read the evidence of a notebook.

    Parameters
    ----------
    path : Path
        The notebook, executed.

    Returns
    -------
    Evidence
        Its equations and derivations, and its assertions, in order.

    Raises
    ------
    EvidenceError
        If an equation is shown without a label, if a label is shown by nothing or
        twice, or if an output does not fit the code.
    """
    return _read(path.name, path.read_text(encoding="utf-8"))


@cache
def _read(name: str, text: str) -> Evidence:
    statements: list[Statement] = []
    assertions: list[Assertion] = []
    made: dict[str, ast.Call] = {}
    given: list[str] = []
    seeds = Seeds()
    exercise = False
    for cell in cells(text):
        source, where = "".join(cell["source"]), f"{name}, cell {cell['id']}"
        if cell["cell_type"] != "code":
            exercise |= re.search(r"^## Exercises\b", source, re.M) is not None
            continue
        tree = ast.parse(source)
        given += [label_of(call, where) for call in labelled(tree)]
        statements += show(tree, cell, made, where)
        assertions += seeds.assertions(source, cell["id"], exercise)
    shown = [statement.label for statement in statements]
    for label in given:
        if shown.count(label) != 1:
            times = "nothing shows it" if label not in shown else "it is shown more than once"
            raise EvidenceError(f"{name}: the label {label} is given, but {times}")
    return Evidence(tuple(statements), tuple(assertions))


# Equations


def labelled(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that give an equation a label."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS:
            if any(keyword.arg == "label" for keyword in node.keywords):
                yield node


def label_of(call: ast.Call, where: str) -> str:
    """Return the label that a call gives."""
    for keyword in call.keywords:
        if keyword.arg == "label":
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
                return keyword.value.value
            raise EvidenceError(f"{where}: a label is written out, not computed")
    raise EvidenceError(f"{where}: an equation is shown without a label: {cut(ast.unparse(call))}")


def maker(node: ast.AST, made: dict[str, ast.Call]) -> ast.Call | None:
    """Return the call that made what an expression stands for, if it is an equation."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if ast.unparse(node.func) in MAKERS:
            return node
        if node.func.attr != "step":
            return None
        node = node.func.value
    return made.get(node.id) if isinstance(node, ast.Name) else None


def show(tree: ast.Module, cell: dict, made: dict[str, ast.Call], where: str) -> list[Statement]:
    """Match the equations in the outputs of a cell with the code that made them.

    Parameters
    ----------
    tree : ast.Module
        The code of the cell.
    cell : dict
        The cell.
    made : dict of str to ast.Call
        The names that stand for equations so far; the cell's own are added.
    where : str
        What a message calls the cell.

    Returns
    -------
    list of Statement
        One for each output that is an equation.
    """
    calls = []
    for number, line in enumerate(tree.body):
        if isinstance(line, ast.Assign):
            made.update(
                (target.id, call)
                for target in line.targets
                if isinstance(target, ast.Name) and (call := maker(line.value, made))
            )
        elif isinstance(line, ast.Expr):
            value = line.value
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "display":
                calls += [maker(argument, made) for argument in value.args]
            elif number == len(tree.body) - 1:
                calls.append(maker(value, made))
    calls = [call for call in calls if call is not None]
    texts = [
        "".join(output["data"].get("text/plain", ""))
        for output in cell["outputs"]
        if "text/latex" in output.get("data", {})
    ]
    if len(calls) != len(texts):
        raise EvidenceError(
            f"{where}: {len(texts)} equations are in the outputs, and {len(calls)} calls of "
            f"{', '.join(sorted(MAKERS))} are found that show one"
        )
    return [
        statement(label_of(call, where), cell["id"], text, where)
        for call, text in zip(calls, texts)
    ]


def statement(label: str, cell: str, text: str, where: str) -> Statement:
    r"""Read the text of an equation or of a derivation.

    Examples
    --------
    >>> found = statement("eq-a", "one", "tr(A) = 2   [numeric, rtol 1e-10, 20 draws]", "")
    >>> found.lines, found.kind, found.detail
    (('tr(A) = 2',), 'numeric check', 'rtol 1e-10, 20 draws')
    >>> statement("eq-b", "two", "a\n  = b   (as c)\nfor a > 0", "").steps
    1
    """
    lines = text.splitlines()
    steps = [line for line in lines[1:] if re.match(r"⟺ |  [=<≤>≥] ", line)]
    if steps:
        return Statement(
            label, cell, tuple(map(str.strip, lines)), len(steps), "symbolic proof", ""
        )
    body, _, evidence = text.partition("   [")
    evidence = evidence.removesuffix("]") or "symbolic"
    # The longest one that fits, because one name begins like another.
    found = [kind for kind in KINDS if evidence.startswith(kind)]
    if len(lines) != 1 or not found:
        raise EvidenceError(f"{where}: the output of {label} is no statement: {text!r}")
    kind = max(found, key=len)
    return Statement(
        label, cell, (body,), None, KINDS[kind], evidence.removeprefix(kind).strip(" ,")
    )


# Assertions


def cut(code: str, longest: int = LONGEST) -> str:
    r"""Write code on one line, and leave out the end of a long one.

    Examples
    --------
    >>> cut("f(\n  first,\n  second\n)")
    'f(first, second)'
    >>> cut("f(first, second)", longest=12)
    'f(first, …'
    """
    text = re.sub(r"([(\[{]) | (?=[)\]}])", r"\1", re.sub(r"\s+", " ", code))
    text = re.sub(r",(?=[)\]}])", "", text)
    return textwrap.shorten(text, longest, placeholder=" …")


@dataclass(frozen=True)
class Meaning:
    """What is known of a name: the names it depends on, its loops over seeds, a fixed seed."""

    names: frozenset[str]
    seeds: frozenset[int]
    fixed: bool


class Seeds:
    r"""Finds how many seeds an assertion was run with, by following names to loops over seeds.

    Examples
    --------
    >>> seeds = Seeds()
    >>> code = "runs = [train(seed=seed) for seed in range(5)]\nassert min(runs) > 0"
    >>> [found.seeds for found in seeds.assertions(code, "one", exercise=False)]
    [5]
    """

    def __init__(self) -> None:
        self.meanings: dict[str, Meaning] = {}
        self.lengths: dict[str, int] = {}

    def assertions(self, source: str, cell: str, exercise: bool) -> Iterator[Assertion]:
        """Yield the assertions of a cell, and remember what its names stand for."""

        def written(node: ast.expr, longest: int = LONGEST) -> str:
            return cut(ast.get_source_segment(source, node), longest)

        for line in ast.parse(source).body:
            for test, loops in asserted(line):
                each = [f"{written(loop.target)} in {written(loop.iter, 60)}" for loop in loops]
                meanings = [self.meaning(test)]
                if loops:  # what the loop sets is known by what the loop depends on
                    meanings = [self.without(meanings[0], changed(line)), self.meaning(line)]
                seeds = self.count(meanings, loops)
                yield Assertion(cell, written(test), tuple(each), seeds, exercise)
            self.learn(line)

    @staticmethod
    def without(meaning: Meaning, names: set[str]) -> Meaning:
        """Return a meaning that does not depend on some names."""
        return Meaning(meaning.names - names, meaning.seeds, meaning.fixed)

    def learn(self, line: ast.stmt) -> None:
        """Remember what a statement does to names."""
        if isinstance(line, (ast.FunctionDef, ast.ClassDef)):
            self.meanings[line.name] = self.meaning(line)
            return
        if isinstance(line, ast.Assign):
            for target, value in assigned(line):
                if length := self.length(value):
                    self.lengths[target] = length
        meaning = self.meaning(line)
        for name in changed(line):
            old = self.meanings.get(name)
            if old is not None and not isinstance(line, ast.Assign):
                self.meanings[name] = Meaning(
                    meaning.names | old.names, meaning.seeds | old.seeds, meaning.fixed or old.fixed
                )
            else:
                self.meanings[name] = meaning

    def meaning(self, node: ast.AST) -> Meaning:
        """Return what an expression or a statement depends on."""
        parts = list(ast.walk(node))
        found = [part for part in parts if isinstance(part, ast.Name)]
        own = {part.arg for part in parts if isinstance(part, ast.arg)}
        own |= {name.id for name in found if isinstance(name.ctx, ast.Store)}
        names = {name.id for name in found} - own
        defaults = dict(default_values(parts))
        loops = [part for part in parts if isinstance(part, (ast.For, ast.comprehension))]
        seeds = {count for loop in loops if (count := self.loop(loop, defaults))}
        return Meaning(frozenset(names), frozenset(seeds), any(map(fixed_seed, parts)))

    def loop(self, loop: ast.For | ast.comprehension, defaults: dict[str, int]) -> int | None:
        """Return how many seeds a loop goes through."""
        named = isinstance(loop.iter, ast.Name) and loop.iter.id == "SEEDS"
        targets = [part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)]
        if not named and not any(re.fullmatch(r"seeds?", name) for name in targets):
            return None
        return self.length(loop.iter, defaults)

    def length(self, node: ast.AST, defaults: dict[str, int] | None = None) -> int | None:
        """Return the length of `range(5)`, or of a name that stands for it."""
        if isinstance(node, ast.Name):
            return self.lengths.get(node.id)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "range" and len(node.args) == 1:
            [end] = node.args
            if isinstance(end, ast.Name):
                return (defaults or {}).get(end.id)
            if isinstance(end, ast.Constant) and isinstance(end.value, int):
                return end.value
        return None

    def count(
        self, meanings: list[Meaning], loops: list[ast.For | ast.comprehension]
    ) -> int | None:
        """Follow names, nearest first, until a loop over seeds or a fixed seed is found."""
        here = [found for loop in loops if (found := self.loop(loop, {}))]
        if here:
            return min(here)
        seen: set[str] = set()
        fixed = False
        while meanings:
            if found := frozenset().union(*(meaning.seeds for meaning in meanings)):
                return min(found)
            fixed |= any(meaning.fixed for meaning in meanings)
            names = frozenset().union(*(meaning.names for meaning in meanings)) - seen
            seen |= names
            meanings = [self.meanings[name] for name in sorted(names) if name in self.meanings]
        return 1 if fixed else None


def asserted(line: ast.stmt) -> Iterator[tuple[ast.expr, list[ast.For]]]:
    """Yield what a statement asserts, with the loops around it."""
    if isinstance(line, ast.Assert):
        yield line.test, []
    for name in ("body", "orelse", "finalbody", "handlers"):
        inside = getattr(line, name, None)
        for inner in inside if isinstance(inside, list) else []:
            for test, loops in asserted(inner):
                yield test, [line, *loops] if isinstance(line, ast.For) else loops


def assigned(line: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name that an assignment sets, with its value."""
    for target in line.targets:
        if isinstance(target, ast.Name):
            yield target.id, line.value
        elif isinstance(target, ast.Tuple) and isinstance(line.value, ast.Tuple):
            for part, value in zip(target.elts, line.value.elts):
                if isinstance(part, ast.Name):
                    yield part.id, value


def changed(line: ast.stmt) -> set[str]:
    """Return the names that a statement sets, or changes through a method or an index."""
    found = set()
    for part in ast.walk(line):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        elif isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store):
            found |= {name.id for name in [part.value] if isinstance(name, ast.Name)}
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            if part.func.attr in GROWING and isinstance(part.func.value, ast.Name):
                found.add(part.func.value.id)
    return found


def default_values(parts: Iterable[ast.AST]) -> Iterator[tuple[str, int]]:
    """Yield the arguments of functions whose default is a whole number."""
    for part in parts:
        if isinstance(part, ast.arguments):
            for argument, value in zip(reversed(part.args), reversed(part.defaults)):
                if isinstance(value, ast.Constant) and isinstance(value.value, int):
                    yield argument.arg, value.value


def fixed_seed(node: ast.AST) -> bool:
    """Whether a call names one seed: `seed=0`, or `default_rng(0)`."""
    if not isinstance(node, ast.Call):
        return False
    values = [keyword.value for keyword in node.keywords if keyword.arg == "seed"]
    if ast.unparse(node.func).endswith("default_rng"):
        values += node.args
    return any(isinstance(value, ast.Constant) for value in values)
