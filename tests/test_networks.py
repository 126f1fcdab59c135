"""Layers, initialisers, losses, optimisers and training, each against its own formula."""

import math
import re
import warnings

import numpy as np
import pytest
from gradient_check import assert_gradient, away_from
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.special import log_expit, log_softmax, softmax

import vgtools.networks as nets
from vgtools.activations import activation, catalogue
from vgtools.networks.initialisers import INITIALISERS

# Those whose slopes are learned or drawn have tests of their own, in test_rectifiers.
ACTIVATIONS = ["identity", *catalogue()]
SQUARE_INITS = ["identity", "spectral_radius"]
DRAWN_INITS = [name for name in INITIALISERS if name not in ("constant", *SQUARE_INITS)]
DTYPES = [np.float32, np.float64]

widths = st.integers(1, 7)
seeds = st.integers(0, 2**32 - 1)
quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


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
@settings(max_examples=10, deadline=None, derandomize=True)
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


@settings(max_examples=150, deadline=None, derandomize=True)
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


@pytest.mark.parametrize("rule", [nets.SGD(0.1), nets.SGD(0.1, 0.5), nets.Adam(0.1)])
def test_steps_are_in_place(rule):
    parameter = nets.Parameter("w", np.ones((2, 2)))
    value = parameter.value
    parameter.gradient[:] = 1
    rule.step([parameter])
    assert parameter.value is value and (value < 1).all()


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
    (lambda: nets.initialiser("he", distribution="cauchy"), ValueError, "'normal' or 'uniform'"),
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
