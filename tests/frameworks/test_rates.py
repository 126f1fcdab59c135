"""The numbers, beside finite differences in double precision and the theory."""

import numpy as np
import pytest
import torch
from torch import nn
from zoo import chain, cross_entropy, he, resnet

from vgtools.diagnosis import diagnose
from vgtools.diagnosis.judging import together


def slope(heights):
    return np.polyfit(np.arange(len(heights)), heights, 1)[0]


def difference(model, batch, name, step=1e-6, directions=40):
    """Return log10 of the norm of dLoss/doutput of a layer, from differences of the loss.

    For a normal direction v, E (v . g)**2 = |g|**2. With one basis vector for each entry of
    the output it would be exact; each sample has a norm of its own, which add up in squares.
    """
    layer, total = model.get_submodule(name), 0.0
    shift = {}

    def moved(module, inputs, output):
        return output + shift["by"] if "by" in shift else None

    handle = layer.register_forward_hook(moved)
    shapes = []
    look = layer.register_forward_hook(lambda module, inputs, output: shapes.append(output.shape))
    with torch.no_grad():
        model(batch[0])
        look.remove()
        size = int(np.prod(shapes[0]))
        for index in range(size):
            unit = torch.zeros(size, dtype=torch.float64)
            unit[index] = step
            values = []
            for sign in (1, -1):
                shift["by"] = sign * unit.reshape(shapes[0])
                values.append(float(cross_entropy(model(batch[0]), batch[1])))
            total += ((values[0] - values[1]) / (2 * step)) ** 2
    handle.remove()
    return 0.5 * np.log10(total)


def network(kind):
    torch.manual_seed(0)
    if kind == "sigmoids":
        return chain(6, 12, nn.Sigmoid, nn.init.xavier_normal_)
    if kind == "rectifiers in place":
        return chain(6, 12, lambda: nn.ReLU(inplace=True))
    return chain(6, 12, nn.Tanh, lambda w: nn.init.normal_(w, std=0.6), nn.LayerNorm)


@pytest.mark.parametrize("kind", ["sigmoids", "rectifiers in place", "tanh behind layer norms"])
def test_rates_are_those_of_finite_differences(kind):
    model = network(kind)
    batch = torch.randn(4, 20), torch.randint(10, (4,))
    found = diagnose(model, batch, cross_entropy)
    exact = model.double()
    wide = batch[0].double(), batch[1]
    heights = [difference(exact, wide, point.name) for point in found.trace.points]
    assert len(heights) == 6
    assert found.rate == pytest.approx(slope(heights), rel=0.01)
    measured = [together(p.gradient) + 0.5 * np.log10(len(p.gradient)) for p in found.trace.points]
    assert measured == pytest.approx(heights, abs=np.log10(1.01))


def test_what_float32_loses_is_measured_all_the_same():
    """Far below the smallest number of single precision the rate is that of double precision."""
    torch.manual_seed(0)
    model = chain(80, 32, nn.Sigmoid, nn.init.xavier_normal_)
    batch = torch.randn(16, 20), torch.randint(10, (16,))
    narrow = diagnose(model, batch, cross_entropy)
    wide = diagnose(model.double(), (batch[0].double(), batch[1]), cross_entropy)
    assert together(narrow.trace.points[0].gradient) < -46
    assert narrow.rate == pytest.approx(wide.rate, rel=1e-4)
    assert {each.kind for each in narrow.findings} == {"vanishing", "underflow"}
    assert {each.kind for each in wide.findings} == {"vanishing"}


def test_half_precision_says_which_scale_of_the_loss_rescues_it():
    torch.manual_seed(0)
    model = chain(6, 64, nn.ReLU, he)
    batch = torch.randn(16, 20), torch.randint(10, (16,))
    half = (batch[0].half(), batch[1])

    def small(output, y):
        return cross_entropy(output, y) * 2.0**-17

    found = diagnose(model.half(), half, small)
    assert [each.kind for each in found.findings] == ["underflow"]
    power = int(found.findings[0].advice.partition("2**")[2].partition(",")[0])
    assert 0 < power < 24
    assert diagnose(model, half, lambda o, y: cross_entropy(o, y) * 2.0 ** (power - 17)).healthy


def test_expected_is_the_mean_field_of_the_model():
    torch.manual_seed(0)
    model = chain(12, 256, nn.Tanh, lambda w: nn.init.normal_(w, std=1.5 * w.shape[1] ** -0.5))
    found = diagnose(model, (torch.randn(64, 20), torch.randint(10, (64,))), cross_entropy)
    assert found.expected == pytest.approx(found.rate, abs=0.01)
    assert "mean field" in found.expected_reason


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_expected_knows_layer_normalisation(activation):
    """It takes the size of the weights away: 0.3 and 3 give the same rate."""
    rates = []
    for gain in (0.3, 3.0):
        torch.manual_seed(0)
        model = chain(
            12, 256, activation, lambda w, g=gain: nn.init.normal_(w, std=g * w.shape[1] ** -0.5),
            nn.LayerNorm,
        )  # fmt: skip
        found = diagnose(model, (torch.randn(64, 20), torch.randint(10, (64,))), cross_entropy)
        assert found.expected == pytest.approx(found.rate, abs=0.02)
        rates.append(found.expected)
    assert rates[0] == pytest.approx(rates[1], abs=1e-6)
    model.norm3.weight.data[0] = 2.0
    batch = torch.randn(64, 20), torch.randint(10, (64,))
    assert diagnose(model, batch, cross_entropy).expected is None


def test_expected_is_none_with_a_reason_where_theory_has_none():
    torch.manual_seed(0)
    batch = torch.randn(8, 3, 16, 16), torch.randint(10, (8,))
    found = diagnose(resnet(), batch, cross_entropy)
    assert found.expected is None and "theory covers" in found.expected_reason


def test_a_step_of_a_loop_counts_as_a_layer():
    """A shared layer that is called several times is a path of its calls."""

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.out = nn.RNNCell(5, 32), nn.Linear(32, 10)

        def forward(self, x):
            h = x.new_zeros(len(x), 32)
            for step in x.unbind(1):
                h = self.cell(step, h)
            return self.out(h)

    torch.manual_seed(0)
    found = diagnose(Loop(), (torch.randn(8, 30, 5), torch.randint(10, (8,))), cross_entropy)
    assert len(found.trace.points) == 30
    assert [each.kind for each in found.findings] == ["vanishing"]
