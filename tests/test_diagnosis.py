"""The diagnosis of networks of this book, and everything that needs no other framework."""

import copy
import json
import pickle
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from docutils.nodes import make_id

import vgtools as vg
from vgtools.diagnosis import UnhealthyError, chapters
from vgtools.diagnosis.findings import KINDS, find
from vgtools.diagnosis.judging import NOTICEABLE, change, together
from vgtools.diagnosis.path_findings import _beside_theory
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
        r"rate, the data and the choice of the loss were not looked at: pass optimizer= to judge "
        r"the first step\.",
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


def one(network, batch=BATCH, **options):
    """Return the one finding of a network, its texts on one line each."""
    [finding] = vg.diagnose(network, batch, "cross_entropy", **options).findings
    return finding


def test_a_small_factor_per_layer_over_few_layers_is_found():
    """The walk of the weights is no doubt about what the model in hand costs."""
    steps = [-2.22, -1.80, -1.39, -1.0, -0.54, 0.0]
    assert change(path(*steps), [108] * 6).faulty, "a factor of 170 over five steps"
    assert not change(path(*[0.85 * each for each in steps]), [108] * 6).faulty
    assert not change(path(*steps), [2] * 6).faulty, "so narrow layers do this by chance"


def test_chance_lets_deep_narrow_rectifiers_vanish_but_not_explode():
    """The mean of the walk is below 0: a factor that is usual one way is not the other way."""
    heights = np.linspace(0, 2.8, 80)
    assert not change(path(*(heights - 2.8)), [32] * 80).faulty
    assert change(path(*(2.8 - heights)), [32] * 80).faulty


def test_the_factor_per_layer_means_one_thing():
    found = vg.diagnose(deep(20, "relu", initialiser("fan_in", gain=2.0)), BATCH, "cross_entropy")
    written = f"×{10**-found.rate:.2g}"
    assert found.rate < 0 and f"{written} per layer" in found.findings[0].summary
    assert f"by about {written[1:]} on" in found.findings[0].why


def test_advice_names_the_weights_that_are_out_of_line_and_chooses_by_activation():
    network = deep(24, "tanh", "glorot")
    for layer in network.layers[2:-1:2]:
        layer.weight.value *= 3
    found = one(network)
    assert found.layers[0] == "dense 1"
    assert "weights of dense 2 to dense 24 are too large for tanh" in found.why
    assert "is 0.37; Glorot's weights have 0.12" in found.why.replace("0.38", "0.37")
    assert found.advice.startswith("Start dense 2 to dense 24 from Glorot's weights")
    assert "init='glorot'" in found.advice and "He" not in found.advice
    found = one(deep(20, "relu", initialiser("fan_in", gain=0.6)))
    assert "init='he'" in found.advice and "too small for ReLU" in found.why


def test_theory_says_whether_the_weights_explain_the_factor():
    network = deep(20, "relu", initialiser("fan_in", gain=2.0), 128)
    assert "they explain what was measured" in one(network).why
    for layer in network.layers[2:-1:2]:  # as large as before, and all of one sign
        layer.weight.value[:] = np.abs(layer.weight.value)
    assert "do not explain all of it" in one(network).why


def test_residual_sums_are_told_to_make_their_branches_smaller():
    found = one(ResidualMLP([20, 64, 10], 60, init="glorot"))
    assert found.kind == "exploding" and "Each block adds its branch" in found.why
    assert re.search(r"×1\.\d+ per block", found.summary) and "layer" not in found.summary
    assert found.chapter == chapters.SUMS


@pytest.mark.parametrize("cause", ["bias", "weights"])
def test_dead_units_come_with_the_layer_and_the_cause(cause):
    network = deep(4, "relu", "he")
    if cause == "bias":
        network.layers[4].bias.value[:] = -9.0
    else:
        network.layers[4].weight.value[:] = -np.abs(network.layers[4].weight.value)
    found = one(network)
    assert found.summary == "all 64 units of activation 3 are 0 for all 64 samples"
    expected = {"bias": "The biases of dense 3 are −9 on average", "weights": "opposite signs"}
    assert expected[cause] in found.why
    assert "dense 3" in found.advice and ("biases" in found.advice) == (cause == "bias")


