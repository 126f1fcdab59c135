"""Models that are healthy, and models that are not, with what is wrong and where that is from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional as F

FEATURES, CLASSES = 20, 10


@dataclass(frozen=True)
class Patient:
    """A model, what is wrong with it, and where the recipe comes from.

    `faults` maps each kind of finding that is right to the layers that it should name (None
    where there is no choice); `also` are kinds that follow from them, and that need not be
    found. Without faults the model is healthy.
    """

    name: str
    make: Callable[[], nn.Module]
    source: str
    data: str = "vectors"
    faults: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    def model(self, seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return self.make()

    def batch(self, size: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        draw = torch.Generator().manual_seed(1000 + seed)
        return DATA[self.data](size, draw)


def classes(size, draw):
    return torch.randint(CLASSES, (size,), generator=draw)


DATA = {
    "vectors": lambda n, g: (torch.randn(n, FEATURES, generator=g), classes(n, g)),
    "bytes": lambda n, g: (255 * torch.rand(n, FEATURES, generator=g), classes(n, g)),
    "pictures": lambda n, g: (torch.randn(n, 3, 16, 16, generator=g), classes(n, g)),
    "words": lambda n, g: (torch.randint(50, (n, 16), generator=g), classes(n, g)),
    "text": lambda n, g: (
        torch.randint(50, (n, 24), generator=g),
        torch.randint(50, (n, 24), generator=g),
    ),
    "series": lambda n, g: (torch.randn(n, 40, 5, generator=g), classes(n, g)),
    "short series": lambda n, g: (torch.randn(n, 8, 5, generator=g), classes(n, g)),
}


def cross_entropy(output, y):
    """Take the mean over samples, and over the steps of a text."""
    return F.cross_entropy(output.flatten(0, -2), y.flatten())


def he(weight):
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def lecun(weight):
    nn.init.normal_(weight, std=weight[0].numel() ** -0.5)


def chain(depth, width, activation, init=None, norm=None, features=FEATURES):
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
    model.add_module("out", nn.Linear(features, CLASSES))
    return model


def layers(first, last):
    return tuple(f"layer{number}" for number in range(first, last + 1))


class Block(nn.Module):
    """The basic block of He et al. (2016a): the rectifier stands behind the sum."""

    def __init__(self, channels, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.down = nn.Identity()
        if stride > 1:
            conv = nn.Conv2d(channels, outputs, 1, stride, bias=False)
            self.down = nn.Sequential(conv, nn.BatchNorm2d(outputs))

    def forward(self, x):
        f = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(f + self.down(x))


def resnet(zero_gamma=False):
    stem = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
    blocks = [Block(8, 8, 1), Block(8, 8, 1), Block(8, 16, 2), Block(16, 16, 1)]
    blocks += [Block(16, 32, 2), Block(32, 32, 1)]
    tail = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, CLASSES)]
    model = nn.Sequential(stem, nn.BatchNorm2d(8), nn.ReLU(inplace=True), *blocks, *tail)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if zero_gamma and isinstance(module, Block):
            nn.init.zeros_(module.bn2.weight)
    return model


def vgg_bn():
    model, channels = nn.Sequential(), 3
    for outputs in (16, 16, "pool", 32, 32, "pool", 64, 64):
        if outputs == "pool":
            model.append(nn.MaxPool2d(2))
            continue
        model.extend([nn.Conv2d(channels, outputs, 3, padding=1), nn.BatchNorm2d(outputs)])
        model.append(nn.ReLU(inplace=True))
        channels = outputs
    return model.extend([nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES)])


class Reader(nn.Module):
    """Embed words, read them, and answer: once, or at every step."""

    def __init__(self, body, width, outputs, every_step):
        super().__init__()
        self.embedding = nn.Embedding(50, width)
        self.body = body
        self.head = nn.Linear(width, outputs)
        self.every_step = every_step

    def forward(self, words):
        h = self.body(self.embedding(words))
        h = h[0] if isinstance(h, tuple) else h
        return self.head(h if self.every_step else h.mean(dim=1))


def transformer(depth=6, width=32):
    layer = nn.TransformerEncoderLayer(
        width, 4, 4 * width, dropout=0.1, batch_first=True, norm_first=True
    )
    norm = nn.LayerNorm(width)
    body = nn.TransformerEncoder(layer, depth, norm, enable_nested_tensor=False)
    return Reader(body, width, CLASSES, every_step=False)


class Functional(nn.Module):
    """Residual sums that no module returns, and activations that are no modules."""

    def __init__(self, depth=12, width=32):
        super().__init__()
        self.enter = nn.Linear(FEATURES, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.up = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(depth))
        self.down = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(depth))
        self.out = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.enter(x)
        for norm, up, down in zip(self.norms, self.up, self.down):
            x = x + down(F.gelu(up(norm(x))))
        return self.out(x)


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
    def prepare(rnn):
        with torch.no_grad():
            nn.init.orthogonal_(rnn.weight_hh_l0)
            rnn.weight_hh_l0 *= gain

    return prepare


def autoencoder():
    sizes = [FEATURES, 128, 64, 16, 64, 128]
    model = nn.Sequential()
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layer = nn.Linear(fan_in, fan_out)
        he(layer.weight)
        model.extend([layer, nn.ReLU()])
    return model.append(nn.Linear(128, CLASSES))


def biased():
    model = chain(8, 64, nn.ReLU, he)
    nn.init.constant_(model.layer4.bias, -20.0)
    return model


def sigmoids_in_the_middle():
    model = chain(24, 64, nn.ReLU, he)
    for number in range(9, 17):
        setattr(model, f"act{number}", nn.Sigmoid())
        nn.init.xavier_normal_(model.get_submodule(f"layer{number}").weight)
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


class Distances(nn.Module):
    """Add the mean distance to all samples, itself included: the root of 0 has no slope."""

    def forward(self, x):
        distances = ((x[:, None] - x) ** 2).sum(dim=-1).sqrt()
        return x + distances.mean(dim=1, keepdim=True)


class Logarithm(nn.Module):
    def forward(self, x):
        return torch.log(x)


def with_layer(number, activation):
    model = chain(6, 64, nn.ReLU, he)
    setattr(model, f"act{number}", activation)
    return model


def frozen():
    model = chain(4, 64, nn.ReLU, he)
    return model.requires_grad_(False)


ZOO = [
    # Healthy
    Patient("MLP, He", lambda: chain(5, 64, nn.ReLU, he), "He et al. 2015, arXiv:1502.01852"),
    Patient("MLP, PyTorch's own weights", lambda: chain(3, 64, nn.ReLU), "PyTorch tutorials"),
    Patient("deep ReLU, He", lambda: chain(40, 128, nn.ReLU, he), "He et al. 2015"),
    Patient(
        "deep tanh, Glorot",
        lambda: chain(50, 128, nn.Tanh, nn.init.xavier_normal_),
        "Schoenholz et al. 2017, arXiv:1611.01232: weights of variance 1 / fan_in are critical",
    ),
    Patient(
        "deep tanh, orthogonal",
        lambda: chain(40, 64, nn.Tanh, nn.init.orthogonal_),
        "Saxe et al. 2014, arXiv:1312.6120",
    ),
    Patient("SELU", lambda: chain(30, 128, nn.SELU, lecun), "Klambauer et al. 2017, 1706.02515"),
    Patient("bottleneck", autoencoder, "He et al. 2015: widths that change"),
    Patient(
        "batch normalisation, 8 layers",
        lambda: chain(8, 64, nn.ReLU, he, nn.BatchNorm1d),
        "Ioffe and Szegedy 2015, arXiv:1502.03167",
    ),
    Patient("VGG with BN", vgg_bn, "torchvision vgg11_bn, smaller", "pictures"),
    Patient("ResNet", resnet, "torchvision resnet18, smaller", "pictures"),
    Patient(
        "ResNet, last BN starts at 0",
        lambda: resnet(zero_gamma=True),
        "Goyal et al. 2017, arXiv:1706.02677; torchvision zero_init_residual",
        "pictures",
    ),
    Patient("transformer, pre-LN", transformer, "Xiong et al. 2020, arXiv:2002.04745", "words"),
    Patient("pre-LN sums without modules", Functional, "Xiong et al. 2020"),
    Patient(
        "LSTM, every step",
        lambda: Reader(nn.LSTM(32, 32, batch_first=True), 32, 50, every_step=True),
        "PyTorch examples, word_language_model",
        "text",
    ),
    Patient(
        "GRU, every step",
        lambda: Reader(nn.GRU(32, 32, batch_first=True), 32, 50, every_step=True),
        "PyTorch examples, word_language_model",
        "text",
    ),
    Patient(
        "LSTM, last of 8 steps",
        lambda: LastStep(nn.LSTM(5, 64, batch_first=True), remembering),
        "Jozefowicz et al. 2015: forget bias 1",
        "short series",
    ),
    # Sick
    Patient(
        "sigmoids",
        lambda: chain(10, 64, nn.Sigmoid, nn.init.xavier_normal_),
        "Glorot and Bengio 2010",
        faults={"vanishing": layers(1, 10)},
        also=("underflow",),
    ),
    Patient(
        "few sigmoids",
        lambda: chain(5, 64, nn.Sigmoid, nn.init.xavier_normal_),
        "Glorot and Bengio 2010; Nielsen 2015, chapter 5",
        faults={"vanishing": layers(1, 5)},
    ),
    Patient(
        "deep ReLU, PyTorch's own weights",
        lambda: chain(20, 64, nn.ReLU),
        "He et al. 2015 against torch.nn.Linear.reset_parameters, variance 1 / (3 fan_in)",
        faults={"vanishing": layers(1, 20)},
        also=("underflow",),
    ),
    Patient(
        "ReLU, weights too large",
        lambda: chain(20, 64, nn.ReLU, lambda w: nn.init.normal_(w, std=2 * w.shape[1] ** -0.5)),
        "He et al. 2015",
        faults={"exploding": layers(1, 20)},
    ),
    Patient(
        "tanh in the chaotic phase",
        lambda: chain(30, 128, nn.Tanh, lambda w: nn.init.normal_(w, std=2.5 * w.shape[1] ** -0.5)),
        "Poole et al. 2016, arXiv:1606.05340, whose weights these are",
        faults={"exploding": layers(1, 30)},
    ),
    Patient(
        "dead layer",
        biased,
        "Lu et al. 2019, arXiv:1903.06733; Douglas and Yu 2018, arXiv:1812.05981",
        faults={"dead units": ("act4",)},
        also=("no gradient",),
    ),
    Patient(
        "inputs from 0 to 255",
        lambda: chain(3, 64, nn.Tanh, nn.init.xavier_normal_),
        "LeCun et al. 1998, Efficient BackProp: standardise the inputs",
        "bytes",
        faults={"saturated units": ("act1",)},
    ),
    Patient(
        "batch normalisation, 60 layers",
        lambda: chain(60, 64, nn.ReLU, he, nn.BatchNorm1d),
        "Yang et al. 2019, arXiv:1902.08129",
        faults={"batch-norm growth": layers(1, 60)},
    ),
    Patient(
        "sigmoids in the middle",
        sigmoids_in_the_middle,
        "Glorot and Bengio 2010, between layers of He et al. 2015",
        faults={"vanishing": layers(9, 17)},
        also=("underflow",),
    ),
    Patient(
        "RNN that forgets",
        lambda: LastStep(nn.RNN(5, 32, batch_first=True), recurrent(0.6)),
        "Bengio et al. 1994; Hochreiter 1991",
        "series",
        faults={"vanishing": ("body",)},
    ),
    Patient(
        "RNN that explodes",
        lambda: LastStep(nn.RNN(5, 32, batch_first=True, nonlinearity="relu"), recurrent(2.0)),
        "Pascanu et al. 2013; Le et al. 2015, arXiv:1504.00941, with twice the weights",
        "series",
        faults={"exploding": ("body",)},
    ),
    Patient("detached", Detached, "PyTorch forum", faults={"no gradient": ("encoder",)}),
    Patient("frozen", frozen, "PyTorch forum", faults={"no gradient": None}),
    Patient(
        "logarithm of a negative number",
        lambda: with_layer(3, Logarithm()),
        "pytorch/pytorch anomaly detection",
        faults={"non-finite values": ("act3",)},
    ),
    Patient(
        "distance of a sample to itself",
        lambda: with_layer(3, Distances()),
        "Moindrot 2018, Triplet loss: sqrt has no slope at 0",
        faults={"non-finite values": ("layer3",)},
    ),
]


def overlap(found, true):
    """Return the share of layers that are in both, of those in either."""
    found, true = set(found), set(true)
    return len(found & true) / len(found | true) if found | true else math.nan
