"""The random numbers of the laboratory, for the same experiment in Python.

With one seed, `draw` and `batches` give the weights and the batches of the page, but for the
rounding of logarithms and exponentials.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from vgtools.activations import kernels
from vgtools.networks import MLP, Dense, ResidualMLP, checks
from vgtools.networks.initialisers import (
    Constant,
    Initialiser,
    Normal,
    Orthogonal,
    Scaled,
    Uniform,
)
from vgtools.networks.shortcuts import Highway

RECIPES = ("constant", "normal", "uniform", "lecun", "glorot", "he", "fan_in", "orthogonal")
"""The initialisers that the laboratory has."""

WORD = 2**32 - 1
BIASES, GATES, ORDER = 10_000, 20_000, 30_000
"""The streams of biases, of the gates of highways, and of the order of samples."""


def random_bits(seed: int, stream: int = 0) -> Iterator[int]:
    """Yield whole numbers of 32 random bits: xoshiro128**, seeded as in ``random.js``.

    Source: Blackman and Vigna (2021), doi 10.1145/3460772.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1.
    stream : int
        Which of the streams of this seed.

    Raises
    ------
    TypeError, ValueError
        If the seed is not such a number.

    Examples
    --------
    >>> list(islice(random_bits(0), 2)) == list(islice(random_bits(0, stream=1), 2))
    False
    """
    checks.number("seed", seed, low=0, high=WORD + 1)
    h = _mixed(_mixed(int(seed)) + stream & WORD)
    a, b, c, d = (_mixed(h + k * 0x9E3779B9 & WORD) for k in (1, 2, 3, 4))
    while True:
        turn = b * 5 & WORD
        yield (turn << 7 | turn >> 25) * 9 & WORD
        shifted = b << 9 & WORD
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = (d << 11 | d >> 21) & WORD


def normal_numbers(count: int, seed: int, stream: int = 0) -> NDArray[np.float64]:
    """Return standard normal numbers, by the polar method of Marsaglia and Bray (1964).

    Examples
    --------
    >>> bool(abs(normal_numbers(10_000, seed=0).std() - 1) < 0.02)
    True
    """
    bits, found = random_bits(seed, stream), np.empty(0)
    while len(found) < count:
        words = np.fromiter(islice(bits, 4 * (count // 2 + 64)), np.uint64)
        uniform = ((words[::2] >> 5) * 2.0**26 + (words[1::2] >> 6)) / 2.0**53
        u, v = 2 * uniform.reshape(-1, 2).T - 1
        square = u * u + v * v
        inside = (square > 0) & (square < 1)
        u, v, square = u[inside], v[inside], square[inside]
        factor = np.sqrt(-2 * np.log(square) / square)
        found = np.concatenate([found, np.stack([u * factor, v * factor], axis=1).ravel()])
    return found[:count]


def draw(
    network: MLP | ResidualMLP, seed: int = 0, gain: float = 1.0, bias_std: float = 0.0
) -> None:
    """Give a new network the weights that the laboratory draws with this seed.

    Parameters
    ----------
    network : MLP or ResidualMLP
        Its recipe, ``network.init``, says how the weights start; they change in place.
    seed : int
        From 0 to 2**32 - 1.
    gain : float
        What all weights are multiplied by.
    bias_std : float
        The standard deviation of the biases of all dense layers but those of gates.

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above, or the laboratory does not have the recipe.

    Examples
    --------
    >>> one, other = (MLP([64, 30, 10], "relu", init=name) for name in ("he", "lecun"))
    >>> draw(one, seed=7), draw(other, seed=7)
    (None, None)
    >>> ratio = one.dense[0].weight.value / other.dense[0].weight.value
    >>> bool(np.allclose(ratio, 2**0.5))
    True
    """
    if not isinstance(network, (MLP, ResidualMLP)):
        raise TypeError(f"network must be an MLP or a ResidualMLP, not {type(network).__name__}")
    gain = checks.number("gain", gain, low=0.0)
    bias_std = checks.number("bias_std", bias_std, low=0.0)
    *others, last = network.dense
    for stream, dense in [*enumerate(others, start=1), (0, last)]:
        _draw_weights(dense, network.init, seed, stream, gain)
        if bias_std > 0:
            numbers = normal_numbers(len(dense.bias.value), seed, BIASES + stream)
            dense.bias.value[:] = bias_std * numbers
    for number, block in enumerate(getattr(network, "blocks", [])):
        if isinstance(block.shortcut, Highway):
            _draw_weights(block.shortcut.gate, network.init, seed, GATES + number, gain)
        if network.shortcut == "fixup":
            *inner, end = (layer for layer in block.inside() if isinstance(layer, Dense))
            for dense in inner:
                dense.weight.value *= len(network.blocks) ** (-1 / (2 * len(inner)))
            end.weight.value[:] = 0


def batches(samples: int, batch_size: int = 50, seed: int = 0) -> Iterator[NDArray[np.int64]]:
    """Yield the samples of one step of training after the other, as the laboratory takes them.

    Parameters
    ----------
    samples : int
        How many there are. In each epoch they are shuffled and cut into batches.
    batch_size : int
        From 1 to `samples`.
    seed : int
        That of the run, from 0 to 2**32 - 1.

    Yields
    ------
    ndarray of int
        The numbers of the samples, without end.

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above.

    Examples
    --------
    >>> first, second = islice(batches(samples=5, batch_size=3), 2)
    >>> sorted([*first.tolist(), *second.tolist()])
    [0, 1, 2, 3, 4]
    """
    samples, batch_size = checks.count("samples", samples), checks.count("batch_size", batch_size)
    if batch_size > samples:
        raise ValueError(
            f"batch_size must be at most {samples}, the number of samples, not {batch_size}"
        )
    bits, order = random_bits(seed, ORDER), list(range(samples))
    while True:
        for last in range(samples - 1, 0, -1):
            uniform = ((next(bits) >> 5) * 2.0**26 + (next(bits) >> 6)) / 2.0**53
            chosen = math.floor(uniform * (last + 1))
            order[last], order[chosen] = order[chosen], order[last]
        for start in range(0, samples, batch_size):
            yield np.array(order[start : start + batch_size])


def _mixed(h: int) -> int:
    """Return other 32 bits: the last step of MurmurHash3."""
    h = (h ^ h >> 16) * 0x85EBCA6B & WORD
    h = (h ^ h >> 13) * 0xC2B2AE35 & WORD
    return h ^ h >> 16


def _draw_weights(dense: Dense, init: Initialiser, seed: int, stream: int, gain: float) -> None:
    fan_in, fan_out = shape = dense.weight.value.shape
    if isinstance(init, Constant):
        dense.weight.value[:] = gain * init.value
        return
    numbers = normal_numbers(fan_in * fan_out, seed, stream).reshape(shape)
    if isinstance(init, Orthogonal):
        tall = numbers if fan_in >= fan_out else numbers.T
        q, r = np.linalg.qr(tall)
        q *= gain * init.gain * np.sign(np.diag(r))
        dense.weight.value[:] = q if fan_in >= fan_out else q.T
        return
    if not isinstance(init, (Normal, Scaled, Uniform)):
        raise ValueError(
            f"the laboratory has no recipe such as {init}; it has {', '.join(RECIPES)}"
        )
    std = gain * init.deviation(fan_in, fan_out)
    if isinstance(init, Uniform) or getattr(init, "distribution", "") == "uniform":
        numbers = math.sqrt(3) * (2 * _normal_below(numbers) - 1)
    dense.weight.value[:] = std * numbers


@np.errstate(under="ignore")
def _normal_below(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of normal numbers below x."""
    return (1 + kernels.erf(x / math.sqrt(2))) / 2
