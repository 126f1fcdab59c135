"""The blocks of code in `docs/figures.md`, as an author would use them."""

import re
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
from matplotlib import pyplot
from matplotlib.figure import Figure

PAGE = Path(__file__).resolve().parents[1] / "docs" / "figures.md"


def all_blocks():
    """Return the language and the code of every block, in order."""
    text = PAGE.read_text("utf-8")
    return re.findall(r"^```(python|diff)\n(.*?)^```$", text, re.M | re.S)


def blocks(language):
    """Return the blocks of a language, in order."""
    return [code for own, code in all_blocks() if own == language]


def changed(diff):
    """Return what a block says after its change, and before it."""
    lines = diff.splitlines()
    after = [line[1:] for line in lines if not line.startswith("-")]
    before = [line[1:] for line in lines if not line.startswith("+")]
    return "\n".join(after), "\n".join(before)


def run_all():
    """Run every block of Python and every change in one namespace."""
    names = {}
    for language, code in all_blocks():
        after = changed(code)[0] if language == "diff" else code
        exec(compile(after, PAGE.name, "exec"), names)
    return names


def movable(names):
    """Return the figures among some names."""
    return {
        name: value for name, value in names.items()
        if callable(getattr(value, "to_html", None)) and not isinstance(value, Figure)
    }  # fmt: skip


def originals():
    """Run every block as it was before its change, without `explore`.

    Return what draws and what `interact` was given, by the name of the function.
    """
    found = {}

    def interact(**controls):
        def keep(draw):
            found[draw.__name__] = draw, controls
            return draw

        return keep

    names = {"np": np, "plt": pyplot, "x": np.linspace(0, 1, 400)}
    with patch("ipywidgets.interact", interact):
        for code in blocks("diff"):
            exec(compile(changed(code)[1], PAGE.name, "exec"), names)
    return found


@contextmanager
def shown(draw, theme, state):
    """Show a state as a notebook does that knows no `explore`, and yield the figure."""
    pyplot.close("all")
    with theme.drawing(), patch.object(pyplot, "show"):
        draw(**state)
        yield pyplot.gcf()
    pyplot.close("all")
