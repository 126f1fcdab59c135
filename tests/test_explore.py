"""Explorable figures: nothing is lost between drawing, slots and page."""

import copy
import json
import re
from itertools import product
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vgtools as vg
from vgtools import figures
from vgtools.explore import explorable, page
from vgtools.explore.controls import check_size, make_controls
from vgtools.explore.frames import CHILDREN, DESCRIPTION, TEXT, find_slots, payload
from vgtools.explore.live import live_box
from vgtools.explore.svg import markup, relative_path, svg_panels


@st.composite
def trees(draw, depth=3):
    """Draw a small tree whose attributes, texts and children vary."""
    attributes = draw(st.dictionaries(st.sampled_from("dxy"), st.sampled_from("012"), max_size=2))
    inside = "".join(f' {name}="{value}"' for name, value in attributes.items())
    if depth == 0 or draw(st.booleans()):
        return f"<text{inside}>{draw(st.sampled_from(['', 'a', 'b&amp;c']))}</text>"
    children = "".join(draw(st.lists(trees(depth=depth - 1), max_size=3)))
    return f"<g{inside}>{children}</g>"


def apply(skeleton, slots, places, shape):
    """Do in Python what explore.js does on the page."""
    panel = copy.deepcopy(skeleton)
    elements = list(panel.iter())
    description = None
    for slot in slots:
        at = 0
        for axis in slot.axes:
            at = at * shape[axis] + places[axis]
        value = slot.values[at]
        if slot.element == DESCRIPTION:
            description = value
        elif slot.name == TEXT:
            elements[slot.element].text = value or None
        elif slot.name == CHILDREN:
            inner = fromstring(f"<g>{value}</g>")
            target = elements[slot.element]
            target[:] = list(inner)
            target.text = inner.text
        elif value is None:
            elements[slot.element].attrib.pop(slot.name, None)
        else:
            elements[slot.element].set(slot.name, value)
    return panel, description


def canonical(element):
    children = tuple(canonical(child) for child in element)
    return element.tag, tuple(sorted(element.attrib.items())), element.text or "", children


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_slots_rebuild_every_frame(data):
    shape = data.draw(st.sampled_from([[3], [2, 2], [2, 3]]))
    count = int(np.prod(shape))
    pool = data.draw(st.lists(trees(), min_size=1, max_size=3))
    chosen = data.draw(st.lists(st.sampled_from(pool), min_size=count, max_size=count))
    frames = [[fromstring(f"<svg>{text}</svg>")] for text in chosen]
    default = data.draw(st.integers(0, count - 1))
    slots = find_slots(frames, [f"says {text}" for text in chosen], shape, default)
    for number, places in enumerate(product(*map(range, shape))):
        rebuilt, description = apply(frames[default][0], slots, places, shape)
        assert canonical(rebuilt) == canonical(frames[number][0])
        assert description in (None, f"says {chosen[number]}")
        assert description is not None or len(set(chosen)) == 1


def test_a_slot_keeps_only_the_controls_it_depends_on():
    states = list(product(range(3), range(2)))
    frames = [[fromstring(f"<svg><path d='{b}'/><path d='{a}'/></svg>")] for a, b in states]
    first, second, _ = find_slots(frames, [str(state) for state in states], [3, 2], 0)
    assert (first.element, first.axes, first.values) == (1, (1,), ["0", "1"])
    assert (second.element, second.axes, second.values) == (2, (0,), ["0", "1", "2"])


def test_payload_cannot_end_its_script_and_reads_back():
    frames = [[fromstring(f"<svg><text>{text}</text></svg>")] for text in ("&lt;/script&gt;", "b")]
    text = payload(find_slots(frames, ["x", "x"], [2], 0), [2])
    assert "<" not in text
    assert json.loads(text) == {"shape": [2], "slots": [[1, "", [0], ["</script>", "b"]]]}


points = st.tuples(st.floats(-500, 500), st.floats(-500, 500))


@given(st.lists(points, min_size=1, max_size=40), st.booleans())
def test_relative_paths_stay_within_a_hundredth_of_a_pixel(corners, closed):
    path = " L ".join(f"{x:.6f} {y:.6f}" for x, y in corners)
    short = relative_path(f"M {path}" + (" z" if closed else ""))
    assert short.endswith("z") == closed
    numbers = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", short)]
    steps = np.array(numbers).reshape(-1, 2)
    assert np.abs(np.cumsum(steps, axis=0) - np.array(corners)).max() < 0.0051 + 1e-6


def test_relative_path_refuses_an_unknown_command():
    with pytest.raises(ValueError, match="'A' is not one of"):
        relative_path("M 0 0 A 1 1 0 0 0 2 2")


def draw_two(slope):
    figure, (left, right) = figures.subplots(2)
    left.plot([0, 1], [0, slope], color=figures.colour("elu"))
    right.plot([0, 1], [slope, slope], color=figures.colour("tanh"))
    return figure


def make(**options):
    return vg.explore(
        slope=(0.0, 1.0, 0.25), alt=lambda slope: f"Slope {slope:g}.", caption="It *turns*.",
        **options,
    )(draw_two)  # fmt: skip


