"""Losses: how wrong a prediction is, and the gradient that says which way to go.

Each takes the network's output and the truth, and returns ``(value, gradient)``:
the mean over the batch as a ``float``, and its derivative with respect to the
output, with the output's shape and float type (at most float64). Because the loss is
a mean over n samples, each row of the gradient carries a factor 1/n. NaN in an output
gives NaN; infinity gives what the formula gives, without a warning, which may be
infinite or NaN. Everything is computed in float64, whatever the type of the output,
and keeps its digits where the loss is tiny. A sample's loss that float64 cannot hold
is infinite.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.networks import checks
from vgtools.networks.norms import mean, sum_of_squares, times_power

Loss = Callable[[NDArray, NDArray], tuple[float, NDArray]]


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> tuple[float, NDArray]:
    """Softmax cross-entropy from logits.

    With p = softmax(a) for the logits a of a sample and c its class::

        loss = mean over samples of -log p_c = mean of (log sum_k exp a_k) - a_c
        gradient = (p - onehot(c)) / n

    The largest logit is subtracted before anything is exponentiated; this
    changes nothing in exact arithmetic and prevents overflow.

    Parameters
    ----------
    logits : array_like, shape (n, classes)
    labels : array_like of int, shape (n,)
        The class of each sample, from 0 to classes - 1.

    Returns
    -------
    value : float
        In nats; log(classes) for a network that knows nothing.
    gradient : ndarray, shape (n, classes)

    Raises
    ------
    TypeError
        If the labels are not whole numbers or the logits not real ones.
    ValueError
        If the shapes do not fit or a label is out of range.

    Examples
    --------
    >>> value, gradient = cross_entropy([[0.0, 0.0]], [1])
    >>> round(value, 4), gradient
    (0.6931, array([[ 0.5, -0.5]]))
    """
    logits = _outputs("logits", logits)
    if logits.ndim != 2:
        raise ValueError(f"logits must have shape (batch, classes), not {logits.shape}")
    labels = _labels(labels, *logits.shape)
    n, rows = len(logits), np.arange(len(logits))
    largest = logits.argmax(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):  # infinite logits: the loss is NaN
        shifted = logits - logits[rows, largest, np.newaxis].astype(np.float64)
        right = shifted[rows, labels]
        p = np.exp(shifted, out=shifted)
        # The largest is exp(0) = 1, beside which a tiny sum over the others would be lost.
        p[rows, largest] -= 1
        others = np.add.reduce(p, axis=1)
        value = float(mean(np.log1p(others) - right))
        p[rows, largest] += 1
        # p_c - 1 is minus the sum over the wrong classes, for the same reason.
        p[rows, labels] -= p[rows, labels]
        p[rows, labels] -= np.add.reduce(p, axis=1)
        p /= (1 + others)[:, np.newaxis]
        p /= n
        return value, p.astype(logits.dtype, copy=False)


def squared_error(prediction: ArrayLike, target: ArrayLike) -> tuple[float, NDArray]:
    """Half the squared distance between prediction and target, mean over samples.

    With y and t of shape (n, outputs)::

        loss = 1/(2n) sum over samples and outputs of (y - t)**2
        gradient = (y - t) / n

    The half is there so that the gradient is free of factors.

    Parameters
    ----------
    prediction, target : array_like, same shape, (n,) or (n, outputs)

    Returns
    -------
    value : float
    gradient : ndarray, the shape of the prediction

    Raises
    ------
    TypeError
        If either does not hold real numbers.
    ValueError
        If the shapes differ, the batch is empty, or the target is not finite.

    Examples
    --------
    >>> squared_error([[1.0, 2.0]], [[0.0, 4.0]])
    (2.5, array([[ 1., -2.]]))
    """
    prediction = _outputs("prediction", prediction)
    target = _targets(target, prediction)
    n = len(prediction)
    with np.errstate(over="ignore", invalid="ignore"):  # where an output is infinite or huge
        halves = prediction.astype(np.float64) / 2 - target / 2  # the difference may overflow
        total, k = sum_of_squares(halves)
        value = float(times_power(2 * total / n, 2 * k))
        return value, (2 * (halves / n)).astype(prediction.dtype, copy=False)


def binary_cross_entropy(logits: ArrayLike, target: ArrayLike) -> tuple[float, NDArray]:
    """Cross-entropy of a yes-or-no answer, from one logit per sample.

    With P = sigmoid(z) for the logit z, and the truth t::

        loss = mean over samples of -t log P - (1 - t) log(1 - P)
             = mean of max(z, 0) - t z + log(1 + exp(-|z|))
        gradient = (P - t) / n

    The second line neither overflows nor takes the logarithm of zero.

    Parameters
    ----------
    logits : array_like, shape (n,) or (n, 1)
    target : array_like, same shape or (n,)
        The truth: 0 or 1, or a probability in between.

    Returns
    -------
    value : float
        In nats.
    gradient : ndarray, the shape of the logits

    Raises
    ------
    TypeError
        If either does not hold real numbers.
    ValueError
        If the shapes do not fit or a target lies outside [0, 1].

    Examples
    --------
    >>> value, gradient = binary_cross_entropy([0.0, 0.0], [1, 0])
    >>> round(value, 4), gradient
    (0.6931, array([-0.25,  0.25]))
    """
    z = _outputs("logits", logits)
    if z.ndim == 2 and z.shape[1] != 1 or z.ndim > 2:
        raise ValueError(f"logits must have shape (batch,) or (batch, 1), not {z.shape}")
    target = checks.as_array("the target", target)
    if z.ndim == 2 and target.ndim == 1:
        target = target[:, np.newaxis]
    t = _targets(target, z)
    if t.min() < 0 or t.max() > 1:
        raise ValueError(f"targets must be in [0, 1], but run from {t.min()} to {t.max()}")
    size = np.abs(z.astype(np.float64))
    tail = np.exp(-size)
    wrong = tail / (1 + tail)  # P or 1 - P, whichever is smaller
    missed = np.where(z >= 0, 1 - t, t)  # and the same of the truth
    with np.errstate(invalid="ignore"):  # where an output is infinite
        value = float(mean(size * missed + np.log1p(tail)))
    gradient = np.where(z >= 0, missed - wrong, wrong - missed) / len(z)
    return value, gradient.astype(z.dtype, copy=False)


LOSSES: dict[str, Loss] = {
    "cross_entropy": cross_entropy,
    "squared_error": squared_error,
    "binary_cross_entropy": binary_cross_entropy,
}


def loss(name: str | Loss) -> Loss:
    """Return the loss called `name`; a function is passed through.

    Parameters
    ----------
    name : str or callable
        ``"cross_entropy"``, ``"squared_error"``, ``"binary_cross_entropy"``, or
        a function of (output, truth) that returns (value, gradient).

    Raises
    ------
    TypeError, ValueError
        If it is neither.

    Examples
    --------
    >>> loss("squared_error") is squared_error
    True
    """
    return name if callable(name) else checks.choose("loss", LOSSES, name)


def accuracy(logits: ArrayLike, labels: ArrayLike) -> float:
    """Return the share of samples whose class is predicted.

    The prediction is the class of the largest logit; where there is one logit
    only, it is class 1 if that logit is positive and class 0 if not. A sample with a
    logit that is NaN has no prediction, and counts as wrong.

    Parameters
    ----------
    logits : array_like, shape (n, classes), (n, 1) or (n,)
    labels : array_like of int, shape (n,) (or (n, 1) beside one logit)

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        As `cross_entropy`.

    Examples
    --------
    >>> accuracy([[0.2, 0.7], [0.9, 0.1], [0.3, 0.4]], [1, 0, 0])
    0.6666666666666666
    """
    logits = _outputs("logits", logits)
    if logits.ndim > 2:
        raise ValueError(f"logits must have shape (n, classes), not {logits.shape}")
    if logits.ndim == 1 or logits.shape[1] == 1:
        predicted, classes = logits.reshape(-1) > 0, 2
        labels = checks.as_array("labels", labels).reshape(-1)
    else:
        predicted, classes = logits.argmax(axis=1), logits.shape[1]
    hit = predicted == _labels(labels, len(predicted), classes)
    return float(np.mean(hit & ~np.isnan(logits.reshape(len(hit), -1)).any(axis=1)))


def _outputs(name: str, value: ArrayLike) -> NDArray:
    array = checks.as_array(name, value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, not {array.dtype}")
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"{name} must have at least one row and column, not shape {array.shape}")
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float64)


def _targets(value: ArrayLike, like: NDArray) -> NDArray:
    array = checks.as_array("the target", value)
    if array.dtype.kind not in "buif":
        raise TypeError(f"the target must hold real numbers, not {array.dtype}")
    if array.shape != like.shape:
        raise ValueError(
            f"the target must have the shape of the prediction or the logits, {like.shape}, "
            f"not {array.shape}"
        )
    with np.errstate(over="ignore"):
        array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        raise ValueError("the target must be finite, but holds NaN or infinity")
    return array


def _labels(value: ArrayLike, n: int, classes: int) -> NDArray:
    array = checks.as_array("labels", value)
    if array.dtype.kind not in "bui":
        raise TypeError(f"labels must be whole numbers (the class indices), not {array.dtype}")
    if array.shape != (n,):
        raise ValueError(f"labels must have shape ({n},), one per sample, not {array.shape}")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= classes:
        raise ValueError(
            f"labels must be from 0 to {classes - 1}, one per class, but run from {low} to {high}"
        )
    return array.astype(np.intp, copy=False)
