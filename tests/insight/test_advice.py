"""What the page says of forecast and stopping, sentence by sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from labeller.insight.advice import forecast_sentence, outlook, round_labels, usual_target
from labeller.insight.outlook import Law, Reading
from labeller.insight.selectors import Estimate

CURVE = (0.95, 2.0, 0.5)
LAW = Law(300, 12, 0.006, True, CURVE, [CURVE] * 50 + [(0.955, 2.0, 0.5)] * 50, 50, Estimate(0.008, 0.006, 0.01))
LAW_OF_DOUBT = replace(LAW, drawn=[(0.99, 2.0, 0.5)] * 40 + [(0.945, 2.0, 0.5)] * 15 + [(0.86, 2.0, 0.5)] * 45)
ADVICE: dict[str, Any] = {
    "settled": "on", "sure": "off", "flat": "off", "word": "go on", "audit_missing": 0, "too_rare": {},
}  # fmt: skip
READING = Reading(12, 110, 4_000, 0.31, 0.3, 0.984, LAW, ADVICE, [], {1: "Change", 2: "Court"})


def words(**advice: Any) -> Any:
    found = outlook(replace(READING, advice=ADVICE | advice), None)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("law", "target", "sentence"),
    [
        (LAW, 85, "To reach 85 % you will need about 63 more labels (63 to 100)."),
        (LAW, 80, "By this curve the model is at 80 % already, or so close that nobody can tell."),
        (LAW, 90, "To reach 90 % will probably take more than twice the 300 labels there are"),
        (LAW, 90, "no forecast goes. What can be told: 87 % will need about 250 more labels (250 to 330)."),
        (replace(LAW, drawn=[CURVE] * 75 + [(0.8, 2.0, 0.5)] * 25), 85, "about 100 more labels (100 to 300)."),
        (LAW_OF_DOUBT, 86, "How many more labels 86 % takes cannot be told well yet: 0 or more, or labels alone"),
        (LAW_OF_DOUBT, 86, "or labels alone are not enough. More audit texts narrow it."),
        (replace(LAW, passed=False, miss=0.034), 85, "missed the others by 3.4 points on average, and more than 3"),
        (None, 85, "There is no forecast yet: it takes six models"),
        (replace(LAW, passed=False, fell=True), 85, "over the 12 models so far accuracy falls"),
        (
            replace(LAW, texts=310),
            85,
            "63 more labels (63 to 100) would be needed. The pool has only 10 texts left",
        ),
        (replace(LAW, texts=370), 85, "you will need about 63 more labels (63 to 70)."),
        (
            replace(LAW, texts=400),
            90,
            "goes. The pool has only 100 texts left to label. What can be told: 85",
        ),
    ],
)
def test_the_forecast_is_one_sentence(law: Law | None, target: int, sentence: str) -> None:
    assert sentence in forecast_sentence(law, target)


@pytest.mark.parametrize(
    ("count", "rounded"), [(0, 0), (7, 7), (13, 13), (213, 210), (1484, 1500), (float("inf"), float("inf"))]
)
def test_labels_are_told_with_two_digits(count: float, rounded: float) -> None:
    assert round_labels(count) == rounded


@pytest.mark.parametrize(
    ("level", "target"), [(0.70, 75), (0.739, 75), (0.741, 80), (0.81, 85), (0.96, 99), (0.98, 99)]
)
def test_the_usual_target_is_the_next_five_per_cent_a_point_away(level: float, target: int) -> None:
    assert usual_target(replace(LAW, best=(level, 0.0, 0.5))) == target


def test_two_signs_for_it_advise_to_stop() -> None:
    found = words(sure="on", word="stop")
    assert found.title == "You may stop here" and "Two of the three signs" in found.advice
    assert [(lamp.state, lamp.word) for lamp in found.lamps] == [
        ("good", "Predictions have settled"),
        ("good", "Little doubt is left"),
        ("bad", "More labels still help"),
    ]


def test_signs_against_it_advise_to_go_on() -> None:
    found = words()
    assert (found.title, found.advice) == ("Keep going", "2 of the three signs speak against stopping.")
    assert [lamp.detail for lamp in found.lamps] == [
        "98.4 % of answers are those of the model before.",
        "The model is less than 80 % sure of 31 % of the texts.",
        "The next 50 labels: +0.8 points (0.6 to 1.0).",
    ]


def test_each_lamp_says_what_was_measured_and_what_is_wanted() -> None:
    found = words(
        signs={"kappas": [0.5, 0.97, 0.98, 0.99], "entropy": 0.31, "gain": 0.01},
        limits={"settled": 0.98, "window": 3, "sure": 0.05, "gain": 0.02},
    )
    settled, sure, flat = (lamp.detail for lamp in found.lamps)
    assert settled == "Agreement beyond chance, mean of the last 3 models: 0.980; from 0.98 on it counts as settled."
    assert sure.endswith("Doubt left (entropy): 31 % of the most there can be; below 5 % is wanted.")
    assert flat.endswith("+0.8 points (0.6 to 1.0). Wanted is that they bring less than 2 at most.")


def test_with_several_labels_a_text_it_says_that_there_is_no_advice_and_what_to_go_by() -> None:
    found = words(word="untried", flat="unknown", signs={"multi_label": True}, limits={"gain": 0.02, "window": 3})
    assert found.title == "No advice to stop" and "Judge by macro-F1 and by each label’s recall." in found.advice
    assert found.lamps[2].detail == "The forecast is of whole answers and says too little of rare labels."


def test_without_evidence_it_says_exactly_what_is_missing() -> None:
    found = words(word="not yet", audit_missing=12, too_rare={"2": 3})
    assert found.title == "Too early for advice"
    assert found.advice == (
        "Whether to stop cannot be said yet: 12 more audit texts must be answered, so that there are 100; "
        "every label must be met 5 times, and these were not: “Court” (3)."
    )


def test_what_is_not_known_is_called_so() -> None:
    found = outlook(
        replace(READING, law=None, unchanged=None, advice=ADVICE | {"settled": "unknown", "flat": "unknown"}), 80
    )
    assert found is not None and found.target == 80 and found.ahead == []
    assert [lamp.word for lamp in found.lamps] == [
        "Not known: predictions have settled", "Some doubt is left", "Not known: more labels help little",
    ]  # fmt: skip


def test_the_table_goes_to_twice_the_labels() -> None:
    assert [point.labels for point in words().ahead] == [300, 375, 450, 600]


def test_the_table_ends_where_the_pool_does() -> None:
    found = outlook(replace(READING, law=replace(LAW, texts=320)), None)
    assert found is not None and [point.labels for point in found.ahead] == [300, 320]


def test_what_the_pool_has_left_is_not_called_the_next_labels() -> None:
    found = outlook(replace(READING, law=replace(LAW, texts=350)), None)
    assert found is not None and found.lamps[2].detail == "All 50 texts left in the pool: +0.8 points (0.6 to 1.0)."


def test_before_the_first_reading_there_is_no_outlook() -> None:
    assert outlook(None, None) is None
