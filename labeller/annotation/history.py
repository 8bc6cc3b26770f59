"""A person's own answers, newest first: reads for the page on which they look back and change them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Left

from labeller.annotation.models import BESIDE_ANSWERS, Annotation
from labeller.projects.models import Project, User

HEAD = 240  # characters of each text in the list


@dataclass(frozen=True)
class Wanted:
    """Which of the answers. Empty: all of them."""

    status: str = ""
    label: int | None = None

    @property
    def is_all(self) -> bool:
        return not self.status and self.label is None


def answers_of(project: Project, annotator: User, wanted: Wanted) -> QuerySet[Annotation]:
    """Their current answers, each with `head`, the beginning of its text. Imported labels are no answers of theirs, and
    decisions of the review are looked at there."""
    mine = _mine(project, annotator).filter(superseded_at=None)
    if wanted.status:
        mine = mine.filter(status=wanted.status)
    if wanted.label is not None:
        mine = mine.filter(Q(labels=wanted.label) | Q(labels__read_as=wanted.label)).distinct()
    return mine.annotate(head=Left("document__text", HEAD)).defer("prediction", "reason").order_by("-created_at", "-id")


def answer_of(project: Project, annotator: User, key: UUID) -> tuple[bool, Annotation | None]:
    """(whether this key is an answer of theirs, what they say of its text now: None when that was taken back)."""
    mine = _mine(project, annotator)
    named = mine.filter(key=key).values_list("document_id", flat=True).first()
    if named is None:
        return False, None
    current = mine.filter(document_id=named, superseded_at=None).select_related("document")
    return True, current.first()


def _mine(project: Project, annotator: User) -> QuerySet[Annotation]:
    return Annotation.objects.filter(project=project, annotator=annotator).exclude(source__in=BESIDE_ANSWERS)
