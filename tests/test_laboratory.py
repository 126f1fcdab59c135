"""The engine of the laboratory in a real browser, beside vgtools and beside many digits."""

import gzip
import json
import math
import re
from itertools import cycle, product

import mpmath
import numpy as np
import pytest
from test_activations import VARIANTS

import vgtools as vg
from benchmarks import accuracy
from vgtools import laboratory
from vgtools import networks as nets
from vgtools.activations import kernels
from vgtools.activations.definitions import CATALOGUE
from vgtools.diagnostics import census
from vgtools.networks.shortcuts import SHORTCUTS

POLICY = "default-src 'unsafe-inline'"
"""Neither another script nor text that becomes code."""

SHIPPED = [name for name, entry in CATALOGUE.items() if entry.laboratory]
STEEP = {name for name in SHIPPED if vg.activation(name).derivative(1e6) > 1e3}
"""Their slope has no largest value: a rounding error grows while they train."""


@pytest.fixture(scope="module")
def page(browser):
    """Open one page with the engine, under a strict policy, for all tests."""
    context = browser.new_context()
    page = context.new_page()
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.set_content(
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<script>{laboratory.script()}</script>"
    )
    page.evaluate("packed => { window.data = Laboratory.digits(JSON.parse(packed)); }", PACKED)
    page.evaluate(HELPERS)
    yield page
    assert troubles == []
    context.close()


PACKED = laboratory.digits()

HELPERS = """() => {
  window.plain = (values) => Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Array.from(value)]));

  window.refusal = (act) => {
    try { act(); } catch (error) { return `${error.name}: ${error.message}`; }
    return "";
  };

  /* Everything that is compared with vgtools. */
  window.compared = ({ sizes, blocks, options, values, x, labels, steps, optimiser }) => {
    const { mlp, residualMLP, crossEntropy, gradientFlow, census, Run } = Laboratory;
    const n = labels[0].length;
    const network = blocks ? residualMLP(sizes, blocks, { ...options, rows: n })
      : mlp(sizes, { ...options, rows: n });
    const names = network.parameters.map(({ name }) => name);
    network.write(values);
    const batches = x.map((batch) => Float64Array.from(batch));
    const classes = labels.map((batch) => Int32Array.from(batch));
    const gradient = new Float64Array(n * network.outputs);
    const logits = Array.from(network.forward(batches[0], n, true));
    const loss = crossEntropy(logits, classes[0], n, network.outputs, gradient);
    const inputGradient = Array.from(network.backward(gradient));
    const gradients = Object.fromEntries(
      network.parameters.map((each) => [each.name, Array.from(each.gradient)]));
    const flow = gradientFlow(network, batches[0], classes[0], n);
    const counts = census(network);

    network.write(values);
    const data = { x_train: batches[0], y_train: classes[0] };
    const run = new Run(network, data, { optimiser, batch_size: n });
    for (let step = 0; step < steps; step++) {
      const at = step % batches.length;
      run.learn(batches[at], classes[at], n);
    }
    const after = plain(network.read());
    const evaluated = Array.from(network.forward(batches[0], n));
    return { names, logits, loss, inputGradient, gradients, flow, counts, after, evaluated };
  };
}"""


def relative(found, wanted, scale=0.0):
    """Return the largest difference, beside the largest number that is wanted."""
    found, wanted = np.ravel(found), np.ravel(wanted)
    assert found.shape == wanted.shape
    size = max(np.abs(wanted).max(), scale)
    error = np.abs(found - wanted).max()
    return float(error / size) if error else 0.0


# Beside vgtools

# A run that diverges would make of a rounding error any other number.
OPTIMISERS = [
    {"name": "sgd", "learning_rate": 0.01},
    {"name": "sgd", "learning_rate": 0.002, "momentum": 0.9},
    {"name": "adam", "learning_rate": 0.002},
]

STEPS = 20


def cases():
    """Return one network for every activation, normalisation and shortcut, of random shapes."""
    rng = np.random.default_rng(23)
    optimisers = cycle(OPTIMISERS)
    chosen = product(["identity", *SHIPPED], [None, "batch", "layer", "rms"], [None, *SHORTCUTS])
    for name, normalisation, shortcut in chosen:
        n, depth = int(rng.integers(5, 12)), int(rng.integers(1, 5))
        features, width, outputs = (int(rng.integers(low, 9)) for low in (3, 3, 2))
        options = {"activation": name, "normalisation": normalisation}
        if shortcut is None:
            hidden = [int(rng.integers(3, 9)) for _ in range(depth)]
            sizes, blocks = [features, *hidden, outputs], None
        else:
            sizes, blocks = [features, width, outputs], depth
            options |= {"shortcut": shortcut, "branch_layers": int(rng.integers(1, 3))}
        yield sizes, blocks, options, n, next(optimisers), rng


def built(sizes, blocks, options, rng):
    """Return vgtools' network, whose parameters are all drawn, those too that start at 0 or 1."""
    if blocks is None:
        network = vg.MLP(sizes, init="lecun", seed=rng, **options)
    else:
        network = vg.ResidualMLP(sizes, blocks, init="lecun", seed=rng, **options)
    for parameter in network.parameters():
        parameter.value += rng.normal(0, 0.1, parameter.value.shape)
    return network


def values_of(network):
    """Return everything that a network holds, by the names of the laboratory."""
    values = {each.name: each.value.ravel().tolist() for each in network.parameters()}
    for layer, prefix in norms_of(network):
        values[f"{prefix} running mean"] = layer.running_mean.tolist()
        values[f"{prefix} running variance"] = layer.running_variance.tolist()
    return values


