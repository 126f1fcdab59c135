"""Models with units that are off, numbers that are none, or layers that no gradient reaches."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from zoo import pictures, sequences, vectors
from zoo.parts import Function, chain, chains, glorot, he, layers, normal, with_activation
from zoo.patient import CLASSES, FEATURES, Patient


def distances(x):
    """Add the mean distance to all samples, itself included: the root of 0 has no slope."""
    apart = ((x[:, None] - x) ** 2).sum(dim=-1).sqrt()
    return x + apart.mean(dim=1, keepdim=True)


def standardised(x):
    """Divide by the spread of a feature in the batch, which may be 0."""
    return (x - x.mean(dim=0)) / x.std(dim=0)


def mostly_dead():
    """Switch off 48 of 64 units for good."""
    model = chain(6, 64, nn.ReLU, he)
    nn.init.constant_(model.layer3.bias[:48], -20.0)
    return model


def with_dead_channels():
    model = pictures.vgg(norm=False)
    nn.init.constant_(model[5].bias, -20.0)
    return model


def same(activation):
    """Make every unit the mean of what it reads, without a bias."""
    model = chain(4, 64, activation)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 1 / 64 if parameter.ndim > 1 else 0.0)
    return model


def zeros(activation):
    return chain(5, 64, activation, nn.init.zeros_)


def with_a_missing_weight():
    model = chain(4, 64, nn.ReLU, he)
    with torch.no_grad():
        model.layer3.weight[0, 0] = torch.nan
    return model


class Detached(nn.Module):
    """Half of the layers get no gradient, because their output is detached."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(FEATURES, 64), nn.Linear(64, 64)
        self.out = nn.Linear(64, CLASSES)

    def forward(self, x):
        x = torch.relu(self.encoder(x)).detach()
        return self.out(torch.relu(self.decoder(x)))


class WithoutGradient(nn.Module):
    """An encoder in torch.no_grad(), which was meant for its evaluation."""

    def __init__(self):
        super().__init__()
        self.encoder = chain(3, 64, nn.ReLU, he, outputs=32)
        self.out = chain(2, 64, nn.ReLU, he, features=32)

    def forward(self, x):
        with torch.no_grad():
            x = self.encoder(x)
        return self.out(x)


class Unused(nn.Module):
    """A second head that forward leaves out."""

    def __init__(self):
        super().__init__()
        self.body = chain(3, 64, nn.ReLU, he, outputs=32)
        self.head, self.other = nn.Linear(32, CLASSES), nn.Linear(32, CLASSES)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))


def frozen():
    return chain(4, 64, nn.ReLU, he).requires_grad_(False)


def of_probabilities(output, y):
    """Take the logarithm of a softmax whose smallest values are 0."""
    return F.nll_loss(torch.log(output.softmax(dim=-1)), y)


def confident():
    model = chain(4, 64, nn.ReLU, he)
    with torch.no_grad():
        model.out.weight *= 1000.0
    return model


UNITS = [
    Patient(
        "dead layer",
        lambda: vectors.biased(4, -20.0),
        "Lu et al. 2019, arXiv:1903.06733; Douglas and Yu 2018, arXiv:1812.05981",
        faults={"dead units": ("act4",)},
        also=("no gradient",),
    ),
    Patient(
        "dead channels",
        with_dead_channels,
        "Lu et al. 2019, arXiv:1903.06733",
        "pictures",
        faults={"dead units": ("6",)},
        also=("no gradient",),
    ),
    Patient(
        "three quarters of a layer dead",
        mostly_dead,
        "Stanford CS231n, neural networks 1: a large step can kill a rectifier for good",
        faults={"dead units": ("act3",)},
    ),
    Patient(
        "inputs from 0 to 255",
        lambda: chain(3, 64, nn.Tanh, glorot),
        "LeCun et al. 1998, Efficient BackProp: standardise the inputs",
        "bytes",
        faults={"saturated units": ("act1",)},
    ),
    Patient(
        "tanh, standard normal weights",
        chains(64, nn.Tanh, normal(1.0)),
        "Stanford CS231n, neural networks 2; Glorot and Bengio 2010",
        faults=lambda depth: {"saturated units": tuple(f"act{n}" for n in range(1, depth + 1))},
        also=("exploding", "vanishing"),
        depth=5,
    ),
    Patient(
        "sigmoids, weights of standard deviation 3",
        lambda: chain(4, 64, nn.Sigmoid, normal(3.0)),
        "Glorot and Bengio 2010; LeCun et al. 1998",
        faults={"saturated units": ("act1", "act2", "act3", "act4")},
        also=("exploding", "vanishing"),
    ),
]

