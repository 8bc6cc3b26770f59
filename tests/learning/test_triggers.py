"""What starts by itself, as tables and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.learning.triggers import is_full_due, is_milestone, kinds_among, next_full_at


@pytest.mark.parametrize(
    ("labels_at_last", "next_at"),
    [(0, 16), (1, 16), (12, 16), (16, 20), (20, 25), (25, 32), (32, 40), (40, 50), (100, 125), (1000, 1250)],
)
def test_the_next_full_run_is_a_quarter_further(labels_at_last: int, next_at: int) -> None:
    assert next_full_at(labels_at_last) == next_at


@pytest.mark.parametrize(("refused", "next_at"), [(0, 50), (1, 60), (2, 80), (3, 80), (8, 80)])
def test_runs_that_the_labels_refuse_put_off_the_next(refused: int, next_at: int) -> None:
    assert next_full_at(40, refused=refused) == next_at


@given(st.integers(0, 1_000_000), st.integers(0, 9))
def test_it_always_lies_ahead(labels: int, refused: int) -> None:
    assert next_full_at(labels, refused=refused) > labels


@given(st.integers(16, 100_000))
def test_all_runs_together_learn_from_at_most_five_times_the_labels(labels: int) -> None:
    total, at = 0, next_full_at(0)
    while at <= labels:
        total, at = total + at, next_full_at(at)
    assert total <= 5 * labels


@pytest.mark.parametrize(
    ("labels", "last", "kinds", "unfinished", "due"),
    [
        (15, 0, 3, False, False),
        (16, 0, 3, False, True),
        (16, 0, 1, False, False),
        (16, 0, 3, True, False),
        (19, 16, 3, False, False),
        (20, 16, 3, False, True),
        (32, 0, 29, False, False),
        (57, 0, 29, False, False),
        (58, 0, 29, False, True),
    ],
)
def test_when_a_full_run_is_due(labels: int, last: int, kinds: int, unfinished: bool, due: bool) -> None:
    next_at = next_full_at(last)
    assert is_full_due(labels, teaching=labels, kinds=kinds, next_at=next_at, unfinished=unfinished) is due


@pytest.mark.parametrize(("labels", "audit", "due"), [(20, 8, False), (28, 9, False), (28, 8, True), (20, 0, True)])
def test_audit_texts_teach_nothing_and_are_none_of_the_two_texts_a_kind(labels: int, audit: int, due: bool) -> None:
    assert is_full_due(labels, teaching=labels - audit, kinds=10, next_at=16, unfinished=False) is due


@pytest.mark.parametrize(
    ("answers", "kinds"),
    [
        ([], 0),
        ([(1,)], 1),
        ([(1,), (1,), (2,)], 2),
        ([(1, 2), (1, 2)], 1),
        ([(), ()], 1),
        ([(), (1,)], 2),
        ([(1,), (1, 2)], 2),
        ([(1, 2), (1, 3), (2, 3), (1, 2, 3), ()], 4),
    ],
)
def test_kinds_are_the_labels_carried_and_none_of_them(answers: list[tuple[int, ...]], kinds: int) -> None:
    assert kinds_among(answers) == kinds == kinds_among(set(answers))


@given(st.lists(st.integers(0, 8), max_size=40))
def test_with_one_label_a_text_each_label_is_a_kind(labels: list[int]) -> None:
    assert kinds_among([(label,) for label in labels]) == len(set(labels))


def test_many_labels_in_ever_new_sets_do_not_put_off_the_first_full_run_for_good() -> None:
    rng, answers = np.random.default_rng(0), list[tuple[int, ...]]()

    def is_due() -> bool:
        n = len(answers)
        return is_full_due(n, teaching=n, kinds=kinds_among(answers), next_at=16, unfinished=False)

    while not is_due():
        answers.append(tuple(sorted(rng.choice(20, rng.integers(1, 5), replace=False).tolist())))
        assert len(answers) <= 2 * 21
    assert len(set(answers)) > len(answers) / 2  # two texts a set there are not


@pytest.mark.parametrize(
    ("labels", "last", "milestone"),
    [(4, 0, False), (5, 0, True), (9, 5, False), (10, 5, True), (104, 100, False), (105, 100, True), (209, 200, False),
     (210, 200, True), (3, 10, False)],
)  # fmt: skip
def test_when_a_refit_becomes_a_version(labels: int, last: int, milestone: bool) -> None:
    assert is_milestone(labels, labels_at_last_version=last) is milestone
