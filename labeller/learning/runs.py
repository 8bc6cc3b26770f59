"""The states of long work: claimed, kept alive, finished, or given up.

A training run and a model export are rows of the same shape (state, attempts, claim, heartbeat_at). Every change is one
conditional update: who gets 1 row goes on, who gets 0 was too late. The broker may deliver a task never, once or twice;
only these rows decide who works.

    queued --claim--> running --finish--> done | failed | cancelled
       ^                 |
       +---- release ----+   heartbeat older than STALE, first attempt; past the last attempt: failed, with a reason
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any

import structlog
from django.db import Error, connection
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from labeller.crew import ending, this_process
from labeller.learning.models import ModelExport, TrainingRun
from labeller.learning.signals import tell_run_ended

log = structlog.get_logger(__name__)

BEAT_S = 3.0
STALE = timedelta(seconds=20)  # six beats missed: the process is gone, or so stuck that another should try
LOST = timedelta(seconds=30)  # queued for so long while the workers idle: the broker lost the task

Work = TrainingRun | ModelExport

DIED_TWICE = {
    TrainingRun.Kind.FULL: gettext_noop(
        "The worker died twice while fine-tuning; labelling goes on with the quick model. "
        "Check memory (a full run needs about 1.5 GB with the language model that comes with Labeller, and about 3 GB "
        "with one of 110 million weights) and start it again."
    ),
    TrainingRun.Kind.EMBED: gettext_noop(
        "The worker died twice while reading the texts; labelling goes on in random order. "
        "Check memory (reading needs about 1 GB) and start it again."
    ),
    TrainingRun.Kind.CHECK: gettext_noop(
        "The worker died twice while comparing language models; nothing else is touched by that. "
        "Check memory (each is loaded once) and start it again."
    ),
    TrainingRun.Kind.GAUGE: gettext_noop(
        "The worker died twice while measuring; nothing else is touched by that. It is tried again as labels grow."
    ),
    TrainingRun.Kind.TEST: gettext_noop(
        "The worker died twice while measuring models on the test file; nothing else is touched by "
        "that. Check memory (reading needs about 1 GB) and start it again."
    ),
    TrainingRun.Kind.WEIGH: gettext_noop(
        "The worker died twice while weighing the answers; nothing else is touched by that. Ask "
        "for it again, or wait until there are more answers."
    ),
}
EXPORT_DIED_TWICE = gettext_noop(
    "The worker died twice while building this model. Check memory and disk space, then build it again."
)


class Superseded(Exception):
    """Another process has taken this work over: stop, write nothing."""


class CancelRequested(Exception):
    """A manager asked for it to stop."""


def claim(work: Work) -> uuid.UUID | None:
    """Take queued work. The token of the claim, or None when it is finished, held by another, or out of attempts."""
    release_if_stale(work)
    token, now = uuid.uuid4(), timezone.now()
    started = {"started_at": now} if isinstance(work, TrainingRun) else {}
    taken = (
        type(work)
        .objects.filter(pk=work.pk, state="queued", attempts__lt=type(work).MAX_ATTEMPTS)
        .update(
            state="running", claim=token, worker=this_process(), heartbeat_at=now, attempts=F("attempts") + 1, **started
        )
    )
    return token if taken else None


def give_back(crew: str) -> int:
    """After this crew's workers were stopped: what they worked on waits again, and the attempt is not counted, for
    they did not die of it. The number of works given back."""
    given = 0
    for model in (TrainingRun, ModelExport):
        mine = model.objects.filter(state="running", worker__endswith=ending(crew), attempts__gte=1)
        # No heartbeat: the first idle worker takes it up at once.
        given += mine.update(state="queued", claim=None, heartbeat_at=None, attempts=F("attempts") - 1)
    return given


def release_if_stale(work: Work) -> str | None:
    """Put running work whose process has gone silent back into the queue, or fail it past its last attempt.

    Returns the new state ("queued", "failed", or "cancelled" when that was wanted) to the one caller that made the
    change; None to all others.
    """
    rows: QuerySet[Any] = type(work).objects.filter(
        pk=work.pk, state="running", heartbeat_at__lt=timezone.now() - STALE
    )
    if isinstance(work, TrainingRun) and rows.filter(cancel_requested=True).update(
        state="cancelled", claim=None, finished_at=timezone.now()
    ):
        tell_run_ended(work.pk)
        return "cancelled"
    if rows.filter(attempts__lt=type(work).MAX_ATTEMPTS).update(
        state="queued", claim=None, heartbeat_at=timezone.now()
    ):
        log.warning("work_released", work=str(work), pk=work.pk)
        return "queued"
    died_twice = DIED_TWICE[TrainingRun.Kind(work.kind)] if isinstance(work, TrainingRun) else EXPORT_DIED_TWICE
    given_up = rows.filter(attempts__gte=type(work).MAX_ATTEMPTS).update(
        state="failed", claim=None, reason=died_twice, finished_at=timezone.now()
    )
    if given_up:
        log.error("work_given_up", work=str(work), pk=work.pk)
        if isinstance(work, TrainingRun):
            tell_run_ended(work.pk)
        return "failed"
    return None


def finish(work: Work, token: uuid.UUID, state: str, **fields: Any) -> bool:
    """End the claimed work. False, and nothing written, when another process holds it by now."""
    done = {"progress": 1.0} if state == "done" and isinstance(work, TrainingRun) else {}
    left = {"seconds_left": None} if isinstance(work, TrainingRun) else {}
    rows = type(work).objects.filter(pk=work.pk, claim=token, state="running")
    ended = bool(rows.update(state=state, claim=None, finished_at=timezone.now(), **left, **done, **fields))
    if ended and isinstance(work, TrainingRun):
        tell_run_ended(work.pk)
    return ended


class Heartbeat:
    """Keeps claimed work alive: a thread beats through silent stretches (loading, a long matrix product), and `tell`
    writes progress at most once a second. Both notice a cancellation and a takeover; `tell` raises them in the worker.

    Raises Superseded and CancelRequested from `tell` and `check` only, so never in the middle of somebody's write.
    """

    def __init__(self, work: Work, token: uuid.UUID, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.work, self.token = work, token
        self._clock = clock
        self._last = float("-inf")
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name=f"heartbeat-{work.pk}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(timeout=BEAT_S * 10)

    def tell(self, stage: str, done: float, seconds_left: float | None = None) -> None:
        """Progress in words and 0..1 of the whole. At most one write a second, so call it as often as you like."""
        if self._lost.is_set():
            raise Superseded(str(self.work))
        if self._clock() - self._last < 1.0:
            return
        self._last = self._clock()
        fields = {"stage": stage[:120], "progress": min(max(done, 0.0), 1.0), "seconds_left": seconds_left}
        self._write(fields if isinstance(self.work, TrainingRun) else {})
        self._raise_if_cancelled()

    def finish(self, **fields: Any) -> None:
        """End the work as done; call it inside the transaction that writes its results. Raises Superseded."""
        if not finish(self.work, self.token, "done", **fields):
            raise Superseded(str(self.work))

    def check(self) -> None:
        """Before anything is written for good: still ours, and still wanted?"""
        self._write({})
        self._raise_if_cancelled()

    def progressed(self) -> None:
        """Something was kept that the next attempt need not do again: earlier deaths no longer count. Raises
        Superseded."""
        self._write({"attempts": 1})

    def _raise_if_cancelled(self) -> None:
        if isinstance(self.work, TrainingRun) and (
            TrainingRun.objects.filter(pk=self.work.pk, cancel_requested=True).exists()
        ):
            raise CancelRequested(str(self.work))

    def _write(self, fields: dict[str, Any]) -> None:
        rows = type(self.work).objects.filter(pk=self.work.pk, claim=self.token, state="running")
        try:
            ours = rows.update(heartbeat_at=timezone.now(), **fields)
        except Error:
            if connection.in_atomic_block:  # what was written before it went with the connection
                raise
            connection.close()  # the database was restarted, perhaps, and hours of work need not end with that
            ours = rows.update(heartbeat_at=timezone.now(), **fields)
        if not ours:
            self._lost.set()
            raise Superseded(str(self.work))

    def _beat_on(self) -> None:
        try:
            while not self._stop.wait(BEAT_S):
                try:
                    self._write({})
                except Superseded:
                    return
                except Error as error:  # a busy database: the next beat may get through, `tell` will say
                    log.warning("heartbeat_missed", work=str(self.work), error=str(error))
                    connection.close()  # once it is cut, nothing gets through it any more
        finally:
            connection.close()
