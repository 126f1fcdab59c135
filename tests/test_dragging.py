"""Which panels a pointer may take hold of; `browser/test_motion.py` drags."""

import pytest

import vgtools as vg
from vgtools import figures
from vgtools.explore.controls import make_controls
from vgtools.explore.dragging import find_handles

SLIDER = make_controls({"x": (-1.0, 3.0, 1.0)}, {}, {})


def drawn(**axes):
    figure, panels = figures.subplots(2)
    panels[1].set(**{"xlabel": "x", "xlim": (-2, 4)} | axes)
    return figure


def test_the_ends_are_where_matplotlib_draws_them():
    figure = drawn()
    [(panel, (name, first, last))] = find_handles(figure, SLIDER).items()
    assert (panel, name) == (1, "x")
    bounds = figure.axes[1].get_position()
    width = 72 * figure.get_size_inches()[0]
    assert first == pytest.approx(width * (bounds.x0 + bounds.width / 6), abs=0.06)
    assert last == pytest.approx(width * (bounds.x0 + bounds.width * 5 / 6), abs=0.06)


def test_an_axis_may_run_to_the_left():
    [(_, first, last)] = find_handles(drawn(xlim=(4, -2)), SLIDER).values()
    assert first > last


@pytest.mark.parametrize(
    "axes", [{"xlabel": "y"}, {"xlim": (0, 4)}, {"xlim": (-2, 2)}, {"xscale": "symlog"}]
)
def test_an_axis_that_the_slider_does_not_lie_on_is_left_alone(axes):
    assert find_handles(drawn(**axes), SLIDER) == {}


def test_other_controls_and_single_values_are_left_alone():
    for control in ({"x": [0, 1]}, {"x": True}):
        assert find_handles(drawn(), make_controls(control, {}, {})) == {}


def test_a_title_that_stands_on_an_axis_is_enough():
    @vg.explore(a=(0, 3), titles={"a": "x"}, alt=lambda a: f"It is {a}.")
    def line(a):
        return drawn()

    assert line.to_html().count('data-drag="a ') == 1


def test_a_description_writes_minus_signs_before_numbers_only():
    @vg.explore(a=(-1, 1), alt=lambda a: f"At {a - 1}, x-1, 2-3, float-16, (-.5): {-1e-5}.")
    def line(a):
        return drawn()

    assert line.describe(a=-1) == "At −2, x-1, 2-3, float-16, (−.5): −1e-05."