NUMBERS = [
    Patient(
        "logarithm of a negative number",
        lambda: with_activation(3, Function(torch.log)),
        "textbook case",
        faults={"non-finite values": ("act3",)},
    ),
    Patient(
        "logarithm of a probability that is 0",
        confident,
        "torch.nn.CrossEntropyLoss takes logits for this reason",
        loss=of_probabilities,
        faults={"non-finite values": ("the loss",)},
    ),
    Patient(
        "distance of a sample to itself",
        lambda: with_activation(3, Function(distances)),
        "pytorch/pytorch#2421; Moindrot 2018, Triplet loss: sqrt has no slope at 0",
        faults={"non-finite values": ("layer3",)},
    ),
    Patient(
        "a constant feature, standardised",
        lambda: nn.Sequential(Function(standardised), chain(4, 64, nn.ReLU, he)),
        "pytorch/pytorch#4320",
        "a constant feature",
        faults={"non-finite values": ("0",)},
    ),
    Patient(
        "missing values",
        lambda: chain(4, 64, nn.ReLU, he),
        "textbook case",
        "missing values",
        faults={"non-finite values": ("the input",)},
    ),
    Patient(
        "a weight that is not a number",
        with_a_missing_weight,
        "textbook case: what a step with an infinite gradient leaves",
        faults={"non-finite values": ("layer3.weight",)},
    ),
    Patient(
        "float16 overflows",
        lambda: chain(6, 64, nn.ReLU, normal(1.0)).half(),
        "huggingface/transformers#12225; NVIDIA/apex#963",
        "large half vectors",
        faults={"non-finite values": ("layer2",)},
        scales=(1.0,),
    ),
    Patient(
        "float16, a loss that is too small",
        lambda: chain(6, 64, nn.ReLU, he).half(),
        "Micikevicius et al. 2018, arXiv:1710.03740",
        "half vectors",
        faults={"underflow": None},
        scales=(1e-6,),
    ),
    Patient(
        "bfloat16, 60 sigmoids",
        lambda: chain(60, 64, nn.Sigmoid, glorot).bfloat16(),
        "Glorot and Bengio 2010; the range of bfloat16 is that of float32",
        "bfloat vectors",
        faults={"vanishing": layers(1, 60), "underflow": None},
        scales=(1e-6, 1e-3, 1.0),
    ),
]

SILENT = [
    Patient(
        "detached",
        Detached,
        "textbook case",
        faults={"no gradient": ("encoder",)},
    ),
    Patient(
        "encoder in no_grad",
        WithoutGradient,
        "textbook case",
        faults={
            "no gradient": ("encoder.layer1", "encoder.layer2", "encoder.layer3", "encoder.out")
        },
    ),
    Patient("frozen", frozen, "textbook case", faults={"no gradient": None}),
    Patient(
        "unused head",
        Unused,
        "pytorch/pytorch#57776: parameters that forward leaves out",
        faults={"no gradient": ("other",)},
    ),
    Patient(
        "argmax between two networks",
        sequences.Hardened,
        "pytorch/pytorch#1339",
        "words",
        faults={"no gradient": ("embedding", "writer")},
    ),
    Patient(
        "rounded",
        lambda: with_activation(4, Function(torch.round)),
        "apache/mxnet#9040: the slope of rounding is 0",
        faults={"no gradient": layers(1, 4)},
    ),
    Patient(
        "all weights 0, ReLU",
        lambda: zeros(nn.ReLU),
        "Goodfellow et al. 2016, section 8.4: the weights have to break the symmetry",
        faults={"dead units": ("act1",)},
        also=("no gradient",),
    ),
    Patient(
        "all weights 0, tanh",
        lambda: zeros(nn.Tanh),
        "Goodfellow et al. 2016, section 8.4",
        faults={"no gradient": None},
    ),
    Patient(
        "weights that are all the same",
        lambda: same(nn.Tanh),
        "Goodfellow et al. 2016, section 8.4: the weights have to break the symmetry",
        faults={"symmetric units": layers(1, 4)},
    ),
]
