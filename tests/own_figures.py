"""The blocks of code in `docs/figures.md`, as an author would use them."""

import re
from pathlib import Path

from matplotlib.figure import Figure

PAGE = Path(__file__).resolve().parents[1] / "docs" / "figures.md"


def blocks(language):
    """Return the blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)


def changed(diff):
    """Return what a block says after its change, and before it."""
    lines = diff.splitlines()
    after = [line[1:] for line in lines if not line.startswith("-")]
    before = [line[1:] for line in lines if not line.startswith("+")]
    return "\n".join(after), "\n".join(before)


def run_all():
    """Run every block of Python, and the change to `interact`, in one namespace."""
    names = {}
    first, *others = blocks("python")
    for code in [first, changed(*blocks("diff"))[0], *others]:
        exec(compile(code, PAGE.name, "exec"), names)
    return names


def movable(names):
    """Return the figures among some names."""
    return {
        name: value for name, value in names.items()
        if callable(getattr(value, "to_html", None)) and not isinstance(value, Figure)
    }  # fmt: skip
