"""Predictions: against closed forms, against brute force, against wide networks."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from vgtools import theory
from vgtools.activations import activation, catalogue
from vgtools.diagnostics import gradient_flow
from vgtools.networks import MLP, RNNLayer, initialiser

VARIANCES = [1e-8, 1.0, 1e4]
ERF_MEAN = math.erf(1 / math.sqrt(2))


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("power, moment", [(0, 1), (1, 0), (2, 1), (4, 3), (6, 15)])
def test_moments_of_the_normal_distribution(variance, power, moment):
    mean = theory.normal_mean(lambda z: z**power, variance)
    assert mean == pytest.approx(moment * variance ** (power / 2), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize(
    "function, signal, slope",
    [
        (activation("identity"), 1, 1),
        (activation("relu"), 0.5, 0.5),
        (activation("leaky_relu", alpha=0.3), (1 + 0.09) / 2, (1 + 0.09) / 2),
    ],
)
def test_homogeneous_functions(function, signal, slope, variance):
    found = theory.second_moments(function, variance)
    assert found == pytest.approx((signal * variance, slope), rel=1e-12)


def test_hard_tanh_closed_form():
    density = math.exp(-0.5) / math.sqrt(2 * math.pi)
    signal = (ERF_MEAN - 2 * density) + (1 - ERF_MEAN)
    assert theory.second_moments("hard_tanh") == pytest.approx((signal, ERF_MEAN), rel=1e-12)


def test_gelu_mean_closed_form():
    # E z Phi(z) = 1 / (2 sqrt(pi)), by Stein's lemma.
    mean = theory.normal_mean(activation("gelu"))
    assert mean == pytest.approx(1 / (2 * math.sqrt(math.pi)), rel=1e-12)


def test_features_much_narrower_than_the_distribution():
    # For a wide normal distribution E s'(z)**2 tends to its density at 0 times 1/6.
    std = 1e4
    _, slope = theory.second_moments("sigmoid", std**2)
    assert slope == pytest.approx(1 / (6 * std * math.sqrt(2 * math.pi)), rel=1e-7)


@pytest.mark.parametrize("name", catalogue())
def test_second_moments_against_monte_carlo(name):
    f = activation(name)
    variance, z = 5.0, math.sqrt(5.0) * np.random.default_rng(1).standard_normal(100_000)
    for exact, draws in zip(theory.second_moments(f, variance), (f(z), f.derivative(z))):
        squares = draws**2
        error = squares.std() / math.sqrt(len(z))
        # The last term: what lies beyond five standard deviations is never drawn.
        assert abs(exact - squares.mean()) < 4 * error + 1e-8


def test_no_variance_gives_the_value_at_zero():
    assert theory.second_moments("sigmoid", 0.0) == (0.25, 0.0625)


@pytest.mark.parametrize("name", ["relu", "elu", "softplus", "mish", "hard_sigmoid"])
def test_matched_weights_keep_the_signal_and_the_predicted_rate(name):
    gain = theory.matched_gain(name)
    matched = initialiser("fan_in", gain=gain)
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(64, 500)), rng.integers(10, size=64)
    # Weights of variance 1/fan_in hand the first layer pre-activations of variance one.
    network = MLP([500] * 6 + [10], activation(name), matched, seed=6)
    network.dense[0].weight.value /= gain
    flow = gradient_flow(network, x, y)
    signal, slope = theory.second_moments(name)
    factor = (flow.gradient[0] / flow.gradient[-1]) ** (1 / 4)
    assert factor == pytest.approx(gain * math.sqrt(slope), rel=0.06)
    np.testing.assert_allclose(flow.signal, math.sqrt(signal), rtol=0.1)


def test_matched_gain():
    assert theory.matched_gain("relu") == pytest.approx(math.sqrt(2))
    assert theory.matched_gain("relu", keep="gradient") == pytest.approx(math.sqrt(2))
    assert theory.matched_gain("identity") == pytest.approx(1.0)
    assert theory.matched_gain("tanh", keep="gradient") < theory.matched_gain("tanh")
    leaky = math.sqrt(2 / (1 + 0.01**2))
    assert theory.matched_gain("leaky_relu") == pytest.approx(leaky)
    # SELU was made for LeCun's weights.
    assert theory.matched_gain("selu") == pytest.approx(1.0)


def test_mean_field_of_layers_of_different_width():
    prediction = theory.mean_field([10, 40, 20, 30, 5], "relu", "glorot", 2.0)
    q1 = 10 * 2 / 50 * 2.0
    q2 = 40 * 2 / 60 * q1 / 2
    q3 = 20 * 2 / 50 * q2 / 2
    np.testing.assert_allclose(prediction.variance, [q1, q2, q3])
    np.testing.assert_allclose(prediction.signal, np.sqrt(np.array([q1, q2, q3]) / 2))
    second = math.sqrt(30 * 2 / 50 / 2)
    first = math.sqrt(20 * 2 / 60 / 2) * second
    np.testing.assert_allclose(prediction.gradient, [first, second, 1.0])


def test_single_precision_is_widened_before_anything_is_computed():
    values = np.float32([[0.3, 0.1], [0.7, 5.3]])
    for function, arguments in [
        (theory.slope_per_layer, (values[0],)),
        (theory.escape_width, (values,)),
        (theory.jacobian_bound, (values, np.float32(5))),
        (theory.error_flow_bound, (values, np.float32(5))),
    ]:
        wide = function(*(np.asarray(one, float) for one in arguments))
        found = np.asarray(function(*arguments))
        assert found.dtype == np.float64 and (found == wide).all(), function.__name__


def test_backward_factor():
    assert theory.backward_factor(50, 1 / 50, 0.25) == pytest.approx(0.5)
    prediction = theory.mean_field([64] + [50] * 4 + [10], "relu", "lecun")
    assert prediction.backward_factor == pytest.approx(math.sqrt(0.5))
    assert prediction.rate == pytest.approx(math.log10(math.sqrt(2)))


def test_slope_per_layer():
    assert theory.slope_per_layer([1.0, 10.0, 100.0]) == pytest.approx(1.0)
    assert theory.slope_per_layer([0.0, 10.0, 100.0]) == pytest.approx(1.0)
    assert theory.slope_per_layer([1.0, 0.0, 100.0]) == pytest.approx(1.0)
    assert math.isnan(theory.slope_per_layer([3.0]))
    assert math.isnan(theory.slope_per_layer([0.0, 3.0]))


@pytest.mark.parametrize("weight", [4.001, 5.0, 6.9, 20.0, 1e6])
def test_escape_width_is_where_the_factor_reaches_one(weight):
    sigmoid = activation("sigmoid")
    edge = brentq(lambda a: weight * sigmoid.derivative(weight * a) - 1, 0.0, 10.0, xtol=1e-15)
    assert theory.escape_width(weight) == pytest.approx(2 * edge, rel=1e-9)
    assert theory.escape_width(-weight) == theory.escape_width(weight)


@pytest.mark.parametrize("name, steepest", [("sigmoid", 0.25), ("tanh", 1.0)])
@pytest.mark.parametrize("seed", range(3))
def test_bounds_through_time_hold(name, steepest, seed):
    rng = np.random.default_rng(seed)
    layer = RNNLayer(1, 6, name, recurrent_init=initialiser("normal", std=rng.uniform(0.1, 2)))
    u = layer.recurrent_weight.value
    u[:] = rng.uniform(0.1, 2) * rng.normal(size=u.shape)
    # One sample per unit: sample k starts the way back with a one at unit k.
    layer.forward(np.broadcast_to(rng.normal(size=(12, 1, 1)), (12, 6, 1)))
    start = np.zeros((12, 6, 6))
    start[-1] = np.eye(6)
    layer.backward(start)
    slopes = layer.activation.derivative(layer.pre_activations)
    for q in range(1, 12):
        jacobian = layer.state_gradients[12 - q]  # dh_12/dh_(12 - q)
        assert np.linalg.norm(jacobian, 2) <= theory.jacobian_bound(u, q, steepest) * (1 + 1e-12)
        of_pre_activations = jacobian * slopes[11 - q] / slopes[11, :, :].diagonal()[:, None]
        bound = theory.error_flow_bound(u, q, steepest)
        assert np.abs(of_pre_activations).max() <= bound * (1 + 1e-12)


def test_bounds_through_time_are_tight_somewhere():
    assert theory.jacobian_bound(3 * np.eye(2), [0, 1, 4], 0.5).tolist() == [1.0, 1.5, 1.5**4]
    # Unless told otherwise: a slope of one, and that of the sigmoid.
    assert theory.jacobian_bound(2 * np.eye(2), 3) == 2**3
    assert theory.error_flow_bound(2 * np.eye(2), 3) == 2 * 0.5**3
    # The sum runs over what leads *into* a unit, a column.
    assert theory.error_flow_bound([[1.0, 0.0], [1.0, 0.0]], 1, 1.0) == 2 * 2
    assert theory.error_flow_bound([[1.0, 1.0], [0.0, 0.0]], 1, 1.0) == 2 * 1
    below = np.full((5, 5), 0.79)
    assert theory.error_flow_bound(below, 500) < 1e-2 < theory.error_flow_bound(below, 0)


def test_escape_width_bounds():
    weights = np.linspace(0.0, 100.0, 100_001)
    width = theory.escape_width(weights)
    assert (width[weights <= 4] == 0).all() and (width[weights > 4] > 0).all()
    # Nielsen gives 0.45, at a weight of 6.9.
    assert round(width.max(), 2) == 0.45 and round(weights[width.argmax()], 1) == 6.9


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: theory.second_moments("relu", -1.0), ValueError, "variance"),
        (lambda: theory.backward_factor(0, 1.0, 1.0), ValueError, "width"),
        (lambda: theory.backward_factor(3, -1.0, 1.0), ValueError, "weight_variance"),
        (lambda: theory.matched_gain("relu", keep="both"), ValueError, "'signal', 'gradient'"),
        (lambda: theory.mean_field([3, 2], "relu", "he"), ValueError, "hidden layer"),
        (lambda: theory.mean_field([3, 2, 2], "relu", "he", -1.0), ValueError, "second_moment"),
        (lambda: theory.jacobian_bound(np.ones((2, 3)), 1), ValueError, "square"),
        (lambda: theory.jacobian_bound(np.eye(2), -1), ValueError, "steps"),
        (lambda: theory.jacobian_bound(np.eye(2), 0.5), ValueError, "steps"),
        (lambda: theory.error_flow_bound(np.eye(2), 1, -1.0), ValueError, "steepest"),
        (
            lambda: theory.mean_field([3, 2, 2], "relu", initialiser("constant", value=1.0)),
            ValueError,
            "mean zero",
        ),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()
