"""The pages that lead a reader through the book: minutes, chapters and links to states."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from small_book import build, pages, write

BOOK = Path(__file__).resolve().parents[1]
CHAPTERS = BOOK / "chapters"
TEACHING = (CHAPTERS / "teaching.md").read_text(encoding="utf-8")
LINKS = [
    unescape(link)
    for link in re.findall(r'<a class="reference internal" href="([^"]+)">', TEACHING)
]


ROWS = re.findall(r"^\| \[[^]]+\]\((\w+)\.ipynb\) \| (\d+) \|", TEACHING, re.M)
TAUGHT = [name for name, _ in ROWS]
"""The chapters that the page for instructors has something about, which need not be all."""


def minutes(chapter):
    """Return what the strip of a chapter says."""
    cells = json.loads((CHAPTERS / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    [time] = re.findall(r"\*\*Time:?\*\*\D*(\d+) minutes", "".join(cells[0]["source"]))
    return int(time)


def test_the_chapters_come_in_order_with_their_minutes():
    assert TAUGHT == ["intro", *sorted(TAUGHT[1:])]
    assert [int(time) for _, time in ROWS] == list(map(minutes, TAUGHT))


def test_minutes_add_up():
    assert f"| all | {sum(map(minutes, TAUGHT))} |" in TEACHING
    sessions = re.findall(r"^\d\. \*\*[^*]+\*\* \((\d+) minutes\):(.*)", TEACHING, re.M)
    assert len(sessions) == 6
    taken = [re.findall(r"\]\((\w+)\.ipynb\)", text) for _, text in sessions]
    assert sum(taken, []) == TAUGHT
    for (said, _), chapters in zip(sessions, taken, strict=True):
        assert int(said) == sum(map(minutes, chapters))


def test_every_chapter_that_is_taught_has_a_figure_to_show():
    assert list(dict.fromkeys(map(page_of, LINKS))) == [f"{name}.html" for name in TAUGHT]


def page_of(link):
    return urlsplit(link).path


@pytest.mark.parametrize("link", LINKS)
def test_a_link_names_one_figure_and_its_controls(link):
    parts = urlsplit(link)
    cells = json.loads((CHAPTERS / parts.path.replace(".html", ".ipynb")).read_text("utf-8"))
    sources = ["".join(cell["source"]) for cell in cells["cells"] if cell["cell_type"] == "code"]
    name = parts.fragment.replace("-", "_")
    [source] = [text for text in sources if f"def {name}(" in text]
    for key, _ in parse_qsl(parts.query, strict_parsing=bool(parts.query)):
        figure, control = key.split(".")
        assert figure == parts.fragment
        assert re.search(rf"\bdef {name}\([^)]*\b{control}\b", source)


SMALL_BOOK = {
    "conf.py": """
from bookext import laboratory
extensions = ["myst_nb"]
html_theme = "basic"
master_doc = "chapters/one"
nb_execution_mode = "off"

def setup(app):
    laboratory.connect(app)
""",
    "chapters/one.md": """# One

[Try *it*](laboratory.md "lab.layers=10&lab.init=he"), or [read](laboratory.md "A page") of it.

```{toctree}
laboratory
```
""",
    "chapters/laboratory.md": "# The laboratory",
}


def test_a_link_to_the_laboratory_carries_its_settings(tmp_path):
    _, out = build(write(tmp_path, SMALL_BOOK))
    page = pages(out)["chapters/one.html"]
    found = re.findall(r'<a class="reference internal" href="([^"]*)"><span.*?>(.*?)</span>', page)
    assert [(unescape(address), text) for address, text in found] == [
        ("laboratory.html?lab.layers=10&lab.init=he#lab", "Try <em>it</em>"),
        ("laboratory.html", "read"),
    ]
