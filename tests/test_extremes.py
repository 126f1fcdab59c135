"""Numbers near the largest and the smallest float: nothing may be lost on the way in silence.

Inputs are drawn evenly over all exponents of their float type. What is right comes from
arithmetic with 40 digits and exponents without bounds.
"""

import math
from functools import partial

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import vgtools as vg
import vgtools.networks as nets
from vgtools import theory
from vgtools.activations import activation
from vgtools.diagnostics import census, gradient_flow, gradient_underflow
from vgtools.networks import losses, normalisation, norms, optimisers
from vgtools.networks.parameters import Parameter

FLOAT_TYPES = [np.float16, np.float32, np.float64]
NETWORK_TYPES = [np.float32, np.float64]
SMALLEST, LARGEST = math.ulp(0.0), float(np.finfo(np.float64).max)
exact = mpmath.mp.clone()
exact.dps = 40
some = settings(max_examples=40)


def anywhere(dtype, low=None, high=None):
    """Numbers of either sign, even over the exponents from the smallest to the largest float."""
    info = np.finfo(dtype)
    low = info.minexp - info.nmant if low is None else low
    powers = st.integers(low, info.maxexp - 1 if high is None else high)

    def make(sign, fraction, power):
        with np.errstate(over="ignore"):
            value = dtype(sign * math.ldexp(fraction, power))
        return float(value) if np.isfinite(value) else float(sign * info.max)

    return st.just(0.0) | st.builds(make, st.sampled_from([-1, 1]), st.floats(1, 1.99), powers)


def arrays(dtype, shape, low=None, high=None):
    return hnp.arrays(dtype, shape, elements=anywhere(dtype, low, high), fill=st.nothing())


def exactly(values):
    """The entries of an array as numbers of 40 digits, in a list."""
    return [exact.mpf(float(value)) for value in np.ravel(values)]


def close(found, right, rtol, smallest=SMALLEST, largest=LARGEST):
    """Whether a float is the rounding of an exact number, with its range's ends in mind."""
    if abs(right) > largest:
        return abs(found) >= largest * (1 - rtol) and (found > 0) == (right > 0)
    if abs(right) >= largest * (1 - rtol) and math.isinf(found):
        return True
    return abs(exact.mpf(float(found)) - right) <= rtol * abs(right) + smallest


# -- norms and means -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("high", [None, "largest"])
@some
@given(data=st.data())
def test_norms_and_means_of_numbers_of_any_size(dtype, high, data):
    low = None if high is None else np.finfo(dtype).maxexp - 2
    values = data.draw(arrays(dtype, (3, 4), low))
    numbers = exactly(values)
    squares = sum(number**2 for number in numbers)
    assert close(norms.norm(values), exact.sqrt(squares), 1e-15)
    assert close(norms.norm(values[:1], values[1:]), exact.sqrt(squares), 1e-15)
    assert close(norms.root_mean_square(values), exact.sqrt(squares / 12), 1e-15)
    slack = 1e-15 * sum(map(abs, numbers)) + 2 * exact.mpf(SMALLEST)
    assert close(norms.mean(values), sum(numbers) / 12, 0, slack)
    for found, column in zip(norms.mean(values, axis=0), values.T):
        slack = 1e-15 * sum(map(abs, exactly(column))) + 2 * exact.mpf(SMALLEST)
        assert close(found, sum(exactly(column)) / 3, 0, slack)


def test_norms_and_means_of_what_is_not_finite():
    assert math.isinf(norms.norm(np.array([1.0, -np.inf])))
    assert math.isnan(norms.norm(np.array([np.inf, np.nan])))
    means = norms.mean(np.array([[np.inf, np.inf, np.nan, LARGEST]] * 2 + [[1, -np.inf, 1, 1]]), 0)
    assert means[0] == np.inf and np.isnan(means[1:3]).all()
    assert means[3] == pytest.approx(LARGEST / 3 * 2)
    assert norms.norm() == norms.norm(np.zeros(3)) == norms.root_mean_square(np.zeros(3)) == 0


