"""What a transformer does to each token by itself, and to all of them at the end.

A sequence of tokens has the shape (n, tokens, units): n samples, each with its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.networks import checks
from vgtools.networks.initialisers import Initialiser
from vgtools.networks.layers import ActivationLayer, Dense, Layer
from vgtools.networks.parameters import Parameter


class PerToken(Layer):
    """Send every token through the same layers, by itself.

    Forward, with x of shape (n, tokens, units)::

        y[s, t] = layers(x[s, t])               (n, tokens, what the layers return)

    Backward: the way back through the layers, token by token. The layers see n times
    `tokens` rows, so the gradients of their parameters are sums over all tokens.

    Parameters
    ----------
    layers : sequence of Layer
        At least one; each takes and returns an array of shape (rows, units).

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = PerToken([ActivationLayer("relu")])
    >>> layer.forward(np.array([[[-1.0, 2.0], [3.0, -4.0]]]))
    array([[[0., 2.],
            [3., 0.]]])
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        fits = isinstance(layers, Sequence) and all(isinstance(each, Layer) for each in layers)
        if not fits or len(layers) == 0:
            raise TypeError(f"layers must be a sequence of one layer or more, not {layers!r}")
        self.layers = list(layers)
        self._shape: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        return f"PerToken({self.layers})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return what the layers make of each token, shape (n, tokens, units)."""
        x = checks.as_array("the input", x)
        if x.ndim != 3:
            raise ValueError(f"{self} needs an input of shape (n, tokens, units), not {x.shape}")
        rows = x.reshape(-1, x.shape[2])
        for layer in self.layers:
            rows = layer.forward(rows, training)
        self._shape = (*x.shape[:2], rows.shape[1])
        return rows.reshape(self._shape)

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, tokens, units)."""
        shape = checks.from_forward(self, self._shape)
        g = checks.as_array("the gradient", gradient)
        if g.shape != shape:
            raise ValueError(f"{self} needs a gradient of shape {shape}, not {g.shape}")
        rows = g.reshape(-1, shape[2])
        for layer in reversed(self.layers):
            rows = layer.backward(rows)
        return rows.reshape(*shape[:2], -1)

    def parameters(self) -> list[Parameter]:
        """Return what the layers learn."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def inside(self) -> list[Layer]:
        """Return this layer, and the layers that it is made of."""
        return [self, *(inner for layer in self.layers for inner in layer.inside())]


class GatedUnits(Layer):
    """Multiply one dense layer by another one that went through an activation.

    Forward, with x of shape (n, fan_in)::

        gate = f(x W + b)                       (n, units)
        value = x V + c                         (n, units)
        y = gate * value                        (n, units), entry by entry

    Backward, from g = dLoss/dy: each factor is the slope of the other::

        dLoss/dgate = g * value
        dLoss/dvalue = g * gate
        dLoss/dx = sum of what comes back through W and through V

    With SiLU as f this is SwiGLU, with GELU it is GEGLU, with the sigmoid GLU.

    Source: Shazeer (2020), arXiv:2002.05202, whose layers have no biases; GLU: Dauphin, Fan,
    Auli and Grangier (2017), arXiv:1612.08083.

    Parameters
    ----------
    fan_in, units : int
    activation : str or Activation
        f.
    init : str or Initialiser
        How W and V start; the biases start at zero.
    seed : int or numpy.random.Generator
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    gate, value : Dense
        W with b, and V with c.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = GatedUnits(1, 1, "relu")
    >>> layer.gate.weight.value[:], layer.value.weight.value[:] = 2.0, 3.0
    >>> layer.forward([[10.0], [-10.0]])
    array([[600.],
           [ -0.]])
    """

    def __init__(
        self,
        fan_in: int,
        units: int,
        activation: str | Activation = "silu",
        init: str | Initialiser = "glorot",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "gated",
    ) -> None:
        rng = checks.generator(seed)
        self.gate = Dense(fan_in, units, init, rng, dtype, f"{name} gate")
        self.value = Dense(fan_in, units, init, rng, dtype, f"{name} value")
        self.activation = ActivationLayer(activation)
        self._factors: tuple[NDArray, NDArray] | None = None

    def __repr__(self) -> str:
        return "GatedUnits({}, {}, {!r})".format(
            *self.gate.weight.value.shape, self.activation.activation.name
        )

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return gate * value, shape (n, units)."""
        gate = self.activation.forward(self.gate.forward(x))
        value = self.value.forward(x)
        self._factors = gate, value
        return gate * value

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, fan_in)."""
        gate, value = checks.from_forward(self, self._factors)
        g = checks.output_gradient(self, gradient, gate.shape, gate.dtype)
        through_gate = self.gate.backward(self.activation.backward(g * value))
        return through_gate + self.value.backward(g * gate)

    def parameters(self) -> list[Parameter]:
        """Return W, b, V and c."""
        return [*self.gate.parameters(), *self.value.parameters()]

    def inside(self) -> list[Layer]:
        """Return this layer, its two dense layers and its activation."""
        return [self, self.gate, self.activation, self.value]


