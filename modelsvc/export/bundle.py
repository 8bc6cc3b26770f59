"""A model to take away: a folder that works without this project, zipped, and checked before it is offered.

The layout is Hugging Face's (config.json, model.safetensors, the tokenizer's files, 1_Pooling/), with the linear layer
in head.safetensors, labeller.json saying how to put them together, a model card, and predict.py, which stands alone.
Where the head reads words too, vocabulary.json has them with their weights of frequency, and the pattern that finds
them in a text.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from modelsvc.encoding.encoder import Encoder
from modelsvc.export.model_card import model_card
from modelsvc.types import Head, Proba

PREDICT = Path(__file__).parent / "bundle_files/predict.py"
REQUIRED = ("numpy", "safetensors", "torch", "transformers")
LARGEST_BYTES = 8 << 30  # unpacked; a zip that claims more is not one of ours
CHECK_SECONDS = 300

# Run in the fresh process before predict.py: the check would prove nothing if this project could be imported there.
_ALONE = """
import importlib.util, runpy, sys
found = [name for name in ("labeller", "modelsvc") if importlib.util.find_spec(name)]
if found:
    sys.exit("not alone: " + ", ".join(found) + " can be imported in the process of the check")
sys.argv = ["predict.py", "--json"]
runpy.run_path("predict.py", run_name="__main__")
"""


class BundleError(Exception):
    """A bundle that cannot be written or unpacked: which part, and why."""


@dataclass(frozen=True)
class CheckResult:
    """What a fresh process made of the bundle: how many texts it was asked, and the largest difference of a
    probability from the one expected (NaN where it gave none)."""

    texts: int
    largest_difference: float
    ok: bool
    message: str


def write_bundle(
    folder: Path,
    *,
    encoder: Encoder | Path,
    head: Head,
    label_names: list[str],
    project_name: str,
    card: dict[str, Any],
) -> None:
    """Write the whole model to `folder` (a temporary name, then renamed; an older one there is replaced).

    `card` is what the model card tells, see model_card.model_card. Raises BundleError when head and names, or head and
    encoder, do not fit; EncoderError for an encoder given as a folder.
    """
    width, labels = head.weights.shape
    encoder = Encoder.load(encoder) if isinstance(encoder, Path) else encoder
    if labels != len(label_names) or len(set(label_names)) != labels:
        raise BundleError(
            f"The head has {labels} outputs, but there are {len(set(label_names))} different label names."
        )
    if width != encoder.width:
        raise BundleError(f"The head reads embeddings of width {width}, the encoder makes {encoder.width}.")
    staging = folder.with_name(f".{folder.name}.staging")
    copy = dataclasses.replace(encoder)  # `save` notes where it wrote: the caller's encoder keeps its own folder
    copy.save(staging)
    (staging / "meta.json").unlink()  # labeller.json says it all
    _name_labels(staging / "config.json", label_names, head.multi_label)
    save_file(_arrays(head), staging / "head.safetensors")
    if head.words is not None:
        _write_json(staging / "vocabulary.json", head.words.vocabulary.to_dict())
    _write_json(staging / "labeller.json", _meta(copy, head, label_names, project_name))
    versions = {package: version(package).split("+")[0] for package in REQUIRED}
    pinned = "".join(f"{package}=={number}\n" for package, number in versions.items())
    (staging / "requirements.txt").write_text(pinned, encoding="utf-8")
    text = model_card(
        project_name,
        label_names,
        multi_label=head.multi_label,
        reads_words=head.words is not None,
        card=card,
        versions=versions,
    )
    (staging / "README.md").write_text(text, encoding="utf-8")
    shutil.copyfile(PREDICT, staging / "predict.py")
    shutil.rmtree(folder, ignore_errors=True)
    staging.rename(folder)


def _arrays(head: Head) -> dict[str, NDArray[np.float32]]:
    arrays = {"weight": head.weights, "bias": head.bias}
    if head.words is not None:
        arrays["word_weight"] = head.words.weights
    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}


def _name_labels(path: Path, names: list[str], multi_label: bool) -> None:
    config = json.loads(path.read_text(encoding="utf-8"))
    config["id2label"] = {str(column): name for column, name in enumerate(names)}
    config["label2id"] = {name: column for column, name in enumerate(names)}
    config["problem_type"] = "multi_label_classification" if multi_label else "single_label_classification"
    _write_json(path, config)


def _meta(encoder: Encoder, head: Head, names: list[str], project_name: str) -> dict[str, Any]:
    return {
        "format": 1,
        "project": project_name,
        "labels": names,
        "multi_label": head.multi_label,
        "pooling": encoder.pooling,
        "normalise": True,
        "prompt": encoder.prompt,
        "max_tokens": encoder.max_tokens,
        "width": encoder.width,
        "temperature": float(head.temperature),
        "thresholds": [float(threshold) for threshold in head.thresholds],
        "encoder_sha256": encoder.sha256,
        "vocabulary": "vocabulary.json" if head.words is not None else None,
    }


def zip_bundle(folder: Path, zip_path: Path) -> None:
    """Zip the folder's files, at the zip's top. The same folder gives the same bytes: order and dates are fixed."""
    staging = zip_path.with_name(f".{zip_path.name}.writing")
    with zipfile.ZipFile(staging, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            # weights are noise to a compressor: seconds for nothing
            entry.compress_type = zipfile.ZIP_STORED if path.suffix == ".safetensors" else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
    staging.replace(zip_path)


def unzip_bundle(zip_path: Path, folder: Path) -> None:
    """Unpack into `folder`. Raises BundleError for a zip that is broken, too large, or would write outside of it."""
    try:
        with zipfile.ZipFile(zip_path) as archive:
            for entry in archive.infolist():
                parts = PurePosixPath(entry.filename.replace("\\", "/"))
                if parts.is_absolute() or ".." in parts.parts or stat.S_ISLNK(entry.external_attr >> 16):
                    raise BundleError(f"The zip would write outside its folder: {entry.filename!r}.")
            size = sum(entry.file_size for entry in archive.infolist())
            if size > LARGEST_BYTES:
                raise BundleError(f"The zip unpacks to {size} bytes; at most {LARGEST_BYTES} are expected.")
            archive.extractall(folder)
    except (zipfile.BadZipFile, OSError) as error:
        raise BundleError(f"{zip_path} is no whole zip: {error}") from error


def verify_bundle(zip_path: Path, texts: Sequence[str], expected: Proba, *, tolerance: float = 1e-3) -> CheckResult:
    """Unpack the zip, ask its predict.py in a fresh, isolated process, and compare with `expected` (N, C).

    `expected` must come from `Encoder.encode(texts, precision="full")`: predict.py computes in float32, and bfloat16
    embeddings differ from those by more than the tolerance.
    """
    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        home = Path(name).resolve()
        try:
            unzip_bundle(zip_path, home / "model")
            answered = _ask(home / "model", texts)
        except BundleError as error:
            return CheckResult(len(texts), float("nan"), False, str(error))
    if answered.shape != expected.shape:
        told = f"The bundle gave probabilities of shape {answered.shape}, expected {expected.shape}."
        return CheckResult(len(texts), float("nan"), False, told)
    difference = float(np.abs(answered - expected).max()) if answered.size else 0.0
    ok = difference <= tolerance
    verdict = "agrees" if ok else "DISAGREES"
    message = (
        f"The bundle {verdict} on {len(texts)} texts: largest difference {difference:.1e}, allowed {tolerance:.1e}."
    )
    return CheckResult(len(texts), difference, ok, message)


def _ask(folder: Path, texts: Sequence[str]) -> Proba:
    """Probabilities (N, C) from the folder's own predict.py, in a process that knows neither us nor our variables."""
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    command = [sys.executable, "-I", "-c", _ALONE]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment | {"HOME": str(folder.parent)},
            input=json.dumps(list(texts)).encode(),
            capture_output=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"The bundle's predict.py gave no answer in {CHECK_SECONDS} s.") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BundleError(f"The bundle's predict.py failed: {' '.join(last) or f'exit code {done.returncode}'}")
    try:
        answers = [json.loads(line) for line in done.stdout.decode().split("\n") if line]
        rows = [list(answer["probabilities"].values()) for answer in answers]
        return np.array(rows, np.float32)
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"The bundle's predict.py did not answer in JSON Lines: {error}") from error


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