# -- clipping ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@some
@given(data=st.data())
def test_clipping_keeps_the_direction_of_gradients_of_any_size(dtype, data):
    first, second = data.draw(arrays(dtype, (2, 3))), data.draw(arrays(dtype, 4))
    norm = data.draw(anywhere(np.float64).map(abs).filter(bool))
    parameters = [Parameter(name, np.zeros_like(g)) for name, g in (("a", first), ("b", second))]
    for parameter, gradient in zip(parameters, (first, second)):
        parameter.gradient[...] = gradient
    total = optimisers.clip_gradient(parameters, norm)

    entries = [*exactly(first), *exactly(second)]
    right = exact.sqrt(sum(entry**2 for entry in entries))
    assert close(total, right, 1e-14)
    shrink = min(1, norm / right) if right else 1
    info = np.finfo(dtype)
    found = [*parameters[0].gradient.ravel(), *parameters[1].gradient]
    for got, entry in zip(found, entries):
        smallest = 2 * float(info.smallest_subnormal)
        assert close(got, entry * shrink, 4 * float(info.eps), smallest, float(info.max))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_clipping_of_what_has_no_direction(bad):
    fine, parameter = Parameter("fine", np.zeros(2)), Parameter("dense 2 bias", np.zeros(2))
    fine.gradient[...], parameter.gradient[...] = 5.0, (1.0, bad)
    with pytest.raises(ValueError, match="must be finite.*NaN or infinity.*dense 2 bias$"):
        optimisers.clip_gradient([fine, parameter], 1.0)
    assert fine.gradient.tolist() == [5.0, 5.0] and parameter.gradient[0] == 1.0
    assert optimisers.clip_gradient(iter([fine]), 1.0) == pytest.approx(math.sqrt(50))


def test_a_gradient_that_overflows_under_a_finite_loss_ends_a_clipped_training():
    network = nets.MLP([1, 1, 1], "identity", "constant", dtype=np.float32)
    for dense, value in zip(network.dense, (1e-30, 1e30)):
        dense.weight.value[...] = value
    x, y = np.full((2, 1), 1e15, np.float32), np.zeros((2, 1))
    with pytest.raises(nets.DivergenceError, match="gradient became infinite or NaN") as caught:
        nets.train(network, x, y, loss="squared_error", clip_norm=1.0, batch_size=2)
    assert len(caught.value.history.loss) == 1
    assert [float(dense.weight.value[0, 0]) for dense in network.dense] == [
        np.float32(1e-30),
        np.float32(1e30),
    ]


@pytest.mark.parametrize("dtype, largest", [(np.float32, 2.0**64), (np.float64, 2.0**512)])
def test_adam_refuses_what_it_cannot_square(dtype, largest):
    parameter = Parameter("dense 1 weight", np.ones(2, dtype))
    parameter.gradient[...] = np.nextafter(dtype(largest), dtype(0))
    optimisers.Adam(learning_rate=0.5).step([parameter])
    np.testing.assert_allclose(parameter.value, 0.5, rtol=1e-6)
    parameter.gradient[1] = largest
    with pytest.raises(FloatingPointError, match="^the gradient of dense 1 weight is too large"):
        optimisers.Adam().step([parameter])

    network = nets.MLP([1, 1], init="constant", dtype=dtype)
    x, y = np.full((2, 1), largest / 2, dtype), np.full((2, 1), 4.0)
    with pytest.raises(nets.DivergenceError, match="dense 1 weight is too large to be squared"):
        nets.train(network, x, y, loss="squared_error", optimiser="adam", batch_size=2)
    assert nets.train(
        network, x, y, loss="squared_error", optimiser="adam", batch_size=2, clip_norm=1.0, epochs=1
    )


# -- losses --------------------------------------------------------------------------


POWERS = st.sampled_from([(None, None), (-2, 4), (3, 8)])
"""Powers of two of logits: any, ordinary ones, and those between 8 and 500."""


def same_gradient(found, right, dtype, sizes):
    info = np.finfo(dtype)
    assert found.dtype == dtype
    # One unit in the last place of a logit of 700 moves its exponential by 1e-13.
    for got, wanted, size in zip(found.ravel(), right, sizes):
        slack = exact.mpf(2) * float(info.smallest_subnormal) + exact.mpf(size) * float(info.eps)
        assert close(float(got), wanted, max(1e-12, float(info.eps)), slack, float(info.max))


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@some
@given(data=st.data())
def test_cross_entropy_of_logits_of_any_size(dtype, data):
    logits = data.draw(arrays(dtype, (3, 4), *data.draw(POWERS)))
    labels = data.draw(hnp.arrays(int, 3, elements=st.integers(0, 3)))
    value, gradient = losses.cross_entropy(logits, labels)
    total, right, beyond = exact.mpf(0), [], False
    for row, label in zip(logits, labels):
        a = exactly(row)
        largest = max(a)
        others = sum(exact.exp(z - largest) for z in a) - 1
        loss = exact.log1p(others) + (largest - a[label])
        beyond = beyond or loss > np.finfo(float).max
        total += loss
        p = [exact.exp(z - largest) / (1 + others) for z in a]
        p[label] = -sum(share for k, share in enumerate(p) if k != label)
        right += [share / 3 for share in p]
    assert math.isinf(value) if beyond else close(value, total / 3, 1e-13)
    same_gradient(gradient, right, dtype, [0] * 12)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@some
