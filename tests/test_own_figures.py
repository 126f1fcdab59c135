"""Figures of other authors: what they need, where they are shown, and their files."""

import base64
import gzip
import io
import os
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import nbformat
import numpy as np
import pytest
import small_book
from matplotlib.figure import Figure
from nbclient import NotebookClient
from own_figures import PAGE, blocks, movable, originals, run_all
from PIL import Image

from vgtools.explore import audience, cost, document, explorable, explore, raster
from vgtools.explore.controls import make_controls
from vgtools.explore.svg import markup, svg_panels
from vgtools.explore.theme import Theme

ALONE = """
import re, sys

allowed = set(sys.stdlib_module_names) | {"numpy", "matplotlib", "mpl_toolkits"} | set(NEEDED)

class Wall:
    def find_spec(self, name, path=None, target=None):
        top, _, rest = name.partition(".")
        if top == "vgtools" and (not rest or rest.split(".")[0] == "explore"):
            return None
        if top not in allowed and not top.startswith("_"):
            raise ModuleNotFoundError(f"no module {name}", name=name)

sys.meta_path.insert(0, Wall())
sys.stderr.isatty = lambda: True
exec(compile(sys.stdin.read(), "wave.py", "exec"), {})
"""
IMPORTED = {"pillow": "PIL", "python-dateutil": "dateutil", "fonttools": "fontTools"}
"""What a package is called where it is imported, if it has another name."""


def needed():
    """Return what Matplotlib imports of other packages."""
    names = [one.partition(";") for one in requires("matplotlib")]
    plain = ["".join(c for c in name.split(">")[0] if c not in " (=<!~") for name, _, extra in names
             if "extra" not in extra]  # fmt: skip
    return [IMPORTED.get(name, name) for name in plain] + ["six", "zoneinfo", "pylab"]


def line(**options):
    @explore(slope=(0, 2), alt=lambda slope: f"The slope is {slope}.", **options)
    def climb(slope):
        figure = Figure()
        figure.add_subplot().plot([0, 1], [0, slope])
        return figure

    return climb


# ---------- Alone ----------


def test_ten_lines_with_matplotlib_and_numpy_alone_write_a_page(tmp_path):
    script = blocks("python")[0]
    assert len([one for one in script.splitlines() if one.strip()]) == 10
    code = f"NEEDED = {needed()!r}\n{ALONE}"
    root = str(PAGE.parents[1])
    run = subprocess.run(
        [sys.executable, "-c", code], input=script, text=True, capture_output=True, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": root},
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["wave.html"]
    page = (tmp_path / "wave.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") and "A wave with 5 crests." in page


def test_the_wall_of_that_test_keeps_other_packages_out(tmp_path):
    for other in ("scipy", "sympy", "vgtools.figures", "ipywidgets"):
        run = subprocess.run(
            [sys.executable, "-c", f"NEEDED = {needed()!r}\n{ALONE}"], text=True,
            input=f"import {other}", capture_output=True, cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(PAGE.parents[1])},
        )  # fmt: skip
        assert f"no module {other}" in run.stderr


def test_the_room_imports_no_other():
    used = {
        name
        for module in (PAGE.parents[1] / "vgtools" / "explore").glob("*.py")
        for name in re.findall(r"^\s*(?:from|import) (vgtools[\w.]*)", module.read_text(), re.M)
    }
    assert used and all(name.split(".")[1:2] == ["explore"] for name in used)


# ---------- The page for authors ----------


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    here = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("author"))
    yield run_all()
    os.chdir(here)


def test_every_block_runs_and_every_figure_can_be_drawn_in_every_state(names):
    figures = movable(names)
    assert len(figures) == 16
    for figure in figures.values():
        for control in figure.controls:
            for value in control.values:
                assert figure(**{control.name: value}).axes
                assert figure.describe(**{control.name: value})


def test_at_most_three_lines_lead_from_interact_to_explore(names):
    before = originals()
    assert len(before) == len(blocks("diff")) > 10
    for diff, (name, (_, controls)) in zip(blocks("diff"), before.items(), strict=True):
        for sign in "+-":
            lines = [line for line in diff.splitlines() if line.startswith(sign)]
            imported = any(" import " in line for line in lines)
            assert len(lines) + (not imported) <= 3, name
        both = names[name].controls, make_controls(controls, {}, {})
        offered, offers = ([(one.name, one.kind, one.labels) for one in side] for side in both)
        assert offers == offered, name


# ---------- What a figure costs ----------


