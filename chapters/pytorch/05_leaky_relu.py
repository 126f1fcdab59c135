"""Chapter 5 in PyTorch: how many of the units come back."""

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

x, y = x[:300], y[:300]


def network(slope):
    """Return three layers of 128 units."""
    sizes, layers = [64, 128, 128, 128, 10], []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(fan_in, fan_out), nn.LeakyReLU(slope)]
    model = nn.Sequential(*layers[:-1]).double()
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


@torch.no_grad()
def switch_off(model):
    """Lower 64 biases a layer: no image lifts these units above 0."""
    h = x
    for dense, activation in zip(model[:-1:2], model[1::2]):
        dense.bias[:64] = -dense(h)[:, :64].amax(0) - 0.1
        h = activation(dense(h))


def back(model, epochs=30):
    """Train; return the share in layer 1 that is on for some image."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(30):
            optimizer.zero_grad()
            cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return (model[0](x)[:, :64] > 0).any(0).double().mean().item()


def experiment(slope):
    """Return the share that comes back with this negative slope."""
    torch.manual_seed(0)
    switch_off(model := network(slope))
    return back(model)


if __name__ == "__main__":
    for slope in (0, 0.1, 0.25):
        print(f"slope {slope}: {100 * experiment(slope):.0f} %")
