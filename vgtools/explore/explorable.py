"""One drawing function, four renditions: `explore`."""

from __future__ import annotations

import inspect
import itertools
import os
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from matplotlib import pyplot
from matplotlib.figure import Figure

from vgtools.explore import audience, document, page
from vgtools.explore.controls import NO_OPTION, Control, check_size, make_controls
from vgtools.explore.dragging import find_handles
from vgtools.explore.drawing import drawing, naming, warn
from vgtools.explore.frames import find_slots
from vgtools.explore.raster import Replaced
from vgtools.explore.svg import Element, svg_panels
from vgtools.explore.theme import HOUSE, Theme, turn
from vgtools.explore.tour import Stop, make_stops

_taken: set[str] = set()
"""Every identifier of this process's figures, which all stand on one page."""

_live_numbers = itertools.count(1)

_MINUS = re.compile(r"(?<![\w\N{EN DASH}-])-(?=[\d.])")
"""The hyphen with which Python writes a negative number."""


class Explorable:
    """A figure that can be moved, as made by `explore`.

    As the last expression of a cell it displays itself: with widgets to a person
    at a live notebook, with every state precomputed where a program runs the
    notebook, and as its description everywhere else. Called with values for its
    controls it returns the Matplotlib figure.

    Several threads may draw at once: they take turns. A drawing function that waits
    for a thread that draws as well waits for ever.

    Attributes
    ----------
    controls : tuple of Control
        What can be moved, in order.
    caption : str
        The finding.
    tour : tuple of Stop
        Named states, each with a sentence.
    autoplay : str or None
        The slider that plays once when the figure comes into view.
    theme : Theme
        Style and palette.
    """

    def __init__(
        self,
        draw: Callable[..., Figure],
        controls: tuple[Control, ...],
        alt: str | Callable[..., str],
        caption: str,
        tour: tuple[Stop, ...] = (),
        autoplay: str | None = None,
        theme: Theme = HOUSE,
    ) -> None:
        self._draw = draw
        self._alt = alt
        self.controls = controls
        self.caption = caption
        self.tour = tour
        self.autoplay = autoplay
        self.theme = theme
        self._warned = False
        self.__doc__ = draw.__doc__
        self.__name__ = draw.__name__
        self.__wrapped__ = draw

    @property
    def defaults(self) -> dict[str, Any]:
        """The state that is shown first: {control: value}."""
        return {control.name: control.values[control.default] for control in self.controls}

    def __call__(self, **state: Any) -> Figure:
        """Draw one state; a control that is not given has its default value."""
        unknown = [name for name in state if name not in self.defaults]
        if unknown:
            raise TypeError(
                f"{self.__name__} has no control {unknown[0]!r}: "
                f"its controls are {', '.join(self.defaults) or 'none'}"
            )
        state = {**self.defaults, **state}
        with drawing(self.theme) as left, naming(self.__name__, self.controls, state):
            figure = self._draw(**state)
            if not isinstance(figure, Figure):
                raise TypeError(
                    f"{self.__name__} must return a matplotlib Figure, not "
                    f"{type(figure).__name__}: does it end with `return figure`?"
                )
            pyplot.close(figure)
            if not self._warned and any(other.axes for other in left()):
                self._warned = True
                warn(
                    self._draw,
                    f"{self.__name__} draws two figures and shows the one that it returns: "
                    "plt.subplots(1, 2) puts both into one",
                )
        return figure

    def describe(self, **state: Any) -> str:
        """Return what a state shows, in words and numbers."""
        state = {**self.defaults, **state}
        with naming(f"alt of {self.__name__}", self.controls, state):
            text = self._alt(**state) if callable(self._alt) else self._alt
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"the alt of {self.__name__} must give a sentence, not {text!r}")
            text = _MINUS.sub("\N{MINUS SIGN}", " ".join(text.split()))
            return page.printable(self.__name__, text)

    def to_html(self, *, with_runtime: bool = True, identifier: str | None = None) -> str:
        """Return the figure with all its states as a piece of HTML that needs nothing else.

        Something that would weigh more in vectors than in pixels, such as a cloud of 100,000
        points, is drawn in pixels, with a warning that has the numbers.

        Parameters
        ----------
        with_runtime : bool
            Whether style sheet and script come along: needed once on each page.
        identifier : str, optional
            Unique on the page; by default the name of the drawing function.

        Raises
        ------
        ValueError
            If the grid of states is larger than a page may carry.
        """
        name = self._name if identifier is None else identifier
        what = f"frames of {self.__name__}"
        return self._html(
            name,
            self.controls,
            lambda states: audience.progress(states, what),
            autoplay=self.autoplay,
            with_runtime=with_runtime,
        )

    def to_page(self, *, title: str | None = None, lang: str = "en") -> str:
        """Return a whole web page that holds the figure and needs neither Python nor a network.

        Parameters
        ----------
        title : str, optional
            The title of the page; by default the name of the drawing function.
        lang : str
            The language of the description and the caption, as in ``lang="en"`` of HTML.

        Raises
        ------
        ValueError
            As `to_html`.

        Examples
        --------
        >>> @explore(alt="An empty page.")
        ... def nothing_yet():
        ...     return Figure()
        >>> "<title>Nothing yet</title>" in nothing_yet.to_page()
        True
        """
        if title is None:
            title = self.__name__.replace("_", " ").capitalize()
        page.printable(self.__name__, f"{title}{lang}")
        return document.document(self.to_html(), title, lang)

    def save(
        self, path: str | os.PathLike[str], *, title: str | None = None, lang: str = "en"
    ) -> Path:
        """Write the figure as a web page of its own.

        The file is written whole or not at all: a page that was there before stays until
        the new one is complete.

        Parameters
        ----------
        path : path
            Where, with the ending ``.html``.
        title, lang : str, optional
            As for `to_page`.

        Returns
        -------
        Path
            Where the page is.

        Raises
        ------
        ValueError
            If the name does not end in ``.html`` or ``.htm``, or as `to_html`.
        FileNotFoundError
            If the folder does not exist.
        IsADirectoryError
            If a folder has that name.

        Examples
        --------
        >>> import tempfile
        >>> @explore(alt="An empty page.")
        ... def nothing_yet():
        ...     return Figure()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     nothing_yet.save(Path(folder, "nothing.html")).name
        'nothing.html'
        """
        place = document.check_path(path)  # before the frames, which may take minutes
        document.write(place, self.to_page(title=title, lang=lang))
        return place

    def __repr__(self) -> str:
        """Return controls, values and description: for terminals, tests and screen readers."""
        state = ", ".join(
            f"{control.title} = {control.labels[control.default]}" for control in self.controls
        )
        lines = [f"Figure {self.__name__}" + (f" at {state}" if state else "")]
        if self.controls:
            lines += [f"  {control.title}: {_span(control)}" for control in self.controls]
        lines += textwrap.wrap(self.describe(), 96, initial_indent="  ", subsequent_indent="  ")
        for stop in self.tour:
            text = f"{stop.name}: {stop.sentence}"
            lines += textwrap.wrap(text, 96, initial_indent="  > ", subsequent_indent="    ")
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        text = repr(self)
        how = audience.rendition()
        if how == "html":
            with turn:  # a page that a person changes may lose the figure with the script
                html = self._unique_html(not _taken or audience.live_notebook())
            return {"text/html": html, "text/plain": text}
        if how == "widgets":
            box = self._live_box()
            return {**box._repr_mimebundle_(), "text/plain": text}
        return {"text/plain": text}

    @property
    def _name(self) -> str:
        return re.sub(r"\W+|_", "-", self.__name__)

    def _unique_html(self, with_runtime: bool) -> str:
        """Return the figure under a name that makes no identifier which the page has already."""
        for name in page.numbered(self._name):
            if name not in _taken:
                html = self.to_html(with_runtime=with_runtime, identifier=name)
                own = page.identifiers(html)
                if _taken.isdisjoint(own):
                    _taken.update(own)
                    return html

    def _html(
        self,
        name: str,
        controls: tuple[Control, ...],
        steps: Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]],
        **options: Any,
    ) -> str:
        """Draw all states, of which `controls` say where to start, and `steps` how far it is."""
        check_size(controls)
        states = self._states()
        replaced: list[Replaced] = []
        frames = [self._panels(name, state, replaced) for state in steps(states)]
        if replaced:
            most = max(replaced, key=lambda one: one.vectors)
            warn(self._draw, f"{self.__name__}: {most}")
        descriptions = [self.describe(**state) for state in states]
        default = 0
        for control in controls:
            default = default * len(control.values) + control.default
        shape = [len(control.values) for control in controls]
        pairs = zip(states, frames, strict=True)
        odd = next((state for state, frame in pairs if len(frame) != len(frames[0])), states[0])
        with naming(self.__name__, self.controls, odd):
            slots = find_slots(frames, descriptions, shape, default) if controls else []
        return page.figure_html(
            name,
            frames[default],
            descriptions[default],
            caption=self.caption,
            controls=controls,
            slots=slots,
            handles=find_handles(self(), controls),
            tour=self.tour,
            colours=self.theme.style_sheet(name),
            **options,
        )

    def _live_box(self) -> Any:
        name = f"live-{next(_live_numbers)}"

        def draw_all(places: Sequence[int], steps: Callable[..., Iterable[Any]]) -> str:
            pairs = zip(self.controls, places, strict=True)
            return self._html(
                name, tuple(replace(control, default=place) for control, place in pairs), steps
            )

        def draw(**state: Any) -> str:
            figure = page.figure_html(
                name,
                self._panels(name, state),
                self.describe(**state),
                caption=self.caption,
                with_runtime=False,  # the widgets move it
                colours=self.theme.style_sheet(name),
            )
            return f"<style>{page.style_sheet()}</style>{figure}"

        with audience.optional("ipywidgets", "live"):
            from vgtools.explore.live import live_box
        return live_box(self.controls, draw, self.tour, draw_all)

    def _panels(
        self, name: str, state: Mapping[str, Any], replaced: list[Replaced] | None = None
    ) -> list[Element]:
        with drawing(self.theme), naming(self.__name__, self.controls, state):
            return svg_panels(self(**state), name, self.theme, replaced)

    def _states(self) -> list[dict[str, Any]]:
        names = [control.name for control in self.controls]
        grid = itertools.product(*(control.values for control in self.controls))
        return [dict(zip(names, values, strict=True)) for values in grid]


