"""Units that are alike, and units that a padded shortcut leaves at 0."""

import keras
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from zoo import chain, cross_entropy

import vgtools as vg
from vgtools.diagnosis import diagnose

DRAW = torch.Generator().manual_seed(0)
X, Y = torch.randn(64, 20, generator=DRAW), torch.randint(10, (64,), generator=DRAW)


def constant(model, layers):
    for name in layers:
        nn.init.constant_(model.get_submodule(name).weight, 1 / 64)
        nn.init.zeros_(model.get_submodule(name).bias)
    return model


def alike(model):
    found = diagnose(model, (X, Y), cross_entropy).findings
    return [name for each in found if each.kind == "symmetric units" for name in each.layers]


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize(
    "layers, found",
    [
        (("layer1", "layer2", "layer3", "out"), ["layer1", "layer2", "layer3"]),
        (("layer2", "layer3"), ["layer2"]),
        (("layer2",), []),
        ((), []),
    ],
)
def test_units_are_alike_if_nothing_in_front_of_or_behind_them_differs(layers, found):
    model = constant(chain(3, 64, nn.Tanh), layers)
    assert alike(model) == found
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with vg.watch(model, every=1) as watch:
        for _ in range(5):
            optimizer.zero_grad()
            cross_entropy(model(X), Y).backward()
            optimizer.step()
    for number in (1, 2, 3):  # and what the finding says about later steps is so
        name = f"layer{number}"
        weight = model.get_submodule(name).weight
        assert ((weight - weight[:1]).abs().max() < 1e-6) == (name in found)
    assert any(each.kind == "symmetric units" for each in watch.findings) == bool(found)


def test_what_makes_units_differ_is_seen():
    layers = ("layer1", "layer2", "layer3", "out")
    model = constant(chain(3, 64, nn.Tanh), layers)
    model.layer2.bias.data[5] = 0.1
    assert alike(model) == ["layer1", "layer3"]
    model.layer1.weight.data[5, 7] = 0.1
    assert alike(model) == ["layer3"]


class Dropped(nn.Module):
    def forward(self, x):
        return F.dropout(torch.tanh(x))


class Masked(nn.Module):
    def forward(self, x):
        return torch.tanh(x) * torch.linspace(0.5, 1, 64)


def slopes():
    function = nn.PReLU(64)
    nn.init.uniform_(function.weight)
    return function


@pytest.mark.parametrize(
    "between", [lambda: nn.Sequential(nn.Tanh(), nn.Dropout(0.5)), Dropped, Masked, slopes]
)
def test_what_stands_between_layers_may_tell_units_apart(between):
    model = constant(chain(3, 64, nn.Tanh), ("layer1", "layer2", "layer3", "out"))
    model.act2 = between()
    assert alike(model) == ["layer1", "layer3"]


def test_channels_that_are_read_one_by_one_differ():
    photos = torch.randn(16, 8, 8, 8, generator=DRAW), torch.randint(10, (16,), generator=DRAW)
    model = nn.Sequential(nn.Conv2d(8, 8, 3, groups=8), nn.ReLU(), nn.Flatten(2), nn.Flatten())
    model.append(nn.Linear(288, 10))
    nn.init.constant_(model[0].weight, 1 / 9), nn.init.zeros_(model[0].bias)
    nn.init.constant_(model[4].weight, 1 / 288)
    found = diagnose(model, photos, cross_entropy).findings
    assert "symmetric units" not in [each.kind for each in found]


def test_like_units_of_keras_are_found():
    body = [keras.layers.Dense(64, "tanh", kernel_initializer=keras.initializers.Constant(1 / 64))]
    body += [type(body[0]).from_config(body[0].get_config() | {"name": f"d{n}"}) for n in range(3)]
    model = keras.Sequential([keras.Input((20,)), *body, keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    [found] = diagnose(model, (X, Y), loss).findings
    assert found.kind == "symmetric units" and found.layers == (body[0].name, "d0", "d1")
    assert "glorot_normal" in found.advice


def test_a_dropout_of_keras_tells_units_apart():
    alike = {"activation": "tanh", "kernel_initializer": keras.initializers.Constant(1 / 64)}
    first, second = keras.layers.Dense(64, **alike), keras.layers.Dense(64, **alike)
    body = [keras.Input((20,)), first, keras.layers.Dropout(0.5), second, keras.layers.Dense(10)]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found = diagnose(keras.Sequential(body), (X, Y), loss).findings
    assert "symmetric units" not in [each.kind for each in found]


class Padded(nn.Module):
    """A sum whose shortcut adds channels of zeros, with a branch that starts at 0 (Fixup)."""

    def __init__(self, pad):
        super().__init__()
        self.enter, self.branch = nn.Conv2d(3, 16, 3), nn.Conv2d(16, 128, 3, padding=1)
        nn.init.zeros_(self.branch.weight), nn.init.zeros_(self.branch.bias)
        self.pad, self.out = pad, nn.Linear(128, 10)

    def forward(self, x):
        x = torch.relu(self.enter(x))
        return self.out(torch.relu(self.branch(x) + self.pad(x)).mean((2, 3)))


@pytest.mark.parametrize(
    "pad, told",
    [
        (lambda x: torch.cat([x, x.new_zeros(len(x), 112, *x.shape[2:])], 1), True),
        (lambda x: F.pad(x, (0, 0, 0, 0, 0, 112)), True),
        (lambda x: torch.cat([x, *[0.0 * x] * 7], 1), False),
    ],
)
def test_zeros_of_a_shortcut_are_named(pad, told):
    photos = torch.randn(16, 3, 8, 8), torch.randint(10, (16,))
    model = Padded(pad)
    [found] = diagnose(model, photos, cross_entropy).findings
    assert found.kind == "dead units" and found.number == pytest.approx(112 / 128)
    assert ("shortcut fills up channels with zeros" in found.why) == told
    nn.init.constant_(model.branch.bias, 0.1)  # as the first step of Fixup makes it
    assert diagnose(model, photos, cross_entropy).healthy
    nn.init.constant_(model.branch.bias, -99.0)  # switches off what no shortcut filled with zeros
    [found] = diagnose(model, photos, cross_entropy).findings
    assert found.number == 1 and "fills up channels" not in found.why
