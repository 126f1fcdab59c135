"""Models whose gradient vanishes or explodes on its way back, each with where that is from.

A recipe is sick from the depth on at which the factor of theory over all layers is above 100,
and healthy up to that at which it is below 10; depths between the two are neither.
"""

from __future__ import annotations

from torch import nn

from zoo import pictures, sequences, vectors
from zoo.parts import LastStep, chain, chains, glorot, he, layers, normal, recurrent, scaled
from zoo.patient import Patient, from_depth

VANISHING = [
    Patient(
        "sigmoids, Glorot",
        chains(64, nn.Sigmoid, glorot),
        "Glorot and Bengio 2010; Nielsen 2015, chapter 5",
        faults=from_depth("vanishing", 5, 0),
        also=("underflow",),
        depth=10,
    ),
    Patient(
        "sigmoids, PyTorch's own weights",
        chains(64, nn.Sigmoid),
        "torch.nn.Linear.reset_parameters: variance 1 / (3 fan_in), slope 1 / 4 at most",
        faults=from_depth("vanishing", 5, 0),
        also=("underflow",),
        depth=5,
    ),
    Patient(
        "ReLU, PyTorch's own weights",
        chains(64, nn.ReLU),
        "pytorch/pytorch#15314: variance 1 / (3 fan_in), where He et al. 2015 have 2 / fan_in",
        # A factor of 1 / sqrt(6) per layer: 1/36 through 5 layers, 1/1600 through 10.
        faults=from_depth("vanishing", 10, 3),
        also=("underflow",),
        depth=20,
    ),
    Patient(
        "tanh, PyTorch's own weights",
        chains(64, nn.Tanh),
        "pytorch/pytorch#15314: variance 1 / (3 fan_in), where tanh needs 1 / fan_in",
        # A factor of 1 / sqrt(3) per layer: 1/9 through 5 layers, 1/140 through 10.
        faults=from_depth("vanishing", 10, 5),
        also=("underflow",),
        depth=20,
    ),
    Patient(
        "ReLU, weights of standard deviation 0.01",
        chains(128, nn.ReLU, normal(0.01)),
        "Krizhevsky et al. 2012; He et al. 2015, section 2.2, say that it stops deep models",
        # A factor of 0.08 per layer, forward too: behind 41 layers float32 has nothing but 0.
        faults=lambda depth: (
            from_depth("vanishing", 5, 0)(depth) if depth <= 40 else {"dead units": None}
        ),
        also=("underflow", "vanishing", "no gradient"),
        depth=10,
    ),
    Patient(
        "convolutions, PyTorch's own weights",
        pictures.plain_convolutions,
        "pytorch/pytorch#15314: torch.nn.Conv2d has the same weights as Linear",
        "small pictures",
        faults=from_depth("vanishing", 10, 0),
        # Of 80 layers of 8 channels with biases, one is off for all samples in some draws.
        also=("underflow", "dead units", "no gradient"),
        depth=20,
    ),
    Patient(
        "softmax in hidden layers",
        lambda: chain(5, 64, lambda: nn.Softmax(dim=-1), glorot),
        "textbook case: the slopes of a softmax of n units are below 1 / 4, and about 1 / n",
        faults={"vanishing": layers(1, 5)},
        also=("underflow",),
    ),
    Patient(
        "sigmoids in the middle",
        vectors.sigmoids_in_the_middle,
        "Glorot and Bengio 2010, between layers of He et al. 2015",
        faults={"vanishing": layers(9, 17)},
        also=("underflow",),
    ),
    Patient(
        "RNN that forgets",
        lambda: LastStep(nn.RNN(5, 32, batch_first=True), recurrent(0.6)),
        "Bengio et al. 1994; Hochreiter 1991",
        "series",
        faults={"vanishing": ("body",)},
    ),
    Patient(
        "RNN, PyTorch's own weights, 40 steps",
        lambda: LastStep(nn.RNN(5, 32, batch_first=True)),
        "torch.nn.RNN: variance 1 / (3 hidden_size)",
        "series",
        faults={"vanishing": ("body",)},
    ),
    Patient(
        "LSTM, PyTorch's own weights, 100 steps",
        lambda: LastStep(nn.LSTM(5, 32, batch_first=True)),
        "pytorch/pytorch#20102: the forget gates begin at 1 / 2",
        "long series",
        faults={"vanishing": ("body",)},
    ),
    Patient(
        "GRU, PyTorch's own weights, 100 steps",
        lambda: LastStep(nn.GRU(5, 32, batch_first=True)),
        "textbook case: the update gates begin at 1 / 2",
        "long series",
        faults={"vanishing": ("body",)},
    ),
    Patient(
        "cells in a loop",
        lambda: sequences.Cells(nn.RNNCell(5, 32), 0.7),
        "Bengio et al. 1994",
        "series",
        faults={"vanishing": None},
    ),
]

