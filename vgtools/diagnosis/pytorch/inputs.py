"""What a diagnosis of a PyTorch module accepts, and what it says about anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy


def check_model(model: nn.Module) -> nn.Module:
    """Return a module whose parameters exist, without the wrapper of `torch.compile`.

    Raises
    ------
    TypeError
        If it, or a part of it, is scripted or traced.
    ValueError
        If it has no parameters, or some of a lazy module are not made yet, or have no numbers, or
        can have no gradient.
    """
    model = getattr(model, "_orig_mod", model)
    for name, part in model.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            where = f"its part {name}" if name else "it"
            raise TypeError(
                f"model must be a module that PyTorch runs line by line, and {where} is a "
                f"{type(part).__name__}, in which no layer can be seen: give the module from "
                "before torch.jit.script or torch.jit.trace"
            )
    lazy = [name for name, tensor in model.named_parameters() if is_lazy(tensor)]
    if lazy:
        raise ValueError(
            f"model has parameters that its first batch has yet to make ({lazy[0]}): "
            "call model(x) once before vg.diagnose"
        )
    if next(model.parameters(), None) is None:
        raise ValueError(f"model must have parameters: {type(model).__name__} has none")
    for name, tensor in model.named_parameters():
        if tensor.is_meta:
            raise ValueError(
                f"model must have parameters with numbers, and {name} is on the device 'meta', "
                "which holds shapes alone: call model.to_empty(device='cpu') and draw or load the "
                "weights"
            )
        if tensor.is_inference():
            raise ValueError(
                f"model must have parameters that can have a gradient, and {name} was made inside "
                "torch.inference_mode(): make the model outside of it"
            )
    return model


def evaluation(model: nn.Module) -> list[str]:
    """Say what is other than in training, for a model in evaluation mode.

    Examples
    --------
    >>> evaluation(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)).eval())[0].partition(":")[0]
    'the model is in evaluation mode'
    >>> evaluation(nn.Linear(2, 2).eval())
    []
    """
    modules = list(model.modules())
    drops = [each.p for each in modules if isinstance(each, nn.modules.dropout._DropoutNd)]
    drops += [m.dropout for m in modules if isinstance(m, (nn.RNNBase, nn.MultiheadAttention))]
    norms = [each for each in modules if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    told = ["dropout drops nothing"] if any(drops) else []
    if any(each.running_mean is not None for each in norms):
        told.append("batch normalisation takes its running statistics, not those of the batch")
    if not told:
        return []
    return [
        f"the model is in evaluation mode: {', and '.join(told)}. "
        "Call model.train() before, to see it as training does"
    ]


def check_loss(loss: object) -> Callable:
    """Return a loss that can be called.

    Raises
    ------
    TypeError
        If it is a name, a class, or anything else that cannot be called.
    """
    if isinstance(loss, str):
        raise TypeError(
            f"loss must be a function of output and targets, not the name {loss!r}: names are for "
            "networks of vgtools. For a module give torch.nn.functional.cross_entropy or "
            "another function"
        )
    if isinstance(loss, type):
        raise TypeError(
            f"loss must be a function of output and targets, not the class {loss.__name__}: "
            f"give {loss.__name__}(), with the brackets"
        )
    if not callable(loss):
        raise TypeError(f"loss must be a function of output and targets, not {loss!r:.60}")
    return loss


def check_batch(batch: tuple) -> tuple[object, object]:
    """Return inputs and targets of a batch.

    Raises
    ------
    TypeError, ValueError
        If it holds no tensor, or no sample.
    """
    inputs, targets = batch
    found = list(tensors(inputs))
    if not found:
        raise TypeError(
            "the inputs of the batch must be a tensor, or a tuple or a dict of tensors, "
            f"not {type(inputs).__name__}"
        )
    if any(tensor.numel() == 0 for tensor in found):
        shape = next(tuple(tensor.shape) for tensor in found if tensor.numel() == 0)
        raise ValueError(f"the batch must hold at least one sample, not inputs of shape {shape}")
    if any(tensor.is_meta for tensor in tensors(batch)):
        raise ValueError(
            "the batch must hold numbers, and some of it is on the device 'meta', which holds "
            "shapes alone: give tensors on the device of the model"
        )
    return inputs, targets


def tensors(values: object) -> Iterator[torch.Tensor]:
    """Yield every tensor in tuples, lists and dicts.

    Examples
    --------
    >>> len(list(tensors((torch.zeros(1), {"mask": torch.ones(1)}))))
    2
    """
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, Mapping):
        for value in values.values():
            yield from tensors(value)
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from tensors(value)


def copied(values: object) -> object:
    """Copy the tensors of a batch, so that a layer in place changes nothing of the caller's."""
    return each_tensor(lambda tensor: tensor.detach().clone(), values)


