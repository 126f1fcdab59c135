"""The way back: the gradient at every place of the path, sample by sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vgtools.diagnosis.pytorch.forward import norm, not_finite
from vgtools.diagnosis.pytorch.graph import Place


@dataclass(eq=False)
class Arrived:
    """What arrived at one place.

    Attributes
    ----------
    log_norms : ndarray, shape (n,) or (1,)
        log10 of the Euclidean norm for each sample.
    entry : float
        log10 of the root mean square of the entries.
    nonzero : int
        How many entries are not zero.
    broken : float
        The share that is not finite.
    lowest : float
        The root mean square in the units of the pass, to tell whether digits were lost.
    dtype : torch.dtype
        The float type that it arrived in.
    """

    log_norms: NDArray[np.float64]
    entry: float
    nonzero: int
    broken: float
    lowest: float
    dtype: torch.dtype


@dataclass(eq=False)
class Backward:
    """One way back.

    Attributes
    ----------
    places : list of Arrived or None
        First layer first; None where nothing arrived.
    parameters : list of Tensor or None
        The gradient of each parameter that was asked for; in a rescaled pass without meaning.
    sequences : list of Tensor or None
        The gradient of what each recurrent layer read, up to one factor for each of them.
    """

    places: list[Arrived | None]
    parameters: list[torch.Tensor | None]
    sequences: list[torch.Tensor | None]


def go_back(
    loss: torch.Tensor,
    places: Sequence[Place],
    parameters: Sequence[torch.Tensor],
    sequences: Sequence[torch.Tensor],
    samples: int,
    rescaled: bool = False,
    raised: bool = False,
) -> Backward:
    """Send the loss back and measure what arrives at every place.

    With `rescaled`, the gradient is divided at every place by a power of two that brings its
    largest entry near 1, and what is measured is multiplied by it again. Everything further
    back depends on that gradient alone, and linearly, so that no digit changes but those that
    the float type would have lost. With `raised`, the loss is multiplied by a power of two
    before, for a gradient that is 0 already when it arrives at the place next to the loss.
    """
    arrived: dict[int, Arrived] = {}
    seed = _largest_step(loss.dtype) if raised else 0
    exponent = -seed

    def measure(index: int):
        def hook(gradients: tuple) -> tuple | None:
            nonlocal exponent
            there = [each for each in gradients if each is not None]
            if not there:
                return None
            arrived[index] = _measure(there, samples, exponent)
            if not rescaled or arrived[index].broken:
                return None
            largest = max(float(each.abs().max()) for each in there)
            step = math.frexp(largest)[1] if largest else 0
            exponent += step
            return tuple(_times_power(each, -step) for each in gradients)

        return hook

    handles = [place.node.register_prehook(measure(index)) for index, place in enumerate(places)]
    wanted = [*parameters, *sequences]
    try:
        found = torch.autograd.grad(
            loss, wanted, torch.full_like(loss, 2.0**seed), allow_unused=True, retain_graph=True
        )
    finally:
        for handle in handles:
            handle.remove()
    cut = len(parameters)
    return Backward(
        [arrived.get(index) for index in range(len(places))], list(found[:cut]), list(found[cut:])
    )


def arrives(back: Backward) -> bool:
    """Tell whether anything that is not 0 arrived at the place next to the loss."""
    last = back.places[-1] if back.places else None
    return last is None or last.nonzero > 0


def needs_rescaling(back: Backward) -> bool:
    """Tell whether a gradient left the range of its float type, or lost digits at its end."""
    return any(
        place is not None
        and (
            place.broken > 0
            or place.lowest < torch.finfo(place.dtype).tiny / torch.finfo(place.dtype).eps
        )
        for place in back.places
    )


def norms_of_steps(gradient: torch.Tensor, time_axis: int) -> NDArray[np.float64]:
    """Return log10 of the norm of dLoss/dinput, shape (steps, samples)."""
    by_step = gradient.detach().movedim(time_axis, 0)
    if by_step.ndim == 2:  # one sequence without an axis of samples
        by_step = by_step[:, None]
    return _log(norm(by_step, axis=-1).numpy(force=True))


def _measure(gradients: list[torch.Tensor], samples: int, exponent: int) -> Arrived:
    rows = [by_sample(each, samples) for each in gradients]
    if len({len(each) for each in rows}) > 1:
        rows = [each.reshape(1, -1) for each in rows]
    together = rows[0] if len(rows) == 1 else torch.cat(rows, dim=1)
    norms = norm(together, axis=1).numpy(force=True)
    scale = exponent * math.log10(2)
    root_mean_square = np.sqrt(np.square(norms).sum() / together.numel())
    return Arrived(
        _log(norms) + scale,
        float(_log(root_mean_square)) + scale,
        int(torch.count_nonzero(together)),
        not_finite(together),
        float(root_mean_square),
        together.dtype,
    )


def by_sample(values: torch.Tensor, samples: int) -> torch.Tensor:
    """Return one row for each sample, or one row where they cannot be told apart."""
    values = values.detach()
    if values.ndim == 0:
        return values.reshape(1, 1)
    if values.shape[0] % samples == 0:  # also (samples * steps, features)
        return values.reshape(samples, -1)
    if values.ndim > 1 and values.shape[1] == samples:
        return values.movedim(1, 0).reshape(samples, -1)
    return values.reshape(1, -1)


def _times_power(values: torch.Tensor | None, exponent: int) -> Any:
    if values is None or exponent == 0:
        return values
    most = _largest_step(values.dtype)
    while exponent:  # in steps, none of which leaves the range of the type by itself
        step = max(-most, min(most, exponent))
        values = values * 2.0**step
        exponent -= step
    return values


def _largest_step(dtype: torch.dtype) -> int:
    """Return a power of two by which a number near 1 may be multiplied or divided."""
    return 60 if dtype != torch.float16 else 12


def _log(norms: NDArray) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.log10(np.asarray(norms, np.float64))
