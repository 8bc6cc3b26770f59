"""Guessing masked words: the task on which encoders are pretrained (Devlin et al. 2019, arXiv 1810.04805)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

NOT_ASKED = -100  # cross_entropy's word for a position without an answer


class WordHead(nn.Module):
    """A dense layer with a norm, then a table of word vectors that is passed in, and a bias a word."""

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.dense, self.norm = nn.Linear(width, width), nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, vectors: Tensor, table: Tensor) -> Tensor:
        """(M, D) vectors, (words, D) table -> logits (M, words)."""
        return nn.functional.linear(self.norm(nn.functional.gelu(self.dense(vectors))), table, self.bias)


class MaskedWords:
    """Masks words in token ids (B, T) and says how badly the encoder guesses them.

    The head ends in the encoder's own table of word vectors (tied, not learnt here). Only masked positions go through
    the table, or its 30,000 rows would cost more than the encoder.
    """

    def __init__(self, model: Any, tokenizer: Any, *, share: float) -> None:
        self._model, self._share = model, share
        self._mask, self._special = int(tokenizer.mask_token_id), torch.tensor(tokenizer.all_special_ids)
        self._words = model.get_input_embeddings()
        self.head = WordHead(*self._words.weight.shape)

    def __call__(self, piece: dict[str, Tensor]) -> Tensor:
        """The mean loss over the masked positions of one piece."""
        ids, answers = mask_words(
            piece["input_ids"], share=self._share, mask=self._mask, special=self._special, words=len(self._words.weight)
        )
        hidden = self._model(**(piece | {"input_ids": ids})).last_hidden_state  # (B, T, D)
        asked = answers != NOT_ASKED
        guesses = self.head(hidden[asked], self._words.weight)  # (M, words)
        return nn.functional.cross_entropy(guesses.float(), answers[asked])


def mask_words(ids: Tensor, *, share: float, mask: int, special: Tensor, words: int) -> tuple[Tensor, Tensor]:
    """Ids with some words hidden, and the answers (NOT_ASKED elsewhere), both (B, T).

    Of the chosen `share` eight in ten become the mask, one another word, one stays; at least one word is chosen.
    """
    free = ~torch.isin(ids, special)
    chosen = (torch.rand(ids.shape) < share) & free
    if not chosen.any():
        chosen.view(-1)[int(free.view(-1).int().argmax())] = True
    fate = torch.rand(ids.shape)
    hidden = torch.where(chosen & (fate < 0.8), mask, ids)
    hidden = torch.where(chosen & (fate >= 0.9), torch.randint_like(ids, words), hidden)
    return hidden, torch.where(chosen, ids, NOT_ASKED)
