"""The ledger of claims: complete, honest, in agreement with the chapters, and hard to break."""

import io
import re
import tomllib
import warnings
from itertools import chain

import pytest
import test_book as book
import yaml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from bookext import claims
from bookext.claims import GRADES, VERDICTS, LedgerError, load

LEDGER = book.BOOK / claims.LEDGER

NUMBERS = {
    "intro": range(1, 4),
    "01_logit": range(4, 8),
    "02_sigmoid": range(8, 12),
    "03_tanh": range(12, 17),
    "04_relu": range(17, 26),
    "05_leaky_relu": range(26, 29),
    "06_prelu": range(29, 30),
    "07_rrelu": range(30, 34),
    "08_elu": range(34, 39),
    "09_rnn_lstm": range(39, 42),
    "10_variations": range(42, 43),
}
"""Which claims a chapter deals with."""


def toc():
    """Return the notebooks that `_toc.yml` lists."""
    contents = yaml.safe_load((book.BOOK / "_toc.yml").read_text(encoding="utf-8"))
    parts = chain.from_iterable(part["chapters"] for part in contents["parts"])
    listed = [contents["root"], *(page["file"] for page in parts)]
    paths = [book.BOOK / f"{name}.ipynb" for name in listed]
    return [path for path in paths if path.exists()]


# The ledger


def test_every_claim_is_there_and_belongs_to_its_chapter():
    found = {}
    for claim in load(LEDGER):
        found.setdefault(claim.chapter, []).append(claim.number)
    assert found == {chapter: list(numbers) for chapter, numbers in NUMBERS.items()}


def test_every_source_is_in_the_bibliography():
    claims.check_sources(load(LEDGER), book.bibliography())


@pytest.mark.parametrize("claim", load(LEDGER), ids=lambda claim: claim.name)
def test_a_claim_cites_or_computes_and_says_what_is_open(claim):
    assert claim.sources or claim.computed
    if not claim.computed and set(claim.sources.values()) <= {"secondary", "unconfirmed"}:
        assert claim.unconfirmed, "nothing but hearsay has to be called so"
    if "unconfirmed" in claim.sources.values():
        assert claim.unconfirmed


def test_the_page_is_made_from_the_ledger():
    page = (book.BOOK / "chapters" / "claims.md").read_text(encoding="utf-8")
    assert "```{claims}\n```" in page
    assert not re.search(r"\bC\d+\b", page), "no claim is typed"


# The chapters


def test_the_chapters_and_the_ledger_agree():
    for path in toc():
        assert list(claims.faults(path.stem, book.prose(path), load(LEDGER))) == []
        assert sorted(claims.passages(book.prose(path))) == list(NUMBERS[path.stem])


def test_the_equations_of_a_claim_exist():
    known = set(book.all_labels())
    there = {path.stem for path in toc()}
    for claim in load(LEDGER):
        if claim.chapter in there:
            assert set(claim.shown) - {claim.passage} <= known, claim.name


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
    for name, text in {
        "conf.py": CONFIGURATION,
        "references.bib": SOURCES,
        "claims.toml": ENTRIES,
        "chapters/03_tanh.md": TANH,
        "chapters/claims.md": PAGE,
        "chapters/sources.md": "# Sources\n\n```{bibliography}\n```\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def build(folder):
    """Build the small book; return the page of claims and the names of the pages that were read."""
    out, read = folder / "_build", []
    warning = io.StringIO()
    with warnings.catch_warnings(), patch_docutils(folder), docutils_namespace():
        warnings.simplefilter("ignore")  # those of Sphinx and docutils about each other
        app = Sphinx(folder, folder, out, out / ".doctrees", "html", status=None, warning=warning)
        app.connect("doctree-read", lambda app, doctree: read.append(app.env.docname))
        app.build()
    assert warning.getvalue() == ""
    return (out / "chapters" / "claims.html").read_text(encoding="utf-8"), read


def change(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_page_shows_the_ledger_in_order(small_book):
    page, _ = build(small_book)
    text = re.sub(r"<[^>]+>", "", re.sub(r"</(?:dt|p|li)>", " ", page))
    text = re.sub(r"\s+", " ", text)
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


def test_every_part_of_an_entry_leads_somewhere(small_book):
    page, _ = build(small_book)
    assert '<dt id="c15">' in page and 'href="#c15"' in page
    assert 'href="03_tanh.html#claim-15"' in page
    assert 'href="03_tanh.html#equation-eq-tanh"' in page
    assert re.search(r'href="sources\.html#id\d+"', page)
    assert '<span class="verdict verdict-condition">True under a condition.</span>' in page


def test_the_page_follows_the_ledger_and_the_title_of_a_chapter(small_book):
    assert sorted(build(small_book)[1]) == [
        "chapters/03_tanh",
        "chapters/claims",
        "chapters/sources",
    ]
    assert build(small_book)[1] == []
    change(small_book, "claims.toml", "Up to a point.", "Near zero.")
    page, read = build(small_book)
    assert read == ["chapters/claims"] and "Near zero." in page
    change(small_book, "chapters/03_tanh.md", "# The *tanh*", "# Hyperbolic")
    page, read = build(small_book)
    assert "chapters/claims" in read and ">Hyperbolic<" in page


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
    with pytest.raises(LedgerError, match=re.escape(message)):
        build(small_book)


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


def test_a_book_without_the_page_needs_no_ledger(small_book):
    (small_book / "claims.toml").unlink()
    change(small_book, "chapters/claims.md", "```{claims}\n```", "")
    build(small_book)


def test_the_ledger_has_one_source_of_its_vocabulary():
    """The comment at the top of the ledger names every verdict and every grade."""
    text = LEDGER.read_text(encoding="utf-8")
    comment = text[: text.index("[[claim]]")]
    assert [word for word in (*VERDICTS, *GRADES) if f'"{word}"' not in comment] == []
    assert [word for word in claims.KINDS if not re.search(rf"^# {word} ", comment, re.M)] == []
    assert set(tomllib.loads(text)) == {"claim"}
