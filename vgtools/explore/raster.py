"""Pixels where vectors would be heavier: clouds of points, fine grids, noisy lines."""

from __future__ import annotations

import base64
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from vgtools.explore.rendering import render

PNG = "data:image/png;base64,"

LIMIT = 250_000
"""Characters of SVG up to which an artist stays as it is, about 3000 points of a scatter."""


@dataclass(frozen=True)
class Replaced:
    """An artist that is drawn in pixels.

    Attributes
    ----------
    artist : str
        Its class, and its label if it has one.
    vectors, pixels : int
        Bytes of the whole drawing, compressed, before and after.
    """

    artist: str
    vectors: int
    pixels: int

    def __str__(self) -> str:
        """Say what was done, with the numbers, and how to say it oneself."""
        return (
            f"{self.artist} is drawn in pixels: the drawing has {self.vectors / 1000:.0f} kB "
            f"(gzip) with vectors and {self.pixels / 1000:.0f} kB so. With rasterized=True "
            "it is drawn in pixels without this warning"
        )


def render_lightly(figure: Figure) -> tuple[str, list[Replaced]]:
    """Draw a figure as SVG, with pixels for each artist whose vectors would be heavier.

    The pixels have the resolution of the figure, and the same colours on light and on dark
    pages. Texts and axes stay vectors, and so does every artist of up to `LIMIT` characters.

    Returns
    -------
    svg : str
        As from `render`.
    replaced : list of Replaced
        What is drawn in pixels.

    Examples
    --------
    >>> figure = Figure()
    >>> _ = figure.add_subplot().plot([0, 1], [0, 1])
    >>> render_lightly(figure)[1]
    []
    """
    artists = figure.findobj(lambda one: isinstance(one, (Collection, Line2D)))
    with _numbered(artists):
        text = render(figure)
    heavy, replaced = [artists[number] for number in _heavy(text)], []
    before = {artist: artist.get_rasterized() for artist in heavy}
    try:
        for artist in heavy:
            artist.set_rasterized(True)
            lighter = render(figure)
            sizes = _compressed(text), _compressed(lighter)
            if sizes[1] < sizes[0]:
                text = lighter
                replaced.append(Replaced(_name(artist), *sizes))
            else:
                artist.set_rasterized(before[artist])
    finally:  # the figure is the author's, who may draw it again
        for artist, value in before.items():
            artist.set_rasterized(value)
    return text, replaced


def lighter_image(address: str) -> str:
    """Return the same pixels with a table of their colours, where 256 are enough.

    Those of a colour map are. Matplotlib writes four bytes for each pixel.

    Parameters
    ----------
    address : str
        A picture as the address that holds it.

    Returns
    -------
    str
        The same, or a shorter one.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> Image.effect_mandelbrot((60, 60), (-2, -1, 1, 1), 50).convert("RGBA").save(file, "png")
    >>> before = PNG + base64.b64encode(file.getvalue()).decode()
    >>> len(lighter_image(before)) < 0.8 * len(before)
    True
    """
    if not address.startswith(PNG):
        return address
    image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix(PNG))))
    pixels = np.asarray(image.convert("RGBA"))
    if (pixels[..., 3] < 255).any():
        return address
    colours, numbers = np.unique(pixels[..., :3].reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > 256:
        return address
    table = Image.fromarray(numbers.reshape(pixels.shape[:2]).astype(np.uint8), "P")
    table.putpalette(colours.tobytes())
    file = io.BytesIO()
    table.save(file, format="png", optimize=True)
    return min(address, PNG + base64.b64encode(file.getvalue()).decode(), key=len)


def _heavy(text: str) -> list[int]:
    """Return the numbers of the artists of which each takes more than `LIMIT` characters."""
    if len(text) <= LIMIT:
        return []
    groups = re.finditer(r'^( *)<g id="vg-part-(\d+)">', text, re.MULTILINE)
    return [
        int(group[2])
        for group in groups
        if text.find(f"\n{group[1]}</g>", group.end()) - group.start() > LIMIT
    ]


@contextmanager
def _numbered(artists: list[Artist]) -> Iterator[None]:
    """Give each artist an identifier of its own in the drawing."""
    before = [artist.get_gid() for artist in artists]
    for number, artist in enumerate(artists):
        artist.set_gid(f"vg-part-{number}")
    try:
        yield
    finally:
        for artist, gid in zip(artists, before, strict=True):
            artist.set_gid(gid)


def _compressed(text: str) -> int:
    return len(gzip.compress(text.encode(), compresslevel=6, mtime=0))


def _name(artist: Artist) -> str:
    label = str(artist.get_label())
    return type(artist).__name__ + ("" if not label or label.startswith("_") else f" {label!r}")
