"""Writes of the loop: ask for a refit, start, cancel and recover runs. Heavy code is named here, never imported."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from labeller import queueing
from labeller.corpus.testset import set_in_force
from labeller.learning import selectors
from labeller.learning.models import LoopState, TrainingRun
from labeller.numerals import whole
from labeller.projects.locks import lock_if_open
from labeller.projects.models import Project, User

REFRESH_TASK = "labeller.learning.tasks.refresh_queue"
WORDS_TASK = "labeller.learning.tasks.find_words"
RUN_TASKS = {
    TrainingRun.Kind.EMBED: "labeller.learning.tasks.embed",
    TrainingRun.Kind.FULL: "labeller.learning.tasks.fine_tune",
    TrainingRun.Kind.CHECK: "labeller.learning.tasks.check_encoders",
    TrainingRun.Kind.GAUGE: "labeller.learning.tasks.gauge",
    TrainingRun.Kind.TEST: "labeller.learning.tasks.score_on_test_set",
    TrainingRun.Kind.WEIGH: "labeller.learning.tasks.weigh",
}
REFRESH_LOST = timedelta(seconds=30)  # a queued refit nobody began; asking again costs one more cheap task


class RunRefused(Exception):
    """A run cannot start now. The message says why and what to do."""


def request_refresh(*, project_id: int) -> bool:
    """Ask for one quick refit. Labels that arrive while one is queued share it; while one is running, they queue one
    more. False when a refit is queued already, and not for so long that its task must be lost."""
    loop = LoopState.objects.filter(project_id=project_id)
    now = timezone.now()
    free = Q(refresh_pending=False) | Q(refresh_pending_since=None) | Q(refresh_pending_since__lt=now - REFRESH_LOST)
    if not loop.filter(free).update(refresh_pending=True, refresh_pending_since=now):
        fresh = LoopState(project_id=project_id, refresh_pending=True, refresh_pending_since=now)
        if loop.exists() or not _insert(fresh):
            return False
    transaction.on_commit(lambda: queueing.enqueue(REFRESH_TASK, project_id, cluster="quick"))
    return True


def find_words(*, words_id: int) -> None:
    """Have the words behind a suggestion found. A lost task is asked for again by the page that waits."""
    queueing.enqueue(WORDS_TASK, words_id, cluster="quick")


def start_embedding(*, project: Project, requested_by: User | None = None) -> TrainingRun | None:
    """Start reading the texts that have no embedding yet; None when that is under way already, or the project is
    archived."""
    try:
        return _start(project, TrainingRun.Kind.EMBED, requested_by, labels=0)
    except (IntegrityError, RunRefused):
        return None


def start_full(*, project: Project, requested_by: User | None = None, enqueue: bool = True) -> TrainingRun:
    """Start a full run; without `enqueue` the caller carries it out itself. Raises RunRefused when one is unfinished,
    the labels are too few to learn from, or the project is archived."""
    labels, _teaching, kinds = selectors.teaching_labels(project)
    if kinds < 2:
        raise RunRefused(
            ngettext(
                "A full run needs texts of at least two kinds besides the audit texts; so far there is %(kinds)s. "
                "Label a few more first.",
                "A full run needs texts of at least two kinds besides the audit texts; so far there are %(kinds)s. "
                "Label a few more first.",
                kinds,
            )
            % {"kinds": whole(kinds)}
        )
    try:
        return _start(project, TrainingRun.Kind.FULL, requested_by, labels=labels, enqueue=enqueue)
    except IntegrityError:
        raise RunRefused(_("A full run is under way already. Wait for it, or cancel it first.")) from None


def start_check(*, project: Project, requested_by: User | None = None) -> TrainingRun:
    """Start comparing the encoders of the owner's list. Raises RunRefused when there is nothing to compare, or a
    comparison is under way."""
    if len(settings.ENCODERS) < 2:
        raise RunRefused(_("There is one language model on this server: nothing to compare. Its owner keeps the list."))
    labels, kinds = selectors.labelled_kinds(project)
    if kinds < 2:
        raise RunRefused(
            _("Labels of two kinds are needed to compare language models; there are %(kinds)s so far.")
            % {"kinds": whole(kinds)}
        )
    try:
        return _start(project, TrainingRun.Kind.CHECK, requested_by, labels=labels)
    except IntegrityError:
        raise RunRefused(
            _("The language models are being compared already. Wait for it, or cancel it first.")
        ) from None


def start_gauge(*, project: Project, labels: int) -> TrainingRun | None:
    """Start measuring behind the loop; None when that is under way already, or the project is archived."""
    try:
        return _start(project, TrainingRun.Kind.GAUGE, None, labels=labels)
    except (IntegrityError, RunRefused):
        return None


def start_test(*, project: Project, requested_by: User | None = None) -> TrainingRun | None:
    """Start measuring on the test set the models that were not measured on it yet; None where there is no test set or
    no such model, while that is under way, and once the project is archived."""
    if not selectors.unscored(project, set_in_force(project)).exists():
        return None
    try:
        return _start(project, TrainingRun.Kind.TEST, requested_by, labels=0)
    except (IntegrityError, RunRefused):
        return None


def start_weighing(
    *, project: Project, answers: int, requested_by: User | None = None, enqueue: bool = True
) -> TrainingRun | None:
    """Start weighing the answers, `answers` being how many there are; None when that is under way already, or the
    project is archived."""
    try:
        return _start(project, TrainingRun.Kind.WEIGH, requested_by, labels=answers, enqueue=enqueue)
    except (IntegrityError, RunRefused):
        return None


def _start(
    project: Project, kind: TrainingRun.Kind, requested_by: User | None, *, labels: int, enqueue: bool = True
) -> TrainingRun:
    """Raises RunRefused when the project is archived, and IntegrityError when a run of this kind is unfinished."""
    with transaction.atomic():
        if not lock_if_open(project.pk):
            raise RunRefused(_("This project is archived: nothing is started in it."))
        run = TrainingRun.objects.create(
            project=project,
            kind=kind,
            requested_by=requested_by,
            labels_at_start=labels,
            heartbeat_at=timezone.now(),
            stage=gettext_noop("Waiting for the worker"),
        )
        if enqueue:
            transaction.on_commit(lambda: enqueue_run(run))
    return run


def cancel(*, run: TrainingRun) -> bool:
    """Ask an unfinished run to stop: a waiting one at once, a running one within seconds. False when it had ended."""
    rows = TrainingRun.objects.filter(pk=run.pk)
    waiting = rows.filter(state=TrainingRun.State.QUEUED).update(
        state=TrainingRun.State.CANCELLED, cancel_requested=True, finished_at=timezone.now()
    )
    return bool(waiting or rows.filter(state=TrainingRun.State.RUNNING).update(cancel_requested=True))


def enqueue_run(run: TrainingRun) -> None:
    """Hand the run to the training cluster. Twice does no harm: the claim decides."""
    queueing.enqueue(RUN_TASKS[TrainingRun.Kind(run.kind)], run.pk, cluster="training")


def _insert(loop: LoopState) -> bool:
    """The project's first row. False when another process has just made it, and asked by that."""
    try:
        with transaction.atomic():
            loop.save(force_insert=True)
    except IntegrityError:
        return False
    return True
