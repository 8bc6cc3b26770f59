"""Where a project's figures come from: files, people, labels, the language model. For whoever has no account here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, Window

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, Source
from labeller.corpus.models import Document, ImportJob
from labeller.corpus.testset import TestSet
from labeller.insight.effort_selectors import NO_WORK
from labeller.learning.models import ModelVersion
from labeller.projects.history import LabelMerge
from labeller.projects.models import Project

MOST_FILES = 40


@dataclass(frozen=True)
class Answers:
    """What stands now; answers taken back or replaced, and those to gold texts, are left out. People's own answers
    first: neither a file's labels nor decisions of the review are among them."""

    people: int
    labelled: int
    skipped: int
    unsure: int
    drawn: int  # of the labelled ones, those to texts drawn at random
    first_at: datetime | None
    last_at: datetime | None
    at_once: int  # of the labelled ones, those given to a whole list at once: nobody need have read each text
    lost: int  # texts of the reserve that were labelled from a search, and so measure nothing
    imported: int  # labels of files
    reviewed: int  # texts that somebody decided in the review


@dataclass(frozen=True)
class Provenance:
    texts: int
    test_set: TestSet | None  # measures alone, whatever the report's figures stand on
    files: Sequence[ImportJob]  # newest first
    more_files: int
    answers: Answers
    merges: list[LabelMerge]  # in force, newest first
    model: ModelVersion | None  # with its base


def provenance_of(project: Project, number: int | None, test_set: TestSet | None) -> Provenance:
    """`number` is that of the version reported, `test_set` the one in force. Five queries."""
    jobs = ImportJob.objects.filter(project=project, purpose=ImportJob.Purpose.POOL, state=ImportJob.State.DONE)
    counted = jobs.annotate(of_all=Window(Count("pk")))
    files = list(counted.order_by("-finished_at", "-pk")[:MOST_FILES])
    texts = Document.objects.filter(project=project).count()
    return Provenance(
        texts=texts,
        test_set=test_set,
        files=files,
        more_files=files[0].of_all - len(files) if files else 0,
        answers=_answers(project, texts),
        merges=list(LabelMerge.objects.filter(project=project, undone_at=None)),
        model=_model(project, number),
    )


def _answers(project: Project, pool_size: int) -> Answers:
    current = Annotation.objects.filter(project=project, superseded_at=None).exclude(source=Source.GOLD).order_by()
    own, labelled = ~Q(source__in=NO_WORK), Q(status=Annotation.Status.LABELLED)
    searched = labelled & Q(source=Source.SEARCH)
    drawn = Annotation.objects.filter(document=OuterRef("document"), superseded_at=None, source=Source.AUDIT)
    in_reserve = Q(~Exists(drawn), document__draw__lt=reserve_below(project, pool_size))
    found: Mapping[str, Any] = current.aggregate(
        **{status.value: Count("pk", filter=own & Q(status=status)) for status in Annotation.Status},
        people=Count("annotator", distinct=True, filter=own),
        drawn=Count("pk", filter=labelled & Q(source=Source.AUDIT)),
        first_at=Min("created_at", filter=own),
        last_at=Max("created_at", filter=own),
        at_once=Count("pk", filter=searched & Q(seconds=None)),
        lost=Count("document", distinct=True, filter=searched & in_reserve),
        imported=Count("pk", filter=Q(source=Source.IMPORT)),
        reviewed=Count("pk", filter=Q(source=Source.REVIEW)),
    )
    return Answers(**found)


def _model(project: Project, number: int | None) -> ModelVersion | None:
    """Not its metrics, which weigh megabytes where there are many labels."""
    rows = ModelVersion.objects.filter(project=project, number=number or 0)
    return rows.select_related("base").defer("metrics", "base__metrics").first()
