"""Every page of the built book, as a reader's browser shows it.

A page is opened once from a disk, light on a wide screen, once from a server, dark on a
phone, and once without scripts. Everything that is to be asked of it is asked then.
"""

import gzip
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from figures_on_pages import (
    FIGURES,
    LOOK,
    assert_both_changed,
    by_keyboard,
    by_mouse,
    look,
    press,
)  # fmt: skip

from vgtools.explore.page import runtime

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

EVERY_KIND = "chapters/06_prelu.html"
"""A page with a control of each kind."""

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


# Each view of a page, in an order in which no test disturbs the next


def test_a_page_is_whole(shown):
    assert_whole(shown)


QUESTIONS = """() => {
  const shows = (element) => element.checkVisibility({ visibilityProperty: true });
  const names = ["color", "background-color", "border-top", "border-left", "border-radius",
    "box-shadow", "content", "font-weight", "mask-image", "opacity", "padding-left"];
  const look = (element, pseudo) => {
    const style = getComputedStyle(element, pseudo);
    return names.map((name) => `${name}: ${style.getPropertyValue(name)}`).join();
  };
  return [...document.querySelectorAll(".admonition.question")].map((question) =>
    [...question.querySelectorAll(".admonition.answer")].map((answer) => {
      const title = answer.querySelector(".admonition-title"), bullet = [title, "::before"];
      const button = title.querySelector("button"), area = button.getBoundingClientRect();
      const says = answer.querySelector(":scope > p:not(.admonition-title)");
      const press = () => {
        title.scrollIntoView({ block: "center", behavior: "instant" });
        const row = title.getBoundingClientRect();
        // Where the first word stands, whatever it is: text, code or a formula.
        document.elementFromPoint(row.x + 50, row.y + row.height / 2)
          .dispatchEvent(new MouseEvent("click", { bubbles: true }));
        return shows(says) && button.ariaExpanded === "true";
      };
      const stops = [...answer.querySelectorAll("a, button, input, summary, [tabindex]")]
        .filter((one) => one.tabIndex >= 0 && shows(one));
      return {
        name: document.getElementById(button.getAttribute("aria-labelledby")).textContent,
        look: [[answer], [title], bullet, [button], [button, "::before"]]
          .map((part) => look(...part)).join(),
        fits: area.height >= 24 && area.width >= answer.getBoundingClientRect().width - 2,
        stops: stops.length === 1 && stops[0] === button,
        opens: press(),
        mark: getComputedStyle(...bullet).maskImage,
        says: says.textContent,
        right: answer.classList.contains("right"),
        closes: !press() && !shows(says) && button.ariaExpanded === "false",
      };
    }));
}"""
"""Presses each answer twice. Of its look, the words are left out; of its mark, the colour."""


def test_quick_questions_can_be_answered(shown):
    questions = shown.evaluate(QUESTIONS)
    assert len(questions) >= 3 or Path(shown.url).stem not in CHAPTERS
    for answers in questions:
        # Nothing but its words tells an answer from the others.
        assert len({answer["look"] for answer in answers}) == 1
        assert len({answer["name"] for answer in answers}) == len(answers)
        for answer in answers:
            done = [answer[name] for name in ("fits", "stops", "opens", "closes")]
            assert all(done), (done, answer["name"])
            assert answer["says"].startswith("Right." if answer["right"] else "No.")
        marks = [{one["mark"] for one in answers if one["right"] == right} for right in (0, 1)]
        assert len(marks[0]) == len(marks[1]) == 1
        assert not marks[0] & marks[1] and "none" not in marks[0] | marks[1]


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


# From a disk: identifiers and figures, from any state to any other


IDENTIFIERS = """() => {
  const names = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const used = ["for", "aria-labelledby", "aria-controls", "aria-describedby"].flatMap((name) =>
    [...document.querySelectorAll(`[${name}]`)].map((one) => one.getAttribute(name).split(" ")));
  return [names.filter((name, number) => names.indexOf(name) < number),
    used.flat().filter((name) => !names.includes(name))];
}"""
"""What names two places, and what names none."""


def test_every_identifier_stands_for_one_place(on_disk):
    assert on_disk.evaluate(IDENTIFIERS) == [[], []]


