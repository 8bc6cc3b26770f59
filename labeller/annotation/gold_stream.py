"""Which gold text is slipped into somebody's stream, and when. It looks like a text drawn at random, and never is the
only one that does."""

from __future__ import annotations

import random
from enum import Enum

from django.db.models import Exists, OuterRef, Q, QuerySet

from labeller.annotation.models import Annotation, GoldText, Lease, Source
from labeller.corpus.models import Document
from labeller.prepared import Prepared
from labeller.projects.models import Project, User

HEAD = 1


class Turn(Enum):
    GOLD = "a gold text"
    LIKE_IT = "an ordinary text that looks like one, where the stream has none by itself"


def gold_turn(project: Project) -> Turn | None:
    """By chance, so that nobody can count up to the next one; either with the project's share (at most a half)."""
    share, drawn = project.gold_share / 100, random.random()  # noqa: S311
    if drawn < share:
        return Turn.GOLD
    return Turn.LIKE_IT if drawn < 2 * share else None


def gold_texts(project: Project, annotator: User, reserve_below: float) -> list[Document]:
    """A gold text that this person has never answered, in any order; none when they have seen all."""
    return GOLD.all(project=project.pk, annotator=annotator.pk, reserve_below=reserve_below)


def _unseen(project: int, annotator: int, reserve_below: float) -> QuerySet[Document]:
    """A text set apart for the audit has to be drawn first: it must not be missing there because its label is known.
    Who made a text gold knows its label. What was taken back was answered all the same. Where the known label is being
    split nobody could give it."""
    of_text = {"document": OuterRef("document")}
    answers = Annotation.objects.filter(**of_text)
    drawn = answers.filter(source=Source.AUDIT, superseded_at=None, status=Annotation.Status.LABELLED)
    gold = GoldText.objects.filter(
        Q(document__draw__gte=reserve_below) | Exists(drawn),
        ~Exists(answers.filter(annotator_id=annotator)),
        ~Exists(Lease.objects.filter(annotator_id=annotator, closed_at=None, **of_text)),
        project_id=project,
    ).exclude(Q(made_by_id=annotator) | Q(labels__on_offer=False))
    return Document.objects.filter(pk__in=gold.order_by("?").values("document_id")[:HEAD]).order_by()


GOLD = Prepared(_unseen, project=int, annotator=int, reserve_below=float)