@given(data=st.data())
def test_squared_error_of_numbers_of_any_size(dtype, data):
    prediction, target = (data.draw(arrays(dtype, (3, 2))) for _ in range(2))
    value, gradient = losses.squared_error(prediction, target)
    difference = [a - b for a, b in zip(exactly(prediction), exactly(target))]
    if max(map(abs, difference)) > np.finfo(float).max:
        assert math.isinf(value)
        return
    assert close(value, sum(d**2 for d in difference) / 6, 1e-14)
    same_gradient(gradient, [d / 3 for d in difference], dtype, [0] * 6)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@some
@given(data=st.data())
def test_binary_cross_entropy_of_logits_of_any_size(dtype, data):
    z = data.draw(arrays(dtype, 4, *data.draw(POWERS)))
    t = data.draw(hnp.arrays(dtype, 4, elements=st.sampled_from([0.0, 1.0, 0.25])))
    value, gradient = losses.binary_cross_entropy(z, t)
    total, right = exact.mpf(0), []
    for logit, truth in zip(exactly(z), exactly(t)):
        tail = exact.exp(-abs(logit))
        missed = 1 - truth if logit >= 0 else truth
        total += abs(logit) * missed + exact.log1p(tail)
        sign = 1 if logit >= 0 else -1
        right.append(sign * (missed - tail / (1 + tail)) / 4)
    assert close(value, total / 4, 1e-13)
    soft = [0.25 * (truth == 0.25) for truth in t]  # P - t cancels where P is near a soft t
    same_gradient(gradient, right, dtype, soft)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_a_prediction_that_is_not_a_number_is_wrong(dtype):
    logits = np.array([[np.nan, np.nan], [np.nan, 1.0], [0.0, 1.0], [np.inf, -np.inf]], dtype)
    for labels in ([0, 0, 1, 0], [1, 1, 1, 0]):
        assert losses.accuracy(logits, labels) == 0.5
    for column in (logits[:, 0], logits[:, :1]):
        assert losses.accuracy(column, [0, 1, 0, 1]) == 0.5
        assert losses.accuracy(column, [1, 0, 0, 1]) == 0.5


# -- batch normalisation -------------------------------------------------------------


@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@some
@given(data=st.data())
def test_batch_normalisation_of_numbers_of_any_size(dtype, data):
    rows = data.draw(st.integers(2, 25))
    x = data.draw(arrays(dtype, (rows, 1))) * np.ones(2, dtype)
    x[:, 1] = x[0, 0]  # a unit that never changes
    layer = normalisation.BatchNorm(2, dtype=dtype)
    found = layer.forward(x, training=True)
    assert found.dtype == dtype and found[:, 1].tolist() == [0.0] * rows
    numbers = exactly(x[:, 0])
    average = sum(numbers) / rows
    variance = sum((number - average) ** 2 for number in numbers) / rows
    eps = float(np.finfo(dtype).eps)
    for got, number in zip(found[:, 0], numbers):
        right = (number - average) / exact.sqrt(variance + exact.mpf(1e-5))
        # What is left of a difference of numbers that are rounded.
        assert close(got, right, 4 * eps, 1e-14 + float(np.finfo(dtype).smallest_subnormal))
    running = variance * rows / (rows - 1) / 10 + exact.mpf(9) / 10
    assert close(layer.running_variance[0], running, 1e-14)
    assert layer.running_variance[1] == pytest.approx(0.9)
    evaluated = layer.forward(x)[0, 0]
    assert math.isnan(evaluated) == math.isinf(layer.running_variance[0])


# -- norms of rows, and what takes their place ---------------------------------------


