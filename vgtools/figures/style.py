"""The house style: one palette, and one colour and dash for each activation.

Colours are names of the Okabe-Ito palette, which colour-blind readers can tell
apart. Each stands for two values, one for a light page and one for a dark page,
so that every line and its label keep a contrast of at least 4.5:1 on both; the page picks the
value through a CSS variable (see `vgtools.explore`). Lines that share a colour
differ by dash. Which look an activation has is part of its entry in the catalogue,
`vgtools.activations.definitions`.
"""

from __future__ import annotations

from typing import NamedTuple


class Shade(NamedTuple):
    """One colour of the palette: its value on a light and on a dark page."""

    light: str
    dark: str


PALETTE: dict[str, Shade] = {
    "blue": Shade("#0072b2", "#4ea6dc"),
    "vermillion": Shade("#c25400", "#ee8434"),
    "green": Shade("#008060", "#1fb88c"),
    "purple": Shade("#b0508a", "#d88fb8"),
    "orange": Shade("#986500", "#e69f01"),
    "sky": Shade("#1f78ad", "#56b4e9"),
    "olive": Shade("#7f7600", "#d8cb3b"),
    "grey": Shade("#595f66", "#b5bbc2"),
}
"""The colours of data: Okabe-Ito, darkened or lightened where the contrast asks for it."""

NEUTRALS: dict[str, Shade] = {
    "ink": Shade("#222833", "#d5dae3"),
    "muted": Shade("#5b6472", "#9aa3b2"),
    "grid": Shade("#dfe3e9", "#333b47"),
}
"""Text, axes and grid. On a page they follow the theme's own variables."""

INK = NEUTRALS["ink"].light
MUTED = NEUTRALS["muted"].light
GRID = NEUTRALS["grid"].light

SOLID = "solid"
DASHED = (0, (5, 2))
DOTTED = (0, (1.2, 1.6))
DASHDOT = (0, (6, 2, 1.2, 2))

DASHES = {"solid": SOLID, "dashed": DASHED, "dotted": DOTTED, "dashdot": DASHDOT}
"""What the catalogue calls each dash."""

STYLE: dict[str, object] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.edgecolor": GRID,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "path.simplify": True,
    "path.simplify_threshold": 0.1,
    "savefig.bbox": "standard",
    "svg.fonttype": "none",
    "svg.hashsalt": "vgtools",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
}
"""Matplotlib settings under which `vgtools.explore` draws every figure."""


def _looks() -> dict[str, tuple[str, str]]:
    """Return colour and dash of every activation."""
    # A figure that draws none of them does without SymPy.
    from vgtools.activations.definitions import CATALOGUE, IDENTITY

    return {name: entry.look for name, entry in {**CATALOGUE, "identity": IDENTITY}.items()}


def colour(name: str) -> str:
    """Return the colour of an activation, or of a palette entry, on a light page.

    Parameters
    ----------
    name : str
        An activation of the catalogue, or a name in `PALETTE` or `NEUTRALS`. A colour that
        this function has returned stays as it is.

    Returns
    -------
    str
        A hexadecimal colour that `vgtools.explore` turns into a page variable.

    Raises
    ------
    ValueError
        If the name is none of these.

    Examples
    --------
    >>> colour("sigmoid") == colour("blue")
    True
    """
    shades = {**PALETTE, **NEUTRALS}
    if isinstance(name, str):
        if name in {shade.light for shade in shades.values()}:
            return name
        if name not in shades and name in (looks := _looks()):
            name = looks[name][0]
        if name in shades:
            return shades[name].light
    raise ValueError(
        f"no colour has the name {name!r}: give an activation of the catalogue, "
        f"or one of {', '.join(shades)}"
    )


def dash(name: str) -> object:
    """Return the dash pattern of an activation, as Matplotlib's `linestyle`.

    Raises
    ------
    ValueError
        If the name is not an activation of the catalogue.

    Examples
    --------
    >>> dash("relu")
    'solid'
    """
    if name not in (looks := _looks()):
        raise ValueError(f"no dash is known for {name!r}: give one of {', '.join(looks)}")
    return DASHES[looks[name][1]]


def line_style(name: str, linestyle: object = None) -> dict[str, object]:
    """Return colour and dash of a line as keywords for `Axes.plot`.

    Parameters
    ----------
    name : str
        As for `colour`.
    linestyle : optional
        Another dash than the activation's own. Lines that stand for no activation are solid
        without one.

    Examples
    --------
    >>> line_style("tanh")
    {'color': '#c25400', 'linestyle': 'solid'}
    >>> line_style("blue", DOTTED)["linestyle"] == DOTTED
    True
    """
    color = colour(name)
    if linestyle is None:
        plain = name == color or name in PALETTE or name in NEUTRALS
        linestyle = SOLID if plain else dash(name)
    return {"color": color, "linestyle": linestyle}
