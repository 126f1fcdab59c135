"""Recurrent layers and networks: gradients through time, and steps by hand.

What every layer and network says and keeps stands in test_networks.
"""

import numpy as np
import pytest
from gradient_check import assert_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

import vgtools.networks as nets
from vgtools.activations import activation

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=25)

LAYERS = {
    "rnn": lambda *sizes, **options: nets.RNNLayer(*sizes, "tanh", **options),
    "softplus rnn": lambda *sizes, **options: nets.RNNLayer(*sizes, "softplus", **options),
    "lstm": nets.LSTMLayer,
    "lstm of 1997": lambda *sizes, **options: nets.LSTMLayer(*sizes, False, **options),
    "gru": nets.GRULayer,
}
NETWORKS = [nets.RNN, nets.LSTM, nets.GRU]
X = np.ones((5, 4, 2))


def shaken(layer, rng):
    """Give every parameter a value that is nowhere special."""
    for parameter in layer.parameters():
        parameter.value[...] = rng.normal(0.0, 0.6, parameter.value.shape)
    return layer


# -- backward against finite differences ---------------------------------------------


@pytest.mark.parametrize("kind", LAYERS)
@few
@given(
    time=st.integers(1, 5),
    batch=st.integers(1, 4),
    features=st.integers(1, 3),
    hidden=st.integers(1, 4),
    seed=seeds,
)
def test_backward(kind, time, batch, features, hidden, seed):
    rng = np.random.default_rng(seed)
    layer = shaken(LAYERS[kind](features, hidden, seed=rng), rng)
    x, start = rng.normal(size=(time, batch, features)), {"state": rng.normal(size=(batch, hidden))}
    if "lstm" in kind:
        start["cell"] = rng.normal(size=(batch, hidden))
    weighting = rng.normal(size=(time, batch, hidden))

    def loss():
        return np.vdot(layer.forward(x, **start), weighting)

    loss()
    to_input = layer.backward(weighting)
    pairs = [(p.value, p.gradient.copy()) for p in layer.parameters()]
    pairs += [(start[name], getattr(layer, f"{name}_gradients")[0].copy()) for name in start]
    for array, gradient in [(x, to_input), *pairs]:
        assert gradient.shape == array.shape
        assert_gradient(loss, array, gradient, rng)


@pytest.mark.parametrize("kind", LAYERS)
def test_gradients_of_all_states_in_between(kind):
    """Start again from h_t: the loss from there on has the gradient that was kept for h_t."""
    rng = np.random.default_rng(0)
    layer = shaken(LAYERS[kind](2, 3), rng)
    x, weighting = rng.normal(size=(6, 4, 2)), rng.normal(size=(6, 4, 3))
    layer.forward(x)
    layer.backward(weighting)
    for t in range(1, 6):
        state, claimed = layer.states[t].copy(), layer.state_gradients[t].copy()
        cell = {"cell": layer.cells[t].copy()} if "lstm" in kind else {}
        again = shaken(LAYERS[kind](2, 3), np.random.default_rng(0))

        def loss():
            later = again.forward(x[t:], state, **cell)  # noqa: B023
            read = np.vdot(state, weighting[t - 1])  # noqa: B023
            return np.vdot(later, weighting[t:]) + read  # noqa: B023

        assert_gradient(loss, state, claimed, rng)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("steps", [None, 3])
def test_a_loss_that_reads_the_last_state_alone(kind, steps):
    rng = np.random.default_rng(2)
    layer = shaken(LAYERS[kind](2, 3), rng)
    of_all = np.zeros((5, 4, 3))
    of_all[-1] = rng.normal(size=(4, 3))
    layer.forward(rng.normal(size=(5, 4, 2)))

    def back(gradient):
        to_input = layer.backward(gradient, steps)
        kept = [layer.state_gradients, *(parameter.gradient for parameter in layer.parameters())]
        return [to_input, *(array.copy() for array in kept)]

    for short, full in zip(back(of_all[-1]), back(of_all)):
        np.testing.assert_array_equal(short, full)


