"""Recurrent layers and networks: gradients through time, against finite differences and PyTorch."""

import math
import re

import numpy as np
import pytest
from gradient_check import assert_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

import vgtools.networks as nets
from vgtools.activations import activation
from vgtools.networks import recurrent

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
    x, state = rng.normal(size=(time, batch, features)), rng.normal(size=(batch, hidden))
    weighting = rng.normal(size=(time, batch, hidden))

    def loss():
        return np.vdot(layer.forward(x, state), weighting)

    loss()
    to_input = layer.backward(weighting)
    pairs = [(p.value, p.gradient.copy()) for p in layer.parameters()]
    for array, gradient in [(x, to_input), (state, layer.state_gradients[0].copy()), *pairs]:
        assert gradient.shape == array.shape
        assert_gradient(loss, array, gradient, rng)


@pytest.mark.parametrize("forget_gate", [True, False])
@few
@given(time=st.integers(1, 5), seed=seeds)
def test_gradient_of_the_initial_cell(forget_gate, time, seed):
    rng = np.random.default_rng(seed)
    layer = shaken(nets.LSTMLayer(2, 3, forget_gate), rng)
    x, cell = rng.normal(size=(time, 4, 2)), rng.normal(size=(4, 3))
    weighting = rng.normal(size=(time, 4, 3))

    def loss():
        return np.vdot(layer.forward(x, cell=cell), weighting)

    loss()
    layer.backward(weighting)
    assert_gradient(loss, cell, layer.cell_gradients[0].copy(), rng)


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
@pytest.mark.parametrize("steps", [None, 1, 3])
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
    gradients = [p.gradient.copy() for p in layer.parameters()]

    layer.forward(x[4:], state, **({} if cells is None else {"cell": cells[4].copy()}))
    np.testing.assert_allclose(layer.backward(weighting[4:]), to_input[4:], rtol=1e-10)
    for parameter, gradient in zip(layer.parameters(), gradients):
        np.testing.assert_allclose(parameter.gradient, gradient, rtol=1e-10, atol=1e-13)
    # The state that the walk ends at is read by the loss as well; those before, by it alone.
    np.testing.assert_allclose(before[4], layer.state_gradients[0] + weighting[3], rtol=1e-10)
    np.testing.assert_array_equal(before[1:4], weighting[:3])
    assert not before[0].any()


@pytest.mark.parametrize("kind", LAYERS)
def test_a_pass_leaves_what_the_last_one_returned(kind):
    rng = np.random.default_rng(4)
    layer = shaken(LAYERS[kind](2, 3), rng)
    first = layer.forward(rng.normal(size=(5, 4, 2)))
    back = layer.backward(np.ones((4, 3)))
    held = [first, back, layer.state_gradients]
    copies = [array.copy() for array in held]
    layer.forward(rng.normal(size=(5, 4, 2)))
    layer.backward(np.ones((4, 3)))
    for array, copy in zip(held, copies):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_pass_that_is_refused_leaves_the_last_one_as_it_was(kind):
    layer = LAYERS[kind](2, 3)
    layer.forward(np.ones((5, 4, 2)))
    expected = layer.backward(np.ones((4, 3)))
    with pytest.raises(ValueError, match="^state must have shape"):
        layer.forward(np.zeros((5, 4, 2)), np.zeros((4, 2)))
    np.testing.assert_array_equal(layer.backward(np.ones((4, 3))), expected)


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


@pytest.mark.parametrize("kind", LAYERS)
def test_truncation_is_a_walk_through_the_last_steps_only(kind):
    rng = np.random.default_rng(1)
    layer = shaken(LAYERS[kind](2, 3), rng)
    x, weighting = rng.normal(size=(7, 4, 2)), np.zeros((7, 4, 3))
    weighting[-1] = rng.normal(size=(4, 3))
    layer.forward(x)
    state, cells = layer.states[4].copy(), getattr(layer, "cells", None)
    to_input = layer.backward(weighting, steps=3)
    gradients = [p.gradient.copy() for p in layer.parameters()]
    assert not to_input[:4].any() and to_input[4:].all()
    assert not layer.state_gradients[:4].any() and layer.state_gradients[4].all()
    if "lstm" in kind:
        assert not layer.cell_gradients[:4].any() and layer.cell_gradients[4].all()

    layer.forward(x[4:], state, **({} if cells is None else {"cell": cells[4].copy()}))
    np.testing.assert_allclose(layer.backward(weighting[4:]), to_input[4:], rtol=1e-10)
    for parameter, gradient in zip(layer.parameters(), gradients):
        np.testing.assert_allclose(parameter.gradient, gradient, rtol=1e-10, atol=1e-13)
    whole = layer.backward(weighting[4:], steps=99)
    np.testing.assert_array_equal(whole, layer.backward(weighting[4:]))


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


