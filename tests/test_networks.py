"""Layers, initialisers, losses, optimisers and training, each against its own formula."""

import copy
import math
import re
import warnings
from functools import partial

import numpy as np
import pytest
from gradient_check import assert_gradient, away_from
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import log_expit, log_softmax, softmax

import vgtools.networks as nets
from vgtools.activations import activation, catalogue
from vgtools.networks import checks, training
from vgtools.networks.initialisers import INITIALISERS

# Those whose slopes are learned or drawn have tests of their own, in test_rectifiers.
ACTIVATIONS = ["identity", *catalogue()]
SQUARE_INITS = ["identity", "spectral_radius"]
DRAWN_INITS = [name for name in INITIALISERS if name not in ("constant", *SQUARE_INITS)]
DTYPES = [np.float32, np.float64]

widths = st.integers(1, 7)
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=60)


def breaks(function):
    # At 0 some smooth functions (ELU, softsign) jump in the second derivative.
    return {0.0, *function.kinks}


# -- backward against finite differences ---------------------------------------------


@quick
@given(batch=widths, fan_in=widths, fan_out=widths, init=st.sampled_from(DRAWN_INITS), seed=seeds)
def test_dense_backward(batch, fan_in, fan_out, init, seed):
    rng = np.random.default_rng(seed)
    layer = nets.Dense(fan_in, fan_out, init, rng)
    layer.bias.value[:] = rng.normal(size=fan_out)
    x, weighting = rng.normal(size=(batch, fan_in)), rng.normal(size=(batch, fan_out))

    def loss():
        return np.vdot(layer.forward(x), weighting)

    loss()
    to_input = layer.backward(weighting)
    for array, gradient in [
        (x, to_input),
        (layer.weight.value, layer.weight.gradient),
        (layer.bias.value, layer.bias.gradient),
    ]:
        assert gradient.shape == array.shape
        assert_gradient(loss, array, gradient, rng)


@pytest.mark.parametrize("name", ACTIVATIONS)
@settings(max_examples=10)
@given(batch=widths, units=widths, seed=seeds, scale=st.sampled_from([0.1, 1.0, 4.0]))
def test_activation_layer_backward(name, batch, units, seed, scale):
    rng = np.random.default_rng(seed)
    layer = nets.ActivationLayer(name)
    z = away_from(scale * rng.normal(size=(batch, units)), breaks(layer.activation))
    weighting = rng.normal(size=z.shape)

    def loss():
        return np.vdot(layer.forward(z), weighting)

    loss()
    assert_gradient(loss, z, layer.backward(weighting), rng)


@quick
@given(n=widths, classes=widths, seed=seeds, scale=st.sampled_from([0.1, 1.0, 10.0]))
def test_loss_gradients(n, classes, seed, scale):
    rng = np.random.default_rng(seed)
    logits = scale * rng.normal(size=(n, classes))
    one_logit = scale * rng.normal(size=(n, 1))
    for loss, prediction, truth in [
        (nets.cross_entropy, logits, rng.integers(classes, size=n)),
        (nets.squared_error, logits, rng.normal(size=(n, classes))),
        (nets.binary_cross_entropy, one_logit, rng.integers(2, size=n)),
        (nets.binary_cross_entropy, one_logit[:, 0].copy(), rng.random(n)),
    ]:
        _, gradient = loss(prediction, truth)
        assert gradient.shape == prediction.shape
        assert_gradient(lambda: loss(prediction, truth)[0], prediction, gradient, rng)  # noqa: B023


@settings(max_examples=150)
@given(
    hidden=st.lists(st.integers(1, 8), min_size=0, max_size=4),
    batch=widths,
    name=st.sampled_from(ACTIVATIONS),
    init=st.sampled_from(DRAWN_INITS),
    loss=st.sampled_from(["cross_entropy", "squared_error"]),
    seed=seeds,
)
def test_whole_network_backward(hidden, batch, name, init, loss, seed):
    rng = np.random.default_rng(seed)
    recipe = nets.initialiser(init, std=0.5) if init == "normal" else init
    network = nets.MLP([3, *hidden, 4], name, recipe, rng)
    for layer in network.dense:
        layer.bias.value[:] = 0.3 * rng.normal(size=layer.bias.value.shape)
    x = rng.normal(size=(batch, 3))
    y = rng.integers(4, size=batch) if loss == "cross_entropy" else rng.normal(size=(batch, 4))
    criterion = nets.loss(loss)

    _, gradient = criterion(network.forward(x), y)
    kinks = breaks(activation(name))
    for layer in network.hidden:
        z = layer.pre_activation
        assume(all(np.abs(z - kink).min() > 5e-3 for kink in kinks))
    to_input = network.backward(gradient)

    pairs = [(p.value, p.gradient.copy()) for p in network.parameters()]
    for array, claimed in [(x, to_input), *pairs]:
        assert_gradient(lambda: criterion(network.forward(x), y)[0], array, claimed, rng)


def test_layers_leave_what_diagnostics_need():
    rng = np.random.default_rng(0)
    network = nets.MLP([3, 5, 4, 2], "tanh", seed=1)
    x, g = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    network.forward(x)
    network.backward(g)
    first, second = network.hidden
    w1, w2, w3 = (layer.weight.value for layer in network.dense)
    np.testing.assert_allclose(first.pre_activation, x @ w1, rtol=1e-13)
    np.testing.assert_allclose(first.output, np.tanh(x @ w1), rtol=1e-13)
    delta_2 = (g @ w3.T) * (1 - second.output**2)
    np.testing.assert_allclose(second.delta, delta_2, rtol=1e-12)
    np.testing.assert_allclose(first.delta, (delta_2 @ w2.T) * (1 - first.output**2), rtol=1e-12)


def test_gradients_are_overwritten_in_the_same_memory():
    network = nets.MLP([3, 5, 2], "relu", "he")
    x, g = np.ones((4, 3)), np.ones((4, 2))
    network.forward(x)
    network.backward(g)
    buffers = [p.gradient for p in network.parameters()]
    values = [b.copy() for b in buffers]
    network.forward(x)
    network.backward(g)
    for parameter, buffer, value in zip(network.parameters(), buffers, values):
        assert parameter.gradient is buffer
        np.testing.assert_array_equal(buffer, value)


def test_layers_change_neither_input_nor_incoming_gradient():
    network = nets.MLP([3, 5, 2], "identity")
    x, g = np.ones((4, 3)), np.ones((4, 2))
    network.forward(x)
    network.backward(g)
    assert (x == 1).all() and (g == 1).all()


