"""F1 of one label, micro-F1 and macro-F1: equal to scikit-learn's, and their intervals hold the truth as often as they
say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.evaluation.evaluate import audit_report
from modelsvc.evaluation.f1_intervals import label_f1, macro_f1_with_unmet, micro_f1
from modelsvc.evaluation.intervals import EvaluationError, Interval, macro_f1, wilson


@pytest.mark.parametrize(
    ("hits", "support", "given_to", "value"),
    [(4, 5, 5, 0.8), (0, 3, 0, 0.0), (5, 5, 5, 1.0), (1, 1, 3, 0.5)],
)
def test_f1_of_a_label_follows_from_its_counts(hits, support, given_to, value):
    assert label_f1(hits, support=support, given=given_to).value == pytest.approx(value)


def test_a_label_that_nobody_gave_has_none():
    assert label_f1(0, support=0, given=0) is None


def test_all_right_is_never_called_certain_and_its_bound_is_wilsons_carried_over():
    J = wilson(5, 5).low
    interval = label_f1(5, support=5, given=5)
    assert (interval.low, interval.high) == pytest.approx((2 * J / (1 + J), 1.0))


def test_impossible_counts_are_refused():
    with pytest.raises(EvaluationError, match="6 correct of 4"):
        label_f1(6, support=5, given=5)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_the_interval_holds_the_value_and_narrows_with_more_texts(hits, missed, wrong):
    few = label_f1(hits, support=hits + missed, given=hits + wrong)
    many = label_f1(4 * hits, support=4 * (hits + missed), given=4 * (hits + wrong))
    if few is None:
        assert many is None
        return
    assert 0 <= few.low <= few.value <= few.high <= 1
    assert many.value == pytest.approx(few.value) and many.high - many.low < few.high - few.low


def pool(C=8, N=50_000):
    """Texts of which some are hard: there all labels go wrong together. (N, C) truth and answers."""
    rng = np.random.default_rng(3)
    ease, busy = rng.beta(2, 1, N)[:, None], (rng.random(N) < 0.3)[:, None]
    true = rng.random((N, C)) < np.where(busy, 0.35, 0.02)
    said = np.where(true, rng.random((N, C)) < ease, rng.random((N, C)) < 0.02)
    return true.astype(np.uint8), said.astype(np.uint8)


def test_micro_f1_equals_scikit_learns():
    from sklearn.metrics import f1_score

    true, said = (part[:200] for part in pool())
    assert micro_f1(true, said, multi_label=True).value == pytest.approx(f1_score(true, said, average="micro"))


def test_with_one_label_a_text_micro_f1_is_the_accuracy():
    one = np.eye(3, dtype=np.uint8)
    true, said = one[[0, 1, 2, 0]], one[[0, 1, 1, 0]]
    assert micro_f1(true, said, multi_label=False) == wilson(3, 4)


def test_micro_f1_of_nothing_found_and_nothing_to_find_knows_nothing():
    none = np.zeros((9, 3), np.uint8)
    interval = micro_f1(none, none, multi_label=True)
    assert (interval.value, interval.low, interval.high) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("n", [60, 200])
def test_intervals_hold_the_truth_as_often_as_they_say(n):
    true, said = pool()
    whole = micro_f1(true, said, multi_label=True).value
    of_label = label_f1(
        int((true & said)[:, 0].sum()), support=int(true[:, 0].sum()), given=int(said[:, 0].sum())
    ).value
    rng, held, held_label, rounds = np.random.default_rng(1), 0, 0, 400
    for _ in range(rounds):
        t, s = (part[rows] for rows in [rng.integers(len(true), size=n)] for part in (true, said))
        found = micro_f1(t, s, multi_label=True)
        held += found.low <= whole <= found.high
        one = label_f1(int((t & s)[:, 0].sum()), support=int(t[:, 0].sum()), given=int(s[:, 0].sum()))
        held_label += one is None or one.low <= of_label <= one.high
    assert held / rounds >= 0.92 and held_label / rounds >= 0.93


def test_a_label_that_was_not_met_may_be_anything():
    sure, half = Interval(1.0, 1.0, 1.0), Interval(0.5, 0.5, 0.5)
    met = macro_f1_with_unmet(half, [sure, Interval(0.0, 0.0, 0.0)])
    assert (met.value, met.low, met.high) == (0.5, 0.5, 0.5)
    unmet = macro_f1_with_unmet(half, [half, half, None, None])
    assert (unmet.value, unmet.low, unmet.high) == (0.5, 0.25, 0.75)
    nothing = macro_f1_with_unmet(Interval(0.0, 0.0, 0.0), [None, None])
    assert (nothing.low, nothing.high) == (0.0, 1.0)


def test_without_a_label_there_is_no_mean_over_labels():
    with pytest.raises(EvaluationError, match="at least one"):
        macro_f1_with_unmet(Interval(0.0, 0.0, 0.0), [])


intervals = st.tuples(*[st.floats(0, 1)] * 3).map(sorted).map(lambda at: Interval(at[1], at[0], at[2]))


@given(intervals, st.lists(st.none() | intervals, min_size=1, max_size=12))
def test_macro_f1_is_never_surer_than_its_resamples_and_stays_a_share(resampled, labels):
    found = macro_f1_with_unmet(resampled, labels)
    assert 0 <= found.low <= resampled.low <= found.value <= resampled.high <= found.high <= 1


@given(intervals, st.lists(st.none() | intervals, min_size=1, max_size=12), st.integers(0, 11))
def test_to_lose_sight_of_a_label_never_narrows_macro_f1(resampled, labels, at):
    before = macro_f1_with_unmet(resampled, labels)
    lost = macro_f1_with_unmet(resampled, [None if i == at else label for i, label in enumerate(labels)])
    assert lost.low <= before.low + 1e-9 and before.high <= lost.high + 1e-9


@pytest.mark.parametrize("n", [30, 100])
def test_where_most_labels_are_rare_macro_f1_holds_the_truth_and_the_bootstrap_alone_too_seldom(n):
    rng, C, N = np.random.default_rng(5), 9, 20_000
    rate, found = np.geomspace(0.03, 0.003, C), np.linspace(0.9, 0.3, C)
    true = rng.random((N, C)) < rate
    said = (true & (rng.random((N, C)) < found)) | (rng.random((N, C)) < rate / 4)
    whole, held, alone, rounds = macro_f1(true, said), 0, 0, 200
    for _ in range(rounds):
        rows = rng.integers(N, size=n)
        report = audit_report(true[rows], said[rows], multi_label=True, seed=0)
        held += report.macro_f1.low <= whole <= report.macro_f1.high
        alone += report.resampled_f1.low <= whole <= report.resampled_f1.high
    assert held / rounds >= 0.95 > alone / rounds
