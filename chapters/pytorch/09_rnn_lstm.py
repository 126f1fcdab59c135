"""Chapter 9 in PyTorch: a gradient on its way back through 64 steps."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

scans, _ = load_digits(return_X_y=True)
scans = torch.from_numpy(scans)
order = np.random.default_rng(0).permutation(1797)
train, few = scans[order[:1400]], scans[order[1400:1420]]
spread = train.std(0, correction=0)  # 0 where no scan has ink
few = (few - train.mean(0)) / spread.where(spread > 0, 1)
pixels = few.T.unsqueeze(2)  # (time, scans, 1)


def network(kind, forget_bias=None):
    """Return a cell with recurrent weights of spectral radius 1."""
    cell = kind(1, 32).double()
    for block in cell.weight_hh.data.split(32):  # one for each gate
        nn.init.normal_(block)
        block /= torch.linalg.eigvals(block).abs().max()
    for block in cell.weight_ih.data.split(32):
        nn.init.xavier_uniform_(block)
    nn.init.zeros_(cell.bias_ih)
    nn.init.zeros_(cell.bias_hh)
    if forget_bias is not None:  # gates: input, forget, cell, output
        cell.bias_ih.data[32:64] = forget_bias
    return cell


def arriving(cell, gradient):
    """Return the gradient of the first state over that of the last."""
    h, c = torch.zeros(2, 20, 32).double().requires_grad_()
    start = c if isinstance(cell, nn.LSTMCell) else h
    for pixel in pixels:
        if isinstance(cell, nn.LSTMCell):
            h, c = cell(pixel, (h, c))
        else:
            h = c = cell(pixel, h)
    first, last = torch.autograd.grad(h, [start, c], gradient)
    return (first.norm() / last.norm()).item()


def experiment(*cell):
    """Return what arrives in twenty networks."""
    shares = []
    for seed in range(20):
        torch.manual_seed(seed)
        gradient = torch.randn(20, 32).double()
        shares.append(arriving(network(*cell), gradient))
    return np.array(shares)


if __name__ == "__main__":
    cells = {"tanh RNN": (nn.RNNCell,)}
    for bias in (1, 5):
        cells[f"LSTM, forget bias {bias}"] = nn.LSTMCell, bias
    for name, cell in cells.items():
        found = np.quantile(experiment(*cell), (0, 0.5, 1))
        print(name + ": {1:.2g} ({0:.2g} to {2:.2g})".format(*found))
