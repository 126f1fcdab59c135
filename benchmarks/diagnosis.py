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
Some of them take seconds for one model: ``--part depths`` keeps to batches of 64 and one seed,
``--part recipes`` to the depth of each recipe too, so that tools are compared on the same models.
``--minutes`` stops each tool after a time, and what it was asked until then is a random sample,
in which every model and depth comes once before any comes again.
``--keep FILE`` writes what each tool said, ``--read FILE …`` makes the tables of it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple

import torch
from tqdm import tqdm

from benchmarks.diagnosis_peers import TOOLS, Found, missing

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "frameworks"))

from zoo import ZOO, Patient

SCALES = (1e-6, 1e-3, 1.0, 1e3, 1e6)
BATCHES = (8, 64, 512)
DEPTHS = (5, 10, 20, 40, 80)
SEEDS = (0, 1, 2)
MODELS = {patient.name: patient for patient in ZOO}


class Case(NamedTuple):
    """One model and one batch; `depth` is None for a recipe that has none."""

    patient: Patient
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
    def patient(self) -> Patient:
        return MODELS[self.name]

    @property
    def faults(self) -> list[str]:
        return list(self.patient.faults_at(self.depth) or ())

    @property
    def state(self) -> str:
        """``"healthy"``, ``"sick"`` or ``"between"``."""
        faults = self.patient.faults_at(self.depth)
        return "between" if faults is None else "sick" if faults else "healthy"

    @property
    def right(self) -> list[str]:
        missed, _ = self._verdict
        return [kind for kind in self.faults if kind not in missed]

    @property
    def right_kind(self) -> list[str]:
        return [kind for kind in self.faults if kind in {each.kind for each in self.said}]

    @property
    def false(self) -> list[str]:
        return self._verdict[1]

    @property
    def _verdict(self) -> tuple[list[str], list[str]]:
        faults = self.patient.faults_at(self.depth) or {}
        named = [Found(f.kind, towards(f.layers, faults.get(f.kind) or ())) for f in self.said]
        return self.patient.verdict(named, self.depth)


def towards(names: Sequence[str], true: Sequence[str]) -> tuple[str, ...]:
    """Replace the names of parts, or of the whole, by the name that the zoo uses."""
    found = []
    for name in names:
        part = [each for each in true if name == each or name.startswith(f"{each}.")]
        whole = [each for each in true if name and each.startswith(f"{name}.weight")]
        found += (part or whole or [name])[:1]
    return tuple(dict.fromkeys(found))


def cases(part: str) -> Iterator[Case]:
    """Yield every model with every batch, depth and seed, or a part of them."""
    for seed in SEEDS if part == "all" else SEEDS[:1]:
        for patient in ZOO:
            own = part == "recipes" or patient.depth is None
            for depth in [patient.depth] if own else DEPTHS:
                for batch in BATCHES if part == "all" else (64,):
                    yield Case(patient, depth, batch, seed)


def in_turn(asked: Sequence[Case]) -> list[Case]:
    """Order cases at random, every model and depth once before any comes again."""
    asked = random.Random(0).sample(asked, len(asked))
    seen: Counter[tuple] = Counter()
    rounds = []
    for case in asked:
        seen[case.patient.name, case.depth] += 1
        rounds.append(seen[case.patient.name, case.depth])
    return [case for _, case in sorted(zip(rounds, asked), key=lambda pair: pair[0])]


def ask(tool: str, case: Case) -> Iterator[Answer]:
    """Ask one tool about one case, for every scale of the loss."""
    patient, depth, batch, seed = case
    scales = patient.scales or SCALES
    raised, said = "", [[] for _ in scales]
    try:
        model = patient.model(seed, depth)
        losses = [patient.scaled_loss(scale) for scale in scales]
        said = TOOLS[tool].judge(model, patient.batch(batch, seed), losses)
    except Exception as error:  # a tool that cannot follow a model has not judged it
        raised = f"{type(error).__name__}: {error}"[:200]
    for scale, findings in zip(scales, said):
        found = [Found(each.kind, tuple(each.layers)) for each in findings]
        yield Answer(tool, patient.name, depth, batch, seed, scale, found, raised)


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} % ({part}/{whole})" if whole else ""


