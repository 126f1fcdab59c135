"""Chapter 6 in PyTorch: where the learned slopes go."""

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


def network():
    """Return three layers of 128 units, one slope for each layer."""
    sizes, layers = [64, 128, 128, 128, 10], []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(fan_in, fan_out), nn.PReLU()]  # from 0.25
    model = nn.Sequential(*layers[:-1]).double()
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


def slopes(model, epochs=15):
    """Train by gradient descent; return the slope of each layer."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return [layer.weight.item() for layer in model[1::2]]


def experiment():
    """Return the slopes after fifteen epochs."""
    torch.manual_seed(0)
    return slopes(network())


if __name__ == "__main__":
    print("slopes:", *(f"{slope:.2f}" for slope in experiment()))
