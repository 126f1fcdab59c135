"""The sources of the book: what every chapter promises, read without running anything."""

import ast
import json
import re
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
import yaml
from pybtex.database import parse_file

from bookext import notebooks
from bookext.claims import LEDGER, load
from vgtools.activations import catalogue
from vgtools.frontend import RECORD

BOOK = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((BOOK / "chapters").glob("*.ipynb"))
PAGES = sorted((BOOK / "chapters").glob("*.md"))
KEPT = {"text/plain", "text/markdown", "text/latex", RECORD}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

WITHOUT_IDENTIFIER = {"solla1988accelerated", "verhulst1838notice", "bergstra2009quadratic"}
"""Sources for which neither a DOI nor an arXiv number nor an address was found."""

chapters = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
sources = pytest.mark.parametrize("path", NOTEBOOKS + PAGES, ids=lambda path: path.stem)


def source(cell):
    return "".join(cell["source"])


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def code(path):
    return cells(path, "code") if path.suffix == ".ipynb" else []


def prose(path):
    """Return the text that a person wrote on a page."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(source(cell) for cell in cells(path, "markdown"))


def everything(path):
    return "\n".join([prose(path), *map(source, code(path))])


def sentences(path):
    """Return the prose, and the strings in code that become prose, without typed code."""
    spoken = [prose(path), *re.findall(r'"([^"\n]*)"', "\n".join(map(source, code(path))))]
    text = "\n".join(spoken)
    text = re.sub(r"^(`{3,})python.*?^\1", " ", text, flags=re.S | re.M)
    return re.sub(r"(?<!`)`[^`\n]+`", " ", text)


def headings(path):
    text = re.sub(r"^(`{3,}).*?^\1", "", prose(path), flags=re.S | re.M)
    return [line.lstrip("# ").lower() for line in text.splitlines() if re.match(r"#+ ", line)]


def roles(name, text):
    """Return what the MyST roles of this name (a pattern) refer to."""
    targets = re.findall(rf"\{{(?:{name})\}}`([^`]+)`", text)
    return [re.sub(r".*<(.*)>", r"\1", target, flags=re.S).strip() for target in targets]


def calls(path, names):
    """Return the keywords of every call of these functions in a notebook."""
    return [
        {keyword.arg: keyword.value for keyword in node.keywords}
        for cell in code(path)
        for node in ast.walk(ast.parse(source(cell)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    ]


def labels(path):
    """Return the labels of a notebook's equations."""
    return [statement.label for statement in notebooks.read(path).statements]


def bibliography():
    return parse_file(BOOK / "references.bib").entries


def all_labels():
    return list(chain.from_iterable(labels(path) for path in NOTEBOOKS))


# Notebooks as they are committed


def test_the_table_of_contents_lists_every_page_once():
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    parts = [toc, *toc.get("parts", [])]
    listed = [toc["root"]] + [page["file"] for part in parts for page in part.get("chapters", [])]
    there = [f"chapters/{path.stem}" for path in NOTEBOOKS + PAGES]
    assert sorted(listed) == sorted(there)


