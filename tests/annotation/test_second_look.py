"""A label that is split, or whose meaning changed: its texts are looked at again, and keep their label until then."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from labeller.annotation import services
from labeller.annotation.export import rows
from labeller.annotation.label_changes import end_look, look_again, split_label
from labeller.annotation.left import left_for
from labeller.annotation.models import Annotation, Lease, ServingCounter
from labeller.annotation.review_selectors import QUEUES, case_of
from labeller.annotation.reviewing import AnsweredMeanwhile
from labeller.annotation.second_look import SecondLook, waiting
from labeller.annotation.selectors import current_labels, label_counts, last_answers
from labeller.projects.labels import Draft, LabelError
from labeller.projects.models import Label
from tests.annotation.acts import free_and_reserved, give, one, rank
from tests.annotation.review.acts import decide, leave
from tests.annotation.review.acts import doubt as suspect
from tests.cast import add_texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def court(project) -> Label:
    return project.labels.get(name="Court")


@pytest.fixture
def answered(project, bob, court) -> list[Annotation]:
    """Bob's answers to twelve texts: Court and Other by turns. More texts wait."""
    add_texts(project, [f"text {at}" for at in range(20)])
    other = project.labels.get(name="Other")
    return [give(project, bob, one(project, bob), court if at % 2 == 0 else other) for at in range(12)]


def split(project, label, *names, stays=False, by=None) -> SecondLook:
    names = names or ("Venue", "Law")
    look = split_label(project=project, label=label, drafts=[Draft(name) for name in names], stays=stays, by=by)
    project.refresh_from_db()
    return look


def counts(project) -> dict[str, int]:
    return {label.name: count for label, count in label_counts(project)}


def give_from_an_old_page(project, person, served, label, shown: int) -> Annotation:
    """An answer from a page that shows version `shown` of the guidelines."""
    given = services.Given(uuid4(), "labelled", [label.pk], guidelines_number=shown, lease_key=served.key)
    return services.answer_and_serve(project=project, annotator=person, given=given)[0]


def counters(project) -> tuple[int, int]:
    counter = ServingCounter.objects.get(project=project)
    return counter.labelled, counter.audit_labelled


