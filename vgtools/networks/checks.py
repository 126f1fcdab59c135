"""What the networks accept, and what they say when they are given something else."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from vgtools.activations import is_masked

FLOAT_TYPES = (np.float32, np.float64)
MOST = 10**7
"""The largest width, number of samples and so on: a slip of the pen must not fill the memory."""
MOST_WEIGHTS = 2**27
"""The most entries of one array that is drawn: 1 GiB in double precision."""


def generator(seed: int | np.random.Generator) -> np.random.Generator:
    """Turn a seed into a random generator; a generator is passed through.

    Raises
    ------
    TypeError
        If `seed` is neither a whole number nor a ``numpy.random.Generator``.
    ValueError
        If `seed` is negative.

    Examples
    --------
    >>> bool(generator(7).random() == generator(7).random())
    True
    """
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise TypeError(f"seed must be a whole number or a numpy.random.Generator, not {seed!r}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or larger, not {seed}")
    return np.random.default_rng(int(seed))


def count(name: str, value: int, least: int = 1) -> int:
    """Return `value` as an ``int`` if it is a whole number from `least` to `MOST`.

    Raises
    ------
    TypeError
        If `value` is not a whole number.
    ValueError
        If it is smaller or larger.

    Examples
    --------
    >>> count("epochs", 3)
    3
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    if value > MOST:
        raise ValueError(f"{name} must be at most {MOST}, not {value}")
    return int(value)


