"""Networks of dense layers that are more than a chain."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from zoo.parts import chain, glorot, he, layers
from zoo.patient import CLASSES, FEATURES


class PreNorm(nn.Module):
    """Residual sums that no module returns, and activations that are no modules.

    Each branch may return more than the one before it by a factor, `growth`, and read its
    normalised numbers with weights `gain` times as large.
    """

    def __init__(self, depth=12, width=32, growth=1.0, gain=1.0, activation=F.gelu):
        super().__init__()
        self.enter = nn.Linear(FEATURES, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.up = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.down = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))
        self.activation = activation
        self.last, self.out = nn.LayerNorm(width), nn.Linear(width, CLASSES)
        with torch.no_grad():
            for number in range(depth):
                self.up[number].weight *= gain
                self.down[number].weight *= growth**number

    def forward(self, x):
        x = self.enter(x)
        for norm, up, down in zip(self.norms, self.up, self.down):
            x = x + down(self.activation(up(norm(x))))
        return self.out(self.last(x))


class Sums(nn.Module):
    """Residual sums x + alpha f(x) without normalisation; f has two layers with He's weights."""

    def __init__(self, depth, alpha=1.0, learned=False, width=64):
        super().__init__()
        self.enter = nn.Linear(FEATURES, width)
        for number in range(1, depth + 1):
            branch = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
            for layer in (branch[0], branch[2]):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
            self.add_module(f"block{number}", branch)
        self.depth = depth
        scales = torch.full((depth,), alpha)
        self.scales = nn.Parameter(scales) if learned else scales
        self.out = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.enter(x)
        for number in range(1, self.depth + 1):
            x = x + self.scales[number - 1] * self.get_submodule(f"block{number}")(x)
        return self.out(x)


class Highway(nn.Module):
    """Gates that pass x on, biased to do so: Srivastava et al. (2015)."""

    def __init__(self, depth=10, width=64, bias=-3.0):
        super().__init__()
        self.enter = nn.Linear(FEATURES, width)
        self.change = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.gates = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        for change, gate in zip(self.change, self.gates):
            he(change.weight)
            nn.init.constant_(gate.bias, bias)
        self.out = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = torch.relu(self.enter(x))
        for change, gate in zip(self.change, self.gates):
            t = torch.sigmoid(gate(x))
            x = t * torch.relu(change(x)) + (1 - t) * x
        return self.out(x)


class Experts(nn.Module):
    """Experts, and a gate that says how much of each: Jacobs et al. (1991)."""

    def __init__(self, experts=4):
        super().__init__()
        self.enter = nn.Linear(FEATURES, 64)
        self.experts = nn.ModuleList(chain(2, 64, nn.ReLU, he, features=64) for _ in range(experts))
        self.gate = nn.Linear(64, experts)

    def forward(self, x):
        x = torch.relu(self.enter(x))
        weights = self.gate(x).softmax(dim=-1)
        answers = torch.stack([expert(x) for expert in self.experts], dim=1)
        return (weights[:, :, None] * answers).sum(dim=1)


class Siamese(nn.Module):
    """One network reads both of a pair, and the distance is the answer: Hadsell et al. (2006)."""

    def __init__(self):
        super().__init__()
        self.body = chain(4, 64, nn.ReLU, he, outputs=16)

    def forward(self, pairs):
        return self.body(pairs[:, 0]) - self.body(pairs[:, 1])


def contrastive(difference, same, margin=1.0):
    """Bring together what is the same, and keep apart what is not, up to a margin."""
    square = difference.square().sum(dim=-1)
    apart = F.relu(margin - (square + 1e-6).sqrt()).square()
    return (same * square + (1 - same) * apart).mean()


class Variational(nn.Module):
    """Encode into a mean and a spread, draw, and decode: Kingma and Welling (2014)."""

    def __init__(self, latent=4):
        super().__init__()
        self.encode = nn.Linear(FEATURES, 64)
        self.mean, self.log_variance = nn.Linear(64, latent), nn.Linear(64, latent)
        self.decode, self.out = nn.Linear(latent, 64), nn.Linear(64, FEATURES)

    def forward(self, x):
        h = torch.relu(self.encode(x))
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return self.out(torch.relu(self.decode(z))), mean, log_variance


def evidence(output, x):
    """Return the negative lower bound of the evidence, with a normal likelihood."""
    again, mean, log_variance = output
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=-1)
    return (0.5 * (again - x).square().sum(dim=-1) + divergence).mean()


class Sine(nn.Module):
    def __init__(self, frequency):
        super().__init__()
        self.frequency = frequency

    def forward(self, x):
        return torch.sin(self.frequency * x)


def siren(depth=4, width=64, frequency=30.0):
    """Sines and their weights: Sitzmann et al. (2020)."""
    model = chain(depth, width, lambda: Sine(frequency), features=2, outputs=1)
    with torch.no_grad():
        nn.init.uniform_(model.layer1.weight, -1 / 2, 1 / 2)
        for name in (*layers(2, depth), "out"):
            bound = (6 / width) ** 0.5 / frequency
            nn.init.uniform_(model.get_submodule(name).weight, -bound, bound)
    return model


class Mixer(nn.Module):
    """Dense layers over places and over features in turn: Tolstikhin et al. (2021)."""

    def __init__(self, depth=4, places=30, width=32):
        super().__init__()
        self.enter = nn.Linear(3, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * depth))
        self.along = nn.ModuleList(self._two(places) for _ in range(depth))
        self.across = nn.ModuleList(self._two(width) for _ in range(depth))
        self.out = nn.Linear(width, CLASSES)

    @staticmethod
    def _two(width):
        return nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        x = self.enter(x)
        for number, (along, across) in enumerate(zip(self.along, self.across)):
            turned = self.norms[2 * number](x).transpose(1, 2)
            x = x + along(turned).transpose(1, 2)
            x = x + across(self.norms[2 * number + 1](x))
        return self.out(x.mean(dim=1))


class Points(nn.Module):
    """The same layers for every point, and the largest of each feature: Qi et al. (2017)."""

    def __init__(self):
        super().__init__()
        self.point = chain(3, 64, nn.ReLU, he, features=3, outputs=128)
        self.out = chain(2, 64, nn.ReLU, he, features=128)

    def forward(self, x):
        return self.out(torch.relu(self.point(x)).amax(dim=1))


def autoencoder():
    """Widths that become smaller and larger again, with He's weights."""
    sizes = [FEATURES, 128, 64, 16, 64, 128]
    model = nn.Sequential()
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layer = nn.Linear(fan_in, fan_out)
        he(layer.weight)
        model.extend([layer, nn.ReLU()])
    return model.append(nn.Linear(128, FEATURES))


def weight_normed():
    model = chain(6, 64, nn.ReLU, he)
    for name in layers(1, 6):
        nn.utils.parametrizations.weight_norm(model.get_submodule(name))
    return model


def with_dropout():
    model = nn.Sequential()
    for fan_in in (FEATURES, 128, 128):
        layer = nn.Linear(fan_in, 128)
        he(layer.weight)
        model.extend([layer, nn.ReLU(), nn.Dropout(0.5)])
    return model.append(nn.Linear(128, CLASSES))


def sigmoids_in_the_middle():
    model = chain(24, 64, nn.ReLU, he)
    for number in range(9, 17):
        setattr(model, f"act{number}", nn.Sigmoid())
        glorot(model.get_submodule(f"layer{number}").weight)
    return model


def biased(number, bias, depth=8):
    model = chain(depth, 64, nn.ReLU, he)
    nn.init.constant_(model.get_submodule(f"layer{number}").bias, bias)
    return model
