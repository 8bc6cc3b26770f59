"""Where people gave different labels to one text."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat

from labeller.annotation.models import Annotation

READ_AS = Coalesce("labels__read_as_id", "labels")  # merged labels are one
# An answer with one of its labels; the halves of a merged pair that one answer gave are one too.
READING = Concat(Cast("pk", CharField()), Value(" "), Cast(READ_AS, CharField()))


def differing(readings: QuerySet[Annotation]) -> QuerySet[Any]:
    """The texts, as values of `document`, to which these answers give different labels.

    n people gave `pairs` labels in all, `kinds` different ones: they said the same only if each gave each of these.
    Counted in one pass over the answers: looking at each beside the others takes a time that grows with their square.
    """
    readings = readings.order_by()
    several = readings.values("document").annotate(n=Count("pk")).filter(n__gt=1).values("document")
    apart = (
        readings.filter(document__in=several)
        .values("document")
        .annotate(n=Count("pk", distinct=True), kinds=Count(READ_AS, distinct=True))
        .annotate(pairs=Count(READING, distinct=True, filter=Q(labels__isnull=False)))
        .exclude(pairs=F("n") * F("kinds"))
    )
    return apart.values("document")
