"""The same two figures by the tools that people use instead, each in its offline mode.

Every function writes a page into a folder and returns the files that have to load
before the figure can be moved, the page first.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.scenes import Scene

HTML_MANAGER, REQUIREJS = "@jupyter-widgets/html-manager@1.0.15", "requirejs@2.3.8"


def book(scene: Scene, folder: Path) -> list[Path]:
    """Write the figure as this book does."""
    page = folder / "page.html"
    page.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Figure</title>'
        + scene.explorable().to_html(),
        encoding="utf-8",
    )
    return [page]


def altair(scene: Scene, folder: Path) -> list[Path]:
    """Altair with everything inline: bound parameters filter the rows of all states."""
    import altair as alt

    rows = [
        {**state, "x": float(x), "y": round(float(left), 4), "z": round(float(right), 4)}
        for state in scene.states
        for x, left, right in zip(scene.x, *scene.lines(state))
        if not np.isnan(left)
    ]
    parameters = []
    for name, values in scene.controls.items():
        if isinstance(values[0], str):
            binding = alt.binding_select(options=values, name=name)
        else:
            step = round(values[1] - values[0], 6)
            binding = alt.binding_range(min=values[0], max=values[-1], step=step, name=name)
        parameters.append(alt.param(f"the_{name}", bind=binding, value=values[0]))
    panels = []
    for channel, (label, limits) in zip("yz", scene.panels):
        panels.append(
            alt.Chart()
            .mark_line()
            .encode(
                x=alt.X("x:Q", title=scene.label),
                y=alt.Y(f"{channel}:Q", title=label, scale=alt.Scale(domain=list(limits))),
            )
            .properties(width=280, height=200)
        )
    alt.data_transformers.disable_max_rows()
    chart = alt.hconcat(*panels, data=alt.Data(values=rows)).add_params(*parameters)
    for name, values in scene.controls.items():
        same = (
            f"datum.{name} == the_{name}"
            if isinstance(values[0], str)
            else f"abs(datum.{name} - the_{name}) < 1e-6"
        )
        chart = chart.transform_filter(same)
    page = folder / "page.html"
    chart.save(page, inline=True)
    return [page]


def bokeh(scene: Scene, folder: Path) -> list[Path]:
    """Bokeh with everything inline: a callback in JavaScript picks the lines of a state."""
    from bokeh.embed import file_html
    from bokeh.layouts import column, row
    from bokeh.models import ColumnDataSource, CustomJS, Select, Slider
    from bokeh.plotting import figure
    from bokeh.resources import INLINE

    lines = [scene.lines(state) for state in scene.states]
    left, right = (np.array(side, dtype=np.float32) for side in zip(*lines))
    every = ColumnDataSource({"left": list(left), "right": list(right)})
    shown = ColumnDataSource({"x": scene.x, "left": left[0], "right": right[0]})
    panels = []
    for name, (label, limits) in zip(("left", "right"), scene.panels):
        panel = figure(
            width=340, height=250, y_range=limits, x_axis_label=scene.label, y_axis_label=label
        )
        panel.line("x", name, source=shown)
        panels.append(panel)
    widgets, sizes = [], []
    for name, values in scene.controls.items():
        sizes.append(len(values))
        if isinstance(values[0], str):
            widgets.append(Select(title=name, options=values, value=values[0]))
        else:
            low, high, step = values[0], values[-1], round(values[1] - values[0], 6)
            widgets.append(Slider(title=name, start=low, end=high, step=step, value=low))
    callback = CustomJS(
        args={"every": every, "shown": shown, "widgets": widgets, "sizes": sizes},
        code="""
        let at = 0;
        widgets.forEach((widget, number) => {
          const place = widget.options ? widget.options.indexOf(widget.value)
            : Math.round((widget.value - widget.start) / widget.step);
          at = at * sizes[number] + place;
        });
        shown.data = {x: shown.data.x, left: every.data.left[at], right: every.data.right[at]};
        """,
    )
    for widget in widgets:
        widget.js_on_change("value", callback)
    page = folder / "page.html"
    page.write_text(
        file_html(column(*widgets, row(*panels)), INLINE, title="Figure"), encoding="utf-8"
    )
    return [page]


def panel(scene: Scene, folder: Path) -> list[Path]:
    """Panel with `embed`: every state is computed and its changes are stored in the page."""
    import panel as pn
    from bokeh.resources import INLINE

    pn.extension()
    widgets = {}
    for name, values in scene.controls.items():
        if isinstance(values[0], str):
            widgets[name] = pn.widgets.Select(name=name, options=values)
        else:
            widgets[name] = pn.widgets.DiscreteSlider(name=name, options=values, value=values[0])

    def draw(**state: object) -> pn.pane.Matplotlib:
        return pn.pane.Matplotlib(scene.draw(state), format="svg", tight=False, width=700)

    app = pn.Column(*widgets.values(), pn.bind(draw, **widgets))
    page = folder / "page.html"
    app.save(page, embed=True, resources=INLINE, max_states=1000, max_opts=1000, progress=False)
    return [page]


def plotly(scene: Scene, folder: Path) -> list[Path]:
    """Plotly with everything inline: a frame for each state, a slider for each control."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    def lines(state: dict) -> list[go.Scatter]:
        return [
            go.Scatter(x=scene.x, y=np.round(y, 4), mode="lines", showlegend=False)
            for y in scene.lines(state)
        ]

    figure = make_subplots(1, 2)
    for column, line in enumerate(lines(scene.states[0]), start=1):
        figure.add_trace(line, row=1, col=column)
    figure.frames = [
        go.Frame(data=[go.Scatter(y=line.y) for line in lines(state)], name=str(number))
        for number, state in enumerate(scene.states)
    ]
    now = {"mode": "immediate", "frame": {"duration": 0, "redraw": False}}
    now["transition"] = {"duration": 0}
    single = len(scene.controls) == 1
    figure.update_layout(
        width=700,
        height=300 + 90 * len(scene.controls),
        margin={"b": 90 * len(scene.controls)},
        sliders=[
            {
                "currentvalue": {"prefix": f"{name}: "},
                "y": -0.2 - 0.5 * number,
                "steps": [
                    {
                        "label": str(value),
                        "method": "animate" if single else "skip",
                        "args": [[str(place)], now] if single else [],
                    }
                    for place, value in enumerate(values)
                ],
            }
            for number, (name, values) in enumerate(scene.controls.items())
        ],
    )
    for number, (label, limits) in enumerate(scene.panels, start=1):
        figure.update_yaxes(range=limits, title=label, row=1, col=number)
        figure.update_xaxes(title=scene.label, row=1, col=number)
    # Plotly's sliders know one control each; which frame several of them mean
    # together takes a few lines of script.
    sizes = json.dumps([len(values) for values in scene.controls.values()])
    script = f"""
    const plot = document.querySelector(".js-plotly-plot"), sizes = {sizes};
    plot.on("plotly_sliderchange", () => {{
      const at = plot._fullLayout.sliders.reduce(
        (at, slider, number) => at * sizes[number] + slider.active, 0);
      Plotly.animate(plot, [String(at)], {json.dumps(now)});
    }});"""
    page = folder / "page.html"
    figure.write_html(
        page, include_plotlyjs=True, auto_play=False, post_script=None if single else script
    )
    return [page]


