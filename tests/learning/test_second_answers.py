"""Where two people answer each text, everybody is asked by turns what others have answered and something new."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest

from labeller.annotation.answers import Given, answer_and_serve
from labeller.annotation.models import Annotation, Lease, QueueEntry, Source
from labeller.annotation.queue import SECOND_REASON
from labeller.annotation.selectors import current_labels
from labeller.annotation.serving import AHEAD, Served, serve
from labeller.corpus.models import Document
from labeller.learning import pulse, selectors
from labeller.learning.bridges.still_asked import BEGUN_HEAD
from labeller.projects.models import Project, User
from tests.cast import join, make_user
from tests.learning.scene import active, annotate, refit
from tests.learning.test_readings import NAMES, kind_of, pool

__all__ = ["pool"]  # the fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(project: Project, pool: list[Document]) -> Project:
    """Two people answer each text of a pool of 400, two times larger than the queue; there is no audit."""
    Project.objects.update(overlap=2, audit=False)
    project.refresh_from_db()
    return project


def answered(project: Project, pool: list[Document], by: User, among: slice, **facts: str) -> list[int]:
    """The ids of these texts, each answered by this person with its kind."""
    for at in range(*among.indices(len(pool))):
        annotate(pool[at], by, [NAMES[kind_of(at)]], **facts)
    refit(project)
    return [document.pk for document in pool[among]]


def begun(project: Project) -> list[QueueEntry]:
    return list(QueueEntry.objects.filter(project=project, stream=QueueEntry.Stream.BEGUN).order_by("rank"))


def on_their_pages(project: Project, *people: User, each: int, refit_every: int = 1) -> dict[User, list[Served]]:
    """Each holds five texts, answers the oldest and is handed another; the queue is made anew after every so many
    answers. What each was handed."""
    label = project.labels.get(name="Change")
    say_alive()
    held = {person: serve(project=project, annotator=person) for person in people}
    seen = {person: {one.key: one for one in texts} for person, texts in held.items()}
    for at in range(each * len(people)):
        person = people[at % len(people)]
        given = Given(uuid.uuid4(), "labelled", [label.pk], seconds=1.0, lease_key=held[person][0].key)
        _, held[person] = answer_and_serve(project=project, annotator=person, given=given)
        seen[person] |= {one.key: one for one in held[person]}
        if at % refit_every == refit_every - 1:
            refit(project)
            say_alive()
    return {person: list(texts.values()) for person, texts in seen.items()}


def say_alive() -> None:
    """Without a worker's sign of life texts are served in random order."""
    pulse.beat("quick")
    selectors.forget_whether_the_queue_is_kept()


def share_begun(served: list[Served]) -> float:
    return sum(one.reason == SECOND_REASON for one in served) / len(served)


class TestTheQueue:
    def test_what_others_answered_waits_apart_the_first_answered_first_and_no_model_says_anything_of_it(
        self, shared: Project, pool: list[Document], alice: User
    ) -> None:
        ids = answered(shared, pool, alice, slice(5, 21))
        assert [entry.document_id for entry in begun(shared)] == ids
        assert all(
            (entry.reason, entry.prediction, entry.model_key) == (SECOND_REASON, None, "") for entry in begun(shared)
        )
        assert not {entry.document_id for entry in active(shared)} & set(ids)
        assert all(entry.prediction for entry in active(shared))

    def test_an_answer_of_the_second_person_ends_it(
        self, shared: Project, pool: list[Document], alice: User, bob: User
    ) -> None:
        ids = answered(shared, pool, alice, slice(16))
        answered(shared, pool, bob, slice(1))
        assert [entry.document_id for entry in begun(shared)] == ids[1:]

    @pytest.mark.parametrize("source", [Source.IMPORT, Source.SEARCH])
    def test_labels_of_a_file_or_of_a_list_wait_for_nobody(
        self, shared: Project, pool: list[Document], alice: User, source: str
    ) -> None:
        """Either may hold half of the pool."""
        answered(shared, pool, alice, slice(60), source=source)
        assert begun(shared) == []

    def test_where_one_person_answers_each_text_nothing_is_begun(
        self, shared: Project, pool: list[Document], alice: User
    ) -> None:
        Project.objects.update(overlap=1)
        answered(shared, pool, alice, slice(16))
        assert begun(shared) == []

    def test_what_waits_for_somebody_who_never_comes_hides_nothing_from_the_others(
        self, shared: Project, pool: list[Document], alice: User, bob: User
    ) -> None:
        Project.objects.update(overlap=3)
        join(shared, make_user("carol"))
        long_ago = answered(shared, pool, alice, slice(150))
        assert answered(shared, pool, bob, slice(150)) == long_ago
        for_bob = answered(shared, pool, alice, slice(160, 165))
        for_alice = answered(shared, pool, bob, slice(170, 175))
        found = [entry.document_id for entry in begun(shared)]
        assert found == [*long_ago[:BEGUN_HEAD], *for_bob, *for_alice]


