"""Where each term of the glossary is introduced.

Nobody keeps a list: the chapters are read in their order. A term is introduced by
the chapter that has it in its title, else where it is first emphasised, else in the
first chapter that uses it in earnest: in the heading that names it, or the sentence.
The glossary links there, and the search finds the place under the name of the term.
It also finds the Greek letters of the tables of symbols, under letter and name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

MARK = "introduced"
"""The class of the line below a term."""

CHAPTERS = ".ipynb"

LATER = {"what people get wrong", "exercises", "summary"}
"""Sections that speak of what a chapter has introduced, or quote what others say."""

EARNEST = 1 / 5
"""A chapter uses a term in earnest that has this share of the mentions that the
chapter with the most of them has."""


class Place(NamedTuple):
    """A section of a chapter."""

    document: str
    anchor: str


class Mention(NamedTuple):
    """Words in a chapter, and how much they stand out.

    The rank is 0 for the title of a chapter, 1 for an emphasis, 2 for a heading and
    3 for a sentence.
    """

    rank: int
    text: str
    place: Place


class Page(NamedTuple):
    """What is kept of a page, so that a build need not load it again.

    The mentions are those of a chapter, the letters those of another page, and the
    terms those that it defines, each with its other names.
    """

    mentions: tuple[Mention, ...]
    letters: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, ...], ...]


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.connect("doctree-read", read_page)
    app.connect("env-updated", find_introductions)
    app.connect("doctree-resolved", link_introductions)
    app.connect("html-collect-pages", keep_entries)


def mentions(document: str, tree: nodes.document) -> Iterator[Mention]:
    """Yield the words of a chapter, without code, figures, tables and what is folded away.

    Parameters
    ----------
    document : str
        Its name.
    tree : docutils.nodes.document
        Its content.

    Yields
    ------
    Mention
        In the order of the page.
    """
    for node in tree.findall(lambda node: isinstance(node, nodes.TextElement)):
        if not isinstance(node, nodes.title | nodes.paragraph | nodes.emphasis):
            continue
        section, left_out, depth = None, False, 0
        above = node.parent
        while above is not None:
            folded = "dropdown" in above.get("classes", ())
            left_out = left_out or folded or isinstance(above, nodes.table)
            if isinstance(above, nodes.section):
                section, depth = section or above, depth + 1
                left_out = left_out or above[0].astext().lower() in LATER
            above = above.parent
        if section is None or left_out:
            continue
        if isinstance(node, nodes.title):
            rank = 0 if depth == 1 else 2
        else:
            rank = 3 if isinstance(node, nodes.paragraph) else 1
        anchor = section["ids"][0] if depth > 1 else ""
        yield Mention(rank, node.astext(), Place(document, anchor))


def introduction(names: Sequence[str], said: Iterable[Mention]) -> Place | None:
    """Return where a term is introduced.

    Parameters
    ----------
    names : sequence of str
        The term and its other names.
    said : iterable of Mention
        The words of all chapters, in reading order.

    Returns
    -------
    Place or None
        None if no chapter uses the term.

    Examples
    --------
    >>> said = [
    ...     Mention(3, "Units may die.", Place("one", "idea")),
    ...     Mention(1, "dead units", Place("two", "deaths")),
    ... ]
    >>> introduction(["dead unit"], said)
    Place(document='two', anchor='deaths')
    >>> introduction(["unit"], said)
    Place(document='one', anchor='idea')
    >>> introduction(["odds"], said) is None
    True
    """
    either = "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in names)
    word = rf"(?:{either})(?:s|es)?"
    inside = re.compile(rf"(?<![\w-]){word}(?![\w-])", re.IGNORECASE)
    # Without case, Python's patterns look at every character; a plain search does not.
    begins = [name.split()[0].lower() for name in names]
    found = [
        mention
        for mention in said
        if any(begin in mention.text.lower() for begin in begins) and inside.search(mention.text)
    ]
    if not found:
        return None
    for rank in (0, 1):
        for mention in found:
            if mention.rank == rank and (rank == 0 or re.fullmatch(word, mention.text, re.I)):
                return mention.place
    times = Counter(mention.place.document for mention in found)
    enough = max(times.values()) * EARNEST
    first = next(mention for mention in found if times[mention.place.document] >= enough)
    there = [mention for mention in found if mention.place.document == first.place.document]
    return min(there, key=lambda mention: mention.rank).place


def greek_letters(tree: nodes.document) -> Iterator[tuple[str, str]]:
    """Yield name and anchor of the Greek letters in the first columns of a page's tables.

    Parameters
    ----------
    tree : docutils.nodes.document
        The page.

    Yields
    ------
    tuple of str
        The letter or its name, and the section of its table.
    """
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
    """Keep of a page what `find_introductions` asks for."""
    name = app.env.docname
    chapter = _is_chapter(app.env, name)
    if not hasattr(app.env, "vgtools_pages"):
        app.env.vgtools_pages = {}
    app.env.vgtools_pages[name] = Page(
        tuple(mentions(name, doctree)) if chapter else (),
        () if chapter else tuple(dict(greek_letters(doctree)).items()),
        tuple(
            tuple(term.astext() for term in item.findall(nodes.term)) for item in _terms(doctree)
        ),
    )


def find_introductions(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Find the place of every term and letter, and enter it into the index of the search."""
    pages = {name: env.vgtools_pages[name] for name in sorted(env.found_docs)}
    basis = (tuple(_chapters(env)), pages)
    if basis == getattr(env, "vgtools_basis", None):
        return []  # as it was found in an earlier build
    env.vgtools_basis = basis
    glossaries = [name for name, page in pages.items() if page.terms]
    if not glossaries:
        return []
    said = [mention for name in basis[0] for mention in pages[name].mentions]
    entries: dict[str, list[tuple[str, str, str, str, str | None]]] = {}
    for name, page in pages.items():
        for letter, anchor in page.letters:
            entries.setdefault(name, []).append(("single", letter, anchor, "main", None))
    places: dict[str, Place] = {}
    for glossary in glossaries:
        for names in pages[glossary].terms:
            place = introduction(names, said)
            if place is None:
                continue
            places[names[0]] = place
            for name in names:
                entry = ("single", name, place.anchor, "main", None)
                entries.setdefault(place.document, []).append(entry)
    before = getattr(env, "vgtools_entries", {})
    env.vgtools_entries = entries
    changed = {name for name in {*before, *entries} if before.get(name) != entries.get(name)}
    if places != getattr(env, "vgtools_introductions", {}):
        changed.update(glossaries)
    env.vgtools_introductions = places
    return sorted(changed & env.found_docs)  # to be written again


def link_introductions(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link each term of a glossary to its introduction; give the search what it reads."""
    entries = getattr(app.env, "vgtools_entries", {}).get(docname)
    if entries and app.builder.format == "html":
        doctree += addnodes.index(entries=entries)
    places = getattr(app.env, "vgtools_introductions", {})
    for item in _terms(doctree):
        place = places.get(next(item.findall(nodes.term)).astext())
        if place is None:
            continue
        title = app.env.titles[place.document].astext()
        target = make_refnode(
            app.builder, docname, place.document, place.anchor, nodes.inline("", title)
        )
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
    added = getattr(app.env, "vgtools_entries", {})
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


def _is_chapter(env: BuildEnvironment, name: str) -> bool:
    return str(env.doc2path(name)).endswith(CHAPTERS)


def _chapters(env: BuildEnvironment) -> Iterator[str]:
    """Yield the notebooks in the order of the table of contents."""
    waiting, seen = [env.config.root_doc], set()
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in env.found_docs:
            continue
        seen.add(name)
        if _is_chapter(env, name):
            yield name
        waiting = [*env.toctree_includes.get(name, []), *waiting]
