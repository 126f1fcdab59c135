"""What figures cost: ``python -m vgtools.explore.cost script.py`` measures those of a script."""

from __future__ import annotations

import argparse
import gzip
import math
import os
import runpy
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from vgtools.explore.explorable import Explorable


class Cost(NamedTuple):
    """What a figure costs.

    Attributes
    ----------
    states : int
        How many states it has.
    kilobytes : float
        What it adds to a page that has the script already, as a server sends it: compressed
        by gzip, in units of 1000 bytes.
    seconds : float
        Time of the processor that it takes to draw all states and to compare them.
    """

    states: int
    kilobytes: float
    seconds: float


def cost(figure: Explorable) -> Cost:
    """Draw all states of a figure and measure what that costs.

    Parameters
    ----------
    figure : Explorable
        A figure made by `vgtools.explore.explore`.

    Returns
    -------
    Cost

    Raises
    ------
    TypeError
        If it is another object.
    ValueError
        As `Explorable.to_html`.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from vgtools.explore import explore
    >>> @explore(a=(0, 3), alt=lambda a: f"Nothing, {a} times.")
    ... def nothing(a):
    ...     return Figure()
    >>> one = cost(nothing)
    >>> one.states, one.kilobytes < 2, one.seconds > 0
    (4, True, True)
    """
    if not isinstance(figure, Explorable):
        raise TypeError(f"cost takes a figure made by explore, not {type(figure).__name__}")
    begin = time.process_time()
    html = figure.to_html(with_runtime=False)
    seconds = time.process_time() - begin
    states = math.prod(len(control.values) for control in figure.controls)
    size = len(gzip.compress(html.encode(), compresslevel=6, mtime=0))
    return Cost(states, size / 1000, seconds)


def figures_of(script: str | os.PathLike[str]) -> dict[str, Explorable]:
    """Run a script and return the figures that it leaves behind, each by its first name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the script leaves no figure behind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     script = Path(folder, "script.py")
    ...     _ = script.write_text("size = 3")
    ...     figures_of(script)
    Traceback (most recent call last):
    ValueError: script.py makes no figure with explore
    """
    path = Path(script)
    if not path.is_file():
        raise FileNotFoundError(f"there is no script {str(script)!r}")
    names = runpy.run_path(str(path), run_name="__main__")
    found: dict[Explorable, str] = {}
    for name, value in names.items():
        if isinstance(value, Explorable):
            found.setdefault(value, name)
    if not found:
        raise ValueError(f"{path.name} makes no figure with explore")
    return {name: figure for figure, name in found.items()}


def table(figures: dict[str, Explorable]) -> str:
    """Measure figures and return the costs as a table of Markdown.

    Examples
    --------
    >>> print(table({}))
    | figure | states | kB (gzip) | seconds of the processor |
    |---|---|---|---|
    """
    rows = ["| figure | states | kB (gzip) | seconds of the processor |", "|---|---|---|---|"]
    for name, figure in figures.items():
        states, kilobytes, seconds = cost(figure)
        rows.append(f"| {name} | {states} | {kilobytes:.1f} | {seconds:.1f} |")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the figures of a script cost."""
    parser = argparse.ArgumentParser(prog="python -m vgtools.explore.cost", description=__doc__)
    parser.add_argument("script", help="a file of Python that makes figures with explore")
    options = parser.parse_args(arguments)
    try:
        print(table(figures_of(options.script)))
    except (FileNotFoundError, ValueError) as error:
        sys.exit("".join(traceback.format_exception_only(error)).rstrip())


if __name__ == "__main__":
    main()
