from __future__ import annotations

import numpy as np
import pytest

from modelsvc.full_run.selftrain import in_proportion, label_weight, neighbours_agree, trust

PROBA = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]], np.float32)
ALL = np.ones(4, np.bool_)


def test_the_surest_of_each_kind_come_in_proportion_to_the_predictions():
    proba = np.tile(PROBA, (25, 1))
    rows = in_proportion(proba, 20, np.ones(100, np.bool_))
    answers = proba[rows].argmax(1)
    assert np.bincount(answers).tolist() == [15, 5]
    assert (proba[rows][answers == 0].max(1) == np.float32(0.9)).all()
    assert len(set(rows.tolist())) == 20


def test_only_allowed_rows_are_taken_and_others_do_not_stand_in():
    assert in_proportion(PROBA, 4, np.array([True, False, True, False])).tolist() == [0, 2]
    assert in_proportion(PROBA, 4, ~ALL).tolist() == []


def test_a_row_among_neighbours_of_another_kind_is_not_agreed():
    X = np.repeat(np.eye(2, dtype=np.float32), 6, 0)
    answer = np.array([0] * 5 + [1] + [1] * 6)
    assert neighbours_agree(X, answer, k=5).tolist() == [True] * 5 + [False] + [True] * 6
    assert neighbours_agree(X[:1], answer[:1]).tolist() == [True]


def test_trust_looks_at_the_surest_share_and_shrinks_it_to_the_rate_of_all():
    Y = np.eye(2, dtype=np.uint8)[[0, 1, 0, 0]]  # the answers to PROBA: right, wrong, right, wrong
    found = trust(PROBA, Y, 0.5)
    assert found.accuracy == 0.5
    assert found.of_sure == pytest.approx((2 + 2 * 0.5) / (2 + 2))
    assert trust(PROBA, Y, 1.0).of_sure == pytest.approx(0.5)


@pytest.mark.parametrize(("labels", "times"), [(16, 8), (32, 8), (64, 4), (256, 1), (5_000, 1)])
def test_few_labels_are_shown_more_often(labels, times):
    assert label_weight(labels) == times


def test_the_search_for_neighbours_can_be_stopped():
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        neighbours_agree(np.eye(4, dtype=np.float32), np.zeros(4, np.int64), look=stop)
