"""How long does the book take to build? ``python -m benchmarks.building``.

A copy of the book is built three times: cold, with nothing changed, and after one
sentence of one chapter changed. Beside the first stands the sum of the times that
the notebooks took, as jupyter-cache recorded them; beside the others, Sphinx on the
same pages without code. The whole book takes minutes; ``--chapters 02_sigmoid
05_leaky_relu`` builds those alone.

The last tables tell how the cost grows: a figure with 10, 100 and 1000 states, and
books of 10, 20 and 40 synthetic chapters, of which one changes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from jupyter_cache import get_cache

from benchmarks.payload import kilobytes
from vgtools import figures
from vgtools.explore.explorable import Explorable, explore

BOOK = Path(__file__).resolve().parents[1]
SOURCES = [
    "_config.yml",
    "_static",
    "_templates",
    "chapters",
    "claims.toml",
    "references.bib",
    "requirements.txt",
]
CODELESS = ["jupyter_book", "bookext"]
"""Extensions that Sphinx does without where it has no code to run."""


JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
SPHINX = (sys.executable, "-m", "sphinx")


def run(*command: str, folder: Path) -> float:
    """Run a command in a folder and return the seconds it took."""
    environment = {**os.environ, "PYTHONPATH": str(BOOK)}
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return time.perf_counter() - start


def copy_book(folder: Path, chapters: list[str]) -> None:
    """Copy what a build reads, with a table of contents of these chapters only, if any."""
    for name in SOURCES:
        copy = shutil.copytree if (BOOK / name).is_dir() else shutil.copy
        copy(BOOK / name, folder / name)
    if chapters:
        first, *others = [*chapters, "glossary", "references"]
        lines = ["format: jb-book", f"root: chapters/{first}", "chapters:"]
        lines += [f"- file: chapters/{name}" for name in others]
        (folder / "_toc.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        shutil.copy(BOOK / "_toc.yml", folder / "_toc.yml")


def edit(notebook: Path, text: str) -> None:
    """Add a sentence to the first paragraph of a notebook."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    cell = next(cell for cell in content["cells"] if cell["cell_type"] == "markdown")
    cell["source"] = "".join(cell["source"]) + f"\n\n{text}\n"
    notebook.write_text(json.dumps(content), encoding="utf-8")


def strip_code(folder: Path) -> None:
    """Leave only the text of the notebooks."""
    for path in (folder / "chapters").glob("*.ipynb"):
        content = json.loads(path.read_text(encoding="utf-8"))
        content["cells"] = [cell for cell in content["cells"] if cell["cell_type"] != "code"]
        path.write_text(json.dumps(content), encoding="utf-8")


def execution_seconds(folder: Path) -> dict[str, float]:
    """Return how long each notebook of a built copy took, as jupyter-cache recorded it."""
    found = {}
    for cache in (folder / "_build" / ".jupyter_cache").iterdir():
        for record in get_cache(cache).list_cache_records():
            found[Path(record.uri).stem] = record.data["execution_seconds"]
    return found


def book_table(chapters: list[str]) -> None:
    """Print the times of the three builds."""
    build = (*JUPYTER_BOOK, "build", ".")
    with tempfile.TemporaryDirectory() as place:
        ours, plain = Path(place) / "ours", Path(place) / "plain"
        for folder in (ours, plain):
            folder.mkdir()
            copy_book(folder, chapters)
        chapter = (chapters or ["05_leaky_relu"])[-1]
        cold = run(*build, folder=ours)
        taken = execution_seconds(ours)
        run(*build, folder=ours)  # as in daily life, the second build sees no new file
        unchanged = min(run(*build, folder=ours) for _ in range(3))
        sentences = []
        for number in range(3):
            edit(ours / "chapters" / f"{chapter}.ipynb", f"A sentence, number {number}.")
            sentences.append(run(*build, folder=ours))

        strip_code(plain)
        configuration(plain)
        sphinx = (*SPHINX, "-b", "html", "-q", ".", "_build/html")
        first = run(*sphinx, folder=plain)
        plain_unchanged = min(run(*sphinx, folder=plain) for _ in range(3))
        plain_sentences = []
        for number in range(3):
            edit(plain / "chapters" / f"{chapter}.ipynb", f"A sentence, number {number}.")
            plain_sentences.append(run(*sphinx, folder=plain))

    total = sum(taken.values())
    print(
        f"The notebooks took {total:.0f} s in all, the longest "
        f"{max(taken, key=taken.get)} with {max(taken.values()):.0f} s."
    )
    rows = [
        ("cold build", cold, "half the execution times, and 30 s", total / 2 + 30, 1),
        ("  of it without the execution", cold - total / os.cpu_count(), "Sphinx", first, None),
        ("nothing changed", unchanged, "Sphinx, no code", plain_unchanged, 1.5),
        ("one sentence changed", min(sentences), "Sphinx, no code", min(plain_sentences), 1.5),
    ]
    print("\n| build | s | compared with | s | ratio | at most |")
    print("|---|---|---|---|---|---|")
    for name, value, other, beside, most in rows:
        limit = "" if most is None else f"{most:g}"
        print(f"| {name} | {value:.1f} | {other} | {beside:.1f} | {value / beside:.2f} | {limit} |")


