"""Normalisation: divide by a spread that is measured, then let the network learn another one.

`BatchNorm` measures every unit over the samples of the batch, `LayerNorm` and `RMSNorm`
every sample over its own units. The layers that need no measuring stand in `bounded`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.networks import checks
from vgtools.networks.bounded import DynamicErf, DynamicTanh
from vgtools.networks.layers import Layer
from vgtools.networks.parameters import Parameter


class BatchNorm(Layer):
    """Give every unit mean zero and variance one over the batch, then let it learn both.

    Forward in training, for each unit (column) of x, shape (n, units)::

        mean, variance = over the n rows of the batch       (variance divided by n)
        s = (x - mean) / sqrt(variance + epsilon)
        y = scale s + shift

    Backward, from g = dLoss/dy, with averages over the n rows::

        dLoss/dshift = sum g
        dLoss/dscale = sum g s
        dLoss/dx = scale / sqrt(variance + epsilon) (g - average g - s average(g s))

    The two averages are there because every sample of the batch moves the mean
    and the variance. In evaluation the mean and the variance are the running
    ones, constants that were collected during training::

        running <- (1 - momentum) running + momentum batch value

    The batch value of the variance is divided by n - 1 there, as an estimate for
    data that were not seen.

    Source: Ioffe and Szegedy (2015), arXiv:1502.03167, algorithms 1 and 2; they
    average over batches at the end of training where this class keeps a running
    average.

    Parameters
    ----------
    units : int
        How many numbers each sample has.
    momentum : float
        Weight of the newest batch in the running statistics, in [0, 1).
    epsilon : float
        Above 0; keeps the division finite where a unit never changes.
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    scale, shift : Parameter
        Both of shape (units,); they start at 1 and 0.
    running_mean, running_variance : ndarray, shape (units,)
        They start at 0 and 1. The variance is float64 in any network, because float32
        cannot hold that of numbers from 1e19 on. From 1e154 on float64 cannot either:
        it is infinite then, and the output of that unit in evaluation is NaN.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit. A
        forward pass in training needs at least two rows: one row has no variance.

    Examples
    --------
    >>> layer = BatchNorm(1)
    >>> layer.forward(np.array([[1.0], [3.0]]), training=True).round(3)
    array([[-1.],
           [ 1.]])
    >>> layer.running_mean
    array([0.2])
    """

    def __init__(
        self,
        units: int,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
        dtype: DTypeLike = np.float64,
        name: str = "batch norm",
    ) -> None:
        units, dtype = checks.count("units", units), checks.float_type(dtype)
        self.momentum = checks.number("momentum", momentum, low=0.0, high=1.0)
        self.epsilon = checks.number("epsilon", epsilon, low=np.finfo(dtype).tiny)
        self.scale = Parameter(f"{name} scale", np.ones(units, dtype))
        self.shift = Parameter(f"{name} shift", np.zeros(units, dtype))
        self.running_mean = np.zeros(units, dtype)
        self.running_variance = np.ones(units)
        self._standardised: NDArray | None = None
        self._spread: NDArray | None = None
        self._trained = False

    def __repr__(self) -> str:
        return f"BatchNorm({len(self.running_mean)})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return scale s + shift, shape (n, units)."""
        scale = self.scale.value
        x = checks.floats("the input", x, scale.dtype)
        if x.ndim != 2 or x.shape[1] != len(scale):
            raise ValueError(f"{self} needs an input of shape (batch, {len(scale)}), not {x.shape}")
        if training:
            if len(x) < 2:
                raise ValueError(f"{self} needs at least two rows in training, not {len(x)}")
            self._standardised, self._spread = self._of_batch(x)
        else:
            self._spread = np.sqrt(self.running_variance + self.epsilon).astype(x.dtype)
            self._spread[np.isinf(self.running_variance)] = np.nan
            # In float64 and by halves: the difference of large numbers overflows.
            halves = x.astype(np.float64) / 2 - self.running_mean.astype(np.float64) / 2
            self._standardised = (2 * (halves / self._spread)).astype(x.dtype)
        self._trained = training
        return scale * self._standardised + self.shift.value

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, units), for the kind of forward pass that came last."""
        s = checks.from_forward(self, self._standardised)
        g = checks.output_gradient(self, gradient, s.shape, s.dtype)
        np.sum(g, axis=0, out=self.shift.gradient)
        np.sum(g * s, axis=0, out=self.scale.gradient)
        factor = self.scale.value / self._spread
        if not self._trained:
            return factor * g
        return factor * (g - self.shift.gradient / len(g) - s * (self.scale.gradient / len(g)))

    def parameters(self) -> list[Parameter]:
        """Return scale and shift."""
        return [self.scale, self.shift]

    def _of_batch(self, x: NDArray) -> tuple[NDArray, NDArray]:
        """Return s and sqrt(variance + epsilon) of a batch, and remember its statistics."""
        centred, mean, variance, shrink = _centred(x)
        self.running_mean *= 1 - self.momentum
        self.running_mean += self.momentum * mean / shrink
        self.running_variance *= 1 - self.momentum
        with np.errstate(over="ignore"):
            unbiased = variance * (len(x) / (len(x) - 1))
            self.running_variance += self.momentum * unbiased / shrink / shrink
        spread = np.hypot(np.sqrt(variance) / shrink, math.sqrt(self.epsilon))
        return (centred / (spread * shrink)).astype(x.dtype), spread.astype(x.dtype)


class LayerNorm(Layer):
    """Give every sample mean zero and variance one over its units, then scale and shift.

    Forward, for each sample (row) of x, shape (n, units)::

        mean, variance = over the units of the row       (variance divided by units)
        s = (x - mean) / sqrt(variance + epsilon)
        y = gain s + shift

    Backward, from g = dLoss/dy, with h = g gain and averages over the units of a row::

        dLoss/dshift = sum of g over the n rows
        dLoss/dgain = sum of g s over the n rows
        dLoss/dx = (h - average h - s average(h s)) / sqrt(variance + epsilon)

    No sample sees another one: training and evaluation are the same, and one sample is
    enough. A row may be shifted, or multiplied by a positive number, and y stays the same,
    as far as epsilon is small.

    Source: Ba, Kiros and Hinton (2016), arXiv:1607.06450, whose formula has no epsilon.

    Parameters
    ----------
    units : int
        How many numbers each sample has. With one unit, s is always 0.
    epsilon : float
        Above 0; keeps the division finite where all units of a row are equal.
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    gain, shift : Parameter
        Both of shape (units,); they start at 1 and 0.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = LayerNorm(2)
    >>> layer.forward(np.array([[1.0, 3.0], [100.0, 300.0]])).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    def __init__(
        self,
        units: int,
        epsilon: float = 1e-5,
        dtype: DTypeLike = np.float64,
        name: str = "layer norm",
    ) -> None:
        units, dtype = checks.count("units", units), checks.float_type(dtype)
        self.epsilon = checks.number("epsilon", epsilon, low=np.finfo(dtype).tiny)
        self.gain = Parameter(f"{name} gain", np.ones(units, dtype))
        self.shift = Parameter(f"{name} shift", np.zeros(units, dtype))
        self._standardised: NDArray | None = None
        self._spread: NDArray | None = None

    def __repr__(self) -> str:
        return f"LayerNorm({len(self.gain.value)})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return gain s + shift, shape (n, units)."""
        gain = self.gain.value
        x = checks.rows(self, x, len(gain), gain.dtype)
        centred, _, variance, shrink = _centred(x.T)
        self._standardised, self._spread = _divided(centred, variance, self.epsilon, shrink, x)
        return gain * self._standardised + self.shift.value

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, units)."""
        s = checks.from_forward(self, self._standardised)
        g = checks.output_gradient(self, gradient, s.shape, s.dtype)
        np.sum(g, axis=0, out=self.shift.gradient)
        np.sum(g * s, axis=0, out=self.gain.gradient)
        h = g * self.gain.value
        return (h - _average(h) - s * _average(h * s)) / self._spread

    def parameters(self) -> list[Parameter]:
        """Return gain and shift."""
        return [self.gain, self.shift]


class RMSNorm(Layer):
    """Divide every sample by the root mean square of its units, then scale.

    Forward, for each sample (row) of x, shape (n, units)::

        s = x / sqrt(mean of x**2 over the units + epsilon)
        y = gain s

    Backward, from g = dLoss/dy, with h = g gain and the average over the units of a row::

        dLoss/dgain = sum of g s over the n rows
        dLoss/dx = (h - s average(h s)) / sqrt(mean of x**2 + epsilon)

    This is `LayerNorm` without the mean and without the shift. A row may be multiplied by a
    positive number, and y stays the same, as far as epsilon is small; a shift changes it.

    Source: Zhang and Sennrich (2019), arXiv:1910.07467, whose formula has no epsilon.

    Parameters
    ----------
    units : int
        How many numbers each sample has.
    epsilon : float
        Above 0; keeps the division finite where a row is 0.
    dtype : float32 or float64
    name : str
        Used in the name of the parameter.

    Attributes
    ----------
    gain : Parameter
        Of shape (units,); it starts at 1.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = RMSNorm(2)
    >>> layer.forward(np.array([[1.0, 7.0], [-10.0, -70.0]])).round(3)
    array([[ 0.2,  1.4],
           [-0.2, -1.4]])
    """

    def __init__(
        self,
        units: int,
        epsilon: float = 1e-5,
        dtype: DTypeLike = np.float64,
        name: str = "rms norm",
    ) -> None:
        units, dtype = checks.count("units", units), checks.float_type(dtype)
        self.epsilon = checks.number("epsilon", epsilon, low=np.finfo(dtype).tiny)
        self.gain = Parameter(f"{name} gain", np.ones(units, dtype))
        self._standardised: NDArray | None = None
        self._spread: NDArray | None = None

    def __repr__(self) -> str:
        return f"RMSNorm({len(self.gain.value)})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return gain s, shape (n, units)."""
        gain = self.gain.value
        x = checks.rows(self, x, len(gain), gain.dtype)
        small, shrink = _shrunk(x.T)
        square = np.square(small).mean(axis=0)
        self._standardised, self._spread = _divided(small, square, self.epsilon, shrink, x)
        return gain * self._standardised

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, units)."""
        s = checks.from_forward(self, self._standardised)
        g = checks.output_gradient(self, gradient, s.shape, s.dtype)
        np.sum(g * s, axis=0, out=self.gain.gradient)
        h = g * self.gain.value
        return (h - s * _average(h * s)) / self._spread

    def parameters(self) -> list[Parameter]:
        """Return the gain."""
        return [self.gain]


NORMALISATIONS = {
    "batch": (BatchNorm, "batch norm"),
    "layer": (LayerNorm, "layer norm"),
    "rms": (RMSNorm, "rms norm"),
    "tanh": (DynamicTanh, "dynamic tanh"),
    "erf": (DynamicErf, "dynamic erf"),
}
"""What a network calls each kind, its layer, and what its parameters are called."""


def normalisation_layer(
    normalisation: str | None, units: int, number: int = 1, dtype: DTypeLike = np.float64
) -> list[Layer]:
    """Make the layer that stands before an activation; an empty list if there is none.

    Parameters
    ----------
    normalisation : None, "batch", "layer", "rms", "tanh" or "erf"
        `BatchNorm`, `LayerNorm`, `RMSNorm`, `DynamicTanh` or `DynamicErf`.
    units : int
        The width of the layer.
    number : int
        Used in the names of parameters.
    dtype : float32 or float64

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above.

    Examples
    --------
    >>> normalisation_layer("rms", 3), normalisation_layer(None, 3)
    ([RMSNorm(3)], [])
    """
    if normalisation is None:
        return []
    kind, name = NORMALISATIONS[checks.one_of("normalisation", normalisation, [*NORMALISATIONS])]
    return [kind(units, dtype=dtype, name=f"{name} {number}")]


def _shrunk(x: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x times a power of two for each column, whose squares do not overflow, and it."""
    wide = x.astype(np.float64, copy=False)
    shrink = np.where(np.abs(wide).max(axis=0) > 2.0**500, 2.0**-540, 1.0)
    return wide * shrink, shrink


def _centred(x: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return x - mean, the mean and the variance of each column of x * shrink, and shrink."""
    small, shrink = _shrunk(x)
    first = small[0]
    # Measured from the first entry, a column that never changes has the variance 0, however
    # large its number is; an average of equal numbers may be off by a rounding error.
    offset = small - first
    average = offset.mean(axis=0)
    centred = offset - average
    return centred, first + average, np.square(centred).mean(axis=0), shrink


def _divided(
    small: NDArray, square: NDArray, epsilon: float, shrink: NDArray, x: NDArray
) -> tuple[NDArray, NDArray]:
    """Return the rows of x divided by their spread, and the spread, in the type of x.

    `small` and `square` are the transposed rows and the mean of their squares, times `shrink`.
    """
    spread = np.hypot(np.sqrt(square), math.sqrt(epsilon) * shrink)
    with np.errstate(over="ignore"):
        return (small / spread).T.astype(x.dtype), (spread / shrink)[:, None].astype(x.dtype)


def _average(values: NDArray) -> NDArray:
    """Return the mean over the units of every row, shape (n, 1)."""
    return values.mean(axis=1, keepdims=True)
