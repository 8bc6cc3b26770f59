"""What a manager does with stored models: pin one, let an earlier one serve again, or the encoder as it came. How they
go is in deleting."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from labeller.learning import services
from labeller.learning.models import LoopState, ModelVersion
from labeller.projects.models import User


class VersionRefused(Exception):
    """It cannot be done with this model now. The message says why and what to do."""


def pin(*, version: ModelVersion) -> None:
    """What serves goes on serving whatever the next runs make. Raises VersionRefused for another model."""
    if not LoopState.objects.filter(project=version.project_id, serving=version).update(pinned=True):
        said = _("Model %(number)s does not read the texts now. Let it serve first, then pin it.")
        raise VersionRefused(said % {"number": version.number})


def unpin(*, project_id: int) -> None:
    """Runs are promoted again where nothing speaks against them."""
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


def retire(*, version: ModelVersion, requested_by: User | None = None) -> None:
    """Let the encoder as it came serve in place of `version`, at once: it has read the pool before any tuning. Texts
    that were imported since are read by a worker, and the whole pool where the project begins from another encoder by
    now. Raises VersionRefused for a model that does not serve, or that is pinned."""
    own = version.project.encoder == version.encoder
    before = {"serving": None, "returning": None, "reading": "" if own else version.encoder}
    loop = LoopState.objects.filter(project=version.project_id, serving=version)
    with transaction.atomic():
        if not loop.filter(pinned=False).update(**before):
            numbered = {"number": version.number}
            if loop.exists():
                raise VersionRefused(_("Model %(number)s is pinned. Unpin it first.") % numbered)
            raise VersionRefused(_("Model %(number)s does not read the texts now.") % numbered)
        services.start_embedding(project=version.project, requested_by=requested_by)
        services.request_refresh(project_id=version.project_id)


def stay(*, project_id: int) -> None:
    """Take back what `serve_again` asked for, while the earlier version has not read the pool yet."""
    LoopState.objects.filter(project=project_id).update(returning=None)
