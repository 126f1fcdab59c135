"""Chapter 1 in PyTorch: logistic regression, solved in two ways."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.autograd.functional import hessian, jacobian
from torch.nn.functional import binary_cross_entropy_with_logits as loss

torch.set_num_threads(1)  # faster: the matrices are small
pixels, labels = load_digits(return_X_y=True)
train = np.random.default_rng(0).permutation(1797)[:1400]
x = torch.from_numpy(pixels[train]).reshape(-1, 8, 8)[:, 2:5, 3:6]
x = x.flatten(1)  # nine pixels from the middle
x = (x - x.mean(0)) / x.std(0, correction=0)
y = torch.from_numpy(labels[train] == 8).double()


def descent(model):
    """Take 1,500 steps down the gradient; return the loss."""
    optimizer = torch.optim.SGD(model.parameters(), lr=3.0)
    for _ in range(1500):
        optimizer.zero_grad()
        loss(model(x).squeeze(1), y).backward()
        optimizer.step()
    return loss(model(x).squeeze(1), y).item()


def newton():
    """Take 12 steps with the second derivatives; return the loss."""
    design = torch.cat([x, torch.ones_like(x[:, :1])], 1)

    def at(weights):
        return loss(design @ weights, y)

    weights = torch.zeros(10).double()
    for _ in range(12):
        gradient, curvature = jacobian(at, weights), hessian(at, weights)
        weights = weights - torch.linalg.solve(curvature, gradient)
    return at(weights).item()


if __name__ == "__main__":
    torch.manual_seed(0)
    print(f"gradient descent: {descent(nn.Linear(9, 1).double()):.8f}")
    print(f"Newton's method:  {newton():.8f}")
