"""Networks that read words or series."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from zoo.parts import Reader
from zoo.patient import CLASSES, WORDS


def transformer(depth=6, width=16, pre_norm=True, dropout=0.1):
    layer = nn.TransformerEncoderLayer(
        width, 4, 4 * width, dropout, batch_first=True, norm_first=pre_norm
    )
    norm = nn.LayerNorm(width) if pre_norm else None
    body = nn.TransformerEncoder(layer, depth, norm, enable_nested_tensor=False)
    for parameter in body.parameters():  # the encoder's layers are copies of one
        if parameter.ndim > 1:
            nn.init.xavier_uniform_(parameter)
    return Reader(body, width, CLASSES, every_step=False)


class Rows(nn.Module):
    """A transformer that reads the rows of a picture, which are much alike."""

    def __init__(self, depth, pre_norm, width=32):
        super().__init__()
        self.embed, self.out = nn.Linear(8, width), nn.Linear(width, CLASSES)
        self.position = nn.Parameter(0.02 * torch.randn(8, width))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, 4, 4 * width, 0.0, batch_first=True, norm_first=pre_norm
            )
            for _ in range(depth)
        )

    def forward(self, x):
        x = self.embed(x) + self.position
        for block in self.blocks:
            x = block(x)
        return self.out(x.mean(dim=1))


class DecoderBlock(nn.Module):
    """A block of GPT-2: attention that sees no later word, and a dense part."""

    def __init__(self, width, heads=4):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, steps, width = x.shape
        q, k, v = self.attend(self.norm1(x)).chunk(3, dim=-1)
        q, k, v = (each.view(n, steps, self.heads, -1).transpose(1, 2) for each in (q, k, v))
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project(h.transpose(1, 2).reshape(n, steps, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Decoder(nn.Module):
    """A small GPT-2 with its weights; the embedding is also the last layer."""

    def __init__(self, depth=4, width=16, longest=64):
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, width), nn.Embedding(longest, width)
        self.blocks = nn.ModuleList(DecoderBlock(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                residual = name.endswith(("project.weight", "down.weight"))
                std = 0.02 / (2 * depth) ** 0.5 if residual else 0.02
                nn.init.normal_(parameter, std=std)

    def forward(self, words):
        x = self.words(words) + self.places(torch.arange(words.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.words.weight.T


class Separate(nn.Module):
    """A pre-LN transformer of one head with three matrices, and PyTorch's own biases."""

    def __init__(self, depth=12, width=32):
        super().__init__()
        self.words = nn.Embedding(WORDS, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * depth))
        self.blocks = nn.ModuleList(nn.Module() for _ in range(depth))
        for block in self.blocks:
            for name in ("query", "key", "value", "project", "up", "down"):
                block.add_module(name, nn.Linear(width, width))
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, words):
        x = self.words(words)
        for number, block in enumerate(self.blocks):
            h = self.norms[2 * number](x)
            scores = block.query(h) @ block.key(h).mT / h.shape[-1] ** 0.5
            x = x + block.project(scores.softmax(dim=-1) @ block.value(h))
            x = x + block.down(F.gelu(block.up(self.norms[2 * number + 1](x))))
        return x @ self.words.weight.T


class Additive(nn.Module):
    """Attention whose scores are a sum through tanh, in a loop: Bahdanau et al. (2015)."""

    def __init__(self, width=32):
        super().__init__()
        self.read, self.write = nn.Embedding(WORDS, width), nn.Embedding(WORDS, width)
        self.encoder = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.cell = nn.GRUCell(3 * width, width)
        self.there, self.here = nn.Linear(2 * width, width), nn.Linear(width, width)
        self.score, self.out = nn.Linear(width, 1), nn.Linear(width, WORDS)

    def forward(self, source, target):
        states, _ = self.encoder(self.read(source))
        h, answers = states.new_zeros(len(source), self.cell.hidden_size), []
        for word in self.write(target).unbind(1):
            scores = self.score(torch.tanh(self.there(states) + self.here(h)[:, None]))
            seen = (scores.softmax(dim=1) * states).sum(dim=1)
            h = self.cell(torch.cat([word, seen], dim=1), h)
            answers.append(self.out(h))
        return torch.stack(answers, dim=1)


class Translator(nn.Module):
    """Read a sentence, and write another, given its words so far: Sutskever et al. (2014)."""

    def __init__(self, width=32):
        super().__init__()
        self.read, self.write = nn.Embedding(WORDS, width), nn.Embedding(WORDS, width)
        self.encoder = nn.GRU(width, width, batch_first=True)
        self.decoder = nn.GRU(width, width, batch_first=True)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.out = nn.Linear(2 * width, WORDS)

    def forward(self, source, target):
        states, last = self.encoder(self.read(source))
        h, _ = self.decoder(self.write(target), last)
        seen, _ = self.attention(h, states, states)
        return self.out(torch.cat([h, seen], dim=-1))


class Causal(nn.Module):
    """Gated dilated convolutions with shortcuts: van den Oord et al. (2016), WaveNet."""

    def __init__(self, depth=5, width=16):
        super().__init__()
        self.enter = nn.Conv1d(5, width, 1)
        self.gates = nn.ModuleList(
            nn.Conv1d(width, 2 * width, 2, padding=2**i, dilation=2**i) for i in range(depth)
        )
        self.mix = nn.ModuleList(nn.Conv1d(width, width, 1) for _ in range(depth))
        self.out = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.enter(x.transpose(1, 2))
        for gate, mix in zip(self.gates, self.mix):
            f, g = gate(x)[..., : x.shape[-1]].chunk(2, dim=1)
            x = x + mix(torch.tanh(f) * torch.sigmoid(g))
        return self.out(x.mean(dim=-1))


class Cells(nn.Module):
    """A recurrent cell in a loop of Python, its weights orthogonal times a gain."""

    def __init__(self, cell, gain):
        super().__init__()
        self.cell, self.out = cell, nn.Linear(cell.hidden_size, CLASSES)
        nn.init.orthogonal_(cell.weight_hh, gain)

    def forward(self, x):
        h = x.new_zeros(len(x), self.cell.hidden_size)
        for step in x.unbind(1):
            h = self.cell(step, h)
        return self.out(h)


class Hardened(nn.Module):
    """Pick one word by argmax between two networks: no gradient passes it."""

    def __init__(self, width=32):
        super().__init__()
        self.embedding, self.writer = nn.Embedding(WORDS, width), nn.Linear(width, WORDS)
        self.again, self.reader = nn.Embedding(WORDS, width), nn.Linear(width, width)
        self.out = nn.Linear(width, CLASSES)

    def forward(self, words):
        picked = self.writer(self.embedding(words)).argmax(dim=-1)
        return self.out(torch.relu(self.reader(self.again(picked))).mean(dim=1))
