"""The encoder check as pages see it, and what a manager decides on it. Nothing here switches by itself."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.learning import services
from labeller.learning.models import EncoderCheck, LoopState, TrainingRun
from labeller.learning.selectors import full_runs, teaching_labels, worth_showing
from labeller.learning.sentences import check_sentence
from labeller.learning.triggers import CHECK_AT
from labeller.projects.locks import lock_project
from labeller.projects.models import Project, User
from labeller.projects.services import change_settings


class DecisionRefused(Exception):
    """The check cannot be decided on (any more). The message says why."""


@dataclass(frozen=True)
class EncoderStatus:
    """All that `learning/_encoders.html` shows."""

    encoder: str  # the project's
    reading: str  # the one that serves while the project's own reads the texts; empty: nothing is under way
    is_stopped: bool  # that reading was cancelled or has failed, and nobody goes on with it
    run: TrainingRun | None  # a comparison under way, or failed with nothing newer
    check: EncoderCheck | None  # the newest comparison of the project's encoder with others
    sentence: str  # what it found
    next_check: int | None  # labels at which one starts by itself; None: none any more
    missing: list[str]  # ["training"] without a worker to compare, for `_run.html`

    @property
    def is_open(self) -> bool:
        """Whether a better encoder is proposed and nobody has decided yet."""
        return self.check is not None and bool(self.check.proposed) and not self.check.decision

    @property
    def is_busy(self) -> bool:
        return bool(self.reading and not self.is_stopped) or (self.run is not None and self.run.is_unfinished)


def encoder_status(project: Project, *, missing: list[str]) -> EncoderStatus | None:
    """None where the owner's list has one encoder: then there is nothing to choose."""
    if len(settings.ENCODERS) < 2:
        return None
    loop = LoopState.objects.filter(project=project).first()
    reading = loop.reading if loop and loop.serving_id is None and loop.reading != project.encoder else ""
    runs = TrainingRun.objects.filter(project=project)
    reads = runs.filter(kind=TrainingRun.Kind.EMBED, state__in=TrainingRun.UNFINISHED)
    run = runs.filter(kind=TrainingRun.Kind.CHECK).defer("log").order_by("-id").first()
    check = EncoderCheck.objects.filter(project=project, current=project.encoder).first()
    labels = max(loop.refresh_labels if loop else 0, check.n_labels if check else 0)
    return EncoderStatus(
        encoder=project.encoder,
        reading=reading,
        is_stopped=bool(reading) and not reads.exists(),
        run=worth_showing(run),
        check=check,
        sentence=check_sentence(check) if check else "",
        next_check=next((count for count in CHECK_AT if count > labels), None),
        missing=[cluster for cluster in missing if cluster == "training"],
    )


def take(*, check: EncoderCheck, by: User) -> Project:
    """Change the project's encoder to the proposed one. Raises DecisionRefused.

    Serving goes on meanwhile: with the fine-tuned model where one serves, until a full run over the new encoder is
    promoted; else with the old encoder's embeddings, until the new one has read the pool. Models stay as they are.
    """
    with transaction.atomic():
        # The loop before the project, as refits and runs take them, or each would wait for the other.
        loop = LoopState.objects.select_for_update().get_or_create(project_id=check.project_id)[0]
        project = lock_project(check.project_id)
        if check.proposed not in settings.ENCODERS:
            raise DecisionRefused(
                _("The language model '%(encoder)s' is not in this server's list any more.")
                % {"encoder": check.proposed}
            )
        if project.encoder != check.current:
            raise DecisionRefused(
                _("This project uses %(encoder)s by now. Compare again.") % {"encoder": project.encoder}
            )
        _decide(check, EncoderCheck.Decision.TAKEN, by)
        _go_on_with(project, loop)
        change_settings(project=project, encoder=check.proposed)
        services.start_embedding(project=project, requested_by=by)
        if full_runs(project.pk) and teaching_labels(project).kinds >= 2:
            _start_full(project, by)
    return project


def decline(*, check: EncoderCheck, by: User) -> None:
    """Stay. The next comparison may propose again. Raises DecisionRefused."""
    with transaction.atomic():
        _decide(check, EncoderCheck.Decision.DECLINED, by)


def _decide(check: EncoderCheck, decision: EncoderCheck.Decision, by: User) -> None:
    """Two managers who decide at the same moment: the first one counts."""
    rows = EncoderCheck.objects.filter(pk=check.pk, decision="").exclude(proposed="")
    if not rows.update(decision=decision, decided_by=by, decided_at=timezone.now()):
        raise DecisionRefused(_("This has been decided already."))


def _go_on_with(project: Project, loop: LoopState) -> None:
    """Until the new encoder has read the pool, the queue keeps to the embeddings it has. When a change before this one
    is still being read, those are an older encoder's."""
    LoopState.objects.filter(pk=loop.pk, reading="").update(reading=project.encoder)


def _start_full(project: Project, by: User) -> None:
    """Behind the reading, in the same cluster. One that is under way still learns over the old encoder; the next full
    run will not."""
    with contextlib.suppress(services.RunRefused):
        services.start_full(project=project, requested_by=by)
