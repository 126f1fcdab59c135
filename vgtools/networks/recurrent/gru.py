"""The gated recurrent unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.networks import checks
from vgtools.networks.gates import sigmoid, sigmoid_slope, tanh_slope
from vgtools.networks.initialisers import Initialiser
from vgtools.networks.parameters import Parameter
from vgtools.networks.recurrent.layer import RecurrentLayer, split


class GRULayer(RecurrentLayer):
    """The gated recurrent unit: two gates, and no cell beside the state.

    Forward, with s the sigmoid and the blocks in the order reset gate, update
    gate, candidate::

        r_t = s(x_t W_r + h_(t-1) U_r + b_r)             what the candidate sees
        k_t = s(x_t W_k + h_(t-1) U_k + b_k)             what is kept
        u_t = tanh(x_t W_u + b_u + r_t * (h_(t-1) U_u + d))
        h_t = k_t * h_(t-1) + (1 - k_t) * u_t

    Backward, for t = T, ..., 1, with a the pre-activation of each block::

        dLoss/da_u     = dLoss/dh_t * (1 - k_t) * tanh'(a_u)
        dLoss/da_k     = dLoss/dh_t * (h_(t-1) - u_t) * s'(a_k)
        dLoss/da_r     = dLoss/da_u * (h_(t-1) U_u + d) * s'(a_r)
        dLoss/dh_(t-1) = what the loss reads + dLoss/dh_t * k_t
                         + dLoss/da_r U_r^T + dLoss/da_k U_k^T + (dLoss/da_u * r_t) U_u^T

    Source: Cho et al. (2014), doi 10.3115/v1/D14-1179. There the reset gate acts
    on the state before the weights U_u; here, as in common libraries, after them,
    with a bias d of its own.

    Parameters
    ----------
    features, hidden : int
    init, recurrent_init, seed, dtype, name
        As for `LSTMLayer`.

    Attributes
    ----------
    candidate_bias : Parameter
        d, shape (hidden,).
    gates : dict of str to ndarray, each of shape (T, n, hidden)
        ``"reset"``, ``"update"`` and ``"candidate"``.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = GRULayer(2, 3)
    >>> layer.forward(np.zeros((5, 4, 2))).shape
    (5, 4, 3)
    """

    blocks = 3

    def __init__(
        self,
        features: int,
        hidden: int,
        init: str | Initialiser = "glorot",
        recurrent_init: str | Initialiser = "orthogonal",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "gru",
    ) -> None:
        super().__init__(features, hidden, init, recurrent_init, seed, dtype, name)
        zeros = np.zeros(hidden, self.bias.value.dtype)
        self.candidate_bias = Parameter(f"{name} candidate bias", zeros)
        self._gates: dict[str, NDArray] | None = None
        self._recalled: NDArray | None = None

    def parameters(self) -> list[Parameter]:
        """Return W, U, b and d."""
        return [*super().parameters(), self.candidate_bias]

    @property
    def gates(self) -> dict[str, NDArray]:
        """The gates and the candidate of the last forward pass."""
        return dict(checks.from_forward(self, self._gates))

    def forward(self, x: ArrayLike, state: ArrayLike | None = None) -> NDArray:
        """Return h_1, ..., h_T, shape (T, n, hidden), from x and h_0 (zeros by default)."""
        (self.states,) = self._start_forward(x, state=state)
        h, U, d = self.states, self.recurrent_weight.value, self.candidate_bias.value
        a_r, a_k, a_u = split(self.pre_activations, 3)
        r, k, u, recalled = (np.empty_like(h[1:]) for _ in range(4))
        for t in range(len(u)):  # h[t] is the state before this step, h[t + 1] the one after it
            h_r, h_k, h_u = split(h[t] @ U, 3)
            a_r[t] += h_r
            a_k[t] += h_k
            r[t] = sigmoid(a_r[t])
            k[t] = sigmoid(a_k[t])
            recalled[t] = h_u + d
            a_u[t] += r[t] * recalled[t]
            u[t] = np.tanh(a_u[t])
            h[t + 1] = k[t] * h[t] + sigmoid(-a_k[t]) * u[t]  # 1 - k, with all its digits
        self._gates, self._recalled = {"reset": r, "update": k, "candidate": u}, recalled
        return h[1:]

    def backward(self, gradient: ArrayLike, steps: int | None = None) -> NDArray:
        """Return dLoss/dx, shape (T, n, features), from dLoss/dh; see `RecurrentLayer.backward`."""
        walk = self._start_backward(gradient, steps)
        a, h, dh = self.pre_activations[walk], self.states[walk], self.state_gradients[walk.start :]
        r, k, u = (gate[walk] for gate in self.gates.values())
        U, recalled = self.recurrent_weight.value, self._recalled[walk]
        a_r, a_k, a_u = split(a, 3)
        rest_k = sigmoid(-a_k)  # 1 - k
        slope_r, slope_k, slope_u = sigmoid_slope(a_r), sigmoid_slope(a_k), tanh_slope(a_u)
        da, of_state = np.empty_like(a), np.empty_like(a)  # dLoss/d(x W + b), dLoss/d(h U)
        da_r, da_k, da_u = split(da, 3)
        of_state_u = split(of_state, 3)[2]
        for t in reversed(range(len(a))):
            da_u[t] = dh[t + 1] * rest_k[t] * slope_u[t]
            da_k[t] = dh[t + 1] * (h[t] - u[t]) * slope_k[t]
            da_r[t] = da_u[t] * recalled[t] * slope_r[t]
            of_state[t] = da[t]
            of_state_u[t] *= r[t]
            dh[t] += dh[t + 1] * k[t] + of_state[t] @ U.T
        self.candidate_bias.gradient[:] = of_state_u.sum(axis=(0, 1))
        return self._keep_gradients(walk, da, of_state)
