"""What the PDF and the EPUB share: who made the book, when, and how it is set."""

from __future__ import annotations

import json
import os
import subprocess
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

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
BOOK = HERE.parent
HTML = BOOK / "_build" / "html"
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
    file: str

    @property
    def address(self) -> str:
        """Where Chromium finds the file."""
        return (Path(matplotlib.get_data_path()) / "fonts" / "ttf" / self.file).as_uri()


def fonts() -> Iterator[Font]:
    """Yield the fonts of the PDF: those that Matplotlib brings, the same on every machine."""
    files = {
        "Book Serif": ["STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol", "STIXGeneralBolIta"],
        "Book Sans": [
            "DejaVuSans", "DejaVuSans-Oblique", "DejaVuSans-Bold", "DejaVuSans-BoldOblique",
        ],
        "Book Mono": [
            "DejaVuSansMono", "DejaVuSansMono-Oblique",
            "DejaVuSansMono-Bold", "DejaVuSansMono-BoldOblique",
        ],
    }  # fmt: skip
    shapes = [("normal", "400"), ("italic", "400"), ("normal", "700"), ("italic", "700")]
    for family, names in files.items():
        for (style, weight), name in zip(shapes, names, strict=True):
            yield Font(family, style, weight, f"{name}.ttf")


def highlighting() -> str:
    """Return the colours of code, those of the pages in light."""
    return HtmlFormatter(style="a11y-light").get_style_defs(".highlight")


def bars(width: int = 320, height: int = 120, layers: int = 20) -> list[dict[str, object]]:
    """Return the drawing of the title page: what reaches each layer, from the last to the first."""
    step = width / layers
    return [
        {
            "x": round(step * layer, 2),
            "width": round(step * 0.8, 2),
            "height": round(height * 0.75 ** (layers - 1 - layer), 2),
            "y": round(height - height * 0.75 ** (layers - 1 - layer), 2),
            "colour": "#0b5e8e" if layer else "#a32c20",
        }
        for layer in range(layers)
    ]


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
    environment.globals.update(book=about(), bars=bars())
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
