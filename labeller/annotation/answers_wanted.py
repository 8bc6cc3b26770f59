"""How many answers one text has, and how many it wants."""

from __future__ import annotations

from datetime import datetime

from labeller.annotation.in_hand import in_hand
from labeller.annotation.models import NO_READING, Annotation, Lease, Source
from labeller.annotation.overlap import Overlap
from labeller.projects.models import Project

Status = Annotation.Status


def wants_another(annotation: Annotation, project: Project, now: datetime) -> bool:
    """Whether this text wants one answer more than it has and than other people hold it for. A gold text always does:
    its answers tell of people."""
    if annotation.source == Source.GOLD:
        return True
    others = in_hand(annotation.document_id).filter(expires_at__gt=now).exclude(annotator_id=annotation.annotator_id)
    given = answers_given(annotation.document_id, annotation.source)
    return given + others.count() < answers_wanted(annotation, project)


def answers_wanted(served: Annotation | Lease, project: Project) -> int:
    """How many answers this text wants, as it was served."""
    overlap = Overlap.of(project)
    if overlap.share is None or served.source != Source.AUDIT:
        return overlap.of_others
    return overlap.wanted(served.document.draw, audit=True)


def answers_given(document_id: int, source: str) -> int:
    """How many of the answers that a text served from `source` wants it has; the audit wants them from people."""
    labelled = Annotation.objects.filter(document_id=document_id, superseded_at=None, status=Status.LABELLED)
    return labelled.exclude(source__in=NO_READING if source == Source.AUDIT else [Source.GOLD]).count()
