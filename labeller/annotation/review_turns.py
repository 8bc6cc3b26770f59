"""Two people in the review at once: each is shown other texts first, so that neither decides what the other reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django.db.models.functions import Mod
from django.utils import timezone

from labeller.annotation.doubts import Dismissal
from labeller.annotation.models import Annotation, Source
from labeller.projects.models import Project, User

AT_IT = timedelta(minutes=10)  # after a decision one is taken to be still at it


def shared_out(texts: QuerySet[Any], project: Project, reviewer: User) -> QuerySet[Any]:
    """A queue of the review in the reviewer's order: with others at it, every second (third ...) text first, by its id,
    and those of the others last; alone, as it is. Two queries."""
    others = _at_it(project) - {reviewer.pk}
    if not others:
        return texts
    people = sorted(others | {reviewer.pk})
    mine = When(turn=people.index(reviewer.pk), then=Value(0))
    turn = Mod(F("pk"), Value(len(people)), output_field=IntegerField())
    kept = texts.query.order_by
    shared: QuerySet[Any] = texts.annotate(turn=turn)
    return shared.order_by(Case(mine, default=Value(1), output_field=IntegerField()), *kept)


def _at_it(project: Project) -> set[int]:
    """Who has decided a text, or left one as it is, a moment ago."""
    since = timezone.now() - AT_IT
    decided = Annotation.objects.filter(project=project, source=Source.REVIEW, created_at__gte=since)
    left = Dismissal.objects.filter(project=project, at__gte=since, by__isnull=False)
    return set(decided.values_list("annotator", flat=True)) | set(left.values_list("by", flat=True))
