"""Long texts in windows: each as long as the encoder reads, overlapping, their vectors averaged.

Without it a text is cut where the encoder's input ends. Howard & Ruder 2018 (arXiv 1801.06146, BPT3C) pool over all of
a long text and let gradients through the part that fits in memory; here through at most two windows a text.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from modelsvc.encoding.encoder import Encoder, Precision, length_batches
from modelsvc.encoding.looked_at import told_between_layers
from modelsvc.types import Embeddings, OnProgress, Progress, silent

OVERLAP = 32  # tokens that two windows share, so that no clause is only ever seen in halves


@dataclass(frozen=True)
class Windows:
    """Token columns of W windows, not yet padded, and which of them belong to each of N texts, in order."""

    tokens: dict[str, list[list[int]]]
    of: list[list[int]]  # N lists of positions into the columns

    def lengths(self, most: int) -> list[int]:
        """Tokens that each text (N) costs when at most `most` of its windows are read."""
        columns = self.tokens["input_ids"]
        return [sum(sorted((len(columns[window]) for window in own), reverse=True)[:most]) for own in self.of]


def cut(encoder: Encoder, texts: Sequence[str], *, whole: bool) -> Windows:
    """Texts as windows: all of each text with `whole`, or else the first window alone."""
    if not whole:
        return Windows(encoder.tokenize(texts), [[row] for row in range(len(texts))])
    prompted = [encoder.prompt + text for text in texts] if encoder.prompt else list(texts)
    overlap = min(OVERLAP, encoder.max_tokens // 4)
    found = encoder.tokenizer(
        prompted, truncation=True, max_length=encoder.max_tokens, stride=overlap, return_overflowing_tokens=True
    )
    of: list[list[int]] = [[] for _ in texts]
    for window, row in enumerate(found["overflow_to_sample_mapping"]):
        of[row].append(window)
    return Windows({name: found[name] for name in encoder.tokenizer.model_input_names if name in found}, of)


def pooled(encoder: Encoder, windows: Windows, rows: Sequence[int], *, most: int, rng: np.random.Generator) -> Tensor:
    """One unit vector a text: the mean of at most `most` of its windows, drawn at random. (B, D), differentiable."""
    chosen = [
        own if len(own) <= most else sorted(rng.choice(own, most, replace=False).tolist())
        for own in (windows.of[row] for row in rows)
    ]
    flat = [window for own in chosen for window in own]
    vectors = encoder.pooled(encoder.pad(windows.tokens, flat))  # (W, D)
    if len(flat) == len(rows):
        return vectors
    owner = torch.from_numpy(np.repeat(np.arange(len(rows)), [len(own) for own in chosen]))
    sums = vectors.new_zeros(len(rows), vectors.shape[1]).index_add(0, owner, vectors)
    return torch.nn.functional.normalize(sums, dim=-1)


def encode_whole(
    encoder: Encoder, texts: Sequence[str], *, precision: Precision = "auto", on_progress: OnProgress = silent
) -> Embeddings:
    """Embeddings (N, D) of unit length of whole texts, however long: each the mean of its windows' unit vectors.

    A text that fits in one window gets what `Encoder.encode` gives it. `precision` and `on_progress` as there.
    """
    if not len(texts):
        return np.empty((0, encoder.width), np.float32)
    windows = cut(encoder, texts, whole=True)
    lengths = [len(ids) for ids in windows.tokens["input_ids"]]
    owner = np.empty(len(lengths), np.int64)
    for row, own in enumerate(windows.of):
        owner[own] = row
    if encoder.threads:
        torch.set_num_threads(encoder.threads)
    encoder.model.eval()
    sums = np.zeros((len(texts), encoder.width), np.float32)  # (N, D)
    with told_between_layers(encoder.model, "embedding", on_progress) as (told, _):
        half = precision == "auto" and encoder.gains_by_bf16()
        started, done = time.perf_counter(), 0
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            for batch in length_batches(lengths):
                vectors = encoder.pooled(encoder.pad(windows.tokens, batch)).float().numpy()  # (B, D)
                np.add.at(sums, owner[batch], vectors)
                done += len(batch)
                seconds = time.perf_counter() - started
                told(Progress("embedding", done / len(lengths), seconds / done * (len(lengths) - done)))
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    embeddings: Embeddings = sums / np.maximum(norms, 1e-12)
    return embeddings
