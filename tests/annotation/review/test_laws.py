"""What the database itself holds of decisions and of gold texts, whatever the code above it does."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeller.annotation.models import Annotation, Lease, Source
from tests.annotation.review.acts import say


@pytest.mark.parametrize("same_person", [True, False])
def test_the_database_holds_one_decision_a_text(project, texts, alice, bob, same_person):
    say(texts[0], alice, source=Source.REVIEW)
    with pytest.raises(IntegrityError), transaction.atomic():
        say(texts[0], alice if same_person else bob, source=Source.REVIEW)


def refused(document, person, law, **facts):
    with pytest.raises(IntegrityError, match=law), transaction.atomic():
        say(document, person, **facts)


@pytest.mark.parametrize("status", ["skipped", "unsure"])
def test_a_decision_is_never_a_skip(texts, alice, status):
    refused(texts[0], alice, "decision_is_a_label_unswayed", source=Source.REVIEW, status=status)


@pytest.mark.parametrize("shown", [True, False])
def test_no_suggestion_stands_beside_a_decision(texts, alice, shown):
    refused(texts[0], alice, "decision_is_a_label_unswayed", source=Source.REVIEW, suggestion_shown=shown)


KNOWN_OF_A_MODEL = [
    {"prediction": {"1": 0.9}},
    {"model_key": "quick-x-30"},
    {"suggestion_shown": True},
    {"suggestion_shown": False},
    {"probability": 0.5},
]


@pytest.mark.parametrize("facts", KNOWN_OF_A_MODEL)
def test_an_answer_to_a_gold_text_knows_of_no_model(texts, bob, facts):
    refused(texts[0], bob, "gold_answer_knows_no_model", source=Source.GOLD, **facts)


def test_what_was_superseded_by_an_answer_is_not_current(texts, alice, bob):
    newer = say(texts[0], alice)
    refused(texts[0], bob, "superseded_answer_is_not_current", superseded_by=newer)
    say(texts[0], bob, superseded_by=newer, superseded_at=timezone.now())


def lease(document, person, **facts):
    return Lease.objects.create(
        project=document.project,
        document=document,
        annotator=person,
        expires_at=timezone.now(),
        **({"slot": 0} | facts),
    )


@pytest.mark.parametrize("source", [Source.LLM, Source.IMPORT, Source.REVIEW])
def test_nobody_is_handed_a_text_to_import_or_to_decide(texts, bob, source):
    with pytest.raises(IntegrityError, match="lease_is_for_a_person"), transaction.atomic():
        lease(texts[0], bob, source=source)


@pytest.mark.parametrize("facts", [*KNOWN_OF_A_MODEL, {"slot": 1}])
def test_a_gold_text_is_handed_out_without_a_model_and_takes_no_place(texts, bob, facts):
    with pytest.raises(IntegrityError, match="gold_lease_stands_apart"), transaction.atomic():
        lease(texts[0], bob, source=Source.GOLD, **facts)
    assert not Annotation.objects.exists()