def test_an_lstm_is_told_its_forget_bias_and_not_to_become_an_lstm():
    found = one(vg.LSTM([5, 32, 10]), SERIES)
    assert "forget gate is 1 on average, which keeps about 0.73" in found.why
    assert "forget gate at 1 or 2, and" in found.advice and "LSTM" not in found.advice
    assert "only if the answer depends on the early steps" in found.why
    assert found.advice.index("1 or 2") < found.advice.index("shorter") < found.advice.index("4.1")
    assert "noise of every step" in found.advice and found.chapter == chapters.FORGET_BIAS
    found = one(vg.RNN([5, 32, 10], recurrent_init=initialiser("orthogonal", gain=0.5)), SERIES)
    assert "take an LSTM whose forget bias starts at 1 or 2" in found.advice
    assert found.chapter == chapters.TIME
    assert "update gate" in one(vg.GRU([5, 32, 10], recurrent_init="glorot"), SERIES).advice


def test_nothing_found_says_the_same_with_and_without_a_path():
    endings = set()
    for network, batch in [
        (deep(5, "relu", "he"), BATCH),
        (deep(1, "relu", "he"), BATCH),
        (vg.LSTM([5, 32, 10], forget_bias=5.0), SERIES),
    ]:
        verdict = vg.diagnose(network, batch, "cross_entropy").verdict
        assert verdict.startswith("nothing wrong was found in the gradient. ")
        endings.add(verdict.rpartition(". ")[2])
    assert endings == {
        "The learning rate, the data and the choice of the loss were not looked at: pass "
        "optimizer= to judge the first step."
    }
    short = vg.diagnose(deep(1, "relu", "he"), BATCH, "cross_entropy").verdict
    assert "The path is too short to be judged" in short


def test_a_gradient_that_stays_is_not_said_to_grow_by_a_factor_of_one():
    network = vg.MLP([20] + [20] * 5 + [10], "tanh", "orthogonal")
    for dense in network.dense:
        dense.weight.value *= 0.01  # nearly linear: every gradient keeps its shape
    for dense in network.dense[1:-1]:
        dense.weight.value *= 100
    verdict = vg.diagnose(network, BATCH, "cross_entropy").verdict
    assert "Back through 5 layers it stays about the same. The learning rate" in verdict
    path = [np.array([0.0])] * 3
    assert "about the same at both ends" in _beside_theory(change(path, [9] * 3), 0.001)


def test_a_large_factor_that_is_no_fault_says_why():
    network = deep(5, "relu", "he")
    network.layers[6].weight.value /= 400
    found = vg.diagnose(network, BATCH, "cross_entropy")
    assert found.healthy and "not more than one unusual step" in " ".join(repr(found).split())


def test_a_factor_that_no_float_holds_is_written_in_words():
    found = vg.diagnose(deep(600, "sigmoid", "glorot", 8), BATCH, "cross_entropy")
    assert found.findings[0].number == np.inf and found.findings[0].expected == np.inf
    assert "shrinks by a factor of more than a float holds" in found.findings[0].summary
    assert "by a factor of 10 to the power 3" in found._repr_html_()


def test_one_sample_comes_with_a_note():
    few = vg.diagnose(deep(5, "relu", "he"), (BATCH[0][:1], BATCH[1][:1]), "cross_entropy")
    assert "Note: one sample shows neither" in repr(few) and "one sample" in few._repr_html_()
    network = deep(4, "relu", "he")
    network.layers[4].bias.value[:] = -90.0
    found = one(network, (BATCH[0][:1], BATCH[1][:1]))
    assert found.summary.endswith("are 0 for the one sample")
    assert "Note" not in repr(vg.diagnose(deep(5, "relu", "he"), BATCH, "cross_entropy"))


