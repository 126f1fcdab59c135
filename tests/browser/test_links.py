"""Links to a state of a figure: what the address keeps, and what it cannot do."""

import re
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

FIGURES = "figure.vg-explore:has(.vg-controls)"
EVERY_KIND = "chapters/06_prelu.html"
"""A page on which every figure is tried: it has all kinds of controls."""

STATE = """figure => [
  [...figure.querySelectorAll(".vg-panels > svg")].map((svg) => svg.innerHTML),
  figure.querySelector(".vg-says").textContent,
  [...figure.querySelectorAll("[data-control]")].map((control) => [
    control.type === "checkbox" ? control.checked : control.value,
    control.getAttribute("aria-valuetext"),
    control.parentElement.querySelector("output")?.textContent,
  ]),
]"""
MOVE_FAR = """figure => figure.querySelectorAll("[data-control]").forEach((control) => {
  if (control.type === "checkbox") control.checked = !control.checked;
  else if (control.type === "range") control.value = +control.value ? 0 : control.max;
  else control.selectedIndex = control.selectedIndex ? 0 : control.length - 1;
  control.dispatchEvent(new Event("input"));
})"""
KEEP_WHAT_IS_COPIED = """() => {
  navigator.clipboard.writeText = async (text) => { window.copied = text; };
}"""


@pytest.fixture
def visit(visit):
    """Return a function that opens an address and leaves the formulas as they are written."""
    return partial(visit, typeset=False)


def states(page):
    figures = f"[...document.querySelectorAll('{FIGURES}')]"
    return page.evaluate(f"JSON.stringify({figures}.map({STATE}))")


def copy_link(page, figure):
    """Press the control of a figure by keyboard and return what it copies."""
    page.evaluate(KEEP_WHAT_IS_COPIED)
    figure.locator(".vg-link").focus()
    page.keyboard.press("Enter")
    figure.get_by_role("status").filter(has_text="Copied").wait_for()
    return page.evaluate("window.copied")


def figure_of(page, name):
    return page.locator(f"figure#{name}")


def wait_for_query(page, pattern):
    page.wait_for_url(re.compile(pattern))


def test_a_copied_link_brings_a_state_back(visit, server):
    address = server + EVERY_KIND
    page, other = visit(address), visit(address)
    figures = page.locator(FIGURES).all()
    names = [figure.get_attribute("id") for figure in figures]
    untouched = {name: figure.evaluate(STATE) for name, figure in zip(names, figures, strict=True)}
    for name in names:
        figure = figure_of(page, name)
        figure.evaluate(MOVE_FAR)
        moved = figure.evaluate(STATE)
        assert moved[0] != untouched[name][0] and moved[1] != untouched[name][1]
        link = urlsplit(copy_link(page, figure))
        assert link.geturl().startswith(address) and link.fragment == name
        controls = figure.locator("[data-control]").all()
        assert list(parse_qs(link.query)) == [
            f"{name}.{control.get_attribute('data-control')}" for control in controls
        ]
        other.goto(link.geturl())
        assert figure_of(other, name).evaluate(STATE) == moved
        assert figure_of(other, name).evaluate(
            "figure => Math.abs(figure.getBoundingClientRect().top) < innerHeight / 2"
            " || scrollY + innerHeight >= document.documentElement.scrollHeight - 2"
        )
        for rest in set(names) - {name}:
            assert figure_of(other, rest).evaluate(STATE) == untouched[rest]
    assert page.troubles == other.troubles == []


SIGMOID = "chapters/02_sigmoid.html"
SHAPE, SECOND = "shape-and-slope", "escape"


@pytest.fixture(params=["file", "http"])
def sigmoid(request, book):
    """Return the address of one page, from a disk and from a server."""
    if request.param == "file":
        return (book / SIGMOID).as_uri()
    return request.getfixturevalue("server") + SIGMOID


