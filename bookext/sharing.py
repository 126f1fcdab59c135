"""What a page says about itself to others: link previews, addresses, and where to run it.

Two settings of `_config.yml` decide how much can be said. ``html: baseurl`` is
the address that the book is published at; with it come canonical addresses, the
picture of link previews and a sitemap. ``repository: url`` (and ``branch``) is
where its source lives; with it come the links that open a chapter in Binder or
Colab, and the one that edits a page. On GitHub Actions the environment names the
repository. What is not known is left out.

Two extensions would do part of it: without a base address one writes relative ones, and the
theme's launch buttons need Bootstrap's script, which the book leaves out.
"""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from docutils import nodes
from sphinx.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.application import Sphinx
    from sphinx.config import Config

PICTURE = "_static/preview.png"
"""What a link preview shows: 1200 by 630 pixels, as most services ask for."""

PICTURE_SAYS = (
    "Figures of the book: in thirty sigmoid layers the signal stays, the gradient vanishes"
)


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.add_config_value("bookext_repository", "", "html")
    app.connect("config-inited", check_addresses)
    app.connect("html-page-context", describe_page)
    app.connect("html-page-context", link_elsewhere)
    app.connect("build-finished", write_sitemap)


def check_addresses(app: Sphinx, config: Config) -> None:
    """Bring both addresses into their normal form, or stop the build."""
    if config.html_baseurl:
        config.html_baseurl = _address(config.html_baseurl, "html: baseurl", parts=0) + "/"
    # Taken from the theme, whose own buttons need scripts that this book leaves out.
    url = config.html_theme_options.pop("repository_url", "") or repository_of(os.environ)
    config.bookext_repository = _address(url, "repository: url", parts=2) if url else ""


def repository_of(environment: Mapping[str, str]) -> str:
    """Return the address of the repository that GitHub Actions works for, or nothing.

    Examples
    --------
    >>> repository_of({"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b"})
    'https://github.com/a/b'
    >>> repository_of({"GITHUB_REPOSITORY": "a/b"})
    ''
    """
    server, name = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    return f"{server}/{name}" if server and name else ""


def first_sentence(document: nodes.document) -> str:
    """Return the first sentence below the title of a page.

    Examples
    --------
    >>> from docutils.core import publish_doctree
    >>> first_sentence(publish_doctree("What is *odd*? Much. And more."))
    'What is odd?'
    """
    for paragraph in document.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            text = " ".join(paragraph.astext().split())
            return re.match(r".*?[.?!](?=\s|$)|.*", text)[0]
    return ""


def elsewhere(repository: str, branch: str, source: str) -> dict[str, str]:
    """Return where a page can be run or changed, {text of a link: address}.

    Binder and Colab look on github.com alone, for notebooks.

    Examples
    --------
    >>> list(elsewhere("https://github.com/a/b", "main", "chapters/one.ipynb"))
    ['Run it on Binder', 'Run it in Colab', 'Edit this page']
    >>> elsewhere("https://code.example/a/b", "main", "chapters/one.ipynb")
    {'Edit this page': 'https://code.example/a/b/edit/main/chapters/one.ipynb'}
    """
    links = {}
    branch, source = quote(branch), quote(source)
    server, name = repository.rsplit("/", 2)[0], repository.split("/", 3)[3]
    if server == "https://github.com" and source.endswith(".ipynb"):
        links["Run it on Binder"] = (
            f"https://mybinder.org/v2/gh/{name}/{quote(branch, safe='')}"
            f"?urlpath={quote(f'lab/tree/{source}', safe='')}"
        )
        links["Run it in Colab"] = (
            f"https://colab.research.google.com/github/{name}/blob/{branch}/{source}"
        )
    links["Edit this page"] = f"{repository}/edit/{branch}/{source}"
    return links


def describe_page(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Add what link previews and search engines read."""
    if pagename == "index" and doctree is None:  # the page that leads to the first one
        doctree = app.env.get_doctree(app.config.root_doc)
    if doctree is None or app.builder.name != "html":  # an EPUB has its own metadata
        return
    title = app.env.titles.get(pagename)
    said = {
        "og:type": "website" if pagename in {"index", app.config.root_doc} else "article",
        "og:site_name": app.config.html_title,
        "og:title": title.astext() if title else app.config.html_title,
        "og:description": first_sentence(doctree),
    }
    if app.config.html_baseurl:
        said["og:url"] = context["pageurl"]
        said["og:image"] = urljoin(app.config.html_baseurl, PICTURE)
        said["og:image:alt"] = PICTURE_SAYS
    tags = [f'<meta name="description" content="{escape(said["og:description"])}" />']
    tags += [f'<meta property="{name}" content="{escape(text)}" />' for name, text in said.items()]
    if app.config.html_baseurl:
        tags.append('<meta name="twitter:card" content="summary_large_image" />')
    context["metatags"] = context.get("metatags", "") + "\n    ".join(["", *tags])


def link_elsewhere(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the template the links of this page, if the repository is known."""
    repository = app.config.bookext_repository
    context["elsewhere"] = {}
    if repository and doctree is not None:
        branch = app.config.html_theme_options.get("repository_branch") or "main"
        source = Path(app.env.doc2path(pagename, base=False)).as_posix()
        context["elsewhere"] = elsewhere(repository, branch, source)


def write_sitemap(app: Sphinx, exception: Exception | None) -> None:
    """List the addresses of all pages, if the address of the book is known."""
    if exception is not None or app.builder.name != "html":
        return
    sitemap = Path(app.outdir) / "sitemap.xml"
    sitemap.unlink(missing_ok=True)
    if not app.config.html_baseurl:
        return
    pages = [
        urljoin(app.config.html_baseurl, app.builder.get_target_uri(name))
        for name in sorted(app.env.found_docs)
    ]
    lines = [f"  <url><loc>{escape(page)}</loc></url>" for page in pages]
    sitemap.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "\n".join(lines)
        + "\n</urlset>\n",
        encoding="utf-8",
    )


def _address(text: str, setting: str, parts: int) -> str:
    """Return an address without its last slash; a repository's has two parts: owner and name."""
    text = text.strip().rstrip("/").removesuffix(".git")
    address = urlsplit(text)
    path = [part for part in address.path.split("/") if part]
    if (
        address.scheme not in ("http", "https")
        or not address.hostname
        or (parts and len(path) != parts)
        or address.query
        or address.fragment
    ):
        kind = "https://server/owner/name" if parts else "https://server/path/"
        raise ConfigError(f"{setting} in _config.yml is {text!r}: it has to look like {kind}")
    return text
