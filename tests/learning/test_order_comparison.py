"""The control arm, from people's answers to a stored comparison, in the background."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from labeller.annotation.models import Annotation, ServingCounter, Source
from labeller.learning import artifacts, automatic, tasks
from labeller.learning.bridges import orders as bridge_orders
from labeller.learning.bridges.names import unread_names, write_names
from labeller.learning.measures import OrderComparison
from labeller.learning.models import LoopState, TrainingRun
from labeller.learning.triggers import is_gauge_due
from labeller.projects.models import Project, User
from modelsvc.stores.store import EmbeddingStore
from tests.cast import add_texts, join, make_project
from tests.learning.scene import annotate

# Committed, so that the run's heartbeat, which has a connection of its own, finds its row.
pytestmark = pytest.mark.django_db(transaction=True)


def answered(project: Project, person: User, *, n: int = 90, audit_every: int = 2) -> list[Annotation]:
    """Texts with made-up vectors, three clouds of them, answered one a minute; every second is an audit text."""
    names = list(project.labels.values_list("name", flat=True))
    documents = add_texts(project, [f"Text {at} of {names[at % 3]}." for at in range(n)])
    rng = np.random.default_rng(1)
    X = np.eye(3, 16)[np.arange(n) % 3] + 0.5 * rng.normal(size=(n, 16))
    store = EmbeddingStore(artifacts.embeddings_folder(project.pk, project.encoder), sha256="a" * 64)
    store.append(
        np.array([one.pk for one in documents]),
        (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32),
    )
    called = unread_names(project, store.folder)
    write_names(store.folder, called, rng.normal(size=(len(called), 16)).astype(np.float32))
    rows, start = [], timezone.now() - timedelta(hours=9)
    for at, document in enumerate(documents):
        given = [names[at % 3]] if not project.is_multi or at % 4 else []
        source = Source.AUDIT if at % audit_every == 0 else Source.ACTIVE
        rows.append(annotate(document, person, given, source=source))
        Annotation.objects.filter(pk=rows[-1].pk).update(created_at=start + timedelta(minutes=at))
    return rows


def gauged(project: Project) -> TrainingRun:
    LoopState.objects.update_or_create(project=project, defaults={"refresh_labels": 90})
    ServingCounter.objects.update_or_create(project=project, defaults={"audit_labelled": 45})
    run = automatic.consider_gauge(project.pk)
    assert run is not None
    tasks.gauge(run.pk)
    run.refresh_from_db()
    assert run.state == "done", run.reason
    return run


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_both_arms_are_judged_on_all_audit_texts_at_growing_counts(
    transactional_db: None, bob: User, kind: str
) -> None:
    project = make_project(kind)
    join(project, bob)
    answered(project, bob)
    gauged(project)
    found = OrderComparison.objects.get(project=project)
    assert (found.n_labels, found.n_random, found.n_audit) == (90, 45, 45)
    assert len(found.document_ids) == len(found.gold) == 45
    for key, most in (("chosen", 90), ("random", 45)):
        heads = found.curves[key]
        assert heads[-1]["labels"] == most and heads[-1]["learnt"] == pytest.approx(most * 0.9)
        assert [len(answer) for answer in found.answers[key]] == [45] * len(heads)
        assert heads[-1]["metrics"]["micro_f1"]["value"] > 0.5
    assert set(found.saved) == {"value", "low", "high", "random", "chosen"}


def test_imported_labels_teach_neither_arm(project: Project, bob: User) -> None:
    rows = answered(project, bob)
    Annotation.objects.filter(pk__in=[row.pk for row in rows if row.source == Source.ACTIVE][:20]).update(
        source=Source.IMPORT
    )
    gauged(project)
    assert OrderComparison.objects.get().n_labels == 70


def test_texts_served_at_random_before_there_was_a_model_are_of_the_random_arm(project: Project, bob: User) -> None:
    rows = answered(project, bob)
    Annotation.objects.filter(pk__in=[row.pk for row in rows if row.source == Source.ACTIVE][:5]).update(
        source=Source.RANDOM
    )
    gauged(project)
    found = OrderComparison.objects.get()
    assert (found.n_random, found.n_audit) == (50, 45)


def test_too_few_audit_texts_compare_nothing_and_fail_nothing(project: Project, bob: User) -> None:
    answered(project, bob, n=40)
    gauged(project)
    assert not OrderComparison.objects.exists()


def test_a_long_project_is_compared_over_its_first_labels(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge_orders, "MOST_LABELS", 70)
    answered(project, bob)
    gauged(project)
    assert OrderComparison.objects.get().n_labels == 70


@pytest.mark.parametrize(
    ("labels", "last", "audit", "is_due"),
    [(90, 0, 29, False), (90, 0, 30, True), (103, 90, 40, False), (104, 90, 40, True)],
)
def test_it_is_due_each_time_labels_grew_by_fifteen_percent(labels: int, last: int, audit: int, is_due: bool) -> None:
    assert is_gauge_due(labels, labels_at_last=last, audit=audit) is is_due


def test_it_is_not_started_twice_nor_again_at_the_same_count(project: Project, bob: User) -> None:
    answered(project, bob)
    gauged(project)
    assert automatic.consider_gauge(project.pk) is None
    LoopState.objects.update(refresh_labels=200)
    assert automatic.consider_gauge(project.pk) is not None
    assert automatic.consider_gauge(project.pk) is None
