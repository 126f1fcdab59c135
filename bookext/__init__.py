"""What the book asks of Sphinx beyond what its extensions already do.

`_config.yml` loads it; no chapter imports it, and it is no part of the wheel.

`execution` runs the chapters: with the static switch on, on both cores, and again whenever
something that an output depends on has changed. `pages` decides what a page loads: nothing
from another server, and nothing that it does not use. `folding` folds preparations and what
goes deeper. `notebooks` reads what a chapter states, from its cells and the records of its
equations. `register` makes a page of it, `claims` one of `claims.toml`, `contents` the table
of all chapters, `laboratory` that of the laboratory. `glossary` links each term to the place
that introduces it, and `search` makes every section found. `formulas` and `numbers` warn of
formulas in sentences with nothing behind them and of number words that the data may outlive.
`sharing` tells others about a page: link previews, addresses, and where it can be run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookext import (
    claims,
    contents,
    execution,
    folding,
    formulas,
    glossary,
    laboratory,
    numbers,
    pages,
    register,
    search,
    sharing,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register every part with Sphinx."""
    parts = (execution, pages, folding, claims, register, contents, laboratory, search)
    for part in (*parts, formulas, numbers, glossary, sharing):
        part.connect(app)
    return {"env_version": 4, "parallel_read_safe": False, "parallel_write_safe": True}
