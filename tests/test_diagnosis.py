"""The diagnosis of networks of this book, and everything that needs no other framework."""

import copy
import json
import pickle
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from docutils.nodes import make_id

import vgtools as vg
from vgtools.diagnosis import UnhealthyError, chapters
from vgtools.diagnosis.findings import KINDS, find
from vgtools.diagnosis.judging import NOTICEABLE, change, together
from vgtools.diagnosis.trace import Units
from vgtools.networks import ResidualMLP, initialiser

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"
RNG = np.random.default_rng(0)
BATCH = RNG.normal(size=(64, 20)), RNG.integers(10, size=64)
SERIES = RNG.normal(size=(60, 16, 5)), RNG.integers(10, size=16)


def deep(depth, activation, init, width=64, **options):
    return vg.MLP([20] + [width] * depth + [10], activation, init, **options)


def kinds(diagnosis):
    return [finding.kind for finding in diagnosis.findings]


@pytest.mark.parametrize(
    "network, batch, expected",
    [
        (deep(5, "relu", "he"), BATCH, []),
        (deep(40, "relu", "he", 128), BATCH, []),
        (deep(50, "tanh", "glorot", 128), BATCH, []),
        (deep(8, "relu", "he", normalisation="batch"), BATCH, []),
        (ResidualMLP([20, 64, 10], 20, shortcut="scaled"), BATCH, []),
        (ResidualMLP([20, 64, 10], 20, shortcut="rezero"), BATCH, []),
        (vg.LSTM([5, 32, 10], forget_bias=5.0), SERIES, []),
        (deep(10, "sigmoid", "glorot"), BATCH, ["vanishing"]),
        (deep(80, "sigmoid", "glorot", 32), BATCH, ["vanishing"]),
        (deep(20, "relu", initialiser("fan_in", gain=2.0)), BATCH, ["exploding"]),
        (deep(60, "relu", "he", normalisation="batch"), BATCH, ["batch-norm growth"]),
        (ResidualMLP([20, 64, 10], 20, shortcut="none", init="glorot"), BATCH, ["vanishing"]),
        (vg.RNN([5, 32, 10], recurrent_init=initialiser("orthogonal", gain=0.5)), SERIES,
         ["vanishing"]),
        (vg.RNN([5, 32, 10], "relu", recurrent_init=initialiser("orthogonal", gain=3.0)), SERIES,
         ["exploding"]),
    ],
)  # fmt: skip
def test_networks_of_the_book_get_the_right_findings(network, batch, expected):
    assert kinds(vg.diagnose(network, batch, "cross_entropy")) == expected


def test_the_rate_is_that_of_gradient_flow_and_of_the_mean_field():
    network = deep(10, "sigmoid", "glorot", 200)
    found = vg.diagnose(network, BATCH, "cross_entropy")
    flow = vg.gradient_flow(network, *BATCH)
    assert found.rate == pytest.approx(flow.rate, rel=1e-6)
    theory = vg.theory.mean_field([20] + [200] * 10 + [10], "sigmoid", "glorot")
    assert found.expected == pytest.approx(theory.rate, rel=0.05)
    assert found.expected == pytest.approx(found.rate, rel=0.05)


def test_no_scale_of_the_loss_and_no_batch_changes_the_answer():
    network = deep(10, "sigmoid", "glorot")

    def scaled(factor):
        def loss(logits, y):
            value, gradient = vg.loss("cross_entropy")(logits, y)
            return factor * value, factor * gradient

        return vg.diagnose(network, BATCH, loss)

    plain, small, large = map(scaled, (1.0, 2.0**-400, 2.0**400))
    assert small.rate == pytest.approx(plain.rate, rel=1e-12)
    assert large.rate == pytest.approx(plain.rate, rel=1e-12)
    few = vg.diagnose(network, (BATCH[0][:8], BATCH[1][:8]), "cross_entropy")
    assert few.rate == pytest.approx(plain.rate, rel=0.05)


@pytest.mark.parametrize(
    "network",
    [
        deep(4, "rrelu", "he", normalisation="batch"),
        ResidualMLP([20, 16, 10], 3, normalisation="batch"),
    ],
)
def test_a_network_of_the_book_is_what_it_was(network):
    network.forward(BATCH[0], training=True)
    before = pickle.dumps(network)
    vg.diagnose(network, BATCH, "cross_entropy")
    with pytest.raises(ZeroDivisionError):
        vg.diagnose(network, BATCH, lambda logits, y: 1 / 0)
    assert pickle.dumps(network) == before


@pytest.mark.parametrize(
    "model, batch, words",
    [
        ("a model", BATCH, "model must be a torch.nn.Module or a network"),
        (deep(3, "relu", "he"), BATCH[0], "batch must be a pair"),
        (deep(3, "relu", "he"), (*BATCH, 1), "batch must be a pair"),
    ],
)
def test_what_does_not_fit_says_what_was_given(model, batch, words):
    with pytest.raises(TypeError, match=words):
        vg.diagnose(model, batch, "cross_entropy")


def path(*heights, samples=8, spread=0.0):
    noise = np.random.default_rng(1).normal(0, spread, (len(heights), samples))
    return [height + row for height, row in zip(heights, noise)]


