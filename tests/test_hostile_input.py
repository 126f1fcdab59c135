"""What every public name does when it is given nonsense.

A *door* is a function, or a method of an object, with a call that works. Each test puts
one hostile value into the place of one argument. The call may work, if the value happens
to make sense. Otherwise it must raise TypeError or ValueError, say which argument it
means, and leave the objects behind the door as they were.
"""

import copy
import re
import warnings
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import vgtools as vg
from vgtools.networks import (
    bounded,
    layers,
    losses,
    normalisation,
    optimisers,
    rectifiers,
    recurrent,
    residual,
    shortcuts,
)

x, y = sympy.symbols("x y", real=True)
HUGE = 10**30
RNG = np.random.default_rng(0)
SAMPLES, CLASSES = RNG.normal(size=(6, 3)), np.array([0, 1, 0, 1, 1, 0])
STEPS = RNG.normal(size=(4, 6, 3))
RECURRENT = {"init": "he", "recurrent_init": "he", "seed": 0, "dtype": np.float64}

HOSTILE = {
    "none": None,
    "text": "text",
    "empty text": "",
    "bytes": b"bytes",
    "true": True,
    "complex": 3j,
    "nan": float("nan"),
    "inf": float("inf"),
    "minus one": -1,
    "minus a half": -0.5,
    "zero": 0,
    "huge": HUGE,
    "huge float": 1e300,
    "fraction": Fraction(1, 3),
    "list": [],
    "ragged list": [[1.0], [1.0, 2.0]],
    "list of none": [None],
    "list of texts": ["a", "b"],
    "dictionary": {"a": 1},
    "set": {1, 2},
    "object": object(),
    "class": int,
    "function": lambda *_: "text",
    "generator": (k for k in ()),
    "no dimension": np.array(1.0),
    "empty array": np.empty(0),
    "no rows": np.empty((0, 3)),
    "no columns": np.empty((3, 0)),
    "five dimensions": np.ones((1, 2, 1, 2, 1)),
    "array of nan": np.full((6, 3), np.nan),
    "array of inf": np.full((6, 3), np.inf),
    "masked array": np.ma.masked_greater(np.arange(18.0).reshape(6, 3), 9),
    "array of complex": np.full((6, 3), 1j),
    "array of objects": np.array([[object()] * 3] * 6),
    "array of texts": np.array([["a"] * 3] * 6),
    "array of dates": np.full((6, 3), np.datetime64("2020-01-01")),
    "wide floats": np.ones((6, 3), np.longdouble) * np.longdouble("1e4000"),
    "symbol": sympy.Symbol("unreal"),
    "matrix": sympy.eye(2),
}


def line(slope):
    figure, [axes] = vg.figures.subplots()
    axes.plot([0, 1], [0, slope])
    return figure


def first(x):
    return 1.0


def explored(**options):
    return vg.explore(**options)(line)


def mlp(**options):
    return vg.MLP([3, 4, 2], **options)


def deep():
    return vg.MLP([3, 4, 4, 2], "relu", "he", normalisation="batch")


def skipping():
    return vg.ResidualMLP([3, 4, 2], 2, shortcut="highway", normalisation="layer")


def passed(network, inputs=SAMPLES):
    network.forward(inputs)
    return network


