"""A folder that is no whole, safe encoder is refused with a sentence that names the folder and the fault."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from modelsvc.encoding.encoder import Encoder, EncoderError
from tests.modelsvc.architectures import KINDS, change, tokenizer_of, write


def refused(folder: Path) -> str:
    with pytest.raises(EncoderError) as caught:
        Encoder.load(folder)
    sentence = str(caught.value)
    assert str(folder) in sentence
    assert "\n" not in sentence
    return sentence


def test_a_folder_without_a_config_is_no_encoder(roberta):
    (roberta / "config.json").unlink()
    assert "no readable config.json" in refused(roberta)
    (roberta / "config.json").write_text("[")
    assert "no readable config.json" in refused(roberta)


def test_pickled_weights_are_named_and_never_loaded(roberta):
    (roberta / "model.safetensors").rename(roberta / "pytorch_model.bin")
    assert "(found: pytorch_model.bin): only safetensors weights are loaded, never pickles" in refused(roberta)


def test_a_pickle_beside_safetensors_is_not_touched(roberta):
    (roberta / "pytorch_model.bin").write_bytes(b"\x80\x04this would run")
    assert Encoder.load(roberta).encode(["a"]).shape == (1, 8)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_an_encoder_that_brings_code_is_refused(roberta, name):
    change(roberta / name, auto_map={"AutoModel": "evil.Model"})
    (roberta / "evil.py").write_text("raise SystemExit('run')")
    assert f"run its own code (auto_map in {name})" in refused(roberta)


def test_a_stage_that_brings_code_is_refused(roberta):
    write(roberta / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "custom_st.Transformer"}])
    assert "run its own code (custom_st.Transformer in modules.json)" in refused(roberta)


@pytest.mark.parametrize("stages", [["WordEmbeddings", "Pooling"], ["Transformer"], ["Transformer", "Pooling", "CNN"]])
def test_stages_that_are_not_known_are_named(roberta, stages):
    write(roberta / "modules.json", [{"path": "", "type": f"sentence_transformers.models.{stage}"} for stage in stages])
    assert f"reads texts by {' + '.join(stages)} (modules.json)" in refused(roberta)


@pytest.mark.parametrize("content", [{"a": 1}, [{"idx": 0}]])
def test_a_broken_list_of_stages_is_refused(roberta, content):
    write(roberta / "modules.json", content)
    assert "modules.json that cannot be read" in refused(roberta)


def test_a_stage_outside_the_folder_is_refused(roberta):
    write(roberta / "modules.json", [{"path": "../other", "type": "sentence_transformers.models.Transformer"}])
    assert "a folder outside of itself" in refused(roberta)


@pytest.mark.parametrize(("kind", "name"), [("gpt2", "GPT2"), ("t5", "T5"), ("bart", "Bart"), ("vit", "ViT")])
def test_models_that_are_no_text_encoders_are_refused(roberta, kind, name):
    import transformers

    getattr(transformers, f"{name}Config")().save_pretrained(roberta)
    expected = "an encoder with a decoder" if kind in ("t5", "bart") else "not a text encoder"
    assert f"{expected} ({kind})" in refused(roberta)


def test_a_decoder_of_an_encoders_kind_is_refused(roberta):
    change(roberta / "config.json", is_decoder=True)
    assert "not a text encoder (roberta)" in refused(roberta)


def test_a_kind_that_nobody_knows_is_refused(roberta):
    change(roberta / "config.json", model_type="roborto")
    assert "model_type 'roborto'" in refused(roberta)


def test_an_adapter_is_refused(roberta):
    write(roberta / "adapter_config.json", {"base_model_name_or_path": "/elsewhere"})
    assert "an adapter, not an encoder" in refused(roberta)


def test_a_missing_tokenizer_is_refused(roberta):
    (roberta / "tokenizer.json").unlink()
    assert "has no tokenizer" in refused(roberta)


def test_a_tokenizer_of_another_model_is_refused(roberta):
    from transformers import RobertaConfig, RobertaModel

    settings = KINDS["roberta"][1]
    RobertaModel(RobertaConfig(vocab_size=20, pad_token_id=1, **settings)).save_pretrained(roberta)
    assert "and a model of 20: they do not belong together" in refused(roberta)


def test_a_tokenizer_without_padding_is_refused(roberta):
    from transformers import PreTrainedTokenizerFast

    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer_of().backend_tokenizer)
    bare.save_pretrained(roberta)
    assert "without a padding token" in refused(roberta)


def test_weights_cut_short_are_refused(roberta):
    whole = (roberta / "model.safetensors").read_bytes()
    (roberta / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "damaged or cut short" in refused(roberta)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"num_hidden_layers": 3}, "lacks 16 of the weights that its config.json describes"),
        ({"num_hidden_layers": 1}, "has weights for more layers than its config.json says"),
        ({"hidden_size": 16}, "has weights of other sizes than its config.json says"),
        ({"vocab_size": 3000}, "has weights of other sizes than its config.json says"),
        ({"hidden_size": 7}, "could not be loaded"),
        ({"num_hidden_layers": "two"}, "could not be loaded"),
    ],
)
def test_weights_that_the_config_does_not_describe_are_refused(roberta, changes, what):
    change(roberta / "config.json", **changes)
    with pytest.raises(EncoderError, match=what):
        Encoder.load(roberta)


def test_weights_of_another_kind_of_model_are_refused(roberta, encoders):
    shutil.copy(encoders("distilbert") / "model.safetensors", roberta)
    assert "of another kind of model" in refused(roberta)


def test_weights_that_are_no_numbers_are_refused(roberta):
    from safetensors.torch import load_file, save_file

    weights = {name: tensor * float("nan") for name, tensor in load_file(roberta / "model.safetensors").items()}
    save_file(weights, roberta / "model.safetensors", metadata={"format": "pt"})
    assert "does not give one finite vector a token" in refused(roberta)
