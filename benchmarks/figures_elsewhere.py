"""Figures that move, made by `vgtools.explore` and by others: weight, and time to a frame.

It needs an environment of its own::

    python3 -m venv _build/figures
    _build/figures/bin/pip install -r benchmarks/requirements-figures.txt
    _build/figures/bin/python -m benchmarks.figures_elsewhere

Each tool writes three figures, with the same data and the same states, as one HTML file that
needs no network. The slider is moved through all states. A time is that from the event, or from
the call that the tool's own slider makes, to the first painted frame after which nothing changes
any more, neither an element nor a canvas. It holds a frame of the browser, about 17 ms: what takes
less cannot be told apart.

marimo 0.25 is not here: its HTML holds one state and loads the front end from a server, and with
WebAssembly it runs Python in the page.
"""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from playwright.sync_api import Browser

from tools.browser import chromium

ROUNDS = 2
"""So many times every state is shown; the first round is not counted."""

FLAGS = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]

X = np.linspace(0, 1, 400)
DAYS = np.arange(1000)
NOISY = np.sin(DAYS / 80) + np.random.default_rng(0).normal(0, 0.3, 1000)
SIDE = np.linspace(-1, 1, 60)


def waves(k: int) -> dict[str, np.ndarray]:
    """Return the line of a state: 400 points."""
    return {"y": np.sin(2 * np.pi * (k + 1) * X / 2)}


def ripples(k: int) -> dict[str, np.ndarray]:
    """Return the image of a state: 60 x 60 cells, rounded to three digits."""
    u, v = np.meshgrid(SIDE, SIDE)
    image = np.sin(20 * np.hypot(u - k / 20, v)) + np.sin(20 * np.hypot(u + k / 20, v))
    return {"z": image.round(3)}


def smoothing(k: int) -> dict[str, np.ndarray]:
    """Return two linked lines of a state, a mean and what it leaves, of 1000 points each."""
    width = 10 * k + 1
    smooth = np.convolve(NOISY, np.ones(width) / width, mode="same")
    return {"mean": smooth.round(3), "rest": (NOISY - smooth).round(3)}


FIGURES: dict[str, tuple[Callable[[int], dict[str, np.ndarray]], int]] = {
    "line": (waves, 20),
    "heat map": (ripples, 10),
    "two panels": (smoothing, 20),
}
"""From the name of a figure to the data of a state, and the number of states."""


# ---------- The tools ----------


def explore_page(name: str, states: list[dict[str, np.ndarray]]) -> str:
    """Write the page of `vgtools.explore`."""
    from vgtools.explore import explore

    @explore(k=(0, len(states) - 1), alt=lambda k: f"State {k}.", defaults={"k": 0})
    def figure(k):
        figure = Figure(figsize=(7, 3) if name == "two panels" else (5, 4))
        if name == "heat map":
            axes = figure.subplots()
            axes.imshow(states[k]["z"], vmin=-2, vmax=2, interpolation="none")
        elif name == "line":
            figure.subplots().plot(X, states[k]["y"])
        else:
            for axes, values in zip(figure.subplots(1, 2), states[k].values(), strict=True):
                axes.plot(DAYS, values)
                axes.set(ylim=(-2, 2))
        return figure

    return figure.to_page()


def plotly_page(name: str, states: list[dict[str, np.ndarray]]) -> str:
    """Write the page of Plotly: one frame for each state."""
    from plotly import graph_objects as go
    from plotly.subplots import make_subplots

    def traces(state):
        if name == "heat map":
            return [go.Heatmap(z=state["z"], zmin=-2, zmax=2)]
        x = X if name == "line" else DAYS
        return [go.Scatter(x=x, y=values, mode="lines") for values in state.values()]

    figure = make_subplots(1, len(traces(states[0])))
    for column, trace in enumerate(traces(states[0]), 1):
        figure.add_trace(trace, row=1, col=column)
    if name == "two panels":
        figure.update_yaxes(range=(-2, 2))
    figure.frames = [
        go.Frame(data=traces(state), name=str(k), traces=list(range(len(state))))
        for k, state in enumerate(states)
    ]
    at_once = {"mode": "immediate", "frame": {"duration": 0}, "transition": {"duration": 0}}
    steps = [{"method": "animate", "args": [[str(k)], at_once]} for k in range(len(states))]
    figure.update_layout(sliders=[{"steps": steps}], width=700, height=400)
    return figure.to_html(include_plotlyjs=True, auto_play=False)


