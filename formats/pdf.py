"""The whole book as one PDF: ``python -m formats.pdf``."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, ByteStringObject, Fit, NameObject, TextStringObject

from formats import book, checks
from formats.chapter import Chapter, FormatError
from formats.chromium import opened
from formats.pages import read_book

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page
    from pypdf.generic import Destination

COLUMN = 522
"""How wide the text of `print.css` is, in CSS pixels: 138 mm."""

ROUNDS = 4
"""How often the page numbers may move before they stay."""


def compose(chapters: list[Chapter], html: Path) -> str:
    """Return the whole book as one HTML document with its style sheets.

    Parameters
    ----------
    chapters : list of Chapter
        As `formats.pages.read_book` returns them.
    html : Path
        The built book, whose MathJax typesets the document.

    Returns
    -------
    str
    """
    return (
        book.templates()
        .get_template("print.html")
        .render(
            chapters=chapters,
            highlighting=book.highlighting(),
            style=(book.HERE / "style").as_uri(),
            script=(book.HERE / "typeset.js").as_uri(),
            static=(html / "_static").as_uri(),
        )
    )


def numbered(page: Page) -> bytes:
    """Print until every page number in the document is that of the page it names.

    A browser does not know on which page a heading will be, so the first print
    says it, and the second shows it.
    """
    pages: dict[str, int] = {}
    for _ in range(ROUNDS):
        page.evaluate("fillPages", pages)
        data = page.pdf(tagged=True, prefer_css_page_size=True, print_background=True)
        reader = PdfReader(io.BytesIO(data))
        before, pages = (
            pages,
            {
                name: reader.get_destination_page_number(place) + 1
                for name, place in places(reader).items()
            },
        )
        if pages == before:
            return data
    raise FormatError(f"the page numbers still move after {ROUNDS} prints")


def places(reader: PdfReader) -> dict[str, Destination]:
    """Return every place that a link leads to."""
    return {name.removeprefix("/"): place for name, place in reader.named_destinations.items()}


def bookmark(writer: PdfWriter, data: bytes, chapters: list[Chapter]) -> None:
    """Add a bookmark for every chapter and every section.

    Chromium's own repeat the words of a heading that opens a page.
    """
    reader = PdfReader(io.BytesIO(data))
    known = places(reader)

    def add(target: str, title: str, parent: object = None) -> object:
        place = known[target]
        page = reader.get_destination_page_number(place)
        return writer.add_outline_item(
            title=title, page_number=page, parent=parent, fit=Fit.xyz(top=place.top)
        )

    for chapter in chapters:
        parent = add(chapter.target, chapter.title)
        for heading in chapter.headings:
            add(heading.target, heading.text, parent)


def finished(data: bytes, chapters: list[Chapter]) -> bytes:
    """Say what the document is, and leave out when and by which program it was made.

    Parameters
    ----------
    data : bytes
        The PDF as Chromium prints it.
    chapters : list of Chapter
        For the bookmarks.

    Returns
    -------
    bytes
        The same pages. The same pages give the same bytes, whenever they were printed.
    """
    about, date = book.about(), book.moment()
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.pdf_header = "%PDF-1.7"
    bookmark(writer, data, chapters)
    stamp = f"D:{date:%Y%m%d%H%M%S}+00'00'"
    writer.metadata = {
        "/Title": f"{about.title}: {about.subtitle[:1].lower()}{about.subtitle[1:]}",
        "/Author": about.author,
        "/Subject": about.abstract,
        "/CreationDate": stamp,
        "/ModDate": stamp,
    }
    writer.root_object[NameObject("/Lang")] = TextStringObject("en-GB")
    writer.create_viewer_preferences().display_doctitle = True
    undated = re.sub(rb"/(Creation|Mod)Date \(.*?\)", b"", data)
    identity = ByteStringObject(hashlib.sha256(undated).digest()[:16])
    writer._ID = ArrayObject((identity, identity))
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def build(target: Path) -> None:
    """Make the PDF of the built book.

    Raises
    ------
    FormatError
        If something is wrong with it; see `formats.checks.faults`.
    """
    chapters = read_book(book.HTML, book.TOC)
    document = book.WORK / "print.html"
    book.write(document, compose(chapters, book.HTML).encode())
    with opened(document, "typesetDrawings", width=COLUMN) as page:
        faults = [f"wider than the page: {where}" for where in page.evaluate("overflowing()")]
        data = numbered(page)
    book.write(target, finished(data, chapters))
    faults += checks.faults(PdfReader(target), [chapter.title for chapter in chapters])
    if faults:
        raise FormatError("\n".join(faults))


if __name__ == "__main__":
    book.make(build, "pdf")
