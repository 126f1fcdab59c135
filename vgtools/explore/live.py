"""The figure in a live notebook: widgets beside a drawing that is computed on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import ipywidgets

from vgtools.explore.controls import Control, same
from vgtools.explore.tour import Stop


def live_box(
    controls: Sequence[Control], draw: Callable[..., str], tour: Sequence[Stop] = ()
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
            view.value = f"<pre>{escape(type(error).__name__)}: {escape(str(error))}</pre>"

    for widget in widgets:
        widget.observe(redraw, names="value")
    redraw()
    box = [view, *widgets]
    if tour:
        said = ipywidgets.HTML()
        buttons = [ipywidgets.Button(description=stop.name) for stop in tour]

        def visit(button: ipywidgets.Button) -> None:
            stop = tour[buttons.index(button)]
            for widget, control, place in zip(widgets, controls, stop.places, strict=True):
                widget.value = control.values[place]
            said.value = escape(stop.sentence)

        for button in buttons:
            button.on_click(visit)
        box += [ipywidgets.HBox(buttons), said]
    return ipywidgets.VBox(box)


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
