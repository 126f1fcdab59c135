"""The transformer: blocks of attention and of layers for each token, with shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.networks import checks
from vgtools.networks.attention import Attention
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.layers import ActivationLayer, Dense, Layer
from vgtools.networks.network import Chain
from vgtools.networks.normalisation import NORMALISATIONS, normalisation_layer
from vgtools.networks.residual import Residual
from vgtools.networks.shortcuts import Sum
from vgtools.networks.tokens import GatedUnits, PerToken, Positions, TokenMean

PLACES = ["pre", "post", "deepnorm", "none"]
"""Where the normalisation of a transformer stands."""


class Transformer(Chain):
    """Read the tokens of a sample and answer once: an encoder and a dense layer.

    Forward, with x of shape (n, tokens, features), for the blocks l = 1, ..., L::

        h = x W_in + b_in + positions                       (n, tokens, width)
        h = h + attention(norm(h))                          (pre-normalisation)
        h = h + feed_forward(norm(h))
        logits = mean over the tokens of norm(h) W_out + b_out      (n, outputs)

    The feed-forward part sees each token by itself: dense, activation, dense; or, where it
    is gated, `GatedUnits` and a dense layer.

    ============== =================================================================
    ``place``      a block
    ============== =================================================================
    ``"pre"``      h + f(norm(h)), and a last norm behind the blocks
    ``"post"``     norm(h + f(h))
    ``"deepnorm"`` norm(a h + f(h)) with a = (2 L)**(1/4), and the weights of values,
                   outputs and feed-forward times (8 L)**(-1/4) at the start
    ``"none"``     h + f(h)
    ============== =================================================================

    DeepNorm is computed as norm(h + f(h) / a), which is the same but for the epsilon.

    Sources: Vaswani et al. (2017), arXiv:1706.03762 (post); Xiong et al. (2020),
    arXiv:2002.04745 (both places); Wang et al. (2022), arXiv:2203.00555 (DeepNorm, for an
    encoder alone).

    Parameters
    ----------
    sizes : sequence of three int
        Features of a token, width, outputs.
    tokens : int
        How many tokens each sample has.
    blocks : int
        L.
    heads : int
        A divisor of the width.
    activation : str or Activation
        Of the feed-forward part.
    gated : bool
        Whether the feed-forward part is gated.
    hidden : int, optional
        Units of the feed-forward part; four times the width if it is left out.
    place : {"pre", "post", "deepnorm", "none"}
    normalisation : {"layer", "rms", "tanh", "erf"}
    init : str or Initialiser
        How the weights start; biases start at zero.
    seed : int or numpy.random.Generator
        The same seed gives the same weights, whatever the place and the normalisation (but
        for what DeepNorm makes of them).
    dtype : float32 or float64

    Attributes
    ----------
    layers : list of Layer
        All layers in the order of the forward pass.
    blocks : list of Residual
        Attention and feed-forward in turn: 2 L of them.
    attention : list of Attention
        First block first.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> network = Transformer([8, 16, 10], tokens=8, blocks=2, heads=2)
    >>> logits = network.forward(np.zeros((5, 8, 8)))
    >>> logits.shape, network.backward(np.ones_like(logits)).shape
    ((5, 10), (5, 8, 8))
    """

    def __init__(
        self,
        sizes: Sequence[int],
        tokens: int,
        blocks: int,
        heads: int = 1,
        activation: str | Activation = "gelu",
        gated: bool = False,
        hidden: int | None = None,
        place: str = "pre",
        normalisation: str = "layer",
        init: str | Initialiser = "glorot",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.sizes = checks.sizes(sizes)
        if len(self.sizes) != 3:
            raise ValueError(
                f"sizes must be three widths, features, width and outputs, not {list(self.sizes)}"
            )
        features, width, outputs = self.sizes
        self.dtype, self.init = checks.float_type(dtype), initialiser(init)
        self.tokens, count = checks.count("tokens", tokens), checks.count("blocks", blocks)
        hidden = 4 * width if hidden is None else checks.count("hidden", hidden)
        self.place = checks.one_of("place", place, PLACES)
        checks.one_of("normalisation", normalisation, [*NORMALISATIONS])
        if normalisation == "batch":
            raise ValueError("normalisation must see one token at a time, not be 'batch'")
        rng = checks.generator(seed)

        def norm(number: int) -> list[Layer]:
            return normalisation_layer(normalisation, width, number, self.dtype)

        def feed_forward() -> list[Layer]:
            first = (
                [GatedUnits(width, hidden, activation, self.init, rng, self.dtype)]
                if gated
                else [Dense(width, hidden, self.init, rng, self.dtype), ActivationLayer(activation)]
            )
            return [*first, Dense(hidden, width, self.init, rng, self.dtype, "dense out")]

        embed = Dense(features, width, self.init, rng, self.dtype, "embedding")
        self.layers: list[Layer] = [
            PerToken([embed]),
            Positions(self.tokens, width, seed=rng, dtype=self.dtype),
        ]
        for number in range(1, count + 1):
            mix = Attention(width, heads, self.init, rng, self.dtype)
            parts = [[mix], [PerToken(feed_forward())]]
            if place == "deepnorm":
                _make_smaller(parts, (8 * count) ** -0.25)
            for half, part in enumerate(parts, start=1):
                added = self._part(part, norm(half), count)
                for layer in added:
                    for parameter in layer.parameters():
                        parameter.name = f"block {number} {parameter.name}"
                self.layers += added
        if place == "pre":
            self.layers.append(PerToken(norm(1)))
        self.layers += [TokenMean(), Dense(width, outputs, self.init, rng, self.dtype, "readout")]

    def __repr__(self) -> str:
        return (
            f"Transformer({list(self.sizes)}, tokens={self.tokens}, "
            f"blocks={len(self.attention)}, place={self.place!r})"
        )

    @property
    def blocks(self) -> list[Residual]:
        """Attention and feed-forward of each block, with their shortcuts: 2 L of them."""
        return [layer for layer in self.layers if isinstance(layer, Residual)]

    @property
    def attention(self) -> list[Attention]:
        """The attention of each block: L of them."""
        return [layer for layer in self._all_layers() if isinstance(layer, Attention)]

    def check_input(self, name: str, x: ArrayLike) -> NDArray:
        """Return `x` as a finite array of shape (n, tokens, features)."""
        array = checks.floats(name, x, self.dtype)
        shape = (self.tokens, self.sizes[0])
        if array.ndim != 3 or array.shape[1:] != shape or len(array) == 0:
            raise ValueError(
                f"{name} must have shape (batch, {shape[0]}, {shape[1]}) with at least one "
                f"sample, not {array.shape}"
            )
        return checks.finite(name, array)

    def _part(self, part: list[Layer], norm: list[Layer], count: int) -> list[Layer]:
        """Return one half of a block, with its shortcut and its normalisation."""
        if self.place == "pre":
            return [Residual([PerToken(norm), *part])]
        shortcut = Sum((2 * count) ** -0.25 if self.place == "deepnorm" else 1.0)
        block = Residual(part, shortcut)
        return [block] if self.place == "none" else [block, PerToken(norm)]


def _make_smaller(parts: list[list[Layer]], factor: float) -> None:
    """Multiply the weights of values, of outputs and of the feed-forward part."""
    for layer in (inner for part in parts for each in part for inner in each.inside()):
        if isinstance(layer, Attention):
            layer.value.value *= factor
            layer.output.value *= factor
        elif isinstance(layer, Dense):
            layer.weight.value *= factor
