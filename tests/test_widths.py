"""Maximal update and the coordinate check: the table of rates, and what one step changes."""

import numpy as np
import pytest

import vgtools as vg
from vgtools.networks import MLP, SGD, Adam, Parameter, PReLU, maximal_update

SHARED = PReLU(per="layer")
"""A parameter that is neither a weight nor one number per unit."""


def batch(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(12, 6)), rng.integers(4, size=12)


# A rate for each parameter


@pytest.mark.parametrize("rule", [SGD(0.1), SGD(0.1, momentum=0.5), Adam(0.1)])
def test_a_rate_factor_multiplies_the_learning_rate(rule):
    """One parameter at half of the rate moves as it would with an optimiser of its own."""
    slow, fast = Parameter("slow", np.ones(3)), Parameter("fast", np.ones(3))
    slow.rate_factor = 0.5
    alone, half = Parameter("alone", np.ones(3)), type(rule)(0.05)
    half.__dict__ |= {"momentum": rule.momentum} if isinstance(rule, SGD) else {}
    for gradient in ([1.0, 2.0, 3.0], [0.5, -1.0, 4.0]):
        for each in (slow, fast, alone):
            each.gradient[:] = gradient
        rule.step([slow, fast])
        half.step([alone])
    np.testing.assert_allclose(slow.value, alone.value, rtol=1e-14)
    np.testing.assert_allclose(1 - fast.value, 2 * (1 - slow.value), rtol=1e-13)


# The table


@pytest.mark.parametrize(
    ("rule", "first", "between", "last", "unit"),
    [("sgd", 4, 1, 1 / 4, 4), ("adam", 1, 1 / 4, 1 / 4, 1)],
)
def test_the_rates_are_those_of_the_table(rule, first, between, last, unit):
    plain = MLP([6, 32, 32, 32, 4], "tanh", "lecun", 1, normalisation="layer")
    network = MLP([6, 32, 32, 32, 4], "tanh", "lecun", 1, normalisation="layer")
    assert maximal_update(network, 8, rule) is network
    one, *others, end = network.dense
    assert one.weight.rate_factor == first and end.weight.rate_factor == last
    assert {dense.weight.rate_factor for dense in others} == {between}
    assert end.bias.rate_factor == 1
    weights = {id(dense.weight) for dense in network.dense} | {id(end.bias)}
    rest = [each for each in network.parameters() if id(each) not in weights]
    assert len(rest) == 9 and {each.rate_factor for each in rest} == {unit}
    for old, new in zip(plain.parameters(), network.parameters()):
        factor = 0.5 if new is end.weight else 1.0
        np.testing.assert_array_equal(new.value, factor * old.value)


@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_nothing_changes_at_the_base_width(rule):
    x, y = batch()
    plain, network = (MLP([6, 16, 16, 4], "relu", "he", 3) for _ in range(2))
    maximal_update(network, 16, rule)
    for each in (plain, network):
        vg.train(each, x, y, epochs=2, batch_size=4, optimiser=rule)
    np.testing.assert_array_equal(plain.forward(x), network.forward(x))


@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_it_is_the_form_with_an_output_multiplier(rule):
    """The package mup multiplies the output by 1/r instead, and leaves Adam's last rate alone."""
    x, y, r = *batch(), 4.0
    ours = maximal_update(MLP([6, 32, 32, 4], "tanh", "lecun", 5), 8, rule)
    theirs = MLP([6, 32, 32, 4], "tanh", "lecun", 5)
    last = theirs.dense[-1].weight
    last.value *= np.sqrt(r)  # a standard deviation that does not fall with the width
    rates = {"sgd": (r, 1.0, r, r), "adam": (1.0, 1 / r, 1.0, 1.0)}[rule]
    for dense, rate in zip(theirs.dense, rates):
        dense.weight.rate_factor = rate
        dense.bias.rate_factor = 1.0 if dense is theirs.dense[-1] else rates[3]
    options = {"sgd": {"learning_rate": 0.1}, "adam": {"learning_rate": 0.01, "epsilon": 1e-30}}
    rules = [vg.optimiser(rule, **options[rule]) for _ in range(2)]
    for _ in range(4):
        _, gradient = vg.networks.cross_entropy(ours.forward(x), y)
        ours.backward(gradient)
        last.value /= r
        _, gradient = vg.networks.cross_entropy(theirs.forward(x), y)
        theirs.backward(gradient)
        last.value *= r
        last.gradient /= r
        for network, each in zip((ours, theirs), rules):
            each.step(network.parameters())
    np.testing.assert_allclose(ours.dense[-1].weight.value, last.value / r, rtol=1e-9)
    for a, b in zip(ours.dense[:-1], theirs.dense):
        np.testing.assert_allclose(a.weight.value, b.weight.value, rtol=1e-9)


