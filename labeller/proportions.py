"""Shares of counts with 95 % intervals, for pages: figures of people, where no model is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Share:
    """`hits` of `n`; low and high as shares of 1. Of nothing nothing is known: 0 to 1."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else 0.0

    @property
    def low(self) -> float:
        return self._ends()[0]

    @property
    def high(self) -> float:
        return self._ends()[1]

    def _ends(self) -> tuple[float, float]:
        """Wilson's score interval (1927): right also for few, and never beyond 0 and 1."""
        if not self.n:
            return 0.0, 1.0
        p, n, z2 = self.value, self.n, Z * Z
        middle, half = p + z2 / (2 * n), Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
        return min(p, max(0.0, low)), max(p, min(1.0, high))  # past rounding: the share lies inside


@dataclass(frozen=True)
class Gap:
    """By how much one share is above another, with its interval."""

    value: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        """Whether 0 is outside the interval."""
        return self.low > 0 or self.high < 0


def gap(one: Share, other: Share) -> Gap:
    """One share minus the other of two independent samples (Newcombe 1998, method 10: from Wilson's intervals)."""
    value = one.value - other.value
    below = sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    above = sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Gap(value, value - below, value + above)
