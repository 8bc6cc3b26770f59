"""The encoder: texts -> embeddings of unit length, from verified weights, as fast as two CPU cores allow.

Pooling and the longest input come from the encoder's own files, which `encoder_files` reads.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from modelsvc.encoding import half_precision
from modelsvc.encoding.encoder_files import (
    BUNDLED,
    BUNDLED_SHA256,
    EncoderError,
    resolve,
    verify,
    weights_sha256,
    write_json,
)
from modelsvc.encoding.encoder_layout import Pooling, read_layout, write_layout
from modelsvc.encoding.encoder_loading import longest_input, read_transformer
from modelsvc.encoding.freed_memory import give_back
from modelsvc.encoding.looked_at import looked_at
from modelsvc.encoding.packed import pack
from modelsvc.types import Embeddings, Look, OnProgress, Progress, silent, unwatched

__all__ = ["BUNDLED", "BUNDLED_SHA256", "Encoder", "EncoderError", "length_batches", "resolve"]

BLOCK = 8192  # texts sorted by length at once, so that a large pool needs no more memory than a small one
PIECE = 256  # texts tokenised between two reports: the longest ones take half a second of a busy core
BATCH_TEXTS = 128
BATCH_TOKENS = 2048  # padded tokens in one batch: enough for full speed, and a cancel waits for one batch

WAY_OF_TRAINING = "way_of_training"
# To be raised whenever the same seed gives another encoder. 2: dropout on packed texts. 3: what the encoder as it came
# says is taken in half precision.
WAY_NOW = 3

Precision = Literal["auto", "full"]
Passing = Callable[[dict[str, Tensor]], Tensor]  # (B, T) token ids and mask -> last hidden states (B, T, D)


@dataclass
class Encoder:
    """A pretrained transformer, how its token vectors become one, and the longest input it reads."""

    folder: Path  # where the weights were read from, or written to by `save`
    model: Any  # transformers' PreTrainedModel, untyped there
    tokenizer: Any
    pooling: Pooling
    max_tokens: int
    sha256: str  # of the weights as a safetensors file
    threads: int = 0  # 0 = torch's own choice
    prompt: str = ""  # goes before every text, where the encoder's own files ask for it
    passing: Passing | None = None  # how `pooled` passes the layers while it learns; None = as the model itself does

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> Encoder:
        """Read an encoder from its folder. Raises EncoderError when the files are missing, unsafe or altered."""
        layout = read_layout(folder)
        sha256 = verify(layout.transformer)
        if threads:
            torch.set_num_threads(threads)
        model, tokenizer = read_transformer(layout)
        limit = longest_input(layout, model, tokenizer)
        return cls(folder, model, tokenizer, layout.pooling, limit, sha256, threads, layout.prompt)

    @property
    def width(self) -> int:
        """D, the length of an embedding."""
        return int(self.model.config.hidden_size)

    def encode(
        self, texts: Sequence[str], *, precision: Precision = "auto", on_progress: OnProgress = silent
    ) -> Embeddings:
        """Embeddings (N, D) of unit length, in the order of the texts.

        precision "auto" computes in bfloat16 where a short measurement shows that this CPU gains by it, and that each
        embedding's cosine with that of float32 is .999 at least: entries then differ by about 0.01. A text for which
        bfloat16 finds no numbers is read again in float32. "full" is float32 always, for comparing with another process
        to 1e-3. Where float32 finds none either, the row has NaN. `on_progress` is called after each batch, of a large
        encoder between the layers too, and may raise to stop.
        """
        if self.threads:
            torch.set_num_threads(self.threads)
        embeddings = np.empty((len(texts), self.width), np.float32)  # (N, D)
        started, done = time.perf_counter(), 0

        def tell() -> None:
            seconds = time.perf_counter() - started
            left = seconds / done * (len(texts) - done) if done else None
            on_progress(Progress("embedding", done / len(texts), left))

        with looked_at(self.model, tell) as look:
            half = bool(len(texts)) and precision == "auto" and self.gains_by_bf16()
            with self.reading(half=half, look=look) as read:
                for rows, batch in self._batches(texts, tell):
                    embeddings[rows] = read(batch).numpy()  # (B, D)
                    done += len(rows)
                    tell()
                    give_back()
            lost = np.flatnonzero(~np.isfinite(embeddings).all(axis=1)) if half else np.empty(0, np.int64)
            with self.reading(half=False) as read:
                for rows, batch in self._batches([texts[row] for row in lost.tolist()], tell):
                    embeddings[lost[rows]] = read(batch).numpy()
                    tell()
        return embeddings

    def read(self, texts: Sequence[str], *, half: bool) -> Embeddings:
        """A few texts in one batch, in bfloat16 or not. (N, D) of unit length."""
        with self.reading(half=half) as read:
            vectors: Embeddings = read(self.pad(self.tokenize(texts), range(len(texts)))).numpy()
        return vectors

    @contextmanager
    def reading(self, *, half: bool, look: Look = unwatched) -> Iterator[Callable[[dict[str, Tensor]], Tensor]]:
        """Within it, how a batch is read, in bfloat16 or not: (B, T) token ids and mask -> (B, D). No gradients.
        `look` is what `looked_at` gave."""
        self.model.eval()
        packed = pack(self.model) if half else None

        def read(batch: dict[str, Tensor]) -> Tensor:
            if packed is None:
                return self.pooled(batch)
            return self._pool(packed(batch["input_ids"], batch["attention_mask"], look), batch["attention_mask"])

        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half and packed is None):
            yield read

    def pooled(self, batch: dict[str, Tensor]) -> Tensor:
        """One unit vector a text: (B, T) token ids and mask -> (B, D). Differentiable, for fine-tuning."""
        hidden = self.model(**batch).last_hidden_state if self.passing is None else self.passing(batch)
        return self._pool(hidden, batch["attention_mask"])

    def _pool(self, hidden: Tensor, attended: Tensor) -> Tensor:
        """(B, T, D) and (B, T) -> (B, D), of unit length."""
        mask = attended.unsqueeze(-1)  # (B, T, 1)
        match self.pooling:
            case "cls":
                vectors = hidden[:, 0]
            case "mean":
                vectors = (hidden * mask).sum(1, dtype=torch.float32) / mask.sum(1).clamp(min=1)
            case "max":
                vectors = hidden.masked_fill(mask == 0, torch.finfo(hidden.dtype).min).amax(1)
        return torch.nn.functional.normalize(vectors.float(), dim=-1)

    def tokenize(self, texts: Sequence[str]) -> dict[str, list[list[int]]]:
        """Token ids and what goes with them, cut to `max_tokens`, not yet padded."""
        prompted = [self.prompt + text for text in texts] if self.prompt else list(texts)
        tokens = self.tokenizer(prompted, truncation=True, max_length=self.max_tokens)
        return {name: tokens[name] for name in self.tokenizer.model_input_names if name in tokens}

    def pad(self, tokens: dict[str, list[list[int]]], rows: Sequence[int]) -> dict[str, Tensor]:
        """The chosen rows of `tokenize`'s answer as tensors (B, T), as long as the longest of them."""
        chosen = {name: [column[row] for row in rows] for name, column in tokens.items()}
        return dict(self.tokenizer.pad(chosen, return_tensors="pt"))

    def _batches(self, texts: Sequence[str], tell: Callable[[], None]) -> Iterator[tuple[list[int], dict[str, Tensor]]]:
        """Texts of like length together, so that little padding is computed: (positions, tensors) by the batch.
        `tell` is called between two pieces of a block that are made into tokens."""
        for start in range(0, len(texts), BLOCK):
            end = min(start + BLOCK, len(texts))
            tokens = self.tokenize(texts[start : min(start + PIECE, end)])
            for at in range(start + PIECE, end, PIECE):
                tell()
                for name, column in self.tokenize(texts[at : min(at + PIECE, end)]).items():
                    tokens[name].extend(column)
            for rows in length_batches([len(ids) for ids in tokens["input_ids"]]):
                yield [start + row for row in rows], self.pad(tokens, rows)

    def gains_by_bf16(self) -> bool:
        """Whether it is to read and learn in bfloat16 on this CPU: see half_precision.py."""
        return half_precision.gains(self)

    def conditions(self) -> dict[str, float | str]:
        """What its numbers depend on besides texts, weights and seed: sums of parts differ with their number and
        precision in the last digits, and a training carries that on; so it does other masks of dropout."""
        precision = "bfloat16" if self.gains_by_bf16() else "float32"
        return {
            "threads": torch.get_num_threads(),
            "precision": precision,
            "torch": str(torch.__version__),
            WAY_OF_TRAINING: WAY_NOW,
        }

    def save(self, folder: Path) -> None:
        """Write the encoder to `folder` (a temporary name, then renamed; an older one there is replaced)."""
        staging = folder.with_name(f".{folder.name}.writing")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        self.model.save_pretrained(staging)
        self.tokenizer.save_pretrained(staging)
        write_layout(staging, pooling=self.pooling, width=self.width, max_tokens=self.max_tokens, prompt=self.prompt)
        self.sha256 = weights_sha256(staging)
        meta = {"sha256": self.sha256, "width": self.width, "pooling": self.pooling, "max_tokens": self.max_tokens}
        write_json(staging / "meta.json", meta)
        shutil.rmtree(folder, ignore_errors=True)
        staging.rename(folder)
        self.folder = folder


def length_batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions grouped by length, longest first, so that progress never promises too little time.

    A batch holds at most BATCH_TEXTS texts and BATCH_TOKENS padded tokens, and always at least one text.
    """
    batch: list[int] = []
    longest = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) == BATCH_TEXTS or longest * (len(batch) + 1) > BATCH_TOKENS):
            yield batch
            batch = []
        if not batch:
            longest = lengths[row]
        batch.append(row)
    if batch:
        yield batch
