"""Managers make gold texts and take them back: what becomes one, what is refused, and the page on which they do it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from labeller.annotation.given_labels import AnswerRefused
from labeller.annotation.gold import make_answers_gold, make_gold, take_back_gold
from labeller.annotation.gold_selectors import accuracies
from labeller.annotation.models import GoldText
from labeller.projects.models import Project
from tests.annotation.acts import give, one, work
from tests.cast import add_texts, join, make_project

pytestmark = pytest.mark.django_db


class TestMaking:
    def test_answers_become_gold_with_the_label_that_stands(self, project, alice, bob, texts, court, change):
        answers = [give(project, bob, one(project, bob), label) for label in (court, change)]
        made = make_answers_gold(
            project=project, by=alice, document_ids=[*(row.document_id for row in answers), texts[-1].pk]
        )
        assert {row.document_id: [label.name for label in row.labels.all()] for row in made} == {
            answers[0].document_id: ["Court"],
            answers[1].document_id: ["Change"],
        }

    def test_a_second_time_changes_the_label_and_makes_no_second_one(self, project, alice, bob, texts, court, change):
        for label in (court, change):
            make_gold(project=project, by=alice, document=texts[0], label_ids=[label.pk])
        assert list(GoldText.objects.get().labels.all()) == [change]

    def test_none_of_these_may_be_known_too(self, alice):
        project = make_project("multi", name="Several")
        gold = make_gold(project=project, by=alice, document=add_texts(project, ["x"])[0], label_ids=[])
        assert list(gold.labels.all()) == []

    def test_labels_that_do_not_fit_are_refused(self, project, alice, texts, court, change):
        for labels in ([], [court.pk, change.pk], [court.pk + 1000]):
            with pytest.raises(AnswerRefused):
                make_gold(project=project, by=alice, document=texts[0], label_ids=labels)
        assert not GoldText.objects.exists()

    def test_the_database_refuses_the_same_text_twice(self, project, texts):
        GoldText.objects.create(project=project, document=texts[0])
        with pytest.raises(IntegrityError), transaction.atomic():
            GoldText.objects.create(project=project, document=texts[0])

    def test_the_database_refuses_a_share_above_a_half(self, project):
        with pytest.raises(IntegrityError), transaction.atomic():
            Project.objects.filter(pk=project.pk).update(gold_share=51)

    def test_taken_back_its_answers_count_for_nobody(self, project, bob, golds, change):
        work(project, bob, change, 40)
        assert accuracies(project)
        for gold in golds:
            assert take_back_gold(project=project, pk=gold.pk)
        assert accuracies(project) == [] and not take_back_gold(project=project, pk=golds[0].pk)


class TestThePages:
    @pytest.mark.parametrize("name", ["gold", "gold-add", "gold-share", "gold-take-back"])
    def test_only_managers_choose(self, project, bob, rita, mallory, client_of, name):
        args = [project.slug, 1] if name == "gold-take-back" else [project.slug]
        for person, code in ((bob, 403), (rita, 403), (mallory, 404)):
            client = client_of(person)
            ask = client.get if name == "gold" else client.post
            assert ask(reverse(name, args=args)).status_code == code

    def test_a_manager_finds_ticks_and_takes_back(self, project, alice, bob, texts, court, client_of):
        answers = [give(project, bob, one(project, bob), court) for _ in range(3)]
        client, address = client_of(alice), reverse("gold", args=[project.slug])
        assert "None yet" in client.get(address).content.decode()
        picked, other = sorted((answer.document for answer in answers[:2]), key=lambda one: -len(one.text))
        page = client.get(address, {"words": picked.text, "label": court.pk}).content.decode()
        assert f'id="text-{picked.pk}"' in page and f'id="text-{other.pk}"' not in page
        after = client.post(reverse("gold-add", args=[project.slug]), {"text": [picked.pk]}, follow=True)
        assert "1 text is gold now." in after.content.decode()
        gold = GoldText.objects.get()
        assert gold.made_by == alice and list(gold.labels.all()) == [court]
        after = client.post(reverse("gold-take-back", args=[project.slug, gold.pk]), follow=True).content.decode()
        assert "ordinary one again" in after and not GoldText.objects.exists()

    def test_texts_of_other_projects_are_not_taken(self, project, alice, bob, client_of):
        other = make_project(name="Another")
        join(other, bob)
        add_texts(other, ["Elsewhere."])
        answer = give(other, bob, one(other, bob), other.labels.first())
        client_of(alice).post(reverse("gold-add", args=[project.slug]), {"text": [answer.document_id]})
        assert not GoldText.objects.exists()

    @pytest.mark.parametrize(
        ("sent", "words"),
        [({}, "Tick at least one"), ({"text": list(range(101))}, "At most 100"), ({"text": "x"}, "something else")],
    )
    def test_what_cannot_be_read_is_said_on_the_page(self, project, alice, client_of, sent, words):
        after = client_of(alice).post(reverse("gold-add", args=[project.slug]), sent, follow=True)
        assert words in after.content.decode()

    def test_the_share_is_changed_and_checked(self, project, alice, client_of):
        address = reverse("gold-share", args=[project.slug])
        assert client_of(alice).post(address, {"per_cent": "10"}).status_code == 302
        project.refresh_from_db()
        assert project.gold_share == 10
        answer = client_of(alice).post(address, {"per_cent": "51"})
        assert answer.status_code == 422 and "less than or equal to 50" in answer.content.decode()

    def test_a_page_asks_as_many_questions_whatever_it_lists(
        self, project, alice, bob, golds, court, change, client_of, django_assert_max_num_queries
    ):
        work(project, bob, change, 60)
        client = client_of(alice)
        with django_assert_max_num_queries(22):
            client.get(reverse("gold", args=[project.slug]))
        with django_assert_max_num_queries(8):
            client.get(reverse("gold-accuracy", args=[project.slug]))
