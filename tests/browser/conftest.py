"""The built book in a real browser: one server for the whole session."""

import threading
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = sorted(
    path.relative_to(BOOK).as_posix()
    for path in BOOK.rglob("*.html")
    if 'http-equiv="refresh"' not in path.read_text(encoding="utf-8")
)
"""Every page but the one at the top, which only leads to the first chapter."""

VIEWS = [(1280, False), (390, True)]
"""Widths in pixels, and whether a reader prefers the dark: each theme once for every page.

The first comes from a disk, the others from a server.
"""

OTHERS = [(1280, True), (390, False)]
"""The other views, in which one chapter is shown: widths and themes have one style."""

EVERY_VIEW = "chapters/02_sigmoid.html"


def pytest_generate_tests(metafunc):
    """Run a test that asks for a page once for each page of the book, or each that it can use.

    Parameters of the session's scope also sort the tests: all that look at one page come
    one after the other, and the page is opened once.
    """
    pages = PAGES or [""]
    if "shown" in metafunc.fixturenames:
        from_disk = "on_disk" in metafunc.fixturenames
        views = [
            (name, *view)
            for name in pages
            for view in (VIEWS[:1] if from_disk else VIEWS + OTHERS * (name == EVERY_VIEW))
        ]
        names = [f"{name}-{width}-{'dark' if dark else 'light'}" for name, width, dark in views]
        metafunc.parametrize("shown", views, ids=names, indirect=True, scope="session")
    elif "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", pages, ids=pages, scope="session")


@pytest.fixture(scope="session")
def book():
    """Return the folder of the built book."""
    if not (BOOK / "index.html").exists():
        pytest.fail(f"There is no book in {BOOK}: run make book first.", pytrace=False)
    return BOOK


POLICY = "default-src 'self' 'unsafe-inline' data:"
"""What a strict server allows a page: no other host, and no text that becomes code."""


class Strict(SimpleHTTPRequestHandler):
    """A file server that sends the policy with every answer.

    It writes no log, not even when a browser hangs up.
    """

    def end_headers(self):
        """Add the policy."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_):
        """Say nothing."""

    def copyfile(self, source, outputfile):
        """Send a file, as far as anybody wants it."""
        with suppress(ConnectionError):
            super().copyfile(source, outputfile)


@pytest.fixture(scope="session")
def server(book):
    """Serve the book on the loopback interface and return its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Strict, directory=book)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def open_page(context, address, scheme, scripts=True, typeset=True):
    """Open an address, unfold what goes deeper, and wait until all is typeset."""
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.troubles = listen(page, address)
    if not typeset:
        page.route("**/mathjax/*", lambda route: route.fulfill(body=""))
    page.goto(address, wait_until="load")
    if scripts:
        page.evaluate(
            "document.querySelectorAll('details.deeper').forEach((one) => one.open = true)"
        )
        if typeset:
            settle(page)
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
    return page


@contextmanager
def visitors(browser):
    """Yield a function that opens an address in a fresh profile, and leave when done.

    Most of the time that a page takes is that of its formulas: a test that looks at none
    asks for them to be left as they are written.
    """
    contexts = []

    def visit(address, *, dark=False, width=1280, typeset=True, motion="no-preference", **options):
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",  # no figure plays by itself while a test looks at it
            **options,
        )
        contexts.append(context)
        scripts = options.get("java_script_enabled", True)
        page = open_page(context, address, scheme, scripts, typeset)
        page.emulate_media(reduced_motion=motion)
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def visit(browser):
    """Return a function that opens an address in a fresh profile."""
    with visitors(browser) as visit:
        yield visit


@pytest.fixture(scope="session")
def shown(request, browser, server, book):
    """Show a page at a width, light or dark, to tests that look or bring it back."""
    name, width, dark = request.param
    address = (book / name).as_uri() if (width, dark) == VIEWS[0] else server + name
    with visitors(browser) as visit:
        yield visit(address, width=width, dark=dark)


@pytest.fixture(scope="session")
def on_disk(shown):
    """Show a page from a disk, to tests for which one view is enough."""
    return shown


def settle(page):
    """Wait until the mathematics of a page is typeset, but not for ever."""
    page.evaluate(
        """async () => {
          const end = performance.now() + 30000;
          const pause = () => new Promise((resolve) => setTimeout(resolve, 25));
          let loaded = false;
          Promise.all([document.fonts.ready, window.MathJax?.startup?.promise])
            .finally(() => { loaded = true; });
          const ready = () => loaded && [...document.querySelectorAll(".math")]
            .every((element) => element.querySelector("mjx-container"));
          while (!ready() && performance.now() < end) await pause();
        }"""
    )


def listen(page, address):
    """Collect everything that should not happen on a page."""
    troubles = []
    home = address[: address.index("/", 8) + 1] if address.startswith("http") else "file://"
    if home == "file://":
        home = BOOK.as_uri() + "/"

    def request(request):
        if not request.url.startswith((home, "data:", "blob:")):
            troubles.append(f"leaves the book: {request.url}")

    page.on("request", request)
    page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
    page.on(
        "response",
        lambda response: (
            response.status >= 400 and troubles.append(f"{response.status}: {response.url}")
        ),
    )
    page.on("pageerror", lambda error: troubles.append(f"page error: {error}"))
    page.on(
        "console",
        lambda message: (
            message.type in ("error", "warning")
            and troubles.append(f"console {message.type}: {message.text}")
        ),
    )
    return troubles
