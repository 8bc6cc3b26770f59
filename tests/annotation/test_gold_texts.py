"""Gold texts: made by managers, slipped in unmarked, never twice, never teaching, and seen by those they concern."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from labeller.annotation import selectors, services
from labeller.annotation.export import rows
from labeller.annotation.given_labels import AnswerRefused
from labeller.annotation.gold import make_answers_gold, make_gold, take_back_gold
from labeller.annotation.gold_selectors import accuracies
from labeller.annotation.models import Annotation, GoldText, Lease, ServingCounter, Source
from labeller.annotation.page import text_of
from labeller.annotation.services import Said
from labeller.projects.models import Project
from tests.annotation.acts import free_and_reserved, give, let_go, one, rank
from tests.cast import add_texts, join, make_project, make_user


@pytest.fixture
def court(project):
    return project.labels.get(name="Court")


@pytest.fixture
def change(project):
    return project.labels.get(name="Change")


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Clause {number}" for number in range(80)])


@pytest.fixture
def golds(project, texts, alice, court):
    """Ten texts that may be slipped in at once, half of what is served while they last."""
    Project.objects.filter(pk=project.pk).update(gold_share=50)
    project.refresh_from_db()
    free = free_and_reserved(texts)[0]
    return [make_gold(project=project, by=alice, document=text, label_ids=[court.pk]) for text in free[-10:]]


def work(project, person, label, count=60):
    """Answer whatever comes. Returns what was served, in order."""
    served = []
    for _ in range(count):
        found = services.serve(project=project, annotator=person, count=1)
        if not found:
            break
        served.append(found[0])
        give(project, person, found[0], label)
    return served


def say_at_once(text, person, label, source):
    """An answer without a lease."""
    answer = Annotation.objects.create(
        key=uuid4(), project=text.project, document=text, annotator=person, status="labelled", source=source
    )
    answer.labels.set([label])


def counted(project):
    counter = ServingCounter.objects.get(project=project)
    return counter.labelled, counter.audit_labelled, counter.audit_repeated


@pytest.mark.django_db
class TestSlippingIn:
    def test_about_the_share_of_what_is_served_is_gold(self, project, bob, golds, change):
        """At a half the ten there are come soon; one or the other is met before as an ordinary text."""
        served = work(project, bob, change, 40)
        found = [text.document_id for text in served if text.source == Source.GOLD]
        assert 4 <= len(found) <= 10 and len(set(found)) == len(found)
        assert set(found) <= {one.document_id for one in golds}

    def test_none_is_slipped_in_where_the_share_is_nothing(self, project, bob, golds, change):
        project.gold_share = 0
        project.save()
        assert all(text.source != Source.GOLD for text in work(project, bob, change, 30))

    def test_it_looks_like_a_text_drawn_at_random(self, project, bob, texts, golds, change):
        rank(project, free_and_reserved(texts)[0], prediction={"1": 0.9}, model_key="quick")
        served = work(project, bob, change, 40)
        drawn = next(text for text in served if text.source == Source.AUDIT)
        for text in (text for text in served if text.source == Source.GOLD):
            assert text.reason == drawn.reason
            page = text_of(project, text)
            assert page["suggested"] == {} and "gold" not in str(page).lower()

    def test_it_goes_to_everybody_at_once_and_takes_nobody_s_place(self, project, alice, bob, golds, change):
        carol = make_user("carol")
        join(project, carol)
        for person in (bob, carol):
            services.serve(project=project, annotator=person, count=30)
        shared = Lease.objects.filter(source=Source.GOLD).values_list("document", flat=True)
        assert len(shared) > len(set(shared))

    def test_nobody_gets_what_they_answered_made_or_took_back(self, project, alice, bob, texts, court, change):
        Project.objects.filter(pk=project.pk).update(gold_share=50)
        project.refresh_from_db()
        answered = work(project, bob, change, 20)
        undone = services.undo(project=project, annotator=bob)
        let_go(project, bob, Lease.objects.values_list("key", flat=True))
        for text in answered:
            make_gold(
                project=project,
                by=alice,
                document=project.documents.get(pk=text.document_id),
                label_ids=[court.pk],
            )
        assert all(text.source != Source.GOLD for text in work(project, bob, change))
        assert all(text.source != Source.GOLD for text in work(project, alice, change))
        assert undone is not None

    def test_where_nothing_else_is_left_no_gold_comes_alone(self, project, bob, golds, change):
        work(project, bob, change, 200)
        left = GoldText.objects.exclude(document__annotations__annotator=bob).count()
        assert services.serve(project=project, annotator=bob) == []
        assert left == 0 or not Lease.objects.filter(closed_at=None).exists()

    def test_a_text_of_the_audit_s_reserve_waits_until_it_was_drawn(self, project, alice, bob, texts, court, change):
        """Or a text would be missing from the audit for its known label, and the rest were no fair sample."""
        Project.objects.filter(pk=project.pk).update(gold_share=50)
        project.refresh_from_db()
        reserved = free_and_reserved(texts)[1]
        for text in reserved:
            make_gold(project=project, by=alice, document=text, label_ids=[court.pk])
        served = work(project, bob, change, 20)
        assert not [text for text in served if text.source == Source.GOLD]
        carol = make_user("carol")
        join(project, carol)
        slipped = {text.document_id for text in work(project, carol, change, 40) if text.source == Source.GOLD}
        assert slipped and slipped <= {text.document_id for text in served if text.source == Source.AUDIT}


def looks_of(project, text):
    """All that the page tells of a text but what it says itself. A model's reason names the text's own figures."""
    page = text_of(project, text)
    reason = page["reason"] if page["reason"].startswith("Drawn at random") else "a model's"
    return reason, bool(page["suggested"]), tuple(sorted(page))


@pytest.mark.django_db
class TestBeingLikeTheOthers:
    """Whatever the page tells of a gold text it tells of as many ordinary ones that came in the same hours."""

    @pytest.fixture
    def golds(self, project, alice, court):
        """Forty texts that came labelled with a file: no stream serves them, so each that is met is met as gold."""
        Project.objects.filter(pk=project.pk).update(gold_share=25)
        project.refresh_from_db()
        texts = add_texts(project, [f"Known clause {number}" for number in range(40)])
        for text in texts:
            say_at_once(text, alice, court, source=Source.IMPORT)
        return [make_gold(project=project, by=alice, document=text, label_ids=[court.pk]) for text in texts]

    @pytest.fixture
    def free(self, project, texts, golds, change):
        """Texts for a model to choose from, all ranked with a suggestion."""
        more = add_texts(project, [f"Ordinary clause {number}" for number in range(200)])
        known = {one.document_id for one in golds}
        free = [text for text in free_and_reserved([*texts, *more], 320)[0] if text.pk not in known]
        rank(project, free, prediction={str(change.pk): 0.8}, model_key="quick", reason="Least sure: Change 80 %")
        return free

    @pytest.mark.parametrize("policy", ["shown", "half", "hidden"])
    def test_where_a_model_chooses_all_as_many_are_drawn_at_random(self, project, bob, golds, free, change, policy):
        project.audit, project.suggestions = False, policy
        project.save()
        served = work(project, bob, change, 120)
        gold = [looks_of(project, text) for text in served if text.source == Source.GOLD]
        others = [looks_of(project, text) for text in served if text.source != Source.GOLD]
        assert len(set(gold)) == 1 and len(gold) >= 10
        assert others.count(gold[0]) >= len(gold) / 3  # in the mean as many
        assert "a model's" in {reason for reason, *_ in others}  # a model chooses the others still

    def test_where_the_audit_has_no_more_texts_it_claims_none(self, project, bob, golds, free, change):
        """Else whoever has seen the whole reserve would know a text that says it belongs to it."""
        reserved = free_and_reserved(list(project.documents.all()))[1]
        for text in reserved:
            say_at_once(text, bob, change, source=Source.AUDIT)
        served = work(project, bob, change, 100)
        assert {looks_of(project, text)[0] for text in served} == {"Drawn at random", "a model's"}

    def test_where_the_gold_is_used_up_no_more_are_drawn_to_look_like_it(self, project, bob, free, change):
        GoldText.objects.all().delete()
        project.audit = False
        project.save()
        assert {looks_of(project, text)[0] for text in work(project, bob, change, 40)} == {"a model's"}

    def test_a_text_whose_known_label_is_being_split_is_not_slipped_in(self, project, bob, golds, free, change, court):
        court.on_offer, court.hotkey = False, ""
        court.save()
        assert all(text.source != Source.GOLD for text in work(project, bob, change, 40))


@pytest.mark.django_db
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


@pytest.mark.django_db
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


class TestAccuracy:
    @pytest.mark.django_db
    def test_skips_are_neither_right_nor_wrong(self, project, bob, golds, court, change):
        held = [text for text in services.serve(project=project, annotator=bob, count=40) if text.source == Source.GOLD]
        give(project, bob, held[0], court)
        give(project, bob, held[1], change)
        give(project, bob, held[2], status="skipped")
        give(project, bob, held[3], status="unsure")
        assert [(row.name, row.right, row.answered, row.passed) for row in accuracies(project)] == [("bob", 1, 2, 2)]

    @pytest.mark.django_db
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


@pytest.mark.django_db
class TestThePages:
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
