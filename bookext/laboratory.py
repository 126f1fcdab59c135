"""The directive ``{laboratory}``: the laboratory on a page of the book."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import vgtools

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Laboratory(SphinxDirective):
    """`{laboratory}`: all of it; a text where the output is no HTML."""

    def run(self) -> list[nodes.Node]:
        """Return the laboratory, and have the page read again when it changes."""
        for path in sorted((Path(vgtools.__file__).parent / "laboratory").iterdir()):
            if path.is_file():
                self.env.note_dependency(str(path))
        html = vgtools.laboratory.page().to_html()  # the only page that has to wait for Matplotlib
        return [nodes.raw("", html, format="html")]


def connect(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("laboratory", Laboratory)
