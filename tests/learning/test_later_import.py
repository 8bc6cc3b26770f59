"""Figures after a later import: of today's pool, or not told."""

from __future__ import annotations

import numpy as np
import pytest

from labeller.annotation.models import Source
from labeller.corpus.models import Document
from labeller.insight import selectors
from labeller.insight.advice import outlook
from labeller.insight.headline import headline
from labeller.insight.outlook import reading_of
from labeller.learning.bridges.outlook import points_at, signs_at
from labeller.learning.bridges.recheck import recheck
from labeller.learning.models import ModelVersion, PoolReading
from labeller.projects.models import Project, User
from tests.cast import add_texts
from tests.insight.scored import add_version
from tests.learning.scene import annotate, put_near_kinds, refit
from tests.learning.test_readings import NAMES, POOL, label, pool, read

__all__ = ["pool"]  # the fixture

pytestmark = pytest.mark.django_db
NEW_KINDS = [2 if at % 10 else 0 for at in range(POOL)]


def more(project: Project) -> list[Document]:
    """As many texts again, nearly all of the third kind and in words that no model has met."""
    new = add_texts(project, [f"Other clause {at}." for at in range(POOL)])
    directions = np.random.default_rng(5).normal(size=(3, 384))
    put_near_kinds(project, new, NEW_KINDS, directions, np.random.default_rng(1))
    return new


def ask(new: list[Document], bob: User, *, below: float) -> None:
    """Answer those that the audit would ask next."""
    for text, kind in zip(new, NEW_KINDS, strict=True):
        if text.draw < below and not text.annotations.exists():
            annotate(text, bob, [NAMES[kind]], source=Source.AUDIT)


def test_after_an_import_no_figure_of_the_whole_pool_is_told_until_the_audit_has_asked_of_the_new_texts(
    project: Project, pool: list[Document], bob: User
) -> None:
    label(project, pool, bob, audit=100, active=60)
    refit(project)
    before = PoolReading.objects.get()
    assert before.audit_sample is not None and before.audit_sample["texts"] == 100 == before.version.n_audit
    new = more(project)
    refit(project)
    after = PoolReading.objects.get(version__number=2)
    assert (after.pool_size, after.version.n_audit) == (2 * POOL, 100)
    assert (after.tightened, after.tightened_f1, after.shares, after.off) == (None, None, [], None)
    assert after.advice is not None and after.advice["word"] == "not yet" and after.advice["audit_missing"] > 90
    assert not any("reading of model" in one.what and one.differences for one in recheck(project))

    standing = selectors.standing(project, selectors.versions(project))
    told = headline(standing)
    assert told.sentence.startswith("Of mostly older texts, the model is right on about")
    assert "the 400 texts imported since" in told.beside and "until then every third text" in told.beside
    reading = reading_of(project, standing, selectors.label_scores(project, 2))
    said = outlook(reading, None)
    assert said is not None and "audit texts that are a fair sample of old and new texts alike: " in said.advice

    ask(new, bob, below=0.1)
    refit(project)
    part = PoolReading.objects.get(version__number=3)
    assert part.audit_sample is not None and 30 <= part.audit_sample["texts"] < part.version.n_audit
    truths = {"Change": 240 / 800, "Court": 100 / 800, "Other": 460 / 800}
    for share, name in zip(part.shares, NAMES, strict=True):
        assert share["low"] - 0.05 <= truths[name] <= share["high"] + 0.05
    standing = selectors.standing(project, selectors.versions(project))
    told = headline(standing)
    assert told.sentence.startswith("The model is right on about")
    assert f"measured on {part.audit_sample['texts']} texts drawn at random, and on what" in told.detail
    assert "are a fair sample of all texts" in told.beside and "By all its audit texts alone" in told.beside

    ask(new, bob, below=1)
    refit(project)
    caught_up = PoolReading.objects.get(version__number=4)
    assert caught_up.audit_sample is not None and caught_up.audit_sample["below"] == 1
    assert caught_up.audit_sample["texts"] == caught_up.version.n_audit
    assert not any("reading of model" in one.what and one.differences for one in recheck(project))


def of_a_pool(version: ModelVersion, size: int, kappa: float, *, texts: int = 120) -> PoolReading:
    row = read(version)
    row.pool_size = row.texts = size
    row.kappa = kappa
    row.audit_sample = {"below": 1.0, "texts": texts, "newer": 0, "wanting": 0, "pool": size}
    row.save()
    return row


def test_curve_and_agreement_begin_anew_when_an_import_has_made_the_pool_larger(project: Project) -> None:
    for n_labels in (150, 170, 190):
        old = of_a_pool(add_version(project, n_labels=n_labels, n_audit=120), 500, 0.99)
    assert signs_at(old.version, old, {}).kappas == [0.99, 0.99, 0.99]
    anew = of_a_pool(add_version(project, n_labels=190, n_audit=120), 1000, 0.6, texts=30)
    assert signs_at(anew.version, anew, {}).kappas == []  # it was compared with a model of the pool before
    assert signs_at(anew.version, anew, {}).audit == 30
    assert points_at(anew.version).labels.tolist() == [190]
    next_one = of_a_pool(add_version(project, n_labels=210, n_audit=120), 1000, 0.95)
    assert signs_at(next_one.version, next_one, {}).kappas == [0.95]
    assert points_at(next_one.version).labels.tolist() == [190, 210]
    assert points_at(old.version).labels.tolist() == [150, 170, 190]


def test_a_reading_from_before_the_sample_was_asked_for_is_made_again_by_the_rule_of_its_time(project: Project) -> None:
    of_a_pool(add_version(project, n_labels=150, n_audit=120), 500, 0.99)
    row = of_a_pool(add_version(project, n_labels=170, n_audit=120), 1000, 0.98)
    row.audit_sample = None
    row.save()
    row = PoolReading.objects.get(pk=row.pk)
    assert signs_at(row.version, row, {}).kappas == [0.99, 0.98]
    assert points_at(row.version).labels.tolist() == [150, 170]