@pytest.mark.parametrize(
    "name, rate, kind",
    [
        ("sgd", 0.1, None),
        ("adam", 0.001, None),
        ("sgd", 1000.0, "updates too large"),
        ("adam", 1.0, "updates too large"),
        ("sgd", 1e-18, "updates too small"),
        ("adam", 1e-20, "updates too small"),
    ],
)
def test_a_first_step_is_compared_with_the_weights(name, rate, kind):
    optimiser = vg.optimiser(name, learning_rate=rate)
    found = vg.diagnose(deep(3, "relu", "he"), BATCH, "cross_entropy", optimizer=optimiser)
    assert kinds(found) == ([] if kind is None else [kind])
    if kind is None:
        assert f"A first step of {type(optimiser).__name__} with learning rate" in repr(found)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_the_first_step_is_the_one_that_training_takes(name):
    network, twin = deep(3, "tanh", "glorot"), deep(3, "tanh", "glorot")
    found = vg.diagnose(network, BATCH, "cross_entropy", optimizer=vg.optimiser(name))
    value, gradient = vg.loss("cross_entropy")(twin.forward(BATCH[0], training=True), BATCH[1])
    twin.backward(gradient)
    vg.optimiser(name).step(twin.parameters())
    before = {each.name: each.value for each in network.parameters()}
    for update in found.trace.updates:
        old = before[f"{update.name} weight"]
        new = next(p.value for p in twin.parameters() if p.name == f"{update.name} weight")
        length = np.linalg.norm(new - old) / np.linalg.norm(old)
        assert update.relative == pytest.approx(length, rel=1e-9)
    assert len(found.trace.updates) == 4


def test_an_optimiser_that_is_not_known_is_refused():
    with pytest.raises(TypeError, match="optimizer must be vgtools.networks.SGD or Adam"):
        vg.diagnose(deep(3, "relu", "he"), BATCH, "cross_entropy", optimizer="adam")


def test_a_figure_tells_its_numbers_and_a_long_table_is_folded():
    long = vg.diagnose(deep(20, "sigmoid", "glorot"), BATCH, "cross_entropy")._repr_html_()
    assert "<details><summary>The numbers of 20 layers</summary>" in long
    assert "Back through 20 layers, from dense 20 to dense 1" in long
    assert "shrinks by a factor of" in long and "Thick: the layers of a finding" in long
    short = vg.diagnose(deep(5, "relu", "he"), BATCH, "cross_entropy")._repr_html_()
    assert "<details>" not in short and "Thick" not in short
    time = vg.diagnose(vg.LSTM([5, 32, 10]), SERIES, "cross_entropy")._repr_html_()
    assert "Back through 60 time steps of LSTM" in time and "<svg" in time


def test_a_section_has_an_address_once_the_book_is_published(monkeypatch):
    assert str(chapters.HE) == "ReLU: The factor two"
    monkeypatch.setattr(chapters, "ADDRESS", "https://example.org/")
    assert str(chapters.HE).endswith("(https://example.org/chapters/04_relu.html#the-factor-two)")


def test_help_lists_kinds_and_fields():
    assert all(f"``{kind}``" in vg.diagnosis.Finding.__doc__ for kind in KINDS)
    for field in fields(vg.diagnosis.Finding):
        assert re.search(rf"^    [\w, ]*\b{field.name}\b.* : ", vg.diagnosis.Finding.__doc__, re.M)
    for name in ("findings", "healthy", "rate", "expected", "notes", "trace"):
        assert f"    {name} : " in vg.Diagnosis.__doc__


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1, 16, 64])
def test_a_layer_that_stops_most_samples_is_found_at_every_size_of_the_batch(size):
    network = deep(4, "relu", "he")
    network.layers[2].bias.value[:] = -1.0
    x = BATCH[0].copy()
    x[:60] *= 0.01  # only the last four switch units on
    found = one(network, (x[:size], BATCH[1][:size]))
    assert found.kind == "dead units" and found.layers == ("activation 2",)
    assert "The biases of dense 2 are −1 on average" in found.why
    if size == 64:
        assert found.summary == "all 64 units of activation 2 are 0 for 60 of 64 samples"


@pytest.mark.parametrize("depth, width", [(50, 64), (50, 8), (12, 6)])
@pytest.mark.parametrize("size", [1, 8, 64])
def test_no_sample_is_missed_where_chance_alone_stops_it(depth, width, size):
    for seed in range(5):
        network = deep(depth, "relu", "he", width, seed=seed)
        found = vg.diagnose(network, (BATCH[0][:size], BATCH[1][:size]), "cross_entropy")
        alive = all(each.dead < 1 for each in found.trace.units)
        assert not (alive and {"dead units", "no gradient"} & set(kinds(found)))


