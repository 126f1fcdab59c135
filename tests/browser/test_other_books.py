"""Figures on pages that this book has not made: each way that `docs/figures.md` names."""

import html
import os

import nbformat
import pytest
import small_book
from axe_playwright_python.sync_playwright import Axe
from figures_on_pages import FIGURES, assert_all_move, assert_both_changed, by_keyboard, look
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from own_figures import blocks, changed, run_all

from vgtools.explore import audience


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder in which every block was run, with what the blocks have written."""
    folder, here = tmp_path_factory.mktemp("author"), os.getcwd()
    os.chdir(folder)
    try:
        names = run_all()
    finally:
        os.chdir(here)
    (folder / "hand.html").write_text(names["page"], encoding="utf-8")
    both = names["wave"].to_html() + names["coloured"].to_html(with_runtime=False)
    (folder / "coloured.html").write_text(both, encoding="utf-8")
    page = html.escape(names["wave"].to_page())
    frame = f"<!doctype html><meta charset=utf-8><iframe srcdoc='{page}'></iframe>"
    (folder / "marimo.html").write_text(frame, encoding="utf-8")
    dark = '<!doctype html><html lang="en" data-theme="dark"><body style="background: #111">'
    (folder / "dark.html").write_text(dark + names["anscombe"].to_html(), encoding="utf-8")
    return folder


def notebook():
    """Return a notebook with two figures of the page for authors, which nobody has run."""
    first = blocks("python")[0].replace('wave.save("wave.html")', "wave")
    second = changed(blocks("diff")[0])[0] + "\nfit"
    cells = [nbformat.v4.new_markdown_cell("# Two figures")]
    return nbformat.v4.new_notebook(
        cells=cells + [nbformat.v4.new_code_cell(source) for source in (first, second)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


@pytest.fixture
def opened(browser):
    """Return a function that opens a file without a network."""

    def opened(path, **options):
        context = browser.new_context(offline=True, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(error.message))
        page.goto(path.as_uri(), wait_until="load")
        return page

    contexts = []
    yield opened
    for context in contexts:
        context.close()


def test_a_file_is_a_page_that_moves_offline_and_says_what_it_shows(folder, opened):
    page = opened(folder / "wave.html")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    figure = page.locator(FIGURES)
    before = look(figure)
    assert before[1] == "A wave with 5 crests."
    for how in by_keyboard(page, figure.locator("input")):
        assert_both_changed(figure, before, how)
        before = look(figure)
    name = figure.get_by_role("img").evaluate(
        "image => document.getElementById(image.getAttribute('aria-labelledby')).textContent"
    )
    assert name == before[1] != "A wave with 5 crests."
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.errors == []
    assert Axe().run(page).response["violations"] == []


INK = "() => getComputedStyle(document.querySelector('.vg-panels text')).fill"
PAPER = "() => getComputedStyle(document.body).backgroundColor"


def test_a_file_follows_the_reader_into_the_dark_and_out_of_it_on_paper(folder, opened):
    page = opened(folder / "wave.html", color_scheme="dark")
    dark = page.evaluate(INK), page.evaluate(PAPER)
    assert Axe().run(page).response["violations"] == []
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(INK) == "rgb(34, 40, 51)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert (page.evaluate(INK), page.evaluate(PAPER)) == dark
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert (page.evaluate(INK), page.evaluate(PAPER)) == ("rgb(34, 40, 51)", "rgb(255, 255, 255)")
    assert dark == ("rgb(213, 218, 227)", "rgb(20, 24, 30)")


def test_a_palette_of_ones_own_changes_with_the_page_and_for_its_figure_alone(folder, opened):
    page = opened(folder / "coloured.html")
    stroke = "() => getComputedStyle(document.querySelector('#coloured [style*=sea]')).stroke"
    house = "name => getComputedStyle(document.getElementById(name)).getPropertyValue('--vg-ink')"
    light = page.evaluate(stroke), page.evaluate(house, "wave")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    dark = page.evaluate(stroke), page.evaluate(house, "wave")
    assert (light[0], dark[0]) == ("rgb(0, 0, 128)", "rgb(135, 206, 250)")
    assert (light[1], dark[1]) == ("#222833", "#d5dae3")
    assert page.evaluate(house, "coloured") == "#ffffff"


def test_on_a_dark_page_by_hand_every_control_can_be_read(folder, opened):
    page = opened(folder / "dark.html")
    colours = "() => { const s = getComputedStyle(document.querySelector('select'));"
    ink, field = page.evaluate(f"{colours} return [s.color, s.backgroundColor]; }}")
    assert (ink, field) == ("rgb(213, 218, 227)", "rgb(20, 24, 30)")
    assert Axe().run(page, options={"runOnly": ["color-contrast"]}).response["violations"] == []


def test_a_page_by_hand_brings_the_script_once_and_shows_a_file_in_a_frame(folder, opened):
    page = opened(folder / "hand.html")
    assert (folder / "hand.html").read_text("utf-8").count("function startAll") == 1
    assert_all_move(page, 2)
    assert_all_move(page, 1, page.frame_locator("iframe"))
    assert page.errors == []


def test_a_page_moves_in_a_frame_that_holds_it_as_marimo_makes_one(folder, opened):
    """`mo.iframe` of marimo 0.25 writes the page, escaped, into the attribute ``srcdoc``."""
    page = opened(folder / "marimo.html")
    assert_all_move(page, 1, page.frame_locator("iframe"))
    assert page.errors == []


def test_sphinx_with_myst_nb_shows_figures_that_move(tmp_path, monkeypatch, opened):
    monkeypatch.delenv(audience.VARIABLE)
    [conf] = [block for block in blocks("python") if block.startswith("# conf.py")]
    files = {"conf.py": conf, "index.ipynb": nbformat.writes(notebook())}
    _, out = small_book.build(small_book.write(tmp_path, files))
    page = opened(out / "index.html")
    assert_all_move(page, 2)
    assert page.errors == []


def test_nbconvert_shows_figures_that_move(tmp_path, monkeypatch, opened):
    monkeypatch.delenv(audience.VARIABLE)
    run = notebook()
    NotebookClient(run, timeout=120).execute()
    html, _ = HTMLExporter().from_notebook_node(run)
    (tmp_path / "two.html").write_text(html, encoding="utf-8")
    page = opened(tmp_path / "two.html")
    assert_all_move(page, 2)
