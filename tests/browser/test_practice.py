"""Quick questions: answered with the keyboard alone, on every chapter of the built book."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))


def views(all_chapters, one_chapter):
    """Return every chapter at one width and shade, and one of them at another: the style is one."""
    return [*((name, *all_chapters) for name in CHAPTERS), (CHAPTERS[0], *one_chapter)]


LOOK = """answer => {
  const title = answer.querySelector(".admonition-title");
  const button = title.querySelector("button");
  const parts = [[answer], [title], [title, "::before"], [button], [button, "::before"]];
  const names = ["color", "background-color", "border-top", "border-left", "border-radius",
    "box-shadow", "content", "font-weight", "mask-image", "opacity", "padding-left"];
  return parts.flatMap(([element, pseudo]) => {
    const style = getComputedStyle(element, pseudo);
    return names.map((name) => `${name}: ${style.getPropertyValue(name)}`);
  });
}"""
"""How an answer looks, apart from its words."""

MARK = """answer => getComputedStyle(answer.querySelector(".admonition-title"), "::before")
  .getPropertyValue("mask-image")"""
"""The shape beside an answer, whatever its colour."""


def tab_to(page, button):
    """Reach a button as a reader does: from the element before it."""
    button.focus()
    page.keyboard.press("Shift+Tab")
    assert not has_focus(button)
    page.keyboard.press("Tab")


def has_focus(button):
    return button.evaluate("button => button === document.activeElement")


def says(answer):
    """Return the paragraphs that an answer shows once it is open."""
    return answer.locator(":scope > p:not(.admonition-title)")


def answer_by_keyboard(page, answer, key):
    """Open and close an answer; return its name, and whether it is said to be right."""
    button, feedback = answer.locator("button"), says(answer).first
    assert has_focus(button)
    assert button.evaluate("button => getComputedStyle(button).outlineStyle") != "none"
    assert button.get_attribute("aria-expanded") == "false"
    assert not feedback.is_visible()

    page.keyboard.press(key)
    assert button.get_attribute("aria-expanded") == "true"
    assert feedback.is_visible()
    assert has_focus(button)
    right = "right" in answer.get_attribute("class").split()
    assert feedback.inner_text().startswith("Right." if right else "No.")

    page.keyboard.press(key)
    assert button.get_attribute("aria-expanded") == "false"
    assert not feedback.is_visible()
    assert has_focus(button)
    return button.aria_snapshot(), right


@pytest.mark.parametrize("chapter, width, dark", views((1280, False), (390, True)))
def test_quick_questions_are_answered_by_keyboard(visit, server, chapter, width, dark):
    page = visit(f"{server}chapters/{chapter}.html", width=width, dark=dark, typeset=False)
    questions = page.locator(".admonition.question").all()
    assert len(questions) >= 3
    for question in questions:
        answers = question.locator(".admonition.answer").all()
        # Nothing but its words tells an answer from the others.
        assert len({tuple(answer.evaluate(LOOK)) for answer in answers}) == 1

        tab_to(page, answers[0].locator("button"))
        found = []
        for number, answer in enumerate(answers):
            # From a folded answer, Tab leads to the next: no link in between can be reached.
            found.append(answer_by_keyboard(page, answer, ["Enter", "Space"][number % 2]))
            page.keyboard.press("Tab")
        assert len({name for name, _ in found}) == len(answers)
        assert [right for _, right in found].count(True) == 1


@pytest.mark.parametrize("chapter, width, dark", views((390, False), (1280, True)))
def test_an_answer_is_a_row_to_click_and_its_verdict_can_be_read(
    visit, server, chapter, width, dark
):
    page = visit(f"{server}chapters/{chapter}.html", width=width, dark=dark)
    for question in page.locator(".admonition.question").all():
        marks = {True: set(), False: set()}
        for answer in question.locator(".admonition.answer").all():
            row, target = answer.bounding_box(), answer.locator("button").bounding_box()
            assert target["height"] >= 24 and target["width"] >= row["width"] - 2
            # Where the first word stands, whatever it is: text, code or a formula.
            answer.locator(".admonition-title").click(position={"x": 50, "y": row["height"] / 2})
            assert says(answer).first.is_visible()
            right = "right" in answer.get_attribute("class").split()
            marks[right].add(answer.evaluate(MARK))
        assert len(marks[True]) == len(marks[False]) == 1
        assert not marks[True] & marks[False] and "none" not in marks[True] | marks[False]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page, ".admonition.question", {"resultTypes": ["violations"]}).response
    assert [node["html"] for rule in found["violations"] for node in rule["nodes"]] == []
