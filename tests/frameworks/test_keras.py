"""Keras 3 models on the PyTorch backend: what is found, and that they stay as they were."""

import random
import subprocess
import sys

import keras
import numpy as np
import pytest
import torch
from keras import layers
from keras.src.backend.common.global_state import GLOBAL_STATE_TRACKER

from vgtools.diagnosis import diagnose
from vgtools.diagnosis.keras.layers import stand_in

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(32, 20)), RNG.integers(10, size=32)
PICTURES = RNG.normal(size=(16, 16, 16, 3)).astype("float32"), RNG.integers(10, size=16)
WORDS = RNG.integers(50, size=(16, 12)), RNG.integers(10, size=16)
SERIES = RNG.normal(size=(16, 30, 5)).astype("float32"), RNG.integers(10, size=16)
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def chain(depth, activation, init, dropout=0.0):
    keras.utils.set_random_seed(0)
    parts = [keras.Input((20,))]
    for number in range(1, depth + 1):
        parts.append(layers.Dense(50, activation, kernel_initializer=init, name=f"hidden{number}"))
        if dropout:
            parts.append(layers.Dropout(dropout))
    return keras.Sequential([*parts, layers.Dense(10, name="out")])


def residual():
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((20,))
    x = layers.Dense(64)(x)
    for _ in range(6):
        f = layers.LayerNormalization()(x)
        f = layers.Dense(64, "gelu")(f)
        x = layers.add([x, layers.Dense(64)(f)])
    return keras.Model(inputs, layers.Dense(10)(layers.LayerNormalization()(x)))


def convolutions():
    keras.utils.set_random_seed(0)
    parts = [keras.Input((16, 16, 3))]
    for width in (16, 16, 32):
        parts += [layers.Conv2D(width, 3, padding="same", kernel_initializer="he_normal")]
        parts += [layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D()]
    return keras.Sequential([*parts, layers.Flatten(), layers.Dropout(0.3), layers.Dense(10)])


def lstm():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((8, 5)), layers.LSTM(32), layers.Dense(10)])


def transformer():
    keras.utils.set_random_seed(0)
    words = keras.Input((12,), dtype="int32")
    x = layers.Embedding(50, 32)(words)
    for _ in range(3):
        n = layers.LayerNormalization()(x)
        x = layers.add([x, layers.MultiHeadAttention(4, 8, dropout=0.1)(n, n)])
        n = layers.LayerNormalization()(x)
        x = layers.add([x, layers.Dense(32)(layers.Dense(64, "gelu")(n))])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(words, layers.Dense(10)(x))


class Two(keras.Model):
    """Take a dictionary, keep moving statistics, draw from everywhere, and raise if told to."""

    def __init__(self):
        super().__init__()
        self.one, self.two = layers.Dense(16, "relu"), layers.Dense(16, "tanh")
        self.norm, self.out = layers.BatchNormalization(), layers.Dense(10)
        self.raises = False

    def call(self, x, training=False):
        noise = keras.random.normal((1,)) + random.random() + float(torch.rand(()))
        h = self.norm(self.one(x["left"]) + self.two(x["right"]) + noise, training=training)
        if self.raises:
            raise ArithmeticError("in the middle")
        return self.out(h)


HEALTHY = {
    "sequential": (lambda: chain(10, "relu", "he_normal", 0.1), (X, Y)),
    "functional, residual": (residual, (X, Y)),
    "convolutions, batch normalisation": (convolutions, PICTURES),
    "LSTM": (lstm, (SERIES[0][:, :8], SERIES[1])),
    "attention": (transformer, WORDS),
}


def kinds(found):
    return [each.kind for each in found.findings]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_model_has_no_finding(name):
    make, batch = HEALTHY[name]
    found = diagnose(make(), batch, LOSS)
    assert found.findings == () and found.trace.framework == "Keras"
    assert found.trace.frozen == () and found.trace.samples == len(batch[1])


def test_a_deep_sigmoid_chain_vanishes_where_it_is_and_as_theory_says():
    found = diagnose(chain(12, "sigmoid", "glorot_uniform"), (X, Y), LOSS)
    assert kinds(found) == ["vanishing"]
    assert [point.name for point in found.trace.points] == [f"hidden{n}" for n in range(1, 13)]
    assert found.findings[0].layers[0] == "hidden1"
    assert "sigmoid" in found.findings[0].why
    assert found.expected == pytest.approx(found.rate, rel=0.1)


