"""The diagnostics: every number against its definition on networks small enough to see through."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vgtools.diagnostics import census, factor_back, gradient_flow, gradient_underflow
from vgtools.networks import MLP, RReLU, cross_entropy, initialiser


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


@given(
    factors=st.lists(st.floats(0.1, 10), min_size=1, max_size=8),
    scales=st.lists(st.floats(0.01, 100), min_size=1, max_size=3),
)
def test_the_factor_back_is_the_geometric_mean_of_the_layers(factors, scales):
    profile = np.cumprod([1.0, *factors])[::-1]
    found = factor_back(np.multiply.outer(scales, profile))
    assert found.shape == (len(scales),)
    np.testing.assert_allclose(found, np.exp(np.mean(np.log(factors))), rtol=1e-9)


@pytest.mark.parametrize("gradients", [[1.0], [0.0, 1.0], [1.0, -1.0], [[1.0, 1.0], [1.0, 0.0]]])
def test_a_factor_back_needs_two_positive_ends(gradients):
    with pytest.raises(ValueError, match="gradients"):
        factor_back(gradients)


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


def test_dead_units_are_counted_and_silent_ones_that_live_are_not():
    x, y = data()
    network = MLP([6, 5, 8, 4], "relu", "he", seed=1)
    network.dense[1].bias.value[:2] = -1e6
    flow = gradient_flow(network, x, y)
    assert flow.dead_units.tolist() == [0.0, 0.25]
    assert flow.saturation[1] == np.mean(network.hidden[1].output == 0)
    # Outputs of exactly 0 with slope 1: the gradient still reaches them.
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


def test_training_mode_reaches_the_layers():
    x, y = data()
    network = MLP([6, 5, 4], RReLU())
    fixed = gradient_flow(network, x, y).gradient
    np.testing.assert_array_equal(fixed, gradient_flow(network, x, y).gradient)
    drawn = gradient_flow(network, x, y, training=True).gradient
    assert drawn != gradient_flow(network, x, y, training=True).gradient
    norm = MLP([6, 5, 4], "relu", normalisation="batch")
    gradient_flow(norm, x, y)
    assert not norm.layers[1].running_mean.any()
    census(norm, x, training=True)
    assert norm.layers[1].running_mean.all()


# -- census --------------------------------------------------------------------------


def test_census_against_the_definitions():
    x, _ = data()
    network = MLP([6, 5, 8, 4], "relu", "he", seed=1)
    network.dense[1].bias.value[:2] = -1e6
    h1 = np.maximum(x @ network.dense[0].weight.value, 0)
    h2 = np.maximum(h1 @ network.dense[1].weight.value + network.dense[1].bias.value, 0)
    count = census(network, x)
    assert count["dead"].tolist() == [np.mean((h == 0).all(axis=0)) for h in (h1, h2)]
    assert count["dead"][1] >= 0.25
    np.testing.assert_allclose(count["zero"], [np.mean(h == 0) for h in (h1, h2)])
    np.testing.assert_allclose(count["mean"], [h.mean() for h in (h1, h2)])
    np.testing.assert_allclose(count["median_mean"], [np.median(h.mean(axis=0)) for h in (h1, h2)])
    np.testing.assert_allclose(count["saturated"], count["zero"])


def test_a_unit_that_leaks_is_never_dead():
    x, _ = data()
    network = MLP([6, 5, 4], "leaky_relu")
    network.dense[0].bias.value[:] = -1e6
    count = census(network, x)
    assert count["dead"].tolist() == [0.0] and count["saturated"].tolist() == [1.0]
    # Nor is one that is silent where its slope is not 0.
    assert census(MLP([6, 5, 4], "tanh", "constant"), x)["dead"].tolist() == [0.0]


# -- half precision ------------------------------------------------------------------


def test_underflow_of_one_layer_by_hand():
    # A linear model: dLoss/dW = x^T g with nothing in between.
    x = np.array([[1.0, 2.0**-10, 2.0**-24]])
    network = MLP([3, 2], init="constant")
    result = gradient_underflow(network, x, np.array([0]))
    # The gradient of the logits is (-1/2, 1/2); half of 2**-24 rounds to zero.
    assert result.per_layer.tolist() == [1 / 3] and result.total == 1 / 3
    assert gradient_underflow(network, x, np.array([0]), scale=4.0).total == 0.0
    assert not result.overflow
    assert gradient_underflow(network, x, np.array([0]), scale=2.0**18).overflow


def test_underflow_happens_on_the_way_and_not_only_at_the_end():
    network = MLP([1, 1, 2], "identity", "constant")
    network.dense[1].weight.value[:] = [[2.0**-30, -(2.0**-30)]]
    # dLoss/dz of the hidden unit is -2**-30, which float16 turns to zero; dLoss/dW of
    # the first layer, 2**20 times that, is a number that float16 holds.
    result = gradient_underflow(network, np.array([[2.0**20]]), np.array([0]))
    assert result.per_layer[0] == 1.0
    assert network.dense[0].weight.gradient == 0.0


@pytest.mark.parametrize(
    ("name", "smallest", "largest"),
    [("bfloat16", -133, 127), ("float8_e5m2", -16, 15), ("float8_e4m3", -9, 8)],
)
def test_underflow_in_another_format(name, smallest, largest):
    # A linear model whose weights have the gradients 1/2, and half of the smallest number.
    x = np.array([[1.0, 2.0**smallest]])

    def at(scale):
        return gradient_underflow(
            MLP([2, 2], init="constant"), x, np.array([0]), scale, number_format=name
        )

    assert at(1.0).total == 0.5 and at(2.0).total == 0 and not at(2.0).overflow
    assert not at(2.0 ** (largest + 1)).overflow and at(2.0 ** (largest + 2)).overflow


def test_a_layer_without_any_gradient_has_nothing_to_lose():
    x, y = data()
    result = gradient_underflow(MLP([6, 5, 4], "relu", "constant"), x, y)
    assert np.isnan(result.per_layer).all() and math.isnan(result.total)


OF_ALL = [
    ({"network": "mlp"}, TypeError, "MLP"),
    ({"x": np.ones((30, 5))}, ValueError, "batch, 6"),
]
OF_LAYERS = [({"network": MLP([6, 4])}, ValueError, "hidden layer")]
OF_LOSSES = [
    ({"y": np.zeros(29, int)}, ValueError, "one per sample"),
    ({"y": np.zeros(30)}, TypeError, "whole numbers"),
    ({"loss": "hinge"}, ValueError, "cross_entropy"),
]
BAD = [
    *((gradient_flow, *case) for case in OF_ALL + OF_LAYERS + OF_LOSSES),
    *((gradient_underflow, *case) for case in OF_ALL + OF_LOSSES),
    *((census, *case) for case in OF_ALL + OF_LAYERS),
]


@pytest.mark.parametrize("measure, arguments, error, words", BAD)
def test_bad_input(measure, arguments, error, words):
    x, y = data()
    given = {"network": MLP([6, 5, 4]), "x": x} | ({} if measure is census else {"y": y})
    with pytest.raises(error, match=words):
        measure(**given | arguments)
