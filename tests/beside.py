"""One thing beside another, each on a connection of its own: the second starts at the critical point of the first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections
from django.dispatch import Signal

PATIENCE = 20  # seconds until a test gives up


class Beside:
    """Work in a thread, started at once. Its exception is raised where its result is asked for."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work, self.result, self.problem, self.backend = work, None, None, 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            connection.ensure_connection()
            if connection.vendor == "postgresql":
                self.backend = connection.connection.info.backend_pid
            self.result = self.work()
        except Exception as problem:
            self.problem = problem
        finally:
            connections.close_all()

    def until_it_waits(self) -> Beside:
        """Until it waits for a lock, or has ended. SQLite does not tell; it has one writer, so whoever calls this
        within a transaction is alone anyway."""
        end = time.monotonic() + PATIENCE
        while connection.vendor == "postgresql" and self.thread.is_alive() and not self._waits():
            assert time.monotonic() < end, "It neither waits nor ends."
            self.thread.join(0.01)
        return self

    def _waits(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", [self.backend])
            return cursor.fetchone() is not None

    def outcome(self) -> Any:
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "It has not ended."
        if self.problem is not None:
            raise self.problem
        return self.result


@contextmanager
def beside_signal(signal: Signal, sender: type, work: Callable[[], Any]) -> Iterator[list[Beside]]:
    """The work starts when this signal comes for the first time, whose sender goes on once it waits or has ended."""
    started: list[Beside] = []

    def start(**_: Any) -> None:
        if not started:
            started.append(Beside(work).until_it_waits())

    signal.connect(start, sender=sender)
    try:
        yield started
    finally:
        signal.disconnect(start, sender=sender)
