"""The laboratory as a piece of a web page."""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from typing import Any

from vgtools import laboratory
from vgtools.activations.definitions import CATALOGUE, IDENTITY
from vgtools.explore.page import palette

PARTS = ("theory", "address", "cell", "panels", "views", "controls", "experiment", "page")
"""The files of the page; each needs only the engine and those before it."""

TEXT = (
    "The laboratory: a network of 1 to 100 layers that learns handwritten digits in the page, "
    "with its gradient, signal, outputs, dead units and updates layer by layer."
)

STILL = (
    "Thirty layers of ReLU after 200 steps of training, from the same draw: with Glorot's weights "
    "in grey, with He's in colour. With Glorot's, the gradient of the first layer is less than a "
    "thousandth of that of the last one, and the loss stands still."
)
"""What the picture shows that stands where no script runs."""


class Page:
    """The laboratory, as made by `vgtools.laboratory.page`.

    As the last expression of a cell it displays itself where HTML is shown, and is a
    description everywhere else.
    """

    def to_html(self) -> str:
        """Return the laboratory as HTML that needs nothing else.

        Examples
        --------
        >>> Page().to_html().startswith('<figure class="vg-lab" id="lab"')
        True
        """
        data = {"digits": json.loads(laboratory.digits()), "activations": _activations()}
        return (
            '<figure class="vg-lab" id="lab" aria-label="The laboratory">'
            f"<style>{_style_sheet()}</style>"
            f'<div class="vg-lab-still">{_asset("still.html")}'
            f"<p>{escape(STILL)} The laboratory itself needs JavaScript.</p></div>"
            f'<script type="application/json">{json.dumps(data)}</script>'
            f"<script>{laboratory.script()}\n{_script()}</script></figure>"
        )

    def __repr__(self) -> str:
        """Return what it is: for terminals, tests and screen readers."""
        return TEXT

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/html": self.to_html(), "text/plain": repr(self)}


def _activations() -> dict[str, dict[str, str]]:
    """Return title and colour of the activations that the engine has."""
    entries = {name: entry for name, entry in CATALOGUE.items() if entry.laboratory}
    entries["identity"] = IDENTITY
    return {
        name: {"title": entry.title, "colour": entry.look[0]} for name, entry in entries.items()
    }


def _asset(name: str) -> str:
    """Read a file beside this one, without its opening comment."""
    text = files("vgtools.laboratory").joinpath(name).read_text(encoding="utf-8")
    return re.sub(r"\A/\*.*?\*/\s*", "", text, flags=re.DOTALL)


def _script() -> str:
    return "\n".join(_asset(f"{part}.js") for part in PARTS)


def _style_sheet() -> str:
    return (
        _asset("page.css")
        .replace("/* palette: light */", palette(0))
        .replace("/* palette: dark */", palette(1))
    )
