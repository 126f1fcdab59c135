"""Experiments of chapters 2, 4, 8, 12 and 13 with the laboratory's engine, shortened.

Data, widths and rates are those of the chapters, and random numbers those of the engine.
"""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from vgtools import laboratory

SCRIPT = Path(__file__).with_name("laboratory_chapters.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ask(browser):
    """Return a function that asks a page for an experiment: its kind, and what it is given."""
    page = browser.new_page()
    for script in (laboratory.script(), SCRIPT):
        page.add_script_tag(content=script)
    page.evaluate(
        "packed => { window.data = Laboratory.digits(JSON.parse(packed)); }", laboratory.digits()
    )
    yield lambda kind, given: page.evaluate(f"given => Experiments.{kind}(given, data)", given)
    page.close()


def gradients(ask, given, seeds=1):
    """Return the gradient of every layer before training: (seeds, layers)."""
    options = given["options"]
    runs = [given | {"options": options | {"seed": seed}} for seed in range(seeds)]
    return np.array([ask("gradient", run) for run in runs])


def losses(ask, given):
    """Return the training loss at the start and after every epoch."""
    return [look["loss"] for look in ask("course", given)]


def sgd(rate):
    return {"optimiser": {"name": "sgd", "learning_rate": rate}, "batch_size": 64}


def normalised(kind):
    init = {"name": "normal", "std": sqrt(2 / 64)}
    options = {"activation": "relu", "init": init, "normalisation": kind}
    return {"sizes": [64, *[64] * 30, 10], "options": options, "samples": 100}


def factor_of_batch_normalisation(batch):
    """Return what a layer multiplies the mean square of the gradient by in batches of this size."""
    c = -1 / (batch - 1)
    angle = np.arccos(c)
    k = (np.sin(angle) + (np.pi - angle) * c) / np.pi
    return (batch - 1 - angle / np.pi + k) / ((batch - 3) * (1 - k))


def test_sigmoids_vanish_as_in_chapter_2(ask):
    options = {"activation": "sigmoid", "init": "lecun"}
    sizes = [64, *[30] * 4, 10]
    gradient = gradients(ask, {"sizes": sizes, "options": options, "samples": 1400}, seeds=2)
    assert (gradient[:, 1:] > 3 * gradient[:, :-1]).all()


def test_thirty_layers_learn_with_he_and_stall_with_xavier_as_in_chapter_4(ask):
    xavier = {"name": "glorot", "distribution": "normal"}
    given = {"sizes": [64, *[64] * 30, 10], "run": sgd(0.02), "epochs": 3}
    ends = [
        losses(ask, given | {"options": {"activation": "relu", "init": init}})[-1]
        for init in ("he", xavier)
    ]
    assert 1.2 < ends[0] < 2.25
    assert ends[1] > 2.29


def test_elu_shifts_less_than_relu_as_in_chapter_8(ask):
    given = {"sizes": [64, *[128] * 8, 10], "run": sgd(0.01), "epochs": 1, "shift": True}
    elu, relu = (
        ask("course", given | {"options": {"activation": name, "init": "he"}})
        for name in ("elu", "relu")
    )
    assert all(one["mean"] < 0.8 * other["mean"] for one, other in zip(elu, relu, strict=True))
    assert elu[-1]["loss"] < relu[-1]["loss"]
    assert np.median(elu[-1]["common"]) < np.median(relu[-1]["common"])


def test_a_hundred_blocks_learn_if_their_branches_begin_small_as_in_chapter_12(ask):
    adam = {"optimiser": {"name": "adam", "learning_rate": 0.003}, "batch_size": 100}
    given = {"sizes": [64, 32, 10], "blocks": 100, "run": adam, "epochs": 1}
    plain, rezero = (
        losses(ask, given | {"options": {"activation": "relu", "init": "he", "shortcut": name}})
        for name in ("none", "rezero")
    )
    assert plain[-1] > 2 and rezero[-1] < 1.5


def test_batch_normalisation_explodes_as_in_chapter_13(ask):
    batch, layer = (gradients(ask, normalised(kind), seeds=2) for kind in ("batch", "layer"))
    ratio = batch[:, 0] / batch[:, -1]
    theory = factor_of_batch_normalisation(100) ** (29 / 2)
    assert np.abs(np.log(ratio / theory)).max() < 0.4
    assert np.abs(np.log(layer[:, 0] / layer[:, -1])).max() < 1.6
