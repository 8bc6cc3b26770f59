"""What one person is still asked: a text that wants an answer; where every text has one, another look, or an answer
beside somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import nextafter
from typing import Any

from django.utils import timezone

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Lease, ServingCounter, Source
from labeller.annotation.overlap import Overlap
from labeller.annotation.queue import Asking
from labeller.annotation.second_look_serving import texts_to_look_at
from labeller.annotation.wanted import texts_begun, texts_wanted
from labeller.projects.models import Project, User


@dataclass(frozen=True)
class Left:
    looks: int  # texts offered for a second look
    answers: int  # other texts that want one more answer, or are in this person's hands


def has_text_for(project: Project, annotator: User) -> bool:
    """Whether serving hands out a text to this person, second looks aside, by the same conditions."""
    held = Lease.objects.filter(project=project, annotator=annotator, closed_at=None, second_look=None)
    if held.exclude(source=Source.GOLD).exists():
        return True
    return Asking(project, annotator, _counter(project), timezone.now()).finds_any


def left_for(project: Project, annotator: User) -> Left:
    """By the same conditions as serving, so nothing is promised that is not handed out; texts in other people's hands
    are left out. Six queries at most."""
    now = timezone.now()
    counter = _counter(project)
    looks = texts_to_look_at(project, annotator, now).count() if counter.second_looks else 0
    held = Lease.objects.filter(project=project, annotator=annotator, closed_at=None, second_look=None)
    in_hand = held.exclude(source=Source.GOLD).count()
    return Left(looks, in_hand + _wanted(project, annotator, counter, now))


def _counter(project: Project) -> ServingCounter:
    return ServingCounter.objects.filter(project=project).first() or ServingCounter(project=project)


def _wanted(project: Project, annotator: User, counter: ServingCounter, now: datetime) -> int:
    """Texts that no one's answer has settled for this person. Where one answer is all that a text wants, only the
    reserve is read: a label that came with a file settles nothing there."""
    overlap, below = Overlap.of(project), reserve_below(project, counter.pool_size)
    values: dict[str, Any] = {"project": project.pk, "annotator": annotator.pk, "now": now}
    wanted = texts_wanted(overlap, audit=True, least=0.0, below=below, **values).count() if below else 0
    if overlap.of_others > 1:
        wanted += texts_wanted(overlap, audit=False, least=below, below=1.0, **values).count()
    elif overlap.share is not None and counter.audit_to >= below > 0:
        wanted += texts_begun(overlap, least=below, below=nextafter(counter.audit_to, 1), **values).count()
    return wanted
