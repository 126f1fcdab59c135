"""What training needs of a network, whatever its architecture."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.networks import checks
from vgtools.networks.layers import ActivationLayer, Dense, Layer
from vgtools.networks.parameters import Parameter


class Network:
    """A map from inputs to logits that knows its way back.

    Attributes
    ----------
    sizes : tuple of int
        Widths, from the features of the input to the outputs.
    dtype : numpy.dtype
        float32 or float64, kept throughout.
    batch_axis : int
        The axis of the input that counts the samples.
    """

    sizes: tuple[int, ...]
    dtype: np.dtype
    batch_axis = 0

    def check_input(self, name: str, x: ArrayLike) -> NDArray:
        """Return `x` as an array that `forward` takes, or raise and call it `name`."""
        raise NotImplementedError

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return the logits, shape (n, sizes[-1])."""
        raise NotImplementedError

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Turn dLoss/dlogits into dLoss/dx, and fill the parameters' gradients."""
        raise NotImplementedError

    def parameters(self) -> list[Parameter]:
        """Return everything that the network learns."""
        raise NotImplementedError


class Chain(Network):
    """A network whose layers follow each other: each reads what the one before it returns.

    Attributes
    ----------
    layers : list of Layer
        All layers in the order of the forward pass.
    """

    layers: list[Layer]

    @property
    def dense(self) -> list[Dense]:
        """The dense layers, first layer first, those inside of blocks included."""
        return [layer for layer in self._all_layers() if isinstance(layer, Dense)]

    @property
    def hidden(self) -> list[ActivationLayer]:
        """The activation layers, first layer first, those inside of blocks included."""
        return [layer for layer in self._all_layers() if isinstance(layer, ActivationLayer)]

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

    def _all_layers(self) -> list[Layer]:
        return [inner for layer in self.layers for inner in layer.inside()]
