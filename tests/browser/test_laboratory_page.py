"""The laboratory as a page: its controls, what they do to the network, and what it says."""

import gzip
import json
import re
import time
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

import vgtools as vg
from tools import laboratory_picture
from vgtools import laboratory, theory

POLICY = "default-src 'self' 'unsafe-inline' data:"
HEAD = (
    '<!doctype html><html lang="en" data-theme="{}"><meta charset="utf-8">'
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    '<meta name="viewport" content="width=device-width"><title>The laboratory</title>'
    "<style>.dark {{ background: #121212 }} .dark > * {{ color: #d5dae3 }}</style>"
)
SMALL = "lab.layers=4&lab.width=16&lab.seed=3"
"""A network whose steps take no time."""

STATE = """() => {
  const { experiment } = Laboratory.bench, { flow, run, latest } = experiment;
  return { name: experiment.name, steps: run.steps, loss: latest.loss,
    accuracy: latest.accuracy, gradient: flow.gradient, signal: flow.signal };
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Write the laboratory as a page on a disk."""
    folder = tmp_path_factory.mktemp("laboratory")
    for theme in ("light", "dark"):
        text = (
            f"{HEAD.format(theme)}<main><h1>The laboratory</h1>"
            f'{laboratory.page().to_html()}<a href="?lab.layers=7&amp;lab.init=he#lab">Seven</a>'
            "</main>"
        )
        if theme == "dark":
            text = text.replace("<main>", '<main class="dark">')
        (folder / f"{theme}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def page(browser, place):
    """Open one page for all tests; at the end nothing has complained or asked for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.on(
        "request",
        lambda request: request.url.startswith(("file:", "blob:")) or troubles.append(request.url),
    )
    visit(page, place)
    yield page
    assert troubles == []
    context.close()


def wait(page, condition):
    """Wait until something holds. The policy lets no page do that with a text of its own."""
    end = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def visit(page, place, query=SMALL, theme="light"):
    page.goto(f"{(place / f'{theme}.html').as_uri()}?{query}#lab")
    wait(page, "Laboratory.bench?.experiment?.flow")


@pytest.fixture
def small(page, place):
    """Return the page with a small network that has not learned yet."""
    visit(page, place)
    return page


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def state(page):
    """Return what the page shows, when the last change has taken effect."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")
    wait(page, "!Laboratory.bench.building")
    return page.evaluate(STATE)


def said(page):
    return page.locator(".vg-lab-says").inner_text()


def status(page):
    return "".join(page.locator(".vg-lab-status").all_inner_texts())


# Controls


@pytest.mark.parametrize(
    ("label", "value", "found"),
    [
        ("Activation", "tanh", "4 × 16 tanh, glorot, sgd 0.02, draw 3"),
        ("Weights", "he", "4 × 16 relu, he, sgd 0.02, draw 3"),
        ("Normalisation", "batch", "4 × 16 relu, glorot, batch normalisation, sgd 0.02, draw 3"),
        ("Shortcut", "scaled", "4 × 16 relu, glorot, shortcut: scaled, sgd 0.02, draw 3"),
        ("Optimiser", "adam", "4 × 16 relu, glorot, adam 0.001, draw 3"),
    ],
)
def test_a_choice_changes_the_network(small, label, value, found):
    small.get_by_label(label, exact=True).select_option(value)
    assert state(small)["name"] == found


def test_a_slider_is_moved_by_keyboard_and_says_its_value(small):
    before = state(small)["gradient"]
    slider = small.get_by_label("Hidden layers")
    slider.press("ArrowRight")
    assert state(small)["name"].startswith("5 × 16 relu")
    assert slider.get_attribute("aria-valuetext") == "5"
    small.get_by_label("Gain: weights ×").press("PageUp")
    after = state(small)
    assert len(after["gradient"]) == 5 and after["gradient"][:4] != before


def test_every_control_and_button_is_reached_by_keyboard(small):
    small.locator(".vg-lab-more > summary").click()
    small.get_by_role("button", name="Train", exact=True).focus()
    names = []
    for _ in range(22):
        names.append(
            small.evaluate(
                """() => { const it = document.activeElement;
                return it.labels?.length ? it.labels[0].textContent : it.textContent; }"""
            )
        )
        small.keyboard.press("Tab")
    assert names[:6] == ["Train", "One step", "Same draw", "New draw", "Pin this run", "Reset"]
    assert names[6:19] == [
        "Hidden layers", "Activation", "Weights", "Gain: weights ×", "Optimiser", "Learning rate",
        "Normalisation", "Shortcut", "More settings", "Units per layer", "Batch",
        "Random biases, std", "Draw (seed)",
    ]  # fmt: skip
    assert names[19:] == ["Copy link", "Save picture", "Show as Python"]


