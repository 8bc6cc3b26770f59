"""A project whose texts may have several labels: its heads read words beside embeddings, wherever a head is used."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from safetensors.numpy import load_file, save_file

from labeller.annotation.models import QueueEntry, Source
from labeller.learning import artifacts, exports, selectors, tasks
from labeller.learning.bridges import quick as bridge_quick
from labeller.learning.bridges import ranking as bridge_ranking
from labeller.learning.bridges import words as bridge_words
from labeller.learning.bridges.pool import Ids, PoolArrays, labelled, pool_arrays, reader_of
from labeller.learning.bridges.promotion import compare
from labeller.learning.bridges.replay import Examiner
from labeller.learning.bridges.versions import AuditScore, in_words, load_head
from labeller.learning.bridges.words import views_for, views_of
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project, User
from modelsvc.heads.quick import predict_proba
from modelsvc.querying.strategies import Pool, rank
from tests.annotation.acts import free_and_reserved
from tests.cast import join, make_project
from tests.learning.scene import annotate, fill, full, kind_of, read, refit


@pytest.fixture
def several(db: None, bob: User) -> Project:
    """Twelve texts answered, a third of them with no label, five of them audit texts; the pool is read."""
    project = make_project(kind="multi")
    join(project, bob, "manager")
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:12]):
        labels = None if kind_of(document.text) != "Other" else []
        annotate(document, bob, labels, source=Source.AUDIT if at % 3 == 2 or at == 3 else Source.ACTIVE)
    return project


def test_the_quick_model_reads_words_and_is_stored_with_them(several: Project) -> None:
    refit(several)
    version = ModelVersion.objects.get(project=several)
    head, pool = load_head(version), pool_arrays(reader_of(several).store_folder)
    assert head.words is not None and head.words.weights.any()
    assert version.settings["head"] == in_words(head) and "words of the text" in in_words(head)
    assert not list(artifacts.absolute(version.folder).glob("*.pkl"))
    proba = predict_proba(head, views_of(several, pool))
    entries = list(QueueEntry.objects.filter(project=several))
    assert len(entries) > 10
    for entry in entries:
        row = int(np.searchsorted(pool.ids, entry.document_id))
        stored = bridge_ranking.prediction(proba[row], list(several.labels.values_list("id", flat=True)))
        assert stored == pytest.approx(entry.prediction, abs=2e-4)


def test_a_kind_of_text_is_a_label_carried_or_none_of_them_wherever_kinds_are_counted(
    several: Project, bob: User
) -> None:
    documents = several.documents.order_by("pk")
    annotate(documents[12], bob, ["Change", "Court"])
    annotate(documents[14], bob, [])
    labels = labelled(several)
    assert len(np.unique(labels.Y, axis=0)) == 4
    assert labels.kinds == 3 > labels.only(labels.may_teach).kinds == selectors.teaching_labels(several).kinds == 2
    assert selectors.labelled_kinds(several) == (14, 3)


def test_a_stored_head_reads_any_text(several: Project) -> None:
    refit(several)
    head, pool = load_head(ModelVersion.objects.get(project=several)), pool_arrays(reader_of(several).store_folder)
    texts = list(several.documents.order_by("pk").values_list("text", flat=True))
    apart = predict_proba(head, views_for(head, pool.X, texts))
    assert np.allclose(apart, predict_proba(head, views_of(several, pool)), atol=1e-5)


def test_the_audit_of_the_quick_model_is_cross_fitted(several: Project) -> None:
    refit(several)
    version = ModelVersion.objects.get(project=several)
    assert (version.n_audit, version.metrics["n"]) == (5, 5) and "has not seen it" in version.scored_how
    assert len(version.metrics["per_label"]) == 3


def test_texts_are_asked_by_the_thresholds_of_the_head(several: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Pool] = []
    monkeypatch.setattr(
        bridge_ranking, "rank", lambda pool, *args, **options: seen.append(pool) or rank(pool, *args, **options)
    )
    refit(several)
    head = bridge_quick.head_of(several.pk)
    assert head is not None and seen[0].thresholds is not None
    assert np.array_equal(seen[0].thresholds, head.thresholds) and (head.thresholds > 0).all()


def test_words_are_read_once_and_new_texts_alone_later(several: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    texts_of = bridge_words._texts

    def watched(ids: Ids) -> list[str]:
        asked.extend(ids.tolist())
        return texts_of(ids)

    monkeypatch.setattr(bridge_words, "_texts", watched)
    documents = list(several.documents.order_by("pk"))
    pool = pool_arrays(reader_of(several).store_folder)
    some = PoolArrays(pool.ids[:24], pool.X[:24])
    views_of(several, some)
    assert sorted(set(asked)) == pool.ids[:24].tolist()
    asked.clear()
    views_of(several, some)
    assert asked == []
    grown = views_of(several, pool)
    assert asked == pool.ids[24:].tolist()
    assert grown.words is not None
    matrix = grown.words.vocabulary.matrix([document.text for document in documents])
    assert np.allclose(grown.words.T.toarray(), matrix.toarray(), atol=1e-6)
    monkeypatch.setattr(bridge_words, "_words", type(bridge_words._words)())  # another process
    asked.clear()
    again = views_of(several, pool)
    assert asked == [] and again.words is not None and (again.words.T != grown.words.T).nnz == 0


def test_a_smaller_pool_gets_its_own_rows_and_a_text_without_words_none(several: Project) -> None:
    pool = pool_arrays(reader_of(several).store_folder)
    whole = views_of(several, pool)
    few = views_of(several, PoolArrays(pool.ids[3::4], pool.X[3::4]))
    assert whole.words is not None and few.words is not None
    assert np.allclose(few.words.T.toarray(), whole.words.T[3::4].toarray())
    several.documents.filter(pk=int(pool.ids[5])).delete()
    ids = np.append(pool.ids, pool.ids[-1] + 1000)
    more = views_of(several, PoolArrays(ids, np.vstack([pool.X, pool.X[:1]])))
    assert more.words is not None and more.words.T[-1].nnz == 0


@pytest.mark.django_db
def test_a_project_with_one_label_a_text_reads_no_words(project: Project, bob: User) -> None:
    for document in fill(project)[:6]:
        annotate(document, bob)
    read(project)
    refit(project)
    head = load_head(ModelVersion.objects.get(project=project))
    assert head.words is None and head.thresholds.size == 0
    assert not artifacts.words_folder(project.pk).exists()


def test_a_version_from_before_words_were_read_still_loads(several: Project) -> None:
    refit(several)
    version = ModelVersion.objects.get(project=several)
    folder = artifacts.absolute(version.folder)
    arrays = {name: array for name, array in load_file(folder / "head.safetensors").items() if "word" not in name}
    save_file(arrays, folder / "head.safetensors")
    (folder / "vocabulary.json").unlink()
    meta = artifacts.read_json(folder / "meta.json")
    artifacts.write_json(folder / "meta.json", {key: meta[key] for key in meta if key != "embedding_share"})
    head = load_head(version)
    pool = pool_arrays(reader_of(several).store_folder)
    assert head.words is None
    assert np.isfinite(predict_proba(head, views_for(head, pool.X, []))).all()


def test_a_replay_examines_heads_of_words(several: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    refit(several)
    documents = free_and_reserved(list(several.documents.all()))[0]
    labels = list(several.labels.order_by("position", "id").values_list("name", flat=True))
    Y = np.array([[kind_of(document.text) == label != "Other" for label in labels] for document in documents], np.uint8)
    pool = pool_arrays(reader_of(several).store_folder)
    X = pool.X[pool.rows_of(np.array([document.pk for document in documents]))[0]]
    monkeypatch.setattr(Examiner, "_embeddings", lambda self, reader: X)
    told = Examiner(several, [document.text for document in documents], Y).examine()
    assert told["quick"]["macro_f1"] > 0.6 and told["frozen"]["macro_f1"] == told["quick"]["macro_f1"]


def score(gold: list[list[int]], predicted: list[list[int]]) -> AuditScore:
    truth, said = np.array(gold, np.uint8), np.array(predicted, np.uint8)
    return AuditScore(np.arange(len(truth)), said.astype(np.float32), said, truth, {}, "")


NONE, FIRST, SECOND = [0, 0], [1, 0], [0, 1]


@pytest.mark.parametrize(
    ("gold", "new", "old", "promoted", "words"),
    [
        ([FIRST] * 9, [FIRST] * 9, [NONE] * 9, False, "Not promoted yet: 9 audit labels"),
        (
            [NONE] * 50 + [FIRST] * 2,
            [NONE] * 50 + [FIRST] * 2,
            [NONE] * 52,
            False,
            "read 2 carry a label; 3 are needed",
        ),
        ([NONE] * 50 + [FIRST] * 3, [NONE] * 50 + [FIRST] * 3, [NONE] * 53, True, "macro-F1 1.00, 0.00 before"),
        # Six more texts without a label right, and the second label lost: better by whole answers, worse in truth.
        (
            [NONE] * 60 + [FIRST] * 20 + [SECOND] * 4,
            [NONE] * 60 + [FIRST] * 20 + [NONE] * 4,
            [FIRST] * 6 + [NONE] * 54 + [FIRST] * 20 + [SECOND] * 4,
            False,
            "Not promoted: 80 of 84 audit texts right, 78 before; macro-F1 0.50",
        ),
    ],
)
def test_models_of_several_labels_are_compared_on_the_labels_that_are_rare(
    gold: list[list[int]], new: list[list[int]], old: list[list[int]], promoted: bool, words: str
) -> None:
    sentence, better = compare(score(gold, new), score(gold, old), multi_label=True, seed=0)
    assert better is promoted and words in sentence


@pytest.mark.usefixtures("light")
@pytest.mark.slow
def test_a_full_run_gives_a_head_of_words_that_can_be_taken_away(several: Project) -> None:
    run = full(several)
    assert run.state == "done" and "too few to compare models of one half" in run.reason
    version = ModelVersion.objects.get(run=run)
    assert load_head(version).words is not None and version.n_audit == 5
    export = exports.request(version=version)
    tasks.build_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.reason) == ("done", "")
    assert export.check_result["largest_difference"] <= 1e-3
    assert "vocabulary.json" in zipfile.ZipFile(Path(settings.ARTIFACTS) / export.path).namelist()
