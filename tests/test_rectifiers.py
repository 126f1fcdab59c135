"""PReLU and RReLU as layers: slopes that are learned, and slopes that are drawn."""

import math
from functools import partial

import numpy as np
import pytest
from gradient_check import assert_gradient, away_from
from hypothesis import given, settings
from hypothesis import strategies as st

import vgtools.networks as nets
from vgtools.activations import activation
from vgtools.networks import rectifiers

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=40)


@few
@given(
    batch=st.integers(1, 6),
    units=st.integers(1, 6),
    per=st.sampled_from(["channel", "layer"]),
    seed=seeds,
)
def test_prelu_backward(batch, units, per, seed):
    rng = np.random.default_rng(seed)
    layer = nets.PReLULayer(units, per=per)
    layer.slope.value[:] = rng.normal(0.25, 0.5, layer.slope.value.shape)
    z = away_from(rng.normal(size=(batch, units)), [0.0])
    weighting = rng.normal(size=z.shape)

    def loss():
        return np.vdot(layer.forward(z), weighting)

    loss()
    to_input = layer.backward(weighting)
    assert_gradient(loss, z, to_input, rng)
    assert_gradient(loss, layer.slope.value, layer.slope.gradient, rng)


@few
@given(
    sampling=st.sampled_from(["divisor", "slope"]),
    training=st.booleans(),
    units=st.integers(1, 6),
    seed=seeds,
)
def test_rrelu_backward_with_the_draw_held_fixed(sampling, training, units, seed):
    rng, draws = np.random.default_rng(seed), np.random.default_rng(7)
    state = draws.bit_generator.state
    layer = nets.RReLULayer(sampling=sampling, seed=draws)
    z = away_from(rng.normal(size=(4, units)), [0.0])
    weighting = rng.normal(size=z.shape)

    def loss():
        draws.bit_generator.state = state
        return np.vdot(layer.forward(z, training), weighting)

    loss()
    assert_gradient(loss, z, layer.backward(weighting), rng)


def test_prelu_is_the_catalogue_function_until_it_learns():
    z = np.random.default_rng(0).normal(size=(5, 3))
    layer, fixed = nets.PReLULayer(3, a=0.4), activation("prelu", a=0.4)
    np.testing.assert_array_equal(layer.forward(z), fixed(z))
    np.testing.assert_array_equal(layer.derivative(), fixed.derivative(z))


def test_a_channel_is_a_column():
    layer = nets.PReLULayer(2)
    layer.slope.value[:] = [0.5, -2.0]
    z = np.array([[-1.0, -1.0], [-3.0, 4.0]])
    np.testing.assert_array_equal(layer.forward(z), [[-0.5, 2.0], [-1.5, 4.0]])
    layer.backward(np.array([[1.0, 10.0], [100.0, 1000.0]]))
    np.testing.assert_array_equal(layer.slope.gradient, [-301.0, -10.0])
    shared = nets.PReLULayer(2, per="layer")
    shared.forward(z)
    shared.backward(np.array([[1.0, 10.0], [100.0, 1000.0]]))
    np.testing.assert_array_equal(shared.slope.gradient, [-311.0])


def test_names_in_a_network_stand_for_the_recipes():
    network = nets.MLP([2, 4, 3, 2], "prelu")
    slopes = {p.name: p.value.shape for p in network.parameters() if "slope" in p.name}
    assert slopes == {"prelu 1 slope": (4,), "prelu 2 slope": (3,)}
    fixed = nets.MLP([2, 4, 3, 2], activation("prelu"))
    assert len(fixed.parameters()) == 6
    assert isinstance(nets.MLP([2, 4, 2], "rrelu").hidden[0], nets.RReLULayer)
    assert not isinstance(nets.MLP([2, 4, 2], activation("rrelu")).hidden[0], nets.RReLULayer)


def test_a_recipe_makes_layers_of_its_own_kind():
    assert nets.PReLULayer(3, a=0.5).activation == activation("prelu", a=0.5)
    assert nets.RReLULayer(2, 4).activation == activation("rrelu", lower=2, upper=4)
    for layer, name, slopes in [
        (nets.PReLU(a=0.5).layer(3), "prelu 1 slope", np.full(3, 0.5)),
        (rectifiers.activation_layer("prelu", 3), "prelu 1 slope", np.full(3, 0.25)),
        (
            nets.PReLU(per="layer").layer(3, number=7, dtype=np.float32),
            "prelu 7 slope",
            np.full(1, 0.25, np.float32),
        ),
    ]:
        assert layer.slope.name == name
        np.testing.assert_array_equal(layer.slope.value, slopes, strict=True)
    layer = nets.RReLU(2.0, 4.0, "slope", "mean").layer(3)
    found = layer.lower, layer.upper, layer.sampling, layer.evaluation
    assert found == (2.0, 4.0, "slope", "mean")


