"""Models on the test file: measured once each, from predictions that are kept; never taught, never chosen by it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from labeller.annotation.models import QueueEntry, Source
from labeller.corpus import services as corpus_services
from labeller.corpus import testset
from labeller.corpus.models import ImportJob
from labeller.learning import artifacts, bridge_pool, services, tasks, testscores
from labeller.learning.bridge_testscore import TestTexts as MaterialOfASet
from labeller.learning.bridge_testscore import answer, folded, keep, test_figures
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.projects.history import LabelMerge
from labeller.projects.merging import merge_labels, undo_merge
from labeller.projects.models import Project, User
from labeller.projects.selectors import merged_labels
from modelsvc.types import Head
from tests.cast import add_texts, join, make_project
from tests.corpus.files import csv_bytes, imported
from tests.learning.scene import KINDS, annotate, full, read, refit

figures_of_answers = test_figures
del test_figures  # or pytest takes it for a test

# Committed, so that the run's heartbeat, which has a connection of its own, finds its row.
pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[User], Client]
EXAM = [(text, kind) for kind, texts in KINDS.items() for text in texts[7:]]  # nine texts that stay out of the pool


def exam(project: Project, rows: list[tuple[str, str]] = EXAM, name: str = "exam.csv") -> testset.TestSet:
    content = csv_bytes([["text", "label"], *map(list, rows)])
    job = corpus_services.store_upload(
        project=project, user=None, file_name=name, chunks=[content], purpose=ImportJob.Purpose.TEST
    )
    assert imported(job).added == len(rows), list(job.refused_lines.all())
    return testset.TestSet.objects.get(job=job)


def measured(project: Project) -> TrainingRun:
    """The run that waits, carried out here and now with the real encoder."""
    run = TrainingRun.objects.get(project=project, kind=TrainingRun.Kind.TEST, state="queued")
    tasks.score_on_test_set(run.pk)
    run.refresh_from_db()
    return run


def label_some(project: Project, person: User, *, upto: int, since: int = 0) -> None:
    for at, document in enumerate(project.documents.order_by("id")[since:upto]):
        annotate(document, person, source=Source.AUDIT if at % 3 == 0 else Source.ACTIVE)


@pytest.fixture(params=["single", "multi"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begun(transactional_db: None, bob: User, kind: str) -> Project:
    """Twenty-one texts in the pool, nine answered, one quick model."""
    return begin(make_project(kind), bob)


@pytest.fixture
def started(project: Project, bob: User) -> Project:
    """The same, with one label a text and the whole cast."""
    return begin(project, bob)


def begin(project: Project, bob: User) -> Project:
    if not project.memberships.filter(user=bob).exists():
        join(project, bob)
    add_texts(project, [text for row in zip(*(texts[:7] for texts in KINDS.values()), strict=True) for text in row])
    read(project)
    label_some(project, bob, upto=9)
    refit(project)
    assert ModelVersion.objects.count() == 1
    return project


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
        monkeypatch.setattr("labeller.learning.bridge_testscore.AT_ONCE", 8)
        label_some(started, bob, since=9, upto=18)
        refit(started)
        assert testscores.TestScore.objects.count() == 1
        measured(started)
        assert testscores.TestScore.objects.count() == 2

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

    def test_answers_to_a_set_that_was_replaced_meanwhile_are_not_kept(self, started: Project) -> None:
        found = exam(started)
        version, texts = ModelVersion.objects.get(), MaterialOfASet.of(found)
        answered = answer(blind_head(), version.label_ids, texts, np.ones((9, 2), np.float32), seed=7)
        exam(started, EXAM[:6], "second.csv")
        with transaction.atomic():
            assert keep(version, answered) is None
        assert not testscores.TestScore.objects.exists()

    def test_a_cancelled_run_keeps_what_it_has_measured(self, started: Project) -> None:
        exam(started)
        run = TrainingRun.objects.get(kind=TrainingRun.Kind.TEST)
        services.cancel(run=run)
        tasks.score_on_test_set(run.pk)
        assert not testscores.TestScore.objects.exists()
        assert services.start_test(project=started) is not None


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


def merged(project: Project, gone: str, into: str) -> dict[str, str]:
    """-> which name became which."""
    merge_labels(project=project, labels=list(project.labels.filter(name__in=(gone, into))), into=into)
    return {gone: into}


def measure_again() -> None:
    import_module("labeller.learning.migrations.0011_measure_again_across_merges").measure_again(apps, None)


class TestFiguresFollowFromTheFacts:
    def checked(self, project: Project) -> dict[str, Any]:
        out = io.StringIO()
        call_command("check_results", project.slug, "--json", stdout=out)
        told: dict[str, Any] = json.loads(out.getvalue())
        return told

    def test_made_again_from_the_kept_answers_they_are_equal_to_the_last_digit(self, begun: Project) -> None:
        exam(begun)
        measured(begun)
        assert self.checked(begun) == {"project": begun.slug, "checked": 3, "equal": True, "different": {}}

    def test_also_those_of_a_model_from_before_a_merge(self, begun: Project) -> None:
        merged(begun, "Change", "Court")
        exam(begun, [(text, "Court" if name == "Change" else name) for text, name in EXAM])
        measured(begun)
        assert self.checked(begun)["different"] == {}

    def test_an_answer_that_was_changed_is_found(self, started: Project) -> None:
        exam(started)
        measured(started)
        kept = testscores.TestAnswers.objects.get()
        kept.said = [[(columns[0] + 1) % 3] for columns in kept.said]
        kept.save(update_fields=["said"])
        with pytest.raises(CommandError, match="1 of 3 results differ"):
            self.checked(started)

    def test_the_database_keeps_one_score_a_version_and_set(self, started: Project) -> None:
        exam(started)
        measured(started)
        score = testscores.TestScore.objects.get()
        with pytest.raises(IntegrityError), transaction.atomic():
            testscores.TestScore.objects.create(
                version=score.version, test_set=score.test_set, n_texts=9, label_ids=[], metrics={}
            )


class TestReplacingAndDeleting:
    def test_a_new_file_takes_the_place_of_the_old_and_is_measured_anew(self, started: Project) -> None:
        old = exam(started)
        measured(started)
        exam(started, EXAM[:6], "second.csv")
        assert not testscores.TestScore.objects.exists()
        assert not artifacts.test_embeddings_folder(started.pk, old.pk, started.encoder).exists()
        measured(started)
        assert testscores.TestScore.objects.get().n_texts == 6

    def test_a_manager_is_told_what_goes_and_it_goes(self, started: Project, alice: User, client_of: ClientOf) -> None:
        found = exam(started)
        measured(started)
        client, url = client_of(alice), reverse("test-delete", args=[started.slug])
        page = client.get(url).content.decode()
        assert "Delete the test file exam.csv?" in page
        assert "Its texts (9) and the figures of 1 model on them go, and this cannot be taken back." in page
        assert testset.TestSet.objects.exists()
        client.post(url)
        assert not testset.TestText.objects.exists() and not testscores.TestAnswers.objects.exists()
        read_of_it = artifacts.test_embeddings_folder(started.pk, found.pk, started.encoder)
        assert not read_of_it.exists()
        assert client.get(url).status_code == 404
        assert ModelVersion.objects.exists()

    def test_measuring_and_deleting_are_for_managers(
        self, started: Project, alice: User, bob: User, rita: User, mallory: User, client_of: ClientOf
    ) -> None:
        exam(started)
        for name in ("test-measure", "test-delete"):
            url = reverse(name, args=[started.slug])
            assert [client_of(who).post(url).status_code for who in (mallory, rita, bob)] == [404, 403, 403]
        assert client_of(alice).get(reverse("test-measure", args=[started.slug])).status_code == 405
        TrainingRun.objects.all().delete()
        client_of(alice).post(reverse("test-measure", args=[started.slug]))
        assert TrainingRun.objects.get(kind=TrainingRun.Kind.TEST).requested_by == alice


class TestTheFigures:
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

    @settings(deadline=None, max_examples=40)
    @given(
        said=st.lists(st.integers(0, 2), min_size=1, max_size=40),
        unknown=st.integers(0, 3),
        seed=st.integers(0, 9),
    )
    def test_labels_that_nobody_met_and_the_model_did_not_know_change_nothing(
        self, said: list[int], unknown: int, seed: int
    ) -> None:
        gold = [[at % 3] for at in range(len(said))]
        proba = [[0.6 if column == one else 0.2 for column in range(3)] for one in said]
        answers = [[one] for one in said]
        plain = figures_of_answers(3, gold, answers, proba, multi_label=False, seed=seed)
        wider = figures_of_answers(3 + unknown, gold, answers, proba, multi_label=False, seed=seed)
        assert {name: plain[name] for name in plain if name != "per_label"} == {
            name: wider[name] for name in wider if name != "per_label"
        }
        assert wider["per_label"][:3] == plain["per_label"]


def blind_head() -> Head:
    """Of two numbers a text, which say nothing: always the first label."""
    return Head(np.zeros((2, 3), np.float32), np.zeros(3, np.float32), False, 1.0, np.empty(0, np.float32))
