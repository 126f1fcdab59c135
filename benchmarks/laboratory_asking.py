"""How a page is asked for an experiment with the laboratory's engine, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from vgtools import laboratory

SCRIPT = Path(__file__).with_name("laboratory_experiments.js").read_text(encoding="utf-8")
PREPARE = "packed => { window.chapters = Laboratory.digits(JSON.parse(packed)); }"
ASK = "([kind, given]) => Experiments[kind](given, window.chapters)"

Given = dict[str, Any]
Ask = Callable[[str, Given], Any]


class Finding(NamedTuple):
    """One line of what is printed."""

    chapter: int
    experiment: str
    conclusion: str
    numbers: str
    same: bool

    def __str__(self) -> str:
        """Return the line as a row of a table."""
        verdict = "same" if self.same else "NOT the same"
        return f"| {self.chapter} | {' | '.join(self[1:4])} | {verdict} |"


def seeded(given: Given, seed: int, key: str = "options") -> Given:
    """Return the settings of one seed, for the weights and for the order of the samples."""
    found = given | {key: given[key] | {"seed": seed}}
    if "run" in found:
        found["run"] = found["run"] | {"seed": seed}
    return found


def span(values: Any, digits: int = 2) -> str:
    """Return the smallest and the largest number."""
    values = np.asarray(values, float)
    if digits:
        return f"{values.min():.{digits}g} to {values.max():.{digits}g}"
    return f"{values.min():.0f} to {values.max():.0f}"


def sgd(rate: float, batch: int) -> Given:
    """Return how a run goes on with gradient descent."""
    return {"optimiser": {"name": "sgd", "learning_rate": rate}, "batch_size": batch}


def adam(rate: float, batch: int) -> Given:
    """Return how a run goes on with Adam."""
    return {"optimiser": {"name": "adam", "learning_rate": rate}, "batch_size": batch}


def ends(ask: Ask, given: Given, seeds: range, part: str = "gradient") -> NDArray[np.float64]:
    """Return signal or gradient of every layer before training: (seeds, layers)."""
    return np.array([ask("flow", seeded(given, seed))[part] for seed in seeds])


def losses(ask: Ask, given: Given, seeds: range) -> NDArray[np.float64]:
    """Return the training loss of every epoch, infinite after a divergence: (seeds, epochs + 1)."""
    found = []
    for seed in seeds:
        course = ask("course", seeded(given | {"looks": ["scores"]}, seed))
        row = [look["scores"]["loss"] for look in course]
        found.append(row + [inf] * (given["epochs"] + 1 - len(row)))
    return np.array(found)


def asking(page: Page) -> Ask:
    """Prepare a page that has the engine, and return a function that asks it for an experiment."""
    page.evaluate(SCRIPT)
    page.evaluate(PREPARE, laboratory.digits())
    return lambda kind, given: page.evaluate(ASK, [kind, given])
