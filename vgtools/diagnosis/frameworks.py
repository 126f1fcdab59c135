"""Which code looks at a model: that of its framework.

For each framework there is a module or a package, and it has

- ``follow(model, batch, loss, optimizer)``, which goes forward and back once, leaves everything
  as it was and returns a `Trace`. It raises TypeError or ValueError if an argument does not fit;
  what the model raises goes through.
- ``Watcher(model, every)``, which measures every so many forward passes in training between
  ``start()`` and ``stop()`` and changes nothing of the training. Its ``title`` is the model and
  its framework, its ``moments`` are what was measured, and ``passes`` counts the forward passes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType


def of(model: object) -> ModuleType:
    """Return the module or package that has `follow` and `Watcher` for a model.

    Raises
    ------
    TypeError
        If it is no model of PyTorch, Keras 3 or this book.
    ValueError
        If it is a Keras model on another backend than PyTorch.
    """
    # The framework is there already if the model comes from it.
    keras, torch = sys.modules.get("keras"), sys.modules.get("torch")
    if keras is not None and isinstance(model, getattr(keras, "Layer", ())):
        backend = keras.backend.backend()
        if backend != "torch":
            raise ValueError(
                f"model is a Keras model on the backend {backend!r}, and 'torch' is accepted: "
                "set the environment variable KERAS_BACKEND to torch before Keras is imported"
            )
        return import_module("vgtools.diagnosis.keras")
    if torch is not None and isinstance(model, torch.nn.Module):
        return import_module("vgtools.diagnosis.pytorch")
    from vgtools.networks import Network

    if isinstance(model, Network):
        return import_module("vgtools.diagnosis.book")
    if isinstance(model, type):
        raise TypeError(f"model must be an instance: give {model.__name__}(), with the brackets")
    collection = isinstance(model, Iterable) and not isinstance(model, str)
    hint = ": give the model itself, not its parameters or its state_dict" if collection else ""
    raise TypeError(
        "model must be a torch.nn.Module or a network of vgtools.networks, or a Keras 3 model, "
        f"not {type(model).__module__}.{type(model).__name__}{hint}"
    )
