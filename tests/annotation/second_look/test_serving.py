"""Which texts wait for another look, and to whom they come when, also where a page still shows the old labels."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from labeller.annotation import services
from labeller.annotation.left import left_for
from labeller.annotation.models import Annotation, Lease
from labeller.annotation.second_look import waiting
from tests.annotation.acts import counts, free_and_reserved, give, one, rank
from tests.annotation.second_look.acts import split
from tests.cast import add_texts

pytestmark = pytest.mark.django_db


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

    def test_nobody_else_is_handed_a_text_that_somebody_looks_at(self, project, alice, bob, court, answered):
        split(project, court)
        assert one(project, bob).document_id != one(project, alice).document_id

    def test_a_label_from_a_file_that_comes_after_it_waits_for_none(self, project, alice, court):
        look = split(project, court, "Venue", stays=True)
        [text] = add_texts(project, ["a"])
        imported = Annotation.objects.create(
            project=project, document=text, annotator=alice, status="labelled", source="import", key=uuid4()
        )
        imported.labels.add(court)
        assert waiting(look) == 0

    def test_serving_costs_no_more_queries_while_nothing_is_looked_at_again(
        self, project, bob, court, answered, django_assert_max_num_queries
    ):
        services.serve(project=project, annotator=bob)
        with django_assert_max_num_queries(8):
            services.serve(project=project, annotator=bob)


def give_from_an_old_page(project, person, served, label, shown: int) -> Annotation:
    """An answer from a page that shows version `shown` of the guidelines."""
    given = services.Given(uuid4(), "labelled", [label.pk], guidelines_number=shown, lease_key=served.key)
    return services.answer_and_serve(project=project, annotator=person, given=given)[0]


class TestAPageWithTheOldLabels:
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