MOVE_ALL = f"""() => [...document.querySelectorAll("{FIGURES}")].flatMap((figure) => {{
  const look = {LOOK}, first = look(figure), troubles = [];
  const expect = (what, ...words) => what || troubles.push([figure.id, ...words].join(" "));
  const back = [...figure.querySelectorAll("[data-control]")].map((control) => {{
    const name = control.dataset.control, labels = control.dataset.labels?.split("|");
    const place = control.type === "checkbox" ? "checked"
      : control.type === "range" ? "value" : "selectedIndex";
    const start = +control[place], last = +(control.max || control.length - 1 || 1);
    control.focus();
    expect(document.activeElement === control && control.tabIndex >= 0, name, "has no focus");
    control.scrollIntoView({{ block: "center", behavior: "instant" }});
    const {{ x, y, width, height }} = control.getBoundingClientRect();
    expect(document.elementFromPoint(x + width / 2, y + height / 2) === control, name, "is below");
    const move = (to) => {{
      control[place] = to;
      control.dispatchEvent(new Event("input"));
    }};
    for (const to of [last, 0, 1].filter((to, step) => step || to !== start)) {{
      const before = look(figure);
      move(to);
      const after = look(figure), how = [name, "is moved to", to];
      expect(after[0] !== before[0], "the picture stays when", ...how);
      expect(after[1] !== before[1], "the description stays when", ...how);
      const says = [control.ariaValueText, control.parentElement.querySelector("output")?.value];
      expect(!labels || says.every((one) => one === labels[to]), says, "is shown when", ...how);
    }}
    return () => move(start);
  }});
  back.forEach((move) => move());
  expect(String(look(figure)) === String(first), "does not come back");
  return troubles;
}})"""


def test_each_control_changes_picture_and_description_and_brings_them_back(on_disk):
    assert on_disk.evaluate(MOVE_ALL) == []
    assert on_disk.troubles == []


# Nine of ten elements are spans of coloured code, of which one of each colour is enough,
# formulas, and drawings, which are pictures to assistive technology. The contrast of words is
# judged on three elements of each kind: of a colour and a size, on a ground.
THIN_OUT = """() => {
  const spans = [...document.querySelectorAll(".highlight span[class], .pre")];
  const visible = spans.filter((span) => span.checkVisibility()).reverse();
  const kept = Object.values(Object.fromEntries(visible.map((span) => [span.className, span])));
  spans.filter((span) => !kept.includes(span))
    .forEach((span) => span.replaceWith(...span.childNodes));
  document.querySelectorAll("mjx-container > svg[aria-hidden=true], .vg-panels > svg")
    .forEach((drawing) => drawing.replaceChildren());
  document.querySelectorAll("math").forEach((math) => math.replaceChildren(math.textContent));
}"""
SAMPLE = """() => {
  const grounds = new Map([[null, ""]]), seen = {};
  const ground = (element) => {
    if (!grounds.has(element)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(element);
      const own = [backgroundColor, backgroundImage, opacity].join(" ");
      const clear = own === "rgba(0, 0, 0, 0) none 1";
      grounds.set(element, ground(element.parentElement) + (clear ? "" : own));
    }
    return grounds.get(element);
  };
  for (const element of document.body.querySelectorAll("*")) {
    const words = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!(words || element.matches("input, select"))) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const kind = [element.localName, element.className, color, fontSize, fontWeight].join();
    const key = kind + ground(element);
    seen[key] = (seen[key] ?? 0) + 1;
    element.toggleAttribute("data-sample", seen[key] <= 3);
  }
}"""
AXE = """() => {
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-sample]" }] });
  return axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations);
}"""

# What was unfolded fades in, and is pale until it has.
STAND_STILL = """() => Promise.allSettled(
  document.getAnimations().map((animation) => animation.finished)
)"""


def test_a_page_has_no_accessibility_violation(shown):
    """The last of those that look at a page, because it takes elements away."""
    for script in (UNFOLD, THIN_OUT, STAND_STILL, SAMPLE, Axe().axe_script):
        shown.evaluate(script)
    assert [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for violation in shown.evaluate(AXE)
        for node in violation["nodes"]
    ] == []


A4 = {"width": 680, "height": 1000}
"""What the margins leave of a sheet, in CSS pixels: 180 mm."""


def test_a_printed_page_shows_the_text_and_nothing_to_press(on_disk):
    """The last of all, because it changes the page's size."""
    page = on_disk
    moved = "() => [...document.querySelectorAll('.vg-says')].map((text) => text.textContent)"
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


