"""Changes of labels and guidelines in the picture of the curve: quiet upright lines, each with what changed on top."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from labeller.insight.curve_changes import CurveChange
from labeller.insight.dates import day
from labeller.insight.saved_picture import KeyEntry

NAME = "changes"  # of the layer: static/js/chart.js shows the key where there is one
DASH = [1, 3]
ABOVE = -7  # pixels: the top of a mark lies above the plot, where no point does


def with_changes(spec: dict[str, Any], changes: Sequence[CurveChange]) -> dict[str, Any]:
    """`spec` with the changes; those at the same number of labels share a line. Unchanged without one."""
    if not changes:
        return spec
    data = {"values": [_mark(labels, list(found)) for labels, found in groupby(changes, lambda each: each.labels)]}
    quiet = {"color": {"value": {"expr": "soft"}}}
    line = {"type": "rule", "strokeDash": DASH, "strokeWidth": 1, "opacity": 0.75}
    top = {"type": "point", "shape": "triangle-down", "size": 60, "filled": True, "opacity": 1}
    # Larger than it looks, for a finger; drawn last, so that it lies above what answers for the nearest point.
    reach = {"type": "point", "size": 500, "filled": True, "opacity": 0, "tooltip": {"expr": "datum.told"}}
    place = quiet | {"y": {"value": ABOVE}}
    return spec | {
        "layer": [
            {"name": NAME, "data": data, "mark": line, "encoding": quiet},
            *spec["layer"],
            {"data": data, "mark": top | {"aria": False}, "encoding": place},
            {"data": data, "mark": reach, "encoding": place | {"description": {"field": "words"}}},
        ]
    }


def changes_key() -> KeyEntry:
    """Their entry in the key of the saved picture."""
    return KeyEntry(_("labels or guidelines changed"), "soft", DASH, "triangle-down", is_filled=True)


def _mark(labels: int, changes: Sequence[CurveChange]) -> dict[str, Any]:
    told = {
        _("Version %(number)s, %(day)s") % {"number": each.number, "day": day(each.made_at)}: each.sentence
        for each in changes
    }
    return {
        "labels": labels,
        "words": "; ".join(f"{when}: {what}" for when, what in told.items()),
        "told": {"title": _("Labels or guidelines changed"), **told},
    }
