"""Who is looking: the build of the book, a person at a live front end, or nobody.

Three rooms need to know. `explore` precomputes frames only while the book is
built and shows widgets only to a person, `derivation` labels its equations only
in the book, and long computations show progress only to a person.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

STATIC_VARIABLE = "VGTOOLS_STATIC"
"""Environment variable that the Sphinx extension sets to ``1`` during a build."""

RECORD = "application/vnd.vgtools.equation+json"
"""The MIME type of an equation's record in the outputs of a notebook.

The record stands beside the LaTeX and the text, is committed with the notebook and held
fixed by nbval. No front end shows it; the register of the book, the mutation of equations
and the tests read it.
"""

Item = TypeVar("Item")


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
    """Tell whether a person watches this kernel through a notebook front end.

    A front end with a person in front of it lets the kernel ask for input;
    nbclient, nbval and jupyter-cache forbid it in every request they send.

    Examples
    --------
    >>> live_notebook()
    False
    """
    if static_build() or "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    request = kernel.get_parent("shell") or {}
    return bool(request.get("content", {}).get("allow_stdin", False))


def progress(items: Iterable[Item], what: str) -> Iterator[Item]:
    """Iterate over `items` behind a progress bar, if there is anybody to see it.

    Parameters
    ----------
    items : iterable
        What to go through.
    what : str
        A few words that name the work, shown beside the bar.

    Returns
    -------
    iterator
        The same items in the same order.

    Examples
    --------
    >>> list(progress(range(3), "counting"))
    [0, 1, 2]
    """
    if not (live_notebook() or (not static_build() and sys.stderr.isatty())):
        return iter(items)
    from tqdm.auto import tqdm  # which loads the widgets of a notebook, where there are any

    return iter(tqdm(items, desc=what, leave=False))


@contextmanager
def optional(package: str, extra: str) -> Iterator[None]:
    """Say which extra of `vgtools` is missing, where an import inside fails.

    Parameters
    ----------
    package : str
        What is imported.
    extra : str
        The extra that brings it.

    Raises
    ------
    ModuleNotFoundError
        If the package is not there.

    Examples
    --------
    >>> with optional("no_such_package", "live"):
    ...     import no_such_package
    Traceback (most recent call last):
    ModuleNotFoundError: no_such_package is not installed: pip install 'vgtools[live]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != package:
            raise
        message = f"{package} is not installed: pip install 'vgtools[{extra}]'"
        raise ModuleNotFoundError(message, name=package) from error
