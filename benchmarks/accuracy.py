"""How many digits of the activation functions are right?

``python -m benchmarks.accuracy`` prints, for float64, float32 and float16, the
largest error of each function and of its derivative in a sample of numbers of
every size, and where it occurs. Beside it stand the errors of PyTorch's and JAX's own functions,
their derivatives by automatic differentiation, and of SciPy's, their derivatives
by the formulas that SciPy's functions allow; whichever is installed. The last
lines count where one of them is better. ``--keep`` writes the errors to
``vgtools/activations/errors.csv``, which chapter 2 shows. NumPy's exp and tanh are others on
another processor, so the errors of vgtools are measured again there without AVX-512 and
without all instructions that NumPy can do without; the largest is kept, rounded up.

Errors are in units in the last place (ulp) of the exact value, taken from the
symbolic definition with 400 digits; a subnormal value has the spacing of the
subnormal numbers. Next to a point where the exact value changes sign other than
at x = 0, no formula in plain floating point keeps relative accuracy; within 1/2
of such a point the unit is the ulp of numbers just below one (2**-53 in float64).
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from importlib.metadata import version
from typing import NamedTuple

import mpmath
import numpy as np
import sympy as sp

from tools import processors
from vgtools.activations import Activation, catalogue
from vgtools.activations.errors import COLUMNS, ERRORS, OURS

DIGITS = 400
"""Enough for 50 digits of 1 - tanh(x)**2 where it is the smallest float64."""

LARGEST = 745.0
"""Beyond it, exp(-x) is zero in float64."""

FLOAT_TYPES = (np.float64, np.float32, np.float16)

PACKAGES = {"PyTorch": "torch", "JAX": "jax", "SciPy": "scipy"}


class Worst(NamedTuple):
    """The largest error found, in ulp, and the x where it occurs."""

    error: float
    x: float

    def __str__(self) -> str:
        error = f"{self.error:.2f}" if self.error < 1000 else f"{self.error:.0e}"
        return f"{error} at {self.x:.4g}"


def sample(
    float_type: type, log_spaced: int, dense: int, extra: tuple[float, ...] = ()
) -> np.ndarray:
    """Return sorted test points: log-spaced magnitudes, two dense grids, zero and `extra`.

    Magnitudes run from 1e-300 (or the smallest number of the type) to 745 with
    both signs, the grid from -40 to 40 with points that are not round numbers. The
    other grid, of both signs, is where exp(-x) is subnormal or about to be.
    """
    info = np.finfo(float_type)
    smallest = max(1e-300, float(info.smallest_subnormal))
    magnitudes = np.geomspace(smallest, LARGEST, log_spaced)
    grid = np.linspace(-40, 40, dense) + np.pi / 1000
    ends = -math.log(info.smallest_normal) - 4, -math.log(info.smallest_subnormal) + 1
    tail = np.linspace(*ends, dense // 4)
    points = np.concatenate([magnitudes, -magnitudes, grid, tail, -tail, [0.0], extra])
    with np.errstate(under="ignore"):
        return np.unique(points.astype(float_type))


@lru_cache
def _exact_function(activation: Activation) -> Callable:
    expressions = [activation.expression, activation.derivative_expression]
    return sp.lambdify(activation.symbol, expressions, "mpmath", cse=True)


def exact_values(activation: Activation, x: np.ndarray) -> tuple[list, list]:
    """Evaluate definition and derivative at every x with `DIGITS` digits."""
    evaluate = _exact_function(activation)
    with mpmath.workdps(DIGITS):
        pairs = [evaluate(mpmath.mpf(float(point))) for point in x]
        return [mpmath.mpf(f) for f, _ in pairs], [mpmath.mpf(slope) for _, slope in pairs]


def _sign_changes(x: np.ndarray, exact: list) -> list[float]:
    signs = np.array([mpmath.sign(value) for value in exact], dtype=float)
    change = signs[:-1] * signs[1:] < 0
    return list((x[:-1][change].astype(float) + x[1:][change]) / 2)


def ulp_errors(computed: np.ndarray, x: np.ndarray, exact: list) -> np.ndarray:
    """Return the error of each computed value in ulp of the exact one.

    Infinity is exact where the exact value is larger than all numbers of the type.
    """
    info = np.finfo(computed.dtype)
    digits = info.nmant + 1
    crossings = _sign_changes(x, exact)
    errors = np.empty(len(exact))
    with mpmath.workdps(DIGITS):
        for i, value in enumerate(exact):
            if not np.isfinite(computed[i]):
                overflows = abs(value) > float(info.max) and computed[i] == np.inf * np.sign(value)
                errors[i] = 0 if overflows else np.inf
                continue
            exponent = mpmath.frexp(value)[1] if value else info.minexp
            if any(abs(float(x[i]) - crossing) < 0.5 for crossing in crossings):
                exponent = max(exponent, 0)
            spacing = mpmath.ldexp(1, int(max(exponent - digits, info.minexp - info.nmant)))
            errors[i] = abs(mpmath.mpf(float(computed[i])) - value) / spacing
    return errors


def _worst(x: np.ndarray, errors: np.ndarray) -> Worst:
    index = int(np.argmax(errors))
    return Worst(float(errors[index]), float(x[index]))


Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From points to the values and the derivatives there, in the same float type."""


