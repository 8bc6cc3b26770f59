"""Which labelled texts a head is fitted on when there are very many: laws of the sample."""

from __future__ import annotations

import numpy as np
import pytest

from labeller.learning.bridges.pool import Labelled
from labeller.learning.bridges.sample import sample


def labels(n: int, *, audit: int = 0, rare: int = 3) -> Labelled:
    """n texts, the oldest first; `rare` of the older ones have the second label, all others the first. The first
    `audit` texts are the audit's."""
    Y = np.zeros((n, 3), np.uint8)
    Y[:, 0] = 1
    Y[n // 4 : n // 4 + rare] = [0, 1, 0]
    is_audit = np.arange(n) < audit
    return Labelled(np.arange(n) + 10, Y, is_audit, ~is_audit, np.arange(n, dtype=float), [1, 2, 3], ["A", "B", "C"])


@pytest.mark.parametrize("n", [0, 1, 100])
def test_up_to_the_size_all_texts_teach(n: int) -> None:
    assert sample(labels(n), size=100, seed=0).tolist() == list(range(n))


def test_beyond_it_all_audit_texts_the_newest_and_every_rare_one_are_kept() -> None:
    everything = labels(1000, audit=40)
    rows = sample(everything, size=200, seed=0)
    assert len(rows) == 200 and (np.diff(rows) > 0).all()
    assert set(range(40)) <= set(rows.tolist())
    assert set(range(900, 1000)) <= set(rows.tolist())
    assert everything.Y[rows, 1].sum() == 3


def test_labels_that_are_left_take_turns() -> None:
    everything = labels(1000, rare=300)
    rows = sample(everything, size=200, seed=0)
    older = rows[rows < 900]
    assert everything.Y[older].sum(axis=0).tolist() == [50, 50, 0]


def test_the_sample_follows_from_the_seed_and_keeps_the_audit_whatever_the_size() -> None:
    everything = labels(1000, audit=300)
    assert sample(everything, size=200, seed=1).tolist() == list(range(300))
    one, again, other = (sample(labels(1000), size=200, seed=seed).tolist() for seed in (1, 1, 2))
    assert one == again != other
