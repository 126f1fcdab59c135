"""The register: complete, in agreement with the notebooks, and hard to get past."""

import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
import test_book as book
from nbformat import v4
from small_book import build, pages, words
from small_book import write as write_files

from bookext import notebooks, register
from bookext.notebooks import EvidenceError, read
from vgtools.frontend import RECORD

chapters = pytest.mark.parametrize("path", book.NOTEBOOKS, ids=lambda path: path.stem)


def record(label, text, **others):
    return {
        "label": label,
        "kind": "identity",
        "evidence": "symbolic",
        "text": text,
        "latex": "x",
        "conditions": "",
        "because": "",
        "steps": [],
        **others,
    }


def code(identity, source, *records):
    """Return a code cell that shows equations, each given by its record."""
    shown = [
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "metadata": {},
            "data": {
                RECORD: one,
                "text/latex": "$$x$$",
                "text/plain": one["text"],
                "text/markdown": f"```{{math}}\n:label: {one['label']}\n\nx\n```",
            },
        }
        for one in records
    ]
    return {
        "cell_type": "code",
        "id": identity,
        "metadata": {},
        "execution_count": 1,
        "source": source,
        "outputs": shown,
    }


def prose(identity, source):
    return {"cell_type": "markdown", "id": identity, "metadata": {}, "source": source}


def write(path, *cells):
    kernel = {"kernelspec": book.KERNEL}
    content = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


IDENTITY = code(
    "one", 'vg.verify(a, b, label="eq-one")', record("eq-one", "a = b", conditions="for a > 0")
)
STEP = {"sign": "=", "text": "b", "latex": "b", "because": "so"}
DERIVATION = record("eq-two", "a", kind="derivation", evidence="symbolic, 1 step", steps=[STEP])


# What a notebook states


@pytest.mark.parametrize(
    "evidence, kind, detail",
    [
        ("symbolic", "symbolic proof", ""),
        ("definition", "definition", ""),
        ("definition, agrees with NumPy to 1e-10", "definition, checked against the kernel",
         "to 1e-10"),
        ("definition, agrees with a second source", "definition, checked against a second source",
         ""),
        ("numeric, rtol 1e-06, 200 draws", "numeric check", "rtol 1e-06, 200 draws"),
        ("evaluated at 50 digits, rounded", "decimal value", "at 50 digits, rounded"),
    ],
)  # fmt: skip
def test_the_kind_of_evidence_is_read_from_the_record(evidence, kind, detail):
    found = notebooks.statement(record("eq-a", "a = b", evidence=evidence), "one", "")
    assert (found.kind, found.detail, found.steps) == (kind, detail, None)


def test_a_derivation_is_read_with_its_steps(tmp_path):
    shown = {**DERIVATION, "conditions": "for a > 0"}
    [found] = read(write(tmp_path / "a.ipynb", code("one", "", shown))).statements
    assert (found.label, found.cell, found.steps, found.kind) == (
        "eq-two", "one", 1, "symbolic proof"
    )  # fmt: skip
    assert found.lines == ("a", "= b   (so)", "for a > 0") and found.latex == ("x", "b")


