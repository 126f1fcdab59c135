"""Residual networks: gradients of every shortcut, where each starts, and what flows through."""

import copy
import math
import re

import numpy as np
import pytest
from gradient_check import assert_gradient, directional_error
from hypothesis import given, settings
from hypothesis import strategies as st

import vgtools as vg
import vgtools.networks as nets
from vgtools.diagnostics import census, gradient_flow, gradient_underflow
from vgtools.networks import residual, shortcuts
from vgtools.networks.shortcuts import SHORTCUTS

NORMALISATIONS = [None, "batch", "layer", "rms", "tanh", "erf"]
IDENTITY_AT_THE_START = ["skipinit", "rezero", "fixup"]
seeds = st.integers(0, 2**32 - 1)
every_shortcut = pytest.mark.parametrize("shortcut", SHORTCUTS)


def disturbed(network, rng):
    """Return the network with every parameter moved from where it starts."""
    for parameter in network.parameters():
        parameter.value += rng.normal(0.0, 0.3, parameter.value.shape)
    return network


def data(n=30, features=6, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)), rng.integers(classes, size=n)


# -- gradients -----------------------------------------------------------------------


@every_shortcut
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@settings(max_examples=5)
@given(
    width=st.integers(1, 5),
    blocks=st.integers(1, 2),
    branch_layers=st.integers(1, 2),
    batch=st.integers(2, 5),
    activation=st.sampled_from(["tanh", "gelu"]),
    seed=seeds,
)
def test_backward(shortcut, normalisation, width, blocks, branch_layers, batch, activation, seed):
    rng = np.random.default_rng(seed)
    network = nets.ResidualMLP(
        [3, width, 4],
        blocks,
        activation,
        "lecun",
        rng,
        normalisation=normalisation,
        shortcut=shortcut,
        branch_layers=branch_layers,
    )
    for block in network.blocks:
        for layer in block.branch:
            if hasattr(layer, "epsilon"):
                layer.epsilon = 0.05  # so that its place in the formula counts
    disturbed(network, rng)
    x, y = rng.normal(size=(batch, 3)), rng.integers(4, size=batch)

    def loss():
        return nets.cross_entropy(network.forward(x, training=True), y)[0]

    to_input = network.backward(nets.cross_entropy(network.forward(x, training=True), y)[1])
    pairs = [(p.value, p.gradient.copy()) for p in network.parameters()]
    for array, claimed in [(x, to_input), *pairs]:
        assert directional_error(loss, array, claimed, rng) < 1e-6


@every_shortcut
@settings(max_examples=20)
@given(batch=st.integers(1, 4), units=st.integers(1, 5), seed=seeds)
def test_backward_of_a_shortcut_alone(shortcut, batch, units, seed):
    rng = np.random.default_rng(seed)
    joined = disturbed(shortcuts.make_shortcut(shortcut, units, 3, seed=rng), rng)
    x, f, weighting = rng.normal(size=(3, batch, units))

    def loss():
        return np.vdot(joined.forward(x, f), weighting)

    loss()
    past, to_branch = joined.backward(weighting)
    pairs = [(p.value, p.gradient) for p in joined.parameters()]
    for array, claimed in [(x, past), (f, to_branch), *pairs]:
        assert_gradient(loss, array, claimed, rng)


# -- formulas ------------------------------------------------------------------------


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def joined(shortcut, x, f, value, blocks):
    """Return what the shortcut makes of x and f; `value` has its parameters."""
    if shortcut == "none":
        return f
    if shortcut == "highway":
        t = sigmoid(x @ value["gate weight"] + value["gate bias"])
        return t * f + (1 - t) * x
    factor = {"sum": 1.0, "scaled": 1 / math.sqrt(blocks)}
    return x + factor.get(shortcut, value.get("shortcut multiplier")) * f


