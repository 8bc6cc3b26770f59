"""An installation of its own in a temporary folder, started with `manage.py up --demo` and stopped again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 600.0  # embedding runs at low priority: a busy machine takes minutes


class Installation:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = os.environ | {"LABELLER_HOME": str(home), "PYTHONUNBUFFERED": "1"}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until `up` tells the address, which it does when the first page has really come."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = self.home.with_suffix(".log")
        command = [sys.executable, "manage.py", "up", "--demo", "--port", str(port)]
        began = time.monotonic()
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=file, start_new_session=True)
        wait_until(lambda: b"Labeller is at" in log.read_bytes())
        return time.monotonic() - began

    def stop(self) -> float:
        """Seconds until no process is left."""
        began = time.monotonic()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)
        return time.monotonic() - began

    def members(self) -> dict[int, str]:
        """Command lines of the process group, by process id."""
        group = self.process.pid if self.process else 0
        return {
            int(folder.name): (folder / "cmdline").read_text().replace("\0", " ").strip()
            for folder in Path("/proc").glob("[0-9]*")
            if _group_of(folder) == group
        }

    def query(self, code: str) -> str:
        """What a process of this installation prints, with the models imported."""
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        ).stdout.strip()


def _group_of(folder: Path) -> int | None:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[2])
    except OSError:
        return None  # gone while we looked


def wait_until(state: Callable[[], bool], *, every_s: float = 0.02) -> None:
    """Raises TimeoutError after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not state():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {PATIENCE_S:.0f} s.")
        time.sleep(every_s)
