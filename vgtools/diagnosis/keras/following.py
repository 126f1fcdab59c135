"""A Keras model on the PyTorch backend, followed and watched as a module of PyTorch is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import torch
from torch import nn

from vgtools.diagnosis import pytorch
from vgtools.diagnosis.keras import inputs, layers
from vgtools.diagnosis.keras.state import unchanged
from vgtools.diagnosis.pytorch.following import Source
from vgtools.diagnosis.trace import Trace


def follow(
    model: keras.Layer, batch: tuple, loss: str | Callable | None, optimizer: None = None
) -> Trace:
    """Go forward and back once, as a step of `fit` does, and leave everything as it was.

    The parameters are those of `vgtools.diagnosis.diagnose`.
    """
    if optimizer is not None:
        raise TypeError(
            "optimizer must be None for a Keras model: vg.watch measures the steps of its "
            f"training, and no {type(optimizer).__name__} is looked at here"
        )
    inputs.check_model(model)
    total = inputs.loss_of(model, loss)
    x, flat, y = inputs.tensors_of(batch)
    view = View(model)
    view.structure = x
    with unchanged(model), layers.called_together(view.pairs):
        return pytorch.follow(view, (flat, y), total, source=view.source)


class Watcher(pytorch.Watcher):
    """Measures every so many forward passes with ``training=True``; see the one of PyTorch."""

    def __init__(self, model: keras.Layer, every: int) -> None:
        inputs.check_model(model)
        self.view = View(model)
        super().__init__(model, every, self.view, self.view.source)

    def start(self) -> None:
        """Begin to count."""
        self._hooks.enter_context(layers.called_together(self.view.pairs))
        super().start()

    def counts(self, keywords: Mapping) -> bool:
        """Tell whether a forward pass belongs to training."""
        return bool(keywords.get("training")) and torch.is_grad_enabled()


class View(nn.Module):
    """A Keras model as `vgtools.diagnosis.pytorch` wants a module: with named modules inside.

    Attributes
    ----------
    model : keras.Layer
    pairs : list of (keras.Layer, torch.nn.Module)
        Each layer that computes something, and its stand-in.
    source : Source
    structure : object
        How the tensors that it is called with make the inputs of the model.
    """

    def __init__(self, model: keras.Layer) -> None:
        super().__init__()
        named = list(layers.named_layers(model)) or [(model.name, model)]  # or one layer alone
        self.pairs = []
        for name, layer in named:
            if all(layer is not other for other, _ in self.pairs):
                self.pairs.append((layer, layers.stand_in(layer)))
                self._modules[name] = self.pairs[-1][1]
        self.__dict__["model"] = model  # not a module inside: its own names are not wanted
        last = keras.config.image_data_format() == "channels_last"
        self.source = Source(type(model).__name__, "Keras", channels_last=last, split=True)
        self.structure: object = None

    def forward(self, *tensors: torch.Tensor) -> object:
        """Call the model in training mode."""
        x = keras.tree.pack_sequence_as(self.structure, tensors)
        # As keras.Model.fit calls it.
        return self.model(x, training=True) if self.model._call_has_training_arg else self.model(x)
