"""Several labels a text and a test file instead of an audit: a tuned encoder serves only where halves of the labels do
not speak against it, and its head takes for granted what they told."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from labeller.learning import artifacts
from labeller.learning.bridges.later import compare_without_audit
from labeller.learning.bridges.pool import labelled, pool_arrays, reader_of
from labeller.learning.bridges.promotion import judge
from labeller.learning.bridges.quick import head_of
from labeller.learning.bridges.words import views_of, words_of
from labeller.learning.models import LoopState, ModelVersion
from labeller.projects.models import Project, User
from modelsvc.full_run.halves_facts import LABELS, RANKED, SHARE, speak_against
from modelsvc.heads.either import fit
from modelsvc.heads.sureness import EMBEDDING_SHARE
from modelsvc.types import Head
from tests.cast import join, make_project
from tests.insight.scored import add_version
from tests.learning.scene import annotate, fill, full, kind_of, read, refit


@pytest.fixture
def several(db: None, bob: User) -> Project:
    """Twelve texts answered, a third of them with no label; the pool is read."""
    project = make_project(kind="multi")
    project.audit = False
    project.save(update_fields=["audit"])
    join(project, bob, "manager")
    documents = fill(project)
    read(project)
    for document in documents[:12]:
        annotate(document, bob, None if kind_of(document.text) != "Other" else [])
    return project


def ranked(precision: float, frozen: float, p: float) -> dict[str, float | str]:
    return {"labels": 12, "halves_precision": precision, "halves_precision_frozen": frozen, "halves_p": p}


def head_over_serving(project: Project) -> Head:
    snapshot, pool = labelled(project), pool_arrays(reader_of(project).store_folder)
    views = views_of(project, pool)
    return fit(views[pool.rows_of(snapshot.document_ids)[0]], snapshot.Y, multi_label=True, pool=views)


@pytest.mark.parametrize(
    ("later", "facts", "promoted", "words"),
    [
        (0, ranked(0.61, 0.58, 0.7), True, "had an average precision of 0.61 and the encoder as it came 0.58"),
        (0, ranked(0.57, 0.58, 0.4), True, "Promoted: of 12 labels, each half put in order by models of the other"),
        (0, ranked(0.41, 0.58, 0.004), False, "Not promoted: of 12 labels, each half put in order"),
        (14, ranked(0.41, 0.58, 0.004), False, "Not promoted: of 12 labels, each half put in order"),
        (14, ranked(0.61, 0.58, 0.7), True, "14 labels given since it began foretold"),
        (0, {}, False, "8 texts that carry a label are too few to compare"),
    ],
)
def test_halves_of_the_labels_or_later_ones_must_not_speak_against_a_tuned_encoder(
    several: Project, bob: User, later: int, facts: dict[str, float | str], promoted: bool, words: str
) -> None:
    snapshot, head = labelled(several), head_over_serving(several)
    for document in several.documents.order_by("pk")[12 : 12 + later]:
        annotate(document, bob, None if kind_of(document.text) != "Other" else [])
    pool = pool_arrays(reader_of(several).store_folder)
    sentence, better = compare_without_audit(several, snapshot, head, pool, facts)
    assert better is promoted and words in sentence


def test_later_labels_that_hardly_carry_any_say_nothing(several: Project, bob: User) -> None:
    snapshot, head = labelled(several), head_over_serving(several)
    for at, document in enumerate(several.documents.order_by("pk")[12:24]):
        annotate(document, bob, None if at < 2 else [])
    pool = pool_arrays(reader_of(several).store_folder)
    sentence, promoted = compare_without_audit(several, snapshot, head, pool, {})
    assert not promoted and "too few to compare" in sentence


def test_what_the_halves_told_reaches_the_head_and_stays_in_the_quick_model(several: Project) -> None:
    snapshot, pool = labelled(several), pool_arrays(reader_of(several).store_folder)
    told: dict[str, float | str] = {"expected_embedding_share": 0.7}
    untold, made = (judge(several, snapshot, pool, facts).head for facts in ({}, told))
    assert untold.words is not None and made.words is not None
    assert (untold.words.share, made.words.share) == (EMBEDDING_SHARE, 0.7)

    serving = add_version(several, n_labels=12, n_audit=0, kind="full")
    ModelVersion.objects.filter(pk=serving.pk).update(settings=told)
    LoopState.objects.update_or_create(project=several, defaults={"serving": serving})
    read(several)
    refit(several)
    head = head_of(several.pk)
    assert head is not None and head.words is not None and head.words.share == 0.7


def test_texts_have_the_words_of_the_pool_that_heads_read(several: Project, project: Project) -> None:
    texts = list(several.documents.order_by("pk").values_list("text", flat=True))
    words, views = words_of(several, texts), views_of(several, pool_arrays(reader_of(several).store_folder))
    assert words is not None and views.words is not None
    assert np.allclose(words.T.toarray(), views.words.T.toarray(), atol=1e-6)
    assert words_of(project, texts) is None


def test_before_any_text_was_read_the_words_are_those_that_heads_will_read(several: Project) -> None:
    shutil.rmtree(artifacts.words_folder(several.pk), ignore_errors=True)
    texts = list(several.documents.order_by("pk").values_list("text", flat=True))
    before = words_of(several, texts)
    views = views_of(several, pool_arrays(reader_of(several).store_folder))
    assert before is not None and views.words is not None and before.vocabulary == views.words.vocabulary


@pytest.mark.usefixtures("light")
@pytest.mark.slow
def test_a_full_run_asks_the_halves_and_keeps_what_they_told(several: Project, bob: User) -> None:
    for document in several.documents.order_by("pk")[12:30]:
        annotate(document, bob, None if kind_of(document.text) != "Other" else [])
    run = full(several)
    assert run.state == "done"
    version = ModelVersion.objects.get(run=run)
    told = version.settings
    assert {*RANKED, LABELS, SHARE} <= set(told)
    assert (version.promoted_at is not None) == (not speak_against(told))
