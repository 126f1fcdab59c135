"""A build that was stopped half-way, and the build after it.

Sphinx keeps what it has read before it writes the pages, and writes the index of the
search after them. If it is stopped in between, the next build takes the pages that are
there for finished: the index knows only the other ones, or cannot be written at all. So a
mark stands on the build for as long as that lasts, and whoever finds one writes all pages.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.connect("builder-inited", drop_unfinished_pages)
    app.connect("env-updated", set_mark, priority=1)
    app.connect("build-finished", remove_mark, priority=999)


def mark(app: Sphinx) -> Path:
    """Return where the mark of a build stands while it is unfinished."""
    return Path(app.doctreedir) / f"unfinished-{app.builder.name}"


def drop_unfinished_pages(app: Sphinx) -> None:
    """Remove the pages of a build that was stopped, so that all are written again."""
    if mark(app).exists() and app.builder.format == "html":
        for page in [*Path(app.outdir).rglob("*.html"), Path(app.outdir) / "searchindex.js"]:
            page.unlink(missing_ok=True)


def set_mark(app: Sphinx, env: BuildEnvironment) -> None:
    """Note that the pages are no longer those of what has been read."""
    mark(app).touch()


def remove_mark(app: Sphinx, exception: Exception | None) -> None:
    """Note that they are again."""
    if exception is None:
        mark(app).unlink(missing_ok=True)
