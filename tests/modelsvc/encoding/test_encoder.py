from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from modelsvc.encoding import encoder as encoder_module
from modelsvc.encoding import encoder_files, half_precision
from modelsvc.encoding.encoder import BUNDLED, BUNDLED_SHA256, Encoder, EncoderError, length_batches, resolve
from modelsvc.encoding.weights_digest import model_sha256
from modelsvc.types import Progress

TEXTS = ["You may not sue us.", "hm", "We may change these terms at any time and without telling you. " * 8, "", "No."]


@pytest.fixture
def copy(tiny, tmp_path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "encoder"))


def test_the_bundled_encoder_is_the_official_one(bundled):
    assert bundled.sha256 == BUNDLED_SHA256
    assert (bundled.width, bundled.max_tokens, bundled.pooling) == (384, 256, "mean")


def test_embeddings_have_unit_length_and_keep_the_order_of_the_texts(bundled):
    together = bundled.encode(TEXTS, precision="full")
    assert together.shape == (5, 384)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    alone = np.concatenate([bundled.encode([text], precision="full") for text in TEXTS])
    assert together == pytest.approx(alone, abs=1e-5)


def test_embeddings_equal_those_of_sentence_transformers(bundled):
    rival = pytest.importorskip("sentence_transformers").SentenceTransformer(str(resolve(BUNDLED)), device="cpu")
    assert bundled.encode(TEXTS, precision="full") == pytest.approx(rival.encode(TEXTS), abs=1e-5)


def test_half_precision_points_the_same_way(bundled, monkeypatch):
    monkeypatch.setitem(half_precision._verdicts, bundled.sha256, True)
    half, full = bundled.encode(TEXTS), bundled.encode(TEXTS, precision="full")
    assert (half * full).sum(1).min() > 0.999
    assert half == pytest.approx(full, abs=0.02)


@pytest.mark.parametrize("kind", ["bert", "electra"])
def test_what_bfloat16_has_no_number_for_is_read_in_float32(encoders, monkeypatch, kind):
    encoder = Encoder.load(encoders(kind))
    monkeypatch.setitem(half_precision._verdicts, encoder.sha256, True)
    with torch.no_grad():  # a unit that is off; rounded to bfloat16 it is minus infinity, times nought
        encoder.model.encoder.layer[0].intermediate.dense.bias[0] = -3.4e38
    assert np.isnan(encoder.read(TEXTS, half=True)).all()
    found = encoder.encode(TEXTS)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert found == pytest.approx(encoder.encode(TEXTS, precision="full"))


def test_alike_texts_lie_closer_than_others(bundled):
    law, same, soup = bundled.encode(
        ["The courts of Berlin decide.", "A court in Berlin has jurisdiction.", "Add salt."]
    )
    assert law @ same > law @ soup + 0.3


def test_no_texts_give_no_rows(bundled):
    assert bundled.encode([]).shape == (0, 384)


def test_a_long_text_is_cut_at_the_longest_input(bundled):
    once, twice = bundled.encode(["word " * 254, "word " * 1000], precision="full")
    assert once == pytest.approx(twice, abs=1e-5)


def test_progress_rises_to_one(tiny):
    told: list[Progress] = []
    Encoder.load(tiny).encode(["a b c"] * 200, on_progress=told.append)
    assert [round(progress.done, 2) for progress in told] == [0.64, 1.0]
    assert told[-1].seconds_left == 0
    assert told[0].stage == "embedding"


def test_encoding_stops_when_the_caller_cancels(tiny):
    def cancel(_: Progress) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Encoder.load(tiny).encode(["a"], on_progress=cancel)


@pytest.mark.parametrize("mode", ["cls", "mean", "max"])
def test_pooling_is_the_one_in_its_own_files_and_padding_changes_nothing(copy, mode):
    (copy / "1_Pooling").mkdir()
    key = {"cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens"}[mode]
    (copy / "1_Pooling/config.json").write_text(json.dumps({f"pooling_mode_{key}": True}))
    encoder = Encoder.load(copy)
    assert encoder.pooling == mode
    text = "one two three"
    ids = torch.tensor([encoder.tokenizer(text)["input_ids"]])
    with torch.inference_mode():
        hidden = encoder.model(input_ids=ids).last_hidden_state[0].numpy()
    pooled = {"cls": hidden[0], "mean": hidden.mean(0), "max": hidden.max(0)}[mode]
    found = encoder.encode([text, "much longer " * 9], precision="full")[0]
    assert found == pytest.approx(pooled / np.linalg.norm(pooled), abs=1e-5)


