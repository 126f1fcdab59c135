"""How a residual block puts its output together: from its input x, and from f.

A block sends x through its branch, a few layers, which return f of the same shape. What it
returns is y. Each class here is one formula for y; `Residual` has the rest.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vgtools.networks import checks
from vgtools.networks.gates import sigmoid, sigmoid_slope
from vgtools.networks.initialisers import Initialiser
from vgtools.networks.layers import Dense
from vgtools.networks.parameters import Parameter

SHORTCUTS = ["none", "sum", "scaled", "skipinit", "rezero", "fixup", "highway"]


class Shortcut:
    """What every shortcut can do."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def forward(self, x: NDArray, f: NDArray) -> NDArray:
        """Return y, of the shape (n, units) that both arrays have."""
        raise NotImplementedError

    def backward(self, gradient: NDArray) -> tuple[NDArray, NDArray]:
        """Turn dLoss/dy into what arrives at x past the branch, and into dLoss/df."""
        raise NotImplementedError

    def parameters(self) -> list[Parameter]:
        """Return what the shortcut learns; nothing, unless it says otherwise."""
        return []


class NoShortcut(Shortcut):
    """The branch alone: what is left is a plain network.

    Forward::

        y = f

    Backward, from g = dLoss/dy::

        past the branch: 0
        dLoss/df = g

    Examples
    --------
    >>> NoShortcut().forward(np.array([1.0]), np.array([5.0]))
    array([5.])
    """

    def forward(self, x: NDArray, f: NDArray) -> NDArray:
        """Return f."""
        return f

    def backward(self, gradient: NDArray) -> tuple[NDArray, NDArray]:
        """Return zeros and g."""
        return np.zeros_like(gradient), gradient


class Sum(Shortcut):
    """Add what the branch returns, or a fixed share of it.

    Forward, with a fixed number c::

        y = x + c f

    Backward, from g = dLoss/dy::

        past the branch: g
        dLoss/df = c g

    The first line of the way back is the reason for all of this: whatever the branch does,
    the gradient of y arrives at x whole.

    Source of c = 1: He, Zhang, Ren and Sun (2016), doi 10.1007/978-3-319-46493-0_38.

    Parameters
    ----------
    factor : float
        c.

    Raises
    ------
    TypeError, ValueError
        If the factor is not a finite number.

    Examples
    --------
    >>> Sum(0.5).forward(np.array([1.0]), np.array([4.0]))
    array([3.])
    """

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = checks.number("factor", factor)

    def __repr__(self) -> str:
        return f"Sum({self.factor:.3g})"

    def forward(self, x: NDArray, f: NDArray) -> NDArray:
        """Return x + c f."""
        return x + self.factor * f

    def backward(self, gradient: NDArray) -> tuple[NDArray, NDArray]:
        """Return g and c g."""
        return gradient, self.factor * gradient


class LearnedSum(Shortcut):
    """Add a share of what the branch returns that is learned.

    Forward, with one number a for the whole block::

        y = x + a f

    Backward, from g = dLoss/dy::

        dLoss/da = sum of g f over all entries
        past the branch: g
        dLoss/df = a g

    With a = 0 the block is the identity. Its branch gets no gradient then: a moves first.

    Source of a = 0 at the start: De and Smith (2020), arXiv:2002.10444, SkipInit, and
    Bachlechner et al. (2020), arXiv:2003.04887, ReZero.

    Parameters
    ----------
    start : float
        Where a starts.
    dtype : float32 or float64
    name : str
        Used in the name of the parameter.

    Attributes
    ----------
    multiplier : Parameter
        a, of shape (1,).

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Examples
    --------
    >>> shortcut = LearnedSum()
    >>> shortcut.forward(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([1., 2.])
    >>> _ = shortcut.backward(np.array([1.0, 1.0]))
    >>> shortcut.multiplier.gradient
    array([7.])
    """

    def __init__(
        self, start: float = 0.0, dtype: DTypeLike = np.float64, name: str = "shortcut"
    ) -> None:
        dtype = checks.float_type(dtype)
        start = checks.fitting("start", start, dtype)
        self.multiplier = Parameter(f"{name} multiplier", np.full(1, start, dtype))
        self._branch: NDArray | None = None

    def forward(self, x: NDArray, f: NDArray) -> NDArray:
        """Return x + a f."""
        self._branch = f
        return x + self.multiplier.value * f

    def backward(self, gradient: NDArray) -> tuple[NDArray, NDArray]:
        """Return g and a g."""
        f = checks.from_forward(self, self._branch)
        self.multiplier.gradient[:] = np.sum(gradient * f)
        return gradient, self.multiplier.value * gradient

    def parameters(self) -> list[Parameter]:
        """Return a."""
        return [self.multiplier]


