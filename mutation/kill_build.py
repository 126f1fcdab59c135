"""Killing builds of the book at random moments, and comparing what comes after.

Builds run in copies of the book, in a folder of their own. Two builds from empty caches
have to give the same bytes. Then a build is started and killed, with everything that it
started, after a random share of the time that a build takes; the next build in the same
copy has to succeed and to give those bytes too. The copy goes on from kill to kill, with
whatever caches the killed builds left behind.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

BOOK = Path(__file__).resolve().parents[1]
NOT_COPIED = shutil.ignore_patterns("_build", ".git", ".venv", "mutants", "__pycache__", ".*_cache")
REFERENCE_PAGES = ("glossary", "references")
"""What a part of the book gets besides its chapters; the ledger refers to all of them."""


def copy(folder: Path) -> Path:
    """Copy the sources of the book.

    Parameters
    ----------
    folder : Path
        Where the copy goes; it must not exist.
    """
    return Path(shutil.copytree(BOOK, folder, ignore=NOT_COPIED))


def command(book: Path, chapters: list[str]) -> list[str]:
    """Return the command that builds a copy: all of it, or some chapters only.

    A part of the book refers to pages that are not there, so warnings are errors
    only for the whole.
    """
    build = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(book)]
    if not chapters:
        return [*build, "-W", "-n", "--keep-going"]
    pages = [*chapters, *REFERENCE_PAGES]
    listed = [f"- file: chapters/{page}" for page in pages[1:]]
    contents = ["format: jb-book", f"root: chapters/{pages[0]}", "chapters:", *listed]
    table = book.with_name(f"{book.name}-toc.yml")
    table.write_text("\n".join([*contents, ""]), encoding="utf-8")
    return [*build, "--toc", str(table)]


def start(book: Path, chapters: list[str]) -> subprocess.Popen:
    """Start a build in a process group of its own."""
    surroundings = {**os.environ, "PYTHONPATH": str(book)}
    log = (book.with_name(f"{book.name}.log")).open("a", encoding="utf-8")
    with log:
        return subprocess.Popen(
            command(book, chapters), cwd=book, env=surroundings, start_new_session=True,
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip


def build(book: Path, chapters: list[str]) -> float:
    """Build to the end, and return how many seconds it took.

    Raises
    ------
    RuntimeError
        If the build fails; the message ends with the last lines that it wrote.
    """
    begun = time.monotonic()
    process = start(book, chapters)
    if process.wait():
        log = book.with_name(f"{book.name}.log").read_text(encoding="utf-8")
        raise RuntimeError(f"the build in {book} failed:\n{log[-3000:]}")
    return time.monotonic() - begun


def kill(process: subprocess.Popen) -> None:
    """Kill a build and every process that it started, without a chance to tidy up.

    Kernels run in sessions of their own, so the group alone would leave them alive.
    """
    family = [psutil.Process(process.pid)]
    family += family[0].children(recursive=True)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def forget(book: Path, everything: bool) -> None:
    """Remove what a build leaves: all of it, or the pages but not the executed chapters."""
    built = book / "_build"
    for folder in [built] if everything else [built / "html", built / ".doctrees"]:
        shutil.rmtree(folder, ignore_errors=True)


def differences(one: Path, other: Path) -> list[str]:
    """Name the files that differ between two folders, or are in one of them only.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in [("a", "1"), ("b", "2")]:
    ...         _ = (Path(folder) / name).mkdir()
    ...         _ = (Path(folder) / name / "page").write_text(text)
    ...     differences(Path(folder, "a"), Path(folder, "b"))
    ['page']
    """
    files = [
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for folder in (one, other)
    ]
    both = sorted(files[0] & files[1])
    _, differ, unread = filecmp.cmpfiles(one, other, both, shallow=False)
    return sorted([*(files[0] ^ files[1]), *differ, *unread])


def main() -> None:
    """Build twice, kill and build again, and say whether all bytes are the same."""
    parser = argparse.ArgumentParser(prog="python -m mutation.kill_build", description=__doc__)
    parser.add_argument("--chapters", nargs="+", default=[], metavar="NAME",
                        help="some chapters only, such as 02_sigmoid (the whole book)")  # fmt: skip
    parser.add_argument("--kills", type=int, default=10, help="how many builds to kill (10)")
    parser.add_argument("--seed", type=int, default=0, help="for the moments of the kills (0)")
    given = parser.parse_args()
    moments, faults = random.Random(given.seed), []
    with tempfile.TemporaryDirectory(prefix="builds-") as folder:
        one, other = (copy(Path(folder) / name) for name in ("one", "other"))
        took = build(one, given.chapters)
        reference = one / "_build" / "html"
        pages = len(list(reference.rglob("*.html")))
        print(f"The first build took {took:.0f} s and made {pages} pages.", flush=True)

        def compare(what: str) -> None:
            found = differences(reference, other / "_build" / "html")
            faults.extend(found)
            print(f"{what}: {', '.join(found) or 'the same bytes'}", flush=True)

        build(other, given.chapters)
        compare("A second build from empty caches")
        forget(other, everything=False)
        durations = [build(other, given.chapters), took]
        compare("A build from the cache of executed chapters")
        for number in range(1, given.kills + 1):
            everything = number % 2
            forget(other, everything)
            wait = moments.uniform(0.0, 1.0) * durations[everything]
            process = start(other, given.chapters)
            try:
                process.wait(wait)
                how = "over"
            except subprocess.TimeoutExpired:
                kill(process)
                how = "killed"
            begun = "from nothing" if everything else "from the cache"
            seconds = build(other, given.chapters)
            compare(f"{number}. begun {begun}, {how} after {wait:.0f} s, built in {seconds:.0f} s")
    print(f"{given.kills} kills, {len(faults)} differences")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
