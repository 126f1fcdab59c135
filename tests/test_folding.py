"""What a page folds, tried on a small book."""

import io
import json
import re

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from vgtools.frontend import RECORD

CONFIGURATION = """
from bookext import folding
extensions = ["myst_nb"]
html_theme = "basic"
master_doc = "one"
nb_execution_mode = "off"
nb_code_prompt_show = "Show the code"
suppress_warnings = ["mystnb.unknown_mime_type"]

def setup(app):
    folding.connect(app)
"""

TEXT = "# One\n\n## Here\n\nWords.\n\n## Going deeper: why\n\nBelow.\n\n### More\n\nStill below."


def code(name, source, *outputs):
    return {
        "cell_type": "code", "id": name, "source": source, "outputs": list(outputs),
        "execution_count": 1, "metadata": {"tags": ["hide-input"]},
    }  # fmt: skip


def output(data):
    return {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": {}}


RECORDED = {
    "label": "eq-a", "evidence": "symbolic", "kind": "equation", "text": "a = a", "latex": "a = a",
    "because": "", "conditions": "", "steps": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    cells = [
        {"cell_type": "markdown", "id": "text", "source": TEXT, "metadata": {}},
        code("imports", "import math"),
        code("helpers", "SEEDS = range(5)"),
        code("holds", "assert True"),
        code("draws", "draw()", output({"text/plain": "a figure"})),
        code("states", "verify()", output({RECORD: RECORDED, "text/markdown": "$$a = a$$"})),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4}
    (folder / "one.ipynb").write_text(json.dumps(notebook | {"nbformat_minor": 5}))
    (folder / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            folder, folder, folder / "html", folder / "trees", "html",
            status=None, warning=(said := io.StringIO()),
        )  # fmt: skip
        app.build()
    assert said.getvalue() == ""
    return (folder / "html" / "one.html").read_text(encoding="utf-8")


def test_a_folded_cell_says_what_is_behind_it(page):
    names = re.findall(r'<p class="collapsed admonition-title">(.*?)</p>', page)
    assert names == ["Set-up", "The check", "Show the code", "Proved"]
    assert "Toggle hidden content" not in page


def test_code_stands_below_what_it_draws(page):
    assert page.index("a figure") < page.index("Show the code") < page.index("Proved")
    assert page.index("Proved") < page.index("a = a")
    assert page.count('class="cell tag_hide-input quiet') == 2


def test_neighbours_that_do_the_same_are_folded_together(page):
    together, _ = page.split("The check", 1)
    assert "math" in together and "SEEDS" in together


def test_only_a_section_that_goes_deeper_is_folded_and_to_its_end(page):
    [(before, folded)] = re.findall(r'(.*)<details class="deeper">(.*?)</details>', page, re.S)
    assert "Words." in before and "why" in before
    assert "Below." in folded and "Still below." in folded and "Words." not in folded
