"""A Keras 3 model on its PyTorch backend. Only a reader who has Keras loads this.

A Keras layer is a `torch.nn.Module` there, and what it computes is a graph of PyTorch. In
order: `layers` says what each layer is in terms of PyTorch, `state` keeps the model as it was,
`inputs` checks what was given, and `following` hands the model to `vgtools.diagnosis.pytorch`.
"""

from vgtools.diagnosis.keras.following import Watcher, follow

__all__ = ["Watcher", "follow"]
