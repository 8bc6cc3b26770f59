"""Readings of agreement, made by the learner itself from answers that are made up."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from labeller.annotation.models import Annotation, Source
from labeller.learning.agreement import AgreementReading
from labeller.learning.bridges.weigh import read_agreement
from labeller.projects.models import Project, User
from tests.cast import add_texts


def answer_alike(
    project: Project, people: Sequence[User], *, texts: int, alike: float, source: str = Source.ACTIVE
) -> None:
    """So many new texts, each answered by all these people; on all but the share `alike` the last one differs."""
    labels = list(project.labels.all())
    start = project.documents.count()
    documents = add_texts(project, [f"Shared text {start + at}." for at in range(texts)])
    for at, document in enumerate(documents):
        differs = at >= round(alike * texts)
        for person in people:
            off = int(differs and person == people[-1])
            answer = Annotation.objects.create(
                key=uuid4(), project=project, document=document, annotator=person, status="labelled", source=source
            )
            answer.labels.set([labels[(at + off) % len(labels)]])


def add_agreement(project: Project) -> AgreementReading:
    reading = read_agreement(project)
    reading.save()
    return reading