def test_the_figures_of_a_script_are_measured(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wave.py").write_text(blocks("python")[0] + "again = wave\n", encoding="utf-8")
    cost.main(["wave.py"])
    _, _, row = capsys.readouterr().out.splitlines()
    name, states, kilobytes, seconds = row.strip("| ").split("|")
    assert (name.strip(), int(states)) == ("wave", 9)
    html = cost.figures_of("wave.py")["wave"].to_html(with_runtime=False)
    assert float(kilobytes) == pytest.approx(len(gzip.compress(html.encode(), 6)) / 1000, abs=0.1)
    assert float(seconds) > 0


def test_what_cannot_be_measured_is_named(tmp_path):
    with pytest.raises(SystemExit, match="there is no script 'none.py'"):
        cost.main(["none.py"])
    with pytest.raises(TypeError, match="made by explore, not Figure"):
        cost.cost(Figure())


def test_a_script_that_fails_says_of_which_figure_and_state(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SHOWN.replace("figure = Figure()", "raise ValueError('no such a')"))
    with pytest.raises(SystemExit, match=r"^ValueError: no such a\nline, at a = 0$"):
        cost.main([str(script)])


# ---------- Who is looking ----------

SHOWN = """
from vgtools.explore import explore
from matplotlib.figure import Figure
@explore(a=(0, 2), alt=lambda a: f"At {a}.")
def line(a):
    figure = Figure()
    figure.add_subplot().plot([0, a])
    return figure
line
"""


@pytest.mark.parametrize("wanted", [None, "text"])
def test_a_notebook_that_a_program_runs_holds_pages_unless_text_is_asked_for(monkeypatch, wanted):
    monkeypatch.delenv(audience.VARIABLE)
    if wanted:
        monkeypatch.setenv(audience.VARIABLE, wanted)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SHOWN)])
    NotebookClient(notebook, timeout=120).execute()
    [output] = notebook.cells[0].outputs
    assert ("text/html" in output.data) == (wanted is None)
    assert output.data["text/plain"].startswith("Figure line at a = 1")


def test_a_choice_that_does_not_exist_says_which_do(monkeypatch):
    monkeypatch.setenv(audience.VARIABLE, "png")
    with pytest.raises(ValueError, match="VGTOOLS_EXPLORE is 'png': accepted are html and text"):
        line()._repr_mimebundle_()


def test_a_person_who_asks_for_pages_gets_the_script_with_each(monkeypatch):
    monkeypatch.setenv(audience.VARIABLE, "html")
    monkeypatch.setattr(explorable, "_taken", set())
    for alone, expected in ((False, [True, False]), (True, [True, True])):
        monkeypatch.setattr(audience, "live_notebook", lambda alone=alone: alone)
        explorable._taken.clear()
        shown = [line()._repr_mimebundle_()["text/html"] for _ in range(2)]
        assert ["startAll" in one for one in shown] == expected


def test_panels_of_a_layout_engine_keep_to_their_shares():
    figure = Figure(figsize=(10.5, 2.6), layout="constrained")
    for axes in figure.subplots(1, 3):
        axes.set(ylabel="a label", title="a title")
    panels = svg_panels(figure)
    assert [panel.get("viewBox") for panel in panels] == [
        "0 0 252 187.2", "252 0 252 187.2", "504 0 252 187.2"
    ]  # fmt: skip


# ---------- Files ----------


def test_a_file_is_a_whole_page(tmp_path):
    place = line().save(tmp_path / "Line.HTML", title="<One> & only", lang="de")
    assert place == tmp_path.resolve() / "Line.HTML"
    page = place.read_text("utf-8")
    assert "<title>&lt;One&gt; &amp; only</title>" in page and '<html lang="de">' in page
    assert line().to_html() in page and "<title>Climb</title>" in line().to_page()


