"""The nearest other rows, by all cosines."""

from __future__ import annotations

import numpy as np
import pytest

from modelsvc.stores import nearest
from modelsvc.stores.nearest import nearest_others


def test_they_are_those_of_all_cosines_across_the_borders_of_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "BLOCK", 7)
    X = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    cosine = X @ X.T
    np.fill_diagonal(cosine, -np.inf)
    looks: list[int] = []
    seen = np.zeros(30, int)
    for rows, near, cosines in nearest_others(X, 4, look=lambda: looks.append(1)):
        seen[rows] += 1
        assert np.sort(near, axis=1).tolist() == np.sort(np.argsort(-cosine[rows], axis=1)[:, :4], axis=1).tolist()
        assert cosines == pytest.approx(np.take_along_axis(cosine[rows], near, axis=1), abs=1e-6)
    assert (seen == 1).all()
    assert len(looks) == 5