@pytest.mark.parametrize("kind", LAYERS)
def test_truncation_with_a_loss_that_reads_every_state(kind):
    rng = np.random.default_rng(3)
    layer = shaken(LAYERS[kind](2, 3), rng)
    x, weighting = rng.normal(size=(2, 7, 4, 3))
    x = x[..., :2]
    layer.forward(x)
    state, cells = layer.states[4].copy(), getattr(layer, "cells", None)
    to_input = layer.backward(weighting, steps=3)
    before = layer.state_gradients[:5].copy()
    if "lstm" in kind:
        assert not layer.cell_gradients[:4].any() and layer.cell_gradients[4].all()
    gradients = [p.gradient.copy() for p in layer.parameters()]

    layer.forward(x[4:], state, **({} if cells is None else {"cell": cells[4].copy()}))
    np.testing.assert_allclose(layer.backward(weighting[4:]), to_input[4:], rtol=1e-10)
    for parameter, gradient in zip(layer.parameters(), gradients):
        np.testing.assert_allclose(parameter.gradient, gradient, rtol=1e-10, atol=1e-13)
    # The state that the walk ends at is read by the loss as well; those before, by it alone.
    np.testing.assert_allclose(before[4], layer.state_gradients[0] + weighting[3], rtol=1e-10)
    np.testing.assert_array_equal(before[1:4], weighting[:3])
    assert not before[0].any() and not to_input[:4].any()
    for more in (len(x) - 3, 99):
        np.testing.assert_array_equal(
            layer.backward(weighting[4:], steps=more), layer.backward(weighting[4:])
        )


@pytest.mark.parametrize("kind", LAYERS)
def test_a_pass_that_is_refused_leaves_the_last_one_as_it_was(kind):
    layer = LAYERS[kind](2, 3)
    layer.forward(np.ones((5, 4, 2)))
    expected = layer.backward(np.ones((4, 3)))
    with pytest.raises(ValueError, match="^state must have shape"):
        layer.forward(np.zeros((5, 4, 2)), np.zeros((4, 2)))
    np.testing.assert_array_equal(layer.backward(np.ones((4, 3))), expected)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(
    "call, words",
    [
        (lambda layer: layer.backward(np.ones((5, 4))), r"needs a gradient of shape \(4, 3\)"),
        (lambda layer: layer.backward(np.ones((4, 3, 3))), r"a gradient of shape \(5, 4, 3\)"),
        (lambda layer: layer.backward(np.ones((4, 3)), steps=0), "^steps must be at least 1"),
        (lambda layer: layer.forward(np.ones((0, 4, 2))), r"shape \(time, batch, 2\), not"),
        (lambda layer: layer.forward(X, np.ones((3, 3))), r"^state must have shape \(4, 3\), not"),
    ],
)
def test_what_does_not_fit_is_named(kind, call, words):
    layer = LAYERS[kind](2, 3)
    layer.forward(X)
    with pytest.raises(ValueError, match=words):
        call(layer)


def test_a_cell_that_does_not_fit_is_named():
    layer = nets.LSTMLayer(2, 3)
    with pytest.raises(ValueError, match=r"^cell must have shape \(4, 3\), not"):
        layer.forward(X, cell=np.ones(3))
    with pytest.raises(ValueError, match=r"an input of shape \(time, batch, 2\), not \(5, 2\)"):
        layer.forward(np.ones((5, 2)), cell=np.ones((4, 3)))


@pytest.mark.parametrize("build", NETWORKS)
@few
@given(time=st.integers(1, 6), batch=st.integers(1, 4), seed=seeds)
def test_whole_network_backward(build, time, batch, seed):
    rng = np.random.default_rng(seed)
    network = shaken(build([2, 3, 4]), rng)
    x, y = rng.normal(size=(time, batch, 2)), rng.integers(4, size=batch)

    def loss():
        return nets.cross_entropy(network.forward(x), y)[0]

    _, gradient = nets.cross_entropy(network.forward(x), y)
    to_input = network.backward(gradient)
    pairs = [(p.value, p.gradient.copy()) for p in network.parameters()]
    for array, claimed in [(x, to_input), *pairs]:
        assert_gradient(loss, array, claimed, rng)


