"""Every page of the built book, as a reader's browser shows it."""

import re

import pytest
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


def test_a_page_asks_for_nothing_elsewhere_and_typesets_its_mathematics(visit, address):
    page = visit(address)
    mathematics = page.evaluate(MATHEMATICS)
    for trouble in ("raw", "errors", "untouched", "empty"):
        assert mathematics[trouble] == []
    assert mathematics["containers"] >= mathematics["blocks"]
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    assert page.troubles == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_fits_on_a_phone(visit, book, page_name, dark):
    page = visit((book / page_name).as_uri(), width=390, dark=dark)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((element) =>
          element.getBoundingClientRect().right > innerWidth + 1 && element.checkVisibility())
          .slice(0, 5).map((element) => element.outerHTML.slice(0, 100))"""
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), wide


@pytest.mark.parametrize("width", [1280, 390])
def test_equations_fit(visit, book, page_name, width):
    page = visit((book / page_name).as_uri(), width=width)
    # Solutions and hints are folded: what is in them has no width until they are opened.
    page.evaluate(
        """() => {
          document.querySelectorAll("details").forEach((element) => (element.open = true));
          document.querySelectorAll(".toggle-hidden").forEach((element) =>
            element.classList.remove("toggle-hidden"));
        }"""
    )
    wide = page.evaluate(
        """() => [...document.querySelectorAll("mjx-container[display]")].filter((block) =>
          block.checkVisibility() && block.scrollWidth > block.clientWidth + 1)
          .map((block) => `${block.closest("[id]")?.id}: ${block.scrollWidth} px in `
            + `${block.clientWidth}`)"""
    )
    assert wide == []


def test_the_first_address_leads_to_the_first_chapter(book):
    page = (book / "index.html").read_text(encoding="utf-8")
    (target,) = re.findall(r'http-equiv="refresh" content="0; ?url=([^"]+)"', page)
    assert target == "chapters/intro.html" and (book / target).exists()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_has_no_accessibility_violation(visit, server, page_name, width, dark):
    page = visit(server + page_name, width=width, dark=dark)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for violation in found
        for node in violation["nodes"]
    ] == []


def test_the_figures_of_a_page_stay_within_its_budget(book, page_name):
    assert page_weight(book / page_name).gzip_kilobytes <= BUDGET.get(page_name, 150)


def test_the_runtime_stays_within_its_budget():
    assert 0.5 < runtime_kilobytes() <= 4
