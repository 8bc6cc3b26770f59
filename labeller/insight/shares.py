"""Shares and paired differences with their uncertainty, in plain Python: a web process loads no numpy.

The learner has the same formulas over arrays; tests/insight/test_shares.py holds both to the same digits.
"""

from __future__ import annotations

from labeller.insight.selectors import Estimate
from labeller.proportions import Share


def share(right: int, n: int) -> Estimate:
    """A share of n > 0 with its 95 % score interval."""
    found = Share(right, n)
    return Estimate(found.value, found.low, found.high)


def sign_test(wins: int, losses: int) -> float:
    """Two-sided mid-p of the sign test (Fagerland et al. 2013; of right and wrong answers, McNemar's): how often chance
    alone parts the two so far or farther. 1 without a difference."""
    n, fewer = wins + losses, min(wins, losses)
    if wins == losses:
        return 1.0
    term = at_most = 1  # of 0 wins; each binomial coefficient follows from the one before
    for i in range(1, fewer + 1):
        term = term * (n - i + 1) // i
        at_most += term
    return float(min(1.0, (2 * at_most - term) / 2**n))
