"""Which stored models may go, what goes with them, and what they take on disk."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.learning import artifacts
from labeller.learning.models import LoopState, ModelExport, ModelVersion, TrainingRun
from labeller.learning.versions import VersionRefused


@dataclass(frozen=True)
class Deletion:
    """What would go with a version."""

    version: ModelVersion
    dependants: list[ModelVersion]  # quick models whose heads read its encoder
    zips: list[Path]
    size: int  # bytes
    why_not: str  # empty when it may be deleted

    @property
    def versions(self) -> list[ModelVersion]:
        return [self.version, *self.dependants]


@dataclass(frozen=True)
class Tidying:
    """What would go, and what may not go, of several versions that were chosen."""

    going: list[Deletion]  # none of them twice: a quick model goes with the full one whose encoder it reads
    staying: list[Deletion]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(one.size for one in self.going)

    @property
    def versions(self) -> list[ModelVersion]:
        """All that would go, by number."""
        return sorted((version for one in self.going for version in one.versions), key=lambda one: one.number)


def deletion(version: ModelVersion) -> Deletion:
    """What deleting this version would remove, and whether it may be. Six queries."""
    return _deletions(version.project_id, [version])[0]


def tidying(project_id: int, numbers: Iterable[int]) -> Tidying:
    """What deleting these versions would remove. Numbers that no version has, or only one whose files are gone, are
    passed over. Seven queries."""
    rows = ModelVersion.objects.filter(project=project_id, number__in=numbers, deleted_at=None)
    found = _deletions(project_id, list(rows.order_by("number")))
    with_another = {one.pk for each in found if not each.why_not for one in each.dependants}
    found = [one for one in found if one.version.pk not in with_another]
    return Tidying([one for one in found if not one.why_not], [one for one in found if one.why_not])


def delete(*, version: ModelVersion) -> Deletion:
    """Remove the files of a version and of the quick models that read its encoder. Their figures, and so their points
    of the curve, stay: they are facts. Raises VersionRefused."""
    with transaction.atomic():
        _hold(version.project_id)
        found = deletion(version)
        if found.why_not:
            raise VersionRefused(found.why_not)
        _delete([found])
    return found


def delete_several(*, project_id: int, numbers: Iterable[int]) -> Tidying:
    """The same of each of these that may go; the others stay."""
    with transaction.atomic():
        _hold(project_id)
        found = tidying(project_id, numbers)
        _delete(found.going)
    return found


def _hold(project_id: int) -> None:
    """Whoever promotes, pins or rolls back meanwhile waits for this row."""
    list(LoopState.objects.select_for_update().filter(project=project_id))


def _delete(found: Sequence[Deletion]) -> None:
    gone = [version for one in found for version in one.versions]
    ids = [version.pk for version in gone]
    ModelExport.objects.filter(version__in=ids).delete()
    ModelVersion.objects.filter(pk__in=ids).update(deleted_at=timezone.now())

    def remove() -> None:
        for path in (path for one in found for path in one.zips):
            path.unlink(missing_ok=True)
        for version in gone:
            _remove_files(version)

    transaction.on_commit(remove)


def sizes(project_id: int) -> dict[int, int]:
    """Bytes on disk by number of the version: its weights, what it has read of the pool, its zips. Two queries."""
    zips = _zips(project_id)
    rows = ModelVersion.objects.filter(project=project_id, deleted_at=None).only("number", "kind", "project_id")
    return {one.number: sum(map(artifacts.size, [*_folders(one), *zips[one.pk]])) for one in rows}


def sweep_deleted() -> int:
    """Remove what stayed behind when a process was killed between the row and the disk. The number of versions."""
    left = [
        one for one in ModelVersion.objects.exclude(deleted_at=None) if any(path.exists() for path in _folders(one))
    ]
    for version in left:
        _remove_files(version)
    return len(left)


def _deletions(project_id: int, versions: Sequence[ModelVersion]) -> list[Deletion]:
    """Six queries, however many versions."""
    held, zips = _Held.of(project_id), _zips(project_id)
    readers: dict[int | None, list[ModelVersion]] = defaultdict(list)
    for one in ModelVersion.objects.filter(base__in=versions, deleted_at=None).defer("metrics"):
        readers[one.base_id].append(one)
    found = []
    for version in versions:
        going = [version, *readers[version.pk]]
        of_these = [path for one in going for path in zips[one.pk]]
        paths = [path for one in going for path in _folders(one)]
        size = sum(map(artifacts.size, paths + of_these))
        found.append(Deletion(version, going[1:], of_these, size, held.why_not(going)))
    return found


def _zips(project_id: int) -> dict[int, list[Path]]:
    """By version. One query."""
    zips: dict[int, list[Path]] = defaultdict(list)
    exports = ModelExport.objects.filter(version__project=project_id).exclude(path="")
    for version, path in exports.values_list("version", "path"):
        zips[version].append(artifacts.absolute(path))
    return zips


@dataclass(frozen=True)
class _Held:
    """What may not go now, by primary key."""

    serving: int | None
    returning: int | None
    ordering: int | None  # the quick version that orders the queue
    packed: set[int]  # versions of which a zip is being built
    made_by: set[int]  # runs that are under way

    @classmethod
    def of(cls, project_id: int) -> _Held:
        """Four queries."""
        loop = LoopState.objects.filter(project=project_id).first()
        serving, returning = (loop.serving_id, loop.returning_id) if loop else (None, None)
        quick = ModelVersion.objects.filter(project=project_id, kind=ModelVersion.Kind.QUICK, base=serving)
        building = ModelExport.objects.filter(version__project=project_id, state__in=ModelExport.UNFINISHED)
        under_way = TrainingRun.objects.filter(project=project_id, state__in=TrainingRun.UNFINISHED)
        return cls(
            serving,
            returning,
            quick.order_by("number").values_list("pk", flat=True).last(),
            set(building.values_list("version", flat=True)),
            set(under_way.values_list("pk", flat=True)),
        )

    def why_not(self, going: Sequence[ModelVersion]) -> str:
        """Why the first of these may not be deleted, with which the others go; empty when it may."""
        version = going[0]
        if version.deleted_at:
            return _("Its files are deleted already.")
        if version.pk == self.serving:
            return _("It reads the texts now. Let another model serve first.")
        if version.pk == self.returning:
            return _("It is about to serve again.")
        if version.pk == self.ordering:
            return _("It orders the queue now. It can go when there is a newer one.")
        if self.packed & {one.pk for one in going}:
            return _("A zip of it, or of a model that reads its encoder, is being built. Wait for that.")
        if version.run_id in self.made_by:
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
