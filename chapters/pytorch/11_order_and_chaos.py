"""Chapter 11 in PyTorch: the factor chi of real tanh layers."""

import torch
from torch import nn

z = torch.linspace(-10, 10, 100_001).double()
share = (-z.square() / 2).softmax(0)  # of a standard normal number
SIGNAL = (share * z.tanh() ** 2).sum()
SLOPE = (share * (1 - z.tanh() ** 2) ** 2).sum()


def network(chi):
    """Return eight layers that keep a variance of 1, at this chi."""
    layers = []
    for _ in range(8):
        layer = nn.Linear(400, 400).double()
        weight_variance = chi / SLOPE
        bias_variance = 1 - weight_variance * SIGNAL
        nn.init.normal_(layer.weight, std=(weight_variance / 400) ** 0.5)
        nn.init.normal_(layer.bias, std=bias_variance**0.5)
        layers += [nn.Tanh(), layer]
    return nn.Sequential(*layers)


def factor(model, inputs, gradient):
    """Return by how much a layer multiplies a squared gradient."""
    outputs = [inputs.requires_grad_()]
    for tanh, layer in zip(model[::2], model[1::2]):
        outputs.append(layer(tanh(outputs[-1])))
    back = torch.autograd.grad(outputs[-1], outputs, gradient)
    squares = torch.stack([g.square().sum(1) for g in back])
    return (squares[:-1] / squares[1:]).mean().item()


def experiment(chi):
    """Return the mean factor of ten networks, 16 random inputs each."""
    factors = []
    for seed in range(10):
        torch.manual_seed(seed)
        inputs, gradient = torch.randn(2, 16, 400).double()
        factors.append(factor(network(chi), inputs, gradient))
    return sum(factors) / 10


if __name__ == "__main__":
    for chi in (0.8, 1.1):
        print(f"chi: {chi} in theory, {experiment(chi):.2f} measured")
