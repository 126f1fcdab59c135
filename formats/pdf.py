"""The whole book as one PDF: ``python -m formats.pdf``."""

from __future__ import annotations

import hashlib
import io
import sys
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
            fonts=list(book.fonts()),
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
        before, pages = pages, destinations(PdfReader(io.BytesIO(data)))
        if pages == before:
            return data
    raise FormatError(f"the page numbers still move after {ROUNDS} prints")


def destinations(reader: PdfReader) -> dict[str, int]:
    """Return the number of the page of every place that a link leads to, counted from 1."""
    return {
        name.removeprefix("/"): reader.get_destination_page_number(place) + 1
        for name, place in reader.named_destinations.items()
    }


def bookmark(writer: PdfWriter, data: bytes, chapters: list[Chapter]) -> None:
    """Add a bookmark for every chapter and every section.

    Chromium's own repeat the words of a heading that opens a page.
    """
    reader = PdfReader(io.BytesIO(data))
    places = {name.removeprefix("/"): place for name, place in reader.named_destinations.items()}

    def add(target: str, title: str, parent: object = None) -> object:
        place = places[target]
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
        The same pages. The same input gives the same bytes.
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
    identity = ByteStringObject(hashlib.sha256(data).digest()[:16])
    writer._ID = ArrayObject((identity, identity))
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def build(html: Path, toc: Path, target: Path) -> list[str]:
    """Make the PDF of a built book.

    Parameters
    ----------
    html, toc : Path
        The built book, and its table of contents.
    target : Path
        The file to write.

    Returns
    -------
    list of str
        What is wrong with it; see `formats.checks.faults`.
    """
    chapters = read_book(html, toc)
    document = book.WORK / "print.html"
    book.write(document, compose(chapters, html).encode())
    with opened(document, "typesetDrawings", width=COLUMN) as page:
        wide = page.evaluate("overflowing()")
        data = numbered(page)
    book.write(target, finished(data, chapters))
    return [f"wider than the page: {where}" for where in wide] + checks.faults(
        PdfReader(target), [chapter.title for chapter in chapters]
    )


def main() -> int:
    """Make the PDF in `dist` and say what is wrong with it."""
    target = book.DIST / f"{book.NAME}.pdf"
    try:
        faults = build(book.HTML, book.BOOK / "_toc.yml", target)
    except FormatError as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"The PDF: {target}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