# Training


def test_one_step_and_back_to_the_same_draw_give_the_same_numbers(small):
    start = state(small)
    losses = []
    for _ in range(2):
        for _ in range(3):
            press(small, "One step")
        after = state(small)
        assert after["steps"] == 3 and after["gradient"] != start["gradient"]
        losses.append((after["loss"], after["gradient"]))
        press(small, "Same draw")
        assert state(small)["gradient"] == start["gradient"]
    assert losses[0] == losses[1]
    press(small, "New draw")
    assert state(small)["gradient"] != start["gradient"]


def test_it_trains_until_it_is_paused_and_says_how_it_goes(small):
    small.keyboard.press("Tab")
    small.get_by_role("button", name="Train", exact=True).press("Enter")
    wait(small, "Laboratory.bench.experiment.run.steps > 150")
    press(small, "Pause")
    found = state(small)
    wait(small, "!Laboratory.bench.experiment.tested")
    assert state(small)["steps"] == found["steps"]
    assert re.match(
        rf"Step {found['steps']}, epoch \d+\.\d: loss {found['loss']:.2f}, "
        r"\d+ % of 397 test digits right\. The gradient of layer 1 is \S+ times that of layer 4 "
        r"\(\S+ and \S+\): (more than a hundredth arrives|it grows less than a hundredfold)\. "
        r"\d+ % of the units are dead, \d+ % of all slopes saturated\.$",
        said(small),
    )
    assert small.locator(".vg-lab-voice").text_content() == said(small)
    assert small.locator(".vg-lab-voice").get_attribute("aria-live") == "polite"


def test_the_page_has_turns_within_a_step_and_shows_no_network_that_is_half_changed(page, place):
    """Turns are counted with a clock on which every slice is over after one piece of work."""
    visit(page, place, "lab.layers=20&lab.width=8")
    turns, mixed, name = page.evaluate(
        """async () => {
          let time = performance.now();
          performance.now = () => time += 10;
          const { bench } = Laboratory, { port1, port2 } = new MessageChannel();
          const turn = () => new Promise((done) => {
            port1.onmessage = done;
            port2.postMessage(null);
          });
          document.querySelector(".vg-lab-train").click();
          const turns = [0, 0, 0, 0];
          while (bench.experiment.run.steps < turns.length) {
            turns[bench.experiment.run.steps] += 1;
            await turn();
          }
          const slider = document.querySelector("#lab-layers"), was = bench.experiment;
          const lines = () => [...document.querySelectorAll(".vg-lab-panel path")]
            .map((path) => path.getAttribute("d")).join();
          const before = lines();
          slider.value = 30;
          slider.dispatchEvent(new Event("input"));
          let mixed = 0;
          while (bench.experiment === was) {
            if (lines() !== before) mixed += 1;
            await turn();
          }
          while (bench.building) await turn();
          return [turns, mixed, bench.experiment.name];
        }"""
    )
    assert min(turns[1:]) > 3 * 20  # ways through the layers, layers
    assert mixed == 0
    assert name.startswith("30 × 8 relu")
    assert state(page)["steps"] >= 0
    press(page, "Pause")


def test_while_a_slider_moves_the_panels_follow(small):
    """A change does not drop the network that is built for the one before; turns as above."""
    names = small.evaluate(
        """async () => {
          let time = performance.now();
          performance.now = () => time += 5;
          const slider = document.querySelector("#lab-gain"), names = new Set();
          const { port1, port2 } = new MessageChannel();
          for (let move = 0; move < 500 && names.size < 4; move++) {
            slider.value = 1 + move % 50 / 20;
            slider.dispatchEvent(new Event("input"));
            await new Promise((done) => {
              port1.onmessage = done;
              port2.postMessage(null);
            });
            names.add(Laboratory.bench.experiment.name);
          }
          return names.size;
        }"""
    )
    assert names >= 4


