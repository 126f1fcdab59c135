"""A figure in the HTML that marimo exports, in a browser.

The book's environment has no marimo, so give the Python of one that has::

    python3 -m venv _build/marimo
    _build/marimo/bin/pip install marimo==0.25.2 .
    CHROMIUM="$(tools/chromium)" .venv/bin/python -m live.marimo_export _build/marimo/bin/python

Such a page loads marimo's own front end from a server. Here it comes from the package.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PAGE = Path(__file__).resolve().parents[1] / "docs" / "figures.md"
SHOW = "mo.iframe(wave.to_page())"
CELL = "\n@app.cell\ndef _({}):\n{}\n    return {}\n"
PICTURE = ".vg-panels"


def notebook():
    """Write the first figure of the page for authors as a notebook of marimo."""
    text = PAGE.read_text(encoding="utf-8")
    assert f"`{SHOW}`" in text, "the page for authors names another way"
    script = re.search(r"^```python\n(.*?)^wave\.save", text, re.M | re.S)[1]
    first = "".join(f"    {line}\n" for line in ["import marimo as mo", *script.splitlines()])
    cells = CELL.format("", first, "mo, wave"), CELL.format("mo, wave", f"    {SHOW}", "")
    return "import marimo\n\napp = marimo.App()\n" + "".join(cells)


def export(python, folder):
    """Let marimo run the notebook and write the page; return both it and marimo's files."""
    (folder / "wave.py").write_text(notebook(), encoding="utf-8")
    command = [python, "-m", "marimo", "-q", "export", "html", "wave.py", "-o", "wave.html"]
    subprocess.run(command, cwd=folder, check=True)
    ask = "import marimo, pathlib; print(pathlib.Path(marimo.__file__).parent / '_static')"
    static = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout
    return folder / "wave.html", Path(static.strip())


def look(figure):
    """Return the picture and the description."""
    return figure.locator(PICTURE).inner_html(), figure.locator(".vg-says").inner_text()


def main(python):
    """Export, open, press a key, and compare."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page, static = export(python, Path(folder))
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page()

        def serve(route):
            file = static / route.request.url.partition("/dist/")[2]
            if file.is_file():
                route.fulfill(path=file, headers={"Access-Control-Allow-Origin": "*"})
            else:
                route.abort()

        tab.route(re.compile("^https:"), serve)
        tab.goto(page.as_uri())
        figure = tab.frame_locator("iframe").locator("figure.vg-explore")
        slider = figure.locator("input[type=range]")
        slider.wait_for(timeout=60_000)
        before = look(figure)
        slider.press("ArrowRight")
        after = look(figure)
        browser.close()
    assert (before[1], after[1]) == ("A wave with 5 crests.", "A wave with 6 crests.")
    assert before[0] != after[0], "the picture stays"
    print("marimo: the figure moves")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(str(Path(sys.argv[1]).absolute()))
