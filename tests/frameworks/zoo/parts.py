"""What several models of the zoo are made of: weights, chains of dense layers, and heads."""

from __future__ import annotations

import torch
from torch import nn

from zoo.patient import CLASSES, FEATURES, WORDS


def he(weight):
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def lecun(weight):
    nn.init.normal_(weight, std=weight[0].numel() ** -0.5)


def glorot(weight):
    nn.init.xavier_normal_(weight)


def orthogonal(weight):
    nn.init.orthogonal_(weight)


def normal(std):
    """Return weights with one standard deviation, whatever the width."""
    return lambda weight: nn.init.normal_(weight, std=std)


def scaled(gain):
    """Return weights with the standard deviation gain / sqrt(fan_in)."""
    return lambda weight: nn.init.normal_(weight, std=gain * weight[0].numel() ** -0.5)


def chain(depth, width, activation, init=None, norm=None, features=FEATURES, outputs=CLASSES):
    """Make hidden layers named 1, 2, … with what stands behind each, and a last one, "out"."""
    model = nn.Sequential()
    for number in range(1, depth + 1):
        layer = nn.Linear(features, width)
        if init is not None:
            init(layer.weight)
            nn.init.zeros_(layer.bias)
        model.add_module(f"layer{number}", layer)
        if norm is not None:
            model.add_module(f"norm{number}", norm(width))
        model.add_module(f"act{number}", activation())
        features = width
    model.add_module("out", nn.Linear(features, outputs))
    return model


def chains(width, activation, init=None, norm=None):
    """Return the function that makes such a chain of a depth."""
    return lambda depth: chain(depth, width, activation, init, norm)


def layers(first, last):
    return tuple(f"layer{number}" for number in range(first, last + 1))


def with_activation(number, activation, depth=6):
    """Make a healthy chain in which one activation is another."""
    model = chain(depth, 64, nn.ReLU, he)
    setattr(model, f"act{number}", activation)
    return model


class Function(nn.Module):
    """A function as a layer without weights."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Reader(nn.Module):
    """Embed words, read them, and answer: once, or at every step."""

    def __init__(self, body, width, outputs, every_step, read=None):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, width)
        self.body = body
        self.head = nn.Linear(read or width, outputs)
        self.every_step = every_step

    def forward(self, words):
        h = self.body(self.embedding(words))
        h = h[0] if isinstance(h, tuple) else h
        return self.head(h if self.every_step else h.mean(dim=1))


class LastStep(nn.Module):
    """Read a series, and answer at its end."""

    def __init__(self, body, prepare=None):
        super().__init__()
        self.body = body
        self.head = nn.Linear(body.hidden_size, CLASSES)
        if prepare is not None:
            prepare(body)

    def forward(self, x):
        return self.head(self.body(x)[0][:, -1])


def remembering(lstm):
    """Forget biases of 1 in all: Jozefowicz et al. (2015)."""
    hidden = lstm.hidden_size
    with torch.no_grad():
        lstm.bias_ih_l0[hidden : 2 * hidden] = 1.0
        lstm.bias_hh_l0[hidden : 2 * hidden] = 0.0


def recurrent(gain):
    """Return orthogonal recurrent weights times a gain."""

    def prepare(rnn):
        with torch.no_grad():
            nn.init.orthogonal_(rnn.weight_hh_l0)
            rnn.weight_hh_l0 *= gain

    return prepare
