"""What one layer keeps: the measurement against theory, and the drawing against the numbers."""

import numpy as np
import pytest

import vgtools as vg
from vgtools import strip

DIGITS = vg.datasets.digits(seed=0)
IMAGES = DIGITS.x_train[:100], DIGITS.y_train[:100]


@pytest.mark.parametrize("activation, init", [("sigmoid", "glorot"), ("relu", "he")])
def test_the_measured_factors_are_those_of_the_mean_field(activation, init):
    theory = vg.theory.mean_field([64, *[strip.WIDTH] * strip.DEPTH, 10], activation, init, 1.0)
    forward, backward = strip.kept_by_layer(activation, init, *IMAGES)
    layers = strip.DEPTH - 1
    assert forward == pytest.approx(
        (theory.signal[-1] / theory.signal[0]) ** (1 / layers), abs=0.02
    )
    expected = (theory.gradient[0] / theory.gradient[-1]) ** (1 / layers)
    assert backward == pytest.approx(expected, abs=0.02)


def test_each_row_is_drawn_at_its_numbers_and_the_last_in_colour():
    figure = strip.keeps({"one": (0.9, 0.2), "two": (None, 1.5)}, "relu")
    [axes] = figure().axes
    marks = [line for line in axes.lines if line.get_marker() not in ("", "None", None)]
    assert [float(np.asarray(mark.get_xdata())[0]) for mark in marks] == [1.5, 0.9, 0.2]
    green, *greys = [mark.get_color() for mark in marks]
    assert green == vg.figures.colour("relu") not in greys
    assert figure.describe() == (
        "Of what it is given, one layer keeps: one: signal ×0.90, gradient ×0.20; "
        "two: gradient ×1.50."
    )


@pytest.mark.parametrize("rows", [{}, {"a": (1.0, 0.01)}, {"a": (3.0, 1.0)}, {"a": (1.0, np.nan)}])
def test_what_the_axis_cannot_show_is_refused(rows):
    with pytest.raises(ValueError, match="factors from 0.1 to 2.0, not"):
        strip.keeps(rows, "relu")
