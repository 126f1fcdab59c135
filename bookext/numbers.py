"""Number words that a person typed into computed sentences.

In ``Markdown(f"The three that lose it: {names}")`` the list follows the data and the word
does not. Such a word is a warning of the build, which ends `make book`. A word that does not
depend on the data stands in a comment of its cell: ``# typed: three``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util.logging import getLogger

from bookext import notebooks
from vgtools.text import NUMBERS

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

WORD = re.compile(rf"\b(?:{'|'.join(NUMBERS[3:])})\b", re.IGNORECASE)
"""From three on: one and two stand in many sentences that count nothing."""

_logger = getLogger(__name__)


def typed(source: str) -> Iterator[str]:
    r"""Yield the number words that a cell types beside computed values.

    Examples
    --------
    >>> list(typed('Markdown(f"The three: {names}. " "All *four* of them.")'))
    ['three', 'four']
    >>> list(typed('Markdown(f"The three: {names}")  # typed: three'))
    []
    >>> list(typed('print(f"The three: {names}")\nMarkdown("All four.")'))
    []
    """
    marked = {word for line in re.findall(r"# typed: (.*)", source) for word in line.split(", ")}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Markdown":
            strings = [part for part in ast.walk(node) if isinstance(part, ast.JoinedStr)]
            for text in strings:
                if any(isinstance(value, ast.FormattedValue) for value in text.values):
                    written = [v.value for v in text.values if isinstance(v, ast.Constant)]
                    found = [one for part in written for one in WORD.findall(part)]
                    yield from (one for one in found if one.lower() not in marked)


def check_chapters(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every number word that is typed into a computed sentence."""
    for name in notebooks.names(env):
        for cell in notebooks.cells(Path(env.doc2path(name))):
            found = typed("".join(cell["source"])) if cell["cell_type"] == "code" else ()
            for word in dict.fromkeys(found):
                fault = (
                    f"cell {cell['id']} types the number word {word!r} into a computed sentence; "
                    "write {vg.text.number(len(...))}, or, if no data can change it, the "
                    f"comment # typed: {word.lower()}"
                )
                _logger.warning(fault, location=name, type="bookext", subtype="number")


def connect(app: Sphinx) -> None:
    """Check the code of the chapters when all pages have been read."""
    app.connect("env-updated", check_chapters)
