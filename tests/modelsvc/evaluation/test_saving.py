"""How many labels choosing saved: read across at one height, never beyond what was reached, and honest about chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelsvc.evaluation.intervals import EvaluationError
from modelsvc.evaluation.saving import Arm, labels_saved, labels_to_reach, rising

ONE = np.eye(2, dtype=np.uint8)


def arm(learnt, right, a=100):
    """Heads that are right on the first `right` of a hundred texts, whose label is always the first."""
    answers = np.stack([np.where(np.arange(a)[:, None] < r, ONE[0], ONE[1]) for r in right]).astype(np.uint8)
    return Arm(np.array(learnt, np.float64), answers)


TRUTH = np.repeat(ONE[:1], 100, axis=0)


def saved(chosen, random, Y=TRUTH, **more):
    return labels_saved(chosen, random, Y, **({"multi_label": False, "seed": 0} | more))


@pytest.mark.parametrize(
    ("chosen", "value"),
    [
        (arm([10, 20, 40], [50, 60, 80]), 10.0),  # 70 right is half way from 20 to 40
        (arm([10, 20, 40], [50, 70, 80]), 20.0),  # exactly at a point
        (arm([10, 20, 40], [70, 75, 80]), 30.0),  # at the first point: what came before it is not claimed
        (arm([10, 20, 60], [50, 60, 70]), -20.0),  # slower than random
        (arm([10, 20, 60], [50, 60, 69]), -np.inf),  # not reached: nothing is extrapolated
        (arm([10, 15, 20, 40], [50, 75, 45, 80]), 10.0),  # 75 at 15 was luck: 15 and 20 are 60, then half way to 40
    ],
)
def test_the_saving_is_read_across_at_the_height_of_the_random_arm(chosen, value):
    random = arm([10, 20, 40], [40, 55, 70])
    found = saved(chosen, random)
    assert found.value == pytest.approx(value)
    assert found.random == 40 and found.low <= found.value <= found.high


def test_an_order_that_learns_nothing_faster_saves_nothing():
    same = arm([10, 20, 40], [40, 55, 70])
    found = saved(same, same)
    assert found.value == 0 and found.low <= 0


def test_a_clear_lead_is_a_saving_shown_and_infinite_bounds_are_told_as_none():
    found = saved(arm([5, 10, 40], [60, 90, 95]), arm([10, 20, 40], [30, 50, 70]))
    assert 0 < found.low <= found.value <= found.high <= 35
    behind = saved(arm([10, 40], [30, 40]), arm([10, 40], [50, 80]))
    assert behind.to_dict()["value"] is None and behind.low <= 0


def test_with_several_labels_a_head_that_gives_none_has_saved_nothing():
    Y = np.zeros((60, 2), np.uint8)
    Y[:6, 0] = Y[6:10, 1] = 1
    nothing, most = np.zeros_like(Y), Y.copy()
    most[0, 0] = 0
    learnt = np.array([10.0, 20.0])
    blind, seeing = Arm(learnt, np.stack([nothing, nothing])), Arm(learnt, np.stack([nothing, most]))
    assert saved(blind, seeing, Y, multi_label=True).value == -np.inf
    assert saved(blind, seeing, Y, multi_label=True).to_dict()["low"] is None
    assert saved(seeing, blind, Y, multi_label=True).value == 10


def test_arms_that_judge_other_texts_are_refused():
    with pytest.raises(EvaluationError, match="do not fit"):
        saved(arm([10], [5], a=99), arm([10], [5]))
    with pytest.raises(EvaluationError, match="do not fit"):
        saved(Arm(np.empty(0), np.empty((0, 100, 2), np.uint8)), arm([10], [5]))


curves = arrays(np.float64, st.tuples(st.just(3), st.integers(1, 9)), elements=st.floats(0, 1, width=32))


@settings(max_examples=40, deadline=None)
@given(curves)
def test_a_rising_curve_is_the_nearest_that_never_falls(wild):
    from sklearn.isotonic import IsotonicRegression

    found = rising(wild)
    assert (np.diff(found, axis=1) >= -1e-12).all()
    expected = [IsotonicRegression().fit_transform(np.arange(wild.shape[1]), row) for row in wild]
    assert found == pytest.approx(np.array(expected), abs=1e-6)
    assert rising(found) == pytest.approx(found)


@settings(max_examples=40, deadline=None)
@given(curves, st.floats(0, 1))
def test_a_higher_level_is_never_reached_sooner(wild, level):
    curve, learnt = rising(wild), np.arange(1.0, wild.shape[1] + 1)
    lower, higher = (labels_to_reach(np.full(3, height), curve, learnt) for height in (level * 0.9, level))
    assert (lower <= higher).all() and (lower >= 1).all()


def pool(rng, n=600, D=12, C=4, spread=1.1):
    """Clouds of points, one a label, that overlap. Unit rows."""
    y = rng.integers(C, size=n)
    X = rng.normal(size=(C, D))[y] + spread * rng.normal(size=(n, D))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), np.eye(C, dtype=np.uint8)[y]


def learn(X, Y, order, audit):
    """Nearest centres at growing counts of `order`, asked about the audit texts, each left out of its own centre."""
    learnt, answers = [], []
    for k in np.unique(np.geomspace(8, len(order), 9).astype(int)):
        rows = order[:k]
        seen = np.isin(audit, rows)
        sums, counts = Y[rows].T.astype(float) @ X[rows], Y[rows].sum(axis=0)  # (C, D), (C,)
        own = seen[:, None] * Y[audit]  # (a, C)
        centres = sums[None] - own[:, :, None] * X[audit][:, None, :]
        sizes = counts[None] - own
        likeness = np.einsum("acd,ad->ac", centres, X[audit]) / np.maximum(np.linalg.norm(centres, axis=2), 1e-9)
        answers.append(np.eye(Y.shape[1], dtype=np.uint8)[np.where(sizes > 0, likeness, -9).argmax(axis=1)])
        learnt.append(k - seen.mean())
    return Arm(np.array(learnt), np.stack(answers))


def test_where_the_order_was_random_a_saving_is_claimed_in_at_most_five_percent_of_replays():
    claims = 0
    for seed in range(100):
        X, Y = pool(np.random.default_rng(seed))
        order = np.random.default_rng(seed + 1000).permutation(len(X))[:240]
        audit = order[::3]
        arms = learn(X, Y, order, audit), learn(X, Y, audit, audit)
        claims += labels_saved(*arms, Y[audit], multi_label=False, seed=seed).low > 0
    assert claims <= 5


def test_where_each_chosen_label_teaches_like_four_the_saving_is_mostly_found():
    """Each text is right from its own number of labels on; now and then a head is wrong all the same."""
    found, learnt = [], np.array([10.0, 15, 23, 35, 53, 80])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        needs = np.exp(rng.normal(np.log(60), 1.2, 100))
        arms = []
        for worth in (4, 1):
            right = (worth * learnt[:, None] > needs) & (rng.random((6, 100)) > 0.05)
            arms.append(Arm(learnt, np.where(right[:, :, None], ONE[0], ONE[1]).astype(np.uint8)))
        found.append(saved(*arms))
    assert sum(one.low > 0 for one in found) >= 18
    assert sum(one.low <= 60 <= one.high for one in found) >= 18  # 20 chosen ones do what 80 at random do
