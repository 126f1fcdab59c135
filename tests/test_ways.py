"""The pages that lead a reader through the book: minutes, chapters and links to states."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

BOOK = Path(__file__).resolve().parents[1]
CHAPTERS = BOOK / "chapters"
TEACHING = (CHAPTERS / "teaching.md").read_text(encoding="utf-8")
START = (CHAPTERS / "start.md").read_text(encoding="utf-8")
LINKS = [
    unescape(link)
    for link in re.findall(r'<a class="reference internal" href="([^"]+)">', TEACHING)
]


def reading_order():
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    return ["intro"] + [
        Path(page["file"]).name for page in toc["parts"][0]["chapters"]
    ]  # fmt: skip


def minutes(chapter):
    """Return what the strip of a chapter says."""
    cells = json.loads((CHAPTERS / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    [time] = re.findall(r"\*\*Time:?\*\*\D*(\d+) minutes", "".join(cells[0]["source"]))
    return int(time)


@pytest.mark.parametrize("page", [TEACHING, START], ids=["teaching", "start"])
def test_the_table_has_every_chapter_in_order_with_its_minutes(page):
    rows = re.findall(r"^\| \[[^]]+\]\((\w+)\.ipynb\) \| (\d+) \|", page, re.M)
    assert [(name, int(time)) for name, time in rows] == [
        (name, minutes(name)) for name in reading_order()
    ]


def test_minutes_add_up():
    assert f"| all | {sum(map(minutes, reading_order()))} |" in TEACHING
    sessions = re.findall(r"^\d\. \*\*[^*]+\*\* \((\d+) minutes\):(.*)", TEACHING, re.M)
    assert len(sessions) == 4
    taken = [re.findall(r"\]\((\w+)\.ipynb\)", text) for _, text in sessions]
    assert sum(taken, []) == reading_order()
    for (said, _), chapters in zip(sessions, taken, strict=True):
        assert int(said) == sum(map(minutes, chapters))


def test_every_chapter_has_a_figure_to_show():
    assert [urlsplit(link).path for link in dict.fromkeys(map(page_of, LINKS))] == [
        f"{name}.html" for name in reading_order()
    ]


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