@pytest.mark.parametrize(
    "name, error, words",
    [
        ("line.png", ValueError, r"line.png' must end in .html or .htm"),
        ("line", ValueError, "must end in .html"),
        ("nowhere/line.html", FileNotFoundError, "there is no folder .*nowhere"),
        ("folder.html", IsADirectoryError, "it is a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_drawn(
    tmp_path, monkeypatch, name, error, words
):
    (tmp_path / "folder.html").mkdir()
    monkeypatch.setattr(explorable.Explorable, "to_page", lambda *_, **__: pytest.fail("drawn"))
    with pytest.raises(error, match=words):
        line().save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


@pytest.mark.parametrize("what", ["replace", "write_text"])
def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch, what):
    place = tmp_path / "line.html"
    place.write_text("old")

    def fail(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(document.Path, what, fail)
    with pytest.raises(OSError, match="the disk is full"):
        line().save(place)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["line.html"]
    assert place.read_text() == "old"


# ---------- Style and palette ----------


def test_a_palette_of_ones_own_belongs_to_its_figure():
    mine = line(palette={"sea": ("navy", "#ADD8E6")}).to_html(with_runtime=False)
    assert "stroke:var(--vg-sea,#000080)" in mine
    assert '[id="climb"]{--vg-sea:#000080;}' in mine
    assert 'html[data-theme="dark"] [id="climb"],' in mine and "{--vg-sea:#add8e6;}" in mine
    assert "--vg-blue" not in mine
    house = line().to_html(with_runtime=False)
    assert "<style>" not in house and "stroke:var(--vg-blue,#0072b2)" in house


def test_a_style_of_ones_own_is_drawn_and_text_stays_text():
    panels = svg_panels(line()(), theme=Theme())
    assert "var(--vg-muted" in "".join(map(markup, panels))
    plain = line(style=["default", {"svg.fonttype": "path", "lines.linewidth": 7}])
    html = plain.to_html(with_runtime=False)
    assert "<text" in html and "stroke-width:7" in html and "#1f77b4" in html
    assert "var(--vg-muted" not in html


@pytest.mark.parametrize(
    "options, error, words",
    [
        ({"style": "no such"}, ValueError, "'no such' is not a mapping of Matplotlib's settings"),
        ({"style": {"axes.gird": True}}, ValueError, "axes.gird"),
        ({"style": 3}, ValueError, "the style 3 is not"),
        ({"palette": ["navy"]}, TypeError, "palette must be a mapping"),
        ({"palette": {"sea": "nawy"}}, ValueError, "'sea' the value 'nawy': accepted are a colour"),
        ({"palette": {"sea": ("a",)}}, ValueError, "'sea' the value"),
        ({"palette": {"a b": "navy"}}, ValueError, "the name 'a b'"),
        ({"palette": {"a": "navy", "b": "#000080"}}, ValueError, "#000080 to a and to b"),
    ],
)
def test_a_style_or_a_palette_that_does_not_fit_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        line(**options)


# ---------- Pixels ----------


def cloud(count, **options):
    figure = Figure()
    points = np.random.default_rng(0).normal(size=(2, count))
    figure.add_subplot().scatter(*points, s=4, **options)
    return figure


def test_many_points_become_pixels_and_axes_stay_vectors():
    figure = cloud(4_000, label="stars")
    svg, [replaced] = raster.render_lightly(figure)
    assert replaced.artist == "PathCollection 'stars'"
    assert svg.count("<image") == 1 and svg.count("tick_") > 5 and svg.count("<use") < 100
    assert replaced.pixels < replaced.vectors and len(svg) < 150_000
    [points] = figure.axes[0].collections
    assert not points.get_rasterized() and points.get_gid() is None


def test_few_points_stay_vectors_and_so_does_what_is_lighter_so(monkeypatch):
    svg, replaced = raster.render_lightly(cloud(500))
    assert not replaced and "<image" not in svg
    monkeypatch.setattr(raster, "LIMIT", 1_000)
    figure = Figure()
    figure.add_subplot().plot(np.linspace(0, 1, 60), np.random.default_rng(0).random(60))
    svg, replaced = raster.render_lightly(figure)
    assert not replaced and "<image" not in svg


def address(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8), "RGBA").save(file, format="png")
    return raster.PNG + base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("colours, alpha, changes", [(256, 255, 1), (257, 255, 0), (256, 254, 0)])
def test_an_image_of_few_colours_has_a_table_of_them_and_the_same_pixels(colours, alpha, changes):
    number = np.random.default_rng(0).permutation(60 * 80).reshape(60, 80) % colours
    pixels = np.stack([number % 256, number // 256, 7 * number % 256, number * 0 + 255], axis=2)
    pixels[3, 4, 3] = alpha
    before = address(pixels)
    after = raster.lighter_image(before)
    assert (after != before) == changes and len(after) <= len(before) / (1 + changes / 2)
    image = Image.open(io.BytesIO(base64.b64decode(after.removeprefix(raster.PNG))))
    np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), pixels)


def test_the_build_says_what_is_drawn_in_pixels_once_and_not_if_it_was_asked_for():
    @explore(rasterized=False, alt=lambda rasterized: f"Points, {rasterized}.")
    def stars(rasterized):
        return cloud(4_000)

    with pytest.warns(UserWarning, match=r"stars: PathCollection .* \d+ kB \(gzip\)") as said:
        html = stars.to_html()
    assert len(said) == 1 and html.count("data:image/png") == 1
    assert (said[0].filename, said[0].lineno) == (
        __file__,
        stars.__wrapped__.__code__.co_firstlineno,
    )

    @explore(alt="Points.")
    def asked():
        return cloud(4_000, rasterized=True)

    assert asked.to_html().count("data:image/png") == 1


def test_sphinx_names_the_cell_whose_warning_it_leaves_out(tmp_path, monkeypatch):
    monkeypatch.delenv(audience.VARIABLE)
    points = "numpy.random.default_rng(0).normal(size=(2, 4000))"
    source = SHOWN.replace(".plot([0, a])", f".scatter(*{points}, s=4)")
    cells = [nbformat.v4.new_markdown_cell("# Stars")]
    cells.append(nbformat.v4.new_code_cell(f"import numpy{source}"))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    conf = 'extensions = ["myst_nb"]\nnb_output_stderr = "remove-warn"\n'
    files = {"conf.py": conf, "index.ipynb": nbformat.writes(notebook)}
    folder = small_book.write(tmp_path, files)
    _, out = small_book.build(folder, warned="stderr was found in the cell outputs of cell 2")
    page = (out / "index.html").read_text("utf-8")
    assert "drawn in pixels" not in page and "data:image/png" in page
