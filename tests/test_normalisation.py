"""Normalisation, and what takes its place: gradients, statistics, and the network around it."""

import math
import re
from functools import partial

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


# An epsilon that is not small makes its place in the formula count.
BY_ROWS = {
    "layer": partial(nets.LayerNorm, epsilon=0.05),
    "rms": partial(nets.RMSNorm, epsilon=0.05),
    "tanh": nets.DynamicTanh,
    "erf": nets.DynamicErf,
}
"""The layers that look at each row by itself."""

by_rows = pytest.mark.parametrize("kind", BY_ROWS)


def disturbed(layer, rng):
    """Return the layer with parameters that have moved from where they start."""
    for parameter in layer.parameters():
        parameter.value += rng.normal(0.0, 0.5, parameter.value.shape)
    return layer


# -- batch normalisation -------------------------------------------------------------


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


PARTS = {
    "batch": ("BatchNorm", "batch norm", ["scale", "shift"]),
    "layer": ("LayerNorm", "layer norm", ["gain", "shift"]),
    "rms": ("RMSNorm", "rms norm", ["gain"]),
    "tanh": ("DynamicTanh", "dynamic tanh", ["alpha", "gain", "shift"]),
    "erf": ("DynamicErf", "dynamic erf", ["alpha", "offset", "gain", "shift"]),
}


@pytest.mark.parametrize("normalisation", PARTS)
def test_where_it_stands_and_what_it_is_called(normalisation):
    network = nets.MLP([3, 4, 5, 2], "relu", normalisation=normalisation)
    kind, name, parts = PARTS[normalisation]
    assert [type(layer).__name__ for layer in network.layers] == [
        *["Dense", kind, "ActivationLayer"] * 2,
        "Dense",
    ]
    names = [parameter.name for parameter in network.parameters()]
    assert names[2 : 2 + len(parts)] == [f"{name} 1 {part}" for part in parts]
    assert f"{name} 2 {parts[0]}" in names
    plain = nets.MLP([3, 4, 5, 2], "relu")
    for one, other in zip(network.dense, plain.dense):
        np.testing.assert_array_equal(one.weight.value, other.weight.value)


@pytest.mark.parametrize("normalisation", PARTS)
@settings(max_examples=15)
@given(hidden=st.lists(st.integers(1, 5), min_size=1, max_size=3), seed=seeds)
def test_backward_of_a_network(normalisation, hidden, seed):
    rng = np.random.default_rng(seed)
    network = nets.MLP([3, *hidden, 4], "tanh", "lecun", rng, normalisation=normalisation)
    for layer in network.layers:
        if hasattr(layer, "epsilon"):
            layer.epsilon = 0.05
    disturbed(network, rng)
    x, y = rng.normal(size=(5, 3)), rng.integers(4, size=5)

    def loss():
        return nets.cross_entropy(network.forward(x, training=True), y)[0]

    to_input = network.backward(nets.cross_entropy(network.forward(x, training=True), y)[1])
    pairs = [(p.value, p.gradient.copy()) for p in network.parameters()]
    for array, claimed in [(x, to_input), *pairs]:
        assert_gradient(loss, array, claimed, rng)


@pytest.mark.parametrize("sizes", [[3, 2], [3, 4, 2]])
@pytest.mark.parametrize("normalisation", ["Batch", "", 1, nets.BatchNorm, ["batch"]])
def test_an_unknown_kind_is_refused_by_name(sizes, normalisation):
    words = "^normalisation must be one of 'batch', 'layer', 'rms', 'tanh', 'erf', not "
    with pytest.raises(ValueError, match=words + re.escape(repr(normalisation))):
        nets.MLP(sizes, normalisation=normalisation)


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


# -- each row by itself --------------------------------------------------------------


@by_rows
@settings(max_examples=40)
@given(batch=st.integers(1, 6), units=st.integers(1, 6), seed=seeds)
def test_backward_of_a_layer_that_looks_at_each_row(kind, batch, units, seed):
    rng = np.random.default_rng(seed)
    layer = disturbed(BY_ROWS[kind](units), rng)
    x, weighting = rng.normal(size=(batch, units)), rng.normal(size=(batch, units))

    def loss():
        return np.vdot(layer.forward(x), weighting)

    loss()
    to_input = layer.backward(weighting)
    for array, gradient in [(x, to_input), *((p.value, p.gradient) for p in layer.parameters())]:
        assert_gradient(loss, array, gradient, rng)


def formula(kind, layer, row):
    """Return what the layer should make of one row, number by number."""
    value = {name.split()[-1]: p.value for name, p in ((p.name, p) for p in layer.parameters())}
    if kind == "layer":
        mean = sum(row) / len(row)
        spread = math.sqrt(sum((number - mean) ** 2 for number in row) / len(row) + 0.05)
        s = [(number - mean) / spread for number in row]
    elif kind == "rms":
        spread = math.sqrt(sum(number**2 for number in row) / len(row) + 0.05)
        s = [number / spread for number in row]
    elif kind == "tanh":
        s = [math.tanh(value["alpha"][0] * number) for number in row]
    else:
        s = [math.erf(value["alpha"][0] * number + value["offset"][0]) for number in row]
    shift = value.get("shift", np.zeros(len(row)))
    return [gain * number + more for gain, number, more in zip(value["gain"], s, shift)]


