"""What each new model says of the pool is kept, with what follows from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Source
from labeller.corpus.models import Document
from labeller.learning.bridges.outlook import forecast_at, points_at, signs_at
from labeller.learning.bridges.pool import labelled, reader_of
from labeller.learning.bridges.reading import read_off, write_reading
from labeller.learning.bridges.recheck import recheck
from labeller.learning.bridges.recheck_readings import reading_again, reading_as_stored
from labeller.learning.bridges.versions import Unseen
from labeller.learning.models import AuditPrediction, ModelVersion, PoolReading, StopSet
from labeller.learning.signals import stop_advised, tell_stop_advised
from labeller.projects.models import Project, User
from modelsvc.evaluation.forecast import LAW
from modelsvc.evaluation.ppi import Proxy, confidence, tightened_share
from modelsvc.evaluation.stopping import advise
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Head
from tests.cast import add_texts
from tests.insight.scored import add_version
from tests.learning.scene import annotate, put_near_kinds, refit

pytestmark = pytest.mark.django_db

POOL = 400
NAMES = ("Change", "Court", "Other")


@pytest.fixture
def pool(project: Project) -> list[Document]:
    """Texts of three kinds, half of them of the first, each embedded near its kind's direction."""
    documents = add_texts(project, [f"Clause {at}." for at in range(POOL)])
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(3, 384))
    put_near_kinds(project, documents, [kind_of(at) for at in range(POOL)], directions, rng)
    return documents


def kind_of(at: int) -> int:
    return (0, 1, 0, 2)[at % 4]


def label(project: Project, documents: list[Document], bob: User, *, audit: int, active: int) -> None:
    """Answer texts that nobody has answered: of the audit's reserve by their draws, and others."""
    threshold = reserve_below(project, len(documents))
    answered = set(project.annotations.values_list("document_id", flat=True))
    rows = sorted(enumerate(documents), key=lambda row: row[1].draw)
    free = [(at, text) for at, text in rows if text.pk not in answered]
    reserved = [row for row in free if row[1].draw < threshold][:audit]
    for at, text in reserved:
        annotate(text, bob, [NAMES[kind_of(at)]], source=Source.AUDIT)
    for at, text in [row for row in free if row[1].draw >= threshold][:active]:
        annotate(text, bob, [NAMES[kind_of(at)]])


def test_each_quick_version_has_one_reading_of_the_whole_pool(
    project: Project, pool: list[Document], bob: User
) -> None:
    label(project, pool, bob, audit=40, active=60)
    refit(project)
    row = PoolReading.objects.get()
    assert (row.version, row.texts, row.pool_size) == (ModelVersion.objects.get(), POOL, POOL)
    assert sum(column["mean"] for column in row.by_label) == pytest.approx(1, abs=1e-4)
    assert sum(column["given"] for column in row.by_label) == pytest.approx(1)
    assert sum(column["carried"] for column in row.by_label) == 100
    assert 0.33 < row.confidence <= 1 and 0 < row.entropy < 1 and row.kappa is None


def test_the_tightened_figures_follow_from_what_is_stored(project: Project, pool: list[Document], bob: User) -> None:
    label(project, pool, bob, audit=40, active=60)
    refit(project)
    row = PoolReading.objects.get()
    kept = list(AuditPrediction.objects.order_by("document_id"))
    proba = np.array([prediction.probabilities for prediction in kept])
    gold, said = (
        np.array([[ident in getattr(p, name) for ident in row.version.label_ids] for p in kept], np.uint8)
        for name in ("gold", "predicted")
    )
    sure = confidence(proba, said, multi_label=False)
    everywhere = Proxy(row.texts, row.confidence, row.confidence_variance)
    again = tightened_share((gold == said).all(axis=1), sure, everywhere)
    assert row.tightened == {"value": again.value, "low": again.low, "high": again.high}
    first = Proxy(row.texts, row.by_label[0]["mean"], row.by_label[0]["variance"])
    again = tightened_share(gold[:, 0] > 0, proba[:, 0], first, texts=POOL)
    assert row.shares[0] == {"value": again.value, "low": again.low, "high": again.high}
    assert len(row.tightened_labels) == len(row.version.label_ids)
    assert all(label["f1"]["low"] <= label["f1"]["value"] <= label["f1"]["high"] for label in row.tightened_labels)


