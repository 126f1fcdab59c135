"""The joined book in Chromium, which typesets its mathematics."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from formats.chapter import FormatError
from tools.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

MINUTES = 60_000
"""In Playwright's milliseconds."""


@contextmanager
def opened(document: Path, typeset: str, width: int = 800) -> Iterator[Page]:
    """Open an HTML file and typeset its mathematics.

    Parameters
    ----------
    document : Path
        The file, which loads MathJax and `typeset.js`.
    typeset : str
        The function of `typeset.js` that does it.
    width : int
        Of the window, in CSS pixels.

    Yields
    ------
    playwright.sync_api.Page

    Raises
    ------
    FormatError
        If a formula has an error, or the document asks for what is not there.
    """
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 1000})
        page.set_default_timeout(5 * MINUTES)
        lost: list[str] = []
        page.on("requestfailed", lambda request: lost.append(request.url))
        page.on("pageerror", lambda error: lost.append(str(error)))
        page.emulate_media(media="print", color_scheme="light")
        page.goto(document.as_uri(), wait_until="load")
        wrong = page.evaluate(f"{typeset}()") + lost
        if wrong:
            raise FormatError(f"cannot be typeset or loaded: {'; '.join(wrong)}")
        page.evaluate("document.fonts.ready.then(() => null)")
        yield page
