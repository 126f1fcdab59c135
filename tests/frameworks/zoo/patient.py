"""What a model of the zoo is: how it is made, what it reads, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional as F

FEATURES, CLASSES, WORDS = 20, 10, 50

Faults = Mapping[str, tuple[str, ...] | None]


def classes(size, draw):
    return torch.randint(CLASSES, (size,), generator=draw)


def words(size, steps, draw):
    return torch.randint(WORDS, (size, steps), generator=draw)


def with_classes(*shape, scale=torch.randn):
    return lambda n, g: (scale(n, *shape, generator=g), classes(n, g))


def reconstructed(*shape):
    def draw(n, g):
        x = torch.randn(n, *shape, generator=g)
        return x, x

    return draw


def with_missing(n, g):
    x = torch.randn(n, FEATURES, generator=g)
    x[0, 3] = torch.nan
    return x, classes(n, g)


def with_a_constant(n, g):
    x = torch.randn(n, FEATURES, generator=g)
    x[:, 5] = 1.0
    return x, classes(n, g)


def digits(n, g):
    """Draw pictures of scikit-learn."""
    from sklearn.datasets import load_digits

    known = load_digits()
    at = torch.randperm(len(known.target), generator=g)[:n]
    return torch.tensor(known.images)[at].float() / 16, torch.tensor(known.target)[at]


def bytes_from_0_to_255(n, g):
    return 255 * torch.rand(n, FEATURES, generator=g), classes(n, g)


def coordinates(n, g):
    x = 2 * torch.rand(n, 2, generator=g) - 1
    return x, torch.sin(4 * x[:, :1]) * torch.cos(4 * x[:, 1:])


def typed(make, dtype):
    def draw(n, g):
        x, y = make(n, g)
        return x.to(dtype), y

    return draw


def times(make, factor):
    def draw(n, g):
        x, y = make(n, g)
        return factor * x, y

    return draw


VECTORS = with_classes(FEATURES)

DATA = {
    "vectors": VECTORS,
    "half vectors": typed(VECTORS, torch.float16),
    "large half vectors": typed(times(VECTORS, 1e3), torch.float16),
    "bfloat vectors": typed(VECTORS, torch.bfloat16),
    "bytes": bytes_from_0_to_255,
    "missing values": with_missing,
    "a constant feature": with_a_constant,
    "coordinates": coordinates,
    "pairs": lambda n, g: (
        torch.randn(n, 2, FEATURES, generator=g),
        torch.randint(2, (n,), generator=g).float(),
    ),
    "copies": reconstructed(FEATURES),
    "points": with_classes(30, 3),
    "pictures": with_classes(3, 16, 16),
    "small pictures": with_classes(3, 8, 8),
    "masks": lambda n, g: (
        torch.randn(n, 3, 16, 16, generator=g),
        torch.randint(CLASSES, (n, 16, 16), generator=g),
    ),
    "words": lambda n, g: (words(n, 8, g), classes(n, g)),
    "text": lambda n, g: (words(n, 8, g), words(n, 8, g)),
    "translations": lambda n, g: ((words(n, 12, g), words(n, 10, g)), words(n, 10, g)),
    "series": with_classes(40, 5),
    "long series": with_classes(100, 5),
    "short series": with_classes(8, 5),
    "rows": digits,
}
"""Names of data sets, and how n samples are drawn with a generator."""


def cross_entropy(output, y):
    """Take the mean over samples, and over the steps of a text or the places of a mask."""
    if output.ndim == 4:
        return F.cross_entropy(output, y)
    return F.cross_entropy(output.flatten(0, -2), y.flatten())


def squared_error(output, y):
    return F.mse_loss(output, y)


@dataclass(frozen=True)
class Patient:
    """A model, what is wrong with it, and where the recipe comes from.

    Attributes
    ----------
    name : str
    make : callable
        Makes the model; of a depth, if the recipe has one.
    source : str
        The work, the framework or the issue that the recipe is from.
    data : str
        A key of `DATA`.
    loss : callable
    faults : dict, or function of the depth that returns one or None
        Each kind of finding that is right, and the layers that it should name (None where there
        is no choice). Empty for a healthy model; None for a depth between healthy and sick.
    also : tuple of str
        Kinds that follow from the faults, and that need not be found.
    depth : int or None
        Of the recipe; None if it has no depth that could be another.
    scales : tuple of float or None
        The scales of the loss at which this is what is wrong; None for every scale.
    """

    name: str
    make: Callable[..., nn.Module]
    source: str
    data: str = "vectors"
    loss: Callable = cross_entropy
    faults: Faults | Callable[[int], Faults | None] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    depth: int | None = None
    scales: tuple[float, ...] | None = None

    def model(self, seed: int, depth: int | None = None) -> nn.Module:
        torch.manual_seed(seed)
        depth = depth or self.depth
        return self.make() if depth is None else self.make(depth)

    def batch(self, size: int, seed: int) -> tuple:
        return DATA[self.data](size, torch.Generator().manual_seed(1000 + seed))

    def scaled_loss(self, scale: float) -> Callable:
        return lambda output, y: scale * self.loss(output, y)

    def faults_at(self, depth: int | None = None) -> Faults | None:
        return self.faults(depth or self.depth) if callable(self.faults) else self.faults

    def verdict(self, findings, depth: int | None = None) -> tuple[list[str], list[str]]:
        """Return the kinds that are missed, and the kinds that are false alarms.

        `findings` have a `kind` and `layers`. The layers are right if at least half of those
        that are named or should be are both; "3 (ReLU)" is the layer 3.
        """
        faults = self.faults_at(depth) or {}
        missed = []
        for kind, layers in faults.items():
            named = [each for each in findings if each.kind == kind]
            right = named and (
                layers is None or max(overlap(each.layers, layers) for each in named) >= 0.5
            )
            missed += [] if right else [kind]
        return missed, [each.kind for each in findings if each.kind not in {*faults, *self.also}]


def from_depth(kind: str, sick: int, healthy: int, name: str = "layer{}") -> Callable:
    """Return faults for a recipe that is sick from one depth on, and healthy up to another."""

    def faults(depth):
        if sick <= depth:
            return {kind: tuple(name.format(number) for number in range(1, depth + 1))}
        return {} if depth <= healthy else None

    return faults


def overlap(found, true) -> float:
    """Return the share of layers that are in both, of those in either."""
    found, true = {name.partition(" (")[0] for name in found}, set(true)
    return len(found & true) / len(found | true) if found | true else 1.0
