"""`vg.watch` around the training of networks of this book, and everything without a framework."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import vgtools as vg
from vgtools.diagnosis.watching import QUANTITIES

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(160, 12)), RNG.integers(5, size=160)
SERIES, CLASSES = RNG.normal(size=(9, 64, 4)), RNG.integers(3, size=64)


def mlp(activation="tanh", init="glorot", depth=6, **options):
    return vg.MLP([12] + [20] * depth + [5], activation, init, **options)


NETWORKS = {
    "plain": lambda: mlp(),
    "batch normalisation": lambda: mlp("relu", "he", normalisation="batch"),
    "slopes that are drawn": lambda: mlp("rrelu", "he"),
    "residual": lambda: vg.ResidualMLP([12, 20, 5], blocks=3),
}


def watched(network, every=4, x=X, y=Y, **options):
    with vg.watch(network, every=every) as watch:
        vg.train(network, x, y, **{"epochs": 2, "batch_size": 16, **options})
    return watch


@pytest.mark.parametrize("name", NETWORKS)
def test_training_goes_on_bit_for_bit(name):
    plain, seen = NETWORKS[name](), NETWORKS[name]()
    vg.train(plain, X, Y, epochs=2, batch_size=16)
    watch = watched(seen)
    for one, other in zip(plain.parameters(), seen.parameters()):
        assert one.value.tobytes() == other.value.tobytes()
        assert one.gradient.tobytes() == other.gradient.tobytes()
    assert watch.history.step.tolist() == [0, 4, 8, 12, 16]
    assert "forward" not in vars(seen) and "backward" not in vars(seen)


def test_the_numbers_are_those_of_their_definitions():
    network = mlp("relu", "he", depth=3)
    twin = copy.deepcopy(network)
    rng = np.random.default_rng(3)
    order = rng.permutation(160)[:160]
    watch = watched(network, every=1000, epochs=1, batch_size=None, seed=np.random.default_rng(3))
    flow = vg.gradient_flow(twin, X[order], Y[order])
    history = watch.history
    at = {name: history.layers.index(name) for name in history.layers}
    for number in (1, 2, 3):
        j = at[f"dense {number}"]
        weight = twin.dense[number - 1].weight
        assert history.weight_gradient[0, j] == pytest.approx(np.linalg.norm(weight.gradient))
        # gradient_flow: for each unit and sample, times n; here: for each sample.
        expected = flow.gradient[number - 1] * np.sqrt(20) / 160
        assert history.gradient[0, j] == pytest.approx(expected)
        after = network.dense[number - 1].weight.value
        step = np.linalg.norm(after - weight.value) / np.linalg.norm(weight.value)
        assert history.update[0, j] == pytest.approx(step)
        assert history.dead[0, at[f"activation {number}"]] == flow.dead_units[number - 1]
    assert np.isfinite(history.gradient[0, at["dense 4"]])
    rows = list(history.rows())
    assert len(rows) == len(history.layers) and set(rows[0]) == {"step", "layer", *QUANTITIES}


def test_findings_say_when_they_began():
    network = mlp("relu", "he", depth=8)
    with vg.watch(network, every=1) as watch:
        for number in range(4):
            if number == 2:
                for dense in network.dense[:-1]:
                    dense.weight.value *= 0.1
            vg.train(network, X, Y, epochs=1, batch_size=None, optimiser=vg.optimiser("sgd"))
    [found] = [each for each in watch.findings if each.kind == "vanishing"]
    assert (found.first, found.last, found.count, found.of) == (2, 3, 2, 4)
    assert "  gradient: norm of dLoss/doutput of a layer for one sample" in repr(watch)
    assert "first at step 2, last at step 3" in repr(watch) and "   Why: " in repr(watch)
    assert vg.diagnose(network, (X, Y), "cross_entropy").findings[0].kind == "vanishing"


def test_a_recurrent_network_is_watched_through_time():
    plain, seen = vg.RNN([4, 16, 3]), vg.RNN([4, 16, 3])
    vg.train(plain, SERIES, CLASSES, epochs=2)
    watch = watched(seen, 2, SERIES, CLASSES, batch_size=32)
    assert all(
        a.value.tobytes() == b.value.tobytes()
        for a, b in zip(plain.parameters(), seen.parameters())
    )
    assert watch.history.layers == ("RNNLayer", "readout")
    assert np.isfinite(watch.history.update).all()


def test_a_vanishing_recurrence_is_found():
    network = vg.RNN([4, 16, 3])
    network.layer.recurrent_weight.value *= 0.05
    [found] = watched(network, 2, SERIES, CLASSES).findings
    assert found.kind == "vanishing" and found.first == 0


def test_evaluation_and_passes_without_a_way_back_are_not_counted():
    network = mlp()
    with vg.watch(network, every=2) as watch:
        network.forward(X)
        network.forward(X, training=True)  # 0: nobody goes back
        network.forward(X)
        logits = network.forward(X, training=True)  # 1: in its place
        network.backward(np.ones_like(logits))
        network.forward(X, training=True)
    assert watch.history.step.tolist() == [1]
    assert np.isnan(watch.history.update).all()  # there was no step


def test_nested_watches_see_what_each_would_see_alone():
    network = mlp()
    with vg.watch(network, every=5) as outer, vg.watch(network, every=3) as inner:
        vg.train(network, X, Y, epochs=1, batch_size=16)
    assert outer.history.step.tolist() == [0, 5]
    assert inner.history.step.tolist() == [0, 3, 6, 9]
    assert outer.history.gradient[0].tobytes() == inner.history.gradient[0].tobytes()
    assert "forward" not in vars(network)


def test_a_copy_made_meanwhile_is_its_own_network():
    network = mlp()
    with vg.watch(network, every=1) as watch:
        vg.train(network, X, Y, epochs=1, record=lambda n: {
            "rate": vg.diagnose(n, (X, Y), "cross_entropy").rate
        })  # fmt: skip
        twins = copy.deepcopy(network), pickle.loads(pickle.dumps(network))
    passes = watch._watcher.passes
    for twin in twins:
        assert twin.forward.__func__ is type(network).forward
        twin.dense[0].weight.value[:] = 0.0
        assert not np.array_equal(twin.forward(X), network.forward(X))
        twin.backward(np.ones((160, 5)))
    assert watch._watcher.passes == passes == 5


def test_a_watch_is_used_once_and_ends_with_the_loop():
    network = mlp()
    watch = vg.watch(network)
    with pytest.raises(ZeroDivisionError), watch:
        1 / 0  # noqa: B018
    assert "forward" not in vars(network)
    assert "no step was watched" in repr(watch) and watch.findings == ()
    assert watch.history.step.shape == (0,) and list(watch.history.rows()) == []
    with pytest.raises(ValueError, match="no step was watched"):
        watch.explore()
    with pytest.raises(RuntimeError, match="used once"), watch:
        pass


@pytest.mark.parametrize("every", [0, -1, 1.5, "often", None])
def test_every_is_a_number_of_steps(every):
    with pytest.raises((TypeError, ValueError), match="every"):
        vg.watch(mlp(), every)


def test_what_is_no_model_says_so():
    with pytest.raises(TypeError, match="not builtins.str"):
        vg.watch("a model")


def test_a_figure_moves_through_the_steps():
    watch = watched(mlp("sigmoid", depth=4), every=3)
    figure = watch.explore()
    quantity, step = figure.controls
    assert step.values == (0, 3, 6, 9, 12, 15, 18) and step.kind == "slider"
    told = figure.describe(step=9)
    assert "At step 9" in told and "dense 1" in told and "dense 5" in told
    assert figure.describe(step=9, quantity="signal") != told
    html = figure.to_html()
    assert html == watch.explore().to_html()
    drawn = figure(step=18).axes[0].lines[-1].get_ydata()
    j = [watch.history.layers.index(f"dense {n}") for n in range(1, 6)]
    assert drawn == pytest.approx(np.log10(watch.history.gradient[-1, j]))


def test_a_figure_of_many_steps_has_at_most_fifty_frames():
    history = watched(mlp(depth=1), every=1, epochs=8).history
    assert len(history.step) == 80
    [_, step] = vg.diagnosis.watch_figure.figure(history).controls
    assert len(step.values) <= 50 and step.values[0] == 0


def test_layers_are_named_as_in_a_diagnosis():
    network = vg.ResidualMLP([12, 20, 5], blocks=3)
    names = watched(network).history.layers
    trace = vg.diagnose(network, (X, Y), "cross_entropy").trace
    assert {point.name for point in trace.points} <= set(names)


def test_a_watch_imports_no_framework():
    code = (
        "import sys, numpy as np, vgtools as vg\n"
        "n = vg.MLP([2, 3, 3, 2])\n"
        "with vg.watch(n) as w: vg.train(n, np.ones((4, 2)), [0, 1] * 2, epochs=1, batch_size=2)\n"
        "repr(w), w.findings\n"
        "print({'torch', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("rate, kind", [(1e4, "updates too large"), (0.1, None), (1e-20, None)])
def test_a_step_is_judged_as_a_diagnosis_judges_the_first_one(rate, kind):
    network, optimiser = mlp(depth=3), vg.networks.SGD(rate)
    expected = vg.diagnose(network, (X, Y), "cross_entropy", optimizer=optimiser).findings
    found = watched(network, epochs=1, batch_size=None, optimiser=optimiser).findings
    assert [each.kind for each in found] == [kind] * bool(kind)
    if kind:
        assert found[0].finding.number == pytest.approx(expected[0].number)
        assert found[0].finding.layers == expected[0].layers
        assert found[0].finding.summary.startswith("one step of training ")


def test_the_long_first_step_of_small_last_weights_is_no_finding():
    network, rule = vg.MLP([12, 32, 5], "tanh", "glorot"), vg.networks.SGD(0.1)
    network.dense[-1].weight.value *= 1e-4
    assert vg.diagnose(network, (X, Y), "cross_entropy", optimizer=rule).healthy
