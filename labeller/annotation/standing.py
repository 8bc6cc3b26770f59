"""How texts that somebody has found stand to that person: which of them may be labelled there and then, which not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, Lease, Source
from labeller.annotation.overlap import Overlap
from labeller.corpus.models import Document
from labeller.projects.models import Project, User

# Answers by which something is measured, where a second look would spoil them; and those to texts that look the same as
# they are served, for a gold text hides among them and would be known if it stood otherwise.
UNCHOSEN = (Source.AUDIT, Source.GOLD, Source.RANDOM)
CHUNK = 500


class Standing(TextChoices):
    """What a label given to a found text would meet. Only FREE is labelled without being asked for more."""

    FREE = "free", gettext_lazy("free to label")
    MINE = "mine", gettext_lazy("answered by you")
    RESERVE = "reserve", gettext_lazy("set apart to measure the model")
    ANSWERED = "answered", gettext_lazy("answered by others")
    HELD = "held", gettext_lazy("in somebody else's hands now")
    MEASURES = "measures", gettext_lazy("yours on the labelling page, or answered there")
    GONE = "gone", gettext_lazy("no longer in the project")


def standings(
    project: Project, annotator: User, document_ids: Collection[int], *, now: datetime | None = None
) -> dict[int, Standing]:
    """Each of these texts, whatever there are. Three queries for 500 texts, and one for the project."""
    moment, found = now or timezone.now(), dict.fromkeys(document_ids, Standing.GONE)
    below = reserve_below(project, Document.objects.filter(project=project).count())
    ids = list(found)
    for start in range(0, len(ids), CHUNK):
        found |= _of_some(project, annotator, ids[start : start + CHUNK], below, moment)
    return found


def _of_some(project: Project, annotator: User, ids: list[int], below: float, now: datetime) -> dict[int, Standing]:
    answers, leases = defaultdict(list), defaultdict(list)
    current = Annotation.objects.filter(document_id__in=ids, superseded_at=None)
    told = Q(status=Annotation.Status.LABELLED) | Q(annotator=annotator, source__in=UNCHOSEN)
    for document, person, source in current.filter(told).values_list("document_id", "annotator_id", "source"):
        answers[document].append((person, source))
    open_ones = Lease.objects.filter(document_id__in=ids, closed_at=None, expires_at__gt=now)
    for document, person, source in open_ones.values_list("document_id", "annotator_id", "source"):
        leases[document].append((person, source))
    draws = Document.objects.filter(project=project, pk__in=ids).values_list("pk", "draw")
    overlap = Overlap.of(project)
    return {
        pk: _standing(
            answers[pk], leases[pk], annotator.pk, overlap.wanted(draw, audit=draw < below), in_reserve=draw < below
        )
        for pk, draw in draws
    }


def _standing(
    answers: list[tuple[int, str]], leases: list[tuple[int, str]], me: int, wanted: int, *, in_reserve: bool
) -> Standing:
    if any(person == me for person, _ in leases) or any(
        person == me and source in UNCHOSEN for person, source in answers
    ):
        return Standing.MEASURES
    if any(source == Source.REVIEW for _, source in answers):
        return Standing.ANSWERED
    if any(person == me for person, _ in answers):
        return Standing.MINE
    people = {person for person, source in answers if source != Source.GOLD}
    if len(people) >= wanted:
        return Standing.ANSWERED
    if len(people | {person for person, _ in leases}) >= wanted:
        return Standing.HELD
    return Standing.RESERVE if in_reserve else Standing.FREE


def needs_no_more(project: Project) -> Q:
    """The texts that have all the answers they want, of whomever: the rule of ANSWERED as the database reads it. One
    query."""
    current = Annotation.objects.filter(project=project, superseded_at=None).order_by()
    readings = current.filter(status=Annotation.Status.LABELLED).exclude(source=Source.GOLD)
    counted = readings.values("document").annotate(people=Count("annotator", distinct=True))

    def have(people: int) -> Q:
        return Q(pk__in=counted.filter(people__gte=people).values("document"))

    overlap = Overlap.of(project)
    below = reserve_below(project, Document.objects.filter(project=project).count())
    enough = have(overlap.people)
    if overlap.share is not None:
        shared = Q(overlap.is_shared("draw"), draw__lt=below)
        enough |= have(1) & ~shared
    return enough | Q(pk__in=current.filter(source=Source.REVIEW).values("document"))
