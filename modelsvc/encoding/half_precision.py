"""Whether an encoder reads in bfloat16: where this CPU gains by it, and the embeddings point the same way."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from modelsvc.encoding.encoder import Encoder

LEAST_COSINE = 0.999  # between a text's embeddings in bfloat16 and in float32
# What torch raises for sums that a model cannot do in bfloat16: DeBERTa's first version fills in float32's least
# number. No wider: whoever stops a reading does so by an exception of its own.
CANNOT = (RuntimeError, TypeError, ValueError)
PROBES = [
    "Hm.",
    "The courts of Berlin decide all disputes between us.",
    "We may change these terms at any time; the newest version applies from the day on which it appears.",
    "Parcels are usually delivered within a week. " * 6,
]

_faster: dict[str, bool] = {}  # architecture -> measured once in this process
_verdicts: dict[str, bool] = {}  # sha256 of the weights -> whether to


def gains(encoder: Encoder) -> bool:
    """Measured once a process: the time for each architecture, the cosine for each encoder. False for one that cannot
    be read in bfloat16 at all."""
    if encoder.sha256 not in _verdicts:
        try:
            _verdicts[encoder.sha256] = _is_faster_here(encoder) and cosine(encoder) >= LEAST_COSINE
        except CANNOT:
            _verdicts[encoder.sha256] = False
    return _verdicts[encoder.sha256]


def cosine(encoder: Encoder) -> float:
    """The least of PROBES' cosines between both precisions."""
    half, full = (encoder.read(PROBES, half=half) for half in (True, False))
    return float((half * full).sum(1).min())


def _architecture(model: Any) -> str:
    """Its kind and sizes, wherever it was read from."""
    passing = ("_name_or_path", "transformers_version")
    return json.dumps(
        {k: v for k, v in model.config.to_dict().items() if k not in passing}, sort_keys=True, default=str
    )


def _is_faster_here(encoder: Encoder) -> bool:
    architecture = _architecture(encoder.model)
    if architecture not in _faster:
        _faster[architecture] = _is_faster(encoder)
    return _faster[architecture]


def _is_faster(encoder: Encoder) -> bool:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # one thread's own CPU time: a busy neighbour must not decide this
    try:
        rounds = [(_cpu_seconds(encoder, half=True), _cpu_seconds(encoder, half=False)) for _ in range(4)]
    finally:
        torch.set_num_threads(threads)
    half, full = (min(times) for times in zip(*rounds[1:], strict=True))  # the first round warms up
    return bool(half < 0.9 * full)


def _cpu_seconds(encoder: Encoder, *, half: bool) -> float:
    """Of one batch, read as `encode` reads in this precision: without padding where that can be. Making its weights
    ready is not counted, for it is done once a reading."""
    ids = torch.randint(5, encoder.model.config.vocab_size, (16, 24), generator=torch.Generator().manual_seed(0))
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    with encoder.reading(half=half) as read:
        started = time.thread_time()
        read(batch)
        return time.thread_time() - started
