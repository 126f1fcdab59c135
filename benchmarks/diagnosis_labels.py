"""Are the models that the zoo calls sick hard to train, and those that it calls healthy not?

``python -m benchmarks.diagnosis_labels`` trains recipes that have a depth at several depths, on
one batch of 128 samples with random labels, with gradient descent and with Adam, and takes the
best of several learning rates. It prints what is left of the loss, of which 1 is the loss at the
start and 0 is what a network reaches that has learnt the batch by heart.

It tells where a label is wrong, and no more than that: a model can be hard to train for other
reasons than its gradient, and a gradient that vanishes a little can be made good by Adam.
"""

from __future__ import annotations

import argparse

import torch

from benchmarks.diagnosis import DEPTHS, ZOO

RATES = {
    torch.optim.SGD: (1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4),
    torch.optim.Adam: (1e-2, 1e-3, 1e-4),
}


def left(patient, depth: int | None, optimiser: type, rate: float, steps: int) -> float:
    """Return the loss after so many steps, as a share of the loss at the start."""
    model = patient.model(0, depth)
    x, y = patient.batch(128, 0)
    rule = optimiser(model.parameters(), rate)
    values = []
    for _ in range(steps):
        rule.zero_grad()
        loss = patient.loss(model(x), y)
        values.append(float(loss.detach()))
        if not values[-1] < 1e3 * max(values[0], 1.0):
            return float("inf")
        loss.backward()
        rule.step()
    return values[-1] / values[0]


def main(arguments: list[str] | None = None) -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="*", help="names, or parts; else all with a depth")
    parser.add_argument("--depths", nargs="*", type=int, default=DEPTHS)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(f"| model, after {options.steps} steps | depth | is | SGD | Adam |")
    print("|---|---|---|---|---|")
    patients = [each for each in ZOO if each.depth is not None]
    if options.models:
        patients = [each for each in ZOO if any(part in each.name for part in options.models)]
    for patient in patients:
        for depth in options.depths if patient.depth is not None else [None]:
            faults = patient.faults_at(depth)
            state = "between" if faults is None else "sick" if faults else "healthy"
            best = [
                min(left(patient, depth, optimiser, rate, options.steps) for rate in rates)
                for optimiser, rates in RATES.items()
            ]
            print(
                f"| {patient.name} | {depth or ''} | {state} | {best[0]:.2g} | {best[1]:.2g} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
