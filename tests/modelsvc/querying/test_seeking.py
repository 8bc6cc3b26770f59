"""Seeking: a label that the model answers for no text is asked about by likeness, a few times and no more."""

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.querying.pool import AsItCame, Pool, StrategyError
from modelsvc.querying.seeking import ENOUGH, NEAREST, seeking, sought
from modelsvc.querying.strategies import phase, rank
from modelsvc.types import Ranked

NAMES = ["Change", "Court", "Forum"]
FORUM = 2


def unit(X):
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def forgotten(*, forums=1, N=120, seed=0):
    """Two kinds and a rare third of which `forums` texts are labelled and six wait; the model answers the first two."""
    rng = np.random.default_rng(seed)
    centres = np.eye(3, 24)
    kinds = np.concatenate([np.repeat([0, 1], N // 2 - 3), np.full(6, FORUM)])
    X = unit(centres[kinds] + 0.15 * rng.normal(size=(len(kinds), 24)))
    labelled = np.concatenate([np.repeat([0, 1], 10), np.full(forums, FORUM)])
    labelled_X = unit(centres[labelled] + 0.15 * rng.normal(size=(len(labelled), 24)))
    proba = np.tile([0.5, 0.4, 0.1], (len(X), 1)).astype(np.float32)
    proba[kinds == 1] = [0.4, 0.5, 0.1]
    names = unit(centres + 0.05)
    pool = Pool(X, proba, labelled_X, np.eye(3, dtype=np.uint8)[labelled], False, NAMES, label_X=names)
    return pool, kinds


def test_a_label_with_one_text_is_asked_by_likeness_to_it():
    pool, kinds = forgotten()
    found = sought(pool)
    rows, labels = found.rows, found.labels
    assert len(rows) == NEAREST and (labels == FORUM).all()
    assert (kinds[rows] == FORUM).all()
    own = pool.labelled_X[-1]
    assert (np.diff(pool.X[rows] @ own) <= 0).all(), "the most like it first"


def test_a_label_without_text_is_asked_by_likeness_to_its_name():
    pool, kinds = forgotten(forums=0)
    rows = sought(pool).rows
    assert len(rows) == NEAREST and (kinds[rows] == FORUM).all()


def test_without_text_and_without_name_it_is_nowhere_to_be_sought():
    pool, _ = forgotten(forums=0)
    assert not len(sought(replace(pool, label_X=None)).rows)
    nameless = pool.label_X.copy()
    nameless[FORUM] = 0
    assert not len(sought(replace(pool, label_X=nameless)).rows)


def test_a_label_that_the_model_answers_once_is_left_to_doubt():
    pool, _ = forgotten()
    pool.proba[5] = [0.1, 0.1, 0.8]
    assert not len(sought(pool).rows)


@pytest.mark.parametrize(("forums", "asked"), [(ENOUGH - 1, NEAREST), (ENOUGH, 0)])
def test_four_texts_are_enough(forums, asked):
    assert len(sought(forgotten(forums=forums)[0]).rows) == asked


def test_texts_that_turned_out_to_be_something_else_are_not_made_up_for():
    """A name may be a code: three texts near it are asked, and no fourth."""
    pool, _ = forgotten(forums=0)
    asked: list[int] = []
    for tried in range(1, NEAREST + 1):
        rows = sought(pool).rows
        assert len(rows) == NEAREST - tried + 1
        row = int(rows[0])
        asked.append(row)
        rest = np.setdiff1d(np.arange(pool.size), [row])
        pool = replace(
            pool,
            X=pool.X[rest],
            proba=pool.proba[rest],
            labelled_X=np.concatenate([pool.labelled_X, pool.X[[row]]]),
            labelled_Y=np.concatenate([pool.labelled_Y, np.eye(3, dtype=np.uint8)[[0]]]),
        )
    assert not len(sought(pool).rows)


def test_texts_in_somebody_s_hand_count_among_them():
    pool, _ = forgotten()
    rows = sought(pool).rows
    rest = np.setdiff1d(np.arange(pool.size), rows[:2])
    waiting = replace(pool, X=pool.X[rest], proba=pool.proba[rest], in_hand_X=pool.X[rows[:2]])
    again = sought(waiting).rows
    assert len(again) == 1 and np.array_equal(waiting.X[again[0]], pool.X[rows[2]])


def at_random(pool, k, rng):
    ones = np.ones(k, np.float32)
    return Ranked(rng.permutation(pool.size)[:k], ones, ones, ["Asked at random"] * k, "random")


def with_waiting(pool, X):
    """The pool with these texts more to ask, which the model takes for the first label."""
    proba = np.tile(np.array([[0.5, 0.4, 0.1]], np.float32), (len(X), 1))
    return replace(pool, X=np.concatenate([pool.X, X]), proba=np.concatenate([pool.proba, proba]))


def test_copies_of_a_labelled_text_take_no_place():
    """Contracts repeat one another: three copies of the one text teach nothing, and are not all there is to ask."""
    pool, kinds = forgotten()
    copies = with_waiting(pool, np.repeat(pool.labelled_X[[-1]], 3, axis=0))
    rows = sought(copies).rows
    assert len(rows) == NEAREST and rows.max() < pool.size and (kinds[rows] == FORUM).all()


def test_a_labelled_text_that_others_are_still_asked_for_takes_none_either():
    pool, kinds = forgotten()
    rows = sought(with_waiting(pool, pool.labelled_X)).rows
    assert len(rows) == NEAREST and (kinds[rows] == FORUM).all()


def test_whoever_knows_the_whole_pool_says_what_is_answered():
    """Late in a project the texts of a label are labelled, and the model answers it for none of the few left."""
    pool, _ = forgotten()
    assert not len(sought(replace(pool, answered=np.array([90, 40, 7]))).rows)
    assert len(sought(replace(pool, answered=np.array([90, 47, 0]))).rows) == NEAREST


class TestByTheEncoderAsItCame:
    """A tuned encoder has put texts of the label among others', and what labels are called means nothing to it."""

    def tuned(self, *, forums: int, unread: int = 0):
        """The pool as a tuned encoder reads it, with the plain reading beside it; the first `unread` forums are new."""
        plain, kinds = forgotten(forums=forums)
        rng = np.random.default_rng(5)
        rows = np.arange(plain.size)
        rows[np.flatnonzero(kinds == FORUM)[:unread]] = -1
        covered = plain.size + np.arange(len(plain.labelled_X))
        read = AsItCame(np.concatenate([plain.X, plain.labelled_X]), rows, covered, plain.label_X)
        X, labelled_X = (unit(rng.normal(size=part.shape)) for part in (plain.X, plain.labelled_X))
        names = unit(rng.normal(size=plain.label_X.shape))
        pool = replace(plain, X=X, labelled_X=labelled_X, label_X=names, as_it_came=lambda: read)
        return pool, plain, kinds

    @pytest.mark.parametrize("forums", [0, 1])
    def test_texts_and_names_are_compared_as_it_reads_them(self, forums):
        pool, plain, _ = self.tuned(forums=forums)
        assert sought(pool).rows.tolist() == sought(plain).rows.tolist()

    def test_texts_it_has_not_read_are_not_sought(self):
        pool, _, kinds = self.tuned(forums=1, unread=5)
        rows = sought(pool).rows
        assert np.count_nonzero(kinds[rows] == FORUM) == 1

    def test_a_name_it_has_not_read_is_looked_for_where_it_is(self):
        """A label that was added after a tuned model served is read by that one alone."""
        pool, _, _ = self.tuned(forums=0)
        read = pool.as_it_came()
        names = read.label_X.copy()
        names[FORUM] = 0
        unread = replace(pool, as_it_came=lambda: replace(read, label_X=names))
        assert sought(unread).rows.tolist() == sought(replace(pool, as_it_came=None)).rows.tolist() != []

    def test_where_it_has_read_nothing_the_tuned_one_is_asked(self):
        pool, _, _ = self.tuned(forums=1)
        own = replace(pool, as_it_came=None)
        assert sought(replace(pool, as_it_came=lambda: None)).rows.tolist() == sought(own).rows.tolist()

    def test_it_is_not_looked_up_while_every_label_is_answered(self):
        pool, _, _ = self.tuned(forums=1)
        pool.proba[5] = [0.1, 0.1, 0.8]
        assert not len(sought(replace(pool, as_it_came=lambda: pytest.fail("looked up"))).rows)


class TestHowOften:
    """The model answers the present kinds and they are all there is: their texts, and names of labels that no text
    carries."""

    PRESENT = 4

    def pool(self, absent, *, N=600, seed=1):
        rng = np.random.default_rng(seed)
        names = unit(rng.normal(size=(self.PRESENT + absent, 24)))
        kinds = rng.integers(self.PRESENT, size=N)
        X = unit(names[kinds] + 0.15 * rng.normal(size=(N, 24)))
        Y = np.eye(len(names), dtype=np.uint8)[kinds]
        return X, Y, names

    def played(self, X, Y, names, *, answers, page=5, answered=lambda Y: Y.astype(np.float32)):
        """Of so many answers, page by page, how many were sought, and how many of those carried what they were for."""
        known = np.arange(2 * self.PRESENT)
        sought_for, useful = 0, 0
        while len(known) < answers:
            free = np.setdiff1d(np.arange(len(X)), known)
            called = [f"label {c}" for c in range(len(names))]
            pool = Pool(X[free], answered(Y[free]), X[known], Y[known], False, called, label_X=names)
            ranked = seeking(at_random, pool, page, np.random.default_rng(len(known)))
            for row, reason in zip(free[ranked.rows], ranked.reasons, strict=True):
                sought_for += "never answers" in reason
                useful += "never answers" in reason and f"never answers label {Y[row].argmax()} " in reason
            known = np.concatenate([known, free[ranked.rows]])
        return sought_for, useful

    def test_a_long_list_of_labels_that_no_text_carries_takes_few_of_the_answers(self):
        sought_for, useful = self.played(*self.pool(60), answers=300)
        assert useful == 0 and 20 <= sought_for < 300 / 4

    def test_even_then_one_turn_of_eight_is_sought(self):
        X, Y, names = self.pool(60)
        pool = Pool(X[300:], Y[300:].astype(np.float32), X[:300], Y[:300], False, list(map(str, names)), label_X=names)
        assert sought(pool).every == 8
        firsts = [
            np.flatnonzero(["never" in reason for reason in seeking(at_random, pool, 40, rng).reasons])
            for rng in map(np.random.default_rng, range(20))
        ]
        assert all((np.diff(places) == 8).all() for places in firsts)
        assert len({int(places[0]) for places in firsts}) > 3, "no order begins with one for sure"

    def test_labels_that_are_found_are_sought_in_every_second_turn_to_the_end(self):
        """Twelve kinds with a name each; the model answers four of them whatever the text is."""
        X, Y, names = self.pool(0, N=200)
        rng = np.random.default_rng(3)
        rare = unit(rng.normal(size=(12, 24)))
        kinds = np.repeat(np.arange(12), 10)
        X = np.concatenate([X, unit(rare[kinds] + 0.15 * rng.normal(size=(120, 24)))])
        Y = np.eye(16, dtype=np.uint8)[np.concatenate([Y.argmax(axis=1), 4 + kinds])]

        def answered(of):
            known = of.astype(np.float32)
            known[of[:, 4:].any(axis=1)] = np.eye(16)[0]
            return known

        sought_for, useful = self.played(X, Y, np.concatenate([names, rare]), answers=68, answered=answered)
        assert sought_for == 36 and useful > 30


class TestInTheDefaultPolicy:
    def test_every_second_text_is_sought_and_says_so(self):
        pool, _ = forgotten()
        rows = sought(pool).rows
        ranked = rank(pool, 40, seed=3)
        assert ranked.rows[[0, 2, 4]].tolist() == rows.tolist()
        said = "Asked because the model never answers Forum and this may be an example"
        assert [at for at, reason in enumerate(ranked.reasons) if reason == said] == [0, 2, 4]
        assert (ranked.probabilities[[0, 2, 4]] == 1).all(), "chosen, not drawn"
        assert len(set(ranked.rows.tolist())) == 40

    def test_one_text_asked_is_one_sought(self):
        pool, _ = forgotten()
        assert rank(pool, 1, seed=3).rows.tolist() == sought(pool).rows[:1].tolist()

    def test_a_pool_used_up_is_asked_to_the_last_text(self):
        pool, _ = forgotten()
        assert sorted(rank(pool, pool.size, seed=3).rows.tolist()) == list(range(pool.size))

    @pytest.mark.parametrize("left", [1, 2, 3, 4])
    @pytest.mark.parametrize("times", [1, 20], ids=["early", "late"])
    def test_so_is_one_of_which_nearly_all_is_sought(self, left, times):
        pool, kinds = forgotten()
        rows = np.flatnonzero(kinds == FORUM)[:left]
        few = np.repeat(np.arange(20), 5 * times)
        labelled_X = np.concatenate([pool.labelled_X[few], pool.labelled_X[20:]])
        labelled_Y = np.concatenate([pool.labelled_Y[few], pool.labelled_Y[20:]])
        end = replace(pool, X=pool.X[rows], proba=pool.proba[rows], labelled_X=labelled_X, labelled_Y=labelled_Y)
        assert phase(end) == ("early" if times == 1 else "late")
        assert sorted(rank(end, left, seed=3).rows.tolist()) == list(range(left))

    def test_not_while_the_next_text_may_be_of_a_new_kind_anyway(self):
        pool, _ = forgotten()
        few = np.array([0, 1, 10, 11, 20])  # five texts of three kinds
        early = replace(pool, labelled_X=pool.labelled_X[few], labelled_Y=pool.labelled_Y[few])
        assert not any("never answers" in reason for reason in rank(early, 20, seed=3).reasons)

    def test_nor_where_a_text_may_have_several_labels(self):
        """There each label has its turn by itself."""
        pool, _ = forgotten()
        assert not any(
            "never answers" in reason for reason in rank(replace(pool, multi_label=True), 20, seed=3).reasons
        )


def test_without_a_model_nothing_is_known_to_be_forgotten():
    with pytest.raises(StrategyError, match="no model yet"):
        sought(replace(forgotten()[0], proba=None))
