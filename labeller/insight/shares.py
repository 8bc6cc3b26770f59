"""Shares and paired differences with their uncertainty, in plain Python: a web process loads no numpy.

The learner has the same formulas over arrays; tests/insight/test_shares.py holds both to the same digits.
"""

from __future__ import annotations

from math import comb, sqrt
from statistics import NormalDist

from labeller.insight.selectors import Estimate

Z = NormalDist().inv_cdf(0.975)


def share(right: int, n: int) -> Estimate:
    """A share of n > 0 with its 95 % score interval (Wilson 1927)."""
    p, z2 = right / n, Z * Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Estimate(p, min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half)))


def sign_test(wins: int, losses: int) -> float:
    """Two-sided mid-p of the sign test (Fagerland et al. 2013; of right and wrong answers, McNemar's): how often chance
    alone parts the two so far or farther. 1 without a difference."""
    n, fewer = wins + losses, min(wins, losses)
    if wins == losses:
        return 1.0
    at_most = sum(comb(n, i) for i in range(fewer + 1))
    return float(min(1.0, (2 * at_most - comb(n, fewer)) / 2**n))
