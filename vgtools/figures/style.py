"""The house style: one palette, and one colour and dash for each activation.

Colours are names of the Okabe-Ito palette, which colour-blind readers can tell
apart. Each stands for two values, one for a light page and one for a dark page,
so that every line and its label keep a contrast of at least 4.5:1 on both; the page picks the
value through a CSS variable (see `vgtools.explore`). Lines that share a colour
differ by dash.
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

_LOOKS: dict[str, tuple[str, object]] = {
    "sigmoid": ("blue", SOLID),
    "hard_sigmoid": ("blue", DOTTED),
    "tanh": ("vermillion", SOLID),
    "scaled_tanh": ("vermillion", DASHED),
    "hard_tanh": ("vermillion", DOTTED),
    "softsign": ("vermillion", DASHDOT),
    "relu": ("green", SOLID),
    "relu6": ("green", DOTTED),
    "softplus": ("green", DASHED),
    "leaky_relu": ("purple", SOLID),
    "prelu": ("orange", SOLID),
    "rrelu": ("sky", SOLID),
    "elu": ("olive", SOLID),
    "celu": ("olive", DASHED),
    "selu": ("olive", DASHDOT),
    "gelu": ("grey", SOLID),
    "gelu_tanh": ("grey", DOTTED),
    "silu": ("purple", DASHDOT),
    "hard_swish": ("purple", DOTTED),
    "mish": ("grey", DASHED),
    "identity": ("sky", DASHED),
}

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
    known = isinstance(name, str)
    look = _LOOKS.get(name, (name, SOLID))[0] if known else ""
    if look in shades:
        return shades[look].light
    if known and name in {shade.light for shade in shades.values()}:
        return name
    raise ValueError(
        f"no colour has the name {name!r}: give one of {', '.join(shades)}, or an activation, "
        "which needs a colour and a dash in _LOOKS (vgtools/figures/style.py)"
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
    if name not in _LOOKS:
        raise ValueError(f"no dash is known for {name!r}: give one of {', '.join(_LOOKS)}")
    return _LOOKS[name][1]


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
    if linestyle is None:
        linestyle = dash(name) if name in _LOOKS else SOLID
    return {"color": colour(name), "linestyle": linestyle}
