"""Steps of training that are too large or too small, as `vg.watch` sees them."""

import pytest
import torch
from torch import nn
from zoo import chain, cross_entropy, he
from zoo.vectors import Sums

import vgtools as vg

DRAW = torch.Generator().manual_seed(0)
X, Y = torch.randn(64, 20, generator=DRAW), torch.randint(10, (64,), generator=DRAW)


def made(dtype=torch.float32):
    torch.manual_seed(0)
    return chain(4, 64, nn.ReLU, he).to(dtype)


def watched(model, optimizer, steps=1):
    x = X.to(next(model.parameters()).dtype)
    with vg.watch(model, every=1) as watch:
        for _ in range(steps):
            optimizer.zero_grad()
            cross_entropy(model(x), Y).backward()
            optimizer.step()
    return watch


@pytest.mark.parametrize(
    "dtype, rate, kind",
    [
        (torch.float32, 1e4, "updates too large"),
        (torch.float32, 0.1, None),
        (torch.bfloat16, 0.01, "updates too small"),
        (torch.bfloat16, 3.0, None),
        (torch.float16, 1e-4, "updates too small"),
    ],
)
def test_a_step_is_judged_as_a_diagnosis_judges_the_first_one(dtype, rate, kind):
    model = made(dtype)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    expected = vg.diagnose(model, (X.to(dtype), Y), cross_entropy, optimizer=optimizer).findings
    found = watched(model, optimizer).findings
    assert [each.kind for each in found] == [each.kind for each in expected] == [kind] * bool(kind)
    for each, other in zip(found, expected):
        assert each.finding.layers == other.layers
        assert each.finding.number == pytest.approx(other.number, rel=0.01)
        assert each.finding.summary.startswith("one step of training ")
        assert other.summary.startswith("a first step of SGD")


def test_branches_that_have_yet_to_begin_are_not_called_too_small():
    torch.manual_seed(0)
    model = Sums(6, 0.0, learned=True)  # ReZero
    watch = watched(model, torch.optim.SGD(model.parameters(), 0.01), 3)
    assert watch.findings == ()


def test_weights_of_another_optimiser_are_not_called_too_small():
    model = made(torch.bfloat16)
    own = [*model.layer3.parameters(), *model.layer4.parameters(), *model.out.parameters()]
    assert watched(model, torch.optim.SGD(own, 3.0)).findings == ()
    [found] = watched(model, torch.optim.SGD(own, 0.01)).findings
    assert "layer1" not in found.finding.layers


def test_weights_without_a_gradient_are_not_called_lost():
    model = made(torch.bfloat16)
    with torch.no_grad():
        model.layer2.bias[:30] = -99.0  # nearly half of the units are off
        model.layer3.bias[:30] = -99.0
    watch = watched(model, torch.optim.SGD(model.parameters(), 3.0))
    moved = [each.unchanged for each in watch._watcher.moments[0].trace.updates]
    assert watch.findings == () and len(moved) == 5 and max(moved) < 0.3


def test_weights_that_start_at_zero_take_a_long_step():
    model = made()
    model.out.weight.data *= 1e-4
    assert watched(model, torch.optim.SGD(model.parameters(), 0.1)).findings == ()
