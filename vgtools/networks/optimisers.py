"""Optimisers: what to do with a gradient once it is known.

`step` changes the values of the parameters in place. What an optimiser has to
remember it keeps per parameter, so that one object can serve several networks. It
survives `copy.deepcopy` and `pickle`: copy or save the network and its optimiser, and
the copies go on as the originals would have done.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import EllipsisType

import numpy as np
from numpy.typing import NDArray

from vgtools.networks import checks
from vgtools.networks.optimiser_state import OptimiserState
from vgtools.networks.parameters import Parameter

PIECE = 2**15
"""So many numbers are changed at a time: what is computed on the way stays in the cache."""


class Optimiser:
    """A rule that moves parameters along their gradients."""

    def step(self, parameters: Iterable[Parameter]) -> None:
        """Change every parameter's value in place, using its gradient."""
        raise NotImplementedError


@dataclass
class SGD(Optimiser):
    """Stochastic gradient descent, with momentum if wanted.

    For a parameter w with gradient g and a velocity v that starts at zero::

        v <- momentum v + g
        w <- w - learning_rate v

    Source: Rumelhart, Hinton and Williams, Nature 323 (1986), equations 8 and 9,
    up to where the learning rate is multiplied in.

    Parameters
    ----------
    learning_rate : float
        At least 0.
    momentum : float
        In [0, 1); 0 is plain gradient descent.

    Raises
    ------
    TypeError, ValueError
        If a number is of another type or outside its range.

    Examples
    --------
    >>> w = Parameter("w", np.array([1.0]))
    >>> w.gradient[:] = 2.0
    >>> SGD(learning_rate=0.25).step([w])
    >>> w.value
    array([0.5])
    """

    learning_rate: float = 0.1
    momentum: float = 0.0
    _memory: OptimiserState = field(
        default_factory=OptimiserState, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self.learning_rate = checks.number("learning_rate", self.learning_rate, low=0.0)
        self.momentum = checks.number("momentum", self.momentum, low=0.0, high=1.0)

    def step(self, parameters: Iterable[Parameter]) -> None:
        """Move every parameter one step down."""
        for parameter in parameters:
            w, velocity = parameter.value, parameter.gradient
            if self.momentum:
                velocity = self._memory.get(parameter)
                if velocity is None:
                    velocity = self._memory[parameter] = np.zeros_like(w)
                velocity *= self.momentum
                velocity += parameter.gradient
            for rows in _pieces(w):
                piece = w[rows]
                piece -= velocity[rows] * self.learning_rate


@dataclass
class Adam(Optimiser):
    """Adaptive moment estimation: each number gets a step size of its own.

    For a parameter w with gradient g, in step t = 1, 2, ..., with m and s that
    start at zero::

        m <- beta_1 m + (1 - beta_1) g
        s <- beta_2 s + (1 - beta_2) g**2
        w <- w - learning_rate (m / (1 - beta_1**t)) / (sqrt(s / (1 - beta_2**t)) + epsilon)

    The divisions by 1 - beta**t undo the bias of an average that starts at zero.

    Source: Kingma and Ba (2015), arXiv:1412.6980, algorithm 1, with its defaults.

    Parameters
    ----------
    learning_rate : float
        At least 0.
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        Above 0; keeps the division finite.

    Raises
    ------
    TypeError, ValueError
        If a number is of another type or outside its range.

    Examples
    --------
    >>> w = Parameter("w", np.array([1.0]))
    >>> w.gradient[:] = 1e-4
    >>> Adam(learning_rate=0.25).step([w])
    >>> w.value.round(3)
    array([0.75])
    """

    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    _memory: OptimiserState = field(
        default_factory=OptimiserState, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self.learning_rate = checks.number("learning_rate", self.learning_rate, low=0.0)
        self.beta_1 = checks.number("beta_1", self.beta_1, low=0.0, high=1.0)
        self.beta_2 = checks.number("beta_2", self.beta_2, low=0.0, high=1.0)
        self.epsilon = checks.number("epsilon", self.epsilon, low=math.ulp(0.0))

    def step(self, parameters: Iterable[Parameter]) -> None:
        """Move every parameter one step down."""
        for parameter in parameters:
            w, g = parameter.value, parameter.gradient
            memory = self._memory.get(parameter)
            if memory is None:
                memory = self._memory[parameter] = [0, *(np.zeros_like(w) for _ in range(3))]
            memory[0] += 1
            t, m, s, scratch = memory

            m *= self.beta_1
            m += np.multiply(g, 1 - self.beta_1, out=scratch)

            s *= self.beta_2
            np.multiply(g, g, out=scratch)
            scratch *= 1 - self.beta_2
            s += scratch

            np.sqrt(s, out=scratch)
            scratch *= 1 / math.sqrt(1 - self.beta_2**t)
            scratch += self.epsilon
            np.divide(m, scratch, out=scratch)
            scratch *= self.learning_rate / (1 - self.beta_1**t)
            w -= scratch


def clip_gradient(parameters: Iterable[Parameter], norm: float) -> float:
    """Shorten all gradients together, in place, if their common norm is above `norm`.

    With g the vector of all entries of all gradients::

        g <- g norm / ||g||   if ||g|| > norm

    The direction stays. A gradient that has vanished stays as small as it is.

    Source: Pascanu, Mikolov and Bengio (2013), arXiv:1211.5063, algorithm 1.

    Parameters
    ----------
    parameters : iterable of Parameter
    norm : float
        Above 0.

    Returns
    -------
    float
        The norm before.

    Raises
    ------
    TypeError, ValueError
        If the norm is not a positive number.

    Examples
    --------
    >>> w = Parameter("w", np.zeros(2))
    >>> w.gradient[:] = [3.0, 4.0]
    >>> clip_gradient([w], 1.0)
    5.0
    >>> w.gradient
    array([0.6, 0.8])
    """
    norm = checks.number("norm", norm, low=math.ulp(0.0))
    gradients = [parameter.gradient for parameter in parameters]
    total = math.hypot(*(float(np.linalg.norm(gradient)) for gradient in gradients))
    if total > norm:
        for gradient in gradients:
            gradient *= norm / total
    return total


OPTIMISERS: dict[str, type[Optimiser]] = {"sgd": SGD, "adam": Adam}


def optimiser(name: str | Optimiser, **parameters: float) -> Optimiser:
    """Return the optimiser called `name`.

    Parameters
    ----------
    name : str or Optimiser
        ``"sgd"`` (learning_rate=0.1, momentum=0) or ``"adam"``
        (learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8). An
        `Optimiser` is passed through.
    **parameters
        As listed.

    Raises
    ------
    TypeError, ValueError
        If the name, a parameter or its value is not one of these.

    Examples
    --------
    >>> optimiser("sgd", learning_rate=0.5)
    SGD(learning_rate=0.5, momentum=0.0)
    """
    if isinstance(name, Optimiser):
        if parameters:
            raise TypeError(f"{name!r} is complete; the parameters {parameters} need a name")
        return name
    return checks.build("optimiser", OPTIMISERS, name, parameters)


def _pieces(value: NDArray) -> list[slice | EllipsisType]:
    """Return the rows of every piece of an array."""
    if value.size <= PIECE:
        return [...]
    step = max(1, PIECE * len(value) // value.size)
    return [slice(at, at + step) for at in range(0, len(value), step)]