def test_earlier_logits_survive_the_next_forward_pass():
    network = nets.MLP([3, 5, 2])
    first = network.forward(np.ones((4, 3)))
    kept = first.copy()
    network.forward(-np.ones((4, 3)))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_float_type_is_kept_everywhere(dtype, name, rule):
    network = nets.MLP([3, 5, 4, 2], name, "lecun", dtype=dtype)
    parameters = network.parameters()
    more = {"momentum": np.float64(0.5)} if rule == "sgd" else {}
    step = nets.optimiser(rule, learning_rate=np.float64(0.01), **more)
    x = np.random.default_rng(0).normal(size=(6, 3))
    logits = network.forward(x)
    _, gradient = nets.cross_entropy(logits, [0, 1, 0, 1, 0, 1])
    to_input = network.backward(gradient)
    step.step(parameters)
    found = [logits, gradient, to_input]
    found += [array for p in parameters for array in (p.value, p.gradient)]
    found += [a for h in network.hidden for a in (h.pre_activation, h.output, h.delta)]
    assert {array.dtype for array in found} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    "build, sizes, x",
    [
        (nets.Dense, (2, 3), np.ones((4, 2))),
        (nets.BatchNorm, (2,), np.ones((4, 2))),
        (nets.RNNLayer, (2, 3), np.ones((5, 4, 2))),
        (nets.LSTMLayer, (2, 3), np.ones((5, 4, 2))),
        (nets.GRULayer, (2, 3), np.ones((5, 4, 2))),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_layer_turns_everything_into_its_own_float_type(build, sizes, x, dtype):
    layer = build(*sizes, dtype=dtype)
    for other in DTYPES:
        out = layer.forward(x.astype(other))
        assert out.dtype == layer.backward(out.astype(other)).dtype == dtype


@pytest.mark.parametrize("loss", [nets.squared_error, nets.binary_cross_entropy])
@pytest.mark.parametrize("dtype", DTYPES)
def test_losses_keep_the_float_type(loss, dtype):
    value, gradient = loss(np.ones((3, 1), dtype), np.zeros((3, 1)))
    assert isinstance(value, float) and gradient.dtype == dtype


def test_float32_network_is_the_rounded_float64_network():
    pair = [nets.MLP([4, 6, 3], "tanh", "he", seed=3, dtype=dtype) for dtype in DTYPES]
    for single, double in zip(*(network.parameters() for network in pair)):
        np.testing.assert_array_equal(single.value, double.value.astype(np.float32))


def test_same_seed_gives_same_weights_whatever_the_activation():
    pair = [nets.MLP([4, 6, 3], name, "he", seed=3) for name in ("tanh", "relu")]
    for one, other in zip(*(network.parameters() for network in pair)):
        np.testing.assert_array_equal(one.value, other.value)
    weights = [layer.weight.value for layer in nets.MLP([4, 4, 4], seed=3).dense]
    assert not np.array_equal(*weights), "layers must not share their draw"


@pytest.mark.parametrize(
    "build, sizes, defaults",
    [
        (nets.Dense, (3, 2), {"init": "glorot", "seed": 0, "dtype": np.float64, "name": "dense"}),
        (
            nets.MLP,
            ([3, 4, 2],),
            {
                "activation": "tanh",
                "init": "glorot",
                "seed": 0,
                "dtype": np.float64,
                "normalisation": None,
            },
        ),
    ],
)
def test_what_is_left_out_is_what_the_documentation_says(build, sizes, defaults):
    pair = build(*sizes), build(*sizes, **defaults)
    for one, other in zip(*(network.parameters() for network in pair), strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.value, other.value, strict=True)
    assert repr(pair[0]) == repr(pair[1])


def test_parameters_are_named_after_their_layer():
    def names(thing):
        return [parameter.name for parameter in thing.parameters()]

    assert names(nets.Dense(2, 3)) == ["dense weight", "dense bias"]
    assert names(nets.Dense(2, 3, name="first")) == ["first weight", "first bias"]
    assert names(nets.MLP([2, 4, 5, 3])) == [
        *["dense 1 weight", "dense 1 bias"],
        *["dense 2 weight", "dense 2 bias"],
        *["dense 3 weight", "dense 3 bias"],
    ]
    assert names(nets.ActivationLayer("relu")) == []


def test_a_dense_layer_keeps_what_it_saw_and_copies_nothing():
    layer, x = nets.Dense(2, 3), np.ones((4, 2))
    assert layer.input is None
    layer.forward(x)
    assert layer.input is x


def test_an_activation_layer_that_saw_nothing_holds_nothing():
    layer = nets.ActivationLayer("relu")
    assert layer.pre_activation is layer.output is layer.delta is None


@pytest.mark.parametrize("x", [[[1, 0]], np.array([[True, False]]), np.array([[1, 0]], np.uint8)])
def test_whole_numbers_and_booleans_are_inputs_too(x):
    network = nets.MLP([2, 4, 3])
    np.testing.assert_array_equal(network.forward(x), network.forward([[1.0, 0.0]]))


# -- initialisers --------------------------------------------------------------------

FAN_IN, FAN_OUT = 300, 200
VARIANCES = {
    ("normal", "std", 0.7): 0.49,
    ("uniform", None, None): 1 / 900,
    ("lecun", "distribution", "normal"): 1 / 300,
    ("lecun", "distribution", "uniform"): 1 / 300,
    ("glorot", "distribution", "normal"): 2 / 500,
    ("glorot", "distribution", "uniform"): 2 / 500,
    ("he", "distribution", "normal"): 2 / 300,
    ("he", "distribution", "uniform"): 2 / 300,
    ("orthogonal", "gain", 1.5): 2.25 / 300,
    ("fan_in", "gain", 1.5): 2.25 / 300,
    ("fan_in", "distribution", "uniform"): 1 / 300,
}


@pytest.mark.parametrize("name, parameter, value", VARIANCES)
def test_initialiser_variance(name, parameter, value):
    recipe = nets.initialiser(name, **({parameter: value} if parameter else {}))
    variance = VARIANCES[name, parameter, value]
    assert recipe.variance(FAN_IN, FAN_OUT) == pytest.approx(variance, rel=1e-14)
    weights = recipe(FAN_IN, FAN_OUT, seed=5)
    assert weights.shape == (FAN_IN, FAN_OUT)
    # 60,000 entries: the standard error is 0.6 % of the variance, 0.4 % of sqrt(variance).
    assert weights.var() == pytest.approx(variance, rel=0.03)
    assert abs(weights.mean()) < 0.02 * math.sqrt(variance)
    if name == "uniform" or value == "uniform":
        limit = math.sqrt(3 * variance)
        assert 0.99 * limit < np.abs(weights).max() <= limit
    else:
        assert np.abs(weights).max() > 3.5 * math.sqrt(variance)


def test_default_distributions_are_those_of_the_papers():
    names = {name: nets.initialiser(name).distribution for name in ("lecun", "glorot", "he")}
    assert names == {"lecun": "normal", "glorot": "uniform", "he": "normal"}


@pytest.mark.parametrize("fans", [(6, 6), (9, 4), (4, 9), (1, 5)])
def test_orthogonal(fans):
    weights = nets.initialiser("orthogonal", gain=2.0)(*fans, seed=1)
    assert weights.shape == fans
    short = weights.T @ weights if fans[0] >= fans[1] else weights @ weights.T
    np.testing.assert_allclose(short, 4 * np.eye(min(fans)), atol=1e-14)


@pytest.mark.parametrize("fans", [(9, 4), (4, 9)])
def test_variance_of_orthogonal_weights_belongs_to_the_longer_side(fans):
    assert nets.initialiser("orthogonal", gain=3.0).variance(*fans) == 1.0
    assert nets.initialiser("orthogonal")(*fans).flags.c_contiguous


@pytest.mark.parametrize("radius", [0.5, 3.0])
def test_variance_of_square_recipes(radius):
    recipe = nets.initialiser("spectral_radius", radius=radius)
    assert recipe.variance(200, 200) == radius**2 / 200
    weights = recipe(200, 200, seed=1)
    # The circular law: the largest of 200 eigenvalues is within a few per cent of its limit.
    assert weights.var() == pytest.approx(radius**2 / 200, rel=0.2)
    assert nets.initialiser("identity", gain=radius).variance(4, 4) == 0.0
    assert nets.initialiser("constant", value=radius).variance(4, 3) == 0.0


@pytest.mark.parametrize("name", INITIALISERS)
def test_weights_are_double_precision_of_seed_0_unless_told_otherwise(name):
    recipe = nets.initialiser(name)
    weights = recipe(5, 5)
    np.testing.assert_array_equal(weights, recipe(5, 5, seed=0, dtype=np.float64), strict=True)
    assert weights.dtype == np.float64
    single = recipe(5, 5, dtype=np.float32)
    np.testing.assert_array_equal(single, weights.astype(np.float32), strict=True)


def test_the_most_weights_that_are_drawn(monkeypatch):
    monkeypatch.setattr(checks, "MOST_WEIGHTS", 12)
    assert nets.initialiser("he")(3, 4).shape == (3, 4)
    with pytest.raises(ValueError, match="must be at most 12, not 3 times 5"):
        nets.initialiser("he")(3, 5)


def test_orthogonal_has_no_preferred_sign():
    # Without the sign correction every determinant of a 1 x 1 draw would be -1 (or 1).
    draws = [nets.initialiser("orthogonal")(1, 1, seed=s)[0, 0] for s in range(60)]
    assert 15 < sum(draw > 0 for draw in draws) < 45


def test_constant_and_zero_biases():
    network = nets.MLP([3, 4, 2], init=nets.initialiser("constant", value=0.25))
    assert all((layer.weight.value == 0.25).all() for layer in network.dense)
    for name in DRAWN_INITS:
        network = nets.MLP([3, 4, 2], init=name)
        assert not any(layer.bias.value.any() for layer in network.dense)


# -- losses --------------------------------------------------------------------------


def test_cross_entropy_value():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(7, 4)), rng.integers(4, size=7)
    value, gradient = nets.cross_entropy(logits, labels)
    assert value == pytest.approx(-log_softmax(logits, axis=1)[np.arange(7), labels].mean())
    np.testing.assert_allclose(gradient, (softmax(logits, axis=1) - np.eye(4)[labels]) / 7)
    assert nets.cross_entropy(np.zeros((3, 10)), [1, 2, 3])[0] == pytest.approx(math.log(10))


