"""Networks whose every step can be read: layers, losses, optimisers, training.

Nothing here differentiates automatically. Each layer states its formula, its
forward pass, and the way back, so that a gradient can be followed by eye from
the loss to the first weight. Arrays have the shape (batch, features), sequences
(time, batch, features).

A training run is a network, its optimiser, and the random generator that shuffles the
samples. `pickle` saves the three, and a run that is loaded goes on as if it had not been
interrupted, bit for bit on the same machine:

>>> import pickle, tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
>>> network, rule = MLP([3, 5, 2], "rrelu"), optimiser("adam")
>>> _ = train(network, x, y, epochs=2, optimiser=rule, seed=rng)
>>> with tempfile.TemporaryDirectory() as folder:
...     file = Path(folder) / "run.pickle"
...     _ = file.write_bytes(pickle.dumps((network, rule, rng)))
...     saved_network, saved_rule, saved_rng = pickle.loads(file.read_bytes())
>>> _ = train(network, x, y, epochs=3, optimiser=rule, seed=rng)
>>> _ = train(saved_network, x, y, epochs=3, optimiser=saved_rule, seed=saved_rng)
>>> bool(np.all(saved_network.forward(x) == network.forward(x)))
True

The file also holds what the layers keep of their last pass. Open only files that you
have written yourself: a pickle can run any code when it is loaded. ``copy.deepcopy`` of
the three is a run of its own, to try something from the same point. A copied network
without its optimiser is a new network to the optimiser of the original.
"""

from vgtools.networks.attention import Attention
from vgtools.networks.bounded import DynamicErf, DynamicTanh
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.layers import ActivationLayer, Dense, Layer
from vgtools.networks.losses import (
    accuracy,
    binary_cross_entropy,
    cross_entropy,
    loss,
    squared_error,
)
from vgtools.networks.maximal_update import maximal_update
from vgtools.networks.mlp import MLP
from vgtools.networks.network import Network
from vgtools.networks.normalisation import BatchNorm, LayerNorm, RMSNorm
from vgtools.networks.number_formats import FORMATS, NumberFormat, rounded
from vgtools.networks.optimisers import SGD, Adam, Optimiser, clip_gradient, optimiser
from vgtools.networks.parameters import Parameter
from vgtools.networks.rectifiers import PReLU, PReLULayer, RReLU, RReLULayer
from vgtools.networks.recurrent import (
    GRU,
    LSTM,
    RNN,
    GRULayer,
    LinearRecurrence,
    LSTMLayer,
    RNNLayer,
    SelectiveRecurrence,
)
from vgtools.networks.residual import Residual, ResidualMLP
from vgtools.networks.tokens import GatedUnits, PerToken, Positions, TokenMean
from vgtools.networks.training import DivergenceError, History, train
from vgtools.networks.transformer import Transformer

__all__ = [
    "FORMATS",
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "SGD",
    "ActivationLayer",
    "Adam",
    "Attention",
    "BatchNorm",
    "Dense",
    "DivergenceError",
    "DynamicErf",
    "DynamicTanh",
    "GRULayer",
    "GatedUnits",
    "History",
    "Initialiser",
    "LSTMLayer",
    "Layer",
    "LayerNorm",
    "LinearRecurrence",
    "Network",
    "NumberFormat",
    "Optimiser",
    "PReLU",
    "PReLULayer",
    "Parameter",
    "PerToken",
    "Positions",
    "RMSNorm",
    "RNNLayer",
    "RReLU",
    "RReLULayer",
    "Residual",
    "ResidualMLP",
    "SelectiveRecurrence",
    "TokenMean",
    "Transformer",
    "accuracy",
    "binary_cross_entropy",
    "clip_gradient",
    "cross_entropy",
    "initialiser",
    "loss",
    "maximal_update",
    "optimiser",
    "rounded",
    "squared_error",
    "train",
]