def norms_of(network):
    """Yield the layers of batch normalisation and what their names begin with."""
    for layer in network._all_layers():
        if isinstance(layer, nets.BatchNorm):
            yield layer, layer.scale.name.removesuffix(" scale")


def test_numbers_are_those_of_vgtools(page):
    worst = {"forward": 0.0, "gradients": 0.0, "flow": 0.0, "training": 0.0}

    def note(kind, error, what):
        worst[kind] = max(worst[kind], error)
        trained = 1e-6 if case[2]["activation"] in STEEP else 1e-9
        assert error <= (trained if kind == "training" else 1e-12), (what, case, error)

    for case in cases():
        sizes, blocks, options, n, rule, rng = case
        network = built(sizes, blocks, options, rng)
        x = rng.normal(size=(3, n, sizes[0]))
        y = rng.integers(0, sizes[-1], (3, n))
        start = values_of(network)
        found = page.evaluate(
            "given => compared(given)",
            {
                "sizes": sizes,
                "blocks": blocks,
                "options": options,
                "values": start,
                "x": x.reshape(3, -1).tolist(),
                "labels": y.tolist(),
                "steps": STEPS,
                "optimiser": rule,
            },
        )
        assert found["names"] == [parameter.name for parameter in network.parameters()]

        logits = network.forward(x[0], training=True)
        loss, gradient = nets.cross_entropy(logits, y[0])
        back = network.backward(gradient)
        note("forward", relative(found["logits"], logits), "logits")
        note("forward", relative(found["loss"], loss), "loss")
        note("gradients", relative(found["inputGradient"], back, scale=1e-3), "dLoss/dx")
        sizes_of = {each.name: np.abs(each.gradient).max() for each in network.parameters()}
        largest = max(sizes_of.values())
        # Normalisation undoes a bias or a scale in front of it. Their gradients cancel, and what is
        # left of some is nothing but rounding errors, of which Adam makes steps.
        cancelled = {name for name, size in sizes_of.items() if size < 1e-12 * largest}
        scale = 0.0 if options["normalisation"] is None else 1e-3 * largest
        for each in network.parameters():
            error = relative(found["gradients"][each.name], each.gradient, scale)
            note("gradients", error, each.name)

        flow = vg.gradient_flow(network, x[0], y[0])
        for name, numbers in vars(flow).items():
            least = scale if name.endswith("gradient") else 0.0
            note("flow", relative(found["flow"][name], numbers, least), name)
        for name, numbers in census(network, x[0]).items():
            note("flow", relative(found["counts"][name], numbers, scale=0.1), name)

        network = built(*case[:3], np.random.default_rng(0))  # without what was learned so far
        for each in network.parameters():
            each.value[...] = np.reshape(start[each.name], each.value.shape)
        for layer, prefix in norms_of(network):
            layer.running_mean[:] = start[f"{prefix} running mean"]
            layer.running_variance[:] = start[f"{prefix} running variance"]
        optimiser = nets.optimiser(**rule)
        for step in range(STEPS):
            at = step % 3
            _, gradient = nets.cross_entropy(network.forward(x[at], training=True), y[at])
            network.backward(gradient)
            optimiser.step(network.parameters())
        for name, numbers in values_of(network).items():
            least = 1.0 if name in cancelled or "running" in name else 0.0
            note("training", relative(found["after"][name], numbers, least), name)
        evaluated = network.forward(x[0])
        note("training", relative(found["evaluated"], evaluated), "evaluation")
    print(worst)


def test_the_digits_are_those_of_the_chapters(page):
    data = vg.datasets.digits()
    for name in ("x_train", "x_test", "y_train", "y_test"):
        found = page.evaluate(f"Array.from(data.{name})")
        assert relative(found, getattr(data, name)) <= 1e-14


# Beside many digits


def is_shipped(function):
    low, high = (-100, 100) if function.name == "prelu" else (0, 1000)
    shipped = CATALOGUE[function.name].laboratory
    return shipped and all(low <= x <= high for x in function.parameters.values())


@pytest.mark.parametrize("function", [f for f in VARIANTS if is_shipped(f)], ids=repr)
def test_an_activation_is_within_four_ulp_of_its_definition(page, function):
    x = accuracy.sample(np.float64, 90, 201, tuple(function.kinks))
    given = {"name": function.name, **function.parameters}
    found = page.evaluate(
        """([given, x]) => {
          const { f, slope, steepest } = Laboratory.activation(given);
          return [x.map(f), x.map(slope), steepest];
        }""",
        [given, x.tolist()],
    )
    for computed, exact in zip(found, accuracy.exact_values(function, x)):
        errors = accuracy.ulp_errors(np.array(computed, float), x, exact)
        print(f"{errors.max():.2f} ulp at {x[errors.argmax()]:.4g}")
        assert errors.max() <= 4
    grid = np.linspace(-20, 20, 4001)
    assert found[2] == pytest.approx(np.abs(function.derivative(grid)).max(), rel=1e-12)


@pytest.mark.parametrize("name", ["identity", *SHIPPED])
def test_an_activation_has_the_limits_of_vgtools_and_keeps_nan(page, name):
    ends = page.evaluate(
        """name => {
          const { f, slope } = Laboratory.activation(name);
          return [f, slope].map((each) => [-Infinity, Infinity].map(each)).concat([[f(NaN)]]);
        }""",
        name,
    )
    function = vg.activation(name)
    far = np.array([-math.inf, math.inf])
    assert np.allclose(ends[0], function(far), atol=1e-300, equal_nan=True)
    assert np.allclose(ends[1], function.derivative(far), atol=1e-300)
    assert math.isnan(ends[2][0])


