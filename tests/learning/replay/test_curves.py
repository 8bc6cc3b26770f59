"""Curves over seeds and the labels that another curve needs, as tables; the picture as a specification and a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labeller.learning.replay.chart import curves_spec, save_png
from labeller.learning.replay.curves import FIGURES, CurvePoint, curve, labels_needed, newest_model


def line(*points: tuple[int, float]) -> list[CurvePoint]:
    return curve([points])


def test_a_curve_is_the_mean_over_seeds_with_its_spread() -> None:
    assert curve([[(32, 0.8), (64, 0.9)], [(32, 0.6)], [(32, 0.7)]]) == [
        CurvePoint(32, 0.7, 0.7, 0.6, 0.8, 0.1, 3),
        CurvePoint(64, 0.9, 0.9, 0.9, 0.9, 0.0, 1),
    ]


@pytest.mark.parametrize(
    ("value", "needed", "at_most", "ratio"),
    [
        (0.5, 32.0, True, 4.0),  # below our first point: 32 or fewer
        (0.8, 32.0, True, 4.0),
        (0.85, 48.0, False, 128 / 48),
        (0.9, 64.0, False, 2.0),
        (0.92, 96.0, False, 128 / 96),
        (0.95, None, False, None),
    ],
)
def test_labels_needed_are_read_off_straight_lines(
    value: float, needed: float | None, at_most: bool, ratio: float | None
) -> None:
    ours = line((32, 0.8), (64, 0.9), (128, 0.94))
    (found,) = labels_needed(ours, line((128, value)))
    assert (found.labels, found.reached, found.at_most) == (128, value, at_most)
    assert found.ours == pytest.approx(needed) and found.ratio == pytest.approx(ratio, abs=0.005)


def test_a_curve_that_falls_in_between_counts_from_where_it_first_got_there() -> None:
    (found,) = labels_needed(line((10, 0.5), (20, 0.7), (30, 0.6), (40, 0.9)), line((80, 0.65)))
    assert found.ours == 17.5


def test_a_curve_without_points_reaches_nothing() -> None:
    assert labels_needed([], line((8, 0.3)))[0].ratio is None


@pytest.mark.parametrize(
    ("quick", "serving", "found"),
    [
        ({"accuracy": 0.5}, {"accuracy": 0.4, "full": True}, 0.5),
        (None, {"accuracy": 0.4, "full": True}, 0.4),
        (None, {"full": False}, None),
    ],
)
def test_the_newest_model_is_the_head_over_the_encoder_that_serves(
    quick: dict[str, float] | None, serving: dict[str, float], found: float | None
) -> None:
    model = newest_model({"quick": quick, "serving": serving})
    assert (model and model["accuracy"]) == found


def test_the_picture_has_a_line_and_a_band_for_each_name(tmp_path: Path) -> None:
    curves = {"default": line((32, 0.81), (64, 0.9)), "random": line((32, 0.63), (64, 0.8))}
    spec = curves_spec(curves, figure="accuracy", title="TREC")
    assert len(spec["data"]["values"]) == 4 and spec["encoding"]["color"]["sort"] == ["default", "random"]
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0.6, 1.0]
    save_png(spec, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert [path.name for path in tmp_path.iterdir() if "writing" in path.name] == []


@pytest.mark.parametrize("figure", FIGURES)
def test_no_two_places_of_an_axis_have_the_same_number(figure: str) -> None:
    import vl_convert

    svg = vl_convert.vegalite_to_svg(curves_spec({"default": line((16, 0.62), (64, 0.75))}, figure=figure))
    numbers = re.findall(r">([\d.]+%?)</text>", svg.split('aria-label="Y-axis')[1])
    assert len(numbers) > 4 and len(set(numbers)) == len(numbers)


def test_the_picture_says_what_line_and_band_are() -> None:
    def below(*points: CurvePoint) -> str:
        said: str = curves_spec({"a": points}, figure="accuracy", tested_on=1000)["title"]["subtitle"]
        return said

    one, two = curve([[(32, 0.5)]]), curve([[(32, 0.5)], [(32, 0.6)]])
    three = curve([[(64, 0.5)], [(64, 0.6)], [(64, 0.7)]])
    assert below(*one) == "one seed, 1,000 test texts"
    assert below(*two) == "mean of 2 seeds, band from worst to best, 1,000 test texts"
    assert below(*two, *three) == "mean of 2 to 3 seeds, band from worst to best, 1,000 test texts"


def test_no_two_of_twenty_curves_look_alike() -> None:
    encoding = curves_spec({str(n): line((32, 0.5)) for n in range(20)}, figure="accuracy")["encoding"]
    colours, dashes = encoding["color"]["scale"]["range"], encoding["strokeDash"]["scale"]["range"]
    assert len({(colour, tuple(dash)) for colour, dash in zip(colours, dashes, strict=True)}) == 20
    assert {tuple(dash) for dash in dashes[:8]} == {(1, 0)}


def test_a_single_count_has_a_bar_from_the_worst_seed_to_the_best() -> None:
    spec = curves_spec({"one": curve([[(32, 0.5)], [(32, 0.9)]]), "two": line((32, 0.5), (64, 0.6))}, figure="accuracy")
    bar = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "rule")
    assert bar["transform"] == [{"filter": "datum.alone"}]
    assert [(value["name"], value["alone"]) for value in spec["data"]["values"]] == [
        ("one", True), ("two", False), ("two", False),
    ]  # fmt: skip


@pytest.mark.parametrize("counts", [(16, 17, 18, 525), (32, 64, 128, 256, 525), (500, 505, 510, 515, 520), (32,)])
def test_every_count_has_its_number_on_the_axis(counts: tuple[int, ...]) -> None:
    import vl_convert

    svg = vl_convert.vegalite_to_svg(curves_spec({"a": line(*((n, 0.5) for n in counts))}, figure="accuracy"))
    numbers = re.findall(r">(\d+)</t", svg.split('aria-label="X-axis')[1].split('aria-label="Y-axis')[0])
    assert sorted(map(int, numbers)) == list(counts)