def test_a_change_that_is_refused_leaves_the_run_as_it_was(page, place):
    visit(page, place, "lab.layers=1&lab.width=128&lab.batch=200&lab.shortcut=highway")
    press(page, "One step")
    press(page, "One step")
    slider = page.get_by_label("Hidden layers")
    slider.evaluate("it => { it.value = 100; it.dispatchEvent(new Event('input')); }")
    found = state(page)
    assert status(page).startswith("This network cannot be built: a network may have")
    assert found["steps"] == 2 and found["name"].startswith("1 × 128 relu")
    assert slider.input_value() == "1"
    press(page, "One step")
    assert state(page)["steps"] == 3


def test_the_learning_rate_changes_in_the_middle_of_a_run(small):
    press(small, "One step")
    small.get_by_label("Learning rate").press("ArrowRight")
    found = state(small)
    assert found["steps"] == 1 and found["name"].endswith("sgd 0.05, draw 3")


def test_sentences_come_once_in_a_second(small):
    small.evaluate(
        """() => {
          window.changes = [];
          new MutationObserver(() => changes.push(performance.now()))
            .observe(document.querySelector(".vg-lab-says"), { childList: true });
        }"""
    )
    press(small, "Train")
    wait(small, "changes.length > 2")
    times = small.evaluate("changes")
    press(small, "Pause")
    assert min(b - a for a, b in zip(times[1:], times[2:])) > 900


def test_a_run_that_diverges_stops_and_says_where(page, place):
    visit(page, place, f"{SMALL}&lab.activation=identity&lab.rate=10&lab.gain=4")
    press(page, "Train")
    wait(page, "Laboratory.bench.experiment.stopped")
    wait(page, "!Laboratory.bench.training")
    assert re.match(
        r"Stopped: the (output|gradient|loss) .*became .* in step \d+: training diverged",
        said(page),
    )
    assert page.get_by_role("button", name="Train", exact=True).is_visible()
    state(page)
    last = page.evaluate("Laboratory.bench.experiment.run.steps")
    seen = page.evaluate("Laboratory.bench.experiment.seenAt")
    assert seen <= last
    assert f"Step {last}, epoch" in said(page)
    assert f" What follows is of step {seen}, the last that could be measured. " in said(page)
    assert not re.search("it (arrives|vanishes|explodes)", said(page))
    assert "dense" not in said(page) and re.search("layer", said(page).split("What follows")[0])
    labels = (
        page.locator(".vg-lab-panel")
        .last.locator("text")
        .evaluate_all(
            "all => all.filter((one) => one.getAttribute('text-anchor') === 'end')"
            ".map((one) => [one.textContent, one.getBBox().x])"
        )
    )
    assert all(x >= 0 for _, x in labels) and not any("e+" in text for text, _ in labels)


@pytest.mark.parametrize("button", ["Train", "One step"])
def test_after_divergence_the_same_draw_begins_again(page, place, button):
    visit(page, place, f"{SMALL}&lab.activation=identity&lab.rate=10&lab.gain=4")
    press(page, "Train")
    wait(page, "Laboratory.bench.experiment.stopped")
    wait(page, "!Laboratory.bench.training")
    for _ in range(15):
        page.get_by_label("Learning rate").press("ArrowLeft")
    assert page.evaluate("Laboratory.bench.experiment.stopped") is not None
    press(page, button)
    assert status(page) == "The run had diverged. It begins again from the same draw."
    wait(page, "!Laboratory.bench.experiment.stopped && Laboratory.bench.experiment.run.steps")
    assert state(page)["name"].endswith("sgd 0.0001, draw 3")
    if button == "Train":
        press(page, "Pause")


def test_a_hidden_page_waits(small):
    small.evaluate(
        """() => Object.defineProperty(document, "hidden",
          { get: () => window.away ?? false, configurable: true })"""
    )
    press(small, "Train")
    wait(small, "Laboratory.bench.experiment.run.steps > 5")
    turn = "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"
    small.evaluate(turn, True)
    steps = state(small)["steps"]
    assert state(small)["steps"] == steps
    small.evaluate(turn, False)
    wait(small, f"Laboratory.bench.experiment.run.steps > {steps}")
    press(small, "Pause")


