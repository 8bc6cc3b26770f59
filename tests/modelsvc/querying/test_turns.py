"""Policies that take turns do so whether an order serves many texts or one: the product makes a new one for each
answer, and who took every first place would take them all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelsvc.querying.acquisition import doubts
from modelsvc.querying.herded import early
from modelsvc.querying.matching import match
from modelsvc.querying.pool import Pool
from modelsvc.querying.strategies import rank
from modelsvc.querying.turns import places
from tests.modelsvc.querying.test_herding import groups
from tests.modelsvc.querying.test_seeking import forgotten


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 8), st.data())
def test_as_many_places_as_are_wanted_each_once_ascending_and_none_beyond_the_end(size, count, every, data):
    first, count = data.draw(st.integers(0, every - 1)), min(count, size)
    found = places(size, count, first=first, every=every)
    assert len(found) == count and (np.diff(found) > 0).all() and ((found >= 0) & (found < size)).all()
    turns = np.arange(first, size, every)
    assert set(found) <= set(turns) if count <= len(turns) else set(turns) <= set(found)


@pytest.mark.parametrize(
    ("size", "count", "found"),
    [(10, 3, [1, 3, 5]), (10, 5, [1, 3, 5, 7, 9]), (6, 4, [1, 3, 4, 5]), (3, 3, [0, 1, 2]), (5, 0, [])],
)
def test_one_of_every_two_places_from_the_second_on(size, count, found):
    assert places(size, count, first=1, every=2).tolist() == found


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


def test_between_sought_texts_the_policy_begins_as_it_does_where_an_order_serves_several():
    pool, _ = forgotten()
    rows = [rank(replace(pool, turn=turn), 40, seed=3).rows.tolist() for turn in (10, 11)]
    assert rows[0][1] == rows[1][0] and rows[0][0] == rows[1][1]