def test_rectifiers_without_he_vanish():
    found = diagnose(chain(20, "relu", keras.initializers.RandomNormal(stddev=0.05)), (X, Y), LOSS)
    assert kinds(found) == ["vanishing"]
    assert "kernel_initializer='he_normal'" in found.findings[0].advice


def test_the_rates_of_a_model_are_those_of_its_twin_in_pytorch():
    model = chain(8, "tanh", "glorot_uniform")
    twin = torch.nn.Sequential()
    for layer in model.layers:
        linear = torch.nn.Linear(*layer.kernel.shape)
        linear.weight.data = layer.kernel.value.data.T.clone()
        linear.bias.data = layer.bias.value.data.clone()
        twin.add_module(layer.name, linear)
        if layer.name != "out":
            twin.add_module(layer.name + "_act", torch.nn.Tanh())
    batch = torch.tensor(X, dtype=torch.float32), torch.tensor(Y)
    ours = diagnose(model, (X, Y), LOSS)
    theirs = diagnose(twin, batch, torch.nn.functional.cross_entropy)
    assert ours.rate == pytest.approx(theirs.rate, rel=1e-4)
    assert ours.expected == pytest.approx(theirs.expected, rel=1e-4)
    for one, other in zip(ours.trace.points, theirs.trace.points):
        assert one.signal == pytest.approx(other.signal, rel=1e-4)
        assert one.weight_gradient == pytest.approx(other.weight_gradient, rel=1e-4)
        assert (one.name, one.width) == (other.name, other.width)
    ours, theirs = ([p.operations for p in found.trace.points[:-1]] for found in (ours, theirs))
    assert ours == theirs == [("tanh",)] * 7


def test_a_recurrent_layer_is_followed_through_time():
    keras.utils.set_random_seed(0)
    small = keras.initializers.RandomNormal(stddev=0.02)
    rnn = layers.SimpleRNN(32, recurrent_initializer=small, name="rnn")
    model = keras.Sequential([keras.Input((30, 5)), rnn, layers.Dense(10)])
    found = diagnose(model, SERIES, LOSS)
    assert kinds(found) == ["vanishing"] and found.findings[0].layers == ("rnn",)
    assert found.trace.steps[0].gradient.shape == (30, 16)


def test_channels_are_counted_on_the_axis_on_which_keras_has_them():
    keras.utils.set_random_seed(0)
    dead = layers.Conv2D(8, 3, activation="relu", bias_initializer=keras.initializers.Constant(-99))
    model = keras.Sequential([keras.Input((16, 16, 3)), dead, layers.Flatten(), layers.Dense(10)])
    found = diagnose(model, PICTURES, LOSS)
    assert kinds(found) == ["dead units"] and found.trace.units[0].units == 8


def test_widths_are_read_from_the_axes_that_keras_has():
    layer_of = {
        "conv": (layers.Conv2D(8, 3), (None, 9, 9, 4), (36, 72)),
        "depthwise": (layers.DepthwiseConv2D(3), (None, 9, 9, 4), (9, 9)),
        "separable": (layers.SeparableConv2D(8, 3), (None, 9, 9, 4), (4, 8)),
        "einsum": (layers.EinsumDense("abc,cde->abde", (None, 2, 5)), (None, 7, 30), (30, 10)),
        "embedding": (layers.Embedding(50, 6), (None, 7), (50, 6)),
        "relu": (layers.ReLU(), (None, 7), (1, 1)),
    }
    for name, (layer, shape, fans) in layer_of.items():
        layer.build(shape)
        assert stand_in(layer).fans == fans, name


def test_a_layer_that_reads_in_both_directions_has_no_rate_in_time():
    keras.utils.set_random_seed(0)
    both = layers.Bidirectional(layers.GRU(16))
    model = keras.Sequential([keras.Input((30, 5)), both, layers.Dense(10)])
    found = diagnose(model, SERIES, LOSS)
    assert found.healthy and found.trace.steps == ()
    assert "both directions" in " ".join(found.trace.notes)


