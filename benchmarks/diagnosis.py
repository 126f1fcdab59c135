"""Does `vg.diagnose` find what is wrong, and nothing else? And what do other tools say?

``python -m benchmarks.diagnosis``, in the environment of ``make test-frameworks``, asks about
every model of ``tests/frameworks/zoo``, with the loss times 1e-6 to 1e6, batches of 8, 64 and
512, three seeds, and depths of 5 to 80 where the recipe has a depth. It counts

- *right*: faults that were found, with their kind and their layers (at least half of those that
  are named or should be are both);
- *right kind*: faults that were found, with or without the right layers;
- *noticed*: sick models about which anything was said;
- *false*: sick models about which something was said that is not so;
- *false alarms*: healthy models about which anything was said.

Depths at which a recipe is neither healthy nor sick do not count; how many of them have a finding
stands below the table. `benchmarks.diagnosis_peers` has the other tools; ``--tools`` chooses.
Some of them take seconds for one model: ``--part recipes`` keeps to the depth of each recipe,
batches of 64 and one seed, so that tools are compared on the same models. ``--minutes`` stops each
tool after a time, and what it was asked until then is a random sample.
``--keep FILE`` writes what each tool said, ``--read FILE …`` makes the tables of it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from math import inf
from pathlib import Path
from typing import NamedTuple

import torch
from tqdm import tqdm

from benchmarks.diagnosis_peers import TOOLS, Found, missing

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "frameworks"))

from zoo import ZOO

SCALES = (1e-6, 1e-3, 1.0, 1e3, 1e6)
BATCHES = (8, 64, 512)
DEPTHS = (5, 10, 20, 40, 80)
SEEDS = (0, 1, 2)
MODELS = {patient.name: patient for patient in ZOO}


class Case(NamedTuple):
    """One model and one batch; `depth` is None for a recipe that has none."""

    name: str
    depth: int | None
    batch: int
    seed: int


class Answer(NamedTuple):
    """What one tool said about one case with one scale of the loss."""

    tool: str
    name: str
    depth: int | None
    batch: int
    seed: int
    scale: float
    said: list[Found]
    raised: str = ""

    @property
    def _true(self) -> dict[str, tuple[str, ...] | None] | None:
        return MODELS[self.name].faults_at(self.depth)

    @property
    def faults(self) -> list[str]:
        return list(self._true or ())

    @property
    def state(self) -> str:
        """``"healthy"``, ``"sick"`` or ``"between"``."""
        return "between" if self._true is None else "sick" if self._true else "healthy"

    @property
    def right(self) -> list[str]:
        return [kind for kind in self.faults if kind not in self._verdict[0]]

    @property
    def right_kind(self) -> list[str]:
        return [kind for kind in self.faults if kind in {each.kind for each in self.said}]

    @property
    def false(self) -> list[str]:
        return self._verdict[1]

    @property
    def _verdict(self) -> tuple[list[str], list[str]]:
        true = self._true or {}
        named = [Found(f.kind, towards(f.layers, true.get(f.kind) or ())) for f in self.said]
        return MODELS[self.name].verdict(named, self.depth)


def towards(names: Sequence[str], true: Sequence[str]) -> tuple[str, ...]:
    """Replace the names of parts, or of the whole, by the name that the zoo uses."""
    found = []
    for name in names:
        part = [each for each in true if name == each or name.startswith(f"{each}.")]
        whole = [each for each in true if name and each.startswith(f"{name}.weight")]
        found += (part or whole or [name])[:1]
    return tuple(dict.fromkeys(found))


def cases(part: str, models: Sequence[str]) -> list[Case]:
    """Return every model, or those whose names hold one of these, with its cases in any order."""
    found = []
    for patient in ZOO:
        if not any(words in patient.name for words in models):
            continue
        if part == "recipes":
            found.append(Case(patient.name, patient.depth, 64, 0))
            continue
        depths = DEPTHS if patient.depth is not None else (None,)
        found += [Case(patient.name, *rest) for rest in product(depths, BATCHES, SEEDS)]
    return random.Random(0).sample(found, len(found))


def ask(tool: str, case: Case) -> Iterator[Answer]:
    """Ask one tool about one case, for every scale of the loss."""
    patient = MODELS[case.name]
    scales = patient.scales or SCALES
    raised, said = "", [[] for _ in scales]
    try:
        model = patient.model(case.seed, case.depth)
        losses = [patient.scaled_loss(scale) for scale in scales]
        said = TOOLS[tool].judge(model, patient.batch(case.batch, case.seed), losses)
    except Exception as error:  # a tool that cannot follow a model has not judged it
        raised = f"{type(error).__name__}: {error}"[:200]
    for scale, findings in zip(scales, said):
        found = [Found(each.kind, tuple(each.layers)) for each in findings]
        yield Answer(tool, *case, scale, found, raised)


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} % ({part}/{whole})" if whole else ""


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def by_tool(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    """Return the answers of each tool."""
    found = defaultdict(list)
    for each in answers:
        found[each.tool].append(each)
    return found


def overview(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield the table of all tools."""
    yield "| tool | right | right kind | noticed | false | false alarms | raised |"
    yield "|---|---|---|---|---|---|---|"
    for tool, own in by_tool(answers).items():
        sick = [each for each in own if each.state == "sick"]
        healthy = [each for each in own if each.state == "healthy"]
        faults = sum(len(each.faults) for each in sick)
        cells = [
            share(sum(len(each.right) for each in sick), faults),
            share(sum(len(each.right_kind) for each in sick), faults),
            share(sum(bool(each.said) for each in sick), len(sick)),
            share(sum(bool(each.false) for each in sick), len(sick)),
            share(sum(bool(each.said) for each in healthy), len(healthy)),
            share(sum(bool(each.raised) for each in own), len(own)),
        ]
        yield f"| {tool} | {' | '.join(cells)} |"


