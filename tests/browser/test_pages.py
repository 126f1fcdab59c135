"""Every page of the built book, as a reader's browser shows it.

A page is opened once from a server for each view, once from a disk, and once without
scripts. Everything that is to be asked of it is asked then.
"""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from figures_on_pages import (
    FIGURES,
    assert_both_changed,
    by_keyboard,
    by_mouse,
    look,
    press,
)  # fmt: skip

from benchmarks.payload import page_weight, runtime_kilobytes

MATHEMATICS = """() => {
  const blocks = [...document.querySelectorAll(".math")];
  const article = document.querySelector(".bd-article") ?? document.body;
  const words = document.createTreeWalker(article, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest("script, style, code, pre, mjx-container")
      ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const raw = [];
  const typed = /\\\\[()\\[\\]]|\\$\\$|\\\\begin\\{/;
  while (words.nextNode()) {
    if (typed.test(words.currentNode.data)) raw.push(words.currentNode.data);
  }
  const containers = [...document.querySelectorAll("mjx-container")];
  return {
    raw,
    errors: [...document.querySelectorAll("mjx-merror, [data-mjx-error], [data-mml-node=merror]")]
      .map((element) => element.textContent || element.dataset.mjxError),
    untouched: blocks.filter((block) => !block.querySelector("mjx-container"))
      .map((block) => block.textContent),
    empty: containers.filter((container) => {
      const box = container.getBoundingClientRect();
      return !container.querySelector("svg path, svg use, svg rect")
        || (container.checkVisibility() && !box.width);
    }).map((container) => container.textContent),
    blocks: blocks.length,
    containers: containers.length,
  };
}"""

CHAPTERS = {path.stem for path in Path(__file__).parents[2].glob("chapters/*.ipynb")}
BUDGET = {"chapters/intro.html": 250}
"""Kilobytes of figures where a page may carry another weight than the others."""


WIDE = """() => [...document.querySelectorAll("body *")].filter((element) =>
  element.getBoundingClientRect().right > innerWidth + 1 && element.checkVisibility())
  .slice(0, 5).map((element) => element.outerHTML.slice(0, 100))"""

# Solutions and hints are folded: what is in them has no width until they are opened.
UNFOLD = """() => {
  document.querySelectorAll("details").forEach((element) => (element.open = true));
  document.querySelectorAll(".toggle-hidden").forEach((element) =>
    element.classList.remove("toggle-hidden"));
}"""

# Slanted letters lean out of a formula in a line by a few pixels.
WIDE_EQUATIONS = """() => [...document.querySelectorAll("mjx-container[display], span.math")]
  .filter((block) => block.checkVisibility()
    && block.scrollWidth > block.clientWidth + (block.matches("span") ? 8 : 1))
  .map((block) =>
    `${block.closest("[id]")?.id}: ${block.scrollWidth} px in ${block.clientWidth}`
    + ` (${block.querySelector("math")?.textContent.slice(0, 60)})`)"""


def assert_whole(page):
    """Assert that all is typeset, that nothing comes from elsewhere and nothing complains."""
    mathematics = page.evaluate(MATHEMATICS)
    for trouble in ("raw", "errors", "untouched", "empty"):
        assert mathematics[trouble] == []
    assert mathematics["containers"] >= mathematics["blocks"]
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    assert page.troubles == []


# Each view of a page from a server, in an order in which no test disturbs the next


def test_a_page_from_a_server_is_whole(shown):
    assert_whole(shown)


def test_quick_questions_are_answered_by_keyboard_or_with_a_click(shown):
    questions = shown.locator(".admonition.question").all()
    assert len(questions) >= 3 or Path(shown.url).stem not in CHAPTERS
    wide = shown.viewport_size["width"] > 500
    for question in questions:
        answers = question.locator(".admonition.answer").all()
        # Nothing but its words tells an answer from the others.
        assert len({tuple(answer.evaluate(LOOK)) for answer in answers}) == 1
        if wide:
            answer_by_keyboard(shown, answers)
        else:
            answer_by_click(answers)


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


def has_focus(button):
    return button.evaluate("button => button === document.activeElement")


def is_right(answer):
    return "right" in answer.get_attribute("class").split()


def says(answer):
    """Return the first paragraph that an answer shows once it is open."""
    return answer.locator(":scope > p:not(.admonition-title)").first


def answer_by_keyboard(page, answers):
    """Open and close each answer of a question; Tab leads from one to the next."""
    first = answers[0].locator("button")
    first.focus()
    page.keyboard.press("Shift+Tab")
    assert not has_focus(first)
    page.keyboard.press("Tab")
    names = set()
    for number, answer in enumerate(answers):
        button, feedback = answer.locator("button"), says(answer)
        assert has_focus(button)
        assert button.evaluate("button => getComputedStyle(button).outlineStyle") != "none"
        for expanded in ("true", "false"):
            page.keyboard.press(["Enter", "Space"][number % 2])
            assert button.get_attribute("aria-expanded") == expanded
            assert feedback.is_visible() == (expanded == "true")
            assert has_focus(button)
        names.add(button.aria_snapshot())
        page.keyboard.press("Tab")
    assert len(names) == len(answers)


