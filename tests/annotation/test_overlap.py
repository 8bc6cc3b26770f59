"""Several people answer a share of the texts drawn at random: which texts, how many answers, and never one more."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from labeller.annotation import services
from labeller.annotation.audit import quota
from labeller.annotation.models import Annotation, Lease, ServingCounter, Source
from labeller.annotation.overlap import Overlap, turned
from labeller.annotation.queue import Asking
from labeller.corpus.models import Document
from labeller.projects.models import Project
from tests.annotation.acts import free_and_reserved, give, let_go, one, rank
from tests.cast import add_texts, join, make_project, make_user

DRAWS = st.floats(0, 1, exclude_max=True)


class TestWhichTextsAreShared:
    @given(DRAWS, st.integers(1, 100), st.integers(1, 100))
    def test_a_larger_share_holds_every_text_of_a_smaller_one(self, draw, one_share, other_share):
        small, large = sorted((one_share, other_share))
        assert Overlap(3, small / 100).wanted(draw, audit=True) <= Overlap(3, large / 100).wanted(draw, audit=True)

    @given(DRAWS, st.integers(2, 10))
    def test_a_text_that_was_not_drawn_at_random_wants_one_answer(self, draw, people):
        assert Overlap(people, 1.0).wanted(draw, audit=False) == 1 == Overlap(people, 1.0).of_others

    @given(DRAWS, st.integers(1, 10), st.booleans())
    def test_without_a_share_every_text_wants_them_all(self, draw, people, audit):
        assert Overlap(people).wanted(draw, audit=audit) == people == Overlap(people).of_others

    @pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
    def test_the_share_is_met_among_the_first_drawn_as_among_the_last(self, share):
        """Twenty thousand draws: five standard errors are a hundredth and less."""
        dice = random.Random(11)
        draws = sorted(dice.random() for _ in range(20_000))
        for part in (draws[:10_000], draws[10_000:]):
            found = sum(turned(draw) < share for draw in part) / len(part)
            assert abs(found - share) < 5 * (share * (1 - share) / len(part)) ** 0.5

    @pytest.mark.django_db
    def test_the_database_finds_the_same_texts(self, project):
        documents = add_texts(project, [f"Clause {number}" for number in range(500)])
        found = Document.objects.filter(Overlap(2, 0.3).is_shared("draw")).values_list("pk", flat=True)
        assert set(found) == {one.pk for one in documents if turned(one.draw) < 0.3}
        assert 100 < len(found) < 200


def share(project: Project, people: int = 2, per_cent: int = 50) -> None:
    project.overlap, project.overlap_on, project.overlap_share = people, "drawn", per_cent
    project.save()


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Clause {number}" for number in range(60)])


@pytest.fixture
def people(project, alice, bob):
    carol = make_user("carol")
    join(project, carol)
    return [alice, bob, carol]


def work_off(project, people) -> None:
    """They take turns until nothing is left for anybody."""
    label, busy = project.labels.first(), list(people)
    while busy:
        for person in list(busy):
            served = services.serve(project=project, annotator=person, count=1)
            if served:
                give(project, person, served[0], label)
            else:
                busy.remove(person)


def answers_by_text(project) -> dict[int, int]:
    counted = Annotation.objects.filter(project=project, superseded_at=None).values("document")
    return dict(counted.annotate(n=Count("annotator", distinct=True)).values_list("document", "n"))


@pytest.mark.django_db
class TestServing:
    @pytest.mark.parametrize("number", [2, 3])
    @pytest.mark.parametrize("ranked", [True, False], ids=["in a model's order", "in random order"])
    def test_in_the_end_each_text_has_the_answers_it_wants(self, project, texts, people, number, ranked):
        share(project, number)
        free, reserved = free_and_reserved(texts)
        if ranked:
            rank(project, free)
        work_off(project, people)
        shared = {text.pk for text in reserved if turned(text.draw) < 0.5}
        assert answers_by_text(project) == {text.pk: number if text.pk in shared else 1 for text in texts}
        assert 5 <= len(shared) < len(reserved)

    def test_the_second_person_is_asked_soon_and_sees_nothing_of_the_first(self, project, texts, alice, bob):
        share(project, per_cent=100)
        rank(project, free_and_reserved(texts)[0])
        hers = [one(project, alice) for _ in range(3) if give(project, alice, one(project, alice), label(project))]
        drawn = free_and_reserved(texts)[1][0].pk
        assert drawn in {answer.document_id for answer in Annotation.objects.filter(source=Source.AUDIT)}
        assert hers
        his = []
        for _ in range(4):
            his.append(one(project, bob))
            give(project, bob, his[-1], label(project))
        again = next(text for text in his if text.document_id == drawn)
        assert (again.source, again.prediction) == (Source.AUDIT, None)
        assert "random" in again.reason

    def test_second_answers_count_for_no_quota(self, project, texts, people):
        """The stages of the audit count texts: forty texts are forty, however many people read some of them."""
        share(project, 3, 100)
        rank(project, free_and_reserved(texts)[0])
        for turn in range(45):
            person = people[turn % 2]
            give(project, person, one(project, person), label(project))
        audit = Annotation.objects.filter(source=Source.AUDIT)
        drawn = audit.values("document").distinct().count()
        all_texts = Annotation.objects.values("document").distinct().count()
        assert audit.count() > drawn
        assert drawn == quota(all_texts)
        counter = ServingCounter.objects.get(project=project)
        asking = Asking(project, people[0], counter, timezone.now() + timedelta(hours=1))
        assert asking._handed_out() == (all_texts, drawn)
        assert counter.audit_repeated == audit.count() - drawn

    def test_undoing_takes_a_second_answer_off_the_count(self, project, texts, alice, bob):
        share(project, 2, 100)
        held = {person: services.serve(project=project, annotator=person, count=20) for person in (alice, bob)}
        drawn = next(text for text in held[alice] if text.source == Source.AUDIT)
        his = next(text for text in held[bob] if text.document_id == drawn.document_id)
        give(project, alice, drawn, label(project))
        give(project, bob, his, label(project))
        assert ServingCounter.objects.get(project=project).audit_repeated == 1
        services.undo(project=project, annotator=alice)
        counter = ServingCounter.objects.get(project=project)
        assert (counter.audit_labelled, counter.audit_repeated) == (1, 0)

    def test_an_expired_lease_is_no_place_to_come_back_to(self, project, texts, people):
        """Once somebody else was asked in its stead, a page that was asleep must not renew it."""
        share(project, 2, 100)
        for person in people[:2]:
            services.serve(project=project, annotator=person, count=20)
        text = free_and_reserved(texts)[1][0].pk
        first, second = (Lease.objects.get(document_id=text, annotator=person) for person in people[:2])
        give(project, people[0], first, label(project))
        Lease.objects.filter(pk=second.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        third = services.serve(project=project, annotator=people[2], count=1)
        while third[0].document_id != text:
            give(project, people[2], third[0], label(project))
            third = services.serve(project=project, annotator=people[2], count=1)
        assert text not in {one.document_id for one in services.renew(project=project, annotator=people[1])}

    def test_a_late_answer_is_one_of_those_wanted_so_one_of_the_others_is_let_go(self, project, texts, people):
        alice, bob, carol = people
        share(project, 2, 100)
        late = first_drawn(project, alice)
        his = next(text for text in services.serve(project=project, annotator=bob, count=60) if same(text, late))
        Lease.objects.filter(annotator=alice).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert late.document_id in {
            text.document_id for text in services.serve(project=project, annotator=carol, count=60)
        }
        give(project, alice, late, label(project))
        assert late.document_id not in {text.document_id for text in services.renew(project=project, annotator=carol)}
        assert his in services.renew(project=project, annotator=bob)  # who had it before her
        give(project, bob, his, label(project))
        assert answers_by_text(project)[late.document_id] == 2

    def test_a_file_is_nobody_s_second_answer(self, project, texts, alice, bob):
        share(project, 2, 100)
        give(project, alice, drawn := first_drawn(project, alice), label(project))
        Annotation.objects.create(
            key="00000000-0000-4000-8000-000000000001",
            project=project,
            document_id=drawn.document_id,
            annotator=alice,
            status="labelled",
            source="import",
        )
        assert first_drawn(project, bob).document_id == drawn.document_id


@pytest.mark.django_db
class TestChangingTheSetting:
    def test_lowering_asks_for_no_more_and_takes_nothing_away(self, project, texts, alice, bob):
        share(project, 2, 100)
        give(project, alice, drawn := first_drawn(project, alice), label(project))
        held = services.serve(project=project, annotator=bob, count=10)
        assert drawn.document_id in {text.document_id for text in held}
        share(project, 1, 100)
        assert services.renew(project=project, annotator=bob) == held
        let_go(project, bob, [text.key for text in held])
        assert drawn.document_id not in {
            text.document_id for text in services.serve(project=project, annotator=bob, count=60)
        }
        assert Annotation.objects.get(superseded_at=None).document_id == drawn.document_id

    def test_raising_asks_again_about_texts_that_were_answered(self, project, texts, alice, bob):
        give(project, alice, drawn := first_drawn(project, alice), label(project))
        assert drawn.document_id not in in_reach(project, bob)
        share(project, 2, 100)
        assert drawn.document_id in in_reach(project, bob)

    def test_a_text_once_begun_keeps_its_place_when_the_pool_grows(self, alice, bob):
        """The reserve of a small pool is larger, so a text may leave it. What was promised to it stays."""
        project = make_project(name="Growing")
        for person in (alice, bob):
            join(project, person)
        share(project, 2, 100)
        documents = add_texts(project, [f"Clause {number}" for number in range(10)])
        reserved = free_and_reserved(documents)[1]
        while served := services.serve(project=project, annotator=alice, count=1):
            give(project, alice, served[0], label(project))
        ServingCounter.objects.update(pool_size=1500, pool_counted_at=timezone.now())  # as an import would have it
        begun = {text.pk for text in reserved if text.draw > 0.2}
        assert begun and begun <= in_reach(project, bob)


def first_drawn(project, person):
    held = services.serve(project=project, annotator=person, count=10)
    return next(text for text in held if text.source == Source.AUDIT)


def same(text, other) -> bool:
    return text.document_id == other.document_id


def in_reach(project, person, count=60) -> set[int]:
    """What this person would be asked; given back at once."""
    held = services.serve(project=project, annotator=person, count=count)
    let_go(project, person, [text.key for text in held])
    return {text.document_id for text in held}


def label(project):
    return project.labels.first()


@pytest.mark.django_db
class TestTheSettingsPage:
    def test_a_manager_asks_three_people_for_a_tenth(self, project, alice, client_of):
        answer = client_of(alice).post(settings_of(project), said(project, overlap=3, overlap_on="drawn"))
        assert answer.status_code == 302
        project.refresh_from_db()
        assert (project.overlap, project.overlap_on, project.overlap_share) == (3, "drawn", 10)

    def test_a_share_needs_texts_drawn_at_random(self, project, alice, client_of):
        form = said(project, overlap=2, overlap_on="drawn", audit="False")
        answer = client_of(alice).post(settings_of(project), form)
        assert answer.status_code == 422 and "none is drawn at random" in answer.content.decode()

    @pytest.mark.parametrize("per_cent", ["0", "101"])
    def test_a_share_is_between_one_and_a_hundred(self, project, alice, client_of, per_cent):
        form = said(project, overlap=2, overlap_on="drawn", overlap_share=per_cent)
        assert client_of(alice).post(settings_of(project), form).status_code == 422

    @pytest.mark.parametrize(
        ("people", "on", "words"),
        [
            (1, "drawn", None),
            (2, "all", "Two people answer each text"),
            (3, "drawn", "Three people answer 10 % of the texts drawn at random, one the others"),
        ],
    )
    def test_the_overview_says_it_in_one_sentence(self, project, texts, rita, client_of, people, on, words):
        project.overlap, project.overlap_on = people, on
        project.save()
        page = client_of(rita).get(reverse("project", args=[project.slug])).content.decode()
        assert (words in page) if words else ("people answer" not in page)

    def test_the_database_refuses_a_share_beyond_its_bounds(self, project):
        for per_cent in (0, 101):
            with pytest.raises(IntegrityError), transaction.atomic():
                Project.objects.filter(pk=project.pk).update(overlap_share=per_cent)


def settings_of(project):
    return reverse("project-settings", args=[project.slug])


def said(project, **changes):
    kept = {name: getattr(project, name) for name in ("name", "kind", "encoder", "guidelines", "suggestions")}
    return kept | {"overlap_share": "10"} | changes
