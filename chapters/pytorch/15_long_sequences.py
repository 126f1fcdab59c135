"""Chapter 15 in PyTorch: the curse of memory, and its repair."""

from itertools import product

import torch


def derivatives(learned, exponential, scaled, inputs):
    """Return the last state's derivative, for each sequence."""
    learned = learned.expand(inputs.shape[1]).clone()
    learned.requires_grad = True  # a copy for each sequence
    factor = (-learned.exp()).exp() if exponential else learned
    scale = (1 - factor**2).sqrt() if scaled else 1
    h = torch.zeros_like(factor)
    for x in inputs:
        h = factor * h + scale * x
    return torch.autograd.grad(h.sum(), learned)[0]


def experiment(memory, sequences=2000):
    """Return the mean squares, by what is learned."""
    torch.manual_seed(0)
    inputs = torch.randn(8 * memory, sequences).double()
    factor = torch.tensor(1 - 1 / memory).double()
    found = []
    for exponential, scaled in product((False, True), repeat=2):
        learned = (-factor.log()).log() if exponential else factor
        slopes = derivatives(learned, exponential, scaled, inputs)
        found.append(slopes.square().mean().item())
    return found


if __name__ == "__main__":
    for memory in (16, 128):
        values = "lambda {:.2g}, scaled {:.2g}; nu {:.2g}, scaled {:.2g}"
        print(f"memory {memory}:", values.format(*experiment(memory)))
