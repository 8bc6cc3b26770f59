"""What the pages of this app read besides the list itself."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left
from django.http import Http404
from django.utils import timezone

from labeller.annotation.models import Annotation, Source
from labeller.corpus.models import Document
from labeller.projects.models import Label, Membership, Project
from labeller.search.models import BulkAct

FIELDS_FROM = 200  # texts whose metadata tell which fields there are
MOST_FIELDS = 100
HEAD = 90  # characters
RECENT = timedelta(days=1)


def metadata_fields(project: Project) -> list[str]:
    """The names of what is known of some texts, drawn at random: the first of one index. One query."""
    known = Document.objects.filter(project=project).order_by("draw").values_list("metadata", flat=True)[:FIELDS_FROM]
    return sorted({str(name) for metadata in known for name in metadata})[:MOST_FIELDS]


def beginning_of(project: Project, document_id: int) -> str:
    """The first words of a text; empty where it is gone."""
    found = Document.objects.filter(project=project, pk=document_id).values_list(Left("text", HEAD), flat=True).first()
    return f"{found}…" if found and len(found) == HEAD else found or ""


def recent_acts(membership: Membership, *, count: int = 3) -> list[BulkAct]:
    """This person's newest acts of the last day."""
    mine = BulkAct.objects.filter(project_id=membership.project_id, annotator_id=membership.user_id)
    return list(mine.filter(created_at__gt=timezone.now() - RECENT).defer("documents")[:count])


def act_of(membership: Membership, key: uuid.UUID) -> BulkAct:
    """One's own act, or as a manager anybody's. Raises Http404."""
    acts = BulkAct.objects.select_related("project", "annotator").filter(project_id=membership.project_id, key=key)
    if not membership.may_manage:
        acts = acts.filter(annotator_id=membership.user_id)
    found = acts.first()
    if found is None:
        raise Http404("No such act of yours.")
    return found


def unused_labels(project: Project) -> list[Label]:
    """The labels that no current answer gives. One query."""
    given = Annotation.objects.filter(
        Q(labels=OuterRef("pk")) | Q(labels__read_as=OuterRef("pk")),
        superseded_at=None,
        status=Annotation.Status.LABELLED,
    ).exclude(source=Source.GOLD)
    return [label for label in Label.objects.filter(~Exists(given), project=project) if label.on_offer]
