"""The thin lines beside the models' curve, as layers of its specification. Told apart by colour, dash and shape."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from django.utils.translation import gettext_lazy

from labeller.insight.curve import KIND_NAMES, PLAIN_KINDS
from labeller.insight.lines import CHOSEN, RANDOM, RUNNING
from labeller.insight.saved_picture import KeyEntry

MODELS_ONLY = {"filter": {"field": "kind", "oneOf": ["quick", "full"]}}

# (colour of the page, dash, shape of its points)
LOOKS: dict[str, tuple[str, list[int], str]] = {
    PLAIN_KINDS["full"]: ("accent", [1, 4], "triangle-up"),
    PLAIN_KINDS["quick"]: ("soft", [1, 4], "triangle-up"),
    RUNNING: ("good", [1, 0], "circle"),
    CHOSEN: ("ink", [2, 3], "square"),
    RANDOM: ("warn", [7, 3], "diamond"),
}


SPELT_OUT = {
    RUNNING: gettext_lazy("said before the answer, last 50 audit texts"),
    CHOSEN: gettext_lazy("all labels, untuned encoder"),
    RANDOM: gettext_lazy("random labels alone, untuned encoder"),
}


def beside_layers(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line for each kind among `points` that is no model, its points, and its 95 % band in its own colour. The plain
    line has none: its band lies over that of the leading one and would hide which is which."""
    layers: list[dict[str, Any]] = []
    for kind, (colour, dash, shape) in LOOKS.items():
        if not any(point["kind"] == kind for point in points):
            continue
        layer: dict[str, Any] = {"transform": [{"filter": {"field": "kind", "equal": kind}}]}
        colours = {"color": {"value": {"expr": colour}}}
        value = {"y": {"field": "value", "type": "quantitative"}} | colours
        if kind not in PLAIN_KINDS.values():
            band = {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}} | colours
            layers.append(layer | {"mark": {"type": "area", "opacity": 0.08}, "encoding": band})
        line = {"type": "line", "strokeWidth": 1.5, "strokeDash": dash, "strokeJoin": "round"}
        layers.append(layer | {"mark": line, "encoding": value})
        mark = {"type": "point", "shape": shape, "size": 22, "strokeWidth": 1.5, "filled": False}
        layers.append(layer | {"mark": mark, "encoding": value})
    return layers


def beside_key(kinds: Collection[str]) -> list[KeyEntry]:
    """Their entries in the key of the saved picture."""
    names = KIND_NAMES | SPELT_OUT
    return [KeyEntry(str(names[kind]), *look) for kind, look in LOOKS.items() if kind in kinds]


def quoted(name: str) -> str:
    """A name as a string of a Vega expression: labels may hold quotes."""
    return json.dumps(name)
