"""Which texts a refit still offers: who may be asked, how many answers a text wants, and what is left to the audit."""

from __future__ import annotations

import pytest

from labeller.annotation.models import QueueEntry, Source
from labeller.annotation.overlap import turned
from labeller.learning.bridges import still_asked
from labeller.learning.bridges.pool import labelled
from labeller.projects.models import Project, User
from tests.annotation.acts import free_and_reserved
from tests.learning.scene import active, annotate, audit, fill, read, refit

pytestmark = pytest.mark.django_db


def test_a_text_that_everybody_skipped_leaves_the_queue(project: Project, alice: User, bob: User) -> None:
    documents = fill(project)
    read(project)
    refit(project)
    skipped = active(project)[0].document
    for person in (alice, bob):
        annotate(skipped, person).labels.clear()
    skipped.annotations.update(status="skipped")
    annotate(documents[0], bob)
    annotate(documents[1], bob)
    refit(project)
    assert skipped.pk not in {entry.document_id for entry in active(project)}


def test_a_skip_of_somebody_who_has_left_closes_no_text_for_those_who_stay(
    project: Project, alice: User, bob: User
) -> None:
    documents = fill(project)
    read(project)
    refit(project)
    skipped = active(project)[0].document
    annotate(skipped, bob, []).labels.clear()
    skipped.annotations.update(status="skipped")
    for document in documents[:2]:
        annotate(document, alice)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    refit(project)
    assert skipped.pk in {entry.document_id for entry in active(project)}


def test_audit_texts_that_everybody_skipped_make_room_for_others(
    project: Project, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(still_asked, "AUDIT_HEAD", 3)
    documents = fill(project)
    read(project)
    reserved = free_and_reserved(documents)[1]
    for document in reserved[:3]:
        for person in (alice, bob):
            annotate(document, person, [], source=Source.AUDIT)
        document.annotations.update(status="skipped")
    refit(project)
    assert audit(project) == [document.pk for document in reserved[3:6]]


@pytest.mark.parametrize("overlap", [1, 2])
def test_labels_of_a_file_keep_no_text_out_of_the_audit_and_teach_no_encoder_there(
    project: Project, alice: User, overlap: int
) -> None:
    Project.objects.update(overlap=overlap)
    project.refresh_from_db()
    documents = fill(project)
    read(project)
    free, reserved = free_and_reserved(documents)
    for document in documents:
        annotate(document, alice, source=Source.IMPORT)
    refit(project)
    assert audit(project) == [document.pk for document in reserved]
    labels = labelled(project)
    assert set(labels.document_ids[labels.may_teach].tolist()) == {document.pk for document in free}


def test_with_overlap_the_second_reader_sees_nothing_of_the_first_ones_answer(
    project: Project, alice: User, bob: User
) -> None:
    Project.objects.update(overlap=2)
    project.refresh_from_db()
    documents = fill(project)
    read(project)
    for document in documents[:12]:
        annotate(document, alice)
    annotate(documents[12], alice, []).labels.clear()
    documents[12].annotations.update(status="skipped")
    refit(project)
    entries = {entry.document_id: entry for entry in QueueEntry.objects.filter(project=project)}
    assert len(entries) == 30
    for at, document in enumerate(documents):
        entry = entries[document.pk]
        assert (entry.prediction is None) == (at < 12)
        if entry.stream == "active":
            assert ("another person" in entry.reason) == (at < 12)


def test_where_a_share_of_the_audit_wants_a_second_reader_only_that_share_stays_in_the_queue(
    project: Project, alice: User
) -> None:
    Project.objects.update(overlap=2, overlap_on="drawn", overlap_share=50)
    project.refresh_from_db()
    documents = fill(project)
    read(project)
    reserved = free_and_reserved(documents)[1]
    for document in documents:
        annotate(document, alice, source=Source.AUDIT if document in reserved else Source.ACTIVE)
    refit(project)
    shared = [document.pk for document in reserved if turned(document.draw) < 0.5]
    assert audit(project) == shared and 0 < len(shared) < len(reserved)
    assert list(active(project)) == []


def test_an_answer_to_a_gold_text_keeps_it_from_nobody_else(project: Project, alice: User, bob: User) -> None:
    documents = fill(project)
    read(project)
    for document in free_and_reserved(documents)[0]:
        annotate(document, alice, source=Source.GOLD)
    refit(project)
    assert len(active(project)) == len(free_and_reserved(documents)[0])


def test_with_overlap_a_skip_beside_ones_own_imported_label_is_one_person(project: Project, alice: User) -> None:
    Project.objects.update(overlap=2)
    project.refresh_from_db()
    documents = fill(project)
    read(project)
    skipped = free_and_reserved(documents)[0][0]
    annotate(skipped, alice, source=Source.IMPORT)
    annotate(skipped, alice)
    skipped.annotations.exclude(source=Source.IMPORT).update(status="skipped")
    refit(project)
    assert skipped.pk in {entry.document_id for entry in active(project)}
