"""Networks whose every step can be read: layers, losses, optimisers, training.

Nothing here differentiates automatically. Each layer states its formula, its
forward pass, and the way back, so that a gradient can be followed by eye from
the loss to the first weight. Arrays have the shape (batch, features), sequences
(time, batch, features).
"""

from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.layers import ActivationLayer, Dense, Layer
from vgtools.networks.losses import (
    accuracy,
    binary_cross_entropy,
    cross_entropy,
    loss,
    squared_error,
)
from vgtools.networks.mlp import MLP
from vgtools.networks.network import Network
from vgtools.networks.normalisation import BatchNorm
from vgtools.networks.optimisers import SGD, Adam, Optimiser, clip_gradient, optimiser
from vgtools.networks.parameters import Parameter
from vgtools.networks.rectifiers import PReLU, PReLULayer, RReLU, RReLULayer
from vgtools.networks.recurrent import GRU, LSTM, RNN, GRULayer, LSTMLayer, RNNLayer
from vgtools.networks.training import DivergenceError, History, train

__all__ = [
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "SGD",
    "ActivationLayer",
    "Adam",
    "BatchNorm",
    "Dense",
    "DivergenceError",
    "GRULayer",
    "History",
    "Initialiser",
    "LSTMLayer",
    "Layer",
    "Network",
    "Optimiser",
    "PReLU",
    "PReLULayer",
    "Parameter",
    "RNNLayer",
    "RReLU",
    "RReLULayer",
    "accuracy",
    "binary_cross_entropy",
    "clip_gradient",
    "cross_entropy",
    "initialiser",
    "loss",
    "optimiser",
    "squared_error",
    "train",
]