@by_rows
@pytest.mark.parametrize("dtype, rtol", [(np.float64, 1e-13), (np.float32, 2e-6)])
def test_a_row_against_its_formula(kind, dtype, rtol):
    rng = np.random.default_rng(0)
    layer = disturbed(BY_ROWS[kind](5, dtype=dtype), rng)
    x = rng.normal(0.5, 2.0, (7, 5)).astype(dtype)
    found = layer.forward(x)
    assert found.dtype == dtype
    expected = [formula(kind, layer, row.tolist()) for row in x]
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)
    # Nor does it matter which rows stand beside it, or whether the network learns.
    alone = np.concatenate([layer.forward(row[np.newaxis], training=True) for row in x])
    np.testing.assert_allclose(found, alone, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("kind", [nets.LayerNorm, nets.RMSNorm])
@settings(max_examples=40)
@given(units=st.integers(2, 6), power=st.floats(-100, 100), shift=st.floats(-9, 9), seed=seeds)
def test_what_a_norm_does_not_see(kind, units, power, shift, seed):
    x = np.random.default_rng(seed).normal(size=(3, units))
    layer = kind(units, epsilon=1e-300)
    y, size = layer.forward(x), 10.0**power
    np.testing.assert_allclose(layer.forward(size * x), y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(layer.forward(-size * x), -y, rtol=1e-12, atol=1e-12)
    shifted = layer.forward(x + shift)
    spread = x.std(axis=1).min()
    if kind is nets.LayerNorm:
        np.testing.assert_allclose(shifted, y, atol=1e-13 / spread)
        np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-13 / spread)
        np.testing.assert_allclose(y.var(axis=1), 1, rtol=1e-12)
    else:
        np.testing.assert_allclose(np.square(y).mean(axis=1), 1, rtol=1e-12)
        assert abs(shift) < 0.1 or not np.allclose(shifted, y)


@pytest.mark.parametrize("kind", [nets.DynamicTanh, nets.DynamicErf])
def test_what_takes_the_place_of_a_norm_is_bounded_and_sees_the_size(kind):
    layer = kind(2)
    assert layer.alpha.value.tolist() == [0.5]
    function = {nets.DynamicTanh: math.tanh, nets.DynamicErf: math.erf}[kind]
    y = layer.forward(np.array([[0.1, -3.0], [1.0, 1e300]]))
    np.testing.assert_allclose(y, [[function(0.05), function(-1.5)], [function(0.5), 1.0]])
    layer.gain.value[:], layer.shift.value[:] = [2.0, 3.0], [10.0, 20.0]
    layer.alpha.value[:] = 1e10  # alpha x leaves float64
    np.testing.assert_array_equal(layer.forward(np.array([[1e300, -1e300]])), [[12.0, 17.0]])
    far = layer.backward(np.ones((1, 2)))
    assert not far.any() and not layer.alpha.gradient.any()
    started = kind(2, alpha=-2.0)
    assert started.forward(np.ones((1, 2)))[0, 0] == pytest.approx(function(-2.0))


def test_the_offset_moves_the_error_function():
    layer = nets.DynamicErf(1, alpha=2.0, offset=-1.0)
    np.testing.assert_allclose(layer.forward([[0.5], [1.0]]), [[0.0], [math.erf(1.0)]])


@pytest.mark.parametrize("kind", [nets.LayerNorm, nets.RMSNorm])
def test_a_row_without_any_spread_is_silent_and_its_gradient_is_finite(kind):
    layer = kind(3)
    y = layer.forward(np.array([[0.0] * 3, [7e200] * 3]))
    assert y[0].tolist() == [0.0] * 3
    assert y[1].tolist() == ([0.0] * 3 if kind is nets.LayerNorm else [1.0] * 3)
    assert np.isfinite(layer.backward(np.ones((2, 3)))).all()


MEASURING, BOUNDED = [nets.LayerNorm, nets.RMSNorm], [nets.DynamicTanh, nets.DynamicErf]
SINGLE = {"alpha": 1e39, "dtype": "float32"}
REFUSED = [
    (MEASURING + BOUNDED, {"units": 0}, ValueError, "units must be at least 1, not 0"),
    (MEASURING + BOUNDED, {"units": 2.0}, TypeError, "units must be a whole number, not 2.0"),
    (MEASURING + BOUNDED, {"dtype": "int"}, TypeError, "dtype must be float32 or float64"),
    (MEASURING, {"epsilon": 0.0}, ValueError, "epsilon must be finite and in [2.22507e-308, inf)"),
    (MEASURING, {"epsilon": "small"}, TypeError, "epsilon must be a number, not 'small'"),
    (BOUNDED, {"alpha": math.nan}, ValueError, "alpha must be finite"),
    (BOUNDED, {"alpha": None}, TypeError, "alpha must be a number, not None"),
    (BOUNDED, SINGLE, ValueError, "alpha must be finite in float32, not 1e+39"),
    ([nets.DynamicErf], {"offset": -math.inf}, ValueError, "offset must be finite"),
]


@pytest.mark.parametrize(
    "kind, bad, error, words",
    [(kind, bad, error, words) for kinds, bad, error, words in REFUSED for kind in kinds],
)
def test_what_a_layer_refuses(kind, bad, error, words):
    with pytest.raises(error, match=f"^{re.escape(words)}"):
        kind(**{"units": 3, **bad})