def test_squared_error_value():
    value, gradient = nets.squared_error([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]])
    assert value == (1 + 4 + 9 + 16) / 4
    np.testing.assert_array_equal(gradient, [[0.5, 1.0], [1.5, 2.0]])


def test_binary_cross_entropy_value():
    z, t = np.array([-3.0, 0.5, 2.0]), np.array([0.0, 1.0, 0.25])
    value, _ = nets.binary_cross_entropy(z, t)
    assert value == pytest.approx(-np.mean(t * log_expit(z) + (1 - t) * log_expit(-z)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_losses_are_stable(dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, gradient = nets.cross_entropy(np.array([[3e4, -3e4], [0, 3e4]], dtype), [1, 1])
        assert value == pytest.approx(3e4) and np.isfinite(gradient).all()
        value, gradient = nets.binary_cross_entropy(np.array([3e4, -3e4], dtype), [0, 0])
        assert value == pytest.approx(1.5e4)
        np.testing.assert_array_equal(gradient, [0.5, 0.0])


def test_binary_cross_entropy_keeps_small_gradients():
    _, gradient = nets.binary_cross_entropy(np.array([-50.0]), [0])
    assert gradient[0] == pytest.approx(math.exp(-50), rel=1e-12)


def test_accuracy():
    assert nets.accuracy([[0.0, 2.0], [3.0, 1.0]], [1, 1]) == 0.5
    assert nets.accuracy([[0.3], [-0.3], [2.0], [-1.0]], [1, 0, 0, 0]) == 0.75


def test_accuracy_of_one_logit_in_every_shape_it_may_have():
    logits, labels = np.array([0.0, 1e-9, -1e-9]), np.array([0, 1, 1])
    for z in (logits, logits[:, np.newaxis]):
        for truth in (labels, labels[:, np.newaxis], labels == 1):
            assert nets.accuracy(z, truth) == 2 / 3
    assert nets.accuracy([3, -2], [1, 0]) == 1.0


@pytest.mark.parametrize("loss", [nets.cross_entropy, nets.squared_error])
def test_losses_take_whole_numbers_for_real_ones(loss):
    logits, truth = np.array([[3, 1], [0, 2]]), np.array([[1, 0], [0, 1]])
    truth = truth[0] if loss is nets.cross_entropy else truth
    value, gradient = loss(logits, truth)
    expected, expected_gradient = loss(logits.astype(float), truth)
    assert value == expected
    np.testing.assert_array_equal(gradient, expected_gradient, strict=True)
    assert gradient.dtype == np.float64


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_labels_may_be_any_kind_of_whole_number(dtype):
    logits = [[1.0, 2.0], [0.5, -1.0]]
    labels = np.array([1, 0], dtype)
    assert nets.cross_entropy(logits, labels)[0] == nets.cross_entropy(logits, [1, 0])[0]
    z = [0.5, -2.0]
    assert nets.binary_cross_entropy(z, labels)[0] == nets.binary_cross_entropy(z, [1, 0])[0]
    y = [0.5, -2.0]
    assert nets.squared_error(y, labels)[0] == nets.squared_error(y, [1.0, 0.0])[0]


def test_one_logit_per_sample_may_stand_in_a_column():
    z, t = np.array([0.5, -2.0, 1.0]), np.array([1, 0, 1])
    value, gradient = nets.binary_cross_entropy(z, t)
    for target in (t, t[:, np.newaxis]):
        other, column = nets.binary_cross_entropy(z[:, np.newaxis], target)
        assert other == value
        np.testing.assert_array_equal(column[:, 0], gradient)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_outputs_that_are_not_finite_give_a_loss_that_is_not(bad):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not math.isfinite(nets.cross_entropy([[bad, 0.0, bad]], [1])[0])
        assert not math.isfinite(nets.squared_error([bad, 0.0], [0.0, 0.0])[0])


@pytest.mark.parametrize("name", ["cross_entropy", "squared_error", "binary_cross_entropy"])
def test_a_loss_goes_by_its_name_or_by_itself(name):
    function = getattr(nets, name)
    assert nets.loss(name) is nets.loss(function) is function


# -- optimisers ----------------------------------------------------------------------


def two_steps(rule, gradients=(2.0, -1.0), start=1.0):
    parameter = nets.Parameter("w", np.array([start]))
    for gradient in gradients:
        parameter.gradient[:] = gradient
        rule.step([parameter])
        assert parameter.gradient[0] == gradient, "an optimiser must not change the gradient"
    return parameter.value[0]


def test_sgd_by_hand():
    assert two_steps(nets.SGD(learning_rate=0.1)) == pytest.approx(1 - 0.2 + 0.1, rel=1e-15)
    # v: 2, then 0.9 * 2 - 1 = 0.8
    assert two_steps(nets.SGD(0.1, momentum=0.9)) == pytest.approx(1 - 0.2 - 0.08, rel=1e-15)


def test_adam_by_hand():
    # Step 1: m = 0.2, s = 0.004, corrected 2 and 4.
    # Step 2: m = 0.08, s = 0.004996; corrected by 1 - 0.9**2 and 1 - 0.999**2.
    first = 0.1 * 2 / (2 + 1e-8)
    second = 0.1 * (0.08 / 0.19) / (math.sqrt(0.004996 / 0.001999) + 1e-8)
    assert two_steps(nets.Adam(learning_rate=0.1)) == pytest.approx(1 - first - second, rel=1e-12)


@pytest.mark.parametrize("rule", [nets.SGD(0.1, momentum=0.9), nets.Adam(0.1)])
def test_one_optimiser_serves_two_networks(rule):
    assert two_steps(rule) == two_steps(rule)


def test_an_optimiser_goes_by_its_name_or_by_itself():
    assert nets.optimiser("sgd") == nets.SGD(learning_rate=0.1, momentum=0.0)
    adam = nets.optimiser("adam", beta_1=0.5)
    assert adam == nets.Adam(learning_rate=1e-3, beta_1=0.5, beta_2=0.999, epsilon=1e-8)
    assert nets.optimiser(adam) is adam


@pytest.mark.parametrize("rule", [nets.SGD(0.1), nets.SGD(0.1, 0.5), nets.Adam(0.1)])
def test_steps_are_in_place(rule):
    parameter = nets.Parameter("w", np.ones((2, 2)))
    value = parameter.value
    parameter.gradient[:] = 1
    rule.step([parameter])
    assert parameter.value is value and (value < 1).all()


def test_a_parameter_is_a_copy():
    given = np.arange(12.0, dtype=np.float32).reshape(3, 4).T
    parameter = nets.Parameter("w", given)
    np.testing.assert_array_equal(parameter.value, given)
    assert not np.shares_memory(parameter.value, given)
    assert parameter.gradient.shape == (4, 3) and not parameter.gradient.any()
    for array in (parameter.value, parameter.gradient):
        assert array.dtype == np.float32 and array.flags.c_contiguous


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("shape", [(), (3,), (3, 5, 9)])
def test_sgd_follows_its_formula_in_an_array_of_any_shape(shape, momentum):
    rng = np.random.default_rng(0)
    parameter = nets.Parameter("w", rng.normal(size=shape[::-1]).T)
    value, rule = parameter.value, nets.SGD(0.1, momentum)
    expected, velocity = value.copy(), np.zeros(shape)
    for _ in range(2):
        parameter.gradient = rng.normal(size=shape)  # also one that was put in later
        velocity = momentum * velocity + parameter.gradient
        expected -= 0.1 * velocity
        kept = parameter.gradient.copy()
        rule.step([parameter])
        np.testing.assert_array_equal(parameter.gradient, kept)
    assert parameter.value is value
    np.testing.assert_array_equal(value, expected)


# -- training ------------------------------------------------------------------------


def blobs(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    return rng.normal(size=(n, 2)) + 4 * np.eye(3, 2)[y], y


@pytest.mark.parametrize("rule", ["sgd", nets.SGD(0.05, momentum=0.9), nets.Adam(0.02)])
def test_training_learns_and_repeats_bit_by_bit(rule):
    x, y = blobs()

    def run():
        network = nets.MLP([2, 8, 3], "tanh", seed=1)
        return network, nets.train(network, x, y, epochs=20, batch_size=8, optimiser=rule, seed=4)

    (network, history), (again, history_again) = run(), run()
    for one, other in zip(network.parameters(), again.parameters()):
        np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(history.loss, history_again.loss)
    assert history.loss[-1] < 0.6 * history.loss[0]
    assert nets.accuracy(network.forward(x), y) == history.accuracy[-1] > 0.8


def test_order_of_samples_follows_the_seed():
    x, y = blobs()
    losses = []
    for seed in (0, 1):
        network = nets.MLP([2, 8, 3])
        losses.append(nets.train(network, x, y, epochs=1, batch_size=8, seed=seed).loss[-1])
    assert losses[0] != losses[1]


def test_one_full_batch_step_is_gradient_descent():
    x, y = blobs()
    network, reference = nets.MLP([2, 4, 3], seed=2), nets.MLP([2, 4, 3], seed=2)
    value, gradient = nets.cross_entropy(reference.forward(x), y)
    reference.backward(gradient)
    history = nets.train(
        network, x, y, epochs=1, batch_size=None, optimiser=nets.SGD(learning_rate=0.3)
    )
    assert history.loss[0] == pytest.approx(value, rel=1e-14)
    for trained, start in zip(network.parameters(), reference.parameters()):
        np.testing.assert_allclose(trained.value, start.value - 0.3 * start.gradient, rtol=1e-9)


def test_every_sample_is_seen_once_per_epoch():
    x, y = blobs(n=50)
    x[:, 0] = np.arange(50)
    seen = []

    def spy(logits, labels):
        seen.append(network.layers[0].input[:, 0].copy())
        return nets.cross_entropy(logits, labels)

    network = nets.MLP([2, 3], init="constant")
    nets.train(network, x, y, epochs=2, batch_size=8, loss=spy, optimiser=nets.SGD(0.0))
    batches = [batch for batch in seen if len(batch) < 50]
    assert [len(batch) for batch in batches] == 2 * [8, 8, 8, 8, 8, 8, 2]
    first, second = np.concatenate(batches[:7]), np.concatenate(batches[7:])
    assert sorted(first) == sorted(second) == list(range(50))
    assert not np.array_equal(first, second), "each epoch must shuffle anew"


def test_history_starts_before_the_first_step():
    x, y = blobs()
    network = nets.MLP([2, 4, 3], seed=2)
    before = nets.cross_entropy(network.forward(x), y)[0]
    history = nets.train(network, x, y, epochs=3, validation=(x[:9], y[:9]))
    assert history.loss[0] == before
    assert history.epoch.tolist() == [0, 1, 2, 3]
    assert history.validation_loss.shape == history.validation_accuracy.shape == (4,)
    assert history.validation_loss[-1] == nets.cross_entropy(network.forward(x[:9]), y[:9])[0]
    assert "epochs=3" in repr(history)


def test_without_validation_or_classes_there_is_nan():
    history = nets.train(
        nets.MLP([2, 1]), np.eye(2), np.ones((2, 1)), batch_size=2, loss="squared_error"
    )
    assert np.isnan(history.validation_loss).all() and np.isnan(history.accuracy).all()
    assert history.loss[-1] < history.loss[0]


def test_logistic_regression_has_an_accuracy():
    x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    history = nets.train(
        nets.MLP([1, 1]), x, [0, 0, 1, 1], epochs=50, batch_size=4, loss="binary_cross_entropy"
    )
    assert history.accuracy[-1] == 1.0


@pytest.mark.parametrize("every, times", [(None, [0, 1, 2]), (3, [0, 0.6, 1.2, 1.8])])
def test_records(every, times):
    x, y = blobs(n=40)

    def record(network):
        bias = network.dense[0].bias.value
        return {"largest": bias.max(), "bias": bias}

    network = nets.MLP([2, 4, 3])
    history = nets.train(network, x, y, epochs=2, batch_size=8, record=record, record_every=every)
    np.testing.assert_allclose(history.record_epoch, times)
    assert history.records["bias"].shape == (len(times), 4)
    np.testing.assert_array_equal(history.records["largest"], history.records["bias"].max(axis=1))
    assert not history.records["bias"][0].any()


def test_what_training_does_when_it_is_not_told():
    x, y = blobs()

    def run(**options):
        return nets.train(nets.MLP([2, 4, 3]), x, y, **options)

    history = run()
    again = run(
        epochs=10,
        batch_size=32,
        optimiser=nets.SGD(learning_rate=0.1),
        loss="cross_entropy",
        validation=None,
        record=None,
        record_every=None,
        clip_norm=None,
        seed=0,
    )
    np.testing.assert_array_equal(history.loss, again.loss)
    np.testing.assert_array_equal(history.accuracy, again.accuracy)
    assert history.records == {}
    assert history.record_epoch.shape == (0,)
    assert history.loss[-1] != run(batch_size=33).loss[-1]


def test_a_history_shows_where_it_began_and_where_it_ended():
    history = nets.train(nets.MLP([2, 4, 3], seed=1), *blobs(), epochs=3)
    (first, *_, last), (before, *_, after) = history.loss, history.accuracy
    assert repr(history) == (
        f"History(epochs=3, loss={first:.3g} to {last:.3g}, accuracy={before:.3g} to {after:.3g})"
    )


def test_validation_has_columns_of_its_own():
    (x, y), (others, truth) = blobs(), blobs(n=30, seed=1)
    network = nets.MLP([2, 4, 3], seed=1)
    history = nets.train(network, x, y, epochs=2, validation=[others, truth])
    assert history.accuracy[-1] == nets.accuracy(network.forward(x), y)
    logits = network.forward(others)
    assert history.validation_loss[-1] == nets.cross_entropy(logits, truth)[0]
    assert history.validation_accuracy[-1] == nets.accuracy(logits, truth)


@pytest.mark.parametrize(
    "loss, truth, is_class",
    [
        ("binary_cross_entropy", [[0], [1]], True),
        ("binary_cross_entropy", [[False], [True]], True),
        ("binary_cross_entropy", np.array([[0], [1]], np.uint8), True),
        ("binary_cross_entropy", [[0.25], [0.75]], False),
        ("squared_error", [[0], [1]], False),
    ],
)
def test_accuracy_is_for_classes_only(loss, truth, is_class):
    history = nets.train(nets.MLP([2, 1]), np.eye(2), truth, batch_size=2, loss=loss)
    assert np.isfinite(history.accuracy).all() == is_class
    assert np.isnan(history.accuracy).any() != is_class


def test_a_batch_of_all_samples_is_one_step_per_epoch():
    x, y = blobs(n=40)
    entries = []
    for size in (None, 40):
        history = nets.train(
            nets.MLP([2, 3]), x, y, epochs=2, batch_size=size, record=lambda _: {"a": 1.0},
            record_every=1,
        )  # fmt: skip
        entries.append(history.record_epoch.tolist())
    assert entries == [[0.0, 1.0, 2.0]] * 2


def test_records_in_smaller_last_batches_count_as_whole_steps():
    x, y = blobs(n=10)
    history = nets.train(
        nets.MLP([2, 3]), x, y, epochs=2, batch_size=4, record=lambda _: {"a": 1.0}, record_every=1
    )
    np.testing.assert_allclose(history.record_epoch, np.arange(7) / 3)


def test_only_a_gradient_that_is_too_long_is_clipped():
    x, y = blobs()

    def run(clip_norm):
        network = nets.MLP([2, 4, 3])
        nets.train(network, x, y, epochs=1, clip_norm=clip_norm)
        return network.dense[0].weight.value

    np.testing.assert_array_equal(run(1e6), run(None))
    assert not np.allclose(run(1e-3), run(None))


def test_a_person_sees_what_the_bar_is_for(monkeypatch):
    said = []
    monkeypatch.setattr(training, "progress", lambda items, what: said.append(what) or items)
    nets.train(nets.MLP([2, 3]), *blobs(), epochs=1)
    assert said == ["training"]


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_divergence_at_the_end_of_an_epoch_leaves_the_epoch_out(bad):
    x, y = blobs(n=40)
    calls = []

    def loss(logits, labels):
        value, gradient = nets.cross_entropy(logits, labels)
        calls.append(len(labels))
        return (bad if calls.count(40) == 3 else value), gradient

    words = re.escape(
        f"the loss became {bad} after 6 steps with SGD(learning_rate=0.1, momentum=0.0): "
        "training diverged. Lower the learning rate, or start from smaller weights."
    )
    network = nets.MLP([2, 4, 3])
    with pytest.raises(nets.DivergenceError, match=f"^{words}$") as caught:
        nets.train(network, x, y, batch_size=15, loss=loss, record=lambda _: {"a": 1.0})
    history = caught.value.history
    assert history.epoch.tolist() == history.record_epoch.tolist() == [0, 1]
    assert np.isfinite(history.loss).all()


def test_a_loss_that_divides_by_zero_diverges_in_words():
    def loss(logits, labels):
        value, gradient = nets.cross_entropy(logits, labels)
        return float(np.float64(value) / np.zeros(1)[0]), gradient

    words = re.escape("the loss became inf after 0 steps with SGD(learning_rate=0.1, ")
    with pytest.raises(nets.DivergenceError, match=words) as caught:
        nets.train(nets.MLP([2, 3]), *blobs(), loss=loss, record=lambda _: {"a": 1.0})
    assert caught.value.history.records["a"].tolist() == [1.0]


def test_divergence_may_come_without_a_history():
    error = nets.DivergenceError("it grew")
    assert str(error) == "it grew"
    assert error.history is None


@pytest.mark.parametrize("name", ["relu", "identity"])
def test_divergence_is_said_in_words(name):
    x, y = blobs()
    network = nets.MLP([2, 8, 8, 3], name, "he")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(nets.DivergenceError, match="learning rate") as caught:
            nets.train(network, x, y, epochs=50, optimiser=nets.SGD(1e60))
    history = caught.value.history
    assert np.isfinite(history.loss).all() and len(history.loss) >= 1


def test_divergence_stops_before_the_step_that_would_spread_it():
    x, y = blobs(n=40)
    network = nets.MLP([2, 4, 3])
    calls = []

    def loss(logits, labels):
        value, gradient = nets.cross_entropy(logits, labels)
        calls.append(len(labels))
        # The first call measures the whole set; the fourth is the third batch.
        return (math.inf, gradient * math.nan) if len(calls) == 4 else (value, gradient)

    with pytest.raises(nets.DivergenceError, match="inf after 2 steps"):
        nets.train(network, x, y, batch_size=8, loss=loss)
    assert calls == [40, 8, 8, 8]
    assert all(np.isfinite(p.value).all() for p in network.parameters())


# -- bad input -----------------------------------------------------------------------

NETWORK = nets.MLP([2, 4, 3])
X, Y = blobs(n=20)
NAN = np.full((20, 2), np.nan)

BAD = [
    (lambda: nets.MLP([3]), ValueError, "at least two"),
    (lambda: nets.MLP([]), ValueError, "at least two"),
    (lambda: nets.MLP("64"), TypeError, "sequence"),
    (lambda: nets.MLP(64), TypeError, "sequence"),
    (lambda: nets.MLP([3, 0, 2]), ValueError, "at least 1"),
    (lambda: nets.MLP([3, 2.0]), TypeError, "whole number"),
    (lambda: nets.MLP([3, True]), TypeError, "whole number"),
    (lambda: nets.MLP([3, 4, 2], activation="rellu"), ValueError, "relu"),
    (lambda: nets.MLP([3, 4, 2], activation=3), TypeError, "3"),
    (lambda: nets.MLP([3, 2], init="xavier"), ValueError, "glorot, he"),
    (lambda: nets.MLP([3, 2], init=0.1), TypeError, "0.1"),
    (lambda: nets.MLP([3, 2], seed="0"), TypeError, "seed"),
    (lambda: nets.MLP([3, 2], seed=1.5), TypeError, "seed"),
    (lambda: nets.MLP([3, 2], seed=None), TypeError, "seed"),
    (lambda: nets.MLP([3, 2], seed=True), TypeError, "seed"),
    (lambda: nets.MLP([3, 2], seed=-1), ValueError, "seed"),
    (lambda: nets.MLP([3, 2], dtype=np.float16), TypeError, "float32 or float64"),
    (lambda: nets.MLP([3, 2], dtype=int), TypeError, "float32 or float64"),
    (lambda: nets.MLP([3, 2], dtype=None), TypeError, "float32 or float64"),
    (lambda: nets.MLP([3, 2], dtype="floaty"), TypeError, "float32 or float64"),
    (lambda: nets.initialiser("he", gain=2.0), TypeError, "distribution"),
    (
        lambda: nets.initialiser("he", distribution="cauchy"),
        ValueError,
        "one of 'normal', 'uniform'",
    ),
    (lambda: nets.initialiser("normal", std=-1.0), ValueError, "std"),
    (lambda: nets.initialiser("normal", std="1"), TypeError, "std"),
    (lambda: nets.initialiser("orthogonal", gain=np.inf), ValueError, "gain"),
    (lambda: nets.initialiser("constant", value=1j), TypeError, "value"),
    (lambda: nets.initialiser(nets.initialiser("he"), std=1), TypeError, "complete"),
    (lambda: nets.initialiser("he")(0, 3), ValueError, "fan_in"),
    (lambda: NETWORK.forward(np.ones((5, 3))), ValueError, r"\(batch, 2\).*\(5, 3\)"),
    (lambda: NETWORK.forward(np.ones(2)), ValueError, r"\(batch, 2\)"),
    (lambda: NETWORK.forward(np.ones((0, 2))), ValueError, "at least one row"),
    (lambda: NETWORK.forward(NAN), ValueError, "NaN"),
    (lambda: NETWORK.forward([["a", "b"]]), TypeError, "real numbers"),
    (lambda: NETWORK.forward(np.ones((1, 2), complex)), TypeError, "complex"),
    (lambda: nets.MLP([1, 1], dtype=np.float32).forward([[1e300]]), ValueError, "float32"),
    (lambda: nets.MLP([2, 3]).backward(np.ones((1, 3))), RuntimeError, "forward first"),
    (lambda: nets.ActivationLayer("relu").backward([[1.0]]), RuntimeError, "forward first"),
    (lambda: nets.Dense(2, 3).forward(np.ones((1, 4))), ValueError, r"\(batch, 2\)"),
    (lambda: nets.Dense(2, 3).forward([["a", "b"]]), TypeError, "real numbers"),
    (lambda: nets.cross_entropy(np.ones((2, 3)), [0, 3]), ValueError, "from 0 to 2"),
    (lambda: nets.cross_entropy(np.ones((2, 3)), [-1, 0]), ValueError, "from 0 to 2"),
    (lambda: nets.cross_entropy(np.ones((2, 3)), [0.0, 1.0]), TypeError, "whole numbers"),
    (lambda: nets.cross_entropy(np.ones((2, 3)), ["a", "b"]), TypeError, "whole numbers"),
    (lambda: nets.cross_entropy(np.ones((2, 3)), [0]), ValueError, r"\(2,\)"),
    (lambda: nets.cross_entropy(np.ones((2, 3)), np.eye(3, dtype=int)[:2]), ValueError, "shape"),
    (lambda: nets.cross_entropy(np.ones(3), [0]), ValueError, "batch, classes"),
    (lambda: nets.cross_entropy(np.ones((0, 3)), []), ValueError, "at least one row"),
    (lambda: nets.cross_entropy([["a"]], [0]), TypeError, "real numbers"),
    (lambda: nets.squared_error([1.0, 2.0], [1.0]), ValueError, "shape"),
    (lambda: nets.squared_error([1.0], [np.nan]), ValueError, "finite"),
    (lambda: nets.squared_error([1.0], ["a"]), TypeError, "real numbers"),
    (lambda: nets.squared_error(1.0, 1.0), ValueError, "at least one row"),
    (lambda: nets.binary_cross_entropy(np.ones((2, 2)), [0, 1]), ValueError, "batch, 1"),
    (lambda: nets.binary_cross_entropy([0.0, 1.0], [0, 2]), ValueError, r"in \[0, 1\]"),
    (lambda: nets.accuracy(np.ones((2, 3)), [0.5, 1.0]), TypeError, "whole numbers"),
    (lambda: nets.loss("mse"), ValueError, "squared_error"),
    (lambda: nets.loss(3), TypeError, "cross_entropy"),
    (lambda: nets.optimiser("rmsprop"), ValueError, "sgd, adam"),
    (lambda: nets.optimiser("sgd", lr=0.1), TypeError, "learning_rate, momentum"),
    (lambda: nets.optimiser("adam", _memory=None), TypeError, "learning_rate"),
    (lambda: nets.SGD(learning_rate=-0.1), ValueError, "learning_rate"),
    (lambda: nets.SGD(learning_rate=np.nan), ValueError, "learning_rate"),
    (lambda: nets.SGD(learning_rate="fast"), TypeError, "learning_rate"),
    (lambda: nets.SGD(momentum=1.0), ValueError, "momentum"),
    (lambda: nets.Adam(beta_2=1.0), ValueError, "beta_2"),
    (lambda: nets.Adam(epsilon=0.0), ValueError, "epsilon"),
]


EVERYTHING = "[-inf, inf)"
FROM_ZERO = "[0, inf)"
BELOW_ONE = "[0, 1)"
ABOVE_ZERO = "[4.94066e-324, inf)"
RANGES = [
    (nets.SGD, "learning_rate", FROM_ZERO, [0, 1e300], [-1e-300, np.nan]),
    (nets.SGD, "momentum", BELOW_ONE, [0, 0.99], [-1e-300, 1.0]),
    (nets.Adam, "learning_rate", FROM_ZERO, [0, 1e300], [-1e-300, np.inf]),
    (nets.Adam, "beta_1", BELOW_ONE, [0, 0.99], [-1e-300, 1.0]),
    (nets.Adam, "beta_2", BELOW_ONE, [0, 0.99], [-1e-300, 1.0]),
    (nets.Adam, "epsilon", ABOVE_ZERO, [5e-324, 10.0], [0.0, -1.0, np.inf]),
    (partial(nets.initialiser, "constant"), "value", EVERYTHING, [-1e300, 0], [-np.inf, np.nan]),
    (partial(nets.initialiser, "normal"), "std", FROM_ZERO, [0, 1e300], [-1e-300, np.inf]),
    (partial(nets.initialiser, "fan_in"), "gain", FROM_ZERO, [0, 1e300], [-1e-300, np.inf]),
    (partial(nets.initialiser, "orthogonal"), "gain", FROM_ZERO, [0, 1e300], [-1e-300, np.inf]),
    (partial(nets.initialiser, "identity"), "gain", EVERYTHING, [-1e300, 0], [-np.inf, np.nan]),
    (partial(nets.initialiser, "spectral_radius"), "radius", FROM_ZERO, [0, 2], [-1e-300, np.inf]),
    (partial(nets.BatchNorm, 3), "momentum", BELOW_ONE, [0, 0.99], [-1e-300, 1.0]),
    (partial(nets.BatchNorm, 3), "epsilon", "[2.22507e-308, inf)", [3e-308], [2e-308, 0.0]),
    (
        partial(nets.BatchNorm, 3, dtype=np.float32),
        "epsilon",
        "[1.17549e-38, inf)",
        [2e-38],
        [1e-38, 0.0],
    ),
    (partial(nets.LSTMLayer, 2, 3), "forget_bias", EVERYTHING, [-1e300, 0], [-np.inf, np.nan]),
    (partial(nets.clip_gradient, []), "norm", ABOVE_ZERO, [5e-324, 10.0], [0.0, -1.0, np.inf]),
]


@pytest.mark.parametrize("call, name, interval, taken, refused", RANGES)
def test_numbers_stay_in_their_range(call, name, interval, taken, refused):
    for value in taken:
        call(**{name: value})
    for value in refused:
        words = re.escape(f"{name} must be finite and in {interval}, not {value!r}")
        with pytest.raises(ValueError, match=f"^{words}$"):
            call(**{name: value})
    for value in ("text", True, np.True_, 1j):
        with pytest.raises(TypeError, match=f"^{name} must be a number, not "):
            call(**{name: value})


@pytest.mark.parametrize(
    "call, name",
    [
        (partial(nets.Dense, fan_out=3), "fan_in"),
        (partial(nets.Dense, 3), "fan_out"),
        (nets.BatchNorm, "units"),
        (nets.PReLULayer, "units"),
        (partial(nets.RNNLayer, hidden=3), "features"),
        (partial(nets.LSTMLayer, 3), "hidden"),
        (partial(nets.train, nets.MLP([2, 3]), X, Y, batch_size=10), "epochs"),
        (partial(nets.train, nets.MLP([2, 3]), X, Y, epochs=1), "batch_size"),
        (
            partial(nets.train, nets.MLP([2, 3]), X, Y, batch_size=10, epochs=1, record=None),
            "record_every",
        ),
    ],
)
def test_counts_begin_at_one(call, name):
    call(**{name: 1})
    call(**{name: np.int8(2)})
    for value, error, words in [
        (0, ValueError, "at least 1, not 0"),
        (10**7 + 1, ValueError, "at most 10000000, not 10000001"),
        (1.0, TypeError, "a whole number, not 1.0"),
        (True, TypeError, "a whole number, not True"),
    ]:
        with pytest.raises(error, match=f"^{name} must be {re.escape(words)}$"):
            call(**{name: value})


def test_ten_million_is_the_most_of_anything():
    assert checks.count("epochs", 10**7) == 10**7


def test_widths_may_come_in_an_array_and_are_named_by_their_place():
    assert nets.MLP(np.array([3, 4, 2])).sizes == nets.MLP((3, 4, 2)).sizes == (3, 4, 2)
    for sizes in (np.array([[3, 4]]), b"34", "34", {3, 4}):
        with pytest.raises(TypeError, match="^sizes must be a sequence"):
            nets.MLP(sizes)
    with pytest.raises(ValueError, match=r"^sizes\[2\] must be at least 1, not 0$"):
        nets.MLP([3, 4, 0])


ONE_ROW, RAGGED = np.ones((1, 2)), [[1.0], [1.0, 2.0]]
PASSES = [
    (nets.Dense(2, 3), "Dense(2, 3)", ONE_ROW, (1, 3)),
    (nets.ActivationLayer("relu"), "ActivationLayer('relu')", ONE_ROW, (1, 2)),
    (nets.BatchNorm(2), "BatchNorm(2)", ONE_ROW, (1, 2)),
    (nets.PReLULayer(2), "PReLULayer with 2 slopes", ONE_ROW, (1, 2)),
    (nets.RReLULayer(3.5), "RReLULayer(3.5, 8)", ONE_ROW, (1, 2)),
    (nets.RNNLayer(2, 3), "RNNLayer(2, 3)", np.ones((5, 4, 2)), (5, 4, 3)),
    (nets.LSTMLayer(2, 3), "LSTMLayer(2, 3)", np.ones((5, 4, 2)), (5, 4, 3)),
    (nets.GRULayer(2, 3), "GRULayer(2, 3)", np.ones((5, 4, 2)), (5, 4, 3)),
]


@pytest.mark.parametrize("layer, name, x, shape", PASSES, ids=[name for _, name, *_ in PASSES])
def test_a_layer_says_which_one_it_is_and_what_it_needs(layer, name, x, shape):
    layer = copy.deepcopy(layer)
    assert repr(layer) == name
    name = re.escape(name)
    with pytest.raises(RuntimeError, match=f"^{name} has nothing to go back from: call forward"):
        layer.backward(np.ones(shape))
    layer.forward(x)
    words = re.escape(f"needs a gradient of shape {shape}, that of its last output, not (7,)")
    with pytest.raises(ValueError, match=f"^{name} {words}$"):
        layer.backward(np.ones(7))
    with pytest.raises(TypeError, match="^the gradient must hold real numbers, not complex"):
        layer.backward(np.ones(shape, complex))
    ones, whole = np.ones(shape), np.ones(shape, int)
    np.testing.assert_array_equal(layer.backward(whole), layer.backward(ones).copy(), strict=True)


FIT = partial(nets.train, NETWORK, X, Y, batch_size=None)
SAID = [
    (lambda: nets.Dense(2, 3).forward(RAGGED), "the input must be an array; NumPy says"),
    (lambda: nets.Dense(2, 3).forward([["a"]]), "the input must hold real numbers, not <U1"),
    (
        lambda: nets.Dense(2, 3).forward(np.ones(2)),
        "Dense(2, 3) needs an input of shape (batch, 2)",
    ),
    (lambda: nets.BatchNorm(2).forward([["a"]]), "the input must hold real numbers, not <U1"),
    (lambda: nets.BatchNorm(2).forward(np.ones(2)), "BatchNorm(2) needs an input of shape (batch"),
    (lambda: nets.PReLULayer(2).forward([["a"]]), "the input must hold real numbers, not <U1"),
    (lambda: nets.RReLULayer().forward([["a"]]), "the input must hold real numbers, not <U1"),
    (lambda: nets.RNNLayer(2, 3).forward([["a"]]), "the input must hold real numbers, not <U1"),
    (lambda: NETWORK.forward(RAGGED), "x must be an array; NumPy says"),
    (lambda: NETWORK.forward([["a"]]), "x must hold real numbers, not <U1"),
    (lambda: NETWORK.forward(np.ones((3, 2, 2))), "x must have shape (batch, 2) with at least one"),
    (lambda: NETWORK.forward(NAN), "x must be finite in float64, but holds NaN or infinity"),
    (lambda: nets.cross_entropy(RAGGED, [0, 0]), "logits must be an array; NumPy says"),
    (lambda: nets.cross_entropy([[True]], [0]), "logits must hold real numbers, not bool"),
    (lambda: nets.cross_entropy([[1.0]], RAGGED), "labels must be an array; NumPy says"),
    (lambda: nets.cross_entropy(np.ones((3, 0)), [0] * 3), "logits must have at least one row and"),
    (lambda: nets.cross_entropy(np.ones((2, 3)), [0, 3]), "labels must be from 0 to 2, one per"),
    (lambda: nets.squared_error(RAGGED, [0.0]), "prediction must be an array; NumPy says"),
    (lambda: nets.squared_error([1.0], RAGGED), "the target must be an array; NumPy says"),
    (lambda: nets.squared_error([1.0], [1j]), "the target must hold real numbers, not complex128"),
    (lambda: nets.squared_error([1.0], [1.0, 2.0]), "the target must have the shape of the pred"),
    (lambda: nets.squared_error(np.ones(1, "f"), [1e300]), "the target must be finite, but holds"),
    (lambda: nets.binary_cross_entropy(RAGGED, [0.0]), "logits must be an array; NumPy says"),
    (lambda: nets.binary_cross_entropy([1.0], RAGGED), "the target must be an array; NumPy says"),
    (lambda: nets.binary_cross_entropy(np.ones((1, 1, 1)), [0]), "logits must have shape (batch,)"),
    (
        lambda: nets.binary_cross_entropy([1.0], [-0.1]),
        "targets must be in [0, 1], but run from -0",
    ),
    (
        lambda: nets.binary_cross_entropy([1.0], [1.1]),
        "targets must be in [0, 1], but run from 1.1",
    ),
    (lambda: nets.accuracy(RAGGED, [0]), "logits must be an array; NumPy says"),
    (lambda: nets.accuracy(np.ones((1, 2, 1)), [0]), "logits must have shape (n, classes), not"),
    (lambda: nets.accuracy([1.0], RAGGED), "labels must be an array; NumPy says"),
    (
        lambda: nets.accuracy([1.0], [2]),
        "labels must be from 0 to 1, one per class, but run from 2",
    ),
    (lambda: nets.accuracy([[1.0, 2.0]], [-1]), "labels must be from 0 to 1, one per class"),
    (lambda: nets.initialiser("xavier"), "unknown initialiser 'xavier'; the known ones are: const"),
    (lambda: nets.initialiser(1), "initialiser must be one of the names constant, normal, uniform"),
    (lambda: nets.initialiser("uniform", a=1), "initialiser 'uniform' has no parameter 'a'; it"),
    (lambda: nets.initialiser("normal", a=1), "initialiser 'normal' has no parameter 'a'; it acce"),
    (lambda: nets.initialiser("identity")(2, 3), "identity weights are square: fan_in 2 and"),
    (lambda: nets.initialiser("spectral_radius")(2, 3), "spectral_radius weights are square: fan"),
    (lambda: nets.optimiser("newton"), "unknown optimiser 'newton'; the known ones are: sgd, adam"),
    (lambda: nets.optimiser("sgd", a=1), "optimiser 'sgd' has no parameter 'a'; it accepts: lear"),
    (lambda: nets.optimiser(nets.SGD(), momentum=0.5), "SGD(learning_rate=0.1, momentum=0.0) is"),
    (
        lambda: nets.loss("hinge"),
        "unknown loss 'hinge'; the known ones are: cross_entropy, squared",
    ),
    (lambda: nets.MLP([2, 3], normalisation="layer"), "normalisation must be one of 'batch', not"),
    (lambda: nets.train("mlp", X, Y), "network must be an MLP, RNN, LSTM or GRU, not 'mlp'"),
    (lambda: nets.train(NETWORK, RAGGED, Y), "x must be an array; NumPy says"),
    (lambda: nets.train(NETWORK, X, RAGGED * 9), "y must be an array; NumPy says"),
    (lambda: nets.train(NETWORK, X, 1), "y must have one entry per sample of x, 20, not shape ()"),
    (
        lambda: FIT(validation=(X,)),
        "validation must be a pair (x, y), not t",
    ),
    (
        lambda: FIT(validation=X),
        "validation must be a pair (x, y), not ndarr",
    ),
    (
        lambda: FIT(validation=(RAGGED, Y)),
        "validation x must be an array",
    ),
    (
        lambda: FIT(validation=(X, RAGGED * 9)),
        "validation y must be an array",
    ),
    (
        lambda: FIT(clip_norm=0.0),
        "clip_norm must be finite and in [4.9",
    ),
    (lambda: nets.train(NETWORK, X, Y, loss="hinge"), "unknown loss 'hinge'; the known ones are"),
]


@pytest.mark.parametrize("call, words", SAID, ids=[words for _, words in SAID])
def test_messages_begin_with_what_is_wrong(call, words):
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(words)}"):
        call()


@pytest.mark.parametrize("call, error, words", BAD)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"x": NAN}, ValueError, "NaN"),
        ({"x": X[:, :1]}, ValueError, "batch, 2"),
        ({"x": X.astype(str)}, TypeError, "real numbers"),
        ({"y": Y[:-1]}, ValueError, "one entry per sample"),
        ({"y": Y + 1}, ValueError, "from 0 to 2"),
        ({"y": Y.astype(float)}, TypeError, "whole numbers"),
        ({"epochs": 0}, ValueError, "epochs"),
        ({"epochs": 2.0}, TypeError, "epochs"),
        ({"batch_size": 21}, ValueError, "at most 20"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"batch_size": "all"}, TypeError, "batch_size"),
        ({"optimiser": "newton"}, ValueError, "sgd, adam"),
        ({"optimiser": nets.SGD}, TypeError, "sgd, adam"),
        ({"loss": "hinge"}, ValueError, "cross_entropy"),
        ({"validation": X}, TypeError, "pair"),
        ({"validation": (X, Y[:-1])}, ValueError, "validation y"),
        ({"validation": (X[:, :1], Y)}, ValueError, "validation x"),
        ({"validation": (X, Y + 1)}, ValueError, "from 0 to 2"),
        ({"record": "loss"}, TypeError, "function"),
        ({"record": lambda network: 3.0}, TypeError, "dictionary"),
        ({"record_every": 0}, ValueError, "record_every"),
        ({"seed": "0"}, TypeError, "seed"),
        ({"network": "mlp"}, TypeError, "MLP"),
    ],
)
def test_bad_training_leaves_the_network_alone(arguments, error, words):
    network = nets.MLP([2, 4, 3])
    before = [p.value.copy() for p in network.parameters()]
    with pytest.raises(error, match=words):
        nets.train(**{"network": network, "x": X, "y": Y, "batch_size": 10, **arguments})
    for parameter, value in zip(network.parameters(), before):
        np.testing.assert_array_equal(parameter.value, value)


