"""What a release consists of: ``python -m formats.dist``, after the PDF and the EPUB.

The offline book as one archive, and `vgtools` as a wheel.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from formats import book
from formats.archive import archive
from formats.chapter import FormatError

PACKAGE = ("vgtools", "pyproject.toml", "README.md", "LICENSE")
"""What the wheel is made of."""

SUMS = "SHA256SUMS"


def offline_book(html: Path) -> bytes:
    """Return the built book as a zip archive with one folder in it."""
    if not (html / "index.html").is_file():
        raise FormatError(f"there is no book in {html}: run make book first")
    files = {
        f"{book.NAME}/{path.relative_to(html).as_posix()}": path.read_bytes()
        for path in sorted(html.rglob("*"))
        if path.is_file()
    }
    return archive(files, book.moment())


def wheel(target: Path) -> Path:
    """Build the wheel of `vgtools`, and leave nothing else behind.

    Parameters
    ----------
    target : Path
        The folder that it goes to.

    Returns
    -------
    Path
        The wheel.
    """
    with tempfile.TemporaryDirectory() as name:
        source, made = Path(name, "source"), Path(name, "made")
        source.mkdir()
        for part in PACKAGE:
            if (book.BOOK / part).is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(book.BOOK / part, source / part, ignore=ignore)
            else:
                shutil.copyfile(book.BOOK / part, source / part)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-cache-dir"]
        command += ["--no-build-isolation", "--disable-pip-version-check", "--wheel-dir"]
        date = str(int(book.moment().timestamp()))
        subprocess.run(
            [*command, str(made), str(source)],
            check=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": date},
        )
        [result] = made.glob("*.whl")
        return Path(shutil.copy(result, target / result.name))


def main() -> None:
    """Fill `dist`, and write the checksums of everything in it."""
    try:
        book.write(book.DIST / f"{book.NAME}.zip", offline_book(book.HTML))
        wheel(book.DIST)
    except (FormatError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
    files = sorted(path for path in book.DIST.iterdir() if path.name != SUMS)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    book.write(book.DIST / SUMS, "".join(lines).encode())
    print(f"The release: {', '.join(path.name for path in files)} in {book.DIST}")


if __name__ == "__main__":
    main()
