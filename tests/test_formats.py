"""The PDF and the EPUB: what becomes of a page, from small pages. `make dist` makes them whole."""

import io
import re
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from formats import book, checks, dist, epub, pages, pdf
from formats.archive import archive

PAGE = """
<article class="bd-article">
<section id="relu">
<h1><span class="section-number">4. </span>ReLU<a class="headerlink" href="#relu">#</a></h1>
<section id="predict"><h2>Predict<a class="headerlink" href="#predict">#</a></h2>
<p>How many units die?</p>
<div class="dropdown admonition"><p class="admonition-title">The answer</p>
<p>More than you think.</p></div>
</section>
<section id="idea"><h2>The idea</h2>
<div class="cell"><details class="admonition hide above-input"><summary>Show the code</summary>
<div class="cell_input"><pre>secret = 1</pre></div></details>
<div class="cell_output"><figure class="vg-explore" id="hinge"><style>x {}</style>
<div class="vg-panels" role="img" aria-labelledby="hinge-says">
<svg aria-hidden="true" style="--vg-width:252" viewBox="0 0 252 187"><clipPath id="hinge-clip"/>
<path clip-path="url(#hinge-clip)" style="stroke:var(--vg-ink,#222833)" d="M0 0"/></svg></div>
<div class="vg-controls" hidden><label for="hinge-x">x</label><input id="hinge-x"></div>
<p class="vg-says" id="hinge-says" aria-live="polite">At x = 2 the slope is 1.</p>
<figcaption>Half of it is flat.</figcaption><script>move()</script></figure></div></div>
<div class="cell"><details class="hide"><summary>Show</summary></details></div>
<p>See <a class="reference internal" href="02_sigmoid.html#slope" title="tip">there</a>, <a
href="../search.html">search</a> and <a href="https://example.org/x">elsewhere</a>.</p>
<div class="admonition question"><p class="admonition-title">Quick question: which slope?</p>
<div class="dropdown answer wrong admonition"><p class="admonition-title">Zero</p><p>No. Look.</p>
</div>
<div class="dropdown answer right admonition"><p class="admonition-title">One</p><p>Right. Yes.</p>
</div></div>
<div class="dropdown admonition"><p class="admonition-title">Sources</p><p>A book.</p></div>
</section>
<section id="exercises"><h2>Exercises</h2>
<div class="exercise admonition" id="ex-a"><p class="admonition-title">Exercise 4.1 (Hinges)</p>
<section id="exercise-content"><p>Prove it.</p></section></div>
<div class="dropdown hint admonition"><p class="admonition-title">Hint</p><p>Think.</p></div>
<div class="solution dropdown admonition" id="chapters/04_relu-solution-1">
<p class="admonition-title">Solution to <a href="#ex-a">Exercise 4.1 (Hinges)</a></p>
<section id="solution-content"><p>It follows.</p></section></div>
<div class="exercise admonition" id="ex-b"><p class="admonition-title">Exercise 4.2</p>
<section id="exercise-content"><p>Again.</p></section></div>
</section>
</section>
</article>
"""
OTHER = '<article><section id="s"><h1>Sigmoid</h1><p id="slope">Steep.</p></section></article>'
NAMES = ["chapters/04_relu", "chapters/02_sigmoid"]


@pytest.fixture
def chapter():
    return pages.read_page(PAGE, "chapters/04_relu", NAMES)


@pytest.fixture
def other():
    return pages.read_page(OTHER, "chapters/02_sigmoid", NAMES)


def section(chapter, name):
    return chapter.body.find(id=f"ch-04_relu--{name}")


# From a page to a chapter


def test_a_chapter_knows_its_title_and_its_sections(chapter):
    assert chapter.title == "4 ReLU"
    titles = ["Predict", "The idea", "Exercises", "Answers, hints and solutions"]
    assert [heading.text for heading in chapter.headings] == titles
    known = {tag["id"] for tag in chapter.body.find_all(id=True)}
    assert {heading.target for heading in chapter.headings} <= known


