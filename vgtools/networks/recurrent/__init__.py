"""Recurrent networks: one layer, used again at every time step.

Sequences have the shape (time, batch, features). Back-propagation through time
is written out: `backward` walks from the last step to the first and keeps the
gradient that arrives at every hidden state, because that is what this book is
about. Each layer stands in a module of its own; what they share is in `layer`.
"""

from vgtools.networks.recurrent.gru import GRULayer
from vgtools.networks.recurrent.layer import RecurrentLayer
from vgtools.networks.recurrent.linear import LinearRecurrence, SelectiveRecurrence
from vgtools.networks.recurrent.lstm import LSTMLayer
from vgtools.networks.recurrent.network import GRU, LSTM, RNN, RecurrentNetwork
from vgtools.networks.recurrent.rnn import RNNLayer

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRULayer",
    "LSTMLayer",
    "LinearRecurrence",
    "RNNLayer",
    "RecurrentLayer",
    "RecurrentNetwork",
    "SelectiveRecurrence",
]
