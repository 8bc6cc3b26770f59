"""What a training has freed goes back to the machine."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
import torch

from modelsvc.encoding import freed_memory
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from modelsvc.tuning.descent import Course, descend
from modelsvc.types import Progress, silent
from tests.operations.processes import python

HOLES = """
import numpy as np
from pathlib import Path
from modelsvc.encoding.freed_memory import give_back

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

kept = [np.ones(8_000, np.uint8) for _ in range(40_000)]  # too small for pages of their own
del kept[:-1]  # the last stands on top of the heap, which therefore cannot shrink by itself
before = megabytes()
give_back()
print(before - megabytes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Needs Linux: it looks into /proc.")
@pytest.mark.skipif(freed_memory._trim is None, reason="Needs glibc: other C libraries give nothing back on request.")
def test_holes_in_the_heap_are_given_back() -> None:
    done = python("-c", HOLES, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 200


def _tune() -> int:
    """Three steps down the square of one weight."""
    weight = torch.nn.Parameter(torch.ones(1))

    def learn(_: Progress) -> float:
        loss = weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    course = Course("falling", 3, lambda _: 1.0, 0.1, 1.0)
    groups = [{"params": [weight], "peak": 0.1, "lr": 0.1}]
    return len(descend(groups, course, learn, on_progress=silent, broken=ValueError))


def _read() -> int:
    """One batch."""
    return len(Encoder.load(resolve(BUNDLED), threads=1).encode(["We may change these terms."]))


def test_it_is_done_every_few_seconds_however_often_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    ticks = iter([0.0, 1.0, 4.9, 5.0, 9.9, 10.0])
    monkeypatch.setattr(freed_memory, "_last", float("-inf"))
    monkeypatch.setattr(freed_memory, "_trim", done.append)
    monkeypatch.setattr(freed_memory.time, "monotonic", lambda: next(ticks))
    for _ in range(6):
        freed_memory.give_back()
    assert len(done) == 3


@pytest.mark.parametrize("act", [_tune, _read])
def test_tuning_and_reading_ask_for_it_at_each_step(act: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    monkeypatch.setattr(freed_memory, "EVERY_S", 0.0)
    monkeypatch.setattr(freed_memory, "_trim", done.append)
    asked = act()
    assert 0 < asked <= len(done)


def test_another_c_library_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freed_memory, "_trim", None)
    freed_memory.give_back()