class TestWhoIsServed:
    @pytest.mark.parametrize("refit_every", [1, 3])
    def test_whoever_comes_later_answers_old_and_new_texts_by_turns(
        self, shared: Project, pool: list[Document], alice: User, bob: User, refit_every: int
    ) -> None:
        answered(shared, pool, alice, slice(20))
        served = on_their_pages(shared, bob, each=9, refit_every=refit_every)[bob]
        turns = [one.reason == SECOND_REASON for one in served]
        assert turns == [at % 2 == 0 for at in range(len(served))]

    @pytest.mark.parametrize("kinds", [1, 2])
    def test_where_two_answer_in_turn_no_text_is_left_behind(
        self, shared: Project, pool: list[Document], alice: User, bob: User, kinds: int
    ) -> None:
        """Not before there is a model either, while all labels are of one kind."""
        answered(shared, pool, alice, slice(3) if kinds == 2 else slice(0, 3, 2))
        on_their_pages(shared, alice, bob, each=16)
        given = Counter(Annotation.objects.filter(project=shared).values_list("document_id", flat=True))
        in_hand = Lease.objects.filter(project=shared, closed_at=None).values_list("document_id", flat=True)
        waiting = [text for text, count in given.items() if count == 1 and text not in set(in_hand)]
        assert max(given.values()) == 2 and len(given) >= 17
        assert len(waiting) <= AHEAD  # no more than lie on a page, however long it goes on

    def test_who_has_answered_all_that_waits_is_served_new_texts(
        self, shared: Project, pool: list[Document], alice: User
    ) -> None:
        ids = answered(shared, pool, alice, slice(60))
        served = on_their_pages(shared, alice, each=4)[alice]
        assert share_begun(served) == 0 and not {one.document_id for one in served} & set(ids)

    def test_where_nothing_new_is_left_all_that_waits_is_asked(
        self, shared: Project, pool: list[Document], alice: User, bob: User
    ) -> None:
        ids = answered(shared, pool, alice, slice(None))
        assert active(shared) == []
        served = on_their_pages(shared, bob, each=BEGUN_HEAD + 5, refit_every=9)[bob]
        assert [one.document_id for one in served] == ids[: len(served)]


@pytest.mark.parametrize("agrees", [True, False])
def test_how_and_when_a_text_came_is_told_by_its_first_reading_whoever_has_the_last_word(
    shared: Project, pool: list[Document], alice: User, bob: User, agrees: bool
) -> None:
    """Else a text drawn at random would pass for one that a model chose, as soon as somebody else answers it."""
    annotate(pool[0], alice, ["Change"], source=Source.IMPORT)
    first = annotate(pool[0], alice, ["Change"], source=Source.RANDOM)
    annotate(pool[0], bob, ["Change" if agrees else "Court"], source=Source.ACTIVE)
    [row] = current_labels(shared)
    assert (row.source, row.created_at) == (Source.RANDOM, first.created_at)
    assert row.label_ids == (shared.labels.get(name="Change").pk,)
