"""Parameters that the loss does not depend on: where they are cut off, or left out."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from vgtools.diagnosis.pytorch.forward import Call, shown


def of(model: nn.Module, calls: Sequence[Call], silent: set[int]) -> dict[str, object]:
    """Return the fields `cut` and `unused` of a trace.

    Parameters
    ----------
    model : torch.nn.Module
    calls : sequence of Call
    silent : set of int
        The ids of the parameters that get no gradient.
    """
    return {"cut": _cut(calls, silent), "unused": tuple(_unused(model, calls, silent))}


def _cut(calls: Sequence[Call], silent: set[int]) -> tuple[str, str] | None:
    """Return the neighbours between which the way back ends, if all layers before are silent."""
    learning = [
        (call.name, all(id(parameter) in silent for parameter in own))
        for call in calls
        if (own := [each for each in call.module._parameters.values() if each is not None])
        and call.weighted
    ]
    count = sum(is_silent for _, is_silent in learning)
    if count == 0 or not all(is_silent for _, is_silent in learning[:count]):
        return None
    following = learning[count][0] if count < len(learning) else "the loss"
    return learning[count - 1][0], following


def _unused(model: nn.Module, calls: Sequence[Call], silent: set[int]) -> list[str]:
    """Return layers with silent parameters that were not called, nor a layer they belong to."""
    used = {id(call.module) for call in calls}
    for call in calls:
        if type(call.module).__module__.startswith("torch.nn"):
            used |= {id(part) for part in call.module.modules()}
    return [
        shown(name, module)
        for name, module in model.named_modules()
        if id(module) not in used
        and any(id(parameter) in silent for parameter in module._parameters.values())
    ]