def by_hand(network, x, shortcut, scalar_biases):
    """Return x_0, ..., x_L and the logits of a tanh network, from its parameters by name."""
    value = {p.name: p.value for p in network.parameters()}
    states = [x @ value["dense in weight"] + value["dense in bias"]]
    blocks = sum(name.endswith("dense 1 weight") for name in value)
    for block in range(1, blocks + 1):
        here = {
            name.removeprefix(f"block {block} "): array
            for name, array in value.items()
            if name.startswith(f"block {block} ")
        }
        f = states[-1]
        for part in (1, 2):
            if scalar_biases:
                f = f + here[f"scalar bias {2 * part - 1}"]
            f = np.tanh(f)
            if scalar_biases:
                f = f + here[f"scalar bias {2 * part}"]
            f = f @ here[f"dense {part} weight"] + here[f"dense {part} bias"]
        states.append(joined(shortcut, states[-1], f, here, blocks))
    return states, states[-1] @ value["dense out weight"] + value["dense out bias"]


@every_shortcut
def test_each_block_is_its_formula(shortcut):
    rng = np.random.default_rng(1)
    network = nets.ResidualMLP([6, 5, 4], 3, "tanh", "lecun", shortcut=shortcut, branch_layers=2)
    disturbed(network, rng)
    x, _ = data()
    states, logits = by_hand(network, x, shortcut, scalar_biases=shortcut == "fixup")
    np.testing.assert_allclose(network.forward(x), logits, rtol=1e-12, atol=1e-12)
    for block, state in zip(network.blocks, states[1:], strict=True):
        np.testing.assert_allclose(block.output, state, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_a_branch_is_normalisation_activation_and_dense_layer(normalisation):
    network = nets.ResidualMLP([3, 4, 2], 2, normalisation=normalisation, branch_layers=2)
    kinds = [type(layer).__name__ for layer in network.blocks[1].branch]
    norm = {
        "batch": ["BatchNorm"],
        "layer": ["LayerNorm"],
        "rms": ["RMSNorm"],
        "tanh": ["DynamicTanh"],
        "erf": ["DynamicErf"],
    }
    assert kinds == [*norm.get(normalisation, []), "ActivationLayer", "Dense"] * 2
    assert len(network.blocks) == 2 and len(network.hidden) == 4 and len(network.dense) == 6
    x = np.random.default_rng(0).normal(size=(7, 3))
    network.forward(x, training=True)
    block, first = network.blocks[0], network.layers[0].forward(x)
    f = first
    for layer in block.branch:
        f = layer.forward(f, training=True)
    np.testing.assert_array_equal(block.output, first + f)


def test_parameters_are_named_after_their_block():
    network = nets.ResidualMLP(
        [2, 3, 1], 2, "prelu", normalisation="rms", shortcut="fixup", branch_layers=2
    )
    names = [p.name for p in network.parameters()]
    parts = [
        *["rms norm 1 gain", "scalar bias 1", "prelu 1 slope", "scalar bias 2"],
        *["dense 1 weight", "dense 1 bias"],
        *["rms norm 2 gain", "scalar bias 3", "prelu 2 slope", "scalar bias 4"],
        *["dense 2 weight", "dense 2 bias", "shortcut multiplier"],
    ]
    assert names == [
        *["dense in weight", "dense in bias"],
        *(f"block {block} {part}" for block in (1, 2) for part in parts),
        *["dense out weight", "dense out bias"],
    ]
    gated = nets.ResidualMLP([2, 3, 1], 1, shortcut="highway").parameters()
    assert [p.name for p in gated][4:6] == ["block 1 gate weight", "block 1 gate bias"]


# -- where they start ----------------------------------------------------------------


@pytest.mark.parametrize("branch_layers", [1, 2, 3])
@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_the_same_seed_gives_the_same_weights(shortcut, branch_layers):
    options = {"branch_layers": branch_layers, "seed": 3}
    plain = nets.ResidualMLP([3, 4, 2], 4, shortcut="sum", **options)
    other = nets.ResidualMLP(
        [3, 4, 2], 4, "prelu", normalisation="erf", shortcut=shortcut, **options
    )
    for k, (one, two) in enumerate(zip(plain.dense, other.dense, strict=True)):
        expected = one.weight.value
        if shortcut == "fixup" and 0 < k < len(plain.dense) - 1:
            last = k % branch_layers == 0
            expected = 0 * expected if last else expected * 4 ** (-1 / (2 * branch_layers - 2))
        np.testing.assert_allclose(two.weight.value, expected, rtol=1e-15)
        assert not two.bias.value.any()
    weights = [layer.weight.value for layer in plain.dense[1:-1]]
    assert not np.array_equal(weights[0], weights[1]), "blocks must not share their draw"


@pytest.mark.parametrize("shortcut", IDENTITY_AT_THE_START)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("branch_layers", [1, 2])
def test_blocks_that_start_as_the_identity(shortcut, normalisation, branch_layers):
    network = nets.ResidualMLP(
        [6, 5, 4],
        3,
        normalisation=normalisation,
        shortcut=shortcut,
        branch_layers=branch_layers,
    )
    x, y = data()
    logits = network.forward(x, training=True)
    first, last = network.layers[0], network.layers[-1]
    np.testing.assert_array_equal(logits, last.forward(first.forward(x)))
    network.forward(x, training=True)
    _, g = nets.cross_entropy(logits, y)
    back = network.backward(g)
    np.testing.assert_array_equal(back, g @ last.weight.value.T @ first.weight.value.T)
    moving = {p.name for p in network.parameters() if p.gradient.any()}
    in_blocks = {name.split(" ", 2)[2] for name in moving if name.startswith("block")}
    first_to_move = {f"dense {branch_layers} weight", f"dense {branch_layers} bias"}
    assert in_blocks == (first_to_move if shortcut == "fixup" else {"shortcut multiplier"})


def test_skipinit_and_rezero_compute_the_same():
    x, y = data()
    losses = []
    for shortcut in ("skipinit", "rezero"):
        network = nets.ResidualMLP([6, 8, 4], 5, shortcut=shortcut)
        losses.append(nets.train(network, x, y, epochs=5, batch_size=10).loss)
    np.testing.assert_array_equal(*losses)
    assert losses[0][-1] < losses[0][0]


def test_the_gate_of_a_highway_starts_where_it_is_told():
    x, _ = data()
    network = nets.ResidualMLP([6, 5, 4], 2, shortcut="highway")
    assert {float(b) for block in network.blocks for b in block.shortcut.gate.bias.value} == {-2.0}
    shut = nets.ResidualMLP([6, 5, 4], 2, shortcut="highway", gate_bias=-1e3)
    opened = nets.ResidualMLP([6, 5, 4], 2, shortcut="highway", gate_bias=1e3)
    plain = nets.ResidualMLP([6, 5, 4], 2, shortcut="none")
    carried = shut.layers[-1].forward(shut.layers[0].forward(x))
    np.testing.assert_array_equal(shut.forward(x), carried)
    np.testing.assert_allclose(opened.forward(x), plain.forward(x), rtol=1e-13)


@pytest.mark.parametrize("dtype, bias", [(np.float32, 60.0), (np.float64, 500.0)])
def test_neither_side_of_a_gate_loses_its_digits(dtype, bias):
    ones, zeros = np.ones((1, 1), dtype), np.zeros((1, 1), dtype)
    left = math.exp(-bias)  # of 1 - t, and of t where the gate is shut
    opened, shut = (
        shortcuts.Highway(1, bias=sign * bias, init="constant", dtype=dtype) for sign in (1, -1)
    )
    for gate, x, f, which in ((opened, ones, zeros, 0), (shut, zeros, ones, 1)):
        found = [gate.forward(x, f), gate.backward(ones)[which]]
        assert {array.dtype for array in found} == {np.dtype(dtype)}
        np.testing.assert_allclose([array.item() for array in found], left, rtol=1e-5)
    assert shut.transform.item() == pytest.approx(left, rel=1e-5)


# -- what flows through --------------------------------------------------------------


@pytest.mark.parametrize("branch_layers", [1, 2])
def test_a_sum_doubles_the_second_moment_and_a_scaled_sum_stays_below_e(branch_layers):
    x, y = data(n=100, features=30, classes=10)
    blocks = 8

    def growth(shortcut, width=400, draws=6):
        """Return what each block multiplies the signal and the gradient by, squared."""
        signals, gradients = [], []
        for seed in range(draws):
            network = nets.ResidualMLP(
                [30, width, 10], blocks, seed=seed, shortcut=shortcut, branch_layers=branch_layers
            )
            flow = gradient_flow(network, x, y)
            start = np.mean(network.layers[0].forward(x) ** 2)
            signals.append([start, *flow.signal**2])
            gradients.append(flow.gradient**2)
        # One draw of weights of this width may be off by a tenth, in a branch of two by a fifth.
        signal, gradient = (
            np.exp(np.log(moments).mean(axis=0)) for moments in (signals, gradients)
        )
        return signal[1:] / signal[:-1], gradient[:-1] / gradient[1:]

    signal, gradient = growth("sum")
    np.testing.assert_allclose(signal, 2.0, rtol=0.1)
    # So does the gradient, on its way back.
    np.testing.assert_allclose(gradient, 2.0, rtol=0.1)
    signal, gradient = growth("scaled")
    for factors, steps in ((signal, blocks), (gradient, blocks - 1)):
        assert np.prod(factors) < math.e
        assert np.prod(factors) == pytest.approx((1 + 1 / blocks) ** steps, rel=0.1)
    for shortcut in IDENTITY_AT_THE_START:
        for factors in growth(shortcut, width=20, draws=1):
            np.testing.assert_allclose(factors, 1.0, rtol=1e-13)


def test_gradient_flow_against_the_definitions():
    x, y = data()
    network = nets.ResidualMLP([6, 5, 4], 2, "relu", "he", seed=1)
    rng = np.random.default_rng(5)
    disturbed(network, rng)
    flow = gradient_flow(network, x, y)
    w0, w1, w2, w3 = (layer.weight.value for layer in network.dense)
    b0, b1, b2, b3 = (layer.bias.value for layer in network.dense)
    x0 = x @ w0 + b0
    x1 = x0 + np.maximum(x0, 0) @ w1 + b1
    x2 = x1 + np.maximum(x1, 0) @ w2 + b2
    g2 = nets.cross_entropy(x2 @ w3 + b3, y)[1] @ w3.T
    g1 = g2 + (g2 @ w2.T) * (x1 > 0)

    def rms(a):
        return math.sqrt(np.mean(a**2))

    np.testing.assert_allclose(flow.signal, [rms(x1), rms(x2)], rtol=1e-12)
    np.testing.assert_allclose(flow.gradient, [30 * rms(g1), 30 * rms(g2)], rtol=1e-12)
    norms = [np.linalg.norm(g.sum(axis=0)) for g in (g1, g2)]
    np.testing.assert_allclose(flow.bias_gradient, norms, rtol=1e-12)
    norms = [np.linalg.norm(np.maximum(h, 0).T @ g) for h, g in ((x0, g1), (x1, g2))]
    np.testing.assert_allclose(flow.weight_gradient, norms, rtol=1e-12)
    np.testing.assert_allclose(flow.saturation, [np.mean(h <= 0) for h in (x0, x1)])
    assert flow.backward_factor == pytest.approx(flow.gradient[0] / flow.gradient[1])


def test_the_gradients_of_a_branch_of_two_layers_are_taken_together():
    x, y = data()
    network = nets.ResidualMLP([6, 5, 4], 2, "relu", branch_layers=2, shortcut="highway")
    network.blocks[0].branch[1].bias.value[:2] = -1e6  # two units of its second activation die
    flow = gradient_flow(network, x, y)
    network.backward(nets.cross_entropy(network.forward(x), y)[1])
    for block, weight, bias in zip(network.blocks, flow.weight_gradient, flow.bias_gradient):
        dense = [layer for layer in block.branch if isinstance(layer, nets.Dense)]
        assert len(dense) == 2
        total = sum(np.sum(layer.weight.gradient**2) for layer in dense)
        assert weight == pytest.approx(math.sqrt(total), rel=1e-12)
        total = sum(np.sum(layer.bias.gradient**2) for layer in dense)
        assert bias == pytest.approx(math.sqrt(total), rel=1e-12)
    assert flow.dead_units[0] == pytest.approx(0.2)
    count = census(network, x)
    np.testing.assert_allclose(
        flow.saturation, count["saturated"].reshape(2, 2).mean(axis=1), rtol=1e-12
    )


def test_a_branch_that_is_shut_gets_no_gradient_and_the_blocks_all_of_it():
    x, y = data()
    flow = gradient_flow(nets.ResidualMLP([6, 5, 4], 7, shortcut="rezero"), x, y)
    assert not flow.weight_gradient.any() and not flow.bias_gradient.any()
    assert flow.backward_factor == pytest.approx(1.0)


def test_census_has_a_row_for_each_activation():
    x, _ = data()
    network = nets.ResidualMLP([6, 5, 4], 3, branch_layers=2)
    count = census(network, x)
    assert {name: values.shape for name, values in count.items()} == {
        name: (6,) for name in ("dead", "saturated", "zero", "mean", "median_mean")
    }
    inner = network.blocks[0].branch
    first = np.maximum(network.layers[0].forward(x), 0)
    assert count["zero"][0] == np.mean(first == 0) and inner[0] is network.hidden[0]
    assert count["mean"][0] == pytest.approx(first.mean())


@every_shortcut
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("normalisation", [None, "batch", "rms"])
def test_flow_leaves_the_gradients_of_an_ordinary_pass(shortcut, dtype, normalisation):
    x, y = data()
    network = nets.ResidualMLP(
        [6, 5, 4], 3, dtype=dtype, normalisation=normalisation, shortcut=shortcut
    )
    _, gradient = nets.cross_entropy(network.forward(x, training=True), y)
    network.backward(gradient)
    kept = [p.gradient.copy() for p in network.parameters()]
    gradient_flow(network, x, y, training=True)
    for parameter, before in zip(network.parameters(), kept):
        np.testing.assert_array_equal(parameter.gradient, before)


@pytest.mark.parametrize("power", [-250, 200])
@every_shortcut
def test_flow_does_not_depend_on_the_size_of_the_loss(shortcut, power):
    x, y = data()
    network = nets.ResidualMLP([6, 5, 4], 3, dtype=np.float32, shortcut=shortcut, branch_layers=2)
    network = disturbed(network, np.random.default_rng(0))

    def scaled(logits, labels):
        value, gradient = nets.cross_entropy(logits, labels)
        return value, np.ldexp(gradient.astype(np.float64), power)

    once, other = gradient_flow(network, x, y), gradient_flow(network, x, y, scaled)
    for name in ("gradient", "bias_gradient", "weight_gradient"):
        np.testing.assert_array_equal(np.ldexp(getattr(once, name), power), getattr(other, name))
    for name in ("signal", "saturation", "dead_units"):
        np.testing.assert_array_equal(getattr(once, name), getattr(other, name))


def test_the_gradient_of_a_plain_network_is_known_where_float32_has_lost_it():
    x, y = data()
    single, double = (
        gradient_flow(
            nets.ResidualMLP([6, 5, 4], 90, "sigmoid", "glorot", dtype=dtype, shortcut="none"), x, y
        ).gradient
        for dtype in (np.float32, np.float64)
    )
    assert 0 < double[0] < 1e-50
    np.testing.assert_allclose(single, double, rtol=1e-3)


# -- training ------------------------------------------------------------------------


@every_shortcut
def test_training_learns_and_goes_on_from_a_copy(shortcut):
    x, y = data(n=60)
    network = nets.ResidualMLP(
        [6, 12, 4], 6, normalisation="rms", shortcut=shortcut, dtype=np.float32
    )
    rule = vg.optimiser("adam", learning_rate=0.01)
    rng = np.random.default_rng(0)
    first = vg.train(network, x, y, epochs=6, batch_size=15, optimiser=rule, seed=rng)
    twin, twin_rule, twin_rng = copy.deepcopy((network, rule, rng))
    history = vg.train(network, x, y, epochs=6, batch_size=15, optimiser=rule, seed=rng)
    again = vg.train(twin, x, y, epochs=6, batch_size=15, optimiser=twin_rule, seed=twin_rng)
    np.testing.assert_array_equal(history.loss, again.loss)
    assert history.loss[-1] < 0.8 * first.loss[0]


def test_one_row_alone_is_refused_before_training_begins():
    x, y = data(n=21)
    network = vg.ResidualMLP([6, 5, 4], 2, normalisation="batch")
    before = [p.value.copy() for p in network.parameters()]
    with pytest.raises(ValueError, match="leave one alone"):
        vg.train(network, x, y, batch_size=10)
    assert all(np.array_equal(p.value, v) for p, v in zip(network.parameters(), before))
    vg.train(network, x, y, batch_size=7, epochs=1)
    vg.train(vg.ResidualMLP([6, 5, 4], 2, normalisation="layer"), x, y, batch_size=10, epochs=1)


def test_a_block_takes_what_its_branch_takes():
    block = nets.Residual([nets.Dense(2, 2, dtype=np.float32)], shortcuts.Sum(0.5))
    for x in (np.ones((3, 2)), [[1, 1]] * 3, np.ones((3, 2), bool)):
        assert block.forward(x).dtype == np.float32
        assert block.backward(np.ones((3, 2), int)).dtype == np.float32


# -- bad input -----------------------------------------------------------------------

MADE = {"sizes": [3, 4, 2], "blocks": 2}
REFUSED = [
    ({"sizes": [3, 4]}, ValueError, "sizes must be three widths, features, blocks and outputs"),
    ({"sizes": [3, 0, 2]}, ValueError, "sizes[1] must be at least 1, not 0"),
    ({"sizes": 3}, TypeError, "sizes must be a sequence"),
    ({"sizes": [3, 10**5, 2]}, ValueError, "blocks times branch_layers times sizes[1] squared"),
    ({"blocks": 0}, ValueError, "blocks must be at least 1, not 0"),
    ({"blocks": 2.0}, TypeError, "blocks must be a whole number, not 2.0"),
    ({"blocks": 10001}, ValueError, "blocks times branch_layers must be at most 10000, not 10001"),
    ({"branch_layers": 0}, ValueError, "branch_layers must be at least 1, not 0"),
    ({"branch_layers": 5001}, ValueError, "blocks times branch_layers must be at most 10000"),
    ({"shortcut": "skip"}, ValueError, "shortcut must be one of 'none', 'sum', 'scaled', "),
    ({"shortcut": None}, ValueError, "shortcut must be one of "),
    ({"normalisation": "group"}, ValueError, "normalisation must be one of 'batch', 'layer', "),
    ({"activation": "rleu"}, ValueError, "no activation is called 'rleu'"),
    ({"init": "kaiming"}, ValueError, "unknown initialiser 'kaiming'"),
    ({"gate_bias": math.nan}, ValueError, "gate_bias must be finite"),
    ({"gate_bias": "low"}, TypeError, "gate_bias must be a number, not 'low'"),
    (
        {"gate_bias": 1e39, "dtype": np.float32},
        ValueError,
        "gate_bias must be finite in float32, not 1e+39",
    ),
    ({"seed": -1}, ValueError, "seed must be 0 or larger"),
    ({"dtype": np.float16}, TypeError, "dtype must be float32 or float64"),
]


@pytest.mark.parametrize("bad, error, words", REFUSED)
def test_what_a_network_refuses(bad, error, words):
    with pytest.raises(error, match=f"^{re.escape(words)}"):
        nets.ResidualMLP(**{**MADE, **bad})


def test_a_network_says_which_one_it_is():
    network = nets.ResidualMLP([2, 4, 3], 5, "gelu", shortcut="fixup")
    assert repr(network) == (
        "ResidualMLP([2, 4, 3], blocks=5, activation='gelu', init=He(distribution='normal'), "
        "shortcut='fixup')"
    )
    assert network.sizes == (2, 4, 3) and vg.ResidualMLP is nets.ResidualMLP
    with pytest.raises(TypeError, match="^network must be an MLP, not ResidualMLP$"):
        gradient_underflow(network, *data(features=2, classes=3))


BLOCK = nets.Residual([nets.Dense(2, 2)])
SAID = [
    (
        lambda: nets.Residual([]),
        TypeError,
        "branch must be a sequence of one layer or more, not []",
    ),
    (lambda: nets.Residual("relu"), TypeError, "branch must be a sequence of one layer or more"),
    (lambda: nets.Residual([nets.Dense]), TypeError, "branch must be a sequence of one layer or"),
    (lambda: nets.Residual(nets.Dense(2, 2)), TypeError, "branch must be a sequence"),
    (lambda: nets.Residual([nets.Dense(2, 2)], "sum"), TypeError, "shortcut must be a Shortcut"),
    (
        lambda: nets.Residual([nets.Dense(2, 3)]).forward(np.ones((4, 2))),
        ValueError,
        "Residual([Dense(2, 3)], Sum(1)) needs a branch that keeps the shape (4, 2), not (4, 3)",
    ),
    (lambda: BLOCK.forward(np.ones((4, 3))), ValueError, "Dense(2, 2) needs an input of shape"),
    (lambda: BLOCK.forward([["a", "b"]]), TypeError, "the input must hold real numbers"),
    (lambda: residual.fixup([nets.ActivationLayer("relu")], 3), ValueError, "branch must hold a d"),
    (lambda: shortcuts.Sum("half"), TypeError, "factor must be a number, not 'half'"),
    (lambda: shortcuts.LearnedSum(math.inf), ValueError, "start must be finite"),
    (lambda: shortcuts.Highway(0), ValueError, "units must be at least 1, not 0"),
    (lambda: shortcuts.Highway(2, bias=None), TypeError, "bias must be a number, not None"),
    (lambda: shortcuts.make_shortcut("plain", 2), ValueError, "shortcut must be one of 'none'"),
    (lambda: residual.ScalarBias(np.int64), TypeError, "dtype must be float32 or float64"),
]


@pytest.mark.parametrize("call, error, words", SAID, ids=[words for *_, words in SAID])
def test_messages_begin_with_what_is_wrong(call, error, words):
    with pytest.raises(error, match=f"^{re.escape(words)}"):
        call()


@pytest.mark.parametrize(
    "layer, name",
    [
        (nets.Residual([nets.Dense(2, 2)]), "Residual([Dense(2, 2)], Sum(1))"),
        (residual.ScalarBias(), "ScalarBias()"),
    ],
)
def test_a_block_needs_a_forward_pass_and_a_gradient_that_fits(layer, name):
    assert repr(layer) == name
    with pytest.raises(RuntimeError, match=f"^{re.escape(name)} has nothing to go back from"):
        layer.backward(np.ones((1, 2)))
    layer.forward(np.ones((1, 2)))
    words = re.escape(f"{name} needs a gradient of shape (1, 2), that of its last output, not (7,)")
    with pytest.raises(ValueError, match=f"^{words}$"):
        layer.backward(np.ones(7))
    with pytest.raises(TypeError, match="^the gradient must hold real numbers"):
        layer.backward(np.ones((1, 2), complex))
    for joined in (shortcuts.LearnedSum(), shortcuts.Highway(2)):
        with pytest.raises(RuntimeError, match=r"^\w+\(\) has nothing to go back from"):
            joined.backward(np.ones((1, 2)))
