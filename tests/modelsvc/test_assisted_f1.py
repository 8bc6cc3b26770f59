"""Macro-F1 from few texts with the model's help."""

from __future__ import annotations

import numpy as np
import pytest

from modelsvc.assisted_f1 import Expected, assisted_macro_f1
from modelsvc.intervals import EvaluationError, bootstrap_macro_f1, macro_f1
from modelsvc.types import Proba, Targets


def pool(rng: np.random.Generator, N: int, C: int) -> tuple[Targets, Proba, Targets]:
    """Texts of C labels, some rare, with probabilities that are honest: labels are drawn from them."""
    rate = np.geomspace(0.4, 0.02, C)
    logits = rng.normal(np.log(rate / (1 - rate)), 2.5, (N, C))
    proba = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return (rng.random((N, C)) < proba).astype(np.uint8), proba, (proba > 0.4).astype(np.uint8)


def test_over_the_whole_pool_it_is_the_macro_f1_of_the_pool() -> None:
    truth, proba, answers = pool(np.random.default_rng(0), 5_000, 5)
    found = assisted_macro_f1(truth, answers, proba, Expected.of(proba, answers), seed=0)
    assert found is not None
    assert found.value == pytest.approx(macro_f1(truth, answers), abs=0.01)
    assert found.low < found.value < found.high < found.low + 0.1


def test_in_three_hundred_pools_it_holds_the_truth_where_the_plain_bootstrap_does_not() -> None:
    held, plain = 0, 0
    for seed in range(300):
        truth, proba, answers = pool(np.random.default_rng(seed), 2_000, 8)
        audit = np.arange(80)
        true = macro_f1(truth, answers)
        found = assisted_macro_f1(truth[audit], answers[audit], proba[audit], Expected.of(proba, answers), seed=seed)
        assert found is not None
        held += found.low <= true <= found.high
        bootstrap = bootstrap_macro_f1(truth[audit], answers[audit], seed=seed, resamples=200)
        plain += bootstrap.low <= true <= bootstrap.high
    assert held >= 285 > plain


def test_a_model_that_hopes_too_much_is_set_right() -> None:
    rng = np.random.default_rng(3)
    truth, proba, answers = pool(rng, 4_000, 4)
    true_f1, hopeful = macro_f1(truth, answers), np.where(answers > 0, 0.99, proba / 4).astype(np.float32)
    audit = np.arange(400)
    expected = Expected.of(hopeful, answers)
    blind = assisted_macro_f1(answers[audit], answers[audit], hopeful[audit], expected, seed=0)
    found = assisted_macro_f1(truth[audit], answers[audit], hopeful[audit], expected, seed=0)
    assert blind is not None and found is not None
    assert found.high < blind.value and blind.value - found.value > 0.7 * (blind.value - true_f1)


def test_with_fewer_than_five_texts_that_carry_a_label_there_is_no_figure() -> None:
    truth = np.zeros((60, 3), np.uint8)
    truth[:4, 0] = 1
    proba = np.full((60, 3), 0.1, np.float32)
    assert assisted_macro_f1(truth, truth, proba, Expected.of(proba, truth), seed=0) is None


def test_shapes_must_agree() -> None:
    ones = np.ones((6, 2), np.uint8)
    with pytest.raises(EvaluationError, match="must agree"):
        assisted_macro_f1(ones, ones[:5], ones.astype(np.float32), Expected.of(ones, ones), seed=0)
