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
import sys
from collections.abc import Iterator

import torch
from tqdm import tqdm

from benchmarks.diagnosis import DEPTHS, ZOO, Patient

RATES = {
    "SGD": (torch.optim.SGD, (1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4)),
    "Adam": (torch.optim.Adam, (1e-2, 1e-3, 1e-4)),
}


def left(patient: Patient, depth: int | None, kind: str, rate: float, steps: int) -> float:
    """Return the loss after so many steps, as a share of the loss at the start."""
    model = patient.model(0, depth)
    x, y = patient.batch(128, 0)
    optimiser = RATES[kind][0](model.parameters(), rate)
    first = value = float("nan")
    for _ in range(steps):
        optimiser.zero_grad()
        loss = patient.loss(model(x), y)
        value = float(loss.detach())
        first = value if first != first else first
        if not value < 1e3 * max(first, 1.0):
            return float("inf")
        loss.backward()
        optimiser.step()
    return value / first


def rows(patients: list[Patient], depths: tuple[int, ...], steps: int) -> Iterator[str]:
    """Yield the table."""
    yield f"| model, after {steps} steps | depth | is | SGD | Adam |"
    yield "|---|---|---|---|---|"
    for patient in tqdm(patients, disable=not sys.stderr.isatty()):
        for depth in depths if patient.depth is not None else (None,):
            faults = patient.faults_at(depth)
            state = "between" if faults is None else "sick" if faults else "healthy"
            best = [
                min(left(patient, depth, kind, rate, steps) for rate in rates)
                for kind, (_, rates) in RATES.items()
            ]
            yield f"| {patient.name} | {depth or ''} | {state} | {best[0]:.2g} | {best[1]:.2g} |"


def main(arguments: list[str] | None = None) -> None:
    """Train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="*", help="names of models, or parts of them")
    parser.add_argument("--depths", nargs="*", type=int, default=DEPTHS)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    patients = [each for each in ZOO if each.depth is not None]
    if options.models:
        patients = [each for each in ZOO if any(part in each.name for part in options.models)]
    for row in rows(patients, tuple(options.depths), options.steps):
        print(row, flush=True)


if __name__ == "__main__":
    main()
