"""Fitting and cross-fitting a head looks up all along, so that who asked for it can stop it within a moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from modelsvc.heads.either import cross_fit, fit
from modelsvc.stores.words import Vocabulary, Words
from modelsvc.types import Targets, Views

C, D, V, N = 3, 16, 40, 240


class Stop(Exception):
    pass


def texts_of(kind: str) -> tuple[Views, Targets]:
    rng = np.random.default_rng(0)
    y = np.arange(N) % C
    X = rng.normal(size=(N, D)).astype(np.float32)
    X[np.arange(N), y] += 2
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    T = rng.random((N, V)).astype(np.float32) * (rng.random((N, V)) < 0.1)
    vocabulary = Vocabulary(tuple(f"word{v:02}" for v in range(V)), np.ones(V, np.float32))
    return Views(X, Words(vocabulary, csr_matrix(T)) if kind == "words too" else None), np.eye(C, dtype=np.uint8)[y]


@pytest.mark.parametrize("kind", ["one label", "several labels", "words too"])
@pytest.mark.parametrize("act", [fit, cross_fit])
def test_a_fit_looks_up_at_each_step_and_stops_where_it_is_told_to(act: Any, kind: str) -> None:
    texts, Y = texts_of(kind)
    looks = 0
    stop_at = 10_000

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == stop_at:
            raise Stop

    rows = np.arange(60)
    asked = {"pool": texts, "multi_label": kind != "one label", "seed": 0}
    act(texts[rows], Y[rows], look=look, **asked)  # the pool's graph remembers from here on
    looks = 0
    act(texts[rows], Y[rows], look=look, **asked)
    whole = looks
    assert whole > 12, "more often than by the fold"
    for stop_at in (1, whole // 2, whole):
        looks = 0
        with pytest.raises(Stop):
            act(texts[rows], Y[rows], look=look, **asked)
        assert looks == stop_at
