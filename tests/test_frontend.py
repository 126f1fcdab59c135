"""Who is looking: nobody, the build of the book, or a person at a notebook."""

import queue
import sys
import time

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from vgtools import frontend
from vgtools.explore import audience

ASK = "from vgtools import frontend; print(frontend.live_notebook())"
HOW = "from vgtools.explore.audience import rendition; print(rendition())"


@pytest.mark.parametrize("value, expected", [("1", True), ("0", False), ("", False), (None, False)])
def test_a_static_build_is_announced_by_the_environment(monkeypatch, value, expected):
    monkeypatch.delenv(frontend.STATIC_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(frontend.STATIC_VARIABLE, value)
    assert frontend.static_build() is expected


@pytest.mark.parametrize("terminal, build, bar", [(0, 0, False), (1, 0, True), (1, 1, False)])
def test_progress_shows_a_bar_to_a_person_at_a_terminal(monkeypatch, capsys, terminal, build, bar):
    monkeypatch.setenv(frontend.STATIC_VARIABLE, str(build))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: bool(terminal), raising=False)
    assert list(frontend.progress(iter("abc"), "digging")) == ["a", "b", "c"]
    said = capsys.readouterr()
    assert said.out == "" and (("digging" in said.err) if bar else said.err == "")


def test_nobody_watches_a_notebook_that_nbclient_executes(monkeypatch):
    monkeypatch.delenv(frontend.STATIC_VARIABLE, raising=False)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ASK)])
    NotebookClient(notebook, timeout=120).execute()
    assert [output.text for output in notebook.cells[0].outputs] == ["False\n"]
    assert frontend.live_notebook() is False, "nor outside of a kernel"


@pytest.fixture(params=["live", "static"])
def kernel(request, monkeypatch):
    """Start a kernel, by itself or in a build."""
    monkeypatch.delenv(audience.VARIABLE)
    monkeypatch.delenv(frontend.STATIC_VARIABLE, raising=False)
    if request.param == "static":
        monkeypatch.setenv(frontend.STATIC_VARIABLE, "1")
    manager = KernelManager()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    yield client, request.param
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


def test_a_person_watches_where_the_kernel_may_ask(kernel):
    client, place = kernel
    assert printed(client, ASK, allow_stdin=True) == f"{place == 'live'}\n"
    assert printed(client, ASK, allow_stdin=False) == "False\n"
    assert printed(client, HOW, allow_stdin=True) == "widgets\n"
    assert printed(client, HOW, allow_stdin=False) == "html\n"


def printed(client, code, *, allow_stdin):
    """Run code and return what it prints."""
    request = client.execute(code, allow_stdin=allow_stdin)
    text, end = "", time.monotonic() + 120
    while time.monotonic() < end:
        try:
            message = client.get_iopub_msg(timeout=1)
        except queue.Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "stream":
            text += message["content"]["text"]
        if message["content"].get("execution_state") == "idle":
            return text
    raise TimeoutError("the kernel did not answer")
