from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.full_run.halves_facts import ALL_FACTS, LABELS, RANKED, SHARE, speak_against, sureness_in
from modelsvc.full_run.halves_several import Halves, as_it_came, asked, compare, facts_of, share_of
from modelsvc.full_run.teacher import Task, parts_of
from modelsvc.heads.both_views import Said
from modelsvc.heads.either import cross_fit, fit
from modelsvc.heads.quick import raw_logits
from modelsvc.heads.sureness import EMBEDDING_SHARE, Sureness
from modelsvc.stores.words import Words, learn_vocabulary
from modelsvc.types import Views, silent

TEXTS = [f"{who} may {what} at any time." for what in ("cancel", "pay", "write", "leave") * 4 for who in ("We", "You")]
Y = np.tile(np.array([[1, 0], [0, 1], [1, 1], [0, 0]], np.uint8), (8, 1))
VOCABULARY = learn_vocabulary(TEXTS)


@pytest.fixture
def task(tiny):
    """Two labels that come alone, together and not at all; heads read words."""
    return Task(tiny, TEXTS, Y, True, 1, 0, silent, words=Words.of(VOCABULARY, TEXTS))


def right(Y, *, by=4.0):
    """Logits that give each text its labels and no others."""
    return (2 * Y.astype(np.float32) - 1) * np.float32(by)


def halves(dense, words=None, *, frozen=None, known=None):
    n, C = dense.shape
    before = Said(np.zeros_like(dense) if frozen is None else frozen, words)
    return Halves(Said(dense, words), before, np.arange(n) // 2 % 2, np.ones((2, C), bool) if known is None else known)


class TestWhetherTuningPays:
    def test_models_that_put_all_texts_right_are_not_held_for_worse_and_those_that_put_all_wrong_are(self, task):
        noise = np.random.default_rng(0).normal(size=Y.shape).astype(np.float32)
        best = compare(task, halves(right(Y), frozen=noise), EMBEDDING_SHARE, EMBEDDING_SHARE)
        worst = compare(task, halves(noise, frozen=right(Y)), EMBEDDING_SHARE, EMBEDDING_SHARE)
        assert best.precision == 1.0 > best.precision_before and best.p > 0.9
        assert worst.precision < 1.0 == worst.precision_before and worst.p < 0.1

    def test_each_half_is_asked_with_models_of_the_other(self, task):
        views, _ = as_it_came(task, at=0.0)
        found = asked(task, "plain", views)
        for index, part in enumerate(parts_of(task)):
            assert (found.group[part.rows] == index).all()
            head = fit(
                views[np.setdiff1d(np.arange(32), part.rows)],
                part.rest.Y,
                multi_label=True,
                pool=views[part.rows],
                calibrate_on=np.zeros(len(part.rest.Y), np.bool_),
            )
            said = found.frozen.mixed(EMBEDDING_SHARE)[part.rows]
            assert np.allclose(said, raw_logits(head, views[part.rows]), atol=1e-3)
        assert not np.allclose(found.tuned.dense, found.frozen.dense)
        assert np.allclose(found.tuned.words, found.frozen.words, atol=1e-5), "words are not tuned"

    def test_what_was_found_is_told_and_can_be_read_again(self, task):
        facts = facts_of(task, "plain", ask=True, at=0.0)
        assert set(facts) == {*RANKED, LABELS, SHARE} <= set(ALL_FACTS)
        assert all(0 <= facts[name] <= 1 for name in RANKED)
        assert sureness_in(facts) == Sureness(share=facts[SHARE])

    def test_where_nobody_asks_only_the_share_is_told_and_nothing_trained(self, task, monkeypatch):
        monkeypatch.setattr("modelsvc.full_run.halves_several.teach", None)
        assert set(facts_of(task, "plain", ask=False, at=0.0)) == {SHARE}

    def test_of_too_few_examples_nothing_is_said(self, task):
        rare = np.zeros((32, 2), np.uint8)
        rare[0, 0] = rare[3:5, 1] = 1
        assert set(facts_of(replace(task, Y=rare), "plain", ask=True, at=0.0)) == {SHARE}

    def test_a_half_without_a_label_stops_nothing(self, task):
        one = np.zeros((32, 2), np.uint8)
        one[7, 0] = 1
        alone = replace(task, Y=one)
        views, before = as_it_came(alone, at=0.0)
        found = asked(alone, "plain", views)
        assert compare(alone, found, before, before).examples == 0
        assert share_of(alone, found, before) == before

    def test_without_words_the_embeddings_alone_are_asked(self, task):
        plain = replace(task, words=None)
        facts = facts_of(plain, "plain", ask=True, at=0.0)
        assert {*RANKED} <= set(facts) and SHARE not in facts
        assert facts_of(plain, "plain", ask=False, at=0.0) == {}

    def test_one_label_is_asked_as_several_are(self, task):
        assert {*RANKED} <= set(facts_of(replace(task, Y=Y[:, :1]), "plain", ask=True, at=0.0))


class TestWhatTheyTellOfTheHead:
    def test_the_better_view_counts_more_where_it_is_clearly_better(self, task):
        noise = np.random.default_rng(0).normal(size=Y.shape).astype(np.float32)
        assert share_of(task, halves(right(Y), 4 * noise), EMBEDDING_SHARE) == 0.85
        assert share_of(task, halves(20 * noise, right(Y)), EMBEDDING_SHARE) == 0.15
        assert share_of(task, halves(noise, noise), 0.7) == 0.7


@pytest.fixture(params=[False, True], ids=["embeddings", "embeddings and words"])
def texts(request):
    X = np.random.default_rng(0).normal(size=(32, 8)).astype(np.float32)
    return Views(X, Words.of(VOCABULARY, TEXTS) if request.param else None)


class TestWhereNoTextMayTell:
    def test_the_embedding_has_its_share_in_the_head(self, texts):
        none = np.zeros(32, np.bool_)
        plain, shared = (
            fit(texts, Y, multi_label=True, pool=texts, calibrate_on=none, untold=given)
            for given in (Sureness(), Sureness(share=0.85))
        )
        assert np.allclose(raw_logits(shared, texts), raw_logits(plain, texts)) == (texts.words is None)
        assert shared.words is None or shared.words.share == 0.85

    def test_and_in_its_figures(self, texts):
        none = np.zeros(32, np.bool_)
        plain, shared = (
            cross_fit(texts, Y, multi_label=True, pool=texts, seed=0, calibrate_on=none, untold=given)[0]
            for given in (Sureness(), Sureness(share=0.85))
        )
        assert np.allclose(shared, plain) == (texts.words is None)


@pytest.mark.parametrize(("p", "against"), [(0.0, True), (0.009, True), (0.01, False), (0.15, False)])
def test_only_an_order_that_is_clearly_worse_speaks_against_tuning(p, against):
    assert speak_against({RANKED[0]: 0.4, RANKED[1]: 0.5, RANKED[2]: p}) == against