def test_against_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch, an optional reference, is not installed")
    rng = np.random.default_rng(5)
    x = rng.normal(size=(20, 6, 3))
    for layer, reference in [
        (nets.RNNLayer(3, 5), torch.nn.RNN(3, 5)),
        (nets.LSTMLayer(3, 5), torch.nn.LSTM(3, 5)),
        (nets.GRULayer(3, 5), torch.nn.GRU(3, 5)),
    ]:
        shaken(layer, rng)
        w, u, b, *rest = (torch.tensor(p.value) for p in layer.parameters())
        reference = reference.double()
        with torch.no_grad():
            reference.weight_ih_l0.copy_(w.T)
            reference.weight_hh_l0.copy_(u.T)
            reference.bias_ih_l0.copy_(b)
            reference.bias_hh_l0.zero_()
            if rest:
                reference.bias_hh_l0[-5:] = rest[0]
        out, _ = reference(torch.tensor(x))
        np.testing.assert_allclose(layer.forward(x), out.detach().numpy(), rtol=0, atol=1e-12)


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


def test_the_cell_of_1997_keeps_everything():
    layer = nets.LSTMLayer(1, 4, forget_gate=False)
    layer.recurrent_weight.value[:] = 0.0
    layer.forward(np.ones((50, 2, 1)))
    weighting = np.zeros((50, 2, 4))
    weighting[-1] = 1.0
    layer.backward(weighting)
    np.testing.assert_array_equal(layer.cell_gradients[0], layer.cell_gradients[-1])


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


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.7])
def test_recurrent_initialisers(radius):
    layer = nets.RNNLayer(2, 20, recurrent_init=nets.initialiser("spectral_radius", radius=radius))
    eigenvalues = np.linalg.eigvals(layer.recurrent_weight.value)
    assert np.abs(eigenvalues).max() == pytest.approx(radius)
    identity = nets.initialiser("identity", gain=radius)(4, 4)
    np.testing.assert_array_equal(identity, radius * np.eye(4))


def test_clipping_shortens_together_and_never_lengthens():
    first, second = (nets.Parameter(name, np.zeros(3)) for name in "ab")
    first.gradient[:], second.gradient[:] = [1.0, 2.0, 2.0], [0.0, 0.0, 4.0]
    assert nets.clip_gradient([first, second], 2.5) == pytest.approx(5.0)
    np.testing.assert_allclose(first.gradient, [0.5, 1.0, 1.0])
    np.testing.assert_allclose(second.gradient, [0.0, 0.0, 2.0])
    assert nets.clip_gradient([first, second], 2.6) == pytest.approx(2.5)
    np.testing.assert_allclose(second.gradient, [0.0, 0.0, 2.0])


# -- defaults, names and options -----------------------------------------------------

SHARED = {"init": "glorot", "recurrent_init": "orthogonal", "seed": 0, "dtype": np.float64}
GATES = {"forget_gate": True, "forget_bias": 1.0}


@pytest.mark.parametrize(
    "build, sizes, defaults",
    [
        (recurrent.RecurrentLayer, (2, 3), {"name": "recurrent"}),
        (nets.RNNLayer, (2, 3), {"activation": "tanh", "name": "rnn"}),
        (nets.LSTMLayer, (2, 3), {**GATES, "name": "lstm"}),
        (nets.GRULayer, (2, 3), {"name": "gru"}),
        (nets.RNN, ([2, 3, 1],), {"activation": "tanh"}),
        (nets.LSTM, ([2, 3, 1],), GATES),
        (nets.GRU, ([2, 3, 1],), {}),
    ],
)
def test_what_is_left_out_is_what_the_documentation_says(build, sizes, defaults):
    pair = build(*sizes), build(*sizes, **SHARED, **defaults)
    for one, other in zip(*(thing.parameters() for thing in pair), strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.value, other.value, strict=True)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_parameters_are_named_after_their_layer(name):
    layer = {"rnn": nets.RNNLayer, "lstm": nets.LSTMLayer, "gru": nets.GRULayer}[name]
    network = {"rnn": nets.RNN, "lstm": nets.LSTM, "gru": nets.GRU}[name]
    parts = ["input weight", "recurrent weight", "bias"]
    parts += ["candidate bias"] if name == "gru" else []
    names = [f"{name} {part}" for part in parts]
    assert [p.name for p in layer(2, 3).parameters()] == names
    assert [p.name for p in layer(2, 3, name="upper").parameters()] == [
        f"upper {part}" for part in parts
    ]
    names += ["readout weight", "readout bias"]
    assert [p.name for p in network([2, 3, 1]).parameters()] == names


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


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_that_saw_nothing_holds_nothing(kind):
    layer = LAYERS[kind](2, 3)
    names = ["input", "states", "state_gradients"]
    names += {"rnn": ["pre_activations"], "lstm": ["cells", "cell_gradients"]}.get(kind, [])
    assert [getattr(layer, name) for name in names] == [None] * len(names)
    if hasattr(type(layer), "gates"):
        with pytest.raises(RuntimeError, match=rf"^{type(layer).__name__}\(2, 3\) has nothing"):
            _ = layer.gates