def doors():
    """Yield (name, object behind the door or None, function, a call that works)."""
    functions = {
        "activation": (vg.activation, {"name": "elu", "alpha": 1.0}),
        "MLP": (vg.MLP, {"sizes": [3, 4, 2], "activation": "tanh", "init": "glorot", "seed": 0,
                         "dtype": np.float64, "normalisation": None, "bias_std": 0.0}),
        "ResidualMLP": (vg.ResidualMLP, {"sizes": [3, 4, 2], "blocks": 2, "activation": "relu",
                                         "init": "he", "seed": 0, "dtype": np.float64,
                                         "normalisation": "rms", "shortcut": "highway",
                                         "branch_layers": 1, "gate_bias": -1.0}),
        "RNN": (vg.RNN, {"sizes": [3, 4, 2], "activation": "tanh", **RECURRENT}),
        "LSTM": (vg.LSTM, {"sizes": [3, 4, 2], "forget_gate": True, "forget_bias": 1.0,
                           **RECURRENT}),
        "GRU": (vg.GRU, {"sizes": [3, 4, 2], **RECURRENT}),
        "initialiser": (vg.initialiser, {"name": "normal", "std": 1.0}),
        "initialiser he": (vg.initialiser, {"name": "he", "distribution": "uniform"}),
        "initialiser fan_in": (vg.initialiser, {"name": "fan_in", "gain": 1.0}),
        "initialiser orthogonal": (vg.initialiser, {"name": "orthogonal", "gain": 1.0}),
        "initialiser constant": (vg.initialiser, {"name": "constant", "value": 1.0}),
        "loss": (vg.loss, {"name": "cross_entropy"}),
        "optimiser": (vg.optimiser, {"name": "sgd", "learning_rate": 0.1, "momentum": 0.5}),
        "optimiser adam": (vg.optimiser, {"name": "adam", "learning_rate": 0.1}),
        "verify": (vg.verify, {"lhs": (x + 1) ** 2, "rhs": x**2 + 2 * x + 1, "relation": "=",
                               "given": x > 0, "where": None, "label": None, "because": None}),
        "verify bound": (vg.verify, {"lhs": x**2 + 1, "rhs": sympy.S.One, "relation": ">=",
                                     "tight_at": {x: 0}, "proof": x**2}),
        "verify decimal": (vg.verify, {"lhs": sympy.pi, "rhs": sympy.Float("3.14"),
                                       "digits": 2}),
        "define": (vg.define, {"name": sympy.Function("f")(x), "meaning": sympy.tanh(x),
                               "given": (), "where": None, "agrees_with": np.tanh}),
        "numeric": (vg.numeric, {"lhs": x + y, "rhs": y + x + 0 * x, "relation": "=",
                                 "check": lambda rng: {x: rng.normal(), y: 1.0}, "rtol": 1e-9,
                                 "draws": 2, "seed": 0}),
        "Derivation": (vg.Derivation, {"start": x, "given": (), "where": None, "label": None}),
        "explore": (explored, {"alt": lambda slope: "a line", "caption": "", "defaults": None,
                               "titles": None, "slope": (0.0, 1.0, 0.5)}),
        "check": (vg.check, {"function": first, "like": first, "cases": [1.0],
                             "rtol": 1e-6}),
        "adding_problem": (vg.datasets.adding_problem, {"samples": 2, "time": 4, "seed": 0}),
        "digits": (vg.datasets.digits, {"seed": 0}),
        "normal_mean": (vg.theory.normal_mean, {"function": np.tanh, "variance": 1.0}),
        "second_moments": (vg.theory.second_moments, {"activation": "relu", "variance": 1.0}),
        "matched_gain": (vg.theory.matched_gain, {"activation": "relu", "keep": "signal"}),
        "batch_norm_factor": (vg.theory.batch_norm_factor, {"activation": "relu"}),
        "backward_factor": (vg.theory.backward_factor,
                            {"width": 3, "weight_variance": 0.5, "slope": 0.5}),
        "mean_field": (vg.theory.mean_field, {"sizes": [3, 4, 2], "activation": "relu",
                                              "init": "he", "input_second_moment": 1.0}),
        "slope_per_layer": (vg.theory.slope_per_layer, {"norms": [1.0, 0.1]}),
        "error_flow_bound": (vg.theory.error_flow_bound, {"weight": np.eye(2), "steps": [1, 2],
                                                          "steepest": 0.25}),
        "jacobian_bound": (vg.theory.jacobian_bound, {"weight": np.eye(2), "steps": [1, 2],
                                                      "steepest": 1.0}),
        "escape_width": (vg.theory.escape_width, {"weight": [5.0]}),
        "cross_entropy": (losses.cross_entropy, {"logits": SAMPLES, "labels": CLASSES}),
        "squared_error": (losses.squared_error, {"prediction": SAMPLES, "target": SAMPLES}),
        "binary_cross_entropy": (losses.binary_cross_entropy,
                                 {"logits": np.ones((6, 1)), "target": CLASSES[:, None]}),
        "accuracy": (losses.accuracy, {"logits": SAMPLES, "labels": CLASSES}),
        "Dense": (layers.Dense, {"fan_in": 3, "fan_out": 2, "init": "he", "seed": 0,
                                 "dtype": np.float64}),
        "PReLU": (rectifiers.PReLU, {"a": 0.25, "per": "channel"}),
        "RReLU": (rectifiers.RReLU, {"lower": 3.0, "upper": 8.0, "sampling": "slope",
                                     "evaluation": "mean"}),
        "PReLULayer": (rectifiers.PReLULayer, {"units": 3, "a": 0.25, "per": "channel",
                                               "dtype": np.float64}),
        "RReLULayer": (rectifiers.RReLULayer, {"lower": 3.0, "upper": 8.0, "seed": 0}),
        "BatchNorm": (normalisation.BatchNorm, {"units": 3, "momentum": 0.1, "epsilon": 0.1,
                                                "dtype": np.float64}),
        "LayerNorm": (normalisation.LayerNorm, {"units": 3, "epsilon": 0.1,
                                                "dtype": np.float64}),
        "RMSNorm": (normalisation.RMSNorm, {"units": 3, "epsilon": 0.1, "dtype": np.float64}),
        "DynamicTanh": (bounded.DynamicTanh, {"units": 3, "alpha": 0.5, "dtype": np.float64}),
        "DynamicErf": (bounded.DynamicErf, {"units": 3, "alpha": 0.5, "offset": 0.0,
                                            "dtype": np.float64}),
        "Residual": (residual.Residual, {"branch": [layers.Dense(3, 3)],
                                         "shortcut": shortcuts.Sum()}),
        "Sum": (shortcuts.Sum, {"factor": 0.5}),
        "LearnedSum": (shortcuts.LearnedSum, {"start": 0.5, "dtype": np.float64}),
        "Highway": (shortcuts.Highway, {"units": 3, "bias": -1.0, "init": "he", "seed": 0,
                                        "dtype": np.float64}),
        "RNNLayer": (recurrent.RNNLayer, {"features": 3, "hidden": 4, "activation": "tanh",
                                          **RECURRENT}),
        "LSTMLayer": (recurrent.LSTMLayer, {"features": 3, "hidden": 4, "forget_gate": True,
                                            "forget_bias": 1.0, **RECURRENT}),
        "GRULayer": (recurrent.GRULayer, {"features": 3, "hidden": 4, **RECURRENT}),
        "SGD": (optimisers.SGD, {"learning_rate": 0.1, "momentum": 0.5}),
        "Adam": (optimisers.Adam, {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.5,
                                   "epsilon": 1e-8}),
        "clip_gradient": (partial(optimisers.clip_gradient, []), {"norm": 1.0}),
        "draw": (vg.initialiser("he"), {"fan_in": 3, "fan_out": 4, "seed": 0,
                                        "dtype": np.float64}),
        "factor_back": (vg.diagnostics.factor_back, {"gradients": [[0.1, 1.0], [0.2, 2.0]]}),
        "colour": (vg.figures.colour, {"name": "relu"}),
        "short_number": (vg.figures.short_number, {"number": 0.1, "digits": 1}),
        "subplots": (vg.figures.subplots, {"columns": 1, "height": 2.6}),
        "power_of_ten": (vg.figures.power_of_ten, {"exponent": 3}),
    }  # fmt: skip
    for name, (function, arguments) in functions.items():
        yield name, None, function, arguments

    network, batch, blocks = passed(mlp()), deep(), passed(skipping())
    fit = {"x": SAMPLES, "y": CLASSES, "epochs": 1, "batch_size": 3, "optimiser": "sgd",
           "loss": "cross_entropy", "validation": None, "record": None, "record_every": None,
           "clip_norm": None, "seed": 0}  # fmt: skip
    yield "train", network, vg.train, {"network": network, **fit}
    yield "train with batch normalisation", batch, vg.train, {"network": batch, **fit}
    yield "train with blocks", blocks, vg.train, {"network": blocks, **fit}
    data = {"x": SAMPLES, "y": CLASSES}
    yield "gradient_flow of blocks", blocks, vg.gradient_flow, {"network": blocks, **data}
    yield "census of blocks", blocks, vg.census, {"network": blocks, "x": SAMPLES}
    yield "gradient_flow", network, vg.gradient_flow, {
        "network": network, **data, "loss": "cross_entropy"
    }  # fmt: skip
    yield "census", network, vg.census, {"network": network, "x": SAMPLES}
    yield "gradient_underflow", network, vg.diagnostics.gradient_underflow, {
        "network": network, **data, "scale": 1.0
    }  # fmt: skip
    for other in (network, passed(deep()), blocks):
        yield f"{other!r}.forward", other, other.forward, {"x": SAMPLES}
        yield f"{other!r}.backward", other, other.backward, {"gradient": SAMPLES[:, :2]}
    for kind in (vg.RNN, vg.LSTM, vg.GRU):
        other = passed(kind([3, 4, 2]), STEPS)
        yield f"{kind.__name__}.forward", other, other.forward, {"x": STEPS}
        yield f"{kind.__name__}.backward", other, other.backward, {"gradient": SAMPLES[:, :2]}
        layer = passed(kind([3, 4, 2]), STEPS).layer
        starts = {"state": RNG.normal(size=(6, 4))}
        starts |= {"cell": RNG.normal(size=(6, 4))} if kind is vg.LSTM else {}
        yield f"{layer!r}.forward", None, partial(layer.forward, STEPS), starts
        back = {"gradient": RNG.normal(size=(4, 6, 4)), "steps": 2}
        yield f"{layer!r}.backward", None, layer.backward, back
    derivation = vg.Derivation((x + 1) ** 2)
    yield "Derivation.step", derivation, derivation.step, {
        "expression": x**2 + 2 * x + 1, "because": "expand", "relation": "="
    }  # fmt: skip
    for name in ("relu", "gelu", "elu"):
        f = vg.activation(name)
        yield f"{name}", f, f, {"x": SAMPLES}
        yield f"{name}.derivative", f, f.derivative, {"x": SAMPLES}


