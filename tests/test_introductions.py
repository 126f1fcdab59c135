"""Where the glossary says that a term is introduced, and what the search finds by name."""

from collections import Counter

import pytest
from docutils.core import publish_doctree

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
