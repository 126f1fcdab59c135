"""The multilayer network: dense layers with an activation between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from vgtools.activations import Activation
from vgtools.networks import checks
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.layers import Dense, Layer
from vgtools.networks.network import Chain
from vgtools.networks.normalisation import NORMALISATIONS, normalisation_layer
from vgtools.networks.rectifiers import PReLU, RReLU, activation_layer


class MLP(Chain):
    """A chain of dense layers; every one but the last is followed by an activation.

    Forward, from h_0 = x, for the layers l = 1, ..., L::

        z_l = h_(l-1) W_l + b_l           (n, sizes[l])
        h_l = f(z_l)   for l < L
        logits = z_L                      (n, sizes[L])

    Backward, from dLoss/dz_L, for l = L - 1, ..., 1::

        dLoss/dz_l = (dLoss/dz_(l+1) W_(l+1)^T) * f'(z_l)

    Parameters
    ----------
    sizes : sequence of int
        The width of the input, of each hidden layer and of the output; at least
        two. With exactly two there is no hidden layer: a linear model.
    activation : str, Activation, PReLU or RReLU
        f, the same after every hidden layer. ``"prelu"`` learns its slopes and
        ``"rrelu"`` draws them in training; `PReLU` and `RReLU` are recipes with
        other settings. An `Activation` stays as it is.
    init : str or Initialiser
        How the weights start (see `initialiser`).
    seed : int or numpy.random.Generator
        Where the weights come from. The same seed gives the same weights,
        whatever the activation.
    dtype : float32 or float64
        Kept through the whole network: inputs are converted to it.
    normalisation : None, "batch", "layer", "rms", "tanh" or "erf"
        What stands between every hidden dense layer and its activation: nothing, or
        `BatchNorm`, `LayerNorm`, `RMSNorm`, `DynamicTanh`, `DynamicErf`.
    bias_std : float
        Standard deviation of the biases of all dense layers at the start, which are
        normal with mean zero. With 0 they are zero, and nothing is drawn for them. The
        weights are the same with any.

    Attributes
    ----------
    layers : list of Layer
        All layers in the order of the forward pass.
    dense : list of Dense
        The dense layers: L of them.
    hidden : list of ActivationLayer
        The activation layers: L - 1 of them, one per hidden layer.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> network = MLP([2, 3, 1], activation="tanh", init="lecun", seed=0)
    >>> logits = network.forward([[0.5, -1.0], [2.0, 0.0]])
    >>> logits.shape
    (2, 1)
    >>> network.backward(np.ones_like(logits)).shape
    (2, 2)
    >>> [parameter.name for parameter in network.parameters()][:2]
    ['dense 1 weight', 'dense 1 bias']
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Activation | PReLU | RReLU = "tanh",
        init: str | Initialiser = "glorot",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        normalisation: str | None = None,
        bias_std: float = 0.0,
    ) -> None:
        self.sizes = checks.sizes(sizes)
        self.dtype = checks.float_type(dtype)
        self.init = initialiser(init)
        if normalisation is not None:
            checks.one_of("normalisation", normalisation, [*NORMALISATIONS])
        bias_std = checks.number("bias_std", bias_std, low=0.0)
        rng = checks.generator(seed)

        self.layers: list[Layer] = []
        for number, (fan_in, fan_out) in enumerate(zip(self.sizes, self.sizes[1:]), start=1):
            name = f"dense {number}"
            self.layers.append(Dense(fan_in, fan_out, self.init, rng, self.dtype, name))
            if number == len(self.sizes) - 1:
                break
            self.layers += normalisation_layer(normalisation, fan_out, number, self.dtype)
            self.layers.append(activation_layer(activation, fan_out, number, rng, self.dtype))
        if bias_std > 0:  # after all weights, which are the same with and without biases
            self._draw_biases(bias_std, rng)

    def __repr__(self) -> str:
        names = {layer.activation.name for layer in self.hidden}
        activation = f", activation={names.pop()!r}" if names else ""
        return f"MLP({list(self.sizes)}{activation}, init={self.init})"

    def _draw_biases(self, std: float, rng: np.random.Generator) -> None:
        for dense in self.dense:
            with np.errstate(over="ignore"):
                dense.bias.value[:] = rng.normal(0.0, std, dense.bias.value.shape)
            if not np.isfinite(dense.bias.value).all():
                raise ValueError(
                    f"bias_std must leave the biases finite in {self.dtype}, not be {std!r}"
                )
