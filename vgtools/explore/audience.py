"""Who is looking at a figure: a page, a person at a live notebook, or nobody."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

VARIABLE = "VGTOOLS_EXPLORE"
"""Environment variable that says how figures show themselves, in the place of `rendition`."""

CHOICES = ("html", "text")
"""What the variable may hold."""

Item = TypeVar("Item")


def rendition() -> str:
    """Return how a figure shows itself here.

    Returns
    -------
    {"widgets", "html", "text"}
        To a person at a live notebook with widgets. In a notebook that a program runs, such as
        nbconvert or MyST-NB, as HTML that moves by itself. Everywhere else as text. The variable
        `VGTOOLS_EXPLORE` asks for ``html`` or ``text`` wherever a figure is shown.

    Raises
    ------
    ValueError
        If the variable holds anything else.

    Examples
    --------
    >>> rendition()
    'text'
    """
    chosen = os.environ.get(VARIABLE, "")
    if chosen and chosen not in CHOICES:
        raise ValueError(f"{VARIABLE} is {chosen!r}: accepted are {' and '.join(CHOICES)}")
    if chosen or _kernel() is None:
        return chosen or "text"
    return "widgets" if live_notebook() else "html"


def live_notebook() -> bool:
    """Tell whether a person watches this kernel through a notebook front end.

    A front end with a person in front of it lets the kernel ask for input;
    nbclient, nbval and jupyter-cache forbid it in every request they send.

    Examples
    --------
    >>> live_notebook()
    False
    """
    kernel = _kernel()
    if kernel is None:
        return False
    request = kernel.get_parent("shell") or {}
    return bool(request.get("content", {}).get("allow_stdin", False))


def progress(items: Iterable[Item], what: str) -> Iterator[Item]:
    """Iterate over `items` behind a progress bar, if tqdm is there and anybody to see it.

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
    if not (live_notebook() or sys.stderr.isatty()):
        return iter(items)
    try:
        from tqdm.auto import tqdm  # which loads the widgets of a notebook, where there are any
    except ModuleNotFoundError:
        return iter(items)
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


def _kernel() -> object:
    """Return the kernel of a notebook that runs this, or None."""
    if "IPython" not in sys.modules:
        return None
    return getattr(sys.modules["IPython"].get_ipython(), "kernel", None)
