"""Seeking: a label that the model answers for no text is asked about by likeness, a few times and no more."""

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.pool import AsItCame, Pool, StrategyError
from modelsvc.seeking import ENOUGH, NEAREST, sought
from modelsvc.strategies import phase, rank

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
    rows, labels = sought(pool)
    assert len(rows) == NEAREST and (labels == FORUM).all()
    assert (kinds[rows] == FORUM).all()
    own = pool.labelled_X[-1]
    assert (np.diff(pool.X[rows] @ own) <= 0).all(), "the most like it first"


def test_a_label_without_text_is_asked_by_likeness_to_its_name():
    pool, kinds = forgotten(forums=0)
    rows, _ = sought(pool)
    assert len(rows) == NEAREST and (kinds[rows] == FORUM).all()


def test_without_text_and_without_name_it_is_nowhere_to_be_sought():
    pool, _ = forgotten(forums=0)
    assert not len(sought(replace(pool, label_X=None))[0])
    nameless = pool.label_X.copy()
    nameless[FORUM] = 0
    assert not len(sought(replace(pool, label_X=nameless))[0])


def test_a_label_that_the_model_answers_once_is_left_to_doubt():
    pool, _ = forgotten()
    pool.proba[5] = [0.1, 0.1, 0.8]
    assert not len(sought(pool)[0])


@pytest.mark.parametrize(("forums", "asked"), [(ENOUGH - 1, NEAREST), (ENOUGH, 0)])
def test_four_texts_are_enough(forums, asked):
    assert len(sought(forgotten(forums=forums)[0])[0]) == asked


def test_texts_that_turned_out_to_be_something_else_are_not_made_up_for():
    """A name may be a code: three texts near it are asked, and no fourth."""
    pool, _ = forgotten(forums=0)
    asked: list[int] = []
    for tried in range(1, NEAREST + 1):
        rows, _ = sought(pool)
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
    assert not len(sought(pool)[0])


def test_texts_in_somebody_s_hand_count_among_them():
    pool, _ = forgotten()
    rows, _ = sought(pool)
    rest = np.setdiff1d(np.arange(pool.size), rows[:2])
    waiting = replace(pool, X=pool.X[rest], proba=pool.proba[rest], in_hand_X=pool.X[rows[:2]])
    again, _ = sought(waiting)
    assert len(again) == 1 and np.array_equal(waiting.X[again[0]], pool.X[rows[2]])


def with_waiting(pool, X):
    """The pool with these texts more to ask, which the model takes for the first label."""
    proba = np.tile(np.array([[0.5, 0.4, 0.1]], np.float32), (len(X), 1))
    return replace(pool, X=np.concatenate([pool.X, X]), proba=np.concatenate([pool.proba, proba]))


def test_copies_of_a_labelled_text_take_no_place():
    """Contracts repeat one another: three copies of the one text teach nothing, and are not all there is to ask."""
    pool, kinds = forgotten()
    copies = with_waiting(pool, np.repeat(pool.labelled_X[[-1]], 3, axis=0))
    rows, _ = sought(copies)
    assert len(rows) == NEAREST and rows.max() < pool.size and (kinds[rows] == FORUM).all()


def test_a_labelled_text_that_others_are_still_asked_for_takes_none_either():
    pool, kinds = forgotten()
    rows, _ = sought(with_waiting(pool, pool.labelled_X))
    assert len(rows) == NEAREST and (kinds[rows] == FORUM).all()


def test_whoever_knows_the_whole_pool_says_what_is_answered():
    """Late in a project the texts of a label are labelled, and the model answers it for none of the few left."""
    pool, _ = forgotten()
    assert not len(sought(replace(pool, answered=np.array([90, 40, 7])))[0])
    assert len(sought(replace(pool, answered=np.array([90, 47, 0])))[0]) == NEAREST


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
        assert sought(pool)[0].tolist() == sought(plain)[0].tolist()

    def test_texts_it_has_not_read_are_not_sought(self):
        pool, _, kinds = self.tuned(forums=1, unread=5)
        rows, _ = sought(pool)
        assert np.count_nonzero(kinds[rows] == FORUM) == 1

    def test_a_name_it_has_not_read_is_looked_for_where_it_is(self):
        """A label that was added after a tuned model served is read by that one alone."""
        pool, _, _ = self.tuned(forums=0)
        read = pool.as_it_came()
        names = read.label_X.copy()
        names[FORUM] = 0
        unread = replace(pool, as_it_came=lambda: replace(read, label_X=names))
        assert sought(unread)[0].tolist() == sought(replace(pool, as_it_came=None))[0].tolist() != []

    def test_where_it_has_read_nothing_the_tuned_one_is_asked(self):
        pool, _, _ = self.tuned(forums=1)
        own = replace(pool, as_it_came=None)
        assert sought(replace(pool, as_it_came=lambda: None))[0].tolist() == sought(own)[0].tolist()

    def test_it_is_not_looked_up_while_every_label_is_answered(self):
        pool, _, _ = self.tuned(forums=1)
        pool.proba[5] = [0.1, 0.1, 0.8]
        assert not len(sought(replace(pool, as_it_came=lambda: pytest.fail("looked up")))[0])


class TestInTheDefaultPolicy:
    def test_every_second_text_is_sought_and_says_so(self):
        pool, _ = forgotten()
        rows, _ = sought(pool)
        ranked = rank(pool, 40, seed=3)
        assert ranked.rows[[0, 2, 4]].tolist() == rows.tolist()
        said = "Asked because the model never answers Forum and this may be an example"
        assert [at for at, reason in enumerate(ranked.reasons) if reason == said] == [0, 2, 4]
        assert (ranked.probabilities[[0, 2, 4]] == 1).all(), "chosen, not drawn"
        assert len(set(ranked.rows.tolist())) == 40

    def test_one_text_asked_is_one_sought(self):
        pool, _ = forgotten()
        assert rank(pool, 1, seed=3).rows.tolist() == sought(pool)[0][:1].tolist()

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
