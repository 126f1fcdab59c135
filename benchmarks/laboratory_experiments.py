"""Do the laboratory's networks do what the chapters say?

Experiments of chapters 2, 4, 8, 12 and 13 are repeated in Chromium (which ``tools/chromium``
finds) with the laboratory's engine alone, from its own random numbers, and judged by what the
chapter asserts: ``python -m benchmarks.laboratory_experiments``. Data, widths, rates and numbers
of steps are those of the chapters; where they differ, the line says so. The program fails if a
conclusion is not the same. It takes some ten minutes; ``--chapters 4 13`` chooses.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from math import log
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.laboratory_asking import asking
from benchmarks.laboratory_chapters import CHAPTERS
from vgtools import laboratory

TOOL = Path(__file__).parents[1] / "tools" / "chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
POLICY = "default-src 'unsafe-inline'"
"""Neither another script nor text that becomes code."""


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 if a conclusion is not the same."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chapters", nargs="*", type=int, choices=CHAPTERS, default=list(CHAPTERS))
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args(arguments)
    path = os.environ.get("CHROMIUM") or subprocess.check_output([TOOL], text=True).strip()
    every = True
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.set_content(
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            f"<script>{laboratory.script()}</script>"
        )
        ask = asking(page)
        print(
            f"Chromium {browser.version}, seeds 0 to {options.seeds - 1}. ln 10 = {log(10):.3f}.\n"
        )
        print("| chapter | experiment | the chapter's conclusion | in the laboratory | |")
        print("|---|---|---|---|---|")
        for chapter in options.chapters:
            for finding in CHAPTERS[chapter](ask, range(options.seeds)):
                print(finding, flush=True)
                every = every and finding.same
        browser.close()
    print("\n" + ("All conclusions are the same." if every else "A conclusion is not the same."))
    return 0 if every else 1


if __name__ == "__main__":
    sys.exit(main())
