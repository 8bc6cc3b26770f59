"""Texts read on request from a worker that must stay small: a child process with torch, kept for the next request.

The quick workers answer within seconds and load no torch; the training worker may be busy for minutes. So whoever asks
for a few texts now has them read by a child of the quick worker. It is started by the first request, waits for more,
and ends by itself when nobody has asked for a while, or with its worker.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BASE = Path(__file__).resolve().parents[2]
ANSWERS_WITHIN_S = 120.0  # loading torch on a machine that trains takes ten to thirty
IDLE_AFTER_S = 300.0  # without an order the child ends: it holds 400 MB
THREADS = 1  # beside a training that wants all cores


class ReadingFailed(RuntimeError):
    """The child could not read; the message says why."""


_child: subprocess.Popen[bytes] | None = None
_ending: threading.Timer | None = None
_one_at_a_time = threading.Lock()


def read_now(folder: Path, texts: Sequence[str]) -> NDArray[np.float32]:
    """Embeddings (n, D) of n texts by the encoder in `folder`. Raises ReadingFailed."""
    with _one_at_a_time:
        child = _started()
        order = {"folder": str(folder), "texts": list(texts), "threads": THREADS}
        try:
            answer = json.loads(_asked(child, json.dumps(order).encode() + b"\n"))
        except (OSError, ValueError) as error:
            end()
            raise ReadingFailed(f"The process that reads texts gave no answer: {error}") from error
        _end_when_idle()
    if "error" in answer:
        raise ReadingFailed(answer["error"])
    return np.frombuffer(base64.b64decode(answer["embeddings"]), np.float32).reshape(answer["shape"])


def end() -> None:
    """End the child, if there is one."""
    global _child
    if _child is not None:
        _child.kill()
        _child.wait()
        for stream in (_child.stdin, _child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # it closed its end first, with an order unread
                    stream.close()
    _child = None


def _started() -> subprocess.Popen[bytes]:
    global _child
    if _child is None or _child.poll() is not None:
        end()
        _child = subprocess.Popen(
            [sys.executable, "-m", "modelsvc.encoding.reading_process"],
            cwd=BASE,
            env=os.environ
            | {"OMP_NUM_THREADS": str(THREADS), "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    return _child


def _asked(child: subprocess.Popen[bytes], order: bytes) -> bytes:
    """One line of answer. Raises OSError when the child ended or is silent for too long."""
    assert child.stdin and child.stdout
    child.stdin.write(order)
    child.stdin.flush()
    ready, _, _ = select.select([child.stdout], [], [], ANSWERS_WITHIN_S)
    if not ready:
        raise OSError(f"silent for {ANSWERS_WITHIN_S:.0f} s")
    line = child.stdout.readline()
    if not line:
        raise OSError(f"it ended with {child.wait()}")
    return line


def _end_when_idle() -> None:
    global _ending
    if _ending is not None:
        _ending.cancel()
    _ending = threading.Timer(IDLE_AFTER_S, _end_idle)
    _ending.daemon = True
    _ending.start()


def _end_idle() -> None:
    with _one_at_a_time:
        end()
