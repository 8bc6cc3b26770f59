"""Any Hugging Face encoder, from tiny ones of random weights: read as its own files say."""

from __future__ import annotations

import importlib
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from modelsvc.encoding.encoder import Encoder, EncoderError
from modelsvc.encoding.encoder_layout import read_layout
from modelsvc.tuning.finetune import FineTuneConfig, fine_tune
from tests.modelsvc.architectures import KINDS, TEXTS, change, layout, write


def rival(folder: Path) -> Any:
    library = pytest.importorskip("sentence_transformers")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return library.SentenceTransformer(str(folder), device="cpu")


@pytest.mark.parametrize("kind", KINDS)
def test_each_architecture_reads_texts_up_to_the_last_position_it_has(encoders, kind):
    encoder = Encoder.load(encoders(kind))
    assert (encoder.width, encoder.max_tokens, encoder.pooling) == (8, KINDS[kind][2], "mean")
    vectors = encoder.encode(TEXTS, precision="full")  # the third text fills every position
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    alone = np.concatenate([encoder.encode([text], precision="full") for text in TEXTS])
    assert vectors == pytest.approx(alone, abs=1e-5)  # padding changes nothing


@pytest.mark.parametrize("kind", KINDS)
def test_each_architecture_learns_a_step_and_is_saved_whole(encoders, tmp_path, kind):
    Y = np.eye(2, dtype=np.uint8)[[0, 1, 1, 0]]
    tuned = fine_tune(encoders(kind), TEXTS, Y, multi_label=False, config=FineTuneConfig(epochs=8, batch=2))
    assert np.isfinite([entry["loss"] for entry in tuned.log]).all()
    after = tuned.encoder.encode(TEXTS, precision="full")
    before = Encoder.load(encoders(kind)).encode(TEXTS, precision="full")
    assert np.abs(after - before).max() > 1e-4
    tuned.encoder.save(tmp_path / "tuned")
    assert Encoder.load(tmp_path / "tuned").encode(TEXTS, precision="full") == pytest.approx(after, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens"])
def test_embeddings_equal_those_of_sentence_transformers_on_the_same_folder(encoders, tmp_path, kind, mode):
    folder = Path(shutil.copytree(encoders(kind), tmp_path / "encoder"))
    layout(folder, mode)
    write(folder / "sentence_bert_config.json", {"max_seq_length": 30, "do_lower_case": True})
    encoder = Encoder.load(folder)
    assert encoder.max_tokens == 30
    assert encoder.encode(TEXTS, precision="full") == pytest.approx(rival(folder).encode(TEXTS), abs=1e-5)


@pytest.mark.parametrize(("named", "pooling"), [("cls", "cls"), ("mean", "mean"), (["max"], "max")])
def test_the_new_way_to_name_a_pooling_is_understood(roberta, named, pooling):
    write(roberta / "1_Pooling/config.json", {"embedding_dimension": 8, "pooling_mode": named})
    assert read_layout(roberta).pooling == pooling


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, r"cls_token \+ mean_tokens"),
        ({"pooling_mode": ["cls", "max"]}, r"cls_token \+ max_tokens"),
        ({"pooling_mode": "weightedmean"}, "weightedmean"),
        ({"pooling_mode_lasttoken": True}, "lasttoken"),
    ],
)
def test_a_pooling_that_is_not_known_is_named(roberta, config, what):
    write(roberta / "1_Pooling/config.json", config)
    with pytest.raises(EncoderError, match=f"pools by {what}; one of cls, mean or max"):
        Encoder.load(roberta)


def test_the_transformer_may_lie_in_a_folder_of_its_own(encoders, tmp_path):
    folder = tmp_path / "old"
    shutil.copytree(encoders("bert"), folder / "0_Transformer")
    layout(folder, "max_tokens")
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    write(folder / "modules.json", modules)
    write(folder / "0_Transformer/sentence_bert_config.json", {"max_seq_length": 12})
    encoder = Encoder.load(folder)
    assert (encoder.pooling, encoder.max_tokens) == ("max", 12)
    assert encoder.encode(TEXTS, precision="full") == pytest.approx(rival(folder).encode(TEXTS), abs=1e-5)


