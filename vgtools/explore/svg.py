"""From a Matplotlib figure to small SVG trees that follow the page's theme."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from itertools import count

from matplotlib.figure import Figure

from vgtools import figures

Element = ElementTree.Element

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"

_VARIABLES = {
    shade.light: f"var(--vg-{name},{shade.light})"
    for name, shade in {**figures.PALETTE, **figures.NEUTRALS}.items()
}
_COLOUR = re.compile("|".join(_VARIABLES))
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_FONT = re.compile(r"font:\s*(?P<words>[\w\s]*?)(?P<size>[\d.]+)px\s[^;]*")
_NO_TURN = re.compile(r"rotate\(-?0(?:\.0*)?(?: [^)]*)?\)")
_PATH_TOKEN = re.compile(r"[A-Za-z]|-?[\d.]+(?:e[+-]?\d+)?")
_ARGUMENTS = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}


def svg_panels(figure: Figure, name: str = "figure") -> list[Element]:
    """Draw a figure and return one clean `svg` element for each of its panels.

    Coordinates are rounded to a hundredth of a pixel, colours of the house style
    become page variables, and everything that differs from run to run without
    being seen (identifiers, metadata, font lists) is gone.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As made by `vgtools.figures.subplots`.
    name : str
        What identifiers inside the drawing start with: unique on a page.

    Returns
    -------
    list of xml.etree.ElementTree.Element
        From left to right, without namespaces.

    Examples
    --------
    >>> [left, right] = svg_panels(figures.subplots(2)[0])
    >>> left.get("viewBox"), right.get("viewBox")
    ('0 0 252 187.2', '252 0 252 187.2')
    """
    figure.patch.set_visible(False)
    shares = figures.panels(figure)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    for number, axes in enumerate(shown):
        axes.set_gid(f"panel-{number}")
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())
    width, height = (float(size) for size in root.get("viewBox").split()[2:])
    drawing = root.find(f"{SVG}g")
    _inline_definitions(root)

    share = width / shares
    result = []
    for column in range(shares):
        panel = ElementTree.Element(
            "svg", {"viewBox": f"{_short(column * share)} 0 {_short(share)} {_short(height)}"}
        )
        for number, axes in enumerate(shown):
            if shares == 1 or int(axes.get_position().x0 * shares) == column:
                panel.append(_clean(drawing.find(f".//{SVG}g[@id='panel-{number}']")))
        if shares == 1:
            axes_groups = {f"panel-{number}" for number in range(len(shown))}
            panel.extend(_clean(group) for group in drawing if group.get("id") not in axes_groups)
        _add_clips(panel, root, f"{name}-clip-{column}")
        result.append(panel)
    return result


def markup(element: Element) -> str:
    """Serialise an element without a namespace and without white space of its own.

    Examples
    --------
    >>> markup(ElementTree.fromstring("<g><path d='M0 0' /></g>"))
    '<g><path d="M0 0"/></g>'
    """
    text = ElementTree.tostring(element, encoding="unicode", short_empty_elements=True)
    return text.replace(" />", "/>")


def _inline_definitions(root: Element) -> None:
    """Replace each `use` by the path it refers to, so that no identifier is needed for it."""
    definitions = {path.get("id"): path for path in root.iter(f"{SVG}path") if path.get("id")}
    for parent in list(root.iter()):
        for position, child in enumerate(list(parent)):
            if child.tag == f"{SVG}use":
                path = definitions[child.get(HREF)[1:]]
                copy = ElementTree.Element(f"{SVG}path", {"d": path.get("d")})
                style = "; ".join(filter(None, (path.get("style"), child.get("style"))))
                copy.set("style", style)
                copy.set("transform", f"translate({child.get('x', 0)} {child.get('y', 0)})")
                parent[position] = copy


def _clean(element: Element) -> Element:
    clean = ElementTree.Element(element.tag.removeprefix(SVG))
    for name, value in element.attrib.items():
        if name == "d":
            value = relative_path(value)
        elif name == "style":
            value = _clean_style(value)
        elif name == "transform":
            value = _NO_TURN.sub("", _NUMBER.sub(_rounded, value)).strip()
        elif name == "clip-path":
            pass
        elif name == HREF and element.tag == f"{SVG}image":
            name = "href"
        elif name == "id" or name.startswith("{"):
            continue
        else:
            value = _NUMBER.sub(_rounded, value)
        if value:
            clean.set(name, value)
    if element.text and element.text.strip():
        clean.text = element.text
    for child in element:
        if child.tag in (f"{SVG}defs", f"{SVG}metadata", f"{SVG}title"):
            continue
        inner = _clean(child)
        inner.tail = child.tail if child.tail and child.tail.strip() else None
        if inner.tag != "g" or len(inner):
            clean.append(inner)
    return clean


def _clean_style(style: str) -> str:
    pairs = (part.partition(":") for part in _FONT.sub(_font, style).split(";") if part.strip())
    last = {name.strip(): _NUMBER.sub(_rounded, value.strip()) for name, _, value in pairs}
    last.pop("font-family", None)  # the page's own font
    short = ";".join(f"{name}:{value}" for name, value in last.items())
    return _COLOUR.sub(lambda match: _VARIABLES[match[0]], short)


def _font(match: re.Match[str]) -> str:
    words = match["words"].split()
    parts = [f"font-size:{match['size']}px"]
    if "bold" in words or "700" in words:
        parts.append("font-weight:bold")
    if "italic" in words:
        parts.append("font-style:italic")
    return ";".join(parts)


def _add_clips(panel: Element, root: Element, prefix: str) -> None:
    """Add the clip paths that the panel refers to, named in order of appearance."""
    shapes = {clip.get("id"): clip[0] for clip in root.iter(f"{SVG}clipPath")}
    names: dict[str, str] = {}
    numbers = count()
    for element in panel.iter():
        reference = _REFERENCE.fullmatch(element.get("clip-path", ""))
        if reference:
            if reference[1] not in names:
                names[reference[1]] = f"{prefix}-{next(numbers)}"
            element.set("clip-path", f"url(#{names[reference[1]]})")
    for position, (old, new) in enumerate(names.items()):
        clip = ElementTree.Element("clipPath", {"id": new})
        clip.append(_clean(shapes[old]))
        panel.insert(position, clip)


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
