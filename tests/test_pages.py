"""What the build remembers of pages, tried on a small book."""

import io
import pickle
import re
import shutil
import warnings

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

CONFIGURATION = """
from bookext import pages
extensions = ["myst_nb", "sphinx_exercise"]
html_theme = "basic"
master_doc = "intro"

def setup(app):
    app.connect("env-updated", pages.let_pages_go)
    app.connect("env-updated", pages.copy_assets)
    app.connect("html-page-context", pages.drop_repeated_names)
    app.add_js_file("equations.js")
"""

INTRO = """# A page

{words}

```{{exercise}} Of *squares*
:label: ex-square
Why?
```

```{{solution}} ex-square
Because.
```

```{{exercise}}
And here?
```

```{{toctree}}
other
```
"""

OTHER = "# Another page\n\nSee {ref}`ex-square`.\n\n```{solution} ex-square\nBriefly.\n```\n"


@pytest.fixture
def small_book(tmp_path):
    for name, text in {
        "conf.py": CONFIGURATION,
        "intro.md": INTRO.format(words="Here. " * 1000),
        "other.md": OTHER,
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def build(folder):
    warning = io.StringIO()
    with warnings.catch_warnings(), patch_docutils(folder), docutils_namespace():
        warnings.simplefilter("ignore")  # those of Sphinx and docutils about each other
        out = folder / "_build"
        app = Sphinx(folder, folder, out, out / ".doctrees", "html", status=None, warning=warning)
        app.build()
        kept = (out / ".doctrees" / "environment.pickle").read_bytes()
        registry = pickle.loads(kept).sphinx_exercise_registry
    assert warning.getvalue() == ""
    return registry, kept, (out / "other.html").read_text(encoding="utf-8")


def test_an_exercise_is_remembered_without_its_page(small_book):
    registry, kept, _ = build(small_book)
    assert set(registry) == {
        "ex-square", "intro-solution-1", "intro-exercise-2", "other-solution-0",
    }  # fmt: skip
    assert b"Here. Here." not in kept


def test_no_identifier_repeats_on_a_page_with_exercises(small_book):
    build(small_book)
    for page in (small_book / "_build").glob("*.html"):
        names = re.findall(r'\sid="([^"]*)"', page.read_text(encoding="utf-8"))
        assert names and sorted(names) == sorted(set(names)), page.name


def test_another_page_still_knows_the_title_and_the_number_of_an_exercise(small_book):
    page = build(small_book)[2]
    said = 'href="intro.html#ex-square"> Exercise 1 (Of <em>squares</em>)</a>'
    assert said in page and 'title="Of squares"' not in page
    (small_book / "other.md").write_text(OTHER + "\nMore.\n", encoding="utf-8")
    assert said in build(small_book)[2]


def test_a_first_build_gives_the_bytes_of_a_later_one(small_book):
    build(small_book)
    out = small_book / "_build"
    first = {path: path.read_bytes() for path in out.glob("*.html")}
    for name in ("exercise.css", "mystnb", "equations.js"):
        assert re.search(rf"_static/{name}[^\"]*\?v=\w", first[out / "intro.html"].decode())
    shutil.rmtree(out / ".doctrees")  # as after a build that was killed: all pages once more
    build(small_book)
    assert first == {path: path.read_bytes() for path in out.glob("*.html")}
