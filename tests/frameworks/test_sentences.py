"""What a diagnosis of a PyTorch model says: where, why, and what to do."""

import pytest
import torch
from torch import nn
from zoo import ZOO, LastStep, chain, cross_entropy, he, recurrent, remembering

from vgtools.diagnosis import diagnose
from vgtools.diagnosis.judging import together

X = torch.randn(64, 20, generator=torch.Generator().manual_seed(0))
Y = torch.randint(10, (64,), generator=torch.Generator().manual_seed(1))
SERIES = torch.randn(16, 64, 5, generator=torch.Generator().manual_seed(2))
WORDS = torch.randint(50, (16, 16), generator=torch.Generator().manual_seed(3))


def one(model, batch=(X, Y), **options):
    [finding] = diagnose(model, batch, cross_entropy, **options).findings
    return finding


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


class Body(nn.Module):
    """Run a function over layers: what a reader writes into forward."""

    def __init__(self, run, **layers):
        super().__init__()
        self.run = run
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x):
        return self.run(self, x)


def convolutions(count=6, channels=12):
    return nn.ModuleList(
        nn.Conv2d(1 if number == 0 else channels, channels, 3, padding=1) for number in range(count)
    )


def test_a_convolutional_path_that_loses_a_little_per_layer_is_found():
    def run(self, x):
        for layer in self.conv:
            x = torch.relu(layer(x))
        return self.out(x.mean((2, 3)))

    pictures = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(4))
    model = Body(run, conv=convolutions(), out=nn.Linear(12, 10))
    found = one(model, (pictures, Y))
    assert found.kind == "vanishing" and 100 < found.number < 1000
    assert "conv.1 to conv.5 are too small for ReLU" in found.why
    assert found.advice.startswith("Start conv.0 to conv.5 from He's weights")
    for layer in model.conv:
        he(layer.weight)
    assert diagnose(model, (pictures, Y), cross_entropy).healthy


def test_a_cut_is_named_and_so_is_what_forward_leaves_out():
    def run(self, x):
        x = torch.relu(self.one(x))
        x = torch.from_numpy(torch.relu(self.two(x)).detach().numpy())
        return self.out(torch.relu(self.three(x)))

    layers = {"one": (20, 32), "two": (32, 32), "three": (32, 32), "out": (32, 10)}
    found = one(Body(run, **{name: nn.Linear(*size) for name, size in layers.items()}))
    assert found.layers == ("one", "two")
    assert "cut between two and three" in found.why
    assert "between two and three for detach(), .data, NumPy" in found.advice

    def skipping(self, x):
        return self.out(torch.relu(self.one(x)))

    found = one(
        Body(skipping, one=nn.Linear(20, 32), spare=nn.Linear(32, 32), out=nn.Linear(32, 10))
    )
    assert found.layers == ("spare",) and "does not call them" in found.why
    found = one(Body(lambda self, x: self.one(x).detach().requires_grad_(), one=nn.Linear(20, 10)))
    assert "cut between one and the loss" in found.why

    def half_used(self, x):
        self.aside(x)
        return self.out(torch.relu(self.one(x)))

    layers = {"one": (20, 32), "aside": (20, 32), "out": (32, 10)}
    found = one(Body(half_used, **{name: nn.Linear(*size) for name, size in layers.items()}))
    assert found.layers == ("aside",) and "does not use what aside returns" in found.why

    def used_late(self, x):
        x = torch.relu(self.one(x))
        self.aside(x)
        return self.out(x)

    layers = {"one": (20, 32), "aside": (32, 32), "out": (32, 10)}
    found = one(Body(used_late, **{name: nn.Linear(*size) for name, size in layers.items()}))
    assert found.layers == ("aside",) and "between these layers and the loss" in found.advice


