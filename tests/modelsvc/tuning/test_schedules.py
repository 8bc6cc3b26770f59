from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelsvc.tuning.schedules import layer_rates, slanted_triangle, thawed_layers, total_steps


def test_the_triangle_rises_over_its_first_fifth_and_falls_to_nothing():
    shares = [slanted_triangle(position / 10, warmup=0.2) for position in range(11)]
    assert shares == pytest.approx([0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0])


def test_without_warmup_it_starts_at_its_peak():
    assert slanted_triangle(0, warmup=0) == 1


@given(st.floats(-2, 3), st.floats(0, 1))
def test_a_share_of_the_peak_is_never_outside_0_to_1(position, warmup):
    assert 0 <= slanted_triangle(position, warmup=warmup) <= 1


def test_each_layer_learns_at_eight_tenths_of_the_one_above():
    assert layer_rates(4, peak=1e-3, decay=0.8) == pytest.approx([0.512e-3, 0.64e-3, 0.8e-3, 1e-3])


@pytest.mark.parametrize(
    ("labels", "steps"), [(1, 60), (16, 60), (50, 60), (100, 107), (200, 151), (525, 244), (1000, 260), (4000, 500)]
)
def test_steps_by_number_of_labels(labels, steps):
    assert total_steps(labels, batch=16) == steps


@given(st.integers(1, 20_000), st.integers(1, 64))
def test_more_labels_never_mean_fewer_steps_and_every_text_is_seen_twice(labels, batch):
    steps = total_steps(labels, batch=batch)
    assert total_steps(labels + 1, batch=batch) >= steps
    assert steps * batch >= 2 * labels


def test_layers_thaw_one_by_one_from_the_top():
    assert [thawed_layers(p / 8, layers=4, over=0.5) for p in range(8)] == [1, 2, 3, 4, 4, 4, 4, 4]
    assert thawed_layers(0, layers=4, over=0) == 4
