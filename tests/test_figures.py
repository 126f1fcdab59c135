"""The house style: contrast, looks that can be told apart, numbers, recurring plots."""

import itertools
import math

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

import vgtools as vg
from vgtools import figures
from vgtools.activations.definitions import CATALOGUE, IDENTITY

LIGHT_PAGES = ["#ffffff"]
DARK_PAGES = ["#14181e", "#121212"]


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def contrast(one, other):
    """Return the contrast ratio as WCAG 2 defines it."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


TEXTS = {**figures.PALETTE, **{name: figures.NEUTRALS[name] for name in ("ink", "muted")}}


def test_every_colour_can_be_read_on_light_and_dark():
    for name, shade in TEXTS.items():
        assert all(contrast(shade.light, page) >= 4.5 for page in LIGHT_PAGES), name
        assert all(contrast(shade.dark, page) >= 4.5 for page in DARK_PAGES), name


def test_no_two_colours_are_the_same_and_each_goes_by_its_name():
    shades = {**figures.PALETTE, **figures.NEUTRALS}
    assert len({shade.light for shade in shades.values()}) == len(shades)
    assert len({shade.dark for shade in shades.values()}) == len(shades)
    for name, shade in shades.items():
        assert figures.colour(name) == figures.colour(shade.light) == shade.light


def test_every_activation_has_a_look_of_its_own():
    names = [*vg.catalogue(), "identity"]
    looks = {name: (figures.colour(name), figures.dash(name)) for name in names}
    taken = {entry.look for entry in [*CATALOGUE.values(), IDENTITY]}
    free = sorted({*itertools.product(figures.PALETTE, figures.DASHES)} - taken)
    for one, other in itertools.combinations(names, 2):
        assert looks[one] != looks[other], (
            f"{one} and {other} look the same; write another `look` of one of them into "
            f"vgtools/activations/definitions.py, such as {free[0]}"
        )


def test_a_line_has_the_dash_that_is_asked_for():
    assert figures.line_style("gelu") == {"color": figures.colour("grey"), "linestyle": "solid"}
    assert figures.line_style("softplus")["linestyle"] == figures.DASHED
    assert figures.line_style("softplus", figures.DOTTED)["linestyle"] == figures.DOTTED
    assert figures.line_style("blue")["linestyle"] == figures.SOLID


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("height", [1.8, 4.0])
def test_every_panel_keeps_to_its_share(columns, height):
    figure, axes = figures.subplots(columns, height=height)
    assert len(axes) == columns == figures.panels(figure)
    assert figure.get_size_inches()[1] == pytest.approx(height)
    for column, panel in enumerate(axes):
        box = panel.get_position()
        assert column / columns < box.x0 < box.x1 < (column + 1) / columns
        assert 0 < box.y0 < box.y1 < 1
        with matplotlib.rc_context(figures.STYLE):
            panel.set(xlabel="input", ylabel="output", title="a panel")
            tight = panel.get_tightbbox().transformed(figure.transFigure.inverted())
        assert column / columns <= tight.x0 and tight.x1 <= (column + 1) / columns + 1e-9
        assert 0 <= tight.y0 and tight.y1 <= 1


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda axes: figures.subplots(4), r"columns must be 1, 2 or 3"),
        (lambda axes: figures.subplots(height=-1.0), r"height must be a positive"),
        (lambda axes: figures.subplots(height=0), r"height must be a positive"),
        (lambda axes: figures.set_panel(axes, decades=(1, 1, 1)), r"lowest < highest and step"),
        (lambda axes: figures.set_panel(axes, decades=(0, 1, 0)), r"lowest < highest and step"),
        (lambda axes: figures.set_panel(axes, y=[0], decades=(-1, 0, 1)), r"y or decades, not"),
        (lambda axes: figures.guide(axes), "x or y, one of them"),
        (lambda axes: figures.guide(axes, x=0, y=0), "x or y, one of them"),
        *(
            (
                lambda axes, shape=shape: figures.band(axes, [0, 1, 2], np.ones(shape), color="k"),
                r"samples must have shape \(seeds, 3\)",
            )
            for shape in [(3,), (3, 4), (2, 3, 1)]
        ),
        (lambda axes: figures.short_number(math.nan), "must be finite"),
        (lambda axes: figures.short_number(math.inf), "must be finite"),
        *(
            (lambda axes, look=look: look("sigmoyd"), r"'sigmoyd'.*relu|'sigmoyd'.*blue")
            for look in (figures.colour, figures.dash, figures.line_style)
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    _, [axes] = figures.subplots()
    with pytest.raises(ValueError, match=message):
        call(axes)


def test_one_share_where_something_stands_across_the_panels():
    figure, _ = figures.subplots(2)
    figure.add_axes([0.2, 0.2, 0.6, 0.6])
    assert figures.panels(figure) == 1
    figure, _ = figures.subplots(2)
    figure.text(0.5, 0.9, "both")
    assert figures.panels(figure) == 1


def test_a_band_spans_all_seeds_around_the_median():
    _, [axes] = figures.subplots()
    samples = np.array([[1.0, 8.0, 3.0], [2.0, 5.0, 4.0], [9.0, 6.0, 0.0]])
    line = figures.band(axes, [0, 1, 2], samples, color=figures.colour("elu"), linestyle="dashed")
    np.testing.assert_array_equal(line.get_ydata(), [2, 6, 3])
    [area] = axes.collections
    corners = {tuple(point) for point in area.get_paths()[0].vertices}
    expected = {(x, y) for x, column in enumerate(samples.T) for y in (column.min(), column.max())}
    assert expected <= corners
    assert line.get_color() == figures.colour("elu") and line.get_linestyle() == "--"


@pytest.mark.parametrize("lowest, highest, step", [(-20, 5, 5), (-3, 0, 1), (-7, 8, 3)])
def test_decades_are_ticks_from_zero(lowest, highest, step):
    figure, [axes] = figures.subplots()
    figures.set_panel(axes, decades=(lowest, highest, step))
    assert axes.get_yscale() == "log"
    assert axes.get_ylim() == pytest.approx((10.0**lowest, 10.0**highest))
    powers = np.log10(axes.get_yticks())
    assert 0 in np.round(powers)
    np.testing.assert_allclose(np.diff(powers), step)
    figure.draw_without_rendering()
    assert figures.power_of_ten(0) in [label.get_text() for label in axes.get_yticklabels()]
    assert not axes.yaxis.get_minorticklocs().size


def test_ticks_are_the_limits_unless_these_are_given():
    _, [axes] = figures.subplots()
    axes.set(xlim=(-2000, 2000), ylim=(-9, 9))
    figures.set_panel(axes, "loss", "epoch", x=[2, -0.5, 1000], y=range(3), ylim=(-1, 3))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "−0.5", "1,000"]
    assert axes.get_xlim() == (-0.5, 1000) and axes.get_ylim() == (-1, 3)
    assert (axes.get_title(), axes.get_xlabel()) == ("loss", "epoch")


def test_what_is_not_given_again_stays():
    _, [axes] = figures.subplots()
    figures.set_panel(axes, "loss", "step", x=[1, 10], xscale="log", decades=(-2, 0, 1))
    limits, ticks = axes.get_ylim(), axes.get_xticks().tolist()
    figures.set_panel(axes, xlim=(1, 20), xscale="log")
    assert axes.get_ylim() == limits and axes.get_xticks().tolist() == ticks == [1, 10]
    assert not axes.xaxis.get_minorticklocs().size
    assert (axes.get_title(), axes.get_xlabel()) == ("loss", "step")
    assert axes.get_xlim() == (1, 20)


def test_a_label_stands_at_its_point_in_its_colour():
    _, [axes] = figures.subplots()
    label = figures.label_line(axes, 0.25, 0.5, "Mish", "mish", xytext=(0, 9))
    assert label.xy == (0.25, 0.5) and label.xyann == (0, 9)
    assert label.get_color() == figures.colour("mish")


@pytest.mark.parametrize("x, side", [(0.03, "left"), (0.5, "left"), (0.97, "right")])
def test_a_note_stays_where_it_is_when_the_data_change(x, side):
    figure, [axes] = figures.subplots()
    text = figures.note(axes, x, 0.9, "×0.25", "relu")
    renderer = FigureCanvasAgg(figure).get_renderer()
    before = text.get_window_extent(renderer).bounds
    axes.set(xlim=(3, 900), ylim=(-8, -7))
    assert text.get_window_extent(renderer).bounds == before
    assert text.get_ha() == side and text.get_color() == figures.colour("relu")


ENTRIES = {
    "bound": figures.line_style("grey", figures.DASHED),
    "a long name": figures.line_style("blue"),
    "seeds": figures.line_style("relu"),
}


@pytest.mark.parametrize("columns, across", [(1, False), (1, True), (2, False), (3, False)])
def test_a_key_shows_a_piece_of_each_line_beside_its_name(columns, across):
    figure, (axes, *_) = figures.subplots(columns)
    axes.set(xlim=(3, 8), ylim=(-1, 0))
    figures.key(axes, ENTRIES, x=0.05, y=0.9, gap=0.1, across=across)
    renderer, right_edge = FigureCanvasAgg(figure).get_renderer(), 0
    for row, (line, text, look) in enumerate(
        zip(axes.lines, axes.texts, ENTRIES.values(), strict=True)
    ):
        assert line.get_color() == text.get_color() == look["color"]
        piece = line.get_transform().transform(line.get_xydata())
        assert np.ptp(piece[:, 0]) == pytest.approx(0.25 * figure.dpi)
        assert piece[0, 1] == piece[1, 1]
        box = text.get_window_extent(renderer)
        assert piece[1, 0] < box.x0 and box.y0 < piece[0, 1] < box.y1
        if across:
            assert piece[0, 0] > right_edge
            right_edge = box.x1
        else:
            assert line.get_ydata() == pytest.approx([0.9 - 0.1 * row] * 2)
    assert [text.get_text() for text in axes.texts] == list(ENTRIES)


@pytest.mark.parametrize("place", [{"x": 3.0}, {"y": 3.0}])
def test_a_guide_crosses_the_panel(place):
    _, [axes] = figures.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 20))
    line = figures.guide(axes, **place, linewidth=2)
    corners = line.get_transform().transform(line.get_xydata())
    other = 1 if "x" in place else 0
    assert np.ptp(corners[:, other]) == pytest.approx(axes.get_window_extent().size[other])
    inside = axes.transData.inverted().transform(corners)
    np.testing.assert_allclose(inside[:, 1 - other], 3)
    assert line.get_color() == figures.colour("grey") and line.get_linewidth() == 2


def test_theory_is_grey_and_a_stripe_only_where_it_is_asked_for():
    _, [axes] = figures.subplots()
    thin = figures.theory_line(axes, [1, 2], [3, 4])
    wide = figures.theory_line(axes, [1, 2], [3, 4], wide=True)
    for line in (thin, wide):
        assert line.get_color() == figures.colour("grey") and line.get_ydata().tolist() == [3, 4]
    assert thin.get_linestyle() == "--" and wide.get_linestyle() == "-"
    assert thin.get_linewidth() < wide.get_linewidth() and wide.get_alpha() < 1


def test_a_profile_counts_layers_from_one():
    _, [axes] = figures.subplots()
    samples, law = np.array([[1.0, 4.0, 9.0], [3.0, 2.0, 5.0]]), [1.0, 2.0, 3.0]
    middle = figures.profile(axes, samples, law, "×2", **figures.line_style("tanh"))
    assert middle.get_xydata().tolist() == [[1, 2], [2, 3], [3, 7]]
    [theory] = [line for line in axes.lines if line is not middle]
    assert theory.get_xydata().tolist() == [[1, 1], [2, 2], [3, 3]]
    [text] = axes.texts
    assert text.get_text() == "×2" and text.get_color() == middle.get_color()
    assert len(axes.collections) == 1
    _, [axes] = figures.subplots()
    figures.profile(axes, [[1.0, 2.0]], color=figures.colour("relu"))
    assert len(axes.lines) == 1 and not axes.texts


KINKED = [name for name, f in vg.catalogue().items() if f.kinks]


def drawn(name, x):
    figure, panels = figures.subplots(2)
    f = vg.activation(name)
    figures.curve_and_slope(panels, [f], x, reach=0.5, xlim=(-4, 4), accent="blue")
    return f, panels


@pytest.mark.parametrize("name", ["tanh", "gelu", "softplus"])
@settings(max_examples=6)
@given(x=st.floats(-3, 3))
def test_the_tangent_touches_the_curve_with_its_slope(name, x):
    f, (left, right) = drawn(name, x)
    curve, tangent, _ = left.lines
    np.testing.assert_allclose(curve.get_ydata(), f(curve.get_xdata()))
    ends = tangent.get_xydata()
    np.testing.assert_allclose(ends[1], [x, f(x)])
    np.testing.assert_allclose(np.diff(ends[:, 1]) / 0.5, f.derivative(x), atol=1e-6)
    slopes, marks, guide = right.lines
    np.testing.assert_allclose(slopes.get_ydata(), f.derivative(slopes.get_xdata()))
    assert np.mean(marks.get_xdata()) == pytest.approx(x, abs=1e-9)
    np.testing.assert_allclose(marks.get_ydata()[[0, 1, 3, 4]], f.derivative(x), atol=1e-6)
    assert tangent.get_color() == marks.get_color() == figures.colour("blue")
    assert guide.get_xdata() == [x, x] and left.get_xlim() == right.get_xlim() == (-4, 4)


@pytest.mark.parametrize("name", KINKED)
def test_a_kink_has_two_slopes_and_a_gap(name):
    for kink in vg.activation(name).kinks:
        f, (left, right) = drawn(name, kink)
        beside = [float(f.derivative(kink + side)) for side in (-1e-6, 1e-6)]
        if abs(kink) < 4:
            slopes = right.lines[0]
            assert np.isnan(slopes.get_ydata()[slopes.get_xdata() == kink]).all()
            assert np.isfinite(left.lines[0].get_ydata()).all()
        left_mark, right_mark = right.lines[1].get_ydata()[[0, 3]]
        np.testing.assert_allclose([left_mark, right_mark], beside, atol=1e-5)
        np.testing.assert_allclose(np.diff(left.lines[1].get_ydata()) / 0.5, beside, atol=1e-5)


def test_several_functions_keep_their_own_looks_and_share_a_guide():
    figure, (left, right) = figures.subplots(2)
    both = [vg.activation("tanh"), vg.activation("softplus")]
    figures.curve_and_slope((left, right), both, 1.0, reach=0.5, xlim=(-2, 2), linewidth=3)
    assert len(left.lines) == len(right.lines) == 2 * 2 + 1
    for f, curve, tangent in zip(both, left.lines[::2], left.lines[1::2], strict=False):
        assert curve.get_color() == tangent.get_color() == figures.colour(f.name)
        assert curve.get_linewidth() == 3
    assert left.lines[2].get_linestyle() == "--"


SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def value_of(text):
    """Read what `short_number` writes."""
    factor, _, power = text.replace("−", "-").partition("·10")
    return float(factor) * 10.0 ** int(power.translate(SUPERSCRIPTS) or 0)


@given(st.floats(-290, 290), st.sampled_from([-1, 1]), st.integers(1, 3))
def test_short_numbers_can_be_read_back(exponent, sign, digits):
    number = sign * 10.0**exponent
    text = figures.short_number(number, digits)
    assert len(text) <= 12 and "e" not in text and "-" not in text
    plain = 0.001 <= float(f"{abs(number):.2g}") < 1000
    assert ("·10" in text) != plain
    error = 0.05 if plain else 0.5 * 10.0 ** (1 - digits)
    assert value_of(text) == pytest.approx(number, rel=1.001 * error)


@pytest.mark.parametrize(
    "number, text",
    [
        (9.96, "10"),
        (99.7, "100"),
        (0.0432, "0.043"),
        (0.00099, "1·10⁻³"),
        (-0.0, "0"),
        (0.0012, "0.0012"),
        (994, "994"),
        (-120, "−120"),
        (999.7, "1·10³"),
    ],
)
def test_short_numbers_at_the_edges(number, text):
    assert figures.short_number(number) == text


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=7))
def test_a_summary_of_seeds_has_middle_and_ends(values):
    text = figures.seed_summary(values, ".1f", np.median)
    assert text == f"{np.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"
    assert figures.seed_summary(values).startswith(f"{np.mean(values):.2f} (")
