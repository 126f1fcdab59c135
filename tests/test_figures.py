"""The house style: contrast, looks that can be told apart, recurring plots."""

import itertools

import matplotlib
import numpy as np
import pytest

import vgtools as vg
from vgtools import figures

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


def test_the_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


TEXTS = {**figures.PALETTE, **{name: figures.NEUTRALS[name] for name in ("ink", "muted")}}


@pytest.mark.parametrize("name", TEXTS)
def test_every_colour_can_be_read_on_light_and_dark(name):
    shade = TEXTS[name]
    for page in LIGHT_PAGES:
        assert contrast(shade.light, page) >= 4.5
    for page in DARK_PAGES:
        assert contrast(shade.dark, page) >= 4.5


def test_no_two_colours_are_the_same():
    shades = [*figures.PALETTE.values(), *figures.NEUTRALS.values()]
    assert len({shade.light for shade in shades}) == len(shades)
    assert len({shade.dark for shade in shades}) == len(shades)


def test_every_activation_has_a_look_of_its_own():
    names = [*vg.catalogue(), "identity"]
    looks = {name: (figures.colour(name), figures.dash(name)) for name in names}
    for one, other in itertools.combinations(names, 2):
        assert looks[one] != looks[other], (one, other)
    assert set(looks) == set(figures._LOOKS)


@pytest.mark.parametrize("name", [*figures.PALETTE, *figures.NEUTRALS])
def test_palette_entries_are_colours_by_name(name):
    assert figures.colour(name) == {**figures.PALETTE, **figures.NEUTRALS}[name].light


@pytest.mark.parametrize("function", [figures.colour, figures.dash, figures.line_style])
def test_unknown_names_are_refused(function):
    with pytest.raises(ValueError, match=r"'sigmoyd'.*relu|'sigmoyd'.*blue"):
        function("sigmoyd")


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("height", [1.8, 2.6, 4.0])
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


@pytest.mark.parametrize("columns", [0, 4, 1.5, "two"])
def test_only_one_to_three_panels(columns):
    with pytest.raises(ValueError, match=r"columns must be 1, 2 or 3"):
        figures.subplots(columns)


@pytest.mark.parametrize("height", [0, -1.0, float("nan")])
def test_the_height_is_positive(height):
    with pytest.raises(ValueError, match=r"height must be a positive"):
        figures.subplots(height=height)


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


@pytest.mark.parametrize("shape", [(3,), (3, 4), (2, 3, 1)])
def test_a_band_asks_for_one_row_for_each_seed(shape):
    _, [axes] = figures.subplots()
    with pytest.raises(ValueError, match=r"samples must have shape \(seeds, 3\)"):
        figures.band(axes, [0, 1, 2], np.zeros(shape), color="#000000")


@pytest.mark.parametrize("lowest, highest, step", [(-20, 5, 5), (-3, 0, 1), (-7, 8, 3)])
def test_decades_are_ticks_from_zero(lowest, highest, step):
    figure, [axes] = figures.subplots()
    figures.decades(axes, lowest, highest, step)
    assert axes.get_ylim() == pytest.approx((10.0**lowest, 10.0**highest))
    powers = np.log10(axes.get_yticks())
    assert 0 in np.round(powers)
    np.testing.assert_allclose(np.diff(powers), step)
    figure.draw_without_rendering()
    assert figures.power_of_ten(0) in [label.get_text() for label in axes.get_yticklabels()]
    assert not axes.yaxis.get_minorticklocs().size


@pytest.mark.parametrize("arguments", [(1, 1, 1), (2, 1, 1), (0, 1, 0)])
def test_decades_are_in_order(arguments):
    _, [axes] = figures.subplots()
    with pytest.raises(ValueError, match=r"lowest < highest and step >= 1"):
        figures.decades(axes, *arguments)


def test_ticks_without_exponents():
    _, [axes] = figures.subplots()
    figures.plain_ticks(axes, x=[-0.5, 1000])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["\N{MINUS SIGN}0.5", "1000"]


def test_a_label_stands_at_its_point_in_its_colour():
    _, [axes] = figures.subplots()
    label = figures.label_line(axes, 0.25, 0.5, "Mish", figures.colour("mish"), xytext=(0, 9))
    assert label.xy == (0.25, 0.5) and label.xyann == (0, 9)
    assert label.get_color() == figures.colour("mish")