def test_layers_left_out_by_chance_or_choice_are_noted_and_unused_ones_still_found():
    def dropping(self, x):
        x = torch.relu(self.one(x))
        x = x + self.maybe(x) if torch.rand(()) < 0.5 else x
        return self.out(x)

    layers = {"one": (20, 32), "maybe": (32, 32), "out": (32, 10)}
    model = Body(dropping, **{name: nn.Linear(*size) for name, size in layers.items()})
    torch.manual_seed(2)  # the next number is above 0.5
    before = torch.get_rng_state()
    told = diagnose(model, (X, Y), cross_entropy)
    assert told.healthy and "maybe: left out by chance" in str(told.notes)
    assert torch.equal(torch.get_rng_state(), before)
    model.spare = nn.Linear(3, 3)
    assert one(model).layers == ("spare",)

    def routing(self, x):
        x = torch.relu(self.one(x))
        return self.out(torch.cat([self.experts[int(part[0, 0] > 9)](part) for part in x.split(1)]))

    experts = nn.ModuleList(nn.Linear(32, 32) for _ in range(2))
    model = Body(routing, one=nn.Linear(20, 32), experts=experts, out=nn.Linear(32, 10))
    found = one(model)  # no half of the samples calls less than all of them do
    assert found.layers == ("experts.1",) and "does not call them" in found.why


def test_what_is_flat_behind_the_last_layer_is_not_only_the_loss():
    model = chain(3, 32, nn.ReLU, he)
    found = one(nn.Sequential(model, nn.Threshold(100.0, 100.0)))
    assert found.kind == "no gradient" and "behind the last layer with weights" in found.why
    assert "a clamp" in found.advice


def test_samples_that_are_all_the_same_are_noted():
    alike, apart = X[:1].expand(64, -1), torch.cat([X[:1]] * 63 + [X[1:2]])
    model = chain(3, 32, nn.ReLU, he)
    assert "all 64 samples have the same" in str(diagnose(model, (alike, Y), cross_entropy).notes)
    assert diagnose(model, (apart, Y), cross_entropy).notes == ()


def test_the_weights_of_an_ordinary_first_layer_are_not_blamed():
    model = chain(24, 64, nn.Tanh, lambda w: nn.init.normal_(w, std=0.35))
    nn.init.xavier_normal_(model.layer1.weight)
    found = one(model)
    assert "layer2 to layer24 are too large for tanh" in found.why
    assert "0.35; Glorot's weights have 0.12 there" in found.why
    assert "xavier_normal_(layer.weight), with gain 1" in found.advice
    assert "they explain what was measured" in found.why


def test_dead_units_are_explained_by_the_biases_of_the_layer_before():
    model = chain(4, 80, nn.ReLU)
    nn.init.constant_(model.layer3.bias, -6.0)
    found = one(model)
    assert found.summary == "all 80 units of act3 are 0 for all 64 samples"
    assert "biases of layer3 are −6 on average" in found.why
    assert found.advice.startswith("Set the biases of layer3 to 0")


def test_recurrent_layers_are_told_what_their_gates_keep():
    long = SERIES, Y[:16]
    found = one(LastStep(nn.LSTM(5, 32, batch_first=True), remembering), long)
    assert "forget gate is 1 on average" in found.why and "LSTM" not in found.advice
    assert "at 1 or 2 (layer.bias_ih_l0.data[32:64] = 2, to which" in found.advice
    open_gates = LastStep(nn.LSTM(5, 32, batch_first=True), remembering)
    open_gates.body.bias_ih_l0.data[32:64] = 2.0
    open_gates.body.weight_hh_l0.data.zero_()
    found = one(open_gates, long)
    assert "bias" not in found.advice and "shorter sequences" in found.advice
    found = one(LastStep(nn.RNN(5, 32, batch_first=True), recurrent(0.6)), long)
    assert "take an LSTM" in found.advice
    keeping = LastStep(nn.LSTM(5, 32, batch_first=True), remembering)
    keeping.body.bias_ih_l0.data[32:64] = 5.0
    assert diagnose(keeping, long, cross_entropy).healthy


def test_a_shared_cell_is_told_to_remember_and_not_that_tanh_needs_other_weights():
    def loop(self, x):
        h = x.new_zeros(len(x), 32)
        for step in x.unbind(1):
            h = self.cell(step, h)
        return self.out(h)

    cell = nn.RNNCell(5, 32)
    nn.init.orthogonal_(cell.weight_hh, gain=0.7)
    model = Body(loop, cell=cell, out=nn.Linear(32, 10))
    found = one(model, (SERIES, Y[:16]))
    points = diagnose(model, (SERIES, Y[:16]), cross_entropy).trace.points
    assert {point.width for point in points} == {32}, "that of the state, not of the input"
    assert "the same layer each time" in found.why and "take an LSTM" in found.advice


