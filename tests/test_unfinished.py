"""What a build makes of one that was stopped before its end, tried on a small book."""

import io
import warnings

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

CONFIGURATION = """
from bookext import glossary, pages
extensions = ["myst_nb", "sphinx_exercise"]
html_theme = "basic"
master_doc = "a"

def setup(app):
    app.connect("html-collect-pages", glossary.keep_entries)
    pages.connect(app)
"""
PAGES = {
    "a.md": "# First\n\n{ref}`place`\n\n```{index} apple\n```\n\n```{toctree}\nb\nc\n```\n",
    "b.md": "# Second\n\n```{index} pear\n```\n\nWords.\n",
    "c.md": "(place)=\n# Third\n\n```{index} plum\n```\n",
}


@pytest.fixture
def small_book(tmp_path):
    def write(name):
        folder = tmp_path / name
        folder.mkdir()
        for file, text in {"conf.py": CONFIGURATION, **PAGES}.items():
            (folder / file).write_text(text, encoding="utf-8")
        return folder

    return write


class Stopped(BaseException):
    """As if somebody had pulled the plug: nothing of Sphinx handles it."""


def build(folder, before=None):
    """Build the book and return its files; stop before a page, if one is named."""
    out, warning = folder / "_build", io.StringIO()

    def stop(app, pagename, *_):
        if pagename == before:
            raise Stopped

    with warnings.catch_warnings(), patch_docutils(folder), docutils_namespace():
        warnings.simplefilter("ignore")  # those of Sphinx and docutils about each other
        app = Sphinx(folder, folder, out, out / ".doctrees", "html", status=None, warning=warning)
        app.connect("html-page-context", stop)
        app.build()
    assert warning.getvalue() == ""
    return {path.name: path.read_bytes() for path in [*out.glob("*.html"), out / "searchindex.js"]}


def test_a_first_build_that_was_stopped_is_made_good(small_book):
    book = small_book("stopped")
    with pytest.raises(Stopped):
        build(book, before="c")
    assert (book / "_build" / "b.html").exists() and not (book / "_build" / "c.html").exists()
    assert build(book) == build(small_book("whole"))


@pytest.mark.parametrize("before", ["b", "c", "genindex"])
def test_a_later_build_that_was_stopped_is_made_good(small_book, before):
    book, whole = small_book("stopped"), small_book("whole")
    build(book)
    for folder in (book, whole):
        words = PAGES["c.md"].replace("Third", "Last")
        (folder / "b.md").write_text(PAGES["b.md"] + "\nA pineapple.\n", encoding="utf-8")
        (folder / "c.md").write_text(words + "\nA peach.\n", encoding="utf-8")
    with pytest.raises(Stopped):
        build(book, before)
    assert build(book) == build(whole)


def test_nothing_is_written_again_after_a_finished_build(small_book):
    book = small_book("finished")
    build(book)
    page = book / "_build" / "a.html"
    page.write_bytes(b"kept")
    build(book)
    assert page.read_bytes() == b"kept"
