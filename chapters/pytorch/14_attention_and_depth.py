"""Chapter 14 in PyTorch: where the gradients of queries vanish."""

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


class Network(nn.Module):
    """Twelve blocks that read the eight rows of a digit."""

    def __init__(self, pre):
        super().__init__()
        self.embedding = nn.Linear(8, 64, bias=False)
        self.places = nn.Parameter(0.02 * torch.randn(8, 64))
        options = {"dropout": 0, "bias": False, "batch_first": True}
        self.blocks = nn.Sequential()
        for _ in range(12):
            block = nn.TransformerEncoderLayer(
                64, 4, 64, norm_first=pre, **options
            )
            self.blocks.append(block)
        self.norm = nn.LayerNorm(64) if pre else nn.Identity()
        self.readout = nn.Linear(64, 10, bias=False)
        for name, weight in self.named_parameters():
            if "in_proj" in name:  # queries, keys and values
                for part in weight.data.split(64):
                    nn.init.xavier_normal_(part)
            elif weight.dim() == 2 and name != "places":
                nn.init.xavier_normal_(weight)
        self.double()

    def forward(self, digits):
        """Return the logits."""
        h = self.embedding(digits.unflatten(1, (8, 8))) + self.places
        return self.readout(self.norm(self.blocks(h)).mean(1))


def gradients(model):
    """Return the gradients of queries and of values, by block."""
    model.zero_grad()
    cross_entropy(model(x[:100]), y[:100]).backward()
    norms = []
    for block in model.blocks:
        parts = block.self_attn.in_proj_weight.grad.split(64)
        norms.append([parts[0].norm().item(), parts[2].norm().item()])
    return np.array(norms).T


def experiment(pre):
    """Return queries over values by block, the median of 5 draws."""
    ratios = []
    for seed in range(5):
        torch.manual_seed(seed)
        queries, values = gradients(Network(pre))
        ratios.append(queries / values)
    return np.median(ratios, axis=0)


if __name__ == "__main__":
    for name, pre in {"pre-LN": True, "post-LN": False}.items():
        ratios = ", ".join(f"{r:.2g}" for r in experiment(pre)[::11])
        print(f"{name}, queries over values, blocks 1 and 12:", ratios)
