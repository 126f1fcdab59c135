"""Layers, initialisers, losses, optimisers and training, each against its own formula.

Losses of logits of any size, clipping and gradients at the ends of the range stand in
test_extremes; nonsense in the place of any argument in test_hostile_input.
"""

import copy
import math
import re
import warnings
from functools import partial

import numpy as np
import pytest
from gradient_check import assert_gradient
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import vgtools.networks as nets
from vgtools.activations import activation, catalogue
from vgtools.networks import checks
from vgtools.networks.initialisers import INITIALISERS

# Those whose slopes are learned or drawn have tests of their own, in test_rectifiers.
ACTIVATIONS = ["identity", *catalogue()]
SQUARE_INITS = ["identity", "spectral_radius"]
DRAWN_INITS = [name for name in INITIALISERS if name not in ("constant", *SQUARE_INITS)]
DTYPES = [np.float32, np.float64]
MLP, RNN = np.ones((4, 2)), np.ones((5, 4, 2))
"""Inputs of the networks below."""

BUILT = {
    "mlp": (partial(nets.MLP, [2, 3, 3, 2], "gelu"), MLP),
    "batch": (partial(nets.MLP, [2, 3, 2], "relu", normalisation="batch"), MLP),
    "layer": (partial(nets.MLP, [2, 3, 2], "relu", normalisation="layer"), MLP),
    "rms": (partial(nets.MLP, [2, 3, 2], "relu", normalisation="rms", bias_std=0.5), MLP),
    "tanh": (partial(nets.MLP, [2, 3, 2], "relu", normalisation="tanh"), MLP),
    "erf": (partial(nets.MLP, [2, 3, 2], "relu", normalisation="erf"), MLP),
    "residual": (partial(nets.ResidualMLP, [2, 3, 2], 2, normalisation="layer"), MLP),
    "rezero": (partial(nets.ResidualMLP, [2, 3, 2], 2, "prelu", shortcut="rezero"), MLP),
    "fixup": (partial(nets.ResidualMLP, [2, 3, 2], 2, shortcut="fixup", branch_layers=2), MLP),
    "highway": (
        partial(nets.ResidualMLP, [2, 3, 2], 2, shortcut="highway", normalisation="erf"),
        MLP,
    ),
    "prelu": (partial(nets.MLP, [2, 3, 2], "prelu"), MLP),
    "one slope": (partial(nets.MLP, [2, 3, 2], nets.PReLU(per="layer")), MLP),
    "rrelu": (partial(nets.MLP, [2, 3, 2], "rrelu"), MLP),
    "rnn": (partial(nets.RNN, [2, 3, 2]), RNN),
    "lstm": (partial(nets.LSTM, [2, 3, 2]), RNN),
    "gru": (partial(nets.GRU, [2, 3, 2]), RNN),
}
every_network = pytest.mark.parametrize("build, x", BUILT.values(), ids=BUILT)


# -- passes --------------------------------------------------------------------------


