"""What a page of the book loads, and what becomes of pages that were not finished.

Extensions add their scripts and style sheets to every page. Here a page keeps those that
it uses, and mathematics comes from the book itself.

Sphinx keeps what it has read before it writes the pages. If it is stopped in between, the next
build would take the pages that are there for finished. So a mark stands on the build for as
long as that lasts, and a build that finds one writes all pages.
"""

from __future__ import annotations

import importlib
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sphinx_exercise
from myst_nb import sphinx_ext as myst_nb
from sphinx.util.fileutil import copy_asset

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

STATIC = Path(__file__).parent / "static"

MATHJAX_FILES = [
    "startup.js",
    "core.js",
    "input/tex.js",
    "output/svg.js",
    "output/svg/fonts/tex.js",
    "a11y/assistive-mml.js",
]
"""The parts of MathJax that `equations.js` loads.

SVG output, because Firefox refuses web fonts on pages that are read from disk.
"""

ASSETS_ON_DEMAND = {
    r"clipboard|copybutton": r'class="highlight',
    r"folds": r'<details class="(deeper|admonition hide)',
    r"togglebutton|toggleHint|toggleOpenOnPrint": r"\bdropdown\b|\btoggle\b",
    r"design-tabs|sphinx-design": r'class="[^"]*\bsd-',
    r"mystnb": r'class="[^"]*\bcell\b',
    r"exercise\.css": r'class="[^"]*\b(exercise|solution)\b',
    r"proof\.css": r'class="[^"]*\bproof\b',
}
"""A pattern for assets, and the pattern that a page which needs them contains."""

UNUSED_FILES = [
    "**/*.map",
    "*webpack-macros.html",
    "locales",
    "scripts/bootstrap.js*",
    "scripts/fontawesome.js*",
    "vendor",
]
"""Six megabytes that the theme copies and that no page of this book loads."""


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.connect("config-inited", serve_mathjax)
    app.connect("builder-inited", make_static_folder)
    app.connect("builder-inited", drop_unfinished_pages)
    app.connect("env-updated", lambda app, env: mark(app).touch(), priority=1)
    app.connect("build-finished", remove_mark, priority=999)
    app.connect("env-updated", let_pages_go)
    app.connect("env-updated", copy_assets)
    # After every extension has added what it adds.
    app.connect("html-page-context", keep_used_assets, priority=950)
    app.connect("html-page-context", mend_roles)
    app.connect("html-page-context", drop_repeated_names)
    app.connect("build-finished", drop_unused_files)


def serve_mathjax(app: Sphinx, config: Config) -> None:
    """Take MathJax from the book instead of from a content delivery network."""
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax_options = {"defer": "defer"}


def make_static_folder(app: Sphinx) -> None:
    """Make the folder that the theme copies its logos to.

    Where it is missing, because the first build stopped half-way, the theme
    copies a logo to a *file* of that name, and every later build fails.
    """
    if app.builder.format == "html":
        (Path(app.outdir) / "_static").mkdir(parents=True, exist_ok=True)


def mark(app: Sphinx) -> Path:
    """Return the file that is there while the pages are not those of what has been read."""
    return Path(app.doctreedir) / f"unfinished-{app.builder.name}"


def drop_unfinished_pages(app: Sphinx) -> None:
    """Remove the pages of a build that was stopped, so that all are written again."""
    if mark(app).exists() and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            page.unlink()


def remove_mark(app: Sphinx, exception: Exception | None) -> None:
    """Note that the pages are finished."""
    if exception is None:
        mark(app).unlink(missing_ok=True)


def let_pages_go(app: Sphinx, env: BuildEnvironment) -> None:
    """Free what Sphinx remembers of exercises and solutions from their pages.

    sphinx-exercise keeps each for its title and number. A node knows its document, so
    the environment, which every build loads, would hold all chapters.
    """
    for entry in getattr(env, "sphinx_exercise_registry", {}).values():
        if any(node.document is not None for node in entry["node"].findall()):
            entry["node"] = entry["node"].deepcopy()  # the page itself is still to be written
            for node in entry["node"].findall():
                node.document = None


def uses(asset: str, body: str) -> bool:
    """Tell whether a page uses a script or a style sheet.

    Examples
    --------
    >>> uses("_static/copybutton.js", "<p>No code here.</p>")
    False
    >>> uses("_static/book.css", "<p>No code here.</p>")
    True
    """
    for assets, needed_by in ASSETS_ON_DEMAND.items():
        if re.search(assets, asset):
            return re.search(needed_by, body) is not None
    return True


def keep_used_assets(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Drop the assets that a page does not use, and prepare its equations."""
    if any("mathjax" in str(script.filename) for script in context["script_files"]):
        app.add_js_file("equations.js", priority=400)
    body = context.get("body", "")
    for kind in ("script_files", "css_files"):
        context[kind] = [
            asset
            for asset in context[kind]
            if uses(f"{asset.filename} {asset.attributes.get('body', '')}", body)
        ]


def mend_roles(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Drop the roles that docutils gives to a bibliography and that ARIA does not allow."""
    body = context.get("body", "").replace(' role="doc-biblioentry"', "")
    context["body"] = body.replace(
        '<div role="list" class="citation-list">', '<div class="citation-list">'
    )


def drop_repeated_names(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Drop the identifier that sphinx-exercise gives to the inside of every exercise alike."""
    context["body"] = re.sub(
        r'<section id="(?:exercise|solution)-content">', "<section>", context.get("body", "")
    )


def copy_assets(app: Sphinx, env: BuildEnvironment) -> None:
    """Copy this extension's files, the used parts of MathJax, and what others copy too late.

    Sphinx puts the check sum of a style sheet or a script on the page if the file is there.
    Copied after the pages are written, it would be missing from the first build alone.
    """
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    copy_asset(STATIC, static)
    package = importlib.import_module("sphinx-mathjax-offline")
    mathjax = Path(package.__file__).parent / "static" / "mathjax"
    for name in MATHJAX_FILES:
        target = static / "mathjax" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((mathjax / name).read_bytes())
    myst_nb.add_global_html_resources(app, None)
    sphinx_exercise.copy_asset_files(app, None)


def drop_unused_files(app: Sphinx, exception: Exception | None) -> None:
    """Drop files of the theme that no page loads."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for path in {path for pattern in UNUSED_FILES for path in static.glob(pattern)}:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
