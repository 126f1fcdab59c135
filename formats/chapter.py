"""A chapter on its way to paper, and the names of places in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag


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


def plain(tag: Tag) -> str:
    """Return the text of an element on one line."""
    return " ".join(tag.get_text().split())


def page_of(soup: BeautifulSoup, href: str) -> Tag:
    """Return the place that print fills with the number of the page of a link."""
    target = href.removeprefix("#")
    return soup.new_tag("span", attrs={"class": "page-of", "data-page-of": target})
