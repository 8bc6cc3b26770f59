"""What the effort page reads: medians and sums made by the database, so that a request never holds all answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from django.db.models import Case, Count, F, IntegerField, Max, Min, Q, QuerySet, Sum, Value, When, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import RowNumber

from labeller.annotation.models import AT_ONCE, Annotation, Source
from labeller.insight.effort import BREAK_AT_LEAST_S, BREAK_TIMES, Bins, Ledger, Work, break_after
from labeller.projects.models import Project, User

NO_WORK = (Source.IMPORT, Source.REVIEW)  # nobody read these here, or it was to decide, not to label


def answers_of(project: Project) -> QuerySet[Annotation]:
    """People's answers, also those taken back or replaced since. Labels of a file are none: nobody read them here."""
    return Annotation.objects.filter(project=project).exclude(source__in=NO_WORK).order_by()


@dataclass(frozen=True)
class Medians:
    """Seconds of an answer: the middle one of a person's, and of all."""

    by_person: Mapping[int, float]
    of_all: float | None  # None: nothing was timed


def medians(project: Project) -> Medians:
    """Three queries."""
    timed = answers_of(project).filter(seconds__isnull=False)
    middles: dict[int, list[float]] = defaultdict(list)
    for person, seconds in _middle_of_each(timed).values_list("annotator", "seconds"):
        middles[person].append(seconds or 0.0)
    count = timed.count()
    in_order = timed.order_by("seconds").values_list("seconds", flat=True)
    of_all = [seconds or 0.0 for seconds in in_order[(count - 1) // 2 : count // 2 + 1]] if count else []
    return Medians({person: fmean(found) for person, found in middles.items()}, fmean(of_all) if of_all else None)


def _middle_of_each(timed: QuerySet[Annotation]) -> QuerySet[Annotation]:
    """The middle row of each person's by seconds, or the two middle ones. SQLite has no median, but has windows."""
    placed = timed.annotate(
        place=Window(RowNumber(), partition_by=F("annotator"), order_by=F("seconds").asc()),
        rows=Window(Count("pk"), partition_by=F("annotator")),
    )
    return placed.filter(place__gte=F("rows") / 2.0, place__lte=F("rows") / 2.0 + 1)


def ledger(project: Project, bins: Bins, middles: Mapping[int, float]) -> Ledger:
    """Work by person and stretch of time, breaks counted as the person's median. An answer to a gold text is work and
    no label; a list that was labelled at once is no day's work. One query."""
    stands = Q(status=Annotation.Status.LABELLED, superseded_at=None) & ~Q(source=Source.GOLD) & ~AT_ONCE
    at_break = Q(seconds__gt=_break_after(middles))
    rows = (
        answers_of(project)
        .annotate(bin=_bin(bins))
        .values("annotator", "bin")
        .annotate(
            labels=Count("pk", filter=stands),
            timed=Count("pk", filter=stands & Q(seconds__isnull=False)),
            answers=Count("seconds"),
            at_work=Sum("seconds", filter=~at_break),
            breaks=Count("pk", filter=at_break),
        )
    )
    return Ledger(
        bins,
        {
            (row["annotator"], row["bin"]): Work(
                row["labels"],
                row["timed"],
                row["answers"],
                (row["at_work"] or 0.0) + row["breaks"] * middles.get(row["annotator"], 0.0),
                row["breaks"],
            )
            for row in rows
        },
    )


def _bin(bins: Bins) -> Combinable:
    """The number of the bin an answer falls into. Newest first: most looks are at the last days."""
    whens = [When(created_at__gte=edge, then=Value(at + 1)) for at, edge in reversed(list(enumerate(bins.edges)))]
    return Case(*whens, default=Value(0), output_field=IntegerField())


def _break_after(middles: Mapping[int, float]) -> Combinable:
    """Only slow readers have a limit of their own; for all others it is two minutes."""
    slow = {person: median for person, median in middles.items() if BREAK_TIMES * median > BREAK_AT_LEAST_S}
    whens = [When(annotator_id=person, then=Value(break_after(median))) for person, median in slow.items()]
    return Case(*whens, default=Value(BREAK_AT_LEAST_S)) if whens else Value(BREAK_AT_LEAST_S)


@dataclass(frozen=True)
class Extent:
    """How many answers there are and since when; its marker changes with every answer and every one taken back."""

    answers: int
    newest: int
    taken_back: int
    first_at: datetime | None

    @property
    def marker(self) -> str:
        return f"{self.answers}-{self.newest}-{self.taken_back}"


def extent(project: Project) -> Extent:
    """One query."""
    found = answers_of(project).aggregate(
        answers=Count("pk"), newest=Max("pk"), taken_back=Count("superseded_at"), first_at=Min("created_at")
    )
    return Extent(found["answers"], found["newest"] or 0, found["taken_back"], found["first_at"])


def names(people: set[int]) -> dict[int, str]:
    """Also of those who have left the project since."""
    return dict(User.objects.filter(pk__in=people).values_list("pk", "username"))
