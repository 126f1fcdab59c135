"""The laboratory on a page of the book, and links that open it set up.

The directive ``{laboratory}`` is the laboratory. A link to its page may carry settings as its
title: ``[Try it](laboratory.md "lab.layers=10&lab.init=he")``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

import vgtools

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SETTINGS = "lab."
"""How the title of a link begins that carries settings."""


class Laboratory(SphinxDirective):
    """`{laboratory}`: all of it; a text where the output is no HTML."""

    def run(self) -> list[nodes.Node]:
        """Return the laboratory, and have the page read again when it changes."""
        for path in sorted((Path(vgtools.__file__).parent / "laboratory").iterdir()):
            if path.is_file():
                self.env.note_dependency(str(path))
        html = vgtools.laboratory.page().to_html()  # the only page that has to wait for Matplotlib
        return [nodes.raw("", html, format="html")]


class Settings(SphinxPostTransform):
    """Put the settings of a link into its address, before MyST resolves it."""

    default_priority = 5
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Replace the links that carry settings."""
        for node in list(self.document.findall(addnodes.pending_xref)):
            settings = node.get("title", "")
            if settings.startswith(SETTINGS):
                page = self.app.builder.get_relative_uri(self.env.docname, node["reftarget"])
                address = f"{page}?{settings}#lab"
                node.replace_self(
                    nodes.reference("", "", *node.children, internal=True, refuri=address)
                )


def connect(app: Sphinx) -> None:
    """Add the directive and the links."""
    app.add_directive("laboratory", Laboratory)
    app.add_post_transform(Settings)
