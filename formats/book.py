"""What the PDF and the EPUB share: who made the book, when, and how it is set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import matplotlib
import yaml
from bs4 import Tag
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pygments.formatters import HtmlFormatter

from formats.chapter import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
BOOK = HERE.parent
HTML = BOOK / "_build" / "html"
TOC = BOOK / "_toc.yml"
WORK = BOOK / "_build" / "formats"
DIST = BOOK / "dist"
NAME = "vanishing-gradients"
"""What every file in `dist` is called, before its ending."""

EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
"""The first date that a zip archive can hold."""


@dataclass(frozen=True)
class About:
    """The book as its title page names it."""

    title: str
    subtitle: str
    author: str
    version: str
    abstract: str


def about(citation: Path = BOOK / "CITATION.cff") -> About:
    """Read from `CITATION.cff` what the book is called and who wrote it."""
    entry = yaml.safe_load(citation.read_text(encoding="utf-8"))
    title, _, subtitle = entry["title"].partition(": ")
    return About(
        title,
        subtitle[:1].upper() + subtitle[1:],
        ", ".join(author["name"] for author in entry["authors"]),
        str(entry["version"]),
        " ".join(entry["abstract"].split()),
    )


def moment() -> datetime:
    """Return the one date that every file carries: that of the commit, or SOURCE_DATE_EPOCH.

    Two builds of one commit are equal, and neither says when it was made. Outside
    a repository it is the first date that a zip archive can hold.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if seconds is None:
        command = ["git", "-C", str(BOOK), "log", "-1", "--format=%ct"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return EPOCH
        seconds = done.stdout
    return max(EPOCH, datetime.fromtimestamp(int(seconds), UTC))


class Font(NamedTuple):
    """One file of a typeface."""

    family: str
    style: str
    weight: str
    address: str
    """Where Chromium finds the file."""


def fonts() -> list[Font]:
    """Return the fonts of the PDF: those that Matplotlib brings, the same on every machine."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    shapes = [("normal", "400"), ("italic", "400"), ("normal", "700"), ("italic", "700")]
    dejavu = ("", "-Oblique", "-Bold", "-BoldOblique")
    files = {
        "Book Serif": ("STIXGeneral", ("", "Italic", "Bol", "BolIta")),
        "Book Sans": ("DejaVuSans", dejavu),
        "Book Mono": ("DejaVuSansMono", dejavu),
    }
    return [
        Font(family, *shape, (folder / f"{name}{ending}.ttf").as_uri())
        for family, (name, endings) in files.items()
        for shape, ending in zip(shapes, endings, strict=True)
    ]


def highlighting() -> str:
    """Return the colours of code, those of the pages in light."""
    return HtmlFormatter(style="a11y-light").get_style_defs(".highlight")


def templates() -> Environment:
    """Return the templates, which escape whatever is put into them."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["html"] = to_html
    environment.filters["string_of_css"] = string_of_css
    environment.globals.update(book=about(), fonts=fonts())
    return environment


def to_html(tag: Tag) -> Markup:
    """Return an element as HTML that is not escaped again."""
    return Markup(tag.decode(formatter="minimal"))


def string_of_css(text: str) -> Markup:
    r"""Return a text as a string of a style sheet inside a page.

    Examples
    --------
    >>> print(string_of_css('The "ReLU" </style>'))
    "The \"ReLU\" \3c /style>"
    """
    return Markup(json.dumps(text, ensure_ascii=False).replace("<", r"\3c "))


def write(path: Path, data: bytes) -> None:
    """Write a file, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def make(build: Callable[[Path], None], ending: str) -> None:
    """Make the file of `dist` with this ending, or say why not and exit."""
    target = DIST / f"{NAME}.{ending}"
    try:
        build(target)
    except FormatError as error:
        sys.exit(str(error))
    print(f"The {ending.upper()}: {target}")
