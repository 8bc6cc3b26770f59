"""The filters of a list as conditions of the database."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from labeller.annotation.differing import differing
from labeller.annotation.models import NO_READING, Annotation, Lease
from labeller.annotation.standing import needs_no_more
from labeller.corpus.models import Document
from labeller.projects.models import Membership, Project
from labeller.search.asking import Asked

LABELLED = Annotation.Status.LABELLED


def answers_seen(project: Project, membership: Membership) -> QuerySet[Annotation]:
    """The current answers that this member may see: who labels sees their own alone, unless they manage the project.
    Else nobody could be asked a second time, nor a gold text."""
    current = Annotation.objects.filter(project=project, superseded_at=None)
    return current if membership.may_see_answers else current.filter(annotator_id=membership.user_id)


def texts_asked(
    project: Project, membership: Membership, asked: Asked, ids: Sequence[int] | None = None
) -> QuerySet[Document]:
    """The texts that fit the filters on answers, imports and fields, in the order of their import; `ids`: of these,
    which are the project's. Sets of ids, not a look at each text: SQLite would look from the wrong end."""
    texts = Document.objects.filter(among(ids) if ids is not None else Q(project=project)).order_by("id")
    if asked.asks_answers:
        texts = texts.filter(_answered_as(answers_seen(project, membership), asked))
        if asked.status == "unlabelled" and not asked.who and not membership.may_see_answers:
            texts = texts.exclude(_answered_by_others(project, membership))
    if asked.batch is not None:
        texts = texts.filter(import_job_id=asked.batch)
    if asked.field:
        texts = texts.filter(_field_is(asked.field, asked.value))
    return texts


def among(ids: Sequence[int]) -> Q:
    """One of these, however many they are: one parameter, where a list of them would be a hundred thousand."""
    if connection.vendor == "sqlite":
        return Q(pk__in=RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))]))
    # Not a join with unnest(): that reads the whole table, however few they are.
    return Q(RawSQL("corpus_document.id = ANY(%s)", [list(ids)], BooleanField()))


def _answered_as(answers: QuerySet[Annotation], asked: Asked) -> Q:
    """Label, state and person are asked of one and the same answer."""
    if asked.status == "unlabelled":
        mine = Q(annotator_id=asked.who) if asked.who else Q()
        return ~Q(pk__in=answers.filter(mine, status=LABELLED).values("document"))
    wanted = answers
    if asked.who:
        wanted = wanted.filter(annotator_id=asked.who)
    if asked.status in Annotation.Status.values:
        wanted = wanted.filter(status=asked.status)
    if asked.label:
        wanted = wanted.filter(Q(labels=asked.label) | Q(labels__read_as=asked.label), status=LABELLED)
    found = Q(pk__in=wanted.values("document"))
    if asked.status != "disagreed":
        return found
    readings = answers.filter(status=LABELLED).exclude(source__in=NO_READING)
    return found & Q(pk__in=differing(readings))


def _answered_by_others(project: Project, membership: Membership) -> Q:
    """The texts that need no more answers, though this member has given and sees none of them. Not those served to
    them, in hand or skipped: a gold text among these may have its answers, and would be known by its absence."""
    mine = {"project": project, "annotator_id": membership.user_id}
    held = Lease.objects.filter(**mine, closed_at=None, expires_at__gt=timezone.now())
    put_off = Annotation.objects.filter(**mine, superseded_at=None).exclude(status=LABELLED)
    served = Q(pk__in=held.values("document")) | Q(pk__in=put_off.values("document"))
    return needs_no_more(project) & ~served


def _field_is(field: str, value: str) -> Q:
    """A field's value as text, whatever the file had it as. Django's own lookups take a name of digits for a place in a
    list on both databases, and a path of SQLite has no way to write every name (a quotation mark, say)."""
    if connection.vendor != "sqlite":
        return Q(RawSQL("corpus_document.metadata ->> %s::text = %s", [field, value], BooleanField()))
    return Q(
        RawSQL(
            "EXISTS (SELECT 1 FROM json_each(corpus_document.metadata) WHERE key = %s AND %s ="
            " CASE WHEN type IN ('true', 'false', 'null') THEN type ELSE CAST(value AS text) END)",
            [field, value],
            BooleanField(),
        )
    )
