"""Policies that take turns do so whether an order serves many texts or one: the product makes a new one for each
answer, and who took every first place would take them all."""

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.querying.acquisition import doubts
from modelsvc.querying.herded import early
from modelsvc.querying.matching import match
from modelsvc.querying.pool import Pool
from modelsvc.querying.strategies import rank
from tests.modelsvc.querying.test_herding import groups
from tests.modelsvc.querying.test_seeking import forgotten


def known(*, turn=0):
    """Three kinds with four labels each; the model says what the text is, and a little else."""
    X, y = groups([120, 60, 30], noise=0.2)
    labelled = np.concatenate([np.flatnonzero(y == kind)[:4] for kind in range(3)])
    free = np.setdiff1d(np.arange(len(y)), labelled)
    proba = (0.1 + 0.7 * np.eye(3, dtype=np.float32))[y[free]]
    return Pool(X[free], proba, X[labelled], np.eye(3, dtype=np.uint8)[y[labelled]], False, list("abc"), turn=turn)


@pytest.mark.parametrize("seed", range(4))
def test_the_first_text_is_matched_at_an_even_turn_and_herded_at_an_odd_one(seed):
    even, odd = (early(known(turn=turn), 40, np.random.default_rng(seed)).rows.tolist() for turn in (6, 7))
    pool = known()
    doubt = doubts(pool, np.arange(pool.size))
    matched = match(pool.X, doubt, 20, against=pool.covered_X, rng=np.random.default_rng(seed)).tolist()
    assert even[:6:2] == matched[:3] == odd[1:7:2] and even[1] == odd[0] not in matched


def played(pool, *, of, orders):
    """What is served when as many texts `of` each order are answered before the next one is made."""
    served = []
    for _ in range(orders):
        ranked = rank(replace(pool, turn=len(served)), 40, seed=len(served))
        served += [ranked.reasons[at] for at in range(of)]
    return served


@pytest.mark.parametrize("of", [1, 2, 4])
def test_half_is_sought_however_many_texts_of_an_order_are_answered(of):
    served = played(forgotten()[0], of=of, orders=16 // of)
    assert [("never answers" in reason) for reason in served[:2]] == [True, False]
    if of <= 2:  # of one order only NEAREST are sought
        assert sum("never answers" in reason for reason in served) == 8


def test_between_sought_texts_come_those_that_came_where_two_texts_of_an_order_were_measured():
    pool, _ = forgotten()
    rows = [rank(replace(pool, turn=turn), 40, seed=3).rows.tolist() for turn in (10, 11, 12, 13)]
    assert rows[0][:2] == rows[2][:2] and rows[1][:2] == rows[3][:2] == rows[0][1::-1]
