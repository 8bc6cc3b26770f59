from __future__ import annotations

from labeller.learning.pace import Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def told(*moments: tuple[float, float]) -> list[float | None]:
    """Seconds left at each (second, share done)."""
    clock = Clock()
    pace = Pace(clock=clock)
    answers = []
    for second, done in moments:
        clock.now = 100.0 + second
        left = pace.seconds_left(done)
        answers.append(left if left is None else round(left, 1))
    return answers


def test_the_time_left_follows_from_the_time_the_run_took_so_far() -> None:
    assert told((0, 0.0), (10, 0.25), (20, 0.5), (40, 1.0)) == [None, 30.0, 20.0, 0.0]


def test_nothing_is_said_before_there_is_a_pace() -> None:
    assert told((0, 0.0), (4, 0.5), (20, 0.02), (60, 0.06)) == [None, None, None, 940.0]


def test_a_run_that_goes_on_in_the_middle_is_not_taken_for_a_fast_one() -> None:
    assert told((0, 0.4), (30, 0.7), (60, 0.9)) == [None, 30.0, 12.0]
