"""Linear recurrences: gradients, what their factors do over time, bad input."""

import numpy as np
import pytest
from gradient_check import directional_error
from hypothesis import given, settings
from hypothesis import strategies as st

from vgtools.networks import LinearRecurrence, SelectiveRecurrence
from vgtools.networks.gates import sigmoid

seeds = st.integers(0, 2**32 - 1)


def made(kind, features, units, seed, **options):
    if kind == "linear":
        return LinearRecurrence(features, 3, units, seed=seed, **options)
    return SelectiveRecurrence(features, units, seed=seed, **options)


both = pytest.mark.parametrize("kind", ["linear", "selective"])


@both
@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), seeds)
def test_the_gradient(kind, steps, n, features, units, seed):
    rng = np.random.default_rng(seed)
    layer = made(kind, features, units, rng)
    for parameter in layer.parameters():
        parameter.value += rng.normal(0.0, 0.2, parameter.value.shape)
    x, pull = rng.normal(size=(steps, n, features)), rng.normal(size=(steps, n, units))

    def loss():
        return float(np.sum(pull * layer.forward(x)))

    loss()
    to_input = layer.backward(pull)
    pairs = [(p.value, p.gradient.copy()) for p in layer.parameters()]
    for array, claimed in [(x, to_input), *pairs]:
        assert directional_error(loss, array, claimed, rng) < 1e-6


def test_a_linear_recurrence_is_a_sum_of_powers():
    layer = LinearRecurrence(2, 5, 3, seed=1)
    rng = np.random.default_rng(0)
    layer.parameters()[-1].value[:] = rng.normal(size=(2, 3))  # D
    x = rng.normal(size=(7, 4, 2))
    b, c, d = layer._matrices()
    gamma, powers = np.exp(layer.log_gamma.value), layer.factors ** np.arange(7)[:, np.newaxis]
    for t in range(7):
        state = sum(powers[t - k] * gamma * (x[k] @ b) for k in range(t + 1))
        expected = (state @ c).real + x[t] @ d
        np.testing.assert_allclose(layer.forward(x)[t], expected, rtol=1e-10, atol=1e-12)


def test_the_gradient_of_a_state_shrinks_as_a_power_of_the_factor():
    layer = LinearRecurrence(1, 4, 1, ring=(0.9, 0.999), seed=0)
    layer.forward(np.ones((100, 1, 1)))
    pull = np.zeros((100, 1, 1))
    pull[-1] = 1.0
    layer.backward(pull)
    size = np.abs(layer.state_gradients[1:, 0])
    np.testing.assert_allclose(size[0] / size[-1], np.abs(layer.factors) ** 99, rtol=1e-10)


def test_where_the_factors_start():
    layer = LinearRecurrence(8, 4000, 1, ring=(0.6, 0.9), phase=1.0, seed=0)
    size, angle = np.abs(layer.factors), np.angle(layer.factors)
    assert 0.6 < size.min() and size.max() < 0.9
    assert np.mean(size**2) == pytest.approx((0.36 + 0.81) / 2, abs=0.01)  # even in the area
    assert angle.min() > 0 and 0.98 < angle.max() < 1
    rng = np.random.default_rng(1)
    layer.forward(rng.normal(size=(200, 3, 8)))
    assert np.mean(np.abs(layer.states[100:]) ** 2) == pytest.approx(1, abs=0.05)


@both
def test_long_sequences_stay_finite(kind):
    with np.errstate(over="raise", invalid="raise"):
        for value in (-1e3, 1e3):
            layer = made(kind, 1, 2, 0)
            for parameter in layer.parameters()[:2]:
                parameter.value[:] = value if kind == "selective" else np.clip(value, -30, 6)
            y = layer.forward(np.ones((2000, 1, 1)))
            assert np.isfinite(y).all()
            assert np.isfinite(layer.backward(np.ones_like(y))).all()


def test_a_selective_recurrence_keeps_or_takes():
    layer = SelectiveRecurrence(1, 1)
    layer.gate_weight.value[:], layer.input_weight.value[:] = 1000.0, 5.0
    x = np.array([1.0, -1.0, -2.0, -3.0])[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(layer.forward(x)[:, 0, 0], 5.0, rtol=1e-12)
    z = np.linspace(-30, 30, 61)
    np.testing.assert_allclose(sigmoid(-z), np.exp(-np.logaddexp(0, z)), rtol=1e-12)


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_float_type_is_kept(kind, dtype):
    layer = made(kind, 2, 3, 0, dtype=dtype)
    y = layer.forward(np.ones((5, 4, 2)))
    assert y.dtype == dtype == layer.backward(np.ones_like(y)).dtype
    assert {p.value.dtype for p in layer.parameters()} == {np.dtype(dtype)}


@both
def test_bad_input_is_named(kind):
    layer = made(kind, 2, 3, 0)
    with pytest.raises(RuntimeError, match="call forward first"):
        layer.backward(np.ones((1, 1, 3)))
    for shape in [(5, 4), (5, 4, 3), (0, 4, 2)]:
        with pytest.raises(ValueError, match=r"\(time, batch, 2\)"):
            layer.forward(np.ones(shape))
    with pytest.raises(ValueError, match="units"):
        made(kind, 2, 0, 0) if kind == "linear" else LinearRecurrence(1, 1, 0)
    for ring in [(0.5, 0.5), (-0.1, 0.5), (0.5, 1.0), (0.9, 0.1)]:
        with pytest.raises(ValueError, match="ring"):
            LinearRecurrence(1, 1, 1, ring=ring)
