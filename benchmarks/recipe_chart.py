"""Accuracy against the seconds of a round: where the curve bends is where another round no longer pays."""

from __future__ import annotations

from collections import defaultdict
from statistics import mean
from typing import Any

FROZEN_S = 1.0  # the head over the frozen encoder; on a scale of doublings it needs a place

Runs = dict[str, dict[str, Any]]


def round_points(runs: Runs) -> list[dict[str, Any]]:
    """One point for each number of labels and way of making a model: {labels, way, seconds, accuracy, low, high, runs}.

    `runs` are those of benchmarks.recipe by their key, "labels/seed/.../pseudo-labels". A run gives a point for the
    frozen encoder, one for its first stage, and one for its second under the name of its rounds.
    """
    found: dict[tuple[int, str], list[tuple[float, float]]] = defaultdict(list)
    for key, run in runs.items():
        labels, pseudo = int(key.split("/")[0]), key.split("/")[-1]
        accuracy, seconds = run["accuracy"], run["seconds"]
        found[labels, "frozen encoder"].append((FROZEN_S, accuracy["frozen"]))
        found[labels, "labels alone"].append((seconds["labels"], accuracy["labels"]))
        if "pool" in accuracy:
            spent = seconds["labels"] + seconds.get("reading", 0.0) + seconds["pool"]
            found[labels, f"pool, {pseudo}"].append((spent, accuracy["pool"]))
    return [
        {
            "labels": labels,
            "way": way,
            "seconds": round(mean(seconds for seconds, _ in points), 1),
            "accuracy": round(mean(right for _, right in points), 4),
            "low": min(right for _, right in points),
            "high": max(right for _, right in points),
            "runs": len(points),
        }
        for (labels, way), points in sorted(found.items())
    ]


def rounds_spec(runs: Runs, *, title: str) -> dict[str, Any]:
    """The points as a Vega-Lite specification, a colour for each number of labels."""
    points = round_points(runs)
    x = {"field": "seconds", "type": "quantitative", "title": "Seconds of a round", "scale": {"type": "log", "base": 2}}
    y = {"field": "accuracy", "type": "quantitative", "title": "Accuracy", "scale": {"zero": False}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": title,
        "width": 640,
        "height": 400,
        "background": "white",
        "data": {"values": points},
        "encoding": {"x": x, "y": y, "color": {"field": "labels", "type": "nominal", "title": "Labels"}},
        "layer": [
            {"mark": "rule", "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}}},
            {"mark": {"type": "point", "filled": True, "size": 60}},
            {"mark": {"type": "text", "align": "left", "dx": 8, "dy": -6}, "encoding": {"text": {"field": "way"}}},
        ],
        "config": {"font": "sans-serif", "view": {"stroke": None}},
    }
