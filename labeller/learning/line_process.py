"""A process that is told what to do in one line of JSON and answers with a JSON object a line. It ends with whoever
asked, also when that is killed: its standard input stays open, and closes with them. Knows nothing of Django."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


class ProcessFailed(RuntimeError):
    """The process ended with an error; the message is the last line of its complaints."""


def answers(
    command: Sequence[str], order: Mapping[str, Any], *, folder: Path, environment: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """What the process says, as it says it. Raises ProcessFailed. Leaving the iterator ends the process."""
    pipe = subprocess.PIPE
    # Complaints go to a file: a pipe that nobody reads meanwhile would block the process once it is full.
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdin=pipe, stdout=pipe, stderr=complaints
        ) as process,
    ):
        assert process.stdin and process.stdout
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            for line in process.stdout:
                yield json.loads(line)
            process.wait()
        finally:
            process.kill()  # where nobody wants the rest; one that has ended does not mind
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip().splitlines()
    if process.returncode:
        raise ProcessFailed(said[-1] if said else f"The process ended with {process.returncode} and no word.")


def read_order() -> dict[str, Any]:
    """Inside the process: what it was told."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_whoever_asked, daemon=True).start()
    return order


def _end_with_whoever_asked() -> None:
    sys.stdin.read()
    os._exit(1)
