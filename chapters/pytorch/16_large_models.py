"""Chapter 16 in PyTorch: how far one step goes in a wide network."""

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

WIDTHS = [128, 256, 512, 1024]
RULES = {torch.optim.SGD: 0.01, torch.optim.Adam: 0.00003}


def network(width, mup):
    """Return two hidden layers of tanh, with standard or muP weights."""
    sizes = [64, width, width, 10]
    layers = [nn.Linear(*pair) for pair in zip(sizes, sizes[1:])]
    for layer in layers:
        nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        nn.init.zeros_(layer.bias)
    first, middle, last = layers
    first.weight.data *= 8  # the inputs are divided by 8
    if mup:
        last.weight.data /= (width / WIDTHS[0]) ** 0.5
    tanh = nn.Tanh()
    return nn.Sequential(first, tanh, middle, tanh, last).double()


def optimizer(model, rule, mup):
    """Return the rule, with a rate for each parameter."""
    r = model[0].out_features / WIDTHS[0] if mup else 1
    if rule is torch.optim.SGD:
        weights, biases = (r, 1, 1 / r), (r, r, 1)
    else:
        weights, biases = (1, 1 / r, 1 / r), (1, 1, 1)
    rate, groups = RULES[rule], []
    for layer, weight, bias in zip(model[::2], weights, biases):
        groups.append({"params": [layer.weight], "lr": weight * rate})
        groups.append({"params": [layer.bias], "lr": bias * rate})
    return rule(groups)


def before_tanh(model):
    """Return what both hidden layers pass to tanh, and the logits."""
    found, h = [], x[:100] / 8
    for layer in model:
        h = layer(h)
        if isinstance(layer, nn.Linear):
            found.append(h)
    return found


def change(model, rule):
    """Return how far one step moves each layer, root mean square."""
    old = before_tanh(model)
    cross_entropy(old[-1], y[:100]).backward()
    rule.step()
    pairs = zip(old, before_tanh(model))
    return [(a - b).square().mean().sqrt().item() for a, b in pairs]


def experiment(rule, mup):
    """Return the powers of the width in the change, mean of 5 draws."""
    powers = []
    for seed in range(5):
        torch.manual_seed(seed)
        models = [network(width, mup) for width in WIDTHS]
        moved = [change(m, optimizer(m, rule, mup)) for m in models]
        slopes, _ = np.polyfit(np.log(WIDTHS), np.log(moved), 1)
        powers.append(slopes)
    return np.mean(powers, axis=0)


if __name__ == "__main__":
    for name, mup in {"standard": False, "muP": True}.items():
        for rule in RULES:
            powers = ", ".join(f"{p:.2f}" for p in experiment(rule, mup))
            print(f"{name}, {rule.__name__}: {powers}")
