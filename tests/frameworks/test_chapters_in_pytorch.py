"""The experiments of the chapters in PyTorch, beside vgtools with the same weights and order."""

import json
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import vgtools as vg

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
FILES = sorted((CHAPTERS / "pytorch").glob("*.py"))
DATA = vg.datasets.digits(seed=0)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def script(name):
    """Return what a file defines, without running its experiment."""
    return SimpleNamespace(**runpy.run_path(str(CHAPTERS / "pytorch" / f"{name}.py")))


def hand_over(network, model):
    """Give the dense layers of a network, weights and biases, to the model."""
    layers = [part for part in model.modules() if isinstance(part, nn.Linear)]
    for dense, layer in zip(network.dense, layers, strict=True):
        layer.weight.data = torch.tensor(dense.weight.value.T)
        layer.bias.data = torch.tensor(dense.bias.value)
    return model


@pytest.fixture
def same_order(monkeypatch):
    """Shuffle in PyTorch as `vg.train` does with seed 0."""
    rng = np.random.default_rng(0)
    monkeypatch.setattr(torch, "randperm", lambda n: torch.from_numpy(rng.permutation(n)))


def train(network, rule, rate, batch_size, epochs, images=1400, **options):
    """Train as a chapter does; return the loss at the end."""
    history = vg.train(
        network,
        options.pop("x", DATA.x_train)[:images],
        DATA.y_train[:images],
        epochs=epochs,
        batch_size=batch_size,
        optimiser=vg.optimiser(rule, learning_rate=rate),
        seed=0,
        **options,
    )
    return history.loss[-1]


# What a page says about its script

NUMBER = r"\d+(?:\.\d+)?(?:e[+-]\d+)?"


def box(name):
    """Return the box of a chapter, and all that its cells put out."""
    notebook = json.loads((CHAPTERS / f"{name}.ipynb").read_text(encoding="utf-8"))
    [cell] = [cell for cell in notebook["cells"] if cell["id"] == "pytorch"]
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return "".join(cell["source"]), json.dumps(outputs, ensure_ascii=False)


