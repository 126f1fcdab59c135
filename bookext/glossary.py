"""Where each term of the glossary is introduced.

A chapter marks the place with the role `` {index}`logit` ``, or `` {index}`logits <logit>` ``
where the text has another form. The glossary links there. A term that no chapter marks has no
link. The search finds the place under the term and its other names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.util.logging import getLogger
from sphinx.util.nodes import make_refnode

from bookext import notebooks

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

MARK = "introduced"
"""The class of the line below a term."""

PAGES = "glossary_pages"
"""Where the environment keeps the terms of each page."""

PLACES = "glossary_places"
"""And where each term is introduced, {term: (page, anchor)}."""

_logger = getLogger(__name__)


class Page(NamedTuple):
    """What is kept of a page: its terms, each with its other names."""

    terms: tuple[tuple[str, ...], ...]


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.connect("doctree-read", read_page)
    app.connect("env-updated", find_introductions)
    app.connect("doctree-resolved", link_introductions)


def greek_letters(tree: nodes.document) -> Iterator[tuple[str, str]]:
    """Yield the Greek letters in the first columns of a page's tables: name or letter, anchor."""
    for row in tree.findall(nodes.row):
        section = row.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if section is None or not row.children:
            continue
        for mathematics in row[0].findall(nodes.math):
            for name in re.findall(r"\\([A-Za-z]+)", mathematics.astext()):
                size = "CAPITAL" if name[0].isupper() else "SMALL"
                spelt = name.upper().replace("LAMBDA", "LAMDA")  # as Unicode spells it
                try:
                    letter = unicodedata.lookup(f"GREEK {size} LETTER {spelt}")
                except KeyError:
                    continue
                yield name.lower(), section["ids"][0]
                yield letter, section["ids"][0]


def read_page(app: Sphinx, doctree: nodes.document) -> None:
    """Keep of a page what `find_introductions` asks for; a mark is a main entry of the index."""
    name = app.env.docname
    if not hasattr(app.env, PAGES):
        setattr(app.env, PAGES, {})
    chapter = name in notebooks.names(app.env)
    getattr(app.env, PAGES)[name] = Page(
        tuple(
            tuple(term.astext() for term in item.findall(nodes.term)) for item in _terms(doctree)
        ),
    )
    if chapter:
        known = app.env.get_domain("index").entries[name] = []
        for node in doctree.findall(addnodes.index):
            node["entries"] = [(*entry[:3], "main", entry[4]) for entry in node["entries"]]
            known += node["entries"]


def find_introductions(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Find the place of every term."""
    pages = {name: getattr(env, PAGES)[name] for name in sorted(env.found_docs)}
    names = {names[0].lower() for page in pages.values() for names in page.terms}
    places: dict[str, tuple[str, str]] = {}
    for chapter in notebooks.names(env):
        for _, term, anchor, *_ in env.get_domain("index").entries.get(chapter, ()):
            if names and term.lower() not in names:
                fault = f"{{index}}`{term}` marks a term that the glossary does not explain"
                _logger.warning(fault, location=chapter, type="bookext", subtype="glossary")
            elif term.lower() in places:
                fault = f"{term} is marked by {{index}} twice; {places[term.lower()][0]} has it"
                _logger.warning(fault, location=chapter, type="bookext", subtype="glossary")
            elif names:
                places[term.lower()] = chapter, anchor
    before = getattr(env, PLACES, {})
    setattr(env, PLACES, places)
    # Written again if a place is another one now:
    return sorted(name for name, page in pages.items() if page.terms and before != places)


def link_introductions(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link each term of a glossary to its introduction."""
    places = getattr(app.env, PLACES, {})
    for item in _terms(doctree):
        place = places.get(next(item.findall(nodes.term)).astext().lower())
        if place is None:
            continue
        title = app.env.titles[place[0]].astext()
        target = make_refnode(app.builder, docname, *place, nodes.inline("", title))
        definition = next(item.findall(nodes.definition))
        definition += nodes.paragraph("", "", nodes.Text("Used in "), target, classes=[MARK])


def _terms(tree: nodes.document) -> Iterator[nodes.definition_list_item]:
    for glossary in tree.findall(addnodes.glossary):
        yield from glossary.findall(nodes.definition_list_item)
