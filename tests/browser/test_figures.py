"""A figure on a page of which only a part has come: it starts as soon as it can."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from figures_on_pages import FIGURES, assert_both_changed, look, press

import vgtools as vg
from vgtools import figures as drawing
from vgtools.explore.page import runtime


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