def configuration(folder: Path) -> None:
    """Write the conf.py of a book without code."""
    run(*JUPYTER_BOOK, "config", "sphinx", ".", folder=folder)
    with (folder / "conf.py").open("a", encoding="utf-8") as file:
        file.write(
            f"extensions = [name for name in extensions if name not in {CODELESS}]\n"
            'nb_execution_mode = "off"\n'
            'suppress_warnings = ["myst", "mystnb", "ref", "docutils", "toc", "bibtex"]\n'
        )


def states_table() -> None:
    """Print what a figure with more and more states costs."""
    print("\n| states | ms of processor time for each | bytes, gzip, for each | kB in all |")
    print("|---|---|---|---|")
    for count in (10, 100, 1000):
        growing = figure_with(count)
        start = time.process_time()
        html = growing.to_html(with_runtime=False)
        taken = time.process_time() - start
        size = kilobytes(html)
        print(f"| {count} | {1e3 * taken / count:.0f} | {1e3 * size / count:.0f} | {size:.1f} |")


def figure_with(count: int) -> Explorable:
    """Make a figure with so many states."""

    @explore(alpha=(1, count, 1), alt=lambda alpha: f"The slope is {alpha}.")
    def growing(alpha: int) -> object:
        figure, [axes] = figures.subplots()
        x = np.linspace(-3, 3, 61)
        axes.plot(x, np.tanh(x * (1 + alpha / count)))
        axes.set(xlim=(-3, 3), ylim=(-1.1, 1.1))
        return figure

    return growing


def chapters_table(counts: list[int]) -> None:
    """Print what more and more chapters cost, and how many run again when one changes."""
    print("\n| chapters | cold, s | for each | one cell changed, s | chapters that ran again |")
    print("|---|---|---|---|---|")
    for count in counts:
        with tempfile.TemporaryDirectory() as place:
            folder, log = Path(place) / "book", Path(place) / "log"
            (folder / "chapters").mkdir(parents=True)
            for name in ("_static", "_templates"):
                shutil.copytree(BOOK / name, folder / name)
            for name in ("_config.yml", "references.bib", "requirements.txt", "claims.toml"):
                shutil.copy(BOOK / name, folder / name)
            for number in range(count):
                write_chapter(folder, number, log, "1 + 1")
            lines = ["format: jb-book", "root: chapters/c0", "chapters:"]
            lines += [f"- file: chapters/c{number}" for number in range(1, count)]
            (folder / "_toc.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
            cold = run(*JUPYTER_BOOK, "build", ".", folder=folder)
            assert len(log.read_text().splitlines()) == count
            log.write_text("")
            write_chapter(folder, count // 2, log, "1 + 2")
            again = run(*JUPYTER_BOOK, "build", ".", folder=folder)
            ran = len(log.read_text().splitlines())
        print(f"| {count} | {cold:.1f} | {cold / count:.2f} | {again:.1f} | {ran} |", flush=True)


def write_chapter(folder: Path, number: int, log: Path, code: str) -> None:
    """Write a chapter that notes each of its executions in a log."""
    note = f"with open({str(log)!r}, 'a') as log:\n    log.write('chapter {number}\\n')"
    cells = [
        {"cell_type": "markdown", "id": "title", "source": f"# Chapter {number}\n\nWords."},
        {"cell_type": "code", "id": "log", "source": note},
        {"cell_type": "code", "id": "sum", "source": code},
    ]
    for cell in cells:
        cell["metadata"] = {}
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4}
    path = folder / "chapters" / f"c{number}.ipynb"
    path.write_text(json.dumps(content | {"nbformat_minor": 5}), encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chapters", nargs="*", default=[], help="only these; by default, all")
    parser.add_argument("--counts", nargs="*", type=int, default=[10, 20, 40])
    options = parser.parse_args(arguments)
    book_table(options.chapters)
    states_table()
    chapters_table(options.counts)


if __name__ == "__main__":
    main()
