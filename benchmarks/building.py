"""How long does the book take to build? ``python -m benchmarks.building``.

A copy of the book is built three times: cold, with nothing changed, and after one
sentence of one chapter changed. Beside the first stands the sum of the times that
the notebooks took, as jupyter-cache recorded them; beside the others, Sphinx on the
same pages without code. The whole book takes minutes; ``--chapters 02_sigmoid
05_leaky_relu`` builds those alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_cache import get_cache

BOOK = Path(__file__).resolve().parents[1]
LEFT_OUT = shutil.ignore_patterns(".*", "_build", "dist", "mutants", "__pycache__", "*.egg-info")
"""What a copy of the book does without."""

CODELESS = ["jupyter_book", "bookext"]
"""Extensions that Sphinx does without where it has no code to run."""

JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")


def run(*command: str, folder: Path) -> float:
    """Run a command in a folder and return the seconds it took."""
    environment = {**os.environ, "PYTHONPATH": str(BOOK)}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return time.perf_counter() - start


def copy_book(folder: Path, chapters: list[str]) -> None:
    """Copy the book, with a table of contents of these chapters only, if any."""
    shutil.copytree(BOOK, folder, ignore=LEFT_OUT)
    if chapters:
        first, *others = [*chapters, "glossary", "references"]
        lines = ["format: jb-book", f"root: chapters/{first}", "chapters:"]
        lines += [f"- file: chapters/{name}" for name in others]
        (folder / "_toc.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")


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


def build_times(*command: str, folder: Path, chapter: str) -> tuple[float, float, float]:
    """Return the seconds of builds: cold, with nothing changed, with one sentence changed."""
    cold = run(*command, folder=folder)
    run(*command, folder=folder)  # as in daily life, the second build sees no new file
    unchanged = min(run(*command, folder=folder) for _ in range(3))
    sentences = []
    for number in range(3):
        edit(folder / "chapters" / f"{chapter}.ipynb", f"A sentence, number {number}.")
        sentences.append(run(*command, folder=folder))
    return cold, unchanged, min(sentences)


def configuration(folder: Path) -> None:
    """Write the conf.py of a book without code."""
    run(*JUPYTER_BOOK, "config", "sphinx", ".", folder=folder)
    with (folder / "conf.py").open("a", encoding="utf-8") as file:
        file.write(
            f"extensions = [name for name in extensions if name not in {CODELESS}]\n"
            'nb_execution_mode = "off"\n'
            'suppress_warnings = ["myst", "mystnb", "ref", "docutils", "toc", "bibtex"]\n'
        )


def main(arguments: list[str] | None = None) -> None:
    """Print the times of the three builds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chapters", nargs="*", default=[], help="only these; by default, all")
    chapters = parser.parse_args(arguments).chapters
    chapter = (chapters or ["05_leaky_relu"])[-1]
    with tempfile.TemporaryDirectory() as place:
        ours, plain = Path(place) / "ours", Path(place) / "plain"
        for folder in (ours, plain):
            copy_book(folder, chapters)
        cold, unchanged, sentence = build_times(
            *JUPYTER_BOOK, "build", ".", folder=ours, chapter=chapter
        )
        taken = execution_seconds(ours)
        strip_code(plain)
        configuration(plain)
        sphinx = (sys.executable, "-m", "sphinx", "-b", "html", "-q", ".", "_build/html")
        first, plain_unchanged, plain_sentence = build_times(*sphinx, folder=plain, chapter=chapter)

    total = sum(taken.values())
    print(
        f"The notebooks took {total:.0f} s in all, the longest "
        f"{max(taken, key=taken.get)} with {max(taken.values()):.0f} s."
    )
    rows = [
        ("cold build", cold, "half the execution times, and 30 s", total / 2 + 30, 1),
        ("  of it without the execution", cold - total / os.cpu_count(), "Sphinx", first, None),
        ("nothing changed", unchanged, "Sphinx, no code", plain_unchanged, 1.5),
        ("one sentence changed", sentence, "Sphinx, no code", plain_sentence, 1.5),
    ]
    print("\n| build | s | compared with | s | ratio | at most |")
    print("|---|---|---|---|---|---|")
    for name, value, other, beside, most in rows:
        limit = "" if most is None else f"{most:g}"
        print(f"| {name} | {value:.1f} | {other} | {beside:.1f} | {value / beside:.2f} | {limit} |")


if __name__ == "__main__":
    main()
