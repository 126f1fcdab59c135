"""Chapter 13 in PyTorch: a gradient that grows with batch norm."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

pixels, labels = load_digits(return_X_y=True)
train = np.random.default_rng(0).permutation(1797)[:1400]
x, y = torch.from_numpy(pixels[train]), torch.from_numpy(labels[train])
spread = x.std(0, correction=0)  # 0 where no scan has ink
x = (x - x.mean(0)) / spread.where(spread > 0, 1)


def network(norm):
    """Return thirty hidden layers of 64 ReLUs behind normalisations."""
    layers = []
    for _ in range(30):
        layers += [nn.Linear(64, 64), norm(64), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(64, 10)).double()
    for layer in model[::3]:
        nn.init.normal_(layer.weight, std=(2 / 64) ** 0.5)
        nn.init.zeros_(layer.bias)
    return model


def growth(model):
    """Return the gradient that enters the first ReLU over the last."""
    h, outputs = x[:100], []
    for layer in model:
        h = layer(h)
        h.retain_grad()
        outputs.append(h)
    cross_entropy(h, y[:100]).backward()
    first, last = outputs[1].grad, outputs[-3].grad
    return (first.norm() / last.norm()).item()


def experiment():
    """Return what a layer multiplies the gradient by, going back."""
    factors = {}
    for norm in (nn.Identity, nn.BatchNorm1d, nn.LayerNorm):
        torch.manual_seed(0)
        factors[norm.__name__] = growth(network(norm)) ** (1 / 29)
    return factors


if __name__ == "__main__":
    for name, factor in experiment().items():
        print(f"{name}: {factor:.2f} per layer")
