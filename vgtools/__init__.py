"""The package behind *Vanishing Gradients*: every concept of the book as code to read.

Rooms, each of which imports only from those before it: `explore`, `text`, `activations`,
`derivation`, `networks`, `theory`, `diagnostics`, `datasets`, `figures`, `diagnosis`,
`laboratory`, `strip`, `practice`, `widths`.

A room is loaded when it is asked for (PEP 562): a build of the book in which nothing
has to run does not wait for NumPy, SymPy and Matplotlib.
"""

from importlib import import_module

from vgtools import explore

# The function has the name of its room. Python gives the package a room's name when it
# loads the room, which has happened now: no later import puts the room before the function.
del explore

_ROOMS = {
    "activations": ["Activation", "activation", "catalogue"],
    "datasets": [],
    "derivation": [
        "Derivation",
        "DerivationError",
        "Equation",
        "define",
        "numeric",
        "verify",
    ],
    "diagnosis": ["Diagnosis", "Watch", "diagnose", "watch"],
    "diagnostics": ["GradientFlow", "census", "gradient_flow"],
    "explore": ["Explorable", "explore"],
    "figures": [],
    "frontend": [],
    "laboratory": [],
    "networks": [
        "GRU",
        "LSTM",
        "MLP",
        "RNN",
        "History",
        "ResidualMLP",
        "initialiser",
        "loss",
        "optimiser",
        "train",
    ],
    "practice": ["check"],
    "strip": [],
    "text": [],
    "theory": [],
    "widths": ["CoordinateCheck", "coordinate_check"],
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted(
    {*_ROOM_OF, "datasets", "diagnostics", "figures", "networks", "strip", "text", "theory"}
)


def __getattr__(name: str) -> object:
    if name in _ROOM_OF:
        value = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
    elif name in _ROOMS:
        value = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *__all__})
