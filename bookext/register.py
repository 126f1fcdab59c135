"""The register: everything that the book states, and what stands behind it.

The directive `{register}` makes a page of the notebooks themselves: their display
equations, the steps of their derivations, the claims that they deal with, and the
conditions that their cells assert. When all pages have been read, the equations of
the pages are compared with those of the register, so that none is on one side alone.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.statemachine import StringList
from myst_nb.core.render import get_mime_priority
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from bookext import claims, formulas, notebooks
from bookext.notebooks import Assertion, EvidenceError, Notebook, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PAGE = "register_page"
"""Where the environment remembers which page holds the register."""

STATED = "registered_notebooks"
"""And what it took from each notebook."""

NUMBERS = "equation_numbers"
"""And the number of every equation."""

COLUMNS = ["Chapter", "Equations", "Steps", "Claims", "Asserted"]
"""The heads of the table of counts."""


def stated(env: BuildEnvironment, name: str) -> Notebook:
    """Return what the register takes from a notebook."""
    return notebooks.read(Path(env.doc2path(name)))


def anchor(docname: str, cell: str) -> str:
    """Return the label of a cell.

    Examples
    --------
    >>> anchor("chapters/03_tanh", "Speed run")
    'cell-03-tanh-speed-run'
    """
    return nodes.make_id(f"cell-{Path(docname).name}-{cell}")


class Register(SphinxDirective):
    """`{register}`: what stands behind each statement, chapter by chapter."""

    def run(self) -> list[nodes.Node]:
        """Return the counts and a section for each chapter."""
        setattr(self.env, PAGE, self.env.docname)
        ledger = Path(self.env.srcdir) / claims.LEDGER
        listed: dict[str, list[claims.Claim]] = {}
        if ledger.exists():
            self.env.note_dependency(ledger)
            for claim in claims.load(ledger):
                listed.setdefault(claim.chapter, []).append(claim)
        names = notebooks.names(self.env)
        if not names:
            raise EvidenceError("there is no notebook to make a register of")
        found = {name: stated(self.env, name) for name in names}
        setattr(self.env, STATED, found)
        of = {name: listed.get(Path(name).name, []) for name in found}
        said = Path(self.env.srcdir) / formulas.FILE
        inline = []
        if said.exists():
            self.env.note_dependency(said)
            inline = [one for one in formulas.load(said) if not one.names]
        return [
            *self.kinds(found, of),
            self.table(found, of),
            *(
                self.section(
                    name,
                    found[name],
                    of[name],
                    [one for one in inline if one.chapter == Path(name).name],
                )
                for name in found
            ),
        ]

    # Counts

    def kinds(
        self, found: dict[str, Notebook], of: dict[str, list[claims.Claim]]
    ) -> list[nodes.Node]:
        """Return how often each kind of evidence occurs in the book."""
        counts = Counter(one.kind for each in found.values() for one in each.statements)
        assertions = [one for each in found.values() for one in each.assertions]
        steps = sum(one.steps or 0 for each in found.values() for one in each.statements)
        every = [claim for each in of.values() for claim in each]
        lines = [
            f"{sum(counts.values())} equations and derivations, with {several(steps, 'step')}: "
            + "; ".join(f"{counts[kind]} × {kind}" for kind in notebooks.KINDS.values())
            + ".",
            f"{len(every)} claims: {sum(claim.computed for claim in every)} computed in a cell, "
            f"{sum(bool(claim.sources) for claim in every)} with a cited source, many of them "
            "with both.",
            f"{len(assertions)} asserted conditions.",
        ]
        return [listing([[nodes.Text(line)] for line in lines], "register-tally")]

    def table(self, found: dict[str, Notebook], of: dict[str, list[claims.Claim]]) -> nodes.table:
        """Return the counts of each chapter."""
        rows = [
            [
                *counts(one.statements),
                len(of[name]),
                len(one.assertions),
            ]
            for name, one in found.items()
        ]
        body = [
            [[self.section_link(name, one.title)], *([nodes.Text(str(count))] for count in row)]
            for (name, one), row in zip(found.items(), rows)
        ]
        sums = [nodes.Text(str(sum(column))) for column in zip(*rows)]
        body.append([[nodes.Text("The book")], *([number] for number in sums)])
        return table([[nodes.Text(head)] for head in COLUMNS], body)

    def section_link(self, name: str, title: str) -> nodes.reference:
        """Return a link to the section of a chapter on this page."""
        return nodes.reference("", "", *self.inline(title), internal=True, refid=section_id(name))

    # Sections

    def section(
        self,
        name: str,
        found: Notebook,
        listed: list[claims.Claim],
        sentences: list[formulas.Formula],
    ) -> nodes.section:
        """Return what a chapter states."""
        section = nodes.section(ids=[section_id(name)])
        section += nodes.title("", "", *self.inline(found.title))
        if found.statements:
            equations, steps = counts(found.statements)
            derived = f", with {several(steps, 'step')} of derivations" if steps else ""
            section += folded(
                f"Equations: {equations}{derived}",
                [self.statement(one) for one in found.statements],
            )
        if sentences:
            rows = [self.formula(one) for one in sentences]
            section += folded(f"Formulas in sentences: {len(rows)}", rows)
        if listed:
            section += folded(f"Claims: {len(listed)}", [self.claim(one) for one in listed])
        for exercise, head in ((False, "Asserted in the text"), (True, "Asserted in exercises")):
            chosen = [one for one in found.assertions if one.exercise is exercise]
            if chosen:
                rows = [self.assertion(name, one) for one in chosen]
                section += folded(f"{head}: {len(chosen)}", rows)
        return section

    def statement(self, one: Statement) -> list[nodes.Node]:
        """Return an equation with its number, or a derivation with its steps."""
        head = [*self.inline(f"{{eq}}`{one.label}`"), nodes.Text(" "), formula(one.lines[0])]
        kind = one.kind if one.steps is None else f"{one.steps} steps, each a {one.kind}"
        if one.steps == 1:
            kind = f"one step, a {one.kind}"
        words = [head, [basis(f"{kind}, {one.detail}" if one.detail else kind)]]
        if one.steps is not None:
            words[1:1] = [[formula(line)] for line in one.lines[1:]]
        return [nodes.paragraph("", "", *line) for line in words]

    def formula(self, one: formulas.Formula) -> list[nodes.Node]:
        """Return an inline formula with what it rests on."""
        head = nodes.paragraph("", "", nodes.math("", one.formula))
        foot: list[nodes.Node] = []
        if one.equation:
            place = "Follows from equation " if one.check else "Part of equation "
            foot = [nodes.Text(place), *self.inline(f"{{eq}}`{one.equation}`")]
        if one.check:
            check = nodes.inline("", ": ", classes=["screen-only"])  # many pages on paper
            check += nodes.literal("", one.check)
            foot += [
                nodes.Text("; checked by the build" if foot else "Checked by the build"),
                check,
            ]
        return [head, nodes.paragraph("", "", *foot, nodes.Text("."), classes=["register-basis"])]

    def claim(self, one: claims.Claim) -> list[nodes.Node]:
        """Return a claim with its verdict and the kind of evidence."""
        cited = Counter(one.sources.values())
        kinds = ["computed in a cell"] * one.computed
        kinds += [f"cited, {grade} ({cited[grade]})" for grade in claims.GRADES if cited[grade]]
        head = [self.link(one.name.lower(), one.name), nodes.Text(" "), *self.inline(one.claim)]
        verdict = claims.badge(one.verdict, ". ")
        foot = [
            verdict,
            basis("; ".join(kinds)),
            nodes.Text(" "),
            self.link(one.passage, "passage"),
        ]
        return [nodes.paragraph("", "", *head), nodes.paragraph("", "", *foot)]

    def assertion(self, docname: str, one: Assertion) -> list[nodes.Node]:
        """Return an asserted condition with the loops around it, and a link to its cell."""
        head: list[nodes.Node] = [nodes.literal("", one.source)]
        for loop in one.each:
            head += [nodes.Text(" for "), nodes.literal("", loop)]
        head += [nodes.Text(" "), self.link(anchor(docname, one.cell), "cell")]
        return [nodes.paragraph("", "", *head)]

    def inline(self, text: str) -> list[nodes.Node]:
        """Parse MyST Markdown that is a single paragraph into inline nodes."""
        container = nodes.Element()
        self.state.nested_parse(StringList([text], "register"), 0, container)
        return container.children[0].children

    def link(self, label: str, text: str) -> addnodes.pending_xref:
        """Return a link to a label; one that does not exist is a warning."""
        return addnodes.pending_xref(
            "",
            nodes.inline("", text),
            refdoc=self.env.docname,
            refdomain="std",
            refexplicit=True,
            reftarget=label,
            reftype="ref",
            refwarn=True,
        )


def counts(statements: Iterable[Statement]) -> tuple[int, int]:
    """Return the number of equations, derivations among them, and that of their steps."""
    steps = [one.steps or 0 for one in statements]
    return len(steps), sum(steps)


def several(number: int, what: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> several(1, "step"), several(2, "step")
    ('1 step', '2 steps')
    """
    return f"{number} {what}{'s' * (number != 1)}"


