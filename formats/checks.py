"""What a PDF of the book must not have: `faults` lists it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pypdf import PdfReader


RUNNING_HEAD = 60
"""Pieces of text, mostly single letters, that a page shows at most if it shows nothing else."""


def faults(reader: PdfReader, titles: Iterable[str]) -> list[str]:
    """List what is wrong with a PDF.

    Parameters
    ----------
    reader : pypdf.PdfReader
        The document.
    titles : iterable of str
        The chapters, each of which has to have a bookmark.

    Returns
    -------
    list of str
        Missing bookmarks, tags, language or links; links that lead nowhere or to
        this machine; pages without text; fonts that are not embedded.
    """
    found = []
    bookmarks = [" ".join(entry.title.split()) for entry in flat(reader.outline)]
    found += [f"no bookmark leads to {title!r}" for title in titles if title not in bookmarks]
    root = reader.root_object
    if "/StructTreeRoot" not in root or not root.get("/MarkInfo", {}).get("/Marked"):
        found.append("the document is not tagged")
    if not root.get("/Lang"):
        found.append("the document does not say its language")
    known = set(reader.named_destinations)
    links = 0
    seen = set()
    for number, page in enumerate(reader.pages, start=1):
        if pieces(page) <= RUNNING_HEAD:
            found.append(f"page {number} has no text")
        for name, font in fonts(page.get("/Resources", {})):
            if name not in seen and not embedded(font):
                found.append(f"page {number} uses {name}, which is not embedded")
            seen.add(name)
        for note in page.get("/Annots", []):
            link = note.get_object()
            links += 1
            if "/Dest" in link:
                if str(link["/Dest"]) not in known:
                    found.append(f"page {number}: a link leads nowhere, to {link['/Dest']}")
            elif not str(address := link["/A"].get("/URI", "")).startswith(("https:", "http:")):
                found.append(f"page {number}: a link leads to {address!r}")
    if not links:
        found.append("nothing in the document is a link")
    return found


def flat(outline: list[Any]) -> Iterator[Any]:
    """Yield the bookmarks of every level."""
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def pieces(page: Any) -> int:
    """Count the operators that show text, which is quick, and reads nothing."""
    contents = page.get_contents()
    return len(re.findall(rb"\bT[jJ]\b", contents.get_data())) if contents is not None else 0


def fonts(resources: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fonts of a page, and those of the drawings on it."""
    resources = resources.get_object()
    for font in resources.get("/Font", {}).values():
        yield str(font.get_object().get("/BaseFont", "a font without a name")), font.get_object()
    for thing in resources.get("/XObject", {}).values():
        if "/Resources" in thing.get_object():
            yield from fonts(thing.get_object()["/Resources"])


def embedded(font: Any) -> bool:
    """Tell whether a PDF holds the shapes of a font's letters."""
    if font.get("/Subtype") == "/Type3":
        return "/CharProcs" in font
    for descendant in font.get("/DescendantFonts", [font]):
        descendant = descendant.get_object()
        descriptor = descendant["/FontDescriptor"] if "/FontDescriptor" in descendant else {}
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor):
            return False
    return True