class Positions(Layer):
    """Add to each token a vector that is learned for its place.

    Forward, with x of shape (n, tokens, units)::

        y[s, t] = x[s, t] + p[t]

    Backward, from g = dLoss/dy::

        dLoss/dp = sum of g over the n samples  (tokens, units)
        dLoss/dx = g

    Source: Vaswani et al. (2017), arXiv:1706.03762, section 3.5, which tries learned places
    beside sines.

    Parameters
    ----------
    tokens, units : int
    std : float
        Standard deviation of p at the start, which is normal with mean zero.
    seed : int or numpy.random.Generator
    dtype : float32 or float64
    name : str
        Of the parameter.

    Attributes
    ----------
    vectors : Parameter
        p, shape (tokens, units).

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = Positions(2, 1, std=0.0)
    >>> layer.vectors.value[:] = [[10.0], [20.0]]
    >>> layer.forward(np.array([[[1.0], [2.0]]]))
    array([[[11.],
            [22.]]])
    """

    def __init__(
        self,
        tokens: int,
        units: int,
        std: float = 0.02,
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "positions",
    ) -> None:
        shape = checks.count("tokens", tokens), checks.count("units", units)
        std, rng = checks.number("std", std, low=0.0), checks.generator(seed)
        values = rng.normal(0.0, std, shape).astype(checks.float_type(dtype))
        self.vectors = Parameter(name, values)
        self._shape: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        return "Positions({}, {})".format(*self.vectors.value.shape)

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return x + p, of the shape of x."""
        p = self.vectors.value
        x = checks.tokens(self, x, p.shape[1], p.dtype)
        if x.shape[1] != len(p):
            raise ValueError(f"{self} needs {len(p)} tokens in each sample, not {x.shape[1]}")
        self._shape = x.shape
        return x + p

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return g, of the shape of x."""
        shape = checks.from_forward(self, self._shape)
        g = checks.output_gradient(self, gradient, shape, self.vectors.value.dtype)
        np.sum(g, axis=0, out=self.vectors.gradient)
        return g

    def parameters(self) -> list[Parameter]:
        """Return p."""
        return [self.vectors]


class TokenMean(Layer):
    """Take the mean over the tokens of each sample.

    Forward, with x of shape (n, T, units)::

        y = sum of x over the tokens / T        (n, units)

    Backward, from g = dLoss/dy::

        dLoss/dx[s, t] = g[s] / T

    Examples
    --------
    >>> layer = TokenMean()
    >>> layer.forward(np.array([[[1.0], [3.0]]]))
    array([[2.]])
    >>> layer.backward(np.array([[1.0]])).tolist()
    [[[0.5], [0.5]]]
    """

    def __init__(self) -> None:
        self._input: NDArray | None = None

    def __repr__(self) -> str:
        return "TokenMean()"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return the mean, shape (n, units)."""
        x = checks.as_array("the input", x)
        if x.ndim != 3 or x.shape[1] == 0:
            raise ValueError(f"{self} needs an input of shape (n, tokens, units), not {x.shape}")
        self._input = x
        return x.mean(axis=1)

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, T, units)."""
        x = checks.from_forward(self, self._input)
        n, tokens, units = x.shape
        g = checks.output_gradient(self, gradient, (n, units), x.dtype)
        return np.repeat(g[:, np.newaxis] / tokens, tokens, axis=1)