class Encoder(nn.Module):
    def __init__(self, depth, first, width=64):
        super().__init__()
        self.embedding = nn.Embedding(50, width)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 128, 0.0, batch_first=True, norm_first=first)
            for _ in range(depth)
        )
        self.out = nn.Linear(width, 10)

    def forward(self, x):
        x = self.embedding(x)
        for block in self.blocks:
            x = block(x)
        return self.out(x.mean(1))


@pytest.mark.parametrize("depth", [6, 24])
def test_queries_and_keys_of_pre_ln_are_not_starved(depth):
    found = diagnose(Encoder(depth, True), (WORDS, Y[:16]), cross_entropy)
    assert "starved queries and keys" not in [each.kind for each in found.findings]
    assert len(found.trace.attention) == depth


def test_queries_and_keys_of_a_deep_post_ln_stack_are_starved():
    found = {
        each.kind: each
        for each in diagnose(Encoder(48, False), (WORDS, Y[:16]), cross_entropy).findings
    }["starved queries and keys"]
    assert found.number > 100 and found.layers[-1] == "blocks.47.self_attn"
    assert "blocks.0.self_attn" not in found.layers
    assert "pre-LN" in found.advice and "in blocks.0.self_attn" in found.summary


class Attention(nn.Module):
    """Three layers and a softmax, as most implementations name them."""

    def __init__(self, width=64):
        super().__init__()
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out = nn.Linear(width, width), nn.Linear(width, 10)

    def forward(self, x):
        weights = self.q_proj(x) @ self.k_proj(x).mT / 8
        return self.out((weights.softmax(-1) @ self.v_proj(x)).mean(1))


@pytest.mark.parametrize(
    "combine, found",
    [
        (lambda h, t: h * t, []),
        (lambda h, t: t * h + (1 - t) * h.relu(), []),
        (lambda h, t: h + t / 2, ["gate"]),
        (lambda h, t: torch.cat([h, t], dim=1), ["gate"]),
    ],
)
@pytest.mark.parametrize("end", [torch.sigmoid, torch.tanh])
def test_ends_of_a_gate_are_no_fault_and_those_of_a_branch_are(combine, found, end):
    def run(self, x):
        h = self.enter(x)
        return self.out(combine(h, end(self.gate(h))))

    wide = 40 if found and combine(torch.zeros(1, 2), torch.ones(1, 2)).numel() > 2 else 20
    model = Body(run, enter=nn.Linear(20, 20), gate=nn.Linear(20, 20), out=nn.Linear(wide, 10))
    nn.init.constant_(model.gate.bias, -9.0)
    findings = diagnose(model, (X, Y), cross_entropy).findings
    assert [name for each in findings for name in each.layers] == found


def two(self, x):
    """Let a second attention read tokens that are nearly alike."""
    return self.first(x) + self.second(x[:, :1] + 1e-3 * x)


def test_attention_of_three_layers_is_known_by_their_names():
    tokens = torch.randn(16, 10, 64)
    assert diagnose(Attention(), (tokens, Y[:16]), cross_entropy).healthy
    found = one(Body(two, first=Attention(), second=Attention()), (tokens, Y[:16]))
    assert (found.kind, found.layers) == ("starved queries and keys", ("second",))


def test_tokens_that_are_alike_from_the_start_are_no_fault_of_the_stack():
    """Post-LN stacks of few blocks learn the rows of digits with such a ratio."""
    alike = torch.randn(16, 1, 64) + 1e-3 * torch.randn(16, 10, 64)
    found = diagnose(Attention(), (alike, Y[:16]), cross_entropy)
    [each] = found.trace.attention
    assert each.value > 1000 * each.query and found.healthy