def bokeh_figure(name: str, states: list[dict[str, np.ndarray]]) -> Any:
    """Return a layout of Bokeh: a slider that changes the data by a piece of JavaScript."""
    from bokeh.layouts import column, row
    from bokeh.models import ColumnDataSource, CustomJS, Slider
    from bokeh.plotting import figure

    def columns(state):
        if name == "heat map":
            return {"z": [state["z"].astype(np.float32)]}
        return {"x": X if name == "line" else DAYS, **state}

    source = ColumnDataSource(columns(states[0]))
    if name == "heat map":
        plots = [figure(width=400, height=400)]
        plots[0].image("z", x=-1, y=-1, dw=2, dh=2, source=source, palette="Viridis256")
    else:
        plots = [figure(width=350, height=300) for _ in states[0]]
        for plot, key in zip(plots, states[0], strict=True):
            plot.line("x", key, source=source)
    slider = Slider(start=0, end=len(states) - 1, value=0, step=1, name="state")
    changing = [{key: columns(state)[key] for key in state} for state in states]
    code = "source.data = {...source.data, ...states[this.value]}"
    slider.js_on_change("value", CustomJS(args={"source": source, "states": changing}, code=code))
    return column(row(*plots), slider)


def bokeh_page(name: str, states: list[dict[str, np.ndarray]]) -> str:
    """Write the page of Bokeh."""
    from bokeh.embed import file_html
    from bokeh.resources import INLINE

    return file_html(bokeh_figure(name, states), INLINE, title=name)


def panel_page(name: str, states: list[dict[str, np.ndarray]]) -> str:
    """Write the page of Panel, which keeps what its widgets change: figures of Matplotlib."""
    import io

    import panel
    from bokeh.resources import INLINE

    def draw(k):
        figure = Figure(figsize=(7, 3) if name == "two panels" else (5, 4))
        axes = np.ravel(figure.subplots(1, len(states[k])))
        for part, values in zip(axes, states[k].values(), strict=True):
            if name == "heat map":
                part.imshow(values, vmin=-2, vmax=2, interpolation="none")
            else:
                part.plot(X if name == "line" else DAYS, values)
        return panel.pane.Matplotlib(figure, format="svg")

    slider = panel.widgets.IntSlider(start=0, end=len(states) - 1, name="state")
    file = io.StringIO()
    both = panel.Column(panel.bind(draw, slider), slider)
    both.save(file, embed=True, max_states=100, max_opts=100, resources=INLINE, progress=False)
    return file.getvalue()


def altair_page(name: str, states: list[dict[str, np.ndarray]]) -> str:
    """Write the page of Altair: all states in one table, of which a slider shows some rows."""
    import io

    import altair

    altair.data_transformers.disable_max_rows()
    slider = altair.binding_range(min=0, max=len(states) - 1, step=1)
    state = altair.param(name="state", value=0, bind=slider)
    rows: list[dict[str, float]] = []
    for k, values in enumerate(states):
        if name == "heat map":
            rows += [
                {"k": k, "x": x, "y": y, "z": float(z)} for (y, x), z in np.ndenumerate(values["z"])
            ]
        else:
            x = (X if name == "line" else DAYS).tolist()
            series = [value.tolist() for value in values.values()]
            rows += [
                {"k": k, "x": at, **dict(zip(values, point, strict=True))}
                for at, *point in zip(x, *series, strict=True)
            ]
    base = altair.Chart(altair.Data(values=rows)).transform_filter("datum.k == state")
    if name == "heat map":
        chart = base.mark_rect().encode(x="x:O", y="y:O", color="z:Q")
    else:
        chart = altair.hconcat(
            *(base.mark_line().encode(x="x:Q", y=f"{key}:Q") for key in states[0])
        )
    file = io.StringIO()
    chart.add_params(state).save(file, format="html", inline=True)
    return file.getvalue()


RANGE = """(k) => { const slider = document.querySelector("input[type=range]");
  slider.value = k; slider.dispatchEvent(new Event("input", { bubbles: true })); }"""