def test_the_address_keeps_the_states_of_all_figures(visit, sigmoid):
    page = visit(sigmoid + "#predict")
    entries = page.evaluate("history.length")
    first = {name: figure_of(page, name).evaluate(STATE) for name in (SHAPE, SECOND)}
    for name in (SHAPE, SECOND):
        figure_of(page, name).evaluate(MOVE_FAR)
        wait_for_query(page, rf"\b{name}\.")
    moved = {name: figure_of(page, name).evaluate(STATE) for name in (SHAPE, SECOND)}
    assert urlsplit(page.url).fragment == "predict"
    assert page.evaluate("history.length") == entries
    page.reload()
    assert {name: figure_of(page, name).evaluate(STATE) for name in moved} == moved
    for name, key in ((SHAPE, "Home"), (SECOND, "Home")):
        figure_of(page, name).locator("input").first.press(key)
    figure_of(page, SHAPE).locator("input").first.evaluate(
        "control => { control.value = control.defaultValue;"
        " control.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_url(lambda address: SHAPE not in address)
    assert figure_of(page, SHAPE).evaluate(STATE) == first[SHAPE]
    assert page.evaluate("history.length") == entries
    assert page.troubles == []


def test_an_address_names_only_what_stands_elsewhere_than_at_first(visit, book):
    sigmoid = (book / SIGMOID).as_uri()
    page = visit(sigmoid)
    assert urlsplit(copy_link(page, figure_of(page, SHAPE))).query == ""
    assert page.url == sigmoid
    page.goto(f"{sigmoid}?{SHAPE}.x=3&from=mail")
    assert urlsplit(copy_link(page, figure_of(page, SECOND))).query == ""
    figure_of(page, SECOND).evaluate(MOVE_FAR)
    wait_for_query(page, rf"\b{SECOND}\.")
    assert f"{SHAPE}.x=3" in page.url and "from=mail" in page.url


NEAREST = {
    "-2.5": "−2.5",
    "%E2%88%922.5": "−2.5",
    "1.26": "1.25",
    "%2B3.000": "3",
    "100": "7",
    "-1e9": "−7",
}
"""What an address says, and the value that a slider takes."""


def test_a_slider_takes_the_nearest_of_its_values(visit, book):
    page = visit((book / SIGMOID).as_uri())
    for written, label in NEAREST.items():
        page.goto(f"{(book / SIGMOID).as_uri()}?{SHAPE}.x={written}")
        slider = figure_of(page, SHAPE).locator("input")
        assert slider.get_attribute("aria-valuetext") == label
        sentence = figure_of(page, SHAPE).locator(".vg-says").text_content()
        number = f"{float(label.replace('−', '-')):.2f}".replace("-", "−")
        assert f"x = {number} " in sentence


MARKUP = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
HOSTILE = [
    f"?{SHAPE}.x={MARKUP}",
    f"?{SHAPE}.x=",
    f"?{SHAPE}.x=%20",
    f"?{SHAPE}.x=NaN",
    f"?{SHAPE}.x=Infinity",
    f"?{SHAPE}.x=1e999",
    f"?{SHAPE}.x=%E0%A4%A",
    f"?{SHAPE}.x=%00",
    f"?{SHAPE}.=1&.x=1&.=&=&&&",
    f"?{SHAPE}.__proto__=1&__proto__.x=1&constructor.prototype=1",
    f"?{SHAPE}.X=1&{SHAPE}.x[]=1&{SHAPE}.x.y=1",
    f"?{MARKUP}=1",
    f"?escape.gain={MARKUP}&no-such-figure.x=1",
    f"#{MARKUP}",
    f"#{SHAPE}.x=3",
    "#%",
    "#javascript:window.hit=1",
    "?" + "a" * 20_000,
]


def test_a_bad_address_changes_nothing(visit, book):
    address = (book / SIGMOID).as_uri()
    page = visit(address)
    untouched = states(page)
    for hostile in HOSTILE:
        page.goto("about:blank")
        page.goto(address + hostile)
        assert states(page) == untouched, hostile
        assert page.evaluate("document.images.length") == page.evaluate(
            "document.querySelectorAll('img.logo__image').length"
        )
        # Nor does it when the state is written back.
        figure_of(page, SHAPE).evaluate(MOVE_FAR)
        wait_for_query(page, rf"\b{SHAPE}\.x=")
        assert page.evaluate("window.hit") is None, hostile
    assert page.troubles == []


def test_the_back_button_leaves_in_one_step_and_brings_each_state_back(visit, sigmoid):
    page = visit(sigmoid)
    before = figure_of(page, SHAPE).evaluate(STATE)
    page.goto(sigmoid + "#predict")
    figure_of(page, SHAPE).evaluate(MOVE_FAR)
    wait_for_query(page, rf"\b{SHAPE}\.x=")
    after = figure_of(page, SHAPE).evaluate(STATE)
    page.go_back()
    assert page.url == sigmoid and figure_of(page, SHAPE).evaluate(STATE) == before
    page.go_forward()
    assert figure_of(page, SHAPE).evaluate(STATE) == after


@pytest.mark.parametrize("how", ["is missing", "refuses"])
def test_without_a_clipboard_the_link_is_shown(visit, sigmoid, how):
    page = visit(sigmoid)
    page.evaluate(
        "() => Object.defineProperty(navigator, 'clipboard', { value: undefined })"
        if how == "is missing"
        else "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
    )
    shown = []
    page.on("dialog", lambda dialog: (shown.append(dialog.default_value), dialog.dismiss()))
    figure = figure_of(page, SHAPE)
    figure.locator("input").press("End")
    figure.locator(".vg-link").click()
    assert shown == [f"{sigmoid}?{SHAPE}.x=7#{SHAPE}"]
    assert figure.get_by_role("status").text_content() == ""
    assert page.troubles == []


def test_an_address_that_cannot_be_written_stops_no_figure(visit, book):
    page = visit((book / SIGMOID).as_uri())
    page.evaluate("() => { history.replaceState = () => { throw new Error('no'); }; }")
    figure = figure_of(page, SHAPE)
    before = figure.evaluate(STATE)
    figure.evaluate(MOVE_FAR)
    page.wait_for_timeout(500)
    assert figure.evaluate(STATE) != before
    assert page.troubles == []


def test_a_sweep_does_not_flood_the_address(visit, book):
    """Safari refuses the hundred and first address within 30 seconds."""
    page = visit((book / SIGMOID).as_uri())
    page.evaluate(
        """() => {
          const write = history.replaceState.bind(history);
          window.written = 0;
          history.replaceState = (...rest) => { window.written += 1; write(...rest); };
        }"""
    )
    slider = figure_of(page, SHAPE).locator("input")
    slider.evaluate(
        """async (slider) => {
          for (let place = 0; place <= +slider.max; place += 1) {
            slider.value = place;
            slider.dispatchEvent(new Event("input"));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }"""
    )
    wait_for_query(page, rf"{SHAPE}\.x=")
    assert page.evaluate("window.written") <= 3
    assert re.search(r"\.x=7$", page.url)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_stop_behind_the_skip_link_is_in_the_text(visit, book, width):
    page = visit((book / "chapters/laboratory.html").as_uri(), width=width)
    for key in ("Tab", "Enter", "Tab"):
        page.keyboard.press(key)
    focused = page.locator(":focus")
    assert focused.inner_text() == "Train"
    assert page.locator("article :focus").count() == 1
