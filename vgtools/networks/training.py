"""Training: show the network samples, follow the gradient, write down what happens."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.frontend import progress
from vgtools.networks import checks, losses, optimisers
from vgtools.networks.network import Network
from vgtools.networks.normalisation import BatchNorm

Record = Callable[[Network], Mapping[str, ArrayLike]]


@dataclass(eq=False)
class History:
    """What happened during training; entry 0 is the network before the first step.

    Attributes
    ----------
    epoch : ndarray, shape (epochs + 1,)
        0, 1, ..., epochs.
    loss, accuracy : ndarray, shape (epochs + 1,)
        On the whole training set, at the end of each epoch. The accuracy is NaN
        where the labels are not classes.
    validation_loss, validation_accuracy : ndarray, shape (epochs + 1,)
        The same on the validation set; NaN if there is none.
    records : dict of str to ndarray
        What the `record` function returned, stacked along the first axis.
    record_epoch : ndarray
        When: the number of epochs, with fractions, at each entry of `records`.
    """

    epoch: NDArray
    loss: NDArray
    accuracy: NDArray
    validation_loss: NDArray
    validation_accuracy: NDArray
    records: dict[str, NDArray]
    record_epoch: NDArray

    def __repr__(self) -> str:
        return (
            f"History(epochs={len(self.epoch) - 1}, loss={self.loss[0]:.3g} to "
            f"{self.loss[-1]:.3g}, accuracy={self.accuracy[0]:.3g} to {self.accuracy[-1]:.3g})"
        )


class DivergenceError(ArithmeticError):
    """The loss or a gradient is no longer a number that can be worked with.

    The network is left as it was when that showed; `history` holds the epochs
    that ended before.
    """

    def __init__(self, message: str, history: History | None = None) -> None:
        super().__init__(message)
        self.history = history


def train(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int = 10,
    batch_size: int | None = 32,
    optimiser: str | optimisers.Optimiser = "sgd",
    loss: str | losses.Loss = "cross_entropy",
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    record: Record | None = None,
    record_every: int | None = None,
    clip_norm: float | None = None,
    seed: int | np.random.Generator = 0,
) -> History:
    """Train a network in place with minibatches.

    In each epoch the samples are shuffled and cut into batches; the last batch
    is smaller if the numbers do not divide. For each batch: forward, loss,
    backward, one step of the optimiser.

    Two epochs and then three more are the same as five if both calls are given the
    same `Optimiser` and the same ``numpy.random.Generator``: a name makes a new
    optimiser, which remembers nothing, and a number shuffles as in the first call.
    Between calls the learning rate may change (``optimiser.learning_rate = 0.01``).
    `vgtools.networks` tells how to save a run and go on later.

    Parameters
    ----------
    network : MLP, ResidualMLP, RNN, LSTM or GRU
        Its parameters change.
    x : array_like, shape (n, features), or (time, n, features) for a recurrent network
    y : array_like
        What the loss needs: class labels of shape (n,), or targets.
    epochs : int
        How often to go through the data, at least 1.
    batch_size : int or None
        From 1 to n; None stands for n, all samples at once. Batch normalisation
        needs at least two samples in every batch, the last one included.
    optimiser : str or Optimiser
        See `vgtools.networks.optimisers.optimiser`. A name stands for its defaults.
    loss : str or callable
        See `vgtools.networks.losses.loss`.
    validation : pair of array_like, optional
        Another x and y, never trained on, to measure loss and accuracy.
    record : callable, optional
        Called with the network; returns a dictionary of numbers, or of arrays of
        fixed shape, that the history stores. It must not change the network's
        parameters.
    record_every : int, optional
        Call `record` before the first step and then after every so many steps;
        by default, after every epoch.
    clip_norm : float, optional
        Shorten the gradient of each batch to this norm if it is longer; see
        `vgtools.networks.optimisers.clip_gradient`.
    seed : int or numpy.random.Generator
        The order of the samples.

    Returns
    -------
    History

    Raises
    ------
    DivergenceError
        If the loss becomes infinite or NaN, as it does when the learning rate is
        far too large, or a gradient becomes so large that it cannot be clipped, or
        squared by Adam. What happened until then is in its `history`.
    TypeError, ValueError
        If an argument is not one of the above, or a weight is infinite or NaN; the
        network is then unchanged.

    Examples
    --------
    Two classes that a line separates:

    >>> from vgtools.networks import MLP
    >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> y = np.array([0, 0, 1, 1])
    >>> network = MLP([1, 2], seed=0)
    >>> history = train(network, x, y, epochs=50, batch_size=2)
    >>> float(history.accuracy[-1]), bool(history.loss[-1] < history.loss[0])
    (1.0, True)
    """
    if not isinstance(network, Network):
        raise TypeError(f"network must be an MLP, ResidualMLP, RNN, LSTM or GRU, not {network!r}")
    epochs = checks.count("epochs", epochs)
    rule = optimisers.optimiser(optimiser)
    criterion = losses.loss(loss)
    rng = checks.generator(seed)
    x, y = _data("", network, x, y)
    n = len(y)
    batch_size = _batch_size(network, n, batch_size)
    _require_finite(network)
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise TypeError(f"validation must be a pair (x, y), not {type(validation).__name__}")
        validation = _data("validation ", network, *validation)
    if record is not None and not callable(record):
        raise TypeError(f"record must be a function of the network, not {record!r}")
    if clip_norm is not None:
        clip_norm = checks.number("clip_norm", clip_norm, low=math.ulp(0.0))
    if record_every is not None:
        record_every = checks.count("record_every", record_every)

    log = _Log(network, criterion, (x, y), validation, record)
    step, steps_per_epoch = 0, math.ceil(n / batch_size)

    # A network that diverges overflows first; the error below says it better.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        log.measure()
        log.take(0.0)
        for _ in progress(range(epochs), "training"):
            order = rng.permutation(n)
            for start in range(0, n, batch_size):
                batch = order[start : start + batch_size]
                part = np.take(x, batch, axis=network.batch_axis)
                try:
                    _step(network, part, y[batch], criterion, clip_norm, rule)
                except FloatingPointError as error:
                    _stop(log, str(error), step, rule)
                step += 1
                if record_every is not None and step % record_every == 0:
                    log.take(step / steps_per_epoch)
            if not math.isfinite(log.measure()):
                _stop(log, f"the loss became {log.lines.pop()[0]}", step, rule)
            if record_every is None:
                log.take(step / steps_per_epoch)
    return log.history()


def _step(
    network: Network,
    x: NDArray,
    y: NDArray,
    criterion: losses.Loss,
    clip_norm: float | None,
    rule: optimisers.Optimiser,
) -> None:
    """Go one step down the gradient of a batch; `FloatingPointError` says why there is none."""
    loss, gradient = criterion(network.forward(x, training=True), y)
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss became {loss}")
    network.backward(gradient)
    parameters = network.parameters()
    if clip_norm is not None:
        try:
            optimisers.clip_gradient(parameters, clip_norm)
        except ValueError as error:  # the loss is finite, and its gradient is not
            raise FloatingPointError("the gradient became infinite or NaN") from error
    rule.step(parameters)


@dataclass
class _Log:
    """Collects what becomes the history."""

    network: Network
    criterion: losses.Loss
    training: tuple[NDArray, NDArray]
    validation: tuple[NDArray, NDArray] | None
    record: Record | None
    lines: list[tuple[float, ...]] = field(default_factory=list)
    taken: list[dict[str, NDArray]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def measure(self) -> float:
        """Add loss and accuracy on both sets; return the training loss."""
        line = self._score(self.training)
        line += (math.nan, math.nan) if self.validation is None else self._score(self.validation)
        self.lines.append(line)
        return line[0]

    def take(self, time: float) -> None:
        """Add what the record function returns."""
        if self.record is None:
            return
        entry = self.record(self.network)
        if not isinstance(entry, Mapping):
            raise TypeError(f"record must return a dictionary, not {type(entry).__name__}")
        if self.taken and entry.keys() != self.taken[0].keys():
            raise ValueError(
                f"record must return the same names every time, first {sorted(self.taken[0])}, "
                f"now {sorted(entry)}"
            )
        # Copies: what was handed over may be a parameter, which goes on changing.
        self.taken.append(
            {
                name: checks.as_array(f"record {name!r}", value).copy()
                for name, value in entry.items()
            }
        )
        self.times.append(time)

    def history(self) -> History:
        """Turn the lists into arrays."""
        columns = np.array(self.lines).reshape(-1, 4).T
        names = self.taken[0] if self.taken else ()
        records = {name: np.array([entry[name] for entry in self.taken]) for name in names}
        return History(np.arange(len(self.lines)), *columns, records, np.array(self.times))

    def _score(self, data: tuple[NDArray, NDArray]) -> tuple[float, float]:
        x, y = data
        logits = self.network.forward(x)
        value, _ = self.criterion(logits, y)
        classes = self.criterion in (losses.cross_entropy, losses.binary_cross_entropy)
        if not classes or y.dtype.kind not in "bui":
            return value, math.nan
        return value, losses.accuracy(logits, y)


def _stop(log: _Log, what: str, step: int, rule: optimisers.Optimiser) -> None:
    raise DivergenceError(
        f"{what} after {step} steps with {rule}: training diverged. "
        "Lower the learning rate, or start from smaller weights.",
        log.history(),
    )


def _batch_size(network: Network, n: int, batch_size: int | None) -> int:
    batch_size = n if batch_size is None else checks.count("batch_size", batch_size)
    if batch_size > n:
        raise ValueError(f"batch_size must be at most {n}, the number of samples, not {batch_size}")
    layers = [inner for layer in getattr(network, "layers", []) for inner in layer.inside()]
    if 1 in (batch_size, n % batch_size) and any(isinstance(x, BatchNorm) for x in layers):
        raise ValueError(
            f"batch normalisation needs at least two samples in every batch; {n} samples in "
            f"batches of {batch_size} leave one alone"
        )
    return batch_size


def _require_finite(network: Network) -> None:
    """Refuse a weight of −∞, which makes a unit behind it silent instead of infinite."""
    if not all(np.isfinite(parameter.value).all() for parameter in network.parameters()):
        raise ValueError("a weight of the network is infinite or NaN; training needs numbers")


def _data(kind: str, network: Network, x: ArrayLike, y: ArrayLike) -> tuple[NDArray, NDArray]:
    x = network.check_input(f"{kind}x", x)
    y, n = checks.as_array(f"{kind}y", y), x.shape[network.batch_axis]
    if y.ndim == 0 or len(y) != n:
        raise ValueError(f"{kind}y must have one entry per sample of x, {n}, not shape {y.shape}")
    return x, y
