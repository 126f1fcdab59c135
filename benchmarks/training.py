"""How long is one training step? ``python -m benchmarks.training``.

The same step (forward, loss, backward, optimiser) of the same network, by vgtools
and by PyTorch in eager mode, in turns. Each runs with one thread and with one per core,
and of each the faster one counts. (`make` starts vgtools with one, so that sums come out
the same everywhere.) A ratio above 1 says that vgtools is faster. The ratio after it
compares processor time, one thread each: it is steady even while other programs use
the machine.

The last columns tell what could be had: the step's matrix products, tanh and its slope,
changes of the weights and, where they repeat at every time step, the products and sums of
arrays, by NumPy into arrays that are there already, without anything around them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

import numpy as np
from threadpoolctl import ThreadpoolController

import vgtools as vg
from benchmarks.timing import in_turns
from vgtools import networks as nets
from vgtools.activations import kernels
from vgtools.networks.layers import LARGE
from vgtools.networks.memory import aligned_empty
from vgtools.networks.optimisers import PIECE

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

THREADS = (1, CORES)
BLAS = ThreadpoolController().select(user_api="blas").lib_controllers
"""Those of NumPy and SciPy; PyTorch, which is imported after this, has its own."""

try:
    import torch
except ImportError:
    torch = None

Step = Callable[[], object]


def our_perceptron(depth: int, width: int, dtype: type) -> Step:
    """Return one step of plain gradient descent of a tanh network, by vgtools."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, DIGITS)).astype(dtype)
    y = rng.integers(CLASSES, size=BATCH)
    network = vg.MLP([DIGITS, *[width] * depth, CLASSES], "tanh", dtype=dtype)
    parameters, rule = network.parameters(), nets.SGD(0.01)

    def step() -> None:
        _, gradient = nets.cross_entropy(network.forward(x, training=True), y)
        network.backward(gradient)
        rule.step(parameters)

    return step


def their_perceptron(depth: int, width: int, dtype: type) -> Step:
    """Return the same step, by PyTorch."""
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.normal(size=(BATCH, DIGITS)).astype(dtype))
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


def our_recurrent(kind: str, dtype: type) -> Step:
    """Return one step of Adam with clipping of a network that reads a sequence, by vgtools."""
    x = np.random.default_rng(0).normal(size=(STEPS, BATCH, FEATURES)).astype(dtype)
    y = np.ones((BATCH, 1), dtype)
    network = getattr(vg, kind)([FEATURES, HIDDEN, 1], dtype=dtype)
    parameters, rule = network.parameters(), nets.Adam()

    def step() -> None:
        _, gradient = nets.squared_error(network.forward(x, training=True), y)
        network.backward(gradient)
        nets.clip_gradient(parameters, 1.0)
        rule.step(parameters)

    return step


def their_recurrent(kind: str, dtype: type) -> Step:
    """Return the same step, by PyTorch."""
    x = np.random.default_rng(0).normal(size=(STEPS, BATCH, FEATURES)).astype(dtype)
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


