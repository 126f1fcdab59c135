"""A figure as a web page of its own, and the way of a page to a file."""

from __future__ import annotations

import os
import secrets
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

ENDINGS = (".html", ".htm")


def document(figure: str, title: str, lang: str) -> str:
    """Write a page that holds one figure and needs no network.

    Examples
    --------
    >>> document("<figure></figure>", "A wave", "en").startswith("<!doctype html>")
    True
    """
    template = files("vgtools.explore").joinpath("document.html").read_text(encoding="utf-8")
    return Template(template).substitute(figure=figure, title=escape(title), lang=escape(lang))


def check_path(path: str | os.PathLike[str]) -> Path:
    """Return where a page can be written, or raise.

    Raises
    ------
    ValueError
        If the name does not end in ``.html`` or ``.htm``.
    FileNotFoundError
        If the folder does not exist.
    IsADirectoryError
        If a folder has that name.

    Examples
    --------
    >>> check_path("figure.png")
    Traceback (most recent call last):
    ValueError: the page 'figure.png' must end in .html or .htm
    """
    place = Path(path)
    if place.suffix.lower() not in ENDINGS:
        raise ValueError(f"the page {str(path)!r} must end in {' or '.join(ENDINGS)}")
    if not place.parent.is_dir():
        raise FileNotFoundError(
            f"the page {str(path)!r} cannot be written: there is no folder {str(place.parent)!r}"
        )
    if place.is_dir():
        raise IsADirectoryError(f"the page {str(path)!r} cannot be written: it is a folder")
    return place.resolve()


def write(place: Path, text: str) -> None:
    """Write a file whole or not at all: what was there before stays until all is written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder, "page.html"), "text")
    ...     os.listdir(folder)
    ['page.html']
    """
    part = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
