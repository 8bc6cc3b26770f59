"""Confident learning: thresholds by hand, planted errors found, fair to labels the model does not know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.annotators.label_errors import suspects
from modelsvc.types import Proba, Targets


def one_hot(given: list[int], C: int = 2) -> Targets:
    return np.eye(C, dtype=np.uint8)[given]


def proba(first: list[float]) -> Proba:
    return np.array([[p, 1 - p] for p in first], np.float32)


def test_a_text_is_suspect_where_another_label_reaches_that_label_s_mean() -> None:
    """Mean p of the second label on its five texts: .8. Of the first on its six: .7. Five of those are sure, one of
    them of the second: a fifth of six is one text."""
    p = [0.9, 0.9, 0.9, 0.8, 0.6, 0.05, 0.2, 0.2, 0.2, 0.2, 0.2]
    found = suspects(proba(p), one_hot([0] * 6 + [1] * 5), multi_label=False)
    assert found.rows.tolist() == [5]
    assert found.scores.tolist() == [pytest.approx(0.95)] and found.suggested.tolist() == [[0, 1]]


@pytest.mark.parametrize(("first", "is_named"), [(0.12, False), (0.08, True)])
def test_a_label_is_let_be_unless_another_is_ten_times_as_likely(first: float, is_named: bool) -> None:
    p, given = proba([0.9, 0.9, 0.9, 0.8, 0.6, first] + [0.2] * 5), one_hot([0] * 6 + [1] * 5)
    assert bool(len(suspects(p, given, multi_label=False).rows)) is is_named
    assert bool(len(suspects(p, given, multi_label=True).rows)) is is_named
    assert suspects(p, given, multi_label=False, least_odds=1).rows.tolist() == [5]


def test_below_its_mean_another_label_accuses_nobody() -> None:
    p = [0.9] * 5 + [0.3] + [0.1] * 5  # the second label is usually given .9; here .7
    assert not len(suspects(proba(p), one_hot([0] * 6 + [1] * 5), multi_label=False).rows)


def test_a_label_with_few_texts_is_not_judged() -> None:
    found = suspects(proba([0.9] * 8 + [0.95] * 4), one_hot([0] * 8 + [1] * 4), multi_label=False)
    assert not len(found.rows)


def test_planted_errors_are_found_first() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=600)
    logits = 4 * (rng.normal(size=(600, 3)) + 4 * np.eye(3)[truth])  # what Bayes makes of such a measurement
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = rng.random(600) < 0.08
    given = np.where(wrong, (truth + rng.integers(1, 3, size=600)) % 3, truth)
    found = suspects(p.astype(np.float32), one_hot(given.tolist(), 3), multi_label=False)
    assert wrong[found.rows].mean() > 0.9
    assert len(set(found.rows) & set(np.flatnonzero(wrong))) > 0.85 * wrong.sum()
    assert (found.suggested.argmax(axis=1) == truth[found.rows]).mean() > 0.9


def test_of_several_labels_the_missing_and_the_spare_are_named() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random((400, 3)) < [0.4, 0.3, 0.1]
    logits = np.where(truth, 3.0, -3.0) + rng.normal(0, 1, truth.shape)
    p = (1 / (1 + np.exp(-logits))).astype(np.float32)
    Y = truth.copy()
    missing, spare = np.flatnonzero(truth[:, 0])[:8], np.flatnonzero(~truth[:, 1])[-8:]
    Y[missing, 0], Y[spare, 1] = False, True
    found = suspects(p, Y.astype(np.uint8), multi_label=True)
    planted = np.flatnonzero((truth != Y).any(axis=1))
    named = dict(zip(found.rows.tolist(), found.suggested, strict=True))
    right = [row for row in planted if row in named and (named[row] == truth[row]).all()]
    assert len(right) >= 0.7 * len(planted) and len(named) <= 1.3 * len(planted)


@settings(deadline=None)
@given(st.integers(0, 1000), st.permutations(range(3)))
def test_the_names_of_labels_do_not_matter(seed: int, order: list[int]) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([1, 1, 1], size=60).astype(np.float32)
    Y = one_hot(rng.integers(3, size=60).tolist(), 3)
    one, other = suspects(p, Y, multi_label=False), suspects(p[:, order], Y[:, order], multi_label=False)
    assert one.rows.tolist() == other.rows.tolist() and (one.suggested[:, order] == other.suggested).all()
    assert ((one.scores >= 0) & (one.scores <= 1)).all() and (np.diff(one.scores) <= 0).all()


def test_without_texts_nothing_is_suspect() -> None:
    for multi in (True, False):
        assert not len(suspects(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8), multi_label=multi).rows)
