"""What does a figure that moves cost? ``python -m benchmarks.figures``.

The same two figures (`benchmarks.scenes`) by this book and by its peers: the bytes
that have to load before the figure can be moved, the time to compute a frame while
the book is built, the time until a cold page can be moved, and the time from an
input to the painted frame, the last two in Chromium with the processor slowed.

The browser paints as soon as it can, without waiting for the next refresh of a
screen, so that the times are those of the page and not of the screen.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from benchmarks import peers
from benchmarks.payload import kilobytes
from benchmarks.scenes import Scene, elu_scene, network_scene

OURS = "this book"
LIMIT = "a slider and a line alone"
"""A page with nothing to load: no figure can be moved sooner."""
BARE = "the same drawing, moved by a bare script"
"""A page that does nothing but move the drawing of the book."""

SLOWED = 4
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-gpu-vsync", "--disable-frame-rate-limit"]
HANDLES = {
    OURS: ".vg-controls:not([hidden]) input[type=range]",
    "Altair": ".vega-bindings input[type=range]",
    "Bokeh CustomJS": ".noUi-handle",
    "Panel embed": ".noUi-handle",
    "Plotly frames": ".slider-grip-rect",
    "ipywidgets html-manager": ".noUi-handle",
    LIMIT: "input[type=range]",
    BARE: "input[type=range]",
}
"""What a reader takes hold of, on each page."""
DRAWN = {
    OURS: ".vg-panels svg path",
    "Altair": ".vega-embed canvas, .vega-embed svg",
    "Bokeh CustomJS": "canvas",
    "Panel embed": "img, svg",
    "Plotly frames": ".scatterlayer path",
    "ipywidgets html-manager": "svg path",
    LIMIT: "svg path",
    BARE: "svg path",
}
"""What shows that the figure itself is there."""
QUIET = 250
"""So many milliseconds without a change mean that an input has been answered."""

WATCH = Path(__file__).with_name("watch.js")


def build(scene: Scene, folder: Path) -> dict[str, list[Path]]:
    """Write the pages of all tools; a tool that is not installed is left out, and named."""
    pages = {}
    for name, write in {OURS: peers.book, **peers.PEERS}.items():
        place = folder / scene.name / name.split()[0]
        place.mkdir(parents=True)
        try:
            pages[name] = write(scene, place)
        except (ImportError, RuntimeError) as error:
            print(f"{name} is left out: {error}")
    return pages


def limits(book: Path) -> dict[str, list[Path]]:
    """Write two pages that do less than the page of the book, to compare it with.

    On one a slider moves a line. On the other it moves the drawing of the book, by
    nothing but a loop over what changes: no description, no link, no address.
    """
    written = book.read_text(encoding="utf-8")
    panels = "".join(re.findall(r"<svg.*?</svg>", written, re.DOTALL))
    frames = re.search(r'<script type="application/json">(.*?)</script>', written, re.DOTALL)[1]
    slider = re.search(r'<input type="range"[^>]*>', written)[0]
    end, start = (re.search(rf' {name}="(\d+)"', slider)[1] for name in ("max", "value"))
    bodies = {
        LIMIT: '<input type="range"><svg><path d="M0 0L99 99" stroke="red"/></svg><script>'
        'const [slider, line] = document.querySelectorAll("input, path");'
        'slider.oninput = () => line.setAttribute("d", `M0 0L${slider.value} 99`);</script>',
        BARE: "<style>svg { width: calc(var(--vg-width) * 1.75px) }</style>"
        f'{panels}<input type="range" max="{end}" value="{start}"><script>'
        f"const slots = {frames}.slots.filter((slot) => slot[0] >= 0 && slot[2].includes(0));"
        """
        const slider = document.querySelector("input");
        const elements = document.querySelectorAll("svg, svg *");
        slider.oninput = () => {
          for (const [element, name, controls, values, positions] of slots) {
            const at = slider.value * (values.length / (+slider.max + 1) | 0 || 1);
            const value = values[positions ? positions[at] : at];
            if (name) elements[element].setAttribute(name, value);
            else elements[element].textContent = value;
          }
        };</script>""",
    }
    pages = {}
    for name, body in bodies.items():
        pages[name] = [book.with_name(f"{len(pages)}.html")]
        head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>'
        pages[name][0].write_text(head + body, encoding="utf-8")
    return pages


def print_weights(scene: Scene, pages: dict[str, list[Path]], least: float) -> None:
    """Print what each page weighs."""
    weights = {
        name: sum(kilobytes(path.read_text(encoding="utf-8")) for path in files)
        for name, files in pages.items()
    }
    print(f"\n{scene.name}, {len(scene.states)} states: weight in kB, gzip; at least {least:g}")
    print("| tool | kB | ratio |")
    print("|---|---|---|")
    for name, weight in sorted(weights.items(), key=lambda pair: pair[1]):
        print(f"| {name} | {weight:.1f} | {weight / weights[OURS]:.1f} |")


def print_frames(scene: Scene, count: int = 40) -> None:
    """Print how long one frame takes while a book is built, in processor time."""
    figure = scene.explorable()
    states = (scene.states * count)[:count]
    for state in states:
        scene.lines(state)  # what the figure shows is computed once, for all sides

    def clock(work) -> float:
        before = time.process_time()
        work()
        return 1e3 * (time.process_time() - before) / count

    def matplotlib_alone() -> None:
        for state in states:
            scene.draw(state).savefig(os.devnull, format="svg")

    found = {OURS: clock(lambda: figure.to_html()) * count / len(scene.states)}
    found["Matplotlib's share of it"] = clock(matplotlib_alone)
    try:
        import panel
    except ImportError:
        panel = None
    if panel:
        with tempfile.TemporaryDirectory() as folder:
            peers.PEERS["Panel embed"](elu_scene(), Path(folder))  # imports, and fills caches
            taken = clock(lambda: peers.panel(scene, Path(folder)))
            found["Panel embed"] = taken * count / len(scene.states)
    print(f"\n{scene.name}: one precomputed frame, ms of processor time; at least 5")
    print("| tool | ms | ratio |")
    print("|---|---|---|")
    for name, value in found.items():
        print(f"| {name} | {value:.1f} | {value / found[OURS]:.2f} |")
    share = found["Matplotlib's share of it"]
    print(
        f"\nMatplotlib draws every frame, here and for Panel, so no ratio above "
        f"{found.get('Panel embed', np.nan) / share:.2f} can be had. A live kernel "
        f"(ipywidgets.interact) needs the same {share:.0f} ms for each input, on a processor "
        "that is not slowed, before anything travels to the page."
    )


def open_slowed(context: BrowserContext, file: Path, name: str) -> tuple[Page, float]:
    """Open a page in a fresh profile; return it and when it could be moved, in ms."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.add_init_script(path=WATCH)
    page.add_init_script(
        f"watch.movable = () => watch.find({HANDLES[name]!r}) && watch.find({DRAWN[name]!r})"
    )
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    page.goto(file.as_uri(), wait_until="load")
    page.wait_for_function("watch.ready > 0")
    return page, page.evaluate("watch.ready")