def explore(
    *,
    alt: str | Callable[..., str],
    caption: str = "",
    defaults: Mapping[str, Any] | None = None,
    titles: Mapping[str, str] | None = None,
    tour: Sequence[tuple[str, str | Callable[..., str], Mapping[str, Any]]] = (),
    autoplay: str | None = None,
    style: object = None,
    palette: Mapping[str, Any] | None = None,
    **controls: object,
) -> Callable[[Callable[..., Figure]], Explorable]:
    """Make a figure that readers can move, from a function that draws it.

    Parameters
    ----------
    alt : str or callable
        What the figure shows, with its numbers: a function of the same controls,
        or a text if there are none. It stands under the figure, is read aloud by
        screen readers and is what the tests of the notebooks compare.
    caption : str
        The finding, in a sentence.
    defaults : mapping, optional
        The values at the start, {control: value}. Otherwise sliders start in the
        middle, selects at the first entry, checkboxes at the value given.
    titles : mapping, optional
        What readers see beside a control, {control: text}; else its name.
    tour : list of (str, str or callable, mapping), optional
        States worth a look: a name for the button, a sentence (or a function of the
        controls that returns one), and {control: value}, without those that keep their
        default.
    autoplay : str, optional
        A slider that plays once when its figure comes into view on a page, in four
        seconds, unless the reader prefers reduced motion or the address names a state.
    style : mapping, str or sequence of both, optional
        How Matplotlib draws: settings, the name of a style, or several, as in
        `matplotlib.style.use`. By default the house style. ``{}`` keeps the settings that
        are in force.
    palette : mapping, optional
        Colours with a shade for light pages and one for dark pages, {name: (light, dark)}.
        What is drawn in the light one changes with the page. By default that of the house
        style, whose lines take these colours in turn.
    **controls
        One for each argument of the function, abbreviated as in
        `ipywidgets.interact`: ``(low, high, step)`` is a slider, a list,
        ``{label: value}`` or ``[(label, value)]`` a select, a bool a checkbox. Without controls,
        the figure stands still. A slider whose title is the label of a horizontal axis can
        be dragged on that axis, too.

    Returns
    -------
    callable
        A decorator that turns the drawing function into an `Explorable`.

    Raises
    ------
    TypeError, ValueError
        If a control, a default, a title, a stop of the tour, a style or a palette does not fit, or
        if the arguments of the drawing function are not the controls.

    Examples
    --------
    >>> @explore(slope=(0.0, 1.0, 0.5), alt=lambda slope: f"A line of slope {slope}.")
    ... def line(slope):
    ...     figure = Figure()
    ...     figure.add_subplot().plot([0, 1], [0, slope])
    ...     return figure
    >>> line
    Figure line at slope = 0.5
      slope: 0 to 1 in 3 values
      A line of slope 0.5.
    """
    if not (isinstance(alt, str) or callable(alt)):
        raise TypeError(
            f"alt must be a text or a function of the controls, not {type(alt).__name__}"
        )
    if isinstance(alt, str) and controls:
        raise TypeError(
            "alt must be a function of the controls, because what the figure shows depends on them"
        )
    if not isinstance(caption, str):
        raise TypeError(f"caption must be a text, not {caption!r:.60}")
    for name, values in (("defaults", defaults), ("titles", titles)):
        if values is not None and not isinstance(values, Mapping):
            raise TypeError(f"{name} must be a mapping {{control: …}}, not {values!r:.60}")
    made = make_controls(controls, dict(defaults or {}), dict(titles or {}))
    stops = make_stops(tour, made)
    if autoplay is not None and autoplay not in [c.name for c in made if c.kind == "slider"]:
        raise ValueError(f"autoplay must name a slider, not {autoplay!r}")
    theme = HOUSE if style is palette is None else Theme(style, palette)

    def decorate(draw: Callable[..., Figure]) -> Explorable:
        if not inspect.isfunction(draw):
            raise TypeError(f"what draws must be a function with a name, not {draw!r:.60}")
        for what, function in (("drawing function", draw), ("alt", alt)):
            if not callable(function):
                continue
            accepted = list(inspect.signature(function).parameters)
            if sorted(accepted) != sorted(controls):
                more = f". {NO_OPTION}" if set(controls) - set(accepted) else ""
                raise TypeError(
                    f"the {what} of {draw.__name__} takes ({', '.join(accepted)}), but the "
                    f"controls are ({', '.join(controls)}){more}"
                )
        return Explorable(draw, made, alt, caption, stops, autoplay, theme)

    return decorate


def _span(control: Control) -> str:
    if control.kind == "slider":
        return f"{control.labels[0]} to {control.labels[-1]} in {len(control.values)} values"
    return ", ".join(control.labels)
