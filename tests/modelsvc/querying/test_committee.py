"""The committee disagrees where labels are few, not where texts lie between labels."""

import numpy as np
import pytest

from modelsvc.querying.committee import MEMBERS, bootstrap_heads, committee, disagreement
from modelsvc.querying.pool import Pool, StrategyError


def unit(X):
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def heads_of(logits):
    """Members whose logits for the one text (1,) are these rows (M, C)."""
    logits = np.array(logits, np.float32)
    return logits[:, None, :], np.zeros_like(logits)


ONE_TEXT = np.ones((1, 1), np.float32)


def test_members_of_one_mind_do_not_disagree_however_doubtful_they_are():
    for multi_label in (False, True):
        assert disagreement(heads_of([[0, 0]] * 4), ONE_TEXT, multi_label=multi_label)[0] == pytest.approx(0, abs=1e-6)


def test_two_sure_and_opposite_halves_disagree_by_one_bit():
    heads = heads_of([[50, -50], [-50, 50]])
    assert disagreement(heads, ONE_TEXT, multi_label=False)[0] == pytest.approx(np.log(2), abs=1e-5)
    # With several labels a text each of the two labels is in dispute.
    assert disagreement(heads, ONE_TEXT, multi_label=True)[0] == pytest.approx(2 * np.log(2), abs=1e-5)


def test_disagreement_is_the_same_whatever_the_block(monkeypatch):
    rng = np.random.default_rng(0)
    heads = rng.normal(size=(5, 6, 3)).astype(np.float32), rng.normal(size=(5, 3)).astype(np.float32)
    X = unit(rng.normal(size=(23, 6)))
    whole = disagreement(heads, X, multi_label=False)
    monkeypatch.setattr("modelsvc.querying.committee.BLOCK", 7)
    assert np.allclose(whole, disagreement(heads, X, multi_label=False), atol=1e-6)
    assert (whole >= 0).all() and whole.max() <= np.log(3)


@pytest.mark.parametrize("multi_label", [False, True])
def test_no_member_loses_the_only_text_of_a_label(multi_label):
    X = unit(np.random.default_rng(0).normal(size=(12, 8)))
    Y = np.eye(3, dtype=np.uint8)[[0] * 6 + [1] * 5 + [2]]
    weights, bias = bootstrap_heads(X, Y, multi_label=multi_label, rng=np.random.default_rng(1))
    assert weights.shape == (MEMBERS, 8, 3)
    logits = X[11] @ weights + bias  # (M, C): of the label's only text
    assert logits[:, 2].min() > -20 and len(np.unique(logits[:, 2])) == MEMBERS


def test_it_asks_between_labels_of_few_texts_rather_than_between_labels_of_many():
    """Both are in doubt; more labels settle only the first."""
    rng = np.random.default_rng(3)
    axes = np.eye(16)
    y = np.repeat([0, 1, 2, 3], [60, 60, 3, 3])
    heads = bootstrap_heads(
        unit(axes[y] + 0.1 * rng.normal(size=(126, 16))), np.eye(4, dtype=np.uint8)[y], multi_label=False, rng=rng
    )
    many, few = (unit(axes[a] + axes[b] + 0.1 * rng.normal(size=(40, 16))) for a, b in ((0, 1), (2, 3)))
    scores = [disagreement(heads, X, multi_label=False) for X in (many, few)]
    assert np.median(scores[1]) > 2 * np.median(scores[0])


def test_without_labelled_texts_it_says_what_to_use():
    X = np.eye(4, dtype=np.float32)
    pool = Pool(X, np.full((4, 2), 0.5, np.float32), X[:0], np.zeros((0, 2), np.uint8), False, ["A", "B"])
    with pytest.raises(StrategyError, match="use 'cold'"):
        committee(pool, 2, np.random.default_rng(0))
