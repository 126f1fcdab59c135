"""How chapters are executed while the book is built.

jupyter-cache knows a notebook by its code alone. An output also depends on
`vgtools`, on the installed packages and on Python, so the folder of the cache is
named after those: change one of them and every chapter runs again, change a
sentence and none does. This package makes pages and no output: change it, and every
page is read again, but nothing runs.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from sphinx.errors import SphinxError
from sphinx.util.logging import getLogger
from tqdm import tqdm

import vgtools
from vgtools.explore.audience import VARIABLE
from vgtools.frontend import STATIC_VARIABLE

if TYPE_CHECKING:
    from jupyter_cache.base import JupyterCacheAbstract
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

PACKAGE = Path(vgtools.__file__).resolve().parent
"""What chapters import."""

EXTENSION = Path(__file__).resolve().parent
"""This package, which no chapter imports."""

KERNEL_ENVIRONMENT = {
    STATIC_VARIABLE: "1",
    VARIABLE: "html",
    # One thread for each kernel: the kernels share the cores, and sums that are
    # split between threads need not add up to the same last digit twice.
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    # The order of sets and the dates in figures.
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "0",
}
"""What kernels inherit during a build, and only then."""

PROFILE = """\
# Written by the build of the book.
c.IPKernelApp.log_level = "ERROR"  # not that the loopback interface is unencrypted
c.HistoryManager.enabled = False
"""
"""How IPython is set up in these kernels, in the place of a person's own start-up files."""

CACHES_KEPT = 3
"""Folders that are kept, so that a switch between branches stays cheap."""

_logger = getLogger(__name__)


def connect(app: Sphinx) -> None:
    """Connect this module's handlers to the events of a build."""
    app.add_config_value("bookext_digest", "", "env")
    app.connect("config-inited", choose_cache)
    app.connect("builder-inited", enter_build)
    app.connect("env-before-read-docs", execute_chapters)
    app.connect("build-finished", leave_build)


def digest_of(folder: Path) -> bytes:
    """Return a digest of the files of a folder, their names included, without compiled ones.

    Examples
    --------
    >>> len(digest_of(PACKAGE)), digest_of(PACKAGE) == digest_of(EXTENSION)
    (32, False)
    """
    digest = hashlib.sha256()
    sources = [path for path in folder.rglob("*") if path.is_file()]
    for path in sorted(path for path in sources if "__pycache__" not in path.parts):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def cache_key(package: Path, others: Iterable[Path], python: str) -> str:
    """Name everything that an output depends on besides the cells.

    That is the package that chapters import, the version of Python, and the `others` that
    are there: what pins the environment, and this module, which sets the kernels up.

    Examples
    --------
    >>> key = cache_key(PACKAGE, [Path("requirements.txt")], "3.11.7")
    >>> len(key), key == cache_key(PACKAGE, [Path("requirements.txt")], "3.12.1")
    (16, False)
    """
    digest = hashlib.sha256(python.encode() + digest_of(package))
    for path in others:
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def prune(caches: Path, current: Path, keep: int = CACHES_KEPT) -> list[Path]:
    """Remove all but the newest folders, and never the current one."""
    others = [folder for folder in caches.iterdir() if folder.is_dir() and folder != current]
    others.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    stale = others[keep - 1 :]
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    return stale


def choose_cache(app: Sphinx, config: Config) -> None:
    """Point MyST-NB to the cache of this key, and note which extension makes the pages.

    Sphinx reads every page again when one of these values changes, so a new key also
    reaches the pages whose source did not change.
    """
    book = Path(app.srcdir)
    others = [Path(__file__), book / "requirements.txt"]
    key = cache_key(PACKAGE, others, platform.python_version())
    caches = Path(config.nb_execution_cache_path or book / "_build" / ".jupyter_cache")
    config.nb_execution_cache_path = str(caches / key)
    config.bookext_digest = digest_of(EXTENSION).hex()


