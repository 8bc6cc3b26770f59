"""Models to take away: asked for, built and checked in the background, offered when the check has passed."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from labeller import queueing
from labeller.learning.models import ModelExport, ModelVersion
from labeller.projects.models import User

EXPORT_TASK = "labeller.learning.tasks.build_export"


def request(*, version: ModelVersion, requested_by: User | None = None) -> ModelExport:
    """The zip of this version: the one that is ready or under way, else a new one; a failed one is tried again."""
    known = version.exports.exclude(state=ModelExport.State.FAILED).order_by("-id").first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            export = ModelExport.objects.create(version=version, requested_by=requested_by, heartbeat_at=timezone.now())
            transaction.on_commit(lambda: enqueue(export))
    except IntegrityError:  # somebody clicked at the same moment: theirs is as good
        return version.exports.filter(state__in=ModelExport.UNFINISHED).latest("id")
    return export


def enqueue(export: ModelExport) -> None:
    queueing.enqueue(EXPORT_TASK, export.pk, cluster="training")
