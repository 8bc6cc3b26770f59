"""A chart as it is saved: with a title and a key, in the light colours on white, for whoever meets it without the page
around it. Pure: from a specification to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH, HEIGHT = 860, 400
SAMPLE, GAP, LETTER = 26, 22, 6.6  # pixels: of a sample, between entries, of a letter at 12 px on average
ROW = 20


@dataclass(frozen=True)
class KeyEntry:
    """One entry of the key. `shape` is that of its points; a band is a filled sample."""

    name: str
    colour: str  # of vega_frame.PALETTE
    dash: list[int] = field(default_factory=lambda: [1, 0])
    shape: str = ""
    is_band: bool = False
    is_filled: bool = False

    @property
    def width(self) -> float:
        return SAMPLE + 7 + LETTER * len(self.name)


def saved(spec: dict[str, Any], *, title: str, key: Sequence[KeyEntry]) -> dict[str, Any]:
    """`spec` with its title and its key above the plot, at a size of its own."""
    places = _places(key)
    rows = 1 + max((row for _, row in places), default=0)
    heading = {"text": title, "anchor": "start", "frame": "group", "fontSize": 15, "offset": 14}  # from the key
    entries = [
        layer
        for entry, (x, row) in zip(key, places, strict=True)
        for layer in _entry(entry, x, -14 - ROW * (rows - 1 - row))
    ]
    return spec | {
        "width": WIDTH,
        "height": HEIGHT,
        "autosize": {"type": "pad"},
        "padding": 18,
        "title": heading | {"color": {"expr": "ink"}},
        "layer": [*spec["layer"], *entries],
    }


def _places(key: Sequence[KeyEntry]) -> list[tuple[float, int]]:
    """(x, row) of each entry, from left to right and from the top."""
    places: list[tuple[float, int]] = []
    x, row = 0.0, 0
    for entry in key:
        if x and x + entry.width > WIDTH:
            x, row = 0.0, row + 1
        places.append((x, row))
        x += entry.width + GAP
    return places


def _entry(entry: KeyEntry, x: float, y: float) -> list[dict[str, Any]]:
    colour = {"color": {"value": {"expr": entry.colour}}}
    across = {"x": {"value": x}, "x2": {"value": x + SAMPLE}, "y": {"value": y}}
    if entry.is_band:
        box = across | {"y": {"value": y - 6}, "y2": {"value": y + 6}}
        sample = [_layer({"type": "rect", "opacity": 0.2, "cornerRadius": 2}, box | colour)]
    else:
        line = {"type": "rule", "strokeWidth": 2, "strokeDash": entry.dash, "strokeCap": "round"}
        sample = [_layer(line, across | colour)]
    if entry.shape:
        point = {"type": "point", "shape": entry.shape, "size": 44, "strokeWidth": 2, "opacity": 1}
        fill = {"fill": {"value": {"expr": entry.colour if entry.is_filled else "card"}}}
        place = {"x": {"value": x + SAMPLE / 2}, "y": {"value": y}}
        sample.append(_layer(point | {"filled": False}, place | colour | fill))
    words = {"type": "text", "align": "left", "baseline": "middle", "fontSize": 12}
    where = {"x": {"value": x + SAMPLE + 7}, "y": {"value": y}, "text": {"value": entry.name}}
    return [*sample, _layer(words, where | {"color": {"value": {"expr": "ink"}}})]


def _layer(mark: dict[str, Any], encoding: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"values": [{}]}, "mark": mark, "encoding": encoding}
