"""Answers with the time they took, given at a moment: what labelling leaves behind for the effort page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from django.utils import timezone

from labeller.annotation.models import Annotation, Source
from labeller.projects.models import Project, User
from tests.cast import add_texts


def add_work(
    project: Project,
    person: User,
    seconds: Sequence[float | None],
    *,
    at: datetime | None = None,
    status: str = Annotation.Status.LABELLED,
    source: str = Source.ACTIVE,
    taken_back: bool = False,
) -> list[Annotation]:
    """One answer to a new text for each of `seconds`, all at the same moment; None is an answer nobody timed."""
    start = project.documents.count()
    texts = add_texts(project, [f"Worked clause {start + n}." for n in range(len(seconds))])
    label = project.labels.first()
    made = []
    for text, taken in zip(texts, seconds, strict=True):
        annotation = Annotation.objects.create(
            key=uuid4(),
            project=project,
            document=text,
            annotator=person,
            status=status,
            source=source,
            seconds=taken,
            superseded_at=timezone.now() if taken_back else None,
        )
        if label is not None and status == Annotation.Status.LABELLED:
            annotation.labels.add(label)
        made.append(annotation)
    if at is not None:
        Annotation.objects.filter(pk__in=[row.pk for row in made]).update(created_at=at)
    return made
