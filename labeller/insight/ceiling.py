"""How high people get, as a line of the curve: one person judged by another, on texts drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from labeller.insight.agreement import ceiling_of
from labeller.insight.curve import FIGURES, CurveRow
from labeller.learning.weighing import newest_reading
from labeller.projects.models import Project

PEOPLE = "people"
HOW = gettext_noop(
    "One person judged by another, on texts drawn at random that two or more answered; bootstrap over the texts."
)


def people_rows(project: Project) -> list[CurveRow]:
    """One row, or none while too few texts drawn at random were answered twice. One query."""
    reading = newest_reading(project)
    figures = {name: ceiling_of(reading, name) for name in FIGURES}
    if reading is None or figures["accuracy"] is None:
        return []
    return [
        CurveRow(
            model=0,
            kind=PEOPLE,
            labels=0,
            audit_texts=reading.at_random["texts"],
            accuracy=figures["accuracy"],
            macro_f1=figures["macro_f1"],
            micro_f1=figures["micro_f1"],
            note="",
            how=_(HOW),
        )
    ]


def ceiling_mark(row: CurveRow | None) -> str:
    """Changes whenever the line does."""
    return f"{row.audit_texts}-{row.accuracy.value:.4f}" if row and row.accuracy else ""


def ceiling_layers(points: Sequence[dict[str, Any]], scale: dict[str, Any]) -> list[dict[str, Any]]:
    """A band across the picture with a line in it, for the point of this kind; nothing without one. `scale` is that of
    the points: with one of their own Vega-Lite would draw from 0."""
    found = [point for point in points if point["kind"] == PEOPLE]
    if not found:
        return []
    data = {"values": [{name: found[0][name] for name in ("value", "low", "high")}]}
    across = {"color": {"value": {"expr": "ink"}}, "x": None}
    value, low = ({"field": name, "type": "quantitative", "scale": scale} for name in ("value", "low"))
    band = {"data": data, "mark": {"type": "rect", "opacity": 0.07}}
    line = {"data": data, "mark": {"type": "rule", "strokeWidth": 1.5, "strokeDash": [10, 4]}}
    name = {"data": data, "mark": {"type": "text", "text": _("people"), "align": "right", "dx": -4, "dy": -7}}
    return [
        band | {"encoding": across | {"y": low, "y2": {"field": "high"}}},
        line | {"encoding": across | {"y": value}},
        name | {"encoding": across | {"y": value, "x": {"value": "width"}}},
    ]
