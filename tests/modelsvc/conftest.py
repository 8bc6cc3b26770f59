"""Encoders that all tests of the learner share: the bundled one, and tiny ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from tests.modelsvc.architectures import make


@pytest.fixture(scope="session")
def bundled() -> Encoder:
    """The real weights. Treat as read-only."""
    return Encoder.load(resolve(BUNDLED))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A BERT of two thin layers with random weights and the bundled tokenizer: the real code, in milliseconds."""
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = AutoTokenizer.from_pretrained(resolve(BUNDLED))
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


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
def roberta(encoders: Callable[[str], Path], tmp_path: Path) -> Path:
    """A RoBERTa to spoil."""
    return Path(shutil.copytree(encoders("roberta"), tmp_path / "encoder"))
