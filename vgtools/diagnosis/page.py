"""A diagnosis in a notebook: the findings, a figure of the path, and a table of it."""

from __future__ import annotations

import hashlib
import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from vgtools import figures
from vgtools.diagnosis.judging import together
from vgtools.explore import explorable

if TYPE_CHECKING:
    from vgtools.diagnosis.diagnosis import Diagnosis

ROWS = 60
"""How many layers the table shows at most."""


def page(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as HTML that needs nothing else, the same for the same diagnosis."""
    parts = [f"<div><p><strong>{escape(diagnosis.title)}</strong>: {escape(diagnosis.verdict)}</p>"]
    if diagnosis.findings:
        parts.append("<ol>")
        for each in diagnosis.findings:
            parts.append(
                f"<li><p><strong>{escape(each.kind)}</strong>: {escape(each.summary)}.</p>"
                f"<p>Why: {escape(each.why)}</p><p>What to do: {escape(each.advice)}</p>"
                f"<p>The book: {escape(each.chapter.title)}</p></li>"
            )
        parts.append("</ol>")
    parts += [f"<p>{escape(note)}.</p>" for note in diagnosis.notes]
    if len(_heights(diagnosis)) >= 2:
        parts.append(_drawing(diagnosis))
    if diagnosis.trace.points:
        parts.append(_table(diagnosis))
    return "".join([*parts, "</div>"])


def _heights(diagnosis: Diagnosis) -> np.ndarray:
    """Return log10 of the gradient at each point, relative to the last; finite ones only."""
    heights = np.array([together(point.gradient) for point in diagnosis.trace.points])
    heights = heights[np.isfinite(heights)]
    return heights - heights[-1] if len(heights) else heights


def _drawing(diagnosis: Diagnosis) -> str:
    heights = _heights(diagnosis)
    theory = diagnosis.theory.log_gradient
    told = (
        f"Through {len(heights)} layers, from the last to the first, the norm of the gradient "
        f"changes by a factor of {figures.short_number(10.0 ** heights[0], 2)}."
        if abs(heights[0]) < 300
        else f"The gradient changes by 10 to the power of {heights[0]:.0f}."
    )

    def draw() -> Figure:
        figure, [axes] = figures.subplots(height=2.4)
        layers = 1 + np.arange(len(heights))
        axes.plot(layers, heights, **figures.line_style("blue"))
        if theory is not None and len(theory) == len(heights):
            figures.theory_line(axes, layers, theory)
        low, high = math.floor(heights.min()), math.ceil(heights.max())
        ticks = sorted({low, 0, max(high, low + 1)})
        figures.set_panel(
            axes, "log₁₀ of the gradient's norm", "layer", x=sorted({1, len(heights)}), y=ticks
        )
        return figure

    figure = explorable.explore(alt=told)(draw)
    name = "diagnosis-" + hashlib.sha256(repr((heights.tolist(), told)).encode()).hexdigest()[:12]
    return figure.to_html(identifier=name)


def _table(diagnosis: Diagnosis) -> str:
    points = diagnosis.trace.points
    faulty = {name for each in diagnosis.findings for name in each.layers}
    heads = ("layer", "signal", "gradient", "gradient of the weights")
    rows = ["<table><thead><tr>", *(f"<th>{head}</th>" for head in heads), "</tr></thead><tbody>"]
    for point in points[:ROWS]:
        numbers = (point.signal, 10 ** together(point.gradient), point.weight_gradient)
        name = f"<strong>{escape(point.name)}</strong>" if point.name in faulty else None
        rows.append(f"<tr><td>{name or escape(point.name)}</td>")
        rows += [f"<td>{_written(number)}</td>" for number in numbers]
        rows.append("</tr>")
    rows.append("</tbody></table>")
    if len(points) > ROWS:
        rows.append(f"<p>And {len(points) - ROWS} layers more.</p>")
    return "".join(rows)


def _written(number: float) -> str:
    return figures.short_number(number, 2) if math.isfinite(number) else "–"
