"""Accuracy against seconds: which points a benchmark's runs give."""

from __future__ import annotations

from benchmarks.recipe_chart import round_points, rounds_spec

RUNS = {
    "32/0/default/auto/0.6/0.0/2000": {
        "accuracy": {"frozen": 0.5, "labels": 0.7, "pool": 0.8}, "seconds": {"labels": 20, "reading": 10, "pool": 70},
    },
    "32/1/default/auto/0.6/0.0/2000": {
        "accuracy": {"frozen": 0.6, "labels": 0.8, "pool": 0.9}, "seconds": {"labels": 22, "reading": 10, "pool": 78},
    },
    "32/0/default/auto/0.6/0.0/2000,2000": {
        "accuracy": {"frozen": 0.5, "labels": 0.7}, "seconds": {"labels": 20, "reading": 10},
    },
}  # fmt: skip


def test_stages_are_points_and_the_second_has_the_seconds_of_all_before_it() -> None:
    points = {point["way"]: point for point in round_points(RUNS)}
    assert set(points) == {"frozen encoder", "labels alone", "pool, 2000"}  # no second stage, no point
    pool = points["pool, 2000"]
    assert (pool["seconds"], pool["accuracy"], pool["low"], pool["high"], pool["runs"]) == (105.0, 0.85, 0.8, 0.9, 2)
    assert points["labels alone"]["runs"] == 3 and points["labels alone"]["labels"] == 32


def test_the_picture_can_be_drawn() -> None:
    import vl_convert

    assert vl_convert.vegalite_to_png(rounds_spec(RUNS, title="trec6"))[:4] == b"\x89PNG"
