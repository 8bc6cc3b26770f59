"""A project whose manager has a test file: no text is set apart, and any strategy orders the queue."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client

from labeller.annotation import services as annotation
from labeller.annotation.models import QueueEntry, Source
from labeller.corpus.models import Document
from labeller.learning import artifacts
from labeller.learning.bridges.later import compare_without_audit
from labeller.learning.bridges.pool import PoolArrays, labelled, pool_arrays, reader_of
from labeller.learning.bridges.promotion import judge
from labeller.learning.bridges.quick import head_of
from labeller.learning.decisions import seen_behind
from labeller.learning.models import LoopState, ModelVersion
from labeller.projects.models import Project, User
from modelsvc.full_run.halves import TEMPERATURE
from modelsvc.full_run.halves_facts import PSEUDO
from modelsvc.heads.quick import fit_head
from tests.insight.scored import add_version
from tests.learning.scene import annotate, fill, kind_of, read, refit

pytestmark = pytest.mark.django_db


@pytest.fixture
def unaudited(project: Project) -> Project:
    project.audit = False
    project.save(update_fields=["audit"])
    return project


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a worker were alive."""
    monkeypatch.setattr("labeller.learning.receivers.selectors.queue_is_kept", lambda: True)


def sources(project: Project, annotator: User, texts: int) -> set[str]:
    """Where the next texts come from, each answered as it should be."""
    met = set()
    for _ in range(texts):
        served = annotation.serve(project=project, annotator=annotator, count=1)[0]
        label = project.labels.get(name=kind_of(served.text))
        annotation.answer(
            project=project,
            annotator=annotator,
            lease_key=served.key,
            key=uuid.uuid4(),
            status="labelled",
            label_ids=[label.pk],
        )
        met.add(served.source)
    return met


def test_with_the_audit_off_no_text_is_drawn_for_it_to_the_end_of_the_pool(unaudited: Project, bob: User) -> None:
    fill(unaudited)
    read(unaudited)
    refit(unaudited)
    assert sources(unaudited, bob, 30) == {Source.ACTIVE}
    assert not annotation.serve(project=unaudited, annotator=bob, count=1)


def test_with_the_audit_on_every_third_text_is(project: Project, bob: User) -> None:
    fill(project)
    read(project)
    refit(project)
    assert sources(project, bob, 6) == {Source.ACTIVE, Source.AUDIT}


def test_with_the_audit_off_every_label_may_teach_and_every_text_may_be_chosen(unaudited: Project, bob: User) -> None:
    documents = fill(unaudited)
    read(unaudited)
    for document in documents[:9]:
        annotate(document, bob)
    refit(unaudited)
    assert labelled(unaudited).may_teach.all()
    assert set(QueueEntry.objects.values_list("document_id", flat=True)) == {d.pk for d in documents[9:]}


@pytest.mark.parametrize(("strategy", "words"), [("random", "Asked at random"), ("margin", "stands for a group")])
def test_before_there_is_a_model_random_is_random_and_all_others_ask_medoids(
    unaudited: Project, strategy: str, words: str
) -> None:
    unaudited.strategy = strategy
    unaudited.save(update_fields=["strategy"])
    fill(unaudited)
    read(unaudited)
    refit(unaudited)
    assert all(words in entry.reason for entry in QueueEntry.objects.all())


def test_the_settings_page_offers_both_and_warns(
    project: Project, alice: User, client_of: Callable[[User], Client]
) -> None:
    client, address = client_of(alice), f"/p/{project.slug}/settings/"
    page = client.get(address)
    assert "only a test file of your own (Results → Test file) says how good" in page.content.decode()
    stored = {"name": "T", "kind": "single", "encoder": project.encoder, "suggestions": "shown", "overlap": 1}
    assert client.post(address, stored | {"strategy": "random", "audit": "False"}).status_code == 302
    project.refresh_from_db()
    assert (project.strategy, project.audit) == ("random", False)
    assert client.post(address, stored).status_code == 302  # what is not said stays
    project.refresh_from_db()
    assert (project.strategy, project.audit) == ("random", False)
    assert client.post(address, stored | {"strategy": "nonsense"}).status_code == 422


TOO_FEW_LATER = (
    "Not promoted yet: only labels given since the run began could compare it with the model before, and they are too"
    " few; 10 are needed. It comes again as labels grow."
)


def beside_the_same(project: Project, bob: User, facts: dict[str, float | str], *, later: int) -> tuple[str, bool]:
    """What becomes of a model that learnt twelve texts and reads as the one that serves, after `later` more labels."""
    snapshot = labelled(project)
    for document in Document.objects.filter(project=project).order_by("pk")[12 : 12 + later]:
        annotate(document, bob)
    pool = pool_arrays(reader_of(project).store_folder)
    head = fit_head(pool.X[pool.rows_of(snapshot.document_ids)[0]], snapshot.Y, multi_label=False)
    return compare_without_audit(project, snapshot, head, pool, facts)


