"""The labels' names and descriptions as embeddings, in a file beside the pool's. It is written where the encoder is
loaded anyway and read by the quick worker, which never loads it. Only projects whose strategy asks names have one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labeller.learning import services
from labeller.learning.models import TrainingRun
from labeller.projects.models import Project
from modelsvc.strategies import ASK_NAMES
from modelsvc.types import Embeddings

FILE = "label-names.npz"


def label_texts(project: Project) -> list[str]:
    """What the encoder reads of each label, in the order of the columns of `bridge_pool.labelled`."""
    labels = project.labels.order_by("position", "id").values_list("name", "description")
    return [f"{name}. {description}" if description.strip() else name for name, description in labels]


def unread_names(project: Project, folder: Path) -> list[str]:
    """The texts of the labels where the strategy asks for them and the file beside the pool has others, or is not
    there; else nothing."""
    texts = label_texts(project) if project.strategy in ASK_NAMES else []
    return texts if texts and _read(folder, texts) is None else []


def write_names(folder: Path, texts: list[str], X: Embeddings) -> None:
    """Texts (C) and their embeddings (C, D), whole or not at all."""
    staging = folder / f".{FILE}.writing"
    with staging.open("wb") as file:
        np.savez(file, texts=np.array(texts), X=X)
    staging.replace(folder / FILE)


def names_of(project: Project, folder: Path) -> Embeddings | None:
    """The labels' embeddings (C, D) for a strategy that asks names. None for others, and while they are to be read: a
    name was changed or a label added since, so that is asked for, unless the last reading failed."""
    if project.strategy not in ASK_NAMES:
        return None
    texts = label_texts(project)
    X = _read(folder, texts)
    if X is None and texts:
        last = project.runs.filter(kind=TrainingRun.Kind.EMBED).order_by("-id").first()
        if last is None or last.state != TrainingRun.State.FAILED:
            services.start_embedding(project=project)
    return X


def _read(folder: Path, texts: list[str]) -> Embeddings | None:
    try:
        with np.load(folder / FILE) as file:
            X: Embeddings = file["X"]
            return X if file["texts"].tolist() == texts else None
    except (OSError, ValueError, KeyError):
        return None
