"""Matplotlib's own SVG of a figure, as far as every browser shows what it says."""

from __future__ import annotations

import codecs
import io
import re
from html import unescape

from matplotlib.artist import Artist
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character that XML cannot hold."""


def render(figure: Figure) -> str:
    """Draw a figure as SVG.

    It is what `Figure.savefig` writes, but for formulas, which become paths: as
    text they take the sizes of roots and brackets from fonts that readers do not
    have. Raster images have the resolution of the figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the figure holds something that a browser draws differently or that a
        picture on a page cannot be. The message names the artist.

    Examples
    --------
    >>> render(Figure(figsize=(1, 2))).count("<svg")
    1
    """
    file = io.BytesIO()
    figure.savefig(
        file, format="svg", backend=f"module://{__name__}", dpi="figure", facecolor="auto",
        metadata={"Date": None},
    )  # fmt: skip
    text = file.getvalue().decode()
    _check(text, figure)
    return text


class FigureCanvas(FigureCanvasSVG):
    """Matplotlib's canvas, but for the renderer: `Figure.savefig` asks for this name."""

    def print_svg(self, filename, *, bbox_inches_restore=None, metadata=None, **_):
        """Write the figure as `FigureCanvasSVG` does, with the renderer of this module."""
        figure, dpi = self.figure, self.figure.dpi
        width, height = figure.get_size_inches()
        figure.dpi = 72  # the unit of lengths in SVG is a point here
        file = codecs.getwriter("utf-8")(filename)
        renderer = _Renderer(
            figure, 72 * width, 72 * height, file, image_dpi=dpi, metadata=metadata
        )
        mixed = MixedModeRenderer(
            figure, width, height, dpi, renderer, bbox_inches_restore=bbox_inches_restore
        )
        figure.draw(mixed)
        mixed.finalize()


def _check(text: str, figure: Figure) -> None:
    unwritable = _NO_XML.search(text)
    if unwritable:
        before = unescape(text[: unwritable.start()].rpartition(">")[2])
        raise ValueError(
            f"the text that begins with {before!r} goes on with the "
            f"character {unwritable[0]!r}, which SVG cannot hold: leave it out"
        )
    if "<a xlink:href=" in text:
        owner = next((a for a in figure.findobj() if a.get_url() or any(_urls(a))), figure)
        raise ValueError(
            f"{type(owner).__name__} with a url cannot be drawn: a figure is one picture, in which "
            "keyboards and screen readers find no link. Write the link beside the figure"
        )


def _urls(artist: Artist) -> list[str | None]:
    return artist.get_urls() if isinstance(artist, Collection) else []


class _Renderer(RendererSVG):
    """Matplotlib's renderer, but for what browsers would draw differently."""

    def __init__(self, figure: Figure, *arguments: object, **options: object) -> None:
        self._figure = figure
        self._groups: list[str] = []
        super().__init__(*arguments, **options)

    def open_group(self, s: str, gid: str | None = None) -> None:
        self._groups.append(s)
        super().open_group(s, gid)

    def close_group(self, s: str) -> None:
        self._groups.pop()
        super().close_group(s)

    def draw_gouraud_triangles(self, *_: object) -> None:
        raise ValueError(
            f"{self._groups[-1]} with shading='gouraud' cannot be drawn: its SVG asks for a "
            "filter that browsers do not have. Use rasterized=True, or shading='nearest'"
        )

    def get_text_width_height_descent(self, s, prop, ismath):
        if ismath == "TeX":
            found = (text.get_text() for text in self._figure.findobj(Text) if text.get_usetex())
            raise ValueError(
                f"the text {next(found, s)!r} with usetex=True cannot be drawn: it would need "
                "LaTeX wherever the figure is drawn. Use Matplotlib's own formulas, usetex=False"
            )
        return super().get_text_width_height_descent(s, prop, ismath)

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if not ismath:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        gc.set_linewidth(0)
        place = Affine2D().rotate_deg(angle).translate(x, self.height - y)
        path = TextPath((0, 0), s, size=prop.get_size_in_points(), prop=prop)
        self.draw_path(gc, path, place, rgbFace=gc.get_rgb())
