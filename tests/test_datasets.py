"""The data: shapes, standardisation, determinism."""

import numpy as np
import pytest

from vgtools.datasets import adding_problem, digits


def test_shapes_and_types():
    data = digits()
    assert data.x_train.shape == (1400, 64) and data.x_test.shape == (397, 64)
    assert data.y_train.shape == (1400,) and data.y_test.shape == (397,)
    assert data.x_train.dtype == np.float64 and data.y_train.dtype.kind == "i"
    assert set(data.y_train) == set(data.y_test) == set(range(10))


def test_standardised_with_training_statistics():
    data = digits()
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-13)
    spread = data.x_train.std(axis=0)
    blank = spread == 0
    assert blank.sum() == 3
    np.testing.assert_allclose(spread[~blank], 1, rtol=1e-12)
    ink = np.concatenate([data.x_train, data.x_test]) * data.scale + data.mean
    np.testing.assert_allclose(ink, ink.round(), atol=1e-12)
    assert ink.round().min() == 0 and ink.round().max() == 16
    assert np.abs(data.x_test.mean(axis=0)).max() > 1e-3, "test statistics must not be used"


def test_every_scan_is_on_one_side():
    data = digits(seed=3)
    labels = np.concatenate([data.y_train, data.y_test])
    assert sorted(labels) == sorted(np.concatenate([digits().y_train, digits().y_test]))
    ink = (np.concatenate([data.x_train, data.x_test]) * data.scale + data.mean).round()
    other = digits(seed=4)
    ink_other = (np.concatenate([other.x_train, other.x_test]) * other.scale + other.mean).round()
    order, order_other = np.lexsort(ink.T), np.lexsort(ink_other.T)
    np.testing.assert_array_equal(ink[order], ink_other[order_other])


def test_deterministic_and_fresh():
    one, two = digits(seed=7), digits(seed=7)
    np.testing.assert_array_equal(one.x_train, two.x_train)
    one.x_train[:] = 0
    one.y_train[:] = 0
    assert two.x_train.any() and digits(seed=7).y_train.any()
    assert not np.array_equal(digits(seed=8).y_train, two.y_train)
    np.testing.assert_array_equal(digits(np.random.default_rng(7)).y_train, two.y_train)


@pytest.mark.parametrize("time", [2, 3, 50])
def test_adding_problem(time):
    x, y = adding_problem(4000, time, seed=1)
    assert x.shape == (time, 4000, 2) and y.shape == (4000, 1)
    numbers, marks = x[:, :, 0], x[:, :, 1]
    assert set(np.unique(marks)) <= {0.0, 1.0}
    half = time // 2
    np.testing.assert_array_equal(marks[:half].sum(axis=0), 1)
    np.testing.assert_array_equal(marks[half:].sum(axis=0), 1)
    assert marks.sum(axis=1).min() > 0, "every step is marked now and then"
    np.testing.assert_allclose((numbers * marks).sum(axis=0), y[:, 0], rtol=1e-14)
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, rel=0.1)
    again, _ = adding_problem(4000, time, seed=1)
    np.testing.assert_array_equal(x, again)


@pytest.mark.parametrize("arguments, words", [((0, 10), "samples"), ((5, 1), "time")])
def test_an_adding_problem_has_a_sample_and_two_steps(arguments, words):
    with pytest.raises(ValueError, match=words):
        adding_problem(*arguments)