def test_thousands_of_steps_keep_a_curve_of_a_few_hundred_points(page, place):
    visit(page, place, "lab.layers=1&lab.width=8")
    lengths, few, paths = page.evaluate(
        """() => {
          const { experiment } = Laboratory.bench;
          for (let step = 0; step < 5000; step++) {
            Laboratory.finished(experiment.stepping());
            while (experiment.tested) Laboratory.finished(experiment.testing());
          }
          const paths = () => document.querySelectorAll(".vg-lab path").length;
          Laboratory.bench.redraw();
          const few = paths();
          for (let again = 0; again < 3; again++) Laboratory.bench.redraw();
          const curves = [experiment.loss.copy().at, experiment.accuracy.copy().at];
          return [curves.map((at) => [at.length, at.at(-1)]), few, paths()];
        }"""
    )
    assert paths == few < 300
    assert all(length <= 400 for length, _ in lengths)
    assert lengths[0][1] > 4900


def test_a_curve_keeps_its_peaks(page, place):
    visit(page, place, "lab.layers=1&lab.width=8")
    at, values = page.evaluate(
        """() => {
          const curve = new Laboratory.bench.experiment.loss.constructor();
          for (let step = 1; step <= 7001; step++) {
            curve.add(step, step === 121 ? 9 : step === 5003 ? -9 : 1 + step % 7 / 10);
          }
          const { at, values } = curve.copy();
          return [at, values];
        }"""
    )
    assert len(at) == len(values) <= 400
    assert at == sorted(set(at)) and at[-1] > 6900
    assert values[at.index(121)] == max(values) == 9
    assert values[at.index(5003)] == min(values) == -9


def test_the_line_of_theory_stays_while_the_network_learns(small):
    line = small.locator(".vg-lab-panel").first.locator("path[stroke-dasharray='6 3'][d*=L]")
    before = line.get_attribute("d")
    press(small, "One step")
    after = state(small)
    assert line.get_attribute("d") == before
    press(small, "Same draw")
    press(small, "One step")
    first = small.evaluate("Laboratory.bench.experiment.first.gradient")
    assert state(small)["gradient"] == after["gradient"] != first
    assert line.get_attribute("d") == before


def test_a_change_after_many_steps_says_that_the_run_is_gone(small):
    many = "for (let i = 0; i < 101; i++) "
    step = "Laboratory.finished(Laboratory.bench.experiment.stepping())"
    slider = small.get_by_label("Hidden layers")
    slider.press("ArrowRight")
    state(small)
    assert status(small) == ""
    small.evaluate(f"() => {{ {many} {step}; Laboratory.bench.redraw() }}")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    assert status(small).startswith("The run of 101 steps is gone.")
    state(small)
    small.evaluate(f"() => {{ {many} {step}; Laboratory.bench.redraw() }}")
    press(small, "Pin this run")
    press(small, "Reset")
    assert status(small) == "Everything is as at first, and the pin is removed."


# What a run is compared with


def test_a_pinned_run_stays_while_another_is_drawn(small):
    press(small, "One step")
    one = state(small)
    press(small, "Pin this run")
    assert status(small) == "Pinned. The next run is drawn beside it."
    small.get_by_label("Weights", exact=True).select_option("he")
    state(small)
    grey = small.locator(".vg-lab-pinned").inner_text()
    found = re.fullmatch(
        r"In grey: 4 × 16 relu, glorot, sgd 0\.02, draw 3, at step 1: loss (\S+), "
        r"gradient (\S+) in layer 1 and (\S+) in layer 4\.",
        grey,
    )
    first, last = one["gradient"][0], one["gradient"][-1]
    assert [float(text) for text in found.groups()] == pytest.approx(
        [one["loss"], first, last], rel=0.05
    )
    greys = ".vg-lab-panel path[d^=M][stroke='var(--vg-grey)']"
    assert small.locator(greys).count() >= 6
    press(small, "Pin this run")
    assert status(small).startswith("Pinned in the place of the one before.")
    assert "relu, he, sgd 0.02, draw 3, at step 0: gradient" in (
        small.locator(".vg-lab-pinned").inner_text()
    )
    press(small, "Remove the pin")
    assert small.locator(greys).count() == 0


def test_a_run_whose_weights_are_still_drawn_can_be_pinned(page, place):
    visit(page, place, "lab.layers=60")
    layers = page.evaluate(
        """async () => {
          const slider = document.querySelector("#lab-layers");
          slider.value = 100;
          slider.dispatchEvent(new Event("input"));
          await new Promise(requestAnimationFrame);
          const waits = Laboratory.bench.building;
          [...document.querySelectorAll("button")].find((one) => one.textContent === "Pin this run")
            .click();
          return [waits, Laboratory.bench.experiment.flow.gradient.length];
        }"""
    )
    assert layers == [True, 100]
    assert page.locator(".vg-lab-pinned").inner_text().startswith("In grey: 100 × 64 relu")
    press(page, "Remove the pin")


