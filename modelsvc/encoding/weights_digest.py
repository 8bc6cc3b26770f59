"""The digest of weights that are only held in memory, as if they had been written."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import safetensors.torch
import torch

from modelsvc.types import Look, unwatched

ALIGNED = 8  # bytes to whose multiple safetensors fills its header
LOOKED_AT = 64_000_000  # bytes between two looks: a tenth of a second


def model_sha256(model: Any, *, look: Look = unwatched) -> str:
    """The digest that `Encoder.save` will find in the file it writes. `look` is called now and then and may raise to
    stop.

    The file is hashed part by part as it would be written: to make it first would take twice its size of memory, and
    four seconds of one with a hundred million weights.
    """
    state: dict[str, torch.Tensor] = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, kind in _layout(state):
        ends = at + state[name].nbytes
        header[name] = {"dtype": kind, "shape": list(state[name].shape), "data_offsets": [at, ends]}
        at = ends
    written = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    written += b" " * (-len(written) % ALIGNED)
    digest = hashlib.sha256(len(written).to_bytes(8, "little") + written)
    unseen = 0
    for name in list(header)[1:]:
        unseen += state[name].nbytes
        if unseen >= LOOKED_AT:
            look()
            unseen = 0
        if state[name].numel():
            digest.update(state[name].contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _layout(state: dict[str, torch.Tensor]) -> list[tuple[str, str]]:
    """Names in the order in which safetensors writes them, and what it calls their types: asked of empty tensors."""
    empty = safetensors.torch.save({name: tensor.new_empty(0) for name, tensor in state.items()})
    header: dict[str, dict[str, Any]] = json.loads(empty[8 : 8 + int.from_bytes(empty[:8], "little")])
    return [(name, entry["dtype"]) for name, entry in header.items() if name != "__metadata__"]
