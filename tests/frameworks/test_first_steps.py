"""The first step of an optimiser: where it is no number, and what it is compared with."""

import pytest
import torch
from torch import nn
from zoo import chain, cross_entropy, he

from vgtools.diagnosis import diagnose

X = torch.randn(64, 20, generator=torch.Generator().manual_seed(0))
Y = torch.randint(10, (64,), generator=torch.Generator().manual_seed(1))


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("eps, share", [(1e-8, True), (1e-4, False)])
@pytest.mark.parametrize("rule", [torch.optim.Adam, torch.optim.AdamW])
def test_a_step_of_adam_in_float16_divides_by_zero_as_pytorch_does(rule, eps, share):
    model = chain(3, 32, nn.ReLU, he).half()
    optimizer = rule(model.parameters(), lr=0.001, eps=eps)

    def loss(output, y):
        return cross_entropy(output.float(), y)

    told = diagnose(model, (X.half(), Y), loss, optimizer=optimizer)
    loss(model(X.half()), Y).backward()
    optimizer.step()
    for each in told.trace.updates:
        lost = ~model.get_submodule(each.name).weight.isfinite()
        assert each.broken == pytest.approx(lost.double().mean().item())
    assert (told.findings != ()) == share
    if share:
        [found] = told.findings
        assert found.kind == "non-finite values" and "float16 holds neither the eps" in found.why
        assert str(found.chapter).startswith("Large models")


def test_a_step_is_not_compared_with_weights_near_zero():
    model = chain(3, 64, nn.ReLU, he)
    nn.init.normal_(model.out.weight, std=2e-5)  # the head of a fine-tuned transformer
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    told = diagnose(model, (X, Y), cross_entropy, optimizer=optimizer)
    assert told.healthy and [each.name for each in told.trace.updates] == [
        f"layer{number}" for number in (1, 2, 3)
    ]
    nn.init.normal_(model.out.weight, std=2e-3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    [found] = diagnose(model, (X, Y), cross_entropy, optimizer=optimizer).findings
    assert found.kind == "updates too large" and found.layers == ("out",)
