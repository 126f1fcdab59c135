"""Recurrences that are linear in the state: their factor is chosen, or gated by the input."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.networks import checks
from vgtools.networks.gates import sigmoid, sigmoid_slope
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.parameters import Parameter


class LinearRecurrence:
    """A linear recurrent unit: complex factors inside of the unit circle, whatever it learns.

    Forward, for T steps of a batch of n samples, with m states::

        lambda = exp(-exp(nu) + i theta)                |lambda| < 1, shape (m,)
        s_t = lambda * s_(t-1) + exp(log_gamma) * (x_t B)          complex, (n, m)
        y_t = real part of (s_t C) + x_t D                         (n, units)

    At the start lambda is even in a ring, and gamma is sqrt(1 - abs(lambda)**2): with
    inputs that are independent from step to step the states have the size of x B.

    Backward, for t = T, ..., 1, with the gradient of a complex number p + i q written as
    dLoss/dp + i dLoss/dq, and the bar for the complex conjugate::

        dLoss/ds_t = g_t bar(C)^T + bar(lambda) * dLoss/ds_(t+1)
        dLoss/dlambda = sum over t and samples of bar(s_(t-1)) * dLoss/ds_t
        dLoss/dnu = real part of -exp(nu) * bar(lambda) * dLoss/dlambda
        dLoss/dtheta = real part of -i * bar(lambda) * dLoss/dlambda

    Nothing but a power of lambda stands between two states: abs(lambda)**k after k steps.

    Source: Orvieto et al. (2023), arXiv:2303.06349, whose theta is the exponential of what
    is learned.

    Parameters
    ----------
    features, states, units : int
        Numbers in each x_t, m, and numbers in each y_t.
    ring : (float, float)
        The least and the largest size of lambda at the start, 0 <= least < largest < 1.
    phase : float
        The largest theta at the start.
    seed : int or numpy.random.Generator
    dtype : float32 or float64
        Of what is learned; the states have the complex type of this size.
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    nu, theta, log_gamma : Parameter
        Each of shape (m,).
    states : ndarray, shape (T + 1, n, m)
        s_0 = 0, s_1, ..., s_T of the last forward pass, complex.
    state_gradients : ndarray, shape (T + 1, n, m)
        dLoss/ds_t of the last backward pass.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = LinearRecurrence(1, states=4, units=2, ring=(0.9, 0.99))
    >>> layer.forward(np.ones((50, 3, 1))).shape
    (50, 3, 2)
    >>> bool(np.all(np.abs(layer.factors) < 1))
    True
    """

    def __init__(
        self,
        features: int,
        states: int,
        units: int,
        ring: tuple[float, float] = (0.0, 0.99),
        phase: float = 2 * np.pi,
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "linear recurrence",
    ) -> None:
        features, m = checks.count("features", features), checks.count("states", states)
        units, dtype = checks.count("units", units), checks.float_type(dtype)
        least, largest = (checks.number("ring", end, low=0.0) for end in ring)
        if not least < largest < 1:
            raise ValueError(f"ring must be two sizes, 0 <= least < largest < 1, not {ring}")
        phase, rng = checks.number("phase", phase, low=0.0), checks.generator(seed)

        # Even in the area of the ring: the square of the size is uniform.
        size = np.sqrt(rng.uniform(least**2, largest**2, m).clip(1e-12))
        start = {
            "nu": np.log(-np.log(size)),
            "theta": rng.uniform(0, phase, m),
            "log gamma": np.log1p(-(size**2)) / 2,
            "B real": rng.normal(0, (2 * features) ** -0.5, (features, m)),
            "B imaginary": rng.normal(0, (2 * features) ** -0.5, (features, m)),
            "C real": rng.normal(0, m**-0.5, (m, units)),
            "C imaginary": rng.normal(0, m**-0.5, (m, units)),
            "D": np.zeros((features, units)),
        }
        self._parameters = {
            kind: Parameter(f"{name} {kind}", value.astype(dtype)) for kind, value in start.items()
        }
        self.nu, self.theta = self._parameters["nu"], self._parameters["theta"]
        self.log_gamma = self._parameters["log gamma"]
        self.input: NDArray | None = None
        self.states: NDArray | None = None
        self.state_gradients: NDArray | None = None

    def __repr__(self) -> str:
        features, units = self._parameters["D"].value.shape
        return f"LinearRecurrence({features}, states={len(self.nu.value)}, units={units})"

    @property
    def factors(self) -> NDArray:
        """Lambda, shape (m,), complex."""
        return np.exp(-np.exp(self.nu.value) + 1j * self.theta.value)

    def parameters(self) -> list[Parameter]:
        """Return nu, theta, log gamma, both parts of B and of C, and D."""
        return list(self._parameters.values())

    def forward(self, x: ArrayLike) -> NDArray:
        """Return y_1, ..., y_T, shape (T, n, units), from x of shape (T, n, features)."""
        b, c, d = self._matrices()
        x = _steps(self, x, len(d), d.dtype)
        factor, u = self.factors, np.exp(self.log_gamma.value) * (x @ b)
        self.input, self.states = x, np.zeros((len(x) + 1, *u.shape[1:]), b.dtype)
        for t, each in enumerate(u, start=1):
            self.states[t] = factor * self.states[t - 1] + each
        return (self.states[1:] @ c).real + x @ d

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (T, n, features), from dLoss/dy, shape (T, n, units)."""
        b, c, d = self._matrices()
        s = checks.from_forward(self, self.states)
        g = checks.output_gradient(self, gradient, (*s[1:].shape[:2], d.shape[1]), d.dtype)
        ds, factor = np.zeros_like(s), self.factors.conj()
        ds[1:] = g @ c.conj().T
        for t in reversed(range(1, len(s) - 1)):
            ds[t] += factor * ds[t + 1]
        self.state_gradients = ds
        gamma, xb = np.exp(self.log_gamma.value), self.input @ b
        to_factor = np.sum(s[:-1].conj() * ds[1:], axis=(0, 1))
        to_b = np.tensordot(self.input, gamma * ds[1:], axes=([0, 1], [0, 1]))
        to_c = np.tensordot(s[1:].conj(), g, axes=([0, 1], [0, 1]))
        found = {
            "nu": -np.exp(self.nu.value) * (factor * to_factor).real,
            "theta": (-1j * factor * to_factor).real,
            "log gamma": np.sum((gamma * xb).conj() * ds[1:], axis=(0, 1)).real,
            "B real": to_b.real,
            "B imaginary": to_b.imag,
            "C real": to_c.real,
            "C imaginary": to_c.imag,
            "D": np.tensordot(self.input, g, axes=([0, 1], [0, 1])),
        }
        for kind, value in found.items():
            self._parameters[kind].gradient[:] = value
        return ((gamma * ds[1:]) @ b.conj().T).real + g @ d.T

    def _matrices(self) -> tuple[NDArray, NDArray, NDArray]:
        """Return B and C, complex, and D."""
        value = {kind: parameter.value for kind, parameter in self._parameters.items()}
        i = np.array(1j, np.result_type(value["D"].dtype, np.complex64))
        b = value["B real"] + i * value["B imaginary"]
        return b, value["C real"] + i * value["C imaginary"], value["D"]


