"""In the place of a norm: bounded functions that are stretched, and nothing is measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import activation, kernels
from vgtools.networks import checks
from vgtools.networks.layers import Layer
from vgtools.networks.parameters import Parameter

tanh, tanh_slope = activation("tanh"), activation("tanh").derivative


def erf(u: NDArray) -> NDArray:
    """Return the error function in the float type of u, good to 2 units in the last place.

    Examples
    --------
    >>> erf(np.array([0.0, 0.5, 30.0], np.float32))
    array([0.       , 0.5204999, 1.       ], dtype=float32)
    """
    with np.errstate(all="ignore"):
        return kernels.erf(u.astype(np.float64, copy=False)).astype(u.dtype, copy=False)


def erf_slope(u: NDArray) -> NDArray:
    """Return 2 exp(-u**2) / sqrt(pi) in the float type of u, good to 2 units in the last place.

    Examples
    --------
    >>> erf_slope(np.array([0.0, 0.5, 30.0])).round(4)
    array([1.1284, 0.8788, 0.    ])
    """
    with np.errstate(all="ignore"):
        return kernels.erf_derivative(u.astype(np.float64, copy=False)).astype(u.dtype, copy=False)


class DynamicTanh(Layer):
    """Squash every number by a tanh that one learned factor stretches, then scale and shift.

    Forward, with x of shape (n, units) and one alpha for all of it::

        t = tanh(alpha x)
        y = gain t + shift

    Backward, from g = dLoss/dy, with d = dLoss/d(alpha x) = g gain tanh'(alpha x)::

        dLoss/dshift = sum of g over the n rows
        dLoss/dgain = sum of g t over the n rows
        dLoss/dalpha = sum of d x over all entries
        dLoss/dx = alpha d

    It takes the place of a norm and measures nothing: every number is treated by itself, so
    the size of x decides how much of it is squashed.

    Source: Zhu, Chen, He, LeCun and Liu (2025), arXiv:2503.10622.

    Parameters
    ----------
    units : int
        How many numbers each sample has.
    alpha : float
        Where alpha starts; one half in the authors' code.
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    alpha : Parameter
        Of shape (1,).
    gain, shift : Parameter
        Both of shape (units,); they start at 1 and 0.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = DynamicTanh(2)
    >>> layer.forward(np.array([[0.1, 100.0]])).round(3)
    array([[0.05, 1.  ]])
    """

    def __init__(
        self,
        units: int,
        alpha: float = 0.5,
        dtype: DTypeLike = np.float64,
        name: str = "dynamic tanh",
    ) -> None:
        units, dtype = checks.count("units", units), checks.float_type(dtype)
        alpha = checks.fitting("alpha", alpha, dtype)
        self.alpha = Parameter(f"{name} alpha", np.full(1, alpha, dtype))
        self.gain = Parameter(f"{name} gain", np.ones(units, dtype))
        self.shift = Parameter(f"{name} shift", np.zeros(units, dtype))
        self._input: NDArray | None = None
        self._stretched: NDArray | None = None

    def __repr__(self) -> str:
        return f"DynamicTanh({len(self.gain.value)})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return gain tanh(alpha x) + shift, shape (n, units)."""
        gain = self.gain.value
        self._input = checks.rows(self, x, len(gain), gain.dtype)
        with np.errstate(over="ignore"):  # tanh of infinity is 1
            self._stretched = self.alpha.value * self._input
        return gain * tanh(self._stretched) + self.shift.value

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, units)."""
        u = checks.from_forward(self, self._stretched)
        g = checks.output_gradient(self, gradient, u.shape, u.dtype)
        d = g * self.gain.value * tanh_slope(u)
        np.sum(g, axis=0, out=self.shift.gradient)
        np.sum(g * tanh(u), axis=0, out=self.gain.gradient)
        self.alpha.gradient[:] = np.sum(d * self._input)
        return self.alpha.value * d

    def parameters(self) -> list[Parameter]:
        """Return alpha, gain and shift."""
        return [self.alpha, self.gain, self.shift]


class DynamicErf(Layer):
    """Squash every number by an error function that is stretched and moved, then scale and shift.

    Forward, with x of shape (n, units) and one alpha and one offset for all of it::

        t = erf(alpha x + offset)
        y = gain t + shift

    Backward, from g = dLoss/dy, with d = dLoss/d(alpha x + offset) and erf'(u) = 2 exp(-u**2) /
    sqrt(pi)::

        d = g gain erf'(alpha x + offset)
        dLoss/dshift = sum of g over the n rows
        dLoss/dgain = sum of g t over the n rows
        dLoss/doffset = sum of d over all entries
        dLoss/dalpha = sum of d x over all entries
        dLoss/dx = alpha d

    `DynamicTanh` with another function, and with an offset. The erf comes nearer to its ends
    than the tanh at the same distance.

    Source: Chen, Lu, Zhu, Sun and Liu (2025), arXiv:2512.10938, who call it Derf.

    Parameters
    ----------
    units : int
        How many numbers each sample has.
    alpha, offset : float
        Where alpha and the offset start; one half and 0 in the authors' code.
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    alpha, offset : Parameter
        Both of shape (1,).
    gain, shift : Parameter
        Both of shape (units,); they start at 1 and 0.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = DynamicErf(2)
    >>> layer.forward(np.array([[0.1, 100.0]])).round(3)
    array([[0.056, 1.   ]])
    """

    def __init__(
        self,
        units: int,
        alpha: float = 0.5,
        offset: float = 0.0,
        dtype: DTypeLike = np.float64,
        name: str = "dynamic erf",
    ) -> None:
        units, dtype = checks.count("units", units), checks.float_type(dtype)
        alpha = checks.fitting("alpha", alpha, dtype)
        offset = checks.fitting("offset", offset, dtype)
        self.alpha = Parameter(f"{name} alpha", np.full(1, alpha, dtype))
        self.offset = Parameter(f"{name} offset", np.full(1, offset, dtype))
        self.gain = Parameter(f"{name} gain", np.ones(units, dtype))
        self.shift = Parameter(f"{name} shift", np.zeros(units, dtype))
        self._input: NDArray | None = None
        self._stretched: NDArray | None = None

    def __repr__(self) -> str:
        return f"DynamicErf({len(self.gain.value)})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return gain erf(alpha x + offset) + shift, shape (n, units)."""
        gain = self.gain.value
        self._input = checks.rows(self, x, len(gain), gain.dtype)
        with np.errstate(over="ignore"):  # erf of infinity is 1
            self._stretched = self.alpha.value * self._input + self.offset.value
        return gain * erf(self._stretched) + self.shift.value

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, units)."""
        u = checks.from_forward(self, self._stretched)
        g = checks.output_gradient(self, gradient, u.shape, u.dtype)
        d = g * self.gain.value * erf_slope(u)
        np.sum(g, axis=0, out=self.shift.gradient)
        np.sum(g * erf(u), axis=0, out=self.gain.gradient)
        self.offset.gradient[:] = np.sum(d)
        self.alpha.gradient[:] = np.sum(d * self._input)
        return self.alpha.value * d

    def parameters(self) -> list[Parameter]:
        """Return alpha, offset, gain and shift."""
        return [self.alpha, self.offset, self.gain, self.shift]
