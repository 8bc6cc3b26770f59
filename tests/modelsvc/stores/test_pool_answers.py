"""What a model says of the whole pool, kept small and asked by label and confidence."""

from __future__ import annotations

import numpy as np
import pytest

from modelsvc.stores.pool_answers import PoolAnswers

PROBA = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.45, 0.4, 0.15]], np.float32)
GIVEN = np.array([[1, 0, 0], [0, 0, 1], [1, 0, 0]], np.uint8)


@pytest.fixture
def answers() -> PoolAnswers:
    return PoolAnswers.of(np.array([30, 10, 20]), [7, 8, 9], PROBA, GIVEN)


def test_texts_are_asked_by_the_label_that_the_model_gives_the_surest_first(answers):
    assert answers.texts(7).tolist() == [30, 20]
    assert answers.texts(9).tolist() == [10]
    assert answers.texts(8).tolist() == []


def test_and_by_how_sure_it_is(answers):
    assert answers.texts(7, least=0.5).tolist() == [30]
    assert answers.texts(7, most=0.5).tolist() == [20]
    assert answers.texts(least=0.5).tolist() == [10, 30]  # of any label, the least sure first
    assert answers.texts().tolist() == [20, 10, 30]


def test_each_text_tells_its_likeliest_label(answers):
    said = answers.likeliest([20, 30, 99])
    assert {pk: label for pk, (label, _) in said.items()} == {20: 7, 30: 7}
    assert said[30][1] == pytest.approx(0.7, abs=1e-3)


def test_they_come_back_from_the_disk_as_they_were(answers, tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    answers.save(folder / "answers.npz")
    again = PoolAnswers.load(folder / "answers.npz")
    assert again is not None and again.texts(7).tolist() == [30, 20]
    assert [path.name for path in folder.iterdir()] == ["answers.npz"]


def test_without_a_file_or_with_a_torn_one_there_are_none(answers, tmp_path):
    path = tmp_path / "answers.npz"
    assert PoolAnswers.load(path) is None
    answers.save(path)
    path.write_bytes(path.read_bytes()[:40])
    assert PoolAnswers.load(path) is None


def test_of_many_labels_the_five_likeliest_are_kept():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(50), size=4).astype(np.float32)
    answers = PoolAnswers.of(np.arange(4), list(range(100, 150)), proba, (proba > 0.02).astype(np.uint8))
    assert answers.labels.shape == (4, 5)
    assert answers.labels[2].tolist() == (np.argsort(-proba[2])[:5] + 100).tolist()


def test_no_text_at_all_is_no_error():
    empty = PoolAnswers.of(np.empty(0, np.int64), [7], np.empty((0, 1), np.float32), np.empty((0, 1), np.uint8))
    assert empty.texts(7).tolist() == [] and empty.likeliest([1]) == {}
