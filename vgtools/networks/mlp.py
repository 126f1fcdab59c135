"""The multilayer network: dense layers with an activation between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.networks import checks
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.layers import ActivationLayer, Dense, Layer
from vgtools.networks.network import Network
from vgtools.networks.normalisation import BatchNorm
from vgtools.networks.parameters import Parameter
from vgtools.networks.rectifiers import PReLU, RReLU, activation_layer


class MLP(Network):
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
        How the weights start (see `initialiser`); biases start at zero.
    seed : int or numpy.random.Generator
        Where the weights come from. The same seed gives the same weights,
        whatever the activation.
    dtype : float32 or float64
        Kept through the whole network: inputs are converted to it.
    normalisation : None or "batch"
        ``"batch"`` puts a `BatchNorm` between every hidden dense layer and its
        activation.

    Attributes
    ----------
    layers : list of Layer
        All layers in the order of the forward pass.

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
    ) -> None:
        self.sizes = checks.sizes(sizes)
        self.dtype = checks.float_type(dtype)
        self.init = initialiser(init)
        if normalisation is not None:
            checks.one_of("normalisation", normalisation, ["batch"])
        rng = checks.generator(seed)

        self.layers: list[Layer] = []
        for number, (fan_in, fan_out) in enumerate(zip(self.sizes, self.sizes[1:]), start=1):
            name = f"dense {number}"
            self.layers.append(Dense(fan_in, fan_out, self.init, rng, self.dtype, name))
            if number == len(self.sizes) - 1:
                break
            if normalisation is not None:
                name = f"batch norm {number}"
                self.layers.append(BatchNorm(fan_out, dtype=self.dtype, name=name))
            self.layers.append(activation_layer(activation, fan_out, number, rng, self.dtype))

    def __repr__(self) -> str:
        names = {layer.activation.name for layer in self.hidden}
        activation = f", activation={names.pop()!r}" if names else ""
        return f"MLP({list(self.sizes)}{activation}, init={self.init})"

    @property
    def dense(self) -> list[Dense]:
        """The dense layers: L of them."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def hidden(self) -> list[ActivationLayer]:
        """The activation layers: L - 1 of them, one per hidden layer."""
        return [layer for layer in self.layers if isinstance(layer, ActivationLayer)]

    def check_input(self, name: str, x: ArrayLike) -> NDArray:
        """Return `x` as a finite array of shape (n, sizes[0]) in the network's float type."""
        return checks.matrix(name, x, self.sizes[0], self.dtype)

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return the logits.

        Parameters
        ----------
        x : array_like, shape (n, sizes[0])
            Finite numbers, at least one row.
        training : bool
            Whether batch normalisation takes its statistics from these rows, and
            RReLU draws its slopes. Without either it makes no difference.

        Returns
        -------
        ndarray, shape (n, sizes[-1])

        Raises
        ------
        TypeError, ValueError
            If `x` is anything else.
        """
        x = self.check_input("x", x)
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Fill the gradient of every parameter, after a forward pass.

        Parameters
        ----------
        gradient : array_like, shape (n, sizes[-1])
            dLoss/dlogits for the input of the last forward pass.

        Returns
        -------
        ndarray, shape (n, sizes[0])
            dLoss/dx.

        Raises
        ------
        RuntimeError
            If there was no forward pass.
        ValueError
            If the shape is not that of the last logits.
        """
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def parameters(self) -> list[Parameter]:
        """Return everything that the network learns, first layer first."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]
