"""What the page says first, for every state a project can be in."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from labeller.insight.headline import headline
from labeller.insight.selectors import Estimate, Standing, VersionScore
from labeller.insight.sentences import audit_so_far, decimal_range, duration, percent_range
from labeller.insight.shares import share


def version(n_audit: int, *, accuracy: float | None = 0.8571, kind: str = "quick") -> VersionScore:
    estimate = None if accuracy is None else Estimate(accuracy, accuracy - 0.07, accuracy + 0.05)
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    return VersionScore(
        number=7,
        kind=kind,
        n_labels=348,
        n_audit=n_audit,
        accuracy=estimate,
        macro_f1=estimate,
        scored_how="",
        duration_s=1,
        created_at=moment,
        promoted_at=None,
        is_serving=False,
        export=None,
    )


def standing(
    *, audit: int = 0, current: VersionScore | None = None, is_multi: bool = False, has_texts: bool = True
) -> Standing:
    return Standing(
        is_multi=is_multi, has_texts=has_texts, labels=3 * audit, audit=audit, drawn=audit, current=current, newest=7
    )


@pytest.mark.parametrize(
    ("audit", "drawn", "words"),
    [
        (0, 0, ""),
        (1, 1, "1 text drawn at random so far: 1 answered, 0 skipped or unsure."),
        (1200, 1203, "1,203 texts drawn at random so far: 1,200 answered, 3 skipped or unsure. Texts without"),
    ],
)
def test_texts_drawn_and_left_without_an_answer_are_told(audit: int, drawn: int, words: str) -> None:
    told = audit_so_far(replace(standing(audit=audit), drawn=drawn))
    assert told.startswith(words) and bool(told) is bool(words)
    assert ("may be lower" in told) is (drawn > audit)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (standing(has_texts=False), "There is nothing to measure yet."),
        (standing(audit=0), "Not enough evidence yet: 0 of 30 audit labels, 30 are missing."),
        (
            standing(audit=12, current=version(12)),
            "Not enough evidence yet: 12 of 30 audit labels, 18 are missing.",
        ),
        (standing(audit=29), "Not enough evidence yet: 29 of 30 audit labels, 1 is missing."),
        (standing(audit=30), "There is enough evidence, and no model to measure yet."),
        (standing(audit=34, current=version(29)), "Model 7 was measured on too few texts."),
        (standing(audit=34, current=version(34, accuracy=None)), "Model 7 was measured on too few texts."),
        (standing(audit=30, current=version(30)), "The model is right on about 86 in 100 texts."),
        (
            standing(audit=40, current=version(40), is_multi=True),
            "The model finds the labels with a macro-F1 of about 0.86, between 0.79 and 0.91.",
        ),
        # An answer taken back afterwards does not unmake a measurement.
        (standing(audit=29, current=version(30)), "The model is right on about 86 in 100 texts."),
    ],
)
def test_the_sentence_follows_the_state(state: Standing, sentence: str) -> None:
    assert headline(state).sentence == sentence


def test_a_number_never_comes_without_its_interval_and_sample() -> None:
    said = headline(standing(audit=112, current=version(112)))
    assert said.detail.startswith("Between 79 and 91 (95 % interval), measured on 112 texts drawn at random")
    assert "348 labels" in said.detail and "model 7" in said.detail


def test_where_all_audit_texts_are_right_just_that_is_claimed() -> None:
    counted = share(30, 30)
    current = replace(version(30), accuracy=counted, tightened=counted)
    said = headline(standing(audit=30, current=current))
    assert said.sentence == "Right on all 30 texts drawn at random; so on 89 to 100 of 100."
    assert said.detail == "95 % interval · learnt from 348 labels · model 7"


def test_what_the_model_says_of_other_texts_is_named_only_where_it_changed_the_figure() -> None:
    counted = share(37, 40)
    for tightened, is_named in ((counted, False), (Estimate(0.93, 0.85, 0.97), True)):
        said = headline(standing(audit=40, current=replace(version(40), accuracy=counted, tightened=tightened)))
        assert ("and on what the model says of all others" in said.detail) is is_named


def test_with_several_labels_macro_f1_leads_and_exact_answers_come_second() -> None:
    said = headline(standing(audit=40, current=version(40), is_multi=True))
    assert "macro-F1 of about 0.86" in said.sentence and "in 100" not in said.sentence
    assert "All labels of a text are right on about 86 in 100 texts (79 to 91)" in said.detail


def test_too_little_evidence_shows_no_figure_of_the_model_and_says_how_more_comes_about() -> None:
    said = headline(standing(audit=12, current=version(12)))
    assert not said.has_evidence and "86" not in said.sentence + said.detail
    assert "about every third text is drawn at random" in said.detail


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0.4 s"), (9.96, "10 s"), (59.4, "59 s"), (59.9, "1 min 0 s"), (75, "1 min 15 s"), (7500, "2 h 5 min")],
)
def test_a_duration_reads_as_a_person_says_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_ranges_have_value_and_both_bounds() -> None:
    assert percent_range(Estimate(0.86, 0.79, 0.912)) == "86.0 % (79.0 to 91.2)"
    assert decimal_range(Estimate(0.86, 0.79, 0.912)) == "0.860 (0.790 to 0.912)"
