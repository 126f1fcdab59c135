"""The chapters in JupyterLab, as a learner runs them from top to bottom.

Too long for every change, because each chapter runs once more: ``make live``.
"""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest
from nbformat import v4

from tools.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))

SETTINGS = json.loads((ROOT / "tools" / "lab" / "overrides.json").read_text(encoding="utf-8")) | {
    # No question about the kernel, and figures are drawn outside of the window too.
    "@jupyterlab/notebook-extension:tracker": {
        "autoStartDefaultKernel": True,
        "windowingMode": "none",
    }
}

AHEAD = """
from matplotlib import pyplot as plt
from vgtools.explore import explore

@explore(slope=(1, 5), alt=lambda slope: f"The slope is {slope}.")
def climb(slope):
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, slope])
    return figure

climb"""

FAULTS = """() => [...document.querySelectorAll(
  '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"],'
  + ' .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')]
  .map((element) => element.textContent.slice(0, 500))"""

FINISHED = """() => {
  const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputArea-prompt")]
    .map((element) => element.textContent);
  return prompts.length > 0 && prompts.every((text) => /\\[\\d+\\]/.test(text));
}"""


def notebook(name):
    """Read the committed notebook of a chapter."""
    return nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)


def figures_of(name):
    """Count the figures of a notebook, and those with controls."""
    texts = [
        output.get("data", {}).get("text/plain", "")
        for cell in notebook(name).cells
        for output in cell.get("outputs", [])
    ]
    shown = [text.split("\n")[0] for text in texts if text.startswith("Figure ")]
    return len(shown), sum(" at " in line for line in shown)


def without_outputs(name):
    """Return a notebook as if nobody had run it yet."""
    found = notebook(name)
    for cell in found.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return found


@pytest.fixture(scope="session")
def browser():
    """Start Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Start JupyterLab on copies of the chapters and return its address."""
    home = tmp_path_factory.mktemp("lab")
    (home / "settings").mkdir()
    (home / "settings" / "overrides.json").write_text(json.dumps(SETTINGS))
    (home / "book").mkdir()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    ahead = v4.new_notebook(cells=[v4.new_code_cell(AHEAD)], metadata=kernel)
    nbformat.write(ahead, home / "book" / "ahead.ipynb")
    for name in CHAPTERS:
        nbformat.write(without_outputs(name), home / "book" / f"{name}.ipynb")
    switches = {"VGTOOLS_EXPLORE", "VGTOOLS_STATIC"}
    environment = {name: value for name, value in os.environ.items() if name not in switches}
    environment |= {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "own"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={home / 'book'}"]
    command += [f"--LabApp.app_settings_dir={home / 'settings'}", "--custom-css"]
    custom = ROOT / "tools" / "lab" / "custom"  # static_custom_path alone cannot be set from here
    command += [f"--ServerApp.tornado_settings=static_custom_path={custom}"]
    with (home / "log").open("w") as output:
        server = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=home
        )
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/api"), "JupyterLab is")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
        print((home / "log").read_text())  # shown if JupyterLab does not start


def wait_until(ready, what, seconds=120):
    """Ask once a second: more often would keep a page from its own work."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError):
            if ready():
                return
        time.sleep(1)
    pytest.fail(f"{what} not ready after {seconds} s")


def answers(address):
    with urlopen(address):
        return True


def has_a_kernel(lab, name):
    """Tell whether the page is connected to one: what is run before asks which one to take."""
    with urlopen(f"{lab}/api/sessions") as answer:
        kernels = [one["kernel"] for one in json.load(answer) if one["name"].startswith(name)]
    return any(one["connections"] and one["execution_state"] == "idle" for one in kernels)


def run_all_cells(page, lab, name):
    """Open a notebook and run it from top to bottom."""
    page.goto(f"{lab}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    wait_until(lambda: has_a_kernel(lab, name), f"the kernel of {name} is")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    wait_until(lambda: page.evaluate(FINISHED), "the cells are", seconds=400)
    assert page.evaluate(FAULTS) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_from_top_to_bottom_and_its_figures_move(browser, lab, name):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    try:
        run_all_cells(page, lab, name)
        names = page.locator("[title$='Not Found']")  # of equations and of works
        assert names.count() and not names.locator("svg").locator("visible=true").count()
        drawn, movable = figures_of(name)
        figures = page.locator(".jp-OutputArea .vg-explore")
        assert figures.count() == drawn
        assert sum(move_one_control(page, figure) for figure in figures.all()) == movable
    finally:
        page.close()


def move_one_control(page, figure):
    """Move the first control of a figure and wait for another picture; False without one."""
    figure.scroll_into_view_if_needed()
    box = figure.locator('xpath=ancestor::*[contains(@class, "widget-vbox")][1]')
    controls = box.locator(".noUi-handle, select, input[type=checkbox]")
    if not controls.count():
        return False
    before = figure.inner_html()
    control = controls.first
    kind = control.evaluate("control => control.type ?? 'slider'")
    control.focus()
    if kind == "checkbox":
        page.keyboard.press("Space")
    elif kind == "slider":
        at_the_end = float(control.get_attribute("aria-valuenow")) >= float(
            control.get_attribute("aria-valuemax")
        )
        page.keyboard.press("ArrowLeft" if at_the_end else "ArrowRight")
    else:
        control.select_option(index=0 if control.evaluate("c => c.selectedIndex") else 1)
    page.wait_for_function(
        "([box, before]) => box.querySelector('.vg-explore').innerHTML !== before",
        arg=[box.element_handle(), before],
    )
    return True


def test_states_computed_ahead_move_without_a_word_to_the_kernel(browser, lab):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    try:
        run_all_cells(page, lab, "ahead")
        figure = page.locator(".jp-OutputArea .vg-explore")
        assert move_one_control(page, figure)
        assert figure.locator(".vg-says").inner_text() == "The slope is 4."
        page.get_by_role("button", name="Compute all 5 states").click()
        slider = figure.locator("input[type=range]")
        slider.wait_for()
        assert slider.input_value() == "3", "it starts where the reader was"
        page.wait_for_timeout(2000)  # until all is said
        sent.clear()
        before = figure.locator(".vg-panels").inner_html()
        slider.press("ArrowRight")
        assert figure.locator(".vg-says").inner_text() == "The slope is 5."
        assert figure.locator(".vg-panels").inner_html() != before
        page.wait_for_timeout(1000)
        assert sent == []
    finally:
        page.close()
