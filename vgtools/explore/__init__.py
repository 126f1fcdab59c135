"""Figures that move: with widgets in a live notebook, by themselves in the book."""

from vgtools.explore.explorable import Explorable, explore

__all__ = ["Explorable", "explore"]
