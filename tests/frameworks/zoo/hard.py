"""Healthy and sick models in which what is wrong, or what only looks so, is hard to see.

They were added after `diagnose` was right about all others: faults beside the path that
everything takes, and healthy models with lopsided gradients.
"""

from __future__ import annotations

import torch
from torch import nn

from zoo import pictures, sequences, vectors
from zoo.parts import Function, LastStep, Reader, chain, glorot, he, normal, with_activation
from zoo.patient import CLASSES, FEATURES, Patient, cross_entropy, squared_error


class WideAndDeep(nn.Module):
    """A linear model beside a deep one, whose outputs are added: Cheng et al. (2016)."""

    def __init__(self, deep):
        super().__init__()
        self.wide, self.deep = nn.Linear(FEATURES, CLASSES), deep

    def forward(self, x):
        return self.wide(x) + self.deep(x)


class Towers(nn.Module):
    """Two networks that read the same, and the product of what they return: Huang et al. (2013)."""

    def __init__(self, short, deep):
        super().__init__()
        self.short, self.deep = short, deep

    def forward(self, x):
        return self.short(x) * self.deep(x)


class TanhSums(nn.Module):
    """Residual sums whose branches are tanh layers."""

    def __init__(self, init, depth=6, width=64):
        super().__init__()
        self.enter, self.out = nn.Linear(FEATURES, width), nn.Linear(width, CLASSES)
        self.branches = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.acts = nn.ModuleList(nn.Tanh() for _ in range(depth))
        for branch in self.branches:
            init(branch.weight)

    def forward(self, x):
        x = self.enter(x)
        for branch, act in zip(self.branches, self.acts):
            x = x + act(branch(x)) / len(self.branches)
        return self.out(x)


class LayerDrop(nn.Module):
    """Residual sums, each of whose branches is left out with a probability in training."""

    def __init__(self, depth=6, width=64, probability=0.3):
        super().__init__()
        self.enter, self.out = nn.Linear(FEATURES, width), nn.Linear(width, CLASSES)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.branches = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.probability = probability

    def forward(self, x):
        x = self.enter(x)
        for norm, branch in zip(self.norms, self.branches):
            if not self.training or torch.rand(()) >= self.probability:
                x = x + torch.relu(branch(norm(x)))
        return self.out(x)


class Switch(nn.Module):
    """Residual sums whose branches are experts: each sample goes to the one that its router says.

    With 16 experts and 8 samples most experts have none.
    """

    def __init__(self, depth=3, width=32, experts=16):
        super().__init__()
        self.enter, self.out = nn.Linear(FEATURES, width), nn.Linear(width, CLASSES)
        self.routers = nn.ModuleList(nn.Linear(width, experts) for _ in range(depth))
        self.experts = nn.ModuleList(
            nn.ModuleList(nn.Linear(width, width) for _ in range(experts)) for _ in range(depth)
        )

    def forward(self, x):
        x = self.enter(x)
        for router, experts in zip(self.routers, self.experts):
            weight, choice = router(x).softmax(dim=-1).max(dim=-1)
            added = torch.zeros_like(x)
            for number, expert in enumerate(experts):
                if (own := choice == number).any():
                    added[own] = weight[own, None] * torch.tanh(expert(x[own]))
            x = x + added
        return self.out(x)


class BothEnds(nn.Module):
    """An LSTM in both directions, read at its last step alone."""

    def __init__(self):
        super().__init__()
        self.body = nn.LSTM(5, 32, batch_first=True, bidirectional=True)
        self.out = nn.Linear(64, CLASSES)

    def forward(self, x):
        return self.out(self.body(x)[0][:, -1])


def guarded_root(x):
    """Take the root where there is one: the other branch has a slope that is no number."""
    return torch.where(x > 0, x.sqrt(), torch.zeros_like(x))


def learnt_by_heart():
    """Train until the loss of its own samples is small."""
    model = chain(5, 64, nn.ReLU, he)
    draw = torch.Generator().manual_seed(1000)
    x = torch.randn(64, FEATURES, generator=draw)
    y = torch.randint(CLASSES, (64,), generator=draw)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(60):
        optimiser.zero_grad()
        cross_entropy(model(x), y).backward()
        optimiser.step()
    optimiser.zero_grad()
    return model


