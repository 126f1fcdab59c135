"""One call: a model, a batch, a loss."""

from __future__ import annotations

import sys
from collections.abc import Callable

from vgtools.diagnosis.diagnosis import Diagnosis


def diagnose(
    model: object, batch: tuple, loss: str | Callable, *, optimizer: object = None
) -> Diagnosis:
    """Send a batch through a model and its loss back, and say what is wrong with the gradient.

    The model does not change: weights, gradients, buffers, modes, hooks and random states are
    afterwards what they were, bit for bit, also if it raises. It runs in the mode in which it
    is: call ``model.train()`` before, to see it as training does.

    Parameters
    ----------
    model : torch.nn.Module, or a network of this book
    batch : (inputs, targets)
        What one step of training takes. For a module, tensors; the inputs may be a tuple or a
        dict of them, as the module takes arguments. The more samples, the surer the answer.
    loss : callable, or str for a network of this book
        ``loss(model(inputs), targets)`` is a tensor of one number; for a network of this book
        see `vgtools.networks.loss`.
    optimizer : torch.optim.SGD, Adam or AdamW, or an optimiser of this book, optional
        With it, the length of its first step is compared with the weights. It is taken to have
        seen nothing yet: momentum and the running means of Adam add nothing. It is not changed.

    Returns
    -------
    Diagnosis
        Its `findings` say what is wrong; see `vgtools.diagnosis.Finding` for the kinds.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit. What the model raises goes through.

    Examples
    --------
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
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        from vgtools.diagnosis.pytorch.following import follow

        return Diagnosis(follow(model, batch, loss, optimizer))
    from vgtools.diagnosis.book import follow_network
    from vgtools.networks import Network

    if isinstance(model, Network):
        return Diagnosis(follow_network(model, batch, loss, optimizer))
    raise TypeError(
        "model must be a torch.nn.Module or a network of vgtools.networks, "
        f"not {type(model).__module__}.{type(model).__name__}"
    )
