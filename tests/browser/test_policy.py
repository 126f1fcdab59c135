"""The rendered book under hostile words, and what its search finds.

The server of all these tests sends a strict Content-Security-Policy. Chromium reports
each violation to the console, where `visit` listens.
"""

from urllib.parse import quote

import pytest

MARKUP = [
    '<img src=x onerror="window.hit=1">',
    "<script>window.hit=1</script>",
    '"><svg onload="window.hit=1">',
    "javascript:window.hit=1",
    "</title><b>sigmoid</b>",
    "sigmoid <img src=x onerror='window.hit=1'>",
    "{{7*7}} %3Cimg src=x%3E \\x3cimg\\x3e",
]


def test_the_policy_is_in_force(visit, server):
    page = visit(server + "chapters/glossary.html", typeset=False)
    page.add_script_tag(
        content="""setTimeout(() => {
          try { window.sum = eval("1 + 1"); } catch (error) { window.sum = error.name; }
        })"""
    )
    page.wait_for_function("window.sum")
    assert page.evaluate("window.sum") == "EvalError"


def search(page):
    """Wait until a search has ended and return what it has found: pages, in their order."""
    page.wait_for_function(
        "/\\bfinished\\b|did not match/i.test("
        "document.querySelector('#search-results .search-summary')?.textContent ?? '')"
    )
    links = page.locator("#search-results ul.search > li > a")
    return [link.get_attribute("href") for link in links.all()]


@pytest.mark.parametrize("way", ["address", "box"])
def test_hostile_words_never_become_markup(visit, server, way):
    page = visit(server + "search.html")
    for hostile in MARKUP:
        if way == "address":
            page.goto(f"{server}search.html?q={quote(hostile)}&highlight={quote(hostile)}")
        else:
            page.goto(server + "search.html")
            page.wait_for_load_state("networkidle")  # leaving a page breaks off what it loads
            box = page.locator(".bd-article-container input[name=q], .bd-main input[name=q]").first
            box.fill(hostile)
            box.press("Enter")
        page.wait_for_load_state("load")
        page.wait_for_timeout(300)
        assert page.evaluate("window.hit") is None, hostile
        made = page.evaluate(
            """() => [...document.querySelectorAll("img[src=x], [onerror], [onload], svg[onload]")]
              .map((element) => element.outerHTML)"""
        )
        assert made == []
        assert not page.locator("#search-results b").count()
        assert page.title().endswith("Vanishing Gradients")
    assert page.troubles == []


FIRST = {
    "odds": "01_logit",
    "newton's method": "01_logit",
    "linear regime": "03_tanh",
    "dying ReLU": "04_relu",
    "timeline": "intro",
    "randomised slope": "07_rrelu",
    "bias shift": "08_elu",
    "forget gate": "09_rnn_lstm",
    "gradient clipping": "glossary.html#term-gradient-clipping",
    "GELU": "10_variations",
    "batch normalisation": "04_relu",
    "leaky ReLU": "05_leaky_relu",
    "PReLU": "06_prelu",
    "claims": "claims",
    "sigma": "notation",
    "α": "notation",
}
"""What a reader may type, and the page that should come first: the one that introduces it."""


def test_search_finds_the_right_page_first_and_nothing_that_every_object_has(visit, book):
    page = visit((book / "search.html").as_uri())
    for words, first in FIRST.items():
        page.goto(f"{(book / 'search.html').as_uri()}?q={quote(words)}")
        found = search(page)
        assert found and found[0].startswith(f"chapters/{first}"), (words, found[:4])
    for word in ("constructor", "__proto__", "hasOwnProperty"):
        page.goto(f"{(book / 'search.html').as_uri()}?q={word}")
        assert search(page) == [], word
    assert page.troubles == []
