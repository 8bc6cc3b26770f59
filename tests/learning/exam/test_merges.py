"""A model on the test file where labels were merged: what it says by the name of one is read as what that became."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from django.apps import apps
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from labeller.learning import testscores
from labeller.learning.bridges.testscore import folded
from labeller.learning.models import TrainingRun
from labeller.projects.history import LabelMerge
from labeller.projects.merging import merge_labels, undo_merge
from labeller.projects.models import Project, User
from labeller.projects.selectors import merged_labels
from tests.learning.exam.acts import EXAM, exam, label_some, measured, merged
from tests.learning.scene import refit


class TestMergedLabels:
    def test_a_merged_label_is_what_it_became(self, started: Project, bob: User) -> None:
        """Else every text of the merged one would be wrong for ever."""
        exam(started)
        measured(started)
        before = testscores.TestScore.objects.latest("version__number").metrics["accuracy"]["value"]
        names = ("Change", "Court")
        merge_labels(project=started, labels=list(started.labels.filter(name__in=names)), into="Court")
        refit(started)  # other labels: a new model, though no label came
        score = testscores.TestScore.objects.latest("version__number")
        assert set(score.label_ids) == set(started.labels.values_list("pk", flat=True))
        assert score.metrics["accuracy"]["value"] >= before

    def test_what_it_says_by_the_name_of_a_merged_label_is_read_as_what_that_became(self, begun: Project) -> None:
        """The model is from before the merge, the file from after it."""
        exam(begun)
        measured(begun)
        before = testscores.TestAnswers.objects.select_related("score").get()
        became = merged(begun, "Change", "Court")
        exam(begun, [(text, became.get(name, name)) for text, name in EXAM], "after.csv")
        measured(begun)
        score = testscores.TestScore.objects.get()
        assert score.label_ids == list(begun.labels.values_list("pk", flat=True))
        ids, read_as = before.score.label_ids, merged_labels(begun.pk)
        expected = [{read_as.get(ids[column], ids[column]) for column in columns} for columns in before.said]
        assert [{score.label_ids[column] for column in columns} for columns in score.answers.said] == expected
        assert {len(row) for row in score.answers.probabilities} == {2}
        if not begun.is_multi:
            assert all(sum(row) == pytest.approx(1, abs=1e-4) for row in score.answers.probabilities)

    @given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.integers(0, 99))
    def test_columns_that_became_one_are_put_together_and_the_others_stay_to_the_last_digit(
        self, into: list[int], seed: int
    ) -> None:
        into = [sorted(set(into)).index(target) for target in into]
        rows = np.random.default_rng(seed).random((4, len(into)), np.float32)
        found = folded(rows, into, together=np.add)
        assert found.shape == (4, len(set(into))) and found.sum() == pytest.approx(rows.sum(), rel=1e-5)
        for column, target in enumerate(into):
            if into.count(target) == 1:
                assert (found[:, target] == rows[:, column]).all()


class TestWhatWasMeasuredWronglyAcrossAMerge:
    """Until 0011 what a model said by the name of a merged label was wrong for ever."""

    def test_is_measured_again_and_what_was_measured_before_the_merge_stays(self, started: Project, bob: User) -> None:
        exam(started)
        measured(started)
        kept = testscores.TestScore.objects.get()
        label_some(started, bob, since=9, upto=18)
        refit(started)  # of as many labels as the first
        merged(started, "Change", "Court")
        testscores.TestScore.objects.filter(version__number=2).update(created_at=timezone.now())  # as if run now
        refit(started)
        measure_again()
        assert list(testscores.TestScore.objects.values_list("version__number", flat=True)) == [1, 3]
        assert testscores.TestAnswers.objects.count() == 2
        assert measured(started).state == "done"
        assert testscores.TestScore.objects.get(version__number=1).pk == kept.pk
        again = testscores.TestScore.objects.get(version__number=2)
        assert again.label_ids == list(started.labels.values_list("pk", flat=True))

    def test_also_where_the_merge_was_undone_since(self, started: Project) -> None:
        exam(started)
        merged(started, "Change", "Court")
        measured(started)
        undo_merge(merge=LabelMerge.objects.get())
        measure_again()
        measured(started)
        score = testscores.TestScore.objects.get()
        assert score.label_ids == score.version.label_ids

    def test_and_nothing_is_asked_for_where_no_label_was_merged(self, started: Project) -> None:
        exam(started)
        measured(started)
        measure_again()
        assert testscores.TestScore.objects.count() == TrainingRun.objects.filter(kind="test").count() == 1


def measure_again() -> None:
    import_module("labeller.learning.migrations.0011_measure_again_across_merges").measure_again(apps, None)