def number(name: str, value: float, low: float = -math.inf, high: float = math.inf) -> float:
    """Return `value` as a ``float`` if it is finite and ``low <= value < high``.

    A plain float matters: a NumPy scalar of double precision would turn the
    arithmetic of a single precision network into double precision.

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is not finite or lies outside the interval.

    Examples
    --------
    >>> number("momentum", 0.5, low=0.0, high=1.0)
    0.5
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not (math.isfinite(value) and low <= value < high):
        raise ValueError(f"{name} must be finite and in [{low:g}, {high:g}), not {value!r}")
    return float(value)


def sizes(value: Sequence[int]) -> tuple[int, ...]:
    """Return the widths of a network's layers as a tuple of ``int``.

    Raises
    ------
    TypeError
        If `value` is not a sequence of whole numbers.
    ValueError
        If there are fewer than two or one of them is below 1.

    Examples
    --------
    >>> sizes([64, 30, 10])
    (64, 30, 10)
    """
    sequence = isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, (str, bytes))
    if not sequence or getattr(value, "ndim", 1) != 1:
        raise TypeError(f"sizes must be a sequence such as [64, 100, 10], not {value!r}")
    if len(value) < 2:
        raise ValueError(
            f"sizes must name at least two widths, input and output, not {list(value)}"
        )
    return tuple(count(f"sizes[{index}]", width) for index, width in enumerate(value))


def float_type(dtype: DTypeLike) -> np.dtype:
    """Return the dtype of a network: ``float32`` or ``float64``.

    Raises
    ------
    TypeError
        If `dtype` is anything else.

    Examples
    --------
    >>> float_type("float32")
    dtype('float32')
    """
    try:
        result = np.dtype(dtype)
    except TypeError:
        result = None
    if dtype is None or result not in FLOAT_TYPES:
        raise TypeError(f"dtype must be float32 or float64, not {dtype!r}")
    return result


def floats(name: str, value: ArrayLike, dtype: DTypeLike) -> NDArray:
    """Return `value` as an array of type `dtype`, uncopied if it is one already.

    What is too large for the type becomes infinite.

    Raises
    ------
    TypeError
        If `value` does not hold real numbers.
    ValueError
        If it is no array, because its rows differ in length, or has masked entries.

    Examples
    --------
    >>> floats("x", [1, 2], np.float32)
    array([1., 2.], dtype=float32)
    """
    array = as_array(name, value)
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} must hold real numbers, not {array.dtype}")
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        return array.astype(dtype)


def as_array(name: str, value: ArrayLike) -> NDArray:
    """Return `value` as an array of whatever it holds.

    Raises
    ------
    ValueError
        If it is no array, because its rows differ in length, or if it is a masked
        array with masked entries, or a list of such: NumPy would take what is behind
        the mask.

    Examples
    --------
    >>> as_array("labels", [0, 1])
    array([0, 1])
    """
    if is_masked(value):
        raise ValueError(
            f"{name} must be an array without masked entries, not a masked array: "
            "fill them or leave them out first"
        )
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array; NumPy says: {error}") from None


def matrix(name: str, value: ArrayLike, columns: int, dtype: DTypeLike) -> NDArray:
    """Return `value` as a finite array of shape ``(batch, columns)`` of type `dtype`.

    Raises
    ------
    TypeError
        If `value` does not hold real numbers.
    ValueError
        If its shape does not fit, it is empty, or it holds NaN or infinity.

    Examples
    --------
    >>> matrix("x", [[1, 2], [3, 4]], 2, np.float32).dtype
    dtype('float32')
    """
    array = floats(name, value, dtype)
    if array.ndim != 2 or array.shape[1] != columns or len(array) == 0:
        raise ValueError(
            f"{name} must have shape (batch, {columns}) with at least one row, not {array.shape}"
        )
    return finite(name, array)


def sequence(name: str, value: ArrayLike, features: int, dtype: DTypeLike) -> NDArray:
    """Return `value` as a finite array of shape ``(time, batch, features)`` of type `dtype`.

    Raises
    ------
    TypeError
        If `value` does not hold real numbers.
    ValueError
        If its shape does not fit, it is empty, or it holds NaN or infinity.

    Examples
    --------
    >>> sequence("x", np.zeros((7, 3, 2)), 2, np.float32).shape
    (7, 3, 2)
    """
    array = floats(name, value, dtype)
    if array.ndim != 3 or array.shape[2] != features or 0 in array.shape[:2]:
        raise ValueError(
            f"{name} must have shape (time, batch, {features}) with at least one step and one "
            f"sample, not {array.shape}"
        )
    return finite(name, array)


def finite(name: str, array: NDArray) -> NDArray:
    """Return `array`, or raise a ValueError if it holds NaN or infinity.

    Examples
    --------
    >>> finite("x", np.array([1.0]))
    array([1.])
    """
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite in {array.dtype}, but holds NaN or infinity")
    return array


def fitting(name: str, value: float, dtype: DTypeLike) -> float:
    """Return `value` as a ``float`` if it is finite in the type `dtype`, too.

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is not finite, or too large for the type.

    Examples
    --------
    >>> fitting("alpha", 0.5, np.float32)
    0.5
    """
    value = number(name, value)
    if abs(value) > float(np.finfo(dtype).max):
        raise ValueError(f"{name} must be finite in {np.dtype(dtype)}, not {value!r}")
    return value


def rows(layer: object, x: ArrayLike, units: int, dtype: DTypeLike) -> NDArray:
    """Return the input of a layer as an array of shape ``(batch, units)`` of type `dtype`.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.
    ValueError
        If it has another shape.

    Examples
    --------
    >>> rows("RMSNorm(2)", [[1, 2]], 2, np.float64)
    array([[1., 2.]])
    """
    array = floats("the input", x, dtype)
    if array.ndim != 2 or array.shape[1] != units:
        raise ValueError(f"{layer} needs an input of shape (batch, {units}), not {array.shape}")
    return array


def tokens(layer: object, x: ArrayLike, units: int, dtype: DTypeLike) -> NDArray:
    """Return the input of a layer as an array of shape ``(batch, tokens, units)``.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.
    ValueError
        If it has another shape, or a sample has no token.

    Examples
    --------
    >>> tokens("Attention(1)", [[[1], [2]]], 1, np.float64).shape
    (1, 2, 1)
    """
    array = floats("the input", x, dtype)
    if array.ndim != 3 or array.shape[2] != units or array.shape[1] == 0:
        raise ValueError(
            f"{layer} needs an input of shape (batch, tokens, {units}), not {array.shape}"
        )
    return array


def from_forward(layer: object, array: NDArray | None) -> NDArray:
    """Return what a layer kept from its last forward pass.

    Raises
    ------
    RuntimeError
        If there was none.

    Examples
    --------
    >>> from_forward("Dense(2, 1)", None)
    Traceback (most recent call last):
    ...
    RuntimeError: Dense(2, 1) has nothing to go back from: call forward first
    """
    if array is None:
        raise RuntimeError(f"{layer} has nothing to go back from: call forward first")
    return array


def output_gradient(
    layer: object, gradient: ArrayLike, shape: tuple[int, ...], dtype: DTypeLike
) -> NDArray:
    """Return the gradient that arrives at a layer as an array of type `dtype`.

    Raises
    ------
    TypeError
        If `gradient` does not hold real numbers.
    ValueError
        If it does not have the shape of the layer's last output.

    Examples
    --------
    >>> output_gradient("Dense(2, 1)", [[1]], (1, 1), np.float64)
    array([[1.]])
    """
    g = floats("the gradient", gradient, dtype)
    if g.shape != shape:
        raise ValueError(
            f"{layer} needs a gradient of shape {shape}, that of its last output, not {g.shape}"
        )
    return g


def one_of(name: str, value: str, accepted: Sequence[str]) -> str:
    """Return `value` if it is one of the accepted words.

    Raises
    ------
    ValueError
        If it is not; the message lists what is.

    Examples
    --------
    >>> one_of("per", "layer", ["channel", "layer"])
    'layer'
    """
    if not isinstance(value, str) or value not in accepted:
        words = ", ".join(repr(word) for word in accepted)
        raise ValueError(f"{name} must be one of {words}, not {value!r}")
    return value


def choose(kind: str, registry: Mapping[str, Any], name: str) -> Any:
    """Look `name` up in `registry`.

    Raises
    ------
    TypeError
        If `name` is not a string.
    ValueError
        If it is not in the registry; the message lists what is.

    Examples
    --------
    >>> choose("loss", {"cross_entropy": 1}, "cross_entropy")
    1
    """
    known = ", ".join(registry)
    if not isinstance(name, str):
        raise TypeError(f"{kind} must be one of the names {known}, or an object, not {name!r}")
    if name not in registry:
        raise ValueError(f"unknown {kind} {name!r}; the known ones are: {known}")
    return registry[name]


def build(kind: str, registry: Mapping[str, type], name: str, parameters: dict[str, Any]) -> Any:
    """Make an object of the dataclass that `registry` has under `name`.

    Raises
    ------
    TypeError, ValueError
        As `choose`, and TypeError if a parameter is not one of the dataclass's fields.

    Examples
    --------
    >>> @dataclasses.dataclass
    ... class Normal:
    ...     std: float = 1.0
    >>> build("initialiser", {"normal": Normal}, "normal", {"std": 2.0}).std
    2.0
    """
    chosen = choose(kind, registry, name)
    accepted = [field.name for field in dataclasses.fields(chosen) if field.init]
    for parameter in parameters:
        if parameter not in accepted:
            raise TypeError(
                f"{kind} {name!r} has no parameter {parameter!r}; "
                f"it accepts: {', '.join(accepted) or 'none'}"
            )
    return chosen(**parameters)
