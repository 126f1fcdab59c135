"""Batch normalisation: standardise each unit over the batch, then scale and shift."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.networks import checks
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
        # Squares of large numbers overflow, so they are made smaller by a power of two.
        wide = x.astype(np.float64, copy=False)
        shrink = np.where(np.abs(wide).max(axis=0) > 2.0**500, 2.0**-540, 1.0)
        first = wide[0] * shrink
        # Measured from the first row, a unit that never changes has the variance 0, however
        # large its number is; an average of equal numbers may be off by a rounding error.
        offset = wide * shrink - first
        average = offset.mean(axis=0)
        centred = offset - average
        variance = np.square(centred).mean(axis=0)
        self.running_mean *= 1 - self.momentum
        self.running_mean += self.momentum * (first + average) / shrink
        self.running_variance *= 1 - self.momentum
        with np.errstate(over="ignore"):
            unbiased = variance * (len(x) / (len(x) - 1))
            self.running_variance += self.momentum * unbiased / shrink / shrink
        spread = np.hypot(np.sqrt(variance) / shrink, math.sqrt(self.epsilon))
        return (centred / (spread * shrink)).astype(x.dtype), spread.astype(x.dtype)
