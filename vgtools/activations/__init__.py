"""Activation functions: symbolic definitions with numerics that hold to the last digits.

`activation` makes one, `catalogue` lists them all. What each function is stands
in `definitions.py`, how it is computed in `kernels.py` from what `exponentials.py` holds,
and how exactly in `errors.py`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from numbers import Real

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from vgtools.activations.definitions import ALIASES, CATALOGUE, IDENTITY, SYMBOLS, Entry, X
from vgtools.activations.errors import worst_errors

__all__ = ["Activation", "activation", "catalogue", "worst_errors"]

_FLOAT_TYPES = (np.float16, np.float32, np.float64)


@dataclass(frozen=True, repr=False)
class Activation:
    r"""An activation function: a SymPy expression and a NumPy function that agree.

    Make one with `activation`. Call it on an array of any shape; `derivative`
    gives the slope. Both keep the shape and the float types float16, float32 and
    float64, and turn integers, Python numbers and lists of them into float64.
    NaN stays NaN, infinities give the limits, and no floating-point warning is
    raised. float64 results are within 4 units in the last place of the exact
    value; narrower types are computed in float64 and rounded once.

    Attributes
    ----------
    name : str
        The name in the catalogue, for instance ``"leaky_relu"``.
    settings : tuple of (str, float)
        The parameters; `parameters` gives them as a dictionary.

    Examples
    --------
    >>> elu = activation("elu", alpha=0.5)
    >>> elu([-1.0, 0.0, 2.0]).round(3).tolist()
    [-0.316, 0.0, 2.0]
    >>> elu.derivative(np.float32(-1.0))
    np.float32(0.18393973)
    >>> elu.expression
    Piecewise((x, x > 0), (exp(x)/2 - 1/2, True))
    >>> elu.kinks
    {0.0: 0.5}
    """

    name: str
    settings: tuple[tuple[str, float], ...] = ()

    def __call__(self, x: ArrayLike) -> NDArray[np.floating]:
        """Evaluate the function.

        Parameters
        ----------
        x : array_like
            Any shape; floats up to float64, integers, or Python numbers.

        Returns
        -------
        ndarray, or a NumPy scalar where x has no dimensions
            The same shape and float type as x (float64 for integers).

        Raises
        ------
        TypeError
            If x does not hold integers or floats of at most 64 bits. Booleans
            are refused too: a mask handed over by mistake is no input. So are
            masked arrays with masked entries.

        Examples
        --------
        >>> activation("relu")(np.array([[-1, 3]]))
        array([[0., 3.]])
        """
        return _evaluate(self._entry.kernel, x, self.parameters)

    def derivative(self, x: ArrayLike) -> NDArray[np.floating]:
        """Evaluate the derivative; at a kink, the value that `kinks` tells.

        Parameters
        ----------
        x : array_like
            As for the function itself.

        Returns
        -------
        ndarray, or a NumPy scalar where x has no dimensions
            The same shape and float type as x (float64 for integers).

        Raises
        ------
        TypeError
            As for the function itself.

        Examples
        --------
        >>> activation("relu").derivative([-1.0, 0.0, 1.0])
        array([0., 0., 1.])

        The sigmoid's slope far out, where 1 - sigmoid(x) is zero in float64:

        >>> print(f"{activation('sigmoid').derivative(100.0):.4g}")
        3.72e-44
        """
        return _evaluate(self._entry.derivative_kernel, x, self.parameters)

    @property
    def _entry(self) -> Entry:
        return _entry_of(self.name)

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by name; empty for a function without any."""
        return dict(self.settings)

    @property
    def title(self) -> str:
        """The name as it is written in prose, for instance ``"Leaky ReLU"``."""
        return self._entry.title

    @property
    def source(self) -> str:
        """The BibTeX key of the paper that the function is credited to."""
        return self._entry.source

    @property
    def year(self) -> int:
        """The year in which that paper first appeared, preprints included."""
        return self._entry.year

    @property
    def symbol(self) -> sp.Symbol:
        """The real symbol x in which the expressions are written."""
        return X

    @cached_property
    def definition(self) -> sp.Expr:
        """The function with its parameters (and constants) as symbols.

        Examples
        --------
        >>> activation("leaky_relu").definition
        Piecewise((x, x > 0), (alpha*x, True))
        """
        names = [*self._entry.parameters, *self._entry.constants]
        return self._entry.definition(X, **{name: SYMBOLS[name] for name in names})

    @cached_property
    def expression(self) -> sp.Expr:
        """The function of x, all parameters as exact numbers: 0.01 is 1/100.

        Examples
        --------
        >>> activation("leaky_relu").expression
        Piecewise((x, x > 0), (x/100, True))
        """
        return self._entry.definition(X, **self._exact_values())

    @cached_property
    def derivative_expression(self) -> sp.Expr:
        """The derivative in its textbook form, with the chosen value at each kink.

        Examples
        --------
        >>> activation("tanh").derivative_expression
        1 - tanh(x)**2
        """
        return sp.sympify(self._entry.derivative(X, **self._exact_values()))

    @cached_property
    def kinks(self) -> dict[float, float]:
        """Where the derivative does not exist, and the value chosen for it there.

        The choices are those of PyTorch; `vgtools.activations.definitions` tells
        where other frameworks differ.

        Examples
        --------
        >>> activation("hard_tanh").kinks
        {-1.0: 0.0, 1.0: 0.0}
        """
        return self._entry.kinks(**self.parameters)

    def _exact_values(self) -> dict[str, sp.Expr]:
        decimals = {name: sp.Rational(str(value)) for name, value in self.settings}
        return decimals | self._entry.constants

    def __repr__(self) -> str:
        settings = "".join(f", {name}={value!r}" for name, value in self.settings)
        return f"activation({self.name!r}{settings})"

    def _repr_latex_(self) -> str:
        settings = {name: f"= {value:.15g}" for name, value in self.settings}
        constants = {
            name: rf"\approx {float(value):.5f}" for name, value in self._entry.constants.items()
        }
        assignments = "".join(
            rf",\quad {sp.latex(SYMBOLS[name])} {value}"
            for name, value in (settings | constants).items()
        )
        return rf"$\displaystyle f(x) = {sp.latex(_decimals(self.definition))}{assignments}$"


