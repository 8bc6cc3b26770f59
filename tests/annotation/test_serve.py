from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeller.annotation import services
from labeller.annotation.audit import audit_is_due, quota
from labeller.annotation.models import Annotation, Lease, QueueEntry, ServingCounter, Source
from labeller.annotation.queue import Asking
from labeller.annotation.serving import AHEAD
from labeller.annotation.signals import queue_order_asked
from tests.annotation.acts import free_and_reserved, give, one, rank
from tests.cast import add_texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Clause {number}" for number in range(40)])


def expire(**which):
    Lease.objects.filter(**which).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_it_hands_out_as_many_texts_as_asked_and_the_same_ones_again(project, bob, texts):
    first = services.serve(project=project, annotator=bob)
    assert len({served.document_id for served in first}) == AHEAD
    assert services.serve(project=project, annotator=bob) == first


def test_two_people_never_hold_the_same_text(project, alice, bob, texts):
    ours = services.serve(project=project, annotator=alice, count=20) + services.serve(
        project=project, annotator=bob, count=20
    )
    assert len({served.document_id for served in ours}) == 40


def test_an_answered_text_is_not_served_to_anybody_again(project, alice, bob, texts, change):
    served = one(project, bob)
    give(project, bob, served, change)
    rest = services.serve(project=project, annotator=alice, count=50)
    assert len(rest) == 39
    assert served.document_id not in {text.document_id for text in rest}


def test_the_queue_is_served_by_rank_with_its_frozen_facts(project, bob, texts):
    free, _ = free_and_reserved(texts)
    facts = {"model_key": "quick:3", "prediction": {"1": 0.75}, "probability": 0.25, "reason": "The model hesitates"}
    rank(project, free[:5], **facts)
    first = one(project, bob)
    lease = Lease.objects.get(key=first.key)
    assert first.document_id == free[0].pk
    assert (first.source, first.reason, first.prediction) == (Source.ACTIVE, "The model hesitates", {"1": 0.75})
    assert (lease.model_key, lease.probability, lease.pool_size) == ("quick:3", 0.25, 40)


def test_every_third_text_is_drawn_from_the_audit_reserve_in_the_order_of_its_draws(project, bob, texts, change):
    free, reserved = free_and_reserved(texts)
    rank(project, free)
    order = []
    for _ in range(12):
        served = one(project, bob)
        order.append(served)
        give(project, bob, served, change)
    audit = [served.document_id for served in order if served.source == Source.AUDIT]
    assert [served.source == Source.AUDIT for served in order] == [False, False, True] * 4
    assert audit == [document.pk for document in reserved[:4]]


def test_texts_in_somebodys_hands_count_towards_the_quota(project, alice, bob, texts):
    rank(project, free_and_reserved(texts)[0])
    held = services.serve(project=project, annotator=alice, count=6) + services.serve(
        project=project, annotator=bob, count=6
    )
    assert sum(served.source == Source.AUDIT for served in held) == quota(12)


def test_a_skipped_audit_text_is_replaced_by_another(project, bob, texts, change):
    rank(project, free_and_reserved(texts)[0])
    for _ in range(2):
        give(project, bob, one(project, bob), change)
    skipped = one(project, bob)
    give(project, bob, skipped, status="skipped")
    replacement = one(project, bob)
    assert skipped.source == replacement.source == Source.AUDIT
    assert skipped.document_id != replacement.document_id


def test_an_audit_text_carries_the_prediction_that_learning_froze(project, bob, texts, change):
    free, reserved = free_and_reserved(texts)
    rank(project, free)
    rank(project, reserved, stream=QueueEntry.Stream.AUDIT, prediction={"5": 0.9}, model_key="quick:9")
    for _ in range(2):
        give(project, bob, one(project, bob), change)
    audit = one(project, bob)
    assert (audit.source, audit.document_id, audit.prediction) == (Source.AUDIT, reserved[0].pk, {"5": 0.9})


def test_without_a_queue_the_order_is_random_and_says_so(project, bob, texts):
    served = one(project, bob)
    free, _ = free_and_reserved(texts)
    assert served.source == Source.RANDOM
    assert "random order" in served.reason
    assert served.document_id == min(free, key=lambda document: document.draw).pk


def test_when_nobody_keeps_the_queue_in_order_it_is_left_alone(project, bob, texts):
    rank(project, free_and_reserved(texts)[0])

    def no_worker(**_):
        return False

    queue_order_asked.connect(no_worker, weak=False)
    try:
        served = one(project, bob)
    finally:
        queue_order_asked.disconnect(no_worker)
    assert served.source == Source.RANDOM
    assert "no worker" in served.reason


def test_in_the_end_every_text_has_been_served_once(project, bob, texts, change):
    seen = []
    while served := services.serve(project=project, annotator=bob, count=1):
        seen.append(served[0].document_id)
        give(project, bob, served[0], change)
    assert sorted(seen) == sorted(document.pk for document in texts)