@chapters
def test_the_notebook_is_in_its_normal_form(path):
    """Notebooks that were never run pass nbval: it has nothing to compare."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"] == {"kernelspec": KERNEL}
    identities = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identities)) == len(identities)
    assert [cell["id"] for cell in notebook["cells"] if set(cell["metadata"]) - {"tags"}] == []
    counts = [cell["execution_count"] for cell in code(path)]
    assert counts == list(range(1, len(counts) + 1)), "run make refresh"


@chapters
def test_no_cell_and_no_output_escapes_comparison(path):
    for cell in code(path):
        tags = set(cell["metadata"].get("tags", []))
        assert tags <= {"hide-input", "remove-input"}, cell["id"]
        assert not re.search(r"#\s*(NBVAL|PYTEST)_", source(cell), re.I), cell["id"]
        assert not source(cell).rstrip().endswith(";"), cell["id"]
        assert source(cell).strip(), cell["id"]
        for output in cell["outputs"]:
            assert output["output_type"] in {"stream", "display_data", "execute_result"}, cell["id"]
            assert output.get("name", "stdout") == "stdout", cell["id"]
            assert set(output.get("data", {})) <= KEPT, cell["id"]


@chapters
def test_a_notebook_alone_says_how_to_install_the_package(path):
    """A traceback shows the line that failed, with its comment."""
    lines = "\n".join(map(source, code(path))).splitlines()
    imports = [line for line in lines if line.startswith("import vgtools")]
    address = '"vgtools[all] @ git+ADDRESS_OF_THE_REPOSITORY"'
    assert imports == [f"import vgtools as vg  # missing? %pip install {address}"]


# Equations

TYPED = {
    "$$ ... $$": r"\$\$",
    r"\[ ... \]": r"(?<!\\)\\\[",
    "math directive": r"^\s*(?:`{3,}|:{3,})\s*\{math\}",
    "amsmath": r"\\begin\{(?:equation|align|alignat|flalign|gather|multline|eqnarray)\*?\}",
}


@sources
@pytest.mark.parametrize("how", TYPED)
def test_no_display_equation_is_typed(path, how):
    found = re.search(f".*{TYPED[how]}.*", prose(path), re.M)
    assert not found, f"typed and checked by nothing: {found[0]!r}"


@chapters
def test_no_code_prints_a_display_equation_past_the_checks(path):
    text = "\n".join(map(source, code(path)))
    assert not re.search(rf"{TYPED['$$ ... $$']}|\b(?:Math|Latex)\(|{TYPED['amsmath']}", text)


@pytest.mark.parametrize(
    "how, typed",
    [
        ("$$ ... $$", "$$x$$"),
        (r"\[ ... \]", r"so \[x\]"),
        ("math directive", "```{math}\nx\n```"),
        ("math directive", ":::{math}\nx\n:::"),
        ("amsmath", r"\begin{align*}x\end{align*}"),
    ],
)
def test_a_typed_display_equation_would_be_found(how, typed):
    assert re.search(TYPED[how], typed, re.M)
    assert not re.search(TYPED[how], r"A price of \$5, inline $x$ and $a\\[2pt] b$.", re.M)


def test_references_to_equations_arrive_at_one_label():
    assert [label for label, times in Counter(all_labels()).items() if times > 1] == []
    for path in NOTEBOOKS + PAGES:
        assert set(roles("eq", everything(path))) <= set(all_labels()), path.stem


# Sources


def cited(paths):
    text = "\n".join(map(everything, paths))
    return {key.strip() for key in ",".join(roles(r"cite(?::\w+)?", text)).split(",")} - {""}


@sources
def test_every_citation_is_in_the_bibliography(path):
    assert cited([path]) <= set(bibliography())


def test_every_source_is_cited_and_can_be_found():
    text = (BOOK / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,\s]+)", text, re.M)
    assert len(keys) == len(bibliography())
    assert [key for key, times in Counter(map(str.lower, keys)).items() if times > 1] == []
    used = cited(NOTEBOOKS + PAGES) | {key for one in load(BOOK / LEDGER) for key in one.sources}
    used |= {function.source for function in catalogue().values()}
    assert set(bibliography()) - used == set()
    identifiers = {"doi", "eprint", "url"}
    without = {key for key, entry in bibliography().items() if not identifiers & set(entry.fields)}
    assert without == WITHOUT_IDENTIFIER
    for key, entry in bibliography().items():
        assert ("eprint" in entry.fields) == (entry.fields.get("archiveprefix") == "arXiv"), key
    page = (BOOK / "chapters" / "references.md").read_text(encoding="utf-8")
    assert "```{bibliography}\n:all:\n" in page


FORMS = {
    "doi": r"10\.\d{4,9}/[^\s\"<>]+[^\s\"<>.,;]",
    "eprint": r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}",
    "url": r"https?://[a-z0-9.~-]+\.[a-z]+/\S*",
}
"""What an identifier looks like. An arXiv number of a later version is that of the first."""


@pytest.mark.parametrize("kind", FORMS)
def test_identifiers_have_their_form_and_are_used_once(kind):
    found = {
        key: entry.fields[kind] for key, entry in bibliography().items() if kind in entry.fields
    }
    assert {key: text for key, text in found.items() if not re.fullmatch(FORMS[kind], text)} == {}
    times = Counter(map(str.lower, found.values()))
    assert [text for text in times if times[text] > 1] == []


# Mark-up. What a chapter has to have is in test_drafts.py


def open_fences(text):
    """Return the fences of a text that nothing closes."""
    fences = []
    for line in text.splitlines():
        match = re.match(r"\s*(`{3,}|:{3,}|~{3,})(.*)$", line)
        if not match:
            continue
        marks, rest = match[1], match[2].strip()
        literal = fences and not fences[-1][1].startswith("{")
        if fences and not rest and marks[0] == fences[-1][0][0] and marks >= fences[-1][0]:
            fences.pop()
        elif not literal:
            fences.append((marks, rest))
    return ["".join(fence) for fence in fences]


@sources
def test_every_fence_is_closed(path):
    texts = [path.read_text(encoding="utf-8")]
    if path.suffix == ".ipynb":
        texts = [source(cell) for cell in cells(path, "markdown")]
    assert [fence for text in texts for fence in open_fences(text)] == []


def test_an_open_fence_would_be_found():
    assert open_fences("::::{a}\n:::{b}\n:::\n::::\n```python\n:::{c}\n```\n") == []
    assert open_fences("````{exercise}\n```python\nx\n```\n") == ["````{exercise}"]
    assert open_fences(":::{exercise}\nText.") == [":::{exercise}"]


@chapters
def test_every_exercise_has_a_hint_and_a_solution(path):
    exercises = re.findall(r"^[`:]{3,}\{exercise\}.*\n:label: (\S+)", prose(path), re.M)
    solutions = re.findall(r"^[`:]{3,}\{solution\} (\S+)\n:class: dropdown", prose(path), re.M)
    assert sorted(exercises) == sorted(solutions)
    assert len(set(exercises)) == len(exercises)
    assert len(re.findall(r"^:class: .*\bhint\b", prose(path), re.M)) >= len(exercises)
    checked = [cell for cell in code(path) if "vg.check(" in source(cell)]
    assert checked
    for cell in checked:
        assert not cell["metadata"].get("tags"), cell["id"]
        assert str(cell["outputs"]).count("Not begun: ") == 1, cell["id"]


def questions(text):
    """Return the quick questions of a text: the title, and (verdict, answer, feedback) of each."""
    blocks = re.findall(
        r"^::::\{admonition\} ([^\n]+)\n:class: question\n(.*?)^::::$", text, re.S | re.M
    )
    answer = r"^:::\{admonition\} ([^\n]+)\n:class: dropdown answer (\w+)\n(.*?)^:::$"
    return [
        (
            title,
            [
                (kind, words, said.strip())
                for words, kind, said in re.findall(answer, body, re.S | re.M)
            ],
        )
        for title, body in blocks
    ]


def faults_of_questions(text):
    """Say what is wrong with the quick questions of a text."""
    found, faults = questions(text), []
    if len(re.findall(r":class:.*\b(?:question|answer)\b", text)) != len(found) + sum(
        len(answers) for _, answers in found
    ):
        faults.append("a question or an answer is marked up in another way")
    for title, answers in found:
        kinds = Counter(kind for kind, _, _ in answers)
        if not title.startswith("Quick question: "):
            faults.append(f"another title: {title}")
        if kinds["right"] != 1 or not 1 <= kinds["wrong"] <= 3 or set(kinds) != {"right", "wrong"}:
            faults.append(f"not one right answer among two to four: {title}")
        if len({words for _, words, _ in answers}) < len(answers):
            faults.append(f"an answer twice: {title}")
        for kind, words, said in answers:
            if not said.startswith({"right": "Right. ", "wrong": "No. "}.get(kind, "?")):
                faults.append(f"the first word is not the verdict: {words}")
            if len(said) < 40:
                faults.append(f"says too little: {words}")
    places = [[kind for kind, _, _ in answers].index("right") for _, answers in found if not faults]
    if len(places) > 2 and len(set(places)) == 1:
        faults.append("the right answer stands always in the same place")
    return faults


@chapters
def test_a_quick_question_has_one_right_answer(path):
    assert faults_of_questions(prose(path)) == []


@pytest.mark.parametrize(
    "old, new",
    [
        ("Quick question: ", "Question: "),
        (":class: question", ":class: note"),
        ("answer right", "answer wrong"),
        ("answer wrong", "answer right"),
        ("answer wrong", "answer maybe"),
        ("dropdown answer", "answer"),
        ("\nRight. ", "\nNo. "),
        ("\nNo. ", "\nWrong. "),
        (r"\nNo\. .*", "\nNo. Think again."),
    ],
)
def test_a_faulty_quick_question_would_be_found(old, new):
    """Break the questions of a chapter, one way at a time."""
    text = prose(BOOK / "chapters" / "02_sigmoid.ipynb")
    first_three = "\n\n".join(re.findall(r"^::::\{admonition\}.*?^::::$", text, re.S | re.M)[:3])
    assert faults_of_questions(first_three) == []
    assert faults_of_questions(re.sub(old, new, first_three, count=1)) != []


@chapters
def test_every_figure_has_a_description_and_states_its_finding(path):
    assert all({"alt", "caption"} <= set(call) for call in calls(path, {"vg.explore"}))
    assert not re.search(r"\bplt\.|\bpyplot\b|%matplotlib", "\n".join(map(source, code(path))))


# Language


@sources
def test_nothing_is_called_easy(path):
    found = re.search(r".*\b(?:simply|obviously|just)\b.*", sentences(path), re.I)
    assert not found, found[0]


# Reference pages


def glossary():
    text = (BOOK / "chapters" / "glossary.md").read_text(encoding="utf-8")
    [body] = re.findall(r"```\{glossary\}\n(.*?\n)```", text, re.S)
    return [line.lower() for line in body.splitlines() if re.match(r"\S", line)]


def test_the_glossary_explains_every_term_once():
    terms = glossary()
    assert [term for term, times in Counter(terms).items() if times > 1] == []
    for path in NOTEBOOKS + PAGES:
        assert {term.lower() for term in roles("term", everything(path))} <= set(terms), path.stem
