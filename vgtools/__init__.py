"""The package behind *Vanishing Gradients*: every concept of the book as code to read.

Rooms, each of which imports only from those before it: `activations`,
`derivation`, `networks`, `theory`, `diagnostics`, `datasets`, `figures`,
`explore`, `practice`. The Sphinx extension is `vgtools.sphinx_ext`.
"""

from vgtools import datasets, diagnostics, figures, networks, theory
from vgtools.activations import Activation, activation, catalogue
from vgtools.derivation import (
    Derivation,
    DerivationError,
    Equation,
    define,
    numeric,
    register,
    verify,
)
from vgtools.diagnostics import GradientFlow, census, gradient_flow
from vgtools.explore import Explorable, explore
from vgtools.networks import GRU, LSTM, MLP, RNN, History, initialiser, loss, optimiser, train
from vgtools.practice import check

__all__ = [
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "Activation",
    "Derivation",
    "DerivationError",
    "Equation",
    "Explorable",
    "GradientFlow",
    "History",
    "activation",
    "catalogue",
    "census",
    "check",
    "datasets",
    "define",
    "diagnostics",
    "explore",
    "figures",
    "gradient_flow",
    "initialiser",
    "loss",
    "networks",
    "numeric",
    "optimiser",
    "register",
    "theory",
    "train",
    "verify",
]
