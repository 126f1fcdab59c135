"""Rectifiers whose negative slope is not fixed: learned (PReLU) or drawn (RReLU).

`PReLU` and `RReLU` are recipes, to be given to `MLP` as its activation; each
makes one layer for every hidden layer of the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.networks import checks
from vgtools.networks.layers import ActivationLayer
from vgtools.networks.parameters import Parameter


class PReLULayer(ActivationLayer):
    """Rectify with a negative slope that is learned, per channel or per layer.

    Forward, with z of shape (n, units)::

        h = max(0, z) + a min(0, z)

    Backward, from g = dLoss/dh::

        delta = dLoss/dz = g where z > 0, a g elsewhere
        dLoss/da = sum of g min(0, z)   over samples (and units, if a is shared)

    Nothing constrains a: it may pass 1 or fall below 0.

    Source: He, Zhang, Ren and Sun (2015), arXiv:1502.01852, equations 1 to 3.

    Parameters
    ----------
    units : int
    a : float
        Where every slope starts.
    per : {"channel", "layer"}
        A slope for each unit, or one that all units of the layer share.
    dtype : float32 or float64
    name : str

    Attributes
    ----------
    slope : Parameter
        a, shape (units,) or (1,).
    activation : Activation
        The function with its start value; `slope` holds what was learned.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = PReLULayer(2, a=0.5)
    >>> layer.forward(np.array([[-2.0, 3.0]]))
    array([[-1.,  3.]])
    >>> layer.backward(np.array([[1.0, 1.0]]))
    array([[0.5, 1. ]])
    >>> layer.slope.gradient
    array([-2.,  0.])
    """

    def __init__(
        self,
        units: int,
        a: float = 0.25,
        per: str = "channel",
        dtype: DTypeLike = np.float64,
        name: str = "prelu",
    ) -> None:
        super().__init__(find_activation("prelu", a=a))
        per = checks.one_of("per", per, ["channel", "layer"])
        slopes = checks.count("units", units) if per == "channel" else 1
        self.slope = Parameter(f"{name} slope", np.full(slopes, a, checks.float_type(dtype)))

    def __repr__(self) -> str:
        return f"PReLULayer with {len(self.slope.value)} slopes"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return max(0, z) + a min(0, z), in the same shape and in the slopes' float type."""
        self.pre_activation = z = _pre_activations(self, x, self.slope.value)
        self.output = np.where(z > 0, z, self.slope.value * z)
        return self.output

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return delta = g f'(z), and fill the gradient of the slopes."""
        delta = super().backward(gradient)
        g = np.asarray(gradient, delta.dtype)
        per_unit = np.sum(g * np.minimum(self.pre_activation, 0), axis=0)
        self.slope.gradient[:] = per_unit if len(self.slope.value) > 1 else per_unit.sum()
        return delta

    def derivative(self) -> NDArray:
        """Return 1 where z > 0 and a elsewhere."""
        return _one_or(self.slope.value, checks.from_forward(self, self.pre_activation))

    def parameters(self) -> list[Parameter]:
        """Return the slopes."""
        return [self.slope]


