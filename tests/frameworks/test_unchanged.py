"""After a diagnosis everything is bit for bit what it was."""

import copy
import random
import sys

import numpy as np
import pytest
import torch
from torch import nn
from zoo import ZOO, cross_entropy, resnet

from vgtools.diagnosis import diagnose
from vgtools.diagnosis.pytorch import forward


def bits(tensor):
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def state(model):
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    hooks = [
        (name, attribute, list(getattr(module, attribute)))
        for name, module in model.named_modules()
        for attribute in vars(module)
        if "hooks" in attribute and getattr(module, attribute) is not None
    ]
    return {
        "values": {name: bits(tensor) for name, tensor in tensors.items()},
        "identities": {name: id(tensor) for name, tensor in tensors.items()},
        "versions": {name: tensor._version for name, tensor in tensors.items()},
        "learns": {name: tensor.requires_grad for name, tensor in tensors.items()},
        "gradients": {
            name: None if tensor.grad is None else (id(tensor.grad), bits(tensor.grad))
            for name, tensor in tensors.items()
        },
        "tensor hooks": {name: tensor._backward_hooks for name, tensor in tensors.items()},
        "modes": {name: module.training for name, module in model.named_modules()},
        "attributes": {name: sorted(vars(module)) for name, module in model.named_modules()},
        "hooks": hooks,
        "python": random.getstate(),
        "numpy": repr(np.random.get_state()),  # noqa: NPY002
        "torch": bits(torch.get_rng_state()),
    }


def trained(model, batch, loss=cross_entropy):
    """Give a model gradients, running statistics, and a hook of its own."""
    if next(model.parameters()).requires_grad:
        inputs = batch[0] if isinstance(batch[0], tuple) else batch[:1]
        value = loss(model(*inputs), batch[1])
        if torch.isfinite(value):
            value.backward()
    model.register_forward_hook(lambda module, inputs, output: None)
    return model


class Restless(nn.Module):
    """Change everything that a forward pass can change, once told to, and raise if told to."""

    def __init__(self):
        super().__init__()
        self.body, self.history = resnet(), []
        self.restless = self.raises = False
        self.count = 0
        self.register_buffer("seen", torch.zeros(2))

    def forward(self, x):
        if not self.restless:
            return self.body(x)
        random.random(), np.random.rand(), torch.rand(3)  # noqa: NPY002
        self.count += 1
        self.history.append(self.count)
        self.seen = self.seen + 1
        self.last = x
        self.body[0].weight.grad = None
        self.body[0].weight.data.mul_(-1.0)
        self.body[3].eval()
        self.body[1].weight.requires_grad_(False)
        self.body[1].register_forward_hook(lambda *_: None)
        x = self.body(torch.dropout(x, 0.5, True))
        if self.raises:
            raise RuntimeError("in the middle")
        return x


@pytest.mark.parametrize("patient", ZOO, ids=lambda patient: patient.name)
@pytest.mark.parametrize("training", [True, False])
def test_every_model_of_the_zoo_is_what_it_was(patient, training):
    model, batch = patient.model(0), patient.batch(8, 0)
    model = trained(model, batch, patient.loss).train(training)
    tensors = [*batch[0], batch[1]] if isinstance(batch[0], tuple) else batch
    before, given = state(model), [bits(each) for each in tensors]
    diagnose(model, batch, patient.loss)
    assert state(model) == before
    assert [bits(each) for each in tensors] == given


@pytest.mark.parametrize("raises", [True, False])
def test_a_model_that_changes_itself_is_what_it_was(raises):
    torch.manual_seed(0)
    model = Restless()
    batch = torch.randn(4, 3, 16, 16), torch.randint(10, (4,))
    trained(model, batch)
    model.restless, model.raises = True, raises
    before, history = state(model), list(model.history)
    if raises:
        with pytest.raises(RuntimeError, match="in the middle"):
            diagnose(model, batch, cross_entropy)
    else:
        diagnose(model, batch, cross_entropy)
    after = state(model)
    assert after == before
    assert model.history == history


def test_a_layer_in_place_does_not_change_the_batch():
    torch.manual_seed(0)
    x, y = torch.randn(8, 20), torch.randint(10, (8,))
    given = bits(x)
    diagnose(nn.Sequential(nn.ReLU(inplace=True), nn.Linear(20, 10)), (x, y), cross_entropy)
    assert bits(x) == given


def test_a_recording_takes_its_hooks_away():
    model = resnet()
    before = state(model)["hooks"]
    with forward.recording(model):
        assert state(model)["hooks"] != before
    assert state(model)["hooks"] == before


def test_a_loss_that_raises_leaves_the_model_as_it_was():
    model = resnet()
    batch = torch.randn(4, 3, 16, 16), torch.randint(10, (4,))
    before = state(model)
    with pytest.raises(ZeroDivisionError):
        diagnose(model, batch, lambda output, y: 1 / 0)
    assert state(model) == before


def test_a_graph_that_the_caller_holds_stays_valid():
    model = resnet()
    batch = torch.randn(4, 3, 16, 16), torch.randint(10, (4,))
    value = cross_entropy(model(batch[0]), batch[1])
    expected = torch.autograd.grad(value, list(model.parameters()), retain_graph=True)
    twin = copy.deepcopy(model)
    diagnose(model, batch, cross_entropy)
    value.backward()
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), expected))
    assert all(torch.equal(a, b) for a, b in zip(model.buffers(), twin.buffers()))


def test_two_diagnoses_say_the_same():
    torch.manual_seed(0)
    model = resnet()
    batch = torch.randn(4, 3, 16, 16), torch.randint(10, (4,))
    one, other = (diagnose(model, batch, cross_entropy) for _ in range(2))
    assert repr(one) == repr(other) and one._repr_html_() == other._repr_html_()


def test_no_framework_is_imported_for_a_network_of_the_book():
    import subprocess

    code = (
        "import sys; import vgtools as vg, numpy as np\n"
        "vg.diagnose(vg.MLP([2, 3, 3, 2]), (np.ones((4, 2)), [0, 1, 0, 1]), 'cross_entropy')\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