# -- forward -------------------------------------------------------------------------


def test_forward_of_a_plain_layer_by_hand():
    rng = np.random.default_rng(2)
    layer = shaken(nets.RNNLayer(2, 3, "tanh"), rng)
    x, h = rng.normal(size=(5, 4, 2)), np.zeros((4, 3))
    w, u, b = (p.value for p in layer.parameters())
    out = layer.forward(x)
    for t in range(5):
        h = np.tanh(x[t] @ w + h @ u + b)
        np.testing.assert_allclose(out[t], h, rtol=1e-13)
    assert not layer.states[0].any()


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@pytest.mark.parametrize("forget_gate", [True, False])
def test_forward_of_an_lstm_by_hand(forget_gate):
    rng = np.random.default_rng(3)
    layer = shaken(nets.LSTMLayer(2, 3, forget_gate), rng)
    x, h, c = rng.normal(size=(5, 4, 2)), np.zeros((4, 3)), np.zeros((4, 3))
    w, u, b = (p.value for p in layer.parameters())
    out, gates = layer.forward(x), layer.gates
    for t in range(5):
        a = np.split(x[t] @ w + h @ u + b, layer.blocks, axis=1)
        kept = sigmoid(a.pop(1)) if forget_gate else np.ones((4, 3))
        c = kept * c + sigmoid(a[0]) * np.tanh(a[1])
        h = sigmoid(a[2]) * np.tanh(c)
        np.testing.assert_allclose(out[t], h, rtol=1e-12)
        np.testing.assert_allclose(layer.cells[t + 1], c, rtol=1e-12)
        np.testing.assert_allclose(gates["forget"][t], kept, rtol=1e-12)
        np.testing.assert_allclose(gates["candidate"][t], np.tanh(a[1]), rtol=1e-12)


def test_forward_of_a_gru_by_hand():
    rng = np.random.default_rng(4)
    layer = shaken(nets.GRULayer(2, 3), rng)
    x, h = rng.normal(size=(5, 4, 2)), np.zeros((4, 3))
    w, u, b, d = (p.value for p in layer.parameters())
    out = layer.forward(x)
    for t in range(5):
        from_input, from_state = x[t] @ w + b, h @ u
        reset = sigmoid(from_input[:, :3] + from_state[:, :3])
        kept = sigmoid(from_input[:, 3:6] + from_state[:, 3:6])
        candidate = np.tanh(from_input[:, 6:] + reset * (from_state[:, 6:] + d))
        h = kept * h + (1 - kept) * candidate
        np.testing.assert_allclose(out[t], h, rtol=1e-12, atol=1e-15)  # the two may cancel


# -- what the book says about them ----------------------------------------------------


def test_the_direct_path_is_the_product_of_the_forget_gates():
    layer = shaken(nets.LSTMLayer(1, 4), np.random.default_rng(6))
    layer.recurrent_weight.value[:] = 0.0  # no way around the cell
    x = np.random.default_rng(7).normal(size=(12, 3, 1))
    layer.forward(x)
    weighting = np.zeros((12, 3, 4))
    weighting[-1] = 1.0
    layer.backward(weighting)
    ratio = layer.cell_gradients[0] / layer.cell_gradients[-1]
    np.testing.assert_allclose(ratio, layer.gates["forget"].prod(axis=0), rtol=1e-12)


def test_forget_bias_stands_in_the_second_block():
    layer = nets.LSTMLayer(2, 3, forget_bias=5.0)
    assert layer.bias.value.tolist() == [0.0] * 3 + [5.0] * 3 + [0.0] * 6
    assert nets.LSTMLayer(2, 3, forget_gate=False).bias.value.tolist() == [0.0] * 9


