"""What a manager does with stored models: pin one, let an earlier one serve again, delete one with its files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.learning import artifacts, services
from labeller.learning.models import LoopState, ModelExport, ModelVersion, TrainingRun
from labeller.projects.models import User


class VersionRefused(Exception):
    """It cannot be done with this model now. The message says why and what to do."""


def pin(*, version: ModelVersion) -> None:
    """What serves goes on serving whatever the next runs make. Raises VersionRefused for another model."""
    if not LoopState.objects.filter(project=version.project_id, serving=version).update(pinned=True):
        said = _("Model %(number)s does not read the texts now. Let it serve first, then pin it.")
        raise VersionRefused(said % {"number": version.number})


def unpin(*, project_id: int) -> None:
    """Runs are promoted again when the audit does not speak against them."""
    LoopState.objects.filter(project=project_id).update(pinned=False)


def serve_again(*, version: ModelVersion, requested_by: User | None = None) -> None:
    """Let a full version serve as soon as it has read the pool, which a worker does; until then the present one goes
    on. Raises VersionRefused."""
    LoopState.objects.get_or_create(project_id=version.project_id)
    others = LoopState.objects.filter(project=version.project_id).exclude(serving=version)
    with transaction.atomic():
        # Whoever deletes it meanwhile holds this row; only behind it can be known whether its files are there.
        list(LoopState.objects.select_for_update().filter(project=version.project_id))
        if not ModelVersion.objects.filter(pk=version.pk, kind=ModelVersion.Kind.FULL, deleted_at=None).exists():
            raise VersionRefused(_("Only a full model whose files are there can serve."))
        if not others.filter(pinned=False).update(returning=version):
            pinned = others.filter(pinned=True).select_related("serving").first()
            if pinned is not None and pinned.serving is not None:
                said = _("Model %(number)s is pinned. Unpin it first.")
                raise VersionRefused(said % {"number": pinned.serving.number})
            raise VersionRefused(_("Model %(number)s reads the texts already.") % {"number": version.number})
        services.start_embedding(project=version.project, requested_by=requested_by)


def stay(*, project_id: int) -> None:
    """Take back what `serve_again` asked for, while the earlier version has not read the pool yet."""
    LoopState.objects.filter(project=project_id).update(returning=None)


@dataclass(frozen=True)
class Deletion:
    """What would go with a version."""

    version: ModelVersion
    dependants: list[ModelVersion]  # quick models whose heads read its encoder
    size: int  # bytes
    why_not: str  # empty when it may be deleted

    @property
    def versions(self) -> list[ModelVersion]:
        return [self.version, *self.dependants]


def deletion(version: ModelVersion) -> Deletion:
    """What deleting this version would remove, and whether it may be. Four queries."""
    dependants = list(ModelVersion.objects.filter(base=version, deleted_at=None))
    exports = ModelExport.objects.filter(version__in=[version, *dependants]).exclude(path="")
    paths = [path for one in (version, *dependants) for path in _folders(one)]
    size = sum(map(artifacts.size, paths + [artifacts.absolute(export.path) for export in exports]))
    return Deletion(version, dependants, size, _why_not(version, dependants))


def delete(*, version: ModelVersion) -> Deletion:
    """Remove the files of a version and of the quick models that read its encoder. Their figures, and so their points
    of the curve, stay: they are facts. Raises VersionRefused."""
    with transaction.atomic():
        # Whoever promotes, pins or rolls back meanwhile waits for this row.
        list(LoopState.objects.select_for_update().filter(project=version.project_id))
        found = deletion(version)
        if found.why_not:
            raise VersionRefused(found.why_not)
        ids = [one.pk for one in found.versions]
        exports = ModelExport.objects.filter(version__in=ids)
        zips = [artifacts.absolute(export.path) for export in exports if export.path]
        exports.delete()
        ModelVersion.objects.filter(pk__in=ids).update(deleted_at=timezone.now())

        def remove() -> None:
            for path in zips:
                path.unlink(missing_ok=True)
            for one in found.versions:
                _remove_files(one)

        transaction.on_commit(remove)
    return found


def sweep_deleted() -> int:
    """Remove what stayed behind when a process was killed between the row and the disk. The number of versions."""
    left = [
        one for one in ModelVersion.objects.exclude(deleted_at=None) if any(path.exists() for path in _folders(one))
    ]
    for version in left:
        _remove_files(version)
    return len(left)


def _why_not(version: ModelVersion, dependants: list[ModelVersion]) -> str:
    """Why it may not be deleted, in a sentence; empty when it may."""
    loop = LoopState.objects.filter(project=version.project_id).first()
    serving, returning = (loop.serving_id, loop.returning_id) if loop else (None, None)
    newest = ModelVersion.objects.filter(project=version.project_id, kind=ModelVersion.Kind.QUICK, base=serving).last()
    building = ModelExport.objects.filter(version__in=[version, *dependants], state__in=ModelExport.UNFINISHED)
    if version.deleted_at:
        return _("Its files are deleted already.")
    if version.pk == serving:
        return _("It reads the texts now. Let another model serve first.")
    if version.pk == returning:
        return _("It is about to serve again.")
    if newest is not None and version.pk == newest.pk:
        return _("It orders the queue now. It can go when there is a newer one.")
    if building.exists():
        return _("A zip of it, or of a model that reads its encoder, is being built. Wait for that.")
    if TrainingRun.objects.filter(Q(pk=version.run_id), state__in=TrainingRun.UNFINISHED).exists():
        return _("The run that made it is still under way.")
    return ""


def _folders(version: ModelVersion) -> list[Path]:
    folders = [artifacts.version_folder(version.project_id, version.number)]
    if version.kind == ModelVersion.Kind.FULL:
        folders.append(artifacts.embeddings_folder(version.project_id, str(version.number)))
    return folders


def _remove_files(version: ModelVersion) -> None:
    for folder in _folders(version):
        shutil.rmtree(folder, ignore_errors=True)
