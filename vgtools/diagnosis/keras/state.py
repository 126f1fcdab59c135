"""A Keras model that is afterwards what it was before, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import torch
from keras.src.backend.common.global_state import GLOBAL_STATE_TRACKER
from torch import nn

from vgtools.diagnosis.pytorch import state


@contextmanager
def unchanged(model: keras.Layer) -> Iterator[None]:
    """Put back everything that a pass through a model changes, also if it raises.

    Beside what `vgtools.diagnosis.pytorch.state.unchanged` keeps: the variables that a forward
    pass changes (moving statistics, seed generators, metrics), and the state of Keras itself
    (the seed generator of everything that has none of its own, and the numbers in names).

    Examples
    --------
    >>> import numpy as np
    >>> layer = keras.layers.BatchNormalization()
    >>> layer.build((None, 2))
    >>> with unchanged(layer):
    ...     _ = layer(np.full((3, 2), 5.0), training=True)
    >>> layer.moving_mean.value.tolist()
    [0.0, 0.0]
    """
    layers = list(model._flatten_layers())
    together = nn.ModuleList(layers)
    own = {id(each) for layer in layers for each in layer._trainable_variables}
    metrics = [each for metric in getattr(model, "metrics", ()) for each in metric.variables]
    of_keras = vars(GLOBAL_STATE_TRACKER)
    seeds = [
        each.state for each in of_keras.values() if isinstance(each, keras.random.SeedGenerator)
    ]
    others = [each for each in [*model.variables, *metrics, *seeds] if id(each) not in own]
    kept = [(each, each._value) for each in others]
    before = state._shallow(of_keras)
    with state.unchanged(together):
        try:
            for variable, value in kept:  # the pass changes copies
                copy = torch.nn.Parameter(value.detach().clone(), requires_grad=False)
                variable._value = copy
            yield
        finally:
            for variable, value in kept:
                variable._value = value
            state._restore(of_keras, before)
