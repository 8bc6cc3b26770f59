"""Scores: known values in a table, and laws over arbitrary probabilities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.querying.scores import (
    entropy,
    least_confidence,
    margin,
    multilabel_entropy,
    multilabel_least_confidence,
    multilabel_margin,
)

SINGLE = [least_confidence, margin, entropy]
MULTI = [multilabel_least_confidence, multilabel_margin, multilabel_entropy]


@pytest.mark.parametrize(
    ("score", "row", "value"),
    [
        (least_confidence, [1, 0, 0], 0),
        (least_confidence, [1 / 3, 1 / 3, 1 / 3], 1),
        (least_confidence, [0.7, 0.2, 0.1], 0.45),
        (margin, [1, 0, 0], 0),
        (margin, [0.5, 0.5, 0], 1),
        (margin, [0.2, 0.7, 0.1], 0.5),
        (entropy, [1, 0], 0),
        (entropy, [0.5, 0.5], 1),
        (entropy, [0.25, 0.25, 0.25, 0.25], 1),
        (multilabel_margin, [0.9, 0.5, 0.1], 1),
        (multilabel_margin, [0.9, 0.1, 0.0], 0.2),
        (multilabel_margin, [1.0, 0.0], 0),
        (multilabel_least_confidence, [1.0, 0.0, 1.0], 0),
        (multilabel_least_confidence, [0.5, 0.5, 0.5], 1),
        (multilabel_least_confidence, [0.9, 0.5], 0.55 / 0.75),
        (multilabel_entropy, [1.0, 0.0, 1.0], 0),
        (multilabel_entropy, [0.5, 0.5, 0.5], 1),
        (multilabel_entropy, [0.5, 0.0], 0.5),
    ],
)
def test_a_score_of_a_known_row(score, row, value):
    assert score(np.array([row], np.float32))[0] == pytest.approx(value, abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_scores_lie_in_0_to_1_and_do_not_mind_the_order_of_labels(seed, C):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(C, 0.3), size=8).astype(np.float32)
    shuffled = proba[:, rng.permutation(C)]
    for score in [*SINGLE, *MULTI]:
        values = score(proba)
        assert values.shape == (8,) and values.min() >= 0 and values.max() <= 1
        assert np.allclose(values, score(shuffled), atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.5, 1), st.floats(0.5, 1))
def test_with_two_labels_all_scores_order_alike(p, q):
    if abs(p - q) < 1e-3:
        return
    rows = np.array([[p, 1 - p], [q, 1 - q]], np.float32)
    assert {bool(score(rows)[0] > score(rows)[1]) for score in SINGLE} == {p < q}


def test_with_several_labels_a_text_margin_sees_one_label_and_the_others_see_all():
    """A text with one label at even, and one with six labels nearly there."""
    rows = np.array([[0.5, 0, 0, 0, 0, 0], [0.4] * 6], np.float32)
    assert [int(score(rows).argmax()) for score in MULTI] == [1, 0, 1]
