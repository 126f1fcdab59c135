"""What a network learns: a value, and the gradient of the loss with respect to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False)
class Parameter:
    """An array that training changes, and the gradient that tells how.

    A backward pass *overwrites* `gradient`; it does not add to it. An optimiser
    changes `value` in place, so both arrays live as long as the network. `value` is
    a copy of what it is made from.

    Attributes
    ----------
    name : str
        Where it is, such as ``"dense 1 weight"``.
    value : ndarray
        Any shape, float32 or float64.
    gradient : ndarray
        dLoss/dvalue, same shape and float type; zero until the first backward pass.
    key : str
        Tells this parameter from all others. Copies have the same key: an optimiser
        that was copied or saved finds by it what it remembers of the parameter.
    rate_factor : float
        What an optimiser multiplies its learning rate by for this parameter; 1 at first.

    Examples
    --------
    >>> bias = Parameter("dense 1 bias", np.array([1.0, 2.0]))
    >>> bias.gradient
    array([0., 0.])
    """

    name: str
    value: NDArray
    gradient: NDArray = field(init=False)
    key: str = field(init=False, repr=False, default_factory=lambda: uuid4().hex)
    rate_factor: float = field(init=False, repr=False, default=1.0)

    def __post_init__(self) -> None:
        self.value = np.array(self.value, order="C")
        self.gradient = np.zeros_like(self.value)