class RReLULayer(ActivationLayer):
    """Rectify with a negative slope that is drawn in training and fixed in evaluation.

    Forward, with a slope rho for every sample and unit::

        h = z where z > 0, rho z elsewhere

    Backward, from g = dLoss/dh, with the same draw::

        delta = dLoss/dz = g where z > 0, rho g elsewhere

    Source: Xu, Wang, Chen and Li (2015), arXiv:1505.00853.

    Parameters
    ----------
    lower, upper : float
        Bounds of the divisor of negative inputs, 1 <= lower <= upper. PyTorch takes
        bounds of the slope, and calls these 1/upper and 1/lower.
    sampling : {"divisor", "slope"}
        What is uniform: the divisor u on [lower, upper], rho = 1/u, as in the
        paper; or rho itself on [1/upper, 1/lower], as in PyTorch.
    evaluation : {"paper", "pytorch", "mean"}
        The slope outside training: 2/(lower + upper) in the paper, the middle of
        1/lower and 1/upper in PyTorch, or the true mean of rho under `sampling`.
        The attribute may be changed after training.
    seed : int or numpy.random.Generator
        Where the draws come from.

    Attributes
    ----------
    slopes : ndarray or float
        rho of the last forward pass: an array of the shape of z after a pass in
        training, the fixed slope otherwise.
    activation : Activation
        The function with the paper's slope of evaluation.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = RReLULayer(lower=4, upper=4)
    >>> layer.forward(np.array([[-2.0, 3.0]]), training=True)
    array([[-0.5,  3. ]])
    >>> [round(RReLULayer(evaluation=how).fixed_slope, 3) for how in ("paper", "pytorch", "mean")]
    [0.182, 0.229, 0.196]
    """

    def __init__(
        self,
        lower: float = 3.0,
        upper: float = 8.0,
        sampling: str = "divisor",
        evaluation: str = "paper",
        seed: int | np.random.Generator = 0,
    ) -> None:
        super().__init__(find_activation("rrelu", lower=lower, upper=upper))
        self.lower, self.upper = float(lower), float(upper)
        self.sampling = checks.one_of("sampling", sampling, ["divisor", "slope"])
        self.evaluation = evaluation
        self.slopes: NDArray | float = self.fixed_slope
        self._rng = checks.generator(seed)

    def __repr__(self) -> str:
        return f"RReLULayer({self.lower:g}, {self.upper:g})"

    @property
    def evaluation(self) -> str:
        """Which slope stands in for the draw outside training."""
        return self._evaluation

    @evaluation.setter
    def evaluation(self, value: str) -> None:
        self._evaluation = checks.one_of("evaluation", value, ["paper", "pytorch", "mean"])

    @property
    def fixed_slope(self) -> float:
        """The slope outside training."""
        if self.evaluation == "paper":
            return 2 / (self.lower + self.upper)
        if self.evaluation == "pytorch" or self.sampling == "slope":
            return (1 / self.lower + 1 / self.upper) / 2
        if self.lower == self.upper:
            return 1 / self.lower
        return math.log(self.upper / self.lower) / (self.upper - self.lower)

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return z where z > 0 and rho z elsewhere, in the same shape and float type."""
        self.pre_activation = z = _pre_activations(self, x)
        self.slopes = self._draw(z.shape).astype(z.dtype) if training else self.fixed_slope
        self.output = np.where(z > 0, z, z * self.slopes).astype(z.dtype, copy=False)
        return self.output

    def derivative(self) -> NDArray:
        """Return 1 where z > 0 and rho elsewhere, with the draw of the last pass."""
        return _one_or(self.slopes, checks.from_forward(self, self.pre_activation))

    def _draw(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        if self.sampling == "divisor":
            return 1 / self._rng.uniform(self.lower, self.upper, shape)
        return self._rng.uniform(1 / self.upper, 1 / self.lower, shape)


@dataclass(frozen=True)
class PReLU:
    """A recipe for `MLP`: slopes that are learned; see `PReLULayer`.

    Examples
    --------
    >>> from vgtools.networks import MLP
    >>> [parameter.name for parameter in MLP([2, 3, 1], PReLU(per="layer")).parameters()][2]
    'prelu 1 slope'
    """

    a: float = 0.25
    per: str = "channel"

    def __post_init__(self) -> None:
        self.layer(1)

    def layer(
        self,
        units: int,
        number: int = 1,
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
    ) -> PReLULayer:
        """Make the layer with this number for so many units; nothing is drawn."""
        return PReLULayer(units, self.a, self.per, dtype, f"prelu {number}")


@dataclass(frozen=True)
class RReLU:
    """A recipe for `MLP`: slopes that are drawn in training; see `RReLULayer`.

    Examples
    --------
    >>> from vgtools.networks import MLP
    >>> MLP([2, 3, 1], RReLU(evaluation="mean")).hidden
    [RReLULayer(3, 8)]
    """

    lower: float = 3.0
    upper: float = 8.0
    sampling: str = "divisor"
    evaluation: str = "paper"

    def __post_init__(self) -> None:
        self.layer(1)

    def layer(
        self,
        units: int,
        number: int = 1,
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
    ) -> RReLULayer:
        """Make the layer; it draws from a random stream of its own, spawned from `seed`."""
        (stream,) = checks.generator(seed).spawn(1)
        return RReLULayer(self.lower, self.upper, self.sampling, self.evaluation, stream)


def activation_layer(
    activation: str | Activation | PReLU | RReLU,
    units: int,
    number: int = 1,
    seed: int | np.random.Generator = 0,
    dtype: DTypeLike = np.float64,
) -> ActivationLayer:
    """Make the layer that applies an activation after hidden layer `number`.

    Parameters
    ----------
    activation : str, Activation, PReLU or RReLU
        The names ``"prelu"`` and ``"rrelu"`` stand for the recipes, whose slopes
        are learned or drawn; an `Activation` stays as it is.
    units : int
        The width of the layer.
    number : int
        Used in the names of parameters.
    seed : int or numpy.random.Generator
        For the draws of RReLU.
    dtype : float32 or float64
        Of the slopes of PReLU.

    Raises
    ------
    TypeError, ValueError
        If there is no such activation.

    Examples
    --------
    >>> activation_layer("prelu", 3)
    PReLULayer with 3 slopes
    >>> activation_layer("tanh", 3)
    ActivationLayer('tanh')
    """
    if isinstance(activation, str):
        activation = {"prelu": PReLU(), "rrelu": RReLU()}.get(activation, activation)
    if isinstance(activation, (PReLU, RReLU)):
        return activation.layer(units, number, seed, dtype)
    return ActivationLayer(activation)


def _pre_activations(
    layer: ActivationLayer, x: ArrayLike, slopes: NDArray | None = None
) -> NDArray:
    z = checks.as_array("the input", x)
    if z.dtype not in checks.FLOAT_TYPES:
        z = checks.floats("the input", z, np.float64)
    if slopes is not None and len(slopes) > 1 and z.shape[-1:] != slopes.shape:
        raise ValueError(f"{layer} needs an input of shape (batch, {len(slopes)}), not {z.shape}")
    return z


def _one_or(slopes: NDArray | float, z: NDArray) -> NDArray:
    return np.where(z > 0, 1, slopes).astype(z.dtype, copy=False)