def test_nothing_on_paper_asks_for_a_click_and_answers_stand_at_the_end(chapter):
    assert not chapter.body.select("script, style, input, button, details, label, .headerlink")
    assert "secret" not in chapter.body.get_text()
    assert len(chapter.body.select("div.cell")) == 1
    answers = section(chapter, "answers").extract()
    rest = chapter.body.get_text()
    for words in ["More than you think.", "No. Look.", "Right. Yes.", "Think.", "It follows."]:
        assert words in answers.get_text()
        assert words not in rest
    assert "A book." in rest, "what is no answer stays in its place"


def test_links_lead_to_every_answer_and_back(chapter):
    answers = section(chapter, "answers").extract()
    entries = answers.select(".answer")
    assert [pages.plain(entry.p) for entry in entries] == [
        "Predict: The answer",
        "Quick question: which slope?",
        "Hint for Exercise 4.1 (Hinges)",
        "Solution to Exercise 4.1 (Hinges)",
    ]
    for entry in entries:
        [link] = chapter.body.select(f'a[href="#{entry["id"]}"]')
        place = chapter.body.find(id=entry.p.a["href"].removeprefix("#"))
        assert link in (place.find_next_sibling() or place).find_all("a") + place.find_all("a")
        assert link.find_next_sibling()["data-page-of"] == entry["id"]
    assert not section(chapter, "ex-b").select(".see-answers")


def test_a_quick_question_keeps_its_choices_in_order(chapter):
    [question] = chapter.body.select(".question")
    assert [pages.plain(choice) for choice in question.select("ol > li")] == ["Zero", "One"]
    text = pages.plain(section(chapter, "answers"))
    assert re.search(r"A\. Zero ?No\. Look\. ?B\. One ?Right\. Yes\.", text)


def test_links_between_pages_become_links_within_the_document(chapter):
    found = {link.get_text(): link["href"] for link in section(chapter, "idea").select("p > a")}
    assert found["there"] == "#ch-02_sigmoid--slope"
    assert found["elsewhere"] == "https://example.org/x"
    assert "search" not in found and "search" in chapter.body.get_text()


def test_every_link_has_to_arrive_at_one_place(chapter, other):
    pages.check_links([chapter, other])
    names = [tag["id"] for tag in chapter.body.find_all(id=True)]
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", name) for name in names), "as XML wants them"
    with pytest.raises(pages.FormatError, match="used twice: ch-02_sigmoid,"):
        pages.check_links([other, other])
    other.body.find(id="ch-02_sigmoid--slope").decompose()
    with pytest.raises(pages.FormatError, match="04_relu: #ch-02_sigmoid--slope"):
        pages.check_links([chapter, other])


HINT = '<div class="dropdown hint"><p>x</p></div><p '


@pytest.mark.parametrize(
    "page, message",
    [
        (OTHER.replace("<p ", HINT), "belongs to no exercise"),
        (PAGE.replace("At x = 2 the slope is 1.", ""), "hinge has no description"),
    ],
)
def test_a_page_that_paper_cannot_show_is_refused(page, message):
    with pytest.raises(pages.FormatError, match=message):
        pages.read_page(page, "chapters/02_sigmoid", NAMES)


def test_a_figure_carries_its_colours_its_clip_and_its_description(chapter):
    [figure] = chapter.body.select("figure")
    assert "var(" not in str(figure) and "--vg" not in str(figure)
    assert figure.path["style"] == "stroke:#222833"
    assert figure.path["clip-path"] == f"url(#{figure.find('clippath')['id']})"
    assert figure.select_one(".vg-panels")["aria-label"] == "At x = 2 the slope is 1."
    assert pages.plain(figure.figcaption) == "Half of it is flat."
    assert "panels-1" in figure["class"]


