"""The plain recurrent layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.networks.initialisers import Initialiser
from vgtools.networks.recurrent.layer import RecurrentLayer


class RNNLayer(RecurrentLayer):
    """The plain recurrent layer of Elman.

    Forward::

        z_t = x_t W + h_(t-1) U + b
        h_t = f(z_t)

    Backward, for t = T, ..., 1, from dLoss/dh_T::

        dLoss/dz_t     = dLoss/dh_t * f'(z_t)
        dLoss/dh_(t-1) = what the loss reads + dLoss/dz_t U^T

    so that k steps multiply the gradient by k slopes and k times by the same U.

    Source: Elman, Finding structure in time (1990); back-propagation through
    time: Rumelhart, Hinton and Williams (1986), Werbos (1990).

    Parameters
    ----------
    features, hidden : int
    activation : str or Activation
        f.
    init, recurrent_init : str or Initialiser
        How W and U start; b starts at zero.
    seed : int or numpy.random.Generator
    dtype : float32 or float64
    name : str

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    A unit that doubles its state, seen backwards:

    >>> layer = RNNLayer(1, 1, "identity")
    >>> layer.recurrent_weight.value[:] = 2.0
    >>> _ = layer.forward(np.zeros((3, 1, 1)))
    >>> _ = layer.backward(np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1))
    >>> layer.state_gradients.ravel()
    array([8., 4., 2., 1.])
    """

    def __init__(
        self,
        features: int,
        hidden: int,
        activation: str | Activation = "tanh",
        init: str | Initialiser = "glorot",
        recurrent_init: str | Initialiser = "orthogonal",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "rnn",
    ) -> None:
        super().__init__(features, hidden, init, recurrent_init, seed, dtype, name)
        self.activation = find_activation(activation)

    def forward(self, x: ArrayLike, state: ArrayLike | None = None) -> NDArray:
        """Return h_1, ..., h_T, shape (T, n, hidden), from x and h_0 (zeros by default)."""
        (self.states,) = self._start_forward(x, state=state)
        z, h, U, f = self.pre_activations, self.states, self.recurrent_weight.value, self.activation
        for t in range(len(z)):  # h[t] is the state before this step, h[t + 1] the one after it
            z[t] += h[t] @ U
            h[t + 1] = f(z[t])
        return h[1:]

    def backward(self, gradient: ArrayLike, steps: int | None = None) -> NDArray:
        """Return dLoss/dx, shape (T, n, features), from dLoss/dh; see `RecurrentLayer.backward`."""
        walk = self._start_backward(gradient, steps)
        dh, U = self.state_gradients[walk.start :], self.recurrent_weight.value
        dz = self.activation.derivative(self.pre_activations[walk])
        for t in reversed(range(len(dz))):
            dz[t] *= dh[t + 1]
            dh[t] += dz[t] @ U.T
        return self._keep_gradients(walk, dz)
