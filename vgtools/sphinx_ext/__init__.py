"""What the book asks of Sphinx beyond what its extensions already do.

`execution` runs the chapters: with the static switch on, on both cores, and
again whenever something that an output depends on has changed. `pages` decides
what a page loads: nothing from another server, and nothing that it does not use.
`claims` adds the directive that turns `claims.toml` into a page. `evidence` reads
from the notebooks what stands behind each statement, and `register` makes a page of it.
`introductions` finds the place that introduces each term of the glossary. `sharing`
tells others about a page: link previews, addresses, and where it can be run. `unfinished`
makes good what a build left behind that was stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vgtools.sphinx_ext import (
    claims,
    execution,
    introductions,
    pages,
    register,
    sharing,
    unfinished,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register every part with Sphinx.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The application that loads this extension.

    Returns
    -------
    dict
        The metadata that Sphinx asks of an extension.
    """
    execution.connect(app)
    pages.connect(app)
    claims.connect(app)
    register.connect(app)
    sharing.connect(app)
    introductions.connect(app)
    unfinished.connect(app)
    return {"env_version": 2, "parallel_read_safe": False, "parallel_write_safe": True}
