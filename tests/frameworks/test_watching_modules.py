"""`vg.watch` around training loops of PyTorch and Keras."""

import gc
import random
import weakref

import keras
import numpy as np
import pytest
import torch
from test_hostile import scripted
from test_keras import PICTURES, convolutions
from test_keras import chain as keras_chain
from torch import nn
from torch.utils.checkpoint import checkpoint
from zoo import chain, cross_entropy, he, resnet

import vgtools as vg

DRAW = torch.Generator().manual_seed(0)
X, Y = torch.randn(16, 20, generator=DRAW), torch.randint(10, (16,), generator=DRAW)
PHOTOS = torch.randn(8, 3, 16, 16, generator=DRAW), torch.randint(10, (8,), generator=DRAW)
SERIES = torch.randn(8, 12, 5, generator=DRAW), torch.randint(10, (8,), generator=DRAW)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(5, 16, batch_first=True), nn.Linear(16, 10)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


class Shared(nn.Module):
    """One layer three times, activations in place, and a dropout."""

    def __init__(self):
        super().__init__()
        self.body, self.out = nn.Linear(20, 20), nn.Linear(20, 10)
        self.act, self.drop = nn.ReLU(inplace=True), nn.Dropout(0.2)

    def forward(self, x):
        for _ in range(3):
            x = self.drop(self.act(self.body(x)))
        return self.out(x)


MODELS = {
    "chain": (lambda: chain(5, 30, nn.ReLU, he), (X, Y)),
    "residual, batch normalisation, in place": (resnet, PHOTOS),
    "recurrent": (Reader, SERIES),
    "shared, in place, dropout": (Shared, (X, Y)),
}


def train(model, batch, steps=7, optimizer=None, every=3, watched=True, parts=1):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 1e-3)
    watch = vg.watch(model, every=every)
    if watched:
        watch.__enter__()
    for _ in range(steps):
        optimizer.zero_grad()
        for _ in range(parts):
            cross_entropy(model(batch[0]), batch[1]).backward()
        optimizer.step()
    if watched:
        watch.__exit__(None, None, None)
    return watch


def made(make):
    torch.manual_seed(0)
    return make()


def hooks(model):
    found = [
        (name, key)
        for name, module in model.named_modules()
        for key, value in vars(module).items()
        if "hooks" in key and value
    ]
    tables = {name: each._backward_hooks for name, each in model.named_parameters()}
    return found + [name for name, table in tables.items() if table is not None]


@pytest.mark.parametrize("name", MODELS)
def test_training_goes_on_bit_for_bit(name):
    make, batch = MODELS[name]
    ends = []
    for watched in (False, True):
        model = made(make)
        watch = train(model, batch, watched=watched)
        tensors = [*model.parameters(), *model.buffers(), *(p.grad for p in model.parameters())]
        ends.append([each.detach().numpy().tobytes() for each in tensors])
        ends[-1] += [torch.get_rng_state().numpy().tobytes(), model.training, hooks(model)]
        ends[-1] += [random.getstate()]
    assert ends[0] == ends[1] and ends[1][-2] == []
    history = watch.history
    assert history.step.tolist() == [0, 3, 6]
    weighted = [j for j, n in enumerate(history.layers) if np.isfinite(history.update[0, j])]
    assert len(weighted) >= 2
    for table in (history.signal, history.gradient, history.weight_gradient, history.update):
        assert (table[:, weighted] > 0).all()


def test_the_numbers_are_those_of_their_definitions():
    model = made(lambda: chain(3, 30, nn.ReLU, he))
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    seen = {}

    def keep(name):
        def hook(module, inputs, output):
            output.retain_grad()
            seen[name] = output

        return hook

    handles = [model.get_submodule(n).register_forward_hook(keep(n)) for n in ("layer2", "out")]
    history = train(model, (X, Y), 1, torch.optim.SGD(model.parameters(), 0.1)).history
    for handle in handles:
        handle.remove()
    for name, output in seen.items():
        j = history.layers.index(name)
        assert history.signal[0, j] == pytest.approx(output.square().mean().sqrt().item())
        assert history.gradient[0, j] == pytest.approx(output.grad.norm().item() / 4)
        weight = model.get_submodule(name).weight
        assert history.weight_gradient[0, j] == pytest.approx(weight.grad.norm().item())
        was = before[f"{name}.weight"]
        step = (weight - was).norm().item() / was.norm().item()
        assert history.update[0, j] == pytest.approx(step, rel=1e-5)
    dead = history.dead[0, history.layers.index("act1")]
    off = (nn.functional.linear(X, before["layer1.weight"], before["layer1.bias"]) <= 0).all(0)
    assert dead == pytest.approx(off.double().mean().item())


