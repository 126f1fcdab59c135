"""Long short-term memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.networks import checks
from vgtools.networks.gates import sigmoid, sigmoid_slope, tanh_slope
from vgtools.networks.initialisers import Initialiser
from vgtools.networks.recurrent.layer import RecurrentLayer, split


class LSTMLayer(RecurrentLayer):
    """Long short-term memory: a cell that adds to what it holds, and gates around it.

    Forward, with s the sigmoid and the four blocks of W, U and b in the order
    input gate, forget gate, candidate, output gate::

        i_t = s(x_t W_i + h_(t-1) U_i + b_i)          what is let in
        f_t = s(x_t W_f + h_(t-1) U_f + b_f)          what is kept
        u_t = tanh(x_t W_u + h_(t-1) U_u + b_u)       the candidate
        o_t = s(x_t W_o + h_(t-1) U_o + b_o)          what is let out
        c_t = f_t * c_(t-1) + i_t * u_t
        h_t = o_t * tanh(c_t)

    Backward, for t = T, ..., 1, with a the pre-activation of each block, all of them
    side by side without an index::

        dLoss/dc_t     = dLoss/dh_t * o_t * tanh'(c_t) + dLoss/dc_(t+1) * f_(t+1)
        dLoss/da_i     = dLoss/dc_t * u_t * s'(a_i)
        dLoss/da_f     = dLoss/dc_t * c_(t-1) * s'(a_f)
        dLoss/da_u     = dLoss/dc_t * i_t * tanh'(a_u)
        dLoss/da_o     = dLoss/dh_t * tanh(c_t) * s'(a_o)
        dLoss/dh_(t-1) = what the loss reads + dLoss/da U^T

    The second term of the first line is the direct path from cell to cell: no weight
    stands on it.

    Source: Hochreiter and Schmidhuber (1997), doi 10.1162/neco.1997.9.8.1735,
    whose cell keeps everything (``forget_gate=False``: f_t = 1); the forget gate:
    Gers, Schmidhuber and Cummins (2000). This is the common form today, in which
    the gates do not look at the cell and the output is squashed by tanh.

    Parameters
    ----------
    features, hidden : int
    forget_gate : bool
        Without it, f_t is 1 and the second block is not there.
    forget_bias : float
        Where b_f starts; 1 lets the cell remember from the beginning.
    init, recurrent_init, seed, dtype, name
        As for `RNNLayer`; every block is drawn by itself.

    Attributes
    ----------
    cells : ndarray, shape (T + 1, n, hidden)
        c_0, ..., c_T of the last forward pass.
    cell_gradients : ndarray, shape (T + 1, n, hidden)
        dLoss/dc_t of the last backward pass.
    gates : dict of str to ndarray, each of shape (T, n, hidden)
        ``"input"``, ``"forget"`` (ones if there is none), ``"candidate"``, ``"output"``.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    Gates half open, and a forget gate that is nearly so:

    >>> layer = LSTMLayer(1, 1, forget_bias=2.0, init="constant", recurrent_init="constant")
    >>> _ = layer.forward(np.zeros((2, 1, 1)))
    >>> {name: float(gate[0, 0, 0].round(2)) for name, gate in layer.gates.items()}
    {'input': 0.5, 'forget': 0.88, 'candidate': 0.0, 'output': 0.5}
    """

    def __init__(
        self,
        features: int,
        hidden: int,
        forget_gate: bool = True,
        forget_bias: float = 1.0,
        init: str | Initialiser = "glorot",
        recurrent_init: str | Initialiser = "orthogonal",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "lstm",
    ) -> None:
        if not isinstance(forget_gate, bool):
            raise TypeError(f"forget_gate must be True or False, not {forget_gate!r}")
        forget_bias = checks.number("forget_bias", forget_bias)
        self.forget_gate = forget_gate
        self.blocks = 4 if forget_gate else 3
        super().__init__(features, hidden, init, recurrent_init, seed, dtype, name)
        if forget_gate:
            self.bias.value[hidden : 2 * hidden] = forget_bias
        self.cells: NDArray | None = None
        self.cell_gradients: NDArray | None = None
        self._gates: dict[str, NDArray] | None = None

    @property
    def gates(self) -> dict[str, NDArray]:
        """The gates and the candidate of the last forward pass."""
        return dict(checks.from_forward(self, self._gates))

    def forward(
        self, x: ArrayLike, state: ArrayLike | None = None, cell: ArrayLike | None = None
    ) -> NDArray:
        """Return h_1, ..., h_T, shape (T, n, hidden), from x, h_0 and c_0 (zeros by default)."""
        self.states, self.cells = self._start_forward(x, state=state, cell=cell)
        self.cell_gradients = None
        a, h, c, U = self.pre_activations, self.states, self.cells, self.recurrent_weight.value
        a_i, a_f, a_u, a_o = self._split(a)
        i, u, o = (np.empty_like(a_i) for _ in range(3))
        f = np.ones_like(a_i)
        for t in range(len(a)):  # h[t] is the state before this step, h[t + 1] the one after it
            a[t] += h[t] @ U
            i[t] = sigmoid(a_i[t])
            if self.forget_gate:
                f[t] = sigmoid(a_f[t])
            u[t] = np.tanh(a_u[t])
            o[t] = sigmoid(a_o[t])
            c[t + 1] = f[t] * c[t] + i[t] * u[t]
            h[t + 1] = o[t] * np.tanh(c[t + 1])
        self._gates = {"input": i, "forget": f, "candidate": u, "output": o}
        return h[1:]

    def backward(self, gradient: ArrayLike, steps: int | None = None) -> NDArray:
        """Return dLoss/dx, shape (T, n, features), from dLoss/dh; see `RecurrentLayer.backward`."""
        walk = self._start_backward(gradient, steps)
        self.cell_gradients = np.zeros_like(self.cells)
        dh, dc = self.state_gradients[walk.start :], self.cell_gradients[walk.start :]
        a, c, U = self.pre_activations[walk], self.cells[walk.start :], self.recurrent_weight.value
        i, f, u, o = (gate[walk] for gate in self.gates.values())
        a_i, a_f, a_u, a_o = self._split(a)
        slope_i, slope_o = sigmoid_slope(a_i), sigmoid_slope(a_o)
        slope_f = sigmoid_slope(a_f) if self.forget_gate else None
        slope_u, slope_c, tanh_c = tanh_slope(a_u), tanh_slope(c[1:]), np.tanh(c[1:])
        da = np.empty_like(a)
        da_i, da_f, da_u, da_o = self._split(da)
        for t in reversed(range(len(a))):
            dc[t + 1] += dh[t + 1] * o[t] * slope_c[t]
            da_i[t] = dc[t + 1] * u[t] * slope_i[t]
            if self.forget_gate:
                da_f[t] = dc[t + 1] * c[t] * slope_f[t]
            da_u[t] = dc[t + 1] * i[t] * slope_u[t]
            da_o[t] = dh[t + 1] * tanh_c[t] * slope_o[t]
            dc[t] = dc[t + 1] * f[t]
            dh[t] += da[t] @ U.T
        return self._keep_gradients(walk, da)

    def _split(self, array: NDArray) -> list[NDArray | None]:
        """Return the blocks i, f, u and o; None for f without a forget gate."""
        blocks = split(array, self.blocks)
        return blocks if self.forget_gate else [blocks[0], None, *blocks[1:]]
