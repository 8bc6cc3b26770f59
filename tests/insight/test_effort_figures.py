"""Work, breaks, the price of a point and the date of the end: laws and tables, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.insight.bars import HEIGHT, bars
from labeller.insight.cost import Cost, accuracy_gain, f1_gain, gain, is_one_task, milestones, phi_of
from labeller.insight.effort import Bins, Ledger, Work, break_after, days, total
from labeller.insight.projection import T_975, Pace, finish, next_target, pace
from labeller.insight.selectors import Estimate, VersionScore
from labeller.insight.shares import share

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SECONDS = st.floats(min_value=0.1, max_value=5000, allow_nan=False)
WORKS = st.builds(
    Work,
    labels=st.integers(0, 50),
    timed=st.integers(0, 50),
    answers=st.integers(0, 50),
    seconds=st.integers(0, 10_000).map(float),  # whole, so that sums are exact
    breaks=st.integers(0, 5),
)


class TestBreaks:
    @pytest.mark.parametrize(("median_s", "limit"), [(1, 120), (4, 120), (24, 120), (25, 125), (60, 300)])
    def test_a_break_is_longer_than_five_medians_and_than_two_minutes(self, median_s: float, limit: float) -> None:
        assert break_after(median_s) == limit

    @given(st.lists(SECONDS, min_size=1, max_size=40))
    def test_counting_breaks_as_the_median_adds_no_time_and_leaves_the_middle(self, taken: list[float]) -> None:
        middle = median(taken)
        counted = [middle if seconds > break_after(middle) else seconds for seconds in taken]
        assert median(counted) <= middle
        assert median(counted) == middle or len(taken) % 2 == 0  # of two middle answers the upper one may be a break
        assert sum(counted) <= sum(taken) + 1e-9
        assert all(seconds <= break_after(middle) for seconds in counted)


class TestWork:
    @given(st.lists(WORKS, max_size=8))
    def test_it_adds_up_in_any_order(self, works: list[Work]) -> None:
        assert total(works) == total(reversed(works))
        assert total(works).seconds == sum(work.seconds for work in works)

    def test_a_rate_is_of_labels_and_hours_of_work(self) -> None:
        work = Work(labels=100, timed=90, answers=120, seconds=1800.0)
        assert work.labels_an_hour == 180
        assert work.seconds_per_label == 20

    @pytest.mark.parametrize("work", [Work(), Work(labels=9, timed=4, answers=4, seconds=30), Work(labels=9)])
    def test_too_little_gives_no_rate(self, work: Work) -> None:
        assert work.labels_an_hour is None and work.seconds_per_label is None

    @given(
        st.dictionaries(st.tuples(st.integers(1, 3), st.integers(0, 6)), WORKS, max_size=15),
        st.integers(0, 5),
    )
    def test_two_stretches_together_are_the_work_of_both(self, entries: dict[tuple[int, int], Work], cut: int) -> None:
        bins = Bins.at(MONDAY + timedelta(hours=hour) for hour in range(6))
        ledger = Ledger(bins, entries)
        moment = bins.edges[cut]
        apart = ledger.of(None, range(0, cut + 1)) + ledger.of(None, bins.between(moment, None))
        assert apart == ledger.of()
        assert total(ledger.of([person]) for person in (1, 2, 3)) == ledger.of()


class TestDays:
    def test_days_begin_with_the_first_work_and_keep_the_idle_ones_between(self) -> None:
        midnights = [MONDAY + timedelta(days=day) for day in range(5)]
        ledger = Ledger(Bins.at(midnights), {(1, 2): Work(labels=3), (2, 5): Work(labels=4), (1, 0): Work(labels=99)})
        found = days(ledger, midnights)
        assert [(row.day.day, row.work.labels) for row in found] == [(3, 3), (4, 0), (5, 0), (6, 4)]
        assert [row.work.labels for row in days(ledger, midnights, [2])] == [4]

    def test_no_work_is_no_days(self) -> None:
        assert days(Ledger(Bins.at([MONDAY]), {(1, 0): Work(labels=2)}), [MONDAY]) == []

    @given(st.lists(st.integers(0, 500), max_size=28))
    def test_columns_are_as_high_as_their_counts(self, counts: list[int]) -> None:
        drawn = bars([(date(2026, 1, 1) + timedelta(days=at), count) for at, count in enumerate(counts)])
        for bar, count in zip(drawn.bars, counts, strict=True):
            assert float(bar.y) + float(bar.height) == pytest.approx(HEIGHT, abs=0.011)
            assert float(bar.height) == pytest.approx(HEIGHT * count / max(drawn.most, 1), abs=0.01)
        assert drawn.columns >= len(counts)


def version(n_labels: int, accuracy: float = 0.8, *, n_audit: int = 60, used: bool = True, number: int = 1):
    return VersionScore(
        number=number,
        kind="quick" if used else "full",
        n_labels=n_labels,
        n_audit=n_audit,
        accuracy=Estimate(accuracy, accuracy - 0.1, accuracy + 0.05),
        macro_f1=None,
        scored_how="",
        duration_s=1.0,
        created_at=MONDAY + timedelta(minutes=n_labels),
        promoted_at=None,
        is_serving=False,
        export=None,
    )


class TestCost:
    @pytest.mark.parametrize(
        ("counts", "chosen"),
        [
            ([], []),
            ([90], [90]),
            ([90, 100], [90]),
            ([90, 100, 140], [90, 140]),
            ([90, 100, 140, 150], [90, 150]),
            ([100, 150, 200, 225, 300, 340], [100, 150, 225, 340]),
            ([100, 150, 225, 230], [100, 150, 230]),
        ],
    )
    def test_compared_models_lie_half_as_many_labels_apart_and_end_with_the_newest(
        self, counts: list[int], chosen: list[int]
    ) -> None:
        assert [row.n_labels for row in milestones([version(count) for count in counts])] == chosen

    def test_they_begin_anew_where_the_labels_became_others(self) -> None:
        counts = [90, 140, 160, 170, 200, 240, 260]
        rows = [replace(version(count), label_ids=frozenset({1, 2, 3} if count < 165 else {2, 3})) for count in counts]
        assert [row.n_labels for row in milestones(rows)] == [90, 160, 170, 260]
        assert [is_one_task(*pair) for pair in pairwise(milestones(rows))] == [True, False, True]

    def test_between_models_of_different_labels_nothing_has_a_price(self) -> None:
        found = Cost(version(100, 0.5), version(200, 0.9), Work(seconds=2400.0), None)
        assert found.minutes == 40 and not found.is_certain and found.minutes_a_point is None

    @given(st.lists(st.integers(30, 5000), max_size=60))
    def test_they_are_few_however_many_models_there_are(self, counts: list[int]) -> None:
        rows = milestones([version(count) for count in sorted(counts)])
        assert len(rows) <= 15 and [row.n_labels for row in rows] == sorted({row.n_labels for row in rows})

    def test_models_without_evidence_or_use_are_no_milestones(self) -> None:
        assert milestones([version(90, n_audit=29), version(200, used=False)]) == []

    def test_the_gain_s_interval_squares_and_adds(self) -> None:
        found = gain(Estimate(0.7, 0.6, 0.78), Estimate(0.8, 0.74, 0.86))
        assert found.value == pytest.approx(0.1)
        assert found.low == pytest.approx(0.1 - (0.06**2 + 0.08**2) ** 0.5)
        assert found.high == pytest.approx(0.1 + (0.06**2 + 0.1**2) ** 0.5)

    @given(*[st.floats(0.0, 1.0) for _ in range(2)], *[st.floats(0.0, 0.3) for _ in range(4)])
    def test_going_back_is_the_same_gain_with_the_other_sign(
        self, p: float, q: float, a: float, b: float, c: float, d: float
    ) -> None:
        one, two = Estimate(p, p - a, p + b), Estimate(q, q - c, q + d)
        there, back = gain(one, two), gain(two, one)
        assert there.low <= there.value <= there.high
        assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))

    def test_on_the_same_texts_it_is_newcombe_s_paired_interval(self) -> None:
        # Both right on 43 texts, only the first on 8, only the second on 2, neither on 47.
        before = [True] * 43 + [True] * 8 + [False] * 2 + [False] * 47
        after = [True] * 43 + [False] * 8 + [True] * 2 + [False] * 47
        phi = phi_of(before, after)
        assert phi == pytest.approx((43 * 47 - 8 * 2 - 50) / (51 * 49 * 45 * 55) ** 0.5)
        found = gain(share(51, 100), share(45, 100), phi=phi)
        assert found.value == pytest.approx(-0.06)
        assert found.high - found.low < gain(share(51, 100), share(45, 100)).high - found.low

    @given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
    def test_how_far_two_are_right_together_is_a_correlation(self, right: list[tuple[bool, bool]]) -> None:
        before, after = zip(*right, strict=True)
        phi = phi_of(before, after)
        assert -1 <= phi <= 1 and phi == pytest.approx(phi_of(after, before))
        a, b = share(sum(before), len(right)), share(sum(after), len(right))
        found = gain(a, b, phi=phi)
        assert found.low <= found.value <= found.high

    def test_minutes_a_point_have_the_interval_of_the_gain(self) -> None:
        before, after = version(100, 0.5), version(200, 0.9, number=2)
        found = Cost(before, after, Work(seconds=2400.0), accuracy_gain(before, after))
        price = found.minutes_a_point
        assert found.minutes == 40 and price is not None
        assert price.value == pytest.approx(1.0)
        assert price.low == pytest.approx(0.4 / (100 * found.gain.high) * 100)
        assert price.low < price.value < price.high

    def test_a_gain_that_may_be_chance_has_no_price(self) -> None:
        before, after = version(100, 0.80), version(200, 0.82)
        found = Cost(before, after, Work(seconds=2400.0), accuracy_gain(before, after))
        assert not found.is_certain and found.minutes_a_point is None

    def test_macro_f1_is_compared_by_the_figures_that_lean_on_the_pool_where_both_have_one(self) -> None:
        open_, sure = Estimate(0.5, 0.1, 0.9), Estimate(0.5, 0.45, 0.55)
        before, after = (
            replace(version(count), macro_f1=open_, tightened_f1=replace(sure, value=value, low=value - 0.05))
            for count, value in ((100, 0.4), (200, 0.6))
        )
        assert f1_gain(before, after).value == pytest.approx(0.2) and f1_gain(before, after).low > 0
        assert f1_gain(replace(before, tightened_f1=None), after) == gain(open_, open_)

    def test_accuracy_is_compared_by_the_figures_that_lead_where_both_models_have_one(self) -> None:
        sure = Estimate(0.75, 0.7, 0.8)
        before, after = (
            replace(version(count, 0.7), tightened=replace(sure, value=value))
            for count, value in ((100, 0.75), (200, 0.9))
        )
        assert accuracy_gain(before, after).value == pytest.approx(0.15)
        assert accuracy_gain(replace(before, tightened=None), after).value == 0


class TestProjection:
    @pytest.mark.parametrize("counts", [[], [5], [5, 9], [0, 0, 0, 0]])
    def test_below_three_days_or_without_a_label_there_is_no_pace(self, counts: list[int]) -> None:
        assert pace(counts) is None

    def test_the_pace_is_the_mean_of_the_last_week_with_student_s_interval(self) -> None:
        found = pace([1000, 10, 20, 30, 40, 50, 60, 70])
        assert found is not None and (found.value, found.days) == (40, 7)
        assert found.high - 40 == pytest.approx(T_975[7] * 21.602 / 7**0.5, abs=0.01)
        assert 40 - found.low == pytest.approx(found.high - 40)

    @pytest.mark.parametrize(
        ("missing", "low", "expected"),
        [
            (0, 10.0, (date(2026, 3, 2),) * 3),
            (100, 10.0, (date(2026, 3, 7), date(2026, 3, 6), date(2026, 3, 12))),
            (101, -3.0, (date(2026, 3, 8), date(2026, 3, 6), None)),
            (1_000_000, 10.0, (None, None, None)),
        ],
    )
    def test_the_end_is_a_date_between_two_or_nothing(
        self, missing: int, low: float, expected: tuple[date | None, ...]
    ) -> None:
        found = finish(missing, Pace(20.0, low, 30.0, 7), MONDAY.date())
        assert (found.likely, found.earliest, found.latest) == expected

    @given(st.integers(1, 5000), st.floats(0.5, 300), st.floats(0.1, 200))
    def test_more_labels_never_end_sooner_and_a_quicker_pace_never_later(
        self, missing: int, a_day: float, faster: float
    ) -> None:
        def end(count: int, pace_: float) -> date:
            return finish(count, Pace(pace_, pace_, pace_, 7), MONDAY.date()).likely or date.max

        assert end(missing + 1, a_day) >= end(missing, a_day) >= end(missing, a_day + faster)

    @pytest.mark.parametrize(
        ("labels", "target"), [(0, 50), (49, 50), (50, 100), (130, 200), (200, 500), (999, 1000), (1000, 2000)]
    )
    def test_the_target_offered_is_the_next_round_number(self, labels: int, target: int) -> None:
        assert next_target(labels) == target
