"""A Keras model on the PyTorch backend is watched while `fit`, or a loop, trains it."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import torch

from vgtools.diagnosis.keras import inputs
from vgtools.diagnosis.keras.following import View, named
from vgtools.diagnosis.moments import Moment
from vgtools.diagnosis.pytorch.watching import ModuleWatcher


class KerasWatcher(ModuleWatcher):
    """Measures every so many forward passes with ``training=True``; see `ModuleWatcher`."""

    framework = "Keras"

    def __init__(self, model: keras.Layer, every: int) -> None:
        inputs.check_model(model)
        self.view = View(model)
        super().__init__(model, every, self.view)
        self._relays = None

    def start(self) -> None:
        """Begin to count."""
        self._relays = self.view.called()
        self._relays.__enter__()
        super().start()

    def stop(self) -> None:
        """Take every hook away."""
        super().stop()
        self._relays.__exit__(None, None, None)
        self.moments = [
            Moment(each.step, each.rows, named(each.trace, self.model)) for each in self.moments
        ]

    def counts(self, keywords: Mapping) -> bool:
        """Tell whether a forward pass belongs to training."""
        return bool(keywords.get("training")) and torch.is_grad_enabled()
