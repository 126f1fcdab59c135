"""The ledger of claims: complete, honest, in agreement with the chapters, and hard to break."""

import re
import tomllib

import pytest
import test_book as book
from small_book import build, pages, words, write

from bookext import claims
from bookext.claims import GRADES, VERDICTS, LedgerError, load

LEDGER = book.BOOK / claims.LEDGER


# The ledger


def test_claims_are_numbered_without_a_gap():
    numbers = [claim.number for claim in load(LEDGER)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_claim_cites_or_computes_and_says_what_is_open():
    ledger, known = load(LEDGER), set(book.all_labels())
    claims.check_sources(ledger, book.bibliography())
    for claim in ledger:
        assert set(claim.shown) - {claim.passage} <= known, claim.name
        if not claim.computed and set(claim.sources.values()) <= {"secondary", "unconfirmed"}:
            assert claim.unconfirmed, f"{claim.name}: nothing but hearsay has to be called so"
        if "unconfirmed" in claim.sources.values():
            assert claim.unconfirmed, claim.name


def test_the_chapters_and_the_ledger_agree():
    for path in book.NOTEBOOKS:
        assert list(claims.faults(path.stem, book.prose(path), load(LEDGER))) == []
        numbers = [claim.number for claim in load(LEDGER) if claim.chapter == path.stem]
        assert sorted(claims.passages(book.prose(path))) == numbers


@pytest.mark.parametrize(
    "paragraph, found",
    [
        ('**"All is well."** *True.* See above.', ["true"]),
        ('**"All is well."** *True under a condition.* *Nearly* all.', ["true under a condition"]),
        ('**"All is well."** *Partly wrong*: *hardly* all.', ["partly wrong"]),
        ('**"All is well."** *Opinion.* Who knows?', ["opinion"]),
        ('**"It is *very* small."** *Wrong*: it is large.', ["wrong"]),
        ('**"All is well."** True, and *well*.', []),
        ('**"All is well."** *True as stated.*', ["true as stated"]),
    ],
)
def test_a_verdict_is_found_in_italics(paragraph, found):
    assert claims.passages(f"(claim-1)=\n\n{paragraph}") == {1: found}


# A small book with the directive in it

TANH = """# The *tanh*

(claim-15)=

**"Larger."** *True under a condition.*

```{math}
:label: eq-tanh
x = x
```

(claim-16)=

**"Smaller."** *Wrong.*
"""

PAGE = """# Claims

```{claims}
```

```{toctree}
03_tanh
sources
```
"""

SOURCES = "@misc{lecun, author = {LeCun, Yann}, title = {On $1.7159$}, year = {1998}}"

ENTRIES = r"""
[[claim]]
number = 16
chapter = "03_tanh"
claim = "Smaller than $\\pi$."
verdict = "wrong"
statement = "It is *larger*."
computed = true
sources = {}
shown = ["claim-16"]

[[claim]]
number = 15
chapter = "03_tanh"
claim = "Larger."
verdict = "true under a condition"
statement = "Up to a point."
computed = true
sources = { lecun = "source read" }
shown = ["claim-15", "eq-tanh"]
unconfirmed = "Who said so first."
"""

CONFIGURATION = """
from bookext import claims
extensions = ["myst_nb", "sphinxcontrib.bibtex"]
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "off"
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
html_theme = "basic"
master_doc = "chapters/claims"
setup = claims.connect
"""


@pytest.fixture
def small_book(tmp_path):
    return write(
        tmp_path,
        {
            "conf.py": CONFIGURATION,
            "references.bib": SOURCES,
            "claims.toml": ENTRIES,
            "chapters/03_tanh.md": TANH,
            "chapters/claims.md": PAGE,
            "chapters/sources.md": "# Sources\n\n```{bibliography}\n```\n",
        },
    )


def change(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_page_shows_the_ledger_in_order_and_leads_to_what_it_names(small_book):
    page = pages(build(small_book)[1])["chapters/claims.html"]
    text = words(page)
    assert "The tanh" in text, "the title of the chapter"
    tally = "True: 0. True under a condition: 1. C15 Partly wrong: 0. Wrong: 1. C16 Opinion: 0."
    assert tally in text
    assert (
        "C15 Larger. True under a condition. Up to a point. Not confirmed: Who said so first. "
        "Evidence: computed here; LeCun [1998] (source read). "
        "Shown in: the passage on C15; equation (1)."
    ) in text
    assert r"C16 Smaller than \(\pi\). Wrong. It is larger. Evidence: computed here alone." in text
    assert text.index("C15 Larger") < text.index("C16 Smaller")
    assert '<dt id="c15">' in page and 'href="#c15"' in page
    assert 'href="03_tanh.html#claim-15"' in page
    assert 'href="03_tanh.html#equation-eq-tanh"' in page
    assert re.search(r'href="sources\.html#id\d+"', page)
    assert '<span class="verdict verdict-condition">True under a condition.</span>' in page


def test_the_page_follows_the_ledger_and_the_title_of_a_chapter(small_book):
    assert len(build(small_book)[0]) == 3 and build(small_book)[0] == []
    change(small_book, "claims.toml", "Up to a point.", "Near zero.")
    read, out = build(small_book)
    assert read == ["chapters/claims"]
    assert "Near zero." in pages(out)["chapters/claims.html"]
    change(small_book, "chapters/03_tanh.md", "# The *tanh*", "# Hyperbolic")
    read, out = build(small_book)
    assert "chapters/claims" in read
    assert ">Hyperbolic<" in pages(out)["chapters/claims.html"]


MISTAKES = {
    "unknown verdict": ('"wrong"', '"perhaps"', "C16 has an unknown verdict 'perhaps'"),
    "unknown grade": ('"source read"', '"heard"', "C15 knows lecun by 'heard'"),
    "unknown source": ("lecun =", "lecum =", "C15 cites what references.bib lacks: lecum"),
    "unknown equation": ("eq-tanh", "eq-tan", "C15 is shown at labels that do not exist: eq-tan"),
    "duplicate number": (ENTRIES, ENTRIES + ENTRIES, "C16 is there twice"),
    "missing field": ('statement = "It is *larger*."', "", "C16 lacks: statement"),
    "missing number": ("number = 16", "", "Entry 1, without a number, lacks: number"),
    "unknown field": ("unconfirmed", "doubtful", "C15 has an unknown field 'doubtful'"),
    "empty field": ('"Up to a point."', '""', "C15: statement is empty"),
    "wrong type": ("computed = true", 'computed = "yes"', "C16: computed = 'yes' has to be of"),
    "no evidence": ("computed = true", "computed = false", "C16 neither cites nor computes"),
    "no passage": ('["claim-15", ', "[", "C15 has to be shown in its passage, claim-15"),
    "no chapter": ('"03_tanh"', '"03_tahn"', "C16 belongs to a chapter that is missing: 03_tahn"),
    "other table": ("[[claim]]", "[[claims]]", "nothing else"),
    "no TOML": ("number = 16", "number = ", "claims.toml cannot be read"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_stops_the_build_and_names_the_claim(small_book, mistake):
    old, new, message = MISTAKES[mistake]
    change(small_book, "claims.toml", old, new)
    of_book = mistake in ("unknown source", "unknown equation", "no chapter", "wrong type")
    read = build if of_book else lambda folder: load(folder / "claims.toml")  # a build's first step
    with pytest.raises(LedgerError, match=re.escape(message)):
        read(small_book)


def test_a_passage_that_disappears_stops_every_later_build(small_book):
    build(small_book)
    change(small_book, "chapters/03_tanh.md", "(claim-16)=", "")
    for _ in range(2):
        with pytest.raises(LedgerError, match="C16 is shown at labels that do not exist: claim-16"):
            build(small_book)


def test_a_passage_in_another_chapter_stops_the_build(small_book):
    change(small_book, "chapters/03_tanh.md", "(claim-16)=", "")
    change(small_book, "chapters/sources.md", "# Sources\n", "# Sources\n\n(claim-16)=\n\nWrong.\n")
    with pytest.raises(LedgerError, match="C16 belongs to 03_tanh, but its passage claim-16 is in"):
        build(small_book)
    (small_book / "claims.toml").unlink()  # which a book without the page does not need
    change(small_book, "chapters/claims.md", "```{claims}\n```", "")
    build(small_book)


def test_the_ledger_has_one_source_of_its_vocabulary():
    """The comment at the top of the ledger names every verdict and every grade."""
    text = LEDGER.read_text(encoding="utf-8")
    comment = text[: text.index("[[claim]]")]
    assert [word for word in (*VERDICTS, *GRADES) if f'"{word}"' not in comment] == []
    assert [word for word in claims.KINDS if not re.search(rf"^# {word} ", comment, re.M)] == []
    assert set(tomllib.loads(text)) == {"claim"}
    page = (book.BOOK / "chapters" / "claims.md").read_text(encoding="utf-8")
    assert "```{claims}\n```" in page
    assert not re.search(r"\bC\d+\b", page), "no claim is typed"