def activation(name: str | Activation, **parameters: float) -> Activation:
    """Make an activation function.

    Parameters
    ----------
    name : str or Activation
        A name of the `catalogue`, ``"swish"`` (another name for ``"silu"``) or
        ``"identity"``. A made function is returned as it is.
    **parameters : float
        Such as alpha of ``leaky_relu``. What each function takes, its own value and what it
        accepts stand in `definitions` as ``parameters`` and ``condition``; the error for any
        other value repeats it. ``rrelu`` takes what a negative input is divided by, where
        libraries take slopes: lower = 3 and upper = 8 for 1/8 and 1/3.

    Returns
    -------
    Activation

    Raises
    ------
    TypeError
        If the name is not a string, a parameter is not known or not a number.
    ValueError
        If the name is not known or a parameter is out of its range.

    Examples
    --------
    >>> activation("leaky_relu", alpha=0.2)
    activation('leaky_relu', alpha=0.2)
    >>> activation("rleu")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: no activation is called 'rleu' (did you mean 'relu'?); accepted are celu, ...
    """
    if isinstance(name, Activation):
        if parameters:
            raise TypeError(f"{name!r} is made already, and takes no parameters any more")
        return name
    if not isinstance(name, str):
        raise TypeError(f"the name of an activation is a string such as 'relu', not {name!r}")
    name = ALIASES.get(name, name)
    entry = _entry_of(name)
    accepted = ", ".join(entry.parameters) or "no parameters"
    for given, value in parameters.items():
        if given not in entry.parameters:
            raise TypeError(f"{name} has no parameter {given!r}; accepted: {accepted}")
        if not isinstance(value, Real) or isinstance(value, bool):
            raise TypeError(f"{given} of {name} is a real number, not {value!r}")
    settings = {key: float(value) for key, value in (dict(entry.parameters) | parameters).items()}
    described, holds = entry.condition
    if not (all(map(math.isfinite, settings.values())) and holds(**settings)):
        given = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        raise ValueError(f"{name} accepts finite parameters with {described}; given: {given}")
    return Activation(name, tuple(settings.items()))


def catalogue() -> dict[str, Activation]:
    """Return all activation functions of the book, with their default parameters.

    Returns
    -------
    dict
        From name to `Activation`.

    Examples
    --------
    >>> list(catalogue())[:3]
    ['sigmoid', 'tanh', 'scaled_tanh']
    """
    return {name: activation(name) for name in CATALOGUE}


def _entry_of(name: str) -> Entry:
    entry = IDENTITY if name == "identity" else CATALOGUE.get(name)
    if entry is None:
        known = sorted([*CATALOGUE, *ALIASES, "identity"])
        close = difflib.get_close_matches(name.lower().replace(" ", "_"), known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise ValueError(f"no activation is called {name!r}{hint}; accepted are {', '.join(known)}")
    return entry


@np.errstate(all="ignore")
def _evaluate(kernel: Callable, x: ArrayLike, parameters: dict[str, float]) -> NDArray[np.floating]:
    """Apply a kernel in float64, and return its values in the type of x."""
    x = _as_float_array(x)
    at_least_a_row = x if x.ndim else x.reshape(1)
    y = kernel(at_least_a_row.astype(np.float64, copy=False), **parameters)
    y = y.astype(x.dtype, copy=False)
    return y if x.ndim else y[0]


def _as_float_array(x: ArrayLike) -> NDArray[np.floating]:
    accepted = "accepted are float16, float32, float64 and integers"
    if is_masked(x):
        raise TypeError("an activation takes an array without masked entries: fill them first")
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise TypeError(f"an activation takes an array of numbers; NumPy says: {error}") from None
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    if array.dtype.type not in _FLOAT_TYPES:
        raise TypeError(f"an activation takes real numbers, not {array.dtype}; {accepted}")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def is_masked(value: ArrayLike) -> bool:
    """Tell whether a value is a masked array with masked entries, or a list of such.

    Examples
    --------
    >>> is_masked(np.ma.masked_invalid([1.0, np.nan])), is_masked(np.ma.array([1.0]))
    (True, False)
    """
    if isinstance(value, (list, tuple)):
        return any(isinstance(part, np.ma.MaskedArray) and is_masked(part) for part in value)
    return isinstance(value, np.ma.MaskedArray) and bool(np.ma.is_masked(value))


def _decimals(expression: sp.Expr) -> sp.Expr:
    """Write fractions such as 17159/10000 as decimals, for display."""
    fractions = {
        number: sp.Float(number, 15)
        for number in expression.atoms(sp.Rational)
        if number.q >= 100 and set(sp.factorint(number.q)) <= {2, 5}
    }
    return expression.xreplace(fractions)
