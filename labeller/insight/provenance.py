"""Where a project's figures come from: files, people, labels, the language model. For whoever has no account here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q

from labeller.annotation.models import Annotation, Source
from labeller.corpus.models import Document, ImportJob
from labeller.corpus.testset import TestSet
from labeller.insight.effort_selectors import answers_of
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project

MOST_FILES = 40


@dataclass(frozen=True)
class Answers:
    """What people said so far; answers taken back or replaced, and those to gold texts, are left out."""

    people: int
    labelled: int
    skipped: int
    unsure: int
    drawn: int  # of the labelled ones, those to texts drawn at random
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True)
class Provenance:
    texts: int
    test_set: TestSet | None  # measures alone, whatever the report's figures stand on
    files: list[ImportJob]  # newest first
    more_files: int
    answers: Answers
    imported_labels: int
    model: ModelVersion | None  # with its base


def provenance_of(project: Project, number: int | None, test_set: TestSet | None) -> Provenance:
    """`number` is that of the version reported, `test_set` the one in force. Six queries."""
    jobs = ImportJob.objects.filter(project=project, purpose=ImportJob.Purpose.POOL, state=ImportJob.State.DONE)
    files = list(jobs.order_by("-finished_at", "-pk")[:MOST_FILES])
    imported = Annotation.objects.filter(project=project, superseded_at=None, source=Source.IMPORT)
    return Provenance(
        texts=Document.objects.filter(project=project).count(),
        test_set=test_set,
        files=files,
        more_files=jobs.count() - len(files),
        answers=_answers(project),
        imported_labels=imported.count(),
        model=_model(project, number),
    )


def _answers(project: Project) -> Answers:
    of = {status.value: Count("pk", filter=Q(status=status)) for status in Annotation.Status}
    found: Mapping[str, Any] = (
        answers_of(project)
        .filter(superseded_at=None)
        .exclude(source=Source.GOLD)
        .aggregate(
            **of,
            people=Count("annotator", distinct=True),
            drawn=Count("pk", filter=Q(status=Annotation.Status.LABELLED, source=Source.AUDIT)),
            first_at=Min("created_at"),
            last_at=Max("created_at"),
        )
    )
    return Answers(**found)


def _model(project: Project, number: int | None) -> ModelVersion | None:
    """Not its metrics, which weigh megabytes where there are many labels."""
    rows = ModelVersion.objects.filter(project=project, number=number or 0)
    return rows.select_related("base").defer("metrics", "base__metrics").first()
