"""gradient_flow: every number against its definition on networks small enough to see through."""

import math

import numpy as np
import pytest

from vgtools.diagnostics import gradient_flow
from vgtools.networks import MLP, cross_entropy, initialiser


def data(n=30, features=6, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)), rng.integers(classes, size=n)


def test_against_the_definitions():
    x, y = data()
    network = MLP([6, 5, 3, 4], "tanh", "lecun", seed=1)
    flow = gradient_flow(network, x, y)

    w1, w2, w3 = (layer.weight.value for layer in network.dense)
    h1 = np.tanh(x @ w1)
    h2 = np.tanh(h1 @ w2)
    g = cross_entropy(h2 @ w3, y)[1]
    d2 = (g @ w3.T) * (1 - h2**2)
    d1 = (d2 @ w2.T) * (1 - h1**2)

    def rms(a):
        return math.sqrt(np.mean(a**2))

    np.testing.assert_allclose(flow.signal, [rms(h1), rms(h2)], rtol=1e-12)
    np.testing.assert_allclose(flow.gradient, [30 * rms(d1), 30 * rms(d2)], rtol=1e-12)
    norms = [np.linalg.norm(d.sum(axis=0)) for d in (d1, d2)]
    np.testing.assert_allclose(flow.bias_gradient, norms, rtol=1e-12)
    norms = [np.linalg.norm(x.T @ d1), np.linalg.norm(h1.T @ d2)]
    np.testing.assert_allclose(flow.weight_gradient, norms, rtol=1e-12)
    shares = [np.mean(1 - h**2 < 0.05) for h in (h1, h2)]
    np.testing.assert_allclose(flow.saturation, shares)
    np.testing.assert_array_equal(flow.dead_units, [0, 0])
    slope = math.log10(flow.gradient[1] / flow.gradient[0])
    assert flow.rate == pytest.approx(slope)
    assert flow.backward_factor == pytest.approx(flow.gradient[0] / flow.gradient[1])


def test_gradient_does_not_depend_on_the_size_of_the_batch():
    x, y = data(n=20)
    network = MLP([6, 5, 3, 4], "sigmoid", seed=1)
    once = gradient_flow(network, x, y)
    thrice = gradient_flow(network, np.tile(x, (3, 1)), np.tile(y, 3))
    for name in ("signal", "gradient", "bias_gradient", "weight_gradient", "saturation"):
        np.testing.assert_allclose(getattr(once, name), getattr(thrice, name), rtol=1e-12)


def test_width_counts_once_and_not_per_layer():
    x, y = data(n=200, features=20)
    flows = [
        gradient_flow(MLP([20, width, width, 4], "tanh", "lecun", seed=1), x, y)
        for width in (100, 400)
    ]
    ratio = flows[0].gradient / flows[1].gradient
    # Both layers alike: the last weights have the variance 1 / width.
    np.testing.assert_allclose(ratio, 2.0, rtol=0.15)


def test_dead_units_are_counted():
    x, y = data()
    network = MLP([6, 5, 8, 4], "relu", "he", seed=1)
    network.dense[1].bias.value[:2] = -1e6
    flow = gradient_flow(network, x, y)
    assert flow.dead_units.tolist() == [0.0, 0.25]
    assert flow.saturation[1] == np.mean(network.hidden[1].output == 0)


def test_silent_but_living_units_are_not_dead():
    # Outputs of exactly 0 with slope 1: the gradient still reaches them.
    x, y = data()
    network = MLP([6, 5, 4], "tanh", "constant")
    network.dense[1].weight.value[:] = np.random.default_rng(0).normal(size=(5, 4))
    assert gradient_flow(network, x, y).dead_units.tolist() == [0.0]


def test_saturation_is_relative_to_the_steepest_slope():
    x = np.array([[0.0], [1.0], [4.3], [4.4], [10.0], [-10.0]])
    network = MLP([1, 1, 2], "sigmoid", initialiser("constant", value=1.0))
    # 4 s'(z) = 1 / cosh(z/2)**2 passes 0.05 at |z| = 4.357.
    flow = gradient_flow(network, x, np.zeros(6, int))
    assert flow.saturation.tolist() == [0.5]
    identity = MLP([1, 1, 2], "identity", initialiser("constant", value=1.0))
    assert gradient_flow(identity, x, np.zeros(6, int)).saturation.tolist() == [0.0]


def test_one_number_per_hidden_layer_of_arrays_that_only_float64_holds():
    x, y = data()
    network = MLP([6] + [8] * 30 + [4], "sigmoid", initialiser("normal", std=1e-12), seed=1)
    flow = gradient_flow(network, x, y)
    assert flow.gradient.shape == (30,)
    # About 1e-12 per layer: squares would underflow long before the gradients do.
    assert flow.backward_factor < 1e-11
    assert np.count_nonzero(flow.gradient) >= 20


def test_without_any_gradient_the_rate_is_nan():
    x, y = data()
    flow = gradient_flow(MLP([6, 5, 5, 4], "relu", "constant"), x, y)
    assert not flow.gradient.any() and math.isnan(flow.rate)
    np.testing.assert_array_equal(flow.dead_units, [1.0, 1.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_network_is_left_alone(dtype):
    x, y = data()
    network = MLP([6, 5, 4], "gelu", seed=1, dtype=dtype)
    before = [p.value.copy() for p in network.parameters()]
    gradient_flow(network, x, y)
    for parameter, value in zip(network.parameters(), before):
        np.testing.assert_array_equal(parameter.value, value)


def test_other_losses():
    x, _ = data()
    network = MLP([6, 5, 1], "tanh")
    flow = gradient_flow(network, x, np.ones((30, 1)), loss="squared_error")
    assert flow.gradient[0] > 0


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"network": "mlp"}, TypeError, "MLP"),
        ({"network": MLP([6, 4])}, ValueError, "hidden layer"),
        ({"x": np.ones((30, 5))}, ValueError, "batch, 6"),
        ({"y": np.zeros(29, int)}, ValueError, "one per sample"),
        ({"y": np.zeros(30)}, TypeError, "whole numbers"),
        ({"loss": "hinge"}, ValueError, "cross_entropy"),
    ],
)
def test_bad_input(arguments, error, words):
    x, y = data()
    with pytest.raises(error, match=words):
        gradient_flow(**{"network": MLP([6, 5, 4]), "x": x, "y": y, **arguments})
