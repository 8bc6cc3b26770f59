"""The forecast in the picture of the curve: the fitted law as a dotted line, its doubt as a band behind it."""

from __future__ import annotations

from typing import Any

from labeller.insight.extrapolation import band_at, value_at
from labeller.insight.outlook import Law

AS_FAR = 1.5  # times the labels there are; the table goes to twice as many, the picture keeps room for the points
STEPS = 24


def with_forecast(spec: dict[str, Any], law: Law | None) -> dict[str, Any]:
    """`spec` with the forecast behind its points and its axis long enough; unchanged without one to show. It ends where
    the pool does."""
    if law is None or not law.passed:
        return spec
    last = min(AS_FAR * law.labels, law.texts)
    if last <= law.labels:
        return spec  # every text has its label
    x = spec["encoding"]["x"]
    scale = x["scale"] | {"domain": [x["scale"]["domain"][0], max(x["scale"]["domain"][1], round(last * 1.02))]}
    encoding = spec["encoding"] | {"x": x | {"scale": scale}}
    data = {"values": [_point(law, law.labels + (last - law.labels) * step / STEPS) for step in range(STEPS + 1)]}
    own = [_band(data), _line(data)]
    for layer in own:  # without the points' own scale Vega-Lite would draw from 0
        layer["encoding"]["y"]["scale"] = _scale(spec)
    return spec | {"encoding": encoding, "layer": [*own, *spec["layer"]]}


def _scale(spec: dict[str, Any]) -> dict[str, Any]:
    """The one that the points' layers set."""
    found = [layer["encoding"]["y"]["scale"] for layer in spec["layer"] if "scale" in layer["encoding"].get("y", {})]
    return dict(found[0]) if found else {}


def _point(law: Law, labels: float) -> dict[str, float]:
    low, high = band_at(law.drawn, labels)
    figures = {"labels": labels, "value": value_at(law.best, labels), "low": max(0.0, low), "high": min(1.0, high)}
    return {name: round(figure, 4) for name, figure in figures.items()}


def _band(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": data,
        "mark": {"type": "area", "opacity": 0.09, "clip": True},
        "encoding": {
            "color": {"value": {"expr": "accent"}},
            "y": {"field": "low", "type": "quantitative"},
            "y2": {"field": "high"},
        },
    }


def _line(data: dict[str, Any]) -> dict[str, Any]:
    """Dots: the quick models' line is dashed already."""
    return {
        "data": data,
        "mark": {"type": "line", "strokeDash": [1, 6], "strokeCap": "round", "strokeWidth": 3, "clip": True},
        "encoding": {"color": {"value": {"expr": "accent"}}, "y": {"field": "value", "type": "quantitative"}},
    }
