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
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
COMMANDS = {
    "building": "Building the book",
    "training": "One training step",
    "laboratory": "Training in a page",
    "accuracy": "Accuracy of the activation functions",
}
PACKAGES = ("numpy", "scipy", "matplotlib", "torch", "jax", "sphinx", "jupyter-book")


def processor() -> str:
    """Return the model of the processor, as far as the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        return re.search(r"model name\s*:\s*(.+)", text)[1].strip()
    except (OSError, TypeError):
        return platform.machine()


def kept() -> str:
    """Return the sections that `make bench` does not make: they need other environments."""
    _, *section = RESULTS.read_text(encoding="utf-8").partition("\n## Diagnosing a network\n")
    return "".join(section)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks, print what they print, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=COMMANDS, default=list(COMMANDS))
    options = parser.parse_args(arguments)
    versions = [f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in PACKAGES)]
    load = os.getloadavg()[0]
    parts = [
        "# Results of the benchmarks",
        "",
        "Written by `make bench`. A ratio above 1 speaks for this book, except in the builds, "
        "where a ratio says how much longer than the thing beside it something takes.",
        "",
        f"- Date: {datetime.now(UTC):%Y-%m-%d}",
        f"- Machine: {os.cpu_count()} cores, {processor()}; load before the run {load:.1f}",
        f"- Versions: {', '.join(versions)}",
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
