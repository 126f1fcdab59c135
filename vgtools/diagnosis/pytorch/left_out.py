"""Layers that one pass leaves out and another one calls: by chance, or by the samples' choice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
import torch
from torch import nn

from vgtools.diagnosis.finding import unnumbered
from vgtools.diagnosis.pytorch import inputs

PASSES = 10
"""How often chance is tried. What is left out with probability 1/2 is called in one of so many
passes but for one case in 1000."""


def left_out(model: nn.Module, x: object, samples: int, uncalled: Sequence[str]) -> set[str]:
    """Return those of the layers that a pass did not call which other passes call.

    Stochastic depth leaves out layers by chance: another pass with the same samples calls them. A
    mixture of experts calls those that its samples are sent to: then half of the samples call
    fewer of them. An expert that none of them is sent to stands beside these, with the same name
    but for its numbers, and may be called for other samples.

    The caller puts back what the passes change.

    Parameters
    ----------
    model : torch.nn.Module
    x : inputs of the model
    samples : int
    uncalled : sequence of str
        The layers that the pass did not call.
    """
    missing, found, state = set(uncalled), set(), None
    for _ in range(PASSES):
        if missing <= found or state == (state := _randomness()):
            break
        found |= missing & _called(model, x)
    if missing <= found or samples < 2:
        return found
    try:
        whole, *halves = (_called(model, _part(x, samples, part)) for part in (None, 0, 1))
    except Exception:  # a model that takes no smaller batch shows no choice
        return found
    chosen = {unnumbered(name) for half in halves for name in whole - half}
    return found | {name for name in missing if unnumbered(name) in chosen}


def _called(model: nn.Module, x: object) -> set[str]:
    """Return the names of the modules that a pass calls."""
    called: set[str] = set()
    with ExitStack() as hooks, torch.no_grad():
        for name, module in model.named_modules():
            hook = module.register_forward_pre_hook(lambda *_, name=name: called.add(name))
            hooks.callback(hook.remove)
        inputs.call(model, inputs.copied(x), None)
    return called


def _part(x: object, samples: int, half: int | None) -> object:
    """Return the first or the second half of the samples; all of them for None."""

    def part(tensor: torch.Tensor) -> torch.Tensor:
        cut = half is not None and tensor.shape[:1] == (samples,)
        return tensor.tensor_split(2)[half] if cut else tensor

    return inputs.each_tensor(part, x)


def _randomness() -> tuple:
    """Return the random states: they stay as they are in a pass without chance."""
    _, keys, place, *_ = np.random.get_state()  # noqa: NPY002
    return random.getstate(), keys.tobytes(), place, torch.get_rng_state().numpy().tobytes()