def each_tensor(change: Callable[[torch.Tensor], torch.Tensor], values: object) -> object:
    """Return tuples, lists and dicts with every tensor changed."""
    if isinstance(values, torch.Tensor):
        return change(values)
    if isinstance(values, Mapping):
        return {name: each_tensor(change, value) for name, value in values.items()}
    if isinstance(values, tuple) and hasattr(values, "_fields"):
        return type(values)(*(each_tensor(change, value) for value in values))
    if isinstance(values, (tuple, list)):
        return type(values)(each_tensor(change, value) for value in values)
    return values


def alike(values: object, samples: int) -> bool:
    """Tell whether all samples have the same inputs.

    Examples
    --------
    >>> alike((torch.ones(3, 2), torch.ones(3)), 3), alike(torch.eye(3), 3)
    (True, False)
    """
    found = [each for each in tensors(values) if each.ndim and each.shape[0] == samples]
    return samples > 1 and bool(found) and all(bool((each == each[:1]).all()) for each in found)


def call(model: nn.Module, inputs: object, targets: object) -> Any:
    """Call a model with a tensor, with a tuple of arguments or with a dict of keywords.

    Raises
    ------
    TypeError
        If the model raises and the batch looks like (targets, inputs). Whatever else the model
        raises goes through.
    """
    try:
        return _call(model, inputs)
    except Exception as error:
        if _swapped(inputs, targets):
            raise TypeError(
                f"the batch looks like (targets, inputs): the model could not take inputs of type "
                f"{inputs.dtype} and shape {tuple(inputs.shape)}, and the targets are of type "
                f"{targets.dtype} and shape {tuple(targets.shape)}. Give (inputs, targets)"
            ) from error
        error.add_note(f"The model raised this for the batch: {_described('x', inputs, targets)}")
        raise


def _described(name: str, values: object, targets: object) -> str:
    """Say which shapes and types values and targets have."""
    told = [
        ", ".join(f"of shape {tuple(each.shape)}, {each.dtype}" for each in tensors(part))
        or type(part).__name__
        for part in (values, targets)
    ]
    return f"{name} {told[0]}; y {told[1]}"


def _swapped(inputs: object, targets: object) -> bool:
    return (
        isinstance(inputs, torch.Tensor)
        and isinstance(targets, torch.Tensor)
        and not inputs.is_floating_point()
        and targets.is_floating_point()
        and targets.ndim > inputs.ndim
    )


def _call(model: nn.Module, inputs: object) -> Any:
    if isinstance(inputs, Mapping):
        return model(**inputs)
    if isinstance(inputs, (tuple, list)):
        return model(*inputs)
    return model(inputs)


def scalar_loss(loss: Callable, output: object, targets: object) -> torch.Tensor:
    """Return the loss, a tensor of one number.

    Raises
    ------
    TypeError, ValueError
        If the loss cannot take what the model returned, or is not one real number.
    """
    try:
        value = loss(output, targets)
    except Exception as error:
        typed = isinstance(error, TypeError) and targets is not None
        if typed and not any(True for _ in tensors(targets)):
            raise TypeError(
                f"the loss could not take {_kind(targets)} as targets ({type(error).__name__}: "
                f"{error}). Give a tensor: for classes their numbers, such as "
                "torch.tensor([2, 0, 1])"
            ) from error
        if isinstance(output, torch.Tensor):
            error.add_note(f"The loss raised this for {_described('an output', output, targets)}")
            raise
        key = repr(next(iter(output))) if isinstance(output, Mapping) and output else "0"
        raise TypeError(
            f"the model returned a {type(output).__name__}, which the loss could not take "
            f"({type(error).__name__}: {error}). Give a loss that picks what it needs, such as "
            f"loss=lambda output, y: cross_entropy(output[{key}], y)"
        ) from error
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"loss must return a tensor of one number, not {type(value).__name__}")
    if value.numel() != 1:
        raise ValueError(
            f"loss must return one number, not a tensor of shape {tuple(value.shape)}: "
            "take its mean over the samples"
        )
    if not value.is_floating_point():
        raise TypeError(f"loss must return a real number, not {value.dtype}")
    return value.reshape(())


def _kind(values: object) -> str:
    """Name the type of something that is no tensor, and of what it holds.

    Examples
    --------
    >>> _kind(["cat", "dog"]), _kind(3)
    ('a list of str', 'int')
    """
    name = type(values).__name__
    if isinstance(values, (list, tuple)) and values:
        return f"a {name} of {type(values[0]).__name__}"
    return f"an {name} of {values.dtype}" if hasattr(values, "dtype") else name


def batch_size(inputs: object, targets: object) -> int:
    """Return the number of samples: the first axis that inputs and targets share."""
    shape = next((tensor.shape for tensor in tensors(inputs) if tensor.ndim), (1,))
    labels = next((tensor.shape for tensor in tensors(targets) if tensor.ndim), shape)
    return int(labels[0]) if labels[0] in shape[:2] else int(shape[0])