@pytest.mark.parametrize("rule", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_the_first_step_is_the_one_that_training_takes(rule):
    model = chain(3, 64, nn.ReLU, he)
    optimizer = rule(model.parameters(), lr=0.01, weight_decay=0.0)
    before = {name: each.detach().clone() for name, each in model.named_parameters()}
    found = diagnose(model, (X, Y), cross_entropy, optimizer=optimizer)
    assert not optimizer.state and found.healthy
    assert f"A first step of {rule.__name__} with learning rate 0.01 changes" in " ".join(
        repr(found).split()
    )
    cross_entropy(model(X), Y).backward()
    optimizer.step()
    after = {name: each.detach() for name, each in model.named_parameters()}
    for update in found.trace.updates:
        old, new = before[f"{update.name}.weight"], after[f"{update.name}.weight"]
        assert update.relative == pytest.approx(float((new - old).norm() / old.norm()), rel=1e-4)
    assert [update.name for update in found.trace.updates] == ["layer1", "layer2", "layer3", "out"]


def test_steps_that_are_too_large_or_lost_are_found():
    model = chain(3, 64, nn.ReLU, he)
    found = one(model, optimizer=torch.optim.Adam(model.parameters(), lr=1.0))
    assert found.kind == "updates too large" and found.number > 1
    assert found.advice.startswith("Where the gradient explodes, mend that first")
    found = one(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.0))
    assert found.advice.startswith("If the learning rate is 0, raise it")
    half = chain(3, 64, nn.ReLU, he).bfloat16()
    found = one(half, (X.bfloat16(), Y), optimizer=torch.optim.SGD(half.parameters(), lr=1e-3))
    assert found.kind == "updates too small" and found.layers == (
        "layer1", "layer2", "layer3", "out",
    )  # fmt: skip
    assert "bfloat16" in found.why and "float32" in found.advice


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a, self.b = nn.Linear(width, width), nn.Linear(width, width)
        he(self.a.weight), he(self.b.weight)

    def forward(self, x):
        return x + self.b(torch.relu(self.a(x)))


def test_blocks_with_a_number_for_a_name_are_told_their_class():
    model = nn.Sequential(nn.Linear(20, 48), *[Block(48) for _ in range(20)], nn.Linear(48, 10))
    found = one(model)
    assert found.summary.startswith("from 20 (Block) back to 0 (Linear) the gradient grows")
    assert found.summary.endswith("per block")
    order = [found.advice.index(word) for word in ("at 0", "normalisation", "root")]
    assert order == sorted(order)
    steps = diagnose(model, (X, Y), cross_entropy, optimizer=torch.optim.SGD(model.parameters()))
    assert steps.trace.updates[0].name == "0 (Linear)"


def test_biases_that_are_most_of_the_signal_are_to_be_zero():
    layers = [nn.Unflatten(1, (1, 4, 5))]
    for number in range(14):
        layers += [nn.Conv2d(16 if number else 1, 16, 3, padding=1), nn.ReLU()]
    found = one(nn.Sequential(*layers, nn.Flatten(), nn.Linear(320, 10)))
    assert found.advice.startswith("Start 1 (Conv2d) to 27 (Conv2d) from He's weights")
    assert "and set their biases to 0" in found.advice


def test_what_forward_scales_is_thought_of_where_units_are_saturated():
    layers = {"one": nn.Linear(20, 64), "two": nn.Linear(64, 64), "out": nn.Linear(64, 10)}
    model = Body(lambda m, x: m.out(m.two(m.one(60 * x + 30).tanh()).tanh()), **layers)
    found = one(model)
    assert "go into one have a root mean square of" in found.why
    assert "if forward itself multiplies them" in found.advice and "Glorot" not in found.advice
    assert "may do little harm" in found.advice
    layers["one"].weight.data *= 40
    found = one(Body(lambda m, x: m.out(m.two(m.one(x).tanh()).tanh()), **layers))
    assert found.advice.startswith("Make the weights in front of") and "inputs" not in found.advice


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, "adam", 0.1])
def test_an_optimiser_that_is_not_known_is_refused(optimizer):
    with pytest.raises(TypeError, match="optimizer must be a torch.optim.SGD, Adam or AdamW"):
        diagnose(chain(3, 64, nn.ReLU, he), (X, Y), cross_entropy, optimizer=optimizer)
    with pytest.raises(TypeError, match=r"class SGD: give an instance, such as SGD\(model"):
        diagnose(chain(3, 64, nn.ReLU, he), (X, Y), cross_entropy, optimizer=torch.optim.SGD)


