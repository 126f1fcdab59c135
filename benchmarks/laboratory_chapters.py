"""Experiments of five chapters with the laboratory's engine, and what they should conclude."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.laboratory_asking import Ask, Finding, Given, adam, ends, losses, seeded, sgd, span
from vgtools import datasets
from vgtools.diagnostics import factor_back

# Chapter 2: the sigmoid

SPEEDS = {
    "sizes": [64, *[30] * 4, 10],
    "options": {"activation": "sigmoid", "init": "lecun"},
    "samples": 1400,
}
TOP_LAYER = {
    "sizes": [64, *[100] * 4, 10],
    "options": {"activation": "sigmoid", "init": "uniform"},
    "run": sgd(0.1, 10),
    "epochs": 60,
    "looks": ["means", "scores"],
}


def chapter_2(ask: Ask, seeds: range) -> Iterator[Finding]:
    """Each earlier layer is slower, and the top layer switches itself off."""
    gradient = ends(ask, SPEEDS, seeds)
    factors, whole = gradient[:, 1:] / gradient[:, :-1], gradient[:, -1] / gradient[:, 0]
    yield Finding(
        2,
        "gradient of four sigmoid layers of 30 units, before training",
        "grows by more than 3 from each layer to the next, from first to last by 70 to 100",
        f"factors {span(factors)}; first to last {span(whole, 0)}, median {np.median(whole):.0f}",
        bool(factors.min() > 3 and 70 < np.median(whole) < 100),
    )
    runs = [ask("course", seeded(TOP_LAYER, seed)) for seed in seeds]
    means = np.array([[look["means"] for look in run] for run in runs])
    loss = np.array([run[-1]["scores"]["loss"] for run in runs])
    yield Finding(
        2,
        "top layer of four sigmoid layers of 100 units, 60 epochs of SGD",
        "its mean ends below 0.1, those of the others above 0.49, the loss above 2.29",
        f"mean of layer 4 {span(means[:, -1, 3])}, of layers 1 to 3 {span(means[:, -1, :3])}; "
        f"loss {span(loss, 4)}",
        bool(means[:, -1, 3].max() < 0.1 and means[:, -1, :3].min() > 0.49 and loss.min() > 2.29),
    )
    rule = TOP_LAYER | {"run": adam(0.001, 10), "epochs": 3}
    runs = [ask("course", seeded(rule, seed))[-1] for seed in seeds]
    top, loss = (
        [look[kind][key] for look in runs] for kind, key in (("means", 3), ("scores", "loss"))
    )
    yield Finding(
        2,
        "the same, three epochs of Adam",
        "the mean of layer 4 is above 0.4, and the loss below 1.8",
        f"mean of layer 4 {span(top)}; loss {span(loss, 3)}",
        min(top) > 0.4 and max(loss) < 1.8,
    )


# Chapter 4: ReLU

XAVIER = {"name": "glorot", "distribution": "normal"}
THIRTY = {
    "sizes": [64, *[64] * 30, 10],
    "options": {"activation": "relu", "init": "he"},
    "run": sgd(0.02, 64),
    "epochs": 10,
}


def thirty(init: Any, **changes: Any) -> Given:
    """Return thirty layers of ReLU, which may differ in their options."""
    run = {key: changes.pop(key) for key in ("run", "epochs") if key in changes}
    return THIRTY | run | {"options": THIRTY["options"] | {"init": init} | changes}


def chapter_4(ask: Ask, seeds: range) -> Iterator[Finding]:
    """Thirty layers."""
    he, xavier = (losses(ask, thirty(init), seeds) for init in ("he", XAVIER))
    yield Finding(
        4,
        "thirty ReLU layers of 64 units, SGD at 0.02, ten epochs",
        "the loss ends between 0.7 and 1.8 with He's weights, and above 2.29 with Xavier's",
        f"loss {span(he[:, -1])} with He's, {span(xavier[:, -1], 4)} with Xavier's",
        bool(0.7 < he[:, -1].min() and he[:, -1].max() < 1.8 and xavier[:, -1].min() > 2.29),
    )
    larger = [losses(ask, thirty(XAVIER, run=sgd(rate, 64)), seeds)[:, -1] for rate in (0.2, 1.0)]
    yield Finding(
        4,
        "Xavier's weights at ten and at fifty times the rate",
        "the loss stays between 2.29 and 2.32",
        f"loss {span(larger[0], 4)} at 0.2, {span(larger[1], 4)} at 1",
        bool(2.29 < np.min(larger) and np.max(larger) < 2.32),
    )
    batch = losses(ask, thirty(XAVIER, normalisation="batch", epochs=5), seeds)[:, -1]
    rule = losses(ask, thirty(XAVIER, run=adam(0.001, 64), epochs=5), seeds)[:, -1]
    five = np.array([batch, rule, he[:, 5]])
    yield Finding(
        4,
        "Xavier's weights with batch normalisation, or with Adam, five epochs",
        "the loss is between 1.2 and 2.1, and so it is with He's weights by then",
        f"loss {span(batch)} with batch normalisation, {span(rule)} with Adam, {span(he[:, 5])} "
        "with He's",
        bool(1.2 < five.min() and five.max() < 2.1),
    )
    given = {key: THIRTY[key] for key in ("sizes", "options")} | {"samples": 200}
    given["options"] = given["options"] | {"init": XAVIER}
    signals = ends(ask, given, range(12 * len(seeds)), "signal")
    arrived = np.mean(signals[:, -1] ** 2) / moment(200)
    yield Finding(
        4,
        f"mean square behind thirty layers with Xavier's weights, {len(signals)} networks",
        "within a factor of 2.8 of 2^−30",
        f"2^{log2(arrived):.1f}".replace("-", "−"),
        abs(log2(arrived) + 30) < 1.5,
    )


def moment(samples: int) -> float:
    """Return the mean square of the first training samples."""
    return float(np.mean(datasets.digits().x_train[:samples] ** 2))


# Chapter 8: ELU

SHIFT = {
    "sizes": [64, *[128] * 8, 10],
    "options": {"init": "he"},
    "run": sgd(0.01, 64),
    "epochs": 20,
    "looks": ["shift", "scores"],
}
SHIFTED = {
    "ELU": "elu",
    "leaky ReLU": {"name": "leaky_relu", "alpha": 0.1},
    "ReLU": "relu",
}


def shift(ask: Ask, name: str, seeds: range, epochs: int = 20) -> dict[str, NDArray[np.float64]]:
    """Return what is recorded of the shift, by seeds and epochs."""
    given = SHIFT | {"options": SHIFT["options"] | {"activation": SHIFTED[name]}, "epochs": epochs}
    runs = [ask("course", seeded(given, seed)) for seed in seeds]
    found = {
        key: np.array([[look["shift"][key] for look in run] for run in runs])
        for key in ("all", "layers")
    }
    found["common"] = np.array([[look["shift"]["common"] for look in run[1:]] for run in runs])
    found["loss"] = np.array([[look["scores"]["loss"] for look in run] for run in runs])
    return found


def chapter_8(ask: Ask, seeds: range) -> Iterator[Finding]:
    """The shift, layer by layer."""
    elu, leaky, relu = (shift(ask, name, seeds) for name in SHIFTED)
    middle = [np.median(found["all"], axis=0) for found in (elu, leaky, relu)]
    by_layer = [np.median(found["layers"], axis=0)[8:] for found in (elu, leaky, relu)]
    yield Finding(
        8,
        "mean outputs of eight layers of 128 units, 20 epochs of SGD at 0.01 (float64)",
        "the median is smallest with ELU in every epoch and seed, and from epoch 8 on in every "
        "layer; leaky ReLU comes second in the end",
        "median at the start, at epoch 20: "
        + ", ".join(f"{name} {m[0]:.2f}, {m[-1]:.2f}" for name, m in zip(SHIFTED, middle)),
        bool(
            (middle[0] < middle[1]).all()
            and middle[1][-1] < middle[2][-1]
            and (by_layer[0] < np.minimum(*by_layer[1:])).all()
            and all((elu["all"] < found["all"]).all() for found in (leaky, relu))
        ),
    )
    tenth = [found["loss"][:, 10] for found in (elu, leaky, relu)]
    yield Finding(
        8,
        "their loss after ten epochs",
        "below 0.06 with ELU, above 0.11 with the others, ReLU's the highest on average",
        ", ".join(f"{name} {span(loss)}" for name, loss in zip(SHIFTED, tenth)),
        bool(
            tenth[0].max() < 0.06
            and min(tenth[1].min(), tenth[2].min()) > 0.11
            and tenth[1].mean() < tenth[2].mean()
        ),
    )
    deep = [100 * np.median(found["common"][:, :, 1:]) for found in (elu, leaky, relu)]
    first = 100 * np.median(elu["common"][:, :, 0])
    yield Finding(
        8,
        "common part of the change of an epoch behind layers 2 to 8",
        "60 to 72 % with ReLU and leaky ReLU, 20 to 30 % with ELU, behind layer 1 below 10 %",
        ", ".join(f"{name} {share:.0f} %" for name, share in zip(SHIFTED, deep))
        + f"; ELU behind layer 1 {first:.0f} %",
        bool(20 < deep[0] < 30 and 60 < min(deep[1:]) < max(deep[1:]) < 72 and first < 10),
    )


# Chapter 12: shortcuts

BLOCKS = {
    "sizes": [64, 32, 10],
    "blocks": 100,
    "options": {"activation": "relu", "init": "he"},
    "run": adam(0.003, 100),
    "epochs": 3,
}
RUNGS: dict[str, Given] = {
    "plain": {"shortcut": "none"},
    "highway": {"shortcut": "highway", "gate_bias": -2},
    "sum": {"shortcut": "sum"},
    "normalised branch": {"shortcut": "sum", "normalisation": "rms"},
    "divided by √L": {"shortcut": "scaled"},
    "SkipInit": {"shortcut": "skipinit"},
    "ReZero": {"shortcut": "rezero"},
    "Fixup": {"shortcut": "fixup"},
}
STUCK = ("plain", "highway", "sum")


def rung(name: str, **changes: Any) -> Given:
    """Return a network of blocks with one of the shortcuts."""
    return BLOCKS | changes | {"options": BLOCKS["options"] | RUNGS[name]}


def chapter_12(ask: Ask, seeds: range) -> Iterator[Finding]:
    """A hundred blocks, and how depth harms."""
    runs = {name: losses(ask, rung(name), seeds) for name in RUNGS}
    final = {name: run[:, -1] for name, run in runs.items()}
    learn = [name for name in RUNGS if name not in STUCK]
    yield Finding(
        12,
        "100 blocks of 32 units, 42 steps of Adam at 0.003 (float64)",
        "the loss ends above 1.5 without a shortcut, with a highway and with a sum, and below "
        "0.8 with the others",
        ", ".join(f"{name} {span(loss)}" for name, loss in final.items()),
        bool(
            min(final[name].min() for name in STUCK) > 1.5
            and max(final[name].max() for name in learn) < 0.8
            and runs["sum"][:, 0].min() > 1e9
        ),
    )
    given = {"blocks": 100, "sizes": [64, 32, 10], "samples": 100}
    flows = {
        name: ends(ask, given | {"options": rung(name)["options"]}, seeds)
        for name in ("plain", "sum", "divided by √L", "SkipInit")
    }
    ratio = {name: found[:, 0] / found[:, -1] for name, found in flows.items()}
    yield Finding(
        12,
        "gradient of block 1 over that of block 100, before training",
        "in the median below 0.1 without a shortcut and 10^12 to 4·10^14 with a sum; 1 where a "
        "block begins as the identity",
        ", ".join(
            f"{name} {span(found)}, median {np.median(found):.2g}" for name, found in ratio.items()
        ),
        bool(
            np.median(ratio["plain"]) < 0.1
            and 1e12 < np.median(ratio["sum"]) < 4e14
            and ratio["divided by √L"].max() < sqrt(np.e) * 1.7
            and np.allclose(ratio["SkipInit"], 1)
        ),
    )
    yield from depth_harms(ask, seeds)


def depth_harms(ask: Ask, seeds: range) -> Iterator[Finding]:
    """Train few and many blocks with two optimisers."""
    for title, run in (("Adam at 0.001", adam(0.001, 100)), ("SGD at 0.05", sgd(0.05, 100))):
        plain, short = (
            np.array(
                [
                    losses(ask, rung(name, run=run, blocks=n, epochs=4), seeds)[:, -1]
                    for n in (5, 20, 50)
                ]
            )
            for name in ("plain", "divided by √L")
        )
        middle, kept = np.median(plain, axis=1), np.median(short, axis=1)
        yield Finding(
            12,
            f"5, 20 and 50 blocks, 56 steps of {title} (float64)",
            "the training loss rises with the depth without a shortcut, and not with a sum "
            "divided by √L; at 50 blocks it is more than twice as high",
            f"medians {', '.join(f'{m:.2f}' for m in middle)} against "
            f"{', '.join(f'{m:.2f}' for m in kept)}; at 50 blocks {span(plain[2])} against "
            f"{span(short[2])}",
            bool(
                middle[0] < middle[1] - 0.1
                and middle[1] < middle[2]
                and plain[2].min() > 2 * short[2].max()
                and kept[2] < kept[0] + 0.1
            ),
        )


# Chapter 13: normalisation


def normalised(kind: str | None, layers: int, width: int = 64, square: float = 2.0) -> Given:
    """Return ReLU layers with weights of the variance `square` / `width`."""
    init = {"name": "normal", "std": sqrt(square / width)}
    return {
        "sizes": [64, *[width] * layers, 10],
        "options": {"activation": "relu", "init": init, "normalisation": kind},
        "samples": 100,
    }


def chi(batch: int) -> float:
    """Return what a layer multiplies the mean square of the gradient by in batches of this size."""
    c = -1 / (batch - 1)
    angle = np.arccos(c)
    k = (np.sin(angle) + (np.pi - angle) * c) / np.pi
    return float((batch - 1 - angle / np.pi + k) / ((batch - 3) * (1 - k)))


def chapter_13(ask: Ask, seeds: range) -> Iterator[Finding]:
    """A gradient that grows with depth."""
    batch, layer, none = (
        found[:, 0] / found[:, -1]
        for kind in ("batch", "layer", None)
        for found in [ends(ask, normalised(kind, 30), seeds)]
    )
    law = chi(100) ** (29 / 2)
    yield Finding(
        13,
        "gradient of layer 1 over that of layer 30, He's weights, before training",
        "100 to 1,000 with batch normalisation, 0.2 to 5 with layer normalisation",
        f"batch {span(batch, 0)}, median {np.median(batch):.0f} (theory {law:.0f}); layer "
        f"{span(layer)}; without {span(none)}",
        bool(100 < batch.min() and batch.max() < 1000 and 0.2 < layer.min() and layer.max() < 5),
    )
    small, large = (
        found[:, 0] / found[:, -1]
        for square in (1.0, 4.0)
        for found in [ends(ask, normalised("batch", 30, square=square), seeds)]
    )
    yield Finding(
        13,
        "the same with half and with twice the variance of the weights",
        "batch normalisation makes the size of the weights irrelevant (within 15 %)",
        f"they differ by a factor of {span(large / small, 3)}",
        bool(np.allclose(small, large, rtol=0.15)),
    )
    off, told = [], []
    for size in (8, 16, 64, 256):
        given = normalised("batch", 20, 100) | {"samples": size}
        found = factor_back(ends(ask, given, seeds)[:, 2:]) ** 2
        off.append(np.median(found) / chi(size) - 1)
        told.append(f"{np.median(found):.2f} at {size} ({chi(size):.2f})")
    yield Finding(
        13,
        "growth of the mean square per layer, by the size of the batch (always the first digits)",
        "within 12 % of theory from 8 samples on",
        f"{', '.join(told)}; theory in brackets; π/(π − 1) = {np.pi / (np.pi - 1):.2f}",
        bool(np.abs(off).max() < 0.12),
    )
    yield one_step_later(ask, seeds)


def one_step_later(ask: Ask, seeds: range) -> Finding:
    """Look how fast training removes the growth."""
    given = normalised("batch", 30)
    steps = {
        rate: np.array(
            [ask("stepwise", seeded(given, s) | {"rate": rate, "steps": 3}) for s in seeds]
        )
        for rate in (0.01, 0.1, 1.0)
    }
    middle = {rate: np.median(found, axis=0) for rate, found in steps.items()}
    return Finding(
        13,
        "the same ratio on other digits after one step and after three (the first 200 digits)",
        "one step lowers it, at rate 1 to less than a quarter; after three it is the lower, the "
        "higher the rate",
        f"{middle[1.0][0]:.0f} before; "
        + ", ".join(f"{m[1]:.0f} and {m[3]:.0f} at {rate:g}" for rate, m in middle.items()),
        bool(
            all((steps[rate][:, 1] < 0.8 * steps[rate][:, 0]).all() for rate in (0.1, 1.0))
            and middle[1.0][1] < 0.25 * middle[1.0][0]
            and middle[1.0][3] < middle[0.1][3] < middle[0.01][3] < middle[0.01][0]
        ),
    )


CHAPTERS = {2: chapter_2, 4: chapter_4, 8: chapter_8, 12: chapter_12, 13: chapter_13}
