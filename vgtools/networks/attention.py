"""Attention: every token takes a mean of what the others say, with weights that it chooses."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.networks import checks
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.layers import Layer
from vgtools.networks.parameters import Parameter


def softmax(a: NDArray) -> NDArray:
    """Return exp(a) over its sum along the last axis, without overflow.

    Parameters
    ----------
    a : ndarray of float32 or float64
        An entry may be minus infinity, which gives 0, as long as one of its row is finite.

    Returns
    -------
    ndarray
        The same shape and float type; rows sum to 1.

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0, -np.inf]))
    array([0.5, 0.5, 0. ])
    """
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_back(weights: NDArray, gradient: NDArray) -> NDArray:
    """Return dLoss/da from w = softmax(a) and g = dLoss/dw: w * (g - sum of w g).

    Examples
    --------
    >>> softmax_back(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    array([ 0.25, -0.25])
    """
    return weights * (gradient - np.sum(weights * gradient, axis=-1, keepdims=True))


class Attention(Layer):
    """Mix the tokens of a sample: multi-head self-attention.

    Forward, with x of shape (n, T, width), for each head, with d = width / heads columns of
    each matrix::

        q, k, v = x Wq, x Wk, x Wv              queries, keys, values: (n, T, d)
        scores = scale q k^T                    (n, T, T), scale = 1 / sqrt(d)
        a = softmax(scores)                     each row sums to 1
        h = a v                                 (n, T, d)
        y = (the heads side by side) Wo         (n, T, width)

    Backward, from g = dLoss/dy, for each head, with D = its columns of g Wo^T::

        dLoss/dWo = heads^T g, summed over samples and tokens
        dLoss/dv = a^T D
        dLoss/da = D v^T
        S = dLoss/dscores = a * (dLoss/da - row sums of a * dLoss/da)
        dLoss/dq = scale S k
        dLoss/dk = scale S^T q
        dLoss/dx = dLoss/dq Wq^T + dLoss/dk Wk^T + dLoss/dv Wv^T

    The gradient of v passes a mean, that of q and k passes S, which is 0 where the tokens
    are alike: then no choice of weights makes a difference.

    Source: Vaswani et al. (2017), arXiv:1706.03762, sections 3.2.1 and 3.2.2, without biases
    and without dropout.

    Parameters
    ----------
    width : int
        The units of a token.
    heads : int
        A divisor of `width`.
    init : str or Initialiser
        How the four matrices, each (width, width), start.
    seed : int or numpy.random.Generator
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.
    causal : bool
        Whether a token sees itself and those before it only.
    scale : float, optional
        What the scores are multiplied by, 1 / sqrt(d) if it is left out.

    Attributes
    ----------
    query, key, value, output : Parameter
        Wq, Wk, Wv and Wo, each of shape (width, width).
    weights : ndarray or None
        a of the last forward pass, shape (n, heads, T, T).

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    Without queries, each token gets the mean of the values:

    >>> layer = Attention(2)
    >>> layer.query.value[:] = 0.0
    >>> layer.value.value[:] = layer.output.value[:] = np.eye(2)
    >>> layer.forward(np.array([[[1.0, 0.0], [3.0, 4.0]]]))
    array([[[2., 2.],
            [2., 2.]]])
    """

    def __init__(
        self,
        width: int,
        heads: int = 1,
        init: str | Initialiser = "glorot",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "attention",
        causal: bool = False,
        scale: float | None = None,
    ) -> None:
        width, self.heads = checks.count("width", width), checks.count("heads", heads)
        if width % self.heads:
            raise ValueError(f"heads must divide width, {width}, not be {heads}")
        self.scale = 1 / math.sqrt(width // self.heads) if scale is None else scale
        self.scale = checks.number("scale", self.scale)
        self.causal = bool(causal)
        make, rng = initialiser(init), checks.generator(seed)
        self.query, self.key, self.value, self.output = (
            Parameter(f"{name} {kind}", make(width, width, rng, dtype))
            for kind in ("query", "key", "value", "output")
        )
        self.weights: NDArray | None = None
        self._kept: tuple[NDArray, ...] = ()

    def __repr__(self) -> str:
        return f"Attention({len(self.query.value)}, heads={self.heads})"

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return the mixed tokens, of the shape of x, (n, T, width)."""
        wq, wk, wv, wo = (each.value for each in self.parameters())
        x = checks.tokens(self, x, len(wq), wq.dtype)
        q, k, v = (self._split(x @ w) for w in (wq, wk, wv))
        scores = self.scale * q @ k.swapaxes(-1, -2)
        if self.causal:
            later = np.triu(np.ones(scores.shape[-2:], bool), 1)
            scores = np.where(later, -np.inf, scores)
        self.weights = softmax(scores).astype(x.dtype, copy=False)
        h = self._join(self.weights @ v)
        self._kept = x, q, k, v, h
        return h @ wo

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (n, T, width)."""
        wq, wk, wv, wo = (each.value for each in self.parameters())
        a = checks.from_forward(self, self.weights)
        x, q, k, v, h = self._kept
        g = checks.output_gradient(self, gradient, x.shape, x.dtype)
        self.output.gradient[:] = _sum_of_products(h, g)
        of_head = self._split(g @ wo.T)
        s = softmax_back(a, of_head @ v.swapaxes(-1, -2))
        to_q = self._join(self.scale * s @ k)
        to_k = self._join(self.scale * s.swapaxes(-1, -2) @ q)
        to_v = self._join(a.swapaxes(-1, -2) @ of_head)
        for parameter, to in zip((self.query, self.key, self.value), (to_q, to_k, to_v)):
            parameter.gradient[:] = _sum_of_products(x, to)
        return to_q @ wq.T + to_k @ wk.T + to_v @ wv.T

    def parameters(self) -> list[Parameter]:
        """Return Wq, Wk, Wv and Wo."""
        return [self.query, self.key, self.value, self.output]

    def _split(self, x: NDArray) -> NDArray:
        """Give each head its columns: (n, T, width) becomes (n, heads, T, d)."""
        n, tokens, width = x.shape
        return x.reshape(n, tokens, self.heads, width // self.heads).swapaxes(1, 2)

    def _join(self, x: NDArray) -> NDArray:
        """Undo `_split`."""
        n, heads, tokens, d = x.shape
        return x.swapaxes(1, 2).reshape(n, tokens, heads * d)


def _sum_of_products(x: NDArray, g: NDArray) -> NDArray:
    """Return x^T g, summed over samples and tokens."""
    return x.reshape(-1, x.shape[-1]).T @ g.reshape(-1, g.shape[-1])
