"""The networks that read a sequence and answer at its end."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.networks import checks
from vgtools.networks.initialisers import Initialiser
from vgtools.networks.layers import Dense
from vgtools.networks.network import Network
from vgtools.networks.parameters import Parameter
from vgtools.networks.recurrent.gru import GRULayer
from vgtools.networks.recurrent.layer import RecurrentLayer
from vgtools.networks.recurrent.lstm import LSTMLayer
from vgtools.networks.recurrent.rnn import RNNLayer


class RecurrentNetwork(Network):
    """A recurrent layer that reads a sequence, and a dense layer that reads its last state.

    Forward, from a sequence x of T steps::

        h_1, ..., h_T = layer(x)
        logits = h_T V + a                      (n, sizes[2])

    Attributes
    ----------
    layer : RecurrentLayer
        Its `states` and `state_gradients` are what diagnostics look at.
    readout : Dense
        V and a.
    sizes : tuple of int
        Features, hidden units, outputs.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.
    """

    batch_axis = 1

    def __init__(
        self,
        sizes: tuple[int, int, int],
        layer: type[RecurrentLayer],
        init: str | Initialiser,
        seed: int | np.random.Generator,
        dtype: DTypeLike,
        **options: object,
    ) -> None:
        self.sizes = checks.sizes(sizes)
        if len(self.sizes) != 3:
            raise ValueError(
                f"sizes must be three widths, features, hidden and outputs, not {list(sizes)}"
            )
        self.dtype, rng = checks.float_type(dtype), checks.generator(seed)
        features, hidden, outputs = self.sizes
        self.layer = layer(features, hidden, init=init, seed=rng, dtype=dtype, **options)
        self.readout = Dense(hidden, outputs, init, rng, dtype, "readout")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.sizes)})"

    def check_input(self, name: str, x: ArrayLike) -> NDArray:
        """Return a sequence as a finite array of shape (time, batch, features)."""
        return checks.sequence(name, x, self.sizes[0], self.dtype)

    def forward(self, x: ArrayLike, training: bool = False) -> NDArray:
        """Return the logits, shape (n, sizes[2]), from x of shape (T, n, sizes[0])."""
        return self.readout.forward(self.layer.forward(self.check_input("x", x))[-1])

    def backward(self, gradient: ArrayLike, steps: int | None = None) -> NDArray:
        """Fill the gradient of every parameter, after a forward pass.

        Parameters
        ----------
        gradient : array_like, shape (n, sizes[2])
            dLoss/dlogits.
        steps : int, optional
            Truncate: go back through so many steps only, counted from the last.

        Returns
        -------
        ndarray, shape (T, n, sizes[0])
            dLoss/dx.
        """
        checks.from_forward(self, self.layer.states)
        return self.layer.backward(self.readout.backward(gradient), steps)

    def parameters(self) -> list[Parameter]:
        """Return everything that the network learns."""
        return [*self.layer.parameters(), *self.readout.parameters()]


class RNN(RecurrentNetwork):
    """A plain recurrent network that answers at the end of a sequence.

    Parameters
    ----------
    sizes : sequence of three int
        Features, hidden units, outputs.
    activation : str or Activation
    init, recurrent_init : str or Initialiser
        How input (and output) weights and recurrent weights start.
    seed : int or numpy.random.Generator
    dtype : float32 or float64

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> network = RNN([2, 8, 1])
    >>> network.forward(np.zeros((100, 5, 2))).shape
    (5, 1)
    """

    def __init__(
        self,
        sizes: tuple[int, int, int],
        activation: str | Activation = "tanh",
        init: str | Initialiser = "glorot",
        recurrent_init: str | Initialiser = "orthogonal",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__(
            sizes,
            RNNLayer,
            init,
            seed,
            dtype,
            recurrent_init=recurrent_init,
            activation=activation,
        )


class LSTM(RecurrentNetwork):
    """An LSTM that answers at the end of a sequence; see `LSTMLayer`.

    Parameters
    ----------
    sizes : sequence of three int
        Features, hidden units, outputs.
    forget_gate : bool
    forget_bias : float
    init, recurrent_init, seed, dtype
        As for `RNN`.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> network = LSTM([2, 8, 1], forget_bias=1.0)
    >>> network.forward(np.zeros((100, 5, 2))).shape
    (5, 1)
    """

    def __init__(
        self,
        sizes: tuple[int, int, int],
        forget_gate: bool = True,
        forget_bias: float = 1.0,
        init: str | Initialiser = "glorot",
        recurrent_init: str | Initialiser = "orthogonal",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__(
            sizes,
            LSTMLayer,
            init,
            seed,
            dtype,
            recurrent_init=recurrent_init,
            forget_gate=forget_gate,
            forget_bias=forget_bias,
        )


class GRU(RecurrentNetwork):
    """A gated recurrent network that answers at the end of a sequence; see `GRULayer`.

    Parameters
    ----------
    sizes : sequence of three int
        Features, hidden units, outputs.
    init, recurrent_init, seed, dtype
        As for `RNN`.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> network = GRU([2, 8, 1])
    >>> network.forward(np.zeros((100, 5, 2))).shape
    (5, 1)
    """

    def __init__(
        self,
        sizes: tuple[int, int, int],
        init: str | Initialiser = "glorot",
        recurrent_init: str | Initialiser = "orthogonal",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__(
            sizes,
            GRULayer,
            init,
            seed,
            dtype,
            recurrent_init=recurrent_init,
        )
