"""What a notebook states: read from its cells and from the records in its outputs.

Nothing is executed. Every equation leaves a record in the output that shows it
(`vgtools.frontend.RECORD`), which is committed with the notebook and which strict nbval
holds to what the code computes. LaTeX without a record, an equation without a label and a
label that no output shows, or two, raise `EvidenceError`.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.errors import SphinxError

from vgtools.frontend import RECORD

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

KINDS = {
    "definition": "definition",
    "definition, agrees with NumPy": "definition, checked against the kernel",
    "definition, agrees with a second source": "definition, checked against a second source",
    "evaluated": "decimal value",
    "numeric": "numeric check",
    "symbolic": "symbolic proof",
}
"""How the evidence of a record begins, and how the page calls its kind."""

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
    latex : tuple of str
        The same in LaTeX, without reasons and conditions.
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
    latex: tuple[str, ...]
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
    exercise : bool
        Whether it stands among the exercises.
    """

    cell: str
    source: str
    each: tuple[str, ...]
    exercise: bool


@dataclass(frozen=True)
class Notebook:
    """What one notebook states: its title, its equations, its assertions."""

    title: str
    statements: tuple[Statement, ...]
    assertions: tuple[Assertion, ...]


def names(env: BuildEnvironment) -> list[str]:
    """Return the pages that are notebooks, the first page of the book first."""
    found = [name for name in env.found_docs if str(env.doc2path(name)).endswith(".ipynb")]
    return sorted(found, key=lambda name: (name != env.config.root_doc, name))


def cells(path: Path) -> list[dict]:
    """Return the cells of a notebook, as nbformat has them."""
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def prose(path: Path) -> str:
    """Return the Markdown of a notebook."""
    return "\n\n".join("".join(one["source"]) for one in cells(path) if one["cell_type"] != "code")


def title(path: Path) -> str:
    """Return the title of a page, without reading the rest."""
    text = prose(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
    return text.lstrip().partition("\n")[0].removeprefix("# ")


def draft(path: Path) -> bool:
    """Tell whether a notebook calls itself a draft: a box of this class in its first cell."""
    return ":class: draft\n" in "".join(cells(path)[0]["source"])


def read(path: Path) -> Notebook:
    """Read what an executed notebook states, in order; raise `EvidenceError` as said above."""
    return Notebook(title(path), *_stated(path.name, path.read_text(encoding="utf-8")))


@cache
def _stated(name: str, text: str) -> tuple[tuple[Statement, ...], tuple[Assertion, ...]]:
    statements: list[Statement] = []
    assertions: list[Assertion] = []
    given: list[str] = []
    exercise = False
    for cell in json.loads(text)["cells"]:
        source, where = "".join(cell["source"]), f"{name}, cell {cell['id']}"
        if cell["cell_type"] == "code":
            given += re.findall(r'\blabel="(eq-[^"]+)"', source)
            statements += shown(cell, where)
            assertions += asserted(source, cell["id"], exercise)
        else:
            exercise |= re.search(r"^## Exercises\b", source, re.M) is not None
    found = [statement.label for statement in statements]
    for label in dict.fromkeys([*given, *found]):
        if found.count(label) != 1:
            times = "more than one output shows it" if label in found else "no output shows it"
            raise EvidenceError(f"{name}: {label} is the label of an equation, but {times}")
    return tuple(statements), tuple(assertions)


# Equations


def shown(cell: dict, where: str) -> Iterator[Statement]:
    """Yield the equations in the outputs of a cell."""
    for output in cell["outputs"]:
        data = output.get("data", {})
        if RECORD in data:
            yield statement(data[RECORD], cell["id"], where)
        elif "text/latex" in data:
            raise EvidenceError(
                f"{where} shows LaTeX without the record of a check; show what vg.verify, "
                "vg.define, vg.numeric or vg.Derivation returns, and run make refresh"
            )


def statement(record: dict, cell: str, where: str) -> Statement:
    """Turn the record of an equation or of a derivation into what the page shows.

    Examples
    --------
    >>> record = {"label": "eq-a", "evidence": "numeric, rtol 1e-10, 20 draws", "steps": []}
    >>> record |= {"kind": "numeric", "text": "tr(A) = 2", "latex": "", "because": ""}
    >>> found = statement(record | {"conditions": "for a > 0"}, "one", "")
    >>> found.lines, found.kind, found.detail
    (('tr(A) = 2   for a > 0',), 'numeric check', 'rtol 1e-10, 20 draws')
    """
    if not record["label"]:
        raise EvidenceError(
            f'{where} shows an equation without a label: {record["text"]}; give it label="eq-…"'
        )
    # The longest one that fits, because one name begins like another.
    kind = max((one for one in KINDS if record["evidence"].startswith(one)), key=len, default="")
    if not kind:
        raise EvidenceError(f"{where}: {record['label']} rests on {record['evidence']!r}")
    because = f"({record['because']})" if record["because"] else ""
    lines = ["   ".join(filter(None, [record["text"], record["conditions"], because]))]
    derivation, detail = record["kind"] == "derivation", record["evidence"].removeprefix(kind)
    if derivation:
        steps = [f"{one['sign']} {one['text']}   ({one['because']})" for one in record["steps"]]
        lines = [record["text"], *steps, *filter(None, [record["conditions"]])]
    return Statement(
        label=record["label"],
        cell=cell,
        lines=tuple(lines),
        latex=(record["latex"], *(one["latex"] for one in record["steps"])),
        steps=len(record["steps"]) if derivation else None,
        kind=KINDS[kind],
        detail="" if derivation else detail.strip(" ,"),
    )


# Assertions


def asserted(source: str, cell: str, exercise: bool) -> Iterator[Assertion]:
    r"""Yield what a cell asserts, with the loops around it.

    Examples
    --------
    >>> [found] = asserted("for seed in range(5):\n    assert f(\n  seed\n) > 0", "one", False)
    >>> found.source, found.each
    ('f(seed) > 0', ('seed in range(5)',))
    """

    def written(node: ast.expr, longest: int = LONGEST) -> str:
        return cut(ast.get_source_segment(source, node), longest)

    def visit(node: ast.AST, each: tuple[str, ...]) -> Iterator[Assertion]:
        if isinstance(node, ast.Assert):
            yield Assertion(cell, written(node.test), each, exercise)
        if isinstance(node, ast.For):
            each = (*each, f"{written(node.target)} in {written(node.iter, 60)}")
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.stmt | ast.ExceptHandler):
                yield from visit(inner, each)

    yield from visit(ast.parse(source), ())


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
