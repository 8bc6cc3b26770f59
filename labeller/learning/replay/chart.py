"""Curves of a replay as a picture: the mean over seeds, and the band from the worst seed to the best.

A Vega-Lite specification as a plain dict (docs/decisions/0004-charts.md), drawn without a browser.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import floor, log2
from pathlib import Path
from typing import Any

from labeller.learning.replay.curves import FIGURES, CurvePoint

# Okabe and Ito (2008): told apart also by those who see few colours. Ours comes first.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c8c8c"]
WIDTH, HEIGHT = 640, 400  # pixels
MEAN = {"field": "mean", "type": "quantitative"}
SCALE = 2.0  # of the saved picture
LEGEND = {"symbolOpacity": 1, "symbolType": "stroke", "labelLimit": 400, "orient": "bottom", "columns": 2}
DASHES = [[1, 0], [6, 3], [2, 2]]  # when the colours begin again: whole, broken, dotted
DIGIT = 7  # pixels of an axis label's digit, with room


def curves_spec(
    curves: Mapping[str, Sequence[CurvePoint]], *, figure: str, title: str = "", tested_on: int = 0
) -> dict[str, Any]:
    """`figure`, a key of FIGURES, against the number of labels; a line and a band for each name, in this order. A name
    with one point has no band, but a bar. `tested_on`: texts, for the line below the title."""
    values = [
        {"name": name, "alone": len(points) == 1} | asdict(point) for name, points in curves.items() for point in points
    ]
    names = list(curves)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": f"{FIGURES[figure]} against number of labels: mean and range over seeds.",
        "title": {"text": title, "subtitle": _subtitle(values, tested_on), "anchor": "start"},
        "width": WIDTH,
        "height": HEIGHT,
        "background": "white",
        "data": {"values": values},
        "encoding": {
            "x": _x(values),
            "color": {
                "field": "name",
                "type": "nominal",
                "title": None,
                "sort": names,
                "scale": {"domain": names, "range": [COLOURS[at % len(COLOURS)] for at in range(len(names))]},
                "legend": LEGEND,
            },
            "strokeDash": {
                "field": "name",
                "type": "nominal",
                "title": None,
                "sort": names,
                "scale": {"domain": names, "range": [_dash(at) for at in range(len(names))]},
                "legend": LEGEND,
            },
        },
        "layer": [
            {"mark": {"type": "area", "opacity": 0.15}, "encoding": {"y": _y(values, figure), "y2": {"field": "high"}}},
            {
                "transform": [{"filter": "datum.alone"}],
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
            },
            {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"y": MEAN}},
            {"mark": {"type": "point", "filled": True, "size": 50}, "encoding": {"y": MEAN}},
        ],
        "config": {"font": "sans-serif", "view": {"stroke": None}, "axis": {"gridColor": "#e4e2dc"}},
    }


def title_of(train: Path, *, held_back: bool) -> str:
    """The name of the file, and whether it is its own test."""
    return f"{train.stem}{', a third of it held back' if held_back else ''}"


def save_png(spec: dict[str, Any], path: Path) -> None:
    """Draw it. Loads a JavaScript engine."""
    import vl_convert

    unfinished = path.with_name(f".{path.name}.writing")
    unfinished.write_bytes(vl_convert.vegalite_to_png(spec, scale=SCALE))
    unfinished.replace(path)


def _x(values: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Doublings are equally far apart: label counts are, and curves bend where it matters."""
    counts = sorted({value["labels"] for value in values})
    scale = {"type": "log", "base": 2, "nice": False} | ({"domain": [counts[0], counts[-1]]} if counts else {})
    return {
        "field": "labels",
        "type": "quantitative",
        "title": "Labels",
        "scale": scale,
        "axis": {
            "values": counts,
            "grid": False,
            "labelFlush": False,
            "labelOverlap": False,
            "labelExpr": _in_rows(counts),
        },
    }


def _in_rows(counts: Sequence[int]) -> str:
    """The numbers of the axis, as a Vega expression: where two would touch, the second stands a row lower."""
    ends: list[float] = []  # in each row, where the last number ends, in pixels
    lines: dict[str, list[str]] = {}
    for count in counts:
        half = DIGIT * len(str(count)) / 2
        at = WIDTH * log2(count / counts[0]) / log2(counts[-1] / counts[0]) if counts[-1] > counts[0] else 0.0
        row = next((row for row, end in enumerate(ends) if at - half >= end), len(ends))
        ends[row : row + 1] = [at + half]
        lines[str(count)] = [""] * row + [str(count)]
    return f"{json.dumps(lines)}[datum.value]"


def _dash(at: int) -> list[int]:
    return DASHES[at // len(COLOURS) % len(DASHES)]


def _subtitle(values: Sequence[dict[str, Any]], tested_on: int) -> str:
    """What line and band are."""
    seeds = sorted({value["seeds"] for value in values})
    texts = [f"{tested_on:,} test texts"] if tested_on else []
    if not seeds or seeds[-1] == 1:
        return ", ".join(["one seed", *texts] if seeds else texts)
    number = f"{seeds[-1]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    return ", ".join([f"mean of {number} seeds", "band from worst to best", *texts])


def _y(values: Sequence[dict[str, Any]], figure: str) -> dict[str, Any]:
    lowest = min((value["low"] for value in values), default=0.0)
    return {
        "field": "low",
        "type": "quantitative",
        "title": FIGURES[figure],
        "scale": {"domain": [min(0.8, max(0.0, floor(lowest * 10) / 10)), 1.0]},
        "axis": {"format": ".0%" if figure == "accuracy" else ".2f"},
    }
