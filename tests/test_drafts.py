"""What a finished chapter has to have, and how a chapter begins: as a draft, from a template."""

import inspect
import io
import re
import shutil
import subprocess
import sys
import warnings

import pytest
import test_book as book
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

import vgtools as vg
from bookext import claims, contents, formulas, notebooks, numbers

TEMPLATE = book.BOOK / "docs" / "chapter.ipynb"
SIGMOID = book.BOOK / "chapters" / "02_sigmoid.ipynb"
OPTIONS = set(inspect.signature(vg.explore).parameters)
"""What `vg.explore` takes besides controls."""


# Finished chapters


def lacks(path):
    """Say what a chapter lacks that is no draft, and what to write."""
    text, headings = book.prose(path), book.headings(path)
    first = book.source(notebooks.cells(path)[0])
    [summary] = re.findall(r"^## Summary\n(.*?)(?=^## |\Z)", text, re.S | re.M) or [""]
    figures = [set(call) - OPTIONS for call in book.calls(path, {"vg.explore"})]
    exercises = len(re.findall(r"^[`:]{3,}\{exercise\}", text, re.M))
    checks = [cell for cell in book.code(path) if "vg.check(" in book.source(cell)]
    parts = [
        ("# and the title at the beginning", re.findall(r"^# ", first, re.M) == ["# "]),
        ("the box Before you start, with :class: strip, below it", ":class: strip" in first),
        ("- **Time:** and the minutes into that box", re.search(r"\d \| .", contents.row(path))),
        ("## Predict before every other heading", headings[1:2] == ["predict"]),
        ("a heading with the word experiment", any("experiment" in one for one in headings)),
        ("## What people get wrong", "what people get wrong" in headings),
        ("(claim-N)= before a claim, and its table into claims.toml", claims.passages(text)),
        ("## Exercises", "exercises" in headings),
        (f"exercises until there are four; there are {exercises}", exercises >= 4),
        ("an exercise whose cell ends with vg.check(...)", checks),
        ("quick questions until there are three", len(book.questions(text)) >= 3),
        ("a figure that moves: @vg.explore with a control", any(figures)),
        ("lines from 1. to 5. below ## Summary", re.findall(r"^\d", summary, re.M) == [*"12345"]),
    ]
    box = "or give it back the box of a draft, which docs/chapter.ipynb has"
    return [f"chapters/{path.name}: write {what}, {box}" for what, there in parts if not there]


