from __future__ import annotations

import numpy as np
import pytest

from modelsvc.halves import beside_frozen, facts_of
from modelsvc.teacher import Task, answers_unseen
from modelsvc.types import silent

TEXTS = [f"{who} may {what} at any time." for what in ("cancel", "pay", "write", "leave") * 4 for who in ("We", "You")]
Y = np.tile(np.eye(2, dtype=np.uint8), (16, 1))
POOL = [f"{who} can {what} number {i}." for i in range(55) for what in ("see", "ask") for who in ("We", "You")]


@pytest.fixture
def task(tiny):
    return Task(tiny, TEXTS, Y, multi_label=False, threads=1, seed=0, on_progress=silent)


def certain(answers):
    return np.eye(2, dtype=np.float32)[answers]


def test_a_tuned_model_with_all_right_is_never_held_for_worse(task):
    found = beside_frozen(task, certain(Y.argmax(1)), POOL, at=0.0)
    assert found.right == len(TEXTS) >= found.right_before
    assert found.p > 0.4


def test_a_tuned_model_with_all_wrong_is(task):
    found = beside_frozen(task, certain(1 - Y.argmax(1)), POOL, at=0.0)
    assert found.right == 0 < found.right_before
    assert found.p < 0.01


def test_the_frozen_head_answers_for_texts_it_has_not_seen(task):
    """One text said sixteen times and one with the other label: whoever had learnt it would foretell it."""
    texts = ["We may cancel at any time."] * 16 + ["The courts of Rome decide."]
    alone = np.eye(2, dtype=np.uint8)[[0] * 16 + [1]]
    found = beside_frozen(Task(task.folder, texts, alone, False, 1, 0, silent), certain(alone.argmax(1)), [], at=0.0)
    assert (found.right, found.right_before) == (17, 16)


def test_a_pool_too_small_to_ask_is_left_out(task):
    told = facts_of(beside_frozen(task, answers_unseen(task, "contrastive"), [], at=0.0))
    assert set(told) == {"halves_right", "halves_right_frozen", "halves_p"}
