"""Real processes for tests: started in a session of their own, read line by line, gone at the end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


def python(*arguments: str, env: dict[str, str] | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs to its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE_S)


class Running:
    """A process that leads a group, and its output so far."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def members(self) -> dict[int, str]:
        """Command lines of the living members of its group, by process id."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                state, _, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(group) == self.process.pid and state != "Z":
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue  # gone while we looked
        return found

    def wait_for(self, sentence: str, *, times: int = 1) -> None:
        wait_until(
            lambda: self.output.count(sentence) >= times,
            lambda: f"{sentence!r} is not in the output:\n{self.output[-3000:]}",
        )

    def wait_until_gone(self) -> None:
        """The kernel tells of each member's end; members that a dying one had just started are waited for as well."""
        while living := self.members():
            for pid, command in living.items():
                try:
                    end = os.pidfd_open(pid)
                except ProcessLookupError:
                    continue
                try:
                    assert select.select([end], [], [], PATIENCE_S)[0], f"still there: {pid} {command}"
                finally:
                    os.close(end)

    def end(self, number: int = signal.SIGTERM) -> int:
        os.kill(self.process.pid, number)
        return self.process.wait(timeout=30)


def wait_until(state: Callable[[], bool], complaint: Callable[[], str]) -> None:
    """Polls what another process writes or answers, which nothing tells of; the state counts, not the time."""
    deadline = time.monotonic() + PATIENCE_S
    while not state():
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.02)


@contextmanager
def running(*arguments: str, env: dict[str, str], log: Path) -> Iterator[Running]:
    """`python arguments…`; whatever the test did, no process of the group outlives it."""
    started = Running([sys.executable, *arguments], env, log)
    try:
        yield started
    finally:
        for pid in started.members():
            os.kill(pid, signal.SIGKILL)
        started.process.wait(timeout=10)