def test_samples_that_an_activation_stops_are_counted():
    def stopped(*shares):
        trace = vg.diagnose(deep(3, "tanh", "glorot"), BATCH, "cross_entropy").trace
        points = []
        for point, share in zip(trace.points, shares):
            gradient = np.where(np.arange(64) < 64 * share, -np.inf, point.gradient)
            points.append(replace(point, gradient=gradient))
        theory = vg.diagnosis.expected.expect(trace)
        return [
            (each.layers, each.summary)
            for each in find(replace(trace, points=points), theory)
            if each.kind == "no gradient"
        ]

    summary = "no gradient arrives at dense 1 to dense 2 for 48 of 64 samples"
    assert stopped(0.75, 0.75, 0.0) == [(("dense 1", "dense 2"), summary)]
    assert stopped(0.75, 0.75, 0.75) == [], "their loss is at its end"
    assert stopped(0.25, 0.25, 0.0) == []


@pytest.mark.parametrize(
    "kind, why, advice, points, units",
    [
        ("vanishing", "on the shortcut itself", "Move this normalisation,", {"shortcut": True}, {}),
        ("vanishing", "activation 1, activation 2", "smaller", {}, {"saturated": 0.6}),
        ("vanishing", "weights of dense 2 to dense 5 are too small", "Glorot's", {}, {}),
        ("underflow", "does not see them", "No one scale", {"lost": 0.9, "entry": -340.0}, {}),
        ("underflow", "does not see them", "by 2**59", {"lost": 0.9, "entry": -340.0}, {}),
    ],
)
def test_causes_that_are_rare_have_their_words(kind, why, advice, points, units):
    trace = vg.diagnose(deep(5, "tanh", "glorot"), BATCH, "cross_entropy").trace
    changed = [
        replace(point, gradient=point.gradient + 2 * place, **points)
        for place, point in enumerate(trace.points)
    ]
    if advice == "No one scale":
        changed[-1] = replace(changed[-1], entry=300.0)
    units = [replace(each, **units) for each in trace.units]
    changed = replace(trace, points=changed, units=units)
    [found] = [
        each for each in find(changed, vg.diagnosis.expected.expect(changed)) if each.kind == kind
    ]
    assert why in found.why and advice in found.advice


@pytest.mark.filterwarnings("error")
def test_one_sample_that_carries_everything_gives_no_warning():
    rows = [np.array([height, -np.inf, -np.inf]) for height in (-8.0, -4.0, 0.0)]
    assert not change(rows, [100] * 3).faulty


def test_saturated_units_come_with_the_size_of_what_enters_the_layer():
    network = deep(3, "tanh", "glorot")
    found = one(network, (40 * BATCH[0] + 30, BATCH[1]))
    assert found.kind == "saturated units"
    assert "go into dense 1 have a root mean square of 49 and a mean of 29" in found.why


def test_a_first_layer_is_started_anew_if_it_is_as_far_off():
    found = one(deep(20, "relu", initialiser("fan_in", gain=0.6)))
    assert found.advice.startswith("Start dense 1 to dense 20 from He's weights")
    assert "biases" not in found.advice


def with_a_hole():
    network = vg.MLP([20, 8, 8, 10], seed=0)
    network.dense[1].weight.value[0, 0] = np.nan
    return network


@pytest.mark.parametrize(
    ("network", "where"),
    [
        (vg.MLP([20] + [64] * 30 + [10], "relu", vg.initialiser("normal", std=1e12)), "dense 25"),
        (vg.ResidualMLP([20, 64, 10], 400, "relu", "he", 0, np.float32, shortcut="sum"), "block"),
        (with_a_hole(), "dense 2 weight"),
    ],
)
def test_numbers_that_are_not_finite_are_found_where_they_begin(network, where):
    x, y = np.random.default_rng(0).normal(size=(50, 20)), np.arange(50) % 10
    [found] = vg.diagnose(network, (x, y)).findings
    assert found.kind == "non-finite values" and found.layers[0].startswith(where)
