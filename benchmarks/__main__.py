"""Run every benchmark and write the page of results: ``make bench``."""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
COMMANDS = {
    "building": "Building the book",
    "training": "One training step",
    "laboratory": "Training in a page",
    "accuracy": "Accuracy of the activation functions",
}
PACKAGES = ("numpy scipy matplotlib torch jax sphinx jupyter-book").split()


def processor() -> str:
    """Return the model of the processor, as far as the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        return re.search(r"model name\s*:\s*(.+)", text)[1].strip()
    except (OSError, TypeError):
        return platform.machine()


def versions() -> str:
    """Return the versions of everything that is compared."""
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def kept() -> str:
    """Return the section that `make bench` does not make: it needs another environment."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    _, heading, section = text.partition("\n## Diagnosing a network\n")
    return heading + section


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks, print what they print, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=COMMANDS, default=list(COMMANDS))
    options = parser.parse_args(arguments)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    parts = [
        "# Results of the benchmarks",
        "",
        "Written by `make bench`. A ratio above 1 speaks for this book, except in the builds, "
        "where a ratio says how much longer than the thing beside it something takes.",
        "",
        f"- Date: {datetime.now(UTC):%Y-%m-%d}",
        f"- Machine: {cores} cores, {processor()}; load before the run {load:.1f}",
        f"- Versions: {versions()}",
    ]
    for name in options.only:
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        start = time.perf_counter()
        print(f"== benchmarks.{name}", flush=True)
        lines = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                print(line, end="", flush=True)
                lines.append(line.rstrip())
        parts += ["", f"## {COMMANDS[name]}", "", f"`python -m benchmarks.{name}`", ""]
        parts += lines or ["(nothing)"]
        if process.returncode:
            parts.append(f"\nIt stopped with the exit code {process.returncode}.")
        print(f"== {time.perf_counter() - start:.0f} s\n", flush=True)
    # A table needs an empty line before it.
    text = re.sub(r"\n([^|\n][^\n]*)\n\|", r"\n\1\n\n|", "\n".join(parts))
    RESULTS.write_text(text + "\n" + kept(), encoding="utf-8")
    print(f"Written: {RESULTS.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
