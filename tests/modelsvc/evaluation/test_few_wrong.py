"""Where few audit texts are wrong no figure is surer than those texts alone."""

from __future__ import annotations

import numpy as np
import pytest

from modelsvc.evaluation.assisted_f1 import Assisted, Expected, assisted_figures
from modelsvc.evaluation.evaluate import audit_report, label_reports
from modelsvc.evaluation.few_wrong import with_few_wrong
from modelsvc.types import Targets

CERTAIN = 1 - 1e-7


def answered(n: int, *, wrong: int) -> tuple[Targets, Targets]:
    """Texts of three labels in turn, the first `wrong` of them answered with the next label."""
    truth = np.eye(3, dtype=np.uint8)[np.arange(n) % 3]
    answers = truth.copy()
    answers[:wrong] = np.roll(truth[:wrong], 1, axis=1)
    return truth, answers


def by_a_sure_model(truth: Targets, answers: Targets) -> Assisted | None:
    """What a model says that is certain of each of its answers."""
    proba = np.where(answers > 0, CERTAIN, 1 - CERTAIN)
    return assisted_figures(truth, answers, proba, Expected.of(proba, answers), seed=0)


def test_a_model_that_is_certain_and_right_on_30_texts_alone_would_leave_no_doubt() -> None:
    found = by_a_sure_model(*answered(30, wrong=0))
    assert found is not None and found.macro_f1.high - found.macro_f1.low < 0.001


@pytest.mark.parametrize("wrong", [0, 4, 26, 30])
def test_with_one_label_a_text_nothing_leads_where_fewer_than_five_are_wrong_or_right(wrong: int) -> None:
    truth, answers = answered(30, wrong=wrong)
    assert with_few_wrong(by_a_sure_model(truth, answers), truth, answers, multi_label=False, seed=0) is None


def test_from_five_wrong_ones_on_macro_f1_leads_as_it_was_found() -> None:
    truth, answers = answered(30, wrong=5)
    proba = np.where(answers > 0, 0.8, 0.1)
    found = assisted_figures(truth, answers, proba, Expected.of(proba, answers), seed=0)
    led = with_few_wrong(found, truth, answers, multi_label=False, seed=0)
    assert found is not None and led is not None and led.macro_f1 == found.macro_f1


def test_a_label_with_few_wrong_texts_is_no_surer_than_they_are_and_the_others_stay() -> None:
    truth = np.eye(3, dtype=np.uint8)[np.arange(60) % 3]
    answers = truth.copy()
    answers[np.flatnonzero(truth[:, 0])[:6]] = [0, 1, 0]  # label 2 alone has no mistake
    found = by_a_sure_model(truth, answers)
    led = with_few_wrong(found, truth, answers, multi_label=False, seed=0)
    assert found is not None and led is not None
    assert led.labels[:2] == found.labels[:2]
    alone = label_reports(truth, answers)[2]
    assert led.labels[2].recall.value == pytest.approx(1)
    for figure, plain in ((led.labels[2].recall, alone.recall), (led.labels[2].f1, alone.f1)):
        assert plain is not None and figure.low <= plain.low < 0.95


def test_with_several_labels_a_text_macro_f1_leads_while_it_leaves_a_doubt() -> None:
    truth, answers = answered(40, wrong=1)
    truth[10:], answers[10:] = 0, 0  # most texts carry none
    proba = np.where(answers > 0, 0.8, 0.02)
    found = assisted_figures(truth, answers, proba, Expected.of(proba, answers), seed=0)
    led = with_few_wrong(found, truth, answers, multi_label=True, seed=0)
    assert found is not None and led is not None and led.macro_f1 == found.macro_f1
    sure = with_few_wrong(by_a_sure_model(truth, truth), truth, truth, multi_label=True, seed=0)
    plain = audit_report(truth, truth, multi_label=True, seed=0).macro_f1
    assert sure is not None and (sure.macro_f1.low, sure.macro_f1.high) == (plain.low, plain.high)


def test_nothing_found_stays_nothing() -> None:
    truth, answers = answered(30, wrong=10)
    assert with_few_wrong(None, truth, answers, multi_label=False, seed=0) is None
