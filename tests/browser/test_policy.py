"""The rendered book under hostile words.

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


@pytest.mark.parametrize(("way", "words"), [("address", MARKUP), ("box", MARKUP[:1])])
def test_hostile_words_never_become_markup(visit, server, way, words):
    page = visit(server + "search.html")
    for hostile in words:
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