@pytest.mark.parametrize("kind", [normalisation.LayerNorm, normalisation.RMSNorm])
@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@some
@given(data=st.data())
def test_norms_of_rows_of_any_size_and_their_gradients(kind, dtype, data):
    units = data.draw(st.integers(1, 6))
    x, g = data.draw(arrays(dtype, (1, units))), data.draw(arrays(dtype, (1, units), -3, 3))
    info = np.finfo(dtype)
    layer = kind(units, epsilon=data.draw(st.sampled_from([1e-5, float(info.tiny)])), dtype=dtype)
    found, back = layer.forward(x), layer.backward(g)
    assert found.dtype == back.dtype == dtype

    numbers, h = exactly(x), exactly(g)
    mean = sum(numbers) / units if kind is normalisation.LayerNorm else 0
    centred = [number - mean for number in numbers]
    spread = exact.sqrt(sum(c**2 for c in centred) / units + exact.mpf(layer.epsilon))
    s = [c / spread for c in centred]
    average = sum(h) / units if kind is normalisation.LayerNorm else 0
    along = sum(a * b for a, b in zip(h, s)) / units
    eps, smallest = float(info.eps), float(info.smallest_subnormal)
    # What is left of a difference of numbers that are rounded.
    lost = 1e-14 * exact.mpf(max(map(abs, numbers))) / spread
    for got, right in zip(found[0], s):
        assert close(got, right, 4 * eps, lost + smallest)
    total = sum(map(abs, h))
    for got, a, b in zip(back[0], h, s):
        slack = (lost + 16 * eps) * total / spread
        assert close(got, (a - average - b * along) / spread, 4 * eps, slack + smallest)


@pytest.mark.parametrize("name", ["tanh", "erf"])
@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@some
@given(data=st.data())
def test_stretched_functions_of_numbers_of_any_size(name, dtype, data):
    kind = {"tanh": nets.DynamicTanh, "erf": nets.DynamicErf}[name]
    x = data.draw(arrays(dtype, (2, 3)))
    layer = kind(3, alpha=4.0, dtype=dtype)  # 4 x overflows, and rounds nothing
    found, back = layer.forward(x), layer.backward(np.ones_like(x))
    assert found.dtype == back.dtype == dtype
    u = [4 * number for number in exactly(x)]
    if name == "tanh":
        t, slope = [exact.tanh(a) for a in u], [1 / exact.cosh(a) ** 2 for a in u]
    else:
        t = [exact.erf(a) for a in u]
        slope = [2 * exact.exp(-a * a) / exact.sqrt(exact.pi) for a in u]
    eps, smallest = float(np.finfo(dtype).eps), float(np.finfo(dtype).smallest_subnormal)
    for got, right in zip(found.ravel(), t):
        assert close(got, right, 4 * eps, smallest)
    for got, right in zip(back.ravel(), slope):
        assert close(got, 4 * right, 4 * eps, 8 * smallest)
    of_alpha = sum(a / 4 * b for a, b in zip(u, slope))
    parts = sum(abs(a / 4 * b) for a, b in zip(u, slope))
    assert close(layer.alpha.gradient[0], of_alpha, 4 * eps, 8 * eps * parts + smallest)


# -- gates ---------------------------------------------------------------------------


def opened(kind, dtype, bias, block):
    """A layer of one unit without weights: a gate or candidate is all that its bias makes it."""
    layer = kind(1, 1, init="constant", recurrent_init="constant", dtype=dtype)
    layer.bias.value[...] = 0
    layer.bias.value[block] = bias
    return layer


GATES = [
    (nets.LSTMLayer, 0, "input"),
    (nets.LSTMLayer, 1, "forget"),
    (nets.LSTMLayer, 3, "output"),
    (nets.GRULayer, 0, "reset"),
    (nets.GRULayer, 1, "update"),
]


