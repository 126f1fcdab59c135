"""What a page tells others about itself, with and without the addresses of book and source."""

import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import yaml
from docutils.core import publish_doctree
from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from bookext import sharing

BOOK = Path(__file__).resolve().parents[1]
GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "owner/name"}
CONF = """
from bookext import sharing

project = html_title = "A Book"
root_doc = "chapters/one"
html_theme = "sphinx_book_theme"
html_additional_pages = {"index": "redirect.html"}

def setup(app):
    sharing.connect(app)
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Return a function that builds a book of two pages and returns its folder."""
    for name in GITHUB:
        monkeypatch.delenv(name, raising=False)
    source = tmp_path / "source"
    (source / "chapters").mkdir(parents=True)
    (source / "conf.py").write_text(CONF)
    (source / "chapters" / "one.rst").write_text(
        'One\n===\n\n.. note:: A note.\n\nWhy is "it" < 1, and *so* small? Much more.\n\n'
        ".. toctree::\n\n   two\n"
    )
    (source / "chapters" / "two.rst").write_text("Two\n===\n\nTwo & a half\nends here\n")

    def build(**options):
        settings = yaml.safe_load((BOOK / "_config.yml").read_text())["sphinx"]["config"]
        items = settings["html_theme_options"]["secondary_sidebar_items"]
        out = tmp_path / "out"
        with patch_docutils(source), docutils_namespace():
            Sphinx(
                source, source, out, tmp_path / "doctrees", "html", freshenv=True, status=None,
                confoverrides={
                    "templates_path": [str(BOOK / "_templates")],
                    "html_baseurl": options.get("baseurl", ""),
                    "html_theme_options": {
                        "secondary_sidebar_items": items,
                        "repository_url": options.get("repository", ""),
                        "repository_branch": options.get("branch", "main"),
                    },
                },
            ).build()  # fmt: skip
        return out

    return build


def tags(page):
    """Return the description and the Open Graph tags of a page."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)" />', text)
    return {name: unescape(content) for name, content in found if name != "viewport"}


@pytest.mark.filterwarnings("ignore")  # of a theme and of Sphinx among themselves
def test_without_addresses_a_page_says_what_it_is_and_nothing_else(build):
    out = build()
    said = tags(out / "chapters" / "one.html")
    sentence = 'Why is "it" < 1, and so small?'
    assert (
        said["description"]
        == said["og:description"]
        == sentence.replace('"', "“", 1).replace('"', "”")
    )
    assert (said["og:title"], said["og:site_name"], said["og:type"]) == ("One", "A Book", "website")
    assert not {"og:url", "og:image", "twitter:card"} & set(said)
    assert tags(out / "index.html")["og:title"] == "A Book"
    two = tags(out / "chapters" / "two.html")
    assert (two["og:description"], two["og:type"]) == ("Two & a half ends here", "article")
    text = (out / "chapters" / "one.html").read_text()
    assert text.count('content="Why is “it” &lt; 1, and so small?"') == 2, "as HTML wants it"
    assert "canonical" not in text and "book-elsewhere" not in text
    assert not re.search(r"binder|colab|/edit/", text, re.I)
    assert not (out / "sitemap.xml").exists()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_address_of_the_book_gives_each_page_one_address(build, slash):
    out = build(baseurl=f"https://book.example/vg{slash}")
    address = "https://book.example/vg/chapters/two.html"
    said = tags(out / "chapters" / "two.html")
    assert said["og:url"] == address
    assert said["og:image"] == "https://book.example/vg/_static/preview.png"
    assert said["og:image:alt"] and said["twitter:card"] == "summary_large_image"
    text = (out / "chapters" / "two.html").read_text()
    assert f'<link rel="canonical" href="{address}" />' in text
    root = ElementTree.parse(out / "sitemap.xml").getroot()
    assert [element.text for element in root.iter() if element.tag.endswith("}loc")] == [
        "https://book.example/vg/chapters/one.html",
        address,
    ]
    assert build() == out and not (out / "sitemap.xml").exists()


@pytest.mark.filterwarnings("ignore")
def test_the_address_of_the_source_gives_each_page_its_links(build, monkeypatch):
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    text = (build() / "chapters" / "two.html").read_text()
    assert 'href="https://github.com/owner/name/edit/main/chapters/two.rst"' in text
    text = (build(repository="https://code.example/a/b.git/") / "chapters" / "two.html").read_text()
    assert 'href="https://code.example/a/b/edit/main/chapters/two.rst"' in text
    assert "github.com" not in text


def test_a_notebook_on_github_opens_in_binder_and_in_colab():
    links = sharing.elsewhere("https://github.com/owner/name", "a/b", "chapters/one.ipynb")
    assert links == {
        "Run it on Binder": "https://mybinder.org/v2/gh/owner/name/a%2Fb"
        "?urlpath=lab%2Ftree%2Fchapters%2Fone.ipynb",
        "Run it in Colab": "https://colab.research.google.com/github/owner/name/blob/a/b"
        "/chapters/one.ipynb",
        "Edit this page": "https://github.com/owner/name/edit/a/b/chapters/one.ipynb",
    }
    assert list(sharing.elsewhere("https://github.com/owner/name", "main", "one.md")) == [
        "Edit this page"
    ]


@pytest.mark.parametrize(
    "setting, text, message",
    [
        ("repository_url", "a/b", "repository: url .*https://server/owner/name"),
        ("repository_url", "https://github.com/a", "repository: url .*https://server/owner/name"),
        ("repository_url", "https://h/a/b/c", "repository: url .*https://server/owner/name"),
        ("repository_url", "ftp://h/a/b", "repository: url .*https://server/owner/name"),
        ("html_baseurl", "book.example", "html: baseurl .*https://server/path/"),
        ("html_baseurl", "https:///x", "html: baseurl .*https://server/path/"),
        ("html_baseurl", "https://h/?a", "html: baseurl .*https://server/path/"),
    ],
)
def test_an_address_of_another_form_stops_the_build(setting, text, message):
    settings = {"html_baseurl": "", "repository_url": "", setting: text}
    options = {"repository_url": settings.pop("repository_url")}
    config = SimpleNamespace(html_theme_options=options, **settings)
    with pytest.raises(ConfigError, match=message):
        sharing.check_addresses(None, config)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One two. Three.", "One two."),
        ("Is 1.5 more than 1? Yes.", "Is 1.5 more than 1?"),
        ("No end", "No end"),
        ("Over\nlines! And", "Over lines!"),
        ("", ""),
    ],
)
def test_the_first_sentence(text, sentence):
    assert sharing.first_sentence(publish_doctree(text)) == sentence


def test_the_picture_of_previews_has_the_size_that_services_ask_for():
    picture = (BOOK / sharing.PICTURE).read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (1200, 630)
    assert len(picture) < 300_000
