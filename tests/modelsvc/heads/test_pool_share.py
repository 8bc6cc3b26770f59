"""The pool's share in the quick model: labels that spread over the graph of unlabelled texts, as far as that pays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelsvc.heads import pool_graph, pool_share
from modelsvc.heads.pool_graph import MOST_TEXTS, graph_of, sampled
from modelsvc.heads.pool_share import (
    LEAST_TEXTS,
    MOST_SOURCES,
    SHARES,
    Mix,
    is_of_use,
    mix_for,
    sources,
    spread_left_out,
)
from modelsvc.heads.quick import cross_fit, fit_head, predict_proba
from modelsvc.types import Embeddings, Targets


def unit(X: np.ndarray) -> Embeddings:
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def one_hot(kinds: np.ndarray, C: int) -> Targets:
    return np.eye(C, dtype=np.uint8)[kinds]


def two_arcs(n: int, seed: int) -> tuple[Embeddings, np.ndarray]:
    """Two arcs of a circle, n texts in all, in order: the end of each is nearer to the other's beginning than to its
    own."""
    rng = np.random.default_rng(seed)
    kind = (np.arange(n) >= n // 2).astype(int)
    angle = np.concatenate([np.linspace(0, 120, n // 2), np.linspace(180, 300, n - n // 2)])
    angle = np.deg2rad(angle + rng.normal(0, 0.2, n))
    return unit(np.stack([np.cos(angle), np.sin(angle)], axis=1)), kind


def blobs(n: int, seed: int, C: int = 4) -> tuple[Embeddings, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 1, (C, 24))
    kind = rng.integers(0, C, n)
    return unit(centres[kind] + rng.normal(0, 1.5, (n, 24))), kind


class TestLabelsSpreadOverTheGraph:
    def test_along_a_bent_group_from_one_label_a_kind_where_the_nearest_label_is_the_wrong_one(self):
        X, kind = two_arcs(80, seed=1)
        labelled = X[[0, 40]]
        arrived = (one_hot(kind[[0, 40]], 2) - 0.5).T @ graph_of(X).flows(labelled)
        assert (arrived.argmax(axis=0) == kind).mean() > 0.95
        assert ((X @ labelled.T).argmax(axis=1) == kind).mean() < 0.85

    def test_from_texts_that_are_no_nodes(self):
        X, kind = two_arcs(120, seed=2)
        newcomers = two_arcs(8, seed=3)[0][[1, 5]]
        arrived = (one_hot(np.array([0, 1]), 2) - 0.5).T @ graph_of(X).flows(newcomers)
        assert (arrived.argmax(axis=0) == kind).mean() > 0.95

    def test_from_a_text_far_from_all_others_too(self):
        X, _ = blobs(300, seed=17)
        close = unit(np.ones((300, 24)) + 1e-4 * X)  # a pool of nearly one text
        assert np.isfinite(graph_of(close).flows(X[:3])).all()

    def test_not_to_texts_that_no_label_is_joined_to(self):
        X, kind = blobs(400, seed=23)
        X = unit(np.column_stack([X, np.full(400, 0.0)]))
        island = np.random.default_rng(24).normal(0, 1e-3, (60, 25))
        island[:, 24] = -1  # a direction that none of the others has
        graph = graph_of(np.concatenate([X, unit(island)]))
        reached, label = graph.answers(graph.flows(X[:20]), one_hot(kind[:20], 4))
        assert reached.tolist() == list(range(400)) and (label == kind).mean() > 0.8

    def test_as_much_leaves_the_graph_as_enters_it(self):
        X, _ = two_arcs(300, seed=4)
        graph = graph_of(X)
        sources = graph._sources(X[:5]) - (graph.degree / graph.degree.sum())[:, None]
        assert sources.sum(axis=0) == pytest.approx(0, abs=1e-4)

    def test_a_label_without_a_text_reaches_nobody(self):
        X, kind = blobs(400, seed=5, C=3)
        Y = one_hot(kind[:20], 4)  # the fourth label is never given
        told = graph_of(X).discriminant(graph_of(X).flows(X[:20]), Y)
        assert (told.weights[:, 3] == 0).all()

    def test_the_order_of_the_labelled_texts_does_not_matter(self):
        X, kind = blobs(400, seed=6)
        rows = np.arange(30)
        turned = rows[::-1]
        graph = graph_of(X)
        a = graph.discriminant(graph.flows(X[rows]), one_hot(kind[rows], 4))
        b = graph.discriminant(graph.flows(X[turned]), one_hot(kind[turned], 4))
        assert a.weights == pytest.approx(b.weights, abs=1e-3)

    def test_flows_of_texts_that_are_no_sources_any_more_are_forgotten(self, monkeypatch):
        monkeypatch.setattr(pool_graph, "MOST_FLOWS", 10)
        X, _ = blobs(300, seed=25)
        graph = graph_of(X)
        first = graph.flows(X[:8])
        graph.flows(X[8:16])
        assert len(graph._flows) == 8
        assert graph.flows(X[:8]) == pytest.approx(first, abs=1e-5)

    def test_a_graph_is_made_once_for_the_same_texts(self):
        X, _ = blobs(300, seed=7)
        assert graph_of(X) is graph_of(X.copy())
        assert len(pool_graph._graphs) <= pool_graph.KEPT


class TestTheHeadWithThePoolsShare:
    def test_is_better_where_texts_of_a_kind_lie_together(self):
        X, kind = blobs(2_000, seed=8)
        rows = np.arange(12)
        alone = fit_head(X[rows], one_hot(kind[rows], 4), multi_label=False)
        shared = fit_head(X[rows], one_hot(kind[rows], 4), multi_label=False, pool_X=X[:1_000])
        right = [(predict_proba(head, X[1_000:]).argmax(1) == kind[1_000:]).mean() for head in (alone, shared)]
        assert right[1] > right[0] + 0.02

    def test_is_hardly_worse_where_they_do_not(self):
        """The kind is one small direction among large ones that say nothing: neighbours have any kind."""
        rng = np.random.default_rng(9)
        kind = rng.integers(0, 2, 3_000)
        X = rng.normal(0, 1, (3_000, 30))
        X[:, 0] = 1.4 * (2 * kind - 1)
        X, rows = unit(X), np.arange(200)
        alone = fit_head(X[rows], one_hot(kind[rows], 2), multi_label=False)
        shared = fit_head(X[rows], one_hot(kind[rows], 2), multi_label=False, pool_X=X[:1_500])
        right = [(predict_proba(head, X[1_500:]).argmax(1) == kind[1_500:]).mean() for head in (alone, shared)]
        assert right[1] > right[0] - 0.02

    def test_is_the_same_for_the_same_labels_pool_and_seed(self):
        X, kind = blobs(600, seed=10)
        Y = one_hot(kind[:40], 4)
        first = fit_head(X[:40], Y, multi_label=False, seed=3, pool_X=X)
        pool_graph._graphs.clear()
        again = fit_head(X[:40], Y, multi_label=False, seed=3, pool_X=X)
        assert (first.weights == again.weights).all() and first.temperature == again.temperature

    @pytest.mark.parametrize(
        ("pool", "kinds", "asked"), [(LEAST_TEXTS, 2, True), (LEAST_TEXTS - 1, 2, False), (5_000, 1, False)]
    )
    def test_asks_a_pool_that_can_tell_something(self, pool, kinds, asked):
        assert is_of_use(pool, kinds) is asked

    def test_knows_its_mix_and_keeps_it_where_it_is_not_calibrated_anew(self):
        X, kind = blobs(1_500, seed=18)
        before = fit_head(X[:60], one_hot(kind[:60], 4), multi_label=False, pool_X=X)
        assert before.pool_share > 0
        Y = one_hot(kind[:61], 4)
        after = fit_head(X[:61], Y, multi_label=False, pool_X=X, warm=before, calibrate=False)
        assert (after.pool_share, after.pool_scale) == (before.pool_share, before.pool_scale)
        anew = fit_head(X[:61], Y, multi_label=False, pool_X=X)
        assert after.weights == pytest.approx(anew.weights, abs=0.2 * float(np.abs(anew.weights).max()))

    def test_does_not_fall_off_where_not_all_labelled_texts_are_sources_any_more(self):
        X, kind = blobs(4_000, seed=19)
        right = []
        for n in (MOST_SOURCES, MOST_SOURCES + 1):
            head = fit_head(X[:n], one_hot(kind[:n], 4), multi_label=False, pool_X=X[:1_000])
            right.append((predict_proba(head, X[2_000:]).argmax(1) == kind[2_000:]).mean())
        assert abs(right[1] - right[0]) < 0.005

    def test_a_small_pool_changes_nothing(self):
        X, kind = blobs(150, seed=11)
        Y = one_hot(kind[:30], 4)
        assert (
            fit_head(X[:30], Y, multi_label=False, pool_X=X).weights == fit_head(X[:30], Y, multi_label=False).weights
        ).all()

    def test_a_label_nobody_has_given_stays_out_of_reach(self):
        X, kind = blobs(600, seed=12, C=3)
        head = fit_head(X[:30], one_hot(kind[:30], 4), multi_label=False, pool_X=X)
        assert predict_proba(head, X)[:, 3].max() < 1e-6


class TestLeftOutAnswers:
    def test_of_the_pool_do_not_change_with_the_labels_of_their_own_fold(self, monkeypatch):
        fold = np.arange(40) % 5
        monkeypatch.setattr(pool_share, "stratified_folds", lambda *_, **__: fold)
        X, kind = blobs(600, seed=26)
        other = np.where(fold == 0, (kind[:40] + 1) % 4, kind[:40])
        before, after = (spread_left_out(X, X[:40], one_hot(k, 4), folds=5, seed=0) for k in (kind[:40], other))
        assert (before[fold == 0] == after[fold == 0]).all()
        assert (before[fold != 0] != after[fold != 0]).any()

    def test_come_from_heads_that_know_neither_the_text_nor_what_was_set_by_it(self):
        """Labels that are pure chance: any leak would lift the answers above chance."""
        X, _ = blobs(900, seed=13)
        Y = one_hot(np.random.default_rng(14).integers(0, 4, 240), 4)
        proba, decided = cross_fit(X[:240], Y, multi_label=False, seed=0, pool_X=X)
        assert (decided.argmax(1) == Y.argmax(1)).mean() == pytest.approx(0.25, abs=0.09)
        assert proba.max(1).mean() < 0.5

    def test_are_better_with_the_pool_where_texts_of_a_kind_lie_together(self):
        X, kind = blobs(1_500, seed=15)
        Y = one_hot(kind[:40], 4)
        alone, _ = cross_fit(X[:40], Y, multi_label=False, seed=0)
        shared, _ = cross_fit(X[:40], Y, multi_label=False, seed=0, pool_X=X)
        assert (shared.argmax(1) == kind[:40]).sum() >= (alone.argmax(1) == kind[:40]).sum()


class TestTheMix:
    def test_of_no_share_is_the_head(self):
        head, pool = np.ones((3, 2), np.float32), np.full((3, 2), 7, np.float32)
        assert (Mix(0.0, 5.0).of(head, pool) == head).all()

    @given(st.floats(0, 4), st.floats(0.01, 100))
    def test_lies_between_head_and_scaled_pool(self, share, scale):
        mixed = float(Mix(share, scale).of(np.array([1.0], np.float32), np.array([2.0], np.float32))[0])
        low, high = sorted((1.0, 2.0 * scale))
        assert low - 1e-4 * high <= mixed <= high * (1 + 1e-4)

    def test_leans_on_whoever_is_right(self):
        rng = np.random.default_rng(16)
        kind = rng.integers(0, 3, 60)
        right, chance = 3.0 * one_hot(kind, 3), rng.normal(0, 1.4, (60, 3))
        every = np.ones(60, bool)
        right, chance = right.astype(np.float32), chance.astype(np.float32)
        assert mix_for(right, chance, one_hot(kind, 3), every, expected=0.5, least=10).share == 0
        assert mix_for(chance, right, one_hot(kind, 3), every, expected=0.5, least=10).share == 4

    @pytest.mark.parametrize("expected", SHARES)
    def test_is_the_expected_one_wherever_the_best_is_not_better_by_a_standard_error(self, expected):
        """Head and pool say nearly the same: one of the shares is best, by a hair."""
        rng = np.random.default_rng(19)
        kind = rng.integers(0, 3, 60)
        head = 2.0 * one_hot(kind, 3) + rng.normal(0, 1, (60, 3))
        pool = head + rng.normal(0, 0.02, (60, 3))
        found = mix_for(
            head.astype(np.float32),
            pool.astype(np.float32),
            one_hot(kind, 3),
            np.ones(60, bool),
            expected=expected,
            least=10,
        )
        assert found.share == expected

    def test_is_the_expected_one_where_too_few_texts_can_tell(self):
        logits = np.zeros((9, 2), np.float32)
        assert (
            mix_for(logits, logits, one_hot(np.zeros(9, int), 2), np.ones(9, bool), expected=2.0, least=10).share == 2.0
        )


class TestTheSources:
    def test_are_all_while_there_is_room(self):
        X, kind = blobs(50, seed=20)
        assert sources(X, one_hot(kind, 4)).tolist() == list(range(50))

    def test_leave_no_rare_label_out(self):
        X, _ = blobs(3_000, seed=21)
        kind = np.where(np.arange(3_000) < 5, 1, 0)
        rows = sources(X, one_hot(kind, 2))
        assert len(rows) == MOST_SOURCES and set(range(5)) <= set(rows.tolist()) and (np.diff(rows) > 0).all()

    def test_are_nearly_the_same_after_one_label_more(self):
        X, kind = blobs(3_000, seed=22)
        before, after = (set(sources(X[:n], one_hot(kind[:n], 4)).tolist()) for n in (2_000, 2_001))
        assert len(before ^ after) <= 2


class TestTheTextsOfTheGraph:
    def test_are_all_where_the_pool_is_small(self):
        assert sampled(50, seed=1).tolist() == list(range(50))

    @given(st.integers(MOST_TEXTS + 1, 60_000), st.integers(0, 5))
    def test_are_distinct_ascending_and_the_same_each_time(self, size, seed):
        rows = sampled(size, seed=seed)
        assert len(rows) == MOST_TEXTS and (np.diff(rows) > 0).all() and rows[-1] < size
        assert (rows == sampled(size, seed=seed)).all()