def ipywidgets(scene: Scene, folder: Path) -> list[Path]:
    """ipywidgets without a kernel: one picture for each state, and links between widgets."""
    import ipywidgets as widgets
    from ipywidgets.embed import embed_minimal_html

    scripts = html_manager(folder)
    links = []
    sliders = [
        widgets.IntSlider(description=name, max=len(values) - 1)
        for name, values in scene.controls.items()
    ]
    pictures = iter(scene.states)

    def stack(depth: int) -> widgets.Widget:
        if depth == len(sliders):
            text = io.StringIO()
            scene.draw(next(pictures)).savefig(text, format="svg")
            return widgets.HTML(text.getvalue())
        children = [stack(depth + 1) for _ in range(sliders[depth].max + 1)]
        box = widgets.Stack(children, selected_index=0)
        links.append(widgets.jslink((sliders[depth], "value"), (box, "selected_index")))
        return box

    page = folder / "page.html"
    views = [*sliders, stack(0)]
    embed_minimal_html(page, views=views, requirejs=True)
    text = page.read_text(encoding="utf-8")
    opening = '<script type="application/vnd.jupyter.widget-state+json">'
    head, state = text.split(opening, 1)
    start = head.index("<script")
    end = head.rindex("</script>") + len("</script>")
    own = "".join(f'<script src="{path.name}"></script>' for path in scripts)
    text = head[:start] + own + head[end:] + opening
    page.write_text(text + state, encoding="utf-8")
    return [page, *scripts]


def html_manager(folder: Path) -> list[Path]:
    """Fetch require.js and the html-manager from npm, into the folder."""
    if not shutil.which("npm"):
        raise RuntimeError("npm, which fetches ipywidgets' html-manager, is not installed")
    command = ["npm", "pack", "--silent", HTML_MANAGER, REQUIREJS]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    members = {"requirejs": "package/require.js", "jupyter": "package/dist/embed-amd.js"}
    found = []
    for start, member in members.items():
        (archive,) = folder.glob(f"{start}-*.tgz")
        with tarfile.open(archive) as tar:
            path = folder / Path(member).name
            path.write_bytes(tar.extractfile(member).read())
            found.append(path)
        archive.unlink()
    return found


Build = Callable[[Scene, Path], list[Path]]
PEERS: dict[str, Build] = {
    "Altair": altair,
    "Bokeh CustomJS": bokeh,
    "Panel embed": panel,
    "Plotly frames": plotly,
    "ipywidgets html-manager": ipywidgets,
}
