"""Figures that move: controls, drawings, differences between frames, and the four renditions."""

import functools
import html
import inspect
import itertools
import json
import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib import pyplot

import vgtools as vg
from vgtools import figures
from vgtools.explore import audience, explorable, live, page
from vgtools.explore.controls import MOST_STATES, NO_OPTION, check_size, make_controls
from vgtools.explore.frames import CHILDREN, DESCRIPTION, TEXT, find_slots, payload
from vgtools.explore.svg import markup, relative_path, svg_panels

MINUS = "\N{MINUS SIGN}"


def one_control(specification, **defaults):
    [control] = make_controls({"a": specification}, defaults, {})
    return control


# ---------- Controls ----------


@pytest.mark.parametrize(
    "specification, kind, values, labels, default",
    [
        ((0, 3), "slider", (0, 1, 2, 3), ("0", "1", "2", "3"), 1),
        ((-1, 1, 1), "slider", (-1, 0, 1), (MINUS + "1", "0", "1"), 1),
        ((0.0, 0.3), "slider", (0.0, 0.1, 0.2, 0.3), ("0", "0.1", "0.2", "0.3"), 1),
        ((0, 1, 0.5), "slider", (0.0, 0.5, 1.0), ("0", "0.5", "1"), 1),
        ((0, 10, 4), "slider", (0, 4, 8), ("0", "4", "8"), 1),
        (["elu", "celu"], "select", ("elu", "celu"), ("elu", "celu"), 0),
        ([3, 1], "select", (3, 1), ("3", "1"), 0),
        ({"small": 0.1, "large": 9}, "select", (0.1, 9), ("small", "large"), 0),
        ([("one", 1), ("two", 2)], "select", (1, 2), ("one", "two"), 0),
        ([(1, 2), (2, 1)], "select", ((1, 2), (2, 1)), ("(1, 2)", "(2, 1)"), 0),
        (True, "checkbox", (False, True), ("off", "on"), 1),
        (False, "checkbox", (False, True), ("off", "on"), 0),
    ],
)
def test_abbreviations(specification, kind, values, labels, default):
    control = one_control(specification)
    assert (control.kind, control.labels, control.default) == (kind, labels, default)
    assert control.values == values
    assert [type(value) for value in control.values] == [type(value) for value in values]


