"""Where the glossary says that a term is introduced, and what the search finds by name."""

import json
from collections import Counter

import pytest
from docutils.core import publish_doctree
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from vgtools.sphinx_ext import introductions
from vgtools.sphinx_ext.introductions import Mention, Place

PAGE = """
From odds to more
=================

Intended words about a bias.

First
-----

A *logit* is a number, and *a logit of two* is another. See ``code_of_cells``.

.. class:: dropdown

.. note:: A folded margin.

======  =====
spread  large
======  =====

Summary
-------

The *bias* is in the summary.
"""


def read(page):
    return publish_doctree(page, settings_overrides={"doctitle_xform": False})


def place(term, *pages):
    said = [
        mention
        for number, page in enumerate(pages)
        for mention in introductions.mentions(str(number), read(page))
    ]
    return introductions.introduction([term], said)


SECOND = PAGE.replace("From odds to more", "Bias").replace("folded margin", "margin *margin*")


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("odds", ("0", "")),
        ("logit", ("0", "first")),
        ("logits", None),
        ("bias", ("1", "")),
        ("margin", None),
        ("spread", None),
        ("number", ("0", "first")),
        ("code_of_cells", ("0", "first")),
        ("Intended word", ("0", "")),
        ("log", None),
    ],
)
def test_a_term_is_introduced_where_it_stands_out(term, expected):
    found = place(term, PAGE, SECOND)
    assert (found and tuple(found)) == expected


def test_a_passing_mention_does_not_introduce_a_term():
    said = [Mention(3, "a cell", Place("early", "x"))]
    said += [Mention(3, "the cell", Place("late", f"s{number}")) for number in range(10)]
    assert introductions.introduction(["cell"], said) == Place("late", "s0")
    assert introductions.introduction(["cell"], said[:5]) == Place("early", "x")


def test_greek_letters_are_found_by_letter_and_by_name():
    table = (
        "Notation\n========\n\nA\n-\n\nx\n\nSymbols\n-------\n\n.. list-table::\n\n"
        "   * - :math:`\\sigma'`, :math:`\\Lambda_l`, :math:`\\odot`\n     - the :math:`\\mu`\n"
    )
    found = Counter(introductions.greek_letters(read(table)))
    assert set(found) == {(name, "symbols") for name in ("sigma", "σ", "lambda", "Λ")}


BOOK_OF_WORDS = {
    "conf.py": (
        "from vgtools.sphinx_ext import introductions\n"
        "root_doc = 'one'\n"
        "def setup(app):\n"
        "    introductions.connect(app)\n"
    ),
    "words.rst": (
        "Words\n=====\n\n.. glossary::\n\n   logit\n      The logarithm of the odds.\n\n"
        ".. list-table::\n\n   * - :math:`\\sigma`\n     - sigmoid\n"
    ),
    "one.rst": "One\n===\n\n.. index:: logit\n\nA sentence.\n\n.. toctree::\n\n   words\n",
}


@pytest.mark.filterwarnings("ignore")  # of Sphinx and docutils among themselves
def test_the_search_is_the_same_after_builds_that_leave_pages_alone(tmp_path):
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    for name, text in BOOK_OF_WORDS.items():
        (source / name).write_text(text)

    def index():
        with patch_docutils(source), docutils_namespace():
            Sphinx(source, source, out, tmp_path / "trees", "html", status=None).build()
        return (out / "searchindex.js").read_text()

    def entries(text):
        return json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))["indexentries"]

    first = index()
    assert set(entries(first)) == {"logit", "sigma", "σ"}
    assert len(entries(first)["logit"]) == 2
    for name, words in {"words.rst": "A zebra.", "one.rst": "A giraffe."}.items():
        (source / name).write_text(f"{BOOK_OF_WORDS[name]}\n{words}\n")
        assert entries(index()) == entries(first)
        (source / name).write_text(BOOK_OF_WORDS[name])
        assert index() == first
