"""A claimed piece of work from its first beat to its last state, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable
from traceback import format_exception
from typing import Any, TypeVar

import structlog

from labeller.learning import artifacts
from labeller.learning.models import ModelExport, TrainingRun
from labeller.learning.reasons import reason_of
from labeller.learning.runs import CancelRequested, Heartbeat, Superseded, Work, claim, finish

W = TypeVar("W", TrainingRun, ModelExport)

MOST_OF_A_TRACEBACK = 8_000  # characters; the end says what happened

log = structlog.get_logger(__name__)


def carry_out_run(run_id: int, body: Callable[[TrainingRun, Heartbeat], None]) -> bool:
    """Claim the run and do it. False when it was finished, cancelled, or held by another process."""
    run = TrainingRun.objects.select_related("project").filter(pk=run_id).first()
    return run is not None and _carry_out(run, body)


def carry_out_export(export_id: int, body: Callable[[ModelExport, Heartbeat], None]) -> bool:
    export = ModelExport.objects.select_related("version__project", "version__base").filter(pk=export_id).first()
    return export is not None and _carry_out(export, body)


def _carry_out(work: W, body: Callable[[W, Heartbeat], None]) -> bool:
    token = claim(work)
    if token is None:
        return False
    log.info("work_claimed", work=str(work), pk=work.pk)
    try:
        with Heartbeat(work, token) as beat:
            body(work, beat)
    except Superseded:
        log.warning("work_superseded", work=str(work), pk=work.pk)
    except CancelRequested:
        if finish(work, token, "cancelled", stage=""):
            discard(work)
    except Exception as error:
        log.exception("work_failed", work=str(work), pk=work.pk)
        if finish(work, token, "failed", reason=reason_of(error), **_kept(work, error)):
            discard(work)
    return True


def _kept(work: Work, error: Exception) -> dict[str, list[dict[str, Any]]]:
    """A run keeps the end of its traceback behind its losses, for a manager to hand on."""
    if not isinstance(work, TrainingRun):
        return {}
    written = TrainingRun.objects.values_list("log", flat=True).get(pk=work.pk)
    return {"log": [*written, {"error": "".join(format_exception(error))[-MOST_OF_A_TRACEBACK:]}]}


def discard(work: TrainingRun | ModelExport) -> None:
    """Remove what work that ended without a result had made so far: an encoder is 90 MB. Never while another process
    may be at it."""
    project_id = work.project_id if isinstance(work, TrainingRun) else work.version.project_id
    artifacts.discard_work(project_id, work.key)