def by_kind(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield the table of kinds: right findings, and findings that are not so."""
    tools = by_tool([each for each in answers if each.state != "between"])
    yield "| kind: right / false | " + " | ".join(tools) + " |"
    yield "|---|" + "---|" * len(tools)
    for kind in dict.fromkeys(kind for each in answers for kind in (*each.faults, *each.false)):
        cells = []
        for own in tools.values():
            having = sum(kind in each.faults for each in own)
            right = sum(kind in each.right for each in own)
            false = sum(kind in each.false for each in own)
            cells.append(f"{right}/{having}, {false}" if having else f"–, {false}")
        yield f"| {kind} | {' | '.join(cells)} |"


def by_scale(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield right findings and false alarms for each scale of the loss."""
    tools = by_tool(answers)
    yield "| loss times: right / false alarms | " + " | ".join(tools) + " |"
    yield "|---|" + "---|" * len(tools)
    for scale in SCALES:
        cells = []
        for own in tools.values():
            own = [each for each in own if each.scale == scale]
            healthy = [each for each in own if each.state == "healthy"]
            right = percent(sum(len(a.right) for a in own), sum(len(a.faults) for a in own))
            alarms = percent(sum(bool(a.said) for a in healthy), len(healthy))
            cells.append(f"{right} / {alarms}")
        yield f"| {scale:g} | {' | '.join(cells)} |"


def mistakes(own: Sequence[Answer]) -> Iterator[str]:
    """Yield the models that a tool is wrong about, and how often."""
    groups: dict[tuple, list[Answer]] = defaultdict(list)
    for each in own:
        groups[each.name, each.depth, each.state].append(each)
    yield "| model | depth | is | of | misses | false | raised |"
    yield "|---|---|---|---|---|---|---|"
    for (name, depth, state), group in groups.items():
        missed = Counter(kind for a in group for kind in a.faults if kind not in a.right)
        false = Counter(kind for a in group if state != "between" for kind in a.false)
        raised = [a.raised for a in group if a.raised]
        if missed or false or raised:
            counts = [
                ", ".join(f"{kind} {times}" for kind, times in found.items())
                for found in (missed, false)
            ]
            cells = [name, depth or "", state, len(group), *counts]
            cells.append(f"{len(raised)}: {raised[0]}" if raised else "")
            yield f"| {' | '.join(map(str, cells))} |"


def report(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield everything that is printed."""
    first, own = next(iter(by_tool(answers).items()))
    yield f"{len({each.name for each in answers})} models of the zoo; {len(own)} questions."
    for table in (overview, by_kind, by_scale):
        yield ""
        yield from table(answers)
    between = [each for each in own if each.state == "between"]
    said = sum(bool(each.said) for each in between)
    yield ""
    yield f"Neither healthy nor sick: {len(between)}, of which {first} has a finding for {said}."
    yield f"\nWhere {first} is wrong:\n"
    yield from mistakes(own)


def main(arguments: list[str] | None = None) -> None:
    """Ask every tool about every model, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tools", nargs="*", choices=list(TOOLS), help="by default, those here")
    parser.add_argument("--part", choices=("all", "recipes"), default="all")
    parser.add_argument("--models", nargs="*", default=[""], help="names, or parts of them")
    parser.add_argument("--minutes", type=float, default=inf, help="for each tool, at most")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--read", type=Path, nargs="*", help="files that --keep wrote")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    answers = [each for file in options.read or () for each in read(file)]
    asked = cases(options.part, options.models)
    for tool in () if options.read else options.tools or TOOLS:
        if missing(tool):
            print(f"{tool} is not here: {missing(tool)}")
            continue
        until = time.monotonic() + 60 * options.minutes
        for number, case in enumerate(tqdm(asked, tool, disable=not sys.stderr.isatty())):
            if time.monotonic() > until:
                print(f"{tool}: {number} of {len(asked)} models and batches, at random.")
                break
            answers += keep(ask(tool, case), options.keep)
    if not answers:
        parser.error("no model has such a name, or no tool is here")
    print("\n".join(report(answers)))


def keep(answers: Iterator[Answer], file: Path | None) -> Iterator[Answer]:
    """Append answers to a file, so that a run that is stopped has not been for nothing."""
    for answer in answers:
        if file is not None:
            with file.open("a") as lines:
                lines.write(f"{json.dumps(answer)}\n")
        yield answer


def read(file: Path) -> Iterator[Answer]:
    """Read what ``--keep`` wrote, without models that the zoo has no longer."""
    for line in file.read_text().splitlines():
        *case, said, raised = json.loads(line)
        if case[1] in MODELS:
            yield Answer(*case, [Found(kind, tuple(layers)) for kind, layers in said], raised)


if __name__ == "__main__":
    main()