@book.chapters
def test_a_chapter_that_is_no_draft_has_every_part(path):
    faults = [] if notebooks.draft(path) else lacks(path)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("# The sigmoid", "The sigmoid", "# and the title at the beginning"),
        (":class: strip", ":class: tip", "the box Before you start, with :class: strip"),
        (r"\*\*Time:\*\* \d+ minutes", "It takes long", "- **Time:** and the minutes"),
        ("## Predict", "## Guess", "## Predict before every other heading"),
        ("## The experiment", "## The measurement", "a heading with the word experiment"),
        ("## What people get wrong", "## Errors", "## What people get wrong"),
        (r"\(claim-", "(remark-", "(claim-N)= before a claim, and its table into claims.toml"),
        ("## Exercises", "## Questions", "## Exercises"),
        (r"\{exercise\}", "{note}", "exercises until there are four; there are 0"),
        (r"vg\.check\(", "print(", "an exercise whose cell ends with vg.check"),
        (":class: question", ":class: tip", "quick questions until there are three"),
        (r"vg\.explore\(", "vg.draw(", "a figure that moves"),
        (r"\n    \"5\. ", '\n    "', "lines from 1. to 5. below ## Summary"),
    ],
)
def test_a_part_that_is_missing_is_named_with_what_to_write(tmp_path, old, new, said):
    path = tmp_path / "02_sigmoid.ipynb"
    text, found = re.subn(old, new, SIGMOID.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    faults = lacks(path)
    assert found and 1 <= len(faults) <= 2 and any(said in fault for fault in faults)
    assert all(fault.startswith("chapters/02_sigmoid.ipynb: write ") for fault in faults)


# A new chapter


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the book in which `make new` and the tests of sources run."""
    for name in ("chapters", "tests", "tools", "docs"):
        ignored = shutil.ignore_patterns("__pycache__", "browser", "*.png")
        shutil.copytree(book.BOOK / name, tmp_path / name, ignore=ignored)
    for path in book.BOOK.iterdir():
        if not (tmp_path / path.name).exists() and not path.name.startswith((".", "_build")):
            put = shutil.copy if path.is_file() else lambda old, new: new.symlink_to(old)
            put(path, tmp_path / path.name)
    return tmp_path


def new(folder, name):
    return subprocess.run(
        ["make", "new", f"C={name}"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_new_chapter_passes_the_tests_as_it_is_and_is_no_finished_one(copy):
    done = new(copy, "98_my_trial")
    assert done.returncode == 0, done.stderr
    assert "make refresh C=98_my_trial" in done.stdout
    path = copy / "chapters" / "98_my_trial.ipynb"
    toc = (copy / "_toc.yml").read_text(encoding="utf-8")
    assert re.search(r"/\d\d_\w+\n +- file: chapters/98_my_trial\n  - caption", toc)
    made, template = (one.read_text(encoding="utf-8") for one in (path, TEMPLATE))
    assert made == template.replace("-template-", "-98-my-trial-").replace("The title", "My trial")
    [label] = {one.label for one in notebooks.read(path).statements}
    assert label == "eq-98-my-trial-slope"
    assert notebooks.draft(path) and any("four; there are 1" in fault for fault in lacks(path))
    prose, statements = book.prose(path), notebooks.read(path).statements
    assert list(formulas.faults(path.stem, prose, statements, [], set())) == []
    assert list(claims.faults(path.stem, prose, [])) == []
    assert [word for cell in book.code(path) for word in numbers.typed(book.source(cell))] == []

    files = [f"tests/test_{name}.py" for name in ("book", "drafts", "practice", "register")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    only = "98_my_trial or table_of_contents or (label and once)"
    done = subprocess.run([*command, "-k", only], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 15


@pytest.mark.parametrize(
    "name, said",
    [
        ("", "Give the chapter two digits and a name in small letters: make new C=12_name"),
        ("trial", "two digits and a name"),
        ("98_", "two digits and a name"),
        ("98_My_trial", "two digits and a name"),
        ("98_a b", "two digits and a name"),
        ("../98_a", "two digits and a name"),
        ("02_sigmoid", "chapters/02_sigmoid.ipynb has this number"),
        ("02_other", "chapters/02_sigmoid.ipynb has this number"),
        ("00_first", "_toc.yml has no chapter that 00_first could follow"),
    ],
)
def test_a_name_that_is_bad_or_taken_changes_nothing(copy, name, said):
    def files():
        own = [p for p in copy.rglob("*") if p.is_file() and not p.is_symlink()]
        return {path: path.read_bytes() for path in own}

    before = files()
    done = new(copy, name)
    assert done.returncode != 0 and said in done.stderr
    assert files() == before


# The table of all chapters


def test_the_table_of_all_chapters_follows_their_first_cells(tmp_path):
    (tmp_path / "conf.py").write_text(
        'extensions = ["myst_nb"]\nroot_doc = "start"\nnb_execution_mode = "off"\n'
        'external_toc_path = "_toc.yml"\nsuppress_warnings = ["myst", "mystnb", "toc"]\n'
        "from bookext import contents\nsetup = contents.connect\n"
    )
    (tmp_path / "start.md").write_text(f"# Start\n\n{contents.MARK}\n")
    (tmp_path / "_toc.yml").write_text("root: start\n")
    path = tmp_path / "12_name.ipynb"
    shutil.copy(TEMPLATE, path)

    def build():
        out = tmp_path / "_build"
        with warnings.catch_warnings(), patch_docutils(tmp_path), docutils_namespace():
            warnings.simplefilter("ignore")
            app = Sphinx(tmp_path, tmp_path, out, out, "html", status=None, warning=io.StringIO())
            app.add_config_value("external_toc_path", "", "env")
            app.build()
        return (out / "start.html").read_text(encoding="utf-8")

    page = build()
    assert re.search(r'href="12_name.html">.*The title.*</a> \(draft\)', page)
    assert "<p>5</p>" in page and "How steep is a smooth copy of ReLU" in page
    text = path.read_text(encoding="utf-8").replace("The title", "Softplus")
    path.write_text(text.replace(":class: draft", ":class: note"), encoding="utf-8")
    page = build()
    assert "Softplus" in page and "(draft)" not in page


@book.chapters
def test_a_chapter_has_a_row_of_its_title_minutes_and_question(path):
    form = r"\| \[[^]]+\]\(\w+\.ipynb\)( \(draft\))? \| \d+ \| [^|{`]+\? \|"
    assert re.fullmatch(form, contents.row(path))
