"""Where two people answer each text, whoever comes later is asked what others answered, and something new between."""

from __future__ import annotations

import pytest

from labeller.annotation.models import Source
from labeller.corpus.models import Document
from labeller.learning import pulse
from labeller.learning.bridges.ranking import ACTIVE_HEAD, SECOND_REASON
from labeller.projects.models import Project, User
from tests.annotation.acts import free_and_reserved, work
from tests.learning.scene import active, annotate, refit
from tests.learning.test_readings import NAMES, POOL, kind_of, pool

__all__ = ["pool"]  # the fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered(project: Project, pool: list[Document], alice: User) -> list[Document]:
    """Of a pool of 400 texts, two times larger than the queue, alice answered sixteen that a model chose."""
    Project.objects.update(overlap=2)
    project.refresh_from_db()
    places = {document.pk: at for at, document in enumerate(pool)}
    answered = free_and_reserved(pool)[0][:16]
    for document in answered:
        annotate(document, alice, [NAMES[kind_of(places[document.pk])]])
    refit(project)
    return answered


def test_every_second_text_wants_another_answer_the_first_answered_first(
    project: Project, answered: list[Document]
) -> None:
    queue = active(project)
    assert len(queue) == ACTIVE_HEAD < POOL
    assert [entry.document_id for entry in queue[:32:2]] == [document.pk for document in answered]
    assert {entry.reason for entry in queue[:32:2]} == {SECOND_REASON}
    fresh = [entry for entry in queue if entry.reason != SECOND_REASON]
    assert not {entry.document_id for entry in fresh} & {document.pk for document in answered}
    assert all(entry.prediction is None for entry in queue[:32:2]) and all(entry.prediction for entry in fresh)


def test_at_the_next_turn_a_new_text_comes_first(project: Project, answered: list[Document], alice: User) -> None:
    text = active(project)[1].document
    annotate(text, alice, ["Change"])
    refit(project)
    queue = active(project)
    assert queue[0].reason != SECOND_REASON
    assert [entry.document_id for entry in queue[1:34:2]] == [*(document.pk for document in answered), text.pk]


def test_who_answered_them_is_served_new_texts_and_the_other_person_both(
    project: Project, answered: list[Document], alice: User, bob: User
) -> None:
    pulse.beat("quick")  # else nobody keeps the order up to date, and texts are served at random
    before = {document.pk for document in answered}
    label = project.labels.get(name="Change")
    assert not before & {one.document_id for one in work(project, alice, label, count=12)}
    seen = [one for one in work(project, bob, label, count=12) if one.source == Source.ACTIVE]
    begun = [one.document_id in before for one in seen]
    assert sum(begun) >= len(begun) // 2 and not all(begun)


def test_where_many_wait_for_another_person_half_of_the_queue_stays_new(
    project: Project, answered: list[Document], pool: list[Document], alice: User
) -> None:
    for document in free_and_reserved(pool)[0][16:150]:
        annotate(document, alice, ["Change"])
    refit(project)
    assert sum(entry.reason == SECOND_REASON for entry in active(project)) == ACTIVE_HEAD // 2


def test_where_nothing_new_is_left_all_that_waits_is_asked(
    project: Project, answered: list[Document], pool: list[Document], alice: User
) -> None:
    free = free_and_reserved(pool)[0]
    for document in free[16:]:
        annotate(document, alice, ["Change"])
    refit(project)
    assert [entry.document_id for entry in active(project)] == [document.pk for document in free[:ACTIVE_HEAD]]


def test_labels_of_a_file_wait_for_nobody(project: Project, pool: list[Document], alice: User) -> None:
    Project.objects.update(overlap=2)
    project.refresh_from_db()
    for at, document in enumerate(pool[:60]):
        annotate(document, alice, [NAMES[kind_of(at)]], source=Source.IMPORT)
    refit(project)
    assert not {entry.document_id for entry in active(project)[:20]} & {document.pk for document in pool[:60]}


def test_an_answer_of_the_second_person_ends_it(project: Project, answered: list[Document], bob: User) -> None:
    annotate(answered[0], bob, ["Change"])
    refit(project)
    assert answered[0].pk not in {entry.document_id for entry in active(project)}
