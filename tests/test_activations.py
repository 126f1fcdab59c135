"""The catalogue against its symbolic definitions, and the manners of its functions."""

import dataclasses
import math
import pickle
from itertools import product
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pybtex.database import parse_file

from benchmarks import accuracy
from benchmarks.accuracy import ulp_errors
from vgtools.activations import Activation, activation, catalogue, errors, kernels
from vgtools.activations.definitions import CATALOGUE, SYMBOLS
from vgtools.activations.kernels import SELU_ALPHA, SELU_LAMBDA

NAMES = list(catalogue())

VALUES = (-0.5, 0.0, 0.25, 1.0, 2.5, 7.0)
"""What every parameter is tried with, where the function accepts it."""


def variants(name):
    """Return a function as the catalogue has it, and with the `VALUES` that it accepts."""
    entry = CATALOGUE[name]
    values = VALUES if len(entry.parameters) < 3 else VALUES[::2]
    choices = product(values, repeat=len(entry.parameters))
    chosen = [dict(zip(entry.parameters, choice)) for choice in choices]
    accepted = [choice for choice in chosen if entry.condition[1](**choice)]
    return dict.fromkeys([activation(name), *(activation(name, **choice) for choice in accepted)])


VARIANTS = [variant for name in NAMES for variant in variants(name)]

INF = math.inf

FLOAT_TYPES = [np.float64, np.float32, np.float16]

every_variant = pytest.mark.parametrize("function", VARIANTS, ids=repr)
some_function = st.sampled_from([*VARIANTS, activation("identity")])
quickly = settings(max_examples=100)


@st.composite
def float_arrays(draw):
    float_type = draw(st.sampled_from(FLOAT_TYPES))
    shape = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    return draw(hnp.arrays(float_type, shape))


@pytest.fixture(autouse=True)
def any_floating_point_flag_is_an_error():
    with np.errstate(all="raise"):
        yield


# Accuracy


# Narrow types are computed in double precision and rounded once, the same for every function.
MEASURED = [(function, np.float64) for function in VARIANTS] + [
    (activation(name), dtype)
    for name in ("tanh", "silu", "hard_swish", "gelu")
    for dtype in FLOAT_TYPES[1:]
]


@pytest.mark.parametrize(
    "function, float_type",
    MEASURED,
    ids=lambda given: None if isinstance(given, type) else str(given),
)
def test_within_a_few_ulp_of_the_definition(function, float_type):
    double = float_type == np.float64
    # xIELU crosses zero between two terms that are alpha_n times as large as their difference.
    scale = max(1.0, function.parameters.get("alpha_n", 1.0))
    [measured] = accuracy.worst_errors(function, float_type, log_spaced=90, dense=201).values()
    for worst in measured:
        assert worst.error <= (5 * scale if double else 0.51), f"off by {worst}"
    table = errors.worst_errors(float_type.__name__)
    if function == activation(function.name) and function.name in table:
        # The exp and tanh of a processor that was not tried may err a little more.
        more = 0.3 if double else 0.001
        bounds = table[function.name]["vgtools"]
        for worst, bound in zip(measured, bounds, strict=True):
            assert worst.error <= bound + more, f"off by {worst}, and {bound} in the table"


def test_the_measure_counts_units_in_the_last_place():
    smallest = 2.0**-1074
    computed = np.array([1 + 2.0**-51, 3 * smallest, 0.0, math.inf, math.nan])
    exact = [mpmath.mpf(value) for value in (1, smallest, 0, 5, 5)]
    x = np.arange(1.0, 6.0)
    assert list(ulp_errors(computed, x, exact)) == [2, 2, 0, INF, INF]
    far = np.array([INF, INF, -INF], dtype=np.float16)
    exact = [mpmath.mpf(value) for value in (1e6, -1e6, -1e6)]
    assert list(ulp_errors(far, x[:3], exact)) == [0, INF, 0]
    # Next to a change of sign the measure is absolute.
    x = np.array([-1.6, -1.5001, -1.4999, -1.0])
    exact = [mpmath.mpf(value) for value in (-0.05, -5e-5, 5e-5, 0.25)]
    computed = np.array([float(value) for value in exact]) + 2.0**-53
    near_crossing = ulp_errors(computed, x, exact)[:3]
    assert near_crossing == pytest.approx([1, 1, 1], abs=0.1)


