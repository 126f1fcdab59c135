"""A training run that is copied, or saved and loaded, goes on as if nothing had happened."""

import copy
import gc
import hashlib
import os
import pickle
import subprocess
import sys
import weakref
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vgtools.networks as nets
from vgtools.activations import activation, catalogue
from vgtools.networks.shortcuts import SHORTCUTS

COPIES = {"deepcopy": copy.deepcopy} | {
    f"pickle {protocol}": lambda run, protocol=protocol: pickle.loads(pickle.dumps(run, protocol))
    for protocol in (2, pickle.HIGHEST_PROTOCOL)
}
ways = st.sampled_from(list(COPIES.values()))
every_way = pytest.mark.parametrize("way", COPIES.values(), ids=COPIES)
ROWS = 6


@dataclass
class Run:
    """Training by hand, one pass or step at a time, so that it can be cut anywhere."""

    network: nets.Network
    optimiser: nets.Optimiser
    rng: np.random.Generator
    truncate: int | None = None
    done: int = 0

    def go(self, to):
        while self.done < to:
            (self.forward, self.backward, self.step)[self.done % 3]()
            self.done += 1
        return self

    def forward(self):
        width = (ROWS, self.network.sizes[0])
        steps = (4,) if self.network.batch_axis else ()
        self.logits = self.network.forward(self.rng.normal(size=steps + width), training=True)

    def backward(self):
        how = {"steps": self.truncate} if self.network.batch_axis else {}
        self.network.backward(self.logits - 1, **how)

    def step(self):
        nets.clip_gradient(self.network.parameters(), 0.5)
        self.optimiser.step(self.network.parameters())
        self.optimiser.learning_rate *= 0.9  # a schedule

    def seen(self):
        """Everything that the rest of the run depends on and a reader can see, as bytes."""
        arrays = [self.logits] if self.done else []
        for parameter in self.network.parameters():
            arrays += [parameter.value, parameter.gradient]
        layers = getattr(self.network, "layers", [])
        for layer in (inner for outer in layers for inner in outer.inside()):
            if isinstance(layer, nets.BatchNorm):
                arrays += [layer.running_mean, layer.running_variance]
            if isinstance(layer, nets.ActivationLayer) and self.done:
                arrays += [layer.pre_activation, layer.output, layer.derivative()]
        if self.network.batch_axis and self.done:
            layer = self.network.layer
            arrays += [layer.input, layer.states, *getattr(layer, "gates", {}).values()]
            if layer.state_gradients is not None:
                arrays.append(layer.state_gradients)
        elsewhere = copy.deepcopy(self.network)  # its last pass is not disturbed
        arrays.append(elsewhere.forward(np.ones((3,) * (2 + self.network.batch_axis))))
        return [array.tobytes() for array in arrays]


ACTIVATIONS = [
    *({*catalogue(), "identity"} - {"prelu", "rrelu"}),
    activation("elu", alpha=0.3),
    nets.PReLU(),
    nets.PReLU(per="layer"),
    *(nets.RReLU(sampling=how) for how in ("divisor", "slope")),
]
ACTIVATIONS.sort(key=repr)
mlps = st.builds(
    partial(nets.MLP, init="he"),
    st.lists(st.integers(1, 5), max_size=3).map(lambda hidden: [3, *hidden, 2]),
    st.sampled_from(ACTIVATIONS),
    seed=st.integers(0, 99),
    dtype=st.sampled_from([np.float32, np.float64]),
    normalisation=st.sampled_from([None, "batch", "layer", "rms", "tanh", "erf"]),
)
residual = st.builds(
    nets.ResidualMLP,
    st.tuples(st.just(3), st.integers(1, 4), st.just(2)),
    st.integers(1, 3),
    st.sampled_from(ACTIVATIONS),
    seed=st.integers(0, 99),
    dtype=st.sampled_from([np.float32, np.float64]),
    normalisation=st.sampled_from([None, "batch", "layer"]),
    shortcut=st.sampled_from(SHORTCUTS),
)
recurrent = st.one_of(
    st.builds(
        make,
        st.tuples(st.just(3), st.integers(1, 4), st.integers(1, 2)),
        seed=st.integers(0, 99),
        dtype=st.sampled_from([np.float32, np.float64]),
    )
    for make in (
        *(partial(nets.RNN, activation=name) for name in ("tanh", "relu")),
        *(partial(nets.LSTM, forget_gate=gate) for gate in (True, False)),
        nets.GRU,
    )
)
rules = st.sampled_from(
    [partial(nets.SGD, 0.1), partial(nets.SGD, 0.1, 0.9), partial(nets.Adam, 0.01)]
)


def runs(network, rule, seed, truncate):
    return Run(network, rule(), np.random.default_rng(seed), truncate)


every_run = st.builds(
    runs, mlps | residual | recurrent, rules, st.integers(0, 99), st.sampled_from([None, 1, 2])
)
END = 12
cuts = st.integers(0, END - 1)


def whole(run):
    """Return what the run is like if nothing cuts it; a copy at the start takes its place."""
    return copy.deepcopy(run).go(END)


@settings(max_examples=80)
@given(run=every_run, cut=cuts, way=ways)
def test_a_copy_goes_on_bit_for_bit_and_leaves_the_original_as_it_was(run, cut, way):
    expected = whole(run).seen()
    run.go(cut)
    copied, before = way(run), run.seen()
    assert copied.seen() == before
    assert copied.go(END).seen() == expected
    assert run.seen() == before
    assert run.go(END).seen() == expected