class Highway(Shortcut):
    """Mix the branch and the input: a gate says, number by number, how much of which.

    Forward, with the sigmoid s::

        t = s(x W + b)                     the transform gate, (n, units)
        y = t f + (1 - t) x

    Backward, from g = dLoss/dy, with a = x W + b::

        dLoss/da = g (f - x) s'(a)
        dLoss/dW, dLoss/db as in `Dense`
        past the branch: g (1 - t) + dLoss/da W^T
        dLoss/df = g t

    Nothing is added to x: what the gate lets in of the branch takes the place of a share of
    x. So the gradient that passes the branch shrinks by 1 - t in every block.

    Source: Srivastava, Greff and Schmidhuber (2015), arXiv:1505.00387, whose f is a dense
    layer with the activation behind it.

    Parameters
    ----------
    units : int
    bias : float
        Where every entry of b starts; below 0, most of x is carried at first.
    init : str or Initialiser
        How W starts.
    seed : int or numpy.random.Generator
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    gate : Dense
        W and b.
    transform : ndarray or None
        t of the last forward pass.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Examples
    --------
    >>> shortcut = Highway(1, bias=0.0, init="constant")
    >>> shortcut.forward(np.array([[1.0]]), np.array([[5.0]]))
    array([[3.]])
    """

    def __init__(
        self,
        units: int,
        bias: float = -2.0,
        init: str | Initialiser = "glorot",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "gate",
    ) -> None:
        units, dtype = checks.count("units", units), checks.float_type(dtype)
        self.gate = Dense(units, units, init, seed, dtype, name)
        self.gate.bias.value[:] = checks.fitting("bias", bias, dtype)
        self.transform: NDArray | None = None
        self._seen: tuple[NDArray, NDArray, NDArray] | None = None

    def forward(self, x: NDArray, f: NDArray) -> NDArray:
        """Return t f + (1 - t) x."""
        a = self.gate.forward(x)
        self._seen, self.transform = (a, x, f), sigmoid(a)
        return self.transform * f + sigmoid(-a) * x  # 1 - t, with all its digits

    def backward(self, gradient: NDArray) -> tuple[NDArray, NDArray]:
        """Return g (1 - t) + dLoss/da W^T and g t."""
        a, x, f = checks.from_forward(self, self._seen)
        to_gate = self.gate.backward(gradient * (f - x) * sigmoid_slope(a))
        return gradient * sigmoid(-a) + to_gate, gradient * self.transform

    def parameters(self) -> list[Parameter]:
        """Return W and b."""
        return self.gate.parameters()


def make_shortcut(
    shortcut: str,
    units: int,
    blocks: int = 1,
    gate_bias: float = -2.0,
    init: str | Initialiser = "glorot",
    seed: int | np.random.Generator = 0,
    dtype: DTypeLike = np.float64,
) -> Shortcut:
    """Make the shortcut of one block; `ResidualMLP` says what the names mean.

    Parameters
    ----------
    shortcut : str
        One of `SHORTCUTS`.
    units, blocks : int
        The width of the block, and how many blocks the network has.
    gate_bias, init, seed
        For the gate of ``"highway"``.
    dtype : float32 or float64

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Examples
    --------
    >>> make_shortcut("scaled", units=3, blocks=4)
    Sum(0.5)
    """
    checks.one_of("shortcut", shortcut, SHORTCUTS)
    if shortcut == "none":
        return NoShortcut()
    if shortcut == "highway":
        return Highway(units, gate_bias, init, seed, dtype)
    if shortcut in ("sum", "scaled"):
        return Sum(1.0 if shortcut == "sum" else 1 / math.sqrt(blocks))
    return LearnedSum(1.0 if shortcut == "fixup" else 0.0, dtype)
