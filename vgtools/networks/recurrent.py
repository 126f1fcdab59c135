"""Recurrent networks: one layer, used again at every time step.

Sequences have the shape (time, batch, features). Back-propagation through time
is written out: `backward` walks from the last step to the first and keeps the
gradient that arrives at every hidden state, because that is what this book is
about.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import Activation
from vgtools.activations import activation as find_activation
from vgtools.networks import checks
from vgtools.networks.gates import sigmoid_in_place, slope_of_tanh
from vgtools.networks.initialisers import Initialiser, initialiser
from vgtools.networks.layers import Dense
from vgtools.networks.memory import aligned_empty
from vgtools.networks.network import Network
from vgtools.networks.parameters import Parameter


class RecurrentLayer:
    """What the recurrent layers share: weights, shapes, and the walk through time.

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
        self.states: NDArray | None = None
        self.state_gradients: NDArray | None = None

    def __repr__(self) -> str:
        features, hidden = len(self.input_weight.value), len(self.recurrent_weight.value)
        return f"{type(self).__name__}({features}, {hidden})"

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
        x = self._accepted(x)
        state = 0 if state is None else self._state("state", state, x.shape[1])
        # What the last pass has left goes first: its memory, still in the cache, is used again.
        self.states = self.state_gradients = None
        self.input, self.states = x, self._room(x)
        self.states[0] = state
        self._run()
        return self.states[1:]

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
        states = checks.seen(self, self.states)
        g = checks.floats("the gradient", gradient, states.dtype)
        read = checks.way_back(
            self, g, states[-1 if g.ndim == 2 else slice(1, None)].shape, g.dtype
        )
        total = len(states) - 1
        steps = total if steps is None else min(checks.count("steps", steps), total)
        first = total - steps
        to_input = np.zeros_like(self.input)
        self._walk_back(first, read.reshape(-1, *states.shape[1:]), to_input[first:])
        return to_input

    @property
    def hidden(self) -> int:
        """The number of units."""
        return len(self.recurrent_weight.value)

    def _room(self, x: NDArray) -> NDArray:
        """Return an array for the states of a sequence x."""
        return np.empty((len(x) + 1, x.shape[1], self.hidden), x.dtype)

    def _from_input(self) -> NDArray:
        """Return the input's share of the pre-activations of all steps: one product of matrices."""
        share = self.input @ self.input_weight.value
        share += self.bias.value
        return share

    def _run(self) -> None:
        """Fill `states`, of which the first is there."""
        raise NotImplementedError

    def _walk_back(self, first: int, read: NDArray, to_input: NDArray) -> None:
        """Fill `state_gradients`, back to step `first`, and all other gradients.

        `read` is dLoss/dh as far as the loss reads the last states itself, shape
        (T, n, hidden) or (1, n, hidden).
        """
        raise NotImplementedError

    def _start_back(self, read: NDArray) -> None:
        """Put what the loss reads into `state_gradients`; the paths through time add to it."""
        self.state_gradients = np.empty_like(self.states)
        self.state_gradients[: -len(read)], self.state_gradients[-len(read) :] = 0, read

    def _keep_gradients(self, first: int, pre: NDArray, to_input: NDArray) -> None:
        """Fill the other gradients from those of the pre-activations, (T, n, blocks * hidden)."""
        flat = pre.reshape(-1, pre.shape[2])
        x, h = self.input[first:], self.states[first:-1]
        np.matmul(x.reshape(len(flat), -1).T, flat, out=self.input_weight.gradient)
        np.sum(flat, axis=0, out=self.bias.gradient)
        self._keep_recurrent_gradients(h.reshape(len(flat), -1), flat)
        np.matmul(pre, self.input_weight.value.T, out=to_input)

    def _keep_recurrent_gradients(self, h: NDArray, pre: NDArray) -> None:
        np.matmul(h.T, pre, out=self.recurrent_weight.gradient)

    def _accepted(self, x: ArrayLike) -> NDArray:
        w = self.input_weight.value
        x = checks.floats("the input", x, w.dtype)
        if x.ndim != 3 or x.shape[2] != len(w) or len(x) == 0:
            raise ValueError(
                f"{self} needs an input of shape (time, batch, {len(w)}), not {x.shape}"
            )
        return x

    def _state(self, name: str, value: ArrayLike, batch: int) -> NDArray:
        state = checks.floats(name, value, self.bias.value.dtype)
        if state.shape != (batch, self.hidden):
            raise ValueError(f"{name} must have shape {(batch, self.hidden)}, not {state.shape}")
        return state


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
        is_made = isinstance(activation, Activation)
        self.activation = activation if is_made else find_activation(activation)
        self.pre_activations: NDArray | None = None

    def _run(self) -> None:
        u, f = self.recurrent_weight.value, self.activation
        self.pre_activations = self._from_input()
        for t, z in enumerate(self.pre_activations):
            z += self.states[t] @ u
            self.states[t + 1] = f(z)

    def _walk_back(self, first: int, read: NDArray, to_input: NDArray) -> None:
        self._start_back(read)
        back = self.recurrent_weight.value.T
        pre = self.activation.derivative(self.pre_activations[first:])
        for t in range(len(pre) - 1, -1, -1):
            pre[t] *= self.state_gradients[first + t + 1]
            self.state_gradients[first + t] += pre[t] @ back
        self._keep_gradients(first, pre, to_input)


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

    Backward, for t = T, ..., 1::

        dLoss/dc_t = dLoss/dh_t * o_t * (1 - tanh(c_t)**2) + dLoss/dc_(t+1) * f_(t+1)

    and from there to the gates, each times the slope of its own function. The
    second term is the direct path from cell to cell: no weight stands on it.

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
        self._blocks: NDArray | None = None
        self._shut: NDArray | None = None
        self._before_candidate: NDArray | None = None
        self._squashed: NDArray | None = None
        self._stacked: NDArray | None = None
        self._initial_cell: NDArray | None = None

    def forward(
        self, x: ArrayLike, state: ArrayLike | None = None, cell: ArrayLike | None = None
    ) -> NDArray:
        """Return h_1, ..., h_T, shape (T, n, hidden), from x, h_0 and c_0 (zeros by default)."""
        x = self._accepted(x)
        if cell is not None:
            cell = self._state("cell", cell, x.shape[1])
        self._initial_cell = cell
        return super().forward(x, state)

    @property
    def gates(self) -> dict[str, NDArray]:
        """The gates and the candidate of the last forward pass."""
        blocks = list(checks.seen(self, self._blocks).transpose(1, 0, 3, 2))
        if not self.forget_gate:
            blocks.insert(1, np.ones_like(blocks[0]))
        i, f, o, u = blocks
        return {"input": i, "forget": f, "candidate": u, "output": o}

    # While it runs, a step of the layer has its samples side by side, not below each other,
    # and the candidate after the gates: each gate, and all of them, are then whole pieces of
    # memory in an array (blocks * hidden, n), over which NumPy runs several times faster than
    # over some columns of a wider array. `np.dot` asks for the same products as `np.matmul`,
    # and reaches them a little sooner, as a third argument is a little sooner than `out`.

    def _room(self, x: NDArray) -> NDArray:
        """Return room for the states, and put x and 1 below it: h U + x W + b is one product."""
        self._stacked = self.cells = self.cell_gradients = None
        steps, n, features = x.shape
        self._stacked = aligned_empty((steps + 1, self.hidden + features + 1, n), x.dtype)
        self._stacked[:-1, self.hidden : -1] = x.swapaxes(1, 2)
        self._stacked[:, -1] = 1
        return self._stacked[:, : self.hidden].swapaxes(1, 2)

    def _run(self) -> None:
        h = self._stacked[:, : self.hidden]
        (steps, n), dtype = (len(h) - 1, h.shape[2]), h.dtype
        cells = aligned_empty(h.shape, dtype)
        self.cells = cells.swapaxes(1, 2)
        self.cells[0] = 0 if self._initial_cell is None else self._initial_cell
        self._squashed = aligned_empty(h[1:].shape, dtype)
        self._blocks = aligned_empty((steps, self.blocks, self.hidden, n), dtype)
        i, f, o, u = (self._blocks[:, block] for block in (0, 1, -2, -1))
        # What a way back cannot recover: 1 - s of each gate, and the candidate before its tanh.
        self._shut = aligned_empty((steps, self.blocks - 1, self.hidden, n), dtype)
        self._before_candidate = aligned_empty((steps, self.hidden, n), dtype)
        weight = self._weight().T
        added = aligned_empty(h[0].shape, dtype)
        flat = self._blocks.reshape(steps, self.blocks * self.hidden, n)
        there = (self._stacked, flat, self._blocks[:, :-1], self._shut, self._before_candidate)
        there += (i, f, o, u, cells, cells[1:], self._squashed, h[1:])
        for (seen, a, gates, shut, before, i_t, f_t, o_t, u_t,
             c_before, c, squashed, h_t) in zip(*there):  # fmt: skip
            np.dot(weight, seen, a)
            sigmoid_in_place(gates, shut)
            before[...] = u_t
            np.tanh(u_t, u_t)
            if self.forget_gate:
                np.multiply(f_t, c_before, c)
            else:
                c[...] = c_before
            c += np.multiply(i_t, u_t, added)
            np.tanh(c, squashed)
            np.multiply(o_t, squashed, h_t)

    def _walk_back(self, first: int, read: NDArray, to_input: NDArray) -> None:
        cells = self.cells.swapaxes(1, 2)
        weight, steps = self._weight(), len(self._blocks)
        to_stacked, dc = (aligned_empty(like.shape, like.dtype) for like in (self._stacked, cells))
        dh = to_stacked[:, : self.hidden]
        self.state_gradients, self.cell_gradients = dh.swapaxes(1, 2), dc.swapaxes(1, 2)
        self.state_gradients[:first], dc[:first], dc[-1] = 0, 0, 0
        self.state_gradients[-1] = read[-1]
        reads = [None] * steps
        if len(read) > 1:
            self.state_gradients[1:first] = read[: max(first - 1, 0)]
            reads[1:] = read[:-1].swapaxes(1, 2)
        gradient, of_step = (aligned_empty(weight.T.shape, weight.dtype) for _ in range(2))
        gradient[...] = 0
        # A product of small matrices takes a third less if its second factor is not transposed.
        stacked = np.ascontiguousarray(self._stacked[:-1].swapaxes(1, 2))
        # Every step works in the same few arrays, which stay in the processor's cache.
        pre = aligned_empty(self._blocks[0].shape, weight.dtype)
        to_cell = aligned_empty(cells[0].shape, weight.dtype)
        flat, pre_gates = pre.reshape(len(gradient), -1), pre[:-1]
        pre_i, pre_f, pre_o, pre_u = pre[0], pre[1], pre[-2], pre[-1]
        i, f, o, u = (self._blocks[:, block] for block in (0, 1, -2, -1))
        there = (self._blocks[:, :-1], self._shut, self._before_candidate, i, f, o, u)
        there += (self._squashed, cells[1:], cells[:-1], stacked)
        there += (dh[1:], dh[:-1], dc[1:], dc[:-1], to_stacked[:-1], reads)
        back = (along[first:steps][::-1] for along in there)
        for (gates, shut, before, i_t, f_t, o_t, u_t, squashed, c, c_before, seen,
             dh_t, dh_before, dc_t, dc_before, to_seen, read_before) in zip(*back):  # fmt: skip
            slope_of_tanh(c, to_cell)
            to_cell *= o_t
            to_cell *= dh_t
            dc_t += to_cell
            # The slopes of the gates and of the candidate, and what each is multiplied by.
            np.multiply(gates, shut, pre_gates)
            slope_of_tanh(before, pre_u)
            pre_i *= u_t
            pre_u *= i_t
            pre_o *= squashed
            if self.forget_gate:
                pre_f *= c_before
                pre_f *= dc_t
                np.multiply(dc_t, f_t, dc_before)
            else:
                dc_before[...] = dc_t
            pre_i *= dc_t
            pre_u *= dc_t
            pre_o *= dh_t
            gradient += np.dot(flat, seen, of_step)
            np.dot(weight, flat, to_seen)
            if read_before is not None:
                dh_before += read_before
        to_input[...] = to_stacked[first:-1, self.hidden : -1].swapaxes(1, 2)
        by_rows = self._candidate_moved(gradient.T)
        self.recurrent_weight.gradient[:] = by_rows[: self.hidden]
        self.input_weight.gradient[:] = by_rows[self.hidden : -1]
        self.bias.gradient[:] = by_rows[-1]

    def _weight(self) -> NDArray:
        """Return U, W and b below each other, as the state, the input and 1 are."""
        weights = self.recurrent_weight.value, self.input_weight.value, self.bias.value
        return self._candidate_moved(np.vstack(weights))

    def _candidate_moved(self, weight: NDArray) -> NDArray:
        """Return a copy with the last two blocks of columns exchanged, there and back."""
        columns = weight.reshape(len(weight), self.blocks, self.hidden)
        moved = aligned_empty(columns.shape, weight.dtype)
        moved[:, :-2], moved[:, -2], moved[:, -1] = columns[:, :-2], columns[:, -1], columns[:, -2]
        return moved.reshape(weight.shape)


