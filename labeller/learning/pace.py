"""How long a run has still to go, by its own pace: no part of it knows how long the others take."""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_SHARE, LEAST_S = 0.03, 5.0  # of the bar, and of time: before that a pace is not known


class Pace:
    """Time and bar are counted from the first call: a run that goes on behind a kept stage begins in the middle."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: tuple[float, float] | None = None

    def seconds_left(self, done: float) -> float | None:
        """`done` is 0..1 of the whole run; None while nothing can be said."""
        now = self._clock()
        if self._begun is None:
            self._begun = (now, done)
        seconds, share = now - self._begun[0], done - self._begun[1]
        if share < LEAST_SHARE or seconds < LEAST_S:
            return None
        return seconds / share * (1.0 - done)