# The coordinate check


def test_the_change_is_that_of_the_pre_activations():
    x, y = batch()

    def make(width):
        return MLP([6, width, 4], "tanh", "lecun", 2), SGD(0.3)

    found = vg.coordinate_check(make, [5, 9], x, y, steps=2)
    for row, width in zip(found.change, (5, 9)):
        network, rule = make(width)
        z1 = x @ network.dense[0].weight.value
        z2 = np.tanh(z1) @ network.dense[1].weight.value
        vg.train(network, x, y, epochs=2, batch_size=None, optimiser=rule)
        a, b = network.dense
        new = x @ a.weight.value + a.bias.value
        moved = [new - z1, np.tanh(new) @ b.weight.value + b.bias.value - z2]
        np.testing.assert_allclose(row, [np.sqrt(np.mean(m**2)) for m in moved], rtol=1e-10)


def test_the_exponents_are_the_slopes_of_powers():
    widths = np.array([3, 10, 41, 100])
    change = np.stack([2 * widths**-0.5, 7.0 * widths**1.5, 0 * widths], axis=1)
    found = vg.CoordinateCheck(widths, change).exponents
    np.testing.assert_allclose(found[:2], [-0.5, 1.5], rtol=1e-12)
    assert np.isnan(found[2])


def test_the_standard_form_grows_and_maximal_update_does_not():
    x, y = batch()

    def exponents(rule, base):
        found = []
        for seed in range(3):

            def make(width, seed=seed):
                network = MLP([6, width, width, 4], "tanh", "lecun", seed)
                if base:
                    maximal_update(network, base, rule)
                return network, vg.optimiser(rule, learning_rate=1e-5)

            found.append(vg.coordinate_check(make, [64, 256, 1024], x, y).exponents)
        return np.mean(found, axis=0)

    np.testing.assert_allclose(exponents("sgd", 0), [-0.5, 0.5, 1], atol=0.2)
    np.testing.assert_allclose(exponents("adam", 0), [0, 1, 1.5], atol=0.2)
    for rule in ("sgd", "adam"):
        np.testing.assert_allclose(exponents(rule, 64), 0, atol=0.1)


# Bad input


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: maximal_update("MLP", 8), "network must be an MLP, not str"),
        (lambda: maximal_update(MLP([3, 4, 2]), 0), "base must be"),
        (lambda: maximal_update(MLP([3, 4, 2]), 8, "newton"), "optimiser must be one of"),
        (lambda: maximal_update(MLP([3, 2]), 8), "hidden layers of one width"),
        (lambda: maximal_update(MLP([3, 4, 5, 2]), 8), "hidden layers of one width"),
        (lambda: maximal_update(MLP([3, 4, 4, 2], SHARED), 8), "has no rule"),
        (lambda: vg.coordinate_check(MLP([3, 2]), [2, 4], *batch()), "make must be a function"),
        (lambda: vg.coordinate_check(lambda n: MLP([6, n, 4]), [2, 4], *batch()), "must return"),
        (lambda: vg.coordinate_check(made, [4], *batch()), "two different ones"),
        (lambda: vg.coordinate_check(made, [4, 4], *batch()), "two different ones"),
        (lambda: vg.coordinate_check(made, [4, 8], *batch(), steps=0), "steps must be"),
        (lambda: vg.coordinate_check(growing, [4, 8], *batch()), "same number of layers"),
    ],
)
def test_bad_input_is_named(call, said):
    with pytest.raises((TypeError, ValueError), match=said):
        call()


def made(width):
    return MLP([6, width, 4]), SGD()


def growing(width):
    return MLP([6, *[width] * (width // 4), 4]), SGD()


def test_a_network_without_a_rule_stays_as_it_was():
    network = MLP([3, 4, 4, 2], SHARED)
    old = network.dense[-1].weight.value.copy()
    with pytest.raises(ValueError, match="no rule"):
        maximal_update(network, 2)
    np.testing.assert_array_equal(network.dense[-1].weight.value, old)
    assert {each.rate_factor for each in network.parameters()} == {1.0}
