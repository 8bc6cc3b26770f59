"""A full run on thirty texts, with the real encoder: fine-tuned, read anew, scored, promoted, exported."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from pytest_django import Settings

from labeller.annotation.models import Annotation, QueueEntry, Ranking, Source
from labeller.learning import artifacts, exports, services, tasks
from labeller.learning.bridges import full as bridge_full
from labeller.learning.bridges import pool as bridge_pool
from labeller.learning.bridges.promotion import compare, on_common_ground
from labeller.learning.bridges.versions import AuditScore, score_audit
from labeller.learning.decisions import seen_behind
from labeller.learning.id_ranges import unpack
from labeller.learning.models import AuditPrediction, LoopState, ModelVersion, TrainingRun
from labeller.learning.reasons import OUT_OF_MEMORY, reason_of
from labeller.learning.set_apart import SET_APART
from labeller.projects.models import Project, User
from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run.halves_facts import FACTS
from modelsvc.heads.sureness import NOTHING_KNOWN
from modelsvc.tuning.finetune_config import FineTuneError
from modelsvc.types import Views, silent
from tests.cast import add_texts
from tests.learning.scene import LIGHT, annotate, embed, fill, full, read, refit, vectors

# A run's heartbeat has a connection of its own, which on PostgreSQL does not see what a test has not committed.
COMMITTED = pytest.mark.django_db(transaction=True)


@pytest.fixture
def labelled(project: Project, bob: User) -> Project:
    """Twenty-four answers, of which ten are audit texts; the pool is read."""
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:24]):
        annotate(document, bob, source=Source.AUDIT if at >= 14 else Source.ACTIVE)
    return project


@pytest.mark.usefixtures("one_text_fewer_is_no_loss")
@pytest.mark.slow
@COMMITTED
def test_a_full_run_tunes_reads_scores_and_serves(labelled: Project) -> None:
    run = full(labelled)
    assert (run.state, run.reason, run.progress, run.labels_at_start) == ("done", "", 1.0, 24)
    version = ModelVersion.objects.get(run=run)
    assert (version.kind, version.n_labels, version.n_audit) == ("full", 24, 10)
    assert AuditPrediction.objects.filter(version=version).count() == 10
    assert version.promoted_at and "of 10 audit texts right" in version.settings["promotion"]
    assert version.settings[SET_APART] is True
    folder = artifacts.absolute(version.folder)
    assert (folder / "encoder/model.safetensors").is_file()
    assert artifacts.read_json(folder / "meta.json")["labels"] == ["Change", "Court", "Other"]
    assert unpack(version.snapshot.annotations) == sorted(Annotation.objects.values_list("id", flat=True))
    losses = [point["loss"] for point in run.log if "loss" in point]
    assert losses[-1] < losses[0]
    loop = LoopState.objects.get(project=labelled)
    assert loop.serving == version and loop.refresh_pending
    refit(labelled)
    assert "fine-tuned model 1" in Ranking.objects.get(project=labelled).model_name
    assert QueueEntry.objects.filter(project=labelled).exists()
    # texts that come later are read by the tuned encoder
    add_texts(labelled, ["The courts of Rome decide all disputes between us."])
    assert embed(labelled).log == [{"texts": 1}]


@pytest.mark.usefixtures("light")
@pytest.mark.slow
@COMMITTED
def test_while_the_audit_is_too_small_a_full_run_asks_the_labels(labelled: Project) -> None:
    Annotation.objects.filter(source=Source.AUDIT).order_by("id")[0].delete()
    version = ModelVersion.objects.get(run=full(labelled))
    assert version.n_audit == 9 and set(FACTS) <= set(version.settings)
    assert " labels, each half foretold by models of the other half" in version.settings["promotion"]


@COMMITTED
@pytest.mark.parametrize(("audited", "asked"), [(10, "then"), (9, "first")])
def test_labels_are_asked_behind_the_first_stage_once_the_audit_tells_about_that_one(
    labelled: Project, monkeypatch: pytest.MonkeyPatch, audited: int, asked: str
) -> None:
    for annotation in Annotation.objects.filter(source=Source.AUDIT)[: 10 - audited]:
        annotation.delete()
    heard: list[str] = []

    def train(*_: Any, ask_labels: str, **__: Any) -> None:
        heard.append(ask_labels)
        raise FineTuneError("It is only asked how it would be called.")

    monkeypatch.setattr(bridge_full.recipe, "train", train)
    assert full(labelled).state == "failed"
    assert heard == [asked]


@COMMITTED
def test_a_run_is_told_what_the_store_has_by_the_encoder_as_it_came(
    labelled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = bridge_pool.pool_arrays(bridge_pool.reader_of(labelled).store_folder)
    stored = dict(zip(bridge_pool.texts_of(pool.ids), pool.X.tolist(), strict=True))
    compared: list[bool] = []

    def train(_: Any, texts: list[str], *__: Any, pool_texts: list[str], known: Any, **___: Any) -> None:
        monkeypatch.setattr(Encoder, "encode", lambda *_, **__: pytest.fail("read again"))
        asked = [*texts, *pool_texts]
        compared.append(known(asked, silent).tolist() == [stored[text] for text in asked])
        raise FineTuneError("It is only asked what it would be told.")

    monkeypatch.setattr(bridge_full.recipe, "train", train)
    full(labelled)
    assert compared == [True]


@pytest.mark.usefixtures("light")
@pytest.mark.slow
@COMMITTED
def test_a_full_run_is_not_done_twice(labelled: Project) -> None:
    run = full(labelled)
    tasks.fine_tune(run.pk)
    assert ModelVersion.objects.filter(kind="full").count() == 1


@pytest.mark.slow
@COMMITTED
def test_a_run_that_died_between_its_stages_goes_on_behind_the_first(
    labelled: Project, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.RECIPE = LIGHT
    run = full(labelled)
    version = ModelVersion.objects.get(run=run)
    assert version.settings["stage"] == "labels" and version.settings["recipe"] == settings.RECIPE
    halves = {"halves_right": 3, "halves_right_frozen": 9, "halves_p": 0.07}  # as where no audit decides
    ModelVersion.objects.filter(pk=version.pk).update(settings=version.settings | halves)
    settings.RECIPE = {}  # the server starts again, with another recipe
    TrainingRun.objects.filter(pk=run.pk).update(state="queued", finished_at=None, reason="")
    train, taken_up = bridge_full.recipe.train, []

    def goes_on(*args: Any, first: Any, first_facts: Any, config: Any, **options: Any) -> Any:
        taken_up.append((first.sha256, first_facts, config.pairs.steps, config.fine_tuning.epochs))
        return train(*args, first=first, first_facts=first_facts, config=config, **options)

    monkeypatch.setattr(bridge_full.recipe, "train", goes_on)
    tasks.fine_tune(run.pk)
    run.refresh_from_db()
    assert (run.state, run.reason, taken_up) == ("done", "", [(version.encoder_sha256, halves, 3, 1.0)])
    assert ModelVersion.objects.filter(run=run).get() == version


@pytest.mark.usefixtures("light")
@pytest.mark.slow
@COMMITTED
@pytest.mark.parametrize("kind", ["quick", "full"])
def test_a_model_is_checked_and_taken_away(labelled: Project, kind: str) -> None:
    refit(labelled) if kind == "quick" else full(labelled)
    export = exports.request(version=ModelVersion.objects.get(kind=kind))
    tasks.build_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.reason) == ("done", "")
    assert export.check_result["texts"] == 20 and export.check_result["largest_difference"] <= 1e-3
    path = Path(settings.ARTIFACTS) / export.path
    assert path.stat().st_size == export.size
    names = zipfile.ZipFile(path).namelist()
    assert {"predict.py", "README.md", "model.safetensors", "head.safetensors"} <= set(names)


@pytest.mark.usefixtures("light", "one_text_fewer_is_no_loss")
@pytest.mark.slow
@COMMITTED
def test_the_commands_train_and_export(labelled: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("train", labelled.slug, "--wait", "--json")
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["state"], told["model"], told["promoted"]) == ("done", 1, True)
    out = tmp_path / "model.zip"
    call_command("export_model", labelled.slug, "--out", str(out), "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["size"] == out.stat().st_size and told["check"]["texts"] == 20


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "nowhere"], "There is no project 'nowhere'"),
        (["train", "terms-of-service", "--wait"], "at least two kinds"),
        (["export_model", "nowhere", "--out", "m.zip"], "There is no project 'nowhere'"),
        (["export_model", "terms-of-service", "--out", "m.zip"], "has no model"),
        (["export_model", "terms-of-service", "--version", "7", "--out", "m.zip"], "has no model 7"),
    ],
)
def test_commands_refuse_bad_input_with_exit_code_2(project: Project, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refusal:
        call_command(*arguments)
    assert refusal.value.returncode == 2


@pytest.mark.django_db
def test_a_run_whose_encoder_is_gone_says_so_and_labelling_goes_on(labelled: Project, bob: User) -> None:
    from labeller.annotation.services import serve

    Project.objects.update(encoder="legal-bert")
    run = services.start_full(project=labelled, enqueue=False)
    tasks.fine_tune(run.pk)
    run.refresh_from_db()
    assert run.state == "failed" and "'legal-bert' is not in this server's list" in run.reason
    assert serve(project=Project.objects.get(), annotator=bob, count=1)


@pytest.mark.django_db
def test_a_run_that_was_cancelled_while_it_waited_does_nothing(labelled: Project) -> None:
    run = services.start_full(project=labelled, enqueue=False)
    services.cancel(run=run)
    tasks.fine_tune(run.pk)
    run.refresh_from_db()
    assert run.state == "cancelled" and run.attempts == 0 and not ModelVersion.objects.exists()


@pytest.mark.django_db
def test_a_task_of_a_deleted_project_returns() -> None:
    tasks.embed(4711)
    tasks.fine_tune(4711)
    tasks.build_export(4711)
    assert not TrainingRun.objects.exists()


@pytest.mark.django_db
def test_the_trigger_starts_one_full_run_at_sixteen_labels(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    for document in documents[:15]:
        annotate(document, bob)
    refit(project)
    assert not TrainingRun.objects.filter(kind="full").exists()
    annotate(documents[15], bob)
    refit(project)
    run = TrainingRun.objects.get(kind="full")
    assert run.labels_at_start == 16
    # It fails; nothing starts again at the next label, but at twenty.
    TrainingRun.objects.filter(pk=run.pk).update(state="failed")
    for at in range(16, 20):
        annotate(documents[at], bob)
        refit(project)
        assert TrainingRun.objects.filter(kind="full").count() == (2 if at == 19 else 1)


@pytest.mark.django_db
def test_audit_texts_alone_start_no_full_run(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    for document in documents[:17]:
        annotate(document, bob, source=Source.AUDIT)
    refit(project)
    assert not TrainingRun.objects.filter(kind="full").exists()


def score(right: list[int]) -> AuditScore:
    gold = np.eye(2, dtype=np.uint8)[np.zeros(len(right), int)]
    predicted = np.eye(2, dtype=np.uint8)[1 - np.array(right, int)]
    return AuditScore(np.arange(len(right)), gold.astype(np.float32), predicted, gold, {}, "")


@pytest.mark.parametrize(
    ("new", "old", "promoted", "words"),
    [
        ([1] * 9, [0] * 9, False, "Not promoted yet: 9 audit labels"),
        ([], [], False, "Not promoted yet: 0 audit labels"),
        ([1] * 12, [1] * 12, True, "12 of 12 audit texts right, 12 before"),
        ([0] * 4 + [1] * 6, [0] * 2 + [1] * 8, False, "Not promoted: 6 of 10 audit texts right, 8 before"),
        ([0] * 2 + [1] * 198, [1] * 200, False, "Not promoted: 198 of 200"),
        ([0] + [1] * 9, [1] * 10, True, "Promoted: 9 of 10 audit texts right, 10 before"),
        ([0] * 6 + [1] * 6, [1] * 12, False, "Not promoted: 6 of 12 audit texts right, 12 before"),
        ([1] * 12, [0] * 6 + [1] * 6, True, "Promoted: 12 of 12"),
    ],
)
def test_a_model_is_promoted_on_audit_evidence_unless_more_than_one_text_speaks_against_it(
    new: list[int], old: list[int], promoted: bool, words: str
) -> None:
    sentence, better = compare(score(new), score(old))
    assert better is promoted and words in sentence
    assert seen_behind(sentence) is sentence.startswith("Not promoted: ")


@pytest.mark.django_db
@pytest.mark.parametrize("unread", [0, 4, 6, 24])
def test_two_models_are_compared_on_the_texts_that_both_have_read(project: Project, bob: User, unread: int) -> None:
    """The model before was asleep when the last texts came in: that is no evidence for the new one."""
    documents = fill(project)
    for at, document in enumerate(documents[:24]):
        annotate(document, bob, source=Source.AUDIT if at % 2 else Source.ACTIVE)
    gone = documents[24 - unread : 24]
    read(project, without=gone)
    labels = bridge_pool.labelled(project)
    X = vectors(documents[:24])  # the new model has read them all
    pool = bridge_pool.PoolArrays(labels.document_ids, X)
    audit = score_audit(Views(X), labels, pool=Views(X[:0]), multi_label=False, tuned=True, seed=7)
    new, old = on_common_ground(project, labels, pool, audit, NOTHING_KNOWN)
    assert len(audit.document_ids) == 12
    assert new.document_ids.tolist() == old.document_ids.tolist()
    assert len(new.document_ids) == 12 - unread // 2
    sentence, better = compare(new, old)
    assert better is (unread <= 4) and ("Not promoted yet" in sentence) is (unread > 4)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), OUT_OF_MEMORY),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), OUT_OF_MEMORY),
        (ValueError("first\nsecond"), "ValueError: first"),
        (KeyError(), "KeyError: no message"),
        (services.RunRefused("Wait for it."), "Wait for it."),
    ],
)
def test_a_reason_is_one_line_that_tells_the_cause(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason
