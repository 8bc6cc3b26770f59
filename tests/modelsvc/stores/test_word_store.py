import json

import numpy as np
import pytest

from modelsvc.stores import word_store
from modelsvc.stores.word_store import WordStore
from modelsvc.stores.words import Vocabulary, learn_vocabulary

KINDS = ("the law of England applies", "the courts of Dublin decide", "cookies and more cookies", "we change the law")


class Texts:
    """Numbered texts, and which were asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, ids):
        self.asked += ids.tolist()
        return [f"{KINDS[i % 4]} number{i // 4}" for i in ids]


def ids(*span):
    return np.arange(*span, dtype=np.int64)


def test_the_rows_are_those_of_the_vocabulary_of_all_texts(tmp_path):
    store, texts = WordStore(tmp_path), Texts()
    store.grow(ids(40), texts)
    found, words = WordStore(tmp_path).load()
    every = texts(ids(40))
    assert words.vocabulary == learn_vocabulary(every)
    assert found.tolist() == list(range(40))
    assert np.allclose(words.T.toarray(), words.vocabulary.matrix(every).toarray())


def test_new_texts_are_read_with_the_known_words_and_no_text_twice(tmp_path):
    store, texts = WordStore(tmp_path), Texts()
    store.grow(ids(40), texts)
    before, _ = store.load()[1].vocabulary, texts.asked.clear()
    state = store.state
    store.grow(ids(50), texts)
    assert texts.asked == list(range(40, 50)) and store.state != state
    found, words = store.load()
    assert words.vocabulary == before and found.tolist() == list(range(50))
    store.grow(ids(50), texts)
    assert texts.asked == list(range(40, 50))


def test_a_pool_that_has_grown_by_half_has_its_words_learnt_anew(tmp_path):
    store = WordStore(tmp_path)
    store.grow(ids(40), Texts())
    store.grow(ids(61), Texts())
    found, words = store.load()
    assert words.vocabulary == learn_vocabulary(Texts()(ids(61)))
    assert found.tolist() == list(range(61)) and len(store.state) == 1


def test_a_large_pool_is_read_by_chunks_and_its_words_learnt_from_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(word_store, "CHUNK", 7)
    monkeypatch.setattr(word_store, "LEARNT_FROM", 10)
    store, texts = WordStore(tmp_path), Texts()
    sizes = []
    store.grow(ids(30), lambda part: (sizes.append(len(part)), texts(part))[1])
    assert sizes == [7, 3, 7, 7, 7, 7, 2]
    assert len(store.load()[0]) == 30


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half a file"])
def test_a_shard_that_was_cut_short_is_read_anew(tmp_path, damage):
    store, texts = WordStore(tmp_path), Texts()
    store.grow(ids(40), texts)
    next(tmp_path.glob("*.npz")).write_bytes(damage)
    assert len(store.load()[0]) == 0
    store.grow(ids(40), texts)
    assert store.load()[0].tolist() == list(range(40))


def test_a_torn_vocabulary_is_learnt_anew(tmp_path):
    store = WordStore(tmp_path)
    store.grow(ids(40), Texts())
    (tmp_path / "vocabulary.json").write_text('{"words": [')
    assert len(store.load()[0]) == 0
    store.grow(ids(40), Texts())
    assert store.load()[0].tolist() == list(range(40))


def test_a_vocabulary_of_words_found_by_another_pattern_is_learnt_anew(tmp_path):
    store = WordStore(tmp_path)
    store.grow(ids(40), Texts())
    stored = json.loads((tmp_path / "vocabulary.json").read_text())
    del stored["pattern"]  # as it was written before there were patterns
    (tmp_path / "vocabulary.json").write_text(json.dumps(stored))
    assert len(store.vocabulary) == len(store.load()[0]) == 0
    store.grow(ids(40), Texts())
    found, words = store.load()
    assert found.tolist() == list(range(40)) and words.vocabulary == learn_vocabulary(Texts()(ids(40)))
    assert len(store.state) == 1


def test_an_empty_store_has_no_texts_and_no_words(tmp_path):
    found, words = WordStore(tmp_path / "new").load()
    assert len(found) == 0 and words.T.shape == (0, 0)


def test_a_vocabulary_written_as_text_is_the_same_when_read():
    vocabulary = learn_vocabulary(Texts()(ids(40)))
    assert Vocabulary.from_dict(json.loads(json.dumps(vocabulary.to_dict()))) == vocabulary
    assert vocabulary != learn_vocabulary(Texts()(ids(8)))
