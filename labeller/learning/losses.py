"""The losses of a run as they come. They are kept in its row now and then, so that a run that fails, or whose process
dies, leaves them behind: how far it came is what somebody looks for first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labeller.learning.models import TrainingRun
from labeller.learning.runs import Heartbeat

MOST_POINTS = 60
KEPT_EVERY_S = 20.0

Entry = dict[str, Any]


@dataclass
class LossLog:
    """One entry a step: stage, step, loss, seconds since the run began."""

    run: TrainingRun
    beat: Heartbeat
    clock: Callable[[], float] = time.monotonic
    entries: list[Entry] = field(default_factory=list)
    kept_at: float = float("-inf")

    def note(self, stage: str, loss: float, seconds: float) -> None:
        self.entries.append({"stage": stage, "step": len(self.entries), "loss": loss, "seconds": seconds})
        if self.clock() - self.kept_at >= KEPT_EVERY_S:
            self.keep()

    def keep(self) -> None:
        """Into the row, while it is ours."""
        self.kept_at = self.clock()
        mine = TrainingRun.objects.filter(pk=self.run.pk, claim=self.beat.token, state=TrainingRun.State.RUNNING)
        mine.update(log=thinned(self.entries))

    @contextmanager
    def kept_on_failure(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.keep()
            raise


def thinned(entries: list[Entry]) -> list[Entry]:
    """The steps as at most 60 points, each the mean loss of its stretch."""
    if not entries:
        return []
    parts = np.array_split(np.arange(len(entries)), min(MOST_POINTS, len(entries)))
    return [
        {
            "stage": entries[part[-1]]["stage"],
            "step": int(entries[part[-1]]["step"]),
            "loss": round(float(np.mean([entries[at]["loss"] for at in part])), 4),
            "seconds": round(float(entries[part[-1]]["seconds"]), 2),
        }
        for part in parts
    ]
