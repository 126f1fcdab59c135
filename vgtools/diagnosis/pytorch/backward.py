"""The way back: the gradient at every place of the path, sample by sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vgtools.diagnosis.pytorch.forward import norm, not_finite


@dataclass(eq=False)
class Arrived:
    """What arrived at one place.

    Attributes
    ----------
    log_norms : ndarray, shape (n,) or (1,)
        log10 of the Euclidean norm for each sample.
    total : float
        log10 of the Euclidean norm of all entries.
    entry : float
        log10 of the root mean square of the entries.
    nonzero : int
        How many entries are not zero; 0 where they were not counted.
    broken : float
        The share that is not finite.
    out_of_range : bool
        Whether it left the range of its float type, or lost digits at the lower end of it.
    dtype : torch.dtype
        The float type that it arrived in.
    """

    log_norms: NDArray[np.float64]
    total: float
    entry: float
    nonzero: int
    broken: float
    out_of_range: bool
    dtype: torch.dtype


Arrivals = dict[Any, Arrived]
"""What arrived at each node."""


class Back(NamedTuple):
    """One way back: what arrived at nodes, and the gradients of tensors that were asked for."""

    arrived: Arrivals
    gradients: Sequence[torch.Tensor | None]


def go_back(
    loss: torch.Tensor, wanted: Sequence[torch.Tensor], nodes: Sequence[Any], samples: int
) -> tuple[Back, Back]:
    """Send the loss back as the float type has it, and as if it lost nothing.

    If the gradient leaves the range of its type, it is sent back again, and at every node it is
    divided by a power of two that brings its largest entry near 1; what is measured is
    multiplied by that power. Everything further back depends on this gradient alone, and
    linearly, so that no digit changes but those that the type would have lost. If it is 0
    already at the last node, the loss is multiplied by a power of two as well.

    Parameters
    ----------
    loss : Tensor
        One number.
    wanted : sequence of Tensor
        In the second way back, the gradient of each of them is right up to one factor.
    nodes : sequence of node
        Each has no way around it; the one next to the loss last.
    samples : int
    """

    def back(rescaled: bool, raised: bool = False) -> Back:
        power = _largest_step(loss.dtype) if raised else 0
        with listening(nodes, samples, rescaled, -power) as arrived:
            seed = torch.full_like(loss, 2.0**power)
            found = torch.autograd.grad(loss, wanted, seed, allow_unused=True, retain_graph=True)
        return Back(arrived, found)

    plain = exact = back(rescaled=False)
    if any(each.out_of_range for each in plain.arrived.values()):
        exact = back(rescaled=True)
        if nodes[-1] in exact.arrived and not exact.arrived[nodes[-1]].nonzero:
            exact = back(rescaled=True, raised=True)
    return plain, exact


@contextmanager
def listening(
    nodes: Sequence[Any],
    samples: int,
    rescaled: bool = False,
    exponent: int = 0,
    counted: bool = True,
) -> Iterator[Arrivals]:
    """Measure what arrives first at nodes of a graph, times 2**`exponent`; see `go_back`.

    The entries that are not zero are `counted` only for a comparison with another way back.
    """
    arrived: Arrivals = {}

    def measuring(node: Any) -> Callable:
        def hook(gradients: tuple) -> tuple | None:
            nonlocal exponent
            there = [each for each in gradients if each is not None]
            if not there or node in arrived:
                return None
            arrived[node] = _measure(there, samples, exponent, counted)
            if not rescaled or arrived[node].broken:
                return None
            largest = max(float(each.abs().max()) for each in there)
            step = math.frexp(largest)[1] if largest else 0
            exponent += step
            return tuple(_times_power(each, -step) for each in gradients)

        return hook

    with ExitStack() as hooks:
        for node in nodes:
            hooks.callback(node.register_prehook(measuring(node)).remove)
        yield arrived


def size(gradient: torch.Tensor) -> tuple[float, float]:
    """Return the Euclidean norm of a gradient, and the share of it that is not finite."""
    gradient = gradient.coalesce().values() if gradient.is_sparse else gradient
    length = norm(gradient)
    return length, 0.0 if math.isfinite(length) else not_finite(gradient)


def norms_of_steps(gradient: torch.Tensor, time_axis: int) -> NDArray[np.float64]:
    """Return log10 of the norm of dLoss/dinput, shape (steps, samples)."""
    by_step = gradient.detach().movedim(time_axis, 0)
    if by_step.ndim == 2:  # one sequence without an axis of samples
        by_step = by_step[:, None]
    return _log(norm(by_step, axis=-1).numpy(force=True))


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


def _measure(gradients: list[torch.Tensor], samples: int, exponent: int, counted: bool) -> Arrived:
    rows = [by_sample(each, samples) for each in gradients]
    if len({len(each) for each in rows}) > 1:
        rows = [each.reshape(1, -1) for each in rows]
    together = rows[0] if len(rows) == 1 else torch.cat(rows, dim=1)
    norms = norm(together, axis=1).numpy(force=True)
    scale = exponent * math.log10(2)
    total = math.sqrt(np.square(norms).sum())
    log_total = float(_log(total)) + scale
    root_mean_square = total / math.sqrt(max(together.numel(), 1))
    broken = 0.0 if math.isfinite(total) else not_finite(together)
    type_ = torch.finfo(together.dtype)
    return Arrived(
        _log(norms) + scale,
        log_total,
        log_total - 0.5 * math.log10(max(together.numel(), 1)),
        int(torch.count_nonzero(together)) if counted else 0,
        broken,
        bool(broken > 0 or root_mean_square < type_.tiny / type_.eps),
        together.dtype,
    )


def _times_power(values: torch.Tensor | None, exponent: int) -> torch.Tensor | None:
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
