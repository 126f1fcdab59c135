"""What a diagnosis of a Keras model accepts, and what it says about anything else."""

from __future__ import annotations

from collections.abc import Callable

import keras
import torch

from vgtools.diagnosis.pytorch import inputs


def check_model(model: keras.Layer) -> None:
    """Refuse a model whose weights do not exist yet, and one without any.

    Raises
    ------
    ValueError
    """
    unbuilt = next((layer for layer in model._flatten_layers() if not layer.built), None)
    if unbuilt is not None:
        raise ValueError(
            f"model has layers whose weights are not made yet ({unbuilt.name}): call "
            "model.build((None, features)) or model(x) once before"
        )
    if not model.weights:
        raise ValueError(f"model must have weights: {type(model).__name__} has none")


def tensors_of(batch: tuple) -> tuple[object, list[torch.Tensor], object]:
    """Return the structure of the inputs, their tensors in order, and the targets as tensors.

    Raises
    ------
    TypeError, ValueError
        If its parts are no arrays, or there is no sample.
    """
    x, y = (keras.tree.map_structure(_tensor, part) for part in batch)
    flat = keras.tree.flatten(x)
    inputs.check_batch((flat, y))
    return x, flat, y


def loss_of(model: keras.Layer, loss: object) -> Callable:
    """Return the loss as a function of output and targets, with what the layers add to it.

    Parameters
    ----------
    model : keras.Layer
    loss : None, str, keras.losses.Loss, torch.nn.Module or callable
        None stands for what the model was compiled with. A callable takes (y_true, y_pred), as
        Keras has it, and what it returns is averaged; a loss of PyTorch takes its own order.

    Raises
    ------
    TypeError, ValueError
        If it is none of these.
    """
    given = getattr(model, "loss", None) if loss is None else loss
    if given is None:
        raise ValueError(
            "loss must be given: the model is not compiled with one. Accepted are the name of a "
            "loss of Keras, a keras.losses.Loss and a function of (y_true, y_pred)"
        )
    if isinstance(given, str):
        try:
            given = keras.losses.get(given)
        except ValueError as error:
            raise ValueError(f"loss must be a name that Keras knows, not {given!r}") from error
    if isinstance(given, type) or not callable(given):
        raise TypeError(
            "loss must be the name of a loss of Keras, a keras.losses.Loss such as "
            f"keras.losses.MeanSquaredError(), or a function of (y_true, y_pred), not {given!r:.60}"
        )

    def total(output: object, targets: object) -> object:
        swapped = isinstance(given, torch.nn.Module)
        value = given(output, targets) if swapped else given(targets, output)
        if not isinstance(value, torch.Tensor):
            return value  # `scalar_loss` refuses it and names its type
        value = value.mean() if value.is_floating_point() else value
        return value + sum(each.sum() for each in model.losses) if model.losses else value

    return total


def _tensor(values: object) -> object:
    if values is None or isinstance(values, torch.Tensor):
        return values
    if getattr(getattr(values, "dtype", None), "kind", "") in ("U", "S", "O"):
        raise TypeError(
            f"inputs and targets must hold numbers, not {values.dtype}: give the numbers of "
            "classes in the place of their names"
        )
    if not hasattr(values, "shape") or not hasattr(values, "dtype"):
        raise TypeError(
            "inputs and targets must be arrays or tensors, or a list or a dict of them, "
            f"not {type(values).__name__}"
        )
    return keras.ops.convert_to_tensor(values)
