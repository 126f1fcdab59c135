"""The whole built book as chapters for paper: nothing is lost and nothing asks for a click."""

import re
from pathlib import Path

import pytest

from formats import epub, pages, pdf

TOC = Path(__file__).resolve().parents[2] / "_toc.yml"


@pytest.fixture(scope="module")
def chapters(book):
    """Read every page of the book; a link that leads nowhere stops here."""
    return pages.read_book(book, TOC)


def test_no_figure_and_no_equation_of_a_page_is_lost(book, chapters):
    for chapter in chapters:
        page = (book / "chapters" / f"{chapter.stem}.html").read_text(encoding="utf-8")
        figures = chapter.body.select("figure.vg-explore")
        assert len(figures) == page.count('<figure class="vg-explore"'), chapter.stem
        assert all(figure.select(".vg-panels > svg path") for figure in figures)
        equations = chapter.body.select("div.math")
        assert len(equations) == page.count('<div class="math '), chapter.stem


def test_equations_are_numbered_once_in_the_whole_book(chapters):
    numbers = [
        pages.plain(number) for chapter in chapters for number in chapter.body.select(".eqno")
    ]
    assert len(numbers) > 100
    assert all(re.fullmatch(r"\([\d.]+\)", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_nothing_is_folded_and_every_answer_stands_among_the_answers(chapters):
    for chapter in chapters:
        body = chapter.body
        assert not body.select("script, style, details, button, input, select, iframe")
        assert not body.select(".dropdown:not(.answers *)"), chapter.stem
        assert "var(--" not in body.decode()
        assert not body.select(":is(.hint, .solution, .answer):not(.answers *)"), chapter.stem
        for exercise in body.select(".admonition.exercise"):
            links = [pages.plain(link) for link in exercise.select(".see a")]
            assert sorted(links) == ["Hint", "Solution"], exercise.get("id")


def test_both_documents_hold_every_chapter(book, chapters):
    text = pdf.compose(chapters, book)
    assert all(f'<section class="chapter" id="{chapter.target}">' in text for chapter in chapters)
    front = epub.Page("front", "Front", "")
    made = [epub.Page(each.target, each.title, each.body.decode()) for each in chapters]
    links = epub.places([front, *made])
    assert all(epub.relinked(page.body, links) for page in made)
