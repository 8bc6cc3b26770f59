"""One contract for every strategy, and what the default policy promises beyond it."""

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.heads.quick import fit_head, predict_proba
from modelsvc.querying.acquisition import balanced_scores, doubts
from modelsvc.querying.herding import herd
from modelsvc.querying.matching import match
from modelsvc.querying.strategies import STRATEGIES, Pool, StrategyError, phase, rank

NAMES = ["Change", "Court", "Other"]


def make_pool(*, n=20, N=150, multi_label=False, C=3, seed=0, order=None):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(C, 16))
    y = rng.integers(C, size=n + N)
    y[:C] = np.arange(C)
    X = centres[y] + rng.normal(size=(n + N, 16))
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    Y = np.eye(C, dtype=np.uint8)[y]
    pool_X = X[n:] if order is None else X[n:][order]
    proba = predict_proba(fit_head(X[:n], Y[:n], multi_label=multi_label), pool_X)
    return Pool(pool_X, proba, X[:n], Y[:n], multi_label, [f"L{c}" for c in range(C)] if C != 3 else NAMES)


def without_model(N=60):
    pool = make_pool(N=N)
    return Pool(pool.X, None, pool.X[:0], np.zeros((0, 3), np.uint8), False, NAMES)


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("k", [1, 40, 150])
@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_exactly_k_distinct_rows_of_the_pool(name, k, multi_label):
    ranked = rank(make_pool(multi_label=multi_label), k, strategy=name, seed=4)
    assert len(set(ranked.rows.tolist())) == k and ranked.rows.min() >= 0 and ranked.rows.max() < 150
    assert ranked.scores.shape == ranked.probabilities.shape == (k,) and len(ranked.reasons) == k
    assert np.isfinite(ranked.scores).all()
    assert (ranked.probabilities > 0).all() and (ranked.probabilities <= 1).all()
    assert all(reason.startswith("Asked ") for reason in ranked.reasons)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_same_seed_gives_the_same_answer(name):
    one, again = (rank(make_pool(), 30, strategy=name, seed=9) for _ in range(2))
    assert np.array_equal(one.rows, again.rows) and one.reasons == again.reasons


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_more_texts_than_the_pool_has_are_refused_with_both_numbers(name):
    with pytest.raises(StrategyError, match=r"151 texts .* has 150"):
        rank(make_pool(), 151, strategy=name, seed=0)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_used_up_pool_gives_an_empty_queue(name):
    full = make_pool()
    pool = Pool(full.X[:0], full.proba[:0], full.labelled_X, full.labelled_Y, False, NAMES)
    assert rank(pool, 0, strategy=name, seed=0).rows.shape == (0,)


@pytest.mark.parametrize("name", ["cold", "cold-names", "core-set", "early", "herding"])
def test_what_somebody_has_before_them_is_not_asked_in_other_words(name):
    """Its label comes in a moment. Without this the next person is asked for the same kind of text at once."""
    pool = make_pool(N=150) if name not in ("cold", "cold-names", "core-set") else without_model(N=150)
    first = rank(pool, 1, strategy=name, seed=0).rows[0]
    held = replace(pool, in_hand_X=pool.X[[first]])
    assert rank(held, 1, strategy=name, seed=0).rows[0] != first
    assert phase(held) == phase(pool)  # it teaches nobody yet


@pytest.mark.parametrize("name", ["margin", "entropy", "least-confidence"])
def test_the_order_of_the_pool_does_not_matter(name):
    order = np.random.default_rng(1).permutation(150)
    plain, shuffled = (rank(make_pool(order=o), 30, strategy=name, seed=0).rows for o in (None, order))
    assert set(plain.tolist()) == set(order[shuffled].tolist())


@pytest.mark.parametrize(
    "name", ["late", "early", "herding", "committee", "badge", "margin", "entropy", "least-confidence"]
)
def test_a_strategy_that_needs_a_model_says_so(name):
    with pytest.raises(StrategyError, match="no model yet"):
        rank(without_model(), 5, strategy=name, seed=0)


@pytest.mark.parametrize("name", ["cold", "cold-names", "core-set", "default", "random"])
def test_a_strategy_that_needs_none_begins_without(name):
    assert len(set(rank(without_model(), 20, strategy=name, seed=0).rows.tolist())) == 20


