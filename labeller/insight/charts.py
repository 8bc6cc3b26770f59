"""The learning curve as a Vega-Lite specification. Pure: from rows to a dict that the browser draws.

Written as a plain dict: importing Altair costs a web process 45 MB (docs/decisions/0004-charts.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeller.insight.ceiling import PEOPLE, ceiling_layers
from labeller.insight.change_marks import changes_key
from labeller.insight.chart_lines import MODELS_ONLY, beside_key, beside_layers, quoted
from labeller.insight.curve import CurveRow
from labeller.insight.joining import joining
from labeller.insight.pointing import figures_told, names_told
from labeller.insight.saved_picture import KeyEntry
from labeller.insight.selectors import Estimate
from labeller.insight.vega_frame import frame

Metric = Literal["accuracy", "macro_f1", "micro_f1", "label_f1"]
METRICS: dict[Metric, Promise] = {
    "accuracy": gettext_lazy("Accuracy"),
    "macro_f1": gettext_lazy("Macro-F1"),
    "micro_f1": gettext_lazy("Micro-F1"),
    "label_f1": gettext_lazy("F1 of one label"),
}
JOINED = {"filter": "datum.joined"}


def curve_spec(rows: Sequence[CurveRow], *, metric: Metric, name: str = "", texts: str = "") -> dict[str, Any]:
    """One metric against the number of labels, with its 95 % band, a series for each kind of model, and the lines
    beside them.

    Rows without evidence are left out. `name`: of the metric, where it is more than METRICS says. `texts`: what the
    figures were measured on.
    """
    name, texts = name or str(METRICS[metric]), texts or _("Audit texts")
    rows = [row for row in rows if getattr(row, metric) is not None]
    how = joining(rows)
    points = [
        _point(row, metric)
        | {"joined": at in how.joined, "whisker": at in how.whiskers}
        | figures_told(row, metric, name, texts)
        for at, row in enumerate(rows)
    ]
    return frame(
        _("%(figure)s against number of labels, with 95 %% band.") % {"figure": name},
        data={"name": "curve", "values": points},
        encoding={"x": _x(points), "color": _by_kind("accent", "soft")},
        layer=[
            _band(points, metric),
            _whisker(),
            _line(),
            *beside_layers(points),
            *ceiling_layers(points, _y(points, metric)["scale"]),
            _points(),
            _reading(names_told(rows, metric, name, texts)),
        ],
    )


def curve_key(
    rows: Sequence[CurveRow], metric: Metric, *, has_forecast: bool, has_changes: bool = False
) -> list[KeyEntry]:
    """The key of the saved picture: what it draws, and nothing else."""
    kinds = {row.kind for row in rows if getattr(row, metric) is not None}
    full = KeyEntry(_("full model"), "accent", shape="circle", is_filled=True)
    quick = KeyEntry(_("quick model"), "soft", [5, 4], "circle")
    models = [entry for kind, entry in (("full", full), ("quick", quick)) if kind in kinds]
    forecast = [KeyEntry(_("forecast"), "accent", [1, 6])] if has_forecast else []
    band = [KeyEntry(_("95 %% band") % {}, "accent", is_band=True)] if models else []
    people = [KeyEntry(_("one person judged by another"), "ink", [10, 4])] if PEOPLE in kinds else []
    return [*models, *band, *forecast, *beside_key(kinds), *people, *([changes_key()] if has_changes else [])]


def _point(row: CurveRow, metric: Metric) -> dict[str, Any]:
    estimate: Estimate = getattr(row, metric)
    return {
        "labels": row.labels,
        "kind": row.kind,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
    }


def _x(points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    most = max((point["labels"] for point in points), default=0)
    return {
        "field": "labels",
        "type": "quantitative",
        "title": _("Labels"),
        "scale": {"domain": [0, max(50, round(most * 1.06))], "nice": False},
        "axis": {"grid": False, "tickMinStep": 1, "tickCount": 6, "labelFlush": True},
    }


def _y(points: Sequence[dict[str, Any]], metric: Metric) -> dict[str, Any]:
    lowest = min((point["low"] for point in points), default=0.0)
    return {
        "field": "value",
        "type": "quantitative",
        "title": None,
        # From the tenth below the lowest bound, never a cut that makes a small gain look large.
        "scale": {"domain": [min(0.6, max(0.0, floor(lowest * 10) / 10)), 1.0]},
        "axis": {"format": ".0%" if metric == "accuracy" else ".1f", "tickCount": 5, "domain": False, "ticks": False},
    }


def _by_kind(full: str, quick: str) -> dict[str, Any]:
    return {"condition": {"test": "datum.kind === 'full'", "value": {"expr": full}}, "value": {"expr": quick}}


def _band(points: Sequence[dict[str, Any]], metric: Metric) -> dict[str, Any]:
    return {
        "transform": [MODELS_ONLY, JOINED],
        "mark": {"type": "area"},
        "encoding": {
            "opacity": {"condition": {"test": "datum.kind === 'full'", "value": 0.17}, "value": 0.11},
            "y": _y(points, metric) | {"field": "low"},
            "y2": {"field": "high"},
            "detail": {"field": "kind"},
        },
    }


def _whisker() -> dict[str, Any]:
    """The interval of a point that no band shows."""
    return {
        "transform": [MODELS_ONLY, {"filter": "datum.whisker"}],
        "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.22, "strokeCap": "round"},
        "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
    }


def _line() -> dict[str, Any]:
    return {
        "transform": [MODELS_ONLY, JOINED],
        "mark": {"type": "line", "strokeCap": "round", "strokeJoin": "round"},
        "encoding": {
            "y": {"field": "value", "type": "quantitative"},
            "detail": {"field": "kind"},
            "strokeWidth": {"condition": {"test": "datum.kind === 'full'", "value": 3}, "value": 1.75},
            "strokeDash": {"condition": {"test": "datum.kind === 'full'", "value": [1, 0]}, "value": [5, 4]},
        },
    }


def _points() -> dict[str, Any]:
    """Full ones are discs, quick ones rings: told apart without colour too."""
    return {
        "transform": [MODELS_ONLY],
        "mark": {"type": "point", "filled": False, "strokeWidth": 2, "opacity": 1},
        "encoding": {
            "y": {"field": "value", "type": "quantitative"},
            "fill": _by_kind("accent", "card"),
            "size": {"condition": {"test": "datum.kind === 'full'", "value": 64}, "value": 34},
        },
    }


def _reading(names: Sequence[str]) -> dict[str, Any]:
    """Invisible and wide, so that the pointer needs no aim: the nearest point answers with all its figures."""
    # Spelt out, not an encoding: Vega-Lite 6.4 looks a nominal field up in the voronoi cell.
    told = ", ".join(f"{quoted(name)}: (datum.datum || datum)[{quoted(name)}]" for name in names)
    return {
        "params": [
            {"name": "near", "select": {"type": "point", "on": "pointerover", "nearest": True, "clear": "pointerout"}}
        ],
        "mark": {"type": "point", "filled": False, "size": 220, "strokeWidth": 2, "tooltip": {"expr": f"{{{told}}}"}},
        "encoding": {
            "y": {"field": "value", "type": "quantitative"},
            "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
        },
    }