@pytest.mark.parametrize("kind, block, name", GATES)
@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@some
@given(data=st.data())
def test_gates_and_their_slopes_far_out(kind, block, name, dtype, data):
    limit = 80 if dtype == np.float32 else 700
    bias = dtype(data.draw(st.floats(-limit, limit)))
    layer = opened(kind, dtype, bias, block)
    x = np.zeros((1, 1, 1), dtype)
    # A state, a cell and a candidate that let the gradient of the gate through.
    others = {nets.LSTMLayer: [2], nets.GRULayer: [2]}[kind]
    layer.bias.value[others] = 0.5
    if kind is nets.GRULayer:
        layer.candidate_bias.value[...] = 1.0
    state = np.full((1, 1), 0.25, dtype)
    cell = {"cell": np.full((1, 1), 0.25, dtype)} if kind is nets.LSTMLayer else {}
    layer.forward(x, state, **cell)
    layer.backward(np.ones((1, 1), dtype))
    a = exact.mpf(float(bias))
    s, slope = 1 / (1 + exact.exp(-a)), 1 / (2 * exact.cosh(a / 2)) ** 2
    eps = float(np.finfo(dtype).eps)
    assert close(layer.gates[name].item(), s, 8 * eps)

    half, p = exact.mpf(1) / 2, exact.mpf(1) / 4
    u = exact.tanh(half)
    if kind is nets.LSTMLayer:
        i, f, o = (s if k == block else half for k in (0, 1, 3))
        c = f * p + i * u
        through = exact.tanh(c) if name == "output" else o / exact.cosh(c) ** 2
        right = slope * through * {"input": u, "forget": p, "output": 1}[name]
    elif name == "update":
        right = slope * (p - exact.tanh(half + half))
    else:
        right = half / exact.cosh(half + s) ** 2 * slope
    assert close(layer.bias.gradient[block], right, 64 * eps)


@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@some
@given(size=st.floats(-40, 40))
def test_the_slope_through_a_full_cell_and_a_saturated_candidate(dtype, size):
    size, eps = dtype(size), float(np.finfo(dtype).eps)
    through = 1 / exact.cosh(exact.mpf(float(size))) ** 2
    layer = opened(nets.LSTMLayer, dtype, 60, 1)  # the forget gate is open: c = cell
    layer.bias.value[0] = -60
    layer.forward(np.zeros((1, 1, 1), dtype), cell=np.full((1, 1), size))
    layer.backward(np.ones((1, 1), dtype))
    assert close(layer.cell_gradients[1].item(), through / 2, 64 * eps)

    layer = opened(nets.LSTMLayer, dtype, size, 2)
    layer.forward(np.zeros((1, 1, 1), dtype))
    layer.backward(np.ones((1, 1), dtype))
    c = exact.tanh(exact.mpf(float(size))) / 2
    assert close(layer.bias.gradient[2], through / 4 / exact.cosh(c) ** 2, 64 * eps)

    layer = opened(nets.GRULayer, dtype, size, 2)
    layer.forward(np.zeros((1, 1, 1), dtype))
    layer.backward(np.ones((1, 1), dtype))
    assert close(layer.bias.gradient[2], through / 2, 64 * eps)


@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@some
@given(size=st.floats(-30, 0).map(lambda power: 10.0**power))
def test_a_unit_that_keeps_everything_loses_no_small_state(dtype, size):
    open_gate = 700.0 if dtype == np.float64 else 88.0
    layer = opened(nets.GRULayer, dtype, open_gate, 1)
    layer.bias.value[2] = 1.0
    state = np.full((1, 1), size, dtype)
    np.testing.assert_array_equal(layer.forward(np.zeros((9, 1, 1), dtype), state)[-1], state)
    cell = opened(nets.LSTMLayer, dtype, open_gate, 1)
    cell.forward(np.zeros((9, 1, 1), dtype), cell=state)
    np.testing.assert_array_equal(cell.cells[-1], state)


# -- gradient flow -------------------------------------------------------------------


def flow_of(network, x, labels):
    """The fields of `gradient_flow` of a sigmoid network, with 40 digits."""
    entries = {k: [exactly(row) for row in d.weight.value] for k, d in enumerate(network.dense)}
    h = [[exactly(row) for row in x]]
    for weight in entries.values():
        z = [[exact.fdot(row, column) for column in zip(*weight)] for row in h[-1]]
        h.append([[1 / (1 + exact.exp(-a)) for a in row] for row in z])
    n, delta = len(x), []
    for row, label in zip(z, labels):
        e = [exact.exp(a) for a in row]
        delta.append([(v / sum(e) - (k == label)) / n for k, v in enumerate(e)])
    fields = {name: [] for name in ("signal", "gradient", "bias_gradient", "weight_gradient")}
    for layer in range(len(entries) - 1, 0, -1):
        weight, out, before = entries[layer], h[layer], h[layer - 1]
        delta = [
            [exact.fdot(d, row) * o * (1 - o) for row, o in zip(weight, outs)]
            for d, outs in zip(delta, out)
        ]
        flat, width = [d for row in delta for d in row], len(weight)
        fields["signal"].append(exact.sqrt(sum(o**2 for row in out for o in row) / (n * width)))
        fields["gradient"].append(n * exact.sqrt(sum(d**2 for d in flat) / (n * width)))
        sums = [sum(column) for column in zip(*delta)]
        fields["bias_gradient"].append(exact.sqrt(sum(s**2 for s in sums)))
        products = [exact.fdot(a, d) for a in zip(*before) for d in zip(*delta)]
        fields["weight_gradient"].append(exact.sqrt(sum(p**2 for p in products)))
    return {name: values[::-1] for name, values in fields.items()}