def test_the_order_and_the_parts_are_those_of_the_table_of_contents(tmp_path):
    toc = tmp_path / "_toc.yml"
    toc.write_text(
        "root: a\nparts:\n- caption: One\n  chapters:\n  - file: b\n  - file: c\n"
        "- caption: Two\n  chapters:\n  - file: d\n"
    )
    assert list(pages.contents(toc)) == [("a", ""), ("b", "One"), ("c", ""), ("d", "Two")]
    with pytest.raises(pages.FormatError, match="a.html is missing"):
        pages.read_book(tmp_path, toc)


# The PDF


def test_the_document_for_print_has_a_running_head_and_a_line_for_each_section(chapter, tmp_path):
    chapter.title = 'A "4" <ReLU>'
    text = pdf.compose([chapter], tmp_path)
    assert r'content: "A \"4\" \3c ReLU>";' in text
    soup = BeautifulSoup(text, "html.parser")
    lines = soup.select("nav.contents .entry")
    assert len(lines) == 1 + len(chapter.headings)
    for line in lines:
        assert line.a["href"] == "#" + line.select_one(".page-of")["data-page-of"]


def test_every_font_is_there():
    assert all(re.match("file:.*ttf$", font.address) for font in book.fonts())
    names = [font.address.removeprefix("file://") for font in book.fonts()]
    assert [name for name in names if not book.Path(name).is_file()] == []


def blank_pdf(day="D:20260101"):
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/CreationDate": day})
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer


def test_what_is_wrong_with_a_pdf_is_listed():
    font = DictionaryObject({NameObject("/BaseFont"): NameObject("/Helvetica")})
    fonts = DictionaryObject({NameObject("/F1"): font})
    reader = PdfReader(blank_pdf())
    reader.pages[0][NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    found = "\n".join(checks.faults(reader, ["4 ReLU"]))
    for fault in [
        "no bookmark leads to '4 ReLU'",
        "not tagged",
        "not say its language",
        "page 1 has no text",
        "/Helvetica, which is not embedded",
        "nothing in the document is a link",
    ]:
        assert fault in found


@pytest.mark.parametrize("target", ["file:///home/x/book.html", ""])
def test_a_link_to_this_machine_is_found(target):
    action = DictionaryObject({NameObject("/URI"): TextStringObject(target)})
    link = DictionaryObject({NameObject("/A"): action})
    reader = PdfReader(blank_pdf())
    reader.pages[0][NameObject("/Annots")] = pdf.ArrayObject([link])
    assert any(repr(target) in fault for fault in checks.faults(reader, []))


def test_a_finished_pdf_carries_the_date_of_the_commit_and_no_other(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    finished, later = (
        pdf.finished(blank_pdf(day).getvalue(), []) for day in ("D:20260102", "D:20260103")
    )
    assert finished == later
    reader = PdfReader(io.BytesIO(finished))
    assert reader.metadata.creation_date == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)
    assert reader.metadata.title == "Vanishing Gradients: an interactive textbook"
    assert reader.root_object["/Lang"] == "en-GB"
    assert reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"].value
    assert len({str(part) for part in reader.trailer["/ID"]}) == 1


def test_the_title_page_begins_both_lines_with_a_capital():
    assert (book.about().title, book.about().subtitle) == (
        "Vanishing Gradients",
        "An interactive textbook",
    )


def test_every_chapter_and_section_has_a_bookmark():
    writer = PdfWriter(blank_pdf())
    writer.add_blank_page(100, 100)
    writer.add_named_destination("ch-a", 0)
    writer.add_named_destination("s", 1)
    buffer = io.BytesIO()
    writer.write(buffer)
    chapter = pages.Chapter("a", "1 A", None, [pages.Heading("s", "First & last")])
    reader = PdfReader(io.BytesIO(pdf.finished(buffer.getvalue(), [chapter])))
    chapter, [section] = reader.outline
    assert (chapter.title, reader.get_destination_page_number(chapter)) == ("1 A", 0)
    assert (section.title, reader.get_destination_page_number(section)) == ("First & last", 1)


# The EPUB

BODY = (
    '<section id="ch-04_relu" class="chapter"><h1>4 ReLU</h1><h2 id="h">A</h2>'
    '<p><math xmlns="http://www.w3.org/1998/Math/MathML"/><a href="#ch-02_sigmoid">x</a></p>'
    "</section>"
)


@pytest.fixture
def unpacked(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    chapters = [
        pages.Chapter("02_sigmoid", "2 The sigmoid & more", None, [], "Part"),
        pages.Chapter("04_relu", "4 ReLU", None, [pages.Heading("h", "A")]),
    ]
    contents = [
        epub.Page("cover", "T", '<p id="cover">T</p>', "cover"),
        epub.Page("front", "T", "<p>T</p>", "frontmatter"),
        epub.Page("ch-02_sigmoid", "2 The sigmoid & more", "<p>S</p>"),
        epub.Page("ch-04_relu", "4 ReLU", BODY),
    ]
    data = epub.pack(contents, chapters, b"PNG")
    assert data == epub.pack(contents, chapters, b"PNG")
    return zipfile.ZipFile(io.BytesIO(data))


def test_an_epub_says_what_it_is_first_and_plainly(unpacked):
    first = unpacked.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert unpacked.read(first) == b"application/epub+zip"
    assert {entry.date_time for entry in unpacked.infolist()} == {(2001, 9, 9, 1, 46, 40)}


def test_the_manifest_of_an_epub_lists_every_file(unpacked):
    package = ElementTree.fromstring(unpacked.read("book/package.opf"))
    items = package.findall(".//{*}item")
    listed = {f"book/{item.get('href')}" for item in items} | {"book/package.opf"}
    assert listed == {name for name in unpacked.namelist() if name.startswith("book/")}
    identifiers = [item.get("id") for item in items]
    assert [item.get("idref") for item in package.findall(".//{*}itemref")] == [
        "cover",
        "front",
        "nav",
        "ch-02_sigmoid",
        "ch-04_relu",
    ]
    assert len(set(identifiers)) == len(identifiers)
    [chapter] = [item for item in items if item.get("id") == "ch-04_relu"]
    assert chapter.get("properties") == "mathml"
    assert "2001-09-09T01:46:40Z" in [meta.text for meta in package.findall(".//{*}meta")]


def test_the_links_of_an_epub_lead_from_file_to_file(unpacked):
    names = {name.removeprefix("book/") for name in unpacked.namelist()}
    for name in [name for name in names if name.endswith(".xhtml")]:
        root = ElementTree.fromstring(unpacked.read(f"book/{name}"))
        for link in root.iterfind(".//{*}a"):
            file, _, fragment = link.get("href").partition("#")
            assert (file or name) in names
            there = ElementTree.fromstring(unpacked.read(f"book/{file or name}"))
            assert not fragment or there.find(f".//*[@id='{fragment}']") is not None
    contents = unpacked.read("book/nav.xhtml").decode()
    assert '<a href="ch-04_relu.xhtml#h">A</a>' in contents
    assert "<span>Part</span>" in contents and "The sigmoid &amp; more" in contents


# The release


def test_an_archive_depends_on_nothing_but_its_files():
    date = datetime(2001, 2, 3, tzinfo=UTC)
    data = archive({"b": b"1" * 1000, "a": b"2"}, date)
    assert data == archive({"b": b"1" * 1000, "a": b"2"}, date)
    unpacked = zipfile.ZipFile(io.BytesIO(data))
    assert unpacked.namelist() == ["b", "a"] and unpacked.testzip() is None
    assert len(data) < 1000


def test_the_offline_book_is_one_folder(tmp_path):
    with pytest.raises(pages.FormatError, match="run make book first"):
        dist.offline_book(tmp_path)
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "a.html").write_text("A")
    (tmp_path / "index.html").write_text("I")
    names = zipfile.ZipFile(io.BytesIO(dist.offline_book(tmp_path))).namelist()
    assert names == ["vanishing-gradients/chapters/a.html", "vanishing-gradients/index.html"]


def test_the_date_is_given_or_that_of_the_commit(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert book.moment() == book.EPOCH
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert book.EPOCH <= book.moment() < datetime.now(UTC)