def least_perceptron(depth: int, width: int, dtype: type) -> Step:
    """Return what a step of the perceptron asks of NumPy at the least.

    tanh and its slope are as exact as the table of errors promises, so in double precision.
    In float64 the slope from 1 - tanh**2, which costs less, is not; rounded to float32 it is.
    """
    rng = np.random.default_rng(0)
    sizes = [DIGITS, *[width] * depth, CLASSES]
    weights = [
        aligned(rng.normal(scale=pair[0] ** -0.5, size=pair), dtype)
        for pair in zip(sizes, sizes[1:])
    ]
    layers, sums, slopes, deltas = (
        [aligned(rng.normal(size=(BATCH, size)), dtype) for size in sizes] for _ in range(4)
    )
    biases, to_biases = ([np.zeros(size, dtype) for size in sizes] for _ in range(2))
    gradients = [aligned(weight, dtype) for weight in weights]
    double = aligned(np.zeros((BATCH, width)), np.float64)
    rate = dtype(1e-9)
    scratch = aligned(np.zeros(PIECE), dtype)
    pieces = [
        (w[at : at + PIECE], g[at : at + PIECE], scratch[: len(w) - at])
        for w, g in ((w.ravel(), g.ravel()) for w, g in zip(weights, gradients))
        for at in range(0, len(w), PIECE)
    ]

    def tanh(number: int) -> None:
        if dtype is np.float64:
            np.tanh(sums[number], out=layers[number])
        else:
            np.tanh(sums[number], out=double, dtype=np.float64)
            np.copyto(layers[number], double, casting="same_kind")
            np.multiply(double, double, out=double)
            np.subtract(1, double, out=slopes[number], casting="same_kind")

    def way_back(weight: np.ndarray, gradient: np.ndarray, out: np.ndarray) -> None:
        if dtype is np.float32 and weight.size >= LARGE:
            np.copyto(out, np.dot(weight, gradient.T).T)
        else:
            np.dot(gradient, weight.T, out=out)

    def step() -> None:
        for number, weight in enumerate(weights, start=1):
            np.dot(layers[number - 1], weight, out=sums[number])
            np.add(sums[number], biases[number], out=sums[number])
            if number < len(weights):
                tanh(number)
        for number in range(len(weights), 0, -1):
            if number < len(weights):
                slope = slopes[number]
                if dtype is np.float64:
                    slope = kernels.tanh_derivative(sums[number])
                np.multiply(deltas[number], slope, out=deltas[number])
            if number > 1:  # nobody asks for the gradient of the pixels
                way_back(weights[number - 1], deltas[number], out=deltas[number - 1])
            np.matmul(layers[number - 1].T, deltas[number], out=gradients[number - 1])
            np.add.reduce(deltas[number], axis=0, out=to_biases[number])
        for weight, gradient, change in pieces:
            np.subtract(weight, np.multiply(gradient, rate, out=change), out=weight)

    return step


PASSES = {"RNN": ((1, 0), (4, 0)), "GRU": ((3, 5), (5, 3)), "LSTM": ((1, 5), (2, 13))}
"""Products and sums in one time step, there and back, of each: over all blocks of weights,
and over one block. PyTorch joins them (in float32 its LSTM is one kernel); NumPy cannot."""


def least_recurrent(kind: str, dtype: type) -> Step:
    """Return what a step of the recurrent network asks of NumPy at the least.

    What the way back has to know is kept for every time step. The gradient of the weights
    is one product for all of them if the samples lie below each other. The LSTM has them
    side by side: its many passes over one block gain more by that than the products, one
    for each time step, cost.
    """
    rng = np.random.default_rng(0)
    blocks, side_by_side = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind], kind == "LSTM"
    rows = HIDDEN + FEATURES + 1 if side_by_side else HIDDEN
    weight = aligned(rng.normal(size=(rows, blocks * HIDDEN)), dtype)
    back_weight = aligned(weight.T, dtype)  # a product with a transposed one takes longer
    halves = np.full((STEPS, BATCH, blocks * HIDDEN), 0.5)
    kept, (states, to_states) = (
        aligned(halves, dtype),
        (aligned(halves[:, :, :rows], dtype) for _ in range(2)),
    )
    cells, squashed = (aligned(halves[:, :, :HIDDEN], dtype) for _ in range(2))
    wide, narrow = aligned(halves[0], dtype), aligned(halves[0, :, :HIDDEN], dtype)
    total, gradient = (aligned(np.zeros(weight.shape), dtype) for _ in range(2))

    def pass_over(time: int, of_all: int, of_one: int) -> None:
        for _ in range(of_all):
            np.multiply(kept[time], kept[time], out=wide)
        for _ in range(of_one):
            np.multiply(cells[time], squashed[time], out=narrow)

    def step() -> None:
        there, back = PASSES[kind]
        for time in range(STEPS):
            np.dot(states[time], weight, out=wide)
            np.tanh(wide, out=kept[time])
            if kind == "LSTM":
                np.tanh(cells[time], out=squashed[time])
            pass_over(time, *there)
        for time in reversed(range(STEPS)):
            pass_over(time, *back)
            np.dot(kept[time], back_weight, out=to_states[time])
            if side_by_side:
                np.dot(states[time].T, kept[time], out=gradient)
                np.add(total, gradient, out=total)
        if not side_by_side:
            np.dot(states.reshape(-1, rows).T, kept.reshape(len(states) * BATCH, -1), out=gradient)

    return step


