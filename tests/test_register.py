"""The register: complete, in agreement with the notebooks, and hard to get past."""

import io
import json
import re
import shutil
import warnings
from pathlib import Path

import pytest
import test_book as book
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from vgtools.sphinx_ext import evidence, register
from vgtools.sphinx_ext.evidence import EvidenceError, read

chapters = pytest.mark.parametrize("path", book.NOTEBOOKS, ids=lambda path: path.stem)


def code(identity, source, *outputs):
    """Return a code cell that shows equations, each given as label and text."""
    shown = [
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "metadata": {},
            "data": {
                "text/latex": "$$x$$",
                "text/plain": text,
                "text/markdown": f"```{{math}}\n:label: {label}\n\nx\n```" if label else text,
            },
        }
        for label, text in outputs
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


IDENTITY = code("one", 'vg.verify(a, b, label="eq-one")', ("eq-one", "a = b   for a > 0"))


# What a notebook states


def test_an_equation_is_found_through_names_and_steps(tmp_path):
    path = write(
        tmp_path / "a.ipynb",
        code("one", 'f = vg.define(y, x, agrees_with=relu, label="eq-f")\ng = f'),
        code("two", "g", ("eq-f", "y = x   [definition, agrees with NumPy to 1e-10]")),
        code("three", 'd = vg.Derivation(a, label="eq-d").step(b, because="so")\nd.step(c, "and")',
             ("eq-d", "a\n  = b   (so)\n  ≤ c   (and)\nfor a > 0")),
        code("four", 'vg.numeric(a, b, check=draw, label="eq-n")',
             ("eq-n", "a < b   (why)   [numeric, rtol 1e-06, 200 draws]")),
        code("five", 'vg.verify(a, b, digits=3, label="eq-e")',
             ("eq-e", "a ≈ 0.123   [evaluated at 50 digits, rounded]")),
    )  # fmt: skip
    found = read(path).statements
    assert [(one.label, one.cell, one.kind, one.detail, one.steps) for one in found] == [
        ("eq-f", "two", "definition, checked against the kernel", "to 1e-10", None),
        ("eq-d", "three", "symbolic proof", "", 2),
        ("eq-n", "four", "numeric check", "rtol 1e-06, 200 draws", None),
        ("eq-e", "five", "decimal value", "at 50 digits, rounded", None),
    ]
    assert found[1].lines == ("a", "= b   (so)", "≤ c   (and)", "for a > 0")


