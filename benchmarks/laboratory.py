"""How many steps of training does a page take in a second? ``python -m benchmarks.laboratory``.

The laboratory's engine trains networks on the digits in Chromium (which ``tools/chromium`` finds),
one after the other in turns. A page has one thread. The rate is that of the clock, so it depends
on what else the machine does.
"""

from __future__ import annotations

import argparse

import numpy as np

from tools.browser import chromium
from vgtools import laboratory

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

PREPARE = """([packed, networks]) => {
  const data = Laboratory.digits(JSON.parse(packed));
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


def main(arguments: list[str] | None = None) -> None:
    """Print how long a step takes in every network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--steps", type=int, default=10, help="of each network in a turn")
    options = parser.parse_args(arguments)
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(content=laboratory.script())
        page.evaluate(PREPARE, [laboratory.digits(), list(NETWORKS.values())])
        for place in range(len(NETWORKS)):  # until the code is compiled
            page.evaluate(TIME, [place, 5])
        taken = np.array(
            [
                [page.evaluate(TIME, [place, options.steps]) for place in range(len(NETWORKS))]
                for _ in range(options.turns)
            ]
        )
        print(
            f"Batches of 50 in float64, one thread, Chromium {browser.version}: medians, quartiles."
        )
    print("| network | a step, ms | steps per second | measuring, ms |")
    print("|---|---|---|---|")
    missed = []
    for place, name in enumerate(NETWORKS):
        low, median, high = np.percentile(taken[:, place, 0], [25, 50, 75])
        measuring = np.median(taken[:, place, 1])
        if 1000 / median < LEAST.get(name, 0):
            missed.append(f"{name}: {LEAST[name]:.0f} steps per second are the goal")
        print(
            f"| {name} | {median:.1f} ({low:.1f} to {high:.1f}) | {1000 / median:.0f} "
            f"| {measuring:.1f} |"
        )
    print("\n" + ("\n".join(missed) or "The goals are reached."))


if __name__ == "__main__":
    main()
