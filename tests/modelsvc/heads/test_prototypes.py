"""What a label is called teaches its head, until the label's own texts do, and never against what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelsvc.heads import quick
from modelsvc.heads.folds import cross_fit_logits, stratified_folds
from modelsvc.heads.left_out import BothWays, LeftOut
from modelsvc.heads.logistic import fit_subsets
from modelsvc.heads.name_store import FILE, NamesRead, mark
from modelsvc.heads.pool_share import spread, spread_left_out
from modelsvc.heads.prototypes import FEW, MOST_TEXTS, Prototypes, are_asked, texts_of
from modelsvc.heads.quick import cross_fit, decide, fit_head, predict_proba
from modelsvc.stores.store import StoreError
from modelsvc.types import Embeddings, Targets


def unit(X: np.ndarray) -> Embeddings:
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def one_hot(kinds: np.ndarray, C: int) -> Targets:
    return np.eye(C, dtype=np.uint8)[kinds]


class World:
    """Texts of C kinds around their centres, and names that lie near these too."""

    def __init__(self, C: int = 12, n: int = 600, seed: int = 0, noise: float = 1.3) -> None:
        rng = np.random.default_rng(seed)
        self.centres = rng.normal(size=(C, 32))
        self.kind = rng.integers(0, C, n)
        self.X = unit(self.centres[self.kind] + noise * rng.normal(size=(n, 32)))
        self.Y = one_hot(self.kind, C)
        self.names = Prototypes(unit(self.centres + 0.8 * rng.normal(size=(C, 32))), np.arange(C))

    def accuracy(self, rows: np.ndarray, names: Prototypes | None, pool: Embeddings | None = None) -> float:
        head = fit_head(self.X[rows], self.Y[rows], multi_label=False, names=names, pool_X=pool)
        said = decide(head, predict_proba(head, self.X))
        return float((said == self.Y).all(axis=1).mean())


class TestALabelNobodyHasUsed:
    def test_is_known_by_its_name(self) -> None:
        world = World()
        rows = np.flatnonzero(world.kind < 6)[:30]
        head = fit_head(world.X[rows], world.Y[rows], multi_label=False, names=world.names)
        others = world.kind >= 6
        said = predict_proba(head, world.X[others]).argmax(axis=1)
        assert (said == world.kind[others]).mean() > 0.6

    def test_is_never_said_without_one(self) -> None:
        world = World()
        rows = np.flatnonzero(world.kind < 6)[:30]
        head = fit_head(world.X[rows], world.Y[rows], multi_label=False)
        assert set(predict_proba(head, world.X).argmax(axis=1)) <= set(range(6))

    def test_is_known_where_names_of_others_were_not_read_yet(self) -> None:
        world = World()
        rows = np.flatnonzero(world.kind < 6)[:30]
        only = Prototypes(world.names.X[[7]], np.array([7]))
        head = fit_head(world.X[rows], world.Y[rows], multi_label=False, names=only)
        said = predict_proba(head, world.X).argmax(axis=1)
        assert set(said) <= {*range(6), 7} and (said[world.kind == 7] == 7).mean() > 0.6


class TestNamesBesideTexts:
    @pytest.mark.parametrize("with_pool", [False, True])
    def test_are_worth_many_labels_while_these_are_few(self, with_pool: bool) -> None:
        world, rng = World(), np.random.default_rng(1)
        pool = world.X if with_pool else None
        gains = []
        for _ in range(5):
            rows = rng.choice(len(world.X), 24, replace=False)
            gains.append(world.accuracy(rows, world.names, pool) - world.accuracy(rows, None, pool))
        assert np.mean(gains) > 0.1 and min(gains) > 0

    def test_that_say_something_else_are_left_out_once_texts_can_tell(self) -> None:
        world, rng = World(C=40, n=1200), np.random.default_rng(2)
        wrong = Prototypes(world.names.X[np.roll(np.arange(40), 5)], np.arange(40))
        rows = rng.choice(len(world.X), 80, replace=False)
        head = fit_head(world.X[rows], world.Y[rows], multi_label=False, names=wrong)
        assert not head.named and world.accuracy(rows, wrong) == world.accuracy(rows, None)

    def test_count_for_less_with_each_text_of_the_label(self) -> None:
        counts = np.array([[0, 1, 9], [3, 0, 0]], np.float32)
        names = Prototypes(np.eye(3, dtype=np.float32), np.arange(3))
        assert names.weights(counts).tolist() == [[1, 0.5, pytest.approx(0.1)], [0.25, 1, 1]]

    def test_count_in_the_head_as_that_part_of_a_text(self) -> None:
        """Of nine texts, too few to tell whether names mislead: five of a label, three, one, and none of the rest."""
        world = World(C=5)
        rows = np.concatenate([np.flatnonzero(world.kind == kind)[:texts] for kind, texts in enumerate((5, 3, 1))])
        X, Y = world.X[rows], world.Y[rows]
        counted = np.concatenate([np.ones(9), [1 / 6, 1 / 4, 1 / 2, 1, 1]])[None].astype(np.float32)
        weights, bias = fit_subsets(
            np.concatenate([X, world.names.X]),
            np.concatenate([Y, np.eye(5, dtype=np.uint8)]),
            counted,
            multi_label=False,
        )
        head = fit_head(X, Y, multi_label=False, names=world.names)
        assert head.named and np.array_equal(head.weights, weights[0]) and np.array_equal(head.bias, bias[0])

    def test_count_in_a_fold_by_the_texts_that_teach_it(self) -> None:
        world, n, C = World(C=4), 24, 4
        X, Y = world.X[:n], world.Y[:n]
        logits, _ = cross_fit_logits(X, Y, multi_label=False, seed=0, folds=3, names=world.names)
        fold = stratified_folds(Y, folds=3, seed=0)
        taught = np.stack([fold != f for f in range(3)]).astype(np.float32)
        of_names = np.stack([1 / (1 + Y[fold != f].sum(axis=0)) for f in range(3)]).astype(np.float32)
        weights, bias = fit_subsets(
            np.concatenate([X, world.names.X]),
            np.concatenate([Y, np.eye(C, dtype=np.uint8)]),
            np.concatenate([taught, of_names], axis=1),
            multi_label=False,
        )
        for f in range(3):
            assert np.array_equal(logits[fold == f], X[fold == f] @ weights[f] + bias[f])

    def test_are_not_asked_once_each_label_has_enough_texts_or_labels_are_many(self) -> None:
        enough, many = one_hot(np.repeat(np.arange(3), FEW), 3), one_hot(np.zeros(MOST_TEXTS + 1, int), 3)
        assert are_asked(enough[:-1]) and not are_asked(enough) and not are_asked(many)

    def test_do_not_change_what_several_labels_a_text_teach(self) -> None:
        world = World()
        plain = fit_head(world.X[:60], world.Y[:60], multi_label=True)
        named = fit_head(world.X[:60], world.Y[:60], multi_label=True, names=world.names)
        assert np.array_equal(plain.weights, named.weights) and not named.named


class TestWhatTextsSayOfNames:
    """Three texts: two of label 0, which the other folds knew, and one of label 1, which they had not met. Of four
    labels two have no text, so the unmet one is any of three."""

    Y = one_hot(np.array([0, 0, 1]), 4)
    rows = np.ones(3, np.bool_)

    def test_an_unmet_label_is_as_likely_as_such_texts_and_as_any_of_those_without_one(self) -> None:
        certain = np.array([[100, 0, -100, -100], [100, 0, -100, -100], [100, -100, -100, -100]], np.float32)
        losses = LeftOut(certain, None, np.array([True, True, False])).losses(None, self.Y, self.rows)
        assert losses == pytest.approx([-np.log(2 / 3), -np.log(2 / 3), -np.log(1 / 3 / 3)], abs=1e-6)

    def test_where_all_were_met_only_the_logits_count(self) -> None:
        certain = np.where(self.Y > 0, 100, 0).astype(np.float32)
        losses = LeftOut(certain, None, self.rows).losses(None, self.Y, self.rows)
        assert losses == pytest.approx([0, 0, 0], abs=1e-6)

    @pytest.mark.parametrize("untold", [True, False])
    def test_too_few_texts_leave_it_to_who_asks(self, untold: bool) -> None:
        one = LeftOut(np.zeros((3, 4), np.float32), None, self.rows)
        assert BothWays(one, one).choice(self.Y, self.rows, 0.5, untold=untold).named is untold

    def test_over_a_tuned_encoder_names_teach_only_where_texts_it_has_not_seen_can_tell(self) -> None:
        world = World(C=30)
        seen, unseen = np.zeros(60, np.bool_), np.arange(60) < 20
        heads = [
            fit_head(world.X[:60], world.Y[:60], multi_label=False, names=world.names, calibrate_on=rows)
            for rows in (seen, unseen)
        ]
        assert [head.named for head in heads] == [False, True]


class TestNamesInThePoolsGraph:
    def test_send_what_a_text_of_their_label_sends(self) -> None:
        world = World()
        rows = np.flatnonzero(world.kind < 6)[:30]
        plain, named = (spread(world.X, world.X[rows], world.Y[rows], names) for names in (None, world.names))
        others = world.kind >= 6
        right = [(one.logits(world.X[others]).argmax(axis=1) == world.kind[others]).mean() for one in (plain, named)]
        assert right[1] > 0.6 > right[0] + 0.2

    def test_are_in_every_fold(self) -> None:
        world = World()
        told = spread_left_out(world.X, world.X[:40], world.Y[:40], folds=5, seed=0, names=world.names)
        plain = spread_left_out(world.X, world.X[:40], world.Y[:40], folds=5, seed=0)
        right = [(one.argmax(axis=1) == world.kind[:40]).mean() for one in (plain, told)]
        assert right[1] > right[0]


class TestTheSameChoice:
    def test_is_kept_by_a_refit_that_does_not_calibrate(self) -> None:
        world = World()
        before = fit_head(world.X[:40], world.Y[:40], multi_label=False, names=world.names)
        after = fit_head(world.X[:41], world.Y[:41], multi_label=False, names=world.names, warm=before, calibrate=False)
        again = fit_head(world.X[:41], world.Y[:41], multi_label=False, names=world.names)
        assert before.named and after.named
        assert np.allclose(after.weights, again.weights, atol=0.02)

    def test_is_made_for_each_text_by_the_others(self) -> None:
        world = World(C=30)
        proba, said = cross_fit(world.X[:40], world.Y[:40], multi_label=False, seed=0, names=world.names)
        plain, _ = cross_fit(world.X[:40], world.Y[:40], multi_label=False, seed=0)
        right, before = ((one.argmax(axis=1) == world.kind[:40]).mean() for one in (proba, plain))
        assert right > before + 0.1 and np.allclose(proba.sum(axis=1), 1, atol=1e-5)
        assert np.array_equal(said.argmax(axis=1), proba.argmax(axis=1))

    def test_is_made_without_the_texts_that_it_is_made_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world, asked = World(), []
        made = quick._choice

        def noted(ways: BothWays, *rest: Any) -> Any:
            asked.append(ways.plain.head.shape[0])
            return made(ways, *rest)

        monkeypatch.setattr(quick, "_choice", noted)
        cross_fit(world.X[:60], world.Y[:60], multi_label=False, seed=0, folds=3, names=world.names, pool_X=world.X)
        assert asked == [40, 40, 40]

    def test_does_not_follow_from_a_texts_own_label(self) -> None:
        world = World()
        proba, _ = cross_fit(world.X[:40], world.Y[:40], multi_label=False, seed=0, folds=40, names=world.names)
        Y = world.Y[:40].copy()
        Y[3] = np.roll(Y[3], 1)
        changed, _ = cross_fit(world.X[:40], Y, multi_label=False, seed=0, folds=40, names=world.names)
        assert abs(proba[3] - changed[3]).max() < 0.15  # the label counts over all rows, which set weights, differ


class TestWhatTheEncoderReads:
    @pytest.mark.parametrize(
        ("name", "description", "texts"),
        [
            ("card_arrival", "", ("card arrival",)),
            ("Sci/Tech", "", ("Sci/Tech",)),
            ("  Choice   of law ", "", ("Choice of law",)),
            ("_", "", ("_",)),
            ("Court", " Where to sue. ", ("Court", "Where to sue.")),
            (
                "Court",
                "Where to sue. Not before whom. Seat of the court!",
                ("Court", "Where to sue. Seat of the court!"),
            ),
            ("Gericht", "Wo geklagt wird; nicht: Schiedsgerichte\nAußer Mahnungen", ("Gericht", "Wo geklagt wird;")),
            ("Notice", "Notice of a change.", ("Notice", "Notice of a change.")),
            ("Court", "Not arbitration.", ("Court",)),
            ("Court", "A judge decides. Does not include arbitration.", ("Court", "A judge decides.")),
            ("Divorce", "No-fault divorce.", ("Divorce", "No-fault divorce.")),
            ("Paket", "z. B. nicht angekommen", ("Paket", "z. B. nicht angekommen")),
        ],
    )
    def test_is_the_name_in_words_and_what_the_description_says_it_is(
        self, name: str, description: str, texts: tuple[str, ...]
    ) -> None:
        assert texts_of(name, description) == texts

    def test_of_each_label_is_one_direction_for_strategies(self) -> None:
        two = Prototypes(unit(np.array([[1.0, 0], [0, 1], [1, 1]])), np.array([0, 1, 1]))
        found = two.of_each(2)
        assert found is not None and np.allclose(found, unit(np.array([[1, 0], [1, 1 + np.sqrt(2)]])), atol=1e-6)
        assert two.of_each(3) is None


class TestNamesOnDisk:
    def test_come_back_as_they_were(self, tmp_path: Path) -> None:
        X = unit(np.random.default_rng(0).normal(size=(3, 8)))
        NamesRead(("one", "zwei, drei", "四"), X).save(tmp_path)
        found = NamesRead.load(tmp_path)
        assert found is not None and found.texts == ("one", "zwei, drei", "四") and np.array_equal(found.X, X)

    def test_keep_every_character_of_what_a_label_is_called(self, tmp_path):
        texts = ("a\x00", "a", "b\n", "\ud800", "")
        NamesRead(texts, np.ones((5, 8), np.float32)).save(tmp_path)
        assert NamesRead.load(tmp_path).texts == texts

    def test_of_a_file_from_before_are_still_read(self, tmp_path):
        """Its texts were an array of strings."""
        np.savez(tmp_path / FILE, texts=np.array(("one", "zwei, drei")), X=np.ones((2, 8), np.float32))
        assert NamesRead.load(tmp_path).texts == ("one", "zwei, drei")

    def test_without_a_row_each_are_read_anew(self, tmp_path):
        NamesRead(("one", "two"), np.ones((1, 8), np.float32)).save(tmp_path)
        assert NamesRead.load(tmp_path) is None

    def test_are_none_where_there_is_no_file_or_a_broken_one(self, tmp_path: Path) -> None:
        assert NamesRead.load(tmp_path) is None and mark(tmp_path) == 0
        (tmp_path / "label-names.npz").write_bytes(b"PK no zip")
        assert NamesRead.load(tmp_path) is None
        NamesRead(("one",), np.ones((1, 8), np.float32)).save(tmp_path)
        whole = (tmp_path / "label-names.npz").read_bytes()
        (tmp_path / "label-names.npz").write_bytes(whole[: len(whole) // 2])
        assert NamesRead.load(tmp_path) is None and mark(tmp_path) > 0

    def test_are_refused_where_the_encoder_found_no_numbers(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="for the label 'two'"):
            NamesRead(("one", "two"), np.array([[1.0], [np.nan]], np.float32)).save(tmp_path)
        assert not list(tmp_path.glob("*label-names*"))

    @given(wanted=st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6))
    def test_are_found_by_their_texts_in_any_order(self, wanted: list[str]) -> None:
        read = NamesRead(("b", "d"), np.eye(2, dtype=np.float32))
        found = read.prototypes([(text,) for text in wanted])
        columns = [at for at, text in enumerate(wanted) if text in read.texts]
        if found is None:
            assert not columns
        else:
            assert found.columns.tolist() == columns
            assert [read.texts[row.argmax()] for row in found.X] == [wanted[at] for at in columns]