@pytest.mark.parametrize(
    "kernel, definition",
    [
        (kernels.erf, mpmath.erf),
        (kernels.erf_derivative, lambda x: 2 * mpmath.exp(-x * x) / mpmath.sqrt(mpmath.pi)),
    ],
)
@np.errstate(all="ignore")
def test_the_error_function_is_good_to_two_units_in_the_last_place(kernel, definition):
    powers = 2.0 ** np.arange(-1074, 1023, 30)
    half = np.concatenate([np.linspace(0, 7, 300), np.linspace(7, 28, 60), powers])
    x = np.concatenate([half, -half, np.linspace(0.499, 0.501, 40)])
    with mpmath.workdps(40):
        exact = [definition(mpmath.mpf(value)) for value in x]
        assert max(ulp_errors(kernel(x), x, exact)) <= 2
        ends = [float(definition(mpmath.mpf(sign * INF))) for sign in (-1, 1)]
    np.testing.assert_array_equal(kernel(np.array([-INF, INF, math.nan])), [*ends, math.nan])


@every_variant
def test_derivative_expression_is_the_derivative(function):
    x = function.symbol
    by_sympy = sp.lambdify(x, sp.diff(function.expression, x), "mpmath")
    stated = sp.lambdify(x, function.derivative_expression, "mpmath")
    with mpmath.workdps(60):
        for numerator in range(-977, 978, 244):
            point = mpmath.mpf(numerator) / 97
            assert abs(by_sympy(point) - stated(point)) < mpmath.mpf(10) ** -50


@every_variant
def test_definition_with_its_parameters_put_in_is_the_expression(function):
    values = {SYMBOLS[name]: sp.Rational(str(v)) for name, v in function.parameters.items()}
    constants = CATALOGUE[function.name].constants
    values |= {SYMBOLS[name]: value for name, value in constants.items()}
    assert function.definition.free_symbols == {function.symbol, *values}
    for point in [sp.Rational(-7, 3), sp.Rational(5, 4)]:
        difference = function.definition.subs(values) - function.expression
        assert abs(sp.N(difference.subs(function.symbol, point), 30)) < 1e-25


@pytest.mark.parametrize("name", ["selu", "star_relu"])
def test_constants_give_mean_zero_and_variance_one(name):
    function = sp.lambdify(sp.Symbol("x", real=True), activation(name).expression, "mpmath")
    with mpmath.workdps(30):
        line = [-40, -5, 0, 5, 40]
        mean = mpmath.quad(lambda x: function(x) * mpmath.npdf(x), line)
        second_moment = mpmath.quad(lambda x: function(x) ** 2 * mpmath.npdf(x), line)
    assert abs(mean) < 1e-20
    assert abs(second_moment - 1) < 1e-20
    assert float(SELU_LAMBDA) == pytest.approx(1.0507009873554805, rel=1e-15)
    assert float(SELU_ALPHA) == pytest.approx(1.6732632423543772, rel=1e-15)


# Kinks and limits


@every_variant
def test_kinks_are_where_the_slope_jumps(function):
    pieces = function.derivative_expression.atoms(sp.core.relational.Relational)
    borders = {float(abs(side)) for piece in pieces for side in piece.args if side.is_number}
    near = 1e-9
    for border in {sign * border for border in borders for sign in (-1, 1)}:
        jump = function.derivative(border + near) - function.derivative(border - near)
        assert (abs(jump) > 1e-6) == (border in function.kinks)
    assert set(map(abs, function.kinks)) <= borders


@every_variant
@pytest.mark.parametrize("float_type", FLOAT_TYPES)
def test_derivative_at_a_kink_is_the_chosen_one(function, float_type):
    for kink, slope in function.kinks.items():
        assert function.derivative(float_type(kink)) == float_type(slope)
        symbolic = function.derivative_expression.subs(function.symbol, sp.Rational(kink))
        assert float(symbolic) == slope
        sides = function.derivative([kink - 1e-9, kink + 1e-9])
        assert slope == pytest.approx(sides[0]) or slope == pytest.approx(sides[1])


def limits(function):
    """Return f(-inf), f(inf), f'(-inf), f'(inf), from the definition far out."""
    f, slope = accuracy.exact_values(function, np.array([-1e30, 1e30]))
    return [INF * int(mpmath.sign(y)) if abs(y) > 1e20 else float(y) for y in [*f, *slope]]


