"""A manager splits a label or has its texts looked at again, watches how far they are, and ends it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from labeller.annotation import services
from labeller.annotation.label_changes import end_look, look_again
from labeller.annotation.models import Annotation, ServingCounter
from labeller.annotation.second_look import SecondLook, waiting
from labeller.annotation.selectors import current_labels
from labeller.projects.labels import LabelError
from labeller.projects.models import Label
from tests.annotation.acts import counts, give, one
from tests.annotation.second_look.acts import split

pytestmark = pytest.mark.django_db


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

    @pytest.mark.parametrize("act", [split, lambda project, label: look_again(project=project, label=label)])
    def test_of_a_label_that_went_a_moment_ago(self, project, court, act):
        Label.objects.filter(pk=court.pk).delete()
        with pytest.raises(LabelError, match="“Court” is not a label of this project any more"):
            act(project, court)


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

    def test_the_label_is_offered_no_more_and_its_key_is_the_first_new_one_s(
        self, project, bob, court, answered, client_of
    ):
        key = court.hotkey
        split(project, court)
        page = client_of(bob).get(reverse("label", args=[project.slug])).content.decode()
        assert f'value="{court.pk}"' not in page
        assert project.labels.get(name="Venue").hotkey == key
