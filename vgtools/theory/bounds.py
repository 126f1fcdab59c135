"""Bounds on a gradient: through time in a recurrent layer, and through single sigmoid units."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vgtools.networks import checks
from vgtools.networks.norms import exponent, times_power


def error_flow_bound(weight: ArrayLike, steps: ArrayLike, steepest: float = 0.25) -> NDArray:
    """Bound a single entry of the gradient through time, as Hochreiter did.

    In a recurrent layer, no derivative of one unit's pre-activation with respect
    to another's, q steps before, is larger in size than::

        n (steepest A)**q

    with n units, `steepest` the largest slope of the activation, and A the
    largest sum of |weights| that lead into one unit.

    Parameters
    ----------
    weight : array_like, shape (n, n)
        U, as in `RNNLayer`: its columns lead into the units.
    steps : array_like of int
        q, at least 0.
    steepest : float
        0.25 for the sigmoid, 1 for tanh.

    Returns
    -------
    ndarray
        The bound for each q.

    Raises
    ------
    TypeError, ValueError
        If the weights are not a square matrix of finite numbers, or a number of
        steps is negative.

    Notes
    -----
    Source: Hochreiter and Schmidhuber (1997), section 3.1, who outline the
    analysis of Hochreiter (1991) and call the bound weak. If every |weight| is
    below 4/n, it falls to 0 for logistic units.

    Examples
    --------
    >>> error_flow_bound([[1.0, 0.5], [0.0, 1.0]], [0, 1, 2])
    array([2.     , 0.75   , 0.28125])
    """
    u, steps, steepest = _through_time(weight, steps, steepest)
    with np.errstate(over="ignore"):
        return len(u) * _norm(u, 1, steepest) ** steps


def jacobian_bound(weight: ArrayLike, steps: ArrayLike, steepest: float = 1.0) -> NDArray:
    """Bound the norm of the Jacobian of a plain recurrent layer over several steps.

    The largest singular value of dh_t/dh_(t-q) is at most::

        (steepest s)**q

    with s the largest singular value of U. Where ``steepest * s < 1`` the gradient
    vanishes: that is sufficient. Where it is above 1, the gradient may explode and
    may as well vanish: that is only necessary for exploding.

    Parameters
    ----------
    weight : array_like, shape (n, n)
        U, as in `RNNLayer`.
    steps : array_like of int
        q, at least 0.
    steepest : float
        The largest slope of the activation: 1 for tanh and ReLU, 0.25 for the sigmoid.

    Returns
    -------
    ndarray
        The bound for each q.

    Raises
    ------
    TypeError, ValueError
        As for `error_flow_bound`.

    Notes
    -----
    Source: Pascanu, Mikolov and Bengio (2013), arXiv:1211.5063, section 2.1. The
    paper writes of the largest eigenvalue; its proof bounds a norm, and for
    matrices that are not normal only the singular value will do.

    Examples
    --------
    >>> jacobian_bound([[0.0, 2.0], [0.0, 0.0]], [1, 2])
    array([2., 4.])
    """
    u, steps, steepest = _through_time(weight, steps, steepest)
    with np.errstate(over="ignore"):
        return _norm(u, 2, steepest) ** steps


def _through_time(
    weight: ArrayLike, steps: ArrayLike, steepest: float
) -> tuple[NDArray, NDArray, float]:
    u = checks.floats("weight", weight, np.float64)
    if u.ndim != 2 or u.shape[0] != u.shape[1] or not u.size or not np.isfinite(u).all():
        raise ValueError(f"weight must be a square matrix of finite numbers, not shape {u.shape}")
    q = checks.floats("steps", steps, np.float64)
    if not ((q >= 0) & (q == np.floor(q)) & np.isfinite(q)).all():
        raise ValueError(f"steps must be whole numbers from 0 on, not {steps!r}")
    return u, q, checks.number("steepest", steepest, low=0.0)


def _norm(u: NDArray, order: int, factor: float) -> np.float64:
    """Return a norm of a matrix times a factor; the norm alone may overflow."""
    k = exponent(u)
    return times_power(factor * np.linalg.norm(times_power(u, -k), order), k)


def escape_width(weight: ArrayLike) -> NDArray[np.float64]:
    """Return how wide a range of inputs keeps one sigmoid unit from shrinking the gradient.

    In a chain of single units a layer multiplies the gradient by w s'(w a + b),
    s the sigmoid. As s' is at most 1/4, this reaches 1 only if |w| >= 4, and
    then, whatever the bias, for inputs a in one interval of width::

        (4 / |w|) arcosh(sqrt(|w|) / 2)

    Parameters
    ----------
    weight : array_like
        w, any shape.

    Returns
    -------
    ndarray, same shape
        The width; 0 where the weight is too small.

    Raises
    ------
    TypeError, ValueError
        If the weights are not finite real numbers.

    Notes
    -----
    From s'(u) = 1 / (4 cosh(u/2)**2). The question is Nielsen's, Neural Networks
    and Deep Learning (2015), chapter 5.

    Examples
    --------
    >>> escape_width([3.0, 4.0, 7.0]).round(2)
    array([0.  , 0.  , 0.45])
    """
    w = np.abs(checks.floats("weight", weight, np.float64))
    if not np.isfinite(w).all():
        raise ValueError("weight must be finite, but holds NaN or infinity")
    w = np.maximum(w, 4.0)
    return 4.0 / w * np.arcsinh(np.sqrt(w - 4.0) / 2.0)  # arcosh(y) = arsinh(sqrt(y**2 - 1))
