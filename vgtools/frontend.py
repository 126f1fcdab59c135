"""Who is looking: the build of the book, a person at a live front end, or nobody.

Two rooms need to know. `derivation` labels its equations only in the book, and long
computations show progress only to a person. Figures have a switch of their own, in
`vgtools.explore.audience`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from vgtools.explore import audience
from vgtools.explore.audience import Item, optional

__all__ = ["RECORD", "STATIC_VARIABLE", "live_notebook", "optional", "progress", "static_build"]

STATIC_VARIABLE = "VGTOOLS_STATIC"
"""Environment variable that the Sphinx extension sets to ``1`` during a build."""

RECORD = "application/vnd.vgtools.equation+json"
"""The MIME type of an equation's record in the outputs of a notebook.

The record stands beside the LaTeX and the text, is committed with the notebook and held
fixed by nbval. No front end shows it; the register of the book, the mutation of equations
and the tests read it.
"""


def static_build() -> bool:
    """Tell whether this process runs as part of a build of the static book.

    Examples
    --------
    >>> import os
    >>> os.environ.get("VGTOOLS_STATIC") == "1" or not static_build()
    True
    """
    return os.environ.get(STATIC_VARIABLE) == "1"


def live_notebook() -> bool:
    """Tell whether a person watches this kernel, outside of a build.

    Examples
    --------
    >>> live_notebook()
    False
    """
    return not static_build() and audience.live_notebook()


def progress(items: Iterable[Item], what: str) -> Iterator[Item]:
    """Iterate over `items` behind a progress bar, if there is anybody to see it.

    Examples
    --------
    >>> list(progress(range(3), "counting"))
    [0, 1, 2]
    """
    return iter(items) if static_build() else audience.progress(items, what)