def aligned(values: np.ndarray, dtype: type) -> np.ndarray:
    """Return a copy that starts a line of the cache, as the weights of a network do."""
    copy = aligned_empty(values.shape, dtype)
    copy[...] = values
    return copy


def set_blas_threads(count: int) -> None:
    """Give NumPy's matrix products so many threads."""
    for library in BLAS:
        library.set_num_threads(count)


def with_threads(set_threads: Callable[[int], None], count: int, step: Step) -> Step:
    """Return a step that first asks for so many threads."""

    def threaded() -> None:
        set_threads(count)
        step()

    return threaded


def sides(name: str, dtype: type) -> dict[tuple[str, int], Step]:
    """Return what is compared in a row of the table; PyTorch only where it is installed."""
    if name in DEEP:
        ours, theirs, least = our_perceptron, their_perceptron, least_perceptron
    else:
        ours, theirs, least = our_recurrent, their_recurrent, least_recurrent
    arguments = (*DEEP.get(name, (name,)), dtype)
    steps = {
        "vgtools": (set_blas_threads, ours(*arguments)),
        "least": (set_blas_threads, least(*arguments)),
    }
    if torch:
        steps["PyTorch"] = torch.set_num_threads, theirs(*arguments)
    return {
        (side, count): with_threads(set_threads, count, step)
        for side, (set_threads, step) in steps.items()
        for count in THREADS
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=6.0, help="for each row, about")
    parser.add_argument("--only", help="rows whose name contains this")
    options = parser.parse_args(arguments)
    peer = f"PyTorch {torch.__version__}" if torch else "PyTorch is not installed"
    print(f"One training step, batch {BATCH}, in ms: median (quartiles). {CORES} cores; {peer}.")
    timed = [(side, count) for side in ("vgtools", "PyTorch") for count in THREADS]
    columns = ["network", "float type", *(f"{side}, threads: {count}" for side, count in timed)]
    columns += ["ratio", "at least", "ratio of processor times", "NumPy's share", "ratio at most"]
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    missed = []
    for name in LEAST:
        if options.only and options.only not in name:
            continue
        for dtype in (np.float64, np.float32):
            found = in_turns(sides(name, dtype), options.seconds, pause=PAUSE, times=IN_A_ROW)
            cells = [found[side].text() if side in found else "-" for side in timed]
            fastest = {
                side: min((found[side, count] for count in THREADS if (side, count) in found),
                          default=None)
                for side in ("vgtools", "least", "PyTorch")
            }  # fmt: skip
            least = fastest["least"]
            if torch:
                other = fastest["PyTorch"].median
                if other < LEAST[name] * fastest["vgtools"].median:
                    most, over = other / least.median, fastest["vgtools"].median / least.median - 1
                    missed.append(
                        f"- {name}, {np.dtype(dtype)}: NumPy's share alone allows {most:.2f}; "
                        f"everything around it takes another {100 * over:.0f} %."
                    )
                processor = found["PyTorch", 1].processor / found["vgtools", 1].processor
                cells += [f"{other / fastest['vgtools'].median:.2f}", f"{LEAST[name]:g}"]
                cells += [f"{processor:.2f}", least.text(), f"{other / least.median:.2f}"]
            else:
                cells += ["-", f"{LEAST[name]:g}", "-", least.text(), "-"]
            print(f"| {name} | {np.dtype(dtype)} | " + " | ".join(cells) + " |", flush=True)
    if missed:
        print("\nNot reached:\n\n" + "\n".join(missed))


if __name__ == "__main__":
    main()