class SelectiveRecurrence:
    """A linear recurrence whose factor the input chooses, for each unit and each step.

    Forward, for T steps of a batch of n samples, with s the sigmoid::

        z_t = x_t W + b                         (n, units)
        u_t = x_t V + c                         (n, units)
        h_t = (1 - s(z_t)) * h_(t-1) + s(z_t) * u_t

    Backward, for t = T, ..., 1::

        dLoss/dh_(t-1) = what the loss reads + (1 - s(z_t)) * dLoss/dh_t
        dLoss/dz_t = dLoss/dh_t * (u_t - h_(t-1)) * s'(z_t)
        dLoss/du_t = dLoss/dh_t * s(z_t)

    The factor 1 - s(z) is exp(-softplus(z)): so a selective state-space model of one state
    for each unit has this gate. The gate does not see the state. That is what makes the
    recurrence linear in it, and what the LSTM's and the GRU's gates do otherwise.

    Source: Gu and Dao (2023), arXiv:2312.00752, theorem 1.

    Parameters
    ----------
    features, units : int
    init : str or Initialiser
        How W and V start; c starts at zero.
    gate_bias : float
        Where b starts. With -4, 1 - s is about 0.98.
    seed : int or numpy.random.Generator
    dtype : float32 or float64
    name : str
        Used in the names of the parameters.

    Attributes
    ----------
    gate_weight, gate_bias, input_weight, input_bias : Parameter
        W, b, V and c.
    states, state_gradients : ndarray, shape (T + 1, n, units)
        h_0 = 0, ..., h_T and dLoss/dh_t of the last passes.

    Raises
    ------
    TypeError, ValueError
        If an argument, or an array that is passed through, does not fit.

    Examples
    --------
    >>> layer = SelectiveRecurrence(1, 1, gate_bias=-50.0)
    >>> bool(np.abs(layer.forward(np.ones((9, 1, 1)))).max() < 1e-20)
    True
    """

    def __init__(
        self,
        features: int,
        units: int,
        init: str | Initialiser = "glorot",
        gate_bias: float = 0.0,
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "selective",
    ) -> None:
        dtype, rng, make = checks.float_type(dtype), checks.generator(seed), initialiser(init)
        gate_bias = checks.fitting("gate_bias", gate_bias, dtype)
        w, v = (make(features, units, rng, dtype) for _ in range(2))
        self.gate_weight = Parameter(f"{name} gate weight", w)
        self.gate_bias = Parameter(f"{name} gate bias", np.full(units, gate_bias, dtype))
        self.input_weight = Parameter(f"{name} input weight", v)
        self.input_bias = Parameter(f"{name} input bias", np.zeros(units, dtype))
        self.input: NDArray | None = None
        self.states: NDArray | None = None
        self.state_gradients: NDArray | None = None
        self._kept: tuple[NDArray, NDArray] | None = None

    def __repr__(self) -> str:
        return "SelectiveRecurrence({}, {})".format(*self.gate_weight.value.shape)

    def parameters(self) -> list[Parameter]:
        """Return W, b, V and c."""
        return [self.gate_weight, self.gate_bias, self.input_weight, self.input_bias]

    def forward(self, x: ArrayLike) -> NDArray:
        """Return h_1, ..., h_T, shape (T, n, units), from x of shape (T, n, features)."""
        w, b, v, c = (each.value for each in self.parameters())
        x = _steps(self, x, len(w), w.dtype)
        z, u = x @ w + b, x @ v + c
        keep, take = sigmoid(-z), sigmoid(z)
        h = np.zeros((len(x) + 1, *u.shape[1:]), w.dtype)
        for t in range(len(x)):
            h[t + 1] = keep[t] * h[t] + take[t] * u[t]
        self.input, self.states, self._kept = x, h, (z, u)
        return h[1:]

    def backward(self, gradient: ArrayLike) -> NDArray:
        """Return dLoss/dx, shape (T, n, features), from dLoss/dh, shape (T, n, units)."""
        w, _, v, _ = (each.value for each in self.parameters())
        h = checks.from_forward(self, self.states)
        z, u = self._kept
        g = checks.output_gradient(self, gradient, u.shape, u.dtype)
        dh, keep = np.concatenate([np.zeros_like(h[:1]), g]), sigmoid(-z)
        for t in reversed(range(len(u))):
            dh[t] += keep[t] * dh[t + 1]
        self.state_gradients = dh
        dz, du = dh[1:] * (u - h[:-1]) * sigmoid_slope(z), dh[1:] * sigmoid(z)
        for (weight, bias), of in zip(
            [(self.gate_weight, self.gate_bias), (self.input_weight, self.input_bias)], (dz, du)
        ):
            weight.gradient[:] = np.tensordot(self.input, of, axes=([0, 1], [0, 1]))
            bias.gradient[:] = of.sum(axis=(0, 1))
        return dz @ w.T + du @ v.T


def _steps(layer: object, x: ArrayLike, features: int, dtype: DTypeLike) -> NDArray:
    """Return the input of a recurrence as an array of shape (T, n, features)."""
    x = checks.floats("the input", x, dtype)
    if x.ndim != 3 or x.shape[2] != features or len(x) == 0:
        raise ValueError(
            f"{layer} needs an input of shape (time, batch, {features}), not {x.shape}"
        )
    return x