DOORS = {name: door for name, *door in doors()}


def state(thing):
    """Everything that an object holds, as something that can be compared."""
    if isinstance(thing, np.ndarray):
        return thing.shape, thing.dtype.str, thing.tobytes()
    if isinstance(thing, (list, tuple)):
        return [state(part) for part in thing]
    if isinstance(thing, dict):
        return {key: state(value) for key, value in thing.items()}
    if isinstance(thing, np.random.Generator):
        return repr(thing.bit_generator.state)
    if hasattr(thing, "__dict__") and not callable(thing):
        return state(vars(thing))
    return thing if isinstance(thing, (str, int, float, bool, type(None))) else id(thing)


def learnt(thing):
    """What a network has learnt: what a refused call must not change."""
    if hasattr(thing, "parameters") and callable(thing.parameters):
        return state([(p.name, p.value) for p in thing.parameters()])
    return state(getattr(thing, "__dict__", None))


def complaint(function, call, argument, value):
    """Call, and return whether it was refused, and what is wrong with how the call ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            function(**{**call, argument: value})
        except vg.DerivationError as error:
            return True, "" if str(error) else "says nothing"  # it was understood, and is wrong
        except (TypeError, ValueError) as error:
            said = str(error)
            words = (argument, *WORDS.get(argument, ()))
            if not any(re.search(rf"(?<![A-Za-z]){re.escape(word)}", said) for word in words):
                return True, f"does not say which argument: {type(error).__name__}: {said:.150}"
            return True, ""
        except Exception as error:
            return True, f"{type(error).__name__}: {error!s:.150}"
    return False, ""


SIDES = (
    "values for unreal",
    "SymPy made them identical",
    "the symbol unreal",
    "decimal value has no free symbols",
)
WORDS = {
    "lhs": ("the left side", "the claim", "both sides", "with LaTeX", *SIDES),
    "rhs": ("the right side", "needs two sides", "with LaTeX", *SIDES),
    "proof": SIDES,
    "tight_at": ("attained",),
    "digits": ("rounded number",),
    "relation": ("belong to bounds", "looser bound"),
    "meaning": SIDES,
    "agrees_with": SIDES,
    "start": SIDES,
    "expression": ("the step", *SIDES),
    "name": ("accepts a symbol", "distinct symbols", "is called", "unknown "),
    "logits": ("labels must have shape",),
    "recurrent_init": ("unknown initialiser", "initialiser must be one of"),
    "y": ("labels", "the target"),
    "x": ("an activation takes", "the input", "labels must have shape"),
}
"""Other words that say which argument is meant."""

CALLED = {"function", "like", "check", "agrees_with", "alt", "loss", "record"}
"""Arguments that are functions: what a function does that was handed over is its affair."""


@pytest.mark.parametrize("door", DOORS)
def test_nonsense_is_refused_by_name_and_changes_nothing(door):
    behind, function, call = DOORS[door]
    before, found = learnt(behind), []
    for argument in call:
        for what, value in HOSTILE.items():
            if argument in CALLED and callable(value):
                continue
            network = copy.deepcopy(behind) if door.startswith("train") else behind
            working = {**call, "network": network} if door.startswith("train") else call
            refused, fault = complaint(function, working, argument, value)
            if fault:
                found.append(f"{argument} = {what}: {fault}")
            if (refused or network is behind) and learnt(network) != before:
                found.append(f"{argument} = {what}: the call changed something")
    assert not found, "\n".join(found)


@settings(max_examples=40)
@given(
    hnp.arrays(
        st.one_of(hnp.scalar_dtypes(), hnp.unicode_string_dtypes()),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    )
)
def test_any_array_is_taken_or_refused_by_name(array):
    for door, argument in ARRAYS:
        _, function, call = DOORS[door]
        assert complaint(function, call, argument, array)[1] == "", (door, argument)


ARRAYS = [
    (door, argument)
    for door, (_, _, call) in DOORS.items()
    for argument, value in call.items()
    if isinstance(value, np.ndarray) and not door.startswith(("train", "check"))
]


MASKABLE = [
    (door, argument)
    for door, (_, _, call) in DOORS.items()
    for argument, value in call.items()
    if isinstance(value, np.ndarray) and door != "check"
]


@pytest.mark.parametrize("door, argument", MASKABLE)
def test_what_is_masked_is_not_read(door, argument):
    _, function, call = DOORS[door]
    plain = np.ma.array(call[argument], mask=False)
    hidden = plain.copy()
    hidden[0] = np.ma.masked
    for masked in (hidden, list(hidden) if hidden.ndim > 1 else hidden):
        with pytest.raises((ValueError, TypeError), match="without masked entries"):
            function(**{**call, argument: masked})
    if not door.startswith("train"):
        function(**{**call, argument: plain})  # nothing is masked


@pytest.mark.parametrize("size", [10**8, 10**12, HUGE])
def test_huge_sizes_are_refused_before_anything_is_allocated(size):
    for make in (
        lambda: vg.MLP([size, 4, 2]),
        lambda: vg.MLP([10**7, 10**7]),
        lambda: vg.ResidualMLP([3, size, 2], 2),
        lambda: vg.ResidualMLP([3, 4, 2], size),
        lambda: vg.ResidualMLP([3, 4, 2], 2, branch_layers=size),
        lambda: vg.ResidualMLP([3, 10**4, 2], 100),
        lambda: vg.LSTM([3, size, 2]),
        lambda: vg.initialiser("normal")(size, size),
        lambda: vg.initialiser("normal")(10**5, 10**4),  # a gigabyte is the most
        lambda: vg.datasets.adding_problem(size, 10),
        lambda: vg.datasets.adding_problem(10**7, 10**7),
        lambda: vg.train(mlp(), SAMPLES, CLASSES, epochs=size),
    ):
        with pytest.raises(ValueError, match="must be at most"):
            make()
