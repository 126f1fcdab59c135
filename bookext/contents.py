"""The table of all chapters, for a page that asks for it with the line ``% all chapters``.

Each notebook says its title, its question and its minutes once, in its first cell.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bookext import notebooks

if TYPE_CHECKING:
    from sphinx.application import Sphinx

MARK = "% all chapters"
"""A comment of MyST, which JupyterLab does not show."""


def row(path: Path) -> str:
    """Return the row of a chapter: title, minutes, question."""
    first = "".join(notebooks.cells(path)[0]["source"])
    title, question = (*first.removeprefix("# ").split("\n\n"), "")[:2]
    question = re.sub(r"\{\w+\}`([^`<]*[^`<\s])(?: *<[^`]*>)?`", r"\1", question)
    minutes = re.search(r"\*\*Time:?\*\*\D*(\d+) minutes", first)
    draft = " (draft)" if notebooks.draft(path) else ""
    return f"| [{title}]({path.name}){draft} | {minutes[1] if minutes else ''} | {question} |"


def fill(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the table in the place of the mark, and have it made again when a chapter changes."""
    if MARK not in source[0].splitlines():
        return
    paths = [Path(app.env.doc2path(name)) for name in notebooks.names(app.env)]
    for path in (*paths, app.config.external_toc_path):
        app.env.note_dependency(str(path))
    table = ["| chapter | minutes | its question |", "|---|---|---|", *map(row, paths)]
    source[0] = source[0].replace(MARK, "\n".join(table))


def connect(app: Sphinx) -> None:
    """Look at every page before it is parsed."""
    app.connect("source-read", fill)
