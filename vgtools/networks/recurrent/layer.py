"""What the recurrent layers share: weights, shapes, and both ends of each walk through time.

The layers are read beside chapter 9: every array keeps the shape that is documented, and a
step is its formula. Transposed arrays, with the candidate behind the gates, made a step of
the LSTM 1.7 times as fast; PyTorch takes longer than either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.networks import checks
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.parameters import Parameter


class RecurrentLayer:
    """A layer that is used again at every time step.

    For T steps of a batch of n samples::

        states[0] = initial state, zeros unless given       (n, hidden)
        states[t] = step(x[t - 1], states[t - 1])           t = 1, ..., T

    Subclasses say what a step is. Each block of weights (one for every gate) has
    input weights W, shape (features, hidden), recurrent weights U, shape (hidden,
    hidden), and a bias b, shape (hidden,); the blocks stand side by side.

    Attributes
    ----------
    input_weight, recurrent_weight, bias : Parameter
        W, shape (features, blocks * hidden), U, shape (hidden, blocks * hidden), and b.
    pre_activations : ndarray, shape (T, n, blocks * hidden)
        What the functions of the blocks were applied to in the last forward pass.
    states : ndarray, shape (T + 1, n, hidden)
        h_0, ..., h_T of the last forward pass.
    state_gradients : ndarray, shape (T + 1, n, hidden)
        dLoss/dh_t of the last backward pass, along all paths that it went. A state
        that a truncated pass did not reach has what the loss reads of it directly,
        which is zero for a loss that reads h_T alone.
    """

    blocks = 1

    def __init__(
        self,
        features: int,
        hidden: int,
        init: str | Initialiser = "glorot",
        recurrent_init: str | Initialiser = "orthogonal",
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
        name: str = "recurrent",
    ) -> None:
        features, hidden = checks.count("features", features), checks.count("hidden", hidden)
        dtype, rng = checks.float_type(dtype), checks.generator(seed)
        recipes = initialiser(init), initialiser(recurrent_init)
        w, u = (
            np.concatenate([recipe(rows, hidden, rng, dtype) for _ in range(self.blocks)], axis=1)
            for recipe, rows in zip(recipes, (features, hidden))
        )
        self.input_weight = Parameter(f"{name} input weight", w)
        self.recurrent_weight = Parameter(f"{name} recurrent weight", u)
        self.bias = Parameter(f"{name} bias", np.zeros(w.shape[1], dtype))
        self.input: NDArray | None = None
        self.pre_activations: NDArray | None = None
        self.states: NDArray | None = None
        self.state_gradients: NDArray | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.input_weight.value)}, {self.hidden})"

    @property
    def hidden(self) -> int:
        """The number of units."""
        return len(self.recurrent_weight.value)

    def parameters(self) -> list[Parameter]:
        """Return W, U and b."""
        return [self.input_weight, self.recurrent_weight, self.bias]

    def forward(self, x: ArrayLike, state: ArrayLike | None = None) -> NDArray:
        """Return h_1, ..., h_T, shape (T, n, hidden).

        Parameters
        ----------
        x : array_like, shape (T, n, features)
            At least one step.
        state : array_like, shape (n, hidden), optional
            h_0; zeros by default.
        """
        raise NotImplementedError

    def backward(self, gradient: ArrayLike, steps: int | None = None) -> NDArray:
        """Go back through time, and fill the gradients of the parameters.

        Parameters
        ----------
        gradient : array_like, shape (T, n, hidden) or (n, hidden)
            dLoss/dh_t for t = 1, ..., T as far as the loss reads the states
            itself; what reaches them through later states is added here. The
            second shape is for a loss that reads h_T alone.
        steps : int, optional
            Truncate: go back through so many steps only, counted from the last.

        Returns
        -------
        ndarray, shape (T, n, features)
            dLoss/dx.
        """
        raise NotImplementedError

    def _start_forward(self, x: ArrayLike, **initial: ArrayLike | None) -> list[NDArray]:
        """Keep the input, and begin the pre-activations with its share, x W + b.

        Returns an array of shape (T + 1, n, hidden) for every initial value, which
        is its first entry. The other entries are for the walk to fill.
        """
        w = self.input_weight.value
        x = checks.floats("the input", x, w.dtype)
        if x.ndim != 3 or x.shape[2] != len(w) or len(x) == 0:
            raise ValueError(
                f"{self} needs an input of shape (time, batch, {len(w)}), not {x.shape}"
            )
        steps, n = x.shape[:2]
        series = [np.zeros((steps + 1, n, self.hidden), w.dtype) for _ in initial]
        for array, (name, value) in zip(series, initial.items()):
            if value is not None:
                array[0] = self._initial(name, value, n)
        self.input, self.pre_activations = x, x @ w
        self.pre_activations += self.bias.value
        self.state_gradients = None
        return series

    def _initial(self, name: str, value: ArrayLike, n: int) -> NDArray:
        value = checks.floats(name, value, self.bias.value.dtype)
        if value.shape != (n, self.hidden):
            raise ValueError(f"{name} must have shape {(n, self.hidden)}, not {value.shape}")
        return value

    def _start_backward(self, gradient: ArrayLike, steps: int | None) -> slice:
        """Begin `state_gradients` with what the loss reads; the walk adds the paths through time.

        Returns the steps of the walk, as a slice of the sequence.
        """
        h = checks.from_forward(self, self.states)
        g = checks.floats("the gradient", gradient, h.dtype)
        of_loss = -1 if g.ndim == 2 else slice(1, None)
        g = checks.output_gradient(self, g, h[of_loss].shape, h.dtype)
        total = len(h) - 1
        steps = total if steps is None else min(checks.count("steps", steps), total)
        self.state_gradients = np.zeros_like(h)
        self.state_gradients[of_loss] = g
        return slice(total - steps, total)

    def _keep_gradients(self, walk: slice, da: NDArray, of_state: NDArray | None = None) -> NDArray:
        """Fill the gradients of the parameters, and return dLoss/dx.

        `da` is dLoss/d(x W + b) for the steps of the walk, shape (steps, n, blocks *
        hidden), and `of_state` is dLoss/d(h U), which is the same unless given.
        """
        of_state = da if of_state is None else of_state
        x, h = self.input[walk], self.states[walk]
        self.input_weight.gradient[:] = np.tensordot(x, da, axes=([0, 1], [0, 1]))
        self.recurrent_weight.gradient[:] = np.tensordot(h, of_state, axes=([0, 1], [0, 1]))
        self.bias.gradient[:] = da.sum(axis=(0, 1))
        to_input = np.zeros_like(self.input)
        to_input[walk] = da @ self.input_weight.value.T
        return to_input


def split(array: NDArray, blocks: int) -> list[NDArray]:
    """Return the blocks that stand side by side along the last axis, as views.

    Examples
    --------
    >>> split(np.array([[1, 2, 3, 4]]), 2)
    [array([[1, 2]]), array([[3, 4]])]
    """
    width = array.shape[-1] // blocks
    return [array[..., k * width : (k + 1) * width] for k in range(blocks)]
