"""Macro-F1 and each label's figures from few texts with the model's help."""

from __future__ import annotations

import numpy as np
import pytest

from modelsvc.evaluation.assisted_f1 import Expected, assisted_figures
from modelsvc.evaluation.intervals import EvaluationError, Interval, bootstrap_macro_f1, macro_f1
from modelsvc.types import Proba, Targets


def assisted_macro_f1(
    truth: Targets, answers: Targets, proba: Proba, expected: Expected, *, seed: int
) -> Interval | None:
    found = assisted_figures(truth, answers, proba, expected, seed=seed)
    return found and found.macro_f1


def pool(
    rng: np.random.Generator, N: int, C: int, *, commonest: float = 0.4, rarest: float = 0.02
) -> tuple[Targets, Proba, Targets]:
    """Texts of C labels, some rare, with probabilities that are honest: labels are drawn from them."""
    rate = np.geomspace(commonest, rarest, C)
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


@pytest.mark.parametrize("carrying", [1, 2, 3, 4])
def test_with_hardly_a_text_that_carries_a_label_it_still_holds_the_truth(carrying: int) -> None:
    held, widths, rounds = 0, [], 100
    for seed in range(rounds):
        truth, proba, answers = pool(np.random.default_rng(seed), 2_000, 6, commonest=0.03, rarest=0.003)
        carries = np.flatnonzero(truth.any(axis=1))
        audit = np.concatenate([carries[:carrying], np.flatnonzero(~truth.any(axis=1))[: 40 - carrying]])
        found = assisted_macro_f1(truth[audit], answers[audit], proba[audit], Expected.of(proba, answers), seed=seed)
        assert found is not None
        held += found.low <= macro_f1(truth, answers) <= found.high
        widths.append(found.high - found.low)
    assert held >= 90 and np.mean(widths) < 0.7


def test_where_no_text_carries_a_label_the_model_s_word_would_stand_alone_so_there_is_no_figure() -> None:
    truth = np.zeros((60, 3), np.uint8)
    proba = np.full((60, 3), 0.1, np.float32)
    assert assisted_macro_f1(truth, truth, proba, Expected.of(proba, truth), seed=0) is None
    truth[0, 0] = 1
    assert assisted_macro_f1(truth, truth, proba, Expected.of(proba, truth), seed=0) is not None


def test_shapes_must_agree() -> None:
    ones = np.ones((6, 2), np.uint8)
    with pytest.raises(EvaluationError, match="must agree"):
        assisted_macro_f1(ones, ones[:5], ones.astype(np.float32), Expected.of(ones, ones), seed=0)


def test_the_figures_of_a_label_are_those_of_the_pool_once_every_text_was_read() -> None:
    truth, proba, answers = pool(np.random.default_rng(0), 5_000, 4)
    found = assisted_figures(truth, answers, proba, Expected.of(proba, answers), seed=0)
    assert found is not None
    for c, label in enumerate(found.labels):
        hits = int((truth[:, c] & answers[:, c]).sum())
        assert label.precision is not None
        assert label.precision.value == pytest.approx(hits / answers[:, c].sum(), abs=0.01)
        assert label.recall.value == pytest.approx(hits / truth[:, c].sum(), abs=0.01)
        assert label.f1.value == pytest.approx(2 * hits / (truth[:, c].sum() + answers[:, c].sum()), abs=0.01)


def test_the_figures_of_labels_hold_the_truth_however_rare_they_are() -> None:
    held = []
    for seed in range(100):
        truth, proba, answers = pool(np.random.default_rng(seed), 2_000, 8)
        found = assisted_figures(truth[:80], answers[:80], proba[:80], Expected.of(proba, answers), seed=seed)
        assert found is not None
        for c, label in enumerate(found.labels):
            hits = int((truth[:, c] & answers[:, c]).sum())
            held += [
                label.recall.low <= hits / truth[:, c].sum() <= label.recall.high,
                label.f1.low <= 2 * hits / (truth[:, c].sum() + answers[:, c].sum()) <= label.f1.high,
            ]
    assert np.mean(held) >= 0.93


def test_a_label_that_the_model_gives_to_no_text_has_no_precision_and_finds_nothing() -> None:
    truth, proba, answers = pool(np.random.default_rng(1), 500, 3)
    answers[:, 2] = 0
    found = assisted_figures(truth[:60], answers[:60], proba[:60], Expected.of(proba, answers), seed=0)
    assert found is not None
    last = found.labels[2]
    assert last.precision is None and (last.recall.value, last.f1.value) == (0.0, 0.0)


@pytest.mark.parametrize("hope", [0.0, 0.02])
def test_a_label_that_nobody_carries_and_the_model_gives_to_no_text_counts_as_0_at_the_low_end_alone(
    hope: float,
) -> None:
    truth, proba, answers = pool(np.random.default_rng(2), 1_000, 4)
    alone = assisted_figures(truth[:80], answers[:80], proba[:80], Expected.of(proba, answers), seed=0)
    truth, proba, answers = (
        np.insert(part, 2, with_, axis=1) for part, with_ in zip((truth, proba, answers), (0, hope, 0), strict=True)
    )
    beside = assisted_figures(truth[:80], answers[:80], proba[:80], Expected.of(proba, answers), seed=0)
    assert alone is not None and beside is not None and (alone.unmet, beside.unmet) == (0, 1)
    assert (beside.macro_f1.value, beside.macro_f1.high) == (alone.macro_f1.value, alone.macro_f1.high)
    assert beside.macro_f1.low == pytest.approx(alone.macro_f1.low * 4 / 5)
    assert [label for c, label in enumerate(beside.labels) if c != 2] == alone.labels
    assert beside.labels[2].f1 == beside.labels[2].recall == Interval(0.0, 0.0, 1.0)


def test_a_label_that_only_texts_outside_the_audit_carry_and_the_model_never_gives_counts_as_one_it_misses() -> None:
    truth, proba, answers = pool(np.random.default_rng(2), 1_000, 4)
    truth[:80, 3], answers[:, 3] = 0, 0
    carried = np.ones(4, bool)
    unmet = assisted_figures(truth[:80], answers[:80], proba[:80], Expected.of(proba, answers), seed=0)
    known = assisted_figures(truth[:80], answers[:80], proba[:80], Expected.of(proba, answers), seed=0, carried=carried)
    assert unmet is not None and known is not None
    assert known.macro_f1.value == pytest.approx(unmet.macro_f1.value * 3 / 4)
