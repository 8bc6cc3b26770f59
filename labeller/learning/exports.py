"""Models to take away: asked for, built and checked in the background, offered when the check has passed."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from labeller import queueing
from labeller.learning.models import LoopState, ModelExport, ModelVersion
from labeller.learning.versions import VersionRefused
from labeller.projects.models import User

GONE = gettext_noop("The file is gone from the server. Build it again.")
EXPORT_TASK = "labeller.learning.tasks.build_export"


def request(*, version: ModelVersion, requested_by: User | None = None) -> ModelExport:
    """The zip of this version: the one that is ready or under way, else a new one; a failed one is tried again, and so
    is one whose file is gone. Raises VersionRefused when the version's files are deleted."""
    for known in version.exports.exclude(state=ModelExport.State.FAILED).order_by("-id"):
        if known.state != ModelExport.State.DONE or file_of(known):
            return known
    try:
        with transaction.atomic():
            # Whoever deletes it holds this row: it finds the zip that is to be built, or this finds it deleted.
            list(LoopState.objects.select_for_update().filter(project=version.project_id))
            if not ModelVersion.objects.filter(pk=version.pk, deleted_at=None).exists():
                said = _("The files of model %(number)s were deleted: there is nothing to take away.")
                raise VersionRefused(said % {"number": version.number})
            export = ModelExport.objects.create(version=version, requested_by=requested_by, heartbeat_at=timezone.now())
            transaction.on_commit(lambda: enqueue(export))
    except IntegrityError:  # somebody clicked at the same moment: theirs is as good
        return version.exports.filter(state__in=ModelExport.UNFINISHED).latest("id")
    return export


def file_of(export: ModelExport) -> Path | None:
    """The zip of an export that is ready. None when somebody has taken the file away: the export has failed then."""
    path: Path = settings.ARTIFACTS / export.path
    if path.is_file():
        return path
    done = ModelExport.objects.filter(pk=export.pk, state=ModelExport.State.DONE)
    done.update(state=ModelExport.State.FAILED, reason=GONE)
    return None


def enqueue(export: ModelExport) -> None:
    queueing.enqueue(EXPORT_TASK, export.pk, cluster="training")
