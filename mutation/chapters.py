"""The equations of a chapter, without its experiments: which cells they need."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import symtable
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import vgtools as vg
from vgtools.frontend import RECORD

BOOK = Path(__file__).resolve().parents[1]
STATEMENTS = re.compile(r"\bvg\.(?:verify|define|numeric|Derivation)\(")


def names() -> list[str]:
    """List the chapters.

    Examples
    --------
    >>> "02_sigmoid" in names()
    True
    """
    return sorted(path.stem for path in (BOOK / "chapters").glob("*.ipynb"))


@dataclass(frozen=True)
class Call:
    """One call of `verify`, `define` or `numeric` that passed.

    Attributes
    ----------
    function : callable
        The one that was called.
    arguments : dict
        Its keywords, without the label.
    equation : vg.Equation
        What it returned.
    """

    function: Callable
    arguments: dict = field(repr=False)
    equation: vg.Equation

    @property
    def name(self) -> str:
        """The label, or the equation itself where it has none."""
        return self.equation.label or str(self.equation)


def _cells(chapter: str) -> list[dict]:
    text = (BOOK / "chapters" / f"{chapter}.ipynb").read_text(encoding="utf-8")
    return [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


def code_cells(chapter: str) -> list[str]:
    """Return the source of the code cells of a chapter."""
    return ["".join(cell["source"]) for cell in _cells(chapter)]


def records(chapter: str) -> dict[str, dict]:
    """Return the records of the equations that a chapter shows, {label: record}."""
    outputs = [output.get("data", {}) for cell in _cells(chapter) for output in cell["outputs"]]
    found = [data[RECORD] for data in outputs if RECORD in data]
    return {record["label"]: record for record in found}


def needed(cells: list[str]) -> list[str]:
    """Keep the cells that state equations, and those that they depend on.

    A cell is kept if a cell that is kept uses a name that it was the last to bind,
    or whose value it changes by an assignment to a part of it. So networks are
    trained only where an equation needs what they learned.

    Examples
    --------
    >>> needed(["a = 1", "b = a", "print(b)", "vg.verify(a, 2)"])
    ['a = 1', 'vg.verify(a, 2)']
    """
    kept: list[str] = []
    wanted: set[str] = set()
    for cell in reversed(cells):
        bound, changed, used = _names(cell)
        if STATEMENTS.search(cell) or (bound | changed) & wanted:
            kept.append(cell)
            wanted = (wanted - bound) | used
    return kept[::-1]


def _names(cell: str) -> tuple[set[str], set[str], set[str]]:
    """Names that a cell binds, names whose value it changes, and names that it uses."""
    top = symtable.symtable(cell, "cell", "exec")
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    inner = top.get_children()
    while inner:
        table = inner.pop()
        inner += table.get_children()
        used |= {s.get_name() for s in table.get_symbols() if s.is_global()}
    changed = set()
    for node in ast.walk(ast.parse(cell)):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            while isinstance(node, (ast.Attribute, ast.Subscript)):
                node = node.value
            if isinstance(node, ast.Name) and node.id in used:
                changed.add(node.id)
    return bound, changed - bound, used


@contextlib.contextmanager
def _recorded(calls: list[Call], derivations: dict[str, vg.Derivation]) -> Iterator[None]:
    """Note every call of the functions that make one equation each, and every step."""
    step = vg.Derivation.step

    def noting(function: Callable) -> Callable:
        @wraps(function)
        def noted(*sides: Any, **keywords: Any) -> vg.Equation:
            equation = function(*sides, **keywords)
            calls.append(Call(function, keywords, equation))
            return equation

        return noted

    @wraps(step)
    def noted_step(*sides: Any, **keywords: Any) -> vg.Derivation:
        longer = step(*sides, **keywords)
        if longer.label:
            derivations[longer.label] = longer
        return longer

    noted = {name: noting(getattr(vg, name)) for name in ("verify", "define", "numeric")}
    with patch.multiple(vg, **noted), patch.object(vg.Derivation, "step", noted_step):
        yield


def statements(chapter: str) -> tuple[list[Call], list[vg.Derivation]]:
    """Run the equations of a chapter.

    Parameters
    ----------
    chapter : str
        Such as ``02_sigmoid``.

    Returns
    -------
    list of Call
        Every equation that was proved, checked or defined.
    list of Derivation
        Every derivation with a label.

    Raises
    ------
    ValueError
        If an equation that the chapter shows did not come to be.
    """
    calls: list[Call] = []
    derivations: dict[str, vg.Derivation] = {}
    namespace: dict[str, Any] = {"__name__": chapter}
    printed = contextlib.redirect_stdout(io.StringIO())
    with _recorded(calls, derivations), printed, contextlib.chdir(BOOK / "chapters"):
        for number, cell in enumerate(needed(code_cells(chapter))):
            exec(compile(cell, f"{chapter}[{number}]", "exec"), namespace)
    made = {call.equation.label for call in calls} | set(derivations)
    if missing := set(records(chapter)) - made:
        raise ValueError(f"{chapter}: {', '.join(sorted(missing))} did not come to be")
    return calls, list(derivations.values())
