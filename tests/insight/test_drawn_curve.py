"""The still picture of the curve: every point lies where its numbers say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labeller.insight.curve import CurveRow
from labeller.insight.drawn_curve import BOTTOM, LEFT, RIGHT, TOP, Drawing, drawn_curve
from labeller.insight.selectors import Estimate

SHARES = st.tuples(*[st.floats(0, 1) for _ in range(3)]).map(sorted).map(lambda s: Estimate(s[1], s[0], s[2]))


def row(labels: int, accuracy: Estimate | None, kind: str = "quick") -> CurveRow:
    return CurveRow(1, kind, labels, 40, accuracy, None, "", "")


ROWS = st.lists(
    st.builds(row, st.integers(0, 100_000), st.none() | SHARES, st.sampled_from(["quick", "full"])), max_size=30
)


def test_without_a_measured_model_there_is_no_picture() -> None:
    assert drawn_curve([], "accuracy") is None
    assert drawn_curve([row(40, None)], "accuracy") is None
    assert drawn_curve([row(40, Estimate(0.8, 0.7, 0.9))], "macro_f1") is None


@given(ROWS)
def test_all_points_and_ticks_lie_inside_and_more_labels_further_right(rows: list[CurveRow]) -> None:
    drawing = drawn_curve(sorted(rows, key=lambda each: each.labels), "accuracy")
    if drawing is None:
        assert all(each.accuracy is None for each in rows)
        return
    assert sum(len(part.points) for part in drawing.series) == sum(each.accuracy is not None for each in rows)
    for part in drawing.series:
        places = [(float(x), float(y)) for x, y in part.points]
        assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in places)
        assert [x for x, _ in places] == sorted(x for x, _ in places)
        assert (part.band == "") == (len({x for x, _ in places}) == 1)
    assert 2 <= len(drawing.x_ticks) <= 9 and 2 <= len(drawing.y_ticks) <= 6
    assert all(TOP <= float(tick.at) <= BOTTOM for tick in drawing.y_ticks)
    assert all(LEFT <= float(tick.at) <= RIGHT for tick in drawing.x_ticks)


def test_the_best_is_at_the_top_and_the_axis_says_its_numbers() -> None:
    drawing = drawn_curve([row(100, Estimate(1.0, 0.62, 1.0)), row(50, Estimate(0.8, 0.7, 0.9))], "accuracy")
    assert drawing is not None
    assert float(drawing.series[0].points[0][1]) == TOP
    assert [tick.words for tick in drawing.y_ticks] == ["60 %", "70 %", "80 %", "90 %", "100 %"]
    assert [tick.words for tick in drawing.x_ticks][:3] == ["0", "20", "40"]


def bounds(drawing: Drawing) -> list[tuple[float, float]]:
    return [(float(low) - float(high), float(x)) for part in drawing.series for x, low, high in part.whiskers]


def test_every_interval_is_drawn_also_where_models_share_a_number_of_labels() -> None:
    two = [row(130, Estimate(0.66, 0.5, 0.79), "full"), row(130, Estimate(0.7, 0.6, 0.8), "full")]
    drawing = drawn_curve(two, "accuracy")
    assert drawing is not None and len(drawing.series[0].points) == 2
    assert len(bounds(drawing)) == 2 and drawing.series[0].band == ""
    assert drawing.series[0].line == ",".join(drawing.series[0].points[1])  # no line upright from one to the other


def test_line_and_band_go_through_the_last_model_at_each_number_of_labels() -> None:
    shares = [(50, 0.7), (100, 0.75), (100, 0.8), (150, 0.85)]
    drawing = drawn_curve([row(labels, Estimate(value, 0.65, 0.9)) for labels, value in shares], "accuracy")
    assert drawing is not None
    part = drawing.series[0]
    assert part.line.split() == [",".join(part.points[place]) for place in (0, 2, 3)]
    assert len(part.band.split()) == 6 and len(part.whiskers) == 2


def test_a_curve_of_one_point_shows_its_interval() -> None:
    drawing = drawn_curve([row(130, Estimate(0.7, 0.6, 0.8))], "accuracy")
    assert drawing is not None and len(bounds(drawing)) == 1
