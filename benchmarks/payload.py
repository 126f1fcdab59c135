"""What the figures of a page weigh.

Weights are those of a server that compresses with gzip at its usual level 6,
in units of 1000 bytes.
"""

import gzip
import re
from pathlib import Path
from typing import NamedTuple

from vgtools.explore.page import runtime

FIGURE = re.compile(r'<figure class="vg-explore".*?</figure>', re.DOTALL)


class Weight(NamedTuple):
    """The explorable figures of one page, together."""

    figures: int
    gzip_kilobytes: float


def kilobytes(text: str) -> float:
    """Return the size of a text after compression, in units of 1000 bytes."""
    return len(gzip.compress(text.encode(), compresslevel=6, mtime=0)) / 1000


def page_weight(page: Path) -> Weight:
    """Weigh all figures of one page of the built book, the runtime that they carry included."""
    found = FIGURE.findall(page.read_text(encoding="utf-8"))
    return Weight(len(found), kilobytes("".join(found)) if found else 0.0)


def runtime_kilobytes() -> float:
    """Return the weight of the script that moves the figures."""
    return kilobytes(runtime())
