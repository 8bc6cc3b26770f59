"""Tiny encoders of random weights, one of each architecture, made on the fly as transformers itself would save them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

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
    "deberta": ("Deberta", SIZES | DEBERTA | {"max_position_embeddings": 40}, 40),
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
