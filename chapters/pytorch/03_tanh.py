"""Chapter 3 in PyTorch: two recipes for the weights of tanh layers."""

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


def network(init):
    """Return five hidden layers of 1,000 tanh units."""
    sizes, layers = [64, 1000, 1000, 1000, 1000, 1000, 10], []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(fan_in, fan_out), nn.Tanh()]
    model = nn.Sequential(*layers[:-1]).double()
    for layer in model[::2]:
        init(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


def ratio(model):
    """Return the mean square of dloss/dz, first layer over last."""
    h, outputs = x[:100], []
    for layer in model:
        h = layer(h)
        h.retain_grad()
        outputs.append(h)
    cross_entropy(h, y[:100]).backward()
    squares = [z.grad.square().mean() for z in outputs[:-1:2]]
    return (squares[0] / squares[-1]).item()


def standard(weight):
    """Draw from U(-1/sqrt(n), 1/sqrt(n)), as nn.Linear itself does."""
    nn.init.kaiming_uniform_(weight, a=5**0.5)


def experiment():
    """Return the ratio with the standard and the normalised recipe."""
    torch.manual_seed(0)
    recipes = standard, nn.init.xavier_uniform_
    return [ratio(network(init)) for init in recipes]


if __name__ == "__main__":
    old, new = experiment()
    print(f"standard: {old:.4f}, normalised: {new:.2f}")
