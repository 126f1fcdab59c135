"""The drawings that come again in the chapters, in the house style of `vgtools.explore`.

`style` has the look of each activation, `numbers` writes numbers as text,
`panels` makes the panels and their axes, `marks` has labels, keys and other small things in a
panel, and `plots` the recurring plots.
"""

from vgtools.explore.theme import GRID, INK, MUTED, NEUTRALS, PALETTE, STYLE, Shade
from vgtools.figures.marks import guide, key, label_line, marker, note, tangent, theory_line
from vgtools.figures.numbers import power_of_ten, seed_summary, short_number, with_minus
from vgtools.figures.panels import PANEL_WIDTH, panels, set_panel, subplots
from vgtools.figures.plots import band, curve_and_slope, network, profile
from vgtools.figures.style import (
    DASHDOT,
    DASHED,
    DASHES,
    DOTTED,
    SOLID,
    colour,
    dash,
    line_style,
)

__all__ = [
    "DASHDOT",
    "DASHED",
    "DASHES",
    "DOTTED",
    "GRID",
    "INK",
    "MUTED",
    "NEUTRALS",
    "PALETTE",
    "PANEL_WIDTH",
    "SOLID",
    "STYLE",
    "Shade",
    "band",
    "colour",
    "curve_and_slope",
    "dash",
    "guide",
    "key",
    "label_line",
    "line_style",
    "marker",
    "network",
    "note",
    "panels",
    "power_of_ten",
    "profile",
    "seed_summary",
    "set_panel",
    "short_number",
    "subplots",
    "tangent",
    "theory_line",
    "with_minus",
]
