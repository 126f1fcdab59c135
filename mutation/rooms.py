"""Code: mutmut alters the rooms of vgtools that hold the mathematics.

mutmut needs packages that the book does not: `environment` makes a virtual environment
of its own for it, in ``_build/mutation``. Its settings stand in ``pyproject.toml``. It
keeps its results in ``mutants/``, so that a run of all that was stopped goes on where it
was; one of named mutants tries each of them anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from mutation.score import Score

BOOK = Path(__file__).resolve().parents[1]
ENVIRONMENT = BOOK / "_build" / "mutation" / "venv"
CAUGHT = {1, 3, 24, 36, 152, -24, -9, -11}
"""Mutmut's exit codes for mutants that were caught: by a test, by the clock, by a crash."""
SURVIVED = {0, 5, 33, 255}
"""And for those that no test noticed, that no test runs, or whose tests could not start.
Mutmut calls the last a timeout, but nothing was tried."""


def environment() -> Path:
    """Return the Python of mutmut's environment, which is made if there is none."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        print(f"Installing mutmut into {ENVIRONMENT.relative_to(BOOK)}.", flush=True)
        files = ["requirements.txt", "mutation/requirements.txt"]
        subprocess.run([BOOK / "tools" / "environment", ENVIRONMENT, *files], cwd=BOOK, check=True)
    return python


def run(mutants: list[str], workers: int = 2) -> Score:
    """Let mutmut try the named mutants, or all that have no result yet; read the results.

    Parameters
    ----------
    mutants : list of str
        Patterns of names, such as ``vgtools.theory.*``; none means all of them.
    workers : int
        How many mutants are tried at the same time.

    Returns
    -------
    Score
    """
    command = [environment().with_name("mutmut"), "run", "--max-children", str(workers), *mutants]
    surroundings = {**os.environ, "CI": "true", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    surroundings.pop("PYTHONPATH", None)
    done = subprocess.run(["nice", "-n", "19", *command], cwd=BOOK, env=surroundings)
    if done.returncode:
        sys.exit("mutmut stopped; what it found so far is kept, and the next run goes on.")
    return results(mutants)


def results(mutants: list[str] | None = None) -> Score:
    """Read what mutmut has found so far.

    Parameters
    ----------
    mutants : list of str, optional
        Patterns of names; all by default.

    Returns
    -------
    Score
        The kinds are the rooms.
    """
    score = Score("code", target=0.95)
    found: dict[str, int | None] = {}
    for path in sorted((BOOK / "mutants").rglob("*.meta")):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    if mutants:
        found = {k: v for k, v in found.items() if any(fnmatch(k, one) for one in mutants)}
    for name, code in found.items():
        room = name.split(".")[1]
        if code in CAUGHT:
            score.caught[room] += 1
        elif code in SURVIVED:
            score.survivors.append((room, name))
    tried = sum(code is not None for code in found.values())
    score.notes.append(f"{tried} of {len(found)} mutants were tried")
    return score
