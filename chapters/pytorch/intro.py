"""The introduction in PyTorch: what one layer keeps of the gradient."""

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


def network(activation, init):
    """Return 50 hidden layers of 64 units, with weights by `init`."""
    layers = []
    for _ in range(50):
        layers += [nn.Linear(64, 64), activation()]
    model = nn.Sequential(*layers, nn.Linear(64, 10)).double()
    for layer in model[::2]:
        init(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


def factor(model):
    """Return what a layer multiplies the gradient by on its way back."""
    h, outputs = x[:200], []
    for layer in model:
        h = layer(h)
        h.retain_grad()
        outputs.append(h)
    cross_entropy(h, y[:200], reduction="sum").backward()
    sizes = [z.grad.square().mean().sqrt() for z in outputs[:-1:2]]
    slope, _ = np.polyfit(range(50), np.log(sizes), 1)
    return np.exp(-slope)


def experiment():
    """Return the factor of three pairs of activation and weights."""
    glorot, he = nn.init.xavier_uniform_, nn.init.kaiming_normal_
    pairs = {
        "sigmoid, Glorot": (nn.Sigmoid, glorot),
        "ReLU, Glorot": (nn.ReLU, glorot),
        "ReLU, He": (nn.ReLU, he),
    }
    torch.manual_seed(0)
    return {name: factor(network(*pair)) for name, pair in pairs.items()}


if __name__ == "__main__":
    for name, kept in experiment().items():
        print(f"{name}: {kept:.2f}")
