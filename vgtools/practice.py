"""Checks that a learner runs on an answer to an exercise."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vgtools.activations import is_masked
from vgtools.networks import checks


@dataclass(frozen=True)
class Verdict:
    """What a check found; a notebook shows its message.

    Attributes
    ----------
    passed : bool
        Whether every case agrees.
    message : str
        What to tell the learner.
    """

    passed: bool
    message: str

    def __repr__(self) -> str:
        return self.message


def check(
    function: Callable, *, like: Callable, cases: Sequence[Any], rtol: float = 1e-6
) -> Verdict:
    """Compare a learner's function with a reference, case by case.

    Parameters
    ----------
    function : callable
        The answer. As long as it returns None it counts as not begun.
    like : callable
        The reference, called with the same arguments. Both get copies of them, so that
        an answer that changes its arguments in place changes no other case.
    cases : sequence
        One entry for each call: a tuple of arguments, or anything else as the only one.
    rtol : float, default 1e-6
        Tolerance, relative to the largest absolute value that the reference returns.

    Returns
    -------
    Verdict
        With the first case that differs, if there is one.

    Raises
    ------
    TypeError
        If `function` or `like` cannot be called, or `cases` is no sequence.
    ValueError
        If there is no case, or the tolerance is negative.

    Examples
    --------
    >>> def square(x): ...
    >>> check(square, like=np.square, cases=[2.0, 3.0])
    Not begun: square(2) returns None. Write its body and run this cell again.
    >>> check(lambda x: 2 * x, like=np.square, cases=[2.0, 3.0])
    Not yet: <lambda>(3) returns 6, but 9 is right. (1 of 2 cases agree up to here.)
    >>> check(lambda x: x * x, like=np.square, cases=[2.0, 3.0])
    Right: all 2 cases agree.
    """
    for name, given in (("function", function), ("like", like)):
        if not callable(given):
            raise TypeError(f"{name} must be a function, not {given!r:.60}")
    sequence = isinstance(cases, (Sequence, np.ndarray)) and not isinstance(cases, (str, bytes))
    if not sequence or getattr(cases, "ndim", 1) == 0:
        raise TypeError(f"cases must be a list of arguments, not {cases!r:.60}")
    if len(cases) == 0:
        raise ValueError("cases must hold at least one case, not none")
    rtol = checks.number("rtol", rtol, low=0.0)
    for number, case in enumerate(cases):
        arguments = case if isinstance(case, tuple) else (case,)
        answer = function(*copy.deepcopy(arguments))
        right = like(*copy.deepcopy(arguments))
        call = f"{getattr(function, '__name__', 'it')}({', '.join(map(_show, arguments))})"
        if answer is None:
            return Verdict(
                False, f"Not begun: {call} returns None. Write its body and run this cell again."
            )
        if fault := _difference(answer, right, rtol):
            agree = f"({number} of {len(cases)} cases agree up to here.)"
            return Verdict(False, f"Not yet: {call} {fault}. {agree}")
    return Verdict(True, f"Right: all {len(cases)} cases agree.")


def _difference(answer: Any, right: Any, rtol: float) -> str:
    """Say how an answer differs from what is right, or return an empty text."""
    if isinstance(right, tuple):
        if not isinstance(answer, (tuple, list)) or len(answer) != len(right):
            return f"returns {_show(answer)}, but a tuple of {len(right)} is right"
        faults = (_difference(*pair, rtol) for pair in zip(answer, right))
        return next((fault for fault in faults if fault), "")
    given = _numbers(answer)
    if given is None:
        return f"returns {_show(answer)}, which is not a number or an array of numbers"
    wanted = np.asarray(right, dtype=float)
    if given.shape != wanted.shape:
        return f"returns an array of shape {given.shape}, but {wanted.shape} is right"
    scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
    if np.allclose(given, wanted, rtol=0, atol=rtol * scale, equal_nan=True):
        return ""
    return f"returns {_show(given)}, but {_show(wanted)} is right"


def _numbers(value: Any) -> NDArray[np.float64] | None:
    """Turn a value into an array of floats, or into None if it does not hold real numbers."""
    if is_masked(value):
        return None
    try:
        with np.errstate(over="ignore"):
            array = np.asarray(value)
            return None if array.dtype.kind == "c" else array.astype(float)
    except (TypeError, ValueError):
        return None


def _show(value: Any) -> str:
    """Write an argument or a result in a few digits."""
    if callable(value):
        return getattr(value, "name", None) or getattr(value, "__name__", "a function")
    if isinstance(value, (str, bool)) or value is None:
        return repr(value)
    array = _numbers(value)
    if array is None:
        return f"{value!r:.40}"
    if array.ndim == 0:
        return f"{float(array):.4g}"
    if array.size > 6:
        return f"an array of shape {array.shape}"
    return np.array2string(array, precision=4, separator=", ").replace("\n", "")