@pytest.mark.parametrize("init", ["glorot", "he", "orthogonal", "uniform", "normal"])
def test_theory_is_that_of_the_package(page, init):
    for name in page.evaluate("Object.keys(Laboratory.ACTIVATIONS)"):
        # Behind more layers a parabola leaves what a number can hold.
        layers = 4 if vg.activation(name).derivative(1e6) > 1e3 else 12
        found = page.evaluate(
            """([activation, init, layers]) => Laboratory.theory({ layers, width: 20, features: 64,
              outputs: 10, activation, init: { name: init, gain: 1 }, bias_std: 0,
              normalisation: null, shortcut: null }, 0.9)""",
            [name, init, layers],
        )
        wanted = theory.mean_field([64, *[20] * layers, 10], name, init, 0.9)
        np.testing.assert_allclose(found["signal"], wanted.signal, rtol=1e-5)
        np.testing.assert_allclose(found["gradient"], wanted.gradient, rtol=1e-5)


def test_theory_of_batch_normalisation_is_that_of_the_package(page):
    for name in page.evaluate("Object.keys(Laboratory.ACTIVATIONS)"):
        found = page.evaluate(
            """activation => Laboratory.theory({ layers: 3, width: 20, features: 64, outputs: 10,
              activation, init: { name: "he", gain: 3 }, bias_std: 0.5, normalisation: "batch",
              shortcut: null }, 1).gradient""",
            name,
        )
        factor = theory.batch_norm_factor(name)
        np.testing.assert_allclose(found, [factor**2, factor, 1], rtol=1e-5)


# The address, and what is taken away


def test_the_address_holds_what_is_not_as_at_first(small, place):
    small.get_by_label("Activation", exact=True).select_option("gelu")
    small.get_by_label("Gain: weights ×").press("ArrowRight")
    wait(small, "location.search.includes('gain')")
    address = small.url
    assert address.endswith(
        "?lab.layers=4&lab.activation=gelu&lab.gain=1.05&lab.width=16&lab.seed=3#lab"
    )
    before = state(small)
    small.reload()
    wait(small, "Laboratory.bench?.experiment?.flow")
    assert state(small) == before
    press(small, "Reset")
    assert state(small)["name"] == "30 × 64 relu, glorot, sgd 0.02, draw 0"
    assert small.url.endswith("light.html#lab")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("lab.layers=1000", "Hidden layers must be a number from 1 to 100, not “1000”."),
        ("lab.layers=NaN", "Hidden layers must be a number from 1 to 100, not “NaN”."),
        ("lab.gain=1e999", "Gain: weights × must be a number from 0 to 8, not “1e999”."),
        ("lab.gain=-1", "Gain: weights × must be a number from 0 to 8, not “-1”."),
        ("lab.rate=", "Learning rate must be a number from 0.0001 to 10, not “”."),
        ("lab.activation=__proto__", "Activation must be one of .*, not “__proto__”."),
        (
            "lab.init=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E",
            'Weights must be one of .*, not “<img src=x onerror="window.hit=1">”.',
        ),
        (f"lab.seed={'9' * 300}", f"Draw \\(seed\\) must be .*, not “{'9' * 40}…”."),
        ("lab.depth=3", "There is no control “depth”."),
        ("lab.constructor=3", "There is no control “constructor”."),
    ],
)
def test_hostile_addresses_are_refused_with_a_message(page, place, query, message):
    visit(page, place, f"{query}&lab.width=8")
    assert re.match(
        f"The address was not understood. {message} The usual setting is there instead.$",
        status(page),
    )
    assert state(page)["name"] == "30 × 8 relu, glorot, sgd 0.02, draw 0"
    assert page.evaluate("window.hit") is None


def test_a_network_that_is_too_large_is_refused(page, place):
    query = "lab.layers=100&lab.width=128&lab.batch=200&lab.shortcut=highway"
    visit(page, place, query)
    assert status(page).startswith("This network cannot be built: a network may have")
    assert state(page)["name"] == "30 × 64 relu, glorot, sgd 0.02, draw 0"


def test_a_link_on_the_page_sets_it_up(small):
    small.evaluate("window.kept = true")
    small.get_by_role("link", name="Seven").click()
    assert state(small)["name"] == "7 × 64 relu, he, sgd 0.02, draw 0"
    assert small.evaluate("window.kept")
    small.go_back()
    assert state(small)["name"] == "4 × 16 relu, glorot, sgd 0.02, draw 3"


