"""Where the glossary says that a term is introduced, and what the search is given."""

import json
import re
from collections import Counter

import pytest
import small_book
import test_book as book
from docutils.core import publish_doctree

from bookext import glossary

PAGES = {
    "conf.py": """
from bookext import glossary, search
extensions = ["myst_nb"]
nb_execution_mode = "off"
root_doc = "one"
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "basic"

def setup(app):
    glossary.connect(app)
    search.connect(app)
""",
    "words.md": """# Words

```{glossary}
logit
log-odds
  The logarithm of the odds.

odds
  A ratio.
```

| symbol | |
|---|---|
| {math}`\\sigma` | sigmoid |

```{index} word
```
""",
    "one.ipynb": "# The *first*\n\nTwo *{index}`logits <Logit>`*.\n\n```{toctree}\nwords\n```\n\n"
    "## More\n\n```python\nsecret\n```\n\nCode says: 3.\n\n```{note}\nA question\n```\n",
}


@pytest.fixture
def source(tmp_path):
    for name, text in PAGES.items():
        write(tmp_path, name, text)
    return tmp_path


def write(folder, name, text):
    if name.endswith(".ipynb"):
        cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}
        kernel = {"kernelspec": book.KERNEL}
        text = json.dumps({"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
    (folder / name).write_text(text, encoding="utf-8")


def build(folder, warned=""):
    """Build the pages; return the glossary and what the search is given."""
    _, out = small_book.build(folder, warned=warned)
    given = (out / "_static" / "sections.js").read_text("utf-8")
    rows = json.loads(given.removeprefix("window.bookSections = ").removesuffix(";\n"))
    return (out / "words.html").read_text("utf-8"), {row[0]: row[1:] for row in rows}


def test_a_term_is_introduced_where_its_mark_stands(source):
    page, _ = build(source)
    assert page.count("Used in ") == 1
    [place] = re.findall(r'Used in <a class="reference internal" href="one.html#(.*?)">', page)
    assert f'id="{place}"' in (source / "_build" / "one.html").read_text("utf-8")


def test_the_search_is_given_sections_and_terms_with_all_their_names(source):
    _, rows = build(source)
    assert rows == {
        "one.html": ["The first", "The first", "logit · log-odds", "Two logits."],
        "one.html#more": ["The first", "More", "", "Code says: 3. A question"],
        "words.html": ["Words", "Words", "word · sigma · σ", "symbol sigmoid"],
        "words.html#term-logit": ["Words", "logit", "log-odds", "The logarithm of the odds."],
        "words.html#term-odds": ["Words", "odds", "", "A ratio."],
    }


@pytest.mark.parametrize(
    "mark, warned",
    [
        ("{index}`logitt`", "{index}`logitt` marks a term that the glossary does not explain"),
        ("{index}`logit`", "logit is marked by {index} twice"),
    ],
)
def test_a_mark_in_a_wrong_place_is_a_warning_of_every_build(source, mark, warned):
    build(source)
    write(source, "one.ipynb", PAGES["one.ipynb"] + f"\n\nThe {mark}.\n")
    for _ in range(2):
        build(source, warned)


def test_the_glossary_follows_a_mark_that_moves(source):
    build(source)
    write(source, "one.ipynb", PAGES["one.ipynb"].replace("*{index}`logits <Logit>`*", "odds"))
    page, rows = build(source)
    assert "Used in " not in page and rows["one.html"][2] == ""


def test_the_search_is_the_same_after_builds_that_leave_pages_alone(source):
    first = build(source)[1]
    for name, words in {"words.md": "A zebra.", "one.ipynb": "A giraffe."}.items():
        write(source, name, f"{PAGES[name]}\n\n{words}\n")
        assert words in str(build(source)[1])
        write(source, name, PAGES[name])
        assert build(source)[1] == first


def test_greek_letters_are_found_by_letter_and_by_name():
    table = (
        "Notation\n========\n\nA\n-\n\nx\n\nSymbols\n-------\n\n.. list-table::\n\n"
        "   * - :math:`\\sigma'`, :math:`\\Lambda_l`, :math:`\\odot`\n     - the :math:`\\mu`\n"
    )
    tree = publish_doctree(table, settings_overrides={"doctitle_xform": False})
    found = Counter(glossary.greek_letters(tree))
    assert set(found) == {(name, "symbols") for name in ("sigma", "σ", "lambda", "Λ")}


def test_a_hundred_terms_are_marked_in_the_chapters():
    marks = [term for path in book.NOTEBOOKS for term in book.roles("index", book.prose(path))]
    assert len(marks) > 100