MISTAKES = {
    "no label": (code("two", "vg.verify(a, b)", ("", "a = b")), "without a label: vg.verify"),
    "no label, through a name": (
        code("two", "f = vg.define(a, b)\nf", ("", "a = b   [definition]")),
        "without a label: vg.define",
    ),
    "computed label": (
        code("two", 'vg.verify(a, b, label="eq-" + name)', ("eq-x", "a = b")),
        "a label is written out",
    ),
    "not shown": (
        code("two", 'f = vg.define(a, b, label="eq-f")\nc = f'),
        "the label eq-f is given, but nothing shows it",
    ),
    "shown twice": (
        code("two", 'f = vg.define(a, b, label="eq-f")\ndisplay(f)\nf',
             ("eq-f", "a = b   [definition]"), ("eq-f", "a = b   [definition]")),
        "the label eq-f is given, but it is shown more than once",
    ),
    "past the checks": (
        code("two", "sympy.Eq(a, b)", ("", "a = b")),
        "1 equations are in the outputs, and 0 calls",
    ),
    "out of a loop": (
        code("two", 'for n in (1, 2):\n    display(vg.verify(n, n, label="eq-n"))',
             ("eq-n", "1 = 1"), ("eq-n", "2 = 2")),
        "2 equations are in the outputs, and 0 calls",
    ),
    "never executed": (code("two", 'vg.verify(a, b, label="eq-two")'), "0 equations are in the"),
    "unknown evidence": (
        code("two", 'vg.verify(a, b, label="eq-two")', ("eq-two", "a = b   [believed]")),
        "the output of eq-two is no statement",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_equation_that_is_not_on_the_register_is_refused(tmp_path, mistake):
    cell, message = MISTAKES[mistake]
    write(tmp_path / "a.ipynb", IDENTITY)
    assert len(read(tmp_path / "a.ipynb").statements) == 1
    write(tmp_path / "a.ipynb", IDENTITY, cell)
    with pytest.raises(EvidenceError, match=re.escape(message)):
        read(tmp_path / "a.ipynb")


@chapters
def test_an_equation_added_to_a_chapter_is_refused(tmp_path, path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    added = code("added", "vg.verify(x + x, 2 * x)", ("", "x + x = 2·x   for x real"))
    changed = write(tmp_path / path.name, *notebook["cells"], added)
    with pytest.raises(EvidenceError, match="cell added: an equation is shown without a label"):
        read(changed)


# How many seeds


@pytest.mark.parametrize(
    "seeds, source",
    [
        (None, "assert 1 + 1 == 2"),
        (1, "x = default_rng(0).normal()\nassert x < 3"),
        (5, "SEEDS = range(5)\nruns = [train(s) for s in SEEDS]\nassert min(runs) > 0"),
        (3, "def runs(kind):\n    return [train(kind, seed) for seed in range(3)]\n"
            'assert min(runs("a")) > 0'),
        (4, "for seed in range(4):\n    for kind in KINDS:\n        assert train(kind, seed) > 0"),
        (60, "def runs(seeds=60):\n    return [train(seed) for seed in range(seeds)]\n"
             "assert min(runs()) > 0"),
        (7, "found = []\nfor seed in range(7):\n    found.append(train(seed))\nassert max(found)"),
        (None, "a = [train(seed) for seed in range(5)]\na = 1\nassert a == 1"),
        (None, "def f(a):\n    runs = a\n    return runs\n"
               "runs = [train(seed) for seed in range(5)]\nassert f(1)"),
        (2, "few = [train(seed) for seed in range(2)]\n"
            "many = [train(seed) for seed in range(9)]\nassert few < many"),
    ],
)  # fmt: skip
def test_seeds_are_found_through_names(seeds, source):
    *_, found = evidence.Seeds().assertions(source, "one", exercise=False)
    assert found.seeds == seeds


def test_the_loops_around_an_assertion_are_named():
    source = "for seed in range(4):\n    for kind in KINDS:\n        assert (\n  f(kind,\n) > 0)"
    [found] = evidence.Seeds().assertions(source, "one", exercise=False)
    assert (found.source, found.each) == ("f(kind) > 0", ("seed in range(4)", "kind in KINDS"))


# The book itself, counted in another way


@chapters
def test_counts_agree_with_another_count(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    outputs = [out for cell in notebook["cells"] for out in cell.get("outputs", [])]
    text = "\n".join(sources)
    found = read(path)
    assert len(found.statements) == sum("text/latex" in out.get("data", {}) for out in outputs)
    assert {one.label for one in found.statements} == set(re.findall(r'label="(eq-[^"]+)"', text))
    assert sum(one.steps or 0 for one in found.statements) == len(
        re.findall(r"(?:^\s*|\))\.step\(", text, re.M)
    )
    assert len(found.assertions) == len(re.findall(r"^\s*assert\b", text, re.M))
    numeric = [one for one in found.statements if one.kind == "numeric check"]
    assert len(numeric) == text.count("vg.numeric(")
    assert all(re.fullmatch(r"rtol \S+, \d+ draws", one.detail) for one in numeric)


@chapters
def test_every_chapter_asserts_something_over_several_seeds(path):
    found = read(path).assertions
    assert any((one.seeds or 0) > 1 for one in found)
    assert not any("\n" in one.source or len(one.source) > evidence.LONGEST for one in found)


def test_the_page_is_made_by_the_directive():
    page = (book.BOOK / "chapters" / "register.md").read_text(encoding="utf-8")
    assert "```{register}\n```" in page
    assert not re.search(r"eq-|\bC\d+\b|\d\d", page.replace("50 digits", "")), "nothing is typed"


# A small book with the directive in it

CONFIGURATION = """
from vgtools.sphinx_ext import claims, pages, register
extensions = ["myst_nb", "sphinxcontrib.bibtex"]
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
bibtex_bibfiles = ["references.bib"]
html_theme = "basic"
master_doc = "chapters/intro"
exclude_patterns = ["_build", "jupyter_execute"]
def setup(app):
    app.connect("env-updated", pages.copy_assets)
    claims.connect(app)
    register.connect(app)
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
formula = 'a + 0 = b'
equation = "eq-one"

[[formula]]
chapter = "02_sigmoid"
formula = 'z = w x'
names = "the input"
"""

INTRO = """# What *vanishes*

(claim-8)=

It moved.

```{toctree}
02_sigmoid
claims
register
```
"""


@pytest.fixture
def small_book(tmp_path):
    for name, text in {
        "conf.py": CONFIGURATION,
        "references.bib": "@misc{a, author = {A}, title = {T}, year = {2000}}",
        "claims.toml": CLAIM,
        "formulas.toml": FORMULAS,
        "chapters/claims.md": "# Claims\n\n```{claims}\n```\n",
        "chapters/register.md": "# Register\n\n```{register}\n```\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    chapter(tmp_path)
    write(tmp_path / "chapters/intro.ipynb", prose("title", INTRO.replace("(claim-8)=", "")))
    return tmp_path


def chapter(folder, *more):
    write(
        folder / "chapters/02_sigmoid.ipynb",
        prose("title", "# The sigmoid\n\n(claim-8)=\n\n**It moved.** *Wrong.*"),
        IDENTITY,
        code("two", 'vg.Derivation(a, label="eq-two").step(b, because="so")',
             ("eq-two", "a\n  = b   (so)\nfor a > 0")),
        code("the-run", "assert all(train(seed) < 1e-9 for seed in range(10))"),
        prose("exercises", "## Exercises"),
        code("check", "assert 0.1 + 0.2 != 0.3"),
        *more,
    )  # fmt: skip


def build(folder, read=None):
    """Build the small book and return the page of the register; note which pages are read."""
    out, warning = folder / "_build", io.StringIO()
    with warnings.catch_warnings(), patch_docutils(folder), docutils_namespace():
        warnings.simplefilter("ignore")  # those of Sphinx and docutils about each other
        app = Sphinx(folder, folder, out, out / ".doctrees", "html", status=None, warning=warning)
        if read is not None:
            app.connect("doctree-read", lambda app, doctree: read.append(app.env.docname))
        app.build()
    assert warning.getvalue() == ""
    return (out / "chapters" / "register.html").read_text(encoding="utf-8")


def pages(folder):
    """Return the pages that have been built."""
    out = folder / "_build"
    return {p.relative_to(out): p.read_text(encoding="utf-8") for p in out.rglob("*.html")}


def words(page):
    text = re.sub(r"<[^>]+>", "", re.sub(r"</(?:p|li|t[dhr])>", " ", page))
    return re.sub(r"\s+", " ", text).replace("&lt;", "<").replace("&gt;", ">")


def test_the_page_lists_what_is_stated_with_its_evidence(small_book):
    text = words(build(small_book))
    assert "2 equations and derivations, with 1 step: 0 × definition" in text
    assert "2 asserted conditions: 1 over several seeds, 0 with one fixed seed, 1 without" in text
    assert "The sigmoid 2 1 1 2 The book 2 1 1 2" in text
    assert "Equations: 2, with 1 step of derivations (1) a = b for a > 0 Symbolic proof." in text
    assert "(2) a = b (so) for a > 0 One step, a symbolic proof." in text
    assert r"Formulas in sentences: 2 \(x^2 = x\cdot x\) Checked by the tests: same(x**2" in text
    assert r"\(a + 0 = b\) Part of equation (1). Claims: 1" in text and "z = w x" not in text
    assert "Claims: 1 C8 It moved. Wrong. Computed in a cell. passage" in text
    assert "Asserted in the text: 1 all(train(seed) < 1e-9 for seed in range(10)) Run with" in text
    assert "Asserted in exercises: 1 0.1 + 0.2 != 0.3 Computed, nothing random. cell" in text


def test_every_link_of_the_page_leads_somewhere(small_book):
    page = build(small_book)
    body = page[page.index('class="body"') : page.index('class="sphinxsidebar"')]
    links = re.findall(r'class="reference internal" href="([^"]*)#([^"]+)"', body)
    for name, place in links:
        target = small_book / "_build" / "chapters" / (name or "register.html")
        assert f'id="{place}"' in target.read_text(encoding="utf-8"), (name, place)
    names = {(name, place) for name, place in links}
    assert ("02_sigmoid.html", "cell-02-sigmoid-the-run") in names
    assert ("02_sigmoid.html", "equation-eq-two") in names
    assert ("02_sigmoid.html", "claim-8") in names and ("claims.html", "c8") in names


def test_the_page_follows_the_notebooks(small_book):
    assert "eq-three" not in build(small_book)
    chapter(small_book, code("three", 'vg.verify(c, d, label="eq-three")', ("eq-three", "c = d")))
    assert "#equation-eq-three" in build(small_book)


def replace(folder, old, new):
    path = folder / "chapters/02_sigmoid.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_sentence_is_read_without_the_pages_that_it_is_not_on(small_book):
    build(small_book)
    replace(small_book, "**It moved.**", "**It moved at last.**")
    read = []
    build(small_book, read)
    assert read == ["chapters/02_sigmoid"]


CHANGES = {
    "a sentence": ("**It moved.**", "**It moved at last.**"),
    "the title": ("# The sigmoid", "# The curve"),
    "a heading": ("## Exercises", "## More"),
    "a condition": ("0.1 + 0.2 != 0.3", "0.1 + 0.1 == 0.2"),
    "the name of a cell": ('"the-run"', '"another-run"'),
    "the text of an equation": ("a = b   for a > 0", "a = c   for a > 0"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_page_is_as_if_built_anew_after_a_change(small_book, change):
    build(small_book)
    replace(small_book, *CHANGES[change])
    build(small_book)
    again = pages(small_book)
    shutil.rmtree(small_book / "_build")
    build(small_book)
    assert again == pages(small_book)


def test_every_page_knows_the_new_numbers_after_an_equation_has_moved(small_book):
    """The ledger refers to an equation whose number changes with that of another one."""
    build(small_book)
    path = small_book / "chapters/02_sigmoid.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    first = code("three", 'vg.verify(c, d, label="eq-three")', ("eq-three", "c = d"))
    write(path, notebook["cells"][0], first, *notebook["cells"][1:])
    build(small_book)
    again = pages(small_book)
    assert "equation (2)" in words(again[Path("chapters/claims.html")])
    shutil.rmtree(small_book / "_build")
    build(small_book)
    assert again == pages(small_book)


def test_the_page_follows_a_notebook_that_comes_and_goes(small_book):
    every = INTRO.replace("(claim-8)=", "").replace("02_sigmoid", ":glob:\n\n0*")
    write(small_book / "chapters/intro.ipynb", prose("title", every))
    other = small_book / "chapters/03_tanh.ipynb"
    build(small_book)
    write(other, prose("title", "# The tangent"))
    assert "The tangent" in build(small_book)
    other.unlink()
    assert "The tangent" not in build(small_book)


TROUBLE = {
    "unlabelled": (MISTAKES["no label"][0], "without a label: vg.verify"),
    "typed": (
        prose("two-b", "So\n\n```{math}\nx = y\n```"),
        "02_sigmoid shows an equation",
    ),
    "typed with a label": (
        prose("two-b", "So\n\n```{math}\n:label: eq-typed\n\nx = y\n```"),
        "eq-typed is shown, but it is not on the register",
    ),
    "another label on the page": (
        code("three", 'vg.verify(c, d, label="eq-three")', ("eq-four", "c = d")),
        "eq-four is shown, but it is not on the register",
    ),
    "not on the page": (
        code("three", 'vg.verify(c, d, label="eq-a-three")', ("", "c = d")),
        "eq-a-three is on the register, but the page does not show it",
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


def test_a_book_without_the_page_is_built(small_book):
    (small_book / "chapters/register.md").write_text("# Register\n", encoding="utf-8")
    build(small_book)


def test_cells_of_different_chapters_have_different_addresses():
    cells = [
        (path.stem, cell["id"])
        for path in book.NOTEBOOKS
        for cell in evidence.cells(path.read_text(encoding="utf-8"))
    ]
    assert len({register.anchor(f"chapters/{name}", cell) for name, cell in cells}) == len(cells)
