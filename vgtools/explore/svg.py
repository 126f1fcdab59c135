"""From a Matplotlib figure to small SVG trees that follow the page's theme.

Each panel is an element of its own: side by side on a desktop, below each other on a phone,
where one drawing of both would have labels of 6 pixels.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from vgtools.explore.panels import panels as count_panels
from vgtools.explore.raster import Replaced, lighter_image, render_lightly
from vgtools.explore.theme import HOUSE, Theme

Element = ElementTree.Element

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"

_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_FONT = re.compile(r"font:\s*(?P<words>[\w\s-]*?)(?P<size>[\d.]+)px\s(?P<family>[^;]*)")
_NO_TURN = re.compile(r"rotate\(-?0(?:\.0*)?(?: [^)]*)?\)")
_FACTORS = re.compile(r"scale\([^)]*\)|matrix\((?:\S+ ){4}")
"""What multiplies lengths in a transform; the rest of it is lengths and angles."""
_PATH_TOKEN = re.compile(r"[A-Za-z]|-?[\d.]+(?:e[+-]?\d+)?")
_ARGUMENTS = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}


def svg_panels(
    figure: Figure,
    name: str = "figure",
    theme: Theme = HOUSE,
    replaced: list[Replaced] | None = None,
) -> list[Element]:
    """Draw a figure and return one clean `svg` element for each of its panels.

    Coordinates are rounded to a hundredth of a pixel, colours of the palette
    become page variables, and everything that differs from run to run without
    being seen (identifiers, metadata, font lists) is gone. A white background gives
    way to that of the page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Axes that keep to equal shares of the width become panels of their own.
    name : str
        What identifiers inside the drawing start with: unique on a page.
    theme : Theme
        The palette.
    replaced : list of Replaced, optional
        Takes what is drawn in pixels because its vectors would be heavier.

    Returns
    -------
    list of xml.etree.ElementTree.Element
        From left to right, without namespaces.

    Raises
    ------
    ValueError
        If the figure holds something that a browser cannot show as Matplotlib does;
        the message names it and says what to use.

    Examples
    --------
    >>> figure = Figure(figsize=(7, 2.6))
    >>> _ = figure.subplots(1, 2)
    >>> [left, right] = svg_panels(figure)
    >>> left.get("viewBox"), right.get("viewBox")
    ('0 0 252 187.2', '252 0 252 187.2')
    """
    if _is_plain(figure):
        figure.patch.set_visible(False)  # the page's own background takes its place
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()  # which puts the axes where they belong
    shares = count_panels(figure)
    places: dict[str | None, float] = {}
    for number, axes in enumerate(figure.axes):
        axes.set_gid(f"vg-panel-{number}")
        places[axes.get_gid()] = axes.get_position().x0
    text, pixels = render_lightly(figure)
    if replaced is not None:
        replaced += pixels
    root = ElementTree.fromstring(text)
    width, height = (float(size) for size in root.get("viewBox").split()[2:])
    definitions = {element.get("id"): element for element in root.iter() if element.get("id")}
    _inline_paths(root, definitions)
    groups = root.find(f"{SVG}g")
    if any(group.get("id") not in places for group in groups):
        shares = 1  # a background, or axes that became an image

    share = width / shares
    panels = [
        ElementTree.Element(
            "svg", {"viewBox": f"{_short(column * share)} 0 {_short(share)} {_short(height)}"}
        )
        for column in range(shares)
    ]
    for group in groups:
        column = int(places.get(group.get("id"), 0) * shares)
        panels[min(max(column, 0), shares - 1)].append(_clean(group, theme))
    for column, panel in enumerate(panels):
        _add_definitions(panel, definitions, name, column, theme)
    return panels


def _is_plain(figure: Figure) -> bool:
    """Tell whether a figure's background is white, or nothing, without a border."""
    patch = figure.patch
    face, edge = to_rgba(patch.get_facecolor()), to_rgba(patch.get_edgecolor())
    border = patch.get_linewidth() and edge[3]
    return face in (to_rgba("white"), (*face[:3], 0.0)) and not border and not patch.get_hatch()


def markup(element: Element) -> str:
    """Serialise an element without a namespace and without white space of its own.

    Examples
    --------
    >>> markup(ElementTree.fromstring("<g><path d='M0 0' /></g>"))
    '<g><path d="M0 0"/></g>'
    """
    text = ElementTree.tostring(element, encoding="unicode", short_empty_elements=True)
    return text.replace(" />", "/>")


def _inline_paths(root: Element, definitions: dict[str | None, Element]) -> None:
    """Replace each `use` by the path it refers to, so that no identifier is needed for it."""
    for parent in list(root.iter()):
        for position, child in enumerate(list(parent)):
            if child.tag == f"{SVG}use":
                path = definitions[child.get(HREF)[1:]]
                copy = ElementTree.Element(f"{SVG}path", {"d": path.get("d", "")})
                style = "; ".join(filter(None, (path.get("style"), child.get("style"))))
                copy.set("style", style)
                copy.set("transform", f"translate({child.get('x', 0)} {child.get('y', 0)})")
                parent[position] = copy