@pytest.mark.parametrize("kind", LAYERS)
def test_all_that_a_layer_keeps_is_in_its_float_type(kind):
    layer = LAYERS[kind](2, 3, dtype=np.float32)
    layer.forward(np.ones((4, 5, 2), np.float32))
    layer.backward(np.ones((5, 3), np.float32))
    kept = {name: value for name, value in vars(layer).items() if isinstance(value, np.ndarray)}
    assert kept.keys() >= {"input", "states", "state_gradients"}
    assert {name for name, value in kept.items() if value.dtype != np.float32} == set()


@pytest.mark.parametrize("build", NETWORKS)
def test_a_network_says_which_one_it_is(build):
    network, name = build([2, 3, 1]), build.__name__
    assert repr(network) == f"{name}([2, 3, 1])"
    with pytest.raises(RuntimeError, match=rf"^{name}\(\[2, 3, 1\]\) has nothing to go back from"):
        network.backward(np.ones((4, 1)))
    with pytest.raises(ValueError, match=r"^x must have shape \(time, batch, 2\)"):
        network.forward(np.ones((4, 2)))
    with pytest.raises(ValueError, match="^x must be finite in float64"):
        network.forward(np.full((5, 4, 2), np.inf))
    for shape in ((0, 4, 2), (5, 0, 2), (5, 4, 1), (1, 5, 4, 2)):
        with pytest.raises(ValueError, match="at least one step and one sample"):
            network.forward(np.ones(shape))


@pytest.mark.parametrize("build", NETWORKS)
def test_a_network_hands_truncation_on_to_its_layer(build):
    rng = np.random.default_rng(8)
    network = shaken(build([2, 3, 1]), rng)
    network.forward(rng.normal(size=(7, 4, 2)))
    to_input = network.backward(np.ones((4, 1)), steps=3)
    assert not to_input[:4].any() and to_input[4:].all()
    assert network.backward(np.ones((4, 1))).all()


@pytest.mark.parametrize("build", NETWORKS)
def test_training_a_network_does_not_ask_for_a_mode(build):
    network, x = build([2, 3, 1]), np.ones((5, 4, 2))
    np.testing.assert_array_equal(network.forward(x, training=True), network.forward(x))


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


def test_training_clips():
    x, y = last_sign()
    norms = []

    class Watch(nets.SGD):
        def step(self, parameters):
            norms.append(math.hypot(*(np.linalg.norm(p.gradient) for p in parameters)))
            super().step(parameters)

    nets.train(nets.RNN([1, 4, 2]), x, y, epochs=1, optimiser=Watch(0.1), clip_norm=0.01)
    assert norms and max(norms) == pytest.approx(0.01)


@pytest.mark.parametrize("build", NETWORKS)
def test_float_type_is_kept(build):
    network = build([2, 3, 4], dtype=np.float32)
    out = network.forward(np.ones((5, 2, 2)))
    assert out.dtype == np.float32 and network.backward(out).dtype == np.float32
    assert network.layer.state_gradients.dtype == np.float32
    assert all(p.value.dtype == p.gradient.dtype == np.float32 for p in network.parameters())


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_in_single_precision_keeps_nothing_in_double(kind):
    layer = LAYERS[kind](2, 3, dtype=np.float32)
    out = layer.forward(np.ones((4, 5, 2)), np.zeros((5, 3)))
    to_input = layer.backward(np.ones((4, 5, 3)))
    kept = [out, to_input, layer.state_gradients, *getattr(layer, "gates", {}).values()]
    assert {array.dtype for array in kept} == {np.dtype(np.float32)}


