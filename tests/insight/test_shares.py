"""The web's formulas in plain Python are the learner's, to the same digits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.insight.shares import share, sign_test
from modelsvc.evaluation.intervals import paired_worse, wilson


@given(st.integers(1, 3000), st.data())
def test_a_share_has_the_learner_s_interval(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    ours, theirs = share(right, n), wilson(right, n)
    assert (ours.value, ours.low, ours.high) == pytest.approx((theirs.value, theirs.low, theirs.high), abs=1e-12)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 20))
def test_the_sign_test_is_mcnemar_s_on_both_sides(wins: int, losses: int, ties: int) -> None:
    new = np.array([True] * wins + [False] * losses + [True] * ties)
    before = np.array([False] * wins + [True] * losses + [True] * ties)
    both = min(1.0, 2 * min(paired_worse(new, before), paired_worse(before, new)))
    assert sign_test(wins, losses) == pytest.approx(both)


@pytest.mark.parametrize(("wins", "losses", "p"), [(0, 0, 1), (5, 5, 1), (1, 0, 0.5), (6, 0, 1 / 64), (0, 6, 1 / 64)])
def test_few_differences_prove_little(wins: int, losses: int, p: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(p)