@pytest.mark.parametrize("function", [*VARIANTS, activation("identity")], ids=repr)
@pytest.mark.parametrize("float_type", FLOAT_TYPES)
def test_limits(function, float_type):
    far = np.array([-INF, INF], float_type)
    found = [*function(far), *function.derivative(far)]
    rounding = 2 * float(np.finfo(float_type).eps)
    assert found == pytest.approx(limits(function), rel=rounding, abs=1e-29)
    finite_far = np.array([-1, 1], float_type) * np.finfo(float_type).max
    for there, at_the_end in zip(function.derivative(finite_far), found[2:], strict=True):
        assert there == at_the_end or (there > 1e3 and at_the_end == INF)


# Manners


@quickly
@given(some_function, float_arrays())
def test_shape_type_and_input_are_kept_and_nan_passes(function, x):
    before = x.copy()
    for y in (function(x), function.derivative(x)):
        assert y.shape == x.shape
        assert y.dtype == x.dtype
        assert np.array_equal(np.isnan(y), np.isnan(x))
        assert not np.shares_memory(y, x)
    assert np.array_equal(x, before, equal_nan=True)


@pytest.mark.parametrize(
    "x", [3, [1, -2], [[0.5], [2]], np.array([1, 2], np.uint8), np.array([[-4]], np.int64)]
)
def test_integers_and_python_numbers_become_float64(x):
    for y in (activation("sigmoid")(x), activation("relu").derivative(x)):
        assert y.dtype == np.float64
        assert y.shape == np.shape(x)
    assert np.array_equal(activation("mish")(x), activation("mish")(np.array(x, np.float64)))


@every_variant
def test_views_and_foreign_byte_order(function):
    x = np.linspace(-9, 9, 24).reshape(4, 6)
    for view in (x.T, x[::-2, 1::2], x.astype(">f8"), np.lib.stride_tricks.as_strided(x, (2, 3))):
        native = np.array(view, np.float64, order="C")
        for method in (function, function.derivative):
            assert np.array_equal(method(view), method(native))
            assert method(view).dtype == np.float64
            assert method(view.astype(">f4")).dtype == np.float32
    x.setflags(write=False)
    function(x), function.derivative(x)


@pytest.mark.parametrize(
    ("x", "given"),
    [
        (np.array([1 + 1j], np.complex64), "complex64"),
        ([1, "a"], "<U21"),
        (None, "object"),
        ([False, True], "bool"),
        (np.longdouble(1), "float128|longdouble"),
        (np.datetime64("2020-01-01"), "datetime64"),
        ([10**30], "object"),
    ],
    ids=repr,
)
def test_what_is_no_real_array_is_refused(x, given):
    said = f"not .*({given}).*; accepted are float16, float32, float64 and integers$"
    for method in (activation("tanh"), activation("tanh").derivative):
        with pytest.raises(TypeError, match=said):
            method(x)
        with pytest.raises(TypeError, match="takes an array of numbers; NumPy says: .*inhomogene"):
            method([[1.0], [1.0, 2.0]])


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Leaky ReLU", "leaky_relu"), ("gelu-tanh", "gelu_tanh"), ("xyz", "")],
)
def test_an_unknown_name_gets_a_hint_and_the_list(name, hint):
    hint = rf" \(did you mean '{hint}'\?\)" if hint else ""
    with pytest.raises(
        ValueError, match=f"'{name}'{hint}; accepted are celu, .*softplus, .*xielu$"
    ):
        activation(name)
    with pytest.raises(TypeError, match="is a string such as 'relu', not "):
        activation(np.tanh)


def test_a_made_function_is_taken_as_it_is():
    leaky = activation("leaky_relu", alpha=0.2)
    assert activation(leaky) is leaky
    with pytest.raises(TypeError, match="is made already"):
        activation(leaky, alpha=0.3)


