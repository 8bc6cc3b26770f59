"""Any Hugging Face encoder, from tiny ones of random weights made on the fly: read as its own files say, or refused."""

from __future__ import annotations

import importlib
import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from modelsvc.encoder import Encoder, EncoderError
from modelsvc.encoder_layout import read_layout
from modelsvc.finetune import FineTuneConfig, fine_tune

TEXTS = ["We may change these terms.", "Courts of Berlin", "the menu is at the top of the page, and long " * 20, "Hm."]
SIZES = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
SMALL = {"dim": 8, "n_layers": 2, "n_heads": 2, "hidden_dim": 16}
DEBERTA = {
    "relative_attention": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "pooler_hidden_size": 8,
}
MODERN = {"pad_token_id": 1, "cls_token_id": 0, "sep_token_id": 2, "bos_token_id": 0, "eos_token_id": 2}
# name: (transformers' class, its settings, tokens it has room for)
KINDS: dict[str, tuple[str, dict[str, Any], int]] = {
    "bert": ("Bert", SIZES | {"max_position_embeddings": 40}, 40),
    "roberta": ("Roberta", SIZES | {"max_position_embeddings": 42}, 40),
    "xlm-roberta": ("XLMRoberta", SIZES | {"max_position_embeddings": 42}, 40),
    "distilbert": ("DistilBert", SMALL | {"max_position_embeddings": 40}, 40),
    "mpnet": ("MPNet", SIZES | {"max_position_embeddings": 42}, 40),
    "electra": ("Electra", SIZES | {"embedding_size": 4, "max_position_embeddings": 40}, 40),
    "albert": ("Albert", SIZES | {"embedding_size": 4, "max_position_embeddings": 40}, 40),
    "deberta-v2": ("DebertaV2", SIZES | DEBERTA | {"max_position_embeddings": 40}, 40),
    "modernbert": ("ModernBert", SIZES | MODERN | {"max_position_embeddings": 40}, 40),
}


