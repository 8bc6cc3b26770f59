"""The truth of a text, and labels that came with a file."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from labeller.annotation import selectors, services
from labeller.annotation.models import Annotation, ServingCounter
from labeller.annotation.turn import turn
from labeller.corpus.models import ImportJob
from labeller.corpus.signals import ImportedAnswer, documents_imported
from tests.annotation.acts import free_and_reserved, give, one
from tests.cast import add_texts, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Clause {number}" for number in range(6)])


@pytest.fixture
def job(project, alice):
    return ImportJob.objects.create(
        project=project, created_by=alice, file_name="old.csv", path="x", size=1, sha256="0" * 64
    )


def imported(job, *answers, are_new=False):
    rows = [
        ImportedAnswer(document.pk, tuple(label.pk for label in given), 2, is_new=are_new)
        for document, *given in answers
    ]
    return sum(number for _, number in documents_imported.send(ImportJob, job=job, answers=rows) if number)


def vote(project, document, person, *labels, status="labelled", source="active"):
    row = Annotation.objects.create(
        key=uuid.uuid4(), project=project, document=document, annotator=person, status=status, source=source
    )
    row.labels.set(labels)
    return row


def test_the_majority_decides_and_skips_are_no_votes(project, texts, labels, alice, bob, rita):
    vote(project, texts[0], alice, labels[0])
    vote(project, texts[0], bob, labels[1])
    vote(project, texts[0], rita, labels[0])
    vote(project, texts[1], alice, status="skipped")
    vote(project, texts[1], bob, status="unsure")
    rows = list(selectors.current_labels(project))
    assert [(row.document_id, row.label_ids) for row in rows] == [(texts[0].pk, (labels[0].pk,))]


def test_a_tie_goes_to_the_newest_answer(project, texts, labels, alice, bob):
    vote(project, texts[0], alice, labels[0])
    vote(project, texts[0], bob, labels[1])
    assert next(selectors.current_labels(project)).label_ids == (labels[1].pk,)


@pytest.mark.parametrize("given", [0, 1], ids=["the file agrees", "the file disagrees"])
def test_an_import_takes_no_text_out_of_the_audit(project, texts, labels, job, bob, given):
    vote(project, texts[0], bob, labels[0], source="audit")
    imported(job, (texts[0], labels[given]))
    row = next(selectors.current_labels(project))
    assert (row.label_ids, row.source, row.is_audit) == ((labels[0].pk,), "audit", True)


def test_a_tie_goes_to_a_reading_before_a_newer_file(project, texts, labels, job, bob):
    vote(project, texts[0], bob, labels[0])
    imported(job, (texts[0], labels[1]))
    row = next(selectors.current_labels(project))
    assert (row.label_ids, row.source, row.is_audit) == ((labels[0].pk,), "active", False)


def test_a_text_is_audit_when_any_of_its_readers_was_asked_for_the_audit(project, texts, labels, alice, bob):
    vote(project, texts[0], alice, labels[0], source="audit")
    vote(project, texts[0], bob, labels[0], source="active")
    assert next(selectors.current_labels(project)).is_audit


@pytest.mark.parametrize(("person", "overlap"), [("alice", 1), ("alice", 2), ("bob", 1)])  # Alice imported
def test_the_audit_asks_for_texts_that_a_file_has_labelled(project, texts, labels, job, request, person, overlap):
    project.overlap = overlap
    project.save()
    person = request.getfixturevalue(person)
    imported(job, *((document, labels[0]) for document in texts))
    reserved = free_and_reserved(texts)[1]
    first = one(project, person)
    assert (first.document_id, first.source) == (reserved[0].pk, "audit")
    give(project, person, first, labels[1])
    row = next(row for row in selectors.current_labels(project) if row.document_id == first.document_id)
    assert (row.label_ids, row.is_audit) == ((labels[1].pk,), True)
    services.undo(project=project, annotator=person)
    assert one(project, person).document_id == first.document_id


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_rows_are_the_same_whatever_the_chunk(monkeypatch, project, texts, labels, alice, bob, chunk):
    for at, document in enumerate(texts):
        vote(project, document, alice, labels[at % 3])
        vote(project, document, bob, labels[at % 2])
    whole = list(selectors.current_labels(project))
    monkeypatch.setattr(selectors, "CHUNK", chunk)
    assert list(selectors.current_labels(project)) == whole and len(whole) == 6


def test_labels_of_a_file_become_answers_of_the_person_who_imported_it(project, texts, labels, job, alice):
    assert imported(job, (texts[0], labels[0]), (texts[1], labels[1])) == 2
    rows = Annotation.objects.order_by("document_id")
    assert [(row.annotator, row.source, row.status) for row in rows] == [(alice, "import", "labelled")] * 2
    assert [list(row.labels.all()) for row in rows] == [[labels[0]], [labels[1]]]
    assert not next(selectors.current_labels(project)).is_audit


def test_a_batch_that_runs_again_writes_nothing_twice(texts, labels, job):
    assert imported(job, (texts[0], labels[0])) == 1
    assert imported(job, (texts[0], labels[0]), (texts[1], labels[0])) == 1
    assert Annotation.objects.count() == 2


@pytest.mark.parametrize("are_new", [False, True])
def test_an_answer_and_a_file_s_label_of_one_text_come_in_turn_but_new_texts_hold_nobody_up(
    project, texts, labels, job, are_new
):
    """Else each would look for the other before it is committed, and both would be current. Nobody can answer a new
    text before its batch is committed."""
    with turn(project):
        pass  # its row is there
    with CaptureQueriesContext(connection) as asked:
        assert imported(job, (texts[0], labels[0]), are_new=are_new) == 1
    tables = ("annotation_servingcounter", "annotation_annotation")
    touched = [table for query in asked for table in tables if f'FROM "{table}"' in query["sql"]]
    assert touched[0] == tables[are_new] and ("annotation_servingcounter" in touched) == (not are_new)


def test_a_file_does_not_overrule_ones_own_reading(project, texts, labels, job, alice):
    served = one(project, alice)
    own = give(project, alice, served, labels[2])
    assert imported(job, *((document, labels[0]) for document in texts)) == 5
    assert Annotation.objects.get(document_id=served.document_id, superseded_at=None) == own


def test_imported_texts_are_not_asked_and_count_for_no_quota(project, texts, labels, job, bob):
    free, reserved = free_and_reserved(texts)
    imported(job, *((document, labels[0]) for document in free))
    held = services.serve(project=project, annotator=bob, count=6)
    assert [text.document_id for text in held] == [document.pk for document in reserved]
    assert ServingCounter.objects.get(project=project).labelled == 0


def test_todays_figures_leave_out_what_was_imported_or_undone(project, texts, labels, job):
    carol = make_user("carol")
    give(project, carol, one(project, carol), labels[0], seconds=10)
    give(project, carol, one(project, carol), labels[1], seconds=2000)
    give(project, carol, one(project, carol), labels[1])
    services.undo(project=project, annotator=carol)
    seen = selectors.progress(project, carol)
    assert (seen.today, seen.seconds_each, seen.labelled, seen.texts) == (2, 155.0, 2, 6)


def reserved_import(project, texts, labels, job, alice):
    """A text of the audit reserve with Alice's label from a file, now in her hands. Returns (text, imported row)."""
    first = free_and_reserved(texts)[1][0]
    imported(job, *((document, labels[0]) for document in texts))
    served = one(project, alice)
    assert (served.document_id, served.source) == (first.pk, "audit")
    return served, Annotation.objects.get(document=first)