def assert_flow(flow, right, rtol):
    for name, values in right.items():
        found = getattr(flow, name)
        assert found.dtype == np.float64 and found.shape == (len(values),)
        for layer, (got, wanted) in enumerate(zip(found, values)):
            assert close(got, wanted, rtol), (name, layer, got, wanted)
    assert not flow.dead_units.any() and not flow.saturation.any()


def small_data(n=3, features=4, classes=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, features)), np.arange(n) // 2 % classes


@pytest.mark.parametrize(
    "dtype, depth, rtol, init",
    [
        (np.float32, 45, 1e-3, "glorot"),
        (np.float64, 200, 1e-12, "lecun"),
        # Down to 1e-300, as far as a float64 can say it.
        (np.float64, 130, 1e-12, nets.initialiser("normal", std=0.01)),
    ],
)
def test_flow_of_deep_sigmoid_networks(dtype, depth, rtol, init):
    x, y = small_data()
    network = nets.MLP([4] + [5] * depth + [3], "sigmoid", init, seed=1, dtype=dtype)
    x = x.astype(dtype)
    flow, right = gradient_flow(network, x, y), flow_of(network, x, y)
    assert min(right["gradient"]) < 1e-30 and flow.gradient.all() and flow.weight_gradient.all()
    assert_flow(flow, right, rtol)


@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@settings(max_examples=25)
@given(power=st.integers(-250, 250), seed=st.integers(0, 999))
def test_flow_does_not_depend_on_the_size_of_the_loss(dtype, power, seed):
    """A loss times 2**k has 2**k times the gradient, whatever the network's type can hold."""
    x, y = small_data()
    network = nets.MLP([4, 5, 5, 5, 3], "tanh", "glorot", seed=seed, dtype=dtype)

    def scaled(logits, labels):
        value, gradient = losses.cross_entropy(logits, labels)
        return value, np.ldexp(gradient.astype(np.float64), power)

    once, other = gradient_flow(network, x, y), gradient_flow(network, x, y, scaled)
    for name in ("gradient", "bias_gradient", "weight_gradient"):
        np.testing.assert_array_equal(np.ldexp(getattr(once, name), power), getattr(other, name))
    for name in ("signal", "saturation", "dead_units"):
        np.testing.assert_array_equal(getattr(once, name), getattr(other, name))


@pytest.mark.parametrize("dtype, depth", [(np.float32, 40), (np.float64, 250)])
def test_flow_of_a_gradient_that_explodes(dtype, depth):
    x, y = small_data()
    network = nets.MLP([4] + [5] * depth + [3], "identity", "orthogonal", seed=1, dtype=dtype)
    reference = gradient_flow(network, x, y)
    # Every layer but the first multiplies the gradient by 16, and the first makes x tiny.
    for dense in network.dense[1:]:
        dense.weight.value *= dtype(16)
    network.dense[0].weight.value *= dtype(2.0 ** (-4 * (depth // 2)))
    network.dense[depth // 2].weight.value *= dtype(2.0 ** (-4 * (depth // 2)))
    flow = gradient_flow(network, x, y)
    assert np.isfinite(flow.gradient).all() and flow.gradient.all()
    assert np.isfinite(flow.weight_gradient).all() and np.isfinite(flow.bias_gradient).all()
    ratio = flow.gradient / reference.gradient
    step = np.log2(ratio[:-1] / ratio[1:])
    np.testing.assert_allclose(step[depth // 2 :], 4, rtol=1e-5)
    assert gradient_underflow(network, x, y, scale=1e300).overflow is True
    for values, factor in (([1e200, 1e-200], math.inf), ([1e-200, 1e200], 0.0)):
        extreme = type(flow)(flow.signal, np.array(values), *[flow.signal] * 4)
        assert extreme.rate == pytest.approx(-400 if factor else 400)
        assert extreme.backward_factor == factor


@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@pytest.mark.parametrize(
    "options", [{}, {"normalisation": "batch"}, {"normalisation": "rms"}, {"activation": "prelu"}]
)
def test_flow_leaves_the_gradients_of_an_ordinary_pass(dtype, options):
    x, y = small_data(6)
    network = nets.MLP([4, 5, 5, 3], **{"activation": "gelu", **options}, dtype=dtype)
    _, gradient = losses.cross_entropy(network.forward(x, training=True), y)
    back = network.backward(gradient)
    kept = [p.gradient.copy() for p in network.parameters()]
    deltas = [layer.delta.copy() for layer in network.hidden]
    gradient_flow(network, x, y, training=True)
    for parameter, before in zip(network.parameters(), kept):
        np.testing.assert_array_equal(parameter.gradient, before)
    for layer, delta in zip(network.hidden, deltas):
        np.testing.assert_array_equal(layer.delta, delta)
    np.testing.assert_array_equal(network.backward(gradient), back)


@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@some
@given(data=st.data())
def test_flow_and_census_of_inputs_and_outputs_of_any_size(dtype, data):
    x = data.draw(arrays(dtype, (3, 2)))
    network = nets.MLP([2, 2, 2], "identity", "identity", dtype=dtype)
    network.dense[1].weight.value[...] = 0  # logits of 0, so that the loss is an ordinary one
    network.dense[1].weight.value[0, 0] = np.finfo(dtype).tiny
    flow, count = gradient_flow(network, x, [0, 1, 1]), census(network, x)
    numbers = exactly(x)
    right = exact.sqrt(sum(number**2 for number in numbers) / 6)
    assert close(flow.signal[0], right, 1e-14)
    sizes = sum(map(abs, numbers)) / 6
    assert close(count["mean"][0], sum(numbers) / 6, 1e-14, 1e-14 * sizes + math.ulp(0.0))
    middle = sum(numbers) / 6
    slack = 1e-14 * sizes + 4 * math.ulp(0.0)
    assert close(count["median_mean"][0], middle, 1e-14, slack)

    _, g = losses.cross_entropy(network.forward(x), [0, 1, 1])
    delta = [exact.mpf(float(d)) * float(np.finfo(dtype).tiny) for d in g[:, 0]]
    products = [exact.fdot(exactly(column), delta) for column in x.T]
    wanted = exact.sqrt(sum(p**2 for p in products))
    parts = sum(abs(a * d) for column in x.T for a, d in zip(exactly(column), delta))
    eps = float(np.finfo(dtype).eps)
    assert close(flow.weight_gradient[0], wanted, 4 * eps, 4 * eps * parts + math.ulp(0.0))


# -- theory and initialisers ---------------------------------------------------------


@some
@given(power=st.integers(-1074, 1023), other=st.integers(-1074, 1023))
def test_predicted_factors_of_any_size(power, other):
    variance, slope = 2.0**power, 1.5 * 2.0**other
    right = exact.sqrt(100 * exact.mpf(variance) * exact.mpf(slope))
    assert close(theory.backward_factor(100, variance, slope), right, 1e-15)


@settings(max_examples=25)
@given(power=st.integers(-1022, 1022))
def test_moments_of_any_size(power):
    variance = 2.0**power
    for name, share in (("relu", 0.5), ("identity", 1.0)):
        signal, slope = theory.second_moments(name, variance)
        assert close(signal, exact.mpf(variance) * share, 1e-12) and slope == pytest.approx(share)
    wide = theory.second_moments("sigmoid", variance)
    assert 0.25 * (1 - 1e-12) <= wide[0] <= 0.5 * (1 + 1e-12)
    assert 0 < wide[1] <= 0.0625 * (1 + 1e-12)


@pytest.mark.parametrize("name", ["tanh", "leaky_relu"])
def test_the_gradient_is_predicted_where_the_signal_has_left_float64(name):
    sizes = [64] + [100] * 400 + [10]
    prediction = theory.mean_field(sizes, name, nets.initialiser("normal", std=1e-3))
    moment, slope = theory.second_moments(name, 1e-200)
    # Wherever the signal is small, one layer multiplies by the same factors, to 1e-324.
    near = math.sqrt(100) * 1e-3 * math.sqrt(slope)
    gradient = prediction.gradient
    seen = np.flatnonzero(gradient > 1e-300)
    np.testing.assert_allclose(gradient[seen][:-1] / gradient[seen][1:], near, rtol=1e-9)
    assert len(seen) > 100 and seen[-1] == 399
    signal = prediction.signal
    seen = np.flatnonzero(signal > 1e-300)[10:]
    forward = math.sqrt(100) * 1e-3 * math.sqrt(moment / 1e-200)
    np.testing.assert_allclose(signal[seen][1:] / signal[seen][:-1], forward, rtol=1e-9)
    assert not signal[-1] and len(seen) > 100


def test_a_signal_that_leaves_the_theory_is_named():
    with pytest.raises(ValueError, match=r"^sizes must.*layer 90 have.*above 1e\+300"):
        theory.mean_field([10] * 95, "relu", nets.initialiser("normal", std=1e3))
    silent = theory.mean_field([4, 5, 5, 3], "relu", "constant")
    assert not silent.signal.any() and silent.gradient.tolist() == [0.0, 1.0]


@some
@given(matrix=arrays(np.float64, (3, 3)), steps=st.integers(1, 3))
def test_bounds_of_weights_of_any_size(matrix, steps):
    columns = [sum(map(abs, exactly(column))) for column in matrix.T]
    right = 3 * (max(columns) / 4) ** steps
    assert close(theory.error_flow_bound(matrix, [steps])[0], right, 1e-13, 1e-320)
    diagonal = np.diag(np.diag(matrix))
    right = max(map(abs, exactly(np.diag(matrix)))) ** steps
    assert close(theory.jacobian_bound(diagonal, [steps])[0], right, 1e-13, 1e-320)


@some
@given(weight=st.floats(4, 1.7e308) | st.integers(-52, 1000).map(lambda k: 4 + 2.0**k))
def test_the_escape_width_of_weights_of_any_size(weight):
    w = exact.mpf(weight)
    right = 4 / w * exact.acosh(exact.sqrt(w) / 2)
    assert close(theory.escape_width(weight), right, 1e-14)


@pytest.mark.parametrize("dtype", NETWORK_TYPES)
@pytest.mark.parametrize(
    "name, setting",
    [("fan_in", "gain"), ("orthogonal", "gain"), ("spectral_radius", "radius"), ("normal", "std")],
)
@settings(max_examples=25)
@given(data=st.data())
def test_recipes_of_any_size(dtype, name, setting, data):
    limit = np.finfo(dtype).maxexp
    k = data.draw(st.integers(-limit + 40, limit - 10))
    plain, large = (nets.initialiser(name, **{setting: size}) for size in (1.0, 2.0**k))
    drawn = np.ldexp(plain(5, 5, 0, dtype), k)
    np.testing.assert_array_equal(large(5, 5, 0, dtype), drawn)
    assert large.deviation(5, 5) == math.ldexp(plain.deviation(5, 5), k)
    assert close(large.variance(5, 5), exact.mpf(plain.variance(5, 5)) * exact.mpf(4) ** k, 1e-15)


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"Normal\(std=1e\+60\).*too large for float32"):
        nets.MLP([2, 3, 1], init=nets.initialiser("normal", std=1e60), dtype=np.float32)


# -- names ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, here",
    [
        ("kaiming", 'init="he"'),
        ("Glorot", 'init="glorot"'),
        ("xavier_uniform_", 'init="glorot"'),
        ("kaiming_uniform", 'vg.initialiser("he", distribution="uniform")'),
        ("lecun_uniform", 'vg.initialiser("lecun", distribution="uniform")'),
        ("ones", 'vg.initialiser("constant", value=1)'),
        ("eye", 'init="identity"'),
    ],
)
def test_names_that_others_use_are_translated(name, here):
    with pytest.raises(ValueError, match="unknown initialiser") as caught:
        vg.MLP([2, 3, 1], init=name)
    assert str(caught.value).endswith(f"spectral_radius. In this package it is {here}")
    made = eval(here.removeprefix("init="))  # what is advised works
    assert isinstance(vg.initialiser(made), nets.Initialiser)


def test_slopes_in_the_place_of_divisors_are_explained():
    for make in (partial(activation, "rrelu"), nets.RReLU, nets.RReLULayer):
        with pytest.raises(ValueError, match=r"divisors .*slopes from 1/8 to 1/3: lower=3"):
            make(lower=1 / 8, upper=1 / 3)
