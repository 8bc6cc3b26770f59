"""A BERT's sums without its padding: the same layers over the tokens of many texts in one long row.

Linear layers, which are most of the work, do not care which text a token belongs to; only attention does. So padding
is put in for attention alone, and the three products of attention are one.

To read, weights are converted to bfloat16 once, not at every call as autocast does: on one core it took .8 of
autocast's time for short texts and .65 for longer ones. The row is filled up to a multiple of EVEN tokens: a product is
made ready anew for each length of it, which took a fifth of the time of reading 5,000 texts once.

To learn, the sums are those of the weights as they are, with the model's dropout and with gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from modelsvc.encoding.one_row import Row, packed, padded
from modelsvc.types import Look, unwatched

SHORT = 64  # tokens up to which attention is computed as plain products; longer texts would need much memory for that
EVEN = 128  # tokens: so 16 lengths in all
EVEN_LEARNING = 16  # a step's row is short, and what fills it costs three passes
FAR_BELOW = -3e4  # instead of minus infinity, whose softmax over nothing is no number

Taken = Callable[[Tensor], Tensor]  # how a weight of the model is taken into the sums


@dataclass(frozen=True)
class _Layer:
    """Weight and bias of each part: D wide outside, I wide inside."""

    attention_in: tuple[Tensor, Tensor]  # (3D, D), (3D,): query, key and value
    attention_out: tuple[Tensor, Tensor]  # (D, D), (D,)
    attention_norm: tuple[Tensor, Tensor]  # (D,), (D,)
    wide: tuple[Tensor, Tensor]  # (I, D), (I,)
    narrow: tuple[Tensor, Tensor]  # (D, I), (D,)
    norm: tuple[Tensor, Tensor]  # (D,), (D,)


@dataclass(frozen=True)
class PackedBert:
    """The weights of a BERT or RoBERTa: as they were when `pack` read them, or as they are now for `learning`."""

    words: Callable[[Tensor], Tensor]  # token ids (R,) -> (R, D)
    places: Tensor  # (P, D) positions, the one kind of segment added, from the first that a token has
    embedding_norm: tuple[Tensor, Tensor]
    layers: list[_Layer]
    heads: int
    epsilon: float
    dtype: torch.dtype
    odds: tuple[float, float] = (0.0, 0.0)  # of dropout in hidden states, and in attention
    even: int = EVEN

    def __call__(self, ids: Tensor, mask: Tensor, look: Look = unwatched) -> Tensor:
        """Last hidden states (B, T, D) of token ids and mask (B, T); zero where the mask is. `look` is called before
        each layer, and as its gradient comes back, and may raise to stop."""
        B, T = ids.shape
        row = Row.of(mask, self.even)
        place = (mask.cumsum(1) - 1).flatten()[row.tokens]
        x = self.words(ids.flatten()[row.tokens]) + F.embedding(place, self.places)  # (R, D)
        x = self._dropped(self._normed(x, self.embedding_norm).to(self.dtype))
        outside = None if row.whole else (1 - mask)[:, None, None, :] * FAR_BELOW  # (B, 1, 1, T)
        for layer in self.layers:
            look()
            qkv = padded(F.linear(x, *layer.attention_in), row)  # (B * T, 3D)
            read = packed(self._attention(qkv, outside, B, T), row)  # (R, D)
            x = self._normed(x + self._dropped(F.linear(read, *layer.attention_out)), layer.attention_norm)
            inner = F.gelu(F.linear(x, *layer.wide))  # (R, I)
            x = self._normed(x + self._dropped(F.linear(inner, *layer.narrow)), layer.norm)
            if x.requires_grad:
                x.register_hook(lambda _: look())  # type: ignore[no-untyped-call]
        return padded(x, row).view(B, T, -1) * mask.unsqueeze(-1)

    def _attention(self, qkv: Tensor, outside: Tensor | None, B: int, T: int) -> Tensor:
        """What each token reads in the tokens of its text: (B * T, 3D) -> (B * T, D)."""
        q, k, v = qkv.view(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # (B, H, T, D / H) each
        odds = self.odds[1]
        if T > SHORT and not odds:
            read = F.scaled_dot_product_attention(q, k, v, None if outside is None else outside.to(q.dtype))
        else:
            scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(2, 3)  # (B, H, T, T)
            weights = (scores if outside is None else scores + outside.to(scores.dtype)).softmax(-1)
            read = (F.dropout(weights, odds) if odds else weights) @ v
        return read.transpose(1, 2).reshape(B * T, -1)

    def _normed(self, x: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(x, (x.shape[-1],), *norm, self.epsilon)

    def _dropped(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.odds[0]) if self.odds[0] else x


def pack(model: Any, dtype: torch.dtype = torch.bfloat16) -> PackedBert | None:
    """To read with: the model's weights, copied and converted. None for a model not put together as these sums are."""
    if not is_packable(model):
        return None
    table = model.embeddings.word_embeddings.weight.detach()
    return _packed(model, lambda ids: table[ids], lambda weight: weight.detach().to(dtype), dtype)


def learning(model: Any) -> PackedBert:
    """To learn with, of a packable model: the weights as they are at the call, and its dropout where it is in training.
    Made anew for each pass."""
    parts = model.embeddings, model.encoder.layer[0].attention.self
    odds = tuple(part.dropout.p for part in parts) if model.training else (0.0, 0.0)
    live = _packed(model, model.embeddings.word_embeddings, lambda weight: weight, torch.float32)
    return replace(live, odds=odds, even=EVEN_LEARNING)


def is_packable(model: Any) -> bool:
    """Whether it is put together as these sums are."""
    config = model.config
    plain = getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
    return (
        type(model).__name__ in ("BertModel", "RobertaModel", "XLMRobertaModel")
        and plain
        and config.hidden_act == "gelu"
    )


def _packed(model: Any, words: Callable[[Tensor], Tensor], taken: Taken, dtype: torch.dtype) -> PackedBert:
    embeddings, table, config = model.embeddings, model.embeddings.position_embeddings, model.config
    # RoBERTa counts from behind the padding's number
    first = 0 if type(model).__name__ == "BertModel" else table.padding_idx + 1
    places = table.weight[first:] + embeddings.token_type_embeddings.weight[0]
    norm = embeddings.LayerNorm.weight, embeddings.LayerNorm.bias
    layers = [_layer(layer, taken) for layer in model.encoder.layer]
    return PackedBert(words, places, norm, layers, config.num_attention_heads, config.layer_norm_eps, dtype)


def _layer(layer: Any, taken: Taken) -> _Layer:
    attention, out = layer.attention.self, layer.attention.output
    parts = [attention.query, attention.key, attention.value]
    together = torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])
    return _Layer(
        (taken(together[0]), taken(together[1])),
        _of(out.dense, taken),
        _of(out.LayerNorm, taken),
        _of(layer.intermediate.dense, taken),
        _of(layer.output.dense, taken),
        _of(layer.output.LayerNorm, taken),
    )


def _of(part: Any, taken: Taken) -> tuple[Tensor, Tensor]:
    return taken(part.weight), taken(part.bias)