@pytest.mark.parametrize(
    "make", [nets.RReLU().layer, partial(rectifiers.activation_layer, "rrelu")]
)
def test_draws_follow_the_seed(make):
    z = -np.ones((4, 3))
    first, again, other = (
        make(3, **seed).forward(z, training=True) for seed in ({}, {"seed": 0}, {"seed": 1})
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_slopes_of_the_last_pass():
    layer, z = nets.RReLULayer(), -np.ones((4, 2), np.float32)
    layer.forward(z, training=True)
    assert layer.slopes.shape == (4, 2)
    assert layer.slopes.dtype == np.float32
    layer.forward(z)
    assert layer.slopes == layer.fixed_slope == 2 / 11


def test_a_slope_at_zero_is_that_of_the_left():
    z, ones = np.zeros((1, 2)), np.ones((1, 2))
    for layer in (nets.PReLULayer(2, a=0.5), nets.RReLULayer(2, 2)):
        layer.forward(z)
        np.testing.assert_array_equal(layer.backward(ones), [[0.5, 0.5]])


def test_training_moves_the_slopes_and_nothing_bounds_them():
    x = np.array([[-1.0], [-2.0], [1.0], [2.0]])
    network = nets.MLP([1, 1, 1], nets.PReLU(per="layer"), "constant")
    for dense in network.dense:
        dense.weight.value[:] = 1.0
    # The targets ask for the slope -1.5 on the left: a function that is not monotonic.
    y = np.where(x > 0, x, -1.5 * x)
    nets.train(
        network,
        x,
        y,
        epochs=300,
        batch_size=4,
        loss="squared_error",
        optimiser=nets.SGD(learning_rate=0.05),
    )
    assert network.hidden[0].slope.value[0] < -1.0


@pytest.mark.parametrize(
    "sampling, mean, second",
    [
        ("divisor", math.log(8 / 3) / 5, 1 / 24),
        ("slope", 11 / 48, (1 / 3**3 - 1 / 8**3) / 3 / (1 / 3 - 1 / 8)),
    ],
)
def test_what_is_drawn(sampling, mean, second):
    layer = nets.RReLULayer(sampling=sampling, seed=1)
    layer.forward(-np.ones((1000, 200)), training=True)
    rho = layer.slopes
    assert rho.min() >= 1 / 8 and rho.max() <= 1 / 3
    error = rho.std() / math.sqrt(rho.size)
    assert abs(rho.mean() - mean) < 4 * error
    assert abs((rho**2).mean() - second) < 4 * (rho**2).std() / math.sqrt(rho.size)
    # Every sample and every unit has its own draw.
    assert np.unique(rho).size == rho.size


def test_evaluation_is_deterministic_and_has_three_slopes():
    z = -np.ones((2, 3))
    layer = nets.RReLULayer()
    np.testing.assert_array_equal(layer.forward(z), layer.forward(z, training=False))
    for evaluation, slope in [("paper", 2 / 11), ("pytorch", 11 / 48), ("mean", 0.19616585)]:
        layer.evaluation = evaluation
        np.testing.assert_allclose(layer.forward(z), -slope, rtol=1e-7)
        np.testing.assert_allclose(layer.backward(np.ones((2, 3))), slope, rtol=1e-7)
    uniform_slope = nets.RReLULayer(sampling="slope", evaluation="mean")
    assert uniform_slope.fixed_slope == pytest.approx(11 / 48)
    assert nets.RReLULayer(5, 5, evaluation="mean").fixed_slope == 0.2


def test_same_seed_same_weights_and_same_draws():
    def logits():
        network = nets.MLP([2, 6, 6, 2], "rrelu", seed=3)
        x = np.random.default_rng(0).normal(size=(4, 2))
        return network, network.forward(x, training=True), network.forward(x, training=True)

    (network, first, second), (_, again, _) = logits(), logits()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)
    one, other = (layer.slopes for layer in network.hidden)
    assert not np.intersect1d(one, other).size
    plain = nets.MLP([2, 6, 6, 2], "relu", seed=3)
    for dense, same in zip(network.dense, plain.dense):
        np.testing.assert_array_equal(dense.weight.value, same.weight.value)
    rng = np.random.default_rng(3)
    network = nets.MLP([2, 6, 2], "rrelu", seed=rng)
    before = rng.bit_generator.state
    network.forward(np.ones((4, 2)), training=True)
    assert rng.bit_generator.state == before, "draws must come from a stream of their own"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: nets.PReLU(per="unit"), "^per must be one of 'channel', 'layer', not"),
        (lambda: nets.RReLU(sampling="normal"), "^sampling must be one of 'divisor', 'slope'"),
        (lambda: nets.RReLU(evaluation="median"), "^evaluation must be one of 'paper', 'pytorch'"),
        (lambda: nets.RReLU(lower=0.5), "1 <= lower <= upper"),
        (lambda: nets.RReLU(lower=4, upper=3), "1 <= lower <= upper"),
    ],
)
def test_bad_recipes(call, words):
    with pytest.raises(ValueError, match=words):
        call()
