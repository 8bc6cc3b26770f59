"""Serving the texts of a second look before all others, and what an answer to one of them replaces."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q

from labeller.annotation.models import Annotation, Lease, Source
from labeller.annotation.queue import Asking, Candidate
from labeller.annotation.second_look import SecondLook, answers_before
from labeller.annotation.wanted import HEAD
from labeller.corpus.models import Document

# How a text came to be asked stays true when it is asked again. Of the others a person has picked the label now.
KEPT_SOURCES = (Source.AUDIT, Source.ACTIVE, Source.RANDOM)


def candidates(asking: Asking) -> Iterator[Candidate]:
    """Texts that wait for a second look and that this person has not passed over since it began, look after look."""
    looks = SecondLook.objects.filter(project=asking.project, ended_at=None).select_related("label").order_by("id")
    for look in looks:
        for document in _documents(look, asking):
            yield _candidate(look, document)


def _documents(look: SecondLook, asking: Asking) -> list[Document]:
    held = Lease.objects.filter(document=OuterRef("pk"), closed_at=None, expires_at__gt=asking.now)
    # An answer taken back is none; a skip was kept, though one's own answer before stands instead of it.
    said = Q(superseded_at=None) | ~Q(status=Annotation.Status.LABELLED)
    mine = Annotation.objects.filter(
        said, document=OuterRef("pk"), annotator=asking.annotator, created_at__gte=look.started_at
    )
    texts = Document.objects.filter(pk__in=answers_before(look).order_by().values("document_id"))
    return list(texts.filter(~Exists(held), ~Exists(mine)).order_by("draw")[:HEAD])


def _candidate(look: SecondLook, document: Document) -> Candidate:
    """With the source and probability of the answer before; a text of the audit stays one. Without a prediction: no
    model knew the labels as they are now, and what one says would sway."""
    before = list(answers_before(look).filter(document=document))
    first = next((row for row in before if row.source == Source.AUDIT), before[-1])
    kept = first.source in KEPT_SOURCES
    return Candidate(
        document,
        Source(first.source) if kept else Source.SEARCH,
        look.reason[:300],
        probability=first.probability if kept else None,
        second_look_id=look.pk,
    )


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
    before = answers_before(look).filter(document=lease.document_id)
    return mine + [row for row in before if row.pk not in known], False
