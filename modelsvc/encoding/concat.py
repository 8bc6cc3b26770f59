"""Concat pooling (Howard & Ruder 2018, arXiv 1801.06146): an embedding of [as pooled | first token | maximum].

A switch for experiments: its embeddings are three times as wide, and the folder layout has no word for it, so such an
encoder is not saved. docs/ulmfit.md says what it was worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import normalize

from modelsvc.encoding.encoder import Encoder
from modelsvc.encoding.encoder_files import EncoderError


@dataclass
class ConcatEncoder(Encoder):
    """An encoder whose embeddings are (N, 3 D), each third of equal length, the whole of unit length."""

    @classmethod
    def of(cls, encoder: Encoder) -> ConcatEncoder:
        """The same weights, pooled three ways."""
        return cls(**vars(encoder))

    @property
    def width(self) -> int:
        """3 D, the length of an embedding."""
        return 3 * int(self.model.config.hidden_size)

    def _pool(self, hidden: Tensor, attended: Tensor) -> Tensor:
        """(B, T, D) and (B, T) -> (B, 3 D), of unit length."""
        hidden, mask = hidden.float(), attended.unsqueeze(-1)  # (B, T, 1)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
        highest = hidden.masked_fill(mask == 0, torch.finfo(hidden.dtype).min).amax(1)
        thirds = [normalize(vectors, dim=-1) for vectors in (mean, hidden[:, 0], highest)]
        return torch.cat(thirds, dim=-1) / 3**0.5

    def save(self, folder: Path) -> None:
        """Always raises EncoderError: whoever read the folder again would pool another way."""
        raise EncoderError(f"A concat-pooled encoder cannot be saved to {folder}: the layout knows one pooling only.")
