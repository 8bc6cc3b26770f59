from __future__ import annotations

import numpy as np
import pytest

from modelsvc.full_run.second_opinion import FEW, SHARES, SecondOpinion, both, share_of_tuned
from modelsvc.heads.links import softmax

N, C = 200, 4
Y = np.eye(C, dtype=np.uint8)[np.arange(N) % C]
ALL = np.ones(N, np.bool_)


def said(*, right: float, seed: int, sure: float = 1.5):
    """(N, C) by somebody who has this share right, and errs on texts of its own."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(N, C)).astype(np.float32)
    logits[np.arange(N), Y.argmax(1)] += np.where(rng.random(N) < right, sure, 0)
    return softmax(logits)


class TestBothTogether:
    @pytest.mark.parametrize("share", [0.0, *SHARES, 1.0])
    def test_they_are_probabilities_and_each_alone_at_the_ends(self, share):
        frozen, tuned = said(right=0.5, seed=0), said(right=0.5, seed=1)
        mixed = both(frozen, tuned, share)
        assert mixed.shape == (N, C) and np.allclose(mixed.sum(1), 1, atol=1e-5)
        if share in (0.0, 1.0):
            assert np.allclose(mixed, tuned if share else frozen, atol=1e-4)

    def test_two_who_err_on_different_texts_are_right_more_often_together(self):
        frozen, tuned = said(right=0.5, seed=0), said(right=0.5, seed=1)
        right = [(proba.argmax(1) == Y.argmax(1)).mean() for proba in (frozen, tuned, both(frozen, tuned, 0.5))]
        assert right[2] > max(right[:2]) + 0.02

    def test_who_is_too_sure_is_heard_less(self):
        frozen, tuned = said(right=0.5, seed=0), said(right=0.5, seed=1, sure=4.0)
        heard = SecondOpinion(frozen, 0.5, temperature=2.0).beside(tuned)
        assert np.allclose(heard, both(frozen, tuned, 0.5, 2.0))
        assert heard.max(1).mean() < both(frozen, tuned, 0.5).max(1).mean()

    def test_what_one_held_for_impossible_can_still_be_said(self):
        frozen, tuned = np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 1.0]], np.float32)
        assert np.allclose(both(frozen, tuned, 0.5), 0.5)


class TestHowMuchTheTunedOneCounts:
    def test_less_than_all_where_the_other_adds_something(self):
        assert share_of_tuned(said(right=0.6, seed=0), said(right=0.6, seed=1), Y, ALL) in SHARES

    def test_also_where_it_is_ahead_by_less_than_a_standard_error(self):
        frozen, tuned = said(right=0.4, seed=2), said(right=0.7, seed=3)
        truth = np.arange(N), Y.argmax(1)
        share = share_of_tuned(frozen, tuned, Y, ALL)
        gain = np.log(both(frozen, tuned, share)[truth]) - np.log(tuned[truth])
        assert share < 1 and 0 < gain.mean() < gain.std() / N**0.5

    def test_all_while_fewer_than_sixteen_texts_can_tell(self):
        frozen, tuned = said(right=0.6, seed=0), said(right=0.6, seed=1)
        best = {count: share_of_tuned(frozen, tuned, Y, np.arange(N) < count) for count in (FEW - 1, FEW)}
        assert best[FEW - 1] == 1.0 > best[FEW]

    def test_all_where_the_other_knows_nothing(self):
        nothing = np.full((N, C), 1 / C, np.float32)
        assert share_of_tuned(nothing, said(right=0.9, seed=1, sure=4.0), Y, ALL) == 1.0

    def test_all_where_the_two_say_the_same(self):
        same = said(right=0.6, seed=0)
        assert share_of_tuned(same, same, Y, ALL) == 1.0

    def test_by_fair_texts_alone_and_of_none_all(self):
        rows = np.arange(N) < 100
        frozen, tuned = said(right=0.6, seed=0), said(right=0.6, seed=1)
        spoilt = frozen.copy()
        spoilt[100:] = np.roll(np.eye(C, dtype=np.float32)[Y[100:].argmax(1)], 1, axis=1)
        assert share_of_tuned(spoilt, tuned, Y, rows) == share_of_tuned(frozen, tuned, Y, rows) < 1
        assert share_of_tuned(spoilt, tuned, Y, ~ALL) == 1.0
