"""How many steps of training does a page take in a second? ``python -m benchmarks.laboratory``.

The laboratory's engine trains networks on the digits in Chromium (which ``tools/chromium`` finds),
one after the other in turns. A page has one thread. The rate is that of the clock, so it depends
on what else the machine does.

``--tensorflow FOLDER`` puts TensorFlow.js beside it, in pages of the same browser and in turns,
with the same networks, weights and batches, in float32. It comes from its packages, in a folder
outside of the book::

    npm install --ignore-scripts @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 \\
      @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0
"""

from __future__ import annotations

import argparse
import base64
import gzip
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from vgtools import laboratory

FOLDER = Path(__file__).parent
TOOL = FOLDER.parent / "tools" / "chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

NETWORKS = {
    "30 x 64, tanh": {"layers": 30, "width": 64},
    "30 x 64, ReLU": {"layers": 30, "width": 64, "activation": "relu", "init": "he"},
    "30 x 64, GELU": {"layers": 30, "width": 64, "activation": "gelu", "init": "he"},
    "30 x 64, ReLU, batch normalisation": {
        "layers": 30, "width": 64, "activation": "relu", "init": "he", "normalisation": "batch",
    },
    "30 x 64, ReLU, sum": {
        "layers": 30, "width": 64, "activation": "relu", "init": "he", "shortcut": "scaled",
    },
    "100 x 64, ReLU": {"layers": 100, "width": 64, "activation": "relu", "init": "he"},
    "8 x 128, tanh": {"layers": 8, "width": 128},
    "8 x 128, ReLU": {"layers": 8, "width": 128, "activation": "relu", "init": "he"},
}  # fmt: skip
LEAST = {"30 x 64, tanh": 30.0, "30 x 64, ReLU": 30.0}
"""Steps per second to reach."""

BESIDE = ["30 x 64, ReLU", "30 x 64, tanh", "8 x 128, ReLU", "8 x 128, tanh"]
"""Networks that TensorFlow.js trains too."""

PREPARE = """([packed, networks]) => {
  const data = Laboratory.digits(JSON.parse(packed));
  window.data = data;
  window.runs = networks.map((settings) => new Laboratory.Run(
    Laboratory.network(settings), data, { optimiser: { name: "sgd", learning_rate: 0.01 } }));
}"""

TIME = """([place, steps]) => {
  const run = runs[place], begin = performance.now();
  for (let i = 0; i < steps; i++) run.step();
  const middle = performance.now();
  Laboratory.measure(run.network);
  return [(middle - begin) / steps, performance.now() - middle];
}"""

START = """place => {
  const { network } = runs[place], { x_train: x, y_train: labels } = data;
  network.draw();
  const loss = new Laboratory.Run(network, data).evaluate(x.subarray(0, 50 * 64),
    labels.subarray(0, 50)).loss;
  return [loss, { values: network.parameters.map(({ value }) => Array.from(value)),
    x: Array.from(x), labels: Array.from(labels) }];
}"""
"""A network that has not learned, with its loss on the first batch."""

ADD = "given => { (window.steps ??= []).push(Beside.trainer(given)); return steps.at(-1)(); }"

TIME_BESIDE = """([place, count]) => {
  const begin = performance.now();
  for (let i = 0; i < count; i++) steps[place]();
  return (performance.now() - begin) / count;
}"""


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--steps", type=int, default=10, help="of each network in a turn")
    parser.add_argument("--tensorflow", type=Path, metavar="FOLDER", help="where npm installed it")
    options = parser.parse_args(arguments)
    path = os.environ.get("CHROMIUM") or subprocess.check_output([TOOL], text=True).strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.add_script_tag(content=laboratory.script())
        page.evaluate(PREPARE, [laboratory.digits(), list(NETWORKS.values())])
        for place in range(len(NETWORKS)):  # until the code is compiled
            page.evaluate(TIME, [place, 5])
        if options.tensorflow:
            beside(browser, page, options.tensorflow, options.turns, options.steps)
        else:
            alone(browser, page, options.turns, options.steps)
        browser.close()


def alone(browser: Browser, page: Page, turns: int, steps: int) -> None:
    """Print how long a step takes in every network."""
    names = list(NETWORKS)
    taken = np.empty((turns, len(names), 2))
    for turn in range(turns):
        for place in range(len(names)):
            taken[turn, place] = page.evaluate(TIME, [place, steps])
    print(f"Batches of 50 in float64, one thread, Chromium {browser.version}: medians, quartiles.")
    print("| network | a step, ms | steps per second | measuring, ms |")
    print("|---|---|---|---|")
    missed = []
    for place, name in enumerate(names):
        low, median, high = np.percentile(taken[:, place, 0], [25, 50, 75])
        measuring = np.median(taken[:, place, 1])
        if 1000 / median < LEAST.get(name, 0):
            missed.append(f"{name}: {LEAST[name]:.0f} steps per second are the goal")
        print(
            f"| {name} | {median:.1f} ({low:.1f} to {high:.1f}) | {1000 / median:.0f} "
            f"| {measuring:.1f} |"
        )
    print("\n" + ("\n".join(missed) or "The goals are reached."))


