"""What `vg.watch(model, every=100)` costs: training with it and without it, in turns.

Two equal models take one step each, again and again, and one of them is watched at every tenth
step. Watched steps, the steps that follow them and all others say what a watch at every
hundredth step costs. A step is timed on the processor, and of each kind the lower quartile is
taken, because other programs may run.

Run in the environment of `make test-frameworks`::

    _build/frameworks/bin/python -m benchmarks.watching
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import cross_entropy

import vgtools as vg

EVERY, OFTEN = 100, 10


def perceptron() -> tuple[nn.Module, tuple]:
    """Make ten layers of 128 rectifiers, and a batch of 128 vectors."""
    layers = [nn.Linear(64, 128), nn.ReLU()]
    for _ in range(9):
        layers += [nn.Linear(128, 128), nn.ReLU()]
    batch = torch.randn(128, 64), torch.randint(10, (128,))
    return nn.Sequential(*layers, nn.Linear(128, 10)), batch


def convolutions() -> tuple[nn.Module, tuple]:
    """Make four convolutions with batch normalisation, and a batch of 32 pictures."""
    layers: list[nn.Module] = []
    for channels, outputs in ((3, 16), (16, 32), (32, 32), (32, 64)):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.BatchNorm2d(outputs)]
        layers += [nn.ReLU(inplace=True), nn.MaxPool2d(2)]
    batch = torch.randn(32, 3, 16, 16), torch.randint(10, (32,))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 10)), batch


def trainer(make: Callable) -> tuple[nn.Module, Callable[[], float]]:
    """Return a model, and a function that takes one step and returns its seconds."""
    torch.manual_seed(0)
    model, (x, y) = make()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def step() -> float:
        before = time.process_time()
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()
        optimizer.step()
        return time.process_time() - before

    return model, step


def measure(make: Callable, steps: int) -> dict[str, float]:
    """Return lower quartiles in milliseconds, and the cost of a watch as a share."""
    _, plain = trainer(make)
    model, watched = trainer(make)
    kinds: dict[str, list[float]] = {"plain": [], "watched": [], "following": [], "other": []}
    with vg.watch(model, every=OFTEN):
        for number in range(steps):
            kind = {0: "watched", 1: "following"}.get(number % OFTEN, "other")
            kinds["plain"].append(plain())
            kinds[kind].append(watched())
    found = {kind: 1e3 * statistics.quantiles(taken[1:])[0] for kind, taken in kinds.items()}
    with_watch = found["watched"] + found["following"] + (EVERY - 2) * found["other"]
    return {**found, "cost": with_watch / (EVERY * found["plain"]) - 1}


def main() -> None:
    """Print the cost for two models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=600)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print("| model | step, ms | watched step, ms | the one after, ms | all others, ms | cost |")
    print("|---|---|---|---|---|---|")
    for make in (perceptron, convolutions):
        found = measure(make, asked.steps)
        times = " | ".join(f"{found[k]:.2f}" for k in ("plain", "watched", "following", "other"))
        print(f"| {make.__name__} | {times} | {found['cost']:.1%} |")


if __name__ == "__main__":
    main()