def test_labels_that_were_not_asked_and_too_few_that_came_later_promote_nothing(unaudited: Project, bob: User) -> None:
    for document in fill(unaudited)[:12]:
        annotate(document, bob)
    read(unaudited)
    sentence, promoted = beside_the_same(unaudited, bob, {}, later=4)
    assert (sentence, promoted) == (TOO_FEW_LATER, False)
    assert not seen_behind(sentence)


def test_halves_know_nothing_of_a_model_tuned_from_another_encoder(unaudited: Project, bob: User) -> None:
    """They hold a tuned encoder against the one it came from, not against what serves. Later labels can."""
    for document in fill(unaudited)[:12]:
        annotate(document, bob)
    read(unaudited)
    serving = add_version(unaudited, n_labels=12, n_audit=0, kind="full", promoted=True)
    shutil.copytree(reader_of(unaudited).store_folder, artifacts.embeddings_folder(unaudited.pk, str(serving.number)))
    artifacts.absolute(serving.folder).mkdir(parents=True, exist_ok=True)
    artifacts.write_json(artifacts.absolute(serving.folder) / "meta.json", {"temperature": 1.0})
    LoopState.objects.update_or_create(project=unaudited, defaults={"serving": serving})
    assert beside_the_same(unaudited, bob, halves(9, 8, 0.7), later=0)[1]
    ModelVersion.objects.filter(pk=serving.pk).update(encoder="another")
    for facts in (halves(9, 8, 0.7), halves(2, 9, 0.01)):
        assert beside_the_same(unaudited, bob, facts, later=0) == (TOO_FEW_LATER, False)
    sentence, promoted = beside_the_same(unaudited, bob, halves(2, 9, 0.01), later=14)
    assert promoted and "14 labels given since it began foretold" in sentence


def halves(right: int, frozen: int, p: float) -> dict[str, float | str]:
    return {"labels": 12, "halves_right": right, "halves_right_frozen": frozen, "halves_p": p}


@pytest.mark.parametrize(
    ("later", "spoilt", "facts", "promoted", "words"),
    [
        (4, False, halves(9, 8, 0.7), True, "Promoted: of 12 labels, each half foretold"),
        (4, False, halves(9, 8, 0.7) | {PSEUDO: 1900}, True, "that they help is expected, not shown"),
        (4, False, halves(7, 8, 0.3), True, "the tuned encoder had 7 right and the encoder as it came 8"),
        (4, False, halves(2, 9, 0.01), False, "Not promoted: of 12 labels, each half foretold"),
        (14, False, halves(2, 9, 0.01), False, "Not promoted: of 12 labels, each half foretold"),
        (14, False, halves(9, 8, 0.7), True, "14 labels given since it began foretold"),
        (14, True, halves(9, 8, 0.7), False, "Not promoted: "),
    ],
)
def test_without_an_audit_the_labels_at_hand_and_later_ones_may_speak_against_a_full_model(
    unaudited: Project,
    bob: User,
    later: int,
    spoilt: bool,
    facts: dict[str, float | str],
    promoted: bool,
    words: str,
) -> None:
    """The new model's embeddings are those of the serving one, or noise in their place."""
    documents = fill(unaudited)
    read(unaudited)
    for document in documents[:12]:
        annotate(document, bob)
    snapshot = labelled(unaudited)
    for document in documents[12 : 12 + later]:
        annotate(document, bob)
    serving = pool_arrays(reader_of(unaudited).store_folder)
    noise = np.random.default_rng(0).normal(size=serving.X.shape).astype(np.float32)
    pool = PoolArrays(serving.ids, noise / np.linalg.norm(noise, axis=1, keepdims=True) if spoilt else serving.X)
    head = fit_head(pool.X[pool.rows_of(snapshot.document_ids)[0]], snapshot.Y, multi_label=False)
    sentence, better = compare_without_audit(unaudited, snapshot, head, pool, facts)
    assert better is promoted and words in sentence
    assert seen_behind(sentence) is not promoted


def test_how_sure_a_tuned_model_may_be_is_what_its_halves_said_and_stays_so_in_the_quick_model(
    unaudited: Project, bob: User
) -> None:
    for document in fill(unaudited)[:12]:
        annotate(document, bob)
    read(unaudited)
    snapshot, pool = labelled(unaudited), pool_arrays(reader_of(unaudited).store_folder)
    assert judge(unaudited, snapshot, pool, {TEMPERATURE: 0.6}).head.temperature == 0.6
    assert judge(unaudited, snapshot, pool, {}).head.temperature == 1.0

    serving = add_version(unaudited, n_labels=12, n_audit=0, kind="full")
    artifacts.absolute(serving.folder).mkdir(parents=True, exist_ok=True)
    artifacts.write_json(artifacts.absolute(serving.folder) / "meta.json", {"temperature": 0.6})
    LoopState.objects.update_or_create(project=unaudited, defaults={"serving": serving})
    read(unaudited)
    refit(unaudited)
    head = head_of(unaudited.pk)
    assert head is not None and head.temperature == 0.6