def test_an_optimiser_of_another_model_is_refused_and_one_of_a_part_is_noted():
    model = chain(3, 64, nn.ReLU, he)
    other = torch.optim.Adam(chain(3, 64, nn.ReLU, he).parameters(), lr=1e-3)
    with pytest.raises(ValueError, match="none of its parameters is a parameter of the model"):
        diagnose(model, (X, Y), cross_entropy, optimizer=other)
    part = torch.optim.Adam(model.out.parameters(), lr=1e-3)
    [note] = diagnose(model, (X, Y), cross_entropy, optimizer=part).notes
    assert "has 2 of the 8 parameters" in note and "layer1.weight, layer1.bias" in note
    for layer in (model.layer1, model.layer2, model.layer3):
        layer.requires_grad_(False)
    assert "optimizer" not in str(diagnose(model, (X, Y), cross_entropy, optimizer=part).notes)


def test_growth_by_batch_normalisation_beside_shortcuts_is_said_and_no_fault():
    [resnet] = [each for each in ZOO if each.name == "ResNet-50, narrow"]
    found = diagnose(resnet.model(0), resnet.batch(16, 0), cross_entropy)
    assert found.trace.normalised and found.rate < -0.1
    assert "batch normalisation beside shortcuts does that" in repr(found).replace("\n  ", " ")


def test_selu_is_not_taken_for_elu():
    names = []
    for activation in (nn.SELU, nn.ELU):
        points = diagnose(chain(4, 64, activation), (X, Y), cross_entropy).trace.points
        names.append({name for point in points for name in point.operations})
    assert names == [{"selu"}, {"elu"}]


def test_a_theory_of_selu_agrees_with_what_is_measured():
    model = chain(12, 256, nn.SELU, lambda w: nn.init.normal_(w, std=0.5 * w.shape[1] ** -0.5))
    found = diagnose(model, (X, Y), cross_entropy)
    assert found.expected == pytest.approx(found.rate, abs=0.02)
    assert together(found.trace.points[0].gradient) < 0


def test_one_sample_comes_with_a_note():
    found = diagnose(chain(3, 64, nn.ReLU, he), (X[:1], Y[:1]), cross_entropy)
    assert "Note: one sample shows neither" in repr(found)


def test_a_hinge_in_the_loss_has_no_units():
    model = chain(3, 64, nn.ReLU, he)
    found = diagnose(model, (X, Y), lambda o, y: torch.relu(o.square().mean() - 1e6) + o.mean())
    assert "dead units" not in [each.kind for each in found.findings]
    assert len(found.trace.units) == 3


def test_a_gradient_that_half_precision_loses_at_the_output_is_an_underflow():
    model = chain(4, 64, nn.ReLU, he).half()
    found = diagnose(model, (X.half(), Y), lambda o, y: cross_entropy(o, y) * 1e-6)
    assert [each.kind for each in found.findings] == ["underflow"]
    assert "2**" in found.findings[0].advice
    plain = diagnose(model, (X.half(), Y), cross_entropy)
    assert found.rate == pytest.approx(plain.rate, abs=0.02)


def test_weights_that_are_all_zero_are_found_and_one_zero_layer_is_not():
    model = chain(5, 64, nn.Tanh, nn.init.zeros_)
    found = one(model)
    assert found.kind == "no gradient" and "All weights of layer1, layer2" in found.why
    model = chain(5, 64, nn.Tanh, nn.init.xavier_normal_)
    nn.init.zeros_(model.out.weight)
    assert diagnose(model, (X, Y), cross_entropy).healthy


@pytest.mark.parametrize("depth, std", [(5, 0.0), (80, 0.01)])
def test_a_signal_that_is_zero_is_not_blamed_on_biases(depth, std):
    model = chain(depth, 64, nn.ReLU, lambda w: nn.init.normal_(w, std=std))
    findings = diagnose(model, (X, Y), cross_entropy).findings
    [found] = [each for each in findings if each.kind == "dead units"]
    assert "What layer" in found.why and "is 0 for float32" in found.why
    assert "kaiming_normal_" in found.advice