def test_a_skipped_text_goes_to_others_but_not_back_to_the_same_person(project, alice, bob, texts, change):
    skipped = one(project, bob)
    give(project, bob, skipped, status="skipped")
    bobs = services.serve(project=project, annotator=bob, count=39)
    assert len(bobs) == 39 and skipped.document_id not in {text.document_id for text in bobs}
    assert [text.document_id for text in services.serve(project=project, annotator=alice)] == [skipped.document_id]


def test_a_text_comes_back_when_its_lease_has_expired(project, alice, bob, texts):
    services.serve(project=project, annotator=bob, count=40)
    assert services.serve(project=project, annotator=alice) == []
    expire(annotator=bob)
    assert len(services.serve(project=project, annotator=alice)) == AHEAD
    assert Lease.objects.filter(annotator=bob, closed_at=None).count() == 40 - AHEAD


def test_an_open_page_renews_its_leases(project, alice, bob, texts):
    held = services.serve(project=project, annotator=bob, count=40)
    expire(annotator=bob)
    assert services.renew(project=project, annotator=bob) == held
    assert services.serve(project=project, annotator=alice) == []


def test_what_was_left_open_for_more_than_a_day_is_forgotten_and_comes_in_its_turn(project, bob, texts, change):
    [served] = services.serve(project=project, annotator=bob, count=1)
    sixty_days = timezone.now() - timedelta(days=60)
    old_words = {"prediction": {str(change.pk): 0.9}, "model_key": "quick-ancient", "suggestion_shown": True}
    Lease.objects.update(expires_at=sixty_days, **old_words)
    for text in services.serve(project=project, annotator=bob):
        assert (text.model_key, text.prediction) == ("", None) and text.key != served.key
    assert give(project, bob, served, change).document_id == served.document_id  # what was begun offline is taken


def test_a_page_that_slept_over_the_weekend_keeps_its_texts(project, bob, texts):
    served = services.serve(project=project, annotator=bob)
    Lease.objects.update(expires_at=timezone.now() - timedelta(days=3))
    assert services.renew(project=project, annotator=bob) == served  # it tells first that it is open
    assert services.serve(project=project, annotator=bob) == served


def test_texts_imported_later_are_counted_and_served(project, bob, texts, change):
    services.serve(project=project, annotator=bob, count=40)
    add_texts(project, ["A late clause"])
    ServingCounter.objects.update(pool_counted_at=timezone.now() - timedelta(minutes=1))
    assert len(services.serve(project=project, annotator=bob, count=50)) == 41
    assert ServingCounter.objects.get(project=project).pool_size == 41


def test_with_overlap_each_text_gets_the_wanted_answers_from_different_people(project, alice, bob, rita, change):
    project.overlap = 2
    project.save()
    add_texts(project, [f"Clause {number}" for number in range(6)])
    served = {person: services.serve(project=project, annotator=person, count=9) for person in (alice, bob, rita)}
    assert [len(held) for held in served.values()] == [6, 6, 0]
    for person in (alice, bob):
        for text in served[person]:
            give(project, person, text, change)
    assert services.serve(project=project, annotator=rita) == []
    assert Annotation.objects.filter(superseded_at=None).count() == 12


@pytest.mark.parametrize("overlap", [1, 2, 3])
def test_the_stages_of_the_audit_count_texts_whatever_the_overlap(project, bob, overlap):
    """Forty audit texts are forty texts, not twenty that two people have answered."""
    project.overlap = overlap
    counter = ServingCounter(project=project)
    now = timezone.now()
    audit_texts_at = {}
    for answers in range(1, 125 * overlap + 1):
        due = audit_is_due(*Asking(project, bob, counter, now)._handed_out())
        counter.labelled += 1
        counter.audit_labelled += due
        audit_texts_at[answers / overlap] = counter.audit_labelled / overlap
    assert [audit_texts_at[texts] for texts in (60, 120, 125)] == [20, 40, 41]


def test_with_overlap_an_open_slot_goes_to_a_third_person_after_a_skip(project, alice, bob, rita, change):
    project.overlap = 2
    project.save()
    add_texts(project, ["A clause"])
    give(project, alice, one(project, alice), change)
    give(project, bob, one(project, bob), status="skipped")
    give(project, rita, one(project, rita), change)
    assert Annotation.objects.filter(status="labelled", superseded_at=None).count() == 2


@pytest.mark.parametrize("same", [{"slot": 0}, {"slot": 1, "annotator": "bob"}])
def test_the_database_refuses_a_second_open_lease_for_a_slot_or_a_person(project, alice, bob, texts, same):
    facts = {"project": project, "document": texts[0], "source": "random", "reason": "", "expires_at": timezone.now()}
    Lease.objects.create(**facts, annotator=bob, slot=0)
    second = facts | {"annotator": bob if same.get("annotator") else alice, "slot": same["slot"]}
    with pytest.raises(IntegrityError), transaction.atomic():
        Lease.objects.create(**second)
    Lease.objects.update(closed_at=timezone.now())
    Lease.objects.create(**second)