@pytest.mark.parametrize(
    ("name", "parameters", "error", "message"),
    [
        ("relu", {"alpha": 1}, TypeError, "relu has no parameter 'alpha'; accepted: no parameters"),
        ("elu", {"beta": 1}, TypeError, "elu has no parameter 'beta'; accepted: alpha"),
        ("selu", {"selu_alpha": 1}, TypeError, "selu has no parameter"),
        ("rrelu", {"a": 1}, TypeError, "rrelu has no parameter 'a'; accepted: lower, upper"),
        ("elu", {"alpha": True}, TypeError, "alpha of elu is a real number, not True"),
        ("elu", {"alpha": np.ones(2)}, TypeError, "alpha of elu is a real number, not array"),
        ("elu", {"alpha": 0}, ValueError, "with alpha > 0; given: alpha=0.0"),
        ("elu", {"alpha": INF}, ValueError, "elu accepts finite .*; given: alpha=inf"),
        ("celu", {"alpha": -1}, ValueError, "celu .* alpha >= 2.3e-308; given: alpha=-1.0"),
        ("silu", {"beta": 0}, ValueError, "silu .* beta > 0; given: beta=0.0"),
        ("leaky_relu", {"alpha": 1.5}, ValueError, "0 <= alpha <= 1; given: alpha=1.5"),
        ("leaky_relu", {"alpha": -0.1}, ValueError, "0 <= alpha <= 1; given: alpha=-0.1"),
        ("prelu", {"a": math.nan}, ValueError, "a is any finite number; given: a=nan"),
        ("rrelu", {"lower": 0.5}, ValueError, "1 <= lower <= upper; given: lower=0.5, upper=8.0"),
        ("rrelu", {"upper": 2}, ValueError, "1 <= lower <= upper; given: lower=3.0, upper=2.0"),
    ],
)
def test_parameters_are_checked(name, parameters, error, message):
    with pytest.raises(error, match=message):
        activation(name, **parameters)


# The object


def test_the_catalogue():
    bibliography = parse_file(Path(__file__).parents[1] / "references.bib").entries
    for name, function in catalogue().items():
        assert function == activation(name)
        assert function.name == name
        assert function.title
        assert function.source in bibliography, f"write the source of {name} into references.bib"
        printed = int(bibliography[function.source].fields["year"])
        assert 0 <= printed - function.year <= 1, "the preprint is no more than a year older"
        assert function.expression.free_symbols == {function.symbol}
        assert function.symbol.is_real


def test_swish_is_silu_and_identity_is_not_listed():
    assert activation("swish", beta=2) == activation("silu", beta=2.0)
    assert activation("identity").expression == activation("identity").symbol
    assert "identity" not in catalogue()


@every_variant
def test_repr_recreates_and_pickle_keeps(function):
    assert eval(repr(function), {"activation": activation}) == function
    assert pickle.loads(pickle.dumps(function)) == function
    assert len({function, pickle.loads(pickle.dumps(function))}) == 1


def test_an_activation_cannot_be_changed():
    elu = activation("elu")
    with pytest.raises(dataclasses.FrozenInstanceError):
        elu.name = "relu"
    elu.parameters["alpha"] = 5.0
    assert elu == activation("elu", alpha=1.0) != activation("elu", alpha=5.0)
    assert isinstance(elu, Activation)


def test_latex_shows_the_definition_with_its_parameters():
    assert r"\begin{cases} x & \text{for}\: x > 0" in activation("elu")._repr_latex_()
    assert r"\quad \alpha = 0.01$" in activation("leaky_relu")._repr_latex_()
    assert r"\frac{2 x}{l + u}" in activation("rrelu")._repr_latex_()
    constants = r",\quad \lambda \approx 1.05070,\quad \alpha \approx 1.67326$"
    assert activation("selu")._repr_latex_().endswith(constants)
    assert "0.044715 x^{3}" in activation("gelu_tanh")._repr_latex_()
    assert r"1.7159 \tanh{\left(\frac{2 x}{3} \right)}" in activation("scaled_tanh")._repr_latex_()


# The table of errors


@pytest.mark.parametrize(
    ("error", "kept"),
    [(0, 0.0), (0.11, 0.2), (0.5, 0.5), (0.50001, 0.5), (0.502, 0.6), (2.0, 2.0), (3.44, 3.5)],
)
def test_a_bound_is_rounded_up(error, kept):
    assert accuracy.rounded_up(error) == kept


def test_the_table_of_errors_has_functions_of_the_catalogue():
    for float_type in FLOAT_TYPES:
        table = errors.worst_errors(float_type.__name__)
        assert set(table) <= set(NAMES)
        libraries = [label.split()[0] for label in table["sigmoid"]]
        assert libraries == ["vgtools", "PyTorch", "JAX", "SciPy"]
        assert table["scaled_tanh"].keys() == {"vgtools"}
    assert errors.worst_errors() == errors.worst_errors("float64") != errors.worst_errors("float32")
    for float_type in ("float8", np.float32, None, ["float32"]):
        with pytest.raises(ValueError, match="float_type must be one of float64, float32, float16"):
            errors.worst_errors(float_type)
