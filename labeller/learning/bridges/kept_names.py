"""The vectors of the names that a version could learn from, so that it can be made again after labels were renamed."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from labeller.learning import artifacts
from modelsvc.heads.prototypes import Prototypes


def keep(project_id: int, names: Prototypes) -> str:
    """The digest under which the vectors can be found, also when the versions' own files are gone: names seldom
    change, so most versions share one file."""
    arrays: dict[str, NDArray[Any]] = {
        "X": np.ascontiguousarray(names.X),
        "columns": np.ascontiguousarray(names.columns),
    }
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()[:32]
    path = artifacts.names_path(project_id, digest)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = path.with_name(f".{uuid4()}.writing")
        save_file(arrays, staging)
        staging.replace(path)
    return digest


def kept(project_id: int, digest: str) -> Prototypes | None:
    """Those of `keep`; None where the file is gone."""
    path = artifacts.names_path(project_id, digest)
    if not path.is_file():
        return None
    arrays = load_file(path)
    return Prototypes(arrays["X"], arrays["columns"])
