"""The layers: each computes its output, and the way back from it.

A layer remembers what its last forward pass saw; `backward` takes the gradient
of the loss with respect to that output, fills the gradients of the layer's
parameters, and returns the gradient with respect to the input.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.networks import checks
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.parameters import Parameter


class Layer:
    """What every layer can do."""

    def forward(self, x: NDArray, training: bool = False) -> NDArray:
        """Return the output for the input `x`, shape (batch, features).

        `training` matters to the layers that behave differently while they
        learn: `BatchNorm` and `RReLULayer`.
        """
        raise NotImplementedError

    def backward(self, gradient: NDArray) -> NDArray:
        """Turn dLoss/doutput into dLoss/dinput, and fill the parameters' gradients."""
        raise NotImplementedError

    def parameters(self) -> list[Parameter]:
        """Return what the layer learns; nothing, unless it says otherwise."""
        return []

    def inside(self) -> list[Layer]:
        """Return the layer, and the layers that it is made of if there are any."""
        return [self]


class Dense(Layer):
    """Every output is a weighted sum of all inputs, plus a bias.

    Forward, with x of shape (n, fan_in)::

        y = x W + b                      (n, fan_out)

    Backward, from g = dLoss/dy of shape (n, fan_out)::

        dLoss/dW = x^T g                 (fan_in, fan_out)
        dLoss/db = sum of g over the n rows   (fan_out,)
        dLoss/dx = g W^T                 (n, fan_in)

    Parameters
    ----------
    fan_in, fan_out : int
        How many numbers go in and come out.
    init : str or Initialiser
        How W starts (see `initialiser`); b starts at zero.
    seed : int or numpy.random.Generator
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    weight, bias : Parameter
        W, shape (fan_in, fan_out), and b, shape (fan_out,).
    input : ndarray or None
        The x of the last forward pass; not a copy.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = Dense(2, 1, init="constant")
    >>> layer.weight.value[:] = [[3.0], [4.0]]
    >>> layer.forward([[1.0, 10.0]])
    array([[43.]])
    >>> layer.backward([[1.0]])
    array([[3., 4.]])
    >>> layer.weight.gradient
    array([[ 1.],
           [10.]])
    """

    def __init__(
        self,
        fan_in: int,
        fan_out: int,
        init: str | Initialiser = "glorot",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "dense",
    ) -> None:
        weights = initialiser(init)(fan_in, fan_out, seed, dtype)
        self.weight = Parameter(f"{name} weight", weights)
        self.bias = Parameter(f"{name} bias", np.zeros(fan_out, weights.dtype))
        self.input: NDArray | None = None

    def __repr__(self) -> str:
        return "Dense({}, {})".format(*self.weight.value.shape)

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return x W + b; x has shape (n, fan_in), the result (n, fan_out)."""
        w = self.weight.value
        x = checks.floats("the input", x, w.dtype)
        if x.ndim != 2 or x.shape[1] != len(w):
            raise ValueError(f"{self} needs an input of shape (batch, {len(w)}), not {x.shape}")
        self.input = x
        y = x @ w
        y += self.bias.value
        return y

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return g W^T, shape (n, fan_in), from g = dLoss/dy, shape (n, fan_out)."""
        w, x = self.weight.value, checks.from_forward(self, self.input)
        g = checks.output_gradient(self, gradient, (len(x), w.shape[1]), w.dtype)
        np.matmul(x.T, g, out=self.weight.gradient)
        np.sum(g, axis=0, out=self.bias.gradient)
        return g @ w.T

    def parameters(self) -> list[Parameter]:
        """Return W and b."""
        return [self.weight, self.bias]


class ActivationLayer(Layer):
    """Apply one function f to every number.

    Forward, with z of any shape (n, units)::

        h = f(z)

    Backward, from g = dLoss/dh::

        delta = dLoss/dz = g * f'(z)        (entry by entry)

    Parameters
    ----------
    activation : str or Activation
        A name from the catalogue, ``"identity"``, or an `Activation`.

    Attributes
    ----------
    activation : Activation
    pre_activation, output, delta : ndarray or None
        z, h and dLoss/dz of the last pass, shape (n, units): what diagnostics look at.

    Raises
    ------
    TypeError, ValueError
        If the activation is unknown or a gradient does not fit.

    Examples
    --------
    >>> layer = ActivationLayer("relu")
    >>> layer.forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    >>> layer.backward(np.array([[5.0, 5.0]]))
    array([[0., 5.]])
    """

    def __init__(self, activation: str | Activation) -> None:
        self.activation = find_activation(activation)
        self.pre_activation: NDArray | None = None
        self.output: NDArray | None = None
        self.delta: NDArray | None = None

    def __repr__(self) -> str:
        return f"ActivationLayer({self.activation.name!r})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return f(z) for the input z, in the same shape and float type."""
        self.pre_activation = checks.as_array("the input", x)
        self.output = self.activation(self.pre_activation)
        return self.output

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return delta = g * f'(z), same shape as z."""
        slope = self.derivative()
        self.delta = slope * checks.output_gradient(self, gradient, slope.shape, slope.dtype)
        return self.delta

    def derivative(self) -> NDArray:
        """Return f'(z) at the pre-activations of the last forward pass, a new array."""
        return self.activation.derivative(checks.from_forward(self, self.pre_activation))