def _clean(element: Element, theme: Theme) -> Element:
    clean = ElementTree.Element(element.tag.removeprefix(SVG))
    for name, value in element.attrib.items():
        if name == "d":
            value = relative_path(value)
        elif name == "style":
            value = _clean_style(value, theme)
        elif name == "transform":
            value = _clean_transform(value)
        elif "url(#" in value:
            pass
        elif name == HREF and element.tag == f"{SVG}image":
            name, value = "href", lighter_image(value)
        elif name == "id" or name.startswith("{"):
            continue
        else:
            value = _NUMBER.sub(_rounded, value)
        if value:
            clean.set(name, value)
    for name in ("fill", "stroke"):
        if clean.get(name) in theme:  # an attribute cannot hold a variable everywhere
            paint = f"{name}:{theme.variable(clean.attrib.pop(name))}"
            clean.set("style", ";".join(filter(None, (clean.get("style"), paint))))
    if element.text and element.text.strip():
        clean.text = element.text
    for child in element:
        if child.tag in (f"{SVG}defs", f"{SVG}metadata", f"{SVG}title"):
            continue
        inner = _clean(child, theme)
        inner.tail = child.tail if child.tail and child.tail.strip() else None
        if inner.tag != "g" or len(inner):
            clean.append(inner)
    return clean


def _clean_transform(transform: str) -> str:
    """Round lengths and angles. A factor keeps its digits, because it may multiply any length."""
    parts, end = [], 0
    for factors in _FACTORS.finditer(transform):
        parts += [_NUMBER.sub(_rounded, transform[end : factors.start()]), factors[0]]
        end = factors.end()
    parts.append(_NUMBER.sub(_rounded, transform[end:]))
    return _NO_TURN.sub("", "".join(parts)).strip()


def _clean_style(style: str, theme: Theme) -> str:
    pairs = (part.partition(":") for part in _FONT.sub(_font, style).split(";") if part.strip())
    last = {name.strip(): value.strip() for name, _, value in pairs}
    for name, value in last.items():
        # Many layers of an opacity of 0.004 can be seen, and none of an opacity of 0.
        last[name] = _NUMBER.sub(_opacity if name.endswith("opacity") else _rounded, value)
    if re.match(r"['\"]DejaVu Sans['\"]", last.get("font-family", "")):
        del last["font-family"]  # the house style's font gives way to the page's own
    short = ";".join(f"{name}:{value}" for name, value in last.items())
    return theme.pattern.sub(lambda match: theme.variable(match[0]), short)


def _font(match: re.Match[str]) -> str:
    """Write out the shorthand that earlier versions of Matplotlib use."""
    parts = [f"font-size:{match['size']}px"]
    for word in match["words"].split():
        if word in ("italic", "oblique"):
            parts.append(f"font-style:{word}")
        elif word != "normal":
            parts.append(f"font-{'variant' if word == 'small-caps' else 'weight'}:{word}")
    return ";".join([*parts, f"font-family:{match['family']}"])


def _add_definitions(
    panel: Element,
    definitions: dict[str | None, Element],
    name: str,
    column: int,
    theme: Theme,
) -> None:
    """Add what the panel refers to (clip paths, patterns), named in order of appearance."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    added: list[Element] = []

    def new_name(reference: re.Match[str]) -> str:
        old = reference[1]
        if old not in names:
            shape = _clean(definitions[old], theme)
            kind = shape.tag.removesuffix("Path")
            names[old] = f"{name}-{kind}-{column}-{counts[kind]}"
            counts[kind] += 1
            shape.attrib = {"id": names[old], **shape.attrib}
            added.append(shape)
        return f"url(#{names[old]})"

    for part in (panel, added):
        for element in (inner for whole in part for inner in whole.iter()):
            for attribute, value in element.items():
                if "url(#" in value:
                    element.set(attribute, _REFERENCE.sub(new_name, value))
    panel[:0] = added


def relative_path(path: str) -> str:
    """Rewrite an absolute path with relative coordinates in hundredths of a pixel.

    Rounding is done before the differences are taken, so that errors do not add
    up along the path. Neighbouring frames then differ in few characters.

    Parameters
    ----------
    path : str
        The `d` attribute of a path, with the commands M, L, Q, C and Z.

    Examples
    --------
    >>> relative_path("M 10 20 L 10.5 19.996 L 11 30 z")
    'M10 20l.5 0 .5 10z'
    """
    tokens = _PATH_TOKEN.findall(path)
    parts: list[str] = []
    here = start = (0, 0)
    last, position = "", 0
    while position < len(tokens):
        command = tokens[position].upper()
        if command not in _ARGUMENTS:
            raise ValueError(f"the path command {tokens[position]!r} is not one of M, L, Q, C, Z")
        size = _ARGUMENTS[command]
        numbers = [
            round(float(token) * 100) for token in tokens[position + 1 : position + 1 + size]
        ]
        position += 1 + size
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "Z":
            parts.append("z")
            here, last = start, "z"
            continue
        if command == "M":
            here = start = points[0]
            parts.append("M" + _join(points[0]))
            last = "M"
            continue
        flat = [value for x, y in points for value in (x - here[0], y - here[1])]
        here = points[-1]
        text = _join(flat)
        if command.lower() == last and not text.startswith("-"):
            parts.append(" " + text)
        else:
            parts.append((command.lower() if command.lower() != last else "") + text)
        last = command.lower()
    return "".join(parts)


def _join(hundredths: list[int] | tuple[int, ...]) -> str:
    text = ""
    for value in hundredths:
        number = _short(value / 100)
        text += number if not text or number.startswith("-") else " " + number
    return text


def _short(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    if text == "-0":
        return "0"
    return re.sub(r"^(-?)0\.", r"\1.", text)


def _rounded(match: re.Match[str]) -> str:
    return _short(float(match[0]))


def _opacity(match: re.Match[str]) -> str:
    return re.sub(r"^0\.", ".", f"{float(match[0]):.3g}")