def points(*parts):
    """Return the numbers of several ranges: (from, to, count, how they are spaced)."""
    return np.concatenate([space(*ends, count) for *ends, count, space in parts])


LINEAR, POWERS = np.linspace, np.geomspace

ELEMENTARY = {
    "exp": (mpmath.exp, points((-745, 709, 700, LINEAR), (-2, 2, 301, LINEAR))),
    "expm1": (mpmath.expm1, points((-45, 45, 500, LINEAR), (-1, 1, 301, LINEAR))),
    "log": (mpmath.log, points((5e-324, 1e308, 500, POWERS), (0.4, 3, 301, LINEAR))),
    "log1p": (mpmath.log1p, points((1e-300, 1e300, 500, POWERS), (0, 3, 301, LINEAR))),
    "tanh": (mpmath.tanh, points((-25, 25, 500, LINEAR), (1e-300, 1, 301, POWERS))),
    "normalBelow": (mpmath.ncdf, points((-38, 38, 301, LINEAR))),
}


@pytest.mark.parametrize("name", ELEMENTARY)
def test_an_elementary_function_is_good_to_three_ulp(page, name):
    definition, x = ELEMENTARY[name]
    computed = page.evaluate("([name, x]) => x.map(Laboratory[name])", [name, x.tolist()])
    with mpmath.workdps(60):
        exact = [definition(mpmath.mpf(value)) for value in x]
    with np.errstate(under="ignore"):
        errors = accuracy.ulp_errors(np.array(computed, float), x, exact)
    print(f"{errors.max():.2f} ulp at {x[errors.argmax()]:.4g}")
    assert errors.max() <= (3 if name == "normalBelow" else 1.1)


def test_elementary_functions_have_their_limits(page):
    found = page.evaluate(
        """() => {
          const { exp, expm1, log, log1p, tanh } = Laboratory;
          const at = (f) => [-Infinity, -1000, 0, 1000, Infinity, NaN].map(f);
          return [exp, expm1, log, log1p, tanh].map(at);
        }"""
    )
    nan, inf = math.nan, math.inf
    wanted = [
        [0, 0, 1, inf, inf, nan],
        [-1, -1, 0, inf, inf, nan],
        [nan, nan, -inf, math.log(1000), inf, nan],
        [nan, nan, 0, math.log(1001), inf, nan],
        [-1, -1, 0, 1, 1, nan],
    ]
    np.testing.assert_allclose(np.array(found, float), wanted, rtol=3e-16)


def test_constants_are_those_that_mpmath_gives():
    text = laboratory.script()

    def number(name):
        return float(re.search(rf"\b{name} = (-?[\d.e-]+)[,;]", text)[1])

    with mpmath.workdps(40):
        high = mpmath.floor(mpmath.ln2 * 2**40) / 2**40
        assert number("LN2_HIGH") == high
        assert number("LN2_LOW") == float(mpmath.ln2 - high)
        assert number("PER_LN2") == float(1 / mpmath.ln2)
        assert number("PEAK") == float(mpmath.npdf(0))
    for name in ("SELU_POSITIVE", "SELU_NEGATIVE", "K_HIGH", "K_LOW", "C_HIGH", "C_LOW"):
        assert number(name) == getattr(kernels, f"_{name}")
    (tail,) = re.findall(r"TAIL = \[(.*?)\]", text, re.DOTALL)
    assert tuple(map(float, tail.split(",")[:-1])) == kernels._tail_ratio_coefficients()


def test_nothing_is_used_that_browsers_may_round_otherwise():
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", laboratory.script(), flags=re.DOTALL)
    assert "Object.assign(lab, { exp, expm1" in code
    exact = {"abs", "ceil", "floor", "imul", "max", "min", "round", "sqrt", "SQRT1_2"}
    assert set(re.findall(r"\bMath\.(\w+)", code)) <= exact
    assert "**" not in code
    assert not re.search(r"\b(eval|Function|import|require|fetch|Date|Math\.random)\b\(", code)


# Random numbers

WORD = 2**32 - 1


def mixed(h):
    """Mix 32 bits as the last step of MurmurHash3 does."""
    h = (h ^ h >> 16) * 0x85EBCA6B & WORD
    h = (h ^ h >> 13) * 0xC2B2AE35 & WORD
    return h ^ h >> 16


def xoshiro(seed, stream):
    """Yield the numbers of xoshiro128**, as its authors define it."""

    def turned(x, k):
        return (x << k | x >> 32 - k) & WORD

    h, s = mixed(mixed(seed) + stream & WORD), []
    for _ in range(4):
        h = h + 0x9E3779B9 & WORD
        s.append(mixed(h))
    while True:
        yield turned(s[1] * 5 & WORD, 7) * 9 & WORD
        t = s[1] << 9 & WORD
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = turned(s[3], 11)


def drawn(page, method, count, seed=0, stream=0):
    """Return the first numbers of a generator."""
    return np.array(
        page.evaluate(
            """([method, count, seed, stream]) => {
              const generator = new Laboratory.Generator(seed, stream);
              return Array.from({ length: count }, () => generator[method]());
            }""",
            [method, count, seed, stream],
        )
    )


