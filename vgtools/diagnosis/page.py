"""A diagnosis in a notebook: the findings, a figure of the path, and a table of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vgtools import figures
from vgtools.diagnosis.chapters import Chapter
from vgtools.diagnosis.finding import number, per_layer
from vgtools.diagnosis.judging import NOTICEABLE, power, slope, together
from vgtools.diagnosis.path_findings import path_change
from vgtools.diagnosis.trace import Trace
from vgtools.explore import explorable
from vgtools.frontend import static_build

if TYPE_CHECKING:
    from vgtools.diagnosis.diagnosis import Diagnosis

ROWS = 200
"""How many layers the table shows at most."""

UNFOLDED = 12
"""Up to how many layers it stands open."""


def page(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as HTML that needs nothing else, the same for the same diagnosis."""
    parts = [f"<div><p><strong>{escape(diagnosis.title)}</strong>: {escape(diagnosis.verdict)}</p>"]
    if diagnosis.findings:
        parts.append("<ol>")
        for each in diagnosis.findings:
            parts.append(
                f"<li><p><strong>{escape(each.kind)}</strong>: {escape(each.summary)}.</p>"
                f"<p>Why: {escape(each.why)}</p><p>What to do: {escape(each.advice)}</p>"
                f"<p>The book: {_link(each.chapter)}</p></li>"
            )
        parts.append("</ol>")
    parts += [f"<p>{escape(note)}.</p>" for note in diagnosis.notes]
    named = {name for each in diagnosis.findings for name in each.layers}
    parts += [_drawing(course) for course in _courses(diagnosis, named)]
    if diagnosis.trace.points:
        parts.append(_table(diagnosis.trace, named))
    return "".join([*parts, "</div>"])


def _link(chapter: Chapter) -> str:
    """Name a section, with a link where the book is published, or while it is built."""
    address = chapter.address
    if static_build():
        address = f"{chapter.page}.html#{chapter.anchor}"  # all chapters stand side by side
    title = escape(chapter.title)
    return f'<a href="{address}">{title}</a>' if address else title


@dataclass(frozen=True, eq=False)
class _Course:
    """A gradient on its way: log10 of its norm, relative to the end that the loss is at.

    `unit` is what lies between two heights, `faulty` the places of which a finding speaks.
    """

    heights: NDArray[np.float64]
    unit: str
    where: str
    faulty: list[int]
    theory: NDArray[np.float64] | None = None


def _courses(diagnosis: Diagnosis, named: set[str]) -> Iterator[_Course]:
    _, points = path_change(diagnosis.trace)
    if len(points) >= 2:
        theory = diagnosis.theory.log_gradient
        yield _Course(
            _relative(point.gradient for point in points),
            "layer",
            f"{len(points)} layers, from {points[-1].name} to {points[0].name}",
            [place for place, point in enumerate(points) if point.name in named],
            theory if theory is not None and len(theory) == len(points) else None,
        )
    for steps in diagnosis.trace.steps:
        heights = _relative(steps.gradient)
        if len(heights) >= 2:
            where = f"{len(heights)} time steps of {steps.name}, from the last to the first"
            faulty = list(range(len(heights))) if steps.name in named else []
            yield _Course(heights, "time step", where, faulty)


def _relative(rows: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    heights = np.array([together(row) for row in rows])
    heights = heights[np.isfinite(heights)]
    return heights - heights[-1:]


def _told(course: _Course) -> str:
    """Say in words and numbers what the figure shows."""
    total = course.heights[0]
    told = (
        f"Back through {course.where}, the norm of the gradient "
        f"{'shrinks' if total < 0 else 'grows'} by a factor of {_power(abs(total))}, "
        f"{per_layer(slope(course.heights))} per {course.unit}."
    )
    if course.theory is not None:
        told += f" Dashed: the mean field theory, {_power(course.theory[0])} at the first layer."
    if course.faulty:
        told += f" Thick: the {course.unit}s of a finding."
    return told + " Grey: factors below 100."


def _power(height: float) -> str:
    return number(10.0**height) if abs(height) < 300 else f"10 to the power {height:.0f}"


def _drawing(course: _Course) -> str:
    def draw() -> Figure:
        figure, [axes] = figures.subplots(height=2.4)
        places = 1 + np.arange(len(course.heights))
        reach = max(NOTICEABLE, *np.abs(course.heights))
        axes.axhspan(-NOTICEABLE, NOTICEABLE, color=figures.colour("grey"), alpha=0.15, linewidth=0)
        axes.plot(places, course.heights, **figures.line_style("blue"))
        if course.faulty:
            look = {**figures.line_style("vermillion"), "linewidth": 4}
            axes.plot(places[course.faulty], course.heights[course.faulty], **look)
        if course.theory is not None:
            figures.theory_line(axes, places, course.theory)
        low = -2 if course.heights.min() > -NOTICEABLE else math.floor(course.heights.min())
        high = 2 if course.heights.max() < NOTICEABLE else math.ceil(course.heights.max())
        figures.set_panel(
            axes,
            "log₁₀ of the gradient's norm, last = 0",
            course.unit,
            x=sorted({1, len(places)}),
            y=sorted({low, -2, 0, 2, high}) if reach < 20 else sorted({low, 0, high}),
        )
        return figure

    told = _told(course)
    figure = explorable.explore(alt=told)(draw)
    key = repr((course.heights.tolist(), course.faulty, told)).encode()
    return figure.to_html(identifier="diagnosis-" + hashlib.sha256(key).hexdigest()[:12])


def _table(trace: Trace, named: set[str]) -> str:
    points = trace.points
    updates = {each.name: each.relative for each in trace.updates}
    columns = {
        "signal": [point.signal for point in points],
        "gradient": [power(together(point.gradient)) for point in points],
        "gradient of the weights": [point.weight_gradient for point in points],
        "first step / weights": [updates.get(point.name, math.nan) for point in points],
    }
    columns = {head: each for head, each in columns.items() if np.isfinite(each).any()}
    rows = [
        "<table><thead><tr>",
        *(f"<th>{head}</th>" for head in ("layer", *columns)),
        "</tr></thead><tbody>",
    ]
    for place, point in enumerate(points[:ROWS]):
        name = escape(point.name)
        rows.append(f"<tr><td>{f'<strong>{name}</strong>' if point.name in named else name}</td>")
        rows += [f"<td>{_written(column[place])}</td>" for column in columns.values()]
        rows.append("</tr>")
    rows.append("</tbody></table>")
    if len(points) > ROWS:
        rows.append(f"<p>The table ends after {ROWS} of {len(points)} layers.</p>")
    table = "".join(rows)
    if len(points) <= UNFOLDED:
        return table
    return f"<details><summary>The numbers of {len(points)} layers</summary>{table}</details>"


def _written(value: float) -> str:
    return number(value) if math.isfinite(value) else "–"