def kernel_environment(folder: Path) -> dict[str, str]:
    """Return what kernels inherit, the profile that they start from included."""
    profile = folder / "profile_default" / "ipython_kernel_config.py"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(PROFILE, encoding="utf-8")
    return {**KERNEL_ENVIRONMENT, "IPYTHONDIR": str(folder)}


def enter_build(app: Sphinx) -> None:
    """Set the environment that kernels inherit, and make room for the cache."""
    current = Path(app.config.nb_execution_cache_path)
    environment = kernel_environment(current.parent.parent / ".ipython")
    app.bookext_environment = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    current.mkdir(parents=True, exist_ok=True)
    os.utime(current)
    prune(current.parent, current)


def leave_build(app: Sphinx, exception: Exception | None) -> None:
    """Give the process its own environment back."""
    for name, value in getattr(app, "bookext_environment", {}).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def progress(cache: JupyterCacheAbstract, notebooks: list[str]) -> Iterator[None]:
    """Show to a person at a terminal how many of some notebooks have been executed."""
    if not sys.stderr.isatty():
        yield
        return
    over = Event()

    def look() -> None:
        over.wait(2)  # the executor forks at the start, when nothing may hold a lock
        with tqdm(total=len(notebooks), unit="chapter", leave=False) as bar:
            while not over.wait(1):
                bar.n = len(notebooks) - len(cache.list_unexecuted(filter_uris=notebooks))
                bar.refresh()

    watching = Thread(target=look, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


class ChapterError(SphinxError):
    """A chapter with a cell that fails."""

    category = "The build stops at a chapter"


def failure(source: str, traceback: str) -> str:
    r"""Say which cell failed, and why: what the error says, without the way to it.

    Examples
    --------
    >>> report = "-----\nvg.verify(a, b)\n-----\n\nTraceback\nDerivationError: a is not b\n"
    >>> print(failure("chapters/one.ipynb", report))
    chapters/one.ipynb, in the cell that begins with "vg.verify(a, b)":
    DerivationError: a is not b
    """
    text = re.sub(r"\x1b\[[\d;]*m", "", traceback)
    cell = re.search(r"^-{5,}\n(.*)", text, re.M)
    errors = list(re.finditer(r"^[\w.]*(?:Error|Exception|Interrupt)\b.*", text, re.M))
    said = text[errors[-1].start() :].strip() if errors else text.strip().rpartition("\n")[2]
    where = f', in the cell that begins with "{cell[1]}"' if cell else ""
    return f"{source}{where}:\n{said}"


def execute_chapters(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Run the notebooks that Sphinx is about to read, one on each core.

    MyST-NB would run them one after the other, and end with two tracebacks where a cell
    fails. Here jupyter-cache's own parallel executor fills the cache first.
    """
    if app.config.nb_execution_mode != "cache":
        return
    notebooks = [str(env.doc2path(name)) for name in docnames]
    notebooks = [path for path in notebooks if path.endswith(".ipynb")]
    if not notebooks:
        return
    cache = get_cache(app.config.nb_execution_cache_path)
    # They start in this order. A long one that came last would leave a core idle.
    for path in sorted(notebooks, key=os.path.getsize, reverse=True):
        cache.add_nb_to_project(path)
    waiting = cache.list_unexecuted(filter_uris=notebooks)
    if not waiting:
        return
    _logger.info("executing %d notebooks on %d cores", len(waiting), os.cpu_count())
    quiet = logging.getLogger(f"{__name__}.executor")
    quiet.setLevel(logging.CRITICAL)
    executor = load_executor("local-parallel", cache, logger=quiet)
    uris = [record.uri for record in waiting]
    with progress(cache, uris):
        executor.run_and_cache(filter_uris=uris, timeout=app.config.nb_execution_timeout)
    failed = [record for record in cache.list_unexecuted(filter_uris=uris) if record.traceback]
    if failed:
        sys.tracebacklimit = 0  # Jupyter Book prints the way to this error after the error
        sources = [os.path.relpath(record.uri, app.srcdir) for record in failed]
        raise ChapterError(
            "\n\n".join(failure(name, one.traceback) for name, one in zip(sources, failed))
        )
