"""Every kind of drawing on a page, beside Matplotlib's own SVG of the same figure."""

import base64
import io
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from drawings import DRAWINGS, draw
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

import vgtools as vg
from vgtools import figures

CELL = (512, 144)
"""Room for one drawing, in pixels; an inch is 72 of them on this page."""

BLOCK = 8
"""Pictures are compared in squares of so many pixels."""

MOST = 8
"""By how much a square may differ, in levels of 255 on average.

Two pictures of the same differ by 4 at the most, and by 40 where a hatch is missing.
"""

STYLE = """
:root { --pst-font-family-base: "DejaVu Sans" }
body { margin: 0; background: white }
.cell svg { overflow: visible }
.cell { position: absolute; width: 512px; height: 136px; overflow: hidden; font-size: 0 }
.vg-explore { margin: 0 !important }
.vg-panels { gap: 0 !important; justify-content: start !important }
.vg-panels svg { flex: none !important; width: calc(var(--vg-width) * 1px) !important }
"""


def font_faces():
    """Bring Matplotlib's fonts along: not every machine has them."""
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    for weight, file in (("normal", "DejaVuSans"), ("bold", "DejaVuSans-Bold")):
        data = base64.b64encode((folder / f"{file}.ttf").read_bytes()).decode()
        yield (
            f"@font-face {{ font-family: 'DejaVu Sans'; font-weight: {weight}; "
            f"src: url(data:font/ttf;base64,{data}) }}"
        )


def reference(figure, name, prefix):
    """Return Matplotlib's SVG, with a prefix before the identifiers."""
    text = io.StringIO()
    outlined = "path" if DRAWINGS[name][1].get("formulas") else "none"
    with matplotlib.rc_context({**figures.STYLE, "svg.fonttype": outlined}):
        figure.savefig(text, format="svg")
    svg = text.getvalue()
    svg = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2px"', svg[svg.index("<svg") :], count=2)
    return re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)


def explorable(drawn):
    return vg.explore(state=[0, 1], alt=lambda state: f"State {state}.")(lambda state: drawn[state])


def cell(row, column, content):
    left, top = column * CELL[0], row * CELL[1]
    return f'<div class="cell" style="left:{left}px;top:{top}px">{content}</div>'


@pytest.fixture(scope="module")
def pictures(browser):
    """Return pictures of both states: as Matplotlib's SVG, and as `explore` shows it."""
    cells = []
    for row, name in enumerate(DRAWINGS):
        with matplotlib.rc_context(figures.STYLE):
            drawn = [draw(name, state) for state in (0, 1)]
        for state, figure in enumerate(drawn):
            cells.append(cell(row, state, reference(figure, name, f"own-{row}-{state}")))
        html = explorable(drawn).to_html(identifier=f"drawing-{row}", with_runtime=row == 0)
        cells.append(cell(row, 2, html))
    page = browser.new_page(viewport={"width": 3 * CELL[0], "height": len(DRAWINGS) * CELL[1]})
    page.set_content(f"<style>{''.join(font_faces())}{STYLE}</style>{''.join(cells)}")
    page.evaluate("document.fonts.ready")
    shown = []
    for state in (0, 1):
        for select in page.locator("[data-control]").all():
            select.evaluate(
                "(select, state) => { select.selectedIndex = state;"
                " select.dispatchEvent(new Event('input')) }", state
            )  # fmt: skip
        picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), dtype=float)
        shown.append(picture.reshape(len(DRAWINGS), CELL[1], 3, CELL[0], 3))
    page.close()
    return shown


def difference(one, other):
    """Return by how much the square differs that differs most.

    What lies between the neighbours of a pixel is no difference, because letters and edges
    may move by a part of a pixel.
    """
    apart = np.zeros(one.shape)
    for picture, its_copy in ((one, other), (other, one)):
        lowest = minimum_filter(its_copy, (3, 3, 1))
        highest = maximum_filter(its_copy, (3, 3, 1))
        apart = np.maximum(apart, np.maximum(lowest - picture, picture - highest))
    rows, columns = (size // BLOCK for size in one.shape[:2])
    blocks = apart.max(axis=-1)[: rows * BLOCK, : columns * BLOCK]
    return blocks.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3)).max()


@pytest.mark.parametrize("state", [0, 1])
def test_each_drawing_is_shown_as_matplotlib_draws_it(pictures, state):
    apart = {
        name: round(difference(picture[:, state], picture[:, 2]), 1)
        for name, picture in zip(DRAWINGS, pictures[state], strict=True)
    }
    assert {name: value for name, value in apart.items() if value > MOST} == {}


def test_each_drawing_has_two_states_that_can_be_told_apart(pictures):
    shown = zip(DRAWINGS, pictures[0], strict=True)
    alike = [name for name, each in shown if difference(each[:, 0], each[:, 1]) <= MOST]
    assert alike == []
