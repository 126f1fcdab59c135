"""Which weights an activation needs at the start, and how a framework makes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vgtools.diagnosis.finding import words
from vgtools.diagnosis.trace import Weights


@dataclass(frozen=True)
class Recipe:
    """Weights that keep the size of signal and gradient.

    Attributes
    ----------
    name : str
        Whose they are.
    gain : float
        Their variance is gain**2 / fan, of fan_in, or of the mean of both fans if `both`.
    both : bool
    """

    name: str
    gain: float
    both: bool = False


HE, GLOROT, LECUN = Recipe("He's", math.sqrt(2)), Recipe("Glorot's", 1, True), Recipe("LeCun's", 1)

_RECIPES = {
    **dict.fromkeys(("relu", "leaky_relu", "gelu", "silu", "mish", "hard_swish", "elu"), HE),
    "tanh": GLOROT,
    "selu": LECUN,
}
"""He's for whatever passes about half of what arrives. With gain 1, not 5/3, a deep tanh network
is at the edge between order and chaos (chapter 11)."""

_SHOWN = {
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "hard_swish": "hard swish",
    "elu": "ELU",
    "selu": "SELU",
    "mish": "Mish",
}


def recipe(activation: str) -> Recipe | None:
    """Return the weights that an activation needs; None for one without a recipe."""
    return _RECIPES.get(activation)


def weights(activation: str, framework: str) -> str:
    """Say how a framework makes these weights.

    Examples
    --------
    >>> weights("tanh", "this book")
    "init='glorot'"
    """
    return words(f"recipe: {_RECIPES[activation].name}")[framework]


def deviations(layers: Sequence[Weights], made: Recipe) -> tuple[float, float]:
    """Return the standard deviation that layers have, and the one that a recipe gives them."""
    fans = [(each.fan_in + each.fan_out) / 2 if made.both else each.fan_in for each in layers]
    now = math.sqrt(np.mean([each.mean_square for each in layers]))
    return now, made.gain * math.sqrt(np.mean([1 / fan for fan in fans]))


def shown(activation: str) -> str:
    """Return the name of an activation as one writes it.

    Examples
    --------
    >>> shown("relu"), shown("tanh")
    ('ReLU', 'tanh')
    """
    return _SHOWN.get(activation, activation)