BOKEH = """(k) => { for (const model of Bokeh.documents[0]._all_models.values()) {
  if (model.type?.endsWith("Slider")) model.value = k; } }"""
PLOTLY = """(k) => Plotly.animate(document.querySelector(".plotly-graph-div"), [String(k)],
  { mode: "immediate", frame: { duration: 0 }, transition: { duration: 0 } })"""

TOOLS: dict[str, tuple[Callable[..., str], str, str]] = {
    "vgtools.explore": (explore_page, RANGE, ".vg-controls:not([hidden])"),
    "altair": (altair_page, RANGE, "input[type=range]"),
    "bokeh": (bokeh_page, BOKEH, ".bk-Figure, .bk-Column"),
    "panel": (panel_page, BOKEH, ".bk-Column, .bk-panel-models-layout-Column"),
    "plotly": (plotly_page, PLOTLY, ".plotly-graph-div .main-svg"),
}
"""What writes the page of a tool, what moves its slider, and what is there when it can move."""

# ---------- The measurement ----------

WATCH = """
  window.changed = false;
  for (const name of ["clearRect", "stroke", "fill", "fillRect", "drawImage", "putImageData"]) {
    const own = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...given) {
      window.changed = true;
      return own.apply(this, given);
    };
  }
  const observer = new MutationObserver(() => { window.changed = true; });
  const watch = (root) => observer.observe(root,
    { subtree: true, childList: true, attributes: true, characterData: true });
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (how) {
    const root = attach.call(this, how);
    watch(root);
    return root;
  };
  watch(document);
"""
"""Notes every change of the page and every stroke on a canvas."""

MEASURE = """async ([states, rounds, move]) => {
  const show = eval(move), taken = [];
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
    const channel = new MessageChannel();  // whose message comes when the frame is there
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(0);
  }));
  for (let round = 0; round < rounds; round++) {
    for (let k = 1; k <= states; k++) {
      window.changed = false;
      const begin = performance.now();
      let end = begin, quiet = 0;
      show(k % states);
      while (quiet < 10 || performance.now() - begin < 40) {
        await painted();
        if (window.changed) {
          window.changed = false;
          end = performance.now();
          quiet = 0;
        } else quiet++;
      }
      if (round) taken.push(end - begin);
    }
  }
  return taken;
}"""


def frame_times(browser: Browser, file: Path, tool: str, states: int) -> tuple[list[float], int]:
    """Move the slider of a page through all its states.

    Return the milliseconds of each frame, and how many of four states look like another one.
    """
    _, move, ready = TOOLS[tool]
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(file.as_uri())
    page.locator(ready).first.wait_for(timeout=60_000)
    page.wait_for_timeout(1000)
    taken = page.evaluate(MEASURE, [states, ROUNDS, move])
    pictures = set()
    for k in range(0, states, states // 4 + 1):
        page.evaluate(f"(k) => {{ ({move})(k); }}", k)
        page.wait_for_timeout(150)
        pictures.add(page.screenshot())
    context.close()
    return taken, len(range(0, states, states // 4 + 1)) - len(pictures)


def main() -> None:
    """Print the table."""
    versions = ", ".join(f"{name} {version(name)}" for name in TOOLS if "." not in name)
    with chromium(*FLAGS) as browser, tempfile.TemporaryDirectory() as folder:
        print(f"{versions}; Chromium {browser.version}; load {os.getloadavg()[0]:.1f}.")
        print("| figure | states | tool | kB (gzip) | ms to a frame, median | 95 of 100 |")
        print("|---|---|---|---|---|---|")
        for name, (data, count) in FIGURES.items():
            states = [data(k) for k in range(count)]
            for tool, (write, _, _) in TOOLS.items():
                html = write(name, states)
                file = Path(folder) / "figure.html"
                file.write_text(html, encoding="utf-8")
                taken, same = frame_times(browser, file, tool, count)
                assert not same, f"{tool}: {same} states of the {name} look like another"
                median, high = np.percentile(taken, [50, 95])
                weight = f"{len(gzip.compress(html.encode(), 6)) / 1000:.1f}"
                print(f"| {name} | {count} | {tool} | {weight} | {median:.1f} | {high:.1f} |")


if __name__ == "__main__":
    main()
