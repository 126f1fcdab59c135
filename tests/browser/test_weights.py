"""What the pages of the built book load: how much, and whether they use it.

All of it is read from the files of the book, so no browser is needed, and bytes are
the same on every machine.
"""

import gzip
import re
from functools import cache
from html.parser import HTMLParser

PAGE_BUDGET = 230
"""Kilobytes, gzip, of a page and of all that it loads but MathJax; the search loads all texts."""
PAGE_BUDGETS = {
    "chapters/09_rnn_lstm.html": 280,
    "chapters/10_variations.html": 245,
    "chapters/intro.html": 260,
    "search.html": 300,
}
MATHJAX_BUDGET = 600
BOOK_BUDGET = 25
"""Megabytes, uncompressed, of the whole book."""

USED_BY = {
    "folds.js": r'<details class="(deeper|admonition hide)',
    # The frame of every page
    "basic.css": '<div class="bd-container',
    "book.css": '<div class="bd-container',
    "pydata-sphinx-theme.css": '<div class="bd-container',
    "sphinx-book-theme.css": '<div class="bd-container',
    "pydata-sphinx-theme.js": "theme-switch-button",
    "sphinx-book-theme.js": "sidebar",
    "documentation_options.js": "doctools.js",
    "doctools.js": "sphinx_highlight.js",
    "sphinx_highlight.js": "search-button|search.js",
    # What only some pages hold
    "pygments.css": r'class="highlight|class="bd-article',
    "clipboard.min.js": r'<div class="highlight',
    "copybutton.css": r'<div class="highlight',
    "copybutton.js": r'<div class="highlight',
    "mystnb.css": r'class="cell',
    "togglebutton.css": r'class="[^"]*\b(dropdown|toggle)\b',
    "togglebutton.js": r'class="[^"]*\b(dropdown|toggle)\b',
    "togglebutton-names.js": r'class="[^"]*\b(dropdown|toggle)\b',
    "exercise.css": r'class="(exercise|solution)\b',
    "proof.css": r'class="proof\b',
    "sphinx-design.min.css": r'class="sd-',
    "design-tabs.js": r'class="sd-tab-set',
    "mathjax/startup.js": r'class="math\b',
    "equations.js": r'class="math\b',
    "minisearch.js": 'id="search-results"',
    "sections.js": 'id="search-results"',
    "search.js": 'id="search-results"',
}
"""For each script and style sheet, what a page holds that has a use for it."""


class Assets(HTMLParser):
    """Collects the files that a page makes a browser load."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        """Note scripts, style sheets, icons and pictures."""
        attributes = dict(attributes)
        loads = tag != "link" or {"stylesheet", "icon", "preload"} & set(attributes["rel"].split())
        address = attributes.get("href" if tag == "link" else "src")
        if loads and address and not address.startswith("data:"):
            self.found.append(address.split("?")[0])


@cache
def loaded(page):
    """Return the paths of the files that a page names, itself first, each once."""
    parser = Assets()
    parser.feed(page.read_text(encoding="utf-8"))
    return list(dict.fromkeys([page, *((page.parent / name).resolve() for name in parser.found)]))


@cache
def kilobytes(path):
    """Return the size of a file as a server sends it, in units of 1000 bytes."""
    return len(gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)) / 1000


def short(book, path):
    """Return the name under which an asset stands in `USED_BY`."""
    name = re.sub(r"\.[0-9a-f]{32,}(?=\.)", "", path.relative_to(book).as_posix())
    return name.removeprefix("_static/").removeprefix("scripts/").removeprefix("styles/")


def mathjax_files(book):
    """Return what `equations.js` makes MathJax load, and the font of its output."""
    text = (book / "_static" / "equations.js").read_text(encoding="utf-8")
    (names,) = re.findall(r"\bload:\s*\[(.*?)\]", text.replace("[tex]", "tex:"), re.DOTALL)
    names = [
        name.replace("tex:/", "input/tex/extensions/") for name in re.findall(r'"(.+?)"', names)
    ]
    names += ["startup", "core", *(f"{name}/fonts/tex" for name in names if "output/" in name)]
    return {f"{name}.js" for name in names}


def test_a_page_stays_within_its_budget(book, page_name):
    files = [path for path in loaded(book / page_name) if "mathjax" not in path.parts]
    total = sum(map(kilobytes, files))
    assert total <= PAGE_BUDGETS.get(page_name, PAGE_BUDGET)


def test_the_whole_book_stays_within_its_budget(book):
    total = sum(path.stat().st_size for path in book.rglob("*") if path.is_file())
    assert total <= BOOK_BUDGET * 1e6


def test_a_page_loads_no_script_and_no_style_sheet_that_it_does_not_use(book, page_name):
    page = book / page_name
    text = page.read_text(encoding="utf-8")
    unused = [
        short(book, path)
        for path in loaded(page)
        if path.suffix in (".js", ".css") and not re.search(USED_BY[short(book, path)], text)
    ]
    assert unused == []


def test_a_page_loads_nothing_that_is_not_there(book, page_name):
    assert [path for path in loaded(book / page_name) if not path.is_file()] == []


def test_the_book_ships_the_parts_of_mathjax_that_its_pages_load_and_no_other(book):
    folder = book / "_static" / "mathjax"
    shipped = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert shipped == mathjax_files(book)
    assert sum(kilobytes(folder / name) for name in shipped) <= MATHJAX_BUDGET
