"""Chapter 2 in PyTorch: each earlier layer of sigmoids is slower."""

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


def network():
    """Return four hidden layers of 30 sigmoids, weights by LeCun."""
    sizes, layers = [64, 30, 30, 30, 30, 10], []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(fan_in, fan_out), nn.Sigmoid()]
    model = nn.Sequential(*layers[:-1]).double()
    for layer in model[::2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
        nn.init.zeros_(layer.bias)
    return model


def gradients(model):
    """Return the root mean square of dloss/dz in each hidden layer."""
    h, outputs = x, []
    for layer in model:
        h = layer(h)
        h.retain_grad()
        outputs.append(h)
    cross_entropy(h, y, reduction="sum").backward()  # one loss a scan
    return [z.grad.square().mean().sqrt().item() for z in outputs[:-1:2]]


def experiment():
    """Return the gradients of one untrained network."""
    torch.manual_seed(0)
    return gradients(network())


if __name__ == "__main__":
    sizes = experiment()
    for before, after in zip(sizes, sizes[1:]):
        print(f"from one layer to the next: {after / before:.1f}")
    print(f"from the first to the last: {sizes[-1] / sizes[0]:.0f}")
