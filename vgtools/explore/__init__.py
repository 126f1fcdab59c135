"""Figures that move: with widgets in a live notebook, by themselves on a page.

This room is a piece of its own. It needs Matplotlib and NumPy, ipywidgets in a live notebook
alone, and no other room.
"""

from importlib import import_module

__all__ = ["Explorable", "explore"]


def __getattr__(name: str) -> object:
    # Loaded when it is asked for, because `vgtools` loads this room whenever it is loaded.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.explorable"), name)
