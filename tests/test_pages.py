"""What the build remembers of pages, and of a build that was stopped, on a small book."""

import pickle
import re
import shutil

import pytest
from small_book import build, pages, write

CONFIGURATION = """
from bookext import pages
extensions = ["myst_nb", "sphinx_exercise"]
html_theme = "basic"
master_doc = "intro"

def setup(app):
    pages.connect(app)
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

<div class="cell"></div>

```{{exercise}}
And here?
```

```{{index}} apple
```

```{{toctree}}
other
third
```
"""

OTHER = "# Another page\n\nSee {ref}`ex-square`.\n\n```{solution} ex-square\nBriefly.\n```\n"
THIRD = "(place)=\n# Third\n\n```{index} plum\n```\n\nWords.\n"


@pytest.fixture
def book(tmp_path):
    """Return a function that writes the small book into a folder of its own."""
    intro = INTRO.format(words="Here. " * 1000)
    files = {"conf.py": CONFIGURATION, "intro.md": intro, "other.md": OTHER, "third.md": THIRD}
    return lambda name="book": write(tmp_path / name, files)


def test_an_exercise_is_remembered_without_its_page(book):
    folder = book()
    _, out = build(folder)
    kept = (out / ".doctrees" / "environment.pickle").read_bytes()
    assert set(pickle.loads(kept).sphinx_exercise_registry) == {
        "ex-square", "intro-solution-1", "intro-exercise-2", "other-solution-0",
    }  # fmt: skip
    assert b"Here. Here." not in kept
    for name, page in pages(out).items():
        names = re.findall(r'\sid="([^"]*)"', page)
        assert names and sorted(names) == sorted(set(names)), name
    # Another page still knows its title and its number, also when it is read alone.
    said = 'href="intro.html#ex-square"> Exercise 1 (Of <em>squares</em>)</a>'
    assert said in pages(out)["other.html"] and 'title="Of squares"' not in pages(out)["other.html"]
    write(folder, {"other.md": OTHER + "\nMore.\n"})
    assert build(folder)[0] == ["other"] and said in pages(out)["other.html"]


def test_a_first_build_gives_the_bytes_of_a_later_one(book):
    folder = book()
    _, out = build(folder)
    first = pages(out)
    for name in ("exercise.css", "mystnb", "equations.js"):
        assert re.search(rf"_static/{name}[^\"]*\?v=\w", first["intro.html"])
    shutil.rmtree(out / ".doctrees")  # as after a build that was killed: all pages once more
    build(folder)
    assert first == pages(out)
    (out / "intro.html").write_text("kept")
    build(folder)
    assert (out / "intro.html").read_text() == "kept", "nothing changed since"


class Stopped(BaseException):
    """As if somebody had pulled the plug: nothing of Sphinx handles it."""


def stopped(folder, before):
    """Stop a build before a page is written."""

    def stop(page):
        if page == before:
            raise Stopped

    with pytest.raises(Stopped):
        build(folder, before_page=stop)


def everything(folder):
    _, out = build(folder)
    return pages(out)


def test_a_first_build_that_was_stopped_is_made_good(book):
    folder = book()
    stopped(folder, "third")
    assert (folder / "_build" / "other.html").exists()
    assert not (folder / "_build" / "third.html").exists()
    assert everything(folder) == everything(book("whole"))


@pytest.mark.parametrize("before", ["other", "genindex"])
def test_a_later_build_that_was_stopped_is_made_good(book, before):
    folder, whole = book(), book("whole")
    build(folder)
    for each in (folder, whole):
        last = THIRD.replace("Third", "Last") + "\nA peach.\n"
        write(each, {"other.md": OTHER + "\nA pineapple.\n", "third.md": last})
    stopped(folder, before)
    assert everything(folder) == everything(whole)