# Keys and a mouse, on one page


def has_focus(button):
    return button.evaluate("button => button === document.activeElement")


def test_a_question_is_answered_by_keyboard(visit, book):
    """Open and close each answer; Tab leads from one to the next."""
    page = visit((book / EVERY_KIND).as_uri(), typeset=False)
    answers = page.locator(".admonition.question").first.locator(".admonition.answer").all()
    for number, answer in enumerate(answers):
        button = answer.locator("button")
        if not number:
            button.focus()
            page.keyboard.press("Shift+Tab")
            assert not has_focus(button)
        page.keyboard.press("Tab")
        assert has_focus(button)
        assert button.evaluate("button => getComputedStyle(button).outlineStyle") != "none"
        for expanded in ("true", "false"):
            page.keyboard.press(["Enter", "Space"][number % 2])
            assert button.get_attribute("aria-expanded") == expanded


def test_keys_and_mouse_move_a_control_of_each_kind(visit, book):
    page = visit((book / EVERY_KIND).as_uri(), typeset=False)
    for kind in ("input[type=range]", "input[type=checkbox]", "select"):
        control = page.locator(f"{FIGURES} {kind}[data-control]").first
        figure = control.locator("xpath=ancestor::figure")
        before = look(figure)
        for how in by_keyboard(page, control):
            assert_both_changed(figure, before, how)
            before = look(figure)
        by_mouse(control)
        assert_both_changed(figure, before, f"a mouse moves a {kind}")
    assert page.troubles == []


def test_the_play_button_runs_and_stops_and_is_not_there_for_who_avoids_motion(visit, book):
    page = visit((book / EVERY_KIND).as_uri(), typeset=False)
    button = page.locator(".vg-play").first
    slider = button.locator("xpath=preceding-sibling::input")
    press(page, slider, "Home")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    page.wait_for_function("slider => +slider.value > 1", arg=slider.element_handle())
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    stopped = slider.input_value()
    page.wait_for_timeout(150)
    assert slider.input_value() == stopped
    press(page, slider, "End", "ArrowLeft", "ArrowLeft")
    button.click()
    page.wait_for_function("button => button.ariaPressed === 'false'", arg=button.element_handle())
    assert slider.input_value() == slider.get_attribute("max")
    press(page, slider, "Home")
    button.click()
    press(page, slider, "ArrowRight")
    assert button.get_attribute("aria-pressed") == "false"
    page.emulate_media(reduced_motion="reduce")
    assert slider.is_visible() and not button.is_visible()
    assert page.troubles == []


# Without scripts, and without a browser


WITHOUT_SCRIPTS = """() => {
  document.querySelectorAll("details.deeper").forEach((fold) => { fold.open = true; });
  const shows = (element) => element?.checkVisibility({ visibilityProperty: true });
  return [...document.querySelectorAll("figure.vg-explore")].filter((figure) => {
    const panels = [...figure.querySelectorAll(".vg-panels > svg")];
    const says = figure.querySelector(".vg-says");
    return !panels.every((panel) => shows(panel) && panel.getBoundingClientRect().width > 100)
      || !figure.querySelector(".vg-panels > svg path")
      || !shows(says) || !says.textContent.trim()
      || [...figure.querySelectorAll(".vg-controls")].some(shows);
  }).map((figure) => figure.id);
}"""
"""Names the figures of which something is missing, or a control shows that nothing moves."""


def test_without_scripts_a_page_shows_its_figures(visit, book, page_name):
    page = visit((book / page_name).as_uri(), java_script_enabled=False)
    folds = page.locator("details.deeper")
    if folds.count():
        folds.first.locator("> summary").click()
        assert folds.first.evaluate("fold => fold.open")
    assert page.evaluate(WITHOUT_SCRIPTS) == []


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


FIGURE = re.compile(r'<figure class="vg-explore".*?</figure>', re.DOTALL)


def kilobytes(text):
    """Return the size of a text as a server sends it, in units of 1000 bytes."""
    return len(gzip.compress(text.encode(), compresslevel=6, mtime=0)) / 1000


def test_the_figures_of_a_page_stay_within_its_budget(book, page_name):
    figures = FIGURE.findall((book / page_name).read_text(encoding="utf-8"))
    assert kilobytes("".join(figures)) <= BUDGET.get(page_name, 150)
    assert 0.5 < kilobytes(runtime()) <= 4