@pytest.mark.parametrize(
    "query",
    [
        "lab.activation=tanh&lab.init=orthogonal&lab.gain=1.5",
        "lab.optimiser=adam&lab.rate=0.001&lab.normalisation=batch&lab.bias=0.5",
        "lab.shortcut=scaled&lab.optimiser=momentum&lab.batch=20&lab.init=he",
    ],
)
def test_the_cell_of_python_gives_the_same_numbers(page, place, query):
    visit(page, place, f"lab.layers=3&lab.width=8&lab.seed=5&{query}")
    for _ in range(4):
        press(page, "One step")
    page.get_by_label("Learning rate").press("ArrowLeft")
    for _ in range(3):
        press(page, "One step")
    found = state(page)
    page.get_by_text("Show as Python").click()
    wait(page, "document.querySelector('.vg-lab pre').textContent")
    names = {}
    exec(page.locator(".vg-lab pre").text_content(), names)
    assert names["accuracy"] == pytest.approx(found["accuracy"])
    assert names["loss"] == pytest.approx(found["loss"], rel=1e-9)
    np.testing.assert_allclose(names["flow"].gradient, found["gradient"], rtol=1e-8)
    np.testing.assert_allclose(names["flow"].signal, found["signal"], rtol=1e-8)


def test_what_the_book_suggests_can_be_set_up(page):
    chapters = Path(__file__).parents[2] / "chapters"
    text = (chapters / "laboratory.md").read_text(encoding="utf-8")
    queries = [unescape(one) for one in re.findall(r'href="(\?[^"]*)#lab"', text)]
    assert len(queries) == 5
    for path in chapters.glob("*.ipynb"):
        links = re.findall(r'\(laboratory\.md \\"(.*?)\\"\)', path.read_text(encoding="utf-8"))
        queries += [f"?{settings}" for settings in links]
    assert len(queries) > 15
    for query in queries:
        names = page.evaluate("query => [...new URLSearchParams(query).keys()]", query)
        found = page.evaluate(
            """query => {
              const names = Object.keys(Laboratory.ACTIVATIONS).map((name) => [name, name]);
              const table = Laboratory.controls(Object.fromEntries(names));
              const { settings, refused } = Laboratory.read(table, query);
              const address = Laboratory.write(table, settings, new URL("http://a/"));
              return [refused, address.searchParams.size];
            }""",
            query,
        )
        assert found[0] == []
        assert found[1] in (len(names), len(names) - 1)  # one names what is there at first


def test_a_picture_is_saved_that_stands_alone(small):
    with small.expect_download() as download:
        press(small, "Save picture")
    text = download.value.path().read_text(encoding="utf-8")
    assert status(small) == ""
    assert text.startswith("<svg") and "var(" not in text
    assert "draw 3, step 0" in text and "Gradient in each layer" in text


def test_it_says_when_a_link_or_a_picture_leaves_out_rates(small):
    small.evaluate(
        "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async () => {} } })"
    )
    press(small, "One step")
    press(small, "Copy link")
    wait(small, "[...document.querySelectorAll('.vg-lab-status')].some((one) => one.textContent)")
    assert status(small) == "Copied."
    small.get_by_label("Learning rate").press("ArrowRight")
    press(small, "Copy link")
    wait(small, "[...document.querySelectorAll('.vg-lab-status')].some((one) => one.textContent)")
    assert status(small) == (
        "Copied. The learning rate changed on the way: the link holds the present rate only."
    )
    with small.expect_download():
        press(small, "Save picture")
    assert status(small).endswith("the picture holds the present rate only.")


# Who reads it, and how


