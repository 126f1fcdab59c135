"""The Sphinx extension and the tools: what they decide, without a whole build."""

import ast
import copy
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from bookext import execution, pages
from vgtools.explore import audience
from vgtools.frontend import STATIC_VARIABLE, static_build

BOOK = Path(__file__).resolve().parents[1]


@pytest.fixture
def package(tmp_path):
    """Return a package with one module, beside a requirements file."""
    (tmp_path / "package" / "__pycache__").mkdir(parents=True)
    (tmp_path / "package" / "module.py").write_text("x = 1\n")
    (tmp_path / "execution.py").write_text("z = 1\n")
    (tmp_path / "requirements.txt").write_text("numpy==2.4.0\n")
    return tmp_path / "package"


def key(package, python="3.11.7"):
    others = [package.parent / name for name in ("execution.py", "requirements.txt")]
    return execution.cache_key(package, others, python)


@pytest.mark.parametrize(
    "change",
    [
        lambda package: (package / "module.py").write_text("x = 2\n"),
        lambda package: (package / "style.css").write_text("p {}\n"),
        lambda package: (package / "module.py").rename(package / "other.py"),
        lambda package: (package.parent / "requirements.txt").write_text("numpy==2.4.1\n"),
        lambda package: (package.parent / "execution.py").write_text("z = 2\n"),
    ],
    ids=["a line", "a new file", "a name", "a requirement", "how kernels start"],
)
def test_the_cache_key_follows_whatever_an_output_depends_on(package, change):
    before = key(package)
    change(package)
    assert key(package) != before


def test_the_cache_key_follows_python_but_no_compiled_files_or_dates(package):
    before = key(package)
    assert before != key(package, "3.12.0")
    (package / "__pycache__" / "module.pyc").write_bytes(b"compiled")
    os.utime(package / "module.py", (0, 0))
    assert key(package) == before


def test_no_chapter_depends_on_the_extension():
    """Or its outputs would be those of an extension that is no more."""
    for path in [*(BOOK / "vgtools").rglob("*.py"), *(BOOK / "chapters").glob("*.ipynb")]:
        assert not re.search(r"(?:import|from) bookext", path.read_text("utf-8")), path


def test_a_failing_cell_ends_the_build_with_what_it_says(tmp_path):
    cells = [
        nbformat.v4.new_markdown_cell("# One"),
        nbformat.v4.new_code_cell("x = 1\nraise ValueError('x = 1 is no counterexample')"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "one.ipynb")
    (tmp_path / "conf.py").write_text(
        "from bookext import execution\nextensions = ['myst_nb']\nroot_doc = 'one'\n"
        "nb_execution_mode = 'cache'\nsetup = execution.connect\n"
    )
    command = [sys.executable, "-m", "sphinx", "-q", str(tmp_path), str(tmp_path / "out")]
    surroundings = {**os.environ, "PYTHONPATH": str(BOOK)}
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings)
    assert done.returncode and "Traceback" not in done.stderr
    assert done.stderr.strip().endswith(
        'one.ipynb, in the cell that begins with "x = 1":\nValueError: x = 1 is no counterexample'
    )


def test_what_the_readme_does_with_the_package_gives_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    readme = (BOOK / "README.md").read_text(encoding="utf-8")
    first, watched, second = (
        part for part in re.findall(r"```python\n(.*?)```", readme, re.S) if "vg." in part
    )
    *statements, expression = ast.parse(first).body
    names = {}
    exec(compile(ast.Module(statements, []), "README.md", "exec"), names)
    factor = eval(compile(ast.Expression(expression.value), "README.md", "eval"), names)
    assert f"about {factor:.1f}." in readme

    exec(compile(watched, "README.md", "exec"), names)
    assert len(names["watch"].history.step) > 0
    without_break = copy.deepcopy(names["network"])
    exec(compile(second, "README.md", "exec"), names)
    x, y = names["data"].x_train, names["data"].y_train
    names["vg"].train(without_break, x, y, epochs=5, optimiser="adam", seed=0)
    assert (names["network"].forward(x) == without_break.forward(x)).all()


def test_old_caches_are_pruned_and_the_current_one_never(tmp_path):
    folders = [tmp_path / name for name in "abcde"]
    for age, folder in enumerate(folders):
        folder.mkdir()
        os.utime(folder, (1000 - age, 1000 - age))
    current = folders[-1]
    assert execution.prune(tmp_path, current, keep=3) == [tmp_path / "c", tmp_path / "d"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "e"]


def test_kernels_inherit_the_static_switch_during_a_build_only(tmp_path, monkeypatch):
    monkeypatch.delenv(STATIC_VARIABLE, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    config = SimpleNamespace(nb_execution_cache_path="")
    app = SimpleNamespace(srcdir=tmp_path, config=config)
    execution.choose_cache(app, config)
    execution.enter_build(app)
    assert static_build() and audience.rendition() == "html"
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert Path(config.nb_execution_cache_path).is_dir()
    execution.leave_build(app, None)
    assert not static_build() and audience.rendition() == "text"
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize(
    ("asset", "body", "used"),
    [
        ("_static/copybutton.js", '<div class="highlight-ipython3">', True),
        ("_static/copybutton.js", "<p>prose</p>", False),
        ("None let toggleHintShow = 'Show';", "<p>prose</p>", False),
        ("_static/mystnb.0123.css", '<div class="cell docutils">', True),
        ("_static/sphinx-design.min.css", '<div class="cell docutils">', False),
        ("_static/book.css", "", True),
    ],
)
def test_a_page_loads_what_it_uses(asset, body, used):
    assert pages.uses(asset, body) is used


def test_requirements_are_pinned_and_contain_the_package():
    lines = (BOOK / "requirements.txt").read_text().splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    assert lines[0] == "-e .[all]"
    assert [line for line in lines[1:] if "==" not in line] == []
    assert [line for line in lines if "://" in line] == []


def load_refresh():
    spec = importlib.util.spec_from_file_location("refresh", BOOK / "tools" / "refresh.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def notebook_with(*outputs):
    cell = nbformat.v4.new_code_cell("1 + 1", outputs=list(outputs), metadata={"tags": ["a"]})
    cell.metadata["execution"] = {"iopub.execute_input": "2001-01-01"}
    return nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})


def test_refresh_leaves_nothing_of_the_machine_in_a_notebook():
    pieces = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("a", "b\n")]
    notebook = notebook_with(*pieces)
    load_refresh().normalise(notebook)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
    }
    [cell] = notebook.cells
    assert cell.metadata == {"tags": ["a"]}
    assert [output.text for output in cell.outputs] == ["ab\n"]
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    ("output", "what"),
    [
        (nbformat.v4.new_output("display_data", {"image/png": "x"}), "image/png"),
        (nbformat.v4.new_output("display_data", {"text/html": "x"}), "text/html"),
        (nbformat.v4.new_output("stream", name="stderr", text="careful"), "stderr"),
    ],
)
def test_refresh_refuses_what_is_not_text(output, what):
    with pytest.raises(ValueError, match=what):
        load_refresh().normalise(notebook_with(output))
