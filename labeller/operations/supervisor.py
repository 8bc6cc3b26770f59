"""Keeps a few processes alive, and ends them together."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

PATIENCE_S = 8.0  # from the request to stop until the kill
RESTARTS = 5  # deaths of one process within WINDOW_S that are forgiven
WINDOW_S = 60.0
BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 4.0)  # before the first, second, ... restart within the window

Say = Callable[[str], None]


class GaveUp(Exception):
    """A process died again and again; the message says which and how it ended last."""


@dataclass
class Service:
    """One process to keep alive. `name` is how sentences call it."""

    name: str
    argv: list[str]
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=deque)
    start_at: float | None = None  # monotonic; set while a restart waits

    def start(self) -> None:
        self.start_at = None
        # Not in a session of its own: Ctrl-C, `kill -- -group` and a closed terminal reach all processes alike.
        self.process = subprocess.Popen(self.argv)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts services, restarts the dead with a sentence, stops all on SIGINT, SIGTERM or SIGHUP.

    Use as a context manager: leaving it, by whatever way, leaves no child.
    """

    def __init__(self, services: list[Service], *, say: Say, patience_s: float = PATIENCE_S) -> None:
        self.services = services
        self.say = say
        self.patience_s = patience_s
        self.stop_requested = False

    def __enter__(self) -> Supervisor:
        self._wake_read, wake_write = os.pipe()
        self._wake_write = wake_write
        os.set_blocking(self._wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._request_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only so that it wakes `tick`
        for service in self.services:
            service.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_all()
        signal.set_wakeup_fd(-1)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requested = True

    def watch(self) -> None:
        """Until somebody asks to stop. Raises GaveUp when a service cannot be kept alive."""
        while not self.stop_requested:
            self.tick(timeout_s=30.0)

    def tick(self, *, timeout_s: float) -> None:
        """Waits for a signal, a death or a due restart, at most `timeout_s`, and deals with it. Raises GaveUp."""
        due = [service.start_at for service in self.services if service.start_at is not None]
        now = time.monotonic()
        self._wait(min([timeout_s, *(max(0.0, moment - now) for moment in due)]))
        if self.stop_requested:
            return
        for service in self.services:
            self._revive(service)

    def _wait(self, timeout_s: float) -> None:
        ready, _, _ = select.select([self._wake_read], [], [], timeout_s)
        if ready:
            os.read(self._wake_read, 4096)

    def _revive(self, service: Service) -> None:
        now = time.monotonic()
        if service.start_at is not None:
            if service.start_at <= now:
                service.start()
            return
        if service.is_running:
            return
        service.deaths.append(now)
        while service.deaths[0] < now - WINDOW_S:
            service.deaths.popleft()
        if len(service.deaths) >= RESTARTS:
            raise GaveUp(
                f"The {service.name} process {_how(service)} for the {len(service.deaths)}th time within"
                f" {WINDOW_S:.0f} seconds. Stopping everything; the lines above say why it died."
            )
        wait_s = BACKOFF_S[len(service.deaths) - 1]
        self.say(f"The {service.name} process {_how(service)}; starting it again{f' in {wait_s:g} s' * bool(wait_s)}.")
        service.start_at = now + wait_s

    def _stop_all(self) -> None:
        """Asks all to stop, kills what has not after `patience_s`."""
        for service in self.services:
            if service.is_running and service.process:
                service.process.terminate()
        deadline = time.monotonic() + self.patience_s
        for service in self.services:
            if service.process is None:
                continue
            with _second_interrupt_ignored():
                try:
                    service.process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    self.say(f"The {service.name} process is still busy after {self.patience_s:g} seconds; ending it.")
                    service.process.kill()  # its forks follow: see lifeline.py
                    service.process.wait()


@contextmanager
def _second_interrupt_ignored() -> Iterator[None]:
    """An impatient second Ctrl-C must not leave orphans behind."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _how(service: Service) -> str:
    code = service.process.returncode if service.process else None
    if code is not None and code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended (exit code {code})"