def test_backward_checks_the_shape_of_the_gradient():
    network = nets.MLP([2, 4, 3])
    network.forward(X)
    with pytest.raises(ValueError, match=re.escape("(20, 3)")):
        network.backward(np.ones((5, 3)))
    with pytest.raises(TypeError, match="real numbers"):
        network.backward(np.ones((20, 3), complex))


def test_record_must_keep_its_names():
    names = iter(["a", "b"])
    with pytest.raises(ValueError, match="same names"):
        nets.train(nets.MLP([2, 3]), X, Y, batch_size=10, record=lambda _: {next(names): 1.0})


def test_reprs_show_what_was_asked_for():
    assert repr(NETWORK) == (
        "MLP([2, 4, 3], activation='tanh', init=Glorot(distribution='uniform'))"
    )
    assert repr(nets.MLP([2, 3], init="he")) == "MLP([2, 3], init=He(distribution='normal'))"
    assert repr(NETWORK.layers) == "[Dense(2, 4), ActivationLayer('tanh'), Dense(4, 3)]"


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy"])
def test_infinite_outputs_give_no_warning(name):
    one, truth = ([[np.inf]], [[1.0]]) if name.startswith("b") else ([[np.inf, 0.0]], [0])
    value, gradient = nets.loss(name)(np.array(one), np.array(truth))
    assert not np.isfinite(value) and gradient.shape == np.shape(one)
