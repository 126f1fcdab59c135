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

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))

SETTINGS = json.loads((ROOT / "tools" / "lab" / "overrides.json").read_text(encoding="utf-8")) | {
    # No question about the kernel, and figures are drawn outside of the window too.
    "@jupyterlab/notebook-extension:tracker": {
        "autoStartDefaultKernel": True,
        "windowingMode": "none",
    }
}

AHEAD = {
    "cells": [
        {
            "cell_type": "code", "id": "one", "metadata": {}, "outputs": [],
            "execution_count": None,
            "source": """
from matplotlib import pyplot as plt
from vgtools.explore import explore

@explore(slope=(1, 5), alt=lambda slope: f"The slope is {slope}.")
def climb(slope):
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, slope])
    return figure

climb""",
        }
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip

FAULTS = """() => [...document.querySelectorAll(
  '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"],'
  + ' .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')]
  .map((element) => element.textContent.slice(0, 500))"""

FINISHED = """() => {
  const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputArea-prompt")]
    .map((element) => element.textContent);
  return prompts.length > 0 && prompts.every((text) => /\\[\\d+\\]/.test(text));
}"""


def figures_of(name):
    """Count the figures of a notebook, and those with controls."""
    notebook = json.loads((ROOT / "chapters" / f"{name}.ipynb").read_text(encoding="utf-8"))
    shown = [
        line
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        for line in output.get("data", {}).get("text/plain", [])[:1]
        if line.startswith("Figure ")
    ]
    return len(shown), sum(" at " in line for line in shown)


def without_outputs(name):
    """Return the text of a notebook that nobody has run yet."""
    notebook = json.loads((ROOT / "chapters" / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return json.dumps(notebook)


@pytest.fixture(scope="session")
def browser():
    """Start the Chromium that the variable CHROMIUM names."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Start JupyterLab on copies of the chapters and return its address."""
    home = tmp_path_factory.mktemp("lab")
    (home / "settings").mkdir()
    (home / "settings" / "overrides.json").write_text(json.dumps(SETTINGS))
    (home / "book").mkdir()
    (home / "book" / "ahead.ipynb").write_text(json.dumps(AHEAD), encoding="utf-8")
    for name in CHAPTERS:
        (home / "book" / f"{name}.ipynb").write_text(without_outputs(name), encoding="utf-8")
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
        wait_until_it_answers(f"http://127.0.0.1:{port}/api", home / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def wait_until_it_answers(address, log, seconds=120):
    """Wait for a server that is starting."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), urlopen(address):
            return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab does not answer after {seconds} s:\n{log.read_text()}")


def wait_for_the_kernel(lab, name, seconds=120):
    """Wait until the page is connected to a kernel: what is run before asks which one to take."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with urlopen(f"{lab}/api/sessions") as answer:
            kernels = [one["kernel"] for one in json.load(answer) if one["name"].startswith(name)]
        if any(one["connections"] and one["execution_state"] == "idle" for one in kernels):
            return
        time.sleep(0.5)
    pytest.fail(f"{name} has no kernel after {seconds} s: {kernels}")


def wait_until_finished(page, seconds):
    """Look once a second: more often would keep the page from its own work."""
    for _ in range(seconds):
        if page.evaluate(FINISHED):
            return
        page.wait_for_timeout(1000)
    pytest.fail(f"The cells have not ended after {seconds} s.")


def run_all_cells(page, lab, name):
    """Open a notebook and run it from top to bottom."""
    page.goto(f"{lab}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    wait_for_the_kernel(lab, name)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    wait_until_finished(page, seconds=400)
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