def tokenizer_of() -> Any:
    """A small word-piece tokenizer in RoBERTa's order: the padding is number 1."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    names = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def make(folder: Path, kind: str, **changes: Any) -> Path:
    """An encoder of this kind with random weights, as transformers itself would save it."""
    import transformers

    name, settings, _ = KINDS[kind]
    tokenizer = tokenizer_of()
    config = getattr(transformers, f"{name}Config")(
        vocab_size=len(tokenizer), **{"pad_token_id": 1} | settings | changes
    )
    torch.manual_seed(0)
    getattr(transformers, f"{name}Model")(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write(path: Path, content: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def change(path: Path, **fields: object) -> None:
    write(path, json.loads(path.read_text()) | fields)


def layout(folder: Path, mode: str, *, prompts: dict[str, str] | None = None, default: str | None = None) -> None:
    """What sentence-transformers writes beside weights and tokenizer."""
    stages = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{stage}"}
        for at, (path, stage) in enumerate(stages)
    ]
    write(folder / "modules.json", modules)
    write(folder / "1_Pooling/config.json", {"word_embedding_dimension": 8, f"pooling_mode_{mode}": True})
    if prompts is not None:
        write(folder / "config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": default})


def rival(folder: Path) -> Any:
    library = pytest.importorskip("sentence_transformers")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return library.SentenceTransformer(str(folder), device="cpu")


@pytest.fixture(scope="session")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """One folder of each kind, made when first asked for. Treat as read-only."""
    made: dict[str, Path] = {}

    def of_kind(kind: str) -> Path:
        if kind not in made:
            made[kind] = make(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return of_kind


@pytest.fixture
def copy(encoders: Callable[[str], Path], tmp_path: Path) -> Path:
    """A RoBERTa to spoil."""
    return Path(shutil.copytree(encoders("roberta"), tmp_path / "encoder"))


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
def test_the_new_way_to_name_a_pooling_is_understood(copy, named, pooling):
    write(copy / "1_Pooling/config.json", {"embedding_dimension": 8, "pooling_mode": named})
    assert read_layout(copy).pooling == pooling


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, r"cls_token \+ mean_tokens"),
        ({"pooling_mode": ["cls", "max"]}, r"cls_token \+ max_tokens"),
        ({"pooling_mode": "weightedmean"}, "weightedmean"),
        ({"pooling_mode_lasttoken": True}, "lasttoken"),
    ],
)
def test_a_pooling_that_is_not_known_is_named(copy, config, what):
    write(copy / "1_Pooling/config.json", config)
    with pytest.raises(EncoderError, match=f"pools by {what}; one of cls, mean or max"):
        Encoder.load(copy)


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
def test_the_prompt_is_the_default_one_or_the_one_for_classifying(copy, prompts, default, prompt):
    layout(copy, "mean_tokens", prompts=prompts, default=default)
    assert Encoder.load(copy).prompt == prompt


def test_a_prompt_goes_before_every_text_also_in_a_saved_and_in_an_exported_model(copy, tmp_path):
    from modelsvc.bundle import write_bundle
    from modelsvc.types import Head

    plain = Encoder.load(copy).encode(TEXTS, precision="full")
    layout(copy, "mean_tokens", prompts=PROMPTS, default="classification")
    write(copy / "sentence_bert_config.json", {"max_seq_length": 40})
    encoder = Encoder.load(copy)
    found = encoder.encode(TEXTS, precision="full")
    assert np.abs(found - plain).max() > 1e-3
    assert found == pytest.approx(rival(copy).encode(TEXTS), abs=1e-5)
    encoder.save(tmp_path / "saved")
    assert Encoder.load(tmp_path / "saved").encode(TEXTS, precision="full") == pytest.approx(found, abs=1e-6)
    assert rival(tmp_path / "saved").encode(TEXTS) == pytest.approx(found, abs=1e-5)
    head = Head(np.eye(8, 2, dtype=np.float32), np.zeros(2, np.float32), multi_label=False)
    write_bundle(tmp_path / "bundle", encoder=encoder, head=head, label_names=["a", "b"], project_name="Terms", card={})
    predict = importlib.import_module("modelsvc.bundle_files.predict")
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


def test_a_layer_nobody_reads_may_be_missing_and_changes_nothing(copy):
    from safetensors.torch import load_file, save_file

    before = Encoder.load(copy).encode(TEXTS, precision="full")
    weights = load_file(copy / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("pooler.")}
    assert len(kept) < len(weights)
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    assert Encoder.load(copy).encode(TEXTS, precision="full") == pytest.approx(before, abs=1e-6)
    pairs = [Encoder.load(copy).model.state_dict()["pooler.dense.weight"] for _ in range(2)]
    assert torch.equal(*pairs)


def test_weights_in_several_files_are_read_and_a_missing_part_is_refused(copy, tmp_path):
    encoder = Encoder.load(copy)
    encoder.model.save_pretrained(tmp_path / "parts", max_shard_size="2KB")
    encoder.tokenizer.save_pretrained(tmp_path / "parts")
    parts = sorted((tmp_path / "parts").glob("*.safetensors"))
    assert len(parts) > 1
    assert Encoder.load(tmp_path / "parts").encode(TEXTS) == pytest.approx(encoder.encode(TEXTS), abs=1e-6)
    parts[-1].unlink()
    with pytest.raises(EncoderError, match="could not be loaded as an encoder"):
        Encoder.load(tmp_path / "parts")


def refused(folder: Path) -> str:
    with pytest.raises(EncoderError) as caught:
        Encoder.load(folder)
    sentence = str(caught.value)
    assert str(folder) in sentence
    assert "\n" not in sentence
    return sentence


def test_a_folder_without_a_config_is_no_encoder(copy):
    (copy / "config.json").unlink()
    assert "no readable config.json" in refused(copy)
    (copy / "config.json").write_text("[")
    assert "no readable config.json" in refused(copy)


def test_pickled_weights_are_named_and_never_loaded(copy):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    assert "(found: pytorch_model.bin): only safetensors weights are loaded, never pickles" in refused(copy)


def test_a_pickle_beside_safetensors_is_not_touched(copy):
    (copy / "pytorch_model.bin").write_bytes(b"\x80\x04this would run")
    assert Encoder.load(copy).encode(["a"]).shape == (1, 8)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_an_encoder_that_brings_code_is_refused(copy, name):
    change(copy / name, auto_map={"AutoModel": "evil.Model"})
    (copy / "evil.py").write_text("raise SystemExit('run')")
    assert f"run its own code (auto_map in {name})" in refused(copy)


def test_a_stage_that_brings_code_is_refused(copy):
    write(copy / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "custom_st.Transformer"}])
    assert "run its own code (custom_st.Transformer in modules.json)" in refused(copy)


@pytest.mark.parametrize("stages", [["WordEmbeddings", "Pooling"], ["Transformer"], ["Transformer", "Pooling", "CNN"]])
def test_stages_that_are_not_known_are_named(copy, stages):
    write(copy / "modules.json", [{"path": "", "type": f"sentence_transformers.models.{stage}"} for stage in stages])
    assert f"reads texts by {' + '.join(stages)} (modules.json)" in refused(copy)


@pytest.mark.parametrize("content", [{"a": 1}, [{"idx": 0}]])
def test_a_broken_list_of_stages_is_refused(copy, content):
    write(copy / "modules.json", content)
    assert "modules.json that cannot be read" in refused(copy)


def test_a_stage_outside_the_folder_is_refused(copy):
    write(copy / "modules.json", [{"path": "../other", "type": "sentence_transformers.models.Transformer"}])
    assert "a folder outside of itself" in refused(copy)


@pytest.mark.parametrize(("kind", "name"), [("gpt2", "GPT2"), ("t5", "T5"), ("bart", "Bart"), ("vit", "ViT")])
def test_models_that_are_no_text_encoders_are_refused(copy, kind, name):
    import transformers

    getattr(transformers, f"{name}Config")().save_pretrained(copy)
    expected = "an encoder with a decoder" if kind in ("t5", "bart") else "not a text encoder"
    assert f"{expected} ({kind})" in refused(copy)


def test_a_decoder_of_an_encoders_kind_is_refused(copy):
    change(copy / "config.json", is_decoder=True)
    assert "not a text encoder (roberta)" in refused(copy)


def test_a_kind_that_nobody_knows_is_refused(copy):
    change(copy / "config.json", model_type="roborto")
    assert "model_type 'roborto'" in refused(copy)


def test_an_adapter_is_refused(copy):
    write(copy / "adapter_config.json", {"base_model_name_or_path": "/elsewhere"})
    assert "an adapter, not an encoder" in refused(copy)


def test_a_missing_tokenizer_is_refused(copy):
    (copy / "tokenizer.json").unlink()
    assert "has no tokenizer" in refused(copy)


def test_a_tokenizer_of_another_model_is_refused(copy):
    from transformers import RobertaConfig, RobertaModel

    settings = KINDS["roberta"][1]
    RobertaModel(RobertaConfig(vocab_size=20, pad_token_id=1, **settings)).save_pretrained(copy)
    assert "and a model of 20: they do not belong together" in refused(copy)


def test_a_tokenizer_without_padding_is_refused(copy):
    from transformers import PreTrainedTokenizerFast

    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer_of().backend_tokenizer)
    bare.save_pretrained(copy)
    assert "without a padding token" in refused(copy)


def test_weights_cut_short_are_refused(copy):
    whole = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "damaged or cut short" in refused(copy)


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
def test_weights_that_the_config_does_not_describe_are_refused(copy, changes, what):
    change(copy / "config.json", **changes)
    with pytest.raises(EncoderError, match=what):
        Encoder.load(copy)


def test_weights_of_another_kind_of_model_are_refused(copy, encoders):
    shutil.copy(encoders("distilbert") / "model.safetensors", copy)
    assert "of another kind of model" in refused(copy)


def test_weights_that_are_no_numbers_are_refused(copy):
    from safetensors.torch import load_file, save_file

    weights = {name: tensor * float("nan") for name, tensor in load_file(copy / "model.safetensors").items()}
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert "does not give one finite vector a token" in refused(copy)
