"""How figures look: Matplotlib's settings, and colours of which a page picks the shade.

Each colour stands for two values, one for a light page and one for a dark page. A drawing
uses the light one; the page replaces it through a variable of CSS.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import matplotlib
from matplotlib import style as styles
from matplotlib.colors import to_hex


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

INK, MUTED, GRID = (shade.light for shade in NEUTRALS.values())

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
"""Matplotlib settings of the house style, in which figures are drawn by default."""

NEEDED = {name: STYLE[name] for name in ("savefig.bbox", "svg.fonttype", "svg.hashsalt")}
"""Settings that no style changes: text stays text, and the same figure the same bytes."""

turn = threading.RLock()
"""Held while a figure is drawn: Matplotlib's settings and pyplot belong to the whole process."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ACCEPTED = "a mapping of Matplotlib's settings, the name of a style, or a list of both"


class Theme:
    """Settings and colours of a figure.

    Parameters
    ----------
    style : mapping, str or sequence of both, optional
        What `matplotlib.style.use` accepts; by default the house style.
    palette : mapping, optional
        From a name to a colour on light pages and one on dark pages. By default that of the
        house style.

    Raises
    ------
    TypeError, ValueError
        If Matplotlib does not know the style, or if an entry of the palette is no pair of
        colours or one that a page could not tell from another.

    Attributes
    ----------
    colours : dict
        The palette, and the neutral colours that it does not replace.

    Examples
    --------
    >>> Theme(palette={"sea": ("navy", "lightblue")}).variable("#000080")
    'var(--vg-sea,#000080)'
    """

    def __init__(self, style: object = None, palette: object = None) -> None:
        own = PALETTE if palette is None else _shades(palette)
        if style is None:
            data = [shade.light for name, shade in own.items() if name not in NEUTRALS]
            style = [STYLE, {"axes.prop_cycle": matplotlib.cycler(color=data or [INK])}]
        self._settings = [*(style if isinstance(style, list | tuple) else [style]), NEEDED]
        self.colours = {**own, **{name: NEUTRALS[name] for name in NEUTRALS if name not in own}}
        self._own = {} if palette is None else own
        lights = [shade.light for shade in self.colours.values()]
        if twice := [light for light in lights if lights.count(light) > 1]:
            names = [name for name, shade in self.colours.items() if shade.light == twice[0]]
            raise ValueError(f"the palette gives {twice[0]} to {' and to '.join(names)}")
        self.pattern = re.compile("|".join(lights))
        self._names = dict(zip(lights, self.colours, strict=True))
        try:
            with self.drawing():
                pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the style {style!r:.80} is not {_ACCEPTED}: {error}") from error

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Set Matplotlib up, one thread at a time, and give it back its settings."""
        with turn, styles.context(self._settings):
            yield

    def __contains__(self, light: object) -> bool:
        """Tell whether a colour, as on light pages, belongs to the palette."""
        return light in self._names

    def variable(self, light: str) -> str:
        """Return what stands on a page for a colour of the palette, given as on light pages."""
        return f"var(--vg-{self._names[light]},{light})"

    def style_sheet(self, identifier: str) -> str:
        """Return the colours of one figure as CSS; nothing where they are those of the house.

        Examples
        --------
        >>> Theme(palette={"sea": ("navy", "lightblue")}).style_sheet("one")[:30]
        '[id="one"]{--vg-sea:#000080;}h'
        """
        if not self._own:
            return ""
        figure = f'[id="{identifier}"]'
        return (
            f"{figure}{{{variables(self._own, 0)}}}"
            f'html[data-theme="dark"] {figure},body[data-jp-theme-light="false"] {figure}'
            f"{{{variables(self._own, 1)}}}"
        )


def variables(colours: Mapping[str, Shade], page: int) -> str:
    """Write colours as variables of CSS, for light pages (0) or for dark ones (1).

    Examples
    --------
    >>> variables({"sea": Shade("#000080", "#add8e6")}, 1)
    '--vg-sea:#add8e6;'
    """
    return "".join(f"--vg-{name}:{shade[page]};" for name, shade in colours.items())


def _shades(palette: object) -> dict[str, Shade]:
    if not isinstance(palette, Mapping):
        raise TypeError(f"palette must be a mapping {{name: (light, dark)}}, not {palette!r:.60}")
    shades = {}
    for name, pair in palette.items():
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ValueError(
                f"the palette has the name {name!r}: accepted are letters, digits and hyphens, "
                "a letter first"
            )
        try:
            light, dark = (pair,) * 2 if isinstance(pair, str) else pair
            shades[name] = Shade(to_hex(light), to_hex(dark))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"the palette gives {name!r} the value {pair!r:.60}: accepted are a colour of "
                "Matplotlib, or a pair of them for light and dark pages"
            ) from error
    return shades


HOUSE = Theme()
"""The style and the palette of figures that name none."""
