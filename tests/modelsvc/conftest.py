"""The bundled encoder, read once for all tests of the learner."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from modelsvc.encoder import BUNDLED, Encoder, resolve


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
