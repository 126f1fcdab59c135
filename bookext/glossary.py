"""Where each term of the glossary is introduced, and what the search finds by name.

A chapter marks the place with the role `` {index}`logit` ``, or `` {index}`logits <logit>` ``
where the text has another form. The glossary links there, and the search finds the place
under the term and its other names. A term that no chapter marks has no link. The search also
finds the Greek letters of the tables of symbols, under letter and name.
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
"""Where the environment keeps the letters and the terms of each page."""

PLACES = "glossary_places"
"""And where each term is introduced, {term: (page, anchor)}."""

ENTRIES = "glossary_entries"
"""And what the search finds besides the marks, {page: entries of the index}."""

_logger = getLogger(__name__)


class Page(NamedTuple):
    """What is kept of a page: its Greek letters with their anchors, and its terms.

    Each term comes with its other names.
    """

    letters: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, ...], ...]


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.connect("doctree-read", read_page)
    app.connect("env-updated", find_introductions)
    app.connect("doctree-resolved", link_introductions)
    app.connect("html-collect-pages", keep_entries)


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
        () if chapter else tuple(dict(greek_letters(doctree)).items()),
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
    """Find the place of every term, and enter its other names and the letters into the search."""
    pages = {name: getattr(env, PAGES)[name] for name in sorted(env.found_docs)}
    names = {names[0].lower(): names for page in pages.values() for names in page.terms}
    places: dict[str, tuple[str, str]] = {}
    entries = {
        name: [("single", letter, anchor, "main", None) for letter, anchor in page.letters]
        for name, page in pages.items()
    }
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
                entries[chapter] += [
                    ("single", other, anchor, "main", None) for other in names[term.lower()][1:]
                ]
    before = getattr(env, ENTRIES, {}), getattr(env, PLACES, {})
    setattr(env, ENTRIES, entries)
    setattr(env, PLACES, places)
    changed = {name for name in entries if before[0].get(name, []) != entries[name]}
    if before[1] != places:
        changed |= {name for name, page in pages.items() if page.terms}
    return sorted(changed)  # to be written again


def link_introductions(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link each term of a glossary to its introduction; give the search what it reads."""
    entries = getattr(app.env, ENTRIES, {}).get(docname)
    if entries and app.builder.format == "html":
        doctree += addnodes.index(entries=entries)
    places = getattr(app.env, PLACES, {})
    for item in _terms(doctree):
        place = places.get(next(item.findall(nodes.term)).astext().lower())
        if place is None:
            continue
        title = app.env.titles[place[0]].astext()
        target = make_refnode(app.builder, docname, *place, nodes.inline("", title))
        definition = next(item.findall(nodes.definition))
        definition += nodes.paragraph("", "", nodes.Text("Introduced in "), target, classes=[MARK])


def keep_entries(app: Sphinx) -> list[tuple[str, dict[str, object], str]]:
    """Give the search the entries of the pages that this build does not write again.

    Sphinx reads its index of the last build back without them, and with every word that
    a page had then. The index becomes what a first build makes, byte for byte.
    """
    indexer = app.builder.indexer
    if indexer is None:  # a book without a search
        return []
    known = indexer._index_entries  # which has no public name, like the words below
    written = app.env.get_domain("index").entries
    added = getattr(app.env, ENTRIES, {})
    for name in app.env.found_docs - set(known):
        entries = [*written.get(name, ()), *added.get(name, ())]
        known[name] = sorted({(value, target, main) for _, value, target, main, _ in entries})
    for name in sorted(known):
        known[name] = known.pop(name)
    for words in (indexer._mapping, indexer._title_mapping):
        for word in [word for word, names in words.items() if not names]:
            del words[word]
    return []


def _terms(tree: nodes.document) -> Iterator[nodes.definition_list_item]:
    for glossary in tree.findall(addnodes.glossary):
        yield from glossary.findall(nodes.definition_list_item)
