"""Real data first: 1,797 handwritten digits that need no download; then a task for memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vgtools.frontend import optional
from vgtools.networks import checks

TRAINING_SAMPLES = 1400


@dataclass(frozen=True, eq=False)
class Digits:
    """Scans of handwritten digits, split and standardised.

    Attributes
    ----------
    x_train, x_test : ndarray, shapes (1400, 64) and (397, 64)
        The 8 x 8 pixels row by row. Every pixel has mean 0 and variance 1 *over
        the training set*; the test set is shifted and scaled by the same numbers.
        Three pixels are blank in every training scan and stay 0 there.
    y_train, y_test : ndarray of int, shapes (1400,) and (397,)
        The digit, 0 to 9.
    mean, scale : ndarray, shape (64,)
        What was subtracted and divided by; ``x * scale + mean`` is the ink, 0 to 16.
    """

    x_train: NDArray[np.float64]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.float64]
    y_test: NDArray[np.int64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]


def digits(seed: int | np.random.Generator = 0) -> Digits:
    """Return the digits of scikit-learn, split at random.

    Parameters
    ----------
    seed : int or numpy.random.Generator
        Decides which scans are set aside. The split is not stratified: the
        classes are as frequent on either side as chance makes them.

    Returns
    -------
    Digits
        Fresh arrays, which may be changed.

    Raises
    ------
    TypeError, ValueError
        If the seed is neither a whole number from 0 on nor a generator.

    Notes
    -----
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten
    Digits, UCI Machine Learning Repository, doi 10.24432/C50P49; scikit-learn
    bundles its test part. Each pixel counts the ink in a 4 x 4 square of a scan.

    Examples
    --------
    >>> data = digits(seed=0)
    >>> data.x_train.shape, data.x_test.shape
    ((1400, 64), (397, 64))
    >>> abs(float(data.x_train.mean())) < 1e-12
    True
    """
    x, y = _scans()
    order = checks.generator(seed).permutation(len(x))
    train, test = order[:TRAINING_SAMPLES], order[TRAINING_SAMPLES:]
    mean = x[train].mean(axis=0)
    scale = x[train].std(axis=0)
    scale[scale == 0] = 1.0
    return Digits(
        x_train=(x[train] - mean) / scale,
        y_train=y[train],
        x_test=(x[test] - mean) / scale,
        y_test=y[test],
        mean=mean,
        scale=scale,
    )


def adding_problem(
    samples: int, time: int, seed: int | np.random.Generator = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw sequences in which two numbers are marked, and their sums.

    Each step shows a number, uniform on [0, 1), and a mark: 1 at one step of the
    first half and one step of the second half, 0 elsewhere. The target is the sum
    of the two marked numbers, to be given after the last step. Whoever remembers
    nothing does best with the answer 1, whose mean squared error is 1/6.

    Parameters
    ----------
    samples : int
        How many sequences.
    time : int
        Their length, at least 2.
    seed : int or numpy.random.Generator

    Returns
    -------
    x : ndarray, shape (time, samples, 2)
        Numbers and marks.
    y : ndarray, shape (samples, 1)
        From 0 to 2.

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of the above.

    Notes
    -----
    After Hochreiter and Schmidhuber (1997), experiment 4, who use other ranges
    and sequences of varying length.

    Examples
    --------
    >>> x, y = adding_problem(samples=1000, time=50)
    >>> x.shape, y.shape, x[:, :, 1].sum(axis=0).max()
    ((50, 1000, 2), (1000, 1), np.float64(2.0))
    >>> bool(np.allclose((x[:, :, 0] * x[:, :, 1]).sum(axis=0), y[:, 0]))
    True
    """
    samples, time = checks.count("samples", samples), checks.count("time", time, least=2)
    if samples * time > checks.MOST_WEIGHTS:
        raise ValueError(
            f"samples times time must be at most {checks.MOST_WEIGHTS}, not {samples} times {time}"
        )
    rng = checks.generator(seed)
    numbers = rng.random((time, samples))
    first = rng.integers(0, time // 2, samples)
    second = rng.integers(time // 2, time, samples)
    rows = np.arange(samples)
    marks = np.zeros((time, samples))
    marks[first, rows] = marks[second, rows] = 1.0
    total = numbers[first, rows] + numbers[second, rows]
    return np.stack([numbers, marks], axis=2), total[:, np.newaxis]


@cache
def _scans() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    with optional("sklearn", "data"):
        from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)
