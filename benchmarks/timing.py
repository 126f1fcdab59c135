"""Compare durations on a machine that may have other things to do.

What is compared runs in turns, so that a slow minute slows every side, and the
median of many turns is taken, with the spread beside it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple

import numpy as np


class Durations(NamedTuple):
    """How long something took over many turns, in seconds."""

    median: float
    low: float
    """The first quartile."""
    high: float
    """The third quartile."""
    processor: float
    """The median of the time that processors spent on it, over all threads."""
    turns: int

    @classmethod
    def of(cls, seconds: list[float], processor: list[float]) -> Durations:
        """Summarise durations by the clock and on the processors."""
        low, median, high = np.percentile(seconds, [25, 50, 75])
        return cls(
            float(median), float(low), float(high), float(np.median(processor)), len(seconds)
        )

    def text(self, unit: float = 1e-3) -> str:
        """Write the median and the quartiles, in milliseconds unless told otherwise."""
        median, low, high = (
            f"{value / unit:.3g}" if value / unit < 100 else f"{value / unit:.0f}"
            for value in (self.median, self.low, self.high)
        )
        return f"{median} ({low} to {high})"


def in_turns(
    sides: Mapping[Hashable, Callable[[], object]],
    seconds: float = 4.0,
    least: int = 15,
    pause: float = 0.0,
    times: int = 1,
) -> dict[Hashable, Durations]:
    """Run every side in its turn, again and again, for about so many seconds in all.

    Each side runs once before the clock starts, and collects no garbage while it
    is timed. With a `pause`, threads of the side before, which wait for more work in a
    busy loop, have so many seconds to fall asleep; the side then runs once untimed.
    In a turn, a side is timed so many `times`, each by itself: what runs in a loop, as
    steps of training do, finds the caches as it left them.
    There are at least `least` turns (a third of them if even that takes five times as
    long as asked), and at most 1000.
    """
    for side in sides.values():
        side()
    taken: dict[Hashable, list[float]] = {name: [] for name in sides}
    spent: dict[Hashable, list[float]] = {name: [] for name in sides}
    start = time.perf_counter()
    gc.collect()
    gc.disable()
    try:
        for turn in range(1000):
            elapsed = time.perf_counter() - start
            if turn >= least and elapsed > seconds or 3 * turn >= least and elapsed > 5 * seconds:
                break
            for name, side in sides.items():
                if pause:
                    time.sleep(pause)
                    side()
                for _ in range(times):
                    before, processor = time.perf_counter(), time.process_time()
                    side()
                    taken[name].append(time.perf_counter() - before)
                    spent[name].append(time.process_time() - processor)
    finally:
        gc.enable()
    return {name: Durations.of(taken[name], spent[name]) for name in sides}