def section_id(docname: str) -> str:
    """Return where a chapter begins on the page."""
    return nodes.make_id(f"register-{Path(docname).name}")


def formula(text: str) -> nodes.inline:
    """Return a statement in Unicode, with primes that no typesetter takes for quotes."""
    return nodes.inline("", text.replace("'", "′"), classes=["register-formula"])


def basis(kind: str) -> nodes.inline:
    """Return a kind of evidence as a sentence."""
    return nodes.inline("", f"{kind[0].upper()}{kind[1:]}.", classes=["register-basis"])


def listing(items: Iterable[list[nodes.Node]], name: str) -> nodes.bullet_list:
    """Return a list of lines."""
    rows = [nodes.list_item("", nodes.paragraph("", "", *item)) for item in items]
    return nodes.bullet_list("", *rows, classes=[name])


def folded(title: str, items: list[list[nodes.Node]]) -> nodes.admonition:
    """Return a list below a title that opens it."""
    rows = nodes.bullet_list("", *(nodes.list_item("", *item) for item in items))
    rows["classes"] = ["register-rows"]
    box = nodes.admonition("", nodes.title("", title), rows, classes=["dropdown", "register"])
    return box


def table(head: list[list[nodes.Node]], body: list[list[list[nodes.Node]]]) -> nodes.table:
    """Return a table of the given cells."""

    def row(cells: list[list[nodes.Node]]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))

    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", row(head))
    group += nodes.tbody("", *map(row, body))
    return nodes.table("", group, classes=["register-counts"])


