"""Attention and transformers: gradients, formulas, independent references, bad input."""

import numpy as np
import pytest
from gradient_check import directional_error
from hypothesis import given, settings
from hypothesis import strategies as st

import vgtools.networks as nets
from vgtools.networks.attention import softmax
from vgtools.networks.transformer import PLACES

seeds = st.integers(0, 2**32 - 1)


def gradient_is_right(layer, x, rng):
    """Compare the way back of a layer, from a random loss, with finite differences."""
    for parameter in layer.parameters():
        parameter.value += rng.normal(0.0, 0.3, parameter.value.shape)
    pull = rng.normal(size=layer.forward(x, training=True).shape)

    def loss():
        return float(np.sum(pull * layer.forward(x, training=True)))

    loss()
    to_input = layer.backward(pull)
    pairs = [(p.value, p.gradient.copy()) for p in layer.parameters()]
    for array, claimed in [(x, to_input), *pairs]:
        assert directional_error(loss, array, claimed, rng) < 1e-6


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), seeds)
def test_the_gradient_of_attention(n, tokens, heads, columns, seed):
    rng = np.random.default_rng(seed)
    layer = nets.Attention(heads * columns, heads, "lecun", rng, causal=bool(seed % 2))
    gradient_is_right(layer, rng.normal(size=(n, tokens, heads * columns)), rng)


@settings(max_examples=15)
@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from(["silu", "gelu", "sigmoid"]), seeds)
def test_the_gradient_of_gated_units(fan_in, units, activation, seed):
    rng = np.random.default_rng(seed)
    layer = nets.GatedUnits(fan_in, units, activation, "lecun", rng)
    gradient_is_right(layer, rng.normal(size=(5, fan_in)), rng)


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=5)
@given(
    st.sampled_from(["layer", "rms", "tanh"]), st.booleans(), st.integers(1, 2),
    st.integers(1, 3), seeds,
)  # fmt: skip
def test_the_gradient_of_a_transformer(place, normalisation, gated, blocks, tokens, seed):
    rng = np.random.default_rng(seed)
    network = nets.Transformer(
        [3, 4, 2], tokens, blocks, heads=2, hidden=5, gated=gated, place=place,
        normalisation=normalisation, activation="tanh", init="lecun", seed=rng,
    )  # fmt: skip
    for layer in network._all_layers():
        if hasattr(layer, "epsilon"):
            layer.epsilon = 0.05
    gradient_is_right(network, rng.normal(size=(3, tokens, 3)), rng)


def test_attention_is_its_formula_token_by_token():
    rng = np.random.default_rng(1)
    layer = nets.Attention(6, heads=2, seed=rng, causal=True)
    x, d = rng.normal(size=(2, 4, 6)), 3
    expected = np.zeros_like(x)
    for sample, head, t in np.ndindex(2, 2, 4):
        columns = slice(head * d, (head + 1) * d)
        q, k, v = (x[sample] @ p.value[:, columns] for p in layer.parameters()[:3])
        score = [np.exp(q[t] @ k[other] / np.sqrt(d)) for other in range(t + 1)]
        mixed = sum(s * v[other] for other, s in enumerate(score)) / sum(score)
        expected[sample, t] += mixed @ layer.output.value[columns]
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12)
    assert np.all(np.triu(layer.weights[0, 0], 1) == 0)


