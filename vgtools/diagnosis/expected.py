"""The rate that theory expects from a model's own weights and activations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vgtools.diagnosis.judging import slope
from vgtools.diagnosis.trace import Trace

LAYER_NORM = "layer_norm"
"""The operation of a trace that divides a signal by its spread over the units."""


@dataclass(frozen=True, eq=False)
class Expected:
    """What the theory of wide layers says about the path of a trace.

    Attributes
    ----------
    log_gradient : ndarray, shape (points,), or None
        log10 of the norm of the gradient, relative to the last point.
    rate : float or None
        Its slope per layer.
    reason : str
        Which theory, or why there is none.
    """

    log_gradient: NDArray[np.float64] | None
    rate: float | None
    reason: str


def expect(trace: Trace) -> Expected:
    """Follow the second moments through a plain chain, as `vgtools.theory.mean_field` does.

    ::

        q_l = fan_in_l E W_l**2 E h_(l-1)**2 + E b_l**2
        E h_l**2 = E f(sqrt(q_l) z)**2,    z standard normal
        E |g_l|**2 = fan_in_(l+1) E W_(l+1)**2 E f'(sqrt(q_l) z)**2 E |g_(l+1)|**2

    where E W**2 is the mean over the entries of the weights that the model has, and g the
    whole gradient of a sample. The weights are taken to be independent, with mean zero. A layer
    normalisation in front of the activation, as it starts, makes q_l in the second line 1, and
    divides the third by the q_l that it was.

    Residual sums have none here: what a branch adds depends on its own layers, which the path
    does not hold.
    """
    points = trace.points
    if len(points) < 3:
        return Expected(None, None, "there are fewer than three layers on one path")
    for point in points:
        if point.weights is None or not point.weights.dense:
            return _none(f"{point.name} is not one dense layer")
    for point in points[:-1]:
        *before, activation = point.operations or ("?",)
        if before not in ([], [LAYER_NORM]) or activation in ("?", LAYER_NORM):
            return _none(f"what follows {point.name} is not one activation of the book's catalogue")
    if not trace.input_mean_square > 0:
        return _none("the size of the inputs was not seen, or is 0")

    from vgtools.theory import second_moments  # loads SymPy, and so only where it is needed

    incoming, slopes = trace.input_mean_square, []
    for point in points[:-1]:
        weights = point.weights
        variance = weights.fan_in * weights.mean_square * incoming + weights.bias_mean_square
        if not 0 < variance < 1e300:
            return _none(f"the signal at {point.name} leaves the range of numbers")
        *normalised, activation = point.operations
        incoming, squared = second_moments(activation, 1.0 if normalised else variance)
        slopes.append(squared / variance if normalised else squared)
    log_gradient = [0.0]
    for point, squared in zip(points[:0:-1], slopes[::-1]):
        gain = point.weights.fan_in * point.weights.mean_square * squared
        if gain == 0:
            return _none(f"no gradient passes between {point.name} and the layer before it")
        log_gradient.append(log_gradient[-1] + 0.5 * math.log10(gain))
    heights = np.array(log_gradient[::-1])
    reason = "the mean field of wide layers, from the model's own weights"
    return Expected(heights, slope(heights), reason)


def _none(reason: str) -> Expected:
    return Expected(
        None,
        None,
        f"{reason}: theory covers chains of dense layers, with or without "
        "layer normalisation, and activations",
    )
