"""From the pages of the built book to chapters that need neither scripts nor clicks."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, NavigableString, Tag

from formats.answers import move_answers
from formats.chapter import Chapter, FormatError, Heading, anchor, page_of, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEFT_OUT = (
    "style",
    "noscript",
    "template",
    "button",
    "input",
    "select",
    ".headerlink",
    ".toctree-wrapper",
    ".vg-controls",
    ".screen-only",
    "details.hide",  # folded code: it only draws
)
"""What serves a screen, a mouse or a kernel."""

SHORT = 16
"""Lines of code that stay on one page."""

REFERENCES = ("aria-labelledby", "aria-describedby", "aria-details", "headers", "for")
"""Attributes that hold names of other elements."""


def contents(toc: Path) -> Iterator[tuple[str, str]]:
    """Yield every page of the table of contents, and the part that begins with it."""
    tree = yaml.safe_load(toc.read_text(encoding="utf-8"))
    yield tree["root"], ""
    for part in tree.get("parts", [tree]):
        for place, page in enumerate(part["chapters"]):
            yield page["file"], "" if place else part.get("caption", "")


def read_book(html: Path, toc: Path) -> list[Chapter]:
    """Read every page of a built book in the order of its table of contents.

    Parameters
    ----------
    html : Path
        The folder that `make book` fills.
    toc : Path
        The table of contents, `_toc.yml`.

    Returns
    -------
    list of Chapter

    Raises
    ------
    FormatError
        If a page is missing, or a link leads to a place that does not exist.
    """
    listed = list(contents(toc))
    chapters = []
    for name, part in listed:
        page = html / f"{name}.html"
        if not page.is_file():
            raise FormatError(f"{page} is missing: run make book first")
        chapter = read_page(page.read_text(encoding="utf-8"), name, {name for name, _ in listed})
        chapter.part = part
        chapters.append(chapter)
    unlink_code(chapters)
    check_links(chapters)
    return chapters


def read_page(text: str, name: str, pages: Iterable[str]) -> Chapter:
    """Turn one built page into a chapter.

    Parameters
    ----------
    text : str
        The HTML of the page.
    name : str
        The page as the table of contents has it, such as ``chapters/02_sigmoid``.
    pages : iterable of str
        All pages, to tell links inside the book from others.

    Returns
    -------
    Chapter

    Examples
    --------
    >>> page = '<article><section id="a"><h1>A</h1><a href="b.html#c">C</a></section></article>'
    >>> chapter = read_page(page, "x/a", ["x/a", "x/b"])
    >>> chapter.title, chapter.body.a["href"]
    ('A', '#ch-b--c')
    """
    # The frames of the figures are most of a page, and nothing here needs them.
    text = re.sub(r"<script\b.*?</script>", "", text, flags=re.DOTALL)
    soup = BeautifulSoup(text, "html.parser")
    article = soup.find("article")
    if article is None or article.h1 is None:
        raise FormatError(f"{name} has no article with a title")
    stem = PurePosixPath(name).name
    body = soup.new_tag("section", id=anchor(stem), attrs={"class": "chapter"})
    body.extend(list(article.children))

    strip(body)
    drop_repeated_names(body)
    rename(body, stem)
    relink(body, name, set(pages))
    move_answers(soup, body, stem)
    for line in body.select(".claim-shown"):
        line.a.insert_after(page_of(soup, line.a["href"]))
    settle_figures(body)
    number_title(soup, body.h1)
    headings = [Heading(name_of(heading), plain(heading)) for heading in body.find_all("h2")]
    return Chapter(stem, plain(body.h1), body, headings)


def name_of(heading: Tag) -> str:
    """Return the identifier that leads to a heading: that of its section, as a rule."""
    return heading.get("id") or heading.find_parent(id=True)["id"]


def strip(body: Tag) -> None:
    """Remove what paper has no use for, and what is empty then."""
    for tag in body.select(", ".join(LEFT_OUT)):
        tag.decompose()
    for details in body.select("details.deeper"):
        details.summary.decompose()
        details.unwrap()
    for details in body.find_all("details"):
        if details.summary:
            details.summary.name = "p"
        details.name = "div"
    for cell in body.select("div.cell"):
        if not cell.get_text(strip=True) and not cell.find(["svg", "img"]):
            cell.decompose()
    for code in body.find_all("pre"):
        if len(code.get_text().strip().splitlines()) <= SHORT:
            code["class"] = "short"
    for tag in body.find_all(True):
        for attribute in ("title", "aria-live", "tabindex", "hidden"):
            del tag[attribute]


def drop_repeated_names(body: Tag) -> None:
    """Keep an identifier at its first place only: all exercises are called the same inside."""
    seen = set()
    for tag in body.find_all(id=True):
        if tag["id"] in seen or tag["id"] in {"exercise-content", "solution-content"}:
            del tag["id"]
        else:
            seen.add(tag["id"])


def rename(body: Tag, stem: str) -> None:
    """Make every identifier below a chapter unique in the book, and all that refers to it."""
    for tag in body.find_all(True):
        if tag.get("id"):
            tag["id"] = anchor(stem, tag["id"])
        for attribute in REFERENCES:
            if attribute in tag.attrs:
                tag[attribute] = " ".join(anchor(stem, name) for name in tag[attribute].split())
        if tag.name == "a":
            continue
        for attribute, value in tag.attrs.items():
            if isinstance(value, str) and "#" in value:
                if attribute in {"href", "xlink:href"}:
                    tag[attribute] = "#" + anchor(stem, value.removeprefix("#"))
                else:
                    tag[attribute] = re.sub(
                        r"url\(#([^)]+)\)", lambda m: f"url(#{anchor(stem, m[1])})", value
                    )


def relink(body: Tag, name: str, pages: set[str]) -> None:
    """Point links between pages to places in the one document."""
    folder = PurePosixPath(name).parent
    for link in body.find_all("a"):
        href = link.get("href", "")
        address = urlsplit(href)
        if address.scheme or address.netloc:
            continue
        path = unquote(address.path)
        target = re.sub(r"\.html$", "", str(folder / path)) if path else name
        if target in pages:
            link["href"] = "#" + anchor(PurePosixPath(target).name, unquote(address.fragment))
        elif href:
            link.unwrap()  # the search page, and whatever else only a screen has
        else:
            link.name = "span"


def unlink_code(chapters: list[Chapter]) -> None:
    """Make plain text of links to cells of code that paper leaves out."""
    known = {tag["id"] for chapter in chapters for tag in chapter.body.find_all(id=True)}
    for chapter in chapters:
        for link in chapter.body.select('a[href^="#"]'):
            if "--cell-" in link["href"] and link["href"][1:] not in known:
                link.unwrap()


def check_links(chapters: list[Chapter]) -> None:
    """Raise `FormatError` if a link leads nowhere, or a name is used twice."""
    names = [chapter.target for chapter in chapters]
    names += [tag["id"] for chapter in chapters for tag in chapter.body.find_all(id=True)]
    if twice := sorted(name for name, times in Counter(names).items() if times > 1):
        raise FormatError(f"names are used twice: {', '.join(twice)}")
    known = set(names)
    lost = {
        f"{chapter.stem}: {link['href']}"
        for chapter in chapters
        for link in chapter.body.select('a[href^="#"]')
        if link["href"][1:] not in known
    }
    if lost:
        raise FormatError(f"links lead nowhere: {', '.join(sorted(lost))}")


def settle_figures(body: Tag) -> None:
    """Give every drawing its own colours and its description."""
    for figure in body.select("figure.vg-explore"):
        panels = figure.select(".vg-panels > svg")
        figure["class"] = ["vg-explore", f"panels-{len(panels)}"]
        for panel in panels:
            del panel["style"]
        for tag in figure.find_all(style=True):
            tag["style"] = resolve(tag["style"])
        says = figure.select_one(".vg-says")
        drawing = figure.select_one(".vg-panels")
        if drawing is None or says is None or not plain(says):
            raise FormatError(f"the figure {figure.get('id')} has no description")
        del drawing["aria-labelledby"]
        drawing["aria-label"] = plain(says)
    for tag in body.select(".vg-lab-still svg *"):  # the picture of the laboratory
        for name in {"fill", "stroke"} & set(tag.attrs):
            tag[name] = resolve(tag[name])
    for tag in body.select(".vg-lab-still [style]"):  # a variable for those colours
        del tag["style"]


def resolve(style: str) -> str:
    """Replace the variables of a page's theme by the colours that they stand for in print.

    Examples
    --------
    >>> resolve("fill:var(--vg-ink,#222833);stroke:none")
    'fill:#222833;stroke:none'
    """
    return re.sub(r"var\(--[\w-]+,\s*([^()]+)\)", r"\1", style)


def number_title(soup: BeautifulSoup, title: Tag) -> None:
    """Set the number of a chapter without the point that Sphinx puts behind it."""
    number = title.select_one(".section-number")
    if number is not None:
        number.string = plain(number).rstrip(".")
        number.insert_after(NavigableString(" "))
