"""Optimisers: what to do with a gradient once it is known.

`step` changes the values of the parameters in place. What an optimiser has to
remember it keeps per parameter, so that one object can serve several networks. It
survives `copy.deepcopy` and `pickle`: copy or save the network and its optimiser, and
the copies go on as the originals would have done.

For a parameter whose `rate_factor` is not 1 the learning rate of the formulas is multiplied
by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from vgtools.networks import checks
from vgtools.networks.norms import sum_of_squares, times_power
from vgtools.networks.optimiser_state import OptimiserState
from vgtools.networks.parameters import Parameter


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
            w -= self.learning_rate * parameter.rate_factor * velocity


@dataclass
class Adam(Optimiser):
    """Adaptive moment estimation: each number gets a step size of its own.

    For a parameter w with gradient g, in step t = 1, 2, ..., with m and s that
    start at zero::

        m <- beta_1 m + (1 - beta_1) g
        s <- beta_2 s + (1 - beta_2) g**2
        w <- w - learning_rate (m / (1 - beta_1**t)) / (sqrt(s / (1 - beta_2**t)) + epsilon)

    The divisions by 1 - beta**t undo the bias of an average that starts at zero.

    s has the float type of w. A finite g from 1.8e19 on in float32 (1.3e154 in float64) cannot
    be squared, and is refused. Below |g| = 1e-19 (1e-154) s loses its digits and then is 0,
    which makes no difference as long as `epsilon` is much larger than g.

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
    FloatingPointError
        In `step`, if a gradient is too large to be squared; parameters before it have moved.

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
            try:
                with np.errstate(over="raise"):
                    np.multiply(g, g, out=scratch)
            except FloatingPointError:
                raise FloatingPointError(
                    f"the gradient of {parameter.name} is too large to be squared in {g.dtype}"
                ) from None
            scratch *= 1 - self.beta_2
            s += scratch

            np.sqrt(s, out=scratch)
            scratch *= 1 / math.sqrt(1 - self.beta_2**t)
            scratch += self.epsilon
            np.divide(m, scratch, out=scratch)
            scratch *= self.learning_rate * parameter.rate_factor / (1 - self.beta_1**t)
            w -= scratch


def clip_gradient(parameters: Iterable[Parameter], norm: float) -> float:
    """Shorten all gradients together, in place, if their common norm is above `norm`.

    With g the vector of all entries of all gradients::

        g <- g norm / ||g||   if ||g|| > norm

    The direction stays. A gradient that has vanished stays as small as it is. The norm
    is taken in float64, for gradients of any size.

    Source: Pascanu, Mikolov and Bengio (2013), arXiv:1211.5063, algorithm 1.

    Parameters
    ----------
    parameters : iterable of Parameter
    norm : float
        Above 0.

    Returns
    -------
    float
        The norm before; infinite where float64 cannot hold it.

    Raises
    ------
    TypeError, ValueError
        If the norm is not a positive number, or if a gradient holds NaN or infinity,
        which have no direction. The gradients are then unchanged.

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
    parameters = list({id(parameter): parameter for parameter in parameters}.values())
    squares, k = sum_of_squares(*(parameter.gradient for parameter in parameters))
    if not math.isfinite(squares):
        raise ValueError(f"gradients must be finite to be clipped, but {_not_finite(parameters)}")
    root = math.sqrt(squares)
    total = float(times_power(root, k))
    if total > norm:
        # norm / total can be too small a number where its product with a gradient is not.
        fraction, power = math.frexp(norm)
        half = (power - k) // 2
        rest = times_power(fraction / root, power - k - half)
        for parameter in parameters:
            parameter.gradient[...] = times_power(parameter.gradient, half) * rest
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


def _not_finite(parameters: list[Parameter]) -> str:
    names = [each.name for each in parameters if not np.isfinite(each.gradient).all()]
    return f"NaN or infinity is in that of {', '.join(names)}"
