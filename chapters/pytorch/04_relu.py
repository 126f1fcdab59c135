"""Chapter 4 in PyTorch: thirty layers of ReLUs, two recipes."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

torch.set_num_threads(1)  # faster: the matrices are small
pixels, labels = load_digits(return_X_y=True)
train = np.random.default_rng(0).permutation(1797)[:1400]
x, y = torch.from_numpy(pixels[train]), torch.from_numpy(labels[train])
spread = x.std(0, correction=0)  # 0 where no scan has ink
x = (x - x.mean(0)) / spread.where(spread > 0, 1)


def network(init):
    """Return thirty hidden layers of 64 ReLUs."""
    layers = []
    for _ in range(30):
        layers += [nn.Linear(64, 64), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(64, 10)).double()
    for layer in model[::2]:
        init(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


def trained(model, epochs=5):
    """Train by gradient descent; return the loss on all images."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return cross_entropy(model(x), y).item()


def experiment():
    """Return the losses with He's and with Xavier's weights."""
    torch.manual_seed(0)
    recipes = nn.init.kaiming_normal_, nn.init.xavier_normal_
    return [trained(network(init)) for init in recipes]


if __name__ == "__main__":
    he, xavier = experiment()
    print(f"He: {he:.2f}, Xavier: {xavier:.2f}")