@pytest.mark.parametrize(
    ("seed", "stream"), [(0, 0), (0, 1), (1, 0), (WORD, 10_007), (20261130, 3)]
)
def test_the_first_random_numbers_are_those_of_the_definition(page, seed, stream):
    bits = xoshiro(seed, stream)
    wanted = [next(bits) for _ in range(200)]
    assert drawn(page, "bits", 200, seed, stream).tolist() == wanted
    pairs = zip(wanted[::2], wanted[1::2])
    uniform = [((high >> 5) * 2**26 + (low >> 6)) / 2**53 for high, low in pairs]
    assert drawn(page, "uniform", 100, seed, stream).tolist() == uniform
    normal = []
    for u, v in zip(uniform[::2], uniform[1::2]):
        u, v = 2 * u - 1, 2 * v - 1
        if 0 < (square := u * u + v * v) < 1:
            factor = math.sqrt(-2 * math.log(square) / square)
            normal += [u * factor, v * factor]
    found = drawn(page, "normal", len(normal), seed, stream)
    np.testing.assert_allclose(found, normal, rtol=1e-14)


def test_random_numbers_are_spread_as_they_should_be(page):
    uniform, normal = (drawn(page, kind, 40_000, seed=5) for kind in ("uniform", "normal"))
    assert 0 <= uniform.min() < 1e-4 and 1 - 1e-4 < uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.006
    assert abs(uniform.var() - 1 / 12) < 0.003
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < 0.02
    assert abs(normal.mean()) < 0.02
    assert abs(normal.var() - 1) < 0.03
    assert abs((normal**4).mean() - 3) < 0.2
    others = [drawn(page, "normal", 20_000, seed, stream) for seed, stream in [(5, 1), (6, 0)]]
    for other in others:
        assert abs(np.corrcoef(normal[:20_000], other)[0, 1]) < 0.03


def test_shuffling_gives_every_order(page):
    orders = page.evaluate(
        """() => {
          const generator = new Laboratory.Generator(1), counts = {};
          for (let i = 0; i < 6000; i++) {
            const order = [0, 1, 2];
            generator.shuffle(order);
            counts[order] = (counts[order] ?? 0) + 1;
          }
          return counts;
        }"""
    )
    assert len(orders) == 6
    assert all(900 < count < 1100 for count in orders.values())


# How a network starts


def weights(page, settings, sizes=(120, 80, 10)):
    """Return the weights of the first dense layer."""
    sizes = list(sizes)
    found = page.evaluate(
        """([sizes, settings]) => {
          const network = Laboratory.mlp(sizes, settings);
          return Array.from(network.dense[0].weight.value);
        }""",
        [sizes, settings],
    )
    return np.reshape(found, sizes[:2])


@pytest.mark.parametrize(
    ("init", "recipe"),
    [
        ("lecun", nets.initialiser("lecun")),
        ("glorot", nets.initialiser("glorot")),
        ("he", nets.initialiser("he")),
        ("uniform", nets.initialiser("uniform")),
        ("orthogonal", nets.initialiser("orthogonal")),
        ({"name": "normal", "std": 0.3}, nets.initialiser("normal", std=0.3)),
        ({"name": "he", "distribution": "uniform"}, nets.initialiser("he")),
        ({"name": "fan_in", "gain": 1.7}, nets.initialiser("fan_in", gain=1.7)),
        ({"name": "orthogonal", "gain": 1.7}, nets.initialiser("orthogonal", gain=1.7)),
        ({"name": "constant", "value": 0.25}, nets.initialiser("constant", value=0.25)),
    ],
)
def test_weights_have_the_variance_of_their_recipe(page, init, recipe):
    drawn = weights(page, {"init": init})
    wanted = recipe.deviation(120, 80)
    assert drawn.std() == pytest.approx(wanted, rel=0.03, abs=1e-12)
    uniform = getattr(recipe, "distribution", "") == "uniform" or init == "uniform"
    if uniform or init == {"name": "he", "distribution": "uniform"}:
        assert 0.98 < np.abs(drawn).max() / (math.sqrt(3) * wanted) <= 1
    if "orthogonal" in str(init):
        assert np.allclose(drawn.T @ drawn, recipe.gain**2 * np.eye(80), atol=1e-13)
    if "constant" in str(init):
        assert np.all(drawn == 0.25)


def test_a_wide_orthogonal_matrix_has_orthonormal_rows(page):
    drawn = weights(page, {"init": "orthogonal"}, (20, 50, 2))
    assert np.allclose(drawn @ drawn.T, np.eye(20), atol=1e-14)


def test_recipes_start_from_the_same_draw(page):
    he, lecun = (weights(page, {"init": init, "seed": 4}) for init in ("he", "lecun"))
    np.testing.assert_allclose(he, math.sqrt(2) * lecun, rtol=1e-14)
    glorot = weights(page, {"init": "glorot", "seed": 4})  # uniform
    assert np.array_equal(np.argsort(he.ravel()), np.argsort(glorot.ravel()))
    assert not np.allclose(weights(page, {"init": "he", "seed": 5}), he, atol=0.05)


def test_the_same_seed_gives_the_same_bits_and_back_leads_to_the_same_draw(page):
    assert page.evaluate(
        """() => {
          const { network, Run, initialiser } = Laboratory, same = (one, other) =>
            JSON.stringify(plain(one)) === JSON.stringify(plain(other));
          const make = (layers, extra) => network(
            { layers, width: 8, bias_std: 0.1, normalisation: "batch", seed: 3, ...extra });
          const one = make(4), start = one.read(), other = make(4);
          const run = new Run(one, data);
          for (let i = 0; i < 3; i++) run.step();
          const moved = !same(one.read(), start);
          one.draw();
          const back = same(one.read(), start);
          one.init = initialiser("he");
          one.draw();
          const switched = !same(one.read(), start);
          other.draw(8);
          const deeper = make(5), kept = ["dense 1 weight", "dense 4 weight", "dense 4 bias"];
          const shallow = make(4);
          return moved && back && switched && !same(other.read(), start) && kept.every((name) =>
            String(deeper.read()[name]) === String(shallow.read()[name]));
        }"""
    )


