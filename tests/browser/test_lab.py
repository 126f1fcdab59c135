"""The chapters in JupyterLab, as a learner runs them from top to bottom."""

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

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
EVERY_TIME = "02_sigmoid"
"""The chapter of the daily session; the others run with ``pytest -m weekly``."""

NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}

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


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab with nobody's settings and return its address."""
    home = tmp_path_factory.mktemp("lab")
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS))
    environment = {name: value for name, value in os.environ.items() if name != "VGTOOLS_STATIC"}
    environment |= {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={ROOT}"]
    with (home / "log").open("w") as output:
        server = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=home
        )
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/api", home / "log")
        yield f"http://127.0.0.1:{port}/lab"
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


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == EVERY_TIME else pytest.mark.weekly)
        for name in CHAPTERS
    ],
)
def test_a_chapter_runs_from_top_to_bottom_and_its_figures_move(browser, lab, name):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    try:
        page.goto(f"{lab}/tree/chapters/{name}.ipynb?reset")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.wait_for_function(FINISHED, timeout=400_000)
        assert page.evaluate(FAULTS) == []
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
    if not box.count():
        return False
    before = figure.inner_html()
    control = box.locator(".noUi-handle, select, input[type=checkbox]").first
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