@given(
    low=st.integers(-5000, 5000),
    steps=st.integers(1, MOST_STATES - 1),
    step=st.integers(1, 700),
    places=st.integers(0, 4),
)
def test_a_slider_reaches_both_ends(low, steps, step, places):
    limits = [float(f"{number}e-{places}") for number in (low, low + steps * step, step)]
    control = one_control(tuple(limits))
    assert len(control.values) == steps + 1
    assert (control.values[0], control.values[-1]) == (limits[0], limits[1])
    numbers = [float(label.replace(MINUS, "-")) for label in control.labels]
    assert numbers == list(control.values)
    for position in {0, steps // 2, steps}:
        assert control.index(control.values[position]) == position


@pytest.mark.parametrize(
    "specification, value, position",
    [
        ((0.0, 1.0, 0.1), 0.1 + 0.2, 3),
        ((0.0, 1.0, 0.1), 1, 10),
        ((0, 4, 2), 4.0, 2),
        (["a", "b"], "b", 1),
        ({"one": 1, "none": None}, None, 1),
        (False, True, 1),
        ([1, True], True, 1),
    ],
)
def test_defaults(specification, value, position):
    assert one_control(specification, a=value).default == position


@pytest.mark.parametrize(
    "specification, value, accepted",
    [
        ((0.0, 1.0, 0.25), 0.3, "0, 0.25, 0.5, 0.75, 1"),
        ((0, 99, 1), 100, r"0, 1, 2, … 99 \(100 values\)"),
        (["a", "b"], "c", "a, b"),
        (True, 1, r"False \(shown as off\), True \(shown as on\)"),
        ({"small": 1, "big": 2}, "big", r"1 \(shown as small\), 2 \(shown as big\)"),
        ([1, 2], True, "1, 2"),
        ([1, 2], "1", "1, 2"),
        ([np.zeros(2), np.ones(2)], np.zeros(3), r"\[0. 0.\], \[1. 1.\]"),
        ([np.zeros(2), [np.ones(2), 1]], [np.ones(2)], ".*"),
    ],
)
def test_a_default_that_is_no_value_is_refused(specification, value, accepted):
    shown = re.escape(repr(value))
    with pytest.raises(ValueError, match=rf"'a' cannot be {shown}: accepted are {accepted}$"):
        one_control(specification, a=value)


@pytest.mark.parametrize(
    "specification, error, message",
    [
        ("elu", TypeError, r"'a' is given as 'elu': accepted are a tuple.* are alt, caption"),
        ([], ValueError, r"'a' has no value"),
        ([1, "1"], ValueError, r"'a' shows the same label"),
        ((1,), TypeError, r"the slider 'a' is given as \(1,\)"),
        ((False, True), TypeError, r"the slider 'a'"),
        ((0, 1, math.nan), TypeError, r"finite"),
        ((0, 0), ValueError, r"'a' needs low < high and step > 0"),
        ((0, 1, 5), ValueError, r"'a' has one value, because the step in \(0, 1, 5\)"),
        ((0, 1, 0), ValueError, r"'a' needs low < high and step > 0"),
        ((0, 1, 1e-6), ValueError, r"'a' has 1000001 values, more than 1000: coarsen its step"),
    ],
)
def test_specifications_that_do_not_fit_are_refused(specification, error, message):
    with pytest.raises(error, match=message):
        one_control(specification)


@pytest.mark.parametrize("what", ["defaults", "titles"])
def test_names_of_no_control_are_refused(what):
    options = {"defaults": {}, "titles": {}, what: {"b": 1}}
    with pytest.raises(ValueError, match=rf"{what} names 'b'.*the controls are a$"):
        make_controls({"a": True}, **options)
    with pytest.raises(ValueError, match=r"the controls are none$"):
        make_controls({}, **options)


def test_a_grid_that_is_too_large_names_the_control_to_coarsen():
    controls = make_controls({"a": (0, 9), "wide": (0, 100), "b": True}, {}, {})
    with pytest.raises(ValueError, match=r"2020 states .* 1000 .* coarsen 'wide', .* 101 values"):
        check_size(controls)
    assert check_size(controls[::2]) == 20
    assert check_size(()) == 1


# ---------- Drawings ----------


def absolute_points(path):
    """Follow a path and return its commands with absolute coordinates."""
    tokens = re.findall(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)", path)
    sizes = {"m": 2, "l": 2, "q": 4, "c": 6, "z": 0}
    here = start = np.zeros(2)
    result, command = [], None
    while tokens:
        if tokens[0].isalpha():
            command = tokens.pop(0)
        size = sizes[command.lower()]
        numbers = np.array([float(tokens.pop(0)) for _ in range(size)]).reshape(-1, 2)
        points = numbers + here if command.islower() else numbers
        if command in "Zz":
            here = start
        else:
            here = points[-1]
        if command in "Mm":
            start = here
        result.append((command.upper(), points))
    return result


numbers = st.floats(-2000, 2000).map(lambda value: round(value, 6))


@st.composite
def paths(draw):
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        parts.append("M " + " ".join(f"{draw(numbers):f}" for _ in range(2)))
        for command in draw(st.lists(st.sampled_from("LQC"), max_size=12)):
            count = {"L": 2, "Q": 4, "C": 6}[command]
            parts.append(f"{command} " + " ".join(f"{draw(numbers):f}" for _ in range(count)))
        if draw(st.booleans()):
            parts.append("z")
            if draw(st.booleans()):
                parts.append(f"L {draw(numbers):f} {draw(numbers):f}")
    return " \n".join(parts)


@given(paths())
def test_a_relative_path_stays_where_it_was(path):
    before, after = absolute_points(path), absolute_points(relative_path(path))
    assert [command for command, _ in before] == [command for command, _ in after]
    for (_, old), (_, new) in zip(before, after, strict=True):
        np.testing.assert_allclose(new, old, rtol=0, atol=0.011)


def test_errors_do_not_add_up_along_a_path():
    path = "M 0 0 " + " ".join(f"L {0.0149 * step:f} {0.0051 * step:f}" for step in range(2000))
    _, end = absolute_points(relative_path(path))[-1]
    np.testing.assert_allclose(end, [[0.0149 * 1999, 0.0051 * 1999]], atol=0.0051)


@pytest.mark.parametrize("path", ["M 0 0 H 3", "M 0 0 A 1 1 0 0 0 2 2", "M 0 0 1 1"])
def test_an_unknown_path_command_is_refused(path):
    with pytest.raises(ValueError, match=r"is not one of M, L, Q, C, Z"):
        relative_path(path)


@matplotlib.rc_context(figures.STYLE)
def curves(columns=2, title="a < b & c"):
    figure, axes = figures.subplots(columns)
    for number, panel in enumerate(axes):
        panel.plot([0, 1, 2], [number, 1, 0.5], color=figures.colour("elu"), label="ELU")
        panel.plot([0, 1, 2], [1, 0, 1], marker="o", **figures.line_style("tanh"))
        panel.fill_between([0, 1], [0, 1], color=figures.colour("gelu"), alpha=0.2)
        figures.label_line(panel, 1, 1, "here", figures.colour("elu"))
        panel.set(title=title, xlabel="input", xlim=(0, 2), ylim=(-1, 2))
    axes[0].legend()
    return figure


def texts(element):
    return [text.text for text in element.iter("text")]


@matplotlib.rc_context(figures.STYLE)
def drawn(figure, name="figure"):
    return svg_panels(figure, name)


@pytest.mark.parametrize("columns", [1, 3])
def test_each_panel_is_a_drawing_of_its_own(columns):
    panels = drawn(curves(columns))
    assert len(panels) == columns
    for number, panel in enumerate(panels):
        left, top, width, height = map(float, panel.get("viewBox").split())
        assert (left, top) == (number * width, 0)
        assert height == pytest.approx(187.2)
        assert {"a < b & c", "input", "here"} <= set(texts(panel))
        for text in panel.iter("text"):
            if text.get("transform", "").startswith("translate"):
                x = float(re.match(r"translate\((\S+)", text.get("transform"))[1])
                assert left <= x <= left + width


def test_panels_stay_together_where_a_text_stands_across_them():
    figure = curves(2)
    figure.text(0.5, 0.95, "both")
    [panel] = drawn(figure)
    assert "both" in texts(panel) and texts(panel).count("a < b & c") == 2


def test_nothing_leaks_that_differs_from_run_to_run():
    one, other = ("".join(map(markup, drawn(curves(), "name"))) for _ in range(2))
    assert one == other
    assert not re.search(r"metadata|<defs|<use|xlink|xmlns|ns0|DejaVu|<title", one)
    named = re.findall(r'\bid="([^"]*)"', one)
    assert named and len(set(named)) == len(named)
    assert all(re.fullmatch(r"name-clip-\d-\d", name) for name in named)
    assert set(re.findall(r"url\(#([^)]*)\)", one)) == set(named)
    elsewhere = "".join(map(markup, drawn(curves(), "other")))
    assert one.replace("name-clip", "other-clip") == elsewhere
    numbers = "|".join(("d", "transform", "x", "y", "width", "height"))
    assert not re.search(rf' (?:{numbers})="[^"]*\.\d{{3}}', one), "two decimals are enough"
    for name in ("olive", "vermillion", "grey", "ink", "muted", "grid"):
        assert f"var(--vg-{name}," in one
    assert not re.findall(r"#[0-9a-f]{6}", re.sub(r"var\([^)]*\)", "", one))


def test_a_hatch_keeps_its_colours_and_follows_the_page():
    figure, [axes] = figures.subplots()
    axes.bar([0, 1], [1, 2], hatch="//", color=figures.colour("elu"), edgecolor=figures.INK)
    [panel] = drawn(figure, "name")
    [pattern] = panel.iter("pattern")
    assert pattern.get("id") == "name-pattern-0-0"
    assert f"fill:var(--vg-olive,{figures.colour('elu')})" in markup(pattern)
    assert f"stroke:var(--vg-ink,{figures.INK})" in markup(pattern)
    assert markup(panel).count("fill:url(#name-pattern-0-0)") == 2


REFUSED = {
    "QuadMesh with shading='gouraud'.*rasterized=True": lambda axes: axes.pcolormesh(
        np.eye(3), shading="gouraud"
    ),
    "TriMesh with shading='gouraud'.*rasterized=True": lambda axes: axes.tripcolor(
        [0, 1, 1], [0, 0, 1], [1, 2, 3], shading="gouraud"
    ),
    "text 'slow' with usetex=True": lambda axes: axes.text(0, 0, "slow", usetex=True),
    "Line2D with a url.*beside the figure": lambda axes: axes.plot(
        [0, 1], url="https://example.org"
    ),
    "PathCollection with a url": lambda axes: axes.scatter([0], [1], urls=["https://example.org"]),
    r"begins with 'a & b' goes on with the character '\\x0c'": lambda axes: axes.set_title(
        "a & b\x0cd", family="DejaVu Sans Mono"
    ),
}


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("message", REFUSED)
def test_what_a_browser_cannot_show_is_refused(message):
    figure, [axes] = figures.subplots()
    REFUSED[message](axes)
    with pytest.raises(ValueError, match=message):
        drawn(figure)
    assert figure.dpi == 100


# ---------- Frames ----------

words = st.text("ab<>&\"' é", max_size=3)
attributes = st.dictionaries(st.sampled_from(["d", "style", "x"]), words, max_size=3)


def node(tag, attrib, text, children):
    element = ElementTree.Element(tag, attrib)
    element.text = text
    element.extend(children)
    return element


def copy(element):
    twin = node(element.tag, dict(element.attrib), element.text, map(copy, element))
    twin.tail = element.tail
    return twin


def trees(tags=("g", "path", "text")):
    def grow(children):
        parts = st.sampled_from(tags), attributes, st.none() | words
        return st.builds(node, *parts, st.lists(children, max_size=3))

    leaf = st.builds(node, st.sampled_from(tags), attributes, st.none() | words, st.just([]))
    return st.recursive(leaf, grow, max_leaves=6)


def change(draw, element):
    """Return a copy in which some attributes, texts, tails and children differ."""
    twin = copy(element)
    for part in list(twin.iter()):
        match draw(st.integers(0, 9)):
            case 0:
                part.attrib = draw(attributes)
            case 1:
                part.text = draw(words)
            case 2 if len(part):
                part.remove(part[draw(st.integers(0, len(part) - 1))])
            case 3:
                part.insert(0, draw(trees()))
            case 4 if len(part):
                part[0].tail = draw(words)
    return twin


@st.composite
def movies(draw):
    """Return frames over a grid; each frame is one of a few variants of each panel."""
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    panels = draw(st.lists(trees(tags=("svg",)), min_size=1, max_size=2))
    variants = [[panel, *(change(draw, panel) for _ in range(2))] for panel in panels]
    axis = draw(st.integers(0, len(shape) - 1))
    follows = draw(st.lists(st.integers(0, 2), min_size=max(shape), max_size=max(shape)))
    free = draw(st.booleans())
    frames = []
    for state in itertools.product(*map(range, shape)):
        choice = [draw(st.integers(0, 2)) if free else follows[state[axis]] for _ in panels]
        frames.append([copy(own[pick]) for own, pick in zip(variants, choice, strict=True)])
    sentences = [draw(words) for _ in frames]
    default = draw(st.integers(0, len(frames) - 1))
    return shape, frames, sentences, default


def show(data, panels, state):
    """Do what explore.js does: take the page's drawing to another state."""
    panels = [copy(panel) for panel in panels]
    elements = [element for panel in panels for element in panel.iter()]
    says = None
    for element, name, controls, values, *positions in data["slots"]:
        at = 0
        for control in controls:
            at = at * data["shape"][control] + state[control]
        if positions:
            at = positions[0][at]
        value = values[at]
        if element == DESCRIPTION:
            says = value
        elif name == TEXT:
            assert not len(elements[element])
            elements[element].text = value
        elif name == CHILDREN:
            new = ElementTree.fromstring(f"<g>{value}</g>")
            elements[element][:] = list(new)
            elements[element].text = new.text
        elif value is None:
            elements[element].attrib.pop(name, None)
        else:
            elements[element].set(name, value)
    return panels, says


def same(one, other):
    """Compare without regard to the order of attributes and to None against an empty text."""
    return (
        one.tag == other.tag
        and one.attrib == other.attrib
        and (one.text or "") == (other.text or "")
        and (one.tail or "") == (other.tail or "")
        and len(one) == len(other)
        and all(map(same, one, other))
    )


@given(movies())
@settings(max_examples=100)
def test_every_frame_comes_back_from_the_slots(movie):
    shape, frames, sentences, default = movie
    text = payload(find_slots(frames, sentences, shape, default), shape)
    assert "<" not in text
    data = json.loads(text)
    for number, state in enumerate(itertools.product(*map(range, shape))):
        panels, says = show(data, frames[default], state)
        assert all(map(same, panels, frames[number])), (
            list(map(markup, panels)),
            list(map(markup, frames[number])),
        )
        assert (sentences[default] if says is None else says) == sentences[number]


SLOTS = [
    # What follows one control is stored once for each of its values.
    (
        [f"<text>{a}</text><path d='M{a} {b}'/>" for a in range(2) for b in range(3)],
        [2, 3],
        [(1, TEXT, (0,), ["0", "1"]), (2, "d", (0, 1), [f"M{a} {b}" for a in "01" for b in "012"])],
    ),
    # A change of structure ships the smallest part that changes.
    (
        [f"<g><text>t</text></g><g>{'<path/>' * n}</g>" for n in (1, 2)],
        [2],
        [(3, CHILDREN, (0,), ["<path/>", "<path/><path/>"])],
    ),
]  # fmt: skip


@pytest.mark.parametrize("drawings, shape, expected", SLOTS)
def test_a_page_carries_no_more_than_what_changes(drawings, shape, expected):
    frames = [[ElementTree.fromstring(f"<svg>{drawing}</svg>")] for drawing in drawings]
    found = find_slots(frames, ["same"] * len(frames), shape, default=1)
    assert [(slot.element, slot.name, slot.axes, slot.values) for slot in found] == expected
    with pytest.raises(ValueError, match=r"same number of panels, not \[1, 2\]: give each"):
        find_slots([frames[0], frames[0] * 2], ["", ""], [2], 0)


# ---------- The object ----------


def make(**options):
    settings = {
        "slope": (0.0, 1.0, 0.5),
        "name": ["elu", "celu"],
        "grid": True,
        "alt": lambda slope, name, grid: f"Slope {slope} & {name},\n  grid {grid}.",
        "caption": "The *finding* is 1 < 2.",
        "titles": {"slope": "α"},
        **options,
    }

    @vg.explore(**settings)
    def some_lines(slope, name, grid):
        """Lines."""
        figure, [axes] = figures.subplots()
        axes.plot([0, 1], [0, slope], **figures.line_style(name))
        axes.grid(grid)
        axes.set_ylim(0, 1)
        return figure

    return some_lines


def still(alt="A line from 0 to 1."):
    @vg.explore(alt=alt)
    def still_line():
        figure, [axes] = figures.subplots()
        axes.plot([0, 1], [0, 1])
        return figure

    return still_line


@pytest.fixture
def book(monkeypatch):
    monkeypatch.setenv(audience.VARIABLE, "html")
    monkeypatch.setattr(explorable, "_taken", set())


def test_the_text_says_controls_values_and_what_is_seen():
    assert repr(make()) == (
        "Figure some_lines at α = 0.5, name = elu, grid = on\n"
        "  α: 0 to 1 in 3 values\n"
        "  name: elu, celu\n"
        "  grid: off, on\n"
        "  Slope 0.5 & elu, grid True."
    )
    assert repr(still()) == "Figure still_line\n  A line from 0 to 1."


def test_calling_it_draws_a_state():
    lines = make()
    [axes] = lines(slope=0.75).axes
    assert axes.lines[0].get_ydata().tolist() == [0, 0.75]
    assert lines().axes[0].lines[0].get_ydata().tolist() == [0, 0.5]
    assert lines.__doc__ == "Lines." and lines.__name__ == "some_lines"
    assert lines.__wrapped__(1.0, "elu", True).axes
    with pytest.raises(TypeError, match=r"no control 'slop': its controls are slope, name, grid"):
        lines(slop=1)
    with pytest.raises(TypeError, match=r"no control 'slope': its controls are none"):
        still()(slope=1)


@pytest.mark.parametrize(
    "alt, message",
    [
        (None, "alt must be a text or a function.*NoneType"),
        ("one text", "alt must be a function of the controls"),
        (lambda slope, name, grid: "  \n", "the alt of some_lines must give a sentence"),
        (lambda slope, name, grid: 3, "the alt of some_lines must give a sentence"),
    ],
)
def test_the_alt_gives_a_sentence(alt, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(alt=alt).describe()


def test_a_second_figure_that_nobody_will_see_is_told():
    @vg.explore(k=(1, 3), alt=lambda k: f"Nothing {k}.")
    def two(k):
        pyplot.subplots()
        return pyplot.subplots()[0]

    @vg.explore(alt="Nothing.")
    def one():
        pyplot.figure()
        return pyplot.subplots()[0]

    with pytest.warns(UserWarning, match="two draws two figures and shows the one that") as said:
        two.to_html()
    assert len(said) == 1
    one()
    assert pyplot.get_fignums() == []


def test_what_goes_wrong_in_a_state_names_the_figure_and_the_state():
    @vg.explore(k=(1, 3), by={"one": 1, "ten": 10}, alt=lambda k, by: f"{1 / (2 - k)}")
    def steep(k, by):
        if k == 3:
            raise RuntimeError("too steep")
        return pyplot.figure() if k < 3 and by == 1 else None

    for call, error, words, note in (
        (lambda: steep.to_html(), TypeError, "return figure", "steep, at k = 1, by = ten"),
        (lambda: steep(k=3, by=1), RuntimeError, "too", "steep, at k = 3, by = one"),
        (
            lambda: steep.describe(k=2),
            ZeroDivisionError,
            "zero",
            "alt of steep, at k = 2, by = one",
        ),
        (lambda: steep(k=4, by=9), TypeError, "Figure", "steep, at k = 4, by = 9"),
    ):
        with pytest.raises(error, match=words) as raised:
            call()
        assert raised.value.__notes__ == [note]

    @vg.explore(k=(1, 3), alt=lambda k: f"{k} panels.")
    def wider(k):
        return pyplot.subplots(1, max(k, 2), figsize=(11, 3))[0]

    with pytest.raises(ValueError, match="the same number of panels") as raised:
        wider.to_html()
    assert raised.value.__notes__ == ["wider, at k = 3"]


def test_the_message_about_a_misspelt_option_knows_them_all():
    accepted = [p.name for p in inspect.signature(vg.explore).parameters.values()]
    assert sorted(re.findall(r"\w+", NO_OPTION.rpartition("are ")[2])) == sorted(
        {*accepted, "and"} - {"controls"}
    )
    with pytest.raises(TypeError, match="caption must be a text, not 3"):
        vg.explore(alt="text", caption=3)


def test_arguments_are_the_controls():
    with pytest.raises(TypeError, match=r"function of draw takes \(a, b\), but .* \(a\)$"):

        @vg.explore(a=(0, 1), alt=lambda a: "text")
        def draw(a, b):
            """Draw."""

    def describe(b):
        return "text"

    with pytest.raises(TypeError, match=r"alt of other takes \(b\), but .* \(a\)\. What"):

        @vg.explore(a=(0, 1), alt=describe)
        def other(a):
            """Draw."""


def parts(text):
    """Return the JSON data of a figure and the rest of its HTML."""
    match = re.search(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    return json.loads(match[1]), text.replace(match[0], "")


def test_the_page_takes_the_drawing_to_every_state():
    lines = make()
    data, rest = parts(lines.to_html(with_runtime=False, identifier="n"))
    assert data["shape"] == [3, 2, 2]
    assert html.escape(lines.describe(), quote=False) in rest
    assert "The <em>finding</em> is 1 &lt; 2." in rest
    assert re.search(r'<div class="vg-controls"[^>]* hidden>', rest)
    first = drawn(lines(), "n")
    for state in [(0, 1, 0), (2, 0, 1), (2, 1, 1)]:
        values = {c.name: c.values[at] for c, at in zip(lines.controls, state, strict=True)}
        panels, says = show(data, first, state)
        assert says == lines.describe(**values)
        assert all(map(same, panels, drawn(lines(**values), "n")))


@pytest.mark.parametrize(
    "values",
    [
        [1, True],
        {"one": np.zeros(2), "two": np.ones(2)},
        [np.zeros(2), np.ones(2), np.zeros(3), np.zeros(2, int)],
        {"one": [np.zeros(2), 1], "two": [np.ones(2), 1]},
    ],
)
def test_values_that_are_hard_to_compare_can_be_shown(values):
    choices = list(values.values()) if isinstance(values, dict) else values
    options = {"a": 1, "b": choices[1]}

    @vg.explore(a=(0, 1), b=values, alt=lambda a, b: f"{a} {b}", defaults=options)
    def hard(a, b):
        figure, [axes] = figures.subplots()
        axes.plot([0, 1], [a, np.sum(b[0] if isinstance(b, list) else b)])
        return figure

    assert "<option selected>" in hard.to_html(with_runtime=False)
    view, _, select, _ = hard._live_box().children
    for place, value in enumerate(choices):
        select.index = place
        assert select.value is value and html.escape(f"1 {value}") in view.value


def test_a_default_shows_in_page_and_controls():
    lines = make(defaults={"slope": 1.0, "name": "celu", "grid": False})
    _, rest = parts(lines.to_html(with_runtime=False))
    assert "Slope 1.0 &amp; celu, grid False." in rest
    assert 'value="2" aria-valuetext="1"' in rest and "<option selected>celu" in rest
    assert "checked" not in rest
    # A browser would bring back another state after a reload; a reader hears the new one.
    assert lines.to_html().count('autocomplete="off"') == 3
    assert rest.count('aria-live="polite"') == 1


def test_titles_are_escaped():
    text = make(titles={"slope": '"<b>"', "name": "<i>"}).to_html(with_runtime=False)
    assert "<b>" not in text and "<i>" not in text


def test_a_figure_without_controls_has_nothing_to_move():
    text = still().to_html(with_runtime=False)
    assert "vg-controls" not in text and "<script" not in text and "aria-live" not in text
    assert "vg-link" not in text


@pytest.mark.usefixtures("book")
def test_the_book_gets_the_runtime_once():
    bundles = [make()._repr_mimebundle_() for _ in range(2)]
    assert all(set(bundle) == {"text/html", "text/plain"} for bundle in bundles)
    assert [page.runtime() in bundle["text/html"] for bundle in bundles] == [True, False]
    assert [page.style_sheet() in bundle["text/html"] for bundle in bundles] == [True, False]
    names = [re.search(r'<figure[^>]* id="([^"]+)"', bundle["text/html"])[1] for bundle in bundles]
    assert names == ["some-lines", "some-lines-2"]


@pytest.mark.usefixtures("book")
def test_figures_move_after_one_that_stands_still():
    bundles = [figure._repr_mimebundle_()["text/html"] for figure in (still(), make())]
    assert sum(page.runtime() in bundle for bundle in bundles) == 1


NAMES = ["plot", "plot_2", "plot_2_2", "plot_a", "plot_says", "plot_clip_0_0", "_", "größe", "<a>"]
CONTROLS = ["a", "says", "_says", "says_2", "clip_0_0", "a_b", "_", "größe"]


def named(name, controls):
    def draw(**state):
        figure, [axes] = figures.subplots()
        axes.set_axis_off()
        axes.bar([0, 1], [1, 2], hatch="/" if all(state.values()) else None)
        return figure

    parameters = [inspect.Parameter(c, inspect.Parameter.KEYWORD_ONLY) for c in controls]
    draw.__signature__ = inspect.Signature(parameters)
    draw.__name__ = name
    describe = functools.wraps(draw)(lambda **state: f"State {state}.")
    return vg.explore(alt=describe, **dict.fromkeys(controls, False))(draw)


@settings(max_examples=6)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES), st.lists(st.sampled_from(CONTROLS), max_size=2, unique=True)
        ),
        min_size=2,
        max_size=5,
    )
)
@example([("plot", []), ("plot", []), ("plot_2", [])])
@example([("plot", ["a"]), ("plot_a", []), ("plot", ["says", "clip_0_0"])])
@example([("plot_clip_0_0", []), ("plot_pattern_0_0", ["a"]), ("plot", ["a"])])
def test_every_identifier_of_a_page_is_its_own(calls):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(audience.VARIABLE, "html")
        patch.setattr(explorable, "_taken", set())
        shown = [named(*call)._repr_mimebundle_()["text/html"] for call in calls]
    names = [set(re.findall(r'\sid=\\?"([^"\\]*)', text)) for text in shown]
    on_page = re.findall(r'\sid="([^"]*)"', "".join(shown))
    assert sorted(on_page) == sorted(set(on_page))
    assert sum(map(len, names)) == len(set.union(*names))
    for text, own in zip(shown, names, strict=True):
        labels = re.findall(r'<label for="([^"]*)"', text)
        controls = re.findall(r'<input type="checkbox" id="([^"]*)"', text)
        assert labels == controls
        references = re.findall(r'(?:labelledby=|for=|url\(#)\\?"?([^")\\]*)', text)
        assert {*references} <= own