PROMPTS = {"query": "query: ", "classification": "terms: "}


@pytest.mark.parametrize(
    ("prompts", "default", "prompt"),
    [
        ({}, None, ""),
        ({"query": "query: "}, None, ""),  # one side of a search
        ({"query": "query: "}, "query", "query: "),  # how the owner of an e5 says it
        (PROMPTS, None, "terms: "),
        (PROMPTS, "query", "query: "),
    ],
)
def test_the_prompt_is_the_default_one_or_the_one_for_classifying(roberta, prompts, default, prompt):
    layout(roberta, "mean_tokens", prompts=prompts, default=default)
    assert Encoder.load(roberta).prompt == prompt


def test_a_prompt_goes_before_every_text_also_in_a_saved_and_in_an_exported_model(roberta, tmp_path):
    from modelsvc.export.bundle import write_bundle
    from modelsvc.types import Head

    plain = Encoder.load(roberta).encode(TEXTS, precision="full")
    layout(roberta, "mean_tokens", prompts=PROMPTS, default="classification")
    write(roberta / "sentence_bert_config.json", {"max_seq_length": 40})
    encoder = Encoder.load(roberta)
    found = encoder.encode(TEXTS, precision="full")
    assert np.abs(found - plain).max() > 1e-3
    assert found == pytest.approx(rival(roberta).encode(TEXTS), abs=1e-5)
    encoder.save(tmp_path / "saved")
    assert Encoder.load(tmp_path / "saved").encode(TEXTS, precision="full") == pytest.approx(found, abs=1e-6)
    assert rival(tmp_path / "saved").encode(TEXTS) == pytest.approx(found, abs=1e-5)
    head = Head(np.eye(8, 2, dtype=np.float32), np.zeros(2, np.float32), multi_label=False)
    write_bundle(tmp_path / "bundle", encoder=encoder, head=head, label_names=["a", "b"], project_name="Terms", card={})
    predict = importlib.import_module("modelsvc.export.bundle_files.predict")
    assert predict.load(tmp_path / "bundle").embed(TEXTS) == pytest.approx(found, abs=1e-5)


def test_inputs_the_model_does_not_take_are_left_out(encoders, tmp_path):
    folder = Path(shutil.copytree(encoders("distilbert"), tmp_path / "encoder"))
    change(folder / "tokenizer_config.json", model_input_names=["input_ids", "token_type_ids", "attention_mask"])
    encoder = Encoder.load(folder)
    assert encoder.encode(TEXTS).shape == (4, 8)
    encoder.save(tmp_path / "saved")
    assert (
        "token_type_ids" not in json.loads((tmp_path / "saved/tokenizer_config.json").read_text())["model_input_names"]
    )


def test_a_layer_nobody_reads_may_be_missing_and_changes_nothing(roberta):
    from safetensors.torch import load_file, save_file

    before = Encoder.load(roberta).encode(TEXTS, precision="full")
    weights = load_file(roberta / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("pooler.")}
    assert len(kept) < len(weights)
    save_file(kept, roberta / "model.safetensors", metadata={"format": "pt"})
    assert Encoder.load(roberta).encode(TEXTS, precision="full") == pytest.approx(before, abs=1e-6)
    pairs = [Encoder.load(roberta).model.state_dict()["pooler.dense.weight"] for _ in range(2)]
    assert torch.equal(*pairs)


def test_weights_in_several_files_are_read_and_a_missing_part_is_refused(roberta, tmp_path):
    encoder = Encoder.load(roberta)
    encoder.model.save_pretrained(tmp_path / "parts", max_shard_size="2KB")
    encoder.tokenizer.save_pretrained(tmp_path / "parts")
    parts = sorted((tmp_path / "parts").glob("*.safetensors"))
    assert len(parts) > 1
    assert Encoder.load(tmp_path / "parts").encode(TEXTS) == pytest.approx(encoder.encode(TEXTS), abs=1e-6)
    parts[-1].unlink()
    with pytest.raises(EncoderError, match="could not be loaded as an encoder"):
        Encoder.load(tmp_path / "parts")
