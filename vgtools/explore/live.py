"""The figure in a live notebook: widgets beside a drawing that is computed on demand.

Where the states are few, a button computes all of them at once. The widgets then give way to
the figure as it stands on a page, which moves by itself. It is an output, and not the value of
an `ipywidgets.HTML`, because front ends run the scripts of the first alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from math import prod
from typing import Any

import ipywidgets
from IPython.display import HTML

from vgtools.explore.controls import Control, same
from vgtools.explore.tour import Stop

MOST_AHEAD = 200
"""Up to so many states can be computed ahead."""

Steps = Callable[[Iterable[Any]], Iterator[Any]]
"""Iterates over what it is given and shows how far it is."""


def live_box(
    controls: Sequence[Control],
    draw: Callable[..., str],
    tour: Sequence[Stop] = (),
    draw_all: Callable[[Sequence[int], Steps], str] | None = None,
) -> ipywidgets.VBox:
    """Build the controls and a view that follows them.

    Parameters
    ----------
    controls : sequence of Control
        What can be moved.
    draw : callable
        Takes one keyword for each control and returns HTML.
    tour : sequence of Stop
        Named states, each with a button.
    draw_all : callable, optional
        Returns HTML that moves by itself, for the button that replaces all of this. It takes
        the position of each control and what shows how far it is.

    Returns
    -------
    ipywidgets.VBox
        The view, its controls and the tour. Front ends send the newest value only after
        the last one was drawn, so that a slow drawing never queues up.

    Examples
    --------
    >>> from vgtools.explore.controls import make_controls
    >>> box = live_box(make_controls({"a": (0, 2, 1)}, {}, {}), lambda a: f"a = {a}")
    >>> view, slider = box.children
    >>> slider.value = 2
    >>> view.value
    'a = 2'
    """
    view = ipywidgets.HTML(layout=ipywidgets.Layout(width="100%"))
    widgets = [_widget(control) for control in controls]

    def redraw(_change: object = None) -> None:
        state = {
            control.name: widget.value for control, widget in zip(controls, widgets, strict=True)
        }
        try:
            view.value = draw(**state)
        except Exception as error:  # a learner's own drawing may fail in any way: show it here
            if _change is None:
                raise
            view.value = _message(error)

    for widget in widgets:
        widget.observe(redraw, names="value")
    redraw()
    box = ipywidgets.VBox([view, *widgets])
    if tour:
        box.children += _tour(controls, widgets, tour)
    states = prod(len(control.values) for control in controls)
    if draw_all is not None and 1 < states <= MOST_AHEAD:

        def places() -> list[int]:
            return [one.index(widget.value) for one, widget in zip(controls, widgets, strict=True)]

        _add_button(box, states, lambda steps: draw_all(places(), steps))
    return box


def _tour(
    controls: Sequence[Control], widgets: Sequence[ipywidgets.Widget], tour: Sequence[Stop]
) -> tuple[ipywidgets.Widget, ...]:
    said = ipywidgets.HTML()
    buttons = [ipywidgets.Button(description=stop.name) for stop in tour]

    def visit(button: ipywidgets.Button) -> None:
        stop = tour[buttons.index(button)]
        for widget, control, place in zip(widgets, controls, stop.places, strict=True):
            widget.value = control.values[place]
        said.value = escape(stop.sentence)

    for button in buttons:
        button.on_click(visit)
    return ipywidgets.HBox(buttons), said


def _add_button(box: ipywidgets.VBox, states: int, draw_all: Callable[[Steps], str]) -> None:
    button = ipywidgets.Button(
        description=f"Compute all {states} states",
        tooltip="After that the figure moves without the kernel",
        layout=ipywidgets.Layout(width="max-content"),
    )
    before = (*box.children, button)

    def compute(_button: ipywidgets.Button) -> None:
        bar = ipywidgets.IntProgress(max=states)
        box.children = (*before[:-1], bar)

        def steps(items: Iterable[Any]) -> Iterator[Any]:
            for item in items:
                yield item
                bar.value += 1

        try:
            html = draw_all(steps)
        except Exception as error:
            before[0].value = _message(error)
            box.children = before
            return
        output = ipywidgets.Output()
        output.append_display_data(HTML(html))
        box.children = (output,)

    button.on_click(compute)
    box.children = before


def _message(error: Exception) -> str:
    return f"<pre>{escape(type(error).__name__)}: {escape(str(error))}</pre>"


def _widget(control: Control) -> ipywidgets.Widget:
    style = {"description_width": "initial"}
    if control.kind == "checkbox":
        return ipywidgets.Checkbox(
            value=control.values[control.default], description=control.title, indent=False
        )
    options = list(zip(control.labels, control.values, strict=True))
    kind = ipywidgets.SelectionSlider if control.kind == "slider" else ipywidgets.Dropdown
    return kind(
        options=options,
        index=control.default,
        equals=same,
        description=control.title,
        style=style,
        layout=ipywidgets.Layout(width="min(32rem, 98%)"),
    )
