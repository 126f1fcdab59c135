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
import io
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from playwright.sync_api import Browser

from tools.browser import chromium

ROUNDS = 2
"""So many times every state is shown; the first round is not counted."""

FLAGS = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]


class Shown(NamedTuple):
    """The data of a figure: for each state a line in each panel, or an image."""

    states: list[dict[str, np.ndarray]]
    x: np.ndarray | None
    """Where the points of the lines are; None for an image."""


def waves() -> Shown:
    """Return the states of a line: 400 points."""
    x = np.linspace(0, 1, 400)
    return Shown([{"y": np.sin(np.pi * (k + 1) * x)} for k in range(20)], x)


def ripples() -> Shown:
    """Return the states of an image: 60 x 60 cells, rounded to three digits."""
    u, v = np.meshgrid(*[np.linspace(-1, 1, 60)] * 2)
    distances = ([np.hypot(u + side * k / 20, v) for side in (-1, 1)] for k in range(10))
    return Shown(
        [{"z": np.sin(20 * np.array(each)).sum(axis=0).round(3)} for each in distances], None
    )


def smoothing() -> Shown:
    """Return the states of two linked lines, a mean and what it leaves, of 1000 points each."""
    days = np.arange(1000)
    noisy = np.sin(days / 80) + np.random.default_rng(0).normal(0, 0.3, 1000)
    means = [np.convolve(noisy, np.ones(n) / n, mode="same") for n in range(1, 192, 10)]
    return Shown([{"mean": m.round(3), "rest": (noisy - m).round(3)} for m in means], days)


FIGURES = {"line": waves(), "heat map": ripples(), "two panels": smoothing()}


# ---------- The tools ----------


def drawn(shown: Shown, k: int) -> Figure:
    """Draw a state with Matplotlib, for the tools that take its figures."""
    values = list(shown.states[k].values())
    figure = Figure(figsize=(7, 3) if len(values) == 2 else (5, 4))
    for axes, each in zip(np.ravel(figure.subplots(1, len(values))), values, strict=True):
        if shown.x is None:
            axes.imshow(each, vmin=-2, vmax=2, interpolation="none")
        else:
            axes.plot(shown.x, each)
        if len(values) == 2:
            axes.set(ylim=(-2, 2))
    return figure


def explore_page(shown: Shown) -> str:
    """Write the page of `vgtools.explore`."""
    from vgtools.explore import explore

    @explore(k=(0, len(shown.states) - 1), alt=lambda k: f"State {k}.", defaults={"k": 0})
    def figure(k):
        return drawn(shown, k)

    return figure.to_page()


def plotly_page(shown: Shown) -> str:
    """Write the page of Plotly: one frame for each state."""
    from plotly import graph_objects as go
    from plotly.subplots import make_subplots

    def traces(state):
        if shown.x is None:
            return [go.Heatmap(z=state["z"], zmin=-2, zmax=2)]
        return [go.Scatter(x=shown.x, y=values, mode="lines") for values in state.values()]

    first = traces(shown.states[0])
    figure = make_subplots(1, len(first))
    for column, trace in enumerate(first, 1):
        figure.add_trace(trace, row=1, col=column)
    if len(first) == 2:
        figure.update_yaxes(range=(-2, 2))
    figure.frames = [
        go.Frame(data=traces(state), name=str(k), traces=list(range(len(state))))
        for k, state in enumerate(shown.states)
    ]
    at_once = {"mode": "immediate", "frame": {"duration": 0}, "transition": {"duration": 0}}
    steps = [{"method": "animate", "args": [[str(k)], at_once]} for k in range(len(shown.states))]
    figure.update_layout(sliders=[{"steps": steps}], width=700, height=400)
    return figure.to_html(include_plotlyjs=True, auto_play=False)