@pytest.mark.parametrize(
    ("init", "kind"),
    [
        ("he", {}),
        ("glorot", {"bias_std": 0.3, "normalisation": "batch"}),
        ("orthogonal", {}),
        ("uniform", {"shortcut": "highway"}),
        ("lecun", {"shortcut": "fixup", "branch_layers": 3}),
        ("normal", {"shortcut": "scaled", "normalisation": "layer"}),
        ("constant", {}),
        ("fan_in", {}),
    ],
)
def test_python_draws_the_same_weights_and_takes_the_same_steps(page, init, kind):
    gain = 1.25
    found = page.evaluate(
        """([init, kind, gain]) => {
          const network = Laboratory.network({ layers: 3, width: 20, activation: "tanh",
            init: { name: init, gain }, seed: 11, ...kind });
          const run = new Laboratory.Run(network, data, { batch_size: 100, seed: 12 });
          const start = plain(network.read());
          return [start, Array.from({ length: 16 }, () => run.step())];
        }""",
        [init, kind, gain],
    )
    options = {name: value for name, value in kind.items() if name != "bias_std"}
    if "shortcut" in kind:
        network = vg.ResidualMLP([64, 20, 10], 3, "tanh", init=init, **options)
    else:
        network = vg.MLP([64, 20, 20, 20, 10], "tanh", init=init, **options)
    laboratory.draw(network, seed=11, gain=gain, bias_std=kind.get("bias_std", 0.0))
    start = {each.name: each.value for each in network.parameters()}
    for name, value in start.items():
        assert relative(found[0][name], value) <= 1e-13, name
    digits, rule = vg.datasets.digits(), nets.optimiser("sgd")
    steps = zip(laboratory.batches(1400, 100, seed=12), found[1])
    for batch, loss in steps:
        logits = network.forward(digits.x_train[batch], training=True)
        value, gradient = nets.cross_entropy(logits, digits.y_train[batch])
        assert loss == pytest.approx(value, rel=1e-10)
        network.backward(gradient)
        rule.step(network.parameters())


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: laboratory.draw("relu"), "network must be an MLP or a ResidualMLP, not str"),
        (lambda: laboratory.draw(vg.MLP([2, 2]), seed=-1), "seed must be .*, not -1"),
        (lambda: laboratory.draw(vg.MLP([2, 2]), gain=-1), "gain must be .*, not -1"),
        (lambda: laboratory.draw(vg.MLP([2, 2], init="identity")), "no recipe such as Identity"),
        (lambda: next(laboratory.batches(4, 5)), "batch_size must be at most 4, .*, not 5"),
    ],
)
def test_python_says_what_it_does_not_draw(act, said):
    with pytest.raises((TypeError, ValueError), match=said):
        act()


@pytest.mark.parametrize("shortcut", ["rezero", "skipinit", "fixup"])
def test_blocks_that_start_as_the_identity_do(page, shortcut):
    signal = page.evaluate(
        """shortcut => {
          const network = Laboratory.network({ shortcut, layers: 6, branch_layers: 2 });
          return Laboratory.gradientFlow(network, data.x_train, data.y_train, 50).signal;
        }""",
        shortcut,
    )
    assert len(set(signal)) == 1


# A run


def test_a_network_learns_the_digits(page):
    before, after, epochs = page.evaluate(
        """() => {
          const network = Laboratory.network({ layers: 3, activation: "relu", init: "he" });
          const run = new Laboratory.Run(network, data);
          const before = run.evaluate(data.x_test, data.y_test);
          while (run.epochs < 5) run.step();
          return [before, run.evaluate(data.x_test, data.y_test), run.epochs];
        }"""
    )
    assert before["accuracy"] < 0.3 and before["loss"] > 2
    assert after["accuracy"] > 0.9 and after["loss"] < 0.4
    assert epochs == 5


def test_loss_accuracy_and_the_fall_of_the_gradient_are_those_of_vgtools(page):
    values, measured, flow, factor = page.evaluate(
        """() => {
          const { network, Run, gradientFlow, backwardFactor } = Laboratory;
          const small = network({ layers: 5, width: 20, activation: "sigmoid" });
          const run = new Run(small, data);
          const flow = gradientFlow(small, data.x_train, data.y_train, 100);
          const measured = run.evaluate(data.x_test, data.y_test);
          return [plain(small.read()), measured, flow, backwardFactor(flow.gradient)];
        }"""
    )
    data = vg.datasets.digits()
    network = vg.MLP([64, *[20] * 5, 10], "sigmoid")
    for each in network.parameters():
        each.value[...] = np.reshape(values[each.name], each.value.shape)
    logits = network.forward(data.x_test)
    assert measured["loss"] == pytest.approx(nets.cross_entropy(logits, data.y_test)[0], rel=1e-12)
    assert measured["accuracy"] == pytest.approx(nets.accuracy(logits, data.y_test), rel=1e-12)
    wanted = vg.gradient_flow(network, data.x_train[:100], data.y_train[:100])
    np.testing.assert_allclose(flow["gradient"], wanted.gradient, rtol=1e-12)
    assert factor == pytest.approx(wanted.backward_factor, rel=1e-12)