def test_it_judges_as_a_diagnosis_does():
    model = made(lambda: chain(12, 30, nn.Sigmoid))
    alone = vg.diagnose(model, (X, Y), cross_entropy)
    watch = train(model, (X, Y))
    [found] = watch.findings
    assert (found.kind, found.first, found.count) == ("vanishing", 0, 3)
    assert found.finding.layers == alone.findings[0].layers
    assert found.finding.number == pytest.approx(alone.findings[0].number, rel=1e-4)
    assert "at 3 of 3 watched steps, first at step 0" in repr(watch)
    point, other = watch._watcher.moments[0].trace.points[3], alone.trace.points[3]
    assert (point.name, point.width) == (other.name, other.width)
    assert point.operations == other.operations
    assert point.weights.mean_square == pytest.approx(other.weights.mean_square, rel=1e-5)


def test_a_fault_that_begins_later_has_its_first_step():
    model = made(lambda: chain(5, 30, nn.ReLU, he))
    with vg.watch(model, every=2) as watch:
        for step in range(6):
            if step == 3:
                model.layer3.bias.data.fill_(-99.0)
            model.zero_grad()
            cross_entropy(model(X), Y).backward()
    [found] = [each for each in watch.findings if each.kind == "dead units"]
    assert (found.first, found.last, found.count, found.of) == (4, 4, 1, 3)


def test_numbers_that_are_not_finite_are_found_where_they_begin():
    model = made(lambda: chain(3, 30, nn.ReLU, he))
    optimizer = torch.optim.SGD(model.parameters(), 1e30)
    with vg.watch(model, every=1) as watch:
        for _ in range(4):
            optimizer.zero_grad()
            cross_entropy(model(X), Y).backward()
            optimizer.step()
    assert watch.findings[0].kind == "non-finite values" and watch.findings[0].first > 0


def test_an_update_belongs_to_the_whole_step_of_accumulated_gradients():
    model, twin = (made(lambda: chain(3, 30, nn.Tanh)) for _ in range(2))
    parts = train(model, (X, Y), 2, torch.optim.SGD(model.parameters(), 0.01), 100, parts=4)
    whole = train(twin, (X, Y), 2, torch.optim.SGD(twin.parameters(), 0.04), 100)
    assert parts.history.step.tolist() == whole.history.step.tolist() == [0]
    assert np.nanmax(parts.history.update) > 0
    assert parts.history.update == pytest.approx(whole.history.update, rel=1e-3, nan_ok=True)


def test_evaluation_inside_the_loop_is_not_counted():
    model = made(lambda: chain(3, 30, nn.ReLU, he))
    with vg.watch(model, every=2) as watch:
        for _ in range(4):
            model.train()
            cross_entropy(model(X), Y).backward()
            with torch.no_grad():
                model(X)
            model.eval()
            model(X)
    assert watch.history.step.tolist() == [0, 2] and watch._watcher.passes == 4
    assert np.isnan(watch.history.update).all()  # there was no step


def test_a_pass_from_which_nobody_goes_back_is_left_out():
    model = made(lambda: chain(3, 30, nn.ReLU, he))
    with vg.watch(model, every=10) as watch:
        model(X)
        cross_entropy(model(X), Y).backward()
        model(X)
    assert watch.history.step.tolist() == [1]


def test_a_loop_that_raises_leaves_no_hook():
    model = resnet()

    def loop(x):
        with vg.watch(model, every=1):
            cross_entropy(model(x), PHOTOS[1])
            raise ZeroDivisionError

    for x, error in ((PHOTOS[0], ZeroDivisionError), (X, RuntimeError)):
        with pytest.raises(error):
            loop(x)
        assert hooks(model) == []


def test_nested_watches_and_one_that_is_used_again():
    model = made(lambda: chain(3, 30, nn.ReLU, he))
    with vg.watch(model, every=4) as outer:
        inner = train(model, (X, Y))
        with pytest.raises(RuntimeError, match="used once"):
            inner.__enter__()
    assert outer.history.step.tolist() == [0, 4] and inner.history.step.tolist() == [0, 3, 6]
    assert np.array_equal(outer.history.gradient[0], inner.history.gradient[0], equal_nan=True)
    assert hooks(model) == []


