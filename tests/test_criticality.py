"""Order and chaos: closed forms, an independent quadrature, and wide networks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize

import vgtools as vg
from vgtools.theory import (
    chi,
    correlation_map,
    critical_point,
    critical_weight_std,
    depth_scale,
    fixed_variance,
    length_map,
)

correlations = st.floats(-1, 1)
variances = st.floats(-4, 4).map(lambda power: 10.0**power)


@given(correlations, variances)
@settings(max_examples=30, deadline=None)
def test_relu_maps_correlations_as_the_arc_cosine_kernel(c, q):
    # Cho and Saul (2009): E r(u) r(v) = q (sqrt(1 - c^2) + c (pi - arccos c)) / (2 pi)
    expected = (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi
    assert correlation_map("relu", c, q, math.sqrt(2)) == pytest.approx(expected, abs=1e-9)


def by_scipy(f, c, q):
    def inside(v, u):
        density = math.exp(-(u * u + v * v) / 2) / (2 * math.pi)
        one, other = math.sqrt(q) * u, math.sqrt(q) * (c * u + math.sqrt(1 - c * c) * v)
        return density * float(f(one)) * float(f(other))

    return integrate.dblquad(inside, -9, 9, -9, 9, epsabs=1e-9)[0]


@pytest.mark.parametrize("name, c, q", [("tanh", 0.3, 2.0), ("sigmoid", 0.9, 9)])
def test_smooth_activations_agree_with_another_quadrature(name, c, q):
    f = vg.activation(name)
    after = length_map(name, q, 1.5, 0.2)
    expected = (1.5**2 * by_scipy(f, c, q) + 0.2**2) / after
    assert correlation_map(name, c, q, 1.5, 0.2) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", sorted(vg.catalogue()))
def test_the_map_keeps_one_and_has_the_slope_chi_there(name):
    q = fixed_variance(name, 1.2, 0.3)
    if not 0 < q < math.inf:
        q = 1.0
    assert correlation_map(name, 1.0, q, 1.2, 0.3) == pytest.approx(1.0, abs=1e-12)
    step = 1e-6
    slope = (1 - correlation_map(name, 1 - step, q, 1.2, 0.3)) / step
    expected = chi(name, 1.2, q) * q / length_map(name, q, 1.2, 0.3)
    assert slope == pytest.approx(expected, rel=5e-3)  # a kink makes the rest sqrt(step)


@given(st.sampled_from(sorted(vg.catalogue())), st.floats(0.1, 3), st.floats(0, 2), variances)
@settings(max_examples=60, deadline=None)
def test_a_fixed_variance_is_fixed_or_has_left_the_range(name, weight_std, bias_std, start):
    q = fixed_variance(name, weight_std, bias_std, start)
    if 0 < q < math.inf:
        assert length_map(name, q, weight_std, bias_std) == pytest.approx(q, rel=1e-9)


def test_layers_of_the_map_arrive_at_the_fixed_variance():
    q = 7.0
    for _ in range(200):
        q = length_map("tanh", q, 1.5, 0.5)
    assert fixed_variance("tanh", 1.5, 0.5, start=7.0) == pytest.approx(q, rel=1e-9)


def test_tanh_has_its_critical_line_where_another_quadrature_finds_it():
    def normal(g, q):
        def weighted(z):
            return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * g(math.sqrt(q) * z)

        return integrate.quad(weighted, -12, 12, epsabs=1e-12)[0]

    def slope(q):
        return normal(lambda z: (1 - math.tanh(z) ** 2) ** 2, q)

    def bias_variance(q, bias_std):
        return q - normal(lambda z: math.tanh(z) ** 2, q) / slope(q) - bias_std**2

    for bias_std in (0.05, 0.3, 1.0):
        q = optimize.brentq(bias_variance, 1e-6, 50, args=(bias_std,), xtol=1e-12)
        expected = 1 / math.sqrt(slope(q))
        assert critical_weight_std("tanh", bias_std) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "name, expected", [("tanh", 1), ("gelu", 2), ("relu", 2**0.5), ("softsign", 1)]
)
def test_without_biases_the_line_begins_at_one_over_the_slope_at_zero(name, expected):
    assert critical_weight_std(name, 0.0) == pytest.approx(expected, rel=1e-9)


@given(st.sampled_from(sorted(vg.catalogue())), variances)
@settings(max_examples=60, deadline=None)
def test_a_critical_point_keeps_its_variance_with_chi_one(name, q):
    weight_std, bias_std = critical_point(name, q)
    assert chi(name, weight_std, q) == pytest.approx(1, rel=1e-9)
    if not math.isnan(bias_std):
        assert length_map(name, q, weight_std, bias_std) == pytest.approx(q, rel=1e-9)


def test_wide_networks_have_the_correlation_and_chi_of_the_theory():
    rng = np.random.default_rng(0)
    width, weight_std, bias_std = 2000, 1.4, 0.3
    q = fixed_variance("tanh", weight_std, bias_std)
    u = rng.normal(size=width)
    one, other = math.sqrt(q) * u, math.sqrt(q) * (0.6 * u + 0.8 * rng.normal(size=width))
    weights = rng.normal(size=(width, width)) * weight_std / math.sqrt(width)
    bias = rng.normal(size=width) * bias_std
    after = [np.tanh(z) @ weights + bias for z in (one, other)]
    measured = after[0] @ after[1] / math.sqrt((after[0] @ after[0]) * (after[1] @ after[1]))
    assert measured == pytest.approx(
        correlation_map("tanh", 0.6, q, weight_std, bias_std), abs=0.05
    )
    back = (rng.normal(size=width) @ weights.T) * (1 - np.tanh(one) ** 2)
    assert np.square(back).mean() == pytest.approx(chi("tanh", weight_std, q), rel=0.15)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: correlation_map("tanh", 1.5, 1.0, 1.0), "correlation"),
        (lambda: correlation_map("tanh", 0.5, 0.0, 1.0), "variance"),
        (lambda: correlation_map("relu", 0.5, 1.0, 0.0), "variance of the next layer is 0"),
        (lambda: length_map("tanh", 1.0, -1.0), "weight_std"),
        (lambda: depth_scale(0.0), "factor"),
        (lambda: critical_weight_std("relu", 0.5), "has no point with bias_std = 0.5"),
    ],
)
def test_what_has_no_answer_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
