"""The package as a whole: what it offers, and what loading it costs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import vgtools
import vgtools.derivation
from vgtools import text
from vgtools.explore import explorable

HEAVY = {"matplotlib", "numpy", "scipy", "sympy"}


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_extension_of_a_build_does_not_wait_for_mathematics_or_drawing():
    """A build in which nothing has to run would otherwise take a second longer."""
    code = "import sys, bookext; print(*sys.modules)"
    assert HEAVY & set(run(code).split()) == set()


def test_every_name_can_be_imported_and_is_listed_and_every_room_can_be_reached():
    room, *listed = run(
        "from vgtools import *; import vgtools as vg; print(vg.activations.worst_errors.__name__)\n"
        "print(*dir())"
    ).split()
    assert room == "worst_errors" and set(vgtools.__all__) <= set(listed)
    assert set(vgtools.__all__) <= set(dir(vgtools))
    assert vgtools.explore is explorable.explore


def test_the_function_explore_is_never_hidden_by_the_room_of_that_name():
    """Whatever is imported first, in a package of which nothing is loaded yet."""
    code = """
import sys
for first in [
    "import vgtools.explore",
    "import vgtools.explore.explorable",
    "from vgtools.explore import explore",
    "from vgtools import figures, frontend",
    "import vgtools; vgtools.explore",
]:
    for name in [name for name in sys.modules if name.startswith("vgtools")]:
        del sys.modules[name]
    exec(first, {})
    import vgtools as vg
    print(vg.explore.__module__, callable(vg.explore))
"""
    assert run(code).splitlines() == ["vgtools.explore.explorable True"] * 5


def test_a_name_that_is_not_there_says_so():
    with pytest.raises(AttributeError, match="module 'vgtools' has no attribute 'relu'"):
        vgtools.relu  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'explor'"):
        from vgtools.explore import explor  # noqa: F401


EXTRAS = {
    "sklearn": ("data", "vg.datasets.digits()"),
    "scipy": ("special", "vg.numeric(x, x, check=lambda rng: {x: 1.0})"),
    "ipywidgets": ("live", "vg.explore(a=(0, 2), alt=lambda a: '')(lambda a: None)._live_box()"),
}


def test_what_needs_an_extra_says_which():
    code = f"""
import sys
sys.modules |= dict.fromkeys({list(EXTRAS)})  # importing fails, as if they were not installed
import sympy, vgtools as vg
x = sympy.Symbol("x")
for extra, use in {list(EXTRAS.values())}:
    try:
        eval(use)
    except ModuleNotFoundError as error:
        print(error)
"""
    assert run(code).splitlines() == [
        f"{package} is not installed: pip install 'vgtools[{extra}]'"
        for package, (extra, _) in EXTRAS.items()
    ]


def test_figures_need_numpy_and_matplotlib_alone():
    code = "from vgtools.explore import explore; import sys; print(*sys.modules)"
    heavy = {"IPython", "ipywidgets", "mpmath", "scipy", "sklearn", "sympy", "tqdm"}
    assert heavy & set(run(code).split()) == set()


@pytest.mark.parametrize("count", [-1, 1.5, True])
def test_only_a_number_of_things_is_written_as_a_word(count):
    assert text.number(2.0) == "two" and text.number(1200) == "1,200"
    with pytest.raises(ValueError, match="a whole number from 0 on"):
        text.number(count)
    with pytest.raises(ValueError, match="nothing to list"):
        text.listing([])


def test_derivation_imports_in_the_order_that_it_names():
    package = Path(vgtools.__file__).parent / "derivation"
    order = re.findall(r"`(\w+)`", vgtools.derivation.__doc__.partition("order of the modules")[2])
    assert sorted(order) == sorted(p.stem for p in package.glob("*.py") if p.stem != "__init__")
    for place, name in enumerate(order):
        source = (package / f"{name}.py").read_text(encoding="utf-8")
        used = re.findall(r"(?<=vgtools\.derivation\.)\w+(?= import)", source)
        assert {order.index(one) for one in used} <= set(range(place)), name
