"""Chapter 10 in PyTorch: one network, and each function in its turn."""

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


def matched_gain(f):
    """Return 1 over the root mean square of f(z), z standard normal."""
    z = torch.linspace(-10, 10, 100_001).double()
    return (f(z).square() * (-z.square() / 2).softmax(0)).sum() ** -0.5


def network(f):
    """Return twelve layers of 64 units with weights that fit f."""
    layers = []
    for _ in range(12):
        layers += [nn.Linear(64, 64), f]
    model = nn.Sequential(*layers, nn.Linear(64, 10)).double()
    for layer in model[::2]:
        nn.init.normal_(layer.weight, std=matched_gain(f).item() / 8)
        nn.init.zeros_(layer.bias)
    return model


def trained(model, images, epochs=6):
    """Train on 500 digits by gradient descent; return the loss."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03)
    for _ in range(epochs):
        for batch in torch.randperm(500).split(50):
            optimizer.zero_grad()
            cross_entropy(model(images[batch]), y[batch]).backward()
            optimizer.step()
    return cross_entropy(model(images[:500]), y[:500]).item()


def experiment(f):
    """Return the loss with images scaled as a hidden layer would."""
    torch.manual_seed(0)
    images = x / x.square().mean().sqrt() / matched_gain(f)
    return trained(network(f), images)


if __name__ == "__main__":
    for name in "Sigmoid Tanh Softsign ReLU ELU SELU GELU Mish".split():
        print(f"{name}: {experiment(getattr(nn, name)()):.1f}")
