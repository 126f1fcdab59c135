"""The whole book as an EPUB 3: ``python -m formats.epub``."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from formats import book
from formats.archive import archive
from formats.chapter import Chapter
from formats.chromium import opened
from formats.pages import read_book

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

CONTAINER = """\
<?xml version="1.0" encoding="UTF-8"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
  <rootfiles>
    <rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
  </rootfiles>
</container>
"""

COVER = """<section class="cover"><img src="cover.png" alt="{title}: {subtitle}"/></section>"""


@dataclass
class Page:
    """One file of the spine.

    Attributes
    ----------
    target : str
        The name of the page: in the manifest, and of the place in links.
    title : str
        What a reading system shows.
    body : str
        XHTML.
    kind : str
        What the page is, in EPUB's vocabulary.
    """

    target: str
    title: str
    body: str
    kind: str = "bodymatter"

    @property
    def file(self) -> str:
        """What the file is called."""
        return f"{self.target}.xhtml"

    @property
    def properties(self) -> str:
        """What the manifest has to say about the page.

        Examples
        --------
        >>> Page("a", "A", "<p><math/></p><svg/>").properties
        'mathml svg'
        """
        found = {"mathml": "<math", "svg": "<svg"}
        return " ".join(name for name, tag in found.items() if tag in self.body)


def places(pages: Iterable[Page]) -> dict[str, str]:
    """Return where every name of the book is: a file, and a fragment within it.

    Examples
    --------
    >>> places([Page("ch-a", "A", '<section id="ch-a"><p id="x">...</p></section>')])
    {'ch-a': 'ch-a.xhtml', 'x': 'ch-a.xhtml#x'}
    """
    found = {}
    for page in pages:
        found[page.target] = page.file
        for name in re.findall(r'\bid="([^"]+)"', page.body):
            found.setdefault(name, f"{page.file}#{name}")
    return found


def relinked(body: str, links: Mapping[str, str]) -> str:
    """Point links inside one document to the files that it was divided into.

    Examples
    --------
    >>> relinked('<a href="#x">x</a>', {"x": "ch-a.xhtml#x"})
    '<a href="ch-a.xhtml#x">x</a>'
    """
    return re.sub(
        r'(<a\b[^>]*\bhref=")#([^"]+)"', lambda match: f'{match[1]}{links[match[2]]}"', body
    )


def pack(pages: list[Page], chapters: list[Chapter], cover: bytes) -> bytes:
    """Put the pages of the book into an EPUB.

    Parameters
    ----------
    pages : list of Page
        The cover, the front matter, and the chapters.
    chapters : list of Chapter
        For the table of contents.
    cover : bytes
        A PNG.

    Returns
    -------
    bytes
        The same pages give the same bytes.
    """
    templates, date, about = book.templates(), book.moment(), book.about()
    links = {**places(pages), "contents": "nav.xhtml"}
    parts: list[tuple[str, list[Chapter]]] = []
    for chapter in chapters:
        if chapter.part or not parts:
            parts.append((chapter.part, []))
        parts[-1][1].append(chapter)

    def xhtml(page: Page) -> bytes:
        body = Markup(relinked(page.body, links))
        template = templates.get_template("page.xhtml")
        return template.render(title=page.title, kind=page.kind, body=body).encode()

    contents = templates.get_template("nav.xhtml").render(
        parts=parts, links=links, first=chapters[0].target
    )
    package = templates.get_template("package.opf").render(
        identifier=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{book.NAME} {about.version}')}",
        modified=f"{date:%Y-%m-%dT%H:%M:%SZ}",
        pages=pages,
    )
    files = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": CONTAINER.encode(),
        "book/package.opf": package.encode(),
        "book/nav.xhtml": xhtml(Page("nav", "Contents", contents, "frontmatter")),
        "book/cover.png": cover,
        **{f"book/{name}": (book.HERE / "style" / name).read_bytes() for name in STYLES},
        **{f"book/{page.file}": xhtml(page) for page in pages},
    }
    return archive(files, date, stored={"mimetype"})


STYLES = ("book.css", "epub.css")


def tidy(xml: str) -> str:
    """Drop what the serialiser writes on every element, and what only print needs.

    Examples
    --------
    >>> tidy('<p xmlns="http://www.w3.org/1999/xhtml">a<span class="page-of" data-x="1"/></p>')
    '<p>a</p>'
    """
    xml = re.sub(r'<span class="page-of"[^>]*(?:/>|></span>)', "", xml)
    return xml.replace(' xmlns="http://www.w3.org/1999/xhtml"', "")


def build(target: Path) -> None:
    """Make the EPUB of the built book."""
    chapters = read_book(book.HTML, book.TOC)
    templates, about = book.templates(), book.about()
    source, cover = book.WORK / "source.html", book.WORK / "cover.html"
    source_text = templates.get_template("source.html").render(
        chapters=chapters,
        script=(book.HERE / "typeset.js").as_uri(),
        static=(book.HTML / "_static").as_uri(),
    )
    cover_text = templates.get_template("cover.html").render(style=(book.HERE / "style").as_uri())
    book.write(source, source_text.encode())
    book.write(cover, cover_text.encode())
    with opened(source, "typesetMarkup") as page:
        found = {part["target"]: tidy(part["xml"]) for part in page.evaluate("serialised()")}
        page.set_viewport_size({"width": 1200, "height": 1800})
        page.goto(cover.as_uri())
        picture = page.screenshot()
    image = COVER.format(title=about.title, subtitle=about.subtitle)
    pages = [
        Page("cover", about.title, image, "cover"),
        Page("front", about.title, found.pop("front"), "frontmatter"),
        *(Page(chapter.target, chapter.title, found[chapter.target]) for chapter in chapters),
    ]
    book.write(target, pack(pages, chapters, picture))


if __name__ == "__main__":
    book.make(build, "epub")
