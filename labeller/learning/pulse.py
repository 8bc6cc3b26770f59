"""Each worker process says every few seconds that it is alive, and looks for what others left behind."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import close_old_connections, connection
from django.utils import timezone
from django_q.conf import Conf

from labeller.crew import this_process
from labeller.learning.models import WorkerPulse
from labeller.learning.recovery import recover, sweep_work
from labeller.learning.signals import looking

log = structlog.get_logger(__name__)

PULSE_S = 3.0
TELL_S = 30.0  # apps above have less to look for, and nobody waits for it
FORGOTTEN = timedelta(minutes=5)
TRAINING_NICENESS = 10  # fine-tuning takes every core there is; pages and refits go first


def on_spawn(**_: object) -> None:
    """django-q2's post_spawn: called in each new worker process, also in one that replaces a killed one."""
    cluster = os.environ.get("Q_CLUSTER_NAME") or str(Conf.CLUSTER_NAME)
    start(cluster)
    if cluster == "training":
        os.nice(TRAINING_NICENESS)  # on Linux of this thread and those it starts: the pulse keeps its priority


def start(cluster: str, *, stop: threading.Event | None = None) -> list[threading.Thread]:
    """Two threads, until `stop`: a recovery that takes long must not make a living worker look dead."""
    threads = [
        threading.Thread(target=beat_on, args=(cluster,), kwargs={"stop": stop}, name="pulse", daemon=True),
        threading.Thread(target=recover_on, kwargs={"stop": stop}, name="recovery", daemon=True),
    ]
    for thread in threads:
        thread.start()
    return threads


def beat_on(cluster: str, *, stop: threading.Event | None = None) -> None:
    """Pulse until `stop` (for ever without one)."""
    _go_on(lambda: beat(cluster), stop)


def recover_on(*, stop: threading.Event | None = None) -> None:
    """Look for what others left behind until `stop` (for ever without one)."""
    swept, tell_at = False, 0.0

    def look() -> None:
        nonlocal swept, tell_at
        if not swept:  # at the start, when a killed process of before may have left something
            swept = True
            sweep_work()
        recover()
        if time.monotonic() >= tell_at:
            tell_at = time.monotonic() + TELL_S
            looking.send_robust(sender=None)

    _go_on(look, stop)


def _go_on(act: Callable[[], object], stop: threading.Event | None) -> None:
    """Every few seconds, in a thread of its own. A database that is away for a while is waited for."""
    stop = stop or threading.Event()
    while True:
        try:
            close_old_connections()
            act()
        except Exception as error:  # it must outlive anything: no pulse means random order for everybody
            log.warning(
                "pulse_missed", thread=threading.current_thread().name, error=f"{type(error).__name__}: {error}"
            )
            connection.close()
        if stop.wait(PULSE_S):
            connection.close()
            return


def beat(cluster: str) -> None:
    """One sign of life of this process; those of processes long gone are removed."""
    now = timezone.now()
    WorkerPulse.objects.update_or_create(process=this_process(), defaults={"cluster": cluster, "seen_at": now})
    WorkerPulse.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