def test_pooling_is_mean_where_nothing_is_said_and_refused_where_it_is_unknown(copy):
    assert Encoder.load(copy).pooling == "mean"
    (copy / "1_Pooling").mkdir()
    (copy / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_lasttoken": True}))
    with pytest.raises(EncoderError, match="cls, mean or max"):
        Encoder.load(copy)


@pytest.mark.parametrize(("stated", "expected"), [(None, 64), (20, 20), (4000, 64)])
def test_the_longest_input_is_the_stated_one_and_never_over_the_models(copy, stated, expected):
    if stated:
        (copy / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": stated}))
    assert Encoder.load(copy).max_tokens == expected


def test_a_saved_encoder_loads_the_same(tiny, tmp_path):
    encoder = Encoder.load(tiny)
    before = encoder.encode(TEXTS)
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved/old").touch()  # what was there is replaced whole
    encoder.save(tmp_path / "saved")
    again = Encoder.load(tmp_path / "saved")
    assert again.encode(TEXTS) == pytest.approx(before, abs=1e-6)
    assert (again.pooling, again.max_tokens) == (encoder.pooling, encoder.max_tokens)
    assert again.sha256 == encoder.sha256 == model_sha256(encoder.model)
    assert json.loads((tmp_path / "saved/meta.json").read_text())["sha256"] == again.sha256
    assert not (tmp_path / ".saved.writing").exists()
    assert not (tmp_path / "saved/old").exists()


def test_sentence_transformers_loads_what_we_save(tiny, tmp_path):
    library = pytest.importorskip("sentence_transformers")
    encoder = Encoder.load(tiny)
    encoder.save(tmp_path / "saved")
    rival = library.SentenceTransformer(str(tmp_path / "saved"), device="cpu")
    assert rival.encode(TEXTS) == pytest.approx(encoder.encode(TEXTS, precision="full"), abs=1e-5)


def test_a_missing_folder_is_refused_by_name():
    with pytest.raises(EncoderError, match="no encoder folder '/nowhere/at/all'"):
        resolve("/nowhere/at/all")
    with pytest.raises(EncoderError, match="no encoder folder"):
        Encoder.load(Path("/nowhere"))


def test_a_name_that_was_never_fetched_says_how_to_fetch_it(monkeypatch, tmp_path):
    with pytest.raises(EncoderError, match="hf download some-group/some-encoder"):
        resolve("some-group/some-encoder")


def test_a_folder_is_its_own_source(tiny):
    assert resolve(str(tiny)) == tiny.resolve()


def test_pickles_are_never_loaded(copy):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(EncoderError, match="only safetensors weights are loaded, never pickles"):
        Encoder.load(copy)


def test_an_encoder_that_brings_code_is_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "evil.Model"}}))
    with pytest.raises(EncoderError, match="run its own code"):
        Encoder.load(copy)


def test_broken_weights_are_a_sentence_and_not_a_trace(copy):
    (copy / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EncoderError, match="could not be loaded"):
        Encoder.load(copy)


def test_altered_bundled_weights_are_refused_with_both_digests(copy, monkeypatch):
    monkeypatch.setattr(encoder_files, "_bundled_folder", lambda: copy)
    with pytest.raises(EncoderError, match=f"SHA-256 [0-9a-f]{{64}}, not {BUNDLED_SHA256}"):
        Encoder.load(resolve(BUNDLED))


@given(st.lists(st.integers(1, 512), max_size=300))
def test_batches_hold_every_text_once_longest_first_within_their_limits(lengths):
    batches = list(length_batches(lengths))
    rows = [row for batch in batches for row in batch]
    assert sorted(rows) == list(range(len(lengths)))
    assert [lengths[row] for row in rows] == sorted(lengths, reverse=True)
    for batch in batches:
        assert 1 <= len(batch) <= encoder_module.BATCH_TEXTS
        assert len(batch) * lengths[batch[0]] <= encoder_module.BATCH_TOKENS
