"""Batch normalisation: gradients, statistics, and the network that holds it."""

import math

import numpy as np
import pytest
from gradient_check import assert_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

import vgtools.networks as nets
from vgtools import theory
from vgtools.activations import catalogue
from vgtools.diagnostics import factor_back, gradient_flow

seeds = st.integers(0, 2**32 - 1)


def random_layer(units, rng, **settings):
    layer = nets.BatchNorm(units, **settings)
    layer.scale.value[:] = rng.normal(1.0, 0.5, units)
    layer.shift.value[:] = rng.normal(size=units)
    layer.running_mean[:] = rng.normal(size=units)
    layer.running_variance[:] = rng.uniform(0.2, 3.0, units)
    return layer


@settings(max_examples=60)
@given(batch=st.integers(2, 8), units=st.integers(1, 6), training=st.booleans(), seed=seeds)
def test_backward(batch, units, training, seed):
    rng = np.random.default_rng(seed)
    # An epsilon that is not small makes its place in the formula count.
    layer = random_layer(units, rng, epsilon=0.05)
    x, weighting = rng.normal(size=(batch, units)), rng.normal(size=(batch, units))
    statistics = layer.running_mean.copy(), layer.running_variance.copy()

    def loss():
        layer.running_mean[:], layer.running_variance[:] = statistics
        return np.vdot(layer.forward(x, training), weighting)

    loss()
    to_input = layer.backward(weighting)
    for array, gradient in [
        (x, to_input),
        (layer.scale.value, layer.scale.gradient),
        (layer.shift.value, layer.shift.gradient),
    ]:
        assert_gradient(loss, array, gradient, rng)


@settings(max_examples=40)
@given(batch=st.integers(2, 9), units=st.integers(1, 5), seed=seeds)
def test_training_standardises(batch, units, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(3.0, 2.0, (batch, units))
    y = nets.BatchNorm(units, epsilon=1e-12).forward(x, training=True)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(y.var(axis=0), 1, rtol=1e-4)


def test_evaluation_against_the_running_statistics_computed_apart():
    rng = np.random.default_rng(0)
    layer = nets.BatchNorm(3, momentum=0.2, epsilon=0.01)
    layer.scale.value[:], layer.shift.value[:] = [2.0, 3.0, 4.0], [0.1, 0.2, 0.3]
    batches = [rng.normal(k, 1 + k, (n, 3)) for k, n in enumerate([5, 8, 2, 7])]
    for batch in batches:
        layer.forward(batch, training=True)

    # The closed form of the recursion: weights 0.2 * 0.8**age, and 0.8**4 for the start.
    ages = 0.8 ** np.arange(3, -1, -1)
    mean = 0.2 * sum(age * batch.mean(axis=0) for age, batch in zip(ages, batches))
    variance = 0.8**4 + 0.2 * sum(
        age * batch.var(axis=0, ddof=1) for age, batch in zip(ages, batches)
    )
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-12)
    np.testing.assert_allclose(layer.running_variance, variance, rtol=1e-12)
    x = rng.normal(size=(1, 3))
    expected = [2.0, 3.0, 4.0] * (x - mean) / np.sqrt(variance + 0.01) + [0.1, 0.2, 0.3]
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12)


def test_evaluation_leaves_the_statistics_alone_and_sees_each_row_by_itself():
    rng = np.random.default_rng(1)
    layer = random_layer(4, rng)
    before = layer.running_mean.copy(), layer.running_variance.copy()
    x = rng.normal(size=(6, 4))
    rows = np.concatenate([layer.forward(row[np.newaxis]) for row in x])
    np.testing.assert_allclose(layer.forward(x), rows, rtol=1e-14)
    np.testing.assert_array_equal(layer.running_mean, before[0])
    np.testing.assert_array_equal(layer.running_variance, before[1])


def test_where_it_stands_and_what_it_is_called():
    network = nets.MLP([3, 4, 5, 2], "relu", normalisation="batch")
    assert [type(layer).__name__ for layer in network.layers] == [
        *["Dense", "BatchNorm", "ActivationLayer"] * 2,
        "Dense",
    ]
    names = [parameter.name for parameter in network.parameters()]
    assert names[2:4] == ["batch norm 1 scale", "batch norm 1 shift"]
    plain = nets.MLP([3, 4, 5, 2], "relu")
    for one, other in zip(network.dense, plain.dense):
        np.testing.assert_array_equal(one.weight.value, other.weight.value)


def test_a_new_layer_evaluates_with_mean_zero_and_variance_one():
    x = np.random.default_rng(4).normal(size=(5, 3))
    layer, network = nets.BatchNorm(3), nets.MLP([3, 4, 2], normalisation="batch")
    np.testing.assert_allclose(layer.forward(x), x / math.sqrt(1 + 1e-5), rtol=1e-14)
    # Without a word about training it is evaluation, in a layer and in a network.
    np.testing.assert_array_equal(layer.forward(x, training=False), layer.forward(x))
    np.testing.assert_array_equal(network.forward(x, training=False), network.forward(x))
    plain = nets.MLP([3, 4, 2])
    np.testing.assert_array_equal(network.dense[1].weight.value, plain.dense[1].weight.value)
    assert not np.allclose(network.forward(x, training=True), network.forward(x))


@pytest.mark.parametrize("name", ["relu", "gelu"])
def test_gradients_grow_at_the_predicted_rate(name):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(256, 64)), rng.integers(10, size=256)
    sizes = [64] + [300] * 6 + [10]
    network = nets.MLP(sizes, name, "he", seed=4, normalisation="batch")
    gradient = gradient_flow(network, x, y, training=True).gradient
    factor = factor_back(gradient)
    # The theory is for batches without end; a batch of 256 comes within a few per cent.
    assert factor == pytest.approx(theory.batch_norm_factor(name), rel=0.03)


def test_the_factor_never_vanishes():
    assert theory.batch_norm_factor("identity") == pytest.approx(1.0)
    exact = math.sqrt(math.pi / (math.pi - 1))
    assert theory.batch_norm_factor("relu") == pytest.approx(exact, rel=1e-13)
    for name in catalogue():
        # Poincaré: the variance of f(z) is at most E f'(z)**2.
        assert theory.batch_norm_factor(name) > 1.0


def test_a_batch_of_one_is_refused_before_training_begins():
    network = nets.MLP([2, 4, 3], normalisation="batch")
    before = [p.value.copy() for p in network.parameters()]
    x, y = np.random.default_rng(0).normal(size=(21, 2)), np.zeros(21, int)
    for batch_size in (1, 10):
        with pytest.raises(ValueError, match="leave one alone"):
            nets.train(network, x, y, batch_size=batch_size)
    assert all(np.array_equal(p.value, v) for p, v in zip(network.parameters(), before))
    nets.train(network, x, y, batch_size=7, epochs=1)
    with pytest.raises(ValueError, match=r"^BatchNorm\(3\) needs at least two rows in training"):
        nets.BatchNorm(3).forward(np.ones((1, 3)), training=True)