def test_a_frozen_model_and_frozen_layers():
    model = made(lambda: chain(3, 30, nn.ReLU, he))
    model.layer1.requires_grad_(False)
    assert train(model, (X, Y)).findings == ()
    model.requires_grad_(False)
    with vg.watch(model, every=2) as watch:
        for _ in range(3):
            model(X)
    [found] = watch.findings
    assert found.kind == "no gradient" and found.count == 2


def test_a_layer_that_gets_no_gradient_is_named():
    model = made(Shared)
    model.unused = nn.Linear(3, 3)
    [found] = train(model, (X, Y), optimizer=torch.optim.SGD(model.parameters(), 0.1)).findings
    assert found.kind == "no gradient" and found.finding.layers == ("unused",)


@pytest.mark.parametrize("calls", [{0, 3}, {1}, {3}])
def test_a_layer_that_some_passes_leave_out_is_no_finding(calls):
    class Sometimes(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.maybe = chain(3, 30, nn.ReLU, he), nn.Linear(20, 20)
            self.passes = 0

        def forward(self, x):
            x = self.maybe(x) if self.passes in calls else x
            self.passes += 1
            return self.body(x)

    model = made(Sometimes)  # passes 0, 3 and 6 are watched
    assert train(model, (X, Y)).findings == ()
    assert not model.maybe._forward_pre_hooks
    [found] = train(model, (X, Y)).findings  # from the seventh pass on it is never called
    assert found.finding.layers == ("maybe",) and found.count == 3


def test_outputs_of_many_kinds_are_followed():
    class Many(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = chain(4, 30, nn.ReLU, he)

        def forward(self, x, half=None):
            return {"logits": self.body(x), "label": [self.body(x).argmax(1)]}

    model = made(Many)
    with vg.watch(model, every=1) as watch:
        cross_entropy(model(x=X)["logits"], Y).backward()
    assert watch.findings == () and len(watch.history.layers) == 9


def test_a_layer_that_gets_no_sample_is_followed():
    class Routed(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(20, 20), nn.Linear(20, 20)
            self.out = chain(3, 20, nn.ReLU, he)

        def forward(self, x):
            return self.out(torch.cat([self.one(x), self.two(x[len(x) :])]))

    model = made(Routed)
    history = train(model, (X, Y)).history
    assert (history.gradient[:, history.layers.index("one")] > 0).all()
    assert (history.gradient[:, history.layers.index("two")] == 0).all()
    vg.diagnose(model, (X, Y), cross_entropy).assert_healthy()


def test_a_parametrisation_goes_on_bit_for_bit():
    ends = []
    for watched in (False, True):
        model = made(lambda: chain(5, 30, nn.Tanh))
        for number in range(1, 6):
            nn.utils.parametrizations.spectral_norm(model.get_submodule(f"layer{number}"))
        watch = train(model, (X, Y), watched=watched)
        ends.append([each.detach().numpy().tobytes() for each in model.state_dict().values()])
    assert ends[0] == ends[1]
    points = watch._watcher.moments[0].trace.points
    assert all(0 < point.weights.mean_square < 1 for point in points[1:])


def test_a_sparse_gradient_is_measured():
    rows = []
    for sparse in (False, True):
        body = made(lambda s=sparse: nn.Sequential(nn.Embedding(50, 10, sparse=s), nn.Flatten()))
        model = nn.Sequential(body, chain(3, 30, nn.ReLU, he))
        words = torch.arange(32).reshape(16, 2)
        assert vg.diagnose(model, (words, Y), cross_entropy).healthy
        history = train(model, (words, Y), 3, torch.optim.SGD(model.parameters(), 0.1)).history
        rows.append(history.weight_gradient[0])
    assert rows[0] == pytest.approx(rows[1], nan_ok=True) and rows[0][0] > 0


def test_a_layer_normalisation_is_looked_at_before_its_graph_is_gone():
    model = made(lambda: chain(4, 30, nn.Tanh, norm=nn.LayerNorm))
    watch = train(model, (X, Y))
    assert watch.history.step.tolist() == [0, 3, 6]
    operations = {point.operations for point in watch._watcher.moments[0].trace.points[:-1]}
    assert operations == {("layer_norm", "tanh")}


def test_a_layer_alone_and_a_recomputed_one_are_followed():
    model = made(lambda: nn.Linear(20, 10))
    watch = train(model, (X, Y))
    assert watch.history.layers == ("Linear",) and (watch.history.gradient > 0).all()

    class Recomputed(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(20, 20), nn.Linear(20, 10)

        def forward(self, x):
            return self.two(checkpoint(lambda h: self.one(h).relu(), x, use_reentrant=False))

    watch = train(made(Recomputed), (X, Y))
    assert watch.history.layers[:2] == ("one", "two") and watch.findings == ()


def test_low_precision_and_tiny_gradients_keep_their_sizes():
    sizes = []
    for scale in (1.0, 2.0**-100):
        model = made(lambda: chain(5, 30, nn.ReLU, he))
        with vg.watch(model, every=1) as watch:
            (scale * cross_entropy(model(X), Y)).backward()
        sizes.append(watch.history.gradient / scale)
    assert sizes[0] == pytest.approx(sizes[1], rel=1e-5, nan_ok=True)
    model = made(lambda: chain(3, 30, nn.ReLU, he).bfloat16())
    with vg.watch(model, every=1) as watch:
        cross_entropy(model(X.bfloat16()), Y).backward()
    assert watch._watcher.moments[0].trace.precision == "bfloat16" and watch.findings == ()


def test_the_graph_of_a_watched_pass_is_let_go():
    model = made(lambda: chain(3, 30, nn.ReLU, he))
    with vg.watch(model, every=100):
        output = model(X)
        alive = weakref.ref(output)
        cross_entropy(output, Y).backward()
        del output
        model(X).sum().backward()
        gc.collect()
        assert alive() is None


@pytest.mark.parametrize(
    "error, words, make",
    [
        (ValueError, "must have parameters", nn.ReLU),
        (ValueError, "call model", lambda: nn.LazyLinear(3)),
        (TypeError, "torch.compile", lambda: torch.compile(nn.Linear(2, 2), backend="eager")),
        (TypeError, "with the brackets", lambda: nn.Linear),
        (TypeError, "before torch.jit.script", scripted),
        (ValueError, "on the device 'meta'", lambda: nn.Linear(2, 2, device="meta")),
    ],
)
def test_what_cannot_be_watched_says_so(error, words, make):
    with pytest.raises(error, match=words):
        vg.watch(make())


def test_a_model_without_a_training_pass_says_so():
    model = made(lambda: chain(3, 30, nn.ReLU, he)).eval()
    with vg.watch(model) as watch:
        model(X)
    assert "no forward pass in training mode" in repr(watch) and watch.findings == ()
    with pytest.raises(ValueError, match="no step"):
        watch.explore()


def test_a_figure_of_a_module_has_a_slider_of_its_steps():
    figure = train(made(lambda: chain(5, 30, nn.ReLU, he)), (X, Y)).explore()
    assert figure.controls[1].values == (0, 3, 6)
    assert "layer1" in figure.describe() and "out" in figure.describe(step=6)
    assert figure(step=3, quantity="signal").axes


def test_fit_of_keras_is_watched_and_goes_on_bit_for_bit():
    ends = []
    for watched in (False, True):
        model = convolutions()
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        options = {"batch_size": 4, "epochs": 2, "verbose": 0, "validation_data": PICTURES}
        if watched:
            with vg.watch(model, every=3) as watch:
                model.fit(*PICTURES, **options)
                model(PICTURES[0])  # as after training, and not counted
        else:
            model.fit(*PICTURES, **options)
        ends.append([each.value.detach().numpy().tobytes() for each in model.variables])
        assert [h for layer in model._flatten_layers() for h in hooks(layer)] == []
    assert ends[0] == ends[1]
    assert watch.history.step.tolist() == [0, 3, 6] and watch._watcher.passes == 8
    assert watch.findings == ()
    convs = [j for j, name in enumerate(watch.history.layers) if "conv" in name]
    assert len(convs) == 3 and (watch.history.update[:, convs] > 0).all()
    assert "Keras" in repr(watch)


def test_layers_of_keras_have_their_activations_back():
    model = keras_chain(3, "relu", "he_normal")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with vg.watch(model, every=1) as watch:
        loss(Y, model(X, training=True)).backward()
        assert model.layers[0].activation is not keras.activations.relu
    assert all(layer.activation is keras.activations.relu for layer in model.layers[:-1])
    assert watch.history.layers == ("hidden1", "hidden2", "hidden3", "out")
    assert np.isfinite(watch.history.dead[0, :3]).all()