def test_a_live_figure_shares_no_identifier_with_another():
    figures_shown = [named("größe", []), named("grüße", []), named("größe", [])]
    names = [set(page.identifiers(f._live_box().children[0].value)) for f in figures_shown]
    assert sum(map(len, names)) == len(set.union(*names)) > 3


@pytest.mark.parametrize("name", ["", "two words", 'a"b', "a#b"])
def test_an_identifier_that_no_page_can_hold_is_refused(name):
    with pytest.raises(ValueError, match=f"the identifier {re.escape(repr(name))} of a figure"):
        still().to_html(identifier=name)


# ---------- What belongs to the whole process ----------


def test_a_drawing_that_fails_leaves_no_figure_of_pyplot_open():
    kept = pyplot.figure()

    @vg.explore(alt="Nothing.")
    def failing():
        pyplot.figure()
        pyplot.subplots()
        raise RuntimeError("half-way")

    @vg.explore(alt="Nothing.")
    def forgetful():
        pyplot.figure()

    for figure, error in ((failing, RuntimeError), (forgetful, TypeError)):
        with pytest.raises(error):
            figure()
        assert pyplot.get_fignums() == [kept.number]
    pyplot.close(kept)


def test_threads_that_draw_take_turns():
    settings_before = dict(matplotlib.rcParams)
    inside = []

    @vg.explore(height=list(range(4)), alt=lambda height: f"Up to {height}.")
    def line(height):
        inside.append(height)
        figure = pyplot.figure()
        time.sleep(0.005)  # any other thread may run now
        pyplot.plot([0, height])
        assert matplotlib.rcParams["axes.edgecolor"] == figures.MUTED
        assert inside.pop() == height and not inside
        assert pyplot.gcf() is figure
        return figure

    with ThreadPoolExecutor(4) as pool:
        drawings = list(pool.map(lambda height: line(height=height), range(4)))
        pages = list(pool.map(lambda _: line.to_html(), range(2)))
    for height, figure in enumerate(drawings):
        assert figure.axes[0].lines[0].get_ydata().tolist() == [0, height]
    assert pages[0] == pages[1]
    assert dict(matplotlib.rcParams) == settings_before
    assert not pyplot.get_fignums()


