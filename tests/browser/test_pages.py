"""Every page of the built book, as a reader's browser shows it."""

import re
from collections import Counter
from html.parser import HTMLParser

from axe_playwright_python.sync_playwright import Axe

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


def test_a_page_from_a_disk_is_whole(on_disk):
    assert_whole(on_disk)


def test_a_page_from_a_server_is_whole(shown):
    assert_whole(shown)


def test_a_page_fits(shown):
    for unfolded in (False, True):
        if unfolded:
            shown.evaluate(UNFOLD)
        fits = shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert fits, shown.evaluate(WIDE)


def test_equations_fit(shown):
    shown.evaluate(UNFOLD)
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
    shown.evaluate(THIN_OUT)
    shown.evaluate(STAND_STILL)
    found = Axe().run(shown, options={"resultTypes": ["violations"]}).response["violations"]
    assert [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for violation in found
        for node in violation["nodes"]
    ] == []


MOVE_ALL = """() => {
  for (const control of document.querySelectorAll("figure.vg-explore [data-control]")) {
    if (control.type === "checkbox") control.checked = !control.checked;
    else if (control.type === "range") control.value = +control.value ? 0 : control.max;
    else control.selectedIndex = control.selectedIndex ? 0 : control.length - 1;
    control.dispatchEvent(new Event("input"));
  }
  document.querySelectorAll(".toggle-button, summary").forEach((button) => button.click());
}"""


A4 = {"width": 680, "height": 1000}
"""What the margins leave of a sheet, in CSS pixels: 180 mm."""


def test_a_printed_page_shows_the_text_and_nothing_to_press(on_disk):
    page = on_disk
    moved = "() => [...document.querySelectorAll('.vg-says')].map((text) => text.textContent)"
    page.evaluate(MOVE_ALL)
    says = page.evaluate(moved)
    page.emulate_media(media="print")
    page.set_viewport_size(A4)
    shown = page.evaluate(
        """() => [...document.querySelectorAll(
          "button, input, select, nav, .bd-sidebar-primary, .bd-sidebar-secondary,"
          + " .prev-next-footer, .bd-header-article, .headerlink, .skip-link, .vg-controls")]
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().width)
          .map((element) => element.outerHTML.slice(0, 120))"""
    )
    assert shown == [] or page.url.endswith("search.html")
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


def test_the_figures_of_a_page_stay_within_its_budget(book, page_name):
    assert page_weight(book / page_name).gzip_kilobytes <= BUDGET.get(page_name, 150)


def test_the_runtime_stays_within_its_budget():
    assert 0.5 < runtime_kilobytes() <= 4
