"""The specification is one that Vega-Lite accepts, and it draws what the table says."""

from typing import Any

import altair
import pytest
from jsonschema import ValidationError  # type: ignore[import-untyped]

from labeller.insight.charts import METRICS, Metric, curve_key, curve_spec
from labeller.insight.curve import CurveRow
from labeller.insight.lines import CHOSEN, RANDOM, RUNNING
from labeller.insight.saved_picture import WIDTH, saved
from labeller.insight.selectors import Estimate
from labeller.insight.vega_frame import PALETTE


def row(model: int, labels: int, *, kind: str = "quick", value: float | None = 0.8) -> CurveRow:
    estimate = None if value is None else Estimate(value, value - 0.1, min(1.0, value + 0.1))
    note = "" if estimate else "too few (3)"
    return CurveRow(model, kind, labels, 35, estimate, estimate, note, "ten folds", estimate, estimate, 9)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(1, 40)],
        [row(0, 40, kind=RUNNING), row(0, 30, kind=RANDOM), row(0, 40, kind=CHOSEN)],
        [row(1, 10, value=None), row(2, 40), row(3, 40, kind="full"), row(4, 90)],
    ],
)
def test_the_specification_is_valid_vega_lite(rows: list[CurveRow], metric: Metric) -> None:
    altair.LayerChart.from_dict(curve_spec(rows, metric=metric), validate=True)


def test_the_schema_check_can_fail() -> None:
    wrong = curve_spec([row(1, 40)], metric="accuracy")
    wrong["layer"][0]["mark"]["type"] = "no such mark"
    with pytest.raises(ValidationError):
        altair.LayerChart.from_dict(wrong, validate=True)


def test_rows_without_evidence_are_not_drawn() -> None:
    assert [point["labels"] for point in _points([row(1, 10, value=None), row(2, 40)])] == [40]


def test_points_carry_all_figures_for_the_tooltip() -> None:
    [point] = _points([row(5, 40, kind="full")])
    assert (point["Model"], point["Labels"], point["Audit texts"]) == ("5 (full)", "40", "35")
    assert point["Accuracy"] == "80.0 % (70.0 to 90.0)" and point["Macro-F1"] == "0.800 (0.700 to 0.900)"


@pytest.mark.parametrize("kind", [RUNNING, CHOSEN, RANDOM])
def test_a_line_beside_the_models_has_its_own_band(kind: str) -> None:
    layers = curve_spec([row(0, 40, kind=kind), row(0, 60, kind=kind)], metric="accuracy")["layer"]
    [band] = [layer for layer in layers if layer["mark"]["type"] == "area" and "filter" in layer["transform"][0]
              and layer["transform"][0]["filter"].get("equal") == kind]  # fmt: skip
    assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("low", "high")


def test_a_line_beside_the_models_has_layers_of_its_own_and_is_in_no_band_of_theirs() -> None:
    alone, beside = ([row(1, 40), row(2, 60)], [row(0, 50, kind=RUNNING)])
    before, after = (curve_spec(rows, metric="accuracy")["layer"] for rows in (alone, alone + beside))
    added = [layer for layer in after if layer not in before and "params" not in layer]
    assert {layer["transform"][0]["filter"]["equal"] for layer in added} == {RUNNING}
    [point] = _points(beside)
    assert point["Model"] == RUNNING


def test_models_at_one_number_of_labels_each_show_their_interval_and_no_line_stands_upright() -> None:
    several = [row(1, 60), row(2, 130, kind="full"), row(3, 130, kind="full"), row(4, 130), row(5, 150)]
    points = curve_spec(several, metric="accuracy")["data"]["values"]
    assert [point["whisker"] for point in points] == [False, True, True, False, False]
    assert [point["joined"] for point in points] == [True, False, True, True, True]
    filters = {
        layer["mark"]["type"]: layer["transform"][1]["filter"]
        for layer in curve_spec(several, metric="accuracy")["layer"]
        if len(layer.get("transform", [])) > 1
    }
    assert filters == {"area": "datum.joined", "line": "datum.joined", "rule": "datum.whisker"}


def test_the_f1_of_a_label_is_told_by_the_label_s_name_whatever_it_holds() -> None:
    spec = curve_spec([row(1, 40)], metric="label_f1", name="""F1 of 'a "b\\""")
    [point] = spec["data"]["values"]
    assert point["F1 of 'a \"b\\"] == "0.800 (0.700 to 0.900)" and point["With the label"] == "9"
    altair.LayerChart.from_dict(spec, validate=True)


@pytest.mark.parametrize(("value", "bottom"), [(0.95, 0.6), (0.8, 0.6), (0.6, 0.5), (0.15, 0.0)])
def test_the_axis_never_cuts_the_band_nor_flatters_a_small_gain(value: float, bottom: float) -> None:
    band = curve_spec([row(1, 40, value=value)], metric="accuracy")["layer"][0]
    low, high = band["encoding"]["y"]["scale"]["domain"]
    assert (low, high) == (pytest.approx(bottom), 1.0)


def test_colours_are_parameters_that_the_page_may_replace() -> None:
    params = curve_spec([], metric="accuracy")["params"]
    assert {param["name"]: param["value"] for param in params} == PALETTE


EVERYTHING = [row(1, 40), row(2, 50, kind="full"), *(row(0, 50, kind=kind) for kind in (RUNNING, CHOSEN, RANDOM))]


def test_a_saved_picture_has_title_and_key_and_its_own_light_colours() -> None:
    spec = curve_spec(EVERYTHING, metric="accuracy")
    key = curve_key(EVERYTHING, "accuracy", has_forecast=True)
    picture = saved(spec, title="Terms: Accuracy", key=key)
    altair.LayerChart.from_dict(picture, validate=True)
    assert picture["title"]["text"] == "Terms: Accuracy" and picture["width"] == WIDTH
    words = [layer["encoding"]["text"]["value"] for layer in picture["layer"] if "text" in layer["encoding"]]
    assert words[:4] == ["full model", "quick model", "95 % band", "forecast"] and len(words) == 7
    assert {param["name"]: param["value"] for param in picture["params"]}["card"] == "#ffffff"


def test_the_key_names_what_is_drawn_and_nothing_else() -> None:
    assert [entry.name for entry in curve_key([row(1, 40)], "accuracy", has_forecast=False)] == [
        "quick model", "95 % band",
    ]  # fmt: skip
    assert curve_key([row(1, 40, value=None)], "accuracy", has_forecast=False) == []


def test_a_long_key_goes_on_in_another_row_and_no_entry_leaves_the_picture() -> None:
    key = curve_key(EVERYTHING, "accuracy", has_forecast=True)
    picture = saved(curve_spec(EVERYTHING, metric="accuracy"), title="", key=key)
    words = [layer["encoding"] for layer in picture["layer"] if "text" in layer["encoding"]]
    assert len({place["y"]["value"] for place in words}) > 1
    assert all(place["x"]["value"] < WIDTH and place["y"]["value"] < 0 for place in words)


def _points(rows: list[CurveRow]) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = curve_spec(rows, metric="accuracy")["data"]["values"]
    return points
