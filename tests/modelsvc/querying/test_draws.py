"""The chance stored with a text is that with which it was drawn, whatever had to wait for its words."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.querying.draws import EXPLORE, SHARPNESS, drawn_apart
from modelsvc.querying.pool import Pool
from modelsvc.querying.strategies import rank

NOTHING = np.zeros((0, 12), np.float32)
AXES = np.eye(12, dtype=np.float32)


def many(X, scores, k, *, against=NOTHING, seeds=2_000, **more):
    return [drawn_apart(X, scores, k, against=against, rng=np.random.default_rng(s), **more) for s in range(seeds)]


def with_repeats():
    """Twelve texts. The first four repeat a labelled one; 4 and 5 say the same, and 6 to 8 do."""
    X = AXES[[0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 4, 5]]
    proba = np.random.default_rng(0).dirichlet([1, 1, 1], 12).astype(np.float32)
    labelled = AXES[[0, 9, 10, 11, 9, 10, 11, 9, 10]]
    return Pool(X, proba, labelled, np.tile(np.eye(3, dtype=np.uint8), (3, 1)), False, ["A", "B", "C"])


def test_the_chances_of_a_turn_sum_to_one_over_what_can_be_drawn():
    """Given the draws before, each text has one chance, however often the turn is drawn."""
    pool, found = with_repeats(), defaultdict(dict)
    for drawn in many(pool.X, np.linspace(0.6, 1, 12), 2, against=pool.labelled_X, seeds=3_000):
        for before, row, chance in zip([(), (drawn.rows[0],)], drawn.rows, drawn.probabilities, strict=True):
            assert found[before].setdefault(row, chance) == chance
    assert set(found[()]) == set(range(4, 12))  # what says the same as a labelled text waits
    assert set(found[(8,)]) == {4, 5, 9, 10, 11}  # and what says the same as a text drawn
    for before in [(), (8,), (11,)]:
        assert sum(found[before].values()) == pytest.approx(1, abs=1e-5)


def test_a_text_is_drawn_by_a_power_of_its_score_and_sometimes_evenly():
    scores = np.array([1.0, 0.9, 0.6, 0.2], np.float32)
    drawn = many(AXES[:4], scores, 1)
    expected = (1 - EXPLORE) * scores**SHARPNESS / (scores**SHARPNESS).sum() + EXPLORE / 4
    first = np.array([d.rows[0] for d in drawn])
    assert np.bincount(first, minlength=4) / len(drawn) == pytest.approx(expected, abs=0.04)
    assert all(d.probabilities[0] == pytest.approx(expected[d.rows[0]]) for d in drawn)


WAIT_FOR_WORDS = {"late", "committee", "early", "herding", "default"}
HERD = {"early", "herding", "default"}  # their first two, here, and then they draw
EASY = {"late", "badge", "random", "rarest"}


@pytest.mark.parametrize("name", sorted(WAIT_FOR_WORDS | {"badge", "random", "rarest"}))
def test_each_text_is_drawn_as_often_as_its_stored_chance_says(name, monkeypatch):
    """So that 1/chance of what is drawn is on average 1 for each text that could be drawn."""
    monkeypatch.setattr("modelsvc.querying.herded.HERDED", 2)
    pool, turn, seeds = with_repeats(), 2 * (name in HERD), 1_000 if name in EASY else 300
    total, square, could = np.zeros(12), np.zeros(12), np.zeros(12)
    for seed in range(seeds):
        ranked = rank(pool, turn + 1, strategy=name, seed=seed)
        waits = np.zeros(12, bool)
        if name in WAIT_FOR_WORDS:
            said = np.concatenate([pool.labelled_X, pool.X[ranked.rows[:turn]]])
            waits = (pool.X @ said.T > 0.95).any(axis=1)
        could += ~waits
        row, once = ranked.rows[turn], 1 / ranked.probabilities[turn]
        assert not waits[row]
        total[row] += once
        square[row] += once**2
    drawn = total > 0
    assert (np.abs(total - could)[drawn] < 5 * np.sqrt(square[drawn])).all()
    assert abs(total.sum() - could.sum()) < 5 * np.sqrt(square.sum())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30))
def test_what_repeats_comes_last_and_the_last_text_of_all_is_certain(seed, groups, k):
    rng = np.random.default_rng(seed)
    kind = rng.integers(groups, size=30)
    X = np.eye(31, dtype=np.float32)[kind]
    drawn = drawn_apart(X, rng.random(30).astype(np.float32), k, against=X[:1], rng=rng)
    asked = kind[drawn.rows].tolist()
    new = min(k, len(set(kind.tolist()) - {int(kind[0])}))
    assert len(set(drawn.rows.tolist())) == k
    assert len(set(asked[:new]) - {int(kind[0])}) == new
    assert ((drawn.probabilities > 0) & (drawn.probabilities <= 1)).all()
    assert k < 30 or drawn.probabilities[-1] == 1


def test_only_what_it_may_draw_among_is_drawn():
    for drawn in many(AXES, np.ones(12, np.float32), 2, among=np.array([3, 7, 9]), seeds=50):
        assert set(drawn.rows.tolist()) <= {3, 7, 9}
        assert drawn.probabilities == pytest.approx([1 / 3, 1 / 2])


def test_of_a_large_pool_a_sample_stands_for_the_rest(monkeypatch):
    """The frequencies stay those of the whole pool, and 1/chance counts its texts."""
    monkeypatch.setattr("modelsvc.querying.draws.LOOKED_AT", 100)
    rng = np.random.default_rng(0)
    X, scores = np.tile(AXES, (25, 1)), rng.random(300).astype(np.float32)
    drawn = many(X, scores, 1)
    expected = (1 - EXPLORE) * scores**SHARPNESS / (scores**SHARPNESS).sum() + EXPLORE / 300
    first, chance = np.array([d.rows[0] for d in drawn]), np.array([d.probabilities[0] for d in drawn])
    best = scores > np.median(scores)
    assert best[first].mean() == pytest.approx(expected[best].sum(), abs=0.03)
    assert chance == pytest.approx(expected[first], rel=0.4)  # the sums are estimates
    assert (1 / chance).mean() == pytest.approx(300, rel=0.15)
