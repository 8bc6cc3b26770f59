"""Agreement of two models, and how sure a model is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from modelsvc.evaluation.agreement import kappa, normalised_entropy, unchanged
from modelsvc.types import Targets


def one_hot(answers: list[int], C: int = 4) -> Targets:
    return np.eye(C, dtype=np.uint8)[answers]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_with_one_label_a_text_kappa_is_scikit_learn_s(pairs: list[tuple[int, int]]) -> None:
    before, now = [a for a, _ in pairs], [b for _, b in pairs]
    if len({*before, *now}) > 1:
        assert kappa(one_hot(before), one_hot(now)) == pytest.approx(cohen_kappa_score(before, now))


@given(st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=30))
def test_a_model_agrees_fully_with_itself(rows: list[list[int]]) -> None:
    answers = np.array(rows, np.uint8)
    assert kappa(answers, answers) == 1 and unchanged(answers, answers) == 1


def test_chance_is_taken_off_where_nearly_every_text_has_no_label() -> None:
    before, now = np.zeros((2, 200, 3), np.uint8)
    before[:4, 0], now[4:8, 0] = 1, 1
    assert unchanged(before, now) == 0.96
    assert kappa(before, now) == pytest.approx(-0.0067, abs=0.001)


def test_without_a_text_nothing_agrees() -> None:
    empty = np.zeros((0, 3), np.uint8)
    assert (kappa(empty, empty), unchanged(empty, empty)) == (0, 0)


@pytest.mark.parametrize(
    ("proba", "multi", "entropy"),
    [
        ([[1.0, 0.0, 0.0]], False, 0.0),
        ([[1 / 3, 1 / 3, 1 / 3]], False, 1.0),
        ([[0.5, 0.5], [1.0, 0.0]], False, 0.5),
        ([[0.5, 0.5], [0.5, 0.5]], True, 1.0),
        ([[1.0, 0.0], [0.0, 0.0]], True, 0.0),
        ([[0.01, 0.0], [0.01, 0.0]], True, 1.0),  # rare, and nothing is known of it
    ],
)
def test_entropy_is_a_share_of_the_most_there_can_be(proba: list[list[float]], multi: bool, entropy: float) -> None:
    found = normalised_entropy(np.array(proba, np.float32), multi_label=multi)
    assert found == pytest.approx(entropy, abs=1e-4)


@pytest.mark.parametrize(("shape", "multi"), [((0, 3), False), ((4, 1), False), ((4, 0), True)])
def test_where_nothing_can_be_asked_nothing_is_known(shape: tuple[int, int], multi: bool) -> None:
    assert normalised_entropy(np.ones(shape, np.float32), multi_label=multi) == 1.0
