"""Which audit answers are a uniform sample of the pool of today.

The audit asks in the order of the draws. A text imported later whose draw lies below those asked already was passed
over, and until it has been asked the answers stand for the older texts more than for it. Below the first texts that are
missing so, they are a uniform sample of all. A text that was asked and has no answer is not missing, whenever it came,
nor one of the reserve whose turn somebody took by labelling it from a search: of old texts these are not there either.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Self

from django.db.models import Min, Q

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, Source
from labeller.corpus.models import Document
from labeller.projects.models import Project

TOLERATED = 0.05  # share of the texts due that may be missing: as much as the pool may grow before a model is read anew
ENOUGH = 30  # answers below which no figure is told


@dataclass(frozen=True)
class AuditSample:
    """The answers to texts drawn below `below`, of which there are `texts`: of all texts of their moment."""

    below: float = 1.0  # 1: all answers there are
    texts: int = 0
    newer: int = 0  # texts that came since those missing began to come
    wanting: int = 0  # audit answers until a figure can be told, or where it can, until the newer texts have caught up
    pool: int = 0  # texts of the project as far as the model knew of them

    @classmethod
    def read(cls, stored: dict[str, Any] | None) -> Self | None:
        """None where all answers are meant, also in a reading from before this was asked."""
        return cls(**stored) if stored and stored["below"] < 1 else None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def passed_over(asked: Sequence[tuple[datetime, float]], came: Sequence[tuple[datetime, float]]) -> list[bool]:
    """For each text that came, as (when, its draw), whether the audit had gone past its draw by then. `asked`: when
    audit texts were first answered, and their draws."""
    in_time = sorted(asked)
    times = [when for when, _ in in_time]
    reached = [0.0, *accumulate((draw for _, draw in in_time), max)]
    return [draw < reached[bisect_left(times, when)] for when, draw in came]


def even_below(answered: Collection[float], missing: Collection[float]) -> float:
    """The draw below which the answered texts are a uniform sample of the pool, as far as no more than TOLERATED of
    those due there are missing; 1 where all are."""
    due = sorted([(draw, 0) for draw in answered] + [(draw, 1) for draw in missing])
    lost = accumulate(is_missing for _, is_missing in due)
    even = max((k for k, gone in enumerate(lost, 1) if gone <= TOLERATED * k), default=0)
    return 1.0 if even == len(due) else due[even][0]


def sample_of_today(project: Project, answered: dict[int, float]) -> AuditSample:
    """Of these audit texts that a model was measured on, id -> draw, those that are a uniform sample of the project's
    texts of now. Two queries where nothing was imported since the audit began, else five at most."""
    drawn = Annotation.objects.filter(project=project, source=Source.AUDIT).order_by()
    asked = list(drawn.values("document").annotate(first=Min("created_at")).values_list("first", "document__draw"))
    if not asked:
        return AuditSample(texts=len(answered))
    first, reach = min(asked)[0], max(draw for _, draw in asked)
    later = Document.objects.filter(project=project, created_at__gt=first, draw__lt=reach)
    rows = list(later.values_list("created_at", "draw", "pk"))
    late = [row for row, over in zip(rows, passed_over(asked, [row[:2] for row in rows]), strict=True) if over]
    late = [row for row in late if row[2] not in answered]
    if not late:
        return AuditSample(texts=len(answered))
    return _among(project, answered, late)


def _among(project: Project, answered: dict[int, float], late: list[tuple[datetime, float, int]]) -> AuditSample:
    texts = Document.objects.filter(project=project)
    reserve = reserve_below(project, texts.count())
    closed = _closed(project, since=min(late)[0], reserve=reserve)
    missing = sorted(row for row in late if row[2] not in closed)
    draws = [draw for _, draw, _ in missing]
    below = even_below(answered.values(), draws)
    if below == 1:
        return AuditSample(texts=len(answered))
    found = sum(draw < below for draw in answered.values())
    to_ask = [draw for draw in draws if draw < reserve]
    due = sorted([(draw, 0) for draw in answered.values()] + [(draw, 1) for draw in to_ask])
    wanting = sum(is_missing for _, is_missing in (due[:ENOUGH] if found < ENOUGH else due))
    return AuditSample(below, found, texts.filter(created_at__gte=missing[0][0]).count(), wanting)


def _closed(project: Project, *, since: datetime, reserve: float) -> set[int]:
    """Texts of the reserve that came since then and were asked without getting a label, or were labelled otherwise."""
    answers = Annotation.objects.filter(
        project=project, superseded_at=None, document__created_at__gte=since, document__draw__lt=reserve
    ).exclude(source__in=[Source.IMPORT, Source.LLM, Source.GOLD])
    labelled = Q(source=Source.AUDIT, status=Annotation.Status.LABELLED)
    waits = answers.filter(labelled).values_list("document_id", flat=True)  # answered since the model was begun
    return set(answers.values_list("document_id", flat=True)) - set(waits)
