"""What is counted of people's answers: which are labels, which are work, and how long a break was."""

from __future__ import annotations

import pytest

from labeller.annotation.models import Annotation, Source
from labeller.insight.effort_selectors import medians
from labeller.projects.models import Project, User
from tests.insight.told import effort
from tests.insight.worked import add_work


class TestWhatIsCounted:
    def test_a_break_counts_as_an_answer_of_median_length(self, project: Project, alice: User, bob: User) -> None:
        add_work(project, bob, [10.0, 10.0, 20.0, 119.0, 3600.0])
        found = effort(project, alice)
        assert (found.work.seconds, found.work.breaks) == (10 + 10 + 20 + 119 + 20, 1)
        assert found.people[0].median_s == 20

    def test_a_slow_reader_s_break_is_longer(self, project: Project, alice: User, bob: User) -> None:
        add_work(project, alice, [5.0] * 5 + [250.0])
        add_work(project, bob, [60.0] * 5 + [250.0, 301.0])
        assert {row.name: row.work.breaks for row in effort(project, alice).people} == {"alice": 1, "bob": 1}

    @pytest.mark.parametrize("count", [1, 2, 5, 6, 9, 40])
    def test_the_median_is_the_middle_answer_s(self, project: Project, alice: User, bob: User, count: int) -> None:
        add_work(project, bob, [float(n * n) for n in range(count)])
        add_work(project, alice, [1000.0])
        middle = sorted(float(n * n) for n in range(count))
        expected = (middle[(count - 1) // 2] + middle[count // 2]) / 2
        assert medians(project).by_person == {bob.pk: expected, alice.pk: 1000.0}

    def test_skips_and_answers_taken_back_are_work_and_no_labels(self, project: Project, alice: User) -> None:
        add_work(project, alice, [10.0] * 4)
        add_work(project, alice, [10.0] * 2, status=Annotation.Status.SKIPPED)
        add_work(project, alice, [10.0] * 2, taken_back=True)
        work = effort(project, alice).work
        assert (work.labels, work.answers, work.seconds, work.labels_an_hour) == (4, 8, 80, 180)

    def test_imported_labels_are_neither(self, project: Project, alice: User) -> None:
        add_work(project, alice, [None] * 7, source=Source.IMPORT)
        found = effort(project, alice)
        assert found.work.labels == found.work.answers == 0 and found.people == []

    def test_an_answer_to_a_gold_text_is_work_and_no_label(self, project: Project, alice: User) -> None:
        add_work(project, alice, [10.0] * 5)
        add_work(project, alice, [20.0], source=Source.GOLD)
        work = effort(project, alice).work
        assert (work.labels, work.answers, work.seconds) == (5, 6, 70.0)

    def test_a_list_that_was_labelled_at_once_is_no_day_s_work(self, project: Project, alice: User) -> None:
        add_work(project, alice, [10.0] * 5)
        add_work(project, alice, [None] * 300, source=Source.SEARCH)
        add_work(project, alice, [4.0], source=Source.SEARCH)  # one that was read
        work = effort(project, alice).work
        assert (work.labels, work.seconds) == (6, 54.0)

    def test_labels_nobody_timed_are_labels_and_make_no_rate(self, project: Project, alice: User) -> None:
        add_work(project, alice, [None] * 20 + [10.0] * 5)
        work = effort(project, alice).work
        assert (work.labels, work.timed, work.labels_an_hour) == (25, 5, 360)