def test_gradients_of_every_size_are_measured(page):
    found = page.evaluate("[1e-200, 1e200, 0].map((x) => Laboratory.norm([3 * x, 4 * x]))")
    assert found == pytest.approx([5e-200, 5e200, 0], rel=1e-15)


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda rule: f"{rule['name']} {len(rule)}")
def test_a_run_goes_on_from_what_was_read(page, optimiser):
    assert page.evaluate(
        """optimiser => {
          const { network, Run } = Laboratory;
          const make = () => new Run(
            network({ layers: 2, width: 6, normalisation: "batch" }), data, { optimiser });
          const losses = (run) => Array.from({ length: 40 }, () => run.step());
          const one = make();
          losses(one);
          const state = one.read(), wanted = losses(one).join(), other = make();
          losses(other);
          losses(other);
          other.write(state);
          const again = losses(other).join();
          other.write(state);
          return again === wanted && losses(other).join() === wanted && other.steps === 80;
        }""",
        optimiser,
    )


@pytest.mark.parametrize("kind", [{"normalisation": "batch"}, {"shortcut": "fixup"}], ids=str)
@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda rule: f"{rule['name']} {len(rule)}")
def test_steps_in_slices_end_with_the_same_bits_as_steps_at_once(page, optimiser, kind):
    """A rate that changes while the weights do is one of the next step."""
    same, slices = page.evaluate(
        """([optimiser, kind]) => {
          const { building, finished, gradientFlow, flowing, Run } = Laboratory;
          let slices = 0;
          const sliced = (work) => {
            for (;;) {
              const { done, value } = work.next();
              if (done) return value;
              slices += 1;
            }
          };
          const run = (how) => {
            const settings = { layers: 4, width: 7, activation: "tanh", ...kind };
            const network = how(building(settings)), made = new Run(network, data, { optimiser });
            const losses = Array.from({ length: 6 }, () => how(made.stepping()));
            const flow = how(flowing(network, data.x_train, data.y_train, 50, true));
            return JSON.stringify([losses, flow, plain(network.read()), made.steps]);
          };
          const same = run(sliced) === run(finished);

          const settings = { layers: 4, width: 7, activation: "tanh", ...kind };
          const [one, other] = [0, 1].map(() => {
            const network = finished(building(settings));
            return new Run(network, data, { optimiser });
          });
          one.step();
          const work = other.stepping();
          while (other.steps === 0) work.next();
          other.optimiser.set({ learning_rate: 0.5 });
          finished(work);
          const read = ({ network }) => JSON.stringify(plain(network.read()));
          return [same && read(one) === read(other), slices];
        }""",
        [optimiser, kind],
    )
    assert same
    assert slices > 6 * 3 * 4  # steps, ways through the layers, layers


def test_a_unit_is_dead_where_neither_a_signal_nor_a_gradient_passes(page):
    dead = page.evaluate(
        """() => ["tanh", "relu"].map((activation) => {
          const network = Laboratory.network({ layers: 1, width: 4, activation });
          network.write({ "dense 1 weight": Array(256).fill(0) });
          return Laboratory.gradientFlow(network, data.x_train, data.y_train, 9).dead_units[0];
        })"""
    )
    assert dead == [0, 1]


def test_what_is_measured_is_a_step_and_not_what_came_after(page):
    said = page.evaluate(
        """() => {
          const network = Laboratory.network({ layers: 2 });
          const run = new Laboratory.Run(network, data);
          run.step();
          run.evaluate(data.x_test, data.y_test);
          return refusal(() => Laboratory.measure(network));
        }"""
    )
    assert "call measure before the next forward pass" in said


def test_controls_change_a_run(page):
    assert page.evaluate(
        """() => {
          const { network, Run, optimiser } = Laboratory;
          const small = () => network({ layers: 2, width: 6 });
          const one = new Run(small(), data, { optimiser: { name: "sgd", momentum: 0.9 } });
          const other = new Run(small(), data, { optimiser: "adam" });
          for (let i = 0; i < 10; i++) one.step();
          other.write(one.read());  // the velocities mean nothing to Adam
          other.step();
          one.optimiser.set({ learning_rate: 0 });
          const before = String(one.read().values["dense 1 weight"]);
          one.step();
          const { learning_rate, momentum, memory } = one.optimiser;
          return learning_rate === 0 && momentum === 0.9 && memory.size === 6 && other.steps === 11
            && String(one.read().values["dense 1 weight"]) === before;
        }"""
    )


def test_the_size_of_an_update_is_measured(page):
    before, after, flow = page.evaluate(
        """() => {
          const network = Laboratory.network({ layers: 2, width: 6 });
          const run = new Laboratory.Run(network, data, { optimiser: "adam" });
          run.step();
          const before = plain(network.read());
          run.step();
          return [before, plain(network.read()), Laboratory.measure(network)];
        }"""
    )
    for layer in (1, 2):
        name = f"dense {layer} weight"
        new, old = np.array(after[name]), np.array(before[name])
        assert flow["update"][layer - 1] == pytest.approx(np.linalg.norm(new - old), rel=1e-12)
        assert flow["weight"][layer - 1] == pytest.approx(np.linalg.norm(new), rel=1e-12)


# Extremes


@pytest.mark.parametrize(
    ("settings", "batch"),
    [
        ({"layers": 1}, 50),
        ({"layers": 1, "width": 1}, 1),
        ({"layers": 100}, 20),
        ({"layers": 100, "shortcut": "scaled", "normalisation": "layer"}, 20),
        ({"layers": 100, "width": 1, "activation": "sigmoid"}, 1),
        ({"layers": 5, "width": 1, "normalisation": "batch"}, 2),
        ({"layers": 5, "width": 1, "normalisation": "layer"}, 1),
        ({"layers": 5, "width": 3, "shortcut": "highway"}, 1),
        ({"layers": 5, "init": "constant"}, 50),
        ({"layers": 2, "width": 1024, "activation": "relu"}, 7),
    ],
    ids=str,
)
def test_extreme_networks_train(page, settings, batch):
    losses, flow = page.evaluate(
        """([settings, batch]) => {
          const network = Laboratory.network(settings);
          const run = new Laboratory.Run(network, data,
            { batch_size: batch, optimiser: { name: "sgd", learning_rate: 0.01 } });
          const losses = Array.from({ length: 3 }, () => run.step());
          return [losses, Laboratory.measure(network)];
        }""",
        [settings, batch],
    )
    assert all(0 < loss < 20 for loss in losses)
    assert all(len(values) == settings["layers"] for values in flow.values())
    assert all(value >= 0 for values in flow.values() for value in values)
    if settings.get("init") == "constant":  # nothing goes forward, and nothing comes back
        assert flow["signal"] == flow["gradient"] == [0] * 5