def test_an_unused_label_counts_at_the_low_end_of_macro_f1_alone_and_figures_from_before_keep_their_rule(
    project: Project, pool: list[Document], bob: User
) -> None:
    project.labels.create(name="Unused", position=9, colour="#777777")
    label(project, pool, bob, audit=40, active=60)
    refit(project)
    row = PoolReading.objects.get()
    assert row.by_label[3]["carried"] == 0 and row.by_label[3]["given"] == 0
    told = row.tightened_f1
    assert reading_again(row, multi_label=False)["tightened_f1"] == told and told["unmet"] == 1
    row.tightened_f1 = {name: told[name] for name in ("value", "low", "high")}  # before unused labels opened it
    closed = reading_again(row, multi_label=False)["tightened_f1"]
    assert closed == row.tightened_f1 | {"low": pytest.approx(told["low"] * 4 / 3)}
    row.by_label = [{name: column[name] for name in column if name != "carried"} for column in row.by_label]
    before = reading_again(row, multi_label=False)["tightened_f1"]
    assert before["value"] == pytest.approx(row.tightened_f1["value"] * 3 / 4)


def test_the_shares_are_those_of_the_pool_however_the_labels_were_chosen(
    project: Project, pool: list[Document], bob: User
) -> None:
    label(project, pool, bob, audit=60, active=0)
    threshold = reserve_below(project, POOL)
    rare = [text for at, text in enumerate(pool) if kind_of(at) == 2 and text.draw >= threshold]
    for text in rare:  # as a model would that looks for one kind
        annotate(text, bob, ["Other"])
    refit(project)
    shares = PoolReading.objects.get().shares
    assert len(rare) > 60  # counted plainly, more than half of the labels would be of that kind
    for share, truth in zip(shares, (0.5, 0.25, 0.25), strict=True):
        # Of three intervals one may miss by a little: which texts are drawn depends on the database's numbers.
        assert share["low"] - 0.03 <= truth <= share["high"] + 0.03


def test_below_thirty_audit_texts_nothing_is_estimated(project: Project, pool: list[Document], bob: User) -> None:
    label(project, pool, bob, audit=29, active=20)
    refit(project)
    row = PoolReading.objects.get()
    assert (row.tightened, row.tightened_f1, row.shares, row.off) == (None, None, [], None)
    assert row.tightened_labels == []
    assert row.advice is not None and row.advice["audit_missing"] == 71


def test_a_version_is_compared_with_the_one_before_on_texts_nobody_has_labelled(
    project: Project, pool: list[Document], bob: User
) -> None:
    label(project, pool, bob, audit=20, active=40)
    refit(project)
    label(project, pool, bob, audit=5, active=15)
    refit(project)
    first, second = PoolReading.objects.order_by("version__number")
    assert second.compared_with == first.version
    assert second.kappa is not None and 0 < second.kappa < 1
    assert second.unchanged is not None and second.unchanged > second.kappa
    kept = StopSet.objects.get()
    assert kept.version == second.version
    ids = np.frombuffer(bytes(kept.document_ids), "<i8")
    assert len(ids) == POOL - 80 == len(bytes(kept.answers))


def test_a_full_version_that_is_not_promoted_leaves_the_stop_set_alone(
    project: Project, pool: list[Document], bob: User
) -> None:
    label(project, pool, bob, audit=20, active=40)
    refit(project)
    before = StopSet.objects.get()
    version = add_version(project, n_labels=60, n_audit=20, kind="full", promoted=False)
    row = write_reading(version, reading(project, pool, tuned=True))
    assert row.kappa is not None and row.compared_with == before.version
    assert StopSet.objects.get().version == before.version
    version = add_version(project, n_labels=60, n_audit=20, kind="full", promoted=True)
    write_reading(version, reading(project, pool, tuned=True))
    assert StopSet.objects.get().version == version


def test_of_a_tuned_encoder_only_the_reserve_is_asked(project: Project, pool: list[Document], bob: User) -> None:
    label(project, pool, bob, audit=20, active=40)
    reserved = sum(text.draw < reserve_below(project, POOL) for text in pool)
    assert reading(project, pool, tuned=False).confidence.size == POOL - 60  # labelled, and no fold has answered them
    assert reading(project, pool, tuned=True).confidence.size == reserved - 20


def reading(project: Project, pool: list[Document], *, tuned: bool) -> Any:
    """Of a head that knows a little, with no cross-fitted answers."""
    ids = np.array([text.pk for text in pool])
    proba = np.random.default_rng(1).dirichlet((4, 2, 2), POOL).astype(np.float32)
    head = Head(np.zeros((384, 3), np.float32), np.zeros(3, np.float32), multi_label=False)
    return read_off(project, ids, proba, head, labelled(project), Unseen.none(3), tuned=tuned)


