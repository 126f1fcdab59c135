"""What is no model, no batch and no loss, and what is unusual about those that are."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from zoo import chain, cross_entropy, frozen, he

from vgtools.diagnosis import UnhealthyError, diagnose

X, Y = torch.randn(8, 20, generator=torch.Generator().manual_seed(0)), torch.arange(8)
META = X.to("meta"), Y.to("meta")


def model():
    torch.manual_seed(0)
    return chain(4, 32, nn.ReLU, he)


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(model())


def traced():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.trace(model(), X)


def made_in_inference():
    with torch.inference_mode():
        return model()


class Wrapped(nn.Module):
    """Return what is asked for around the output of a model."""

    def __init__(self, wrap):
        super().__init__()
        self.body, self.wrap = model(), wrap

    def forward(self, *arguments, **keywords):
        x = sum(arguments) if arguments else sum(keywords.values())
        return self.wrap(self.body(x))


class Empty(nn.Module):
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    "error, words, make, batch, loss",
    [
        (TypeError, "torch.nn.Module or a network", lambda: "a model", (X, Y), cross_entropy),
        (
            TypeError,
            r"give Linear\(\), with the brackets",
            lambda: nn.Linear,
            (X, Y),
            cross_entropy,
        ),
        (TypeError, "itself, not its param", lambda: model().parameters(), (X, Y), cross_entropy),
        (TypeError, "itself, .* state_dict", lambda: model().state_dict(), (X, Y), cross_entropy),
        (ValueError, "must have parameters: Empty has none", Empty, (X, Y), cross_entropy),
        (ValueError, "call model", lambda: nn.LazyLinear(3), (X, Y), cross_entropy),
        (TypeError, "a pair .*, not a Tensor", model, X, cross_entropy),
        (TypeError, "a pair .*, not a tuple of 3", model, (X, Y, Y), cross_entropy),
        (TypeError, "must be a tensor, .* not ndarray", model, (X.numpy(), Y), cross_entropy),
        (TypeError, "must be a tensor, .* not NoneType", model, (None, Y), cross_entropy),
        (ValueError, "one sample, not inputs of shape", model, (X[:0], Y[:0]), cross_entropy),
        (TypeError, "not the name 'cross_entropy'.*torch.nn", model, (X, Y), "cross_entropy"),
        (TypeError, r"the class CrossEntropyLoss: give C", model, (X, Y), nn.CrossEntropyLoss),
        (TypeError, "loss must be a function .* not None", model, (X, Y), None),
        (TypeError, r"looks like \(targets, inputs\)", model, (Y, X), cross_entropy),
        (
            ValueError,
            r"not a tensor of shape \(8,\)",
            model,
            (X, Y),
            lambda o, y: F.cross_entropy(o, y, reduction="none"),
        ),
        (TypeError, "not float", model, (X, Y), lambda o, y: cross_entropy(o, y).item()),
        (TypeError, "a real number, not torch.int64", model, (X, Y), lambda o, y: o.argmax()),
        (
            TypeError,
            r"returned a tuple, .*output\[0\]",
            lambda: Wrapped(lambda o: (o, o)),
            (X, Y),
            F.cross_entropy,
        ),
        (
            TypeError,
            r"returned a dict, .*output\['logits'\]",
            lambda: Wrapped(lambda o: {"logits": o}),
            (X, Y),
            F.cross_entropy,
        ),
        (
            ValueError,
            "layer1.weight is on .* 'meta'",
            lambda: model().to("meta"),
            META,
            cross_entropy,
        ),
        (ValueError, "the batch .* 'meta'", model, META, cross_entropy),
        (ValueError, "the batch .* 'meta'", model, (X, Y.to("meta")), cross_entropy),
        (TypeError, "and it is a Rec.*before torch.jit", scripted, (X, Y), cross_entropy),
        (TypeError, "and it is a TopLevelT", traced, (X, Y), cross_entropy),
        (
            TypeError,
            "its part 0 is a Rec",
            lambda: nn.Sequential(scripted()),
            (X, Y),
            cross_entropy,
        ),
        (TypeError, "take a list of str as .*numbers", model, (X, ["cat"] * 8), F.cross_entropy),
        (TypeError, "take an ndarray of int64", model, (X, Y.numpy()), F.cross_entropy),
        (ValueError, r"weight was made inside torch.inf", made_in_inference, (X, Y), cross_entropy),
        (RuntimeError, "shapes cannot be multiplied", model, (X[:, :3], Y), cross_entropy),
        (RuntimeError, "dtype", model, (Y[:, None].expand(8, 20), Y), cross_entropy),
    ],
)
def test_what_does_not_fit_says_what_was_given(error, words, make, batch, loss):
    with pytest.raises(error, match=words):
        diagnose(make(), batch, loss)


@pytest.mark.parametrize(
    "make, batch, loss",
    [
        (lambda: Wrapped(lambda o: (o, o)), (X, Y), lambda o, y: cross_entropy(o[0], y)),
        (
            lambda: Wrapped(lambda o: {"logits": o}),
            (X, Y),
            lambda o, y: cross_entropy(o["logits"], y),
        ),
        (lambda: Wrapped(lambda o: o), ((X, X), Y), cross_entropy),
        (lambda: Wrapped(lambda o: o), ({"one": X, "two": X}, Y), cross_entropy),
        (model, (X, Y), nn.CrossEntropyLoss()),
        (model, (X, Y), lambda o, y: cross_entropy(o, y)[None]),
        (model, (X[:1], Y[:1]), cross_entropy),
        (model, (X, None), lambda o, y: o.square().mean()),
        (lambda: model().eval(), (X, Y), cross_entropy),
        (lambda: model().double(), (X.double(), Y), cross_entropy),
        (lambda: model().bfloat16(), (X.bfloat16(), Y), cross_entropy),
    ],
)
def test_what_is_unusual_is_healthy_all_the_same(make, batch, loss):
    found = diagnose(make(), batch, loss)
    assert found.findings == ()
    assert len(found.trace.points) == 4
    found.assert_healthy()


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_caller_without_gradients_gets_the_same_answer(mode):
    network = model()
    plain = diagnose(network, (X, Y), cross_entropy)
    with mode():
        found = diagnose(network, (X.clone(), Y), cross_entropy)
    assert repr(found) == repr(plain) and found.rate == plain.rate


def test_targets_that_the_loss_alone_reads_are_what_it_likes():
    names = [f"class {number}" for number in Y.tolist()]

    def by_name(output, targets):
        return cross_entropy(output, torch.tensor([int(each.split()[1]) for each in targets]))

    assert diagnose(model(), (X, names), by_name).healthy

    def by_key(output, targets):
        return {}["a name that this loss looks up"]

    with pytest.raises(KeyError, match="a name that this loss looks up"):
        diagnose(model(), (X, names), by_key)


def test_a_layer_that_reads_whole_numbers_may_be_called_a_norm():
    class Normalise(nn.Module):
        def forward(self, pictures):
            return pictures.float() / 128 - 1

    pictures = torch.randint(256, (len(Y), 20), dtype=torch.uint8)
    network = nn.Sequential(Normalise(), nn.Linear(20, 10))
    assert diagnose(network, (pictures, Y), cross_entropy).healthy


def test_mixed_precision_of_the_caller_is_measured():
    with torch.autocast("cpu", torch.bfloat16):
        found = diagnose(model(), (X, Y), cross_entropy)
    assert found.trace.precision == "bfloat16" and found.healthy


def test_inputs_that_are_not_finite_are_found_before_any_layer():
    broken = X.clone()
    broken[3, 4] = float("nan")
    [finding] = diagnose(model(), (broken, Y), cross_entropy).findings
    assert (finding.kind, finding.layers) == ("non-finite values", ("the input",))
    network = model()
    network.layer2.bias.data[0] = float("inf")
    [finding] = diagnose(network, (X, Y), cross_entropy).findings
    assert finding.layers == ("layer2.bias",)


def test_a_frozen_beginning_is_no_fault_and_noted():
    network = model()
    network.layer1.requires_grad_(False)
    network.layer3.bias.requires_grad_(False)
    found = diagnose(network, (X, Y), cross_entropy)
    assert found.healthy
    assert found.trace.frozen == ("layer1.weight", "layer1.bias", "layer3.bias")
    [note] = found.notes
    assert note.startswith("layer1, layer3.bias: frozen, as requires_grad is False")
    assert note.endswith("The path begins at layer2")
    assert diagnose(model(), (X, Y), cross_entropy).notes == ()


@pytest.mark.parametrize(
    "part, told",
    [
        (nn.Dropout(0.5), "evaluation mode: dropout drops nothing. Call model.train()"),
        (nn.BatchNorm1d(20), "evaluation mode: batch normalisation takes its running stat"),
        (nn.Dropout(0.0), None),
        (nn.BatchNorm1d(20, track_running_stats=False), None),
        (nn.LayerNorm(20), None),
    ],
)
def test_evaluation_mode_is_noted_where_it_changes_something(part, told):
    network = nn.Sequential(part, model())
    assert diagnose(network, (X, Y), cross_entropy).notes == ()
    notes = diagnose(network.eval(), (X, Y), cross_entropy).notes
    assert [told in note for note in notes] == ([] if told is None else [True])


def test_what_the_model_or_the_loss_raises_comes_with_the_batch():
    with pytest.raises(RuntimeError) as raised:
        diagnose(model(), (X[:, :3], Y), cross_entropy)
    told = "The model raised this for the batch: x of shape (8, 3), torch.float32; y of shape (8,)"
    assert raised.value.__notes__[0].startswith(told)
    with pytest.raises(IndexError) as raised:
        diagnose(model(), (X, Y + 5), cross_entropy)
    told = "The loss raised this for an output of shape (8, 10), torch.float32; y of shape (8,)"
    assert raised.value.__notes__[0].startswith(told)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y))
    with pytest.raises(TypeError, match=r"DataLoader: give next\(iter\(loader\)\)"):
        diagnose(model(), loader, cross_entropy)


def test_labels_that_are_all_ignored_are_named():
    [finding] = diagnose(model(), (X, torch.full((8,), -100)), F.cross_entropy).findings
    assert finding.layers == ("the loss",) and "ignore_index" in finding.advice


def test_a_constant_loss_gives_no_gradient():
    [finding] = diagnose(model(), (X, Y), lambda o, y: 0.0 * o.sum()).findings
    assert finding.kind == "no gradient" and "Look at the loss" in finding.advice


def test_an_unhealthy_model_fails_a_test_suite():
    with pytest.raises(UnhealthyError, match="every parameter is frozen|no gradient"):
        diagnose(frozen(), (X, Y), cross_entropy).assert_healthy()


def test_layers_in_place_behind_a_view_are_followed():
    torch.manual_seed(0)
    network = nn.Sequential(
        *(part for _ in range(5) for part in (nn.Linear(20, 20), nn.ReLU(inplace=True))),
        nn.Linear(20, 10),
    )
    steps = torch.randn(8, 6, 20)
    found = diagnose(network, (steps, torch.zeros(8, 6).long()), cross_entropy)
    assert [point.name for point in found.trace.points] == [
        f"{n} (Linear)" for n in (0, 2, 4, 6, 8)
    ]