@settings(max_examples=90)
@given(
    hidden=st.lists(st.integers(1, 8), min_size=0, max_size=4),
    batch=st.integers(1, 7),
    name=st.sampled_from(ACTIVATIONS),
    init=st.sampled_from(DRAWN_INITS),
    loss=st.sampled_from(["cross_entropy", "squared_error"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_backward_of_a_network(hidden, batch, name, init, loss, seed):
    rng = np.random.default_rng(seed)
    recipe = nets.initialiser(init, std=0.5) if init == "normal" else init
    network = nets.MLP([3, *hidden, 4], name, recipe, rng)
    for layer in network.dense:
        layer.bias.value[:] = 0.3 * rng.normal(size=layer.bias.value.shape)
    x = rng.normal(size=(batch, 3))
    y = rng.integers(4, size=batch) if loss == "cross_entropy" else rng.normal(size=(batch, 4))
    criterion = nets.loss(loss)

    _, gradient = criterion(network.forward(x), y)
    # At 0 some smooth functions (ELU, softsign) jump in the second derivative.
    kinks = {0.0, *activation(name).kinks}
    for layer in network.hidden:
        z = layer.pre_activation
        assume(all(np.abs(z - kink).min() > 5e-3 for kink in kinks))
    to_input = network.backward(gradient)

    pairs = [(p.value, p.gradient.copy()) for p in network.parameters()]
    for array, claimed in [(x, to_input), *pairs]:
        assert_gradient(lambda: criterion(network.forward(x), y)[0], array, claimed, rng)


@every_network
def test_a_pass_overwrites_gradients_alone(build, x):
    network = build()
    x, g = x.copy(), np.ones((4, 2))
    first = network.forward(x)
    back = network.backward(g)
    buffers = [p.gradient for p in network.parameters()]
    values = [b.copy() for b in buffers]
    kept = first.copy(), back.copy()
    network.forward(x)
    network.backward(g)
    for parameter, buffer, value in zip(network.parameters(), buffers, values):
        assert parameter.gradient is buffer
        np.testing.assert_array_equal(buffer, value)
    network.forward(-x)
    network.backward(-g)
    assert (x == 1).all() and (g == 1).all()
    np.testing.assert_array_equal(first, kept[0])
    np.testing.assert_array_equal(back, kept[1])


@every_network
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make_rule", [nets.SGD, nets.Adam])
def test_float_type_is_kept_everywhere(dtype, make_rule, build, x):
    network = build(dtype=dtype)
    rule = make_rule(learning_rate=np.float64(0.01))
    for training in (True, False):
        logits = network.forward(x, training=training)
        _, gradient = nets.cross_entropy(logits, [0, 1, 0, 1])
        found = [logits, gradient, network.backward(gradient.astype(np.float64))]
    rule.step(network.parameters())
    found += [array for p in network.parameters() for array in (p.value, p.gradient)]
    inside = [inner for layer in getattr(network, "layers", []) for inner in layer.inside()]
    for layer in [getattr(network, "layer", None), *inside]:
        kept = vars(layer or object).items()
        found += [
            array for name, array in kept if isinstance(array, np.ndarray) and "var" not in name
        ]
        found += getattr(layer, "gates", {}).values()
    assert {array.dtype for array in found} == {np.dtype(dtype)}


def test_a_float32_network_is_the_rounded_float64_network_of_any_activation():
    pair = [
        nets.MLP([4, 6, 3], name, "he", seed=3, dtype=dtype)
        for name, dtype in zip(("tanh", "relu"), DTYPES)
    ]
    for single, double in zip(*(network.parameters() for network in pair)):
        np.testing.assert_array_equal(single.value, double.value.astype(np.float32))
    weights = [layer.weight.value for layer in nets.MLP([4, 4, 4], seed=3).dense]
    assert not np.array_equal(*weights), "layers must not share their draw"


@pytest.mark.parametrize("x", [[[1, 0]], np.array([[True, False]]), np.array([[1, 0]], np.uint8)])
def test_whole_numbers_and_booleans_are_inputs_too(x):
    network = nets.MLP([2, 4, 3])
    np.testing.assert_array_equal(network.forward(x), network.forward([[1.0, 0.0]]))


# -- defaults and names --------------------------------------------------------------

DRAWN = {"init": "glorot", "seed": 0, "dtype": np.float64}
RESIDUAL = {
    **DRAWN,
    "init": "he",
    "activation": "relu",
    "normalisation": None,
    "shortcut": "sum",
    "branch_layers": 1,
}
STEPS = {**DRAWN, "recurrent_init": "orthogonal"}
GATES = {"forget_gate": True, "forget_bias": 1.0}
NORM, BOUNDED = {"epsilon": 1e-5, "dtype": np.float64}, {"alpha": 0.5, "dtype": np.float64}
WEIGHTS = ["weight", "bias"]
PARTS = ["input weight", "recurrent weight", "bias"]
MADE = [
    (nets.Dense, (3, 2), {**DRAWN, "name": "dense"}, WEIGHTS),
    (
        nets.MLP,
        ([3, 4, 2],),
        {**DRAWN, "activation": "tanh", "normalisation": None, "bias_std": 0.0},
        [],
    ),
    (
        nets.BatchNorm,
        (3,),
        {"momentum": 0.1, "epsilon": 1e-5, "dtype": np.float64, "name": "batch norm"},
        ["scale", "shift"],
    ),
    (nets.ResidualMLP, ([3, 4, 2], 2), RESIDUAL, []),
    (partial(nets.ResidualMLP, shortcut="highway"), ([3, 4, 2], 2), {"gate_bias": -2.0}, []),
    (nets.LayerNorm, (3,), {**NORM, "name": "layer norm"}, ["gain", "shift"]),
    (nets.RMSNorm, (3,), {**NORM, "name": "rms norm"}, ["gain"]),
    (nets.DynamicTanh, (3,), {**BOUNDED, "name": "dynamic tanh"}, ["alpha", "gain", "shift"]),
    (
        nets.DynamicErf,
        (3,),
        {**BOUNDED, "offset": 0.0, "name": "dynamic erf"},
        ["alpha", "offset", "gain", "shift"],
    ),
    (
        nets.PReLULayer,
        (3,),
        {"a": 0.25, "per": "channel", "dtype": np.float64, "name": "prelu"},
        ["slope"],
    ),
    (nets.RReLULayer, (), {"lower": 3, "upper": 8, "sampling": "divisor", "evaluation": "paper",
                           "seed": 0}, []),
    (nets.RNNLayer, (2, 3), {**STEPS, "activation": "tanh", "name": "rnn"}, PARTS),
    (nets.LSTMLayer, (2, 3), {**STEPS, **GATES, "name": "lstm"}, PARTS),
    (nets.GRULayer, (2, 3), {**STEPS, "name": "gru"}, [*PARTS, "candidate bias"]),
    (nets.RNN, ([2, 3, 1],), {**STEPS, "activation": "tanh"}, []),
    (nets.LSTM, ([2, 3, 1],), {**STEPS, **GATES}, []),
    (nets.GRU, ([2, 3, 1],), STEPS, []),
]  # fmt: skip


@pytest.mark.parametrize("build, sizes, defaults, parts", MADE)
def test_what_is_left_out_is_what_the_documentation_says(build, sizes, defaults, parts):
    one, other = build(*sizes), build(*sizes, **defaults)
    for left, right in zip(one.parameters(), other.parameters(), strict=True):
        assert left.name == right.name
        np.testing.assert_array_equal(left.value, right.value, strict=True)
    for name in ("momentum", "epsilon", "fixed_slope", "activation"):
        assert getattr(one, name, None) == getattr(other, name, None)
    assert repr(one) == repr(other)
    if "name" in defaults:
        for made, name in ((one, defaults["name"]), (build(*sizes, name="upper"), "upper")):
            assert [p.name for p in made.parameters()] == [f"{name} {part}" for part in parts]


@pytest.mark.parametrize(
    "name, names",
    [
        ("mlp", ["dense 1 weight", "dense 1 bias", "dense 2 weight"]),
        ("batch", ["dense 1 weight", "dense 1 bias", "batch norm 1 scale", "batch norm 1 shift"]),
        ("prelu", ["dense 1 weight", "dense 1 bias", "prelu 1 slope", "dense 2 weight"]),
        ("gru", [*(f"gru {part}" for part in [*PARTS, "candidate bias"]), "readout weight"]),
    ],
)
def test_parameters_are_named_after_their_layer(name, names):
    assert [p.name for p in BUILT[name][0]().parameters()][: len(names)] == names


# -- initialisers --------------------------------------------------------------------

FAN_IN, FAN_OUT = 150, 100
VARIANCES = {
    ("normal", "std", 0.7): 0.49,
    ("uniform", None, None): 1 / 450,
    ("lecun", None, None): 1 / 150,
    ("lecun", "distribution", "uniform"): 1 / 150,
    ("glorot", "distribution", "normal"): 2 / 250,
    ("glorot", None, None): 2 / 250,
    ("he", None, None): 2 / 150,
    ("he", "distribution", "uniform"): 2 / 150,
    ("orthogonal", "gain", 1.5): 2.25 / 150,
    ("fan_in", "gain", 1.5): 2.25 / 150,
    ("fan_in", "distribution", "uniform"): 1 / 150,
}


@pytest.mark.parametrize("name, parameter, value", VARIANCES)
def test_initialiser_variance(name, parameter, value):
    recipe = nets.initialiser(name, **({parameter: value} if parameter else {}))
    variance = VARIANCES[name, parameter, value]
    assert recipe.variance(FAN_IN, FAN_OUT) == pytest.approx(variance, rel=1e-14)
    weights = recipe(FAN_IN, FAN_OUT, seed=5)
    assert weights.shape == (FAN_IN, FAN_OUT)
    # 15,000 entries: the standard error is 1.2 % of the variance, 0.8 % of sqrt(variance).
    assert weights.var() == pytest.approx(variance, rel=0.05)
    assert abs(weights.mean()) < 0.03 * math.sqrt(variance)
    if value == "uniform" or (name, value) in (("uniform", None), ("glorot", None)):
        limit = math.sqrt(3 * variance)
        assert 0.99 * limit < np.abs(weights).max() <= limit
    else:
        assert np.abs(weights).max() > 3.5 * math.sqrt(variance)


@pytest.mark.parametrize("fans", [(6, 6), (9, 4), (4, 9), (1, 5)])
def test_orthogonal(fans):
    recipe = nets.initialiser("orthogonal", gain=2.0)
    weights = recipe(*fans, seed=1)
    assert weights.shape == fans and weights.flags.c_contiguous
    short = weights.T @ weights if fans[0] >= fans[1] else weights @ weights.T
    np.testing.assert_allclose(short, 4 * np.eye(min(fans)), atol=1e-14)
    assert recipe.variance(*fans) == 4 / max(fans)


def test_orthogonal_has_no_preferred_sign():
    # Without the sign correction every determinant of a 1 x 1 draw would be -1 (or 1).
    draws = [nets.initialiser("orthogonal")(1, 1, seed=s)[0, 0] for s in range(60)]
    assert 15 < sum(draw > 0 for draw in draws) < 45


@pytest.mark.parametrize("radius", [0.5, 3.0])
def test_square_recipes_and_constants(radius):
    recipe = nets.initialiser("spectral_radius", radius=radius)
    weights = recipe(100, 100, seed=1)
    assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(radius)
    assert recipe.variance(100, 100) == radius**2 / 100
    # The circular law: the largest of 100 eigenvalues is within a few per cent of its limit.
    assert weights.var() == pytest.approx(radius**2 / 100, rel=0.2)
    for name, right in (("identity", radius * np.eye(4)), ("constant", np.full((4, 4), radius))):
        parameter = "gain" if name == "identity" else "value"
        recipe = nets.initialiser(name, **{parameter: radius})
        np.testing.assert_array_equal(recipe(4, 4), right)
        assert recipe.variance(4, 4) == 0.0


@pytest.mark.parametrize("name", INITIALISERS)
def test_weights_are_double_precision_of_seed_0_unless_told_otherwise(name):
    recipe = nets.initialiser(name)
    weights = recipe(5, 5)
    np.testing.assert_array_equal(weights, recipe(5, 5, seed=0, dtype=np.float64), strict=True)
    single = recipe(5, 5, dtype=np.float32)
    np.testing.assert_array_equal(single, weights.astype(np.float32), strict=True)
    assert not any(layer.bias.value.any() for layer in nets.MLP([3, 3, 3], init=name).dense)


def test_biases_are_drawn_after_all_weights():
    sizes = [100, 4000, 90]
    network, plain = (nets.MLP(sizes, "prelu", bias_std=std) for std in (0.3, 0.0))
    biases = [layer.bias.value for layer in network.dense]
    # 4000 draws: the standard error of their deviation is 1.1 %.
    assert biases[0].std() == pytest.approx(0.3, rel=0.05) and abs(biases[0].mean()) < 0.02
    assert biases[1].std() == pytest.approx(0.3, rel=0.3)
    assert not any(layer.bias.value.any() for layer in plain.dense)
    for one, other in zip(network.dense, plain.dense):
        np.testing.assert_array_equal(one.weight.value, other.weight.value)
    single = nets.MLP(sizes, "rrelu", bias_std=0.3, dtype=np.float32)
    for one, other in zip(single.dense, biases):
        np.testing.assert_array_equal(one.bias.value, other.astype(np.float32), strict=True)
    twice = nets.MLP(sizes, bias_std=0.6)
    np.testing.assert_allclose(twice.dense[1].bias.value, 2 * biases[1])
    other = nets.MLP(sizes, seed=1, bias_std=0.3)
    assert not np.allclose(other.dense[0].bias.value, biases[0])


def test_without_biases_nothing_is_drawn_for_them():
    left, right = np.random.default_rng(3), np.random.default_rng(3)
    nets.MLP([2, 3, 1], seed=left), nets.MLP([2, 3, 1], seed=right, bias_std=0)
    assert left.random() == right.random()


def test_biases_that_do_not_fit_are_refused():
    words = r"^bias_std must leave the biases finite in float32, not be 1e\+60$"
    with pytest.raises(ValueError, match=words):
        nets.MLP([2, 3, 1], bias_std=1e60, dtype=np.float32)


# -- losses --------------------------------------------------------------------------


def test_accuracy_of_one_logit_in_every_shape_it_may_have_and_of_several():
    logits, labels = np.array([0.0, 1e-9, -1e-9]), np.array([0, 1, 1])
    for z in (logits, logits[:, np.newaxis]):
        for truth in (labels, labels[:, np.newaxis], labels == 1):
            assert nets.accuracy(z, truth) == 2 / 3
    assert nets.accuracy([3, -2], [1, 0]) == 1.0
    assert nets.accuracy([[0.0, 2.0], [3.0, 1.0]], [1, 1]) == 0.5


@pytest.mark.parametrize("name", ["cross_entropy", "squared_error", "binary_cross_entropy"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_losses_take_any_whole_numbers_for_outputs_and_truth(name, dtype):
    function = getattr(nets, name)
    assert nets.loss(name) is nets.loss(function) is function
    logits = np.array([[3, 1], [0, 2]]) if name == "cross_entropy" else np.array([[3], [0]])
    truth = np.array([1, 0]) if name == "cross_entropy" else np.array([[1], [0]])
    value, gradient = function(logits, truth.astype(dtype))
    whole = truth if name == "cross_entropy" else truth.astype(float)
    expected, expected_gradient = function(logits.astype(float), whole)
    assert value == expected and isinstance(value, float)
    np.testing.assert_array_equal(gradient, expected_gradient, strict=True)


def test_one_logit_per_sample_may_stand_in_a_column():
    z, t = np.array([0.5, -2.0, 1.0]), np.array([1, 0, 1])
    value, gradient = nets.binary_cross_entropy(z, t)
    for target in (t, t[:, np.newaxis]):
        other, column = nets.binary_cross_entropy(z[:, np.newaxis], target)
        assert other == value
        np.testing.assert_array_equal(column[:, 0], gradient)


@pytest.mark.parametrize("name", ["cross_entropy", "squared_error", "binary_cross_entropy"])
@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_outputs_that_are_not_finite_give_a_loss_that_is_not(name, bad):
    columns = 2 if name == "cross_entropy" else 1
    truth = [0] if name == "cross_entropy" else [[0.0]]
    output = np.array([[bad, 0.0]])[:, :columns]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, gradient = nets.loss(name)(output, truth)
    assert not math.isfinite(value) and gradient.shape == output.shape


# -- optimisers ----------------------------------------------------------------------


def formula(rule, gradients, start):
    """Return the value after steps along the gradients, as the docstring of a rule has it."""
    w, v, m, s = start.copy(), 0.0, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        if isinstance(rule, nets.SGD):
            v = rule.momentum * v + g
            w = w - rule.learning_rate * v
            continue
        m = rule.beta_1 * m + (1 - rule.beta_1) * g
        s = rule.beta_2 * s + (1 - rule.beta_2) * g**2
        right = m / (1 - rule.beta_1**t) / (np.sqrt(s / (1 - rule.beta_2**t)) + rule.epsilon)
        w = w - rule.learning_rate * right
    return w


@pytest.mark.parametrize("shape", [(), (3,), (3, 5, 9)])
@pytest.mark.parametrize(
    "rule", [nets.SGD(0.1), nets.SGD(0.1, 0.5), nets.Adam(0.1), nets.Adam(0.1, 0.5, 0.7, 1e-2)]
)
def test_an_optimiser_follows_its_formula_in_an_array_of_any_shape(rule, shape):
    rng = np.random.default_rng(0)
    for _ in range(2):  # one optimiser serves two networks
        parameter = nets.Parameter("w", rng.normal(size=shape[::-1]).T)
        value, start, gradients = (
            parameter.value,
            parameter.value.copy(),
            rng.normal(size=(3, *shape)),
        )
        for gradient in gradients:
            parameter.gradient = gradient.copy()  # also one that was put in later
            rule.step([parameter])
            np.testing.assert_array_equal(parameter.gradient, gradient)
        assert parameter.value is value
        np.testing.assert_allclose(value, formula(rule, gradients, start), rtol=1e-12)


def test_an_optimiser_goes_by_its_name_or_by_itself():
    assert nets.optimiser("sgd") == nets.SGD(learning_rate=0.1, momentum=0.0)
    adam = nets.optimiser("adam", beta_1=0.5)
    assert adam == nets.Adam(learning_rate=1e-3, beta_1=0.5, beta_2=0.999, epsilon=1e-8)
    assert nets.optimiser(adam) is adam


def test_a_parameter_is_a_copy():
    given = np.arange(12.0, dtype=np.float32).reshape(3, 4).T
    parameter = nets.Parameter("w", given)
    np.testing.assert_array_equal(parameter.value, given)
    assert not np.shares_memory(parameter.value, given)
    assert parameter.gradient.shape == (4, 3) and not parameter.gradient.any()
    for array in (parameter.value, parameter.gradient):
        assert array.dtype == np.float32 and array.flags.c_contiguous


# -- training ------------------------------------------------------------------------


def blobs(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    return rng.normal(size=(n, 2)) + 4 * np.eye(3, 2)[y], y


@pytest.mark.parametrize("rule", [nets.SGD(0.05, momentum=0.9), nets.Adam(0.02)])
def test_training_learns_and_repeats_bit_by_bit(rule):
    x, y = blobs()

    def run(seed=4):
        network = nets.MLP([2, 8, 3], "tanh", seed=1)
        options = {"epochs": 20, "batch_size": 8, "optimiser": rule, "seed": seed}
        return network, nets.train(network, x, y, **options)

    (network, history), (again, history_again), (_, other) = run(), run(), run(5)
    for one, same in zip(network.parameters(), again.parameters()):
        np.testing.assert_array_equal(one.value, same.value)
    np.testing.assert_array_equal(history.loss, history_again.loss)
    assert history.loss[-1] < 0.6 * history.loss[0] and history.loss[1] != other.loss[1]
    assert nets.accuracy(network.forward(x), y) == history.accuracy[-1] > 0.8


def test_one_full_batch_step_is_gradient_descent():
    x, y = blobs()
    network, reference = nets.MLP([2, 4, 3], seed=2), nets.MLP([2, 4, 3], seed=2)
    value, gradient = nets.cross_entropy(reference.forward(x), y)
    reference.backward(gradient)
    rule = nets.SGD(learning_rate=0.3)
    history = nets.train(network, x, y, epochs=1, batch_size=None, optimiser=rule)
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


def test_a_history_begins_before_the_first_step_with_columns_for_validation():
    (x, y), (others, truth) = blobs(), blobs(n=30, seed=1)
    network = nets.MLP([2, 4, 3], seed=1)
    before = nets.cross_entropy(network.forward(x), y)[0]
    history = nets.train(network, x, y, epochs=3, validation=[others, truth])
    assert history.loss[0] == before
    assert history.epoch.tolist() == [0, 1, 2, 3]
    assert nets.train(nets.MLP([2, 3]), x, y).epoch[-1] == 10
    assert history.validation_loss.shape == history.validation_accuracy.shape == (4,)
    assert history.accuracy[-1] == nets.accuracy(network.forward(x), y)
    logits = network.forward(others)
    assert history.validation_loss[-1] == nets.cross_entropy(logits, truth)[0]
    assert history.validation_accuracy[-1] == nets.accuracy(logits, truth)
    (first, *_, last), (start, *_, end) = history.loss, history.accuracy
    assert repr(history) == (
        f"History(epochs=3, loss={first:.3g} to {last:.3g}, accuracy={start:.3g} to {end:.3g})"
    )


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
    assert np.isnan(history.validation_loss).all() and history.loss[-1] < history.loss[0]


@pytest.mark.parametrize(
    "n, size, every, times",
    [
        (40, 8, None, [0, 1, 2]),
        (40, 8, 3, [0, 0.6, 1.2, 1.8]),
        (40, None, 1, [0, 1, 2]),
        (40, 40, 1, [0, 1, 2]),
        (10, 4, 1, np.arange(7) / 3),  # a last batch that is smaller counts as a step
    ],
)
def test_records(n, size, every, times):
    def record(network):
        bias = network.dense[0].bias.value
        return {"largest": bias.max(), "bias": bias}

    network, how = nets.MLP([2, 4, 3]), {"record": record, "record_every": every}
    history = nets.train(network, *blobs(n), epochs=2, batch_size=size, **how)
    np.testing.assert_allclose(history.record_epoch, times)
    assert history.records["bias"].shape == (len(times), 4)
    np.testing.assert_array_equal(history.records["largest"], history.records["bias"].max(axis=1))
    assert not history.records["bias"][0].any()


@pytest.mark.parametrize("clip_norm", [0.01, 1e6])
def test_only_a_gradient_that_is_too_long_is_clipped(clip_norm):
    norms = []

    class Watch(nets.SGD):
        def step(self, parameters):
            norms.append(math.hypot(*(np.linalg.norm(p.gradient) for p in parameters)))
            super().step(parameters)

    for clip in (clip_norm, None):
        nets.train(nets.MLP([2, 4, 3]), *blobs(), epochs=1, optimiser=Watch(0.0), clip_norm=clip)
    clipped, free = norms[:2], norms[2:]
    assert clipped == pytest.approx(np.minimum(free, clip_norm)) and min(free) > 0.01


DIVERGED = "training diverged. Lower the learning rate, or start from smaller weights."


@pytest.mark.parametrize(
    "at, bad, words, epochs",
    [
        # The first call measures the whole set; then come three steps, and so on.
        (3, math.inf, "the loss became inf after 2 steps", [0]),
        (8, math.nan, "the loss became nan after 6 steps", [0, 1]),
    ],
)
def test_divergence_ends_training_before_it_spreads(at, bad, words, epochs):
    calls = []

    def loss(logits, labels):
        value, gradient = nets.cross_entropy(logits, labels)
        calls.append(len(labels))
        return (bad, gradient * math.nan) if len(calls) == at + 1 else (value, gradient)

    network = nets.MLP([2, 4, 3])
    words = re.escape(f"{words} with SGD(learning_rate=0.1, momentum=0.0): {DIVERGED}")
    with pytest.raises(nets.DivergenceError, match=f"^{words}$") as caught:
        nets.train(network, *blobs(n=40), batch_size=15, loss=loss, record=lambda _: {"a": 1.0})
    history = caught.value.history
    assert history.epoch.tolist() == history.record_epoch.tolist() == epochs
    assert np.isfinite(history.loss).all() and len(calls) == at + 1
    assert all(np.isfinite(p.value).all() for p in network.parameters())


@pytest.mark.parametrize("name", ["relu", "identity"])
def test_divergence_is_said_in_words_without_a_warning(name):
    network = nets.MLP([2, 8, 8, 3], name, "he")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(nets.DivergenceError, match="learning rate") as caught:
            nets.train(network, *blobs(), epochs=50, optimiser=nets.SGD(1e60))
    assert np.isfinite(caught.value.history.loss).all()


# -- bad input -----------------------------------------------------------------------

EVERYTHING = "[-inf, inf)"
FROM_ZERO = "[0, inf)"
BELOW_ONE = "[0, 1)"
ABOVE_ZERO = "[4.94066e-324, inf)"
single_norm = partial(nets.BatchNorm, 3, dtype=np.float32)
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
    (partial(nets.LayerNorm, 3), "epsilon", "[2.22507e-308, inf)", [3e-308], [2e-308, 0.0]),
    (partial(nets.RMSNorm, 3), "epsilon", "[2.22507e-308, inf)", [3e-308], [2e-308, 0.0]),
    (partial(nets.MLP, [2, 3]), "bias_std", FROM_ZERO, [0, 1e300], [-1e-300, np.inf]),
    (single_norm, "epsilon", "[1.17549e-38, inf)", [2e-38], [1e-38, 0.0]),
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


X, Y = blobs(n=20)
FIT = partial(nets.train, nets.MLP([2, 4, 3]), X, Y, epochs=1, batch_size=10)


@pytest.mark.parametrize(
    "call, name",
    [
        (partial(nets.Dense, fan_out=3), "fan_in"),
        (partial(nets.Dense, 3), "fan_out"),
        (nets.BatchNorm, "units"),
        (partial(nets.ResidualMLP, [2, 3, 1]), "blocks"),
        (partial(nets.ResidualMLP, [2, 3, 1], 2), "branch_layers"),
        (nets.LayerNorm, "units"),
        (nets.RMSNorm, "units"),
        (nets.DynamicTanh, "units"),
        (nets.DynamicErf, "units"),
        (nets.PReLULayer, "units"),
        (partial(nets.RNNLayer, hidden=3), "features"),
        (partial(nets.LSTMLayer, 3), "hidden"),
        (FIT, "epochs"),
        (FIT, "batch_size"),
        (FIT, "record_every"),
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
    assert checks.count("epochs", 10**7) == 10**7


@pytest.mark.parametrize("seed", [True, 0.5, "1", None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(TypeError, match="^seed must be a whole number or a numpy.random.Generator"):
        nets.Dense(3, 2, seed=seed)


def test_widths_may_come_in_an_array_and_are_named_by_their_place():
    assert nets.MLP(np.array([3, 4, 2])).sizes == nets.MLP((3, 4, 2)).sizes == (3, 4, 2)
    for sizes in (np.array([[3, 4]]), b"34", "34", {3, 4}, 64):
        with pytest.raises(TypeError, match="^sizes must be a sequence"):
            nets.MLP(sizes)
    with pytest.raises(ValueError, match=r"^sizes\[2\] must be at least 1, not 0$"):
        nets.MLP([3, 4, 0])
    with pytest.raises(ValueError, match="^sizes must name at least two widths"):
        nets.MLP([3])


ONE_ROW = np.ones((1, 2))
PASSES = [
    (nets.Dense(2, 3), "Dense(2, 3)", ONE_ROW, (1, 3)),
    (nets.ActivationLayer("relu"), "ActivationLayer('relu')", ONE_ROW, (1, 2)),
    (nets.BatchNorm(2), "BatchNorm(2)", ONE_ROW, (1, 2)),
    (nets.LayerNorm(2), "LayerNorm(2)", ONE_ROW, (1, 2)),
    (nets.RMSNorm(2), "RMSNorm(2)", ONE_ROW, (1, 2)),
    (nets.DynamicTanh(2), "DynamicTanh(2)", ONE_ROW, (1, 2)),
    (nets.DynamicErf(2), "DynamicErf(2)", ONE_ROW, (1, 2)),
    (nets.PReLULayer(2), "PReLULayer with 2 slopes", ONE_ROW, (1, 2)),
    (nets.RReLULayer(3.5), "RReLULayer(3.5, 8)", ONE_ROW, (1, 2)),
    (nets.RNNLayer(2, 3), "RNNLayer(2, 3)", RNN, (5, 4, 3)),
    (nets.LSTMLayer(2, 3), "LSTMLayer(2, 3)", RNN, (5, 4, 3)),
    (nets.GRULayer(2, 3), "GRULayer(2, 3)", RNN, (5, 4, 3)),
]
NOTHING = "has nothing to go back from: call forward first"


@pytest.mark.parametrize("layer, name, x, shape", PASSES, ids=[name for _, name, *_ in PASSES])
def test_a_layer_says_which_one_it_is_and_what_it_needs(layer, name, x, shape):
    layer = copy.deepcopy(layer)
    assert repr(layer) == name
    name = re.escape(name)
    with pytest.raises(RuntimeError, match=f"^{name} {NOTHING}$"):
        layer.backward(np.ones(shape))
    if hasattr(type(layer), "gates"):
        with pytest.raises(RuntimeError, match=f"^{name} {NOTHING}$"):
            _ = layer.gates
    layer.forward(x)
    words = re.escape(f"needs a gradient of shape {shape}, that of its last output, not (7,)")
    with pytest.raises(ValueError, match=f"^{name} {words}$"):
        layer.backward(np.ones(7))
    with pytest.raises(TypeError, match="^the gradient must hold real numbers, not complex"):
        layer.backward(np.ones(shape, complex))
    ones, whole = np.ones(shape), np.ones(shape, int)
    np.testing.assert_array_equal(layer.backward(whole), layer.backward(ones).copy(), strict=True)
    with pytest.raises(TypeError, match="real numbers"):
        layer.forward([["a"]])
    if not isinstance(layer, nets.ActivationLayer):  # which takes any width
        with pytest.raises(ValueError, match=rf"^{name} needs an input of shape \((time, )?batch"):
            layer.forward(np.ones((*x.shape[:-1], 7)))


NETWORKS = {
    "MLP([2, 4, 3], activation='tanh', init=Glorot(distribution='uniform'))": nets.MLP([2, 4, 3]),
    "MLP([2, 3], init=He(distribution='normal'))": nets.MLP([2, 3], init="he"),
    (
        "ResidualMLP([2, 4, 3], blocks=2, activation='relu', init=He(distribution='normal'), "
        "shortcut='sum')"
    ): nets.ResidualMLP([2, 4, 3], 2),
    "RNN([2, 3, 1])": nets.RNN([2, 3, 1]),
    "LSTM([2, 3, 1])": nets.LSTM([2, 3, 1]),
    "GRU([2, 3, 1])": nets.GRU([2, 3, 1]),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_says_which_one_it_is_and_what_it_needs(name):
    network = NETWORKS[name]
    assert repr(network) == name
    fresh, steps = copy.deepcopy(network), (5,) * network.batch_axis
    said = rf"^x must have shape \({'time, ' * network.batch_axis}batch, 2\) with at least one "
    with pytest.raises(RuntimeError, match=NOTHING):
        fresh.backward(np.ones((4, network.sizes[-1])))
    for shape in ((*steps, 0, 2), (*steps, 4, 1), (4,), (1, *steps, 4, 2), (0,) * len(steps)):
        with pytest.raises(ValueError, match=said):
            network.forward(np.ones(shape))
    with pytest.raises(ValueError, match="^x must be finite in float64, but holds NaN or infinity"):
        network.forward(np.full((*steps, 4, 2), np.inf))
    network.forward(np.ones((*steps, 4, 2)))
    with pytest.raises(ValueError, match="needs a gradient of shape"):
        network.backward(np.ones((5, 3)))


ones = np.ones((2, 3))
SAID = [
    (lambda: nets.cross_entropy(ones, [0, 3]), "labels must be from 0 to 2, one per"),
    (lambda: nets.cross_entropy(ones, [-1, 0]), "labels must be from 0 to 2, one per"),
    (lambda: nets.cross_entropy(ones, [0.0, 1.0]), "labels must be whole numbers"),
    (lambda: nets.cross_entropy(ones, [0]), "labels must have shape (2,), one per sample"),
    (lambda: nets.cross_entropy(ones[:, :0], [0] * 2), "logits must have at least one row and"),
    (lambda: nets.squared_error([1.0], [1.0, 2.0]), "the target must have the shape of the pred"),
    (lambda: nets.squared_error(np.ones(1, "f"), [np.inf]), "the target must be finite, but holds"),
    (lambda: nets.binary_cross_entropy(ones, [0, 1]), "logits must have shape (batch,)"),
    (lambda: nets.binary_cross_entropy([1.0], [-0.1]), "targets must be in [0, 1], but run from"),
    (lambda: nets.binary_cross_entropy([1.0], [1.1]), "targets must be in [0, 1], but run from"),
    (lambda: nets.accuracy(np.ones((1, 2, 1)), [0]), "logits must have shape (n, classes), not"),
    (lambda: nets.accuracy([1.0], [2]), "labels must be from 0 to 1, one per class"),
    (lambda: nets.accuracy(ones, [0.5, 1.0]), "labels must be whole numbers"),
    (lambda: nets.initialiser(nets.initialiser("he"), std=1), "He(distribution='normal') is compl"),
    (lambda: nets.initialiser("identity")(2, 3), "identity weights are square: fan_in 2 and"),
    (lambda: nets.initialiser("spectral_radius")(2, 3), "spectral_radius weights are square: fan"),
    (lambda: nets.optimiser("newton"), "unknown optimiser 'newton'; the known ones are: sgd, adam"),
    (lambda: nets.optimiser("adam", _memory=None), "optimiser 'adam' has no parameter '_memory'"),
    (lambda: nets.optimiser(nets.SGD(), momentum=0.5), "SGD(learning_rate=0.1, momentum=0.0) is"),
    (lambda: nets.PReLULayer(3).forward(ones.T), "PReLULayer with 3 slopes needs an input of"),
    (lambda: nets.RNN([2, 3]), "sizes must be three widths, features, hidden and"),
]  # fmt: skip


@pytest.mark.parametrize("call, words", SAID, ids=[words for _, words in SAID])
def test_messages_begin_with_what_is_wrong(call, words):
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(words)}"):
        call()


def changing(_, names=iter("ab")):  # noqa: B008
    return {next(names): 1.0}


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"y": Y[:-1]}, "y must have one entry per sample of x, 20, not shape (19,)"),
        ({"y": 1}, "y must have one entry per sample of x, 20, not shape ()"),
        ({"y": Y + 1}, "labels must be from 0 to 2"),
        ({"batch_size": 21}, "batch_size must be at most 20, the number of samples"),
        ({"optimiser": nets.SGD}, "optimiser must be one of the names sgd, adam"),
        ({"validation": X}, "validation must be a pair (x, y), not ndarray"),
        ({"validation": (X,)}, "validation must be a pair (x, y), not tuple"),
        ({"validation": (X, Y[:-1])}, "validation y must have one entry"),
        ({"validation": (X[:, :1], Y)}, "validation x must have shape (batch, 2)"),
        ({"record": lambda network: 3.0}, "record must return a dictionary"),
        ({"record": changing, "optimiser": nets.SGD(0.0)}, "record must return the same names"),
        ({"network": "mlp"}, "network must be an MLP, ResidualMLP, RNN, LSTM or GRU, not 'mlp'"),
    ],
)  # fmt: skip
def test_bad_training_leaves_the_network_alone(arguments, words):
    network = nets.MLP([2, 4, 3])
    before = [p.value.copy() for p in network.parameters()]
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(words)}"):
        nets.train(**{"network": network, "x": X, "y": Y, "batch_size": 10, **arguments})
    for parameter, value in zip(network.parameters(), before):
        np.testing.assert_array_equal(parameter.value, value)
