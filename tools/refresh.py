"""Execute notebooks in place and normalise them, so that a diff shows what changed.

Usage: python -m tools.refresh 02_sigmoid [...]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from bookext.execution import kernel_environment
from vgtools.explore.audience import VARIABLE
from vgtools.frontend import RECORD, STATIC_VARIABLE

BOOK = Path(__file__).resolve().parents[1]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT = {"text/plain", "text/markdown", "text/latex", RECORD}


def refresh(path: Path) -> None:
    """Execute one notebook and write it back in its normal form.

    Parameters
    ----------
    path : Path
        The notebook.

    Raises
    ------
    ValueError
        If a cell puts something other than text and the records of equations there.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = {"kernelspec": dict(KERNEL)}
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": path.parent}}, record_timing=False
    ).execute()
    normalise(notebook)
    path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")


def normalise(notebook: nbformat.NotebookNode) -> None:
    """Keep what belongs to the chapter: cells, their tags, text and records of equations."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen = set()
    for number, cell in enumerate(notebook.cells):
        identity = cell.get("id") or f"cell-{number:02}"
        if identity in seen:
            raise ValueError(f"two cells have the id {identity!r}; give one of them another")
        seen.add(identity)
        cell.id = identity
        cell.source = cell.source.rstrip()
        cell.metadata = {name: cell.metadata[name] for name in ["tags"] if name in cell.metadata}
        if cell.cell_type == "code":
            cell.outputs = text_outputs(cell)


def text_outputs(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Join the pieces of printed text, and refuse whatever is not text."""
    outputs = []
    for output in cell.outputs:
        what = {"stream": output.get("name"), "error": "error"}.get(output.output_type)
        strangers = set(output.get("data", {})) - KEPT
        if what in {"stderr", "error"} or strangers:
            raise ValueError(
                f"cell {cell.id!r} outputs {what or ', '.join(sorted(strangers))}; "
                "a committed notebook holds text only:\n" + cell.source
            )
        if what == "stdout" and outputs and outputs[-1].output_type == "stream":
            outputs[-1].text += output.text
            continue
        output.pop("transient", None)
        if "metadata" in output:
            output.metadata = {}
        outputs.append(output)
    return outputs


def main(names: list[str]) -> None:
    """Refresh the chapters of these names, or say which there are."""
    paths = [*sorted(BOOK.glob("chapters/*.ipynb")), *BOOK.glob("docs/*.ipynb")]
    known = {path.stem: path for path in paths}
    if not names or set(names) - set(known):
        sys.exit(f"Say which: make refresh C={' or C='.join(known)}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(kernel_environment(Path(folder)))
        os.environ.pop(STATIC_VARIABLE)
        os.environ[VARIABLE] = "text"
        for name in names:
            refresh(known[name])
            print(f"refreshed {known[name].name}")


if __name__ == "__main__":
    main(sys.argv[1:])
