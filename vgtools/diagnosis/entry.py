"""One call: a model, a batch, a loss."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

from vgtools.diagnosis.diagnosis import Diagnosis


def diagnose(
    model: object, batch: tuple, loss: str | Callable | None = None, *, optimizer: object = None
) -> Diagnosis:
    """Send a batch through a model and its loss back, and say what is wrong with the gradient.

    The model does not change: weights, gradients, buffers, modes, hooks and random states are
    afterwards what they were, bit for bit, also if it raises. It runs in the mode in which it
    is: call ``model.train()`` before, to see it as training does. A Keras model runs as `fit`
    runs it, with ``training=True``.

    Parameters
    ----------
    model : torch.nn.Module, keras.Model on the PyTorch backend, or a network of this book
    batch : (inputs, targets)
        What one step of training takes. For a module, tensors; the inputs may be a tuple or a
        dict of them, as the module takes arguments; for Keras also arrays. The more samples,
        the surer the answer.
    loss : callable, or str for a network of this book
        ``loss(model(inputs), targets)`` is a tensor of one number; for a network of this book
        see `vgtools.networks.loss`. For Keras it is what `compile` takes: a name, a
        `keras.losses.Loss`, a function of ``(y_true, y_pred)``; without it, it is what the
        model was compiled with.
    optimizer : torch.optim.SGD, Adam or AdamW, or an optimiser of this book, optional
        With it, the length of its first step is compared with the weights. It is taken to have
        seen nothing yet: momentum and the running means of Adam add nothing. It is not changed.
        Not for Keras: `watch` measures the steps that are taken.

    Returns
    -------
    Diagnosis
        Its `findings` say what is wrong, and each has a `kind`: non-finite values, no gradient,
        dead units, saturated units, batch-norm growth, vanishing, exploding, starved queries and
        keys, underflow, updates too large, or updates too small. `vgtools.diagnosis.Finding`
        explains them.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit. What the model raises goes through.

    Examples
    --------
    A module of PyTorch::

        model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        vg.diagnose(model, (x, y), nn.functional.cross_entropy, optimizer=optimizer)

    A network of this book:

    >>> import numpy as np
    >>> import vgtools as vg
    >>> rng = np.random.default_rng(0)
    >>> batch = rng.normal(size=(64, 20)), rng.integers(10, size=64)
    >>> sick = vg.diagnose(vg.MLP([20] + [50] * 10 + [10], "sigmoid"), batch, "cross_entropy")
    >>> [finding.kind for finding in sick.findings]
    ['vanishing']
    >>> vg.diagnose(vg.MLP([20] + [50] * 10 + [10], "relu", "he"), batch, "cross_entropy").healthy
    True
    """
    # The framework is there already if the model comes from it.
    keras = sys.modules.get("keras")
    if keras is not None and isinstance(model, getattr(keras, "Layer", ())):
        check_backend(keras)
        if optimizer is not None:
            raise TypeError(
                "optimizer must be None for a Keras model: vg.watch measures the steps of its "
                f"training, and no {type(optimizer).__name__} is looked at here"
            )
        from vgtools.diagnosis.keras.following import follow_keras

        return Diagnosis(follow_keras(model, batch, loss))
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        from vgtools.diagnosis.pytorch.following import follow

        return Diagnosis(follow(model, batch, loss, optimizer))
    from vgtools.diagnosis.book import follow_network
    from vgtools.networks import Network

    if isinstance(model, Network):
        return Diagnosis(follow_network(model, batch, loss, optimizer))
    raise TypeError(
        "model must be a torch.nn.Module or a network of vgtools.networks, or a Keras 3 model, "
        f"not {type(model).__module__}.{type(model).__name__}"
    )


def check_backend(keras: ModuleType) -> None:
    """Refuse Keras on another backend than PyTorch.

    Raises
    ------
    ValueError
    """
    backend = keras.backend.backend()
    if backend != "torch":
        raise ValueError(
            f"model is a Keras model on the backend {backend!r}, and 'torch' is accepted: "
            "set the environment variable KERAS_BACKEND to torch before Keras is imported"
        )
