"""The figure as a piece of a web page that moves by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import count
from types import MappingProxyType

from vgtools.explore.controls import Control
from vgtools.explore.frames import CHILDREN, Slot, payload
from vgtools.explore.svg import Element, markup
from vgtools.explore.theme import NEUTRALS, PALETTE, variables
from vgtools.explore.tour import Stop

_SHARE = (
    '<div class="vg-share"><button type="button" class="vg-link" '
    'aria-label="Copy link to this figure">Copy link</button><span role="status"></span></div>'
)
"""The control that copies the address of the state that is shown."""


_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no page can hold: control characters, and halves of characters."""

_NAME = re.compile(r"[^\s\"'<>&()#]+")


def style_sheet() -> str:
    """Return the style sheet of all figures, with the palette as variables.

    Examples
    --------
    >>> "--vg-blue" in style_sheet()
    True
    """
    return (
        _asset("explore.css")
        .replace("/* palette: light */", palette(0))
        .replace("/* palette: dark */", palette(1))
    )


def runtime() -> str:
    """Return the script that moves all figures of a page.

    Examples
    --------
    >>> "</script" in runtime()
    False
    """
    return _asset("explore.js")


def numbered(name: str) -> Iterator[str]:
    """Yield a name, then the same with 2, 3, … behind it.

    Examples
    --------
    >>> names = numbered("plot")
    >>> next(names), next(names)
    ('plot', 'plot-2')
    """
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def identifiers(html: str) -> list[str]:
    """Return every identifier of a figure, also those of states that are not shown yet.

    Examples
    --------
    >>> identifiers('<figure id="one"><p id="two"></p></figure>')
    ['one', 'two']
    """
    return re.findall(r'\sid=\\?"([^"\\]*)', html)  # quotes in JSON stand behind a backslash


def printable(name: str, text: str) -> str:
    """Return a text of a figure, or raise a `ValueError` if no page can hold it.

    Examples
    --------
    >>> printable("unit", "f(x) ≤ 1")
    'f(x) ≤ 1'
    """
    if _UNPRINTABLE.search(text):
        raise ValueError(f"{name} says {text!r:.60}, with a character that no page can hold")
    return text


def _panel(panel: Element, handle: tuple[str, float, float] | None) -> str:
    """Write a panel as a picture that keeps its size, and knows where it can be dragged."""
    _, _, width, _ = panel.get("viewBox").split()
    panel.set("style", f"--vg-width:{width}")
    if handle is not None:
        panel.set("data-drag", " ".join(map(str, handle)))
    return markup(panel).replace("<svg ", '<svg aria-hidden="true" ', 1)


