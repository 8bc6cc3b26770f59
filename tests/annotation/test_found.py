"""Labelling texts that were found: what may be labelled, what is left, and that nothing is measured by them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from labeller.annotation import services
from labeller.annotation.found import FoundAct, label_found, take_back_found
from labeller.annotation.given_labels import AnswerRefused
from labeller.annotation.gold import make_gold
from labeller.annotation.models import Annotation, Lease, ServingCounter, Source
from labeller.annotation.selectors import last_answers
from labeller.annotation.standing import Standing, standings
from labeller.projects.models import Project
from tests.annotation.acts import free_and_reserved, give, one, rank
from tests.cast import add_texts, make_project


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Text {number}" for number in range(20)])


@pytest.fixture
def free(texts):
    return free_and_reserved(texts)[0]


@pytest.fixture
def reserve(texts):
    return free_and_reserved(texts)[1]


def act_of(*labels, **options) -> FoundAct:
    return FoundAct(uuid.uuid4(), [label.pk for label in labels], "Found by search: fee", **options)


def label(project, annotator, documents, act):
    return label_found(project=project, annotator=annotator, document_ids=[one.pk for one in documents], act=act)


def current(document):
    rows = Annotation.objects.filter(document=document, superseded_at=None)
    return [(row.annotator.username, row.source, [label.name for label in row.labels.all()]) for row in rows]


class TestWhatAFoundLabelIs:
    def test_it_is_an_annotation_whose_source_is_the_search(self, project, bob, free, court):
        outcome = label(project, bob, free[:2], act_of(court))
        assert outcome.given == sorted(one.pk for one in free[:2]) and outcome.left == {}
        assert current(free[0]) == [("bob", Source.SEARCH, ["Court"])]
        row = Annotation.objects.get(document=free[0])
        assert row.reason == "Found by search: fee" and row.prediction is None and row.probability is None

    def test_it_does_not_count_as_served_so_the_audit_does_not_fall_due(self, project, bob, free, court):
        label(project, bob, free[:5], act_of(court))
        counter = ServingCounter.objects.get(project=project)
        assert (counter.labelled, counter.audit_labelled) == (0, 0)

    def test_a_text_of_the_reserve_that_is_labelled_leaves_the_audit_stream(self, project, bob, texts, reserve, court):
        label(project, bob, reserve[:1], act_of(court, take_reserve=True))
        served = services.serve(project=project, annotator=bob, count=20)
        assert reserve[0].pk not in {text.document_id for text in served}
        assert current(reserve[0]) == [("bob", Source.SEARCH, ["Court"])]

    def test_sent_twice_it_is_one(self, project, bob, free, court):
        act = act_of(court)
        first, second = (label(project, bob, free[:3], act) for _ in range(2))
        assert first.given == second.given and Annotation.objects.count() == 3

    def test_labels_that_do_not_fit_are_refused_whole(self, project, bob, free, court):
        elsewhere = make_project(name="Another").labels.first()
        for wrong in ([], [court.pk, project.labels.get(name="Other").pk], [elsewhere.pk]):
            with pytest.raises(AnswerRefused):
                label(project, bob, free, FoundAct(uuid.uuid4(), wrong, ""))
        assert not Annotation.objects.exists()


class TestWhatIsLeft:
    def test_a_text_in_somebody_else_s_hands(self, project, alice, bob, free, court):
        rank(project, free[:1])
        held = one(project, alice)
        assert held.document_id == free[0].pk
        assert label(project, bob, free[:1], act_of(court)).left == {free[0].pk: Standing.HELD}
        Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert label(project, bob, free[:1], act_of(court)).given == [free[0].pk]

    def test_a_text_that_others_have_answered(self, project, alice, bob, free, court):
        label(project, alice, free[:1], act_of(court))
        outcome = label(project, bob, free[:1], act_of(court, replace_mine=True))
        assert outcome.left == {free[0].pk: Standing.ANSWERED}
        assert current(free[0]) == [("alice", Source.SEARCH, ["Court"])]

    def test_one_s_own_answer_unless_asked_for(self, project, bob, free, court):
        other = project.labels.get(name="Other")
        label(project, bob, free[:1], act_of(other))
        assert label(project, bob, free[:1], act_of(court)).left == {free[0].pk: Standing.MINE}
        assert label(project, bob, free[:1], act_of(court, replace_mine=True)).given == [free[0].pk]
        assert current(free[0]) == [("bob", Source.SEARCH, ["Court"])]

    def test_the_reserve_unless_asked_for(self, project, bob, reserve, court):
        assert label(project, bob, reserve[:1], act_of(court)).left == {reserve[0].pk: Standing.RESERVE}

    def test_an_audit_text_in_one_s_own_hands_or_answered_there(self, project, bob, reserve, court):
        rank(project, reserve[:1], stream="audit")
        ServingCounter.objects.create(project=project, labelled=10)
        served = one(project, bob)
        assert served.source == Source.AUDIT
        everything = {"replace_mine": True, "take_reserve": True}
        assert label(project, bob, reserve[:1], act_of(court, **everything)).left == {reserve[0].pk: Standing.MEASURES}
        give(project, bob, served, project.labels.get(name="Other"))
        assert label(project, bob, reserve[:1], act_of(court, **everything)).left == {reserve[0].pk: Standing.MEASURES}
        assert current(reserve[0]) == [("bob", Source.AUDIT, ["Other"])]

    def test_a_text_of_another_project(self, project, bob, court):
        (there,) = add_texts(make_project(name="Another"), ["There"])
        assert label(project, bob, [there], act_of(court)).left == {there.pk: Standing.GONE}

    def test_with_overlap_a_second_person_may_label_what_one_has_answered(self, project, alice, bob, free, court):
        project.overlap = 2
        project.save()
        label(project, alice, free[:1], act_of(court))
        assert label(project, bob, free[:1], act_of(court)).given == [free[0].pk]
        assert standings(project, alice, [free[0].pk]) == {free[0].pk: Standing.MINE}


class TestOneSOwnSkipsAndHands:
    def test_a_skipped_text_is_free_and_its_skip_is_superseded(self, project, bob, free, court):
        rank(project, free[:1])
        give(project, bob, one(project, bob), status="skipped")
        assert label(project, bob, free[:1], act_of(court)).given == [free[0].pk]
        assert current(free[0]) == [("bob", Source.SEARCH, ["Court"])]

    def test_a_text_in_one_s_own_hands_is_answered_where_it_was_served(self, project, bob, free, court):
        rank(project, free[:1])
        one(project, bob)
        left = label(project, bob, free[:1], act_of(court, replace_mine=True)).left
        assert left == {free[0].pk: Standing.MEASURES}

    def test_from_a_page_that_sleeps_it_is_taken_back(self, project, bob, free, court):
        rank(project, free[:1])
        served = one(project, bob)
        Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        label(project, bob, free[:1], act_of(court))
        assert Lease.objects.get(key=served.key).closed_at is not None


class TestGoldTextsStandLikeThoseTheyHideAmong:
    """Whoever looks up what was just served learns nothing of which of it is gold."""

    @pytest.fixture
    def served(self, project, alice, bob, texts, court):
        """Gold and ordinary texts in Bob's hands, all in random order."""
        Project.objects.filter(pk=project.pk).update(gold_share=50, audit=False)
        project.refresh_from_db()
        for text in texts[:8]:
            make_gold(project=project, by=alice, document=text, label_ids=[court.pk])
        served = services.serve(project=project, annotator=bob, count=14)
        assert {text.source for text in served} == {Source.GOLD, Source.RANDOM}
        return served

    @pytest.fixture
    def kinds(self, project, bob, served):
        """How they stand: () -> the set of standings."""
        return lambda: set(standings(project, bob, [text.document_id for text in served]).values())

    def test_in_one_s_hands(self, kinds):
        assert kinds() == {Standing.MEASURES}

    @pytest.mark.parametrize("status", ["labelled", "skipped", "unsure"])
    def test_and_answered(self, project, bob, court, served, kinds, status):
        for text in served:
            give(project, bob, text, *([court] if status == "labelled" else []), status=status)
        assert kinds() == {Standing.MEASURES}


