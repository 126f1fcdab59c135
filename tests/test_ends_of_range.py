"""Numbers at the ends of the range, and texts that no page can hold: each was wrong once."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest

import vgtools as vg
from vgtools import diagnostics, theory
from vgtools.networks import MLP, BatchNorm, losses, train
from vgtools.networks.optimisers import clip_gradient
from vgtools.networks.parameters import Parameter

HUGE = 1.7e308

NUMBERS = {
    "a target between two numbers of float32": (
        lambda: losses.squared_error(np.float32([1]), [1 + 1e-8])[0],
        5e-17,
    ),
    "a probability between two numbers of float32": (
        lambda: losses.binary_cross_entropy(np.float32([50]), [1 - 1e-9])[0],
        5e-8,
    ),
    "a difference that overflows": (
        lambda: losses.squared_error([HUGE] * 4, [-HUGE] * 4)[1][0],
        HUGE / 2,
    ),
    "a quotient that overflows": (
        lambda: diagnostics.factor_back([1e300, *[1.0] * 98, 1e-10]),
        10 ** (310 / 99),
    ),
    "a quotient that underflows": (lambda: diagnostics.factor_back([5e-320, 1, 1e308]), 2.236e-314),
    "a norm that overflows, and a slope": (
        lambda: theory.jacobian_bound(np.full((2, 2), HUGE), [1], 0.25)[0],
        HUGE / 2,
    ),
    "a norm that overflows, and no slope": (
        lambda: theory.jacobian_bound(np.full((2, 2), HUGE), [1], 0.0)[0],
        0.0,
    ),
    "a sum that overflows, and a slope": (
        lambda: theory.error_flow_bound([[1e308, 0], [1e308, 0]], [1])[0],
        1e308,
    ),
    "a gain whose square overflows": (
        lambda: theory.matched_gain(vg.activation("prelu", a=1e200)),
        np.sqrt(2) * 1e-200,
    ),
    "a factor of squares that overflow": (
        lambda: theory.batch_norm_factor(vg.activation("prelu", a=1e200)),
        theory.batch_norm_factor("relu"),
    ),
    "a slope beyond the range of exp": (
        lambda: vg.activation("elu", alpha=1e10).derivative(-750.0),
        1.9016849e-316,
    ),
    "a difference from the running mean that overflows": (lambda: far_from_the_mean(), 6e8),
}


def far_from_the_mean():
    layer = BatchNorm(1, dtype=np.float32)
    layer.running_mean[:] = -3e38
    layer.running_variance[:] = 1e60
    return layer.forward(np.float32([[3e38]]))[0, 0]


@pytest.mark.parametrize("of, right", NUMBERS.values(), ids=NUMBERS)
def test_a_number_that_fits_comes_out(of, right):
    assert of() == pytest.approx(right, rel=1e-4, abs=0)


def test_a_parameter_that_is_listed_twice_is_clipped_once():
    weight = Parameter("w", np.zeros(2))
    weight.gradient[:] = [3.0, 4.0]
    assert clip_gradient([weight, weight], 1.0) == 5.0
    assert weight.gradient == pytest.approx([0.6, 0.8])


def test_an_activation_whose_slope_cannot_be_computed_is_refused():
    with pytest.raises(ValueError, match="celu accepts .* alpha >= 2.3e-308"):
        vg.activation("celu", alpha=5e-324)


# What a figure says


def shown(alt="A line.", draw=lambda: None, **arguments):
    return vg.explore(alt=alt, **arguments)(draw)


@pytest.mark.parametrize(
    "control, default, label",
    [([1e-12, 1e-13], 1e-13, "1e-13"), ((0, 1e-11, 1e-12), 5e-12, "5e−12")],
)
def test_a_tiny_default_is_the_one_that_was_given(control, default, label):
    figure = shown(lambda a: "A line.", lambda a: None, a=control, defaults={"a": default})
    [one] = figure.controls
    assert one.labels[one.default] == label


@pytest.mark.parametrize("text", ["a\0b", "a\x1bb", "a\ud800b"])
def test_a_character_that_no_page_can_hold_is_refused(text):
    with pytest.raises(ValueError, match="a character that no page can hold"):
        shown(text).describe()
    figure, _ = vg.figures.subplots()
    with pytest.raises(ValueError, match="a character that no page can hold"):
        shown(caption=text, draw=lambda: figure).to_html()


@pytest.mark.parametrize(
    "caption, html",
    [
        ("**d *e* f**", "<strong>d <em>e</em> f</strong>"),
        ("*d* and **e**", "<em>d</em> and <strong>e</strong>"),
        ("**a *b** c*", "*<em>a </em>b*<em> c</em>"),
    ],
)
def test_emphasis_never_crosses(caption, html):
    figure, _ = vg.figures.subplots()
    made = shown(caption=caption, draw=lambda: figure).to_html()
    assert f"<figcaption>{html}</figcaption>" in made


def test_what_does_not_fit_is_named():
    with pytest.raises(TypeError, match="must be a function with a name, not functools.partial"):
        shown(draw=partial(print))
    with pytest.raises(ValueError, match="cannot be called 'self'"):
        vg.explore(alt=lambda self: "A line.", **{"self": True})
    thirds = shown(
        lambda a: "A line.", lambda a: None, a=(Fraction(1, 2), Fraction(3, 2), Fraction(1, 2))
    )
    assert thirds.controls[0].values == (0.5, 1.0, 1.5)


@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan])
def test_a_weight_that_is_no_number_is_not_trained_behind_a_unit_that_hides_it(value):
    network = MLP([2, 3, 2], activation="relu", seed=0)
    network.parameters()[0].value[0, 0] = value
    with pytest.raises(ValueError, match="infinite or NaN"):
        train(network, [[1.0, 2.0]], [0], epochs=1, batch_size=1)
