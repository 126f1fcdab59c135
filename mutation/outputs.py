"""Numbers in stored outputs: alter one digit, and let nbval's own comparison notice.

This module is a pytest plugin and the command that runs pytest with it. Each notebook is
executed once, by nbval, with the options that CI uses. Wherever nbval compares what a
cell gave with what is stored, the plugin repeats the comparison once for each number,
with that number altered. A number in a cell that nbval skips, or whose output it does
not compare or sanitises, survives.
"""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbval.plugin import IPyNbCell

from mutation.score import Score

BOOK = Path(__file__).resolve().parents[1]
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[₀₁₂₃₄₅₆₇₈₉]+")
DIGITS = ("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉")


def another_digit(number: str) -> str:
    """Change the last digit of a number.

    Examples
    --------
    >>> another_digit("0.25"), another_digit("9"), another_digit("¹⁰")
    ('0.26', '0', '¹¹')
    """
    digits = next(row for row in DIGITS if number[-1] in row)
    return number[:-1] + digits[(digits.index(number[-1]) + 1) % 10]


def alterations(outputs: list[Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield (kind of text, description, all outputs with one number altered)."""
    for position, output in enumerate(outputs):
        texts = {"stream": output["text"]} if "text" in output else output.get("data", {})
        for kind, text in texts.items():
            if not isinstance(text, str):
                continue
            for match in NUMBER.finditer(text):
                number = another_digit(match[0])
                altered = copy.deepcopy(outputs)
                place = altered[position] if kind == "stream" else altered[position]["data"]
                place["text" if kind == "stream" else kind] = (
                    text[: match.start()] + number + text[match.end() :]
                )
                around = text[max(0, match.start() - 30) : match.end() + 30]
                yield kind, f"{match[0]} → {number} in {around!r}", altered


class AlteredOutputs:
    """Repeats the comparisons of nbval with altered outputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.caught: Counter = Counter()
        self.survivors: dict[str, list[tuple[str, str]]] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Count the numbers of a cell as survivors until a comparison refuses them."""
        if not isinstance(item, IPyNbCell):
            return
        numbers = [(kind, what) for kind, what, _ in alterations(item.cell.outputs)]
        name = f"{item.path.stem}, cell {item.cell.get('id', item.cell_num)}"
        if not numbers:
            return
        compare = item.compare_outputs

        def compare_more(test: list, ref: list, skip_compare: Any = None) -> bool:
            same = compare(test, ref, skip_compare)
            if same:
                self.survivors[item.nodeid] = []
                for kind, what, altered in alterations(ref):
                    if compare(test, altered, skip_compare):
                        self.survivors[item.nodeid].append((kind, f"{name}: {what}"))
                    else:
                        self.caught[kind] += 1
            return same

        item.compare_outputs = compare_more
        item.numbers = [(kind, f"{name}, never compared: {what}") for kind, what in numbers]

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Note the numbers of a cell that was run without any comparison."""
        if hasattr(item, "numbers"):
            self.survivors.setdefault(item.nodeid, item.numbers)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Leave the results of this process in a file of their own."""
        worker = getattr(session.config, "workerinput", {}).get("workerid", "main")
        survivors = [entry for entries in self.survivors.values() for entry in entries]
        found = {"caught": self.caught, "survivors": survivors}
        (self.folder / f"{worker}.json").write_text(json.dumps(found), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the folder for the results."""
    parser.addoption("--altered-outputs", type=Path, help="folder for the results of mutation")


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin."""
    if config.option.altered_outputs:
        config.pluginmanager.register(AlteredOutputs(config.option.altered_outputs))


def run(chapters: list[str], workers: int = 2) -> Score:
    """Execute notebooks once each and alter their stored numbers.

    Parameters
    ----------
    chapters : list of str
        Names such as ``02_sigmoid``.
    workers : int
        How many notebooks run at the same time.

    Returns
    -------
    Score
    """
    score = Score("numbers in stored outputs", target=1.0)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "mutation.outputs"]
        command += ["--nbval-cell-timeout=3600"]  # not a test of speed
        command += ["-n", str(workers), "--dist", "loadscope"] if workers > 1 else []
        command += [f"--altered-outputs={folder}"]
        command += [f"chapters/{chapter}.ipynb" for chapter in chapters]
        # As `make` sets it: with more threads the notebooks take four times as long.
        one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        done = subprocess.run(
            command, cwd=BOOK, env=os.environ | one_thread, stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            sys.exit(f"{done.stdout}\nThe notebooks have to pass before they are altered.")
        for path in sorted(Path(folder).glob("*.json")):
            found = json.loads(path.read_text(encoding="utf-8"))
            score.caught.update(found["caught"])
            score.survivors += map(tuple, found["survivors"])
    score.notes.append(f"{len(chapters)} notebooks, each executed once by nbval")
    return score