class TestAfterASplit:
    def test_its_texts_come_first_and_keep_their_label_until_somebody_has_looked(self, project, bob, court, answered):
        look = split(project, court)
        assert (look.texts, waiting(look), counts(project)["Court"]) == (6, 6, 6)
        served = one(project, bob)
        assert served.reason == "Another look: “Court” was split"
        assert served.document_id in {row.document_id for row in answered[::2]}
        give(project, bob, served, project.labels.get(name="Venue"))
        assert (waiting(look), counts(project)["Court"], counts(project)["Venue"]) == (5, 5, 1)

    def test_when_all_are_looked_at_ordinary_texts_come_again(self, project, bob, court, answered):
        look = split(project, court)
        for _ in range(6):
            give(project, bob, one(project, bob), project.labels.get(name="Law"))
        assert waiting(look) == 0
        assert one(project, bob).document_id not in {row.document_id for row in answered}

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
        project.overlap = 2
        project.save()
        add_texts(project, ["a"])
        for person in (alice, bob):
            give(project, person, one(project, person), court)
        look = split(project, court)
        give(project, alice, one(project, alice), project.labels.get(name="Venue"))
        assert (waiting(look), counts(project)) == (0, {"Change": 0, "Court": 0, "Other": 0, "Venue": 1, "Law": 0})
        services.undo(project=project, annotator=alice)
        assert counts(project)["Court"] == 2

    def test_an_undo_leaves_alone_who_has_answered_anew_since(self, project, alice, bob, court):
        project.overlap = 2
        project.save()
        add_texts(project, ["a"])
        for person in (alice, bob):
            give(project, person, one(project, person), court)
        split(project, court)
        venue = project.labels.get(name="Venue")
        first = give(project, alice, one(project, alice), venue)
        give(project, bob, one(project, bob), venue)
        services.undo(project=project, annotator=alice, key=first.key)
        assert counts(project) | {"Venue": 1, "Court": 1} == counts(project)

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

    def test_nobody_else_is_handed_a_text_that_somebody_looks_at(self, project, alice, bob, court, answered):
        split(project, court)
        assert one(project, bob).document_id != one(project, alice).document_id

    def test_an_imported_label_is_looked_at_too_and_is_no_sample(self, project, alice, court):
        [text] = add_texts(project, ["a"])
        imported = Annotation.objects.create(
            project=project, document=text, annotator=alice, status="labelled", source="import", key=uuid4()
        )
        imported.labels.add(court)
        look = split(project, court)
        given = give(project, alice, one(project, alice), project.labels.get(name="Law"))
        assert (given.source, waiting(look)) == ("search", 0)

    def test_an_answer_from_a_page_with_the_old_labels_waits_for_a_look(self, project, bob, court, answered):
        [served] = services.serve(project=project, annotator=bob, count=1)
        look = split(project, court)
        late = give(project, bob, served, court)
        Annotation.objects.filter(pk=late.pk).update(guidelines_number=look.guidelines_number - 1)
        assert waiting(look) == 7

    def test_so_it_does_where_the_old_page_showed_no_guidelines_at_all(self, project, bob, court, answered):
        [served] = services.serve(project=project, annotator=bob, count=1)
        look = split(project, court)
        late = give_from_an_old_page(project, bob, served, court, shown=0)
        assert (project.guidelines_number, late.guidelines_number) == (1, None)
        assert (waiting(look), counts(project)["Court"]) == (7, 7)

    def test_who_gave_it_from_such_a_page_is_asked_too_once_their_page_is_new(self, project, bob, court, answered):
        held = services.serve(project=project, annotator=bob)
        look = split(project, court)
        for served in held[:3]:
            give_from_an_old_page(project, bob, served, court, shown=0)
        assert left_for(project, bob).looks == waiting(look) == 9
        Lease.objects.update(closed_at=timezone.now())  # the page is left
        while (served := one(project, bob)).reason.startswith("Another look"):
            give(project, bob, served, project.labels.get(name="Law"))
        assert (left_for(project, bob).looks, waiting(look), counts(project)["Court"]) == (0, 0, 0)

    def test_a_page_with_the_old_labels_is_handed_none_of_its_texts(self, project, bob, court, answered, client_of):
        old = services.serve(project=project, annotator=bob, count=1)
        split(project, court)
        given = services.Given(uuid4(), "labelled", [court.pk], guidelines_number=0, lease_key=old[0].key)
        _, ahead = services.answer_and_serve(project=project, annotator=bob, given=given)
        Lease.objects.update(closed_at=timezone.now())
        address, shows_old = reverse("label-next", args=[project.slug]), {"guidelines": "0"}
        ahead += services.serve(project=project, annotator=bob, shown=0)
        asked = client_of(bob).post(address, shows_old, headers={"accept": "application/json"}).json()["texts"]
        reasons = {text.reason for text in ahead} | {text["reason"] for text in asked}
        assert len(asked) == 5 and not any(reason.startswith("Another look") for reason in reasons)

    def test_a_label_from_a_file_that_comes_after_it_waits_for_none(self, project, alice, court):
        look = split(project, court, "Venue", stays=True)
        [text] = add_texts(project, ["a"])
        imported = Annotation.objects.create(
            project=project, document=text, annotator=alice, status="labelled", source="import", key=uuid4()
        )
        imported.labels.add(court)
        assert waiting(look) == 0

    def test_a_page_that_was_open_before_is_told_also_where_it_shows_no_guidelines(
        self, project, bob, court, answered, client_of
    ):
        client, news = client_of(bob), reverse("label-guidelines", args=[project.slug])
        open_page = {"shown": "0", "told": "0"}
        assert client.get(news, open_page).status_code == 204
        split(project, court)
        said = client.get(news, open_page).content.decode()
        assert "Guidelines changed just now" in said and "show them here" in said and "1/?since=0" in said
        assert client.get(reverse("guidelines-version", args=[project.slug, 1]), {"since": "0"}).status_code == 200
        assert "Guidelines changed" not in client.get(reverse("label", args=[project.slug])).content.decode()

    def test_the_label_is_offered_no_more_and_its_key_is_the_first_new_one_s(
        self, project, bob, court, answered, client_of
    ):
        key = court.hotkey
        split(project, court)
        page = client_of(bob).get(reverse("label", args=[project.slug])).content.decode()
        assert f'value="{court.pk}"' not in page
        assert project.labels.get(name="Venue").hotkey == key

    def test_they_come_in_the_order_of_their_draws_and_what_was_given_back_after_the_others(
        self, project, alice, bob, court, answered
    ):
        split(project, court)
        waits = sorted((row.document for row in answered[::2]), key=lambda text: text.draw)
        held = services.serve(project=project, annotator=alice, count=2)
        Lease.objects.filter(annotator=alice).update(closed_at=timezone.now())
        came = [held.pop(0).document_id, held.pop(0).document_id]
        for _ in waits:
            served = one(project, bob)
            came.append(served.document_id)
            give(project, bob, served, project.labels.get(name="Law"))
        in_order = [text.pk for text in waits]
        assert came == [*in_order[:2], *in_order[1:], in_order[0]]

    def test_the_next_one_is_looked_for_near_the_last_and_never_among_all_that_wait(
        self, project, bob, court, answered
    ):
        split(project, court)
        with CaptureQueriesContext(connection) as asked:
            assert len(services.serve(project=project, annotator=bob)) == 5
        found = [
            query["sql"] for query in asked if 'FROM "corpus_document"' in query["sql"] and "LIMIT 3" in query["sql"]
        ]
        assert len(found) == 5 and all('"draw" >=' in sql for sql in found)

    def test_a_queue_in_order_waits_behind_it(self, project, bob, court, answered):
        free, _ = free_and_reserved(list(project.documents.all()))
        rank(project, [text for text in free if text.pk not in {row.document_id for row in answered}][:3])
        split(project, court)
        assert one(project, bob).reason.startswith("Another look")


