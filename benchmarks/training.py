"""How long is one training step? ``python -m benchmarks.training``.

The same step (forward, loss, backward, optimiser) of the same network in float64, by
vgtools and by PyTorch in eager mode, in turns, so that a slow minute slows both. Each runs
with one thread and with one per core, and of each the faster one counts. (`make` starts
vgtools with one, so that sums come out the same everywhere.) A ratio above 1 says that vgtools
is faster. The ratio after it compares processor time, one thread each: it is steady even while
other programs use the machine.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

import vgtools as vg
from vgtools import networks as nets

BATCH, STEPS, FEATURES, HIDDEN = 50, 100, 2, 32
DIGITS, CLASSES = 64, 10
DEEP = {"MLP 30x64": (30, 64), "MLP 8x128": (8, 128), "MLP 5x1000": (5, 1000)}
"""Hidden layers and their width, between the 64 pixels and the 10 classes of a digit."""
RECURRENT = ("RNN", "LSTM", "GRU")
LEAST = dict.fromkeys([*DEEP, *RECURRENT], 1.0) | {"MLP 5x1000": 0.8}
"""The ratio to reach."""

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()

PAUSE = 0.15
"""Seconds after which idle threads of OpenBLAS and OpenMP no longer occupy a core."""

IN_A_ROW = 10
"""So many steps of a side are timed one after the other, as training takes them."""

LEAST_TURNS = 5

THREADS = (1, CORES)
BLAS = ThreadpoolController().select(user_api="blas").lib_controllers

Step = Callable[[], object]
SIDES = ("vgtools", "PyTorch")
TIMED = [(side, count) for side in SIDES for count in THREADS]
"""Who takes the step, and with how many threads."""


def our_perceptron(depth: int, width: int) -> Step:
    """Return one step of plain gradient descent of a tanh network, by vgtools."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, DIGITS))
    y = rng.integers(CLASSES, size=BATCH)
    network = vg.MLP([DIGITS, *[width] * depth, CLASSES], "tanh")
    parameters, rule = network.parameters(), nets.SGD(0.01)

    def step() -> None:
        _, gradient = nets.cross_entropy(network.forward(x, training=True), y)
        network.backward(gradient)
        rule.step(parameters)

    return step


def their_perceptron(depth: int, width: int) -> Step:
    """Return the same step, by PyTorch."""
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.normal(size=(BATCH, DIGITS)))
    y = torch.tensor(rng.integers(CLASSES, size=BATCH))
    sizes = [DIGITS, *[width] * depth]
    layers = [
        layer
        for pair in zip(sizes, sizes[1:])
        for layer in (torch.nn.Linear(*pair, dtype=x.dtype), torch.nn.Tanh())
    ]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(width, CLASSES, dtype=x.dtype))
    rule = torch.optim.SGD(network.parameters(), 0.01)

    def step() -> None:
        rule.zero_grad()
        torch.nn.functional.cross_entropy(network(x), y).backward()
        rule.step()

    return step


def our_recurrent(kind: str) -> Step:
    """Return one step of Adam with clipping of a network that reads a sequence, by vgtools."""
    x = np.random.default_rng(0).normal(size=(STEPS, BATCH, FEATURES))
    y = np.ones((BATCH, 1))
    network = getattr(vg, kind)([FEATURES, HIDDEN, 1])
    parameters, rule = network.parameters(), nets.Adam()

    def step() -> None:
        _, gradient = nets.squared_error(network.forward(x, training=True), y)
        network.backward(gradient)
        nets.clip_gradient(parameters, 1.0)
        rule.step(parameters)

    return step


def their_recurrent(kind: str) -> Step:
    """Return the same step, by PyTorch."""
    x = np.random.default_rng(0).normal(size=(STEPS, BATCH, FEATURES))
    x, y = torch.tensor(x), torch.ones(BATCH, 1, dtype=torch.tensor(x).dtype)
    layer = getattr(torch.nn, kind)(FEATURES, HIDDEN, dtype=x.dtype)
    readout = torch.nn.Linear(HIDDEN, 1, dtype=x.dtype)
    parameters = [*layer.parameters(), *readout.parameters()]
    rule = torch.optim.Adam(parameters)

    def step() -> None:
        rule.zero_grad()
        states, _ = layer(x)
        ((readout(states[-1]) - y) ** 2).mean().div(2).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        rule.step()

    return step


def set_threads(count: int) -> None:
    """Give the matrix products of NumPy, and PyTorch, so many threads."""
    for library in BLAS:
        library.set_num_threads(count)
    torch.set_num_threads(count)


def in_turns(steps: dict[str, Step], seconds: float) -> dict[tuple, NDArray[np.float64]]:
    """Let every side take steps in its turn, again and again, for about so many seconds in all.

    Before it is timed, a side waits until threads of the one before, which look for work in a
    busy loop, have fallen asleep, and takes one step. No garbage is collected meanwhile.

    Returns
    -------
    dict of side and number of threads to array
        Milliseconds of each step, by the clock and on the processors, of all threads together:
        (steps, 2).
    """
    taken: dict[tuple, list[tuple[float, float]]] = {each: [] for each in TIMED}
    gc.collect()
    gc.disable()
    start, turns = time.perf_counter(), 0
    while turns < LEAST_TURNS or time.perf_counter() - start < seconds:
        turns += 1
        for side, count in TIMED:
            step = steps[side]
            set_threads(count)
            time.sleep(PAUSE)
            step()
            for _ in range(IN_A_ROW):
                clock, processor = time.perf_counter(), time.process_time()
                step()
                clock, processor = time.perf_counter() - clock, time.process_time() - processor
                taken[side, count].append((1e3 * clock, 1e3 * processor))
    gc.enable()
    return {each: np.array(pairs) for each, pairs in taken.items()}


def text(clock: NDArray[np.float64]) -> str:
    """Write the median and the quartiles of durations."""
    low, median, high = (
        f"{value:.3g}" if value < 100 else f"{value:.0f}"
        for value in np.percentile(clock, [25, 50, 75])
    )
    return f"{median} ({low} to {high})"


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="for each row, about")
    parser.add_argument("--only", help="rows whose name contains this")
    options = parser.parse_args(arguments)
    print(
        f"One training step, batch {BATCH}, in ms: median (quartiles). "
        f"{CORES} cores; PyTorch {torch.__version__}."
    )
    columns = ["network", *(f"{side}, threads: {count}" for side, count in TIMED)]
    columns += ["ratio", "at least", "ratio of processor times"]
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    missed = []
    for name, least in LEAST.items():
        if options.only and options.only not in name:
            continue
        if name in DEEP:
            steps = our_perceptron(*DEEP[name]), their_perceptron(*DEEP[name])
        else:
            steps = our_recurrent(name), their_recurrent(name)
        found = in_turns(dict(zip(SIDES, steps)), options.seconds)
        medians = {each: np.median(pairs, axis=0) for each, pairs in found.items()}
        ours, theirs = (min(medians[side, count][0] for count in THREADS) for side in SIDES)
        if theirs < least * ours:
            missed.append(name)
        cells = [text(found[each][:, 0]) for each in TIMED]
        cells += [f"{theirs / ours:.2f}", f"{least:g}"]
        cells.append(f"{medians['PyTorch', 1][1] / medians['vgtools', 1][1]:.2f}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    if missed:
        print("\nNot reached: " + ", ".join(missed))


if __name__ == "__main__":
    main()
