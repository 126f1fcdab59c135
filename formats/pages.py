"""From the pages of the built book to chapters that need neither scripts nor clicks."""

from __future__ import annotations

import re
from collections import Counter
from copy import copy
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, NavigableString, Tag

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

ANSWERS = "Answers, hints and solutions"
"""The heading under which a chapter keeps what its pages fold away."""

SHORT = 16
"""Lines of code that stay on one page."""

REFERENCES = ("aria-labelledby", "aria-describedby", "aria-details", "headers", "for")
"""Attributes that hold names of other elements."""


class FormatError(RuntimeError):
    """Something that the PDF or the EPUB cannot be made from, or should not go out with."""


@dataclass
class Heading:
    """A line of the table of contents."""

    target: str
    text: str


@dataclass
class Chapter:
    """One page of the book, ready for paper.

    Attributes
    ----------
    stem : str
        What the file is called, without its ending.
    title : str
        The title as text, with the number of the chapter.
    body : Tag
        A `section` of class ``chapter`` whose `id` is `anchor(stem)`.
    headings : list of Heading
        The sections, for the table of contents.
    part : str
        The part that begins with this chapter, or nothing.
    """

    stem: str
    title: str
    body: Tag
    headings: list[Heading]
    part: str = ""

    @property
    def target(self) -> str:
        """The name of the chapter in links."""
        return anchor(self.stem)


def anchor(stem: str, name: str = "") -> str:
    """Name a place so that it is unique in the whole book and a valid XML identifier.

    Examples
    --------
    >>> anchor("02_sigmoid"), anchor("02_sigmoid", "chapters/02_sigmoid-solution-1")
    ('ch-02_sigmoid', 'ch-02_sigmoid--chapters-02_sigmoid-solution-1')
    """
    name = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII)
    return f"ch-{stem}--{name}" if name else f"ch-{stem}"


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


def plain(tag: Tag) -> str:
    """Return the text of an element on one line."""
    return " ".join(tag.get_text().split())


def name_of(heading: Tag) -> str:
    """Return the identifier that leads to a heading: that of its section, as a rule."""
    return heading.get("id") or heading.find_parent(id=True)["id"]


def strip(body: Tag) -> None:
    """Remove what paper has no use for, and what is empty then."""
    for tag in body.select(", ".join(LEFT_OUT)):
        tag.decompose()
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


# What the pages fold away


class Answers:
    """The answers, hints and solutions of a chapter, in their order.

    Parameters
    ----------
    soup : BeautifulSoup
        What makes new elements.
    stem : str
        The chapter.
    """

    def __init__(self, soup: BeautifulSoup, stem: str) -> None:
        self.soup = soup
        self.stem = stem
        self.entries: list[Tag] = []

    def add(self, title: list, content: list, place: Tag, label: str) -> Tag:
        """Add an entry, and return the link that leads to it.

        Parameters
        ----------
        title, content : list of nodes
            The entry; its title leads back.
        place : Tag
            Where it was folded away.
        label : str
            The text of the link.

        Returns
        -------
        Tag
        """
        number = len(self.entries) + 1
        if not place.get("id"):
            place["id"] = anchor(self.stem, f"asks-{number}")
        target = anchor(self.stem, f"answer-{number}")
        entry = self.element("div", *content, id=target, name="answer")
        back = self.element("a", *title, href="#" + place["id"])
        entry.insert(0, self.element("p", back, name="answer-title"))
        self.entries.append(entry)
        link = self.element("a", NavigableString(label), href="#" + target)
        return self.element("span", link, page_of(self.soup, link["href"]), name="see")

    def element(
        self, tag: str, *children: Tag | NavigableString, name: str = "", **attributes: str
    ):
        """Return a new element of a class."""
        result = self.soup.new_tag(tag, attrs={**attributes, **({"class": name} if name else {})})
        result.extend(children)
        return result

    def line(self, *links: Tag) -> Tag:
        """Return a paragraph for links to entries."""
        return self.element("p", *links, name="see-answers")

    def of_question(self, question: Tag) -> None:
        """Leave the choices of a quick question; take what is said about each."""
        title = detach_title(question)
        choices, content = self.element("ol", name="choices"), []
        for letter, choice in zip("ABCDEFGH", question.select(".answer"), strict=False):
            choice.extract()
            words = detach_title(choice)
            choices.append(self.element("li", *copies(words)))
            again = self.element("p", NavigableString(f"{letter}. "), *words, name="choice")
            content += [again, *list(choice.children)]
        question.insert(0, self.element("p", *copies(title), name="admonition-title"))
        see = self.add(title, content, question, "Answer")
        question.extend([choices, self.line(see)])

    def of_prediction(self, block: Tag, heading: Tag) -> None:
        """Take the answer to a question of the text."""
        title = detach_title(block)
        label = "".join(node.get_text() for node in title).strip()
        place = block.find_previous_sibling("p") or heading
        words = [NavigableString(f"{plain(heading)}: "), *title]
        see = self.add(words, list(block.children), place, label)
        block.replace_with(self.line(see))

    def of_exercise(self, block: Tag, kind: str) -> None:
        """Take a hint or a solution, and leave a link in the box of its exercise."""
        exercise = block.find_previous(class_="exercise")
        if exercise is None:
            raise FormatError(f"{self.stem}: {plain(block)[:60]!r} belongs to no exercise")
        name = plain(exercise.select_one(".admonition-title"))
        detach_title(block)
        title = [NavigableString(f"{kind} {'to' if kind == 'Solution' else 'for'} {name}")]
        see = self.add(title, list(block.children), exercise, kind)
        line = exercise.select_one(".see-answers")
        if line is None:
            exercise.append(self.line(see))
        else:
            line.append(see)
        block.decompose()


def move_answers(soup: BeautifulSoup, body: Tag, stem: str) -> None:
    """Collect answers, hints and solutions at the end, each linked from its place and back.

    Notes that are folded for other reasons stay where they are, open.
    """
    answers = Answers(soup, stem)
    for block in body.select(".admonition.question, .dropdown"):
        classes = set(block["class"])
        heading = block.find_previous("h2")
        title = block.select_one(".admonition-title")
        answer = title is not None and re.match(r"(The )?answer\b", plain(title), re.I)
        if "question" in classes:
            answers.of_question(block)
        elif "answer" in classes:
            continue  # went with its question
        elif "hint" in classes or "solution" in classes:
            answers.of_exercise(block, "Hint" if "hint" in classes else "Solution")
        elif heading is not None and (answer or plain(heading) == "Predict"):
            answers.of_prediction(block, heading)
        else:
            block["class"] = [name for name in block["class"] if name != "dropdown"]
    if answers.entries:
        heading = answers.element("h2", NavigableString(ANSWERS))
        section = answers.element("section", heading, *answers.entries, name="answers")
        section["id"] = anchor(stem, "answers")
        body.h1.find_parent("section").append(section)


def page_of(soup: BeautifulSoup, href: str) -> Tag:
    """Return the place that print fills with the number of the page of a link."""
    target = href.removeprefix("#")
    return soup.new_tag("span", attrs={"class": "page-of", "data-page-of": target})


def detach_title(block: Tag) -> list:
    """Take the title off an admonition and return what was in it, without links."""
    title = block.select_one(".admonition-title")
    if title is None:
        return []
    title.extract()
    for link in title.find_all("a"):
        link.unwrap()
    return list(title.children)


def copies(nodes: list) -> list:
    """Return copies of nodes, to be used in a second place."""
    return [copy(node) for node in nodes]


# Figures and titles


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
