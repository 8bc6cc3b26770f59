from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.querying.left import Order
from modelsvc.querying.pool import Pool, StrategyError
from modelsvc.querying.rare import has_rare_labels, leaning, rarest_first

NAMES = ["Arbitration", "Choice of law", "Jurisdiction"]


def pool(n=200, *, counts=(1, 5, 5), proba=None, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 8)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    proba = (rng.random((n, 3)) ** 6).astype(np.float32) if proba is None else proba
    Y = np.zeros((20, 3), np.uint8)
    for c, count in enumerate(counts):
        Y[:count, c] = 1
    return Pool(X, proba, X[:20], Y, True, NAMES)


def ask(known, k, seed=0):
    return rarest_first(known, k, np.random.default_rng(seed))


def test_it_answers_k_distinct_texts_with_chances_and_reasons():
    known = pool()
    ranked = ask(known, 50)
    assert len(set(ranked.rows.tolist())) == 50 == len(ranked.reasons)
    assert ((ranked.probabilities > 0) & (ranked.probabilities <= 1)).all()
    assert len(set(ask(known, 200).rows.tolist())) == 200  # the whole pool


def test_the_same_seed_asks_the_same_texts():
    assert np.array_equal(ask(pool(), 40).rows, ask(pool(), 40).rows)


def test_the_label_with_fewest_examples_has_most_turns():
    reasons = " ".join(ask(pool(counts=(1, 15, 15)), 20).reasons)
    assert reasons.count("Arbitration") > reasons.count("Choice of law") + reasons.count("Jurisdiction")


def test_a_label_whose_texts_are_all_found_does_not_use_up_the_budget():
    proba = (np.random.default_rng(0).random((200, 3)) ** 2).astype(np.float32)
    proba[:, 0] *= 0.02
    reasons = " ".join(ask(pool(counts=(4, 8, 8), proba=proba), 60).reasons)
    assert 0 < reasons.count("Arbitration") < reasons.count("Choice of law")


def test_a_turn_asks_for_the_likeliest_text_or_the_most_doubtful_one():
    known = pool()
    for row, reason in zip(*[getattr(ask(known, 6), name) for name in ("rows", "reasons")], strict=True):
        if "random" not in reason:
            label = next(c for c, name in enumerate(NAMES) if name in reason)
            p = known.proba[:, label]
            order = np.argsort(np.abs(p - 0.5)) if "unsure" in reason else np.argsort(-p)
            assert row in order[:8]


def test_texts_in_the_same_words_are_not_asked_twice_in_a_row():
    known = pool()
    likeliest = np.argsort(-known.proba[:, 0])[:5]
    known.X[likeliest] = known.X[likeliest[0]]
    assert np.isin(ask(known, 10).rows, likeliest).sum() <= 2  # by turns at most one; the random share may hit another


def copied(copies, *, n=200):
    """A pool whose likeliest texts of the first label are in the very words of a labelled one."""
    known = pool(n)
    known = replace(known, labelled_X=known.labelled_X.copy())
    known.X[:copies], known.proba[:copies, 0] = known.labelled_X[0], np.linspace(0.99, 0.95, copies)
    return known


@pytest.mark.parametrize("copies", [5, 60])
def test_texts_in_the_words_of_a_labelled_one_wait_however_many_they_are(copies):
    ranked = ask(copied(copies), 50)
    assert all("random" in ranked.reasons[at] for at in np.flatnonzero(ranked.rows < copies))
    assert sum("Arbitration" in reason for reason in ranked.reasons) > 10


def test_a_repeat_is_taken_when_nothing_else_is_left():
    ranked = ask(copied(150), 200)
    last = ranked.rows[-100:]
    assert len(set(ranked.rows.tolist())) == 200 and (last < 150).mean() > 0.95
    assert sum("Arbitration is rare" in reason for reason in ranked.reasons[-100:]) > 10


def test_the_chance_told_is_that_of_the_draw():
    """Each turn is drawn evenly with .03, and asks what its label wants otherwise."""
    ranked = ask(pool(), 150)
    for at, (chance, why) in enumerate(zip(ranked.probabilities, ranked.reasons, strict=True)):
        even = 0.03 / (200 - at)
        chances = (even, 0.97 + even) if "random" in why else (0.97 + even,)  # it may draw what was wanted anyway
        assert min(abs(chance - expected) for expected in chances) < 1e-6


def test_a_label_of_which_nothing_is_known_draws_evenly_and_says_so():
    proba = np.random.default_rng(0).random((200, 3)).astype(np.float32)
    proba[:, 0] = 1e-3
    known = pool(counts=(0, 19, 19), proba=proba)
    firsts = [ask(known, 1, seed) for seed in range(300)]
    assert len({int(first.rows[0]) for first in firsts}) > 100
    assert all(first.probabilities[0] == pytest.approx(1 / 200) for first in firsts)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.001, 0.1, 1]), st.sampled_from([0.2, 0.9, 0.999]))
def test_an_order_sorted_by_and_by_is_the_whole_order(seed, step, gone):
    rng = np.random.default_rng(seed)
    scores = (np.round(rng.random(9_000) / step) * step).astype(np.float32)
    open_, order, whole = rng.random(9_000) > gone, Order(scores), np.argsort(-scores, kind="stable")
    while open_.any():
        rows = order.next(open_, int(rng.integers(1, 400)))
        assert rows.tolist() == whole[open_[whole]][: len(rows)].tolist() and len(rows)
        open_[rows] = False
    assert not len(order.next(open_, 1))


def test_a_label_nobody_has_given_asks_at_random():
    proba = np.full((200, 3), 1e-3, np.float32)
    assert all("random" in reason for reason in ask(pool(counts=(0, 0, 0), proba=proba), 10).reasons)


def test_without_a_model_it_says_what_to_use():
    X = np.eye(4, dtype=np.float32)
    with pytest.raises(StrategyError, match="use 'cold'"):
        ask(Pool(X, None, X[:0], np.zeros((0, 3), np.uint8), True, NAMES), 2)


def test_doubt_is_greatest_at_each_labels_own_threshold():
    proba = np.array([[0.0, 0.0], [0.05, 0.05], [0.1, 0.1], [0.55, 0.55], [1.0, 1.0]], np.float32)
    bent = leaning(proba, np.array([0.1, 0.5], np.float32))
    assert np.allclose(bent[:, 0], [0, 0.25, 0.5, 0.75, 1]) and np.allclose(bent[:, 1], proba[:, 1])
    assert leaning(proba, None) is proba


def test_labels_are_rare_by_what_the_model_expects_of_the_pool():
    assert has_rare_labels(np.full((10, 3), 0.01, np.float32))
    assert not has_rare_labels(np.full((10, 3), 0.2, np.float32))
    assert not has_rare_labels(np.zeros((0, 3), np.float32))