def test_every_script_has_a_chapter_that_shows_it():
    showing = [
        path for path in CHAPTERS.glob("*.ipynb") if '"id": "pytorch"' in path.read_text("utf-8")
    ]
    names = [path.stem for path in FILES]
    assert sorted(path.stem for path in showing) == names and len(names) >= 17
    for name in names:
        text, _ = box(name)
        assert f"[{name}.py](pytorch/{name}.py)" in text
        assert f"```{{literalinclude}} pytorch/{name}.py\n:language: python\n```" in text


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_a_script_prints_what_its_page_says(name, capsys):
    [said] = re.findall(r"```text\n(.*?)```", box(name)[0], re.S)
    runpy.run_path(str(CHAPTERS / "pytorch" / f"{name}.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert re.sub(NUMBER, "#", printed) == re.sub(NUMBER, "#", said)
    pairs = zip(re.findall(NUMBER, printed), re.findall(NUMBER, said), strict=True)
    for now, then in pairs:  # training amplifies rounding, which another processor does otherwise
        assert float(now) == pytest.approx(float(then), rel=0.25, abs=0.02)


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_the_numbers_of_the_chapter_are_in_its_outputs(name):
    text, outputs = box(name)
    [compared] = re.findall(r"```\n\n(.*?)\n\n```", text, re.S)
    numbers = [number for number in re.findall(NUMBER, compared) if len(number) > 1]
    assert numbers
    assert [number for number in numbers if number not in re.findall(NUMBER, outputs)] == []


# What is measured before training: equal to rounding


def close(value):
    return pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_the_images_are_those_of_the_chapters(name):
    its = script(name)
    if name == "01_logit":
        nine = [8 * row + column for row in (2, 3, 4) for column in (3, 4, 5)]
        assert np.abs(its.x.numpy() - DATA.x_train[:, nine]).max() < 1e-12
        assert np.all(its.y.numpy() == (DATA.y_train == 8))
    elif name == "09_rnn_lstm":
        assert np.abs(its.pixels[:, :, 0].numpy() - DATA.x_test[:20].T).max() < 1e-12
    elif name not in ("11_order_and_chaos", "15_long_sequences"):
        images, labels = DATA.x_train[: len(its.x)], DATA.y_train[: len(its.x)]
        accuracy = 1e-5 if its.x.dtype == torch.float32 else 1e-12
        assert np.abs(its.x.numpy() - images).max() < accuracy
        assert np.all(its.y.numpy() == labels)


@pytest.mark.parametrize(
    "activation, recipe",
    [("sigmoid", "glorot"), ("relu", "glorot"), ("relu", "he")],
)
def test_intro(activation, recipe):
    its = script("intro")
    network = vg.MLP([64] + [64] * 50 + [10], activation, recipe, seed=3)
    flow = vg.gradient_flow(network, DATA.x_train[:200], DATA.y_train[:200])
    function = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[activation]
    model = hand_over(network, its.network(function, nn.init.zeros_))
    assert its.factor(model) == close(flow.backward_factor)


def test_01_logit():
    its = script("01_logit")
    nine = its.x.numpy()
    network = vg.MLP([9, 1], seed=3)
    model = hand_over(network, nn.Linear(9, 1).double())
    loss = vg.train(
        network,
        nine,
        (DATA.y_train == 8).astype(int),
        epochs=1500,
        batch_size=None,
        optimiser=vg.optimiser("sgd", learning_rate=3.0),
        loss="binary_cross_entropy",
    ).loss[-1]
    assert its.descent(model) == close(loss)
    assert its.newton() == pytest.approx(loss, abs=1e-8)


def test_02_sigmoid():
    its = script("02_sigmoid")
    network = vg.MLP([64, 30, 30, 30, 30, 10], "sigmoid", "lecun", seed=3)
    flow = vg.gradient_flow(network, DATA.x_train, DATA.y_train)
    assert its.gradients(hand_over(network, its.network())) == close(flow.gradient)


@pytest.mark.parametrize("recipe", ["uniform", "glorot"])
def test_03_tanh(recipe):
    its = script("03_tanh")
    network = vg.MLP([64] + [1000] * 5 + [10], "tanh", recipe, seed=3)
    gradient = vg.gradient_flow(network, DATA.x_train[:100], DATA.y_train[:100]).gradient
    model = hand_over(network, its.network(nn.init.zeros_))
    assert its.ratio(model) == close((gradient[0] / gradient[-1]) ** 2)


@pytest.mark.parametrize("forget_bias", [None, 1.0, 5.0])
def test_09_rnn_lstm(forget_bias):
    its = script("09_rnn_lstm")
    recipe = vg.initialiser("spectral_radius", radius=1.0)
    if forget_bias is None:
        layer = vg.networks.RNNLayer(1, 32, recurrent_init=recipe, seed=3)
        cell = its.network(nn.RNNCell)
    else:
        layer = vg.networks.LSTMLayer(1, 32, forget_bias=forget_bias, recurrent_init=recipe, seed=3)
        cell = its.network(nn.LSTMCell, forget_bias)
        assert np.all(cell.bias_ih.data.numpy() == layer.bias.value)
    cell.weight_ih.data = torch.tensor(layer.input_weight.value.T)
    cell.weight_hh.data = torch.tensor(layer.recurrent_weight.value.T)
    gradient = np.zeros((64, 20, 32))
    gradient[-1] = np.random.default_rng(3).normal(size=(20, 32))
    layer.forward(its.pixels.numpy())
    layer.backward(gradient)
    arrives = layer.state_gradients if forget_bias is None else layer.cell_gradients
    share = np.linalg.norm(arrives[0]) / np.linalg.norm(arrives[-1])
    assert its.arriving(cell, torch.tensor(gradient[-1])) == close(share)


@pytest.mark.parametrize("chi", [0.8, 1.1])
def test_11_order_and_chaos(chi):
    its = script("11_order_and_chaos")
    weight_std = float(chi / its.SLOPE) ** 0.5
    assert vg.theory.chi("tanh", weight_std, 1.0) == pytest.approx(chi, abs=1e-6)
    torch.manual_seed(3)
    model, (inputs, gradient) = its.network(chi), torch.randn(2, 16, 400).double()
    # A network of vgtools begins with weights, a layer of this chapter with its tanh.
    network = vg.MLP([400] * 10, "tanh", "identity")
    layers = [part for part in model if isinstance(part, nn.Linear)]
    for dense, layer in zip(network.dense[1:], layers, strict=True):
        dense.weight.value[:] = layer.weight.data.numpy().T
        dense.bias.value[:] = layer.bias.data.numpy()
    variances = [dense.weight.value.var() * 400 for dense in network.dense[1:]]
    assert np.mean(variances) == pytest.approx(weight_std**2, rel=0.02)
    network.forward(inputs.numpy())
    network.backward(gradient.numpy())
    back = [layer.delta for layer in network.hidden] + [gradient.numpy()]
    squares = np.array([np.sum(delta**2, axis=1) for delta in back])
    assert its.factor(model, inputs, gradient) == close(np.mean(squares[:-1] / squares[1:]))


@pytest.mark.parametrize("kind", ["Identity", "BatchNorm1d", "LayerNorm"])
def test_13_normalisation(kind):
    its = script("13_normalisation")
    name = {"Identity": None, "BatchNorm1d": "batch", "LayerNorm": "layer"}[kind]
    init = vg.initialiser("normal", std=np.sqrt(2 / 64))
    network = vg.MLP([64] + [64] * 30 + [10], "relu", init, 3, normalisation=name)
    flow = vg.gradient_flow(network, DATA.x_train[:100], DATA.y_train[:100], training=True)
    model = hand_over(network, its.network(getattr(nn, kind)))
    assert its.growth(model) == close(flow.gradient[0] / flow.gradient[-1])


@pytest.mark.parametrize("place", ["pre", "post"])
def test_14_attention_and_depth(place):
    its = script("14_attention_and_depth")
    options = {"activation": "relu", "hidden": 64, "place": place, "seed": 3}
    network = vg.networks.Transformer([8, 64, 10], 8, 12, 4, **options)
    model = its.Network(place == "pre")
    model.places.data = torch.tensor(network.layers[1].vectors.value)
    # Biases and shifts start at 0, gains at 1: the script leaves the first two out.
    layers = [model.embedding]
    for block, mix in zip(model.blocks, network.attention, strict=True):
        attends = np.hstack([mix.query.value, mix.key.value, mix.value.value])
        block.self_attn.in_proj_weight.data = torch.tensor(attends.T)
        block.self_attn.out_proj.weight.data = torch.tensor(mix.output.value.T)
        layers += [block.linear1, block.linear2]
    for dense, layer in zip(network.dense, [*layers, model.readout], strict=True):
        layer.weight.data = torch.tensor(dense.weight.value.T)
    logits = network.forward(DATA.x_train[:100].reshape(-1, 8, 8))
    network.backward(vg.loss("cross_entropy")(logits, DATA.y_train[:100])[1])
    ours = [[part.query.gradient, part.value.gradient] for part in network.attention]
    assert its.gradients(model).T == close(np.linalg.norm(ours, axis=(2, 3)))


@pytest.mark.parametrize("exponential", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
def test_15_long_sequences(exponential, scaled):
    its = script("15_long_sequences")
    layer = vg.networks.LinearRecurrence(1, 1, 1, ring=(0.9, 0.99), phase=0, seed=3)
    nu = layer.nu.value[0]
    kappa, factor = np.exp(nu), np.exp(-np.exp(nu))
    for parameter in layer.parameters()[2:]:  # inputs and states as they are
        parameter.value[:] = parameter.name.endswith(("B real", "C real"))
    if scaled:
        layer.log_gamma.value[:] = np.log(1 - factor**2) / 2
    inputs, last, found = np.random.default_rng(3).normal(size=(60, 5)), np.zeros((60, 1, 1)), []
    last[-1] = 1
    for sequence in inputs.T:
        layer.forward(sequence.reshape(-1, 1, 1))
        layer.backward(last)
        # In the script gamma follows the factor.
        of_gamma = kappa * factor**2 / (1 - factor**2) * layer.log_gamma.gradient[0]
        by_nu = layer.nu.gradient[0] + scaled * of_gamma
        found.append(by_nu if exponential else by_nu / (-kappa * factor))
    learned = torch.tensor(nu if exponential else factor)
    slopes = its.derivatives(learned, exponential, scaled, torch.tensor(inputs))
    assert slopes.numpy() == close(np.array(found))


@pytest.mark.parametrize("rule", ["sgd", "adam"])
@pytest.mark.parametrize("mup", [False, True])
def test_16_large_models(rule, mup):
    its = script("16_large_models")
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[rule]
    rate, handed = its.RULES[kind], {}

    def make(width):
        network = vg.MLP([64, width, width, 10], "tanh", "lecun", seed=3)
        network.dense[0].weight.value *= 8
        if mup:
            vg.networks.maximal_update(network, its.WIDTHS[0], rule)
        model = handed[width] = its.network(width, mup)
        for layer, dense in zip(model[::2], network.dense, strict=True):
            assert layer.weight.std().item() == pytest.approx(dense.weight.value.std(), rel=0.1)
        hand_over(network, model)
        return network, vg.optimiser(rule, learning_rate=rate)

    images = DATA.x_train[:100] / 8
    ours = vg.coordinate_check(make, its.WIDTHS[:2], images, DATA.y_train[:100])
    for (width, model), change in zip(handed.items(), ours.change, strict=True):
        found = its.change(model, its.optimizer(model, kind, mup))
        assert found == pytest.approx(change, rel=1e-6), width


# What is trained: equal to rounding, as long as training does not amplify it


def test_04_relu(same_order):
    its = script("04_relu")
    network = vg.MLP([64] + [64] * 30 + [10], "relu", "he", seed=3)
    model = hand_over(network, its.network(nn.init.zeros_))
    loss = train(network, "sgd", 0.02, 64, epochs=1)
    assert its.trained(model, epochs=1) == pytest.approx(loss, rel=1e-7)


def test_05_leaky_relu(same_order):
    its = script("05_leaky_relu")
    leaky = vg.activation("leaky_relu", alpha=0.25)
    network = vg.MLP([64, 128, 128, 128, 10], leaky, "he", seed=3)
    model = hand_over(network, its.network(0.25))
    its.switch_off(model)
    h = DATA.x_train[:300]
    for dense, layer in zip(network.dense, network.hidden):
        dense.bias.value[:64] = -(h @ dense.weight.value).max(axis=0)[:64] - 0.1
        h = layer.forward(dense.forward(h))
    train(network, "sgd", 0.1, 30, epochs=10, images=300)
    network.forward(DATA.x_train[:300])
    on = (network.hidden[0].pre_activation[:, :64] > 0).any(axis=0).mean()
    assert its.back(model, epochs=10) == on > 0.05


def test_06_prelu(same_order):
    its = script("06_prelu")
    network = vg.MLP([64, 128, 128, 128, 10], vg.networks.PReLU(per="layer"), "he", seed=3)
    model = hand_over(network, its.network())
    train(network, "sgd", 0.05, 32, epochs=2)
    slopes = [layer.slope.value[0] for layer in network.hidden]
    assert its.slopes(model, epochs=2) == pytest.approx(slopes, rel=1e-7)


def test_07_rrelu(same_order, monkeypatch):
    its = script("07_rrelu")
    network = vg.MLP([64] + [32] * 20 + [10], vg.networks.RReLU(), "he", seed=3)
    model = hand_over(network, its.network())
    drawn = []
    draw = vg.networks.RReLULayer._draw
    monkeypatch.setattr(
        vg.networks.RReLULayer,
        "_draw",
        lambda layer, shape: drawn.append(draw(layer, shape)) or drawn[-1],
    )
    loss = train(network, "sgd", 0.005, 32, epochs=1)
    assert min(map(np.min, drawn)) > 1 / 8 and max(map(np.max, drawn)) < 1 / 3
    draws = iter(drawn)

    def uniform(divisor, low, high):
        assert (low, high) == (3, 8)
        return divisor.copy_(torch.from_numpy(1 / next(draws)))

    monkeypatch.setattr(torch.Tensor, "uniform_", uniform)
    assert its.trained(model, epochs=1) == pytest.approx(loss, rel=1e-7)


@pytest.mark.parametrize("name", ["elu", "relu"])
def test_08_elu(name, same_order):
    its = script("08_elu")
    network = vg.MLP([64] + [128] * 8 + [10], name, "he", seed=3, dtype=np.float32)
    model = hand_over(network, its.network({"elu": nn.ELU(), "relu": nn.ReLU()}[name]))
    network.forward(DATA.x_train[:400])
    means = [layer.output.mean(axis=0) for layer in network.hidden]
    assert its.median_mean(model) == pytest.approx(np.median(means), rel=1e-4)
    loss = train(network, "sgd", 0.01, 64, epochs=1)
    assert its.trained(model, epochs=1) == pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize("kind", ["Sigmoid", "Tanh", "Softsign", "ReLU", "ELU", "SELU", "GELU"])
def test_10_variations(kind, same_order):
    its = script("10_variations")
    f, gain = getattr(nn, kind)(), vg.theory.matched_gain(kind.lower())
    assert its.matched_gain(f).item() == pytest.approx(gain, rel=1e-6)
    init = vg.initialiser("fan_in", gain=gain)
    network = vg.MLP([64] + [64] * 12 + [10], kind.lower(), init, seed=3)
    images = DATA.x_train / gain / np.sqrt(np.mean(DATA.x_train**2))
    model = hand_over(network, its.network(f))
    loss = train(network, "sgd", 0.03, 50, epochs=1, images=500, x=images)
    assert its.trained(model, torch.tensor(images), epochs=1) == pytest.approx(loss, rel=1e-7)


@pytest.mark.parametrize("shortcut, residual", [("none", False), ("scaled", True)])
def test_12_shortcuts(shortcut, residual, same_order):
    its = script("12_shortcuts")
    network = vg.ResidualMLP([64, 32, 10], 20, "relu", "he", 3, np.float32, shortcut=shortcut)
    model = hand_over(network, its.Network(20, residual))
    loss = train(network, "adam", 0.001, 100, epochs=1)
    assert its.trained(model, epochs=1) == pytest.approx(loss, rel=1e-3)