def settle(page: Page) -> float:
    """Wait until nothing has changed for a while; return when the last change was painted."""
    return page.evaluate(
        """async (quiet) => {
          const start = performance.now();
          while (performance.now() - Math.max(watch.painted, start) < quiet)
            await new Promise((done) => setTimeout(done, 20));
          return watch.painted;
        }""",
        QUIET,
    )


def answer_times(page: Page, name: str, inputs: int) -> list[float]:
    """Move the slider again and again; return the ms from each input to its painted frame."""
    settle(page)
    handle = page.evaluate_handle(f"watch.find({HANDLES[name]!r})").as_element()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    drags = name == "Plotly frames"  # whose slider does not listen to the keyboard
    if drags:
        rail = page.evaluate("document.querySelector('.slider-rail-rect').getBoundingClientRect()")
        page.mouse.move(x, y)
        page.mouse.down()
    else:
        handle.focus()
    taken = []
    for number in range(inputs):
        page.evaluate("watch.arm()")
        if drags:
            page.mouse.move(x + (number + 1) * (rail["width"] - 20) / 40, y)
        else:
            page.keyboard.press("ArrowRight" if number % 30 < 15 else "ArrowLeft")
        settle(page)
        start, end = page.evaluate("[watch.input, watch.painted]")
        if end > start > 0:
            taken.append(end - start)
    return taken


def print_browser(scene: Scene, pages: dict[str, list[Path]], inputs: int, openings: int) -> None:
    """Print when each page can be moved, and how fast it answers."""
    ready: dict[str, list[float]] = {name: [] for name in pages}
    answers: dict[str, list[float]] = {name: [] for name in pages}
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        version = browser.version
        for opening in range(openings):
            for name, files in pages.items():
                context = browser.new_context(viewport={"width": 1280, "height": 1000})
                try:
                    page, moment = open_slowed(context, files[0], name)
                    ready[name].append(moment)
                    if opening < 2:
                        answers[name] += answer_times(page, name, inputs // 2)
                except PlaywrightTimeout as error:
                    print(f"{name} did not answer: {str(error).splitlines()[0]}")
                context.close()
        browser.close()
    print(
        f"\n{scene.name}, Chromium {version}, processor slowed {SLOWED} times: ms until the cold "
        f"page can be moved ({openings} openings; at least 3), and from input to painted frame "
        f"({inputs} inputs; p95 under 16.7)"
    )
    print("| tool | movable, median | quartiles | ratio | painted, median | p95 | ratio of p95 |")
    print("|---|---|---|---|---|---|---|")
    ours, late_ours = np.median(ready[OURS]), np.percentile(answers[OURS], 95)
    for name in (name for name in pages if ready[name]):
        low, median, high = np.percentile(ready[name], [25, 50, 75])
        cells = [name, f"{median:.0f}", f"{low:.0f} to {high:.0f}", f"{median / ours:.1f}"]
        if answers[name]:
            middle, late = np.percentile(answers[name], [50, 95])
            cells += [f"{middle:.1f}", f"{late:.1f}", f"{late / late_ours:.1f}"]
        else:
            cells += ["-"] * 3
        print("| " + " | ".join(cells) + " |")
    best = min(np.median(ready[name]) for name in pages if ready[name] and name in peers.PEERS)
    print(
        f"\nThe best peer can be moved after {best:.0f} ms and a page with nothing to load after "
        f"{np.median(ready[LIMIT]):.0f} ms, so no ratio above "
        f"{best / np.median(ready[LIMIT]):.1f} can be had. In the same run, one line that follows "
        f"a slider is painted within {np.percentile(answers[LIMIT], 95):.1f} ms (p95), and the "
        f"drawing of this book, moved by nothing but a loop, within "
        f"{np.percentile(answers[BARE], 95):.1f} ms."
    )


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=60, help="how often a slider is moved")
    parser.add_argument("--openings", type=int, default=15, help="how often a page is opened")
    parser.add_argument("--only", choices=["elu", "network"], help="one of the two figures")
    options = parser.parse_args(arguments)
    for scene, least in ((elu_scene(), 15), (network_scene(), 10)):
        if options.only not in (None, scene.name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            pages = build(scene, Path(folder))
            print_weights(scene, pages, least)
            pages |= limits(pages[OURS][0])
            print_browser(scene, pages, options.inputs, options.openings)
        if scene.name == "elu":
            print_frames(scene)


if __name__ == "__main__":
    main()
