"""What the search of the book looks in: every section, and every term of the glossary.

Sphinx's own index knows words of pages. This one knows sections, so that a question leads to
its answer. `static/search.js` searches it with MiniSearch, in the reader's browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx import addnodes

from bookext import glossary

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

SECTIONS = "search_sections"
"""Where the environment keeps the sections of each page."""

FILE = "sections.js"

_SILENT = (
    nodes.literal_block, nodes.math_block, nodes.raw, nodes.comment, addnodes.index, nodes.title,
)  # fmt: skip


class Section(NamedTuple):
    """A section without those in it, or a term of the glossary."""

    anchor: str
    title: str
    names: tuple[str, ...]
    text: str


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.connect("builder-inited", replace_search)
    app.connect("doctree-read", read_sections, priority=400)  # marks are entries of the index yet
    app.connect("env-purge-doc", forget_page)
    app.connect("html-collect-pages", write_sections)


def replace_search(app: Sphinx) -> None:
    """Let Sphinx make no index of its own."""
    if app.builder.format == "html":
        app.builder.search = False


def read_sections(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the sections and terms of a page."""
    if not hasattr(app.env, SECTIONS):
        setattr(app.env, SECTIONS, {})
    getattr(app.env, SECTIONS)[app.env.docname] = list(_sections(doctree))


def forget_page(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop the sections of a page that is read again or gone."""
    getattr(env, SECTIONS, {}).pop(docname, None)


def write_sections(app: Sphinx) -> Iterator[tuple[str, dict[str, object], str]]:
    """Write all sections, and make the page of the search."""
    env = app.env
    terms = [names for page in getattr(env, glossary.PAGES, {}).values() for names in page.terms]
    known = {names[0].lower(): names for names in terms}
    rows = []
    for docname in sorted(env.found_docs):
        page = env.titles[docname].astext()
        for anchor, title, names, text in getattr(env, SECTIONS, {}).get(docname, ()):
            every = dict.fromkeys(
                other for name in names for other in known.get(name.lower(), [name])
            )
            address = app.builder.get_target_uri(docname) + (f"#{anchor}" if anchor else "")
            repeats = docname.endswith("register")  # what chapters say
            rows.append([address, page, title, " · ".join(every), "" if repeats else text])
    data = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    target = Path(app.outdir) / "_static" / FILE
    target.write_text(f"window.bookSections = {data};\n", encoding="utf-8")
    yield "search", {}, "search.html"


def _sections(doctree: nodes.document) -> Iterator[Section]:
    letters: dict[str, list[str]] = {}
    for letter, anchor in glossary.greek_letters(doctree):
        letters.setdefault(anchor, []).append(letter)
    for section in doctree.findall(nodes.section):
        if section["ids"][0].endswith("-content"):  # the inside of an exercise belongs to it
            continue
        anchor = "" if section.parent is doctree else section["ids"][0]
        title = section.next_node(nodes.title)
        parts = [part for part in section if not isinstance(part, nodes.section)]
        marks = [entry[1] for part in parts if not isinstance(part, addnodes.glossary)
                 for node in part.findall(addnodes.index) for entry in node["entries"]]  # fmt: skip
        names = dict.fromkeys([*marks, *letters.get(section["ids"][0], ())])
        text = " ".join(filter(None, map(_text, parts)))
        yield Section(anchor, title.astext() if title else "", tuple(names), text)
    for item in doctree.findall(nodes.definition_list_item):
        if isinstance(item.parent.parent, addnodes.glossary):
            terms = list(item.findall(nodes.term))
            names = tuple(term.astext() for term in terms)
            yield Section(terms[0]["ids"][0], names[0], names[1:], _text(item[-1]))


def _text(node: nodes.Node) -> str:
    """What a reader reads of a node, on one line, without code and equations."""
    if isinstance(node, (*_SILENT, addnodes.glossary)):
        return ""
    if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code_source":
        return ""
    if isinstance(node, nodes.TextElement):
        keys = [
            part
            for reference in node.findall(addnodes.pending_xref)
            if reference.get("refdomain") == "cite"
            for part in reference.findall(nodes.Text)
        ]
        parts = [
            part.astext()
            for part in node.findall(nodes.Text)
            if part not in keys and not isinstance(part.parent, (nodes.raw, nodes.math))
        ]
        return " ".join("".join(parts).split())
    return " ".join(filter(None, map(_text, node.children)))