def overview(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield the table of all tools."""
    yield "| tool | right | right kind | noticed | false | false alarms | raised |"
    yield "|---|---|---|---|---|---|---|"
    for tool in dict.fromkeys(each.tool for each in answers):
        own = [each for each in answers if each.tool == tool]
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
    tools = list(dict.fromkeys(each.tool for each in answers))
    kinds = dict.fromkeys(kind for each in answers for kind in (*each.faults, *each.false))
    yield "| kind: right / false | " + " | ".join(tools) + " |"
    yield "|---|" + "---|" * len(tools)
    for kind in kinds:
        cells = []
        for tool in tools:
            own = [each for each in answers if each.tool == tool and each.state != "between"]
            having = [each for each in own if kind in each.faults]
            right = sum(kind in each.right for each in having)
            false = sum(kind in each.false for each in own)
            cells.append(f"{right}/{len(having)}, {false}" if having else f"–, {false}")
        yield f"| {kind} | {' | '.join(cells)} |"


def by_scale(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield right findings and false alarms for each scale of the loss."""
    tools = list(dict.fromkeys(each.tool for each in answers))
    yield "| loss times: right / false alarms | " + " | ".join(tools) + " |"
    yield "|---|" + "---|" * len(tools)
    for scale in SCALES:
        cells = []
        for tool in tools:
            own = [each for each in answers if each.tool == tool and each.scale == scale]
            faults = sum(len(each.faults) for each in own)
            right = sum(len(each.right) for each in own)
            healthy = [each for each in own if each.state == "healthy"]
            alarms = sum(bool(each.said) for each in healthy)
            found = f"{100 * right / faults:.0f} %" if faults else "–"
            cells.append(
                f"{found} / {100 * alarms / len(healthy):.0f} %" if healthy else f"{found} / –"
            )
        yield f"| {scale:g} | {' | '.join(cells)} |"


def mistakes(answers: Sequence[Answer], tool: str) -> Iterator[str]:
    """Yield the models that a tool is wrong about, and how often."""
    own = [each for each in answers if each.tool == tool]
    groups: dict[tuple, list[Answer]] = {}
    for each in own:
        groups.setdefault((each.name, each.depth, each.state), []).append(each)
    yield "| model | depth | is | of | misses | false | raised |"
    yield "|---|---|---|---|---|---|---|"
    for (name, depth, state), group in groups.items():
        missed = [kind for a in group for kind in a.faults if kind not in a.right]
        false = [kind for a in group if state != "between" for kind in a.false]
        raised = [a.raised for a in group if a.raised]
        if missed or false or raised:
            counts = [
                ", ".join(f"{kind} {kinds.count(kind)}" for kind in dict.fromkeys(kinds))
                for kinds in (missed, false)
            ]
            raised_by = f"{len(raised)}: {raised[0]}" if raised else ""
            yield (
                f"| {name} | {depth or ''} | {state} | {len(group)} | {counts[0]} | {counts[1]} | "
                f"{raised_by} |"
            )


def report(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield everything that is printed."""
    first = answers[0].tool
    models = len({each.name for each in answers})
    yield f"{models} models of the zoo; {sum(a.tool == first for a in answers)} questions."
    for table in (overview, by_kind, by_scale):
        yield ""
        yield from table(answers)
    between = [a for a in answers if a.tool == first and a.state == "between"]
    said = sum(bool(a.said) for a in between)
    yield ""
    yield f"Neither healthy nor sick: {len(between)}, of which {first} has a finding for {said}."
    yield ""
    yield f"Where {first} is wrong:"
    yield ""
    yield from mistakes(answers, first)


def main(arguments: list[str] | None = None) -> None:
    """Ask every tool about every model, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tools", nargs="*", choices=list(TOOLS), default=None)
    parser.add_argument("--part", choices=("all", "depths", "recipes"), default="all")
    parser.add_argument("--models", nargs="*", help="names of models, or parts of them")
    parser.add_argument("--minutes", type=float, default=inf, help="for each tool, at most")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--read", type=Path, nargs="*", help="files that --keep wrote")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    answers = [each for file in options.read or () for each in read(file)]
    tools = options.tools if options.tools is not None else [t for t in TOOLS if not missing(t)]
    for tool in TOOLS if options.tools is None else ():
        if missing(tool):
            print(f"{tool} is not here: {missing(tool)}")
    if not options.read:
        asked = [
            case
            for case in cases(options.part)
            if not options.models or any(part in case.patient.name for part in options.models)
        ]
        asked = in_turn(asked)
        for tool in tools:
            until = time.monotonic() + 60 * options.minutes
            for number, case in enumerate(tqdm(asked, tool, disable=not sys.stderr.isatty())):
                if time.monotonic() > until:
                    print(f"{tool}: {number} of {len(asked)} models and batches, at random.")
                    break
                answers += keep(ask(tool, case), options.keep)
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
