"""A short tour of a figure: a few named states, with a sentence for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vgtools.explore.controls import Control

MOST_STOPS = 8
"""A tour with more stops is a figure of its own."""


@dataclass(frozen=True)
class Stop:
    """One state of a tour.

    Attributes
    ----------
    name : str
        What its button says.
    sentence : str
        What there is to see.
    state : dict
        A value for each control.
    places : tuple of int
        The positions of these values.
    """

    name: str
    sentence: str
    state: dict[str, Any]
    places: tuple[int, ...]


def make_stops(
    tour: Sequence[tuple[str, str | Callable[..., str], Mapping[str, Any]]],
    controls: Sequence[Control],
) -> tuple[Stop, ...]:
    """Turn what `vgtools.explore` is given as `tour` into stops.

    Raises
    ------
    TypeError, ValueError
        If a stop is no triple, sets what is no control, or says nothing.

    Examples
    --------
    >>> from vgtools.explore.controls import make_controls
    >>> slope = make_controls({"slope": (0, 2)}, {}, {})
    >>> [stop] = make_stops([("flat", lambda slope: f"It is {slope}.", {"slope": 0})], slope)
    >>> stop.sentence, stop.places
    ('It is 0.', (0,))
    """
    if not isinstance(tour, list | tuple):
        raise TypeError(f"tour must be a list of (name, sentence, state), not {tour!r:.60}")
    if tour and not controls:
        raise ValueError("a tour needs a figure with controls")
    if len(tour) > MOST_STOPS:
        raise ValueError(f"a tour has at most {MOST_STOPS} stops, not {len(tour)}")
    defaults = {control.name: control.values[control.default] for control in controls}
    stops = []
    for entry in tour:
        if not (isinstance(entry, tuple) and len(entry) == 3 and isinstance(entry[2], Mapping)):
            raise TypeError(
                f"a stop of a tour is (name, sentence, {{control: value}}), not {entry!r:.60}"
            )
        name, sentence, given = entry
        if unknown := [key for key in given if key not in defaults]:
            raise ValueError(
                f"the stop {name!r} sets {unknown[0]!r}, which is no control: the controls are "
                f"{', '.join(defaults)}"
            )
        places = tuple(
            control.index(given[control.name]) if control.name in given else control.default
            for control in controls
        )
        state = {one.name: one.values[place] for one, place in zip(controls, places, strict=True)}
        sentence = sentence(**state) if callable(sentence) else sentence
        for what in (name, sentence):
            if not isinstance(what, str) or not what.strip():
                raise ValueError(f"the stop {name!r} must have a name and a sentence, not {what!r}")
        stops.append(Stop(name, " ".join(sentence.split()), state, places))
    if len({stop.name for stop in stops}) < len(stops):
        raise ValueError(f"two stops have one name: {[stop.name for stop in stops]}")
    return tuple(stops)
