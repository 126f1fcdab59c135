"""In which order the tests run, how they are shared out, and what several of them need."""

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

# Every run tries the same examples, and a busy machine fails no test.
settings.register_profile(
    "book", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("book")


@pytest.fixture(scope="session")
def browser():
    """Start Chromium, one for the whole session."""
    from tools.browser import chromium  # it imports Playwright, which most tests do without

    with chromium() as browser:
        yield browser


def shared(nodeid):
    """Name what a test shares with others: a notebook, a module, or in a browser one page."""
    file, _, test = nodeid.partition("::")
    if "/browser/" not in file or "[" not in test:
        return file
    return file + test[test.index("[") :]


@pytest.hookimpl(trylast=True)  # pytest has an order of its own
def pytest_collection_modifyitems(items):
    """Begin with what takes longest, and look at one page after the other."""
    items.sort(key=lambda item: (*length(item.path), item.path.name, shared(item.nodeid)))


def length(path):
    """Sort notebooks by size, then the browser, then the rest, which leaves no core waiting."""
    if path.suffix == ".ipynb":
        return (0, -path.stat().st_size)
    return (1 if path.parent.name == "browser" else 2, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give what is shared to one worker."""
    return Sharing(config, log)


class Sharing(LoadScopeScheduling):
    """Share out the tests in their order."""

    def _split_scope(self, nodeid):
        return shared(nodeid)