def test_every_block_is_drawn_by_itself():
    layer = nets.LSTMLayer(2, 6, seed=1)
    for block in np.split(layer.recurrent_weight.value, 4, axis=1):
        np.testing.assert_allclose(block @ block.T, np.eye(6), atol=1e-12)
    first, second, *_ = np.split(layer.recurrent_weight.value, 4, axis=1)
    assert not np.allclose(first, second)


# -- options of a network ------------------------------------------------------------


@pytest.mark.parametrize("build", NETWORKS)
def test_every_option_goes_where_it_belongs(build):
    twice = nets.initialiser("identity", gain=2.0)
    network = build([2, 3, 1], init="constant", recurrent_init=twice)
    assert not network.layer.input_weight.value.any()
    assert not network.readout.weight.value.any()
    for block in np.split(network.layer.recurrent_weight.value, network.layer.blocks, axis=1):
        np.testing.assert_array_equal(block, 2 * np.eye(3))
    assert network.sizes == (2, 3, 1)
    assert network.readout.weight.value.shape == (3, 1)


@pytest.mark.parametrize("build", NETWORKS)
def test_the_seed_moves_every_weight(build):
    def weights(seed):
        network = build([2, 3, 1], seed=seed)
        parts = network.layer.input_weight, network.layer.recurrent_weight, network.readout.weight
        return [part.value for part in parts]

    for one, other, again in zip(weights(1), weights(2), weights(1)):
        assert not np.intersect1d(one, other).size
        np.testing.assert_array_equal(one, again)


def test_options_of_one_kind_of_network():
    assert nets.RNN([2, 3, 1], "relu").layer.activation.name == "relu"
    function = activation("relu")
    assert nets.RNNLayer(2, 3, function).activation is function
    without = nets.LSTM([2, 3, 1], forget_gate=False).layer
    assert not without.forget_gate
    assert without.bias.value.shape == (9,)
    assert nets.LSTM([2, 3, 1], forget_bias=5.0).layer.bias.value.max() == 5.0


@pytest.mark.parametrize("build", NETWORKS)
def test_a_network_hands_truncation_on_to_its_layer(build):
    rng = np.random.default_rng(8)
    network = shaken(build([2, 3, 1]), rng)
    network.forward(rng.normal(size=(7, 4, 2)))
    to_input = network.backward(np.ones((4, 1)), steps=3)
    assert not to_input[:4].any() and to_input[4:].all()
    assert network.backward(np.ones((4, 1))).all()


# -- training ------------------------------------------------------------------------


def last_sign(n=60, time=5, seed=0):
    """Sequences whose class is the sign of their first entry."""
    x = np.random.default_rng(seed).normal(size=(time, n, 1))
    return x, (x[0, :, 0] > 0).astype(int)


@pytest.mark.parametrize("build", NETWORKS)
def test_training_learns_and_repeats(build):
    x, y = last_sign()
    runs = []
    for _ in range(2):
        network = build([1, 8, 2], seed=1)
        adam = nets.Adam(learning_rate=0.02)
        history = nets.train(
            network, x, y, epochs=25, batch_size=20, optimiser=adam, clip_norm=1.0,
            validation=last_sign(seed=1),
        )  # fmt: skip
        runs.append(history.loss)
    assert history.accuracy[-1] > 0.95 and history.validation_accuracy[-1] > 0.85
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_sample_may_stand_alone_in_its_batch(batch_size):
    x, y = last_sign(n=7)
    history = nets.train(nets.RNN([1, 4, 2]), x, y, epochs=1, batch_size=batch_size)
    assert np.isfinite(history.loss).all()


def test_a_gradient_that_is_not_a_number_fails_its_check():
    x, rng = np.ones(3), np.random.default_rng(0)
    assert_gradient(lambda: float(x @ x), x, 2 * x, rng)
    with pytest.raises(AssertionError, match="nan along"):
        assert_gradient(lambda: float(x @ x), x, np.full(3, np.nan), rng)