def identity_rnn(rnn):
    nn.init.eye_(rnn.weight_hh_l0)
    nn.init.normal_(rnn.weight_ih_l0, std=0.001)
    nn.init.zeros_(rnn.bias_ih_l0)
    nn.init.zeros_(rnn.bias_hh_l0)


def chrono(lstm, longest=100):
    """Set forget biases to the logarithm of a uniform time: Tallec and Ollivier (2018)."""
    hidden = lstm.hidden_size
    times = torch.empty(hidden).uniform_(1, longest - 1).log()
    with torch.no_grad():
        lstm.bias_ih_l0.zero_()
        lstm.bias_hh_l0.zero_()
        lstm.bias_ih_l0[hidden : 2 * hidden] = times
        lstm.bias_ih_l0[:hidden] = -times


def small_half():
    return chain(10, 64, nn.Sigmoid, glorot).half()


def forgetting(lstm):
    """Close the forget gates: what is kept of a state in one step is 1 / 20."""
    nn.init.constant_(lstm.bias_ih_l0[lstm.hidden_size : 2 * lstm.hidden_size], -3.0)


HARD_HEALTHY = [
    Patient(
        "residual sums, left out by chance",
        LayerDrop,
        "Huang et al. 2016, arXiv:1603.09382; Fan et al. 2020, arXiv:1909.11556 (LayerDrop)",
    ),
    Patient(
        "mixture of experts, some without a sample",
        Switch,
        "Fedus et al. 2022, arXiv:2101.03961; 32 experts, Adam at 0.001, 250 steps: loss 0.01",
    ),
    Patient(
        "pre-LN sums that grow from block to block",
        lambda: vectors.PreNorm(24, growth=1.3),
        "Heimersheim and Turner 2023 (LessWrong): sums in trained GPT-2 grow exponentially; here "
        "Adam at 0.001, 100 steps: loss 0.11, with a growth of 1.2, 0.10",
    ),
    Patient("learnt by heart", learnt_by_heart, "textbook case: a few samples carry the gradient"),
    Patient(
        "wide and deep", lambda: WideAndDeep(chain(4, 64, nn.ReLU, he)), "Cheng, arXiv:1606.07792"
    ),
    Patient("sums of tanh layers", lambda: TanhSums(glorot), "He et al. 2016, arXiv:1603.05027"),
    Patient(
        "IRNN, 40 steps",
        lambda: LastStep(nn.RNN(5, 64, batch_first=True, nonlinearity="relu"), identity_rnn),
        "Le et al. 2015, arXiv:1504.00941",
        "series",
    ),
    Patient(
        "LSTM with chrono weights, 100 steps",
        lambda: LastStep(nn.LSTM(5, 64, batch_first=True), chrono),
        "Tallec and Ollivier 2018, arXiv:1804.11188",
        "long series",
    ),
    Patient(
        "ResNet in evaluation mode",
        lambda: pictures.resnet().eval(),
        "PyTorch's tutorials: fine tuning with frozen statistics",
        "pictures",
    ),
    Patient(
        "transformer of rows, post-LN, 12 blocks",
        lambda: sequences.Rows(12, pre_norm=False),
        "Xiong 2020, arXiv:2002.04745; Adam at 0.001, 5 epochs: 92, 92 and 93 % right",
        "rows",
    ),
    Patient(
        "transformer, post-LN, 2 blocks",
        lambda: sequences.Rows(2, pre_norm=False),
        "Vaswani et al. 2017; Adam at 0.001, 5 epochs: 88, 87 and 88 % right",
        "rows",
    ),
    Patient(
        "ResNet-50, narrow",
        pictures.resnet50,
        "He et al. 2016, arXiv:1512.03385; SGD at 0.1, 90 steps on digits: 65 and 83 % right",
        "pictures",
    ),
    Patient(
        "pre-LN transformer with large biases",
        sequences.Separate,
        "Radford et al. 2019, with biases of torch.nn.Linear, which make tokens alike",
        "text",
    ),
    Patient(
        "translator with additive attention",
        sequences.Additive,
        "Bahdanau et al. 2015, arXiv:1409.0473",
        "translations",
    ),
    Patient(
        "mean of embeddings",
        lambda: Reader(nn.Identity(), 32, CLASSES, every_step=False),
        "Joulin et al. 2017, arXiv:1607.01759 (fastText)",
        "words",
    ),
    Patient(
        "regression of small targets",
        lambda: chain(4, 64, nn.Tanh, glorot, features=2, outputs=1),
        "Raissi et al. 2019, doi:10.1016/j.jcp.2018.10.045: networks of tanh for equations",
        "coordinates",
        squared_error,
    ),
]