class TestTakingBack:
    def test_all_is_as_it_was(self, project, bob, free, court):
        other = project.labels.get(name="Other")
        label(project, bob, free[:1], act_of(other))
        act = act_of(court, replace_mine=True)
        label(project, bob, free[:3], act)
        ids = [document.pk for document in free[:3]]
        assert take_back_found(project=project, document_ids=ids, act=act) == 3
        assert current(free[0]) == [("bob", Source.SEARCH, ["Other"])]
        assert current(free[1]) == current(free[2]) == []
        assert take_back_found(project=project, document_ids=ids, act=act) == 0

    def test_what_was_changed_since_stays(self, project, bob, free, court):
        act = act_of(court)
        label(project, bob, free[:2], act)
        label(project, bob, free[:1], act_of(project.labels.get(name="Other"), replace_mine=True))
        assert take_back_found(project=project, document_ids=[document.pk for document in free[:2]], act=act) == 1
        assert current(free[0]) == [("bob", Source.SEARCH, ["Other"])]

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_two_acts_undone_in_either_order_leave_what_was_there_before_them(self, project, bob, free, court, order):
        change, other = (project.labels.get(name=name) for name in ("Change", "Other"))
        label(project, bob, free[:1], act_of(change))
        acts = [act_of(court, replace_mine=True), act_of(other, replace_mine=True)]
        for act in acts:
            label(project, bob, free[:2], act)
        for at in order:
            take_back_found(project=project, document_ids=[document.pk for document in free[:2]], act=acts[at])
        assert current(free[0]) == [("bob", Source.SEARCH, ["Change"])]
        assert current(free[1]) == []

    def test_an_act_undone_below_a_later_answer_does_not_come_back_with_its_undo(self, project, bob, free, court):
        acts = [act_of(court), act_of(project.labels.get(name="Other"), replace_mine=True)]
        for act in acts:
            label(project, bob, free[:1], act)
        take_back_found(project=project, document_ids=[free[0].pk], act=acts[0])
        services.undo(project=project, annotator=bob, key=acts[1].key_of(free[0].pk))
        assert current(free[0]) == []

    def test_counters_follow_a_served_answer_that_comes_back(self, project, bob, free, court):
        rank(project, free[:1])
        give(project, bob, one(project, bob), project.labels.get(name="Other"))
        act = act_of(court, replace_mine=True)
        label(project, bob, free[:1], act)
        assert ServingCounter.objects.get(project=project).labelled == 0
        take_back_found(project=project, document_ids=[free[0].pk], act=act)
        assert ServingCounter.objects.get(project=project).labelled == 1

    def test_undo_on_the_labelling_page_leaves_lists_alone_and_goes_on_to_the_answers_before(
        self, project, bob, free, court
    ):
        rank(project, free[:1])
        served = give(project, bob, one(project, bob), court)
        act = act_of(court)
        label(project, bob, free[1:], act)
        assert [row.key for row in last_answers(project, bob, 25)] == [str(served.key)]
        assert services.undo(project=project, annotator=bob) == served
        assert services.undo(project=project, annotator=bob) is None
        ids = [document.pk for document in free[1:]]
        assert take_back_found(project=project, document_ids=ids, act=act) == len(ids)

    def test_undo_reaches_a_found_label_that_was_changed_afterwards(self, project, bob, free, court):
        act = act_of(court)
        label(project, bob, free[:1], act)
        other = services.Said(uuid.uuid4(), "labelled", [project.labels.get(name="Other").pk], seconds=3.0)
        services.change(project=project, annotator=bob, answer_key=act.key_of(free[0].pk), said=other)
        assert [row.key for row in last_answers(project, bob, 25)] == [str(other.key)]
        services.undo(project=project, annotator=bob)
        assert current(free[0]) == [("bob", Source.SEARCH, ["Court"])]


def test_the_standing_of_many_texts_costs_a_fixed_number_of_queries(project, bob, texts, django_assert_num_queries):
    with django_assert_num_queries(4):
        standings(project, bob, [text.pk for text in texts])
