r"""The catalogue: what each activation function is.

The symbolic definition is the truth; the kernels are tested against it at 50
digits and more. To add a function, write its two kernels in `kernels`, its entry
here and its source in ``references.bib``.

Notes on single entries
-----------------------
At a kink the derivative does not exist and one value has to be chosen. The
values here are what PyTorch 2.13 returns: the side of the piece that is written
with ``<=`` or ``>=`` below. Elsewhere ``leaky_relu`` has the slope 1 at 0, and
``hard_tanh`` the slope 1 at -1 and 1 (JAX 0.10, Keras 3.15). For ``relu`` all
three return 0, but in PyTorch ``torch.clamp(x, min=0)`` has the slope 1 at 0.

``hard_sigmoid``
    The slope 1/6 is that of PyTorch and of MobileNetV3; Courbariaux et al.
    (2015) clip (x + 1)/2 to [0, 1] instead.
``rrelu``
    In training, RReLU divides negative inputs by a random a. The catalogue
    holds the deterministic function that Xu et al. (2015) evaluate with: they
    divide by the mean (l + u)/2, a slope of 2/11 for a between 3 and 8. PyTorch
    averages the two extreme slopes instead, (1/3 + 1/8)/2 = 0.229.
``selu``
    PyTorch and others type the two constants; here they are derived, see
    `kernels.SELU_ALPHA` and `kernels.SELU_LAMBDA`.
``star_relu``
    Yu et al. (2022) type 0.8944 and -0.4472, or learn the two numbers; here they are exact,
    see `kernels.STAR_SCALE`.
``xielu``
    Huang and Schlag (2024) learn ``alpha_p`` and ``alpha_n``, one pair for each layer, from
    0.8; ``beta`` is 0.5 and stays.
``silu``
    With another beta than 1 this is Swish (Ramachandran et al., 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sympy as sp
from sympy import Abs, Piecewise, Rational, Symbol, erf, exp, log, pi, sqrt, tanh

from vgtools.activations import kernels
from vgtools.activations.kernels import SELU_ALPHA, SELU_LAMBDA, STAR_SCALE, STAR_SHIFT, Array

X = Symbol("x", real=True)

SYMBOLS = {
    "alpha": Symbol("alpha", positive=True),
    "alpha_p": Symbol("alpha_p", positive=True),
    "alpha_n": Symbol("alpha_n", positive=True),
    "a": Symbol("a", real=True),
    "beta": Symbol("beta", positive=True),
    "lower": Symbol("l", positive=True),
    "upper": Symbol("u", positive=True),
    "selu_alpha": Symbol("alpha", positive=True),
    "selu_lambda": Symbol("lambda", positive=True),
    "star_scale": Symbol("s", positive=True),
    "star_shift": Symbol("b", real=True),
}
"""How each parameter and constant is written in a definition."""


@dataclass(frozen=True)
class Entry:
    """One activation function; every callable takes x and the parameters by name.

    `source` is a key of ``references.bib``, `look` a colour of `vgtools.figures.PALETTE` and a
    dash of `vgtools.figures.DASHES` that no other function has together. `laboratory` says whether
    ``laboratory/activations.js`` has the function too.
    """

    title: str
    source: str
    year: int
    look: tuple[str, str]
    definition: Callable[..., sp.Expr]
    derivative: Callable[..., sp.Expr]
    kernel: Callable[..., Array]
    derivative_kernel: Callable[..., Array]
    parameters: Mapping[str, float] = field(default_factory=dict)
    condition: tuple[str, Callable[..., bool]] = ("no condition", lambda: True)
    kinks: Callable[..., dict[float, float]] = lambda **parameters: {}
    constants: Mapping[str, sp.Expr] = field(default_factory=dict)
    laboratory: bool = True

    def __post_init__(self) -> None:
        for name in (*self.parameters, *self.constants):
            if name not in SYMBOLS:
                raise ValueError(f"{self.title}: say in SYMBOLS how {name!r} is written")


def _sigmoid(x: sp.Expr) -> sp.Expr:
    return 1 / (1 + exp(-x))


def _gelu_gate(x: sp.Expr) -> sp.Expr:
    return tanh(sqrt(2 / pi) * (x + Rational("0.044715") * x**3))


def _gelu_gate_slope(x: sp.Expr) -> sp.Expr:
    return sqrt(2 / pi) * (1 + 3 * Rational("0.044715") * x**2) * (1 - _gelu_gate(x) ** 2)


def _mish_gate(x: sp.Expr) -> sp.Expr:
    return tanh(log(1 + exp(x)))


CATALOGUE: dict[str, Entry] = {
    "sigmoid": Entry(
        title="Sigmoid",
        source="rumelhart1986learning",
        year=1986,
        look=("blue", "solid"),
        definition=_sigmoid,
        derivative=lambda x: _sigmoid(x) * (1 - _sigmoid(x)),
        kernel=kernels.sigmoid,
        derivative_kernel=kernels.sigmoid_derivative,
    ),
    "tanh": Entry(
        title="tanh",
        source="lecun1989backpropagation",
        year=1989,
        look=("vermillion", "solid"),
        definition=tanh,
        derivative=lambda x: 1 - tanh(x) ** 2,
        kernel=kernels.tanh,
        derivative_kernel=kernels.tanh_derivative,
    ),
    "scaled_tanh": Entry(
        title="Scaled tanh",
        source="lecun1989backpropagation",
        year=1989,
        look=("vermillion", "dashed"),
        definition=lambda x: Rational("1.7159") * tanh(2 * x / 3),
        derivative=lambda x: Rational("1.7159") * 2 / 3 * (1 - tanh(2 * x / 3) ** 2),
        kernel=kernels.scaled_tanh,
        derivative_kernel=kernels.scaled_tanh_derivative,
    ),
    "hard_sigmoid": Entry(
        title="Hard sigmoid",
        source="courbariaux2015binaryconnect",
        year=2015,
        look=("blue", "dotted"),
        definition=lambda x: Piecewise((0, x <= -3), (1, x >= 3), (x / 6 + Rational(1, 2), True)),
        derivative=lambda x: Piecewise((Rational(1, 6), Abs(x) < 3), (0, True)),
        kernel=kernels.hard_sigmoid,
        derivative_kernel=kernels.hard_sigmoid_derivative,
        kinks=lambda: {-3.0: 0.0, 3.0: 0.0},
    ),
    "hard_tanh": Entry(
        title="Hard tanh",
        source="collobert2004large",
        year=2004,
        look=("vermillion", "dotted"),
        definition=lambda x: Piecewise((-1, x <= -1), (1, x >= 1), (x, True)),
        derivative=lambda x: Piecewise((1, Abs(x) < 1), (0, True)),
        kernel=kernels.hard_tanh,
        derivative_kernel=kernels.hard_tanh_derivative,
        kinks=lambda: {-1.0: 0.0, 1.0: 0.0},
    ),
    "softsign": Entry(
        title="Softsign",
        source="elliott1993better",
        year=1993,
        look=("vermillion", "dashdot"),
        definition=lambda x: x / (1 + Abs(x)),
        derivative=lambda x: 1 / (1 + Abs(x)) ** 2,
        kernel=kernels.softsign,
        derivative_kernel=kernels.softsign_derivative,
    ),
    "softplus": Entry(
        title="Softplus",
        source="dugas2000incorporating",
        year=2000,
        look=("green", "dashed"),
        definition=lambda x: log(1 + exp(x)),
        derivative=_sigmoid,
        kernel=kernels.softplus,
        derivative_kernel=kernels.softplus_derivative,
    ),
    "relu": Entry(
        title="ReLU",
        source="nair2010rectified",
        year=2010,
        look=("green", "solid"),
        definition=lambda x: Piecewise((x, x > 0), (0, True)),
        derivative=lambda x: Piecewise((1, x > 0), (0, True)),
        kernel=kernels.relu,
        derivative_kernel=kernels.relu_derivative,
        kinks=lambda: {0.0: 0.0},
    ),
    "relu6": Entry(
        title="ReLU6",
        source="krizhevsky2010convolutional",
        year=2010,
        look=("green", "dotted"),
        definition=lambda x: Piecewise((0, x <= 0), (6, x >= 6), (x, True)),
        derivative=lambda x: Piecewise((1, (x > 0) & (x < 6)), (0, True)),
        kernel=kernels.relu6,
        derivative_kernel=kernels.relu6_derivative,
        kinks=lambda: {0.0: 0.0, 6.0: 0.0},
    ),
    "leaky_relu": Entry(
        title="Leaky ReLU",
        source="maas2013rectifier",
        year=2013,
        look=("purple", "solid"),
        definition=lambda x, alpha: Piecewise((x, x > 0), (alpha * x, True)),
        derivative=lambda x, alpha: Piecewise((1, x > 0), (alpha, True)),
        kernel=kernels.leaky_relu,
        derivative_kernel=kernels.leaky_relu_derivative,
        parameters={"alpha": 0.01},
        condition=("0 <= alpha <= 1", lambda alpha: 0 <= alpha <= 1),
        kinks=lambda alpha: {} if alpha == 1 else {0.0: alpha},
    ),
    "prelu": Entry(
        title="PReLU",
        source="he2015delving",
        year=2015,
        look=("orange", "solid"),
        definition=lambda x, a: Piecewise((x, x > 0), (a * x, True)),
        derivative=lambda x, a: Piecewise((1, x > 0), (a, True)),
        kernel=kernels.prelu,
        derivative_kernel=kernels.prelu_derivative,
        parameters={"a": 0.25},
        condition=("a is any finite number", lambda a: True),
        kinks=lambda a: {} if a == 1 else {0.0: a},
    ),
    "rrelu": Entry(
        title="RReLU",
        source="xu2015empirical",
        year=2015,
        look=("sky", "solid"),
        definition=lambda x, lower, upper: Piecewise((x, x > 0), (2 * x / (lower + upper), True)),
        derivative=lambda x, lower, upper: Piecewise((1, x > 0), (2 / (lower + upper), True)),
        kernel=kernels.rrelu,
        derivative_kernel=kernels.rrelu_derivative,
        parameters={"lower": 3.0, "upper": 8.0},
        condition=(
            "lower and upper as divisors of a negative input (for slopes from 1/8 to 1/3: "
            "lower=3, upper=8), 1 <= lower <= upper",
            lambda lower, upper: 1 <= lower <= upper,
        ),
        kinks=lambda lower, upper: {} if lower + upper == 2 else {0.0: 2 / (lower + upper)},
        laboratory=False,  # it draws its slopes
    ),
    "elu": Entry(
        title="ELU",
        source="clevert2016fast",
        year=2015,
        look=("olive", "solid"),
        definition=lambda x, alpha: Piecewise((x, x > 0), (alpha * (exp(x) - 1), True)),
        derivative=lambda x, alpha: Piecewise((1, x > 0), (alpha * exp(x), True)),
        kernel=kernels.elu,
        derivative_kernel=kernels.elu_derivative,
        parameters={"alpha": 1.0},
        condition=("alpha > 0", lambda alpha: alpha > 0),
        kinks=lambda alpha: {} if alpha == 1 else {0.0: alpha},
    ),
    "celu": Entry(
        title="CELU",
        source="barron2017continuously",
        year=2017,
        look=("olive", "dashed"),
        definition=lambda x, alpha: Piecewise((x, x > 0), (alpha * (exp(x / alpha) - 1), True)),
        derivative=lambda x, alpha: Piecewise((1, x > 0), (exp(x / alpha), True)),
        kernel=kernels.celu,
        derivative_kernel=kernels.celu_derivative,
        parameters={"alpha": 1.0},
        condition=("alpha >= 2.3e-308", lambda alpha: alpha >= 2.3e-308),
    ),
    "selu": Entry(
        title="SELU",
        source="klambauer2017self",
        year=2017,
        look=("olive", "dashdot"),
        definition=lambda x, selu_lambda, selu_alpha: Piecewise(
            (selu_lambda * x, x > 0), (selu_lambda * selu_alpha * (exp(x) - 1), True)
        ),
        derivative=lambda x, selu_lambda, selu_alpha: Piecewise(
            (selu_lambda, x > 0), (selu_lambda * selu_alpha * exp(x), True)
        ),
        kernel=kernels.selu,
        derivative_kernel=kernels.selu_derivative,
        constants={"selu_lambda": SELU_LAMBDA, "selu_alpha": SELU_ALPHA},
        kinks=lambda: {0.0: float(SELU_LAMBDA * SELU_ALPHA)},
    ),
    "gelu": Entry(
        title="GELU",
        source="hendrycks2016gaussian",
        year=2016,
        look=("grey", "solid"),
        definition=lambda x: x * (1 + erf(x / sqrt(2))) / 2,
        derivative=lambda x: (1 + erf(x / sqrt(2))) / 2 + x * exp(-(x**2) / 2) / sqrt(2 * pi),
        kernel=kernels.gelu,
        derivative_kernel=kernels.gelu_derivative,
    ),
    "gelu_tanh": Entry(
        title="GELU (tanh form)",
        source="hendrycks2016gaussian",
        year=2016,
        look=("grey", "dotted"),
        definition=lambda x: x * (1 + _gelu_gate(x)) / 2,
        derivative=lambda x: (1 + _gelu_gate(x)) / 2 + x * _gelu_gate_slope(x) / 2,
        kernel=kernels.gelu_tanh,
        derivative_kernel=kernels.gelu_tanh_derivative,
    ),
    "silu": Entry(
        title="SiLU",
        source="hendrycks2016gaussian",
        year=2016,
        look=("purple", "dashdot"),
        definition=lambda x, beta: x * _sigmoid(beta * x),
        derivative=lambda x, beta: _sigmoid(beta * x) * (1 + beta * x * (1 - _sigmoid(beta * x))),
        kernel=kernels.silu,
        derivative_kernel=kernels.silu_derivative,
        parameters={"beta": 1.0},
        condition=("beta > 0", lambda beta: beta > 0),
    ),
    "hard_swish": Entry(
        title="Hard Swish",
        source="howard2019searching",
        year=2019,
        look=("purple", "dotted"),
        definition=lambda x: Piecewise((0, x <= -3), (x, x >= 3), (x * (x + 3) / 6, True)),
        derivative=lambda x: Piecewise((0, x <= -3), (1, x >= 3), ((2 * x + 3) / 6, True)),
        kernel=kernels.hard_swish,
        derivative_kernel=kernels.hard_swish_derivative,
        kinks=lambda: {-3.0: 0.0, 3.0: 1.0},
    ),
    "mish": Entry(
        title="Mish",
        source="misra2019mish",
        year=2019,
        look=("grey", "dashed"),
        definition=lambda x: x * _mish_gate(x),
        derivative=lambda x: _mish_gate(x) + x * _sigmoid(x) * (1 - _mish_gate(x) ** 2),
        kernel=kernels.mish,
        derivative_kernel=kernels.mish_derivative,
    ),
    "squared_relu": Entry(
        title="Squared ReLU",
        source="so2021primer",
        year=2021,
        look=("green", "dashdot"),
        definition=lambda x: Piecewise((x**2, x > 0), (0, True)),
        derivative=lambda x: Piecewise((2 * x, x > 0), (0, True)),
        kernel=kernels.squared_relu,
        derivative_kernel=kernels.squared_relu_derivative,
    ),
    "star_relu": Entry(
        title="StarReLU",
        source="yu2022metaformer",
        year=2022,
        look=("blue", "dashdot"),
        definition=lambda x, star_scale, star_shift: Piecewise(
            (star_scale * x**2 + star_shift, x > 0), (star_shift, True)
        ),
        derivative=lambda x, star_scale, star_shift: Piecewise(
            (2 * star_scale * x, x > 0), (0, True)
        ),
        kernel=kernels.star_relu,
        derivative_kernel=kernels.star_relu_derivative,
        constants={"star_scale": STAR_SCALE, "star_shift": STAR_SHIFT},
    ),
    "xielu": Entry(
        title="xIELU",
        source="huang2024deriving",
        year=2024,
        look=("olive", "dotted"),
        definition=lambda x, alpha_p, alpha_n, beta: Piecewise(
            (alpha_p * x**2 + beta * x, x > 0),
            (alpha_n * (exp(x) - 1 - x) + beta * x, True),
        ),
        derivative=lambda x, alpha_p, alpha_n, beta: Piecewise(
            (2 * alpha_p * x + beta, x > 0), (alpha_n * (exp(x) - 1) + beta, True)
        ),
        kernel=kernels.xielu,
        derivative_kernel=kernels.xielu_derivative,
        parameters={"alpha_p": 0.8, "alpha_n": 0.8, "beta": 0.5},
        condition=(
            "alpha_p > 0 and alpha_n > beta > 0",
            lambda alpha_p, alpha_n, beta: alpha_p > 0 and alpha_n > beta > 0,
        ),
    ),
}

IDENTITY = Entry(
    title="Identity",
    source="",
    year=0,
    look=("sky", "dashed"),
    definition=lambda x: x,
    derivative=lambda x: sp.Integer(1),
    kernel=kernels.identity,
    derivative_kernel=kernels.identity_derivative,
)
"""No activation at all; a network may ask for it, the catalogue does not list it."""

ALIASES = {"swish": "silu"}