@settings(max_examples=50)
@given(
    run=every_run,
    cut=cuts,
    way=ways,
    what=st.sampled_from([("optimiser",), ("network", "optimiser"), ("optimiser", "network")]),
)
def test_what_is_copied_by_itself_goes_on_too(run, cut, way, what):
    expected = whole(run).seen()
    run.go(cut)
    copies = {name: way(way(getattr(run, name))) for name in what}
    rest = {"network": run.network} | copies
    go_on = Run(**rest, rng=copy.deepcopy(run.rng), truncate=run.truncate, done=cut)
    if cut:
        go_on.logits = run.logits
    assert go_on.go(END).seen() == expected


def trained(network, rule, gradients):
    """Make one step for each number, with a gradient full of it, and return the values."""
    for gradient in gradients:
        for parameter in network.parameters():
            parameter.gradient[...] = gradient
        rule.step(network.parameters())
    return [parameter.value.copy() for parameter in network.parameters()]


with_memory = pytest.mark.parametrize("make_rule", [partial(nets.SGD, 0.1, 0.9), nets.Adam])
FIRST, SECOND, THIRD = (1.0, 2.0), (-1.0, 3.0), (0.5, -0.5)


@every_way
@with_memory
def test_one_optimiser_keeps_a_network_and_its_copy_apart(make_rule, way):
    rule, network = make_rule(), nets.MLP([2, 3, 1])
    trained(network, rule, FIRST)
    twin = way(network)
    anew = trained(way(network), make_rule(), SECOND)
    # The optimiser has not seen the copy, whatever it remembers of the original.
    np.testing.assert_equal(trained(twin, rule, SECOND), anew)
    together, apart = way((network, twin, rule)), (way(network), way(twin), way(rule))
    expected = trained(network, rule, THIRD), trained(twin, rule, THIRD)
    for one, other, copied_rule in (together, apart):
        found = trained(one, copied_rule, THIRD), trained(other, copied_rule, THIRD)
        np.testing.assert_equal(found, expected)
        anew = trained(way(one), make_rule(), SECOND)
        np.testing.assert_equal(trained(way(one), copied_rule, SECOND), anew)


class Tied(nets.MLP):
    """Two layers with the same array of weights, and with the same bias."""

    def __init__(self):
        super().__init__([3, 3, 3])
        self.dense[1].weight.value = self.dense[0].weight.value
        self.dense[1].bias = self.dense[0].bias


@every_way
@with_memory
def test_what_is_tied_stays_tied(make_rule, way):
    network, rule = Tied(), make_rule()
    trained(network, rule, FIRST)
    copied, copied_rule = way((network, rule))
    first, second = copied.dense
    assert first.weight.value is second.weight.value and first.bias is second.bias
    expected = trained(network, rule, SECOND)
    np.testing.assert_equal(trained(copied, copied_rule, SECOND), expected)


@with_memory
def test_an_optimiser_keeps_nothing_of_a_network_that_is_gone(make_rule):
    rule = make_rule()
    size = len(pickle.dumps(rule))
    for _ in range(3):
        network = nets.MLP([2, 3, 1])
        parameter = weakref.ref(network.parameters()[0])
        trained(network, rule, FIRST)
        assert len(pickle.dumps(rule)) > size
        del network
        gc.collect()
        assert parameter() is None and len(pickle.dumps(rule)) == size


# -- train ---------------------------------------------------------------------------

NETWORKS = {
    "rrelu, batch normalisation": lambda: nets.MLP([3, 5, 4, 2], "rrelu", normalisation="batch"),
    "prelu": lambda: nets.MLP([3, 5, 2], "prelu", dtype=np.float32),
    "highway": lambda: nets.ResidualMLP([3, 4, 2], 3, "rrelu", shortcut="highway"),
    "fixup": lambda: nets.ResidualMLP([3, 4, 2], 3, normalisation="batch", shortcut="fixup"),
    "rnn": lambda: nets.RNN([3, 4, 2]),
    "lstm": lambda: nets.LSTM([3, 4, 2]),
    "gru": lambda: nets.GRU([3, 4, 2], dtype=np.float32),
}
RULES = {"momentum": partial(nets.SGD, 0.1, 0.9), "adam": partial(nets.Adam, 0.01)}


def begin(name, rule):
    return NETWORKS[name](), RULES[rule](), np.random.default_rng(5)


def train(saved, epochs):
    """Train with everything that travels, and return what can be seen afterwards, as text."""
    network, rule, rng = saved
    data = np.random.default_rng(0)
    steps = (4,) if network.batch_axis else ()
    x, y = data.normal(size=(*steps, 10, 3)), data.integers(0, 2, 10)
    history = nets.train(network, x, y, epochs=epochs, batch_size=4, optimiser=rule, seed=rng)
    arrays = [array for p in network.parameters() for array in (p.value, p.gradient)]
    arrays += [history.loss[-1:], network.forward(x)]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_two_epochs_and_three_are_five_also_in_another_process(tmp_path):
    expected, saved = [], []
    for name in NETWORKS:
        for rule in RULES:
            expected.append(train(begin(name, rule), 5))
            saved.append(begin(name, rule))
            train(saved[-1], 2)
    (tmp_path / "run.pickle").write_bytes(pickle.dumps(saved))
    assert [train(each, 3) for each in saved] == expected
    here = Path(__file__)
    script = (
        "import pickle, sys; sys.path.insert(0, sys.argv[1]); from test_state import train\n"
        "for saved in pickle.load(open(sys.argv[2], 'rb')): print(train(saved, 3))"
    )
    there = subprocess.run(
        [sys.executable, "-c", script, here.parent, tmp_path / "run.pickle"],
        env=os.environ | {"PYTHONPATH": str(here.parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.split() == expected
