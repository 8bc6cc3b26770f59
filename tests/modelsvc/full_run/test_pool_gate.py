"""How far a teacher's answers can be trusted, and whose answers tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run.pool_gate import trusted
from modelsvc.full_run.recipe_config import RecipeConfig
from modelsvc.full_run.selftrain import trust
from modelsvc.full_run.teacher import Task
from modelsvc.heads.left_out import LeftOut
from modelsvc.heads.quick import cross_fit
from modelsvc.types import silent

TEXTS = [f"{who} may {what} at any time." for what in ("cancel", "pay", "write", "leave") * 4 for who in ("We", "You")]
Y = np.tile(np.eye(2, dtype=np.uint8), (16, 1))
SURE = 8  # texts of 32


@pytest.fixture
def task(tiny: Path) -> Task:
    return Task(tiny, TEXTS, Y, multi_label=False, threads=1, seed=0, on_progress=silent)


def right_where_sure() -> LeftOut:
    """Of 32 answers the 8 surest are right, the others wrong."""
    given = Y.argmax(axis=1)
    proba = np.full(Y.shape, 0.4, np.float32)
    proba[np.arange(32), 1 - given] = 0.6
    proba[:SURE] = np.where(Y[:SURE] > 0, 0.9, 0.1)
    return LeftOut(np.log(proba), None, np.ones(32, np.bool_))


def test_only_the_share_that_would_teach_is_asked_whether_it_is_right(task: Task) -> None:
    never = RecipeConfig(least_right=1.1)  # no frozen head is right that often
    found, judge = trusted(task, never, "plain", right_where_sure(), pool_texts=[], share=SURE / 32)
    assert (found.accuracy, judge) == (0.25, "tuned")
    assert found.of_sure == pytest.approx((SURE + 2 * 0.25) / (SURE + 2))


def test_a_frozen_head_that_is_right_enough_is_judge_by_the_same_share(task: Task) -> None:
    X = Encoder.load(task.folder, threads=1).encode(TEXTS)
    unseen, _ = cross_fit(X, Y, multi_label=False, seed=0)
    by_share = [trust(unseen, Y, share).of_sure for share in (SURE / 32, 1.0)]
    assert by_share[0] != by_share[1]
    found, judge = trusted(task, RecipeConfig(least_right=0.0), "plain", None, pool_texts=[], share=SURE / 32)
    assert (found.of_sure, judge) == (by_share[0], "frozen")
