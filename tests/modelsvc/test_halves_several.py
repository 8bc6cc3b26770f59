from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.both_views import Said
from modelsvc.halves_facts import ALL_FACTS, LABELS, OFFSET, RANKED, SHARE, TEMPERATURE, speak_against, sureness_in
from modelsvc.halves_several import Halves, as_it_came, asked, compare, facts_of, sureness_of
from modelsvc.heads import cross_fit, fit
from modelsvc.quick import raw_logits
from modelsvc.sureness import EMBEDDING_SHARE, NOTHING_KNOWN, Sureness
from modelsvc.teacher import Task, parts_of
from modelsvc.types import Views, silent
from modelsvc.words import Words, learn_vocabulary

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
        best = compare(task, halves(right(Y), frozen=noise), NOTHING_KNOWN, NOTHING_KNOWN)
        worst = compare(task, halves(noise, frozen=right(Y)), NOTHING_KNOWN, NOTHING_KNOWN)
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
        assert set(facts) == {*RANKED, LABELS, TEMPERATURE, OFFSET, SHARE} <= set(ALL_FACTS)
        assert all(0 <= facts[name] <= 1 for name in RANKED)
        assert sureness_in(facts) == Sureness(facts[TEMPERATURE], facts[OFFSET], facts[SHARE])

    def test_where_nobody_asks_only_the_share_is_told_and_nothing_trained(self, task, monkeypatch):
        monkeypatch.setattr("modelsvc.halves_several.teach", None)
        assert set(facts_of(task, "plain", ask=False, at=0.0)) == {SHARE}

    def test_of_too_few_examples_nothing_is_said(self, task):
        rare = np.zeros((32, 2), np.uint8)
        rare[0, 0] = rare[3:5, 1] = 1
        assert set(facts_of(replace(task, Y=rare), "plain", ask=True, at=0.0)) == {TEMPERATURE, OFFSET, SHARE}

    def test_a_half_without_a_label_stops_nothing(self, task):
        one = np.zeros((32, 2), np.uint8)
        one[7, 0] = 1
        alone = replace(task, Y=one)
        views, before = as_it_came(alone, at=0.0)
        found = asked(alone, "plain", views)
        assert compare(alone, found, before, before).examples == 0
        told = sureness_of(alone, found, before)
        assert told.share == EMBEDDING_SHARE
        made = found.known.any(axis=1)[found.group]  # the other half's models learnt nothing, so theirs is no answer
        moved = Said(np.where(made[:, None], found.tuned.dense, -4), np.where(made[:, None], found.tuned.words, -4))
        assert sureness_of(alone, replace(found, tuned=moved), before) == told

    def test_without_words_the_embeddings_alone_are_asked(self, task):
        plain = replace(task, words=None)
        facts = facts_of(plain, "plain", ask=True, at=0.0)
        assert {*RANKED} <= set(facts) and SHARE not in facts
        assert facts_of(plain, "plain", ask=False, at=0.0) == {}

    def test_one_label_is_asked_as_several_are(self, task):
        assert {*RANKED} <= set(facts_of(replace(task, Y=Y[:, :1]), "plain", ask=True, at=0.0))


class TestWhatTheyTellOfTheHead:
    def test_right_logits_may_be_surer_and_what_is_promised_too_often_less_so(self, task):
        assert sureness_of(task, halves(right(Y)), NOTHING_KNOWN).temperature < 1
        rare = (np.arange(64).reshape(32, 2) % 16 == 0).astype(np.uint8)
        promised = halves(np.ones((32, 2), np.float32))
        assert sureness_of(replace(task, Y=rare), promised, NOTHING_KNOWN).offset < -1

    def test_the_better_view_counts_more_where_it_is_clearly_better(self, task):
        noise = np.random.default_rng(0).normal(size=Y.shape).astype(np.float32)
        assert sureness_of(task, halves(right(Y), 4 * noise), NOTHING_KNOWN).share == 0.85
        assert sureness_of(task, halves(20 * noise, right(Y)), NOTHING_KNOWN).share == 0.15
        assert sureness_of(task, halves(noise, noise), Sureness(share=0.7)).share == 0.7

    def test_texts_whose_label_their_models_could_not_learn_say_nothing(self, task):
        known = np.array([[True, False], [True, True]])
        spoilt = right(Y)
        spoilt[(np.arange(32) // 2 % 2 == 0) & (Y[:, 1] > 0)] *= -1
        told = sureness_of(task, halves(spoilt, known=known), NOTHING_KNOWN)
        assert told.temperature < sureness_of(task, halves(spoilt), NOTHING_KNOWN).temperature


@pytest.fixture(params=[False, True], ids=["embeddings", "embeddings and words"])
def texts(request):
    X = np.random.default_rng(0).normal(size=(32, 8)).astype(np.float32)
    return Views(X, Words.of(VOCABULARY, TEXTS) if request.param else None)


class TestWhereNoTextMayTell:
    def test_logits_are_scaled_moved_and_shared_as_told(self, texts):
        none = np.zeros(32, np.bool_)
        plain, told, shared = (
            fit(texts, Y, multi_label=True, pool=texts, calibrate_on=none, untold=given)
            for given in (Sureness(), Sureness(0.5, -1.5), Sureness(share=0.85))
        )
        assert np.allclose(raw_logits(told, texts), 2 * raw_logits(plain, texts) - 1.5, atol=1e-3)
        assert np.allclose(raw_logits(shared, texts), raw_logits(plain, texts)) == (texts.words is None)
        assert shared.words is None or shared.words.share == 0.85

    def test_the_figures_are_of_such_a_head(self, texts):
        none = np.zeros(32, np.bool_)
        plain, told = (
            cross_fit(texts, Y, multi_label=True, pool=texts, seed=0, calibrate_on=none, untold=given)[0]
            for given in (Sureness(), Sureness(1.0, -3.0))
        )
        assert (told < plain).all()


@pytest.mark.parametrize(("p", "against"), [(0.0, True), (0.009, True), (0.01, False), (0.15, False)])
def test_only_an_order_that_is_clearly_worse_speaks_against_tuning(p, against):
    assert speak_against({RANKED[0]: 0.4, RANKED[1]: 0.5, RANKED[2]: p}) == against
