from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run.halves import beside_frozen, facts_of, frozen_unseen, proba_of, temperature_of
from modelsvc.full_run.halves_facts import FACTS, LABELS, PSEUDO, TEMPERATURE, TUNED_SHARE, speak_against, sureness_in
from modelsvc.full_run.teacher import FOLD_POOL, Task, answers_unseen
from modelsvc.heads.left_out import LeftOut
from modelsvc.heads.quick import fit_head
from modelsvc.heads.sureness import Sureness
from modelsvc.types import silent

TEXTS = [f"{who} may {what} at any time." for what in ("cancel", "pay", "write", "leave") * 4 for who in ("We", "You")]
Y = np.tile(np.eye(2, dtype=np.uint8), (16, 1))
POOL = [f"{who} can {what} number {i}." for i in range(55) for what in ("see", "ask") for who in ("We", "You")]


@pytest.fixture
def task(tiny):
    return Task(tiny, TEXTS, Y, multi_label=False, threads=1, seed=0, on_progress=silent)


def certain(answers, *, by: float = 4.0):
    return LeftOut(np.eye(2, dtype=np.float32)[answers] * np.float32(by), None, np.ones(len(answers), np.bool_))


class TestWhetherTuningPays:
    def test_a_tuned_model_with_all_right_is_never_held_for_worse(self, task):
        found = beside_frozen(task, certain(Y.argmax(1)), frozen_unseen(task, POOL, at=0.0))
        assert found.right == len(TEXTS) >= found.right_before
        assert found.p > 0.4

    def test_a_tuned_model_with_all_wrong_is(self, task):
        found = beside_frozen(task, certain(1 - Y.argmax(1)), frozen_unseen(task, POOL, at=0.0))
        assert found.right == 0 < found.right_before
        assert found.p < 0.01

    def test_the_frozen_head_answers_for_texts_it_has_not_seen(self, task):
        """One text said sixteen times and one with the other label: whoever had learnt it would foretell it."""
        texts = ["We may cancel at any time."] * 16 + ["The courts of Rome decide."]
        alone = np.eye(2, dtype=np.uint8)[[0] * 16 + [1]]
        asked = Task(task.folder, texts, alone, False, 1, 0, silent)
        found = beside_frozen(asked, certain(alone.argmax(1)), frozen_unseen(asked, [], at=0.0))
        assert (found.right, found.right_before) == (17, 16)

    def test_a_pool_too_small_to_ask_is_left_out(self, task):
        told = facts_of(task, answers_unseen(task, "contrastive"), [], at=0.0)
        assert set(told) == {*FACTS, LABELS, TEMPERATURE, TUNED_SHARE}

    @pytest.mark.parametrize(("p", "against"), [(0.0, True), (0.19, True), (0.25, False), (0.5, False), (1.0, False)])
    def test_tuning_need_not_be_ahead_but_must_not_be_seen_behind(self, p, against):
        assert speak_against({"halves_p": p}) == against

    def test_nothing_speaks_where_nobody_asked(self):
        assert not speak_against({"teacher": "plain"})


def test_while_labels_names_are_read_it_can_be_stopped(task):
    """There may be thousands of them."""

    def stop(_):
        raise InterruptedError

    named = replace(task, label_texts=[("Ours",), ("Yours",)])
    assert len(named.names(silent)) == 2
    with pytest.raises(InterruptedError):
        named.names(stop)


class TestHowSureItMayBe:
    def test_answers_that_are_all_right_may_be_surer_and_half_wrong_ones_less_sure(self):
        right, half = Y.argmax(1), np.where(np.arange(32) % 4 < 2, Y.argmax(1), 1 - Y.argmax(1))
        assert temperature_of(certain(right), Y) < 1 < temperature_of(certain(half), Y)
        assert proba_of(certain(half), Y).max(1).mean() < 0.9 < proba_of(certain(right), Y).max(1).mean()

    def test_texts_whose_kind_their_half_had_not_met_are_not_asked(self):
        unseen = certain(np.where(np.arange(32) < 12, Y.argmax(1), 1 - Y.argmax(1)))
        fair = LeftOut(unseen.head, None, np.arange(32) < 12)
        assert temperature_of(fair, Y) < 1 < temperature_of(unseen, Y)

    def test_the_more_texts_the_more_they_say(self):
        many = np.tile(Y, (8, 1))
        few, sure = temperature_of(certain(Y.argmax(1)), Y), temperature_of(certain(many.argmax(1)), many)
        assert 0.2 <= sure < few**1.5 < few < 1

    def test_it_is_kept_in_the_facts_and_none_where_they_say_nothing(self):
        assert sureness_in({TEMPERATURE: 0.5}) == Sureness(0.5)
        assert sureness_in({TEMPERATURE: 2.2, PSEUDO: 2000}) == Sureness()  # the pool taught it too
        assert sureness_in({"teacher": "plain"}) == Sureness()

    def test_a_handful_of_texts_says_nothing(self):
        assert temperature_of(LeftOut(certain(Y.argmax(1)).head, None, np.arange(32) < 9), Y) == 1.0


class TestWhatIsSaidUnseen:
    def test_each_text_is_answered_by_a_model_that_has_not_learnt_it(self, task):
        """The one text of its label: a model that had learnt it would give it that label."""
        texts = [*TEXTS, "The courts of Rome decide."]
        labels = np.zeros((33, 3), np.uint8)
        labels[:32, :2], labels[32, 2] = Y, 1
        unseen = answers_unseen(Task(task.folder, texts, labels, False, 1, 0, silent), "contrastive")
        assert not unseen.scorable[32] and unseen.scorable[:32].all()
        assert unseen.head[32].argmax() != 2

    def test_the_pool_has_its_share_in_it_and_no_more_of_it_is_read_than_needed(self, task, monkeypatch):
        read: list[int] = []
        encode = Encoder.encode

        def counted(self, texts, **kwargs):
            read.append(len(texts))
            return encode(self, texts, **kwargs)

        monkeypatch.setattr(Encoder, "encode", counted)
        alone = answers_unseen(task, "contrastive")
        largest = max(read)
        read.clear()
        many = POOL * (FOLD_POOL // len(POOL) + 2)
        shared = answers_unseen(task, "contrastive", pool_texts=many)
        assert largest <= len(TEXTS) and len(TEXTS) < max(read) <= FOLD_POOL < len(many)
        assert not np.array_equal(alone.head, shared.head)


def test_where_no_text_may_say_how_sure_a_head_is_it_is_as_sure_as_it_is_told():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(32, 8)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    none = np.zeros(32, np.bool_)
    assert fit_head(X, Y, multi_label=False, calibrate_on=none, untold=Sureness(0.6)).temperature == 0.6

    def after_texts(given: float) -> float:
        return fit_head(X, Y, multi_label=False, untold=Sureness(given)).temperature

    assert 0.6 < after_texts(0.6) < after_texts(1.0), "these labels are noise: texts that may say so do"