def beside(browser: Browser, page: Page, folder: Path, turns: int, steps: int) -> None:
    """Print steps per second and sizes beside those of TensorFlow.js."""
    sides = {name: tensorflow(browser, folder, name) for name in ("cpu", "wasm")}
    taken: NDArray[np.float64] = np.empty((turns, len(BESIDE), 3))
    for number, name in enumerate(BESIDE):
        settings, place = NETWORKS[name], list(NETWORKS).index(name)
        sizes = [64, *[settings["width"]] * settings["layers"], 10]
        loss, given = page.evaluate(START, place)
        given |= {"sizes": sizes, "activation": settings.get("activation", "tanh")}
        for side in sides.values():
            first = side.evaluate(ADD, given | {"rate": 0.01, "batch": 50})
            if not np.isclose(first, loss, rtol=1e-4):
                raise RuntimeError(f"{name}: the networks differ, their losses are {loss}, {first}")
            side.evaluate(TIME_BESIDE, [number, 5])
    for turn in range(turns):
        for number, name in enumerate(BESIDE):
            place = list(NETWORKS).index(name)
            taken[turn, number, 0] = page.evaluate(TIME, [place, steps])[0]
            for column, side in enumerate(sides.values(), start=1):
                taken[turn, number, column] = side.evaluate(TIME_BESIDE, [number, steps])
    print(
        f"Batches of 50, SGD, one thread, Chromium {browser.version}, TensorFlow.js "
        f"{sides['wasm'].evaluate('tf.version_core')}: steps per second in medians, quartiles."
    )
    print("| network | laboratory, float64 | CPU, float32 | WASM with SIMD, float32 | ratio |")
    print("|---|---|---|---|---|")
    slower = []
    for number, name in enumerate(BESIDE):
        rates = np.percentile(1000 / taken[:, number], [25, 50, 75], axis=0)
        cells = [f"{m:.0f} ({low:.0f} to {high:.0f})" for low, m, high in rates.T]
        ratios = rates[1, 0] / rates[1, 1:]
        print(f"| {name} | {' | '.join(cells)} | {ratios[0]:.1f}, {ratios[1]:.1f} |")
        slower += [name] if ratios.min() < 1 else []
    own = len(gzip.compress(laboratory.script().encode(), 6))
    weights = [sum(len(gzip.compress(part, 6)) for part in parts(folder, s)) for s in sides]
    print(
        f"\nSizes with gzip: the laboratory's engine {own / 1000:.0f} kB, TensorFlow.js "
        f"{weights[0] / 1000:.0f} kB (CPU) and {weights[1] / 1000:.0f} kB (WASM). "
        + (f"Slower: {', '.join(slower)}." if slower else "The laboratory is faster everywhere.")
    )


def tensorflow(browser: Browser, folder: Path, backend: str) -> Page:
    """Return a page that has TensorFlow.js with a backend."""
    page = browser.new_page()
    *scripts, last = parts(folder, backend)
    wasm = ""
    if backend == "wasm":
        wasm = "data:application/wasm;base64," + base64.b64encode(last).decode()
    else:
        scripts.append(last)
    for script in scripts:
        page.add_script_tag(content=script.decode())
    page.evaluate(FOLDER.joinpath("laboratory_tensorflow.js").read_text(encoding="utf-8"))
    told = page.evaluate("([backend, wasm]) => Beside.prepare(backend, wasm)", [backend, wasm])
    if backend == "wasm" and not told.endswith("SIMD true"):
        raise RuntimeError(f"this browser has no SIMD: {told}")
    return page


def parts(folder: Path, backend: str) -> Iterator[bytes]:
    """Yield what a page loads of TensorFlow.js: scripts, and at the end the code of WASM."""
    packages = folder / "node_modules" / "@tensorflow"
    for name in ("core", "layers", f"backend-{backend}"):
        script = packages / f"tfjs-{name}" / "dist" / f"tf-{name}.es2017.min.js"
        yield script.read_bytes()
    if backend == "wasm":
        yield (packages / "tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm").read_bytes()


if __name__ == "__main__":
    main()