def worst_errors(
    activation: Activation,
    float_type: type,
    log_spaced: int,
    dense: int,
    peers: dict[str, Evaluate] | None = None,
) -> dict[str, tuple[Worst, Worst]]:
    """Return the worst errors of f and f', of vgtools and of each peer."""
    kinks = tuple(activation.kinks)
    x = sample(float_type, log_spaced, dense, extra=kinks)
    exact, exact_slope = exact_values(activation, x)
    evaluate = {OURS: lambda x: (activation(x), activation.derivative(x))} | (peers or {})
    found = {}
    for name, pair in evaluate.items():
        values, slopes = pair(x)
        slope_errors = ulp_errors(slopes, x, exact_slope)
        if name != OURS:  # which slope to give at a kink is a choice, not an error
            slope_errors[np.isin(x, kinks)] = 0
        found[name] = _worst(x, ulp_errors(values, x, exact)), _worst(x, slope_errors)
    return found


def namesakes(library: object) -> dict[str, Callable]:
    """Return a library's functions that are called as in the catalogue, or without "_"."""
    found = {
        name: getattr(library, name, None) or getattr(library, name.replace("_", ""), None)
        for name in catalogue()
    }
    return {name: function for name, function in found.items() if function}


def torch_functions() -> dict[str, Evaluate]:
    """Return PyTorch's counterparts by name; empty without PyTorch."""
    try:
        import torch
        from torch.nn import functional
    except ImportError:
        return {}

    own = namesakes(functional) | {
        "prelu": lambda x: functional.prelu(x, torch.tensor([0.25], dtype=x.dtype)),
        # the slope of the paper's evaluation; PyTorch's own rrelu averages otherwise
        "rrelu": lambda x: functional.leaky_relu(x, 2 / 11),
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    }

    def evaluate(function: Callable, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = torch.tensor(x, requires_grad=True)
        values = function(points)
        values.sum().backward()
        return values.detach().numpy(), points.grad.numpy()

    return {name: partial(evaluate, function) for name, function in own.items()}


def jax_functions() -> dict[str, Evaluate]:
    """Return JAX's counterparts by name; empty without JAX."""
    try:
        import jax
    except ImportError:
        return {}

    jax.config.update("jax_enable_x64", True)
    own = namesakes(jax.nn) | {
        "softsign": jax.nn.soft_sign,
        "gelu": lambda x: jax.nn.gelu(x, approximate=False),
        "gelu_tanh": jax.nn.gelu,
    }

    def evaluate(function: Callable, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, back = jax.vjp(function, jax.numpy.asarray(x))
        (slopes,) = back(jax.numpy.ones_like(values))
        return np.asarray(values), np.asarray(slopes)

    return {name: partial(evaluate, function) for name, function in own.items()}


def scipy_functions() -> dict[str, Evaluate]:
    """Return what SciPy's special functions give, in the float type of the points."""
    from scipy.special import expit, log_expit, ndtr

    def density(x: np.ndarray) -> np.ndarray:
        return np.exp(-x * x / 2) / x.dtype.type(np.sqrt(2 * np.pi))

    def silu_slope(x: np.ndarray) -> np.ndarray:
        return expit(x) * (1 + x * expit(-x))

    own = {
        "sigmoid": (expit, lambda x: expit(x) * expit(-x)),
        "softplus": (lambda x: -log_expit(-x), expit),
        "silu": (lambda x: x * expit(x), silu_slope),
        "gelu": (lambda x: x * ndtr(x), lambda x: ndtr(x) + x * density(x)),
    }

    def evaluate(pair: tuple[Callable, Callable], x: np.ndarray) -> tuple[np.ndarray, ...]:
        with np.errstate(all="ignore"):
            return tuple(function(x).astype(x.dtype, copy=False) for function in pair)

    return {name: partial(evaluate, pair) for name, pair in own.items()}


Errors = dict[str, list[float]]
"""From "float64 tanh" to the errors of f and of f'."""


def our_errors(log_spaced: int, dense: int) -> Errors:
    """Return the worst errors of vgtools on this processor, as it is."""
    found = {}
    for float_type in FLOAT_TYPES:
        for name, function in catalogue().items():
            [pair] = worst_errors(function, float_type, log_spaced, dense).values()
            found[f"{float_type.__name__} {name}"] = [worst.error for worst in pair]
    return found


def errors_on_any_processor(log_spaced: int, dense: int) -> Errors:
    """Return the largest over what NumPy computes with all, some and none of its instructions."""
    features = processors.optional_features()
    levels = [[], processors.wide_features(features), features]
    sizes = ["--log-spaced", str(log_spaced), "--dense", str(dense)]
    largest: Errors = {}
    for off in {tuple(level) for level in levels}:
        command = [sys.executable, "-m", "benchmarks.accuracy", "--ours", *sizes]
        environment = os.environ | processors.without(off)
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        for key, errors in json.loads(done.stdout).items():
            largest[key] = [max(pair) for pair in zip(errors, largest.get(key, errors))]
    return largest


def rounded_up(error: float) -> float:
    """Return an error as the table keeps those of vgtools: the next tenth of an ulp above.

    What is less than a thousandth above a tenth stays there: rounding to float32 a result
    that has itself been rounded errs by half an ulp and a trace.
    """
    return math.ceil(round(10 * error, 2)) / 10


def compare(libraries: dict[str, dict[str, Evaluate]], *sizes: int) -> list[tuple[str, ...]]:
    """Print the tables, and return the rows of chapter 2's table that are not those of vgtools."""
    kept, better, compared = [], [], 0
    sides = [OURS, *libraries]
    for float_type in (type_.__name__ for type_ in FLOAT_TYPES):
        print(f"\n{float_type}: worst error in ulp, and the x where it occurs")
        print("| function | " + " | ".join(f"{side} f | {side} f'" for side in sides) + " |")
        print("|---" * (1 + 2 * len(sides)) + "|")
        for name, function in catalogue().items():
            peers = {side: known[name] for side, known in libraries.items() if name in known}
            found = worst_errors(function, getattr(np, float_type), *sizes, peers)
            cells = [str(worst) for side in sides for worst in found.get(side, ("", ""))]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
            for side in peers:
                errors = [f"{worst.error:.3g}" for worst in found[side]]
                label = f"{side} {version(PACKAGES[side]).partition('+')[0]}"
                kept.append((float_type, name, label, *errors))
                for kind, theirs, ours in zip(("f", "f'"), found[side], found[OURS]):
                    compared += 1
                    if theirs.error < ours.error:
                        better.append(
                            f"- {float_type} {name} {kind}: {side} {theirs.error:.3g}, "
                            f"{OURS} {ours.error:.3g}"
                        )
    print(f"\nA peer is better in {len(better)} of {compared} cells.", *better, sep="\n")
    return kept


def keep(peers: list[tuple[str, ...]], ours: Errors) -> None:
    """Write the table of chapter 2: each function of vgtools, and its peers below it."""
    rows = []
    for key, errors in ours.items():
        float_type, name = key.split()
        rows.append((float_type, name, OURS, *(f"{rounded_up(error):g}" for error in errors)))
        rows += [row for row in peers if row[:2] == (float_type, name)]
    with ERRORS.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--log-spaced", type=int, default=700, help="magnitudes per sign")
    parser.add_argument("--dense", type=int, default=1601, help="points from -40 to 40")
    parser.add_argument("--keep", action="store_true", help=f"write {ERRORS.name}, for chapter 2")
    parser.add_argument("--ours", action="store_true", help="the errors of vgtools alone, as JSON")
    options = parser.parse_args(arguments)
    sizes = options.log_spaced, options.dense
    if options.ours:
        print(json.dumps(our_errors(*sizes)))
        return
    libraries = {"PyTorch": torch_functions(), "JAX": jax_functions(), "SciPy": scipy_functions()}
    if options.keep and not all(libraries.values()):
        parser.error(
            f"--keep asks for all of {', '.join(libraries)}: run it in the environment that "
            "tools/environment _build/bench requirements.txt benchmarks/requirements.txt makes"
        )
    peers = compare({name: known for name, known in libraries.items() if known}, *sizes)
    if options.keep:
        keep(peers, errors_on_any_processor(*sizes))


if __name__ == "__main__":
    main()