# Checks that need the pages


def mark_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Give every code cell of a notebook an address, under which the register links to it."""
    env = app.env
    cells = [node for node in doctree.findall(nodes.container) if "cell_index" in node]
    if not cells:
        return
    identities = [cell["id"] for cell in notebooks.cells(Path(env.doc2path(env.docname)))]
    labels = env.get_domain("std").anonlabels
    for node in cells:
        if node.get("nb_element") == "cell_code":
            label = anchor(env.docname, identities[node["cell_index"]])
            node["ids"].append(label)
            labels[label] = env.docname, label


def check_typed(app: Sphinx, doctree: nodes.document) -> None:
    """Raise `EvidenceError` if a page shows an equation that has no label.

    An output comes in several forms, of which a page shows one: the labelled Markdown
    of a checked equation hides its LaTeX, which has no label.
    """
    hidden: set[int] = set()
    order = get_mime_priority(app.builder.name, app.config.nb_mime_priority_overrides)
    for bundle in doctree.findall(nodes.container):
        if bundle.get("nb_element") == "mime_bundle":
            forms = {form["mime_type"]: form for form in bundle.children}
            shown = next((name for name in order if name in forms), None)
            for name, form in forms.items():
                if name != shown:
                    hidden |= {id(node) for node in form.findall(nodes.math_block)}
    for node in doctree.findall(nodes.math_block):
        if not node.get("label") and id(node) not in hidden:
            raise EvidenceError(
                f"{app.env.docname} shows an equation without a label: {node.astext()[:120]!r}"
            )


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Have the register read again where a notebook has come or gone, or states something else.

    A sentence that changes leaves it alone.
    """
    page = getattr(env, PAGE, None)
    if page not in env.found_docs:
        return []
    known = getattr(env, STATED, {})
    same = set(known) == set(notebooks.names(env)) and all(
        known[name] == stated(env, name) for name in changed & set(known)
    )
    return [] if same else [page]


def renumbered(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have every page written again where an equation has another number.

    Any page may refer to it: the register, the ledger, another chapter.
    """
    equations = env.get_domain("math").equations
    inside = {
        name: dict(kinds.get("displaymath", {})) for name, kinds in env.toc_fignumbers.items()
    }
    numbers = dict(equations), inside
    if numbers == getattr(env, NUMBERS, None):
        return []
    setattr(env, NUMBERS, numbers)
    return sorted(env.found_docs)


def check_book(app: Sphinx, env: BuildEnvironment) -> None:
    """Compare the equations of the pages with those of the register, in both directions.

    Sphinx calls this in every build, before it stores what it has read; so a build
    that failed here fails again.
    """
    if getattr(env, PAGE, None) not in env.found_docs:
        return  # a build without the page
    shown: dict[str, set[str]] = {}
    for label, (docname, _) in env.get_domain("math").equations.items():
        shown.setdefault(docname, set()).add(label)
    names = notebooks.names(env)
    if strangers := set(shown) - set(names):
        name = min(strangers)
        raise EvidenceError(f"{name} shows {min(shown[name])}, and is no notebook that computes it")
    for name in names:
        path = Path(env.doc2path(name))
        registered = {one.label for one in notebooks.read(path).statements}
        for label in sorted(registered ^ shown.get(name, set())):
            what = (
                "is on the register, but the page does not show it"
                if label in registered
                else "is shown, but it is not on the register; run make refresh"
            )
            raise EvidenceError(f"{path.name}: {label} {what}")


def connect(app: Sphinx) -> None:
    """Add the directive, and check what it lists."""
    app.add_directive("register", Register)
    app.connect("doctree-read", mark_cells)
    app.connect("doctree-read", check_typed)
    app.connect("env-get-outdated", outdated)
    app.connect("env-get-updated", renumbered, priority=900)  # after Sphinx has numbered them
    app.connect("env-updated", check_book)