UNCHECKED = code("two", "sympy.Eq(a, b)", record("eq-x", "a = b"))
del UNCHECKED["outputs"][0]["data"][RECORD]
GIVEN = 'f = vg.define(a, b, label="eq-f")'
MISTAKES = {
    "no label": (code("two", "vg.verify(a, b)", record(None, "a = b")), "without a label: a = b"),
    "not shown": (code("two", GIVEN), "eq-f is the label of an equation, but no output shows it"),
    "shown twice": (
        code("two", GIVEN, *2 * [record("eq-f", "a = b")]), "but more than one output shows it"
    ),
    "past the checks": (UNCHECKED, "cell two shows LaTeX without the record of a check"),
    "unknown evidence": (
        code("two", "", record("eq-f", "a = b", evidence="believed")), "eq-f rests on 'believed'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_equation_that_is_not_on_the_register_is_refused(tmp_path, mistake):
    cell, message = MISTAKES[mistake]
    assert len(read(write(tmp_path / "a.ipynb", IDENTITY)).statements) == 1
    with pytest.raises(EvidenceError, match=re.escape(message)):
        read(write(tmp_path / "a.ipynb", IDENTITY, cell))


def test_nbval_holds_a_record_fixed(tmp_path):
    """With the options of this book, on a record that was altered after it was committed."""
    cells = []
    for stored in ("symbolic", "numeric"):
        shown = v4.new_output("display_data", {RECORD: {"evidence": stored, "steps": []}})
        source = f'display({{"{RECORD}": {{"evidence": "symbolic", "steps": []}}}}, raw=True)'
        cells.append(v4.new_code_cell(source, execution_count=1, outputs=[shown]))
    nbformat.write(v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "a.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "1 failed, 1 passed" in done.stdout


# The book itself


@chapters
def test_a_chapter_asserts_in_short_what_several_seeds_show(path):
    text = "\n".join(map(book.source, book.code(path)))
    found = read(path).assertions
    assert not any("\n" in one.source or len(one.source) > 180 for one in found)
    if not notebooks.draft(path):
        assert found, f"{path.name} asserts nothing: assert the criterion of its experiment"
        several = re.search(r"for \w+ in (?:SEEDS|range\(\d+\))", text)
        assert several, f"{path.name} has no loop over seeds, such as `for seed in SEEDS`"


def test_the_page_is_made_by_the_directive():
    page = (book.BOOK / "chapters" / "register.md").read_text(encoding="utf-8")
    assert "```{register}\n```" in page
    assert not re.search(r"eq-|\bC\d+\b|\d\d", page.replace("50 digits", "")), "nothing is typed"


# A small book with the directive in it

CONFIGURATION = """
from bookext import claims, formulas, numbers, pages, register
extensions = ["myst_nb", "sphinxcontrib.bibtex"]
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
bibtex_bibfiles = ["references.bib"]
html_theme = "basic"
master_doc = "chapters/intro"
exclude_patterns = ["_build", "jupyter_execute"]
suppress_warnings = ["mystnb.unknown_mime_type"]  # a build that executes sees no record
def setup(app):
    app.connect("env-updated", pages.copy_assets)
    for part in (claims, register, formulas, numbers):
        part.connect(app)
"""

CLAIM = """
[[claim]]
number = 8
chapter = "02_sigmoid"
claim = "It moved."
verdict = "wrong"
statement = "It did not."
computed = true
sources = {}
shown = ["claim-8", "eq-one"]
"""

FORMULAS = r"""
[[formula]]
chapter = "02_sigmoid"
formula = 'x^2 = x\cdot x'
check = "same(x**2, x * x)"

[[formula]]
chapter = "02_sigmoid"
formula = 'x = 3x/3'
equation = "eq-one"
check = "same(x, 3 * x / 3)"

[[formula]]
chapter = "02_sigmoid"
formula = 'z = w x'
names = "the input"
"""
SENTENCE = "Here $x^2 = x\\cdot x$, $x = 3x/3$ and $z = w x$."

INTRO = "# What *vanishes*\n\n```{toctree}\n02_sigmoid\nclaims\nregister\n```\n"


@pytest.fixture
def small_book(tmp_path):
    files = {
        "conf.py": CONFIGURATION,
        "references.bib": "@misc{a, author = {A}, title = {T}, year = {2000}}",
        "claims.toml": CLAIM,
        "formulas.toml": FORMULAS,
        "chapters/claims.md": "# Claims\n\n```{claims}\n```\n",
        "chapters/register.md": "# Register\n\n```{register}\n```\n",
    }
    write_files(tmp_path, files)
    chapter(tmp_path)
    write(tmp_path / "chapters/intro.ipynb", prose("title", INTRO))
    return tmp_path


def chapter(folder, *more):
    write(
        folder / "chapters/02_sigmoid.ipynb",
        prose("title", f"# The sigmoid\n\n(claim-8)=\n\n**It moved.** *Wrong.*\n\n{SENTENCE}"),
        IDENTITY,
        code("two", 'vg.Derivation(a, label="eq-two").step(b, because="so")', DERIVATION),
        code("the-run", "for seed in range(10):\n    assert train(seed) < 1e-9"),
        prose("exercises", "## Exercises"),
        code("check", "assert 0.1 + 0.2 != 0.3"),
        *more,
    )


def register_page(folder):
    return (build(folder)[1] / "chapters" / "register.html").read_text(encoding="utf-8")


def every_page(folder):
    return pages(build(folder)[1])


def test_the_page_lists_what_is_stated_with_its_evidence(small_book):
    page = register_page(small_book)
    text = words(page)
    assert "2 equations and derivations, with 1 step: 0 × definition" in text
    assert "2 asserted conditions." in text
    assert "The sigmoid 2 1 1 2 The book 2 1 1 2" in text
    assert "Equations: 2, with 1 step of derivations (1) a = b for a > 0 Symbolic proof." in text
    assert "(2) a = b (so) One step, a symbolic proof." in text
    assert r"Formulas in sentences: 2 \(x^2 = x\cdot x\) Checked by the build: same(x**2" in text
    assert r"\(x = 3x/3\) Follows from equation (1); checked by the build: same(x, 3" in text
    assert "z = w x" not in text
    assert "Claims: 1 C8 It moved. Wrong. Computed in a cell. passage" in text
    assert "Asserted in the text: 1 train(seed) < 1e-9 for seed in range(10) cell" in text
    assert "Asserted in exercises: 1 0.1 + 0.2 != 0.3 cell" in text

    body = page[page.index('class="body"') : page.index('class="sphinxsidebar"')]
    links = re.findall(r'class="reference internal" href="([^"]*)#([^"]+)"', body)
    for name, place in links:
        target = small_book / "_build" / "chapters" / (name or "register.html")
        assert f'id="{place}"' in target.read_text(encoding="utf-8"), (name, place)
    names = {(name, place) for name, place in links}
    assert ("02_sigmoid.html", "cell-02-sigmoid-the-run") in names
    assert ("02_sigmoid.html", "equation-eq-two") in names
    assert ("02_sigmoid.html", "claim-8") in names and ("claims.html", "c8") in names


def replace(folder, old, new):
    path = folder / "chapters/02_sigmoid.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def moved(notebook):
    """Put another equation in front, which gives all others another number."""
    first = code("three", 'vg.verify(c, d, label="eq-three")', record("eq-three", "c = d"))
    return json.dumps({**notebook, "cells": [notebook["cells"][0], first, *notebook["cells"][1:]]})


CHANGES = {
    "a sentence": ("**It moved.**", "**It moved at last.**"),
    "the title": ("# The sigmoid", "# The curve"),
    "a heading": ("## Exercises", "## More"),
    "a condition": ("0.1 + 0.2 != 0.3", "0.1 + 0.1 == 0.2"),
    "the text of an equation": ('"text": "a = b"', '"text": "a = c"'),
    "the number of an equation": None,
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_page_is_as_if_built_anew_after_a_change(small_book, change):
    build(small_book)
    if change == "the number of an equation":
        path = small_book / "chapters/02_sigmoid.ipynb"
        path.write_text(moved(json.loads(path.read_text("utf-8"))), encoding="utf-8")
    else:
        replace(small_book, *CHANGES[change])
    read, out = build(small_book)
    if change == "a sentence":
        assert read == ["chapters/02_sigmoid"], "no other page is read again"
    again = pages(out)
    if change == "the number of an equation":
        assert "equation (2)" in words(again["chapters/claims.html"])
    shutil.rmtree(out)
    assert again == every_page(small_book)


def test_the_page_follows_a_notebook_that_comes_and_goes(small_book):
    every = INTRO.replace("02_sigmoid", ":glob:\n\n0*")
    write(small_book / "chapters/intro.ipynb", prose("title", every))
    other = small_book / "chapters/03_tanh.ipynb"
    build(small_book)
    write(other, prose("title", "# The tangent"))
    assert "The tangent" in register_page(small_book)
    other.unlink()
    assert "The tangent" not in register_page(small_book)


def test_every_statement_has_a_place_of_its_own_in_the_whole_book():
    cells = [(path.stem, cell["id"]) for path in book.NOTEBOOKS for cell in notebooks.cells(path)]
    assert len({register.anchor(f"chapters/{name}", cell) for name, cell in cells}) == len(cells)


OTHER = code("three", 'vg.verify(c, d, label="eq-three")', record("eq-three", "c = d"))
TROUBLE = {
    "unlabelled": (MISTAKES["no label"][0], "without a label: a = b"),
    "typed": (
        prose("two-b", "So\n\n```{math}\nx = y\n```"),
        "02_sigmoid shows an equation",
    ),
    "typed with a label": (
        prose("two-b", "So\n\n```{math}\n:label: eq-typed\n\nx = y\n```"),
        "eq-typed is shown, but it is not on the register",
    ),
    "another label on the page": (
        json.loads(json.dumps(OTHER).replace(":label: eq-three", ":label: eq-four")),
        "eq-four is shown, but it is not on the register; run make refresh",
    ),
    "not on the page": (
        json.loads(json.dumps(OTHER).replace("```{math}\\n:label: eq-three\\n\\nx\\n```", "none")),
        "eq-three is on the register, but the page does not show it",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_is_not_on_the_register_stops_every_build(small_book, trouble):
    build(small_book)
    cell, message = TROUBLE[trouble]
    chapter(small_book, cell)
    for _ in range(2):
        with pytest.raises(EvidenceError, match=re.escape(message)):
            build(small_book)


def test_an_equation_on_another_page_stops_the_build(small_book):
    text = "# Claims\n\n```{math}\n:label: eq-typed\n\nx\n```\n\n```{claims}\n```\n"
    (small_book / "chapters/claims.md").write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match="chapters/claims shows eq-typed, and is no notebook"):
        build(small_book)


FALSE = {
    "a formula without an entry": (
        prose("more", "So $x = 2y + 1$."),
        r"""chapter = "02_sigmoid"
formula = 'x = 2y + 1'""",
    ),
    "a claim that is not in the ledger": (
        prose("more", "(claim-9)=\n\n**Nobody knew.** *Wrong.*"),
        'add a table [[claim]] with number = 9 and chapter = "02_sigmoid"',
    ),
    "another verdict": (
        "*Wrong.*",
        "the passage on C8 says true, claims.toml wrong; write *Wrong.*",
    ),
    "a typed number": (
        code("more", 'Markdown(f"All three: {names}.")'),
        "cell more types the number word 'three'",
    ),
}


@pytest.mark.parametrize("what", FALSE)
def test_what_makes_a_page_false_is_a_warning_of_every_build(small_book, what):
    """With -W, which `make book` gives, a warning fails the build."""
    build(small_book)
    change, message = FALSE[what]
    if isinstance(change, str):
        replace(small_book, change, "*True.*")
    else:
        chapter(small_book, change)
    for _ in range(2):
        build(small_book, warned=message)
