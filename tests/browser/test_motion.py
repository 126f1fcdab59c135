"""How a figure moves from state to state: while it plays, and on a tour."""

import json
import re

import pytest

from vgtools import explore, figures

WATCH = """() => {
  window.drawn = [];
  new MutationObserver((all) => drawn.push(...all.map((one) => one.target.getAttribute("d"))))
    .observe(document.querySelector(".vg-panels"), {subtree: true, attributeFilter: ["d"]});
}"""


@pytest.fixture(scope="module")
def html():
    @explore(
        slope=(0, 2, 1),
        defaults={"slope": 0},
        alt=lambda slope: f"The slope is {slope}.",
        tour=[("Flat", "It is flat.", {"slope": 0}), ("Steep", "It climbs.", {"slope": 2})],
    )
    def moving(slope):
        figure, [axes] = figures.subplots()
        axes.plot([0, 1], [0.1, slope])
        axes.set(xlim=(0, 1), ylim=(0, 2))
        return figure

    return f"<!doctype html><meta charset=utf-8><title>A line</title>{moving.to_html()}"


@pytest.fixture(scope="module")
def line(html):
    """Return the three drawings of the line."""
    [data] = re.findall(r'<script type="application/json">(.*?)</script>', html)
    [values] = [values for _, name, _, values, *_ in json.loads(data)["slots"] if name == "d"]
    return values


@pytest.fixture
def opened(browser, html):
    def opened(**options):
        page = browser.new_page(**options)
        page.set_content(html)
        page.evaluate(WATCH)
        pages.append(page)
        return page

    pages = []
    yield opened
    for page in pages:
        page.close()


def test_a_figure_that_plays_passes_through_what_lies_between(opened, line):
    page = opened()
    page.locator(".vg-play").click()
    page.wait_for_function(f"drawn.at(-1) === {json.dumps(line[2])}")
    drawn = page.evaluate("drawn")
    between = [float(path.split()[-1]) for path in drawn if path not in line]
    assert between
    assert between == sorted(between, reverse=True)  # the y of SVG grows downwards


def test_a_step_by_hand_is_taken_at_once(opened, line):
    page = opened()
    page.locator("input[type=range]").press("ArrowRight")
    assert page.evaluate("drawn") == [line[1]]


def test_a_tour_leads_to_its_states_and_says_what_there_is_to_see(opened, line):
    page = opened(reduced_motion="reduce")
    assert page.locator(".vg-tour").inner_text().split("\n") == ["Flat", "It is flat.", "Steep"]
    page.get_by_role("button", name="Steep").press("Enter")
    assert page.evaluate("drawn") == [line[2]]
    assert page.locator(".vg-says").inner_text() == "The slope is 2."
    assert page.locator("output").inner_text() == "2"
    assert page.get_by_text("It climbs.").is_visible()
    assert not page.get_by_text("It is flat.").is_visible()


def test_a_tour_without_scripts_is_a_list(browser, html):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.set_content(html)
    assert page.locator(".vg-tour li").all_inner_texts() == ["Flat It is flat.", "Steep It climbs."]
    page.context.close()


def test_on_paper_every_stop_shows_its_drawing(opened, line):
    page = opened()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    drawings = page.locator(".vg-tour .vg-panels").evaluate_all(
        "all => all.map(it => it.innerHTML)"
    )
    assert [[one in drawing for one in line] for drawing in drawings] == [
        [True, False, False],
        [False, False, True],
    ]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".vg-panels").count() == 1
    assert page.locator("output").inner_text() == "0"


@pytest.mark.parametrize(
    ("media", "address", "plays"),
    [
        ("no-preference", "", True),
        ("reduce", "", False),
        ("no-preference", "?moving.slope=1", False),
    ],
)
def test_a_figure_plays_by_itself_once_when_it_is_seen(browser, tmp_path, media, address, plays):
    @explore(
        slope=(0, 2, 1),
        defaults={"slope": 2},
        autoplay="slope",
        alt=lambda slope: f"It is {slope}.",
    )
    def moving(slope):
        figure, [axes] = figures.subplots()
        axes.plot([0, 1], [0.1, slope])
        return figure

    place = tmp_path / "page.html"
    space = "<p style='height:2000px'>"
    place.write_text(f"<!doctype html><title>A line</title>{space}{moving.to_html()}{space}")
    page = browser.new_page(reduced_motion=media)
    page.goto(place.as_uri() + address)
    page.evaluate(
        """() => {
          window.said = [];
          new MutationObserver(() => said.push(document.querySelector("output").textContent))
            .observe(document.querySelector("output"), {childList: true});
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.said") == []  # not in view yet
    page.locator("figure").scroll_into_view_if_needed()
    if plays:
        page.wait_for_function("window.said.length === 3")
        page.wait_for_timeout(1500)
        assert page.evaluate("window.said") == ["0", "1", "2"]
    else:
        page.wait_for_timeout(500)
        assert page.evaluate("window.said") == []
    page.close()


def test_autoplay_names_a_slider():
    with pytest.raises(ValueError, match="autoplay must name a slider, not 'smooth'"):
        explore(smooth=True, autoplay="smooth", alt=lambda smooth: "A line.")


def test_a_slider_is_dragged_on_the_axis_that_it_lies_on(browser):
    @explore(x=(0.0, 4.0, 1.0), defaults={"x": 0.0}, alt=lambda x: f"At {x:g}.")
    def moving(x):
        figure, [axes, other] = figures.subplots(2)
        axes.plot([x, x], [0, 1])
        axes.set(xlim=(-1, 5), xlabel="x")
        return figure

    page = browser.new_page(viewport={"width": 700, "height": 600})
    page.set_content(f"<!doctype html><meta charset=utf-8><title>A line</title>{moving.to_html()}")
    said, slider = page.locator(".vg-says"), page.locator("input")
    box = page.locator("[data-drag]").bounding_box()
    _, start, end = page.locator("[data-drag]").get_attribute("data-drag").split()

    def point_at(value):
        share = (float(start) + (float(end) - float(start)) * value / 4) / (7 * 72 / 2)
        return box["x"] + box["width"] * share, box["y"] + box["height"] / 2

    page.mouse.move(*point_at(2.2))
    assert said.inner_text() == "At 0."
    page.mouse.down()
    assert said.inner_text() == "At 2." and slider.get_attribute("aria-valuetext") == "2"
    page.mouse.move(*point_at(3.1))
    assert said.inner_text() == "At 3."
    page.mouse.move(box["x"] + 2, box["y"] + 5)
    assert said.inner_text() == "At 0."
    page.mouse.up()
    page.mouse.move(*point_at(2))
    assert said.inner_text() == "At 0."
    page.close()
