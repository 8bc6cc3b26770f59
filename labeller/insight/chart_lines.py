"""The thin lines beside the models' curve, as layers of its specification. Told apart by colour, dash and shape."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from labeller.insight.curve import PLAIN_KINDS
from labeller.insight.lines import CHOSEN, RANDOM, RUNNING

MODELS_ONLY = {"filter": {"field": "kind", "oneOf": ["quick", "full"]}}

# (colour of the page, dash, shape of its points)
LOOKS: dict[str, tuple[str, list[int], str]] = {
    PLAIN_KINDS["full"]: ("accent", [1, 4], "triangle-up"),
    PLAIN_KINDS["quick"]: ("soft", [1, 4], "triangle-up"),
    RUNNING: ("good", [1, 0], "circle"),
    CHOSEN: ("ink", [2, 3], "square"),
    RANDOM: ("warn", [7, 3], "diamond"),
}


def beside_layers(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line for each kind among `points` that is no model, and its points."""
    layers: list[dict[str, Any]] = []
    for kind, (colour, dash, shape) in LOOKS.items():
        if not any(point["kind"] == kind for point in points):
            continue
        layer = {"transform": [{"filter": {"field": "kind", "equal": kind}}]}
        value = {"y": {"field": "value", "type": "quantitative"}, "color": {"value": {"expr": colour}}}
        line = {"type": "line", "strokeWidth": 1.5, "strokeDash": dash, "strokeJoin": "round"}
        layers.append(layer | {"mark": line, "encoding": value})
        mark = {"type": "point", "shape": shape, "size": 22, "strokeWidth": 1.5, "filled": False}
        layers.append(layer | {"mark": mark, "encoding": value})
    return layers


def quoted(name: str) -> str:
    """A name as a string of a Vega expression: labels may hold quotes."""
    return json.dumps(name)
