"""Chapter 12 in PyTorch: depth harms a plain network, not a residual."""

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


class Network(nn.Module):
    """Blocks of one layer of 32 ReLUs, with or without shortcuts."""

    def __init__(self, depth, residual):
        super().__init__()
        sizes = [64, *[32] * (depth + 1), 10]
        layers = [nn.Linear(*pair) for pair in zip(sizes, sizes[1:])]
        self.layers, self.residual = nn.ModuleList(layers), residual
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, h):
        """Return the logits."""
        first, *blocks, last = self.layers
        h = first(h)
        for layer in blocks:
            f = layer(h.relu())
            h = h + f / len(blocks) ** 0.5 if self.residual else f
        return last(h)


def trained(model, epochs=4):
    """Train with Adam; return the loss on the training images."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(100):
            optimizer.zero_grad()
            cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    return cross_entropy(model(x), y).item()


def experiment(residual, depths=(5, 50)):
    """Return the losses of networks of these depths."""
    torch.manual_seed(0)
    return [trained(Network(depth, residual)) for depth in depths]


if __name__ == "__main__":
    for name, residual in {"plain": False, "residual": True}.items():
        losses = (f"{loss:.2f}" for loss in experiment(residual))
        print(f"{name}, 5 and 50 blocks:", ", ".join(losses))
