"""Rounding to formats with few digits, beside NumPy's own types and the bits of float32."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vgtools.networks import FORMATS, rounded

numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(numbers, min_size=1, max_size=20))
def test_float16_and_float32_are_those_of_numpy(values):
    x = np.array(values)
    for name in ("float16", "float32"):
        with np.errstate(over="ignore", under="ignore"):
            expected = x.astype(name).astype(float)
        np.testing.assert_array_equal(rounded(x, name), expected)
        np.testing.assert_array_equal(np.signbit(rounded(x, name)), np.signbit(expected))


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20))
def test_bfloat16_is_the_upper_half_of_float32(values):
    x = np.array(values, np.float32)
    bits = x.view(np.uint32).astype(np.uint64)
    even = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    expected = even.astype(np.uint32).view(np.float32).astype(float)
    np.testing.assert_array_equal(rounded(x, "bfloat16"), expected)


@pytest.mark.parametrize(("name", "exponents", "digits"), [("float8_e5m2", 5, 2),
                                                           ("float8_e4m3", 4, 3)])  # fmt: skip
def test_eight_bits_have_these_numbers(name, exponents, digits):
    bias, exact = 2 ** (exponents - 1) - 1, {0.0}
    for e in range(2**exponents):
        for m in range(2**digits):
            exact.add((m / 2**digits + (e > 0)) * 2.0 ** (max(e, 1) - bias))
    kind = FORMATS[name]
    exact = np.array(sorted(value for value in exact if value <= kind.largest))
    assert exact[-1] == kind.largest and exact[1] == kind.smallest
    np.testing.assert_array_equal(rounded(exact, name), exact)
    middle = (exact[1:] + exact[:-1]) / 2
    np.testing.assert_array_equal(rounded(middle * (1 - 1e-12), name), exact[:-1])
    np.testing.assert_array_equal(rounded(-middle * (1 + 1e-12), name), -exact[1:])
    assert not np.isfinite(rounded([1e9, -np.inf, np.nan], name)).any()


@pytest.mark.parametrize("name", FORMATS)
def test_stochastic_rounding_is_right_in_the_mean(name):
    rng = np.random.default_rng(0)
    for x in (1 / 3, -1.7 * FORMATS[name].smallest):
        low, high = np.unique(rounded(np.full(20_000, x), name, rng))
        assert low < x < high
        found = rounded(np.full(20_000, x), name, rng).mean()
        assert abs(found - x) <= 4 * (high - low) / 2 / np.sqrt(20_000)
    np.testing.assert_array_equal(rounded([1.0, 0.0], name, rng), [1, 0])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="number_format must be one of"):
        rounded(1.0, "float17")
    with pytest.raises(TypeError, match="rng must be a numpy"):
        rounded(1.0, "float16", 3)
    with pytest.raises(TypeError):
        rounded("one", "float16")
    assert rounded([], "float16").shape == (0,)
