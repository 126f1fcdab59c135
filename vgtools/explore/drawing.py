"""Around the functions of an author: style and figures that are open, and what went wrong where."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib import pyplot
from matplotlib.figure import Figure

from vgtools.explore.controls import Control
from vgtools.explore.theme import Theme


@contextmanager
def drawing(theme: Theme) -> Iterator[Callable[[], list[Figure]]]:
    """Draw in a style, one thread at a time, and leave no figure of pyplot open.

    What it yields returns the figures that are open and were not before.

    Examples
    --------
    >>> with drawing(Theme()) as left:
    ...     figure = pyplot.figure()
    ...     left() == [figure]
    True
    >>> pyplot.get_fignums()
    []
    """
    with theme.drawing():
        before = set(pyplot.get_fignums())

        def left() -> list[Figure]:
            return [pyplot.figure(n) for n in pyplot.get_fignums() if n not in before]

        try:
            yield left
        finally:
            for figure in left():
                pyplot.close(figure)


@contextmanager
def naming(what: str, controls: Sequence[Control], state: Mapping[str, Any]) -> Iterator[None]:
    """Add to whatever is raised inside a note that says in which state it was.

    Examples
    --------
    >>> from vgtools.explore.controls import make_controls
    >>> try:
    ...     with naming("wave", make_controls({"k": (1, 9)}, {}, {}), {"k": 3}):
    ...         raise ValueError("too steep")
    ... except ValueError as error:
    ...     print(*error.__notes__)
    wave, at k = 3
    """
    try:
        yield
    except Exception as error:
        place = ", ".join(f"{one.name} = {one.label(state[one.name])}" for one in controls)
        note = f"{what}, at {place}" if place else what
        if not getattr(error, "__notes__", ()):  # else it has the place already
            error.add_note(note)
        raise


def warn(draw: Callable[..., Any], message: str) -> None:
    """Warn of a figure at the line where the author has written it.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     warn(warn, "an example")
    >>> said[0].lineno == warn.__code__.co_firstlineno
    True
    """
    code = draw.__code__
    known = draw.__globals__.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        message, UserWarning, code.co_filename, code.co_firstlineno,
        module=draw.__module__, registry=known,
    )  # fmt: skip
