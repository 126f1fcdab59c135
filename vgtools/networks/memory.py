"""Memory for the arrays that are worked on most."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike, NDArray

ALIGNMENT = 64
"""Bytes: the line of a cache, and the widest register of a processor today."""


def aligned_empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray:
    """Return an uninitialised array whose first number starts a line of the cache.

    NumPy promises multiples of 16 bytes only. A processor that loads 64 at once
    then finds each load on two lines, and products of small matrices take up to a
    third longer.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype

    Returns
    -------
    ndarray
        In C order.

    Raises
    ------
    TypeError
        If `dtype` is none.

    Examples
    --------
    >>> array = aligned_empty((3, 5), np.float32)
    >>> array.shape, array.ctypes.data % 64
    ((3, 5), 0)
    """
    dtype = np.dtype(dtype)
    room = np.empty(math.prod(shape) * dtype.itemsize + ALIGNMENT, np.uint8)
    return np.ndarray(shape, dtype, room, offset=-room.ctypes.data % ALIGNMENT)
