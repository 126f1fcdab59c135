"""Counting what was noticed, and saying what was not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Score:
    """The alterations of one part, by kind.

    Attributes
    ----------
    part : str
        What was altered.
    target : float
        The share that has to be caught, from 0 to 1.
    caught, equivalent : Counter of str
        How many alterations of each kind a check refused; how many change nothing, as was
        proved.
    survivors : list of (str, str)
        Kind and description of each alteration that nothing noticed.
    notes : list of str
        What else a reader of the figures has to know.
    """

    part: str
    target: float
    caught: Counter = field(default_factory=Counter)
    equivalent: Counter = field(default_factory=Counter)
    survivors: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Take over the counts of another score of the same part."""
        self.caught.update(other.caught)
        self.equivalent.update(other.equivalent)
        self.survivors += other.survivors
        self.notes += other.notes

    def to_json(self) -> str:
        """Write the score as text."""
        return json.dumps(vars(self))

    @classmethod
    def from_json(cls, text: str) -> Score:
        """Read what `to_json` wrote."""
        found = json.loads(text)
        for name in ("caught", "equivalent"):
            found[name] = Counter(found[name])
        found["survivors"] = [tuple(entry) for entry in found["survivors"]]
        return cls(**found)

    @property
    def missed(self) -> Counter:
        """How many alterations of each kind nothing noticed."""
        return Counter(kind for kind, _ in self.survivors)

    @property
    def share(self) -> float:
        """The share of the alterations that were caught, of those that change something."""
        caught, missed = self.caught.total(), len(self.survivors)
        return caught / (caught + missed) if caught + missed else 0.0

    @property
    def passed(self) -> bool:
        """Whether the target is reached."""
        return self.caught.total() > 0 and self.share >= self.target

    def __str__(self) -> str:
        missed = self.missed
        rows: Iterable[tuple] = [
            (kind, self.caught[kind], self.equivalent[kind], missed[kind])
            for kind in sorted({*self.caught, *self.equivalent, *missed})
        ]
        columns = ("kind", "caught", "equivalent", "survived")
        sums = ("all", self.caught.total(), self.equivalent.total(), len(self.survivors))
        table = [columns, *rows, sums]
        lines = [f"{self.part}: {100 * self.share:.1f} % caught (target {100 * self.target:g} %)"]
        lines += [f"  {row[0]:<24}" + "".join(f"{cell:>12}" for cell in row[1:]) for row in table]
        lines += [f"  note: {note}" for note in self.notes]
        lines += [f"  survived, {kind}: {what}" for kind, what in self.survivors]
        return "\n".join(lines)