def test_drawings_follow_the_theme_and_carry_nothing_of_the_run():
    panels = svg_panels(make()(slope=0.5), "unit")
    again = svg_panels(make()(slope=0.5), "unit")
    text = "".join(map(markup, panels))
    assert text == "".join(map(markup, again))
    assert len(panels) == 2
    assert "var(--vg-olive," in text and "var(--vg-vermillion," in text and "var(--vg-ink," in text
    assert set(re.findall(r'id="([^"]+)"', text)) == {"unit-clip-0-0", "unit-clip-1-0"}
    assert "DejaVu" not in text and "<style" not in text and "xlink" not in text


def test_a_page_holds_every_state_and_the_default_first():
    html = make(defaults={"slope": 0.75}).to_html()
    assert all(f"Slope {slope:g}." in html for slope in (0.0, 0.25, 0.5, 0.75, 1.0))
    assert '<p class="vg-says" id="draw-two-says" aria-live="polite">Slope 0.75.</p>' in html
    assert "<figcaption>It <em>turns</em>.</figcaption>" in html
    assert page.runtime() in html


def test_renditions_by_audience(monkeypatch):
    figure = make()
    assert set(figure._repr_mimebundle_()) == {"text/plain"}
    monkeypatch.setenv("VGTOOLS_STATIC", "1")
    monkeypatch.setattr(explorable, "_shown", type(explorable._shown)())
    first, second = (figure._repr_mimebundle_()["text/html"] for _ in range(2))
    assert page.runtime() in first and page.runtime() not in second
    assert 'id="draw-two"' in first and 'id="draw-two-2"' in second


def test_live_controls_redraw_and_show_errors():
    def draw(slope):
        if slope > 0.9:
            raise ZeroDivisionError("<too steep>")
        return f"slope {slope:g}"

    view, slider = live_box(make().controls, draw).children
    slider.value = 0.75
    assert view.value == "slope 0.75"
    slider.value = 1.0
    assert view.value == "<pre>ZeroDivisionError: &lt;too steep&gt;</pre>"


def test_text_rendition():
    assert repr(make()) == (
        "Figure draw_two at slope = 0.5\n  slope: 0 to 1 in 5 values\n  Slope 0.5."
    )


BAD = [
    (lambda: vg.explore(a="x", alt=lambda a: "."), TypeError, "the control 'a' is given as 'x'"),
    (lambda: vg.explore(a=(1, 0), alt=lambda a: "."), ValueError, "low < high"),
    (lambda: vg.explore(a=(0, 1, -1), alt=lambda a: "."), ValueError, "step > 0"),
    (lambda: vg.explore(a=("0", 1), alt=lambda a: "."), TypeError, "finite numbers"),
    (lambda: vg.explore(a=[], alt=lambda a: "."), ValueError, "no value"),
    (lambda: vg.explore(a=["1", 1], alt=lambda a: "."), ValueError, "same label"),
    (lambda: vg.explore(a=[1], alt="still"), TypeError, "function of the controls"),
    (lambda: vg.explore(a=[1], alt=3), TypeError, "alt must be"),
    (lambda: vg.explore(a=[1]), TypeError, "alt"),
    (lambda: vg.explore(a=[1], defaults={"b": 1}, alt=lambda a: "."), ValueError, "'b'"),
    (lambda: vg.explore(a=[1], defaults={"a": 2}, alt=lambda a: "."), ValueError, "cannot be 2"),
    (lambda: vg.explore(a=[1], alt=lambda b: ".")(lambda a: None), TypeError, r"takes \(b\)"),
    (lambda: vg.explore(a=[1], alt=lambda a: ".")(lambda a: 3)(), TypeError, "not int"),
    (lambda: make()(steepness=1), TypeError, "no control 'steepness'"),
    (lambda: vg.explore(alt=" ")(lambda: None).describe(), ValueError, "a sentence"),
]


@pytest.mark.parametrize(("call", "error", "words"), BAD, ids=[words for *_, words in BAD])
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_grid_that_is_too_large_names_the_control_to_coarsen():
    controls = make_controls({"a": (0, 99, 1), "b": (0, 29, 1)}, {}, {})
    with pytest.raises(ValueError, match="3000 states .* coarsen 'a', which has 100 values"):
        check_size(controls)


@given(st.integers(-50, 50), st.integers(1, 40), st.sampled_from(["0.05", "0.1", "0.25", "3"]))
def test_sliders_hit_their_decimal_values(low, count, step):
    [slider] = make_controls({"a": (float(low), low + count * float(step), float(step))}, {}, {})
    assert len(slider.values) == count + 1
    assert slider.values == tuple(round(low + k * float(step), 10) for k in range(count + 1))


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", [*figures.PALETTE, "ink", "muted"])
def test_colours_stand_out_on_both_pages(name):
    shade = {**figures.PALETTE, **figures.NEUTRALS}[name]
    assert contrast(shade.light, "#ffffff") >= 4.5
    assert contrast(shade.dark, "#121212") >= 4.5
    assert contrast(shade.dark, "#14181e") >= 4.5


def test_every_activation_has_a_look_of_its_own():
    looks = [(figures.colour(name), str(figures.dash(name))) for name in vg.catalogue()]
    assert len(set(looks)) == len(looks)