class TestASecondLookEnds:
    def test_finished_the_label_goes_and_answers_and_models_keep_it(self, project, bob, court, answered):
        look = split(project, court)
        for _ in range(6):
            give(project, bob, one(project, bob), project.labels.get(name="Law"))
        end_look(look=look)
        assert not project.labels.filter(pk=court.pk).exists()
        assert Label.everything.get(pk=court.pk).retired_at is not None
        assert Annotation.objects.filter(labels__name="Court").count() == 6

    def test_stopped_the_other_texts_keep_it_and_it_is_given_on(self, project, bob, court, answered):
        look = split(project, court)
        give(project, bob, one(project, bob), project.labels.get(name="Law"))
        end_look(look=look)
        end_look(look=look)
        assert (counts(project)["Court"], project.labels.get(pk=court.pk).on_offer) == (5, True)
        assert ServingCounter.objects.get(project=project).second_looks == 0
        assert one(project, bob).document_id not in {row.document_id for row in answered}

    def test_a_label_that_stays_beside_the_new_ones_may_be_given_again(self, project, bob, court, answered):
        look = split(project, court, "Venue", stays=True)
        for _ in range(6):
            give(project, bob, one(project, bob), court)
        assert (waiting(look), counts(project)["Court"]) == (0, 6)
        end_look(look=look)
        assert project.labels.get(pk=court.pk).on_offer

    def test_an_answer_taken_back_afterwards_names_a_label_that_is_gone_and_breaks_nothing(
        self, project, bob, court, answered
    ):
        look = split(project, court)
        for _ in range(6):
            give(project, bob, one(project, bob), project.labels.get(name="Law"))
        end_look(look=look)
        services.undo(project=project, annotator=bob)
        assert sum(row.label_ids == (court.pk,) for row in current_labels(project)) == 1
        assert "Court" not in counts(project)


class TestATextIsLookedAtAgainWithoutASplit:
    def test_and_the_same_label_counts_as_an_answer(self, project, bob, court, answered):
        look = look_again(project=project, label=court)
        for _ in range(6):
            served = one(project, bob)
            assert served.reason == "Another look at a text labelled “Court”"
            give(project, bob, served, court)
        assert (waiting(look), counts(project)["Court"]) == (0, 6)


class TestItIsRefused:
    def test_while_the_label_is_looked_at_already(self, project, court, answered):
        look = look_again(project=project, label=court)
        with pytest.raises(LabelError, match="being looked at again already"):
            split(project, court)
        with pytest.raises(IntegrityError), transaction.atomic():
            SecondLook.objects.create(
                project=project, label=court, texts=0, guidelines_number=0, started_at=timezone.now()
            )
        end_look(look=look)
        split(project, court)

    @pytest.mark.parametrize(
        ("names", "sentence"), [(["Venue"], "not a split"), (["Venue", "other"], "“other” is a label")]
    )
    def test_with_too_few_new_labels_or_a_name_that_is_taken(self, project, court, names, sentence):
        with pytest.raises(LabelError, match=sentence):
            split(project, court, *names)
        assert Label.objects.get(pk=court.pk).on_offer


class TestThePages:
    def test_a_manager_splits_a_label_watches_and_stops(self, project, alice, bob, court, answered, client_of):
        client, slug = client_of(alice), project.slug
        address = reverse("label-split", args=[slug, court.pk])
        assert "6 answers name it" in client.get(address).content.decode()
        page = client.post(address, {"lines": "Venue : where\nLaw : which"}, follow=True).content.decode()
        assert "6 texts wait for another look." in page and "0 of 6 texts looked at again" in page
        project.refresh_from_db()
        give(project, bob, one(project, bob), project.labels.get(name="Venue"))
        page = client.get(reverse("label-changes", args=[slug])).content.decode()
        assert "1 of 6 texts looked at again" in page and 'value="1"' in page
        end = reverse("label-look-end", args=[slug, SecondLook.objects.get().pk])
        assert "5 texts have not been looked at again and will keep “Court”." in client.get(end).content.decode()
        assert "The second look is over." in client.post(end, follow=True).content.decode()

    def test_what_cannot_be_is_said_beside_the_field(self, project, alice, court, client_of):
        answer = client_of(alice).post(reverse("label-split", args=[project.slug, court.pk]), {"lines": "One"})
        assert (answer.status_code, "not a split" in answer.content.decode()) == (422, True)

    def test_a_second_look_is_asked_about_and_begun(self, project, alice, court, answered, client_of):
        address = reverse("label-look-again", args=[project.slug, court.pk])
        assert "6 answers name it" in client_of(alice).get(address).content.decode()
        assert "6 texts wait" in client_of(alice).post(address, follow=True).content.decode()
        assert "being looked at again already" in client_of(alice).post(address, follow=True).content.decode()

    def test_serving_costs_no_more_queries_while_nothing_is_looked_at_again(
        self, project, bob, court, answered, django_assert_max_num_queries
    ):
        services.serve(project=project, annotator=bob)
        with django_assert_max_num_queries(8):
            services.serve(project=project, annotator=bob)


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
