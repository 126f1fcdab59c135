"""What a page folds: preparations, checks, and the sections that go deeper.

A notebook shows all of it. On a page, a cell with the tag `hide-input` is one quiet line,
which says what is behind it. Neighbours of one kind are folded together. The line stands
below what the cell draws; beside an equation it says what the equation rests on. A
section whose title begins with `Going deeper` shows its title, and opens where a reader
asks for it or follows a link into it.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from bookext import notebooks

if TYPE_CHECKING:
    from sphinx.application import Sphinx

MARKS = {
    "definition": "Defined",
    "definition, checked against the kernel": "Defined and checked",
    "definition, checked against a second source": "Defined and checked",
    "decimal value": "Evaluated",
    "numeric check": "Checked with numbers",
    "symbolic proof": "Proved",
}
"""What stands beside an equation, for each of `notebooks.KINDS`."""

DEEPER = "Going deeper"
"""How the title of a section begins that a page folds."""


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.connect("doctree-read", name_folded_cells)
    app.connect("doctree-read", join_neighbours, priority=900)  # cells have addresses by then
    app.connect("doctree-resolved", show_outputs_first)
    app.connect("doctree-resolved", fold_sections)
    app.connect("html-page-context", name_by_what_is_read)


def kind(source: str) -> str:
    r"""Name what a cell without an output does.

    Examples
    --------
    >>> kind("import numpy as np\nSEEDS = range(5)"), kind("for s in (1, 2):\n    assert s")
    ('Set-up', 'The check')
    """
    statements = ast.parse(source).body
    while statements and all(isinstance(one, ast.For | ast.With) for one in statements):
        statements = [inner for one in statements for inner in one.body]
    checks = statements and all(isinstance(one, ast.Assert) for one in statements)
    return "The check" if checks else "Set-up"


def name_folded_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Say of a folded cell what it does; the others, without a name of their own, draw."""
    folded = [one for one in doctree.findall(nodes.container) if one.get("hide_mode") == "input"]
    if not folded:
        return
    path = Path(app.env.doc2path(app.env.docname))
    cells = notebooks.cells(path)
    for node in folded:
        cell = cells[node["cell_index"]]
        marks = {MARKS[one.kind] for one in notebooks.shown(cell, path.name)}
        if marks:
            node["classes"].append("states")
            name = " and ".join(sorted(marks))
        elif cell["outputs"]:
            continue
        else:
            node["classes"].append("quiet")
            name = kind("".join(cell["source"]))
        node["prompt_show"] = node["prompt_hide"] = name


def join_neighbours(app: Sphinx, doctree: nodes.document) -> None:
    """Fold what stands one after the other, and does the same, behind one line."""
    for node in list(doctree.findall(nodes.container)):
        place = node.parent.index(node)
        before = node.parent[place - 1] if place else None
        if "quiet" in node["classes"] and isinstance(before, nodes.container):
            if "quiet" in before["classes"] and before["prompt_show"] == node["prompt_show"]:
                before[0].extend(node[0].children)
                before["ids"] += node["ids"]
                node.parent.remove(node)


def name_by_what_is_read(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Let the words of a fold be its name: MyST-NB calls every one "Toggle hidden content"."""
    context["body"] = context.get("body", "").replace(
        '<summary aria-label="Toggle hidden content">', "<summary>"
    )


def show_outputs_first(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the folded code of a cell below what it draws."""
    for cell in doctree.findall(nodes.container):
        if cell.get("hide_mode") == "input" and not {"states", "quiet"} & set(cell["classes"]):
            cell.append(cell.pop(0))


def fold_sections(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put what stands below the title of such a section into an element that opens."""
    if app.builder.format != "html":
        return
    for section in doctree.findall(nodes.section):
        title = section.next_node(nodes.title)
        if title is not None and title.parent is section and title.astext().startswith(DEEPER):
            place = section.index(title) + 1
            begin = '<details class="deeper"><summary>Read on</summary>'
            section.insert(place, nodes.raw("", begin, format="html"))
            section.append(nodes.raw("", "</details>", format="html"))
