"""Short verbs for the tests of models on the test file: nine texts that stay out of the pool."""

from __future__ import annotations

from labeller.annotation.models import Source
from labeller.corpus import services, testset
from labeller.corpus.models import ImportJob
from labeller.learning import tasks
from labeller.learning.models import TrainingRun
from labeller.projects.merging import merge_labels
from labeller.projects.models import Project, User
from tests.corpus.files import csv_bytes, imported
from tests.learning.scene import KINDS, annotate

EXAM = [(text, kind) for kind, texts in KINDS.items() for text in texts[7:]]


def exam(project: Project, rows: list[tuple[str, str]] = EXAM, name: str = "exam.csv") -> testset.TestSet:
    content = csv_bytes([["text", "label"], *map(list, rows)])
    job = services.store_upload(
        project=project, user=None, file_name=name, chunks=[content], purpose=ImportJob.Purpose.TEST
    )
    assert imported(job).added == len(rows), list(job.refused_lines.all())
    return testset.TestSet.objects.get(job=job)


def measured(project: Project) -> TrainingRun:
    """The run that waits, carried out here and now with the real encoder."""
    run = TrainingRun.objects.get(project=project, kind=TrainingRun.Kind.TEST, state="queued")
    tasks.score_on_test_set(run.pk)
    run.refresh_from_db()
    return run


def label_some(project: Project, person: User, *, upto: int, since: int = 0) -> None:
    for at, document in enumerate(project.documents.order_by("id")[since:upto]):
        annotate(document, person, source=Source.AUDIT if at % 3 == 0 else Source.ACTIVE)


def merged(project: Project, gone: str, into: str) -> dict[str, str]:
    """-> which name became which."""
    merge_labels(project=project, labels=list(project.labels.filter(name__in=(gone, into))), into=into)
    return {gone: into}
