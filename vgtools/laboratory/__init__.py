"""The laboratory: networks that learn in a web page, with no kernel and no network connection.

The engine is JavaScript, in the files beside this one. Its layers, losses, optimisers and
measurements are those of `vgtools.networks` and `vgtools.diagnostics` with the same names, and
the tests compare the numbers. It computes in float64 with elementary functions of its own, so
that every browser gives the same bits.

One global object, ``Laboratory``, holds everything. In a page with `script` and the text of
`digits` as ``packed``::

    const data = Laboratory.digits(packed);
    const network = Laboratory.network({layers: 30, width: 64, activation: "relu", init: "he"});
    const run = new Laboratory.Run(network, data, {optimiser: {name: "sgd", learning_rate: 0.1}});
    const loss = run.step();                    // with a batch of 50
    const flow = Laboratory.measure(network);   // of that step
    flow.gradient                               // one number for each hidden layer
    network.draw();                             // back to the same draw

The same weights and batches in Python, from the same seeds:

>>> from vgtools import MLP
>>> network, data = MLP([64, *[64] * 30, 10], "relu", init="he"), datasets.digits()
>>> draw(network, seed=0)
>>> first = next(batches(len(data.x_train), batch_size=50, seed=0))
>>> x, y = data.x_train[first], data.y_train[first]

`page` returns the whole of it with controls and panels: `pages.py`, and the files that it names.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from vgtools import datasets
from vgtools.laboratory.draws import batches, draw

if TYPE_CHECKING:
    from vgtools.laboratory.pages import Page

__all__ = ["batches", "digits", "draw", "page", "script"]

PARTS = (
    "checks",
    "elementary",
    "random",
    "activations",
    "initialisers",
    "layers",
    "normalisation",
    "residual",
    "network",
    "training",
    "diagnostics",
    "digits",
)
"""The files of the engine; each needs only those before it."""

INKS = "0123456789ABCDEFG"
"""How the ink of a pixel is written, from 0 to 16."""


def script() -> str:
    """Return the engine: JavaScript that makes one global object, ``Laboratory``.

    It is made for a ``script`` element without ``type``: it is no module, and neither loads nor
    evaluates anything.

    Examples
    --------
    >>> "</script" in script(), "globalThis.Laboratory" in script()
    (False, True)
    """
    folder = files("vgtools.laboratory")
    return "\n".join(folder.joinpath(f"{part}.js").read_text(encoding="utf-8") for part in PARTS)


def digits() -> str:
    """Return the digits of `vgtools.datasets.digits` as JSON, for ``Laboratory.digits``.

    Returns
    -------
    str
        An object with the pixels of all scans row by row, a character for each (``inks``), the
        classes (``labels``), and how many of the scans, the first ones, are for ``training``.

    Notes
    -----
    A server that compresses sends a pixel in three bits. Bits that were packed by hand compress
    no further and are larger.

    Examples
    --------
    >>> packed = json.loads(digits())
    >>> len(packed["inks"]) / 64, packed["labels"][:5], packed["training"]
    (1797.0, '66625', 1400)
    """
    data = datasets.digits()
    pixels = np.concatenate([data.x_train, data.x_test]) * data.scale + data.mean
    labels = np.concatenate([data.y_train, data.y_test])
    return json.dumps(
        {
            "inks": "".join(INKS[ink] for ink in np.rint(pixels).astype(int).ravel()),
            "labels": "".join(map(str, labels)),
            "training": len(data.y_train),
        }
    )


def page() -> Page:
    """Return the laboratory: a network that learns in the page, with its controls.

    Returns
    -------
    Page
        It displays itself where HTML is shown; its text says what it is.

    Examples
    --------
    >>> print(str(page()).partition(":")[0])
    The laboratory
    """
    from vgtools.laboratory.pages import Page  # which loads Matplotlib

    return Page()