@pytest.fixture(scope="module")
def phone(browser, place):
    """Open the page as on a phone, whose fingers are emulated."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    visit(page, place)
    yield page
    context.close()


def swipe(page, box, across, down):
    """Move a finger from the last fifth of a box."""
    fingers = page.context.new_cdp_session(page)
    x, y = box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2

    def send(kind, *points):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})
        page.wait_for_timeout(20)

    send("touchStart", {"x": x, "y": y})
    for part in range(1, 11):
        send("touchMove", {"x": x + across * part / 10, "y": y + down * part / 10})
    send("touchEnd")
    page.wait_for_timeout(200)


def test_a_finger_that_scrolls_changes_no_slider(phone, place):
    visit(phone, place)
    slider = phone.get_by_label("Hidden layers")
    swipe(phone, slider.bounding_box(), 5, -200)
    assert phone.evaluate("scrollY") > 100
    assert slider.input_value() == "4" and state(phone)["name"].startswith("4 × 16")
    assert slider.get_attribute("aria-valuetext") == "4"
    phone.evaluate("scrollTo(0, 0)")
    swipe(phone, slider.bounding_box(), -60, 5)
    assert 30 < int(slider.input_value()) < 70
    assert state(phone)["name"].startswith(f"{slider.input_value()} × 16")
    swipe(phone, slider.bounding_box(), 0, 0)
    assert 70 < int(slider.input_value()) < 90
    assert state(phone)["name"].startswith(f"{slider.input_value()} × 16")


def test_on_a_phone_no_name_touches_its_value_and_a_pin_is_confirmed_in_sight(phone, place):
    visit(phone, place, f"{SMALL}&lab.rate=0.0001")
    apart = phone.locator(".vg-lab-slider:visible").evaluate_all(
        """all => all.map((one) => {
          const range = document.createRange();
          range.selectNodeContents(one.querySelector("label"));
          return one.querySelector("output").getBoundingClientRect().left
            - range.getBoundingClientRect().right;
        })"""
    )
    assert min(apart) >= 4
    phone.get_by_role("button", name="Pin this run", exact=True).tap()
    box = phone.get_by_text("Pinned. The next run").bounding_box()
    assert 0 <= box["y"] <= 844 - box["height"]


def test_on_a_phone_a_panel_is_on_the_screen_with_the_controls(phone, place):
    visit(phone, place)
    buttons, panel, controls = (
        phone.locator(one).first.bounding_box()
        for one in (".vg-lab-buttons", ".vg-lab-panel", ".vg-lab-controls")
    )
    assert buttons["y"] + buttons["height"] <= panel["y"]
    assert panel["y"] + panel["height"] <= controls["y"]
    assert controls["y"] + controls["height"] - buttons["y"] <= 844 - 80  # the bar of the book


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_it_has_no_accessibility_violation_and_fits(page, place, theme, width):
    page.set_viewport_size({"width": width, "height": 844})
    visit(page, place, theme=theme)
    press(page, "Pin this run")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    state(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], node["html"][:160]) for one in found for node in one["nodes"]] == []
    if width < 400:
        heights = page.locator(".vg-lab :is(button, select, input, summary):visible").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44
    page.set_viewport_size({"width": 1280, "height": 900})


def test_with_reduced_motion_it_draws_twice_in_a_second(small):
    small.emulate_media(reduced_motion="reduce")
    small.evaluate(
        """() => {
          window.drawn = [];
          const path = document.querySelector(".vg-lab-panel g[fill=none] > path");
          new MutationObserver(() => drawn.push(performance.now()))
            .observe(path, { attributeFilter: ["d"] });
        }"""
    )
    press(small, "Train")
    small.wait_for_timeout(2200)
    times = small.evaluate("drawn")
    press(small, "Pause")
    small.emulate_media(reduced_motion="no-preference")
    assert len(times) > 1 and np.diff(times).min() > 400, times  # 180 without the wish


def test_without_scripts_there_is_a_picture_and_what_it_is(browser, place):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((place / "light.html").as_uri())
    assert page.locator(".vg-lab-still svg").count() == 2
    assert "needs JavaScript" in page.locator(".vg-lab-still").inner_text()
    assert page.locator(".vg-lab button").count() == 0
    context.close()


def test_the_picture_is_what_the_page_draws(page, place):
    """After a change of the drawings: ``python -m tools.laboratory_picture``."""
    visit(page, place, "")
    assert laboratory_picture.picture(page) == laboratory_picture.STILL.read_text(encoding="utf-8")


def test_it_weighs_little():
    html = laboratory.page().to_html()
    assert len(gzip.compress(html.encode(), compresslevel=6, mtime=0)) < 90_000


def test_elsewhere_it_is_a_description():
    bundle = laboratory.page()._repr_mimebundle_()
    assert bundle["text/plain"] == repr(laboratory.page())
    assert "</script" not in json.dumps(laboratory.digits())
    assert set(vg.activations.catalogue()) - {"rrelu"} <= set(
        re.findall(r'"(\w+)": \{"title"', bundle["text/html"])
    )
