"""How the weights start: one class per recipe, each with the variance it gives.

The variance of a weight is what theory needs: going forward, a layer multiplies
the second moment of its input by ``fan_in * Var W``; going backward, it
multiplies that of the gradient by ``fan_out * Var W``. No single number keeps
both unless ``fan_in == fan_out``.

Every recipe here draws weights only. Biases start at zero, as in Glorot and
Bengio (2010) and He et al. (2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vgtools.networks import checks


class Initialiser:
    """A recipe for the weights of a layer; call it to draw them.

    Subclasses give `variance` and `draw`.
    """

    def __call__(
        self,
        fan_in: int,
        fan_out: int,
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float64,
    ) -> NDArray:
        """Draw a weight matrix.

        Parameters
        ----------
        fan_in, fan_out : int
            How many units the layer reads from and how many it has.
        seed : int or numpy.random.Generator
            The source of randomness. The draw is made in double precision, so
            that one seed gives the same weights, rounded, in single precision.
        dtype : float32 or float64

        Returns
        -------
        ndarray, shape (fan_in, fan_out)

        Raises
        ------
        TypeError, ValueError
            If a size, the seed or the float type is not one of the above.

        Examples
        --------
        >>> initialiser("he")(3, 2, seed=0).shape
        (3, 2)
        """
        fan_in, fan_out = checks.count("fan_in", fan_in), checks.count("fan_out", fan_out)
        dtype = checks.float_type(dtype)
        if fan_in * fan_out > checks.MOST_WEIGHTS:
            raise ValueError(
                f"fan_in times fan_out must be at most {checks.MOST_WEIGHTS}, "
                f"not {fan_in} times {fan_out}"
            )
        weights = self.draw(fan_in, fan_out, checks.generator(seed))
        with np.errstate(over="ignore"):
            weights = weights.astype(dtype, copy=False)
        if not np.isfinite(weights).all():
            raise ValueError(f"{self} draws weights that are too large for {dtype}")
        return weights

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return Var W, the variance of one entry of the weight matrix."""
        raise NotImplementedError

    def deviation(self, fan_in: int, fan_out: int) -> float:
        """Return the standard deviation of one entry, also where float64 cannot hold Var W."""
        return math.sqrt(self.variance(fan_in, fan_out))

    def draw(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the matrix in double precision from checked arguments."""
        raise NotImplementedError


@dataclass(frozen=True)
class Constant(Initialiser):
    """W = value, everywhere.

    All units of a layer then compute the same and stay the same: the gradient
    cannot tell them apart. That is the reason to draw weights at random
    (Rumelhart, Hinton and Williams, 1986, call it breaking the symmetry).
    """

    value: float = 0.0

    def __post_init__(self) -> None:
        checks.number("value", self.value)

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return 0: nothing varies (the second moment is value**2)."""
        return 0.0

    def draw(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Fill the matrix; no random number is used."""
        return np.full((fan_in, fan_out), float(self.value))


@dataclass(frozen=True)
class Normal(Initialiser):
    """W ~ N(0, std**2), whatever the width.

    Source of the default: Krizhevsky, Sutskever and Hinton (2012), section 5,
    start every layer with a standard deviation of 0.01.
    """

    std: float = 0.01

    def __post_init__(self) -> None:
        checks.number("std", self.std, low=0.0)

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return std**2."""
        return float(self.std) * float(self.std)

    def deviation(self, fan_in: int, fan_out: int) -> float:
        """Return std."""
        return float(self.std)

    def draw(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw independent normal entries."""
        return rng.normal(0.0, self.std, (fan_in, fan_out))


@dataclass(frozen=True)
class Uniform(Initialiser):
    """W ~ U(-1/sqrt(fan_in), 1/sqrt(fan_in)), hence Var W = 1 / (3 fan_in).

    The heuristic that was common before 2010; Glorot and Bengio (2010) quote it
    as their equation 1, with zero biases, and show that it shrinks the gradient.
    """

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return 1 / (3 fan_in)."""
        return 1.0 / (3.0 * fan_in)

    def draw(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw independent uniform entries."""
        limit = 1.0 / math.sqrt(fan_in)
        return rng.uniform(-limit, limit, (fan_in, fan_out))


@dataclass(frozen=True)
class Scaled(Initialiser):
    """Independent entries of mean zero whose variance depends on the width.

    With ``distribution="normal"``, W ~ N(0, Var W); with ``"uniform"``,
    W ~ U(-sqrt(3 Var W), sqrt(3 Var W)), which has the same variance.
    """

    distribution: str = "normal"

    def __post_init__(self) -> None:
        checks.one_of("distribution", self.distribution, ["normal", "uniform"])

    def draw(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw independent entries of the variance that the recipe states."""
        std = self.deviation(fan_in, fan_out)
        if self.distribution == "normal":
            return rng.normal(0.0, std, (fan_in, fan_out))
        limit = math.sqrt(3.0) * std
        return rng.uniform(-limit, limit, (fan_in, fan_out))


@dataclass(frozen=True)
class LeCun(Scaled):
    """Var W = 1 / fan_in: a linear layer keeps the second moment of the signal.

    Source: LeCun, Bottou, Orr and Müller, Efficient BackProp (1998), section
    4.6, which leaves the distribution open.
    """

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return 1 / fan_in."""
        return 1.0 / fan_in


@dataclass(frozen=True)
class Glorot(Scaled):
    """Var W = 2 / (fan_in + fan_out): between the forward and the backward need.

    Source: Glorot and Bengio (2010), equations 12 and 16; the paper draws from
    the uniform distribution, and so does this class unless told otherwise. Also
    known by the first name, as Xavier initialisation.
    """

    distribution: str = "uniform"

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return 2 / (fan_in + fan_out)."""
        return 2.0 / (fan_in + fan_out)


@dataclass(frozen=True)
class He(Scaled):
    """Var W = 2 / fan_in: makes up for the half of the signal that ReLU removes.

    Source: He, Zhang, Ren and Sun (2015), equation 10, arXiv:1502.01852; the
    paper draws from the normal distribution.
    """

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return 2 / fan_in."""
        return 2.0 / fan_in


@dataclass(frozen=True)
class FanIn(Scaled):
    """Var W = gain**2 / fan_in, for a gain that fits the activation.

    ``gain=1`` is `LeCun`, ``gain=sqrt(2)`` is `He`; `vgtools.theory.matched_gain`
    computes the gain for any activation.
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.number("gain", self.gain, low=0.0)

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return gain**2 / fan_in."""
        return float(self.gain) * float(self.gain) / fan_in

    def deviation(self, fan_in: int, fan_out: int) -> float:
        """Return gain / sqrt(fan_in)."""
        return _over_root(self.gain, fan_in)


@dataclass(frozen=True)
class Orthogonal(Initialiser):
    """W = gain Q with orthonormal columns (fan_in >= fan_out) or rows (otherwise).

    Square matrices keep every length up to the factor `gain`, forward and
    backward, not only the average. Q is drawn evenly from all such matrices:
    the orthogonal factor of a matrix of normal numbers, with the signs that make
    the factorisation unique.

    Source: Saxe, McClelland and Ganguli (2014), arXiv:1312.6120; the signs:
    Mezzadri, How to generate random matrices from the classical compact groups,
    Notices of the AMS 54 (2007).
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        checks.number("gain", self.gain, low=0.0)

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return gain**2 / max(fan_in, fan_out)."""
        return float(self.gain) * float(self.gain) / max(fan_in, fan_out)

    def deviation(self, fan_in: int, fan_out: int) -> float:
        """Return gain / sqrt(max(fan_in, fan_out))."""
        return _over_root(self.gain, max(fan_in, fan_out))

    def draw(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the orthogonal factor of a random matrix."""
        long, short = max(fan_in, fan_out), min(fan_in, fan_out)
        q, r = np.linalg.qr(rng.standard_normal((long, short)))
        q *= np.sign(np.diag(r))
        q *= self.gain
        return q if fan_in >= fan_out else np.ascontiguousarray(q.T)


@dataclass(frozen=True)
class Identity(Initialiser):
    """W = gain I: a recurrent layer hands its state on as it is. Square matrices only.

    Source: Le, Jaitly and Hinton (2015), arXiv:1504.00941, for recurrent ReLU networks.
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        checks.number("gain", self.gain)

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return 0: nothing varies."""
        return 0.0

    def draw(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Fill the diagonal; no random number is used."""
        _check_square("identity", fan_in, fan_out)
        return float(self.gain) * np.eye(fan_in)


@dataclass(frozen=True)
class SpectralRadius(Initialiser):
    """Independent normal entries, scaled so that the largest |eigenvalue| is `radius`.

    Square matrices only. Such a matrix is not normal: its largest singular value
    lies well above its largest eigenvalue, for many units near twice that.
    """

    radius: float = 1.0

    def __post_init__(self) -> None:
        checks.number("radius", self.radius, low=0.0)

    def variance(self, fan_in: int, fan_out: int) -> float:
        """Return radius**2 / fan_in, which holds for many units."""
        return float(self.radius) * float(self.radius) / fan_in

    def deviation(self, fan_in: int, fan_out: int) -> float:
        """Return radius / sqrt(fan_in)."""
        return _over_root(self.radius, fan_in)

    def draw(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw a normal matrix and scale it by its own spectral radius."""
        _check_square("spectral_radius", fan_in, fan_out)
        weights = rng.standard_normal((fan_in, fan_out))
        return weights * (self.radius / np.abs(np.linalg.eigvals(weights)).max())


def _over_root(gain: float, fan: int) -> float:
    """Return sqrt(gain**2 / fan) without squaring a gain that is too large or too small for it."""
    fraction, k = math.frexp(gain)
    return math.ldexp(math.sqrt(fraction * fraction / fan), k)


def _check_square(name: str, fan_in: int, fan_out: int) -> None:
    if fan_in != fan_out:
        raise ValueError(f"{name} weights are square: fan_in {fan_in} and fan_out {fan_out} differ")


INITIALISERS: dict[str, type[Initialiser]] = {
    "constant": Constant,
    "normal": Normal,
    "uniform": Uniform,
    "lecun": LeCun,
    "glorot": Glorot,
    "he": He,
    "fan_in": FanIn,
    "orthogonal": Orthogonal,
    "identity": Identity,
    "spectral_radius": SpectralRadius,
}


NAMES_ELSEWHERE = {
    "xavier": "glorot",
    "kaiming": "he",
    "eye": "identity",
    "random_normal": "normal",
    "gaussian": "normal",
}
"""What PyTorch, TensorFlow and Keras call some of them."""


def _called_here(name: str) -> str:
    """Return how to ask for what other libraries call `name`, or an empty text."""
    plain = name.lower().strip("_").removesuffix("_init").removesuffix("_initializer")
    for value, word in enumerate(("zeros", "ones")):
        if plain == word:
            return f'vg.initialiser("constant", value={value})'
    known = NAMES_ELSEWHERE.get(plain, plain)
    if known in INITIALISERS:
        return f'init="{known}"'
    for distribution in ("normal", "uniform"):
        base = plain.removesuffix(f"_{distribution}")
        base = NAMES_ELSEWHERE.get(base, base)
        recipe = INITIALISERS.get(base)
        if plain != base and recipe is not None and issubclass(recipe, Scaled):
            if recipe().distribution == distribution:
                return f'init="{base}"'
            return f'vg.initialiser("{base}", distribution="{distribution}")'
    return ""


def initialiser(name: str | Initialiser, **parameters: float | str) -> Initialiser:
    """Return the recipe called `name`.

    Parameters
    ----------
    name : str or Initialiser
        ``"constant"`` (value=0), ``"normal"`` (std=0.01), ``"uniform"``,
        ``"lecun"``, ``"glorot"``, ``"he"`` (each with ``distribution="normal"`` or
        ``"uniform"``), ``"fan_in"`` (gain=1, distribution), ``"orthogonal"``
        (gain=1), and for square matrices ``"identity"`` (gain=1) and
        ``"spectral_radius"`` (radius=1). An `Initialiser` is passed through.
    **parameters
        The parameters of the recipe, as listed.

    Returns
    -------
    Initialiser
        Call it with ``(fan_in, fan_out, seed)`` to draw weights; ask
        ``variance(fan_in, fan_out)`` for Var W.

    Raises
    ------
    ValueError
        If the name or a parameter's value is unknown.
    TypeError
        If `name` is of another type or the recipe has no such parameter.

    Examples
    --------
    >>> initialiser("he").variance(fan_in=50, fan_out=10)
    0.04
    >>> initialiser("normal", std=0.1)
    Normal(std=0.1)
    """
    if isinstance(name, Initialiser):
        if parameters:
            raise TypeError(f"{name!r} is complete; the parameters {parameters} need a name")
        return name
    if isinstance(name, str) and name not in INITIALISERS and (called := _called_here(name)):
        raise ValueError(
            f"unknown initialiser {name!r}; the known ones are: {', '.join(INITIALISERS)}. "
            f"In this package it is {called}"
        )
    return checks.build("initialiser", INITIALISERS, name, parameters)
