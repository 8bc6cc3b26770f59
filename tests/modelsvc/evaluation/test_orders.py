"""Ever more labels of one order: how many, learnt from which, and never judged by what was learnt."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelsvc.evaluation import orders
from modelsvc.evaluation.orders import counts, teach_in_order
from modelsvc.types import Views


@given(st.integers(0, 5000))
def test_counts_grow_by_about_fifteen_percent_and_end_with_all(n):
    found = counts(n)
    if n < 8:
        assert found == []
        return
    assert found[0] == min(8, n) and found[-1] == n
    assert all(one < other <= max(one + 1, round(one * 1.15 + 1)) for one, other in pairwise(found))


def material(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    X = np.eye(3)[y] + 0.4 * rng.normal(size=(n, 3))
    return Views((X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)), np.eye(3, dtype=np.uint8)[y]


@pytest.mark.parametrize("multi_label", [False])
def test_each_judged_text_is_answered_at_every_count_and_labels_learnt_from_are_counted(multi_label):
    texts, Y = material()
    order, judged, heads = np.arange(60), np.arange(0, 60, 3), []
    taught = teach_in_order(
        texts, Y, order=order, judged=judged, pool=texts[:0], multi_label=multi_label, seed=1,
        on_head=lambda: heads.append(1),
    )  # fmt: skip
    assert taught.given == counts(60) and len(heads) == len(taught.given)
    assert taught.arm.answers.shape == (len(taught.given), 20, 3)
    assert taught.arm.learnt[-1] == pytest.approx(60 * 0.9)  # all are judged by heads that lack a tenth
    assert (taught.arm.learnt <= taught.given).all()
    right = (taught.arm.answers == Y[judged]).all(axis=2).mean(axis=1)
    assert right[-1] > 0.7


def test_a_text_s_own_label_never_decides_its_answer():
    """With labels at random there is nothing to learn: heads that saw the answers would be right all the same."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(200, 150)).astype(np.float32)
    texts = Views(X / np.linalg.norm(X, axis=1, keepdims=True))
    Y = np.eye(2, dtype=np.uint8)[rng.integers(2, size=200)]
    taught = teach_in_order(
        texts, Y, order=np.arange(200), judged=np.arange(200), pool=texts[:0], multi_label=False, seed=0
    )
    assert (taught.arm.answers[-1] == Y).all(axis=1).mean() < 0.62


def test_beginnings_of_one_kind_are_passed_over():
    texts, Y = material()
    by_kind = np.argsort(Y.argmax(axis=1), kind="stable")
    taught = teach_in_order(texts, Y, order=by_kind, judged=np.arange(10), pool=texts[:0], multi_label=False, seed=0)
    assert taught.given and taught.given[0] > orders.FIRST
    short = teach_in_order(texts, Y, order=by_kind[:5], judged=np.arange(10), pool=texts[:0], multi_label=False, seed=0)
    assert short.given == [] and short.arm.answers.shape == (0, 10, 3)


def test_whoever_stops_it_need_not_wait_for_a_head():
    texts, Y = material()
    looked = []

    def look():
        looked.append(1)
        if len(looked) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teach_in_order(
            texts, Y, order=np.arange(60), judged=np.arange(9), pool=texts[:0], multi_label=False, seed=0, look=look
        )
    assert len(looked) == 3
