"""Every explorable figure of the built book, under a reader's fingers."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import vgtools as vg
from vgtools import figures as drawing
from vgtools.explore.page import runtime

FIGURES = "figure.vg-explore:has(.vg-controls)"


def look(figure):
    """Return the picture, element by element, and the description."""
    return figure.evaluate(
        """figure => [
          [...figure.querySelectorAll(".vg-panels *")].map((element) => [
            element.tagName,
            ...[...element.attributes].map((attribute) => attribute.name + "=" + attribute.value)
              .sort(),
            element.children.length ? "" : element.textContent,
          ].join(" ")).join("\\n"),
          figure.querySelector(".vg-says").textContent,
        ]"""
    )


def assert_both_changed(figure, before, how):
    after = look(figure)
    name = figure.get_attribute("id")
    assert after[0] != before[0], f"{name}: the picture stays when {how}"
    assert after[1] != before[1], f"{name}: the description stays when {how}"


def kind_of(control):
    return control.evaluate("control => control.type")


def press(page, control, *keys):
    control.focus()
    for key in keys:
        page.keyboard.press(key)


def by_keyboard(page, control):
    """Yield what was done, after each way to move a control with keys."""
    kind = kind_of(control)
    if kind == "checkbox":
        press(page, control, "Space")
        yield "Space toggles it"
    elif kind == "range":
        for key in ("End", "Home", "ArrowRight"):
            before = control.input_value()
            press(page, control, key)
            if control.input_value() == before:  # it stood at this end already
                press(page, control, "Home" if key == "End" else "End", key)
                continue
            yield f"{key} moves it"
    else:
        last = control.evaluate("control => control.selectedIndex === control.length - 1")
        key = "ArrowUp" if last else "ArrowDown"
        press(page, control, key)
        yield f"{key} moves it"


def by_mouse(control):
    """Move a control by pointing at it."""
    kind = kind_of(control)
    if kind == "checkbox":
        control.click()
    elif kind == "range":
        box = control.bounding_box()
        far = int(control.input_value()) * 2 < int(control.get_attribute("max"))
        control.click(position={"x": box["width"] * (0.9 if far else 0.1), "y": box["height"] / 2})
    else:
        current = control.evaluate("control => control.selectedIndex")
        control.select_option(index=0 if current else 1)


def test_each_control_changes_picture_and_description(moved):
    move_every_control(moved)


@pytest.mark.usefixtures("movable")
def test_each_control_works_on_a_page_from_a_server(visit, server, page_name):
    move_every_control(visit(server + page_name, typeset=False))


def move_every_control(page):
    for figure in page.locator(FIGURES).all():
        for control in figure.locator("[data-control]").all():
            name = control.get_attribute("data-control")
            before = look(figure)
            for how in by_keyboard(page, control):
                assert_both_changed(figure, before, f"{how} ({name})")
                before = look(figure)
            by_mouse(control)
            assert_both_changed(figure, before, f"a mouse moves {name}")
    assert page.troubles == []


def test_a_slider_says_the_value_that_it_shows(moved):
    for slider in moved.locator(f"{FIGURES} input[type=range]").all():
        labels = slider.get_attribute("data-labels").split("|")
        press(moved, slider, "Home")
        for label in labels[:2]:
            assert slider.get_attribute("aria-valuetext") == label
            assert slider.locator("xpath=following-sibling::output").text_content() == label
            press(moved, slider, "ArrowRight")


def test_a_figure_returns_to_its_first_state(moved):
    for figure in moved.locator(FIGURES).all():
        first = look(figure)
        controls = figure.locator("[data-control]").all()
        places = [control.evaluate(PLACE) for control in controls]
        for end in (True, False):
            for control in controls:
                control.evaluate(MOVE_TO_AN_END, end)
        for control, place in zip(controls, places, strict=True):
            control.evaluate(MOVE, place)
        assert look(figure) == first


PLACE = """control => control.type === "checkbox" ? +control.checked
  : control.type === "range" ? +control.value : control.selectedIndex"""
MOVE = """(control, place) => {
  if (control.type === "checkbox") control.checked = place;
  else if (control.type === "range") control.value = place;
  else control.selectedIndex = place;
  control.dispatchEvent(new Event("input"));
}"""
MOVE_TO_AN_END = f"""(control, last) => ({MOVE})(control, last
  ? (control.type === "checkbox" ? 1 : control.max ? +control.max : control.length - 1) : 0)"""


def test_the_play_button_runs_and_stops(moved):
    for button in moved.locator(".vg-play").all():
        slider = button.locator("xpath=preceding-sibling::input")
        press(moved, slider, "Home")
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        first = slider.input_value()
        moved.wait_for_function(
            "([slider, first]) => +slider.value > first",
            arg=[slider.element_handle(), int(first)],
        )
        if button.get_attribute("aria-pressed") == "true":
            button.click()
        assert button.get_attribute("aria-pressed") == "false"
        stopped = slider.input_value()
        moved.wait_for_timeout(150)
        assert slider.input_value() == stopped
    assert moved.troubles == []


def test_play_stops_at_the_end(moved):
    for button in moved.locator(".vg-play").all()[:1]:
        slider = button.locator("xpath=preceding-sibling::input")
        press(moved, slider, "End", "ArrowLeft", "ArrowLeft")
        button.click()
        moved.wait_for_function(
            "button => button.ariaPressed === 'false'", arg=button.element_handle()
        )
        assert slider.input_value() == slider.get_attribute("max")


def test_without_scripts_a_page_shows_its_figures(visit, book, page_name):
    page = visit((book / page_name).as_uri(), java_script_enabled=False)
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


def test_readers_who_avoid_motion_get_no_play_button(moved):
    buttons = moved.locator(".vg-play").all()
    assert all(button.is_visible() for button in buttons)
    moved.emulate_media(reduced_motion="reduce")
    try:
        assert not any(button.is_visible() for button in buttons)
        controls = moved.locator(f"{FIGURES} [data-control]").all()
        assert all(control.is_visible() for control in controls)
    finally:
        moved.emulate_media(reduced_motion="no-preference")


@vg.explore(height=(1.0, 3.0, 1.0), alt=lambda height: f"The bar is {height:g} high.")
def bar(height):
    """Draw a bar of this height."""
    figure, [axes] = drawing.subplots()
    axes.plot([0, 1], [0, height])
    axes.set(ylim=(0, 4))
    return figure


HELD_UP = '<script src="late.js"></script>'
"""Keeps the browser from reading on until the test lets it."""


@pytest.fixture
def half_read(browser):
    """Return a function that opens a page whose reading stops where it is `HELD_UP`."""
    context = browser.new_context()
    late = []

    def open_page(body):
        page = context.new_page()
        page.set_default_timeout(5_000)
        page.route("**/late.js", lambda route: late.append(route))
        page.route("**/page.html", lambda route: route.fulfill(
            body="<!doctype html><title>Bars</title>" + body, content_type="text/html"
        ))  # fmt: skip
        page.goto("http://book.test/page.html", wait_until="commit")
        page.wait_for_selector("svg")
        return page, lambda: late.pop().fulfill(body="")

    yield open_page
    context.close()


def test_a_figure_moves_before_the_rest_of_its_page_has_come(half_read):
    first = bar.to_html(identifier="first")
    second = bar.to_html(identifier="second", with_runtime=False)
    page, read_on = half_read(first + HELD_UP + second)
    figures = page.locator(FIGURES)
    assert_it_moves(page, figures.first)
    assert page.evaluate("document.readyState") == "loading" and figures.count() == 1
    read_on()
    figures.nth(1).locator("input").wait_for()
    assert_it_moves(page, figures.nth(1))
    assert_it_moves(page, figures.first)


def test_a_figure_takes_input_before_its_frames_have_come_and_draws_it_then(half_read):
    html = bar.to_html()
    frames = html.index('<script type="application/json">')
    page, read_on = half_read(html[:frames] + HELD_UP + html[frames:])
    figure = page.locator(FIGURES)
    before = look(figure)
    press(page, figure.locator("input"), "ArrowRight")
    assert page.evaluate("document.readyState") == "loading"
    assert look(figure)[0] == before[0]
    read_on()
    page.wait_for_function("document.readyState !== 'loading'")
    assert_both_changed(figure, before, "its frames have come")


def test_frames_of_which_a_half_has_come_are_not_read(browser):
    html = bar.to_html()
    middle = html.index('"slots"') + 100
    go_on, page = threading.Event(), browser.new_page()

    class Halves(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Bars</title>{html[:middle]}".encode())
            go_on.wait(timeout=20)
            self.wfile.write(html[middle:].encode())

        def log_message(self, *of_a_request):
            pass

    errors = []
    page.on("pageerror", lambda error: errors.append(error.message))
    page.set_default_timeout(5_000)
    with HTTPServer(("127.0.0.1", 0), Halves) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        page.goto("http://{}:{}/".format(*server.server_address), wait_until="commit")
        figure = page.locator(FIGURES)
        figure.locator("script[type='application/json']").wait_for(state="attached")
        before = look(figure)
        press(page, figure.locator("input"), "ArrowRight")
        assert page.evaluate("document.readyState") == "loading"
        go_on.set()
        page.wait_for_function("document.readyState !== 'loading'")
    assert_both_changed(figure, before, "its frames have come")
    page.close()
    assert not errors


def test_a_figure_whose_controls_are_half_read_is_started_when_they_are_whole(half_read):
    html = bar.to_html(with_runtime=False)
    middle = html.index("<input")
    page, read_on = half_read(
        f"{html[:middle]}<script>{runtime()}</script>{HELD_UP}{html[middle:]}"
    )
    figure = page.locator(FIGURES)
    assert figure.locator(".vg-controls").is_hidden()
    read_on()
    figure.locator("input").wait_for()
    assert_it_moves(page, figure)


def assert_it_moves(page, figure):
    before = look(figure)
    press(page, figure.locator("input"), "ArrowLeft" if "2" in before[1] else "ArrowRight")
    assert_both_changed(figure, before, "a key is pressed")