@pytest.mark.parametrize("kind, block", [(layers.LSTM, 1), (layers.GRU, 0)])
def test_the_gate_that_keeps_the_state_is_the_one_of_keras(kind, block):
    keras.utils.set_random_seed(0)
    cell = kind(16)
    model = keras.Sequential([keras.Input((8, 5)), cell, layers.Dense(10)])
    bias = np.zeros(cell.cell.bias.shape, "float32")
    bias[..., 16 * block : 16 * (block + 1)] = 1.5
    cell.cell.bias.assign(bias)
    [steps] = diagnose(model, (SERIES[0][:, :8], SERIES[1]), LOSS).trace.steps
    assert steps.cell == kind.__name__
    assert steps.keeping_bias == pytest.approx(1.5 if kind is layers.LSTM else 3.0)


@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.sparse_categorical_crossentropy,
        lambda y_true, y_pred: keras.losses.sparse_categorical_crossentropy(y_true, y_pred),
        None,
    ],
)
def test_every_form_of_a_loss_is_the_same_loss(loss):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((20,)), layers.Dense(9, "tanh"), layers.Dense(10, "softmax")]
    )
    if loss is None:
        model.compile("sgd", "sparse_categorical_crossentropy")
    expected = float(LOSS(Y, keras.ops.log(model(X, training=True))).detach())
    assert diagnose(model, (X, Y), loss).trace.loss == pytest.approx(expected, rel=1e-4)
    assert diagnose(model, (X, Y), loss).healthy


def test_what_layers_add_to_the_loss_counts():
    keras.utils.set_random_seed(0)
    heavy = layers.Dense(10, kernel_regularizer=keras.regularizers.L2(1.0))
    model = keras.Sequential([keras.Input((20,)), heavy])
    found = diagnose(model, (X, Y), LOSS)
    plain = float(LOSS(Y, model(X)).detach())
    added = float(keras.ops.sum(heavy.kernel**2).detach())
    assert found.trace.loss == pytest.approx(plain + added, rel=1e-5)


def test_a_loss_of_pytorch_is_called_in_its_own_order():
    found = diagnose(chain(3, "relu", "he_normal"), (X, Y), torch.nn.CrossEntropyLoss())
    assert found.healthy and found.trace.loss < 10


def state(model):
    every = list(model._flatten_layers())
    variables = [*model.variables, *(v for metric in model.metrics for v in metric.variables)]
    values = [v._value for v in variables]
    hooks = [
        (number, name, list(getattr(layer, name)))
        for number, layer in enumerate(every)
        for name in vars(layer)
        if "hooks" in name and getattr(layer, name) is not None
    ]
    return {
        "values": [each.detach().numpy().tobytes() for each in values],
        "identities": [id(each) for each in values],
        "versions": [each._version for each in values],
        "gradients": [
            None if each.grad is None else (id(each.grad), each.grad.numpy().tobytes())
            for each in values
        ],
        "learns": [(v.trainable, v._value.requires_grad) for v in variables],
        "attributes": [sorted(vars(layer)) for layer in every],
        "activations": [id(getattr(layer, "activation", None)) for layer in every],
        "losses": [list(layer._losses) for layer in every],
        "hooks": hooks,
        "python": random.getstate(),
        "numpy": repr(np.random.get_state()),  # noqa: NPY002
        "torch": torch.get_rng_state().numpy().tobytes(),
        "names": repr(getattr(GLOBAL_STATE_TRACKER, "object_name_uids", None)),
    }


@pytest.mark.parametrize("name", HEALTHY)
def test_a_model_is_bit_for_bit_what_it_was(name):
    make, batch = HEALTHY[name]
    model = make()
    model.compile("adam", LOSS, metrics=["accuracy"])
    model.train_on_batch(*batch)
    before, given = state(model), [each.tobytes() for each in batch]
    diagnose(model, batch)
    assert state(model) == before
    assert [each.tobytes() for each in batch] == given


@pytest.mark.parametrize("raises", [False, True])
def test_a_model_that_draws_and_raises_is_what_it_was(raises):
    keras.utils.set_random_seed(0)
    model = Two()
    batch = {"left": X, "right": X}, Y
    model(batch[0], training=True)
    model.raises = raises
    before = state(model)
    if raises:
        with pytest.raises(ArithmeticError, match="in the middle"):
            diagnose(model, batch, LOSS)
    else:
        diagnose(model, batch, LOSS)
    assert state(model) == before


