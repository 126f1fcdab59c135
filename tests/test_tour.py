"""The short tour of a figure, in Python; `browser/test_motion.py` takes it."""

import pytest

import vgtools as vg
from vgtools import figures

TOUR = [
    ("Flat", "The line is flat.", {"slope": 0}),
    ("Steep", lambda slope, dashed: f"It climbs by {slope}, dashed: {dashed}.", {"slope": 2}),
]


def line(tour):
    @vg.explore(slope=(0, 2, 1), dashed=True, alt=lambda slope, dashed: f"{slope}", tour=tour)
    def drawn(slope, dashed):
        figure, [axes] = figures.subplots()
        axes.plot([0, 1], [0, slope], "--" if dashed else "-")
        return figure

    return drawn


def test_a_stop_keeps_the_defaults_that_it_does_not_set():
    flat, steep = line(TOUR).tour
    assert (flat.places, flat.state) == ((0, 1), {"slope": 0, "dashed": True})
    assert steep.sentence == "It climbs by 2, dashed: True."


def test_every_rendition_names_the_stops():
    figure = line(TOUR)
    assert "  > Steep: It climbs by 2, dashed: True." in repr(figure)
    html = figure.to_html()
    assert '<li data-places="0 1"><strong>Flat</strong> <span>The line is flat.</span>' in html
    assert "vg-tour" not in line([]).to_html(with_runtime=False)


def test_a_live_notebook_has_a_button_for_each_stop():
    *_, row, said, _ = (box := line(TOUR)._live_box()).children
    assert [button.description for button in row.children] == ["Flat", "Steep"]
    row.children[1].click()
    assert box.children[1].value == 2
    assert said.value == "It climbs by 2, dashed: True."


@pytest.mark.parametrize(
    "tour, error, words",
    [
        ("Flat", TypeError, "tour must be a list of"),
        ([("Flat", "It is flat.")], TypeError, "a stop of a tour is"),
        ([("Flat", "It is flat.", {"slop": 0})], ValueError, "'slop', which is no control"),
        ([("Flat", "It is flat.", {"slope": 9})], ValueError, "'slope' cannot be 9: accepted"),
        ([("Flat", " ", {})], ValueError, "must have a name and a sentence"),
        ([("Flat", "One.", {}), ("Flat", "Two.", {})], ValueError, "two stops have one name"),
        ([(str(k), "Here.", {}) for k in range(9)], ValueError, "at most 8 stops, not 9"),
    ],
)
def test_a_tour_that_does_not_fit_is_refused(tour, error, words):
    with pytest.raises(error, match=words):
        line(tour)


def test_a_figure_that_stands_still_has_no_tour():
    with pytest.raises(ValueError, match="needs a figure with controls"):
        vg.explore(alt="A line.", tour=[("Here", "It is.", {})])
