"""A Keras model, a batch and a loss become a `Trace`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import keras
import torch
from torch import nn

from vgtools.diagnosis.keras import inputs, layers
from vgtools.diagnosis.keras.state import unchanged
from vgtools.diagnosis.pytorch.following import follow
from vgtools.diagnosis.trace import Point, Trace


def follow_keras(model: keras.Layer, batch: tuple, loss: str | Callable | None) -> Trace:
    """Go forward and back once, as a step of `fit` does, and leave everything as it was.

    Parameters
    ----------
    model : keras.Layer
        Built, on the PyTorch backend.
    batch : (x, y)
        Arrays or tensors, or lists and dicts of them as the model takes them.
    loss : str, callable or None
        See `vgtools.diagnosis.keras.inputs.loss_of`.

    Returns
    -------
    Trace

    Raises
    ------
    TypeError, ValueError
        If the model, the batch or the loss does not fit. What the model raises goes through.
    """
    inputs.check_model(model)
    total = inputs.loss_of(model, loss)
    x, flat, y = inputs.tensors_of(batch)
    view = View(model)
    view.structure = x
    with unchanged(model), view.called():
        trace = follow(view, (flat, y), total)
    return named(trace, model)


class View(nn.Module):
    """A Keras model as `vgtools.diagnosis.pytorch` wants a module: with named modules inside.

    Attributes
    ----------
    model : keras.Layer
    structure : object
        How the tensors that it is called with make the inputs of the model.
    channels_last : bool
        Whether the channels of a picture stand on the last axis.
    """

    def __init__(self, model: keras.Layer) -> None:
        super().__init__()
        self.pairs = []
        for name, layer in layers.named_layers(model):
            if all(layer is not other for other, _ in self.pairs):
                self.pairs.append((layer, layers.stand_in(layer)))
                self._modules[name] = self.pairs[-1][1]
        if not self.pairs:  # one layer alone
            self.pairs.append((model, layers.stand_in(model)))
            self._modules[model.name] = self.pairs[-1][1]
        self.__dict__["model"] = model  # not a module inside: its own names are not wanted
        self.channels_last = keras.config.image_data_format() == "channels_last"
        self.structure: object = None

    def forward(self, *tensors: torch.Tensor) -> object:
        """Call the model in training mode."""
        x = keras.tree.pack_sequence_as(self.structure, tensors)
        # As keras.Model.fit calls it.
        return self.model(x, training=True) if self.model._call_has_training_arg else self.model(x)

    def called(self):
        """Let the hooks of the modules inside run when the layers of the model do."""
        return layers.called_together(self.pairs)


def named(trace: Trace, model: keras.Layer) -> Trace:
    """Return a trace that says where it comes from, without the products of dense layers.

    A dense layer of Keras is a product and a sum in the graph. The product stands before the
    point of its layer, behind the activation of the layer before it.
    """
    points = tuple(_without_product(trace.points))
    return replace(trace, model=type(model).__name__, framework="Keras", points=points)


def _without_product(points: tuple[Point, ...]) -> Iterator[Point]:
    for point, following in zip(points, [*points[1:], None]):
        dense = following is not None and following.weights is not None
        known = point.operations
        if dense and known[-1:] == ("?",):
            known = known[:-1]
        yield replace(point, operations=known)