def test_the_seed_generator_of_keras_itself_goes_on_where_it_was():
    draws = []
    for look in (False, True):
        keras.utils.set_random_seed(3)
        model = Two()
        model({"left": X, "right": X})
        if look:
            diagnose(model, ({"left": X, "right": X}, Y), LOSS)
        draws.append(float(keras.random.uniform((1,))[0]))
    assert draws[0] == draws[1]


def test_layers_that_the_pass_makes_take_no_number_from_later_ones():
    model = chain(3, "relu", "he_normal")
    before = state(model)
    diagnose(model, (X, Y), lambda t, p: LOSS(t, layers.Activation("linear")(p)))
    assert state(model) == before


def test_training_goes_on_as_if_nothing_had_happened():
    weights = []
    for look in (False, True):
        model = convolutions()
        model.compile("adam", LOSS)
        for _ in range(3):
            model.train_on_batch(*PICTURES)
            if look:
                diagnose(model, PICTURES)
        weights.append([each.value.detach().numpy().tobytes() for each in model.variables])
    assert weights[0] == weights[1]


def test_a_frozen_layer_is_named_and_no_fault():
    model = chain(4, "relu", "he_normal")
    model.get_layer("hidden1").trainable = False
    found = diagnose(model, (X, Y), LOSS)
    assert found.healthy
    assert sorted(found.trace.frozen) == ["hidden1.bias", "hidden1.weight"]
    assert found.notes[0].startswith("hidden1: frozen, as trainable is False")


def test_mixed_precision_and_a_shared_layer_are_followed():
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((20,))
    shared = layers.Dense(20, "tanh", dtype="mixed_bfloat16")
    for _ in range(3):
        x = shared(x)
    found = diagnose(keras.Model(inputs, layers.Dense(10)(x)), (X, Y), LOSS)
    assert found.healthy and found.trace.precision == "bfloat16"


@pytest.mark.parametrize(
    "error, words, make, batch, loss",
    [
        (ValueError, "not made yet", lambda: keras.Sequential([layers.Dense(3)]), (X, Y), LOSS),
        (ValueError, "must have weights", lambda: layers.ReLU(), (X, Y), LOSS),
        (TypeError, "a pair .*, not a ndarray", None, X, LOSS),
        (TypeError, "a pair .*, not a tuple of 3", None, (X, Y, Y), LOSS),
        (TypeError, "arrays or tensors, .* not str", None, ("x", Y), LOSS),
        (TypeError, "not NoneType|not list", None, (None, Y), LOSS),
        (TypeError, "must hold numbers, not <U3", None, (X, np.array(["cat"] * len(Y))), LOSS),
        (ValueError, "one sample", None, (X[:0], Y[:0]), LOSS),
        (ValueError, "not compiled", None, (X, Y), None),
        (ValueError, "a name that Keras knows, not 'cross'", None, (X, Y), "cross"),
        (TypeError, "not <class", None, (X, Y), keras.losses.MeanSquaredError),
        (TypeError, "not 3", None, (X, Y), 3),
        (TypeError, "a tensor of one number, not float", None, (X, Y), lambda t, p: 1.0),
        (ValueError, "expected axis -1", None, (X[:, :3], Y), LOSS),
    ],
)
def test_what_does_not_fit_says_what_was_given(error, words, make, batch, loss):
    model = make() if make else chain(3, "relu", "he_normal")
    with pytest.raises(error, match=words):
        diagnose(model, batch, loss)


def test_an_optimiser_is_refused():
    with pytest.raises(TypeError, match="optimizer must be None for a Keras model.*SGD"):
        diagnose(chain(3, "relu", "he_normal"), (X, Y), LOSS, optimizer=keras.optimizers.SGD())


def test_another_backend_is_refused_by_name(monkeypatch):
    model = chain(3, "relu", "he_normal")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="backend 'jax', and 'torch' is accepted"):
        diagnose(model, (X, Y), LOSS)


def test_keras_is_not_imported_for_a_module_of_pytorch():
    code = (
        "import sys, torch, vgtools as vg\n"
        "model = torch.nn.Linear(2, 2)\n"
        "vg.diagnose(model, (torch.ones(4, 2), torch.ones(4, 2)), torch.nn.functional.mse_loss)\n"
        "print('keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
