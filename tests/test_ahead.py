"""All states of a figure computed ahead; `live/test_lab.py` does it in JupyterLab."""

import ipywidgets
import pytest
from matplotlib.figure import Figure

from vgtools.explore import explore, live


def line(values, drawn, fails_at=None):
    @explore(slope=(1, values), alt=lambda slope: f"The slope is {slope}.", titles={"slope": "m"})
    def climb(slope):
        if slope == fails_at:
            raise RuntimeError("too < steep")
        drawn.append(slope)
        figure = Figure()
        figure.add_subplot().plot([0, 1], [0, slope])
        return figure

    return climb


def press(box):
    """Press the last button and return what the box held meanwhile."""
    seen = []
    box.observe(lambda change: seen.append(change.new), names="children")
    box.children[-1].click()
    return seen


def test_a_press_computes_every_state_behind_a_bar_and_starts_where_the_reader_is():
    drawn = []
    box = line(4, drawn)._live_box()
    _, slider, button = box.children
    assert button.description == "Compute all 4 states"
    slider.value = 4
    drawn.clear()
    (*others, bar), [output] = press(box)
    assert others == [box_child for box_child in others if box_child is not button]
    assert (bar.value, bar.max) == (4, 4) and drawn[:4] == [1, 2, 3, 4]
    [shown] = output.outputs
    html = shown["data"]["text/html"]
    assert isinstance(output, ipywidgets.Output) and shown["output_type"] == "display_data"
    assert html.count("startAll") > 1 and 'value="3" aria-valuetext="4"' in html
    assert ">The slope is 4.</p>" in html and "The slope is 1." in html


def test_where_a_state_cannot_be_drawn_the_figure_says_why_and_stays():
    box = line(4, [], fails_at=3)._live_box()
    before = box.children
    press(box)
    assert box.children == before
    assert before[0].value == "<pre>RuntimeError: too &lt; steep</pre>"
    before[1].value = 4
    assert "The slope is 4." in before[0].value


@pytest.mark.parametrize("values, offered", [(live.MOST_AHEAD, 1), (live.MOST_AHEAD + 1, 0)])
def test_many_states_are_left_to_the_kernel(values, offered):
    box = line(values, [])._live_box()
    buttons = [one for one in box.children if isinstance(one, ipywidgets.Button)]
    assert len(buttons) == offered and len(box.children) == 2 + offered


def test_what_has_no_controls_has_no_button():
    @explore(alt="Nothing.")
    def nothing():
        return Figure()

    assert len(nothing._live_box().children) == 1
