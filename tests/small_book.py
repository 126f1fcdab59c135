"""A small book, built by Sphinx in the way of the large one."""

import io
import re
import warnings

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils


def write(folder, files):
    """Write files, {name: text}, and return their folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(folder, *, warned="", before_page=None, **options):
    """Build a folder; return the pages that were read, and where the pages are.

    The build has to warn of what is `warned`, or of nothing. `before_page` is called with
    the name of each page before it is written.
    """
    out, warning, read = folder / "_build", io.StringIO(), []
    with warnings.catch_warnings(), patch_docutils(folder), docutils_namespace():
        warnings.simplefilter("ignore")  # those of Sphinx and docutils about each other
        app = Sphinx(
            folder, folder, out, out / ".doctrees", "html", status=None, warning=warning, **options
        )
        app.connect("doctree-read", lambda app, doctree: read.append(app.env.docname))
        if before_page:
            app.connect("html-page-context", lambda app, pagename, *_: before_page(pagename))
        app.build()
    said = re.sub(r"\x1b\[[\d;]*m", "", warning.getvalue())
    assert warned in said and bool(warned) == bool(said), said
    return read, out


def pages(out):
    """Return the pages that have been built, {name: text}."""
    return {p.relative_to(out).as_posix(): p.read_text("utf-8") for p in out.rglob("*.html")}


def words(page):
    """Return the text of a page."""
    text = re.sub(r"<[^>]+>", "", re.sub(r"</(?:p|li|d?t[dhr]?)>", " ", page))
    return re.sub(r"\s+", " ", text).replace("&lt;", "<").replace("&gt;", ">")
