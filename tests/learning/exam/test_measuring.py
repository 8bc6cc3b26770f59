"""Each model is measured on the test file once, or it is told why not; none is taught or chosen by it."""

from __future__ import annotations

import pytest
from django.db.models import F

from labeller.annotation.models import QueueEntry
from labeller.corpus import testset
from labeller.learning import artifacts, services, tasks, testscores
from labeller.learning.bridges import pool as bridge_pool
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.projects.models import Project, User
from tests.learning.exam.acts import EXAM, exam, label_some, measured
from tests.learning.scene import full, refit


class TestAModelIsMeasured:
    def test_one_made_before_the_file_by_the_run_that_the_file_starts(self, begun: Project) -> None:
        found = exam(begun)
        run = measured(begun)
        assert (run.state, run.reason, run.log) == ("done", "", [{"versions": 1}])
        score = testscores.TestScore.objects.get()
        version = ModelVersion.objects.get()
        assert (score.version, score.test_set, score.n_texts) == (version, found, 9)
        assert score.label_ids == version.label_ids
        kept = score.answers
        right = sum(gold == said for gold, said in zip(kept.gold, kept.said, strict=True))
        assert score.metrics["accuracy"]["value"] == pytest.approx(right / 9)
        assert kept.text_ids == list(testset.TestText.objects.values_list("pk", flat=True))
        assert {len(row) for row in kept.probabilities} == {3}
        if not begun.is_multi:
            assert right >= 5  # it knows something of texts it has never seen

    def test_one_made_later_at_once_where_its_encoder_has_read_the_file(self, begun: Project, bob: User) -> None:
        exam(begun)
        measured(begun)
        label_some(begun, bob, since=9, upto=18)
        refit(begun)
        assert list(testscores.TestScore.objects.values_list("version__number", flat=True)) == [1, 2]
        assert not TrainingRun.objects.filter(kind=TrainingRun.Kind.TEST, state="queued").exists()

    def test_the_run_and_the_refit_say_the_same_of_a_model(self, begun: Project, bob: User) -> None:
        exam(begun)
        measured(begun)
        label_some(begun, bob, since=9, upto=18)
        refit(begun)
        at_once = testscores.TestScore.objects.get(version__number=2)
        before, said = at_once.metrics, at_once.answers.said
        at_once.delete()
        services.start_test(project=begun)
        measured(begun)
        later = testscores.TestScore.objects.get(version__number=2)
        assert later.answers.said == said and later.metrics["accuracy"] == before["accuracy"]

    def test_a_long_file_is_left_to_the_run(self, started: Project, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
        exam(started)
        measured(started)
        monkeypatch.setattr("labeller.learning.bridges.testscore.AT_ONCE", 8)
        label_some(started, bob, since=9, upto=18)
        refit(started)
        assert testscores.TestScore.objects.count() == 1
        measured(started)
        assert testscores.TestScore.objects.count() == 2

    @pytest.mark.usefixtures("light")
    @pytest.mark.slow
    def test_a_full_model_by_the_run_that_follows_it(self, started: Project, bob: User) -> None:
        label_some(started, bob, since=9, upto=21)
        started.documents.update(draw=0.5 + F("draw") / 2)  # else the audit's reserve may hold all texts of a kind
        bridge_pool._draws.clear()
        exam(started)
        measured(started)
        serving = LoopState.objects.get(project=started).serving
        full(started)
        version = ModelVersion.objects.filter(kind="full").order_by("number").first()
        assert version is not None and serving is None
        run = measured(started)
        assert run.state == "done" and testscores.TestScore.objects.filter(version=version).exists()
        kept = artifacts.test_embeddings_folder(started.pk, testset.TestSet.objects.get().pk, "x").parent
        reader = LoopState.objects.get(project=started).serving
        assert {folder.name for folder in kept.iterdir()} <= {str(reader.number) if reader else started.encoder}

    def test_of_a_label_it_does_not_know_every_text_counts_as_wrong(self, started: Project) -> None:
        started.labels.create(name="Fees", position=9, colour="#2b5d8a")
        exam(started, [*EXAM, ("The price list is renewed in spring.", "Fees")])
        measured(started)
        score = testscores.TestScore.objects.get()
        assert len(score.label_ids) == 4 and score.label_ids[:3] == score.version.label_ids
        of_fees = next(one for one in score.metrics["per_label"] if score.label_ids[one["label"]] == score.label_ids[3])
        assert (of_fees["support"], of_fees["predicted"], of_fees["f1"]["value"]) == (1, 0, 0.0)

    def test_nothing_of_the_file_is_served_or_learnt_from(self, started: Project, bob: User) -> None:
        before = ModelVersion.objects.get().snapshot.texts
        exam(started)
        measured(started)
        label_some(started, bob, since=9, upto=18)
        refit(started)
        texts = {text for text, _ in EXAM}
        assert not set(QueueEntry.objects.values_list("document__text", flat=True)) & texts
        assert started.documents.count() == 21 and ModelVersion.objects.get(number=2).snapshot.texts == before


class TestWhatCannotBeMeasured:
    def test_a_model_whose_files_are_gone_is_told_and_the_others_are_measured(
        self, started: Project, bob: User
    ) -> None:
        label_some(started, bob, since=9, upto=18)
        refit(started)
        first = ModelVersion.objects.get(number=1)
        (artifacts.absolute(first.folder) / "head.safetensors").unlink()
        exam(started)
        run = measured(started)
        assert run.state == "done" and run.reason.startswith("Model 1 was not measured: FileNotFoundError")
        assert [score.version.number for score in testscores.TestScore.objects.all()] == [2]
        # Not tried again for ever: the run asked for none after it.
        assert not TrainingRun.objects.filter(kind=TrainingRun.Kind.TEST, state="queued").exists()

    def test_a_model_whose_encoder_is_another_one_now(self, started: Project) -> None:
        ModelVersion.objects.update(encoder_sha256="f" * 64)
        exam(started)
        assert "is another one now than when it was made" in measured(started).reason

    def test_a_model_whose_files_were_deleted_is_not_asked_for(self, started: Project) -> None:
        ModelVersion.objects.update(deleted_at="2026-01-01T00:00Z")
        exam(started)
        assert not TrainingRun.objects.filter(kind=TrainingRun.Kind.TEST).exists()

    def test_a_cancelled_run_keeps_what_it_has_measured(self, started: Project) -> None:
        exam(started)
        run = TrainingRun.objects.get(kind=TrainingRun.Kind.TEST)
        services.cancel(run=run)
        tasks.score_on_test_set(run.pk)
        assert not testscores.TestScore.objects.exists()
        assert services.start_test(project=started) is not None