def bokeh_page(shown: Shown) -> str:
    """Write the page of Bokeh: a slider that changes the data by a piece of JavaScript."""
    from bokeh.embed import file_html
    from bokeh.layouts import column, row
    from bokeh.models import ColumnDataSource, CustomJS, Slider
    from bokeh.plotting import figure
    from bokeh.resources import INLINE

    changing, fixed = shown.states, {"x": shown.x}
    if shown.x is None:
        changing, fixed = [{"z": [each["z"].astype(np.float32)]} for each in shown.states], {}
    source = ColumnDataSource(fixed | changing[0])
    if shown.x is None:
        plots = [figure(width=400, height=400)]
        plots[0].image("z", x=-1, y=-1, dw=2, dh=2, source=source, palette="Viridis256")
    else:
        plots = [figure(width=350, height=300) for _ in changing[0]]
        for plot, key in zip(plots, changing[0], strict=True):
            plot.line("x", key, source=source)
    slider = Slider(start=0, end=len(changing) - 1, value=0, step=1, name="state")
    code = "source.data = {...source.data, ...states[this.value]}"
    slider.js_on_change("value", CustomJS(args={"source": source, "states": changing}, code=code))
    return file_html(column(row(*plots), slider), INLINE, title="figure")


def panel_page(shown: Shown) -> str:
    """Write the page of Panel, which keeps what its widgets change: figures of Matplotlib."""
    import panel
    from bokeh.resources import INLINE

    def pane(k):
        return panel.pane.Matplotlib(drawn(shown, k), format="svg")

    slider = panel.widgets.IntSlider(start=0, end=len(shown.states) - 1, name="state")
    file = io.StringIO()
    both = panel.Column(panel.bind(pane, slider), slider)
    both.save(file, embed=True, max_states=100, max_opts=100, resources=INLINE, progress=False)
    return file.getvalue()


def altair_page(shown: Shown) -> str:
    """Write the page of Altair: all states in one table, of which a slider shows some rows."""
    import altair

    altair.data_transformers.disable_max_rows()
    slider = altair.binding_range(min=0, max=len(shown.states) - 1, step=1)
    state = altair.param(name="state", value=0, bind=slider)
    rows: list[dict[str, float]] = []
    for k, values in enumerate(shown.states):
        if shown.x is None:
            rows += [
                {"k": k, "x": x, "y": y, "z": float(z)} for (y, x), z in np.ndenumerate(values["z"])
            ]
        else:
            series = {"x": shown.x, **values}
            points = zip(*(each.tolist() for each in series.values()), strict=True)
            rows += [{"k": k, **dict(zip(series, point, strict=True))} for point in points]
    base = altair.Chart(altair.Data(values=rows)).transform_filter("datum.k == state")
    if shown.x is None:
        chart = base.mark_rect().encode(x="x:O", y="y:O", color="z:Q")
    else:
        lines = (base.mark_line().encode(x="x:Q", y=f"{key}:Q") for key in shown.states[0])
        chart = altair.hconcat(*lines)
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

    Return the milliseconds of each frame, and how many of some states look like another one.
    """
    _, move, ready = TOOLS[tool]
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(file.as_uri())
    page.locator(ready).first.wait_for(timeout=60_000)
    page.wait_for_timeout(1000)
    taken = page.evaluate(MEASURE, [states, ROUNDS, move])
    pictures, looked = set(), range(0, states, states // 4 + 1)
    for k in looked:
        page.evaluate(f"(k) => {{ ({move})(k); }}", k)
        page.wait_for_timeout(150)
        pictures.add(page.screenshot())
    context.close()
    return taken, len(looked) - len(pictures)


def main() -> None:
    """Print the table."""
    versions = ", ".join(f"{name} {version(name)}" for name in TOOLS if "." not in name)
    with chromium(*FLAGS) as browser, tempfile.TemporaryDirectory() as folder:
        print(f"{versions}; Chromium {browser.version}; load {os.getloadavg()[0]:.1f}.")
        print("| figure | states | tool | kB (gzip) | ms to a frame, median | 95 of 100 |")
        print("|---|---|---|---|---|---|")
        for name, shown in FIGURES.items():
            count = len(shown.states)
            for tool, (write, _, _) in TOOLS.items():
                html = write(shown)
                file = Path(folder) / "figure.html"
                file.write_text(html, encoding="utf-8")
                taken, same = frame_times(browser, file, tool, count)
                assert not same, f"{tool}: {same} states of the {name} look like another"
                median, high = np.percentile(taken, [50, 95])
                weight = f"{len(gzip.compress(html.encode(), 6)) / 1000:.1f}"
                print(f"| {name} | {count} | {tool} | {weight} | {median:.1f} | {high:.1f} |")


if __name__ == "__main__":
    main()
