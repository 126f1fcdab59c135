"""A normalisation in front of each branch: it explains a growth, and is not advised again."""

import keras
import numpy as np
import pytest
import torch
from test_keras import chain as keras_chain
from torch import nn
from zoo import ZOO, cross_entropy
from zoo.vectors import PreNorm, Sums

import vgtools as vg
from vgtools.diagnosis import diagnose
from vgtools.diagnosis.path_findings import path_change

DRAW = torch.Generator().manual_seed(0)
X, Y = torch.randn(64, 20, generator=DRAW), torch.randint(10, (64,), generator=DRAW)


class RMS(nn.Module):
    """As in Llama: a class of its own, without a function of PyTorch."""

    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.scale * x * x.square().mean(-1, keepdim=True).add(1e-6).rsqrt()


class RMSNorm(RMS):
    pass


def growing(norm=nn.LayerNorm, depth=24):
    torch.manual_seed(0)
    model = PreNorm(depth, growth=1.3)
    model.norms = nn.ModuleList(norm(32) for _ in range(depth))
    return model


def factor(found):
    return path_change(found.trace)[0].log_factor


@pytest.mark.parametrize("norm", [nn.LayerNorm, nn.RMSNorm, RMSNorm])
def test_a_sum_that_grows_explains_a_gradient_that_does(norm):
    found = diagnose(growing(norm), (X, Y), cross_entropy)
    assert factor(found) > 2 and found.findings == ()
    assert "normalisation beside shortcuts does that" in found.verdict


def test_without_a_normalisation_the_same_growth_is_found():
    found = diagnose(growing(lambda width: nn.Identity(), 12), (X, Y), cross_entropy)
    [finding] = found.findings
    assert finding.kind == "exploding" and "put a normalisation" in finding.advice


def test_the_size_is_that_of_the_sum():
    model, read = growing(), []
    handles = [
        each.register_forward_pre_hook(lambda m, i: read.append(i[0])) for each in model.norms
    ]
    model(X)
    for handle in handles:
        handle.remove()
    sizes = [point.divided for point in diagnose(model, (X, Y), cross_entropy).trace.points]
    expected = [each.square().mean().sqrt().item() for each in read]
    assert sizes[:-1] == pytest.approx(expected) and np.isnan(sizes[-1])


def test_branches_that_change_too_much_are_not_told_to_normalise():
    [patient] = [
        each for each in ZOO if each.name == "pre-LN sums, weights in the branches too large"
    ]
    found = {each.kind: each for each in diagnose(patient.model(0), (X, Y), cross_entropy).findings}
    said = found["exploding"]
    assert "begin with a normalisation already" in said.why
    assert "put a normalisation" not in said.advice and "branch at 0" in said.advice
    torch.manual_seed(0)
    [said] = diagnose(Sums(20), (X, Y), cross_entropy).findings
    assert "put a normalisation" in said.advice and "already" not in said.why


@pytest.mark.parametrize("remedy", ["weights", "last layer at 0"])
def test_what_is_advised_helps(remedy):
    torch.manual_seed(0)
    model = PreNorm(40, gain=60.0, activation=torch.tanh)
    with torch.no_grad():
        for up, down in zip(model.up, model.down):
            if remedy == "weights":
                nn.init.xavier_normal_(up.weight)
            else:
                nn.init.zeros_(down.weight)
    found = diagnose(model, (X, Y), cross_entropy)
    assert abs(factor(found)) < 2 and "exploding" not in [each.kind for each in found.findings]


def test_a_watch_judges_in_the_same_way():
    model = growing()
    with vg.watch(model, every=1) as watch:
        cross_entropy(model(X), Y).backward()
    assert watch.findings == ()


def keras_growing(norm, depth=24):
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input((20,))
    x = keras.layers.Dense(32)(x)
    for number in range(depth):
        scale = keras.initializers.RandomNormal(stddev=0.1 * 1.3**number)
        branch = keras.layers.Dense(64, "relu", kernel_initializer="he_normal")(norm()(x))
        x = x + keras.layers.Dense(32, kernel_initializer=scale)(branch)
    return keras.Model(inputs, keras.layers.Dense(10)(norm()(x)))


@pytest.mark.parametrize("norm", ["LayerNormalization", "RMSNormalization"])
def test_normalisations_of_keras_are_known(norm):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found = diagnose(keras_growing(getattr(keras.layers, norm)), (X, Y), loss)
    assert factor(found) > 2 and found.findings == ()
    assert diagnose(keras_chain(3, "relu", "he_normal"), (X, Y), loss).healthy


@pytest.mark.parametrize("norm", ["layer", "rms", None])
def test_normalisations_of_this_book_are_known(norm):
    network = vg.ResidualMLP([20, 32, 10], blocks=24, normalisation=norm)
    for number, block in enumerate(network.blocks):
        for dense in block.branch:
            if isinstance(dense, vg.networks.Dense):
                dense.weight.value *= 1.3**number if norm else 1.0
    found = diagnose(network, (X.numpy(), Y.numpy()), "cross_entropy")
    assert factor(found) > 2 and found.healthy == (norm is not None)
    assert norm or "put a normalisation" in found.findings[0].advice
