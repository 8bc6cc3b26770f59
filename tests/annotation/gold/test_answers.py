"""An answer to a gold text tells how often its giver is right, and nothing else: it is no label and fills no quota."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from labeller.annotation import selectors, services
from labeller.annotation.export import rows
from labeller.annotation.gold import make_gold
from labeller.annotation.gold_selectors import accuracies
from labeller.annotation.models import Annotation, Lease, ServingCounter, Source
from labeller.annotation.services import Said
from tests.annotation.acts import give, one, work
from tests.cast import add_texts, join, make_project, make_user

pytestmark = pytest.mark.django_db


def counted(project):
    counter = ServingCounter.objects.get(project=project)
    return counter.labelled, counter.audit_labelled, counter.audit_repeated


class TestWhatTheAnswersAreNotFor:
    @pytest.fixture
    def gold_answer(self, project, bob, golds, change):
        while (text := one(project, bob)).source != Source.GOLD:
            give(project, bob, text, change)
        before = selectors.labelled_texts(project), counted(project)
        return give(project, bob, text, change), before

    def test_they_label_no_text_and_count_for_no_quota(self, project, gold_answer):
        answer, (labelled, counter) = gold_answer
        assert answer.source == Source.GOLD
        assert answer.document_id not in {row.document_id for row in selectors.current_labels(project)}
        assert (selectors.labelled_texts(project), counted(project)) == (labelled, counter)

    def test_they_are_not_exported_nor_counted_by_label(self, project, gold_answer, change):
        answer, _ = gold_answer
        assert answer.document_id not in {row["document"] for row in rows(project)}
        given = {label.name: count for label, count in selectors.label_counts(project)}
        assert given[change.name] == Annotation.objects.filter(superseded_at=None).count() - 1

    def test_the_text_is_still_asked_of_others_as_an_ordinary_one(self, project, alice, gold_answer, change):
        answer, _ = gold_answer
        project.gold_share = 0
        project.save()
        assert answer.document_id in {text.document_id for text in work(project, alice, change, 100)}

    def test_undoing_gives_it_back_to_the_same_person_whoever_else_holds_it(self, project, bob, gold_answer, court):
        answer, _ = gold_answer
        carol = make_user("carol")
        join(project, carol)
        services.serve(project=project, annotator=carol, count=40)
        services.undo(project=project, annotator=bob)
        again = next(
            text for text in services.renew(project=project, annotator=bob) if text.document_id == answer.document_id
        )
        assert again.source == Source.GOLD
        give(project, bob, again, court)
        assert [(row.answered, row.right) for row in accuracies(project, bob.pk)] == [(1, 1)]

    @pytest.mark.parametrize("how", ["changed in the history", "a change to a skip undone"])
    def test_a_skip_of_one_that_becomes_a_label_takes_the_text_from_no_page_that_sleeps(
        self, project, bob, gold_answer, change, how
    ):
        def say(status, labels=()):
            said = Said(uuid4(), status, labels)
            return services.change(project=project, annotator=bob, answer_key=answer.key, said=said).after

        answer, _ = gold_answer
        skipped = say("skipped")
        project.gold_share = 0
        carol = make_user("carol")
        join(project, carol)
        held = services.serve(project=project, annotator=carol, count=100)
        assert answer.document_id in {text.document_id for text in held}
        Lease.objects.filter(annotator=carol).update(expires_at=timezone.now() - timedelta(minutes=1))
        if how == "changed in the history":
            say("labelled", [change.pk])
        else:
            services.undo(project=project, annotator=bob, key=skipped.key)
        assert Annotation.objects.get(annotator=bob, document=answer.document_id, superseded_at=None).labels.exists()
        assert services.renew(project=project, annotator=carol) == held


class TestAccuracy:
    def test_skips_are_neither_right_nor_wrong(self, project, bob, golds, court, change):
        held = [text for text in services.serve(project=project, annotator=bob, count=40) if text.source == Source.GOLD]
        give(project, bob, held[0], court)
        give(project, bob, held[1], change)
        give(project, bob, held[2], status="skipped")
        give(project, bob, held[3], status="unsure")
        assert [(row.name, row.right, row.answered, row.passed) for row in accuracies(project)] == [("bob", 1, 2, 2)]

    def test_several_labels_are_right_only_all_together(self, alice, bob):
        project = make_project("multi", name="Several")
        join(project, bob)
        a, b, _ = project.labels.all()
        for number, (known, said) in enumerate([((a, b), (a, b)), ((a, b), (a,)), ((), ()), ((), (a,))]):
            document = add_texts(project, [f"Text {number}"])[0]
            make_gold(project=project, by=alice, document=document, label_ids=[label.pk for label in known])
            answer = Annotation.objects.create(
                key=f"00000000-0000-4000-8000-{number:012}",
                project=project,
                document=document,
                annotator=bob,
                status="labelled",
                source="gold",
            )
            answer.labels.set(said)
        assert [(row.right, row.answered) for row in accuracies(project)] == [(2, 4)]

    def test_each_sees_what_concerns_them(self, project, alice, bob, rita, mallory, golds, change, client_of):
        carol = make_user("carol")
        join(project, carol)
        for person in (bob, carol):
            work(project, person, change, 30)
        address = reverse("gold-accuracy", args=[project.slug])
        hers, his = (client_of(person).get(address).content.decode() for person in (alice, bob))
        assert '<th scope="row">bob</th>' in hers and '<th scope="row">carol</th>' in hers
        assert '<th scope="row">bob</th>' in his and "carol" not in his
        assert "Clause" not in his
        assert [client_of(person).get(address).status_code for person in (rita, mallory)] == [403, 404]