def test_weights_that_are_huge_stop_the_run_and_say_where(page):
    said, where, unchanged, again = page.evaluate(
        """() => {
          const { network, Run } = Laboratory;
          const large = network({ layers: 4, activation: "relu", init: "he" });
          const values = large.read(), small = large.read();
          for (const name of ["dense 1 weight", "dense 2 weight", "dense 3 weight"]) {
            values[name] = values[name].map((each) => 1e120 * each);
          }
          large.write(values);
          const run = new Run(large, data), before = JSON.stringify(plain(large.read()));
          const said = refusal(() => run.step());
          const { layer, step } = run.stopped;
          const unchanged = JSON.stringify(plain(large.read())) === before;
          large.write(small);
          return [said, [layer, step], unchanged, refusal(() => run.step()) === said];
        }"""
    )
    assert said == (
        "DivergenceError: the output of dense 3 became infinite or NaN in step 1: training "
        "diverged. Lower the learning rate, or start from smaller weights."
    )
    assert where == ["dense 3", 1]
    assert unchanged and again


@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_a_learning_rate_that_is_far_too_large_stops_the_run(page, rule):
    said, steps = page.evaluate(
        """name => {
          const network = Laboratory.network({ layers: 60, width: 16, activation: "relu" });
          const optimiser = { name, learning_rate: 1e6 };
          const run = new Laboratory.Run(network, data, { optimiser });
          const said = refusal(() => { for (let i = 0; i < 300; i++) run.step(); });
          return [said, run.steps];
        }""",
        rule,
    )
    assert re.match(rf"DivergenceError: the .* in step {steps + 1}: training diverged", said)


def test_a_loss_that_is_infinite_stops_the_run(page):
    said = page.evaluate(
        """() => {
          const network = Laboratory.mlp([1, 2], { rows: 1 });
          network.write({ "dense 1 weight": [1e308, -1e308] });
          const data = { x_train: [1], y_train: [1] };
          const run = new Laboratory.Run(network, data, { batch_size: 1 });
          return refusal(() => run.step());
        }"""
    )
    assert said.startswith("DivergenceError: the loss became Infinity in step 1: training diverged")


def test_gradients_that_adam_cannot_square_stop_the_run(page):
    said = page.evaluate(
        """() => {
          const network = Laboratory.mlp([1, 2], { init: "constant", rows: 1 });
          const run = new Laboratory.Run(network, { x_train: [1], y_train: [0] },
            { batch_size: 1, optimiser: "adam" });
          return refusal(() => run.learn(Float64Array.of(1e200), [0], 1));
        }"""
    )
    assert "the gradient of dense 1 weight became too large to be squared in step 1" in said