EXPLODING = [
    Patient(
        "ReLU, twice LeCun's weights",
        chains(64, nn.ReLU, scaled(2.0)),
        "He et al. 2015: twice the variance that keeps the signal",
        # A factor of sqrt(2) per layer: 4 through 5 layers, 23 through 10, 720 through 20.
        faults=from_depth("exploding", 20, 5),
        depth=40,
    ),
    Patient(
        "ReLU, standard normal weights",
        chains(64, nn.ReLU, normal(1.0)),
        "textbook case: torch.nn.init.normal_ without std",
        # A factor of 5.7 per layer, forward too: behind 51 layers float32 has infinity.
        faults=lambda depth: (
            from_depth("exploding", 5, 0)(depth) if depth <= 40 else {"non-finite values": None}
        ),
        also=("exploding", "non-finite values"),
        depth=10,
    ),
    Patient(
        "tanh in the chaotic phase",
        chains(128, nn.Tanh, scaled(2.5)),
        "Poole et al. 2016, arXiv:1606.05340, whose weights these are",
        # A factor of 1.27 per layer: 3 through 5 layers, 90 through 20, 1000 through 30.
        faults=from_depth("exploding", 30, 5),
        depth=30,
    ),
    Patient(
        "sums without normalisation",
        vectors.Sums,
        "Zhang et al. 2019, arXiv:1901.09321 (Fixup)",
        # The branch keeps the size and the sum doubles the square: sqrt(2) per block and more.
        faults=from_depth("exploding", 20, 5, "block{}"),
        depth=40,
    ),
    Patient(
        "convolutions, weights too large",
        lambda depth: pictures.plain_convolutions(depth, scaled(2.5)),
        "He et al. 2015: three times the variance that keeps the signal",
        "small pictures",
        faults=from_depth("exploding", 20, 5),
        depth=20,
    ),
    Patient(
        "RNN that explodes",
        lambda: LastStep(nn.RNN(5, 32, batch_first=True, nonlinearity="relu"), recurrent(2.0)),
        "Pascanu et al. 2013; Le et al. 2015, arXiv:1504.00941, with twice the weights",
        "series",
        faults={"exploding": ("body",)},
    ),
    Patient(
        "cells in a loop, weights too large",
        lambda: sequences.Cells(nn.RNNCell(5, 32, nonlinearity="relu"), 2.0),
        "Pascanu et al. 2013, arXiv:1211.5063",
        "series",
        faults={"exploding": None},
    ),
    Patient(
        "batch normalisation in depth",
        lambda depth: chain(depth, 64, nn.ReLU, he, nn.BatchNorm1d),
        "Yang et al. 2019, arXiv:1902.08129",
        # A factor of 1.21 per layer: 6 through 10 layers, 37 through 20, 1700 through 40.
        faults=from_depth("batch-norm growth", 40, 10),
        depth=60,
    ),
]
