"""What training needs of a network, whatever its architecture."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