class GRULayer(RecurrentLayer):
    """The gated recurrent unit: two gates, and no cell beside the state.

    Forward, with s the sigmoid and the blocks in the order reset gate, update
    gate, candidate::

        r_t = s(x_t W_r + h_(t-1) U_r + b_r)             what the candidate sees
        k_t = s(x_t W_k + h_(t-1) U_k + b_k)             what is kept
        u_t = tanh(x_t W_u + b_u + r_t * (h_(t-1) U_u + d))
        h_t = k_t * h_(t-1) + (1 - k_t) * u_t

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
        self._gates: NDArray | None = None
        self._shut: NDArray | None = None
        self._before_candidate: NDArray | None = None
        self._recalled: NDArray | None = None

    def parameters(self) -> list[Parameter]:
        """Return W, U, b and d."""
        return [*super().parameters(), self.candidate_bias]

    @property
    def gates(self) -> dict[str, NDArray]:
        """The gates and the candidate of the last forward pass."""
        blocks = np.split(checks.seen(self, self._gates), 3, axis=2)
        return dict(zip(("reset", "update", "candidate"), blocks))

    def _run(self) -> None:
        u, n, from_input = self.recurrent_weight.value, self.hidden, self._from_input()
        self._recalled = np.empty_like(self.states[1:])
        # What a way back cannot recover: 1 - s of each gate, and the candidate before its tanh.
        self._shut = np.empty_like(from_input[:, :, : 2 * n])
        self._before_candidate = np.empty_like(self.states[1:])
        for t, a in enumerate(from_input):
            h = self.states[t]
            from_state = h @ u
            recalled = np.add(from_state[:, -n:], self.candidate_bias.value, out=self._recalled[t])
            gates = a[:, : 2 * n]
            gates += from_state[:, : 2 * n]
            sigmoid_in_place(gates, self._shut[t])
            m = a[:, -n:]
            m += a[:, :n] * recalled
            self._before_candidate[t] = m
            np.tanh(m, out=m)
            self.states[t + 1] = a[:, n : 2 * n] * h + self._shut[t, :, n:] * m
        self._gates = from_input

    def _walk_back(self, first: int, read: NDArray, to_input: NDArray) -> None:
        self._start_back(read)
        n, u = self.hidden, self.recurrent_weight.value
        dh = self.state_gradients[first:]
        pre = np.empty_like(self._gates[first:])
        for t in range(len(pre) - 1, -1, -1):
            r, v, m = np.split(self._gates[first + t], 3, axis=1)
            not_r, not_v = np.split(self._shut[first + t], 2, axis=1)
            g, h, recalled = dh[t + 1], self.states[first + t], self._recalled[first + t]
            to_m = slope_of_tanh(self._before_candidate[first + t], pre[t, :, 2 * n :])
            to_m *= g * not_v
            pre[t, :, :n] = to_m * recalled * r * not_r
            pre[t, :, n : 2 * n] = g * (h - m) * v * not_v
            dh[t] += g * v
            dh[t] += pre[t, :, : 2 * n] @ u[:, : 2 * n].T
            dh[t] += (to_m * r) @ u[:, 2 * n :].T
        self._keep_gradients(first, pre, to_input)

    def _keep_recurrent_gradients(self, h: NDArray, pre: NDArray) -> None:
        n = self.hidden
        reset = self._gates[:, :, :n].reshape(-1, n)[-len(pre) :]
        through = np.concatenate([pre[:, : 2 * n], pre[:, 2 * n :] * reset], axis=1)
        np.matmul(h.T, through, out=self.recurrent_weight.gradient)
        np.sum(through[:, 2 * n :], axis=0, out=self.candidate_bias.gradient)


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

    def __init__(self, sizes: tuple[int, int, int], dtype: DTypeLike) -> None:
        self.sizes = checks.sizes(sizes)
        if len(self.sizes) != 3:
            raise ValueError(
                f"sizes must be three widths, features, hidden and outputs, not {list(sizes)}"
            )
        self.dtype = checks.float_type(dtype)

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
        checks.seen(self, self.layer.states)
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
        super().__init__(sizes, dtype)
        rng, (features, hidden, outputs) = checks.generator(seed), self.sizes
        self.layer = RNNLayer(features, hidden, activation, init, recurrent_init, rng, dtype)
        self.readout = Dense(hidden, outputs, init, rng, dtype, "readout")


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
        super().__init__(sizes, dtype)
        rng, (features, hidden, outputs) = checks.generator(seed), self.sizes
        self.layer = LSTMLayer(
            features, hidden, forget_gate, forget_bias, init, recurrent_init, rng, dtype
        )
        self.readout = Dense(hidden, outputs, init, rng, dtype, "readout")


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
        super().__init__(sizes, dtype)
        rng, (features, hidden, outputs) = checks.generator(seed), self.sizes
        self.layer = GRULayer(features, hidden, init, recurrent_init, rng, dtype)
        self.readout = Dense(hidden, outputs, init, rng, dtype, "readout")
