"""Serving the texts of a second look before all others, and what an answer to one of them replaces."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from itertools import chain
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from labeller.annotation.models import NOT_TAKEN_BACK, Annotation, Lease, Source
from labeller.annotation.queue import Asking, Candidate
from labeller.annotation.second_look import SecondLook, answers_before, names_it_from_before
from labeller.annotation.wanted import HEAD
from labeller.corpus.models import Document
from labeller.projects.models import Project, User

# How a text came to be asked stays true when it is asked again. Of the others a person has picked the label now.
KEPT_SOURCES = (Source.AUDIT, Source.ACTIVE, Source.RANDOM)
NEAR = 1000  # texts of the pool


def candidates(asking: Asking) -> Iterator[Candidate]:
    """Texts that wait for a second look and that this person has not passed over since it began, look after look. None
    for a page with older guidelines than the look's: it cannot offer what the text is looked at for."""
    looks = SecondLook.objects.filter(project=asking.project, ended_at=None).select_related("label").order_by("id")
    if asking.shown is not None:
        looks = looks.filter(guidelines_number__lte=asking.shown)
    for look in looks:
        for document in chain(_next(look, asking), _any(look, asking)):
            yield _candidate(look, document)


def _next(look: SecondLook, asking: Asking) -> Iterator[Document]:
    """Those near the draw where the last one was found. Asked text by text, for where many wait it spares finding them
    all at each answer; where few do there may be none near, and to find them all is cheap."""
    least = asking.counter.looks_from
    near = Q(project=asking.project, draw__gte=least, draw__lt=least + NEAR / max(1, asking.counter.pool_size))
    waits = Exists(answers_before(look, OuterRef("pk")).order_by())
    yield from _free(Document.objects.filter(near, waits, _not_passed(look, asking.annotator)), asking.now)


def _any(look: SecondLook, asking: Asking) -> Iterator[Document]:
    yield from _free(Document.objects.filter(_waits_for(look, asking.annotator)), asking.now)


def _free(texts: QuerySet[Document], now: datetime) -> QuerySet[Document]:
    held = Lease.objects.filter(document=OuterRef("pk"), closed_at=None, expires_at__gt=now)
    return texts.filter(~Exists(held)).order_by("draw")[:HEAD]


def texts_to_look_at(project: Project, annotator: User, now: datetime) -> QuerySet[Document]:
    """Texts that wait for a second look of this person and are in nobody else's hands."""
    looks = SecondLook.objects.filter(project=project, ended_at=None).order_by("id")
    held = Lease.objects.filter(document=OuterRef("pk"), closed_at=None, expires_at__gt=now)
    waits = reduce(or_, (_waits_for(look, annotator) for look in looks), Q(pk__in=[]))
    return Document.objects.filter(waits).filter(~Exists(held.exclude(annotator=annotator))).order_by()


def _waits_for(look: SecondLook, annotator: User) -> Q:
    """Texts that nobody has looked at again, and that this person has not passed over since the look began."""
    return Q(pk__in=answers_before(look).order_by().values("document_id")) & _not_passed(look, annotator)


def _not_passed(look: SecondLook, annotator: User) -> Q:
    """An answer from a page with older guidelines passes over nothing: for its sake, perhaps, the text waits."""
    mine = Annotation.objects.filter(
        NOT_TAKEN_BACK, document=OuterRef("pk"), annotator=annotator, created_at__gte=look.started_at
    )
    return Q(~Exists(mine.exclude(names_it_from_before(look))))


def _candidate(look: SecondLook, document: Document) -> Candidate:
    """With the source and probability of the answer before; a text of the audit stays one. Without a prediction: no
    model knew the labels as they are now, and what one says would sway."""
    before = list(answers_before(look, document.pk))
    first = next((row for row in before if row.source == Source.AUDIT), before[-1])
    kept = first.source in KEPT_SOURCES
    return Candidate(
        document,
        Source(first.source) if kept else Source.SEARCH,
        look.reason[:300],
        probability=first.probability if kept else None,
        second_look_id=look.pk,
    )


def still_waits(look: SecondLook, document_id: int) -> bool:
    """Whether nobody has looked at this text again yet."""
    return answers_before(look, document_id).exists()


def settle_second_look(lease: Lease, status: str, mine: list[Annotation]) -> tuple[list[Annotation], bool]:
    """(What the answer to a second look supersedes, whether this person's own answer stands instead of it.)

    A label replaces this person's answer and everybody's that named the old label. Whoever skips or is unsure has said
    nothing yet: the answer before stands, also their own.
    """
    if status != Annotation.Status.LABELLED:
        return [], bool(mine)
    look = lease.second_look
    if look is None:
        return mine, False
    known = {row.pk for row in mine}
    before = answers_before(look, lease.document_id)
    return mine + [row for row in before if row.pk not in known], False
