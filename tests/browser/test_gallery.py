"""The gallery of `docs/figures.md`, each figure beside the picture that Matplotlib makes of it."""

import io
import itertools
import os
from unittest.mock import patch

import numpy as np
import pytest
from figures_on_pages import assert_all_move
from matplotlib import get_data_path
from matplotlib.backends.backend_svg import RendererSVG
from own_figures import movable, originals, run_all, shown
from PIL import Image

COLUMNS, WIDTH, HEIGHT = 2, 700, 560
"""How figures stand on the pages that are compared, each in a cell of so many pixels."""

STATES = 11
"""So many pictures are taken of each figure: no figure of the gallery has more states."""

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A gallery</title><style>
@font-face {{ font-family: "DejaVu Sans"; src: url("file://{fonts}/DejaVuSans.ttf"); }}
@font-face {{ font-family: "DejaVu Sans"; font-weight: bold;
  src: url("file://{fonts}/DejaVuSans-Bold.ttf"); }}
:root {{ --pst-font-family-base: "DejaVu Sans"; }}
body > div {{ position: absolute; width: {width}px; height: {height}px; overflow: hidden; }}
.vg-explore.vg-explore {{ margin: 0; }}
.vg-panels.vg-panels {{ gap: 0; justify-content: start; }}
.vg-panels > svg {{
  flex: none !important; max-width: none !important; width: calc(var(--vg-width) * 4px / 3);
}}
</style>{cells}"""


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """Return every figure of the page for authors, and its HTML without the script."""
    here = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("author"))  # where the blocks write their files
    try:
        named = movable(run_all())
    finally:
        os.chdir(here)
    return {name: (figure, figure.to_html(with_runtime=False)) for name, figure in named.items()}


@pytest.fixture
def opened(browser, tmp_path):
    """Return a function that shows pieces of HTML, each in its cell, and the script if asked."""
    context = browser.new_context(
        offline=True, reduced_motion="reduce", viewport={"width": COLUMNS * WIDTH, "height": 900}
    )

    def opened(name, pieces):
        cells = "".join(
            f'<div style="left: {left}px; top: {top}px">{piece}</div>'
            for piece, (left, top) in zip(pieces, corners(), strict=False)
        )
        file = tmp_path / f"{name}.html"
        fonts = f"{get_data_path()}/fonts/ttf"
        html = PAGE.format(fonts=fonts, width=WIDTH, height=HEIGHT, cells=cells)
        file.write_text(html, encoding="utf-8")
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(error.message))
        page.goto(file.as_uri(), wait_until="load")
        page.evaluate("Promise.all([...document.fonts].map((font) => font.load()))")
        return page

    yield opened
    context.close()


def corners():
    """Yield where one cell after the other begins, from the left and from the top."""
    for number in itertools.count():
        yield number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT


def with_script(figures):
    """Return the pieces of a page: the first figure comes with the script of all."""
    whole = [html for _, html in figures.values()]
    first = next(iter(figures.values()))[0]
    return [first.to_html(), *whole[1:]]


def test_every_figure_of_the_gallery_moves_with_the_keyboard(figures, opened):
    page = opened("gallery", with_script(figures))
    assert len(figures) == 16
    assert_all_move(page, 16)
    assert page.errors == []


# ---------- Beside Matplotlib ----------

MOVE = """(states) => {
  for (const [name, places] of Object.entries(states)) {
    const inputs = document.getElementById(name).querySelectorAll("[data-control]");
    inputs.forEach((input, number) => {
      if (input.type === "checkbox") input.checked = places[number];
      else if (input.type === "range") input.value = places[number];
      else input.selectedIndex = places[number];
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}"""

REPLACE = """(drawings) => document.querySelectorAll("body > div").forEach(
  (cell, number) => { cell.innerHTML = drawings[number]; })"""


def some_states(figure):
    """Return the states of a figure from the first to the last, as places of its controls."""
    grid = list(itertools.product(*(range(len(one.values)) for one in figure.controls)))
    assert len(grid) <= STATES
    return [grid[round(place)] for place in np.linspace(0, len(grid) - 1, STATES)]


as_text = RendererSVG._draw_text_as_text


def formulas_as_paths(renderer, gc, x, y, s, prop, angle, ismath, mtext=None):
    """Write text as text, and formulas as Matplotlib does by default: as paths."""
    write = RendererSVG._draw_text_as_path if ismath else as_text
    write(renderer, gc, x, y, s, prop, angle, ismath, mtext)


def by_matplotlib(draw, figure, places):
    """Return Matplotlib's own drawing of a state, and its size in pixels of CSS."""
    state = {one.name: one.values[at] for one, at in zip(figure.controls, places, strict=True)}
    file = io.StringIO()
    with shown(draw, figure.theme, state) as original:
        with patch.object(RendererSVG, as_text.__name__, formulas_as_paths):
            original.savefig(file, format="svg")
        size = original.get_size_inches() * 96
    text = file.getvalue()
    return text[text.index("<svg") :], size


def pictures(page, sizes):
    """Return the pixels of every figure of a page, each of the size that Matplotlib gives it."""
    whole = np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB"))
    return [
        whole[top : top + int(height), left : left + int(width)].astype(np.int16)
        for (left, top), (width, height) in zip(corners(), sizes, strict=False)
    ]


def far_apart(one, other):
    """Say what makes two pictures different, if anything does, but for rounded coordinates.

    A page has hundredths of a pixel. Chromium finds the grey of an edge from four rows in each
    pixel, and rounding moves an edge across one of them, rarely two: 64 or 128 of 255. It may
    also move a thin line, which is 1 pixel in 500.
    """
    difference = np.abs(one - other).max(axis=2)
    share = (difference > 16).mean()
    if difference.max() > 128 or share > 0.003:
        return f"{share:.2%} of the pixels differ, by up to {difference.max()} of 255"
    return ""


def test_every_figure_of_the_gallery_looks_as_matplotlib_draws_it(figures, opened):
    drawing = {name: draw for name, (draw, _) in originals().items()}
    ours = {name: figures[name] for name in drawing}
    assert len(ours) >= 10
    states = {name: some_states(figure) for name, (figure, _) in ours.items()}
    page = opened("ours", with_script(ours))
    beside = opened("theirs", [""] * len(ours))
    seen, expected = [], []
    for number in range(STATES):
        drawn, sizes = zip(
            *(by_matplotlib(drawing[name], ours[name][0], states[name][number]) for name in ours),
            strict=True,
        )
        page.evaluate(MOVE, {name: places[number] for name, places in states.items()})
        beside.evaluate(REPLACE, drawn)
        seen.append(pictures(page, sizes))
        expected.append(pictures(beside, sizes))
    for place, name in enumerate(ours):
        for number, at in enumerate(states[name]):
            assert far_apart(seen[number][place], expected[number][place]) == "", (name, at)
            if at != states[name][number - 1]:  # a frame in the wrong place would show that one
                assert far_apart(seen[number][place], expected[number - 1][place]), (name, at)
    assert page.errors == []