def test_one_large_step_is_no_rate():
    assert not change(path(-6, -3, 0, 0, 0)[2:], [64] * 3).faulty
    assert not change(path(-6, 0, 0, 0, 0, 0), [64] * 6).faulty
    assert change(path(-6, -4.8, -3.6, -2.4, -1.2, 0), [64] * 6).faulty


def test_doubt_and_depth_widen_what_is_allowed():
    step = (NOTICEABLE + 0.5) / 9
    heights = [step * (i - 9) for i in range(10)]
    assert change(path(*heights), [1000] * 10).faulty
    assert not change(path(*heights), [4] * 10).faulty, "narrow layers scatter"
    assert not change(path(*heights, spread=1.0, samples=4), [1000] * 10).faulty
    assert change(path(*heights[:2]), [1000] * 2) is None


def test_the_error_over_samples_is_that_of_repeated_draws():
    rng = np.random.default_rng(0)

    def draw():
        return [rng.normal(-4, 0.2, 50), rng.normal(-2, 0.1, 50), rng.normal(0, 0.1, 50)]

    found = [change(draw(), [64] * 3) for _ in range(400)]
    scatter = np.std([each.log_factor for each in found])
    assert np.mean([each.error for each in found]) == pytest.approx(scatter, rel=0.15)


def test_most_of_a_change_is_found_where_it_is():
    heights = [-4, -4, -4, -4, -3, -2, -1, 0, 0, 0, 0, 0]
    found = change(path(*heights), [64] * len(heights))
    assert (found.begin, found.end) == (3, 7)


def test_numbers_of_any_size_are_added():
    assert together(np.array([-400.0, -np.inf])) == pytest.approx(-400 - 0.5 * np.log10(2))
    assert together(np.full(3, -np.inf)) == -np.inf


def test_dead_units_are_more_than_chance_can_switch_off():
    """Half of the units may be off for all samples, in a deep network of rectifiers."""
    trace = vg.diagnose(deep(3, "relu", "he"), BATCH, "cross_entropy").trace

    def dead(*shares, units=64):
        layers = [Units(f"act{i}", "relu", units, dead=share) for i, share in enumerate(shares)]
        changed = copy.copy(trace)
        object.__setattr__(changed, "units", layers)
        theory = vg.diagnosis.expected.expect(changed)
        return [each.layers for each in find(changed, theory) if each.kind == "dead units"]

    assert dead(0.5, 0.6, 0.65) == []
    assert dead(0.5, 0.8, 0.5) == [("act1",)]
    assert dead(0.8, units=8) == [] and dead(1.0, units=8) == [("act0",)]
    assert dead(0.1, 1.0, 1.0) == [("act1",)], "what a dead layer feeds is dead as well"


@pytest.mark.parametrize(
    "chapter", [each for each in vars(chapters).values() if isinstance(each, chapters.Chapter)],
    ids=lambda chapter: chapter.anchor,
)  # fmt: skip
def test_every_chapter_has_the_section(chapter):
    notebook = json.loads((CHAPTERS / f"{chapter.page}.ipynb").read_text(encoding="utf-8"))
    prose = "\n\n".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )
    places = {make_id(title) for title in re.findall(r"^#+ (.*)$", prose, flags=re.M)}
    places |= set(re.findall(r"^\(([\w-]+)\)=$", prose, flags=re.M))
    assert chapter.anchor in places
    title = re.search(r"^# (.*)$", prose, flags=re.M).group(1)
    assert chapter.title.startswith(f"{title}: ")


def test_text_page_and_assertion_say_what_was_found():
    sick = vg.diagnose(deep(10, "sigmoid", "glorot"), BATCH, "cross_entropy")
    text, html = repr(sick), sick._repr_html_()
    assert text.startswith("MLP (this book, float64, 64 samples): 1 finding.\n1. vanishing: ")
    assert "mean field theory" in text and "explain what was measured" in " ".join(text.split())
    assert text.endswith("   The book: The sigmoid: The experiment: each earlier layer is slower")
    assert "<svg" in html and "<table>" in html and "vanishing" in html
    assert html == vg.diagnose(deep(10, "sigmoid", "glorot"), BATCH, "cross_entropy")._repr_html_()
    with pytest.raises(UnhealthyError, match="vanishing"):
        sick.assert_healthy()
    [finding] = sick.findings
    assert finding.kind in KINDS and all(
        getattr(finding, f.name) is not None for f in fields(finding)
    )
    well = vg.diagnose(deep(5, "relu", "he"), BATCH, "cross_entropy")
    assert re.fullmatch(
        r"MLP \(.*\): nothing wrong was found in the gradient\. Back through 5 layers it grows by "
        r"a factor of 1\.1, ×1\.0\d per layer: not more than in healthy networks\. The learning "
        r"rate, the data and the choice of the loss were not looked at\.",
        " ".join(repr(well).split()),
    )
    assert "<svg" in well._repr_html_()
    well.assert_healthy()


def test_a_diagnosis_imports_no_framework():
    code = (
        "import sys; import vgtools as vg; import numpy as np\n"
        "vg.diagnose(vg.MLP([2, 3, 3, 2]), (np.ones((4, 2)), [0, 1, 0, 1]), 'cross_entropy')\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "keras", "tensorflow", "jax", "matplotlib.pyplot"}.isdisjoint(
        done.stdout.split()
    )
