"""Chapter 8 in PyTorch: mean outputs of two activations, and loss."""

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

x = x.float()


def network(activation):
    """Return eight hidden layers of 128 units, weights by He."""
    sizes, layers = [64, *[128] * 8, 10], []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(fan_in, fan_out), activation]
    model = nn.Sequential(*layers[:-1])
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


@torch.no_grad()
def median_mean(model):
    """Return the median, over all units, of their mean output."""
    h, means = x[:400], []
    for layer in model[:-1]:
        h = layer(h)
        means.append(h.mean(0))
    return torch.cat(means[1::2]).quantile(0.5).item()


def trained(model, epochs=10):
    """Train by gradient descent; return the loss on all images."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return cross_entropy(model(x), y).item()


def experiment(activation):
    """Return the median mean at the start, and the loss at the end."""
    torch.manual_seed(0)
    model = network(activation)
    return median_mean(model), trained(model)


if __name__ == "__main__":
    for activation in (nn.ELU(), nn.ReLU()):
        mean, loss = experiment(activation)
        print(f"{activation}: mean {mean:.2f}, loss {loss:.2f}")
