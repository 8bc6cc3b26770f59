"""Three signs, one word, and no word without evidence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from modelsvc.evaluation.stopping import RULE, Lamp, Limits, Signs, Word, advise

ALL_ON = Signs(kappas=[0.9, 0.98, 0.985, 0.982], entropy=0.04, gain=0.019, audit=100, seen={1: 5, 2: 60})


def test_two_of_three_signs_are_enough_and_one_is_not() -> None:
    assert advise(ALL_ON).word == Word.STOP
    assert advise(replace(ALL_ON, entropy=0.3)).word == Word.STOP
    assert advise(replace(ALL_ON, gain=None)).word == Word.STOP
    assert advise(replace(ALL_ON, entropy=0.3, gain=None)).word == Word.GO_ON
    assert advise(replace(ALL_ON, entropy=0.3, kappas=[0.98, 0.9, 0.98])).word == Word.GO_ON


@pytest.mark.parametrize(
    ("kappas", "lamp"),
    [
        ([], Lamp.UNKNOWN),
        ([1.0, 1.0], Lamp.UNKNOWN),
        ([0.98, 0.98, 0.98], Lamp.ON),
        ([0.5, 0.98, 0.98, 0.98], Lamp.ON),
        ([0.98, 0.98, 0.979], Lamp.OFF),
    ],
)
def test_predictions_have_settled_by_the_last_three_comparisons(kappas: list[float], lamp: Lamp) -> None:
    assert advise(replace(ALL_ON, kappas=kappas)).settled == lamp


@pytest.mark.parametrize(
    ("entropy", "gain", "sure", "flat"),
    [
        (0.05, 0.02, Lamp.OFF, Lamp.OFF),
        (0.049, 0.0199, Lamp.ON, Lamp.ON),
        (None, None, Lamp.UNKNOWN, Lamp.UNKNOWN),
    ],
)
def test_doubt_and_gain_have_their_limits(entropy: float | None, gain: float | None, sure: Lamp, flat: Lamp) -> None:
    advice = advise(replace(ALL_ON, entropy=entropy, gain=gain))
    assert (advice.sure, advice.flat) == (sure, flat)


def test_below_a_hundred_audit_texts_there_is_no_advice_and_the_number_missing_is_told() -> None:
    advice = advise(replace(ALL_ON, audit=88))
    assert (advice.word, advice.audit_missing) == (Word.NOT_YET, 12)


def test_while_a_label_was_met_fewer_than_five_times_there_is_no_advice() -> None:
    advice = advise(replace(ALL_ON, seen={1: 4, 2: 60, 3: 0}))
    assert (advice.word, advice.too_rare) == (Word.NOT_YET, {1: 4, 3: 0})


def test_with_several_labels_a_text_no_stop_is_advised_however_the_signs_stand() -> None:
    """They stand so for a model that finds one label of ten: accuracy .91, macro-F1 .10, kappas .99."""
    advice = advise(replace(ALL_ON, multi_label=True))
    assert (advice.word, advice.settled, advice.flat) == (Word.UNTRIED, Lamp.ON, Lamp.UNKNOWN)
    assert advise(replace(ALL_ON, multi_label=True, audit=20)).word == Word.UNTRIED  # it will not come later


def test_advice_is_kept_as_plain_values() -> None:
    advice = advise(replace(ALL_ON, seen={7: 3}))
    kept = json.loads(json.dumps(advice.to_dict()))
    signs, limits = kept.pop("signs"), kept.pop("limits")
    assert kept == {
        "settled": "on", "sure": "on", "flat": "on", "word": "not yet", "audit_missing": 0, "too_rare": {"7": 3},
        "rule": RULE,
    }  # fmt: skip
    assert advise(Signs.read(signs), Limits(**limits)) == advice


def test_advice_is_followed_by_the_limits_of_its_time() -> None:
    stricter = Limits(settled=0.999, sure=0.01, gain=0.001)
    assert advise(ALL_ON, stricter).word == Word.GO_ON
