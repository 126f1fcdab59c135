"""Chromium, for whatever opens a page: the one that ``tools/chromium`` finds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FINDER = Path(__file__).with_name("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Start Chromium with the usual flags and these, and end it."""
    path = subprocess.check_output([FINDER], text=True).strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()