@pytest.mark.parametrize("name", ["committee", "badge", "late", "random"])
def test_a_drawn_text_could_have_been_another_and_a_sorted_one_not(name):
    assert (rank(make_pool(), 30, strategy=name, seed=0).probabilities < 1).all()
    assert (rank(make_pool(), 30, strategy="core-set", seed=0).probabilities == 1).all()


def test_an_unknown_strategy_is_refused_with_the_known_ones():
    with pytest.raises(StrategyError, match=r"'best'.*margin"):
        rank(make_pool(), 5, strategy="best", seed=0)


def test_a_pool_whose_parts_do_not_fit_is_refused():
    pool = make_pool()
    with pytest.raises(StrategyError, match=r"\(150, 3\).*\(149, 3\)"):
        Pool(pool.X[:149], pool.proba, pool.labelled_X, pool.labelled_Y, False, NAMES)


def test_the_default_moves_from_cold_to_early_to_late():
    assert phase(without_model()) == "cold"
    assert phase(make_pool(n=20)) == "early"
    assert phase(make_pool(n=360)) == "late"
    seen_one_kind = make_pool(n=20)
    seen_one_kind.labelled_Y[:] = [1, 0, 0]
    assert phase(seen_one_kind) == "cold"


def test_early_herds_until_kinds_repeat_and_then_asks_every_second_text_as_the_pool_is_made_up():
    few, many = make_pool(n=5), make_pool(n=20)
    matched = match(many.X, doubts(many, np.arange(150)), 20, against=many.labelled_X, rng=np.random.default_rng(0))
    assert rank(many, 40, strategy="early", seed=0).rows[::2].tolist() == matched.tolist()
    herded, _ = herd(few.X, balanced_scores(few), 40, against=few.labelled_X, rng=np.random.default_rng(0))
    assert rank(few, 40, strategy="early", seed=0).rows.tolist() == herded.tolist()


def without_label_2(n, *, multi_label=False):
    pool = make_pool(n=n, multi_label=multi_label)
    pool.labelled_Y[pool.labelled_Y[:, 2] == 1] = [1, 0, 0]
    pool.labelled_Y[0] = [0, 1, 0]
    return pool


def test_the_cold_start_ends_with_a_few_labels_however_many_kinds_are_unmet():
    """Herding covers what is unlabelled too: waiting for every kind cost 2 points with 77 of them."""
    assert phase(without_label_2(7)) == "cold"
    assert phase(without_label_2(8)) == "early"


def test_with_several_labels_a_text_it_waits_for_each_label_but_not_for_ever():
    assert phase(without_label_2(9, multi_label=True)) == "cold"
    assert phase(without_label_2(12, multi_label=True)) == "early"


def test_reasons_name_the_two_labels_the_model_hesitates_between():
    pool = make_pool()
    pool.proba[7] = [0.49, 0.02, 0.49]
    first = rank(pool, 1, strategy="margin", seed=0)
    assert first.rows.tolist() == [7]
    assert first.reasons == ["Asked because the model hesitates between Change and Other"]


def test_the_default_asks_no_text_twice_in_other_words():
    pool = make_pool(n=90)
    pool.X[50:100] = pool.X[0]
    ranked = rank(pool, 20, strategy="default", seed=0)
    similar = pool.X[ranked.rows] @ pool.X[ranked.rows].T - np.eye(20)
    assert similar.max() <= 0.951


def test_rare_labels_are_lifted_in_the_late_phase():
    pool = make_pool(n=90)
    pool.labelled_Y[:] = [1, 0, 0]
    pool.labelled_Y[:5], pool.labelled_Y[5:30] = [0, 1, 0], [0, 0, 1]
    pool.proba[:] = [0.5, 0.1, 0.4]
    pool.proba[:30] = [0.1, 0.5, 0.4]
    first = rank(pool, 20, strategy="late", seed=0)
    assert (first.rows < 30).mean() > 0.6  # a fifth of the pool


def test_with_several_labels_a_text_entropy_least_confidence_and_margin_are_three_things():
    pool = make_pool(multi_label=True)
    asked = [tuple(rank(pool, 150, strategy=name, seed=0).rows) for name in ("entropy", "least-confidence", "margin")]
    assert len(set(asked)) == 3
