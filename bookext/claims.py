"""The ledger of claims: what popular accounts say, and what is right.

`claims.toml` holds one table per claim. The directive `{claims}` turns it into a
page, grouped by chapter. A claim that refers to nothing stops the build: an
unknown source while the page is read, an unknown label when all pages are.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

from bookext import notebooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

LEDGER = "claims.toml"
"""The file, at the top of the book."""

VERDICTS = {
    "true": "true",
    "true under a condition": "condition",
    "partly wrong": "partly",
    "wrong": "wrong",
    "opinion": "opinion",
}
"""What a verdict says, and the last part of its class in the page.

A claim is split into its statements. They all hold as they stand: true. They all hold
where a condition is met that the claim does not state, and not elsewhere: true under a
condition. At least one fails under every condition, and another holds: partly wrong.
None holds: wrong. Neither a measurement nor a source can settle it: opinion.
"""

GRADES = ("source read", "abstract read", "quoted", "secondary", "unconfirmed")
"""How a source is known here, from the best to the worst."""

PAGE = "claims_page"
"""Where the environment remembers which page holds the ledger."""

TITLES = "claims_titles"
"""And the titles that it shows, {file of a chapter: title}."""


_logger = getLogger(__name__)


class LedgerError(SphinxError):
    """An entry of the ledger that cannot be published."""

    category = f"The build stops at {LEDGER}"


@dataclass(frozen=True)
class Claim:
    """One claim with its verdict.

    Attributes
    ----------
    number : int
        Its number in the whole book.
    chapter : str
        The chapter that deals with it, as the file is called.
    claim : str
        What popular accounts say.
    verdict : str
        One of `VERDICTS`.
    statement : str
        What is right, in MyST Markdown.
    computed : bool
        Whether a cell of the chapter computes or proves it.
    sources : dict of str to str
        BibTeX keys, and one of `GRADES` for each.
    shown : tuple of str
        The label of the passage, then those of equations.
    unconfirmed : str
        What no source that could be opened confirms; often nothing.
    """

    number: int
    chapter: str
    claim: str
    verdict: str
    statement: str
    computed: bool
    sources: dict[str, str]
    shown: tuple[str, ...]
    unconfirmed: str = field(default="")

    @property
    def name(self) -> str:
        """How pages call it, such as C15."""
        return f"C{self.number}"

    @property
    def passage(self) -> str:
        """The label that stands before its paragraph in the chapter."""
        return f"claim-{self.number}"


KINDS = {
    "number": int,
    "chapter": str,
    "claim": str,
    "verdict": str,
    "statement": str,
    "computed": bool,
    "sources": dict,
    "shown": list,
    "unconfirmed": str,
}
"""What TOML has to hold for each field of a claim."""

REQUIRED = [entry.name for entry in fields(Claim) if entry.default is MISSING]


def read_claim(table: dict[str, Any], position: int) -> Claim:
    """Turn one table of the ledger into a claim.

    Examples
    --------
    >>> table = {"number": 7, "chapter": "01_logit", "claim": "All is well."}
    >>> read_claim(table, position=1)
    Traceback (most recent call last):
    bookext.claims.LedgerError: C7 lacks: verdict, statement, computed, sources, shown
    """
    name = f"C{table['number']}" if "number" in table else f"Entry {position}, without a number,"
    if missing := [key for key in REQUIRED if key not in table]:
        raise LedgerError(f"{name} lacks: {', '.join(missing)}")
    for key, value in table.items():
        if key not in KINDS:
            raise LedgerError(f"{name} has an unknown field {key!r}; known are {', '.join(KINDS)}")
        if type(value) is not KINDS[key]:
            raise LedgerError(f"{name}: {key} = {value!r} has to be of type {KINDS[key].__name__}")
        if value == "":
            raise LedgerError(f"{name}: {key} is empty")
    if table["verdict"] not in VERDICTS:
        raise LedgerError(
            f"{name} has an unknown verdict {table['verdict']!r}; known are {', '.join(VERDICTS)}"
        )
    for key, grade in table["sources"].items():
        if grade not in GRADES:
            raise LedgerError(
                f"{name} knows {key} by {grade!r}, which is none of {', '.join(GRADES)}"
            )
    if not table["sources"] and not table["computed"]:
        raise LedgerError(f"{name} neither cites nor computes anything")
    claim = Claim(**{**table, "shown": tuple(table["shown"])})
    if claim.passage not in claim.shown:
        raise LedgerError(f"{name} has to be shown in its passage, {claim.passage}")
    return claim


def load(path: Path) -> list[Claim]:
    """Read the ledger."""
    try:
        ledger = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LedgerError(f"{path.name} cannot be read: {error}") from error
    tables = ledger.pop("claim", [])
    if ledger or not tables:
        raise LedgerError(f"{path.name} has to hold tables called [[claim]] and nothing else")
    claims: dict[int, Claim] = {}
    for position, table in enumerate(tables, start=1):
        claim = read_claim(table, position)
        if claim.number in claims:
            raise LedgerError(f"{claim.name} is there twice")
        claims[claim.number] = claim
    return [claims[number] for number in sorted(claims)]


def check_sources(claims: Iterable[Claim], keys: Iterable[str]) -> None:
    """Raise `LedgerError` if a claim cites what the bibliography lacks."""
    known = set(keys)
    for claim in claims:
        if unknown := [key for key in claim.sources if key not in known]:
            raise LedgerError(f"{claim.name} cites what references.bib lacks: {', '.join(unknown)}")


def check_labels(claims: Iterable[Claim], labels: dict[str, str]) -> None:
    """Raise `LedgerError` if a claim points to a label that does not exist."""
    for claim in claims:
        if unknown := [label for label in claim.shown if label not in labels]:
            raise LedgerError(
                f"{claim.name} is shown at labels that do not exist: {', '.join(unknown)}"
            )
        if Path(labels[claim.passage]).name != claim.chapter:
            raise LedgerError(
                f"{claim.name} belongs to {claim.chapter}, but its passage {claim.passage} is in "
                f"{labels[claim.passage]}"
            )


def passages(prose: str) -> dict[int, list[str]]:
    r"""Return the verdicts in italics that the passage on each claim gives.

    Examples
    --------
    >>> passages('(claim-7)=\n\n**"It is *very* small."** *Wrong*: see above.')
    {7: ['wrong']}
    """
    found: dict[int, list[str]] = {}
    marked = r"^\(claim-(\d+)\)=\n+(.+?)(?=\n\n|\Z)"
    for number, paragraph in re.findall(marked, prose, re.M | re.S):
        italics = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", paragraph)
        words = [text.strip(" .,;:").lower() for text in italics]
        found.setdefault(int(number), []).extend(
            text for text in words if re.match(r"(true|partly|wrong|opinion)\b", text)
        )
    return found


def faults(chapter: str, prose: str, claims: Iterable[Claim]) -> Iterator[str]:
    """Say where a chapter and the ledger disagree, and what to write."""
    known = {claim.number: claim for claim in claims if claim.chapter == chapter}
    for number, verdicts in passages(prose).items():
        if number not in known:
            yield (
                f"(claim-{number})= marks a claim that {LEDGER} does not give to this chapter; "
                f'add a table [[claim]] with number = {number} and chapter = "{chapter}"'
            )
        elif verdicts != [known[number].verdict]:
            yield (
                f"the passage on C{number} says {' and '.join(verdicts) or 'no verdict'}, "
                f"{LEDGER} {known[number].verdict}; write *{known[number].verdict.capitalize()}.* "
                "after the claim, or change the ledger"
            )


class Claims(SphinxDirective):
    """`{claims}`: the whole ledger, grouped by chapter."""

    def run(self) -> list[nodes.Node]:
        """Return the tally and a section for each chapter."""
        path = Path(self.env.srcdir) / LEDGER
        self.env.note_dependency(path)
        setattr(self.env, PAGE, self.env.docname)
        setattr(self.env, TITLES, {})
        claims = load(path)
        check_sources(claims, self.env.get_domain("cite").bibdata.data.entries)
        chapters = list(dict.fromkeys(claim.chapter for claim in claims))
        return [self.tally(claims)] + [
            self.section(chapter, [claim for claim in claims if claim.chapter == chapter])
            for chapter in chapters
        ]

    def parse(self, text: str) -> list[nodes.Node]:
        """Parse MyST Markdown into block nodes."""
        container = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines(), LEDGER), 0, container)
        return container.children

    def parse_line(self, text: str) -> list[nodes.Node]:
        """Parse MyST Markdown that is a single paragraph into inline nodes."""
        [paragraph] = self.parse(text)
        return paragraph.children

    def paragraph(self, name: str, text: str) -> nodes.paragraph:
        """Return a paragraph of a class of its own."""
        return nodes.paragraph("", "", *self.parse_line(text), classes=[f"claim-{name}"])

    def tally(self, claims: list[Claim]) -> nodes.bullet_list:
        """Return how many claims got which verdict, with a link to each."""
        tally = nodes.bullet_list(classes=["claim-tally"])
        for verdict in VERDICTS:
            found = [claim for claim in claims if claim.verdict == verdict]
            line = nodes.paragraph("", "", badge(verdict, f": {len(found)}."))
            for claim in found:
                line += [nodes.Text(" "), link(claim)]
            tally += nodes.list_item("", line)
        return tally

    def section(self, chapter: str, claims: list[Claim]) -> nodes.section:
        """Return the claims of a chapter below its title."""
        folder = Path(self.env.doc2path(self.env.docname)).parent
        found = [path for path in folder.glob(f"{chapter}.*") if path.suffix in {".ipynb", ".md"}]
        if not found:
            raise LedgerError(f"{claims[0].name} belongs to a chapter that is missing: {chapter}")
        shown = getattr(self.env, TITLES)[str(found[0])] = notebooks.title(found[0])
        section = nodes.section(ids=[nodes.make_id(f"claims-{chapter}")])
        section += nodes.title("", "", *self.parse_line(shown))
        section += nodes.definition_list("", *map(self.entry, claims), classes=["claims"])
        return section

    def entry(self, claim: Claim) -> nodes.definition_list_item:
        """Return a claim: what is said, the verdict, what is right, and where it is shown."""
        term = nodes.term("", "", link(claim), nodes.Text(" "), names=[claim.name.lower()])
        term += nodes.inline("", "", *self.parse_line(claim.claim), classes=["claim-text"])
        self.state.document.note_explicit_target(term, term)

        right = self.parse(claim.statement)
        right[0].insert(0, [badge(claim.verdict, "."), nodes.Text(" ")])
        definition = nodes.definition("", *right)
        if claim.unconfirmed:
            definition += self.paragraph("open", f"*Not confirmed:* {claim.unconfirmed}")
        cited = [f"{{cite:t}}`{key}` ({grade})" for key, grade in claim.sources.items()]
        evidence = ["computed here" if cited else "computed here alone"] * claim.computed + cited
        definition += self.paragraph("evidence", f"Evidence: {'; '.join(evidence)}.")
        passage = f"{{ref}}`the passage on {claim.name} <{claim.passage}>`"
        equations = [f"{{eq}}`{label}`" for label in claim.shown if label != claim.passage]
        many = "s" if len(equations) > 1 else ""
        places = [passage] + [f"equation{many} {', '.join(equations)}"] * bool(equations)
        definition += self.paragraph("shown", f"Shown in: {'; '.join(places)}.")
        return nodes.definition_list_item("", term, definition)


def badge(verdict: str, then: str) -> nodes.inline:
    """Return a verdict as text, in a class that a style sheet may colour."""
    words = verdict.capitalize() + then
    return nodes.inline(words, words, classes=["verdict", f"verdict-{VERDICTS[verdict]}"])


def link(claim: Claim) -> nodes.reference:
    """Return a link to a claim on the same page."""
    return nodes.reference("", claim.name, internal=True, refid=claim.name.lower())


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Have the page read again where a chapter has another title, or is gone.

    The page takes nothing else from a chapter: a sentence that changes leaves it alone.
    """
    page = getattr(env, PAGE, None)
    if page not in env.found_docs:
        return []
    shown = {Path(name): text for name, text in getattr(env, TITLES).items()}
    same = all(path.is_file() and notebooks.title(path) == text for path, text in shown.items())
    return [] if same else [page]


def check_book(app: Sphinx, env: BuildEnvironment) -> None:
    """Check the labels of the ledger, and the verdicts of the chapters.

    Sphinx calls this in every build when all pages have been read, before it stores
    what it has read; so a build that failed here fails again.
    """
    path = Path(app.srcdir) / LEDGER
    if not path.exists():
        return
    claims = load(path)
    for name in notebooks.names(env):
        source = Path(env.doc2path(name))
        for fault in faults(source.stem, notebooks.prose(source), claims):
            _logger.warning(fault, location=name, type="bookext", subtype="claim")
    dependencies = {Path(app.srcdir, name) for names in env.dependencies.values() for name in names}
    if path not in dependencies:
        return  # a build without the page
    equations = env.get_domain("math").equations
    labels = {label: docname for label, (docname, _) in equations.items()}
    labels |= {label: docname for label, (docname, _) in env.get_domain("std").anonlabels.items()}
    check_labels(claims, labels)


def connect(app: Sphinx) -> None:
    """Add the directive, and check what it refers to."""
    app.add_directive("claims", Claims)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", check_book)