REFUSED = {
    "network({ layers: 0 })": "layers must be a whole number from 1 to 100, not 0",
    "network({ layers: 101 })": "layers must be a whole number from 1 to 100, not 101",
    "network({ layers: 2.5 })": "layers must be a whole number from 1 to 100, not 2.5",
    "network({ layers: '3' })": 'layers must be a whole number from 1 to 100, not "3"',
    "network({ layers: NaN })": "layers must be a whole number from 1 to 100, not NaN",
    "network({ width: 0 })": "width must be a whole number from 1 to 1024, not 0",
    "network({ layers: 100, width: 1000 })": "4194304 weights .* take fewer or narrower layers",
    "network({ depth: 3 })": 'the network has no setting "depth"; it accepts: layers, width',
    "network(null)": "the network must be an object such as {}, not null",
    "mlp([3, 2], { depth: 3 })": 'the MLP has no setting "depth"; it accepts: activation, init',
    "network({ shortcut: 'skip' })": 'shortcut must be one of "none", "sum", .*, not "skip"',
    "network({ activation: 'rrelu' })": 'activation must be one of "identity", .*, not "rrelu"',
    "network({ activation: null })": "activation must be one of .*, not undefined",
    "network({ activation: { name: 'elu', alpha: 0 } })": "alpha of elu must be .* from 0.001 to",
    "network({ activation: { name: 'elu', beta: 1 } })": 'elu has no setting "beta"; .*: alpha',
    "network({ init: 'xavier' })": 'init must be one of "constant", .*"glorot".*, not "xavier"',
    "network({ init: { name: 'he', gain: -1 } })": "gain of he must be .* from 0 to .*, not -1",
    "network({ init: { name: 'he', gain: Infinity } })": "gain of he must be .*, not Infinity",
    "network({ init: { name: 'uniform', distribution: 'normal' } })": 'one of "uniform", not',
    "network({ normalisation: 'group' })": 'normalisation must be one of "batch", .*, not "group"',
    "network({ bias_std: -1 })": "bias_std must be a number from 0 to 1000000, not -1",
    "network({ seed: -1 })": "seed must be a whole number from 0 to 4294967295, not -1",
    "network({ drawn: 1 })": "drawn must be one of true, false, not 1",
    "network({ rows: 0 })": "rows must be a whole number from 1 to 2000, not 0",
    "mlp([3])": "sizes must be an array of two widths or more, not 3",
    "mlp([3, 0, 2])": r"sizes\[1\] must be a whole number from 1 to 1024, not 0",
    "mlp(Array(103).fill(1))": "the number of hidden layers must be .* 0 to 100, not 101",
    "residualMLP([3, 4, 4, 2], 1)": "sizes must be features, width and outputs, not 4 widths",
    "residualMLP([3, 4, 2], 101)": "blocks must be a whole number from 1 to 100, not 101",
    "residualMLP([3, 4, 2], 1, { branch_layers: 5 })": "branch_layers must be .* 1 to 4, not 5",
    "residualMLP([3, 4, 2], 1, { gate_bias: NaN })": "gate_bias must be a number .*, not NaN",
    "optimiser('rmsprop')": 'optimiser must be one of "sgd", "adam", not "rmsprop"',
    "optimiser({ name: 'sgd', learning_rate: -1 })": "learning_rate must be a number from 0",
    "optimiser({ name: 'sgd', momentum: 1 })": "momentum must be a number from 0 to 0.9999, not 1",
    "optimiser({ name: 'adam', momentum: 0.9 })": 'adam has no setting "momentum"; it accepts: lea',
    "new Run(mlp([64, 10]), data, { batch_size: 0 })": "batch_size must be .* 1 to 100, not 0",
    "new Run(mlp([64, 10]), data, { batch_size: 101 })": "batch_size must be .* 1 to 100, not 101",
    "new Run(mlp([64, 9]), data)": "a label must be a whole number from 0 to 8, not 9",
    "new Run(mlp([63, 10]), data)": "x_train must hold 88200 numbers, not 89600 of them",
    "new Run(mlp([64, 10]), data, 7)": "the run must be an object such as {}, not 7",
    "new Run(network({ normalisation: 'batch' }), data, { batch_size: 1 })": "2 to 100, not 1",
    "mlp([2, 2]).write({ 'dense 2 weight': [1] })": "the network has no parameter .dense 2 weight.",
    "mlp([2, 2]).write({ 'dense 1 bias': [1] })": "dense 1 bias must hold 2 numbers, not 1 of them",
    "mlp([2, 2]).write({ 'dense 1 bias': [1, NaN] })": "dense 1 bias must hold 2 finite numbers",
    "mlp([2, 2]).backward([1, 1])": "there is nothing to go back from: call forward first",
    "measure(network())": "there is no way back to measure: take a step, or call gradientFlow",
    "census(network())": "there is nothing to count: call forward first",
    "optimiser('sgd').set({ learning_rate: NaN })": "learning_rate must be a number .*, not NaN",
    "optimiser('sgd').set({ beta_1: 0 })": 'sgd has no setting "beta_1"; it accepts: learning_rate',
    "mlp([2, 2]).forward([1, 2], 101)": "the number of samples must be .* 1 to 100, not 101",
    "new Generator(1.5)": "seed must be a whole number from 0 to 4294967295, not 1.5",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_out_of_range_is_refused_with_what_was_given_and_what_is_accepted(page, code):
    names = "network, mlp, residualMLP, optimiser, Run, Generator, measure, census"
    said = page.evaluate(
        f"() => {{ const {{ {names} }} = Laboratory; return refusal(() => {code}); }}"
    )
    assert re.match(f"(Range|Type|)Error: .*{REFUSED[code]}", said), said


# What it weighs


def test_five_thousand_steps_leave_the_memory_as_it_was(page):
    page.evaluate(
        """() => {
          const network = Laboratory.network({ layers: 4, width: 8, normalisation: "layer" });
          window.run = new Laboratory.Run(network, data, { batch_size: 20, optimiser: "adam" });
          window.go = (steps) => {
            for (let i = 0; i < steps; i++) {
              run.step();
              if (i % 10 === 0) Laboratory.measure(network);
            }
          };
          go(500);
        }"""
    )
    session = page.context.new_cdp_session(page)

    def used():
        session.send("HeapProfiler.collectGarbage")
        usage = session.send("Runtime.getHeapUsage")
        return usage["usedSize"] + usage.get("backingStorageSize", 0)

    before = used()
    page.evaluate("go(5000)")
    assert used() - before < 100_000
    session.detach()


def test_script_and_digits_stay_small():
    script, digits = (
        len(gzip.compress(text.encode(), 6)) for text in (laboratory.script(), PACKED)
    )
    print(script, digits)
    assert script < 22_000
    assert digits < 47_000


def test_there_is_one_global_object(page):
    made = page.evaluate(
        """() => {
          const frame = document.body.appendChild(document.createElement("iframe"));
          const usual = new Set(Object.getOwnPropertyNames(frame.contentWindow));
          frame.remove();
          return Object.getOwnPropertyNames(window).filter((name) => !usual.has(name));
        }"""
    )
    own = {"data", "plain", "refusal", "compared", "run", "go", "Experiments", "chapters"}
    assert [name for name in made if name not in own and not name.startswith("__")] == [
        "Laboratory"
    ]


def test_the_activations_of_the_page_are_those_of_the_catalogue(page):
    known = set(page.evaluate("Object.keys(Laboratory.ACTIVATIONS)"))
    differ = known ^ {"identity", *SHIPPED}
    assert not differ, (
        f"write in laboratory/activations.js, or mark laboratory=False in definitions.py, or the "
        f"other way round: {sorted(differ)}"
    )
    assert json.loads(PACKED)["training"] == vg.datasets.TRAINING_SAMPLES
