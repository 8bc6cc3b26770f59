"""What is said at another look: it takes the place of the answer before, or stands aside while that one counts."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeller.annotation import services
from labeller.annotation.export import rows
from labeller.annotation.label_changes import look_again
from labeller.annotation.models import Annotation, Lease, ServingCounter
from labeller.annotation.review_selectors import QUEUES, case_of
from labeller.annotation.reviewing import AnsweredMeanwhile
from labeller.annotation.second_look import SecondLook, waiting
from labeller.annotation.selectors import current_labels, last_answers
from tests.annotation.acts import counts, give, one
from tests.annotation.review.acts import decide, leave
from tests.annotation.review.acts import doubt as suspect
from tests.annotation.second_look.acts import both_say, split
from tests.cast import add_texts

pytestmark = pytest.mark.django_db


def counters(project) -> tuple[int, int]:
    counter = ServingCounter.objects.get(project=project)
    return counter.labelled, counter.audit_labelled


class TestAnAnswerAfterASplit:
    def test_the_old_answer_is_superseded_not_edited_and_an_undo_brings_it_back(self, project, bob, court, answered):
        look = split(project, court)
        given = give(project, bob, one(project, bob), project.labels.get(name="Venue"))
        old = Annotation.objects.get(superseded_by=given)
        assert list(old.labels.all()) == [court]
        before = counters(project)
        services.undo(project=project, annotator=bob)
        old.refresh_from_db()
        assert (old.superseded_at, waiting(look)) == (None, 6)
        assert counters(project) == before
        assert one(project, bob).document_id == old.document_id
        Lease.objects.update(closed_at=timezone.now())
        assert one(project, bob).document_id == old.document_id

    @pytest.mark.parametrize("status", ["labelled", "skipped"])
    def test_undone_the_text_is_in_hand_again_beside_those_the_page_holds(
        self, project, alice, bob, court, answered, status
    ):
        split(project, court)
        held = services.serve(project=project, annotator=alice)
        labels = [project.labels.get(name="Venue")] if status == "labelled" else []
        given = give(project, alice, held[0], *labels, status=status)
        services.serve(project=project, annotator=alice)
        services.undo(project=project, annotator=alice, key=given.key)
        assert held[0].document_id in {text.document_id for text in services.serve(project=project, annotator=alice)}

    def test_an_audit_text_stays_in_the_audit_and_the_counters_agree(self, project, bob, court, answered):
        audit = {row.document_id for row in answered if row.source == "audit"}
        labelled = counters(project)
        split(project, court)
        for _ in range(6):
            give(project, bob, one(project, bob), project.labels.get(name="Law"))
        assert {row.document_id for row in current_labels(project) if row.is_audit} == audit
        assert counters(project) == labelled
        assert not Annotation.objects.filter(superseded_at=None, labels__name="Law").exclude(prediction=None).exists()

    def test_one_look_replaces_what_several_people_said(self, project, alice, bob, court):
        both_say(project, (alice, bob), court)
        look = split(project, court)
        give(project, alice, one(project, alice), project.labels.get(name="Venue"))
        assert (waiting(look), counts(project)) == (0, {"Change": 0, "Court": 0, "Other": 0, "Venue": 1, "Law": 0})
        services.undo(project=project, annotator=alice)
        assert counts(project)["Court"] == 2

    def test_an_undo_leaves_alone_who_has_answered_anew_since(self, project, alice, bob, court):
        both_say(project, (alice, bob), court)
        split(project, court)
        venue = project.labels.get(name="Venue")
        first = give(project, alice, one(project, alice), venue)
        give(project, bob, one(project, bob), venue)
        services.undo(project=project, annotator=alice, key=first.key)
        assert counts(project) | {"Venue": 1, "Court": 1} == counts(project)

    def test_one_look_at_two_answers_of_the_audit_leaves_none_that_repeats_another(self, project, alice, bob, court):
        project.overlap, project.overlap_on, project.overlap_share = 2, "drawn", 100
        project.save()
        add_texts(project, ["a", "b", "c"])
        for person in (alice, bob):
            while served := services.serve(project=project, annotator=person, count=1):
                give(project, person, served[0], court)
        counter = ServingCounter.objects.get(project=project)
        drawn = counter.audit_repeated
        assert drawn > 0 and counter.audit_labelled == 2 * drawn
        split(project, court)
        for _ in range(3):
            give(project, alice, one(project, alice), project.labels.get(name="Venue"))
        counter.refresh_from_db()
        assert (counter.audit_labelled, counter.audit_repeated) == (drawn, 0)

    def test_an_imported_label_is_looked_at_too_and_is_no_sample(self, project, alice, court):
        [text] = add_texts(project, ["a"])
        imported = Annotation.objects.create(
            project=project, document=text, annotator=alice, status="labelled", source="import", key=uuid4()
        )
        imported.labels.add(court)
        look = split(project, court)
        given = give(project, alice, one(project, alice), project.labels.get(name="Law"))
        assert (given.source, waiting(look)) == ("search", 0)


class TestATextIsLookedAtAgainWithoutASplit:
    def test_and_the_same_label_counts_as_an_answer(self, project, bob, court, answered):
        look = look_again(project=project, label=court)
        for _ in range(6):
            served = one(project, bob)
            assert served.reason == "Another look at a text labelled “Court”"
            give(project, bob, served, court)
        assert (waiting(look), counts(project)["Court"]) == (0, 6)


class TestASkip:
    def test_who_skips_has_said_nothing_and_is_not_asked_again(self, project, alice, bob, court, answered):
        look = split(project, court)
        skipped = one(project, bob)
        give(project, bob, skipped, status="skipped")
        assert waiting(look) == 6
        assert one(project, bob).document_id != skipped.document_id
        assert skipped.document_id in {text.document_id for text in services.serve(project=project, annotator=alice)}

    def test_a_skip_beside_one_s_own_answer_can_be_undone_and_the_answer_before_stands(
        self, project, bob, court, answered
    ):
        look = split(project, court)
        before, served = counters(project), one(project, bob)
        skipped = give(project, bob, served, status="skipped")
        assert skipped.aside and waiting(look) == 6
        assert last_answers(project, bob, 1)[0].key == str(skipped.key)
        assert services.undo(project=project, annotator=bob) == skipped
        assert one(project, bob).key == served.key
        assert (counters(project), waiting(look)) == (before, 6)
        give(project, bob, served, project.labels.get(name="Law"))
        assert waiting(look) == 5

    def test_a_skip_stays_once_somebody_else_has_looked(self, project, alice, bob, court, answered):
        split(project, court)
        skipped = give(project, bob, one(project, bob), status="skipped")
        served = one(project, alice)
        for _ in range(2):  # while Alice holds it, and when she has answered
            with pytest.raises(services.UndoRefused, match="your skip stays"):
                services.undo(project=project, annotator=bob, key=skipped.key)
            give(project, alice, served, project.labels.get(name="Law"), key=served.key)

    def test_the_database_keeps_no_label_aside_and_no_current_answer(self, project, bob, answered):
        for facts in ({"status": "labelled", "superseded_at": timezone.now()}, {"status": "skipped"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Annotation.objects.filter(pk=answered[0].pk).update(aside=True, **facts)


class TestWhoIsInDoubtIsHeard:
    """Their answer from before stands, and a manager hears of the doubt."""

    @pytest.fixture
    def look(self, project, court, answered) -> SecondLook:
        return split(project, court)

    def in_doubt(self, project, person, status="unsure", comment="Carve-out or cap?") -> Annotation:
        return give(project, person, one(project, person), status=status, comment=comment)

    def waits(self, project) -> list[int]:
        return [text.pk for text in QUEUES["unsure"].texts(project)]

    @pytest.mark.parametrize(
        ("status", "comment", "is_heard"),
        [("unsure", "", True), ("unsure", "Which?", True), ("skipped", "Which?", True), ("skipped", "", False)],
    )
    def test_unsure_or_with_a_comment_the_text_waits_in_the_review(self, project, bob, look, status, comment, is_heard):
        doubt = self.in_doubt(project, bob, status, comment)
        assert doubt.aside and self.waits(project) == [doubt.document_id] * is_heard

    def test_beside_the_answer_that_stands(self, project, bob, look):
        doubt = self.in_doubt(project, bob)
        given = case_of(doubt.document).given
        assert [(row.name, row.status, row.comment) for row in given] == [
            ("bob", "labelled", ""),
            ("bob", "unsure", "Carve-out or cap?"),
        ]

    def test_until_it_is_taken_back(self, project, bob, look):
        doubt = self.in_doubt(project, bob)
        services.undo(project=project, annotator=bob, key=doubt.key)
        assert self.waits(project) == []

    def test_until_somebody_else_has_looked_and_again_when_they_take_that_back(self, project, alice, bob, look):
        doubt = self.in_doubt(project, bob)
        held = services.serve(project=project, annotator=alice, count=6)
        [again] = [text for text in held if text.document_id == doubt.document_id]
        seen = give(project, alice, again, project.labels.get(name="Law"))
        assert self.waits(project) == [] and [row.name for row in case_of(doubt.document).given] == ["alice"]
        services.undo(project=project, annotator=alice, key=seen.key)
        assert self.waits(project) == [doubt.document_id]

    def test_until_it_is_decided_and_then_nobody_is_asked_any_more(self, project, alice, bob, look):
        doubt = self.in_doubt(project, bob)
        decide(project, alice, doubt.document, project.labels.get(name="Law"))
        assert self.waits(project) == [] and waiting(look) == 5

    def test_until_it_is_left_as_it_is_by_who_has_seen_the_doubt(self, project, alice, bob, look):
        before = {row["document"]: row["pk"] for row in Annotation.objects.values("document", "pk")}
        doubt = self.in_doubt(project, bob)
        with pytest.raises(AnsweredMeanwhile):
            leave(project, alice, doubt.document, newest=before[doubt.document_id])
        leave(project, alice, doubt.document)
        assert self.waits(project) == []

    def test_it_is_exported_behind_the_answer(self, project, bob, court, look):
        doubt = self.in_doubt(project, bob)
        told = [row for row in rows(project) if row["document"] == doubt.document_id]
        assert [(row["status"], row["labels"], row["comment"]) for row in told] == [
            ("labelled", ["Court"], ""),
            ("unsure", [], "Carve-out or cap?"),
        ]

    def test_what_a_model_suspects_of_the_text_waits_as_before(self, project, bob, court, look):
        text = one(project, bob).document_id
        answer = Annotation.objects.get(document=text)
        suspect(answer.document, court, project.labels.get(name="Other"))
        assert self.in_doubt(project, bob).document_id == text
        assert [row.pk for row in QUEUES["doubts"].texts(project)] == [text]