@pytest.mark.parametrize("wrong", [{"texts": 11}, {"confidence": 1.2}, {"entropy": -0.1}, {"kappa": 1.1}])
def test_the_database_refuses_what_cannot_be(project: Project, wrong: dict[str, float]) -> None:
    version = add_version(project, n_labels=20, n_audit=0)
    facts: dict[str, Any] = {
        "pool_size": 10, "texts": 10, "confidence": 0.8, "confidence_variance": 0.1, "doubtful": 0.2, "entropy": 0.3,
        "by_label": [],
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        PoolReading.objects.create(version=version, **facts | wrong)
    PoolReading.objects.create(version=version, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        PoolReading.objects.create(version=version, **facts)


def test_advice_to_stop_is_told_once_it_is_stored(project: Project, django_capture_on_commit_callbacks) -> None:
    heard: list[tuple[int, int]] = []

    def hear(project_id: int, labels: int, **_: object) -> None:
        heard.append((project_id, labels))

    stop_advised.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            tell_stop_advised(project.pk, labels=210)
            assert heard == []
    finally:
        stop_advised.disconnect(hear)
    assert heard == [(project.pk, 210)]


def read(version: ModelVersion) -> PoolReading:
    """A row for it, as a version with enough audit texts has."""
    return PoolReading.objects.create(
        version=version, pool_size=POOL, texts=POOL, confidence=0.8, confidence_variance=0.01, doubtful=0.1,
        entropy=0.2, by_label=[], off=0.0, off_variance=0.1, shares=[],
    )  # fmt: skip


def test_a_pool_that_an_import_made_larger_is_read_by_a_new_model_as_soon_as_it_is_embedded(
    project: Project, pool: list[Document], bob: User
) -> None:
    label(project, pool, bob, audit=40, active=60)
    refit(project)
    new = add_texts(project, [f"A new kind of text {at}." for at in range(30)])
    refit(project)
    assert project.versions.count() == 1  # the new texts are not read yet
    store = EmbeddingStore(reader_of(project).store_folder, sha256="0" * 64)
    store.append(np.array([document.pk for document in new]), np.eye(30, 384, dtype=np.float32))
    refit(project)
    refit(project)
    first, second = PoolReading.objects.order_by("version__number")
    assert (first.pool_size, second.pool_size, second.texts) == (POOL, POOL + 30, POOL + 30)
    label(project, pool, bob, audit=5, active=5)
    add_texts(project, [f"Texts that nobody has read {at}." for at in range(100)])
    refit(project)
    third = PoolReading.objects.get(version__number=3)
    assert third.pool_size == POOL + 30  # it speaks of those alone that it has read


def test_a_forecast_begins_anew_with_the_first_full_model_and_goes_on_over_those_after_it(project: Project) -> None:
    """A tuned encoder's curve does not go on where that of the encoder as it came ended."""
    for n_labels in (30, 40, 50):
        frozen = add_version(project, n_labels=n_labels, n_audit=40)
        read(frozen)
    tuned = add_version(project, n_labels=55, n_audit=40, kind="full", promoted=True)
    read(tuned)
    over_it = add_version(project, n_labels=60, n_audit=40, base=tuned)
    read(over_it)
    assert points_at(frozen).labels.tolist() == [30, 40, 50]
    assert points_at(over_it).labels.tolist() == [55, 60]
    assert points_at(tuned).labels.tolist() == [55]  # what was made later it could not know
    tuned_again = add_version(project, n_labels=70, n_audit=40, kind="full", promoted=True)
    read(tuned_again)
    refused = add_version(project, n_labels=75, n_audit=40, kind="full")
    read(refused)
    over_that = add_version(project, n_labels=80, n_audit=40, base=tuned_again)
    read(over_that)
    assert points_at(over_that).labels.tolist() == [55, 60, 70, 80]


def test_a_head_fitted_again_on_the_same_labels_is_no_second_point_and_agrees_with_nobody(project: Project) -> None:
    """After each full run a quick model is fitted on its labels over its encoder: its kappa is 1 by construction."""

    def compared(version: ModelVersion, kappa: float) -> ModelVersion:
        row = read(version)
        row.kappa = kappa
        row.save()
        return version

    compared(add_version(project, n_labels=100, n_audit=40), 0.90)
    tuned = compared(add_version(project, n_labels=130, n_audit=40, kind="full", promoted=True), 0.70)
    compared(add_version(project, n_labels=130, n_audit=40, base=tuned), 1.0)
    compared(add_version(project, n_labels=132, n_audit=40, base=tuned), 0.999)  # not a step of the curve either
    last = compared(add_version(project, n_labels=137, n_audit=42, base=tuned), 0.96)
    row = PoolReading.objects.get(version=last)
    assert signs_at(last, row, {}).kappas == [0.90, 0.70, 0.96]
    assert points_at(last).labels.tolist() == [130, 132, 137]


def test_a_model_that_was_put_into_service_later_is_no_point_of_the_forecasts_before(project: Project) -> None:
    for n_labels in (30, 40):
        read(add_version(project, n_labels=n_labels, n_audit=40))
    waiting = add_version(project, n_labels=45, n_audit=40, kind="full")
    read(waiting)
    after = add_version(project, n_labels=50, n_audit=40, base=waiting)
    read(after)
    before = points_at(after).labels.tolist()
    ModelVersion.objects.filter(pk=waiting.pk).update(promoted_at=timezone.now())
    assert points_at(after).labels.tolist() == before == [50]


def test_every_reading_follows_from_what_was_frozen_with_it(project: Project, pool: list[Document], bob: User) -> None:
    for audit, active in ((32, 60), (8, 20), (6, 20)):
        label(project, pool, bob, audit=audit, active=active)
        refit(project)
    found = {one.what: one.differences for one in recheck(project)}
    assert [found[f"reading of model {number}"] for number in (1, 2, 3)] == [[], [], []]
    row = PoolReading.objects.get(version__number=2)
    assert row.tightened is not None and row.advice is not None
    row.tightened["value"] += 1e-12
    row.advice["word"] = "stop"
    row.save(update_fields=["tightened", "advice"])
    found = {one.what: one.differences for one in recheck(project)}
    assert [line.split(":")[0] for line in found["reading of model 2"]] == ["advice.word", "tightened.value"]
    assert found["reading of model 3"] == []


@pytest.mark.parametrize(("law", "followed"), [(LAW, True), ("another", False), (None, False)])
def test_a_forecast_is_followed_as_long_as_its_law_is_the_one_in_use(
    project: Project, law: str | None, followed: bool
) -> None:
    for n_labels in (30, 35, 40, 46, 53, 61):
        row = read(add_version(project, n_labels=n_labels, n_audit=20))
    row.forecast = forecast_at(row)
    assert row.forecast is not None
    row.forecast |= {"law": law, "miss": 0.5}
    if law is None:
        del row.forecast["law"]  # from before laws had names
    row.advice = advise(signs_at(row.version, row, {})).to_dict()
    row.save()
    stored, again = reading_as_stored(row), reading_again(row, multi_label=False)
    assert (stored["forecast"] is not None) == (again["forecast"] is not None) == followed
    assert not followed or again["forecast"]["miss"] != 0.5


def test_the_signs_of_a_project_with_several_labels_a_text_say_so(project: Project) -> None:
    row = read(add_version(project, n_labels=30, n_audit=0))
    assert not signs_at(row.version, row, {}).multi_label
    row.version.project.kind = Project.Kind.MULTI
    assert signs_at(row.version, row, {}).multi_label


@pytest.mark.parametrize(("pool_size", "more"), [(POOL, 61), (70, 9), (61, 0)])
def test_the_gain_is_that_of_as_many_labels_again_or_of_all_that_the_pool_has_left(
    project: Project, pool_size: int, more: int
) -> None:
    for n_labels in (30, 35, 40, 46, 53, 61):
        row = read(add_version(project, n_labels=n_labels, n_audit=20))
    row.pool_size = pool_size
    found = forecast_at(row)
    assert found is not None and found["more"] == more
    assert (found["gain"] == [0, 0, 0]) == (more == 0)


@pytest.mark.parametrize("rule", ["another", None])
def test_advice_by_another_rule_is_not_followed(project: Project, rule: str | None) -> None:
    row = read(add_version(project, n_labels=30, n_audit=20))
    row.advice = advise(signs_at(row.version, row, {})).to_dict() | {"rule": rule}
    if rule is None:
        del row.advice["rule"]  # from before rules had names
    row.save()
    assert reading_as_stored(row)["advice"] is reading_again(row, multi_label=False)["advice"] is None