def answer_by_click(answers):
    """Open each answer with a click on its row, and leave all open."""
    marks = {True: set(), False: set()}
    for answer in answers:
        row, target = answer.bounding_box(), answer.locator("button").bounding_box()
        assert target["height"] >= 24 and target["width"] >= row["width"] - 2
        # Where the first word stands, whatever it is: text, code or a formula.
        answer.locator(".admonition-title").click(position={"x": 50, "y": row["height"] / 2})
        feedback = says(answer)
        assert feedback.is_visible()
        assert feedback.inner_text().startswith("Right." if is_right(answer) else "No.")
        marks[is_right(answer)].add(answer.evaluate(MARK))
    assert len(marks[True]) == len(marks[False]) == 1
    assert not marks[True] & marks[False] and "none" not in marks[True] | marks[False]


FIRST_FIGURE = """() => {
  scrollTo(0, 0);
  return document.querySelector("figure.vg-explore")?.getBoundingClientRect().top / innerHeight;
}"""


IMPORTS = """() => [...document.querySelectorAll(".highlight .kn")]
  .filter((word) => word.checkVisibility() && word.getBoundingClientRect().top < 2 * innerHeight)
  .map((word) => word.parentElement.textContent)"""


def test_the_first_figure_of_a_chapter_begins_on_the_first_screen(shown):
    if Path(shown.url).stem in CHAPTERS:
        screens = shown.evaluate(FIRST_FIGURE)
        assert screens < (1 if shown.viewport_size["width"] > 600 else 2)
        assert shown.evaluate(IMPORTS) == []


def test_a_page_fits(shown):
    for unfolded in (False, True):
        if unfolded:
            shown.evaluate(UNFOLD)
        fits = shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert fits, shown.evaluate(WIDE)
    assert shown.evaluate(WIDE_EQUATIONS) == []


# Nine of ten elements are spans of coloured code, of which one of each colour is enough,
# and drawings, which are pictures to assistive technology.
THIN_OUT = """() => {
  const kinds = new Set();
  for (const span of [...document.querySelectorAll(".highlight span[class]")]) {
    if (kinds.has(span.className)) span.replaceWith(...span.childNodes);
    else if (span.checkVisibility()) kinds.add(span.className);
  }
  document.querySelectorAll("mjx-container > svg[aria-hidden=true], .vg-panels > svg")
    .forEach((drawing) => drawing.replaceChildren());
}"""

# What was unfolded fades in, and is pale until it has.
STAND_STILL = """() => Promise.allSettled(
  document.getAnimations().map((animation) => animation.finished)
)"""


def test_a_page_has_no_accessibility_violation(shown):
    """The last of those that look at a page, because it takes elements away."""
    shown.evaluate(UNFOLD)
    shown.evaluate(THIN_OUT)
    shown.evaluate(STAND_STILL)
    found = Axe().run(shown, options={"resultTypes": ["violations"]}).response["violations"]
    assert [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for violation in found
        for node in violation["nodes"]
    ] == []


# A page from a disk: its figures, from any state to any other, and at last on paper


def test_a_page_from_a_disk_is_whole(on_disk):
    assert_whole(on_disk)


PLACE = """control => control.type === "checkbox" ? +control.checked
  : control.type === "range" ? +control.value : control.selectedIndex"""
MOVE = """(control, place) => {
  if (control.type === "checkbox") control.checked = place;
  else if (control.type === "range") control.value = place;
  else control.selectedIndex = place;
  control.dispatchEvent(new Event("input"));
}"""


def test_each_control_changes_picture_and_description_and_brings_them_back(on_disk):
    for figure in on_disk.locator(FIGURES).all():
        first = look(figure)
        controls = figure.locator("[data-control]").all()
        places = [control.evaluate(PLACE) for control in controls]
        for control in controls:
            name = control.get_attribute("data-control")
            before = look(figure)
            for how in by_keyboard(on_disk, control):
                assert_both_changed(figure, before, f"{how} ({name})")
                before = look(figure)
            by_mouse(control)
            assert_both_changed(figure, before, f"a mouse moves {name}")
        for control, place in zip(controls, places, strict=True):
            control.evaluate(MOVE, place)
        assert look(figure) == first
    assert on_disk.troubles == []


def test_a_slider_says_the_value_that_it_shows(on_disk):
    for slider in on_disk.locator(f"{FIGURES} input[type=range]").all():
        labels = slider.get_attribute("data-labels").split("|")
        press(on_disk, slider, "Home")
        for label in labels[:2]:
            assert slider.get_attribute("aria-valuetext") == label
            assert slider.locator("xpath=following-sibling::output").text_content() == label
            press(on_disk, slider, "ArrowRight")


def test_the_play_button_runs_and_stops_and_is_not_there_for_who_avoids_motion(on_disk):
    buttons = on_disk.locator(".vg-play").all()
    for button in buttons[:1]:
        slider = button.locator("xpath=preceding-sibling::input")
        press(on_disk, slider, "Home")
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        on_disk.wait_for_function("slider => +slider.value > 1", arg=slider.element_handle())
        if button.get_attribute("aria-pressed") == "true":
            button.click()
        assert button.get_attribute("aria-pressed") == "false"
        stopped = slider.input_value()
        on_disk.wait_for_timeout(150)
        assert slider.input_value() == stopped
        press(on_disk, slider, "End", "ArrowLeft", "ArrowLeft")
        button.click()
        on_disk.wait_for_function(
            "button => button.ariaPressed === 'false'", arg=button.element_handle()
        )
        assert slider.input_value() == slider.get_attribute("max")
    assert all(button.is_visible() for button in buttons)
    on_disk.emulate_media(reduced_motion="reduce")
    assert not any(button.is_visible() for button in buttons)
    controls = on_disk.locator(f"{FIGURES} [data-control]").all()
    assert all(control.is_visible() for control in controls)
    on_disk.emulate_media(reduced_motion="no-preference")
    assert on_disk.troubles == []


A4 = {"width": 680, "height": 1000}
"""What the margins leave of a sheet, in CSS pixels: 180 mm."""


def test_a_printed_page_shows_the_text_and_nothing_to_press(on_disk):
    """The last of those that use a page from a disk."""
    page = on_disk
    moved = "() => [...document.querySelectorAll('.vg-says')].map((text) => text.textContent)"
    for control in page.locator("figure.vg-explore [data-control]").all():
        control.evaluate(MOVE, 0)
    page.evaluate(
        "document.querySelectorAll('.toggle-button, summary').forEach((button) => button.click())"
    )
    says = page.evaluate(moved)
    page.emulate_media(media="print")
    page.set_viewport_size(A4)
    shown = page.evaluate(
        """() => [...document.querySelectorAll(
          "button:not(.vg-tour *), input, select, nav, .bd-sidebar-primary, .bd-sidebar-secondary,"
          + " .prev-next-footer, .bd-header-article, .headerlink, .skip-link, .vg-controls")]
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().width)
          .map((element) => element.outerHTML.slice(0, 120))"""
    )
    assert shown == [] or page.url.endswith("search.html")
    frames = "buttons => buttons.map((button) => getComputedStyle(button).borderTopWidth)"
    stops = page.locator(".vg-tour button")  # on paper the name of a stop, and no button
    assert set(stops.evaluate_all(frames)) <= {"0px"}
    assert page.evaluate(moved) == says
    clipped = page.evaluate(
        """() => [...document.querySelectorAll(".bd-article *")].filter((element) => {
          if (!element.checkVisibility() || element.closest("svg, mjx-assistive-mml")) return false;
          const box = element.getBoundingClientRect();
          const cut = getComputedStyle(element).overflowX !== "visible"
            && element.scrollWidth > element.clientWidth + (element.matches("span") ? 8 : 2)
            && element.clientWidth > 1;
          return cut || box.right > innerWidth + 1;
        }).map((element) => `${element.outerHTML.slice(0, 100)} ${element.scrollWidth}`)"""
    )
    assert clipped == []
    assert page.locator("h1").first.is_visible()


# Without scripts, and without a browser


def test_without_scripts_a_page_shows_its_figures(visit, book, page_name):
    page = visit((book / page_name).as_uri(), java_script_enabled=False)
    for fold in page.locator("details.deeper > summary").all():
        fold.click()
    for figure in page.locator("figure.vg-explore").all():
        for panel in figure.locator(".vg-panels > svg").all():
            panel.scroll_into_view_if_needed()
            assert panel.is_visible()
            assert panel.bounding_box()["width"] > 100
        assert figure.locator(".vg-panels > svg path").count() > 0
        says = figure.locator(".vg-says")
        assert says.is_visible() and says.text_content().strip()
        for control in figure.locator(".vg-controls").all():
            assert not control.is_visible()


def test_every_identifier_stands_for_one_place(book, page_name):
    names, references = Counter(), set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            for name, value in attributes:
                if name == "id":
                    names[value] += 1
                elif name in ("for", "aria-labelledby", "aria-controls", "aria-describedby"):
                    references.update(value.split())

    Reader().feed((book / page_name).read_text(encoding="utf-8"))
    assert [name for name, count in names.items() if count > 1] == []
    assert references <= set(names)


def test_the_first_address_leads_to_the_first_chapter(book):
    page = (book / "index.html").read_text(encoding="utf-8")
    (target,) = re.findall(r'http-equiv="refresh" content="0; ?url=([^"]+)"', page)
    assert target == "chapters/intro.html" and (book / target).exists()


def test_chapters_are_numbered_in_the_order_of_their_files(book):
    """A chapter has the number of its file once all before it are written."""
    pages = sorted((book / "chapters").glob("[0-9][0-9]_*.html"))
    for position, page in enumerate(pages, start=1):
        [number] = re.findall(
            r'<h1><span class="section-number">(\d+)\.', page.read_text(encoding="utf-8")
        )
        assert int(number) == position <= int(page.name[:2])


def test_the_figures_of_a_page_stay_within_its_budget(book, page_name):
    assert page_weight(book / page_name).gzip_kilobytes <= BUDGET.get(page_name, 150)
    assert 0.5 < runtime_kilobytes() <= 4