def gold_of(project, document_id):
    return next(row.label_ids for row in selectors.current_labels(project) if row.document_id == document_id)


def is_current(row):
    row.refresh_from_db()
    return row.superseded_at is None and row.superseded_by is None


def test_an_undone_answer_gives_back_the_label_of_the_file(project, texts, labels, job, alice):
    served, label_of_file = reserved_import(project, texts, labels, job, alice)
    own = give(project, alice, served, labels[2])
    assert not is_current(label_of_file) and gold_of(project, served.document_id) == (labels[2].pk,)
    for _ in range(2):  # the second is a retry
        assert services.undo(project=project, annotator=alice, key=own.key) == own
        assert is_current(label_of_file) and gold_of(project, served.document_id) == (labels[0].pk,)
    assert one(project, alice).document_id == served.document_id
    counter = ServingCounter.objects.get(project=project)
    assert (counter.labelled, counter.audit_labelled) == (0, 0)
    give(project, alice, served, labels[1])
    assert not is_current(label_of_file) and gold_of(project, served.document_id) == (labels[1].pk,)


@pytest.mark.parametrize("status", ["skipped", "unsure"])
def test_a_skip_or_an_unsure_leaves_the_label_of_the_file(project, texts, labels, job, alice, status):
    served, label_of_file = reserved_import(project, texts, labels, job, alice)
    passed = give(project, alice, served, status=status)
    assert is_current(label_of_file) and gold_of(project, served.document_id) == (labels[0].pk,)
    assert served.document_id not in {text.document_id for text in services.serve(project=project, annotator=alice)}
    services.undo(project=project, annotator=alice)
    assert is_current(label_of_file) and not is_current(passed)
    assert one(project, alice).document_id == served.document_id


def test_a_label_after_a_skip_supersedes_both_and_its_undo_gives_both_back(project, texts, labels, job, alice):
    served, label_of_file = reserved_import(project, texts, labels, job, alice)
    skip = give(project, alice, served, status="skipped")
    give(project, alice, served, labels[1])  # from a second tab
    assert not is_current(label_of_file) and not is_current(skip)
    services.undo(project=project, annotator=alice)
    assert is_current(label_of_file) and is_current(skip)


def test_a_text_imported_while_it_was_in_hand_may_be_undone(project, texts, labels, job, alice):
    held = services.serve(project=project, annotator=alice, count=6)
    served = next(text for text in held if text.source != "audit")
    imported(job, *((document, labels[0]) for document in texts))
    give(project, alice, served, labels[1])
    services.undo(project=project, annotator=alice)
    assert gold_of(project, served.document_id) == (labels[0].pk,)
    assert served.document_id in {text.document_id for text in services.renew(project=project, annotator=alice)}


def test_the_database_refuses_two_current_imports_of_one_person_for_one_text(project, texts, labels, alice):
    vote(project, texts[0], alice, labels[0], source="import")
    vote(project, texts[0], alice, status="skipped")
    with pytest.raises(IntegrityError), transaction.atomic():
        vote(project, texts[0], alice, labels[0], source="import")