def test_a_person_gets_widgets_without_waiting_and_nobody_gets_text(monkeypatch):
    drawn = []
    lines = make(alt=lambda slope, name, grid: drawn.append(slope) or f"Slope {slope}.")
    assert lines._repr_mimebundle_() == {"text/plain": repr(lines)}
    monkeypatch.setattr(audience, "rendition", lambda: "widgets")
    bundle = lines._repr_mimebundle_()
    assert set(drawn) == {0.5}, "no other frame is computed"
    assert bundle["text/plain"] == repr(lines)
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "text/html" not in bundle


def test_a_live_figure_follows_its_controls():
    lines = make()
    box = lines._live_box()
    view, slider, select, checkbox, _ = box.children
    assert (slider.value, select.value, checkbox.value) == (0.5, "elu", True)
    assert slider.description == "α"
    seen = {view.value}
    for widget, value in [(slider, 1.0), (select, "celu"), (checkbox, False)]:
        widget.value = value
        seen.add(view.value)
        assert page.style_sheet() in view.value and "<script" not in view.value
    assert len(seen) == 4
    assert "Slope 1.0 &amp; celu, grid False." in view.value


def test_a_live_figure_shows_what_went_wrong_and_recovers():
    def draw(a):
        if a == 2:
            raise RuntimeError("a < 2, please")
        return f"a = {a}"

    box = live.live_box(make_controls({"a": (0, 3)}, {}, {}), draw)
    view, slider = box.children
    slider.value = 2
    assert view.value == "<pre>RuntimeError: a &lt; 2, please</pre>"
    slider.value = 3
    assert view.value == "a = 3"
    with pytest.raises(RuntimeError, match="please"):  # one that never worked says so at once
        live.live_box(make_controls({"a": (2, 3)}, {}, {}), draw)


# ---------- Style sheet and script ----------


def test_the_style_sheet_knows_every_colour_of_both_pages():
    style = page.style_sheet()
    assert "palette:" not in style
    light, dark = style.split('html[data-theme="dark"]', 1)
    for name, shade in figures.PALETTE.items():
        assert f"--vg-{name}:{shade.light};" in light
        assert f"--vg-{name}:{shade.dark};" in dark
    for name in figures.NEUTRALS:
        assert f"--vg-{name}:" in light and f"--vg-{name}:" in dark
    for text in (style, page.runtime()):  # both stand inside a page
        assert "</" not in text and "<!--" not in text
        assert not re.search(r"https?:|url\(|@import|\bfetch\b", text)
