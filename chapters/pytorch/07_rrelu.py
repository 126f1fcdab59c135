"""Chapter 7 in PyTorch: random slopes in twenty layers."""

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


class RReLU(nn.Module):
    """As in the paper: nn.RReLU draws the slope, not the divisor."""

    def forward(self, z):
        """Divide what is negative by a number between 3 and 8."""
        divisor = torch.full_like(z, 5.5)
        if self.training:
            divisor.uniform_(3, 8)
        return torch.where(z > 0, z, z / divisor)


def network():
    """Return twenty hidden layers of 32 units, weights by He."""
    sizes, layers = [64, *[32] * 20, 10], []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(fan_in, fan_out), RReLU()]
    model = nn.Sequential(*layers[:-1]).double()
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


def trained(model, epochs=15):
    """Train by gradient descent; return the loss without draws."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return cross_entropy(model.eval()(x), y).item()


def experiment():
    """Return the loss after fifteen epochs."""
    torch.manual_seed(0)
    return trained(network())


if __name__ == "__main__":
    print(f"RReLU: {experiment():.2f}")
