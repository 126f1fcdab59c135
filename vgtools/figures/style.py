"""One colour and dash for each activation.

Colours are names of the palette of `vgtools.explore.theme`. Lines that share a colour
differ by dash. Which look an activation has is part of its entry in the catalogue,
`vgtools.activations.definitions`.
"""

from __future__ import annotations

from vgtools.explore.theme import NEUTRALS, PALETTE

SOLID = "solid"
DASHED = (0, (5, 2))
DOTTED = (0, (1.2, 1.6))
DASHDOT = (0, (6, 2, 1.2, 2))

DASHES = {"solid": SOLID, "dashed": DASHED, "dotted": DOTTED, "dashdot": DASHDOT}
"""What the catalogue calls each dash."""


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