HARD_SICK = [
    Patient(
        "pre-LN sums, weights in the branches too large",
        lambda: vectors.PreNorm(40, gain=60.0, activation=torch.tanh),
        "Xiong 2020, with branches in the chaotic phase of Poole et al. 2016; Adam at 0.001, 100 "
        "steps: loss 1.7, with weights of a sixtieth 0.13",
        faults={
            "exploding": None,
            "saturated units": tuple(f"up.{number}" for number in range(40)),
        },
    ),
    Patient(
        "wide and deep, of sigmoids",
        lambda: WideAndDeep(chain(10, 64, nn.Sigmoid, glorot)),
        "Cheng et al. 2016, arXiv:1606.07792, with the layers of Glorot and Bengio 2010",
        faults={"vanishing": tuple(f"deep.layer{number}" for number in range(1, 11))},
        also=("underflow",),
    ),
    Patient(
        "two towers, one of sigmoids",
        lambda: Towers(chain(2, 64, nn.ReLU, he), chain(8, 64, nn.Sigmoid, glorot)),
        "Huang et al. 2013, doi:10.1145/2505515.2505665; the layers of Glorot and Bengio 2010",
        faults={"vanishing": tuple(f"deep.layer{number}" for number in range(1, 9))},
        also=("underflow",),
    ),
    Patient(
        "sums of saturated tanh layers",
        lambda: TanhSums(normal(1.0)),
        "Stanford CS231n, neural networks 2",
        faults={"saturated units": tuple(f"acts.{number}" for number in range(6))},
    ),
    Patient(
        "transformer, post-LN, 48 layers without dropout",
        lambda: sequences.transformer(48, pre_norm=False, dropout=0.0),
        "Noci et al. 2022, arXiv:2206.03126: tokens become alike, queries and keys get nothing",
        "words",
        faults={"starved queries and keys": None},
    ),
    Patient(
        "transformer, post-LN, 24 layers without dropout",
        lambda: sequences.transformer(24, 32, pre_norm=False, dropout=0.0),
        "Noci et al. 2022; Adam at 0.001, 200 steps: loss 2.3 as at the start, pre-LN 0.05",
        "words",
        faults={"starved queries and keys": None},
    ),
    Patient(
        "LSTM, both directions, last of 100 steps",
        lambda: BothEnds(),
        "pytorch/pytorch#20102: the forget gates begin at 1 / 2",
        "long series",
        faults={"vanishing": ("body",)},
    ),
    Patient(
        "two LSTMs, one on the other, 100 steps",
        lambda: LastStep(nn.LSTM(5, 32, 2, batch_first=True)),
        "pytorch/pytorch#20102: the forget gates begin at 1 / 2",
        "long series",
        faults={"vanishing": ("body",)},
    ),
    Patient(
        "LSTM with closed forget gates, 100 steps",
        lambda: LastStep(nn.LSTM(5, 48, batch_first=True), forgetting),
        "Jozefowicz et al. 2015: a forget bias below 0; float32 loses the gradient after 57 steps",
        "long series",
        faults={"vanishing": ("body",)},
    ),
    Patient(
        "root of what is not negative",
        lambda: with_activation(3, Function(guarded_root)),
        "textbook case: torch.where does not stop a slope that is not a number",
        faults={"non-finite values": ("layer3",)},
    ),
    Patient(
        "float16, 10 sigmoids",
        small_half,
        "Glorot and Bengio 2010; Micikevicius et al. 2018, arXiv:1710.03740",
        "half vectors",
        faults={"vanishing": tuple(f"layer{number}" for number in range(1, 11)), "underflow": None},
        scales=(1.0,),
    ),
]
