"""What each layer of a Keras model is in terms of PyTorch: a stand-in that is called with it.

Keras stores weights with other axes than PyTorch, applies the activation inside the layer, and
keeps its layers where `torch.nn.Module.named_modules` does not look. A stand-in is a module
with the same parameters. The hooks of a stand-in run when its layer runs, and they see the
layer's output before its activation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import keras
import torch
from torch import nn

_WITH_ACTIVATION = (
    keras.layers.Dense,
    keras.layers.EinsumDense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)
"""Layers that apply `layer.activation` to what they have computed."""

_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)

_NORMALISATIONS = (
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
    keras.layers.GroupNormalization,
)

_RECURRENT = (keras.layers.RNN, keras.layers.Bidirectional)


def named_layers(layer: keras.Layer, prefix: str = "") -> Iterator[tuple[str, keras.Layer]]:
    """Yield the layers inside a layer that compute something themselves, with their names.

    A layer inside another one is named after both, such as ``"attention.query"``. The cell of
    a recurrent layer belongs to that layer.
    """
    for child in _inside(layer):
        if isinstance(child, keras.layers.InputLayer):
            continue
        name = prefix + child.name
        whole = isinstance(child, _RECURRENT)
        if whole or _own(child) or not _inside(child):
            yield name, child
        if not whole:
            yield from named_layers(child, f"{name}.")


def stand_in(layer: keras.Layer) -> nn.Module:
    """Make a module of PyTorch with the parameters of a Keras layer."""
    if isinstance(layer, _RECURRENT):
        recurrent = getattr(layer, "forward_layer", layer)
        if not hasattr(recurrent, "units") or (recurrent is layer and layer.go_backwards):
            made = _Plain(layer)
        else:
            made = _Recurrent(recurrent, bidirectional=recurrent is not layer)
    elif isinstance(layer, keras.layers.BatchNormalization):
        made = _BatchNorm(layer.trainable)
    elif type(layer) is keras.layers.Dense:
        made = _Dense(layer)
    elif isinstance(layer, _NORMALISATIONS):
        made = _Norm(layer)
    else:
        made = _Plain(layer)
    for number, variable in enumerate(_all_own(layer)):
        name = "weight" if variable.name == "kernel" else variable.name
        taken = made._parameters.get(name) is not None
        made._parameters[f"{name}{number}" if taken else name] = variable.value
    return made


@contextmanager
def called_together(pairs: list[tuple[keras.Layer, nn.Module]]) -> Iterator[None]:
    """Let the hooks of each stand-in run whenever its layer does."""
    with ExitStack() as hooks:
        for layer, module in pairs:
            _relay(layer, module, hooks)
        yield


def _relay(layer: keras.Layer, module: nn.Module, hooks: ExitStack) -> None:
    """Run the hooks of a stand-in with what its layer reads and returns."""
    read, activation = (), getattr(layer, "activation", None)
    own = "activation" in layer.__dict__

    def reads(layer: nn.Module, inputs: tuple) -> tuple | None:
        nonlocal read
        changed = None
        for hook in list(module._forward_pre_hooks.values()):
            result = hook(module, inputs)
            if result is not None:
                changed = inputs = result
        read = inputs
        return changed

    def returns(layer: nn.Module | None, inputs: tuple, output: object) -> None:
        for hook in list(module._forward_hooks.values()):
            hook(module, read, output)

    def activate(z: torch.Tensor, *arguments: object, **keywords: object) -> object:
        returns(None, (), z)
        return activation(z, *arguments, **keywords)

    def give_back() -> None:
        del layer.__dict__["activation"]
        if own:
            layer.__dict__["activation"] = activation

    # The last hook before the layer and the first one after it see what the layer itself sees.
    hooks.callback(layer.register_forward_pre_hook(reads).remove)
    if isinstance(layer, _WITH_ACTIVATION) and activation not in (None, keras.activations.linear):
        layer.__dict__["activation"] = activate
        hooks.callback(give_back)
    else:
        hooks.callback(layer.register_forward_hook(returns, prepend=True).remove)


class _Dense(nn.Linear):
    def __init__(self, layer: keras.layers.Dense) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = layer.kernel.shape
        self.fans = (self.in_features, self.out_features)
        self._parameters["bias"] = None


class _Recurrent(nn.RNNBase):
    def __init__(self, layer: keras.layers.RNN, bidirectional: bool) -> None:
        nn.Module.__init__(self)
        self.hidden_size, self.bidirectional, self.batch_first = layer.units, bidirectional, True
        self.fans = (layer.units, layer.units)
        self.mode = type(layer).__name__  # "LSTM", "GRU" or "SimpleRNN"
        self.__dict__["cell"] = layer.cell

    @property
    def bias_ih_l0(self) -> torch.Tensor | None:
        """The bias, with the gate that keeps the state as the second block, as in PyTorch."""
        bias = self.cell.bias
        if bias is None:
            return None
        bias = bias.value.reshape(-1, bias.shape[-1]).sum(dim=0)
        return bias.roll(self.hidden_size) if self.mode == "GRU" else bias


class _BatchNorm(nn.modules.batchnorm._BatchNorm):
    def __init__(self, of_batch: bool) -> None:
        nn.Module.__init__(self)
        self.training = of_batch  # a frozen one takes its moving statistics
        self.running_mean = torch.zeros(1)


class _Plain(nn.Module):
    def __init__(self, layer: keras.Layer) -> None:
        super().__init__()
        kernels = [variable for variable in _all_own(layer) if len(variable.shape) > 1]
        fans = [_fans(layer, variable.shape, variable.name) for variable in kernels]
        self.fans = min(fans, key=min, default=(1, 1))


class _Norm(_Plain):
    """A normalisation of each sample."""


def _fans(layer: keras.Layer, shape: tuple[int, ...], name: str) -> tuple[int, int]:
    """Return how many numbers one unit reads, and how many units read one number."""
    if isinstance(layer, keras.layers.EinsumDense):
        read, rest = layer.equation.split(",")
        kernel, made = rest.split("->")
        sizes = dict(zip(kernel, shape))
        summed = [size for letter, size in sizes.items() if letter in read and letter not in made]
        return math.prod(summed), math.prod(shape) // math.prod(summed)
    *places, inputs, outputs = shape
    if name == "depthwise_kernel" or isinstance(layer, _DEPTHWISE):
        inputs = 1  # each channel is read by itself
    return math.prod(places) * inputs, math.prod(places) * outputs


def _inside(layer: keras.Layer) -> list[keras.Layer]:
    return list(layer._flatten_layers(include_self=False, recursive=False))


def _own(layer: keras.Layer) -> list[keras.Variable]:
    """Return the variables of a layer alone that are made to learn, also while it is frozen."""
    return list(layer._trainable_variables)


def _all_own(layer: keras.Layer) -> list[keras.Variable]:
    if not isinstance(layer, _RECURRENT):
        return _own(layer)
    return [variable for inner in layer._flatten_layers() for variable in _own(inner)]