def test_scores_of_any_size_give_weights():
    for scale in (1e-300, 1.0, 1e300):
        layer = nets.Attention(2, scale=scale)
        with np.errstate(over="raise", invalid="raise"):
            y = layer.forward(np.random.default_rng(0).normal(size=(3, 4, 2)))
        assert np.isfinite(y).all()
        np.testing.assert_allclose(layer.weights.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_array_equal(softmax(np.array([[-np.inf, 5.0]])), [[0, 1]])


def test_tokens_that_are_alike_give_queries_and_keys_no_gradient():
    layer = nets.Attention(4, seed=0)
    x = np.repeat(np.random.default_rng(0).normal(size=(3, 1, 4)), 5, axis=1)
    g = np.random.default_rng(1).normal(size=x.shape)
    layer.forward(x)
    layer.backward(g)
    largest = [np.abs(p.gradient).max() for p in layer.parameters()]
    assert max(largest[:2]) < 1e-14 and min(largest[2:]) > 1e-3


def test_without_positions_the_order_of_the_tokens_does_not_matter():
    network = nets.Transformer([3, 4, 2], tokens=5, blocks=2, seed=0)
    x, rng = np.random.default_rng(0).normal(size=(4, 5, 3)), np.random.default_rng(1)
    shuffled = x[:, rng.permutation(5)]
    assert not np.allclose(network.forward(x), network.forward(shuffled))
    network.layers[1].vectors.value[:] = 0
    np.testing.assert_allclose(network.forward(x), network.forward(shuffled), rtol=1e-10)


def test_the_places_of_the_normalisation():
    made = {
        place: nets.Transformer([3, 4, 2], tokens=5, blocks=2, place=place, seed=3)
        for place in PLACES
    }
    x = np.random.default_rng(0).normal(size=(4, 5, 3))
    for place in ("pre", "post", "deepnorm"):
        network = made[place]
        h = x
        for layer in network.layers[:-2]:
            h = layer.forward(h)
        np.testing.assert_allclose(h.mean(axis=-1), 0, atol=1e-12)  # the last is a norm
    shares = {place: made[place].blocks[0].shortcut.factor for place in PLACES}
    assert shares == {"pre": 1, "post": 1, "none": 1, "deepnorm": pytest.approx(4**-0.25)}
    smaller = made["deepnorm"].attention[1], made["post"].attention[1]
    for kind, factor in {"query": 1, "key": 1, "value": 16**-0.25, "output": 16**-0.25}.items():
        one, other = (getattr(attention, kind).value for attention in smaller)
        np.testing.assert_allclose(one, factor * other, rtol=1e-14)


def test_a_transformer_learns_and_names_what_it_learns():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4, 3))
    y = (x[:, 0, 0] * x[:, 3, 0] > 0).astype(int)  # two tokens have to be compared
    network = nets.Transformer([3, 16, 2], tokens=4, blocks=2, heads=2, seed=1)
    rule = nets.optimiser("adam", learning_rate=0.003)
    history = nets.train(network, x, y, epochs=60, optimiser=rule, seed=0)
    assert history.loss[0] > 0.6 and history.loss[-1] < 0.1
    names = [parameter.name for parameter in network.parameters()]
    assert len(set(names)) == len(names)
    assert names[3:6] == ["block 1 layer norm 1 gain", "block 1 layer norm 1 shift",
                          "block 1 attention query"]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_float_type_is_kept(dtype):
    network = nets.Transformer([3, 4, 2], 5, 2, gated=True, dtype=dtype)
    logits = network.forward(np.ones((2, 5, 3)))
    assert logits.dtype == dtype == network.backward(logits).dtype
    assert {p.value.dtype for p in network.parameters()} == {np.dtype(dtype)}
    assert {p.gradient.dtype for p in network.parameters()} == {np.dtype(dtype)}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nets.Attention(6, heads=4), "heads must divide width, 6, not be 4"),
        (lambda: nets.Transformer([3, 4], 5, 1), "three widths"),
        (lambda: nets.Transformer([3, 4, 2], 0, 1), "tokens"),
        (lambda: nets.Transformer([3, 4, 2], 5, 1, place="before"), "place must be one of"),
        (lambda: nets.Transformer([3, 4, 2], 5, 1, normalisation="batch"), "one token at a time"),
        (lambda: nets.Attention(2).forward(np.ones((3, 2))), r"shape \(batch, tokens, 2\)"),
        (lambda: nets.Attention(2).forward(np.ones((3, 0, 2))), r"\(3, 0, 2\)"),
        (lambda: nets.Positions(2, 3).forward(np.ones((1, 4, 3))), "needs 2 tokens"),
        (lambda: nets.TokenMean().forward(np.ones((3, 0, 2))), "needs an input of shape"),
        (lambda: nets.PerToken([]), "one layer or more"),
        (lambda: nets.PerToken([nets.Dense(1, 1)]).forward([[1.0]]), r"\(n, tokens, units\)"),
        (lambda: nets.Transformer([3, 4, 2], 5, 1).forward(np.ones((2, 4, 3))), r"\(batch, 5, 3\)"),
        (lambda: nets.Transformer([1, 1, 1], 1, 1).forward([[[np.nan]]]), "must be finite"),
    ],
)
def test_bad_input_is_named(make, said):
    with pytest.raises((TypeError, ValueError), match=said):
        make()
    for layer in (nets.Attention(2), nets.PerToken([nets.Dense(1, 1)]), nets.TokenMean(),
                  nets.GatedUnits(1, 1), nets.Positions(1, 1)):  # fmt: skip
        with pytest.raises(RuntimeError, match="call forward first"):
            layer.backward(np.ones((1, 1, 1)))