LSTM = nets.LSTMLayer(2, 3)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: nets.RNN([2, 3]), ValueError, "three widths"),
        (lambda: nets.RNN([2, 0, 1]), ValueError, "at least 1"),
        (lambda: nets.RNN([2, 3, 1], activation="rellu"), ValueError, "relu"),
        (lambda: nets.RNN([2, 3, 1], dtype=np.float16), TypeError, "float32 or float64"),
        (lambda: nets.LSTM([2, 3, 1], forget_gate="yes"), TypeError, "True or False"),
        (lambda: nets.LSTM([2, 3, 1], forget_bias=np.inf), ValueError, "forget_bias"),
        (lambda: nets.GRU([2, 3, 1], seed="0"), TypeError, "seed"),
        (lambda: nets.GRU([2, 3, 1]).forward(np.ones((5, 2))), ValueError, r"\(time, batch, 2\)"),
        (lambda: nets.GRU([2, 3, 1]).forward(np.ones((0, 4, 2))), ValueError, "one step"),
        (lambda: nets.GRU([2, 3, 1]).forward(np.full((1, 1, 2), np.nan)), ValueError, "NaN"),
        (lambda: nets.GRU([2, 3, 1]).backward(np.ones((1, 1))), RuntimeError, "forward first"),
        (lambda: LSTM.forward(np.ones((5, 4, 1))), ValueError, r"\(time, batch, 2\)"),
        (lambda: LSTM.forward([["a"]]), TypeError, "real numbers"),
        (lambda: LSTM.forward(np.ones((5, 4, 2)), np.ones((3, 3))), ValueError, r"state.*\(4, 3\)"),
        (lambda: LSTM.forward(np.ones((5, 4, 2)), cell=np.ones(3)), ValueError, r"cell.*\(4, 3\)"),
        (lambda: nets.initialiser("identity")(3, 4), ValueError, "square"),
        (lambda: nets.initialiser("spectral_radius")(3, 4), ValueError, "square"),
        (lambda: nets.initialiser("spectral_radius", radius=-1), ValueError, "radius"),
        (lambda: nets.clip_gradient([], 0.0), ValueError, "norm"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_bad_gradients_and_steps():
    layer = nets.RNNLayer(2, 3)
    layer.forward(np.ones((5, 4, 2)))
    for shape, fitting in [((5, 4), (4, 3)), ((4, 3, 3), (5, 4, 3)), ((3,), (5, 4, 3))]:
        with pytest.raises(ValueError, match=f"gradient of shape {re.escape(str(fitting))}"):
            layer.backward(np.ones(shape))
    with pytest.raises(ValueError, match="^the gradient must be an array; NumPy says"):
        layer.backward([[1.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="^steps must be at least 1"):
        layer.backward(np.ones((5, 4, 3)), steps=0)
    for name, state in [("state", np.ones((4, 2))), ("cell", np.ones((3, 3)))]:
        with pytest.raises(ValueError, match=rf"^{name} must have shape \(4, 3\), not"):
            LSTM.forward(np.ones((5, 4, 2)), **{name: state})
        with pytest.raises(TypeError, match=f"^{name} must hold real numbers, not complex128"):
            LSTM.forward(np.ones((5, 4, 2)), **{name: np.ones((4, 3), complex)})
    for shape in ((5, 2), (0, 4, 2), (5, 4, 1)):
        with pytest.raises(ValueError, match=r"^RNNLayer\(2, 3\) needs an input of shape"):
            layer.forward(np.ones(shape))
    with pytest.raises(ValueError, match="clip_norm"):
        nets.train(nets.RNN([1, 2, 2]), *last_sign(), clip_norm=-1)
    with pytest.raises(ValueError, match="one entry per sample of x, 60"):
        nets.train(nets.RNN([1, 2, 2]), last_sign()[0], np.zeros(5, int))


def test_a_wrong_input_is_named_even_if_a_cell_comes_with_it():
    with pytest.raises(ValueError, match=r"an input of shape \(time, batch, 2\), not \(5, 2\)"):
        recurrent.LSTMLayer(2, 3).forward(np.ones((5, 2)), cell=np.ones((4, 3)))


def test_a_network_reads_its_input_in_its_own_float_type():
    network = nets.LSTM([2, 3, 1], dtype=np.float32)
    assert network.dtype == np.float32
    assert network.check_input("x", np.zeros((4, 1, 2))).dtype == np.float32


def test_a_gradient_that_is_not_a_number_fails_its_check():
    x, rng = np.ones(3), np.random.default_rng(0)
    assert_gradient(lambda: float(x @ x), x, 2 * x, rng)
    with pytest.raises(AssertionError, match="nan along"):
        assert_gradient(lambda: float(x @ x), x, np.full(3, np.nan), rng)