def figure_html(
    name: str,
    panels: Sequence[Element],
    description: str,
    *,
    caption: str = "",
    controls: Sequence[Control] = (),
    slots: Sequence[Slot] = (),
    handles: Mapping[int, tuple[str, float, float]] = MappingProxyType({}),
    tour: Sequence[Stop] = (),
    autoplay: str | None = None,
    with_runtime: bool = True,
    colours: str = "",
) -> str:
    """Write one figure as HTML.

    Parameters
    ----------
    name : str
        Identifier of the figure, unique on its page.
    panels : sequence of Element
        The drawing at the default state.
    description : str
        What the drawing shows at the default state, with its numbers.
    caption : str
        The finding, in a sentence; basic Markdown emphasis is allowed.
    controls : sequence of Control
        What can be moved; they stay hidden where scripts do not run.
    slots : sequence of Slot
        What changes from state to state.
    handles : mapping, optional
        Panels on which a slider can be dragged, as from `find_handles`.
    tour : sequence of Stop
        Named states: a list, whose names the script turns into buttons.
    autoplay : str, optional
        The slider that plays once when the figure comes into view.
    with_runtime : bool
        Whether style sheet and script come along: once on each page.
    colours : str
        A style sheet with the figure's own colours.

    Returns
    -------
    str

    Examples
    --------
    >>> html = figure_html("unit", [], "Nothing.", with_runtime=False)
    >>> html.startswith('<figure class="vg-explore" id="unit">')
    True
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"the identifier {name!r} of a figure must be one or more letters, digits and signs, "
            "without white space and quotes and none of < > & ( ) #"
        )
    labels = [text for control in controls for text in (control.title, *control.labels)]
    for text in (caption, *labels, *(stop.name + stop.sentence for stop in tour)):
        printable(name, text)
    drawing = "".join(map(markup, panels))
    states = [value for slot in slots if slot.name == CHILDREN for value in slot.values if value]
    taken = {name, *identifiers("".join([drawing, *states]))}
    says = _free(f"{name}-says", taken)
    plays = f' data-autoplay="{escape(autoplay)}"' if autoplay else ""
    parts = [f'<figure class="vg-explore" id="{name}"{plays}>']
    if with_runtime:
        parts.append(f"<style>{style_sheet()}</style>")
    if colours:
        parts.append(f"<style>{colours}</style>")
    parts.append(f'<div class="vg-panels" role="img" aria-labelledby="{says}">')
    parts += [_panel(panel, handles.get(number)) for number, panel in enumerate(panels)]
    parts.append("</div>")
    if controls:
        parts.append('<div class="vg-controls" role="group" aria-label="Controls" hidden>')
        for control in controls:
            key = _free(f"{name}-{control.name.replace('_', '-')}", taken)
            parts.append(_control_html(key, control))
        parts.append(_SHARE)
        parts.append("</div>")
    if tour:
        parts.append('<ol class="vg-tour" aria-label="A tour of this figure">')
        parts += [
            f'<li data-places="{" ".join(map(str, stop.places))}"><strong>'
            f"{escape(stop.name, quote=False)}</strong> "
            f"<span>{escape(stop.sentence, quote=False)}</span></li>"
            for stop in tour
        ]
        parts.append("</ol>")
    live = ' aria-live="polite"' if controls else ""
    parts.append(f'<p class="vg-says" id="{says}"{live}>{escape(description, quote=False)}</p>')
    if caption:
        parts.append(f"<figcaption>{_emphasis(caption)}</figcaption>")
    if with_runtime:  # even where nothing moves: the next figure of the page may
        parts.append(f"<script>{runtime()}</script>")
    if controls:
        shape = [len(control.values) for control in controls]
        parts.append(f'<script type="application/json">{payload(slots, shape)}</script>')
    parts.append("</figure>")
    return "".join(parts)


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken yet, and take it."""
    free = next(name for name in numbered(name) if name not in taken)
    taken.add(free)
    return free


def _control_html(key: str, control: Control) -> str:
    title = escape(control.title)
    common = f'id="{key}" data-control="{escape(control.name)}" autocomplete="off"'
    if control.kind == "checkbox":
        checked = " checked" if control.default else ""
        return (
            f'<div class="vg-control"><input type="checkbox" {common}{checked}>'
            f'<label for="{key}">{title}</label></div>'
        )
    if control.kind == "select":
        options = "".join(
            f"<option{' selected' if place == control.default else ''}>{escape(label)}</option>"
            for place, label in enumerate(control.labels)
        )
        return (
            f'<div class="vg-control"><label for="{key}">{title}</label>'
            f"<select {common}>{options}</select></div>"
        )
    label = escape(control.labels[control.default])
    labels = escape("|".join(control.labels))
    return (
        f'<div class="vg-control vg-slider"><label for="{key}">{title}</label>'
        f'<input type="range" {common} min="0" max="{len(control.values) - 1}" step="1" '
        f'value="{control.default}" aria-valuetext="{label}" data-labels="{labels}">'
        f'<output for="{key}" aria-hidden="true">{label}</output>'
        f'<button type="button" class="vg-play" aria-label="Play {title}" aria-pressed="false">'
        "</button></div>"
    )


def _emphasis(text: str) -> str:
    text = escape(text, quote=False)
    text = re.sub(r"\*\*((?:[^*]|\*[^*]+\*)+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)


def _asset(name: str) -> str:
    """Read a file beside this one, without its opening comment."""
    text = files("vgtools.explore").joinpath(name).read_text(encoding="utf-8")
    return re.sub(r"\A/\*.*?\*/\s*", "", text, flags=re.DOTALL)


def palette(page: int) -> str:
    """Return the colours of a light page (0) or of a dark one (1) as variables of CSS.

    Examples
    --------
    >>> palette(0) == palette(1)
    False
    """
    return variables({**PALETTE, **NEUTRALS} if page == 1 else PALETTE, page)
